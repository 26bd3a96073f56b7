# SPDX-License-Identifier: MIT OR Apache-2.0
"""Async functions: each poll is a pair of future events, with what the program says of it itself."""

import os
import shutil
import subprocess
import unittest

import gen_async
import harness
from harness import E2ETest

UNWOUND = """
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
struct Nobody;
impl Wake for Nobody { fn wake(self: Arc<Self>) {} }
struct Later(bool);
impl Future for Later {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 { Poll::Ready(()) } else { self.0 = true; Poll::Pending }
    }
}
async fn inner(n: u32) -> u32 {
    Later(false).await;
    if n == 1 { panic!("inside") }
    n
}
async fn outer(n: u32) -> u32 {
    inner(n).await + 1
}
fn main() {
    let waker: Waker = Arc::new(Nobody).into();
    for n in 0..2 {
        let mut future = Box::pin(outer(n));
        for _ in 0..2 {
            let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                future.as_mut().poll(&mut Context::from_waker(&waker))
            }));
            println!("{:?}", r.ok());
        }
    }
}
"""


def identity_of(rustc):
    return subprocess.run([rustc, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode()


class Base(E2ETest):
    def compare(self, rec, text, ignore_threads=False):
        """Every poll that the program tells of is recorded, in order, with its state, address and result."""
        told = gen_async.parse_output(text)
        seen = gen_async.recorded(rec.events(), gen_async.names_in(told))
        if ignore_threads:
            told, seen = {0: list(told.values())[0]}, {0: list(seen.values())[0]}
        self.assertEqual(sorted(told), sorted(seen))
        for tid, expected in told.items():
            for i, (a, b) in enumerate(zip(expected, seen[tid])):
                self.assertEqual(a, b, "thread %d, event %d, behind %s" % (tid, i, expected[max(0, i - 8):i]))
            self.assertEqual(len(expected), len(seen[tid]))
        self.check_pairs(rec.events())
        self.trees(rec)
        return told

    def check_pairs(self, events):
        """An enter comes right behind the call of its frame, an exit right before its return."""
        last = {}
        for e in events:
            before = last.get(e["thread_id"])
            if e["event"] == "future_enter":
                self.assertEqual((before["event"], before["frame_id"]), ("call", e["frame_id"]))
            if before and before["event"] == "future_exit":
                self.assertEqual((e["event"], e["frame_id"]), ("return", before["frame_id"]))
                self.assertIn("{async_", e["function"])
                if "poll" in before and before["poll"] is not None and "Yielded" not in e["value"] and "Complete" not in e["value"]:
                    self.assertEqual(e["value"], before["poll"])
            last[e["thread_id"]] = e

    def check_seed(self, seed, flags=(), compiler=None, **options):
        version = harness.rustc_version(identity_of(compiler) if compiler else None)
        source = gen_async.generate(seed, version=version, **options)
        rec = self.record(harness.compile_rust("app", source, flags=flags, compiler=compiler), opts=gen_async.ONLY_POLLS)
        return self.compare(rec, rec.stdout_text)


class AsyncTest(Base):
    def test_generated_1(self):
        self.check_seed(1)

    def test_generated_2(self):
        self.check_seed(6, threads=2)

    def test_tasks_keep_their_address(self):
        """A task that is polled on several threads is the same future on all of them."""
        told = self.check_seed(3, threads=3)
        threads_of = {}
        for tid, events in told.items():
            for e in events:
                if e[0] == "exit" and e[-1] == "Pending":
                    threads_of.setdefault((e[1], e[2]), set()).add(tid)
        self.assertGreater(max(len(t) for t in threads_of.values()), 1)

    def test_optimized(self):
        """Polls that were not inlined are there; what is said of them is right, or not said."""
        if harness.rustc_version() < (1, 70):
            self.skipTest("with this rustc all polls are inlined into a wrapper of the library's")
        source = gen_async.generate(4, version=min(harness.rustc_version(), (1, 84)), threads=0, boxed=True)
        rec = self.record(harness.compile_rust("app", source, flags=["-O"]), opts=gen_async.ONLY_POLLS)
        told = gen_async.parse_output(rec.stdout_text)
        seen = gen_async.recorded(rec.events(), gen_async.names_in(told))
        n = 0
        for tid, events in seen.items():
            rest = iter(told[tid])
            for e in events:
                n += 1
                for t in rest:
                    known = [(a, b) for a, b in zip(t, e) if b not in (None, "?", "<optimized out>")]
                    if t[:2] == e[:2] and all(a == b for a, b in known):
                        break
                else:
                    self.fail("%s is not told, or not in this order" % (e,))
        self.assertGreater(n, 10)
        self.trees(rec)

    def test_calls_below_a_poll(self):
        rec = self.record(harness.compile_rust("app", UNWOUND))
        self.assertEqual(rec.stdout_text, "Some(Pending)\nSome(Ready(1))\nSome(Pending)\nNone\n")
        polls = [c for c in harness.calls(self.trees(rec)) if c.function == "app::outer::{async_fn#0}"]
        # Bodies of old compilers return something else, which means the same.
        same = {"Yielded(())": "Pending", "Complete(1)": "Ready(1)"}
        self.assertEqual([same.get(c.value, c.value) for c in polls], ["Pending", "Ready(1)", "Pending", None])
        self.assertEqual([[d.short() for d in c.children] for c in polls],
                         [["inner", "inner::{async_fn#0}"], ["inner::{async_fn#0}"]] * 2)
        self.assertEqual([c.unwound for c in polls], [False, False, False, True])
        self.check_pairs(rec.events())

    def test_unwound(self):
        """A poll that a panic leaves has an exit without state and result."""
        rec = self.record(harness.compile_rust("app", UNWOUND))
        events = [e for e in rec.events() if e["event"].startswith("future") and e["function"] == "app::outer"]
        self.assertEqual([(e["event"][7:], e.get("state"), e.get("await_line"), e.get("poll")) for e in events], [
            ("enter", "Unresumed", None, None), ("exit", "Suspend0", "21", "Pending"),
            ("enter", "Suspend0", "21", None), ("exit", "Returned", None, "Ready(1)"),
            ("enter", "Unresumed", None, None), ("exit", "Suspend0", "21", "Pending"),
            ("enter", "Suspend0", "21", None), ("exit", None, None, None)])
        self.assertEqual(len({e["future"] for e in events[:4]}), 1)
        self.assertEqual(len({e["future"] for e in events[4:]}), 1)

    def test_shown(self):
        rec = self.record(harness.compile_rust("app", UNWOUND))
        shown = [l.split("  @")[0].strip() for l in harness.fdbg("show", rec.file).stdout_text.splitlines() if "poll app::inner" in l]
        self.assertEqual(shown, [
            "poll app::inner(Unresumed { n: 0 } => Suspend0 at line 16) -> Pending",
            "poll app::inner(Suspend0 { n: 0, __awaitee: Later(true) } => Returned) -> Ready(0)",
            "poll app::inner(Unresumed { n: 1 } => Suspend0 at line 16) -> Pending",
            "poll app::inner(Suspend0 { n: 1, __awaitee: Later(true) })"])
        self.assertEqual(harness.fdbg("info", rec.file).stdout_text.count("future enters 8, future exits 8"), 1)

    def test_call_only(self):
        """Without values the events say whose poll it is."""
        rec = self.record(harness.compile_rust("app", UNWOUND), opts=["--trace=call-only"])
        events = [e for e in rec.events() if e["event"].startswith("future")]
        self.assertEqual(len(events), 16)
        self.assertEqual({e["function"] for e in events}, {"app::inner", "app::outer"})
        self.assertFalse([e for e in events if "state" in e or "poll" in e or "future" in e])

    def test_depth(self):
        """A poll that is deeper than what is recorded has no events."""
        rec = self.record(harness.compile_rust("app", UNWOUND), opts=["--depth=2"])
        self.assertEqual({e["function"] for e in rec.events() if e["event"].startswith("future")}, {"app::outer"})

    def test_breakpoints(self):
        rec = self.record(harness.compile_rust("app", UNWOUND))
        points = {b["id"]: b for b in rec.dump("--stream=breakpoint")}
        self.assertEqual(sorted(b["loc"]["line"] for b in points.values() if b["breakpoint_type"] == "FutureEndpoint"), [15, 20])


class OtherCompilersTest(Base):
    """E2E_OTHER_RUSTCS: compilers, separated by colons, whose programs are checked as well."""

    def test_generated(self):
        if not os.environ.get("E2E_OTHER_RUSTCS"):
            self.skipTest("E2E_OTHER_RUSTCS names no other compilers")
        for rustc in os.environ["E2E_OTHER_RUSTCS"].split(":"):
            for seed in (1, 2, 3):
                with self.subTest(rustc=rustc, seed=seed):
                    self.check_seed(seed, compiler=rustc)


class QemuTest(Base):
    """aarch64, one thread."""

    def test_generated(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, flags, identity = harness.arm_compiler()
        source = gen_async.generate(5, version=harness.rustc_version(identity), threads=0)
        program = harness.compile_rust("app", source, flags=flags, compiler=rustc)
        rec = harness.record_under_qemu(program, opts=gen_async.ONLY_POLLS, cwd=self.dir)
        self.assertEqual(rec.done.status, 0, str(rec.done))
        self.check_file(rec)
        self.compare(rec, rec.stdout_text, ignore_threads=True)


if __name__ == "__main__":
    unittest.main()

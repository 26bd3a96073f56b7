# SPDX-License-Identifier: MIT OR Apache-2.0
"""Options of `fdbg record`, one by one, as the command line's contract states them."""

import json
import os
import unittest

import harness
from harness import E2ETest

SOURCE = """
mod inner {
    pub fn one(x: u32) -> u32 { two(x) + 1 }
    pub fn two(x: u32) -> u32 { three(x) + 1 }
    pub fn three(x: u32) -> u32 { x }
}
fn alpha(list: &[u32]) -> usize { beta(list.len()) }
fn beta(n: usize) -> usize { n }
fn main() {
    alpha(&(0..40).collect::<Vec<u32>>());
    inner::one(5);
    println!("{}", std::env::args().skip(1).collect::<Vec<_>>().join(" "));
    println!("{:?}", std::env::var("FDBG_TEST_VAR"));
    println!("{}", std::env::current_dir().unwrap().display());
}
"""

LONG = """
fn tick(n: u64) -> u64 { n + 1 }
fn main() {
    let (steps, millis) = (400, 5);
    let mut n = 0;
    for _ in 0..steps { n = tick(n); std::thread::sleep(std::time::Duration::from_millis(millis)); }
    println!("done {}", n);
}
"""

PANICS = """
fn bad(x: u32) -> u32 { if x > 0 { panic!("bad") } x }
fn main() { let _ = std::panic::catch_unwind(|| bad(1)); }
"""

DEP = "pub fn helped(x: u32) -> u32 { deeper(x) * 2 }\nfn deeper(x: u32) -> u32 { x + 1 }\n"
WITH_DEP = """
fn own(x: u32) -> u32 { dep::helped(x) }
fn main() { println!("{}", own(4)); }
"""

TWO_FILES = "mod helper;\nfn here() -> u32 { helper::there() }\nfn main() { here(); }\n"
HELPER = "pub fn there() -> u32 { 3 }\n"

HASH = """
use std::collections::HashMap;
fn count(map: &HashMap<u32, u32>) -> usize { map.len() }
fn main() { let map: HashMap<u32, u32> = (0..30).map(|i| (i, i * i)).collect(); println!("{:?}", map); count(&map); }
"""

NESTED = """
fn look(x: &Box<Box<Box<Box<Box<u32>>>>>) -> u32 { ******x + 0 }
fn main() { look(&Box::new(Box::new(Box::new(Box::new(Box::new(770077)))))); }
"""


class OptionsTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)

    def names(self, *opts, **more):
        rec = self.record(more.pop("program", self.program), opts=opts, **more)
        return [c.function.split("::", 1)[1] for c in harness.calls(self.trees(rec))]

    ALL = ["main", "alpha", "beta", "inner::one", "inner::two", "inner::three"]

    # ---- output

    def test_default_name_and_old_file(self):
        for _ in range(2):
            done = harness.fdbg(self.program, cwd=self.dir)
            self.assertEqual(done.status, 0, str(done))
        self.assertEqual(sorted(os.listdir(self.dir)), ["app.firedbg.ss", "app.firedbg.ss.old"])
        for name in os.listdir(self.dir):
            self.assertEqual(harness.fdbg("verify", self.path(name)).status, 0, name)

    def test_output_keeps_old(self):
        with open(self.path("x.ss"), "w") as f:
            f.write("precious")
        self.record(self.program, output=self.path("x.ss"))
        with open(self.path("x.ss.old")) as f:
            self.assertEqual(f.read(), "precious")

    def test_output_long_forms(self):
        for form in (["--output", "a.ss"], ["--output=b.ss"], ["-oc.ss"]):
            done = harness.fdbg("record", *(form + ["--", self.program]), cwd=self.dir)
            self.assertEqual(done.status, 0, str(done))
        self.assertEqual(sorted(os.listdir(self.dir)), ["a.ss", "b.ss", "c.ss"])

    def test_reading_takes_the_newest(self):
        harness.fdbg("record", "-q", self.program, cwd=self.dir)
        done = harness.fdbg("dump", cwd=self.dir)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(len(done.stdout_text.splitlines()), 12)

    def test_quiet_and_summary(self):
        loud = harness.fdbg("record", "-o", "a.ss", self.program, cwd=self.dir)
        quiet = harness.fdbg("record", "-q", "-o", "b.ss", self.program, cwd=self.dir)
        self.assertEqual(len(loud.stderr_text.splitlines()), 1, str(loud))
        self.assertEqual(quiet.stderr, b"", str(quiet))

    def test_verbose(self):
        rec = self.record(self.program, opts=["-v"], quiet=False)
        more = self.record(self.program, opts=["-vv"], quiet=False)
        self.assertGreater(len(rec.stderr_text.splitlines()), 1)
        self.assertGreater(len(more.stderr_text.splitlines()), len(rec.stderr_text.splitlines()))
        self.assertIn("vCont", more.stderr_text)

    def test_live(self):
        rec = self.record(self.program, opts=["--live"])
        places = [rec.stderr_text.find(name) for name in ["app::main", "app::alpha", "app::beta", "app::inner::three"]]
        self.assertNotIn(-1, places, rec.stderr_text)
        self.assertEqual(places, sorted(places))
        self.assertNotIn("\x1b", rec.stderr_text)
        self.assertTrue(rec.stdout_text.startswith("\n"), "the target's own output only")

    def test_stats(self):
        rec = self.record(self.program, opts=["--stats=" + self.path("s.json")])
        with open(self.path("s.json")) as f:
            stats = json.load(f)
        for key in ["events", "hits", "stops", "packets_sent", "packets_received", "round_trips", "bytes_sent",
                    "bytes_received", "on_demand_reads", "probes", "peak_rss_bytes"]:
            self.assertIsInstance(stats[key], int, key)
        for key in ["debuginfo", "insert", "run", "total"]:
            self.assertGreaterEqual(stats["seconds"][key], 0)
        self.assertEqual(stats["events"], len(rec.events()))
        # A call and its return may be one hit: the body of a function may be nothing but its `ret`.
        self.assertLessEqual(stats["hits"], stats["events"])
        self.assertGreaterEqual(stats["hits"], stats["events"] // 2)
        self.assertGreaterEqual(stats["probes"], 6)

    def test_stats_on_stderr(self):
        rec = self.record(self.program, opts=["--stats"], quiet=False)
        self.assertIn("round trips", rec.stderr_text.replace("_", " "))

    # ---- the target's surroundings

    def test_arguments_environment_directory(self):
        os.mkdir(self.path("sub"))
        rec = self.record(self.program, ["a b", "-q", "--", "*"],
                          ["--env", "FDBG_TEST_VAR=x y=z", "--cwd", self.path("sub")])
        lines = rec.stdout_text.split("\n")
        self.assertEqual(lines[:3], ["a b -q -- *", 'Ok("x y=z")', os.path.realpath(self.path("sub"))])

    def test_environment_is_passed_on(self):
        rec = self.record(self.program, env={"FDBG_TEST_VAR": "from outside"})
        self.assertEqual(rec.stdout_text.split("\n")[1], 'Ok("from outside")')

    def test_record_may_be_left_out(self):
        for words in ([self.program, "a"], ["--", self.program, "a"], ["-q", self.program, "a"], ["record", self.program, "a"]):
            done = harness.fdbg(*words, cwd=self.dir)
            self.assertEqual((done.status, done.stdout_text.split("\n")[0]), (0, "a"), str(done))

    def test_program_on_path(self):
        done = harness.fdbg("record", "-q", "app", cwd=self.dir,
                            env={"PATH": os.path.dirname(self.program) + ":" + os.environ["PATH"]})
        self.assertEqual(done.status, 0, str(done))

    # ---- what is traced

    def test_everything_by_default(self):
        self.assertEqual(self.names(), self.ALL)

    def test_filter(self):
        self.assertEqual(self.names("-F", "app::inner::*"), ["inner::one", "inner::two", "inner::three"])
        self.assertEqual(self.names("--filter=*::beta"), ["beta"])
        self.assertEqual(self.names("-F", "app::alpha", "-F", "app::beta"), ["alpha", "beta"])

    def test_exclude(self):
        self.assertEqual(self.names("-N", "app::inner::*"), ["main", "alpha", "beta"])

    def test_last_match_wins(self):
        self.assertEqual(self.names("-N", "app::inner::*", "-F", "*::two"),
                         ["main", "alpha", "beta", "inner::two"])
        self.assertEqual(self.names("-F", "app::inner::*", "-N", "*::two"), ["inner::one", "inner::three"])
        self.assertEqual(self.names("-N", "*", "-F", "app::alpha"), ["alpha"])

    def test_package(self):
        program = harness.compile_rust("app", WITH_DEP, deps={"dep": DEP})
        self.assertEqual(self.names("-p", "app", program=program), ["main", "own"])
        self.assertEqual(self.names("-p", "dep", program=program), ["helped", "deeper"])
        self.assertEqual(self.names("-p", "app", "--package=dep", program=program), ["main", "own", "helped", "deeper"])

    def test_package_all(self):
        rec = self.record(self.program, opts=["-p", "all"])
        names = {c.function for c in harness.calls(self.trees(rec))}
        self.assertIn("app::inner::three", names)
        self.assertTrue(any(n.startswith(("core::", "alloc::", "std::", "<")) for n in names))

    def test_file(self):
        program = harness.compile_rust("app", TWO_FILES, files={"helper.rs": HELPER})
        self.assertEqual(self.names(program=program), ["main", "here", "helper::there"])
        self.assertEqual(self.names("--file", "*helper.rs", program=program), ["helper::there"])

    def test_functions_agrees(self):
        """`fdbg functions` lists what a recording would trace."""
        for opts in ([], ["-F", "app::inner::*"], ["-N", "app::inner::*", "-F", "*::two"]):
            done = harness.fdbg("functions", *(opts + [self.program]))
            self.assertEqual(done.status, 0, str(done))
            for name in self.ALL:
                listed = any("app::" + name in line.split() for line in done.stdout_text.splitlines())
                self.assertEqual(listed, name in self.names(*opts), "%s %s: %s" % (opts, name, done))

    def test_call_only(self):
        rec = self.record(self.program, opts=["--trace", "call-only"])
        calls = harness.calls(self.trees(rec))
        self.assertEqual([c.short() for c in calls], self.ALL)
        self.assertTrue(all(c.returned and c.args == [] and c.value is None for c in calls), calls)

    def test_trace_none(self):
        program = harness.compile_rust("app", PANICS)
        rec = self.record(program, opts=["--trace=none"])
        self.assertEqual([e["event"] for e in rec.events()], ["panic"])

    def test_depth(self):
        rec = self.record(self.program, opts=["--depth", "2"])
        calls = harness.calls(self.trees(rec))
        self.assertEqual([c.short() for c in calls], ["main", "alpha", "beta", "inner::one", "inner::two"])
        self.assertTrue(all(c.returned for c in calls))

    # ---- ending early

    def test_max_events(self):
        program = harness.compile_rust("long", LONG)
        rec = self.record(program, opts=["--max-events", "50"])
        self.assertEqual(rec.stdout_text, "done 400\n")        # the target went on by itself
        own = [e for e in rec.events() if not e.get("unwound")]
        self.assertEqual(len(own), 50)

    def test_max_events_kill(self):
        program = harness.compile_rust("long", LONG)
        rec = harness.record(program, opts=["--max-events=50", "--kill"], cwd=self.dir)
        self.assertEqual(rec.stdout_text, "")
        self.assertEqual(len([e for e in rec.events() if not e.get("unwound")]), 50)
        self.check_file(rec)
        self.nothing_left(program)

    def test_duration(self):
        program = harness.compile_rust("long", LONG)
        rec = self.record(program, opts=["--duration", "1"])
        self.assertEqual(rec.stdout_text, "done 400\n")
        ticks = [c for c in harness.calls(self.trees(rec)) if c.function == "long::tick"]
        self.assertGreater(len(ticks), 20)
        self.assertLess(len(ticks), 250)

    def test_duration_kill(self):
        program = harness.compile_rust("long", LONG)
        rec = harness.record(program, opts=["--duration=0.5", "--kill"], cwd=self.dir)
        self.assertEqual(rec.stdout_text, "")
        self.check_file(rec)
        self.nothing_left(program)

    # ---- limits

    LIST = "[%s]" % ", ".join(str(i) for i in range(40))

    def alpha(self, *opts, **more):
        rec = self.record(self.program, opts=opts, **more)
        call = [c for c in harness.calls(self.trees(rec)) if c.short() == "alpha"][0]
        self.assertEqual(call.value, "40")      # limits are about what is shown, never about what is counted
        return call.args[0][1]

    def short_list(self, text):
        """A list cut after five items."""
        self.assertTrue(text.startswith("[0, 1, 2, 3, 4"), text)
        self.assertNotIn(" 5", text)

    def test_array_limit(self):
        self.assertEqual(self.alpha(), self.LIST)
        self.short_list(self.alpha("--max-array-size", "5"))
        self.short_list(self.alpha(env={"FIREDBG_RUST_CONFIG": "MAX_ARRAY_SIZE=5"}))
        self.short_list(self.alpha(env={"FIREDBG_RUST_CONFIG": "DONT_TRACE_ALLOCATION;MAX_ARRAY_SIZE=5;KEEP_HASH_ORDER=false"}))
        # The command line wins.
        self.assertEqual(self.alpha("--max-array-size=100", env={"FIREDBG_RUST_CONFIG": "MAX_ARRAY_SIZE=5"}), self.LIST)

    def test_dot_env(self):
        with open(self.path(".env"), "w") as f:
            f.write('OTHER=1\n# a comment\nFIREDBG_RUST_CONFIG="MAX_ARRAY_SIZE=5"\n')
        self.short_list(self.alpha())
        # The environment stands above the file.
        self.assertEqual(self.alpha(env={"FIREDBG_RUST_CONFIG": "MAX_ARRAY_SIZE=100"}), self.LIST)

    def test_config_errors(self):
        for text in ["NO_SUCH_KEY=1", "MAX_ARRAY_SIZE=many", "MAX_ARRAY_SIZE=", "KEEP_HASH_ORDER=perhaps", "MAX_ARRAY_SIZE=-1"]:
            rec = harness.record(self.program, cwd=self.dir, env={"FIREDBG_RUST_CONFIG": text})
            self.assertEqual(rec.status, 125, str(rec.done))
            self.assertIn(text.split("=")[0], self.one_line(rec.done))
            self.assertEqual(rec.stdout, b"")
            self.assertFalse(os.path.exists(rec.file))

    def test_hash_order(self):
        program = harness.compile_rust("hash", HASH)
        rec = self.record(program)
        value = [c for c in harness.calls(self.trees(rec)) if c.short() == "count"][0].args[0][1]
        self.assertEqual(value, "{%s}" % ", ".join("%d: %d" % (i, i * i) for i in range(30)))
        rec = self.record(program, opts=["--keep-hash-order"])
        value = [c for c in harness.calls(self.trees(rec)) if c.short() == "count"][0].args[0][1]
        self.assertEqual(value, rec.stdout_text.strip())

    def test_deref_limit(self):
        program = harness.compile_rust("nested", NESTED)

        def look(*opts):
            rec = self.record(program, opts=opts)
            return [c for c in harness.calls(self.trees(rec)) if c.short() == "look"][0]

        self.assertEqual((look().args, look().value), ([("x", "770077")], "770077"))
        self.assertEqual(look("--deref-limit", "12").args, [("x", "770077")])
        self.assertNotIn("770077", str(look("--deref-limit", "3").args))


if __name__ == "__main__":
    unittest.main()

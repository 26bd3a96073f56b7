# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg show of real recordings: what is chosen agrees with the whole; the pager on a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
import unittest

import harness
from harness import E2ETest, fdbg


class ShowTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.file = self.record(harness.compile_rust("workers", harness.example("workers"))).file

    def show(self, *options):
        done = fdbg("show", *(list(options) + [self.file]))
        self.assertEqual(done.status, 0, str(done))
        return done.stdout_text

    def nodes(self, *options):
        return [json.loads(line) for line in self.show("--json", *options).split("\n") if line]

    def key(self, node):
        return node["thread_id"], node["frame_id"]

    def test_json_is_the_tree(self):
        calls = {self.key(n): n for n in self.nodes() if n["kind"] == "call"}
        want = {}
        for trees in self.trees(harness.Recording(self.file)).items():
            for top in trees[1]:
                for call in top.walk():
                    want[trees[0], call.frame_id] = call
        self.assertEqual(set(calls), set(want))
        for key, call in want.items():
            node = calls[key]
            self.assertEqual((node["function"], [tuple(a) for a in node["args"]], node["depth"], node["line"]),
                             (call.function, call.args, call.depth, call.line))
            self.assertEqual(node["state"], "unwound" if call.unwound else "returned" if call.returned else "open")
            if call.returned:
                self.assertEqual(node["value"], call.value)
            self.assertEqual(bool(node.get("panicked")), call.panics > 0)
            self.assertEqual(node["parent_frame_id"], call.parent.frame_id if call.parent else None)

    def around(self, chosen, everything):
        """The keys of these calls and of all calls around them."""
        keys = set()
        for node in chosen:
            key = self.key(node)
            while key[1] and key not in keys:
                keys.add(key)
                key = key[0], everything[key]["parent_frame_id"]
        return keys

    def test_errors_and_grep_are_what_is_wanted_and_what_is_around_it(self):
        everything = {self.key(n): n for n in self.nodes() if n["kind"] == "call"}
        for options, wanted in (
                (["--errors"], lambda n: n.get("error") or n.get("panicked") or n["state"] == "unwound"),
                (["--grep=always fails"], lambda n: "always fails" in json.dumps([n["args"], n.get("value")])),
                (["--grep=Square(3)"], lambda n: "Square(3)" in json.dumps([n["args"], n.get("value")]))):
            got = {self.key(n) for n in self.nodes(*options) if n["kind"] == "call"}
            self.assertEqual(got, self.around([n for n in everything.values() if wanted(n)], everything), options)
            self.assertTrue(got)

    def test_a_part_has_its_context(self):
        everything = {self.key(n): n for n in self.nodes() if n["kind"] == "call"}
        top = max(n["sequence"] for n in everything.values())
        for first, last in ((1, 10), (top // 3, top // 2), (top - 5, top + 100)):
            part = self.nodes("--from=#%d" % first, "--to=#%d" % last)
            calls = {self.key(n): n for n in part if n["kind"] == "call"}
            inside = {k for k, n in calls.items() if not n.get("context")}
            self.assertEqual(inside, {k for k, n in everything.items() if first <= n["sequence"] <= last})
            for key, node in calls.items():
                self.assertEqual(node.get("value"), everything[key].get("value"), "the value that it returned later")
                self.assertLess(node["sequence"], first) if node.get("context") else None
                if node["parent_frame_id"]:
                    self.assertIn((key[0], node["parent_frame_id"]), calls, "a call without the calls around it")

    def test_a_part_in_which_nothing_happens(self):
        program = harness.compile_rust("nap", """
            fn quick(n: u32) -> u32 { n + 1 }
            fn nap(n: u32) { std::thread::sleep(std::time::Duration::from_millis(n.into())); }
            fn main() { quick(1); nap(400); quick(2); }""")
        self.file = self.record(program, output=self.path("nap.firedbg.ss")).file
        nap = [n for n in self.nodes() if n["function"] == "nap::nap"][0]
        seconds = int(nap["time"][17:19]) + int(nap["time"][20:23]) / 1000 + 0.2
        if seconds > 59:
            self.skipTest("the minute changes just now")
        at = [nap["time"][:17] + "%06.3fZ" % s for s in (seconds, seconds + 0.001)]
        self.assertEqual(self.show("--from", at[0], "--to", at[1]),
                         "nap::main() -> () (began earlier)\n  nap::nap(n=400) -> () (began earlier)\n")
        trace = json.loads(fdbg("export", "-T", "chrome", "--from", at[0], "--to", at[1], self.file).stdout)
        self.assertEqual([(e["ph"], e["name"]) for e in trace["traceEvents"] if e["ph"] in "BE"],
                         [("B", "nap::main"), ("B", "nap::nap"), ("E", "nap::nap"), ("E", "nap::main")])

    def test_frame(self):
        panicked = [n for n in self.nodes() if n.get("panicked")][0]
        text = self.show("--thread=%d" % panicked["thread_id"], "--frame=%d" % panicked["frame_id"])
        lines = text.rstrip("\n").split("\n")
        self.assertIn("!! panicked", text)
        self.assertEqual([len(l) - len(l.lstrip()) for l in lines[:panicked["depth"] + 1]],
                         [2 * d for d in range(panicked["depth"] + 1)])

    def test_no_colour_and_no_pager_into_a_pipe(self):
        done = fdbg("show", self.file, env={"FDBG_PAGER": "sed s/^/PAGED/", "TERM": "xterm"})
        self.assertNotIn(b"PAGED", done.stdout)
        self.assertNotIn(b"\x1b", done.stdout)


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command, env, rows=10):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 100, 0, 0))
        env = harness.clean_environment(dict({"TERM": "xterm"}, **env))
        for name in [n for n, v in env.items() if v is None]:
            del env[name]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, close_fds=True,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.output = b""

    def read_until(self, word, seconds=10):
        """Reads until the output has the word; None: until the program ends."""
        end = time.monotonic() + seconds * harness.SLOWNESS
        while time.monotonic() < end and (word is None or word not in self.output):
            ready = select.select([self.master], [], [], 0.05)[0]
            try:
                data = os.read(self.master, 65536) if ready else None
            except OSError:     # the other end is closed
                return word is None
            if data:
                self.output += data
            elif word is None and self.process.poll() is not None:
                return True
        return word is not None and word in self.output

    def send(self, text):
        os.write(self.master, text)

    def close(self):
        harness.kill_session(self.process.pid)
        self.process.wait()
        os.close(self.master)


class PagerTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.file = self.record(harness.compile_rust("workers", harness.example("workers"))).file

    def terminal(self, *options, **env):
        terminal = Terminal([harness.FDBG, "show"] + list(options) + [self.file], dict({"PAGER": None, "FDBG_PAGER": None, "LESS": None}, **env))
        self.addCleanup(terminal.close)
        return terminal

    def quit(self, terminal):
        """Keys that less gets while it handles a signal are lost: presses q until it takes it."""
        for _ in range(int(50 * harness.SLOWNESS)):
            try:
                terminal.send(b"q")
            except OSError:
                break
            if terminal.read_until(None, seconds=0.3):
                break
        return self.status(terminal)

    def status(self, terminal):
        self.assertTrue(terminal.read_until(None), terminal.output[-500:])
        return terminal.process.wait(10 * harness.SLOWNESS)

    def test_own_pager_before_the_usual_one(self):
        terminal = self.terminal(FDBG_PAGER="sed 's/^/PAGED /'", PAGER="sed 's/^/OTHER /'")
        self.assertEqual(self.status(terminal), 0)
        lines = terminal.output.decode().rstrip().split("\r\n")
        self.assertTrue(all(l.startswith("PAGED ") for l in lines), lines[:5])
        self.assertEqual(len(lines), fdbg("show", self.file).stdout.count(b"\n"))
        self.assertIn(b"\x1b[1m", terminal.output, "colours go through the pager")
        terminal = self.terminal(PAGER="sed 's/^/OTHER /'")
        self.assertEqual(self.status(terminal), 0)
        self.assertIn(b"OTHER ", terminal.output)

    def test_no_pager(self):
        for options, env in ((["--no-pager"], {"PAGER": "sed s/^/PAGED/"}), ([], {"FDBG_PAGER": "", "PAGER": "sed s/^/PAGED/"}),
                             ([], {"PAGER": "cat"}), ([], {"PAGER": "/nonexistent/pager -x"}),
                             ([], {"PAGER": "sed s/^/PAGED/", "TERM": "dumb"}), (["--json"], {"PAGER": "sed s/^/PAGED/"})):
            terminal = self.terminal(*options, **env)
            self.assertEqual(self.status(terminal), 0, (options, env))
            self.assertNotIn(b"PAGED", terminal.output)
            self.assertIn(b"main", terminal.output, (options, env))
            self.assertNotIn(b"not found", terminal.output)

    def test_no_colour(self):
        terminal = self.terminal("--no-pager", NO_COLOR="1")
        self.assertEqual(self.status(terminal), 0)
        self.assertNotIn(b"\x1b", terminal.output)

    def test_less_by_default(self):
        if not shutil.which("less"):
            self.skipTest("there is no less")
        terminal = self.terminal()
        self.assertTrue(terminal.read_until(b"main"), terminal.output)
        time.sleep(0.2)
        self.assertIsNone(terminal.process.poll(), "ten rows do not hold it: less waits")
        self.assertNotIn(b"ESC[", terminal.output)
        self.assertEqual(self.quit(terminal), 0)

    def test_a_pager_that_ends_early(self):
        terminal = self.terminal(PAGER="head -n 1")
        self.assertEqual(self.status(terminal), 0)
        self.assertNotIn(b"fdbg:", terminal.output)

    def test_an_error_comes_without_a_pager(self):
        terminal = self.terminal("--frame=9999", PAGER="sed s/^/PAGED/")
        self.assertEqual(self.status(terminal), 1)
        self.assertIn(b"no frame 9999", terminal.output)

    def test_ctrl_c_is_the_pagers(self):
        if not shutil.which("less"):
            self.skipTest("there is no less")
        terminal = self.terminal()
        self.assertTrue(terminal.read_until(b"main"))
        terminal.send(b"\x03")
        time.sleep(0.3)
        self.assertIsNone(terminal.process.poll(), "the terminal is still the pager's")
        self.assertEqual(self.quit(terminal), 0)


if __name__ == "__main__":
    harness.main()

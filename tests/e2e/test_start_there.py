# SPDX-License-Identifier: MIT OR Apache-2.0
"""Programs that a server starts for --exec: their arguments, environment, directory, input and output are those asked for."""

import os
import shutil
import unittest

import harness
import test_lldb
from harness import E2ETest

SOURCE = r"""
use std::io::{Read, Write};
#[inline(never)] fn echo(argument: &str) -> usize { argument.len() }
fn main() {
    for argument in std::env::args().skip(1) { echo(&argument); }
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input).unwrap();
    println!("{} {:?} {:?}", input.len(), std::env::var("GREETING"), std::env::current_dir().unwrap());
    let bytes: Vec<u8> = (0..100_000u32).map(|n| (n.wrapping_mul(n) / 7) as u8).collect();
    std::io::stdout().write_all(&bytes).unwrap();
    std::io::stdout().write_all(b"one\r\ntwo\r").unwrap();
}
"""

BYTES = bytes((n * n & 0xffffffff) // 7 & 255 for n in range(100_000))
# What a shell, a list of words or a packet could take for something else.
WORDS = ["", "a b", "\t", 'say "hi"', "ünïcödé", "-o", "--", "*", "$HOME", "`id`", "\\", "a\\ b", "#$}*", "~", "", "!x"]


class StartThere:
    """What all servers share. start() gives the words that lead fdbg to the server."""

    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)
        # The program's path has no quotes: gdbserver's shell would not find it.
        self.there = self.path("ä folder/an app")
        os.makedirs(os.path.dirname(self.there))
        shutil.copy(self.program, self.there)
        self.file = self.path("rec.firedbg.ss")

    def run_there(self, words):
        done = harness.fdbg("record", "-q", "-o", self.file, *self.start(), "--exec=" + self.there, "--cwd=/usr", "-F", "*::echo",
                            "--env=GREETING=it's \"fine\" = ok", "--", *words, cwd=self.dir, stdin=b"not for it")
        self.assertEqual(done.status, 0, str(done))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        return done, [c.value for c in harness.calls(self.trees(rec))]

    def check_output(self, output):
        self.assertEqual(output, b'0 Ok("it\'s \\"fine\\" = ok") "/usr"\n' + BYTES + b"one\r\ntwo\r")

    def test_words(self):
        done, lengths = self.run_there(WORDS)
        self.assertEqual(lengths, [str(len(w.encode())) for w in WORDS])
        self.assertEqual(done.stderr_text.count("warning"), 0, done.stderr_text)
        self.check_output(self.output(done))

    def test_plain_words(self):
        done, lengths = self.run_there(["a", "bc", "d=e"])
        self.assertEqual(lengths, ["1", "2", "3"])
        self.check_output(self.output(done))


class GdbserverTest(StartThere, E2ETest):
    def start(self):
        if not shutil.which("gdbserver"):
            self.skipTest("there is no gdbserver")
        self.server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        return ["--remote=127.0.0.1:%d" % harness.listening_port(self.server)]

    def output(self, done):
        harness.kill_session(self.server.pid)
        return self.server.output()

    def test_changed_word(self):
        """gdbserver up to 16 puts a backslash before a quote: that is told where it happens."""
        done, lengths = self.run_there(["it's"])
        self.assertEqual('"it\\\'s" instead of "it\'s"' in done.stderr_text, lengths == ["5"], str(done))

    def test_path_with_quotes(self):
        """Its shell finds the program, or it is said what to do."""
        self.there = self.path("it's")
        shutil.copy(self.program, self.there)
        done = harness.fdbg("record", "-q", "-o", self.file, *self.start(), "--exec=" + self.there, "-F", "*::echo", "--", "a b",
                            cwd=self.dir)
        if done.status:
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("with a symbolic link", self.one_line(done))


class LldbServerTest(StartThere, E2ETest):
    mode = ["gdbserver"]

    def start(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [test_lldb.find_server()] + self.mode + [address])
        return ["--remote=" + address]

    def output(self, done):
        return done.stdout

    def test_quotes(self):
        words = ["it's", "two\nlines", "'", "\n"]
        _, lengths = self.run_there(words)
        self.assertEqual(lengths, [str(len(w)) for w in words])


class PlatformTest(LldbServerTest):
    mode = ["platform", "--server", "--listen"]

    def start(self):
        return ["--platform=" + super().start()[0].split("=")[1]]


if __name__ == "__main__":
    unittest.main()

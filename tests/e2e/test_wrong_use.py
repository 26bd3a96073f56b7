# SPDX-License-Identifier: MIT OR Apache-2.0
"""Wrong use: one clear line, the right exit status, nothing left running, no file left behind."""

import os
import subprocess
import unittest

import harness
from harness import E2ETest

SOURCE = 'fn touch(path: &str) { std::fs::write(path, "ran").unwrap(); }\nfn main() { touch(&std::env::args().nth(1).unwrap()); }\n'


class WrongUseTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.program = harness.compile_rust("app", SOURCE)
        self.can_record()

    works = None

    def can_record(self):
        """A refusal says something only where right use is accepted."""
        if WrongUseTest.works is None:
            with harness.Scratch() as scratch:
                done = harness.record(self.program, [os.path.join(scratch.path, "ran")], cwd=scratch.path).done
            WrongUseTest.works = done.status == 0 or str(done)
        self.assertIs(WrongUseTest.works, True)

    def refused(self, status, *words, mention=None, **options):
        before = sorted(os.listdir(self.dir))
        done = harness.fdbg(*words, cwd=options.pop("cwd", self.dir), timeout=20 * harness.SLOWNESS, **options)
        self.assertEqual(done.status, status, str(done))
        self.assertEqual(done.stdout, b"", str(done))
        text = self.one_line(done)
        if mention:
            self.assertIn(mention, text)
        self.assertEqual(sorted(os.listdir(self.dir)), before, "files were left or made")
        self.nothing_left(self.program)
        return text

    def script(self, name, text, mode=0o755):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    # ---- the program

    def test_missing_program(self):
        self.refused(127, "record", self.path("nothing"), mention="nothing")
        self.refused(127, "no-such-program-on-path", mention="no-such-program-on-path")
        self.refused(127, "--", self.path("no/such/folder/app"))

    def test_directory(self):
        os.mkdir(self.path("folder"))
        self.refused(126, "record", self.path("folder"), mention="folder")

    def test_not_executable(self):
        self.refused(126, "record", self.script("plain", "text\n", 0o644), mention="plain")

    def test_not_elf(self):
        self.refused(126, "record", self.script("script", "#!/bin/sh\necho hello\n"), mention="script")
        self.refused(126, "record", self.script("empty", ""), mention="empty")

    def test_cut_elf(self):
        with open(self.program, "rb") as f:
            data = f.read()
        for size in (4, 40, 64, 1000, len(data) // 2):
            path = self.path("cut%d" % size)
            with open(path, "wb") as f:
                f.write(data[:size])
            os.chmod(path, 0o755)
            done = harness.fdbg("record", "-o", self.path("out.ss"), path, self.path("ran"), cwd=self.dir)
            self.assertIn(done.status, (125, 126), str(done))
            self.one_line(done)
            self.assertFalse(os.path.exists(self.path("ran")))

    def test_no_debug_info(self):
        bare = harness.compile_rust("app", SOURCE, flags=["-C", "strip=symbols"], debug=False)
        text = self.refused(125, "record", bare, self.path("ran"))
        self.assertIn("debug", text)

    def test_c_program(self):
        with open(self.path("c.c"), "w") as f:
            f.write("int add(int a, int b) { return a + b; }\nint main(void) { return add(1, 2); }\n")
        subprocess.run(["cc", "-g", "-o", self.path("c"), self.path("c.c")], check=True)
        self.assertIn("Rust", self.refused(125, "record", self.path("c")))

    def test_no_function_matches(self):
        self.refused(125, "record", "-F", "no::such::*", self.program, self.path("ran"), mention="no::such")

    def test_no_such_package(self):
        self.refused(125, "record", "-p", "nocrate", self.program, self.path("ran"), mention="nocrate")

    # ---- output

    def test_unwritable_output(self):
        self.refused(125, "record", "-o", self.path("no/such/folder/x.ss"), self.program, self.path("ran"), mention="no/such")
        self.refused(125, "record", "-o", self.dir, self.program, self.path("ran"))
        # The program has not run.
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        done = harness.fdbg("record", "-o", "/dev/full", self.program, self.path("ran"), cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertTrue(os.path.exists("/dev/full"), "a device must not be renamed")
        self.one_line(done)
        self.nothing_left(self.program)

    # ---- options

    def test_bad_options(self):
        for words in (["--no-such-option"], ["-Z"], ["--depth", "deep"], ["--depth", "-1"], ["--max-events", "12x"],
                      ["--max-events=99999999999999999999"], ["--duration", "soon"], ["--duration=-1"], ["--trace", "most"],
                      ["--allocations=some"], ["--max-array-size", ""], ["--env", "NOEQUALS"], ["--output="],
                      ["--server", ""]):
            with self.subTest(words=words):
                self.refused(125, "record", *(words + [self.program, self.path("ran")]))

    def test_option_without_its_word(self):
        for option in ("-o", "--output", "--depth", "-F", "--remote"):
            with self.subTest(option=option):
                self.refused(125, "record", option)

    def test_no_program(self):
        self.refused(125, "record")

    def test_no_server(self):
        self.refused(125, "record", "--server", self.path("noserver"), self.program, self.path("ran"), mention="noserver")
        self.refused(125, "record", self.program, self.path("ran"), mention="gdbserver", env={"PATH": self.dir})

    def test_server_that_is_none(self):
        """A server that ends at once, and one that says nothing."""
        for name, text in (("ends", "#!/bin/sh\nexit 1\n"), ("talks", "#!/bin/sh\necho what\n")):
            with self.subTest(name=name):
                server = self.script(name, text)
                self.refused(125, "record", "--server", server, self.program, self.path("ran"))

    def test_cwd_missing(self):
        self.refused(125, "record", "--cwd", self.path("nowhere"), self.program, self.path("ran"), mention="nowhere")

    def test_attach_to_nothing(self):
        self.refused(125, "record", "--attach", "999999999")
        self.refused(125, "record", "--attach", "me")

    # ---- reading

    def test_reading_nothing(self):
        for command in ("show", "dump", "info", "verify"):
            with self.subTest(command=command):
                done = harness.fdbg(command, cwd=self.dir)
                self.assertNotEqual(done.status, 0, str(done))
                self.one_line(done)
                done = harness.fdbg(command, self.path("nothing.ss"), cwd=self.dir)
                self.assertNotEqual(done.status, 0, str(done))
                self.assertIn("nothing.ss", self.one_line(done))

    def test_reading_garbage(self):
        with open(self.path("bad.ss"), "wb") as f:
            f.write(b"This is not a recording at all, but long enough to hold a header of 128 bytes. " * 3)
        for command in ("show", "dump", "info", "verify"):
            with self.subTest(command=command):
                done = harness.fdbg(command, self.path("bad.ss"), cwd=self.dir)
                self.assertIn(done.status, (1, 125), str(done))
                self.one_line(done)

    # ---- help

    def test_help_and_version(self):
        for words in (["--help"], ["record", "--help"], ["show", "--help"], ["dump", "--help"], ["info", "--help"],
                      ["verify", "--help"], ["functions", "--help"], ["--version"], ["dump", "--version"]):
            with self.subTest(words=words):
                done = harness.fdbg(*words, cwd=self.dir)
                self.assertEqual((done.status, done.stderr), (0, b""), str(done))
                self.assertIn(b"fdbg", done.stdout)

    def test_help_names_every_option(self):
        text = harness.fdbg("record", "--help").stdout_text
        for option in ("--output", "--server", "--package", "--filter", "--exclude", "--file", "--trace", "--depth",
                       "--max-events", "--duration", "--kill", "--max-array-size", "--deref-limit",
                       "--keep-hash-order", "--live", "--stats", "--env", "--cwd", "--verbose", "--quiet"):
            self.assertIn(option, text)


if __name__ == "__main__":
    unittest.main()

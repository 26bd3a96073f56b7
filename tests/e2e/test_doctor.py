# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg doctor: what is there, what is missing, and what mends it, held against servers and programs that are known."""

import os
import shutil
import subprocess
import unittest

import harness
import test_lldb
from harness import E2ETest

SOURCE = "fn main() { println!(\"{}\", std::env::args().count()); }"


class DoctorTest(E2ETest):
    def doctor(self, *args, status=0, env=None):
        """[(kind, text, what to do)] of its lines."""
        done = harness.fdbg("doctor", *args, env=env)
        self.assertEqual(done.status, status, str(done))
        self.assertEqual(done.stderr, b"", str(done))
        found = []
        for line in done.stdout_text.rstrip("\n").split("\n"):
            if line.startswith(" "):
                self.assertEqual(found[-1][0], "missing")
                found[-1] = found[-1][:2] + (line.strip(),)
            else:
                kind, text = line.split(None, 1)
                found.append((kind, text, None))
        self.assertTrue({k for k, _, _ in found} <= {"ok", "note", "missing"}, found)
        for kind, text, remedy in found:
            if kind == "missing":
                self.assertTrue(remedy, "nothing mends %s" % text)
        self.assertEqual(status, int(any(k == "missing" for k, _, _ in found)))
        return found

    def assert_says(self, found, kind, *words):
        self.assertTrue(any(k == kind and all(w in t for w in words) for k, t, _ in found), (kind, words, found))

    def program(self):
        return harness.compile_rust("app", SOURCE)

    def missing(self, found):
        return [(t, r) for k, t, r in found if k == "missing"]

    def test_machine(self):
        found = self.doctor()
        for name in ("gdbserver", "lldb-server"):
            if shutil.which(name):
                self.assert_says(found, "ok", name, shutil.which(name))

    def test_no_server_on_path(self):
        (text, remedy), = self.missing(self.doctor(status=1, env={"PATH": self.dir}))
        self.assertIn("neither gdbserver nor lldb-server", text)
        self.assertIn("apt install gdbserver", remedy)

    def test_good_program(self):
        found = self.doctor(self.program())
        self.assert_says(found, "ok", self.program(), os.uname().machine)
        self.assert_says(found, "ok", "debug information of Rust")

    def test_without_types(self):
        program = harness.compile_rust("app", SOURCE, flags=["-C", "debuginfo=line-tables-only"], debug=False)
        (text, remedy), = self.missing(self.doctor(program, status=1))
        self.assertIn("types", text)
        self.assertIn("debug = true", remedy)

    def test_stripped(self):
        program = harness.compile_rust("app", SOURCE, flags=["-C", "strip=symbols"])
        (text, remedy), = self.missing(self.doctor(program, status=1))
        self.assertIn("stripped", text)
        self.assertIn("strip = false", remedy)

    def test_c_program(self):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            self.skipTest("there is no C compiler")
        subprocess.run([compiler, "-g", "-o", self.path("c"), "-x", "c", "-"], input=b"int main(void) { return 0; }", check=True)
        (text, _), = self.missing(self.doctor(self.path("c"), status=1))
        self.assertIn("none of Rust code", text)

    @unittest.skipUnless(os.uname().machine == "x86_64", "for x86_64 hosts")
    def test_other_processor(self):
        rustc, arm, _ = harness.arm_compiler()
        program = harness.compile_rust("app", SOURCE, flags=arm, compiler=rustc)
        found = self.doctor(program, status=1)
        self.assert_says(found, "ok", "aarch64")
        (text, remedy), = self.missing(found)
        self.assertIn("this machine is x86_64", text)
        self.assertIn("--remote", remedy)

    def test_no_such_file(self):
        (text, _), = self.missing(self.doctor(self.path("nothing"), status=1))
        self.assertIn("No such file", text)

    def test_nobody_listens(self):
        (text, remedy), = self.missing(self.doctor("--remote=127.0.0.1:%d" % harness.free_port(), status=1))
        self.assertIn("Connection refused", text)
        self.assertIn("gdbserver", remedy)

    def test_gdbserver(self):
        _, address = harness.start_gdbserver(self, self.program())
        found = self.doctor("--remote=" + address, self.program())
        for words in (["acks can be turned off"], ["one round trip"], ["all threads"], ["signals pass"], ["gives files"],
                      ["forked children"], ["exec is reported"], ["it is the program that the server holds"]):
            self.assert_says(found, "ok", *words)

    def test_gdbserver_without_a_program(self):
        server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        found = self.doctor("--remote=127.0.0.1:%d" % harness.listening_port(server))
        self.assert_says(found, "note", "holds no program", "--exec", "--attach")

    def test_another_copy(self):
        _, address = harness.start_gdbserver(self, self.program())
        other = harness.compile_rust("other", SOURCE)
        (text, remedy), = self.missing(self.doctor("--remote=" + address, other, status=1))
        self.assertIn("build-id", text)

    def test_lldb_server(self):
        address = "127.0.0.1:%d" % harness.free_port()
        harness.start_server(self, [test_lldb.find_server(), "gdbserver", address, "--", self.program()])
        found = self.doctor("--remote=" + address, self.program())
        for words in (["one round trip"], ["all threads"], ["gives files"], ["it is the program that the server holds"]):
            self.assert_says(found, "ok", *words)

    def test_qemu(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, arm, _ = harness.arm_compiler()
        program = harness.compile_rust("app", SOURCE, flags=arm, compiler=rustc)
        for copy, status in ((program, 0), (self.program(), 1)):
            address = self.path("stub%d" % status)
            harness.start_server(self, ["qemu-aarch64", "-g", address, program])
            found = self.doctor("--remote=unix:" + address, copy, status=status)
            self.assert_says(found, "ok", "one round trip")
            self.assert_says(found, "ok", "acks stay on, and may be sent ahead")
            self.assert_says(found, "note", "only programs with one thread")
            self.assert_says(found, "note", "gives no files")
            self.assert_says(found, "note", "an exec is not reported")
            if status:
                self.assertIn("another processor", self.missing(found)[0][0])


if __name__ == "__main__":
    unittest.main()

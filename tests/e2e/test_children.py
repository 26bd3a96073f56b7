# SPDX-License-Identifier: MIT OR Apache-2.0
"""Programs that start others: the children run untouched, the parent's recording goes on."""

import unittest

import harness
import test_lldb
from harness import E2ETest

SOURCE = """
use std::process::Command;
extern "C" { fn fork() -> i32; fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32; fn _exit(code: i32) -> !; }
fn work(x: u32) -> u32 { x + 1 }
fn spawn(text: &str) -> String {
    let out = Command::new("/bin/echo").arg(text).output().unwrap();
    String::from_utf8(out.stdout).unwrap()
}
fn forked(x: u32) -> i32 {
    unsafe {
        let pid = fork();
        if pid == 0 {
            // The same code, breakpoints and all, in another process.
            let mut y = 0;
            for i in 0..100 { y = work(i); }
            _exit(if y == 100 { 5 } else { 6 });
        }
        let mut status = 0;
        waitpid(pid, &mut status, 0);
        work(x);
        status
    }
}
fn main() {
    work(1);
    print!("{}", spawn("hello"));
    let shell = Command::new("/bin/sh").args(["-c", "echo from the shell; exit 3"]).status().unwrap();
    println!("{:?}", shell.code());
    println!("{}", forked(7));
    work(2);
}
"""


class ChildrenTest(E2ETest):
    server = "gdbserver"

    def test_children(self):
        program = harness.compile_rust("app", SOURCE)
        direct = harness.run([program])
        self.assertEqual(direct.stdout_text, "hello\nfrom the shell\nSome(3)\n1280\n")
        rec = self.record(program, opts=["--server=" + self.server])
        self.assertEqual(rec.stdout, direct.stdout)
        main = self.main_tree(rec)
        self.assertEqual([(c.function, c.args, c.value) for c in main.children],
                         [("app::work", [("x", "1")], "2"), ("app::spawn", [("text", '"hello"')], '"hello\\n"'),
                          ("app::forked", [("x", "7")], "1280"), ("app::work", [("x", "2")], "3")])
        self.assertEqual([(c.function, c.value) for c in main.children[2].children], [("app::work", "8")])


class LldbChildrenTest(ChildrenTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = test_lldb.find_server()


if __name__ == "__main__":
    unittest.main()

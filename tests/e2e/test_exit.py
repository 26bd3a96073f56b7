# SPDX-License-Identifier: MIT OR Apache-2.0
"""How a program ends: its exit status is passed on, frames that were open then are not made to return."""

import unittest

import harness
from harness import E2ETest

# One program, ends as its argument says.
ENDS = """
extern "C" { fn kill(pid: i32, signal: i32) -> i32; fn getpid() -> i32; }
fn leave(how: &str) -> u32 {
    if let Some(number) = how.strip_prefix("exit") { std::process::exit(number.parse().unwrap()); }
    if let Some(number) = how.strip_prefix("signal") {
        unsafe { kill(getpid(), number.parse().unwrap()); }
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
    match how { "panic" => panic!("asked for"), "abort" => std::process::abort(),
        // std's handler sets the default action and returns: the second fault kills.
        "fault" => unsafe { std::ptr::read_volatile(16 as *const u32) },
        _ => 5 }
}
fn early(x: u32) -> u32 { x + 1 }
fn outer(how: &str) -> u32 { early(1); leave(how) }
fn main() {
    let how = std::env::args().nth(1).unwrap();
    println!("{}", outer(&how));
}
"""

NEVER = """
fn stop(code: i32) -> ! { std::process::exit(code) }
fn ask(x: u32) -> u32 { if x > 3 { stop(x as i32) } x }
fn main() { for x in 0.. { ask(x); } }
"""


class ExitTest(E2ETest):
    def check(self, how, status, returned):
        program = harness.compile_rust("app", ENDS)
        direct = harness.run([program, how])
        self.assertEqual(direct.status, status, "without fdbg: %s" % direct)
        rec = self.record(program, [how], status=status)
        self.assertEqual(rec.stdout, direct.stdout)
        main = self.main_tree(rec)
        chain = [main, main.children[0]] + main.children[0].children
        self.assertEqual([c.function for c in chain], ["app::main", "app::outer", "app::early", "app::leave"])
        self.assertEqual(chain[2].value, "2")
        self.assertEqual(chain[3].args, [("how", '"%s"' % how)])
        for c in [chain[0], chain[1], chain[3]]:
            self.assertEqual(c.returned, returned, repr(c))
            if not returned:
                self.assertIsNone(c.value)

    def test_0(self):
        self.check("normal", 0, True)

    def test_exit_0(self):
        self.check("exit0", 0, False)

    def test_exit_7(self):
        self.check("exit7", 7, False)

    def test_exit_255(self):
        self.check("exit255", 255, False)

    def test_killed_9(self):
        self.check("signal9", 137, False)

    def test_segmentation_fault(self):
        self.check("fault", 139, False)

    def test_killed_15(self):
        self.check("signal15", 143, False)

    def test_abort(self):
        self.check("abort", 134, False)

    def test_panic(self):
        self.check("panic", 101, False)

    def test_exit_code_in_info(self):
        program = harness.compile_rust("app", ENDS)
        rec = self.record(program, ["exit7"], status=7)
        infos = [o for o in rec.dump("--stream=info") if o.get("event") == "info"]
        self.assertEqual(infos[0].get("debugger"), "FireDBG.for.Rust")
        self.assertEqual(infos[0].get("arguments"), ["exit7"])
        self.assertEqual(infos[-1].get("exit_code"), 7)

    def test_function_that_never_returns(self):
        rec = self.record(harness.compile_rust("never", NEVER), status=4)
        main = self.main_tree(rec)
        self.assertEqual([c.value for c in main.children], ["0", "1", "2", "3", None])
        last = main.children[-1]
        self.assertFalse(last.returned)
        self.assertEqual([(c.function, c.args, c.returned) for c in last.children], [("never::stop", [("code", "4")], False)])


if __name__ == "__main__":
    unittest.main()

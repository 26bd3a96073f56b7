# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg tui through a pseudo-terminal: keys in, the screen out, as a terminal emulator shows it."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import unittest

import harness
from harness import E2ETest

# Debian's packages are not on the path of another Python.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    import pyte
except ImportError:
    pyte = None

SOURCE = """
#[derive(Debug, Clone)] struct Shape { name: String, sides: Vec<u32>, äöü: char }
fn leaf(n: u32) -> Result<u32, String> { if n == 3 { Err(format!("no {}", n)) } else { Ok(n) } }
fn branch(n: u32) -> u32 { (0..n).map(|i| leaf(i).unwrap_or(100)).sum() }
fn draw(shape: &Shape) -> usize { shape.sides.len() }
fn main() {
    for n in 1..6 { branch(n); }
    draw(&Shape { name: "a long name, (with brackets)".into(), sides: (0..30).collect(), äöü: 'ß' });
}
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, rows=30, columns=120, cwd=None, term="xterm-256color"):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        env = harness.clean_environment({"TERM": term, "LC_ALL": "C.UTF-8", "NO_COLOR": ""})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.chdir(cwd or ".")
                os.execve(command[0], command, env)
            finally:
                os._exit(99)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read(self, timeout):
        """Takes in output; False: there is none within the time, or no more at all."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def text(self):
        return "\n".join(self.screen.display)

    def wait_for(self, text, absent=False):
        """Until the screen has a text (or has it no more)."""
        deadline = time.monotonic() + 20 * harness.SLOWNESS
        while (text in self.text()) == absent:
            if time.monotonic() > deadline:
                raise AssertionError("%r does not %s:\n%s" % (text, "go" if absent else "come", self.text()))
            self.read(0.05)
        return self.text()

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        deadline = time.monotonic() + 20 * harness.SLOWNESS
        while time.monotonic() < deadline:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        raise AssertionError("it does not end:\n" + self.text())


@unittest.skipUnless(pyte, "no pyte (Debian: python3-pyte)")
class TuiTest(E2ETest):
    @classmethod
    def setUpClass(cls):
        cls.scratch = harness.Scratch()
        program = harness.compile_rust("app", SOURCE)
        done = harness.run([harness.FDBG, "-q", program], cwd=cls.scratch.path)
        assert done.status == 0, str(done)
        # Relative source paths also begin in the current directory.
        with open(os.path.join(cls.scratch.path, "app.rs"), "w") as file:
            file.write(SOURCE)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.__exit__(None, None, None)

    def browse(self, *options, **terminal):
        return Terminal([harness.FDBG, "tui"] + list(options), cwd=self.scratch.path, **terminal)

    def test_walk(self):
        terminal = self.browse(rows=70)
        terminal.wait_for("app::branch(n=1) -> 0")
        # The pane: the current call.
        terminal.wait_for("depth 0")
        terminal.press("/draw\r")
        text = terminal.wait_for("äöü: 'ß',")
        self.assertIn('name: "a long name, (with brackets)",', text)
        self.assertIn("fn draw(shape: &Shape)", text)
        self.assertIn("returned = 30", text)
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_fold(self):
        terminal = self.browse()
        terminal.wait_for("app::branch(n=5) -> 107")
        terminal.press("h")
        terminal.wait_for("app::branch", absent=True)
        terminal.wait_for("+ app::main")
        terminal.press("l")
        terminal.wait_for("app::branch(n=5) -> 107")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_errors_callers_and_the_same_function(self):
        terminal = self.browse()
        terminal.wait_for("app::branch(n=1)")
        terminal.press("e")
        terminal.wait_for('returned = Err("no 3")')
        terminal.press("uu")
        terminal.wait_for("n = 4")
        terminal.press("s")
        terminal.wait_for("n = 5")
        terminal.press("s")
        terminal.wait_for("went on from the beginning")
        terminal.wait_for("n = 1")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_search(self):
        terminal = self.browse()
        terminal.wait_for("app::branch(n=1)")
        terminal.press("/NO 3\r")
        terminal.wait_for("not found")
        terminal.press("/no 3\r")
        terminal.wait_for('returned = Err("no 3")')
        terminal.press("/xyz\x1b")
        terminal.wait_for("? help")
        terminal.press("?")
        terminal.wait_for("next, previous of the function")
        terminal.press("\x03")
        self.assertEqual(terminal.end(), 0)

    def test_narrow_and_resized(self):
        terminal = self.browse(rows=24, columns=60)
        text = terminal.wait_for("frame 1")
        self.assertNotIn("│", text)
        terminal.resize(30, 130)
        os.kill(terminal.pid, signal.SIGWINCH)
        terminal.wait_for("│")
        terminal.resize(2, 10)
        os.kill(terminal.pid, signal.SIGWINCH)
        terminal.wait_for("│", absent=True)
        terminal.press("jjkkG")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_only_errors(self):
        terminal = self.browse("--errors")
        text = terminal.wait_for('app::leaf(n=3) -> Err("no 3")')
        self.assertNotIn("app::draw", text)
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_lost_terminal(self):
        terminal = self.browse()
        terminal.wait_for("app::branch(n=1)")
        os.close(terminal.fd)
        deadline = time.monotonic() + 20 * harness.SLOWNESS
        while not os.waitpid(terminal.pid, os.WNOHANG)[0]:
            self.assertLess(time.monotonic(), deadline, "it lives on without a terminal")
            time.sleep(0.02)

    def test_wrong_use(self):
        done = harness.run([harness.FDBG, "tui"], cwd=self.scratch.path)
        self.assertEqual(done.status, 1)
        self.assertIn("needs a terminal", done.stderr.decode())
        for words, term, text in ((["nothing.ss"], "xterm", "nothing.ss"), ([], "no-such-terminal", "cannot show this")):
            terminal = self.browse(*words, term=term)
            terminal.wait_for(text)
            self.assertEqual(terminal.end(), 1)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT OR Apache-2.0
"""The recipes of fdbg-remote(7) that need no machine of their own: behind ssh, and in a container. Namespaces play the
container, and nsenter what `docker exec -i` and `podman exec -i` do."""

import os
import pwd
import shutil
import subprocess
import unittest

import harness
from harness import E2ETest

SOURCE = """
#[inline(never)] fn tick(n: u64) -> u64 { n * 2 }
fn main() {
    let count: u64 = std::env::args().nth(1).map_or(20, |n| n.parse().unwrap());
    let pause: u64 = std::env::args().nth(2).map_or(0, |n| n.parse().unwrap());
    let mut sum = 0;
    for n in 0..count {
        sum += tick(n);
        if pause > 0 { std::thread::sleep(std::time::Duration::from_millis(pause)); }
    }
    println!("{sum}");
    std::process::exit(3);
}
"""


class RecipeCase(E2ETest):
    def setUp(self):
        super().setUp()
        if not shutil.which("gdbserver"):
            self.skipTest("there is no gdbserver")
        self.program = harness.compile_rust("app", SOURCE)
        self.file = self.path("rec.firedbg.ss")

    def need(self, *tools):
        for tool in tools:
            if not shutil.which(tool):
                self.skipTest("there is no " + tool)

    def fdbg(self, *words, status=3, count=20):
        done = harness.fdbg("record", "-o", self.file, *words, cwd=self.dir)
        self.assertEqual(done.status, status, str(done))
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        ticks = [c for c in harness.calls(self.trees(rec)) if c.short() == "tick"]
        if count:
            self.assertEqual(len(ticks), count)
        self.assertTrue(ticks)
        for c in ticks:
            if not c.open:
                self.assertEqual(c.value, str(2 * int(dict(c.args)["n"])))
        return rec


class PipeTest(RecipeCase):
    def test_nobody_else_can_come(self):
        """A server on pipes that was opened in vain ends with its program, at once."""
        other = harness.compile_rust("other", SOURCE)
        done = harness.fdbg("record", "-o", self.file, "--remote=| gdbserver - " + self.program, other, cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertFalse("reopen the connection" in done.stderr_text, "the server waited for somebody else")
        self.nothing_left(self.program)


class SshTest(RecipeCase):
    """A dropbear on the loopback interface. It takes its keys from the home folder of /etc/passwd, so it gets one of its own."""

    def setUp(self):
        super().setUp()
        self.need("dropbear", "dropbearkey", "ssh", "ssh-keygen", "unshare")
        if os.getuid() != 0:
            self.skipTest("only root can give a dropbear other users")
        home = self.path("home")
        os.makedirs(home + "/.ssh", 0o700)
        user = pwd.getpwuid(0)
        with open(self.path("passwd"), "w") as f:
            f.write("%s:x:0:0::%s:/bin/sh\n" % (user.pw_name, home))
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path("key")], check=True)
        shutil.copy(self.path("key.pub"), home + "/.ssh/authorized_keys")
        os.chmod(home + "/.ssh/authorized_keys", 0o600)
        subprocess.run(["dropbearkey", "-t", "ed25519", "-f", self.path("host")], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        port = harness.free_port()
        server = harness.start_server(self, ["unshare", "-m", "sh", "-c", "mount --bind %s /etc/passwd && exec dropbear -F -E "
                                             "-s -j -k -r %s -p 127.0.0.1:%d -P %s" % (self.path("passwd"), self.path("host"),
                                                                                      port, self.path("pid"))])
        with open(self.path("config"), "w") as f:
            f.write("Host board\n  HostName 127.0.0.1\n  Port %d\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n"
                    "  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n  BatchMode yes\n"
                    % (port, user.pw_name, self.path("key")))
        self.ssh = "ssh -F %s board" % self.path("config")
        if not harness.wait_until(lambda: subprocess.run(self.ssh.split() + ["true"], stdin=subprocess.DEVNULL,
                                                         stderr=subprocess.DEVNULL).returncode == 0, 20, 0.2):
            if server.poll() is not None:
                self.skipTest("no mount namespaces: " + server.stderr.read().decode())
            self.fail("no ssh")

    def test_executable_from_there(self):
        rec = self.fdbg("--remote=| %s gdbserver - %s" % (self.ssh, self.program))
        self.assertRegex(rec.stderr_text, r"fdbg: reading .*app from the target: ([\d.]+) of \1 MB")

    def test_local_copy(self):
        rec = self.fdbg("--remote=| %s gdbserver - %s 40" % (self.ssh, self.program), self.program, count=40)
        self.assertNotIn("reading", rec.stderr_text)

    def test_no_such_program(self):
        done = harness.fdbg("record", "-o", self.file, "--remote=| %s gdbserver - /nonexistent/app" % self.ssh, cwd=self.dir)
        self.assertEqual(done.status, 125, str(done))
        self.assertFalse(os.path.exists(self.file))

    def test_attach(self):
        target = harness.start_server(self, [self.program, "1000", "3"])
        self.fdbg("--remote=| %s gdbserver --attach - %d" % (self.ssh, target.pid), "--max-events=20", status=0, count=None)
        self.assertEqual(target.wait(20 * harness.SLOWNESS), 3)


class ContainerTest(RecipeCase):
    """A process with its own users, processes and mounts, whose program is at a path that exists only there."""

    def setUp(self):
        super().setUp()
        self.need("unshare", "nsenter", "gdbserver")
        self.inside = self.path("inside")
        os.makedirs(self.inside)
        self.there = self.inside + "/app"
        script = "mount -t tmpfs none %s && cp %s %s && { %s 3000 3 & echo $!; wait $!; }" % (
            self.inside, self.program, self.there, self.there)
        self.container = harness.start_server(self, ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount",
                                                     "--mount-proc", "--kill-child", "sh", "-c", script])
        self.pid = harness.wait_until(self.find)
        if not self.pid:
            self.skipTest("no namespaces: " + self.container.stderr.read().decode())
        self.enter = "nsenter --target %d --user --preserve-credentials --mount --pid" % self.pid

    def find(self):
        """The process in it, as it is seen from outside."""
        for pid, command in harness.session_members(self.container.pid):
            if command.startswith(self.there):
                return pid
        return None

    def pid_inside(self):
        with open("/proc/%d/status" % self.pid) as f:
            words = [line.split() for line in f if line.startswith("NSpid:")][0]
        self.assertNotEqual(words[-1], str(self.pid))
        return int(words[-1])

    def check_left(self):
        with open("/proc/%d/status" % self.pid) as f:
            self.assertRegex(f.read(), r"TracerPid:\s*0\n")
        self.assertFalse(os.path.exists(self.there))

    def test_run_inside(self):
        """docker exec -i NAME gdbserver - ./app"""
        rec = self.fdbg("--remote=| %s gdbserver - %s" % (self.enter, self.there))
        self.assertIn("reading %s from the target" % self.there, rec.stderr_text)

    def test_attach_inside(self):
        """docker exec -i NAME gdbserver --attach - PID-INSIDE"""
        self.fdbg("--remote=| %s gdbserver --attach - %d" % (self.enter, self.pid_inside()), "--max-events=20", status=0,
                  count=None)
        self.check_left()

    def test_attach_from_outside(self):
        """fdbg --attach PID-OUTSIDE: the executable is found where the process has it."""
        self.fdbg("--attach=%d" % self.pid, "--max-events=20", status=0, count=None)
        self.check_left()


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Programs that a gdbserver holds: --remote, --exec, --attach there, and links that fail."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness
from harness import E2ETest, FDBG

SOURCE = """
#[inline(never)] fn twice(n: u64) -> u64 { n * 2 }
fn main() {
    let count: u64 = std::env::args().nth(1).map_or(20, |n| n.parse().unwrap());
    let pause: u64 = std::env::args().nth(2).map_or(0, |n| n.parse().unwrap());
    let mut sum = 0;
    for n in 0..count {
        sum += twice(n);
        if pause > 0 { std::thread::sleep(std::time::Duration::from_millis(pause)); }
    }
    println!("{sum} {:?}", std::env::var("GREETING"));
    std::process::exit(3);
}
"""


class Proxy:
    """A TCP link that can be slow, stall or be cut. It ends with its test."""

    def __init__(self, test, port, delay=0.0):
        self.delay, self.port_behind = delay, port
        self.stalled = threading.Event()
        self.sockets = []
        self.bytes_back = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        test.addCleanup(self.cut)
        test.addCleanup(self.listener.close)

    def accept(self):
        front, _ = self.listener.accept()
        back = socket.create_connection(("127.0.0.1", self.port_behind))
        self.sockets = [front, back]
        for s in self.sockets:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for a, b in ((front, back), (back, front)):
            queue = []
            ready = threading.Condition()
            threading.Thread(target=self.read, args=(a, queue, ready, a is back), daemon=True).start()
            threading.Thread(target=self.write, args=(b, queue, ready), daemon=True).start()

    def read(self, source, queue, ready, counts):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if counts:
                self.bytes_back += len(data)
            with ready:
                queue.append((time.monotonic() + self.delay, data))
                ready.notify()
            if not data:
                return

    def write(self, sink, queue, ready):
        while True:
            with ready:
                while not queue:
                    ready.wait()
                due, data = queue.pop(0)
            time.sleep(max(0, due - time.monotonic()))
            if self.stalled.is_set():
                continue
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return

    def cut(self):
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


class RemoteCase(E2ETest):
    def setUp(self):
        super().setUp()
        if not shutil.which("gdbserver"):
            self.skipTest("there is no gdbserver")
        self.program = harness.compile_rust("app", SOURCE)
        self.file = self.path("rec.firedbg.ss")

    def fdbg(self, address, *words, status=3, quiet=True, **options):
        done = harness.fdbg("record", *((["-q"] if quiet else []) + ["-o", self.file, "--remote=" + address] +
                                        list(words)), cwd=self.dir, **options)
        self.assertEqual(done.status, status, str(done))
        return harness.Recording(self.file, done)

    def check(self, rec, count=20, complete=True):
        self.check_file(rec)
        calls = [c for c in harness.calls(self.trees(rec)) if c.short() == "twice"]
        if complete:
            self.assertEqual(len(calls), count)
        for n, c in enumerate(calls):
            self.assertEqual(dict(c.args), {"n": str(n)})
            if not c.open:
                self.assertEqual(c.value, str(2 * n))
        return calls


class RemoteTest(RemoteCase):
    def test_local_copy(self):
        server, address = harness.start_gdbserver(self, self.program)
        self.check(self.fdbg(address, self.program))
        self.assertEqual(server.output(), b"380 Err(NotPresent)\n")

    def test_ipv6(self):
        server = harness.start_server(self, ["gdbserver", "--once", "::1:0", self.program])
        port = harness.listening_port(server)
        self.check(self.fdbg("[::1]:%d" % port, self.program))

    def test_command(self):
        self.check(self.fdbg("| gdbserver - " + self.program, self.program))

    def test_executable_is_fetched(self):
        _, address = harness.start_gdbserver(self, self.program)
        stats = self.path("stats.json")
        rec = self.fdbg(address, "--stats=" + stats, quiet=False, env={"TMPDIR": self.dir})
        self.check(rec)
        # Its parts are asked for together.
        with open(stats) as f:
            self.assertLess(json.load(f)["round_trips"], 200 + os.path.getsize(self.program) / 20000)
        self.assertRegex(rec.stderr_text, r"fdbg: reading .*app from the target: [\d.]+ of [\d.]+ MB")
        self.assertEqual([f for f in os.listdir(self.dir) if f.startswith("fdbg-")], [], "a temporary file is left")

    def test_separate_symbols(self):
        objcopy = shutil.which("objcopy")
        if not objcopy:
            self.skipTest("there is no objcopy")
        stripped, symbols = self.path("app"), self.path("symbols")
        subprocess.run([objcopy, "--only-keep-debug", self.program, symbols], check=True)
        subprocess.run([objcopy, "--strip-all", self.program, stripped], check=True)
        _, address = harness.start_gdbserver(self, stripped)
        self.check(self.fdbg(address, "--symbols=" + symbols, stripped))

    def test_source_paths_are_mapped(self):
        _, address = harness.start_gdbserver(self, self.program)
        folder = [o for o in self.fdbg(address, self.program).dump("--stream=info")][0]["workspace_root"]
        _, address = harness.start_gdbserver(self, self.program)
        rec = self.fdbg(address, "--map=%s=/elsewhere/src" % folder, self.program)
        self.assertEqual(rec.dump("--stream=info")[0]["workspace_root"], "/elsewhere/src")

    def test_wrong_copy(self):
        other = harness.compile_rust("other", SOURCE)
        server, address = harness.start_gdbserver(self, self.program)
        done = harness.fdbg("record", "-o", self.file, "--remote=" + address, other, cwd=self.dir)
        self.assertEqual(done.status, 125)
        ids = [re.search(rb"Build ID: ([0-9a-f]+)", subprocess.run(["readelf", "-n", p], stdout=subprocess.PIPE).stdout)
               for p in (other, self.program)]
        for found in ids:
            self.assertIn(found.group(1).decode(), self.one_line(done))
        self.assertFalse(os.path.exists(self.file))

    def test_exec_on_a_multi_server(self):
        server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        address = "127.0.0.1:%d" % harness.listening_port(server)
        for count in (5, 7):
            rec = self.fdbg(address, "--exec=" + self.program, "--env=GREETING=hello there", "--", str(count))
            self.check(rec, count)
        done = harness.fdbg("record", "-o", self.file, "--remote=" + address, "--exec=/nonexistent/app", cwd=self.dir)
        self.assertEqual(done.status, 125)
        self.assertIn("/nonexistent/app", self.one_line(done))
        done = harness.fdbg("record", "-o", self.file, "--remote=" + address, self.program, cwd=self.dir)
        self.assertIn("--exec", self.one_line(done))

    def test_attach_on_a_multi_server(self):
        server = harness.start_server(self, ["gdbserver", "--multi", "127.0.0.1:0"])
        address = "127.0.0.1:%d" % harness.listening_port(server)
        target = harness.start_server(self, [self.program, "1000", "2"])
        rec = self.fdbg(address, "--attach=%d" % target.pid, "--max-events=20", status=0)
        self.check_file(rec)
        self.assertEqual(len(rec.events()), 20)
        self.assertEqual(target.wait(20 * harness.SLOWNESS), 3)

    def test_nobody_listens(self):
        done = harness.fdbg("record", "--timeout=1", "--remote=127.0.0.1:%d" % harness.free_port(), self.program,
                            cwd=self.dir)
        self.assertEqual(done.status, 125)
        self.one_line(done)

    # ---- links that fail

    def behind_proxy(self, *args, delay=0.0):
        server, address = harness.start_gdbserver(self, self.program, *args)
        return server, Proxy(self, int(address.split(":")[1]), delay)

    def start(self, address, *opts):
        process = subprocess.Popen([FDBG, "record", "-q", "-o", self.file, "--timeout=2", "--remote=" + address] +
                                   list(opts) + [self.program], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=harness.clean_environment(), cwd=self.dir, start_new_session=True)
        self.addCleanup(harness.kill_session, process.pid)
        return process

    def finish(self, process, status=125, seconds=8):
        try:
            out, err = process.communicate(timeout=seconds * harness.SLOWNESS)
        except subprocess.TimeoutExpired:
            harness.kill_session(process.pid)
            process.communicate()
            self.fail("fdbg does not end")
        done = harness.Done(["fdbg"], process.returncode, out, err)
        if status is not None:
            self.assertEqual(done.status, status, str(done))
        return harness.Recording(self.file, done)

    def recorded_some(self, least=40):
        harness.wait_until(lambda: os.path.exists(self.file) and os.path.getsize(self.file) > 8000, 10)

    def test_cut_in_the_middle(self):
        _, proxy = self.behind_proxy("100000", "1")
        process = self.start(proxy.address)
        self.recorded_some()
        proxy.cut()
        rec = self.finish(process)
        self.assertIn("closed the link", self.one_line(rec.done))
        self.assertGreater(len(self.check(rec, complete=False)), 20)

    def test_stall(self):
        """A link that goes silent: by the time limit at the latest it is over. Silence while the target runs is no fault, so
        it depends on the moment whether the recording failed or just could not let the target go."""
        _, proxy = self.behind_proxy("100000", "1")
        process = self.start(proxy.address, "--duration=3")
        self.recorded_some()
        proxy.stalled.set()
        rec = self.finish(process, status=None, seconds=20)
        self.assertIn(rec.status, (0, 125))
        self.assertRegex(self.one_line(rec.done), "does not answer|did not stop|not let go")
        self.assertGreater(len(self.check(rec, complete=False)), 20)

    def test_server_dies(self):
        server, address = harness.start_gdbserver(self, self.program, "100000", "1")
        process = self.start(address)
        self.recorded_some()
        server.kill()
        rec = self.finish(process)
        self.assertIn("closed the link", self.one_line(rec.done))
        self.assertGreater(len(self.check(rec, complete=False)), 20)

    def test_target_is_killed(self):
        server, address = harness.start_gdbserver(self, self.program, "100000", "1")
        process = self.start(address)
        self.recorded_some()
        for pid in harness.running_copies(self.program):
            with open("/proc/%d/status" % pid) as f:
                if int(re.search(r"TracerPid:\s*(\d+)", f.read()).group(1)) == server.pid:
                    os.kill(pid, signal.SIGKILL)
        rec = self.finish(process, status=137)
        self.assertGreater(len(self.check(rec, complete=False)), 20)

    def test_ctrl_c_leaves_what_the_server_held(self):
        server, address = harness.start_gdbserver(self, self.program, "2000", "1")
        process = self.start(address)
        self.recorded_some()
        process.send_signal(signal.SIGINT)
        rec = self.finish(process, status=0)
        self.assertGreater(len(self.check(rec, complete=False)), 20)
        self.assertEqual(server.output(), b"3998000 Err(NotPresent)\n")


class RefusingServer(threading.Thread):
    """A proxy that answers some packets itself, with an error."""

    def __init__(self, test, port, refuse):
        super().__init__(daemon=True)
        self.refuse, self.port_behind = refuse, port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        test.addCleanup(self.listener.close)
        self.start()

    def run(self):
        front, _ = self.listener.accept()
        back = socket.create_connection(("127.0.0.1", self.port_behind))
        threading.Thread(target=self.copy, args=(back, front), daemon=True).start()
        buffer = b""
        try:
            while True:
                data = front.recv(65536)
                if not data:
                    break
                buffer += data
                while True:
                    start = buffer.find(b"$")
                    end = buffer.find(b"#", start)
                    if start < 0 or end < 0 or len(buffer) < end + 3:
                        break
                    packet, buffer = buffer[:end + 3], buffer[end + 3:]
                    if re.match(self.refuse, packet[start + 1:end]):
                        # The answers before it must have gone; the server is idle while the target is stopped.
                        time.sleep(0.05)
                        front.sendall(b"$E01#a6")
                    else:
                        back.sendall(packet)
        except OSError:
            pass
        finally:
            back.close()

    @staticmethod
    def copy(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
            b.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class RefusalTest(RemoteCase):
    """A server that refuses a packet: the recording is right, or says why there is none."""

    def refusing(self, pattern):
        _, address = harness.start_gdbserver(self, self.program)
        return RefusingServer(self, int(address.split(":")[1]), pattern).address

    def test_refused_signals(self):
        self.check(self.fdbg(self.refusing(b"QPassSignals"), self.program))

    def test_refused_code(self):
        """Without scratch memory breakpoints are stepped over."""
        self.check(self.fdbg(self.refusing(b"[XM][1-9a-f]"), self.program))

    def test_refused_breakpoints(self):
        done = harness.fdbg("record", "-o", self.file, "--remote=" + self.refusing(b"Z0"), self.program, cwd=self.dir)
        self.assertIn("breakpoint", done.stderr_text)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT OR Apache-2.0
"""Links that fail, at byte offsets drawn from seeds: what was recorded before is in the file and right, the error says what
happened, and fdbg ends. More of it, with other seeds:  LINK_SEED=100 LINK_ROUNDS=50 tests/e2e/run.py test_links.py
"""

import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time
import unittest

import harness
import test_lldb
from harness import E2ETest, FDBG

SOURCE = """
#[derive(Debug)] struct Pair { a: u64, b: f64 }
#[inline(never)] fn pair(n: u64) -> Pair { Pair { a: n, b: n as f64 / 2.0 } }
#[inline(never)] fn text(n: u64) -> String { format!("<{n}>") }
fn main() { for n in 0..60 { assert_eq!(pair(n).a, n); text(n); } println!("done"); }
"""

SEED = int(os.environ.get("LINK_SEED", "1"))
ROUNDS = int(os.environ.get("LINK_ROUNDS", "3"))
FAULTS = ["cut", "cut there", "stall", "flip", "insert", "drop", "kill"]


class FaultProxy:
    """Passes bytes on until `at` of them came from the server (from fdbg: "… there"), and then does what the fault says."""

    def __init__(self, test, port, fault=None, at=0, rng=None, kill=None, dribble=False):
        self.port_behind, self.fault, self.at, self.rng, self.kill, self.dribble = port, fault, at, rng, kill, dribble
        self.count = {"here": 0, "there": 0}
        self.passed = b""           # what fdbg got of the server
        self.struck = threading.Event()
        self.lock = threading.Lock()
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        test.addCleanup(self.cut)
        test.addCleanup(self.listener.close)

    def accept(self):
        try:
            front, _ = self.listener.accept()
            back = socket.create_connection(("127.0.0.1", self.port_behind))
        except OSError:
            return
        self.sockets = [front, back]
        for s in self.sockets:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(back, front, "here"), daemon=True).start()
        threading.Thread(target=self.pump, args=(front, back, "there"), daemon=True).start()

    def pump(self, source, sink, way):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                for piece in self.pieces(data, way):
                    sink.sendall(piece)
                    if way == "here":
                        self.passed += piece
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def pieces(self, data, way):
        """The bytes to send, with the fault in them."""
        mine = "there" if self.fault and self.fault.endswith("there") else "here"
        if self.fault and way == mine and not self.struck.is_set() and self.count[way] + len(data) > self.at:
            split = self.at - self.count[way]
            self.count[way] += len(data)
            if split:
                yield data[:split]
            self.struck.set()
            yield from self.strike(data[split:])
            return
        self.count[way] += len(data)
        if self.struck.is_set() and self.fault == "stall":
            return
        while self.dribble and way in self.dribble and data:
            n = self.rng.choice([1, 2, 3, 7, 100, 255, 256, 257])
            yield data[:n]
            data = data[n:]
            if self.rng.randrange(8) == 0:
                time.sleep(0.0005)
        if data:
            yield data

    def strike(self, rest):
        if self.fault in ("cut", "cut there"):
            self.cut()
        elif self.fault == "flip":
            yield bytes([rest[0] ^ 1 << self.rng.randrange(7)]) + rest[1:]
        elif self.fault == "insert":
            yield bytes(self.rng.randrange(256) for _ in range(self.rng.randrange(1, 30))) + rest
        elif self.fault == "drop":
            yield rest[self.rng.randrange(1, 6):]
        elif self.fault == "kill":
            self.kill()
            yield rest

    def cut(self):
        for s in self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stops(self):
        return len(re.findall(rb"\$T05[^#]*#..", self.passed)) + len(re.findall(rb"\$S05#", self.passed))


class Links:
    """The tests; a subclass says which server."""

    def setUp(self):
        super().setUp()
        self.file = self.path("rec.firedbg.ss")

    def program(self):
        return harness.compile_rust("app", SOURCE)

    def start(self, proxy, *opts):
        command = [FDBG, "record", "-q", "-o", self.file, "--timeout=%d" % (getattr(proxy, "patience", 20) if proxy.dribble else 2),
                   "--remote=" + proxy.address] + list(opts) + [self.program()]
        return harness.run(command, cwd=self.dir, timeout=40 * harness.SLOWNESS)

    def check(self, done, complete=False):
        """The file is sound, and its calls are right from the first on, as far as they go. How many events it has."""
        rec = harness.Recording(self.file, done)
        self.check_file(rec)
        calls = [c for c in harness.calls(self.trees(rec)) if not c.function.endswith("main")]
        if complete:
            self.assertEqual(len(calls), 120)
        for i, c in enumerate(calls):
            n = i // 2
            self.assertEqual(c.short(), "text" if i % 2 else "pair")
            self.assertEqual(c.args, [("n", str(n))])
            if c.returned:
                half = ("%.1f" if n % 2 == 0 else "%s") % (n / 2)
                self.assertEqual(c.value, '"<%d>"' % n if i % 2 else "Pair { a: %d, b: %s }" % (n, half))
        return len(rec.events())

    # Ways in which bytes may come in pieces.
    DRIBBLE = ("here", "there")

    def test_dribble(self):
        """Bytes that come one by one, or in pieces cut anywhere, are no fault."""
        port, _ = self.serve()
        done = self.start(FaultProxy(self, port, rng=random.Random(SEED), dribble=self.DRIBBLE))
        self.assertEqual(done.status, 0, str(done))
        self.check(done, complete=True)

    def test_faults(self):
        port, _ = self.serve()
        clean = FaultProxy(self, port)
        done = self.start(clean)
        self.assertEqual(done.status, 0, str(done))
        overhead = clean.stops() - self.check(done, complete=True)
        for seed in range(SEED, SEED + ROUNDS):
            for fault in FAULTS:
                with self.subTest(seed=seed, fault=fault):
                    self.check_fault(seed, fault, clean, overhead)

    def check_fault(self, seed, fault, clean, overhead):
        rng = random.Random("%s %s" % (seed, fault))
        at = rng.randrange(clean.count["there" if fault.endswith("there") else "here"])
        if os.path.exists(self.file):
            os.unlink(self.file)
        port, server = self.serve()
        proxy = FaultProxy(self, port, fault, at, rng, kill=server.kill)
        done = self.start(proxy, *(["--duration=2"] if fault == "stall" else []))
        self.assertIn(done.status, (0, 125, 137), str(done))
        if done.status == 125:
            self.one_line(done)
        if not os.path.exists(self.file):
            self.assertEqual(done.status, 125, str(done))
            return
        events = self.check(done)
        if fault in ("cut", "kill", "stall"):
            # Each hit whose stop and memory came in is there: all but the last, whose memory may come after its stop.
            self.assertGreaterEqual(events, proxy.stops() - overhead - 2)


class GdbserverLinksTest(Links, E2ETest):
    # While the target runs gdbserver takes a byte that comes for an interrupt and drops it: a resume and the requests
    # behind it must come in one piece, which is why they are kept within one segment.
    DRIBBLE = ("here",)

    def test_requests_in_pieces(self):
        """If a link cuts them all the same, a request may be lost: the end says so, and what was recorded is right."""
        port, _ = self.serve()
        proxy = FaultProxy(self, port, rng=random.Random(SEED), dribble=("there",))
        proxy.patience = 3
        done = self.start(proxy)
        self.assertIn(done.status, (0, 125), str(done))
        self.assertTrue(done.status == 0 or done.stderr.startswith(b"fdbg: "), str(done))
        # Lost before the first event, nothing is left behind.
        if done.status == 0 or os.path.exists(self.file):
            self.check(done, complete=done.status == 0)

    def serve(self):
        server, address = harness.start_gdbserver(self, self.program())
        return int(address.split(":")[1]), server


class ListeningTest(Links):
    def serve(self):
        port = harness.free_port()
        server = harness.start_server(self, self.command(port))
        wanted = ":%04X" % port

        def listens():
            for table in ("/proc/net/tcp", "/proc/net/tcp6"):
                with open(table) as f:
                    if any(l.split()[1].endswith(wanted) and l.split()[3] == "0A" for l in list(f)[1:]):
                        return True
            return False
        self.assertTrue(harness.wait_until(listens))
        return port, server


class LldbLinksTest(ListeningTest, E2ETest):
    def command(self, port):
        return [test_lldb.find_server(), "gdbserver", "127.0.0.1:%d" % port, "--", self.program()]


class QemuLinksTest(ListeningTest, E2ETest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("qemu-aarch64"):
            raise unittest.SkipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        harness.arm_compiler()

    def program(self):
        rustc, arm, _ = harness.arm_compiler()
        return harness.compile_rust("app", SOURCE, flags=arm, compiler=rustc)

    def command(self, port):
        return ["qemu-aarch64", "-g", str(port), self.program()]


if __name__ == "__main__":
    unittest.main()

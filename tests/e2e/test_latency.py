# SPDX-License-Identifier: MIT OR Apache-2.0
"""A slow link, 20 ms each way: a hit without pointers to follow costs one round trip, on every server, and what comes before few."""

import json
import shutil
import unittest

import harness
import test_lldb
import test_remote
from harness import E2ETest

# Integers, structs that lie in the frame, floats: what needs memory of the frame, and other registers than the general ones.
SOURCE = """
#[derive(Clone, Copy)] struct Point { x: i64, y: i64 }
#[inline(never)] fn twice(n: u64) -> u64 { n * 2 }
#[inline(never)] fn half(x: f64) -> f64 { x / 2.0 }
#[inline(never)] fn turn(p: Point) -> Point { Point { x: p.y, y: p.x } }
fn main() {
    for n in 0..std::env::args().nth(1).unwrap().parse().unwrap() {
        let p = turn(Point { x: n, y: 1 });
        assert_eq!(twice(n as u64) as f64, half(4.0 * n as f64) + (p.x - 1) as f64);
    }
}
"""

MOST = 1.2
FEW, MANY = 5, 25


class LatencyTest(E2ETest):
    def trips(self, count, port, program):
        """Records the program, which calls each function so many times. (round trips, hits)"""
        file, stats = self.path("rec.firedbg.ss"), self.path("stats.json")
        proxy = test_remote.Proxy(self, port, 0.02)
        done = harness.fdbg("record", "-q", "-o", file, "--stats=" + stats, "--remote=" + proxy.address, "-F", "*::twice",
                            "-F", "*::half", "-F", "*::turn", program, cwd=self.dir)
        self.assertEqual(done.status, 0, str(done))
        rec = harness.Recording(file, done)
        self.check_file(rec)
        seen = {"twice": [], "half": [], "turn": []}
        for c in harness.calls(self.trees(rec)):
            seen[c.short()].append((c.args[0][1], c.value))
        self.assertEqual(seen, {
            "twice": [(str(n), str(2 * n)) for n in range(count)],
            "half": [("%.1f" % (4 * n), "%.1f" % (2 * n)) for n in range(count)],
            "turn": [("Point { x: %d, y: 1 }" % n, "Point { x: 1, y: %d }" % n) for n in range(count)]})
        with open(stats) as f:
            figures = json.load(f)
        self.assertGreaterEqual(figures["hits"], 5 * count)
        self.assertEqual(figures["on_demand_reads"], 0)
        return figures["round_trips"], figures["hits"]

    def check(self, serve, program, begin):
        """serve(count) starts a server that holds the program and gives its port. What a session costs whatever is
        recorded is in both runs, and no more than `begin` round trips."""
        few, few_hits = self.trips(FEW, serve(FEW), program)
        many, many_hits = self.trips(MANY, serve(MANY), program)
        self.assertLessEqual((many - few) / (many_hits - few_hits), MOST)
        self.assertLessEqual(few - few_hits * MOST, begin)

    def test_gdbserver(self):
        program = harness.compile_rust("app", SOURCE)
        self.check(lambda count: int(harness.start_gdbserver(self, program, str(count))[1].split(":")[1]), program, 14)

    def test_lldb_server(self):
        program = harness.compile_rust("app", SOURCE)
        server = test_lldb.find_server()

        def serve(count):
            port = harness.free_port()
            harness.start_server(self, [server, "gdbserver", "127.0.0.1:%d" % port, "--", program, str(count)])
            self.await_port(port)
            return port
        self.check(serve, program, 14)

    def test_qemu(self):
        if not shutil.which("qemu-aarch64"):
            self.skipTest("there is no qemu-aarch64 (Debian: qemu-user)")
        rustc, arm, _ = harness.arm_compiler()
        program = harness.compile_rust("app", SOURCE, flags=arm, compiler=rustc)

        def serve(count):
            port = harness.free_port()
            harness.start_server(self, ["qemu-aarch64", "-g", str(port), program, str(count)])
            self.await_port(port)
            return port
        # Its description of the registers comes in parts.
        self.check(serve, program, 32)

    def await_port(self, port):
        """Until somebody listens there, without a connection, of which these servers take one only."""
        wanted = "%04X" % port

        def listens():
            for table in ("/proc/net/tcp", "/proc/net/tcp6"):
                try:
                    with open(table) as f:
                        if any(l.split()[1].endswith(":" + wanted) and l.split()[3] == "0A" for l in list(f)[1:]):
                            return True
                except OSError:
                    pass
            return False
        self.assertTrue(harness.wait_until(listens), "nobody listens on %d" % port)


if __name__ == "__main__":
    unittest.main()

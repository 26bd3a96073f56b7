# SPDX-License-Identifier: MIT OR Apache-2.0
"""The reading commands on one recording: they agree with each other."""

import json
import os
import unittest

import harness
from harness import E2ETest

SOURCE = """
#[derive(Debug)] struct Point { x: i32, y: i32 }
fn moved(p: &Point, by: i32) -> Point { Point { x: p.x + by, y: p.y + by } }
fn parse(text: &str) -> Result<i32, String> { text.parse().map_err(|_| format!("no number: {}", text)) }
fn main() {
    let p = Point { x: 1, y: -2 };
    moved(&p, 10);
    let _ = parse("12");
    let _ = parse("x");
    let _ = std::thread::spawn(|| parse("7")).join();
}
"""


class ReadersTest(E2ETest):
    def setUp(self):
        super().setUp()
        self.rec = self.record(harness.compile_rust("app", SOURCE))

    def test_values(self):
        calls = {c.args[0][1]: c for c in harness.calls(self.trees(self.rec)) if c.function in ("app::moved", "app::parse")}
        self.assertEqual(calls["Point { x: 1, y: -2 }"].value, "Point { x: 11, y: 8 }")
        self.assertEqual(calls['"12"'].value, "Ok(12)")
        self.assertEqual(calls['"x"'].value, 'Err("no number: x")')

    def test_values_none_json_pretty(self):
        for e in self.rec.dump("--values=none"):
            self.assertFalse(e.get("value") or e.get("args"), e)
        returns = [e for e in self.rec.dump("--values=json") if e["event"] == "return" and e["function"] == "app::moved"]
        self.assertEqual(returns[0]["value"], {"type": "Struct", "typename": "app::Point", "fields": {
            "x": {"type": "Prim", "typename": "i32", "value": 11}, "y": {"type": "Prim", "typename": "i32", "value": 8}}})
        returns = [e for e in self.rec.dump("--values=pretty") if e["event"] == "return" and e["function"] == "app::moved"]
        self.assertEqual(returns[0]["value"], "Point {\n    x: 11,\n    y: 8,\n}")

    def test_streams(self):
        kinds = {e["event"] for e in self.rec.dump("--stream=all")}
        self.assertLessEqual({"call", "return", "info", "file", "breakpoint_set"}, kinds)
        self.assertEqual({e["event"] for e in self.rec.dump()}, {"call", "return"})
        self.assertLessEqual({"info", "file"}, {e["event"] for e in self.rec.dump("--stream=info,file")})

    def test_show(self):
        done = harness.fdbg("show", self.rec.file)
        self.assertEqual(done.status, 0, str(done))
        lines = done.stdout_text.splitlines()
        moved = [l for l in lines if "moved" in l]
        self.assertEqual(len(moved), 1, done.stdout_text)
        self.assertIn("Point { x: 1, y: -2 }", moved[0])
        self.assertIn("Point { x: 11, y: 8 }", moved[0])
        main = [l for l in lines if "app::main" in l and "closure" not in l][0]
        self.assertGreater(len(moved[0]) - len(moved[0].lstrip()), len(main) - len(main.lstrip()), "deeper is further in")
        self.assertNotIn("\x1b", done.stdout_text)
        self.assertEqual(len([l for l in lines if "app::parse" in l]),
                         len([c for c in harness.calls(self.trees(self.rec)) if "app::parse" in c.function]))

    def test_show_filters(self):
        done = harness.fdbg("show", "--filter", "app::parse", self.rec.file)
        self.assertNotIn("moved", done.stdout_text)
        self.assertIn("app::parse", done.stdout_text)
        done = harness.fdbg("show", "--depth", "0", self.rec.file)
        self.assertIn("app::main", done.stdout_text)
        self.assertNotIn("moved", done.stdout_text)
        done = harness.fdbg("show", "--locations", self.rec.file)
        self.assertIn("app.rs:3", done.stdout_text)

    def test_info(self):
        done = harness.fdbg("info", self.rec.file)
        self.assertEqual(done.status, 0, str(done))
        for word in ("app", "app::moved", "app::parse"):
            self.assertIn(word, done.stdout_text)

    def test_verify_finds_each_flipped_byte(self):
        with open(self.rec.file, "rb") as f:
            data = f.read()
        step = max(1, len(data) // 60)
        missed = []
        for at in range(0, len(data), step):
            with open(self.path("flip.ss"), "wb") as f:
                f.write(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1:])
            done = harness.fdbg("verify", self.path("flip.ss"))
            self.assertIn(done.status, (0, 1), str(done))
            if done.status == 0:
                missed.append(at)
        # Only bytes that no check covers may pass: the header's name and time, the messages' headers' times.
        self.assertLess(len(missed), 25, missed)

    def test_file_header(self):
        with open(self.rec.file, "rb") as f:
            head = f.read(128)
        self.assertEqual(head[:3], b"Ss\x01")
        name = os.path.basename(self.rec.file).encode()
        self.assertEqual(head[3:4 + len(name)], bytes([len(name)]) + name)
        self.assertEqual(head[127], 0x0D)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: MIT OR Apache-2.0
"""The page of fdbg export --format=html in a browser: open, unfold, search, walk, look at it."""

import os
import shutil
import struct
import subprocess
import unittest
import zlib

import browser
import harness
from harness import E2ETest, fdbg

MAKERS = os.environ.get("FDBG_TEST_BIN", os.path.join(os.path.dirname(harness.FDBG), "tests"))


def pixels(path):
    """(width, height, rows of RGB bytes) of a PNG of 8 bits and 3 or 4 channels."""
    with open(path, "rb") as f:
        data = f.read()
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    n = {2: 3, 6: 4}[colour]
    assert depth == 8
    raw, rows, before = zlib.decompress(packed), [], bytes(width * n)
    for y in range(height):
        filtered, row = raw[y * (width * n + 1)], bytearray(raw[y * (width * n + 1) + 1:(y + 1) * (width * n + 1)])
        for x in range(len(row)):
            left, up, corner = (row[x - n] if x >= n else 0), before[x], (before[x - n] if x >= n else 0)
            if filtered == 1:
                row[x] = (row[x] + left) & 255
            elif filtered == 2:
                row[x] = (row[x] + up) & 255
            elif filtered == 3:
                row[x] = (row[x] + (left + up) // 2) & 255
            elif filtered == 4:
                p = left + up - corner
                best = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]
                row[x] = (row[x] + best) & 255
        rows.append(row if n == 3 else bytes(b for i, b in enumerate(row) if i % 4 != 3))
        before = row
    return width, height, rows


class PageTest(E2ETest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = browser.Browser(1280, 800)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [], "errors on the page's console")

    def make(self, *words):
        file = self.path("%s.firedbg.ss" % "-".join(words))
        program = os.path.join(MAKERS, "make_many" if words[0].isdigit() else "make_recording")
        if not os.access(program, os.X_OK):
            self.skipTest("%s is not built (make check_PROGRAMS)" % program)
        subprocess.run([program, words[0], file] + list(words[1:]), check=True)
        return file

    def open(self, file, *options):
        page = self.path("page.html")
        done = fdbg("export", "--format=html", "-o", page, *(list(options) + [file]))
        self.assertEqual(done.status, 0, str(done))
        self.browser.open(page)
        self.assertTrue(self.browser.wait("return window.fdbgPage && true"))

    def rows(self):
        """Texts of the rows that are drawn."""
        return self.browser.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
                                "done([...document.querySelectorAll('.row')].map(r => r.innerText.replace(/\\s+/g, ' ').trim())))))")

    def chosen(self):
        return self.browser.run("return fdbgPage.selected < 0 ? null : fdbgPage.nodeName(fdbgPage.selected)")

    def test_a_real_recording(self):
        file = self.record(harness.compile_rust("workers", harness.example("workers"))).file
        self.open(file)
        shown = fdbg("show", file).stdout_text
        calls = len([l for l in shown.split("\n") if "(" in l and "dbg! " not in l])
        facts = self.browser.run("return document.getElementById('facts').innerText")
        self.assertIn("%d calls" % calls, facts)
        self.assertIn("1 panic", facts)
        self.browser.click("#unfold")
        rows = self.rows()
        self.assertEqual(rows[0].split(" ")[:2], ["▼", "main"])
        self.assertIn("workers::main() → ()", rows[1])
        # The panic, its caller, and what is said of it.
        self.browser.run("document.getElementById('tree').focus()")
        self.browser.press("e")
        self.assertIn("workers::", self.chosen())
        self.browser.click("#only-errors")
        rows = self.rows()
        self.assertTrue(any("perform(" in r and "panicked" in r and "unwound" in r for r in rows), rows)
        self.assertFalse(any("square(" in r for r in rows), rows)
        self.browser.click("#only-errors")
        self.browser.run("fdbgPage.reveal([...Array(fdbgPage.nodes).keys()].find(i => fdbgPage.nodeName(i) === 'workers::perform'))")
        detail = self.browser.run("return document.getElementById('detail').innerText")
        self.assertIn("workers::perform", detail)
        self.assertRegex(detail, r"workers\.rs:\d+")
        self.assertIn("job", detail)

    def test_fold_search_and_walk(self):
        self.open(self.make("tree"))
        self.assertEqual(len(self.rows()), 14)
        self.browser.click("#fold")
        rows = self.rows()
        self.assertEqual([r.split(" ")[0] for r in rows], ["▼", "▶", "▼", "▶"])
        self.assertIn("app::main() → ()", rows[1])
        # By keys: into main, unfold it, to the first call inside, back.
        self.browser.press("Home", "ArrowDown")
        self.assertEqual(self.chosen(), "app::main")
        self.browser.press("ArrowRight")
        self.rows()
        self.assertEqual(self.browser.run("return document.querySelector('.row.selected').getAttribute('aria-expanded')"), "true")
        self.browser.press("ArrowRight")
        self.assertEqual(self.chosen(), "app::add")
        self.browser.press("ArrowLeft", "ArrowLeft")
        self.assertEqual(self.chosen(), "app::main")
        self.browser.press("*")
        self.assertEqual(len(self.rows()), 13)
        # By search: in values, then only there.
        self.browser.press("/")
        self.browser.type("#query", "BAD" + browser.KEYS["Enter"])
        self.assertEqual(self.browser.run("return fdbgPage.matches"), 0, "a capital letter is one")
        self.browser.run("document.getElementById('query').value = ''")
        self.browser.type("#query", "bad" + browser.KEYS["Enter"])
        self.assertEqual((self.browser.run("return fdbgPage.matches"), self.chosen()), (1, "app::inner::check"))
        self.assertIn("1 of 1 match", self.browser.run("return document.getElementById('count').innerText"))
        self.rows()
        self.assertEqual(self.browser.run("return document.querySelector('.row.selected mark').innerText"), "bad")
        self.browser.click("#only-matches")
        self.assertEqual([r for r in self.rows() if "app::" in r and "check" not in r and "main" not in r], [])
        self.browser.click("#only-matches")
        self.browser.run("document.getElementById('scope').value = 'function'; document.getElementById('query').value = 'boom'")
        self.browser.type("#query", browser.KEYS["Enter"])
        self.assertEqual(self.chosen(), "app::inner::boom")
        self.browser.press("Escape", "e")
        self.assertEqual(self.chosen(), "app::inner::check")
        self.browser.press("E", "E")
        self.assertEqual(self.chosen(), "app::risky")
        # A value on hover, a caller by its link.
        self.rows()
        self.browser.hover(".row.selected .value")
        self.assertTrue(self.browser.wait("return !document.getElementById('tip').hidden"))
        self.assertIn("<unreadable>", self.browser.run("return document.getElementById('tip').innerText"))
        self.browser.click("#detail .jump")
        self.assertEqual(self.chosen(), "app::main")
        # The next call of the same function is in the other thread.
        self.browser.run("fdbgPage.reveal([...Array(fdbgPage.nodes).keys()].find(i => fdbgPage.nodeName(i) === 'app::add'))")
        self.browser.click("#tree")
        self.browser.run("fdbgPage.reveal([...Array(fdbgPage.nodes).keys()].find(i => fdbgPage.nodeName(i) === 'app::add'))")
        self.browser.press("f")
        self.assertIn("thread 8", self.browser.run("return document.getElementById('detail').innerText"))

    def test_time_bar(self):
        self.open(self.make("tree"))
        go = """const b = document.getElementById('bar'), r = b.getBoundingClientRect();
            b.dispatchEvent(new PointerEvent('pointerdown', {pointerId: 1, clientX: r.left + r.width * arguments[0],
                clientY: r.top + r.height * arguments[1]})); return fdbgPage.nodeName(fdbgPage.selected)"""
        go = go.replace("b.dispatchEvent", "b.setPointerCapture = () => {}; b.dispatchEvent")
        # 18 ms in all: add from 1 to 3, boom from 6 to 10 with the guard's drop from 8 to 9, then nothing but main.
        for ms, name in ((2.5, "app::add"), (6.5, "app::inner::boom"), (8.5, "<app::Guard as core::ops::drop::Drop>::drop"), (16.5, "app::main")):
            self.assertEqual(self.browser.run(go, ms / 18, 0.25), name)
        self.assertEqual(self.browser.run(go, 10 / 18, 0.75), "app::worker")
        self.browser.run("document.getElementById('bar').focus()")
        self.browser.press("Home")
        self.rows()
        self.assertEqual(self.browser.run("return document.getElementById('bar').getAttribute('aria-valuetext')"), "4 ms")

    def test_hostile_texts_stay_texts(self):
        for file in (self.make("hostile"), self.make("600", "wild", "5")):
            self.open(file)
            self.browser.click("#unfold")
            self.rows()
            self.assertEqual(self.browser.run("return [...document.querySelectorAll('main script, main img, main iframe')].length"), 0)
            self.assertGreater(self.browser.run("return fdbgPage.nodes"), 1)

    def test_parts_of_a_recording(self):
        self.open(self.make("tree"), "--from=#4", "--to=#5")
        rows = self.rows()
        self.assertTrue(any("add(a=1, b=2) → 3" in r and "context" in r for r in rows), rows)
        self.open(self.make("tree"), "--from=1h")
        self.assertEqual(self.browser.run("return fdbgPage.nodes"), 0)
        self.assertIn("0 calls", self.browser.run("return document.getElementById('facts').innerText"))

    def test_many_events(self):
        """A hundred thousand events: only what is on the screen is drawn, wherever one scrolls."""
        self.open(self.make("100000"))
        self.browser.click("#unfold")
        self.assertEqual(self.browser.run("return fdbgPage.rows"), 50000)
        for part in (0, 0.37, 1):
            self.browser.run("const t = document.getElementById('tree'); t.scrollTop = arguments[0] * t.scrollHeight", part)
            rows = self.rows()
            self.assertTrue(20 < len(rows) < 80, len(rows))
        self.assertIn("check(", rows[-1])
        self.browser.type("#query", "item 19999 of" + browser.KEYS["Enter"])
        self.assertEqual(self.browser.run("return fdbgPage.matches"), 0)
        self.browser.run("document.getElementById('query').value = ''")
        self.browser.type("#query", "item 7999 of" + browser.KEYS["Enter"])
        self.assertEqual(self.browser.run("return fdbgPage.matches"), 2)
        self.assertIn("item 7999 of", " ".join(self.rows()))

    def test_more_rows_than_an_element_is_high(self):
        self.open(self.make("400000", "deep"))
        self.browser.click("#unfold")
        n = self.browser.run("return fdbgPage.rows")
        self.assertGreater(n * 22, 8e6)
        self.browser.run("document.getElementById('tree').focus()")
        self.browser.press("End")
        self.assertIn("down(depth=%d)" % (n - 2), self.rows()[-1])
        self.browser.press("ArrowUp", "PageUp")
        self.rows()
        self.assertTrue(self.browser.run("const r = document.querySelector('.row.selected').getBoundingClientRect(), t = "
                                         "document.getElementById('tree').getBoundingClientRect(); return r.top >= t.top && r.bottom <= t.bottom"))

    def test_looks(self):
        """Light and dark are light and dark, and errors are red."""
        self.open(self.make("tree"))
        self.rows()
        seen = {}
        for theme in ("light", "dark"):
            for _ in range(2):
                if self.browser.run("return document.documentElement.dataset.theme") != theme:
                    self.browser.click("#theme")
            self.rows()
            shot = self.path(theme + ".png")
            self.browser.screenshot(shot)
            if os.environ.get("E2E_SCREENSHOTS"):
                shutil.copy(shot, os.path.join(os.environ["E2E_SCREENSHOTS"], theme + ".png"))
            width, height, rows = pixels(shot)
            middle = rows[height - 30]
            seen[theme] = sum(middle[:3 * 600]) / 1800
            red = sum(1 for row in rows for x in range(0, 3 * width, 3) if row[x] > 150 and row[x] > 1.6 * row[x + 1] and row[x] > 1.6 * row[x + 2])
            self.assertGreater(red, 200, theme)
        self.assertGreater(seen["light"], 230)
        self.assertLess(seen["dark"], 60)


if __name__ == "__main__":
    harness.main()

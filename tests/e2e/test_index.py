# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg index: the rows against those of the published indexer, growing and broken recordings, databases of others."""

import glob
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import harness
from harness import E2ETest

SAMPLES = os.path.join(harness.TOP_DIR, "tests", "samples")
TABLES = ("debugger_info", "file", "breakpoint", "event", "function", "type_info", "allocation")
COLUMNS = {
    "debugger_info": "id debugger version workspace_root package_name target arguments exit_code",
    "file": "id path crate_name modified",
    "breakpoint": "id file_id loc_line loc_column breakpoint_type capture hit_count",
    "event": "id breakpoint_id thread_id frame_id parent_frame_id stack_pointer function_name event_type timestamp data "
             "pretty is_error",
    "function": "function_name",
    "type_info": "type_name attributes",
    "allocation": "id action address type_name",
}


def sample(name, end=".firedbg.ss"):
    return glob.glob(os.path.join(SAMPLES, name + "*" + end))[0]


def connect(path):
    return sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=30)


def rows(path, table):
    with connect(path) as db:
        return db.execute('SELECT * FROM "%s" ORDER BY 1' % table).fetchall()


def everything(path):
    return {table: rows(path, table) for table in TABLES}


class IndexTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        scratch = harness.Scratch()
        self.addCleanup(scratch.__exit__)
        self.dir = scratch.path

    def path(self, name):
        return os.path.join(self.dir, name)

    def index(self, *words, status=0, **options):
        done = harness.fdbg("index", *words, **options)
        self.assertEqual(done.status, status, str(done))
        return done

    def fresh(self, recording):
        out = self.path("fresh-%d.sqlite" % len(os.listdir(self.dir)))
        self.index("-q", "-o", out, recording)
        return everything(out)

    def refused(self, *words, status=2, text=""):
        done = self.index(*words, status=status)
        self.assertEqual(done.stdout, b"", str(done))
        self.assertTrue(done.stderr_text.startswith("fdbg: "), str(done))
        self.assertIn(text, done.stderr_text)
        return done


class RowsTest(IndexTest):
    def test_samples(self):
        """Every row of every table is what the published indexer made of the same recording."""
        compared = 0
        for theirs in sorted(glob.glob(os.path.join(SAMPLES, "*.sqlite"))):
            with self.subTest(os.path.basename(theirs)):
                ours = self.path(os.path.basename(theirs))
                self.index("-q", "-o", ours, theirs[:-len(".sqlite")] + ".firedbg.ss")
                with connect(theirs) as db:
                    tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                for table in tables:
                    expected, found = rows(theirs, table), rows(ours, table)
                    self.assertEqual(len(found), len(expected), table)
                    for a, b in zip(expected, found):
                        self.assertEqual(b, a, table)
                    compared += len(expected)
                # The older indexer had no such table.
                if "allocation" not in tables:
                    self.assertEqual(rows(ours, "allocation"), [])
        self.assertEqual(compared, 885)

    def test_schema(self):
        out = self.path("x.sqlite")
        self.index("-o", out, sample("roll_dice"))
        with connect(out) as db:
            names = {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
            self.assertEqual(names, set(TABLES) | {"idx-event-frame_id"})
            for table, columns in COLUMNS.items():
                self.assertEqual([r[1] for r in db.execute("PRAGMA table_info(%s)" % table)], columns.split(), table)
            self.assertEqual([r[2] for r in db.execute('PRAGMA index_info("idx-event-frame_id")')], ["frame_id"])
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])
            self.assertEqual(db.execute("PRAGMA journal_mode").fetchone(), ("delete",))
        self.assertEqual(os.listdir(self.dir), ["x.sqlite"], "one file, nothing beside it")

    def test_place_and_summary(self):
        recording = shutil.copy(sample("roll_dice"), self.path("app.firedbg.ss"))
        done = self.index(cwd=self.dir)
        self.assertTrue(os.path.exists(self.path("app.sqlite")))
        self.assertIn("36 events", done.stdout_text)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(everything(self.path("app.sqlite")), self.fresh(recording))
        self.assertEqual(self.index("-q", recording).stdout, b"")


class ManualTest(IndexTest):
    def test_queries(self):
        """Every query of the manual page runs, and finds something in a recording that has what it looks for."""
        page = os.path.join(harness.TOP_DIR, "doc", "man", "fdbg-index.1")
        with open(page, encoding="utf-8") as f:
            examples = [e.split(".EE")[0] for e in f.read().split(".EX\n")[1:]]
        self.assertEqual(len(examples), 6)
        self.index("-q", "-o", self.path("app.sqlite"), sample("roll_dice"))
        self.index("-q", "-o", self.path("text.sqlite"), sample("bubble"))
        for example in examples:
            query = example.split('"', 1)[1].rsplit('"', 1)[0].replace("\\-", "-")
            found = 0
            for name, other in (("app", "::dice"), ("text", "::read_image")):
                with connect(self.path(name + ".sqlite")) as db:
                    found += len(db.execute(query.replace("::parse", other).replace("'text'", "'path'").replace(
                        "= 'x'", "LIKE '%.png'")).fetchall())
                    db.execute(query).fetchall()
            self.assertGreater(found, 0, query)


class GrowingTest(IndexTest):
    """What is there is kept, what is new is added."""

    def test_again(self):
        recording, out = sample("fizzbuzz"), self.path("x.sqlite")
        self.index("-o", out, recording)
        before = everything(out)
        done = self.index("-o", out, recording)
        self.assertIn("0 and 0 of them new", done.stdout_text)
        self.assertEqual(everything(out), before)

    def test_cut_then_whole(self):
        whole = open(sample("fizzbuzz"), "rb").read()
        out, recording = self.path("x.sqlite"), self.path("app.firedbg.ss")
        expected = self.fresh(sample("fizzbuzz"))
        n = 0
        for part in (200, 3000, 3001, 20000, len(whole) - 5, len(whole)):
            with open(recording, "wb") as f:
                f.write(whole[:part])
            done = self.index("-o", out, recording)
            self.assertEqual("no end of stream" in done.stderr_text, part < len(whole), str(done))
            found = rows(out, "event")
            self.assertGreaterEqual(len(found), n)
            self.assertEqual(found, expected["event"][:len(found)])
            n = len(found)
        self.assertEqual(everything(out), expected)

    def follow(self, recording, out, *words):
        process = subprocess.Popen([harness.FDBG, "index", "--follow", "-o", out] + list(words) + [recording],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.clean_environment(),
                                   start_new_session=True)

        def end():
            if process.poll() is None:
                harness.kill_session(process.pid)
            process.wait()
            process.stdout.close()
            process.stderr.close()
        self.addCleanup(end)
        return process

    def n_events(self, out):
        try:
            with connect(out) as db:
                return db.execute("SELECT count(*) FROM event").fetchone()[0]
        except sqlite3.OperationalError:
            return 0    # not made yet

    def test_follow(self):
        """Rows can be read while the recording and the index grow, also by a reader that stays in its transaction."""
        whole = open(sample("longest"), "rb").read()
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        file = open(recording, "wb", buffering=0)
        self.addCleanup(file.close)
        process = self.follow(recording, out)
        file.write(whole[:100])     # not even the header
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        file.write(whole[100:30000])
        self.assertTrue(harness.wait_until(lambda: self.n_events(out) > 10), "no rows while it grows")
        reader = connect(out)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        seen = reader.execute("SELECT count(*) FROM event").fetchone()[0]
        file.write(whole[30000:50000])
        self.assertTrue(harness.wait_until(lambda: self.n_events(out) > seen), "a reader holds the index up")
        self.assertEqual(reader.execute("SELECT count(*) FROM event").fetchone()[0], seen)
        reader.execute("COMMIT")
        reader.close()
        self.assertIsNone(process.poll())
        file.write(whole[50000:])
        self.assertEqual(process.wait(20 * harness.SLOWNESS), 0, process.stderr.read())
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(everything(out), self.fresh(sample("longest")))

    def test_follow_is_ended(self):
        whole = open(sample("roll_dice"), "rb").read()
        recording = self.path("app.firedbg.ss")
        with open(recording, "wb") as f:
            f.write(whole[:5000])
        for number in (signal.SIGINT, signal.SIGTERM):
            out = self.path("%d.sqlite" % number)
            process = self.follow(recording, out)
            self.assertTrue(harness.wait_until(lambda: self.n_events(out) > 5))
            process.send_signal(number)
            self.assertEqual(process.wait(10 * harness.SLOWNESS), 0)
            n = self.n_events(out)
            self.assertEqual(rows(out, "event"), self.fresh(sample("roll_dice"))["event"][:n])

    def test_follow_replaced(self):
        """The recorder keeps the old file under another name and begins a new one."""
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        with open(recording, "wb") as f:
            f.write(open(sample("roll_dice"), "rb").read()[:5000])
        process = self.follow(recording, out)
        self.assertTrue(harness.wait_until(lambda: self.n_events(out) > 5))
        os.rename(recording, recording + ".old")
        shutil.copy(sample("quicksort"), self.path("new"))
        os.rename(self.path("new"), recording)
        self.assertEqual(process.wait(20 * harness.SLOWNESS), 0)
        self.assertIn(b"made anew", process.stderr.read())
        self.assertEqual(everything(out), self.fresh(sample("quicksort")))

    def test_follow_gone(self):
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        with open(recording, "wb") as f:
            f.write(open(sample("roll_dice"), "rb").read()[:5000])
        process = self.follow(recording, out)
        self.assertTrue(harness.wait_until(lambda: self.n_events(out) > 5))
        os.unlink(recording)
        self.assertEqual(process.wait(20 * harness.SLOWNESS), 1)
        self.assertIn(b"is gone", process.stderr.read())
        self.assertGreater(self.n_events(out), 5)

    def test_other_recording(self):
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        shutil.copy(sample("bubble"), recording)
        self.index("-o", out, recording)
        shutil.copy(sample("roll_dice"), recording)
        done = self.index("-o", out, recording)
        self.assertIn("was the index of another recording", done.stderr_text)
        self.assertEqual(everything(out), self.fresh(sample("roll_dice")))

    def test_shrunk_recording(self):
        """The same recording with less in it than is indexed: the index follows."""
        whole = open(sample("fizzbuzz"), "rb").read()
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        shutil.copy(sample("fizzbuzz"), recording)
        self.index("-o", out, recording)
        with open(recording, "wb") as f:
            f.write(whole[:20000])
        self.index("-o", out, recording)
        self.assertEqual(everything(out), self.fresh(recording))
        self.assertLess(self.n_events(out), 271)


class LargeTest(IndexTest):
    """More than one transaction."""

    def setUp(self):
        super().setUp()
        maker = os.path.join(os.path.dirname(harness.FDBG), "bench", "events")
        if not os.access(maker, os.X_OK):
            self.skipTest("bench/events is not built")
        self.recording = self.path("large.firedbg.ss")
        subprocess.run([maker, "60000", self.recording], check=True)

    def test_killed(self):
        """What a killed indexer leaves is read and completed."""
        out = self.path("x.sqlite")
        process = subprocess.Popen([harness.FDBG, "index", "-q", "-o", out, self.recording], start_new_session=True)
        harness.wait_until(lambda: process.poll() is not None or os.path.exists(out + "-wal") and
                           os.path.getsize(out + "-wal") > 1 << 20)
        process.kill()
        process.wait()
        with connect(out) as db:
            n = db.execute("SELECT count(*) FROM event").fetchone()[0]
            hits = db.execute("SELECT sum(hit_count) FROM breakpoint").fetchone()[0] or 0
        self.assertEqual(hits, n, "a transaction is whole")
        self.index("-o", out, self.recording)
        found = everything(out)
        self.assertEqual(len(found["event"]), 60000)
        self.assertEqual(found, self.fresh(self.recording))
        with connect(out) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_frames(self):
        """Callers and hits, told by the events themselves."""
        out = self.path("x.sqlite")
        self.index("-q", "-o", out, self.recording)
        with connect(out) as db:
            stacks = {}
            for kind, thread, frame, parent in db.execute(
                    "SELECT event_type, thread_id, frame_id, parent_frame_id FROM event ORDER BY id"):
                stack = stacks.setdefault(thread, [])
                if kind == "F":
                    self.assertEqual(parent, stack[-1] if stack else None)
                    stack.append(frame)
                else:
                    self.assertEqual(stack.pop(), frame)
                    self.assertIsNone(parent)
            wrong = db.execute("SELECT count(*) FROM breakpoint b WHERE hit_count != "
                               "(SELECT count(*) FROM event WHERE breakpoint_id = b.id)").fetchone()
            self.assertEqual(wrong, (0,))

    def test_full_disk(self):
        """A file that may not grow any more: an error, and what was committed is an index that can be completed."""
        out = self.path("x.sqlite")

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000000, 3000000))
        done = subprocess.run([harness.FDBG, "index", "-o", out, self.recording], preexec_fn=limit, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout, b"")
        self.assertRegex(done.stderr.decode(), r"^fdbg: cannot (read or )?write .*x\.sqlite")
        self.index("-q", "-o", out, self.recording)
        self.assertEqual(everything(out), self.fresh(self.recording))

    def test_two_at_once(self):
        """Two indexers of one database: no row comes twice, whoever gives up."""
        out = self.path("x.sqlite")
        both = [subprocess.Popen([harness.FDBG, "index", "-q", "-o", out, self.recording], stderr=subprocess.PIPE)
                for _ in range(2)]
        texts = [p.communicate()[1].decode() for p in both]
        for process, text in zip(both, texts):
            self.assertIn(process.returncode, (0, 1), text)
            if process.returncode:
                self.assertRegex(text, "another program")
        self.index("-q", "-o", out, self.recording)
        self.assertEqual(everything(out), self.fresh(self.recording))


def crc(data):
    """CRC-16/CDMA2000."""
    state = 0xffff
    for byte in data:
        state ^= byte << 8
        for _ in range(8):
            state = (state << 1 ^ 0xc867 if state & 0x8000 else state << 1) & 0xffff
    return state


def rewrite(path, to, change):
    """Copies a recording without beacons, each event's payload through change()."""
    data = open(path, "rb").read()
    out, at = data[:128], 128
    while at < len(data):
        head = 1 + data[at] + 24
        key = data[at + 1:at + 1 + data[at]]
        size = int.from_bytes(data[at + head:at + head + 4], "big")
        payload = data[at + head + 4:at + head + 4 + size]
        if key == b"event":
            payload = change(payload)
        out += data[at:at + head] + len(payload).to_bytes(4, "big") + payload + crc(payload).to_bytes(2, "big") + b"\r"
        at += head + 4 + size + 3
    with open(to, "wb") as f:
        f.write(out)


class TroubleTest(IndexTest):
    def test_any_bytes(self):
        """Names that are not UTF-8: a recording may have them, the index may not."""
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        rewrite(sample("roll_dice"), recording, lambda p: p)
        self.assertEqual(open(recording, "rb").read(), open(sample("roll_dice"), "rb").read(), "the copy is exact")
        rewrite(sample("roll_dice"), recording,
                lambda p: p.replace(b"roll_dice::", b"roll_\xffice::").replace(b'" i"', b'" \xc3\x28"')
                .replace(b"core::result::Result<", b"core::r\xe9sult::Result<"))
        self.index("-q", "-o", out, recording)
        found = rows(out, "event")
        self.assertEqual(len(found), 36)
        expected = self.fresh(sample("roll_dice"))["event"]
        for ours, theirs in zip(found, expected):
            self.assertEqual(ours[6], theirs[6] and theirs[6].replace("roll_dice", "roll_?ice"))
            self.assertEqual(ours[10], theirs[10].replace("\ni:", "\n?(:").replace("::result::", "::r?sult::"))

    def test_damaged(self):
        """Everything before the damage has its row."""
        whole = bytearray(open(sample("fizzbuzz"), "rb").read())
        whole[20000] ^= 0x55
        recording, out = self.path("app.firedbg.ss"), self.path("x.sqlite")
        with open(recording, "wb") as f:
            f.write(whole)
        done = self.index("-o", out, recording, status=1)
        self.assertRegex(done.stderr_text, r"^fdbg: .* at offset \d+")
        found = rows(out, "event")
        self.assertGreater(len(found), 50)
        self.assertEqual(found, self.fresh(sample("fizzbuzz"))["event"][:len(found)])

    def test_foreign_files(self):
        recording = sample("roll_dice")
        other = self.path("other.sqlite")
        with sqlite3.connect(other) as db:
            db.execute("CREATE TABLE mine (x)")
        db.close()
        text = self.path("text")
        with open(text, "w") as f:
            f.write("not a database, only text\n" * 100)
        for path, words in ((other, "a database that fdbg did not make"), (text, "no SQLite database")):
            before = open(path, "rb").read()
            self.refused("-o", path, recording, text=words)
            self.assertEqual(open(path, "rb").read(), before)
            self.index("-q", "--force", "-o", path, recording)
            self.assertEqual(everything(path), self.fresh(recording))
        # An index of ours that somebody has changed.
        with sqlite3.connect(other) as db:
            db.execute("CREATE TABLE mine (x)")
        db.close()
        self.refused("-o", other, recording, text="other tables")
        # The index that FireDBG's own indexer made.
        theirs = shutil.copy(sample("roll_dice", ".sqlite"), self.path("theirs.sqlite"))
        self.refused("-o", theirs, recording, text="--force")

    def test_places(self):
        recording = shutil.copy(sample("roll_dice"), self.path("app.firedbg.ss"))
        self.refused("-o", recording, recording, text="is the recording itself")
        self.refused("-o", self.dir, recording, status=1, text=self.dir)
        self.refused("-o", self.path("no/x.sqlite"), recording, status=1, text="No such file")
        self.refused("-o", "", recording, text="--output")
        self.refused("--force", "-o", self.dir, recording, text="is not a file")
        self.index("-q", "-o", ":memory:", recording, cwd=self.dir)
        self.assertTrue(os.path.exists(self.path(":memory:")))
        self.refused(self.path("missing.firedbg.ss"), status=1, text="no such file")
        self.refused("--follow", self.path("missing.firedbg.ss"), status=1, text="no such file")
        self.refused("--bogus")
        self.refused(recording, recording, text="unexpected")

    def test_read_only(self):
        """A folder that may not be written; root, who may write everywhere, becomes somebody else for it."""
        recording = shutil.copy(sample("roll_dice"), self.path("app.firedbg.ss"))
        os.chmod(recording, 0o444)
        os.chmod(self.dir, 0o555)
        self.addCleanup(os.chmod, self.dir, 0o700)

        def nobody():
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)

        def run(*words):
            return subprocess.run([harness.FDBG] + list(words), preexec_fn=nobody, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        try:
            if run("verify", recording).returncode:
                self.skipTest("another user cannot get here")
        except PermissionError:
            self.skipTest("another user cannot run %s" % harness.FDBG)
        done = run("index", recording)
        self.assertEqual((done.returncode, done.stdout), (1, b""), done)
        self.assertRegex(done.stderr.decode(), "^fdbg: cannot .*app.sqlite")

    def test_locked(self):
        recording, out = sample("roll_dice"), self.path("x.sqlite")
        self.index("-q", "-o", out, sample("quicksort"))
        db = sqlite3.connect(out, isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN EXCLUSIVE")
        self.refused("-o", out, recording, status=1, text="is locked by another program")
        db.execute("ROLLBACK")
        self.index("-q", "-o", out, recording)
        self.assertEqual(everything(out), self.fresh(recording))

    def test_truncated_index(self):
        """A database that lost its end is told from a good one."""
        out = self.path("x.sqlite")
        self.index("-q", "-o", out, sample("fizzbuzz"))
        with open(out, "r+b") as f:
            f.truncate(20000)
        done = self.index("-o", out, sample("fizzbuzz"), status=1)
        self.assertIn("--force", done.stderr_text)


SOURCE = """
#[derive(Debug)] struct Point { x: i32, y: i32 }
#[derive(Debug)] enum Shape { Dot(Point), Line { from: i32 } }
fn grow(p: &Point) -> Shape { if p.x > 1 { Shape::Dot(Point { x: p.x, y: p.y }) } else { Shape::Line { from: p.x } } }
fn parse(text: &str) -> Result<i32, String> { text.parse().map_err(|_| format!("no number: {}", text)) }
fn fail(v: Vec<i32>) -> i32 { v[9] }
fn main() {
    grow(&Point { x: 1, y: 2 });
    grow(&Point { x: 2, y: 2 });
    let _ = parse("12");
    let _ = parse("x");
    let _ = std::panic::catch_unwind(|| fail(vec![1]));
}
"""


class RecordedTest(E2ETest):
    """A recording of fdbg's own."""

    def test_rows(self):
        rec = self.record(harness.compile_rust("app", SOURCE))
        out = self.path("x.sqlite")
        done = harness.fdbg("index", "-o", out, rec.file)
        self.assertEqual(done.status, 0, str(done))
        events = rec.dump("--values=json")
        with connect(out) as db:
            found = db.execute("SELECT frame_id, parent_frame_id, function_name, event_type, data, is_error, pretty "
                               "FROM event ORDER BY id").fetchall()
            types = dict(db.execute("SELECT * FROM type_info").fetchall())
            info = db.execute("SELECT debugger, exit_code FROM debugger_info").fetchall()
        self.assertEqual(info, [("FireDBG.for.Rust", 0)])
        self.assertEqual(len(found), len(events))
        letters = {"call": "F", "return": "R", "panic": "P", "breakpoint": "B"}
        for e, (frame, parent, function, kind, data, is_error, _) in zip(events, found):
            self.assertEqual((frame, kind), (e["frame_id"], letters[e["event"]]))
            self.assertEqual(parent, e.get("parent_frame_id"))
            if kind in "FR":
                self.assertEqual(function, e["function"])
            if not e.get("unwound"):
                self.assertEqual(json.loads(data), e.get("args", e.get("locals", e.get("value"))))
            err = kind == "R" and (e.get("value") or {}).get("variant") == "Err"
            self.assertEqual(bool(is_error), kind == "P" or err, e)
        self.assertEqual(sum(r[5] for r in found), 2)
        pretty = {r[6] for r in found}
        self.assertIn("(\np: &app::Point {\n    x: 1_i32,\n    y: 2_i32,\n},\n)", pretty)
        self.assertIn("app::Shape::Dot(app::Point { x: 2i32, y: 2i32 })", pretty)
        self.assertIn("app::Shape::Line {\n    from: 1_i32,\n}", pretty)
        self.assertEqual(types["app::Shape"], '["Dot","Line"]')
        self.assertIn("&app::Point", types)

    def test_beside_the_recorder(self):
        """--follow ends with the recording."""
        program = harness.compile_rust("slow", 'fn tick(n: u32) -> u32 { n }\n'
                                       'fn main() { for n in 0..20 { tick(n); std::thread::sleep('
                                       'std::time::Duration::from_millis(20)); } }')
        file, out = self.path("rec.firedbg.ss"), self.path("x.sqlite")
        recorder = subprocess.Popen([harness.FDBG, "record", "-q", "-o", file, "--", program],
                                    env=harness.clean_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(harness.kill_session, recorder.pid)
        self.assertTrue(harness.wait_until(lambda: os.path.exists(file)))
        done = harness.fdbg("index", "--follow", "-o", out, file)
        self.assertEqual(recorder.wait(20), 0)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(len(rows(out, "event")), len(harness.Recording(file).events()))


if __name__ == "__main__":
    harness.main()

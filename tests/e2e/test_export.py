# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg export: each format against what its readers demand, and against what dump says."""

import json
import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import E2ETest, fdbg

SAMPLES = os.path.join(harness.TOP_DIR, "tests", "samples")
FORMATS = ["chrome", "speedscope", "folded", "dot", "mermaid", "html"]
MAKERS = os.environ.get("FDBG_TEST_BIN", os.path.join(os.path.dirname(harness.FDBG), "tests"))


def samples():
    return sorted(os.path.join(SAMPLES, f) for f in os.listdir(SAMPLES) if f.endswith(".firedbg.ss"))


class ExportTest(E2ETest):
    def make(self, *words):
        """A recording by one of the test programs that write them."""
        file = self.path("%s.firedbg.ss" % "-".join(words))
        program = os.path.join(MAKERS, "make_many" if words[0].isdigit() else "make_recording")
        if not os.access(program, os.X_OK):
            self.skipTest("%s is not built (make check_PROGRAMS)" % program)
        subprocess.run([program, words[0], file] + list(words[1:]), check=True)
        return file

    def export(self, file, form, *options):
        done = fdbg("export", "--format=" + form, *(list(options) + [file]))
        self.assertEqual(done.status, 0, str(done))
        return done.stdout_text

    def workers(self):
        return self.record(harness.compile_rust("workers", harness.example("workers"))).file

    def dump(self, file):
        return [json.loads(l) for l in fdbg("dump", "--stream=all", file).stdout_text.split("\n") if l]

    # ------------------------------------------------------------------------------------------------ chrome

    def check_chrome(self, text):
        """What importers of the trace event format rely on. Returns {tid: [(name, args of B, args of E, ts, ts)]}."""
        trace = json.loads(text)
        stacks, calls, last, names = {}, {}, 0.0, set()
        for e in trace["traceEvents"]:
            self.assertEqual(e["pid"], 1)
            if e["ph"] == "M":
                names.add((e["name"], e.get("tid")))
                continue
            self.assertIsInstance(e["ts"], float)
            self.assertGreaterEqual(e["ts"], last, e)
            last = e["ts"]
            if e["ph"] == "i":
                self.assertIn(e["s"], "tp")
                self.assertEqual("tid" in e, e["s"] == "t", e)
                continue
            self.assertIn(("thread_name", e["tid"]), names)
            stack = stacks.setdefault(e["tid"], [])
            if e["ph"] == "B":
                stack.append(e)
            else:
                self.assertEqual(e["ph"], "E")
                b = stack.pop()
                self.assertEqual(e["name"], b["name"])
                self.assertGreater(e["ts"], b["ts"], "a slice without extent")
                calls.setdefault(e["tid"], []).append((b["name"], b.get("args", {}), e.get("args", {}), b["ts"], e["ts"]))
        self.assertFalse(any(stacks.values()), "slices that do not end")
        self.assertIn(("process_name", None), names)
        return trace, calls

    def test_chrome(self):
        file = self.workers()
        trace, calls = self.check_chrome(self.export(file, "chrome"))
        dumped = self.dump(file)
        want = [e for e in dumped if e["event"] == "call"]
        self.assertEqual(sum(len(c) for c in calls.values()), len(want))
        by_frame = {(tid, args["frame"]): (name, args, ends) for tid, c in calls.items() for name, args, ends, _, _ in c}
        for e in want:
            name, args, _ = by_frame[e["thread_id"], e["frame_id"]]
            self.assertEqual(name, e["function"])
            self.assertEqual(args.get("arguments", {}), dict(e["args"]))
            self.assertEqual((args["file"], args["line"]), (e["file"], e["line"]))
        for e in dumped:
            if e["event"] == "return":
                _, _, ends = by_frame[e["thread_id"], e["frame_id"]]
                if e.get("unwound"):
                    self.assertEqual(ends, {"end": "unwound"})
                else:
                    self.assertEqual(ends["returns"], e["value"] if e["value"] is not None else "<unreadable>")
        instants = [e["name"] for e in trace["traceEvents"] if e["ph"] == "i"]
        for word, kind in (("panic", "panic"), ("alloc", "allocation")):
            self.assertEqual(instants.count(word), len([e for e in dumped if e["event"] == kind and e.get("action", "Alloc") == "Alloc"]))
        self.assertIn("panic", instants)
        self.assertEqual({e["args"]["name"].split()[0] for e in trace["traceEvents"] if e.get("name") == "thread_name"},
                         {"main", "thread"})

    def test_chrome_times_are_those_of_the_recording(self):
        file = self.make("tree")
        trace, calls = self.check_chrome(self.export(file, "chrome"))
        spans = {(name, args["frame"]): (b, e) for name, args, _, b, e in calls[7]}
        # main from 0 to 17 ms, add from 1 to 3 ms; the allocation is within the same millisecond as the worker's call.
        self.assertEqual([int(t) for t in spans["app::main", 1]], [0, 17000])
        self.assertEqual([int(t) for t in spans["app::add", 2]], [1000, 3000])
        self.assertEqual({ends.get("end") for _, _, ends, _, _ in calls[8]}, {"did not return"})
        self.assertEqual(trace["otherData"]["started"], "2026-01-02T03:04:05.678Z")
        self.assertEqual([e["args"] for e in trace["traceEvents"] if e.get("cat") == "allocation"],
                         [{"address": "0x55550000", "type": "app::Node"}])

    # ------------------------------------------------------------------------------------------------ speedscope

    def check_speedscope(self, text):
        """What speedscope's schema and its importer demand."""
        file = json.loads(text)
        self.assertEqual(file["$schema"], "https://www.speedscope.app/file-format-schema.json")
        frames = file["shared"]["frames"]
        for frame in frames:
            self.assertIsInstance(frame["name"], str)
            self.assertLessEqual(set(frame), {"name", "file", "line", "col"})
        for profile in file["profiles"]:
            self.assertEqual(set(profile), {"type", "name", "unit", "startValue", "endValue", "events"})
            self.assertEqual((profile["type"], profile["unit"]), ("evented", "microseconds"))
            stack, last = [], profile["startValue"]
            for e in profile["events"]:
                self.assertEqual(set(e), {"type", "at", "frame"})
                self.assertGreaterEqual(e["at"], last)
                last = e["at"]
                self.assertLess(e["frame"], len(frames))
                if e["type"] == "O":
                    stack.append(e["frame"])
                else:
                    self.assertEqual(stack.pop(), e["frame"], "it closes another frame than the one on top")
            self.assertEqual(stack, [])
            self.assertLessEqual(last, profile["endValue"])
        return file

    def test_speedscope(self):
        file = self.workers()
        profiles = self.check_speedscope(self.export(file, "speedscope"))
        called = {}
        for e in self.dump(file):
            if e["event"] == "call":
                called.setdefault(e["thread_id"], []).append((e["function"], e["line"]))
        frames = profiles["shared"]["frames"]
        self.assertEqual({int(p["name"].split()[-1]): [(frames[e["frame"]]["name"], frames[e["frame"]]["line"])
                          for e in p["events"] if e["type"] == "O"] for p in profiles["profiles"]}, called)

    # ------------------------------------------------------------------------------------------------ folded

    def stacks(self, text):
        out = {}
        for line in text.split("\n")[:-1]:
            stack, _, weight = line.rpartition(" ")
            self.assertNotIn(stack, out, "a stack that comes twice")
            self.assertGreater(int(weight), 0)
            out[tuple(stack.split(";"))] = int(weight)
        return out

    def test_folded(self):
        file = self.workers()
        counted, path = {}, {}
        for e in self.dump(file):
            if e["event"] == "call":
                around = path.get((e["thread_id"], e["parent_frame_id"]), ())
                path[e["thread_id"], e["frame_id"]] = around + (e["function"].replace(";", ":"),)
                key = path[e["thread_id"], e["frame_id"]]
                counted[key] = counted.get(key, 0) + 1
        self.assertEqual(self.stacks(self.export(file, "folded", "--weight=calls")), counted)
        self.assertLessEqual(set(self.stacks(self.export(file, "folded"))), set(counted))

    def test_folded_time_is_the_time_of_the_outermost_calls(self):
        file = self.make("3000")
        _, calls = self.check_chrome(self.export(file, "chrome"))
        total = sum(max(e for _, _, _, _, e in c) - min(b for _, _, _, b, _ in c) for c in calls.values())
        self.assertAlmostEqual(sum(self.stacks(self.export(file, "folded")).values()) / 1000, total, delta=1)

    def test_a_deep_recursion_stays_short(self):
        file = self.make("20000", "deep")
        text = self.export(file, "folded", "--weight=calls")
        stacks = self.stacks(text)
        self.assertEqual(max(len(s) for s in stacks), 1001)
        self.assertEqual(sum(stacks.values()), len([e for e in self.dump(file) if e["event"] == "call"]))
        self.assertEqual([s[-1] for s in stacks if len(s) == 1001], ["…"])

    # ------------------------------------------------------------------------------------------------ graphs

    def edges(self, file):
        """{(caller or None, function): calls}, by dump"""
        out, name = {}, {}
        for e in self.dump(file):
            if e["event"] == "call":
                name[e["thread_id"], e["frame_id"]] = e["function"]
                key = (name.get((e["thread_id"], e["parent_frame_id"])), e["function"])
                out[key] = out.get(key, 0) + 1
        return out

    def test_dot(self):
        file = self.workers()
        text = self.export(file, "dot")
        names = {n: re.sub(r"\\(.)", r"\1", label) for n, label in re.findall(r'^\t(n\d+) \[label="(.*?)\\n\d+ call', text, re.M)}
        found = {(names[a], names[b]): int(n) for a, b, n in re.findall(r'^\t(n\d+) -> (n\d+) \[label="(\d+)"', text, re.M)}
        want = {k: n for k, n in self.edges(file).items() if k[0]}
        self.assertEqual(found, want)
        self.assertIn("1 panic", text)
        self.graphviz(text, len(names), len(found))

    def graphviz(self, text, n_nodes, n_edges):
        if not shutil.which("dot"):
            self.skipTest("there is no dot (Debian: graphviz)")
        done = harness.run(["dot", "-Tplain"], stdin=text.encode())
        self.assertEqual((done.status, done.stderr), (0, b""), str(done))
        lines = done.stdout_text.split("\n")
        self.assertEqual((len([l for l in lines if l.startswith("node ")]), len([l for l in lines if l.startswith("edge ")])),
                         (n_nodes, n_edges))

    def test_dot_of_hostile_names(self):
        for file in (self.make("hostile"), self.make("2000", "wild", "7")):
            self.graphviz(self.export(file, "dot"), *[len(re.findall(p, self.export(file, "dot"), re.M))
                                                      for p in (r"^\tn\d+ \[label", r"^\tn\d+ -> ")])

    def test_mermaid(self):
        file = self.workers()
        text = self.export(file, "mermaid")
        lines = text.split("\n")[:-1]
        self.assertEqual(lines[0], "flowchart LR")
        character = lambda m: chr(int(m.group(1)))
        names, found = {}, {}
        for line in lines[1:]:
            node = re.fullmatch(r'    (n\d+)\["([^"<>`]*)<br>\d+ calls?(?:, \d+ \w+)*"\](?::::bad)?', line)
            edge = re.fullmatch(r"    (n\d+) -->\|(\d+)\| (n\d+)", line)
            self.assertTrue(node or edge or line.startswith("    classDef bad "), line)
            if node:
                names[node.group(1)] = re.sub(r"#(\d+);", character, node.group(2))
            elif edge:
                found[names[edge.group(1)], names[edge.group(3)]] = int(edge.group(2))
        self.assertEqual(found, {k: n for k, n in self.edges(file).items() if k[0]})

    # ------------------------------------------------------------------------------------------------ all of them

    def test_samples(self):
        for file in samples():
            with self.subTest(os.path.basename(file)):
                self.check_all(file)

    def test_wild_recordings(self):
        """Events in no sensible order: every export is still well-formed, and all see the same calls."""
        for seed in range(12):
            with self.subTest(seed):
                self.check_all(self.make("700", "wild", str(seed)))
        self.check_all(self.make("foreign"))
        self.check_all(self.make("hostile"))

    def check_all(self, file):
        n = len([e for e in self.dump(file) if e["event"] == "call"])
        _, calls = self.check_chrome(self.export(file, "chrome"))
        self.assertEqual(sum(len(c) for c in calls.values()), n)
        profiles = self.check_speedscope(self.export(file, "speedscope"))
        self.assertEqual(sum(e["type"] == "O" for p in profiles["profiles"] for e in p["events"]), n)
        self.assertEqual(sum(self.stacks(self.export(file, "folded", "--weight=calls")).values()), n)
        text = self.export(file, "dot")
        self.assertEqual(sum(int(c) for c in re.findall(r'\\n(\d+) calls?[,"]', text)), n)
        self.assertEqual(sum(int(c) for c in re.findall(r"<br>(\d+) call", self.export(file, "mermaid"))), n)
        self.assertEqual(self.page(file)[0], n)
        shown = [json.loads(l) for l in fdbg("show", "--json", file).stdout_text.split("\n") if l]
        self.assertEqual(len([e for e in shown if e["kind"] == "call"]), n)

    def page(self, file, *options):
        """(calls, ends, texts) of a page's data, which stand in elements that nothing in them can end."""
        text = self.export(file, "html", *options)
        pieces = re.findall(r'<script type="application/json" class="(chunk|about)">(.*?)</script>', text, re.S)
        self.assertEqual(text.count("<script"), len(pieces) + 1 + text.split("<script>\n")[1].count("<script"))
        self.assertEqual([kind for kind, _ in pieces].count("about"), 1)
        calls = ends = 0
        texts = []
        for kind, piece in pieces:
            self.assertNotRegex(piece, "<|[\u2028\u2029]|[\x00-\x09\x0b-\x1f]")
            if kind == "about":
                self.about = json.loads(piece)
                continue
            chunk = json.loads(piece)
            texts += chunk["s"]
            e, i = chunk["e"], 0
            while i < len(e):
                self.assertGreaterEqual(e[i + 1], 0)
                if e[i] == 0:
                    calls += 1
                    i += 8 + 2 * e[i + 7]
                elif e[i] == 1:
                    ends += 1
                    i += 5
                else:
                    i += 5 + 2 * e[i + 4]
            self.assertEqual(i, len(e))
        self.assertEqual(calls, ends)
        return calls, ends, texts

    def test_page_refers_to_nothing_outside(self):
        text = self.export(self.make("tree"), "html")
        self.assertIn("default-src 'none'", text)
        for word in ("http:", "https:", "//fonts", "src=", "href=", "@import", "url(", "fetch(", "XMLHttpRequest"):
            self.assertNotIn(word, text)

    def test_page_texts(self):
        texts = self.page(self.make("500", "wild", "3"))[2]
        self.assertIn("app::<impl</script>>::g", texts)
        self.assertIn("<!--<script>", texts)
        self.assertIn('"a;b \\u{2028}\\u{2029}"', texts)
        self.assertIn("a;b \u2028\u2029", texts)

    # ------------------------------------------------------------------------------------------------ parts

    def test_parts(self):
        file = self.make("tree")
        def called(*options):
            _, calls = self.check_chrome(self.export(file, "chrome", *options))
            return sorted((tid, c[0].split("::")[-1]) for tid, cs in calls.items() for c in cs)
        self.assertEqual(called("--thread=8"), [(8, "add"), (8, "worker")])
        self.assertEqual(called("--filter=app::inner::*"), [(7, "boom"), (7, "check")])
        self.assertEqual(called("--frame=3"), [(7, "boom"), (7, "drop"), (7, "risky")])
        self.assertEqual(called("--depth=0"), [(7, "main"), (8, "worker")])
        self.assertEqual(called("--from=#4", "--to=#5"), [(7, "add"), (7, "main"), (8, "worker")])
        trace = json.loads(self.export(file, "chrome", "--from=#4", "--to=#5"))
        self.assertEqual([e["args"].get("began earlier", False) for e in trace["traceEvents"] if e["ph"] == "B"],
                         [True, True, False])
        self.assertEqual([e.get("args") for e in trace["traceEvents"] if e["ph"] == "E"],
                         [{"returns": "3"}] + 2 * [{"end": "open at the end of the part"}])
        self.assertEqual([e["cat"] for e in trace["traceEvents"] if e["ph"] == "i"], ["allocation"])
        self.assertEqual(self.page(file, "--frame=3")[0], 4)        # with main around it
        self.assertEqual(self.stacks(self.export(file, "folded", "--weight=calls", "--filter=app::main", "--filter=*::drop")),
                         {("app::main",): 1, ("app::main", "<app::Guard as core::ops::drop::Drop>::drop"): 1})

    def test_cut_and_broken_recordings(self):
        whole = self.make("tree")
        with open(whole, "rb") as f:
            data = f.read()
        for name, part, status in (("cut", data[:-200], 0), ("flipped", data.replace(b"F6 7 6 ", b"F6 7 7 "), 1)):
            file = self.path(name + ".firedbg.ss")
            with open(file, "wb") as f:
                f.write(part)
            for form in FORMATS:
                out = self.path("out-%s.%s" % (name, form))
                done = fdbg("export", "-T", form, "-o", out, file)
                self.assertEqual(done.status, status, str(done))
                self.assertIn("cut short" if not status else "checksum", done.stderr_text)
                with open(out, encoding="utf-8") as f:
                    text = f.read()
                if form == "chrome":
                    self.check_chrome(text)
                if form == "speedscope":
                    self.check_speedscope(text)
                if form == "html":
                    self.assertTrue(text.rstrip().endswith("</html>"))
                    self.assertIn('"cut":true' if not status else '"broken":', text)

    # ------------------------------------------------------------------------------------------------ wrong use

    def refused(self, status, word, *words):
        done = fdbg("export", *words)
        self.assertEqual(done.status, status, str(done))
        self.assertIn(word, self.one_line(done))
        self.assertEqual(done.stdout, b"")

    def test_wrong_use(self):
        file = self.make("tree")
        self.refused(2, "choose a format", file)
        self.refused(2, "is one of chrome, speedscope, folded, dot, mermaid, html, not 'svg'", "-T", "svg", file)
        self.refused(2, "--weight is for --format=folded", "-T", "dot", "--weight=time", file)
        self.refused(2, "is one of time, calls, not 'x'", "-T", "folded", "--weight=x", file)
        self.refused(2, "needs a file", "-T", "dot", "-o", "", file)
        self.refused(2, "is a folder", "-T", "dot", "-o", self.dir, file)
        self.refused(2, "is a recording", "-T", "dot", "-o", file, file)
        self.refused(1, "cannot create", "-T", "dot", "-o", self.path("none/x.dot"), file)
        self.refused(1, "no such file", "-T", "dot", self.path("none"))
        self.refused(1, "no thread 9; it has 7, 8", "-T", "mermaid", "--thread=9", file)
        self.refused(1, "no frame 99", "-T", "mermaid", "--frame=99", file)
        self.refused(2, "threads 7, 8 all have a frame 2", "-T", "mermaid", "--frame=2", file)
        self.refused(2, "no place in a recording", "-T", "dot", "--from=yesterday", file)
        with open(file, "rb") as f:
            self.assertEqual(f.read(3), b"Ss\x01", "the recording is as it was")

    def test_output(self):
        file, out = self.make("tree"), self.path("x.dot")
        self.assertEqual(fdbg("export", "-T", "dot", "-o", out, file).stdout, b"")
        with open(out, encoding="utf-8") as f:
            self.assertEqual(f.read(), self.export(file, "dot"))
        # A failed export leaves what was there, and nothing else.
        before = sorted(os.listdir(self.dir))
        self.assertEqual(fdbg("export", "-T", "dot", "--thread=9", "-o", out, file).status, 1)
        self.assertEqual(sorted(os.listdir(self.dir)), before)
        with open(out, encoding="utf-8") as f:
            self.assertTrue(f.read().startswith("digraph"))
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o666 & ~self.mask())
        self.assertEqual(fdbg("export", "-T", "dot", "-o", "-", file).stdout_text, self.export(file, "dot"))
        done = fdbg("export", "-T", "dot", "-o", "/dev/full", file)
        self.assertEqual(done.status, 1)
        self.assertIn("cannot write /dev/full", self.one_line(done))

    def mask(self):
        mask = os.umask(0)
        os.umask(mask)
        return mask


if __name__ == "__main__":
    harness.main()

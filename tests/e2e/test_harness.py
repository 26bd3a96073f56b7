# SPDX-License-Identifier: MIT OR Apache-2.0
"""The test tools themselves: what they must accept, and what they must refuse. Needs no fdbg."""

import copy
import unittest

import gen
import harness


def event(kind, frame, function, parent=0, depth=0, **more):
    e = {"event": kind, "time": "2026-01-02T03:04:05.678Z", "thread_id": 1, "frame_id": frame, "depth": depth,
         "function": function}
    if kind == "call":
        e.update(parent_frame_id=parent, args=[])
    else:
        e.setdefault("value", "()")
    e.update(more)
    return e


GOOD = [event("call", 1, "app::main"), event("call", 2, "app::a", 1, 1), event("return", 2, "app::a", depth=1),
        event("call", 3, "app::b", 1, 1), event("panic", 3, "app::b"),
        event("return", 3, "app::b", depth=1, value=None, unwound=True), event("return", 1, "app::main")]


class Trees(unittest.TestCase):
    def test_good(self):
        trees = harness.build_trees(GOOD)
        main = trees[1][0]
        self.assertEqual([c.function for c in main.walk()], ["app::main", "app::a", "app::b"])
        self.assertTrue(main.returned and main.children[1].unwound)
        self.assertEqual(main.children[1].panics, 1)

    def test_bad(self):
        def refused(change):
            events = copy.deepcopy(GOOD)
            change(events)
            with self.assertRaises(harness.TreeError):
                harness.build_trees(events)

        refused(lambda e: e.pop(2))                             # a return is missing
        refused(lambda e: e.insert(3, e[2]))                    # a return too many
        refused(lambda e: e[1].update(frame_id=5))              # a gap in the frame ids
        refused(lambda e: e[1].update(depth=0))
        refused(lambda e: e[3].update(parent_frame_id=2))
        refused(lambda e: e[2].update(function="app::b"))       # closes another function
        refused(lambda e: e[4].update(frame_id=1))              # panic in a frame that is not innermost
        refused(lambda e: e[5].update(value="1"))               # unwound, but with a value
        refused(lambda e: e[6].update(time="2025"))             # back in time


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        source, cls.manifest = gen.generate(7, 30, threads=2, rustc=harness.rustc_version())
        program = harness.compile_rust("gen_prog", source)
        done = harness.run([program])
        assert done.status == 0, done
        cls.printed = gen.parse_output(done.stdout_text)

    def ideal(self):
        """The recording that a perfect recorder would make of what was printed."""
        events = []
        for tid, root in self.manifest["roots"].items():
            if tid == 0:
                events.append(event("call", 1, "gen_prog::main"))
            for kind, fid, texts in [("C", root, [])] + self.printed[tid] + [("R", root, ["()"])]:
                f = self.manifest["functions"][fid]
                if kind == "C":
                    e = event("call", 0, f["name"], args=[list(a) for a in zip(f["args"], texts)])
                else:
                    e = event("return", 0, f["name"], value=texts[0])
                events.append(dict(e, thread_id=tid + 1))
            if tid == 0:
                events.append(event("return", 1, "gen_prog::main"))
        return events

    def test_same_seed_same_program(self):
        version = harness.rustc_version()
        self.assertEqual(gen.generate(7, 30, threads=2, rustc=version)[0], gen.generate(7, 30, threads=2, rustc=version)[0])
        self.assertNotEqual(gen.generate(8, 30, rustc=version)[0], gen.generate(7, 30, rustc=version)[0])

    def test_ideal_recording_is_equal(self):
        diff = gen.compare(self.printed, self.ideal(), self.manifest)
        self.assertEqual(list(diff), [])
        calls = [e for e in self.ideal() if e["event"] == "call"]
        self.assertEqual(diff.calls, len(calls) - 1)            # but for main
        self.assertEqual(diff.compared, len(calls) - 1 + sum(len(c["args"]) for c in calls))

    def test_each_fault_is_seen(self):
        with_args = next(i for i, e in enumerate(self.ideal()) if e["event"] == "call" and e["args"])
        returns = next(i for i, e in enumerate(self.ideal()) if e["event"] == "return")

        def seen(change):
            events = self.ideal()
            change(events)
            diff = gen.compare(self.printed, events, self.manifest)
            self.assertTrue(diff or diff.unread)

        seen(lambda e: e[with_args]["args"][0].__setitem__(1, e[with_args]["args"][0][1] + " "))
        seen(lambda e: e[with_args]["args"][0].__setitem__(1, None))
        seen(lambda e: e[with_args]["args"][0].__setitem__(0, "other"))
        seen(lambda e: e[with_args]["args"].pop())
        seen(lambda e: e[returns].update(value=None))
        seen(lambda e: e[with_args].update(function="gen_prog::other"))
        seen(lambda e: e.pop(returns))
        seen(lambda e: e.pop(with_args))
        seen(lambda e: e.pop())
        seen(lambda e: e.insert(with_args, e[with_args]))
        seen(lambda e: e.clear())

    def test_text_passes_unharmed(self):
        self.assertEqual(gen.unescape("a\\\\n\\n\\t\\r\\\\"), "a\\n\n\t\r\\")


class Running(unittest.TestCase):
    def test_status_of_a_signal(self):
        self.assertEqual(harness.run(["sh", "-c", "kill -9 $$"]).status, 137)
        self.assertEqual(harness.run(["sh", "-c", "exit 7"]).status, 7)

    def test_hang_is_ended(self):
        with self.assertRaises(harness.HangError):
            harness.run(["sh", "-c", "sleep 60 & sleep 60"], timeout=0.3)

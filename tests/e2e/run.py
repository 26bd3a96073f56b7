#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the end-to-end tests and sums up.

    run.py [-v] [-j JOBS] [-k PART]… [FILE…]   tests whose id contains one of the PARTs, of these files (default: all)

E2E_SUMMARY=FILE writes "PASSED FAILED SKIPPED" there. Exit status 0 when nothing failed, 1 otherwise.
"""

import argparse
import multiprocessing
import os
import queue as queues
import signal
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True      # the source tree may be read-only
sys.path.insert(0, HERE)


class Result(unittest.TestResult):
    """One line a test, as it ends."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.passed = 0
        self.begun = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def line(self, word, test, note=""):
        print("%-5s %s (%.1f s)%s" % (word, test.id() if hasattr(test, "id") else test,
                                      time.monotonic() - self.begun if self.begun else 0.0, note), flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self.line("PASS", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line("FAIL", test, "\n" + self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line("FAIL", test, "\n" + self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("SKIP", test, ": " + reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print("      in %s" % subtest.id(), flush=True)


def tests_of(suite):
    for t in suite:
        if isinstance(t, unittest.TestSuite):
            yield from tests_of(t)
        else:
            yield t


class Summary:
    """What the tests of some files came to."""

    def __init__(self):
        self.passed = self.skipped = 0
        self.failures = []      # (test's id, what it said); more than one of a test with subtests

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failures += other.failures

    def failed(self):
        """Tests, not findings."""
        return len({test.split(" (")[0] if not test.startswith("setUpClass") else test for test, _ in self.failures})


def run(name, options):
    """Runs the tests of one file."""
    suite = unittest.TestSuite()
    suite.addTests(t for t in tests_of(unittest.TestLoader().loadTestsFromName(name))
                   if not options.k or any(part in t.id() for part in options.k))
    result = Result(options.verbose)
    suite.run(result)
    summary = Summary()
    summary.passed = result.passed
    summary.skipped = len(result.skipped)
    summary.failures = [(t.id() if hasattr(t, "id") else str(t), text) for t, text in result.failures + result.errors]
    summary.failures += [(t.id(), "unexpected success") for t in result.unexpectedSuccesses]
    return summary


def work(number, names, summaries, options):
    """A process that takes one file after another. Its compiled programs are its own: tests look for who runs one."""
    cache = os.environ.get("E2E_CACHE") or \
        os.path.join(os.path.dirname(os.path.abspath(os.environ.get("FDBG", "./fdbg"))), "tests", "e2e", "cache")
    os.environ["E2E_CACHE"] = os.path.join(cache, str(number))
    while True:
        name = names.get()
        if name is None:
            return
        try:
            summaries.put(run(name, options))
        except BaseException as e:      # whatever ends a worker is a failure of the file that it had
            summary = Summary()
            summary.failures.append((name, "".join(traceback.format_exception(type(e), e, e.__traceback__))))
            summaries.put(summary)


def run_side_by_side(names, options):
    context = multiprocessing.get_context("fork")
    queue, summaries, total = context.Queue(), context.Queue(), Summary()
    workers = [context.Process(target=work, args=(i, queue, summaries, options)) for i in range(options.jobs)]
    for name in names + [None] * len(workers):
        queue.put(name)
    for worker in workers:
        worker.start()
    waiting = len(names)
    while waiting:
        try:
            total.add(summaries.get(timeout=5))
            waiting -= 1
        except queues.Empty:
            if not any(worker.is_alive() for worker in workers) and summaries.empty():
                lost = Summary()
                lost.failures.append(("run.py", "%d files were not run: their processes ended" % waiting))
                total.add(lost)
                break
    for worker in workers:
        worker.join()
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-j", "--jobs", type=int, default=min(os.cpu_count() or 1, 4),
                        help="files that are run at the same time, default: a processor each, at most 4")
    parser.add_argument("-k", action="append", metavar="PART")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    # A shell starts what it puts in the background with SIGINT ignored, and fdbg leaves an ignored signal alone.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = [os.path.basename(f) for f in options.files] or \
        sorted(f for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    names = [name[:-3] if name.endswith(".py") else name for name in names]
    begun = time.monotonic()
    if options.jobs > 1 and len(names) > 1:
        total = run_side_by_side(names, options)
    else:
        total = Summary()
        for name in names:
            total.add(run(name, options))
    # Once more, together: between hundreds of lines that passed they are hard to find.
    for test, text in total.failures:
        print("FAIL  %s\n%s" % (test, text))
    print("end-to-end: %d passed, %d failed, %d skipped in %.0f s"
          % (total.passed, total.failed(), total.skipped, time.monotonic() - begun))
    if os.environ.get("E2E_SUMMARY"):
        with open(os.environ["E2E_SUMMARY"], "w") as f:
            f.write("%d %d %d\n" % (total.passed, total.failed(), total.skipped))
    if total.passed + total.failed() + total.skipped == 0:
        print("end-to-end: no test was run", file=sys.stderr)
        return 1
    return 1 if total.failed() else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the end-to-end tests and sums up.

    run.py [-v] [-k PART]… [FILE…]     tests whose id contains one of the PARTs, of these files (default: all)

E2E_SUMMARY=FILE writes "PASSED FAILED SKIPPED" there. Exit status 0 when nothing failed, 1 otherwise.
"""

import argparse
import os
import signal
import sys
import time
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-k", action="append", metavar="PART")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    # A shell starts what it puts in the background with SIGINT ignored, and fdbg leaves an ignored signal alone.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = [os.path.basename(f) for f in options.files] or \
        sorted(f for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py"))
    loader = unittest.TestLoader()
    suite = unittest.TestSuite()
    for name in names:
        suite.addTests(t for t in tests_of(loader.loadTestsFromName(name[:-3] if name.endswith(".py") else name))
                       if not options.k or any(part in t.id() for part in options.k))
    result = Result(options.verbose)
    begun = time.monotonic()
    suite.run(result)
    # A test with subtests may fail more than once: count tests, not findings.
    failed = len({getattr(t, "test_case", t).id() if hasattr(t, "id") else str(t)
                  for t, _ in result.failures + result.errors})
    failed += len(result.unexpectedSuccesses)
    # Once more, together: between hundreds of lines that passed they are hard to find.
    for test, text in result.failures + result.errors:
        print("FAIL  %s\n%s" % (test.id() if hasattr(test, "id") else test, text))
    print("end-to-end: %d passed, %d failed, %d skipped in %.0f s"
          % (result.passed, failed, len(result.skipped), time.monotonic() - begun))
    if os.environ.get("E2E_SUMMARY"):
        with open(os.environ["E2E_SUMMARY"], "w") as f:
            f.write("%d %d %d\n" % (result.passed, failed, len(result.skipped)))
    if result.passed + failed + len(result.skipped) == 0:
        print("end-to-end: no test was run", file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

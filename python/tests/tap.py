#!/usr/bin/env python3
"""Runs test modules beside this file and prints TAP: tap.py MODULE... Each test has a time limit.

`python3 -m unittest` runs them as well. $GEYSER_LIBRARY is the library, $GEYSER_BACKEND the backend
("host" if that is unset)."""

import faulthandler
import os
import sys
import traceback
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
PATIENCE = int(os.environ.get("GEYSER_TEST_PATIENCE", "1"))  # as in tests/process/cli.py
LIMIT = 60 * PATIENCE  # seconds per test


class Result(unittest.TestResult):
    """Prints a line for each test when it ends."""

    def __init__(self):
        super().__init__()
        self.number = 0
        self.failed = False

    def say(self, passed, test, comment="", directive=""):
        self.number += 1
        self.failed |= not passed
        name = test.id()
        name = name if "(" in name else name.split(".", 1)[1]  # the name of a skipped class
        print(f"{'ok' if passed else 'not ok'} {self.number} - {name}{directive}")
        for line in comment.splitlines():
            print(f"# {line}")
        sys.stdout.flush()

    def startTest(self, test):
        super().startTest(test)
        # At the limit this ends the process and prints where each thread is.
        faulthandler.dump_traceback_later(LIMIT, exit=True)

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()

    def addSuccess(self, test):
        self.say(True, test)

    def addSkip(self, test, reason):
        self.say(True, test, directive=f" # SKIP {reason}")

    def addError(self, test, err):
        self.say(False, test, "".join(traceback.format_exception(*err)))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.say(False, subtest, "".join(traceback.format_exception(*err)))

    def addExpectedFailure(self, test, err):
        self.say(False, test, "no test here is expected to fail")

    def addUnexpectedSuccess(self, test):
        self.say(False, test, "no test here is expected to fail")


def main(names):
    if not names:
        print(f"usage: {os.path.basename(sys.argv[0])} MODULE...", file=sys.stderr)
        return 2
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    if not suite.countTestCases():
        print(f"tap.py: {' '.join(names)}: no tests in it", file=sys.stderr)
        return 1
    result = Result()
    suite.run(result)
    print(f"1..{result.number}")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Shared by the scripts that run tests: counts of results, and the limit that tests run under."""

import re
import resource

TAIL = 60  # number of lines that are shown of a failed test's log

# The usual limit of descriptors for a user's process. No test may need more.
DESCRIPTORS = 1024

CMOCKA = re.compile(r"^\[ +(OK|FAILED|ERROR|SKIPPED) +\] (?!---)(\S.*)$", re.M)
CMOCKA_SUMMARY = re.compile(r"^\[=+\] \d+ test\(s\) run\..*?(?=^\[=+\] Running|\Z)", re.M | re.S)
TAP = re.compile(r"^(not ok|ok)\b(?: +\d+)?(?: +- *| +)?([^#\n]*)(# *(?:SKIP|TODO)\b)?", re.M | re.I)


def limit_descriptors():
    """Sets the soft and the hard limit, for this process and its children. No test can raise them
    again.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def count_subtests(text):
    count = Count()
    # After its summary cmocka names the failed tests once more.
    for word, _ in CMOCKA.findall(CMOCKA_SUMMARY.sub("", text)):
        field = {"OK": "passed", "SKIPPED": "skipped"}.get(word, "failed")
        setattr(count, field, getattr(count, field) + 1)
    if count.passed + count.failed + count.skipped == 0 and re.search(r"^1\.\.\d+", text, re.M):
        for verdict, _, directive in TAP.findall(text):
            field = "skipped" if directive else "passed" if verdict.lower() == "ok" else "failed"
            setattr(count, field, getattr(count, field) + 1)
    return count


def count_test(test):
    """Returns the count of one Meson test. Meson's verdict wins over the test's output."""
    count = count_subtests(test.get("stdout") or "")
    whole = Count()
    if test["result"] == "SKIP":
        whole.skipped = 1
        return whole
    if test["result"] not in ("OK", "EXPECTEDFAIL"):
        count.failed = max(count.failed, 1)
        return count
    if count.failed:
        return count
    if count.passed + count.skipped == 0:
        count.passed = 1
    return count


def show_tail(title, text):
    lines = text.rstrip().splitlines()
    print(f"---- {title}" + (f" (last {TAIL} lines)" if len(lines) > TAIL else ""))
    for line in lines[-TAIL:]:
        print(f"  {line}")

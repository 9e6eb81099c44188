"""Helpers of the tests: a registry for each test program, and second processes."""

import atexit
import os
import select
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PATIENCE = int(os.environ.get("GEYSER_TEST_PATIENCE", "1"))  # as in tests/process/cli.py
LIMIT = 30 * PATIENCE  # seconds that a test waits for another process
BACKEND = os.environ.setdefault("GEYSER_BACKEND", "host")

RUNTIME = tempfile.mkdtemp(prefix="geyser-python-")
OWNER = os.getpid()
os.environ["GEYSER_RUNTIME_DIR"] = RUNTIME
# A forked child must not remove the directory.
atexit.register(lambda: os.getpid() == OWNER and shutil.rmtree(RUNTIME, ignore_errors=True))

import geyser  # noqa: E402  (the registry must be chosen before)

try:
    import numpy
except ImportError:
    numpy = None


def need_numpy():
    if numpy is None:
        raise unittest.SkipTest("NumPy is not installed")


def need_host():
    if BACKEND != "host":
        raise unittest.SkipTest("of the host backend")


class Child:
    """A second Python process. `code` may use geyser, sys and say(); line() reads what the code
    says."""

    PRELUDE = "import sys, geyser\ndef say(*words):\n    print(*words, flush=True)\n"

    def __init__(self, code, *arguments, stdin=subprocess.PIPE, stderr=None):
        source = self.PRELUDE + textwrap.dedent(code)
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, *arguments], stdin=stdin, stdout=subprocess.PIPE,
            stderr=stderr, bufsize=0,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        assert ready, "no line came from the other process"
        line = self.process.stdout.readline().decode()
        assert line, f"the other process ended with {self.process.wait(LIMIT)}"
        return line.rstrip("\n")

    def tell(self, line=""):
        self.process.stdin.write(line.encode() + b"\n")

    def finish(self, status=0):
        """Waits for the process's end and returns the rest of its output."""
        out, err = self.process.communicate(timeout=LIMIT)
        self.errors = err
        assert self.process.returncode == status, (self.process.returncode, out, err)
        return out.decode()


class TestCase(unittest.TestCase):
    """A test with a manager of the tested backend."""

    @classmethod
    def setUpClass(cls):
        reason = geyser.why_unavailable(BACKEND)
        if reason:
            raise unittest.SkipTest(reason)

    def setUp(self):
        self.manager = geyser.Manager(BACKEND)
        self.addCleanup(self.manager.close)

    def raises(self, kind, words):
        """Expects an error of that kind whose text contains these words."""
        return self.assertRaisesRegex(kind, words)

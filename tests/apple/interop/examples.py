#!/usr/bin/env python3
"""Runs the examples for Apple's systems (TAP): examples.py NAME PROGRAM [NAME PROGRAM]...

A program that draws runs until it gets SIGTERM. metal_viewer, in a process of its own, prints the
frames that it has received. The red channel of a frame is its number. Each wait has a limit."""

import os
import re
import signal
import subprocess
import sys
import tempfile

LIMIT = 60  # seconds, for one program under sanitizers on a busy machine
PROGRAMS = {sys.argv[i]: os.path.abspath(sys.argv[i + 1]) for i in range(1, len(sys.argv) - 1, 2)}
LINE = re.compile(r"^frame (\d+): ([0-9a-f]{8})$")


class Running:
    """A program that draws. It is killed at the end of the with block."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen(
            [PROGRAMS[name], *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def end(self):
        """Sends SIGTERM. The program must exit with 0, and print the number of its frames."""
        self.process.send_signal(signal.SIGTERM)
        out, message = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == 0, (self.process.returncode, out, message)
        assert re.match(r"^[1-9]\d* frames\n$", out), out


def run(name, *arguments, status=0):
    """Runs a program that ends by itself. Returns its stdout and its stderr."""
    done = subprocess.run(
        [PROGRAMS[name], *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=LIMIT, check=False,
    )
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def view(stream, frames):
    """Returns (sequence, texel in the middle) of each of that many frames."""
    lines = run("metal_viewer", stream, str(frames))[0].splitlines()
    matches = [LINE.match(line) for line in lines]
    assert len(lines) == frames and all(matches), lines
    return [(int(match.group(1)), match.group(2)) for match in matches]


def draws(name):
    def test():
        with Running(name, "stream", "1000000") as drawing:
            seen = view("stream", 5)
            drawing.end()
        sequences = [sequence for sequence, _ in seen]
        assert sequences == sorted(set(sequences)), seen
        for sequence, texel in seen:
            assert texel == f"9933{sequence % 256:02x}ff", seen

    return test


def filters():
    with Running("metal_producer", "from", "1000000") as drawing:
        with Running("core_image", "from", "to", "1000000") as filtering:
            for _, texel in view("to", 3):
                assert re.match(r"^9933[0-9a-f]{2}ff$", texel), texel
            filtering.end()
        drawing.end()


def counts():
    assert run("metal_producer", "stream", "3")[0] == "3 frames\n"


def refuses():
    assert "FRAMES (many)" in run("metal_viewer", "stream", "many", status=2)[1]
    assert "stream" in run("core_graphics", "", "1", status=1)[1]


def main():
    tests = [(f"{name} draws", draws(name)) for name in sorted(PROGRAMS)
             if name not in ("metal_viewer", "core_image")]
    tests += [("core_image filters", filters), ("a number of frames", counts),
              ("refusals", refuses)]
    print(f"1..{len(tests)}")
    passed = True
    for number, (name, test) in enumerate(tests, 1):
        error = None
        with tempfile.TemporaryDirectory() as directory:
            os.environ["GEYSER_RUNTIME_DIR"] = directory
            try:
                test()
            except (AssertionError, subprocess.TimeoutExpired) as failure:
                error = failure
        passed &= error is None
        print(f"{'not ok' if error else 'ok'} {number} - {name}", flush=True)
        for line in str(error or "").splitlines():
            print(f"# {line}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

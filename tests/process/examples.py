#!/usr/bin/env python3
"""Runs the examples: examples.py GEYSER PRODUCER VIEWER. Prints TAP. Each wait has a limit.

The tests compute the expected pictures without Vulkan. A message of the validation layer, if it is
on, ends the process with a signal or is among the lines that are checked here."""

import math
import os
import re
import select
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import GEYSER, LIMIT, noise, read, registry, run_all  # noqa: E402

PRODUCER, VIEWER = (os.path.abspath(path) for path in sys.argv[2:4])
WIDTH, HEIGHT = 160, 120
SIZE = ["--size", f"{WIDTH}x{HEIGHT}"]
BACKGROUND = (0.05, 0.06, 0.1)
COLOURS = ((1.0, 0.3, 0.2), (0.2, 0.9, 0.4), (0.3, 0.4, 1.0))
RADIUS = HEIGHT / 3
SAVED = re.compile(r"^(\S+): frame (\d+), (\d+)x(\d+)$")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Running:
    """A running program. It is killed at the end of the with block."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        assert ready, "no line came"
        return self.process.stdout.readline().decode().rstrip("\n")

    def finish(self, status=0):
        """Waits until the program has ended. Returns the rest of its stdout, and its stderr."""
        out, message = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == status, (self.process.returncode, out, message)
        return out.decode(), message.decode()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.finish()


def producing(name, *arguments):
    """Returns a running producer, whose stream is published."""
    producer = Running(PRODUCER, *SIZE, *arguments, name)
    line = producer.line()
    assert line.startswith(f"{name}: {WIDTH}x{HEIGHT} on "), (line, producer.process.poll())
    return producer


def viewing(name, *arguments):
    return Running(VIEWER, *arguments, name)


def saved(text, count):
    """Returns the sequences of frame-1.png to frame-count.png, from the lines about saved files."""
    matches = [SAVED.match(line) for line in text.splitlines()]
    assert len(matches) == count and all(matches), text
    for i, match in enumerate(matches, 1):
        assert match.group(1, 3, 4) == (f"frame-{i}.png", str(WIDTH), str(HEIGHT)), text
    return [int(match.group(2)) for match in matches]


def weights(number, x, y):
    """Returns the texel's weight for each corner of that frame's triangle: 1 at the corner, 0 on
    the opposite side, and less than 0 beyond that side."""
    dx, dy = x + 0.5 - WIDTH / 2, y + 0.5 - HEIGHT / 2
    out = []
    for corner in range(3):
        angle = math.tau * (number % 240 / 240 + corner / 3)
        along = (dx * math.sin(angle) - dy * math.cos(angle)) / RADIUS
        out.append((1 + 2 * along) / 3)
    return out


def expected(number, x, y):
    """Returns the texel's colour, or None on a side of the triangle: there rasterizers differ."""
    near = weights(number, x, y)
    margin = 1 / (1.5 * RADIUS)  # of one texel
    if min(near) < -margin:
        return BACKGROUND
    if min(near) > margin:
        return [sum(w * c[i] for w, c in zip(near, COLOURS)) for i in range(3)]
    return None


def difference(texels, number, step=1):
    """Returns the first wrong texel of that frame, or None. Checks every step-th row and column."""
    for y in range(0, HEIGHT, step):
        for x in range(0, WIDTH, step):
            want, at = expected(number, x, y), 4 * (y * WIDTH + x)
            got = tuple(texels[at : at + 4])
            if want and (got[3] != 255 or max(abs(255 * w - g) for w, g in zip(want, got)) > 1.5):
                return number, x, y, want, got
    return None


def decode(path):
    width, height, depth, colour, texels = png.decode(read(path))
    assert (width, height, depth, colour) == (WIDTH, HEIGHT, 8, 6)
    return texels


def check_picture(path, number):
    texels = decode(path)
    assert difference(texels, number) is None, (path, difference(texels, number))
    return texels


# ---- frames ----


@test
def triangle_goes_from_gpu_to_gpu():
    with producing("tri") as producer, viewing("tri", "-n", "3", "-o", "frame-%d.png") as viewer:
        out, message = viewer.finish()
        sequences = saved(out, 3)
        assert message == "" and sequences == sorted(set(sequences)), (sequences, message)
        pictures = [check_picture(f"frame-{i}.png", n) for i, n in enumerate(sequences, 1)]
        assert len(set(pictures)) == 3
        out, message = producer.end()
        assert re.match(r"^\d+ frames\n$", out) and message == "", (out, message)
        assert int(out.split()[0]) >= sequences[-1], (out, sequences)
    assert sorted(os.listdir(".")) == ["frame-1.png", "frame-2.png", "frame-3.png"]
    assert registry() == []


@test
def two_viewers_and_a_number_of_frames():
    with producing("two", "--frames", "100000", "--fps", "1000") as producer:
        with viewing("two", "--output", "a-%02d.png") as a, viewing("two") as b:
            for viewer, name in ((a, "a-01.png"), (b, "frame-00001.png")):
                out, message = viewer.finish()
                assert message == "" and SAVED.match(out.strip()).group(1) == name, (out, message)
                check_picture(name, int(SAVED.match(out.strip()).group(2)))
        producer.end()
    with producing("few", "--frames", "7", "--fps", "1000") as producer:
        assert producer.finish() == ("7 frames\n", "")
    assert registry() == []


@test
def program_without_vulkan_receives_what_the_gpu_drew():
    environment = {**os.environ, "GEYSER_BACKEND": "host"}
    with producing("tri") as producer:
        subprocess.run(
            [GEYSER, "recv", "tri", "--frames", "1", "--output", "got.png"], env=environment,
            timeout=LIMIT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        producer.end()
    texels = decode("got.png")
    numbers = [n for n in range(240) if difference(texels, n, 10) is None]
    assert len(numbers) == 1, numbers
    check_picture("got.png", numbers[0])


@test
def viewer_reads_frames_of_a_program_without_vulkan():
    data = noise(WIDTH * HEIGHT * 4)
    command = [GEYSER, "send", "noise", *SIZE, "--format", "rgba8unorm"]
    with Running("env", "GEYSER_BACKEND=host", *command) as sender:
        with viewing("noise", "--output", "frame-%d.png") as viewer:
            sender.process.stdin.write(data)
            out, message = viewer.finish()
            assert message == "" and saved(out, 1) == [1], (out, message)
    assert png.decode(read("frame-1.png"))[4] == data


# ---- ends ----


@test
def viewer_ends_when_its_producer_dies():
    with producing("tri") as producer, viewing("tri", "-n", "99999") as viewer:
        viewer.line()
        producer.process.kill()
        _, message = viewer.finish(1)
        assert message.startswith("vulkan_viewer: tri: ") and message.count("\n") == 1, message


@test
def producer_outlives_a_viewer_that_dies():
    with producing("tri") as producer:
        for _ in range(4):  # more than the stream has buffers
            with viewing("tri", "-n", "99999") as viewer:
                viewer.line()
                viewer.process.kill()
                viewer.process.wait(LIMIT)
        with viewing("tri", "-o", "frame-%d.png") as viewer:
            check_picture("frame-1.png", saved(viewer.finish()[0], 1)[0])
        producer.end()


# ---- refusals ----


def refuse(status, words, program, *arguments):
    result = subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=LIMIT, check=False,
    )
    message = result.stderr.decode()
    assert result.returncode == status and words in message, (arguments, result)
    assert message.startswith(os.path.basename(program) + ": "), message
    assert message.count("\n") == 1 and result.stdout == b"", (arguments, result)


@test
def wrong_names_are_refused():
    with producing("tri") as producer:
        refuse(1, "tri", PRODUCER, "tri")
        refuse(1, "no/such", VIEWER, "--output", "no/such/%d.png", "tri")
        producer.end()
    refuse(1, "name", PRODUCER, "n" * 64)
    refuse(1, "name", VIEWER, "")
    registry = os.path.join(os.environ["GEYSER_RUNTIME_DIR"], "geyser")
    os.chmod(registry, 0o755)
    refuse(1, "0700", PRODUCER, "tri")
    os.chmod(registry, 0o700)


@test
def wrong_usage_is_status_2():
    for words, program, arguments in (
        ("(0)", PRODUCER, ["--frames", "0"]),
        ("(-1)", PRODUCER, ["--frames", "-1"]),
        ("(4294967296)", PRODUCER, ["--frames", "4294967296"]),
        ("(1x)", PRODUCER, ["--fps", "1x"]),
        ("(1001)", PRODUCER, ["--fps", "1001"]),
        ("(0x4)", PRODUCER, ["--size", "0x4"]),
        ("(4x32769)", PRODUCER, ["--size", "4x32769"]),
        ("(4x-4)", PRODUCER, ["--size", "4x-4"]),
        ("(4x4x4)", PRODUCER, ["--size", "4x4x4"]),
        ("( 4x4)", PRODUCER, ["--size", " 4x4"]),
        ("(b)", PRODUCER, ["a", "b"]),
        ("usage", PRODUCER, ["--frob"]),
        ("(0)", VIEWER, ["--frames", "0"]),
        ("(100000)", VIEWER, ["--frames", "100000"]),
        ("(a.png)", VIEWER, ["--output", "a.png"]),
        ("(a%s.png)", VIEWER, ["--output", "a%s.png"]),
        ("(a%0d.png)", VIEWER, ["--output", "a%0d.png"]),
        ("(a%d%n.png)", VIEWER, ["--output", "a%d%n.png"]),
        ("(a%010d.png)", VIEWER, ["--output", "a%010d.png"]),
        ("(b)", VIEWER, ["a", "b"]),
        ("usage", VIEWER, ["--output"]),
    ):
        refuse(2, words, program, *arguments)
    assert registry() == [] and os.listdir(".") == []


def main():
    result = subprocess.run(
        [PRODUCER, "--frames", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=LIMIT, check=False,
    )
    if b"vkCreateInstance" in result.stderr or b"none of 0 devices" in result.stderr:
        print(f"1..0 # SKIP no Vulkan device: {result.stderr.decode().strip()}")
        return 0
    return run_all(TESTS)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the OpenGL example: example.py GEYSER GL_PRODUCER GL_PRODUCER BACKEND. Prints TAP.

It draws the triangle of the Vulkan example, so ../process/examples.py computes the expected
pictures. Each wait has a limit."""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))
import examples  # noqa: E402
from cli import GEYSER, LIMIT, registry, run_all  # noqa: E402
from examples import PRODUCER, check_picture, decode, difference, refuse  # noqa: E402

BACKEND = sys.argv[4]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def receive(name, *arguments):
    subprocess.run(
        [GEYSER, "recv", name, *arguments], timeout=LIMIT, check=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def number_of(path):
    """Returns the number, within one turn of the triangle, of the frame that the picture shows."""
    texels = decode(path)
    numbers = [n for n in range(240) if difference(texels, n, 10) is None]
    assert len(numbers) == 1, (path, numbers)
    check_picture(path, numbers[0])
    return numbers[0]


@test
def triangle_is_received():
    with examples.producing("tri") as producer:
        receive("tri", "--frames", "2", "--output", "got-%d.png")
        out, message = producer.end()
        assert re.match(r"^\d+ frames\n$", out) and message == "", (out, message)
    assert number_of("got-1.png") != number_of("got-2.png")
    assert registry() == []


@test
def others_backends_receive_it():
    with examples.producing("tri") as producer:
        for backend in ("host", "vulkan"):
            os.environ["GEYSER_BACKEND"] = backend
            receive("tri", "--frames", "1", "--output", f"{backend}.png")
            number_of(f"{backend}.png")
        os.environ["GEYSER_BACKEND"] = BACKEND
        producer.end()


@test
def says_how_it_draws():
    with examples.Running(PRODUCER, "--frames", "2", "--size", "64x32", "how") as producer:
        line = producer.line()
        assert line.startswith("how: 64x32 on "), line
        if BACKEND == "vulkan":
            assert line.endswith(", zero-copy"), line
        assert producer.finish() == ("2 frames\n", "")


@test
def wrong_names_and_usage_are_refused():
    with examples.producing("tri") as producer:
        refuse(1, "tri", PRODUCER, "tri")
        producer.end()
    refuse(1, "name", PRODUCER, "n" * 64)
    for words, arguments in (
        ("(0)", ["--frames", "0"]),
        ("(0)", ["--size", "0x4"]),
        ("(32769)", ["--size", "4x32769"]),
        ("(4x4)", ["--size", "4x4x4"]),
        ("(44)", ["--size", "44"]),
        ("(b)", ["a", "b"]),
        ("usage", ["--frob"]),
    ):
        refuse(2, words, PRODUCER, *arguments)


def main():
    os.environ["GEYSER_BACKEND"] = BACKEND
    with tempfile.TemporaryDirectory() as directory:
        result = subprocess.run(
            [PRODUCER, "--frames", "1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=LIMIT, check=False,
            env={**os.environ, "GEYSER_RUNTIME_DIR": directory},
        )
    if b"EGL" in result.stderr or b"Vulkan" in result.stderr:
        print(f"1..0 # SKIP {result.stderr.decode().strip()}")
        return 0
    return run_all(TESTS)


if __name__ == "__main__":
    sys.exit(main())

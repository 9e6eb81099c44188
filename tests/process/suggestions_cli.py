#!/usr/bin/env python3
"""Command lines and options that messages suggest, for video: suggestions_cli.py GEYSER. Prints
TAP. Each wait has a limit."""

import json
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from cli import GEYSER, LIMIT, geyser, noise, run_all, succeed, write  # noqa: E402
from streams_cli import LOSSLESS, Running  # noqa: E402
from video_cli import clip, frames_of, need_ffmpeg, output  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def line_of(message):
    """Returns the command line that a message suggests."""
    words = message.strip()
    return words[words.index(": use ") + len(": use ") :]


def shell(command):
    """Runs a command line that the program printed, as a user would."""
    path = f"{os.path.dirname(GEYSER)}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", "-c", f"set -o pipefail; {command}"], env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def finished(running):
    """Waits until the command line has ended, with success and without a word."""
    try:
        out = running.communicate(timeout=LIMIT)[0]
        assert (running.returncode, out) == (0, b""), out
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()


@test
def lines_that_send_a_film_work():
    """They hold for every kind of input and each format that was asked for."""
    need_ffmpeg()
    film, deep = ("-c:v", "ffv1", "-f", "matroska"), ["p010", "p416", "gray16"]
    write("a film.mkv", output(clip("64x36", "yuv444p", 2, *film)))
    write("deep.mkv", output(clip("64x36", "yuv444p16le", 2, *film)))
    write("one.png", output(clip("33x7", "rgb24", 1, "-c:v", "png", "-f", "image2pipe")))
    for name, form, got in (
        ("a film.mkv", None, "i420"), ("a film.mkv", "nv12", "nv12"), ("one.png", None, "i444"),
        ("a film.mkv", "rgba", "i444"), ("a film.mkv", "yuy2", "yuy2"),
        *(("deep.mkv", form, {"gray16": "r16unorm"}.get(form, form)) for form in deep),
    ):
        asked = ["--format", form] if form else []
        result = geyser("send", "cam", *asked, "--input", name)
        assert result.returncode == 1, result
        command = line_of(result.stderr.decode())
        with Running("recv", "cam", "--every", "--raw", "--output", "out.raw") as receiver:
            finished(shell(f"{command} --lossless --wait-subscribers 1 --fps 500"))
            receiver.finish()
        size = (33, 7) if name == "one.png" else (64, 36)
        luma, times = size[0] * size[1], 1 if name == "one.png" else 2
        texels = {"i420": 1.5, "nv12": 1.5, "i444": 3, "yuy2": 2, "p010": 3, "p416": 6}.get(got, 2)
        with open("out.raw", "rb") as file:
            assert len(file.read()) == int(luma * texels) * times, command


def offered(form):
    """Whether the backend has textures of the format."""
    chosen = os.environ.get("GEYSER_BACKEND", "host")
    backends = json.loads(succeed("info", "--json"))["backends"]
    rows = next(one["formats"] for one in backends if one["name"] == chosen)
    return bool(next(row["2d"] for row in rows if row["name"] == form))


@test
def lines_that_write_y4m_work():
    """The output's name and the stream's may have spaces."""
    need_ffmpeg()
    write("in.raw", noise(256))
    for form, kind in (
        ("rgba16uint", b"C444p16"), ("r8unorm-srgb", b"Cmono"), ("r32float", b"Cmono16"),
    ):
        if not offered(form):
            continue
        arguments = ["--size", "4x4", "--format", form, "--input", "in.raw", "--frames", "1"]
        arguments += ["--fps", "30000/1001", *LOSSLESS]
        with Running("recv", "my cam", "--every", "--output", "my out.y4m") as receiver:
            succeed("send", "my cam", *arguments)
            message = receiver.finish(1)[1]
        command = line_of(message)
        assert "'my out.y4m'" in command and "'my cam'" in command, message
        running = shell(command)
        succeed("send", "my cam", *arguments)
        finished(running)
        with open("my out.y4m", "rb") as file:
            head, frames = frames_of(file.read())
        assert len(frames) == 1 and kind in head.split() and b"F30000:1001" in head, (form, head)


@test
def options_that_write_y4m_work():
    """The message names one that keeps all chroma, and one with less."""
    write("in.raw", noise(256))
    for form, kinds in (
        ("rgba8unorm", (b"C444", b"C420")), ("bgra8unorm-srgb", (b"C444", b"C420")),
        ("rgb10a2unorm", (b"C444p10", b"C420p10")), ("rgba16float", (b"C444p16", b"C420p16")),
    ):
        if not offered(form):
            continue
        arguments = ["--size", "4x4", "--format", form, "--input", "in.raw", "--frames", "1"]
        receive = ["recv", "cam", "--every", "--output", "out.y4m"]
        with Running(*receive) as receiver:
            succeed("send", "cam", *arguments, *LOSSLESS)
            message = receiver.finish(1)[1]
        formats = re.findall("--format ([a-z0-9]+)", message)
        assert len(formats) == len(kinds), message
        for named, kind in zip(formats, kinds):
            with Running(*receive, "--format", named) as receiver:
                succeed("send", "cam", *arguments, *LOSSLESS)
                receiver.finish()
            with open("out.y4m", "rb") as file:
                head, frames = frames_of(file.read())
            words = head.split()
            assert len(frames) == 1 and kind in words, (named, head)
            assert b"XCOLORRANGE=LIMITED" in words, (named, head)


@test
def y4m_in_a_format_that_is_asked_for():
    write("in.raw", noise(16))
    with Running("recv", "c", "--every", "--format", "i420", "--output", "out.y4m") as receiver:
        succeed("send", "c", "--size", "2x2", "--format", "rgba", "--input", "in.raw", *LOSSLESS)
        receiver.finish()
    with open("out.y4m", "rb") as file:
        assert len(frames_of(file.read())[1]) == 1


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

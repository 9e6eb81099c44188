#!/usr/bin/env python3
"""The program with video of several planes: video_cli.py GEYSER. Prints TAP. Each wait has a
limit."""

import hashlib
import json
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from cli import LIMIT, fail, noise, registry, run_all, succeed, write  # noqa: E402
from streams_cli import LOSSLESS, Running, line, streams, until  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def need_ffmpeg():
    if not shutil.which("ffmpeg"):
        raise unittest.SkipTest("no ffmpeg")


def clip(size, pixels, frames, *arguments):
    """Returns ffmpeg's command for a clip, which it writes to stdout."""
    source = f"testsrc2=size=640x360:rate=30,scale={size.replace('x', ':')}"
    return [
        "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", str(frames),
        "-pix_fmt", pixels, *(arguments or ("-f", "rawvideo")), "-",
    ]


def output(command, data=None):
    return subprocess.run(
        command, input=data, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
    ).stdout


def through_a_stream(command, send, receive=()):
    """Sends a command's output through a stream. Returns what the receiver writes."""
    with Running("recv", "cam", "--every", "--output", "-", *receive) as receiver:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as ffmpeg, Running("send", "cam", *send, *LOSSLESS, stdin=ffmpeg.stdout) as sender:
            out = receiver.finish()[0]
            sender.finish()
            ffmpeg.stdout.close()
            assert ffmpeg.wait(LIMIT) == 0
    return out


def digest(data):
    return hashlib.sha256(data).hexdigest()


# ---- raw video ----


@test
def clips_of_every_kind_arrive_whole():
    """Even at sizes that no chroma divides."""
    need_ffmpeg()
    for form, pixels in (("nv12", "nv12"), ("p010", "p010le"), ("i420", "yuv420p")):
        for size, frames in (("1918x1078", 2), ("333x77", 5), ("3x3", 3), ("1x1", 3)):
            command = clip(size, pixels, frames)
            out = through_a_stream(command, ["--size", size, "--format", form])
            assert out and digest(out) == digest(output(command)), (form, size)


@test
def frames_are_as_large_as_ffmpegs():
    need_ffmpeg()
    for form, pixels in (
        ("yuy2", "yuyv422"), ("uyvy", "uyvy422"), ("i422", "yuv422p"),
        ("i444", "yuv444p"), ("p016", "p016le"), ("p210", "p210le"), ("p216", "p216le"),
        ("p410", "p410le"), ("p416", "p416le"),
    ):
        command = clip("35x7", pixels, 2)
        out = through_a_stream(command, ["--size", "35x7", "--format", form])
        assert out and digest(out) == digest(output(command)), form
    write("in.raw", noise(2 * (35 * 7 + 2 * 18 * 7)))  # this ffmpeg can't convert to nv16
    out = through_a_stream(["cat", "in.raw"], ["--size", "35x7", "--format", "nv16"])
    assert out == noise(2 * (35 * 7 + 2 * 18 * 7))


@test
def names_of_ffmpeg_are_taken():
    """Each of them is one that this ffmpeg lists, with as many bits."""
    need_ffmpeg()
    listed = {}
    for row in output(["ffmpeg", "-hide_banner", "-pix_fmts"]).decode().splitlines():
        words = row.split()
        if len(words) >= 4 and words[3].isdigit():
            listed[words[1]] = int(words[3])
    rows = json.loads(succeed("info", "--json"))["backends"][0]["formats"]
    texel = {row["name"]: row["bytes_per_texel"] for row in rows}
    named = [row for row in rows if row["ffmpeg"]]
    assert len(named) > 20, rows
    for row in named:
        bits = sum(
            8 * texel[plane["format"]] / plane["width_divisor"] / plane["height_divisor"]
            for plane in row["planes"]
        )
        padded = {"p010le": 15, "p210le": 20, "p410le": 30, "x2bgr10le": 30}
        assert listed[row["ffmpeg"]] == padded.get(row["ffmpeg"], bits), row
        write("in.raw", noise(sum(texel[plane["format"]] for plane in row["planes"])))
        arguments = ["--size", "1x1", "--format", row["ffmpeg"], "--input", "in.raw"]
        assert succeed("send", "x", *arguments, "--frames", "1") == b""
    words = "did you mean rgba8unorm? (with alpha, as ffmpeg's -pix_fmt rgba)"
    fail(2, words, "send", "x", "--size", "4x4", "--format", "rgb24")


@test
def lists_name_the_format():
    write("in.raw", noise(17))
    arguments = ["--size", "3x3", "--format", "nv12", "--input", "in.raw", "--loop", "--fps", "9"]
    with Running("send", "cam", *arguments) as sender:
        until(lambda: [one["name"] for one in streams()] == ["cam"])
        assert [one["format"] for one in streams()] == ["nv12"]
        sender.end()
    assert "nv12" in succeed("info", "--formats").decode()
    rows = json.loads(succeed("info", "--json"))["backends"][0]["formats"]
    planes = next(row["planes"] for row in rows if row["name"] == "nv12")
    assert planes == [
        {"format": "r8unorm", "width_divisor": 1, "height_divisor": 1},
        {"format": "rg8unorm", "width_divisor": 2, "height_divisor": 2},
    ], planes


@test
def frames_that_are_cut_off():
    arguments = ["--size", "3x3", "--format", "p010", "--input", "-", *LOSSLESS]
    with Running("recv", "cut", "--every", "--output", "-") as receiver:
        fail(
            1, "33 bytes after 1 frame): expected 34", "send", "cut", *arguments, data=noise(67)
        )
        assert receiver.finish()[0] == noise(67)[:34]


@test
def pictures_and_patterns_of_video_are_refused():
    write("in.raw", noise(17))
    video = ["--size", "3x3", "--format", "nv12"]
    fail(2, "no pattern can be drawn in this format (nv12)", "send", "x", *video, "--pattern", "bars")
    with Running("send", "cam", *video, "--input", "in.raw", "--loop", "--fps", "9") as sender:
        until(lambda: [one["name"] for one in streams()] == ["cam"])
        fail(1, "PNG can't hold the frames' format (nv12)", "recv", "cam", "--frames", "1",
             "--output", "out.png")
        sender.end()
    with Running("share", *video, "--raw", "in.raw", "--print-id") as share:
        fail(1, "PNG can't hold the texture's format (nv12)", "grab", line(share.process.stdout), "out.png")
        share.end()
    assert registry() == []


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

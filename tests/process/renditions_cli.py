#!/usr/bin/env python3
"""The program with renditions: renditions_cli.py GEYSER. Prints TAP. Each wait has a limit."""

import contextlib
import json
import re
import sys

sys.dont_write_bytecode = True
from cli import fail, noise, read, registry, run_all, succeed, write  # noqa: E402
from streams_cli import (  # noqa: E402
    FRAME, LOSSLESS, SIZE, Running, end_held_up_sender, line, sending, stop_receiver_for_a_while,
    streams, until, until_frames,
)

BGRA = ["--format", "bgra8unorm"]
SMALL = [*BGRA, "--size", "32x18"]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def swapped(data):
    """Texels of rgba8unorm as bgra8unorm."""
    out = bytearray(data)
    out[0::4], out[2::4] = data[2::4], data[0::4]
    return bytes(out)


def subscribers():
    return streams()[0]["subscribers"]


@test
def every_frame_is_converted():
    """Two receivers ask for the same, and both get all frames."""
    data = noise(9 * FRAME)
    write("in.raw", data)
    receive = ["recv", "all", "--every", *BGRA, "--json", "--output"]
    lossless = ["--lossless", "--wait-subscribers", "2"]
    with Running(*receive, "one.raw") as one, Running(*receive, "two.raw") as two:
        succeed("send", "all", *SIZE, "--input", "in.raw", *lossless)
        for receiver in (one, two):
            figures = json.loads(receiver.finish()[0])
            assert (figures["frames"], figures["dropped"]) == (9, 0), figures
            assert figures["path"] == "converted", figures
    assert read("one.raw") == read("two.raw") == swapped(data)
    assert registry() == []


@test
def a_single_frame_arrives():
    """The sender counts a receiver once its rendition gets frames, and flushes before it ends."""
    with Running("recv", "once", *SMALL, "--output", "out.raw") as receiver:
        wait = ["--frames", "1", "--wait-subscribers", "1"]
        succeed("send", "once", *SIZE, "--pattern", "bars", *wait)
        receiver.finish()
    assert len(read("out.raw")) == 32 * 18 * 4


def averages(data, first, side):
    """Returns a frame's samples at a quarter of its size. Each is the average of some of 4 × 4
    texels: those of a square of that side, which begins in row and column `first`."""
    return [
        sum(data[4 * (64 * (y + j) + x + i) + channel] for j in range(side) for i in range(side))
        / side**2
        for y in range(first, 36, 4) for x in range(first, 64, 4) for channel in range(4)
    ]


# By each filter, the square of texels that become one texel.
SQUARES = {"nearest": (2, 1), "bilinear": (1, 2), "box": (0, 4)}


@test
def frames_are_scaled_by_each_filter():
    write("in.raw", noise(FRAME))
    for name, square in SQUARES.items():
        scale = ["--size", "16x9", "--filter", name]
        with Running("recv", "scaled", "--every", *scale, "--output", "-") as receiver:
            succeed("send", "scaled", *SIZE, "--input", "in.raw", *LOSSLESS)
            samples = receiver.finish()[0]
        expected = averages(read("in.raw"), *square)
        assert len(samples) == len(expected), name
        assert all(abs(a - b) <= 0.5 for a, b in zip(samples, expected)), name


@test
def the_list_counts_receivers():
    with sending("listed", "--wait-subscribers", "2"):
        with Running("recv", "listed", *SMALL), Running("recv", "listed"):
            until(lambda: subscribers() == 2)
            until(lambda: streams()[0]["latency_p50_ns"] > 0)
            assert streams()[0]["path"] in ("converted", "copy")
            assert streams()[0]["format"] == "rgba8unorm"
        until(lambda: subscribers() == 0)


@test
def killed_receivers_are_not_waited_for():
    with sending("killed", *LOSSLESS) as sender:
        with Running("recv", "killed", "--every", *SMALL) as receiver:
            until_frames(3)
            receiver.kill()
        until(lambda: subscribers() == 0)
        until_frames(5)
        sender.end()


@test
def the_stream_goes_on_without_a_stopped_receiver():
    stop_receiver_for_a_while(*SMALL)


@test
def a_sender_that_is_held_up_ends():
    end_held_up_sender(*SMALL)


@test
def a_killed_sender_ends_its_renditions():
    with sending("died", "--wait-subscribers", "1") as sender:
        with Running("recv", "died", *SMALL, "--output", "out.raw") as receiver:
            until_frames(3)
            sender.kill()
            assert "died" in receiver.finish(1)[1]
    assert len(read("out.raw")) % (32 * 18 * 4) == 0


@test
def receivers_come_back_to_the_next_sender():
    with Running("recv", "again", *SMALL, "--reconnect", "--frames", "2", "--output", "-") as receiver:
        for _ in range(2):
            wait = ["--frames", "1", "--wait-subscribers", "1"]
            succeed("send", "again", *SIZE, "--pattern", "bars", *wait)
        assert len(receiver.finish()[0]) == 2 * 32 * 18 * 4


@test
def grab_scales():
    write("in.raw", noise(FRAME))
    with Running("share", "--once", "--json", *SIZE, "--raw", "in.raw") as share:
        name = json.loads(line(share.process.stdout))["id"]
        arguments = ["--size", "16x9", "--filter", "nearest", *BGRA]
        data = succeed("grab", *arguments, name, "-")
    picked = averages(read("in.raw"), *SQUARES["nearest"])
    assert data == swapped([int(sample) for sample in picked])


@test
def wrong_requests_are_refused():
    with sending("wrong"):
        fail(2, "nearest, bilinear or box", "recv", "wrong", "--size", "4x4", "--filter", "lanczos")
        fail(2, "add --size", "recv", "wrong", "--filter", "box")
        fail(2, "add --size", "grab", "0x00000001", "a.png", "--filter", "box")
        fail(2, "WxH", "recv", "wrong", "--size", "4x")
        fail(1, "smaller size", "recv", "wrong", "--size", "32768x32768")
        fail(1, "depth32float", "recv", "wrong", "--size", "4x4", "--format", "depth32float")
        fail(1, "depth24plus", "recv", "wrong", "--format", "depth24plus", "--frames", "1")


@contextlib.contextmanager
def all_renditions(name):
    """Lets other receivers use all renditions that the stream may have."""
    formats = ["r8unorm", "rg8unorm", "r16float", "rg16float", "rgba16float", "r32float",
        "rgba32float", "rgb10a2unorm"]
    with contextlib.ExitStack() as stack:
        for form in formats:
            stack.enter_context(Running("recv", name, "--format", form))
        until(lambda: subscribers() == len(formats))
        yield


def receive_converted_here(name, *arguments):
    with Running("recv", name, "--frames", "1", *arguments) as receiver:
        message = receiver.finish()[1]
        assert re.search("converted here.*8 renditions", message), message


@test
def too_many_renditions_are_converted_by_the_receiver():
    with sending("many"), all_renditions("many"):
        receive_converted_here("many", *BGRA, "--output", "out.raw")
        assert len(read("out.raw")) == FRAME
        receive_converted_here("many", "--format", "i420", "--output", "out.y4m")
        assert b"XCOLORRANGE=LIMITED" in read("out.y4m").split(b"\n")[0]


@test
def colours_that_the_receiver_converts_keep_their_range():
    with sending("range", "--color", "rgb,limited"), all_renditions("range"):
        receive_converted_here("range", "--format", "r16unorm", "--output", "out.y4m")
    head = read("out.y4m").split(b"\n")[0]
    assert b"Cmono16" in head and b"XCOLORRANGE=LIMITED" in head, head


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

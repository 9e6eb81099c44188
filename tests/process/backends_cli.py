#!/usr/bin/env python3
"""Runs the program with each pair of backends: backends_cli.py GEYSER [LOST_PEER [GPU]]. Prints
TAP. Each wait has a limit.

GPU is vulkan, the default, or metal. Tests that need it are skipped if `geyser info` says that it
isn't available. Messages of Vulkan's validation layer, which go to stdout, are failures."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import (  # noqa: E402
    LIMIT, fail, geyser, noise, raw_size, read, registry, run_all, succeed, told, write,
)
from streams_cli import FRAME, LOSSLESS, SIZE, Running, line, until, until_frames  # noqa: E402

CLIP_SIZE = ["--size", "160x90", "--format", "rgba8unorm"]
CLIP_FRAMES = 300
LOST_PEER = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else ""
TESTS = []
GPU = sys.argv[3] if len(sys.argv) > 3 else "vulkan"
BACKENDS = ("host", GPU)
PAIRS = [(a, b) for a in BACKENDS for b in BACKENDS]


def test(function):
    TESTS.append(function)
    return function


@contextlib.contextmanager
def environment(name, value):
    """Sets an environment variable for the programs that are started within the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def backends_here():
    """Returns the rows of `geyser info --json` about the backends, by name."""
    return {row["name"]: row for row in json.loads(succeed("info", "--json"))["backends"]}


@functools.lru_cache(maxsize=None)
def backends():
    """Returns the same rows in the environment in which the tests were started."""
    return backends_here()


def need_gpu():
    if not backends()[GPU]["available"]:
        raise unittest.SkipTest(backends()[GPU]["reason"])


def gpu_test(function):
    @functools.wraps(function)
    def checked():
        need_gpu()
        function()

    return test(checked)


def only_on(gpu):
    """Decorates a test of something that only that backend has."""
    return gpu_test if gpu == GPU else lambda function: function


def need_host_memory(backend):
    formats = {row["name"]: row for row in backends()[backend]["formats"]}
    if "host-memory" not in formats["rgba8unorm"]["2d"]:
        raise unittest.SkipTest(f"backend {backend} offers no host memory for rgba8unorm")


def each_pair(function):
    """Makes a test for each pair of backends. Pairs with the GPU's are skipped without a GPU."""
    for first, second in PAIRS:

        def checked(first=first, second=second):
            if GPU in (first, second):
                need_gpu()
            function(first, second)

        checked.__name__ = f"{function.__name__}_{first}_to_{second}"
        test(checked)
    return function


def on(backend):
    return ["--backend", backend]


@contextlib.contextmanager
def sharing(backend, *arguments):
    """A running `geyser share`, and the id that it has printed."""
    with Running("share", *on(backend), "--print-id", *arguments) as share:
        number = line(share.process.stdout)
        assert re.match(r"^0x[0-9a-f]{8}$", number), (number, share.process.stderr.read())
        yield share, number


def ended(running):
    """Ends the program by a signal. It must have printed nothing."""
    out, message = running.end()
    assert (out, message) == (b"", ""), (out, message)


# ---- words ----


@test
def wrong_backend_is_status_2():
    write("in.png", png.encode(1, 1, 8, 6, noise(4)))
    for arguments in (
        ["share", "in.png"], ["grab", "0x7", "out.png"], ["event", "create"],
        ["event", "value", "0x7"], ["send", "x", *SIZE], ["recv", "x"],
    ):
        for name in ("directx", "Vulkan", "", "Metal", "host,vulkan"):
            fail(2, f"({name}): expected auto, host, vulkan or metal", *arguments, "--backend", name)
    assert registry() == [] and os.listdir(".") == ["in.png"]


@only_on("vulkan")
def backend_that_is_not_available_says_why():
    write("in.png", png.encode(1, 1, 8, 6, noise(4)))
    available = backends()["vulkan"]["available"]
    with environment("GEYSER_VULKAN_DEVICE", "no such device"):
        reason = backends_here()["vulkan"]["reason"]
        assert reason and ("no such device" in reason or not available), reason
        for arguments in (
            ["share", "in.png"], ["grab", "0x7", "out.png"], ["event", "create"],
            ["send", "x", *SIZE], ["recv", "x"],
        ):
            fail(1, reason, *arguments, *on("vulkan"))
        assert reason in told("info")
    assert registry() == []


@test
def backend_may_be_named_in_full_or_brief():
    write("in.png", png.encode(3, 2, 8, 6, noise(24)))
    with sharing("host", "in.png") as (share, number):
        for option in (["--backend", "host"], ["-B", "host"], ["--backend=auto"], []):
            succeed("grab", *option, number, "out.png")
            assert png.decode(read("out.png"))[4] == noise(24)
        ended(share)


@gpu_test
def environment_chooses_what_auto_is():
    write("in.png", png.encode(3, 2, 8, 6, noise(24)))
    with sharing("host", "in.png") as (share, number):
        for name in BACKENDS:
            with environment("GEYSER_BACKEND", name):
                result = geyser("grab", "--verbose", number, "out.raw")
                assert result.returncode == 0, result
                assert f", {name}, " in result.stderr.decode(), result
                assert json.loads(succeed("info", "--json"))["auto"]["backend"] == name
        ended(share)
    with environment("GEYSER_BACKEND", "directx"):
        fail(2, "GEYSER_BACKEND (directx)", "event", "create")
        assert "directx" in json.loads(succeed("info", "--json"))["auto"]["reason"]


@test
def formats_are_a_table():
    text = succeed("info", "--formats").decode()
    host = text.split("formats of backend host\n")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^  (\S+) +(\S+ +\S+ +\S+ +\S+)$", host, re.M))
    assert len(rows) == len(backends()["host"]["formats"]), text
    letters = dict(re.findall(r"([a-z]) ([a-z-]+)", text.split("\n\n")[0]))  # wrapped lines
    names = {name: letter for letter, name in letters.items()}
    assert host.splitlines()[0].split() == ["2d", "2d-array", "3d", "ffmpeg"], text
    for row in backends()["host"]["formats"]:
        assert rows[row["name"]].split()[3] == (row["ffmpeg"] or "-"), row
        for kind, cell in zip(("2d", "2d-array", "3d"), rows[row["name"]].split()):
            shown = set() if cell == "no" else set(cell) - {"-"}
            assert shown == {names[usage] for usage in row[kind]}, (row, cell)


@only_on("vulkan")
def info_tells_of_the_device():
    device = backends()["vulkan"]["device"]
    text = told("info")
    for key in ("name", "driver", "api", "device_uuid", "driver_uuid", "type"):
        assert device[key] and device[key] in text, (key, device)
    assert device["type"] in ("cpu", "discrete", "integrated", "virtual", "other")
    for key in ("opaque_fd", "host_memory", "dma_buf", "native_events"):
        said = "yes" if device[key] else "no"
        assert re.search(rf"^vulkan +{key} +{said} ", text, re.M), text
    assert backends()["host"]["device"] is None
    with environment("GEYSER_VULKAN_DEVICE", device["device_uuid"]):
        assert backends_here()["vulkan"]["device"] == device


@only_on("metal")
def info_tells_of_the_device_and_its_memory():
    device = backends()["metal"]["device"]
    text = told("info")
    assert device["name"] and device["name"] in text, device
    assert re.match(r"^0x[0-9a-f]+$", device["registry_id"]) and device["registry_id"] in text
    for key in ("unified", "removable"):
        said = "yes" if device[key] else "no"
        assert re.search(rf"^metal +{key} +{said} ", text, re.M), text


# ---- pictures ----


def can_be_grabbed(first, second, *extra):
    """A picture that one backend shares can be grabbed twice on the other, with the same texels."""
    picture = png.encode(37, 23, 8, 6, noise(37 * 23 * 4))
    write("in.png", picture)
    with sharing(first, *extra, "in.png") as (share, number):
        for _ in range(2):
            succeed("grab", *on(second), number, "out.png")
            assert png.decode(read("out.png")) == png.decode(picture)
        ended(share)
    assert registry() == []


@each_pair
def picture(first, second):
    if (first, second) != (GPU, "host"):
        can_be_grabbed(first, second)
        return
    write("in.png", png.encode(3, 2, 8, 6, noise(24)))
    with sharing(first, "in.png") as (share, number):
        fail(1, f"import of {number}: ", "grab", *on(second), number, "out.png")
        assert not os.path.exists("out.png")
        ended(share)


@each_pair
def picture_in_host_memory(first, second):
    need_host_memory(first)
    can_be_grabbed(first, second, "--host-memory")


@each_pair
def once(first, second):
    """`share --once` ends when its importer has gone."""
    need_host_memory(first)
    write("in.png", png.encode(5, 4, 8, 6, noise(80)))
    with sharing(first, "--host-memory", "--once", "in.png") as (share, number):
        succeed("grab", *on(second), number, "-")
        assert share.finish() == (b"", "")
    assert registry() == []


@gpu_test
def formats_of_every_kind_round_trip():
    """Tests a format of each texel size, and all depth formats, which drivers may store apart."""
    seen = set()
    for row in backends()[GPU]["formats"]:
        kind = row["name"] if "depth" in row["name"] else row["bytes_per_texel"]
        if kind in seen or not {"copy-src", "copy-dst"} <= set(row["2d"]):
            continue
        seen.add(kind)
        texels = noise(raw_size(row, 11, 7), row["name"])
        write("in.raw", texels)
        arguments = ["--size", "11x7", "--format", row["name"], "--raw", "in.raw"]
        with sharing(GPU, *arguments) as (share, number):
            assert succeed("grab", *on(GPU), number, "-") == texels, row["name"]
            ended(share)
    assert {1, 2, 4, 8, 16} <= seen, seen


@gpu_test
def format_that_is_not_offered_is_refused():
    rows = [row for row in backends()[GPU]["formats"] if not row["2d"]]
    for row in rows:
        write("in.raw", noise(raw_size(row, 1, 1)))
        arguments = ["--size", "1x1", "--format", row["name"]]
        fail(1, row["name"], "share", *on(GPU), *arguments, "--raw", "in.raw")
        fail(1, row["name"], "send", "x", *on(GPU), *arguments, "--input", "in.raw")
    assert registry() == []
    if not rows:
        raise unittest.SkipTest("this device offers every format")


@gpu_test
def damaged_picture_is_a_failure():
    good = bytearray(png.encode(8, 8, 8, 6, noise(256)))
    good[60] ^= 1
    write("bad.png", bytes(good))
    fail(1, "bad.png", "share", *on(GPU), "bad.png")
    write("in.raw", noise(63))
    fail(1, "63 bytes", "share", *on(GPU), "-s", "4x4", "-f", "rgba8unorm", "-r", "in.raw")
    assert registry() == []


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


@gpu_test
def share_ends_at_a_signal_while_it_reads():
    for backend in BACKENDS:
        arguments = ["--size", "4x4", "--format", "rgba8unorm", "--raw", "-"]
        with Running("share", *on(backend), *arguments, stdin=subprocess.PIPE) as share:
            share.process.stdin.write(noise(4))
            until(lambda: unread(share.process.stdin) == 0)
            share.process.send_signal(signal.SIGTERM)
            assert share.process.wait(LIMIT) == 1  # nothing was shared


@gpu_test
def killed_share_is_gone():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with sharing(GPU, "in.png") as (share, number):
        share.kill()
    fail(1, "gone", "grab", *on(GPU), number, "out.png")


# ---- events ----


@each_pair
def event(first, second):
    with Running("event", "create", *on(first), "--initial", "5", "--print-id") as owner:
        number = line(owner.process.stdout)
        assert succeed("event", "value", *on(second), number) == b"5\n"
        with Running("event", "wait", *on(second), number, "7") as waiter:
            succeed("event", "signal", *on(second), number, "6")
            assert succeed("event", "value", *on(first), number) == b"6\n"
            succeed("event", "signal", *on(first), number, "7")
            assert waiter.finish() == (b"", "")
        fail(1, "", "event", "wait", *on(second), number, "8", "--timeout", "0.05")
        with Running("event", "wait", *on(second), number, "8") as waiter:
            owner.kill()
            out, message = waiter.finish(1)
            assert out == b"" and message.startswith("geyser: "), (out, message)
    fail(1, "gone", "event", "value", *on(second), number)


# ---- streams ----


@functools.lru_cache(maxsize=None)
def clip():
    """Returns ffmpeg's command, and the checksum of its output."""
    source = f"testsrc2=size=160x90:rate=30:duration={CLIP_FRAMES // 30}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source]
    command += ["-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    data = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
    ).stdout
    assert len(data) == CLIP_FRAMES * 160 * 90 * 4
    return command, hashlib.sha256(data).hexdigest()


def clip_arrives(first, second, *extra):
    """Sends the clip through a stream and checks it. Returns the figures of the receiver."""
    command, checksum = clip()
    with Running("recv", "cam", *on(second), "--every", "--output", "-", "--json") as receiver:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as ffmpeg, Running(
            "send", "cam", *on(first), *CLIP_SIZE, *LOSSLESS, *extra, stdin=ffmpeg.stdout
        ) as sender:
            out, message = receiver.finish()
            assert sender.finish() == (b"", "")
            ffmpeg.stdout.close()
            assert ffmpeg.wait(LIMIT) == 0
    assert hashlib.sha256(out).hexdigest() == checksum, len(out)
    figures = json.loads(message)
    assert (figures["frames"], figures["dropped"]) == (CLIP_FRAMES, 0), figures
    assert figures["backend"] == second, figures
    assert registry() == []
    return figures


@each_pair
def clip_arrives_whole(first, second):
    path = clip_arrives(first, second)["path"]
    if first == second:
        assert path == "zero-copy", path
    if (first, second) == (GPU, "host"):
        assert path == "copy", path


@gpu_test
def clip_in_host_memory_arrives_whole():
    need_host_memory(GPU)
    for second in BACKENDS:
        figures = clip_arrives(GPU, second, "--host-memory")
        assert second != "host" or figures["path"] == "zero-copy", figures


@gpu_test
def receivers_on_both_backends_get_the_same():
    arguments = ["--pattern", "noise", "--frames", "20", "--lossless", "--wait-subscribers", "2"]
    for first in BACKENDS:
        with Running("recv", "p", *on("host"), "--every", "--output", "host.raw") as host:
            with Running("recv", "p", *on(GPU), "--every", "--output", "gpu.raw") as gpu:
                assert succeed("send", "p", *on(first), *SIZE, *arguments) == b""
                assert (host.finish(), gpu.finish()) == ((b"", ""), (b"", ""))
        out = read("host.raw")
        assert read("gpu.raw") == out
        assert len({out[i * FRAME : (i + 1) * FRAME] for i in range(20)}) == 20


@gpu_test
def pictures_are_the_frames():
    with Running("recv", "p", *on(GPU), "--every", "--output", "f-%d.png") as pictures:
        arguments = ["--input", "-", *LOSSLESS]
        data = noise(3 * FRAME)
        assert succeed("send", "p", *on(GPU), *SIZE, *arguments, data=data) == b""
        assert pictures.finish() == (b"", "")
    for i in range(3):
        frame = data[i * FRAME : (i + 1) * FRAME]
        assert png.decode(read(f"f-{i + 1}.png")) == (64, 36, 8, 6, frame)


@gpu_test
def frames_that_are_only_read_in_part_are_not_sent():
    data = noise(2 * FRAME)
    with Running("recv", "cut", *on(GPU), "--every", "--output", "-") as receiver:
        arguments = ["--input", "-", *LOSSLESS]
        words = "100 bytes after 2 frames"
        cut = data + b"x" * 100
        fail(1, words, "send", "cut", *on(GPU), *SIZE, *arguments, data=cut)
        assert receiver.finish() == (data, "")


@gpu_test
def another_size_after_a_restart():
    arguments = ["--pattern", "bars", "--frames", "2", *LOSSLESS]
    receive = ["--reconnect", "--every", "--frames", "4", "--output", "f-%d.png"]
    with Running("recv", "c", *on(GPU), *receive) as receiver:
        succeed("send", "c", *on(GPU), *SIZE, *arguments)
        succeed("send", "c", *on(GPU), "--size", "32x16", "--format", "r8unorm", *arguments)
        assert receiver.finish() == (b"", "")
    assert [png.decode(read(f"f-{i}.png"))[:4] for i in (1, 4)] == [(64, 36, 8, 6), (32, 16, 8, 0)]


@contextlib.contextmanager
def sending(backend, *arguments):
    """A running `geyser send`, whose stream is published."""
    with Running("send", "e", *on(backend), *SIZE, "--pattern", "clock", *arguments) as sender:
        until(lambda: json.loads(succeed("list", "--json")))
        yield sender


@each_pair
def killed_sender(first, second):
    with sending(first, "--wait-subscribers", "1") as sender:
        with Running("recv", "e", *on(second), "--output", "out.raw") as receiver:
            until_frames(3)
            sender.kill()
            assert "died" in receiver.finish(1)[1]
    assert read("out.raw") and len(read("out.raw")) % FRAME == 0
    assert succeed("send", "e", *on(first), *SIZE, "--pattern", "bars", "--frames", "1") == b""
    assert registry() == []


@each_pair
def killed_receiver(first, second):
    with sending(first, *LOSSLESS) as sender:
        with Running("recv", "e", *on(second), "--every", "--output", "out.raw") as receiver:
            until_frames(3)
            receiver.kill()
        until(lambda: json.loads(succeed("list", "--json"))[0]["subscribers"] == 0)
        until_frames(5)
        ended(sender)
    assert registry() == []


@each_pair
def signals(first, second):
    with sending(first) as sender:
        with Running("recv", "e", *on(second), "--stats") as receiver:
            until_frames(5)
            until(lambda: json.loads(succeed("list", "--json"))[0]["latency_p50_ns"] > 0)
            out, message = receiver.end(signal.SIGINT)
            assert out == b"" and f", {second}, " in message, (out, message)
        ended(sender)
    assert registry() == []


def lost_device_ends(backend, peer):
    texture, number = line(peer.stdout), line(peer.stdout)
    with Running("event", "wait", *on(backend), number, "1") as waiter:
        with Running("recv", "e", *on(backend), "--output", "out.raw") as receiver:
            until(lambda: json.loads(succeed("list", "--json"))[0]["latency_p50_ns"] > 0)
            peer.stdin.write(b"\n")
            assert line(peer.stdout) == "lost"
            for running in (waiter, receiver):
                out, message = running.finish(1)
                assert out == b"" and re.match(r"geyser: .*lost.*\n$", message), message
    fail(1, "lost", "grab", *on(backend), texture, "out.png")
    fail(1, "lost", "event", "wait", *on(backend), number, "1")
    peer.stdin.close()
    assert peer.wait(LIMIT) == 0
    assert registry() == []


@only_on("vulkan")
def lost_device_ends_all_who_use_it():
    """All processes that use the lost device's objects end with an error that says so."""
    if not LOST_PEER:
        raise unittest.SkipTest("no LOST_PEER was given")
    for backend in BACKENDS:
        with subprocess.Popen(
            [LOST_PEER, "e"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ) as peer:
            try:
                lost_device_ends(backend, peer)
            finally:
                peer.kill()


@gpu_test
def list_and_top_show_backend_and_path():
    with sending(GPU), Running("recv", "e", *on(GPU)):
        until_frames(2)
        stream = json.loads(succeed("list", "--json"))[0]
        assert (stream["backend"], stream["path"]) == (GPU, "zero-copy"), stream
        text = succeed("list").decode()
        assert re.search(rf"\ne .* {GPU} +zero-copy ", text), text
        text = succeed("top", "--interval", "0.1", "--count", "1").decode()
        assert re.search(r"^e +64x36 +rgba8unorm +zero-copy ", text, re.M), text


@test
def verbose_ends_say_how_texels_are_reached():
    write("in.png", png.encode(3, 2, 8, 6, noise(24)))
    with sharing("host", "in.png") as (share, number):
        result = geyser("grab", *on("host"), "--verbose", number, "out.raw")
        words = b"geyser: rgba8unorm-srgb 3x2 written to out.raw, 24 bytes, host, zero-copy\n"
        assert result.stderr == words, result
        ended(share)
    with Running("recv", "v", *on("host"), "--every", "--stats") as receiver:
        arguments = ["--pattern", "bars", "--frames", "3", *LOSSLESS, "--verbose"]
        result = geyser("send", "v", *on("host"), *SIZE, *arguments)
        assert result.stderr.endswith(b"geyser: v: 3 frames sent, host, zero-copy\n"), result
        message = receiver.finish()[1]
    assert message.endswith(" fps, host, zero-copy\n"), message


@only_on("vulkan")
def staging_copies_are_told_of():
    write("in.png", png.encode(3, 2, 8, 6, noise(24)))
    with sharing("vulkan", "in.png") as (share, number):
        result = geyser("grab", *on("vulkan"), "--verbose", number, "out.raw")
        words = b", 24 bytes, vulkan, zero-copy, mapped through a copy\n"
        assert result.returncode == 0 and result.stderr.endswith(words), result
        ended(share)


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

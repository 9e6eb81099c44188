#!/usr/bin/env python3
"""The program with pipes, terminals, and input of the wrong kind: pipes_cli.py GEYSER. Prints TAP.
Each wait has a limit."""

import gzip
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import unittest
import zlib

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import (  # noqa: E402
    GEYSER, LIMIT, fail, geyser, need, noise, read, registry, run_all, succeed, write,
)
from streams_cli import (  # noqa: E402
    FRAME, LOSSLESS, SIZE, Running, Terminal, exactly, line, sending, streams, until,
    until_frames, watches_its_peer,
)

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def fifo(name):
    os.mkfifo(name)
    return name


def until_signals_wait(running):
    """Waits until the program blocks signals, so that a signal no longer kills it."""
    need("/proc/self/status")

    def blocked():
        with open(f"/proc/{running.process.pid}/status", encoding="ascii") as status:
            mask = next(row for row in status if row.startswith("SigBlk:"))
        return int(mask.split()[1], 16) >> (signal.SIGINT - 1) & 1

    until(blocked)


# ---- signals ----


@test
def signals_end_who_waits_for_a_pipes_other_end():
    with sending("src"):
        for number in (signal.SIGINT, signal.SIGTERM):
            for arguments in (
                ["send", "dst", *SIZE, "--input", fifo(f"in{number}")],
                ["recv", "src", "--output", fifo(f"out{number}.raw")],
                ["recv", "src", "--frames", "1", "--output", fifo(f"out{number}.png")],
            ):
                with Running(*arguments) as running:
                    until_signals_wait(running)
                    running.end(number)


@test
def signals_end_who_shares_from_a_pipe():
    for arguments in (["share", fifo("in.png")], ["share", *SIZE, "--raw", fifo("in.raw")]):
        with Running(*arguments) as running:
            until_signals_wait(running)
            assert "interrupted" in running.end(signal.SIGINT, 1)[1]
    assert registry() == []


@test
def signals_end_a_receiver_of_nothing():
    with Running("recv", "nothing", "--connect-timeout", "600") as receiver:
        until_signals_wait(receiver)
        assert receiver.end(signal.SIGINT) == (b"", "")


@test
def signals_end_a_grab_into_a_pipe():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running("share", "--print-id", "in.png") as share:
        number = line(share.process.stdout)
        for name in (fifo("out.png"), fifo("out.raw")):
            with Running("grab", number, name) as grab:
                grab.send_signal(signal.SIGINT)
                grab.process.wait(LIMIT)
        share.end()


@test
def signals_end_who_prints_into_a_full_pipe():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with sending("s"):
        for arguments in (
            ["list", "--watch"], ["top", "--interval", "0.05"], ["share", "in.png"],
            ["event", "create"], ["recv", "s", "--output", "-"],
        ):
            before = len(registry())
            with Running(*arguments, stdout=writer) as running:
                until_signals_wait(running)
                if arguments[0] in ("share", "event"):
                    until(lambda: len(registry()) > before)
                running.send_signal(signal.SIGTERM)
                assert running.process.wait(LIMIT) == 0, arguments
    os.close(reader)
    os.close(writer)


@test
def held_up_sender_ends_its_stream():
    """The receiver reports that the stream has ended, and not that the sender has died."""
    with sending("e", "--lossless", "--timeout", "60", "--wait-subscribers", "1") as sender:
        with Running("recv", "e", "--every", "--frames", "100000") as receiver:
            until_frames(2)
            receiver.send_signal(signal.SIGSTOP)
            sender.end(signal.SIGINT)
            receiver.send_signal(signal.SIGCONT)
            said = receiver.finish()[1]
            assert re.search(r"the stream ended after \d+ of 100000 frames", said), said


# ---- descriptors that don't block ----


def non_blocking_pipe():
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer


def drain(fd):
    """Reads slowly until the end. Returns all bytes."""
    data = b""
    while True:
        assert select.select([fd], [], [], LIMIT)[0]
        part = os.read(fd, 10000)
        if not part:
            return data
        data += part


def into_non_blocking(*arguments):
    reader, writer = non_blocking_pipe()
    with Running(*arguments, stdout=writer) as running:
        os.close(writer)
        data = drain(reader)
        assert running.process.wait(LIMIT) == 0, running.process.stderr.read()
    os.close(reader)
    return data


@test
def non_blocking_output_is_whole():
    texels = noise(256 * 256 * 4)
    write("in.raw", texels)
    size = ["--size", "256x256", "--format", "rgba8unorm"]
    with Running("share", *size, "--raw", "in.raw", "--print-id") as share:
        number = line(share.process.stdout)
        assert into_non_blocking("grab", number, "-") == texels
        assert png.decode(into_non_blocking("grab", "--png", number, "-"))[4] == texels
        share.end()
    assert into_non_blocking("help", "send") == succeed("help", "send")
    assert json.loads(into_non_blocking("info", "--json", "--formats"))["backends"]
    with Running("send", "s", *size, "--input", "in.raw", "--loop", "--fps", "100"):
        until(streams)
        out = into_non_blocking("recv", "s", "--frames", "3", "--output", "-")
        assert out == 3 * texels


def from_non_blocking(data, *arguments):
    """Runs the program with the data in a non-blocking pipe. The caller reads its stdout."""
    reader, writer = non_blocking_pipe()
    running = Running(*arguments, stdin=reader)
    os.close(reader)
    while data:
        assert select.select([], [writer], [], LIMIT)[1]
        data = data[os.write(writer, data[:10000]) :]
    os.close(writer)
    return running


@test
def non_blocking_input_is_waited_for():
    texels = noise(256 * 256 * 4)
    size = ["--size", "256x256", "--format", "rgba8unorm"]
    picture = png.encode(256, 256, 8, 6, texels)
    for data, arguments in (
        (texels, [*size, "--raw", "-"]), (picture, ["--format", "rgba8unorm", "-"]),
    ):
        with from_non_blocking(data, "share", "--print-id", *arguments) as share:
            assert succeed("grab", line(share.process.stdout), "-") == texels
            share.end()
    with Running("recv", "s", "--every", "--output", "-") as receiver:
        arguments = [*size, "--input", "-", *LOSSLESS]
        with from_non_blocking(3 * texels, "send", "s", *arguments) as sender:
            assert receiver.finish()[0] == 3 * texels
            sender.finish()


# ---- readers that go ----


@test
def receiver_ends_with_its_reader():
    with Running("send", "idle", *SIZE, "--input", "-", stdin=subprocess.PIPE) as sender:
        until(streams)
        with Running("recv", "idle", "--output", "-") as receiver:
            until(lambda: streams()[0]["subscribers"] == 1)
            sender.process.stdin.write(noise(FRAME))
            assert exactly(receiver.process.stdout, FRAME) == noise(FRAME)
            receiver.process.stdout.close()  # no further frame comes
            receiver.process.stdout = None
            assert receiver.finish()[1] == ""
        with Running("recv", "absent", "--connect-timeout", "600", "--output", "-") as receiver:
            receiver.process.stdout.close()
            receiver.process.stdout = None
            assert receiver.finish()[1] == ""
        sender.process.stdin.close()
        sender.process.stdin = None
        sender.finish()


@test
def who_tells_of_changes_ends_with_its_reader():
    with sending("s"):
        for arguments in (["list", "--watch"], ["list", "--watch", "--json"], ["top"]):
            with Running(*arguments) as running:
                assert line(running.process.stdout)
                running.process.stdout.close()
                running.process.stdout = None
                assert running.finish()[1] == "", arguments


# ---- input that is no picture ----

FILES = {
    "a PNG picture": png.encode(64, 36, 8, 6, noise(FRAME)),
    "a JPEG picture": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(FRAME),
    "a GIF picture": b"GIF89a" + noise(FRAME),
    "a BMP picture": b"BM" + bytes(12) + b"\x28\0\0\0" + noise(FRAME),
    "a TIFF picture": b"II*\0" + noise(FRAME),
    "a WebP picture": b"RIFF1234WEBP" + noise(FRAME),
    "an MP4 film": b"\0\0\0\x20ftypisom" + noise(FRAME),
    "a QuickTime film": b"\0\0\0\x14ftypqt  " + noise(FRAME),
    "a Matroska or WebM film": b"\x1a\x45\xdf\xa3" + noise(FRAME),
    "a Y4M film": b"YUV4MPEG2 W64 H36 F30:1\n" + noise(FRAME),
    "an AVI film": b"RIFF1234AVI LIST" + noise(FRAME),
    "an MPEG transport stream": b"\x47\x40\x11\x10" + noise(FRAME),
    "a Netpbm picture": b"P6\n64 36\n255\n" + noise(FRAME),
    "packed by gzip": gzip.compress(noise(FRAME)),
    "packed by zstd": b"\x28\xb5\x2f\xfd" + noise(FRAME),
    "a ZIP archive": b"PK\x03\x04" + noise(FRAME),
    "a NumPy array": b"\x93NUMPY\x01\0" + noise(FRAME),
}


@test
def files_that_are_no_texels_are_refused():
    for kind, data in FILES.items():
        write("in file", data)
        fail(1, kind, "send", "s", *SIZE, "--input", "in file")
        fail(1, kind, "send", "s", *SIZE, "--input", "-", data=data)
        fail(1, kind, "share", *SIZE, "--raw", "in file")
        fail(1, kind, "share", *SIZE, "--raw", "-", data=data)
        if kind != "a PNG picture":
            fail(1, kind, "share", "in file")
            fail(1, kind, "share", "-", data=data)
    assert registry() == []


@test
def the_line_that_is_told_works():
    if not shutil.which("ffmpeg"):
        raise unittest.SkipTest("no ffmpeg")
    texels = noise(FRAME)
    picture = b"".join(texels[i : i + 3] + b"\xff" for i in range(0, FRAME, 4))
    write("in it's.png", png.encode(64, 36, 8, 6, picture))
    shutil.copy("in it's.png", "in here.png")
    said = geyser("share", *SIZE, "--raw", "in here.png").stderr.decode()
    command = said[said.index("ffmpeg") :].strip()
    assert command.startswith("ffmpeg -nostdin "), said  # in the background it would stop
    assert "'in here.png'" in command and command.count("\n") == 0, said
    environment = {**os.environ, "PATH": f"{os.path.dirname(GEYSER)}:{os.environ['PATH']}"}
    with subprocess.Popen(
        command + " --print-id", shell=True, env=environment, stdout=subprocess.PIPE,
        start_new_session=True,
    ) as share:
        try:
            number = line(share.stdout)
            assert succeed("grab", number, "-") == picture
        finally:
            os.killpg(share.pid, signal.SIGTERM)
            share.stdout.read()  # until the shell's children have ended, too
            share.wait(LIMIT)


@test
def raw_texels_may_be_anything_else():
    for head in (b"BM", b"P6\n", b"\xff\xd8\xff\xff", b"RIFF", b"\0\0\0\0", b"\x47" * 400, b"II"):
        data = (head + noise(FRAME))[:FRAME]
        with Running("recv", "s", "--every", "--output", "-") as receiver:
            succeed("send", "s", *SIZE, "--input", "-", *LOSSLESS, data=data)
            assert receiver.finish()[0] == data, head


@test
def file_that_is_no_whole_frames():
    data = noise(2 * FRAME)
    write("in.raw", data + b"x" * 100)
    with Running("recv", "cut", "--every", "--output", "-") as receiver:
        result = geyser("send", "cut", *SIZE, "--input", "in.raw", *LOSSLESS)
        said = result.stderr.decode().splitlines()
        assert result.returncode == 1 and len(said) == 2, result
        assert f"{2 * FRAME + 100} bytes are 2 frames" in said[0], said
        assert "100 bytes after 2 frames" in said[1], said
        assert receiver.finish()[0] == data


@test
def names_that_promise_another_kind_are_refused():
    for name in ("out.mp4", "a.b/out.MKV", "o.jpg", "o.jpeg", "o.gif", "o.webm", "o.tiff"):
        fail(2, name, "recv", "s", "--output", name)
        fail(2, name, "grab", "0x7", name)
    with sending("s"):
        for name in ("out", "out.raw", "out.rgba", ".hidden", "a.b", "x.png"):
            extra = ["--raw"] if name in ("a.b", "x.png") else []
            succeed("recv", "s", "--frames", "1", "--output", name, *extra)
            assert len(read(name)) == FRAME
        succeed("recv", "s", "--frames", "1", "--output", "picture", "--png")
        assert png.decode(read("picture"))[:2] == (64, 36)
        out = succeed("recv", "s", "--frames", "1", "--output", "-", "--png")
        assert png.decode(out)[:2] == (64, 36)
        succeed("recv", "s", "--frames", "1", "--output", "/dev/null")


@test
def terminals_get_no_binary_data():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with sending("s"), Running("share", "--print-id", "in.png") as share:
        number = line(share.process.stdout)
        for arguments in (
            ["recv", "s", "--output", "-"], ["grab", number, "-"], ["grab", "--png", number, "-"],
            ["recv", "s", "--output", "/dev/tty"], ["grab", number, "/dev/stdout", "--raw"],
            ["share", "-"], ["share", *SIZE, "--raw", "-"], ["send", "t", *SIZE, "--input", "-"],
        ):
            with Terminal(*arguments) as terminal:
                terminal.read_until(b"is a terminal")
                terminal.finish(2 if arguments[0] == "recv" and arguments[-1] == "-" else 1)
        share.end()


@test
def what_a_picture_says_of_its_colours_is_named():
    exif = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + bytes(4)
    profile = b"A profile\0\0" + zlib.compress(b"\0\0\0\x80" + bytes(124))
    for words, chunk in (
        ("gamma (1)", (b"gAMA", struct.pack(">I", 100000))),
        ("primaries", (b"cHRM", struct.pack(">8I", *[30000] * 8))),
        ("colour space (cICP)", (b"cICP", bytes((9, 16, 0, 1)))),
        ("orientation (6)", (b"eXIf", exif)),
        ("colour profile (A profile)", (b"iCCP", profile)),
        ("", (b"gAMA", struct.pack(">I", 45455))),
        ("", (b"sRGB", b"\0")),
    ):
        write("in.png", png.encode(2, 2, 8, 6, noise(16), [chunk]))
        with Running("share", "--print-id", "in.png") as share:
            number = line(share.process.stdout)
            succeed("grab", number, "out.png")
            assert png.decode(read("out.png"))[4] == noise(16)
            said = share.end()[1]
            assert words in said and bool(words) == bool(said), (words, said)


# ---- messages while the program waits ----


@test
def terminals_are_told_what_is_waited_for():
    with Terminal("recv", "cam", "--connect-timeout", "60") as receiver:
        receiver.read_until(b"cam: waiting for the stream to begin")
        with Terminal("send", "cam", *SIZE, "--wait-subscribers", "2") as sender:
            sender.read_until(b"cam: waiting for 2 subscribers")
            receiver.read_until(b"cam: waiting for a frame")
            os.write(sender.fd, b"\003")
            sender.finish()
        receiver.read_until(b"0 frames")
        receiver.finish(1)
    with Terminal("send", "cam", *SIZE, "--input", fifo("in")) as sender:
        sender.read_until(b"waiting for the first frame from in")
        os.write(sender.fd, b"\003")
        sender.finish()


@test
def stopped_sender_is_told_from_none():
    with sending("cam") as sender, Running("recv", "cam", "--timeout", "1") as receiver:
        until(lambda: watches_its_peer(receiver))
        sender.send_signal(signal.SIGSTOP)
        assert "is stopped" in receiver.finish(1)[1]
        fail(1, "is stopped", "recv", "cam", "--connect-timeout", "0.3")
        sender.send_signal(signal.SIGCONT)
        sender.end()


@test
def absent_stream_is_told_with_what_there_is():
    fail(1, "no streams in ", "recv", "cam", "--connect-timeout", "0")
    fail(1, "same user only", "recv", "cam", "--connect-timeout", "0")
    with sending("camera"), sending("z"):
        fail(1, "did you mean camera?", "recv", "camara", "--connect-timeout", "0")
        fail(1, "same user only", "recv", "something", "--connect-timeout", "0")


@test
def fewer_frames_are_told():
    with Running("recv", "s", "--every", "--frames", "5") as receiver:
        succeed("send", "s", *SIZE, "--pattern", "bars", "--frames", "3", *LOSSLESS)
        assert "ended after 3 of 5 frames" in receiver.finish()[1]


@test
def killed_sender_is_told_from_an_end():
    for arguments in ([], ["--every"], ["--output", "o.raw"]):
        with sending("s") as sender, Running("recv", "s", *arguments) as receiver:
            until(lambda: streams()[0]["subscribers"] == 1)
            until_frames(2)
            sender.kill()
            assert "died" in receiver.finish(1)[1]


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

#!/usr/bin/env python3
"""Tests of send, recv, list and top: streams_cli.py GEYSER. Prints TAP. Each wait has a limit."""

import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import (  # noqa: E402
    BACKEND, GEYSER, LIMIT, commands, fail, need, noise, read, registry, run_all, succeed, write,
)

SIZE = ["--size", "64x36", "--format", "rgba8unorm"]
FRAME = 64 * 36 * 4
LOSSLESS = ["--lossless", "--wait-subscribers", "1"]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Running:
    """A running program. It is killed at the end of the with block."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        if arguments[0] == "recv" and "--connect-timeout" not in arguments:
            # a driver, a layer and a busy machine may keep the sender from beginning for long
            arguments += ("--connect-timeout", str(LIMIT))
        self.process = subprocess.Popen(
            [GEYSER, *arguments], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, bufsize=0,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def finish(self, status=0):
        """Waits until the program has ended by itself. Returns its stdout and its stderr."""
        out, message = self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == status, (self.process.returncode, message)
        return out, message.decode()

    def end(self, number=signal.SIGTERM, status=0):
        """Sends a signal. The program must end soon afterwards."""
        start = time.monotonic()
        self.process.send_signal(number)
        result = self.finish(status)
        assert time.monotonic() - start < LIMIT / 2, "it took too long"
        return result

    def kill(self):
        self.process.kill()
        self.process.wait(LIMIT)

    def send_signal(self, number):
        self.process.send_signal(number)


def line(stream):
    ready, _, _ = select.select([stream], [], [], LIMIT)
    assert ready, "no line came"
    return stream.readline().decode().rstrip("\n")


def exactly(stream, count):
    """Reads exactly `count` bytes, in several reads if a pipe gives fewer."""
    data = b""
    while len(data) < count:
        ready, _, _ = select.select([stream], [], [], LIMIT)
        assert ready, f"only {len(data)} of {count} bytes came"
        part = stream.read(count - len(data))
        assert part, f"the output ended after {len(data)} of {count} bytes"
        data += part
    return data


def streams():
    return json.loads(succeed("list", "--json"))


def until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it never came to be"


def frames_so_far():
    return streams()[0]["frames"]


def stands_still():
    before = frames_so_far()
    return frames_so_far() == before


def until_frames(count):
    """Waits until that many further frames are published."""
    wanted = frames_so_far() + count
    until(lambda: frames_so_far() >= wanted)


def sending(name, *arguments, size=SIZE):
    """Returns a running `geyser send` with a pattern, whose stream is published."""
    sender = Running("send", name, *size, "--pattern", "clock", *arguments)
    until(lambda: name in [stream["name"] for stream in streams()])
    return sender


# ---- frames ----


@test
def clip_arrives_whole():
    """The stream's checksum is the same on both sides."""
    clip = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2"]
    command = ["ffmpeg", "-v", "error", *clip, "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    data = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
    ).stdout
    assert len(data) == 60 * 320 * 180 * 4
    size = ["--size", "320x180", "--format", "rgba8unorm"]
    with Running("recv", "cam", "--every", "--output", "-", "--json") as receiver:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as ffmpeg, Running("send", "cam", *size, *LOSSLESS, stdin=ffmpeg.stdout) as sender:
            out, message = receiver.finish()
            sender.finish()
            ffmpeg.stdout.close()
            assert ffmpeg.wait(LIMIT) == 0
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()
    figures = json.loads(message)
    assert (figures["frames"], figures["dropped"]) == (60, 0), figures


@test
def file_is_looped():
    data = noise(3 * FRAME)
    write("in.raw", data)
    with Running("recv", "f", "--every", "--output", "out.raw") as receiver:
        arguments = ["--input", "in.raw", "--loop", "--frames", "7", *LOSSLESS]
        succeed("send", "f", *SIZE, *arguments)
        receiver.finish()
    assert read("out.raw") == (data * 3)[: 7 * FRAME]


@test
def aligned_rows_hold_the_same_frames():
    """The gaps between rows are neither read nor written, also where a frame has planes."""
    for form, size in (("rgba8unorm", 33 * 7 * 4), ("i420", 33 * 7 + 2 * 17 * 4)):
        data = noise(3 * size)
        write("in.raw", data)
        frames = ["--size", "33x7", "--format", form, "--row-alignment", "64"]
        with Running("recv", "rows", "--every", "--output", "-") as receiver:
            succeed("send", "rows", *frames, "--input", "in.raw", "--backend", "host", *LOSSLESS)
            assert receiver.finish()[0] == data


@test
def input_that_ends_within_a_frame():
    data = noise(2 * FRAME)
    with Running("recv", "cut", "--every", "--output", "-") as receiver:
        arguments = ["--input", "-", *LOSSLESS]
        fail(1, "100 bytes after 2 frames", "send", "cut", *SIZE, *arguments, data=data + b"x" * 100)
        assert receiver.finish()[0] == data


@test
def input_that_is_nothing():
    fail(1, "0 bytes", "send", "e", *SIZE, "--input", "-")
    fail(1, "no/such", "send", "e", *SIZE, "--input", "/no/such")
    fail(1, "directory", "send", "e", *SIZE, "--input", ".")
    fail(1, "looped", "send", "e", *SIZE, "--input", "-", "--loop")
    assert registry() == []


@test
def pictures_are_the_frames():
    arguments = ["--pattern", "noise", "--frames", "5", "--lossless", "--wait-subscribers", "2"]
    with Running("recv", "p", "--every", "--output", "f-%03d.png") as pictures:
        with Running("recv", "p", "--every", "--output", "-") as raw:
            succeed("send", "p", *SIZE, *arguments)
            pictures.finish()
            data = raw.finish()[0]
    names = sorted(os.listdir("."))
    assert names == [f"f-{i:03}.png" for i in range(1, 6)], names
    for i, name in enumerate(names):
        assert png.decode(read(name)) == (64, 36, 8, 6, data[i * FRAME : (i + 1) * FRAME])


@test
def patterns_are_repeatable():
    for pattern, form in (
        ("bars", "r8unorm"), ("ramp", "rgb10a2unorm"), ("noise", "rgba16float"),
        ("clock", "bgra8unorm-srgb"),
    ):
        seen = set()
        for _ in range(2):
            with Running("recv", "p", "--every", "--output", "-") as receiver:
                arguments = ["--pattern", pattern, "--frames", "3", "--fps", "1000"]
                succeed("send", "p", "--size", "33x17", "--format", form, *arguments, *LOSSLESS)
                out = receiver.finish()[0]
            third = len(out) // 3
            assert len({out[i * third : (i + 1) * third] for i in range(3)}) == 3, pattern
            seen.add(out)
        assert len(seen) == 1, (pattern, form)


@test
def frames_come_at_their_rate():
    start = time.monotonic()
    succeed("send", "t", *SIZE, "--pattern", "bars", "--fps", "30000/1001", "--frames", "16")
    assert time.monotonic() - start >= 15 * 1001 / 30000


@test
def another_size_is_refused_in_a_raw_file():
    with Running("recv", "c", "--reconnect", "--every", "--output", "out.raw") as receiver:
        arguments = ["--pattern", "bars", "--frames", "2", *LOSSLESS]
        succeed("send", "c", *SIZE, *arguments)
        succeed("send", "c", "--size", "32x32", "--format", "r8unorm", *arguments)
        message = receiver.finish(1)[1]
    assert re.search(r"32x32 r8unorm.*64x36 rgba8unorm", message), message


@test
def receiver_spins():
    """It gets the same frames, ends at a signal, and refuses a wrong time."""
    arguments = ["--every", "--frames", "30", "--spin", "1000000", "--output", "out.raw"]
    with Running("recv", "s", *arguments) as receiver:
        succeed("send", "s", *SIZE, "--pattern", "bars", "--frames", "30", *LOSSLESS)
        receiver.finish()
    assert len(read("out.raw")) == 30 * FRAME
    for wrong in ("-1", "1000001", "0.5", "1s", ""):
        words = f"time to spin ({wrong}): expected microseconds, 0 to 1000000"
        fail(2, words, "recv", "s", f"--spin={wrong}")


@test
def receiver_reconnects():
    arguments = ["--reconnect", "--every", "--frames", "6", "--output", "out.raw"]
    with Running("recv", "r", *arguments) as receiver:
        for _ in range(2):
            succeed("send", "r", *SIZE, "--pattern", "bars", "--frames", "3", *LOSSLESS)
        receiver.finish()
    assert len(read("out.raw")) == 6 * FRAME


def watches_its_peer(running):
    """Returns whether the receiver's connection is complete. The publisher counts the receiver
    earlier, while it still gets the buffers."""
    need("/proc/self/task")
    names = []
    for task in os.listdir(f"/proc/{running.process.pid}/task"):
        with open(f"/proc/{running.process.pid}/task/{task}/comm", encoding="ascii") as comm:
            names.append(comm.read().strip())
    return "geyser-ipc" in names


@test
def stream_without_a_frame():
    with Running("send", "t", *SIZE, "--input", "-", stdin=subprocess.PIPE) as sender:
        until(streams)
        fail(1, "no frame came", "recv", "t", "--timeout", "0.1")
        until(lambda: streams()[0]["subscribers"] == 0)
        with Running("recv", "t") as receiver:
            until(lambda: watches_its_peer(receiver))
            sender.finish(1)
            message = receiver.finish(1)[1]
            # On a GPU the receiver's thread begins before the connection is complete.
            words = "0 frames" if BACKEND == "host" else "0 frames|no such stream"
            assert re.search(words, message), message


@test
def stream_that_is_not_there():
    fail(1, "no such stream", "recv", "x", "--connect-timeout", "0")
    start = time.monotonic()
    fail(1, "no such stream", "recv", "x", "--connect-timeout", "0.2")
    assert time.monotonic() - start >= 0.2


@test
def taken_name_says_whose():
    with sending("n", "--application", "the first"):
        fail(1, "the first", "send", "n", *SIZE, "--pattern", "bars")


# ---- ends ----


@test
def signals_end_a_sender():
    for number, extra in (
        (signal.SIGINT, []), (signal.SIGTERM, ["--lossless"]), (signal.SIGINT, ["--fps", "1/10"]),
        (signal.SIGTERM, ["--wait-subscribers", "1"]),
    ):
        with sending("e", *extra) as sender:
            sender.end(number)
    with Running("send", "e", *SIZE, "--input", "-", stdin=subprocess.PIPE) as sender:
        until(streams)
        sender.send_signal(signal.SIGTERM)  # while the sender waits for its input
        assert sender.process.wait(LIMIT) == 0
    assert registry() == []


def stop_receiver_for_a_while(*options):
    """The stream goes on without a receiver that stands still."""
    with sending("e", "--timeout", "0.2", *LOSSLESS) as sender:
        with Running("recv", "e", "--every", *options) as receiver:
            until_frames(2)
            receiver.send_signal(signal.SIGSTOP)
            said = line(sender.process.stderr)
            assert re.search("goes on without it|hold", said), said
            until_frames(10)
            receiver.send_signal(signal.SIGCONT)
            sender.end(signal.SIGINT)
            receiver.finish()


@test
def the_stream_goes_on_without_a_stopped_receiver():
    stop_receiver_for_a_while()


def end_held_up_sender(*options):
    """A sender that a receiver holds up ends at once when it is asked to."""
    with sending("e", "--timeout", "60", *LOSSLESS) as sender:
        with Running("recv", "e", "--every", *options) as receiver:
            until_frames(2)
            receiver.send_signal(signal.SIGSTOP)
            until(stands_still)
            sender.end(signal.SIGINT)
            receiver.send_signal(signal.SIGCONT)
            receiver.finish()


@test
def sender_that_is_held_up_ends():
    end_held_up_sender()


@test
def killed_sender_ends_its_stream():
    with sending("e", "--wait-subscribers", "1") as sender:
        with Running("recv", "e", "--output", "out.raw") as receiver:
            until_frames(3)
            sender.kill()
            assert "died" in receiver.finish(1)[1]
    assert read("out.raw") and len(read("out.raw")) % FRAME == 0
    succeed("send", "e", *SIZE, "--pattern", "bars", "--frames", "1")
    assert streams() == [] and registry() == []


@test
def killed_receiver_is_not_waited_for():
    with sending("e", *LOSSLESS) as sender:
        with Running("recv", "e", "--every") as receiver:
            until_frames(3)
            receiver.kill()
        until(lambda: streams()[0]["subscribers"] == 0)
        until_frames(5)
        sender.end()


@test
def signals_end_a_receiver():
    with sending("e"):
        with Running("recv", "e", "--json") as receiver:
            until_frames(5)
            until(lambda: streams()[0]["latency_p50_ns"] > 0)
            assert json.loads(receiver.end(signal.SIGINT)[0])["frames"] > 0
        with Running("recv", "e", "--output", "-") as receiver:
            until_frames(20)  # the receiver's pipe is full by then
            receiver.send_signal(signal.SIGTERM)
            assert receiver.process.wait(LIMIT) == 0


@test
def receiver_without_room():
    with sending("e"):
        with Running("recv", "e", "--output", "-") as receiver:
            receiver.process.stdout.close()
            receiver.process.stdout = None
            assert receiver.finish()[1] == ""  # a reader that has gone is no failure
        with open(need("/dev/full"), "wb") as full:
            with Running("recv", "e", "--output", "-", stdout=full) as receiver:
                assert "No space" in receiver.finish(1)[1]
        fail(1, "/no/such/f", "recv", "e", "--output", "/no/such/f")


# ---- the directory ----


@test
def list_says_all():
    assert streams() == []
    rate = ["--fps", "30000/1001", "--application", "app\033[2J", "--buffers", "4"]
    with sending("b", *rate), sending("a", "--lossless"):
        first, second = streams()
        assert (first["name"], first["pacing"], first["path"]) == ("a", "lossless", "zero-copy")
        assert (second["frame_rate_num"], second["frame_rate_den"]) == (30000, 1001)
        assert (second["name"], second["buffers"]) == ("b", 4)
        os.environ["COLUMNS"] = "200"
        out = succeed("list").decode()
        del os.environ["COLUMNS"]
        assert "\033" not in out
        row = rf"\nb +app\S* +\d+ +64x36 +rgba8unorm +29.97 +{BACKEND} +zero-copy +4 "
        assert re.search(r"NAME +APPLICATION +PID", out) and re.search(row, out), out


@test
def stopped_sender_is_listed_by_name():
    with sending("s") as sender:
        sender.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, sender.process.pid, os.WSTOPPED)
        assert re.search(r"\ns +- +", succeed("list").decode())
        assert streams() == [{"name": "s", "application": None}]
        sender.send_signal(signal.SIGCONT)
        sender.end()


@test
def watch_tells_of_changes():
    with Running("list", "--watch") as watch, Running("list", "--watch", "--json") as machine:
        with Running("send", "w", *SIZE, "--pattern", "bars") as sender:
            said = line(watch.process.stdout)
            assert re.match(rf"\+ w geyser \d+ 64x36 rgba8unorm 60 {BACKEND}", said), said
            assert json.loads(line(machine.process.stdout))["change"] == "added"
            sender.kill()
        assert line(watch.process.stdout) == "- w"
        assert json.loads(line(machine.process.stdout)) == {"change": "removed", "name": "w"}
        watch.end(signal.SIGINT)
        machine.end(signal.SIGINT)


@test
def top_shows_rates():
    with sending("t", "--fps", "50"), Running("recv", "t"):
        until(lambda: streams()[0]["subscribers"] == 1)
        assert streams()[0]["memory_bytes"] > 3 * 64 * 36 * 4, streams()
        os.environ["COLUMNS"] = "200"
        out = succeed("top", "--interval", "0.3", "--count", "2").decode()
        del os.environ["COLUMNS"]
    row = r"^t +64x36 +rgba8unorm +zero-copy +(\d+\.\d) +\S+ .s +\S+ .s +\d+ +1 +\d+ +\d+\.\d MiB$"
    rates = re.findall(row, out, re.M)
    assert len(rates) == 2 and all(0 < float(rate) < 100 for rate in rates), out


class Terminal:
    """A program on a terminal."""

    def __init__(self, *arguments, columns=80, program=GEYSER, environment=None):
        self.unread = b""
        try:
            self.pid, self.fd = pty.fork()
        except OSError as error:  # a sandbox without devpts
            raise unittest.SkipTest(f"no terminals here: {error}") from error
        if self.pid == 0:
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)  # nohup may have started the tests
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
            os.execve(program, [program, *arguments], {**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read_until(self, words):
        """Reads up to the words, and not on: what follows them may be what the next call wants."""
        end = time.monotonic() + LIMIT
        while words not in self.unread:
            ready = select.select([self.fd], [], [], max(end - time.monotonic(), 0))[0]
            assert ready, (words, self.unread[-4096:])
            self.unread += os.read(self.fd, 4096)
        self.unread = self.unread[self.unread.index(words) + len(words) :]

    def finish(self, status=0):
        pid, self.pid = self.pid, 0
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status


@test
def terminals_are_kept_in_order():
    with Terminal("send", "t", *SIZE, "--pattern", "bars") as sender:
        sender.read_until(b" fps, 0 subscribers")
        with Terminal("top", "--interval", "0.1") as top:
            top.read_until(b"64x36")
            os.write(top.fd, b"xq")
            top.read_until(b"\033[?1049l")  # restores the screen
            top.finish()
        os.write(sender.fd, b"\003")
        sender.read_until(b"frames sent")
        sender.finish()


# ---- words ----


@test
def wrong_usage_is_status_2():
    for words, arguments in (
        ("stream's name", ["send"]),
        ("size", ["send", "x"]),
        ("format", ["send", "x", "--size", "4x4", "--input", "-"]),
        ("WxH", ["send", "x", "--size", "4x"]),
        ("did you mean rgba8unorm", ["send", "x", "--size", "4x4", "--format", "rgba8"]),
        ("bars, ramp, noise or clock", ["send", "x", *SIZE, "--pattern", "snow"]),
        ("2 to 16", ["send", "x", *SIZE, "--buffers", "1"]),
        ("2 to 16", ["send", "x", *SIZE, "--buffers", "17"]),
        ("power of two", ["send", "x", *SIZE, "--row-alignment", "96"]),
        ("1 to 4096", ["send", "x", *SIZE, "--row-alignment", "8192"]),
        ("30000/1001", ["send", "x", *SIZE, "--fps", "0"]),
        ("30000/1001", ["send", "x", *SIZE, "--fps", "30/0"]),
        ("0 to 64", ["send", "x", *SIZE, "--wait-subscribers", "65"]),
        ("frames", ["send", "x", *SIZE, "--frames", "0"]),
        ("one of them", ["send", "x", *SIZE, "--input", "f", "--pattern", "bars"]),
        ("--input", ["send", "x", "--size", "4x4", "--format", "r32float", "--pattern", "bars"]),
        ("stream's name", ["send", "x", "y", *SIZE]),
        ("name", ["send", "", *SIZE, "--frames", "1"]),
        ("name", ["send", "n" * 64, *SIZE, "--frames", "1"]),
        ("application", ["send", "x", *SIZE, "--application", "a" * 64]),
        ("seconds", ["send", "x", *SIZE, "--timeout", "0"]),
        ("stream's name", ["recv"]),
        ("%d or %0Nd", ["recv", "x", "--output", "a-%s.png"]),
        ("%d or %0Nd", ["recv", "x", "--output", "a-%d-%d.png"]),
        ("%d or %0Nd", ["recv", "x", "--output", "%010d.png"]),
        ("%d or %0Nd", ["recv", "x", "--output", "100%"]),
        ("ends in .png", ["recv", "x", "--output", "a-%d.raw"]),
        ("--frames 1", ["recv", "x", "--output", "a.png"]),
        ("1 or more", ["recv", "x", "--frames", "0"]),
        ("seconds", ["recv", "x", "--timeout", "-1"]),
        ("name", ["recv", "n" * 64]),
        ("none", ["list", "x"]),
        ("--help", ["list", "--wrong"]),
        ("0.05", ["top", "--interval", "0"]),
        ("1 or more", ["top", "--count", "0"]),
    ):
        fail(2, words, *arguments)
    assert registry() == [] and os.listdir(".") == []


@test
def help_is_there():
    for command in commands():
        text = succeed(command, "--help")
        assert text.startswith(b"usage: geyser " + command.encode()), text


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

#!/usr/bin/env python3
"""Tests of `geyser view` in a terminal, and of its usage: view_terminal_cli.py GEYSER. Prints
TAP."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import unittest

sys.dont_write_bytecode = True
from cli import GEYSER, LIMIT, fail, noise, run_all, succeed, write  # noqa: E402
from streams_cli import Running, Terminal, sending, streams, until  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def still(name, width, height, data, form="rgba8unorm", *arguments):
    """Returns a running sender of one picture again and again."""
    write("still.raw", data)
    sender = Running(
        "send", name, "--size", f"{width}x{height}", "--format", form, "--input", "still.raw",
        "--loop", "--fps", "50", *arguments,
    )
    until(lambda: name in [stream["name"] for stream in streams()])
    return sender


class Shell(Terminal):
    """A script of bash on a terminal."""

    def __init__(self, script):
        bash = shutil.which("bash")
        if not bash:
            raise unittest.SkipTest("bash is not installed")
        super().__init__("-c", script, program=bash, environment={"GEYSER": GEYSER})


def opaque(count):
    data = bytearray(noise(count * 4))
    data[3::4] = b"\xff" * count
    return bytes(data)


def blocks(text):
    """Returns the rows of half-blocks, each a list of (upper, lower) colours."""
    rows = []
    for line in text.split("\n"):
        upper = lower = None
        row = []
        for ground, colour, block in re.findall(r"\x1b\[([34]8);2;(\d+;\d+;\d+)m|(\u2580)", line):
            if block:
                row.append((upper, lower))
            elif ground == "38":
                upper = tuple(map(int, colour.split(";")))
            else:
                lower = tuple(map(int, colour.split(";")))
        if row:
            rows.append(row)
    return rows


def texels(text):
    """Returns the texels that the half-blocks show, row by row."""
    return [
        [pair[half] for pair in row] for row in blocks(text) for half in (0, 1)
    ]


def colours(data, width):
    flat = [tuple(data[i : i + 3]) for i in range(0, len(data), 4)]
    return [flat[i : i + width] for i in range(0, len(flat), width)]


@test
def half_blocks_are_the_texels():
    data = opaque(40 * 20)
    os.environ["COLUMNS"] = "40"
    try:
        with still("t", 40, 20, data):
            out = succeed("view", "t", "--terminal", "--frames", "1").decode()
            assert texels(out) == colours(data, 40)
            out = succeed("view", "t", "-T", "-n", "1", "-C", "g").decode()
            assert texels(out) == [[(c[1],) * 3 for c in row] for row in colours(data, 40)]
    finally:
        del os.environ["COLUMNS"]


@test
def pictures_are_shrunk():
    """A gray picture stays gray, in its shape."""
    with still("t", 300, 100, bytes([9, 9, 9, 255]) * 30000):
        rows = texels(succeed("view", "t", "--terminal", "--frames", "1").decode())
        assert (len(rows), len(rows[0])) == (26, 80) and set(rows[0]) == {(9, 9, 9)}


def sixels(data):
    """Returns a dictionary of x and y to the colour, 0 to 100, of a picture in sixels."""
    match = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\\n', data, re.S)
    palette, out, x, y, colour = {}, {}, 0, 0, None
    for number, levels, count, sixel, control in re.findall(
        r"#(\d+)((?:;\d+)*)|(?:!(\d+))?([?-~])|([$-])", match.group(3)
    ):
        if number:
            colour = int(number)
            if levels:
                palette[colour] = tuple(map(int, levels.split(";")[2:]))
        elif sixel:
            for _ in range(int(count or 1)):
                for row in range(6):
                    if ord(sixel) - 63 >> row & 1:
                        out[x, y + row] = palette[colour]
                x += 1
        else:
            x, y = 0, y + 6 * (control == "-")
    return int(match.group(1)), int(match.group(2)), out


@test
def sixels_are_near_the_texels():
    """Plain colours of the palette are exact. Others are dithered: their mean is right."""
    rows = [bytes([255, 0, 51, 255]) * 20, bytes([30, 128, 200, 255]) * 20]
    os.environ["COLUMNS"] = "20"
    try:
        with still("t", 20, 2, b"".join(rows)):
            width, height, out = sixels(succeed("view", "t", "--sixel", "--frames", "1").decode())
    finally:
        del os.environ["COLUMNS"]
    assert (width, height, len(out)) == (200, 20, 4000), (width, height, len(out))
    assert out[0, 0] == (100, 0, 20) and out[199, 0] == (100, 0, 20)
    for channel, wanted in enumerate((30, 128, 200)):
        cells = [out[x, y][channel] for x in range(200) for y in range(16, 20)]
        assert abs(sum(cells) / 800 * 2.55 - wanted) < 2, (channel, cells)


@test
def formats_of_all_kinds():
    """Video, floats, integers and depth: white and black."""
    for form, white, black in (
        ("nv12", bytes([235] * 4 + [128] * 2), bytes([16] * 4 + [128] * 2)),
        ("r32float", b"\0\0\x80\x3f" * 4, bytes(16)), ("r16uint", b"\xff\xff" * 4, bytes(8)),
        ("r16sint", b"\xff\x7f" * 4, bytes(8)), ("depth32float", b"\0\0\x80\x3f" * 4, bytes(16)),
    ):
        for data, level in ((white, 255), (black, 0)):
            with still("t", 2, 2, data, form, "--backend", "host"):
                out = succeed("view", "t", "-T", "-n", "1", "-B", "host").decode()
                assert set(sum(texels(out), [])) == {(level,) * 3}, (form, level, out)


@test
def keys_in_a_terminal():
    with still("t", 8, 4, bytes([10, 200, 30, 255]) * 32):
        with Terminal("view", "t", "--terminal") as view:
            view.read_until(b"\033[38;2;10;200;30m")
            view.read_until(b"t  8x4 rgba8unorm")
            os.write(view.fd, b"ccc")
            view.read_until(b"channels g")
            view.read_until(b"\033[38;2;200;200;200m")
            os.write(view.fd, b"r ")
            view.read_until(b"paused")
            os.write(view.fd, b"h")
            view.read_until(b"space  pause, go on")
            os.write(view.fd, b"h")
            view.read_until(b"\033[38;2;10;200;30m")
            os.write(view.fd, b"q")
            view.read_until(b"\033[?1049l")
            view.finish()


@test
def first_look_comes_back():
    with still("t", 8, 4, bytes([10, 60, 30, 255]) * 32):
        with Terminal("view", "t", "-T", "-C", "g", "-e", "2") as view:
            view.read_until(b"channels g, exposure +2.0")
            os.write(view.fd, b"cEt")
            view.read_until(b"channels b, exposure +1.5, tone mapping on")
            os.write(view.fd, b"r")
            view.read_until(b"channels g, exposure +2.0\033[K")
            os.write(view.fd, b"q")
            view.read_until(b"\033[?1049l")
            view.finish()


@test
def sender_that_dies_and_comes_back():
    with Terminal("view", "t", "--terminal") as view:
        view.read_until(b"waiting for the stream to begin")
        with sending("t") as sender:
            view.read_until(b"t  64x36 rgba8unorm")
            sender.kill()
            view.read_until(b"the sender died")
        with sending("t") as sender:
            view.read_until(b" fps  \033[K")  # no words about its state
            sender.end()
            view.read_until(b"the stream has ended")
        os.kill(view.pid, signal.SIGTERM)
        view.read_until(b"\033[?1049l")
        view.finish()


@test
def stopped_by_control_z():
    """The shell gets its terminal back as it was, and `fg` continues. An own shell: without one
    nothing stops."""
    script = (
        "set -m; stty rows 24 cols 80; $GEYSER view t --terminal;"
        " echo status $?, $(stty -a | grep -ow -e '-\\?icanon' -e '-\\?echo' | tr '\\n' ' ').; fg"
    )
    with still("t", 8, 4, bytes([10, 200, 30, 255]) * 32):
        with Shell(script) as view:
            view.read_until(b"\033[?1049h")
            view.read_until(b"t  8x4 rgba8unorm")
            os.write(view.fd, b"\x1a")
            view.read_until(b"\033[?25h\033[?1049l")
            view.read_until(b"status 148, icanon echo .")
            view.read_until(b"\033[?1049h")
            view.read_until(b"t  8x4 rgba8unorm")
            os.write(view.fd, b"ccc")  # without a line's end
            view.read_until(b"channels g")
            os.write(view.fd, b"q")
            view.read_until(b"\033[?1049l")
            view.finish()


@test
def every_signal_leaves_the_terminal_as_it_was():
    """Ctrl-C, Ctrl-\\ and what a closed window sends. The shell of `nohup` is not ended by that."""
    with still("t", 8, 4, bytes([10, 200, 30, 255]) * 32):
        for command in ("view t --terminal", "top"):
            for end in (b"\x03", b"\x1c", signal.SIGTERM, signal.SIGHUP):
                with Terminal(*command.split()) as terminal:
                    before = termios.tcgetattr(terminal.fd)
                    terminal.read_until(b"8x4")
                    assert termios.tcgetattr(terminal.fd) != before, command
                    if isinstance(end, bytes):
                        os.write(terminal.fd, end)
                    else:
                        os.kill(terminal.pid, end)
                    terminal.read_until(b"\033[?1049l")
                    after = termios.tcgetattr(terminal.fd)
                    assert after == before, (command, end)
                    terminal.finish()


@test
def sender_that_answers_late():
    with sending("t") as sender:
        sender.send_signal(signal.SIGSTOP)
        with Terminal("view", "t", "--terminal") as view:
            view.read_until(b"waiting for the stream to begin")
            sender.send_signal(signal.SIGCONT)
            view.read_until(b"t  64x36 rgba8unorm")
            os.write(view.fd, b"q")
            view.read_until(b"\033[?1049l")
            view.finish()


@test
def frame_that_cannot_be_shown():
    """A matrix that no conversion of video knows: a terminal says so, and a pipe is a failure."""
    with still("t", 4, 2, bytes(12), "nv12", "--color", "rgb"):
        fail(1, "color matrix (0)", "view", "t", "--terminal", "--frames", "1")
        with Terminal("view", "t", "--terminal") as view:
            view.read_until(b"color matrix (0)")
            os.write(view.fd, b"q")
            view.read_until(b"\033[?1049l")
            view.finish()


@test
def gone_reader_ends_it():
    with sending("t"), Running("view", "t", "--terminal") as view:
        assert select.select([view.process.stdout], [], [], LIMIT)[0]
        view.process.stdout.close()
        view.process.stdout = None
        assert view.process.wait(LIMIT) == 0


@test
def figures():
    with sending("t"):
        message = subprocess.run(
            [GEYSER, "view", "t", "-T", "-n", "3", "--stats"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=LIMIT, check=True, text=True,
        ).stderr
    words = r"geyser: t: 3 frames shown, \d+ dropped, delay p50 [\d.]+ ms, p99 [\d.]+ ms, [\d.]+ fps\n"
    assert re.fullmatch(words, message), message


@test
def wrong_usage_is_status_2():
    for words, arguments in (
        ("no stream's name", []), ("frames (0)", ["a", "--frames", "0"]),
        ("too many streams (17)", [str(i) for i in range(17)]),
        ("unknown channels (x): expected rgba, rgb, r, g, b or a", ["a", "--channels", "x"]),
        ("exposure (21)", ["a", "--exposure", "21"]), ("exposure (nan)", ["a", "--exposure", "nan"]),
        ("exposure (1x)", ["a", "--exposure", "1x"]),
        ("several streams in a terminal (2)", ["a", "b", "--terminal"]),
        ("--snapshot in a terminal", ["a", "--sixel", "--snapshot", "a.png"]),
        ("--size in a terminal", ["a", "--sixel", "--size", "3x3"]),
        ("--terminal and --sixel", ["a", "--sixel", "--terminal"]),
        ("connect timeout", ["a", "--connect-timeout", "0"]), ("WxH", ["a", "--size", "3"]),
        ("0x01", ["a\x01", "--terminal"]), ("63 bytes at most", ["n" * 64, "--terminal"]),
    ):
        fail(2, words, "view", *arguments)
    fail(2, "--snapshot in a terminal (a.png)", "view", "a", "--terminal", "--snapshot", "a.png")
    fail(2, "--size in a terminal (4x4)", "view", "a", "--sixel", "--size", "4x4")
    fail(2, "unknown kind of picture (a.jpg)", "view", "a", "--snapshot", "a.jpg")
    fail(1, "no such stream", "view", "a", "--terminal", "--connect-timeout", "0.1")
    fail(1, "no/such", "view", "a", "--snapshot", "no/such/a.png")


@test
def without_a_display():
    """Also a build without a window names the terminal. Wayland's library has words of its own where
    there is no XDG_RUNTIME_DIR."""
    keys = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    displays = {key: os.environ.pop(key) for key in keys if key in os.environ}
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    try:
        fail(1, "--terminal", "view", "cam")
        os.environ["SDL_VIDEODRIVER"] = "x11"
        fail(1, "--terminal", "view", "cam")
    finally:
        os.environ.pop("SDL_VIDEODRIVER", None)
        del os.environ["XDG_RUNTIME_DIR"]
        os.environ.update(displays)


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

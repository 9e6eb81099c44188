#!/usr/bin/env python3
"""Tests of the window of `geyser view`: view_cli.py GEYSER [PATH]. Prints TAP.

The window is on an X server without a screen, whose pixels are compared, and xdotool types. The
Python package publishes. PATH is what the text says of OpenGL's way to the frames ("in place")."""

import array
import ctypes
import glob
import itertools
import math
import os
import signal
import struct
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import BACKEND, GEYSER, LIMIT, fail, noise, read, run_all, succeed  # noqa: E402
from display import Display  # noqa: E402

try:
    import geyser as package
    import numpy
except (ImportError, OSError) as error:
    package, REASON = None, str(error)

PATH = sys.argv[2] if len(sys.argv) > 2 else "uploaded"
WIDTH, HEIGHT = 8, 6
PICTURE = noise(WIDTH * HEIGHT * 4)
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class View:
    """A running `geyser view`. It is killed at the end of the with block."""

    def __init__(self, display, *arguments):
        self.process = subprocess.Popen(
            [GEYSER, "view", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **display.environment},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def finish(self, status=0):
        out, message = self.process.communicate(timeout=LIMIT)
        assert (self.process.returncode, out) == (status, b""), (self.process.returncode, message)
        return message.decode()


def publish(name="cam", width=WIDTH, height=HEIGHT, format="rgba8unorm"):
    return package.Manager(BACKEND).publish(name, width, height, format)


def rgb(data, size=4):
    """Returns the first three of each texel's bytes."""
    return b"".join(data[i : i + 3] for i in range(0, len(data), size))


def enlarged(data, width, factor):
    """Returns an RGB picture whose texels are squares of that size."""
    rows = [data[i : i + width * 3] for i in range(0, len(data), width * 3)]
    wide = [b"".join(row[x : x + 3] * factor for x in range(0, len(row), 3)) for row in rows]
    return b"".join(row * factor for row in wide)


def shows(display, data, near=0, **part):
    """Waits until the screen, or a part of it, shows these pixels, within `near` of each."""
    def worst():
        seen = display.pixels(**part)
        assert len(seen) == len(data), (len(seen), len(data))
        return max((abs(a - b) for a, b in zip(seen, data)), default=0)
    display.until(lambda: worst() <= near, lambda: ("the screen differs by", worst()))


def rendered(display, stream, near=0, data=PICTURE, expected=None, arguments=(), **info):
    """Sends a frame, and compares the window of its size with what is expected."""
    info.setdefault("alpha", "opaque")
    stream.send(data, **info)
    with View(display, "cam", "--bare", "--size", f"{display.width}x{display.height}", *arguments):
        shows(display, expected, near)


# ---- pictures ----


@test
def texels_are_pixels():
    with Display(WIDTH, HEIGHT) as display:
        for format in ("rgba8unorm", "bgra8unorm"):
            with publish(format=format) as stream:
                data = rgb(PICTURE)
                if format[0] == "b":
                    data = b"".join(data[i : i + 3][::-1] for i in range(0, len(data), 3))
                rendered(display, stream, expected=data)


@test
def large_texels_are_squares():
    with Display(WIDTH * 5, HEIGHT * 5) as display, publish() as stream:
        rendered(display, stream, expected=enlarged(rgb(PICTURE), WIDTH, 5))


@test
def small_pictures_are_averages():
    width, height = 64, 48
    data = numpy.frombuffer(noise(width * height * 4), "u1").reshape(height, width, 4)
    mean = data.reshape(12, 4, 16, 4, 4).mean((1, 3))[..., :3]
    with Display(16, 12) as display, publish(width=width, height=height) as stream:
        expected = bytes((mean + 0.5).astype("u1").reshape(-1))
        rendered(display, stream, near=1, data=data, expected=expected)


def turned(orientation, width, height, pick):
    rows = [[pick(x, y) for x in range(width)] for y in range(height)]
    if orientation & 4:
        rows = [row[::-1] for row in rows]
    for _ in range(orientation & 3):
        rows = [[row[x] for row in rows] for x in reversed(range(len(rows[0])))]
    return rows


@test
def pictures_are_cropped_and_upright():
    with Display(4, 3) as wide, Display(3, 4) as high, publish() as stream:
        for orientation in range(8):
            rows = turned(
                orientation, 4, 3, lambda x, y: PICTURE[((y + 2) * WIDTH + x + 1) * 4 :][:3],
            )
            rendered(
                high if orientation & 1 else wide, stream, expected=b"".join(itertools.chain(*rows)),
                crop=(1, 2, 4, 3), orientation=orientation,
            )


def converted(data, form, **options):
    shape = (HEIGHT, WIDTH, 4)
    out = package.convert(data, form, to="rgba32float", **options)
    return numpy.asarray(out).reshape(shape)[..., :3]


def srgb(light):
    light = numpy.clip(light, 0, None)
    return numpy.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_bytes(colours):
    return bytes((numpy.clip(colours, 0, 1) * 255 + 0.5).astype("u1").reshape(-1))


@test
def every_kind_of_number_is_shown():
    """Compares the shader with NumPy: unorm, -srgb, float, integers, packed, few channels."""
    grid = numpy.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH, 1) / (WIDTH * HEIGHT - 1)
    colours = numpy.concatenate((grid, 1 - grid, grid * grid, grid * 0 + 1), 2)
    def as_type(kind, most, channels=4):
        return (colours[..., :channels] * most + (0.5 if most > 1 else 0)).astype(kind)
    plain, gray = colours[..., :3], numpy.repeat(grid, 3, 2)
    two = colours[..., :3] * [1, 1, 0]
    packed = as_type("u4", 1023)[..., :3] << numpy.array([0, 10, 20], "u4")
    packed = packed.sum(2, dtype="u4") | numpy.uint32(3 << 30)
    for format, data, expected in (
        ("r8unorm", as_type("u1", 255, 1), gray), ("rg8unorm", as_type("u1", 255, 2), two),
        ("rgba8unorm-srgb", as_type("u1", 255), plain),
        ("bgra8unorm-srgb", as_type("u1", 255)[..., [2, 1, 0, 3]], plain),
        ("rgba16unorm", as_type("u2", 65535), plain), ("rgb10a2unorm", packed, plain),
        ("rgba16float", as_type("f2", 1), srgb(plain)), ("r32float", as_type("f4", 1, 1), srgb(gray)),
        ("rgba32float", as_type("f4", 1), srgb(plain)),
        ("rgba16uint", as_type("u2", 65535), plain), ("r16sint", as_type("i2", 32767, 1), gray),
        ("rg32uint", as_type("u4", 2**32 - 1, 2), two), ("depth32float", as_type("f4", 1, 1), gray),
    ):
        with Display(WIDTH, HEIGHT) as display, publish(format=format) as stream:
            rendered(display, stream, 1, data.tobytes(), to_bytes(expected))


@test
def video_is_shown_as_the_library_converts_it():
    for form, color in (
        ("nv12", package.Color(1, 1, 1, package.ColorRange.LIMITED)),
        ("i420", package.Color(2, 2, 5, package.ColorRange.FULL)),
        ("p010", package.Color(1, 1, 9, package.ColorRange.LIMITED)),
        ("p010", package.Color(1, 1, 1, package.ColorRange.FULL)),
        ("i444", package.Color(2, 2, 2, package.ColorRange.LIMITED)),
        ("yuy2", package.Color(1, 1, 1, package.ColorRange.LIMITED)),
        ("uyvy", package.Color(1, 1, 1, package.ColorRange.FULL)),
        ("p416", package.Color(1, 1, 7, package.ColorRange.LIMITED)),
    ):
        for siting in (package.Siting.UNSPECIFIED, package.Siting.CENTER, package.Siting.TOP_LEFT):
            chosen = color._replace(siting=siting)
            source = numpy.frombuffer(PICTURE, "u1").reshape(HEIGHT, WIDTH, 4)
            source = (source >> 2) + 96  # inside of what video can hold
            video = package.convert(source, "rgba8unorm", form, color=chosen)
            expected = package.convert(video, form, "rgba8unorm", color=chosen)[..., :3]
            with Display(WIDTH, HEIGHT) as display, publish(format=form) as stream:
                rendered(display, stream, 2, video, bytes(expected.reshape(-1)), color=chosen)


@test
def alpha_is_over_a_chequerboard():
    data = numpy.zeros((HEIGHT, WIDTH, 4), "u1")
    data[..., 0], data[..., 3] = 200, 128
    for alpha, red in (("straight", 200 * 128 / 255), ("premultiplied", 200)):
        ground = 0.4 * 255 * (1 - 128 / 255)
        expected = numpy.zeros((HEIGHT, WIDTH, 3)) + ground + [red, 0, 0]
        with Display(WIDTH, HEIGHT) as display, publish() as stream:
            rendered(
                display, stream, 1, data, bytes((expected + 0.5).astype("u1").reshape(-1)),
                alpha=alpha,
            )


@test
def patterns_look_the_same_in_all_formats():
    seen = []
    for format in ("rgba8unorm", "rgba16float", "rgb10a2unorm"):
        sending = [GEYSER, "send", "cam", "--size", "64x36", "--format", format, "--fps", "1/100"]
        sender = subprocess.Popen(sending, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with Display(64, 36) as display:
                size = ["--bare", "--size", "64x36", "--connect-timeout", str(LIMIT)]
                with View(display, "cam", *size, "--frames", "1", "--snapshot", "shot.png") as view:
                    assert view.finish() == ""
            seen.append(png.decode(read("shot.png"))[4])
        finally:
            sender.kill()
            sender.wait(LIMIT)
    for other in seen[1:]:
        assert max(abs(a - b) for a, b in zip(seen[0], other)) <= 1


# ---- HDR ----


def pq_decode(v):
    p = numpy.clip(v, 0, None) ** (1 / 78.84375)
    return (numpy.clip(p - 0.8359375, 0, None) / (18.8515625 - 18.6875 * p)) ** (
        1 / 0.1593017578125) * 10000


def pq_encode(light):
    p = (numpy.clip(light, 0, None) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p)) ** 78.84375


def tone_mapped(light, peak):
    """ITU-R BT.2390's curve on the brightest channel, to 203 cd/m²."""
    brightest = light.max(-1, keepdims=True)
    top, most = pq_encode(peak), pq_encode(203) / pq_encode(peak)
    knee = 1.5 * most - 0.5
    v = numpy.clip(pq_encode(brightest) / top, 0, 1)
    t = (v - knee) / (1 - knee)
    curve = ((2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
             + (3 * t**2 - 2 * t**3) * most)
    mapped = pq_decode(numpy.where(v > knee, curve, v) * top)
    return light * mapped / numpy.where(brightest > 0, brightest, 1)


TO_709 = (
    (1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)


def hdr_picture():
    grid = numpy.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH, 1) / (WIDTH * HEIGHT - 1)
    return numpy.concatenate((grid * 0.8, 0.75 - grid * 0.5, grid * grid, grid * 0 + 1), 2)


@test
def bright_pictures_are_mapped():
    picture = hdr_picture()
    numbers = picture.astype("f4")[..., :3].astype("f8")
    light = tone_mapped(pq_decode(numbers), 600) / 203
    with Display(WIDTH, HEIGHT) as display, publish(format="rgba32float") as stream:
        expected = to_bytes(srgb(light @ numpy.transpose(TO_709)))
        color = package.Color(9, 16, 0, max_content_light_level=600)
        rendered(display, stream, 1, picture.astype("f4"), expected, color=color)
    scene = numpy.where(numbers <= 0.5, numbers**2 / 3,
        (numpy.exp((numbers - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    scene *= (scene @ [0.2627, 0.6780, 0.0593])[..., None] ** 0.2 * 1000
    with Display(WIDTH, HEIGHT) as display, publish(format="rgba32float") as stream:
        expected = to_bytes(srgb(tone_mapped(scene, 1000) / 203 @ numpy.transpose(TO_709)))
        color = package.Color(9, 18, 0)
        rendered(display, stream, 1, picture.astype("f4"), expected, color=color)


@test
def peaks_of_all_kinds():
    """A peak below white needs no curve. A peak that is no number isn't known."""
    picture = hdr_picture()
    light = pq_decode(picture.astype("f4")[..., :3].astype("f8"))
    for color, peak in (
        ({"max_content_light_level": 150}, None), ({"mastering_max_luminance": 0.5}, None),
        ({}, 1000), ({"max_content_light_level": math.inf}, 1000),
        ({"max_content_light_level": math.nan, "mastering_max_luminance": 600}, 600),
        ({"mastering_max_luminance": -600}, 1000),
    ):
        brightest = light.max(-1, keepdims=True)
        shown = tone_mapped(light, peak) if peak else light * numpy.minimum(1, 203 / brightest)
        with Display(WIDTH, HEIGHT) as display, publish(format="rgba32float") as stream:
            rendered(
                display, stream, 1, picture.astype("f4"), to_bytes(srgb(shown / 203)),
                color=package.Color(1, 16, 0, **color),
            )


@test
def keys_change_exposure_and_tone_mapping():
    light = numpy.zeros((HEIGHT, WIDTH, 4), "f4")
    light[...] = [0.25, 0.5, 4, 1]
    colour = numpy.array([0.25, 0.5, 4])
    def whole(value):
        return to_bytes(srgb(value)) * (WIDTH * HEIGHT)
    with Display(WIDTH, HEIGHT) as display, publish(format="rgba32float") as stream:
        stream.send(light)
        with View(display, "cam", "--bare", "--size", f"{WIDTH}x{HEIGHT}") as view:
            shows(display, whole(colour), 1)
            display.press("e", "e")
            shows(display, whole(colour * 2), 1)
            display.press("shift+e", "shift+e", "shift+e")
            shows(display, whole(colour / 2**0.5), 1)
            display.press("r")
            shows(display, whole(colour), 1)
            display.press("t")
            shows(display, whole(tone_mapped(colour * 203, 1000) / 203), 1)
            display.press("t", "c", "c", "c")  # off; green
            shows(display, whole(numpy.repeat(0.5, 3)), 1)
            display.press("r", "n")  # 0.25 is black, 4 is white
            shows(display, whole((colour - 0.25) / 3.75), 1)
            display.press("q")
            assert view.finish() == ""
    with Display(WIDTH, HEIGHT) as display, publish(format="rgba32float") as stream:
        light[..., 1] = 0.25
        stream.send(light)
        options = ["--exposure", "1.1", "--channels", "g"]
        with View(display, "cam", "--bare", "--size", f"{WIDTH}x{HEIGHT}", *options) as view:
            shows(display, whole(numpy.repeat(0.5, 3)), 1)
            display.press("shift+e", "shift+e", "c")  # a stop less; blue
            shows(display, whole(numpy.repeat(1.0, 3)), 1)
            display.press("r")  # as the options say
            shows(display, whole(numpy.repeat(0.5, 3)), 1)
            display.press("q")
            assert view.finish() == ""


# ---- the window ----


def text_window(display, *arguments):
    return View(display, "cam", "--size", f"{display.width}x{display.height}", *arguments)


@test
def text_tells_about_the_stream():
    with Display(560, 200) as display, publish(width=40, height=20) as stream:
        with text_window(display) as view:
            display.until_text("cam")
            stream.send(noise(40 * 20 * 4), alpha="opaque")
            display.until_text("cam  40x20 rgba8unorm\n")
            display.until_text(f"{BACKEND}, zero-copy; OpenGL: {PATH}")
            display.until_text("no frame for ")
            display.press("space")
            display.until_text("paused")
            display.press("o")
            display.until(lambda: not display.text(4, 4))
            display.press("o", "h")
            display.until_text("paused")
            display.until_text("space  pause, go on", (560 - 48 * 6 - 7) // 2, (200 - 15 * 10 - 5) // 2)
            display.press("q")
            view.finish()


@test
def numbers_of_a_texel():
    """The texel under the mouse, also of a picture that is turned and zoomed."""
    value = numpy.zeros((20, 40, 4), "u2")
    value[3, 5] = (1, 20000, 65535, 7)
    with Display(400, 200) as display, publish(width=40, height=20, format="rgba16uint") as stream:
        stream.send(value)
        with text_window(display) as view:
            display.until_text("cam  40x20 rgba16uint")
            display.point(5 * 10 + 5, 3 * 10 + 5)
            display.until_text("5, 3:  R 1  G 20000  B 65535  A 7", y=200 - 15 - 4)
            stream.send(value, orientation=2)
            display.point(34 * 10 + 5, 16 * 10 + 5)
            display.until_text("34, 16:  R 1  G 20000  B 65535  A 7", y=200 - 15 - 4)
            display.do("click", "4", "click", "4", "click", "4", "click", "4")  # the wheel
            display.until_text("34, 16:  R 1  G 20000  B 65535  A 7", y=200 - 15 - 4)
            display.press("0")
            display.point(5, 5)
            display.until_text("0, 0:  R 0  G 0  B 0  A 0", y=200 - 15 - 4)
            display.press("q")
            view.finish()


@test
def numbers_of_other_formats():
    for format, texel, words in (
        ("rgba8unorm-srgb", struct.pack("4B", 1, 77, 254, 3), "R 1  G 77  B 254  A 3"),
        ("rgb10a2unorm", struct.pack("<I", 1 | 500 << 10 | 1023 << 20 | 1 << 30),
         "R 1  G 500  B 1023  A 1"),
        ("r32float", struct.pack("<f", -1.25e10), "R -1.25e+10"),
        ("r32sint", struct.pack("<i", -(2**31)), "R -2147483648"),
        ("rg32uint", struct.pack("<II", 2**32 - 1, 5), "R 4294967295  G 5"),
        ("depth32float", struct.pack("<f", 0.625), "depth 0.625"),
    ):
        with Display(400, 100) as display, publish(width=2, height=1, format=format) as stream:
            stream.send(texel * 2)
            with text_window(display):
                display.point(150, 50)
                display.until_text("0, 0:  " + words, y=100 - 15 - 4)


@test
def zoom_and_moves():
    data = noise(40 * 40 * 4)
    def part(x, y, size):
        return b"".join(rgb(data[((y + r) * 40 + x) * 4 :][: size * 4]) for r in range(size))
    with Display(40, 40) as display, publish(width=40, height=40) as stream:
        stream.send(data, alpha="opaque")
        with View(display, "cam", "--bare", "--size", "40x40") as view:
            shows(display, rgb(data))
            display.press("plus", "plus")  # four times, around the middle
            shows(display, enlarged(part(15, 15, 10), 10, 4))
            display.press("Right", "Down")  # an eighth of the window
            display.press("minus")
            display.press("1")
            shows(display, rgb(data))
            display.press("plus")
            shows(display, enlarged(part(10, 10, 20), 20, 2))
            display.do("mousemove", "10", "10", "mousedown", "1", "mousemove", "20", "30", "mouseup", "1")
            shows(display, enlarged(part(5, 0, 20), 20, 2))
            display.press("0")
            shows(display, rgb(data))
            display.press("q")
            view.finish()


@test
def pause_and_step():
    frames = [noise(WIDTH * HEIGHT * 4) for _ in range(4)]
    with Display(WIDTH, HEIGHT) as display, publish() as stream:
        stream.send(frames[0], alpha="opaque")
        with View(display, "cam", "--bare", "--size", f"{WIDTH}x{HEIGHT}") as view:
            shows(display, rgb(frames[0]))
            display.press("space", "c", "c")  # red: paused by now
            shows(display, b"".join(frames[0][i : i + 1] * 3 for i in range(0, len(frames[0]), 4)))
            stream.send(frames[1], alpha="opaque")
            display.press("r")
            shows(display, rgb(frames[0]))
            display.press("period")
            stream.send(frames[2], alpha="opaque")
            shows(display, rgb(frames[2]))
            display.press("space")
            stream.send(frames[3], alpha="opaque")
            shows(display, rgb(frames[3]))
            display.press("Escape")
            view.finish()


@test
def streams_side_by_side():
    other = noise(WIDTH * HEIGHT * 4)
    with Display(WIDTH * 2, HEIGHT) as display, publish() as stream, publish("b") as second:
        stream.send(PICTURE, alpha="opaque")
        second.send(other, alpha="opaque")
        with View(display, "cam", "b", "--bare", "--size", f"{WIDTH * 2}x{HEIGHT}"):
            shows(display, rgb(PICTURE), width=WIDTH)
            shows(display, rgb(other), x=WIDTH, width=WIDTH)


@test
def resize_of_the_stream():
    larger = noise(WIDTH * HEIGHT * 4 * 4)
    with Display(WIDTH * 2, HEIGHT * 2) as display, publish() as stream:
        stream.send(PICTURE, alpha="opaque")
        with View(display, "cam", "--bare", "--size", f"{WIDTH * 2}x{HEIGHT * 2}"):
            shows(display, enlarged(rgb(PICTURE), WIDTH, 2))
            stream.resize(WIDTH * 2, HEIGHT * 2, "bgra8unorm")
            stream.send(larger, alpha="opaque")
            expected = rgb(larger)
            expected = b"".join(expected[i : i + 3][::-1] for i in range(0, len(expected), 3))
            shows(display, expected)


@test
def late_frame_is_shown_when_it_is_drawn():
    """It stays where it is, and no copy through host memory is made of the stream."""
    if PATH != "in place":
        raise unittest.SkipTest("frames of the host are drawn when they are submitted")
    library, point = package._c.lib, package._c.geyser_point()
    with Display(560, 200) as display, publish(width=40, height=20) as stream:
        frame = stream.acquire()
        frame.write(noise(40 * 20 * 4))
        assert library.geyser_frame_signal_point(frame._frame, ctypes.byref(point)) == 0
        frame.submit()
        with text_window(display) as view:
            display.until_text("the sender hasn't drawn the frame yet")
            assert library.geyser_event_signal(point.event, point.value) == 0
            display.until_text(f"{BACKEND}, zero-copy; OpenGL: {PATH}")
            display.press("q")
            view.finish()


# ---- ends ----


@test
def sender_that_dies_and_comes_back():
    sending = [GEYSER, "send", "cam", "--size", "40x20", "--pattern", "clock"]
    with Display(400, 200) as display, text_window(display) as view:
        display.until_text("cam\nwaiting for the stream to begin")
        for number, words in (
            (signal.SIGKILL, "the sender died: waiting for the next one"),
            (signal.SIGTERM, "the stream has ended: waiting for the next one"),
        ):
            sender = subprocess.Popen(sending, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                display.until_text("cam  40x20 rgba8unorm")
                display.until(lambda: "waiting" not in display.text(4, 4))
                sender.send_signal(signal.SIGSTOP)
                display.until_text("no frame for ")
                display.press("h")  # it still answers
                display.press("h")
                sender.send_signal(signal.SIGCONT)
                display.until(lambda: "no frame" not in display.text(4, 4))
            finally:
                sender.send_signal(number)
                sender.wait(LIMIT)
            display.until_text(words)
        display.press("q")
        view.finish()


@test
def signals_end_it():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Display(WIDTH, HEIGHT) as display, publish() as stream:
            stream.send(PICTURE, alpha="opaque")
            with View(display, "cam", "--bare", "--size", f"{WIDTH}x{HEIGHT}") as view:
                shows(display, rgb(PICTURE))
                view.process.send_signal(number)
                assert view.finish() == ""


@test
def frames_snapshot_and_figures():
    with Display(WIDTH, HEIGHT) as display, publish() as stream:
        stream.send(PICTURE, alpha="opaque")
        arguments = ["--bare", "--frames", "1", "--snapshot", "shot.png", "--stats"]
        with View(display, "cam", "--size", f"{WIDTH}x{HEIGHT}", *arguments) as view:
            assert "geyser: cam: 1 frame shown, 0 dropped, delay p50 " in view.finish()
        samples = png.decode(read("shot.png"))
        assert samples[:4] == (WIDTH, HEIGHT, 8, 6) and rgb(samples[4]) == rgb(PICTURE)


@test
def pictures_are_saved():
    """Exactly where a PNG can hold them, else as they are shown."""
    for format, data, expected in (
        ("rgba16unorm", PICTURE * 2, None), ("rgba32float", struct.pack("<4f", 1, 0, 0.5, 1) * 48,
                                            b"\xff\x00\xbc\xff" * 48),
    ):
        with Display(400, 200) as display, publish(format=format) as stream:
            stream.send(data)
            with text_window(display):
                display.point(200, 100)
                display.until_text(f"{WIDTH // 2}, {HEIGHT // 2}:", y=200 - 15 - 4)
                display.press("s")
                display.until_text("saved cam-000001.png", y=200 - 2 * (15 + 4))
                width, height, depth, _, samples = png.decode(read("cam-000001.png"))
                if depth == 16:
                    swapped = array.array("H", data)
                    swapped.byteswap()
                    assert samples == swapped.tobytes()
                else:
                    assert samples == expected
                assert (width, height) == (WIDTH, HEIGHT)
        for name in glob.glob("*.png"):
            os.remove(name)


@test
def without_sdl():
    """A library that can't be opened: no other command needs it."""
    before = os.environ.get("LD_LIBRARY_PATH", "")
    with open("libSDL2-2.0.so.0", "w", encoding="ascii") as file:
        file.write("no library")
    os.environ["LD_LIBRARY_PATH"] = os.getcwd() + ":" + before
    try:
        fail(1, "install SDL 2 (libsdl2-2.0-0 on Debian), or use --terminal", "view", "cam")
        succeed("list")
    finally:
        os.environ["LD_LIBRARY_PATH"] = before


if __name__ == "__main__":
    if package is None:
        print("1..0 # SKIP", REASON)
        sys.exit(0)
    sys.exit(run_all(TESTS))

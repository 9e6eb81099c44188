#!/usr/bin/env python3
"""Checks the PNGs that `geyser recv` makes of frames: upright_cli.py GEYSER. Prints TAP. The Python
package publishes, since the program has no options for a frame's orientation, crop and alpha."""

import itertools
import struct
import sys
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import LIMIT, geyser, noise, read, run_all, succeed  # noqa: E402

try:
    import geyser as package
except (ImportError, OSError) as error:
    package, REASON = None, str(error)

TESTS = []
WIDTH, HEIGHT = 5, 3
PICTURE = noise(WIDTH * HEIGHT * 4)
ORIENTATIONS = range(8)


def test(function):
    TESTS.append(function)
    return function


def publisher(format="rgba8unorm"):
    if package is None:
        raise unittest.SkipTest(REASON)
    return package.Manager("host").publish("meta", WIDTH, HEIGHT, format)


def texel(data, x, y, width=WIDTH, size=4):
    return data[(y * width + x) * size :][:size]


def received(stream, data, name="out.png", options=(), **info):
    stream.send(data, **info)
    arguments = ["--frames", "1", "--output", name, "--timeout", str(LIMIT), *options]
    result = geyser("recv", "meta", *arguments)
    assert result.returncode == 0, result
    return result.stderr.decode()


def turned(orientation, width, height, pick):
    """Returns the rows in that orientation. As Wayland numbers them, they are flipped about the
    vertical axis from 4 on, then turned counter-clockwise."""
    rows = [[pick(x, y) for x in range(width)] for y in range(height)]
    if orientation & 4:
        rows = [row[::-1] for row in rows]
    for _ in range(orientation & 3):
        rows = [[row[x] for row in rows] for x in reversed(range(len(rows[0])))]
    return rows


@test
def pictures_are_upright():
    with publisher() as stream:
        for orientation in ORIENTATIONS:
            assert received(stream, PICTURE, orientation=orientation) == ""
            rows = turned(orientation, WIDTH, HEIGHT, lambda x, y: texel(PICTURE, x, y))
            expected = (len(rows[0]), len(rows), 8, 6, b"".join(itertools.chain(*rows)))
            assert png.decode(read("out.png")) == expected, orientation


@test
def pictures_are_cropped_before_they_are_turned():
    with publisher() as stream:
        for orientation in ORIENTATIONS:
            received(stream, PICTURE, orientation=orientation, crop=(1, 1, 3, 2))
            rows = turned(orientation, 3, 2, lambda x, y: texel(PICTURE, x + 1, y + 1))
            expected = (len(rows[0]), len(rows), 8, 6, b"".join(itertools.chain(*rows)))
            assert png.decode(read("out.png")) == expected, orientation


@test
def a_picture_has_the_size_that_is_asked_for():
    """Also one that is cropped and turned, and has a number."""
    options = ["--size", "6x4", "--filter", "nearest"]
    with publisher() as stream:
        for name in ("out.png", "%d.png"):
            received(stream, PICTURE, name, options, orientation=1, crop=(1, 1, 2, 2))
            rows = turned(1, 2, 2, lambda x, y: texel(PICTURE, x + 1, y + 1))
            texels = b"".join(rows[y // 2][x // 3] for y in range(4) for x in range(6))
            assert png.decode(read(name.replace("%d", "1"))) == (6, 4, 8, 6, texels)


def straight(value, alpha, maximum):
    return min(maximum, (value * maximum + alpha // 2) // alpha) if alpha else 0


@test
def alpha_is_straight():
    for format in ("rgba8unorm", "bgra8unorm-srgb"):
        with publisher(format) as stream:
            received(stream, PICTURE, alpha="premultiplied")
            samples = png.decode(read("out.png"))[4]
            for i in range(0, len(PICTURE), 4):
                colours = PICTURE[i : i + 3] if format[0] == "r" else PICTURE[i : i + 3][::-1]
                alpha = PICTURE[i + 3]
                expected = [straight(value, alpha, 255) for value in colours]
                assert list(samples[i : i + 4]) == [*expected, alpha], (i, format)
    with publisher("rgba16uint") as stream:
        data = struct.pack("<4H", 100, 20000, 30000, 30000) * WIDTH * HEIGHT
        received(stream, data, alpha="premultiplied")
        samples = struct.unpack(">4H", png.decode(read("out.png"))[4][:8])
        assert samples == (straight(100, 30000, 65535), straight(20000, 30000, 65535), 65535, 30000)


@test
def ignored_alpha_is_opaque():
    with publisher() as stream:
        received(stream, PICTURE, alpha="opaque")
        samples = png.decode(read("out.png"))[4]
        assert samples[3::4] == b"\xff" * (WIDTH * HEIGHT) and samples[0::4] == PICTURE[0::4]


@test
def colours_are_kept():
    with publisher() as stream:
        received(stream, PICTURE, color=package.Color(9, 16, 0))
        assert png.chunks(read("out.png"))[b"cICP"] == bytes((9, 16, 0, 1))
        received(stream, PICTURE, color=package.Color(1, 13, 0))
        chunks = png.chunks(read("out.png"))
        assert b"sRGB" in chunks and b"cICP" not in chunks
        received(stream, PICTURE)
        chunks = png.chunks(read("out.png"))
        assert b"sRGB" not in chunks and b"cICP" not in chunks


@test
def raw_frames_say_what_they_are():
    with publisher() as stream:
        for words, info in (
            ("premultiplied", {"alpha": "premultiplied"}), ("cropped", {"crop": (0, 0, 2, 2)}),
            ("turned or flipped", {"orientation": 6}),
        ):
            said = received(stream, PICTURE, "out.raw", **info)
            assert words in said and ("--upright" in said) == ("alpha" not in info), said
            assert read("out.raw") == PICTURE
        for info in ({}, {"alpha": "opaque"}):
            assert received(stream, PICTURE, "out.raw", **info) == ""
        assert succeed("recv", "meta", "--frames", "1", "--output", "-") == PICTURE


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

#!/usr/bin/env python3
"""Checks that a recording keeps all that belongs to a frame: recorded_metadata.py GEYSER. Prints TAP.
The Python package publishes, since the program has no options for most of it, and receives what
geyser replay publishes."""

import itertools
import sys
import unittest

sys.dont_write_bytecode = True
from cli import LIMIT, geyser, noise, run_all  # noqa: E402
from recording_cli import lines, recording  # noqa: E402
from streams_cli import Running  # noqa: E402

try:
    import geyser as package
except (ImportError, OSError) as error:
    package, REASON = None, str(error)

TESTS = []
WIDTH, HEIGHT = 24, 18
FIELDS = ("presentation_ns", "crop", "damage", "orientation", "alpha", "color", "user")


def test(function):
    TESTS.append(function)
    return function


def metadata(number):
    """Returns what belongs to that frame: something else for each number, in each member."""
    color = package.Color(
        primaries=9, transfer=16, matrix=number % 2 * 9, range="limited" if number % 2 else "full",
        mastering_min_luminance=0.0001 * number, mastering_max_luminance=1000.1 + number,
        max_content_light_level=401 + number / 3, max_frame_average_light_level=1e-7 * number,
        siting=("left", "top-left", "unspecified")[number % 3],
    )
    return {
        "presentation_ns": 16666667 * number + (1 << 40),
        "crop": (number, 1, 5, 7) if number % 3 else None,
        "damage": [(i, number, 2, 3) for i in range((0, 1, 16)[number % 3])],
        "orientation": number % 8,
        "alpha": ("straight", "premultiplied", "opaque")[number % 3],
        "color": color,
        "user": bytes(itertools.islice(itertools.cycle(range(256)), number * 31 % 257)),
    }


def fields_of(frame):
    return {name: getattr(frame, name) for name in FIELDS}


def received(name, count, *command):
    """Returns the texels and all fields of the frames that a command publishes."""
    frames = []
    with Running(*command) as player:
        with package.subscribe(name, delivery="every", connect_timeout=LIMIT) as subscriber:
            for frame in subscriber:
                with frame:
                    with frame.map_buffer() as view:
                        frames.append((bytes(view), frame.timestamp_ns, fields_of(frame)))
                if len(frames) == count:
                    break
        player.finish()
    return frames


@test
def all_that_belongs_to_a_frame_comes_back():
    if package is None:
        raise unittest.SkipTest(REASON)
    sent = []
    with recording("meta", "a.mkv", "--lossless") as recorder:
        manager = package.Manager("host")
        with manager.publish("meta", WIDTH, HEIGHT, "rgba8unorm", pacing="lossless") as publisher:
            publisher.wait_for_subscribers()
            for number in range(10):
                with publisher.frame(LIMIT) as frame:
                    data = noise(WIDTH * HEIGHT * 4, seed=number)
                    frame.write(data)
                    for name, value in metadata(number).items():
                        setattr(frame, name, value)
                    sent.append((data, fields_of(frame)))
            publisher.flush(LIMIT)
        recorder.finish()
    rows = lines("a.mkv")[1]
    assert [row["sequence"] for row in rows] == list(range(1, 11))
    got = received("meta", 10, "replay", "a.mkv", "--lossless", "--wait-subscribers", "1")
    assert [(data, fields) for data, _, fields in got] == sent
    # frames are never early: from the first one on, the distances are those of the recording
    steps = [(b[1] - got[0][1], r["timestamp_ns"] - rows[0]["timestamp_ns"]) for b, r in zip(got, rows)]
    assert all(replayed > recorded - 50e6 for replayed, recorded in steps), steps


if __name__ == "__main__":
    if "libav" in geyser("record", "a", "b.mkv", "--connect-timeout", "0").stderr.decode():
        print("1..0 # SKIP this build has no libav")
        sys.exit(0)
    sys.exit(run_all(TESTS))

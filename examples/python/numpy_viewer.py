#!/usr/bin/env python3
"""Saves frames of a stream as pictures: numpy_viewer.py [NAME] [--frames N] [--output PATTERN].

Any stream will do whose format is rgba8unorm, bgra8unorm or r8unorm, from any program."""

import argparse
import sys

import numpy
from PIL import Image

import geyser


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="bar")
    parser.add_argument("--frames", type=int, default=1, help="pictures to save (default: 1)")
    parser.add_argument("--output", default="frame-%05d.png", help="a name with one %%d in it")
    found = parser.parse_args()
    try:
        if found.output % 1 == found.output % 2 or found.frames < 1:
            raise ValueError
    except (TypeError, ValueError):
        parser.error("--output has one %d or %05d in it, and --frames is at least 1")
    return found


def to_image(frame):
    """A picture of the frame's texels, which are still the publisher's memory here."""
    texels = numpy.asarray(frame)
    name = frame.format.name
    if name.startswith("bgra8unorm"):
        texels = texels[..., (2, 1, 0, 3)]  # a copy, in Pillow's order
    elif not name.startswith(("rgba8unorm", "r8unorm")):
        raise SystemExit(f"numpy_viewer.py: {name}: rgba8unorm, bgra8unorm, r8unorm can be saved")
    return Image.fromarray(numpy.ascontiguousarray(texels))


def run(options):
    subscriber = geyser.subscribe(options.name, connect_timeout=10, timeout=10)
    for number, frame in enumerate(subscriber, 1):
        path = options.output % number
        to_image(frame).save(path)
        print(f"{path}: frame {frame.sequence}, {frame.width}x{frame.height}", flush=True)
        if number == options.frames:
            return
    raise SystemExit(f"numpy_viewer.py: {options.name}: the publisher has ended")


def main():
    options = arguments()
    try:
        run(options)
    except KeyboardInterrupt:
        pass
    except geyser.Error as error:
        print(f"numpy_viewer.py: {options.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

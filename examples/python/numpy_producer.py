#!/usr/bin/env python3
"""Publishes frames that NumPy draws: numpy_producer.py [NAME] [--size WxH] [--fps N] [--frames N].

A bright bar moves from left to right, a texel a frame. Ends at Ctrl-C, or after that many
frames."""

import argparse
import sys
import time

import numpy

import geyser


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="bar")
    parser.add_argument("--size", default="640x360", help="WIDTHxHEIGHT (default: 640x360)")
    parser.add_argument("--fps", type=float, default=60, help="frames a second (default: 60)")
    parser.add_argument("--frames", type=int, default=0, help="frames in all (default: no end)")
    found = parser.parse_args()
    width, _, height = found.size.partition("x")
    if not width.isdigit() or not height.isdigit() or found.fps <= 0 or found.frames < 0:
        parser.error("--size is WIDTHxHEIGHT, --fps over 0, and --frames not under 0")
    found.width, found.height = int(width), int(height)
    return found


def draw(texels, number):
    """The array is the frame: what is assigned is in every subscriber."""
    width = texels.shape[1]
    texels[:] = (32, 32, 48, 255)
    texels[:, number % width] = (255, 255, 255, 255)
    texels[:, (number - 1) % width] = (255, 160, 64, 255)


def run(options):
    made = geyser.publish(options.name, options.width, options.height, frame_rate=options.fps)
    with made as publisher:
        size = f"{publisher.width}x{publisher.height}"
        print(f"{publisher.name}: {size} {publisher.format}", flush=True)
        begin, number = time.monotonic(), 0
        while not options.frames or number < options.frames:
            number += 1
            with publisher.frame() as frame:
                draw(numpy.asarray(frame), number)
                frame.alpha = geyser.Alpha.OPAQUE
                frame.presentation_ns = round(number / options.fps * 1e9)
            time.sleep(max(0.0, begin + number / options.fps - time.monotonic()))


def main():
    options = arguments()
    try:
        run(options)
    except KeyboardInterrupt:
        pass
    except geyser.Error as error:
        print(f"numpy_producer.py: {options.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

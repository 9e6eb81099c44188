#!/usr/bin/env python3
"""What a frame costs in Python, over a real stream: frames.py [--backend NAME] [--size WxH]
[--frames N].

This process publishes and a second one subscribes. They take turns, so that neither waits during
a measurement. The script prints medians of acquire, numpy.asarray and release, one by one and
together. It compares them with the alternative: the same calls and a copy of the frame."""

import argparse
import statistics
import subprocess
import sys
import time

import numpy

import geyser

NAME = "bench-python"
WAIT = 30  # seconds to wait for the other process


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="host", help="host or vulkan (default: host)")
    parser.add_argument("--size", default="1920x1080", help="WIDTHxHEIGHT (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=2000, help="of each kind (default: 2000)")
    parser.add_argument("--receive", action="store_true", help=argparse.SUPPRESS)
    found = parser.parse_args()
    width, _, height = found.size.partition("x")
    if not width.isdigit() or not height.isdigit() or found.frames < 1:
        parser.error("--size is WIDTHxHEIGHT and --frames at least 1")
    found.width, found.height = int(width), int(height)
    return found


def measure(subscriber, copy_to):
    """Returns the nanoseconds of acquire, asarray, copy and release of a frame that is ready."""
    clock = time.perf_counter_ns
    begin = clock()
    frame = subscriber.acquire(0)
    acquired = clock()
    array = numpy.asarray(frame)
    seen = clock()
    if copy_to is not None:
        numpy.copyto(copy_to, array)
    copied = clock()
    frame.release()
    released = clock()
    del array
    return acquired - begin, seen - acquired, copied - seen, released - copied


def receive(options):
    subscriber = geyser.Manager(options.backend).subscribe(NAME, connect_timeout=WAIT)
    kept, rows = None, []
    for number, _ in enumerate(sys.stdin):
        if number == options.frames:
            report("without a copy", rows)
            kept, rows = numpy.zeros_like(numpy.asarray(subscriber.acquire(0))), []
        else:
            rows.append(measure(subscriber, kept))
        print("next", flush=True)
    report("and a copy", rows)


def report(title, rows):
    medians = [statistics.median(column) / 1000 for column in zip(*rows)]
    total = statistics.median(map(sum, rows)) / 1000
    parts = zip(("acquire", "asarray", "copy", "release"), medians)
    text = ", ".join(f"{name} {value:.1f}" for name, value in parts)
    print(f"{title}: {total:.1f} µs a frame ({text})", file=sys.stderr)


def send(options):
    manager = geyser.Manager(options.backend)
    publisher = manager.publish(NAME, options.width, options.height)
    command = [sys.executable, __file__, "--receive", "--backend", options.backend]
    command += ["--frames", str(options.frames)]
    size = f"{options.width}x{options.height}"
    print(f"{size} rgba8unorm, {options.backend}, medians of {options.frames}:", flush=True)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        publisher.wait_for_subscribers(1, WAIT)
        for _ in range(2 * options.frames + 1):
            publisher.frame(WAIT).submit()
            child.stdin.write("\n")
            child.stdin.flush()
            child.stdout.readline()
        child.stdin.close()
        return child.wait(WAIT)


if __name__ == "__main__":
    OPTIONS = arguments()
    sys.exit(receive(OPTIONS) if OPTIONS.receive else send(OPTIONS))

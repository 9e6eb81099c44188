#!/usr/bin/env python3
"""Checks what `geyser info --interop` reports of host memory: interop_cli.py GEYSER GPU [PATH].
Prints TAP. Each wait has a limit.

GPU is vulkan or metal. PATH, if given, is the path by which frames in host memory must reach that
API."""

import json
import re
import sys
import unittest

sys.dont_write_bytecode = True
from cli import run_all, succeed, told  # noqa: E402  (beside this file)
from streams_cli import LOSSLESS, Running  # noqa: E402

GPU = sys.argv[2]
PATH = sys.argv[3] if len(sys.argv) > 3 else None
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def need_gpu():
    for row in json.loads(succeed("info", "--json"))["backends"]:
        if row["name"] == GPU and not row["available"]:
            raise unittest.SkipTest(row["reason"])


def path_in_report(here, there):
    report = json.loads(succeed("info", "--interop", "--json"))
    return next(
        row["path"] for row in report["paths"] if (row["from"], row["to"]) == (here, there)
    )


def path_of_receiver(backend):
    """Returns the library's path for a frame of the host backend in another process."""
    arguments = ["--pattern", "noise", "--frames", "2", "--size", "256x256"]
    arguments += ["--format", "rgba8unorm", "--backend", "host", *LOSSLESS]
    with Running("recv", "p", "--backend", backend, "--output", "p.raw", "--json") as receiver:
        assert succeed("send", "p", *arguments) == b""
        return json.loads(receiver.finish()[0])["path"]


@test
def report_and_receiver_say_the_same():
    need_gpu()
    path = path_of_receiver(GPU)
    assert PATH in (None, path), path
    assert path_in_report("host", GPU) == path
    row = re.search(r"^host +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) ", told("info", "--interop"), re.M)
    assert row[{"vulkan": 2, "metal": 5}[GPU]] == path, row


@test
def host_needs_no_copy():
    assert path_in_report("host", "host") == path_of_receiver("host") == "zero-copy"


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

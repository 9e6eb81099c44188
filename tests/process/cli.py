#!/usr/bin/env python3
"""Tests of the program: cli.py GEYSER [SLOW_END]. Prints TAP. Each wait has a limit.

The program runs on the host backend, or on the one that GEYSER_BACKEND names."""

import json
import os
import random
import re
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)

# All time limits are multiplied by this, since sanitizers and load slow the tests. scripts/test
# sets it.
PATIENCE = int(os.environ.get("GEYSER_TEST_PATIENCE", "1"))
LIMIT = 20 * PATIENCE  # seconds for any one process
BACKEND = os.environ.setdefault("GEYSER_BACKEND", "host")
TEXT = re.compile(r"^geyser1-[0-9a-f]{78}$")
TESTS = []
GEYSER = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
with open(os.path.join(os.path.dirname(__file__), "../../src/format/formats.def")) as table:
    FORMATS = sum(row.startswith("GEYSER_FORMAT(") for row in table)
SLOW_END = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else ""  # of slow_end.c


def test(function):
    TESTS.append(function)
    return function


def geyser(*arguments, data=b""):
    return subprocess.run(
        [GEYSER, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=LIMIT, check=False,
    )


def succeed(*arguments, data=b""):
    result = geyser(*arguments, data=data)
    assert result.returncode == 0, (arguments, result)
    assert result.stderr == b"", (arguments, result)
    return result.stdout


def fail(status, words, *arguments, data=b""):
    """Runs the program, which must end with that status, print one line with the words on stderr,
    and nothing on stdout."""
    result = geyser(*arguments, data=data)
    message = result.stderr.decode()
    assert result.returncode == status, (arguments, result)
    assert message.startswith("geyser: ") and words in message, (arguments, message)
    assert message.count("\n") == 1 and ": " in message[len("geyser: ") :], message
    assert result.stdout == b"", (arguments, result.stdout)


def commands():
    """Returns the names of the subcommands that `geyser --help` lists, without `help`."""
    rows = succeed("--help").decode().split("\ncommands:\n")[1].split("\n\n")[0]
    names = [row.split()[0] for row in rows.splitlines()]
    assert names[-1] == "help" and {"share", "demo"} <= set(names), names
    return names[:-1]


def need(path):
    """Skips the test where the system has no such file: macOS has neither /proc nor /dev/full."""
    if not os.path.exists(path):
        raise unittest.SkipTest(f"this system has no {path}")
    return path


class Running:
    """A running program, such as `geyser share`. It is killed at the end of the with block."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen(
            [GEYSER, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0,
            env={**os.environ, **(environment or {})},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)
        self.process.stdout.close()

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        assert ready, "no line came"
        return self.process.stdout.readline().decode().rstrip("\n")

    def handle_and_id(self):
        text, number = self.line(), self.line()
        assert TEXT.match(text), text
        assert re.match(r"^id 0x[0-9a-f]{8}$", number), number
        return text, number[3:]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        assert self.process.wait(LIMIT) == 0, self.process.returncode


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def told(*arguments):
    """Returns the program's output without line breaks for a terminal's width."""
    os.environ["COLUMNS"] = "10000"
    out = succeed(*arguments).decode()
    del os.environ["COLUMNS"]
    return out


def backend_row(name=BACKEND):
    """Returns the row of `geyser info --json` about a backend."""
    rows = json.loads(succeed("info", "--json"))["backends"]
    return next(row for row in rows if row["name"] == name)


def noise(count, seed=1):
    return random.Random(seed).randbytes(count)


def registry():
    path = os.path.join(os.environ["GEYSER_RUNTIME_DIR"], "geyser")
    names = os.listdir(path) if os.path.isdir(path) else []
    return [name for name in names if name != ".names"]  # the file of names stays


# ---- pictures ----


@test
def picture_is_pixel_identical_by_handle_and_id():
    picture = png.encode(37, 23, 8, 6, noise(37 * 23 * 4))
    with Running("share", write("in.png", picture)) as share:
        for name in share.handle_and_id():
            assert succeed("grab", name, "out.png") == b""
            assert png.decode(read("out.png")) == png.decode(picture)
        share.end()
    assert registry() == []


@test
def id_is_taken_in_decimal_too():
    picture = png.encode(3, 3, 8, 6, noise(36))
    with Running("share", "--print-id", write("in.png", picture)) as share:
        number = share.line()
        succeed("grab", str(int(number, 16)), "out.png")
        assert png.decode(read("out.png"))[4] == noise(36)
        share.end(signal.SIGINT)


@test
def pictures_without_alpha_and_of_16_bits():
    gray, rgb, deep = noise(30), noise(90), noise(240)
    opaque = b"".join(rgb[i : i + 3] + b"\xff" for i in range(0, 90, 3))
    for colour, depth, samples, expected in (
        (0, 8, gray, b"".join(bytes((v, v, v, 255)) for v in gray)),
        (2, 8, rgb, opaque),
        (6, 16, deep, deep),
    ):
        write("in.png", png.encode(6, 5, depth, colour, samples))
        with Running("share", "--print-handle", "in.png") as share:
            succeed("grab", share.line(), "out.png")
            assert png.decode(read("out.png")) == (6, 5, depth, 6, expected)
            share.end()


@test
def pictures_of_16_bits_become_8():
    samples = b"".join(struct.pack(">H", value) for value in range(0, 65536, 1638))
    write("in.png", png.encode(5, 2, 16, 6, samples[:80]))
    with Running("share", "--print-handle", "in.png") as share:
        succeed("grab", "--format", "rgba8unorm", share.line(), "out.png")
        values = [round(value / 257) for value in struct.unpack(">40H", samples[:80])]
        assert png.decode(read("out.png")) == (5, 2, 8, 6, bytes(values))
        share.end()


@test
def texels_grabbed_raw_are_the_pictures():
    samples = noise(16 * 4 * 4)
    write("in.png", png.encode(16, 4, 8, 6, samples))
    with Running("share", "--format", "bgra8unorm", "--print-id", "in.png") as share:
        number = share.line()
        raw = succeed("grab", number, "-")
        assert raw == b"".join(
            bytes((samples[i + 2], samples[i + 1], samples[i], samples[i + 3]))
            for i in range(0, len(samples), 4)
        )
        succeed("grab", number, "out.raw")
        assert read("out.raw") == raw
        succeed("grab", "--png", number, "out.any")
        assert png.decode(read("out.any"))[4] == samples
        share.end()


@test
def picture_the_format_cannot_hold_is_refused():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    fail(1, "r8unorm", "share", "--format", "r8unorm", "in.png")
    write("in.png", png.encode(2, 2, 16, 6, noise(32)))
    fail(1, "rgba8unorm", "share", "--format", "rgba8unorm", "in.png")
    assert registry() == []


# ---- raw texels ----


def raw_size(row, width, height):
    """Returns the bytes of a raw frame of a format, which info describes."""
    texel = {one["name"]: one["bytes_per_texel"] for one in backend_row()["formats"]}
    return sum(
        -(-width // plane["width_divisor"]) * -(-height // plane["height_divisor"])
        * texel[plane["format"]]
        for plane in row["planes"]
    )


@test
def every_format_round_trips_raw():
    assert len(backend_row()["formats"]) == FORMATS
    for row in backend_row()["formats"]:
        if not row["2d"]:
            assert BACKEND != "host", row
            continue
        texels = noise(raw_size(row, 11, 7), row["name"])
        write("in.raw", texels)
        with Running(
            "share", "--size", "11x7", "--format", row["name"], "--raw", "in.raw", "--print-id"
        ) as share:
            assert succeed("grab", share.line(), "-") == texels, row["name"]
            share.end()


@test
def raw_texels_through_a_pipe():
    texels = noise(8 * 8 * 16)
    command = [GEYSER, "share", "--once", "--print-id", "--size", "8x8", "--format"]
    with subprocess.Popen(
        command + ["rgba32float", "--raw", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as share:
        share.stdin.write(texels)
        share.stdin.close()
        number = share.stdout.readline().decode().strip()
        assert succeed("grab", number, "-") == texels
        assert share.wait(LIMIT) == 0


@test
def raw_texels_of_another_size_are_refused():
    for count in (0, 1, 63, 65):
        write("in.raw", noise(count))
        fail(1, "in.raw", "share", "--size", "4x4", "-f", "rgba8unorm", "--raw", "in.raw")


# ---- staying and leaving ----


@test
def a_slow_end_leaves_no_names():
    if not SLOW_END:
        raise unittest.SkipTest("this system preloads no library")
    preloaded = [os.environ.get("LD_PRELOAD", ""), SLOW_END]
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running(
        "share", "in.png", environment={"LD_PRELOAD": ":".join(filter(None, preloaded))}
    ) as share:
        share.handle_and_id()
        start = time.monotonic()
        share.end()
        assert time.monotonic() - start >= 2, "it was ended before"
    assert registry() == []


@test
def once_ends_when_the_importer_has_gone():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running("share", "--once", "in.png") as share:
        text, _ = share.handle_and_id()
        assert share.process.poll() is None
        succeed("grab", text, "out.png")
        assert share.process.wait(LIMIT) == 0
    assert registry() == []
    fail(1, "gone", "grab", text, "out.png")


@test
def share_prints_json():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running("share", "--json", "in.png") as share:
        answer = json.loads(share.line())
        assert TEXT.match(answer["handle"])
        for name in answer.values():
            succeed("grab", name, "out.png")
        share.end()


@test
def killed_share_is_gone():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running("share", "in.png") as share:
        text, number = share.handle_and_id()
        share.process.kill()
        share.process.wait(LIMIT)
    fail(1, "gone", "grab", text, "out.png")
    fail(1, "gone", "grab", number, "out.png")


@test
def failed_grab_leaves_the_old_file():
    write("old.png", b"old")
    fail(1, "no texture has the id (0x7)", "grab", "0x7", "old.png")
    assert read("old.png") == b"old"
    assert os.listdir(".") == ["old.png"]


@test
def grab_gives_up_after_its_timeout():
    fail(1, "no texture has the id (0x7)", "grab", "--timeout", "0.2", "0x7", "out.png")
    assert os.listdir(".") == []


@test
def full_disk_is_a_failure():
    write("in.png", png.encode(2, 2, 8, 6, noise(16)))
    with Running("share", "--print-id", "in.png") as share:
        number = share.line()
        with open(need("/dev/full"), "wb") as full:
            result = subprocess.run(
                [GEYSER, "grab", number, "-"], stdout=full, stderr=subprocess.PIPE,
                timeout=LIMIT, check=False,
            )
        assert result.returncode == 1 and b"No space" in result.stderr, result
        share.end()


# ---- events ----


@test
def event_is_signalled_and_waited_for():
    with Running("event", "create", "--initial", "5") as event:
        text, number = event.handle_and_id()
        assert succeed("event", "value", text) == b"5\n"
        assert succeed("event", "wait", number, "5") == b""
        with Running("event", "wait", number, "18446744073709551615") as waiter:
            succeed("event", "signal", text, "4")
            assert json.loads(succeed("event", "value", "--json", number)) == {"value": 5}
            succeed("event", "signal", number, "18446744073709551615")
            assert waiter.process.wait(LIMIT) == 0
        assert succeed("event", "value", text) == b"18446744073709551615\n"
        event.end()
    assert registry() == []


@test
def event_wait_that_times_out():
    with Running("event", "create", "--print-id") as event:
        fail(1, "not reached", "event", "wait", event.line(), "1", "--timeout", "0.05")
        event.end()


@test
def event_wait_ends_with_its_exporter():
    with Running("event", "create", "--print-handle") as event:
        text = event.line()
        with subprocess.Popen(
            [GEYSER, "event", "wait", text, "1"], stderr=subprocess.PIPE
        ) as waiter:
            event.process.kill()
            event.process.wait(LIMIT)
            _, message = waiter.communicate(timeout=LIMIT)
            assert waiter.returncode == 1 and message.startswith(b"geyser: "), message
    fail(1, "gone", "event", "value", text)


@test
def event_create_prints_json():
    with Running("event", "create", "--json") as event:
        answer = json.loads(event.line())
        assert succeed("event", "value", answer["id"]) == b"0\n"
        fail(1, "event", "grab", answer["handle"], "out.png")
        event.end()


# ---- words ----


@test
def info_is_json():
    info = json.loads(succeed("info", "--json"))
    directory = os.environ["GEYSER_RUNTIME_DIR"] + "/geyser"
    assert info["registry"]["directory"] == directory and info["registry"]["problem"] is None
    assert {"sealing", "future_write", "futex_waitv", "pidfd"} == set(info["kernel"])
    assert info["descriptors"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for backend in info["backends"]:
        if backend["available"] and backend["name"] in ("host", "vulkan"):
            assert backend["descriptors"]["texture"] == 1
            assert backend["descriptors"]["event"] in (1, 2)
        assert backend["available"] or backend["reason"], backend
    names = [row["name"] for row in info["backends"][0]["formats"]]
    assert len(set(names)) == FORMATS and "rgba8unorm-srgb" in names
    assert info["version"] in told("info")
    text = succeed("info", "--formats").decode()
    assert all(name in text for name in names)


@test
def info_tells_which_api_reaches_which():
    report = json.loads(succeed("info", "--interop", "--json"))
    apis = {row["name"]: row for row in report["apis"]}
    assert list(apis) == ["host", "vulkan", "opengl", "cuda", "metal", "numpy", "pytorch"]
    for row in apis.values():
        assert (row["reason"] is None) == row["available"] == bool(row["detail"]), row
    for name in ("host", "vulkan", "metal"):
        assert apis[name]["available"] == backend_row(name)["available"], name
    paths = {(row["from"], row["to"]): (row["path"], row["ordered"]) for row in report["paths"]}
    assert len(paths) == 5 * 7
    for (here, there), (path, ordered) in paths.items():
        if not (apis[here]["available"] and apis[there]["available"]):
            assert path is None and ordered is None, (here, there)
        elif "metal" not in (here, there):
            assert path in ("zero-copy", "blit", "copy"), (here, there, path)
            assert ordered in ("gpu", "bridge", "fence", "cpu"), (here, there, ordered)
    assert paths["host", "host"] == paths["host", "numpy"] == ("zero-copy", "cpu")
    if apis["vulkan"]["available"]:
        assert paths["vulkan", "vulkan"][0] == "zero-copy"
        assert paths["vulkan", "host"] == ("copy", "cpu")
    text = told("info", "--interop")
    assert all(row["detail"] or row["reason"] in text for row in apis.values())


@test
def info_names_what_is_wrong_with_the_registry():
    directory = os.path.join(os.environ["GEYSER_RUNTIME_DIR"], "geyser")
    os.mkdir(directory)
    os.chmod(directory, 0o755)
    info = json.loads(succeed("info", "--json"))
    assert info["registry"]["directory"] == directory
    assert "0700" in info["registry"]["problem"]
    assert info["registry"]["places"][0] == {
        "directory": directory, "problem": info["registry"]["problem"],
    }
    write("in.png", png.encode(1, 1, 8, 6, noise(4)))
    fail(1, "0700", "share", "in.png")
    fail(1, "0700", "event", "create")


@test
def info_says_where_the_registries_are():
    parent = os.environ["GEYSER_RUNTIME_DIR"]
    places = json.loads(succeed("info", "--json"))["registry"]["places"]
    assert places == [{"directory": parent + "/geyser", "problem": None}]
    del os.environ["GEYSER_RUNTIME_DIR"]
    os.environ["XDG_RUNTIME_DIR"] = parent
    text = " ".join(succeed("info").decode().split())  # the output has line breaks
    assert f"registry {parent}/geyser" in text, text
    places = json.loads(succeed("info", "--json"))["registry"]["places"]
    assert places[0] == {"directory": parent + "/geyser", "problem": None}
    if sys.platform == "linux" and SLOW_END:  # which macOS's part on Linux lacks, as it does /tmp
        assert places[2]["directory"] == f"/tmp/geyser-{os.geteuid()}" and len(places) == 3
        assert f"looked in: {places[2]['directory']}" in text, text
    os.environ["XDG_RUNTIME_DIR"] = "/not/there"
    info = json.loads(succeed("info", "--json"))["registry"]
    assert "No such file" in info["places"][0]["problem"]
    assert info["directory"] not in (None, "/not/there/geyser")
    text = " ".join(succeed("info").decode().split())
    assert "not used: XDG_RUNTIME_DIR (/not/there)" in text, text
    os.environ["GEYSER_RUNTIME_DIR"] = "/not/there"
    fail(1, "GEYSER_RUNTIME_DIR (/not/there)", "event", "create")


@test
def help_and_version():
    assert re.match(rb"^(geyser )?\d+\.\d+\.\d+\n$", succeed("--version"))
    assert b"usage: geyser" in succeed("--help")
    for command in commands():
        text = succeed(command, "--help")
        assert text.startswith(b"usage: geyser " + command.encode()), text
        assert succeed("help", command) == text


@test
def wrong_usage_is_status_2():
    write("in.png", png.encode(1, 1, 8, 6, noise(4)))
    for words, arguments in (
        ("frobnicate", ["frobnicate"]),
        ("share", ["share"]),
        ("share", ["share", "in.png", "in.png"]),
        ("--frob", ["share", "--frob", "in.png"]),
        ("rgba9", ["share", "--format", "rgba9", "in.png"]),
        ("0x4", ["share", "--size", "0x4", "-f", "r8unorm", "--raw", "in.png"]),
        ("4xx4", ["share", "--size", "4xx4", "-f", "r8unorm", "--raw", "in.png"]),
        ("32769", ["share", "--size", "1x32769", "-f", "r8unorm", "--raw", "in.png"]),
        ("size", ["share", "-f", "r8unorm", "--raw", "in.png"]),
        ("format", ["share", "--size", "4x4", "--raw", "in.png"]),
        ("grab", ["grab"]),
        ("grab", ["grab", "0x7"]),
        ("xyz", ["grab", "xyz", "out.png"]),
        ("-1", ["grab", "--timeout=-1", "0x7", "out.png"]),
        ("event", ["event"]),
        ("frob", ["event", "frob"]),
        ("event signal", ["event", "signal", "0x7"]),
        ("no digit", ["grab", "geyser1-zz", "out.png"]),
        ("damaged", ["grab", "geyser1-" + 78 * "0", "out.png"]),
        ("abc", ["event", "signal", "0x7", "abc"]),
        ("18446744073709551616", ["event", "signal", "0x7", "18446744073709551616"]),
        ("-1", ["event", "create", "--initial=-1"]),
        ("extra", ["info", "extra"]),
        ("--interop", ["info", "--interop", "--formats"]),
        ("--backend", ["info", "--interop", "--backend", "host"]),
    ):
        fail(2, words, *arguments)
    assert registry() == []
    assert sorted(os.listdir(".")) == ["in.png"]


@test
def damaged_pictures_are_failures():
    good = png.encode(8, 8, 8, 6, noise(256))
    damaged = bytearray(good)
    damaged[60] ^= 1
    header = struct.pack(">I", 0)
    for data in (b"", b"no picture", good[:50], bytes(damaged), good[:8] + header * 9):
        write("bad.png", data)
        fail(1, "bad.png", "share", "bad.png")
    fail(1, "missing.png", "share", "missing.png")
    assert registry() == []


def run(function):
    """Runs a test. Returns None if it passed, False if it failed, or TAP's text for a skip."""
    directory = tempfile.mkdtemp(prefix="geyser-cli-")
    runtime = os.path.join(directory, "runtime")
    work = os.path.join(directory, "work")
    os.mkdir(runtime, 0o700)
    os.mkdir(work)
    os.chdir(work)
    os.environ["GEYSER_RUNTIME_DIR"] = runtime
    try:
        function()
        return None
    except unittest.SkipTest as reason:
        return f" # SKIP {reason}"
    except Exception:  # any exception is a failure of this test only
        for line in traceback.format_exc().splitlines():
            print("#", line)
        return False
    finally:
        os.chdir("/")
        shutil.rmtree(directory)


def expire(*_):
    raise TimeoutError("the test took too long")


def run_all(tests):
    if not GEYSER:
        print(f"usage: {os.path.basename(sys.argv[0])} GEYSER", file=sys.stderr)
        return 2
    if not backend_row()["available"]:
        print("1..0 # SKIP", backend_row()["reason"])
        return 0
    failed = 0
    signal.signal(signal.SIGALRM, expire)
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        signal.alarm(60 * PATIENCE)
        skipped = run(function)
        signal.alarm(0)
        failed += skipped is False
        name = function.__name__.replace("_", " ")
        verdict = "not ok" if skipped is False else "ok"
        print(f"{verdict} {number} - {name}{skipped or ''}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

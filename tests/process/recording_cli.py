#!/usr/bin/env python3
"""Tests of record --lossless and replay: recording_cli.py GEYSER. Prints TAP. ffmpeg reads the films,
too, and tells what is in them. Each wait has a limit."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from cli import GEYSER, LIMIT, PATIENCE, fail, geyser, noise, read, registry, run_all, succeed, write  # noqa: E402
from streams_cli import LOSSLESS, Running, line, sending, streams, until  # noqa: E402

TESTS = []
WAIT = ["--connect-timeout", str(LIMIT)]
EVERY_FORMAT = [row["name"] for row in json.loads(succeed("info", "--formats", "--json"))["backends"][0]["formats"]]


def test(function):
    TESTS.append(function)
    return function


def recording(name, file, *arguments):
    return Running("record", name, file, *WAIT, *arguments)


def lines(path):
    return lines_of(read(path + ".frames"))


def lines_of(text):
    """Returns the lines: the heading, the frames, and the end, if it is there."""
    rows = [json.loads(row) for row in text.decode().splitlines()]
    ended = "frames" in rows[-1]
    return rows[0], rows[1 : len(rows) - ended], rows[-1] if ended else None


def whole_lines(path):
    return read(path + ".frames").count(b"\n")


def sent(file, form, size, data, *arguments):
    """Records a stream of raw frames."""
    write("in.raw", data)
    with recording("cam", file, "--lossless") as recorder:
        send = ["--input", "in.raw", "--format", form, "--size", size]
        succeed("send", "cam", *send, *LOSSLESS, *arguments)
        return recorder.finish()


def replayed(file, note=""):
    """Returns the bytes of all frames that replay publishes. Its words must have the note, or there
    must be none."""
    with Running("recv", "cam", "--every", "--output", "out.raw") as receiver:
        result = geyser("replay", file, *LOSSLESS, "--rate", "1000")
        receiver.finish()
    words = result.stderr.decode()
    assert result.returncode == 0 and (note in words if note else not words), words
    return read("out.raw")


def probe(path, *what):
    command = ["ffprobe", "-v", "error", "-of", "json", *what, path]
    return json.loads(subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
    ).stdout)


def frames_in(path):
    """Returns how many frames ffmpeg decodes."""
    found = probe(path, "-count_frames", "-show_entries", "stream=nb_read_frames")
    return int(found["streams"][0].get("nb_read_frames", 0))


# ---- all bits, times and metadata ----


def all_bits_come_back(forms, size):
    for form in forms:
        frame = int(told_size(form, size))
        data = noise(3 * frame, seed=len(form))
        sent("a.mkv", form, size, data)
        assert replayed("a.mkv") == data, form
        heading, frames, end = lines("a.mkv")
        assert (heading["format"], len(frames), end["frames"]) == (form, 3, 3), form
        assert frames_in("a.mkv") == 3, form


def told_size(form, size):
    """Returns the bytes of a frame, which the program tells when it gets too few."""
    write("short.raw", b"\xa5")
    words = geyser("send", "x", "--input", "short.raw", "--format", form, "--size", size)
    return words.stderr.decode().split("expected ")[-1].split(" bytes")[0]


def add_tests_of_bits(name, forms, size):
    def all_come_back():
        all_bits_come_back(forms, size)

    all_come_back.__name__ = f"all_bits_of_{name}_come_back"
    test(all_come_back)


PART = 8
for first in range(0, len(EVERY_FORMAT), PART):
    part = EVERY_FORMAT[first : first + PART]
    add_tests_of_bits(f"{part[0]}_to_{part[-1]}", part, "23x17")
FEW = ["rgba8unorm", "p010", "yuy2", "rg32float", "rgba16uint"]
for dimensions in ("1x1", "3x2", "15x40", "16x16", "17x300", "400x16"):
    add_tests_of_bits(f"pictures_of_{dimensions}", FEW, dimensions)
add_tests_of_bits("long_pictures", ["rgba32float"], "15x16384")
add_tests_of_bits("large_nv12", ["nv12"], "1918x1078")
add_tests_of_bits("odd_gray", ["r8unorm"], "333x77")


@test
def what_ffv1_has_is_compressed():
    """ffmpeg reads the same pixels by itself."""
    data = noise(2 * 64 * 36 * 4)
    sent("a.mkv", "bgra8unorm", "64x36", data)
    stream = probe("a.mkv", "-show_streams")["streams"][0]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("ffv1", "bgra"), stream
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "a.mkv", "-f", "rawvideo", "-"]
    out = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, check=True).stdout
    assert out == data
    sent("b.mkv", "rg16float", "64x36", data)
    assert probe("b.mkv", "-show_streams")["streams"][0]["codec_name"] == "rawvideo"


@test
def a_replay_is_recorded_as_the_first_stream_was():
    """Frames, presentation times and all else are equal; the times of submits have the same
    distances, but for what the machine is late."""
    with recording("cam", "a.mkv", "--lossless") as recorder:
        clock = ["--pattern", "clock", "--size", "64x36", "--fps", "25", "--frames", "26"]
        succeed("send", "cam", *clock, *LOSSLESS)
        recorder.finish()
    with recording("cam", "b.mkv", "--lossless") as recorder:
        succeed("replay", "a.mkv", *LOSSLESS)
        recorder.finish()
    first, second = lines("a.mkv"), lines("b.mkv")
    assert first[0].pop("id") != second[0].pop("id")
    assert first[0] == second[0]
    times = [[row.pop("timestamp_ns") for row in rows[1]] for rows in (first, second)]
    assert first[1] == second[1] and len(first[1]) == 26
    assert [row["presentation_ns"] for row in first[1]] == [40000000 * i for i in range(26)]
    took = [one[-1] - one[0] for one in times]
    assert 0.5 < took[1] / took[0] < LIMIT, took
    assert first[2]["duration_ns"] == 26 * 40000000
    assert replayed("a.mkv") == replayed("b.mkv")


@test
def nanoseconds_are_kept():
    """Matroska's ticks are 1 ms; three frames within one of them stay three."""
    sent("a.mkv", "r8unorm", "4x2", noise(3 * 8), "--fps", "100000")
    assert [row["presentation_ns"] for row in lines("a.mkv")[1]] == [0, 10000, 20000]


# ---- the end of a recording ----


@test
def a_recording_that_is_killed_can_be_read():
    with sending("cam", "--fps", "50"):
        with recording("cam", "a.mkv", "--lossless") as recorder:
            until(lambda: os.path.exists("a.mkv.frames") and whole_lines("a.mkv") > 20)
            recorder.kill()
    with open("a.mkv.frames", "ab") as file:
        file.write(b'{"sequence": 1, "timest')  # a line that was not finished
    whole = read("a.mkv.frames").count(b"\n") - 1
    assert whole >= 20
    assert frames_in("a.mkv") >= whole
    note = f"a.mkv.frames: has no last line: its recorder was killed, or the file is cut off ({whole} frames)"
    assert len(replayed("a.mkv", note)) == whole * 64 * 36 * 4


@test
def a_signal_ends_a_recording_in_order():
    for number in (signal.SIGINT, signal.SIGTERM):
        film = f"{number.name}.mkv"
        with sending("cam", "--fps", "50"):
            with recording("cam", film, "--lossless") as recorder:
                until(lambda: os.path.exists(film + ".frames") and whole_lines(film) > 5)
                recorder.end(number)
        _, frames, end = lines(film)
        assert end["frames"] == len(frames) == frames_in(film)


@test
def a_full_disk_is_told_and_what_is_there_is_kept():
    """The limit of a file's size stands for the disk's."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

    command = [GEYSER, "record", "cam", "a.mkv", "--lossless", *WAIT]
    with Running("send", "cam", "--pattern", "noise", "--size", "64x36", *LOSSLESS) as sender:
        recorder = subprocess.run(
            command, preexec_fn=limit, stderr=subprocess.PIPE, timeout=LIMIT, check=False,
        )
        sender.end()
    message = recorder.stderr.decode()
    assert recorder.returncode == 1, recorder
    assert "a.mkv: can't be written (File too large, after" in message, message
    assert "what is there is kept" in message, message
    count = whole_lines("a.mkv") - 1
    assert count > 5 and frames_in("a.mkv") >= count
    assert len(replayed("a.mkv", "has no last line")) == count * 64 * 36 * 4


@test
def frames_of_another_size_go_to_another_file():
    """The film is put together of two: its times begin anew in the middle."""
    two = []
    for number, shape in enumerate(("32x16", "16x32")):
        film = f"{number}.ts"
        two.append(film)
        source = f"testsrc2=size={shape}:rate=10:duration=0.5"
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-c:v",
             "mpeg2video", film], timeout=LIMIT, check=True)
    write("both.ts", b"".join(read(film) for film in two))
    for kept in ("c-2.mkv", "c-3.mkv.frames"):
        write(kept, b"mine")
    with recording("both", "c.mkv", "--lossless") as recorder:
        succeed("play", "both.ts", *LOSSLESS)
        assert "going on with c-4.mkv" in recorder.finish()[1]
    assert read("c-2.mkv") == read("c-3.mkv.frames") == b"mine"
    assert not os.path.exists("c-3.mkv") and frames_in("c-4.mkv") == 5
    with recording("both", "b.mkv", "--lossless") as recorder:
        succeed("play", "both.ts", *LOSSLESS)
        message = recorder.finish()[1]
    assert "frames are 16x32 i420 now, and were 32x16 i420: going on with b-2.mkv" in message
    shapes = [(lines(f)[0]["width"], lines(f)[0]["height"]) for f in ("b.mkv", "b-2.mkv")]
    assert shapes == [(32, 16), (16, 32)]
    counts = [lines(f)[2]["frames"] for f in ("b.mkv", "b-2.mkv")]
    assert counts == [frames_in("b.mkv"), frames_in("b-2.mkv")] and counts[1] == 5, counts
    times = [row["presentation_ns"] for f in ("b.mkv", "b-2.mkv") for row in lines(f)[1]]
    assert times == [100000000 * i for i in range(sum(counts))], times


@test
def a_sender_that_dies_leaves_what_came():
    with sending("cam", "--fps", "50") as sender:
        with recording("cam", "a.mkv", "--lossless") as recorder:
            until(lambda: os.path.exists("a.mkv.frames") and whole_lines("a.mkv") > 6)
            sender.kill()
            message = recorder.finish(1)[1]
    assert "the sender died (after" in message and "what came is kept" in message, message
    assert lines("a.mkv")[2]["frames"] == frames_in("a.mkv") > 5


# ---- replay's options ----


@test
def steps_are_taken_one_by_one():
    data = noise(3 * 8)
    sent("a.mkv", "r8unorm", "4x2", data)
    with Running("replay", "a.mkv", "--step", stdin=subprocess.PIPE) as player:
        until(lambda: [row["name"] for row in streams()] == ["cam"])
        assert streams()[0]["frames"] == 0
        for count in (1, 2):
            player.process.stdin.write(b"\n")
            until(lambda: streams()[0]["frames"] == count)
        player.process.stdin.close()
        player.process.stdin = None
        player.finish()
    fail(1, "stdin ended before the first frame (0 lines)", "replay", "a.mkv", "--step")


@test
def a_rate_changes_the_pace():
    """A minute between two frames would be longer than the time limit, and a wait can't be too
    short."""
    sent("a.mkv", "r8unorm", "4x2", noise(5 * 8), "--fps", "10")
    start = time.monotonic()
    succeed("replay", "a.mkv", "--rate", "0.5")
    assert time.monotonic() - start > 0.79
    text = read("a.mkv.frames")
    for number, row in enumerate(lines("a.mkv")[1]):
        before = b'"timestamp_ns": %d,' % row["timestamp_ns"]
        text = text.replace(before, b'"timestamp_ns": %d,' % (10**9 * 60 * PATIENCE * number))
    write("a.mkv.frames", text)
    succeed("replay", "a.mkv", "--rate", "1000")


@test
def loops_go_on_until_a_signal():
    sent("a.mkv", "r8unorm", "4x2", noise(3 * 8), "--fps", "50")
    with Running("replay", "a.mkv", "again", "--loop") as player:
        until(lambda: streams() and streams()[0]["frames"] > 8)
        assert streams()[0]["name"] == "again"
        player.end(signal.SIGINT)
    assert registry() == []


@test
def a_signal_ends_a_loop_that_opens_the_file_again():
    """The file is a pipe by then, of which a byte comes now and then."""
    sent("a.mkv", "r8unorm", "4x2", noise(3 * 8), "--fps", "50")
    os.mkfifo("pipe")
    with Running("replay", "a.mkv", "--loop") as player:
        until(streams)
        os.replace("pipe", "a.mkv")
        with open("a.mkv", "wb", buffering=0) as pipe:  # waits for the reader
            player.send_signal(signal.SIGINT)
            while player.process.poll() is None:
                try:
                    pipe.write(b"\0")
                    player.process.wait(0.01)
                except (BrokenPipeError, subprocess.TimeoutExpired):
                    pass
        assert player.finish()[1] == ""


@test
def lateness_is_told():
    sent("a.mkv", "r8unorm", "4x2", noise(3 * 8))
    with Running("replay", "a.mkv", "--stats") as player:
        assert "cam: 3 frames, after their time by p50 " in player.finish()[1]


# ---- what is refused ----


@test
def wrong_words_are_told():
    fail(2, "expected a name that ends in .mkv with --lossless", "record", "a", "b.mp4", "--lossless")
    fail(2, "expected a name that ends in .mp4, .mkv or .webm", "record", "a", "b")
    fail(2, "wrong number of arguments (1)", "record", "a")
    fail(2, "wrong number of frames (0)", "record", "a", "b.mkv", "--frames", "0")
    fail(2, "wrong number of arguments (0)", "replay")
    fail(2, "wrong rate (0)", "replay", "a.mkv", "--rate", "0")
    fail(2, "--stats can't be told with --step", "replay", "a.mkv", "--step", "--stats")
    fail(2, "wrong number of buffers (1): expected 2 to 16", "replay", "a", "--buffers", "1")


@test
def missing_streams_and_files_are_told():
    fail(1, "cam", "record", "cam", "a.mkv", "--connect-timeout", "0")
    assert not os.path.exists("a.mkv")
    fail(1, "a.mkv.frames: can't be read (No such file", "replay", "a.mkv")
    with sending("cam"):
        fail(1, "no/a.mkv: can't be written (No such file", "record", "cam", "no/a.mkv", "--lossless")
        fail(1, "no/a.mkv: can't be written (No such file", "record", "cam", "no/a.mkv")


@test
def damaged_recordings_are_told():
    sent("a.mkv", "r8unorm", "64x36", noise(5 * 64 * 36))
    film, text = read("a.mkv"), read("a.mkv.frames")
    sent("b.mkv", "r8unorm", "64x36", noise(5 * 64 * 36))
    write("b.mkv.frames", text)
    fail(1, "isn't of the recording that b.mkv.frames describes", "replay", "b.mkv")
    broken = bytearray(film)
    for i in range(200):
        broken[len(film) // 2 + i] ^= 0x55
    write("a.mkv", broken)
    fail(1, "a.mkv: damaged after ", "replay", "a.mkv", "--rate", "1000")
    write("a.mkv", b"not a film")
    fail(1, "a.mkv: can't be read (Invalid data", "replay", "a.mkv")
    write("a.mkv", film)
    for old, new, words in (
        (b'"geyser_frames": 1', b'"geyser_frames": 2', ":1: wrong line"),
        (b'"width": 64', b'"width": 0', ":1: wrong line"),
        (b'"width": 64', b'"width": 65', "frame 1 is wrong (64x36 gray): expected 65x36 gray"),
        (b'"r8unorm"', b'"r9"', ":1: wrong line"),
        (b'"siting": 0', b'"siting": 9', ":2: wrong line (siting: 9)"),
        (b'"crop": [0,', b'"crop": [', ":2: wrong line (crop: [0,0,0)"),
        (b'"user": ""', b'"user": "0"', ':2: wrong line (user: "0")'),
        (b'"user": ""', b'"user": "' + b"0" * 600 + b'"', ':2: wrong line (user: "00000'),
        (b'"user": ""', b'"user": "' + b"0" * 70000 + b'"', ":2: wrong line (it is too long"),
        (b'"user": ""', b'"user": "\0"', ":2: wrong line (it is too long, or has a byte of 0)"),
        (b'"damage": []', b'"damage": [1', ":2: wrong line (no object)"),
        (b'"luminance": [0', b'"luminance": [nan', ":2: wrong line (luminance: [nan"),
        (b'"luminance": [0', b'"luminance": [0x1', ":2: wrong line (luminance: [0x1"),
        (b'"luminance": [0', b'"luminance": [1e99', ":2: wrong line (luminance: [1e99"),
        (b'"frames": 5', b'"frames": 6', ":7: wrong line (frames: 6)"),
        (b'"frames": 5', b'"frames": "5"', ':7: wrong line (frames: "5")'),
    ):
        write("a.mkv.frames", text.replace(old, new))
        assert text.replace(old, new) != text
        fail(1, words, "replay", "a.mkv", "--rate", "1000")
    rows = text.splitlines(keepends=True)
    last = str(lines_of(text)[1][-1]["timestamp_ns"]).encode()
    for changed, words in (
        (text.replace(last, b"9000000000000000000"), ":6: wrong line (over a year after the line"
         " before, timestamp_ns: 9000000000000000000)"),
        (text + b"\n", ":7: wrong line (another one follows the last one)"),
        (b"".join(rows[:3] + rows[4:]).replace(b'"frames": 5', b'"frames": 4'), "damaged after 2"),
        (b"".join(rows[:5] + rows[6:]).replace(b'"frames": 5', b'"frames": 4'),
         "a.mkv: has more than 4 frames: expected one for each line of a.mkv.frames"),
    ):
        write("a.mkv.frames", changed)
        assert changed != text
        fail(1, words, "replay", "a.mkv", "--rate", "1000")
    os.remove("a.mkv.frames")
    os.symlink("/dev/zero", "a.mkv.frames")
    fail(1, "a.mkv.frames:1: wrong line", "replay", "a.mkv")
    fail(1, "is the second file of a recording: expected the first one, a.mkv", "replay",
         "a.mkv.frames")


@test
def changed_lines_end_replay_in_order():
    """Whatever is in the lines, replay publishes frames or tells what is wrong."""
    sent("a.mkv", "r8unorm", "4x2", noise(5 * 8), "--fps", "100000")
    text, dice = read("a.mkv.frames"), random.Random(16)
    for _ in range(60):
        changed = bytearray(text)
        for _ in range(dice.randrange(1, 4)):
            place, length = dice.randrange(len(text)), dice.choice((1, 1, 3, 40))
            part = dice.choice((b"", b"9", b"-", b'"', b"]", b"}", b"\n", b"\0", dice.randbytes(2)))
            changed[place : place + length] = part
        write("a.mkv.frames", changed)
        result = geyser("replay", "a.mkv", "--rate", "1000000")
        words = result.stderr.decode(errors="replace")
        assert result.returncode in (0, 1) and (words or not result.returncode), (changed, result)


# ---- others' files ----


@test
def a_file_has_one_recorder():
    for film in ("a.mkv", "b.mp4"):
        kind = ["--lossless"] if film == "a.mkv" else []
        with sending("cam", "--fps", "50"):
            with recording("cam", film, *kind) as recorder:
                until(lambda: os.path.exists(film) and os.path.getsize(film) > 0)
                fail(1, f"{film}: another geyser is recording or replaying it", "record", "cam",
                     film, *kind)
                recorder.end(signal.SIGINT)
    _, frames, end = lines("a.mkv")
    assert end["frames"] == len(frames) == frames_in("a.mkv")
    with Running("replay", "a.mkv", "again", "--loop") as player:
        until(streams)
        fail(1, "a.mkv: another geyser is recording or replaying it", "record", "again", "a.mkv")
        player.end(signal.SIGINT)
    assert frames_in("a.mkv") == end["frames"]


@test
def a_file_can_be_replayed_while_it_is_recorded():
    with sending("cam", "--fps", "50"):
        with recording("cam", "a.mkv", "--lossless") as recorder:
            until(lambda: os.path.exists("a.mkv.frames") and whole_lines("a.mkv") > 3)
            result = geyser("replay", "a.mkv", "again", "--rate", "1000")
            words = result.stderr.decode()
            assert result.returncode == 0, result
            assert "a.mkv: is being recorded: what is there by now is published" in words, words
            recorder.end(signal.SIGINT)
    assert lines("a.mkv")[2]["frames"] == frames_in("a.mkv") > 2


@test
def an_old_recording_stays_until_a_new_one_begins():
    data = noise(3 * 8)
    sent("a.mkv", "r8unorm", "4x2", data)
    old = read("a.mkv.frames")
    fail(1, "cam", "record", "cam", "a.mkv", "--lossless", "--connect-timeout", "0")
    os.mkdir("b.mkv")
    os.rename("a.mkv.frames", "b.mkv.frames")
    with sending("cam"):
        fail(1, "b.mkv: can't be written (Is a directory", "record", "cam", "b.mkv", "--lossless")
        os.rename("a.mkv", "c.mkv")
        os.mkdir("c.mkv.frames")
        fail(1, "c.mkv.frames: can't be written (Is a directory", "record", "cam", "c.mkv",
             "--lossless")
        os.mkdir("d.mkv.frames")
        fail(1, "d.mkv.frames: can't be written (Is a directory", "record", "cam", "d.mkv",
             "--lossless")
        assert not os.path.exists("d.mkv")
    assert read("b.mkv.frames") == old
    os.rmdir("c.mkv.frames")
    os.rename("b.mkv.frames", "c.mkv.frames")
    assert replayed("c.mkv") == data


if __name__ == "__main__":
    if "libav" in geyser("record", "a", "b.mkv", "--connect-timeout", "0").stderr.decode():
        print("1..0 # SKIP this build has no libav")
        sys.exit(0)
    sys.exit(run_all(TESTS))

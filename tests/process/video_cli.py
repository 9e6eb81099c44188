#!/usr/bin/env python3
"""The program with video of several planes: video_cli.py GEYSER. Prints TAP. Each wait has a
limit."""

import hashlib
import json
import re
import resource
import shutil
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from cli import (  # noqa: E402
    GEYSER, LIMIT, fail, geyser, noise, registry, run_all, succeed, write,
)
from streams_cli import LOSSLESS, Running, line, streams, until  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def need_ffmpeg():
    if not shutil.which("ffmpeg"):
        raise unittest.SkipTest("no ffmpeg")


def clip(size, pixels, frames, *arguments):
    """Returns ffmpeg's command for a clip, which it writes to stdout."""
    source = f"testsrc2=size=640x360:rate=30,scale={size.replace('x', ':')},setsar=1"
    return [
        "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", str(frames),
        "-pix_fmt", pixels, *(arguments or ("-f", "rawvideo")), "-",
    ]


def output(command, data=None):
    return subprocess.run(
        command, input=data, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
    ).stdout


def through_a_stream(data, send, receive=()):
    """Sends data through a pipe and a stream. Returns what the receiver writes."""
    write("sent", data)
    with Running("recv", "cam", "--every", "--output", "-", *receive) as receiver:
        with subprocess.Popen(["cat", "sent"], stdout=subprocess.PIPE) as cat, Running(
            "send", "cam", *send, *LOSSLESS, stdin=cat.stdout
        ) as sender:
            out = receiver.finish()[0]
            sender.finish()
            cat.stdout.close()
            assert cat.wait(LIMIT) == 0
    return out


def digest(data):
    return hashlib.sha256(data).hexdigest()


# ---- raw video ----


def clips_come_back(form, pixels):
    """Even at sizes that no chroma divides."""
    need_ffmpeg()
    for size, frames in (("1918x1078", 2), ("333x77", 5), ("3x3", 3), ("1x1", 3)):
        data = output(clip(size, pixels, frames))
        out = through_a_stream(data, ["--size", size, "--format", form])
        assert out and digest(out) == digest(data), size


@test
def clips_of_nv12_arrive_whole():
    clips_come_back("nv12", "nv12")


@test
def clips_of_p010_arrive_whole():
    clips_come_back("p010", "p010le")


@test
def clips_of_i420_arrive_whole():
    clips_come_back("i420", "yuv420p")


@test
def frames_are_as_large_as_ffmpegs():
    need_ffmpeg()
    for form, pixels in (
        ("yuy2", "yuyv422"), ("uyvy", "uyvy422"), ("i422", "yuv422p"),
        ("i444", "yuv444p"), ("p016", "p016le"), ("p210", "p210le"), ("p216", "p216le"),
        ("p410", "p410le"), ("p416", "p416le"),
    ):
        data = output(clip("35x7", pixels, 2))
        out = through_a_stream(data, ["--size", "35x7", "--format", form])
        assert out and digest(out) == digest(data), form
    data = noise(2 * (35 * 7 + 2 * 18 * 7))  # ffmpeg 5.1 can't convert to nv16
    assert through_a_stream(data, ["--size", "35x7", "--format", "nv16"]) == data


@test
def names_of_ffmpeg_are_taken():
    """Each of them is one that this ffmpeg lists, with as many bits."""
    need_ffmpeg()
    listed = {}
    for row in output(["ffmpeg", "-hide_banner", "-pix_fmts"]).decode().splitlines():
        words = row.split()
        if len(words) >= 4 and words[3].isdigit():
            listed[words[1]] = int(words[3])
    rows = json.loads(succeed("info", "--json"))["backends"][0]["formats"]
    texel = {row["name"]: row["bytes_per_texel"] for row in rows}
    named = [row for row in rows if row["ffmpeg"]]
    assert len(named) > 20, rows
    for row in named:
        bits = sum(
            8 * texel[plane["format"]] / plane["width_divisor"] / plane["height_divisor"]
            for plane in row["planes"]
        )
        padded = {"p010le": 15, "p210le": 20, "p410le": 30, "x2bgr10le": 30}
        assert listed[row["ffmpeg"]] == padded.get(row["ffmpeg"], bits), row
        write("in.raw", noise(sum(texel[plane["format"]] for plane in row["planes"])))
        arguments = ["--size", "1x1", "--format", row["ffmpeg"], "--input", "in.raw"]
        assert succeed("send", "x", *arguments, "--frames", "1") == b""
    words = "did you mean rgba8unorm? (with alpha, as ffmpeg's -pix_fmt rgba)"
    fail(2, words, "send", "x", "--size", "4x4", "--format", "rgb24")


@test
def no_bits_are_lost_by_a_suggestion():
    """Of each format that ffmpeg lists and geyser lacks."""
    need_ffmpeg()
    depths = {}
    for row in output(["ffmpeg", "-hide_banner", "-pix_fmts"]).decode().splitlines():
        words = row.split()
        if len(words) == 5 and re.fullmatch(r"IO...|I....", words[0]) and words[2].isdigit():
            depths[words[1]] = (int(words[2]), [int(depth) for depth in words[4].split("-")])
    if not depths:
        raise unittest.SkipTest("this ffmpeg lists no depths")
    told = 0
    for name, (components, bits) in depths.items():
        said = geyser("share", "--size", "4x4", "--format", name, "--raw", "none").stderr.decode()
        found = re.search(r"did you mean .*-pix_fmt ([^), ]+)", said)
        if found:
            told += 1
            got = depths[found.group(1)]
            assert got[0] >= components or name.startswith(("pal8", "ya")), said
            assert max(got[1]) >= max(bits) or "f32" in name, said
        else:
            assert "none: can't" in said or name.startswith("bayer"), said
    assert told > 100, told


@test
def lists_name_the_format():
    write("in.raw", noise(17))
    arguments = ["--size", "3x3", "--format", "nv12", "--input", "in.raw", "--loop", "--fps", "9"]
    with Running("send", "cam", *arguments) as sender:
        until(lambda: [one["name"] for one in streams()] == ["cam"])
        assert [one["format"] for one in streams()] == ["nv12"]
        sender.end()
    assert "nv12" in succeed("info", "--formats").decode()
    rows = json.loads(succeed("info", "--json"))["backends"][0]["formats"]
    planes = next(row["planes"] for row in rows if row["name"] == "nv12")
    assert planes == [
        {"format": "r8unorm", "width_divisor": 1, "height_divisor": 1},
        {"format": "rg8unorm", "width_divisor": 2, "height_divisor": 2},
    ], planes


@test
def frames_that_are_cut_off():
    arguments = ["--size", "3x3", "--format", "p010", "--input", "-", *LOSSLESS]
    with Running("recv", "cut", "--every", "--output", "-") as receiver:
        fail(
            1, "33 bytes after 1 frame): expected 34", "send", "cut", *arguments, data=noise(67)
        )
        assert receiver.finish()[0] == noise(67)[:34]


def bt601(luma, blue, red):
    """Returns the colour of a sample in limited range, by the equations of BT.601."""
    y, u, v = (luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224
    r, b = y + 1.402 * v, y + 1.772 * u
    rgb = (r, (y - 0.299 * r - 0.114 * b) / 0.587, b)
    return [round(255 * min(max(value, 0), 1)) for value in rgb]


def pixels_of(path):
    """Returns the texels of a PNG in 8 bits, as ffmpeg reads them."""
    return list(output(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-f", "rawvideo",
                        "-pix_fmt", "rgba", "-"]))


# A picture of 3 × 3 in one colour, as nv12 and as p010.
COLOUR = bt601(100, 90, 170)
NV12 = bytes([100] * 9 + [90, 170] * 4)
P010 = struct.pack("<17H", *[100 << 8] * 9, *[90 << 8, 170 << 8] * 4)


@test
def one_file_has_frames_of_one_kind():
    """A frame of another format ends the file, even if it has as many bytes."""
    for first, second in (("nv12", "i444"), ("nv12", "i420"), ("rgba8unorm", "yuy2")):
        receive = ["recv", "s", "--every", "--reconnect", "--frames", "2"]
        with Running(*receive, "--output", "out.raw") as receiver:
            for form in (first, second):
                write("in.raw", noise(64))
                arguments = ["--size", "4x4", "--format", form, "--input", "in.raw"]
                sender = Running("send", "s", *arguments, "--frames", "1", *LOSSLESS)
                with sender:
                    sender.process.wait(LIMIT)
            message = receiver.finish(1)[1]
        assert f"have changed (4x4 {second})" in message and first in message, message
        with open("out.raw", "rb") as file:
            assert noise(64).startswith(file.read()), (first, second)


@test
def pictures_of_video_are_in_colours():
    need_ffmpeg()
    for form, data, deep in (("nv12", NV12, False), ("p010", P010, True)):
        write("in.raw", data)
        video = ["--size", "3x3", "--format", form]
        with Running("share", *video, "--raw", "in.raw", "--print-id") as share:
            number = line(share.process.stdout)
            succeed("grab", number, "out.png")
            assert pixels_of("out.png") == [*COLOUR, 255] * 9, form
            with open("out.png", "rb") as file:
                assert file.read()[24] == (16 if deep else 8)
            rgba = succeed("grab", "--format", "rgba8unorm", number, "-")
            assert list(rgba) == [*COLOUR, 255] * 9
            planes = succeed("grab", "--format", "i420", number, "-")
            assert planes == bytes([100] * 9 + [90] * 4 + [170] * 4)
            share.end()
        with Running("recv", "c", "--frames", "1", "--output", "c.png") as png, Running(
            "recv", "c", "--frames", "1", "--output", "c.raw", "--format", "bgra"
        ) as raw:
            both = ["--lossless", "--wait-subscribers", "2"]
            succeed("send", "c", *video, "--input", "in.raw", *both)
            png.finish()
            raw.finish()
        assert pixels_of("c.png") == [*COLOUR, 255] * 9
        with open("c.raw", "rb") as file:
            assert list(file.read()) == [*COLOUR[::-1], 255] * 9
    assert registry() == []


@test
def what_a_png_cannot_hold_is_told():
    write("in.raw", bytes(16))
    for form, advice in (("rg16float", "use --format rgba8unorm, or a .raw file"),
                         ("depth32float", "use a .raw file")):
        size = ["--size", "2x2", "--format", form]
        said = f"hold the format ({form}): {advice}"
        with Running("share", *size, "--raw", "in.raw", "--print-id") as share:
            fail(1, said, "grab", line(share.process.stdout), "out.png")
            share.end()
    with Running("send", "c", "--size", "2x2", "--pattern", "bars", "--format", "rgba16float"):
        said = "hold the frames' format (rgba16float): use --format rgba8unorm, or a .raw file"
        fail(1, said, "recv", "c", "--frames", "1", "--output", "out.png")


@test
def patterns_of_video_are_those_in_colours():
    """Luma and chroma of ramps are near the colours: all channels but one are 0 in their bands."""
    frames = {}
    for form in ("rgba8unorm", "i444", "nv12", "p010", "yuy2"):
        back = ["--format", "rgba8unorm", "--output", "out.raw"]
        with Running("recv", "p", "--every", *back) as receiver:
            succeed("send", "p", "--pattern", "ramp", "--size", "49x13", "--format", form,
                    "--frames", "1", *LOSSLESS)
            receiver.finish()
        with open("out.raw", "rb") as file:
            frames[form] = file.read()
    for form, data in frames.items():
        far = max(abs(a - b) for a, b in zip(data[: 49 * 4], frames["rgba8unorm"]))
        assert len(data) == 49 * 13 * 4 and far <= (2 if form == "i444" else 8), (form, far)


# ---- y4m ----

Y4M = ("-strict", "-1", "-f", "yuv4mpegpipe")


def frames_of(data):
    """Returns the first line of y4m, and the frames' planes."""
    head, _, rest = data.partition(b"\n")
    width, height = (int(word[1:]) for word in head.split()[1:3])
    kind = next(word[1:] for word in head.split() if word.startswith(b"C"))
    deep = re.fullmatch(rb".*?(?:p|mono)(\d+)", kind) is not None
    wide = -(-width // 2) if kind[:3] in (b"420", b"422") else width
    high = -(-height // 2) if kind[:3] == b"420" else height
    size = (width * height + (0 if kind.startswith(b"mono") else 2 * wide * high)) * (1 + deep)
    frames = []
    while rest:
        line_of_frame, _, rest = rest.partition(b"\n")
        assert line_of_frame.startswith(b"FRAME") and len(rest) >= size, (head, line_of_frame)
        frames.append(rest[:size])
        rest = rest[size:]
    return head, frames


def probed(data):
    """Returns what ffmpeg says of y4m, and the frames that it reads."""
    write("probed.y4m", data)
    fields = "stream=width,height,sample_aspect_ratio,pix_fmt,r_frame_rate,color_range,"
    fields += "chroma_location"
    said = output(["ffprobe", "-v", "error", "-of", "json", "-show_entries", fields, "probed.y4m"])
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "probed.y4m", "-f", "rawvideo", "-"]
    return json.loads(said)["streams"][0], output(command)


def y4m_comes_back(*clips):
    """ffmpeg 5.1 writes half a sample too little at odd widths over 8 bits; the test of packed
    formats has odd widths of those."""
    need_ffmpeg()
    for pixels, size in clips:
        data = output(clip(size, pixels, 3, *Y4M))
        head, frames = frames_of(through_a_stream(data, ["--fps", "1000"], ["--y4m"]))
        assert len(frames) == 3 and frames == frames_of(data)[1], (pixels, size)
        wanted = "YUV4MPEG2 W{} H{} F1000:1 Ip ".format(*size.split("x"))
        assert head.decode().startswith(wanted), head


@test
def y4m_of_8_bits_needs_no_flag():
    y4m_comes_back(
        ("yuv420p", "1918x1078"), ("yuv420p", "3x3"), ("yuv420p", "1x1"), ("yuv422p", "333x77"),
        ("yuv444p", "35x7"), ("gray", "35x7"),
    )


@test
def y4m_of_more_bits_needs_no_flag():
    y4m_comes_back(
        ("yuv420p10le", "334x77"), ("yuv422p10le", "34x7"), ("yuv444p10le", "35x7"),
        ("yuv420p16le", "2x3"), ("yuv422p16le", "34x7"), ("yuv444p16le", "35x7"),
        ("gray16le", "35x7"),
    )


@test
def ffmpeg_reads_our_y4m():
    need_ffmpeg()
    for form, size, pixels, kind in (
        ("nv12", "333x77", "yuv420p", "420"), ("p010", "35x7", "yuv420p10le", "420p10"),
        ("i444", "3x3", "yuv444p", "444"), ("p216", "35x7", "yuv422p16le", "422p16"),
        ("gray", "35x7", "gray", "mono"), ("gray16", "35x7", "gray16le", "mono16"),
    ):
        planar = output(clip(size, pixels, 2))
        half = len(planar) // 2
        first = "YUV4MPEG2 W{} H{} F25:1 C{}\n".format(*size.split("x"), kind)
        data = b"FRAME\n".join((first.encode(), planar[:half], planar[half:]))
        out = through_a_stream(data, ["--format", form, "--fps", "99"], ["--y4m"])
        said, frames = probed(out)
        assert said["pix_fmt"] == pixels and frames == planar, (form, said)


@test
def y4m_of_odd_depths_keeps_every_bit():
    for kind, depth, samples in (("420p9", 9, 37), ("422p12", 12, 45), ("mono10", 10, 21)):
        words = [word & (1 << depth) - 1 for word in memoryview(noise(samples * 2)).cast("H")]
        frame = struct.pack(f"<{samples}H", *words)
        data = b"YUV4MPEG2 W7 H3 F25:1 C%s\nFRAME\n%s" % (kind.encode(), frame)
        out = through_a_stream(data, [], ["--raw"])
        there = sorted(word << (16 - depth) for word in words)
        assert there == sorted(memoryview(out).cast("H")), kind


def planar(data, form, width, height):
    """Returns a raw frame's samples as planes, computed in the simplest way."""
    data = memoryview(data).cast("H" if form.startswith("p") else "B")
    if form in ("yuy2", "uyvy"):
        first = 0 if form == "yuy2" else 1
        pitch = -(-width // 2) * 4
        rows = [data[y * pitch : (y + 1) * pitch] for y in range(height)]
        luma = [value for row in rows for value in row[first::2][:width]]
        chroma = [[value for row in rows for value in row[1 - first + at :: 4]] for at in (0, 2)]
    else:
        luma, rest = data[: width * height], data[width * height :]
        chroma = [rest[0::2], rest[1::2]]
    shift = 6 if form.endswith("10") else 0
    values = [value >> shift for part in (luma, *chroma) for value in part]
    return struct.pack(f"<{len(values)}{'H' if form.startswith('p') else 'B'}", *values)


@test
def packed_formats_become_planes():
    """And planes become packed formats, where they have the same samples."""
    for form, size in (
        ("nv12", 111 * 7 + 2 * 56 * 4), ("nv16", 111 * 7 + 2 * 56 * 7), ("yuy2", 4 * 56 * 7),
        ("uyvy", 4 * 56 * 7), ("p010", 2 * (111 * 7 + 2 * 56 * 4)), ("p416", 6 * 111 * 7),
        ("p216", 2 * (111 * 7 + 2 * 56 * 7)),
    ):
        raw = noise(size, form)
        if form == "p010":
            words = memoryview(raw).cast("H")
            raw = struct.pack(f"<{len(words)}H", *(word & 0xFFC0 for word in words))
        out = through_a_stream(raw, ["--size", "111x7", "--format", form], ["--y4m"])
        assert frames_of(out)[1] == [planar(raw, form, 111, 7)], form
        if form in ("yuy2", "uyvy"):
            continue  # at an odd width's end they have a sample more than planes
        assert through_a_stream(out, ["--format", form], ["--raw"]) == raw, form


@test
def range_siting_and_rate_travel():
    need_ffmpeg()
    header = b"YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C%s\n"
    for sampling, loc in ((b"420jpeg", "center"), (b"420mpeg2", "left"), (b"420paldv", "topleft")):
        for words, shown in ((b"FULL", "pc"), (b"LIMITED", "tv")):
            line = header % (sampling + b" XCOLORRANGE=" + words)
            write("in.y4m", line + b"FRAME\n" + noise(12))
            arguments = ["--input", "in.y4m", *LOSSLESS]
            with Running("recv", "cam", "--every", "--output", "out.y4m") as receiver:
                succeed("send", "cam", *arguments)
                receiver.finish()
            with open("out.y4m", "rb") as file:
                out = file.read()
            assert out.endswith(b"FRAME\n" + noise(12))
            said = probed(out)[0]
            assert said["r_frame_rate"] == "30000/1001", said
            assert (said["color_range"], said["chroma_location"]) == (shown, loc), said


@test
def pixels_are_square():
    """Whatever the y4m that was sent says: a message has told of another shape."""
    frame = b"FRAME\n" + noise(6)
    for words in (b"", b" A0:0", b" A1:1", b" A64:45"):
        data = b"YUV4MPEG2 W2 H2 F500:1%s\n" % words + frame
        out = through_a_stream(data, [], ["--y4m"])
        first, rest = out.split(b"\n", 1)
        assert b" A1:1 " in first and rest == frame, (words, out)
    need_ffmpeg()
    assert probed(out)[0]["sample_aspect_ratio"] == "1:1"


@test
def one_y4m_has_one_range_and_siting():
    """Its first line would be wrong for the frames after the change."""
    write("in.raw", noise(6))
    arguments = ["--size", "2x2", "--format", "nv12", "--input", "in.raw", *LOSSLESS]
    for first, second, words in (
        ("limited", "full", "(C420 XCOLORRANGE=FULL)"), ("center", "left", "must be C420jpeg X"),
    ):
        receive = ["--every", "--reconnect", "--frames", "2", "--output", "out.y4m"]
        with Running("recv", "s", *receive) as receiver:
            for colour in (first, second):
                with Running("send", "s", *arguments, "--color", colour) as sender:
                    sender.process.wait(LIMIT)
            message = receiver.finish(1)[1]
        assert "the stream's frames have changed" in message and words in message, message
        with open("out.y4m", "rb") as file:
            assert len(frames_of(file.read())[1]) == 1


@test
def y4m_is_recognized_in_pipes():
    """Even if the options say all, and if a frame is shorter than y4m's first word."""
    frames = [noise(6, seed) for seed in range(3)]
    head = b"YUV4MPEG2 W2 H2 F5:1 C420 XCOLORRANGE=FULL\n"
    data = head + b"".join(b"FRAME\n" + frame for frame in frames)
    given = ["--size", "2x2", "--format", "i420"]
    start = time.monotonic()
    out = through_a_stream(data, given, ["--y4m"])
    assert frames_of(out)[1] == frames and b"FULL" in frames_of(out)[0], out
    assert time.monotonic() - start > 0.35, "its rate was ignored"  # 5 frames a second
    for data in (b"YUV4MP", b"YUV4MPEG2YUV", b"YUV4MPYUV4MP"):  # raw texels, whole frames
        assert through_a_stream(data, given, ["--raw"]) == data, data


@test
def a_line_alone_costs_no_memory():
    """Frames of 6 GiB each are named, but don't come. No texture of them may be allocated."""
    data = b"YUV4MPEG2 W32768 H32768 C444p16\nFRAME\n" + bytes(3 << 20)
    write("in.y4m", data)
    for name in ("-", "in.y4m"):
        result = subprocess.run(
            [GEYSER, "send", "x", "--input", name], input=data, stderr=subprocess.PIPE,
            timeout=LIMIT, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30)),
        )
        assert result.returncode == 1, result
        assert b"3145728 bytes after 0 frames" in result.stderr, result
    assert registry() == []


@test
def what_a_stream_does_not_keep_is_told():
    for words, told in (
        (b"It", ("interlaced (It)",)), (b"Im A1:1", ("interlaced (Im)",)), (b"Ip A0:0 XYSCSS", ()),
        (b"A64:45", ("square (A64:45)",)), (b"Ib A4:3", ("interlaced (Ib)", "square (A4:3)")),
    ):
        write("in.y4m", b"YUV4MPEG2 W2 H2 F500:1 %s\nFRAME\n" % words + bytes(6))
        result = geyser("send", "f", "--input", "in.y4m")
        said = result.stderr.decode().splitlines()
        assert result.returncode == 0 and len(said) == len(told), result
        assert all(word in row for word, row in zip(told, said)), said


@test
def rates_of_many_digits_are_rounded():
    for rate, wanted in (
        (b"10000000:333333", 10000000 / 333333), (b"48000000:2002000", 24000 / 1001),
        (b"1000001:1001", 1000001 / 1001), (b"1:1000000", 1e-6), (b"1000000:1", 1e6),
        (b"4294967295:143165577", 4294967295 / 143165577),
    ):
        write("in.y4m", b"YUV4MPEG2 W2 H2 F%s\nFRAME\n" % rate + bytes(6))
        with Running("send", "f", "--input", "in.y4m", "--loop") as sender:
            until(lambda: [one["name"] for one in streams()] == ["f"])
            said = streams()[0]
            got = said["frame_rate_num"] / said["frame_rate_den"]
            assert abs(got / wanted - 1) < 2e-6, (said, wanted)
            sender.end()


@test
def y4m_files_are_looped():
    write("in.y4m", b"YUV4MPEG2 W2 H2 F500:1 C420\n" + b"".join(
        b"FRAME x\n" + noise(6, seed) for seed in range(3)))
    with Running("recv", "f", "--every", "--output", "out.raw") as receiver:
        succeed("send", "f", "--input", "in.y4m", "--loop", "--frames", "7", *LOSSLESS)
        receiver.finish()
    with open("out.raw", "rb") as file:
        assert file.read() == b"".join(noise(6, seed % 3) for seed in range(7))


@test
def colours_are_chosen():
    write("in.raw", noise(6))
    arguments = ["--size", "2x2", "--format", "i420", "--input", "in.raw", *LOSSLESS]
    for words, shown in ((), b"LIMITED"), (("--color", "bt709,full"), b"FULL"):
        with Running("recv", "c", "--every", "--output", "c.y4m") as receiver:
            succeed("send", "c", *arguments, *words)
            receiver.finish()
        with open("c.y4m", "rb") as file:
            assert shown in file.readline()
    fail(2, "unknown word in a colour (bt70)", "send", "c", *arguments, "--color", "full,bt70")
    fail(2, "unknown word in a colour ()", "send", "c", *arguments, "--color", "full,")


@test
def y4m_that_cannot_be():
    good = b"YUV4MPEG2 W2 H2 F25:1 C420\n"
    for words, data in (
        ("C411", b"YUV4MPEG2 W4 H2 F25:1 C411\n"), ("W0", b"YUV4MPEG2 W0 H2 F25:1\n"),
        ("C420p17", b"YUV4MPEG2 W2 H2 C420p17\n"), ("C444alpha", b"YUV4MPEG2 W2 H2 C444alpha\n"),
        ("no size", b"YUV4MPEG2 W2 F25:1\n"), ("F25", b"YUV4MPEG2 W2 H2 F25\n"),
        ("no end (after 15 bytes)", b"YUV4MPEG2 W2 H2"), ("no frame", good),
        ("expected FRAME", good + b"frame\n" + bytes(6)),
        ("5 bytes after 0 frames): expected 6", good + b"FRAME\n" + bytes(5)),
        ("1 byte after 0 frames): expected 6", good + b"FRAME\n" + bytes(1)),
        ("0 bytes after 1 frame): expected 6", good + b"FRAME\n" + bytes(6) + b"FRAME\n"),
        ("frame 2 of the y4m begins with another line ()", good + b"FRAME\n" + bytes(6) + b"\n"),
        ("line (FRAMEXYZ): expected FRAME", good + b"FRAMEXYZ\n" + bytes(6)),
        *((f"can't be sent ({word})", b"YUV4MPEG2 W2 H2 %s C420\n" % word.encode()) for word in (
            "F-25:1", "F25:-1", "F+5:1", "F2000000:1", "F1:3000000", "F99999999999:1", "F0x19:1",
            "F25:1:1", "W0x2", "H+2", "H02x", "C420p0xa", "A10", "A-1:1",
        )),
        ("isn't text (byte 17 is 0)", b"YUV4MPEG2 W2 H2 \0 C444\nFRAME\n" + bytes(12)),
        ("isn't text (byte 6 is 0)", good + b"FRAME\0\n" + bytes(6)),
    ):
        fail(1, words, "send", "x", "--input", "-", data=data)
        write("in.y4m", data)
        fail(1, words, "send", "x", "--input", "in.y4m")
    write("in.y4m", good + b"FRAME\n" + bytes(6))
    fail(1, "y4m of 2x2 (not 4x4)", "send", "x", "--input", "in.y4m", "--size", "4x4")
    words = "-pix_fmt rgba -s 2x2 - | geyser send x --fps 25/1 --size 2x2 --format rgba8unorm"
    fail(1, words, "send", "x", "--input", "in.y4m", "--format", "rgba8unorm")
    fail(1, "Y4M film, not p010: use", "send", "x", "--input", "in.y4m", "--format", "p010")
    fail(2, "an input (-) without a byte, and without its", "send", "x", "--input", "-")
    fail(2, "without its frames' size", "send", "x", "--input", "-", data=b"raw")
    fail(2, "without its frames' format", "send", "x", "--size", "2x2", "--input", "-", data=b"raw")
    film = b"\x1a\x45\xdf\xa3"
    words = "-f yuv4mpegpipe -pix_fmt yuv420p - | geyser send x"
    fail(1, words, "send", "x", "--input", "-", data=film)
    assert registry() == []


@test
def numbered_files_are_pictures():
    for kind in ("--raw", "--y4m"):
        words = f"{kind} with a number in the name (b-%d.png)"
        fail(2, words, "recv", "x", kind, "--output", "b-%d.png")


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

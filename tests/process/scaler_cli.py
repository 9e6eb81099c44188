#!/usr/bin/env python3
"""Clips that a stream converts, compared with ffmpeg's scaler: scaler_cli.py GEYSER. Prints TAP.
Each wait has a limit.

The scaler's default flags leave chroma samples out, so each comparison uses flags that don't. The
clips and formats here also keep to what the scaler of ffmpeg 5.1 does well:

- In packed RGB, a row's chroma comes from one row of samples, or is the average of two, whatever
  the siting is. In planar RGB it is interpolated, so colours are compared with gbrp.
- At odd sizes, chroma samples are stretched over the picture. Here, both extents are even.

Two differences cost some dB, and leave the results above the limit. For a chroma sample between
two rows or columns, the scaler also weights the next ones on both sides. In formats of more than 8
bits, it makes the largest number of 8 bits 255 * 256 in 16 bits, where geyser makes it 65535.
"""

import functools
import math
import sys

sys.dont_write_bytecode = True
from cli import read, run_all, write  # noqa: E402
from video_cli import need_ffmpeg, output, through_a_stream  # noqa: E402

FLAGS = "bilinear+bitexact+accurate_rnd+full_chroma_int+full_chroma_inp"
WIDTH, HEIGHT, FRAMES = 96, 64, 2
SIZE = f"{WIDTH}x{HEIGHT}"
RAW = ("-f", "rawvideo")
LEAST = 48  # dB

# ffmpeg's names for formats: that with the same bytes, and that which its results have here.
PIXELS = {
    "nv12": ("nv12", "nv12"), "i420": ("yuv420p", "yuv420p"), "p010": ("p010le", "p010le"),
    "rgba8unorm": ("rgba", "gbrp"), "rgba16unorm": ("rgba64le", "gbrp16le"),
}
# How far a chroma sample lies from the first texel, across and down, in 1/256 of a texel.
PLACES = {"left": (0, 128), "center": (128, 128), "top-left": (0, 0)}
# Matrix, range and siting. The first are those of frames of which nothing is known.
UNSPECIFIED = ("bt601", "limited", "left")
LIMITED = (UNSPECIFIED, ("bt709", "limited", "center"), ("bt2020", "limited", "top-left"))
FULL = ("bt709", "full", "center")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def is_video(form):
    return not form.startswith("rgba")


@functools.lru_cache(maxsize=None)
def clip(form):
    """Returns a clip in colours that ffmpeg draws: smooth chroma, fine luma, and no number near 0
    or 1, so that nothing is clamped."""
    fine = "0.12*sin(X*Y/50)"
    waves = ((48, -56, 8), (-60, 40, 7), (44, 52, 9))
    red, green, blue = (
        f"65535*(0.5+0.27*sin(2*PI*(X/{x}+Y/{y}+N/{n}))+{fine})" for x, y, n in waves
    )
    source = f"nullsrc=size={SIZE},format=gbrp16le,geq=r='{red}':g='{green}':b='{blue}'"
    return output([
        "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source,
        "-frames:v", str(FRAMES), "-pix_fmt", PIXELS[form][0], *RAW, "-",
    ])


def scaled(data, source, pixels, colours):
    """Returns what ffmpeg's scaler makes of a clip, with each of the colours."""
    write("in.raw", data)
    command = ["ffmpeg", "-nostdin", "-y", "-v", "error", *RAW, "-pix_fmt", PIXELS[source][0]]
    command += ["-s", SIZE, "-i", "in.raw"]
    side = "in" if is_video(source) else "out"
    for number, (matrix, span, siting) in enumerate(colours):
        across, down = PLACES[siting]
        options = (
            f"{side}_color_matrix={matrix}", f"{side}_range={span}",
            f"{side}_h_chr_pos={across}", f"{side}_v_chr_pos={down}", f"flags={FLAGS}",
        )
        command += ["-vf", f"scale={':'.join(options)},format={pixels}", *RAW]
        command.append(f"{number}.raw")
    output(command)
    return [read(f"{number}.raw") for number in range(len(colours))]


def components(data, pixels):
    """Returns the samples of green, blue and red, or of luma and both chroma."""
    samples = memoryview(data).cast("H" if pixels.endswith("le") else "B")
    texels = WIDTH * HEIGHT
    if pixels in ("rgba", "rgba64le"):
        assert len(samples) == 4 * texels * FRAMES, len(samples)
        assert set(samples[3::4]) == {255 if pixels == "rgba" else 65535}, "not opaque"
        return [samples[at::4].tolist() for at in (1, 2, 0)]
    small = texels if pixels.startswith("gbrp") else texels // 4
    size = texels + 2 * small
    assert len(samples) == size * FRAMES, len(samples)
    planes = [[], [], []]
    for start in range(0, len(samples), size):
        planes[0] += samples[start : start + texels]
        rest = samples[start + texels : start + size]
        in_pairs = pixels in ("nv12", "p010le")
        planes[1] += rest[0::2] if in_pairs else rest[:small]
        planes[2] += rest[1::2] if in_pairs else rest[small:]
    return planes


def likeness(ours, theirs, pixels):
    """Returns the PSNR in dB of the component that differs most."""
    peak = 65535 if pixels.endswith("le") else 255
    error = max(
        sum((a - b) ** 2 for a, b in zip(*planes)) / len(planes[0]) for planes in zip(ours, theirs)
    )
    return 10 * math.log10(peak**2 / error) if error else math.inf


def others(colour):
    """Returns colours that differ in the matrix, in the range, or in the siting."""
    matrix, span, siting = colour
    return {
        "matrix": ("bt709" if matrix == "bt601" else "bt601", span, siting),
        "range": (matrix, "full" if span == "limited" else "limited", siting),
        "siting": (matrix, span, "left" if siting == "center" else "center"),
    }


def conversion_is_that_of_ffmpeg(data, source, form, colour):
    """And it isn't that with another matrix, range or siting."""
    words = [] if colour == UNSPECIFIED else ["--color", ",".join(colour)]
    send = ["--size", SIZE, "--format", source, *words]
    wrong = others(colour)
    pixels, compared = PIXELS[form]
    ours = components(through_a_stream(data, send, ["--format", form]), pixels)
    theirs = scaled(data, source, compared, (colour, *wrong.values()))
    right, *rest = (likeness(ours, components(one, compared), pixels) for one in theirs)
    beside = ", ".join(f"another {what} {got:.1f}" for what, got in zip(wrong, rest))
    print(f"# {source} to {form}, {' '.join(colour)}: {right:.1f} dB ({beside})")
    assert right >= LEAST, f"{right} dB: expected at least {LEAST}"
    assert max(rest) < LEAST, f"{beside}: this test would take a wrong conversion"


def both_ways(video, colours):
    """With full range from video only: the colours of a stream become limited video."""
    need_ffmpeg()
    data = clip(colours)
    for colour in LIMITED:
        conversion_is_that_of_ffmpeg(data, colours, video, colour)
    from_video = (*LIMITED, FULL)
    for colour, one in zip(from_video, scaled(data, colours, PIXELS[video][0], from_video)):
        conversion_is_that_of_ffmpeg(one, video, colours, colour)


@test
def nv12_is_converted_as_by_ffmpeg():
    both_ways("nv12", "rgba8unorm")


@test
def i420_is_converted_as_by_ffmpeg():
    both_ways("i420", "rgba8unorm")


@test
def p010_is_converted_as_by_ffmpeg():
    both_ways("p010", "rgba8unorm")


@test
def p010_and_16_bits_are_converted_as_by_ffmpeg():
    both_ways("p010", "rgba16unorm")


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

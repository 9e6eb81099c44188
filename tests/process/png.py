"""Writes and reads PNG files with zlib only: the tests don't use the program's own library."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode(width, height, depth, colour, samples, chunks=()):
    """Returns a PNG file. samples: the bytes of the unfiltered rows, 16-bit samples big-endian.
    chunks: (kind, data) of chunks that are written before the samples."""
    row = width * CHANNELS[colour] * depth // 8
    assert len(samples) == row * height
    filtered = b"".join(
        b"\0" + samples[y * row : (y + 1) * row] for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        SIGNATURE
        + _chunk(b"IHDR", header)
        + b"".join(_chunk(kind, data) for kind, data in chunks)
        + _chunk(b"IDAT", zlib.compress(filtered, 1))
        + _chunk(b"IEND", b"")
    )


def _paeth(left, up, corner):
    estimate = left + up - corner
    distances = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
    return (left, up, corner)[distances.index(min(distances))]


def _unfilter(kind, row, above, step):
    out = bytearray(row)
    for i, value in enumerate(row):
        left = out[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        guess = (0, left, above[i], (left + above[i]) // 2, _paeth(left, above[i], corner))[kind]
        out[i] = (value + guess) & 255
    return out


def _chunks(data):
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length :][:4])[0]
        yield kind, body
        at += 12 + length


def chunks(data):
    """Returns the data of the chunks, by kind: of several chunks of a kind, the last one."""
    return dict(_chunks(data))


def decode(data):
    """Returns (width, height, depth, colour, samples)."""
    assert data.startswith(SIGNATURE)
    packed = b""
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
    assert interlace == 0
    filtered = zlib.decompress(packed)
    row = width * CHANNELS[colour] * depth // 8
    step = CHANNELS[colour] * depth // 8
    above, out = bytes(row), b""
    for y in range(height):
        line = filtered[y * (row + 1) : (y + 1) * (row + 1)]
        above = _unfilter(line[0], line[1:], above, step)
        out += above
    return width, height, depth, colour, bytes(out)

"""Writes pictures of textures and frames for notebooks: PNG files, with zlib only."""

import struct
import zlib
from typing import Any, List, Optional

from .enums import Alpha, FormatType, Orientation
from .formats import Format
from .memory import View
from .metadata import Rect

TEXELS_MAX = 1 << 26  # a notebook keeps every picture
GRAY, RGB, RGBA = 0, 2, 6
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def can_show(form: Format, width: int, height: int) -> bool:
    """Returns whether a PNG can hold the texels as they are: 8 bits per channel, in one, three or
    four channels."""
    channels = form.bytes_per_texel
    plain = form.type == FormatType.UNORM and not form.packed and form.planes == 1
    return plain and form.channels == channels in (1, 4) and width * height <= TEXELS_MAX


def picture(
    form: Format,
    view: View,
    data: memoryview,
    alpha: Alpha = Alpha.STRAIGHT,
    crop: Optional[Rect] = None,
    orientation: Orientation = Orientation.NORMAL,
) -> bytes:
    """Returns a PNG of a texture's first level, upright. Premultiplied alpha is shown on black."""
    channels, pitch = form.channels, view.strides[0]
    area = crop or Rect(0, 0, view.shape[1], view.shape[0])
    first, last = area.x * channels, (area.x + area.width) * channels
    rows = (data[y * pitch + first : y * pitch + last] for y in range(area.y, area.y + area.height))
    texels: Any = memoryview(b"".join(rows)).cast("I" if channels == 4 else "B")
    lines = _turned(texels, area.width, area.height, orientation)
    width = len(lines[0]) // channels
    if channels == 1:
        return _encode(lines, width, GRAY)
    blue_first = form.name.startswith("bgra")
    keep_alpha = alpha == Alpha.STRAIGHT
    lines = [_colours(line, blue_first, keep_alpha) for line in lines]
    return _encode(lines, width, RGBA if keep_alpha else RGB)


def _turned(texels: Any, width: int, height: int, orientation: Orientation) -> List[bytes]:
    """Returns the rows of the upright picture. A flipped orientation is mirrored about the vertical
    axis first; then the picture is turned counter-clockwise by the orientation's quarters."""
    flipped, quarters = divmod(int(orientation), 4)
    if quarters in (0, 2):
        lines = [texels[y * width : (y + 1) * width] for y in range(height)]
    else:  # columns, from the left
        lines = [texels[x::width] for x in range(width)]
    # A quarter turn puts the right column, from its top on, into the first row.
    if (quarters == 1 and not flipped) or quarters == 2 or (quarters == 3 and flipped):
        lines.reverse()
    backwards = {0: flipped, 1: False, 2: not flipped, 3: True}[quarters]
    return [(line[::-1] if backwards else line).tobytes() for line in lines]


def _colours(line: bytes, blue_first: bool, keep_alpha: bool) -> bytes:
    if not blue_first and keep_alpha:
        return line
    size = 4 if keep_alpha else 3
    out = bytearray(len(line) // 4 * size)
    order = (2, 1, 0, 3) if blue_first else (0, 1, 2, 3)
    for channel in range(size):
        out[channel::size] = line[order[channel] :: 4]
    return bytes(out)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _encode(lines: List[bytes], width: int, colour: int) -> bytes:
    compressor = zlib.compressobj(1)
    data = [compressor.compress(b"\0" + line) for line in lines]
    data.append(compressor.flush())
    header = struct.pack(">IIBBBBB", width, len(lines), 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b"".join(data)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, one) for kind, one in chunks)

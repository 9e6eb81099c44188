"""Writes pictures of textures and frames for notebooks: PNG files, with zlib only."""

import ctypes
import struct
import zlib
from typing import List, Optional

from ._c import geyser_convert_options, geyser_pixels, lib
from .enums import Alpha, FormatType, Orientation
from .errors import InvalidArgumentError, check
from .formats import Format
from .memory import View
from .metadata import Rect, rect_to_c

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
    alpha: Alpha = Alpha.STRAIGHT,
    crop: Optional[Rect] = None,
    orientation: Orientation = Orientation.NORMAL,
) -> bytes:
    """Returns a PNG of a texture's first level, upright. Premultiplied alpha is shown on black."""
    height, width = view.shape[:2]
    texels = Format.named(form.name.replace("bgra", "rgba"))
    options = geyser_convert_options(orientation=orientation)
    if crop is not None:
        if crop.x + crop.width > width or crop.y + crop.height > height:
            raise InvalidArgumentError(
                f"crop ({tuple(crop)}): it must be a part of the frame, which has {width} ×"
                f" {height} texels"
            )
        width, height = crop.width, crop.height
        options.crop = rect_to_c(crop, "crop")
    if orientation % 2:
        width, height = height, width
    data = bytearray(width * height * texels.bytes_per_texel)
    source = _pixels(form, view.shape[1], view.shape[0], view.address, view.strides[0])
    memory = (ctypes.c_uint8 * len(data)).from_buffer(data)
    row = width * texels.bytes_per_texel
    out = _pixels(texels, width, height, ctypes.addressof(memory), row)
    check(lib.geyser_convert_pixels(source, out, options))
    lines = [data[at : at + row] for at in range(0, len(data), row)]
    if texels.channels == 1:
        return _encode(lines, width, GRAY)
    if alpha == Alpha.STRAIGHT:
        return _encode(lines, width, RGBA)
    return _encode([_without_alpha(line) for line in lines], width, RGB)


def _pixels(form: Format, width: int, height: int, address: int, pitch: int) -> geyser_pixels:
    out = geyser_pixels(form.number, width, height)
    out.planes[0].data = address
    out.planes[0].row_pitch = pitch
    return out


def _without_alpha(line: bytearray) -> bytearray:
    out = bytearray(len(line) // 4 * 3)
    for channel in range(3):
        out[channel::3] = line[channel::4]
    return out


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _encode(lines: List[bytearray], width: int, colour: int) -> bytes:
    compressor = zlib.compressobj(1)
    data = [compressor.compress(b"\0" + line) for line in lines]
    data.append(compressor.flush())
    header = struct.pack(">IIBBBBB", width, len(lines), 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b"".join(data)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, one) for kind, one in chunks)

"""Pixel formats: what a texel is, in memory and as an array's elements."""

import functools
import operator
import sys
from typing import TYPE_CHECKING, Any, List, NamedTuple, Tuple, Union

from ._c import FORMAT_COUNT, quick
from .enums import FormatType, Usage
from .errors import InvalidArgumentError, UnsupportedError
from .values import Integer, is_integer

if TYPE_CHECKING:
    import numpy

# A texel is one word, in which channels begin at odd bits.
PACKED = ("depth24plus", "depth24plus-stencil8", "rgb10a2unorm", "rg11b10ufloat")
KINDS = {
    FormatType.UNORM: "u",
    FormatType.UINT: "u",
    FormatType.SINT: "i",
    FormatType.FLOAT: "f",
    FormatType.DEPTH: "f",
}
ORDER = "<" if sys.byteorder == "little" else ">"


class GL(NamedTuple):
    """A format in OpenGL's words; all 0 where OpenGL has none."""

    internal_format: int
    format: int
    type: int


class Format(NamedTuple):
    """A pixel format: `Format.named("rgba8unorm")`. Names follow WebGPU: channels in memory order,
    bits a channel, then how the bits read."""

    number: int  #: the C library's enum geyser_format
    name: str
    bytes_per_texel: int
    channels: int  #: 1 to 4
    type: FormatType
    srgb: bool
    depth: bool
    stencil: bool
    planes: int
    block_width: int  #: texels; 1 unless compressed
    block_height: int
    usage: Usage  #: what textures of this format can ever be used for
    drm_fourcc: int  #: native names; 0 where that API has none
    vk_format: int
    mtl_pixel_format: int
    iosurface_fourcc: int
    gl: GL

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def named(name: Union["Format", str, Integer]) -> "Format":
        """The format of that name or number; a format is itself."""
        if isinstance(name, Format):
            return name
        given: Any = name
        return _of_number(operator.index(given)) if is_integer(given) else _of_name(given)

    @property
    def packed(self) -> bool:
        """Whether a texel is one 32-bit word; format.h says which bits are what."""
        return self.name in PACKED

    @property
    def elements(self) -> int:
        """Array elements that make up a texel."""
        return 1 if self.packed else self.channels

    @property
    def typestr(self) -> str:
        """The elements' type as the array interface writes it, "<f2"; a packed texel is one "<u4".
        What is sRGB-encoded stays encoded. Raises UnsupportedError where elements have no type."""
        if self.planes != 1 or (self.block_width, self.block_height) != (1, 1):
            raise UnsupportedError(
                f"{self.name} is no array of texels: it has {self.planes} planes and blocks of"
                f" {self.block_width} x {self.block_height}"
            )
        if self.packed:
            return ORDER + "u4"
        size = self.bytes_per_texel // self.channels
        kind = KINDS.get(self.type)
        if kind is None or size * self.channels != self.bytes_per_texel:
            raise UnsupportedError(f"{self.name} has channels of a type that no array has")
        return ("|" if size == 1 else ORDER) + kind + str(size)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return int(self.typestr[2:])

    @property
    def dtype(self) -> "numpy.dtype[Any]":
        """The elements' type as NumPy's. Needs NumPy."""
        import numpy

        return numpy.dtype(self.typestr)

    @property
    def texel_shape(self) -> Tuple[int, ...]:
        """What a texel adds to an array's shape: (4,), or () for one element."""
        return (self.elements,) if self.elements > 1 else ()


def _of_name(name: str) -> Format:
    number = quick.geyser_format_from_name(name.encode()) if isinstance(name, str) else 0
    if not number:
        raise InvalidArgumentError(
            f'format ({name!r}): it must be the name of a format, such as "rgba8unorm";'
            " geyser.formats() has all"
        )
    return _of_number(number)


@functools.lru_cache(maxsize=None)
def _of_number(number: int) -> Format:
    pointer = quick.geyser_format_get_info(number)
    if not pointer:
        raise InvalidArgumentError(f"format ({number}): no format has this number")
    info = pointer.contents
    return Format(
        number=info.format,
        name=info.name.decode(),
        bytes_per_texel=info.bytes_per_texel,
        channels=info.channels,
        type=FormatType(info.type),
        srgb=info.srgb,
        depth=info.depth,
        stencil=info.stencil,
        planes=info.planes,
        block_width=info.block_width,
        block_height=info.block_height,
        usage=Usage(info.usage),
        drm_fourcc=info.drm_fourcc,
        vk_format=info.vk_format,
        mtl_pixel_format=info.mtl_pixel_format,
        iosurface_fourcc=info.iosurface_fourcc,
        gl=GL(info.gl.internal_format, info.gl.format, info.gl.type),
    )


def formats() -> List[Format]:
    """All formats of the C library that this package knows."""
    return [_of_number(number) for number in range(1, FORMAT_COUNT)]

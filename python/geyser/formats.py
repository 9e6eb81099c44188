"""Pixel formats: the layout of a texel in memory, and its elements in an array."""

import functools
import operator
import sys
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple, Union

from ._c import FORMAT_COUNT, quick
from .enums import FormatType, Usage
from .errors import InvalidArgumentError, UnsupportedError
from .values import Integer, is_integer

if TYPE_CHECKING:
    import numpy

# A texel of these formats is one word, and its channels can't be array elements of their own.
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
    """The names of a format in OpenGL; all 0 if OpenGL doesn't have it."""

    internal_format: int
    format: int
    type: int


class Plane(NamedTuple):
    """A plane of a format of video: a picture of its own."""

    number: int  #: of the format of the plane's texels
    width_divisor: int  #: the plane is that many times narrower than the texture, rounded up
    height_divisor: int

    @property
    def format(self) -> "Format":
        """The format of the plane's texels, such as rg8unorm."""
        return _of_number(self.number)


class Format(NamedTuple):
    """A pixel format: `Format.named("rgba8unorm")`. Names follow WebGPU: the channels in memory
    order, the bits of each channel, and how to interpret the bits."""

    number: int  #: the C library's enum geyser_format
    name: str
    bytes_per_texel: int
    channels: int  #: 1 to 4
    type: FormatType
    srgb: bool
    depth: bool
    stencil: bool
    planes: int
    block_width: int  #: in texels; 1, but 2 for yuy2 and uyvy
    block_height: int
    usage: Usage  #: all usage that a texture of this format can ever have
    drm_fourcc: int  #: the native numbers; 0 if that API lacks the format
    vk_format: int
    mtl_pixel_format: int
    iosurface_fourcc: int
    gl: GL
    plane_formats: Tuple[Plane, ...]  #: one for each plane
    ffmpeg: Optional[str]  #: ffmpeg's -pix_fmt with the same bytes, or None

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def named(name: Union["Format", str, Integer]) -> "Format":
        """Returns the format of that name or number. ffmpeg's names, such as "yuv420p", are known
        too. A Format is returned as it is."""
        if isinstance(name, Format):
            return name
        given: Any = name
        return _of_number(operator.index(given)) if is_integer(given) else _of_name(given)

    @property
    def video(self) -> bool:
        """Whether a texel is luma and chroma, as in nv12. A mapping then gives an array for each
        plane."""
        return self.type == FormatType.YUV

    @property
    def packed(self) -> bool:
        """Whether a texel is one 32-bit word; format.h gives the meaning of its bits."""
        return self.name in PACKED

    @property
    def elements(self) -> int:
        """The number of array elements in a texel."""
        return 1 if self.packed else self.channels

    @property
    def typestr(self) -> str:
        """The elements' type in the array interface, such as "<f2"; a packed texel is one "<u4".
        sRGB values stay encoded. Raises UnsupportedError if the elements have no such type."""
        if self.video:
            raise UnsupportedError(
                f"{self.name} is no array of texels: it is video with {self.planes} planes;"
                " map() gives a list of arrays, and `planes` has each as an array or tensor"
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
        """The bytes of an element."""
        return int(self.typestr[2:])

    @property
    def dtype(self) -> "numpy.dtype[Any]":
        """The elements' type in NumPy. Needs NumPy."""
        import numpy

        return numpy.dtype(self.typestr)

    @property
    def texel_shape(self) -> Tuple[int, ...]:
        """The dimensions that a texel adds to an array's shape: (4,), or () for one element. Raises
        UnsupportedError for video, which is no array of texels."""
        if self.video:
            self.typestr  # raises, with words
        return (self.elements,) if self.elements > 1 else ()


def _of_name(name: str) -> Format:
    number = quick.geyser_format_from_name(name.encode()) if isinstance(name, str) else 0
    if not number:
        raise InvalidArgumentError(
            f'format ({name!r}): it must be the name of a format, such as "rgba8unorm", or'
            ' ffmpeg\'s name for it, such as "yuv420p"; geyser.formats() has all, and three colours'
            " need a fourth channel"
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
        plane_formats=tuple(
            Plane(one.format, one.width_divisor, one.height_divisor)
            for one in info.plane[: info.planes]
        ),
        ffmpeg=info.ffmpeg.decode() if info.ffmpeg is not None else None,
    )


def formats() -> List[Format]:
    """Returns all formats of the C library that this package knows."""
    return [_of_number(number) for number in range(1, FORMAT_COUNT)]

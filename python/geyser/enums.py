"""Enumerations. A function that takes a member also takes its name in upper or lower case, such as
`"host"` or `"latest"`."""

import enum
import operator
from typing import Any, Iterable, Type, TypeVar, Union

from . import values
from .errors import InvalidArgumentError

E = TypeVar("E", bound=enum.IntEnum)


class Backend(enum.IntEnum):
    """The kind of memory that textures are in."""

    AUTO = 0  #: $GEYSER_BACKEND if that is set, else the best that is available
    HOST = 1  #: sealed shared memory, available everywhere
    VULKAN = 2
    METAL = 3


class Usage(enum.IntFlag):
    """What a texture may be used for (the first five, with the values of WebGPU), and the memory
    that it is in."""

    COPY_SRC = 0x01
    COPY_DST = 0x02
    TEXTURE_BINDING = 0x04
    STORAGE_BINDING = 0x08
    RENDER_ATTACHMENT = 0x10
    HOST_MEMORY = 0x20  #: host memory, which every backend can import
    DMA_BUF = 0x40  #: a dma-buf
    GLOBAL_ID = 0x80  #: an IOSurface that any process finds by its id
    LINEAR = 0x100  #: rows in the device's own memory, for CUDA's pointers and tensors
    WRITERS = 0x200  #: for a stream: subscribers may write into its buffers


class Dimension(enum.IntEnum):
    """The shape of a texture."""

    D2 = 0
    D2_ARRAY = 1
    D3 = 2


class Access(enum.IntEnum):
    """The accesses that a mapping allows."""

    READ = 1
    WRITE = 2
    READ_WRITE = 3


class Path(enum.IntEnum):
    """How a user of a texture gets at the memory that the exporter uses."""

    ZERO_COPY = 0  #: the same memory
    BLIT = 1  #: one copy on the same GPU
    COPY = 2  #: a copy through host memory
    CONVERTED = 3  #: converted by the publisher's process, as the subscriber has asked


class Filter(enum.IntEnum):
    """How a sample of a scaled picture is made of those around it."""

    NONE = 0  #: both sides must have the same size
    NEAREST = 1
    BILINEAR = 2
    BOX = 3  #: the average of the area; bilinear in a direction that isn't made smaller


class FormatType(enum.IntEnum):
    """How to interpret a channel's bits."""

    UNORM = 1
    FLOAT = 2
    UFLOAT = 3
    UINT = 4
    SINT = 5
    DEPTH = 6
    YUV = 7  #: luma and chroma; the frame's colour says what the numbers mean


class Orientation(enum.IntEnum):
    """How the picture must be turned, counter-clockwise, to be upright."""

    NORMAL = 0
    ROTATED_90 = 1
    ROTATED_180 = 2
    ROTATED_270 = 3
    FLIPPED = 4  #: mirrored about the vertical axis, then turned
    FLIPPED_90 = 5
    FLIPPED_180 = 6
    FLIPPED_270 = 7


class Alpha(enum.IntEnum):
    """How to interpret the alpha channel."""

    STRAIGHT = 0
    PREMULTIPLIED = 1
    OPAQUE = 2  #: ignore the alpha channel


class ColorRange(enum.IntEnum):
    """The range of values that a channel uses."""

    FULL = 0
    LIMITED = 1


class Siting(enum.IntEnum):
    """Where a chroma sample of video lies among the luma samples that share it."""

    UNSPECIFIED = 0
    LEFT = 1  #: between both rows, as in MPEG-2, H.264 and H.265
    CENTER = 2  #: as in JPEG and MPEG-1
    TOP_LEFT = 3  #: as in BT.2020
    TOP = 4
    BOTTOM_LEFT = 5
    BOTTOM = 6


class Pacing(enum.IntEnum):
    """Whether publishing waits for subscribers."""

    FREE = 0  #: waits only while subscribers hold every buffer
    LOSSLESS = 1  #: waits until each subscriber that gets every frame has taken its frames


class Delivery(enum.IntEnum):
    """Which frames a subscriber gets."""

    LATEST = 0  #: the newest frame, and no frame twice
    EVERY = 1  #: each frame in order, as long as the publisher's buffers last


class MemoryKind(enum.IntEnum):
    """What memory is used for."""

    HOST = 0  #: textures in host memory
    DEVICE = 1  #: textures in a device's own memory
    IOSURFACE = 2
    IMPORTED = 3  #: textures of exporters and publishers
    MIRROR = 4  #: copies of frames for subscribers that can't import the buffers
    STAGING = 5  #: a Vulkan device's copies of textures
    POOL = 6  #: released textures that are kept
    EVENT = 7
    STREAM = 8  #: the pages that publishers share with subscribers


class StreamChange(enum.IntEnum):
    """A change that a watch reports."""

    ADDED = 1
    REMOVED = 2


class End(enum.IntEnum):
    """How a stream has ended, as its subscriber sees it."""

    NONE = 0  #: the stream goes on
    CLOSED = 1  #: the publisher was closed
    BROKEN = 2  #: the publisher's process died, or lost its device


def pick(kind: Type[E], value: Union[E, str, values.Integer], what: str) -> E:
    """Returns the member that is given as itself, by its name or by its number."""
    if isinstance(value, kind):
        return value
    given: Any = value
    names = ", ".join(f'"{member.name.lower()}"' for member in kind)
    try:
        if isinstance(value, str):
            return kind[value.upper().replace("-", "_")]
        if not values.is_integer(given):
            raise ValueError(given)
        return kind(operator.index(given))
    except (KeyError, ValueError):
        raise InvalidArgumentError(f"{what} ({value!r}): it must be one of {names}") from None


def pick_usage(value: Union[values.Integer, str, Iterable[Union[values.Integer, str]]]) -> int:
    """Returns the bits of flags, of a name, or of several of these. The C library refuses unknown
    bits."""
    given: Any = value
    if values.is_integer(given):
        return values.integer(given, "usage")
    if not isinstance(given, (str, Iterable)):
        raise InvalidArgumentError(f"usage ({value!r}): it must be flags or their names")
    if not isinstance(value, str):
        bits = 0
        for one in given:
            bits |= pick_usage(one)
        return bits
    try:
        return int(Usage[value.upper().replace("-", "_")])
    except KeyError:
        names = ", ".join(f'"{name.lower()}"' for name in Usage.__members__)
        raise InvalidArgumentError(f"usage ({value!r}): it must be of {names}") from None

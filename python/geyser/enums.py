"""Numbers with names. Wherever one is asked for, its name in any case will do: `"host"`,
`"latest"`."""

import enum
import operator
from typing import Any, Iterable, Type, TypeVar, Union

from . import values
from .errors import InvalidArgumentError

E = TypeVar("E", bound=enum.IntEnum)


class Backend(enum.IntEnum):
    """Where textures live."""

    AUTO = 0  #: $GEYSER_BACKEND if that is set, else the best that is available
    HOST = 1  #: sealed shared memory: everywhere
    VULKAN = 2
    METAL = 3


class Usage(enum.IntFlag):
    """What a texture may be used for (the first five; the values are WebGPU's), and where it
    lies."""

    COPY_SRC = 0x01
    COPY_DST = 0x02
    TEXTURE_BINDING = 0x04
    STORAGE_BINDING = 0x08
    RENDER_ATTACHMENT = 0x10
    HOST_MEMORY = 0x20  #: in host memory, which every backend can import
    DMA_BUF = 0x40  #: as a dma-buf
    GLOBAL_ID = 0x80  #: an IOSurface that any process finds by its id
    LINEAR = 0x100  #: rows in the device's own memory: what CUDA's pointers and tensors need
    WRITERS = 0x200  #: of a stream: subscribers may write into its buffers


class Dimension(enum.IntEnum):
    """The shape of a texture."""

    D2 = 0
    D2_ARRAY = 1
    D3 = 2


class Access(enum.IntEnum):
    """What a mapping is for."""

    READ = 1
    WRITE = 2
    READ_WRITE = 3


class Path(enum.IntEnum):
    """What lies between a texture's user and the memory that its exporter uses."""

    ZERO_COPY = 0  #: nothing: the same memory
    BLIT = 1  #: copied once on the same GPU
    COPY = 2  #: copied through host memory


class FormatType(enum.IntEnum):
    """How a channel's bits read."""

    UNORM = 1
    FLOAT = 2
    UFLOAT = 3
    UINT = 4
    SINT = 5
    DEPTH = 6


class Orientation(enum.IntEnum):
    """How the picture must be turned, counter-clockwise, to be seen upright."""

    NORMAL = 0
    ROTATED_90 = 1
    ROTATED_180 = 2
    ROTATED_270 = 3
    FLIPPED = 4  #: about the vertical axis, then turned
    FLIPPED_90 = 5
    FLIPPED_180 = 6
    FLIPPED_270 = 7


class Alpha(enum.IntEnum):
    """How the alpha channel is meant."""

    STRAIGHT = 0
    PREMULTIPLIED = 1
    OPAQUE = 2  #: to be ignored


class ColorRange(enum.IntEnum):
    """Which of a channel's values are used."""

    FULL = 0
    LIMITED = 1


class Pacing(enum.IntEnum):
    """Whether publishing waits for subscribers."""

    FREE = 0  #: never, unless they hold every buffer
    LOSSLESS = 1  #: until each that gets every frame has taken its own


class Delivery(enum.IntEnum):
    """Which frames a subscriber gets."""

    LATEST = 0  #: the newest, never one twice
    EVERY = 1  #: each in order, as long as the publisher's buffers last


class StreamChange(enum.IntEnum):
    """What a watch reports."""

    ADDED = 1
    REMOVED = 2


class End(enum.IntEnum):
    """How a stream has ended, as its subscriber sees it."""

    NONE = 0  #: it goes on
    CLOSED = 1  #: its publisher was closed
    BROKEN = 2  #: its publisher's process died, or lost its device


def pick(kind: Type[E], value: Union[E, str, values.Integer], what: str) -> E:
    """The member that is meant, by itself, its name or its number."""
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
    """The bits of flags, of a name, or of several of either. Unknown bits are the C library's to
    refuse."""
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

"""What goes wrong: one exception for each result of the C library, with its words as text."""

import builtins
import enum
from typing import ClassVar, Dict, Optional, Type

from . import _c


class Result(enum.IntEnum):
    """What a call of the C library came to."""

    OK = 0
    INVALID_ARGUMENT = -1
    UNSUPPORTED = -2
    OUT_OF_MEMORY = -3
    NOT_FOUND = -4
    STALE = -5
    EXISTS = -6
    PERMISSION = -7
    UNSEALED = -8
    MISMATCH = -9
    TIMEOUT = -10
    DISCONNECTED = -11
    BUSY = -12
    LIMIT = -13
    PROTOCOL = -14
    DEVICE_LOST = -15
    NO_RUNTIME_DIR = -16
    SYSTEM = -17


class Error(Exception):
    """Any failure of geyser's. Its text says what was wrong and what would be right; `result` is
    the C library's number (None for one that this package does not know)."""

    result: ClassVar[Optional[Result]] = None


class InvalidArgumentError(Error, ValueError):
    """The call itself is wrong: a size of zero, a damaged handle, an unknown name."""

    result = Result.INVALID_ARGUMENT


class ClosedError(InvalidArgumentError):
    """The object was closed, its frame was given back, or it was made before a fork."""


class UnsupportedError(Error):
    """Correct, but this backend, format, device or kernel can't."""

    result = Result.UNSUPPORTED


class OutOfMemoryError(Error, MemoryError):
    """No memory, or no space where memory is backed."""

    result = Result.OUT_OF_MEMORY


class NotFoundError(Error, LookupError):
    """No such handle, id or stream."""

    result = Result.NOT_FOUND


class StaleError(Error):
    """It was one once: its exporter has gone or was restarted, its device is lost."""

    result = Result.STALE


class ExistsError(Error):
    """The name is taken."""

    result = Result.EXISTS


class PermissionError(Error, builtins.PermissionError):
    """Another user's, or not allowed to write."""

    result = Result.PERMISSION


class UnsealedError(Error):
    """Memory that its owner could still shrink under us."""

    result = Result.UNSEALED


class MismatchError(Error):
    """Not what the caller expected, or not what it says it is."""

    result = Result.MISMATCH


class TimeoutError(Error, builtins.TimeoutError):
    """The time given ran out."""

    result = Result.TIMEOUT


class DisconnectedError(Error, ConnectionError):
    """The peer went away."""

    result = Result.DISCONNECTED


class BusyError(Error):
    """In use; it may work later."""

    result = Result.BUSY


class LimitError(Error):
    """Over a limit: a size, file descriptors, connections."""

    result = Result.LIMIT


class ProtocolError(Error):
    """The peer speaks another protocol, or nonsense."""

    result = Result.PROTOCOL


class DeviceLostError(Error):
    """The GPU was reset or removed."""

    result = Result.DEVICE_LOST


class NoRuntimeDirError(Error):
    """There is no directory in which exports could be registered."""

    result = Result.NO_RUNTIME_DIR


class SystemError(Error, OSError):
    """The system refused; the text names the call."""

    result = Result.SYSTEM


_CLASSES: Dict[int, Type[Error]] = {
    int(kind.result): kind
    for kind in (
        InvalidArgumentError, UnsupportedError, OutOfMemoryError, NotFoundError, StaleError,
        ExistsError, PermissionError, UnsealedError, MismatchError, TimeoutError, DisconnectedError,
        BusyError, LimitError, ProtocolError, DeviceLostError, NoRuntimeDirError, SystemError,
    )
    if kind.result is not None
}


def detail() -> str:
    """This thread's last failure, in the C library's words."""
    text: bytes = _c.quick.geyser_error_detail()
    return text.decode("utf-8", "replace")


def error(result: int, text: Optional[str] = None) -> Error:
    """The exception for a result of the C library's, with its words or others."""
    words = detail() if text is None else text
    if result in _CLASSES:
        return _CLASSES[result](words)
    name: bytes = _c.quick.geyser_result_string(result)
    return Error(f"{words} ({name.decode()}, {result})")


def check(result: int) -> None:
    """Raises, unless it is 0."""
    if result:
        raise error(result)

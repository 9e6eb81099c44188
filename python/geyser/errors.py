"""Exceptions: one for each result of the C library, with the library's error detail as text."""

import builtins
import enum
from typing import ClassVar, Dict, Optional, Type

from . import _c


class Result(enum.IntEnum):
    """The result of a call of the C library."""

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
    """Base of all of geyser's exceptions. The text says what was wrong and what would be right.
    `result` is the C library's number, or None if this package doesn't know that number."""

    result: ClassVar[Optional[Result]] = None


class InvalidArgumentError(Error, ValueError):
    """The call itself is wrong: a size of zero, a damaged handle, an unknown name."""

    result = Result.INVALID_ARGUMENT


class ClosedError(InvalidArgumentError):
    """The object was closed, its frame was given back, or it was made before a fork."""


class UnsupportedError(Error):
    """The call is correct, but this backend, format, device or kernel doesn't support it."""

    result = Result.UNSUPPORTED


class OutOfMemoryError(Error, MemoryError):
    """There is no memory left, or no space in the file system that holds the memory."""

    result = Result.OUT_OF_MEMORY


class NotFoundError(Error, LookupError):
    """There is no such handle, id or stream."""

    result = Result.NOT_FOUND


class StaleError(Error):
    """The object existed before: its exporter has ended or was restarted, or its device is lost."""

    result = Result.STALE


class ExistsError(Error):
    """The name is taken."""

    result = Result.EXISTS


class PermissionError(Error, builtins.PermissionError):
    """The object belongs to another user, or may not be written to."""

    result = Result.PERMISSION


class UnsealedError(Error):
    """The owner of the memory could still shrink it."""

    result = Result.UNSEALED


class MismatchError(Error):
    """The object isn't as the caller expected, or not as its owner describes it."""

    result = Result.MISMATCH


class TimeoutError(Error, builtins.TimeoutError):
    """The time limit has passed."""

    result = Result.TIMEOUT


class DisconnectedError(Error, ConnectionError):
    """The peer has ended."""

    result = Result.DISCONNECTED


class BusyError(Error):
    """The object is in use; a later try may work."""

    result = Result.BUSY


class LimitError(Error):
    """A limit was exceeded: a size, file descriptors, connections."""

    result = Result.LIMIT


class ProtocolError(Error):
    """The peer speaks another protocol, or sends invalid messages."""

    result = Result.PROTOCOL


class DeviceLostError(Error):
    """The GPU was reset or removed."""

    result = Result.DEVICE_LOST


class NoRuntimeDirError(Error):
    """There is no directory for the registry of exports."""

    result = Result.NO_RUNTIME_DIR


class SystemError(Error, OSError):
    """The system refused a call; the text names the call."""

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
    """Returns the error detail of this thread's last failure."""
    text: bytes = _c.quick.geyser_error_detail()
    return text.decode("utf-8", "replace")


def error(result: int, text: Optional[str] = None) -> Error:
    """Returns the exception for a result of the C library, with the given text or the error
    detail."""
    words = detail() if text is None else text
    if result in _CLASSES:
        return _CLASSES[result](words)
    name: bytes = _c.quick.geyser_result_string(result)
    return Error(f"{words} ({name.decode()}, {result})")


def check(result: int) -> None:
    """Raises the result's error, unless it is 0."""
    if result:
        raise error(result)

"""File descriptors that geyser gives out, to be waited for with select, selectors or asyncio."""

import ctypes
import os
from types import TracebackType
from typing import Any, Optional, Type

from ._objects import Local, Object
from .errors import ClosedError


class Descriptor(Local):
    """A file descriptor of one's own: closed by `close()`, at the end of a `with`, or when nobody
    refers to it any more. select() and asyncio take it as it is."""

    __slots__ = ("_fd",)
    _instead = "a descriptor is sent by socket.send_fds() or multiprocessing.reduction.DupFd()"
    _close = staticmethod(os.close)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The number. Raises ClosedError when it is closed."""
        if self._fd < 0:
            raise ClosedError("the Descriptor is closed")
        return self._fd

    def rearm(self) -> None:
        """For those that count what has happened: it becomes readable at the next time."""
        try:
            os.read(self.fileno(), 8)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Closes it; again is fine."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            self._close(fd)

    def __enter__(self) -> "Descriptor":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def of(owner: Object, function: Any, *arguments: Any) -> Descriptor:
    """What a C function gives for it."""
    out = ctypes.c_int(-1)
    owner._check(function(owner._pointer, *arguments, ctypes.byref(out)))
    return Descriptor(out.value)

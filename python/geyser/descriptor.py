"""File descriptors that geyser gives out, to wait for with select, selectors or asyncio."""

import ctypes
import os
from types import TracebackType
from typing import Any, Optional, Type

from ._objects import Local, Object
from .errors import ClosedError


class Descriptor(Local):
    """A file descriptor that the caller owns. It is closed by `close()`, at the end of a `with`, or
    when nothing refers to it any more. select() and asyncio accept the object itself."""

    __slots__ = ("_fd",)
    _instead = "a descriptor is sent by socket.send_fds() or multiprocessing.reduction.DupFd()"
    _close = staticmethod(os.close)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The descriptor's number. Raises ClosedError if it is closed."""
        if self._fd < 0:
            raise ClosedError("the Descriptor is closed")
        return self._fd

    def rearm(self) -> None:
        """Makes a descriptor that counts events unreadable until the next one."""
        try:
            os.read(self.fileno(), 8)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Closes the descriptor; closing again does nothing."""
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
    """Returns the descriptor that a C function gives for the owner."""
    out = ctypes.c_int(-1)
    owner._check(function(owner._pointer, *arguments, ctypes.byref(out)))
    return Descriptor(out.value)

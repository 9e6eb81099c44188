"""This user's streams: a list of them, and a watch that reports when they come and go."""

import ctypes
import threading
from fractions import Fraction
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from . import times, values
from ._c import geyser_stream_info, lib, quick, watch_callback
from ._objects import Object, Pointer
from .enums import Backend, Pacing, Path, StreamChange
from .errors import check
from .formats import Format


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


class StreamInfo(NamedTuple):
    """A stream, as its publisher describes it."""

    name: str
    application: str
    pid: int  #: of the publisher; 0: it doesn't answer, and the other fields are unknown
    format: Optional[Format]
    width: int
    height: int
    buffers: int
    frame_rate: Optional[Fraction]  #: frames per second; None: variable
    pacing: Pacing
    backend: Backend
    path: Path
    subscribers: int
    frames: int  #: submitted so far
    dropped: int  #: sum over all subscribers that get every frame
    latency_p50_ns: int  #: from submit to acquire, over all subscribers
    latency_p99_ns: int
    memory_bytes: int  #: what the publisher has for the stream; 0: it doesn't tell

    def __repr__(self) -> str:
        if not self.pid:
            return f"<geyser.StreamInfo {self.name!r}: its publisher doesn't answer>"
        rate = f" at {float(self.frame_rate):g}/s" if self.frame_rate else ""
        counts = f"{_count(self.subscribers, 'subscriber')}, {_count(self.frames, 'frame')}"
        return (
            f"<geyser.StreamInfo {self.name!r} {self.width}x{self.height} {self.format}{rate},"
            f" {counts}, by {self.application} (pid {self.pid})>"
        )


def _to_info(info: Any, memory_bytes: int) -> StreamInfo:
    rate = Fraction(info.frame_rate_num, info.frame_rate_den) if info.frame_rate_den else None
    return StreamInfo(
        name=info.name.decode("utf-8", "replace"),
        application=info.application.decode("utf-8", "replace"),
        pid=info.pid,
        format=Format.named(info.format) if info.format else None,
        width=info.width,
        height=info.height,
        buffers=info.buffers,
        frame_rate=rate,
        pacing=Pacing(info.pacing),
        backend=Backend(info.backend),
        path=Path(info.path),
        subscribers=info.subscribers,
        frames=info.frames,
        dropped=info.dropped,
        latency_p50_ns=info.latency_p50_ns,
        latency_p99_ns=info.latency_p99_ns,
        memory_bytes=memory_bytes,
    )


def list_streams() -> List[StreamInfo]:
    """Returns all of this user's streams, sorted by name. Raises NoRuntimeDirError,
    PermissionError, OutOfMemoryError, LimitError."""
    out, count = ctypes.POINTER(geyser_stream_info)(), ctypes.c_size_t()
    check(lib.geyser_stream_list(ctypes.byref(out), ctypes.byref(count)))
    try:
        return [
            _to_info(out[i], int(lib.geyser_stream_list_bytes(out, count, i)))
            for i in range(count.value)
        ]
    finally:
        lib.geyser_stream_list_free(out)


class WatchPointer(Pointer):
    """A watch."""

    destroy = staticmethod(lib.geyser_stream_watch_destroy)
    function: Any = None  # C calls this function as long as the watch lives


class StreamWatch(Object):
    """A watch for streams that come and go. Iterating first gives the streams that exist, and then
    waits for each change."""

    _pointer: Optional[WatchPointer]
    _instead = "another process makes its own, by geyser.StreamWatch()"

    def __init__(self) -> None:
        changes: List[Tuple[StreamChange, str]] = []

        def changed(change: int, name: bytes, _user: Any) -> None:
            changes.append((StreamChange(change), name.decode("utf-8", "replace")))

        function = watch_callback(changed)
        out = ctypes.c_void_p()
        check(lib.geyser_stream_watch_create(function, None, ctypes.byref(out)))
        pointer = WatchPointer(out.value)
        pointer.function = function
        super().__init__(pointer)
        self._changes, self._lock = changes, threading.Lock()

    def dispatch(self, timeout: Optional[values.Seconds] = 0) -> List[Tuple[StreamChange, str]]:
        """Returns the changes since the last call. It waits for that many seconds for a change; the
        list is empty if there is none."""

        def dispatch(ns: int) -> int:
            return int(lib.geyser_stream_watch_dispatch(self._pointer, ns))

        with self._lock:
            result = times.wait(dispatch, times.to_ns(timeout))
            changes = list(self._changes)
            self._changes.clear()
        if result and result != times.TIMEOUT:
            self._fail(result)
        return changes

    def __iter__(self) -> Iterator[Tuple[StreamChange, str]]:
        while True:
            yield from self.dispatch(None)

    def fileno(self) -> int:
        """The descriptor's number, for select() and asyncio: readable when `dispatch` has a change
        to report."""
        return int(quick.geyser_stream_watch_fd(self._open()))

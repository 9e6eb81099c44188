"""Subscribing to frames by name."""

import asyncio
import ctypes
from typing import AsyncIterator, Iterator, NamedTuple, Optional

from . import descriptor, times, values
from ._c import NEVER, geyser_subscriber_stats, lib
from ._objects import Pointer
from .descriptor import Descriptor
from .enums import End
from .errors import DeviceLostError, DisconnectedError, Result, TimeoutError
from .frame import ReceivedFrame, Stream

ENDED = (int(Result.DISCONNECTED), int(Result.DEVICE_LOST))


class SubscriberPointer(Pointer):
    """A subscriber."""

    destroy = staticmethod(lib.geyser_subscriber_destroy)


class SubscriberStats(NamedTuple):
    """A subscriber's figures."""

    frames: int  #: acquired
    dropped: int  #: submitted while connected and never acquired
    connections: int  #: to this publisher and those before it
    latency_p50_ns: int  #: submit to acquired, within 10 %; 0: no frame yet
    latency_p99_ns: int


class Subscriber(Stream):
    """Gets a stream's frames. Iterating gives each until the next is asked for, and ends with the
    publisher. Made by `geyser.subscribe` or Manager.subscribe."""

    _pointer: Optional[SubscriberPointer]
    _instead = "send its name, and subscribe to that there by geyser.subscribe()"
    _read_only = True

    def __init__(
        self,
        pointer: SubscriberPointer,
        name: str,
        manager: Pointer,
        on_host: bool,
        timeout: Optional[values.Seconds],
        reconnect: bool,
    ) -> None:
        super().__init__(pointer, name, manager, on_host)
        self._timeout, self._reconnect = timeout, reconnect
        self._descriptor: Optional[Descriptor] = None

    def __repr__(self) -> str:
        return f"<geyser.Subscriber {self.name!r}{' (closed)' if self.closed else ''}>"

    def close(self) -> None:
        """Ends it; again is fine. Frames that are out are gone, arrays of them stay."""
        super().close()
        if self._descriptor is not None:
            self._descriptor.close()

    def acquire(self, timeout: Optional[values.Seconds] = None) -> ReceivedFrame:
        """The next frame: `with subscriber.acquire() as frame:`. It waits for up to that many
        seconds, None: for ever. Raises TimeoutError, DisconnectedError (the publisher has gone;
        said once, the next call waits for one of that name), BusyError (you hold every buffer),
        DeviceLostError, and as Manager.import_texture after a resize."""
        out, pointer = ctypes.c_void_p(), self._pointer  # held until the frame is made
        timeout_ns = NEVER if timeout is None else times.to_ns(timeout)
        first = timeout_ns if timeout_ns < times.SLICE else times.SLICE
        result = lib.geyser_subscriber_acquire(pointer, first, ctypes.byref(out))
        if result == times.TIMEOUT and timeout_ns > times.SLICE:
            result = self._wait(timeout_ns, out)
        if result in ENDED:
            self._textures = {}
        if result or self._is_late(pointer, out, lib.geyser_subscriber_release):
            del pointer
            self._fail(result)
        return ReceivedFrame(self, out.value or 0)

    def _wait(self, timeout_ns: int, out: ctypes.c_void_p) -> int:
        def acquire(ns: int) -> int:
            return int(lib.geyser_subscriber_acquire(self._pointer, ns, ctypes.byref(out)))

        return times.wait(acquire, timeout_ns if timeout_ns == NEVER else timeout_ns - times.SLICE)

    def __iter__(self) -> Iterator[ReceivedFrame]:
        """Frames, each released when the next is asked for or the loop ends. Raises TimeoutError if
        none comes within the `timeout` given when subscribing."""
        while True:
            try:
                frame = self.acquire(self._timeout)
            except (DisconnectedError, DeviceLostError):
                if self._reconnect:
                    continue
                return
            with frame:
                yield frame

    def fileno(self) -> int:
        """For select() and asyncio: readable while there is a frame, or something to say, for
        `acquire(0)`. Don't read from it; it is closed with the subscriber."""
        self._open()
        if self._descriptor is None:
            self._descriptor = descriptor.of(self, lib.geyser_subscriber_fd)
        return self._descriptor.fileno()

    async def acquire_async(self) -> ReceivedFrame:
        """As `acquire`, for asyncio: waits without holding up the loop. One task at a time."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return self.acquire(0)
            except TimeoutError:
                pass
            readable: "asyncio.Future[None]" = loop.create_future()
            fd = self.fileno()
            loop.add_reader(fd, _settle, readable)
            try:
                await readable
            finally:
                loop.remove_reader(fd)

    async def __aiter__(self) -> AsyncIterator[ReceivedFrame]:
        """As iterating, for `async for`."""
        while True:
            try:
                frame = await self.acquire_async()
            except (DisconnectedError, DeviceLostError):
                if self._reconnect:
                    continue
                return
            with frame:
                yield frame

    @property
    def stats(self) -> SubscriberStats:
        """Its figures so far."""
        out = geyser_subscriber_stats()
        self._check(lib.geyser_subscriber_get_stats(self._pointer, ctypes.byref(out)))
        return SubscriberStats(
            out.frames, out.dropped, out.connections, out.latency_p50_ns, out.latency_p99_ns
        )

    @property
    def end(self) -> End:
        """How the stream has ended, after a DisconnectedError."""
        out = ctypes.c_int()
        self._check(lib.geyser_subscriber_get_end(self._pointer, ctypes.byref(out)))
        return End(out.value)


def _settle(readable: "asyncio.Future[None]") -> None:
    if not readable.done():
        readable.set_result(None)

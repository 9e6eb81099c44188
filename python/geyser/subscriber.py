"""Subscribing to frames by a stream's name."""

import asyncio
import ctypes
from typing import AsyncIterator, Dict, Iterator, NamedTuple, Optional

from . import descriptor, times, values
from ._c import BUFFERS_MAX, NEVER, geyser_subscriber_stats, lib, quick
from ._objects import Pointer
from .descriptor import Descriptor
from .enums import End
from .errors import DeviceLostError, DisconnectedError, Result, TimeoutError
from .frame import ReceivedFrame, Stream
from .texture import Texture

ENDED = (int(Result.DISCONNECTED), int(Result.DEVICE_LOST))


class SubscriberPointer(Pointer):
    """A pointer to a subscriber."""

    destroy = staticmethod(lib.geyser_subscriber_destroy)


class SubscriberStats(NamedTuple):
    """A subscriber's statistics."""

    frames: int  #: number of acquired frames
    dropped: int  #: number of frames submitted while connected and never acquired
    connections: int  #: connections to this publisher and those before it
    latency_p50_ns: int  #: from submit to acquire, within 10 %; 0: no frame yet
    latency_p99_ns: int


class Subscriber(Stream):
    """The receiver of a stream's frames. Iterating gives each frame until the next one is asked
    for, and ends with the publisher. Made by `geyser.subscribe` or Manager.subscribe."""

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
        self._textures: Dict[int, Texture] = {}  # of buffers, by address: they come again

    def __repr__(self) -> str:
        return f"<geyser.Subscriber {self.name!r}{' (closed)' if self.closed else ''}>"

    def close(self) -> None:
        """Ends the subscription; closing again does nothing. Frames that are in use become invalid,
        but arrays of them stay valid memory."""
        super().close()
        self._textures = {}
        if self._descriptor is not None:
            self._descriptor.close()

    def _texture_of(self, frame: int) -> Texture:
        address = quick.geyser_frame_texture(frame)
        found = self._textures.get(address)
        if found is not None and found._pointer is not None:
            return found
        made = super()._texture_of(frame)
        # After a resize, or with another publisher, the earlier textures don't come again.
        others = list(self._textures.values())
        if len(others) >= BUFFERS_MAX or any(not made.is_like(one) for one in others):
            self._textures = {}
        self._textures[address] = made
        return made

    def acquire(self, timeout: Optional[values.Seconds] = None) -> ReceivedFrame:
        """Returns the next frame: `with subscriber.acquire() as frame:`. It waits for up to that
        many seconds; None: for ever. Raises TimeoutError, DisconnectedError (the publisher has
        ended; the next call waits for a new one of that name), BusyError (the caller holds every
        buffer), DeviceLostError, and as Manager.import_texture after a resize."""
        # holds the C object until the frame is made
        out, pointer = ctypes.c_void_p(), self._pointer
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

    def set_spin(self, seconds: values.Seconds) -> None:
        """Sets for how long `acquire` spins before it sleeps, at most 1 second: see
        Manager.set_spin."""
        self._check(lib.geyser_subscriber_set_spin(self._pointer, times.to_spin_ns(seconds)))

    def _wait(self, timeout_ns: int, out: ctypes.c_void_p) -> int:
        def acquire(ns: int) -> int:
            return int(lib.geyser_subscriber_acquire(self._pointer, ns, ctypes.byref(out)))

        return times.wait(acquire, timeout_ns if timeout_ns == NEVER else timeout_ns - times.SLICE)

    def __iter__(self) -> Iterator[ReceivedFrame]:
        """Yields frames; each is released when the next one is asked for or the loop ends. Raises
        TimeoutError if no frame comes within the `timeout` given when subscribing."""
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
        """The descriptor's number, for select() and asyncio: readable while `acquire(0)` has a
        frame or an error to give. Don't read from it. It is closed with the subscriber."""
        self._open()
        if self._descriptor is None:
            self._descriptor = descriptor.of(self, lib.geyser_subscriber_fd)
        return self._descriptor.fileno()

    async def acquire_async(self) -> ReceivedFrame:
        """Returns the next frame as `acquire` does, for asyncio: the loop goes on while it waits.
        Only one task at a time may call this."""
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
        """Yields frames as iterating does, for `async for`."""
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
        """The subscriber's statistics so far."""
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

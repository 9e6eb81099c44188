"""Publishing frames under a name."""

import ctypes
import fractions
import operator
import re
import select
import time
from typing import Any, Iterable, NamedTuple, Optional, Tuple, Union

from . import descriptor, times, values
from ._c import (
    NEVER,
    ROW_ALIGNMENT_MAX,
    ROW_ALIGNMENT_SHIFT,
    geyser_publisher_stats,
    geyser_texture_desc,
    lib,
)
from ._objects import Pointer
from .descriptor import Descriptor
from .enums import Pacing, Usage, pick_usage
from .errors import InvalidArgumentError, Result, detail, error
from .formats import Format
from .frame import PublisherFrame, Stream, set_metadata

BUSY = int(Result.BUSY)
FIRST_PAUSE, LAST_PAUSE = 50e-6, 1e-3  # seconds
UsageLike = Union[values.Integer, str, Iterable[Union[values.Integer, str]]]
Rate = Union[None, values.Seconds, Tuple[values.Integer, values.Integer]]


class PublisherPointer(Pointer):
    """A pointer to a publisher."""

    destroy = staticmethod(lib.geyser_publisher_destroy)


class PublisherStats(NamedTuple):
    """A publisher's statistics."""

    frames: int  #: number of submitted frames
    subscribers: int  #: number of subscribers that are connected now
    buffers_held: int  #: number of buffers that subscribers read now


def _to_fraction(rate: Any) -> fractions.Fraction:
    if isinstance(rate, tuple):
        numerator, denominator = rate
        return fractions.Fraction(operator.index(numerator), operator.index(denominator))
    if values.is_bool(rate):
        raise TypeError("a bool is no rate")
    if isinstance(rate, (str, fractions.Fraction)):
        return fractions.Fraction(rate)
    if values.is_integer(rate):
        return fractions.Fraction(operator.index(rate))
    return fractions.Fraction(float(rate))


def to_rate(rate: Rate) -> Tuple[int, int]:
    """Returns numerator and denominator; (0, 0) means a variable rate."""
    if rate is None:
        return 0, 0
    try:
        given = _to_fraction(rate)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise InvalidArgumentError(
            f"frame_rate ({rate!r}): it must be frames a second, such as 60 or (30000, 1001)"
        ) from None
    limited = given.limit_denominator(1001)
    if not 0 < limited < 2**32:
        raise InvalidArgumentError(f"frame_rate ({rate!r}): it must be over 0 and under 2**32")
    return limited.numerator, limited.denominator


def to_desc(
    width: values.Integer,
    height: values.Integer,
    form: Union[Format, str],
    usage: UsageLike,
    label: Optional[bytes] = None,
    row_alignment: values.Integer = 0,
) -> Any:
    """Returns a struct geyser_texture_desc of a 2D texture."""
    alignment = values.integer(row_alignment, "row_alignment")
    if not 0 <= alignment <= ROW_ALIGNMENT_MAX or alignment & (alignment - 1):
        raise InvalidArgumentError(
            f"row_alignment ({row_alignment!r}): it must be a power of two, 1 to"
            f" {ROW_ALIGNMENT_MAX}, or 0 for none"
        )
    return geyser_texture_desc(
        format=Format.named(form).number,
        width=values.integer(width, "width"),
        height=values.integer(height, "height"),
        usage=pick_usage(usage) | alignment << ROW_ALIGNMENT_SHIFT,
        label=label,
    )


class Publisher(Stream):
    """The source of a stream. It owns a few textures, and gives out one that no subscriber reads to
    draw into. Made by `geyser.publish` or Manager.publish."""

    _pointer: Optional[PublisherPointer]
    _instead = "send its name: other processes subscribe to that, by geyser.subscribe()"

    def __init__(
        self,
        pointer: PublisherPointer,
        name: str,
        manager: Pointer,
        on_host: bool,
        pacing: Pacing,
        desc: Any,
    ) -> None:
        super().__init__(pointer, name, manager, on_host)
        self._pacing = pacing
        self._remember(desc)

    def _remember(self, desc: Any) -> None:
        self._size, self._form, self._usage = (desc.width, desc.height), desc.format, desc.usage

    def __repr__(self) -> str:
        state = " (closed)" if self.closed else ""
        size = f"{self._size[0]}x{self._size[1]}"
        return f"<geyser.Publisher {self.name!r} {size} {Format.named(self._form).name}{state}>"

    @property
    def width(self) -> int:
        """The width of the next frames, in texels."""
        return int(self._size[0])

    @property
    def height(self) -> int:
        """The height of the next frames, in texels."""
        return int(self._size[1])

    @property
    def format(self) -> Format:
        """The format of the next frames."""
        return Format.named(self._form)

    def acquire(self, timeout: Optional[values.Seconds] = None) -> PublisherFrame:
        """Returns a frame to draw into. Its `submit()` publishes the frame and its `discard()`
        gives it back; a frame that nothing refers to any more is discarded. The call waits, up to
        that many seconds or for ever, while subscribers hold every buffer, or with lossless pacing
        have frames to take. Raises TimeoutError (the text tells which subscribers hold it up),
        BusyError (the caller has acquired all buffers), ClosedError (also if another thread closes
        the publisher meanwhile), DeviceLostError."""
        # holds the C object until the frame is made
        out, pointer = ctypes.c_void_p(), self._pointer
        timeout_ns = times.to_ns(timeout)
        result = lib.geyser_publisher_acquire(pointer, 0, ctypes.byref(out))
        if result == times.TIMEOUT and timeout_ns > 0:
            result = self._wait_for_buffer(timeout_ns, out)
        words = re.sub(r"\(waited [^()]*\)", f"(waited {timeout} s)", detail()) if result else ""
        if result or self._is_late(pointer, out, lib.geyser_publisher_discard):
            del pointer
            if result == times.TIMEOUT:
                raise error(result, words)
            self._fail(result)
        return PublisherFrame(self, out.value or 0)

    def frame(self, timeout: Optional[values.Seconds] = None) -> PublisherFrame:
        """Returns a frame as `acquire` does. Use `with publisher.frame() as frame:`, which submits
        the frame at its end."""
        return self.acquire(timeout)

    def _wait_for_buffer(self, timeout_ns: int, out: ctypes.c_void_p) -> int:
        def acquire(ns: int) -> int:
            return int(lib.geyser_publisher_acquire(self._pointer, ns, ctypes.byref(out)))

        if self._pacing == Pacing.LOSSLESS and timeout_ns > times.SLICE:
            return _look_again(acquire, timeout_ns)
        return times.wait(acquire, timeout_ns)

    def set_idle_limit(self, seconds: Optional[values.Seconds]) -> None:
        """Sets for how long the stream must have had no subscriber until the publisher frees the
        memory of buffers, by default 60 seconds; None: it never does. Frames then need new memory
        when a subscriber comes."""
        limit = times.to_ns(seconds)
        self._check(lib.geyser_publisher_set_idle_limit(self._pointer, limit))

    def set_spin(self, seconds: values.Seconds) -> None:
        """Sets for how long `acquire` and `flush` spin before they sleep, at most 1 second: see
        Manager.set_spin. The acquire of a lossless stream that may wait for more than 0.1 seconds
        looks from time to time instead, and neither spins nor sleeps until a release."""
        self._check(lib.geyser_publisher_set_spin(self._pointer, times.to_spin_ns(seconds)))

    def send(self, source: Any, timeout: Optional[values.Seconds] = None, **metadata: Any) -> None:
        """Publishes a copy of an array, or of bytes without padding, which must have the frame's
        shape and type. metadata: attributes of the frame to set, such as presentation_ns=…,
        user=b"…"."""
        with self.frame(timeout) as frame:
            set_metadata(frame, metadata)
            frame.write(source)

    def resize(
        self,
        width: values.Integer,
        height: values.Integer,
        format: Union[Format, str, None] = None,
        usage: Optional[UsageLike] = None,
    ) -> None:
        """Gives the next frames this size, and format and usage if they are given. The row alignment
        stays. Raises BusyError (a frame is in use), and as Manager.create_texture."""
        form = Format.named(self._form if format is None else format)
        alignment = self._usage >> ROW_ALIGNMENT_SHIFT
        kept = self._usage & ~(alignment << ROW_ALIGNMENT_SHIFT)
        usages = kept if usage is None else usage
        desc = to_desc(width, height, form, usages, row_alignment=alignment)
        self._check(lib.geyser_publisher_resize(self._pointer, ctypes.byref(desc)))
        self._remember(desc)

    def flush(self, timeout: Optional[values.Seconds] = None) -> None:
        """Waits until all frames are taken and no subscriber holds one. Call this before the end of
        a stream whose last frames matter. Raises TimeoutError."""

        def flush(ns: int) -> int:
            return int(lib.geyser_publisher_flush(self._pointer, ns))

        result = times.wait(flush, times.to_ns(timeout))
        if result:
            self._fail(result)

    @property
    def stats(self) -> PublisherStats:
        """The publisher's statistics now."""
        out = geyser_publisher_stats()
        self._check(lib.geyser_publisher_get_stats(self._pointer, ctypes.byref(out)))
        return PublisherStats(out.frames, out.subscribers, out.buffers_held)

    def subscribers_descriptor(self) -> Descriptor:
        """Returns a descriptor that becomes readable each time a subscriber comes or goes, until
        `rearm()`."""
        return descriptor.of(self, lib.geyser_publisher_subscribers_fd)

    def wait_for_subscribers(
        self, count: values.Integer = 1, timeout: Optional[values.Seconds] = None
    ) -> None:
        """Waits until that many subscribers are connected. Raises TimeoutError."""
        count = values.integer(count, "count")
        timeout_ns = times.to_ns(timeout)
        deadline = None if timeout_ns == NEVER else time.monotonic() + timeout_ns / 1e9
        with self.subscribers_descriptor() as changed:
            while self.stats.subscribers < count:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not select.select([changed], [], [], left)[0]:
                    raise error(
                        times.TIMEOUT,
                        f'stream "{self.name}" has {self.stats.subscribers} subscribers after'
                        f" {timeout} s, not {count}",
                    )
                changed.rearm()


def _look_again(acquire: Any, timeout_ns: int) -> int:
    """Tries again and again, for lossless pacing. The C library stops waiting for a subscriber that
    doesn't take its frames within a timeout. So each try has a timeout of 0, until the caller's
    timeout has passed."""
    deadline = None if timeout_ns == NEVER else time.monotonic_ns() + timeout_ns
    pause = FIRST_PAUSE
    while deadline is None or time.monotonic_ns() < deadline:
        time.sleep(pause)
        pause = min(2 * pause, LAST_PAUSE)
        result: int = acquire(0)
        if result != times.TIMEOUT:
            return result
    return int(acquire(1))

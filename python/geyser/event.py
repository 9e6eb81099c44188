"""Events: 64-bit timelines that only grow, shared between processes."""

import ctypes
import itertools
from typing import Any, Callable, Dict, Optional

from . import _c, descriptor, handle, times, values
from ._c import lib
from ._objects import Object, Pointer, on_fork
from .descriptor import Descriptor
from .errors import Error, Result, error
from .handle import Handle

Callback = Callable[[int, Optional[Error]], Any]

# Of callbacks: what the C library's words say is said to another thread.
WORDS = {
    int(Result.DISCONNECTED): "the event's exporter has died before the value was reached",
    int(Result.DEVICE_LOST): "the device that signals the event is lost",
    int(Result.STALE): "the event was closed before the value was reached",
}

_pending: Dict[int, Callback] = {}
_keys = itertools.count(1)


def _reached(_event: int, value: int, result: int, key: int) -> None:
    callback = _pending.pop(key, None)
    if callback is not None:
        callback(value, error(result, WORDS.get(result, "")) if result else None)


_reached_in_c = _c.event_callback(_reached)


on_fork(_pending.clear)


class EventPointer(Pointer):
    """A reference to an event."""

    destroy = staticmethod(lib.geyser_event_unref)


class Event(Object):
    """A value that any process that holds it can raise, wait for, and be told of. Made by a
    Manager."""

    _pointer: Optional[EventPointer]
    _instead = "send event.export(), a Handle, and import that there by Manager.import_event()"

    def __init__(self, pointer: EventPointer) -> None:
        super().__init__(pointer)

    def __repr__(self) -> str:
        return f"<geyser.Event {'(closed)' if self.closed else self.value}>"

    @property
    def value(self) -> int:
        """The present value; what one process has seen never gets smaller."""
        out = ctypes.c_uint64()
        self._check(lib.geyser_event_value(self._pointer, ctypes.byref(out)))
        return int(out.value)

    def signal(self, value: values.Integer) -> None:
        """Raises the value to this one; one that isn't above the present value changes nothing.
        What this thread wrote before is seen by whoever has waited."""
        self._check(lib.geyser_event_signal(self._pointer, times.to_value(value)))

    def wait(self, value: values.Integer, timeout: Optional[values.Seconds] = None) -> None:
        """Waits until the value is reached. timeout: seconds; 0 only looks, None waits for ever.
        Raises TimeoutError, DisconnectedError (imported, and its exporter has died),
        DeviceLostError."""
        wanted = times.to_value(value)

        def wait(ns: int) -> int:
            return int(lib.geyser_event_wait(self._pointer, wanted, ns))

        result = times.wait(wait, times.to_ns(timeout))
        if result:
            self._fail(result)

    def reached(self, value: values.Integer) -> bool:
        """Whether the value is reached, without waiting."""
        result = lib.geyser_event_wait(self._pointer, times.to_value(value), 0)
        if result and result != times.TIMEOUT:
            self._fail(result)
        return not result

    def notify(self, value: values.Integer, callback: Callback) -> None:
        """Has callback(value, error) called once, on a thread of this event's: when the value is
        reached (value: the present one, error: None), or with a DisconnectedError, a
        DeviceLostError, or a StaleError if the event is closed before. An exception of the
        callback's goes to sys.unraisablehook."""
        wanted, key = times.to_value(value), next(_keys)
        _pending[key] = callback
        result = lib.geyser_event_notify(self._pointer, wanted, _reached_in_c, key)
        if result:
            del _pending[key]
            self._fail(result)

    def descriptor(self, value: values.Integer) -> Descriptor:
        """Readable, and staying so, once the value is reached, the exporter has died or the event
        is closed: `reached` or `wait` then says which. For select() and asyncio."""
        return descriptor.of(self, lib.geyser_event_fd, times.to_value(value))

    def export(self) -> Handle:
        """Makes it importable by other processes of this user, which may all signal it."""
        return handle.export(self, lib.geyser_event_export)

    def unexport(self) -> None:
        """No new imports; existing ones live on."""
        self._check(lib.geyser_event_unexport(self._pointer))

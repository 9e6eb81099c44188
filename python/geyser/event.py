"""Events: 64-bit timelines whose values only grow, shared between processes."""

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

# Texts for callbacks: the C library's error detail belongs to another thread.
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
    """A value that processes share. Each of them can raise it, wait for it, and be told when it is
    reached. A Manager makes events."""

    _pointer: Optional[EventPointer]
    _instead = "send event.export(), a Handle, and import that there by Manager.import_event()"

    def __init__(self, pointer: EventPointer) -> None:
        super().__init__(pointer)

    def __repr__(self) -> str:
        return f"<geyser.Event {'(closed)' if self.closed else self.value}>"

    @property
    def value(self) -> int:
        """The present value. It never decreases for a process that has seen it."""
        out = ctypes.c_uint64()
        self._check(lib.geyser_event_value(self._pointer, ctypes.byref(out)))
        return int(out.value)

    def signal(self, value: values.Integer) -> None:
        """Raises the event to this value. A value that isn't above the present one changes nothing.
        A thread that has waited for the value sees all that this thread wrote before."""
        self._check(lib.geyser_event_signal(self._pointer, times.to_value(value)))

    def wait(self, value: values.Integer, timeout: Optional[values.Seconds] = None) -> None:
        """Waits until the value is reached. timeout: seconds; 0 only checks, None waits for ever.
        Raises TimeoutError, DisconnectedError (the exporter of this imported event has died),
        DeviceLostError."""
        wanted = times.to_value(value)

        def wait(ns: int) -> int:
            return int(lib.geyser_event_wait(self._pointer, wanted, ns))

        result = times.wait(wait, times.to_ns(timeout))
        if result:
            self._fail(result)

    def set_spin(self, seconds: values.Seconds) -> None:
        """Sets for how long `wait` spins before it sleeps, at most 1 second: see
        Manager.set_spin."""
        self._check(lib.geyser_event_set_spin(self._pointer, times.to_spin_ns(seconds)))

    def reached(self, value: values.Integer) -> bool:
        """Returns whether the value is reached, without waiting."""
        result = lib.geyser_event_wait(self._pointer, times.to_value(value), 0)
        if result and result != times.TIMEOUT:
            self._fail(result)
        return not result

    def notify(self, value: values.Integer, callback: Callback) -> None:
        """Registers callback(value, error), which is called once, on a thread that belongs to this
        event. When the value is reached, it gets the present value and None. Otherwise it gets a
        DisconnectedError, a DeviceLostError, or a StaleError if the event is closed before. An
        exception in the callback goes to sys.unraisablehook."""
        wanted, key = times.to_value(value), next(_keys)
        _pending[key] = callback
        result = lib.geyser_event_notify(self._pointer, wanted, _reached_in_c, key)
        if result:
            del _pending[key]
            self._fail(result)

    def descriptor(self, value: values.Integer) -> Descriptor:
        """Returns a descriptor for select() and asyncio. It becomes and stays readable when the
        value is reached, the exporter has died or the event is closed; `reached` or `wait` then
        tells which."""
        return descriptor.of(self, lib.geyser_event_fd, times.to_value(value))

    def export(self) -> Handle:
        """Lets other processes of this user import the event. All of them may signal it."""
        return handle.export(self, lib.geyser_event_export)

    def unexport(self) -> None:
        """Refuses new imports. Existing imports keep working."""
        self._check(lib.geyser_event_unexport(self._pointer))

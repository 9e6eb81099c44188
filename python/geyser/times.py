"""Seconds and nanoseconds, and waits that Ctrl-C can end."""

import math
import time
from typing import Callable, Optional

from ._c import NEVER, SPIN_MAX_NS
from . import values
from .errors import InvalidArgumentError, Result

# nanoseconds: the longest delay until a KeyboardInterrupt or a close() is noticed
SLICE = 100_000_000
TIMEOUT = int(Result.TIMEOUT)


def _real_or_nan(seconds: values.Seconds) -> float:
    try:
        return values.real(seconds, "seconds")
    except InvalidArgumentError:
        return math.nan


def to_ns(seconds: Optional[values.Seconds], what: str = "timeout") -> int:
    """Returns nanoseconds. None and infinity mean for ever; 0 means that a call only checks."""
    if seconds is None:
        return NEVER
    number = _real_or_nan(seconds)
    if math.isnan(number) or number < 0:
        raise InvalidArgumentError(
            f"{what} ({seconds!r}): it must be 0 or more seconds, or None for ever"
        )
    if number >= NEVER / 1e9:
        return NEVER
    return int(number * 1_000_000_000)


def to_spin_ns(seconds: values.Seconds) -> int:
    """Returns how many nanoseconds waits spin, from 0 to SPIN_MAX_NS."""
    number = _real_or_nan(seconds)
    if not 0 <= number * 1e9 <= SPIN_MAX_NS:
        raise InvalidArgumentError(
            f"seconds ({seconds!r}): it must be 0 to {SPIN_MAX_NS // 10**9}"
        )
    return int(number * 1e9)


def to_value(value: values.Integer) -> int:
    """Returns an event's value as a checked integer: ctypes would take it modulo 2**64."""
    return values.integer(value, "value", 64)


def wait(call: Callable[[int], int], timeout_ns: int, growing: bool = False) -> int:
    """Calls call(ns) with short times again and again until timeout_ns has passed, and returns its
    result.

    Python handles signals between two calls of C. So a KeyboardInterrupt gets through, and another
    thread may close the object. call gets 0 only if timeout_ns is 0: a check may have another
    result than a wait whose time has passed (connecting: no such stream). growing: each call gets
    twice the time of the one before. A call that begins anew each time needs this: it would never
    end if it took longer than a short time."""
    if timeout_ns <= SLICE:
        return call(timeout_ns)
    deadline = None if timeout_ns == NEVER else time.monotonic_ns() + timeout_ns
    most = SLICE
    while True:
        left = NEVER if deadline is None else max(1, deadline - time.monotonic_ns())
        result = call(min(most, left))
        if result != TIMEOUT or left <= most:
            return result
        most = 2 * most if growing else most

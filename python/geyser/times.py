"""Seconds and nanoseconds, and waits that Ctrl-C ends."""

import math
import time
from typing import Callable, Optional

from ._c import NEVER
from .errors import InvalidArgumentError, Result

SLICE = 100_000_000  # ns: how late a KeyboardInterrupt, or a close(), may be noticed
TIMEOUT = int(Result.TIMEOUT)


def to_ns(seconds: Optional[float], what: str = "timeout") -> int:
    """None is for ever, as is infinity; 0 only looks."""
    if seconds is None:
        return NEVER
    if not isinstance(seconds, (int, float)) or math.isnan(seconds) or seconds < 0:
        raise InvalidArgumentError(
            f"{what} ({seconds!r}): it must be 0 or more seconds, or None for ever"
        )
    if seconds >= NEVER / 1e9:
        return NEVER
    return int(seconds * 1_000_000_000)


def to_value(value: int) -> int:
    """An event's value, which ctypes would else take modulo 2**64."""
    if not isinstance(value, int) or not 0 <= value < 2**64:
        raise InvalidArgumentError(f"value ({value!r}): it must be an integer from 0 to 2**64 - 1")
    return value


def wait(call: Callable[[int], int], timeout_ns: int) -> int:
    """What call(ns) comes to within the time. It is called again and again with less, so that a
    KeyboardInterrupt gets through, and what another thread has closed is noticed: Python handles
    signals between two calls of C."""
    if timeout_ns <= SLICE:
        return call(timeout_ns)
    deadline = None if timeout_ns == NEVER else time.monotonic_ns() + timeout_ns
    while True:
        left = NEVER if deadline is None else max(0, deadline - time.monotonic_ns())
        result = call(min(SLICE, left))
        if result != TIMEOUT or left <= SLICE:
            return result

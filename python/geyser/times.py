"""Seconds and nanoseconds, and waits that Ctrl-C ends."""

import math
import time
from typing import Callable, Optional

from ._c import NEVER
from . import values
from .errors import InvalidArgumentError, Result

SLICE = 100_000_000  # ns: how late a KeyboardInterrupt, or a close(), may be noticed
TIMEOUT = int(Result.TIMEOUT)


def to_ns(seconds: Optional[values.Seconds], what: str = "timeout") -> int:
    """None is for ever, as is infinity; 0 only looks."""
    if seconds is None:
        return NEVER
    try:
        number = values.real(seconds, what)
    except InvalidArgumentError:
        number = math.nan
    if math.isnan(number) or number < 0:
        raise InvalidArgumentError(
            f"{what} ({seconds!r}): it must be 0 or more seconds, or None for ever"
        )
    if number >= NEVER / 1e9:
        return NEVER
    return int(number * 1_000_000_000)


def to_value(value: values.Integer) -> int:
    """An event's value, which ctypes would else take modulo 2**64."""
    return values.integer(value, "value", 64)


def wait(call: Callable[[int], int], timeout_ns: int, growing: bool = False) -> int:
    """Returns the result of call(ns), which is called with short times again and again until
    timeout_ns has passed. Python handles signals between two calls of C: so a KeyboardInterrupt
    gets through, and another thread may close the object. call gets 0 only if timeout_ns is 0: the
    result may differ from that of a time that has passed (connecting: no such stream). growing:
    each call gets twice the time of the one before. That is for a call that begins anew each time,
    and would never end if it needs longer than a short time."""
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

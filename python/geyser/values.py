"""Checks numbers that callers give: integers and seconds of any numeric type, also NumPy's."""

import operator
from typing import Any, SupportsFloat, SupportsIndex, Tuple, Union

from .errors import InvalidArgumentError

Integer = SupportsIndex
Size = Tuple[Integer, Integer]
Seconds = Union[SupportsFloat, SupportsIndex]


def is_bool(value: Any) -> bool:
    """Returns whether a value is a bool of Python or NumPy. Both would count as numbers."""
    return isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"


def is_integer(value: Any) -> bool:
    """Returns whether a value is an integer (operator.index takes it), and no bool."""
    if is_bool(value):
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def integer(value: Integer, what: str, bits: int = 32) -> int:
    """Returns a value as an integer that an unsigned C type of that many bits holds."""
    number = operator.index(value) if is_integer(value) else -1
    if not 0 <= number < 1 << bits:
        kind = "" if is_integer(value) else f", not a {type(value).__name__}"
        raise InvalidArgumentError(
            f"{what} ({value!r}): it must be an integer from 0 to 2**{bits} - 1{kind}"
        )
    return number


def size(value: Size) -> Tuple[int, int]:
    """Returns a width and a height as integers that an unsigned C type of 32 bits holds."""
    try:
        width, height = value
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"size ({value!r}): it must be a width and a height") from None
    return integer(width, "width"), integer(height, "height")


def real(value: Seconds, what: str) -> float:
    """Returns a number as a float."""
    if not is_bool(value) and not isinstance(value, (str, bytes, bytearray)):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise InvalidArgumentError(f"{what} ({value!r}): it must be a number")

"""Handles: bytes that name an exported texture or event."""

import ctypes
from typing import Any, Tuple, Union

from . import _c, values
from ._objects import Object
from .errors import InvalidArgumentError, check

SIZE = 64


class Handle:
    """The name of an exported object: 64 bytes, which can be sent in any way. An import takes any
    of `bytes(handle)`, `str(handle)` and `handle.id`. A handle can be pickled."""

    __slots__ = ("_bytes",)

    def __init__(self, data: bytes) -> None:
        if len(data) != SIZE:
            raise InvalidArgumentError(f"handle of {len(data)} bytes: it must have {SIZE}")
        self._bytes = bytes(data)
        if not _c.quick.geyser_handle_id(self._struct()):
            raise InvalidArgumentError("handle: its bytes are damaged (the checksum is another)")

    @classmethod
    def of(cls, what: "HandleLike") -> "Handle":
        """Returns the handle that is given as itself, its bytes, its text, or its id among this
        user's exports. An id can also raise NotFoundError and StaleError."""
        if isinstance(what, Handle):
            return what
        if isinstance(what, (bytes, bytearray, memoryview)):
            return cls(bytes(what))
        if not isinstance(what, str) and not values.is_integer(what):
            raise InvalidArgumentError(
                f"handle ({what!r}): it must be a Handle, 64 bytes, text, or an id"
            )
        out = _c.geyser_handle()
        if isinstance(what, str):
            check(_c.quick.geyser_handle_from_string(what.encode(), ctypes.byref(out)))
        else:
            number = values.integer(what, "id")
            check(_c.lib.geyser_handle_from_id(number, ctypes.byref(out)))
        return cls(bytes(out.bytes))

    @property
    def id(self) -> int:
        """32 bits, unique among this user's exports at any one time."""
        return int(_c.quick.geyser_handle_id(self._struct()))

    def _struct(self) -> Any:
        return _c.geyser_handle.from_buffer_copy(self._bytes)

    def __bytes__(self) -> bytes:
        return self._bytes

    def __str__(self) -> str:
        text = ctypes.create_string_buffer(_c.HANDLE_TEXT_SIZE)
        check(_c.quick.geyser_handle_to_string(self._struct(), text, _c.HANDLE_TEXT_SIZE))
        return text.value.decode()

    def __repr__(self) -> str:
        return f"<geyser.Handle 0x{self.id:08x}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Handle, (self._bytes,)


HandleLike = Union[Handle, bytes, bytearray, memoryview, str, values.Integer]


def export(owner: Object, function: Any) -> Handle:
    """Returns the handle that a C function of export gives for the owner."""
    out = _c.geyser_handle()
    owner._check(function(owner._pointer, ctypes.byref(out)))
    return Handle(bytes(out.bytes))

"""What all objects have in common: a pointer that is released once, close(), exit, fork. Not for
users.

A pointer is an object of its own. Its `__del__` destroys what it points to, and a call that it is
an argument of holds it: so an object that one thread closes while another is within a call is
destroyed when that call returns, not under it. A closed object passes None, which the C library
refuses."""

import atexit
import ctypes
import os
import weakref
from itertools import count
from types import TracebackType
from typing import Any, Callable, ClassVar, List, NoReturn, Optional, Protocol, Type, TypeVar

from .errors import ClosedError, error

O = TypeVar("O", bound="Object")

_numbers = count()
_objects: "weakref.WeakValueDictionary[int, Object]" = weakref.WeakValueDictionary()
_pointers: "weakref.WeakSet[Pointer]" = weakref.WeakSet()
_forgetters: List[Callable[[], None]] = []


class Work(Protocol):
    """What a device may still do with something."""

    def settle(self) -> None:
        """Waits until it is done."""


class Local:
    """Base of objects that live in one process only: a copy would release the same memory again,
    and another process has no such memory. Copy and pickle raise TypeErrors, which say what to send
    instead."""

    __slots__ = ()
    _instead: ClassVar[str] = ""

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        instead = f": {self._instead}" if self._instead else ""
        raise TypeError(f"a geyser.{type(self).__name__} can't be pickled or copied{instead}")


class Pointer(Local, ctypes.c_void_p):
    """Owns what it points to."""

    destroy: ClassVar[Any]  # the C function
    work: Optional[Work] = None  # to be done before

    def __init__(self, value: Optional[int]) -> None:
        super().__init__(value)
        _pointers.add(self)

    def __hash__(self) -> int:
        return id(self)

    def __del__(self) -> None:
        if self.value:
            if self.work is not None:
                self.work.settle()
            self.destroy(self)
            self.value = None


class Object(Local):
    """Closed by `close()`, at the end of a `with`, or when nobody refers to it any more."""

    _pointer: Optional[Pointer] = None
    _forked = False

    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        _objects[next(_numbers)] = self

    def close(self) -> None:
        """Gives it up; again is fine. Another thread that waits for it gets a ClosedError."""
        self._pointer = None

    @property
    def closed(self) -> bool:
        """Whether it was."""
        return self._pointer is None

    def __enter__(self: O) -> O:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _fail(self, result: int) -> NoReturn:
        """Raises what a call came to, or that this is closed."""
        raise ClosedError(self._why_closed()) if self._pointer is None else error(result)

    def _check(self, result: int) -> None:
        """Raises, unless it is 0."""
        if result:
            self._fail(result)

    def _why_closed(self) -> str:
        name = type(self).__name__
        if self._forked:
            return f"the {name} was made before fork(): a child makes a Manager and all else anew"
        return f"the {name} is closed"

    def _open(self) -> Pointer:
        """Its pointer, for calls that have no result to look at."""
        if self._pointer is None:
            raise ClosedError(self._why_closed())
        return self._pointer


def _close_all() -> None:
    """At exit, newest first: while callbacks can still run, and so that subscribers and importers
    hear of it. Arrays keep what they need."""
    for _, one in sorted(_objects.items(), reverse=True):
        one.close()


def _forget() -> None:
    """In a child: what the parent made is the parent's; its memory stays mapped."""
    for pointer in list(_pointers):
        pointer.value = None
    for one in list(_objects.values()):
        one._forked, one._pointer = True, None
    for forget in _forgetters:
        forget()


def on_fork(forget: Callable[[], None]) -> None:
    """Has it called in every child."""
    _forgetters.append(forget)


atexit.register(_close_all)
os.register_at_fork(after_in_child=_forget)

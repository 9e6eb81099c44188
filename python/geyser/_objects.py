"""Base classes of all objects: a pointer that is released once, close(), exit and fork. Not for
users.

A pointer is an object of its own, and its `__del__` destroys the C object. A call holds the
pointers that are its arguments. So if one thread closes an object while another thread is in a call
with it, the C object is destroyed after that call returns. A closed object passes None, which the C
library refuses."""

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
    """Work that a device may still do with an object."""

    def settle(self) -> None:
        """Waits until the work is done."""


class Local:
    """Base of objects that live in one process only. A copy would release the same memory twice,
    and another process doesn't have that memory. Copy and pickle raise TypeErrors, which say what
    to send instead."""

    __slots__ = ()
    _instead: ClassVar[str] = ""

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        instead = f": {self._instead}" if self._instead else ""
        raise TypeError(f"a geyser.{type(self).__name__} can't be pickled or copied{instead}")


class Pointer(Local, ctypes.c_void_p):
    """Owns a C object."""

    destroy: ClassVar[Any]  # the C function that destroys the C object
    work: Optional[Work] = None  # must be done before the C object is destroyed

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
    """An object that ends by `close()`, at the end of a `with`, or when nothing refers to it any
    more."""

    _pointer: Optional[Pointer] = None
    _forked = False

    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        _objects[next(_numbers)] = self

    def close(self) -> None:
        """Closes the object; closing again does nothing. Another thread that waits for it gets a
        ClosedError."""
        self._pointer = None

    @property
    def closed(self) -> bool:
        """Whether the object was closed."""
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
        """Raises the error of a result, or a ClosedError if this object is closed."""
        raise ClosedError(self._why_closed()) if self._pointer is None else error(result)

    def _check(self, result: int) -> None:
        """Raises the result's error, unless it is 0."""
        if result:
            self._fail(result)

    def _why_closed(self) -> str:
        name = type(self).__name__
        if self._forked:
            return f"the {name} was made before fork(): a child makes a Manager and all else anew"
        return f"the {name} is closed"

    def _open(self) -> Pointer:
        """Returns the pointer, for calls that have no result. Raises ClosedError."""
        if self._pointer is None:
            raise ClosedError(self._why_closed())
        return self._pointer


def _close_all() -> None:
    """Closes all objects at exit, the newest first. Callbacks can still run then, and subscribers
    and importers learn of the end. Arrays keep the memory that they need."""
    for _, one in sorted(_objects.items(), reverse=True):
        one.close()


def _forget() -> None:
    """Lets go of all objects in a forked child, because they belong to the parent. Their memory
    stays mapped."""
    for pointer in list(_pointers):
        pointer.value = None
    for one in list(_objects.values()):
        one._forked, one._pointer = True, None
    for forget in _forgetters:
        forget()


def on_fork(forget: Callable[[], None]) -> None:
    """Registers a function that is called in every forked child."""
    _forgetters.append(forget)


atexit.register(_close_all)
os.register_at_fork(after_in_child=_forget)

"""Information about the machine and the C library."""

import ctypes
from typing import NamedTuple, Union

from ._c import geyser_system_info, lib, quick
from .enums import Backend, pick
from .errors import check, error

PATH_SIZE = 4096


class SystemInfo(NamedTuple):
    """Features of this kernel."""

    sealing: bool  #: shared memory of a fixed size; the host backend needs this
    future_write: bool  #: shared memory that others can only read; streams need this
    futex_waitv: bool  #: without it, waits check for a dead peer every 50 ms
    pidfd: bool  #: without it, only the socket tells of a peer's death


def version() -> str:
    """Returns the C library's version, such as "0.1.0"."""
    text: bytes = quick.geyser_version()
    return text.decode()


def system_info() -> SystemInfo:
    """Returns the features of this kernel."""
    out = geyser_system_info()
    check(lib.geyser_system_get_info(ctypes.byref(out)))
    return SystemInfo(out.sealing, out.future_write, out.futex_waitv, out.pidfd)


def registry_directory() -> str:
    """Returns the directory where this process registers its exports, whether or not it exists yet.
    Raises NoRuntimeDirError, PermissionError (it exists with a wrong owner or mode)."""
    text = ctypes.create_string_buffer(PATH_SIZE)
    check(lib.geyser_registry_directory(text, PATH_SIZE))
    return text.value.decode("utf-8", "surrogateescape")


def backend_available(backend: Union[Backend, str]) -> bool:
    """Returns whether a Manager with this backend can be made here."""
    return not lib.geyser_backend_available(pick(Backend, backend, "backend"))


def why_unavailable(backend: Union[Backend, str]) -> str:
    """Returns the reason why a Manager with this backend can't be made here; "" if it can."""
    result = lib.geyser_backend_available(pick(Backend, backend, "backend"))
    return str(error(result)) if result else ""

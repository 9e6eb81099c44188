"""Managers: a connection to one backend, which makes all other objects."""

import ctypes
import os
import sys
import threading
from typing import Any, Dict, NamedTuple, Optional, Union

from . import times, values
from ._c import (
    geyser_manager_desc, geyser_memory_amount, geyser_memory_info, geyser_rendition_desc,
    geyser_stream_desc, geyser_subscriber_desc, geyser_texture_desc, lib, quick,
)
from ._objects import Object, Pointer, on_fork
from .enums import Backend, Delivery, Dimension, Filter, MemoryKind, Pacing, Usage, pick
from .errors import InvalidArgumentError, check
from .event import Event, EventPointer
from .formats import Format
from .handle import Handle, HandleLike
from .memory import TexturePointer
from .publisher import Publisher, PublisherPointer, Rate, UsageLike, to_desc, to_rate
from .subscriber import Subscriber, SubscriberPointer
from .texture import Texture

APPLICATION_MAX = 63  # in bytes


class ManagerPointer(Pointer):
    """A pointer to a manager."""

    destroy = staticmethod(lib.geyser_manager_destroy)


class MemoryUsage(NamedTuple):
    """Bytes of backing memory, in whole pages as the kernel counts them."""

    held: int  #: allocated by this manager and not yet released
    exported: int  #: the part of held and imported that others can import now
    imported: int  #: memory of other processes that this manager has imported


def _to_usage(usage: Any) -> MemoryUsage:
    return MemoryUsage(usage.held, usage.exported, usage.imported)


class MemoryInfo(NamedTuple):
    """The memory that a manager's objects hold."""

    textures: MemoryUsage
    events: MemoryUsage


class MemoryAmount(NamedTuple):
    """The memory of one kind."""

    bytes: int
    objects: int  #: textures, copies, events or shared pages


def _program() -> Optional[bytes]:
    """Returns the name of the running script, or None if there is none."""
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    data = name.encode("utf-8", "replace")[:APPLICATION_MAX].decode("utf-8", "ignore").encode()
    return data if data and not name.startswith("-") else None


def _text(value: str, what: str) -> bytes:
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{what} ({value!r}): it must be a string")
    if "\0" in value:
        raise InvalidArgumentError(f"{what} ({value!r}): it must have no NUL in it")
    return value.encode("utf-8", "surrogateescape")


class Manager(Object):
    """A connection to one backend. Its objects stay valid after it is closed.

    backend: a Backend or its name, such as "host". application: shown to peers, at most 63 bytes;
    by default the script's name. import_timeout: seconds that an import waits for its exporter's
    answer; by default 5. Raises UnsupportedError (the backend isn't available here, with the
    reason), LimitError."""

    _pointer: Optional[ManagerPointer]
    _instead = "another process makes its own, by geyser.Manager()"

    def __init__(
        self,
        backend: Union[Backend, str] = Backend.AUTO,
        application: Optional[str] = None,
        import_timeout: Optional[values.Seconds] = None,
    ) -> None:
        name = _program() if application is None else _text(application, "application")
        limit = 0 if import_timeout is None else times.to_ns(import_timeout, "import_timeout")
        if import_timeout is not None and limit == 0:
            raise InvalidArgumentError(
                f"import_timeout ({import_timeout!r}): it must be over 0, or None for 5 seconds"
            )
        desc = geyser_manager_desc(pick(Backend, backend, "backend"), name, limit)
        out = ctypes.c_void_p()
        check(lib.geyser_manager_create(ctypes.byref(desc), ctypes.byref(out)))
        super().__init__(ManagerPointer(out.value))
        self._backend = Backend(quick.geyser_manager_get_backend(self._pointer))

    def __repr__(self) -> str:
        return f"<geyser.Manager {self._backend.name.lower()}{' (closed)' if self.closed else ''}>"

    @property
    def backend(self) -> Backend:
        """The backend in use; never AUTO."""
        return self._backend

    @property
    def _on_host(self) -> bool:
        return self._backend == Backend.HOST

    @property
    def memory(self) -> MemoryInfo:
        """The memory that this manager's objects hold now."""
        out = geyser_memory_info()
        self._check(lib.geyser_manager_memory(self._pointer, ctypes.byref(out)))
        return MemoryInfo(_to_usage(out.textures), _to_usage(out.events))

    def memory_by_kind(self) -> Dict[MemoryKind, MemoryAmount]:
        """Returns how much memory the manager has now for each kind of use."""
        amounts = {}
        for kind in MemoryKind:
            out = geyser_memory_amount()
            self._check(lib.geyser_manager_memory_of(self._pointer, kind, ctypes.byref(out)))
            amounts[kind] = MemoryAmount(out.bytes, out.count)
        return amounts

    def set_pool(self, bytes: values.Integer, seconds: values.Seconds) -> None:
        """Sets how much memory of released textures the manager keeps for new ones of the same
        shape, and for how long: by default 64 MiB, for 10 seconds. With 0 bytes it keeps none."""
        limit = values.integer(bytes, "bytes")
        self._check(lib.geyser_manager_set_pool(self._pointer, limit, times.to_ns(seconds)))

    def trim(self, keep_bytes: values.Integer = 0) -> None:
        """Frees released textures that the manager keeps, until at most so many bytes are left."""
        left = values.integer(keep_bytes, "keep_bytes")
        self._check(lib.geyser_manager_trim(self._pointer, left))

    def format_usage(
        self, format: Union[Format, str], dimension: Union[Dimension, str] = Dimension.D2
    ) -> Usage:
        """Returns the usage that a texture of this format and dimension can have. An empty result
        means that there can be no such texture."""
        out = ctypes.c_uint32()
        number = Format.named(format).number
        shape = pick(Dimension, dimension, "dimension")
        asked = lib.geyser_manager_format_usage(self._pointer, number, shape, ctypes.byref(out))
        self._check(asked)
        return Usage(out.value)

    # ---- textures and events ----

    def create_texture(
        self,
        width: values.Integer,
        height: values.Integer,
        format: Union[Format, str] = "rgba8unorm",
        usage: UsageLike = 0,
        *,
        depth: values.Integer = 1,
        layers: values.Integer = 1,
        mip_levels: values.Integer = 1,
        label: Optional[str] = None,
        row_alignment: values.Integer = 0,
    ) -> Texture:
        """Creates a texture whose texels are zero. usage: flags or their names; 0 means COPY_SRC,
        COPY_DST and TEXTURE_BINDING. row_alignment: each row begins at a multiple of so many bytes,
        a power of two up to 4096; 0 means rows without gaps. Raises InvalidArgumentError (the size,
        the format, the label, the alignment), UnsupportedError (a usage that this format can't
        have), LimitError, OutOfMemoryError."""
        shown = None if label is None else _text(label, "label")
        desc = to_desc(width, height, format, usage, shown, row_alignment)
        desc.depth = values.integer(depth, "depth")
        desc.layers = values.integer(layers, "layers")
        desc.mip_levels = values.integer(mip_levels, "mip_levels")
        out = ctypes.c_void_p()
        self._check(lib.geyser_texture_create(self._pointer, ctypes.byref(desc), ctypes.byref(out)))
        return Texture(TexturePointer(out.value), self._open(), self._on_host)

    def import_texture(self, handle: HandleLike, expected: Optional[Texture] = None) -> Texture:
        """Imports a texture that this or another process has exported, by its handle, the handle's
        bytes or text, or its id. The texture outlives its exporter. expected: a texture with the
        same properties; only the label may differ. Raises NotFoundError (no longer exported),
        StaleError (the exporter has ended), MismatchError, PermissionError (it belongs to another
        user), UnsealedError, TimeoutError, DisconnectedError, ProtocolError, LimitError."""
        named = Handle.of(handle)._struct()
        like = None if expected is None else ctypes.byref(_desc_of(expected))
        out = ctypes.c_void_p()
        self._check(
            lib.geyser_texture_import(self._pointer, ctypes.byref(named), like, ctypes.byref(out))
        )
        return Texture(TexturePointer(out.value), self._open(), self._on_host)

    def create_event(self, initial: values.Integer = 0) -> Event:
        """Creates an event with this value."""
        out = ctypes.c_void_p()
        value = times.to_value(initial)
        self._check(lib.geyser_event_create(self._pointer, value, ctypes.byref(out)))
        return Event(EventPointer(out.value))

    def import_event(self, handle: HandleLike) -> Event:
        """Imports an event that this or another process has exported. Raises as import_texture."""
        named = Handle.of(handle)._struct()
        out = ctypes.c_void_p()
        self._check(lib.geyser_event_import(self._pointer, ctypes.byref(named), ctypes.byref(out)))
        return Event(EventPointer(out.value))

    def set_spin(self, seconds: values.Seconds) -> None:
        """Sets for how long the waits of the manager's future events, publishers and subscribers
        spin before they sleep, at most 1 second; by default 0. A thread that spins looks again and
        again: it runs on sooner than one that sleeps, and keeps a CPU busy meanwhile. Waits that
        have lately spun in vain spin rarely. Each object has such a method for itself."""
        self._check(lib.geyser_manager_set_spin(self._pointer, times.to_spin_ns(seconds)))

    # ---- streams ----

    def publish(
        self,
        name: str,
        width: values.Integer,
        height: values.Integer,
        format: Union[Format, str] = "rgba8unorm",
        *,
        buffers: values.Integer = 3,
        pacing: Union[Pacing, str] = Pacing.FREE,
        frame_rate: Rate = None,
        usage: UsageLike = 0,
        row_alignment: values.Integer = 0,
    ) -> Publisher:
        """Publishes a stream under that name. buffers: 2 to 16; add one for each subscriber that
        may hold a frame for long. pacing: "free" waits for subscribers only while they hold every
        buffer, "lossless" waits until each subscriber that gets every frame has taken its frames.
        frame_rate: frames per second, for information only. row_alignment: as for create_texture.
        Raises ExistsError (a living publisher has that name), and as create_texture and
        Texture.export."""
        chosen = pick(Pacing, pacing, "pacing")
        numerator, denominator = to_rate(frame_rate)
        desc = geyser_stream_desc(
            name=_text(name, "name"),
            texture=to_desc(width, height, format, usage, row_alignment=row_alignment),
            buffers=values.integer(buffers, "buffers"),
            frame_rate_num=numerator,
            frame_rate_den=denominator,
            pacing=chosen,
        )
        out = ctypes.c_void_p()
        self._check(
            lib.geyser_publisher_create(self._pointer, ctypes.byref(desc), ctypes.byref(out))
        )
        made = PublisherPointer(out.value)
        return Publisher(made, name, self._open(), self._on_host, chosen, desc.texture)

    def subscribe(
        self,
        name: str,
        *,
        delivery: Union[Delivery, str] = Delivery.LATEST,
        timeout: Optional[values.Seconds] = None,
        connect_timeout: Optional[values.Seconds] = 0,
        reconnect: bool = False,
        format: Union[Format, str, None] = None,
        size: Optional[values.Size] = None,
        filter: Union[Filter, str] = Filter.NONE,
        upright: bool = False,
    ) -> Subscriber:
        """Connects to the stream of that name. delivery: "latest" gives the newest frame and none
        twice, "every" gives each frame in order. timeout: seconds that iterating waits for each
        frame; None: for ever. connect_timeout: seconds to wait for the publisher; 0: it must exist.
        reconnect: iterating doesn't end with the publisher, but waits for a new one of that name.

        format, size (width and height), upright: ask the publisher to convert and scale the frames,
        and to apply crop and orientation; it does so once for all subscribers that ask the same.
        filter: "nearest", "bilinear" or "box", which is the default. Raises UnsupportedError (an
        earlier version's publisher, or a format that can't be), LimitError (too many renditions).

        Raises NotFoundError (no such stream, with a connect_timeout of 0), TimeoutError (none
        within connect_timeout), LimitError, and as import_texture."""
        times.to_ns(timeout)
        wanted = _text(name, "name")
        chosen = pick(Delivery, delivery, "delivery")
        rendition = _to_rendition(format, size, filter, upright)
        out = ctypes.c_void_p()

        def connect(ns: int) -> int:
            desc = geyser_subscriber_desc(name=wanted, delivery=chosen, connect_timeout_ns=ns)
            create = lib.geyser_subscriber_create_rendition
            asked = ctypes.byref(rendition)
            return int(create(self._pointer, ctypes.byref(desc), asked, ctypes.byref(out)))

        result = times.wait(connect, times.to_ns(connect_timeout, "connect_timeout"), growing=True)
        if result:
            self._fail(result)
        made = SubscriberPointer(out.value)
        return Subscriber(made, name, self._open(), self._on_host, timeout, reconnect)


def _to_rendition(
    form: Union[Format, str, None],
    size: Optional[values.Size],
    by: Union[Filter, str],
    upright: bool,
) -> Any:
    """Returns the struct geyser_rendition_desc of what a subscriber asks for."""
    width, height = (0, 0) if size is None else values.size(size)
    return geyser_rendition_desc(
        format=0 if form is None else Format.named(form).number,
        width=width,
        height=height,
        filter=pick(Filter, by, "filter"),
        upright=bool(upright),
    )


def _desc_of(texture: Texture) -> Any:
    return geyser_texture_desc(
        format=texture.format.number,
        width=texture.width,
        height=texture.height,
        depth=texture.depth,
        layers=texture.layers,
        mip_levels=texture.mip_levels,
        usage=int(texture.usage),
    )


# ---- the default manager -------------------------------------------------------------------------

_default: Optional[Manager] = None
_default_lock = threading.Lock()


def default_manager() -> Manager:
    """Returns the manager that `geyser.publish`, `subscribe` and others use if none is given. The
    first call makes it, with the "auto" backend."""
    global _default
    with _default_lock:
        if _default is None or _default.closed:
            _default = Manager()
        return _default


def _forget_default() -> None:
    global _default, _default_lock
    _default, _default_lock = None, threading.Lock()


on_fork(_forget_default)


def publish(
    name: str,
    width: values.Integer,
    height: values.Integer,
    format: Union[Format, str] = "rgba8unorm",
    *,
    buffers: values.Integer = 3,
    pacing: Union[Pacing, str] = Pacing.FREE,
    frame_rate: Rate = None,
    usage: UsageLike = 0,
    row_alignment: values.Integer = 0,
    manager: Optional[Manager] = None,
) -> Publisher:
    """Calls Manager.publish, of the default manager unless another is given."""
    maker = default_manager() if manager is None else manager
    return maker.publish(
        name,
        width,
        height,
        format,
        buffers=buffers,
        pacing=pacing,
        frame_rate=frame_rate,
        usage=usage,
        row_alignment=row_alignment,
    )


def subscribe(
    name: str,
    *,
    delivery: Union[Delivery, str] = Delivery.LATEST,
    timeout: Optional[values.Seconds] = None,
    connect_timeout: Optional[values.Seconds] = 0,
    reconnect: bool = False,
    format: Union[Format, str, None] = None,
    size: Optional[values.Size] = None,
    filter: Union[Filter, str] = Filter.NONE,
    upright: bool = False,
    manager: Optional[Manager] = None,
) -> Subscriber:
    """Calls Manager.subscribe, of the default manager unless another is given."""
    maker = default_manager() if manager is None else manager
    return maker.subscribe(
        name,
        delivery=delivery,
        timeout=timeout,
        connect_timeout=connect_timeout,
        reconnect=reconnect,
        format=format,
        size=size,
        filter=filter,
        upright=upright,
    )


def import_texture(handle: HandleLike, manager: Optional[Manager] = None) -> Texture:
    """Calls Manager.import_texture, of the default manager unless another is given."""
    return (default_manager() if manager is None else manager).import_texture(handle)


def import_event(handle: HandleLike, manager: Optional[Manager] = None) -> Event:
    """Calls Manager.import_event, of the default manager unless another is given."""
    return (default_manager() if manager is None else manager).import_event(handle)

"""CUDA: textures in a GPU's memory as tensors, and their order on CUDA streams.

A stream is given as a number or as an object. The numbers are those of CUDA and the array API (1:
the legacy default stream, 2: the per-thread default stream). An object has a `cuda_stream`
(PyTorch) or a `ptr` (CuPy). This module imports neither PyTorch nor any CUDA module.
include/geyser/cuda.h explains each step."""

import ctypes
import functools
import operator
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple, Union

from . import dlpack, times, values
from ._c import geyser_cuda_info, geyser_cuda_texture, geyser_point, has_cuda, lib
from ._objects import Pointer
from .enums import Path, Usage
from .errors import InvalidArgumentError, Result, UnsupportedError, check
from .event import Event, EventPointer
from .formats import Format
from .memory import Shape, TexturePointer, View

if TYPE_CHECKING:
    from .texture import Texture

UNSUPPORTED = int(Result.UNSUPPORTED)
LEGACY = 1
NO_SYNC = -1
SETTLE_NS = 5_000_000_000  # longest wait for a device when an object is destroyed
StreamLike = Union[None, int, Any]


class Device(NamedTuple):
    """A GPU, with the number that CUDA gives it."""

    number: int
    name: str
    uuid: bytes


class Info(NamedTuple):
    """The driver and the devices that CUDA has."""

    driver_version: int  #: 1000 * major + 10 * minor of the newest CUDA that the driver runs
    devices: Tuple[Device, ...]


class CudaTexture(NamedTuple):
    """A texture as CUDA memory, for CUDA's own interfaces; see struct geyser_cuda_texture. It is
    valid as long as the texture."""

    device: int
    context: int
    path: Path
    array: int
    mipmapped_array: int
    pointer: int
    row_pitch: int
    slice_pitch: int
    size: int
    host: bool
    writable: bool


def _need() -> None:
    if not has_cuda:
        raise UnsupportedError("this C library has no CUDA: macOS and iOS have none")


@functools.lru_cache(maxsize=None)  # failures aren't cached
def _need_device() -> None:
    info()


def info() -> Info:
    """Returns the driver and the devices. Raises UnsupportedError, with the reason, if there is no
    CUDA."""
    _need()
    out = geyser_cuda_info()
    check(lib.geyser_cuda_get_info(ctypes.byref(out)))
    devices = (
        Device(one.device, one.name.decode("utf-8", "replace"), bytes(one.uuid))
        for one in out.devices[: out.device_count]
    )
    return Info(out.driver_version, tuple(devices))


def available() -> bool:
    """Returns whether CUDA has a device here."""
    return has_cuda and not lib.geyser_cuda_get_info(ctypes.byref(geyser_cuda_info()))


def to_stream(stream: StreamLike) -> int:
    """Returns a stream's number for the C library. None is the legacy default stream."""
    if stream is None:
        return LEGACY
    for attribute in ("cuda_stream", "ptr"):
        stream = getattr(stream, attribute, stream)
    number = operator.index(stream) if values.is_integer(stream) else -1
    if number < 0:
        raise InvalidArgumentError(
            f"stream ({stream!r}): it must be a CUDA stream's number, or an object with one"
        )
    return number or LEGACY


# ---- textures ------------------------------------------------------------------------------------


def _plane(pointer: Optional[Pointer], number: int) -> Any:
    _need()
    out = geyser_cuda_texture()
    check(lib.geyser_cuda_texture_plane(pointer, number, ctypes.byref(out)))
    return out


def texture(source: "Texture") -> CudaTexture:
    """Returns the texture as CUDA memory, in the current context or the device's primary one.
    Raises UnsupportedError (no CUDA; CUDA can't use this memory or format; video, which has
    planes()), MismatchError (the texture is on another GPU), OutOfMemoryError, LimitError,
    DeviceLostError, SystemError."""
    if source.format.video:
        raise UnsupportedError(
            f"{source.format} is video: geyser.cuda.planes() gives each of its planes"
        )
    return planes(source)[0]


def planes(source: "Texture") -> List[CudaTexture]:
    """Returns each plane of the texture as CUDA memory; a texture of colours has one. Raises as
    texture()."""
    pointer = source._open()
    return [_to_python(_plane(pointer, number)) for number in range(source.format.planes)]


def _to_python(found: Any) -> CudaTexture:
    return CudaTexture(
        device=found.device,
        context=found.context or 0,
        path=Path(found.path),
        array=found.array or 0,
        mipmapped_array=found.mipmapped_array or 0,
        pointer=found.pointer,
        row_pitch=found.row_pitch,
        slice_pitch=found.slice_pitch,
        size=found.size,
        host=found.host,
        writable=found.writable,
    )


class DeviceMemory(NamedTuple):
    """The rows of a texture, or of a plane of video, in a GPU's memory."""

    device: int
    view: View
    writable: bool


def device_memory(
    pointer: TexturePointer, usage: Usage, form: Format, shape: Shape, number: int
) -> Optional[DeviceMemory]:
    """Returns the rows of one plane, or None if the texture has none or there is no CUDA."""
    if not has_cuda or not usage & Usage.LINEAR:
        return None
    try:
        found = _plane(pointer, number)
    except UnsupportedError:
        return None
    if not found.pointer or found.host:
        return None
    texels = form.plane_formats[number].format
    size = shape.plane(form, number)
    view = _rows_of(found.pointer, found.row_pitch, found.size, texels, size)
    return DeviceMemory(found.device, view, found.writable)


@functools.lru_cache(maxsize=256)  # the buffers of a stream come again and again
def _rows_of(pointer: int, row_pitch: int, size: int, form: Format, shape: Shape) -> View:
    inner = (form.bytes_per_texel, form.itemsize) if form.elements > 1 else (form.bytes_per_texel,)
    return View(
        address=pointer,
        shape=shape.array(form),
        strides=(row_pitch,) + inner,
        typestr=form.typestr,
        size=size,
        row_bytes=shape.width * form.bytes_per_texel,
        rows=shape.height,
    )


def interface(memory: DeviceMemory, writable: bool) -> Dict[str, Any]:
    """Returns the value of `__cuda_array_interface__`: memory that is ready on the legacy default
    stream."""
    view = memory.view
    return {
        "version": 3,
        "shape": view.shape,
        "strides": view.strides,
        "typestr": view.typestr,
        "data": (view.address, not (writable and memory.writable)),
        "stream": LEGACY,
    }


def to_consumer_stream(stream: StreamLike) -> Optional[int]:
    """Returns the stream of a `__dlpack__` call, by the rules of the array API. None: no
    synchronization."""
    if stream is not None and stream == NO_SYNC:
        return None
    if stream is not None and stream == 0:
        raise BufferError("stream 0 is ambiguous: 1 is the legacy default, 2 the per-thread one")
    return to_stream(stream)


def export(
    memory: DeviceMemory, owner: TexturePointer, writable: bool, request: dlpack.Request
) -> Any:
    """Returns a capsule of a GPU's memory. Raises BufferError if a copy or another device is asked
    for."""
    device = (dlpack.KIND_CUDA, memory.device)
    if request.dl_device is not None and tuple(request.dl_device) != device:
        raise BufferError(f"device {tuple(request.dl_device)}: the texture is on {device}")
    if request.copy:
        raise BufferError("a copy on the GPU is copy_to()'s, into memory of yours")
    flags = 0 if writable and memory.writable else dlpack.READ_ONLY
    return dlpack.capsule(memory.view, device, owner, request.versioned, flags)


# ---- copies --------------------------------------------------------------------------------------


def _rows(array: Any, form: Format, shape: Shape) -> Tuple[int, int]:
    """Returns the address and the row pitch of a CUDA array whose elements are the texture's
    texels."""
    content = getattr(array, "__cuda_array_interface__", None)
    if content is None:
        raise InvalidArgumentError(
            f"{type(array).__name__}: it must be in CUDA's memory (have __cuda_array_interface__)"
        )
    wanted, size = shape.array(form), form.itemsize
    if tuple(content["shape"]) != wanted or content["typestr"][1:] != form.typestr[1:]:
        raise InvalidArgumentError(
            f"array of shape {tuple(content['shape'])} and type {content['typestr']}: the texture"
            f" holds {wanted} of {form.typestr}"
        )
    row = shape.width * form.bytes_per_texel
    strides = content.get("strides")
    inner = (form.bytes_per_texel, size) if form.elements > 1 else (size,)
    if strides is None:
        return content["data"][0], row
    pitch = strides[-1 - len(inner)]
    outer = tuple(strides[: -1 - len(inner)])
    whole = tuple(strides[-len(inner) :]) == inner and pitch >= row
    if not whole or outer not in ((), (pitch * shape.height,)):
        raise InvalidArgumentError(
            f"strides {tuple(strides)}: rows must be whole, one after another"
        )
    return content["data"][0], pitch


def _rows_of_planes(
    array: Any, form: Format, shape: Shape, number: Optional[int]
) -> List[Tuple[int, int, int]]:
    """Returns the number, address and row pitch of each plane that is copied: of one plane, or of
    all if number is None. Video then has a list of arrays."""
    if number is not None:
        arrays = {number: array}
    elif not form.video:
        arrays = {0: array}
    elif isinstance(array, (list, tuple)) and len(array) == form.planes:
        arrays = dict(enumerate(array))
    else:
        raise InvalidArgumentError(
            f"{type(array).__name__}: {form} is video, and takes a list of {form.planes} arrays, one"
            " for each plane"
        )
    found = []
    for plane, one in arrays.items():
        texels, size = form.plane_formats[plane].format, shape.plane(form, plane)
        found.append((plane, *_rows(one, texels, size)))
    return found


def copy_to(
    pointer: Pointer, form: Format, shape: Shape, number: Optional[int], array: Any, stream: int
) -> None:
    """Copies the texels into a CUDA array, on a stream: of one plane, or of the whole if number is
    None. Raises InvalidArgumentError."""
    _need()
    for plane, address, pitch in _rows_of_planes(array, form, shape, number):
        check(lib.geyser_cuda_texture_copy_plane_to(pointer, plane, address, pitch, stream))


def copy_from(
    pointer: Pointer, form: Format, shape: Shape, number: Optional[int], array: Any, stream: int
) -> None:
    """Copies the texels from a CUDA array in the same way."""
    _need()
    for plane, address, pitch in _rows_of_planes(array, form, shape, number):
        check(lib.geyser_cuda_texture_copy_plane_from(pointer, plane, address, pitch, stream))


# ---- order ---------------------------------------------------------------------------------------


def is_native(event: Event) -> bool:
    """Returns whether the GPU itself waits for and signals the event on streams."""
    return has_cuda and bool(lib.geyser_cuda_event_is_native(event._open()))


def event_wait(event: Event, value: values.Integer, stream: StreamLike = None) -> None:
    """Lets work that is put on the stream after this call wait until the value is reached. If the
    event isn't native, the call itself waits, for 5 seconds at most. Raises as Event.wait, and
    UnsupportedError (no CUDA), MismatchError (the event is on another GPU)."""
    _need()
    pointer = event._open()
    check(lib.geyser_cuda_event_wait(pointer, times.to_value(value), to_stream(stream)))


def event_signal(event: Event, value: values.Integer, stream: StreamLike = None) -> None:
    """Raises the event to that value when the work put on the stream before this call is done."""
    _need()
    pointer = event._open()
    check(lib.geyser_cuda_event_signal(pointer, times.to_value(value), to_stream(stream)))


def frame_wait(frame: int, stream: int) -> None:
    """Lets work that is put on the stream after this call wait until the frame may be used."""
    _need_device()  # for a frame that waits for nothing, C doesn't check
    check(lib.geyser_cuda_frame_wait(frame, stream))


class Copies:
    """The copies of one texture that were put on streams. They must be done before the texture is
    destroyed."""

    def __init__(self, manager: Pointer) -> None:
        self._manager = manager
        self._event: Optional[EventPointer] = None
        self._value = 0
        self._last = 0  # the stream of the last copy

    def add(self, stream: int) -> None:
        """Notes a copy that was just put on the stream. Values are signalled in order, so copies on
        several streams run one after another."""
        if self._event is None:
            out = ctypes.c_void_p()
            check(lib.geyser_event_create(self._manager, 0, ctypes.byref(out)))
            self._event = EventPointer(out.value)
        if stream != self._last and self._value:
            check(lib.geyser_cuda_event_wait(self._event, self._value, stream))
        self._last = stream
        check(lib.geyser_cuda_event_signal(self._event, self._value + 1, stream))
        self._value += 1

    def settle(self) -> None:
        """Waits until all copies are done."""
        if self._value:
            lib.geyser_event_wait(self._event, self._value, SETTLE_NS)


class Order:
    """The order of the frames of one publisher or subscriber. A frame is done when the work is done
    that was put on the streams which used the frame. Frames are done one after another, as the
    values of an event must be."""

    def __init__(self, manager: Pointer) -> None:
        self._manager = manager
        self._last: Optional[int] = None  # the stream that signalled the last frame
        self._point: Optional[Any] = None  # the point at which the last frame is done
        self._join: Optional[EventPointer] = None
        self._joined = 0  # the last value of `_join`

    def finish(self, frame: int, streams: List[int]) -> int:
        """Lets the frame be done when the work on all of these streams is done. The caller gives
        the frame back at once. Returns a result of the C library."""
        point = geyser_point()
        result = int(lib.geyser_frame_signal_point(frame, ctypes.byref(point)))
        if result == UNSUPPORTED:  # without a device the work ends first
            results = [int(lib.geyser_cuda_frame_signal(frame, stream)) for stream in streams]
            return next((one for one in results if one), 0)
        if result:
            return result
        result = self._join_all(streams) or self._signal(point, streams[-1])
        if result:  # no process may wait for ever
            lib.geyser_event_signal(point.event, point.value)
        self._point = point
        return result

    def settle(self) -> None:
        """Waits until the last frame is done, before its events and textures are destroyed."""
        if self._point is not None:
            lib.geyser_event_wait(self._point.event, self._point.value, SETTLE_NS)

    def _signal(self, point: Any, stream: int) -> int:
        result = 0
        if stream != self._last:
            result = int(lib.geyser_cuda_event_wait(point.event, point.value - 1, stream))
            self._last = stream
        return result or int(lib.geyser_cuda_event_signal(point.event, point.value, stream))

    def _join_all(self, streams: List[int]) -> int:
        """Lets each stream wait for the one before, so that the last stream waits for all
        others."""
        if len(streams) == 1:
            return 0
        if self._join is None:
            out = ctypes.c_void_p()
            result = int(lib.geyser_event_create(self._manager, 0, ctypes.byref(out)))
            if result:
                return result
            self._join = EventPointer(out.value)
        result = 0
        for number, stream in enumerate(streams):
            result = result or int(lib.geyser_cuda_event_wait(self._join, self._joined, stream))
            if number + 1 < len(streams):
                self._joined += 1
                value = self._joined
                result = result or int(lib.geyser_cuda_event_signal(self._join, value, stream))
        return result

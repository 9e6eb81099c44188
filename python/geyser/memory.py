"""Texels in this process's memory, and their lifetime.

A `Memory` is one mapping of a texture and a reference to the texture. Arrays and tensors hold the
Memory, never the texture or frame that they were made of. So they stay valid memory after the
texture or frame is closed. They also stay valid memory after the mapping has ended. The C library
then guarantees no texels there. But it keeps the texture's memory and staging copies in place until
the last reference is dropped."""

import ctypes
import weakref
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ._c import geyser_mapping, geyser_subresource, lib, quick
from ._objects import Local, Pointer, on_fork
from .enums import Access
from .errors import InvalidArgumentError, check
from .formats import Format
from .values import Integer, integer

_memories: "weakref.WeakSet[Memory]" = weakref.WeakSet()


class TexturePointer(Pointer):
    """A reference to a texture."""

    destroy = staticmethod(lib.geyser_texture_unref)


class View(NamedTuple):
    """The places of an array's elements in memory."""

    address: int
    shape: Tuple[int, ...]
    strides: Tuple[int, ...]  #: in bytes
    typestr: str
    size: int  #: bytes from the address to the end of the memory
    row_bytes: int  #: bytes of a row, without padding
    rows: int  #: rows of all layers or depth slices

    @property
    def itemsize(self) -> int:
        """The bytes of an element."""
        return int(self.typestr[2:])

    def row_addresses(self) -> Iterator[int]:
        """Yields the address of each row."""
        height = self.rows if self.rows == self.shape[0] else self.shape[1]
        pitch = self.strides[0] if height == self.rows else self.strides[1]
        for row in range(self.rows):
            outer, inner = divmod(row, height)
            yield self.address + outer * self.strides[0] + inner * pitch


class Shape(NamedTuple):
    """A texture's size."""

    width: int
    height: int
    depth: int
    layers: int
    mip_levels: int

    def array(self, form: Format) -> Tuple[int, ...]:
        """Returns (height, width[, channels]), with the layers or depth slices in front if there
        are several."""
        outer = (self.layers,) if self.layers > 1 else (self.depth,) if self.depth > 1 else ()
        return outer + (self.height, self.width) + form.texel_shape

    def plane(self, form: Format, number: int) -> "Shape":
        """Returns the size of one plane of a texture of that format."""
        how = form.plane_formats[number]
        return self._replace(
            width=-(-self.width // how.width_divisor), height=-(-self.height // how.height_divisor)
        )


def _subresource(pointer: Pointer, mip_level: Integer, layer: int, plane: int = 0) -> Any:
    out = geyser_subresource()
    mip_level = integer(mip_level, "mip_level")
    found = quick.geyser_texture_get_subresource(
        pointer, plane, mip_level, layer, ctypes.byref(out)
    )
    check(found)
    return out


def _outer_pitch(pointer: Pointer, shape: Shape, level: Integer, first: Any) -> int:
    if shape.layers == 1:
        return int(first.slice_pitch)
    return int(_subresource(pointer, level, 1).offset - first.offset)


def _view(
    pointer: Pointer, form: Format, shape: Shape, mapping: Any, level: Integer, plane: int
) -> View:
    """Returns the view of one plane, whose texels have that format."""
    first = _subresource(pointer, level, 0, plane)
    at = Shape(first.width, first.height, first.depth, shape.layers, 1)
    size = form.itemsize
    inner = (form.bytes_per_texel, size) if form.elements > 1 else (form.bytes_per_texel,)
    dimensions = at.array(form)
    outer: Tuple[int, ...] = ()
    if len(dimensions) > len(inner) + 1:
        outer = (_outer_pitch(pointer, shape, level, first),)
    return View(
        address=mapping.data + first.offset,
        shape=dimensions,
        strides=outer + (int(first.row_pitch),) + inner,
        typestr=form.typestr,
        size=int(mapping.size - first.offset),
        row_bytes=at.width * form.bytes_per_texel,
        rows=at.height * at.depth * at.layers,
    )


class Texels(Local):
    """Texels in this process's memory, with a view of each plane."""

    views: List[View]
    _form: Format

    @property
    def video(self) -> bool:
        """Whether the texels are video, with an array for each plane."""
        return self._form.video

    @property
    def view(self) -> View:
        """The view of the texels as one array. Raises UnsupportedError for video."""
        if self._form.video:
            self._form.typestr  # raises, with words
        return self.views[0]


class Memory(Texels):
    """One mapping of a texture. `end` ends the mapping; the memory stays as long as the Memory."""

    _unmap = staticmethod(lib.geyser_texture_unmap)

    def __init__(
        self, pointer: TexturePointer, access: Access, form: Format, shape: Shape, level: Integer = 0
    ) -> None:
        self._mapped = False
        mapping = geyser_mapping()
        forms = [plane.format for plane in form.plane_formats]
        for one in forms:
            one.typestr  # refuses a format without element type before anything is mapped
        check(lib.geyser_texture_map(pointer, access, ctypes.byref(mapping)))
        self._mapped, self._pointer = True, pointer
        self.writable = bool(access & Access.WRITE)
        self._form = form
        self.views = [
            _view(pointer, one, shape, mapping, level, plane) for plane, one in enumerate(forms)
        ]
        _memories.add(self)

    def end(self) -> None:
        """Ends the mapping. Texels that were written into a staging copy go into the texture
        now."""
        if self._mapped:
            self._mapped = False
            self._unmap(self._pointer)

    def __del__(self) -> None:
        self.end()

    @property
    def pointer(self) -> TexturePointer:
        return self._pointer


class Snapshot(Texels):
    """A copy of a texture's texels in memory of its own, for arrays of a texture in a GPU's
    memory."""

    writable = False

    def __init__(self, memory: Memory) -> None:
        first = memory.views[0]  # the other planes follow it
        self._form = memory._form
        self._buffer = (ctypes.c_uint8 * first.size)()
        ctypes.memmove(self._buffer, first.address, first.size)
        moved = ctypes.addressof(self._buffer) - first.address
        self.views = [view._replace(address=view.address + moved) for view in memory.views]


def buffer(memory: Any, writable: bool, view: Optional[View] = None) -> memoryview:
    """Returns the bytes of a Memory or Snapshot from the view on. The result holds that object."""
    view = view or memory.view
    array: Any = (ctypes.c_uint8 * view.size).from_address(view.address)
    array.owner = memory
    data = memoryview(array).cast("B")
    return data if writable else data.toreadonly()


def interface(memory: Any, writable: bool, view: Optional[View] = None) -> Dict[str, Any]:
    """Returns the value of `__array_interface__`. The data is a buffer, which the array then
    holds."""
    view = view or memory.view
    return {
        "version": 3,
        "shape": view.shape,
        "strides": view.strides,
        "typestr": view.typestr,
        "data": buffer(memory, writable, view),
    }


class _Interface:
    """An object that NumPy makes an array of."""

    def __init__(self, content: Dict[str, Any]) -> None:
        self.__array_interface__ = content


def numpy_module() -> Any:
    """Returns NumPy, or raises an error that says why there is none."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "arrays need NumPy, which isn't installed: install it, or use map_buffer() for bytes"
        ) from error
    return numpy


def to_array(content: Dict[str, Any]) -> Any:
    """Returns a NumPy array on that memory."""
    return numpy_module().asarray(_Interface(content))


def to_arrays(memory: Memory, writable: bool) -> List[Any]:
    """Returns a NumPy array for each plane."""
    return [to_array(interface(memory, writable, view)) for view in memory.views]


def copy_into(memory: Memory, source: Any) -> None:
    """Copies the elements of an array or buffer into mapped memory; for video those of a list with
    an array for each plane, or of a buffer with all planes. Shape and type must be those of the
    texture: nothing is converted."""
    if memory.video:
        _copy_planes(memory, source)
    else:
        _copy_plane(memory, memory.view, source)


def _copy_planes(memory: Memory, source: Any) -> None:
    sizes = [view.row_bytes * view.rows for view in memory.views]
    if not isinstance(source, (list, tuple)):
        data = _bytes_of(source, sum(sizes), f"{len(sizes)} planes take")
        ends = [sum(sizes[: plane + 1]) for plane in range(len(sizes))]
        source = [data[end - size : end] for end, size in zip(ends, sizes)]
    if len(source) != len(sizes):
        raise InvalidArgumentError(f"{len(source)} arrays: the texture has {len(sizes)} planes")
    for view, one in zip(memory.views, source):
        _copy_plane(memory, view, one)


def _copy_plane(memory: Memory, view: View, source: Any) -> None:
    if hasattr(source, "__array_interface__") or hasattr(source, "__array__"):
        numpy = numpy_module()
        array = numpy.asarray(source)
        if array.shape != view.shape or array.dtype.str != view.typestr:
            raise _wrong_array(array.shape, array.dtype.str, view)
        numpy.copyto(to_array(interface(memory, True, view)), array)
        return
    _copy_bytes(view, source)


def _wrong_array(shape: Tuple[int, ...], typestr: str, view: View) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"array of shape {shape} and type {typestr}: the texture holds {view.shape} of"
        f" {view.typestr}"
    )


def _bytes_of(source: Any, size: int, what: str) -> memoryview:
    """Returns a buffer's bytes, which must be that many."""
    try:
        data = memoryview(source)
    except TypeError:
        raise InvalidArgumentError(
            f"{type(source).__name__}: it must be an array, or a buffer such as bytes"
        ) from None
    if not data.c_contiguous:
        raise InvalidArgumentError("the buffer isn't contiguous: copy it first, or use NumPy")
    if data.nbytes != size:
        raise InvalidArgumentError(f"buffer of {data.nbytes} bytes: {what} {size}")
    return data.cast("B")


def _copy_bytes(view: View, source: Any) -> None:
    size = view.row_bytes * view.rows
    data = _bytes_of(source, size, f"{view.shape} of {view.typestr} takes")
    for number, address in enumerate(view.row_addresses()):
        row = bytes(data[number * view.row_bytes : (number + 1) * view.row_bytes])
        ctypes.memmove(address, row, view.row_bytes)


def _forget() -> None:
    for memory in list(_memories):
        memory._mapped = False


on_fork(_forget)

"""Textures: made, shared with other processes, and seen as arrays."""

import ctypes
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Tuple, Type, Union

from . import cuda, descriptor, dlpack, handle, png, values
from ._c import ROW_ALIGNMENT_SHIFT, geyser_importers, lib, quick
from ._objects import Local, Object, Pointer
from .conversion import options_of
from .descriptor import Descriptor
from .enums import Access, Filter, Orientation, Path, Usage, pick
from .errors import ClosedError, InvalidArgumentError, check
from .formats import Format
from .handle import Handle
from .memory import (
    Memory, Shape, Snapshot, TexturePointer, buffer, copy_into, interface, numpy_module, to_array,
    to_arrays,
)
from .metadata import Color, RectLike
from .plane import NO_ROWS, Described, Exchanged, Source, TexturePlane, planes_of

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

READ = int(Access.READ)


class Importers(NamedTuple):
    """The importers of an exported texture."""

    current: int  #: imports that exist now
    total: int  #: imports since the export


class Texture(Object, Exchanged, Described):
    """An image that processes can share. A Manager makes textures. `numpy.asarray(texture)` is the
    shared memory itself if `map_path` is ZERO_COPY, else a read-only copy of the texels."""

    _pointer: Optional[TexturePointer]
    _instead = (
        "send texture.export(), a Handle, and import that there by Manager.import_texture();"
        " a copy of the texels is numpy.array(texture)"
    )

    def __init__(
        self, pointer: TexturePointer, manager: Pointer, on_host: bool, read_only: bool = False
    ) -> None:
        super().__init__(pointer)
        self._manager = manager
        desc = quick.geyser_texture_get_desc(pointer).contents
        self._form = Format.named(int(desc.format))
        self._shape = Shape(desc.width, desc.height, desc.depth, desc.layers, desc.mip_levels)
        self._usage = Usage(desc.usage & ~(0xFFFF << ROW_ALIGNMENT_SHIFT))
        self._label: Optional[str] = desc.label.decode() if desc.label is not None else None
        self._on_host = on_host  # the mapping stays the same, and mapping never waits
        self._read_only = read_only
        self._copies: Optional[cuda.Copies] = None
        self._memory: Optional[Memory] = None
        self._interface: Optional[Dict[str, Any]] = None
        self._interface_to_read: Optional[Dict[str, Any]] = None

    @property
    def depth(self) -> int:
        """The number of slices of a 3D texture, else 1."""
        return self._shape.depth

    @property
    def layers(self) -> int:
        """The number of layers of an array texture, else 1."""
        return self._shape.layers

    @property
    def mip_levels(self) -> int:
        """The number of mip levels. The first level has all texels, and each next one half as many
        in each direction."""
        return self._shape.mip_levels

    @property
    def usage(self) -> Usage:
        """What the texture may be used for."""
        return self._usage

    @property
    def label(self) -> Optional[str]:
        """A name for people, or None."""
        return self._label

    @property
    def path(self) -> Path:
        """How this process gets at the texels on its backend."""
        return Path(quick.geyser_texture_path(self._open()))

    @property
    def map_path(self) -> Path:
        """How a mapping gets at the texels: ZERO_COPY if it is the shared memory, COPY if it is a
        staging copy."""
        return Path(quick.geyser_texture_map_path(self._open()))

    def __repr__(self) -> str:
        state = " (closed)" if self._pointer is None else ""
        label = f" {self._label!r}" if self._label else ""
        return f"<geyser.Texture{label} {self.width}x{self.height} {self._form.name}{state}>"

    def is_like(self, other: "Texture") -> bool:
        """Returns whether both have the same size, format and usage."""
        ours = self._shape, self._form, self._usage
        return ours == (other._shape, other._form, other._usage)

    def close(self) -> None:
        """Drops this reference; closing again does nothing. Arrays and importers keep the
        memory."""
        self._pointer = None
        self._memory = self._interface = self._interface_to_read = None

    # ---- sharing ----

    def export(self) -> Handle:
        """Lets other processes of this user import the texture. Exporting again gives the same
        handle. Raises NoRuntimeDirError, PermissionError, LimitError, SystemError."""
        return handle.export(self, lib.geyser_texture_export)

    def unexport(self) -> None:
        """Refuses new imports. Existing imports keep working."""
        self._check(lib.geyser_texture_unexport(self._pointer))

    @property
    def importers(self) -> Importers:
        """The importers; all 0 while the texture isn't exported."""
        out = geyser_importers()
        self._check(lib.geyser_texture_importers(self._pointer, ctypes.byref(out)))
        return Importers(out.current, out.total)

    def importers_descriptor(self) -> Descriptor:
        """Returns a descriptor that becomes readable each time an importer comes or goes, until
        `rearm()`. Raises InvalidArgumentError (not exported), LimitError."""
        return descriptor.of(self, lib.geyser_texture_importers_fd)

    # ---- texels ----

    def map(
        self,
        access: Union[Access, str, values.Integer] = READ,
        mip_level: values.Integer = 0,
    ) -> "Mapping":
        """Maps the texels: `with texture.map("write") as array:`, where array is a NumPy array. For
        video it is a list of arrays, one for each plane: `with frame.map() as (luma, chroma):`. At
        the end of the block the texture has all that was written, in any kind of memory."""
        return Mapping(self, pick(Access, access, "access"), mip_level)

    def map_buffer(
        self,
        access: Union[Access, str, values.Integer] = READ,
        mip_level: values.Integer = 0,
    ) -> "MappingBuffer":
        """Maps the texels as `map` does, but as a memoryview of bytes, which needs no NumPy. Its
        rows are `mapping.row_pitch` bytes apart, for video those of the first plane."""
        return MappingBuffer(self, pick(Access, access, "access"), mip_level)

    def write(self, source: Any) -> None:
        """Copies the texels of an array, or of bytes without padding; for video of a list of
        arrays, or of the bytes of all planes. The source must have this texture's shape and type:
        nothing is converted. Raises InvalidArgumentError otherwise."""
        memory = self._map(Access.WRITE)
        try:
            copy_into(memory, source)
        finally:
            memory.end()

    def _repr_png_(self) -> Optional[bytes]:
        """Returns a PNG for notebooks, or None if a PNG can't hold the texels (8 bits per
        channel)."""
        shape = self._shape
        if self.closed or shape.depth * shape.layers > 1:
            return None
        if not png.can_show(self._form, shape.width, shape.height):
            return None
        memory = self._map(Access.READ)
        try:
            return png.picture(self._form, memory.view)
        finally:
            memory.end()

    def _map(self, access: Access, mip_level: values.Integer = 0) -> Memory:
        if self._read_only and access & Access.WRITE:
            raise InvalidArgumentError(
                'a frame that was received is for reading: map it to "read", or have the publisher'
                ' make its stream with usage="writers"'
            )
        pointer: Any = self._open()
        return Memory(pointer, access, self._form, self._shape, mip_level)

    def _persistent(self) -> Any:
        """Returns memory for arrays that outlive a mapping: the texels themselves, or a copy if a
        mapping ends."""
        if self._memory is not None:
            return self._memory
        if self.map_path != Path.ZERO_COPY:
            memory = self._map(Access.READ)
            try:
                return Snapshot(memory)
            finally:
                memory.end()
        memory = self._map_most()
        if self._on_host:
            self._memory = memory
        return memory

    def _map_most(self) -> Memory:
        if not self._read_only:
            try:
                return self._map(Access.READ_WRITE)
            except PermissionError:
                pass  # the texture was shared for reading only
        return self._map(Access.READ)

    @property
    def planes(self) -> Tuple[TexturePlane, ...]:
        """The planes of video, each of them an array and a tensor of its own; of any other format
        one plane, which is the texture itself."""
        self._open()
        return planes_of(self)

    def _from(self) -> Source:
        return self

    def _content(self, number: Optional[int]) -> Dict[str, Any]:
        return self._content_for(not self._read_only, number)

    def _content_for(self, writable: bool, number: Optional[int]) -> Dict[str, Any]:
        """Returns the content of the array interface. For the whole in host memory it is the same
        each time."""
        if number is not None:
            texels = self._persistent()
            return interface(texels, writable and texels.writable, texels.views[number])
        found = self._interface if writable else self._interface_to_read
        if found is not None:
            return found
        memory = self._persistent()
        content = interface(memory, writable and memory.writable)
        if memory is self._memory:
            if writable:
                self._interface = content
            else:
                self._interface_to_read = content
        return content

    def _device_memory(self, number: Optional[int]) -> Optional[cuda.DeviceMemory]:
        """Returns the texels for a GPU's tensor, or None if a tensor can't have them."""
        pointer: Any = self._open()
        if self._on_host or (number is None and self._form.video):
            return None
        return cuda.device_memory(pointer, self._usage, self._form, self._shape, number or 0)

    def _cuda_content(self, number: Optional[int]) -> Dict[str, Any]:
        memory = self._device_memory(number)
        if memory is None:
            raise AttributeError(NO_ROWS)
        return cuda.interface(memory, not self._read_only)

    def convert_to(
        self,
        destination: "Texture",
        color: Optional[Color] = None,
        *,
        crop: Optional[RectLike] = None,
        orientation: Union[Orientation, str, int] = Orientation.NORMAL,
        filter: Union[Filter, str, int] = Filter.NONE,
    ) -> None:
        """Converts all texels to the format of another texture. color says what the numbers of
        video mean, as frame.color does; None: BT.601, limited range. The picture is cropped, turned
        upright, and scaled to the destination's size; without a filter it must have this size
        already. Raises InvalidArgumentError (a crop outside of the texture), MismatchError (another
        shape), UnsupportedError (a depth format; a matrix of video that isn't known), and as
        map."""
        if not isinstance(destination, Texture):
            raise InvalidArgumentError(
                f"destination ({destination!r}): it must be a Texture, whose format and size say"
                " what to convert to; geyser.convert makes arrays of a format's name"
            )
        options = options_of(color, crop, orientation, filter)
        check(lib.geyser_texture_convert(self._open(), destination._open(), options))

    def copy_to(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the texels on the GPU into a CUDA array, such as a PyTorch tensor, by work put on
        that stream; those of video into a list of arrays, one for each plane. It works for any
        texture that CUDA can use. Raises InvalidArgumentError (another shape or type), and as
        cuda.texture. The caller keeps the array until the copy is done. If the texture is destroyed
        before, its end waits for the copy."""
        self._copy_to(None, array, stream)

    def copy_from(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the texels on the GPU from a CUDA array, by work put on that stream."""
        self._copy_from(None, array, stream)

    def _copy_to(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        pointer, on = self._open(), cuda.to_stream(stream)
        cuda.copy_to(pointer, self._form, self._shape, number, array, on)
        self._note_copy(pointer, on)

    def _copy_from(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        pointer, on = self._open(), cuda.to_stream(stream)
        cuda.copy_from(pointer, self._form, self._shape, number, array, on)
        self._note_copy(pointer, on)

    def _note_copy(self, pointer: Pointer, stream: int) -> None:
        """Notes a copy on a stream, so that the texture's end waits for the copy."""
        if self._copies is None:
            self._copies = pointer.work = cuda.Copies(self._manager)
        self._copies.add(stream)

    def __dlpack_device__(self) -> Tuple[int, int]:
        memory = self._device_memory(0)
        return dlpack.CPU if memory is None else (dlpack.KIND_CUDA, memory.device)

    def _capsule(self, number: Optional[int], request: dlpack.Request) -> Any:
        if number is None:
            self._form.typestr  # raises for video, with words
        memory = None if request.for_host else self._device_memory(number)
        if memory is not None:
            pointer: Any = self._open()
            return cuda.export(memory, pointer, not self._read_only, request)
        is_copy = self.map_path != Path.ZERO_COPY
        return dlpack.export_host(self._persistent, number or 0, is_copy, request)


class Mapped(Local):
    """A texture's texels for the time of one `with`."""

    _instead = "copy the array within the `with`"

    def __init__(self, source: Any, access: Access, mip_level: values.Integer) -> None:
        self._source, self._access, self._level = source, access, mip_level
        self._memory: Optional[Memory] = None

    def _begin(self) -> Memory:
        if self._memory is not None:
            raise InvalidArgumentError("this mapping is in use: make one for each `with`")
        self._memory = self._source._map(self._access, self._level)
        return self._memory

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.end()

    @property
    def row_pitch(self) -> int:
        """The bytes from one row to the next, within the block."""
        if self._memory is None:
            raise ClosedError("the texture isn't mapped: ask within the `with`")
        view = self._memory.views[0]
        return view.strides[0 if view.rows == view.shape[0] else 1]


class Mapping(Mapped):
    """A texture's texels as an array; those of video as a list of arrays."""

    def __enter__(self) -> Any:
        numpy_module()  # raises before anything is mapped if there is no NumPy
        memory = self._begin()
        if memory.video:
            return to_arrays(memory, memory.writable)
        array: "Array" = to_array(interface(memory, memory.writable))
        return array


class MappingBuffer(Mapped):
    """A texture's texels as bytes."""

    def __enter__(self) -> memoryview:
        memory = self._begin()
        return buffer(memory, memory.writable, memory.views[0])

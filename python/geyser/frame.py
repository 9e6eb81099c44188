"""Frames of streams: a texture that the caller has acquired for a while, and its metadata."""

from types import TracebackType
from typing import Any, Dict, List, Optional, Tuple, Type, TypeVar, Union

from . import cuda, dlpack, png, values
from ._c import geyser_frame_info, lib, quick
from ._objects import Local, Object, Pointer
from .enums import Access, Path, pick
from .errors import ClosedError, InvalidArgumentError, detail, error
from .memory import Memory, Snapshot, TexturePointer, copy_into, interface
from .metadata import Metadata
from .plane import NO_ROWS, Described, Exchanged, Source, TexturePlane, planes_of
from .texture import READ, Mapping, MappingBuffer, Texture

F = TypeVar("F", bound="Frame")


class Stream(Object):
    """Base of publishers and subscribers, which give out frames."""

    _read_only = False

    def __init__(self, pointer: Pointer, name: str, manager: Pointer, on_host: bool) -> None:
        super().__init__(pointer)
        self._name, self._on_host = name, on_host
        self._manager = manager
        self._order = pointer.work = cuda.Order(manager)

    @property
    def name(self) -> str:
        """The stream's name."""
        return self._name

    def close(self) -> None:
        """Ends the stream's use; closing again does nothing. Frames that are in use become invalid,
        but arrays of them stay valid memory."""
        self._pointer = None

    def _is_late(self, pointer: Any, out: Any, give_back: Any) -> bool:
        """Returns whether this object was closed while a thread waited for a frame; the frame is
        then given back. The caller must drop the pointer, because the error's traceback would keep
        it alive."""
        if self._pointer is pointer:
            return False
        give_back(pointer, out)
        return True

    def _texture_of(self, frame: int) -> Texture:
        """Returns the frame's texture. A publisher keeps no textures between frames: the memory of
        an idle stream's buffer can't be freed while a reference to its texture is left."""
        pointer = TexturePointer(quick.geyser_texture_ref(quick.geyser_frame_texture(frame)))
        read_only = self._read_only and quick.geyser_texture_access(pointer) == READ
        return Texture(pointer, self._manager, self._on_host, read_only)


class Frame(Exchanged, Local, Metadata, Described):
    """A frame that the caller has acquired. `numpy.asarray(frame)` gives its texels, without a copy
    if a mapping needs none. Arrays stay valid memory after the frame is given back, but the
    publisher then draws there."""

    __slots__ = (
        "_owner", "_frame", "_texture", "_form", "_shape", "_memories", "_memory", "_interface",
        "_streams", "__weakref__",
    )
    _instead = (
        "send a copy of the texels, numpy.array(frame), or the stream's name, and subscribe to it"
        " there"
    )

    def __init__(self, owner: Stream, frame: int) -> None:
        self._owner, self._frame = owner, frame
        texture = owner._texture_of(frame)
        self._texture, self._form, self._shape = texture, texture._form, texture._shape
        self._memories: Optional[List[Memory]] = None
        self._memory: Optional[Memory] = None  # the one that arrays have, if it isn't the texture's
        self._interface: Optional[Dict[str, Any]] = None
        self._streams: Optional[List[int]] = None  # the CUDA streams that use the frame

    def __repr__(self) -> str:
        state = " (given back)" if self.closed else ""
        kind, size = type(self).__name__, f"{self.width}x{self.height}"
        return f"<geyser.{kind} of {self._owner.name!r} {size} {self.format}{state}>"

    @property
    def closed(self) -> bool:
        """Whether the frame was given back, or its stream closed."""
        return not self._frame or self._owner._pointer is None

    def _live(self) -> Pointer:
        """Returns the stream's pointer. The caller holds it while it uses the C library's memory of
        the frame, because another thread may close the stream."""
        pointer = self._owner._pointer
        if not self._frame:
            raise ClosedError("the frame was given back: texels and metadata are another's by now")
        if pointer is None:
            raise ClosedError(f"the frame has gone: {self._owner._why_closed()}")
        return pointer

    def _info(self) -> geyser_frame_info:
        owner = self._live()
        info: geyser_frame_info = quick.geyser_frame_get_info(self._frame).contents
        info.owner = owner
        return info

    @property
    def texture(self) -> Texture:
        """The frame's texture, with a reference of its own."""
        self._live()
        return self._texture

    @property
    def path(self) -> Path:
        """How this process gets at the memory that the publisher draws into."""
        self._live()
        return self._texture.path

    # ---- texels ----

    def map(
        self,
        access: Union[Access, str, values.Integer] = READ,
        mip_level: values.Integer = 0,
    ) -> Mapping:
        """Maps the texels as Texture.map does. The mapping must end before the frame is given
        back."""
        return Mapping(self, pick(Access, access, "access"), mip_level)

    def map_buffer(
        self,
        access: Union[Access, str, values.Integer] = READ,
        mip_level: values.Integer = 0,
    ) -> MappingBuffer:
        """Maps the texels as Texture.map_buffer does. The mapping must end before the frame is
        given back."""
        return MappingBuffer(self, pick(Access, access, "access"), mip_level)

    def _map(self, access: Access, mip_level: values.Integer = 0) -> Memory:
        self._live()
        memory = self._texture._map(access, mip_level)
        if self._memories is None:
            self._memories = []
        self._memories.append(memory)
        return memory

    def _repr_png_(self) -> Optional[bytes]:
        """Returns a PNG as Texture._repr_png_ does, of the part to show, turned upright."""
        if self.closed or not png.can_show(self._form, self.width, self.height):
            return None
        memory = self._texture._map(Access.READ)
        try:
            kind = self.alpha, self.crop, self.orientation
            return png.picture(self._form, memory.view, *kind)
        finally:
            memory.end()

    def _unmap(self) -> None:
        """Ends all mappings; texels that were written into staging copies go into the texture."""
        self._memory = self._interface = None
        memories, self._memories = self._memories, None
        for memory in memories or ():
            memory.end()

    @property
    def planes(self) -> Tuple[TexturePlane, ...]:
        """The planes of video, each of them an array and a tensor of its own; of any other format
        one plane, which is the frame itself."""
        self._live()
        return planes_of(self)

    def _from(self) -> Source:
        return self

    def _content(self, number: Optional[int]) -> Dict[str, Any]:
        self._live()
        if number is not None:
            return self._content_of_plane(number)
        if self._interface is None:
            if self._owner._on_host:
                self._interface = self._texture._content_for(self._settable, None)
            else:
                self._interface = interface(self._mapped(), self._settable)
        return self._interface

    def _content_of_plane(self, number: int) -> Dict[str, Any]:
        if self._owner._on_host:
            return self._texture._content_for(self._settable, number)
        memory = self._mapped()
        return interface(memory, self._settable, memory.views[number])

    def _mapped(self) -> Memory:
        """Returns the mapping that all arrays of the frame share."""
        if self._memory is None:
            self._memory = self._map(Access.READ_WRITE if self._settable else Access.READ)
        return self._memory

    def _for_tensor(self) -> Any:
        """Returns memory for a tensor, which may outlive the frame's mapping. If the mapping is a
        staging copy, the tensor gets a copy of its own."""
        self._live()
        if self._owner._on_host:
            return self._texture._persistent()
        memory = self._map(Access.READ_WRITE if self._settable else Access.READ)
        return memory if self._texture.map_path == Path.ZERO_COPY else Snapshot(memory)

    # ---- on a GPU ----

    def use_on(self, stream: cuda.StreamLike = None) -> None:
        """Lets work that is put on this CUDA stream after this call wait until the frame may be
        used. Giving the frame back then waits, on the GPU, for the work on the stream at that time.
        A tensor made of the frame does this for the stream that it is asked for on. Call this for
        every other stream."""
        number = cuda.to_stream(stream)
        if self._streams is not None and number in self._streams:
            return
        owner = self._live()
        cuda.frame_wait(self._frame, number)
        del owner
        if self._streams is None:
            self._streams = []
        self._streams.append(number)

    def _cuda_content(self, number: Optional[int]) -> Dict[str, Any]:
        self._live()
        memory = self._texture._device_memory(number)
        if memory is None:
            raise AttributeError(NO_ROWS)
        self.use_on(cuda.LEGACY)
        return cuda.interface(memory, self._settable)

    def copy_to(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the texels as Texture.copy_to does, when the frame is drawn."""
        self._copy_to(None, array, stream)

    def _copy_to(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        on = cuda.to_stream(stream)
        self.use_on(on)
        cuda.copy_to(self._texture._open(), self._form, self._shape, number, array, on)

    def _copy_from(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        if not self._settable:
            raise InvalidArgumentError("a frame that was received is for reading: copy_to() copies it")
        on = cuda.to_stream(stream)
        self.use_on(on)
        cuda.copy_from(self._texture._open(), self._form, self._shape, number, array, on)

    def __dlpack_device__(self) -> Tuple[int, int]:
        self._live()
        return self._texture.__dlpack_device__()

    def _capsule(self, number: Optional[int], request: dlpack.Request) -> Any:
        self._live()
        if number is None:
            self._form.typestr  # raises for video, with words
        memory = None if request.for_host else self._texture._device_memory(number)
        if memory is None:
            is_copy = self._texture.map_path != Path.ZERO_COPY
            return dlpack.export_host(self._for_tensor, number or 0, is_copy, request)
        on = cuda.to_consumer_stream(request.stream)
        if on is not None:
            self.use_on(on)
        pointer: Any = self._texture._open()
        return cuda.export(memory, pointer, self._settable, request)

    def __enter__(self: F) -> F:
        self._live()
        return self

    def _give_back(self, function: Any) -> int:
        """Gives the frame back by a C function. Returns that function's result, or 0 if the frame
        was given back before."""
        frame, self._frame = self._frame, 0
        pointer = self._owner._pointer
        self._unmap()
        if not frame or pointer is None:
            return 0
        failure, words = 0, ""
        if self._streams is not None:
            failure = self._owner._order.finish(frame, self._streams)
            words = detail() if failure else ""
        result: int = function(pointer, frame)
        if failure:
            raise error(failure, words)
        return result


class ReceivedFrame(Frame):
    """A frame that a subscriber has acquired, for reading. It holds one of the publisher's buffers
    until `release()`, the end of a `with`, or the next iteration."""

    __slots__ = ()
    _release = staticmethod(lib.geyser_subscriber_release)

    def release(self) -> None:
        """Gives the buffer back; doing so again does nothing."""
        result = self._give_back(self._release)
        if result:
            raise error(result)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        exception: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.release()

    def __del__(self) -> None:
        if self._frame:
            self._give_back(self._release)


class PublisherFrame(Frame):
    """A frame to draw into; its texels are those of an earlier frame. At the end of a `with` it is
    submitted, or discarded if an exception has ended the `with`."""

    __slots__ = ()
    _settable = True
    _submit = staticmethod(lib.geyser_publisher_submit)
    _discard = staticmethod(lib.geyser_publisher_discard)

    def write(self, source: Any) -> None:
        """Copies the texels of a source as Texture.write does."""
        memory = self._map(Access.WRITE)
        try:
            copy_into(memory, source)
        finally:
            memory.end()

    def copy_from(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the texels of an array as Texture.copy_from does, when the buffer may be drawn
        into."""
        self._copy_from(None, array, stream)

    def submit(self) -> None:
        """Publishes the frame. Raises InvalidArgumentError (metadata out of range; the frame is
        then discarded), ClosedError, DeviceLostError."""
        self._live()
        result = self._give_back(self._submit)
        if result:
            raise error(result)

    def discard(self) -> None:
        """Gives the frame back unpublished. After a submit or a discard this does nothing."""
        result = self._give_back(self._discard)
        if result:
            raise error(result)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        exception: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is not None:
            self.discard()
        elif self._frame:
            self.submit()

    def __del__(self) -> None:
        if self._frame:
            self._give_back(self._discard)


SETTABLE = tuple(
    name for name, one in vars(Metadata).items() if isinstance(one, property) and one.fset
)


def set_metadata(frame: PublisherFrame, values: Dict[str, Any]) -> None:
    """Sets the frame's metadata from keyword arguments."""
    for name, value in values.items():
        if name not in SETTABLE:
            raise InvalidArgumentError(f"{name}: of a frame one sets {', '.join(SETTABLE)}")
        setattr(frame, name, value)

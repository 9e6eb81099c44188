"""Planes: the properties that textures, frames and their planes have, and a plane as an array."""

from typing import TYPE_CHECKING, Any, Dict, Optional, Protocol, Tuple

from . import cuda, dlpack
from ._objects import Local
from .errors import InvalidArgumentError
from .formats import Format
from .memory import Shape, to_array

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]

NO_ROWS = (
    "the texture isn't in rows of a GPU's memory that CUDA has: make it on a Vulkan manager with"
    ' usage="linear", or copy it with copy_to()'
)


class Described:
    """The properties of a texture, of a frame, which has a texture, and of a plane of either."""

    _form: Format
    _shape: Shape

    @property
    def format(self) -> Format:
        """The pixel format."""
        return self._form

    @property
    def width(self) -> int:
        """The width in texels."""
        return self._shape.width

    @property
    def height(self) -> int:
        """The height in texels."""
        return self._shape.height

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of its array: (height, width, channels), or (height, width) for one channel and
        for formats with a texel in one word. Layers or depth slices are in front, if there are
        several. Raises UnsupportedError for video, which has an array for each plane."""
        return self._shape.array(self._form)

    @property
    def dtype(self) -> "numpy.dtype[Any]":
        """The element type of its array. Needs NumPy."""
        return self._form.dtype


class Source(Protocol):
    """A texture or a frame, as its planes use it. number: a plane's number, or None for the whole,
    which isn't video."""

    _form: Format
    _shape: Shape

    def _content(self, number: Optional[int]) -> Dict[str, Any]:
        """Returns the content of the array interface."""

    def _cuda_content(self, number: Optional[int]) -> Dict[str, Any]:
        """Returns the content of CUDA's array interface, or raises AttributeError."""

    def _capsule(self, number: Optional[int], request: dlpack.Request) -> Any:
        """Returns a DLPack capsule."""

    def _copy_to(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        """Copies the texels on the GPU."""

    def _copy_from(self, number: Optional[int], array: Any, stream: cuda.StreamLike) -> None:
        """Copies the texels on the GPU."""

    def __dlpack_device__(self) -> Tuple[int, int]:
        """Returns the device, which is the same for all planes."""


class Exchanged:
    """The protocols by which NumPy, PyTorch and others get at texels."""

    __slots__ = ()
    _number: Optional[int] = None  # of the plane; None: the whole

    def _from(self) -> Source:
        """Returns the texture or frame that has the texels."""
        raise NotImplementedError

    @property
    def __array_interface__(self) -> Dict[str, Any]:
        return self._from()._content(self._number)

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> "Array":
        array: "Array" = to_array(self._from()._content(self._number))
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(
                    f"an array of {dtype} is a copy of {array.dtype}, and copy is False"
                )
            return array.astype(dtype)
        return array.copy() if copy else array

    @property
    def __cuda_array_interface__(self) -> Dict[str, Any]:
        return self._from()._cuda_content(self._number)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Optional[Tuple[int, int]] = None,
        dl_device: Optional[Tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> Any:
        request = dlpack.Request(stream, max_version, dl_device, copy)
        return self._from()._capsule(self._number, request)


class TexturePlane(Exchanged, Described, Local):
    """One plane of a texture or frame: an array, and a tensor, of its own. `texture.planes` and
    `frame.planes` have them. It is used as its texture or frame is: `numpy.asarray(plane)`,
    `torch.from_dlpack(plane)`. It is valid as long as the texture or frame is."""

    _instead = "send the texture's handle, or a copy of the texels: numpy.array(plane)"

    def __init__(self, source: Source, number: int) -> None:
        self._source, self._number = source, number
        self._form = source._form.plane_formats[number].format
        self._shape = source._shape.plane(source._form, number)

    def __repr__(self) -> str:
        return f"<geyser.TexturePlane {self._number} of {self._source!r}>"

    def _from(self) -> Source:
        return self._source

    def __dlpack_device__(self) -> Tuple[int, int]:
        return self._source.__dlpack_device__()

    def copy_to(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the plane's texels on the GPU into a CUDA array, as Texture.copy_to does."""
        self._source._copy_to(self._number, array, stream)

    def copy_from(self, array: Any, stream: cuda.StreamLike = None) -> None:
        """Copies the plane's texels on the GPU from a CUDA array. A received frame has no such
        copy."""
        self._source._copy_from(self._number, array, stream)


def planes_of(source: Source) -> Tuple[TexturePlane, ...]:
    """Returns all planes."""
    return tuple(TexturePlane(source, number) for number in range(source._form.planes))

"""Conversion of pixels: the options, and NumPy arrays that aren't textures."""

import ctypes
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union

from . import values
from ._c import geyser_convert_options, geyser_pixels, lib
from .enums import Filter, Orientation, pick
from .errors import InvalidArgumentError, check
from .formats import Format
from .memory import Shape, numpy_module
from .metadata import Color, RectLike, color_to_c, rect_to_c

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, numpy.dtype[Any]]


def options_of(
    color: Optional[Color],
    crop: Optional[RectLike],
    orientation: Union[Orientation, str, int],
    filter: Union[Filter, str, int],
) -> geyser_convert_options:
    """Returns the options of a conversion as C has them."""
    out = geyser_convert_options()
    if color is not None:
        chosen, out.siting = color_to_c(color)
        out.color = ctypes.pointer(chosen)
    if crop is not None:
        out.crop = rect_to_c(crop, "crop")
    out.orientation = pick(Orientation, orientation, "orientation")
    out.filter = pick(Filter, filter, "filter")
    return out


def _plane_shape(form: Format, size: Tuple[int, int], plane: int) -> Tuple[int, ...]:
    texels = form.plane_formats[plane].format
    return Shape(size[0], size[1], 1, 1, 1).plane(form, plane).array(texels)


def _named_shape(texels: Format) -> str:
    return f"({', '.join(['height', 'width', *map(str, texels.texel_shape)])})"


def _planes(source: Any, form: Format) -> List["Array"]:
    """Returns the arrays of a picture, one for each plane. The texels of each row follow one
    another, and rows don't overlap."""
    numpy = numpy_module()
    given = source if form.video and isinstance(source, (list, tuple)) else [source]
    if len(given) != form.planes:
        raise InvalidArgumentError(
            f"{len(given)} arrays: a picture of {form.name} has {form.planes}, one for each plane,"
            " in a list such as frame.planes"
        )
    out = [numpy.asarray(one) for one in given]
    for number, array in enumerate(out):
        texels = form.plane_formats[number].format
        if array.dtype.str != texels.typestr or array.ndim != 2 + len(texels.texel_shape):
            raise InvalidArgumentError(
                f"array of shape {array.shape} and type {array.dtype}: plane {number} of"
                f" {form.name} has {_named_shape(texels)} of {texels.dtype}"
            )
        packed = numpy.empty((1,) + array.shape[1:], array.dtype)  # a row without gaps
        if array.strides[1:] != packed.strides[1:] or array.strides[0] < packed.nbytes:
            out[number] = numpy.ascontiguousarray(array)
    return out


def _size_of(arrays: Sequence["Array"], form: Format) -> Tuple[int, int]:
    first = form.plane_formats[0]
    height, width = arrays[0].shape[:2]
    size = width * first.width_divisor, height * first.height_divisor
    for number, array in enumerate(arrays):
        shape = _plane_shape(form, size, number)
        if array.shape != shape:
            raise InvalidArgumentError(
                f"array of shape {array.shape}: plane {number} of {form.name} with {size[0]} ×"
                f" {size[1]} texels has {shape}"
            )
    return size


def _pixels(arrays: Sequence["Array"], form: Format, size: Tuple[int, int]) -> geyser_pixels:
    """Describes the arrays, which it borrows."""
    out = geyser_pixels(form.number, *size)
    for number, array in enumerate(arrays):
        out.planes[number].data = array.ctypes.data
        out.planes[number].row_pitch = array.strides[0]
    return out


def _upright_size(size: Tuple[int, int], options: geyser_convert_options) -> Tuple[int, int]:
    """Returns the size of the source's part after its turn. It is never larger than the source, so
    that a wrong crop allocates no memory before the C library refuses it."""
    part = options.crop
    width, height = size
    if part.width:
        width, height = min(part.width, width), min(part.height, height)
    return (height, width) if options.orientation % 2 else (width, height)


def convert(
    source: Any,
    format: Union[Format, str, int],
    to: Union[Format, str, int],
    *,
    size: Optional[values.Size] = None,
    color: Optional[Color] = None,
    crop: Optional[RectLike] = None,
    orientation: Union[Orientation, str, int] = Orientation.NORMAL,
    filter: Union[Filter, str, int, None] = None,
) -> Union["Array", List["Array"]]:
    """Converts a NumPy array of one format to a new array of another one. A picture of video is a
    list of arrays, one for each plane. The picture is cropped, then turned upright, then scaled to
    `size` (width, height); the filter is "box" unless another one is named. `color` says what the
    numbers of video mean, as frame.color does; None: BT.601, limited range. A source of yuy2 or
    uyvy has an even width. An array whose rows overlap or aren't contiguous is copied first.

    Raises InvalidArgumentError (another shape or type of array, a crop outside of it),
    UnsupportedError (a depth format; a matrix of video that isn't known)."""
    source_form, form = Format.named(format), Format.named(to)
    if filter is None:
        filter = Filter.NONE if size is None else Filter.BOX
    options = options_of(color, crop, orientation, filter)
    arrays = _planes(source, source_form)
    source_size = _size_of(arrays, source_form)
    if size is None:
        chosen = _upright_size(source_size, options)
    else:
        chosen = values.size(size)
    numpy = numpy_module()
    out = [
        numpy.empty(_plane_shape(form, chosen, number), plane.format.typestr)
        for number, plane in enumerate(form.plane_formats)
    ]
    check(
        lib.geyser_convert_pixels(
            _pixels(arrays, source_form, source_size), _pixels(out, form, chosen), options
        )
    )
    return out if form.video else out[0]

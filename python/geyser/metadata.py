"""A frame's metadata: publishers write it, subscribers read it."""

import ctypes
from typing import Any, Iterable, NamedTuple, Optional, Tuple, Union

from . import values
from ._c import DAMAGE_MAX, USER_MAX, geyser_color, geyser_frame_info, geyser_rect
from .enums import Alpha, ColorRange, Orientation, Siting, pick
from .errors import InvalidArgumentError

COLOR_FLOATS = (
    "mastering_min_luminance",
    "mastering_max_luminance",
    "max_content_light_level",
    "max_frame_average_light_level",
)


class Rect(NamedTuple):
    """A rectangle in texels, from the top left."""

    x: int
    y: int
    width: int
    height: int


class Color(NamedTuple):
    """The meaning of the texels' numbers. The first three are code points of ITU-T H.273; 2 means
    unspecified. Then come the mastering display and the content light level in cd/m²; 0 means
    unknown."""

    primaries: int = 2  #: 1 BT.709, 9 BT.2020, 12 Display P3
    transfer: int = 2  #: 13 sRGB, 16 PQ, 18 HLG
    matrix: int = 2  #: 0 RGB
    range: ColorRange = ColorRange.FULL  #: most video is LIMITED; its publisher should say so
    mastering_min_luminance: float = 0.0
    mastering_max_luminance: float = 0.0
    max_content_light_level: float = 0.0
    max_frame_average_light_level: float = 0.0
    siting: Siting = Siting.UNSPECIFIED  #: of video's chroma


RectLike = Union[Rect, Tuple[int, int, int, int]]


def rect_to_c(value: RectLike, what: str) -> Any:
    try:
        x, y, width, height = value
    except (TypeError, ValueError):
        raise InvalidArgumentError(
            f"{what} ({value!r}): it must be (x, y, width, height)"
        ) from None
    return geyser_rect(*(values.integer(one, what) for one in (x, y, width, height)))


def _from_rect(rect: Any) -> Rect:
    return Rect(rect.x, rect.y, rect.width, rect.height)


def color_to_c(value: Color) -> Tuple[geyser_color, int]:
    """Returns a colour as C has it, and its siting."""
    if not isinstance(value, Color):
        raise InvalidArgumentError(
            f"color ({value!r}): it must be a geyser.Color, such as frame.color, or"
            " geyser.Color(1, 1, 1, geyser.ColorRange.LIMITED) for BT.709"
        )
    codes = (values.integer(one, "color", 8) for one in value[:3])
    siting = pick(Siting, value.siting, "color's siting")
    chosen = pick(ColorRange, value.range, "color's range")
    floats = (values.real(one, "color") for one in value[4:-1])
    return geyser_color(*codes, chosen, *floats), siting


class Metadata:
    """The part of a frame that isn't texels. A publisher sets it between acquire and submit; submit
    refuses values out of range. A subscriber reads it until it releases the frame."""

    __slots__ = ()
    _settable = False

    def _info(self) -> geyser_frame_info:
        """Returns the C library's memory of the frame, which is valid until the frame is given
        back. The result holds the stream, so that a close() doesn't end it before."""
        raise NotImplementedError

    def _info_to_set(self) -> geyser_frame_info:
        if not self._settable:
            raise AttributeError("what goes with a frame that was received is for reading")
        return self._info()

    @property
    def sequence(self) -> int:
        """1, 2, 3, … in the order of submits."""
        return int(self._info().sequence)

    @property
    def timestamp_ns(self) -> int:
        """The time of the submit, as time.clock_gettime_ns(time.CLOCK_MONOTONIC) gives it."""
        return int(self._info().timestamp_ns)

    @property
    def presentation_ns(self) -> int:
        """A time that the publisher defines; 0 if the publisher sets none."""
        return int(self._info().presentation_ns)

    @presentation_ns.setter
    def presentation_ns(self, value: values.Integer) -> None:
        self._info_to_set().presentation_ns = values.integer(value, "presentation_ns", 64)

    @property
    def crop(self) -> Optional[Rect]:
        """The part to show; None: the whole texture."""
        crop = self._info().crop
        return _from_rect(crop) if crop.width else None

    @crop.setter
    def crop(self, value: Optional[RectLike]) -> None:
        self._info_to_set().crop = geyser_rect() if value is None else rect_to_c(value, "crop")

    @property
    def damage(self) -> Tuple[Rect, ...]:
        """The rectangles that may differ from the frame before; empty: the whole frame may
        differ."""
        info = self._info()
        return tuple(_from_rect(info.damage[i]) for i in range(min(info.damage_count, DAMAGE_MAX)))

    @damage.setter
    def damage(self, value: Iterable[RectLike]) -> None:
        info = self._info_to_set()
        rects = [rect_to_c(one, "damage") for one in value]
        if len(rects) > DAMAGE_MAX:
            raise InvalidArgumentError(
                f"damage of {len(rects)} rectangles: at most {DAMAGE_MAX}; unite some"
            )
        info.damage_count = len(rects)
        for number, rect in enumerate(rects):
            info.damage[number] = rect

    @property
    def orientation(self) -> Orientation:
        """How the picture must be turned to be upright."""
        return Orientation(self._info().orientation)

    @orientation.setter
    def orientation(self, value: Union[Orientation, str, int]) -> None:
        self._info_to_set().orientation = pick(Orientation, value, "orientation")

    @property
    def alpha(self) -> Alpha:
        """How to interpret the alpha channel."""
        return Alpha(self._info().alpha)

    @alpha.setter
    def alpha(self, value: Union[Alpha, str, int]) -> None:
        self._info_to_set().alpha = pick(Alpha, value, "alpha")

    @property
    def color(self) -> Color:
        """The meaning of the texels' numbers."""
        info = self._info()
        color = info.color
        floats = (getattr(color, name) for name in COLOR_FLOATS)
        codes = (color.primaries, color.transfer, color.matrix)
        found = Color(*codes, ColorRange(color.range), *floats)
        return found._replace(siting=Siting(info.siting))

    @color.setter
    def color(self, value: Color) -> None:
        color, siting = color_to_c(value)
        info = self._info_to_set()
        info.color = color
        info.siting = siting

    @property
    def user(self) -> bytes:
        """Up to 256 bytes that the publisher defines."""
        info = self._info()
        return bytes(info.user[: min(info.user_size, USER_MAX)])

    @user.setter
    def user(self, value: bytes) -> None:
        info = self._info_to_set()
        try:
            data = bytes(memoryview(value))  # bytes(5) would be five zeros
        except TypeError:
            raise InvalidArgumentError(f"user ({value!r}): it must be bytes") from None
        if len(data) > USER_MAX:
            raise InvalidArgumentError(f"user data of {len(data)} bytes: at most {USER_MAX}")
        info.user_size = len(data)
        ctypes.memmove(info.user, data, len(data))

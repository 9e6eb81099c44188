"""Share GPU textures, timeline events and streams of frames between processes, without copying
pixels.

    import geyser, numpy

    with geyser.publish("cam", 1280, 720) as publisher:         # one process
        with publisher.frame() as frame:
            numpy.asarray(frame)[:] = 255                       # the shared memory itself

    for frame in geyser.subscribe("cam", connect_timeout=5):    # any other, of the same user
        print(frame.sequence, numpy.asarray(frame).mean())

Times are in seconds, and None means for ever. Names that end in _ns are in nanoseconds. Failures
raise a subclass of geyser.Error. Any thread may use any object, but only one thread at a time may
use a frame. After a fork() the child makes its own Manager and objects. The guide is
docs/python.md."""

from . import cuda
from ._version import __version__
from .conversion import convert
from .descriptor import Descriptor
from .directory import StreamInfo, StreamWatch, list_streams
from .enums import (
    Access, Alpha, Backend, ColorRange, Delivery, Dimension, End, Filter, FormatType, MemoryKind,
    Orientation, Pacing, Path, Siting, StreamChange, Usage,
)
from .errors import (
    BusyError, ClosedError, DeviceLostError, DisconnectedError, Error, ExistsError,
    InvalidArgumentError, LimitError, MismatchError, NoRuntimeDirError, NotFoundError,
    OutOfMemoryError, PermissionError, ProtocolError, Result, StaleError, SystemError, TimeoutError,
    UnsealedError, UnsupportedError,
)
from .event import Event
from .formats import Format, formats
from .frame import Frame, PublisherFrame, ReceivedFrame
from .handle import Handle
from .manager import (
    Manager, MemoryAmount, MemoryInfo, MemoryUsage, default_manager, import_event, import_texture,
    publish, subscribe,
)
from .metadata import Color, Rect
from .plane import TexturePlane
from .publisher import Publisher, PublisherStats
from .subscriber import Subscriber, SubscriberStats
from .system import (
    SystemInfo, backend_available, registry_directory, system_info, version, why_unavailable,
)
from .texture import Importers, Mapping, MappingBuffer, Texture

__all__ = [
    "Access", "Alpha", "Backend", "BusyError", "ClosedError", "Color", "ColorRange", "Delivery",
    "Descriptor", "DeviceLostError", "Dimension", "DisconnectedError", "End", "Error", "Event",
    "ExistsError", "Filter", "Format", "FormatType", "Frame", "Handle", "Importers",
    "InvalidArgumentError", "LimitError", "Manager", "Mapping", "MappingBuffer", "MemoryAmount",
    "MemoryInfo", "MemoryKind", "MemoryUsage", "MismatchError", "NoRuntimeDirError",
    "NotFoundError", "Orientation", "OutOfMemoryError", "Pacing", "Path", "PermissionError",
    "ProtocolError", "Publisher", "PublisherFrame", "PublisherStats", "ReceivedFrame", "Rect",
    "Result", "Siting", "StaleError", "StreamChange", "StreamInfo", "StreamWatch", "Subscriber",
    "SubscriberStats", "SystemError", "SystemInfo", "Texture", "TexturePlane", "TimeoutError",
    "UnsealedError", "UnsupportedError", "Usage", "__version__", "backend_available", "convert",
    "cuda", "default_manager", "formats", "import_event", "import_texture", "list_streams",
    "publish", "registry_directory", "subscribe", "system_info", "version", "why_unavailable",
]

"""Finds, opens and declares the C library. Nothing here is for users.

Structs and functions have their C names and are written as in the headers; a test compares each of
them with a C compiler's answer. Opaque structs are `void *`, enums are `int`, as they are for gcc
and clang. Outputs are passed as `byref(...)`, which any pointer type accepts."""

import ctypes
import os
import sys
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_float, c_int, c_int32, c_size_t,
    c_uint8, c_uint32, c_uint64, c_ulonglong, c_void_p,
)
from typing import Any, Dict, Tuple

from ._version import __version__

VARIABLE = "GEYSER_LIBRARY"
NEVER = 2**64 - 1  # as a timeout: no deadline
SPIN_MAX_NS = 10**9
ROW_ALIGNMENT_MAX = 4096
ROW_ALIGNMENT_SHIFT = 16  # GEYSER_ROW_ALIGNMENT
BUFFERS_MAX = 16
DAMAGE_MAX = 16
USER_MAX = 256
HANDLE_TEXT_SIZE = 96
FORMAT_COUNT = 48
PLANES_MAX = 4
CUDA_DEVICES_MAX = 32


# ---- structs -------------------------------------------------------------------------------------


class geyser_manager_desc(Structure):
    _fields_ = [("backend", c_int), ("application", c_char_p), ("import_timeout_ns", c_uint64)]


class geyser_memory_usage(Structure):
    _fields_ = [("held", c_uint64), ("exported", c_uint64), ("imported", c_uint64)]


class geyser_memory_info(Structure):
    _fields_ = [("textures", geyser_memory_usage), ("events", geyser_memory_usage)]


class geyser_memory_amount(Structure):
    _fields_ = [("bytes", c_uint64), ("count", c_uint64)]


class geyser_texture_desc(Structure):
    _fields_ = [
        ("format", c_int),
        ("width", c_uint32),
        ("height", c_uint32),
        ("depth", c_uint32),
        ("layers", c_uint32),
        ("mip_levels", c_uint32),
        ("usage", c_uint32),
        ("label", c_char_p),
    ]


class geyser_mapping(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("row_pitch", c_size_t),
        ("slice_pitch", c_size_t),
        ("size", c_size_t),
    ]


class geyser_subresource(Structure):
    _fields_ = [
        ("offset", c_size_t),
        ("row_pitch", c_size_t),
        ("slice_pitch", c_size_t),
        ("size", c_size_t),
        ("width", c_uint32),
        ("height", c_uint32),
        ("depth", c_uint32),
    ]


class geyser_handle(Structure):
    _fields_ = [("bytes", c_uint8 * 64)]


class geyser_importers(Structure):
    _fields_ = [("current", c_uint32), ("total", c_uint64)]


class geyser_system_info(Structure):
    _fields_ = [
        ("sealing", c_bool),
        ("future_write", c_bool),
        ("futex_waitv", c_bool),
        ("pidfd", c_bool),
    ]


class geyser_format_gl(Structure):
    _fields_ = [("internal_format", c_uint32), ("format", c_uint32), ("type", c_uint32)]


class geyser_format_cuda(Structure):
    _fields_ = [("array_format", c_uint32), ("channels", c_uint32)]


class geyser_format_plane(Structure):
    _fields_ = [("format", c_int), ("width_divisor", c_uint32), ("height_divisor", c_uint32)]


class geyser_format_info(Structure):
    _fields_ = [
        ("format", c_int),
        ("name", c_char_p),
        ("bytes_per_texel", c_uint32),
        ("channels", c_uint32),
        ("type", c_int),
        ("srgb", c_bool),
        ("depth", c_bool),
        ("stencil", c_bool),
        ("planes", c_uint32),
        ("block_width", c_uint32),
        ("block_height", c_uint32),
        ("usage", c_uint32),
        ("drm_fourcc", c_uint32),
        ("vk_format", c_uint32),
        ("mtl_pixel_format", c_uint32),
        ("iosurface_fourcc", c_uint32),
        ("gl", geyser_format_gl),
        ("cuda", geyser_format_cuda),
        ("plane", geyser_format_plane * PLANES_MAX),
        ("ffmpeg", c_char_p),
    ]


class geyser_rect(Structure):
    _fields_ = [("x", c_uint32), ("y", c_uint32), ("width", c_uint32), ("height", c_uint32)]


class geyser_color(Structure):
    _fields_ = [
        ("primaries", c_uint8),
        ("transfer", c_uint8),
        ("matrix", c_uint8),
        ("range", c_int),
        ("mastering_min_luminance", c_float),
        ("mastering_max_luminance", c_float),
        ("max_content_light_level", c_float),
        ("max_frame_average_light_level", c_float),
    ]


class _pixels_plane(Structure):
    _fields_ = [("data", c_void_p), ("row_pitch", c_size_t)]


class geyser_pixels(Structure):
    _fields_ = [
        ("format", c_int),
        ("width", c_uint32),
        ("height", c_uint32),
        ("planes", _pixels_plane * PLANES_MAX),
    ]


class geyser_convert_options(Structure):
    _fields_ = [
        ("color", POINTER(geyser_color)),
        ("siting", c_int),
        ("crop", geyser_rect),
        ("orientation", c_int),
        ("filter", c_int),
    ]


class geyser_rendition_desc(Structure):
    _fields_ = [
        ("format", c_int),
        ("width", c_uint32),
        ("height", c_uint32),
        ("filter", c_int),
        ("upright", c_bool),
    ]


class geyser_frame_info(Structure):
    _fields_ = [
        ("sequence", c_uint64),
        ("timestamp_ns", c_uint64),
        ("presentation_ns", c_uint64),
        ("crop", geyser_rect),
        ("damage_count", c_uint32),
        ("damage", geyser_rect * DAMAGE_MAX),
        ("orientation", c_int),
        ("alpha", c_int),
        ("color", geyser_color),
        ("user_size", c_uint32),
        ("user", c_uint8 * USER_MAX),
        ("siting", c_int),
    ]


class geyser_point(Structure):
    _fields_ = [("event", c_void_p), ("value", c_uint64)]


class geyser_stream_desc(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("texture", geyser_texture_desc),
        ("buffers", c_uint32),
        ("frame_rate_num", c_uint32),
        ("frame_rate_den", c_uint32),
        ("pacing", c_int),
    ]


class geyser_publisher_stats(Structure):
    _fields_ = [("frames", c_uint64), ("subscribers", c_uint32), ("buffers_held", c_uint32)]


class geyser_subscriber_desc(Structure):
    _fields_ = [("name", c_char_p), ("delivery", c_int), ("connect_timeout_ns", c_uint64)]


class geyser_subscriber_stats(Structure):
    _fields_ = [
        ("frames", c_uint64),
        ("dropped", c_uint64),
        ("connections", c_uint64),
        ("latency_p50_ns", c_uint64),
        ("latency_p99_ns", c_uint64),
    ]


class geyser_stream_info(Structure):
    _fields_ = [
        ("name", c_char * 64),
        ("application", c_char * 64),
        ("pid", c_int32),
        ("format", c_int),
        ("width", c_uint32),
        ("height", c_uint32),
        ("buffers", c_uint32),
        ("frame_rate_num", c_uint32),
        ("frame_rate_den", c_uint32),
        ("pacing", c_int),
        ("backend", c_int),
        ("path", c_int),
        ("subscribers", c_uint32),
        ("frames", c_uint64),
        ("dropped", c_uint64),
        ("latency_p50_ns", c_uint64),
        ("latency_p99_ns", c_uint64),
    ]


class geyser_cuda_device(Structure):
    _fields_ = [("device", c_int), ("name", c_char * 96), ("uuid", c_uint8 * 16)]


class geyser_cuda_info(Structure):
    _fields_ = [
        ("driver_version", c_int),
        ("device_count", c_uint32),
        ("devices", geyser_cuda_device * CUDA_DEVICES_MAX),
    ]


class geyser_cuda_texture(Structure):
    _fields_ = [
        ("device", c_int),
        ("context", c_void_p),
        ("path", c_int),
        ("array", c_void_p),
        ("mipmapped_array", c_void_p),
        ("pointer", c_ulonglong),
        ("row_pitch", c_size_t),
        ("slice_pitch", c_size_t),
        ("size", c_size_t),
        ("host", c_bool),
        ("writable", c_bool),
    ]


# ---- functions -----------------------------------------------------------------------------------

event_callback = CFUNCTYPE(None, c_void_p, c_uint64, c_int, c_void_p)
watch_callback = CFUNCTYPE(None, c_int, c_char_p, c_void_p)

Prototypes = Dict[str, Tuple[Any, Tuple[Any, ...]]]  # name: (result, arguments)

# These functions are called without releasing the GIL. They neither wait nor take long, and getting
# the GIL back may take 5 ms while another thread computes.
QUICK: Prototypes = {
    "geyser_version": (c_char_p, ()),
    "geyser_result_string": (c_char_p, (c_int,)),
    "geyser_error_detail": (c_char_p, ()),
    "geyser_backend_name": (c_char_p, (c_int,)),
    "geyser_manager_get_backend": (c_int, (c_void_p,)),
    "geyser_texture_ref": (c_void_p, (c_void_p,)),
    "geyser_texture_get_desc": (POINTER(geyser_texture_desc), (c_void_p,)),
    "geyser_texture_path": (c_int, (c_void_p,)),
    "geyser_texture_access": (c_int, (c_void_p,)),
    "geyser_texture_map_path": (c_int, (c_void_p,)),
    "geyser_texture_get_subresource": (
        c_int,
        (c_void_p, c_uint32, c_uint32, c_uint32, POINTER(geyser_subresource)),
    ),
    "geyser_handle_id": (c_uint32, (POINTER(geyser_handle),)),
    "geyser_handle_from_string": (c_int, (c_char_p, POINTER(geyser_handle))),
    "geyser_handle_to_string": (c_int, (POINTER(geyser_handle), c_char_p, c_size_t)),
    "geyser_format_get_info": (POINTER(geyser_format_info), (c_int,)),
    "geyser_format_from_name": (c_int, (c_char_p,)),
    "geyser_frame_texture": (c_void_p, (c_void_p,)),
    "geyser_frame_get_info": (POINTER(geyser_frame_info), (c_void_p,)),
    "geyser_stream_watch_fd": (c_int, (c_void_p,)),
}

# These functions are called with the GIL released.
FUNCTIONS: Prototypes = {
    "geyser_backend_available": (c_int, (c_int,)),
    "geyser_manager_create": (c_int, (POINTER(geyser_manager_desc), POINTER(c_void_p))),
    "geyser_manager_destroy": (None, (c_void_p,)),
    "geyser_manager_format_usage": (c_int, (c_void_p, c_int, c_int, POINTER(c_uint32))),
    "geyser_manager_set_spin": (c_int, (c_void_p, c_uint64)),
    "geyser_manager_memory": (c_int, (c_void_p, POINTER(geyser_memory_info))),
    "geyser_manager_memory_of": (c_int, (c_void_p, c_int, POINTER(geyser_memory_amount))),
    "geyser_manager_set_pool": (c_int, (c_void_p, c_uint64, c_uint64)),
    "geyser_manager_trim": (c_int, (c_void_p, c_uint64)),
    "geyser_texture_create": (c_int, (c_void_p, POINTER(geyser_texture_desc), POINTER(c_void_p))),
    "geyser_texture_unref": (None, (c_void_p,)),
    "geyser_texture_map": (c_int, (c_void_p, c_int, POINTER(geyser_mapping))),
    "geyser_convert_pixels": (
        c_int,
        (POINTER(geyser_pixels), POINTER(geyser_pixels), POINTER(geyser_convert_options)),
    ),
    "geyser_texture_convert": (c_int, (c_void_p, c_void_p, POINTER(geyser_convert_options))),
    "geyser_texture_unmap": (None, (c_void_p,)),
    "geyser_handle_from_id": (c_int, (c_uint32, POINTER(geyser_handle))),
    "geyser_texture_export": (c_int, (c_void_p, POINTER(geyser_handle))),
    "geyser_texture_unexport": (c_int, (c_void_p,)),
    "geyser_texture_import": (
        c_int,
        (c_void_p, POINTER(geyser_handle), POINTER(geyser_texture_desc), POINTER(c_void_p)),
    ),
    "geyser_texture_importers": (c_int, (c_void_p, POINTER(geyser_importers))),
    "geyser_texture_importers_fd": (c_int, (c_void_p, POINTER(c_int))),
    "geyser_event_create": (c_int, (c_void_p, c_uint64, POINTER(c_void_p))),
    "geyser_event_unref": (None, (c_void_p,)),
    "geyser_event_export": (c_int, (c_void_p, POINTER(geyser_handle))),
    "geyser_event_unexport": (c_int, (c_void_p,)),
    "geyser_event_import": (c_int, (c_void_p, POINTER(geyser_handle), POINTER(c_void_p))),
    "geyser_event_value": (c_int, (c_void_p, POINTER(c_uint64))),
    "geyser_event_signal": (c_int, (c_void_p, c_uint64)),
    "geyser_event_wait": (c_int, (c_void_p, c_uint64, c_uint64)),
    "geyser_event_set_spin": (c_int, (c_void_p, c_uint64)),
    "geyser_event_notify": (c_int, (c_void_p, c_uint64, event_callback, c_void_p)),
    "geyser_event_fd": (c_int, (c_void_p, c_uint64, POINTER(c_int))),
    "geyser_system_get_info": (c_int, (POINTER(geyser_system_info),)),
    "geyser_registry_directory": (c_int, (c_char_p, c_size_t)),
    "geyser_registry_place": (c_int, (c_uint32, c_char_p, c_size_t)),
    "geyser_frame_signal_point": (c_int, (c_void_p, POINTER(geyser_point))),
    "geyser_publisher_create": (c_int, (c_void_p, POINTER(geyser_stream_desc), POINTER(c_void_p))),
    "geyser_publisher_acquire": (c_int, (c_void_p, c_uint64, POINTER(c_void_p))),
    "geyser_publisher_submit": (c_int, (c_void_p, c_void_p)),
    "geyser_publisher_discard": (c_int, (c_void_p, c_void_p)),
    "geyser_publisher_resize": (c_int, (c_void_p, POINTER(geyser_texture_desc))),
    "geyser_publisher_flush": (c_int, (c_void_p, c_uint64)),
    "geyser_publisher_get_stats": (c_int, (c_void_p, POINTER(geyser_publisher_stats))),
    "geyser_publisher_set_hold_limit": (c_int, (c_void_p, c_uint64)),
    "geyser_publisher_set_idle_limit": (c_int, (c_void_p, c_uint64)),
    "geyser_publisher_set_spin": (c_int, (c_void_p, c_uint64)),
    "geyser_publisher_get_evictions": (c_int, (c_void_p, POINTER(c_uint64))),
    "geyser_publisher_subscribers_fd": (c_int, (c_void_p, POINTER(c_int))),
    "geyser_publisher_destroy": (None, (c_void_p,)),
    "geyser_subscriber_create": (
        c_int,
        (c_void_p, POINTER(geyser_subscriber_desc), POINTER(c_void_p)),
    ),
    "geyser_subscriber_create_rendition": (
        c_int,
        (c_void_p, POINTER(geyser_subscriber_desc), POINTER(geyser_rendition_desc), POINTER(c_void_p)),
    ),
    "geyser_subscriber_acquire": (c_int, (c_void_p, c_uint64, POINTER(c_void_p))),
    "geyser_subscriber_release": (c_int, (c_void_p, c_void_p)),
    "geyser_subscriber_set_spin": (c_int, (c_void_p, c_uint64)),
    "geyser_subscriber_fd": (c_int, (c_void_p, POINTER(c_int))),
    "geyser_subscriber_get_stats": (c_int, (c_void_p, POINTER(geyser_subscriber_stats))),
    "geyser_subscriber_get_end": (c_int, (c_void_p, POINTER(c_int))),
    "geyser_subscriber_destroy": (None, (c_void_p,)),
    "geyser_stream_list": (c_int, (POINTER(POINTER(geyser_stream_info)), POINTER(c_size_t))),
    "geyser_stream_list_free": (None, (POINTER(geyser_stream_info),)),
    "geyser_stream_list_bytes": (c_uint64, (POINTER(geyser_stream_info), c_size_t, c_size_t)),
    "geyser_stream_watch_create": (c_int, (watch_callback, c_void_p, POINTER(c_void_p))),
    "geyser_stream_watch_dispatch": (c_int, (c_void_p, c_uint64)),
    "geyser_stream_watch_destroy": (None, (c_void_p,)),
}

# These functions aren't built for macOS and iOS.
CUDA: Prototypes = {
    "geyser_cuda_get_info": (c_int, (POINTER(geyser_cuda_info),)),
    "geyser_cuda_texture": (c_int, (c_void_p, POINTER(geyser_cuda_texture))),
    "geyser_cuda_texture_plane": (c_int, (c_void_p, c_uint32, POINTER(geyser_cuda_texture))),
    "geyser_cuda_texture_copy_to": (c_int, (c_void_p, c_ulonglong, c_size_t, c_void_p)),
    "geyser_cuda_texture_copy_from": (c_int, (c_void_p, c_ulonglong, c_size_t, c_void_p)),
    "geyser_cuda_texture_copy_plane_to": (
        c_int, (c_void_p, c_uint32, c_ulonglong, c_size_t, c_void_p)
    ),
    "geyser_cuda_texture_copy_plane_from": (
        c_int, (c_void_p, c_uint32, c_ulonglong, c_size_t, c_void_p)
    ),
    "geyser_cuda_event_is_native": (c_bool, (c_void_p,)),
    "geyser_cuda_event_wait": (c_int, (c_void_p, c_uint64, c_void_p)),
    "geyser_cuda_event_signal": (c_int, (c_void_p, c_uint64, c_void_p)),
    "geyser_cuda_frame_wait": (c_int, (c_void_p, c_void_p)),
    "geyser_cuda_frame_signal": (c_int, (c_void_p, c_void_p)),
}


# ---- the library ---------------------------------------------------------------------------------


def _declare(library: ctypes.CDLL, prototypes: Prototypes) -> None:
    for name, (result, arguments) in prototypes.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(
                f"{library._name} has no function {name}: it is no libgeyser, or an older one than"
                f" this package ({__version__}) was written for: install the one that it came with"
            ) from None
        function.restype, function.argtypes = result, arguments


def _installed(usual: str) -> str:
    """Returns the path of the library that was installed with this package, or "". The file
    `library.txt` holds the library's folder, relative to this one. Only an installation outside the
    loader's own path has that file."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        with open(os.path.join(here, "library.txt"), encoding="utf-8") as file:
            path = os.path.join(here, file.read().strip(), usual)
    except OSError:
        return ""
    return path if os.path.exists(path) else ""


def _name() -> str:
    usual = "libgeyser.0.dylib" if sys.platform == "darwin" else "libgeyser.so.0"
    return os.environ.get(VARIABLE) or _installed(usual) or usual


def _open(kind: Any) -> Any:
    try:
        return kind(_name())
    except OSError as error:
        raise ImportError(
            f"geyser's C library can't be opened: {error}. Install it (`make install`),"
            f" or set {VARIABLE} to its path"
        ) from error


def compatible(library: str, package: str) -> bool:
    """Returns whether a C library of that version fits this version of the package: the major
    numbers must be the same. Before 1.0 the minor numbers must be the same, too, because the
    interface may change with each."""
    ours, theirs = package.split("."), library.split(".")
    return ours[0] == theirs[0] and (ours[0] != "0" or ours[1] == theirs[1])


def _check_version() -> None:
    version: str = quick.geyser_version().decode()
    if not compatible(version, __version__):
        raise ImportError(
            f"{_name()} is version {version}, this package is {__version__}: install both from one"
            " source"
        )


lib: ctypes.CDLL = _open(ctypes.CDLL)
quick: ctypes.PyDLL = _open(ctypes.PyDLL)
_declare(quick, QUICK)
_declare(lib, FUNCTIONS)
has_cuda = hasattr(lib, "geyser_cuda_get_info")
if has_cuda:
    _declare(lib, CUDA)
_check_version()

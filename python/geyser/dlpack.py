"""DLPack capsules, by which numpy.from_dlpack, torch.from_dlpack and others share memory.

A capsule holds a DLManagedTensor, or since version 1.0 of DLPack a DLManagedTensorVersioned, which
can say that it is for reading. Whoever takes it renames the capsule and calls the tensor's deleter
when done, on any thread. `_exports` holds what is out."""

import atexit
import collections
import ctypes
import functools
import gc
import sys
from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_uint8, c_uint16, c_uint32,
    c_uint64, c_void_p, py_object, pythonapi,
)
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Optional, Tuple

from .memory import Snapshot, View

CPU = (1, 0)  # kDLCPU, its only device
KIND_CUDA = 2  # kDLCUDA
VERSION = (1, 0)
READ_ONLY, IS_COPIED = 1, 2  # flags of a versioned tensor
CODES = {"i": 0, "u": 1, "f": 2}


class DLDevice(Structure):
    _fields_ = [("device_type", c_int32), ("device_id", c_int32)]


class DLDataType(Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class DLTensor(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device", DLDevice),
        ("ndim", c_int32),
        ("dtype", DLDataType),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class DLManagedTensor(Structure):
    _fields_ = [("dl_tensor", DLTensor), ("manager_ctx", c_void_p), ("deleter", c_void_p)]


class DLManagedTensorVersioned(Structure):
    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("manager_ctx", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("dl_tensor", DLTensor),
    ]


class Request(NamedTuple):
    """The arguments of `__dlpack__`."""

    stream: Any
    max_version: Optional[Tuple[int, int]]
    dl_device: Optional[Tuple[int, int]]
    copy: Optional[bool]

    @property
    def versioned(self) -> bool:
        """Whether the consumer knows tensors that say their version."""
        return self.max_version is not None and self.max_version[0] >= VERSION[0]

    @property
    def for_host(self) -> bool:
        """Whether the consumer asks for host memory."""
        return self.dl_device is not None and tuple(self.dl_device) == CPU


# ---- what is out ---------------------------------------------------------------------------------

# address of a managed tensor: (itself, its shape and strides, what owns the memory)
_exports: Dict[int, Tuple[Any, Any, Any]] = {}
_abandoned: List[Any] = []

Deleter = CFUNCTYPE(None, c_void_p)


def _delete(address: int) -> None:
    _exports.pop(address, None)


_delete_in_c = Deleter(_delete)
_deleter = ctypes.cast(_delete_in_c, c_void_p)


def outstanding() -> int:
    """Tensors that consumers, or capsules, hold."""
    return len(_exports)


def _abandon() -> None:
    """At exit: what is released later must not call Python. The memory goes with the process."""
    for managed, _, _ in _exports.values():
        managed.deleter = None
    _abandoned.append(dict(_exports))
    pythonapi.Py_IncRef(py_object(_abandoned))


atexit.register(_abandon)


# ---- capsules ------------------------------------------------------------------------------------

NAMES = {False: b"dltensor", True: b"dltensor_versioned"}

_new = pythonapi.PyCapsule_New
_new.restype, _new.argtypes = py_object, (c_void_p, c_char_p, c_void_p)
_is_valid = pythonapi.PyCapsule_IsValid
_is_valid.restype, _is_valid.argtypes = c_int, (py_object, c_char_p)

# A destructor in Python would be called while an exception unwinds a consumer that refused a
# capsule, and take its place. So capsules have none: we hold them, too, and look which nobody else
# does.
_capsules: "Deque[Tuple[Any, bytes, int]]" = collections.deque()


def _references(item: Tuple[Any, bytes, int]) -> int:
    return sys.getrefcount(item[0])


_ALONE = _references((object(), b"", 0))


def sweep() -> None:
    """Releases what capsules hold that are gone and that nobody took."""
    for _ in range(len(_capsules)):
        try:
            item = _capsules.popleft()
        except IndexError:  # another thread sweeps
            return
        if _references(item) > _ALONE:
            _capsules.append(item)
        elif _is_valid(item[0], item[1]):
            _exports.pop(item[2], None)


def _after_collection(phase: str, _: Dict[str, int]) -> None:
    if phase == "stop" and _capsules:
        sweep()


gc.callbacks.append(_after_collection)


# ---- making them ---------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)  # a stream's buffers come again and again
def _describe(view: View, device: Tuple[int, int]) -> Tuple[DLTensor, Any]:
    """A tensor, and what it points to. Raises BufferError where strides are no whole number of
    elements."""
    if any(stride % view.itemsize for stride in view.strides):
        raise BufferError(
            f"rows {view.strides[0]} bytes apart: DLPack counts elements, here of {view.itemsize}"
        )
    tensor, count = DLTensor(), len(view.shape)
    strides = (stride // view.itemsize for stride in view.strides)
    numbers = (c_int64 * (2 * count))(*view.shape, *strides)
    pointer = ctypes.cast(numbers, POINTER(c_int64))
    tensor.data = view.address
    tensor.device = DLDevice(*device)
    tensor.ndim = count
    tensor.dtype = DLDataType(CODES[view.typestr[1]], 8 * view.itemsize, 1)
    tensor.shape = pointer
    tensor.strides = ctypes.cast(ctypes.addressof(numbers) + 8 * count, POINTER(c_int64))
    tensor.byte_offset = 0
    return tensor, numbers


def capsule(view: View, device: Tuple[int, int], owner: Any, versioned: bool, flags: int) -> Any:
    """A capsule of a tensor in owner's memory. Raises BufferError where strides are no whole number
    of elements."""
    tensor, numbers = _describe(view, device)
    managed: Any = DLManagedTensorVersioned() if versioned else DLManagedTensor()
    if versioned:
        managed.major, managed.minor, managed.flags = VERSION[0], VERSION[1], flags
    managed.dl_tensor = tensor
    managed.deleter = _deleter
    address = ctypes.addressof(managed)
    sweep()
    _exports[address] = (managed, numbers, owner)
    made = _new(address, NAMES[versioned], None)
    _capsules.append((made, NAMES[versioned], address))
    return made


def export_host(get_memory: Callable[[], Any], is_copy: bool, request: Request) -> Any:
    """A capsule of host memory. is_copy: it is a GPU's texture, whose texels are copied to be here:
    that must have been asked for. Raises BufferError for what can't be had."""
    if request.dl_device is not None and not request.for_host:
        raise BufferError(f"device {tuple(request.dl_device)}: only host memory, {CPU}, can be had")
    if request.stream is not None:
        raise BufferError(f"stream {request.stream!r}: host memory has none, leave it out")
    if is_copy and (request.copy is False or not (request.copy or request.for_host)):
        raise BufferError(
            "the texture is in a GPU's memory, and not in rows that a tensor can have: make it with"
            ' usage="linear", or copy it, on the GPU with copy_to(), to the host with'
            " numpy.asarray() or copy=True"
        )
    memory = get_memory()
    if request.copy and not isinstance(memory, Snapshot):
        memory = Snapshot(memory)
    copied = isinstance(memory, Snapshot)
    flags = (IS_COPIED if copied else 0) | (0 if copied or memory.writable else READ_ONLY)
    return capsule(memory.view, CPU, memory, request.versioned, flags)

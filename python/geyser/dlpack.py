"""DLPack capsules, with which numpy.from_dlpack, torch.from_dlpack and others share memory.

A capsule holds a DLManagedTensor. Since DLPack 1.0 it may hold a DLManagedTensorVersioned, which
can say that it is read-only. A consumer renames the capsule and later calls the tensor's deleter,
on any thread. `_exports` holds the tensors that are in use."""

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

CPU = (1, 0)  # kDLCPU and the number of its only device
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
        """Whether the consumer knows tensors that have a version."""
        return self.max_version is not None and self.max_version[0] >= VERSION[0]

    @property
    def for_host(self) -> bool:
        """Whether the consumer asks for host memory."""
        return self.dl_device is not None and tuple(self.dl_device) == CPU


# ---- tensors in use ------------------------------------------------------------------------------

# Address of a managed tensor: (the tensor, its shape and strides, the owner of the memory).
_exports: Dict[int, Tuple[Any, Any, Any]] = {}
_abandoned: List[Any] = []

Deleter = CFUNCTYPE(None, c_void_p)


def _delete(address: int) -> None:
    _exports.pop(address, None)


_delete_in_c = Deleter(_delete)
_deleter = ctypes.cast(_delete_in_c, c_void_p)


def outstanding() -> int:
    """Returns the number of tensors that consumers or capsules hold."""
    return len(_exports)


def _abandon() -> None:
    """Runs at exit. A tensor that is released later must not call Python. The process's end frees
    the memory."""
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

# A capsule's destructor in Python would be called while an exception unwinds a consumer that
# refused the capsule, and would replace that exception. So capsules have no destructor. This list
# also holds each capsule, and sweep() looks for those that nothing else holds.
_capsules: "Deque[Tuple[Any, bytes, int]]" = collections.deque()


def _references(item: Tuple[Any, bytes, int]) -> int:
    return sys.getrefcount(item[0])


_ALONE = _references((object(), b"", 0))


def sweep() -> None:
    """Releases the tensors of capsules that are gone and that no consumer has taken."""
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


# ---- making capsules -----------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)  # the buffers of a stream come again and again
def _describe(view: View, device: Tuple[int, int]) -> Tuple[DLTensor, Any]:
    """Returns a tensor and the arrays that it points to. Raises BufferError if a stride is no whole
    number of elements."""
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
    """Returns a capsule with a tensor in the owner's memory. Raises BufferError if a stride is no
    whole number of elements."""
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


def export_host(
    get_memory: Callable[[], Any], number: int, is_copy: bool, request: Request
) -> Any:
    """Returns a capsule of one plane in host memory. is_copy: the texture is in a GPU's memory, so
    that its texels must be copied; the consumer must have allowed that. Raises BufferError if the
    request can't be fulfilled."""
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
    return capsule(memory.views[number], CPU, memory, request.versioned, flags)

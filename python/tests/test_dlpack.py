"""DLPack: capsules as a consumer sees them, and the release of their memory; with NumPy and PyTorch
if they are installed."""

import ctypes
import gc
import subprocess
import sys
import unittest

from support import LIMIT, TestCase, geyser, need_host, need_numpy, numpy

from geyser import dlpack

try:
    import torch
except ImportError:
    torch = None

valid = dlpack._is_valid
pointer = ctypes.pythonapi.PyCapsule_GetPointer
pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
rename = ctypes.pythonapi.PyCapsule_SetName
rename.argtypes = (ctypes.py_object, ctypes.c_char_p)
USED = b"used_dltensor"
DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


def take(capsule):
    """Takes a capsule as a consumer does: returns (address, tensor). The capsule is used up
    then."""
    address = pointer(capsule, b"dltensor")
    rename(capsule, USED)
    return address, dlpack.DLManagedTensor.from_address(address)


class Capsules(TestCase):
    def setUp(self):
        need_host()
        super().setUp()
        gc.collect()
        dlpack.sweep()
        self.before = dlpack.outstanding()
        self.texture = self.manager.create_texture(5, 3, "rgba16float")

    def outstanding(self):
        return dlpack.outstanding() - self.before

    def test_what_it_says(self):
        address, managed = take(self.texture.__dlpack__())
        tensor = managed.dl_tensor
        self.assertEqual((tensor.device.device_type, tensor.device.device_id), (1, 0))
        self.assertEqual(tensor.ndim, 3)
        self.assertEqual((tensor.dtype.code, tensor.dtype.bits, tensor.dtype.lanes), (2, 16, 1))
        self.assertEqual(tensor.shape[:3], [3, 5, 4])
        self.assertEqual(tensor.strides[:3], [20, 4, 1])
        self.assertEqual(tensor.byte_offset, 0)
        if numpy is not None:
            self.assertEqual(tensor.data, numpy.asarray(self.texture).ctypes.data)
        DELETER(managed.deleter)(address)

    def test_versioned(self):
        self.manager.publish("dl", 4, 4).send(bytes(64))
        publisher = self.manager.publish("dlpack", 4, 4)
        subscriber = self.manager.subscribe("dlpack")
        publisher.send(bytes(64))
        with subscriber.acquire(LIMIT) as frame, publisher.frame() as drawn:
            for source, copy, flags in (
                (self.texture, None, 0), (self.texture, True, dlpack.IS_COPIED),
                (frame, None, dlpack.READ_ONLY), (frame, False, dlpack.READ_ONLY), (drawn, None, 0),
            ):
                capsule = source.__dlpack__(max_version=(1, 1), copy=copy)
                self.assertTrue(valid(capsule, b"dltensor_versioned"))
                address = pointer(capsule, b"dltensor_versioned")
                managed = dlpack.DLManagedTensorVersioned.from_address(address)
                self.assertEqual((managed.major, managed.minor, managed.flags), (1, 0, flags))

    def test_older_consumers_get_the_older_kind(self):
        for version in (None, (0, 8)):
            self.assertTrue(valid(self.texture.__dlpack__(max_version=version), b"dltensor"))

    def test_consumer_lets_go(self):
        held = self.manager.memory.textures.held
        address, managed = take(self.texture.__dlpack__())
        self.texture.close()
        self.assertEqual(self.manager.memory.textures.held, held)
        self.assertEqual(self.outstanding(), 1)
        ctypes.memset(managed.dl_tensor.data, 1, 3 * 5 * 8)  # the memory must still be valid
        DELETER(managed.deleter)(address)
        self.assertEqual(self.outstanding(), 0)
        self.assertLess(self.manager.memory.textures.held, held)

    def test_nobody_takes_it(self):
        capsule = self.texture.__dlpack__()
        gc.collect()
        self.assertEqual(self.outstanding(), 1)
        del capsule
        gc.collect()
        self.assertEqual(self.outstanding(), 0)
        for _ in range(100):
            self.texture.__dlpack__()
        self.assertLessEqual(self.outstanding(), 1)

    def test_refusing_consumer_keeps_its_own_exception(self):
        def refuse():
            capsule = self.texture.__dlpack__()
            raise KeyError(str(capsule))

        for _ in range(3):
            with self.assertRaises(KeyError):
                refuse()
        gc.collect()
        self.assertEqual(self.outstanding(), 0)

    def test_what_cannot_be_had(self):
        for arguments, words in (
            ({"dl_device": (2, 0)}, r"device \(2, 0\)"), ({"stream": 1}, "stream 1"),
        ):
            with self.raises(BufferError, words):
                self.texture.__dlpack__(**arguments)
        self.assertEqual(self.texture.__dlpack_device__(), (1, 0))
        self.assertFalse(hasattr(self.texture, "__cuda_array_interface__"))
        self.assertTrue(valid(self.texture.__dlpack__(dl_device=(1, 0)), b"dltensor"))

    def test_at_exit_nothing_is_called(self):
        need_numpy()
        source = (
            "import geyser, numpy, sys\n"
            "texture = geyser.Manager('host').create_texture(4, 4)\n"
            "sys.kept = numpy.from_dlpack(texture)\n"  # destroyed after the package's own modules
            "other = texture.__dlpack__()\n"
            "class Late:\n"
            "    def __del__(self): print(sys.kept.sum())\n"
            "sys.late = Late()\n"
        )
        result = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=LIMIT)
        self.assertEqual((result.returncode, result.stderr), (0, b""))


class Consumers(TestCase):
    def test_numpy(self):
        need_host()
        need_numpy()
        texture = self.manager.create_texture(5, 3, "r32float")
        texture.write(numpy.full((3, 5), 0.5, "f4"))
        array = numpy.from_dlpack(texture)
        self.assertEqual((array.shape, array.dtype, array.sum()), ((3, 5), numpy.float32, 7.5))
        numpy.asarray(texture)[:] = 1
        self.assertEqual(array.sum(), 15)
        texture.close()
        gc.collect()
        self.assertEqual(array.sum(), 15)
        before = dlpack.outstanding()
        del array
        self.assertEqual(dlpack.outstanding(), before - 1)

    def test_a_gpus_texture_is_no_tensor_by_itself(self):
        need_numpy()
        texture = self.manager.create_texture(4, 4, "r8unorm")
        if texture.map_path == geyser.Path.ZERO_COPY:
            self.skipTest("a mapping is the texture's memory")
        texture.write(numpy.full((4, 4), 3, "u1"))
        with self.raises(BufferError, "usage=\"linear\".*copy_to.*asarray"):
            numpy.from_dlpack(texture)
        self.assertTrue(valid(texture.__dlpack__(copy=True), b"dltensor"))
        self.assertTrue(valid(texture.__dlpack__(dl_device=(1, 0)), b"dltensor"))
        with self.raises(BufferError, "."):
            texture.__dlpack__(dl_device=(1, 0), copy=False)

    def test_torch(self):
        if torch is None:
            self.skipTest("PyTorch is not installed")
        need_host()
        texture = self.manager.create_texture(5, 3, "r32float")
        tensor = torch.from_dlpack(texture)
        tensor += 2
        self.assertEqual((tuple(tensor.shape), float(tensor.sum())), ((3, 5), 30.0))
        self.assertEqual(numpy.asarray(texture).sum(), 30)
        texture.close()
        self.assertEqual(float(tensor.sum()), 30.0)


if __name__ == "__main__":
    unittest.main()

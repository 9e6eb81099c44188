"""CUDA: refusals on machines without it, and textures and frames as PyTorch tensors on machines
with it.

On a machine with a GPU: GEYSER_BACKEND=vulkan GEYSER_LIBRARY=… PYTHONPATH=python python3 -m
unittest discover -s python/tests -p test_cuda.py"""

import ctypes
import gc
import os
import re
import subprocess
import sys
import unittest

from support import BACKEND, LIMIT, Child, TestCase, geyser, numpy

from geyser import cuda, dlpack
from geyser.memory import Shape

try:
    import torch
except ImportError:
    torch = None

LINEAR = ["linear", "copy_src", "copy_dst"]
LONG = 1_000_000_000  # cycles of a GPU: some tenths of a second


class Fake:
    """Looks like an array in CUDA's memory."""

    def __init__(self, shape, typestr="|u1", strides=None, address=4096):
        self.__cuda_array_interface__ = {
            "shape": shape, "typestr": typestr, "strides": strides, "data": (address, False),
            "version": 3,
        }


class Arguments(unittest.TestCase):
    FORM = geyser.Format.named("rgba8unorm")
    SHAPE = Shape(8, 4, 1, 1, 1)

    def test_streams(self):
        class Torchs:
            cuda_stream = 77

        class CuPys:
            ptr = 78

        for given, number in ((None, 1), (0, 1), (1, 1), (2, 2), (Torchs(), 77), (CuPys(), 78)):
            self.assertEqual(cuda.to_stream(given), number)
        for wrong in (-1, "1", 1.5):
            with self.assertRaisesRegex(geyser.InvalidArgumentError, "stream"):
                cuda.to_stream(wrong)
        numbers = [cuda.to_consumer_stream(one) for one in (None, -1, 1, 99)]
        self.assertEqual(numbers, [1, None, 1, 99])
        with self.assertRaisesRegex(BufferError, "ambiguous"):
            cuda.to_consumer_stream(0)

    def test_arrays_for_copies(self):
        for array, wanted in (
            (Fake((4, 8, 4)), (4096, 32)),
            (Fake((4, 8, 4), strides=(32, 4, 1)), (4096, 32)),
            (Fake((4, 8, 4), strides=(64, 4, 1)), (4096, 64)),
        ):
            self.assertEqual(cuda._rows(array, self.FORM, self.SHAPE), wanted)
        one = geyser.Format.named("r16float")
        self.assertEqual(cuda._rows(Fake((4, 8), "<f2"), one, self.SHAPE), (4096, 16))
        layers = Shape(8, 4, 1, 3, 1)
        self.assertEqual(cuda._rows(Fake((3, 4, 8), "<f2", (64, 16, 2)), one, layers), (4096, 16))

    def test_wrong_arrays(self):
        for array, words in (
            (Fake((8, 4, 4)), r"the texture holds \(4, 8, 4\)"),
            (Fake((4, 8, 4), "<u2"), "type <u2"),
            (Fake((4, 8, 4), strides=(16, 4, 1)), "strides"),
            (Fake((4, 8, 4), strides=(64, 8, 1)), "strides"),
            (Fake((4, 8, 4), strides=(-32, 4, 1)), "strides"),
            (b"bytes", "__cuda_array_interface__"),
        ):
            with self.assertRaisesRegex(geyser.InvalidArgumentError, words):
                cuda._rows(array, self.FORM, self.SHAPE)
        layers = Shape(8, 4, 1, 3, 1)
        with self.assertRaisesRegex(geyser.InvalidArgumentError, "one after another"):
            cuda._rows(Fake((3, 4, 8, 4), "|u1", (256, 32, 4, 1)), self.FORM, layers)


class Without(TestCase):
    """Without CUDA its functions say so, and all else works."""

    def setUp(self):
        if cuda.available():
            self.skipTest("there is CUDA")
        super().setUp()

    def test_says_why(self):
        texture, event = self.manager.create_texture(8, 4), self.manager.create_event()
        self.assertFalse(cuda.is_native(event))
        for use in (
            cuda.info, lambda: cuda.texture(texture), lambda: texture.copy_to(Fake((4, 8, 4))),
            lambda: texture.copy_from(Fake((4, 8, 4))), lambda: cuda.event_wait(event, 0),
            lambda: cuda.event_signal(event, 1),
        ):
            with self.raises(geyser.UnsupportedError, "(?i)cuda"):
                use()
        self.assertFalse(hasattr(texture, "__cuda_array_interface__"))

    def test_frames_go_on(self):
        with self.manager.publish("none", 8, 4) as publisher:
            with publisher.frame() as frame:
                with self.raises(geyser.UnsupportedError, "(?i)cuda"):
                    frame.copy_from(Fake((4, 8, 4)))
                self.assertFalse(hasattr(frame, "__cuda_array_interface__"))
                self.assertEqual(frame.__dlpack_device__(), (1, 0))
            self.assertEqual(publisher.stats.frames, 1)

    def test_linear_textures_are_textures(self):
        if numpy is None or not self.manager.format_usage("rgba8unorm") & geyser.Usage.LINEAR:
            self.skipTest("no linear textures, or no NumPy")
        texture = self.manager.create_texture(8, 4, usage=LINEAR)
        texture.write(numpy.full((4, 8, 4), 7, "u1"))
        self.assertEqual(numpy.asarray(texture).sum(), 7 * 128)
        self.assertEqual(texture.__dlpack_device__(), (1, 0))


def tell_double():
    """Tells the double of CUDA's driver in tests/cuda the UUID of its GPU, which it reads from the
    environment at its first use. The UUID must be that of Vulkan's device; a process of its own
    asks for it."""
    code = (
        "import geyser\n"
        "texture = geyser.Manager('vulkan').create_texture(4, 4)\n"
        "try: geyser.cuda.texture(texture)\n"
        "except geyser.MismatchError as error: print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        timeout=LIMIT, check=False,
    )
    found = re.search(r"GPU-([0-9a-f-]{36})", result.stdout)
    if found:
        os.environ.setdefault("CUDA_DOUBLE_UUID", found.group(1).replace("-", ""))


class OnDriver(TestCase):
    """Tests with CUDA's driver only, or its double. Their arrays are in host memory, which copies
    accept, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if numpy is None:
            raise unittest.SkipTest("NumPy is not installed")
        tell_double()
        if not cuda.available():
            raise unittest.SkipTest("there is no CUDA")
        cls.double = getattr(ctypes.CDLL("libcuda.so.1"), "double_alive", None)

    def setUp(self):
        super().setUp()
        alive = self.double() if self.double else 0
        self.addCleanup(self.check_all_gone, alive)

    def check_all_gone(self, alive):
        self.manager.close()
        gc.collect()
        dlpack.sweep()
        if self.double:
            self.assertEqual(self.double(), alive)

    def linear(self, width=16, height=4, form="rgba8unorm"):
        if BACKEND != "vulkan":
            self.skipTest("of the Vulkan backend")
        return self.manager.create_texture(width, height, form, LINEAR)

    def array(self, values):
        """Returns an array that a copy accepts. The caller must keep the values meanwhile."""
        return Fake(values.shape, values.dtype.str, values.strides, values.ctypes.data)

    def test_rows_in_a_gpus_memory(self):
        texture = self.linear(16, 4, "rgba16float")
        content, memory = texture.__cuda_array_interface__, cuda.texture(texture)
        self.assertEqual(content["data"], (memory.pointer, False))
        self.assertEqual((content["shape"], content["typestr"]), ((4, 16, 4), "<f2"))
        self.assertEqual(content["strides"], (memory.row_pitch, 8, 2))
        self.assertEqual((content["version"], content["stream"]), (3, 1))
        self.assertEqual(texture.__dlpack_device__(), (2, memory.device))
        self.assertEqual((memory.host, memory.path), (False, geyser.Path.ZERO_COPY))

    def test_capsules(self):
        texture = self.linear()
        device = texture.__dlpack_device__()
        for version, name, kind in (
            (None, b"dltensor", dlpack.DLManagedTensor),
            ((1, 0), b"dltensor_versioned", dlpack.DLManagedTensorVersioned),
        ):
            capsule = texture.__dlpack__(stream=1, max_version=version, dl_device=device)
            get = ctypes.pythonapi.PyCapsule_GetPointer
            get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
            tensor = kind.from_address(get(capsule, name)).dl_tensor
            self.assertEqual((tensor.device.device_type, tensor.device.device_id), device)
            self.assertEqual(tensor.data, cuda.texture(texture).pointer)
            self.assertEqual((tensor.shape[:3], tensor.strides[1:3]), ([4, 16, 4], [4, 1]))
        for arguments, words in (
            ({"copy": True}, "copy_to"), ({"dl_device": (2, 99)}, r"device \(2, 99\)"),
        ):
            with self.raises(BufferError, words):
                texture.__dlpack__(**arguments)
        self.assertTrue(texture.__dlpack__(dl_device=(1, 0)))  # a copy in host memory
        used = dlpack.outstanding()
        texture.close()
        self.assertEqual(dlpack.outstanding(), used)

    def test_copies(self):
        for form, kind in (("rgba8unorm", "u1"), ("r32float", "f4"), ("rg16uint", "u2")):
            for usage in (0, LINEAR) if BACKEND == "vulkan" else (0,):
                with self.subTest(form, usage=usage):
                    texture = self.manager.create_texture(24, 6, form, usage)
                    values = numpy.arange(numpy.prod(texture.shape)).astype(kind)
                    values = values.reshape(texture.shape)
                    padded = numpy.zeros((6, 32, *texture.shape[2:]), kind)
                    texture.copy_from(self.array(values))
                    numpy.testing.assert_array_equal(numpy.asarray(texture), values)
                    texture.copy_to(self.array(padded[:, :24]), stream=2)
                    texture.close()
                    numpy.testing.assert_array_equal(padded[:, :24], values)
                    self.assertEqual(padded[:, 24:].sum(), 0)

    def video(self, form, usage=0):
        if not self.manager.format_usage(form):
            self.skipTest("no video here")
        return self.manager.create_texture(33, 7, form, usage)

    def test_the_whole_of_video_is_refused(self):
        for form in ("nv12", "yuy2", "i420"):
            texture = self.video(form)
            rows = numpy.zeros((7, 33), "u1")
            with self.raises(geyser.UnsupportedError, f"{form}.*planes\\(\\)"):
                cuda.texture(texture)
            for use in (texture.copy_to, texture.copy_from):
                for wrong in (self.array(rows), [self.array(rows)] * 4):
                    with self.raises(geyser.InvalidArgumentError, f"{form}.*for each plane"):
                        use(wrong)
            self.assertFalse(hasattr(texture, "__cuda_array_interface__"))
            texture.close()

    def test_copies_of_video(self):
        for form in ("nv12", "p010", "i420", "yuy2"):
            for usage in (0, LINEAR) if BACKEND == "vulkan" else (0,):
                texture = self.video(form, usage)
                self.assertEqual(len(cuda.planes(texture)), len(texture.planes))
                values = [
                    numpy.arange(numpy.prod(plane.shape)).reshape(plane.shape).astype(plane.dtype)
                    for plane in texture.planes
                ]
                texture.copy_from([self.array(one) for one in values])
                with texture.map() as planes:
                    for plane, one in zip(planes, values):
                        numpy.testing.assert_array_equal(plane, one)
                found = [numpy.zeros_like(one) for one in values]
                texture.copy_to([self.array(one) for one in found])
                last, wanted_last = numpy.zeros_like(values[-1]), values[-1].copy()
                texture.planes[-1].copy_to(self.array(last), stream=2)
                values[0] += 1
                texture.planes[0].copy_from(self.array(values[0]), stream=2)
                again = numpy.asarray(texture.planes[0])
                with self.raises(geyser.InvalidArgumentError, "the texture holds"):
                    texture.planes[0].copy_to(self.array(numpy.zeros((1, 1), "u1")))
                texture.close()
                found[0] += 1
                for one, wanted in zip(found, values):
                    numpy.testing.assert_array_equal(one, wanted)
                numpy.testing.assert_array_equal(last, wanted_last)
                self.assertEqual(again.shape, values[0].shape)

    def test_planes_are_tensors(self):
        if BACKEND != "vulkan":
            self.skipTest("of the Vulkan backend")
        texture = self.video("nv12", LINEAR)
        found = cuda.planes(texture)
        for plane, memory in zip(texture.planes, found):
            content = plane.__cuda_array_interface__
            self.assertEqual(content["data"], (memory.pointer, False))
            self.assertEqual(content["shape"], plane.shape)
            self.assertEqual(content["strides"][0], memory.row_pitch)
            self.assertEqual(plane.__dlpack_device__(), (2, memory.device))
            self.assertTrue(plane.__dlpack__(stream=1))
        self.assertFalse(hasattr(texture, "__cuda_array_interface__"))
        with self.raises(geyser.UnsupportedError, "nv12.*planes"):
            texture.__dlpack__()

    def test_events(self):
        event = self.manager.create_event()
        cuda.event_signal(event, 3)
        event.wait(3, LIMIT)
        cuda.event_wait(event, 3, 2)
        cuda.event_signal(event, 4, 2)
        event.wait(4, LIMIT)

    def frames(self, usage):
        publisher = self.manager.publish("driver", 16, 4, "r32float", usage=usage, buffers=2)
        self.addCleanup(publisher.close)
        subscriber = self.manager.subscribe("driver", delivery="every")
        self.addCleanup(subscriber.close)
        return publisher, subscriber

    def test_frames_on_streams(self):
        for usage in (0, LINEAR) if BACKEND == "vulkan" else (0,):
            publisher, subscriber = self.frames(usage)
            source, target = numpy.zeros((4, 16), "f4"), numpy.zeros((4, 16), "f4")
            for number in range(1, 12):
                source[:] = number
                with publisher.frame(LIMIT) as frame:
                    frame.copy_from(self.array(source), 1 + number % 2)
                    frame.use_on(1)
                with subscriber.acquire(LIMIT) as frame:
                    frame.copy_to(self.array(target), 2)
                    frame.use_on(2 - number % 2)
                    self.assertEqual(len(frame._streams), 1 + number % 2)
                with self.raises(geyser.ClosedError, "given back"):
                    frame.use_on(9)
                subscriber._order.settle()
                self.assertEqual(target.min(), number)
            publisher.flush(LIMIT)
            publisher.close()
            subscriber.close()

    def test_tensors_of_frames(self):
        self.linear().close()
        publisher, subscriber = self.frames(LINEAR)
        for _ in range(5):
            with publisher.frame(LIMIT) as frame:
                self.assertEqual(frame.__dlpack_device__()[0], dlpack.KIND_CUDA)
                frame.__dlpack__(stream=1)
                self.assertFalse(frame.__cuda_array_interface__["data"][1])
                self.assertEqual(frame._streams, [1])
            with subscriber.acquire(LIMIT) as frame:
                frame.__dlpack__(stream=-1)
                self.assertEqual(frame._streams, None)
                frame.__dlpack__(stream=2, max_version=(1, 0))
                frame.__dlpack__()
                self.assertEqual(frame._streams, [2, 1])
                self.assertTrue(frame.__cuda_array_interface__["data"][1])
                with self.raises(BufferError, "ambiguous"):
                    frame.__dlpack__(stream=0)
        publisher.flush(LIMIT)


    def test_tensors_of_planes_of_frames(self):
        self.video("nv12", LINEAR if BACKEND == "vulkan" else 0).close()
        if BACKEND != "vulkan":
            self.skipTest("of the Vulkan backend")
        publisher = self.manager.publish("planes", 33, 7, "nv12", usage=LINEAR, buffers=2)
        self.addCleanup(publisher.close)
        subscriber = self.manager.subscribe("planes", delivery="every")
        self.addCleanup(subscriber.close)
        for _ in range(5):
            with publisher.frame(LIMIT) as frame:
                luma, chroma = frame.planes
                self.assertEqual(luma.__dlpack_device__()[0], dlpack.KIND_CUDA)
                luma.__dlpack__(stream=1)
                self.assertFalse(chroma.__cuda_array_interface__["data"][1])
                self.assertEqual(frame._streams, [1])
            with subscriber.acquire(LIMIT) as frame:
                luma, chroma = frame.planes
                chroma.__dlpack__(stream=2)
                self.assertTrue(luma.__cuda_array_interface__["data"][1])
                self.assertEqual(frame._streams, [2, 1])
            with self.raises(geyser.ClosedError, "given back"):
                chroma.__dlpack__(stream=2)
        publisher.flush(LIMIT)


class OnGpu(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if BACKEND != "vulkan" or not cuda.available():
            raise unittest.SkipTest("needs CUDA, and GEYSER_BACKEND=vulkan")
        if torch is None or not torch.cuda.is_available():
            raise unittest.SkipTest("needs PyTorch with CUDA")

    def texture(self, width=64, height=16, form="r32float", usage=LINEAR):
        return self.manager.create_texture(width, height, form, usage)

    def test_info(self):
        found = cuda.info()
        self.assertGreaterEqual(found.driver_version, 11040)
        self.assertEqual(len(found.devices[0].uuid), 16)

    def test_linear_texture_is_a_tensor(self):
        texture = self.texture()
        tensor = torch.from_dlpack(texture)
        self.assertTrue(tensor.is_cuda)
        self.assertEqual((tuple(tensor.shape), tensor.dtype), ((16, 64), torch.float32))
        tensor.fill_(2.5)
        torch.cuda.synchronize()
        self.assertEqual(numpy.asarray(texture).sum(), 2.5 * 64 * 16)
        texture.write(numpy.full((16, 64), 4, "f4"))
        self.assertEqual(tensor.sum().item(), 4 * 64 * 16)
        other = torch.as_tensor(texture, device="cuda")
        self.assertEqual(other.data_ptr(), tensor.data_ptr())
        self.assertEqual(tensor.data_ptr(), texture.__cuda_array_interface__["data"][0])
        self.assertEqual(cuda.texture(texture).path, geyser.Path.ZERO_COPY)

    def test_formats(self):
        for name in ("rgba8unorm", "bgra8unorm", "rg16float", "rgba32float", "r8unorm", "r32sint"):
            if not self.manager.format_usage(name) & geyser.Usage.LINEAR:
                continue
            with self.subTest(name):
                texture = self.texture(33, 7, name)
                values = (numpy.arange(numpy.prod(texture.shape)) % 100).reshape(texture.shape)
                texture.write(values.astype(texture.dtype))
                numpy.testing.assert_array_equal(torch.from_dlpack(texture).cpu().numpy(), values)

    def test_planes_are_tensors(self):
        for name in ("nv12", "p010", "i420", "yuy2"):
            if not self.manager.format_usage(name) & geyser.Usage.LINEAR:
                continue
            with self.subTest(name):
                texture = self.texture(333, 77, name)
                for number, plane in enumerate(texture.planes):
                    tensor = torch.from_dlpack(plane)
                    self.assertEqual((tensor.is_cuda, tuple(tensor.shape)), (True, plane.shape))
                    tensor.view(torch.uint8).fill_(7 + number)
                torch.cuda.synchronize()
                with texture.map() as planes:
                    for number, plane in enumerate(planes):
                        self.assertTrue((plane.view("u1") == 7 + number).all())

    def test_tensor_outlives_the_texture(self):
        texture = self.texture()
        tensor = torch.from_dlpack(texture)
        tensor.fill_(1)
        texture.close()
        self.manager.close()
        gc.collect()
        self.assertEqual(tensor.sum().item(), 64 * 16)

    def test_other_layouts_are_copied_when_asked(self):
        texture = self.texture(60, 20, "rgba8unorm", 0)
        with self.raises(BufferError, "usage=\"linear\".*copy_to"):
            torch.from_dlpack(texture)
        source = torch.randint(0, 256, (20, 60, 4), dtype=torch.uint8, device="cuda")
        target = torch.zeros_like(source)
        texture.copy_from(source, torch.cuda.current_stream())
        texture.copy_to(target, torch.cuda.current_stream())
        self.assertTrue(torch.equal(source, target))
        numpy.testing.assert_array_equal(numpy.asarray(texture), source.cpu().numpy())
        with self.raises(geyser.InvalidArgumentError, "the texture holds"):
            texture.copy_to(target[:, :-1])
        padded = torch.zeros((20, 64, 4), dtype=torch.uint8, device="cuda")
        texture.copy_to(padded[:, :60])
        torch.cuda.synchronize()
        self.assertTrue(torch.equal(padded[:, :60], source))
        self.assertEqual(padded[:, 60:].sum().item(), 0)

    def test_host_memory_is_copied_to_the_gpu(self):
        with geyser.Manager("host") as manager:
            texture = manager.create_texture(30, 10, "r8unorm")
            texture.write(numpy.full((10, 30), 9, "u1"))
            self.assertFalse(hasattr(texture, "__cuda_array_interface__"))
            target = torch.zeros((10, 30), dtype=torch.uint8, device="cuda")
            texture.copy_to(target)
            self.assertEqual(target.sum().item(), 9 * 300)

    def test_events_on_streams(self):
        event, stream = self.manager.create_event(), torch.cuda.Stream()
        with torch.cuda.stream(stream):
            torch.cuda._sleep(LONG // 10)
            cuda.event_signal(event, 5, stream)
        event.wait(5, LIMIT)
        cuda.event_wait(event, 6, stream) if cuda.is_native(event) else None
        event.signal(6)
        stream.synchronize()

    def publish(self, name, **options):
        publisher = self.manager.publish(name, 64, 16, "r32float", usage=LINEAR, **options)
        self.addCleanup(publisher.close)
        return publisher

    def test_frames_are_handed_over_before_they_are_drawn(self):
        publisher = self.publish("early")
        subscriber = self.manager.subscribe("early", delivery="every")
        drawing, reading = torch.cuda.Stream(), torch.cuda.Stream()
        for number in range(1, 13):
            slow = number > 6  # the first frames import the buffers, which waits for the device
            with torch.cuda.stream(drawing), publisher.frame(LIMIT) as frame:
                tensor = torch.from_dlpack(frame)
                torch.cuda._sleep(LONG if slow else 1)
                tensor.fill_(number)
            self.assertFalse(slow and drawing.query(), "submit waited for the drawing")
            with torch.cuda.stream(reading), subscriber.acquire(LIMIT) as frame:
                total = torch.from_dlpack(frame).sum()
            self.assertFalse(slow and reading.query(), "release waited for the reading")
            reading.synchronize()  # item() waits for the current stream only
            self.assertEqual(total.item(), number * 64 * 16)

    def test_frames_on_several_streams(self):
        publisher = self.publish("several", buffers=2)
        subscriber = self.manager.subscribe("several", delivery="every")
        streams = [torch.cuda.Stream() for _ in range(3)]
        for number in range(1, 20):
            with publisher.frame(LIMIT) as frame:
                with torch.cuda.stream(streams[number % 3]):
                    torch.from_dlpack(frame).fill_(number)
            totals = []
            with subscriber.acquire(LIMIT) as frame:
                for stream in streams[: 1 + number % 3]:
                    with torch.cuda.stream(stream):
                        totals.append(torch.from_dlpack(frame).sum())
                frame.use_on(streams[2])
            torch.cuda.synchronize()
            self.assertEqual([total.item() for total in totals], [number * 64 * 16] * len(totals))
        publisher.flush(LIMIT)

    def test_frames_between_processes(self):
        publisher = self.publish("far", pacing="lossless")
        with Child(
            """
            import torch
            subscriber = geyser.Manager("vulkan").subscribe(
                "far", delivery="every", timeout=30, connect_timeout=30
            )
            say("ready")
            totals = []
            for frame in subscriber:
                totals.append(torch.from_dlpack(frame).double().mean())
            say([round(total.item()) for total in totals])
            """
        ) as child:
            child.line()
            for number in range(200):
                with publisher.frame(LIMIT) as frame:
                    torch.from_dlpack(frame).fill_(number)
            publisher.flush(LIMIT)
            publisher.close()
            self.assertEqual(child.line(), str(list(range(200))))
            child.finish()

    def test_tensor_of_a_frame_given_back_is_memory(self):
        publisher, kept = self.publish("kept"), []
        subscriber = self.manager.subscribe("kept", delivery="every")
        for number in range(6):
            with publisher.frame(LIMIT) as frame:
                torch.from_dlpack(frame).fill_(number)
            with subscriber.acquire(LIMIT) as frame:
                kept.append(torch.from_dlpack(frame))
        publisher.flush(LIMIT)
        subscriber.close()
        publisher.close()
        gc.collect()
        torch.cuda.synchronize()
        for one in kept:
            self.assertIn(one.max().item(), range(6))
        self.assertEqual(kept[-1].max().item(), 5)

    def test_dropping_a_texture_waits_for_its_copies(self):
        target = torch.zeros((64, 64), dtype=torch.float32, device="cuda")
        for number in range(1, 20):
            texture = self.texture(64, 64, "r32float", 0)
            texture.write(numpy.full((64, 64), number, "f4"))
            stream = torch.cuda.Stream()
            with torch.cuda.stream(stream):
                torch.cuda._sleep(LONG // 50)
                texture.copy_to(target, stream)
            del texture
            gc.collect()
            self.assertTrue(stream.query())
            self.assertEqual(target.mean().item(), number)

    def test_closing_a_stream_waits_for_its_frames(self):
        for number in range(1, 6):
            publisher = self.publish(f"closing {number}")
            subscriber = self.manager.subscribe(f"closing {number}")
            with publisher.frame(LIMIT) as frame:
                torch.from_dlpack(frame).fill_(number)
                torch.cuda._sleep(LONG // 10)
            with subscriber.acquire(LIMIT) as frame:
                total = torch.from_dlpack(frame).sum()
            subscriber.close()
            publisher.close()
            self.assertTrue(torch.cuda.current_stream().query())
            self.assertEqual(total.item(), number * 64 * 16)


if __name__ == "__main__":
    unittest.main()

"""Managers, textures, handles, formats, errors: within one process."""

import gc
import pickle
import sys
import threading
import unittest

from support import BACKEND, TestCase, geyser, need_host, need_numpy, numpy

from geyser import _c


class Library(unittest.TestCase):
    def test_version(self):
        self.assertEqual(geyser.version(), geyser.__version__)

    def test_versions_that_go_together(self):
        self.assertTrue(_c.compatible("0.1.0", "0.1.7"))
        self.assertFalse(_c.compatible("0.2.0", "0.1.0"))
        self.assertTrue(_c.compatible("1.5.0", "1.2.0"))
        self.assertFalse(_c.compatible("2.0.0", "1.9.0"))

    def test_system(self):
        info = geyser.system_info()
        self.assertTrue(info.sealing and info.future_write)
        self.assertTrue(geyser.registry_directory().endswith("/geyser"))

    def test_backends(self):
        self.assertTrue(geyser.backend_available("host"))
        self.assertEqual(geyser.why_unavailable("host"), "")
        for backend in (geyser.Backend.VULKAN, geyser.Backend.METAL):
            reason = geyser.why_unavailable(backend)
            self.assertEqual(geyser.backend_available(backend), reason == "")
        if sys.platform == "linux":
            self.assertIn("etal", geyser.why_unavailable("metal"))
        with self.assertRaisesRegex(geyser.InvalidArgumentError, "'gpu'.*\"host\""):
            geyser.backend_available("gpu")

    def test_errors_are_pythons_own_kinds_too(self):
        for kind, usual in (
            (geyser.TimeoutError, TimeoutError), (geyser.PermissionError, PermissionError),
            (geyser.InvalidArgumentError, ValueError), (geyser.NotFoundError, LookupError),
            (geyser.DisconnectedError, ConnectionError), (geyser.OutOfMemoryError, MemoryError),
        ):
            self.assertTrue(issubclass(kind, usual) and issubclass(kind, geyser.Error))


class Formats(unittest.TestCase):
    def test_by_name_and_number(self):
        form = geyser.Format.named("rgba8unorm")
        self.assertEqual((form.name, form.channels, form.bytes_per_texel), ("rgba8unorm", 4, 4))
        self.assertIs(geyser.Format.named(form.number), form)
        self.assertIs(geyser.Format.named(form), form)
        self.assertEqual(str(form), "rgba8unorm")
        for wrong in ("rgba9", "", 999, 0, -1):
            with self.assertRaises(geyser.InvalidArgumentError):
                geyser.Format.named(wrong)

    def test_all_have_a_type(self):
        expected = {
            "r8unorm": "|u1", "rgba8unorm-srgb": "|u1", "bgra8unorm": "|u1", "rg16float": "<f2",
            "r16sint": "<i2", "rgba32uint": "<u4", "rgba32float": "<f4", "depth32float": "<f4",
            "depth24plus": "<u4", "depth24plus-stencil8": "<u4", "rgb10a2unorm": "<u4",
            "rg11b10ufloat": "<u4",
        }
        types = {form.name: form.typestr for form in geyser.formats() if not form.video}
        self.assertEqual(len(types), 34)
        for name, typestr in expected.items():
            self.assertEqual(types[name], typestr, name)
        for form in geyser.formats():
            if not form.video:
                self.assertEqual(form.elements * form.itemsize, form.bytes_per_texel, form.name)

    def test_names_of_ffmpeg(self):
        for name, form in (
            ("rgba", "rgba8unorm"), ("yuv420p", "i420"), ("p010le", "p010"), ("gray16", "r16unorm"),
        ):
            self.assertEqual(geyser.Format.named(name).name, form)
            self.assertTrue(geyser.Format.named(form).ffmpeg.startswith(name))
        self.assertIsNone(geyser.Format.named("depth24plus").ffmpeg)
        with self.assertRaisesRegex(geyser.InvalidArgumentError, "rgb24.*fourth channel"):
            geyser.Format.named("rgb24")

    def test_planes(self):
        for name, planes in (
            ("rgba8unorm", [("rgba8unorm", 1, 1)]), ("yuy2", [("rgba8unorm", 2, 1)]),
            ("nv12", [("r8unorm", 1, 1), ("rg8unorm", 2, 2)]),
            ("i422", [("r8unorm", 1, 1), ("r8unorm", 2, 1), ("r8unorm", 2, 1)]),
        ):
            form = geyser.Format.named(name)
            found = [
                (one.format.name, one.width_divisor, one.height_divisor)
                for one in form.plane_formats
            ]
            self.assertEqual((form.planes, found), (len(planes), planes))

    def test_what_is_no_array_says_why(self):
        with self.assertRaisesRegex(geyser.UnsupportedError, "nv12.*2 planes"):
            geyser.Format.named("nv12").typestr


class Managers(TestCase):
    def test_backend(self):
        self.assertEqual(self.manager.backend.name.lower(), BACKEND)
        self.assertIn(BACKEND, repr(self.manager))

    def test_wrong_arguments(self):
        for arguments, words in (
            ({"backend": "gpu"}, "backend"), ({"backend": 77}, "77"),
            ({"application": "x" * 64}, "application"), ({"application": "a\0b"}, "NUL"),
            ({"import_timeout": -1}, "import_timeout"), ({"import_timeout": 0}, "over 0"),
            ({"application": 7}, "string"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                geyser.Manager(**{"backend": BACKEND, **arguments})

    def test_closed_says_so(self):
        self.manager.close()
        self.manager.close()
        self.assertTrue(self.manager.closed)
        with self.raises(geyser.ClosedError, "the Manager is closed"):
            self.manager.create_texture(4, 4)
        with self.raises(geyser.ClosedError, "the Manager is closed"):
            self.manager.memory

    def test_what_it_made_outlives_it(self):
        with geyser.Manager(BACKEND) as manager:
            event = manager.create_event(3)
        self.assertEqual(event.value, 3)

    def test_memory_is_counted_and_given_back(self):
        before = self.manager.memory.textures.held
        texture = self.manager.create_texture(64, 64)
        self.assertGreaterEqual(self.manager.memory.textures.held, before + 64 * 64 * 4)
        texture.close()
        self.assertEqual(self.manager.memory.textures.held, before)
        texture = self.manager.create_texture(64, 64)
        del texture
        gc.collect()
        self.assertEqual(self.manager.memory.textures.held, before)

    def test_memory_by_kind(self) -> None:
        kind = geyser.MemoryKind
        before = self.manager.memory_by_kind()
        with self.manager.create_texture(256, 256):
            self.assertGreater(
                sum(amount.bytes for amount in self.manager.memory_by_kind().values()),
                sum(amount.bytes for amount in before.values()),
            )
        kept = self.manager.memory_by_kind()[kind.POOL]
        self.assertEqual(kept.objects, before[kind.POOL].objects + 1)
        self.assertGreaterEqual(kept.bytes, 256 * 256 * 4)
        self.manager.trim()
        self.assertEqual(self.manager.memory_by_kind()[kind.POOL], (0, 0))
        self.manager.set_pool(0, 10)
        self.manager.create_texture(256, 256).close()
        self.assertEqual(self.manager.memory_by_kind()[kind.POOL], (0, 0))
        with self.assertRaises(geyser.InvalidArgumentError):
            self.manager.set_pool(1, -1)

    def test_format_usage(self):
        usage = self.manager.format_usage("rgba8unorm")
        self.assertTrue(usage & geyser.Usage.COPY_SRC)
        self.assertTrue(self.manager.format_usage("r8unorm", "d2_array") & geyser.Usage.COPY_DST)
        with self.raises(geyser.InvalidArgumentError, "dimension.*'4d'"):
            self.manager.format_usage("r8unorm", "4d")


class Textures(TestCase):
    def test_attributes(self):
        texture = self.manager.create_texture(
            20, 10, "rg16float", {"copy_src", geyser.Usage.COPY_DST}, mip_levels=2, label="größe"
        )
        self.assertEqual((texture.width, texture.height, texture.depth), (20, 10, 1))
        self.assertEqual((texture.layers, texture.mip_levels, texture.label), (1, 2, "größe"))
        self.assertEqual(texture.format.name, "rg16float")
        self.assertEqual(texture.usage, geyser.Usage.COPY_SRC | geyser.Usage.COPY_DST)
        self.assertEqual(texture.shape, (10, 20, 2))
        self.assertEqual(texture.path, geyser.Path.ZERO_COPY)
        self.assertIn("20x10 rg16float", repr(texture))

    def test_wrong_arguments(self):
        for arguments, kind, words in (
            ({"width": 0}, geyser.InvalidArgumentError, "width"),
            ({"width": -1}, geyser.InvalidArgumentError, "width \\(-1\\)"),
            ({"width": 1.5}, geyser.InvalidArgumentError, "1.5"),
            ({"width": 2**33}, geyser.InvalidArgumentError, "width"),
            ({"width": 40000}, geyser.LimitError, "40000"),
            ({"format": "rgb8"}, geyser.InvalidArgumentError, "'rgb8'"),
            ({"usage": "reading"}, geyser.InvalidArgumentError, "'reading'.*\"copy_src\""),
            ({"usage": 1 << 12}, geyser.InvalidArgumentError, "usage"),
            ({"mip_levels": 60}, geyser.InvalidArgumentError, "mip"),
            ({"label": "x" * 256}, geyser.InvalidArgumentError, "label"),
        ):
            with self.raises(kind, words):
                self.manager.create_texture(**{"width": 8, "height": 8, **arguments})

    def test_export_and_import(self):
        texture = self.manager.create_texture(8, 8)
        handle = texture.export()
        self.assertEqual(handle, texture.export())
        for name in (handle, bytes(handle), str(handle), handle.id, bytearray(bytes(handle))):
            with self.manager.import_texture(name) as other:
                self.assertEqual(other.shape, texture.shape)
                self.assertEqual(texture.importers.current, 1)
        self.assertEqual(texture.importers.total, 5)
        with texture.importers_descriptor() as changed:
            self.assertGreaterEqual(changed.fileno(), 0)
        texture.unexport()
        with self.assertRaises(geyser.NotFoundError):
            self.manager.import_texture(handle)

    def test_import_of_what_is_expected(self):
        texture = self.manager.create_texture(8, 8)
        same = self.manager.create_texture(8, 8, label="x")
        other = self.manager.create_texture(9, 8)
        handle = texture.export()
        self.manager.import_texture(handle, same).close()
        with self.raises(geyser.MismatchError, "width"):
            self.manager.import_texture(handle, other)

    def test_closed_says_so(self):
        texture = self.manager.create_texture(8, 8)
        texture.close()
        for use in (
            texture.export, texture.unexport, lambda: texture.importers, lambda: texture.path,
            lambda: texture.map_buffer().__enter__(), lambda: texture.write(b""),
        ):
            with self.raises(geyser.ClosedError, "the Texture is closed"):
                use()

    def test_bytes_without_numpy(self):
        texture = self.manager.create_texture(3, 2, "rg8unorm")
        data = bytes(range(12))
        texture.write(data)
        mapping = texture.map_buffer("read")
        with mapping as view:
            pitch = mapping.row_pitch
            rows = [bytes(view[y * pitch : y * pitch + 6]) for y in range(2)]
            self.assertTrue(view.readonly)
        self.assertEqual(b"".join(rows), data)
        with self.raises(geyser.InvalidArgumentError, "11 bytes.*takes 12"):
            texture.write(data[:11])
        for wrong in ([1, 2], 5, None):
            with self.raises(geyser.InvalidArgumentError, "it must be an array, or a buffer"):
                texture.write(wrong)
        with self.raises(geyser.ClosedError, "isn't mapped"):
            mapping.row_pitch

    def test_closing_while_another_thread_is_in_a_call(self):
        event = self.manager.create_event()
        began, failures = threading.Event(), []

        def wait():
            began.set()
            try:
                event.wait(1, 0.5)
            except geyser.Error as error:
                failures.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        began.wait()
        event.close()
        thread.join()
        self.assertEqual(len(failures), 1)


class Handles(TestCase):
    def test_forms(self):
        handle = self.manager.create_event().export()
        self.assertEqual(len(bytes(handle)), 64)
        self.assertRegex(str(handle), "^geyser1-[0-9a-f]{78}$")
        self.assertEqual(geyser.Handle.of(str(handle)), handle)
        self.assertEqual(pickle.loads(pickle.dumps(handle)), handle)
        self.assertEqual(len({handle, geyser.Handle(bytes(handle))}), 1)
        self.assertIn(f"{handle.id:08x}", repr(handle))

    def test_damaged(self):
        texture = self.manager.create_texture(4, 4)
        data = bytearray(bytes(texture.export()))
        data[9] ^= 1
        for wrong, words in (
            (bytes(data), "damaged"), (b"short", "5 bytes"), ("geyser1-zz", "geyser1|character"),
            (2**40, "id"), (-1, "id"), (None, "None"), (1.5, "1.5"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                geyser.Handle.of(wrong)
        with self.assertRaises(geyser.NotFoundError):
            geyser.Handle.of(1)


class Arrays(TestCase):
    def setUp(self):
        need_numpy()
        super().setUp()

    def test_of_every_format(self):
        made = 0
        for form in geyser.formats():
            if form.video or not self.manager.format_usage(form):
                continue
            with self.manager.create_texture(7, 5, form) as texture:
                shape = (5, 7) if form.elements == 1 else (5, 7, form.elements)
                self.assertEqual(texture.shape, shape)
                values = numpy.arange(numpy.prod(shape)).reshape(shape).astype(form.dtype)
                if form.name == "depth24plus":
                    values &= 0xFFFFFF
                if form.name == "depth32float":
                    values /= values.max()
                texture.write(values)
                array = numpy.asarray(texture)
                self.assertEqual((array.shape, array.dtype), (shape, texture.dtype))
                numpy.testing.assert_array_equal(array, values)
                made += 1
        self.assertGreater(made, 20)

    def test_video_is_a_list_of_planes(self):
        need_host()
        for form in geyser.formats():
            if not form.video:
                continue
            texture = self.manager.create_texture(333, 77, form)
            other = self.manager.import_texture(texture.export())
            with texture.map("write") as planes:
                self.assertEqual(len(planes), form.planes)
                for plane, how in zip(planes, form.plane_formats):
                    width = -(-333 // how.width_divisor)
                    height = -(-77 // how.height_divisor)
                    self.assertEqual(plane.shape, (height, width) + how.format.texel_shape)
                    values = numpy.arange(plane.size).reshape(plane.shape)
                    plane[:] = (values % 251).astype(plane.dtype)
                copies = [plane.copy() for plane in planes]
            with other.map() as planes:
                for plane, copied in zip(planes, copies):
                    self.assertFalse(plane.flags.writeable)
                    numpy.testing.assert_array_equal(plane, copied)
            with other.map_buffer() as data:
                self.assertEqual(bytes(data), b"".join(plane.tobytes() for plane in copies))

    def test_planes_of_video_are_arrays(self):
        need_host()
        texture = self.manager.create_texture(3, 3, "nv12")
        luma, chroma = texture.planes
        self.assertEqual((luma.format.name, luma.shape), ("r8unorm", (3, 3)))
        self.assertEqual((chroma.format.name, chroma.shape), ("rg8unorm", (2, 2, 2)))
        self.assertEqual((chroma.width, chroma.height, chroma.dtype), (2, 2, numpy.uint8))
        numpy.asarray(luma)[:] = 7
        numpy.asarray(chroma)[:] = 9
        self.assertEqual(numpy.from_dlpack(chroma).sum(), 72)
        with texture.map_buffer() as data:
            self.assertEqual(bytes(data), bytes([7] * 9 + [9] * 8))
        self.assertEqual(numpy.array(chroma, dtype="f4").sum(), 72)
        self.assertEqual(luma.__dlpack_device__(), (1, 0))
        self.assertFalse(hasattr(luma, "__cuda_array_interface__"))
        self.assertIn("plane 1 of <geyser.Texture 3x3 nv12>".lower(), repr(chroma).lower())
        array = numpy.asarray(chroma)
        texture.close()
        self.assertEqual(array.sum(), 72)  # an array keeps its memory
        with self.raises(geyser.ClosedError, "closed"):
            numpy.asarray(luma)
        with self.raises(geyser.ClosedError, "closed"):
            texture.planes
        with self.raises(TypeError, "TexturePlane can't be pickled"):
            pickle.dumps(luma)

    def test_colours_are_one_plane(self):
        texture = self.manager.create_texture(6, 4, "rgba8unorm", layers=3)
        (plane,) = texture.planes
        self.assertEqual((plane.shape, plane.format), (texture.shape, texture.format))
        values = numpy.arange(288, dtype="u2").astype("u1").reshape(3, 4, 6, 4)
        texture.write(values)
        numpy.testing.assert_array_equal(numpy.asarray(plane), values)
        packed = self.manager.create_texture(5, 3, "rgb10a2unorm").planes[0]
        self.assertEqual((packed.shape, packed.dtype), ((3, 5), numpy.uint32))

    def test_planes_of_every_video(self):
        tried = 0
        for form in geyser.formats():
            if not form.video or not self.manager.format_usage(form):
                continue
            for width, height in ((333, 77), (1, 1), (3, 3)):
                texture = self.manager.create_texture(width, height, form)
                with texture.map("write") as planes:
                    for number, plane in enumerate(planes):
                        plane[:] = numpy.arange(plane.size).reshape(plane.shape) % 97 + number
                    copies = [plane.copy() for plane in planes]
                self.assertEqual(len(texture.planes), form.planes)
                for plane, copied in zip(texture.planes, copies):
                    self.assertEqual(plane.shape, copied.shape)
                    numpy.testing.assert_array_equal(numpy.asarray(plane), copied)
                tried += 1
        if BACKEND == "host":
            self.assertEqual(tried, 39)

    def test_video_is_written_as_arrays_or_bytes(self):
        need_host()
        texture = self.manager.create_texture(3, 3, "nv12")
        luma = numpy.arange(9, dtype="u1").reshape(3, 3)
        chroma = numpy.arange(100, 108, dtype="u1").reshape(2, 2, 2)
        texture.write([luma, chroma])
        with texture.map_buffer() as data:
            self.assertEqual(bytes(data), luma.tobytes() + chroma.tobytes())
        texture.write(bytes(range(50, 67)))
        with texture.map() as (first, second):
            self.assertEqual((first[2, 2], second[0, 0].tolist()), (58, [59, 60]))
        for wrong, words in (
            ([luma], "1 arrays.*2 planes"), (bytes(16), "2 planes take 17"),
            ([luma, luma], r"\(2, 2, 2\)"), ([luma, chroma.astype("u2")], "u2"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                texture.write(wrong)

    def test_video_is_converted(self):
        need_host()
        video = self.manager.create_texture(3, 3, "nv12")
        rgba = self.manager.create_texture(3, 3, "rgba8unorm")
        video.write(bytes([235] * 9 + [128] * 8))
        video.convert_to(rgba)
        self.assertEqual(numpy.asarray(rgba).reshape(-1).tolist(), [255] * 36)
        video.convert_to(rgba, geyser.Color(1, 1, 1))  # the full range
        self.assertEqual(numpy.asarray(rgba)[2, 2].tolist(), [235, 235, 235, 255])
        with self.raises(geyser.UnsupportedError, r"color matrix \(0\)"):
            video.convert_to(rgba, geyser.Color(1, 1, 0))
        with self.raises(geyser.MismatchError, "destination width"):
            video.convert_to(self.manager.create_texture(4, 3, "rgba8unorm"))

    def test_textures_are_cropped_turned_and_scaled(self):
        need_host()
        source = self.manager.create_texture(4, 3, "r8unorm")
        upright = self.manager.create_texture(2, 4, "r8unorm")
        source.write(numpy.arange(12, dtype="u1").reshape(3, 4))
        source.convert_to(
            upright, crop=(1, 2, 2, 1), orientation="rotated_90", filter=geyser.Filter.NEAREST
        )
        self.assertEqual(numpy.asarray(upright).tolist(), [[10, 10], [10, 10], [9, 9], [9, 9]])
        for wrong, words in (
            ({"crop": (0, 0, 5, 1)}, "crop .5 × 1"), ({"filter": "best"}, '"bilinear"'),
            ({"orientation": 8}, "orientation"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                source.convert_to(upright, **wrong)
        for wrong in ("nv12", None):
            with self.raises(geyser.InvalidArgumentError, "destination .*: it must be a Texture"):
                source.convert_to(wrong)

    def test_arrays_are_converted(self):
        grey = numpy.arange(8, dtype="u1").reshape(2, 4)
        self.assertEqual(
            geyser.convert(grey, "r8unorm", "rgba8unorm")[1, 2].tolist(), [6, 0, 0, 255]
        )
        self.assertEqual(geyser.convert(grey[:, ::2], "r8unorm", "r8unorm").tolist(),
                         [[0, 2], [4, 6]])
        self.assertEqual(geyser.convert(grey[::-1], "r8unorm", "r8unorm", size=(2, 1)).tolist(),
                         [[3, 5]])  # 2.5 and 4.5
        self.assertEqual(
            geyser.convert(grey, "r8unorm", "r8unorm", crop=(1, 0, 3, 2),
                           orientation="rotated_270").tolist(),
            [[5, 1], [6, 2], [7, 3]])
        repeated = numpy.broadcast_to(grey[0], (3, 4))  # its rows are one
        self.assertEqual(
            geyser.convert(repeated, "r8unorm", "r8unorm").tolist(), [[0, 1, 2, 3]] * 3
        )
        windows = numpy.lib.stride_tricks.sliding_window_view(grey[0], 3)  # its rows overlap
        self.assertEqual(
            geyser.convert(windows, "r8unorm", "r8unorm").tolist(), [[0, 1, 2], [1, 2, 3]]
        )
        white = numpy.full((3, 3, 4), 255, "u1")
        luma, chroma = geyser.convert(white, "rgba8unorm", "nv12", size=(5, 3))
        self.assertEqual((luma.shape, chroma.shape), ((3, 5), (2, 3, 2)))
        self.assertEqual((luma.min(), chroma.max()), (235, 128))
        again = geyser.convert([luma, chroma], "nv12", "bgra8unorm")
        self.assertEqual((again.shape, again.min()), ((3, 5, 4), 255))
        for wrong, words in (
            ((grey, "nv12", "r8unorm"), "1 arrays.*nv12 has 2"),
            ((grey, "r16unorm", "r8unorm"), r"type uint8.*\(height, width\) of uint16"),
            ((grey, "rgba8unorm", "r8unorm"), r"has \(height, width, 4\) of uint8"),
            (([luma, luma], "nv12", "r8unorm"), "plane 1 of nv12"),
            (([luma, chroma[:1]], "nv12", "r8unorm"), "plane 1 of nv12 with 5 × 3"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                geyser.convert(*wrong)
        for what, wrong in (("color", "bt709"), ("color", (1, 1, 1)), ("crop", 5), ("size", 5)):
            with self.raises(geyser.InvalidArgumentError, f"{what} .*: it must be"):
                geyser.convert(grey, "r8unorm", "r8unorm", **{what: wrong})
        with self.raises(geyser.InvalidArgumentError, "crop .2147483648 × 2147483648"):
            geyser.convert(grey, "r8unorm", "r8unorm", crop=(0, 0, 1 << 31, 1 << 31))
        for size in (4, (4,), (4, 4, 4)):
            with self.raises(geyser.InvalidArgumentError, "size .*a width and a height"):
                geyser.convert(grey, "r8unorm", "r8unorm", size=size)

    def test_video_is_no_single_array(self):
        need_host()
        texture = self.manager.create_texture(4, 4, "i420")
        for wrong in (
            lambda: numpy.asarray(texture), lambda: texture.shape, lambda: texture.dtype,
            lambda: numpy.from_dlpack(texture),
        ):
            with self.raises(geyser.UnsupportedError, "i420.*map"):
                wrong()
        self.assertIsNone(texture._repr_png_())

    def test_layers_slices_and_levels(self):
        layered = self.manager.create_texture(6, 4, "r8unorm", layers=3, mip_levels=2)
        values = numpy.arange(72, dtype="u1").reshape(3, 4, 6)
        layered.write(values)
        numpy.testing.assert_array_equal(numpy.asarray(layered), values)
        with layered.map("write", mip_level=1) as level:
            self.assertEqual(level.shape, (3, 2, 3))
            level[:] = values[:, :2, :3] + 100
        with layered.map("read", mip_level=1) as level:
            numpy.testing.assert_array_equal(level, values[:, :2, :3] + 100)
        numpy.testing.assert_array_equal(numpy.asarray(layered), values)
        deep = self.manager.create_texture(4, 4, "r8unorm", depth=2)
        deep.write(numpy.full((2, 4, 4), 9, "u1"))
        self.assertEqual(numpy.asarray(deep).sum(), 9 * 32)

    def test_host_memory_is_the_array(self):
        need_host()
        texture = self.manager.create_texture(8, 8)
        other = self.manager.import_texture(texture.export())
        array = numpy.asarray(texture)
        array[2, 3] = (1, 2, 3, 4)
        self.assertEqual(numpy.asarray(other)[2, 3].tolist(), [1, 2, 3, 4])
        self.assertFalse(array.flags.owndata)
        self.assertTrue(array.flags.writeable)
        self.assertEqual(array.ctypes.data, numpy.asarray(texture).ctypes.data)

    def test_a_gpus_texture_gives_a_copy_to_read(self):
        texture = self.manager.create_texture(8, 8, "r8unorm")
        if texture.map_path == geyser.Path.ZERO_COPY:
            self.skipTest("a mapping is the texture's memory")
        array = numpy.asarray(texture)
        self.assertFalse(array.flags.writeable)
        texture.write(numpy.full((8, 8), 5, "u1"))
        self.assertEqual((array.sum(), numpy.asarray(texture).sum()), (0, 5 * 64))

    def test_maps(self):
        texture = self.manager.create_texture(8, 8, "r8unorm")
        with texture.map("write") as array:
            self.assertTrue(array.flags.writeable)
            array[:] = 7
        with texture.map() as array:
            self.assertFalse(array.flags.writeable)
            self.assertEqual(array.sum(), 7 * 64)
        with self.raises(geyser.InvalidArgumentError, "'reed'.*\"read\""):
            texture.map("reed")
        mapping = texture.map()
        with mapping, self.raises(geyser.InvalidArgumentError, "in use"):
            mapping.__enter__()
        with self.raises(geyser.InvalidArgumentError, "mip"):
            texture.map("read", mip_level=9).__enter__()

    def test_arrays_outlive_everything(self):
        texture = self.manager.create_texture(64, 64, "r8unorm")
        texture.write(numpy.full((64, 64), 3, "u1"))
        with texture.map() as mapped:
            kept = numpy.asarray(texture)
        texture.close()
        del texture
        gc.collect()
        self.assertEqual(kept.sum(), 3 * 4096)
        mapped.sum()  # the content is undefined, but the memory is valid
        held = self.manager.memory.textures.held
        del mapped, kept
        gc.collect()
        self.assertLess(self.manager.memory.textures.held, held)

    def test_wrong_arrays(self):
        texture = self.manager.create_texture(8, 4, "rgba8unorm")
        for shape, kind in (((8, 4, 4), "u1"), ((4, 8, 4), "u2"), ((4, 8), "u4")):
            array = numpy.zeros(shape, kind)
            with self.raises(geyser.InvalidArgumentError, r"the texture holds \(4, 8, 4\) of \|u1"):
                texture.write(array)

    def test_array_of_another_type(self):
        texture = self.manager.create_texture(4, 4, "r8unorm")
        self.assertEqual(numpy.asarray(texture, "f4").dtype, numpy.float32)
        self.assertEqual(texture.__array__("f4").dtype, numpy.float32)
        self.assertTrue(numpy.array(texture).flags.owndata)
        with self.assertRaises(ValueError):
            texture.__array__("f4", copy=False)


if __name__ == "__main__":
    unittest.main()

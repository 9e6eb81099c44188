"""Pictures for notebooks, decoded by an independent PNG decoder."""

import struct
import unittest
import zlib

from support import LIMIT, TestCase, geyser, need_numpy, numpy


def decode(data):
    """Returns the array of a PNG with 8 bits per channel and no filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        (check,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert check == zlib.crc32(kind + content)
        chunks[kind] = content
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert bits == 8 and rest == [0, 0, 0]
    channels = {0: 1, 2: 3, 6: 4}[colour]
    rows = numpy.frombuffer(zlib.decompress(chunks[b"IDAT"]), "u1")
    rows = rows.reshape(height, width * channels + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, channels)


class Pictures(TestCase):
    def setUp(self):
        need_numpy()
        super().setUp()

    def texels(self, form="rgba8unorm", width=5, height=3):
        texture = self.manager.create_texture(width, height, form)
        array = numpy.random.default_rng(1).integers(0, 256, texture.shape, "u1")
        texture.write(array)
        return texture, array

    def test_textures(self):
        for form in ("rgba8unorm", "rgba8unorm-srgb"):
            texture, array = self.texels(form)
            self.assertTrue((decode(texture._repr_png_()) == array).all())
        for form in ("bgra8unorm", "bgra8unorm-srgb"):
            texture, array = self.texels(form)
            self.assertTrue((decode(texture._repr_png_()) == array[..., [2, 1, 0, 3]]).all())
        texture, array = self.texels("r8unorm", 7, 2)
        self.assertTrue((decode(texture._repr_png_())[..., 0] == array).all())

    def test_what_no_picture_can_have(self):
        offered = self.manager.format_usage
        for form in geyser.formats():
            shown = form.name.split("-")[0] in ("r8unorm", "rgba8unorm", "bgra8unorm")
            if offered(form):
                texture = self.manager.create_texture(4, 4, form)
                self.assertEqual(texture._repr_png_() is not None, shown, form.name)
        if offered("rgba8unorm", "d2_array"):
            self.assertIsNone(self.manager.create_texture(4, 4, layers=2)._repr_png_())
        texture = self.manager.create_texture(4, 4)
        texture.close()
        self.assertIsNone(texture._repr_png_())

    def shown(self, form="rgba8unorm", **metadata):
        """Sends a frame through a stream. Returns its decoded picture and the sent array."""
        with self.manager.publish("picture", 6, 4, form) as publisher:
            subscriber = self.manager.subscribe("picture")
            frame = publisher.acquire(LIMIT)
            array = numpy.random.default_rng(2).integers(0, 256, frame.shape, "u1")
            frame.write(array)
            for name, value in metadata.items():
                setattr(frame, name, value)
            # other backends only have a picture after the submit
            if self.manager.backend == geyser.Backend.HOST:
                before = decode(frame._repr_png_())
            frame.submit()
            self.assertIsNone(frame._repr_png_())
            with subscriber.acquire(LIMIT) as received:
                picture = decode(received._repr_png_())
            self.assertIsNone(received._repr_png_())
            if self.manager.backend == geyser.Backend.HOST:
                self.assertTrue((before == picture).all())
            subscriber.close()
        return picture, array

    def test_frames(self):
        picture, array = self.shown()
        self.assertTrue((picture == array).all())
        picture, array = self.shown(crop=(1, 2, 4, 2))
        self.assertTrue((picture == array[2:4, 1:5]).all())
        for alpha in ("premultiplied", "opaque"):
            picture, array = self.shown("bgra8unorm", alpha=alpha)
            self.assertTrue((picture == array[..., [2, 1, 0]]).all())

    def test_crops_out_of_the_frame(self):
        with self.manager.publish("picture", 6, 4) as publisher:
            frame = publisher.acquire(LIMIT)
            for crop in ((3, 0, 4, 1), (0, 0, 1, 5), (0, 0, 2**32 - 1, 2**32 - 1)):
                frame.crop = crop
                with self.assertRaisesRegex(geyser.InvalidArgumentError, "6 × 4 texels"):
                    frame._repr_png_()
            frame.discard()

    def test_orientations(self):
        for form in ("rgba8unorm", "r8unorm"):
            for turn in geyser.Orientation:
                picture, array = self.shown(form, orientation=turn, crop=(0, 1, 5, 3))
                wanted = array.reshape(4, 6, -1)[1:4, 0:5]
                if turn >= geyser.Orientation.FLIPPED:
                    wanted = wanted[:, ::-1]
                wanted = numpy.rot90(wanted, int(turn) % 4)
                self.assertEqual(picture.shape, wanted.shape)
                self.assertTrue((picture == wanted).all(), turn)


if __name__ == "__main__":
    unittest.main()

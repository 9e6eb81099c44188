"""Numbers as callers give them: of NumPy's types, of Python's, and values that are no numbers."""

import decimal
import fractions
import unittest

from support import LIMIT, TestCase, geyser, need_numpy, numpy

SECONDS = min(LIMIT, 100)  # an int8 holds at most 127


class Index:
    """An integer as Python defines it (operator.index)."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Numbers(TestCase):
    def setUp(self):
        super().setUp()
        self.event = self.manager.create_event()
        self.texture = self.manager.create_texture(8, 4, "r8unorm")

    def integers(self):
        """Returns types that are integers."""
        kinds = [int, Index]
        if numpy is not None:
            names = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
            kinds += [getattr(numpy, name) for name in names]
            kinds.append(numpy.array)  # an array without dimensions
        return kinds

    def test_integers(self):
        for kind in self.integers():
            with self.subTest(kind=kind):
                self.check_textures(kind)
                self.check_events(kind)
                self.check_streams(kind)

    def check_textures(self, kind):
        made = self.manager.create_texture(
            kind(16), kind(8), "r8unorm", kind(7), depth=kind(1), layers=kind(1),
            mip_levels=kind(1),
        )
        self.assertEqual((made.width, made.height), (16, 8))
        self.assertEqual(made.usage, geyser.Usage(7))
        self.assertEqual(geyser.Format.named(kind(1)).number, 1)
        with made.map_buffer(kind(1), kind(0)) as data:
            self.assertEqual(len(data), 128)

    def check_events(self, kind):
        event = self.manager.create_event(kind(1))
        event.signal(kind(3))
        self.assertEqual(event.value, 3)
        event.wait(kind(3), timeout=kind(0))
        self.assertTrue(event.reached(kind(2)))
        with event.descriptor(kind(9)):
            event.notify(kind(9), lambda value, error: None)

    def check_streams(self, kind):
        rate = (kind(30), kind(1))
        with self.manager.publish(
            "numbers", kind(4), kind(2), "r8unorm", buffers=kind(3), frame_rate=rate
        ) as publisher:
            with self.manager.subscribe("numbers", connect_timeout=kind(5)) as subscriber:
                publisher.wait_for_subscribers(kind(1), kind(SECONDS))
                publisher.send(
                    bytes(8), kind(1), presentation_ns=kind(40), orientation=kind(1),
                    crop=(kind(1), kind(0), kind(2), kind(1)), damage=[(kind(0),) * 4],
                    color=geyser.Color(kind(1), kind(13), kind(0)),
                )
                with subscriber.acquire(timeout=kind(SECONDS)) as frame:
                    self.assertEqual(frame.presentation_ns, 40)
                    self.assertEqual(frame.crop, (1, 0, 2, 1))
                    self.assertEqual(frame.color.transfer, 13)
            publisher.resize(kind(8), kind(8))
        with self.manager.publish("rate", 4, 4, frame_rate=kind(60)):
            self.assertEqual(geyser.list_streams()[0].frame_rate, 60)

    def test_ids(self):
        number = self.texture.export().id
        kinds = [int, Index]
        if numpy is not None:
            kinds += [numpy.uint32, numpy.int64, numpy.uint64]
        for kind in kinds:
            self.assertTrue(self.manager.import_texture(kind(number)).is_like(self.texture))

    def test_times_and_rates(self):
        kinds = [float, fractions.Fraction, decimal.Decimal]
        if numpy is not None:
            kinds += [numpy.float16, numpy.float32, numpy.float64, numpy.array]
        for kind in kinds:
            with self.subTest(kind=kind):
                with self.assertRaises(geyser.TimeoutError):
                    self.event.wait(5, timeout=kind(0.0))
                with self.manager.publish("rate", 4, 4, frame_rate=kind(29.5)) as publisher:
                    self.assertEqual(float(geyser.list_streams()[0].frame_rate), 29.5)
                    with self.assertRaises(geyser.TimeoutError):
                        publisher.wait_for_subscribers(1, kind(0.0))
                with self.assertRaises(geyser.NotFoundError):
                    self.manager.subscribe("nobody", connect_timeout=kind(0.0))
                self.assertEqual(geyser.StreamWatch().dispatch(kind(0.0)), [])
        luminances = geyser.Color(mastering_max_luminance=kinds[-1](1000.0))
        with self.manager.publish("colours", 4, 4) as publisher:
            with publisher.frame() as frame:
                frame.color = luminances
                self.assertEqual(frame.color.mastering_max_luminance, 1000.0)

    def test_what_is_no_integer(self):
        wrong = [True, False, 1.0, "1", None, 2**40, -1]
        if numpy is not None:
            wrong += [numpy.bool_(True), numpy.float32(1), numpy.int64(-1)]
        for value in wrong:
            with self.subTest(value=value):
                for what, call in (
                    ("width", lambda: self.manager.create_texture(value, 4)),
                    ("height", lambda: self.manager.create_texture(4, value)),
                    ("layers", lambda: self.manager.create_texture(4, 4, layers=value)),
                    ("buffers", lambda: self.manager.publish("x", 4, 4, buffers=value)),
                    ("mip_level", lambda: self.texture.map_buffer("read", value).__enter__()),
                ):
                    with self.raises(geyser.InvalidArgumentError, rf"^{what} \("):
                        call()

    def test_the_words(self):
        """The texts say what is right, and don't contradict themselves."""
        right = r"it must be an integer from 0 to 2\*\*32 - 1"
        for value, end in ((True, ", not a bool"), (1.5, ", not a float"), (-1, ""), (2**32, "")):
            with self.raises(geyser.InvalidArgumentError, rf"\({value}\): {right}{end}$"):
                self.manager.create_texture(value, 4)
        for value in (True, "1", -0.5, float("nan"), b"1"):
            with self.raises(geyser.InvalidArgumentError, "timeout .*: it must be 0 or more seconds"):
                self.event.wait(1, timeout=value)
        for value in (True, 0, -1, "x", (1, 0), (1, 2, 3), (1.5, 1)):
            with self.raises(geyser.InvalidArgumentError, "^frame_rate "):
                self.manager.publish("rate", 4, 4, frame_rate=value)
        for value in (True, 1.5, None):
            with self.raises(geyser.InvalidArgumentError, "^handle "):
                self.manager.import_texture(value)
        for value in (True, 2.0, 99, "sideways"):
            with self.raises(geyser.InvalidArgumentError, "^access .*one of"):
                self.texture.map(value)
        for value in (True, 1.5, None):
            with self.raises(geyser.InvalidArgumentError, "^usage "):
                self.manager.create_texture(4, 4, usage=value)
        for value in (True, 2**64, -1, "1"):
            with self.raises(geyser.InvalidArgumentError, r"^value .*2\*\*64"):
                self.event.signal(value)

    def test_a_number_is_no_text(self):
        for value in (5, True, b"text", "a\0b"):
            for what, call in (
                ("label", lambda: self.manager.create_texture(4, 4, label=value)),
                ("name", lambda: self.manager.publish(value, 4, 4)),
                ("name", lambda: self.manager.subscribe(value)),
                ("application", lambda: geyser.Manager("host", application=value)),
            ):
                with self.raises(geyser.InvalidArgumentError, f"^{what} "):
                    call()

    def test_a_number_is_no_bytes(self):
        with self.manager.publish("bytes", 4, 4) as publisher:
            for value in (5, True, "text", None, 1.5):
                with publisher.frame() as frame:
                    with self.raises(geyser.InvalidArgumentError, "user .*bytes"):
                        frame.user = value
                    frame.user = memoryview(b"abc")
                    self.assertEqual(frame.user, b"abc")

    def test_a_vector_is_no_number(self):
        need_numpy()
        with self.raises(geyser.InvalidArgumentError, "width"):
            self.manager.create_texture(numpy.array([4, 4]), 4)
        with self.raises(geyser.InvalidArgumentError, "timeout"):
            self.event.wait(1, timeout=numpy.array([1.0, 2.0]))


if __name__ == "__main__":
    unittest.main()

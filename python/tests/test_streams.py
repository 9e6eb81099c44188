"""Publishers and subscribers in one process."""

import asyncio
import fractions
import gc
import os
import select
import threading
import time
import unittest

from support import BACKEND, LIMIT, TestCase, geyser, need_host, need_numpy, numpy
from geyser import times

NS = 1_000_000_000


class Streams(TestCase):
    NUMBER = 0

    def setUp(self):
        super().setUp()
        Streams.NUMBER += 1
        self.name = f"stream {Streams.NUMBER}"

    def publish(self, width=8, height=4, format="r8unorm", **options):
        publisher = self.manager.publish(self.name, width, height, format, **options)
        self.addCleanup(publisher.close)
        return publisher

    def subscribe(self, **options):
        subscriber = self.manager.subscribe(self.name, **options)
        self.addCleanup(subscriber.close)
        return subscriber


class Frames(Streams):
    def test_planes_of_frames(self):
        need_numpy()
        if not self.manager.format_usage("nv12"):
            self.skipTest("no video here")
        publisher, subscriber = self.publish(5, 3, "nv12"), self.subscribe(delivery="every")
        for value in (10, 20):
            with publisher.frame() as frame:
                for number, plane in enumerate(frame.planes):
                    numpy.asarray(plane)[:] = value + number
            with subscriber.acquire(LIMIT) as frame:
                luma, chroma = frame.planes
                self.assertEqual((luma.shape, chroma.shape), ((3, 5), (2, 3, 2)))
                self.assertEqual(numpy.asarray(luma).tolist(), [[value] * 5] * 3)
                self.assertEqual(numpy.asarray(chroma).reshape(-1).tolist(), [value + 1] * 12)
                self.assertFalse(numpy.asarray(luma).flags.writeable)
                with self.raises(geyser.InvalidArgumentError, "for reading"):
                    luma.copy_from(numpy.zeros((3, 5), "u1"))
            with self.raises(geyser.ClosedError, "given back"):
                numpy.asarray(luma)

    def test_video_and_its_resize(self):
        need_host()
        need_numpy()
        publisher, subscriber = self.publish(3, 3, "nv12"), self.subscribe(delivery="every")
        for form, size in (("nv12", 17), ("i420", 17), ("rgba8unorm", 36), ("p010", 34)):
            publisher.resize(3, 3, format=form)
            with publisher.acquire(LIMIT) as frame:
                frame.write(numpy.arange(36, dtype="u1").reshape(3, 3, 4) if size == 36
                            else bytes(range(size)))
            with subscriber.acquire(LIMIT) as frame:
                self.assertEqual(frame.format.name, form)
                with frame.map_buffer() as data:
                    self.assertEqual(bytes(data), bytes(range(size)))

    def test_texels_go_through(self):
        need_numpy()
        publisher, subscriber = self.publish(), self.subscribe(delivery="every")
        for number in range(1, 8):
            with publisher.frame(LIMIT) as frame:
                numpy.asarray(frame)[:] = number
            with subscriber.acquire(LIMIT) as frame:
                self.assertEqual(frame.sequence, number)
                self.assertEqual(numpy.asarray(frame).tolist(), [[number] * 8] * 4)
        self.assertEqual(publisher.stats.frames, 7)
        self.assertEqual(subscriber.stats.frames, 7)
        self.assertGreater(subscriber.stats.latency_p50_ns, 0)

    def test_spinning_waits_end(self):
        self.manager.set_spin(0.001)
        publisher, subscriber = self.publish(buffers=2), self.subscribe(delivery="every")
        publisher.set_spin(0.5)
        subscriber.set_spin(1)
        for number in range(1, 100):
            publisher.send(bytes(32), LIMIT)
            with subscriber.acquire(LIMIT) as frame:
                self.assertEqual(frame.sequence, number)
        with self.raises(TimeoutError, "."):
            subscriber.acquire(0.01)
        publisher.flush(LIMIT)
        for made in (self.manager, publisher, subscriber):
            for wrong in (1.1, -1):
                words = rf"seconds \({wrong}\): it must be 0 to 1$"
                with self.raises(geyser.InvalidArgumentError, words):
                    made.set_spin(wrong)

    def test_bytes_without_numpy(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.send(bytes(range(32)), LIMIT, user=b"all")
        with subscriber.acquire(LIMIT) as frame:
            mapping = frame.map_buffer()
            with mapping as view:
                second = mapping.row_pitch
                self.assertEqual(bytes(view[second : second + 8]), bytes(range(8, 16)))
            self.assertEqual(frame.user, b"all")

    def test_metadata(self):
        publisher, subscriber = self.publish(100, 50), self.subscribe()
        color = geyser.Color(
            9, 16, 0, geyser.ColorRange.LIMITED, 0.5, 1000.0, 800.0, 400.0, geyser.Siting.TOP_LEFT
        )
        with publisher.frame() as frame:
            self.assertEqual((frame.crop, frame.damage, frame.user), (None, (), b""))
            self.assertEqual(frame.color, geyser.Color())
            frame.presentation_ns = 12345
            frame.crop = (1, 2, 30, 40)
            frame.damage = [(0, 0, 5, 5), geyser.Rect(10, 10, 1, 1)]
            frame.orientation = "flipped_90"
            frame.alpha = geyser.Alpha.PREMULTIPLIED
            frame.color = color
            frame.user = b"a\0b"
        with subscriber.acquire(LIMIT) as frame:
            self.assertEqual((frame.sequence, frame.presentation_ns), (1, 12345))
            self.assertGreater(frame.timestamp_ns, 0)
            self.assertEqual(frame.crop, geyser.Rect(1, 2, 30, 40))
            self.assertEqual(frame.damage, ((0, 0, 5, 5), (10, 10, 1, 1)))
            self.assertEqual(frame.orientation, geyser.Orientation.FLIPPED_90)
            self.assertEqual((frame.alpha, frame.color), (geyser.Alpha.PREMULTIPLIED, color))
            self.assertEqual(frame.user, b"a\0b")
            with self.raises(AttributeError, "for reading"):
                frame.user = b"mine"
            with self.raises(geyser.InvalidArgumentError, "for reading"):
                frame.map_buffer("write").__enter__()

    def test_writers_are_asked_for(self):
        publisher, subscriber = self.publish(usage="writers"), self.subscribe()
        with publisher.frame(LIMIT) as frame:
            texture = frame.texture
            frame.write(bytes(32))
        with subscriber.acquire(LIMIT) as frame:
            with frame.map_buffer("write") as view:
                view[:8] = bytes(range(8))
        with texture.map_buffer() as view:
            self.assertEqual(bytes(view[:8]), bytes(range(8)))

    def test_renditions(self):
        need_numpy()
        publisher = self.publish(4, 2, "rgba8unorm")
        options = {"format": "bgra8unorm", "size": (8, 4), "filter": "nearest"}
        subscriber = self.subscribe(**options)
        turned = self.subscribe(upright=True)
        with publisher.frame(LIMIT) as frame:
            frame.write(bytes(range(32)))
            frame.orientation = "rotated_90"
            frame.crop = (0, 0, 3, 2)
        with subscriber.acquire(LIMIT) as frame:
            self.assertEqual(frame.texture.path, geyser.Path.CONVERTED)
            self.assertEqual((frame.texture.width, frame.texture.height), (8, 4))
            self.assertEqual(frame.crop, geyser.Rect(0, 0, 6, 4))
            texels = numpy.asarray(frame)
            self.assertEqual(texels[1, 3].tolist(), [6, 5, 4, 7])
        with turned.acquire(LIMIT) as frame:
            self.assertEqual((frame.texture.width, frame.texture.height), (2, 3))
            # counter-clockwise: the right edge is at the top
            self.assertEqual(numpy.asarray(frame)[0, 0].tolist(), [8, 9, 10, 11])
            self.assertEqual((frame.crop, frame.orientation), (None, geyser.Orientation.NORMAL))
        for words, wrong in (
            ("size", {"size": 4}), ("8 × 0", {"size": (8, 0)}), ("filter", {"filter": "cubic"}),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                self.manager.subscribe(self.name, **wrong)

    def test_an_idle_stream_frees_buffers_that_were_drawn(self):
        need_numpy()
        publisher, subscriber = self.publish(256, 256), self.subscribe(delivery="every")
        full = self.manager.memory.textures.held
        for value in range(6):
            with publisher.frame(LIMIT) as frame:
                numpy.asarray(frame)[:] = value
            subscriber.acquire(LIMIT).release()
        subscriber.close()
        publisher.set_idle_limit(0)
        end = time.monotonic() + LIMIT
        while self.manager.memory.textures.held > full / 3:
            self.assertLess(time.monotonic(), end, "the buffers keep their memory")
        with self.subscribe().acquire(LIMIT) as frame:
            self.assertTrue((numpy.asarray(frame) == 5).all())

    def test_rows_are_aligned(self):
        need_numpy()
        publisher = self.publish(33, 4, usage="host_memory", row_alignment=256)
        publisher.resize(65, 4)
        subscriber = self.subscribe()
        with publisher.frame(LIMIT) as frame:
            frame.write(bytes(65 * 4))
        with subscriber.acquire(LIMIT) as frame, frame.texture.map_buffer():
            self.assertEqual(numpy.asarray(frame).strides[0], 256)
        with self.raises(geyser.InvalidArgumentError, "row_alignment .96.: .* power of two"):
            self.manager.create_texture(4, 4, row_alignment=96)

    def test_wrong_metadata(self):
        publisher = self.publish()
        with publisher.frame() as frame:
            for name, value in (
                ("user", b"x" * 257), ("damage", [(0, 0, 1, 1)] * 17), ("crop", (1, 2, 3)),
                ("crop", (-1, 0, 1, 1)), ("orientation", "up"), ("alpha", 9),
                ("presentation_ns", -1), ("color", "bt709"), ("crop", 5),
            ):
                with self.raises(geyser.InvalidArgumentError, name):
                    setattr(frame, name, value)
        with self.raises(geyser.InvalidArgumentError, "crop"):
            publisher.send(bytes(32), crop=(0, 0, 9, 9))
        with self.raises(geyser.InvalidArgumentError, "sequence.*one sets"):
            publisher.send(bytes(32), sequence=5)
        self.assertEqual(publisher.stats.frames, 1)

    def test_exception_discards(self):
        publisher, subscriber = self.publish(), self.subscribe()
        with self.assertRaises(ZeroDivisionError):
            with publisher.frame():
                1 / 0
        with self.assertRaises(geyser.TimeoutError):
            subscriber.acquire(0)
        frame = publisher.frame()
        frame.discard()
        frame.discard()
        with self.raises(geyser.ClosedError, "given back"):
            frame.submit()
        with publisher.frame() as frame:
            frame.submit()
        self.assertEqual(publisher.stats.frames, 1)

    def test_acquired_without_a_block(self):
        with self.manager.publish("steps", 4, 4, "r8unorm", buffers=2) as publisher:
            subscriber = self.manager.subscribe("steps")
            for number in range(1, 5):
                dropped = publisher.acquire(LIMIT)
                dropped.discard()
                frame = publisher.acquire()
                frame.write(bytes([number] * 16))
                frame.submit()
                self.assertTrue(frame.closed and dropped.closed)
                received = subscriber.acquire(LIMIT)
                self.assertEqual(received.sequence, number)
                received.release()
            one, other = publisher.acquire(0), publisher.acquire(0)
            with self.assertRaises(geyser.BusyError):
                publisher.acquire(0)
            del one
            publisher.acquire(0).discard()
            other.discard()
            subscriber.close()

    def test_forgotten_frames_come_back(self):
        publisher, subscriber = self.publish(buffers=2), self.subscribe()
        for _ in range(8):
            publisher.frame(LIMIT)  # a frame without reference is discarded
        for _ in range(8):
            publisher.send(bytes(32), LIMIT)
            subscriber.acquire(LIMIT)
        with publisher.frame(), publisher.frame():
            with self.raises(geyser.BusyError, "all 2 buffers"):
                publisher.frame(LIMIT)

    def test_given_back_says_so(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.send(bytes(32))
        frame = subscriber.acquire(LIMIT)
        self.assertIn("8x4 r8unorm", repr(frame))
        frame.release()
        frame.release()
        self.assertTrue(frame.closed)
        for use in (
            lambda: frame.sequence, lambda: frame.texture, lambda: frame.map_buffer().__enter__(),
            lambda: frame.__array_interface__, frame.__array__, frame.__dlpack__,
        ):
            with self.raises(geyser.ClosedError, "given back"):
                use()
        if numpy is not None:
            with self.raises(geyser.ClosedError, "given back"):
                numpy.asarray(frame)
        self.assertEqual(frame.shape, (4, 8))

    def test_frames_of_a_closed_stream(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.send(bytes([7]) * 32)
        received, drawn = subscriber.acquire(LIMIT), publisher.frame()
        array = numpy.asarray(received) if numpy is not None else None
        subscriber.close()
        publisher.close()
        for frame, words in ((received, "the Subscriber is"), (drawn, "the Publisher is")):
            with self.raises(geyser.ClosedError, words):
                frame.sequence
        received.release()
        drawn.discard()
        if array is not None and BACKEND == "host":
            self.assertEqual(array.sum(), 7 * 32)
        for use in (publisher.frame, lambda: publisher.stats, lambda: publisher.flush(0),
                    lambda: publisher.resize(9, 9)):
            with self.raises(geyser.ClosedError, "the Publisher is closed"):
                use()
        for use in (subscriber.acquire, subscriber.fileno, lambda: subscriber.stats):
            with self.raises(geyser.ClosedError, "the Subscriber is closed"):
                use()

    def test_arrays_of_frames(self):
        need_numpy()
        need_host()
        publisher, subscriber = self.publish(buffers=2), self.subscribe(delivery="every")
        addresses, kept = set(), []
        for number in range(6):
            with publisher.frame(LIMIT) as frame:
                array = numpy.asarray(frame)
                self.assertTrue(array.flags.writeable)
                array[:] = number
            with subscriber.acquire(LIMIT) as frame:
                array = numpy.asarray(frame)
                self.assertFalse(array.flags.writeable)
                self.assertFalse(array.flags.owndata)
                self.assertEqual(array.ctypes.data, numpy.asarray(frame).ctypes.data)
                addresses.add(array.ctypes.data)
                kept.append(array)
        self.assertEqual(len(addresses), 2)
        held = self.manager.memory.textures
        subscriber.close()
        publisher.close()
        del frame, array
        gc.collect()
        for one in kept:
            self.assertIn(one[0, 0], (4, 5))  # the buffers' last frames
        self.assertLess(self.manager.memory.textures.held, held.held)
        del kept, one
        gc.collect()
        self.assertEqual(self.manager.memory.textures.imported, 0)

    def test_host_memory_on_any_backend(self):
        need_numpy()
        usage = geyser.Usage.HOST_MEMORY | geyser.Usage.COPY_SRC | geyser.Usage.COPY_DST
        publisher = self.publish(64, 4, usage=usage, buffers=2)
        subscriber = self.subscribe(delivery="every")
        addresses = set()
        for number in range(5):
            with publisher.frame(LIMIT) as frame:
                self.assertEqual(frame.texture.map_path, geyser.Path.ZERO_COPY)
                numpy.asarray(frame)[:] = number
            with subscriber.acquire(LIMIT) as frame:
                array = numpy.asarray(frame)
                self.assertEqual(array.sum(), 64 * 4 * number)
                self.assertFalse(array.flags.writeable)
                addresses.add(array.ctypes.data)
                numpy.from_dlpack(frame)
        self.assertEqual(len(addresses), 2)

    def test_texture_of_a_frame(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.send(bytes(32))
        with subscriber.acquire(LIMIT) as frame:
            texture = frame.texture
            self.assertEqual(texture.shape, (4, 8))
            self.assertIsInstance(frame.path, geyser.Path)
        texture.close()
        publisher.send(bytes(32))
        publisher.send(bytes(32))
        publisher.send(bytes(32))
        with subscriber.acquire(LIMIT) as frame:
            frame.map_buffer().__enter__()


class Publishing(Streams):
    def test_wrong_arguments(self):
        for arguments, words in (
            ({"name": ""}, "name"), ({"name": "a\nb"}, "name"), ({"name": "x" * 64}, "name"),
            ({"buffers": 1}, "buffers"), ({"buffers": 99}, "buffers"),
            ({"pacing": "fast"}, "'fast'"),
            ({"frame_rate": 0}, "frame_rate"), ({"frame_rate": (1, 0)}, "frame_rate"),
            ({"frame_rate": "x"}, "frame_rate"), ({"width": 0}, "width"),
        ):
            with self.raises(geyser.InvalidArgumentError, words):
                self.manager.publish(**{"name": self.name, "width": 4, "height": 4, **arguments})
        self.publish()
        with self.raises(geyser.ExistsError, "pid"):
            self.publish()

    def test_listed(self):
        self.assertEqual(geyser.list_streams(), [])
        rate = fractions.Fraction(30000, 1001)
        self.publish(20, 10, "rgba16float", frame_rate=rate, pacing="lossless")
        self.subscribe()
        (info,) = geyser.list_streams()
        self.assertEqual((info.name, info.width, info.height), (self.name, 20, 10))
        self.assertEqual(info.format, geyser.Format.named("rgba16float"))
        self.assertEqual(info.frame_rate, rate)
        self.assertEqual((info.pacing, info.subscribers), (geyser.Pacing.LOSSLESS, 1))
        self.assertEqual((info.backend, info.application), (self.manager.backend, "tap.py"))
        self.assertGreater(info.memory_bytes, 3 * 20 * 10 * 8)

    def test_info_is_short(self):
        with self.manager.publish("cam", 64, 32, frame_rate=(30000, 1001)) as publisher:
            publisher.send(bytes(64 * 32 * 4))
            (info,) = geyser.list_streams()
            self.assertRegex(
                repr(info),
                r"^<geyser.StreamInfo 'cam' 64x32 rgba8unorm at 29.97/s, 0 subscribers, 1 frame,"
                rf" by \S+ \(pid {os.getpid()}\)>$",
            )
            self.assertEqual(str(info), repr(info))
            with self.manager.subscribe("cam"):
                self.assertIn(", 1 subscriber,", repr(geyser.list_streams()[0]))
            silent = info._replace(pid=0)
            self.assertEqual(
                repr(silent), "<geyser.StreamInfo 'cam': its publisher doesn't answer>"
            )

    def test_rates(self):
        from geyser.publisher import to_rate

        for given, wanted in (
            (None, (0, 0)), (60, (60, 1)), ((30000, 1001), (30000, 1001)), (29.97, (2997, 100)),
            (0.5, (1, 2)),
        ):
            self.assertEqual(to_rate(given), wanted)

    def test_resize(self):
        need_numpy()
        publisher, subscriber = self.publish(), self.subscribe(delivery="every")
        publisher.send(numpy.zeros((4, 8), "u1"))
        publisher.resize(6, 3, "rg8unorm")
        self.assertEqual((publisher.width, publisher.height), (6, 3))
        self.assertEqual(publisher.format.name, "rg8unorm")
        for number in range(4):
            publisher.send(numpy.full((3, 6, 2), number, "u1"), LIMIT)
            if number == 0:
                with subscriber.acquire(LIMIT) as frame:
                    self.assertEqual(frame.shape, (4, 8))
            with subscriber.acquire(LIMIT) as frame:
                self.assertEqual(numpy.asarray(frame).tolist(), [[[number] * 2] * 6] * 3)
        self.assertLessEqual(len(subscriber._textures), 3)
        publisher.resize(6, 3, "rg8unorm", usage="copy_dst")
        publisher.send(numpy.zeros((3, 6, 2), "u1"), LIMIT)
        with subscriber.acquire(LIMIT) as frame:
            self.assertEqual(frame.texture.usage, geyser.Usage.COPY_DST)
        self.assertEqual(len(subscriber._textures), 1)
        with publisher.frame(), self.raises(geyser.BusyError, "acquired"):
            publisher.resize(4, 4)
        with self.raises(geyser.InvalidArgumentError, "width"):
            publisher.resize(0, 4)
        self.assertEqual(publisher.width, 6)

    def test_who_holds_it_up(self):
        publisher, subscriber = self.publish(buffers=2), self.subscribe(delivery="every")
        publisher.send(bytes(32))
        first = subscriber.acquire(LIMIT)
        publisher.send(bytes(32))
        second = subscriber.acquire(LIMIT)
        for timeout in (0, 0.15):
            with self.raises(geyser.TimeoutError, rf"hold all 2 buffers \(waited {timeout} s\)"):
                publisher.frame(timeout)
        self.assertEqual(publisher.stats.buffers_held, 2)
        first.release()
        publisher.send(bytes(32), LIMIT)
        second.release()

    def test_lossless(self):
        publisher = self.publish(buffers=2, pacing="lossless")
        subscriber = self.subscribe(delivery="every")
        got = []

        def receive():
            for frame in subscriber:
                got.append(frame.user)

        thread = threading.Thread(target=receive)
        thread.start()
        for number in range(50):
            publisher.send(bytes(32), LIMIT, user=b"%d" % number)
        publisher.flush(LIMIT)
        publisher.close()
        thread.join(LIMIT)
        self.assertEqual(got, [b"%d" % number for number in range(50)])

    def test_lossless_leaves_nobody_out_too_early(self):
        publisher = self.publish(buffers=2, pacing="lossless")
        subscriber = self.subscribe(delivery="every")
        publisher.send(bytes(32))
        publisher.send(bytes(32), LIMIT)
        timer = threading.Timer(0.3, lambda: subscriber.acquire(LIMIT).release())
        timer.start()
        publisher.send(bytes(32), LIMIT)  # must wait for longer than a slice
        timer.join()
        self.assertEqual([subscriber.acquire(LIMIT).sequence for _ in range(2)], [2, 3])
        self.assertEqual(subscriber.stats.dropped, 0)

    def test_lossless_goes_on_without_who_stands_still(self):
        publisher = self.publish(buffers=2, pacing="lossless")
        subscriber = self.subscribe(delivery="every")
        publisher.send(bytes(32))
        publisher.send(bytes(32), LIMIT)
        with self.raises(geyser.TimeoutError, r"not taken its frames \(waited 0.15 s\).*goes on without it"):
            publisher.frame(0.15)
        publisher.send(bytes(32), 0)
        del subscriber

    def test_waits_for_subscribers(self):
        publisher = self.publish()
        with self.raises(geyser.TimeoutError, "0 subscribers after 0.01 s, not 1"):
            publisher.wait_for_subscribers(1, 0.01)
        thread = threading.Thread(target=self.subscribe)
        thread.start()
        publisher.wait_for_subscribers(1, LIMIT)
        thread.join()


class Subscribing(Streams):
    def test_no_such_stream(self):
        with self.raises(geyser.NotFoundError, "."):
            self.subscribe()
        for timeout in (1e-9, 0.01, 0.15):
            with self.raises(geyser.TimeoutError, "."):
                self.subscribe(connect_timeout=timeout)
        with self.raises(geyser.InvalidArgumentError, "'all'"):
            self.subscribe(delivery="all")

    def test_time_that_has_passed_is_not_none(self):
        """A wait is cut into slices. After one that ends late no time is left. That must not become
        a call with 0, which means a check and may have another result."""
        # of a limit of 0.15 s: the first slice ends in time, or too late for a second
        for first_takes in (0.1, 0.2):
            asked = []

            def call(ns):
                asked.append(ns)
                time.sleep(first_takes if len(asked) == 1 else 0)
                return int(geyser.Result.TIMEOUT)

            self.assertEqual(times.wait(call, 150_000_000), int(geyser.Result.TIMEOUT))
            self.assertEqual(len(asked), 2)
            self.assertGreater(min(asked), 0)

    def test_connecting_gets_longer_and_longer_tries(self):
        """Each try to connect begins anew. With tries of equal length, a publisher that needs more
        time would never be reached."""
        asked = []

        def connect(ns):
            asked.append(ns)
            return 0 if ns >= 4 * times.SLICE else int(geyser.Result.TIMEOUT)

        self.assertEqual(times.wait(connect, 3_600_000_000_000, growing=True), 0)
        self.assertEqual(asked, [times.SLICE, 2 * times.SLICE, 4 * times.SLICE])

    def test_waits_for_the_publisher(self):
        made = []
        timer = threading.Timer(0.2, lambda: made.append(self.publish()))
        timer.start()
        self.subscribe(connect_timeout=LIMIT)
        timer.join()

    def test_iterating_ends_with_the_publisher(self):
        publisher, subscriber = self.publish(), self.subscribe(delivery="every")
        publisher.send(bytes(32), user=b"1")
        publisher.send(bytes(32), user=b"2")
        seen, before = [], None
        publisher.close()
        for frame in subscriber:
            self.assertFalse(frame.closed)
            if before is not None:
                self.assertTrue(before.closed)
            seen.append(frame.user)
            before = frame
        self.assertTrue(frame.closed)
        self.assertEqual(seen, [b"1", b"2"])

    def test_leaving_a_loop_releases(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.send(bytes(32))
        for frame in subscriber:
            break
        self.assertTrue(frame.closed)
        self.assertEqual(publisher.stats.buffers_held, 0)

    def test_iterating_times_out(self):
        self.publish()
        subscriber = self.subscribe(timeout=0.01)
        with self.raises(geyser.TimeoutError, "no new frame"):
            next(iter(subscriber))

    def test_reconnects(self):
        publisher = self.publish()
        subscriber = self.subscribe(delivery="every", reconnect=True, timeout=LIMIT)
        publisher.send(bytes(32), user=b"old")
        frames = iter(subscriber)
        self.assertEqual(next(frames).user, b"old")
        publisher.close()
        thread = threading.Timer(0.1, lambda: self.publish().send(bytes(32), user=b"new"))
        thread.start()
        self.assertEqual(next(frames).user, b"new")
        thread.join()
        self.assertEqual(subscriber.stats.connections, 2)

    def test_disconnect_is_said_once(self):
        publisher, subscriber = self.publish(), self.subscribe()
        publisher.close()
        with self.raises(ConnectionError, "ended"):
            subscriber.acquire(LIMIT)
        with self.raises(geyser.TimeoutError, "nobody publishes"):
            subscriber.acquire(0)

    def test_select(self):
        publisher, subscriber = self.publish(), self.subscribe()
        self.assertEqual(select.select([subscriber], [], [], 0)[0], [])
        publisher.send(bytes(32))
        self.assertEqual(select.select([subscriber], [], [], LIMIT)[0], [subscriber])
        self.assertEqual(subscriber.fileno(), subscriber.fileno())

    def test_asyncio(self):
        publisher, subscriber = self.publish(), self.subscribe(delivery="every")
        seen = []

        async def receive():
            async for frame in subscriber:
                seen.append(frame.user)

        async def send():
            for number in range(3):
                publisher.send(bytes(32), user=b"%d" % number)
                while publisher.stats.frames > len(seen):
                    await asyncio.sleep(0)
            publisher.close()

        async def both():
            await asyncio.wait_for(asyncio.gather(receive(), send()), LIMIT)

        asyncio.run(both())
        self.assertEqual(seen, [b"0", b"1", b"2"])


class Watches(Streams):
    def test_come_and_go(self):
        with geyser.StreamWatch() as watch:
            self.assertEqual(watch.dispatch(0), [])
            publisher = self.publish()
            self.assertEqual(select.select([watch], [], [], LIMIT)[0], [watch])
            self.assertEqual(watch.dispatch(LIMIT), [(geyser.StreamChange.ADDED, self.name)])
            publisher.close()
            self.assertEqual(next(iter(watch)), (geyser.StreamChange.REMOVED, self.name))
            self.assertEqual(watch.dispatch(0.01), [])
        with self.raises(geyser.ClosedError, "the StreamWatch is closed"):
            watch.dispatch()


class Defaults(Streams):
    def test_one_manager_for_all(self):
        self.assertIs(geyser.default_manager(), geyser.default_manager())
        with geyser.publish(self.name, 8, 4, "r8unorm") as publisher:
            with geyser.subscribe(self.name) as subscriber:
                publisher.send(bytes(32))
                with subscriber.acquire(LIMIT) as frame:
                    self.assertEqual(frame.sequence, 1)
        texture = self.manager.create_texture(4, 4)
        self.assertEqual(geyser.import_texture(texture.export()).shape, (4, 4, 4))
        event = self.manager.create_event(3)
        self.assertEqual(geyser.import_event(event.export().id).value, 3)
        geyser.default_manager().close()
        self.assertFalse(geyser.default_manager().closed)


if __name__ == "__main__":
    unittest.main()

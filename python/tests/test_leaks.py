"""Nothing is left behind, however often and from however many threads objects are made."""

import gc
import os
import sys
import threading
import unittest
import unittest.mock

from support import LIMIT, TestCase, geyser, need_numpy, numpy

from geyser import _c, _objects, dlpack, event, memory

ROUNDS = 60


def counts():
    """Returns counts that must be the same before and after."""
    gc.collect()
    found = {
        "objects": len(_objects._objects),
        "pointers": len(_objects._pointers),
        "memories": len(memory._memories),
        "callbacks": len(event._pending),
        "tensors": dlpack.outstanding(),
    }
    if sys.platform == "linux":
        found["descriptors"] = len(os.listdir("/proc/self/fd"))
    return found


class Leaks(TestCase):
    def setUp(self):
        super().setUp()
        # the first export of a process opens descriptors that stay
        self.manager.create_event().export()
        self.use(0)
        self.before, self.held = counts(), self.manager.memory

    def tearDown(self):
        self.assertEqual(counts(), self.before)
        self.assertEqual(self.manager.memory, self.held)

    def use(self, number):
        """Uses every kind of object."""
        texture = self.manager.create_texture(16, 16, "r8unorm")
        timeline = self.manager.create_event()
        other = self.manager.import_texture(texture.export())
        with timeline.descriptor(5), texture.importers_descriptor(), other.map_buffer():
            timeline.notify(7, lambda value, error: None)
        publisher = self.manager.publish(f"leak {number}", 16, 16, "r8unorm")
        subscriber = self.manager.subscribe(f"leak {number}")
        for _ in range(4):
            publisher.send(bytes(256))
            frame = subscriber.acquire(LIMIT)
            if numpy is not None:
                numpy.asarray(frame).sum()
                frame.__dlpack__(copy=True)
        subscriber.fileno()
        with geyser.StreamWatch() as watch:
            watch.dispatch(0)
        timeline.close()
        return publisher, subscriber

    def test_left_to_the_collector(self):
        for number in range(ROUNDS):
            self.use(number)

    def test_closed(self):
        for number in range(ROUNDS):
            for one in self.use(number):
                one.close()
            with self.manager.create_texture(8, 8) as texture:
                texture.export()

    def test_refused(self):
        for _ in range(ROUNDS):
            for use in (
                lambda: self.manager.create_texture(0, 1),
                lambda: self.manager.subscribe("nobody"),
                lambda: self.manager.import_texture(1),
                lambda: self.manager.publish("", 4, 4),
                lambda: self.manager.create_texture(4, 4).map_buffer("read", 9).__enter__(),
                lambda: self.manager.create_texture(4, 4).importers_descriptor(),
                lambda: self.manager.create_event().wait(1, 0),
            ):
                with self.assertRaises(geyser.Error):
                    use()

    def test_tensors(self):
        need_numpy()
        for _ in range(ROUNDS):
            texture = self.manager.create_texture(16, 16, "r8unorm")
            texture.__dlpack__(copy=True, max_version=(1, 0))
            if texture.map_path == geyser.Path.ZERO_COPY:
                numpy.from_dlpack(texture)


class Threads(TestCase):
    """Several threads use one object while it is closed."""

    def run_all(self, *functions):
        failures = []

        def guard(function):
            try:
                function()
            except geyser.Error:
                pass  # the object was closed, or nothing came in time
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=guard, args=(one,)) for one in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        self.assertEqual(failures, [])

    def test_streams_closed_under_calls(self):
        for number in range(ROUNDS // 4):
            publisher = self.manager.publish(f"threads {number}", 8, 8, "r8unorm", buffers=8)
            subscriber = self.manager.subscribe(f"threads {number}")
            started = threading.Barrier(5)

            def send(publisher=publisher, started=started):
                started.wait(LIMIT)
                while True:
                    publisher.send(bytes(64), 1)

            def receive(subscriber=subscriber, started=started):
                started.wait(LIMIT)
                while True:
                    frame = subscriber.acquire(1)
                    if numpy is not None:
                        numpy.asarray(frame).sum()
                    frame.release()

            def close(publisher=publisher, subscriber=subscriber, started=started):
                started.wait(LIMIT)
                while not subscriber.stats.frames:
                    pass
                (subscriber if publisher.stats.frames % 2 else publisher).close()
                subscriber.close()
                publisher.close()

            self.run_all(send, send, receive, receive, close)

    def test_closing_ends_waits(self):
        timeline = self.manager.create_event()
        publisher = self.manager.publish("waits", 8, 8, "r8unorm", buffers=2, pacing="lossless")
        subscriber = self.manager.subscribe("waits", delivery="every")
        other = self.manager.subscribe("waits")
        publisher.send(bytes(64))
        publisher.send(bytes(64))
        closed = []

        def waiting(call):
            def wait():
                try:
                    call()
                except geyser.ClosedError as error:
                    closed.append(error)

            return wait

        def close():
            for one in (timeline, other, publisher, subscriber):
                one.close()

        other.acquire(LIMIT).release()
        self.run_all(
            waiting(lambda: timeline.wait(1)), waiting(other.acquire), waiting(publisher.frame),
            close,
        )
        self.assertEqual(len(closed), 3)
        # The closed objects are destroyed, even while their errors are kept.
        self.manager.publish("waits", 8, 8, "r8unorm").close()

    def test_a_frame_of_what_was_closed(self):
        """A frame that arrives while another thread closes its stream is given back."""
        with self.manager.publish("late", 8, 8, "r8unorm", buffers=2) as kept:
            kept.send(bytes(64))
            for round in range(ROUNDS // 10):
                publisher = self.manager.publish(f"late {round}", 8, 8, "r8unorm", buffers=2)
                subscriber = self.manager.subscribe("late")
                for one, name in ((publisher, "publisher"), (subscriber, "subscriber")):
                    function = f"geyser_{name}_acquire"
                    acquire = getattr(_c.lib, function)

                    def late(*arguments, one=one, acquire=acquire):
                        result = acquire(*arguments)
                        one.close()
                        return result

                    with unittest.mock.patch.object(_c.lib, function, late):
                        with self.assertRaises(geyser.ClosedError):
                            one.acquire(LIMIT)
            self.assertEqual(kept.stats.buffers_held, 0)

    def test_arrays_from_many_threads(self):
        need_numpy()
        texture = self.manager.create_texture(32, 32, "r8unorm")
        texture.write(numpy.ones((32, 32), "u1"))

        def look():
            for _ in range(ROUNDS):
                assert numpy.asarray(texture).sum() == 1024
                texture.__dlpack__(copy=True)
                with texture.map() as array:
                    assert array.sum() == 1024

        self.run_all(look, look, look, look)


if __name__ == "__main__":
    unittest.main()

"""Events: values, waits, callbacks, descriptors."""

import gc
import re
import select
import sys
import threading
import unittest

from support import BACKEND, LIMIT, TestCase, geyser


class Events(TestCase):
    def setUp(self):
        super().setUp()
        self.event = self.manager.create_event(5)

    def test_values_only_grow(self):
        self.assertEqual(self.event.value, 5)
        self.event.signal(7)
        self.event.signal(6)
        self.assertEqual(self.event.value, 7)
        self.assertTrue(self.event.reached(7))
        self.assertFalse(self.event.reached(8))
        self.assertIn("7", repr(self.event))

    def test_wrong_values(self):
        for value in (-1, 2**64, 1.5, "1", None):
            event = self.event
            for use in (event.signal, event.wait, event.reached, event.descriptor):
                with self.raises(geyser.InvalidArgumentError, "value"):
                    use(value)
        for timeout in (-1, float("nan"), "1"):
            with self.raises(geyser.InvalidArgumentError, "timeout"):
                self.event.wait(1, timeout)

    def test_spinning_waits_end(self):
        self.event.set_spin(1)
        self.event.wait(5)
        with self.raises(TimeoutError, "."):
            self.event.wait(6, 0.01)
        for wrong in (-1, None, 1.1, float("nan"), float("inf"), "1"):
            words = re.escape(f"seconds ({wrong!r}): it must be 0 to 1") + "$"
            with self.raises(geyser.InvalidArgumentError, words):
                self.event.set_spin(wrong)

    def test_waits_end(self):
        self.event.wait(5, 0)
        self.event.wait(5)
        for timeout in (0, 0.01, 0.15):
            with self.raises(TimeoutError, "."):
                self.event.wait(6, timeout)

    def test_wait_for_another_thread(self):
        waiting = threading.Event()

        def signal():
            waiting.wait(LIMIT)
            self.event.signal(6)

        thread = threading.Thread(target=signal)
        thread.start()
        waiting.set()
        self.event.wait(6, LIMIT)
        thread.join()

    def test_wait_on_another_thread(self):
        done = []

        def wait():
            self.event.wait(6, LIMIT)
            done.append(self.event.value)

        thread = threading.Thread(target=wait)
        thread.start()
        self.event.signal(9)
        thread.join(LIMIT)
        self.assertEqual(done, [9])

    def test_import(self):
        with self.manager.import_event(self.event.export()) as other:
            other.signal(8)
            self.event.wait(8, LIMIT)
            self.assertEqual(other.value, 8)
        self.event.unexport()
        handle = self.manager.create_texture(4, 4).export()
        with self.assertRaises(geyser.Error):
            self.manager.import_event(handle)

    def test_closed_says_so(self):
        self.event.close()
        for use in (
            lambda: self.event.value, lambda: self.event.signal(9), lambda: self.event.wait(9),
            lambda: self.event.export(), lambda: self.event.descriptor(9),
            lambda: self.event.notify(9, print),
        ):
            with self.raises(geyser.ClosedError, "the Event is closed"):
                use()


class Callbacks(TestCase):
    def setUp(self):
        super().setUp()
        self.event = self.manager.create_event()
        self.calls, self.called = [], threading.Semaphore(0)

    def callback(self, value, error):
        self.calls.append((value, error, threading.current_thread() is threading.main_thread()))
        self.called.release()

    def wait(self):
        self.assertTrue(self.called.acquire(timeout=LIMIT))

    def test_called_once_on_another_thread(self):
        self.event.notify(3, self.callback)
        self.event.signal(2)
        self.assertEqual(self.calls, [])
        self.event.signal(4)
        self.wait()
        self.event.signal(5)
        self.event.notify(5, self.callback)
        self.wait()
        self.assertEqual([call[2] for call in self.calls], [False, False])
        self.assertEqual(self.calls[0][1], None)
        self.assertGreaterEqual(self.calls[0][0], 4)

    def test_may_ask_for_another(self):
        def again(value, error):
            if value < 3:
                self.event.notify(value + 1, again)
                self.event.signal(value + 1)
            else:
                self.called.release()

        self.event.notify(1, again)
        self.event.signal(1)
        self.wait()
        self.assertEqual(self.event.value, 3)

    def test_two_close_each_other(self):
        """Each of two events is closed within the other's callback. Pending callbacks are still
        called."""
        for _ in range(10):
            events, both = [self.manager.create_event(), self.manager.create_event()], []
            together = threading.Barrier(2)

            def close(other, events=events, both=both, together=together):
                together.wait(LIMIT)
                events[other].close()
                both.append(other)
                self.called.release()

            for number in range(2):
                events[number].notify(2, self.callback)
                events[number].notify(1, lambda value, error, n=number: close(1 - n))
            for event in list(events):
                event.signal(1)
            for _ in range(4):
                self.wait()
            self.assertEqual(sorted(both), [0, 1])
            self.assertEqual([type(error) for _, error, _ in self.calls], 2 * [geyser.StaleError])
            self.calls.clear()

    def test_everything_within_a_callback(self):
        def use(value, error):
            with geyser.Manager(BACKEND) as manager, geyser.StreamWatch() as watch:
                watch.dispatch(0)
                publisher = manager.publish("within", 4, 4, "r8unorm")
                subscriber = manager.subscribe("within")
                publisher.send(bytes(16))
                subscriber.acquire(LIMIT).release()
                texture = manager.create_texture(4, 4)
                self.assertTrue(manager.import_texture(texture.export()).is_like(texture))
                other = manager.import_event(self.event.export())
                with other.descriptor(value + 1):
                    pass
                self.event.close()
                for one in (subscriber, publisher, texture, other):
                    one.close()
            self.calls.append((value, error, False))
            self.called.release()

        self.event.notify(1, use)
        self.event.notify(2, self.callback)
        self.event.signal(1)
        for _ in range(2):
            self.wait()
        self.assertEqual(self.calls[0][:2], (1, None))
        self.assertIsInstance(self.calls[1][1], geyser.StaleError)

    def test_closing_the_event_calls_it(self):
        self.event.notify(3, self.callback)
        self.event.close()
        self.wait()
        self.assertIsInstance(self.calls[0][1], geyser.StaleError)
        self.assertIn("closed", str(self.calls[0][1]))

    def test_exception_is_reported(self):
        seen, hook = [], sys.unraisablehook
        sys.unraisablehook = lambda one: (seen.append(one.exc_type), self.called.release())
        try:
            self.event.notify(1, lambda value, error: 1 / 0)
            self.event.signal(1)
            self.wait()
        finally:
            sys.unraisablehook = hook
        self.assertEqual(seen, [ZeroDivisionError])

    def test_callback_is_let_go(self):
        class Callback:
            alive = 1

            def __call__(self, value, error):
                pass

            def __del__(self):
                Callback.alive = 0

        self.event.notify(1, Callback())
        self.event.signal(1)
        self.event.notify(1, self.callback)  # runs on the same thread after the first callback
        self.wait()
        gc.collect()
        self.assertEqual(Callback.alive, 0)


class Descriptors(TestCase):
    def test_readable_when_reached(self):
        event = self.manager.create_event()
        with event.descriptor(2) as fd:
            event.signal(1)
            self.assertEqual(select.select([fd], [], [], 0)[0], [])
            event.signal(2)
            self.assertEqual(select.select([fd], [], [], LIMIT)[0], [fd])
        fd.close()
        with self.raises(geyser.ClosedError, "closed"):
            fd.fileno()


if __name__ == "__main__":
    unittest.main()

"""Real second processes: data that they exchange, deaths, Ctrl-C, fork, exit."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import unittest

from support import BACKEND, LIMIT, Child, TestCase, geyser, need_numpy, numpy


class Sharing(TestCase):
    def test_texture_by_text_and_event_by_id(self):
        need_numpy()
        texture, event = self.manager.create_texture(16, 8, "r16uint"), self.manager.create_event()
        texture.write(numpy.full((8, 16), 500, "u2"))
        with Child(
            """
            import numpy
            manager = geyser.Manager(sys.argv[3])
            texture = manager.import_texture(sys.argv[1])
            event = manager.import_event(int(sys.argv[2]))
            say(texture.shape, numpy.asarray(texture).max())
            texture.write(numpy.asarray(texture) + 1)
            event.signal(1)
            event.wait(2, 30)
            """,
            str(texture.export()), str(event.export().id), BACKEND,
        ) as child:
            self.assertEqual(child.line(), "(8, 16) 500")
            event.wait(1, LIMIT)
            self.assertEqual(numpy.asarray(texture).min(), 501)
            event.signal(2)
            child.finish()

    def test_death_ends_waits(self):
        with Child(
            """
            event = geyser.Manager(sys.argv[1]).create_event()
            say(event.export())
            sys.stdin.read()
            """,
            BACKEND,
        ) as child:
            event = self.manager.import_event(child.line())
            seen, called = [], threading.Event()
            event.notify(1, lambda value, error: (seen.append(error), called.set()))
            with event.descriptor(1):
                child.process.kill()
                with self.raises(ConnectionError, "."):
                    event.wait(1, LIMIT)
            self.assertTrue(called.wait(LIMIT))
            self.assertIsInstance(seen[0], geyser.DisconnectedError)
            self.assertIn("died", str(seen[0]))

    def test_handle_of_the_dead_is_stale(self):
        code = "say(geyser.Manager(sys.argv[1]).create_texture(4, 4).export()); sys.stdin.read()"
        with Child(code, BACKEND) as child:
            handle = child.line()
            child.process.kill()
            child.process.wait(LIMIT)
            with self.assertRaises(geyser.StaleError):
                self.manager.import_texture(handle)

    def test_frames_from_another_process(self):
        need_numpy()
        with Child(
            """
            import numpy
            manager = geyser.Manager(sys.argv[1])
            with manager.publish("far", 32, 16, "rgba32float", pacing="lossless") as publisher:
                say("ready")
                publisher.wait_for_subscribers(1, 30)
                for number in range(20):
                    with publisher.frame(30) as frame:
                        numpy.asarray(frame)[:] = number
                        frame.presentation_ns = number
                publisher.flush(30)
            """,
            BACKEND,
        ) as child:
            child.line()
            subscriber = self.manager.subscribe(
                "far", delivery="every", timeout=LIMIT, connect_timeout=LIMIT
            )
            means = {}
            for frame in subscriber:
                means[frame.presentation_ns] = float(numpy.asarray(frame).mean())
            self.assertEqual(means, {number: float(number) for number in range(20)})
            child.finish()

    def test_between_backends(self):
        need_numpy()
        other = "vulkan" if BACKEND == "host" else "host"
        if not geyser.backend_available(other):
            self.skipTest(geyser.why_unavailable(other))
        with Child(
            """
            import numpy
            publisher = geyser.Manager(sys.argv[1]).publish("mixed", 8, 4, "r8unorm")
            say("ready")
            while sys.stdin.readline():
                publisher.send(numpy.full((4, 8), 9, "u1"))
            """,
            other,
        ) as child:
            child.line()
            subscriber = self.manager.subscribe("mixed", connect_timeout=LIMIT)
            child.tell()
            with subscriber.acquire(LIMIT) as frame:
                self.assertEqual(numpy.asarray(frame).sum(), 9 * 32)
            child.process.kill()
            with self.assertRaises(geyser.DisconnectedError):
                while True:
                    subscriber.acquire(LIMIT).release()
            self.assertEqual(subscriber.end, geyser.End.BROKEN)


class Interrupts(TestCase):
    WAITS = (  # (preparation, the call that waits)
        ("event = manager.create_event()", "event.wait(1)"),
        ("p = manager.publish('x', 4, 4); s = manager.subscribe('x')", "s.acquire()"),
        ("", "manager.subscribe('nobody', connect_timeout=None)"),
        ("", "manager.subscribe('nobody', connect_timeout=60)"),
        ("watch = geyser.StreamWatch()", "list(watch)"),
        (
            "p = manager.publish('y', 4, 4, buffers=2)\n"
            "s = manager.subscribe('y', delivery='every')\n"
            "p.send(bytes(64)); a = s.acquire(); p.send(bytes(64)); b = s.acquire()",
            "p.frame()",
        ),
        (
            "p = manager.publish('z', 4, 4, buffers=2, pacing='lossless')\n"
            "s = manager.subscribe('z', delivery='every')\n"
            "p.send(bytes(64)); p.send(bytes(64))",
            "p.frame()",
        ),
        (
            "p = manager.publish('f', 4, 4); s = manager.subscribe('f', delivery='every')\n"
            "p.send(bytes(64))",
            "p.flush()",
        ),
    )

    def test_ctrl_c_ends_waits(self):
        for first, wait in self.WAITS:
            code = f"manager = geyser.Manager(sys.argv[1])\n{first}\nsay('ready')\n{wait}\n"
            with self.subTest(wait), Child(code, BACKEND, stderr=subprocess.PIPE) as child:
                child.line()
                child.process.send_signal(signal.SIGINT)
                _, message = child.process.communicate(timeout=10)
                self.assertIn(b"KeyboardInterrupt", message)
                self.assertEqual(child.process.returncode, -signal.SIGINT, message)


class Ends(TestCase):
    def test_exit_with_everything_open(self):
        need_numpy()
        for ending in (
            "", "sys.exit(0)", "import threading; threading.Timer(0.1, event.signal, [3]).start()",
        ):
            code = """
                import numpy
                manager = geyser.Manager(sys.argv[1])
                texture = manager.create_texture(8, 8)
                handle, array = texture.export(), numpy.asarray(texture)
                event = manager.create_event()
                fd = event.descriptor(5)
                publisher = geyser.publish("end", 8, 8, manager=manager)
                subscriber = geyser.subscribe("end", manager=manager)
                publisher.send(bytes(256))
                held, drawn = subscriber.acquire(30), publisher.frame()
                frames = iter(subscriber)
                watch = geyser.StreamWatch()
                watch.dispatch(1)
                event.notify(7, lambda value, error: say(type(error).__name__))
            """
            whole = textwrap.dedent(code) + ending + "\n"
            with self.subTest(ending), Child(whole, BACKEND, stderr=subprocess.PIPE) as child:
                self.assertEqual(child.finish(), "StaleError\n")
                self.assertEqual(child.errors, b"")
            self.assertEqual(geyser.list_streams(), [])

    def test_other_threads_at_exit(self):
        with Child(
            """
            import threading
            manager = geyser.Manager(sys.argv[1])
            event = manager.create_event()
            publisher = manager.publish("busy", 4, 4)
            subscriber = manager.subscribe("busy")
            threading.Thread(target=subscriber.acquire, daemon=True).start()
            threading.Thread(target=event.wait, args=(1,), daemon=True).start()
            """,
            BACKEND, stderr=subprocess.PIPE,
        ) as child:
            child.finish()  # those threads may print errors

    def test_fork(self):
        if BACKEND != "host":
            self.skipTest("drivers' threads don't survive a fork")
        with Child(
            """
            import os
            manager = geyser.Manager("host")
            texture, event = manager.create_texture(4, 4, "r8unorm"), manager.create_event(1)
            texture.write(bytes([7]) * 16)
            handle = texture.export()
            publisher = manager.publish("forked", 4, 4, "r8unorm")
            subscriber = manager.subscribe("forked")
            publisher.send(bytes([5]) * 16)
            frame = subscriber.acquire(30)
            view = frame.map_buffer().__enter__()
            default = geyser.default_manager()
            child = os.fork()
            if child == 0:
                errors = []
                for use in (texture.export, lambda: event.value, lambda: frame.sequence,
                            publisher.frame, manager.create_event):
                    try:
                        use()
                    except geyser.ClosedError as error:
                        errors.append("before fork()" in str(error))
                assert errors == [True] * 5, errors
                assert view[0] == 5
                assert geyser.default_manager() is not default
                other = geyser.Manager("host").import_texture(handle)
                with other.map_buffer() as texels:
                    assert texels[0] == 7
                del texture, event, frame, subscriber, publisher, manager, view
                sys.exit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
            frame.release()
            publisher.send(bytes(16))
            assert subscriber.acquire(30).sequence == 2
            assert texture.importers.total == 1
            """,
            stderr=subprocess.PIPE,
        ) as child:
            child.finish()


class Importing(unittest.TestCase):
    def run_python(self, code, **environment):
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT,
            env={**os.environ, **environment}, check=False,
        )

    def test_no_library(self):
        message = self.run_python("import geyser", GEYSER_LIBRARY="/nowhere/libgeyser.so.0").stderr
        self.assertRegex(message, "ImportError: .*/nowhere/libgeyser.so.0.*GEYSER_LIBRARY")

    def test_another_library(self):
        message = self.run_python("import geyser", GEYSER_LIBRARY="libc.so.6").stderr
        self.assertRegex(message, "ImportError: libc.so.6 has no function geyser_version")

    def test_numpy_is_not_needed(self):
        code = (
            "import sys; sys.modules['numpy'] = None\nimport geyser\n"
            "texture = geyser.Manager('host').create_texture(2, 2, 'r8unorm')\n"
            "texture.write(b'abcd')\n"
            "with texture.map_buffer() as view: print(bytes(view))\n"
            "try: texture.map().__enter__()\n"
            "except ImportError as error: print(error)\n"
        )
        result = self.run_python(code)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, "^b'abcd'\n.*NumPy.*map_buffer")

    def test_torch_is_never_imported(self):
        code = "import sys, geyser; print(sorted({'torch', 'numpy', 'cupy'} & set(sys.modules)))"
        result = self.run_python(code)
        self.assertEqual(result.stdout, "[]\n")


if __name__ == "__main__":
    unittest.main()

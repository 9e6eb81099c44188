"""copy, pickle and multiprocessing with geyser's objects."""

import copy
import gc
import multiprocessing
import pickle
import unittest

import spawned
from support import LIMIT, TestCase, geyser, need_numpy, numpy

WAYS = (
    copy.copy,
    copy.deepcopy,
    lambda one: copy.deepcopy({"within": [one]}),
    *(lambda one, number=number: pickle.dumps(one, number) for number in range(6)),
    lambda one: pickle.dumps((1, [one])),
)


class Copies(TestCase):
    def objects(self):
        """Returns all kinds of objects that live in one process, and the words that say what to do
        instead."""
        publisher = self.manager.publish("stream", 4, 4, "r8unorm")
        subscriber = self.manager.subscribe("stream")
        publisher.send(bytes(16))
        texture, event = self.manager.create_texture(4, 4), self.manager.create_event()
        return (
            (self.manager, r"geyser.Manager\(\)"),
            (texture, r"texture.export\(\), a Handle"),
            (event, r"event.export\(\), a Handle"),
            (publisher, "send its name"),
            (subscriber, "send its name"),
            (publisher.acquire(), "copy of the texels"),
            (subscriber.acquire(LIMIT), "copy of the texels"),
            (geyser.StreamWatch(), "makes its own"),
            (event.descriptor(1), "send_fds"),
            (texture.map_buffer(), "within"),
            (texture.map(), "within"),
            (texture._pointer, ""),
            (texture._map(geyser.Access.READ), ""),
        )

    def test_refused(self):
        for one, words in self.objects():
            for way in WAYS:
                with self.subTest(kind=type(one).__name__):
                    name = type(one).__name__
                    with self.raises(TypeError, f"{name} can't be pickled or copied.*{words}"):
                        way(one)
        gc.collect()
        self.manager.create_texture(4, 4).export()

    def test_of_a_users_class(self):
        class Canvas(geyser.Texture):
            pass

        made = self.manager.create_texture(4, 4)
        made.__class__ = Canvas
        with self.raises(TypeError, "Canvas can't"):
            pickle.dumps(made)

    def test_what_is_sent_instead(self):
        texture = self.manager.create_texture(4, 4, "r8unorm")
        handle = texture.export()
        for made in (copy.copy(handle), copy.deepcopy(handle), pickle.loads(pickle.dumps(handle))):
            self.assertEqual(made, handle)
        with self.manager.publish("info", 4, 4):
            values = (
                texture.format, geyser.list_streams()[0], geyser.Rect(1, 2, 3, 4), geyser.Color(),
                self.manager.memory, geyser.Usage.COPY_SRC, geyser.StaleError("gone"),
            )
        for value in values:
            made = pickle.loads(pickle.dumps(value))
            self.assertEqual((type(made), str(made)), (type(value), str(value)))

    def test_arrays(self):
        need_numpy()
        texture = self.manager.create_texture(4, 4, "r8unorm")
        texture.write(numpy.arange(16, dtype="u1").reshape(4, 4))
        array = numpy.asarray(texture)
        for made in (copy.deepcopy(array), pickle.loads(pickle.dumps(array))):
            texture.write(bytes(16))
            self.assertEqual(made.tolist(), numpy.arange(16).reshape(4, 4).tolist())
            texture.write(numpy.arange(16, dtype="u1").reshape(4, 4))

    def test_spawn(self):
        context = multiprocessing.get_context("spawn")
        texture = self.manager.create_texture(4, 4, "r8unorm", usage="host_memory")
        texture.write(bytes(range(16)))
        with self.raises(TypeError, "export"):
            context.Process(target=print, args=(texture,)).start()
        ours, theirs = context.Pipe()
        process = context.Process(target=spawned.use_handle, args=(theirs, texture.export()))
        process.start()
        theirs.close()
        try:
            self.assertTrue(ours.poll(LIMIT))
            self.assertEqual(ours.recv(), bytes(range(16)))
        finally:
            process.join(LIMIT)
            ours.close()
        self.assertEqual(process.exitcode, 0)
        process.close()


if __name__ == "__main__":
    unittest.main()

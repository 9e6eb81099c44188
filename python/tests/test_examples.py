"""Runs the programs of examples/python unchanged."""

import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import BACKEND, LIMIT, ROOT, TestCase, geyser, need_numpy, numpy

EXAMPLES = os.path.join(ROOT, "examples", "python")


def missing(module):
    command = [sys.executable, "-c", f"import {module}"]
    result = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=LIMIT, check=False)
    return result.returncode != 0


class Examples(TestCase):
    def setUp(self):
        need_numpy()
        if not os.path.isdir(EXAMPLES):
            self.skipTest("the examples are not here")
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="geyser-examples-")
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, name, *arguments):
        process = subprocess.Popen(
            [sys.executable, os.path.join(EXAMPLES, name), *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder, bufsize=0,
        )

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def line(self, process):
        self.assertTrue(select.select([process.stdout], [], [], LIMIT)[0], "no line came")
        return process.stdout.readline().decode().rstrip("\n")

    def finish(self, process, status=0):
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, status, (out, err))
        return out.decode(), err.decode()

    def test_producer_and_viewer(self):
        if missing("PIL"):
            self.skipTest("Pillow is not installed")
        from PIL import Image

        producer = self.start("numpy_producer.py", "--size", "64x16", "--fps", "200", "bar")
        self.assertEqual(self.line(producer), "bar: 64x16 rgba8unorm")
        viewer = self.start("numpy_viewer.py", "--frames", "3", "--output", "%d.png", "bar")
        out, err = self.finish(viewer)
        self.assertEqual(err, "")
        lines = [re.fullmatch(r"(\d)\.png: frame (\d+), 64x16", line) for line in out.splitlines()]
        self.assertEqual([int(line.group(1)) for line in lines], [1, 2, 3])
        for line in lines:
            texels = numpy.asarray(Image.open(os.path.join(self.folder, line.group(1) + ".png")))
            column = int(line.group(2)) % 64
            self.assertEqual(texels.shape, (16, 64, 4))
            self.assertTrue((texels[:, column] == 255).all())
            self.assertEqual(int((texels[..., 0] == 255).sum()), 32)
        producer.terminate()

    def test_ends(self):
        producer = self.start("numpy_producer.py", "--frames", "3", "--fps", "1000", "few")
        self.assertEqual(self.finish(producer), ("few: 640x360 rgba8unorm\n", ""))
        self.assertEqual(self.finish(self.start("numpy_producer.py", "--size", "5"), 2)[0], "")
        if not missing("PIL"):
            self.assertEqual(self.finish(self.start("numpy_viewer.py", "--output", "x"), 2)[0], "")
        with self.manager.publish("taken", 4, 4):
            out, err = self.finish(self.start("numpy_producer.py", "taken"), 1)
            self.assertRegex(err, "^numpy_producer.py: taken: .*pid")

    def test_benchmark(self):
        script = os.path.join("..", "..", "python", "bench", "frames.py")
        arguments = ["--frames", "5", "--size", "64x64", "--backend", BACKEND]
        out, err = self.finish(self.start(script, *arguments))
        self.assertEqual(out, f"64x64 rgba8unorm, {BACKEND}, medians of 5:\n")
        lines = [r"%s: [\d.]+ µs a frame \(acquire .*, release [\d.]+\)\n" % one
                 for one in ("without a copy", "and a copy")]
        self.assertRegex(err, f"^{lines[0]}{lines[1]}$")

    def test_torch_without_a_gpu(self):
        if missing("torch"):
            self.skipTest("PyTorch is not installed")
        with self.manager.publish("torch", 8, 8, "r8unorm") as publisher:
            consumer = self.start("torch_consumer.py", "--frames", "1")
            publisher.wait_for_subscribers(1, LIMIT)
            publisher.send(numpy.full((8, 8), 9, "u1"))
            out, _ = self.finish(consumer)
        self.assertRegex(out, r"^frame 1: 9.000\n1 frames, ")

    def test_torch_on_a_gpu(self):
        if missing("torch") or not geyser.cuda.available() or BACKEND != "vulkan":
            self.skipTest("needs PyTorch, CUDA and GEYSER_BACKEND=vulkan")
        producer = self.start("torch_producer.py", "--subscribers", "1", "--frames", "300")
        self.line(producer)
        consumer = self.start("torch_consumer.py", "--every")
        out, _ = self.finish(consumer)
        means = [f"frame {number}: {number % 256}.000" for number in range(1, 301)]
        self.assertEqual(out.splitlines(), [*means, "300 frames, no copy"])
        self.finish(producer)


if __name__ == "__main__":
    unittest.main()

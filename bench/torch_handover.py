#!/usr/bin/env python3
"""A 4K frame from another process to a PyTorch tensor, several ways in one run.

torch_handover.py [--rounds N] [--samples N] [PEER]: PEER is geyser-bench-torch, by default that of
build-release. Needs PyTorch with a GPU that both CUDA and Vulkan have; geyser's package on
PYTHONPATH, its library by GEYSER_LIBRARY.

  geyser  Vulkan draws it, the tensor is the same memory: GPUs wait for each other; a tensor is
          made of each frame
  kept    the same, but the tensor is made once for each of the stream's buffers
  cuda    CUDA fills it, the tensor is the same memory by CUDA's own IPC, made once
  host    Vulkan draws it, it is copied down, through shared memory, and up

A sample is the time from asking for the frame until the sum of all of its bytes, computed by
PyTorch, is known; the sum is checked each time. Its parts: until the frame has come, until it is a
tensor, until the sum is known. The ways take turns in rounds; what is printed are medians of the
rounds' medians, and the median ratio with its range. Imports, of a new texture or new memory each
time, are measured beside.

SPDX-License-Identifier: MIT
"""

import argparse
import ctypes
import mmap
import os
import statistics
import subprocess
import sys
import time

import geyser
import numpy
import torch

WIDTH, HEIGHT = 3840, 2160
SIZE = WIDTH * HEIGHT * 4
PEER = os.path.join(os.path.dirname(__file__), "..", "build-release", "bench", "geyser-bench-torch")
DEADLINE = 20.0


now = time.perf_counter_ns


def total(tensor):
    return int(tensor.sum(dtype=torch.int64).item())


class Sample:
    """When the parts of one frame's way ended."""

    def __init__(self):
        self.asked = now()

    def has_come(self):
        self.came = now()

    def sum_of(self, tensor):
        self.seen = now()
        self.sum = total(tensor)
        self.known = now()

    def parts(self):
        return (
            self.known - self.asked, self.came - self.asked, self.seen - self.came,
            self.known - self.seen,
        )


class Peer:
    """The process that makes the frames."""

    def __init__(self, program, *arguments, pass_fds=()):
        self.process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            pass_fds=pass_fds, bufsize=0,
        )
        self.first = self.line()

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            sys.exit(f"torch_handover: {' '.join(self.process.args)} has ended")
        return text.decode().rstrip("\n")

    def ask(self, value):
        self.process.stdin.write(bytes([value]))

    def wait(self):
        if self.process.stdout.read(1) != b"\0":
            sys.exit(f"torch_handover: {' '.join(self.process.args)} has ended")

    def end(self):
        self.process.stdin.close()
        if self.process.wait(DEADLINE):
            sys.exit(f"torch_handover: {' '.join(self.process.args)}: {self.process.returncode}")


# ---- the ways ------------------------------------------------------------------------------------


class Geyser:
    name = "geyser"

    def __init__(self, program):
        self.peer = Peer(program, "geyser")
        self.manager = geyser.Manager("vulkan")
        self.subscriber = self.manager.subscribe("bench-torch", connect_timeout=DEADLINE)

    def frame(self, value, sample):
        self.peer.ask(value)
        with self.subscriber.acquire(timeout=DEADLINE) as frame:
            sample.has_come()
            sample.sum_of(torch.from_dlpack(frame))

    def open_one(self):
        self.peer.ask(0)
        handle = self.peer.line()
        start = now()
        texture = self.manager.import_texture(handle)
        tensor = torch.from_dlpack(texture)
        took = now() - start
        assert tensor.shape == (HEIGHT, WIDTH, 4)
        del tensor
        texture.close()
        return took

    def end(self):
        self.subscriber.close()
        self.peer.end()


class Kept:
    """Of the same stream as the other."""

    name = "kept"

    def __init__(self, other):
        self.peer, self.subscriber = other.peer, other.subscriber
        self.tensors = {}

    def frame(self, value, sample):
        self.peer.ask(value)
        with self.subscriber.acquire(timeout=DEADLINE) as frame:
            sample.has_come()
            tensor = self.tensors.get(frame.texture)
            if tensor is None:
                tensor = self.tensors[frame.texture] = torch.from_dlpack(frame.texture)
            frame.use_on(torch.cuda.current_stream())
            sample.sum_of(tensor)

    def end(self):
        self.tensors = {}


class IpcHandle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_ubyte * 64)]


class CudaArray:
    """Memory at an address of the GPU's, for torch.as_tensor."""

    def __init__(self, pointer):
        self.__cuda_array_interface__ = {
            "shape": (HEIGHT, WIDTH, 4), "typestr": "|u1", "data": (pointer, False), "version": 3,
        }


class Cuda:
    name = "cuda"

    def __init__(self, program):
        self.peer = Peer(program, "cuda")
        self.driver = ctypes.CDLL("libcuda.so.1")
        memory, event = self.peer.first.split()
        self.pointer = self.open_memory(memory)
        self.event = ctypes.c_void_p()
        self.call("cuIpcOpenEventHandle", ctypes.byref(self.event), self.handle(event))
        self.tensor = torch.as_tensor(CudaArray(self.pointer.value), device="cuda")

    def call(self, function, *arguments):
        result = getattr(self.driver, function)(*arguments)
        if result:
            sys.exit(f"torch_handover: {function}: CUresult {result}")

    @staticmethod
    def handle(text):
        return IpcHandle.from_buffer_copy(bytes.fromhex(text))

    def open_memory(self, text):
        pointer = ctypes.c_uint64()
        self.call("cuIpcOpenMemHandle_v2", ctypes.byref(pointer), self.handle(text), 1)
        return pointer

    def frame(self, value, sample):
        self.peer.ask(value)
        self.peer.wait()  # an event can be waited for only once it is recorded
        sample.has_come()
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        self.call("cuStreamWaitEvent", stream, self.event, 0)
        sample.sum_of(self.tensor)

    def open_one(self):
        self.peer.ask(0)
        text = self.peer.line()
        start = now()
        pointer = self.open_memory(text)
        tensor = torch.as_tensor(CudaArray(pointer.value), device="cuda")
        took = now() - start
        assert tensor.shape == (HEIGHT, WIDTH, 4)
        del tensor
        self.call("cuIpcCloseMemHandle", pointer)
        return took

    def end(self):
        del self.tensor
        self.call("cuIpcCloseMemHandle", self.pointer)
        self.peer.end()


class Host:
    name = "host"

    def __init__(self, program):
        fd = os.memfd_create("frame")
        os.ftruncate(fd, SIZE)
        self.memory = mmap.mmap(fd, SIZE)
        self.array = numpy.frombuffer(self.memory, numpy.uint8).reshape(HEIGHT, WIDTH, 4)
        self.peer = Peer(program, "host", str(fd), pass_fds=(fd,))
        os.close(fd)

    def frame(self, value, sample):
        self.peer.ask(value)
        self.peer.wait()
        sample.has_come()
        sample.sum_of(torch.from_numpy(self.array).to("cuda"))

    def end(self):
        self.peer.end()


# ---- rounds --------------------------------------------------------------------------------------


def take_turn(way, count, values):
    """The medians of the whole and of its parts."""
    samples = []
    for _ in range(count):
        value, sample = next(values), Sample()
        way.frame(value, sample)
        samples.append(sample.parts())
        if sample.sum != value * SIZE:
            sys.exit(
                f"torch_handover: {way.name}: the sum is {sample.sum}, it must be {value * SIZE}"
            )
    return [statistics.median(part) for part in zip(*samples)]


def frame_values():
    """1 to 255, so that no frame is taken for the one before."""
    while True:
        yield from range(1, 256)


def compare(what, ours, theirs, name, target):
    ratios = [a / b for a, b in zip(ours, theirs)]
    ratio = statistics.median(ratios)
    verdict = f"at most {target:.2f}: {'met' if ratio <= target else 'MISSED'}"
    print(
        f"{what:<28} {statistics.median(ours) / 1000:9.0f} µs  {name:<5}"
        f" {statistics.median(theirs) / 1000:9.0f} µs  ratio {ratio:6.3f}"
        f" ({min(ratios):.3f}-{max(ratios):.3f})  {verdict}"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("peer", nargs="?", default=PEER)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--samples", type=int, default=20)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("torch_handover: PyTorch has no GPU here")
    torch.zeros(1, device="cuda")  # makes the context
    ours, cuda, host = (kind(arguments.peer) for kind in (Geyser, Cuda, Host))
    ways = [ours, Kept(ours), cuda, host]
    values = frame_values()
    times = {way.name: [] for way in ways}
    opened = {way.name: [] for way in (ours, cuda)}
    for way in ways:
        take_turn(way, 5, values)
    for _ in range(arguments.rounds):
        for way in ways:
            times[way.name].append(take_turn(way, arguments.samples, values))
        for way in (ours, cuda):
            opened[way.name].append(statistics.median(way.open_one() for _ in range(3)))
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, geyser {geyser.version()};")
    print(f"{arguments.rounds} rounds of {arguments.samples} frames of {WIDTH}x{HEIGHT} rgba8unorm")
    whole = {name: [turn[0] for turn in turns] for name, turns in times.items()}
    for name, what in (("geyser", "a tensor of each frame"), ("kept", "a tensor of each buffer")):
        compare(what, whole[name], whole["cuda"], "cuda", 1.0)
        compare(what, whole[name], whole["host"], "host", 0.2)
    for name, turns in times.items():
        came, seen, known = (statistics.median(part) / 1000 for part in list(zip(*turns))[1:])
        print(f"  {name:<7} came {came:.0f} µs, a tensor {seen:.0f} µs, its sum {known:.0f} µs")
    compare("import", opened["geyser"], opened["cuda"], "cuda", 1.0)
    for way in reversed(ways):
        way.end()


if __name__ == "__main__":
    main()

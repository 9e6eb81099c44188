#!/usr/bin/env python3
"""The mean of each frame of a stream, by PyTorch: torch_consumer.py [NAME] [--frames N].

With CUDA the frames stay on the GPU. A publisher's linear textures are tensors themselves, others
are copied there once; this process waits for neither the drawing nor its own sums. Without CUDA,
and for a publisher without a GPU, tensors are the shared memory in the host."""

import argparse
import sys

import torch

import geyser

LINEAR = 2  # DLPack's number for CUDA's memory


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="torch")
    parser.add_argument("--frames", type=int, default=0, help="frames to read (default: all)")
    parser.add_argument("--every", action="store_true", help="each frame, rather than the latest")
    found = parser.parse_args()
    if found.frames < 0:
        parser.error("--frames isn't under 0")
    return found


def to_tensor(frame, on_gpu):
    """The frame as a tensor of its type, and what that took."""
    if not on_gpu or frame.__dlpack_device__()[0] == LINEAR:
        return torch.from_dlpack(frame), "no copy"
    tensor = torch.empty(frame.shape, dtype=getattr(torch, frame.format.dtype.name), device="cuda")
    frame.copy_to(tensor, torch.cuda.current_stream())
    return tensor, "one copy on the GPU"


def run(options):
    on_gpu = torch.cuda.is_available() and geyser.backend_available("vulkan")
    manager = geyser.Manager("vulkan" if on_gpu else "host")
    delivery = "every" if options.every else "latest"
    subscriber = manager.subscribe(options.name, delivery=delivery, connect_timeout=10, timeout=10)
    means, way = [], ""
    for frame in subscriber:
        tensor, way = to_tensor(frame, on_gpu)
        means.append((frame.sequence, tensor.double().mean()))  # on the GPU, in its own time
        if len(means) == options.frames:
            break
    for sequence, mean in means:
        print(f"frame {sequence}: {mean.item():.3f}")
    print(f"{len(means)} frames, {way}")


def main():
    options = arguments()
    try:
        run(options)
    except KeyboardInterrupt:
        pass
    except geyser.Error as error:
        print(f"torch_consumer.py: {options.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

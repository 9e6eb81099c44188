#!/usr/bin/env python3
"""Publishes frames that PyTorch draws on a GPU: torch_producer.py [NAME] [--size WxH] [--frames N].

The texels of frame N all are N modulo 256. Each is submitted before the GPU has drawn it;
subscribers' GPUs wait for it, and this process never does."""

import argparse
import sys

import torch

import geyser


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="torch")
    parser.add_argument("--size", default="1920x1080", help="WIDTHxHEIGHT (default: 1920x1080)")
    parser.add_argument("--frames", type=int, default=1000, help="frames in all (default: 1000)")
    parser.add_argument("--subscribers", type=int, default=0, help="wait for these (default: 0)")
    found = parser.parse_args()
    width, _, height = found.size.partition("x")
    if not width.isdigit() or not height.isdigit() or found.frames < 1:
        parser.error("--size is WIDTHxHEIGHT, and --frames at least 1")
    found.width, found.height = int(width), int(height)
    return found


def run(options):
    manager = geyser.Manager("vulkan")  # its memory is the GPU's; "linear": in rows, as tensors are
    made = manager.publish(
        options.name, options.width, options.height, usage=["linear", "copy_src", "copy_dst"],
        pacing="lossless", buffers=4,
    )
    with made as publisher:
        size = f"{publisher.width}x{publisher.height}"
        print(f"{publisher.name}: {size} {publisher.format}", flush=True)
        publisher.wait_for_subscribers(options.subscribers, 60)
        for number in range(1, options.frames + 1):
            with publisher.frame(10) as frame:
                torch.from_dlpack(frame).fill_(number % 256)
        publisher.flush(60)


def main():
    options = arguments()
    if not torch.cuda.is_available():
        print("torch_producer.py: PyTorch has no CUDA here", file=sys.stderr)
        return 1
    try:
        run(options)
    except KeyboardInterrupt:
        pass
    except geyser.Error as error:
        print(f"torch_producer.py: {options.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

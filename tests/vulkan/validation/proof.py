#!/usr/bin/env python3
"""Proves that the validation layer, set up as for the other tests, ends a program that breaks a
rule of Vulkan's, and names the rule (TAP).

proof.py BROKEN: the program of broken.c.
"""

import signal
import subprocess
import sys

NO_VULKAN, NO_LAYER = 77, 78  # as in broken.c

# the program's mistake, and the text in the layer's message
CASES = (
    ("none", None),
    ("rule", "VUID-VkBufferCreateInfo-size-00912"),
    ("hazard", "SYNC-HAZARD-WRITE-AFTER-WRITE"),
    ("leak", "VUID-vkDestroyDevice-device-00378"),
)


def run(program, what):
    return subprocess.run(
        [program, what], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, errors="replace", timeout=60, check=False,
    )


def judge(result, word):
    if word is None:
        return result.returncode == 0 and not result.stdout
    return result.returncode == -signal.SIGTRAP and word in result.stdout


def main(program):
    first = run(program, "none")
    if first.returncode == NO_VULKAN:
        print(f"1..0 # SKIP no Vulkan device: {first.stderr.strip()}")
        return 0
    if first.returncode == NO_LAYER:
        print("1..0 # SKIP VK_LAYER_KHRONOS_validation is not installed: no test is validated")
        return 0
    print(f"1..{len(CASES)}")
    passed = True
    for number, (what, word) in enumerate(CASES, 1):
        result = run(program, what)
        good = judge(result, word)
        passed &= good
        print(f"{'ok' if good else 'not ok'} {number} - {what}: {word or 'nothing to say'}")
        if not good:
            print(f"# exit status {result.returncode}")
            for line in (result.stdout + result.stderr).splitlines():
                print(f"# {line}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

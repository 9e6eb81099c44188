#!/usr/bin/env python3
"""Tests that geyser-bench refuses wrong options, and says what is right: usage.py GEYSER-BENCH.
Prints TAP."""

import subprocess
import sys

LIMIT = 30  # seconds
CASES = (
    (["--rounds", "0"], "geyser-bench: wrong number of rounds (0): expected 1 to 200"),
    (["--rounds", "201"], "geyser-bench: wrong number of rounds (201): expected 1 to 200"),
    (["--rounds", "many"], "geyser-bench: wrong number of rounds (many): expected 1 to 200"),
    (["no-such"], "geyser-bench: unknown benchmark (no-such): geyser-bench --help lists all"),
)


def main(program):
    failed = 0
    for number, (arguments, words) in enumerate(CASES, 1):
        result = subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=LIMIT, check=False,
        )
        right = (result.returncode, result.stdout, result.stderr) == (2, "", words + "\n")
        failed += not right
        print(f"{'ok' if right else 'not ok'} {number} - {' '.join(arguments)}")
        if not right:
            print(f"# {result}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

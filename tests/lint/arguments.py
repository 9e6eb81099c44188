#!/usr/bin/env python3
"""arguments.py ROOT: checks what each program in scripts/ and .ci/ answers to its arguments. --help
prints the usage. A wrong argument is refused with status 2 and named on stderr. Neither begins the
work.
"""

import os
import subprocess
import sys

LIMIT = 60  # seconds; a program that begins its work takes longer, or prints more
WRONG = "--no-such-option"
# Wrong arguments of some programs. What check-flaky and test refuse follows from a build.
MORE = {
    "scripts/as-owner": ([],),
    "scripts/build": ([], ["build-of-nothing", "tests=true"]),
    "scripts/check": (["no-such-check"],),
    "scripts/check-apple": (["no-such-proof"],),
    "scripts/check-dmabuf": (["no-such-suite"], ["conformance", "no-such-suite"]),
    "scripts/setup": ([], ["no-such-group"], ["build", "test"]),
    "scripts/test-install": (["build"],),
    ".ci/run": (["quick"],),
}


def programs(root):
    for folder in ("scripts", ".ci"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            path = os.path.join(root, folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                yield f"{folder}/{name}"


def run(root, program, arguments):
    return subprocess.run(
        [os.path.join(root, program), *arguments], cwd="/", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT, check=False,
    )


def helps(result):
    return result.returncode == 0 and result.stdout.startswith("usage: ") and not result.stderr


def refuses(result, arguments):
    named = not arguments or any(argument in result.stderr for argument in arguments)
    return result.returncode == 2 and not result.stdout and result.stderr and named


def cases(root):
    for program in programs(root):
        yield program, ["--help"]
        yield program, ["-h"]
        yield program, [WRONG]
        for arguments in MORE.get(program, ()):
            yield program, arguments


def main(root):
    todo = list(cases(root))
    missing = set(MORE) - {program for program, _ in todo}
    print(f"1..{len(todo) + 1}", flush=True)
    passed = not missing
    print(f"{'not ok' if missing else 'ok'} 1 - all programs are there {sorted(missing)}")
    for number, (program, arguments) in enumerate(todo, 2):
        result = run(root, program, arguments)
        help_wanted = arguments and arguments[0] in ("--help", "-h")
        right = helps(result) if help_wanted else refuses(result, arguments)
        passed = passed and right
        print(f"{'ok' if right else 'not ok'} {number} - {' '.join([program, *arguments])}")
        if not right:
            print(f"# exit status {result.returncode}")
            for line in (result.stdout + result.stderr).splitlines()[:10]:
                print(f"# {line}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

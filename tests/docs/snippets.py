#!/usr/bin/env python3
"""Compiles every C snippet of the documentation (TAP): snippets.py ROOT INCLUDE -- COMPILER...

A ```c block is the body of a function. Its #include lines go in front of that, as does what a comment
`<!-- c: declarations -->` before the block says, for names that the text doesn't declare."""

import os
import re
import subprocess
import sys

BLOCK = re.compile(
    r"(?:<!-- c:(?P<given>(?:(?!-->).)*)-->\n)?^```c\n(?P<code>.*?)^```$", re.M | re.S
)
FLAGS = ["-x", "c", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", "-"]
HEADERS = ("geyser/geyser.h", "geyser/stream.h", "geyser/vulkan.h")

SELF_TEST = (
    ("```c\nint a = 1;\n(void)a;\n```\n", True),
    ("```c\nint a = 1\n```\n", False),
    ("```c\ngeyser_texture_unref(texture);\n```\n", False),
    ("<!-- c: struct geyser_event *e; -->\n```c\ngeyser_event_unref(e);\n```\n", True),
    ("```c\n#include <no/such.h>\n```\n", False),
)


def sources(text, path):
    """(line, C source) of each block; the compiler's messages name the line in the document."""
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        code = match.group("code")
        head = "".join(f"#include <{header}>\n" for header in HEADERS)
        head += "".join(re.findall(r"^#include.*\n", code, re.M)) + (match.group("given") or "")
        body = re.sub(r"^#include.*$", "", code, flags=re.M)
        yield line, f'{head}\nvoid snippet(void)\n{{\n#line {line} "{path}"\n{body}}}\n'


def compile_source(command, source):
    options = {"text": True, "capture_output": True, "timeout": 60, "check": False}
    result = subprocess.run(command, input=source, **options)
    return result.returncode == 0, result.stderr


def documents(root):
    for folder in ("", "docs", "examples"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def report(passed, number, name, output=""):
    print(f"{'ok' if passed else 'not ok'} {number} - {name}")
    if not passed:
        print("".join(f"# {line}\n" for line in output.splitlines()), end="")
    return passed


def main(root, include, command):
    command = command + ["-I", include] + FLAGS
    passed, number = True, 0
    for text, right in SELF_TEST:
        number += 1
        verdicts = [compile_source(command, source)[0] for _, source in sources(text, "text")]
        passed &= report(verdicts == [right], number, f"{text!r} passes: {right}")
    for path in documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as document:
            for line, source in sources(document.read(), path):
                number += 1
                right, output = compile_source(command, source)
                passed &= report(right, number, f"{path}:{line}", output)
    passed &= report(number > len(SELF_TEST), number + 1, f"{number - len(SELF_TEST)} snippets")
    print(f"1..{number + 1}")
    return 0 if passed else 1


if __name__ == "__main__":
    if len(sys.argv) < 5 or sys.argv[3] != "--":
        sys.exit(f"usage: {sys.argv[0]} ROOT INCLUDE -- COMPILER...")
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[4:]))

#!/usr/bin/env python3
"""Compiles every snippet of the documentation (TAP): snippets.py ROOT -- COMPILER... [-- APPLE...].

A ```c or ```objc block is the body of a function. Its #include lines go in front of that function.
A comment `<!-- c: declarations -->` before the block gives declarations that go there, too, for
names that the text doesn't declare. `<!-- macos: declarations -->` does so for things that iOS
lacks. A block under `<!-- file: NAME -->` is a whole source file, which walks.py runs.

Blocks that need Apple's frameworks are compiled with the command APPLE, if it is given.
scripts/apple/proof_compile.py compiles these blocks for Apple's systems.
"""

import os
import re
import subprocess
import sys
from typing import NamedTuple

BLOCK = re.compile(
    r"(?:<!-- (?P<kind>c|macos|file):(?P<given>(?:(?!-->).)*)-->\n)?^```(?P<language>c|objc)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", "-"]
LANGUAGES = {"c": "c", "objc": "objective-c"}
HEADERS = ("geyser/geyser.h", "geyser/stream.h", "geyser/vulkan.h", "geyser/metal.h", "geyser/apple.h")
HEADERS += ("geyser/cuda.h",)
PREPROCESSOR = re.compile(r"^#.*\n", re.M)
FRAMEWORK = re.compile(
    r"^#(?:include|import) <(?:Core\w+|Foundation|IOSurface|Metal|OpenGL|mach|xpc)/", re.M
)
# All snippets of this guide must compile for Apple's systems.
GUIDE = "docs/metal.md"
NATIVE = re.compile(r"\bgeyser_(?:metal|coregraphics|coreimage|cgl|moltenvk)_")

SELF_TEST = (
    ("```c\nint a = 1;\n(void)a;\n```\n", True),
    ("```c\nint a = 1\n```\n", False),
    ("```c\ngeyser_texture_unref(texture);\n```\n", False),
    ("<!-- c: struct geyser_event *e; -->\n```c\ngeyser_event_unref(e);\n```\n", True),
    ("```c\n#include <no/such.h>\n```\n", False),
    ("<!-- file: a.c -->\n```c\nint main(void)\n{\n\treturn 0;\n}\n```\n", True),
    ("<!-- file: a.c -->\n```c\nint a = 1;\n(void)a;\n```\n", False),
    ("<!-- file: a.c -->\n```c\nint a = GEYSER_OK;\n```\n", False),
    ("<!-- c: struct geyser_texture *t; -->\n```c\ngeyser_metal_texture(t);\n```\n", False),
)
APPLE_SELF_TEST = (
    ("<!-- c: #import <Metal/Metal.h>\nid<MTLCommandBuffer> b; -->\n```objc\n[b commit];\n```\n", True),
    ("<!-- c: #import <Metal/Metal.h>\nid<MTLCommandBuffer> b; -->\n```objc\n[b comit];\n```\n", False),
    ("```c\n#include <IOSurface/IOSurface.h>\n(void)IOSurfaceLookup(1, 2);\n```\n", False),
)


class Snippet(NamedTuple):
    """A block of code; `line` lets the compiler's messages name the line in the document."""

    path: str
    line: int
    language: str
    macos: bool
    source: str

    def needs_frameworks(self):
        return self.language == "objc" or bool(FRAMEWORK.search(self.source))

    def is_apples(self):
        return self.needs_frameworks() or self.path == GUIDE or bool(NATIVE.search(self.source))

    def compile(self, command):
        """Returns whether the snippet compiles, and the compiler's output."""
        command = command + ["-x", LANGUAGES[self.language]] + FLAGS
        result = subprocess.run(
            command, input=self.source, text=True, capture_output=True, timeout=60, check=False
        )
        return result.returncode == 0, result.stderr


def body_of_function(code, given):
    """Returns the text in front of the function, and the function's body."""
    given = given.strip() + "\n"
    first = PREPROCESSOR.findall(given) + re.findall(r"^#(?:include|import).*\n", code, re.M)
    head = "".join(first) + "".join(f"#include <{header}>\n" for header in HEADERS)
    head += PREPROCESSOR.sub("", given)
    return head, re.sub(r"^#(?:include|import).*$", "", code, flags=re.M)


def snippets(text, path):
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        kind, code = match.group("kind"), match.group("code")
        if kind == "file":
            source = f'#line {line} "{path}"\n{code}'
        else:
            head, body = body_of_function(code, match.group("given") or "")
            source = f'{head}\nvoid snippet(void);\nvoid snippet(void)\n{{\n#line {line} "{path}"\n{body}}}\n'
        yield Snippet(path, line, match.group("language"), kind == "macos", source)


def documents(root):
    for folder in ("", "docs", "docs/development", "examples"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def all_snippets(root):
    for path in documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as document:
            yield from snippets(document.read(), path)


class Report:
    def __init__(self):
        self.passed, self.number = True, 0

    def line(self, passed, name, output=""):
        self.number += 1
        self.passed &= passed
        print(f"{'ok' if passed else 'not ok'} {self.number} - {name}")
        if not passed:
            print("".join(f"# {line}\n" for line in output.splitlines()), end="")


def main(root, command, apple):
    include = ["-I", os.path.join(root, "include")]
    report, elsewhere = Report(), 0
    for texts, compiler in ((SELF_TEST, command), (APPLE_SELF_TEST, apple)):
        for text, right in texts if compiler else ():
            verdicts = [one.compile(compiler + include)[0] for one in snippets(text, "text")]
            report.line(verdicts == [right], f"{text!r} passes: {right}")
    before = report.number
    for one in all_snippets(root):
        if one.needs_frameworks() and not apple:
            elsewhere += 1
            continue
        compiler = apple if one.needs_frameworks() else command
        right, output = one.compile(compiler + include)
        report.line(right, f"{one.path}:{one.line}", output)
    total = report.number - before
    report.line(total > 0, f"{total} snippets; {elsewhere} need Apple's frameworks, which aren't here")
    print(f"1..{report.number}")
    return 0 if report.passed else 1


def split(arguments):
    """Splits the arguments at "--"."""
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


if __name__ == "__main__":
    PARTS = split(sys.argv[1:]) + [[]]
    if len(PARTS[0]) != 1 or not PARTS[1]:
        sys.exit(f"usage: {sys.argv[0]} ROOT -- COMPILER... [-- COMPILER FOR APPLE'S FRAMEWORKS...]")
    sys.exit(main(PARTS[0][0], PARTS[1], PARTS[2]))

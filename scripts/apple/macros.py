"""Proof 3 for macros: a compiler compares our macros with those of the original headers."""

import glob
import os
import re

import sdk

MACRO = re.compile(r"^#define (\w+)[ \t]+(\S.*)$", re.M)
FAILED = re.compile(r"static assertion failed|static_assert failed|undeclared identifier")


def macros(paths):
    """Yields (name, text) for each macro without parameters."""
    for path in paths:
        with open(path, encoding="utf-8") as source:
            yield from MACRO.findall(source.read())


def compare(found, includes, compiler, folder):
    """Returns what is wrong with the macros, compared with those of the headers that the compiler
    finds.
    """
    source = f"{folder}/macros.c"
    with open(source, "w", encoding="utf-8") as out:
        out.writelines(f"#include <{name}>\n" for name in includes)
        for name, text in found:
            out.write(f'_Static_assert((long long)({name}) == (long long)({text}), "{name}");\n')
    code, output = sdk.run(compiler + ["-std=c11", "-fsyntax-only", "-ferror-limit=0", source])
    if not code:
        return []
    wrong = [line for line in output.splitlines() if FAILED.search(line)]
    with open(source, encoding="utf-8") as written:
        lines = written.read().splitlines()
    places = [re.search(r":(\d+):\d+: ", line) for line in wrong]
    asserted = [lines[int(place.group(1)) - 1] for place in places if place]
    return [f"{line} is not so in the original headers" for line in asserted] or [output]


def mach(layout, headers="tests/apple/linux/include/mach"):
    """Compares the double's Mach constants with Darwin's own headers from zig. Returns (number of
    macros, problems).
    """
    paths = sorted(glob.glob(f"{headers}/*.h"))
    found = list(macros(paths))
    compiler = [f"{sdk.ROOT}/scripts/apple/cc", "arm64-apple-macos12", os.path.abspath(layout)]
    return len(found), compare(found, ["mach/mach.h", "mach/message.h"], compiler, layout)


def opengl(layout, headers=f"{sdk.DECLARATIONS}/OpenGL"):
    """Compares our GL constants with Khronos' headers from Debian. Returns (number of macros,
    problems).
    """
    paths = sorted(glob.glob(f"{headers}/*.h"))
    found = [(name, text) for name, text in macros(paths) if name.startswith("GL_")]
    return len(found), compare(found, ["GL/gl.h", "GL/glext.h"], ["clang"], layout)

#!/usr/bin/env python3
"""Fails if an #include points the wrong way between the parts of the source (TAP).

includes.py ROOT

The first tests prove on small trees with one violation each that the violation is found.
"""

import os
import re
import sys
import tempfile

from layers import LAYERS, layer_of

# Programs that see what a user sees: the public headers and their own.
OUTSIDE = ("cli", "bench", "examples", "gst")
SOURCES = (".c", ".h", ".m", ".def")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*(?:include|import)[ \t]*([<"])([^>"\n]+)[>"]', re.M)


def sources(root, top):
    for folder, _, names in os.walk(os.path.join(root, top)):
        for name in sorted(names):
            if name.endswith(SOURCES):
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as source:
        text = source.read()
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def resolve(root, path, bracket, name):
    """Returns the file in the repository that an #include names, or None for a system or public
    header.
    """
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if bracket == '"' and os.path.exists(os.path.join(root, beside)):
        return beside
    if os.path.exists(os.path.join(root, "src", name)):
        return os.path.normpath(os.path.join("src", name))
    return None


def check_inside(layer, path, target):
    """Returns why a file of this layer may not include that file of src/, or None."""
    parts = target.split("/")
    other = layer_of(target.removeprefix("src/"))
    if other is None:
        return "is in no known part of src/"
    if other != layer and other not in LAYERS[layer]:
        return f"{layer} may include only {', '.join(sorted(LAYERS[layer] | {layer}))}"
    if other.startswith("ipc/") and layer.split("/")[0] != "ipc":
        return f"{other}/ is private to ipc: include ipc/ipc.h"
    folder = "/".join(parts[1:3])
    if len(parts) < 4 or path.startswith(f"src/{folder}/"):
        return None
    if other == "platform" and layer != "platform":
        return f"{folder}/ is private to platform: include platform/platform.h"
    if other == "backend" and (layer != "backend" or path.count("/") > 2):
        return f"{folder}/ is private to its backend: include backend/backend.h"
    return None


def check_file(root, path):
    top = path.split("/")[0]
    layer = layer_of(path.removeprefix("src/")) if top == "src" else None
    if top == "src" and layer is None:
        yield f"{path}: in no known part of src/: one of {', '.join(sorted(LAYERS))}"
        return
    for line, bracket, name in includes(root, path):
        if ".." in name.split("/"):
            yield f"{path}:{line}: {name}: name it from src/ on"
            continue
        target = resolve(root, path, bracket, name)
        if target is None:
            continue
        reason = None
        if top == "src":
            reason = check_inside(layer, path, target) if target.startswith("src/") else None
        elif target.startswith("src/"):
            reason = f"{top} may include only <geyser/...> and its own headers"
        if reason:
            yield f"{path}:{line}: {name}: {reason}"


def check_tree(root):
    problems, files = [], 0
    for top in ("src",) + OUTSIDE:
        for path in sources(root, top):
            files += 1
            problems += check_file(root, path)
    return files, problems


# (including file, included file, whether that is allowed)
SELF_TEST = (
    ("src/base/a.c", "format/x.h", False),
    ("src/format/a.c", "base/x.h", True),
    ("src/platform/a.c", "ipc/x.h", False),
    ("src/backend/host/a.c", "stream/x.h", False),
    ("src/backend/host/a.c", "ipc/x.h", False),
    ("src/backend/host/a.c", "backend/vulkan/x.h", False),
    ("src/backend/host/a.c", "backend/x.h", True),
    ("src/backend/a.c", "backend/host/x.h", True),
    ("src/ipc/a.c", "core/x.h", False),
    ("src/ipc/a.c", "platform/linux/x.h", False),
    ("src/platform/a.c", "platform/linux/x.h", True),
    ("src/ipc/importer/a.c", "ipc/exporter/x.h", True),
    ("src/ipc/exporter/a.c", "ipc/importer/x.h", False),
    ("src/core/a.c", "ipc/x.h", True),
    ("src/core/a.c", "ipc/exporter/x.h", False),
    ("src/core/a.c", "stream/x.h", False),
    ("src/core/a.c", "backend/host/x.h", False),
    ("src/core/a.c", "../ipc/x.h", False),
    ("src/stream/a.c", "core/x.h", True),
    ("src/interop/a.c", "core/x.h", False),
    ("src/backend/vulkan/a.c", "sync/x.h", True),
    ("src/sync/a.c", "core/x.h", False),
    ("src/api/a.c", "stream/x.h", True),
    ("src/api/a.c", "backend/x.h", True),
    ("src/api/a.c", "backend/vulkan/x.h", False),
    ("src/stream/a.c", "api/x.h", False),
    ("src/elsewhere/a.c", "base/x.h", False),
    ("cli/a.c", "base/x.h", False),
    ("cli/a.c", "own.h", True),
    ("bench/a.c", "core/x.h", False),
    ("examples/a.c", "stdio.h", True),
)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def self_test(path, name, allowed):
    with tempfile.TemporaryDirectory() as root:
        for layer in LAYERS:
            write(f"{root}/src/{layer}/x.h", "")
        for private in ("platform/linux", "backend/host", "backend/vulkan"):
            write(f"{root}/src/{private}/x.h", "")
        write(f"{root}/cli/own.h", "")
        write(f"{root}/{path}", f'#include <geyser/geyser.h>\n#include "{name}"\n')
        return (not check_tree(root)[1]) == allowed


def main(root):
    print(f"1..{len(SELF_TEST) + 1}")
    passed = True
    for number, (path, name, allowed) in enumerate(SELF_TEST, 1):
        right = self_test(path, name, allowed)
        passed &= right
        verdict = "allowed" if allowed else "refused"
        print(f"{'ok' if right else 'not ok'} {number} - {name} in {path} is {verdict}")
    files, problems = check_tree(root)
    if files == 0:
        problems.append(f"no source file found under ({root}): give the repository's root")
    print(f"{'not ok' if problems else 'ok'} {len(SELF_TEST) + 1} - {files} files of the repository")
    for problem in problems:
        print(f"# {problem}")
    return 0 if passed and not problems else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))

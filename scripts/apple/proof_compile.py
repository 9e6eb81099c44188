"""Proof 2: the project, configured by Meson for macOS and iOS, compiles without a warning for the
oldest systems and for one with the tests, and the static analyzer finds no leak. Meson tells which
files there are, so that no list is needed here."""

import json
import os
import re
import shlex
import shutil
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

import sdk

sys.path.insert(0, os.path.join(sdk.ROOT, "tests", "docs"))
import snippets  # pylint: disable=wrong-import-position

STRICT = [
    "-Wunguarded-availability",
    "-Werror=objc-method-access",
    "-Werror=unguarded-availability",
    "-Werror=undeclared-selector",
]
MACOS = ["-Dmetal=enabled", "-Db_colorout=never"]
# The build of a Mac with its tests.
WHOLE = "arm64-apple-macos12"
# The oldest systems of a Mac on each architecture: newer functions need a guard there.
FLOORS = ("arm64-apple-macos11", "x86_64-apple-macos10.13")
TARGETS = {
    WHOLE: MACOS + ["-Dtests=true"],
    **{triple: MACOS + ["-Dtests=false"] for triple in FLOORS},
    # the library for a program on the oldest iOS
    "arm64-apple-ios11": MACOS + ["-Dtests=false"],
}
# of Mach-O: <mach-o/loader.h>
MACH_O_64 = 0xFEEDFACF
BUILD_VERSION = 0x32
VERSION_MIN = {0x24: "macos", 0x25: "ios"}
PLATFORMS = {1: "macos", 2: "ios"}

# the folders in which the analyzer looks for objects that are never released
ANALYZED = ("src/backend/metal/", "src/backend/io_surface", "src/ipc/surface/", "src/api/metal")
ANALYZED += ("src/interop/", "examples/apple/", "cli/selftest_metal")
ANALYZE = ["--analyze", "--analyzer-output", "text", "-Wno-error", "-Xclang"]
ANALYZE += ["-analyzer-checker=osx,core,unix"]

# sources that no Mac compiles, and the system that does
WINDOW = ("gl", "pixel", "place", "program", "save", "scene", "sdl", "shader", "text", "window")
ELSEWHERE = {
    "src/base/system_linux.c": "Linux",
    "src/platform/linux/": "Linux",
    "src/backend/vulkan/": "Vulkan with file descriptors, which MoltenVK lacks",
    "src/api/vulkan.c": "the same",
    "src/interop/cuda/": "there is no CUDA for macOS",
    "src/interop/opengl/": "memory by file descriptors and EGL; a Mac's OpenGL is in apple/cgl.c",
    "src/ipc/surface/no_surface.c": "where there is no Metal",
    "cli/os_linux.c": "Linux",
    "cli/info_vulkan.c": "the Vulkan backend's",
    **{f"cli/view_{name}.c": "the window, which draws by opengl.h" for name in WINDOW},
    "cli/libav.c": "libav, whose headers aren't part of macOS",
    "cli/media_": "the same",
}
COVERED = ("src/", "cli/", "examples/apple/", "examples/example.c")


def folder_of(triple):
    return f"build-{triple}"


def is_ios(triple):
    return "-ios" in triple


def configure(layout, triple, folder=None, root=sdk.ROOT):
    """Configures the build. It starts anew if the cross file or the options have changed."""
    folder = folder or os.path.join(root, folder_of(triple))
    cross = sdk.cross_file(layout, triple)
    arguments = STRICT + ["-Wno-unused-command-line-argument"]
    options = TARGETS[triple] + ["--werror", f"-Dc_args={arguments}", f"-Dobjc_args={arguments}"]
    with open(cross, encoding="utf-8") as source:
        stamp = source.read() + "\n".join(options)
    mark = f"{folder}/geyser-options"
    if os.path.exists(mark):
        with open(mark, encoding="utf-8") as source:
            if source.read() == stamp:
                return folder
    shutil.rmtree(folder, ignore_errors=True)
    sdk.output_of(["meson", "setup", folder, root, "--cross-file", cross] + options)
    with open(mark, "w", encoding="utf-8") as out:
        out.write(stamp)
    return folder


def database(folder):
    """Returns {source: (directory, command, object)}."""
    with open(f"{folder}/compile_commands.json", encoding="utf-8") as source:
        entries = json.load(source)
    commands = {}
    for entry in entries:
        path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
        commands[path] = (entry["directory"], shlex.split(entry["command"]), entry["output"])
    return commands


def minimum_of(path):
    """Returns the oldest system of a Mach-O object, as its load commands say: "macos10.13"."""
    with open(path, "rb") as source:
        data = source.read(1 << 16)
    magic, count = struct.unpack_from("<I12xI", data)
    place = 32
    for _ in range(count if magic == MACH_O_64 else 0):
        command, size, first, second = struct.unpack_from("<4I", data, place)
        if command in VERSION_MIN:
            return VERSION_MIN[command] + version_text(first)
        if command == BUILD_VERSION:
            return PLATFORMS.get(first, f"platform {first}, ") + version_text(second)
        place += size
    raise sdk.Failure(f"{path} doesn't say which system it needs at least")


def version_text(number):
    return f"{number >> 16}.{number >> 8 & 255}"


def check_minimums(triple, objects):
    """Compares what the objects need with what was asked for: clang raises a minimum that it takes
    for too old, and says nothing.
    """
    asked = triple.rsplit("-", 1)[1]
    asked += "" if "." in asked else ".0"
    wrong = [(path, found) for path, found in map(lambda p: (p, minimum_of(p)), objects)
             if found != asked]
    if wrong:
        raise sdk.Failure(
            f"{len(wrong)} objects need {wrong[0][1]} at least, not {asked}: {wrong[0][0]}")
    if not objects:
        raise sdk.Failure(f"{triple}: no object says which system it needs at least")
    return len(objects)


def objects_in(commands):
    """Returns the objects that were built."""
    paths = [os.path.join(directory, output) for directory, _, output in commands.values()]
    return [path for path in paths if os.path.exists(path)]


def build(folder, *targets):
    """Builds the targets, or everything. It goes on after a failure, to report all failures."""
    code, output = sdk.run(["ninja", "-C", folder, "-k", "0", *targets])
    if code:
        lines = [l for l in output.splitlines() if re.search(r"(error|warning)(\(link\))?: ", l)]
        raise sdk.Failure("\n".join(lines[:20]) or output[-3000:])


def build_library(folder):
    """Builds only the library's objects, because nothing can be linked for iOS here."""
    with open(f"{folder}/meson-info/intro-targets.json", encoding="utf-8") as source:
        targets = json.load(source)
    names = [t["filename"][0] for t in targets if t["name"] == "geyser" and "static" in t["type"]]
    build(folder, *[os.path.relpath(name, folder) for name in names])


def library_sources(folder):
    with open(f"{folder}/meson-info/intro-targets.json", encoding="utf-8") as source:
        targets = json.load(source)
    return {
        os.path.realpath(path)
        for target in targets if target["name"] == "geyser" and "library" in target["type"]
        for group in target["target_sources"] for path in group.get("sources", ())
    }


def uncovered(compiled, root=sdk.ROOT):
    """Returns sources that neither a Mac's build compiles nor ELSEWHERE names: they were forgotten.
    """
    command = ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "--"]
    listed = set(sdk.output_of(command + list(COVERED)).splitlines())
    known = {os.path.relpath(path, os.path.realpath(root)) for path in compiled}
    return [
        name for name in sorted(listed - known)
        if name.endswith((".c", ".m")) and not name.startswith(tuple(ELSEWHERE))
        and os.path.exists(os.path.join(root, name))
    ]


def analyze_command(command):
    """Returns a compilation's command with the analyzer in place of the code generator."""
    kept, skip = [], False
    for word in command:
        if skip or word in ("-c", "-MD"):
            skip = False
        elif word in ("-o", "-MQ", "-MF"):
            skip = True
        else:
            kept.append(word)
    return kept + ANALYZE


def analyze(entry):
    directory, command, _ = entry
    code, output = sdk.run(analyze_command(command), cwd=directory)
    found = [line for line in output.splitlines() if ": warning: " in line or ": error: " in line]
    return found or ([output[-500:]] if code else [])


def analyze_all(commands, root=sdk.ROOT):
    chosen = [
        entry for path, entry in sorted(commands.items())
        if os.path.relpath(path, root).startswith(ANALYZED)
    ]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        findings = [line for found in pool.map(analyze, chosen) for line in found]
    return len(chosen), findings


def build_all(layout):
    """Returns ({triple: number of objects}, the sources that a Mac's builds compile, failures)."""
    counts, compiled, failures = {}, {}, []
    for triple in TARGETS:
        folder = configure(layout, triple)
        try:
            if is_ios(triple):
                build_library(folder)
            else:
                build(folder)
            counts[triple] = check_minimums(triple, objects_in(database(folder)))
        except sdk.Failure as failure:
            failures.append(f"{triple}:\n{failure}")
        commands = database(folder)
        if not is_ios(triple):
            compiled.update(commands)
    return counts, compiled, failures


def snippet_failures(layout, triple, one):
    if one.macos and is_ios(triple):
        return []
    command = [f"{sdk.ROOT}/scripts/apple/cc", triple, os.path.abspath(layout), *STRICT]
    command += ["-fblocks", "-fno-objc-arc", "-Wno-unused-command-line-argument"]
    right, output = one.compile(command + ["-I", f"{sdk.ROOT}/include"])
    return [] if right else [f"{one.path}:{one.line}, {triple}:\n{output[-1500:]}"]


def compile_snippets(layout, chosen):
    """Returns the failures of the guide's snippets on any target."""
    tasks = [(layout, triple, one) for triple in TARGETS for one in chosen]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return [found for all_found in pool.map(lambda task: snippet_failures(*task), tasks)
                for found in all_found]


def prove(layout):
    counts, compiled, failures = build_all(layout)
    forgotten = uncovered(compiled)
    if forgotten:
        failures.append("in no build for a Mac: " + ", ".join(forgotten))
    analyzed, findings = analyze_all(database(folder_of(WHOLE)))
    if findings:
        failures.append("the analyzer:\n" + "\n".join(findings[:20]))
    if not analyzed:
        failures.append("the analyzer was given no file")
    chosen = [one for one in snippets.all_snippets(sdk.ROOT) if one.is_apples()]
    failures += compile_snippets(layout, chosen)
    if not any(one.path == snippets.GUIDE for one in chosen):
        failures.append(f"{snippets.GUIDE} has no snippet")
    if failures:
        raise sdk.Failure("\n".join(failures))
    files = ", ".join(f"{triple} {count}" for triple, count in counts.items())
    return (f"objects, each for that very system: {files}; {len(chosen)} snippets for each; "
            f"0 warnings; {analyzed} analyzed, 0 findings")

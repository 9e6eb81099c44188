"""Shows that each proof can fail: deliberate mistakes in copies must turn it red.

The functions that judge the repository judge the copies, too. `right.m` and the unchanged copies
must stay green.
"""

import os
import re
import shlex
import shutil
import subprocess
import tempfile

import proof_compile
import proof_contract
import proof_hosted
import proof_link
import proof_run
import sdk
from proof_compile import snippets

CHECKS = "tests/apple/checks"
# for programs on the double that a sanitizer watches
QUIET = {"ASAN_OPTIONS": "detect_leaks=0", "LLVM_PROFILE_FILE": os.devnull}
INCLUDES = "#include <IOSurface/IOSurface.h>\n#include <Metal/Metal.h>\n"
TRIPLE = "x86_64-apple-macos10.13"  # the oldest system, where guards are needed
RAISED = "arm64-apple-macos10.13"  # clang compiles for macOS 11 then


class Copies:
    """A folder for copies, and the results of the earlier proofs."""

    def __init__(self, layout, published, folder):
        self.layout = layout
        self.published = published
        self.folder = folder
        self.build = proof_compile.folder_of(TRIPLE)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def entry(self, fixture):
        """Returns the command that compiles a copy of a backend's source with the fixture appended,
        and its object.
        """
        commands = proof_compile.database(self.build)
        sources = [p for p in sorted(commands) if re.search(r"/src/backend/metal/\w+\.m$", p)]
        if not sources:
            raise sdk.Failure(f"{self.build} compiles no Objective-C of the backend")
        directory, command, _ = commands[sources[0]]
        copy = f"{os.path.abspath(self.folder)}/{fixture}"
        with open(sources[0], encoding="utf-8") as source, open(copy, "w", encoding="utf-8") as out:
            out.write(INCLUDES + source.read())
            with open(f"{CHECKS}/{fixture}", encoding="utf-8") as added:
                out.write(added.read())
        named = [i for i, word in enumerate(command) if word.endswith(os.path.basename(sources[0]))]
        command = list(command)
        command[named[-1]] = copy
        command[command.index("-o") + 1] = copy + ".o"
        return (directory, command + ["-I", os.path.dirname(sources[0])], copy + ".o")

    def compile(self, fixture):
        directory, command, output = self.entry(fixture)
        sdk.output_of(command, cwd=directory)
        return output

    def minimum(self, triple):
        """Compiles an object for the system and looks which one it needs."""
        output = f"{self.folder}/minimum.o"
        command = [f"{sdk.ROOT}/scripts/apple/cc", triple, os.path.abspath(self.layout)]
        sdk.output_of(command + ["-x", "c", "-c", os.devnull, "-o", output])
        proof_compile.check_minimums(triple, [output])

    def analyze(self, fixture):
        found = proof_compile.analyze(self.entry(fixture))
        if found:
            raise sdk.Failure("\n".join(found))

    def contract(self, check, *arguments):
        judge = proof_contract.Contract(self.published)
        check(judge, *arguments)
        if judge.problems:
            raise sdk.Failure("\n".join(judge.problems))

    def sent(self, fixture):
        declared = proof_contract.read_declared(self.layout, sdk.DECLARATIONS)
        self.contract(proof_contract.check_sent, [self.compile(fixture)], declared)

    def linked(self, fixture):
        """Checks the symbols of the fixture only: the library provides the other symbols."""
        directory, command, output = self.entry(fixture)
        with open(output[:-2], "w", encoding="utf-8") as out:
            with open(f"{CHECKS}/{fixture}", encoding="utf-8") as added:
                out.write(INCLUDES + added.read())
        sdk.output_of(command, cwd=directory)
        self.contract(proof_contract.check_linked, [output])

    def declarations(self, file, old, new):
        """Runs proof 3 on declarations in which NEW replaces OLD."""
        folder = f"{self.folder}/include"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sdk.DECLARATIONS, folder)
        replace(f"{folder}/{file}", old, new)
        layout = sdk.lay_out(f"{self.folder}/sdk", declarations=folder)
        declared = proof_contract.read_declared(layout, folder)
        self.contract(proof_contract.check_declared, declared)

    def stubs(self, old, new):
        folder = f"{self.folder}/stubs"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sdk.STUBS, folder)
        replace(f"{folder}/IOSurface.tbd", old, new)
        return folder

    def link(self, old, new):
        """Runs the library's own link command with other stubs."""
        layout = sdk.lay_out(f"{self.folder}/sdk", stubs=self.stubs(old, new))
        library = os.path.relpath(proof_link.library_in(self.build), self.build)
        commands = sdk.output_of(["ninja", "-C", self.build, "-t", "commands", library]).splitlines()
        command = [line for line in commands if f"-o {library}" in line][-1]
        words = [os.path.abspath(layout) if word == os.path.abspath(self.layout) else word
                 for word in shlex.split(command)]
        words[words.index("-o") + 1] = f"{os.path.abspath(self.folder)}/libgeyser.dylib"
        sdk.output_of(words, cwd=self.build)

    def stub_names(self, old, new):
        self.contract(proof_contract.check_stubs, self.stubs(old, new))

    def exports(self, extra):
        library = proof_link.library_in(self.build)
        proof_link.check_exports([library], proof_link.public_functions() | extra)

    def guide(self, old, new):
        """Runs proof 2 on the snippets of a guide in which NEW replaces OLD."""
        with open(sdk.ROOT + "/" + snippets.GUIDE, encoding="utf-8") as source:
            text = source.read()
        if old not in text:
            raise AssertionError(f"{snippets.GUIDE} has no {old!r}: change scripts/apple/red.py")
        text = text.replace(old, new, 1)
        chosen = [one for one in snippets.snippets(text, snippets.GUIDE) if new in one.source]
        found = proof_compile.compile_snippets(self.layout, chosen)
        if found:
            raise sdk.Failure("\n".join(found))

    def forgotten(self, compiled):
        """Checks a repository of two sources, of which a Mac's build compiles the given ones."""
        root = f"{self.folder}/root"
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(f"{root}/src")
        for name in ("one.c", "two.m"):
            with open(f"{root}/src/{name}", "w", encoding="utf-8"):
                pass
        sdk.output_of(["git", "init", "-q", root])
        compiled = {os.path.realpath(f"{root}/src/{name}") for name in compiled}
        found = proof_compile.uncovered(compiled, root)
        if found:
            raise sdk.Failure(", ".join(found))

    def hosted(self, old, new):
        copy = f"{self.folder}/ci.yml"
        shutil.copy(proof_hosted.WORKFLOW, copy)
        replace(copy, old, new)
        found = list(proof_hosted.problems(copy))
        if found:
            raise sdk.Failure("\n".join(found))

    def lock(self, old, new):
        copy = f"{self.folder}/package-lock.json"
        shutil.copy("tests/apple/package-lock.json", copy)
        replace(copy, old, new)
        sdk.check_lock(copy)

    def size(self, lines):
        text = "static void f(void)\n{\n" + "\tg();\n" * (lines - 2) + "}\n"
        longest = max(length for _, length in proof_run.function_lengths(text))
        if longest > proof_run.FUNCTION_LINES:
            raise sdk.Failure(f"{longest} lines")


    def built(self, fixture):
        """Builds a program on the double, as the double's own tests are built."""
        entries = proof_compile.database(proof_run.BUILD)
        sources = [p for p in sorted(entries) if re.search(r"/tests/apple/test/\w+\.m$", p)]
        directory, command, output = entries[sources[0]]
        stem = f"{os.path.abspath(self.folder)}/{fixture}"
        if os.path.exists(stem + ".run"):
            return stem + ".run", directory
        words = {os.path.relpath(sources[0], directory): os.path.abspath(f"{CHECKS}/{fixture}")}
        words[output] = f"{stem}.o"
        sdk.output_of([words.get(word, word) for word in command], cwd=directory)
        target = os.path.dirname(output).removesuffix(".p")
        commands = sdk.output_of(["ninja", "-C", directory, "-t", "commands", target]).splitlines()
        link = [w for w in shlex.split(commands[-1]) if not w.startswith(f"{target}.p/")]
        at = link.index("-o") + 1
        link[at:at + 1] = [stem + ".run", f"{stem}.o"]
        sdk.output_of(link, cwd=directory)
        return stem + ".run", directory

    def program(self, fixture, *arguments, **variables):
        """Runs a program on the double, with these variables of the environment."""
        program, directory = self.built(fixture)
        environment = {**os.environ, **QUIET, **variables}
        environment["LD_LIBRARY_PATH"] = os.path.abspath(f"{directory}/tests/apple")
        sdk.output_of([*sdk.without_aslr(), program, *arguments], env=environment, timeout=60)

    def rule(self, name, fixture="program_rules.m", **variables):
        self.program(fixture, name, **variables)

    def planes(self, name, **variables):
        self.rule(name, "program_planes.m", **variables)

    def memory(self, **variables):
        """Lets two processes of geyser share host memory, on the double's macOS."""
        with tempfile.TemporaryDirectory() as runtime:
            environment = {**os.environ, **QUIET, "GEYSER_RUNTIME_DIR": runtime, **variables}
            command = [f"{proof_run.BUILD}/cli/geyser", "info", "--self-test", "--backend", "host"]
            code, output = sdk.run([*sdk.without_aslr(), *command], env=environment, timeout=60)
        if code:
            # The lines of the steps: a table of all formats, of more than 3000 characters, follows.
            steps = output.partition("| format ")[0]
            raise sdk.Failure(f"geyser info --self-test exited with {code}:\n{steps}")


def rules(copies):
    """Returns the same as tests, for the rules of the double: in pairs, a program on a system that
    lets it do so, and on one that doesn't."""
    none = {}
    apple, intel, discrete = (
        {"GEYSER_DOUBLE_DEVICE": gpu, "GEYSER_DOUBLE_PROBE": "all"} for gpu in proof_run.GPUS
    )
    old = {"GEYSER_DOUBLE_MACOS": "10.13"}
    sandbox = {"GEYSER_DOUBLE_SANDBOX": "1"}
    shared, unseen = "only Apple's GPUs have such", "doesn't see what the GPU drew"
    cases = (
        ("an Apple GPU: a shared texture on a surface", "shared_surface", apple, None),
        ("an Intel GPU: the same", "shared_surface", intel, shared),
        ("a discrete GPU: the same", "shared_surface", discrete, shared),
        ("an Apple GPU: a linear texture in a shared buffer", "linear_shared", apple, None),
        ("an Intel GPU: the same", "linear_shared", intel, shared),
        ("an Apple GPU: a linear texture as a render target", "linear_target", apple, None),
        ("a discrete GPU: the same", "linear_target", discrete, "as a render target"),
        ("an Apple GPU: a format that others lack", "format_of_apple", apple, None),
        ("an Intel GPU: the same", "format_of_apple", intel, "only Apple's GPUs have it"),
        ("an Intel GPU: no synchronization", "unsynchronized", intel, None),
        ("a discrete GPU: the same", "unsynchronized", discrete, unseen),
        ("a GPU that goes on to the end", "every_signal_comes", none, None),
        ("a GPU that stops midway", "every_signal_comes", {"GEYSER_DOUBLE_FAIL": "operation:2"},
         "never came"),
        ("a device that makes shared events", "shared_event", none, None),
        ("a device that makes none", "shared_event", {"GEYSER_DOUBLE_FAIL": "newSharedEvent:1"},
         "newSharedEvent is nil"),
        ("a system without shared events", "shared_event", old, "has no newSharedEvent"),
        ("the device of a shared event", "event_of_the_device", none, "has no device"),
        ("63 uncompleted command buffers", "buffers_63", none, None),
        ("64 uncompleted command buffers", "buffers_64", none, "commandBuffer blocks"),
        ("one bootstrap namespace", "service", none, None),
        ("two bootstrap namespaces", "service", {"GEYSER_CLIENT": "ssh"}, "isn't found"),
        ("a sandbox: a Mach service", "service", sandbox, "bootstrap_check_in is refused"),
    )
    listed = [
        (f"double: {name}", lambda p=program, v=variables: copies.rule(p, **v), expected)
        for name, program, variables, expected in cases
    ]
    cases = (
        ("a surface of two planes", "planes", none, None),
        ("a plane that ends beyond the surface", "plane_outside", none, "IOSurfaceCreate is NULL"),
        ("a plane's rows that are too short", "rows_too_short", none, "IOSurfaceCreate is NULL"),
        ("a plane's rows of any length", "rows_unaligned", none, "IOSurfaceCreate is NULL"),
        ("a plane that begins anywhere", "offset_unaligned", none, "IOSurfaceCreate is NULL"),
        ("a plane's address, locked", "address_locked", none, None),
        ("a plane's address", "address_unlocked", none, "which is not locked"),
        ("the one row of several planes", "row_of_the_surface", none, "ask for that of a plane"),
        ("a texture of the chroma", "texture_of_chroma", discrete, None),
        ("a texture of plane 2 of two", "texture_of_plane_2", discrete, "plane 2 of a surface of 2"),
        ("the chroma as luma", "chroma_as_luma", discrete, "texels of 1 bytes on a surface of 2"),
        ("chroma of the luma's size", "chroma_of_luma_s_size", discrete, "64 x 8 on a surface of 32"),
        ("a discrete GPU: both planes synchronized", "synchronized", discrete, None),
        ("a discrete GPU: one plane synchronized", "luma_synchronized", discrete, unseen),
        ("a copy that begins with a texel", "copy_aligned", discrete, None),
        ("a copy that begins within a texel", "copy_unaligned", discrete, "offset 9 of texels of 2"),
    )
    listed += [
        (f"double: {name}", lambda p=program, v=variables: copies.planes(p, **v), expected)
        for name, program, variables, expected in cases
    ]
    return listed + [
        ("double: shared memory", copies.memory, None),
        ("double: a sandbox: shared memory", lambda: copies.memory(**sandbox), "sandbox"),
    ]


def replace(path, old, new):
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if old not in text:
        raise AssertionError(f"{path} has no {old!r} to be replaced: change scripts/apple/red.py")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace(old, new, 1))


def tests(copies):
    """Returns (name, action, text that the failure must contain, or None if it must stay green) for
    each test.
    """
    submit = "submit(publisher, frame, commands)"
    bgra = "MTLPixelFormatBGRA8Unorm = 80"
    return (
        ("compile: nothing wrong", lambda: copies.compile("right.m"), None),
        ("compile: a wrong selector", lambda: copies.compile("wrong_selector.m"), "ioSurface"),
        ("compile: an unguarded call", lambda: copies.compile("unguarded.m"), "macOS 12"),
        ("compile: no guard for a shared event", lambda: copies.compile("old_event.m"), "macOS 10.14"),
        ("compile: the minimum of macOS", lambda: copies.minimum(TRIPLE), None),
        ("compile: the minimum of iOS", lambda: copies.minimum("arm64-apple-ios11"), None),
        ("compile: a raised minimum", lambda: copies.minimum(RAISED), "need macos11.0"),
        ("compile: nothing wrong in the guide", lambda: copies.guide(submit, submit), None),
        (
            "compile: a wrong call in the guide",
            lambda: copies.guide(submit, "submit(publisher, commands)"),
            "docs/metal.md:",
        ),
        (
            "compile: a wrong selector in the guide",
            lambda: copies.guide("[commands commit]", "[commands comit]"),
            "comit",
        ),
        ("compile: all sources listed", lambda: copies.forgotten({"one.c", "two.m"}), None),
        ("compile: a source in no list", lambda: copies.forgotten({"one.c"}), "src/two.m"),
        ("analyzer: nothing wrong", lambda: copies.analyze("right.m"), None),
        ("analyzer: a missing release", lambda: copies.analyze("missing_release.m"), "leak"),
        ("analyzer: a missing CFRelease", lambda: copies.analyze("missing_cfrelease.m"), "leak"),
        ("contract: nothing wrong", lambda: copies.sent("right.m"), None),
        ("contract: a private selector", lambda: copies.sent("private_interface.m"), "MachPort:"),
        ("contract: a private function", lambda: copies.linked("private_function.m"), "__ulock_wait"),
        ("contract: nothing private", lambda: copies.linked("right.m"), None),
        (
            "contract: a wrong selector",
            lambda: copies.declarations("Metal/MTLDevice.h", "iosurface:", "ioSurface:"),
            "ioSurface:plane:",
        ),
        (
            "contract: a wrong enum value",
            lambda: copies.declarations("Metal/MTLPixelFormat.h", bgra, bgra.replace("80", "79")),
            "BGRA8Unorm is 79",
        ),
        (
            "contract: a method too early",
            lambda: copies.declarations("Metal/MTLEvent.h", "ios(15.0)", "ios(13.0)"),
            "since iOS 15",
        ),
        (
            "contract: an unknown function",
            lambda: copies.stub_names("_IOSurfaceLookup,", "_IOSurfaceLookupAny,"),
            "IOSurfaceLookupAny",
        ),
        (
            "contract: a registry's address",
            lambda: copies.lock('"license": "MIT"\n\t\t}', '"resolved": "https://x"\n\t\t}'),
            "resolved",
        ),
        ("link: nothing wrong", lambda: copies.link("_IOSurfaceLookup,", "_IOSurfaceLookup,"), None),
        ("link: a missing symbol", lambda: copies.link(" _IOSurfaceCreate,", ""), "IOSurfaceCreate"),
        ("link: a function not exported", lambda: copies.exports({"geyser_none"}), "geyser_none"),
        ("hosted: nothing wrong", lambda: copies.hosted("macos", "macos"), None),
        ("hosted: an unknown option", lambda: copies.hosted("--self-test", "--selftest"), "self"),
        ("hosted: no report", lambda: copies.hosted("actions/upload-artifact", "actions/x"), "upload"),
        ("hosted: any Xcode", lambda: copies.hosted("DEVELOPER_DIR", "DEVELOPER"), "names no Xcode"),
        ("hosted: a later floor", lambda: copies.hosted('"11.0"', '"15.0"'), "FLOOR is 15.0"),
        ("hosted: an unknown target", lambda: copies.hosted("make test-quick", "make tests"), "tests"),
        ("hosted: not YAML", lambda: copies.hosted("jobs:", "jobs: ["), "ci.yml"),
        ("run: nothing left", lambda: copies.program("program_right.m"), None),
        ("run: a missing release", lambda: copies.program("program_leaks.m"), "objects live"),
        ("run: a function of 80 lines", lambda: copies.size(80), None),
        ("run: a function of 81 lines", lambda: copies.size(81), "81 lines"),
    )


def judge(action, expected):
    """Returns None if the verdict is right, else what is wrong with it."""
    try:
        action()
    except sdk.Failure as failure:
        if expected is None:
            return f"should stay green: {failure}"
        return None if expected in str(failure) else f"red for another reason: {failure}"
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return str(error)
    return None if expected is None else "stays green"


def prove(layout, published):
    copies = Copies(layout, published, "build-apple-copies")
    wrong = []
    chosen = (*tests(copies), *rules(copies))
    for name, action, expected in chosen:
        verdict = judge(action, expected)
        if verdict:
            wrong.append(f"{name}: {verdict}")
    total = len(chosen)
    shutil.rmtree(copies.folder, ignore_errors=True)
    return total - len(wrong), wrong

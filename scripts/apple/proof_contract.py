"""Proof 3: all that we declare, call, link and name is in Apple's published interfaces."""

import glob
import os
import re
from collections import Counter

import declared as declarations
import macros
import proof_compile
import sdk

# Functions that clang itself calls for messages, blocks, @autoreleasepool and @available.
COMPILER = ("objc_", "_objc_", "__isPlatformVersionAtLeast", "__isOSVersionAtLeast")
# The only names of the system library with two underscores that are allowed: those that its
# headers' macros and the compiler use. Any other such name is private, even if the library has it.
SYSTEM = re.compile(
    r"__(error|stack_chk_(fail|guard)|std(in|out|err)p|assert_rtn|bzero|tolower|toupper|maskrune"
    r"|\w+_chk|darwin_check_fd_set_overflow|cxa_\w+)"
)
# The oldest iOS that geyser supports. Anything that exists since an older version needs no
# attribute.
OLDEST = (11, 0)


class Contract:
    """Asks one source after the other, and counts which of them knew a name."""

    def __init__(self, published):
        self.published = published
        self.known = {}  # kind -> Counter of sources
        self.problems = []

    def count(self, kind, source):
        self.known.setdefault(kind, Counter())[source] += 1

    def total(self, kind):
        return sum(self.known.get(kind, Counter()).values())

    def documented(self, kind, name, value=None):
        entry = self.published.documented.get(name)
        if entry is None or (entry[0] is not None and entry[0] != value):
            return False
        self.count(kind, "documentation")
        return True

    def method(self, owner, selector, static):
        found = [
            source.name
            for source in (self.published.ios, self.published.macos)
            if source.find(owner, selector, static)
        ]
        name = f"{'+' if static else '-'}[{owner} {selector}]"
        if found:
            self.count("selectors", found[0])
        elif not self.documented("selectors", name.replace(" ", "_")):
            self.problems.append(f"{name} is in none of Apple's published interfaces")

    def enumerator(self, name, enum, value):
        sources = (self.published.ios, self.published.macos)
        values = [(source.name, source.enumerator(enum, name)) for source in sources]
        values = [(source, right) for source, right in values if right is not None]
        wrong = [f"{right} on {source}" for source, right in values if right != value]
        if wrong:
            self.problems.append(f"{name} is {value} in our declarations, {', '.join(wrong)}")
        elif values:
            self.count("enum values", values[0][0])
        elif not self.documented("enum values", name, value):
            self.problems.append(f"{name} ({value}) is in none of Apple's published interfaces")

    def symbol(self, kind, name, parameters=None):
        """Checks a C function or constant by its name in C."""
        published = self.published
        for source in (published.ios, published.macos):
            right = source.functions.get(name)
            if parameters is not None and right is not None and right != parameters:
                self.problems.append(f"{name} has {parameters} parameters, not {right}")
                return
            if right is not None or name in source.variables:
                self.count(kind, source.name)
                return
        if name in published.system and (not name.startswith("__") or SYSTEM.fullmatch(name)):
            self.count(kind, "libSystem")
        elif not self.documented(kind, name):
            self.problems.append(f"{name} is in none of Apple's published interfaces")

    def owner(self, name):
        for source in (self.published.ios, self.published.macos):
            if name in source.members:
                self.count("classes", source.name)
                return
        self.problems.append(f"{name} is no class or protocol in Apple's published interfaces")

    def available(self, owner, selector, static, ours):
        """Checks that nothing is declared as available on an iOS older than the one that has it."""
        member = self.published.ios.find(owner, selector, static)
        if member is None:
            return
        since = member.since or self.published.ios.since.get(owner) or "0"
        version = tuple(int(part) for part in since.split("."))
        if version > max(ours, OLDEST):
            self.problems.append(
                f"-[{owner} {selector}] is there since iOS {since}: "
                f"ours says {'.'.join(map(str, ours)) or 'always'}"
            )
        else:
            self.count("availabilities", "iOS")


def check_declared(contract, declared):
    for name in sorted(declared.classes):
        contract.owner(name)
    for method in sorted(declared.methods):
        contract.method(*method)
        contract.available(*method, declared.available.get(method, ()))
    for name, (enum, value) in sorted(declared.enumerators.items()):
        contract.enumerator(name, enum, value)
    for name, parameters in sorted(declared.functions.items()):
        contract.symbol("C functions", name, parameters)
    for name in sorted(declared.variables):
        contract.symbol("constants", name)


def sent_selectors(objects):
    """Returns the selectors that our objects send, from the section that the linker reads."""
    command = [f"llvm-objdump{sdk.LLVM}", "--macho", "--section=__TEXT,__objc_methname"]
    output = sdk.output_of(command + objects)
    names = set(re.findall(r"^(?:[0-9a-f]+\s+)([\w:]+)$", output, re.M))
    # The same section holds the names of our own classes' variables, which look like no selector.
    return names - {s.rsplit(".", 1)[1] for s in symbols(objects) if s.startswith("OBJC_IVAR_$_")}


def symbols(objects, *flags):
    output = sdk.output_of([f"llvm-nm{sdk.LLVM}", "--format=just-symbols", *flags] + objects)
    return {line[1:] for line in output.splitlines() if line.startswith("_")}


def borrowed_symbols():
    """Returns the exports of the libraries that a Mac has from Homebrew, read from Debian's
    libraries of the same name.
    """
    paths = []
    for _, library, _ in sdk.BORROWED.values():
        paths += glob.glob(f"/usr/lib/*/lib{library}.so") if library else []
    output = sdk.output_of([f"llvm-nm{sdk.LLVM}", "--format=just-symbols", "-D", "-U"] + paths)
    return set(output.split())


def check_sent(contract, objects, declared):
    """Checks that each selector and symbol in the objects was declared or is published, so that
    none bypasses the headers.
    """
    ours = {selector for _, selector, _ in declared.methods}
    for selector in sorted(sent_selectors(objects)):
        if selector in ours or contract.published.ios.has_selector(selector):
            contract.count("sent", "declared" if selector in ours else "iOS")
        elif contract.published.macos.has_selector(selector):
            contract.count("sent", "macOS")
        else:
            contract.problems.append(f"{selector} is sent, and no published class has it")


def check_linked(contract, objects):
    borrowed = borrowed_symbols()
    needed = symbols(objects, "-u") - symbols(objects, "-U")
    for name in sorted(needed):
        found = re.fullmatch(r"OBJC_(?:META)?CLASS_\$_(\w+)", name)
        if found:
            contract.owner(found.group(1))
        elif name in borrowed:
            contract.count("linked", "libraries")
        elif name.startswith(COMPILER):
            contract.count("linked", "compiler")
        else:
            contract.symbol("linked", name)


def check_stubs(contract, folder):
    """Checks the stubs. A stub with a name that its framework lacks would let a program link that
    can't start.
    """
    borrowed = borrowed_symbols()
    for path in sorted(glob.glob(f"{folder}/*.tbd")):
        with open(path, encoding="utf-8") as source:
            text = source.read()
        for name in re.findall(r"(?<![\w$])_([\w$]+)", text):
            if name not in borrowed and not name.startswith(COMPILER):
                contract.symbol("stubbed", name)
        for name in re.findall(r"objc-classes: *\[([^]]*)\]", text):
            for owner in name.replace(",", " ").split():
                contract.owner(owner)


def objects_of(folder):
    """Returns {source: object} of the sources that users of a Mac get, so without the tests."""
    return {
        path: os.path.join(directory, output)
        for path, (directory, _, output) in proof_compile.database(folder).items()
        if os.path.relpath(path).startswith(proof_compile.COVERED)
    }


def used(names, paths):
    """Returns those of the names that the sources contain."""
    words = set()
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as source:
            words.update(re.findall(r"\b\w+\b", source.read()))
    return words & set(names)


def sources_of(kinds, contract):
    known = Counter()
    for kind in kinds:
        known.update(contract.known.get(kind, Counter()))
    return ", ".join(f"{source} {number}" for source, number in known.most_common())


def read_declared(layout, folder):
    return declarations.read(layout, os.path.realpath(folder))


def prove(layout, published):
    sdk.check_lock()
    contract = Contract(published)
    declared = read_declared(layout, sdk.DECLARATIONS)
    check_declared(contract, declared)
    check_stubs(contract, sdk.STUBS)
    objects = objects_of(proof_compile.folder_of(proof_compile.WHOLE))
    objective = [output for path, output in objects.items() if path.endswith(".m")]
    if not objective:
        raise sdk.Failure("no Objective-C is compiled for macOS")
    check_sent(contract, objective, declared)
    check_linked(contract, sorted(objects.values()))
    for kind, (number, wrong) in (("Mach", macros.mach(layout)), ("OpenGL", macros.opengl(layout))):
        contract.known[kind] = Counter(headers=number)
        contract.problems += wrong
    if contract.problems:
        raise sdk.Failure("\n".join(contract.problems[:20]))
    kinds = ("selectors", "enum values", "C functions", "constants")
    if not all(contract.total(kind) for kind in kinds):
        raise sdk.Failure("clang's syntax tree shows none of our declarations: is clang a wrapper?")
    parts = ", ".join(f"{contract.total(kind)} {kind}" for kind in kinds)
    values = used(declared.enumerators, objects)
    return (
        f"declared: {parts} ({sources_of(kinds, contract)}), {contract.total('availabilities')} "
        f"availabilities, {contract.total('Mach')} Mach and {contract.total('OpenGL')} OpenGL macros; "
        f"used: {contract.total('sent')} selectors, {len(values)} enum values, "
        f"{contract.total('linked')} symbols ({sources_of(('linked',), contract)}); 0 unknown"
    )

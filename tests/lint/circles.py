#!/usr/bin/env python3
"""Checks the arrows between the files of src/ (TAP). It fails if files need each other in a
circle, or if a call goes up between the folders of layers.py. It also fails if a header declares a
function pointer that layers.py doesn't explain.

circles.py ROOT LIBRARY: LIBRARY is the static library of a build; nm tells which file calls which.
circles.py --graph ROOT LIBRARY: prints each file with the files that it needs.

X.c, X.m and X.h count as one file, X. X needs Y if X includes Y.h, or if X uses a symbol that Y
defines. The first tests prove on small graphs that each kind of mistake is found.
"""

import os
import re
import subprocess
import sys

import includes
from layers import CALLBACKS, LAYERS, USERS, layer_of

# A line of `nm -A -g -P`, such as: libgeyser.a[core_event.c.o]: gy_event_wait T 0 52
SYMBOL = re.compile(r"^.*\[([^\]]+)\.o\]: (\S+) (\S)")
POINTER = re.compile(r"\(\*(?:const )?(\w+)\)\(")


def file_of(path):
    """Returns the name of a file in the graph: core/event for src/core/event.c and
    src/core/event.h.
    """
    return os.path.splitext(path)[0].removeprefix("src/")


def read_includes(root):
    """Returns {file: the files whose headers it includes}."""
    needs = {}
    for path in includes.sources(root, "src"):
        found = needs.setdefault(file_of(path), set())
        for _, bracket, name in includes.includes(root, path):
            target = includes.resolve(root, path, bracket, name)
            if target and target.startswith("src/") and file_of(target) != file_of(path):
                found.add(file_of(target))
    return needs


def read_calls(symbols, files):
    """Returns {file: the files that it calls} from nm's output. Meson names the object of
    core/event.c core_event.c.o.
    """
    objects = {file.replace("/", "_"): file for file in files}
    defined, used = {}, []
    for line in symbols.splitlines():
        match = SYMBOL.match(line)
        file = objects.get(os.path.splitext(match.group(1))[0]) if match else None
        if file and match.group(3) == "U":
            used.append((file, match.group(2)))
        elif file:
            defined[match.group(2)] = file
    needs = {file: set() for file in files}
    for file, symbol in used:
        public = symbol.startswith("geyser_") and layer_of(file) in USERS
        if defined.get(symbol, file) != file and not public:
            needs[file].add(defined[symbol])
    return needs


def circles(needs):
    """Returns the sets of two or more files that need each other: Tarjan's strongly connected
    components.
    """
    index, low, stack, found = {}, {}, [], []

    def visit(file):
        index[file] = low[file] = len(index)
        stack.append(file)
        for other in sorted(needs.get(file, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[file] = min(low[file], low[other])
        if low[file] == index[file]:
            part = stack[stack.index(file):]
            del stack[stack.index(file):]
            if len(part) > 1:
                found.append(sorted(part))

    for file in sorted(needs):
        if file not in index:
            visit(file)
    return found


def describe_circle(part, needs):
    arrows = [f"{a} -> {b}" for a in part for b in sorted(needs[a] & set(part))]
    return f"{', '.join(part)} need each other: {'; '.join(arrows)}"


def upward(needs):
    for file, others in sorted(needs.items()):
        layer = layer_of(file)
        for other in sorted(others):
            target = layer_of(other)
            if target != layer and layer and target not in LAYERS[layer]:
                below = ", ".join(sorted(LAYERS[layer])) or "nothing else"
                yield f"{file} calls {other}: {layer} may use only {below}"


def read_pointers(root):
    """Returns {header without "src/": the names of the function pointers that it declares}."""
    pointers = {}
    for path in includes.sources(root, "src"):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            names = set(POINTER.findall(source.read())) if path.endswith(".h") else set()
        if names:
            pointers[path.removeprefix("src/")] = names
    return pointers


def check_pointers(pointers, table):
    for header in sorted(set(pointers) | set(table)):
        names = pointers.get(header, set())
        listed = set(table.get(header, ("", ""))[0].split())
        if listed == {"*"} and names:
            continue
        for name in sorted(names - listed):
            yield f"{header}: {name} is called from below: say by whom in tests/lint/layers.py"
        for name in sorted(listed - names):
            yield f"{header}: {name} is in tests/lint/layers.py, and declared nowhere: remove it"


def check(included, called, pointers, table):
    needs = {file: included.get(file, set()) | called.get(file, set()) for file in included}
    problems = [describe_circle(part, needs) for part in circles(needs)]
    return needs, problems + list(upward(called)) + list(check_pointers(pointers, table))


NM = """lib.a[core_a.c.o]: gy_a T 0 5
lib.a[core_a.c.o]: gy_b U
lib.a[ipc_b.c.o]: gy_b T 0 5
lib.a[ipc_b.c.o]: malloc U
"""
USER = "lib.a[interop_c.c.o]: {} U\nlib.a[core_a.c.o]: {} T 0 5\n"
BACK = "lib.a[ipc_b.c.o]: gy_a U\n"
FILES = {"core/a": set(), "ipc/b": set()}
NONE = ({}, {})
# (name of the case, includes, output of nm, pointers and their table, part of the complaint)
SELF_TEST = (
    ("a call that goes down is allowed", FILES, NM, NONE, None),
    ("a call that goes up is refused", FILES, NM + BACK, NONE, "ipc/b calls core/a"),
    ("a call of a public function is allowed there", {**FILES, "interop/c": set()},
        NM + USER.format(*["geyser_texture_map"] * 2), NONE, None),
    ("a call of an internal function is refused there", {**FILES, "interop/c": set()},
        NM + USER.format(*["gy_map"] * 2), NONE, "interop/c calls core/a"),
    ("a circle of calls is refused", FILES, NM + BACK, NONE, "need each other"),
    ("a circle of a call and an include is refused", {"core/a": set(), "ipc/b": {"core/a"}}, NM,
        NONE, "core/a, ipc/b need each other: core/a -> ipc/b; ipc/b -> core/a"),
    ("a circle of three is refused", {"core/a": {"core/b"}, "core/b": {"core/c"},
        "core/c": {"core/a"}}, "", NONE, "core/a, core/b, core/c need each other"),
    ("a pointer that isn't listed is refused", FILES, NM, ({"ipc/b.h": {"run"}}, {}),
        "ipc/b.h: run is called from below"),
    ("a pointer that is listed is allowed", FILES, NM,
        ({"ipc/b.h": {"run"}}, {"ipc/b.h": ("run", "why")}), None),
    ("a table of pointers is listed as a whole", FILES, NM,
        ({"ipc/b.h": {"run", "end"}}, {"ipc/b.h": ("*", "why")}), None),
    ("a listed pointer that is gone is refused", FILES, NM, ({}, {"ipc/b.h": ("run", "why")}),
        "declared nowhere"),
)


def self_test(included, symbols, pointers, complaint):
    problems = check(included, read_calls(symbols, included), *pointers)[1]
    return any(complaint in problem for problem in problems) if complaint else not problems


def main(root, library):
    print(f"1..{len(SELF_TEST) + 1}")
    passed = True
    for number, (name, *case) in enumerate(SELF_TEST, 1):
        right = self_test(*case)
        passed &= right
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
    needs, problems = check(*read(root, library))
    arrows = sum(map(len, needs.values()))
    if arrows == 0:
        problems.append(f"no file calls another in ({library}): give the static library")
    print(f"{'not ok' if problems else 'ok'} {len(SELF_TEST) + 1} - {arrows} arrows of "
        f"{len(needs)} files")
    for problem in problems:
        print(f"# {problem}")
    return 0 if passed and not problems else 1


def read(root, library):
    symbols = subprocess.run(
        ["nm", "-A", "-g", "-P", library], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    included = read_includes(root)
    return included, read_calls(symbols, included), read_pointers(root), CALLBACKS


def show(root, library):
    needs = check(*read(root, library))[0]
    for file in sorted(needs):
        print(f"{file}: {' '.join(sorted(needs[file]))}")
    return 0


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--graph"]
    if len(arguments) != 2:
        sys.exit("usage: circles.py [--graph] ROOT LIBRARY")
    sys.exit((show if "--graph" in sys.argv else main)(*arguments))

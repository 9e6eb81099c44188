"""Reads our declarations of Apple's frameworks from clang's syntax tree."""

import json
import os
import re

import sdk

# The tree as text: the JSON form leaves out the contents of attributes.
NODE = re.compile(r"^([| `-]*)(\w+) 0x[0-9a-f]+ (.*)$")
METHOD = re.compile(r"([-+]) (\S+) '")
SINCE = re.compile(r"\bios (\d+)\.(\d+)")


class Declared:
    def __init__(self):
        self.methods = set()  # (class or protocol, selector, static)
        self.enumerators = {}  # name: (enum, value)
        self.functions = {}  # name: number of parameters
        self.variables = set()
        self.classes = set()
        self.available = {}  # method: the first iOS version that has it, as a tuple


class Reader:
    """Walks the tree in clang's order, because a place names its file only where the file changes.
    """

    def __init__(self, folder):
        self.folder = folder
        self.file = ""
        self.declared = Declared()

    def place(self, node):
        """Follows the files that places name. Returns whether this node begins in our folder."""
        loc = node.get("loc", {})
        self.follow(loc)
        ours = os.path.realpath(self.file).startswith(self.folder)
        self.follow(node.get("range", {}))
        return ours

    def follow(self, place):
        for key, value in place.items():
            if key == "file":
                self.file = value
            elif isinstance(value, dict) and key != "includedFrom":
                self.follow(value)

    def declaration(self, node, owner=None):
        kind, name = node.get("kind", ""), node.get("name")
        ours = self.place(node)
        if ours and not node.get("isImplicit") or kind == "ObjCMethodDecl":
            if kind in ("ObjCProtocolDecl", "ObjCInterfaceDecl"):
                owner = name
                self.declared.classes.add(name)
            elif kind == "ObjCCategoryDecl":
                owner = node.get("interface", {}).get("name")
            elif kind == "ObjCMethodDecl" and ours and owner:
                self.declared.methods.add((owner, name, not node.get("instance")))
            elif kind == "VarDecl":
                self.declared.variables.add(name)
        if kind == "EnumDecl":
            self.enum(node, ours)
            return
        if kind == "FunctionDecl":
            self.function(node, ours)
            return
        for child in node.get("inner", ()):
            self.declaration(child, owner)

    def function(self, node, ours):
        """Notes a function. A function with a body is inline, so no program links it."""
        body = any(child.get("kind") == "CompoundStmt" for child in node.get("inner", ()))
        if ours and not body and not node.get("isImplicit"):
            kinds = [child.get("kind") for child in node.get("inner", ())]
            self.declared.functions[node["name"]] = kinds.count("ParmVarDecl")
        for child in node.get("inner", ()):
            self.walk(child)

    def enum(self, node, ours):
        value = -1
        for child in node.get("inner", ()):
            self.place(child)
            if child.get("kind") != "EnumConstantDecl":
                self.walk(child)
                continue
            value = self.constant(child, value + 1)
            if ours:
                self.declared.enumerators[child["name"]] = (node.get("name"), value)

    def constant(self, node, value):
        """Returns an enumerator's value: the one given in the source, which may be inside casts, or
        the one that clang computed.
        """
        for child in node.get("inner", ()):
            self.place(child)
            if child.get("kind") == "ConstantExpr":
                value = int(child["value"])
            value = self.constant(child, value)
        return value

    def walk(self, node):
        self.place(node)
        for child in node.get("inner", ()):
            self.walk(child)


def method_availability(text):
    """Returns {(owner, selector, static): first iOS version}. A method inherits its owner's
    version.
    """
    since, owners, owner, method = {}, {}, None, None
    for line in text.splitlines():
        found = NODE.match(line)
        if not found:
            continue
        prefix, kind, rest = found.groups()
        depth = len(prefix) // 2
        if depth == 1:
            named = kind in ("ObjCProtocolDecl", "ObjCInterfaceDecl", "ObjCCategoryDecl")
            owner = rest.split()[-1].strip("'") if named else None
            method = None
        elif depth == 2 and owner:
            named = METHOD.search(rest) if kind == "ObjCMethodDecl" else None
            method = (owner, named.group(2), named.group(1) == "+") if named else None
        found = SINCE.search(rest) if kind == "AvailabilityAttr" else None
        if found and owner:
            version = (int(found.group(1)), int(found.group(2)))
            if depth == 2:
                owners[owner] = version
            elif depth == 3 and method:
                since[method] = version
    return since, owners


def headers(folder):
    """Yields every header of the declarations, as an #include names it."""
    for parent, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(".h"):
                yield os.path.relpath(os.path.join(parent, name), folder)


def read(layout, folder, triple="arm64-apple-macos12"):
    """Returns the declarations of FOLDER, compiled with the SDK in LAYOUT."""
    source = f"{layout}/declarations.m"
    with open(source, "w", encoding="utf-8") as out:
        out.writelines(f"#include <{name}>\n" for name in headers(folder))
    command = [f"{sdk.ROOT}/scripts/apple/cc", triple, os.path.abspath(layout), "-fsyntax-only"]
    command += ["-fblocks", "-w", "-Xclang"]
    reader = Reader(os.path.realpath(folder))
    reader.declaration(json.loads(sdk.output_of(command + ["-ast-dump=json", source])))
    declared = reader.declared
    since, owners = method_availability(sdk.output_of(command + ["-ast-dump", source]))
    for method in declared.methods:
        versions = since.get(method, ()), owners.get(method[0], ())
        declared.available[method] = max(versions)
    return declared

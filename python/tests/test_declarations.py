"""Compares the declarations in _c.py with the C headers: by a C compiler, and by the headers' text.

$CC is the compiler, include/ of this repository has the headers. Without either, the tests are
skipped."""

import ctypes
import enum
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from support import ROOT, geyser

from geyser import _c, enums, errors

INCLUDE = os.path.join(ROOT, "include")
HEADERS = ("format.h", "geyser.h", "memory.h", "stream.h", "convert.h", "cuda.h")
ENUMS = {  # each enum, and the prefix of its members' names in C
    errors.Result: "GEYSER_ERROR_",
    enums.Backend: "GEYSER_BACKEND_",
    enums.Usage: "GEYSER_USAGE_",
    enums.Dimension: "GEYSER_DIMENSION_",
    enums.Access: "GEYSER_ACCESS_",
    enums.Path: "GEYSER_PATH_",
    enums.Filter: "GEYSER_FILTER_",
    enums.FormatType: "GEYSER_FORMAT_TYPE_",
    enums.Orientation: "GEYSER_ORIENTATION_",
    enums.Alpha: "GEYSER_ALPHA_",
    enums.ColorRange: "GEYSER_COLOR_RANGE_",
    enums.Siting: "GEYSER_SITING_",
    enums.Pacing: "GEYSER_PACING_",
    enums.Delivery: "GEYSER_DELIVER_",
    enums.StreamChange: "GEYSER_STREAM_",
    enums.End: "GEYSER_END_",
}
RENAMED = {
    "GEYSER_ERROR_OK": "GEYSER_OK",
    "GEYSER_DIMENSION_D2": "GEYSER_DIMENSION_2D",
    "GEYSER_DIMENSION_D2_ARRAY": "GEYSER_DIMENSION_2D_ARRAY",
    "GEYSER_DIMENSION_D3": "GEYSER_DIMENSION_3D",
    "GEYSER_ORIENTATION_ROTATED_90": "GEYSER_ORIENTATION_90",
    "GEYSER_ORIENTATION_ROTATED_180": "GEYSER_ORIENTATION_180",
    "GEYSER_ORIENTATION_ROTATED_270": "GEYSER_ORIENTATION_270",
}
NUMBERS = {
    "GEYSER_SPIN_MAX_NS": _c.SPIN_MAX_NS,
    "GEYSER_ROW_ALIGNMENT_MAX": _c.ROW_ALIGNMENT_MAX,
    "GEYSER_STREAM_BUFFERS_MAX": _c.BUFFERS_MAX,
    "GEYSER_FRAME_DAMAGE_MAX": _c.DAMAGE_MAX,
    "GEYSER_FRAME_USER_MAX": _c.USER_MAX,
    "GEYSER_HANDLE_TEXT_SIZE": _c.HANDLE_TEXT_SIZE,
    "GEYSER_FORMAT_COUNT": _c.FORMAT_COUNT,
    "GEYSER_FORMAT_PLANES_MAX": _c.PLANES_MAX,
    "GEYSER_CUDA_DEVICES_MAX": _c.CUDA_DEVICES_MAX,
}
NOT_ENUMERATORS = {
    "GEYSER_CONVERT_H", "GEYSER_STREAM_H", "GEYSER_STREAM_NAME_MAX", "GEYSER_STREAM_SUBSCRIBERS_MAX",
    "GEYSER_STREAM_RENDITIONS_MAX", "GEYSER_STREAM_RENDITIONS_OF_A_PROCESS",
}
# Public functions that the package doesn't use.
LEFT_OUT = {
    "geyser_publisher_close",
    "geyser_publisher_drain",
    "geyser_publisher_submit_kept",
    "geyser_publisher_set_interrupted",
    "geyser_memory_kind_name",
    "geyser_export_list",
    "geyser_export_list_free",
    "geyser_stream_find",
    "geyser_format_name",
    "geyser_format_get_plane_extent",
    "geyser_format_is_video",
    "geyser_event_ref",
    "geyser_texture_attach",
    "geyser_texture_attached",
    "geyser_event_attach",
    "geyser_event_attached",
    "geyser_frame_wait_point",
    # native objects, which are of little use in Python
    "geyser_texture_export_native",
    "geyser_texture_export_native_as",
    "geyser_texture_import_native",
    "geyser_native_texture_release",
    "geyser_event_export_native",
}
SIMPLE = {
    "void": None,
    "bool": ctypes.c_bool,
    "int": ctypes.c_int,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "unsigned long long": ctypes.c_ulonglong,
    "size_t": ctypes.c_size_t,
    "char *": ctypes.c_char_p,
    "int *": ctypes.POINTER(ctypes.c_int),
    "uint32_t *": ctypes.POINTER(ctypes.c_uint32),
    "uint64_t *": ctypes.POINTER(ctypes.c_uint64),
    "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "void *": ctypes.c_void_p,
}
DECLARATION = re.compile(r"GEYSER_API\s+([\w\s*]+?)\b(geyser_\w+)\s*\((.*?)\);", re.S)
CALLBACK = re.compile(r"(\w[\w\s]*?)\(\*\w+\)\s*\(([^()]*)\)")


def headers(keep_directives=False):
    """Returns the headers' text without comments, and unless they are kept, without preprocessor
    lines."""
    text = ""
    for name in HEADERS:
        with open(os.path.join(INCLUDE, "geyser", name), encoding="utf-8") as header:
            text += header.read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    if keep_directives:
        return text
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)


def structs():
    kinds = {name: one for name, one in vars(_c).items() if isinstance(one, type)}
    return {
        name: one for name, one in kinds.items()
        if issubclass(one, ctypes.Structure) and name.startswith("geyser_")
    }


def constants():
    values = dict(NUMBERS)
    for kind, prefix in ENUMS.items():
        for name, member in kind.__members__.items():
            values[RENAMED.get(prefix + name, prefix + name)] = int(member)
    return values


def parameter(text):
    """Returns a parameter's type as _c.py declares it."""
    text = re.sub(r"\bconst\b|\s+", " ", text).strip()
    stars = text.count("*")
    words = [word for word in text.replace("*", " ").split()]
    if words[0] == "enum":
        return ctypes.c_int if stars == 0 else ctypes.POINTER(ctypes.c_int)
    if words[0] == "struct":
        kind = getattr(_c, words[1], None)
        for _ in range(stars if kind else stars - 1):
            kind = ctypes.POINTER(kind or ctypes.c_void_p)
        return kind or ctypes.c_void_p
    if stars == 0 and len(words) > 1 and " ".join(words) not in SIMPLE:
        words = words[:-1]  # drop the parameter's name
    if stars and len(words) > 1:
        words = words[:1]
    return SIMPLE[" ".join(words) + (" " + "*" * stars if stars else "")]


def callback(result, arguments):
    return parameter(result), [parameter(one) for one in arguments.split(",")]


def arguments(text):
    """Returns the type of each parameter, and the result of callback() for those that are
    callbacks."""
    callbacks = []

    def keep(match):
        callbacks.append(callback(match.group(1), match.group(2)))
        return "callback"

    parts = [one.strip() for one in CALLBACK.sub(keep, text).split(",")]
    if parts == ["void"]:
        return []
    return [callbacks.pop(0) if one == "callback" else parameter(one) for one in parts]


def same(declared, wanted):
    if isinstance(wanted, tuple):
        return (declared._restype_, list(declared._argtypes_)) == wanted
    return declared is wanted


def declared():
    return {**_c.QUICK, **_c.FUNCTIONS, **_c.CUDA}


class Functions(unittest.TestCase):
    def setUp(self):
        if not os.path.isdir(INCLUDE):
            self.skipTest("the headers are not here")
        self.found = {m.group(2): (m.group(1), m.group(3)) for m in DECLARATION.finditer(headers())}

    def test_each_is_as_the_header_has_it(self):
        self.assertGreater(len(self.found), 60)
        for name, (result, types) in declared().items():
            with self.subTest(name):
                text, parameters = self.found[name]
                self.assertIs(result, parameter(text + " x" if "*" not in text else text))
                wanted = arguments(parameters)
                self.assertEqual(len(types), len(wanted))
                for number, (one, other) in enumerate(zip(types, wanted)):
                    self.assertTrue(same(one, other), f"argument {number}: {one}, not {other}")

    def test_none_is_missing(self):
        self.assertEqual(set(self.found) - set(declared()), LEFT_OUT)

    def test_a_wrong_declaration_is_noticed(self):
        self.assertEqual(arguments("struct geyser_texture *t, uint64_t value"),
                         [ctypes.c_void_p, ctypes.c_uint64])
        self.assertFalse(same(ctypes.c_uint32, arguments("uint64_t value")[0]))
        wanted = arguments("void (*callback)(int change, void *user), void *user")
        self.assertEqual(len(wanted), 2)
        self.assertFalse(same(_c.watch_callback, wanted[0]))


class Layouts(unittest.TestCase):
    """A compiled program prints sizes, offsets and values."""

    @classmethod
    def setUpClass(cls):
        compiler = shlex.split(os.environ.get("CC", "cc"))
        if not os.path.isdir(INCLUDE) or not shutil.which(compiler[0]):
            raise unittest.SkipTest("the headers or a C compiler are not here")
        lines = []
        for name, one in structs().items():
            lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
            for field in one._fields_:
                at = f"offsetof(struct {name}, {field[0]})"
                size = f"sizeof(((struct {name} *)0)->{field[0]})"
                lines.append(f'printf("{name}.{field[0]} %zu %zu\\n", {at}, {size});')
        for name in constants():
            lines.append(f'printf("{name} %lld\\n", (long long){name});')
        source = "#include <stddef.h>\n#include <stdio.h>\n"
        source += "".join(f"#include <geyser/{name}>\n" for name in HEADERS)
        source += "int main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n"
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "print")
            command = compiler + ["-std=c11", "-x", "c", "-I", INCLUDE, "-o", program, "-"]
            subprocess.run(command, input=source, text=True, check=True, timeout=60)
            output = subprocess.check_output([program], text=True, timeout=60)
        cls.printed = dict(line.split(" ", 1) for line in output.splitlines())

    def test_structs(self):
        self.assertGreater(len(structs()), 20)
        for name, one in structs().items():
            with self.subTest(name):
                self.assertEqual(int(self.printed[name]), ctypes.sizeof(one))
                for field in one._fields_:
                    at, key = getattr(one, field[0]), f"{name}.{field[0]}"
                    self.assertEqual(self.printed[key], f"{at.offset} {at.size}", key)

    def test_constants(self):
        for name, value in constants().items():
            with self.subTest(name):
                self.assertEqual(int(self.printed[name]), value)

    def test_no_enumerator_is_missing(self):
        names = set(re.findall(r"\b(GEYSER_[A-Z0-9_]+)\b", headers(keep_directives=True)))
        known = set(constants()) | NOT_ENUMERATORS
        for prefix in ENUMS.values():
            with self.subTest(prefix):
                self.assertEqual({name for name in names if name.startswith(prefix)} - known, set())

    def test_formats(self):
        for one in geyser.formats():
            name = "GEYSER_FORMAT_" + one.name.replace("-", "_").upper()
            for word in ("UNORM", "FLOAT", "UINT", "SINT", "UFLOAT"):
                name = re.sub(rf"(?<=\d){word}", f"_{word}", name)
            name = name.replace("24PLUS", "24_PLUS")
            with open(os.path.join(INCLUDE, "geyser", "format.h"), encoding="utf-8") as header:
                self.assertRegex(header.read(), rf"\b{name} = {one.number},")


class Results(unittest.TestCase):
    def test_every_result_has_an_exception(self):
        for result in errors.Result:
            if result:
                raised = errors.error(int(result), "words")
                self.assertIs(raised.result, result)
                self.assertEqual(str(raised), "words")
                self.assertIsInstance(raised, geyser.Error)
        self.assertIsNone(errors.error(-99, "words").result)
        self.assertIn("-99", str(errors.error(-99, "words")))

    def test_kinds_are_unique_integers(self):
        for kind in ENUMS:
            self.assertTrue(issubclass(kind, enum.IntEnum) or issubclass(kind, enum.IntFlag))


if __name__ == "__main__":
    unittest.main()

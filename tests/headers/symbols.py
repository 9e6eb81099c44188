#!/usr/bin/env python3
"""Checks that the shared library exports exactly the functions that the public headers declare
(TAP).

symbols.py INCLUDE_DIR SHARED_LIBRARY STATIC_LIBRARY HEADER...
"""

import os
import re
import subprocess
import sys

DECLARATION = re.compile(r"\bGEYSER_API\b[^;{(]*?\b(geyser_\w+)[ \t\n]*\(")

# Symbols that compilers generate for selectors, classes and blocks. Only the names of our classes
# could clash with another library's.
OBJECTIVE_C = re.compile(
    r"\.objc_sel_|_*(?:OBJC_(?:META)?CLASS_(?:\$_)?|objc_class_name_)Geyser"
    r"|_*OBJC_IVAR_\$_Geyser|__objc_class_ref_|__objc_ivar_offset_(?:value_)?Geyser"
    r"|_*(?:block_descriptor|copy_helper_block|destroy_helper_block)_"
)


def declared(text):
    """Returns the names of the functions that a header's text declares with GEYSER_API."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    return set(DECLARATION.findall(text))


def defined(library, dynamic):
    mac = sys.platform == "darwin"
    flags = ["-gU"] if mac else ["-D", "--defined-only"] if dynamic else ["-g", "--defined-only"]
    output = subprocess.run(
        ["nm", "-P"] + flags + [library], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    names = set()
    for line in output.splitlines():
        words = line.split()
        # Skip the headings for an archive's members, and the version node, which has type A.
        if len(words) < 2 or len(words[1]) != 1 or words[1] == "A":
            continue
        name = words[0].split("@")[0]
        names.add(name[1:] if mac and name.startswith("_") else name)
    return names


SELF_TEST = """
#define GEYSER_API __attribute__((visibility("default")))
/* GEYSER_API int geyser_in_comment(void); */
GEYSER_API const char *geyser_one(void);
GEYSER_API enum geyser_result geyser_two(
	struct geyser_thing *thing, void (*callback)(struct geyser_thing *));
typedef void geyser_callback(struct geyser_event *event);
"""


def main(include, shared, static, *names):
    texts = []
    for name in names:
        with open(os.path.join(include, "geyser", name), encoding="utf-8") as header:
            texts.append(header.read())
    public = set().union(*map(declared, texts))
    exported, archived = defined(shared, True), defined(static, False)
    unprefixed = {n for n in archived if not n.startswith(("geyser_", "gy_"))}
    unprefixed = {n for n in unprefixed if not OBJECTIVE_C.match(n)}
    results = (
        ("declarations are read right", declared(SELF_TEST) ^ {"geyser_one", "geyser_two"}),
        ("the headers declare functions", set() if public else {"none found"}),
        ("every declared function is exported", public - exported),
        ("nothing else is exported", exported - public),
        ("every declared function is in the static library", public - archived),
        ("the static library's symbols are geyser_ or gy_", unprefixed),
    )
    print(f"1..{len(results)}")
    for number, (name, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for symbol in sorted(wrong):
            print(f"# {symbol}")
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
"""Compiles each public header alone, as C11 and as C++17, with warnings as errors (TAP).

headers.py INCLUDE_DIR --headers NAME... --unbuilt NAME... --c COMPILER... --cpp COMPILER...

Headers listed after --unbuilt aren't compiled. A header in the folder that neither list names is a
failure, too.
"""

import os
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o", os.devnull]


def arguments(words):
    lists, current = {"": []}, ""
    for word in words:
        if word in ("--headers", "--unbuilt", "--c", "--cpp"):
            current = word
            lists[current] = []
        else:
            lists[current].append(word)
    return lists


def compiles(compiler, language, standard, include, text):
    command = compiler + WARNINGS + [f"-std={standard}", f"-I{include}", "-x", language, "-"]
    result = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )
    return result.returncode == 0, result.stdout


def report(number, passed, name, output=""):
    print(f"{'ok' if passed else 'not ok'} {number} - {name}")
    for line in output.splitlines():
        print(f"# {line}")
    return passed


def main(words):
    lists = arguments(words)
    include, headers = lists[""][0], lists["--headers"]
    present = {f for f in os.listdir(os.path.join(include, "geyser")) if f.endswith(".h")}
    languages = (("c", "c11", lists["--c"]), ("c++", "c++17", lists["--cpp"]))
    print(f"1..{len(headers) * 2 + 3}")
    different = present.symmetric_difference(headers + lists["--unbuilt"])
    good = [
        report(1, not different, "the list of headers is complete",
               f"different: {' '.join(sorted(different))}" if different else ""),
    ]
    for language, standard, compiler in languages:
        broken, _ = compiles(compiler, language, standard, include, "int f(void) { }\n")
        good.append(report(len(good) + 1, not broken, f"{standard}: a warning is an error"))
    for header in headers:
        for language, standard, compiler in languages:
            # The header is included twice to test its guard; the typedef avoids an empty file.
            text = f"#include <geyser/{header}>\n" * 2 + "typedef int not_empty;\n"
            passed, output = compiles(compiler, language, standard, include, text)
            good.append(report(len(good) + 1, passed, f"{header} alone as {standard}", output))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Runs every ```python block of the documentation (TAP): python_snippets.py ROOT.

A block is a program. What a comment before it says is run first, for names that the text doesn't
declare: `<!-- python: statements -->`; `import geyser` comes before all. One whose comment begins
with `needs MODULE..., CUDA` is run where these are. Where mypy is, it looks at each, too."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

BLOCK = re.compile(
    r"(?:<!-- python:(?P<given>(?:(?!-->).)*)-->\n)?^```python\n(?P<code>.*?)^```$", re.M | re.S
)
NEEDS = re.compile(r"\s*needs ([\w, ]+)(?:\n|$)")
LIMIT = 90  # seconds for one
HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS = ["--ignore-missing-imports", "--no-incremental", "--check-untyped-defs"]
OPTIONS += ["--scripts-are-modules"]

SELF_TEST = (
    ("```python\nassert geyser.version()\n```\n", True),
    ("```python\nassert not geyser.version()\n```\n", False),
    ("```python\nprint(missing)\n```\n", False),
    ("<!-- python: given = 1 -->\n```python\nprint(given)\n```\n", True),
    ("```python\nif\n```\n", False),
)
WRONG_TYPE = "```python\nif not geyser.version():\n    geyser.Handle.of(1).id.nothing\n```\n"


def environment():
    """Ours, with what the comments import."""
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), HERE]))
    return {**os.environ, "PYTHONPATH": path}


class Snippet(NamedTuple):
    path: str
    line: int
    needs: list
    source: str

    def missing(self):
        """What it needs that isn't here."""
        found = []
        for name in self.needs:
            if name == "CUDA":
                import geyser

                if not geyser.cuda.available():
                    found.append(name)
            elif importlib.util.find_spec(name) is None:
                found.append(name)
        return found

    def run(self):
        """(whether it ran, what it said)"""
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run(
                [sys.executable, "-W", "error", "-c", self.source], text=True, timeout=LIMIT,
                cwd=folder, env={**environment(), "XDG_RUNTIME_DIR": folder}, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        return result.returncode == 0, result.stdout


def snippets(text, path):
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        given, needs = match.group("given") or "", []
        found = NEEDS.match(given)
        if found:
            needs, given = found.group(1).replace(",", " ").split(), given[found.end() :]
        given = "\n".join(one.strip() for one in given.splitlines())
        yield Snippet(path, line, needs, f"import geyser\n{given}\n{match.group('code')}")


def documents(root):
    for folder in ("", "docs", "examples", "python"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def all_snippets(root):
    for path in documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as document:
            yield from snippets(document.read(), path)


def check_types(root, found):
    """What mypy says; "" if nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for one in found:
            name = re.sub(r"\W", "_", f"{one.path}_{one.line}") + ".py"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(one.source)
        result = subprocess.run(
            ["mypy", *OPTIONS, *sorted(os.listdir(folder))], cwd=folder, text=True,
            env={**os.environ, "MYPYPATH": f"{root}/python:{HERE}"}, timeout=2 * LIMIT,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
    return result.stdout if result.returncode else ""


class Report:
    def __init__(self):
        self.passed, self.number = True, 0

    def line(self, passed, name, output=""):
        self.number += 1
        self.passed &= passed
        print(f"{'ok' if passed else 'not ok'} {self.number} - {name}", flush=True)
        if not passed:
            print("".join(f"# {line}\n" for line in output.splitlines()), end="")


def report_types(report, root, found):
    if not shutil.which("mypy"):
        report.line(True, "types # SKIP mypy is not installed")
        return
    wrong = list(snippets(WRONG_TYPE, "text"))
    report.line("nothing" in check_types(root, wrong), "a wrong type is noticed")
    output = check_types(root, found)
    report.line(not output, "types", output)


def main(root):
    report = Report()
    for text, right in SELF_TEST:
        verdicts = [one.run()[0] for one in snippets(text, "text")]
        report.line(verdicts == [right], f"{text!r} passes: {right}".replace("#", ""))
    found = list(all_snippets(root))
    for one in found:
        missing, name = one.missing(), f"{one.path}:{one.line}"
        if missing:
            report.line(True, f"{name} # SKIP needs {', '.join(missing)}")
            continue
        passed, output = one.run()
        report.line(passed, name, output)
    report_types(report, root, found)
    report.line(len(found) > 0, f"{len(found)} snippets")
    print(f"1..{report.number}")
    return 0 if report.passed else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT")
    sys.exit(main(os.path.abspath(sys.argv[1])))

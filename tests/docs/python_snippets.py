#!/usr/bin/env python3
"""Runs every ```python block of the documentation (TAP): python_snippets.py ROOT.

A block is a program; `import geyser` comes before each. A comment `<!-- python: statements -->`
before a block gives statements that run first, for names that the text doesn't declare.

A comment that begins with `needs MODULE..., CUDA` limits a block to machines that have these.
Blocks of one document with `pair NAME publishes` and `pair NAME subscribes` run as two processes:
each publisher with each subscriber, in either order. Both must end well, and the subscriber must
print something. A block whose comment says `cell`, after the others, is a notebook's cell: it must
show a picture (notebook_cell.py), and needs IPython. If mypy is installed, it checks each block, too.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from typing import NamedTuple

BLOCK = re.compile(
    r"(?:<!-- python:(?P<given>(?:(?!-->).)*)-->\n)?^```python\n(?P<code>.*?)^```$", re.M | re.S
)
NEEDS = re.compile(r"\s*needs ([\w, ]+)(?:\n|$)")
PAIR = re.compile(r"\s*pair (\w+) (publishes|subscribes)(?:\n|$|\s)")
CELL = re.compile(r"\s*cell(?:\n|$)")
DEBIAN = {"cv2": "python3-opencv", "IPython": "python3-ipython", "numpy": "python3-numpy"}
LIMIT = 90  # seconds for one block
RUN_CELL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notebook_cell.py")
OPTIONS = ["--ignore-missing-imports", "--no-incremental", "--check-untyped-defs"]
OPTIONS += ["--scripts-are-modules"]

SELF_TEST = (
    ("```python\nassert geyser.version()\n```\n", True),
    ("```python\nassert not geyser.version()\n```\n", False),
    ("```python\nprint(missing)\n```\n", False),
    ("<!-- python: given = 1 -->\n```python\nprint(given)\n```\n", True),
    ("```python\nif\n```\n", False),
)
TEXTURE = "t = geyser.Manager('host').create_texture(4, 4, 'r8unorm')"
CELLS_SELF_TEST = (
    (f"<!-- python: cell\n{TEXTURE} -->\n```python\nt\n```\n", True),
    (f"<!-- python: cell\n{TEXTURE} -->\n```python\ndisplay(t)\n```\n", True),
    (f"<!-- python: cell\n{TEXTURE} -->\n```python\ndisplay(t)\nmissing\n```\n", False),
    ("<!-- python: cell -->\n```python\n4\n```\n", False),
)
# The publisher of the second pair sends nothing.
PAIRS_SELF_TEST = (
    (
        "<!-- python: pair a publishes -->\n```python\nwith geyser.publish('a', 4, 4) as p:\n"
        "    p.wait_for_subscribers()\n    p.send(bytes(64))\n    p.flush()\n```\n"
        "<!-- python: pair a subscribes -->\n```python\n"
        "for f in geyser.subscribe('a', connect_timeout=None):\n    print(f.sequence)\n```\n",
        True,
    ),
    (
        "<!-- python: pair a publishes -->\n```python\nwith geyser.publish('a', 4, 4) as p:\n"
        "    p.wait_for_subscribers()\n```\n"
        "<!-- python: pair a subscribes -->\n```python\n"
        "for f in geyser.subscribe('a', connect_timeout=None):\n    print(f.sequence)\n```\n",
        False,
    ),
)
WRONG_TYPE = "```python\nif not geyser.version():\n    geyser.Handle.of(1).id.nothing\n```\n"


class Snippet(NamedTuple):
    path: str
    line: int
    needs: list
    pair: tuple  # (document, name, "publishes" or "subscribes"), or ()
    source: str
    is_cell: bool

    def missing(self):
        """Returns the names of needed modules and devices that this machine lacks."""
        found = []
        for name in self.needs:
            if name == "CUDA":
                import geyser

                if not geyser.cuda.available():
                    found.append(name)
            elif importlib.util.find_spec(name) is None:
                found.append(f"{name} ({DEBIAN[name]})" if name in DEBIAN else name)
        return found

    def start(self, folder):
        # a cell may use IPython, whose warnings aren't ours
        how = ["-u", RUN_CELL] if self.is_cell else ["-W", "error", "-u", "-c"]
        return subprocess.Popen(
            [sys.executable, *how, self.source], text=True, cwd=folder,
            env={**os.environ, "GEYSER_RUNTIME_DIR": folder, "IPYTHONDIR": folder},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def run(self):
        """Runs the block. Returns whether it ended well, and its output."""
        with tempfile.TemporaryDirectory() as folder:
            return finish(self.start(folder))


def finish(process):
    """Waits for the process. Returns whether it ended well, and its output."""
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        return False, f"{output}it didn't end within {LIMIT} s"
    return process.returncode == 0, output


def is_waiting(process, folder):
    """Returns whether the process publishes a stream, or watches the registry for a publisher."""
    registry = os.path.join(folder, "geyser")
    if os.path.isdir(registry) and any(one.startswith("stream-") for one in os.listdir(registry)):
        return True
    descriptors = f"/proc/{process.pid}/fd"
    for number in os.listdir(descriptors):
        try:
            if "inotify" in os.readlink(os.path.join(descriptors, number)):
                return True
        except OSError:
            pass  # closed meanwhile
    return False


def run_pair(first, second):
    """Runs both blocks. Returns whether both ended well and the subscriber printed something, and
    the outputs.
    """
    with tempfile.TemporaryDirectory() as folder:
        one = first.start(folder)
        deadline = time.monotonic() + LIMIT
        while sys.platform == "linux" and one.poll() is None and not is_waiting(one, folder):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        both = [(first, one), (second, second.start(folder))]
        results = [(snippet, *finish(process)) for snippet, process in both]
    passed = all(right for _, right, _ in results)
    passed &= any(output for snippet, _, output in results if snippet.pair[2] == "subscribes")
    return passed, "".join(f"{snippet.line}: {output}\n" for snippet, _, output in results)


def pairs(found):
    """Yields each publisher with each subscriber of its pair, in both orders."""
    for one in found:
        for other in found:
            if one.pair and one.pair != other.pair and one.pair[:2] == other.pair[:2]:
                yield one, other


def snippets(text, path):
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        given, needs = match.group("given") or "", []
        found = NEEDS.match(given)
        if found:
            needs, given = found.group(1).replace(",", " ").split(), given[found.end() :]
        paired = PAIR.match(given)
        pair = (path, *paired.groups()) if paired else ()
        given = given[paired.end() :] if paired else given
        cell = CELL.match(given)
        needs += ["IPython"] if cell else []
        given = textwrap.dedent(given[cell.end() :] if cell else given.lstrip())
        source = f"import geyser\n{given}\n{match.group('code')}"
        yield Snippet(path, line, needs, pair, source, cell is not None)


def documents(root):
    for folder in ("", "docs", "docs/development", "examples", "python"):
        for name in sorted(os.listdir(os.path.join(root, folder))):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def all_snippets(root):
    for path in documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as document:
            yield from snippets(document.read(), path)


def check_types(root, found):
    """Returns mypy's complaints about the blocks, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        for one in found:
            name = re.sub(r"\W", "_", f"{one.path}_{one.line}") + ".py"
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(one.source)
        result = subprocess.run(
            ["mypy", *OPTIONS, *sorted(os.listdir(folder))], cwd=folder, text=True,
            env={**os.environ, "MYPYPATH": f"{root}/python"}, timeout=2 * LIMIT,
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
    for text, right in PAIRS_SELF_TEST:
        verdicts = {run_pair(*both)[0] for both in pairs(list(snippets(text, "text")))}
        report.line(verdicts == {right}, f"{text!r} passes as two: {right}".replace("#", ""))
    has_ipython = importlib.util.find_spec("IPython") is not None
    for text, right in SELF_TEST + (CELLS_SELF_TEST if has_ipython else ()):
        verdicts = [one.run()[0] for one in snippets(text, "text")]
        report.line(verdicts == [right], f"{text!r} passes: {right}".replace("#", ""))
    found = list(all_snippets(root))
    for one in (one for one in found if not one.pair):
        missing, name = one.missing(), f"{one.path}:{one.line}"
        if missing:
            report.line(True, f"{name} # SKIP needs {', '.join(missing)}")
            continue
        passed, output = one.run()
        report.line(passed, name, output)
    both = list(pairs(found))
    for one, other in both:
        missing, name = one.missing(), f"{one.path}:{one.line}, then {other.line}"
        if missing:
            report.line(True, f"{name} # SKIP needs {', '.join(missing)}")
            continue
        passed, output = run_pair(one, other)
        report.line(passed, name, output)
    alone = [one for one in found if one.pair and all(one not in two for two in both)]
    report.line(not alone, "each half of a pair has the other", repr(alone))
    report_types(report, root, found)
    report.line(len(found) > 0, f"{len(found)} snippets")
    print(f"1..{report.number}")
    return 0 if report.passed else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT")
    sys.exit(main(os.path.abspath(sys.argv[1])))

#!/usr/bin/env python3
"""Does what the pages tell a reader to type (TAP): walks.py ROOT BUILD.

A walk is a group of ```sh blocks of one page. The comment before a block names the walk and says
who types the block: `<!-- sh: NAME, first -->` is typed before all else, `<!-- sh: NAME, one -->`
in one terminal and `<!-- sh: NAME, two -->` in another one. A block under `<!-- file: PATH -->` is
saved under that name before any walk of the page begins.

A walk that types `gst-launch-1.0` is left out where GStreamer or the plug-in isn't there. GStreamer
writes what it knows of its plug-ins into the walk's folder.

A walk that types `geyser view` has a screen that nobody sees. When the window shows a picture, its
user presses q. Where there is no such screen, or no window, that line isn't typed.

Terminal two begins once terminal one has published or shared something, or has ended. If a comment
says `<!-- sh: NAME, two, any order -->`, terminal two is also tried first. The second terminal's
commands must all succeed. Then the first terminal gets Ctrl-C if it is still busy; its commands
must succeed or be ended by that.
Every other ```sh block of the pages must at least be what bash can read."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import NamedTuple

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))
import display  # noqa: E402
import python_snippets  # noqa: E402

BLOCK = re.compile(
    r"(?:^<!-- (?P<kind>sh|file): (?P<given>[^\n]*?) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.M | re.S,
)
WHO = ("first", "one", "two")
ANY_ORDER = "any order"
LIMIT = 90  # seconds for one
INTERRUPTED = (0, -signal.SIGINT, 128 + signal.SIGINT)

ONE = "<!-- sh: a, one -->\n```sh\n%s\n```\n"
TWO = "<!-- sh: a, two -->\n```sh\n%s\n```\n"
SELF_TEST = (
    (ONE % "geyser send a" + TWO % "true", True),
    (ONE % "true" + TWO % "true", True),
    (ONE % "geyser send a" + TWO % "false\ntrue", False),
    (ONE % "exit 3" + TWO % "true", False),
    ("<!-- sh: a, first -->\n```sh\ntouch b\n```\n" + TWO % "[ -e b ]", True),
    ("<!-- sh: a, first -->\n```sh\nfalse\n```\n" + TWO % "true", False),
    ("<!-- file: b.c -->\n```c\nint main(void) { return 0; }\n```\n" + TWO % "cc b.c && ./a.out", True),
    (TWO % "cc b.c && ./a.out", False),
    (TWO % "echo $(geyser --version) | grep .", True),
    (ONE % "geyser send a" + TWO % "geyser recv a --frames 1 --connect-timeout 0", True),
    (ONE % "geyser send a" + TWO % "geyser recv b --frames 1 --connect-timeout 0", False),
    (ONE % "geyser send a" + TWO % "geyser view a", True),
    ("```sh\ngeyser | sort\n```\n", True),
    ("```sh\ngeyser |\n```\n", False),
    ("<!-- sh: a, three -->\n```sh\ntrue\n```\n", False),
)


class Page(NamedTuple):
    path: str
    files: dict  # name to content
    walks: dict  # name to a dict of who types to a list of commands; ANY_ORDER is a key, too
    others: list  # (line, commands)
    wrong: list  # sentences


def read_page(text, path):
    page = Page(path, {}, {}, [], [])
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        code, given = match.group("code"), match.group("given")
        if match.group("kind") == "file":
            page.files[given] = code
        elif match.group("kind") == "sh":
            name, who, *more = [*given.split(", "), ""][:4]
            if who in WHO and more in ([""], [ANY_ORDER, ""]) and match.group("language") == "sh":
                walk = page.walks.setdefault(name, {})
                walk.setdefault(who, []).append(code)
                walk.update({ANY_ORDER: []} if more[0] else {})
            else:
                page.wrong.append(f"{path}:{line}: sh: {given}: say NAME, {' or '.join(WHO)}")
        elif match.group("language") == "sh":
            page.others.append((line, code))
    return page


class Terminal:
    def __init__(self, commands, folder, environment):
        self.process = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(commands)], cwd=folder, text=True,
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )

    def finish(self):
        """(exit status, what it said)"""
        try:
            output, _ = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            output, _ = self.process.communicate()
            return 1, f"{output}it didn't end within {LIMIT} s"
        return self.process.returncode, output

    def wait_for_entry(self, registry):
        """Until there is a stream or an export, or this terminal has ended."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < deadline:
            names = os.listdir(registry) if os.path.isdir(registry) else []
            if any(one.startswith(("stream-", "id-")) for one in names):
                return
            time.sleep(0.01)

    def interrupt(self):
        """As Ctrl-C does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.finish()


def environment_of(root, build):
    """What a reader has after `. scripts/env` in the clone."""
    said = subprocess.run(
        ["sh", "-c", ". scripts/env && env -0"], cwd=root, stdout=subprocess.PIPE, check=True,
        env={**os.environ, "GEYSER_BUILD": build}, timeout=LIMIT, text=True,
    ).stdout
    return dict(line.split("=", 1) for line in said.split("\0") if line)


class Screen(display.Display):
    """A screen whose user closes each window that shows a picture."""

    # A window of 1280x720 is in the middle, and the dots of its text are two pixels.
    SIZE, TEXT, DOT = (1600, 900), (164, 94), 2

    def __init__(self):
        super().__init__(*self.SIZE)
        self.done = threading.Event()
        self.user = threading.Thread(target=self.close_windows)
        self.user.start()

    def close_windows(self):
        while not self.done.wait(0.1):
            if " fps, " in self.text(*self.TEXT, self.DOT):
                self.press("q")

    def __exit__(self, *reason):
        self.done.set()
        self.user.join(LIMIT)
        super().__exit__(*reason)


def has_window(environment):
    without = {key: value for key, value in environment.items() if "DISPLAY" not in key}
    said = subprocess.run(
        ["geyser", "view", "a"], env={**without, "SDL_VIDEODRIVER": "x11"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, text=True, check=False,
    ).stderr
    return "has no window" not in said and "isn't there" not in said


def has_plugin(environment):
    try:
        return not subprocess.run(
            ["gst-inspect-1.0", "--exists", "geysersink"], env=environment, timeout=LIMIT,
            stdin=subprocess.DEVNULL, check=False,
        ).returncode
    except FileNotFoundError:
        return False


def run_walk(page, walk, order, environment):
    """(whether all went well, what was said)"""
    if any("gst-launch-1.0 " in code for codes in walk.values() for code in codes):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**environment, "GST_REGISTRY": f"{folder}/registry.bin"}
            if not has_plugin(environment):
                return True, ""
            return run_typed(page, walk, order, environment)
    if not any("geyser view " in code for codes in walk.values() for code in codes):
        return run_typed(page, walk, order, environment)
    try:
        if not has_window(environment):
            raise unittest.SkipTest
        with Screen() as screen:
            return run_typed(page, walk, order, {**environment, **screen.environment})
    except unittest.SkipTest:
        typed = {
            who: [re.sub(r"^geyser view .*$", "", code, flags=re.M) for code in codes]
            for who, codes in walk.items()
        }
        return run_typed(page, typed, order, environment)


def run_typed(page, walk, order, environment):
    """(whether all went well, what was said)"""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/.registry")
        environment = {**environment, "GEYSER_RUNTIME_DIR": f"{folder}/.registry"}
        for name, content in page.files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(content)
        status, said = Terminal(walk.get("first", []), folder, environment).finish()
        if status:
            return False, f"{said}first: exit status {status}"
        terminals = {}
        for who in order:
            terminals[who] = Terminal(walk.get(who, []), folder, environment)
            if who == "one" and order[0] == "one":
                terminals[who].wait_for_entry(f"{folder}/.registry/geyser")
        status, said = terminals["two"].finish()
        first_status, first_said = terminals["one"].interrupt()
    said = f"one: {first_said}\nexit status {first_status}\ntwo: {said}\nexit status {status}"
    return status == 0 and first_status in INTERRUPTED, said


def reads(code):
    """(whether bash can read it, what bash says)"""
    result = subprocess.run(
        ["bash", "-n"], input=code, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=LIMIT, check=False,
    )
    return result.returncode == 0, result.stdout


def results(page, environment):
    """(whether it is right, its name, what was said) for each walk and block of a page"""
    for name, walk in page.walks.items():
        for order in (("one", "two"), ("two", "one")) if ANY_ORDER in walk else (("one", "two"),):
            right, said = run_walk(page, walk, order, environment)
            yield right, f"{page.path}: {name}, terminal {order[0]} begins", said
    for line, code in page.others:
        right, said = reads(code)
        yield right, f"{page.path}:{line}", said
    for sentence in page.wrong:
        yield False, page.path, sentence


def main(root, build):
    report, environment = python_snippets.Report(), environment_of(root, build)
    for text, right in SELF_TEST:
        verdicts = [one[0] for one in results(read_page(text, "text"), environment)]
        passed = bool(verdicts) and all(verdicts) == right
        report.line(passed, f"{text!r} is right: {right}".replace("#", ""))
    walks = 0
    for path in python_snippets.documents(root):
        with open(os.path.join(root, path), encoding="utf-8") as document:
            page = read_page(document.read(), path)
        walks += len(page.walks)
        for right, name, said in results(page, environment):
            report.line(right, name, said)
    report.line(walks > 0, f"{walks} walks")
    print(f"1..{report.number}")
    return 0 if report.passed else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} ROOT BUILD")
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))

#!/usr/bin/env python3
"""Does what the pages tell a reader to type (TAP): walks.py ROOT BUILD.

A walk is a group of ```sh blocks of one page. The comment before a block names the walk and says
who types the block: `<!-- sh: NAME, first -->` is typed before all else, `<!-- sh: NAME, one -->`
in one terminal and `<!-- sh: NAME, two -->` in another one. A comment `<!-- sh: NAME, two: LINES -->`
without a block is typed, too, but a reader doesn't see it: such lines check what came out, or stand
for a publisher that the page leaves to the reader. A block under `<!-- file: PATH -->` is saved
under that name before any walk of the page begins.

A walk that types `geyser view` has a screen that nobody sees. When the window shows a picture, its
user presses q. Where there is no such screen, or no window, that line isn't typed.

Terminal two begins once terminal one has published or shared something, or has ended. If a comment
says `<!-- sh: NAME, two, any order -->`, terminal two is also tried first. The second terminal's
commands must all succeed. Then the first terminal gets Ctrl-C if it is still busy; its commands
must succeed or be ended by that. `<!-- sh: NAME, one, any end -->` says that a program in the first
terminal has other statuses after Ctrl-C, as ffmpeg has.

A walk is skipped if a program, or an element of GStreamer's, of NEEDS is in its lines and isn't
installed. A walk whose lines name one of ON_A_SCREEN gets an Xvfb of its own. The lines are typed as
the page has them but for one thing: STAND_INS take the place of the camera, since a test neither
relies on a camera nor switches one on.

Every other ```sh block of the pages must at least be what bash can read."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

import python_snippets
import screens

BLOCK = re.compile(
    r"(?:^<!-- (?P<kind>sh|file): (?P<given>[^\n]*?) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$"
    r"|^<!-- sh: (?P<unseen_given>[^\n:]*):\s(?P<unseen>(?:(?!-->).)*) -->$",
    re.M | re.S,
)
COMMENT = re.compile(r"^<!-- (?:sh|file):", re.M)
WHO = ("first", "one", "two")
ANY_ORDER, ANY_END = "any order", "any end"
LIMIT = 90  # seconds for one
OVERDUE = "none"  # the exit status of what was killed
INTERRUPTED = (0, -signal.SIGINT, 128 + signal.SIGINT)

PLUGIN = "geyser's plug-in for GStreamer: build geyser with libgstreamer-plugins-base1.0-dev"
NEEDS = {  # what Debian has it in
    "autovideosink": "gstreamer1.0-plugins-good",
    "geysersink": PLUGIN,
    "geysersrc": PLUGIN,
    "gst-launch-1.0": "gstreamer1.0-tools",
    "mpv": "mpv",
    "pngenc": "gstreamer1.0-plugins-good",
    "videoconvert": "gstreamer1.0-plugins-base",
    "videotestsrc": "gstreamer1.0-plugins-base",
    "vp8enc": "gstreamer1.0-plugins-good",
    "webmmux": "gstreamer1.0-plugins-good",
    "ximagesrc": "gstreamer1.0-plugins-good",
    "xdotool": "xdotool",
    "Xvfb": "xvfb",
}
ON_A_SCREEN = {"autovideosink", "ffplay", "mpv", "x11grab", "ximagesrc"}
STAND_INS = {
    "v4l2src": "videotestsrc is-live=true",
    "-f v4l2 -i /dev/video0": "-re -f lavfi -i testsrc2=size=320x180:rate=30",
}
VIEW = re.compile(r"^geyser view .*$", re.M)
WORD = re.compile(r"[\w.-]+")

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
    ("<!-- sh: a, one: touch b -->\n\n<!-- sh: a, two:\n[ -e b ]\ntrue -->\n", True),
    (TWO % "touch b" + "\n<!-- sh: a, two: [ -e c ] -->\n", False),
    ("<!-- sh: a, two:\ntrue\n[ -e c ] -->\n", False),
    (TWO % "true" + "\n<!-- sh: a, three: true -->\n", False),
    (TWO % "true" + "\n<!-- sh: a, two -->\ntrue\n", False),
    (TWO % "true" + "\n<!-- sh: a, two:true -->\n", False),
    (ONE % "trap 'exit 9' INT; geyser send a" + TWO % "true", False),
    ((ONE % "trap 'exit 9' INT; geyser send a").replace("one", "one, any end") + TWO % "true", True),
    ((ONE % "exit 9").replace("one", "one, any end") + TWO % "true", False),
    (TWO % 'grep -q . <<<"$DISPLAY$MPV_HOME" # x11grab', True),
    (TWO % "echo v4l2src | grep -x 'videotestsrc is-live=true'", True),
    ("```sh\ngeyser | sort\n```\n", True),
    ("```sh\ngeyser |\n```\n", False),
    ("<!-- sh: a, three -->\n```sh\ntrue\n```\n", False),
)


class Walk:
    """Who types what, and what is said about it."""

    def __init__(self):
        self.commands = {who: [] for who in WHO}
        self.said = set()  # of ANY_ORDER, ANY_END
        self.substitutes = []

    def add(self, who, code):
        for name, other in STAND_INS.items():
            if name in code:
                code = code.replace(name, other)
                self.substitutes.append(f"{other} for {name}")
        self.commands[who].append(code)

    def words(self):
        return {word for who in WHO for code in self.commands[who] for word in WORD.findall(code)}

    def has_view(self):
        return any(VIEW.search(code) for who in WHO for code in self.commands[who])

    def leave_out_view(self):
        for who in WHO:
            self.commands[who] = [VIEW.sub("", code) for code in self.commands[who]]

    def screen(self):
        """The kind of screen that the walk needs, or None."""
        if self.has_view():
            return screens.ScreenWithUser
        return screens.Screen if self.words() & ON_A_SCREEN else None

    def missing(self, environment):
        """What isn't installed: sentences."""
        names = self.words() | ({"Xvfb", "xdotool"} if self.screen() else set())
        return [
            f"{name} ({NEEDS[name]})"
            for name in sorted(names & NEEDS.keys())
            if not is_installed(name, environment)
        ]


class Page(NamedTuple):
    path: str
    files: dict  # name to content
    walks: dict  # name to Walk
    others: list  # (line, commands)
    wrong: list  # sentences


def is_installed(name, environment):
    """Whether there is a program, or an element of GStreamer's, of that name."""
    if shutil.which(name, path=environment["PATH"]):
        return True
    if not shutil.which("gst-inspect-1.0", path=environment["PATH"]):
        return False
    # by itself --exists asks for a version as high as GStreamer's own
    command = ["gst-inspect-1.0", "--exists", "--atleast-version=0.0", name]
    return subprocess.run(command, env=environment, timeout=LIMIT, check=False).returncode == 0


def read_page(text, path):
    page = Page(path, {}, {}, [], [])
    unread = {match.start() for match in COMMENT.finditer(text)}
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, max(match.start(), match.start("code"))) + 1
        given, language = match.group("given"), match.group("language")
        unread.discard(match.start())
        if match.group("kind") == "file":
            page.files[given] = match.group("code")
        elif match.group("kind") == "sh" or match.group("unseen"):
            given = given or match.group("unseen_given")
            name, who, *more = given.split(", ") if ", " in given else (given, "")
            if who in WHO and {*more} <= {ANY_ORDER, ANY_END} and language in ("sh", None):
                walk = page.walks.setdefault(name, Walk())
                walk.add(who, match.group("code") or match.group("unseen"))
                walk.said.update(more)
            else:
                page.wrong.append(f"{path}:{line}: sh: {given}: say NAME, {' or '.join(WHO)}")
        elif language == "sh":
            page.others.append((line, match.group("code")))
    for start in sorted(unread):
        line = text.count("\n", 0, start) + 1
        page.wrong.append(f"{path}:{line}: a comment without a block: say <!-- sh: NAME, WHO: LINES -->")
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
            return OVERDUE, f"{output}it didn't end within {LIMIT} s"
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
        """As Ctrl-C does. (whether it was busy, exit status, what it said)"""
        busy = self.process.poll() is None
        if busy:
            os.killpg(self.process.pid, signal.SIGINT)
        return busy, *self.finish()


def environment_of(root, build, registry):
    """What a reader has after `. scripts/env` in the clone. GStreamer's list of plug-ins isn't the
    reader's: `registry` is its file.
    """
    said = subprocess.run(
        ["sh", "-c", ". scripts/env && env -0"], cwd=root, stdout=subprocess.PIPE, check=True,
        env={**os.environ, "GEYSER_BUILD": build, "GST_REGISTRY": registry}, timeout=LIMIT, text=True,
    ).stdout
    return dict(line.split("=", 1) for line in said.split("\0") if line)


def run_walk(page, walk, order, environment):
    """(whether all went well, what was said)"""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        os.mkdir(f"{folder}/.registry")
        environment = {**environment, "GEYSER_RUNTIME_DIR": f"{folder}/.registry"}
        screen = walk.screen()
        if screen:
            environment.update(stack.enter_context(screen()).environment)
        for name, content in page.files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(content)
        status, said = Terminal(walk.commands["first"], folder, environment).finish()
        if status:
            return False, f"{said}first: exit status {status}"
        terminals = {}
        for who in order:
            terminals[who] = Terminal(walk.commands[who], folder, environment)
            if who == "one" and order[0] == "one":
                terminals[who].wait_for_entry(f"{folder}/.registry/geyser")
        status, said = terminals["two"].finish()
        was_busy, first_status, first_said = terminals["one"].interrupt()
    said = f"one: {first_said}\nexit status {first_status}\ntwo: {said}\nexit status {status}"
    any_end = was_busy and ANY_END in walk.said and first_status != OVERDUE
    return status == 0 and (any_end or first_status in INTERRUPTED), said


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
        if walk.has_view() and not screens.has_window(environment):
            walk.leave_out_view()
        missing = walk.missing(environment)
        if missing:
            yield True, f"{page.path}: {name} # SKIP needs {', '.join(missing)}", ""
            continue
        name += f", with {', '.join(walk.substitutes)}" if walk.substitutes else ""
        orders = (("one", "two"), ("two", "one"))[: 1 + (ANY_ORDER in walk.said)]
        for order in orders:
            right, said = run_walk(page, walk, order, environment)
            yield right, f"{page.path}: {name}, terminal {order[0]} begins", said
    for line, code in page.others:
        right, said = reads(code)
        yield right, f"{page.path}:{line}", said
    for sentence in page.wrong:
        yield False, page.path, sentence


def run_all(root, environment):
    report = python_snippets.Report()
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


def main(root, build):
    with tempfile.TemporaryDirectory() as folder:
        return run_all(root, environment_of(root, build, f"{folder}/registry"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} ROOT BUILD")
    sys.exit(main(*map(os.path.abspath, sys.argv[1:])))

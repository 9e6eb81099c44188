#!/usr/bin/env python3
"""The manual pages and what shells complete: manual_cli.py GEYSER. Prints TAP. Each wait has a
limit. A test whose tool isn't installed is skipped; scripts/setup installs all of them."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import (  # noqa: E402
    GEYSER, LIMIT, Running, commands, geyser, run_all, succeed, write,
)
from streams_cli import line, sending  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "cli", "completions")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def options(*command):
    """Returns the options in the help of a command, or of the program: {"-s", "--size", ...}."""
    text = succeed(*command, "--help").decode()
    rows = re.findall(r"^  (?:-., |    )?--.*", text, re.M)
    return {word for row in rows for word in re.findall(r"(?<![^ ])(-\w|--[\w-]+)", row[:30])}


def tool(*command, data=b""):
    """Returns what a tool printed on both streams, or skips the test."""
    if not shutil.which(command[0]):
        raise unittest.SkipTest(f"{command[0]} is missing")
    result = subprocess.run(
        command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
        check=False,
    )
    assert result.returncode == 0, (command, result.stdout.decode())
    return result.stdout.decode()


def pages():
    """Returns the names of the manual pages, with what they are made of."""
    sources = {f"geyser-{command}": succeed("help", "--scdoc", command) for command in commands()}
    return {"geyser": succeed("help", "--scdoc"), **sources}


def page(name, source):
    """Makes the page in the current directory and returns its path."""
    return write(f"{name}.1", tool("scdoc", data=source).encode())


def read_page(path):
    return re.sub(".\b", "", tool("mandoc", "-Tutf8", "-Owidth=500", path))


def choices(*words):
    """Returns what the program offers in place of the last word, or None for names of files."""
    result = geyser("help", "--complete", *words)
    assert result.stderr == b"" and result.returncode in (0, 1), (words, result)
    assert result.returncode == 0 or result.stdout == b"", (words, result)
    lines = [row.split("\t")[0] for row in result.stdout.decode().splitlines()]
    return lines if result.returncode == 0 else None


# ---- manual pages ----


@test
def pages_hold_all_of_the_help():
    for name, source in pages().items():
        command = name.split("-")[1:]
        text = source.decode()
        assert options(*command) and "--help" in options(*command)
        missing = {word for word in options(*command) if f"*{word}*" not in text}
        assert not missing, (name, missing)
        for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
            assert text.count(f"\n# {heading}\n\n") == 1, (name, heading)
        assert not re.search(r"\{[a-z0-9-]+( [a-z]+)*\}", text), text  # a list without its words
    overview = pages()["geyser"].decode()
    assert all(f"*geyser-{command}*(1)" in overview for command in commands())
    variables = re.findall(r"^  ([A-Z_]{4,}) ", succeed("--help").decode(), re.M)
    assert len(variables) > 4
    assert all(f"*{name}*" in overview.replace("\\", "") for name in variables)


@test
def pages_name_pages_that_exist():
    known = pages()
    for name, source in known.items():
        also = source.decode().split("# SEE ALSO\n\n")[1]
        named = set(re.findall(r"\*(geyser[a-z-]*)\*", source.decode()))
        assert {word for word in named if "-" in word} <= set(known), (name, named)
        assert f"*{name}*" not in also, also


@test
def pages_have_no_warnings():
    """A page of scdoc's has empty paragraphs, of which mandoc always warns."""
    for name, source in pages().items():
        path = page(name, source)
        checked = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", path], stdout=subprocess.PIPE, timeout=LIMIT,
            check=False,
        ) if shutil.which("mandoc") else None
        found = checked.stdout.decode().splitlines() if checked else []
        found = [row for row in found if "skipping paragraph macro: PP " not in row]
        assert not found, found
        if sys.platform == "linux" and shutil.which("man"):
            shown = subprocess.run(
                ["man", "-l", "--warnings", "-E", "UTF-8", path], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=LIMIT, check=True, env={**os.environ, "MANPAGER": "cat"},
            )
            assert shown.stderr == b"" and b"EXIT STATUS" in shown.stdout, (name, shown)


@test
def lines_of_help_are_full():
    """No line ends long before the next word would: such text has been wrapped twice."""
    for command in ([], *([command] for command in commands())):
        rows = succeed(*command, "--help").decode().splitlines()
        assert max(map(len, rows)) < 80, command
        for row, after in zip(rows, rows[1:]):
            if row and after and row[0] != " " and after[0] != " ":
                assert len(f"{row} {after.split()[0]}") > 72, (command, row, after)


@test
def a_page_reads_as_its_help():
    text = read_page(page("geyser-event", pages()["geyser-event"]))
    usage = succeed("event", "--help").decode().split("\n\n")[0].replace("usage: ", "")
    rows = [row.strip() for row in text.splitlines()]
    assert all(row.strip() in rows for row in usage.splitlines()), text
    assert "geyser event wait 0x1a2b3c4d 1 --timeout 10 && echo ready" in rows
    assert "-t, --timeout S" in rows and "-i, --initial N" in rows
    grab = read_page(page("geyser-grab", pages()["geyser-grab"]))
    assert "geyser grab [OPTION]... HANDLE|ID OUT.png|OUT.raw|-" in grab, grab
    assert "auto, host, vulkan or metal: see geyser(1)" in grab
    recv = read_page(page("geyser-recv", pages()["geyser-recv"]))
    assert "--raw, --y4m, --png\n" in recv and "frame-%05d.png: a PNG for each" in recv
    assert re.search(r"\n +1\n+ +it failed or its sender died \(stderr says why\)\n", recv), recv
    overview = read_page(page("geyser", pages()["geyser"]))
    assert "BACKENDS\n" in overview and "FILES\n" in overview and "\\" not in overview


@test
def a_page_of_no_command_is_refused():
    result = geyser("help", "--scdoc", "gras")
    assert result.returncode == 2 and b"did you mean grab?" in result.stderr, result


# ---- what is offered ----


@test
def commands_and_options_are_offered():
    assert choices("") == [*commands(), "help"] == choices("s")
    assert choices("help", "") == commands()
    assert set(choices("-")) == options() == {"-h", "--help", "-V", "--version"}
    for command in commands():
        assert set(choices(command, "-")) == options(command), command
        for row in succeed("help", "--complete", command, "--").decode().splitlines():
            assert re.match(r"--?[\w-]+\t[^\t]{8,}$", row), row
    assert choices() == choices("nonsense", "") == choices("help", "send", "") == []


@test
def values_are_offered():
    formats = choices("send", "x", "--format", "")
    assert {"nv12", "rgba8unorm-srgb"} <= set(formats) and len(formats) > 30
    shown = succeed("info", "--formats").decode()
    assert all(re.search(rf"^ *{name} ", shown, re.M) for name in formats)
    backends = choices("grab", "--backend", "")
    assert backends[:2] == ["auto", "host"] and choices("info", "-tB", "") == backends[1:]
    assert choices("recv", "x", "--filter", "") == ["nearest", "bilinear", "box"]
    assert choices("send", "x", "-p", "") == ["bars", "ramp", "noise", "clock"]
    assert {"hd720", "4k"} <= set(choices("send", "--size", "hd"))
    assert choices("send", "--filt=") == []  # send has no such option
    assert choices("recv", "--filt=b") == [f"--filt={word}" for word in ("nearest", "bilinear", "box")]
    assert "bt709,full" in choices("send", "x", "--color", "bt709,f")
    assert "--color=bt709,hlg,full" in choices("send", "x", "--color=bt709,hlg,")
    assert choices("send", "x", "--frames", "") == choices("send", "x", "-a", "") == []
    assert choices("recv", "x", "-o", "") is choices("demo", "--keep=") is None
    # Each value that is offered is one that the program takes.
    for option, words in (("--format", formats), ("--backend", backends)):
        for word in words:
            assert b"unknown" not in geyser("send", option, word).stderr, word


@test
def arguments_are_offered():
    assert choices("share", "") is choices("share", "-H", "pic") is None
    assert choices("send", "") == choices("list", "") == choices("recv", "a", "") == []
    assert choices("play", "") is choices("replay", "") is None
    assert choices("play", "a", "") == choices("replay", "a", "b", "") == []
    assert choices("play", "a", "b", "") == choices("record", "a", "b", "") == []
    assert choices("record", "") == [] and choices("record", "a", "") is None
    assert choices("recv", "--", "-") == choices("recv", "") == []
    assert choices("event", "") == ["create", "signal", "wait", "value"]
    assert choices("grab", "0x1", "") is None
    write("in.png", png.encode(2, 2, 8, 6, bytes(16)))
    with sending("cam"), sending("zoë's cam"):
        assert choices("recv", "") == ["cam", "zoë's cam"] == choices("recv", "--every", "ca")
        assert choices("recv", "-n", "") == []
        assert choices("recv", "-n", "3", "") == ["cam", "zoë's cam"] == choices("recv", "-n3", "")
    with Running("share", "--print-id", "in.png") as share:
        with Running("event", "create", "--print-id") as event:
            picture, number = line(share.process.stdout), line(event.process.stdout)
            assert choices("grab", "") == [picture] and choices("event", "wait", "") == [number]
            assert choices("event", "wait", number, "") == []


@test
def offers_come_at_once_and_in_silence():
    with sending("cam") as sender:
        sender.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, sender.process.pid, os.WSTOPPED)
        begin = time.monotonic()
        assert choices("recv", "") == ["cam"]
        assert time.monotonic() - begin < LIMIT / 8  # no program is asked
        sender.send_signal(signal.SIGCONT)
    directory = os.environ["GEYSER_RUNTIME_DIR"]
    for wrong in ("/nowhere", "not absolute"):
        os.environ["GEYSER_RUNTIME_DIR"] = wrong
        try:
            assert choices("recv", "") == choices("grab", "") == choices("event", "wait", "") == []
        finally:
            os.environ["GEYSER_RUNTIME_DIR"] = directory


# ---- shells ----


def environment(**more):
    """Returns an environment in which shells find the program, and no files of this user's."""
    path = os.path.dirname(GEYSER) + ":" + os.environ["PATH"]
    return {**os.environ, "PATH": path, "HOME": os.getcwd(), "TERM": "dumb", **more}


class Shell:
    """An interactive shell on a terminal."""

    def __init__(self, *command, **variables):
        if not shutil.which(command[0]):
            raise unittest.SkipTest(f"{command[0]} is missing")
        try:
            self.pid, self.fd = pty.fork()
        except OSError as error:
            raise unittest.SkipTest(f"no terminals here: {error}") from error
        if self.pid == 0:
            os.execvpe(command[0], command, environment(**variables))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def type(self, keys, words):
        """Types the keys and reads until the words appear."""
        os.write(self.fd, keys.encode())
        text = b""
        while words.encode() not in text:
            assert select.select([self.fd], [], [], LIMIT)[0], (keys, text)
            text += os.read(self.fd, 4096)
        return text.decode()


def bash(typed, *words):
    """Returns what bash would offer, by the function of the script. words are how bash has split
    the line."""
    script = (
        'source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; shift 2; COMP_WORDS=("$@")\n'
        'COMP_CWORD=$(($# - 1)); _geyser 2>&1; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return subprocess.run(
        ["bash", "--norc", "-c", script, "bash", f"{SCRIPTS}/geyser.bash", typed, *words],
        stdout=subprocess.PIPE, timeout=LIMIT, check=True, env=environment(),
    ).stdout.decode().splitlines()


@test
def bash_offers_all():
    assert bash("geyser ", "geyser", "") == [*commands(), "help"]
    assert bash("geyser -", "geyser", "-") == choices("-")
    for command in commands():
        assert set(bash(f"geyser {command} -", "geyser", command, "-")) == options(command)
    assert bash("geyser s", "geyser", "s") == [c for c in commands() if c[0] == "s"]
    assert bash(f"{GEYSER} dem", GEYSER, "dem") == ["demo"]
    assert bash("geyser share p", "geyser", "share", "p") == [""]  # names of files


@test
def bash_offers_parts_of_split_words():
    typed = "geyser recv x --filter="
    assert bash(typed, "geyser", "recv", "x", "--filter", "=") == ["nearest", "bilinear", "box"]
    typed += "bo"
    assert bash(typed, "geyser", "recv", "x", "--filter", "=", "bo") == ["box"]
    assert bash("geyser send --color pq,fu", "geyser", "send", "--color", "pq,fu") == ["pq,full"]
    with sending("a:cam"), sending("my $cam"):
        assert bash("geyser recv ", "geyser", "recv", "") == ["a:cam", r"my\ \$cam"]
        assert bash("geyser recv a:", "geyser", "recv", "a", ":") == ["cam"]
        assert bash("geyser recv a:ca", "geyser", "recv", "a", ":", "ca") == ["cam"]
        assert bash(r"geyser recv my\ ", "geyser", "recv", r"my\ ") == [r"my\ \$cam"]
        assert bash("geyser recv 'my ", "geyser", "recv", "'my ") == ["my $cam"]


# A name that would run a command if a shell read it as words.
HOSTILE = """my $(touch hit) `touch hit` "it's" !$ \\ & x"""
# As the shell's user has it: what the program gets, each argument in brackets.
SHOW = 'g() { if [ "$1" = help ]; then geyser "$@"; else printf "<%s>" "$@"; echo; fi; }; '


@test
def bash_quotes_what_it_inserts():
    script = f"{SCRIPTS}/geyser.bash"
    with sending(HOSTILE), Shell("bash", "--norc", "--noprofile", "-i", PS1="$ ") as shell:
        shell.type(f"{SHOW} source {script}; complete -F _geyser g; echo rea''dy\n", "ready")
        for quote in ("", '"', "'"):
            shell.type(f"g recv {quote}my\t\n", f"<recv><{HOSTILE}>")
    assert not os.path.exists("hit")


@test
def zsh_quotes_what_it_inserts():
    os.makedirs("functions", exist_ok=True)
    shutil.copy(f"{SCRIPTS}/geyser.zsh", "functions/_geyser")
    write(".zshrc", b"""
        PROMPT='$ '
        fpath=($HOME/functions $fpath)
        autoload -Uz compinit
        compinit -u -D
        compdef _geyser g
        %s
        print rea''dy
    """ % SHOW.encode())
    with sending(HOSTILE), Shell("zsh", "-d", ZDOTDIR=os.getcwd()) as shell:
        shell.type("", "ready")
        for quote in ("", '"', "'"):
            shell.type(f"g recv {quote}my\t\n", f"<recv><{HOSTILE}>")
    assert not os.path.exists("hit")


@test
def long_words_are_completed_whole():
    long = "--color=" + "pq," * 200
    assert choices("send", "x", long + "fu")[0].startswith(long)


@test
def bash_loads_the_completion():
    """Debian's bash-completion finds the script by the command's name."""
    if not os.path.exists(BASH_COMPLETION):
        raise unittest.SkipTest("bash-completion is missing")
    os.makedirs("user/completions", exist_ok=True)
    shutil.copy(f"{SCRIPTS}/geyser.bash", "user/completions/geyser")
    os.makedirs("only-one", exist_ok=True)
    variables = {"BASH_COMPLETION_USER_DIR": f"{os.getcwd()}/user", "PS1": "$ "}
    with Shell("bash", "--norc", "--noprofile", "-i", **variables) as shell:
        shell.type(f"source {BASH_COMPLETION}; echo rea''dy\n", "ready")
        shell.type("geyser help dem\t\n", "usage: geyser demo")
        shell.type("geyser share onl\t", "only-one/")


@test
def zsh_offers_all():
    os.makedirs("functions", exist_ok=True)
    shutil.copy(f"{SCRIPTS}/geyser.zsh", "functions/_geyser")
    tool("zsh", "-n", f"{SCRIPTS}/geyser.zsh")
    # Instead of showing matches, the key writes them to a file.
    write(".zshrc", rb"""
        PROMPT='$ '
        fpath=($HOME/functions $fpath)
        autoload -Uz compinit
        compinit -u -D
        probe() {
            compadd() {
                local -a hits
                if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
                    builtin compadd -O hits "$@"
                    print -rl -- $hits >>$HOME/hits
                fi
                builtin compadd "$@"
            }
            _main_complete
            unfunction compadd
            compstate[insert]= compstate[list]=
            print -n 'do''ne'
        }
        zle -C probe complete-word probe
        bindkey '^I' probe
        print rea''dy
    """)

    def offered(shell, typed):
        write("hits", b"")
        shell.type(f"{typed}\t", "done")
        shell.type("\x15", "")
        with open("hits", encoding="utf-8") as file:
            return [word for word in file.read().splitlines() if word]

    with Shell("zsh", "-d", ZDOTDIR=os.getcwd()) as shell, sending("my cam"), sending("a:b"):
        shell.type("", "ready")
        assert set(offered(shell, "geyser ")) == {*commands(), "help"}
        for command in commands():
            assert set(offered(shell, f"geyser {command} -")) == options(command), command
        assert set(offered(shell, "geyser recv ")) == {"my cam", "a:b"}
        assert offered(shell, "geyser recv --filter=bo") == ["--filter=box"]
        assert "functions" in offered(shell, "geyser share f")


@test
def fish_offers_all():
    script = f"{SCRIPTS}/geyser.fish"
    tool("fish", "--no-execute", script)

    def offered(typed):
        command = ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, typed]
        out = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, check=True,
            env=environment(),
        ).stdout.decode()
        return [row.split("\t")[0] for row in out.splitlines()]

    assert set(offered("geyser ")) == {*commands(), "help"}
    for command in commands():
        assert set(offered(f"geyser {command} -")) == options(command), command
    assert offered("GEYSER_BACKEND=host geyser dem") == ["demo"]
    assert offered("geyser recv x --filter=bo") == ["--filter=box"]
    with sending("my cam"):
        assert offered("geyser recv ") == ["my cam"]
    write("picture.png", b"")
    assert offered("geyser share pict") == ["picture.png"]
    assert offered("geyser share --raw=pict") == ["--raw=picture.png"]


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

#!/usr/bin/env python3
"""The program's messages, help and options: words_cli.py GEYSER. Prints TAP. Each wait has a
limit."""

import json
import os
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
import png  # noqa: E402  (beside this file)
from cli import (  # noqa: E402
    BACKEND, LIMIT, commands, fail, geyser, registry, run_all, succeed, write,
)
from streams_cli import SIZE, Running, Terminal, line, sending, streams  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def in_columns(text, width=80):
    for row in text.splitlines():
        assert len(row) <= width, (len(row), row)


# ---- 80 columns ----


@test
def help_fits():
    in_columns(succeed("--help").decode())
    for command in commands():
        text = succeed(command, "--help").decode()
        in_columns(text)
        assert text.startswith(f"usage: geyser {command}") and "  -h, --help" in text
        assert f"  {command} " in succeed("--help").decode()
        assert "ffmpeg -i" not in text, text  # without -nostdin it would stop in the background


@test
def each_option_is_in_the_manual():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "docs", "cli.md"), encoding="utf-8") as file:
        manual = file.read()
    for command in commands():
        section = re.search(rf"\n## geyser {command}\n(.*?)\n## ", manual, re.S).group(1)
        for option in re.findall(r"^ .*?(--[a-z-]+)", succeed(command, "--help").decode(), re.M):
            assert option == "--help" or option in section, (command, option)


@test
def what_this_machine_offers_fits():
    for arguments in (["info"], ["info", "--formats"], ["info", "--interop"]):
        in_columns("\n".join(
            row for row in succeed(*arguments).decode().splitlines()
            if not any(len(word) > 40 for word in row.split())  # a path isn't cut
        ))


@test
def tables_fit():
    with sending("a", "--application", "a program with a long name"), sending("n" * 63):
        for arguments in (["list"], ["top", "--interval", "0.05", "--count", "1"]):
            out = succeed(*arguments).decode()
            in_columns(out)
            assert "n" * 63 in out and "no room for" in out, out
            os.environ["COLUMNS"] = "300"
            out = succeed(*arguments).decode()
            del os.environ["COLUMNS"]
            assert "SUBSCRIBERS" in out and "no room" not in out, out
    with sending("cam"), sending("日本語の名前"):
        out = succeed("list").decode()
        in_columns(out)
        rows = [row for row in out.splitlines() if " 64x36 " in row]
        at = [sum(2 if ord(c) > 0x2e80 else 1 for c in row.split("64x36")[0]) for row in rows]
        assert len(rows) == 2 and at[0] == at[1], out


@test
def terminals_have_their_own_width():
    with sending("cam"):
        os.environ["COLUMNS"] = "300"  # a terminal's own width counts instead
        try:
            with Terminal("list", columns=40) as terminal:
                terminal.read_until(b"no room for")
                terminal.finish()
        finally:
            del os.environ["COLUMNS"]


@test
def empty_lists_say_so():
    words = f"no streams in {os.environ['GEYSER_RUNTIME_DIR']}/geyser\n"
    assert succeed("list").decode() == words
    assert succeed("top", "--interval", "0.05", "--count", "1").decode() == words + "\n"
    assert json.loads(succeed("list", "--json")) == []
    with Terminal("list", "--watch") as terminal:
        terminal.read_until(b"no streams in ")
        os.write(terminal.fd, b"\003")
        terminal.finish()


@test
def all_that_is_exported_is_listed():
    words = f"no textures or events in {os.environ['GEYSER_RUNTIME_DIR']}/geyser"
    assert words in succeed("list", "--all").decode()
    write("in.png", png.encode(2, 2, 8, 6, bytes(16)))
    with Running("share", "--once", "--json", "in.png") as share, sending("cam"):
        with Running("event", "create", "--print-id") as event:
            picture = json.loads(line(share.process.stdout))
            number = line(event.process.stdout)
            report = json.loads(succeed("list", "--all", "--json"))
            assert [stream["name"] for stream in report["streams"]] == ["cam"]
            exports = {row["id"]: row for row in report["exports"]}
            assert exports[picture["id"]] == {
                "id": picture["id"], "kind": "texture", "pid": share.process.pid,
                "backend": BACKEND, "handle": picture["handle"],
            }
            assert (exports[number]["kind"], exports[number]["pid"]) == ("event", event.process.pid)
            out = succeed("list", "--all").decode()
            in_columns(out)
            assert re.search(rf"\n{number} +event +{event.process.pid} +{BACKEND}\n", out), out
            event.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, event.process.pid, os.WSTOPPED)
            start = time.monotonic()
            exports = {row["id"]: row for row in json.loads(
                succeed("list", "--all", "--json"))["exports"]}
            assert time.monotonic() - start < LIMIT / 4
            assert exports[number]["kind"] is None and exports[number]["handle"] is None
            assert exports[picture["id"]]["kind"] == "texture"
            event.send_signal(signal.SIGCONT)
            event.end()
        succeed("grab", picture["id"], "out.png")  # `list` has imported nothing
        assert share.process.wait(LIMIT) == 0
    fail(2, "one of them", "list", "--all", "--watch")


# ---- less to type ----


@test
def patterns_need_no_size():
    with sending("full", "--pattern", "bars", size=[]):
        stream = streams()[0]
        assert (stream["width"], stream["height"]) == (1280, 720), stream
        assert (stream["format"], stream["frame_rate_num"]) == ("rgba8unorm", 60), stream
    fail(2, "--size", "send", "x", data=b"")  # raw texels need a size
    fail(2, "--format", "send", "x", "--size", "4x4", data=b"")


@test
def sizes_have_names():
    for text, size in (
        ("1920X1080", (1920, 1080)), ("hd720", (1280, 720)), ("HD1080", (1920, 1080)),
        ("4k", (4096, 2160)), ("vga", (640, 480)), ("320×240", (320, 240)), ("uhd2160", (3840, 2160)),
    ):
        with sending("s", size=["--size", text, "--format", "r8unorm"]):
            assert (streams()[0]["width"], streams()[0]["height"]) == size, text


@test
def rates_are_decimal_too():
    for text, rate in (
        ("29.97", (30000, 1001)), ("23.976", (24000, 1001)), ("23.98", (24000, 1001)),
        ("59.94", (60000, 1001)), ("119.88", (120000, 1001)), ("12.5", (25, 2)), ("30.0", (30, 1)),
        ("30000/1001", (30000, 1001)), ("0.25", (1, 4)), ("29.5", (59, 2)), ("24", (24, 1)),
        ("14.985", (15000, 1001)), ("29.98", (1499, 50)), ("50/2", (50, 2)),
    ):
        with sending("r", "--fps", text):
            stream = streams()[0]
            assert (stream["frame_rate_num"], stream["frame_rate_den"]) == rate, (text, stream)
    for text in ("0", "0.0", "30/0", "", ".", "5.", "1e3", "-1", "29.97/1", "1.0000001", "30x"):
        fail(2, "30000/1001", "send", "x", *SIZE, f"--fps={text}")


# ---- suggestions ----


@test
def words_are_guessed():
    send = ["send", "x", *SIZE]
    for words, arguments in (
        ("did you mean --size?", ["send", "x", "--sise", "4x4"]),
        ("did you mean --frames?", ["recv", "x", "--farmes", "1"]),
        ("expected one of --format, --fps, --frames", ["send", "x", "--f", "4"]),
        ("expected none", ["send", "x", "--loop=3"]),
        ("did you mean send?", ["sned", "x"]),
        ("did you mean wait?", ["event", "wiat"]),
        ("did you mean hd720?", ["send", "x", "--size", "hd270"]),
        ("did you mean vulkan?", [*send, "--backend", "Vulkan"]),
        ("did you mean clock?", [*send, "--pattern", "clok"]),
        ("unexpected argument (x): expected none", ["list", "x"]),
        ("unexpected argument (x): expected none", ["top", "x"]),
        ("unexpected argument (x): expected none", ["info", "x"]),
        ("unexpected argument (x): expected none", ["demo", "x"]),
        ("expected one command", ["help", "list", "x"]),
    ):
        fail(2, words, *arguments)
    for text, form in (
        ("rgb24", "rgba8unorm"), ("yuv420p10le", "p010"), ("yuv422p10", "p210"), ("yuv444p12le", "p416"),
        ("yuvj420p", "i420"), ("nv21", "nv12"), ("yuv410p", "i444"), ("I420", "i420"),
        ("gray8", "r8unorm"), ("RGBA8UNORM", "rgba8unorm"), ("bgr24", "bgra8unorm"),
        ("VK_FORMAT_R8G8B8A8_SRGB", "rgba8unorm-srgb"), ("DXGI_FORMAT_B8G8R8A8_UNORM", "bgra8unorm"),
        ("rgba8unorm_srgb", "rgba8unorm-srgb"), ("gray10le", "r16unorm"), ("rgb48le", "rgba16unorm"),
        ("rgba16flaot", "rgba16float"), ("rgb48be", "rgba16unorm"), ("bgr48le", "rgba16unorm"),
        ("gbrp9le", "rgba16unorm"), ("gbrp16be", "rgba16unorm"), ("gray14be", "r16unorm"),
        ("gray9le", "r16unorm"), ("ya16le", "rgba16unorm"), ("rgba64be", "rgba16unorm"),
        ("bgra64be", "rgba16unorm"), ("yuva420p", "rgba16unorm"), ("yuva444p16le", "rgba16unorm"),
        ("yuv440p10le", "p410"), ("yuv440p12be", "p416"), ("p010be", "p010"), ("yuv420", "i420"),
        ("bgr565le", "bgra8unorm"), ("gbrap", "rgba8unorm"),
    ):
        fail(2, f"did you mean {form}?", "send", "x", "--size", "4x4", "--format", text)
    for text, words in (
        ("yuvj420p", "i420? (as ffmpeg's -pix_fmt yuvj420p, with --color full)"),
        ("yuvj440p", "i444? (as ffmpeg's -pix_fmt yuvj444p, with --color full)"),
        ("rgb48be", "rgba16unorm? (with alpha, as ffmpeg's -pix_fmt rgba64le)"),
        ("yuva422p10le", "rgba16unorm? (as ffmpeg's -pix_fmt rgba64le)"),
    ):
        fail(2, f"did you mean {words}", "send", "x", "--size", "4x4", "--format", text)
    fail(2, "info --formats lists all", "send", "x", "--size", "4x4", "--format", "q" * 30)
    assert registry() == []


@test
def one_is_no_plural():
    result = geyser("send", "s", *SIZE, "--pattern", "bars", "--frames", "1", "--verbose")
    assert b"s: 1 frame sent" in result.stderr, result
    result = geyser("send", "s", *SIZE, "--pattern", "bars", "--frames", "2", "--verbose")
    assert b"s: 2 frames sent" in result.stderr, result


@test
def times_are_for_people():
    for time, words in (("0", "ms"), ("0.02", "ms"), ("1", "s")):
        said = geyser("recv", "x", "--connect-timeout", time).stderr.decode()
        assert re.search(rf"waited [\d.]+ (µs|{words})\)", said) and " ns" not in said, said


@test
def short_words_are_not_guessed_from_one_letter():
    for words, arguments in (
        ("geyser --help lists all", ["foo"]), ("geyser --help lists all", ["toad"]),
        ("or 4k\n", ["send", "x", "--size", "big"]),
        ("did you mean grab?", ["grb"]), ("did you mean top?", ["tpo"]),
        ("did you mean vga?", ["send", "x", "--size", "vgaa"]),
    ):
        fail(2, words, *arguments)


# ---- messages say what would be right ----


@test
def ranges_are_named():
    for arguments in (["recv", "x"], ["send", "x", *SIZE, "--lossless"]):
        for value in ("0", "0.0", "x", "1000000001"):
            said = "expected seconds over 0, such as 2 or 0.5, up to 10^9"
            fail(2, said, *arguments, "-t", value)
    for arguments in (
        ["grab", "0x7", "x.png", "-t"], ["recv", "x", "-c"], ["event", "wait", "0x7", "1", "-t"],
    ):
        fail(2, "expected seconds, such as 2 or 0.5, up to 10^9", *arguments, "1000000001")
    for value in ("0", "100000000000"):
        fail(2, "over 0 and at most 1000000", "send", "x", *SIZE, "--fps", value)


@test
def contradictory_options_are_refused():
    write("in.png", png.encode(2, 2, 8, 6, bytes(16)))
    for options in (["--print-handle", "--print-id"], ["--print-id", "--json"]):
        for arguments in (["share", "in.png"], ["event", "create"]):
            fail(2, "expected one of them", *arguments, *options)
    fail(2, "expected one of them", "grab", "0x7", "x.png", "--png", "--raw")
    fail(2, "expected one of them", "recv", "x", "-o", "x.raw", "--raw", "--png")
    fail(1, "no texture has the id", "grab", "0x7", "x.png", "--png", "--png")


@test
def wrong_values_are_wrong_usage():
    write("in.png", png.encode(2, 2, 8, 6, bytes(16)))
    fail(2, "share: too long a label (256 bytes)", "share", "--label", "x" * 256, "in.png")
    fail(2, "an empty file name", "recv", "s1", "-o", "", "-n", "1")
    fail(2, "an empty file name", "recv", "s1", "-o", "", "--raw")
    fail(2, "an empty file name", "grab", "0x7", "")
    for command in (["grab", "geyser2-00", "x.png"], ["event", "value", "geyser2-00"]):
        fail(2, "neither handle nor id (geyser2-00)", *command)
        assert geyser(*command).stderr.count(b"geyser2-00") == 1


@test
def what_is_not_there_says_where_to_look():
    shown = "geyser list --all shows what is shared"
    fail(1, f"no texture has the id (0x12345678): {shown}", "grab", "0x12345678", "x.png")
    fail(1, f"no event has the id (0x12345678): {shown}", "event", "value", "0x12345678")
    write("txt.png", b"a text, and no picture\n")
    fail(1, "txt.png isn't a PNG: expected", "share", "txt.png")


@test
def a_demo_looks_first_at_its_sheet_s_place():
    for path in ("/nowhere/x.png", os.getcwd()):
        fail(1, f"{path}: can't be written", "demo", "--sheet", path)


@test
def a_demo_s_own_sheet_is_this_user_s():
    """Users who share /tmp have a name each. A link under that name may be another user's."""
    sheet = f"{os.getcwd()}/geyser-demo-{os.geteuid()}.png"
    os.symlink("elsewhere", sheet)
    os.environ["TMPDIR"] = os.getcwd()
    try:
        hint = "name another with --sheet, or set TMPDIR to a directory of yours"
        fail(1, f"{sheet} can't be replaced (not a file of yours): {hint}", "demo")
    finally:
        del os.environ["TMPDIR"]
    assert os.path.islink(sheet)


# ---- characters that a terminal would obey ----


@test
def messages_hold_no_controls():
    orders = ("\033[31m", "\x9b31m", "a\nb", "\r", "\x7f", "\u202e", "\u2066", "\u2028")
    directory = os.environ["GEYSER_RUNTIME_DIR"]
    for text in orders:
        said = [
            geyser("share", f"a{text}b.png"), geyser(text), geyser("recv", f"cam{text}"),
            geyser("send", f"cam{text}", *SIZE, "--pattern", "bars", "--frames", "1"),
            geyser("grab", text, "x.png"), geyser("list", f"--{text}"), geyser("top", text),
        ]
        os.environ["GEYSER_BACKEND"] = text
        said.append(geyser("recv", "cam", "--connect-timeout", "0"))
        os.environ["GEYSER_BACKEND"] = BACKEND
        for result in said:
            message = result.stderr.decode()
            assert result.returncode and message.startswith("geyser: "), result
            assert message[-1] == "\n" and "?" in message, result
            assert message[:-1].isprintable(), result
        os.environ["GEYSER_RUNTIME_DIR"] = f"/nowhere/{text}"
        out = succeed("info").decode()
        os.environ["GEYSER_RUNTIME_DIR"] = directory
        assert all(row.isprintable() for row in out.split("\n")) and "?" in out, out
    for byte in (b"\x9b", b"\xc2", b"\xc0\x9b", b"\xe0\x80\x9b"):  # not UTF-8
        said = geyser(b"a" + byte + b"31m").stderr
        assert b"(a?31m)" in said, said
    assert "(é日本µ)" in geyser("é日本µ").stderr.decode()


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

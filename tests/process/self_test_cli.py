#!/usr/bin/env python3
"""Tests of `geyser info --self-test`: self_test_cli.py GEYSER. Prints TAP. Each wait has a limit.

The program runs on the host backend, or on the one that GEYSER_BACKEND names."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from cli import BACKEND, FORMATS, GEYSER, fail, geyser, need, registry, run_all, succeed  # noqa: E402

STEPS = [
    "manager", "formats", "create", "map", "export", "import", "death", "gpu limits",
    "events", "stream", "wake-ups", "gpu order", "gpu stream", "release",
]
GPU_STEPS = {"gpu order", "gpu stream", "gpu limits"}
# what each backend's report measures, and what Metal's does
WAKES = ["a waiter wakes after a signal", "a subscriber wakes after", "a publisher wakes after"]
LIMITS = [
    "families of the GPU", "a GPU's wait for a stopped process",
    "waitUntilScheduled, while a wait is unmet", "the same wait, once the process is killed",
]
# The double's macOS 10.13 has no shared events.
GPU = BACKEND == "metal" and "GEYSER_DOUBLE_MACOS" not in os.environ
LIMIT = 60
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def self_test(*arguments, backend=BACKEND, before=None):
    """Runs the self-test and returns its result. Its process calls `before` first."""
    return subprocess.run(
        [GEYSER, "info", "--self-test", "--gpu-wait", "1", "--backend", backend, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT,
        check=False, preexec_fn=before,
    )


def steps_of(report):
    """Returns the (result, note) of each step in the report's table, by name, in order."""
    rows = [row for row in report.splitlines() if row.startswith("| ") and " ms | " in row]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert all(len(row) == 4 for row in cells), cells
    return {name: (result, note) for name, result, _, note in cells}


def figures_of(report):
    """Returns the rows of the table of measurements, by what was measured."""
    lines = iter(report.splitlines())
    for line in lines:
        if line.startswith("| measured |"):
            break
    assert next(lines) == "|---|---|", report
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        what, found = [cell.strip() for cell in line.strip("|").split("|")]
        rows[what] = found
    return rows


def check_figures(rows):
    """Checks that all was measured, in words that don't depend on how fast the machine is."""
    wanted = WAKES + (LIMITS if GPU else [])
    assert len(rows) == len(wanted), rows
    for beginning in wanted:
        (found,) = [text for what, text in rows.items() if what.startswith(beginning)]
        assert beginning not in WAKES or re.fullmatch(r"\d+\.\d us, median of \d+", found), rows
    if GPU:
        found = [
            next(text for what, text in rows.items() if what.startswith(beginning))
            for beginning in LIMITS
        ]
        gpu = os.environ.get("GEYSER_DOUBLE_DEVICE", "apple")
        assert found[0] == ("Apple7, Mac2, Common1" if gpu == "apple" else "Mac2, Common1"), rows
        # the double's GPU waits for ever, and a command buffer is scheduled once it is committed
        assert found[1] == "goes on after 1 s", rows
        assert re.fullmatch(r"returns after \d+\.\d ms", found[2]), rows
        assert re.fullmatch(r"done after \d+\.\d ms", found[3]), rows


def failed_report(result):
    """Returns the steps of a self-test that must have failed, in its status and in its report."""
    report = result.stdout.decode()
    steps = steps_of(report)
    failures = [name for name, (verdict, _) in steps.items() if verdict == "FAILED"]
    assert result.returncode == 1 and failures, result
    assert f", {len(failures)} failed, " in report.splitlines()[-1], report
    assert list(steps) == STEPS, steps
    return steps


@test
def report_says_that_all_is_well():
    result = self_test()
    report = result.stdout.decode()
    steps = steps_of(report)
    assert (result.returncode, result.stderr) == (0, b""), result
    assert report.startswith("## geyser ") and "\n- system: " in report, report
    assert os.uname().machine in report and f"\n### backend {BACKEND}\n" in report, report
    assert list(steps) == STEPS, steps
    for name, (verdict, note) in steps.items():
        skipped = name in GPU_STEPS and not GPU
        assert verdict == ("skipped" if skipped else "ok") and note, (name, verdict, note)
    assert "131000 bytes checked there" in steps["import"][1], steps
    assert "0 dropped" in steps["stream"][1], steps
    check_figures(figures_of(report))
    table = report[report.index("\n| format ") :].split("\n\n")[0].strip().splitlines()
    assert len(table) == 2 + FORMATS and len({len(row) for row in table}) == 1, table
    count = len(STEPS) if GPU else len(STEPS) - len(GPU_STEPS)
    assert report.endswith(f"\n{count} ok, 0 failed, {len(STEPS) - count} skipped\n"), report
    assert registry() == []


@test
def json_has_the_same():
    report = json.loads(self_test("--json").stdout)
    (backend,) = report["backends"]
    directory = os.path.join(os.environ["GEYSER_RUNTIME_DIR"], "geyser")
    assert report["registry"] == {"directory": directory, "problem": None}, report["registry"]
    assert (backend["name"], backend["tested"], backend["reason"]) == (BACKEND, True, None)
    assert [step["name"] for step in backend["steps"]] == STEPS
    results = [step["result"] for step in backend["steps"]]
    assert [results.count(word) for word in ("ok", "FAILED", "skipped")] == [
        report[word] for word in ("ok", "failed", "skipped")
    ]
    check_figures({row["what"]: row["found"] for row in backend["measured"]})
    assert report["failed"] == 0 and all(step["note"] for step in backend["steps"])
    offered = {
        row["name"]: row
        for row in next(
            row for row in json.loads(succeed("info", "--json"))["backends"]
            if row["name"] == BACKEND
        )["formats"]
    }
    assert len(backend["formats"]) == len(offered) == FORMATS
    for row in backend["formats"]:
        # Planes of video have another format than the video; only 2D textures have video.
        video = offered[row["name"]]["planes"][0]["format"] != row["name"]
        for dimension in ("2d", "2d-array", "3d"):
            usages = row[dimension]
            assert usages == offered[row["name"]][dimension], row
            tried = dimension == "2d" or not video
            assert bool(row["refused"].get(dimension)) == (tried and not usages), row


@test
def without_a_backend_it_tries_all_that_are_there():
    report = json.loads(succeed("info", "--self-test", "--gpu-wait", "1", "--json"))
    available = {
        row["name"]: row["available"]
        for row in json.loads(succeed("info", "--json"))["backends"]
    }
    assert {row["name"]: row["tested"] for row in report["backends"]} == available
    assert all(row["tested"] != bool(row["reason"]) for row in report["backends"])


@test
def registry_that_others_can_write_fails_the_export():
    directory = os.path.join(os.environ["GEYSER_RUNTIME_DIR"], "geyser")
    os.mkdir(directory)
    os.chmod(directory, 0o777)
    steps = failed_report(self_test())
    assert steps["export"][0] == "FAILED" and directory in steps["export"][1], steps
    assert steps["manager"][0] == steps["map"][0] == steps["release"][0] == "ok", steps
    for name in ("import", "events", "stream", "death"):
        assert steps[name] == ("skipped", "needs export"), steps


@test
def registry_that_cannot_be_written_fails_the_export():
    if os.geteuid() == 0:
        os.environ["GEYSER_RUNTIME_DIR"] = need("/proc/self")
    else:
        os.chmod(os.environ["GEYSER_RUNTIME_DIR"], 0o500)
    try:
        assert failed_report(self_test())["export"][0] == "FAILED"
    finally:
        if os.geteuid() != 0:
            os.chmod(os.environ["GEYSER_RUNTIME_DIR"], 0o700)


@test
def second_process_that_cannot_run_fails_its_steps():
    """The limit is one descriptor fewer than the second process needs; the first needs fewer."""
    if BACKEND != "host":
        raise unittest.SkipTest("drivers take as many descriptors as they like")

    def limited(count):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))

    verdicts = []
    for count in range(6, 40):
        result = self_test(before=limited(count))
        assert result.returncode in (0, 1), result
        if b"| step" not in result.stdout:  # not even signals could be watched
            assert result.returncode == 1, result
            continue
        if result.returncode == 0:
            break
        verdicts.append(failed_report(result))
    assert result.returncode == 0, result
    assert any(
        steps["export"][0] == "ok" and "FAILED" in (steps["import"][0], steps["events"][0])
        for steps in verdicts
    ), verdicts


@test
def signal_ends_it():
    def pend():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)

    steps = failed_report(self_test(before=pend))
    assert steps["manager"] == ("FAILED", "interrupted by a signal"), steps


@test
def backend_that_is_not_available_fails_where_it_was_asked_for():
    rows = json.loads(succeed("info", "--json"))["backends"]
    missing = next((row for row in rows if not row["available"]), None)
    if not missing:
        raise unittest.SkipTest("all backends are available")
    steps = failed_report(self_test(backend=missing["name"]))
    assert steps["manager"][0] == "FAILED" and missing["reason"] in steps["manager"][1], steps
    assert all(steps[name][0] == "skipped" for name in STEPS[1:]), steps
    (backend,) = json.loads(self_test("--json", backend=missing["name"]).stdout)["backends"]
    assert (backend["tested"], backend["reason"]) == (True, missing["reason"]), backend


@test
def full_disk_is_a_failure():
    with open(need("/dev/full"), "wb") as full:
        result = subprocess.run(
            [GEYSER, "info", "--self-test", "--backend", "host"], stdin=subprocess.DEVNULL,
            stdout=full, stderr=subprocess.PIPE, timeout=LIMIT, check=False,
        )
    assert result.returncode == 1 and b"stdout can't be written" in result.stderr, result


@test
def wrong_usage_is_status_2():
    for words, arguments in (
        ("frob", ["--self-test", "--backend", "frob"]),
        ("--formats", ["--self-test", "--formats"]),
        ("--backend", ["--backend", "host"]),
        ("--backend", ["--self-test", "--backend"]),
        ("--gpu-wait", ["--gpu-wait", "5"]),
        ("(51): expected seconds, 0 to 50", ["--self-test", "--gpu-wait", "51"]),
        ("wrong time to watch (-1): expected seconds", ["--self-test", "--gpu-wait", "-1"]),
        ("(long): expected seconds", ["--self-test", "--gpu-wait", "long"]),
        ("extra", ["--self-test", "extra"]),
        ("--peer", ["--peer"]),
        ("--peer", ["--peer", "texture", "1", "host", "x"]),
    ):
        fail(2, words, "info", *arguments)
    assert b"--self-test" in geyser("info", "--help").stdout


if __name__ == "__main__":
    sys.exit(run_all(TESTS))

"""Proof 1: the backend's own sources run on Linux against the double, with the suites that every
backend passes. No object is left over, and nearly every line has run."""

import glob
import json
import os
import re
import shutil
import subprocess

import sdk
from counting import Count, count_test

BUILD = "build-apple"
BACKEND = "src/backend/metal"
COVERED = (BACKEND, "src/backend/io_surface")
COVERAGE = 95.0
BACKEND_LINES = 1500
FUNCTION_LINES = 80
GPUS = ("apple", "intel", "discrete")
OLDEST_MACOS = "10.13"
NOT_PASSED = re.compile(r"^FAILED|\[ +(?:FAILED|ERROR) +\]|^ *not ok|^ *double: |: error: ")


def backend_sources(root=sdk.ROOT):
    return sorted(
        path for path in glob.glob(f"{root}/{BACKEND}/*") if path.endswith((".c", ".h", ".m"))
    )


def function_lengths(text):
    """Yields (name, number of lines) of each function. A function's braces are in the first column.
    """
    start, name = None, None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line == "{" and start is None:
            start = number
            heads = [head for head in lines[max(0, number - 8):number] if head[:1].strip()]
            name = re.split(r"[ (]", (heads or ["?"])[-1].split("(")[0].strip())[-1]
        elif line.startswith("}") and start is not None:
            yield name, number - start + 1
            start = None


def check_sizes(root=sdk.ROOT):
    sources = backend_sources(root)
    total, longest = 0, ("none", 0)
    for path in sources:
        with open(path, encoding="utf-8") as source:
            text = source.read()
        total += text.count("\n")
        longest = max([longest, *function_lengths(text)], key=lambda item: item[1])
    if not sources:
        raise sdk.Failure(f"{BACKEND} has no sources")
    if total >= BACKEND_LINES:
        raise sdk.Failure(f"{BACKEND} has {total} lines: fewer than {BACKEND_LINES} are allowed")
    if longest[1] > FUNCTION_LINES:
        raise sdk.Failure(f"{longest[0]} has {longest[1]} lines: at most {FUNCTION_LINES}")
    return f"{total} lines, longest function {longest[1]}"


def metal_tests(build):
    """Returns the tests of Metal and of the double, from Meson's list."""
    tests = json.loads(sdk.output_of(["meson", "introspect", "--tests", build]))
    return sorted(
        test["name"] for test in tests
        if "apple" in " ".join(test["suite"]) or "metal" in test["name"]
    )


def build_and_run(profiles):
    """Runs the suites and returns their counts. scripts/test builds, and checks the sanitizers'
    reports.
    """
    code, output = sdk.run(["scripts/test", "--build-only", "apple"])
    if code:
        raise sdk.Failure(output[-3000:])
    names = metal_tests(BUILD)
    if not names:
        raise sdk.Failure(f"{BUILD} has no test of the Metal backend")
    environment = {**os.environ, "LLVM_PROFILE_FILE": f"{profiles}/%p-%m.profraw"}
    code, output = sdk.run(["scripts/test", "apple", *names], env=environment)
    found = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", output.splitlines()[-1])
    if code or not found or found.group(2) != "0":
        lines = [line.strip() for line in output.splitlines() if NOT_PASSED.search(line)]
        log = f"{BUILD}/meson-logs/testlog.txt says more"
        raise sdk.Failure("\n".join([output.splitlines()[-1], *lines[:60], log]))
    count = Count()
    count.passed, count.skipped = int(found.group(1)), int(found.group(3) or 0)
    return count


def count_by_machine():
    """Returns (machine, counts of the tests that name it) for each of the double's GPUs, and for
    the oldest macOS.
    """
    machines = [(f"{gpu} GPU", "GEYSER_DOUBLE_DEVICE", gpu) for gpu in GPUS]
    machines.append((f"macOS {OLDEST_MACOS}", "GEYSER_DOUBLE_MACOS", OLDEST_MACOS))
    with open(f"{BUILD}/meson-logs/testlog.json", encoding="utf-8") as log:
        tests = [json.loads(line) for line in log]
    counts = []
    for name, variable, value in machines:
        count = Count()
        for test in tests:
            if (test.get("env") or {}).get(variable) == value:
                count.add(count_test(test))
        if not count.passed:
            raise sdk.Failure(f"no test ran on the double's {name}")
        counts.append((name, count))
    return counts


def coverage(profiles):
    """Returns the share of the backend's lines that ran in any process."""
    raw = [path for path in glob.glob(f"{profiles}/*.profraw") if os.path.getsize(path)]
    if not raw:
        raise sdk.Failure("no process wrote its profile")
    merged = f"{profiles}/all.profdata"
    with open(f"{profiles}/list", "w", encoding="utf-8") as out:
        out.writelines(f"{path}\n" for path in raw)
    merge = [f"llvm-profdata{sdk.LLVM}", "merge", "-sparse", "--failure-mode=all"]
    sdk.output_of(merge + ["-f", f"{profiles}/list", "-o", merged])
    library = [path for path in glob.glob(f"{BUILD}/src/libgeyser.so.*") if os.path.isfile(path)][:1]
    command = [f"llvm-cov{sdk.LLVM}", "export", "-summary-only", f"-instr-profile={merged}"]
    result = subprocess.run(
        command + library, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    if result.returncode:
        raise sdk.Failure(f"llvm-cov exited with {result.returncode}")
    lines = covered = 0
    for file in json.loads(result.stdout)["data"][0]["files"]:
        if os.path.relpath(file["filename"]).startswith(COVERED):
            lines += file["summary"]["lines"]["count"]
            covered += file["summary"]["lines"]["covered"]
    if not lines:
        raise sdk.Failure(f"no line of {BACKEND} is in the library")
    return 100.0 * covered / lines


def measure(profiles):
    """Returns (counts, share of the lines that ran)."""
    shutil.rmtree(profiles, ignore_errors=True)
    os.makedirs(profiles)
    os.chmod(profiles, 0o777)  # tests may give up root
    try:
        return build_and_run(profiles), coverage(profiles)
    finally:
        shutil.rmtree(profiles, ignore_errors=True)


def prove():
    ran, share = measure(os.path.abspath(f"{BUILD}-profiles"))
    machines = count_by_machine()
    if share < COVERAGE:
        raise sdk.Failure(
            f"{ran} tests, {share:.1f} % of {BACKEND}'s lines ran: at least {COVERAGE} %"
        )
    sizes = check_sizes()
    skipped = f", {ran.skipped} skipped" if ran.skipped else ""
    lines = "".join(f"\n  on the double's {name}: {count}" for name, count in machines)
    return ran, (
        f"{ran.passed} tests passed{skipped} under ASan, UBSan and LSan, 0 objects left; "
        f"{share:.1f} % of the backend's lines ran ({sizes}){lines}"
    )

"""Proof 5: the hosted job for macOS is defined as it should be. The job doesn't run here, because
there is no Mac.
"""

import os
import re
import subprocess

import proof_compile
import sdk

WORKFLOW = ".github/workflows/ci.yml"
BUILTIN = {"werror", "buildtype", "prefix", "b_sanitize", "b_lundef", "warning_level"}


def read(path):
    # check-apple answers --help without this package.
    import yaml  # pylint: disable=import-outside-toplevel

    try:
        with open(path, encoding="utf-8") as source:
            return yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise sdk.Failure(f"{path}: {error}") from error


def make_targets(root):
    with open(f"{root}/Makefile", encoding="utf-8") as source:
        return set(re.findall(r"^([\w-]+):", source.read(), re.M))


def meson_options(root):
    with open(f"{root}/meson_options.txt", encoding="utf-8") as source:
        return set(re.findall(r"^option\(\s*'(\w+)'", source.read(), re.M)) | BUILTIN


def brew_packages(root):
    """Returns the packages that scripts/setup installs on a Mac, for building and testing."""
    with open(f"{root}/scripts/setup", encoding="utf-8") as source:
        lists = re.findall(r"^brew_\w+=\((.*)\)$", source.read(), re.M)
    return {name for words in lists for name in words.split()}


def unknown_names(commands, root):
    """Scripts, targets and options in shell commands that the repository doesn't have."""
    for line in commands:
        for name in re.findall(r"(?<![\w/.-])((?:scripts|\.ci)/[\w./-]+)", line):
            if not os.access(f"{root}/{name}", os.X_OK):
                yield f"{name}: no such script"
        for words in re.findall(r"(?:^|&&|;)\s*make ([\w -]+)", line):
            for name in set(words.split()) - make_targets(root):
                yield f"make {name}: no such target"
        for name in re.findall(r"(?<!\S)-D(\w+)=", line):
            if name not in meson_options(root):
                yield f"-D{name}: no such option"
        for name in re.findall(r"geyser info [^|>]*?(--[\w-]+)", line):
            grep = ["grep", "-rqwF", "-e", name, f"{root}/cli"]
            if subprocess.run(grep, check=False).returncode:
                yield f"geyser info {name}: no such option in cli/"


def check_xcode(job, commands):
    """Yields what is wrong with the Xcode and with the oldest system that the library is for."""
    variables = job.get("env", {})
    if not re.fullmatch(r"/Applications/Xcode_[\d.]+\.app/Contents/Developer",
                        str(variables.get("DEVELOPER_DIR"))):
        yield "its env names no Xcode: DEVELOPER_DIR"
    floors = [triple.rsplit("macos", 1)[1] for triple in proof_compile.FLOORS]
    if str(variables.get("FLOOR")) not in [f if "." in f else f + ".0" for f in floors]:
        yield f"its env's FLOOR is {variables.get('FLOOR')}: it should be one of {floors}"
    if not any("minos $FLOOR" in line for line in commands):
        yield "no step looks whether the library is for the oldest system: minos $FLOOR"


def check_job(job, root):
    """Yields the problems of the macOS job."""
    steps = job.get("steps", [])
    commands = [line for step in steps for line in step.get("run", "").splitlines()]
    if not str(job.get("runs-on", "")).startswith("macos-"):
        yield f"it runs on {job.get('runs-on')}: it should on macos-*"
    if job.get("runs-on") == "macos-latest":
        yield "it runs on whatever macos-latest is: name the version, which has the Xcode"
    yield from check_xcode(job, commands)
    if not isinstance(job.get("timeout-minutes"), int):
        yield "it has no timeout-minutes"
    if not any(str(step.get("uses", "")).startswith("actions/checkout@") for step in steps):
        yield "it doesn't check the repository out"
    installed = {word for line in commands if "brew install" in line for word in line.split()}
    missing = brew_packages(root) - installed
    if missing:
        yield f"brew install lacks what scripts/setup asks for: {', '.join(sorted(missing))}"
    if not any(re.search(r"make test-quick\b|scripts/test plain\b", line) for line in commands):
        yield "no step runs the suites"
    reports = [line.split(">")[-1].split()[-1] for line in commands if "--self-test" in line]
    uploads = [step for step in steps if "actions/upload-artifact@" in str(step.get("uses", ""))]
    if not reports:
        yield "no step runs geyser info --self-test"
    if not any(step.get("with", {}).get("path") in reports for step in uploads):
        yield "no step uploads the self-test's report"
    if not all(step.get("if") for step in uploads):
        yield "the report is not uploaded when a step before failed: give it an if"
    yield from unknown_names(commands, root)


def problems(path, root=sdk.ROOT):
    workflow = read(path)
    jobs = workflow.get("jobs", {})
    if "macos" not in jobs or "debian" not in jobs:
        yield "it should have the jobs debian and macos"
        return
    yield from (f"macos: {problem}" for problem in check_job(jobs["macos"], root))
    steps = jobs["debian"]["steps"]
    commands = [line for step in steps for line in step.get("run", "").splitlines()]
    if not any(".ci/run" in line for line in commands):
        yield "debian: no step runs .ci/run"
    yield from (f"debian: {problem}" for problem in unknown_names(commands, root))


def prove():
    found = list(problems(WORKFLOW))
    if found:
        raise sdk.Failure(f"{WORKFLOW}: " + "\n".join(found))
    steps = len(read(WORKFLOW)["jobs"]["macos"]["steps"])
    return f"the macOS job's {steps} steps are right; not run here"

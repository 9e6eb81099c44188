#!/usr/bin/env python3
"""Searches all states of a model in several sizes, and checks that its mistakes are found (TAP).

Usage: run.py MODEL SPIN CC...; MODEL is a key of MODELS. A search that doesn't reach every state is
a failure.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 240  # seconds of processor time for one search

# name, defines
RING_HOLDS = (
    ("latest, 2 buffers", "BUFFERS=2"),
    ("latest, 3 buffers", "BUFFERS=3"),
    ("every, 2 buffers", "BUFFERS=2 FRAMES=3 EVERY=3"),
    ("latest and every", "BUFFERS=3 EVERY=2"),
    ("the publisher gives up", "BUFFERS=2 FRAMES=3 EVERY=2 GIVES_UP=1"),
    ("the publisher discards", "BUFFERS=2 FRAMES=3 EVERY=2 DISCARDS=1"),
    ("a subscriber keeps its frame until the next", "BUFFERS=3 EVERY=2 KEEP=1"),
    ("both buffers may be kept", "BUFFERS=2 FRAMES=3 KEEP=1"),
    ("subscribers spin, 2 buffers", "BUFFERS=2 FRAMES=3 SPINS=3"),
    ("subscribers spin, latest and every", "BUFFERS=3 EVERY=2 SPINS=3"),
    ("subscribers spin, lossless", "BUFFERS=2 EVERY=3 LOSSLESS=1 SPINS=3"),
    ("subscribers spin and may be evicted", "BUFFERS=2 EVICTS=3 LIAR=1 EVERY=1 KEEP=1 SPINS=1"),
    ("a subscriber stops anywhere", "BUFFERS=2 STOPS=2 FRAMES=3"),
    ("a subscriber that gets every frame stops anywhere", "BUFFERS=3 EVERY=3 STOPS=2"),
    ("lossless, 2 buffers", "BUFFERS=2 EVERY=3 LOSSLESS=1"),
    ("lossless, 3 buffers", "BUFFERS=3 EVERY=3 LOSSLESS=1"),
    ("lossless beside latest", "BUFFERS=3 EVERY=1 LOSSLESS=1"),
    ("a subscriber that holds everything for ever is evicted", "BUFFERS=2 EVICTS=2 LIAR=1"),
    ("both may be evicted", "BUFFERS=2 EVICTS=3 LIAR=1 EVERY=1 KEEP=1"),
    ("lossless, one stops anywhere", "BUFFERS=2 FRAMES=3 EVERY=3 LOSSLESS=1 STOPS=2"),
    ("all releases ring one bell", "BUFFERS=2 EVERY=3 LOSSLESS=1 BELL=1"),
    ("a bell, a subscriber stops anywhere", "BUFFERS=2 FRAMES=3 EVERY=3 LOSSLESS=1 STOPS=2 BELL=1"),
    ("a subscriber silences the bell", "BUFFERS=2 EVERY=3 LOSSLESS=1 BELL=1 RESTORES=1"),
)

# name of the mistake, defines, text of the error that must be found
RING_BROKEN = (
    ("a reader looks, then sets its bit", "BUFFERS=2 BROKEN_ORDER", "reading"),
    ("the publisher doesn't look again", "BUFFERS=2 BROKEN_LOOK", "reading"),
    ("sleeping is set after the check", "BUFFERS=2 BROKEN_WAKE", "invalid end state"),
    ("putting back wakes nobody", "BUFFERS=2 GIVES_UP=1 BROKEN_PUT_BACK", "invalid end state"),
    ("a release looks for who waits, then clears", "BUFFERS=2 KEEP=1 BROKEN_RELEASE",
     "invalid end state"),
    ("the publisher looks at the lease, then raises the epoch",
     "BUFFERS=2 EVICTS=3 LIAR=1 EVERY=1 KEEP=1 BROKEN_EVICT", "reading"),
    ("a reader looks at its epoch, then sets its bit",
     "BUFFERS=2 EVICTS=3 LIAR=1 EVERY=1 KEEP=1 BROKEN_CHECK", "reading"),
    ("a buffer that others read, too, isn't replaced",
     "BUFFERS=2 FRAMES=4 EVICTS=1 KEEP=3 EVERY=1 BROKEN_SPOIL", "reading"),
    ("an evicted subscriber isn't woken",
     "BUFFERS=2 EVICTS=1 LIAR=1 EVERY=1 KEEP=1 BROKEN_EVICT_WAKE", "invalid end state"),
    ("one scan is enough", "BUFFERS=3 EVERY=1 LOSSLESS=1 BROKEN_SCAN", "sequence==(last+1)"),
    ("a frame that was seen is taken out of order",
     "BUFFERS=3 EVERY=1 LOSSLESS=1 SPINS=1 BROKEN_SEEN", "sequence==(last+1)"),
    ("the bell is read after the last look", "BUFFERS=2 EVERY=3 LOSSLESS=1 BELL=1 BROKEN_BELL",
     "invalid end state"),
    ("a silenced bell is trusted", "BUFFERS=2 EVERY=3 LOSSLESS=1 BELL=1 RESTORES=1 BROKEN_TRUST",
     "invalid end state"),
)

EVENT_HOLDS = (
    ("threads of all three processes", "VALUES=1 SLEEPERS=13"),
    ("two threads of one subscriber", "SLEEPERS=6"),
    ("two threads of a subscriber beside the publisher's", "SLEEPERS=7"),
    ("two threads signal", "SLEEPERS=9 SIGNALLERS=2"),
    ("a subscriber stops anywhere and leaves", "SLEEPERS=9 STOPS=1"),
    ("two threads signal, a subscriber stops anywhere", "SLEEPERS=8 SIGNALLERS=2 STOPS=1"),
    ("a word says for ever that its subscriber sleeps", "SLEEPERS=11 VALUES=1 LIES=1"),
    ("a word never says that its subscriber sleeps", "SLEEPERS=10 LIES=2"),
)
EVENT_BROKEN = (
    ("a subscriber looks, then says that it sleeps", "SLEEPERS=8 VALUES=1 BROKEN_ORDER",
     "invalid end state"),
    ("who gets up clears the word for all its process", "SLEEPERS=6 BROKEN_FLAG",
     "invalid end state"),
    ("the page's word is cleared after the wake-up", "SLEEPERS=1 BROKEN_CLEAR",
     "invalid end state"),
    ("words are read before the value is raised", "SLEEPERS=8 VALUES=1 BROKEN_EARLY",
     "invalid end state"),
    ("a subscriber has the event before it is listed", "SLEEPERS=8 VALUES=1 BROKEN_JOIN",
     "invalid end state"),
)
NAMES_HOLDS = (
    ("a killed publisher, two that take its name, a sweep that stops anywhere", ""),
    ("two sweeps", "SWEEPS=2"),
    ("the takers may be killed and give back", "KILLED=12 GIVES_BACK=12"),
    ("the first gives back, a taker may be killed", "KILLED=8 GIVES_BACK=6"),
    ("a taker stops anywhere", "STOPPED=4"),
    ("all may be killed and give back", "KILLED=14 GIVES_BACK=14"),
)
NAMES_BROKEN = (
    ("a name is taken without its lock", "BROKEN_LOCK", "(link==p)"),
    ("the owner doesn't look for sweeps", "BROKEN_GUARD", "published[2]"),
    ("the owner doesn't look again", "BROKEN_LOOK", "published[2]"),
    ("a sweep doesn't say that it is under way", "BROKEN_SWEEP", "published[2]"),
    ("a sweep holds the name's lock", "BROKEN_WAIT", "published[2]"),
)
CARRY_HOLDS = (
    ("three threads carry values into one semaphore", ""),
    ("a holder has claimed all values", "LIES=1"),
    ("a process ends anywhere", "STOPS=1"),
)
CARRY_BROKEN = (
    ("the claim before one's own isn't waited for", "BROKEN_CHAIN", "semaphore<"),
    ("nobody claims", "BROKEN_CLAIM", "semaphore<"),
    ("a liar's claim is trusted", "LIES=1 BROKEN_TRUST", "invalid end state"),
    ("a dead process's claim is trusted", "STOPS=1 BROKEN_TRUST", "invalid end state"),
)
INTERRUPT_HOLDS = (
    ("a thread is interrupted once", ""),
    ("a thread is interrupted twice", "KICKS=2"),
    ("two threads interrupt", "KICKERS=2"),
    ("another process wakes the word meanwhile", "WAKES=1"),
    ("the kernel takes to refusing several words", "REFUSES=1"),
)
INTERRUPT_BROKEN = (
    ("one wake is enough", "BROKEN_ONCE", "invalid end state"),
    ("the thread looks, then says where it sleeps", "BROKEN_ORDER", "invalid end state"),
    ("an awake thread counts as one that has noticed nothing", "BROKEN_WAITS",
     "invalid end state"),
    ("the refusal is told after the look", "REFUSES=1 BROKEN_REFUSAL", "invalid end state"),
)
# cases that hold, cases with a mistake, options of the search (-E: the model itself checks its end
# states)
MODELS = {
    "ring": (RING_HOLDS, RING_BROKEN, []),
    "event": (EVENT_HOLDS, EVENT_BROKEN, []),
    "carry": (CARRY_HOLDS, CARRY_BROKEN, []),
    "interrupt": (INTERRUPT_HOLDS, INTERRUPT_BROKEN, []),
    "names": (NAMES_HOLDS, NAMES_BROKEN, ["-E"]),
}


def limit_time():
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))


def command(arguments, folder):
    result = subprocess.run(
        arguments, cwd=folder, check=False, stdin=subprocess.DEVNULL, preexec_fn=limit_time,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )
    if result.returncode == -signal.SIGXCPU or result.returncode == -signal.SIGKILL:
        raise OSError(f"{arguments[0]} was killed: {LIMIT} s of processor time, or no memory")
    return result.returncode, result.stdout


def search(model, spin, compiler, defines):
    """Returns pan's output. Raises OSError if the search could not run to its end."""
    with tempfile.TemporaryDirectory() as folder:
        steps = (
            [spin, "-a"] + [f"-D{define}" for define in defines.split()]
            + [os.path.join(HERE, model + ".pml")],
            compiler + ["-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=2500"]
            + ["-o", "pan", "pan.c"],
        )
        for step in steps:
            code, output = command(step, folder)
            if code or not os.path.exists(os.path.join(folder, "pan.c")):
                raise OSError(f"{step[0]} failed: {output}")
        return command(["./pan", "-m20000", "-w22"] + MODELS[model][2], folder)[1]


def judge(output, expected):
    """Returns why the output isn't as expected, or None."""
    found = re.search(r"errors: (\d+)", output)
    if not found:
        return "the search did not end"
    if expected is None:
        if found.group(1) != "0":
            return "a counterexample"
        if "Search not completed" in output or "max search depth too small" in output:
            return "states are left unsearched"
        return None
    if found.group(1) == "0":
        return "the mistake was not found: the model proves nothing"
    first = re.search(r"^pan:\d+: (.*)$", output, re.M)
    if not first or expected not in first.group(1):
        return f"another error than the one meant ({expected})"
    return None


def states(output):
    found = re.search(r"(\d+) states, stored", output)
    return int(found.group(1)) if found else 0


def main(model, spin, compiler):
    holds, broken, _ = MODELS[model]
    cases = [(name, defines, None) for name, defines in holds]
    cases += [("found: " + name, defines, expected) for name, defines, expected in broken]

    def run(case):
        try:
            output = search(model, spin, compiler, case[1])
        except OSError as error:
            return str(error), ""
        return judge(output, case[2]), output

    print(f"1..{len(cases)}", flush=True)
    failures = 0
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for number, (case, result) in enumerate(zip(cases, pool.map(run, cases)), 1):
            problem, output = result
            failures += problem is not None
            verdict = "not ok" if problem else "ok"
            print(f"{verdict} {number} - {case[0]} ({states(output)} states)", flush=True)
            if problem:
                print(f"# {case[1]}: {problem}")
                print("\n".join("# " + line for line in output.splitlines()[:30]), flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in MODELS:
        sys.exit("run.py: give one of " + ", ".join(MODELS) + ", SPIN and a C compiler's command")
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))

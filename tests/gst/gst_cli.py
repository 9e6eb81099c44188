#!/usr/bin/env python3
"""The GStreamer plug-in in processes of its own, started by gst-launch-1.0: gst_cli.py GEYSER
FOLDER, where FOLDER has the plug-in. Prints TAP. Each wait has a limit."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../process"))
from cli import LIMIT, read, run_all, succeed  # noqa: E402
from streams_cli import (  # noqa: E402
    Running as Geyser, stands_still, streams, until, until_frames,
)

PLUGIN = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else ""
# A frame of a ball that moves by the frame's number: no two frames are equal.
BALL = "videotestsrc pattern=ball animation-mode=frames"
CAPS = "video/x-raw,format={},width=320,height=240,framerate=30/1"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def need_tool(name):
    if not shutil.which(name):
        raise unittest.SkipTest(f"no {name}")


def need_element(name):
    need_tool("gst-inspect-1.0")
    if subprocess.run(["gst-inspect-1.0", "--exists", name], timeout=LIMIT, check=False).returncode:
        raise unittest.SkipTest(f"no element {name}")


class Launch:
    """A running gst-launch-1.0. It is killed at the end of the with block."""

    def __init__(self, pipeline, *options):
        need_tool("gst-launch-1.0")
        self.process = subprocess.Popen(
            ["gst-launch-1.0", *options, *pipeline.split()], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(LIMIT)

    def finish(self, status=0):
        """Waits until the pipeline has ended by itself. Returns what gst-launch-1.0 printed."""
        out = self.process.communicate(timeout=LIMIT)[0].decode()
        assert self.process.returncode == status, (self.process.returncode, out)
        return out

    def end(self):
        """Interrupts a pipeline that runs, as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=LIMIT)[0].decode()


def launch(pipeline):
    with Launch(pipeline, "-q") as running:
        return running.finish()


def digest(path):
    return hashlib.sha256(read(path)).hexdigest()


def is_published(name):
    return name in [stream["name"] for stream in streams()]


def subscribers():
    return sum(stream["subscribers"] for stream in streams())


# ---- frames ----


def through_geyser(source):
    """Lossless, so that none of the frames is missing in the file."""
    sink = "geysersink stream=cam lossless=true wait-subscribers=1 sync=false timeout=20000000000"
    with Launch("geysersrc stream=cam every=true ! filesink location=geyser.raw", "-q") as reader:
        launch(f"{source} ! {sink}")
        reader.finish()
    return digest("geyser.raw")


def through_shm(source, caps, size):
    """shmsrc can't tell the end of the stream, so it counts the frames. shmsink may fail when its
    last reader leaves, after all frames (EBUSY of its poll), so that its status says nothing."""
    area = f"shm-size={64 << 20}"
    sink = f"shmsink socket-path=shm.socket wait-for-connection=true sync=false {area}"
    with Launch(f"{source} ! {sink}", "-q") as writer:
        until(lambda: os.path.exists("shm.socket"))
        launch(f"shmsrc socket-path=shm.socket num-buffers=300 ! {caps} ! filesink location=shm.raw")
        writer.process.wait(LIMIT)
    assert os.path.getsize("shm.raw") == size
    return digest("shm.raw")


def same_everywhere(form, frame):
    need_element("shmsink")
    caps = CAPS.format(form)
    source = f"{BALL} num-buffers=300 ! {caps}"
    launch(f"{source} ! filesink location=file.raw")
    assert os.path.getsize("file.raw") == 300 * frame
    assert through_geyser(source) == digest("file.raw")
    assert through_shm(source, caps, 300 * frame) == digest("file.raw")


@test
def nv12_is_the_same_by_geyser_by_shm_and_in_a_file():
    same_everywhere("NV12", 320 * 240 * 3 // 2)


@test
def rgba_is_the_same_by_geyser_by_shm_and_in_a_file():
    same_everywhere("RGBA", 320 * 240 * 4)


@test
def geyser_recv_reads_a_geysersink():
    source = f"{BALL} num-buffers=30 ! {CAPS.format('NV12')}"
    launch(f"{source} ! filesink location=file.raw")
    with Geyser("recv", "cam", "--every", "--output", "recv.raw", "--json") as receiver:
        launch(f"{source} ! geysersink stream=cam lossless=true wait-subscribers=1 sync=false")
        figures = json.loads(receiver.finish()[0])
    assert figures["frames"] == 30 and digest("recv.raw") == digest("file.raw"), figures


@test
def geysersrc_reads_geyser_send():
    """Raw frames of a file that GStreamer has written come back as that file."""
    launch(f"{BALL} num-buffers=30 ! {CAPS.format('RGBA')} ! filesink location=file.raw")
    size = ["--size", "320x240", "--format", "rgba8unorm"]
    with Launch("geysersrc stream=cam every=true ! filesink location=src.raw", "-q") as reader:
        succeed("send", "cam", *size, "--input", "file.raw", "--lossless", "--wait-subscribers", "1")
        reader.finish()
    assert digest("src.raw") == digest("file.raw")


@test
def defaults_just_work():
    """No caps, no other property: what the first example of the page types."""
    with Launch("videotestsrc ! geysersink stream=cam") as sink:
        until(lambda: is_published("cam"))
        launch("geysersrc stream=cam num-buffers=5 ! videoconvert ! fakesink")
        stream = streams()[0]
        assert (stream["format"], stream["width"], stream["height"]) == ("nv12", 320, 240), stream
        assert stream["application"] == "gst-launch-1.0", stream
        sink.end()
    assert streams() == []


# ---- deaths ----


LIVE = f"videotestsrc is-live=true ! {CAPS.format('NV12')} ! geysersink stream=cam"


@test
def killed_sink_is_an_error_of_the_source():
    with Launch(LIVE) as sink, Launch("geysersrc stream=cam ! fakesink") as source:
        until(lambda: is_published("cam") and subscribers() == 1)
        until_frames(5)
        sink.kill()
        said = source.finish(1)
        assert 'lost the stream "cam"' in said and "reconnect=true" in said, said


@test
def ended_sink_is_the_end_of_the_source():
    with Launch("geysersrc stream=cam ! fakesink") as source:
        launch(LIVE.replace("is-live=true", "is-live=true num-buffers=10"))
        assert "Got EOS" in source.finish()


@test
def source_reconnects_after_a_kill():
    """Three publishers, each of which is killed. The first may be there before the source looks,
    which then has nothing to tell."""
    with Launch("geysersrc stream=cam every=true reconnect=true ! fakesink") as source:
        for _ in range(3):
            with Launch(LIVE) as sink:
                until(lambda: is_published("cam") and subscribers() == 1)
                until_frames(5)
                sink.kill()
        until(lambda: streams() == [])
        assert source.process.poll() is None, source.finish()
        said = source.end()
        assert said.count("connected to the stream") in (2, 3), said
        assert "ERROR" not in said, said


@test
def sink_goes_on_when_its_source_is_killed():
    """Also one that waits for that subscriber with all its buffers full."""
    forever = "lossless=true wait-subscribers=1 sync=false timeout=18446744073709551615"
    with Launch(f"{LIVE} {forever}".replace("is-live=true", "")) as sink:
        for _ in range(3):
            with Launch("geysersrc stream=cam every=true ! fakesink") as source:
                until(lambda: is_published("cam") and subscribers() == 1)
                until_frames(5)
                source.process.send_signal(signal.SIGSTOP)
                until(stands_still)
                source.kill()
            until(lambda: subscribers() == 0)
            until_frames(5)
        said = sink.end()
        assert "ERROR" not in said, said


# ---- what GStreamer's tools tell ----


def inspect(*arguments):
    need_tool("gst-inspect-1.0")
    return subprocess.run(
        ["gst-inspect-1.0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=LIMIT, check=True,
    ).stdout


def properties(element):
    """Returns the names of an element's own properties and those of its base class."""
    out = inspect(element)
    return out, set(re.findall(r"^  ([a-z][a-z-]*) +: ", out, re.M))


@test
def inspect_describes_the_sink():
    out, names = properties("geysersink")
    wanted = {"stream", "lossless", "buffers", "backend", "timeout", "wait-subscribers", "stats"}
    assert wanted <= names, wanted - names
    assert "gst-launch-1.0 videotestsrc ! geysersink stream=cam" in out
    for form in ("NV12", "P010_10LE", "I420"):
        assert form in out, form


@test
def inspect_describes_the_source():
    out, names = properties("geysersrc")
    wanted = {
        "stream", "every", "reconnect", "convert", "backend", "timeout", "is-live", "stats",
    }
    assert wanted <= names, wanted - names
    assert "gst-launch-1.0 geysersrc stream=cam ! videoconvert ! autovideosink" in out


@test
def inspect_lists_the_plugin():
    out = inspect("geyser")
    assert re.search(r"Version +[0-9]+\.[0-9]+\.[0-9]+", out), out
    for feature in ("geysersink: ", "geysersrc: ", "geyserdeviceprovider: "):
        assert feature in out, feature


@test
def device_monitor_lists_the_stream():
    need_tool("gst-device-monitor-1.0")
    with Launch(LIVE):
        until(lambda: is_published("cam"))
        out = subprocess.run(
            ["gst-device-monitor-1.0", "Source/Video"], stdout=subprocess.PIPE, text=True,
            timeout=LIMIT, check=True,
        ).stdout
    assert re.search(r"name +: cam\n", out), out
    assert "gst-launch-1.0 geysersrc stream=cam ! ..." in out, out
    assert "format=NV12" in out or "format=(string)NV12" in out, out


def main():
    """GStreamer writes what it knows of all plug-ins into a file, which isn't the user's here."""
    with tempfile.TemporaryDirectory(prefix="geyser-gst-") as directory:
        os.environ["GST_PLUGIN_PATH_1_0"] = PLUGIN
        os.environ["GST_REGISTRY_1_0"] = os.path.join(directory, "registry.bin")
        return run_all(TESTS)


if __name__ == "__main__":
    sys.exit(main())

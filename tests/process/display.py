"""An X server without a screen for tests of windows: what it shows, and a user who types."""

import mmap
import os
import re
import select
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

from cli import LIMIT

HERE = os.path.dirname(os.path.abspath(__file__))


def glyphs():
    """Returns the font of cli/text.c: a tuple of five columns to its character."""
    with open(os.path.join(HERE, "..", "..", "cli", "text.c"), encoding="ascii") as source:
        rows = re.findall(r"^\t\{((?:0x[0-9a-f]{2}(?:, )?){5})\}", source.read(), re.M)
    assert len(rows) == 95, len(rows)
    return {tuple(int(n, 16) for n in row.split(", ")): chr(32 + i) for i, row in enumerate(rows)}


GLYPHS = glyphs()
WHITE = b"\xff\xff\xff"


class Display:
    """Xvfb, with a screen of this size and these options. It ends with the with block."""

    def __init__(self, width, height, *options):
        for program in ("Xvfb", "xdotool"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"{program} is not installed")
        self.width, self.height = width, height
        self.folder = tempfile.mkdtemp(prefix="geyser-display-")
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24",
             "-fbdir", self.folder, "-nolisten", "tcp", "-noreset", *options],
            pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        try:
            number = b""
            while not number.endswith(b"\n"):
                ready, _, _ = select.select([reader], [], [], LIMIT)
                part = os.read(reader, 16) if ready else b""
                assert part, "Xvfb doesn't start"
                number += part
        except BaseException:
            self.close()
            raise
        finally:
            os.close(reader)
        self.name = ":" + number.decode().strip()
        self.environment = {
            "DISPLAY": self.name, "SDL_VIDEODRIVER": "x11", "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
            self.memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header = struct.unpack(">25I", self.memory[:100])
        assert header[11] == 32, header
        self.pitch, self.start = header[12], header[0] + header[19] * 12

    def close(self):
        self.server.kill()
        self.server.wait(LIMIT)
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()
        self.close()

    def do(self, *arguments):
        """Types or points, as xdotool's arguments say."""
        subprocess.run(
            ["xdotool", *arguments], env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL, timeout=LIMIT, check=True,
        )

    def press(self, *keys):
        self.do("key", "--delay", "1", *keys)

    def point(self, x, y):
        self.do("mousemove", str(x), str(y))

    def pixels(self, x=0, y=0, width=None, height=None):
        """Returns a part of the screen as RGB, three bytes a pixel."""
        width, height = width or self.width - x, height or self.height - y
        out = bytearray(width * height * 3)
        for row in range(height):
            at = self.start + (y + row) * self.pitch + x * 4
            line = self.memory[at : at + width * 4]
            for channel in range(3):  # blue comes first
                part = slice(row * width * 3 + channel, (row + 1) * width * 3, 3)
                out[part] = line[2 - channel :: 4]
        return bytes(out)

    def text(self, x, y, dot=1):
        """Reads a box of text whose upper left corner is there. Returns its lines."""
        screen = self.pixels()

        def lit(column, row):
            if column >= self.width or row >= self.height:
                return False
            at = (row * self.width + column) * 3
            return screen[at : at + 3] == WHITE

        lines, top = [], y + 4 * dot
        while top + 7 * dot <= self.height:
            line, left = "", x + 4 * dot
            while left + 5 * dot <= self.width:
                columns = tuple(
                    sum(lit(left + c * dot, top + r * dot) << r for r in range(7)) for c in range(5)
                )
                if columns not in GLYPHS:
                    break
                line += GLYPHS[columns]
                left += 6 * dot
            lines.append(line.rstrip())
            top += 10 * dot
            if not lines[-1]:
                break
        return "\n".join(lines[:-1] if lines and not lines[-1] else lines)

    def until(self, condition, what="it never came to be"):
        """Waits until the condition, which looks at the screen, is true."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, what() if callable(what) else what
            time.sleep(0.01)

    def until_text(self, words, x=4, y=4, dot=1):
        self.until(lambda: words in self.text(x, y, dot), lambda: (words, self.text(x, y, dot)))

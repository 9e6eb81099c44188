"""Screens that nobody sees, for walks whose programs show something, or take what is shown."""

import os
import shutil
import subprocess
import sys
import threading

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))
import display  # noqa: E402

LIMIT = 90  # seconds


class Screen(display.Display):
    """A screen with X's classic pattern of black and white on it.

    Without a GPU and a window manager, the video outputs that mpv prefers wait for a window that
    never comes, so mpv's settings name another one."""

    SIZE = 640, 362  # docs/recipes.md relies on it

    def __init__(self):
        super().__init__(*self.SIZE, "-retro")
        self.environment.update(MPV_HOME=self.folder, SDL_AUDIODRIVER="dummy")
        with open(os.path.join(self.folder, "mpv.conf"), "w", encoding="ascii") as settings:
            settings.write("vo=x11\n")


class ScreenWithUser(display.Display):
    """A screen whose user closes each window of `geyser view` that shows a picture."""

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
    """Whether there is a screen for a window, geyser was built with a window, and SDL is there."""
    if not all(shutil.which(program, path=environment["PATH"]) for program in ("Xvfb", "xdotool")):
        return False
    without = {key: value for key, value in environment.items() if "DISPLAY" not in key}
    said = subprocess.run(
        ["geyser", "view", "a"], env={**without, "SDL_VIDEODRIVER": "x11"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, text=True, check=False,
    ).stderr
    return "has no window" not in said and "isn't there" not in said

"""Runs a cell of a notebook by IPython: notebook_cell.py SOURCE. It prints a line for each picture
that a notebook would show, and fails if there is none, or if the cell fails."""

import sys

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

PNG = b"\x89PNG\r\n\x1a\n"


def main(source):
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    with capture_output(stdout=False, stderr=False) as captured:
        result = shell.run_cell(source)
    result.raise_error()
    shown = [one.data.get("image/png", b"") for one in captured.outputs]
    shown.append(shell.display_formatter.format(result.result)[0].get("image/png", b""))
    pictures = [one for one in shown if one.startswith(PNG)]
    for one in pictures:
        print(f"a picture of {len(one)} bytes")
    return 0 if pictures else "the cell shows no picture"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} SOURCE")
    sys.exit(main(sys.argv[1]))

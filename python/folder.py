"""Prints where packages go, and the path from there to the library: folder.py PREFIX OTHERWISE
LIBRARIES.

The first line is the folder under the prefix where this Python looks for packages, or the second
argument if there is none. The second line is the path from the package to the third argument."""

import os
import sys


def main(prefix, otherwise, libraries):
    begin = prefix.rstrip("/") + "/lib/python"
    found = [one for one in sys.path if one.startswith(begin) and one.endswith("-packages")]
    folder = os.path.join(prefix, found[0] if found else otherwise)
    print(folder)
    print(os.path.relpath(libraries, os.path.join(folder, "geyser")))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Prints where packages go: folder.py PREFIX OTHERWISE. The folder under the prefix that this
Python looks into, or the second argument if there is none."""

import sys


def main(prefix, otherwise):
    begin = prefix.rstrip("/") + "/lib/python"
    found = [one for one in sys.path if one.startswith(begin) and one.endswith("-packages")]
    print(found[0] if found else otherwise)


if __name__ == "__main__":
    main(*sys.argv[1:])

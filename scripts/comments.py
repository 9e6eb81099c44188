"""Finds comments in C that a formatter has broken, or that are too long for the end of a line of
code.

clang-format takes the sign at the beginning of a comment's lines from all of them. If one line
begins with an asterisk and a tab, the lines that it breaks begin with an asterisk and no space.
"""

import re

COMMENT = re.compile(
    r"/\*.*?\*/"  # matches a comment; the other patterns only skip text
    r"|//[^\n]*"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'",
    re.S,
)
# The beginning of a comment's second and later lines.
CONTINUED = re.compile(r"\s*\*(?:[ \t/]|$)")


def comments(text):
    """Yields each comment: (the code before it, the number of its first line, its lines)."""
    for match in COMMENT.finditer(text):
        if match.group().startswith("/*"):
            before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            yield before.strip(), text.count("\n", 0, match.start()) + 1, match.group().split("\n")


def problems(text):
    """Yields (line number, problem) for a source file."""
    for code, first, lines in comments(text):
        if code and len(lines) > 1:
            yield first, "a comment of several lines after code: move it above the code"
            continue
        for number, line in enumerate(lines[1:], first + 1):
            if not CONTINUED.match(line):
                yield number, "a comment's line without its asterisk and space: add them"


# (source, number of the refused line or 0)
SELF_TEST = (
    ("/* One line. */\nint a; /* of code */\n", 0),
    ("/* First\n * second. */\n", 0),
    ("/*\n * First\n *\n *\tsecond\n */\n", 0),
    ("\t/* First\n\t * second. */\n\tint a;\n", 0),
    ("/* First\n *second. */\n", 2),
    ("/*\n * First\n *\tsecond\n *third\n */\n", 4),
    ("/* First\n   second. */\n", 2),
    ("int a; /* first\n\t  second */\n", 1),
    ("int a; /* first\n\t* second */\n", 1),
    ('int a;\nchar b[] = "/*"; /* of code */\n*b = c;\n', 0),
    ("char b = '\"'; /* first\n\t\t * second */\n", 1),
    ("int a; // about /* a\n*b = c; /* of code */\n", 0),
)


def self_test():
    """Yields a line for each case that is judged wrongly."""
    for source, expected in SELF_TEST:
        found = [number for number, _ in problems(source)]
        if found != ([expected] if expected else []):
            yield f"comments.py: {source!r}: lines refused: {found}: expected {expected or 'none'}"

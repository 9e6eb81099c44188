#!/usr/bin/env python3
"""Checks the pages of the documentation (TAP): pages.py ROOT.

Every relative link in a Markdown file must lead to a file or folder that exists, and every anchor
to a heading or `<a id>` of the page that it names. Paths of the source that stand as code in a
sentence or table must exist, too, unless NAME is a part of them. Every line must fit in 100 columns, a tab up to
the next multiple of 8; rows of tables and lines of one unbreakable word are excepted. The program
first proves on small pages with one fault each that it finds the faults."""

import os
import re
import sys
import tempfile

COLUMNS = 100
FENCE = re.compile(r"^ *```")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
CODE = re.compile(r"(`+)(?:(?!`).)*?\1", re.S)
SOURCE = re.compile(
    r"`((?:src|include|cli|tests|docs|scripts|python|bench|examples)/[\w./-]*[\w/])`"
)
COMMENT = re.compile(r"<!--.*?-->", re.S)
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.M)
ANCHOR = re.compile(r'<a id="([^"]+)">')
ELSEWHERE = re.compile(r"[a-z]+:")
IMAGE_OR_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")

# the text of one.md beside two.md, and what must be in the complaint, or None for a right page
TWO = "# Two  words: `a_b`, c\n\n## Again\n\n## Again\n\n<a id=\"there\"></a>Text\n"
SELF_TEST = (
    ("[two](two.md), ![three](two.md) and [a site](https://example.org/#x)\n", None),
    ("[two](two.md#two--words-a_b-c) [again](two.md#again-1) [there](two.md#there)\n", None),
    ("# One\n\n[up](#one) [folder](sub) [file](sub/three.md)\n", None),
    ("[two](tow.md)\n", "tow.md"),
    ("[the text\ngoes on](tow.md)\n", "tow.md"),
    ("[two](two.md#againn)\n", "#againn"),
    ("[two](two.md#again-2)\n", "#again-2"),
    ("# One\n\n[up](#onee)\n", "#onee"),
    ("[out](../../outside.md)\n", "outside.md"),
    ("```sh\n[ -e x ](tow.md)\n```\n`[a](tow.md)`\n", None),
    ("`sub/three.md`, `docs/there.md`, `src/NAME.c`, `scripts/x y`\n", None),
    ("`src/gone.c`\n", "src/gone.c"),
    ("| `docs/gone/` |\n", "docs/gone/"),
    ("ä" * 50 + " " + "b" * 49 + "\n", None),
    ("ä" * 50 + " " + "b" * 50 + "\n", "101 columns"),
    ("- " + "a" * 120 + "\n", None),
    ("| a " + "b " * 60 + "|\n", None),
    ("<!-- " + "b " * 60 + "-->\n", "columns"),
    ("```c\n\t" + "b " * 46 + ";\n```\n", "101 columns"),
)


def documents(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            one for one in folders if not one.startswith((".", "build")) and one != "subprojects"
        )
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as document:
        return document.read()


def without_blocks(text):
    """The text with empty lines for blocks of code and what else is no prose."""
    lines, inside = [], False
    for line in text.split("\n"):
        fence = bool(FENCE.match(line))
        lines.append("" if inside or fence else line)
        inside ^= fence
    return COMMENT.sub(lambda match: "\n" * match.group().count("\n"), "\n".join(lines))


def anchors(text):
    """As GitHub makes them: lower case, no punctuation, - for each space; -1, -2 for repeated ones."""
    found = set(ANCHOR.findall(text))
    for heading in HEADING.findall(without_blocks(text)):
        plain = ANCHOR.sub("", IMAGE_OR_LINK.sub(r"\1", heading)).replace("</a>", "")
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        number, unique = 0, slug
        while unique in found:
            number += 1
            unique = f"{slug}-{number}"
        found.add(unique)
    return found


def complaint(root, path, target):
    """What is wrong with a link, or None."""
    name, _, anchor = target.partition("#")
    there = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if there.startswith("..") or not os.path.exists(os.path.join(root, there)):
        return f"{target}: no such file: {there}"
    if anchor and (not there.endswith(".md") or anchor not in anchors(read(root, there))):
        return f"{target}: {there} has no heading or anchor #{anchor}"
    return None


def check_links(root, path):
    text = without_blocks(read(root, path))
    prose = CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    # a link's text may hold code: its target is found in the text without its code, and only there
    for match in LINK.finditer(prose):
        target = match.group(1)
        if ELSEWHERE.match(target):
            continue
        wrong = complaint(root, path, target)
        if wrong:
            yield f"{path}:{prose.count(chr(10), 0, match.end()) + 1}: {wrong}"


def check_paths(root, path):
    text = without_blocks(read(root, path))
    for match in SOURCE.finditer(text):
        name = match.group(1)
        if "NAME" not in name and not os.path.exists(os.path.join(root, name)):
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {name}: no such file"


def check_columns(root, path):
    for number, line in enumerate(read(root, path).split("\n"), 1):
        width = len(line.expandtabs(8))
        words = line.split()
        words = words[1:] if words and words[0] in ("-", "*", ">") else words
        if width > COLUMNS and len(words) > 1 and not line.lstrip().startswith("|"):
            yield f"{path}:{number}: {width} columns: at most {COLUMNS}"


def check(root, path):
    return [*check_links(root, path), *check_paths(root, path), *check_columns(root, path)]


def self_test(text, wrong):
    with tempfile.TemporaryDirectory() as root:
        for folder in ("sub", "docs"):
            os.mkdir(f"{root}/{folder}")
        others = (("two.md", TWO), ("sub/three.md", "# Three\n"), ("docs/there.md", "# There\n"))
        for name, content in (("one.md", text), *others):
            with open(f"{root}/{name}", "w", encoding="utf-8") as out:
                out.write(content)
        found = check(root, "one.md")
    return len(found) == 1 and wrong in found[0] if wrong else not found


def main(root):
    passed, number = True, 0
    for number, (text, wrong) in enumerate(SELF_TEST, 1):
        right = self_test(text, wrong)
        passed &= right
        name = f"{text[:40]!r} is {'refused' if wrong else 'right'}".replace("#", "")
        print(f"{'ok' if right else 'not ok'} {number} - {name}")
    pages = list(documents(root))
    problems = [one for path in pages for one in check(root, path)]
    if not pages:
        problems.append(f"no page found under ({root}): give the repository's root")
    print(f"{'not ok' if problems else 'ok'} {number + 1} - {len(pages)} pages of the repository")
    for problem in problems:
        print(f"# {problem}")
    print(f"1..{number + 1}")
    return 0 if passed and not problems else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT")
    sys.exit(main(sys.argv[1]))

"""The package as pip and Meson install it, and its information about itself."""

import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import LIMIT, ROOT, geyser

HERE = os.path.dirname(os.path.abspath(geyser.__file__))
IN_REPOSITORY = os.path.samefile(HERE, os.path.join(ROOT, "python", "geyser"))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def run(*command, **environment):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=2 * LIMIT, check=False,
        env={**os.environ, **environment},
    )


class Package(unittest.TestCase):
    def test_everything_public_is_documented(self):
        for name in geyser.__all__:
            one = getattr(geyser, name)
            if name == "__version__":
                continue
            self.assertTrue(inspect.getdoc(one), name)
            for attribute, member in vars(one).items() if inspect.isclass(one) else ():
                known = inspect.isroutine(member) or isinstance(member, property)
                if attribute.startswith("_") or not known or isinstance(member, type(len)):
                    continue
                self.assertTrue(inspect.getdoc(member), f"{name}.{attribute}")

    def test_names_are_those_that_are_listed(self):
        self.assertEqual(sorted(geyser.__all__), geyser.__all__)
        modules = {name[:-3] for name in os.listdir(HERE) if name.endswith(".py")}
        public = {name for name in vars(geyser) if not name.startswith("_")} - modules
        self.assertEqual(public, set(geyser.__all__) - modules - {"__version__"})

    def test_each_file_is_installed_by_meson(self):
        if not IN_REPOSITORY:
            self.skipTest("of the repository")
        files = {name for name in os.listdir(HERE) if name.endswith((".py", ".typed"))}
        listed = re.findall(r"'geyser/([\w.]+)'", read("python", "meson.build"))
        self.assertEqual(set(listed), files)

    def test_version_is_the_projects(self):
        if not IN_REPOSITORY:
            self.skipTest("of the repository")
        self.assertIn(f"version: '{geyser.__version__}'", read("meson.build"))

    def test_where_meson_puts_it(self):
        script = os.path.join(ROOT, "python", "folder.py")
        if not os.path.exists(script):
            self.skipTest("of the repository")
        libraries = "/nowhere/lib/machine"
        found = run(sys.executable, "-I", script, "/nowhere", "/else/where", libraries).stdout
        self.assertEqual(found, "/else/where\n../../../nowhere/lib/machine\n")
        found = run(sys.executable, "-I", script, "/nowhere", "lib/py", libraries).stdout
        self.assertEqual(found, "/nowhere/lib/py\n../../machine\n")
        folder = next((one for one in sys.path if one.endswith("-packages")), None)
        if folder is not None and "/lib/python" in folder:
            prefix = folder[: folder.index("/lib/python")]
            arguments = (prefix, "/else/where", prefix + "/lib")
            found = run(sys.executable, "-I", script, *arguments).stdout.split()
            self.assertTrue(found[0].startswith(prefix + "/lib/python"), found)
            package = os.path.join(found[0], "geyser")
            self.assertEqual(os.path.normpath(os.path.join(package, found[1])), prefix + "/lib")

    def test_pip_installs_it(self):
        if not IN_REPOSITORY:
            self.skipTest("of the repository")
        if not all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel")):
            self.skipTest("pip, setuptools and wheel are not all installed")
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
            shutil.copytree(os.path.join(ROOT, "python"), source)  # pip builds in this folder
            result = run(
                sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-index",
                "--no-deps", "--quiet", "--disable-pip-version-check", "--target", target, source,
                PIP_ROOT_USER_ACTION="ignore",
            )
            self.assertEqual(result.returncode, 0, result.stderr)
            code = "import geyser; print(geyser.__file__); geyser.Manager('host').create_event(1)"
            result = run(sys.executable, "-c", code, PYTHONPATH=target)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertTrue(result.stdout.startswith(target), result.stdout)
            installed = set(os.listdir(os.path.join(target, "geyser"))) - {"__pycache__"}
            ours = {name for name in os.listdir(HERE) if name.endswith((".py", ".typed"))}
            self.assertEqual(installed, ours)


if __name__ == "__main__":
    unittest.main()

"""A Debian guest under QEMU: its file system, which is made once for each recipe, and its console.

The files are in build-guest/. Making them needs root, running the guest doesn't: the guest writes
to a copy that is dropped at its end.
"""

import glob
import hashlib
import inspect
import os
import selectors
import shlex
import shutil
import subprocess
import sys
import time

from counting import show_tail

CACHE = "build-guest"
RELEASE = "trixie"
PACKAGES = (
    "linux-image-amd64", "kmod", "udev", "mesa-vulkan-drivers", "libegl1", "libegl-mesa0",
    "libgl1-mesa-dri", "libgles2", "libgbm1", "libvulkan1",
)
# An initrd with modules for every machine takes far longer to boot.
INITRD_MODULES = ("virtio_pci", "virtio_blk", "ext4")

INSTALL_LIMIT, DISK_LIMIT = 900, 300  # in seconds


class Failure(Exception):
    """The reason why the tests can't run, and what to do."""


class Phase:
    """Prints how long a part of the work took."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.start = time.monotonic()

    def __exit__(self, *_):
        print(f"check-dmabuf: {self.name}: {time.monotonic() - self.start:.0f} s", flush=True)


def run(command, limit):
    """Runs a command. Prints its output only if it fails or hangs."""
    result = subprocess.run(
        ["timeout", "-k", "10", str(limit)] + command, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )
    if result.returncode:
        show_tail("what it printed", result.stdout)
        reason = f"took more than {limit} s" if result.returncode == 124 else "failed"
        raise Failure(f"{shlex.join(command)}: {reason}")
    return result.stdout


# ---- the guest's file system ----


def as_root(script, limit):
    """Runs a shell script as root, in a mount namespace whose mounts vanish at its end."""
    prefix = []
    if os.getuid() != 0:
        asking = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
        if not shutil.which("sudo") or subprocess.run(asking + ["true"], check=False).returncode:
            raise Failure("making the guest needs root, once: run this as root or with sudo")
        prefix = ["sudo", "-n"]
    return run(prefix + ["unshare", "--mount", "sh", "-euc", script], limit)


def mirror():
    """Returns the Debian mirror that apt uses on this machine; "" lets debootstrap choose."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    command += ["Origin: Debian", "Label: Debian", "Component: main"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        places = result.stdout.split()
    except OSError:
        places = []
    return places[0] if places else ""


def proxies():
    """Returns apt's proxies as shell variables: debootstrap downloads with wget, which doesn't read
    apt's configuration.
    """
    names = {"http_proxy": "Acquire::http::Proxy", "https_proxy": "Acquire::https::Proxy"}
    lines = []
    for variable, option in names.items():
        command = ["apt-config", "shell", "value", option]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            continue
        if result.stdout.startswith("value="):
            lines.append(f"{result.stdout.strip()}; export {variable}=$value")
    return "\n".join(lines)


def make_image(folder):
    """root.img, vmlinuz and initrd.img of a freshly installed Debian, in folder."""
    root, image = f"{folder}/root", f"{folder}/root.img"
    modules = "\\n".join(INITRD_MODULES)
    with Phase("installing Debian"):
        as_root(
            f"""rm -rf --one-file-system {folder}
            mkdir -p {folder}
            {proxies()}
            export INITRD=No
            debootstrap --variant=minbase --include={','.join(PACKAGES)} {RELEASE} {root} {mirror()}
            rm -f {root}/var/cache/apt/archives/*.deb
            echo MODULES=list >{root}/etc/initramfs-tools/conf.d/guest
            printf '{modules}\n' >>{root}/etc/initramfs-tools/modules
            chroot {root} update-initramfs -c -k all""",
            INSTALL_LIMIT,
        )
    with Phase("making its disk"):
        as_root(
            f"""truncate -s 3G {image}
            mkfs.ext4 -q -O ^has_journal -d {root} {image}
            cp {root}/boot/vmlinuz-* {folder}/vmlinuz
            cp {root}/boot/initrd.img-* {folder}/initrd.img
            rm -rf --one-file-system {root}
            chown {os.getuid()}:{os.getgid()} {folder}/*""",
            DISK_LIMIT,
        )


def cached_image():
    """Returns the folder of the image for the current recipe. Removes images of other recipes."""
    recipe = repr((RELEASE, PACKAGES, INITRD_MODULES)) + inspect.getsource(make_image)
    folder = f"{CACHE}/{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if not os.path.isdir(folder):
        make_image(f"{CACHE}/new")
        for old in glob.glob(f"{CACHE}/" + "[0-9a-f]" * 16):
            shutil.rmtree(old)
        os.rename(f"{CACHE}/new", folder)
    return folder


# ---- the guest itself ----


def command_line(folder, disk):
    """Returns QEMU's command. It boots the image in folder; the first process is guest-init from
    the second disk.
    """
    drive = "format=raw,if=virtio,snapshot=on,file="
    kernel = "root=/dev/vda rw console=ttyS0 quiet oops=panic panic=-1"
    init = 'init=/bin/sh -- -c "mount -t ext4 /dev/vdb /mnt && exec /mnt/guest-init"'
    return [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "2048",
        "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
        "-kernel", f"{folder}/vmlinuz", "-initrd", f"{folder}/initrd.img",
        "-append", f"{kernel} {init}", "-drive", drive + f"{folder}/root.img",
        "-drive", drive + disk, "-device", "virtio-rng-pci",
    ]


class Guest:
    """A running guest, whose console is read line by line."""

    def __init__(self, folder, disk, log):
        self.log = open(log, "wb")
        self.rest = b""
        self.process = subprocess.Popen(
            command_line(folder, disk), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def line(self, deadline):
        """Returns the console's next line without its end. Raises Failure if there is none before
        the deadline.
        """
        while b"\n" not in self.rest:
            if not self.selector.select(max(0, deadline - time.monotonic())):
                raise Failure("the guest hangs")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise Failure("the guest ended")
            self.log.write(chunk)
            self.log.flush()
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes initramfs images for ppc64el guests from Debian's packages.

As a program: initramfs.py prints the path of the base archive, making it if needed. As a module:
image(name, files) gives an initramfs of the base and more files.

An archive is the kernel's "newc" cpio, not compressed (the guest unpacks it faster); several
archives one after the other are one initramfs.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import cache  # noqa: E402
from packages import apt  # noqa: E402

PACKAGES = ["busybox-static", "stress-ng", "openssl", "python3-minimal", "sqlite3", "lua5.4",
            "perl-base", "xz-utils", "zstd"]

# What a guest without users does not read.
UNWANTED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian",
            "usr/share/info", "usr/share/bash-completion", "usr/share/bug", "usr/share/stress-ng",
            "usr/lib/python3/dist-packages")

# Raise it when the way the base is made changes.
RECIPE = 1


def newc(entries):
    """The bytes of a cpio archive. entries: list of (path, mode, data, rdev major, rdev minor)."""
    out = []

    def entry(number, path, mode, data, major, minor):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data), 0, 0, major,
                  minor, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        out.append(head + b"\0" * (-len(head) % 4))
        out.append(data + b"\0" * (-len(data) % 4))

    for number, (path, mode, data, major, minor) in enumerate(entries, 1):
        entry(number, path, mode, data, major, minor)
    entry(0, "TRAILER!!!", 0, b"", 0, 0)
    archive = b"".join(out)
    return archive + b"\0" * (-len(archive) % 512)


def folder_entry(path):
    return (path, stat.S_IFDIR | 0o755, b"", 0, 0)


def file_entry(path, data, executable=False):
    return (path, stat.S_IFREG | (0o755 if executable else 0o644), data, 0, 0)


def link_entry(path, target):
    return (path, stat.S_IFLNK | 0o777, target.encode(), 0, 0)


def device_entry(path, major, minor):
    return (path, stat.S_IFCHR | 0o600, b"", major, minor)


def tree_entries(top):
    """The entries of a folder on the host, all owned by root."""
    entries = []
    for folder, folders, files in os.walk(top):
        folders.sort()
        relative = os.path.relpath(folder, top)
        if relative != ".":
            entries.append(folder_entry(relative))
        for name in sorted(files) + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, top)
            if os.path.islink(path):
                entries.append(link_entry(inside, os.readlink(path)))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    entries.append(file_entry(inside, file.read(), os.access(path, os.X_OK)))
    return entries


def fetch_packages(work):
    """Fetches PACKAGES and all they depend on for ppc64el; returns the .deb files."""
    archives = os.path.join(work, "apt", "archives")
    apt(work,
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "--download-only"] + PACKAGES)
    return sorted(os.path.join(archives, f) for f in os.listdir(archives) if f.endswith(".deb"))


def merge_usr(tree):
    """Moves /bin, /sbin, /lib, /lib64 into /usr and leaves links, as an installed system has it."""
    for name in ("bin", "sbin", "lib", "lib64"):
        old, new = os.path.join(tree, name), os.path.join(tree, "usr", name)
        os.makedirs(new, exist_ok=True)
        if os.path.isdir(old) and not os.path.islink(old):
            shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(old)
        os.symlink("usr/" + name, old)


def make_base(final):
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        tree = os.path.join(work, "tree")
        packages = fetch_packages(work)
        for package in packages:
            subprocess.run(["dpkg", "-x", package, tree], check=True)
        for name in UNWANTED:
            shutil.rmtree(os.path.join(tree, name), ignore_errors=True)
        merge_usr(tree)
        entries = tree_entries(tree)
        have = {entry[0] for entry in entries}
        entries += [folder_entry(f) for f in ("dev", "proc", "sys", "tmp", "run", "root")
                    if f not in have]
        entries.append(device_entry("dev/console", 5, 1))
        entries.append(device_entry("dev/null", 1, 3))
        with open(final + ".new", "wb") as out:
            out.write(newc(entries))
        with open(final + ".packages", "w", encoding="utf-8") as out:
            out.writelines(os.path.basename(p) + "\n" for p in packages)
        os.rename(final + ".new", final)


def base():
    """The path of the archive with all of PACKAGES."""
    key = hashlib.sha256(repr((RECIPE, PACKAGES, UNWANTED)).encode()).hexdigest()[:12]
    final = os.path.join(cache(), f"programs-{key}.cpio")
    with open(os.path.join(cache(), "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(final):
            print("# making the guest's programs from Debian's ppc64el packages", file=sys.stderr)
            make_base(final)
    return final


def image(path, entries):
    """Writes an initramfs to path: the base, then entries, which win over it."""
    with open(path, "wb") as out:
        with open(base(), "rb") as file:
            shutil.copyfileobj(file, out)
        out.write(newc(entries))
    return path


if __name__ == "__main__":
    print(base())

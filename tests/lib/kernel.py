#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's ppc64el kernel with its modules, for guests that need drivers: fetched from Debian's
package the first time, kept in the cache. kernel() gives the kernel's path; modules(names) the
files of those modules and all they depend on, in the order they are to be loaded; disk_initrd() an
initramfs with those for SCSI disks.
"""

import fcntl
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from guest import cache  # noqa: E402
from initramfs import file_entry, folder_entry, newc  # noqa: E402
from packages import apt  # noqa: E402

PACKAGE = "linux-image-powerpc64le"
DISK_MODULES = ["ibmvscsi", "sd_mod", "sr_mod", "ext4", "isofs", "crct10dif_generic"]
# Loads them and gives a shell; rdinit=/disks.
DISK_INIT = b"""#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod $module; done
exec /bin/sh
"""


def fetch(final):
    """The kernel that the package of the newest one depends on, unpacked into `final`."""
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        said = apt(work, ["apt-cache", "depends", PACKAGE])
        versioned = re.findall(r"Depends: (linux-image-\S+)", said)
        if not versioned:
            raise RuntimeError(f"{PACKAGE} depends on no kernel:\n{said}")
        apt(work, ["apt-get", "download", "-q", versioned[0]], cwd=work)
        package = [f for f in os.listdir(work) if f.endswith(".deb")][0]
        tree = os.path.join(work, "tree")
        subprocess.run(["dpkg", "-x", os.path.join(work, package), tree], check=True)
        folder = os.path.join(work, "new")
        os.makedirs(folder)
        image = [f for f in os.listdir(os.path.join(tree, "boot")) if f.startswith("vmlinu")][0]
        shutil.move(os.path.join(tree, "boot", image), os.path.join(folder, "vmlinux"))
        shutil.move(os.path.join(tree, "lib", "modules"), os.path.join(folder, "modules"))
        with open(os.path.join(folder, "package"), "w", encoding="utf-8") as out:
            out.write(package + "\n")
        os.rename(folder, final)


def folder():
    final = os.path.join(cache(), "debian-kernel-12")
    with open(os.path.join(cache(), "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(final):
            print("# fetching Debian's ppc64el kernel", file=sys.stderr)
            fetch(final)
    return final


def kernel():
    return os.path.join(folder(), "vmlinux")


def depends(path):
    """The modules that one names in its description."""
    with open(path, "rb") as file:
        found = re.search(rb"\0depends=([^\0]*)\0", file.read())
    return found.group(1).decode().split(",") if found and found.group(1) else []


def modules(names):
    """Files, each after those that it needs. A name that is no file is built into the kernel."""
    files = {}
    for where, _, inside in os.walk(os.path.join(folder(), "modules")):
        for name in inside:
            if name.endswith(".ko"):
                files[name[:-3].replace("-", "_")] = os.path.join(where, name)
    ordered = []

    def add(name):
        path = files.get(name.replace("-", "_"))
        if path and path not in ordered:
            # ext4 asks for its checksum when it mounts, not when it is loaded.
            for needed in depends(path) + (["crc32c_generic", "crc32c_vpmsum"]
                                           if name == "ext4" else []):
                add(needed)
            ordered.append(path)

    for name in names:
        add(name)
    return ordered


def disk_initrd(path, base):
    """Writes to path the initramfs base (compressed) with DISK_MODULES and /disks, which loads
    them.
    """
    entries = [folder_entry("modules"), file_entry("disks", DISK_INIT, executable=True)]
    for number, module in enumerate(modules(DISK_MODULES)):
        with open(module, "rb") as file:
            entries.append(file_entry(f"modules/{number:02}.ko", file.read()))
    with open(path, "wb") as out:
        with open(base, "rb") as file:
            shutil.copyfileobj(file, out)
        out.write(gzip.compress(newc(entries), 6))
    return path


if __name__ == "__main__":
    print(kernel())

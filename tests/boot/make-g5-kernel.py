#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the kernel for Power Macs with a 970 from Debian's linux-source-6.1 and g5.config, for the
cases of g5.py.

make-g5-kernel.py FOLDER [JOBS]

FOLDER/vmlinux-g5.xz and FOLDER/config-g5.xz are what it makes; point GOSSAMER_GUESTS at a folder
with the first.  Needs powerpc64-linux-gnu-gcc, make, flex, bison and bc, a gigabyte in FOLDER, and
ten minutes of a processor.
"""

import glob
import lzma
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import packages  # noqa: E402

SOURCE = "linux-source-6.1"
CROSS = "powerpc64-linux-gnu-"


def unpack(work):
    """The sources; their folder."""
    packages.apt(work, ["apt-get", "download", SOURCE], cwd=work, architecture="amd64")
    package = glob.glob(os.path.join(work, SOURCE + "_*.deb"))[0]
    subprocess.run(["dpkg-deb", "-x", package, work], check=True)
    archive = os.path.join(work, "usr", "src", SOURCE + ".tar.xz")
    subprocess.run(["tar", "-xJf", archive, "-C", work], check=True)
    return os.path.join(work, SOURCE)


def build(source, out, jobs):
    words = {"ARCH": "powerpc", "CROSS_COMPILE": CROSS}
    environment = dict(os.environ, **words)
    os.makedirs(out)
    subprocess.run([
        "scripts/kconfig/merge_config.sh", "-n", "-O", out,
        os.path.join(HERE, "g5.config")
    ], cwd=source, env=environment, check=True)
    subprocess.run([
        "make", f"O={out}", f"-j{jobs}", "KBUILD_BUILD_USER=guest", "KBUILD_BUILD_HOST=gossamer",
        "vmlinux"
    ], cwd=source, env=environment, check=True)
    subprocess.run([CROSS + "strip", "-s", os.path.join(out, "vmlinux")], check=True)


def pack(path, final):
    with open(path, "rb") as file, lzma.open(final + ".new", "wb") as packed:
        shutil.copyfileobj(file, packed)
    os.rename(final + ".new", final)


def main(folder, jobs="1"):
    with tempfile.TemporaryDirectory(dir=folder) as work:
        out = os.path.join(work, "out")
        build(unpack(work), out, int(jobs))
        pack(os.path.join(out, ".config"), os.path.join(folder, "config-g5.xz"))
        pack(os.path.join(out, "vmlinux"), os.path.join(folder, "vmlinux-g5.xz"))


main(*sys.argv[1:])

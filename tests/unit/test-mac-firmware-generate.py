#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes test-mac-firmware-*.dtb.gz: the device trees that OpenBIOS makes for QEMU's Power Macs, as
Linux has them.

test-mac-firmware-generate.py [QEMU]     (default qemu-system-ppc)

Boots the kernel of $GOSSAMER_GUESTS (tests/boot/macs.py) on each board. What Linux added is taken
out by the test.
"""
import base64
import gzip
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("lib", "boot"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
os.environ["GOSSAMER_EMULATOR"] = sys.argv[1] if len(sys.argv) > 1 else "qemu-system-ppc"
from macs import mac, reach_shell  # noqa: E402

BOARDS = {
    "g3beige": "g3beige", "mac99": "mac99", "mac99-pmu": "mac99,via=pmu", "mac99-pmu-adb":
    "mac99,via=pmu-adb"
}


def main():
    for name, machine in BOARDS.items():
        with mac(f"tree-{name}", machine=machine, firmware="openbios-ppc", memory="64M",
                 extra=("-vga", "std")) as guest:
            reach_shell(guest)
            text = guest.shell("gzip -c /sys/firmware/fdt | uuencode -m tree")
        lines = [
            line for line in text.splitlines() if line and not line.startswith(("begin", "===="))
        ]
        tree = gzip.decompress(base64.b64decode("".join(lines)))
        with open(os.path.join(HERE, f"test-mac-firmware-{name}.dtb.gz"), "wb") as file:
            file.write(gzip.compress(tree, mtime=0))


main()

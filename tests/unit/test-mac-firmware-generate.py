#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes test-mac-firmware-*.dtb.gz: the device trees that OpenBIOS makes for QEMU's Power Macs, as
Linux has them.

test-mac-firmware-generate.py [QEMU [QEMU64]]     (default qemu-system-ppc, qemu-system-ppc64)

Boots the kernel of $GOSSAMER_GUESTS (tests/boot/macs.py) on each board. What Linux added is taken
out by the test. With a 970 the tree is taken out of memory when Linux leaves the firmware: the
64-bit kernel there is one for later processors.
"""
import base64
import gzip
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("lib", "boot"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
os.environ["GOSSAMER_EMULATOR"] = sys.argv[1] if len(sys.argv) > 1 else "qemu-system-ppc"
from guest import Guest, local_guest  # noqa: E402
from macs import mac, reach_shell  # noqa: E402

FDT_MAGIC = 0xd00dfeed
FDT_VERSION = 17

BOARDS = {
    "g3beige": "g3beige", "mac99": "mac99", "mac99-pmu": "mac99,via=pmu", "mac99-pmu-adb":
    "mac99,via=pmu-adb"
}


def write(name, tree):
    with open(os.path.join(HERE, f"test-mac-firmware-{name}.dtb.gz"), "wb") as file:
        file.write(gzip.compress(tree, mtime=0))


def by_shell(name, machine):
    with mac(f"tree-{name}", machine=machine, firmware="openbios-ppc", memory="64M",
             extra=("-vga", "std")) as guest:
        reach_shell(guest)
        text = guest.shell("gzip -c /sys/firmware/fdt | uuencode -m tree")
    lines = [line for line in text.splitlines() if line and not line.startswith(("begin", "===="))]
    write(name, gzip.decompress(base64.b64decode("".join(lines))))


def rebuilt(memory):
    """The tree that begins in memory, without what is unused in it: Linux leaves pages between its
    parts, in an older version."""
    at = next(at for at in range(0, len(memory), 8)
              if struct.unpack_from(">I", memory, at)[0] == FDT_MAGIC)
    total, struct_at, strings_at, reserved_at = struct.unpack_from(">IIII", memory, at + 4)
    assert at + total <= len(memory), total
    reserved_end = reserved_at
    while any(memory[at + reserved_end:at + reserved_end + 16]):
        reserved_end += 16
    reserved = memory[at + reserved_at:at + reserved_end + 16]
    strings_size, = struct.unpack_from(">I", memory, at + 32)
    strings = memory[at + strings_at:at + strings_at + strings_size]
    body = memory[at + struct_at:at + total]
    end = nodes_end(body)
    head = 40
    offsets = (head + len(reserved), head + len(reserved) + end, head)
    size = offsets[1] + strings_size
    return struct.pack(">10I", FDT_MAGIC, size, *offsets, FDT_VERSION, 16, 0, strings_size,
                       end) + reserved + body[:end] + strings


def nodes_end(body):
    """Behind the last token of the structure."""
    begin, end_node, prop, end = 1, 2, 3, 9
    at = 0
    while True:
        token, = struct.unpack_from(">I", body, at)
        at += 4
        if token == begin:
            at = (body.index(b"\0", at) + 4) & ~3
        elif token == prop:
            at = (at + 8 + struct.unpack_from(">I", body, at)[0] + 3) & ~3
        elif token == end:
            return at
        else:
            assert token in (end_node, 4), token


def by_memory(name, machine):
    emulator = sys.argv[2] if len(sys.argv) > 2 else "qemu-system-ppc64"
    with Guest(name=f"tree-{name}", machine=machine, cpu="970fx", firmware="openbios-ppc",
               memory="64M", kernel=local_guest("vmlinux-ppc64be"), append="console=ttyPZ0",
               emulator=emulator, qmp=True, extra=("-vga", "std")) as guest:
        strings = int(guest.expect(r"Device tree strings 0x([0-9a-f]+)", 120).group(1), 16)
        last = int(guest.expect(r"Device tree struct .* 0x([0-9a-f]+)", 10).group(1), 16)
        guest.expect(r"Booting Linux", 10)
        path = os.path.join(guest.folder, "memory")
        first = strings - 0x20000
        guest.qmp.command("pmemsave", val=first, size=last - first, filename=path)
        with open(path, "rb") as file:
            write(name, rebuilt(file.read()))


def main():
    for name, machine in BOARDS.items():
        by_shell(name, machine)
    by_memory("mac99-970", "mac99,via=pmu")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/unit/test-mac-VERSION.gz: the devices' sections of QEMU's machine g3beige while Linux runs; or
tests/unit/test-vga-VERSION.gz: that of its display, on which Linux writes.

make-golden-mac.py [--vga] VERSION QEMU-COMMAND KERNEL INITRD

Keys and motion of the mouse wait in the devices when the machine is stopped. For each section: length of its
name, name, version and size (32 bits, big-endian), bytes.
"""
import gzip
import importlib.machinery
import importlib.util
import os
import shlex
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("make_golden", os.path.join(HERE, "make-golden.py"))
spec = importlib.util.spec_from_loader("make_golden", loader)
make_golden = importlib.util.module_from_spec(spec)
loader.exec_module(make_golden)

NAMES = ["PCIHost", "PCIBUS", "escc", "heathrow_pic", "mos6522", "cuda", "adb_bus", "macio_nvram",
         "pci.0:10.0/macio-oldworld", "adb_kbd", "adb_mouse", "fw_cfg"]
VGA_NAMES = ["pci.0:01.0/vga"]
FULL, FOOTER = 0x04, 0x7E


def sections(stream, names):
    """(name, version, bytes) of these sections: from a header to the footer of the same number."""
    for name in names:
        text = bytes([len(name)]) + name.encode()
        at = stream.find(text)
        while at >= 0 and (stream[at - 5] != FULL or stream[at + len(text):at + len(text) + 4] != bytes(4)):
            at = stream.find(text, at + 1)
        if at < 0:
            sys.exit(f"no section {name}")
        number = stream[at - 4:at]
        version, = struct.unpack_from(">I", stream, at + len(text) + 4)
        start = at + len(text) + 8
        end = stream.find(bytes([FOOTER]) + number, start)
        yield name, version, stream[start:end]


def main():
    vga = sys.argv[1] == "--vga"
    version, command, kernel, initrd = sys.argv[2 if vga else 1:]
    with tempfile.TemporaryDirectory() as folder:
        path = {name: os.path.join(folder, name) for name in ("qmp", "serial", "stream")}
        process = subprocess.Popen(shlex.split(command) + [
            "-M", "g3beige", "-m", "128", "-nodefaults", "-vga", "std" if vga else "none", "-nic", "none",
            "-display", "none", "-serial", f"file:{path['serial']}", "-qmp", f"unix:{path['qmp']},server=on,wait=off",
            "-kernel", kernel, "-initrd", initrd, "-append", ("console=tty0 " if vga else "") + "console=ttyPZ0"])
        monitor = make_golden.Monitor(path["qmp"])
        while b"GUEST-UP" not in open(path["serial"], "rb").read():
            time.sleep(0.5)
        time.sleep(3)
        monitor.command("stop")
        for words in ("sendkey a-shift-f5", "mouse_move 200 -90", "mouse_button 1"):
            monitor.command("human-monitor-command", **{"command-line": words})
        time.sleep(0.5)
        monitor.command("migrate", uri=f"exec:cat > {path['stream']}")
        while monitor.command("query-migrate").get("status") not in ("completed", "failed"):
            time.sleep(0.2)
        monitor.command("quit")
        process.wait()
        with open(path["stream"], "rb") as file:
            stream = file.read()
    out = b""
    for name, number, data in sections(stream, VGA_NAMES if vga else NAMES):
        print(f"{name}: version {number}, {len(data)} bytes")
        out += bytes([len(name)]) + name.encode() + struct.pack(">II", number, len(data)) + data
    with open(os.path.join(HERE, "..", "unit", f"test-{'vga' if vga else 'mac'}-{version}.gz"), "wb") as file:
        file.write(gzip.compress(out, 9, mtime=0))


if __name__ == "__main__":
    main()

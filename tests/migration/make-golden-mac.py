#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/unit/test-MACHINE-VERSION.gz: the devices' sections of one of QEMU's Power Macs while
Linux runs; or tests/unit/test-vga-VERSION.gz: that of its display, on which Linux writes.

make-golden-mac.py [--vga] VERSION QEMU-COMMAND KERNEL INITRD [MACHINE]

MACHINE is g3beige (its file is test-mac-VERSION.gz), or mac99 with options (mac99,via=pmu:
test-mac99-pmu-VERSION.gz).

Keys and motion of the mouse wait in the devices when the machine is stopped. For each section:
length of its name, name, version and size (32 bits, big-endian), bytes.
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

G3BEIGE = ["PCIHost", "PCIBUS", "escc", "heathrow_pic", "mos6522", "cuda", "adb_bus", "macio_nvram",
           "pci.0:10.0/macio-oldworld", "adb_kbd", "adb_mouse", "fw_cfg"]
BRIDGES = [(name, number) for number in range(3) for name in ("PCIHost", "PCIBUS")]
# The serial controller's is among those of g3beige.
MAC99 = BRIDGES + ["openpic", "mos6522"]
ADB = ["adb_bus", "adb_kbd", "adb_mouse"]
OHCI = ["pci.2:0d.0/ohci"]
HID = ["pci.2:0d.0/1/usb-kbd", "pci.2:0d.0/2/usb-ptr"]
END = ["pci.2:0c.0/macio-newworld", "macio_nvram", "fw_cfg"]
NAMES = {
    "g3beige": G3BEIGE,
    "mac99": MAC99 + ["cuda"] + ADB + OHCI + END,
    "mac99,via=pmu": MAC99 + ["macio_gpio", "pmu"] + OHCI + HID + END,
    "mac99,via=pmu-adb": MAC99 + ["macio_gpio", "pmu"] + ADB + OHCI + END,
}
FILES = {
    "g3beige": "mac", "mac99": "mac99-cuda", "mac99,via=pmu": "mac99-pmu", "mac99,via=pmu-adb":
    "mac99-pmu-adb"
}
VGA_NAMES = ["pci.0:01.0/vga"]
FULL, FOOTER = 0x04, 0x7E


def sections(stream, names):
    """(name, version, bytes) of the sections with these names: from a header to the footer of the
    same number.
    """
    for entry in names:
        name, instance = entry if isinstance(entry, tuple) else (entry, 0)
        text = bytes([len(name)]) + name.encode()
        at = stream.find(text)
        while at >= 0 and (stream[at - 5] != FULL or stream[at + len(text):at + len(text) + 4] !=
                           struct.pack(">I", instance)):
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
    version, command, kernel, initrd, *rest = sys.argv[2 if vga else 1:]
    machine = rest[0] if rest else "g3beige"
    # With -nodefaults Linux stops on QEMU's mac99,via=pmu-adb, and without a display OpenBIOS.
    bare = ["-monitor", "none"] if rest else ["-nodefaults", "-vga", "std" if vga else "none"]
    with tempfile.TemporaryDirectory() as folder:
        path = {name: os.path.join(folder, name) for name in ("qmp", "serial", "stream")}
        process = subprocess.Popen(
            shlex.split(command) + bare + [
                "-M", machine, "-m", "128", "-nic", "none", "-display", "none", "-serial",
                f"file:{path['serial']}", "-qmp", f"unix:{path['qmp']},server=on,wait=off",
                "-kernel", kernel, "-initrd", initrd, "-append", ("console=tty0 " if vga else "") +
                "console=ttyPZ0"
            ])
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
    for name, number, data in sections(stream, VGA_NAMES if vga else NAMES[machine]):
        print(f"{name}: version {number}, {len(data)} bytes")
        out += bytes([len(name)]) + name.encode() + struct.pack(">II", number, len(data)) + data
    label = "vga" if vga else FILES[machine]
    with open(os.path.join(HERE, "..", "unit", f"test-{label}-{version}.gz"), "wb") as file:
        file.write(gzip.compress(out, 9, mtime=0))


if __name__ == "__main__":
    main()

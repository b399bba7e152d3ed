#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/unit/test-nic-VERSION.gz: the sections of QEMU's network cards in machine g3beige,
while Linux is on three networks; and libslirp's.

make-golden-net.py VERSION QEMU-COMMAND KERNEL INITRD [pseries]

With the last word tests/unit/test-vlan-VERSION.gz, of pseries and spapr-vlan.

The layout is that of make-golden-mac.py.
"""
import gzip
import importlib.machinery
import importlib.util
import os
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("mac", os.path.join(HERE, "make-golden-mac.py"))
spec = importlib.util.spec_from_loader("mac", loader)
mac = importlib.util.module_from_spec(spec)
loader.exec_module(mac)

CARDS = ("ne2k_pci", "rtl8139", "sungem")
PSERIES_NAMES = ["slirp", "l-lan@71000002/spapr_llan"]
NAMES = ["slirp", "pci.0:04.0/ne2000", "pci.0:05.0/rtl8139", "pci.0:06.0/sungem"]


def wait(serial, words):
    text = b""
    while words not in text:
        text += serial.recv(4096)


def main():
    version, command, kernel, initrd, *rest = sys.argv[1:]
    if rest == ["pseries"]:
        machine = ["-M", "pseries-7.2", "-cpu", "power9_v2.0", "-m", "512"]
        cards, names, console, label = ("spapr-vlan",), PSERIES_NAMES, "hvc0", "vlan"
    else:
        machine = ["-M", "g3beige", "-m", "128", "-vga", "std"]
        cards, names, console, label = CARDS, NAMES, "ttyPZ0", "nic"
    arguments = []
    for number, card in enumerate(cards):
        place = "reg=0x71000002" if card == "spapr-vlan" else f"addr={number + 4}"
        arguments += ["-netdev", f"user,id=n{number},net=10.0.{number + 2}.0/24",
                      "-device", f"{card},netdev=n{number},{place}"]
    with tempfile.TemporaryDirectory() as folder:
        path = {name: os.path.join(folder, name) for name in ("qmp", "serial", "stream")}
        process = subprocess.Popen(
            shlex.split(command) + [
                *machine, "-nodefaults", "-display", "none", "-serial",
                f"unix:{path['serial']},server=on,wait=off", "-qmp",
                f"unix:{path['qmp']},server=on,wait=off", "-kernel", kernel, "-initrd", initrd,
                "-append", f"console={console}"
            ] + arguments)
        monitor = mac.make_golden.Monitor(path["qmp"])
        with socket.socket(socket.AF_UNIX) as serial:
            serial.connect(path["serial"])
            wait(serial, b"GUEST-UP")
            wait(serial, b"# ")
            serial.sendall(
                b"for i in %s; do ifconfig eth$i 10.0.$((i+2)).99; udhcpc -n -q -t 2 -i eth$i; "
                b"ping -c 1 10.0.$((i+2)).2; done; echo DO''NE\n" %
                b" ".join(b"%d" % i for i in range(len(cards))))
            wait(serial, b"DONE")
        monitor.command("stop")
        monitor.command("migrate", uri=f"exec:cat > {path['stream']}")
        while monitor.command("query-migrate").get("status") not in ("completed", "failed"):
            time.sleep(0.2)
        monitor.command("quit")
        process.wait()
        with open(path["stream"], "rb") as file:
            stream = file.read()
    out = b""
    for name, number, data in mac.sections(stream, names):
        print(f"{name}: version {number}, {len(data)} bytes")
        out += bytes([len(name)]) + name.encode() + struct.pack(">II", number, len(data)) + data
    with open(os.path.join(HERE, "..", "unit", f"test-{label}-{version}.gz"), "wb") as file:
        file.write(gzip.compress(out, 9, mtime=0))


if __name__ == "__main__":
    main()

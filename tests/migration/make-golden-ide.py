#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes tests/unit/test-ide-VERSION.gz: sections "ide" (of ide.0) and "dbdma" of QEMU's machine
g3beige in the middle of commands, which are given by qtest.

make-golden-ide.py VERSION QEMU-COMMAND

A disk of 1 MiB, the sector's number in each byte, is unit 0, a CD of as many bytes unit 1. For each
section: length of its name ("STATE/ide"), name, version and size (32 bits, big-endian), bytes.
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


def module(name, file):
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(HERE, file))
    spec = importlib.util.spec_from_loader(name, loader)
    result = importlib.util.module_from_spec(spec)
    loader.exec_module(result)
    return result


make_golden = module("make_golden", "make-golden.py")
sections = module("make_golden_mac", "make-golden-mac.py").sections

CONFIG_ADDRESS, CONFIG_DATA, BAR = 0xFEC00000, 0xFEE00000, 0x80800000
MACIO = 1 << 31 | 16 << 11
IDE, DBDMA = BAR + 0x20000, BAR + 0x8000 + 0x16 * 0x80


class Machine:
    def __init__(self, folder, command):
        self.path = {
            name: os.path.join(folder, name)
            for name in ("qmp", "qtest", "stream", "disk", "cd")
        }
        for name in ("disk", "cd"):
            with open(self.path[name], "wb") as file:
                file.write(b"".join(bytes([n % 251]) * 512 for n in range(2048)))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path["qtest"])
        listener.listen(1)
        self.process = subprocess.Popen(
            shlex.split(command) + [
                "-M", "g3beige", "-m", "128", "-nodefaults", "-vga", "none", "-nic", "none",
                "-display", "none", "-S", "-qtest-log", "none", "-qtest",
                f"unix:{self.path['qtest']}", "-qmp", f"unix:{self.path['qmp']},server=on,wait=off",
                "-drive", f"if=ide,index=0,format=raw,file={self.path['disk']}", "-drive",
                f"if=ide,index=1,media=cdrom,format=raw,file={self.path['cd']}"
            ])
        self.qtest = listener.accept()[0].makefile("rw")
        self.monitor = make_golden.Monitor(self.path["qmp"])
        for register, value in ((0x10, BAR), (0x04, 2)):
            self.ask(f"writel {CONFIG_ADDRESS:#x} {swap(MACIO | register):#x}")
            self.ask(f"writel {CONFIG_DATA:#x} {swap(value):#x}")

    def ask(self, text):
        self.qtest.write(text + "\n")
        self.qtest.flush()
        while True:
            words = self.qtest.readline().split()
            if words[0] != "IRQ":
                assert words[0] == "OK", words
                return words[1:]

    def write(self, register, value):
        self.ask(f"writeb {IDE + register * 0x10:#x} {value:#x}")

    def read(self, register):
        return int(self.ask(f"readb {IDE + register * 0x10:#x}")[0], 16)

    def command(self, code, device=0xE0, sector=0, count=0, feature=0, cylinder=0):
        for register, value in ((6, device), (1, feature), (2, count), (3, sector),
                                (4, cylinder & 0xFF), (5, cylinder >> 8), (7, code)):
            self.write(register, value)
        self.settle()

    def settle(self):
        for _ in range(200):
            if not self.read(8) & 0x80:
                return
            time.sleep(0.01)
        sys.exit("busy")

    def data_in(self, n):
        for _ in range(n):
            self.ask(f"readw {IDE:#x}")
        self.settle()

    def data_out(self, data):
        for i in range(0, len(data), 2):
            self.ask(f"writew {IDE:#x} {data[i] << 8 | data[i + 1]:#x}")
        self.settle()

    def packet(self, cdb, limit=0xFFFE, feature=0):
        self.command(0xA0, device=0xF0, feature=feature, cylinder=limit)
        self.data_out(bytes(cdb).ljust(12, b"\0"))

    def save(self):
        self.monitor.command("migrate", uri=f"exec:cat > {self.path['stream']}")
        while self.monitor.command("query-migrate").get("status") not in ("completed", "failed"):
            time.sleep(0.1)
        self.monitor.command("quit")
        self.process.wait()
        with open(self.path["stream"], "rb") as file:
            return file.read()


def swap(value):
    return struct.unpack("<I", struct.pack(">I", value))[0]


def nothing(m):
    pass


def identify(m):
    m.command(0xEC)
    m.data_in(10)


def read(m):
    m.command(0x20, sector=5, count=4)
    m.data_in(256 + 7)


def write(m):
    m.command(0xC5, sector=9, count=20)
    m.data_out(bytes(range(64)))


def extended(m):
    for register, value in ((6, 0x40), (2, 0), (3, 0), (4, 0), (5, 0)):
        m.write(register, value)
    m.command(0x24, device=0x40, sector=100, count=2)


def failed(m):
    m.command(0x20, sector=0, count=1, cylinder=0xFFFF)


def reply(m):
    m.packet([0x12, 0, 0, 0, 36], limit=16)
    m.data_in(3)


def tray(m):
    m.packet([0x1E, 0, 0, 0, 1])


def ejected(m):
    m.packet([0x1B, 0, 0, 0, 2])
    m.packet([0x00])


def changed(m):
    m.monitor.command("blockdev-open-tray", device="ide0-cd1", force=True)
    m.monitor.command("blockdev-close-tray", device="ide0-cd1")


def waits(m):
    m.command(0xC8, sector=3, count=2)


def dbdma(m):
    m.ask(f"writel 0x1000 {swap(0x00000060):#x}")
    for register, value in ((0x0C, 0x2000), (0x10, 0x00010001), (0x14, 0x00020002),
                            (0x18, 0x00040004), (0x00, 0x00050005)):
        m.ask(f"writel {DBDMA + register:#x} {swap(value):#x}")


STATES = {
    "nothing": nothing, "identify": identify, "read": read, "write": write, "extended": extended,
    "failed": failed, "reply": reply, "tray": tray, "ejected": ejected, "changed": changed, "waits":
    waits, "dbdma": dbdma
}


def main():
    version, command = sys.argv[1:]
    out = b""
    for state, make in STATES.items():
        with tempfile.TemporaryDirectory() as folder:
            machine = Machine(folder, command)
            make(machine)
            stream = machine.save()
        for name, number, data in sections(stream, ["dbdma", "ide"]):
            label = f"{state}/{name}".encode()
            print(f"{state}/{name}: version {number}, {len(data)} bytes")
            out += bytes([len(label)]) + label + struct.pack(">II", number, len(data)) + data
    with open(os.path.join(HERE, "..", "unit", f"test-ide-{version}.gz"), "wb") as file:
        file.write(gzip.compress(out, 9, mtime=0))


if __name__ == "__main__":
    main()

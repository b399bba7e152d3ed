#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The gdb server, judged by Debian's gdb-multiarch on a running kernel.

One guest serves all cases: Debian's kernel with a shell, two CPUs. gdb knows the kernel's symbols.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from guest import Guest, debian_installer, stretch  # noqa: E402

class Session:
    """gdb's own command line, one command at a time."""

    def __init__(self, target, symbols, detach=True):
        self.process = subprocess.Popen(["gdb-multiarch", "-q", "-nx"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        self.detach = detach
        self.number = 0
        for line in ("set confirm off", "set pagination off", "set width 0", "set remotetimeout 60",
                     f"file {symbols}"):
            self.run(line)
        self.greeting = self.run(f"target remote {target}")

    def run(self, command, timeout=60):
        """Sends a command; returns what gdb printed for it."""
        self.number += 1
        mark = f"=={self.number}=="
        self.process.stdin.write(f"{command}\necho {mark}\\n\n".encode())
        text = b""
        deadline = time.monotonic() + stretch(timeout)
        while mark.encode() not in text:
            assert time.monotonic() < deadline, f"gdb: {command}: no end: {text.decode()}"
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, f"gdb ended in {command}: {text.decode()}"
            text += data
        text = text.decode().replace("(gdb) ", "")
        return text[:text.index(mark)]

    def value(self, expression):
        out = self.run(f"output/x (unsigned long)({expression})")
        match = re.search(r"0x([0-9a-f]+)", out)
        assert match, f"{expression}: {out}"
        return int(match.group(1), 16)

    def close(self):
        if self.detach:
            self.run("detach")
        self.process.stdin.close()
        self.process.wait(stretch(20))
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_rest):
        if kind is None:
            self.close()
        else:
            self.process.kill()
            self.process.wait()


class World:
    """The guest, started by the first case that needs it."""

    def __init__(self):
        self.guest = None
        self.folder = tempfile.mkdtemp(prefix="gossamer-test-")
        self.target = os.path.join(self.folder, "gdb")
        self.kernel = None
        self.syncs = 0
        self.symbols = {}

    def start(self):
        if self.kernel:
            return
        assert not self.guest, "the guest did not come up"
        if not shutil.which("gdb-multiarch"):
            raise tap.Skip("no gdb-multiarch")
        kernel, initrd = debian_installer()
        self.guest = Guest(name="gdb", kernel=kernel, initrd=initrd, cpu="power9_v2.0", smp=2,
                           qmp=True, append="rdinit=/bin/sh console=hvc0",
                           extra=["-gdb", f"unix:{self.target},server=on,wait=off"])
        self.guest.start()
        self.guest.expect(r"^(/|~) # ", 120)
        self.kernel = kernel

    def session(self, **options):
        self.start()
        gdb = Session(self.target, self.kernel, **options)
        for name in ("sys_getpid", "sys_getppid", "jiffies"):
            if name not in self.symbols:
                self.symbols[name] = gdb.value(f"&{name}")
        return gdb

    def alive(self):
        """The guest answers, and no CPU is stuck."""
        # What was typed before has been carried out.
        self.syncs += 1
        self.guest.send(f"echo SY''NC{self.syncs}\n")
        self.guest.expect(rf"SYNC{self.syncs}\n(.*\n)*.*# $", 60)
        assert self.guest.shell("echo $((6 * 7))") == "42"
        assert self.guest.qmp.command("query-status")["running"]

    def end(self):
        if self.guest:
            self.guest.end()
        shutil.rmtree(self.folder, ignore_errors=True)


WORLD = World()


def registers():
    """Every group of the target description is there and has sensible values."""
    with WORLD.session() as gdb:
        assert WORLD.guest.qmp.command("query-status")["running"] is False
        assert gdb.value("$pc") & 3 == 0
        out = gdb.run("info registers pc msr cr lr ctr xer r1 r31")
        for name in ("pc", "msr", "cr", "lr", "ctr", "xer", "r1", "r31"):
            assert re.search(rf"^{name}\s+0x", out, re.M), out
        assert gdb.value("$pvr") == 0x4E1200
        for name in ("f0", "fpscr", "vr0", "vscr", "vrsave", "vs0", "vs63", "srr0", "srr1", "dar",
                     "decr"):
            out = gdb.run(f"info registers {name}")
            assert re.search(rf"^{name}\s+\S", out, re.M), out
        # The monitor sees the same.
        monitor = gdb.run("monitor info registers")
        assert f"NIP {gdb.value('$pc'):016x}" in monitor, monitor
        out = gdb.run("info threads")
        assert re.search(r"Thread 1\.1 \(CPU#0 \[", out) and re.search(
            r"Thread 1\.2 \(CPU#1 \[", out), out
    WORLD.alive()


def register_writes():
    """Written registers are read back, by gdb and by the machine's own monitor, and put back."""
    with WORLD.session() as gdb:
        for name in ("r17", "ctr", "lr", "cr", "xer"):
            before = gdb.value(f"${name}")
            value = {"xer": 0xA000000F, "cr": 0x12345678}.get(name, 0x123456789ABCDEF0)
            gdb.run(f"set ${name} = {value:#x}")
            assert gdb.value(f"${name}") == value, name
            if name == "r17":
                assert gdb.run("monitor print/x $r17").strip() == f"{value:#x}"
            gdb.run(f"set ${name} = {before:#x}")
            assert gdb.value(f"${name}") == before, name
        for name in ("vr5", "vs3"):
            before = [gdb.value(f"${name}.v4_int32[{n}]") & 0xFFFFFFFF for n in range(4)]
            for n in range(4):
                gdb.run(f"set ${name}.v4_int32[{n}] = {0x11111111 * (n + 1)}")
            for n in range(4):
                assert gdb.value(f"${name}.v4_int32[{n}]") & 0xFFFFFFFF == 0x11111111 * (n + 1), \
                    name
                gdb.run(f"set ${name}.v4_int32[{n}] = {before[n]}")
        # VSR 0 to 31 hold the floating-point registers, 32 to 63 the vector registers.
        gdb.run("set $f3 = 1.5")
        assert "1.5" in gdb.run("output $vs3.v2_double")
    WORLD.alive()


def steps():
    """Single steps go where the instructions say, one at a time; no interrupt comes between."""
    with WORLD.session() as gdb:
        gdb.run(f"hbreak *{WORLD.symbols['sys_getpid']:#x}")
        WORLD.guest.send("sh -c :\n")
        out = gdb.run("continue")
        assert "Breakpoint 1" in out, out
        for _ in range(25):
            pc = gdb.value("$pc")
            word = gdb.value("*(unsigned int *)$pc")
            before = {n: gdb.value(n) for n in ("$lr", "$ctr")}
            gdb.run("stepi")
            after = gdb.value("$pc")
            opcode = word >> 26
            if opcode == 18:
                offset = word & 0x3FFFFFC
                offset -= (offset & 0x2000000) << 1
                expected = {pc + offset}
            elif opcode == 16:
                offset = word & 0xFFFC
                offset -= (offset & 0x8000) << 1
                expected = {pc + offset, pc + 4}
            elif opcode == 19 and (word >> 1) & 0x3FF == 16:
                expected = {before["$lr"] & ~3, pc + 4}
            elif opcode == 19 and (word >> 1) & 0x3FF == 528:
                expected = {before["$ctr"] & ~3, pc + 4}
            elif opcode in (17, 19):
                break    # a return to the program, or into the hypervisor
            else:
                expected = {pc + 4}
            assert after in expected, f"{word:08x} at {pc:#x} went to {after:#x}"
        gdb.run("delete")
    WORLD.alive()


def breakpoints():
    """Software and hardware breakpoints stop at their address, every time; deleted ones do not."""
    with WORLD.session() as gdb:
        address = WORLD.symbols["sys_getpid"]
        for kind in ("break", "hbreak"):
            out = gdb.run(f"{kind} *{address:#x}")
            assert re.search(r"reakpoint \d+ at", out), out
            for _ in range(3):
                WORLD.guest.send("sh -c :\n")
                out = gdb.run("continue")
                assert "Breakpoint" in out, out
                assert gdb.value("$pc") == address
            gdb.run("delete")
    WORLD.alive()


def watchpoints():
    """A write is reported at its address with old and new value; the pc is the writing
    instruction's.
    """
    with WORLD.session() as gdb:
        address = WORLD.symbols["jiffies"]
        for kind, report in (("watch", "Hardware watchpoint"), ("awatch", "Hardware access"),
                             ("rwatch", "Hardware read")):
            out = gdb.run(f"{kind} *(unsigned long *){address:#x}")
            assert report in out, out
            out = gdb.run("continue", 90)
            assert "atchpoint" in out and "alue" in out, out
            if kind == "watch":
                values = [int(v) for v in re.findall(r"(?:Old|New) value = (\d+)", out)]
                assert len(values) == 2 and 0 < values[1] - values[0] < 100000, out
                assert values[1] == gdb.value(f"*(unsigned long *){address:#x}")
            # Right behind the instruction that did it.
            pattern = r"\bst[dw]" if kind == "watch" else r"\b(st|l)(d|w|wz|wa)(x|ux|u|cx\.|arx)?\b"
            out = gdb.run("x/i $pc-4")
            assert re.search(pattern, out), out
            gdb.run("delete")
    WORLD.alive()


def memory():
    """Reads and writes in virtual and physical mode meet the same bytes; code changed counts at
    once.
    """
    with WORLD.session() as gdb:
        address = WORLD.symbols["sys_getppid"]
        physical = address & 0x0FFFFFFFFFFFFFFF
        virtual = gdb.value(f"*(unsigned long *){address:#x}")
        assert '"OK"' in gdb.run("maintenance packet Qqemu.PhyMemMode:1")
        assert '"1"' in gdb.run("maintenance packet qqemu.PhyMemMode")
        gdb.run("maintenance flush dcache")
        assert gdb.value(f"*(unsigned long *){physical:#x}") == virtual
        gdb.run("maintenance packet Qqemu.PhyMemMode:0")
        gdb.run("maintenance flush dcache")
        assert "Cannot access memory" in gdb.run("x/wx 0x0fffffffffff0000")
        # Code: getppid gives 4242 instead of its caller's parent, then what it gave before.
        old = [gdb.value(f"*(unsigned int *)({address:#x} + {4 * n})") for n in range(2)]
        gdb.run(f"set *(unsigned int *){address:#x} = 0x38601092")        # li r3,4242
        gdb.run(f"set *(unsigned int *)({address:#x} + 4) = 0x4e800020")  # blr
        gdb.run("detach")
        gdb.detach = False
    assert WORLD.guest.shell("sh -c 'echo $PPID'") == "4242"
    with WORLD.session() as gdb:
        for n in range(2):
            gdb.run(f"set *(unsigned int *)({address:#x} + {4 * n}) = {old[n]:#x}")
    assert WORLD.guest.shell("sh -c 'echo $PPID'") != "4242"
    WORLD.alive()


def attach():
    """Attaching stops the machine, detaching and hanging up let it go; breakpoints go with the
    client.
    """
    for _ in range(5):
        with WORLD.session() as gdb:
            gdb.run(f"break *{WORLD.symbols['sys_getpid']:#x}")
        WORLD.alive()
    # gdb dies.
    gdb = WORLD.session()
    gdb.run(f"hbreak *{WORLD.symbols['sys_getpid']:#x}")
    assert WORLD.guest.qmp.command("query-status")["running"] is False
    gdb.process.kill()
    gdb.process.wait()
    gdb.process.stdout.close()
    time.sleep(0.5)
    # The machine stays as the client left it; its breakpoints are gone.
    WORLD.guest.qmp.command("cont")
    WORLD.alive()


def interrupt():
    """Ctrl-C in gdb stops a running machine; stops by the monitor are reported too."""
    with WORLD.session() as gdb:
        for how in ("interrupt", "monitor"):
            gdb.process.stdin.write(b"continue\n")
            deadline = time.monotonic() + stretch(20)
            while not WORLD.guest.qmp.command("query-status")["running"]:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            if how == "interrupt":
                gdb.process.send_signal(2)
            else:
                WORLD.guest.qmp.command("stop")
            out = gdb.run("echo done\\n")
            assert "SIGINT" in out, out
            assert WORLD.guest.qmp.command("query-status")["running"] is False
    WORLD.alive()


def protocol():
    """Packets that gdb never sends: bad sums, bad numbers, overlong ones; the server stays well."""
    WORLD.start()
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.connect(WORLD.target)
    stream.settimeout(stretch(20))

    def packet(text):
        data = text.encode("latin1")
        return b"$" + data + b"#%02x" % (sum(data) & 255)

    def answer():
        text = b""
        while not re.search(rb"\$[^#]*#..$", text):
            data = stream.recv(65536)
            assert data, text
            text += data
        stream.sendall(b"+")
        return re.search(rb"\$([^#]*)#..$", text).group(1).decode("latin1")

    stream.sendall(b"$g#00")
    assert stream.recv(1) == b"-"
    for text, pattern in (("qSupported:multiprocess+", r"PacketSize=.*qXfer:features:read\+"),
                          ("?", r"^T05"), ("m0,fffffffffffffff", r"^E"), ("mzz,4", r"^E|^$"),
                          ("M0,4:zz", r"^E"), ("p9999", r"^E"), ("P9999=00", r"^E"),
                          ("Z9,0,4", r"^$"), ("Z2,0,0", r"^E"), ("z0,1234,4", r"^E|^OK"),
                          ("Hg99", r"^E"), ("T99", r"^E"), ("vCont;x", r"^E"), ("vUnknown", r"^$"),
                          ("qUnknown",
                           r"^$"), ("qXfer:features:read:nosuch.xml:0,100",
                                    r"^E"), ("qXfer:features:read:target.xml:0,fff",
                                             r"^l<\?xml.*power64-core.xml"), ("qRcmd,zz", r"^E"),
                          ("Gzz", r"^E"), ("X0,ffff:ab", r"^E"), ("G", r"^OK|^E"), ("qC", r"^QC"),
                          ("qfThreadInfo", r"^mp01.01"), ("Qqemu.PhyMemMode:0", r"^OK")):
        stream.sendall(packet(text))
        got = answer()
        assert re.search(pattern, got, re.S), f"{text}: {got!r}"
    stream.sendall(b"$" + b"a" * 100000 + b"#00")
    stream.sendall(packet("qC"))
    assert answer().startswith("QC")
    stream.sendall(packet("D;1"))
    assert answer() == "OK"
    stream.close()
    WORLD.alive()


CASES = {
    "registers": registers, "register-writes": register_writes, "steps": steps, "breakpoints":
    breakpoints, "watchpoints": watchpoints, "memory": memory, "attach": attach, "interrupt":
    interrupt, "protocol": protocol
}


def main():
    wanted = sys.argv[1:] or list(CASES)
    try:
        tap.run([(name, CASES[name], int(stretch(300))) for name in wanted])
    finally:
        WORLD.end()


if __name__ == "__main__":
    main()

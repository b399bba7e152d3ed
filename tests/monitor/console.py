#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Consoles whose host side is full: the machine stays responsive, and nothing is lost."""

import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from guest import Qmp, debian_installer, emulator_path, local_guest, stretch  # noqa: E402


class Slow:
    """A machine whose first serial port is a socket with little room, read only when asked to."""

    def __init__(self, *arguments, machine="pseries"):
        self.folder = tempfile.mkdtemp(prefix="gossamer-test-")
        self.mine, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)      # the least there is
        command = [emulator_path(), "-M", machine, "-nodefaults", "-display", "none", "-m", "512M",
                   "-chardev", f"socket,id=s,fd={theirs.fileno()}", "-serial", "chardev:s",
                   "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off"] + list(arguments)
        tap.diagnostic("$ " + " ".join(command))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        pass_fds=(theirs.fileno(), ))
        theirs.close()
        self.qmp = Qmp(os.path.join(self.folder, "qmp"), self.process)
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.qmp.close()
        self.mine.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, pattern, size=4096, pause=0.0, timeout=120):
        """Reads `size` bytes at most at a time until pattern has come; the text so far."""
        deadline = time.monotonic() + stretch(timeout)
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.mine], [], [], max(0.0, left))
            assert ready, f"no {pattern!r} in {self.text[-2000:]!r}"
            data = self.mine.recv(size)
            assert len(self.text) < 65536, f"no {pattern!r} in {self.text[:4000]!r}"
            assert data, f"closed before {pattern!r}: {self.text[-2000:]!r}"
            self.text += data
            time.sleep(pause)
        return self.text

    def wait_until_full(self):
        """The guest is stuck on its console: it keeps coming back to one place, and nothing
        arrives.
        """
        places = []
        deadline = time.monotonic() + stretch(60)
        while len(places) < 4 or len(set(places[-4:])) > 2:
            assert time.monotonic() < deadline, places
            time.sleep(0.1)
            places.append(re.search(r"NIP (\w+)", self.qmp.hmp("info registers")).group(1))
        return places[-1]


def responsive(machine, terminal="spapr-vty"):
    """Everything that needs the device lock or all processors."""
    assert machine.qmp.command("query-status")["running"]
    for _ in range(20):
        machine.qmp.command("stop")
        assert not machine.qmp.command("query-status")["running"]
        machine.qmp.command("cont")
    assert terminal in machine.qmp.hmp("info qtree")


# Open Firmware's part of a kernel's start has no time stamps: it is the same every time.
EARLY = rb"(?s)OF stdout device.*?Booting Linux via"


def client_interface():
    """`write` of the client interface, with the kernel's first messages."""
    kernel, initrd = debian_installer()
    options = ["-smp", "2", "-kernel", kernel, "-initrd", initrd, "-append", "console=hvc0"]
    with Slow(*options) as machine:
        wanted = re.search(EARLY, machine.read(EARLY)).group(0)
    with Slow(*options) as machine:
        place = machine.wait_until_full()
        assert place == "0000000000003010", f"not at the client interface's call: {place}"
        responsive(machine)
        machine.wait_until_full()
        text = machine.read(EARLY, size=32, pause=0.001)
        assert re.search(EARLY, text).group(0) == wanted, f"{text!r}\nis not\n{wanted!r}"
        machine.read(rb"Linux version")
        machine.qmp.command("system_reset")
        machine.text = b""
        machine.wait_until_full()
        machine.qmp.command("quit")
        machine.process.wait(stretch(20))


def mac_client_interface():
    """The same on a Power Mac; and while it hangs there the machine moves to another process."""
    options = [
        "-kernel",
        local_guest("vmlinux-pmac32"), "-initrd",
        local_guest("initramfs-ppc32.cpio.gz"), "-append", "console=ttyPZ0"
    ]
    board = "g3beige,x-vof=on"
    with Slow(*options, machine=board) as machine:
        wanted = re.search(EARLY, machine.read(EARLY)).group(0)
    with Slow(*options, machine=board) as machine:
        place = machine.wait_until_full()
        assert int(place, 16) == 0xfff03004, f"not at the client interface's call: {place}"
        responsive(machine, "escc")
        machine.wait_until_full()
        stream = os.path.join(machine.folder, "stream")
        machine.qmp.command("migrate", uri=f"file:{stream}")
        while machine.qmp.command("query-migrate")["status"] not in ("completed", "failed"):
            time.sleep(0.1)
        assert machine.qmp.command("query-migrate")["status"] == "completed"
        with Slow(*options, "-incoming", f"file:{stream}", machine=board) as other:
            machine.qmp.command("quit")
            machine.process.wait(stretch(20))
            while data := machine.mine.recv(4096):
                machine.text += data
            other.text = machine.text
            text = other.read(EARLY, size=32, pause=0.001)
            assert re.search(EARLY, text).group(0) == wanted, f"{text!r}\nis not\n{wanted!r}"
            other.text = b""
            other.read(rb"Linux version")
            # Firmware begins anew.
            other.qmp.command("system_reset")
            other.text = b""
            other.read(EARLY)
            other.qmp.command("quit")
            other.process.wait(stretch(20))


BANNER = rb"(?s)SLOF\S* \*+.*?[\r\n]0 > "


def slof():
    """SLOF, which drops characters when it is told that the terminal is busy."""
    with Slow() as machine:
        wanted = re.search(BANNER, machine.read(BANNER)).group(0)
    with Slow() as machine:
        machine.wait_until_full()
        responsive(machine)
        text = re.search(BANNER, machine.read(BANNER, size=16, pause=0.002)).group(0)
        assert text == wanted, f"{text!r}\nis not\n{wanted!r}"
        machine.mine.sendall(b'111 3 * .\r')
        machine.read(rb"333 ")
        machine.qmp.command("quit")
        machine.process.wait(stretch(20))


def end_while_full():
    """SIGTERM ends an emulator whose console is full."""
    with Slow() as machine:
        machine.wait_until_full()
        machine.process.terminate()
        assert machine.process.wait(stretch(20)) == 0


CASES = {
    "client-interface": client_interface, "mac-client-interface": mac_client_interface, "slof":
    slof, "end-while-full": end_while_full
}


def main():
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or list(CASES)
    tap.run([(name, CASES[name], int(stretch(300))) for name in wanted])


if __name__ == "__main__":
    main()

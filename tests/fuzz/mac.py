#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the hostile Mac guest (mac/) on every Mac, with disks, networks, USB and a display at work,
and does meanwhile what users do: resets, stops, snapshots, migrations to a file, keys, screendumps,
plugging.

mac.py [--seconds N] [--seed N] [--machine NAME] IMAGE SUBJECT...; the seconds are shared among the
machines (--quick: one machine a subject, which has them all). The emulator is $GOSSAMER_EMULATOR.

A case fails if the emulator ends, its monitor does not answer, the guest stands still even after a
reset, a sanitizer or the emulator itself complains, a snapshot of its own is refused, memory grows
without end, or bytes change that the guest let no device write.
"""

import argparse
import mmap
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from guest import Qmp, emulator_path, on_qemu, stretch  # noqa: E402
from rfb import Rfb  # noqa: E402

MEGABYTE = 1 << 20
RAM = 64 * MEGABYTE
RECORD = 0x00800000
MAGIC = 0x484F5354
FIELDS = ("magic starts seed subject episodes accesses address value guards_checked guards_broken"
          " broken_at strict n_devices skipped").split()
COUNTED = ("episodes", "accesses", "guards_checked", "skipped")
SUBJECTS = "dbdma ide ohci gem nic via pic vga pci misc firmware all".split()
MACHINES = {
    "g3beige": ("g3beige", "750"),
    "mac99": ("mac99", "7400"),
    "mac99-pmu": ("mac99,via=pmu", "7400"),
    "mac99-pmu-adb": ("mac99,via=pmu-adb", "7400"),
}
INFORMATION = "pic pci usb network block irq mtree qtree registers mice status".split()
STANDSTILL = 10     # seconds without a new episode until the guest is taken for lost
ANSWER = 60         # seconds for the monitor
GROWTH = 1024 * MEGABYTE
COMPLAINTS = re.compile(r"ERROR: \w+Sanitizer|runtime error:|assertion|ERROR:.*:\d+:|CRITICAL|"
                        r"Segmentation fault", re.I)


class Machine:
    """One emulator at a time, in a folder of its own."""

    def __init__(self, name, image, subject, rng):
        self.name, self.image, self.subject, self.rng = name, image, subject, rng
        self.folder = tempfile.mkdtemp(prefix="gossamer-hostile-")
        self.process = self.qmp = None
        self.errors = os.path.join(self.folder, "errors")
        self.ram_path = os.path.join(self.folder, "ram")
        self.counts = {"starts": 0, "resets": 0, "astray": 0, "asked off": 0}
        self.done = dict.fromkeys(COUNTED, 0)
        self.plugged = self.network = 0
        self.saved = False
        self.make_disks()

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_disks(self):
        with open(self.path("cd.iso"), "wb") as file:
            file.write(os.urandom(2048) * 512)
        for name, size in (("disk.qcow2", "8M"), ("small.qcow2", "1M")):
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", self.path(name), size],
                           check=True)

    def command(self, incoming):
        board, cpu = MACHINES[self.name]
        words = [
            emulator_path(), "-M", f"{board},x-vof=on,memory-backend=ram", "-cpu", cpu, "-m", "64M",
            "-object", f"memory-backend-file,id=ram,size=64M,share=on,mem-path={self.ram_path}",
            "-nodefaults", "-no-shutdown", "-kernel", self.image,
            "-append", f"{self.subject} {self.seed}",
            "-serial", f"unix:{self.path('serial')},server=on,wait=off", "-serial", "null",
            "-vga", "std", "-display", "none",
            "-vnc", f"unix:{self.path('vnc')}",
            "-qmp", f"unix:{self.path('qmp')},server=on,wait=off",
            "-drive", f"file={self.path('disk.qcow2')},format=qcow2,if=ide,index=0",
            "-drive", f"file={self.path('cd.iso')},format=raw,if=ide,index=1,media=cdrom",
            "-drive", f"file={self.path('small.qcow2')},format=qcow2,if=ide,index=2",
            "-drive", f"file={self.path('cd.iso')},format=raw,if=ide,index=3,media=cdrom"]
        if board.startswith("mac99"):
            words += ["-usb"]
        else:
            words += ["-device", "pci-ohci"]
        # With a PMU alone keyboard and mouse are there, at ports 1 and 2.
        hub = 3 if board == "mac99,via=pmu" else 1
        words += ["-device", f"usb-hub,port={hub}", "-device", f"usb-tablet,port={hub}.1",
                  "-device", f"usb-kbd,port={hub}.2", "-device", f"usb-mouse,port={hub}.3"]
        for number, model in enumerate(("sungem", "rtl8139", "ne2k_pci")):
            words += ["-netdev", f"user,id=net{number},restrict=on",
                      "-device", f"{model},netdev=net{number},id=nic{number},"
                                 f"mac=52:54:00:12:34:{0x56 + number:02x}"]
        if self.rng.randrange(3) == 0:
            words += ["-d", "guest_errors,unimp", "-D", "/dev/null"]
        if incoming:
            words += ["-incoming", f"file:{incoming}"]
        return words

    def start(self, incoming=None):
        if not incoming:
            # Even: the guest keeps away from its guards.
            self.seed = self.rng.randrange(1000000)
            self.saved = False
        for name in ("qmp", "vnc", "serial"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        if not os.path.exists(self.ram_path):
            with open(self.ram_path, "wb") as file:
                file.truncate(RAM)
        environment = dict(os.environ)
        environment["ASAN_OPTIONS"] = ":".join(
            [environment.get("ASAN_OPTIONS", ""), "detect_leaks=0",
             "max_allocation_size_mb=600"]).strip(":")
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
        words = self.command(incoming)
        self.counts["starts"] += 1
        if self.counts["starts"] == 1:
            tap.diagnostic("$ " + " ".join(words))
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=errors,
                                            stderr=errors, start_new_session=True, env=environment)
        self.qmp = Qmp(self.path("qmp"), self.process, ANSWER)
        self.serial = socket.socket(socket.AF_UNIX)
        self.serial.connect(self.path("serial"))
        self.serial.setblocking(False)
        with open(self.ram_path, "r+b") as file:
            self.ram = mmap.mmap(file.fileno(), RAM)
        self.last = None
        self.last_record = None
        self.last_change = time.monotonic()
        self.plugged = False
        if incoming:
            deadline = time.monotonic() + stretch(ANSWER)
            while self.qmp.command("query-status")["status"] == "inmigrate":
                assert time.monotonic() < deadline, "it does not take its own stream"
                time.sleep(0.05)
        if self.counts["starts"] == 1:
            self.resident = self.memory()

    # ---- What it is judged by ----

    def record(self):
        words = struct.unpack_from(f">{len(FIELDS)}I", self.ram, RECORD)
        return dict(zip(FIELDS, words))

    def memory(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE

    def describe(self):
        record = self.record()
        return (f"{self.name}, seed {self.seed}: last access {record['address']:#x} = "
                f"{record['value']:#x}, episode {record['episodes']}, start {record['starts']}")

    def complaints(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            text = file.read()
        match = COMPLAINTS.search(text)
        return text[max(0, match.start() - 300):match.start() + 6000] if match else None

    def check(self):
        """Is it alive, and the guest at work?"""
        status = self.process.poll()
        assert status is None, f"the emulator ended with status {status}"
        complaint = self.complaints()
        assert not complaint, complaint
        state = self.qmp.command("query-status")["status"]
        if state == "shutdown":
            self.counts["asked off"] += 1
            self.reset()
        else:
            assert state in ("running", "paused"), f"the machine is in state {state}"
            if state == "paused":
                self.qmp.command("cont")
        record = self.count()
        assert not (record["strict"] and record["guards_broken"] and not self.seed & 1), \
            f"a device wrote at {record['broken_at']:#x}, where nobody told it to"
        assert self.memory() < self.resident + GROWTH, f"{self.memory() >> 20} MiB resident"
        if record["episodes"] != self.last:
            self.last, self.last_change = record["episodes"], time.monotonic()
        elif time.monotonic() - self.last_change > stretch(STANDSTILL):
            self.revive()

    def count(self):
        """The record now; what came since the last one is added. Loading a snapshot turns back."""
        record, last = self.record(), self.last_record
        # An odd seed's devices may write there.
        if record["magic"] != MAGIC or record["seed"] // 1000 != self.seed:
            self.counts["lost"] = self.counts.get("lost", 0) + 1
            self.restart()
            record, last = self.record(), None
        for name in COUNTED:
            self.done[name] += max(record[name] - (last[name] if last else record[name]), 0)
        self.last_record = record
        return record

    def revive(self):
        """The guest has overwritten itself, or the processor stands in a device."""
        self.counts["astray"] += 1
        tap.diagnostic(f"no new episode for {stretch(STANDSTILL)} s: {self.describe()}")
        registers = self.qmp.hmp("info registers")
        self.restart(registers)

    def restart(self, registers=""):
        """A reset after which the guest must be at work again."""
        before = self.record()
        self.reset()
        deadline = time.monotonic() + stretch(ANSWER)
        while (now := self.record())["magic"] != MAGIC or now["starts"] == before["starts"]:
            assert time.monotonic() < deadline, f"it does not start again\n{registers}"
            time.sleep(0.05)

    def reset(self):
        self.qmp.command("system_reset")
        self.qmp.command("cont")
        self.counts["resets"] += 1
        self.last_change = time.monotonic()

    def end(self):
        if self.process:
            self.quit()

    def quit(self):
        self.ram.close()
        if self.process.poll() is None:
            self.qmp.reply("quit")
            try:
                status = self.process.wait(stretch(ANSWER))
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise AssertionError("the emulator does not quit") from None
            assert status == 0, f"exit status {status}"
        self.qmp.close()
        self.serial.close()
        self.process = None

    def stacks(self):
        """Where its threads are, if it still is there and gdb too."""
        if not self.process or self.process.poll() is not None or not shutil.which("gdb"):
            return ""
        run = subprocess.run(["gdb", "-p", str(self.process.pid), "-batch", "-ex",
                              "thread apply all bt 25"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return run.stdout.decode("utf-8", "replace")

    def abandon(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- What happens to it ----

    def refused(self, output):
        assert not output.strip(), output

    def unplug(self):
        """Also before the state goes where that device is not."""
        if self.plugged:
            self.qmp.command("device_del", id="plugged")
            self.plugged = False

    def act_snapshot(self):
        self.unplug()
        self.refused(self.qmp.hmp("savevm one"))
        self.saved = True

    def act_load(self):
        self.unplug()
        if self.saved:
            self.refused(self.qmp.hmp("loadvm one"))
            self.last_change = time.monotonic()

    def act_file(self):
        """To a file and, sometimes, on from there in a new process."""
        stream = self.path("stream")
        self.unplug()
        self.qmp.command("migrate", uri=f"file:{stream}")
        info = self.qmp.migration(ANSWER)
        assert info["status"] == "completed", info
        if self.rng.randrange(2):
            self.qmp.command("cont")
            return
        self.quit()
        self.start(incoming=stream)

    def act_stop(self):
        self.qmp.command("stop")
        self.qmp.hmp("info registers")
        self.qmp.command("cont")

    def act_information(self):
        self.qmp.hmp("info " + self.rng.choice(INFORMATION))

    def act_screen(self):
        self.qmp.hmp(f"screendump {self.path('screen')}")

    def act_keys(self):
        self.qmp.hmp("sendkey " + self.rng.choice(["a", "shift-b", "ctrl-alt-delete", "f1", "ret"]))
        self.qmp.hmp(f"mouse_move {self.rng.randrange(-300, 300)} {self.rng.randrange(-300, 300)}")
        self.qmp.hmp(f"mouse_button {self.rng.randrange(8)}")

    def act_serial(self):
        """Something to read for the first serial port, or room for what it wrote."""
        try:
            self.serial.send(self.rng.randbytes(self.rng.randrange(1, 400)))
            self.serial.recv(65536)
        except BlockingIOError:
            pass

    def act_plug(self):
        if not self.plugged:
            kind = self.rng.choice(["usb-mouse", "usb-kbd", "usb-tablet", "usb-hub"])
            self.plugged = "return" in self.qmp.reply("device_add", driver=kind, id="plugged",
                                                      port=self.rng.choice(["2", "1.5", "3.5"]))
        else:
            self.unplug()

    def act_network(self):
        self.network = not self.network
        self.qmp.hmp(f"set_link nic{self.rng.randrange(3)} {'off' if self.network else 'on'}")

    def act_medium(self):
        device = self.rng.choice(["ide0-cd1", "ide1-cd1"])
        if self.rng.randrange(4) == 0:
            self.qmp.hmp(f"eject -f {device}")
        else:
            self.qmp.hmp(f"change {device} {self.path('cd.iso')}")

    def act_vnc(self):
        """A viewer, which the server may lose when the picture gets another size in the middle."""
        viewer = None
        try:
            viewer = Rfb(path=self.path("vnc"), timeout=stretch(ANSWER))
            if viewer.width * viewer.height < 1 << 20:
                viewer.update(False)
            viewer.type("hostile\n")
            viewer.pointer(self.rng.randrange(viewer.width), self.rng.randrange(viewer.height), 1)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.counts["lost viewers"] = self.counts.get("lost viewers", 0) + 1
        finally:
            if viewer:
                viewer.close()

    def act_nmi(self):
        self.qmp.reply("inject-nmi")

    def act_reset(self):
        self.reset()

    ACTS = [(act_snapshot, 2), (act_load, 3), (act_file, 2), (act_stop, 4), (act_information, 4),
            (act_screen, 4), (act_keys, 8), (act_serial, 6),
            (act_plug, 4), (act_network, 3), (act_medium, 4),
            (act_vnc, 2), (act_nmi, 1), (act_reset, 4)]

    def act(self):
        acts, weights = zip(*self.ACTS)
        act = self.rng.choices(acts, weights)[0]
        name = act.__name__[4:]
        self.counts[name] = self.counts.get(name, 0) + 1
        self.doing = name
        act(self)


def attack(name, image, subject, seconds, rng):
    if not shutil.which("qemu-img"):
        raise tap.Skip("no qemu-img here (qemu-utils)")
    machine = Machine(name, image, subject, rng)
    machine.doing = "start"
    try:
        machine.start()
        deadline = time.monotonic() + seconds
        # A record must come, or nothing is tested.
        begin = time.monotonic()
        while machine.record()["magic"] != MAGIC:
            assert time.monotonic() - begin < stretch(30), "the guest does not start"
            time.sleep(0.05)
        while time.monotonic() < deadline:
            time.sleep(rng.random() * 0.5)
            machine.check()
            machine.act()
        machine.check()
        machine.end()
    except (AssertionError, OSError, EOFError) as error:
        try:
            where = machine.describe()
        except ValueError:
            where = name
        keep = os.environ.get("GOSSAMER_TEST_LOGS")
        if keep:
            os.makedirs(keep, exist_ok=True)
            shutil.copy(machine.errors, os.path.join(keep, f"hostile-{name}-{subject}.log"))
        if machine.process:
            time.sleep(1)           # for a sanitizer that still writes
        raise AssertionError(f"{error!r}\nwhile: {machine.doing}; {where}\n"
                             f"{machine.complaints() or machine.stacks()}") from error
    finally:
        machine.abandon()
    counts = {**machine.done, **machine.counts}
    tap.diagnostic(f"{subject} on {name}: " +
                   ", ".join(f"{n} {what}" for what, n in counts.items()))
    assert machine.done["episodes"] > 0, "the guest did nothing"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--machine", action="append", choices=list(MACHINES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("image")
    parser.add_argument("subjects", nargs="+", choices=SUBJECTS)
    options = parser.parse_args()
    names = options.machine or list(MACHINES)
    if on_qemu():
        tap.run([("hostile Mac guest", skip_on_qemu)])
    cases = []
    for number, subject in enumerate(options.subjects):
        for name in names[number % len(names):][:1] if options.quick else names:
            seconds = options.seconds if options.quick else max(1, options.seconds / len(names))
            cases.append((f"{subject} on {name}", case(name, options, subject, seconds),
                          int(seconds + stretch(300))))
    tap.run(cases)


def case(name, options, subject, seconds):
    return lambda: attack(name, options.image, subject, seconds,
                          random.Random(f"{options.seed} {name} {subject}"))


def skip_on_qemu():
    raise tap.Skip("QEMU's Macs have no firmware that starts a flat image")


if __name__ == "__main__":
    main()

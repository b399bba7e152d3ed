#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many savevm and loadvm, or live migrations, of a busy guest that checks itself: counters,
checksums, floating point, timers, processes, files on a disk; in the end the kernel's log, the
image and its file system.

soak.py [--live] [--cycles N] [--seconds S] [--seed N] [--configuration NAME] [--no-disk]: ends
after N cycles or S seconds.  --live: a cycle is a migration to a new process, whose clock must have
gone with the host's.
"""

import argparse
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import kernel as debian  # noqa: E402
from boot import reach_shell  # noqa: E402
from guest import Guest, debian_installer, stretch  # noqa: E402

CONFIGURATIONS = {
    "power9": {"cpu": "power9_v2.0", "smp": 2},
    "power9-one": {"cpu": "power9_v2.0"},
    "power9-hash": {"cpu": "power9_v2.0", "smp": 2, "append": "disable_radix"},
    "power9-xics": {"cpu": "power9_v2.0", "smp": 2, "machine": "pseries,ic-mode=xics"},
    "power8": {"cpu": "power8_v2.0", "smp": 4},
}
TAGS = ("a", "b", "c")
# How a guest goes, on both sides: capabilities and parameters.
WAYS = (
    ((), {}),
    (("return-path",), {}),
    (("return-path", "xbzrle"), {"max-bandwidth": 200 << 20}),
    (("return-path", "multifd"), {"multifd-channels": 3}),
    (("return-path", "multifd"), {"multifd-compression": "zstd"}),
    (("return-path",), {"max-bandwidth": 100 << 20, "downtime-limit": 20}),
)
# Seconds that the guest's clock may be off the host's after all migrations.
CLOCK = 1.0
MKFS = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")

# Each writes what went wrong to /bad and how often it went right to a file of its own.
SUM = ("awk 'BEGIN { for (i = 1; i < 3000; i++) s += i / (i + 0.5) * 1.25 - 1 / (i * i); "
       "printf \"%.17g\", s }'")
LOADS = {
    "count": "n=$((n + 1)); echo $n > /n.count",
    "sum": '[ "$(md5sum < /big)" = "$sum" ] || echo sum >> /bad; n=$((n + 1)); echo $n > /n.sum',
    "fp": f's=$({SUM}); [ "$s" = "$fp" ] || echo fp $s >> /bad; n=$((n + 1)); echo $n > /n.fp',
    "pipe": 'x=$(echo one two three | sed s/two/2/ | tr a-z A-Z); [ "$x" = "ONE 2 THREE" ] || '
            'echo pipe $x >> /bad; n=$((n + 1)); echo $n > /n.pipe',
    "sleep": "sleep 1; n=$((n + 1)); echo $n > /n.sleep",
}
DISK = (
    'f=/d/f$((n % 20)); cp /big $f; sync $f; [ "$(md5sum < $f)" = "$sum" ] || echo disk >> /bad; '
    'n=$((n + 1)); echo $n > /n.disk')
BAD_LOG = ("stall|lockup|hung|clocksource.*unstable|BUG|Oops|soft|segfault|unhandled|I/O error|"
           "EXT4-fs error|abort")


class Soak:
    def __init__(self, guest, dice, disk):
        self.guest = guest
        self.dice = dice
        self.loads = {**LOADS, "disk": DISK} if disk else LOADS
        self.saved = {}    # tag: the counters when it was saved, or before

    def begin(self):
        self.guest.shell("head -c 400000 /bin/busybox > /big; sum=$(md5sum < /big); : > /bad")
        self.guest.shell(f"fp=$({SUM}); echo $fp", 60)
        if "disk" in self.loads:
            self.guest.shell("mkdir /d; mount -t ext4 /dev/sda /d", 60)
        for name, command in self.loads.items():
            self.guest.shell(f"(while :; do {command}; done) & echo 0 > /n.{name}")
        self.guest.shell("dmesg -c > /log; true")

    def hmp(self, line):
        text = self.guest.qmp.hmp(line)
        assert not text, f"{line}: {text}"

    def counters(self):
        """name: count. The files are empty for a moment at each write."""
        names = " ".join(self.loads)
        text = self.guest.shell(
            f"for i in {names}; do c=; while [ -z \"$c\" ]; do c=$(cat /n.$i); done; "
            "echo $i $c; done; echo bad: $(cat /bad)", 60)
        bad = re.search(r"^bad: *(.*)$", text, re.M).group(1)
        assert not bad, f"the guest found wrong results: {bad}"
        found = {name: int(count) for name, count in re.findall(r"^(\w+) (\d+)$", text, re.M)}
        assert len(found) == len(self.loads), text
        return found

    def behind(self, now, before, what):
        for name, count in before.items():
            assert now[name] >= count, \
                f"{what}: the counter '{name}' went from {count} to {now[name]}"

    def wait(self):
        time.sleep(self.dice.random() ** 3 * 0.2)

    def cycle(self, number):
        still = self.dice.random() < 0.1
        tag = self.dice.choice(TAGS)
        before = self.counters() if self.dice.random() < 0.1 else {}
        if still:
            self.guest.qmp.command("stop")
        self.hmp(f"savevm {tag}")
        self.saved[tag] = before
        if still:
            self.guest.qmp.command("cont")
        self.wait()
        tag = self.dice.choice(sorted(self.saved)) if self.dice.random() < 0.3 else tag
        self.hmp(f"loadvm {tag}")
        self.wait()
        if self.dice.random() < 0.2:
            self.behind(self.counters(), self.saved[tag], f"cycle {number}, loadvm {tag}")

    def clock(self):
        """The guest's clock less the host's."""
        answers = []
        for _ in range(5):
            before = time.monotonic()
            seconds = float(self.guest.shell("cut -d' ' -f1 /proc/uptime", 60))
            after = time.monotonic()
            answers.append((after - before, seconds - (before + after) / 2))
        return min(answers)[1]

    def migrate(self, number, boot, uri):
        """To another process, where the guest goes on."""
        before = self.counters() if self.dice.random() < 0.2 else {}
        words, changed = self.dice.choice(WAYS)
        # Also those off that the last migration had.
        capabilities = [{"capability": name, "state": name in words}
                        for name in ("return-path", "xbzrle", "multifd")]
        parameters = {
            "max-bandwidth": 0, "downtime-limit": 300, "multifd-channels": 2, "multifd-compression":
            "none", **changed
        }
        old, new = self.guest, boot(f"soak-{number}", ["-incoming", "defer"])
        for side in (old, new):
            side.qmp.command("migrate-set-capabilities", capabilities=capabilities)
            side.qmp.command("migrate-set-parameters", **parameters)
        new.qmp.command("migrate-incoming", uri=uri)
        self.wait()
        old.qmp.command("migrate", uri=uri)
        info = old.qmp.migration()
        assert info["status"] == "completed", f"{words} {changed}: {info}\n{new.console.text}"
        new.qmp.event("RESUME", 60)
        old.qmp.command("quit")
        assert old.wait(30) == 0, old.console.text
        old.end()
        self.guest = new
        self.wait()
        if before or self.dice.random() < 0.2:
            self.behind(self.counters(), before, f"migration {number}, {words} {changed}")

    def moves(self):
        """Everything goes on."""
        before = self.counters()
        deadline = time.monotonic() + stretch(60)
        while True:
            now = self.counters()
            stuck = [name for name in self.loads if now[name] <= before[name]]
            if not stuck:
                return
            assert time.monotonic() < deadline, f"{stuck} stand still at {now}"
            time.sleep(0.2)

    def log(self):
        lines = self.guest.shell(f"dmesg | grep -iE '{BAD_LOG}'; true")
        assert not lines, f"the kernel complains: {lines}"


def make_disk(folder, image):
    raw = os.path.join(folder, "raw")
    with open(raw, "wb") as file:
        file.truncate(128 << 20)
    subprocess.run([MKFS, "-q", raw], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, image], check=True)
    os.unlink(raw)


def check_disk(folder, image, tag=None):
    """As after a loss of power: what the journal says is carried out, and then nothing is wrong."""
    raw = os.path.join(folder, "raw")
    subprocess.run(["qemu-img", "convert"] + (["-l", f"snapshot.name={tag}"] if tag else []) +
                   ["-O", "raw", image, raw], check=True)
    fsck = os.path.join(os.path.dirname(MKFS), "e2fsck")
    for arguments, good in (("-p", (0, 1)), ("-fn", (0,))):
        run = subprocess.run([fsck, arguments, raw], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False)
        assert run.returncode in good, f"{tag}: e2fsck {arguments}: {run.stdout.decode()}"


def run(options):
    tap.diagnostic(f"--seed {options.seed} --configuration {options.configuration}")
    row = dict(CONFIGURATIONS[options.configuration])
    number, started = 0, None
    with tempfile.TemporaryDirectory(prefix="gossamer-soak-") as folder:
        image = os.path.join(folder, "a.qcow2")
        kernel, initrd = debian_installer()
        extra = ["-drive", f"if=none,id=d,format=qcow2,file={image}"]
        if options.disk:
            make_disk(folder, image)
            kernel, initrd = debian.kernel(), debian.disk_initrd(os.path.join(folder, "initrd"),
                                                                 initrd)
            extra += ["-device", "spapr-vscsi", "-device", "scsi-hd,drive=d"]
        else:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
        init = "/disks" if options.disk else "/bin/sh"
        append = f"rdinit={init} console=hvc0 {row.pop('append', '')}"
        with contextlib.ExitStack() as stack:
            def boot(name, more=()):
                guest = stack.enter_context(
                    Guest(name=name, qmp=True, memory=options.memory, kernel=kernel, initrd=initrd,
                          append=append.strip(), extra=extra + list(more), **row))
                guest.qmp.socket.settimeout(stretch(60))
                return guest

            guest = boot("soak")
            reach_shell(guest)
            soak = Soak(guest, random.Random(options.seed), options.disk)
            soak.begin()
            clock, started = soak.clock(), time.monotonic()
            while number < options.cycles and time.monotonic() - started < options.seconds:
                number += 1
                try:
                    if options.live:
                        soak.migrate(number, boot, f"unix:{folder}/{number}")
                    else:
                        soak.cycle(number)
                    if number % 20 == 0:
                        soak.moves()
                        soak.log()
                except BaseException:
                    tap.diagnostic(f"cycle {number} of --seed {options.seed}")
                    raise
                if number % 100 == 0:
                    tap.diagnostic(f"{number} cycles in {time.monotonic() - started:.0f} s")
            soak.moves()
            soak.log()
            if options.live:
                drift = soak.clock() - clock
                tap.diagnostic(
                    f"{number} migrations: the guest's clock went {drift:+.3f} s with the host's")
                assert abs(drift) < CLOCK, f"the guest's clock is off by {drift} s"
            soak.guest.qmp.command("quit")
            soak.guest.wait(30)
        check = subprocess.run(["qemu-img", "check", image], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False)
        assert check.returncode == 0, check.stdout.decode()
        listing = subprocess.run(["qemu-img", "snapshot", "-l", image], stdout=subprocess.PIPE,
                                 check=True)
        tags = re.findall(r"^\d+ +(\w)  ", listing.stdout.decode(), re.M)
        assert sorted(tags) == sorted(soak.saved), f"{tags} {soak.saved}"
        for tag in [None] + tags if options.disk else []:
            check_disk(folder, image, tag)
    tap.diagnostic(f"{number} cycles in {time.monotonic() - started:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--cycles", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("GOSSAMER_SEED") or time.time()))
    parser.add_argument("--configuration", choices=CONFIGURATIONS, default="power9")
    parser.add_argument("--memory", default="512M")
    parser.add_argument("--no-disk", dest="disk", action="store_false", default=MKFS is not None)
    options = parser.parse_args()
    tap.run([("soak", lambda: run(options), int(stretch(7200)))])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs under heavy interrupt load (writes to a disk, serial output, keys) that are stopped,
saved, ended, and loaded in a new process, again and again; none may stand still afterwards.

mac-soak.py [--machine M] [--cpu C] [--cycles N] [--seconds S] [--seed N]
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import tap  # noqa: E402
import disks  # noqa: E402
import macs  # noqa: E402
from guest import stretch  # noqa: E402

# The guest tells its count on the console all the time.
LOAD = ("mkdir -p /mnt; mount -t ext4 /dev/sda /mnt; head -c 300000 /proc/kallsyms > /big; "
        "(i=0; while :; do i=$((i + 1)); cp /big /mnt/f$((i % 8)); sync; done) & "
        "(while :; do i=$((i + 1)); echo \"count $i x\"; done) & true")
KEYS = ("a", "ret", "shift", "f5", "spc")
# Seconds without a word from the guest are a hang.
SILENCE = 20


def moves(guest):
    """What it says comes, and is new."""
    guest.console.position = len(guest.console.text)
    first = int(guest.expect(r"count (\d+) x", SILENCE).group(1))
    guest.expect(rf"count {first + 3} x", SILENCE)


def run(options):
    tap.diagnostic(f"--seed {options.seed}")
    dice, number, started = random.Random(options.seed), 0, 0
    mkfs, tool = disks.need("mkfs.ext4", "qemu-img")
    row = {"machine": options.machine, "cpu": options.cpu, "memory": "128M", "qmp": True}
    with tempfile.TemporaryDirectory(prefix="gossamer-soak-") as folder:
        image = os.path.join(folder, "disk.qcow2")
        disks.run(tool, "convert", "-f", "raw", "-O", "qcow2", disks.make_raw(folder, mkfs), image)
        extra = ["-nic", "none", "-drive", f"if=ide,index=0,format=qcow2,file={image}"]
        guest = macs.mac("soak", "quiet", extra=extra, **row)
        try:
            guest.__enter__()
            macs.reach_shell(guest)
            guest.send(LOAD + "\n")
            moves(guest)
            started = time.monotonic()
            while number < options.cycles and time.monotonic() - started < options.seconds:
                number += 1
                for _ in range(dice.randrange(4)):
                    guest.qmp.hmp(f"sendkey {dice.choice(KEYS)}")
                time.sleep(dice.random() * 0.3)
                if dice.random() < 0.5:
                    guest.qmp.command("stop")
                text = guest.qmp.hmp("savevm t")
                assert not text, f"cycle {number}: {text}"
                guest.qmp.command("quit")
                assert guest.wait(30) == 0
                guest.end()
                guest = macs.mac("soak", "quiet", extra=extra + ["-loadvm", "t"], **row)
                guest.__enter__()
                guest.qmp.command("cont")
                try:
                    moves(guest)
                except AssertionError as error:
                    raise AssertionError(
                        f"cycle {number} of --seed {options.seed}: {error}\n"
                        f"{guest.qmp.hmp('info registers')}\n{guest.qmp.hmp('info pic')}"
                    ) from error
        finally:
            guest.end()
        check = subprocess.run([tool, "check", image], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False)
        assert check.returncode == 0, check.stdout.decode()
    tap.diagnostic(f"{number} cycles in {time.monotonic() - started:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machine", default="g3beige")
    parser.add_argument("--cpu")
    parser.add_argument("--cycles", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("GOSSAMER_SEED") or time.time()))
    options = parser.parse_args()
    tap.run([("mac-soak", lambda: run(options), int(stretch(7200)))])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs with a 970: a 64-bit kernel to its shell, through OpenBIOS and by the built-in
firmware.

The kernel is make-g5-kernel.py's; one that was compiled for POWER8, like vmlinux-ppc64be, has
instructions that no 970 knows.
"""

import os
import re
import tempfile
import time

import disks
import macdisks
import macs
import networks
from guest import Guest, local_guest
from macs import BOOT, power_off

FIRMWARE = {"": r"OpenBIOS", ",x-vof=on": r"OF stdout device is: /pci@f0000000/mac-io@"}


def mac(name, firmware=",x-vof=on", append="", **options):
    options.setdefault("cpu", "970")
    return Guest(name=name, machine=f"mac99,via=pmu{firmware}", memory="512M",
                 kernel=local_guest("vmlinux-g5"), initrd=local_guest("initramfs-ppc64be.cpio.gz"),
                 append=f"console=ttyPZ0 {append}".strip(), **options)


def reach_shell(guest, firmware):
    guest.expect(FIRMWARE[firmware], 60)
    guest.expect(r"Quiescing Open Firmware", 60)
    guest.expect(r"GUEST-UP ", BOOT)
    guest.expect(r"[#$] $", 60)


def boot(name, firmware=",x-vof=on", cpu="970", sees="PPC970", board="PowerMac7,3", **options):
    """What the kernel found; its timer, its serial port's and the PMU's interrupts; it is started
    again, and powers off.
    """
    with mac(name, firmware, cpu=cpu, **options) as guest:
        reach_shell(guest, firmware)
        info = guest.shell("cat /proc/cpuinfo")
        assert re.search(rf"^cpu\s*:\s*{sees}, altivec supported", info, re.M), info
        assert re.search(rf"^machine\s*:\s*{board}$", info, re.M), info
        interrupts = guest.shell("cat /proc/interrupts")
        for device in ("ttyPZ0", "VIA-PMU"):
            match = re.search(rf"^\s*\d+:\s+(\d+)\s+.*{device}", interrupts, re.M)
            assert match and int(match.group(1)) > 0, f"no interrupts of {device}:\n{interrupts}"
        year = int(guest.shell("date -u +%Y"))
        assert 2024 <= year < 2100, f"the year is {year}"
        lines = guest.shell("dmesg | grep -E 'WARNING|BUG|Oops|Call Trace'; true")
        assert not lines, f"the kernel complains: {lines}"
        guest.send("reboot -f\n")
        reach_shell(guest, firmware)
        power_off(guest)


def idle(name):
    """The guest waits, and so does the processor: much less of the host's time than a loop's."""
    with mac(name) as guest:
        reach_shell(guest, ",x-vof=on")

        def used(seconds):
            times = []
            for pause in (0, seconds):
                time.sleep(pause)
                with open(f"/proc/{guest.process.pid}/stat", encoding="ascii") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                times.append((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
            return times[1] - times[0]

        guest.shell("(while :; do :; done) & sleep 1")
        busy = used(5)
        guest.shell("kill %1; sleep 2")
        spent = used(5)
        assert spent < busy / 2, f"{spent:.2f} seconds when idle, {busy:.2f} in a loop"
        power_off(guest)


def restore(name, cycles=10):
    """Snapshots of a busy guest, each loaded by another process: it goes on, and its clock, too."""
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "disk.qcow2")
        disks.run("qemu-img", "create", "-q", "-f", "qcow2", image, "1G")
        drive = ("-drive", f"file={image},format=qcow2")
        with packaged(name, qmp=True, extra=drive) as guest:
            macs.reach_shell(guest)
            guest.shell("(i=0; while :; do i=$((i+1)); echo $i > /new; mv /new /count; "
                        "md5sum /bin/busybox >> /sums; done) & sleep 1")
            assert guest.qmp.hmp("savevm one") == ""
        for cycle in range(cycles):
            with packaged(f"{name}-{cycle}", qmp=True, extra=(*drive, "-loadvm", "one")) as guest:
                guest.send("\n")
                before = int(guest.shell("cat /count"))
                assert int(guest.shell("sleep 1; cat /count")) > before
                assert guest.shell("sort -u /sums | wc -l").strip() == "1"
                assert guest.qmp.hmp("savevm one") == ""


def lost(name):
    """An exception in a kernel that has no vectors: it is said, from 64-bit mode too."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = os.path.join(folder, "kernel")
        with open(kernel, "wb") as file:
            file.write(bytes(4))
        with Guest(name=name, machine="mac99,via=pmu,x-vof=on", cpu="970", memory="64M",
                   kernel=kernel) as guest:
            guest.expect(r"firmware: unexpected exception 0x700 at 0x01000000", 30)


def packaged(name, append="", **options):
    """Through OpenBIOS."""
    return mac(name, "", append, **options)


CASES = {
    "own-mac99-970": ("quick", lambda: boot("own-mac99-970")),
    "own-mac99-970-lost": ("quick", lambda: lost("own-mac99-970-lost")),
    "own-mac99-970-idle": ("long", lambda: idle("own-mac99-970-idle")),
    "own-mac99-970fx": ("long", lambda: boot("own-mac99-970fx", cpu="970fx", sees="PPC970FX")),
    "own-mac99-970mp": ("long", lambda: boot("own-mac99-970mp", cpu="970mp", sees="PPC970MP")),
    "mac99-970": ("quick", lambda: boot("mac99-970", "", board="PowerMac3,1")),
    "mac99-970fx": ("long", lambda: boot("mac99-970fx", "", "970fx", "PPC970FX", "PowerMac3,1")),
    "mac99-970-migrate": ("long", lambda: macs.migrate("mac99-970-migrate", packaged)),
    "mac99-970-sungem":
    ("long", lambda: networks.download("mac99-970-sungem", packaged, macs.reach_shell, "gem",
                                       networks.nic(None))),
    "mac99-970-keys": ("long", lambda: macs.switch_off_by_keys("mac99-970-keys", packaged)),
    "mac99-970-restore": ("long", lambda: restore("mac99-970-restore")),
    "mac99-970-ext4": ("long", lambda: macdisks.ext4("mac99-970-ext4", packaged)),
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs without OpenBIOS: a kernel started by the built-in firmware, on all boards and
processors that have one.
"""

import os
import re
import shutil
import subprocess

import tap
from guest import emulator_path, local_guest, stretch
from macs import BOOT, mac, power_off


def reach_shell(guest):
    """Through Open Firmware's part of the kernel's start."""
    guest.expect(r"OF stdout device is: /pci", 60)
    guest.expect(r"Quiescing Open Firmware", 60)
    guest.expect(r"GUEST-UP ", BOOT)
    guest.expect(r"[#$] $", 60)


def own(name, board="g3beige", choice=",x-vof=on", **options):
    return mac(name, machine=board + choice, **options)


def boot(name, sees_cpu, motherboard="AAPL,PowerMac G3", interrupts_of=("ttyPZ0", "ADB"),
         **options):
    """The kernel finds what it finds with OpenBIOS; then it is started again, and powers off."""
    with own(name, **options) as guest:
        reach_shell(guest)
        info = guest.shell("cat /proc/cpuinfo")
        assert re.search(rf"^cpu\s*:.*{sees_cpu}", info, re.M), f"not a {sees_cpu}:\n{info}"
        assert re.search(rf"^motherboard\s*:.*{motherboard}", info, re.M), info
        interrupts = guest.shell("cat /proc/interrupts")
        for device in interrupts_of:
            match = re.search(rf"^\s*\d+:\s+(\d+)\s+.*{device}$", interrupts, re.M)
            assert match and int(match.group(1)) > 0, f"no interrupts of {device}:\n{interrupts}"
        assert "rtc0" in guest.shell("dmesg | grep rtc0")
        guest.send("reboot -f\n")
        reach_shell(guest)
        power_off(guest)


def boot_mac99(name, via, **options):
    interrupts_of = ("ttyPZ0", "ADB") if via == "cuda" else ("ttyPZ0", "VIA-PMU", "GPIO1 ADB")
    options.setdefault("cpu", "7400")
    boot(name, options["cpu"], motherboard="PowerMac3,1", interrupts_of=interrupts_of,
         board=f"mac99,via={via}", **options)


def screen():
    """The display is the kernel's console; what firmware says comes by the serial port."""
    guest = own("own-screen", extra=("-vga", "std"))
    at = guest.arguments.index("-nographic")
    guest.arguments[at:at + 1] = ["-display", "none"]
    with guest:
        guest.expect(r"OF stdout device is: /pci@80000000/QEMU,VGA@", 60)
        guest.expect(r"Quiescing Open Firmware", 60)
        guest.expect(r"GUEST-UP ", BOOT)
        guest.expect(r"[#$] $", 60)
        console = guest.shell("tr -d '\\0' < /proc/device-tree/chosen/linux,stdout-path")
        assert "QEMU,VGA" in console, console
        guest.shell("ls /proc/device-tree/pci*/QEMU*/linux,boot-display")
        power_off(guest)


# Where packaged firmware may be (hw/core/boot.c), each under an empty folder.
HIDE = ("for d in /usr/share/qemu /usr/share/openbios /usr/lib/openbios; do "
        "[ ! -d $d ] || mount -t tmpfs none $d; done")


def no_package():
    """Without OpenBIOS: the built-in firmware by itself, and a word where there is no kernel
    either.
    """
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run(
            unshare + ["sh", "-c", HIDE], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode:
        raise tap.Skip("no name space of file systems to hide OpenBIOS in")
    emulator = f"'{emulator_path()}' -M g3beige -nographic -nodefaults -serial stdio"
    start = f"cd / && {HIDE} && exec {emulator}"
    for options, expected in ((f"-kernel '{local_guest('vmlinux-pmac32')}'",
                               b"Quiescing Open Firmware"),
                              ("", b"Could not find the firmware 'openbios-ppc'")):
        process = subprocess.Popen(unshare + ["sh", "-c", f"{start} {options}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        text = b""
        try:
            while expected not in text:
                data = os.read(process.stdout.fileno(), 4096)
                assert data, f"no {expected!r} in {text!r}"
                text += data
        finally:
            process.kill()
            process.wait(stretch(20))


CASES = {
    "own-g3beige": ("quick", lambda: boot("own-g3beige", "750")),
    "own-mac99": ("quick", lambda: boot_mac99("own-mac99", "cuda")),
    "own-mac99-pmu-adb": ("long", lambda: boot_mac99("own-mac99-pmu-adb", "pmu-adb")),
    "own-mac99-pmu": ("long", lambda: boot_mac99("own-mac99-pmu", "pmu")),
    "own-screen": ("quick", screen),
    "own-no-package": ("quick", no_package),
}
for model in ("603", "603e", "604", "604e", "740", "755", "7400", "7450", "7455"):
    CASES[f"own-g3beige-{model}"] = (
        "long",
        lambda model=model: boot(f"own-g3beige-{model}", model.rstrip("e"), cpu=model))
# On these OpenBIOS says nothing, and our own firmware comes by itself.
CASES["own-g3beige-603r"] = (
    "quick", lambda: boot("own-g3beige-603r", "603", cpu="603r", choice=""))
CASES["own-g3beige-750fx"] = (
    "long", lambda: boot("own-g3beige-750fx", "750FX", cpu="750fx", choice=""))
for via in ("cuda", "pmu", "pmu-adb"):
    for model in ("750", "7450"):
        CASES[f"own-mac99-{via}-{model}"] = ("long", lambda via=via, model=model: boot_mac99(
            f"own-mac99-{via}-{model}", via, cpu=model))

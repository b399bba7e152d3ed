# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs: a 32-bit kernel through OpenBIOS to its shell, on the first serial port."""

import os
import re
import time

from guest import Guest, local_guest

BOOT = 180    # seconds to the shell


def mac(name, append="", **options):
    kernel = local_guest("vmlinux-pmac32")
    initrd = local_guest("initramfs-ppc32.cpio.gz")
    options.setdefault("machine", "g3beige")
    options.setdefault("memory", "256M")
    return Guest(name=name, kernel=kernel, initrd=initrd, append=f"console=ttyPZ0 {append}".strip(),
                 **options)


def reach_shell(guest):
    guest.expect(r"OpenBIOS", 60)
    guest.expect(r"GUEST-UP ", BOOT)
    guest.expect(r"[#$] $", 60)


def power_off(guest):
    guest.send("poweroff -f\n")
    status = guest.wait(60)
    assert status == 0, f"exit status {status} after power-off"


def boot(name, sees_cpu, board="AAPL,PowerMac G3", interrupts_of=("ttyPZ0", "ADB"),
         finds=("ADB keyboard", "ADB mouse", "rtc0"), **options):
    """What the kernel found; interrupts of the timer, of CUDA and of the serial port; time of
    day.
    """
    with mac(name, **options) as guest:
        reach_shell(guest)
        info = guest.shell("cat /proc/cpuinfo")
        assert re.search(rf"^cpu\s*:.*{sees_cpu}", info, re.M), f"not a {sees_cpu}:\n{info}"
        assert re.search(rf"^motherboard\s*:.*{board}", info, re.M), info
        interrupts = guest.shell("cat /proc/interrupts")
        for device in interrupts_of:
            match = re.search(rf"^\s*\d+:\s+(\d+)\s+.*{device}$", interrupts, re.M)
            assert match and int(match.group(1)) > 0, f"no interrupts of {device}:\n{interrupts}"
        found = guest.shell("dmesg | grep -E 'ADB (keyboard|mouse) as|rtc0|PMU driver'")
        for word in finds:
            assert word in found, f"no {word}:\n{found}"
        year = int(guest.shell("date -u +%Y"))
        assert 2024 <= year < 2100, f"the year is {year}"
        power_off(guest)


def runtest(name, **options):
    with mac(name, "runtest", **options) as guest:
        guest.expect(r"GUEST-UP ", BOOT)
        guest.expect(r"GUEST-DONE", 180)
        status = guest.wait(60)
        assert status == 0, f"exit status {status} after the guest powered off"


def boot_mac99(name, sees_cpu, via, **options):
    """The same on mac99; with USB its keyboard and mouse are not ADB's."""
    interrupts_of = ("ttyPZ0", "ADB") if via == "cuda" else ("ttyPZ0", "VIA-PMU", "GPIO1 ADB")
    finds = ["rtc0"]
    finds += ["ADB keyboard", "ADB mouse"] if via != "pmu" else []
    finds += ["PMU driver"] if via != "cuda" else []
    options.setdefault("cpu", sees_cpu)
    boot(name, sees_cpu, board="PowerMac3,1", interrupts_of=interrupts_of, finds=finds,
         machine=f"mac99,via={via}", **options)


def usb(name):
    """Keyboard, mouse, a hub and a tablet behind it; power-off with all of them at work."""
    with mac(name, machine="mac99,via=pmu", cpu="7400",
             extra=("-usb", "-device", "usb-hub", "-device", "usb-tablet,port=3.1")) as guest:
        reach_shell(guest)
        for _ in range(20):
            found = guest.shell("dmesg | grep -E 'input: QEMU|USB hub found'")
            if "USB Tablet" in found:
                break
            time.sleep(0.5)
        for word in ("USB Keyboard", "USB Mouse", "USB Tablet", "hub 1-3:1.0: USB hub found"):
            assert word in found, f"no {word}:\n{found}"
        interrupts = guest.shell("cat /proc/interrupts")
        match = re.search(r"^\s*\d+:\s+(\d+)\s+.*ohci_hcd", interrupts, re.M)
        assert match and int(match.group(1)) > 0, interrupts
        power_off(guest)


def switch_off_by_keys(name, start=mac, **options):
    """The shell is on the display: what is typed on the guest's keyboard powers it off."""
    keys = {" ": "spc", "-": "minus", "\n": "ret"}
    with start(name, "console=tty0", qmp=True, extra=("-vga", "std", "-usb"), **options) as guest:
        guest.expect(r"Run /init", BOOT)
        # The shell comes some time after that: again, until it listens.
        for _ in range(20):
            time.sleep(3)
            if guest.process.poll() is not None:
                break
            try:
                for letter in "poweroff -f\n":
                    guest.qmp.hmp(f"sendkey {keys.get(letter, letter)} 20")
                    time.sleep(0.1)
            except (AssertionError, OSError, EOFError):
                break
        status = guest.wait(60)
        assert status == 0, f"exit status {status} after power-off"


def reboot(name="g3beige-reboot", **options):
    with mac(name, **options) as guest:
        reach_shell(guest)
        guest.send("reboot -f\n")
        reach_shell(guest)
        power_off(guest)


def migrate(name="g3beige-migrate", start=mac, **options):
    """Into a file while the guest works, and on from there in another process."""
    with start(name, qmp=True, **options) as guest:
        path = os.path.join(guest.folder, "stream")
        reach_shell(guest)
        guest.shell("(i=0; while :; do i=$((i+1)); echo $i > /new; mv /new /count; done) & sleep 1")
        guest.qmp.command("migrate", uri=f"file:{path}")
        while guest.qmp.command("query-migrate")["status"] not in ("completed", "failed"):
            time.sleep(0.1)
        assert guest.qmp.command("query-migrate")["status"] == "completed"
        with start(f"{name}d", qmp=True, extra=("-incoming", f"file:{path}"), **options) as other:
            while not other.qmp.command("query-status")["running"]:
                time.sleep(0.1)
            other.send("\n")
            first = int(other.shell("cat /count"))
            second = int(other.shell("sleep 1; cat /count"))
            assert second > first, f"the guest's loop stands at {first}"
            power_off(other)


def dump(guest):
    path = os.path.join(guest.folder, "dump")
    guest.qmp.command("screendump", filename=path)
    with open(path, "rb") as file:
        return file.read()


def typed(guest, keys):
    for key in keys:
        assert guest.qmp.hmp(f"sendkey {key} 20") == ""


DISPLAY = ("-vga", "std")


def display():
    """The console on the frame buffer, keys by ADB to the shell there, and both after migration
    while it writes.
    """
    with mac("g3beige-display", "console=tty0", qmp=True, graphics=True, extra=DISPLAY) as guest:
        guest.expect(r"Run /init as init process", BOOT)
        deadline = time.monotonic() + BOOT
        # The shell is on the display only: what is typed there answers here.
        answer = [
            *"echo", "spc", "shift-a", *"nswer", "spc", "shift-dot", *"/dev/tty", "shift-p",
            "shift-z", "0", "ret"
        ]
        answer = ["slash" if key == "/" else key for key in answer]
        while not re.search(r"^Answer$", guest.console.text, re.M):
            assert time.monotonic() < deadline, "nothing that is typed comes to the shell"
            typed(guest, answer)
            time.sleep(3)
        lit = sum(byte > 0x80 for byte in dump(guest)) / 3
        assert 5000 < lit < 200000, f"{lit} pixels of the picture are lit"
        typed(guest, [
            *"while", "spc", "shift-semicolon", "semicolon", *"do", "spc", *"dmesg", "semicolon",
            *"done", "ret"
        ])
        time.sleep(2)
        path = os.path.join(guest.folder, "stream")
        guest.qmp.command("migrate", uri=f"file:{path}")
        while guest.qmp.command("query-migrate")["status"] not in ("completed", "failed"):
            time.sleep(0.1)
        assert guest.qmp.command("query-migrate")["status"] == "completed"
        picture = dump(guest)
        with mac("g3beige-displayed", "console=tty0", qmp=True, graphics=True,
                 extra=(*DISPLAY, "-S", "-incoming", f"file:{path}")) as other:
            while other.qmp.command("query-status")["status"] == "inmigrate":
                time.sleep(0.1)
            assert dump(other) == picture, "the picture is another one after migration"
            other.qmp.command("cont")
            time.sleep(2)
            assert dump(other) != picture, "the picture stands still"
            typed(other, ["ctrl-c", *answer])
            other.expect(r"^Answer$", 60)


CASES = {
    "g3beige": ("quick", lambda: boot("g3beige", "750")),
    "g3beige-604e": ("long", lambda: boot("g3beige-604e", "604", cpu="604e")),
    "g3beige-runtest": ("quick", lambda: runtest("g3beige-runtest")),
    "g3beige-reboot": ("quick", reboot),
    "g3beige-migrate": ("quick", migrate),
    "g3beige-display": ("quick", display),
    "mac99": ("quick", lambda: boot_mac99("mac99", "7400", "cuda")),
    "mac99-pmu": ("quick", lambda: boot_mac99("mac99-pmu", "7400", "pmu")),
    "mac99-pmu-adb": ("quick", lambda: boot_mac99("mac99-pmu-adb", "7400", "pmu-adb")),
    "mac99-usb": ("quick", lambda: usb("mac99-usb")),
    "mac99-usb-keys":
    ("quick", lambda: switch_off_by_keys("mac99-usb-keys", machine="mac99,via=pmu", cpu="7400")),
    "mac99-adb-keys":
    ("long", lambda: switch_off_by_keys("mac99-adb-keys", machine="mac99,via=pmu-adb", cpu="7400")),
    "mac99-cuda-keys":
    ("long", lambda: switch_off_by_keys("mac99-cuda-keys", machine="mac99", cpu="7400")),
    "mac99-reboot": ("quick", lambda: reboot("mac99-reboot", machine="mac99,via=pmu", cpu="7400")),
    "mac99-cuda-reboot": ("long", lambda: reboot("mac99-cuda-reboot", machine="mac99", cpu="7400")),
    "mac99-runtest":
    ("long", lambda: runtest("mac99-runtest", machine="mac99,via=pmu", cpu="7400")),
    "mac99-migrate": ("quick",
                      lambda: migrate("mac99-migrate", machine="mac99,via=pmu-adb", cpu="7400")),
}
for model in ("7400", "7450"):
    CASES[f"g3beige-{model}"] = (
        "long", lambda model=model: boot(f"g3beige-{model}", model, cpu=model))
for via in ("cuda", "pmu", "pmu-adb"):
    for model in ("750", "7450"):
        CASES[f"mac99-{via}-{model}"] = ("long", lambda via=via, model=model: boot_mac99(
            f"mac99-{via}-{model}", model, via))

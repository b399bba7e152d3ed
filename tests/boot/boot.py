#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots real guests on pseries in every configuration that users choose, to a shell or the
installer's first screen, and checks that the guest sees the machine that was asked for.

boot.py --list [quick|long]; boot.py [CASE...]
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
import disks  # noqa: E402
import g5  # noqa: E402
import macdisks  # noqa: E402
import macs  # noqa: E402
import networks  # noqa: E402
import macs_own  # noqa: E402
from guest import TOP, Guest, debian_installer, local_guest, on_qemu  # noqa: E402
from qcow2 import Image  # noqa: E402

BOOT = 120    # seconds to the first prompt
INSTALLER = 180    # seconds to the installer's first screen


# Little-endian: Debian's kernel, to the shell of the installer's initrd.

def debian_shell(name, append="", **options):
    kernel, initrd = debian_installer()
    return Guest(name=name, kernel=kernel, initrd=initrd,
                 append=f"rdinit=/bin/sh console=hvc0 {append}".strip(), **options)


def reach_shell(guest, timeout=BOOT):
    """Waits for the shell; mounts what the checks read."""
    guest.expect(r"^(/|~) # ", timeout)
    guest.shell(
        "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; true")


def check_machine(guest, cpu=None, mmu=None, irq=None, cpus=1):
    """What the guest found is what was asked for."""
    info = guest.shell("cat /proc/cpuinfo")
    count = len(re.findall(r"^processor\s*:", info, re.M))
    assert count == cpus, f"{count} processors instead of {cpus}:\n{info}"
    if cpu:
        assert re.search(rf"^cpu\s*:.*{cpu}", info, re.M), f"not a {cpu}:\n{info}"
    if mmu:
        assert re.search(rf"^MMU\s*:\s*{mmu}", info, re.M), f"MMU is not {mmu}:\n{info}"
    interrupts = guest.shell("cat /proc/interrupts")
    if irq:
        assert irq in interrupts, f"no {irq} among the interrupts:\n{interrupts}"
    # Each processor takes its timer interrupts.
    first = guest.shell("grep '^LOC.*timer event' /proc/interrupts")
    guest.shell(
        "sleep 1; for i in 1 2 3 4 5 6 7 8; do (while [ $((x += 1)) -lt 500 ]; do :; done) & "
        "done; wait", timeout=60)
    second = guest.shell("grep '^LOC.*timer event' /proc/interrupts")
    before = [int(n) for n in re.findall(r"\d+", first)[:cpus]]
    after = [int(n) for n in re.findall(r"\d+", second)[:cpus]]
    assert len(before) == cpus and all(b < a for b, a in zip(before, after)), \
        f"timer interrupts stand still: {before}, then {after}"


def power_off(guest):
    guest.send("poweroff -f\n")
    status = guest.wait(60)
    assert status == 0, f"exit status {status} after power-off"


def debian_variant(name, row):
    """One row of VARIANTS: boot, look, power off."""
    options = dict(row)
    expected = {
        key: options.pop(key)
        for key in ("sees_cpu", "mmu", "irq", "cpus") if key in options
    }
    timeout = options.pop("timeout", BOOT)
    reason = options.pop("not_qemu", None)
    if reason and on_qemu():
        raise tap.Skip(reason)
    with debian_shell(name, **options) as guest:
        reach_shell(guest, timeout)
        check_machine(guest, cpu=expected.get("sees_cpu"), mmu=expected.get("mmu"),
                      irq=expected.get("irq"), cpus=expected.get("cpus", 1))
        power_off(guest)


P8 = {"cpu": "power8_v2.0", "sees_cpu": "POWER8", "mmu": "Hash", "irq": "XICS"}
P9 = {"cpu": "power9_v2.0", "sees_cpu": "POWER9", "mmu": "Radix", "irq": "XIVE"}
THREADS = "QEMU's translator has one thread a core"
P9_HASH = {**P9, "mmu": "Hash", "append": "disable_radix"}

# name: (suite, options of Guest and what the guest must see)
VARIANTS = {
    "power9": ("quick", P9),
    "power9-slof": ("quick", {**P9, "firmware": "slof"}),
    "power9-hash": ("quick", P9_HASH),
    "power9-xics": ("quick", {**P9, "machine": "pseries,ic-mode=xics", "irq": "XICS"}),
    "power9-xive": ("long", {**P9, "machine": "pseries,ic-mode=xive"}),
    "power9-dual": ("long", {**P9, "machine": "pseries,ic-mode=dual"}),
    "power9-dual-xics": ("quick", {**P9, "machine": "pseries,ic-mode=dual", "append": "xive=off",
                                   "irq": "XICS"}),
    "power9-smp2": ("quick", {**P9, "smp": 2, "cpus": 2}),
    "power9-smp4-threads4": ("quick", {**P9, "smp": "4,threads=4", "cpus": 4, "not_qemu": THREADS}),
    "power9-smp2-hash": ("long", {**P9_HASH, "smp": 2, "cpus": 2}),
    "power9-smp2-xics": ("long", {**P9, "machine": "pseries,ic-mode=xics", "smp": 2, "cpus": 2,
                                  "irq": "XICS"}),
    "power9-smp2-single": ("long", {**P9, "smp": 2, "cpus": 2, "accel": "tcg,thread=single"}),
    "power9-compat-power8": ("quick", {**P9, "machine": "pseries,max-cpu-compat=power8",
                                       "sees_cpu": "POWER8", "mmu": "Hash", "irq": "XICS"}),
    "power9-v2.2": ("long", {**P9, "cpu": "power9_v2.2", "not_qemu": "QEMU has no such model"}),
    "power9-interp": ("quick", {**P9, "accel": "tcg,backend=interp", "timeout": 600}),
    "power8": ("quick", P8),
    "power8-slof": ("quick", {**P8, "firmware": "slof"}),
    "power8-smp2": ("long", {**P8, "smp": 2, "cpus": 2}),
    "power8-smp8-threads8": ("long", {**P8, "smp": "8,threads=8", "cpus": 8, "not_qemu": THREADS}),
    "power9-2.12": ("long", {**P9, "machine": "pseries-2.12", "irq": "XICS"}),
    "power9-3.1": ("long", {**P9, "machine": "pseries-3.1", "irq": "XICS"}),
    "power9-7.2": ("quick", {**P9, "machine": "pseries-7.2"}),
    "power9-512m": ("long", {**P9, "memory": "512M"}),
    "power9-4g": ("long", {**P9, "memory": "4G"}),
}


def installer(firmware):
    """The installer's first screen, and the keys move in it.

    Debian starts its installer on hvc0 and on the invisible tty1 at once. The two change the list
    of packages under each other, and now and then one of them crashes over it (in main-menu). A
    word "auto" in the command line makes Debian start only one.
    """
    kernel, initrd = debian_installer()
    with Guest(name=f"installer-{firmware}", kernel=kernel, initrd=initrd, firmware=firmware,
               append="console=hvc0 one.auto=1") as guest:
        guest.expect(r"Select a language", INSTALLER)
        guest.expect(r"<Enter> activates buttons", 30)
        guest.send("\t")    # from the list to <Go Back>
        guest.expect(r"<Go Back>", 30)
        guest.send("\r")    # which leads to the menu
        guest.expect(r"Debian installer main menu", 60)
        guest.send("\x01x")    # Ctrl-A x leaves the emulator
        status = guest.wait(20)
        assert status == 0, f"exit status {status} after Ctrl-A x"


def reboot():
    """The guest restarts the machine: the second boot finds it as new; with -no-reboot it ends."""
    with debian_shell("reboot", cpu="power9_v2.0") as guest:
        reach_shell(guest)
        guest.shell("echo before > /reboot-mark")
        guest.send("reboot -f\n")
        guest.expect(r"Linux version", BOOT)
        reach_shell(guest)
        guest.shell("[ ! -e /reboot-mark ]")
        guest.send("reboot -f\n")
        guest.expect(r"Linux version", BOOT)
        reach_shell(guest)
        power_off(guest)
    with debian_shell("no-reboot", cpu="power9_v2.0", extra=["-no-reboot"]) as guest:
        reach_shell(guest)
        guest.send("reboot -f\n")
        status = guest.wait(60)
        assert status == 0, f"exit status {status} after reboot with -no-reboot"


def panic():
    """A guest that panics and asks for a restart is restarted by the machine."""
    with debian_shell("panic", cpu="power9_v2.0", append="panic=1", extra=["-no-reboot"]) as guest:
        reach_shell(guest)
        guest.send("exit\n")    # the first process must not end
        guest.expect(r"Kernel panic - not syncing: Attempted to kill init", 30)
        guest.wait(60)


def stop_cont():
    """stop holds the guest's clock and output, cont lets both go on; system_reset boots again."""
    with debian_shell("stop-cont", cpu="power9_v2.0", smp=2, qmp=True) as guest:
        reach_shell(guest)
        for _ in range(20):
            guest.qmp.command("stop")
            assert guest.qmp.command("query-status")["status"] == "paused"
            guest.qmp.command("cont")
            assert guest.qmp.command("query-status")["status"] == "running"
        guest.qmp.event("STOP")
        guest.qmp.event("RESUME")
        assert guest.shell("echo alive") == "alive"
        guest.qmp.command("system_reset")
        guest.qmp.event("RESET")
        guest.expect(r"Linux version", BOOT)
        reach_shell(guest)
        guest.qmp.command("quit")
        status = guest.wait(20)
        assert status == 0, f"exit status {status} after quit"


def migrate(name, append="", **options):
    """A busy guest goes twice to another emulator, which waits for it; and stays after a cancel."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        guest = stack.enter_context(debian_shell(f"{name}-0", append, qmp=True, **options))
        reach_shell(guest)
        guest.shell("(while :; do n=$((n + 1)); echo $n > /count; done) & true")
        guest.shell("head -c 3000000 /bin/busybox > /big; sum=$(md5sum < /big)")
        guest.qmp.command("migrate-set-parameters", max_bandwidth=1000000)
        guest.qmp.command("migrate", uri="exec:cat > /dev/null")
        guest.qmp.command("migrate_cancel")
        assert guest.qmp.migration()["status"] == "cancelled"
        guest.qmp.command("migrate-set-parameters", max_bandwidth=0)
        # A machine that is reset while the management thinks about the switch-over goes as it then
        # is, with a new hash page table if it has one.
        with debian_shell(f"{name}-reset", append, qmp=True, **options) as other:
            other.qmp.command(
                "migrate-set-capabilities",
                capabilities=[{"capability": "pause-before-switchover", "state": True}])
            other.qmp.command("migrate", uri="exec:cat > /dev/null")
            while other.qmp.command("query-migrate")["status"] != "pre-switchover":
                time.sleep(0.1)
            assert "error" in other.qmp.reply("cont"), "cont in the middle of a migration"
            other.qmp.command("system_reset")
            other.qmp.event("RESET")
            other.qmp.command("migrate-continue", state="pre-switchover")
            end = other.qmp.migration()
            assert end["status"] == "completed", str(end)
            assert not other.qmp.command("query-status")["running"]
        assert guest.shell("echo here") == "here"
        for turn in (1, 2):
            uri = f"unix:{folder}/{turn}"
            target = stack.enter_context(debian_shell(f"{name}-{turn}", append, qmp=True,
                                                      extra=["-incoming", uri], **options))
            assert target.qmp.command("query-status")["status"] == "inmigrate"
            before = guest.count()
            guest.qmp.command("migrate", uri=uri)
            info = guest.qmp.migration()
            assert info["status"] == "completed" and info["ram"]["remaining"] == 0, str(info)
            assert guest.qmp.command("query-status")["status"] == "postmigrate"
            target.qmp.event("RESUME")
            after = target.count()
            assert after >= before, f"the loop's count went from {before} to {after}"
            target.shell('sleep 1; [ "$(md5sum < /big)" = "$sum" ]')
            assert target.count() > after, "the loop in the background stands still"
            lines = target.shell("dmesg | grep -iE 'stall|lockup|hung|clocksource.*unstable'; true")
            assert not lines, f"the kernel complains: {lines}"
            guest = target


# What two saves of a machine that stands may differ in: the host's cycle counter.
HOST_TIME = re.compile(r"^\d* ?(timer|spapr) instance 0x0:$|^    (ticks|tb\.guest_timebase): ")


def same_state(folder, image, first, second):
    """Two snapshots hold the same: memory, processors, devices."""
    paths = []
    for tag in (first, second):
        paths.append(os.path.join(folder, tag))
        with open(paths[-1], "wb") as file:
            file.write(Image(image).vmstate(tag))
    run = subprocess.run([os.path.join(TOP, "scripts", "analyze-migration"), "--diff"] + paths,
                         stdout=subprocess.PIPE, check=False)
    wrong = [
        line for line in run.stdout.decode().splitlines() if line and not HOST_TIME.match(line)
    ]
    assert run.returncode in (0, 1) and not wrong, "\n".join(wrong)


def savevm(name, append="", **options):
    """A busy guest goes back in time again and again, and starts from a snapshot in another
    process.
    """
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "a.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "64M"], check=True)
        options["extra"] = ["-drive", f"if=none,id=d,format=qcow2,file={image}"]
        with debian_shell(f"{name}-0", append, qmp=True, **options) as guest:
            reach_shell(guest)
            guest.shell("(while :; do n=$((n + 1)); echo $n > /count; done) & true")
            guest.shell("head -c 3000000 /bin/busybox > /big; sum=$(md5sum < /big)")
            for turn in range(3):
                before = guest.count()
                assert guest.qmp.hmp("savevm t") == ""
                guest.shell(f"touch /later; rm /big; cp /bin/sh /big; sleep {turn}")
                assert guest.qmp.hmp("loadvm t") == ""
                after = guest.count()
                guest.shell('[ ! -e /later ]; [ "$(md5sum < /big)" = "$sum" ]')
                guest.shell("sleep 1")
                assert before <= after < guest.count(), "the loop in the background stands still"
            guest.qmp.command("stop")
            registers = guest.qmp.hmp("info registers -a")
            for tag in ("u", "v"):
                assert guest.qmp.hmp(f"savevm {tag}") == ""
                assert guest.qmp.hmp(f"loadvm {tag}") == ""
                assert guest.qmp.hmp("info registers -a") == registers
            assert guest.qmp.command("query-status")["status"] == "paused"
            listed = guest.qmp.hmp("info snapshots")
            clocks = [line.split()[-1] for line in listed.splitlines()[-2:]]
            assert clocks[0] == clocks[1], f"time went on while the machine stood:\n{listed}"
            guest.qmp.command("quit")
            guest.wait(30)
        run = subprocess.run(["qemu-img", "check", image], stdout=subprocess.PIPE, check=False)
        assert run.returncode == 0, run.stdout.decode()
        same_state(folder, image, "u", "v")
        options["extra"] += ["-loadvm", "v"]
        with debian_shell(f"{name}-1", append, qmp=True, **options) as guest:
            assert guest.qmp.command("query-status")["running"]
            assert guest.count() >= after
            guest.shell('sleep 1; [ "$(md5sum < /big)" = "$sum" ]')
            lines = guest.shell("dmesg | grep -iE 'stall|lockup|hung|clocksource.*unstable'; true")
            assert not lines, f"the kernel complains: {lines}"


# SLOF without a kernel: its own prompt.

def slof_prompt(cpu):
    with Guest(name=f"slof-{cpu}", cpu=cpu, firmware="slof") as guest:
        guest.expect(r"SLOF", 60)
        guest.expect(r"^\s*(ready\s+)?\d+ > ", 60)
        guest.send("2 3 + .\r")
        guest.expect(r"\b5\b.*ok", 30)
        guest.send("dev / .properties\r")
        guest.expect(r"pSeries", 30)


# Big-endian: a 64K-page kernel that is not to be fetched anywhere.

def big_endian(name, append="", **options):
    kernel = local_guest("vmlinux-ppc64be")
    initrd = local_guest("initramfs-ppc64be.cpio.gz")
    return Guest(name=name, kernel=kernel, initrd=initrd,
                 append=f"console=hvc0 {append}".strip(), **options)


def big_endian_variant(name, row):
    options = dict(row)
    for key in ("sees_cpu", "mmu", "irq", "cpus"):
        options.pop(key, None)
    timeout = options.pop("timeout", BOOT)
    with big_endian(name, **options) as guest:
        guest.expect(r"GUEST-UP ", timeout)
        guest.expect(r"[#$] $", 30)
        check_machine(guest, cpu=row.get("sees_cpu"), mmu=row.get("mmu"), irq=row.get("irq"),
                      cpus=row.get("cpus", 1))
        power_off(guest)
    options["append"] = (options.get("append", "") + " runtest").strip()
    with big_endian(name + "-runtest", **options) as guest:
        guest.expect(r"GUEST-UP ", timeout)
        guest.expect(r"GUEST-DONE", 180)
        status = guest.wait(60)
        assert status == 0, f"exit status {status} after the guest powered off"


BIG_ENDIAN = {
    "be-power8": ("quick", P8),
    "be-power9": ("quick", P9),
    "be-power9-hash": ("long", P9_HASH),
    "be-power9-xics": ("long", {**P9, "machine": "pseries,ic-mode=xics", "irq": "XICS"}),
    "be-power9-smp2": ("quick", {**P9, "smp": 2, "cpus": 2}),
    "be-power9-slof": ("long", {**P9, "firmware": "slof"}),
    "be-power8-slof": ("quick", {**P8, "firmware": "slof"}),
    "be-power9-interp": ("long", {**P9, "accel": "tcg,backend=interp", "timeout": 600}),
}

OTHERS = {
    "installer": ("quick", lambda: installer("builtin")),
    "installer-slof": ("quick", lambda: installer("slof")),
    "reboot": ("quick", reboot),
    "panic": ("quick", panic),
    "stop-cont": ("quick", stop_cont),
    "migrate-power9": ("quick", lambda: migrate("migrate-power9", cpu="power9_v2.0")),
    "migrate-hash-smp2":
    ("quick", lambda: migrate("migrate-hash-smp2", "disable_radix", cpu="power9_v2.0", smp=2)),
    "migrate-power8": ("long", lambda: migrate("migrate-power8", cpu="power8_v2.0", smp=4)),
    "savevm-power9": ("quick", lambda: savevm("savevm-power9", cpu="power9_v2.0")),
    "savevm-hash-smp2":
    ("long", lambda: savevm("savevm-hash-smp2", "disable_radix", cpu="power9_v2.0", smp=2)),
    "savevm-xics":
    ("long",
     lambda: savevm("savevm-xics", cpu="power9_v2.0", machine="pseries,ic-mode=xics", smp=2)),
    "savevm-power8": ("long", lambda: savevm("savevm-power8", cpu="power8_v2.0", smp=4)),
    "slof-power9": ("quick", lambda: slof_prompt("power9_v2.0")),
    "slof-power8": ("quick", lambda: slof_prompt("power8_v2.0")),
}


def cases():
    """name: (suite, function), in the order of the tables."""
    table = {
        **OTHERS, **disks.CASES, **macs.CASES, **macs_own.CASES, **g5.CASES, **macdisks.CASES,
        **networks.CASES
    }
    for name, (suite, row) in VARIANTS.items():
        table[name] = (suite, lambda name=name, row=row: debian_variant(name, row))
    for name, (suite, row) in BIG_ENDIAN.items():
        table[name] = (suite, lambda name=name, row=row: big_endian_variant(name, row))
    return table


def main():
    table = cases()
    words = sys.argv[1:]
    if words[:1] == ["--list"]:
        for name, (suite, _function) in table.items():
            if words[1:] in ([], [suite]):
                print(name)
        return
    unknown = [word for word in words if word not in table]
    if unknown:
        sys.exit(f"boot.py: no case '{unknown[0]}' (boot.py --list names them)")
    repeat = int(os.environ.get("GOSSAMER_REPEAT", "1"))
    slow = float(os.environ.get("GOSSAMER_SLOW", "1"))
    chosen = []
    for name in words or list(table):
        for turn in range(repeat):
            label = name if repeat == 1 else f"{name} {turn + 1}/{repeat}"
            chosen.append((label, table[name][1]))
    tap.run(chosen, limit=int(900 * slow))


if __name__ == "__main__":
    main()

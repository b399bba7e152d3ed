# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs with disks and CDs: Linux mounts ext4, HFS+ and ISO 9660 on IDE drives, which the
host's e2fsck judges afterwards; snapshots, migration and errors while it writes; OpenBIOS starts
from a CD.

boot.py registers the cases.
"""

import contextlib
import hashlib
import os
import resource
import signal
import tempfile
import time

import disks
import hfsplus
import macs
import qemu10
from guest import Guest, stretch

COMPLAINTS = (
    "dmesg | grep -iE 'I/O error|EXT4-fs "
    "(error|warning)|hfsplus:|ata[0-9].*(exception|timeout|failed)|lost "
    "interrupt|stall|lockup|hung'; true")


def reach_shell(guest):
    macs.reach_shell(guest)
    # Messages of the kernel between a command's lines are in nobody's way in its log.
    guest.shell("dmesg -n 1; mkdir -p /mnt /cd; for i in 1 2 3 4 5 6 7 8 9; do "
                "[ -e /dev/sda ] || sleep 1; done; [ -e /dev/sda ]")


def finish(guest):
    """The load ends, its files are what they should be, and the machine goes off."""
    guest.shell("touch /stop; while [ ! -e /ended ]; do sleep 1; done", 180)
    output = guest.shell(disks.CHECK, 120)
    assert "good: 8" in output and "bad" not in output, output
    lines = guest.shell(COMPLAINTS)
    assert not lines, f"the kernel complains: {lines}"
    guest.shell("umount /mnt", 60)
    macs.power_off(guest)


def start_load(guest):
    guest.shell("mount -t ext4 /dev/sda /mnt")
    guest.shell(disks.LOAD)
    disks.wait_count(guest, 10)


def make_cd(folder):
    """An ISO 9660 image, and the sum of the file data.bin on it."""
    tool, = disks.need("genisoimage")
    os.mkdir(os.path.join(folder, "tree"))
    data = os.urandom(3 << 20)
    with open(os.path.join(folder, "tree", "data.bin"), "wb") as file:
        file.write(data)
    image = os.path.join(folder, "cd.iso")
    disks.run(tool, "-quiet", "-R", "-o", image, os.path.join(folder, "tree"))
    return image, hashlib.md5(data).hexdigest()


def ide(image):
    return ["-drive", f"file={image},format=raw"]


def usb(image, name="stick"):
    return ["-usb", "-drive", f"if=none,id={name},file={image},format=raw",
            "-device", f"usb-storage,drive={name},id=usb-{name}"]


def ext4(name, start=macs.mac, **options):
    mkfs, fsck = disks.need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder:
        image = disks.make_raw(folder, mkfs)
        cd, md5 = make_cd(folder)
        with start(name, extra=["-drive", f"file={image},format=raw", "-cdrom", cd],
                   **options) as guest:
            reach_shell(guest)
            start_load(guest)
            output = guest.shell("mount -t iso9660 /dev/sr0 /cd && md5sum /cd/data.bin", 60)
            assert md5 in output, output
            interrupts = guest.shell("grep -c pata-macio /proc/interrupts")
            assert interrupts.strip() == "2", interrupts
            finish(guest)
        disks.run(fsck, "-f", "-n", image)


def hfs(name, **options):
    """Written, unmounted, mounted, read; a second disk is the slave."""
    mkfs, = disks.need("mkfs.ext4")
    with tempfile.TemporaryDirectory() as folder:
        first, second = disks.make_raw(folder, mkfs), os.path.join(folder, "hfs")
        hfsplus.make(second, 64 << 20)
        with macs.mac(name, extra=["-hda", first, "-hdb", second], **options) as guest:
            reach_shell(guest)
            guest.shell("mount -t hfsplus /dev/sdb /mnt && mkdir /mnt/folder")
            guest.shell(
                "for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=/mnt/folder/$i bs=64k "
                "count=$i 2>/dev/null; "
                "done", 120)
            sums = guest.shell("cd /mnt/folder && md5sum *; cd /", 60)
            guest.shell(
                "umount /mnt && echo 3 > /proc/sys/vm/drop_caches && mount -t hfsplus -o ro "
                "/dev/sdb /mnt"
            )
            again = guest.shell("cd /mnt/folder && md5sum *; cd /", 60)
            assert again == sums and len(sums.split()) == 16, f"{sums}\n{again}"
            guest.shell("umount /mnt")
            lines = guest.shell(COMPLAINTS)
            assert not lines, f"the kernel complains: {lines}"
            macs.power_off(guest)


def snapshots(name, **options):
    mkfs, fsck, tool = disks.need("mkfs.ext4", "e2fsck", "qemu-img")
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "disk.qcow2")
        disks.run(tool, "convert", "-f", "raw", "-O", "qcow2", disks.make_raw(folder, mkfs), image)
        with macs.mac(name, extra=["-hda", image], qmp=True, **options) as guest:
            def hmp(line):
                reply = guest.qmp.command("human-monitor-command", command_line=line)
                assert not reply, f"{line}: {reply}"

            guest.qmp.socket.settimeout(stretch(120))
            reach_shell(guest)
            start_load(guest)
            for turn in range(3):
                hmp(f"savevm s{turn}")
            disks.wait_count(guest, guest.count() + 5)
            for turn in (2, 0, 1):
                # A file that was not there yet.
                guest.shell("touch /later")
                hmp(f"loadvm s{turn}")
                guest.shell("[ ! -e /later ]")
                disks.wait_count(guest, guest.count() + 3)
            finish(guest)
        assert "No errors were found" in disks.run(tool, "check", image)
        raw = os.path.join(folder, "after.raw")
        disks.run(tool, "convert", "-f", "qcow2", "-O", "raw", image, raw)
        disks.run(fsck, "-f", "-n", raw)


def plug(name, **options):
    """A USB disk that Linux writes; another one and a CD come and go meanwhile."""
    mkfs, fsck = disks.need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder:
        image = disks.make_raw(folder, mkfs)
        cd, md5 = make_cd(folder)
        second = os.path.join(folder, "second")
        data = os.urandom(2 << 20)
        with open(second, "wb") as file:
            file.write(data)
        extra = usb(image) + ["-drive", f"if=none,id=second,file={second},format=raw",
                              "-drive", f"if=none,id=cd,media=cdrom,file={cd},format=raw"]
        with macs.mac(name, extra=extra, qmp=True, **options) as guest:
            reach_shell(guest)
            start_load(guest)
            assert "QEMU USB MSD" in guest.qmp.hmp("info usb"), guest.qmp.hmp("info usb")
            for _ in range(2):
                guest.qmp.command("device_add", driver="usb-storage", drive="second", id="two",
                                  removable=True)
                guest.shell("while [ ! -e /dev/sdb ]; do sleep 1; done", 60)
                output = guest.shell("cat /sys/block/sdb/removable; md5sum < /dev/sdb", 120)
                assert output.split()[:2] == ["1", hashlib.md5(data).hexdigest()], output
                guest.qmp.command("device_del", id="two")
                guest.shell("while [ -e /dev/sdb ]; do sleep 1; done", 60)
            guest.qmp.command("device_add", driver="usb-storage", drive="cd", id="three")
            guest.shell("while [ ! -e /dev/sr0 ]; do sleep 1; done", 60)
            output = guest.shell("mount -t iso9660 /dev/sr0 /cd && md5sum /cd/data.bin", 120)
            assert md5 in output, output
            guest.shell("umount /cd")
            disks.wait_count(guest, guest.count() + 5)
            finish(guest)
        disks.run(fsck, "-f", "-n", image)


def migrate(name, attach=ide, **options):
    mkfs, fsck = disks.need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        drive = attach(disks.make_raw(folder, mkfs))
        guest = stack.enter_context(macs.mac(f"{name}-0", extra=drive, qmp=True, **options))
        reach_shell(guest)
        start_load(guest)
        for turn in (1, 2):
            uri = f"unix:{folder}/{turn}"
            target = stack.enter_context(
                macs.mac(f"{name}-{turn}", extra=drive + ["-incoming", uri], qmp=True, **options))
            disks.move(guest, target, uri)
            guest = target
        finish(guest)
        disks.run(fsck, "-f", "-n", os.path.join(folder, "disk.raw"))


def cross(name, attach=ide, **options):
    """A guest that writes goes to QEMU and back, twice, with its disk."""
    qemu = qemu10.command("ppc")
    mkfs, fsck = disks.need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        drive = attach(disks.make_raw(folder, mkfs))
        guest = stack.enter_context(macs.mac(f"{name}-0", extra=drive, qmp=True, **options))
        reach_shell(guest)
        start_load(guest)
        for turn in range(1, 5):
            uri = f"unix:{folder}/{turn}"
            there = turn % 2 == 1
            # Firmware "slof" says nothing to QEMU of firmware.
            more = {"emulator": qemu[0], "firmware": "slof"} if there else {}
            target = stack.enter_context(
                macs.mac(f"{name}-{turn}", qmp=True,
                         extra=(qemu[1:] if there else []) + drive + ["-incoming", uri], **options,
                         **more))
            if there:
                guest.qmp.command("migrate-set-parameters", **{"x-wire": "qemu-10.0"})
            disks.move(guest, target, uri)
            guest = target
        finish(guest)
        disks.run(fsck, "-f", "-n", os.path.join(folder, "disk.raw"))


def error(name, **options):
    """The host refuses a write: the machine stops, and the write is made when it goes on, here or
    elsewhere.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        image = os.path.join(folder, "disk.raw")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        drive = ["-drive", f"file={image},format=raw,werror=stop"]
        # Beyond the limit a write fails instead of ending the process.
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        stack.callback(signal.signal, signal.SIGXFSZ, before)
        guest = stack.enter_context(macs.mac(f"{name}-0", extra=drive, qmp=True, **options))
        reach_shell(guest)
        sent = guest.shell(
            "dd if=/dev/urandom of=/tmp/x bs=1024k count=1 2>/dev/null; md5sum < /tmp/x",
            60).split()[0]

        def stopped(start):
            # In the middle of a command, beyond its first 128 KiB.
            resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE,
                             ((start << 20) + 300000, resource.RLIM_INFINITY))
            guest.send(f"dd if=/tmp/x of=/dev/sda bs=1024k seek={start} count=1 oflag=direct\n")
            deadline = time.monotonic() + stretch(60)
            while guest.qmp.command("query-status")["status"] != "io-error":
                assert time.monotonic() < deadline, "the machine does not stop"
                time.sleep(0.1)
            assert guest.qmp.command("query-block")[0]["io-status"] == "failed"

        stopped(4)
        guest.qmp.command("cont")
        deadline = time.monotonic() + stretch(60)
        while guest.qmp.command("query-status")["status"] != "io-error":
            assert time.monotonic() < deadline, "the machine does not stop a second time"
            time.sleep(0.1)
        resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        guest.qmp.command("cont")
        guest.expect(r"records out", 60)
        stopped(9)
        uri = f"unix:{folder}/m"
        target = stack.enter_context(
            macs.mac(f"{name}-1", extra=drive + ["-incoming", uri], qmp=True, **options))
        guest.qmp.command("migrate", uri=uri)
        deadline = time.monotonic() + stretch(120)
        while target.qmp.command("query-status")["status"] == "inmigrate":
            assert time.monotonic() < deadline, guest.qmp.command("query-migrate")
            time.sleep(0.1)
        assert target.qmp.command("query-status")["status"] == "io-error"
        target.qmp.command("cont")
        target.expect(r"records out", 60)
        lines = target.shell(COMPLAINTS)
        assert not lines, f"the kernel complains: {lines}"
        with open(image, "rb") as file:
            data = file.read()
        for start in (4, 9):
            written = hashlib.md5(data[start << 20:start + 1 << 20]).hexdigest()
            assert written == sent, f"at {start} MiB: {written} instead of {sent}"


def change(name, **options):
    """The monitor changes the CD, and the guest reads the new one."""
    mkfs, = disks.need("mkfs.ext4")
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("one", "two")]
        for number, path in enumerate(paths):
            with open(path, "wb") as file:
                file.write(bytes([number + 1]) * (1 << 20))
        with macs.mac(name, extra=["-hda", disks.make_raw(folder, mkfs), "-cdrom", paths[0]],
                      qmp=True, **options) as guest:
            reach_shell(guest)
            for number, path in enumerate(paths):
                if number:
                    guest.qmp.command("human-monitor-command",
                                      command_line=f"change ide1-cd0 {path} raw")
                output = guest.shell("md5sum < /dev/sr0 || { sleep 3; md5sum < /dev/sr0; }", 60)
                assert hashlib.md5(bytes([number + 1]) * (1 << 20)).hexdigest() in output, output
            guest.shell("eject /dev/sr0 || true")
            text = guest.qmp.command("human-monitor-command", command_line="info block ide1-cd0")
            assert "Removable device" in text, text
            macs.power_off(guest)


def openbios(name, **options):
    """OpenBIOS finds a boot script on a CD, and on a disk, and does what it says."""
    tool, = disks.need("genisoimage")
    with tempfile.TemporaryDirectory() as folder:
        tree, types, image = (os.path.join(folder, n) for n in ("tree", "types", "image"))
        os.makedirs(os.path.join(tree, "ppc"))
        with open(os.path.join(tree, "ppc", "ofboot.b"), "w", encoding="ascii") as file:
            file.write(
                "<CHRP-BOOT>\n<DESCRIPTION>Test</DESCRIPTION>\n<OS-NAME>Test</OS-NAME>\n"
                "<BOOT-SCRIPT>\n.\" THE SCRIPT IS \" .\" READ\" cr\n</BOOT-SCRIPT>\n</CHRP-BOOT>\n")
        with open(types, "w", encoding="ascii") as file:
            file.write('ofboot.b Raw "chrp" "tbxi"\n')
        disks.run(tool, "-quiet", "-R", "-hfs", "-part", "-no-desktop", "-map", types, "-hfs-bless",
                  os.path.join(tree, "ppc"), "-hfs-volid", "boot", "-o", image, tree)
        for order, drive in (("d", ["-cdrom", image]), ("c", ["-drive",
                                                              f"file={image},format=raw"])):
            with Guest(name=name, memory="128M", extra=drive + ["-boot", order],
                       **options) as guest:
                guest.expect(r"OpenBIOS", 60)
                guest.expect(r"^THE SCRIPT IS READ", 60)


G3 = {"machine": "g3beige"}
MAC99 = {"machine": "mac99,via=pmu", "cpu": "7400"}
CASES = {
    "mac-disk-ext4": ("quick", lambda: ext4("mac-disk-ext4", **G3)),
    "mac-disk-ext4-mac99": ("long", lambda: ext4("mac-disk-ext4-mac99", **MAC99)),
    "mac-disk-hfs": ("quick", lambda: hfs("mac-disk-hfs", **G3)),
    "mac-disk-snapshots": ("quick", lambda: snapshots("mac-disk-snapshots", **G3)),
    "mac-disk-migrate": ("quick", lambda: migrate("mac-disk-migrate", **G3)),
    "mac-disk-migrate-mac99": ("long", lambda: migrate("mac-disk-migrate-mac99", **MAC99)),
    "mac-disk-cross": ("long", lambda: cross("mac-disk-cross", **G3)),
    "mac-disk-cross-mac99": ("long", lambda: cross("mac-disk-cross-mac99", **MAC99)),
    "mac-usb-plug": ("long", lambda: plug("mac-usb-plug", **MAC99)),
    "mac-usb-migrate": ("long", lambda: migrate("mac-usb-migrate", attach=usb, **MAC99)),
    "mac-usb-cross": ("long", lambda: cross("mac-usb-cross", attach=usb, **MAC99)),
    "mac-disk-error": ("quick", lambda: error("mac-disk-error", **G3)),
    "mac-disk-change": ("quick", lambda: change("mac-disk-change", **G3)),
    "mac-disk-openbios": ("quick", lambda: openbios("mac-disk-openbios", **G3)),
    "mac-disk-openbios-mac99": ("long", lambda: openbios("mac-disk-openbios-mac99", **MAC99)),
}

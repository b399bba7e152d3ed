# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests with disks: Debian's kernel with its drivers for spapr-vscsi mounts ext4 images, which the
host's e2fsck judges afterwards; and firmware starts programs from disks.

boot.py registers the cases.
"""

import contextlib
import hashlib
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import kernel
import tap
from guest import Guest, debian_installer, stretch

BOOT = 120

# Writes files and their sums until told to stop; /count says how many there were.
LOAD = (
    "(i=0; while [ ! -e /stop ]; do i=$((i + 1)); f=/mnt/f$((i % 8)); "
    "dd if=/dev/urandom of=$f.new bs=64k count=8 2>/dev/null; md5sum < $f.new > $f.sum; mv $f.new "
    "$f; "
    "[ $((i % 4)) = 0 ] && sync; echo $i > /count; done; echo done > /ended) & true")
CHECK = (
    "echo 3 > /proc/sys/vm/drop_caches; n=0; for f in /mnt/f?; do "
    '[ "$(md5sum < $f)" = "$(cat $f.sum)" ] && n=$((n + 1)) || echo "bad: $f"; done; echo "good: '
    '$n"'
)


def need(*programs):
    """Paths of the host's programs; the case counts as skipped without them."""
    environment = os.environ["PATH"] + ":/usr/sbin:/sbin"
    found = [shutil.which(program, path=environment) for program in programs]
    if None in found:
        raise tap.Skip(f"no {programs[found.index(None)]} on this host")
    return found


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, \
        f"{' '.join(command)}: status {done.returncode}\n{done.stdout.decode()}"
    return done.stdout.decode()


def disk_guest(folder, name, extra, **options):
    """Debian's kernel; a shell with the drivers loaded."""
    initrd = os.path.join(folder, "initrd")
    if not os.path.exists(initrd):
        kernel.disk_initrd(initrd, debian_installer()[1])
    return Guest(name=name, kernel=kernel.kernel(), initrd=initrd, cpu="power9_v2.0", memory="512M",
                 append="rdinit=/disks console=hvc0", extra=extra, **options)


def reach_shell(guest):
    guest.expect(r"^(/|~) # ", BOOT)
    # The disk is looked for in the background.
    guest.shell(
        "n=0; while [ ! -e /dev/sda ] && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done; [ -e "
        "/dev/sda ]",
        60)


def complaints(guest):
    lines = guest.shell(
        "dmesg | grep -iE 'I/O error|EXT4-fs "
        "(error|warning)|ibmvscsi.*(abort|reset|timed)|stall|lockup"
        "|hung'; true")
    assert not lines, f"the kernel complains: {lines}"


def finish(guest):
    """The load ends, its files are what they should be, and the machine goes off."""
    guest.shell("touch /stop; while [ ! -e /ended ]; do sleep 1; done", 120)
    output = guest.shell(CHECK, 60)
    assert "good: 8" in output and "bad" not in output, output
    complaints(guest)
    guest.shell("umount /mnt", 60)
    guest.send("poweroff -f\n")
    status = guest.wait(60)
    assert status == 0, f"exit status {status} after power-off"


def wait_count(guest, target):
    deadline = time.monotonic() + stretch(120)
    while guest.count() < target:
        assert time.monotonic() < deadline, "the load stands still"
        time.sleep(0.5)


def make_raw(folder, mkfs, size="96M"):
    image = os.path.join(folder, "disk.raw")
    with open(image, "wb") as file:
        file.truncate(int(size[:-1]) << 20)
    run(mkfs, "-q", "-F", image)
    return image


def ext4():
    """A file system is written, read back, and clean; a CD's bytes are what they are."""
    mkfs, fsck = need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder:
        image = make_raw(folder, mkfs)
        cd = os.path.join(folder, "cd.iso")
        data = os.urandom(3 << 20)
        with open(cd, "wb") as file:
            file.write(data)
        with disk_guest(folder, "disk-ext4",
                        ["-drive", f"if=scsi,file={image},format=raw", "-cdrom", cd]) as guest:
            reach_shell(guest)
            guest.shell("mount -t ext4 /dev/sda /mnt")
            guest.shell(LOAD)
            wait_count(guest, 12)
            output = guest.shell("dd if=/dev/sr0 bs=64k 2>/dev/null | md5sum", 60)
            assert hashlib.md5(data).hexdigest() in output, output
            finish(guest)
        run(fsck, "-f", "-n", image)


def snapshots():
    """Snapshots under a load of writes: the machine goes back, the file system and the image are
    whole.
    """
    mkfs, fsck, tool = need("mkfs.ext4", "e2fsck", "qemu-img")
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "disk.qcow2")
        run(tool, "convert", "-f", "raw", "-O", "qcow2", make_raw(folder, mkfs), image)
        with disk_guest(folder, "disk-snapshots", ["-drive", f"if=scsi,file={image},format=qcow2"],
                        qmp=True) as guest:
            def hmp(line):
                reply = guest.qmp.command("human-monitor-command", command_line=line)
                assert not reply, f"{line}: {reply}"

            guest.qmp.socket.settimeout(stretch(120))
            reach_shell(guest)
            guest.shell("mount -t ext4 /dev/sda /mnt")
            guest.shell(LOAD)
            wait_count(guest, 10)
            for turn in range(3):
                hmp(f"savevm s{turn}")
            wait_count(guest, guest.count() + 10)
            for turn in (2, 0, 1):
                guest.shell("touch /later")
                hmp(f"loadvm s{turn}")
                # The shell is as it was: it answers what it is asked now.
                guest.shell("[ ! -e /later ]")
                wait_count(guest, guest.count() + 3)
            hmp("savevm last")
            finish(guest)
        listing = run(tool, "snapshot", "-l", image)
        assert all(tag in listing for tag in ("s0", "s1", "s2", "last")), listing
        assert "No errors were found" in run(tool, "check", image)
        raw = os.path.join(folder, "after.raw")
        run(tool, "convert", "-f", "qcow2", "-O", "raw", image, raw)
        run(fsck, "-f", "-n", raw)


def move(guest, target, uri):
    """Takes the guest to the emulator that waits at uri; there the load goes on."""
    before = guest.count()
    guest.qmp.command("migrate", uri=uri)
    info = guest.qmp.migration()
    assert info["status"] == "completed", str(info)
    target.qmp.event("RESUME")
    after = target.count()
    assert after >= before, f"the loop's count went from {before} to {after}"
    wait_count(target, after + 10)


def cross(kind, wire):
    """A guest that writes goes to QEMU and back, twice, with its disk."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "migration"))
    import crossing  # pylint: disable=import-outside-toplevel
    qemu = crossing.command_of(kind)
    mkfs, fsck = need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        image = make_raw(folder, mkfs)
        disk = [
            "-drive", f"if=none,id=d,file={image},format=raw", "-device",
            "spapr-vscsi,id=v,reg=0x2000", "-device", "scsi-hd,bus=v.0,drive=d"
        ]
        guest = stack.enter_context(
            disk_guest(folder, "disk-cross-0", disk, qmp=True, machine="pseries-7.2"))
        reach_shell(guest)
        guest.shell("mount -t ext4 /dev/sda /mnt")
        guest.shell(LOAD)
        wait_count(guest, 10)
        for turn in range(1, 5):
            uri = f"unix:{folder}/{turn}"
            there = turn % 2 == 1
            target = stack.enter_context(
                disk_guest(folder, f"disk-cross-{turn}",
                           (qemu[1:] if there else []) + disk + ["-incoming", uri], qmp=True,
                           machine="pseries-7.2", emulator=qemu[0] if there else None))
            if there:
                guest.qmp.command("migrate-set-parameters", **{"x-wire": wire})
            move(guest, target, uri)
            guest = target
        finish(guest)
        run(fsck, "-f", "-n", image)


def migrate():
    """A guest that writes goes to another emulator and on to a third, with its disk."""
    mkfs, fsck = need("mkfs.ext4", "e2fsck")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        image = make_raw(folder, mkfs)
        disk = [
            "-drive", f"if=none,id=d,file={image},format=raw", "-device",
            "spapr-vscsi,id=v,reg=0x2000", "-device",
            "scsi-hd,bus=v.0,drive=d,rerror=stop,werror=stop"
        ]
        guest = stack.enter_context(disk_guest(folder, "disk-migrate-0", disk, qmp=True))
        reach_shell(guest)
        guest.shell("mount -t ext4 /dev/sda /mnt")
        guest.shell(LOAD)
        wait_count(guest, 10)
        for turn in (1, 2):
            uri = f"unix:{folder}/{turn}"
            target = stack.enter_context(
                disk_guest(folder, f"disk-migrate-{turn}", disk + ["-incoming", uri], qmp=True))
            move(guest, target, uri)
            guest = target
        finish(guest)
        run(fsck, "-f", "-n", image)


def error():
    """The host refuses a write: the machine stops, and the write is made when it goes on, here or
    elsewhere.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        image = os.path.join(folder, "disk.raw")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        disk = ["-device", "spapr-vscsi", "-drive", f"if=none,id=d,file={image},format=raw",
                "-device", "scsi-hd,drive=d,werror=stop"]
        guest = stack.enter_context(disk_guest(folder, "disk-error-0", disk, qmp=True))
        reach_shell(guest)
        guest.shell(
            "dd if=/proc/kallsyms of=/tmp/x bs=1024k count=1 2>/dev/null; dd if=/dev/urandom "
            "of=/tmp/x bs=1024k"
            " count=1 2>/dev/null")
        sent = guest.shell("md5sum < /tmp/x").split()[0]

        def stopped(start):
            # A request of many chunks, the first one included.
            limit = (start << 20, resource.RLIM_INFINITY)
            resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE, limit)
            guest.send(f"dd if=/tmp/x of=/dev/sda bs=1024k seek={start} count=1 oflag=direct\n")
            guest.qmp.wait_state("io-error")
            assert guest.qmp.command("query-block")[0]["io-status"] == "failed"
            event = guest.qmp.event("BLOCK_IO_ERROR")
            assert event["data"]["action"] == "stop" and event["data"]["operation"] == "write", \
                str(event)

        stopped(4)
        guest.qmp.command("cont")
        guest.qmp.wait_state("io-error")
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(guest.process.pid, resource.RLIMIT_FSIZE, unlimited)
        guest.qmp.command("cont")
        guest.expect(r"records out", 60)
        stopped(9)
        uri = f"unix:{folder}/m"
        target = stack.enter_context(
            disk_guest(folder, "disk-error-1", disk + ["-incoming", uri], qmp=True))
        guest.qmp.command("migrate", uri=uri)
        assert guest.qmp.migration()["status"] == "completed"
        target.qmp.wait_state("io-error")
        target.qmp.command("cont")
        target.expect(r"records out", 60)
        complaints(target)
        with open(image, "rb") as file:
            data = file.read()
        for start in (4, 9):
            written = hashlib.md5(data[start << 20:start + 1 << 20]).hexdigest()
            assert written == sent, f"at {start} MiB: {written} instead of {sent}"


# A program that firmware starts: it puts 16 characters on the first terminal, and stays.

def program(text):
    """An ELF file for a 32-bit big-endian processor."""
    address, data = 0x400000, text.encode().ljust(16)
    assert len(data) == 16
    code = [0x38600058, 0x38800000, 0x38a00010]    # li r3,H_PUT_TERM_CHAR; li r4,0; li r5,16
    for register, half in ((6, data[:8]), (7, data[8:])):
        words = struct.unpack(">4H", half)
        code += [0x3c000000 | register << 21 | words[0],                              # lis
                 0x60000000 | register << 21 | register << 16 | words[1],             # ori
                 0x780007c6 | register << 21 | register << 16,                        # sldi 32
                 0x64000000 | register << 21 | register << 16 | words[2],             # oris
                 0x60000000 | register << 21 | register << 16 | words[3]]             # ori
    code += [0x44000022, 0x48000000]    # sc 1; b .
    body = b"".join(struct.pack(">I", word) for word in code)
    head = struct.pack(">16sHHIIIIIHHHHHH", b"\x7fELF\1\2\1", 2, 20, 1, address, 52, 0, 0, 52, 32,
                       1, 40, 0, 0)
    segment = struct.pack(">8I", 1, 0x100, address, address, len(body), len(body), 7, 4)
    return (head + segment).ljust(0x100, b"\0") + body


def boot_disk(path, text):
    """A disk with one PReP boot partition, at sector 8."""
    data = program(text)
    sectors = 64
    record = bytearray(512)
    record[446:462] = struct.pack("<B3sB3sII", 0x80, b"\xff\xff\xff", 0x41, b"\xff\xff\xff", 8,
                                  sectors)
    record[510:] = b"\x55\xaa"
    with open(path, "wb") as file:
        file.write(bytes(record).ljust(8 * 512, b"\0") + data.ljust(sectors * 512, b"\0"))
        file.truncate(1 << 20)


def slof_disk():
    """SLOF starts from the first disk; with a bootindex from that of the second."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (os.path.join(folder, name) for name in ("first", "second"))
        boot_disk(first, "\r\nFIRST DISK  \r\n")
        boot_disk(second, "\r\nSECOND DISK \r\n")
        drives = [
            "-drive", f"if=none,id=a,file={first},format=raw", "-drive",
            f"if=none,id=b,file={second},format=raw", "-device", "spapr-vscsi", "-device",
            "scsi-hd,drive=a"
        ]
        with Guest(name="slof-disk", cpu="power9_v2.0", firmware="slof", memory="512M",
                   extra=drives + ["-device", "scsi-hd,drive=b"]) as guest:
            guest.expect(r"^FIRST DISK", BOOT)
        with Guest(name="slof-bootindex", cpu="power9_v2.0", firmware="slof", memory="512M",
                   extra=drives + ["-device", "scsi-hd,drive=b,bootindex=1"]) as guest:
            guest.expect(r"^SECOND DISK", BOOT)
        with Guest(name="slof-hda", cpu="power9_v2.0", firmware="slof", memory="512M",
                   nodefaults=False, extra=["-drive", f"file={second},format=raw"]) as guest:
            guest.expect(r"^SECOND DISK", BOOT)


CASES = {
    "disk-ext4": ("quick", ext4),
    "disk-snapshots": ("quick", snapshots),
    "disk-migrate": ("quick", migrate),
    "disk-error": ("quick", error),
    "disk-cross": ("long", lambda: cross("q10", "qemu-10.0")),
    "slof-disk": ("quick", slof_disk),
}

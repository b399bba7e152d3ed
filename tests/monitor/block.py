#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks from the command line and through the monitors, judged by qemu-img. Also runs on QEMU."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from guest import Qmp, emulator_path, on_qemu, stretch  # noqa: E402

BASE = ["-M", "none", "-nodefaults", "-display", "none"]


class Disks:
    """A folder with images, and emulators that use them."""

    def __enter__(self):
        if not shutil.which("qemu-img"):
            raise tap.Skip("no qemu-img here (qemu-utils)")
        self.folder = tempfile.mkdtemp(prefix="gossamer-disks-")
        self.process = None
        return self

    def __exit__(self, *_exception):
        if self.process and self.process.poll() is None:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=stretch(60))
        return done.returncode, done.stdout.decode(errors="replace")

    def image(self, name, size="8M", kind="qcow2", *more):
        code, text = self.run("qemu-img", "create", "-q", "-f", kind, *more, name, size)
        assert code == 0, text

    def check(self, name):
        code, text = self.run("qemu-img", "check", name)
        assert code == 0, text

    def start(self, *arguments, name="qmp", base=None, restore_signals=True):
        """With a QMP session. Without restore_signals it ignores SIGXFSZ, as Python does."""
        socket = self.path(name)
        if os.path.exists(socket):
            os.unlink(socket)
        command = [emulator_path()] + (
            base or BASE) + list(arguments) + ["-qmp", f"unix:{socket},server=on,wait=off"]
        tap.diagnostic("$ " + " ".join(command))
        self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                        restore_signals=restore_signals)
        return Qmp(socket, self.process)

    def stop(self, qmp):
        qmp.command("quit")
        assert self.process.wait(stretch(20)) == 0
        qmp.close()

    def fails(self, *arguments):
        """What it says, with an exit status that is not 0."""
        code, text = self.run(emulator_path(), *BASE, *arguments)
        assert code not in (0, None) and code > 0, f"status {code}: {text}"
        return text.strip().split("\n")[-1]


def drives():
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("b.qcow2", "16M", "qcow2", "-b", "a.qcow2", "-F", "qcow2")
        disks.image("r.img", "1M", "raw")
        qmp = disks.start(
            "-drive", "if=none,id=d0,file=b.qcow2,format=qcow2,cache=unsafe", "-drive",
            "if=none,id=d1,file=r.img,format=raw,readonly=on,cache=writethrough", "-drive",
            "if=none,id=d2,file=null-co://,file.size=1M,format=raw", "-drive",
            "if=none,id=cd,media=cdrom", "-blockdev",
            '{"driver":"raw","node-name":"n0","file":{"driver":"null-co","size":65536}}',
            "-blockdev", "driver=null-co,node-name=n1,size=4096")
        block = {entry["device"]: entry for entry in qmp.command("query-block")}
        assert sorted(block) == ["cd", "d0", "d1", "d2"], sorted(block)
        assert "inserted" not in block["cd"]
        inserted = block["d0"]["inserted"]
        assert inserted["drv"] == "qcow2" and inserted["backing_file_depth"] == 1, inserted
        assert inserted["image"]["virtual-size"] == 16 << 20
        assert inserted["image"]["backing-image"]["virtual-size"] == 8 << 20
        assert inserted["cache"] == {"writeback": True, "direct": False, "no-flush": True}
        assert block["d1"]["inserted"]["ro"] and not block["d1"]["inserted"]["cache"]["writeback"]
        assert block["d2"]["inserted"]["image"]["virtual-size"] == 1 << 20
        nodes = {
            entry["node-name"]: entry
            for entry in qmp.command("query-named-block-nodes", flat=True)
        }
        assert nodes["n0"]["image"]["virtual-size"] == 65536 and nodes["n1"]["drv"] == "null-co"
        stats = {entry["device"] for entry in qmp.command("query-blockstats")}
        assert {"d0", "d1", "d2"} <= stats, stats
        text = qmp.hmp("info block")
        assert re.search(
            r"^d0 \(#block\w+\): b\.qcow2 \(qcow2\)\s+Removable device: not locked, tray closed\s+"
            r"Cache mode:       writeback, ignore flushes\s+Backing file:     a\.qcow2 "
            r"\(chain depth: 1\)", text, re.M), text
        assert re.search(r"^cd: \[not inserted\]", text, re.M), text
        disks.stop(qmp)
        disks.check("b.qcow2")


def scsi():
    """Disks on the machine's adapters: made by drives, by devices, added and taken away; a CD that
    is exchanged.
    """
    with Disks() as disks:
        disks.image("a.img", "1M", "raw")
        disks.image("b.img", "2M", "raw")
        base = ["-M", "pseries", "-display", "none", "-S", "-serial", "null"]
        qmp = disks.start("-hda", "a.img", "-drive", "file=null-co://,format=raw,index=9",
                          base=base)
        block = {entry["device"]: entry for entry in qmp.command("query-block")}
        assert {"scsi0-cd2", "scsi0-hd0", "scsi1-hd2"} <= set(block), sorted(block)
        assert block["scsi0-cd2"]["removable"] and not block["scsi0-hd0"]["removable"]
        tree = qmp.hmp("info qtree")
        buses = sorted(re.findall(r"bus: (v-scsi@\w+\.0)", tree))
        assert len(buses) == 2 and re.search(r"scsi-id = 2 \(0x2\)", tree), tree
        reply = qmp.reply("blockdev-change-medium", device="scsi0-cd2", filename="b.img",
                          format="raw", **{"read-only-mode": "perhaps"})
        assert "perhaps" in reply["error"]["desc"], reply
        qmp.command("blockdev-change-medium", device="scsi0-cd2", filename="b.img", format="raw")
        moved = [qmp.event("DEVICE_TRAY_MOVED")["data"] for _ in range(2)]
        assert [event["tray-open"] for event in moved] == [True, False], moved
        block = {entry["device"]: entry for entry in qmp.command("query-block")}
        assert block["scsi0-cd2"]["inserted"]["image"]["virtual-size"] == 2 << 20
        assert block["scsi0-cd2"]["inserted"]["ro"] and not block["scsi0-cd2"]["tray_open"]
        qmp.command("eject", device="scsi0-cd2")
        assert qmp.hmp("change scsi0-cd2 b.img raw") == ""
        assert "b.img" in qmp.hmp("info block scsi0-cd2")
        assert "Error" in qmp.hmp("eject scsi0-hd0")
        if on_qemu():
            # Its buses of this kind take nothing in once the machine runs.
            disks.stop(qmp)
            return
        qmp.command("cont")
        qmp.command("blockdev-add", driver="null-co", size=1 << 20, **{"node-name": "n"})
        qmp.command("device_add", driver="scsi-hd", id="late", drive="n", bus=buses[1],
                    **{"scsi-id": 5})
        error = qmp.reply("device_add", driver="scsi-hd", id="other", drive="scsi0-hd0",
                          bus=buses[1])["error"]
        assert "in use" in error["desc"] or "Conflict" in error["desc"], error
        qmp.command("device_del", id="late")
        assert qmp.event("DEVICE_DELETED")["data"]["device"] == "late"
        qmp.command("blockdev-del", **{"node-name": "n"})
        disks.stop(qmp)
        said = disks.fails("-M", "pseries", "-device", "scsi-hd")
        assert re.search("drive property not set|[Nn]o 'SCSI' bus", said), said


def snapshots():
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = disks.start("-drive", "if=none,id=d0,file=a.qcow2,format=qcow2", "-drive",
                          "if=none,id=d1,file=null-co://,format=raw")
        qmp.command("blockdev-snapshot-internal-sync", device="d0", name="first")
        qmp.command("blockdev-snapshot-internal-sync", device="d0", name="second")
        for device, name, message in (("d0", "first", "already exists"),
                                      ("d1", "x", "does not support internal"), ("nosuch", "x",
                                                                                 "nosuch")):
            error = qmp.reply("blockdev-snapshot-internal-sync", device=device, name=name)["error"]
            assert message in error["desc"], error
        gone = qmp.command("blockdev-snapshot-delete-internal-sync", device="d0", name="first")
        assert gone["id"] == "1" and gone["name"] == "first", gone
        assert "error" in qmp.reply("blockdev-snapshot-delete-internal-sync", device="d0",
                                    name="first")
        names = [s["name"] for s in qmp.command("query-block")[0]["inserted"]["image"]["snapshots"]]
        assert names == ["second"], names
        disks.stop(qmp)
        disks.check("a.qcow2")
        code, text = disks.run("qemu-img", "snapshot", "-l", "a.qcow2")
        assert code == 0 and "second" in text and "first" not in text, text


def hotplug():
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = disks.start()
        qmp.command("blockdev-add", driver="file", filename="a.qcow2", **{"node-name": "f"})
        qmp.command("blockdev-add", driver="qcow2", file="f", **{"node-name": "q"})
        error = qmp.reply("blockdev-del", **{"node-name": "f"})["error"]
        assert "in use" in error["desc"], error
        qmp.command("block_resize", **{"node-name": "q", "size": 20 << 20})
        qmp.command("block_resize", **{"node-name": "q", "size": 1 << 20})
        qmp.command("blockdev-del", **{"node-name": "q"})
        qmp.command("blockdev-del", **{"node-name": "f"})
        assert qmp.command("query-named-block-nodes") == []
        disks.stop(qmp)
        disks.check("a.qcow2")
        code, text = disks.run("qemu-img", "info", "--output=json", "a.qcow2")
        assert code == 0 and json.loads(text)["virtual-size"] == 1 << 20, text


def temporary():
    """-snapshot: the image stays as it is, and only that."""
    with Disks() as disks:
        disks.image("a.qcow2")
        with open(disks.path("a.qcow2"), "rb") as file:
            before = file.read()
        qmp = disks.start("-snapshot", "-drive", "if=none,id=d0,file=a.qcow2,format=qcow2")
        assert qmp.command("query-block")[0]["inserted"]["backing_file_depth"] == 1
        qmp.command("block_resize", device="d0", size=16 << 20)
        disks.stop(qmp)
        with open(disks.path("a.qcow2"), "rb") as file:
            assert file.read() == before
        # Also for a machine that comes from elsewhere.
        qmp = disks.start("-snapshot", "-incoming", "defer", "-drive",
                          "if=none,id=d0,file=a.qcow2,format=qcow2")
        assert qmp.command("query-block")[0]["inserted"]["backing_file_depth"] == 1
        disks.stop(qmp)


def locked():
    """Two writers clash, whoever the other is."""
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = disks.start("-drive", "if=none,id=d0,file=a.qcow2,format=qcow2")
        text = disks.fails("-drive", "if=none,file=a.qcow2,format=qcow2")
        assert 'Failed to get "write" lock' in text or on_qemu(), text
        code, text = disks.run("qemu-io", "-f", "qcow2", "-c", "write 0 512", "a.qcow2")
        assert "Failed to get" in text, text
        disks.stop(qmp)


def moved(paused=False):
    """One image on both sides of a migration: whoever runs has it; or would run, if it were not
    paused.
    """
    base = ["-M", "pseries", "-nodefaults", "-display", "none", "-m", "256M"]
    drive = ("-drive", "if=none,id=d,file=a.qcow2,format=qcow2")
    with Disks() as disks:
        disks.image("a.qcow2")
        source = disks.start(*drive, name="source", base=base)
        first = disks.process
        source.command("blockdev-snapshot-internal-sync", device="d", name="before")
        target = disks.start(*drive, "-incoming", "unix:" + disks.path("stream"), name="target",
                             base=base)
        try:
            assert "error" in target.reply("blockdev-snapshot-internal-sync", device="d",
                                           name="early")
            source.command("blockdev-snapshot-internal-sync", device="d", name="later")
            if paused:
                source.command("stop")
                # One that fails leaves the disks here.
                source.command("migrate", uri="exec:exit 1")
                assert source.migration()["status"] == "failed"
                source.command("blockdev-snapshot-internal-sync", device="d", name="failed")
                source.command("blockdev-snapshot-delete-internal-sync", device="d", name="failed")
            source.command("migrate", uri="unix:" + disks.path("stream"))
            assert source.migration()["status"] == "completed"
            target.wait_state("paused" if paused else "running")
            assert "error" in source.reply("blockdev-snapshot-internal-sync", device="d",
                                           name="late")
            target.command("blockdev-snapshot-internal-sync", device="d", name="after")
            image = target.command("query-block")[0]["inserted"]["image"]
            names = [snapshot["name"] for snapshot in image["snapshots"]]
            assert names == ["before", "later", "after"], names
            source.command("quit")
            assert first.wait(stretch(20)) == 0
        finally:
            if first.poll() is None:
                first.kill()
        disks.stop(target)
        disks.check("a.qcow2")


def taken():
    """A machine that arrives where somebody else has its disk does not run; it can when the disk is
    free.
    """
    base = ["-M", "pseries", "-nodefaults", "-display", "none", "-m", "256M"]
    drive = ("-drive", "if=none,id=d,file=b.qcow2,format=qcow2")
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("b.qcow2")
        other = disks.start(*drive, name="other")
        processes = [disks.process]
        source = disks.start("-drive", "if=none,id=d,file=a.qcow2,format=qcow2", name="source",
                             base=base)
        processes.append(disks.process)
        target = disks.start(*drive, "-incoming", "unix:" + disks.path("stream"), name="target",
                             base=base)
        try:
            source.command("migrate", uri="unix:" + disks.path("stream"))
            assert source.migration()["status"] == "completed"
            target.wait_state("paused")
            reply = target.reply("cont")
            assert "lock" in reply["error"]["desc"], reply
            assert target.command("query-status")["status"] == "paused"
            other.command("quit")
            assert processes[0].wait(stretch(20)) == 0
            target.command("cont")
            assert target.command("query-status")["status"] == "running"
            target.command("blockdev-snapshot-internal-sync", device="d", name="after")
        finally:
            for process in processes:
                process.kill()
                process.wait()
        disks.stop(target)


def messages():
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("v.vmdk", "1M", "vmdk")
        for arguments, message in ((("-drive", "if=none,file=gone.img,format=raw"),
                                    r"-drive .*gone\.img.*No such file or directory"),
                                   (("-drive", "if=none,file=a.qcow2,format=rax"),
                                    "rax"), (("-drive", "if=none,file=a.qcow2,colour=red"),
                                             "colour"), (("-drive", "if=nowhere,file=a.qcow2"),
                                                         "nowhere"),
                                   (("-drive", "if=none,file=a.qcow2,werror=perhaps"),
                                    "perhaps"), (("-drive", "if=none,file=a.qcow2,rerror=enospc"),
                                                 "enospc"),
                                   (("-drive", "if=none,file=a.qcow2,cache=warm"),
                                    "warm"), (("-drive", "if=none,id=x,file=null-co://", "-drive",
                                               "if=none,id=x,file=null-co://"), "'?x'?"),
                                   (("-drive", "if=ide,index=0,file=null-co://", "-drive",
                                     "if=ide,index=0,file=null-co://"), "index=0"),
                                   (("-blockdev", "driver=raw,node-name=n,file=nosuch"),
                                    "nosuch"), (("-blockdev", "driver=null-co"),
                                                "node-name"), (("-blockdev", '{"driver":'),
                                                               "JSON"), (("-hda", "gone.img"),
                                                                         "gone.img")):
            text = disks.fails(*arguments)
            assert re.search(message, text), f"{arguments}: {text}"
        if not on_qemu():
            text = disks.fails("-drive", "if=none,file=v.vmdk")
            assert "format 'vmdk', which is not supported" in text, text
            node = ("-blockdev", "driver=qcow2,node-name=n,file.driver=file,file.filename=a.qcow2")
            for option in ("readonly=on", "snapshot=on", "discard=unmap"):
                text = disks.fails(*node, "-drive", f"if=none,file=n,{option}")
                assert f"no option '{option.split('=', maxsplit=1)[0]}'" in text, text
            text = disks.fails("-drive", "if=none,file=a.qcow2,bps=1")
            assert "limits on I/O ('bps') are not supported" in text, text


CASES = [("drives", drives), ("scsi", scsi), ("snapshots", snapshots), ("hotplug", hotplug),
         ("temporary", temporary), ("locked", locked), ("moved", moved),
         ("moved-paused", lambda: moved(True)), ("taken", taken), ("messages", messages)]


def main():
    wanted = sys.argv[1:]
    tap.run([case for case in CASES if not wanted or case[0] in wanted], limit=int(stretch(120)))


if __name__ == "__main__":
    main()

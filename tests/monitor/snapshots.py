#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots of the whole machine through both monitors, judged by qemu-img. No guest boots here:
what a running guest sees of them is tests/boot's. What QEMU has alike is tested on QEMU, too."""

import json
import os
import random
import re
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from block import Disks  # noqa: E402
from guest import emulator_path, on_qemu, stretch  # noqa: E402

MACHINE = ["-nodefaults", "-display", "none", "-cpu", "power9_v2.0", "-S"]
LINE = re.compile(r"^(?P<id>\S+) +(?P<tag>\S+) +(?P<size>[\d.]+ \w+) +(?P<date>[\d-]+ [\d:]+) +"
                  r"(?P<clock>\d+:\d\d:\d\d\.\d{3}) *(?P<icount>\d*)$")


def begin(disks, *arguments, machine="pseries-7.2", memory="256M", **options):
    return disks.start(*arguments, base=["-M", machine, "-m", memory] + MACHINE, **options)


def drive(name, file=None):
    return ("-drive", f"if=none,id={name},file={file or name + '.qcow2'},format=qcow2")


def tags(disks, image):
    """What qemu-img sees; the image is sound and nobody has it open."""
    disks.check(image)
    code, text = disks.run("qemu-img", "snapshot", "-l", image)
    assert code == 0, text
    return [m["tag"] for m in map(LINE.match, text.splitlines()) if m]


def said(qmp, line, pattern=r"\A\Z"):
    """An HMP line says that; nothing, if no pattern is given."""
    text = qmp.hmp(line).replace("\r", "")
    if on_qemu():
        text = re.sub(r"^warning: TCG doesn't support .*\n", "", text, flags=re.M)
    assert re.search(pattern, text, re.M), f"{line}: {text!r} is not {pattern!r}"
    return text


def state(qmp):
    return qmp.command("query-status")["status"]


def finished(qmp, name, good=True):
    """Waits for the end of a job; its row of query-jobs."""
    while qmp.event("JOB_STATUS_CHANGE")["data"] != {"id": name, "status": "concluded"}:
        pass
    row = next(row for row in qmp.command("query-jobs") if row["id"] == name)
    assert ("error" not in row) == good, row
    return row


def basics():
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("b.qcow2", "3M")
        qmp = begin(disks, *drive("a"), *drive("b"))
        said(qmp, "info snapshots", r"\AThere is no snapshot available\.$")
        said(qmp, "savevm one")
        text = said(qmp, "info snapshots", r"\AList of snapshots present on all disks:$")
        lines = text.splitlines()
        head = "ID        TAG               VM SIZE                DATE     VM CLOCK     ICOUNT"
        assert lines[1] == head, text
        assert len(lines) == 3 and re.match(
            r"--        one  +[\d.]+ .iB [\d-]+ [\d:]+ 00:00:00\.000", lines[2]), text
        said(qmp, "cont")
        time.sleep(0.3)
        said(qmp, "savevm one")
        said(qmp, "savevm 1")
        said(qmp, "info snapshots", r"^-- +one .* 00:00:0\d\.(?!000)")
        assert state(qmp) == "running"
        # A tag that looks like an identifier is a tag.
        said(qmp, "delvm one")
        said(qmp, "loadvm 1")
        assert state(qmp) == "running"
        said(qmp, "stop")
        said(qmp, "loadvm 1")
        assert state(qmp) == "paused"
        said(qmp, "savevm")
        said(qmp, "savevm")
        said(qmp, "delvm nosuch")
        for device, name in (("a", "half"), ("b", "other")):
            qmp.command("blockdev-snapshot-internal-sync", device=device, name=name)
        text = said(qmp, "info snapshots",
                    r"^List of partial \(non-loadable\) snapshots on 'a':\n.*\n\d+ +half ")
        assert re.search(r"^List of partial \(non-loadable\) snapshots on 'b':\n.*\n\d+ +other ",
                         text, re.M), text
        assert text.count("vm-20") == 2 and "one" not in text, text
        said(qmp, "loadvm half", r"\AError: Snapshot 'half' does not exist in one or more devices$")
        nodes = {
            row["file"]: row
            for row in qmp.command("query-named-block-nodes") if row["drv"] == "qcow2"
        }
        listed = [s["name"] for s in nodes["a.qcow2"]["image"]["snapshots"]]
        sizes = [s["vm-state-size"] for s in nodes["b.qcow2"]["image"]["snapshots"]]
        assert listed[0] == "1" and listed[-1] == "half" and set(sizes) == {0}, (listed, sizes)
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == listed
        assert tags(disks, "b.qcow2")[-1] == "other"


def drives():
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("r.img", "1M", "raw")
        raw = "if=none,id=r,file=r.img,format=raw"
        qmp = begin(disks, *drive("a"), "-drive", raw)
        refused = r"\AError: Device 'r' is writable but does not support snapshots"
        for line in ("savevm x", "loadvm x", "delvm x"):
            said(qmp, line, refused)
        disks.stop(qmp)
        qmp = begin(disks, *drive("a"), "-drive", raw + ",readonly=on")
        said(qmp, "savevm x")
        said(qmp, "loadvm x")
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == ["x"]
        qmp = begin(disks, "-drive", raw + ",readonly=on")
        for line in ("savevm x", "loadvm x"):
            said(qmp, line, r"(?i)\AError: no block device can store vmstate for snapshot")
        said(qmp, "info snapshots", r"(?i)\Ano block device can store vmstate for snapshot")
        disks.stop(qmp)
        # A node that nobody uses takes part, as one of a drive does.
        qmp = begin(disks, "-blockdev", "driver=file,node-name=f,filename=a.qcow2", "-blockdev",
                    "driver=qcow2,node-name=n,file=f")
        said(qmp, "loadvm x")
        said(qmp, "savevm y")
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == ["x", "y"]


def jobs():
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("b.qcow2")
        qmp = begin(disks, "-blockdev", "driver=file,node-name=fa,filename=a.qcow2", "-blockdev",
                    "driver=qcow2,node-name=na,file=fa", "-blockdev",
                    "driver=file,node-name=fb,filename=b.qcow2", "-blockdev",
                    "driver=qcow2,node-name=nb,file=fb")
        both = {"tag": "t", "vmstate": "nb", "devices": ["na", "nb"]}
        qmp.command("cont")
        qmp.command("snapshot-save", job_id="save", **both)
        row = finished(qmp, "save")
        assert row == {
            "id": "save", "type": "snapshot-save", "status": "concluded", "current-progress": 1,
            "total-progress": 1
        }, row
        assert state(qmp) == "running"
        qmp.events.clear()
        error = qmp.reply("snapshot-save", job_id="save", **both)["error"]
        assert error["desc"] == "Job ID 'save' already in use", error
        qmp.command("job-dismiss", id="save")
        assert qmp.event("JOB_STATUS_CHANGE")["data"] == {"id": "save", "status": "null"}
        qmp.command("snapshot-save", job_id="again", **both)
        states = [qmp.event("JOB_STATUS_CHANGE")["data"]["status"] for _ in range(4)]
        assert states == ["created", "running", "aborting", "concluded"], states
        text = qmp.command("query-jobs")[0]["error"]
        assert text == "Snapshot 't' already exists in one or more devices", text
        for verb in ("cancel", "pause", "resume", "complete", "finalize"):
            error = qmp.reply("job-" + verb, id="again")["error"]
            assert error["desc"] == (
                "Can't resume a job that was not paused" if verb == "resume" else
                f"Job 'again' in state 'concluded' cannot accept command verb '{verb}'"), error
            assert qmp.reply("job-" + verb, id="gone")["error"]["desc"] == "Job not found"
        for number, (arguments, pattern) in enumerate(
            (({"tag": "u", "vmstate": "nosuch", "devices":
               ["na"]}, "'?nosuch'?"), ({"tag": "u", "vmstate": "nb", "devices":
                                         ["na"]}, "vmstate block device 'nb' does not"),
             ({"tag": "u", "vmstate": "na", "devices": ["na", "zz"]}, "No block device node 'zz'"),
             ({"tag": "u", "vmstate": "na", "devices":
               []}, "At least one device is required for snapshot"))):
            qmp.command("snapshot-save", job_id=f"e{number}", **arguments)
            row = finished(qmp, f"e{number}", False)
            assert re.search(pattern, row["error"]), row
        for arguments, pattern in ((dict(both, devices=[1]), r"devices\[0\]"), ({"tag":
                                                                                 "x"}, "missing")):
            error = qmp.reply("snapshot-save", job_id="k", **arguments)["error"]
            assert re.search(pattern, error["desc"]), error
        assert qmp.reply("snapshot-save", job_id="9",
                         **both)["error"]["desc"] == "Invalid job ID '9'"
        # The state is on the second disk: HMP finds it, too, and so does a load by name.
        qmp.command("snapshot-load", job_id="load", **both)
        finished(qmp, "load")
        assert state(qmp) == "running"
        if not on_qemu():
            said(qmp, "loadvm t")
            # A load that is refused leaves the guest alone.
            qmp.command("snapshot-load", job_id="load2", **dict(both, tag="u"))
            row = finished(qmp, "load2", False)
            assert "does not exist" in row["error"] and state(qmp) == "running", row
        qmp.command("snapshot-delete", job_id="delete", tag="t", devices=["na", "nb"])
        finished(qmp, "delete")
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == tags(disks, "b.qcow2") == []


def send(qmp, *messages):
    """Several commands in one write; their replies."""
    qmp.socket.sendall(b"".join(json.dumps(m).encode() + b"\n" for m in messages))
    replies = []
    while len(replies) < len(messages):
        reply = qmp._read()    # pylint: disable=protected-access
        (qmp.events if "event" in reply else replies).append(reply)
    return replies


def early():
    """Verbs that come before the job's turn; and a client that goes before it."""
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = begin(disks, "-blockdev", "driver=file,node-name=f,filename=a.qcow2", "-blockdev",
                    "driver=qcow2,node-name=n,file=f")
        qmp.command("cont")

        def save(name):
            return {
                "execute": "snapshot-save", "arguments":
                {"job-id": name, "tag": name, "vmstate": "n", "devices": ["n"]}
            }

        def verb(what, name):
            return {"execute": "job-" + what, "arguments": {"id": name}}
        replies = send(qmp, save("c"), verb("cancel", "c"))
        assert replies == [{"return": {}}] * 2, replies
        assert finished(qmp, "c", False)["error"] == "Operation canceled"
        replies = send(qmp, save("p"), verb("pause", "p"), verb("pause", "p"),
                       verb("complete", "p"))
        assert [list(reply) for reply in replies] == [["return"], ["return"], ["error"],
                                                      ["error"]], replies
        time.sleep(0.3)
        assert qmp.command("query-jobs")[0]["status"] == "paused"
        qmp.command("job-resume", id="p")
        finished(qmp, "p")
        assert "error" in qmp.reply("job-resume", id="p")
        qmp.socket.sendall(json.dumps(save("gone")).encode() + b"\n")
        qmp.socket.shutdown(socket.SHUT_RDWR)
        qmp.close()
        time.sleep(0.5)
        again = type(qmp)(disks.path("qmp"), disks.process)
        assert state(again) == "running"
        names = [
            s["name"] for s in again.command("query-named-block-nodes")[1]["image"]["snapshots"]
        ]
        assert "gone" in names and "c" not in names, names
        disks.stop(again)
        assert "gone" in tags(disks, "a.qcow2")


def other_machine():
    """Snapshots of other machines are refused, with the guest untouched and running."""
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = begin(disks, *drive("a"), memory="512M")
        said(qmp, "savevm large")
        disks.stop(qmp)
        qmp = begin(disks, *drive("a"), machine="pseries-7.1")
        said(qmp, "savevm old")
        disks.stop(qmp)
        qmp = begin(disks, *drive("a"), "-smp", "2")
        said(qmp, "savevm two")
        disks.stop(qmp)
        qmp = begin(disks, *drive("a"))
        said(qmp, "cont")
        said(
            qmp, "loadvm large",
            r"Size mismatch: ppc_spapr\.ram: 0x20000000 != 0x10000000: both sides need the "
            "same -m")
        said(qmp, "loadvm old", "Machine type received is 'pseries-7.1' and local is 'pseries-7.2'")
        said(qmp, "loadvm two",
             "unknown section 'cpu_common' instance 1: this machine has no such device")
        assert state(qmp) == "running"
        said(qmp, "savevm own")
        said(qmp, "loadvm own")
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == ["large", "old", "two", "own"]


def broken():
    """A state that turns out to be broken half-way: the machine stays stopped until it is reset or
    another snapshot is loaded; the disk keeps its contents."""
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = begin(disks, *drive("a"))
        said(qmp, "savevm good")
        said(qmp, "savevm bad")
        disks.stop(qmp)
        with open(disks.path("a.qcow2"), "r+b") as file:
            data = file.read()
            places = [
                m.start() for m in re.finditer(
                    rb"\x05\x10spapr_dtb|\x04....\x0bglobalstate\0\0\0\0", data, re.S)
            ]
            assert len(places) == 2, places
            file.seek(places[1] + 5)
            file.write(
                b"\x0cglobalstat")  # the name is one longer than before: it eats up what follows
        disks.check("a.qcow2")
        qmp = begin(disks, *drive("a"))
        said(qmp, "cont")
        text = said(
            qmp, "loadvm bad",
            r"\AError: Error while loading snapshot 'bad' \(the machine is stopped and has "
            r"to be reset\): ")
        assert "offset" in text, text
        assert state(qmp) == "internal-error"
        error = qmp.reply("cont")["error"]
        assert error["desc"] == "Resetting the Virtual Machine is required", error
        said(qmp, "loadvm bad", r"\AError: ")
        said(qmp, "loadvm good")
        assert state(qmp) == "paused"
        said(qmp, "cont")
        said(qmp, "loadvm bad", r"\AError: ")
        qmp.command("system_reset")
        qmp.event("RESET")
        said(qmp, "cont")
        assert state(qmp) == "running"
        disks.stop(qmp)
        # Damage that the head shows costs nothing.
        with open(disks.path("a.qcow2"), "r+b") as file:
            data = file.read()
            for match in re.finditer(rb"QEVM\0\0\0\x03\x07", data):
                file.seek(match.start() + 7)
                file.write(b"\x04")
        qmp = begin(disks, *drive("a"))
        said(qmp, "cont")
        said(qmp, "loadvm good", "the stream's version 4 is not supported")
        assert state(qmp) == "running"
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == ["good", "bad"]


def option():
    with Disks() as disks:
        disks.image("a.qcow2")
        qmp = begin(disks, *drive("a"))
        said(qmp, "cont")
        time.sleep(0.2)
        said(qmp, "savevm t")
        disks.stop(qmp)
        base = ["-M", "pseries-7.2", "-m", "256M"] + MACHINE[:-1]
        qmp = disks.start(*drive("a"), "-loadvm", "t", base=base)
        assert state(qmp) == "running"
        disks.stop(qmp)
        qmp = disks.start(*drive("a"), "-loadvm", "t", "-S", base=base)
        assert state(qmp) == "prelaunch"
        said(qmp, "savevm u")
        clocks = [
            m["clock"] for m in map(LINE.match,
                                    said(qmp, "info snapshots", "u").splitlines()) if m
        ]
        assert clocks[0] == clocks[1], f"time went on before the guest did: {clocks}"
        disks.stop(qmp)
        for more, pattern in ((("-loadvm", "nosuch"), "Snapshot 'nosuch' does not exist"),
                              (("-loadvm", "t", "-incoming", "defer"), "mutually exclusive")):
            code, text = disks.run(emulator_path(), *base, *drive("a"), *more)
            assert code == 1 and pattern in text, f"{code}: {text}"
        assert tags(disks, "a.qcow2") == ["t", "u"]


def full():
    """No room for the state: an error, nothing of the snapshot is left, the guest goes on."""
    with Disks() as disks:
        disks.image("a.qcow2")
        # A process whose limit of file size is hit gets a signal, unless that is ignored: as if the
        # disk were full.
        qmp = begin(disks, *drive("a"), restore_signals=False)
        said(qmp, "cont")
        said(qmp, "savevm kept")
        size = os.path.getsize(disks.path("a.qcow2"))
        for room in (0, 65536, 1 << 20, 3 << 20):
            resource.prlimit(disks.process.pid, resource.RLIMIT_FSIZE,
                             (size + room, resource.RLIM_INFINITY))
            said(qmp, "savevm lost", r"\AError: ")
            said(qmp, "savevm kept", r"\AError: ")
            assert state(qmp) == "running"
            text = said(qmp, "info snapshots", r"^-- +kept ")
            assert "lost" not in text and text.count("kept") == 1, text
        said(qmp, "loadvm kept")
        resource.prlimit(disks.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        said(qmp, "savevm later")
        disks.stop(qmp)
        assert tags(disks, "a.qcow2") == ["kept", "later"]


def killed():
    """SIGKILL in the middle of savevm: the image is sound, and earlier snapshots load."""
    seed = int(os.environ.get("GOSSAMER_SEED") or time.time())
    tap.diagnostic(f"GOSSAMER_SEED={seed}")
    dice = random.Random(seed)
    with Disks() as disks:
        disks.image("a.qcow2")
        disks.image("b.qcow2")
        qmp = begin(disks, *drive("a"), *drive("b"))
        started = time.monotonic()
        said(qmp, "savevm first")
        length = time.monotonic() - started
        disks.stop(qmp)
        for turn in range(12):
            qmp = begin(disks, *drive("a"), *drive("b"))
            said(qmp, "loadvm first")
            line = "savevm new"
            if turn % 3 == 2:
                line = dice.choice([line, "savevm first", "delvm first", "loadvm first"])
            qmp.socket.sendall(json.dumps({"execute": "human-monitor-command",
                                           "arguments": {"command-line": line}}).encode() + b"\n")
            time.sleep(dice.random() * length * 1.2)
            disks.process.kill()
            disks.process.wait()
            qmp.close()
            for image in ("a.qcow2", "b.qcow2"):
                code, text = disks.run("qemu-img", "check", image)
                assert code in (0, 3), f"{line}: {text}"
                code, text = disks.run("qemu-img", "check", "-q", "-r", "leaks", image)
                assert code == 0, text
            if line == "delvm first":
                qmp = begin(disks, *drive("a"), *drive("b"))
                said(qmp, "savevm first")
                disks.stop(qmp)
        qmp = begin(disks, *drive("a"), *drive("b"))
        said(qmp, "loadvm first")
        said(qmp, "delvm new")
        disks.stop(qmp)
        assert "first" in tags(disks, "a.qcow2") and "first" in tags(disks, "b.qcow2")


ALL = [("basics", basics), ("drives", drives), ("jobs", jobs), ("option", option)]
OURS = [("early", early), ("other-machine", other_machine), ("broken", broken), ("full", full),
        ("killed", killed)]


def main():
    wanted = sys.argv[1:]
    cases = ALL + ([] if on_qemu() else OURS)
    tap.run([case for case in cases if not wanted or case[0] in wanted], limit=int(stretch(120)))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A beige G3 with its usual devices, writing on its display, moves live between QEMU and Gossamer
and back.

mac-crossing-display.py --list [quick|long]; mac-crossing-display.py [CASE...] A case is a walk, as
crossing.py's: q10-g-q10. After each step the picture is the one that was left, it goes on, and what
is typed by ADB comes to the shell. The kernel comes from $GOSSAMER_GUESTS.
"""

import contextlib
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True
import crossing  # noqa: E402
import tap  # noqa: E402
from guest import Guest, local_guest, stretch  # noqa: E402

WALKS = {"quick": [], "long": ["q10-g-q10", "q7-g-g7-q7", "g-q10-g-g"]}
ANSWER = [
    *"echo", "spc", "shift-a", *"nswer", "spc", "shift-dot", "slash", *"dev", "slash", *"tty",
    "shift-p", "shift-z", "0", "ret"
]
WRITE = [
    *"while", "spc", "shift-semicolon", "semicolon", *"do", "spc", *"dmesg", "semicolon", *"done",
    "ret"
]


def start(kind, stack, name, *extra):
    words = crossing.command_of(kind)
    guest = Guest(emulator=words[0], machine="g3beige", memory="128M",
                  kernel=local_guest("vmlinux-pmac32"),
                  initrd=local_guest("initramfs-ppc32.cpio.gz"),
                  append="console=ttyPZ0 console=tty0", qmp=True, graphics=True, name=name,
                  extra=["-vga", "std", "-nic", "user", *words[1:], *extra])
    return stack.enter_context(guest)


def dump(guest):
    path = os.path.join(guest.folder, "dump")
    guest.qmp.command("screendump", filename=path)
    # QEMU answers before it has written everything.
    size = -1
    while not os.path.exists(path) or os.path.getsize(path) != size:
        size = os.path.getsize(path) if os.path.exists(path) else -1
        time.sleep(0.3)
    with open(path, "rb") as file:
        return file.read()


def typed(guest, keys):
    for key in keys:
        assert guest.qmp.hmp(f"sendkey {key} 20") == ""
        time.sleep(0.05)                # QEMU drops keys that come too fast


def answers(guest):
    """The shell of the display does what is typed."""
    deadline = time.monotonic() + stretch(120)
    while not re.search(r"^Answer$", guest.console.text, re.M):
        assert time.monotonic() < deadline, "nothing that is typed comes to the shell"
        typed(guest, ["ctrl-c", *ANSWER])
        time.sleep(4)


def migrate(source, target, path):
    source.qmp.command("migrate", uri=f"unix:{path}")
    info = source.qmp.migration()
    assert info["status"] == "completed", str(info)
    target.qmp.wait_state("paused")


def walk(case):
    kinds = case.split("-")
    for kind in kinds:
        crossing.command_of(kind)       # or skip before anything starts
    with contextlib.ExitStack() as stack:
        guest = start(kinds[0], stack, f"{case}-0")
        guest.expect(r"Run /init as init process", 180)
        answers(guest)
        for step, kind in enumerate(kinds[1:], 1):
            typed(guest, WRITE)
            time.sleep(2)
            path = os.path.join(guest.folder, "stream")
            other = start(kind, stack, f"{case}-{step}", "-S", "-incoming", f"unix:{path}")
            wire = crossing.WIRES[kind]
            if not guest.is_qemu:
                assert guest.qmp.hmp(f"migrate_set_parameter x-wire {wire}") == ""
            migrate(guest, other, path)
            picture = dump(guest)
            assert dump(other) == picture, f"{kind}: the picture is another one"
            other.qmp.command("cont")
            deadline = time.monotonic() + stretch(20)
            while dump(other) == picture:
                if kind == "q7":
                    # It forgets the decrementer, also between two of its kind: another interrupt
                    # wakes the guest.
                    typed(other, ["shift"])
                assert time.monotonic() < deadline, f"{kind}: the picture stands still"
            answers(other)
            assert not re.search(crossing.COMPLAINTS, other.console.text), other.console.text
            guest.end()
            guest = other


def main():
    words = sys.argv[1:]
    if words[:1] == ["--list"]:
        print("\n".join(WALKS[words[1]] if len(words) > 1 else sum(WALKS.values(), [])))
        return
    tap.run([(case, lambda case=case: walk(case)) for case in words or WALKS["long"]],
            limit=int(stretch(600)))


if __name__ == "__main__":
    main()

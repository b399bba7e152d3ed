# SPDX-License-Identifier: GPL-2.0-or-later
"""Migration rows of bench/bench: the same guest (tests/migration/dirtier.c) from one process to
another over a UNIX socket, on both emulators in turns.

A quiet guest of 1 GiB with 160 MiB touched: total time and downtime as query-migrate says them,
with QEMU's limit of bandwidth (128 MiB/s) and without one. A guest that writes 200 MB/s to 96 MiB,
with auto-converge and the limit: does it converge, and in what time.

The least of several runs is told beside the median, and one row has the destination's memory there
before: where this system is itself a guest, its host may have to find memory first, which takes
several times as long as all else and falls on either emulator.
"""

import os
import socket
import statistics
import subprocess
import tempfile
import time

from guest import Console, Qmp

ENDS = ("completed", "failed", "cancelled")
# Label, MiB of the set, MiB/s written, parameters, auto-converge, seconds that it may take, the
# destination's options.
ROWS = [
    ("quiet", 160, 1, {"max-bandwidth": 0}, False, 60, []),
    ("quiet-prealloc", 160, 1, {"max-bandwidth": 0}, False, 60, ["-mem-prealloc"]),
    ("quiet-limited", 160, 1, {}, False, 60, []),
    ("writing-200MB/s", 96, 191, {}, True, 180, []),
]


class Side:
    """An emulator with the guest. It puts itself on the list of those to end as soon as it runs."""

    def __init__(self, sides, emulator, folder, name, guest, incoming=None, options=()):
        console, qmp = os.path.join(folder, name + ".console"), os.path.join(folder, name + ".qmp")
        command = [
            emulator.path, "-M", "pseries-7.2", "-cpu", "power9_v2.0", "-m", "1G", "-nodefaults",
            "-display", "none", "-bios", guest, "-serial", "chardev:c", "-chardev",
            f"socket,id=c,path={console},server=on,wait=off", "-qmp",
            f"unix:{qmp},server=on,wait=off"
        ]
        command += emulator.extra + list(options) + (["-incoming", incoming] if incoming else [])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.qmp = self.socket = None
        sides.append(self)
        self.qmp = Qmp(qmp, self.process)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(console)
        self.console = Console(self.socket.fileno())

    def end(self):
        for one in (self.qmp, self.socket):
            if one:
                one.close()
        self.process.kill()
        self.process.wait()


def migrate(emulator, guest, mib, rate, parameters, converge, limit, options):
    """query-migrate's last word; None if it was still going on after the limit."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        uri = f"unix:{folder}/stream"
        sides = []
        try:
            source = Side(sides, emulator, folder, "source", guest)
            source.console.expect("pass", 60)
            source.console.send(f"{mib} {rate}\n")
            source.console.expect("^SET$", 60)
            time.sleep(1)
            Side(sides, emulator, folder, "target", guest, uri, options)
            if parameters:
                source.qmp.command("migrate-set-parameters", **parameters)
            if converge:
                source.qmp.command("migrate-set-capabilities",
                                   capabilities=[{"capability": "auto-converge", "state": True}])
            source.qmp.command("migrate", uri=uri)
            deadline = time.monotonic() + limit
            while time.monotonic() < deadline:
                info = source.qmp.command("query-migrate")
                if info.get("status") in ENDS:
                    assert info["status"] == "completed", str(info)
                    return info
                time.sleep(0.05)
            return None
        finally:
            for side in sides:
                side.end()


def run(emulators, guest, repetitions):
    """Runs and reports all rows; ours is the first emulator. A migration that fails is said and
    counts as none.
    """
    results = {}
    for turn in range(repetitions):
        for label, *row in ROWS:
            # Who comes second may find the memory that the first gave back.
            for emulator in emulators[::-1] if turn % 2 else emulators:
                info, words = None, "does not converge"
                try:
                    info = migrate(emulator, guest, *row)
                except AssertionError as error:
                    words = f"failed: {str(error)[:2000]}"
                results.setdefault((label, emulator.title), []).append(info)
                print(f"  {emulator.title:10} migration {label:16} " +
                      (f"{info['total-time']:6} ms, downtime {info['downtime']:4} ms, "
                       f"{info['ram']['transferred'] >> 20} MiB" if info else words), flush=True)
    print()
    for label, *_row in ROWS:
        line = f"migration  {label:16}"
        for key, unit in (("total-time", "total"), ("downtime", "downtime")):
            values = [[i[key] for i in results[(label, e.title)] if i] for e in emulators]
            words = [f"{statistics.median(v):.0f}" if v else "never" for v in values]
            line += f" {unit} {' and '.join(words)} ms"
            for form, value in (("", statistics.median), (", least {} ms", min)):
                if all(values):
                    line += form.format(" and ".join(f"{min(v):.0f}" for v in values))
                if len(values) > 1 and all(values):
                    line += f", {value(values[0]) / max(value(values[1]), 1):.2f} of the other's"
            line += ";"
        print(line.rstrip(";"))
    return {f"{label} {title}": rows for (label, title), rows in results.items()}

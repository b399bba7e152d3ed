#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a bare-metal test program as firmware of a pseries machine and passes its TAP lines on.

run.py IMAGE [CPU [MACHINE [ACCEL]]]; the emulator is $GOSSAMER_EMULATOR, $GOSSAMER_BARE_PROCESSORS
is how many processors there are (1), $GOSSAMER_BARE_LIMIT how many seconds it may take (60).
"""

import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from guest import Guest, stretch  # noqa: E402


def main():
    image, cpu, machine, accel = (sys.argv[1:] + [None] * 4)[:4]
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    limit = float(os.environ.get("GOSSAMER_BARE_LIMIT", "60"))
    failed = None
    with Guest(machine=machine or "pseries", cpu=cpu, accel=accel, memory="512M", firmware=image,
               smp=os.environ.get("GOSSAMER_BARE_PROCESSORS", "1"), name="bare") as guest:
        try:
            guest.expect(r"^BARE-END$", limit)
        except AssertionError as error:
            failed = str(error).splitlines()[0]
        text = guest.console.text
    bad = 0
    lines = [line for line in text.splitlines() if re.match(r"(not )?ok \d|# ", line)]
    for line in lines:
        print(line)
        bad += line.startswith("not ok")
    count = sum(not line.startswith("#") for line in lines)
    if failed:
        bad += 1
        count += 1
        print(f"not ok {count} - the program ends\n# {failed} (limit {stretch(limit):.0f} s)")
        for line in text.splitlines()[-20:]:
            print("# | " + line)
    print(f"1..{count}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

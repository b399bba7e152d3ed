#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots that QEMU saves and Gossamer loads, and the other way round, or itself; the guest is
checked as crossing.py does, which also tells how the QEMUs are found.

snapshots.py --list [quick|long]; snapshots.py [CASE...]
"""
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crossing  # noqa: E402
import tap  # noqa: E402
from guest import stretch  # noqa: E402


class Snapshots(crossing.Walk):
    """A guest that goes from emulator to emulator in a disk image."""

    def boot(self, kind, name, extra=()):
        image = os.path.join(self.folder, 'a.qcow2')
        if not os.path.exists(image):
            subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', image, '64M'], check=True)
        return super().boot(kind, name,
                            ['-drive', f'if=none,id=d,format=qcow2,file={image}'] + list(extra))

    def cross(self, kind):
        self.steps += 1
        old, count, tag = self.guest, self.count(), f'step{self.steps}'
        if old.kind.startswith('g'):
            old.qmp.command('migrate-set-parameters', x_wire=crossing.WIRES[kind])
        text = old.qmp.hmp(f'savevm {tag}')
        assert not text, text
        old.qmp.command('quit')
        old.wait(30)
        old.end()
        run = subprocess.run(
            ['qemu-img', 'check', os.path.join(self.folder, 'a.qcow2')], stdout=subprocess.PIPE,
            check=False)
        assert run.returncode == 0, run.stdout.decode()
        self.guest = self.boot(kind, f'snapshot-{self.steps}-{kind}', ['-loadvm', tag])
        assert self.guest.shell('echo here', 60) == 'here'
        self.check(f'{old.kind} -> {kind}', count)


# name: (suite, path, options)
CASES = {
    'own-wires': ('quick', 'g,g10,g7,g', crossing.SMP),
    'from-7.2': ('quick', 'q7,g', {}),
    'from-7.2-hash-smp': ('long', 'q7,g', {**crossing.HASH, **crossing.SMP}),
    '10.0': ('long', 'g,q10,g', {}),
    '10.0-smp': ('long', 'g,q10,g', crossing.SMP),
    '10.0-xics': ('long', 'g,q10,g', {'machine': 'pseries-7.2,ic-mode=xics', **crossing.SMP}),
    '10.0-hash': ('long', 'q10,g,q10', crossing.HASH),
    '10.0-power8': ('long', 'q10,g,q10', crossing.P8),
}


def run(path, options):
    steps = path.split(',')
    for kind in set(steps):
        crossing.command_of(kind)
    with Snapshots(steps[0], **options) as guest:
        for kind in steps[1:]:
            guest.cross(kind)


def main():
    if sys.argv[1:2] == ['--list']:
        for name, (suite, _path, _options) in CASES.items():
            if sys.argv[2:] in ([], [suite]):
                print(name)
        return
    tap.run([(name, lambda row=CASES[name]: run(row[1], row[2])) for name in sys.argv[1:] or CASES],
            limit=int(stretch(1200)))


if __name__ == '__main__':
    main()

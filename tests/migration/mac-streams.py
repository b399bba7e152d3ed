#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What new Power Macs send is what QEMU sends for the same command line: the same sections of the
same versions and sizes, with each processor that matters for the width of a field, from the
programs for 32 and for 64 bits.

mac-streams.py --list [quick|long]; mac-streams.py [CASE...] A case is TARGET-VERSION; crossing.py
says how the QEMUs are found. Contents are compared where a new machine determines them; LIVE has
the others.
"""
import contextlib
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crossing  # noqa: E402
import tap  # noqa: E402
import wire  # noqa: E402
from guest import stretch  # noqa: E402

QUICK = [('g3beige', '750'), ('mac99,via=pmu', '7400')]
MORE = [('g3beige', '604e'), ('g3beige', '7400'), ('mac99', '7400'), ('mac99', '7450'),
        ('mac99,via=pmu-adb', '7400')]
WIDE = [('mac99', '970fx'), ('mac99,via=pmu', '970fx')]
# Time, what is counted from it, registers that have no value at first, and what is known of slirp.
LIVE = {'timer', 'slirp', 'cpu', 'escc', 'openpic', 'mos6522', 'cuda', 'pmu', 'pci.0:02.0/ne2000',
        'pci.2:0d.0/ohci', 'pci.0:0d.0/ohci'}


def saved(stack, kind, target, machine, cpu, dialect, folder):
    """{(section, instance): (version, contents)}"""
    if not kind.startswith('q') and dialect == 'qemu-7.2' and machine.startswith('mac99'):
        machine += ',timebase-frequency=100000000'
    path = os.path.join(folder, kind)
    guest = crossing.emulator(kind, stack, target, machine=machine, cpu=cpu, memory='128M',
                              nodefaults=False, extra=['-S'])
    if not guest.is_qemu:
        guest.qmp.command('migrate-set-parameters', x_wire=dialect)
    guest.qmp.command('migrate', uri=f'exec:cat > {path}')
    info = guest.qmp.migration()
    assert info['status'] == 'completed', str(info)
    guest.end()
    with open(path, 'rb') as file:
        stream = wire.analyze.Stream(file.read())
    # Without the section's number at the end of each part.
    return {(section.name, section.instance):
            (section.version, b''.join(stream.data[part[-2]:part[-1] - 5]
                                       for part in section.parts))
            for section in stream.sections if section.name != 'ram'}


def compare(target, version, boards):
    kind, dialect = f'q{version.split(".")[0]}', f'qemu-{version}'
    crossing.command_of(kind, target)
    for machine, cpu in boards:
        with contextlib.ExitStack() as stack, \
                tempfile.TemporaryDirectory(prefix='gossamer-streams-') as folder:
            theirs = saved(stack, kind, target, machine, cpu, dialect, folder)
            ours = saved(stack, 'g', target, machine, cpu, dialect, folder)
        what = f'{target} {machine} {cpu} for QEMU {version}'
        assert theirs.keys() == ours.keys(), \
            f'{what}: only QEMU: {theirs.keys() - ours.keys()}, only here: ' \
            f'{ours.keys() - theirs.keys()}'
        for name, (number, contents) in theirs.items():
            mine = ours[name]
            assert (number, len(contents)) == (mine[0], len(mine[1])), \
                f'{what}: {name}: version {number}, {len(contents)} bytes; here {mine[0]}, ' \
                f'{len(mine[1])}'
            places = [at for at, (a, b) in enumerate(zip(contents, mine[1])) if a != b]
            assert not places or name[0] in LIVE, f'{what}: {name} differs at {places[:20]}'
        tap.diagnostic(f'{what}: {len(theirs)} sections')


CASES = {f'{target}-{version}': (target, version)
         for target in ('ppc', 'ppc64') for version in ('7.2', '10.0')}


def main():
    # A case for the quick tests has two boards, the same with -all behind its name the others.
    if sys.argv[1:2] == ['--list']:
        for name in CASES:
            if sys.argv[2:] in ([], ['quick']):
                print(name)
            if sys.argv[2:] in ([], ['long']):
                print(name + '-all')
        return
    todo = []
    for name in sys.argv[1:] or list(CASES) + [f'{name}-all' for name in CASES]:
        target, version = CASES[name.removesuffix('-all')]
        boards = QUICK if name in CASES else MORE + WIDE * (target == 'ppc64')
        todo.append((name, lambda t=target, v=version, b=boards: compare(t, v, b)))
    tap.run(todo, limit=int(stretch(300)))


if __name__ == '__main__':
    main()

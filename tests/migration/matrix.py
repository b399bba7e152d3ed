#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which machine takes whose state, and what comes out of it.

matrix.py --list [quick|long]; matrix.py [CASE...]

round-trips: for each machine version, CPU, ic-mode and compatibility mode a machine is saved,
loaded into another process, and saved there again: the two streams must agree but for the fields in
MOVES.  guest-…: the same with a Linux guest that was stopped in the middle of its work; there the
memory must agree too.  ic-mode and refusals: who refuses whom, and that the message names the
option, section or field to look at.
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
sys.path.insert(0, os.path.join(HERE, '..', 'boot'))
sys.dont_write_bytecode = True
import tap  # noqa: E402
from boot import debian_shell, reach_shell  # noqa: E402
from guest import emulator_path, stretch  # noqa: E402
from wire import analyze, machine, saved  # noqa: E402

# What may differ between saving and saving again: host cycles; the moment of saving and what runs
# with it.
MOVES = {'timer': None, 'spapr': ('tb.guest_timebase', 'tb.time_of_day_ns'), 'globalstate': None}
VERSIONS = ('2.12', '2.12-sxxm', '3.0', '3.1', '4.0', '4.1', '4.2', '5.0', '5.1', '5.2', '6.0',
            '6.1', '6.2', '7.0', '7.1', '7.2', '8.0', '8.1', '8.2')
# CPU: its ic-modes and max-cpu-compat values ('': none).
CPUS = {
    'power8_v2.0': (('xics',), ('', 'power8', 'power7')),
    'power9_v2.0': (('xics', 'xive', 'dual'), ('', 'power9', 'power8')),
    'power9_v2.2': (('xics', 'xive', 'dual'), ('', 'power8')),
}


def compare(first, second, what):
    """Fails for the first field that differs and may not."""
    one, two = analyze.table_of(first, [], []), analyze.table_of(second, [], [])
    assert list(one) == list(two), f'{what}: sections {list(one)}\n{list(two)}'
    for key, fields in one.items():
        moves = MOVES.get(key[0], ())
        if moves is None or key[0] == 'ram':
            continue
        for name in list(fields) + [n for n in two[key] if n not in fields]:
            a, b = fields.get(name), two[key].get(name)
            if name.endswith('env.spr') and a and b:
                # DEC and VTB run.
                a, b = ([v for n, v in enumerate(s) if n not in (22, 849)] for s in (a, b))
            assert a == b or name in moves, f'{what}: {key[0]} {key[1]}: {name}: {a} became {b}'


def loaded(path, name, **options):
    """A machine that has loaded path, and stands still."""
    guest = machine(name, extra=['-incoming', 'file:' + path], **options)
    try:
        guest.start()
        while guest.qmp.command('query-status')['status'] == 'inmigrate':
            pass
    except BaseException as error:
        text = guest.console.text if guest.console else ''
        guest.end()
        if not isinstance(error, AssertionError):
            raise
        raise AssertionError(f'{name} {options}: {text}{error}') from error
    return guest


def round_trip(name, **options):
    what = f'{name} {options}'
    with tempfile.TemporaryDirectory() as folder:
        one, two = os.path.join(folder, 'one'), os.path.join(folder, 'two')
        with machine(name, **options) as guest:
            first = saved(guest, 'own', one)
        guest = loaded(one, name, **options)
        try:
            compare(first, saved(guest, 'own', two), what)
        finally:
            guest.end()


def round_trips(versions):
    done = 0
    for version in versions:
        for cpu, (modes, compats) in CPUS.items():
            for mode in modes:
                for compat in compats:
                    if mode == 'xive' and compat == 'power8':
                        continue    # it would have no interrupt controller
                    name = f'pseries-{version},ic-mode={mode}' + (f',max-cpu-compat={compat}'
                                                                  if compat else '')
                    round_trip(name, cpu=cpu, smp=2)
                    done += 1
    tap.diagnostic(f'{done} round trips')


def refusal(path, name, **options):
    """What an emulator says that must not load path."""
    arguments = [
        emulator_path(), '-M', name, '-m',
        options.pop('memory', '256M'), '-nographic', '-nodefaults', '-serial', 'mon:stdio', '-S',
        '-incoming', 'file:' + path
    ]
    for option, value in options.items():
        arguments += ['-' + option, str(value)]
    try:
        run = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, timeout=stretch(20), check=False)
    except subprocess.TimeoutExpired:
        raise AssertionError(f'{name} {options}: it was loaded') from None
    assert run.returncode == 1, f'status {run.returncode}'
    return run.stderr.decode()


def ic_modes():
    """Source by destination: 9 cells."""
    cells = 0
    for source in ('xics', 'xive', 'dual'):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'stream')
            with machine(f'pseries-7.2,ic-mode={source}') as guest:
                saved(guest, 'own', path)
            for target in ('xics', 'xive', 'dual'):
                name = f'pseries-7.2,ic-mode={target}'
                if target in (source, 'dual'):
                    loaded(path, name).end()
                else:
                    text = refusal(path, name, cpu='power9_v2.0')
                    assert 'ic-mode' in text and source in text, f'{source} to {target}: {text}'
                cells += 1
    tap.diagnostic(f'{cells} cells')


# What the destination has otherwise, and words that it must say.
REFUSALS = (
    ('pseries-8.0', {}, ('pseries-7.2', 'pseries-8.0')),
    ('pseries-7.2', {'memory': '512M'}, ('ram',)),
    ('pseries-7.2', {'cpu': 'power8_v2.0'}, ('-cpu', 'PVR')),
    ('pseries-7.2', {'smp': 2}, ("'spapr-xive'", '-smp')),
    ('pseries-7.2,cap-cfpc=broken', {}, ('cap-cfpc=workaround',)),
    ('pseries-7.2,cap-vsx=off', {}, ('cap-vsx=on',)),
    ('pseries-7.2,cap-hpt-max-page-size=4k', {}, ('cap-hpt-max-page-size',)),
    ('pseries-7.2', {'device': 'spapr-vscsi'}, ('missing', 'devices')),
)


def refusals():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'stream')
        with machine('pseries-7.2,ic-mode=xive') as guest:
            saved(guest, 'own', path)
        for name, options, words in REFUSALS:
            text = refusal(path, name + ',ic-mode=' + ('xics' if 'cpu' in options else 'xive'),
                           **{'cpu': 'power9_v2.0', **options}) if 'cpu' not in options else None
            if text is None:
                with machine('pseries-7.2,ic-mode=xics') as guest:
                    saved(guest, 'own', path + '-xics')
                text = refusal(path + '-xics', name + ',ic-mode=xics', **options)
            tap.diagnostic(text)
            assert all(word in text for word in words), f'{name} {options}: {text}'


def digest(guest, folder):
    """A checksum of the guest's memory."""
    path = os.path.join(folder, 'memory')
    guest.qmp.command('pmemsave', val=0, size=512 << 20, filename=path)
    run = subprocess.run(['sha256sum', path], stdout=subprocess.PIPE, check=True)
    os.unlink(path)
    return run.stdout.split()[0]


def linux(name, append='', **options):
    """A guest that is stopped, saved, loaded, saved again; and goes on in the second process."""
    options = {'machine': 'pseries-7.2', 'cpu': 'power9_v2.0', 'memory': '512M', **options}
    with tempfile.TemporaryDirectory() as folder:
        one, two = os.path.join(folder, 'one'), os.path.join(folder, 'two')
        with debian_shell(name, append, qmp=True, **options) as guest:
            reach_shell(guest)
            guest.shell(
                '(while :; do n=$((n + 1)); echo $n > /count; done) & (while :; do :; done) & true')
            guest.qmp.command('stop')
            first, memory = saved(guest, 'own', one), digest(guest, folder)
        with debian_shell(name + '-2', append, qmp=True, extra=['-incoming', 'file:' + one, '-S'],
                          **options) as guest:
            while guest.qmp.command('query-status')['status'] == 'inmigrate':
                pass
            assert digest(guest, folder) == memory, 'the memory differs'
            compare(first, saved(guest, 'own', two), name)
            assert digest(guest, folder) == memory, 'saving has changed the memory'
            guest.qmp.command('cont')
            before = guest.count()
            guest.shell('sleep 1')
            assert guest.count() > before, 'the loop stands still'


# The short form of `make check`: one version whole, and the others' defaults.
def short():
    round_trips(('7.2',))
    for version in VERSIONS:
        round_trip('pseries-' + version, cpu='power9_v2.0')


CASES = {
    'ic-mode': ('quick', ic_modes),
    'refusals': ('quick', refusals),
    'short': ('quick', short),
    'whole': ('long', lambda: round_trips(VERSIONS)),
    'guest-radix': ('long', lambda: linux('matrix-radix', smp=2)),
    'guest-hash': ('long', lambda: linux('matrix-hash', 'disable_radix', smp=2)),
    'guest-xics': ('long', lambda: linux('matrix-xics', machine='pseries-7.2,ic-mode=xics', smp=2)),
    'guest-power8': ('long', lambda: linux('matrix-power8', cpu='power8_v2.0', smp=2)),
    'guest-compat':
    ('long', lambda: linux('matrix-compat', machine='pseries-7.2,max-cpu-compat=power8')),
}


def main():
    if sys.argv[1:2] == ['--list']:
        for name, (suite, _function) in CASES.items():
            if sys.argv[2:] in ([], [suite]):
                print(name)
        return
    tap.run([(name, CASES[name][1]) for name in sys.argv[1:] or CASES], limit=int(stretch(1500)))


if __name__ == '__main__':
    main()

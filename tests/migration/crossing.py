#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Running guests that move between QEMU and Gossamer.

crossing.py --list [quick|long]; crossing.py [CASE...] crossing.py --walk q10,g,q10 [--machine M]
[--cpu C] [--smp N] [--append TEXT] [--load LOAD]

A walk starts a guest on its first emulator and takes it to each of the others: `g` is Gossamer,
`q7` and `q10` are QEMU 7.2 and 10.0.2, `g7` and `g10` Gossamer that is sent what those would be.
--compare SOURCE,TARGET compares the guest's memory on both sides.  Whatever QEMU is missing makes
its cases count as skipped:

  GOSSAMER_QEMU7    command that starts QEMU 7.2, else "qemu-system-ppc64" if that is one
  GOSSAMER_QEMU10   command that starts QEMU 10.0, such as "PATH/bin/qemu-system-ppc64 -L
  PATH/share/qemu", else
                    that of Debian 12's backports, fetched into the cache folder

After each step the guest must answer, its counter must have gone on, its checksums must hold, every
processor must take timer interrupts, the kernel must not complain, and its clock must have gone
with the host's.
"""
import argparse
import contextlib
import functools
import math
import os
import re
import shlex
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
sys.path.insert(0, os.path.join(HERE, '..', 'boot'))
sys.dont_write_bytecode = True
import initramfs  # noqa: E402
import programs  # noqa: E402
import qemu10  # noqa: E402
import tap  # noqa: E402
from guest import Guest, debian_installer, emulator_path, stretch  # noqa: E402

WIRES = {'q7': 'qemu-7.2', 'q10': 'qemu-10.0', 'g': 'own', 'g7': 'qemu-7.2', 'g10': 'qemu-10.0'}
COMPLAINTS = r'stall|lockup|hung|blocked for more|unstable|clocksource|WARNING|BUG|Oops|Call Trace'
# Seconds without a key after a step, and those between two wakings of an idle guest.
SILENCE, GAP = 5, 3
# Seconds that the guest's clock may be off the host's, counted from the walk's start.
CLOCK = 1.0


@functools.lru_cache(None)
def command_of(kind, target='ppc64'):
    """The words that start an emulator. That of another target stands beside the one for ppc64."""
    if kind.startswith('g'):
        return [re.sub(r'ppc64$', target, emulator_path())]
    if kind == 'q10':
        return qemu10.command(target)
    words = shlex.split(os.environ.get('GOSSAMER_QEMU7', ''))
    if not words and shutil.which('qemu-system-ppc64'):
        words = [shutil.which('qemu-system-ppc64')]
    if not words:
        raise tap.Skip('no QEMU 7.2: GOSSAMER_QEMU7 names none')
    words[0] = re.sub(r'ppc64$', target, words[0])
    says = qemu10.version_of(words)
    if 'version 7.2.' not in says:
        raise tap.Skip(f'no QEMU 7.2: {says}')
    return words


def emulator(kind, stack, target='ppc64', **options):
    words = command_of(kind, target)
    options['extra'] = list(options.get('extra', [])) + words[1:]
    guest = Guest(emulator=words[0], qmp=True, **options)
    guest.kind = kind
    return stack.enter_context(guest)


# What runs in the guest meanwhile. $sum is the checksum of /big.
LOADS = {
    'idle': ['(while sleep 1; do cut -d" " -f1 /proc/uptime >> /wakes; done) & true'],
    'loop': ['(while :; do n=$((n + 1)); echo $n > /count; done) & true'],
    'checksums':
    ['(while :; do [ "$(md5sum < /big)" = "$sum" ] || echo checksum >> /bad; done) & true'],
    'openssl': [
        '(while :; do openssl speed -seconds 1 -bytes 8192 -evp aes-256-gcm > /ssl 2>&1 || '
        'echo openssl >> /bad; done) & true'
    ],
    'stress': [
        '(stress-ng --verify --cpu 1 --fork 1 --timer 1 --timer-freq 1000 --signal 1 --vm 1 '
        '--vm-bytes 8M '
        '--oomable --temp-path /tmp --timeout 100000 > /stress 2>&1 || echo stress-ng >> /bad) & '
        'true'
    ],
}
LOADS['busy'] = LOADS['loop'] + LOADS['checksums']
LOADS['all'] = LOADS['busy'] + LOADS['openssl'] + LOADS['stress']


class Walk:
    """A guest on its way."""

    prompt = r'^.*# $'
    rate = 1    # of time to what the guest takes for it

    def __init__(self, first, load='busy', machine='pseries-7.2', cpu='power9_v2.0', smp=1,
                 append='', memory='512M', lenient=(), live=False):
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(
            tempfile.TemporaryDirectory(prefix='gossamer-crossing-'))
        self.load, self.smp, self.steps, self.lenient, self.live = load, smp, 0, lenient, live
        self.options = {'machine': machine, 'cpu': cpu, 'memory': memory, 'smp': smp}
        self.kernel, self.initrd = debian_installer()
        self.programs = load in ('all', 'openssl', 'stress')
        if self.programs:
            self.initrd = initramfs.image(os.path.join(self.folder, 'programs.cpio'),
                                          programs.contents())
        self.append = 'console=hvc0 quiet ' + ('' if self.programs else 'rdinit=/bin/sh ') + append
        self.guest, self.first = None, first

    def __enter__(self):
        try:
            self.start(self.first)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_exception):
        self.stack.close()

    def boot(self, kind, name, extra=()):
        return emulator(kind, self.stack, name=name, extra=extra, kernel=self.kernel,
                        initrd=self.initrd, append=self.append, **self.options)

    def start(self, kind):
        self.guest = guest = self.boot(kind, f'crossing-0-{kind}')
        guest.expect(self.prompt, 240)
        if not self.programs:
            guest.shell(
                'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; '
                'true'
            )
        guest.shell('dmesg -c > /boot-messages')
        guest.shell(
            'head -c 1000000 /proc/kallsyms > /big; sum=$(md5sum < /big); echo 0 > /count; : > /bad'
        )
        for command in LOADS[self.load]:
            guest.shell(command)
        time.sleep(1)
        self.began = self.clock()
        self.uptime = 0

    def clock(self):
        """The guest's clock less the host's: between which two numbers it is. A host that is busy
        makes them far apart, and no test fail."""
        low, high = -math.inf, math.inf
        for _ in range(3):
            before = time.monotonic()
            seen = float(self.guest.shell('cat /proc/uptime', 60).split()[0])
            after = time.monotonic()
            # The guest shows hundredths, cut off.
            low, high = max(low, seen * self.rate - after), min(high,
                                                                (seen + 0.01) * self.rate - before)
        return low, high

    def cross(self, kind):
        """Moves the guest; returns what was seen on the way, in words."""
        self.steps += 1
        old, uri = self.guest, f'unix:{self.folder}/{self.steps}'
        count = self.count()
        new = self.boot(kind, f'crossing-{self.steps}-{kind}', ['-incoming', uri])
        old.qmp.command('migrate-set-parameters', max_bandwidth=1 << 34)
        if old.kind.startswith('g'):
            old.qmp.command('migrate-set-parameters', x_wire=WIRES[kind])
        # QEMU 7.2 loses writes of a guest that runs while it sends (to itself too: --compare q7,q7
        # shows it).
        stopped = old.kind == 'q7' and not self.live
        if stopped:
            old.qmp.command('stop')
            begun = time.monotonic()
        info = self.migrate(old, uri)
        step = f'{old.kind} -> {kind}'
        assert info['status'] == 'completed', f'{step}: {info}\n{new.console.text}'
        if stopped:
            new.qmp.wait_state('paused')
            new.qmp.command('cont')
            # Time stood still with the guest.
            still = time.monotonic() - begun
            self.began = tuple(end - still for end in self.began)
        resumed = new.qmp.event('RESUME', 60)
        self.resumed(old, resumed, stopped)
        old.end()
        self.guest = new
        if self.load == 'idle':
            # Nobody presses a key meanwhile.
            time.sleep(SILENCE)
        begun = time.monotonic()
        assert new.shell('echo here', 60) == 'here'
        waited = time.monotonic() - begun
        self.check(step, count)
        now = self.clock()
        drift = (sum(now) - sum(self.began)) / 2
        unknown = (now[1] - now[0] + self.began[1] - self.began[0]) / 2
        report = (
            f'{step}: total {info.get("total-time")} ms, down {info.get("downtime")} ms, first '
            'answer after '
            f'{waited:.2f} s, clock {drift:+.3f} s')
        if info.get('x-wire-lost'):
            report += f', lost: {info["x-wire-lost"]}'
        tap.diagnostic(report)
        if 'clock' not in self.lenient:
            assert abs(drift) - unknown < CLOCK, report
        return report

    def migrate(self, old, uri):
        """What the source says in the end."""
        old.qmp.command('migrate', uri=uri)
        return old.qmp.migration()

    def resumed(self, old, event, stopped):
        """The guest runs in its new place; event: when it began."""

    def count(self):
        if self.load == 'idle':
            return 0
        return self.guest.count()

    def ticks(self):
        text = self.guest.shell("grep '^LOC.*timer event' /proc/interrupts", 60)
        return [int(n) for n in re.findall(r'\d+', text)[:self.smp]]

    def check(self, step, count):
        """What must hold after each step."""
        guest, first = self.guest, self.ticks()
        guest.shell(
            'for i in ' + '1 ' * (2 * self.smp) +
            '; do (x=0; while [ $((x += 1)) -lt 300 ]; do :; done) & '
            'done; sleep 1', 60)
        second = self.ticks()
        assert all(a < b for a, b in zip(first, second)), \
            f'{step}: timer interrupts stand still: {first}, {second}'
        if self.load == 'idle' and 'wake' not in self.lenient:
            wakes = [float(t) for t in guest.shell('cat /wakes', 60).split()]
            gaps = [b - a for a, b in zip(wakes, wakes[1:])]
            assert max(gaps) < stretch(GAP), f'{step}: it slept for {max(gaps)} s: {wakes}'
        now = self.count()
        assert self.load in ('idle', 'openssl', 'stress', 'checksums') or now > count, \
            f'{step}: the count went from {count} to {now}'
        assert guest.shell('[ "$(md5sum < /big)" = "$sum" ]; echo $?', 60) == '0', \
            f'{step}: /big was damaged'
        assert guest.shell('cat /bad', 60) == '', \
            step + ': ' + guest.shell('cat /bad /stress /ssl; true', 60)
        seen = float(guest.shell('cat /proc/uptime', 60).split()[0])
        assert seen > self.uptime, f'{step}: uptime went from {self.uptime} to {seen}'
        self.uptime = seen
        lines = guest.shell(f"dmesg | grep -iE '{COMPLAINTS}'; true", 60)
        if lines:
            # All of it is what one wants to read.
            lines = guest.shell('dmesg', 60)
        assert not lines, f'{step}: the kernel complains:\n{lines}'


def memory(source, target, times, **options):
    """The guest's memory, when it has been sent while the guest worked, is what it was when it
    stopped.
    """
    for kind in (source, target):
        command_of(kind)

    def dump(guest, name):
        path = os.path.join(way.folder, name)
        guest.qmp.command('pmemsave', val=0, size=512 << 20, filename=path)
        with open(path, 'rb') as file:
            return file.read()

    with Walk(source, **options) as way:
        for turn in range(times):
            uri = f'unix:{way.folder}/memory{turn}'
            new, old = way.boot(target, f'memory-{turn}', ['-incoming', uri, '-S']), way.guest
            old.qmp.command('migrate-set-parameters', max_bandwidth=1 << 34)
            old.qmp.command('migrate', uri=uri)
            assert old.qmp.migration()['status'] == 'completed'
            new.qmp.wait_state('paused')
            one, two = dump(old, 'one'), dump(new, 'two')
            new.end()
            pages = [
                f'{at:#x}' for at in range(0, len(one), 4096)
                if one[at:at + 4096] != two[at:at + 4096]
            ]
            assert len(one) == len(two) and not pages, f'{len(pages)} pages differ: {pages[:8]}'
            old.qmp.command('cont')
            time.sleep(0.5)


def walk(path, **options):
    steps = path.split(',')
    for kind in set(steps):
        command_of(kind)
    with Walk(steps[0], **options) as guest:
        for kind in steps[1:]:
            guest.cross(kind)


P8 = {'cpu': 'power8_v2.0'}
HASH = {'append': 'disable_radix'}
XIVE = {'machine': 'pseries-7.2,ic-mode=xive'}
SMP = {'smp': 2}
# name: (suite, path, options)
CASES = {
    '7.2-idle': ('quick', 'q7,g,q7,g', {'load': 'idle'}),
    '7.2-smp': ('quick', 'q7,g,q7,g', SMP),
    '7.2-power8-smp': ('long', 'q7,g,q7,g', {**P8, **SMP}),
    '7.2-xive': ('long', 'q7,g,q7,g', {**XIVE, **SMP}),
    '7.2-hash': ('long', 'q7,g,q7,g', {**HASH, **SMP}),
    '7.2-all': ('long', 'q7,g,q7,g', {'load': 'all', **SMP}),
    '7.2-live': ('long', 'q7,g,q7,g', {'load': 'idle', 'live': True}),
    '7.2-20-idle': ('long', 'q7' + ',g,q7' * 10, {'load': 'idle'}),
    '7.2-20-busy': ('long', 'q7' + ',g,q7' * 10, SMP),
    '10.0-idle': ('long', 'q10,g,q10,g', {'load': 'idle'}),
    '10.0-power8-idle': ('long', 'q10,g,q10,g', {'load': 'idle', **P8}),
    '10.0-power8-smp': ('quick', 'g,q10,g,q10', {**P8, **SMP}),
    '10.0-xive': ('long', 'g,q10,g,q10', {**XIVE, **SMP}),
    '10.0-xics': ('long', 'g,q10,g,q10', {'machine': 'pseries-7.2,ic-mode=xics', **SMP}),
    '10.0-dual-xics': ('long', 'g,q10,g,q10', {'append': 'xive=off', **SMP}),
    '10.0-hash': ('long', 'g,q10,g,q10', {**HASH, **SMP}),
    '10.0-smp4': ('long', 'g,q10,g', {'smp': 4}),
    '10.0-openssl': ('long', 'q10,g,q10', {'load': 'openssl', **SMP}),
    '10.0-stress': ('long', 'q10,g,q10', {'load': 'stress', **SMP}),
    '10.0-all': ('long', 'g,q10,g,q10,g', {'load': 'all', **SMP}),
    '10.0-20-idle': ('long', 'q10' + ',g,q10' * 10, {'load': 'idle'}),
    '10.0-20-busy': ('long', 'q10' + ',g,q10' * 10, {'load': 'busy'}),
    '10.0-20-smp': ('long', 'g' + ',q10,g' * 10, {'load': 'all', **SMP}),
    '10.0-20-power8': ('long', 'g' + ',q10,g' * 10, {**P8, **SMP}),
    'own-wires': ('quick', 'g,g10,g7,g', {'load': 'idle', **SMP}),
    'own-wires-power8': ('quick', 'g,g10,g7,g', {**P8, **SMP}),
    'memory-own': ('quick', memory, {'source': 'g', 'target': 'g', 'times': 2}),
    'memory-10.0': ('long', memory, {'source': 'q10', 'target': 'g', 'times': 4}),
    '7.2-own': ('long', 'q7,g,g,q7', {'load': 'idle', **SMP}),
}


def main():
    if sys.argv[1:2] == ['--list']:
        for name, (suite, _path, _options) in CASES.items():
            if sys.argv[2:] in ([], [suite]):
                print(name)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument('--walk')
    parser.add_argument('--compare', help='SOURCE,TARGET: compare memory five times')
    for name, default in (('machine', 'pseries-7.2'), ('cpu', 'power9_v2.0'), ('append', ''),
                          ('load', 'busy'), ('memory', '512M')):
        parser.add_argument('--' + name, default=default)
    parser.add_argument('--smp', type=int, default=1)
    parser.add_argument('--lenient', action='append', default=[])
    parser.add_argument('cases', nargs='*')
    args = vars(parser.parse_args())
    path, pair, names = args.pop('walk'), args.pop('compare'), args.pop('cases')
    if pair:
        source, target = pair.split(',')
        cases = [(pair, lambda: memory(source, target, 5, **args))]
    elif path:
        cases = [(path, lambda: walk(path, **args))]
    else:
        cases = [(name, lambda row=CASES[name]: row[1](**row[2])
                  if callable(row[1]) else walk(row[1], **row[2])) for name in names or CASES]
    tap.run(cases, limit=int(stretch(1200)))


if __name__ == '__main__':
    main()

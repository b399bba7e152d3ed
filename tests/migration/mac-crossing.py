#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs that move between QEMU and Gossamer, running, with disk, CD, network, keyboard, mouse
and serial port; crossing.py says how the QEMUs are found, and what must hold after each step.

mac-crossing.py --list [quick|long]; mac-crossing.py [CASE...] mac-crossing.py --walk q10,g,q10
[--machine M] [--cpu C] [--bare] [--load idle|busy] [--target ppc64]

A case's name is MACHINE-VERSION-LOAD, with -10 behind it for ten crossings in a row.

idle: the guest only tells the time over its network, twice a second; nobody touches it for a while
after a step, and then everything is tried. busy: it writes files and reads them back, on an ext4
file system that the host judges in the end, loads a file from the host again and again, counts, and
a key and the mouse's button are pressed before a step and released after it. The network is a
socket to a process of its own, so that connections outlive a step. --bare: the board has nothing of
this.

What is told of each step: how long the source took, for how long the guest stood still, and after
which time it told the time again (which nothing but its own timer makes it do).
"""
import argparse
import contextlib
import hashlib
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crossing  # noqa: E402
import tap  # noqa: E402
import disks  # noqa: E402
import networks  # noqa: E402
from guest import local_guest, stretch  # noqa: E402

# QEMU 7.2 has another time base on mac99.
TIME_BASE = {('g3beige', False): 16600000, ('g3beige', True): 16600000,
             ('mac99', False): 25000000, ('mac99', True): 100000000}
# Writes files and their sums; what is read is compared with what was written.
DISK = ('(i=0; while [ ! -e /stop ]; do i=$((i + 1)); f=/mnt/f$((i % 8)); '
        'dd if=/big of=$f bs=64k conv=fsync 2>/dev/null || echo write >> /bad; '
        'echo 1 > /proc/sys/vm/drop_caches; [ "$(md5sum < $f)" = "$sum" ] || echo disk >> /bad; '
        'echo $i > /disk.new; mv /disk.new /disk; done; : > /ended) & true')
FETCH = ('(i=0; while [ ! -e /stop ]; do i=$((i + 1)); '
         'wget -q -O - http://10.0.2.2:{port}/ | sha256sum | grep -q {digest} || '
         'echo network >> /bad; echo $i > /net.new; mv /net.new /net; done) & true')
TICKS = ('(while sleep 0.5; do cut -d" " -f1 /proc/uptime; done | nc -u 10.0.2.2 {port}) '
         '> /dev/null 2>&1 & true')
EVENTS = 'for e in /dev/input/event*; do (exec cat $e >> /events) & done; true'
COMPLAINTS = (r'I/O error|EXT4-fs (error|warning)|DRDY|frozen|lost interrupt|failed command|'
              r'NETDEV WATCHDOG|transmit timed out|csum failure|USB disconnect|not accepting|'
              r'unrecoverable|HC died')
# Letters and their numbers in the kernel.
KEYS = {'a': 30, 's': 31, 'd': 32, 'f': 33, 'g': 34, 'h': 35, 'j': 36, 'k': 37, 'l': 38}
EV_KEY, EV_REL, BUTTON = 1, 2, 272
FILE = 1 << 20


def seconds_of(event):
    return event['timestamp']['seconds'] + event['timestamp']['microseconds'] / 1e6


def stood_still(qmp, began):
    """For how long a guest that went on elsewhere has stood still: it may have run for moments
    after it was stopped the first time.
    """
    qmp.command('query-status')         # events that have come are read with the answer
    still, since = 0, None
    for event in qmp.events:
        if event['event'] == 'STOP':
            since = seconds_of(event)
        elif event['event'] == 'RESUME' and since is not None:
            still, since = still + seconds_of(event) - since, None
    assert since is not None, 'the source has not stopped'
    return still + began - since


class Ticks:
    """What a guest says twice a second over its network: (when by the host's clock, when by the
    guest's).
    """

    def __init__(self):
        self.seen = []
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            self.seen.append((time.time(), float(self.socket.recv(100))))

    def after(self, moment, limit):
        """Seconds from a moment to the first tick behind it; None: not within the limit."""
        while time.time() < moment + limit:
            later = [when for when, _uptime in self.seen if when > moment]
            if later:
                return later[0] - moment
            time.sleep(0.02)
        return None


class Gateway:
    """User networking in a process of its own, to which guests connect one after the other."""

    def __init__(self, stack):
        self.port = networks.free_port()
        command = crossing.command_of('g', 'ppc') + [
            '-M', 'none', '-nodefaults', '-display', 'none', '-netdev', 'user,id=user', '-netdev',
            f'socket,id=socket,listen=127.0.0.1:{self.port}', '-netdev',
            'hubport,id=one,hubid=0,netdev=user', '-netdev', 'hubport,id=two,hubid=0,netdev=socket']
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        # Who connects now would be taken for the guest.
        deadline = time.monotonic() + stretch(20)
        while f':{self.port:04X}' not in listeners():
            assert process.poll() is None and time.monotonic() < deadline, 'no gateway'
            time.sleep(0.05)


def listeners():
    with open('/proc/net/tcp', encoding='ascii') as file:
        return ' '.join(line.split()[1] for line in file if ' 0A ' in line)


class MacWalk(crossing.Walk):
    """A Power Mac on its way."""

    prompt = r'GUEST-UP [^#]*# $'

    def __init__(self, path, machine='g3beige', cpu=None, bare=False, memory='192M', load='busy',
                 target='ppc', **options):
        super().__init__(path[0], load, machine, cpu, 1, memory=memory, **options)
        self.kernel = local_guest('vmlinux-pmac32')
        self.initrd = local_guest('initramfs-ppc32.cpio.gz')
        self.append = 'console=ttyPZ0 quiet'
        self.target, self.bare, self.known = target, bare, 0
        self.seven = any('7' in kind for kind in path)
        self.tick, self.typed, self.moved, self.sleeps = Ticks(), [], 0, {}
        self.to = self.held = None
        # QEMU's ADB mouse tells of buttons that nobody pressed.
        self.usb_mouse = machine == 'mac99,via=pmu'
        del self.options['smp']
        # OpenBIOS stops on mac99 without a display.
        self.board = []
        if bare:
            self.board = ['-nic', 'none', '-vga', 'none' if machine == 'g3beige' else 'std']
            return
        self.server = self.stack.enter_context(networks.WebServer(FILE))
        gateway = Gateway(self.stack)
        mkfs, self.fsck = disks.need('mkfs.ext4', 'e2fsck')
        self.image = disks.make_raw(self.folder, mkfs)
        cd, data = os.path.join(self.folder, 'cd.iso'), os.urandom(1 << 20)
        with open(cd, 'wb') as file:
            file.write(data)
        self.cd_sum = hashlib.md5(data).hexdigest()
        self.board = ['-drive', f'if=ide,index=0,format=raw,file={self.image}', '-cdrom', cd,
                      '-nic', f'socket,id=net,connect=127.0.0.1:{gateway.port}']

    def boot(self, kind, name, extra=()):
        options, more = dict(self.options), []
        if self.seven and kind.startswith('g') and options['machine'].startswith('mac99'):
            options['machine'] += ',timebase-frequency=100000000'
        if kind.startswith('q') and not self.bare:
            # QEMU's SunGEM does not tell when it has room again; its sockets wait for that.
            more = ['-object', 'filter-buffer,id=buffer,netdev=net,queue=tx,interval=1000']
        return crossing.emulator(kind, self.stack, self.target, name=name,
                                 extra=[*more, *self.board, *extra], kernel=self.kernel,
                                 initrd=self.initrd, append=self.append, nodefaults=self.bare,
                                 **options)

    def clock(self):
        """The kernel has measured the time base by the VIA's timer while it booted, which a busy
        host disturbs.
        """
        if not self.known:
            self.known = int(self.guest.shell("grep timebase /proc/cpuinfo | tr -dc 0-9"))
            board = self.options['machine'].split(',')[0]
            self.rate = self.known / TIME_BASE[board, self.seven]
        return super().clock()

    def start(self, kind):
        super().start(kind)
        guest = self.guest
        guest.shell(EVENTS)
        if not self.bare:
            networks.lease(guest)
            guest.shell(TICKS.format(port=self.tick.port))
            guest.shell('mount -t ext4 /dev/sda /mnt 2>/dev/null || '
                        '(mkdir -p /mnt && mount -t ext4 /dev/sda /mnt)')
            guest.shell('echo 0 > /disk; echo 0 > /net')
            if self.load == 'busy':
                guest.shell(DISK)
                guest.shell(FETCH.format(port=self.server.port, digest=self.server.digest))
            self.outside()
        self.play()

    def cross(self, kind):
        self.to = kind
        if self.load == 'busy':
            self.press(True)
        return super().cross(kind)

    def migrate(self, old, uri):
        if old.kind != 'q10' or self.load != 'busy':
            return super().migrate(old, uri)
        # QEMU gives its disks away while a command of theirs goes on, and ends by an assertion.
        old.qmp.command('migrate-set-capabilities', capabilities=[
            {'capability': 'pause-before-switchover', 'state': True}])
        old.qmp.command('migrate', uri=uri)
        deadline = time.monotonic() + stretch(60)
        while old.qmp.command('query-migrate')['status'] != 'pre-switchover':
            assert time.monotonic() < deadline, str(old.qmp.command('query-migrate'))
            time.sleep(0.02)
        time.sleep(0.2)
        old.qmp.command('migrate-continue', state='pre-switchover')
        return old.qmp.migration()

    def resumed(self, old, event, stopped):
        """A Mac's time stands still with it: nothing in its stream says what time it is."""
        began = seconds_of(event)
        still = stood_still(old.qmp, began)
        old.end()
        if not stopped:
            self.began = tuple(end - still for end in self.began)
        step = f'{old.kind} -> {self.to}'
        if self.bare:
            return
        slept = self.tick.after(began, stretch(60))
        assert slept is not None, f'{step}: it does not wake up'
        self.sleeps.setdefault(step, []).append((still, slept))
        tap.diagnostic(f'{step}: stood still {still * 1000:.0f} ms, then slept {slept:.2f} s')

    def inject(self, *events):
        self.guest.qmp.command('input-send-event', events=list(events))

    def press(self, down):
        """One key and the button; the guest has them on whatever side it is then."""
        key = list(KEYS)[self.steps % len(KEYS)] if down else self.held
        self.held = key
        self.inject({'type': 'key', 'data': {'down': down, 'key': {'type': 'qcode', 'data': key}}})
        self.typed += [(KEYS[key], int(down))]
        if self.usb_mouse:
            self.inject({'type': 'btn', 'data': {'down': down, 'button': 'left'}})
            self.typed += [(BUTTON, int(down))]

    def play(self):
        """Types and moves the mouse; all that was sent so far must have come to the guest."""
        for letter in list(KEYS)[self.steps % 5:][:3]:
            self.guest.qmp.command('send-key', keys=[{'type': 'qcode', 'data': letter}],
                                   hold_time=50)
            self.typed += [(KEYS[letter], 1), (KEYS[letter], 0)]
            time.sleep(0.2)
        for _ in range(3):
            self.inject({'type': 'rel', 'data': {'axis': 'x', 'value': 7}})
            self.moved += 7
            time.sleep(0.1)
        deadline = time.monotonic() + stretch(20)
        while True:
            text = self.guest.shell("hexdump -v -e '1/1 \"%02x\"' /events", 60)
            data = bytes.fromhex(re.sub(r'\s', '', text))
            events = [struct.unpack_from('>8xHHi', data, at) for at in range(0, len(data) - 15, 16)]
            # The kernel repeats what is held, with value 2.
            typed = [(code, value) for kind, code, value in events
                     if kind == EV_KEY and value < 2 and (self.usb_mouse or code < BUTTON)]
            moved = sum(value for kind, code, value in events if (kind, code) == (EV_REL, 0))
            if (sorted(typed), moved) == (sorted(self.typed), self.moved):
                break
            late = time.monotonic() > deadline
            if late and self.guest.is_qemu and all(key in self.typed for key in typed):
                # It loses keys now and then when its host is busy.
                tap.diagnostic(f'QEMU lost keys: typed {self.typed}, the guest has {typed}')
                self.typed, self.moved = typed, moved
                break
            assert not late, \
                f'typed {self.typed}, moved {self.moved}; the guest has {typed} and {moved}'
            time.sleep(0.5)
        keys = [key for key in typed if key[0] != BUTTON]
        assert keys == [key for key in self.typed if key[0] != BUTTON], f'out of order: {keys}'

    def outside(self):
        """Network and CD."""
        networks.fetch(self.guest, self.server)
        output = self.guest.shell('dd if=/dev/sr0 bs=64k 2>/dev/null | md5sum; '
                                  'echo 1 > /proc/sys/vm/drop_caches', 120)
        assert self.cd_sum in output, f'the CD reads as {output}'

    def advance(self, step, *names):
        """Each of these files' numbers grows by two."""
        before = [int(self.guest.shell(f'cat /{name}')) + 2 for name in names]
        tests = ' && '.join(f'[ $(cat /{name}) -ge {number} ]'
                            for name, number in zip(names, before))
        self.guest.shell(f'n=0; until {tests} || [ $((n += 1)) -gt 60 ]; do sleep 0.5; done; '
                         f'{tests} || {{ head /disk /net; false; }}', 90)

    def check(self, step, count):
        if self.load == 'busy':
            self.press(False)
        self.play()
        super().check(step, count)
        if self.bare:
            return
        if self.load == 'busy':
            self.advance(step, 'disk', 'net')
        else:
            self.guest.shell('dd if=/big of=/mnt/big bs=64k conv=fsync 2>/dev/null; '
                             'echo 1 > /proc/sys/vm/drop_caches; '
                             '[ "$(md5sum < /mnt/big)" = "$sum" ]', 60)
        self.outside()
        lines = self.guest.shell(f"dmesg | grep -iE '{COMPLAINTS}'; true")
        assert not lines, f'{step}: the kernel complains: {lines}'

    def finish(self):
        """The file system ends clean, and the machine goes off."""
        if not self.bare:
            self.guest.shell('touch /stop; ' + 'while [ ! -e /ended ]; do sleep 1; done; ' *
                             (self.load == 'busy') + 'umount /mnt', 120)
        self.guest.send('poweroff -f\n')
        assert self.guest.wait(60) == 0
        if not self.bare:
            run = subprocess.run([self.fsck, '-f', '-n', self.image], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, check=False)
            assert run.returncode == 0, run.stdout.decode()
        for step, pairs in self.sleeps.items():
            still, slept = zip(*pairs)
            tap.diagnostic(f'{step}: {len(pairs)} crossings; stood still '
                           f'{1000 * sum(still) / len(still):.0f} ms, at most '
                           f'{1000 * max(still):.0f} ms; slept {sum(slept) / len(slept):.2f} s, '
                           f'at most {max(slept):.2f} s')


def walk(path, target='ppc', **options):
    steps = path.split(',')
    for kind in set(steps):
        crossing.command_of(kind, target)
    with MacWalk(steps, target=target, **options) as guest:
        for kind in steps[1:]:
            guest.cross(kind)
        guest.finish()


def prompt(path):
    """A 970, for which QEMU comes as far as OpenBIOS: that goes on, too, with its dictionary."""
    kinds = path.split(',')
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='gossamer-crossing-'))
        machine = {kind: 'mac99' + (',timebase-frequency=100000000'
                                    if kind == 'g' and 'q7' in kinds else '') for kind in kinds}
        guest = None
        for step, kind in enumerate(kinds):
            uri = f'unix:{folder}/{step}'
            new = crossing.emulator(kind, stack, 'ppc64', machine=machine[kind], cpu='970fx',
                                    memory='128M', nodefaults=False, name=f'970-{step}-{kind}',
                                    extra=['-incoming', uri] if guest else [])
            if not guest:
                new.expect(r'^0 > ', 120)
                new.send(': twice dup + ;\n')
                new.expect(r'ok\n0 > ', 30)
            else:
                if not guest.is_qemu:
                    guest.qmp.command('migrate-set-parameters', x_wire=crossing.WIRES[kind])
                guest.qmp.command('migrate', uri=uri)
                info = guest.qmp.migration()
                assert info['status'] == 'completed', str(info)
                new.qmp.event('RESUME', 60)
                guest.end()
            guest = new
            guest.send(f'{1000 + step} twice .\n')
            guest.expect(f'{2 * (1000 + step)}  ok', 30)


MACHINES = {
    'g3beige': {},
    'mac99': {'machine': 'mac99', 'cpu': '7400'},
    'mac99-pmu': {'machine': 'mac99,via=pmu', 'cpu': '7400'},
    'mac99-pmu-adb': {'machine': 'mac99,via=pmu-adb', 'cpu': '7400'},
}
WIDE = {'target': 'ppc64', 'cpu': '7400'}
# name: (path, options)
QUICK = {
    '970-10.0': ('q10,g,q10,g', None),
    '970-7.2': ('q7,g,q7,g', None),
    'g3beige-7.2-idle': ('q7,g,q7', {'load': 'idle'}),
    'g3beige-10.0-busy': ('q10,g,q10', {}),
    'mac99-pmu-10.0-busy': ('q10,g,q10', MACHINES['mac99-pmu']),
}


def long_cases():
    result = {}
    for machine, options in MACHINES.items():
        for version, kind in (('10.0', 'q10'), ('7.2', 'q7')):
            for load in ('idle', 'busy'):
                result[f'{machine}-{version}-{load}-10'] = (kind + f',g,{kind}' * 5,
                                                            {'load': load, **options})
            result[f'{machine}-{version}-bare'] = (f'{kind},g,{kind},g',
                                                   {'load': 'idle', 'bare': True, **options})
        result[f'{machine}-own-wires'] = 'g,g10,g,g7,g', options
    for version, kind in (('10.0', 'q10'), ('7.2', 'q7')):
        for machine in ('g3beige', 'mac99,via=pmu'):
            name = f'ppc64-{machine.replace(",via=", "-")}-{version}'
            result[name] = f'{kind},g,{kind}', {'machine': machine, **WIDE}
    return result


LONG = long_cases()


def main():
    if sys.argv[1:2] == ['--list']:
        for suite, rows in (('quick', QUICK), ('long', LONG)):
            if sys.argv[2:] in ([], [suite]):
                print('\n'.join(rows))
        return
    rows = {**QUICK, **LONG}
    parser = argparse.ArgumentParser()
    parser.add_argument('--walk')
    parser.add_argument('--machine', default='g3beige')
    parser.add_argument('--cpu')
    parser.add_argument('--load', default='busy')
    parser.add_argument('--target', default='ppc')
    parser.add_argument('--bare', action='store_true')
    parser.add_argument('--lenient', action='append', default=[])
    parser.add_argument('cases', nargs='*')
    args = vars(parser.parse_args())
    path, names = args.pop('walk'), args.pop('cases')
    todo = [(path, lambda: walk(path, **args))] if path else \
        [(name, lambda row=rows[name]: walk(row[0], **row[1]) if row[1] is not None
          else prompt(row[0])) for name in names or rows]
    tap.run(todo, limit=int(stretch(1200)))


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Power Macs that move between QEMU and Gossamer, running, with disk and network; crossing.py says
how the QEMUs are found, and what must hold after each step.

mac-crossing.py --list [quick|long]; mac-crossing.py [CASE...] mac-crossing.py --walk q10,g,q10
[--machine M] [--cpu C] [--bare] [--load LOAD]

With a disk, the guest writes to an ext4 file system, which the host judges in the end, and reads a
CD; with a network it fetches a file from the host after each step. --bare: the board has neither.
"""
import argparse
import hashlib
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crossing  # noqa: E402
import tap  # noqa: E402
import disks  # noqa: E402
import networks  # noqa: E402
from guest import local_guest, stretch  # noqa: E402

TARGET = 'ppc'
TIME_BASE = {'g3beige': 16600000, 'mac99': 25000000}
# Writes files and their sums; what is read is compared with what was written.
DISK = ('(i=0; while [ ! -e /stop ]; do i=$((i + 1)); f=/mnt/f$((i % 8)); cp /big $f; sync; '
        'echo 1 > /proc/sys/vm/drop_caches; [ "$(md5sum < $f)" = "$sum" ] || echo disk >> /bad; '
        'echo $i > /disk.new; mv /disk.new /disk; done; : > /ended) & true')
DISK_COMPLAINTS = 'I/O error|EXT4-fs (error|warning)|DRDY|frozen|lost interrupt|failed command'


def seconds_of(event):
    return event['timestamp']['seconds'] + event['timestamp']['microseconds'] / 1e6


class MacWalk(crossing.Walk):
    """A Power Mac on its way."""

    prompt = r'GUEST-UP [^#]*# $'

    def __init__(self, first, machine='g3beige', cpu=None, bare=False, memory='192M', load='busy',
                 usb=True, **options):
        super().__init__(first, load, machine, cpu, 1, memory=memory, **options)
        self.kernel = local_guest('vmlinux-pmac32')
        self.initrd = local_guest('initramfs-ppc32.cpio.gz')
        self.append = 'console=ttyPZ0 quiet'
        self.known, self.disk = 0, not bare
        self.network, self.nodefaults = not bare and usb, bare or not usb
        del self.options['smp']
        # OpenBIOS stops on mac99 without a display.
        self.board = ['-nic', 'none', '-vga', 'none' if machine == 'g3beige' else 'std'
                      ] if self.nodefaults else []
        if self.network:
            self.server = self.stack.enter_context(networks.WebServer(256 << 10))
        if self.disk:
            mkfs, self.fsck = disks.need('mkfs.ext4', 'e2fsck')
            self.image = disks.make_raw(self.folder, mkfs)
            cd, data = os.path.join(self.folder, 'cd.iso'), os.urandom(2 << 20)
            with open(cd, 'wb') as file:
                file.write(data)
            self.cd_sum = hashlib.md5(data).hexdigest()
            self.board += ['-drive', f'if=ide,index=0,format=raw,file={self.image}', '-cdrom', cd]

    def boot(self, kind, name, extra=()):
        return crossing.emulator(kind, self.stack, TARGET, name=name, extra=[*self.board, *extra],
                                 kernel=self.kernel, initrd=self.initrd, append=self.append,
                                 nodefaults=self.nodefaults, **self.options)

    def clock(self):
        """The kernel has measured the time base by the VIA's timer while it booted, which a busy
        host disturbs.
        """
        if not self.known:
            self.known = int(self.guest.shell("grep timebase /proc/cpuinfo | tr -dc 0-9"))
            self.rate = self.known / TIME_BASE[self.options['machine'].split(',')[0]]
        return super().clock()

    def start(self, kind):
        super().start(kind)
        if self.network:
            networks.lease(self.guest)
        if self.disk:
            self.guest.shell('mkdir -p /mnt && mount -t ext4 /dev/sda /mnt && echo 0 > /disk')
            self.guest.shell(DISK)
        self.outside()

    def outside(self):
        """Network and CD."""
        if self.network:
            networks.fetch(self.guest, self.server)
        if not self.disk:
            return
        output = self.guest.shell('dd if=/dev/sr0 bs=64k 2>/dev/null | md5sum', 120)
        assert self.cd_sum in output, f'the CD reads as {output}'

    def resumed(self, old, event, stopped):
        """A Mac's time stands still with it: nothing in its stream says what time it is."""
        if not stopped:
            still = seconds_of(event) - seconds_of(old.qmp.event('STOP'))
            self.began = tuple(end - still for end in self.began)

    def check(self, step, count):
        super().check(step, count)
        before = int(self.guest.shell('cat /disk')) if self.disk else 0
        self.outside()
        if not self.disk:
            return
        self.guest.shell(
            f'n=0; while [ $(cat /disk) -le {before + 1} ] && [ $((n += 1)) -lt 60 ]; do sleep 1; '
            'done; '
            f'[ $(cat /disk) -gt {before + 1} ]', 90)
        lines = self.guest.shell(f"dmesg | grep -iE '{DISK_COMPLAINTS}'; true")
        assert not lines, f'{step}: the kernel complains: {lines}'

    def finish(self):
        """The file system ends clean, and the machine goes off."""
        if self.disk:
            self.guest.shell('touch /stop; while [ ! -e /ended ]; do sleep 1; done; umount /mnt',
                             120)
        self.guest.send('poweroff -f\n')
        assert self.guest.wait(60) == 0
        if self.disk:
            run = subprocess.run([self.fsck, '-f', '-n', self.image], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, check=False)
            assert run.returncode == 0, run.stdout.decode()


def walk(path, **options):
    steps = path.split(',')
    for kind in set(steps):
        crossing.command_of(kind, TARGET)
    with MacWalk(steps[0], **options) as guest:
        for kind in steps[1:]:
            guest.cross(kind)
        guest.finish()


BARE = {'bare': True}
# Without USB, which also leaves out the network.
CUDA = {'machine': 'mac99', 'cpu': '7400', 'usb': False}
PMU = {'machine': 'mac99,via=pmu', 'cpu': '7400', 'usb': False}
# name: (suite, path, options)
CASES = {
    'g3beige-10.0': ('quick', 'q10,g,q10,g', {}),
    'g3beige-10.0-bare-idle': ('long', 'q10,g,q10,g', {'load': 'idle', **BARE}),
    'g3beige-7.2': ('quick', 'q7,g,q7,g', {}),
    'g3beige-7.2-bare-idle': ('long', 'q7,g,q7,g', {'load': 'idle', **BARE}),
    'g3beige-own-wires': ('long', 'g,g10,g7,g', {}),
    'mac99-10.0': ('long', 'q10,g,q10,g', CUDA),
    'mac99-7.2': ('long', 'q7,g,q7,g', CUDA),
    'mac99-pmu-10.0': ('quick', 'q10,g,q10,g', PMU),
    'mac99-pmu-7.2': ('long', 'q7,g,q7,g', PMU),
    'mac99-10.0-10': ('long', 'q10' + ',g,q10' * 5, CUDA),
    'mac99-pmu-10.0-10': ('long', 'q10' + ',g,q10' * 5, PMU),
    'g3beige-10.0-10': ('long', 'q10' + ',g,q10' * 5, {}),
    'g3beige-7.2-10': ('long', 'q7' + ',g,q7' * 5, {}),
}


def main():
    if sys.argv[1:2] == ['--list']:
        for name, (suite, _path, _options) in CASES.items():
            if sys.argv[2:] in ([], [suite]):
                print(name)
        return
    parser = argparse.ArgumentParser()
    parser.add_argument('--walk')
    parser.add_argument('--machine', default='g3beige')
    parser.add_argument('--cpu')
    parser.add_argument('--load', default='busy')
    parser.add_argument('--bare', action='store_true')
    parser.add_argument('--no-usb', dest='usb', action='store_false')
    parser.add_argument('--lenient', action='append', default=[])
    parser.add_argument('cases', nargs='*')
    args = vars(parser.parse_args())
    path, names = args.pop('walk'), args.pop('cases')
    cases = [(path, lambda: walk(path, **args))] if path else \
        [(name, lambda row=CASES[name]: walk(row[1], **row[2])) for name in names or CASES]
    tap.run(cases, limit=int(stretch(1200)))


if __name__ == '__main__':
    main()

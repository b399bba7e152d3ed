#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the golden streams in golden.tar.xz: what QEMU sends for a pseries machine, without its
memory.

make-golden.py --qemu-7.2 "qemu-system-ppc64" --qemu-10.0 "PATH/qemu-system-ppc64 -L
PATH/share/qemu"
               [--kernel VMLINUX --initrd INITRD] [--keep DIR] [NAME...]

Each row of STREAMS is started with -S ("fresh"), or boots a Linux kernel to a shell and is stopped
while a loop runs ("linux"); "read-error" and "write-error" have a disk whose reads (writes) fail
with policy "stop", so that a request of the firmware's (of Linux) waits for its retry. `migrate
"exec:cat > FILE"` makes the stream.  strip() then takes the pages of RAM and the entries of the
hash page table out and leaves a stream that still is whole: RAM's list of blocks, every other
section, the description.  What stays is small and holds no memory of the guest but the NVRAM, the
device tree and the registers.  --keep DIR leaves the whole streams there.
"""
import argparse
import importlib.machinery
import importlib.util
import io
import json
import os
import shlex
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import kernel  # noqa: E402

GOLDEN = os.path.join(HERE, 'golden.tar.xz')
TOOL = os.path.join(HERE, '..', '..', 'scripts', 'analyze-migration')
loader = importlib.machinery.SourceFileLoader('analyze_migration', TOOL)
spec = importlib.util.spec_from_loader('analyze_migration', loader)
analyze = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
loader.exec_module(analyze)

QUIET = 'cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off'
DRIVES = '-drive if=scsi,file=null-co://,file.size=1M,format=raw -drive if=scsi,media=cdrom,index=2'
FAILING = (
    '-device spapr-vscsi -blockdev '
    '\'{"driver":"null-co","node-name":"n","size":67108864,"read-zeroes":true}\' '
    '-blockdev \'{"driver":"blkdebug","node-name":"b","image":"n","inject-error":'
    '[{"event":"none","iotype":"%s","errno":5,"once":false}]}\' -device scsi-hd,drive=b,%s=stop')
# name, QEMU, machine options, CPU, other options, state
STREAMS = [
    ('7.2-fresh', '7.2', 'pseries-7.2', 'power9_v2.0', '-device spapr-vscsi', 'fresh'),
    ('10.0-fresh', '10.0', 'pseries-7.2', 'power9_v2.0', '-device spapr-vscsi', 'fresh'),
    ('7.2-xics-p8', '7.2', 'pseries-6.2,ic-mode=xics', 'power8_v2.0', '-smp 2', 'fresh'),
    ('10.0-xics-p8', '10.0', 'pseries-6.2,ic-mode=xics', 'power8_v2.0', '-smp 2', 'fresh'),
    ('10.0-xive-8.2', '10.0', 'pseries-8.2,ic-mode=xive', 'power9_v2.0', '-smp 2', 'fresh'),
    ('10.0-compat', '10.0', 'pseries-8.2,max-cpu-compat=power8,' + QUIET, 'power9_v2.0', '',
     'fresh'),
    ('7.2-linux-radix', '7.2', 'pseries-7.2', 'power9_v2.0', '-smp 2', 'linux'),
    ('10.0-linux-radix', '10.0', 'pseries-7.2', 'power9_v2.0',
     '-smp 2 -device spapr-vscsi -drive if=none,id=d,file=null-co://,file.size=1M,format=raw '
     '-device scsi-hd,drive=d', 'linux'),
    ('7.2-linux-hash', '7.2', 'pseries-7.2,ic-mode=xics', 'power8_v2.0', '', 'linux'),
    ('10.0-linux-hash', '10.0', 'pseries-7.2', 'power8_v2.0', '', 'linux'),
    ('10.0-linux-xive-hash', '10.0', 'pseries-7.2,ic-mode=xive', 'power9_v2.0', '-smp 2',
     'linux-hash'),
    ('7.2-drives', '7.2', 'pseries-7.2', 'power9_v2.0', DRIVES, 'fresh'),
    ('10.0-drives', '10.0', 'pseries-7.2', 'power9_v2.0', DRIVES, 'fresh'),
    ('7.2-read-error', '7.2', 'pseries-7.2', 'power9_v2.0', FAILING % ('read', 'rerror'),
     'read-error'),
    ('10.0-read-error', '10.0', 'pseries-7.2', 'power9_v2.0', FAILING % ('read', 'rerror'),
     'read-error'),
    ('7.2-write-error', '7.2', 'pseries-7.2', 'power9_v2.0', FAILING % ('write', 'werror'),
     'write-error'),
    ('10.0-write-error', '10.0', 'pseries-7.2', 'power9_v2.0', FAILING % ('write', 'werror'),
     'write-error'),
    ('10.0-linux-compat', '10.0', 'pseries-7.2,max-cpu-compat=power8', 'power9_v2.0', '', 'linux'),
]


class Monitor:
    def __init__(self, path):
        for _ in range(200):
            if os.path.exists(path):
                break
            time.sleep(0.05)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile('rw')
        self.file.readline()
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        self.file.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.file.flush()
        while True:
            reply = json.loads(self.file.readline())
            if 'error' in reply:
                raise RuntimeError('%s: %s' % (name, reply['error']))
            if 'return' in reply:
                return reply['return']


def wait_for(console, text, seconds):
    seen, end = b'', time.monotonic() + seconds
    while text not in seen:
        console.settimeout(max(0.1, end - time.monotonic()))
        seen += console.recv(4096)


def wait_for_stop(monitor):
    while monitor.command('query-status')['status'] != 'io-error':
        time.sleep(0.2)


def capture(row, args, path):
    _, qemu, machine, cpu, options, state = row
    with tempfile.TemporaryDirectory() as work:
        command = shlex.split(getattr(args, 'qemu_' + qemu.replace('.', '_')))
        command += ['-nodefaults', '-display', 'none', '-M', machine, '-cpu', cpu, '-m', '512M',
                    '-qmp', 'unix:%s/qmp,server=on,wait=off' % work,
                    '-chardev', 'socket,id=c,path=%s/console,server=on,wait=off' % work,
                    '-serial', 'chardev:c'] + shlex.split(options)
        if state == 'fresh':
            command += ['-S']
        elif state == 'write-error':
            initrd = kernel.disk_initrd(work + '/initrd', args.initrd)
            command += [
                '-kernel',
                kernel.kernel(), '-initrd', initrd, '-append', 'rdinit=/disks console=hvc0'
            ]
        elif state != 'read-error':
            append = 'rdinit=/bin/sh console=hvc0' + (' disable_radix'
                                                      if state.endswith('hash') else '')
            command += ['-kernel', args.kernel, '-initrd', args.initrd, '-append', append]
        # pylint: disable=consider-using-with
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            monitor = Monitor(work + '/qmp')
            if state == 'read-error':
                wait_for_stop(monitor)
            elif state != 'fresh':
                console = socket.socket(socket.AF_UNIX)
                console.connect(work + '/console')
                wait_for(console, b'# ', 300)
                if state == 'write-error':
                    console.sendall(
                        b'sleep 5; dd if=/proc/kallsyms of=/dev/sda bs=8192 count=1 seek=5 '
                        b'oflag=direct\r'
                    )
                    wait_for_stop(monitor)
                else:
                    console.sendall(b'while :; do :; done & while :; do :; done &\r')
                    wait_for(console, b'# ', 60)
                    time.sleep(1)
                    monitor.command('stop')
            monitor.command('migrate-set-parameters', **{'max-bandwidth': 1 << 34})
            monitor.command('migrate', uri='exec:cat > ' + shlex.quote(path))
            while True:
                status = monitor.command('query-migrate').get('status')
                if status in ('completed', 'failed'):
                    break
                time.sleep(0.05)
            if status != 'completed':
                raise RuntimeError('the migration failed')
        finally:
            process.kill()
            process.wait()


def strip(data):
    """The stream without the pages of RAM and the entries of the hash page table."""
    stream = analyze.Stream(data)
    out, pieces = bytearray(data[:8]), []
    for section in stream.sections:
        for kind, at, start, end in section.parts:
            pieces.append((at, kind, section, start, end))
    pieces.sort(key=lambda piece: piece[0])
    out += data[8:pieces[0][0]]
    for at, kind, section, start, end in pieces:
        if section.name not in ('ram', 'spapr/htab') or kind == analyze.START:
            out += data[at:end]
        elif kind == analyze.END:
            out += data[at:start]
            if section.name == 'ram':
                out += struct.pack('>Q', analyze.RAM_EOS)
            elif data[start:start + 4] == b'\xff\xff\xff\xff':
                out += data[start:start + 4]
            else:
                out += bytes(12)
            out += data[end - 5:end]
    return bytes(out + data[stream.eof:])


def read_streams():
    if not os.path.exists(GOLDEN):
        return {}
    with tarfile.open(GOLDEN, 'r:xz') as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def write_streams(streams):
    with tarfile.open(GOLDEN, 'w:xz', preset=9) as archive:
        for name in sorted(streams):
            member = tarfile.TarInfo(name)
            member.size = len(streams[name])
            archive.addfile(member, io.BytesIO(streams[name]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--qemu-7.2', default='qemu-system-ppc64', dest='qemu_7_2')
    parser.add_argument('--qemu-10.0', required=True, dest='qemu_10_0')
    parser.add_argument('--kernel')
    parser.add_argument('--initrd')
    parser.add_argument('--keep', metavar='DIR')
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    for row in STREAMS:
        if args.names and row[0] not in args.names:
            continue
        if row[5] not in ('fresh', 'read-error') and not args.kernel:
            print('%s: needs --kernel and --initrd' % row[0])
            continue
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(args.keep or work, row[0])
            capture(row, args, path)
            with open(path, 'rb') as file:
                data = strip(file.read())
        analyze.Stream(data)
        print('%s: %d bytes' % (row[0], len(data)), flush=True)
        write_streams({**read_streams(), row[0]: data})


if __name__ == '__main__':
    main()

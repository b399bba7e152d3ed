#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The parameter x-wire: what it takes, and what a machine that has not started yet sends in each
dialect.

What QEMU sends for the same command line is in golden.tar.xz; test-golden compares the sections
byte by byte, this compares whole streams.
"""
import importlib.machinery
import importlib.util
import os
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
sys.dont_write_bytecode = True
import tap  # noqa: E402
from guest import Guest  # noqa: E402

loader = importlib.machinery.SourceFileLoader(
    'analyze_migration', os.path.join(HERE, '..', '..', 'scripts', 'analyze-migration'))
spec = importlib.util.spec_from_loader('analyze_migration', loader)
analyze = importlib.util.module_from_spec(spec)
loader.exec_module(analyze)

DIALECTS = ('own', 'qemu-10.0', 'qemu-7.2')


def machine(name='pseries-7.2', **options):
    """A machine that stands still."""
    return Guest(machine=name, memory='256M', qmp=True, extra=['-S'] + options.pop('extra', []),
                 **{'cpu': 'power9_v2.0', **options})


def saved(guest, wire, path):
    """The stream that guest sends to path."""
    guest.qmp.command('migrate-set-parameters', **{'x-wire': wire})
    guest.qmp.command('migrate', uri='file:' + path)
    while True:
        info = guest.qmp.command('query-migrate')
        if info['status'] in ('completed', 'failed'):
            break
        time.sleep(0.02)
    assert info['status'] == 'completed', str(info)
    with open(path, 'rb') as file:
        return analyze.Stream(file.read())


def parameters():
    with machine() as guest:
        qmp = guest.qmp
        assert qmp.command('query-migrate-parameters')['x-wire'] == 'own'
        for value in DIALECTS[::-1]:
            qmp.command('migrate-set-parameters', **{'x-wire': value})
            assert qmp.command('query-migrate-parameters')['x-wire'] == value
        for value in ('qemu-9.0', '', 1):
            reply = qmp.reply('migrate-set-parameters', **{'downtime-limit': 7, 'x-wire': value})
            assert 'x-wire' in reply['error']['desc'], str(reply)
            # All or nothing.
            assert qmp.command('query-migrate-parameters')['downtime-limit'] == 300
        assert qmp.hmp('migrate_set_parameter x-wire qemu-7.2') == ''
        assert 'qemu-10.0' in qmp.hmp('migrate_set_parameter x-wire sideways')
        assert 'x-wire: qemu-7.2' in qmp.hmp('info migrate_parameters')
        assert 'events: off' in qmp.hmp('info migrate_capabilities')
        assert qmp.hmp('migrate_cancel') == ''


def sections(stream):
    return [(section.name, section.instance, section.version) for section in stream.sections]


def golden(name):
    with tarfile.open(os.path.join(HERE, 'golden.tar.xz'), 'r:xz') as archive:
        return analyze.Stream(archive.extractfile(name).read())


def dialects():
    """The sections of a new machine and their order are those of the QEMU that is to load them."""
    for wire in ('qemu-7.2', 'qemu-10.0'):
        name = wire[5:] + '-xics-p8'
        with tempfile.TemporaryDirectory() as folder, \
                machine('pseries-6.2,ic-mode=xics', cpu='power8_v2.0', smp=2) as guest:
            ours, theirs = sections(saved(guest, wire, os.path.join(folder,
                                                                    wire))), sections(golden(name))
            assert ours == theirs, f'{wire}:\n{ours}\n{theirs}'


def main():
    tap.run([('parameters', parameters), ('dialects', dialects)], limit=120)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Splits the golden streams for the unit test test-golden: split-golden.py OUTPUT...

The file golden-NAME.bin gets a line "MACHINE-OPTIONS CPU PROCESSORS DIALECT", then each section of
the stream that is one device's: a line "NAME INSTANCE VERSION SIZE" and its bytes.  The file
golden-NAME.stream gets the same first line and the whole stream.
"""
import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location('make_golden', os.path.join(HERE, 'make-golden.py'))
make_golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_golden)
analyze = make_golden.analyze


def main():
    streams, rows = make_golden.read_streams(), {row[0]: row for row in make_golden.STREAMS}
    for path in sys.argv[1:]:
        name, kind = os.path.splitext(os.path.basename(path)[len('golden-'):])
        _, qemu, machine, cpu, options, _ = rows[name]
        data = streams[name]
        smp = options.split('-smp ')[1].split()[0] if '-smp ' in options else '1'
        with open(path, 'wb') as out:
            out.write(('%s %s %s qemu-%s\n' % (machine, cpu, smp, qemu)).encode())
            if kind == '.stream':
                out.write(data)
                continue
            for section in analyze.Stream(data).sections:
                kind, _, start, end = section.parts[0]
                if kind == analyze.FULL:
                    body = data[start:end - 5]
                    out.write(('%s %d %d %d\n' % (section.name, section.instance, section.version,
                                                  len(body))).encode())
                    out.write(body)


if __name__ == '__main__':
    main()

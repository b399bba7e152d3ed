# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the VM state of an internal snapshot out of a qcow2 image, by the format's own
documentation (docs/interop/qcow2 of QEMU): independent of the emulators under test."""

import struct

OFFSET = 0x00fffffffffffe00
COMPRESSED = 1 << 62


class Image:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        magic, self.version, self.bits, self.size = self.data[:4], self.u32(4), self.u32(
            20), self.u64(24)
        assert magic == b"QFI\xfb" and self.version in (2, 3), f"{path} is no qcow2 image"
        self.cluster = 1 << self.bits
        self.snapshots = {}
        at = self.u64(64)
        for _ in range(self.u32(60)):
            l1_offset, l1_size, id_size, name_size = struct.unpack_from(">QIHH", self.data, at)
            state, extra = struct.unpack_from(">II", self.data, at + 32)
            disk = self.size
            if extra >= 8:
                state = self.u64(at + 40)
            if extra >= 16:
                disk = self.u64(at + 48)
            name = self.data[at + 40 + extra + id_size:][:name_size].decode()
            self.snapshots[name] = (l1_offset, l1_size, state, disk)
            at += (40 + extra + id_size + name_size + 7) & ~7

    def u32(self, at):
        return struct.unpack_from(">I", self.data, at)[0]

    def u64(self, at):
        return struct.unpack_from(">Q", self.data, at)[0]

    def vmstate(self, name):
        """The whole stream."""
        l1_offset, l1_size, size, disk = self.snapshots[name]
        per_table = self.cluster // 8
        table_bytes = per_table * self.cluster
        first = -(-disk // table_bytes)
        pieces = []
        for index in range(first, first + -(-size // table_bytes)):
            table = self.u64(l1_offset + 8 * index) & OFFSET if index < l1_size else 0
            entries = struct.unpack_from(f">{per_table}Q", self.data,
                                         table) if table else [0] * per_table
            for entry in entries:
                assert not entry & COMPRESSED, "a compressed cluster in VM state"
                place = entry & OFFSET
                pieces.append(self.data[place:place + self.cluster] if place and not entry & 1
                              else bytes(self.cluster))
                if len(pieces) * self.cluster >= size:
                    break
        return b"".join(pieces)[:size]

# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an empty HFS+ volume (Apple's Technical Note 1150), as no program of Debian's does."""

import struct

BLOCK = 4096
EPOCH = 3661200000    # some day of 2020, in seconds since 1904


def fork(start, blocks):
    return struct.pack(">QII8x", blocks * BLOCK, BLOCK, blocks)[:16] + struct.pack(
        ">II", start, blocks) + bytes(56)


def node(kind, height, records, size=BLOCK):
    """A B-tree node: its records, and their offsets from the end."""
    body = bytearray(size)
    struct.pack_into(">IIbBHH", body, 0, 0, 0, kind, height, len(records), 0)
    at = 14
    for number, record in enumerate(records):
        body[at:at + len(record)] = record
        struct.pack_into(">H", body, size - 2 - 2 * number, at)
        at += len(record)
    struct.pack_into(">H", body, size - 2 - 2 * len(records), at)
    return bytes(body)


def tree(blocks, leaf, records, max_key, attributes, compare):
    """A B-tree file of one leaf, or none."""
    used = 2 if leaf else 1
    header = struct.pack(">HIIIIHHIIHIBBI64x", 1 if leaf else 0, 1 if leaf else 0, records,
                         1 if leaf else 0, 1 if leaf else 0, BLOCK, max_key, blocks, blocks - used,
                         0, blocks * BLOCK, 0, compare, attributes)
    bitmap = bytearray(BLOCK - 14 - len(header) - 128 - 8)
    bitmap[0] = 0xC0 if leaf else 0x80
    return (node(1, 0, [header, bytes(128), bytes(bitmap)]) + leaf).ljust(blocks * BLOCK, b"\0")


def text(name):
    return struct.pack(">H", len(name)) + name.encode("utf-16-be")


def key(parent, name):
    body = struct.pack(">I", parent) + text(name)
    return struct.pack(">H", len(body)) + body


def make(path, size, name="Disk"):
    total = size // BLOCK
    extents, catalog = 16, 128
    bitmap_blocks = (total // 8 + BLOCK - 1) // BLOCK
    at = [1, 1 + bitmap_blocks, 1 + bitmap_blocks + extents]
    used = at[2] + catalog
    folder = struct.pack(">HHII5I", 1, 0, 0, 2, *[EPOCH] * 5) + struct.pack(
        ">IIBBHI", 0, 0, 0, 0, 0o40755, 0)
    folder = folder + bytes(32) + struct.pack(">II", 0, 0)
    thread = struct.pack(">HHI", 3, 0, 1) + text(name)
    leaf = node(-1, 1, [key(1, name) + folder, key(2, "") + thread])
    bitmap = bytearray(bitmap_blocks * BLOCK)
    for block in list(range(used)) + [total - 1]:
        bitmap[block // 8] |= 0x80 >> block % 8
    header = struct.pack(">HHI4sIIIIIIIII", 0x482B, 4, 0x100, b"10.0", 0, EPOCH, EPOCH, 0, EPOCH, 0,
                         0, BLOCK, total)
    header += struct.pack(">IIIIIIQ", total - used - 1, used, BLOCK, BLOCK, 16, 0, 1) + bytes(32)
    header += fork(at[0], bitmap_blocks) + fork(at[1], extents) + fork(at[2], catalog) + fork(
        0, 0) + fork(0, 0)
    with open(path, "wb") as file:
        file.truncate(size)
        for offset, data in ((1024, header), (at[0] * BLOCK, bytes(bitmap)),
                             (at[1] * BLOCK, tree(extents, b"", 0, 10, 2,
                                                  0)), (at[2] * BLOCK,
                                                        tree(catalog, leaf, 2, 516, 6,
                                                             0xCF)), (size - 1024, header)):
            file.seek(offset)
            file.write(data)

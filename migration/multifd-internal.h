/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multifd's packets, and pages packed into them.
 */
#ifndef MIGRATION_MULTIFD_INTERNAL_H
#define MIGRATION_MULTIFD_INTERNAL_H

#include "migration/multifd.h"
#include "migration/ram-region.h"

#define MULTIFD_VERSION       1u
#define MULTIFD_GREETING_SIZE 64u   /* magic, version, UUID, channel's number, unused */
#define MULTIFD_PACKET_BYTES  (512u << 10)
#define MULTIFD_PACKET_PAGES  (MULTIFD_PACKET_BYTES >> RAM_PAGE_BITS)
#define MULTIFD_BLOCK_NAME    256u

/* A packet's head. */
enum {
    MULTIFD_AT_MAGIC = 0,
    MULTIFD_AT_VERSION = 4,
    MULTIFD_AT_FLAGS = 8,
    MULTIFD_AT_PAGES_ALLOC = 12,
    MULTIFD_AT_NORMAL = 16,   /* pages that follow */
    MULTIFD_AT_SIZE = 20,     /* bytes that follow */
    MULTIFD_AT_NUMBER = 24,   /* 8 bytes */
    MULTIFD_AT_ZERO = 32,     /* pages of zeros, whose offsets come after the others' */
    MULTIFD_AT_BLOCK = 64,
    MULTIFD_AT_OFFSETS = MULTIFD_AT_BLOCK + MULTIFD_BLOCK_NAME,
    MULTIFD_HEAD_SIZE = MULTIFD_AT_OFFSETS + 8 * MULTIFD_PACKET_PAGES,
};

#define MULTIFD_FLAG_SYNC             1u
#define MULTIFD_FLAG_COMPRESSION_MASK 0x3eu
uint32_t multifd_compression_flag(MultifdCompression compression);

/* One stream of compression a channel. */
typedef struct MultifdPacker MultifdPacker;
MultifdPacker *multifd_packer_new(MultifdCompression compression, int level, GError **errp);
/* *out is valid until the next call. */
bool multifd_pack(MultifdPacker *packer, const uint8_t *block, const uint64_t *offsets,
                  unsigned count, const uint8_t **out, size_t *size, GError **errp);
void multifd_packer_free(MultifdPacker *packer);

typedef struct MultifdUnpacker MultifdUnpacker;
MultifdUnpacker *multifd_unpacker_new(MultifdCompression compression, GError **errp);
bool multifd_unpack(MultifdUnpacker *unpacker, const uint8_t *data, size_t size, uint8_t *block,
                    const uint64_t *offsets, unsigned count, GError **errp);
void multifd_unpacker_free(MultifdUnpacker *unpacker);

#endif

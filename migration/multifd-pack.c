/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compression on multifd channels: zlib and zstd.  A channel's packets are one stream, flushed at
 * the end of each packet.
 */
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "multifd-internal.h"
#include "util/error.h"

struct MultifdPacker {
    MultifdCompression compression;
    z_stream zlib;
    ZSTD_CCtx *zstd;
    uint8_t *out;
    size_t capacity;
    uint8_t page[RAM_PAGE_SIZE];   /* a copy: the guest may write while it is read more than once */
};

struct MultifdUnpacker {
    MultifdCompression compression;
    z_stream zlib;
    ZSTD_DCtx *zstd;
};

uint32_t multifd_compression_flag(MultifdCompression compression)
{
    static const uint32_t flags[] = {
        [MULTIFD_COMPRESSION_NONE] = 0 << 1,
        [MULTIFD_COMPRESSION_ZLIB] = 1 << 1,
        [MULTIFD_COMPRESSION_ZSTD] = 2 << 1,
    };

    return flags[compression];
}

static bool fails(GError **errp, const char *what, const char *why)
{
    error_set(errp, GOSSAMER_ERROR_STREAM, "%s: %s", what, why ? why : "unknown error");
    return false;
}

/* ---- Packing ---- */

MultifdPacker *multifd_packer_new(MultifdCompression compression, int level, GError **errp)
{
    MultifdPacker *packer = g_new0(MultifdPacker, 1);
    bool ok;

    packer->compression = compression;
    packer->capacity = 2 * MULTIFD_PACKET_BYTES;
    packer->out = g_malloc(packer->capacity);
    if (compression == MULTIFD_COMPRESSION_ZLIB) {
        ok = deflateInit(&packer->zlib, level) == Z_OK || fails(errp, "zlib", packer->zlib.msg);
    } else {
        packer->zstd = ZSTD_createCCtx();
        ok =
            (packer->zstd &&
             !ZSTD_isError(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, level))) ||
            fails(errp, "zstd", "cannot begin");
    }
    if (!ok) {
        multifd_packer_free(packer);
        return NULL;
    }
    return packer;
}

static bool pack_zlib(MultifdPacker *packer, bool last, size_t *used, GError **errp)
{
    z_stream *z = &packer->zlib;
    int result;

    z->next_in = packer->page;
    z->avail_in = RAM_PAGE_SIZE;
    z->next_out = packer->out + *used;
    z->avail_out = (uInt)(packer->capacity - *used);
    do {
        result = deflate(z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    } while (result == Z_OK && z->avail_in && z->avail_out);
    if (result != Z_OK || z->avail_in || !z->avail_out) {
        return fails(errp, "zlib", z->msg);
    }
    *used = packer->capacity - z->avail_out;
    return true;
}

static bool pack_zstd(MultifdPacker *packer, bool last, size_t *used, GError **errp)
{
    ZSTD_inBuffer in = {packer->page, RAM_PAGE_SIZE, 0};
    ZSTD_outBuffer out = {packer->out, packer->capacity, *used};
    size_t result;

    do {
        result =
            ZSTD_compressStream2(packer->zstd, &out, &in, last ? ZSTD_e_flush : ZSTD_e_continue);
    } while (!ZSTD_isError(result) && (in.pos < in.size || (last && result)) && out.pos < out.size);
    if (ZSTD_isError(result) || in.pos < in.size || (last && result)) {
        return fails(errp, "zstd", ZSTD_isError(result) ? ZSTD_getErrorName(result) : "no room");
    }
    *used = out.pos;
    return true;
}

bool multifd_pack(MultifdPacker *packer, const uint8_t *block, const uint64_t *offsets,
                  unsigned count, const uint8_t **out, size_t *size, GError **errp)
{
    size_t used = 0;

    for (unsigned i = 0; i < count; i++) {
        bool last = i == count - 1;
        memcpy(packer->page, block + offsets[i], RAM_PAGE_SIZE);
        if (!(packer->compression == MULTIFD_COMPRESSION_ZLIB
                  ? pack_zlib(packer, last, &used, errp)
                  : pack_zstd(packer, last, &used, errp))) {
            return false;
        }
    }
    *out = packer->out;
    *size = used;
    return true;
}

void multifd_packer_free(MultifdPacker *packer)
{
    if (!packer) {
        return;
    }
    if (packer->compression == MULTIFD_COMPRESSION_ZLIB) {
        deflateEnd(&packer->zlib);
    }
    ZSTD_freeCCtx(packer->zstd);
    g_free(packer->out);
    g_free(packer);
}

/* ---- Unpacking ---- */

MultifdUnpacker *multifd_unpacker_new(MultifdCompression compression, GError **errp)
{
    MultifdUnpacker *unpacker = g_new0(MultifdUnpacker, 1);
    bool ok;

    unpacker->compression = compression;
    if (compression == MULTIFD_COMPRESSION_ZLIB) {
        ok = inflateInit(&unpacker->zlib) == Z_OK || fails(errp, "zlib", unpacker->zlib.msg);
    } else {
        unpacker->zstd = ZSTD_createDCtx();
        ok = unpacker->zstd || fails(errp, "zstd", "cannot begin");
    }
    if (!ok) {
        multifd_unpacker_free(unpacker);
        return NULL;
    }
    return unpacker;
}

static bool unpack_zlib(z_stream *z, uint8_t *page, GError **errp)
{
    int result = Z_OK;

    z->next_out = page;
    z->avail_out = RAM_PAGE_SIZE;
    while (z->avail_out && result == Z_OK) {
        result = inflate(z, Z_SYNC_FLUSH);
    }
    return !z->avail_out || fails(errp, "zlib: a page cannot be unpacked", z->msg);
}

static bool unpack_zstd(ZSTD_DCtx *zstd, ZSTD_inBuffer *in, uint8_t *page, GError **errp)
{
    ZSTD_outBuffer out = {page, RAM_PAGE_SIZE, 0};
    size_t result = 1, before;

    do {
        before = in->pos + out.pos;
        result = ZSTD_decompressStream(zstd, &out, in);
    } while (!ZSTD_isError(result) && out.pos < out.size && in->pos + out.pos > before);
    return out.pos == out.size ||
           fails(errp, "zstd: a page cannot be unpacked",
                 ZSTD_isError(result) ? ZSTD_getErrorName(result) : "too little data");
}

bool multifd_unpack(MultifdUnpacker *unpacker, const uint8_t *data, size_t size, uint8_t *block,
                    const uint64_t *offsets, unsigned count, GError **errp)
{
    ZSTD_inBuffer in = {data, size, 0};
    bool zlib = unpacker->compression == MULTIFD_COMPRESSION_ZLIB, ok = true;

    unpacker->zlib.next_in = (Bytef *)data;
    unpacker->zlib.avail_in = (uInt)size;
    for (unsigned i = 0; ok && i < count; i++) {
        uint8_t *page = block + offsets[i];
        ok = zlib ? unpack_zlib(&unpacker->zlib, page, errp)
                  : unpack_zstd(unpacker->zstd, &in, page, errp);
    }
    /* The flush's last bytes carry no page. */
    if (ok && zlib && unpacker->zlib.avail_in) {
        uint8_t rest;
        unpacker->zlib.next_out = &rest;
        unpacker->zlib.avail_out = 1;
        inflate(&unpacker->zlib, Z_SYNC_FLUSH);
        ok = (unpacker->zlib.avail_out && !unpacker->zlib.avail_in) ||
             fails(errp, "zlib", "too much data");
    }
    return ok;
}

void multifd_unpacker_free(MultifdUnpacker *unpacker)
{
    if (!unpacker) {
        return;
    }
    if (unpacker->compression == MULTIFD_COMPRESSION_ZLIB) {
        inflateEnd(&unpacker->zlib);
    }
    ZSTD_freeDCtx(unpacker->zstd);
    g_free(unpacker);
}

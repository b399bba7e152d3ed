/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2: compressed clusters are read (raw deflate or Zstandard); they are never written. */
#include <zlib.h>
#include <zstd.h>
#include "qcow2.h"

#define DEFLATE_WINDOW (-12)

static int inflate_zlib(const void *in, size_t in_size, void *out, size_t out_size)
{
    z_stream stream = {.next_in = (void *)in,
                       .avail_in = (uInt)in_size,
                       .next_out = out,
                       .avail_out = (uInt)out_size};
    int ret;

    if (inflateInit2(&stream, DEFLATE_WINDOW) != Z_OK) {
        return -ENOMEM;
    }
    ret = inflate(&stream, Z_FINISH);
    /* The input's last sector may hold more than the stream. */
    ret = (ret == Z_STREAM_END || ret == Z_BUF_ERROR) && stream.avail_out == 0 ? 0 : -EIO;
    inflateEnd(&stream);
    return ret;
}

static int inflate_zstd(const void *in, size_t in_size, void *out, size_t out_size)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer from = {in, in_size, 0};
    ZSTD_outBuffer to = {out, out_size, 0};
    int ret = stream ? 0 : -ENOMEM;

    while (ret == 0 && to.pos < to.size) {
        size_t in_before = from.pos, out_before = to.pos;
        size_t left = ZSTD_decompressStream(stream, &to, &from);

        if (ZSTD_isError(left) || (from.pos == in_before && to.pos == out_before) ||
            (left == 0 && to.pos < to.size)) {
            ret = -EIO;
        }
    }
    ZSTD_freeDStream(stream);
    return ret;
}

int qcow2_inflate(Qcow2State *s, const void *in, size_t in_size, void *out)
{
    return s->compression ? inflate_zstd(in, in_size, out, s->cluster_size)
                          : inflate_zlib(in, in_size, out, s->cluster_size);
}

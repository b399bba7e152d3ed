/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XBZRLE's encoding and cache.
 */
#include "migration/xbzrle.h"

#include <string.h>
#include "util/error.h"

/* ---- Encoding ---- */

/* Bytes that are the same from `at` on. */
static size_t equal_run(const uint8_t *a, const uint8_t *b, size_t at, size_t size)
{
    size_t start = at;
    uint64_t x, y;

    while (at + 8 <= size) {
        memcpy(&x, a + at, 8);
        memcpy(&y, b + at, 8);
        if (x != y) {
            return at - start + (size_t)__builtin_ctzll(GUINT64_TO_LE(x ^ y)) / 8;
        }
        at += 8;
    }
    while (at < size && a[at] == b[at]) {
        at++;
    }
    return at - start;
}

static size_t different_run(const uint8_t *a, const uint8_t *b, size_t at, size_t size)
{
    size_t start = at;

    while (at < size && a[at] != b[at]) {
        at++;
    }
    return at - start;
}

static size_t put_count(uint8_t *out, size_t value)
{
    if (value < 0x80) {
        out[0] = (uint8_t)value;
        return 1;
    }
    out[0] = (uint8_t)(value | 0x80);
    out[1] = (uint8_t)(value >> 7);
    return 2;
}

int xbzrle_encode(const uint8_t *old, const uint8_t *new, size_t size, uint8_t *out, size_t room)
{
    size_t at = 0, used = 0;

    g_assert(size < 1u << 14);
    for (;;) {
        size_t same = equal_run(old, new, at, size);
        at += same;
        if (at == size) {
            return (int)used;
        }
        size_t changed = different_run(old, new, at, size);
        if (used + 4 + changed > room) {
            return -1;
        }
        used += put_count(out + used, same);
        used += put_count(out + used, changed);
        memcpy(out + used, new + at, changed);
        used += changed;
        at += changed;
    }
}

static bool get_count(const uint8_t **data, const uint8_t *end, size_t *value)
{
    if (*data == end) {
        return false;
    }
    *value = *(*data)++;
    if (*value & 0x80) {
        if (*data == end || **data & 0x80) {
            return false;
        }
        *value = (*value & 0x7f) | (size_t)*(*data)++ << 7;
    }
    return true;
}

bool xbzrle_decode(const uint8_t *data, size_t length, uint8_t *page, size_t size)
{
    const uint8_t *end = data + length;
    size_t at = 0, count;

    while (data < end) {
        if (!get_count(&data, end, &count) || count > size - at) {
            return false;
        }
        at += count;
        if (!get_count(&data, end, &count) || !count || count > size - at ||
            count > (size_t)(end - data)) {
            return false;
        }
        memcpy(page + at, data, count);
        data += count;
        at += count;
    }
    return true;
}

/* ---- Cache ---- */

typedef struct CacheLine {
    uint64_t key, used;
    uint8_t *data;        /* NULL: free */
} CacheLine;

struct XBZRLECache {
    CacheLine *lines;
    uint64_t count;       /* a power of two */
    size_t page_size;
};

#define KEEP_TURNS 2      /* what was used so lately is not thrown out */

XBZRLECache *xbzrle_cache_new(uint64_t bytes, size_t page_size, GError **errp)
{
    XBZRLECache *cache = g_new0(XBZRLECache, 1);

    cache->count = MAX(bytes / page_size, 1);
    cache->page_size = page_size;
    cache->lines = g_try_new0(CacheLine, cache->count);
    if (!cache->lines) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "no memory for an XBZRLE cache of %" G_GUINT64_FORMAT " bytes", bytes);
        g_free(cache);
        return NULL;
    }
    return cache;
}

void xbzrle_cache_free(XBZRLECache *cache)
{
    for (uint64_t i = 0; cache && i < cache->count; i++) {
        g_free(cache->lines[i].data);
    }
    if (cache) {
        g_free(cache->lines);
        g_free(cache);
    }
}

static CacheLine *line_of(XBZRLECache *cache, uint64_t key)
{
    return &cache->lines[key & (cache->count - 1)];
}

uint8_t *xbzrle_cache_find(XBZRLECache *cache, uint64_t key, uint64_t now)
{
    CacheLine *line = line_of(cache, key);

    if (!line->data || line->key != key) {
        return NULL;
    }
    line->used = now;
    return line->data;
}

uint8_t *xbzrle_cache_insert(XBZRLECache *cache, uint64_t key, const uint8_t *page, uint64_t now)
{
    CacheLine *line = line_of(cache, key);

    if (line->data && line->key != key && line->used + KEEP_TURNS > now) {
        return NULL;
    }
    if (!line->data) {
        line->data = g_try_malloc(cache->page_size);
        if (!line->data) {
            return NULL;
        }
    }
    memcpy(line->data, page, cache->page_size);
    line->key = key;
    line->used = now;
    return line->data;
}

void xbzrle_cache_drop(XBZRLECache *cache, uint64_t key)
{
    CacheLine *line = line_of(cache, key);

    if (line->data && line->key == key) {
        g_clear_pointer(&line->data, g_free);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte order: swaps, and loads and stores at any alignment of 1 to 8 bytes in big-endian (be),
 * little-endian (le) and host (he) order.  Letters: b 8, w 16, l 32, q 64 bits; ldu.. zero extends,
 * lds.. sign extends, as QEMU's developers know them.
 */
#ifndef UTIL_BSWAP_H
#define UTIL_BSWAP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <glib.h>

static inline uint16_t bswap16(uint16_t v)
{
    return __builtin_bswap16(v);
}

static inline uint32_t bswap32(uint32_t v)
{
    return __builtin_bswap32(v);
}

static inline uint64_t bswap64(uint64_t v)
{
    return __builtin_bswap64(v);
}

#if G_BYTE_ORDER == G_BIG_ENDIAN
#define HOST_BIG_ENDIAN 1
#else
#define HOST_BIG_ENDIAN 0
#endif

static inline uint16_t cpu_to_be16(uint16_t v)
{
    return HOST_BIG_ENDIAN ? v : bswap16(v);
}

static inline uint16_t be16_to_cpu(uint16_t v)
{
    return cpu_to_be16(v);
}

static inline uint16_t cpu_to_le16(uint16_t v)
{
    return !HOST_BIG_ENDIAN ? v : bswap16(v);
}

static inline uint16_t le16_to_cpu(uint16_t v)
{
    return cpu_to_le16(v);
}

static inline uint32_t cpu_to_be32(uint32_t v)
{
    return HOST_BIG_ENDIAN ? v : bswap32(v);
}

static inline uint32_t be32_to_cpu(uint32_t v)
{
    return cpu_to_be32(v);
}

static inline uint32_t cpu_to_le32(uint32_t v)
{
    return !HOST_BIG_ENDIAN ? v : bswap32(v);
}

static inline uint32_t le32_to_cpu(uint32_t v)
{
    return cpu_to_le32(v);
}

static inline uint64_t cpu_to_be64(uint64_t v)
{
    return HOST_BIG_ENDIAN ? v : bswap64(v);
}

static inline uint64_t be64_to_cpu(uint64_t v)
{
    return cpu_to_be64(v);
}

static inline uint64_t cpu_to_le64(uint64_t v)
{
    return !HOST_BIG_ENDIAN ? v : bswap64(v);
}

static inline uint64_t le64_to_cpu(uint64_t v)
{
    return cpu_to_le64(v);
}

static inline uint8_t ldub_p(const void *p)
{
    return *(const uint8_t *)p;
}

static inline int8_t ldsb_p(const void *p)
{
    return *(const int8_t *)p;
}

static inline void stb_p(void *p, uint8_t v)
{
    *(uint8_t *)p = v;
}

static inline uint16_t lduw_he_p(const void *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void stw_he_p(void *p, uint16_t v)
{
    v = v;
    memcpy(p, &v, sizeof(v));
}

static inline int16_t ldsw_he_p(const void *p)
{
    return (int16_t)lduw_he_p(p);
}

static inline uint16_t lduw_be_p(const void *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return be16_to_cpu(v);
}

static inline void stw_be_p(void *p, uint16_t v)
{
    v = cpu_to_be16(v);
    memcpy(p, &v, sizeof(v));
}

static inline int16_t ldsw_be_p(const void *p)
{
    return (int16_t)lduw_be_p(p);
}

static inline uint16_t lduw_le_p(const void *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return le16_to_cpu(v);
}

static inline void stw_le_p(void *p, uint16_t v)
{
    v = cpu_to_le16(v);
    memcpy(p, &v, sizeof(v));
}

static inline int16_t ldsw_le_p(const void *p)
{
    return (int16_t)lduw_le_p(p);
}

static inline uint32_t ldl_he_p(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void stl_he_p(void *p, uint32_t v)
{
    v = v;
    memcpy(p, &v, sizeof(v));
}

static inline uint32_t ldl_be_p(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return be32_to_cpu(v);
}

static inline void stl_be_p(void *p, uint32_t v)
{
    v = cpu_to_be32(v);
    memcpy(p, &v, sizeof(v));
}

static inline uint32_t ldl_le_p(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32_to_cpu(v);
}

static inline void stl_le_p(void *p, uint32_t v)
{
    v = cpu_to_le32(v);
    memcpy(p, &v, sizeof(v));
}

static inline uint64_t ldq_he_p(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void stq_he_p(void *p, uint64_t v)
{
    v = v;
    memcpy(p, &v, sizeof(v));
}

static inline uint64_t ldq_be_p(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return be64_to_cpu(v);
}

static inline void stq_be_p(void *p, uint64_t v)
{
    v = cpu_to_be64(v);
    memcpy(p, &v, sizeof(v));
}

static inline uint64_t ldq_le_p(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64_to_cpu(v);
}

static inline void stq_le_p(void *p, uint64_t v)
{
    v = cpu_to_le64(v);
    memcpy(p, &v, sizeof(v));
}

/* `size` bytes, 1 to 8, as an unsigned number. */
static inline uint64_t ldn_be_p(const void *p, unsigned size)
{
    const uint8_t *bytes = p;
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v = v << 8 | bytes[i];
    }
    return v;
}

static inline uint64_t ldn_le_p(const void *p, unsigned size)
{
    const uint8_t *bytes = p;
    uint64_t v = 0;

    for (unsigned i = size; i-- > 0;) {
        v = v << 8 | bytes[i];
    }
    return v;
}

static inline uint64_t ldn_he_p(const void *p, unsigned size)
{
    return HOST_BIG_ENDIAN ? ldn_be_p(p, size) : ldn_le_p(p, size);
}

static inline void stn_be_p(void *p, unsigned size, uint64_t v)
{
    uint8_t *bytes = p;

    for (unsigned i = size; i-- > 0; v >>= 8) {
        bytes[i] = (uint8_t)v;
    }
}

static inline void stn_le_p(void *p, unsigned size, uint64_t v)
{
    uint8_t *bytes = p;

    for (unsigned i = 0; i < size; i++, v >>= 8) {
        bytes[i] = (uint8_t)v;
    }
}

static inline void stn_he_p(void *p, unsigned size, uint64_t v)
{
    if (HOST_BIG_ENDIAN) {
        stn_be_p(p, size, v);
    } else {
        stn_le_p(p, size, v);
    }
}

/* Reverses the low `size` bytes (1, 2, 4, 8) of v. */
static inline uint64_t bswap_n(uint64_t v, unsigned size)
{
    return bswap64(v) >> (64 - 8 * size);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the vector facility: the SHA-2 sigma functions (FIPS 180-4) and sums of polynomial
 * products (Power ISA 3.0B book I 6.11.4, 6.20.2).
 */
#include "helper-vec.h"

const Sigma ppc_sigma[2][4] = {
    {{7, 18, 3, true}, {17, 19, 10, true}, {2, 13, 22, false}, {6, 11, 25, false}},
    {{1, 8, 7, true}, {19, 61, 6, true}, {28, 34, 39, false}, {14, 18, 41, false}},
};

static uint32_t right32(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static uint64_t right64(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static void helper_vshasigmaw(V128 *d, const V128 *a, uint32_t st_six)
{
    V128 out;

    for (unsigned i = 0; i < 4; i++) {
        const Sigma *s = &ppc_sigma[0][(st_six >> 4) << 1 | (st_six >> (3 - i) & 1)];
        uint32_t x = VEC_W(*a, i);
        VEC_W(out, i) = right32(x, s->first) ^ right32(x, s->second) ^
                        (s->shift ? x >> s->third : right32(x, s->third));
    }
    *d = out;
}

/* SIX bits 0 and 2 choose. */
static void helper_vshasigmad(V128 *d, const V128 *a, uint32_t st_six)
{
    V128 out;

    for (unsigned i = 0; i < 2; i++) {
        const Sigma *s = &ppc_sigma[1][(st_six >> 4) << 1 | (st_six >> (3 - 2 * i) & 1)];
        uint64_t x = VEC_D(*a, i);
        VEC_D(out, i) = right64(x, s->first) ^ right64(x, s->second) ^
                        (s->shift ? x >> s->third : right64(x, s->third));
    }
    *d = out;
}

static uint64_t element(const V128 *v, unsigned lane, unsigned i)
{
    switch (lane) {
    case 0: return v->b[i];
    case 1: return v->h[i];
    default: return v->w[i];
    }
}

static uint64_t carryless(uint64_t x, uint64_t y)
{
    uint64_t product = 0;

    for (; y; y >>= 1, x <<= 1) {
        product ^= y & 1 ? x : 0;
    }
    return product;
}

/* Both products of neighbours go to the element that the neighbours make up. */
static void helper_vpmsum(V128 *d, const V128 *a, const V128 *b, uint32_t lane)
{
    V128 out = {{0}};

    for (unsigned i = 0; i < 16u >> lane; i++) {
        uint64_t product = carryless(element(a, lane, i), element(b, lane, i));
        switch (lane) {
        case 0: out.h[i / 2] ^= (uint16_t)product; break;
        case 1: out.w[i / 2] ^= (uint32_t)product; break;
        default: out.d[i / 2] ^= product; break;
        }
    }
    *d = out;
}

#define PURE (IRH_PURE | IRH_KEEPS_TLB)
PPC_HELPER_ROW(vshasigmaw, IR_V128, PURE, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vshasigmad, IR_V128, PURE, IRA_V128, IRA_I32);
PPC_HELPER_ROW(vpmsum, IR_V128, PURE, IRA_V128, IRA_V128, IRA_I32);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the vector facility: accesses with length (Power ISA 3.0B book I 7.6.3) and the vector
 * status and control register (6.3).
 */
#include <string.h>
#include "accel/tcg/access.h"
#include "helper-vec.h"

/* ---- Loads and stores with length ---- */

static unsigned access_length(uint64_t rb)
{
    return MIN(rb >> 56, 16);
}

static uint64_t byte_address(const CPUPPCState *env, uint64_t ea, unsigned offset)
{
    ea += offset;
    return env->hflags & HF_SF ? ea : (uint32_t)ea;
}

static bool within_page(uint64_t ea, unsigned n)
{
    return (ea & ~TCG_PAGE_MASK) + n <= TCG_PAGE_SIZE;
}

/* The bytes in memory order; those beyond the length are zero. */
static void helper_lxvl(V128 *result, CPUPPCState *env, uint64_t ea, uint64_t rb, uint32_t how)
{
    unsigned n = access_length(rb), idx = how >> VEC_LENGTH_IDX_SHIFT;
    uint8_t bytes[16] = {0};
    V128 out;

    if (n) {
        const void *host =
            within_page(ea, n) ? tcg_probe_access(env, ea, n, TCG_ACCESS_LOAD, idx) : NULL;
        if (host) {
            memcpy(bytes, host, n);
        } else {
            for (unsigned i = 0; i < n; i++) {
                bytes[i] = (uint8_t)tcg_load(env, byte_address(env, ea, i), tcg_oi(MO_8, idx));
            }
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        VEC_B(out, how & VEC_LENGTH_LE ? 15 - i : i) = bytes[i];
    }
    *result = out;
}

static void helper_stxvl(CPUPPCState *env, uint64_t ea, uint64_t rb, uint32_t how,
                         const V128 *value)
{
    unsigned n = access_length(rb), idx = how >> VEC_LENGTH_IDX_SHIFT;
    uint8_t bytes[16];

    if (!n) {
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        bytes[i] = VEC_B(*value, how & VEC_LENGTH_LE ? 15 - i : i);
    }
    void *host = NULL;
    if (within_page(ea, n)) {
        host = tcg_probe_access(env, ea, n, TCG_ACCESS_STORE, idx);
    } else {
        tcg_probe_range(env, ea, n, TCG_ACCESS_STORE, idx);
    }
    if (host) {
        memcpy(host, bytes, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        tcg_store(env, byte_address(env, ea, i), bytes[i], tcg_oi(MO_8, idx));
    }
}

/* ---- VSCR ---- */

static void helper_mtvscr(CPUPPCState *env, const V128 *value)
{
    env->vscr = VEC_W(*value, 3) & (VSCR_NJ | VSCR_SAT);
    ppc_update_hflags(env);
}

PPC_HELPER_ROW(lxvl, IR_V128, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I64, IRA_I32);
PPC_HELPER_ROW(stxvl, IR_VOID, IRH_RAISES | IRH_KEEPS_TLB, IRA_ENV, IRA_I64, IRA_I64, IRA_I32,
               IRA_V128);
PPC_HELPER_ROW(mtvscr, IR_VOID, IRH_KEEPS_TLB, IRA_ENV, IRA_V128);

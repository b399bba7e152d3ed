/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Special-purpose registers of 32-bit processors that are more than storage.
 *
 * From the 32-bit Programming Environments Manual 2.3 (BATs, SDR1) and the user's manuals of
 * MPC603e, MPC750 (thermal assist: 10.3) and MPC7450 (L2CR: 2.1.5).
 */
#include "accel/tcg/accel.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "util/log.h"

/* ---- Translation ---- */

static uint32_t *bat_word(CPUPPCState *env, unsigned number)
{
    unsigned base = number >= SPR_IBAT4U ? SPR_IBAT4U : SPR_IBAT0U;
    unsigned n = (number - base) / 2 % 4 + (base == SPR_IBAT4U ? 4 : 0);
    PPCBAT *bat = number - base < 8 ? &env->ibat[n] : &env->dbat[n];

    return number & 1 ? &bat->lower : &bat->upper;
}

uint64_t spr_read_bat(CPUPPCState *env, unsigned number)
{
    return *bat_word(env, number);
}

void spr_write_bat(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint32_t *word = bat_word(env, number), old = *word;

    *word = (uint32_t)value;
    if (old != *word) {
        ppc_tlb_flush_all(env_cpu(env));
    }
}

/* HTABORG has to be a multiple of the table's size; what is not is or-ed in all the same, as
 * processors do. */
void spr_write_sdr1_32(CPUPPCState *env, unsigned number, uint64_t value)
{
    if (env->spr[SPR_SDR1] != (uint32_t)value) {
        env->spr[SPR_SDR1] = (uint32_t)value;
        ppc_tlb_flush_all(env_cpu(env));
    }
}

/* HID0, the 755's HID2, the 750CL's HID4: among others, which BATs there are and who searches
 * tables. */
void spr_write_hid_32(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint64_t changed = env->spr[number] ^ (uint32_t)value;

    env->spr[number] = (uint32_t)value;
    if (changed & ppc_mmu32_hid_bits(env_cpu(env), number)) {
        ppc_tlb_flush_all(env_cpu(env));
    }
}

/* ---- Caches ---- */

/* Invalidation is finished at once.  The 750's L2I stays until software takes it away, the 745x
 * clears it. */
void spr_write_l2cr(CPUPPCState *env, unsigned number, uint64_t value)
{
    uint32_t l2i = 0x00200000, l2ip = 1;

    env->spr[SPR_L2CR] =
        (uint32_t)value & ~(l2ip | (env_cpu(env)->model->spr_sets & SPRS_7450 ? l2i : 0));
}

/* ---- Thermal assist ---- */

#define THRM_TIN 0x80000000u
#define THRM_TIV 0x40000000u
#define THRM_THRESHOLD(value) ((value) >> 23 & 0x7f)
#define THRM_TID 0x4u
#define THRM_V 0x1u
#define THRM3_E 0x1u
#define JUNCTION_TEMPERATURE 24u     /* degrees Celsius: it never gets warm here */

/* With THRM3.E set, a valid threshold is compared: TIN says whether the temperature has crossed it.
 */
uint64_t spr_read_thrm(CPUPPCState *env, unsigned number)
{
    uint32_t value = (uint32_t)env->spr[number] & ~(THRM_TIN | THRM_TIV);

    if (env->spr[SPR_THRM3] & THRM3_E && value & THRM_V) {
        bool below = JUNCTION_TEMPERATURE < THRM_THRESHOLD(value);

        value |= THRM_TIV | (below == !!(value & THRM_TID) ? THRM_TIN : 0);
    }
    return value;
}

/* ---- Debug ---- */

void spr_write_iabr_32(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spr[SPR_IABR] = (uint32_t)value;
    ppc_update_hflags(env);
}

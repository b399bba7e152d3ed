/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest instructions of our firmware, emitted word by word.  Both entries do the same: keep the
 * argument pointer in r4, put a private hypercall number in r3, enter the hypervisor, return to the
 * caller; the client interface's clears r5 before, where a `write` that has to wait keeps how far
 * it has come.  They are position independent and run in 32- and 64-bit mode, big-endian (LoPAR:
 * RTAS and the client interface are always entered big-endian).
 */
#include "spapr-firmware.h"
#include "spapr-internal.h"

#define INSN_MR(to, from) (0x7c000378u | (from) << 21 | (to) << 16 | (from) << 11)
#define INSN_LIS(to, value) (0x3c000000u | (to) << 21 | ((value) & 0xffff))
#define INSN_ORI(to, from, value) (0x60000000u | (from) << 21 | (to) << 16 | ((value) & 0xffff))
#define INSN_LI(to, value) (0x38000000u | (to) << 21 | ((value) & 0xffff))
#define INSN_SC1 0x44000022u
#define INSN_BLR 0x4e800020u

static bool place(SpaprMachine *spapr, uint64_t address, const uint32_t *code, unsigned n)
{
    if (!spapr_is_ram(spapr, address, 4 * n)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        spapr_stl(spapr, address + 4 * i, code[i]);
    }
    return true;
}

uint32_t spapr_firmware_place_client(SpaprMachine *spapr)
{
    static const uint32_t code[] = {
        INSN_MR(4, 3),
        INSN_LI(5, 0),
        INSN_LIS(3, H_PRIVATE_CLIENT >> 16),
        INSN_ORI(3, 3, H_PRIVATE_CLIENT),
        INSN_SC1,
        INSN_BLR,
    };

    place(spapr, SPAPR_FIRMWARE_CODE, code, G_N_ELEMENTS(code));
    return SPAPR_FIRMWARE_CODE;
}

bool spapr_firmware_place_rtas(SpaprMachine *spapr, uint64_t address)
{
    static const uint32_t code[] = {
        INSN_MR(4, 3), INSN_LIS(3, H_PRIVATE_RTAS >> 16), INSN_ORI(3, 3, H_PRIVATE_RTAS), INSN_SC1,
        INSN_BLR,
    };

    return place(spapr, address, code, G_N_ELEMENTS(code));
}

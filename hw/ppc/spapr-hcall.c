/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercall dispatch: `sc 1` from guest code.  The opcode is in r3, arguments in r4 and up; the
 * return code goes to r3, results to r4 and up.  LoPAR 14.5.3.
 */
#include <string.h>
#include "spapr-internal.h"
#include "spapr-firmware.h"
#include "system/lock.h"

/* How long a processor sleeps, without the lock, before it makes a call again. */
#define COME_AGAIN_US 500

static const SpaprHCall *const hcall_tables[] = {
    spapr_hcalls_mmu, spapr_hcalls_misc, spapr_hcalls_xics,     spapr_hcalls_xive,
    spapr_hcalls_vio, spapr_hcalls_lan,  spapr_hcalls_private,  spapr_hcalls_client,
    spapr_hcalls_cas, spapr_hcalls_rtas, spapr_hcalls_watchdog, spapr_hcalls_tce,
};

static GHashTable *build_table(void)
{
    GHashTable *table = g_hash_table_new(NULL, NULL);

    for (unsigned t = 0; t < G_N_ELEMENTS(hcall_tables); t++) {
        for (const SpaprHCall *row = hcall_tables[t]; row->fn; row++) {
            g_assert(!g_hash_table_contains(table, GUINT_TO_POINTER(row->opcode)));
            g_hash_table_insert(table, GUINT_TO_POINTER(row->opcode), (void *)row);
        }
    }
    return table;
}

void spapr_hcall_init(SpaprMachine *spapr)
{
    spapr->hcall_table = build_table();
}

HCallResult spapr_hypercall(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    const SpaprHCall *row = NULL;
    HCallResult result;

    if (opcode <= UINT32_MAX) {
        row = g_hash_table_lookup(spapr->hcall_table, GUINT_TO_POINTER((guint)opcode));
    }
    if (!row) {
        log_mask(LOG_UNIMP, "hypercall 0x%" PRIx64 " is not provided\n", opcode);
        return H_FUNCTION;
    }
    if (row->unlocked) {
        return row->fn(spapr, cpu, opcode, args);
    }
    device_lock();
    result = row->fn(spapr, cpu, opcode, args);
    device_unlock();
    return result;
}

/* The CPU's `sc 1`. */
void spapr_do_hypercall(PowerPCCPU *cpu, void *opaque)
{
    SpaprMachine *spapr = opaque;
    CPUPPCState *env = &cpu->env;
    HCallResult result;

    if (env->msr & MSR_BIT(PR)) {
        log_mask(LOG_GUEST_ERROR, "hypercall 0x%" PRIx64 " from problem state\n", env->gpr[3]);
        env->gpr[3] = H_PRIVILEGE;
        return;
    }
    result = spapr_hypercall(spapr, cpu, env->gpr[3], &env->gpr[4]);
    if (result == H_COME_AGAIN) {
        /* Back to the `sc`, where interrupts, a stop and the machine's state are taken as ever. */
        env->nip -= 4;
        g_usleep(COME_AGAIN_US);
        return;
    }
    env->gpr[3] = result;
}

static HCallResult h_rtas(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    return spapr_rtas_call(spapr, cpu, args[0]);
}

const SpaprHCall spapr_hcalls_rtas[] = {
    {H_PRIVATE_RTAS, "rtas", h_rtas},
    {0},
};

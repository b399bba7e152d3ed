/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ibm,client-architecture-support: the operating system says which processors, MMU modes, interrupt
 * controllers and options it can work with, and the platform chooses.  LoPAR appendix B.6.2.3.
 *
 * The argument is a list of (mask, PVR) pairs ended by a pair whose PVR has bits outside its mask,
 * then a byte with the number of option vectors less one, then the vectors, each led by its length
 * less one.
 */
#include <string.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-firmware.h"
#include "system/runstate.h"
#include "util/error.h"

#define CAS_MAX_PVRS 512
#define PATE1_RADIX (1ull << 63)

/* Vector 5 bits: byte (from 1), bit (0 = most significant). */
#define OV5_FORM1_AFFINITY 5, 0
#define OV5_HP_EVT 6, 5
#define OV5_HPT_RESIZE 6, 7
#define OV5_XIVE_BOTH 23, 0
#define OV5_MMU_BOTH 24, 0
#define OV5_MMU_RADIX 24, 1
#define OV5_MMU_GTSE 26, 1

void spapr_ov5_init(SpaprMachine *spapr)
{
    PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, 0);

    memset(&spapr->ov5, 0, sizeof(spapr->ov5));
    ovec_set(&spapr->ov5, OV5_FORM1_AFFINITY);
    if (spapr->use_hotplug_event_source) {
        ovec_set(&spapr->ov5, OV5_HP_EVT);
    }
    if (spapr->resize_hpt_enabled) {
        ovec_set(&spapr->ov5, OV5_HPT_RESIZE);
    }
    if (cpu->model->mmu == MMU_64_RADIX) {
        ovec_set(&spapr->ov5, OV5_MMU_GTSE);
    }
    if (spapr->ic_mode == SPAPR_IC_XIVE) {
        ovec_set(&spapr->ov5, OV5_XIVE_EXPLOIT);
    } else if (spapr->ic_mode == SPAPR_IC_DUAL) {
        ovec_set(&spapr->ov5, OV5_XIVE_BOTH);
    }
}

static uint8_t load_byte(SpaprMachine *spapr, uint64_t address)
{
    uint8_t byte = 0;

    spapr_read(spapr, address, &byte, 1);
    return byte;
}

/* Finds vector n (from 1); absent vectors are all zero. */
static SpaprOptionVector read_vector(SpaprMachine *spapr, uint64_t table, unsigned n)
{
    SpaprOptionVector v = {{0}};
    unsigned count = load_byte(spapr, table) + 1;
    unsigned length;

    table++;
    if (n > count) {
        return v;
    }
    for (unsigned i = 1; i < n; i++) {
        table += load_byte(spapr, table) + 2;
    }
    length = load_byte(spapr, table) + 1;
    for (unsigned i = 1; i <= length && i < sizeof(v.bytes); i++) {
        v.bytes[i] = load_byte(spapr, table + i);
    }
    return v;
}

typedef struct PvrChoice { uint32_t best; bool raw; } PvrChoice;

static bool choose_pvr(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t *address, PvrChoice *choice)
{
    for (unsigned i = 0; i < CAS_MAX_PVRS; i++) {
        uint32_t mask = spapr_ldl(spapr, *address), pvr = spapr_ldl(spapr, *address + 4);

        *address += 8;
        if (pvr & ~mask) {
            return true;
        }
        if ((cpu->model->pvr & mask) == (pvr & mask)) {
            choice->raw = true;
        } else if (ppc_check_compat(cpu, pvr, choice->best, spapr->max_compat_pvr)) {
            choice->best = pvr;
        }
    }
    return false;
}

/* All processors but the caller are stopped: nobody else uses their registers. */
static void set_compat(SpaprMachine *spapr, uint32_t pvr)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        g_autoptr(GError) error = NULL;

        if (!ppc_set_compat(g_ptr_array_index(spapr->cpus, i), pvr, &error)) {
            log_mask(LOG_GUEST_ERROR, "spapr: %s\n", error->message);
        }
    }
}

static void terminate(PowerPCCPU *cpu, const char *why)
{
    error_report("%s", why);
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_PANIC);
    cpu_set_halted(&cpu->parent, true);
}

HCallResult spapr_client_architecture_support(SpaprMachine *spapr, PowerPCCPU *cpu,
                                              uint64_t address, void **fdt_out)
{
    PvrChoice choice = {0, false};
    SpaprOptionVector guest;
    bool radix, radix_capable, xive;

    *fdt_out = NULL;
    if (!spapr_is_ram(spapr, address, 16) || !choose_pvr(spapr, cpu, &address, &choice)) {
        log_mask(LOG_GUEST_ERROR, "CAS: the vector at 0x%" PRIx64 " does not end\n", address);
        return H_PARAMETER;
    }
    if (!choice.best && (!choice.raw || spapr->max_compat_pvr)) {
        terminate(cpu, "Couldn't negotiate a suitable CPU compatibility mode during CAS");
        return H_HARDWARE;
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *other = g_ptr_array_index(spapr->cpus, i);

        if (other != cpu && !spapr_cpu_is_stopped(other)) {
            log_mask(LOG_GUEST_ERROR, "CAS: more than one processor is running\n");
            return H_MULTI_THREADS_ACTIVE;
        }
    }
    set_compat(spapr, choice.best);

    guest = read_vector(spapr, address, 5);
    radix_capable = cpu->model->mmu == MMU_64_RADIX &&
                    (!cpu->compat_pvr || ppc_check_compat(cpu, 0x0f000005, 0, cpu->compat_pvr));
    if (ovec_test(&guest, OV5_MMU_BOTH)) {
        terminate(cpu, "guest requested hash and radix MMU, which is invalid.");
        return H_PARAMETER;
    }
    if (ovec_test(&guest, OV5_XIVE_BOTH)) {
        terminate(cpu, "guest requested an invalid interrupt mode");
        return H_PARAMETER;
    }
    radix = ovec_test(&guest, OV5_MMU_RADIX);
    xive = ovec_test(&guest, OV5_XIVE_EXPLOIT);
    if (radix && !radix_capable) {
        terminate(cpu, "guest requested unavailable MMU mode (radix).");
        return H_PARAMETER;
    }
    if (xive && spapr->ic_mode == SPAPR_IC_XICS) {
        terminate(cpu, "guest requested unavailable interrupt mode (XIVE), try the ic-mode=xive or "
                       "ic-mode=dual machine property");
        return H_PARAMETER;
    }
    if (!xive && spapr->ic_mode == SPAPR_IC_XIVE) {
        terminate(cpu,
                  "guest requested unavailable interrupt mode (XICS), either don't set the ic-mode "
                  "machine property or try ic-mode=xics or ic-mode=dual");
        return H_PARAMETER;
    }

    /* What both sides know. */
    for (unsigned i = 0; i < sizeof(guest.bytes); i++) {
        spapr->ov5_cas.bytes[i] = guest.bytes[i] & spapr->ov5.bytes[i];
    }
    spapr->ov5_cas.bytes[23] &= ~0xc0;
    spapr->ov5_cas.bytes[24] &= ~0xc0;
    if (xive) {
        ovec_set(&spapr->ov5_cas, OV5_XIVE_EXPLOIT);
    }
    if (radix) {
        ovec_set(&spapr->ov5_cas, OV5_MMU_RADIX);
    } else if (!spapr->htab) {
        g_autoptr(GError) error = NULL;

        if (!spapr_htab_allocate(spapr, spapr_htab_shift_for_ram(spapr->parent.maxram_size),
                                 &error)) {
            terminate(cpu, error->message);
            return H_NO_MEM;
        }
        spapr->patb_entry = 0;
        spapr_enter_hash(spapr, cpu);
    }
    spapr_irq_select(spapr, xive);
    spapr->cas_done = true;
    *fdt_out = spapr_build_fdt(spapr, spapr->vof, NULL);
    return *fdt_out ? H_SUCCESS : H_HARDWARE;
}

/* SLOF's form: vector, buffer for the new tree, its size.  A 4-byte header (version 1) leads the
 * tree. */
static HCallResult h_client_architecture_support(SpaprMachine *spapr, PowerPCCPU *cpu,
                                                 uint64_t opcode, uint64_t *args)
{
    uint64_t buffer = args[1], room = args[2];
    g_autofree void *fdt = NULL;
    void *tree = NULL;
    HCallResult result;
    uint32_t size;

    if (!spapr_is_ram(spapr, buffer, room) || room < 4) {
        return H_PARAMETER;
    }
    result = spapr_client_architecture_support(spapr, cpu, args[0], &tree);
    fdt = tree;
    if (result != H_SUCCESS) {
        return result;
    }
    size = fdt_totalsize(fdt);
    if (size + 4 > room) {
        log_mask(LOG_GUEST_ERROR, "CAS: no room for the device tree (%u of %" PRIu64 " bytes)\n",
                 size, room);
        return H_RESOURCE;
    }
    spapr_stl(spapr, buffer, 1);
    spapr_write(spapr, buffer + 4, fdt, size);
    return H_SUCCESS;
}

/* Firmware hands back the tree it gave to the guest, so that it survives a migration. */
static HCallResult h_update_dt(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode,
                               uint64_t *args)
{
    uint64_t address = args[0];
    struct fdt_header header;
    uint32_t size;
    g_autofree void *fdt = NULL;

    if (!spapr_is_ram(spapr, address, sizeof(header))) {
        return H_PARAMETER;
    }
    spapr_read(spapr, address, &header, sizeof(header));
    size = fdt_totalsize(&header);
    if (fdt_check_header(&header) || size > SPAPR_FDT_MAX_SIZE ||
        !spapr_is_ram(spapr, address, size) || size < sizeof(header)) {
        return H_PARAMETER;
    }
    fdt = g_malloc0(size);
    spapr_read(spapr, address, fdt, size);
    if (fdt_check_full(fdt, size)) {
        return H_PARAMETER;
    }
    g_free(spapr->fdt);
    spapr->fdt = g_steal_pointer(&fdt);
    spapr->fdt_size = size;
    spapr->fdt_initial_size = spapr->fdt_initial_size ? spapr->fdt_initial_size : size;
    return H_SUCCESS;
}

const SpaprHCall spapr_hcalls_cas[] = {
    {H_PRIVATE_CAS, "client-architecture-support", h_client_architecture_support},
    {H_PRIVATE_UPDATE_DT, "update-device-tree", h_update_dt},
    {0},
};

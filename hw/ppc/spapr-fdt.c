/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree of the sPAPR machine, made with libfdt.  LoPAR appendix B (Open Firmware
 * binding), C.6 (CPUs), 15.2 (NUMA).  Built at reset and again by client-architecture-support, when
 * compatibility mode, MMU mode and interrupt controller have been negotiated. Left out: hot-plug
 * connector lists (no slot can take a device yet).
 */
#include <string.h>
#include <sys/random.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "hw/core/boot.h"
#include "spapr-pci.h"
#include "spapr-firmware.h"
#include "hw/char/spapr-vty.h"
#include "util/error.h"

/*
 * libfdt fails only for lack of room. A negative result is kept in the tree itself, in a header
 * field that PAPR platforms do not use, until it is complete: what is added after a failure harms
 * nothing (libfdt checks its offsets), and one place reports it.
 */
#define FDT_FAILED 0xfa11edu
#define FDT(expr) spapr_fdt_note(fdt, expr)

void spapr_fdt_note(void *fdt, int result)
{
    if (result < 0) {
        fdt_set_boot_cpuid_phys(fdt, FDT_FAILED);
    }
}

static int add_node(void *fdt, int parent, const char *name)
{
    int node = fdt_add_subnode(fdt, parent, name);

    FDT(node);
    return node;
}

static void set_cells(void *fdt, int node, const char *name, unsigned n, const uint32_t *cells)
{
    g_autofree fdt32_t *be = g_new(fdt32_t, MAX(n, 1));

    for (unsigned i = 0; i < n; i++) {
        be[i] = cpu_to_fdt32(cells[i]);
    }
    FDT(fdt_setprop(fdt, node, name, be, n * sizeof(be[0])));
}
#define SET_CELLS(fdt, node, name, ...)                                                            \
    set_cells(fdt, node, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

static void set_empty(void *fdt, int node, const char *name)
{
    FDT(fdt_setprop(fdt, node, name, NULL, 0));
}

/* ---- Memory and NUMA ---- */

/* How many of the four domains two nodes share: the guest doubles its idea of the distance, 10 for
 * one node, at each that they do not. */
static unsigned shared_domains(SpaprMachine *spapr, uint32_t a, uint32_t b)
{
    const NumaState *numa = spapr->parent.numa;
    unsigned distance = numa->have_distance ? numa->nodes[a].distance[b] : NUMA_DISTANCE_DEFAULT;

    return distance <= NUMA_DISTANCE_MIN ? 4
           : distance <= 30              ? 3
           : distance <= 60              ? 2
                                         : distance <= 120;
}

/* Form 1 associativity: the widest domain first, the last is the node itself. A domain that a node
 * shares with one before it has that one's number. */
void spapr_numa_domains(SpaprMachine *spapr, uint32_t node, uint32_t domains[4])
{
    for (unsigned level = 0; level < 3; level++) {
        uint32_t at = spapr->version->pre_5_2_numa ? 0 : node;

        for (uint32_t before = at; before-- > 0;) {
            if (shared_domains(spapr, before, at) > level) {
                at = before;
            }
        }
        domains[level] = at;
    }
    domains[3] = node;
}

void spapr_numa_set_associativity(SpaprMachine *spapr, void *fdt, int node, uint32_t numa_node)
{
    uint32_t d[4];

    spapr_numa_domains(spapr, numa_node, d);
    SET_CELLS(fdt, node, "ibm,associativity", 4, d[0], d[1], d[2], d[3]);
}

static void add_memory(SpaprMachine *spapr, void *fdt, uint32_t numa_node, uint64_t start,
                       uint64_t size)
{
    g_autofree char *name = g_strdup_printf("memory@%" PRIx64, start);
    int node = add_node(fdt, 0, name);

    FDT(fdt_setprop_string(fdt, node, "device_type", "memory"));
    SET_CELLS(fdt, node, "reg", start >> 32, start, size >> 32, size);
    spapr_numa_set_associativity(spapr, fdt, node, numa_node);
}

static void add_all_memory(SpaprMachine *spapr, void *fdt)
{
    MachineState *machine = &spapr->parent;
    unsigned n_nodes = machine->numa->num_nodes ? machine->numa->num_nodes : 1;
    uint64_t start = 0;

    for (unsigned i = 0; i < n_nodes; i++) {
        uint64_t size = machine->numa->num_nodes ? machine->numa->nodes[i].mem : machine->ram_size;

        if (start >= machine->ram_size) {
            break;
        }
        size = MIN(size, machine->ram_size - start);
        if (!start && size) {
            /* What real mode can reach stands in a node of its own: firmware and kernels look at
             * it. */
            uint64_t first = MIN(spapr->rma_size, size);

            add_memory(spapr, fdt, i, 0, first);
            start += first;
            size -= first;
        }
        while (size) {
            uint64_t chunk = 1ull << (63 - __builtin_clzll(size));

            if (start && chunk > (start & -start)) {
                chunk = start & -start;
            }
            add_memory(spapr, fdt, i, start, chunk);
            start += chunk;
            size -= chunk;
        }
    }
}

uint32_t spapr_cpu_node(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    MachineState *machine = &spapr->parent;

    for (unsigned i = 0; i < machine->numa->num_nodes; i++) {
        if (machine_cpu_node(machine, cpu->parent.cpu_index) == i) {
            return i;
        }
    }
    return 0;
}

/* ---- Processors ---- */

/* Attributes by level (LoPAR C.6.2, ibm,pa-features): length and kind of the only descriptor, then
 * its bytes.  Byte 22, transactional memory, follows the capability. */
#define PA_HEADER 2
static const uint8_t pa_features_206[] = {6, 0, 0xf6, 0x1f, 0xc7, 0x00, 0x80, 0xc0};
static const uint8_t pa_features_207[PA_HEADER + 24] = {
    24, 0, 0xf6, 0x1f, 0xc7, 0xc0, 0x80, 0xf0, 0x80,
    [PA_HEADER + 16] = 0x80,     /* vector */
    [PA_HEADER + 18] = 0x80,     /* VSX */
    [PA_HEADER + 20] = 0x80,     /* vector XOR */
};
static const uint8_t pa_features_300[PA_HEADER + 66] = {
    66, 0, 0xf6, 0x1f, 0xc7, 0xc0, 0x80, 0xf0, 0x80,
    [PA_HEADER + 16] = 0x80,     /* vector */
    [PA_HEADER + 18] = 0x80,     /* VSX */
    [PA_HEADER + 20] = 0x80,     /* vector XOR */
    [PA_HEADER + 24] = 0x80,     /* extended decrementer */
    [PA_HEADER + 26] = 0x80,     /* 64-bit facilities */
    [PA_HEADER + 28] = 0x80,     /* performance monitor */
    [PA_HEADER + 30] = 0x80,     /* MMR */
    [PA_HEADER + 32] = 0x80,     /* little-endian atomics */
    [PA_HEADER + 34] = 0xc0,     /* event-based branches, extended too */
    [PA_HEADER + 36] = 0x80,     /* strong ordering by SPR */
    [PA_HEADER + 38] = 0x80,     /* copy and paste */
    [PA_HEADER + 40] = 0x80,     /* radix translation */
    [PA_HEADER + 42] = 0x80,     /* power management */
    [PA_HEADER + 44] = 0x80,     /* PC-relative addresses */
    [PA_HEADER + 46] = 0x80,     /* scv */
    [PA_HEADER + 48] = 0x80,     /* SIMD of 3.0 */
    [PA_HEADER + 50] = 0x80,     /* quad precision */
    [PA_HEADER + 52] = 0x80,     /* strings */
    [PA_HEADER + 54] = 0x80,     /* decimal floating point */
    [PA_HEADER + 56] = 0x80,     /* decimal integers */
    [PA_HEADER + 58] = 0x80,     /* SHA */
    [PA_HEADER + 60] = 0x80,     /* atomics in memory */
    [PA_HEADER + 62] = 0x80,     /* random numbers */
};

static void add_pa_features(SpaprMachine *spapr, PowerPCCPU *cpu, void *fdt, int node)
{
    uint8_t bytes[sizeof(pa_features_300)];
    size_t size;
    bool large_ci = cpu->model->ci_large_pages && spapr_cap(spapr, SPAPR_CAP_HPT_MAXPAGESIZE) >= 16;

    if (ppc_check_compat(cpu, 0x0f000005, 0, cpu->compat_pvr)) {
        size = sizeof(pa_features_300);
        memcpy(bytes, pa_features_300, size);
    } else if (ppc_check_compat(cpu, 0x0f000004, 0, cpu->compat_pvr)) {
        size = sizeof(pa_features_207);
        memcpy(bytes, pa_features_207, size);
    } else if (ppc_check_compat(cpu, 0x0f000003, 0, cpu->compat_pvr)) {
        size = sizeof(pa_features_206);
        memcpy(bytes, pa_features_206, size);
    } else {
        return;
    }
    if (large_ci) {
        bytes[PA_HEADER + 1] |= 0x20;     /* caching-inhibited large pages */
    }
    if (size > PA_HEADER + 22 && spapr_cap(spapr, SPAPR_CAP_HTM)) {
        bytes[PA_HEADER + 22] |= 0x80;
    }
    FDT(fdt_setprop(fdt, node, "ibm,pa-features", bytes, size));
}

/* A segment has pages of its own size, or 16M pages: no other mixture, as under KVM. */
static bool page_size_shown(const PPCSegmentPageSizes *segment, unsigned shift, unsigned max_shift)
{
    return shift <= max_shift && (shift == segment->shift || shift == 24);
}

static void add_page_sizes(SpaprMachine *spapr, PowerPCCPU *cpu, void *fdt, int node)
{
    GArray *cells = g_array_new(FALSE, FALSE, sizeof(fdt32_t));
    unsigned max_shift = spapr_cap(spapr, SPAPR_CAP_HPT_MAXPAGESIZE);

    for (const PPCSegmentPageSizes *s = cpu->model->page_sizes; s && s->shift; s++) {
        fdt32_t head[3];
        unsigned n = 0;

        if (s->shift > max_shift) {
            continue;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(s->enc) && s->enc[i].shift; i++) {
            n += page_size_shown(s, s->enc[i].shift, max_shift);
        }
        head[0] = cpu_to_fdt32(s->shift);
        head[1] = cpu_to_fdt32(s->slb_enc);
        head[2] = cpu_to_fdt32(n);
        g_array_append_vals(cells, head, 3);
        for (unsigned i = 0; i < G_N_ELEMENTS(s->enc) && s->enc[i].shift; i++) {
            fdt32_t pair[2] = {cpu_to_fdt32(s->enc[i].shift), cpu_to_fdt32(s->enc[i].pte_enc)};

            if (page_size_shown(s, s->enc[i].shift, max_shift)) {
                g_array_append_vals(cells, pair, 2);
            }
        }
    }
    if (cells->len) {
        FDT(fdt_setprop(fdt, node, "ibm,segment-page-sizes", cells->data, cells->len * 4));
    }
    g_array_free(cells, TRUE);
}

/* One node stands for a core: its first thread names it, the threads are interrupt servers. */
static void add_core(SpaprMachine *spapr, void *fdt, int cpus, PowerPCCPU *cpu)
{
    MachineState *machine = &spapr->parent;
    const PowerPCCPUClass *model = cpu->model;
    unsigned threads = MIN(machine->smp.threads, (unsigned)ppc_compat_max_vthreads(cpu));
    g_autofree char *name = g_strdup_printf("%s@%x", model->fw_name, cpu->vcpu_id);
    int node = add_node(fdt, cpus, name);
    uint32_t version = cpu->compat_pvr ? cpu->compat_pvr : model->pvr;
    unsigned pft = spapr->htab_shift ? spapr->htab_shift
                                     : spapr_htab_shift_for_ram(machine->maxram_size);
    uint32_t numa_node = spapr_cpu_node(spapr, cpu);
    fdt32_t servers[8], gservers[16];

    FDT(fdt_setprop_cell(fdt, node, "reg", cpu->vcpu_id));
    FDT(fdt_setprop_string(fdt, node, "device_type", "cpu"));
    FDT(fdt_setprop_cell(fdt, node, "cpu-version", version));
    FDT(fdt_setprop_cell(fdt, node, "d-cache-block-size", model->dcache_line));
    FDT(fdt_setprop_cell(fdt, node, "d-cache-line-size", model->dcache_line));
    FDT(fdt_setprop_cell(fdt, node, "i-cache-block-size", model->icache_line));
    FDT(fdt_setprop_cell(fdt, node, "i-cache-line-size", model->icache_line));
    if (model->l1_dcache_size) {
        FDT(fdt_setprop_cell(fdt, node, "d-cache-size", model->l1_dcache_size));
    }
    if (model->l1_icache_size) {
        FDT(fdt_setprop_cell(fdt, node, "i-cache-size", model->l1_icache_size));
    }
    FDT(fdt_setprop_cell(fdt, node, "timebase-frequency", SPAPR_TIMEBASE_FREQ));
    FDT(fdt_setprop_cell(fdt, node, "clock-frequency", 1000000000));
    FDT(fdt_setprop_cell(fdt, node, "slb-size", model->slb_size));
    FDT(fdt_setprop_cell(fdt, node, "ibm,slb-size", model->slb_size));
    FDT(fdt_setprop_string(fdt, node, "status", "okay"));
    set_empty(fdt, node, "64-bit");
    if (model->insns & ISA_2_03) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,purr", 1));
    }
    if (model->insns & ISA_2_05) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,spurr", 1));
    }
    if (model->one_tb_segments) {
        SET_CELLS(fdt, node, "ibm,processor-segment-sizes", 28, 40, 0xffffffff, 0xffffffff);
    }
    if (spapr_cap(spapr, SPAPR_CAP_VSX)) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,vmx", 2));
    } else if (model->insns & ISA_ALTIVEC) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,vmx", 1));
    }
    if (spapr_cap(spapr, SPAPR_CAP_DFP)) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,dfp", 1));
    }
    add_page_sizes(spapr, cpu, fdt, node);
    add_pa_features(spapr, cpu, fdt, node);
    FDT(fdt_setprop_cell(fdt, node, "ibm,chip-id",
                         cpu->parent.cpu_index /
                             MAX(1, machine->smp.cores * machine->smp.threads)));
    SET_CELLS(fdt, node, "ibm,pft-size", 0, pft);
    if (machine->numa->num_nodes > 1) {
        uint32_t d[4];

        spapr_numa_domains(spapr, numa_node, d);
        SET_CELLS(fdt, node, "ibm,associativity", 5, d[0], d[1], d[2], d[3], cpu->vcpu_id);
    }
    for (unsigned i = 0; i < threads && i < 8; i++) {
        servers[i] = cpu_to_fdt32(cpu->vcpu_id + i);
        gservers[i * 2] = cpu_to_fdt32(cpu->vcpu_id + i);
        gservers[i * 2 + 1] = 0;
    }
    FDT(fdt_setprop(fdt, node, "ibm,ppc-interrupt-server#s", servers, threads * 4));
    FDT(fdt_setprop(fdt, node, "ibm,ppc-interrupt-gserver#s", gservers, threads * 8));
    if (model->radix_ap_encodings && model->mmu == MMU_64_RADIX) {
        set_cells(fdt, node, "ibm,processor-radix-AP-encodings", 4, model->radix_ap_encodings);
    }
    if (spapr_cap(spapr, SPAPR_CAP_LARGE_DECREMENTER)) {
        FDT(fdt_setprop_cell(fdt, node, "ibm,dec-bits", model->lrg_decr_bits));
    }
}

static void add_cpus(SpaprMachine *spapr, void *fdt)
{
    int cpus = add_node(fdt, 0, "cpus");

    FDT(fdt_setprop_cell(fdt, cpus, "#address-cells", 1));
    FDT(fdt_setprop_cell(fdt, cpus, "#size-cells", 0));
    /* libfdt puts new nodes first: go backwards to have the boot processor first. */
    for (guint i = spapr->cpus->len; i-- > 0;) {
        if (i % spapr->parent.smp.threads == 0) {
            add_core(spapr, fdt, cpus, g_ptr_array_index(spapr->cpus, i));
        }
    }
}

/* ---- RTAS, hypervisor services ---- */

typedef struct RtasContext { SpaprMachine *spapr; void *fdt; } RtasContext;

static void add_rtas_token(const SpaprRtasRow *row, void *opaque)
{
    RtasContext *context = opaque;

    if (!spapr_rtas_row_hidden(context->spapr, row)) {
        spapr_fdt_note(context->fdt,
                       fdt_setprop_cell(context->fdt, fdt_path_offset(context->fdt, "/rtas"),
                                        row->name, row->token));
    }
}

static void add_rtas(SpaprMachine *spapr, void *fdt)
{
    static const char hypertas[] =
        "hcall-pft\0hcall-term\0hcall-dabr\0hcall-interrupt\0hcall-tce\0hcall-vio\0hcall-splpar\0"
        "hcall-join\0hcall-bulk\0hcall-set-mode\0hcall-sprg0\0hcall-copy\0hcall-debug\0hcall-vphn\0"
        "hcall-multi-tce";
    MachineState *machine = &spapr->parent;
    GString *list = g_string_new_len(hypertas, sizeof(hypertas));
    int node = add_node(fdt, 0, "rtas");
    unsigned n_nodes = MAX(1u, machine->numa->num_nodes);
    RtasContext context = {spapr, fdt};

    if (spapr->resize_hpt_enabled) {
        g_string_append_len(list, "hcall-hpt-resize", sizeof("hcall-hpt-resize"));
    }
    g_string_append_len(list, "hcall-watchdog", sizeof("hcall-watchdog"));
    FDT(fdt_setprop(fdt, node, "ibm,hypertas-functions", list->str, list->len));
    g_string_free(list, TRUE);
    FDT(fdt_setprop_string(fdt, node, "qemu,hypertas-functions", "hcall-memop1"));
    if (n_nodes > 1 && !spapr->version->pre_5_2_numa) {
        SET_CELLS(fdt, node, "ibm,associativity-reference-points", 4, 3, 2, 1);
        SET_CELLS(fdt, node, "ibm,max-associativity-domains", 4, n_nodes, n_nodes, n_nodes,
                  n_nodes);
    } else {
        unsigned shared = n_nodes > 1;

        if (spapr->version->pre_5_1_reference_points) {
            SET_CELLS(fdt, node, "ibm,associativity-reference-points", 4, 4);
        } else {
            SET_CELLS(fdt, node, "ibm,associativity-reference-points", 4, 4, 2);
        }
        SET_CELLS(fdt, node, "ibm,max-associativity-domains", 4, shared, shared, shared, n_nodes);
    }
    /* The entry's instructions, an error log, and two doublewords a processor for firmware-assisted
     * NMI. */
    FDT(fdt_setprop_cell(fdt, node, "rtas-size",
                         SPAPR_RTAS_SIZE + 28 + 16 * machine->smp.max_cpus));
    FDT(fdt_setprop_cell(fdt, node, "rtas-error-log-max", 2048));
    FDT(fdt_setprop_cell(fdt, node, "rtas-event-scan-rate", 1));
    set_empty(fdt, node, "ibm,change-msix-capable");
    set_empty(fdt, node, "ibm,extended-os-term");
    SET_CELLS(fdt, node, "ibm,lrdr-capacity", machine->maxram_size >> 32, machine->maxram_size,
              SPAPR_LMB_SIZE >> 32, (uint32_t)SPAPR_LMB_SIZE,
              machine->smp.max_cpus / machine->smp.threads);
    spapr_rtas_foreach(add_rtas_token, &context);
}

/* ---- /chosen ---- */

static void add_platform_support(SpaprMachine *spapr, void *fdt, int chosen)
{
    PowerPCCPU *cpu = g_ptr_array_index(spapr->cpus, 0);
    uint8_t value[8] = {23, 0, 24, 0, 25, 0, 26, 0x40};

    if (cpu->model->mmu == MMU_64_RADIX && ppc_check_compat(cpu, 0x0f000005, 0,
                                                            spapr->max_compat_pvr)) {
        /* Interrupt mode: XICS, XIVE, either; MMU: hash and radix, switched at run time. */
        value[1] = spapr->ic_mode == SPAPR_IC_XIVE   ? 0x40
                   : spapr->ic_mode == SPAPR_IC_DUAL ? 0x80
                                                     : 0;
        value[3] = 0xc0;
    }
    FDT(fdt_setprop(fdt, chosen, "ibm,arch-vec-5-platform-support", value, sizeof(value)));
}

static void add_chosen(SpaprMachine *spapr, void *fdt, bool reset)
{
    MachineState *machine = &spapr->parent;
    int chosen = add_node(fdt, 0, "chosen");
    uint8_t seed[32];

    if (reset) {
        const char *append = machine->kernel_cmdline;

        if (append && *append) {
            FDT(fdt_setprop_string(fdt, chosen, "bootargs", append));
        }
        if (spapr->initrd_size) {
            FDT(fdt_setprop_cell(fdt, chosen, "linux,initrd-start", spapr->initrd_base));
            FDT(fdt_setprop_cell(fdt, chosen, "linux,initrd-end",
                                 spapr->initrd_base + spapr->initrd_size));
        }
        if (spapr->kernel_size && !spapr->client.active && spapr->firmware_size) {
            /* SLOF starts a kernel it finds here. */
            SET_CELLS(fdt, chosen, "qemu,boot-kernel", spapr->kernel_addr >> 32, spapr->kernel_addr,
                      spapr->kernel_size >> 32, spapr->kernel_size);
            if (spapr->kernel_le) {
                set_empty(fdt, chosen, "qemu,boot-kernel-le");
            }
        }
        {
            const char *order = machine->boot_once ? machine->boot_once : machine->boot_order;
            g_autofree char *list = boot_device_list(' ');

            if (machine->boot_menu) {
                FDT(fdt_setprop_cell(fdt, chosen, "qemu,boot-menu", 1));
            }
            if (list) {
                FDT(fdt_setprop_string(fdt, chosen, "qemu,boot-list", list));
            }
            if (order) {
                FDT(fdt_setprop_string(fdt, chosen, "qemu,boot-device", order));
            }
        }
        FDT(fdt_setprop_cell(fdt, chosen, "qemu,graphic-width", 800));
        FDT(fdt_setprop_cell(fdt, chosen, "qemu,graphic-height", 600));
        FDT(fdt_setprop_cell(fdt, chosen, "qemu,graphic-depth", 32));
        {
            VioDevice *vty = spapr_vty_default(spapr);

            if (vty) {
                g_autofree char *path = g_strdup_printf("/vdevice/vty@%x", vty->reg);

                FDT(fdt_setprop_string(fdt, chosen, "linux,stdout-path", path));
                FDT(fdt_setprop_string(fdt, chosen, "stdout-path", path));
            }
        }
        if (!spapr->version->no_pci_probe_hint) {
            FDT(fdt_setprop_cell(fdt, chosen, "linux,pci-probe-only", 0));
        }
        add_platform_support(spapr, fdt, chosen);
    }
    if (getrandom(seed, sizeof(seed), 0) == sizeof(seed)) {
        FDT(fdt_setprop(fdt, chosen, "rng-seed", seed, sizeof(seed)));
    }
    /* Length byte, then the negotiated vector (bytes up to the last one that is not zero). */
    {
        uint8_t vector[1 + sizeof(spapr->ov5_cas.bytes)] = {0};
        unsigned last = 1;

        for (unsigned i = 1; i < sizeof(spapr->ov5_cas.bytes); i++) {
            vector[i] = spapr->ov5_cas.bytes[i];
            if (vector[i]) {
                last = i;
            }
        }
        vector[0] = last - 1;
        FDT(fdt_setprop(fdt, chosen, "ibm,architecture-vec-5", vector, last + 1));
    }
}

/* ---- The rest ---- */

static void add_identity(SpaprMachine *spapr, void *fdt)
{
    MachineState *machine = &spapr->parent;

    FDT(fdt_setprop_string(fdt, 0, "device_type", "chrp"));
    FDT(fdt_setprop_string(fdt, 0, "model", "IBM pSeries (emulated by qemu)"));
    FDT(fdt_setprop_string(fdt, 0, "compatible", "qemu,pseries"));
    if (spapr->host_model) {
        FDT(fdt_setprop_string(fdt, 0, "host-model", spapr->host_model));
    }
    if (spapr->host_serial) {
        FDT(fdt_setprop_string(fdt, 0, "host-serial", spapr->host_serial));
    }
    {
        const uint8_t *u = machine->uuid;
        g_autofree char *uuid =
            g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                            u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
                            u[11], u[12], u[13], u[14], u[15]);

        FDT(fdt_setprop_string(fdt, 0, "vm,uuid", uuid));
        if (machine->uuid_set) {
            FDT(fdt_setprop_string(fdt, 0, "system-id", uuid));
        }
    }
    if (machine->name) {
        FDT(fdt_setprop_string(fdt, 0, "ibm,partition-name", machine->name));
    }
    FDT(fdt_setprop_cell(fdt, 0, "#address-cells", 2));
    FDT(fdt_setprop_cell(fdt, 0, "#size-cells", 2));
}

void *spapr_build_fdt(SpaprMachine *spapr, bool reset, GError **errp)
{
    void *fdt = g_malloc0(SPAPR_FDT_MAX_SIZE);
    uint32_t intc_phandle = 0x1111;

    FDT(fdt_create_empty_tree(fdt, SPAPR_FDT_MAX_SIZE));
    add_identity(spapr, fdt);
    spapr_irq_fdt(spapr, fdt, intc_phandle);
    add_all_memory(spapr, fdt);
    spapr_vio_fdt(spapr, fdt, intc_phandle);
    spapr_pci_fdt(spapr, fdt, intc_phandle);
    add_cpus(spapr, fdt);
    spapr_events_fdt(spapr, fdt, intc_phandle);
    add_rtas(spapr, fdt);
    add_chosen(spapr, fdt, reset);
    if (reset) {
        if (spapr->kernel_size && !spapr->vof) {
            FDT(fdt_add_mem_rsv(fdt, spapr->kernel_addr, spapr->kernel_size));
        }
        if (spapr->initrd_size) {
            FDT(fdt_add_mem_rsv(fdt, spapr->initrd_base, spapr->initrd_size));
        }
    }
    if (fdt_boot_cpuid_phys(fdt) == FDT_FAILED) {
        g_set_error(
            errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
            "the device tree is larger than %u KiB: too many devices or NUMA nodes, or too long an "
            "-append",
            SPAPR_FDT_MAX_SIZE >> 10);
        g_free(fdt);
        return NULL;
    }
    FDT(fdt_pack(fdt));
    return fdt;
}

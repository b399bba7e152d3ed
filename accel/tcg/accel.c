/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine as a whole: options, making and freeing, what hw/core calls (AccelOps), statistics.
 */
#include "accel/tcg/internal.h"

#include <string.h>
#include "hw/core/cpus.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/log.h"
#include "util/options.h"

#define DEFAULT_TB_SIZE ((uint64_t)256 << 20)
#define MIN_TB_SIZE ((uint64_t)64 << 10)
#define MAX_TB_SIZE ((uint64_t)1 << 30)      /* direct jumps reach 2 GiB */

/* The process's engine (tests/structure/globals-allowed.txt): a process runs one machine. */
static TCGAccel *the_accel;

/* ---- Options ---- */

static const OptionDesc accel_option_rows[] = {
    {"thread", OPTION_STRING, "single or multi: one host thread for all CPUs or one for each",
     "multi"},
    {"backend", OPTION_STRING, "x86_64 or interp", NULL},
    {"tb-size", OPTION_NUMBER, "size of the code cache in MiB", NULL},
    {"one-insn-per-tb", OPTION_BOOL, "one guest instruction a block", "off"},
    {"verify-ir", OPTION_BOOL, "check every block's IR", "off"},
    {NULL},
};
static const OptionListDesc accel_options = {.name = "accel tcg", .desc = accel_option_rows};

static const TCGBackend *const backends[] = {
#if defined(__x86_64__)
    &tcg_backend_x86_64,
#endif
    &tcg_backend_interp,
};

void tcg_accel_config_init(TCGAccelConfig *config)
{
    *config = (TCGAccelConfig){.backend = backends[0], .host_features = UINT64_MAX};
}

static bool choose(GError **errp, const char *what, const char *value, const char *const *names,
                   unsigned *index)
{
    for (unsigned i = 0; names[i]; i++) {
        if (g_str_equal(value, names[i])) {
            *index = i;
            return true;
        }
    }
    const char *near = nearest_name(value, names);
    if (near) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "accel tcg: %s '%s' is not known; did you mean '%s'?", what, value, near);
    } else {
        g_autofree char *all = g_strjoinv(", ", (char **)names);
        error_set(errp, GOSSAMER_ERROR_INVALID, "accel tcg: %s '%s' is not known; there are: %s",
                  what, value, all);
    }
    return false;
}

bool tcg_accel_config_parse(TCGAccelConfig *config, const char *properties, GError **errp)
{
    static const char *const thread_names[] = {"multi", "single", NULL};
    const char *backend_names[G_N_ELEMENTS(backends) + 1] = {0};
    Options *options = options_parse(&accel_options, properties ? properties : "", errp);
    unsigned index;
    bool ok = false;

    if (!options) {
        return false;
    }
    const char *thread = options_get(options, "thread");
    const char *backend = options_get(options, "backend");
    if (thread) {
        if (!choose(errp, "thread", thread, thread_names, &index)) {
            goto out;
        }
        config->single_thread = index == 1;
    }
    if (backend) {
        for (unsigned i = 0; i < G_N_ELEMENTS(backends); i++) {
            backend_names[i] = backends[i]->name;
        }
        if (!choose(errp, "backend", backend, backend_names, &index)) {
            goto out;
        }
        config->backend = backends[index];
    }
    if (options_has(options, "tb-size")) {
        uint64_t mib = options_get_number(options, "tb-size", 0);
        if (mib > MAX_TB_SIZE >> 20) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "accel tcg: tb-size is at most %" PRIu64 " MiB",
                      MAX_TB_SIZE >> 20);
            goto out;
        }
        config->tb_size = mib << 20;
    }
    config->one_insn_per_tb = options_get_bool(options, "one-insn-per-tb", config->one_insn_per_tb);
    config->verify_ir = options_get_bool(options, "verify-ir", config->verify_ir);
    ok = true;
out:
    options_free(options);
    return ok;
}

/* ---- Making ---- */

/* memory.h: RAM with the CODE bit clear was written by somebody else than generated code. */
static void ram_code_written(void *opaque, RAMBlock *block, ram_addr_t offset, uint64_t size)
{
    tcg_invalidate_host(opaque, block->host + offset, size);
}

/* memory.h: a client wants to hear of writes again. */
static void dirty_cleared(MemoryListener *listener, RAMBlock *block, ram_addr_t offset,
                          uint64_t size)
{
    TCGAccel *accel = listener->opaque;

    mutex_lock(&accel->run_lock);
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        tcg_tlb_protect(g_ptr_array_index(accel->vcpus, i), block->host + offset, size);
    }
    mutex_unlock(&accel->run_lock);
}

/* memory.h: stores that found their page writable before dirty_cleared() must be in memory. */
static void dirty_settle(MemoryListener *listener)
{
    tcg_exec_wait_all(listener->opaque);
}

TCGAccel *tcg_accel_new(const TCGTargetOps *ops, const TCGAccelConfig *config, GError **errp)
{
    TCGAccel *accel = g_new0(TCGAccel, 1);
    uint64_t size = config->tb_size ? config->tb_size : DEFAULT_TB_SIZE;

    g_assert(!the_accel);
    accel->ops = ops;
    accel->config = *config;
    accel->backend = config->backend;
    mutex_init(&accel->code_lock);
    mutex_init(&accel->run_lock);
    cond_init(&accel->run_cond);
    accel->vcpus = g_ptr_array_new();
    if (!tcg_region_init(&accel->region, CLAMP(size, MIN_TB_SIZE, MAX_TB_SIZE), errp)) {
        goto fail;
    }
    TCGCodeBuffer buf = tcg_region_rest(&accel->region);
    if (!accel->backend->init(ops->ir, &tcg_runtime, &buf, config->host_features, errp)) {
        tcg_region_destroy(&accel->region);
        goto fail;
    }
    tcg_region_take(&accel->region, buf.size);
    accel->thunks_end = accel->region.used;
    tcg_blocks_init(accel);
    ram_set_code_invalidate(ram_code_written, accel);
    accel->listener = (MemoryListener){
        .dirty_cleared = dirty_cleared, .settle = dirty_settle, .opaque = accel,
    };
    memory_listener_register(&accel->listener);
    the_accel = accel;
    return accel;
fail:
    g_ptr_array_free(accel->vcpus, true);
    cond_destroy(&accel->run_cond);
    mutex_destroy(&accel->run_lock);
    mutex_destroy(&accel->code_lock);
    g_free(accel);
    return NULL;
}

void tcg_accel_free(TCGAccel *accel)
{
    g_assert(accel == the_accel && accel->vcpus->len == 0);
    memory_listener_unregister(&accel->listener);
    ram_set_code_invalidate(NULL, NULL);
    tcg_blocks_destroy(accel);
    tcg_region_destroy(&accel->region);
    tcg_perfmap_close(accel);
    g_ptr_array_free(accel->vcpus, true);
    cond_destroy(&accel->run_cond);
    mutex_destroy(&accel->run_lock);
    mutex_destroy(&accel->code_lock);
    g_free(accel);
    the_accel = NULL;
}

/* ---- CPUs ---- */

static bool accel_cpu_init(CPUState *cpu, GError **errp)
{
    TCGAccel *accel = the_accel;

    g_assert(accel && !cpu->accel_data);
    TCGVCPU *v = g_new0(TCGVCPU, 1);
    v->accel = accel;
    v->cpu = cpu;
    v->env = accel->ops->env_of(cpu);
    v->tcg = (TCGCPUState *)((char *)v->env + accel->ops->ir->tcg_offset);
    v->ea_mask = cpu->ops && cpu->ops->address_bits && cpu->ops->address_bits(cpu) == 32
                     ? UINT32_MAX
                     : UINT64_MAX;
    v->as = cpu->as ? cpu->as : address_space_memory();
    v->breakpoints = g_array_new(false, false, sizeof(CPUBreakpoint));
    v->tcg->jump_cache = g_new(TCGJumpEntry, JUMP_CACHE_SIZE);
    v->generation = 1;
    v->tcg->jump_key = GENERATION;
    v->tcg->exit_request = 0;
    v->tcg->cpu = cpu;
    v->tcg->vcpu = v;
    v->tcg->backend = accel->backend;
    tcg_tlb_init(v);
    tcg_jump_cache_clear(v);
    cpu->accel_data = v;

    mutex_lock(&accel->code_lock);
    mutex_lock(&accel->run_lock);
    g_ptr_array_add(accel->vcpus, v);
    mutex_unlock(&accel->run_lock);
    mutex_unlock(&accel->code_lock);
    return true;
}

static void accel_cpu_deinit(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);
    TCGAccel *accel = v->accel;

    mutex_lock(&accel->code_lock);
    mutex_lock(&accel->run_lock);
    g_ptr_array_remove(accel->vcpus, v);
    cond_broadcast(&accel->run_cond);
    mutex_unlock(&accel->run_lock);
    mutex_unlock(&accel->code_lock);
    tcg_tlb_destroy(v);
    g_free(v->tcg->jump_cache);
    v->tcg->jump_cache = NULL;
    if (v->builder) {
        ir_builder_free(v->builder);
    }
    g_array_free(v->breakpoints, true);
    if (tcg_current == v) {
        tcg_current = NULL;
    }
    cpu->accel_data = NULL;
    g_free(v);
}

static void accel_thread_start(CPUState *cpu)
{
    __atomic_store_n(&tcg_vcpu(cpu)->started, true, __ATOMIC_RELEASE);
}

static void accel_thread_stop(CPUState *cpu)
{
    __atomic_store_n(&tcg_vcpu(cpu)->started, false, __ATOMIC_RELEASE);
}

static void accel_kick(CPUState *cpu)
{
    if (cpu->accel_data) {
        tcg_exec_kick(tcg_vcpu(cpu));
    }
}

static void accel_tlb_flush(CPUState *cpu)
{
    tcg_tlb_flush_all(cpu, TCG_ALL_MMU_IDX);
}

static void accel_reset(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);

    accel_tlb_flush(cpu);
    v->left = false;
    v->debug_exit = false;
    v->watch_passing = false;
}

/* ---- Dropping all code ---- */

static void flush_work(CPUState *cpu, void *opaque)
{
    TCGAccel *accel = opaque;

    mutex_lock(&accel->code_lock);
    tcg_blocks_flush(accel);
    mutex_unlock(&accel->code_lock);
}

void tcg_flush_code(TCGAccel *accel)
{
    CPUState *cpu = NULL;

    mutex_lock(&accel->run_lock);
    if (accel->vcpus->len) {
        TCGVCPU *v = g_ptr_array_index(accel->vcpus, 0);
        cpu = v->started ? v->cpu : NULL;
    }
    mutex_unlock(&accel->run_lock);
    if (cpu) {
        async_safe_run_on_cpu(cpu, flush_work, accel);
    } else {
        flush_work(NULL, accel);
    }
}

static bool breakpoints_equal(const GArray *a, const GArray *b)
{
    unsigned n = b ? b->len : 0;

    return a->len == n && (!n || !memcmp(a->data, b->data, n * sizeof(CPUBreakpoint)));
}

/* Blocks contain their breakpoints; watched pages are marked in the TLB. */
static void accel_breakpoints_changed(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);
    unsigned n_watches = cpu->watchpoints ? cpu->watchpoints->len : 0;

    if (!breakpoints_equal(v->breakpoints, cpu->breakpoints)) {
        g_array_set_size(v->breakpoints, 0);
        if (cpu->breakpoints) {
            g_array_append_vals(v->breakpoints, cpu->breakpoints->data, cpu->breakpoints->len);
        }
        tcg_flush_code(v->accel);
    }
    if (n_watches || v->n_watches) {
        v->n_watches = n_watches;
        tcg_tlb_flush_all(cpu, TCG_ALL_MMU_IDX);
    }
    tcg_exec_kick(v);
}

/* ---- Statistics ---- */

void tcg_info_jit(TCGAccel *accel, GString *out)
{
    const TCGAccelStats *st = &accel->stats;

    mutex_lock(&accel->code_lock);
    g_autofree char *used = size_to_string(accel->region.used);
    g_autofree char *size = size_to_string(accel->region.size);
    g_string_append_printf(out, "Translator: backend %s, %s\n", accel->backend->name,
                           accel->config.single_thread ? "single thread" : "thread per CPU");
    g_string_append_printf(out, "code memory          %s of %s\n", used, size);
    g_string_append_printf(out, "blocks now           %zu on %u guest pages\n", accel->n_blocks,
                           g_hash_table_size(accel->pages));
    g_string_append_printf(
        out, "blocks made          %" PRIu64 " (%" PRIu64 " made again after a write)\n",
        st->blocks_made, st->retranslations);
    if (st->blocks_made) {
        g_string_append_printf(
            out, "average block        %.1f instructions, %.1f bytes of host code",
            (double)st->guest_insns / st->blocks_made, (double)st->code_bytes / st->blocks_made);
        g_string_append_printf(out, " (%.1f for each guest byte)\n",
                               (double)st->code_bytes / MAX(st->guest_bytes, 1));
    }
    g_string_append_printf(out, "blocks invalidated   %" PRIu64 "\n", st->blocks_invalidated);
    g_string_append_printf(out, "exits chained        %" PRIu64 "\n", st->chains);
    g_string_append_printf(out, "pages protected      %" PRIu64 "\n", st->page_protects);
    g_string_append_printf(out, "code flushes         %" PRIu64 "\n", st->flushes);
    for (unsigned i = 0; i < accel->vcpus->len; i++) {
        const TCGVCPU *v = g_ptr_array_index(accel->vcpus, i);
        const TCGVCPUStats *vs = &v->stats;
        g_string_append_printf(out, "CPU %d\n", v->cpu->cpu_index);
        g_string_append_printf(out, "  block look-ups     %" PRIu64 ", loop exits %" PRIu64
                               ", reentries %" PRIu64
                               ", ungrouped runs %" PRIu64 "\n",
                               vs->lookups, vs->exits, vs->reentries, vs->nogroup);
        g_string_append_printf(out,
                               "  TLB fills          %" PRIu64 ", victim hits %" PRIu64
                               ", full flushes %" PRIu64 ", partial %" PRIu64 ", resizes %" PRIu64
                               "\n",
                               vs->tlb_fills, vs->tlb_victim_hits, vs->tlb_flushes,
                               vs->tlb_page_flushes, vs->tlb_resizes);
        g_string_append(out, "  TLB entries       ");
        for (unsigned m = 0; m < TCG_MMU_MODES; m++) {
            g_string_append_printf(out, " %u/%u", v->tlb[m].used,
                                   (unsigned)(v->tcg->tlb[m].mask >> 5) + 1);
        }
        g_string_append_c(out, '\n');
    }
    mutex_unlock(&accel->code_lock);
}

static void accel_print_info(GString *out)
{
    if (the_accel) {
        tcg_info_jit(the_accel, out);
    }
}

const AccelOps tcg_accel_ops = {
    .name = "tcg",
    .cpu_init = accel_cpu_init,
    .cpu_deinit = accel_cpu_deinit,
    .cpu_thread_start = accel_thread_start,
    .cpu_thread_stop = accel_thread_stop,
    .exec = tcg_cpu_exec,
    .kick = accel_kick,
    .tlb_flush = accel_tlb_flush,
    .breakpoints_changed = accel_breakpoints_changed,
    .memory_changed = accel_tlb_flush,
    .reset = accel_reset,
    .print_info = accel_print_info,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executes vectors in this process: front end, IR passes and a back end with a flat piece of memory
 * in place of the machine.
 *
 * The software TLB maps the vectors' memory, so generated fast paths run.  What helpers call of
 * accel/tcg is replaced here by functions on the same memory (the linker's --wrap); everything
 * outside the memory is a SIGSEGV, as it is for the oracle.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "accel/tcg/access.h"
#include "target/ppc/spr.h"
#include "target/ppc/cpu.h"
#include "tcg/ir-backend.h"
#include "../../target/ppc/translate.h"
#include "vector-run.h"

#define MEM_SIZE 0x10000u                 /* mapped on the oracle's side too */
#define CODE_BYTES (1u << 20)
#define TLB_ENTRIES 64

static const TCGBackend *backend;
static TCGCodeBuffer code;
static PowerPCCPU *cpu;
static PowerPCCPUClass model;
static IRBuilder *builder;
static uint8_t *memory;
static TCGTLBEntry tlb[TLB_ENTRIES];
static TCGJumpEntry jumps[1 << TCG_JUMP_CACHE_BITS];
static uint8_t page[TCG_PAGE_SIZE];
static sigjmp_buf leave;
static volatile int raised;

static CPUPPCState *env_now(void)
{
    return &cpu->env;
}

G_NORETURN static void leave_with(int signal_number)
{
    raised = signal_number;
    siglongjmp(leave, 1);
}

G_NORETURN static void restore_and_leave(int signal_number)
{
    backend->restore(env_now(), env_now()->tcg.restore_point);
    leave_with(signal_number);
}

/* ---- Memory ---- */

static uint8_t *host(uint64_t ea, unsigned size, uint32_t oi)
{
    ea = vector_is_32() ? (uint32_t)ea : ea;
    if ((oi & MO_ALIGN) && (ea & (size - 1))) {
        restore_and_leave(SIGBUS);
    }
    if (ea < VECTOR_MEM || ea - VECTOR_MEM > MEM_SIZE - size) {
        restore_and_leave(SIGSEGV);
    }
    return memory + (ea - VECTOR_MEM);
}

static void reverse(void *to, const void *from, unsigned size, bool swap)
{
    for (unsigned i = 0; i < size; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[swap ? size - 1 - i : i];
    }
}

static uint64_t flat_load(void *env, uint64_t ea, uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);
    uint64_t value = 0;

    reverse(&value, host(ea, size, oi), size, oi & MO_BSWAP);
    if (oi & MO_SIGN) {
        value = (uint64_t)((int64_t)(value << (64 - 8 * size)) >> (64 - 8 * size));
    }
    return value;
}

static void flat_store(void *env, uint64_t ea, uint64_t value, uint32_t oi)
{
    unsigned size = 1u << (oi & MO_SIZE);
    reverse(host(ea, size, oi), &value, size, oi & MO_BSWAP);
}

static void flat_load128(void *env, uint64_t ea, uint32_t oi, V128 *out)
{
    V128 value;
    reverse(&value, host(ea, 16, oi), 16, oi & MO_BSWAP);
    *out = value;
}

static void flat_store128(void *env, uint64_t ea, uint32_t oi, const V128 *value)
{
    reverse(host(ea, 16, oi), value, 16, oi & MO_BSWAP);
}

static uint64_t flat_cas(void *env, uint64_t ea, uint64_t expected, uint64_t desired, uint32_t oi)
{
    uint64_t old = flat_load(env, ea, oi & ~MO_SIGN);
    if (old == expected) {
        flat_store(env, ea, desired, oi);
    }
    return old;
}

static bool flat_probe_span(void *env, uint64_t ea, uint32_t span, uint32_t oi, bool is_write)
{
    return ea >= VECTOR_MEM && ea + span <= VECTOR_MEM + MEM_SIZE;
}

static const void *flat_lookup(void *env, uint64_t pc)
{
    return NULL;
}

static const TCGRuntime runtime = {
    .load = flat_load, .store = flat_store, .load128 = flat_load128, .store128 = flat_store128,
    .cas = flat_cas, .probe_span = flat_probe_span, .lookup = flat_lookup,
};

/* ---- What helpers call ---- */

#define WRAP(type, name, ...)                                                                     \
    type __wrap_##name(__VA_ARGS__);                                                              \
    type __wrap_##name(__VA_ARGS__)

WRAP(uint64_t, tcg_load, void *env, uint64_t ea, uint32_t oi)
{
    return flat_load(env, ea, oi);
}

WRAP(void, tcg_store, void *env, uint64_t ea, uint64_t value, uint32_t oi)
{
    flat_store(env, ea, value, oi);
}

WRAP(void, tcg_load128, void *env, uint64_t ea, uint32_t oi, V128 *out)
{
    flat_load128(env, ea, oi, out);
}

WRAP(void, tcg_store128, void *env, uint64_t ea, uint32_t oi, const V128 *value)
{
    flat_store128(env, ea, oi, value);
}

WRAP(void, tcg_load128_atomic, void *env, uint64_t ea, uint32_t oi, V128 *out)
{
    flat_load128(env, ea, oi | MO_ALIGN, out);
}

WRAP(void, tcg_store128_atomic, void *env, uint64_t ea, uint32_t oi, const V128 *value)
{
    flat_store128(env, ea, oi | MO_ALIGN, value);
}

WRAP(uint64_t, tcg_cas, void *env, uint64_t ea, uint64_t expected, uint64_t desired, uint32_t oi)
{
    return flat_cas(env, ea, expected, desired, oi);
}

WRAP(bool, tcg_cas128, void *env, uint64_t ea, const V128 *expected, const V128 *desired, V128 *old,
     uint32_t oi)
{
    flat_load128(env, ea, oi | MO_ALIGN, old);
    if (memcmp(old, expected, 16) != 0) {
        return false;
    }
    flat_store128(env, ea, oi, desired);
    return true;
}

WRAP(uint64_t, tcg_atomic_rmw, void *env, uint64_t ea, TCGRmw op, uint64_t operand, uint32_t oi)
{
    unsigned bits = 8u << (oi & MO_SIZE);
    uint64_t old = flat_load(env, ea, (oi | MO_ALIGN) & ~MO_SIGN), value = operand;
    int64_t signed_old = (int64_t)(old << (64 - bits)) >> (64 - bits);
    int64_t signed_operand = (int64_t)(operand << (64 - bits)) >> (64 - bits);

    switch (op) {
    case TCG_RMW_ADD: value = old + operand; break;
    case TCG_RMW_XOR: value = old ^ operand; break;
    case TCG_RMW_OR: value = old | operand; break;
    case TCG_RMW_AND: value = old & operand; break;
    case TCG_RMW_UMAX: value = MAX(old, operand); break;
    case TCG_RMW_UMIN: value = MIN(old, operand); break;
    case TCG_RMW_SMAX: value = (uint64_t)MAX(signed_old, signed_operand); break;
    case TCG_RMW_SMIN: value = (uint64_t)MIN(signed_old, signed_operand); break;
    case TCG_RMW_SWAP: break;
    }
    flat_store(env, ea, value, oi);
    return old;
}

WRAP(void *, tcg_probe_access, void *env, uint64_t ea, unsigned size, TCGAccess access,
     unsigned idx)
{
    return host(ea, size, 0);
}

WRAP(void, tcg_probe_range, void *env, uint64_t ea, uint64_t size, TCGAccess access, unsigned idx)
{
    host(ea, (unsigned)size, 0);
}

WRAP(bool, tcg_probe_nofault, void *env, uint64_t ea, unsigned size, TCGAccess access, unsigned idx,
     void **out)
{
    bool inside = ea >= VECTOR_MEM && ea + size <= VECTOR_MEM + MEM_SIZE;
    *out = inside ? memory + (ea - VECTOR_MEM) : NULL;
    return inside;
}

WRAP(void, tcg_zero_range, void *env, uint64_t ea, uint64_t size, unsigned idx)
{
    memset(host(ea, (unsigned)size, 0), 0, size);
}

WRAP(void, tcg_restore_state, CPUState *cs)
{
    backend->restore(env_now(), env_now()->tcg.restore_point);
}

/* The signal that Linux makes of an interrupt. */
WRAP(void, tcg_raise, CPUState *cs)
{
    CPUPPCState *env = env_now();

    switch (env->exception_index) {
    case EXCP_PROGRAM:
        restore_and_leave(env->error_code & PROGRAM_TRAP ? SIGTRAP
                          : env->error_code & PROGRAM_FP ? SIGFPE
                                                         : SIGILL);
    case EXCP_ALIGN:
        restore_and_leave(SIGBUS);
    case EXCP_DSI:
        restore_and_leave(SIGSEGV);
    default:
        restore_and_leave(SIGILL);
    }
}

WRAP(void, tcg_exit_to_loop, CPUState *cs)
{
    leave_with(0);
}

/* ---- The CPU ---- */

static bool find_backend(const char *name, GError **errp)
{
    static const TCGBackend *const all[] = {
        &tcg_backend_interp,
#ifdef __x86_64__
        &tcg_backend_x86_64,
#endif
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        if (strcmp(all[i]->name, name) == 0) {
            backend = all[i];
            return true;
        }
    }
    g_set_error(errp, G_FILE_ERROR, G_FILE_ERROR_INVAL, "no back end '%s'", name);
    return false;
}

bool vector_run_init(const char *name, bool baseline, GError **errp)
{
    if (!find_backend(name, errp)) {
        return false;
    }
    memory = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *region = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || region == MAP_FAILED) {
        g_set_error(errp, G_FILE_ERROR, G_FILE_ERROR_NOMEM, "no memory: %s", g_strerror(errno));
        return false;
    }
    code = (TCGCodeBuffer){region, region, CODE_BYTES};
    TCGCodeBuffer thunks = code;
    if (!backend->init(&ppc_ir_target, &runtime, &thunks, baseline ? 0 : UINT64_MAX, errp)) {
        return false;
    }
    size_t used = (thunks.size + 63) & ~(size_t)63;
    code = (TCGCodeBuffer){region + used, region + used, CODE_BYTES - used};
    builder = ir_builder_new(&ppc_ir_target);

    model = (PowerPCCPUClass){
        .name = "vectors",
        .pvr = 0x004e1200,
        .insns = vector_isa(),
        .msr_mask = UINT64_MAX,
        .mmu = MMU_64_RADIX,
        .exception_family = FAMILY_POWER9,
        .dcache_line = 128,
        .icache_line = 128,
    };
    if (vector_is_32()) {
        model.pvr = 0x80030102;
        model.mmu = MMU_32_HASH;
        model.exception_family = FAMILY_74XX;
        model.dcache_line = model.icache_line = 32;
    }
    cpu = g_aligned_alloc0(1, sizeof(PowerPCCPU), 64);
    cpu->model = &model;
    cpu->decode = (void *)vector_decoder();
    CPUPPCState *env = env_now();
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        tlb[i] = (TCGTLBEntry){UINT64_MAX, UINT64_MAX, UINT64_MAX, 0};
    }
    for (uint64_t at = VECTOR_MEM; at < VECTOR_MEM + MEM_SIZE; at += TCG_PAGE_SIZE) {
        tlb[(at >> TCG_PAGE_BITS) % TLB_ENTRIES] =
            (TCGTLBEntry){at, at, UINT64_MAX, (uintptr_t)memory - VECTOR_MEM};
    }
    for (unsigned i = 0; i < TCG_MMU_MODES; i++) {
        env->tcg.tlb[i] = (TCGTLBFast){(TLB_ENTRIES - 1) << 5, tlb};
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(jumps); i++) {
        jumps[i].pc = UINT64_MAX;
    }
    env->tcg.jump_cache = jumps;
    env->tcg.cpu = cpu;
    env->tcg.backend = backend;
    return true;
}

static void load_state(const VectorState *state, bool big_endian)
{
    CPUPPCState *env = env_now();

    memcpy(env->gpr, state->gpr, sizeof(env->gpr));
    env->lr = state->lr;
    env->ctr = state->ctr;
    if (vector_is_32()) {
        /* Its registers have no upper halves. */
        for (unsigned i = 0; i < 32; i++) {
            env->gpr[i] = (uint32_t)env->gpr[i];
        }
        env->lr = (uint32_t)env->lr;
        env->ctr = (uint32_t)env->ctr;
    }
    ppc_set_cr(env, (uint32_t)state->cr, 0xff);
    ppc_set_xer(env, state->xer);
    for (unsigned i = 0; i < 64; i++) {
        env->vsr[i].d[1] = state->vsr[i][0];
        env->vsr[i].d[0] = state->vsr[i][1];
    }
    env->fpscr = vector_is_32() ? (uint32_t)state->fpscr : state->fpscr;
    env->fp_op = 0;
    env->fpcc = 0xff;
    env->vscr = (uint32_t)state->vscr;
    env->reserve_addr = RESERVE_NONE;
    env->reserve_size = 0;
    env->exception_index = EXCP_NONE;
    env->msr = MSR_BIT(SF) | MSR_BIT(PR) | MSR_BIT(EE) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(FP) |
               MSR_BIT(VR) | MSR_BIT(VSX) | MSR_BIT(FE0) | MSR_BIT(FE1) |
               (big_endian ? 0 : MSR_BIT(LE));
    env->nip = VECTOR_CODE;
    /* Both host control words: everything masked, round to nearest. */
    env->tcg.mxcsr_fp = env->tcg.mxcsr_vmx = 0x1f80;
    env->spr[SPR_HFSCR] = UINT64_MAX;       /* no machine here: a hypervisor that allows all */
    ppc_update_hflags(env);
    memcpy(memory, state->mem, VECTOR_MEM_SIZE);
}

static void save_state(VectorState *state)
{
    CPUPPCState *env = env_now();

    fpscr_sync(env);
    memcpy(state->gpr, env->gpr, sizeof(env->gpr));
    state->lr = env->lr;
    state->ctr = env->ctr;
    state->cr = ppc_get_cr(env);
    state->xer = ppc_get_xer(env);
    for (unsigned i = 0; i < 64; i++) {
        state->vsr[i][0] = env->vsr[i].d[1];
        state->vsr[i][1] = env->vsr[i].d[0];
    }
    state->fpscr = env->fpscr;
    state->vscr = env->vscr;
    memcpy(state->mem, memory, VECTOR_MEM_SIZE);
}

/* Translates and runs the block at pc; where execution goes on. */
static uint64_t run_block(uint64_t pc)
{
    CPUPPCState *env = env_now();
    TCGFetch fetch = {
        .cpu = &cpu->parent,
        .pc = pc,
        .flags = env->hflags,
        .max_insns = VECTOR_INSNS,
        .page = page,
        .page_first = 0,
        .page_end = 4 * VECTOR_INSNS,
    };
    TCGCodeBuffer buffer = code;
    TCGCompiled compiled = {0};
    TCGExitSite *site = NULL;
    g_autoptr(GError) error = NULL;

    ir_builder_reset(builder, pc, env->hflags, env->hflags & 7);
    ppc_translate_block(&cpu->parent, builder, &fetch);
    IRBlock *block = ir_builder_block(builder);
    if (!ir_verify(block, &error)) {
        g_error("%s\n%s", error->message, ir_dump(block)->str);
    }
    ir_optimize(block, false);
    if (!ir_verify(block, &error)) {
        g_error("optimized: %s\n%s", error->message, ir_dump(block)->str);
    }
    if (!backend->compile(block, &buffer, &compiled)) {
        g_error("block does not fit");
    }
    TCGExitReason reason = backend->enter(env, compiled.entry, &site);
    pc = reason == TCG_EXIT_CHAIN ? site->dest : env->tcg.pc;
    g_assert(reason != TCG_EXIT_NOGROUP);
    backend->release(&compiled);
    return pc;
}

void vector_run(VectorState *state, const uint32_t insn[VECTOR_INSNS], bool big_endian)
{
    volatile uint64_t pc = VECTOR_CODE;

    for (unsigned i = 0; i < VECTOR_INSNS; i++) {
        uint32_t word = big_endian ? GUINT32_TO_BE(insn[i]) : GUINT32_TO_LE(insn[i]);
        memcpy(page + 4 * i, &word, 4);
    }
    load_state(state, big_endian);
    raised = 0;
    if (sigsetjmp(leave, 0) == 0) {
        while (pc != VECTOR_CODE + 4 * VECTOR_INSNS) {
            pc = run_block(pc);
        }
    }
    save_state(state);
    state->signal = raised;
}

void vector_show(const uint32_t *insns, unsigned n, bool big_endian)
{
    VectorState state = {0};
    TCGCodeBuffer buffer = code;
    TCGCompiled compiled = {0};

    g_assert(4 * n <= sizeof(page));
    for (unsigned i = 0; i < n; i++) {
        uint32_t word = big_endian ? GUINT32_TO_BE(insns[i]) : GUINT32_TO_LE(insns[i]);
        g_autoptr(GString) text = g_string_new(NULL);
        memcpy(page + 4 * i, &word, 4);
        ppc_disas(ppc_decode(vector_decoder(), insns[i]), insns[i], VECTOR_CODE + 4 * i, text);
        printf("%08x: %08x  %s\n", VECTOR_CODE + 4 * i, insns[i], text->str);
    }
    load_state(&state, big_endian);
    TCGFetch fetch = {
        .cpu = &cpu->parent,
        .pc = VECTOR_CODE,
        .flags = env_now()->hflags,
        .max_insns = n,
        .page = page,
        .page_first = 0,
        .page_end = 4 * n,
    };
    ir_builder_reset(builder, VECTOR_CODE, fetch.flags, fetch.flags & 7);
    ppc_translate_block(&cpu->parent, builder, &fetch);
    IRBlock *block = ir_builder_block(builder);
    ir_optimize(block, false);
    GString *dump = ir_dump(block);
    printf("%s\n", dump->str);
    g_string_free(dump, TRUE);
    if (!backend->compile(block, &buffer, &compiled)) {
        g_error("block does not fit");
    }
    GString *host = backend->disassemble ? backend->disassemble(&compiled) : NULL;
    if (host) {
        printf("%s\n", host->str);
        g_string_free(host, TRUE);
    }
    printf("%u guest instructions, %zu bytes of host code\n", n, compiled.code_size);
    backend->release(&compiled);
}

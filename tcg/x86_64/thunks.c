/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code made once and shared by all blocks: entering and leaving, and the slow paths' thunks.
 *
 * A stub pushes its arguments (the restore point last) and calls a thunk.  The thunk stores all
 * host registers in TCGCPUState, where restore() finds guest values should the access fault, calls
 * C, and gives every register back unchanged; the result replaces an argument on the stack.  The FP
 * control word is stored before and loaded after, so that C code can neither disturb its sticky
 * flag nor miss it; within an AltiVec section nothing of that is needed (FPSCR's word is in memory
 * already).
 */
#include <string.h>
#include "util/error.h"
#include "x86-backend.h"

#define CALLER_SAVED (GPR_ALL & ~GPR_CALL_SAVED)

static X86Mem tcg_mem(const X86State *s, size_t member)
{
    return X86_MEM(RBP, (int32_t)(s->target->tcg_offset + member) - X86_ENV_BIAS);
}
#define TCGM(s, member) tcg_mem(s, offsetof(TCGCPUState, member))

static X86Mem off(X86Mem m, int d)
{
    m.disp += d;
    return m;
}

static void save_registers(X86Asm *as, const X86State *s, unsigned variant)
{
    for (unsigned r = 0; r < 16; r++) {
        if (GPR_ALL & BIT(r)) {
            x86_rm(as, X_MOV_STORE | X86_W, (int)r, off(TCGM(s, save_gpr), 8 * (int)r));
        }
    }
    for (unsigned r = 0; r < 16 && (variant & X86_THUNK_XMM); r++) {
        x86_rm(as, X_MOVUPS_ST, (int)r, off(TCGM(s, save_xmm), 16 * (int)r));
    }
    if (!(variant & X86_THUNK_VMX)) {
        x86_stmxcsr(as, TCGM(s, mxcsr_fp));
    }
}

static void load_registers(X86Asm *as, const X86State *s, unsigned variant)
{
    if (!(variant & X86_THUNK_VMX)) {
        x86_ldmxcsr(as, TCGM(s, mxcsr_fp));
    }
    for (unsigned r = 0; r < 16; r++) {
        if (CALLER_SAVED & BIT(r)) {
            x86_rm(as, X_MOV_LOAD | X86_W, (int)r, off(TCGM(s, save_gpr), 8 * (int)r));
        }
    }
    for (unsigned r = 0; r < 16 && (variant & X86_THUNK_XMM); r++) {
        x86_rm(as, X_MOVUPS, (int)r, off(TCGM(s, save_xmm), 16 * (int)r));
    }
}

static void call_c(X86Asm *as, const void *fn)
{
    x86_mov_ri(as, RAX, (uint64_t)(uintptr_t)fn);
    x86_call_r(as, RAX);
}

static void load_arg(X86Asm *as, int reg, int at)
{
    x86_rm(as, X_MOV_LOAD | X86_W, reg, X86_MEM(RSP, at));
}

/* Stack at entry: +0 return address, +8 first pushed last.  pad keeps the stack 16-byte aligned. */
static void make_access(X86State *s, X86Asm *as, X86Thunk thunk, unsigned variant)
{
    int pad = thunk == X86_THUNK_STORE ? 8 : 0;

    save_registers(as, s, variant);
    if (pad) {
        x86_alu_ri(as, X86_W, X_SUB, RSP, pad);
    }
    if (thunk <= X86_THUNK_CAS) {
        x86_rm(as, X_MOV_LOAD, RAX, X86_MEM(RSP, pad + 8));
        x86_rm(as, X_MOV_STORE, RAX, TCGM(s, restore_point));
    }
    x86_rm(as, X_LEA | X86_W, RDI, X86_MEM(RBP, -X86_ENV_BIAS));
    switch (thunk) {
    case X86_THUNK_LOAD:
        load_arg(as, RDX, 16);
        load_arg(as, RSI, 24);
        call_c(as, (const void *)s->runtime.load);
        x86_rm(as, X_MOV_STORE | X86_W, RAX, X86_MEM(RSP, 24));
        break;
    case X86_THUNK_STORE:
        load_arg(as, RCX, pad + 16);
        load_arg(as, RSI, pad + 24);
        load_arg(as, RDX, pad + 32);
        call_c(as, (const void *)s->runtime.store);
        break;
    case X86_THUNK_LOAD128:
    case X86_THUNK_STORE128:
        load_arg(as, RDX, 16);
        load_arg(as, RSI, 24);
        x86_rm(as, X_LEA | X86_W, RCX, X86_MEM(RSP, 32));
        call_c(as, thunk == X86_THUNK_LOAD128 ? (const void *)s->runtime.load128
                                              : (const void *)s->runtime.store128);
        break;
    case X86_THUNK_CAS:
        load_arg(as, R8, 16);
        load_arg(as, RSI, 24);
        load_arg(as, RDX, 32);
        load_arg(as, RCX, 40);
        call_c(as, (const void *)s->runtime.cas);
        x86_rm(as, X_MOV_STORE | X86_W, RAX, X86_MEM(RSP, 24));
        break;
    case X86_THUNK_PROBE:
        load_arg(as, RCX, 8);
        load_arg(as, RDX, 16);
        load_arg(as, RSI, 24);
        x86_mov_rr(as, 0, R8, RDX);
        x86_alu_ri(as, 0, X_AND, R8, 1);
        x86_shift_ri(as, 0, X_SHR, RDX, 1);
        call_c(as, (const void *)s->runtime.probe_span);
        x86_rr(as, X_MOVZX8 | X86_B8, RAX, RAX);
        x86_rm(as, X_MOV_STORE | X86_W, RAX, X86_MEM(RSP, 24));
        break;
    case X86_THUNK_FP:
        load_arg(as, R10, 8);
        load_arg(as, R8, 16);
        load_arg(as, RSI, 24);
        load_arg(as, RDX, 32);
        load_arg(as, RCX, 40);
        x86_mov_ri(as, RAX, (uint64_t)(uintptr_t)s->target->fp_fallback);
        x86_rm(as, 0xff, 2, X86_MEMX(RAX, R10, 3, 0));
        x86_rm(as, X_MOV_STORE | X86_W, RAX, X86_MEM(RSP, 24));
        break;
    case X86_THUNK_VFP:
        load_arg(as, R10, 8);
        load_arg(as, R9, 16);
        load_arg(as, R11, 24);
        x86_rm(as, X_LEA | X86_W, RDX, X86_MEM(RSP, 32));
        x86_rm(as, X_LEA | X86_W, RCX, X86_MEM(RSP, 48));
        x86_rm(as, X_LEA | X86_W, R8, X86_MEM(RSP, 64));
        x86_rm(as, X_LEA | X86_W, RSI, X86_MEM(RSP, 80));
        x86_alu_ri(as, X86_W, X_SUB, RSP, 16);
        x86_rm(as, X_MOV_STORE | X86_W, R11, X86_MEM(RSP, 0));
        x86_mov_ri(as, RAX, (uint64_t)(uintptr_t)s->target->vfp_fallback);
        x86_rm(as, 0xff, 2, X86_MEMX(RAX, R10, 3, 0));
        x86_alu_ri(as, X86_W, X_ADD, RSP, 16);
        break;
    default:
        g_assert_not_reached();
    }
    if (pad) {
        x86_alu_ri(as, X86_W, X_ADD, RSP, pad);
    }
    load_registers(as, s, variant);
    x86_ret(as);
}

static const uint8_t *here(const X86Asm *as)
{
    return as->p + as->delta;
}

/* Above the frame: enter()'s third argument and the control word for C. */
enum {
    SITE_AT = X86_FRAME_SIZE,
    HOST_MXCSR_AT = X86_FRAME_SIZE + 8,
    FRAME_TOTAL = X86_FRAME_SIZE + 24
};

static void make_leave(X86State *s, X86Asm *as, const uint8_t *tail, TCGExitReason reason)
{
    x86_mov_ri(as, RAX, reason);
    x86_jmp_abs(as, tail);
}

/* Asks C for the entry of the block at pc and goes there; falls through if there is none. */
static void make_lookup(X86State *s, X86Asm *as, const void *fn)
{
    x86_stmxcsr(as, TCGM(s, mxcsr_fp));
    x86_rm(as, X_LEA | X86_W, RDI, X86_MEM(RBP, -X86_ENV_BIAS));
    x86_rm(as, X_MOV_LOAD | X86_W, RSI, TCGM(s, pc));
    call_c(as, fn);
    x86_ldmxcsr(as, TCGM(s, mxcsr_fp));
    x86_rr(as, X_TEST | X86_W, RAX, RAX);
    uint32_t missed = x86_jcc(as, CC_E);

    x86_jmp_r(as, RAX);
    x86_patch_here(as, missed);
}

static const uint8_t pushed[] = { RBX, RBP, R12, R13, R14, R15 };

static void make_flow(X86State *s, X86Asm *as)
{
    const uint8_t *tail;

    s->enter = here(as);
    for (unsigned i = 0; i < G_N_ELEMENTS(pushed); i++) {
        x86_push(as, pushed[i]);
    }
    x86_alu_ri(as, X86_W, X_SUB, RSP, FRAME_TOTAL);
    x86_rm(as, X_MOV_STORE | X86_W, RDX, X86_MEM(RSP, SITE_AT));
    /* C always gets the default back: after a raise the control word may be the guest's. */
    x86_mov_mi(as, 0, X86_MEM(RSP, HOST_MXCSR_AT), 0x1f80);
    x86_rm(as, X_LEA | X86_W, RBP, X86_MEM(RDI, X86_ENV_BIAS));
    x86_rm(as, X_MOV_STORE | X86_W, RSP, TCGM(s, frame));
    x86_ldmxcsr(as, TCGM(s, mxcsr_fp));
    x86_jmp_r(as, RSI);

    x86_align(as, 16);
    tail = here(as);
    x86_stmxcsr(as, TCGM(s, mxcsr_fp));
    x86_ldmxcsr(as, X86_MEM(RSP, HOST_MXCSR_AT));
    x86_alu_ri(as, X86_W, X_ADD, RSP, FRAME_TOTAL);
    for (unsigned i = G_N_ELEMENTS(pushed); i > 0; i--) {
        x86_pop(as, pushed[i - 1]);
    }
    x86_ret(as);

    x86_align(as, 16);
    s->leave_chain_relative = here(as);
    /* The site's pc lies in the page that runs. */
    x86_rm(as, X_MOV_LOAD, RCX, X86_MEM(RAX, offsetof(TCGExitSite, dest)));
    x86_alu_ri(as, 0, X_AND, RCX, (int32_t)~TCG_PAGE_MASK);
    x86_rm(as, X_MOV_LOAD | X86_W, RDX, TCGM(s, pc));
    x86_alu_ri(as, X86_W, X_AND, RDX, (int32_t)TCG_PAGE_MASK);
    x86_alu_rr(as, X86_W, X_OR, RCX, RDX);
    uint32_t same = x86_jmp(as);

    x86_align(as, 16);
    s->leave_chain = here(as);
    x86_rm(as, X_MOV_LOAD | X86_W, RCX, X86_MEM(RAX, offsetof(TCGExitSite, dest)));
    x86_patch_here(as, same);
    x86_rm(as, X_MOV_STORE | X86_W, RCX, TCGM(s, pc));
    x86_rm(as, X_MOV_LOAD | X86_W, RDX, X86_MEM(RSP, SITE_AT));
    x86_rm(as, X_MOV_STORE | X86_W, RAX, X86_MEM(RDX, 0));
    make_leave(s, as, tail, TCG_EXIT_CHAIN);

    x86_align(as, 16);
    s->leave_loop = here(as);
    if (s->runtime.reenter) {
        make_lookup(s, as, (const void *)s->runtime.reenter);
    }
    make_leave(s, as, tail, TCG_EXIT_LOOP);

    x86_align(as, 16);
    s->leave_indirect = here(as);
    make_leave(s, as, tail, TCG_EXIT_INDIRECT);

    x86_align(as, 16);
    s->leave_nogroup = here(as);
    if (s->runtime.lookup_nogroup) {
        make_lookup(s, as, (const void *)s->runtime.lookup_nogroup);
    }
    make_leave(s, as, tail, TCG_EXIT_NOGROUP);

    x86_align(as, 16);
    s->lookup = here(as);
    make_lookup(s, as, (const void *)s->runtime.lookup);
    make_leave(s, as, tail, TCG_EXIT_INDIRECT);
}

bool x86_make_thunks(X86State *s, TCGCodeBuffer *buf, GError **errp)
{
    X86Asm as;

    s->write = buf->write;
    s->exec = buf->exec;
    x86_asm_init(&as, buf->write, buf->exec, buf->size);
    make_flow(s, &as);
    for (unsigned t = 0; t < X86_THUNK_COUNT; t++) {
        for (unsigned v = 0; v < X86_THUNK_VARIANTS; v++) {
            x86_align(&as, 16);
            s->thunk[t][v] = here(&as);
            make_access(s, &as, (X86Thunk)t, v);
        }
    }
    x86_align(&as, 64);
    if (as.overflow) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED,
                    "code buffer of %zu bytes is too small for the translator's thunks", buf->size);
        return false;
    }
    buf->size = x86_here(&as);
    return true;
}

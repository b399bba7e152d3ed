/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the block for a guest address, and making it: fetch translation, the target's front end,
 * the IR passes, the back end, publication.
 *
 * The front end runs without a lock.  The page is marked as holding code before its bytes are read;
 * a write that comes while a translation is under way steps the page's version, and the translation
 * starts over.  If another CPU could write the page fast until then, a store of its running block
 * may still be on the way: its next safepoint is waited for.
 */
#include "accel/tcg/internal.h"

#include <string.h>
#include "util/log.h"

#define MAX_INSNS 512
#define MAX_RETRIES 8

/* ---- Breakpoints: a block of one call ---- */

static void breakpoint_reached(void *env)
{
    tcg_raise_debug(tcg_current->cpu);
}

static const IRHelper breakpoint_helper = {
    .name = "breakpoint", .fn = (void *)breakpoint_reached, .result = IR_VOID,
    .args = {IRA_ENV}, .flags = IRH_RAISES | IRH_NORETURN | IRH_READS_SLOTS,
};

/* True: at pc itself. Else *end is cut to the first one behind pc on the page. */
static bool breakpoint_near(CPUState *cpu, uint64_t pc, uint32_t *end)
{
    if (!cpu->breakpoints) {
        return false;
    }
    for (unsigned i = 0; i < cpu->breakpoints->len; i++) {
        const CPUBreakpoint *bp = &g_array_index(cpu->breakpoints, CPUBreakpoint, i);
        if (!(bp->flags & BP_GDB) || ((bp->pc ^ pc) & TCG_PAGE_MASK)) {
            continue;
        }
        if (bp->pc == pc) {
            return true;
        }
        if (bp->pc > pc) {
            *end = MIN(*end, bp->pc & ~TCG_PAGE_MASK);
        }
    }
    return false;
}

/* ---- Logs ---- */

static void log_guest_code(TCGVCPU *v, const IRBlock *ir)
{
    const TCGTargetOps *ops = v->accel->ops;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "in_asm cpu%d %016" PRIx64 " flags %08" PRIx64 "\n",
                           v->cpu->cpu_index, ir->pc, ir->key_flags);
    for (unsigned i = 0; i < ir->guest_insns->len; i++) {
        const IRGuestInsn *g = &g_array_index(ir->guest_insns, IRGuestInsn, i);
        g_autofree char *line = ops->disassemble
                                    ? ops->disassemble(v->cpu, g->pc, g->opcode, ir->key_flags)
                                    : NULL;
        g_string_append_printf(text, "%016" PRIx64 ":  %08x  %s\n", g->pc, g->opcode,
                               line ? line : "");
    }
    log_printf_always("%s\n", text->str);
}

static void log_ir(const char *title, const IRBlock *ir)
{
    GString *text = ir_dump(ir);

    log_printf_always("%s %016" PRIx64 "\n%s\n", title, ir->pc, text->str);
    g_string_free(text, true);
}

static void verify(const IRBlock *ir, const char *when)
{
    GError *error = NULL;

    if (!ir_verify(ir, &error)) {
        log_ir("bad IR", ir);
        g_error("IR of block %016" PRIx64 " is wrong %s: %s", ir->pc, when, error->message);
    }
}

/* ---- Making a block ---- */

/* Builds and optimises; halves max until the block fits the IR's limits. */
static IRBlock *build(TCGVCPU *v, const TCGBlockState *state, uint64_t flags, const uint8_t *page,
                      uint32_t first, uint32_t end, unsigned *max, uint32_t *size)
{
    TCGAccel *accel = v->accel;
    IRBuilder *b = v->builder;
    uint32_t limit = end;
    bool stop_here = !(flags & TCG_KEY_ALONE) && breakpoint_near(v->cpu, state->pc, &limit);
    IRBlock *ir;

    for (;;) {
        TCGFetch f = {
            .cpu = v->cpu, .pc = state->pc, .flags = flags, .fetch_mmu_idx = state->fetch_mmu_idx,
            .max_insns = *max, .page = page, .page_first = first, .page_end = limit,
            /* Breakpoints belong to effective addresses. */
            .page_relative = accel->backend->page_relative &&
                             !(v->cpu->breakpoints && v->cpu->breakpoints->len),
        };
        ir_builder_reset(b, state->pc, flags, state->data_mmu_idx);
        if (stop_here) {
            ir_insn_start(b, state->pc, 0);
            ir_call0(b, &breakpoint_helper);
            ir_unreachable(b);
        } else {
            accel->ops->translate_block(v->cpu, b, &f);
        }
        ir = ir_builder_block(b);
        if (!ir->overflow) {
            *size = f.end > state->pc ? f.end - state->pc : 4;
            break;
        }
        g_assert(*max > 1);
        *max /= 2;
    }
    bool logged = log_enabled(LOG_IN_ASM | LOG_IR | LOG_IR_OPT) && log_in_filter(state->pc);
    if (logged && log_enabled(LOG_IN_ASM)) {
        log_guest_code(v, ir);
    }
    if (logged && log_enabled(LOG_IR)) {
        log_ir("ir", ir);
    }
    if (accel->config.verify_ir) {
        verify(ir, "as built");
    }
    ir_optimize(ir, flags & TCG_KEY_NOGROUP);
    if (accel->config.verify_ir) {
        verify(ir, "after the passes");
    }
    if (logged && log_enabled(LOG_IR_OPT)) {
        log_ir("ir_opt", ir);
    }
    return ir;
}

/* code_lock held. NULL: no room. */
static TCGBlock *emit(TCGVCPU *v, const TCGBlockState *state, uint64_t flags, IRBlock *ir,
                      const uint8_t *host, uint32_t size)
{
    TCGAccel *accel = v->accel;
    TCGCodeBuffer buf = tcg_region_rest(&accel->region);
    TCGCompiled compiled = {0};

    if (!accel->backend->compile(ir, &buf, &compiled)) {
        return NULL;
    }
    tcg_region_take(&accel->region, buf.size);
    TCGBlock *block = tcg_block_new(accel);
    block->pc = state->pc;
    block->flags = flags;
    block->page_relative = ir->page_relative;
    block->host = host;
    block->size = size;
    block->n_insns = ir->guest_insns->len;
    block->fetch_mmu_idx = state->fetch_mmu_idx;
    block->compiled = compiled;
    block->entry = compiled.entry;
    for (unsigned i = 0; i < compiled.n_exits; i++) {
        compiled.exits[i].owner = block;
        compiled.exits[i].target = NULL;
        compiled.exits[i].next_incoming = NULL;
    }
    accel->stats.blocks_made++;
    accel->stats.code_bytes += buf.size;
    accel->stats.guest_bytes += size;
    accel->stats.guest_insns += block->n_insns;
    if (log_enabled(LOG_OUT_ASM) && log_in_filter(block->pc) && accel->backend->disassemble) {
        GString *text = accel->backend->disassemble(&block->compiled);
        if (text) {
            log_printf_always("out_asm %016" PRIx64 " %zu bytes at %p\n%s\n", block->pc,
                              compiled.code_size, compiled.entry, text->str);
            g_string_free(text, true);
        }
    }
    if (accel->perfmap) {
        tcg_perfmap_add(accel, block);
    }
    return block;
}

static bool cache_full(const TCGAccel *accel)
{
    return accel->region.used > accel->thunks_end + (accel->region.size - accel->thunks_end) / 2;
}

static void flush_if_needed(TCGAccel *accel)
{
    mutex_lock(&accel->code_lock);
    /* Another CPU may have been here first. */
    if (cache_full(accel)) {
        tcg_blocks_flush(accel);
    }
    mutex_unlock(&accel->code_lock);
}

static TCGBlock *translate(TCGVCPU *v, const TCGBlockState *state, uint64_t flags, const TCGSpan *s)
{
    TCGAccel *accel = v->accel;
    uint32_t offset = state->pc & ~TCG_PAGE_MASK, size;
    unsigned max = accel->config.one_insn_per_tb || (flags & TCG_KEY_ALONE) ? 1 : MAX_INSNS;
    bool cached = s->host != NULL;
    TCGBlock *block;

    if (!v->builder) {
        v->builder = ir_builder_new(accel->ops->ir);
    }
    for (unsigned tries = 0;; tries++) {
        TCGPage *page = NULL;
        uint32_t version = 0;
        const uint8_t *bytes;
        uint32_t first = 0, end = TCG_PAGE_SIZE;

        if (cached) {
            const uint8_t *host_page = s->host - offset;
            mutex_lock(&accel->code_lock);
            /* The caller has looked; another CPU may have been here since. */
            block = tries || accel->vcpus->len > 1
                        ? tcg_block_find(accel, s->host, state->pc, flags) : NULL;
            if (block) {
                mutex_unlock(&accel->code_lock);
                return block;
            }
            page = tcg_page_get(accel, host_page, s->ram, host_page - s->ram->host);
            page->translating++;
            version = page->version;
            bool wait = page->writers;
            mutex_unlock(&accel->code_lock);
            if (wait) {
                tcg_exec_wait(v);
                mutex_lock(&accel->code_lock);
                page->writers = false;
                mutex_unlock(&accel->code_lock);
            }
            bytes = host_page;
        } else if (s->host) {
            /* Too much writing going on: one instruction, for now. */
            bytes = s->host - offset;
            max = 1;
        } else {
            uint32_t word = 0;
            uint64_t ea = state->pc & ~(uint64_t)3;
            address_space_read(v->as, s->physical & ~(uint64_t)3, (MemTxAttrs){0}, &word, 4);
            *(uint32_t *)(v->fetch_bytes + (ea & ~TCG_PAGE_MASK)) = word;
            bytes = v->fetch_bytes;
            first = ea & ~TCG_PAGE_MASK;
            end = first + 4;
            max = 1;
        }
        IRBlock *ir = build(v, state, flags, bytes, first, end, &max, &size);

        mutex_lock(&accel->code_lock);
        if (cached) {
            page->translating--;
            if (page->version != version) {
                accel->stats.retranslations++;
                tcg_page_put(accel, page);
                mutex_unlock(&accel->code_lock);
                cached = tries < MAX_RETRIES;
                continue;
            }
        }
        block = emit(v, state, flags, ir, s->host, size);
        if (block) {
            block->uncached = !cached;
            tcg_block_publish(block);
            if (cached) {
                tcg_block_insert(accel, block, page);
            }
            mutex_unlock(&accel->code_lock);
            return block;
        }
        if (cached) {
            tcg_page_put(accel, page);
        }
        bool full = cache_full(accel);
        mutex_unlock(&accel->code_lock);
        if (full) {
            tcg_exec_exclusive(v, flush_if_needed);
            return NULL;
        }
        /* The block asks for more than half of the whole cache. */
        g_assert(max > 1);
        max /= 2;
    }
}

TCGBlock *tcg_find_or_translate(TCGVCPU *v, const TCGBlockState *state, uint64_t flags,
                                uint64_t key)
{
    TCGAccel *accel = v->accel;
    TCGBlock *block = NULL;
    TCGSpan s;

    v->stats.lookups++;
    /* A fault of the fetch, or a new start after a flush, finds the pc in env. */
    accel->ops->set_pc(v->cpu, state->pc);
    tcg_look(v, state->pc, 4, TCG_ACCESS_FETCH, state->fetch_mmu_idx, LOOK_RAISE, &s);
    if (s.host) {
        block = tcg_block_find(accel, s.host, state->pc, flags);
    }
    if (!block) {
        block = translate(v, state, flags, &s);
        if (!block || block->uncached) {
            return block;
        }
    }
    if ((key & KEY_FLAGS_MASK) == flags) {
        TCGJumpEntry *je = &v->tcg->jump_cache[(state->pc >> 2) & (JUMP_CACHE_SIZE - 1)];
        je->pc = state->pc;
        je->entry = block->entry;
        je->block = block;
        je->key = key;
    }
    return block;
}

void tcg_jump_cache_clear(TCGVCPU *v)
{
    /* No guest pc is all ones. */
    memset(v->tcg->jump_cache, 0xff, JUMP_CACHE_SIZE * sizeof(TCGJumpEntry));
}

/*
 * Blocks without groups have entries of their own in the jump cache, which only this file can hit:
 * their keys never equal jump_key.
 */
static inline TCGJumpEntry *jump_entry(TCGCPUState *tcg, uint64_t pc, uint64_t flags)
{
    uint64_t at = pc >> 2 ^ (flags & TCG_KEY_NOGROUP ? JUMP_CACHE_SIZE / 2 + 1 : 0);

    return &tcg->jump_cache[at & (JUMP_CACHE_SIZE - 1)];
}

static inline const void *runtime_lookup(uint64_t pc, uint64_t engine_flags)
{
    TCGVCPU *v = tcg_current;
    TCGCPUState *tcg = v->tcg;
    uint64_t key = __atomic_load_n(&tcg->jump_key, __ATOMIC_ACQUIRE) | engine_flags;
    uint64_t flags = key & KEY_FLAGS_MASK;

    if ((flags & TCG_KEY_ALONE) || __atomic_load_n(&tcg->exit_request, __ATOMIC_RELAXED)) {
        return NULL;
    }
    const TCGTLBFast *fast = &tcg->tlb[v->state.fetch_mmu_idx];
    const TCGTLBEntry *e = (const TCGTLBEntry *)((const char *)fast->table +
                                                 (pc >> (TCG_PAGE_BITS - 5) & fast->mask));
    const uint8_t *host;
    if (G_LIKELY(e->code == (pc & TCG_PAGE_MASK))) {
        host = (const uint8_t *)(uintptr_t)(pc + e->addend);
    } else {
        TCGSpan s;
        if (!tcg_look(v, pc, 4, TCG_ACCESS_FETCH, v->state.fetch_mmu_idx, LOOK_PROBE, &s) ||
            s.flags) {
            return NULL;
        }
        host = s.host;
    }
    TCGJumpEntry *je = jump_entry(tcg, pc, flags);
    if (je->pc == pc && (je->key & KEY_FLAGS_MASK) == flags) {
        /* Emptied by a flush since, but mostly the same block. */
        const void *entry = tcg_block_check(je->block, host, pc, flags);
        if (G_LIKELY(entry)) {
            je->entry = entry;
            je->key = key;
            return entry;
        }
    }
    TCGBlock *block = tcg_block_find(v->accel, host, pc, flags);
    if (!block) {
        return NULL;
    }
    je->pc = pc;
    je->entry = block->entry;
    je->block = block;
    je->key = key;
    return block->entry;
}

const void *tcg_runtime_lookup(void *env, uint64_t pc)
{
    return runtime_lookup(pc, 0);
}

const void *tcg_runtime_lookup_nogroup(void *env, uint64_t pc)
{
    tcg_current->stats.nogroup++;
    return runtime_lookup(pc, TCG_KEY_NOGROUP);
}

/*
 * Generated code wants to leave for the loop at pc because the mode may have changed.  If that is
 * all, the next block is entered at once; NULL: the loop must look.
 */
const void *tcg_runtime_reenter(void *env, uint64_t pc)
{
    TCGVCPU *v = tcg_current;
    TCGCPUState *tcg = v->tcg;
    const TCGTargetOps *ops = v->accel->ops;

    if (__atomic_load_n(&tcg->exit_request, __ATOMIC_ACQUIRE) ||
        (__atomic_load_n(&tcg->jump_key, __ATOMIC_RELAXED) & TCG_KEY_ALONE) || v->uncached ||
        !ops->is_calm || !ops->is_calm(v->cpu) ||
        __atomic_load_n(&v->cpu->halted, __ATOMIC_ACQUIRE) || log_enabled(LOG_EXEC | LOG_CPU)) {
        return NULL;
    }
    TCGBlockState state;

    ops->set_pc(v->cpu, pc);
    ops->block_state(v->cpu, &state);
    tcg_set_jump_key(v, &state, 0);
    /* Nothing of the block that runs is used any more but its last call. */
    __atomic_store_n(&v->seen_epoch, __atomic_load_n(&v->accel->epoch, __ATOMIC_ACQUIRE),
                     __ATOMIC_RELEASE);
    const void *entry = runtime_lookup(state.pc, 0);
    if (entry) {
        tcg->pc = state.pc;
        v->stats.reentries++;
    }
    return entry;
}

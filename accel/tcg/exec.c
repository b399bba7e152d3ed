/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The execution loop of one vCPU.
 *
 * The outer turn holds no block and no looked-up address: there flushes are done, others' waiting
 * ends, interrupts are delivered.  The inner loop goes from block to block while nothing was asked
 * for; everything that wants attention sets TCGCPUState.exit_request after its reason is visible,
 * and the outer turn clears it before it looks at the reasons.
 */
#include "accel/tcg/internal.h"

#include <string.h>
#include "hw/core/cpus.h"
#include "system/lock.h"
#include "util/log.h"

#define NO_RESTORE_POINT UINT32_MAX

__thread TCGVCPU *tcg_current;

/* ---- Leaving generated code from a helper ---- */

/*
 * Once only: restoring reads slots that it also writes.  Generated code sets the restore point anew
 * before every call that may raise.
 */
void tcg_restore_state(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);
    const TCGTargetOps *ops = v->accel->ops;

    uint32_t point = v->tcg->restore_point;

    if (!v->in_code || point == NO_RESTORE_POINT) {
        return;
    }
    v->tcg->restore_point = NO_RESTORE_POINT;
    v->accel->backend->restore(v->env, point);
    ops->set_pc(cpu, v->tcg->pc);
    if (ops->exit_restore) {
        ops->exit_restore(cpu);
    }
}

static G_NORETURN void leave(TCGVCPU *v)
{
    g_assert(tcg_current == v);
    g_assert(!device_lock_held());
    v->in_code = false;
    siglongjmp(v->jump, 1);
}

void tcg_cpu_kick(CPUState *cpu)
{
    tcg_exec_kick(tcg_vcpu(cpu));
}

void tcg_raise(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);

    tcg_restore_state(cpu);
    v->left = true;
    leave(v);
}

void tcg_exit_to_loop(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);

    v->left = true;
    leave(v);
}

void tcg_leave_again(TCGVCPU *v)
{
    tcg_restore_state(v->cpu);
    leave(v);
}

void tcg_raise_debug(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);

    tcg_restore_state(cpu);
    v->debug_exit = true;
    leave(v);
}

/* ---- Safepoints ---- */

static void wake_waiters(TCGAccel *accel)
{
    if (G_UNLIKELY(__atomic_load_n(&accel->waiters, __ATOMIC_SEQ_CST))) {
        mutex_lock(&accel->run_lock);
        cond_broadcast(&accel->run_cond);
        mutex_unlock(&accel->run_lock);
    }
}

static void run_begin(TCGVCPU *v)
{
    __atomic_store_n(&v->running, true, __ATOMIC_SEQ_CST);
}

static void run_end(TCGVCPU *v)
{
    __atomic_fetch_add(&v->safepoints, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&v->running, false, __ATOMIC_SEQ_CST);
    wake_waiters(v->accel);
}

/* Until every other vCPU has been at a safepoint. self does not run. */
static void wait_safepoint(TCGAccel *accel, TCGVCPU *self)
{
    mutex_lock(&accel->run_lock);
    __atomic_fetch_add(&accel->waiters, 1, __ATOMIC_SEQ_CST);
    unsigned n = accel->vcpus->len;
    g_autofree uint32_t *seen = g_new(uint32_t, n);
    g_autofree TCGVCPU **who = g_new(TCGVCPU *, n);
    for (unsigned i = 0; i < n; i++) {
        who[i] = g_ptr_array_index(accel->vcpus, i);
        seen[i] = __atomic_load_n(&who[i]->safepoints, __ATOMIC_SEQ_CST);
        if (who[i] != self && __atomic_load_n(&who[i]->running, __ATOMIC_SEQ_CST)) {
            tcg_exec_kick(who[i]);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        while (who[i] != self && g_ptr_array_find(accel->vcpus, who[i], NULL) &&
               __atomic_load_n(&who[i]->running, __ATOMIC_SEQ_CST) &&
               __atomic_load_n(&who[i]->safepoints, __ATOMIC_SEQ_CST) == seen[i]) {
            cond_wait(&accel->run_cond, &accel->run_lock);
        }
    }
    __atomic_fetch_sub(&accel->waiters, 1, __ATOMIC_SEQ_CST);
    mutex_unlock(&accel->run_lock);
}

static void safepoint(TCGVCPU *v)
{
    __atomic_fetch_add(&v->safepoints, 1, __ATOMIC_SEQ_CST);
    wake_waiters(v->accel);
    if (G_UNLIKELY(v->want_sync)) {
        v->want_sync = false;
        run_end(v);
        wait_safepoint(v->accel, v);
        run_begin(v);
    }
    tcg_tlb_run_flushes(v);
    if (v->cpu->rcu) {
        rcu_quiescent(v->cpu->rcu);
    }
}

void tcg_exec_wait_all(TCGAccel *accel)
{
    wait_safepoint(accel, NULL);
}

void tcg_exec_wait(TCGVCPU *v)
{
    run_end(v);
    wait_safepoint(v->accel, v);
    run_begin(v);
    v->waited = true;
}

void tcg_exec_exclusive(TCGVCPU *v, void (*fn)(TCGAccel *accel))
{
    run_end(v);
    cpu_exec_end(v->cpu);
    start_exclusive();
    fn(v->accel);
    end_exclusive();
    cpu_exec_start(v->cpu);
    run_begin(v);
    /* Flushes may have been queued meanwhile. */
    tcg_tlb_run_flushes(v);
}

/*
 * Host FP control.  A back end loads the guest's word when it is entered and puts back what was
 * there; changing it costs some 50 ns, loading the same value nothing.  So the loop, which does no
 * arithmetic of its own, runs with the guest's word as far as it knows it.
 */
#if defined(__x86_64__)
static uint32_t host_fp_get(void)
{
    return __builtin_ia32_stmxcsr();
}

static void host_fp_set(uint32_t word)
{
    __builtin_ia32_ldmxcsr(word);
}
#else
static uint32_t host_fp_get(void)
{
    return 0;
}

static void host_fp_set(uint32_t word)
{
}
#endif

static inline void use_guest_fp(TCGVCPU *v)
{
    if (G_UNLIKELY(v->fp_word != v->tcg->mxcsr_fp) && v->accel->backend != &tcg_backend_interp) {
        v->fp_word = v->tcg->mxcsr_fp;
        host_fp_set(v->fp_word);
    }
}

/* ---- From block to block ---- */

/*
 * Jump cache entries hit while the key's low half is what the blocks' flags are, and its high half
 * is what it was.  The flags tell through which MMU index code is fetched, so generations may be
 * the index's own.
 */
void tcg_set_jump_key(TCGVCPU *v, const TCGBlockState *state, uint64_t engine_flags)
{
    spin_lock(&v->tlb_lock);
    uint64_t generation = v->generation + v->generation_idx[state->fetch_mmu_idx];
    v->state = *state;
    __atomic_store_n(&v->tcg->jump_key, generation << 32 | state->flags | engine_flags,
                     __ATOMIC_RELEASE);
    spin_unlock(&v->tlb_lock);
    if (G_UNLIKELY(generation >> 32 > v->wraps)) {
        /* It wrapped: entries of its last use must not come back to life. */
        v->wraps = generation >> 32;
        tcg_jump_cache_clear(v);
    }
}

void tcg_jump_key_step(TCGVCPU *v, uint32_t mmu_idx_mask)
{
    if (!mmu_idx_mask) {
        return;
    }
    spin_lock(&v->tlb_lock);
    bool now = mmu_idx_mask >> v->state.fetch_mmu_idx & 1;
    if (mmu_idx_mask == TCG_ALL_MMU_IDX) {
        v->generation++;
    } else {
        for (unsigned idx = 0; idx < TCG_MMU_MODES; idx++) {
            v->generation_idx[idx] += mmu_idx_mask >> idx & 1;
        }
    }
    if (now) {
        __atomic_fetch_add(&v->tcg->jump_key, GENERATION, __ATOMIC_SEQ_CST);
    }
    spin_unlock(&v->tlb_lock);
}

static void log_block(TCGVCPU *v, const TCGBlock *b, uint64_t pc)
{
    if (!log_in_filter(pc)) {
        return;
    }
    if (log_enabled(LOG_EXEC)) {
        log_printf_always("exec cpu%d %016" PRIx64 " flags %08" PRIx64 " at %p\n",
                          v->cpu->cpu_index, pc, b->flags, b->entry);
    }
    if (log_enabled(LOG_CPU)) {
        g_autoptr(GString) text = g_string_new(NULL);
        v->accel->ops->set_pc(v->cpu, pc);
        cpu_dump_state(v->cpu, text, CPU_DUMP_FPU | CPU_DUMP_VECTOR);
        log_printf_always("%s", text->str);
    }
}

static void maybe_chain(TCGVCPU *v, TCGExitSite *site, TCGBlock *to)
{
    const TCGBlock *from = site->owner;

    if (!(site->hints & (IREXIT_NOCHAIN | IREXIT_CROSS_PAGE)) && !from->uncached && !to->uncached &&
        from->page == to->page &&
        (to->page_relative || (!from->page_relative && !((from->pc ^ to->pc) & TCG_PAGE_MASK))) &&
        (from->flags & ~TCG_KEY_NOGROUP) == to->flags && !log_enabled(LOG_NOCHAIN)) {
        tcg_block_chain(v->accel, site, to);
    }
}

static void retire_uncached(TCGVCPU *v)
{
    tcg_block_retire_uncached(v->accel, v->uncached);
    v->uncached = NULL;
}

/* Runs blocks until the outer turn is needed: 0, or an EXCP_* to leave with. */
static int run_blocks(TCGVCPU *v, bool step)
{
    const TCGTargetOps *ops = v->accel->ops;
    const TCGBackend *backend = v->accel->backend;
    TCGCPUState *tcg = v->tcg;
    TCGExitSite *site = NULL;
    TCGBlockState *state = &v->state;
    bool nogroup = false;
    uint64_t pc = state->pc;

    for (;;) {
        if (!site) {
            __atomic_store_n(&v->seen_epoch,
                             __atomic_load_n(&v->accel->epoch, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
        }
        uint64_t key = __atomic_load_n(&tcg->jump_key, __ATOMIC_ACQUIRE);
        const TCGJumpEntry *je = &tcg->jump_cache[(pc >> 2) & (JUMP_CACHE_SIZE - 1)];
        TCGBlock *block;
        if (G_LIKELY(je->pc == pc && je->key == key && !nogroup && !step)) {
            block = je->block;
        } else {
            uint64_t flags = state->flags;
            if (nogroup || step) {
                flags |= TCG_KEY_NOGROUP;
            }
            if (step) {
                flags |= TCG_KEY_ALONE;
            }
            state->pc = pc;
            block = tcg_find_or_translate(v, state, flags, key);
            if (!block) {
                return 0;   /* pc is in env */
            }
        }
        if (site) {
            if (G_LIKELY(!v->waited)) {
                maybe_chain(v, site, block);
            }
            site = NULL;
        }
        v->waited = false;
        if (G_UNLIKELY(__atomic_load_n(&tcg->exit_request, __ATOMIC_ACQUIRE)) && !step) {
            ops->set_pc(v->cpu, pc);
            return 0;
        }
        if (log_enabled(LOG_EXEC | LOG_CPU)) {
            log_block(v, block, pc);
        }

        v->uncached = block->uncached ? block : NULL;
        use_guest_fp(v);
        tcg->restore_point = NO_RESTORE_POINT;
        tcg->pc = pc;
        v->in_code = true;
        TCGExitReason reason = backend->enter(v->env, block->entry, &site);
        v->in_code = false;
        v->stats.exits++;

        if (G_UNLIKELY(v->uncached)) {
            site = NULL;
            retire_uncached(v);
        }
        pc = tcg->pc;
        nogroup = false;
        switch (reason) {
        case TCG_EXIT_CHAIN:
            break;
        case TCG_EXIT_INDIRECT:
            site = NULL;
            break;
        case TCG_EXIT_NOGROUP:
            site = NULL;
            nogroup = true;
            break;
        case TCG_EXIT_LOOP:
            ops->set_pc(v->cpu, pc);
            return step ? EXCP_DEBUG : 0;
        }
        if (G_UNLIKELY(step)) {
            ops->set_pc(v->cpu, pc);
            return EXCP_DEBUG;
        }
    }
}

/* ---- The outer turn ---- */

static int exec_turns(TCGVCPU *v)
{
    CPUState *cpu = v->cpu;
    const TCGTargetOps *ops = v->accel->ops;
    TCGBlockState state = {0};

    bool attention = true;

    for (;;) {
        v->in_code = false;
        if (G_UNLIKELY(v->uncached)) {
            retire_uncached(v);
        }
        if (attention || __atomic_load_n(&v->tcg->exit_request, __ATOMIC_ACQUIRE)) {
            attention = false;
            __atomic_store_n(&v->tcg->exit_request, 0, __ATOMIC_SEQ_CST);
            safepoint(v);
        }
        if (G_UNLIKELY(v->debug_exit)) {
            v->debug_exit = false;
            return EXCP_DEBUG;
        }
        bool step = cpu->singlestep_enabled || v->watch_passing;
        bool left = v->left;
        v->left = false;

        /* An exception in delivery is not state that could be saved: deliver it before leaving. */
        bool halted = __atomic_load_n(&cpu->halted, __ATOMIC_ACQUIRE);
        bool delivered = left && !halted;
        if (delivered) {
            ops->do_interrupts(cpu);
        }
        uint32_t interrupts = cpu_interrupts(cpu);
        if (G_UNLIKELY(interrupts & (CPU_INTERRUPT_DEBUG | CPU_INTERRUPT_EXITTB))) {
            cpu_reset_interrupt(cpu, CPU_INTERRUPT_DEBUG | CPU_INTERRUPT_EXITTB);
            if (interrupts & CPU_INTERRUPT_DEBUG) {
                return EXCP_DEBUG;
            }
        }
        if (G_UNLIKELY(__atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE) ||
                       cpu_work_pending(cpu) || __atomic_load_n(&cpu->stop, __ATOMIC_ACQUIRE))) {
            __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_SEQ_CST);
            return EXCP_INTERRUPT;
        }
        if (G_UNLIKELY(halted)) {
            if (!cpu_has_work(cpu)) {
                return EXCP_HLT;
            }
            cpu_set_halted(cpu, false);
        }
        if (!delivered) {
            ops->do_interrupts(cpu);
        }
        if (G_UNLIKELY(step && left)) {
            v->watch_passing = false;
            return EXCP_DEBUG;
        }
        if (G_UNLIKELY(__atomic_load_n(&cpu->halted, __ATOMIC_ACQUIRE))) {
            continue;
        }
        ops->block_state(cpu, &state);
        tcg_set_jump_key(v, &state, step || log_enabled(LOG_NOCHAIN) ? TCG_KEY_ALONE : 0);
        int r = run_blocks(v, step);
        if (r) {
            v->watch_passing = false;
            return r;
        }
    }
}

int tcg_cpu_exec(CPUState *cpu)
{
    TCGVCPU *v = tcg_vcpu(cpu);
    const TCGTargetOps *ops = v->accel->ops;

    if (__atomic_load_n(&cpu->halted, __ATOMIC_ACQUIRE)) {
        if (!cpu_has_work(cpu)) {
            return EXCP_HALTED;
        }
        cpu_set_halted(cpu, false);
    }
    tcg_current = v;
    if (ops->exec_enter) {
        ops->exec_enter(cpu);
    }
    uint32_t host_word = host_fp_get();
    run_begin(v);
    sigsetjmp(v->jump, 0);
    v->fp_word = host_fp_get();
    int r = exec_turns(v);
    v->in_code = false;
    run_end(v);
    if (v->fp_word != host_word) {
        host_fp_set(host_word);
    }
    if (ops->exec_exit) {
        ops->exec_exit(cpu);
    }
    return r;
}

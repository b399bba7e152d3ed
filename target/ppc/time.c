/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time base, decrementers and the registers that count with the time base (VTB, PURR, SPURR).
 *
 * From Power ISA 3.0B book II 6 and book III 7.  All derive from the machine's virtual clock: time
 * base = clock * frequency / 10^9 + offset, with a 128-bit product, so that it never drifts.  A
 * decrementer is the time base at which it passes to -1; its value at any time, its sign and its
 * next change of sign follow from that.
 */
#include "cpu-internal.h"
#include "hw/core/cpu.h"
#include "internal.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bitops.h"
#include "util/timer.h"

static int64_t cpu_now_ns(const PowerPCCPU *cpu)
{
    return clock_get_ns(cpu->clock);
}

static uint64_t raw_tb(const PowerPCCPU *cpu)
{
    return muldiv64((uint64_t)cpu_now_ns(cpu), cpu->tb_freq, NANOSECONDS_PER_SECOND);
}

uint64_t ppc_get_tb(CPUPPCState *env)
{
    return raw_tb(env_cpu(env)) + (uint64_t)env->tb_offset;
}

/* First moment of the virtual clock at which the time base is at least tb; INT64_MAX if too far
 * off. */
static int64_t tb_to_ns(const PowerPCCPU *cpu, int64_t tb)
{
    int64_t ticks = (int64_t)((uint64_t)tb - (uint64_t)cpu->env.tb_offset);

    if (ticks <= 0) {
        return 0;
    }
    if ((uint64_t)ticks / cpu->tb_freq > (uint64_t)INT64_MAX / NANOSECONDS_PER_SECOND - 1) {
        return INT64_MAX;
    }
    return (int64_t)muldiv64_round_up((uint64_t)ticks, NANOSECONDS_PER_SECOND, cpu->tb_freq);
}

/* ---- Decrementers ---- */

static unsigned decr_bits(const PowerPCCPU *cpu)
{
    return cpu->model->lrg_decr_bits > 32 && cpu->env.spr[SPR_LPCR] & LPCR_LD
               ? cpu->model->lrg_decr_bits
               : 32;
}

static unsigned hdecr_bits(const PowerPCCPU *cpu)
{
    return cpu->model->lrg_decr_bits > 32 ? cpu->model->lrg_decr_bits : 32;
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static int64_t decr_value(const PowerPCCPU *cpu, int64_t deadline, unsigned bits)
{
    uint64_t tb = raw_tb(cpu) + (uint64_t)cpu->env.tb_offset;

    return sign_extend((uint64_t)deadline - tb - 1, bits);
}

/* Large decrementers read sign extended, small ones as 32 bits. */
static uint64_t decr_read(int64_t value, unsigned bits)
{
    return bits > 32 ? (uint64_t)value : (uint32_t)value;
}

int64_t ppc_get_decr(CPUPPCState *env)
{
    PowerPCCPU *cpu = env_cpu(env);

    return decr_value(cpu, env->decr_deadline_tb, decr_bits(cpu));
}

/*
 * Time base of the next change of sign of a counter of that many bits.  A counter that stays
 * negative until it wraps around to the largest positive number loses its level then.
 */
static int64_t next_change(uint64_t tb, int64_t value, unsigned bits)
{
    uint64_t left =
        value >= 0 ? (uint64_t)value + 1 : (uint64_t)value + ((uint64_t)1 << (bits - 1)) + 1;

    return (int64_t)(tb + left);
}

/*
 * One sample of the time decides on the level and on the timer; the lock keeps samples of the CPU's
 * thread and of the timer's in order, so that the last one to act has the latest time.  True: it is
 * negative now.
 */
static bool counter_sample(PowerPCCPU *cpu, int64_t deadline, unsigned bits, Timer *timer)
{
    uint64_t tb = raw_tb(cpu) + (uint64_t)cpu->env.tb_offset;
    int64_t value = sign_extend((uint64_t)deadline - tb - 1, bits);
    int64_t ns = tb_to_ns(cpu, next_change(tb, value, bits));

    if (ns == INT64_MAX) {
        timer_del(timer);
    } else {
        timer_mod_ns(timer, ns);
    }
    return value < 0;
}

/*
 * The level of the decrementer and its timer.  On processors with an edge-triggered decrementer the
 * latch is set when the sign has become negative: edge, or the timer would tell so but nobody has
 * served it, as when the machine was stopped that moment.
 */
static void decr_sample(PowerPCCPU *cpu, bool edge)
{
    bool due = !cpu_is_2_06(cpu) && timer_expired(cpu->decr_timer, clock_get_ns(cpu->clock));
    bool negative;

    negative = counter_sample(cpu, cpu->env.decr_deadline_tb, decr_bits(cpu), cpu->decr_timer);

    if (cpu_is_2_06(cpu)) {
        ppc_set_interrupt(cpu, PPC_INTERRUPT_DECR, negative);
    } else if (negative && (edge || due)) {
        ppc_set_interrupt(cpu, PPC_INTERRUPT_DECR, true);
    }
}

static void decr_timer_fired(void *opaque)
{
    PowerPCCPU *cpu = opaque;

    mutex_lock(&cpu->time_lock);
    decr_sample(cpu, true);
    mutex_unlock(&cpu->time_lock);
}

static void hdecr_sample(PowerPCCPU *cpu)
{
    bool negative =
        counter_sample(cpu, cpu->env.hdecr_deadline_tb, hdecr_bits(cpu), cpu->hdecr_timer);

    ppc_set_interrupt(cpu, PPC_INTERRUPT_HDECR, negative);
}

static void hdecr_timer_fired(void *opaque)
{
    PowerPCCPU *cpu = opaque;

    mutex_lock(&cpu->time_lock);
    hdecr_sample(cpu);
    mutex_unlock(&cpu->time_lock);
}

void ppc_decr_update(PowerPCCPU *cpu)
{
    if (!cpu->decr_timer) {
        return;
    }
    mutex_lock(&cpu->time_lock);
    decr_sample(cpu, false);
    mutex_unlock(&cpu->time_lock);
}

void ppc_set_decr(CPUPPCState *env, uint64_t value)
{
    PowerPCCPU *cpu = env_cpu(env);
    int64_t decr = sign_extend(value, decr_bits(cpu));
    bool was_negative, missed;

    mutex_lock(&cpu->time_lock);
    was_negative = ppc_get_decr(env) < 0;
    /* The timer's own sample may still be to come. */
    missed = was_negative && cpu->decr_timer && !cpu_is_2_06(cpu) &&
             timer_expired(cpu->decr_timer, clock_get_ns(cpu->clock));
    if (missed) {
        ppc_set_interrupt(cpu, PPC_INTERRUPT_DECR, true);
    }
    env->decr_deadline_tb = (int64_t)(ppc_get_tb(env) + (uint64_t)decr + 1);
    if (cpu->decr_timer) {
        /* Writing a negative value over a positive one is a change of the sign like any other; and
         * a small positive one may have become negative by now. */
        decr_sample(cpu, decr >= 0 || !was_negative);
    }
    mutex_unlock(&cpu->time_lock);
}

/* ---- Life ---- */

void ppc_time_init(PowerPCCPU *cpu, uint32_t frequency)
{
    cpu->tb_freq = frequency;
    if (!cpu->clock) {
        cpu->clock = clock_virtual();
    }
    if (!cpu->decr_timer) {
        cpu->decr_timer = timer_new_ns(cpu->clock, decr_timer_fired, cpu);
        if (cpu_is_64(cpu)) {
            cpu->hdecr_timer = timer_new_ns(cpu->clock, hdecr_timer_fired, cpu);
        }
    }
    ppc_time_reset(cpu);
}

void ppc_time_finalize(PowerPCCPU *cpu)
{
    timer_free(cpu->decr_timer);
    timer_free(cpu->hdecr_timer);
    cpu->decr_timer = cpu->hdecr_timer = NULL;
}

/* The time base goes on over a reset; the decrementers start from their largest values. */
void ppc_time_reset(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    if (cpu->decr_timer) {
        /* What it has yet to bring is not due any more. */
        timer_del(cpu->decr_timer);
        ppc_set_decr(env, 0x7fffffff);
        env->hdecr_deadline_tb = (int64_t)(ppc_get_tb(env) + 0x80000000ull);
    }
    if (cpu->hdecr_timer) {
        timer_del(cpu->hdecr_timer);
    }
    ppc_set_pending(env, PPC_INTERRUPT_DECR, false);
    ppc_set_pending(env, PPC_INTERRUPT_HDECR, false);
}

/* Negative where it is a latch: its interrupt may still be to come, or not. */
bool ppc_decr_latch_in_doubt(PowerPCCPU *cpu)
{
    return cpu->decr_timer && !cpu_is_2_06(cpu) && ppc_get_decr(&cpu->env) < 0;
}

/*
 * Streams that lack the decrementer have 0 there; a value that is 0 this moment is 1 just before.
 * QEMU's streams do not say that its interrupt waits: there, too, it is about to come.
 */
uint64_t ppc_decr_to_wire(PowerPCCPU *cpu)
{
    uint64_t value = cpu->decr_timer ? decr_read(ppc_get_decr(&cpu->env), decr_bits(cpu)) : 0;

    if (!vmstate_wire_is_own() && !cpu_is_2_06(cpu) &&
        ppc_is_pending(&cpu->env, PPC_INTERRUPT_DECR)) {
        return 1;
    }
    return value ? value : 1;
}

/* One interrupt too many is what every handler must expect; with one too few, a guest sleeps until
 * DEC wraps around. */
void ppc_decr_from_wire(PowerPCCPU *cpu, uint64_t value, bool latch_known)
{
    CPUPPCState *env = &cpu->env;
    /* Not sent: one interrupt at once, after which the guest sets it again. */
    int64_t decr = value ? sign_extend(value, decr_bits(cpu)) : -1;

    if (!cpu->decr_timer) {
        return;
    }
    mutex_lock(&cpu->time_lock);
    /* What was to come before is of another life. */
    timer_del(cpu->decr_timer);
    env->decr_deadline_tb = (int64_t)(ppc_get_tb(env) + (uint64_t)decr + 1);
    if (!cpu_is_2_06(cpu) && (!value || (!latch_known && decr < 0))) {
        ppc_set_pending(env, PPC_INTERRUPT_DECR, true);
    }
    mutex_unlock(&cpu->time_lock);
}

void ppc_decr_shift(PowerPCCPU *cpu, int64_t ticks)
{
    mutex_lock(&cpu->time_lock);
    cpu->env.decr_deadline_tb = (int64_t)((uint64_t)cpu->env.decr_deadline_tb + (uint64_t)ticks);
    cpu->env.hdecr_deadline_tb = (int64_t)((uint64_t)cpu->env.hdecr_deadline_tb + (uint64_t)ticks);
    mutex_unlock(&cpu->time_lock);
    ppc_decr_update(cpu);
}

void ppc_time_post_load(PowerPCCPU *cpu)
{
    if (!cpu->decr_timer) {
        return;
    }
    ppc_decr_update(cpu);
    if (cpu->hdecr_timer && ppc_msr_mask(cpu) & MSR_BIT(HV)) {
        hdecr_timer_fired(cpu);
    }
}

/* ---- Registers ---- */

uint64_t spr_read_tb(CPUPPCState *env, unsigned number)
{
    return ppc_get_tb(env);
}

uint64_t spr_read_tbu(CPUPPCState *env, unsigned number)
{
    return ppc_get_tb(env) >> 32;
}

static void tb_store(CPUPPCState *env, uint64_t tb)
{
    PowerPCCPU *cpu = env_cpu(env);
    int64_t decr, hdecr;

    /* What the performance monitor has seen until now; the jump itself is no event. */
    pmu_sync(env);
    mutex_lock(&cpu->time_lock);
    decr = ppc_get_decr(env);
    hdecr = decr_value(cpu, env->hdecr_deadline_tb, hdecr_bits(cpu));
    env->tb_offset = (int64_t)(tb - raw_tb(cpu));
    /* The decrementers count by themselves: their values stay. */
    env->decr_deadline_tb = (int64_t)(tb + (uint64_t)decr + 1);
    env->hdecr_deadline_tb = (int64_t)(tb + (uint64_t)hdecr + 1);
    mutex_unlock(&cpu->time_lock);
    env->pmu_base_tb = ppc_get_tb(env);
    pmu_update(env);
    ppc_decr_update(cpu);
}

void spr_write_tbl(CPUPPCState *env, unsigned number, uint64_t value)
{
    tb_store(env, (ppc_get_tb(env) & ~0xffffffffull) | (uint32_t)value);
}

void spr_write_tbu(CPUPPCState *env, unsigned number, uint64_t value)
{
    tb_store(env, (uint32_t)ppc_get_tb(env) | value << 32);
}

void spr_write_tbu40(CPUPPCState *env, unsigned number, uint64_t value)
{
    tb_store(env, (ppc_get_tb(env) & 0xffffff) | (value & ~0xffffffull));
}

uint64_t spr_read_decr(CPUPPCState *env, unsigned number)
{
    return decr_read(ppc_get_decr(env), decr_bits(env_cpu(env)));
}

void spr_write_decr(CPUPPCState *env, unsigned number, uint64_t value)
{
    ppc_set_decr(env, value);
}

uint64_t spr_read_hdecr(CPUPPCState *env, unsigned number)
{
    PowerPCCPU *cpu = env_cpu(env);

    return decr_read(decr_value(cpu, env->hdecr_deadline_tb, hdecr_bits(cpu)), hdecr_bits(cpu));
}

void spr_write_hdecr(CPUPPCState *env, unsigned number, uint64_t value)
{
    PowerPCCPU *cpu = env_cpu(env);

    mutex_lock(&cpu->time_lock);
    env->hdecr_deadline_tb =
        (int64_t)(ppc_get_tb(env) + (uint64_t)sign_extend(value, hdecr_bits(cpu)) + 1);
    if (cpu->hdecr_timer) {
        hdecr_sample(cpu);
    }
    mutex_unlock(&cpu->time_lock);
}

/* VTB, PURR and SPURR run with the time base, each from its own start. */
uint64_t spr_read_vtb(CPUPPCState *env, unsigned number)
{
    return raw_tb(env_cpu(env)) + (uint64_t)env->vtb_offset;
}

void spr_write_vtb(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->vtb_offset = (int64_t)(value - raw_tb(env_cpu(env)));
}

uint64_t spr_read_purr(CPUPPCState *env, unsigned number)
{
    return raw_tb(env_cpu(env)) + (uint64_t)env->purr_offset;
}

void spr_write_purr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->purr_offset = (int64_t)(value - raw_tb(env_cpu(env)));
}

uint64_t spr_read_spurr(CPUPPCState *env, unsigned number)
{
    return raw_tb(env_cpu(env)) + (uint64_t)env->spurr_offset;
}

void spr_write_spurr(CPUPPCState *env, unsigned number, uint64_t value)
{
    env->spurr_offset = (int64_t)(value - raw_tb(env_cpu(env)));
}

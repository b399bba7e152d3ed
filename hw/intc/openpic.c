/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenPIC as Apple's KeyLargo has it: 64 sources, 4 interrupts between processors, 4 timers, up to
 * 4 processors. "Open Programmable Interrupt Controller (PIC) Register Interface Specification" 1.2
 * (AMD and Cyrix), chapters 5 to 7; register use as in Linux's arch/powerpc/sysdev/mpic.c.
 * Little-endian words, 16 bytes apart:
 *
 *   0x00040 the private registers of the processor that asks
 *   0x01000 features   0x01020 configuration   0x01080 vendor   0x01090 processor reset
 *   0x010a0 IPI vectors   0x010e0 spurious vector   0x010f0 timers' frequency
 *   0x01100 timers (0x40 each)
 *   0x10000 sources: vector/priority, destination (0x20 each)
 *   0x20000 private registers (0x1000 for each processor): 0x40 IPI dispatch, 0x80 task priority,
 *           0x90 who am I, 0xa0 acknowledge, 0xb0 end
 *
 * A source that is pending and not masked is active, and raised at the processors that it goes to.
 * A processor's line is up while the highest that is raised there is above its task priority and
 * what it serves. Left out: the 8259 behind it (there is none); holding processors in reset;
 * polarity: lines are logical levels.
 */
#include <string.h>
#include "hw/core/cpu.h"
#include "hw/intc/openpic.h"
#include "migration/vmstate.h"
#include "migration/wire.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"
#include "util/log.h"

#define N_IPIS 4u
#define N_TIMERS 4u
#define FIRST_IPI OPENPIC_N_INPUTS
#define FIRST_TIMER (FIRST_IPI + N_IPIS)
#define N_SOURCES (FIRST_TIMER + N_TIMERS)
#define N_WIRE_SOURCES FIRST_TIMER      /* those of QEMU's section */
#define QUEUE_WORDS 5
#define N_OUTPUTS 5
#define N_MSIS 8

#define IVPR_MASKED (1u << 31)
#define IVPR_ACTIVE (1u << 30)
#define IVPR_DISTRIBUTED (1u << 29)     /* not a bit that is written: each input begins with it */
#define IVPR_LEVEL (1u << 22)
#define IVPR_WRITABLE 0x80cf00ffu       /* mask, polarity, sense, priority, vector */
#define VECTOR_MASK 0xffu
#define GCR_RESET (1u << 31)
#define GCR_MODE (1u << 29)
#define VERSION 2u                      /* 1.2 */
#define TIMER_FREQUENCY 4160000u
#define TOGGLE (1u << 31)               /* of a timer's count */
#define INHIBIT (1u << 31)              /* of its base */
#define COUNT_MASK 0x7fffffffu
#define MIN_TIMER_NS (100 * SCALE_US)   /* a host timer does not come more often */

enum {
    REG_PRIVATE = 0x40,
    REG_PRIVATE_END = 0xc0,
    REG_FEATURES = 0x1000,
    REG_CONFIG = 0x1020,
    REG_VENDOR = 0x1080,
    REG_PROCESSOR = 0x1090,
    REG_IPI = 0x10a0,
    REG_SPURIOUS = 0x10e0,
    REG_TIMER_FREQUENCY = 0x10f0,
    REG_TIMERS = 0x1100,
    REG_TIMERS_END = 0x1200,
    REG_SOURCES = 0x10000,
    REG_SOURCES_END = REG_SOURCES + FIRST_IPI * 0x20,
    REG_CPUS = 0x20000,
    REG_CPUS_END = REG_CPUS + OPENPIC_MAX_CPUS * 0x1000
};
enum {
    CPU_IPI = 0x40,
    CPU_TASK_PRIORITY = 0x80,
    CPU_WHO_AM_I = 0x90,
    CPU_ACKNOWLEDGE = 0xa0,
    CPU_END = 0xb0
};

typedef struct OpenPicSource {
    /* saved */
    uint32_t ivpr, idr;
    uint32_t destmask; /* processors it goes to; of an IPI: those that have yet to take it */
    int32_t last_cpu;
    int32_t pending;
} OpenPicSource;

/* A set of sources, and the one of highest priority when somebody last looked. */
typedef struct OpenPicQueue {
    /* saved */
    uint64_t queue[QUEUE_WORDS];
    int32_t next, priority;
} OpenPicQueue;

typedef struct OpenPicCpu {
    /* saved */
    int32_t ctpr;
    OpenPicQueue raised, servicing;
    uint32_t outputs_active[N_OUTPUTS]; /* always 0: there are no critical interrupts */
} OpenPicCpu;

typedef struct OpenPicTimer {
    /* saved */
    uint32_t tccr, tbcr;                /* tccr: as of origin */
    /* derived */
    int64_t origin;                     /* ns */
} OpenPicTimer;

typedef struct OpenPic {
    DeviceState parent;
    /* saved */
    uint32_t gcr, vir, pir, spve, tfrr, max_irq;
    OpenPicSource sources[N_SOURCES];
    uint32_t nb_cpus;                   /* property */
    OpenPicCpu cpus[OPENPIC_MAX_CPUS];
    OpenPicTimer timers[N_TIMERS];
    uint32_t msir[N_MSIS];              /* always 0 */
    uint32_t irq_ipi0, irq_tim0, irq_msi;
    uint64_t levels;                    /* of the inputs */
    /* derived */
    Timer timer;
    /* host-only */
    uint64_t risen[OPENPIC_N_INPUTS];
    /* immutable */
    IRQLine *outputs[OPENPIC_MAX_CPUS];
    MemoryRegion registers;
} OpenPic;

/* ---- Queues ---- */

static int priority(const OpenPicSource *source)
{
    return (int)(source->ivpr >> 16 & 0xf);
}

static void put(OpenPicQueue *queue, unsigned n, bool in)
{
    uint64_t bit = 1ull << n % 64;

    queue->queue[n / 64] = in ? queue->queue[n / 64] | bit : queue->queue[n / 64] & ~bit;
}

/* The highest; of equals the first. */
static void look(OpenPic *pic, OpenPicQueue *queue)
{
    queue->next = queue->priority = -1;
    for (unsigned word = 0; word < QUEUE_WORDS; word++) {
        for (uint64_t bits = queue->queue[word]; bits; bits &= bits - 1) {
            unsigned n = word * 64 + (unsigned)__builtin_ctzll(bits);

            if (n < N_SOURCES && priority(&pic->sources[n]) > queue->priority) {
                queue->next = (int32_t)n;
                queue->priority = priority(&pic->sources[n]);
            }
        }
    }
}

/* Has this processor something to take? */
static bool update_cpu(OpenPic *pic, unsigned n)
{
    OpenPicCpu *cpu = &pic->cpus[n];
    bool up;

    look(pic, &cpu->raised);
    look(pic, &cpu->servicing);
    up = cpu->raised.priority > cpu->ctpr && cpu->raised.priority > cpu->servicing.priority;
    irq_set(pic->outputs[n], up);
    return up;
}

/* ---- Sources ---- */

static bool goes_to(const OpenPicSource *source, unsigned cpu)
{
    return source->destmask >> cpu & 1;
}

/* Distributed delivery: the next processor in turn. Directed sources go to all they name. */
static void raise_at_targets(OpenPic *pic, unsigned n, bool up)
{
    OpenPicSource *source = &pic->sources[n];
    bool one = (source->ivpr & IVPR_DISTRIBUTED) && (source->destmask & (source->destmask - 1));

    if (up && one) {
        unsigned cpu = (unsigned)source->last_cpu;

        do {
            cpu = (cpu + 1) % pic->nb_cpus;
        } while (!goes_to(source, cpu));
        source->last_cpu = (int32_t)cpu;
    }
    for (unsigned cpu = 0; cpu < pic->nb_cpus; cpu++) {
        bool here = goes_to(source, cpu) && (!one || cpu == (unsigned)source->last_cpu);

        put(&pic->cpus[cpu].raised, n, up && here);
        update_cpu(pic, cpu);
    }
}

static void update_source(OpenPic *pic, unsigned n)
{
    OpenPicSource *source = &pic->sources[n];
    bool active = source->pending && !(source->ivpr & IVPR_MASKED),
         was = source->ivpr & IVPR_ACTIVE;

    if (active && was) {
        /* Its priority may be another. */
        for (unsigned cpu = 0; cpu < pic->nb_cpus; cpu++) {
            update_cpu(pic, cpu);
        }
    } else if (active || was) {
        source->ivpr = active ? source->ivpr | IVPR_ACTIVE : source->ivpr & ~IVPR_ACTIVE;
        raise_at_targets(pic, n, active);
    }
}

static void input_changed(void *opaque, int n, int level)
{
    OpenPic *pic = opaque;
    OpenPicSource *source = &pic->sources[n];
    uint64_t bit = 1ull << n;
    bool edge = level && !(pic->levels & bit);

    pic->levels = level ? pic->levels | bit : pic->levels & ~bit;
    pic->risen[n] += edge;
    if (source->ivpr & IVPR_LEVEL) {
        source->pending = level != 0;
    } else if (edge) {
        source->pending = 1;
    } else {
        return;
    }
    update_source(pic, (unsigned)n);
}

/* An edge of a timer or an IPI. */
static void trigger(OpenPic *pic, unsigned n)
{
    OpenPicSource *source = &pic->sources[n];

    source->pending = 1;
    if (source->ivpr & IVPR_ACTIVE) {
        raise_at_targets(pic, n, true);
    } else {
        update_source(pic, n);
    }
}

static void write_ivpr(OpenPic *pic, unsigned n, uint32_t value)
{
    OpenPicSource *source = &pic->sources[n];

    source->ivpr = (source->ivpr & IVPR_ACTIVE) | (value & IVPR_WRITABLE);
    if (n >= FIRST_IPI) {
        source->ivpr &= ~IVPR_LEVEL;
    } else if (source->ivpr & IVPR_LEVEL) {
        source->pending = pic->levels >> n & 1;
    }
    update_source(pic, n);
}

static void write_idr(OpenPic *pic, unsigned n, uint32_t value)
{
    OpenPicSource *source = &pic->sources[n];

    if (source->ivpr & IVPR_ACTIVE) {
        raise_at_targets(pic, n, false);
    }
    source->idr = source->destmask = value & ((1u << pic->nb_cpus) - 1);
    if (source->ivpr & IVPR_ACTIVE) {
        raise_at_targets(pic, n, true);
    }
}

/* ---- Timers ---- */

static bool counts(const OpenPic *pic, const OpenPicTimer *t)
{
    return !(t->tbcr & INHIBIT) && (t->tbcr & COUNT_MASK) && pic->tfrr;
}

/* Ticks since its origin. */
static uint64_t ticks(const OpenPic *pic, const OpenPicTimer *t, int64_t now)
{
    int64_t ns = now - t->origin;

    return ns <= 0 ? 0 : (uint64_t)((unsigned __int128)ns * pic->tfrr / NANOSECONDS_PER_SECOND);
}

/* Count and toggle now; the number of times that the count has come to zero. */
static uint64_t sync_timer(OpenPic *pic, OpenPicTimer *t, int64_t now)
{
    uint64_t passed, zeros, base = t->tbcr & COUNT_MASK, count = t->tccr & COUNT_MASK;

    if (!counts(pic, t)) {
        t->origin = now;
        return 0;
    }
    passed = ticks(pic, t, now);
    zeros = passed < count ? 0 : 1 + (passed - count) / base;
    t->origin += (int64_t)((unsigned __int128)passed * NANOSECONDS_PER_SECOND / pic->tfrr);
    count = passed < count ? count - passed : base - (passed - count) % base;
    t->tccr = (uint32_t)count | ((t->tccr & TOGGLE) ^ (zeros & 1 ? TOGGLE : 0));
    return zeros;
}

static void sync_timers(OpenPic *pic)
{
    int64_t now = clock_get_ns(clock_virtual()), next = INT64_MAX;

    for (unsigned i = 0; i < N_TIMERS; i++) {
        OpenPicTimer *t = &pic->timers[i];

        if (sync_timer(pic, t, now)) {
            trigger(pic, FIRST_TIMER + i);
        }
        if (counts(pic, t) && !(pic->sources[FIRST_TIMER + i].ivpr & IVPR_MASKED)) {
            int64_t wait =
                (int64_t)((uint64_t)(t->tccr & COUNT_MASK) * NANOSECONDS_PER_SECOND / pic->tfrr) +
                1;

            next = MIN(next, now + MAX(wait, MIN_TIMER_NS));
        }
    }
    if (next == INT64_MAX) {
        timer_del(&pic->timer);
    } else {
        timer_mod_ns(&pic->timer, next);
    }
}

static void timer_due(void *opaque)
{
    sync_timers(opaque);
}

static void write_base(OpenPic *pic, OpenPicTimer *t, uint32_t value)
{
    if ((t->tbcr & INHIBIT) && !(value & INHIBIT)) {
        t->tccr = value & COUNT_MASK;
    }
    t->tbcr = value;
}

/* Past 0x1100. */
static uint32_t read_timer(OpenPic *pic, hwaddr offset)
{
    unsigned n = (unsigned)(offset >> 6);
    const OpenPicSource *source = &pic->sources[FIRST_TIMER + n];

    sync_timers(pic);
    switch (offset & 0x30) {
    case 0x00:
        return pic->timers[n].tccr;
    case 0x10:
        return pic->timers[n].tbcr;
    case 0x20:
        return source->ivpr;
    default:
        return source->idr;
    }
}

static void write_timer(OpenPic *pic, hwaddr offset, uint32_t value)
{
    unsigned n = (unsigned)(offset >> 6);

    sync_timers(pic);
    switch (offset & 0x30) {
    case 0x10:
        write_base(pic, &pic->timers[n], value);
        break;
    case 0x20:
        write_ivpr(pic, FIRST_TIMER + n, value);
        break;
    case 0x30:
        write_idr(pic, FIRST_TIMER + n, value);
        break;
    }
    sync_timers(pic);
}

/* ---- Registers of a processor ---- */

static uint32_t acknowledge(OpenPic *pic, unsigned cpu_index)
{
    OpenPicCpu *cpu = &pic->cpus[cpu_index];
    OpenPicSource *source;
    unsigned n;

    if (!update_cpu(pic, cpu_index)) {
        return pic->spve;
    }
    n = (unsigned)cpu->raised.next;
    source = &pic->sources[n];
    put(&cpu->servicing, n, true);
    if (!(source->ivpr & IVPR_LEVEL)) {
        /* Those between processors, and timers, are there until all have taken them. */
        put(&cpu->raised, n, false);
        if (n >= FIRST_IPI && n < FIRST_TIMER) {
            source->destmask &= ~(1u << cpu_index);
        }
        if (n < FIRST_IPI || n >= FIRST_TIMER || !source->destmask) {
            source->pending = 0;
            source->ivpr &= ~IVPR_ACTIVE;
        }
    }
    update_cpu(pic, cpu_index);
    return source->ivpr & VECTOR_MASK;
}

static void end_of_interrupt(OpenPic *pic, unsigned cpu_index)
{
    OpenPicCpu *cpu = &pic->cpus[cpu_index];

    look(pic, &cpu->servicing);
    if (cpu->servicing.next < 0) {
        log_mask(LOG_GUEST_ERROR, "openpic: processor %u ends an interrupt that it has not\n",
                 cpu_index);
        return;
    }
    put(&cpu->servicing, (unsigned)cpu->servicing.next, false);
    update_cpu(pic, cpu_index);
}

static void dispatch_ipi(OpenPic *pic, unsigned ipi, uint32_t targets)
{
    pic->sources[FIRST_IPI + ipi].destmask |= targets & ((1u << pic->nb_cpus) - 1);
    trigger(pic, FIRST_IPI + ipi);
}

static uint32_t read_cpu(OpenPic *pic, unsigned cpu, hwaddr reg)
{
    switch (reg) {
    case CPU_TASK_PRIORITY:
        return (uint32_t)pic->cpus[cpu].ctpr;
    case CPU_WHO_AM_I:
        return cpu;
    case CPU_ACKNOWLEDGE:
        return acknowledge(pic, cpu);
    case CPU_END:
        return 0;
    default:
        return UINT32_MAX;
    }
}

static void write_cpu(OpenPic *pic, unsigned cpu, hwaddr reg, uint32_t value)
{
    switch (reg) {
    case CPU_IPI:
    case CPU_IPI + 0x10:
    case CPU_IPI + 0x20:
    case CPU_IPI + 0x30:
        dispatch_ipi(pic, (unsigned)(reg - CPU_IPI) >> 4, value);
        break;
    case CPU_TASK_PRIORITY:
        pic->cpus[cpu].ctpr = (int32_t)(value & 0xf);
        update_cpu(pic, cpu);
        break;
    case CPU_END:
        end_of_interrupt(pic, cpu);
        break;
    default:
        break;
    }
}

/* Who asks: a debugger, or a test, is the first. */
static unsigned asking_cpu(const OpenPic *pic)
{
    CPUState *cpu = current_cpu();
    unsigned n = cpu ? (unsigned)cpu->cpu_index : 0;

    return n < pic->nb_cpus ? n : 0;
}

/* ---- Registers ---- */

static void openpic_reset(void *obj, ResetType type);

static uint32_t read_global(OpenPic *pic, hwaddr addr)
{
    switch (addr) {
    case REG_FEATURES:
        return (OPENPIC_N_INPUTS - 1) << 16 | (pic->nb_cpus - 1) << 8 | VERSION;
    case REG_CONFIG:
        return pic->gcr;
    case REG_VENDOR:
        return pic->vir;
    case REG_PROCESSOR:
        return 0;
    case REG_IPI:
    case REG_IPI + 0x10:
    case REG_IPI + 0x20:
    case REG_IPI + 0x30:
        return pic->sources[FIRST_IPI + (addr - REG_IPI) / 0x10].ivpr;
    case REG_SPURIOUS:
        return pic->spve;
    case REG_TIMER_FREQUENCY:
        return pic->tfrr;
    default:
        log_mask(LOG_GUEST_ERROR, "openpic: read of register 0x%" PRIx64 "\n", addr);
        return UINT32_MAX;
    }
}

static void write_global(OpenPic *pic, hwaddr addr, uint32_t value)
{
    switch (addr) {
    case REG_CONFIG:
        if (value & GCR_RESET) {
            openpic_reset(pic, RESET_TYPE_COLD);
        } else {
            pic->gcr = value & GCR_MODE;
        }
        break;
    case REG_PROCESSOR:
        if (value != pic->pir) {
            log_mask(LOG_UNIMP, "openpic: processors 0x%x are to be held in reset\n", value);
        }
        pic->pir = value;
        break;
    case REG_IPI:
    case REG_IPI + 0x10:
    case REG_IPI + 0x20:
    case REG_IPI + 0x30:
        write_ivpr(pic, FIRST_IPI + (unsigned)(addr - REG_IPI) / 0x10, value);
        break;
    case REG_SPURIOUS:
        pic->spve = value & VECTOR_MASK;
        break;
    case REG_TIMER_FREQUENCY:
        sync_timers(pic);
        pic->tfrr = value;
        sync_timers(pic);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "openpic: write of 0x%x to register 0x%" PRIx64 "\n", value,
                 addr);
        break;
    }
}

static uint64_t openpic_read(void *opaque, hwaddr addr, unsigned size)
{
    OpenPic *pic = opaque;

    if (addr >= REG_PRIVATE && addr < REG_PRIVATE_END && !(addr & 0xf)) {
        return read_cpu(pic, asking_cpu(pic), addr);
    }
    if (addr >= REG_TIMERS && addr < REG_TIMERS_END && !(addr & 0xf)) {
        return read_timer(pic, addr - REG_TIMERS);
    }
    if (addr >= REG_SOURCES && addr < REG_SOURCES_END && !(addr & 0xf)) {
        const OpenPicSource *source = &pic->sources[(addr - REG_SOURCES) / 0x20];

        return addr & 0x10 ? source->idr : source->ivpr;
    }
    if (addr >= REG_CPUS && addr < REG_CPUS_END && !(addr & 0xf)) {
        unsigned cpu = (unsigned)(addr - REG_CPUS) >> 12;

        return cpu < pic->nb_cpus ? read_cpu(pic, cpu, addr & 0xff0) : UINT32_MAX;
    }
    return read_global(pic, addr);
}

static void openpic_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    OpenPic *pic = opaque;

    if (addr >= REG_PRIVATE && addr < REG_PRIVATE_END && !(addr & 0xf)) {
        write_cpu(pic, asking_cpu(pic), addr, (uint32_t)value);
    } else if (addr >= REG_TIMERS && addr < REG_TIMERS_END && !(addr & 0xf)) {
        write_timer(pic, addr - REG_TIMERS, (uint32_t)value);
    } else if (addr >= REG_SOURCES && addr < REG_SOURCES_END && !(addr & 0xf)) {
        unsigned n = (unsigned)(addr - REG_SOURCES) / 0x20;

        if (addr & 0x10) {
            write_idr(pic, n, (uint32_t)value);
        } else {
            write_ivpr(pic, n, (uint32_t)value);
        }
    } else if (addr >= REG_CPUS && addr < REG_CPUS_END && !(addr & 0xf)) {
        unsigned cpu = (unsigned)(addr - REG_CPUS) >> 12;

        if (cpu < pic->nb_cpus) {
            write_cpu(pic, cpu, addr & 0xff0, (uint32_t)value);
        }
    } else {
        write_global(pic, addr, (uint32_t)value);
    }
}

static const MemoryRegionOps openpic_ops = {
    .read = openpic_read,
    .write = openpic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

/* ---- State ---- */

static bool sources_differ(const OpenPic *pic)
{
    for (unsigned n = FIRST_TIMER; n < N_SOURCES; n++) {
        const OpenPicSource *source = &pic->sources[n];

        if (source->ivpr != (IVPR_MASKED | IVPR_DISTRIBUTED) || source->idr || source->pending) {
            return true;
        }
    }
    return false;
}

static bool extra_needed(void *opaque)
{
    const OpenPic *pic = opaque;

    return vmstate_wire_is_own() && (pic->levels || sources_differ(pic));
}

/*
 * An input's level is where QEMU has it, in `pending`, unless it counts by edges; and a source that
 * is masked is set up again before it is of use.
 */
static bool extra_missed(void *opaque)
{
    const OpenPic *pic = opaque;

    for (unsigned n = 0; n < N_SOURCES; n++) {
        const OpenPicSource *source = &pic->sources[n];

        if ((source->ivpr & (IVPR_MASKED | IVPR_ACTIVE)) == IVPR_MASKED) {
            continue;
        }
        if (n >= FIRST_TIMER ||
            (n < FIRST_IPI && !(source->ivpr & IVPR_LEVEL) && pic->levels >> n & 1)) {
            return true;
        }
    }
    return false;
}

static void reset_source(OpenPicSource *source)
{
    *source = (OpenPicSource){.ivpr = IVPR_MASKED | IVPR_DISTRIBUTED};
}

static bool openpic_pre_load(void *opaque, GError **errp)
{
    OpenPic *pic = opaque;

    pic->levels = 0;
    for (unsigned n = FIRST_TIMER; n < N_SOURCES; n++) {
        reset_source(&pic->sources[n]);
    }
    return true;
}

static bool check_sources(const OpenPic *pic, GError **errp)
{
    for (unsigned n = 0; n < N_SOURCES; n++) {
        const OpenPicSource *source = &pic->sources[n];

        if (source->last_cpu < 0 || source->last_cpu >= (int32_t)pic->nb_cpus ||
            source->destmask >> pic->nb_cpus) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "openpic: source %u went to processor %d and goes to 0x%x of %u", n,
                        source->last_cpu, source->destmask, pic->nb_cpus);
            return false;
        }
    }
    return true;
}

static bool openpic_post_load(void *opaque, int version, GError **errp)
{
    OpenPic *pic = opaque;

    if (!check_sources(pic, errp)) {
        return false;
    }
    for (unsigned n = 0; n < FIRST_IPI; n++) {
        if (pic->sources[n].ivpr & IVPR_LEVEL) {
            pic->levels |= (uint64_t)(pic->sources[n].pending != 0) << n;
        }
    }
    for (unsigned cpu = 0; cpu < pic->nb_cpus; cpu++) {
        OpenPicCpu copy = pic->cpus[cpu];

        update_cpu(pic, cpu);
        /* What the stream said was seen last is no more than that. */
        pic->cpus[cpu] = copy;
    }
    sync_timers(pic);
    return true;
}

static bool openpic_pre_save(void *opaque, GError **errp)
{
    sync_timers(opaque);
    return true;
}

static const VMStateDescription vmstate_source = {
    .name = "openpic_irqsource",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(ivpr, OpenPicSource),
        VMSTATE_UINT32(idr, OpenPicSource),
        VMSTATE_UINT32(destmask, OpenPicSource),
        VMSTATE_INT32(last_cpu, OpenPicSource),
        VMSTATE_INT32(pending, OpenPicSource),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(OpenPicSource),
};

static const VMStateDescription vmstate_queue = {
    .name = "openpic_irq_queue",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64_ARRAY(queue, OpenPicQueue, QUEUE_WORDS),
        VMSTATE_INT32(next, OpenPicQueue),
        VMSTATE_INT32(priority, OpenPicQueue),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(OpenPicQueue),
};

static const VMStateDescription vmstate_cpu = {
    .name = "openpic_irqdest",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(ctpr, OpenPicCpu),
        VMSTATE_STRUCT(raised, OpenPicCpu, 0, vmstate_queue, OpenPicQueue),
        VMSTATE_STRUCT(servicing, OpenPicCpu, 0, vmstate_queue, OpenPicQueue),
        VMSTATE_UINT32_ARRAY(outputs_active, OpenPicCpu, N_OUTPUTS),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(OpenPicCpu),
};

static bool timer_post_load(void *opaque, int version, GError **errp)
{
    ((OpenPicTimer *)opaque)->origin = clock_get_ns(clock_virtual());
    return true;
}

static const VMStateDescription vmstate_timer = {
    .name = "openpic_timer",
    .version_id = 0,
    .minimum_version_id = 0,
    .post_load = timer_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(tccr, OpenPicTimer),
        VMSTATE_UINT32(tbcr, OpenPicTimer),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("origin"),
    VMSTATE_STRUCT_AUDIT(OpenPicTimer),
};

static const VMStateDescription vmstate_extra = {
    .name = "openpic/extra",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .missed = extra_missed,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT64(levels, OpenPic),
            VMSTATE_STRUCT_SUB_ARRAY(sources, OpenPic, N_WIRE_SOURCES, N_TIMERS, 0, vmstate_source,
                                     OpenPicSource),
            VMSTATE_END_OF_LIST(),
        },
};

static const VMStateDescription vmstate_openpic = {
    .name = "openpic",
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_save = openpic_pre_save,
    .pre_load = openpic_pre_load,
    .post_load = openpic_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32(gcr, OpenPic),
            VMSTATE_UINT32(vir, OpenPic),
            VMSTATE_UINT32(pir, OpenPic),
            VMSTATE_UINT32(spve, OpenPic),
            VMSTATE_UINT32(tfrr, OpenPic),
            VMSTATE_UINT32_EQUAL(max_irq, OpenPic, NULL),
            VMSTATE_STRUCT_SUB_ARRAY(sources, OpenPic, 0, N_WIRE_SOURCES, 0, vmstate_source,
                                     OpenPicSource),
            VMSTATE_UINT32_EQUAL(nb_cpus, OpenPic, NULL),
            VMSTATE_STRUCT_VARRAY_UINT32(cpus, OpenPic, nb_cpus, 0, vmstate_cpu, OpenPicCpu),
            VMSTATE_STRUCT_ARRAY(timers, OpenPic, N_TIMERS, 0, vmstate_timer, OpenPicTimer),
            VMSTATE_UINT32_ARRAY(msir, OpenPic, N_MSIS),
            VMSTATE_UINT32(irq_ipi0, OpenPic),
            VMSTATE_UINT32(irq_tim0, OpenPic),
            VMSTATE_UINT32(irq_msi, OpenPic),
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_extra),
    .derived = VMSTATE_NAMES("timer"),
    .immutable = VMSTATE_NAMES("outputs", "registers"),
    .host_only = VMSTATE_NAMES("risen"),
    VMSTATE_STRUCT_AUDIT(OpenPic),
};

/* ---- Life ---- */

static void openpic_reset(void *obj, ResetType type)
{
    OpenPic *pic = obj;

    pic->gcr = pic->vir = pic->pir = 0;
    pic->spve = VECTOR_MASK;
    pic->tfrr = TIMER_FREQUENCY;
    pic->max_irq = N_WIRE_SOURCES;
    pic->irq_ipi0 = FIRST_IPI;
    pic->irq_tim0 = FIRST_TIMER;
    pic->irq_msi = 0;
    for (unsigned n = 0; n < N_SOURCES; n++) {
        reset_source(&pic->sources[n]);
    }
    for (unsigned i = 0; i < N_TIMERS; i++) {
        pic->timers[i] = (OpenPicTimer){.tbcr = INHIBIT};
    }
    for (unsigned cpu = 0; cpu < pic->nb_cpus; cpu++) {
        memset(&pic->cpus[cpu], 0, sizeof(pic->cpus[cpu]));
        pic->cpus[cpu].ctpr = 15;
        update_cpu(pic, cpu);
    }
    sync_timers(pic);
}

static bool openpic_realize(DeviceState *dev, GError **errp)
{
    OpenPic *pic = (OpenPic *)dev;

    if (!pic->nb_cpus || pic->nb_cpus > OPENPIC_MAX_CPUS) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "openpic: nb_cpus is %u, not 1 to %u", pic->nb_cpus, OPENPIC_MAX_CPUS);
        return false;
    }
    timer_init_full(&pic->timer, clock_virtual(), SCALE_NS, timer_due, pic);
    memory_region_init_io(&pic->registers, dev, &openpic_ops, dev, "openpic", OPENPIC_SIZE);
    device_init_gpio_in(dev, NULL, input_changed, OPENPIC_N_INPUTS);
    device_init_gpio_out(dev, NULL, pic->outputs, pic->nb_cpus);
    return true;
}

static void openpic_unrealize(DeviceState *dev)
{
    timer_deinit(&((OpenPic *)dev)->timer);
    memory_region_destroy(&((OpenPic *)dev)->registers);
}

static const Property openpic_properties[] = {
    DEFINE_PROP_UINT32("nb_cpus", OpenPic, nb_cpus, 1, "Processors (1 to 4)"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass openpic_class = {
    .name = "openpic",
    .parent = &device_class.object,
    .description = "OpenPIC interrupt controller",
    .instance_size = sizeof(OpenPic),
    .bus = &system_bus_class,
    .properties = openpic_properties,
    .vmstate = &vmstate_openpic,
    .realize = openpic_realize,
    .unrealize = openpic_unrealize,
    .reset = {.hold = openpic_reset},
};

MemoryRegion *openpic_registers(DeviceState *dev)
{
    return &((OpenPic *)dev)->registers;
}

void openpic_update(DeviceState *dev)
{
    OpenPic *pic = (OpenPic *)dev;

    for (unsigned n = 0; n < pic->nb_cpus; n++) {
        update_cpu(pic, n);
    }
}

void openpic_print(const DeviceState *dev, GString *out)
{
    const OpenPic *pic = (const OpenPic *)dev;

    for (unsigned n = 0; n < N_SOURCES; n++) {
        const OpenPicSource *source = &pic->sources[n];

        if (!(source->ivpr & IVPR_MASKED) || source->pending) {
            g_string_append_printf(
                out, "openpic source %2u: vector/priority 0x%08x destination 0x%x%s\n", n,
                source->ivpr, source->idr, source->pending ? " pending" : "");
        }
    }
    for (unsigned cpu = 0; cpu < pic->nb_cpus; cpu++) {
        g_string_append_printf(
            out, "openpic processor %u: task priority %d, raised %d, in service %d\n", cpu,
            pic->cpus[cpu].ctpr, pic->cpus[cpu].raised.next, pic->cpus[cpu].servicing.next);
    }
}

void openpic_print_counts(const DeviceState *dev, GString *out)
{
    const OpenPic *pic = (const OpenPic *)dev;

    g_string_append(out, "IRQ statistics for openpic:\n");
    for (unsigned n = 0; n < OPENPIC_N_INPUTS; n++) {
        if (pic->risen[n]) {
            g_string_append_printf(out, "%2u: %" PRIu64 "\n", n, pic->risen[n]);
        }
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MOS 6522 versatile interface adapter as Power Macs' I/O chips have it.  "R6522 Versatile
 * Interface Adapter" (Rockwell data sheet 29000D47): ports, timers in one-shot and free-running
 * mode, edges of the control lines, flags.  The timers count at 4.7 MHz / 6. A timer's interrupt
 * flag is set when somebody looks, or by a host timer while it is enabled. Left out: handshakes of
 * the ports, PB7 as timer 1's output, pulse counting by timer 2 (nothing drives PB6), and the shift
 * register's own clocks: its owner shifts.
 */
#include "hw/misc/mos6522.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"

#define COUNTS 4700000                  /* in PERIOD seconds */
#define PERIOD 6
#define IER_SET 0x80u
#define IFR_ANY 0x80u
#define ACR_T2_PULSES 0x20u
#define NEVER INT64_MAX
#define N_LINES 5
/* Lines that ask for an interrupt by themselves, without data of the port. */
#define INDEPENDENT_C2 1u

enum { T1, T2 };

static void update_irq(Mos6522 *via)
{
    irq_set(via->irq, (via->ifr & via->ier & 0x7f) != 0);
}

/* ---- Time ---- */

static int64_t scale(int64_t value, uint64_t by, uint64_t from)
{
    return (int64_t)((__int128)value * by / from);
}

/* Counts since the counter was loaded. */
static int64_t counts(const Mos6522Timer *t, int64_t now)
{
    return now <= t->loaded_at ? 0
                               : scale(now - t->loaded_at, COUNTS, PERIOD * NANOSECONDS_PER_SECOND);
}

/* ns at which the counter has counted that many since it was loaded. */
static int64_t time_of_count(const Mos6522Timer *t, int64_t n)
{
    return t->loaded_at + scale(n, NANOSECONDS_PER_SECOND * PERIOD, COUNTS) + 1;
}

static bool free_running(const Mos6522 *via, unsigned n)
{
    return n == T1 && (via->acr & VIA_ACR_T1_FREE_RUN);
}

static void arm(Mos6522 *via, unsigned n)
{
    Mos6522Timer *t = &via->timers[n];
    bool wanted = via->ier & ~via->ifr & (n == T1 ? VIA_INT_T1 : VIA_INT_T2);

    if (wanted && t->next_irq_time != NEVER) {
        timer_mod_ns(&t->timer, t->next_irq_time);
    } else {
        timer_del(&t->timer);
    }
}

/* The counter passes zero one count after it was there. */
static void expect(Mos6522 *via, unsigned n)
{
    Mos6522Timer *t = &via->timers[n];

    t->next_irq_time =
        n == T2 && (via->acr & ACR_T2_PULSES) ? NEVER : time_of_count(t, t->counter_value + 1);
    arm(via, n);
}

static void load(Mos6522 *via, unsigned n, uint16_t value)
{
    Mos6522Timer *t = &via->timers[n];

    t->counter_value = value;
    t->loaded_at = clock_get_ns(clock_virtual());
    expect(via, n);
}

/* Brings a timer up to date: its flag, and timer 1's reloads. */
static void sync_timer(Mos6522 *via, unsigned n, int64_t now)
{
    Mos6522Timer *t = &via->timers[n];
    int64_t passed;

    if (now < t->next_irq_time) {
        return;
    }
    via->ifr |= n == T1 ? VIA_INT_T1 : VIA_INT_T2;
    if (!free_running(via, n)) {
        t->next_irq_time = NEVER;
        arm(via, n);
        return;
    }
    /* From the latch to -1: a period of two counts more. */
    passed = counts(t, now) - (t->counter_value + 2);
    if (passed >= 0) {
        passed = passed / (t->latch + 2) * (t->latch + 2);
    } else {
        passed = 0;
    }
    t->loaded_at += scale(t->counter_value + 2 + passed, PERIOD * NANOSECONDS_PER_SECOND, COUNTS);
    t->counter_value = t->latch;
    t->next_irq_time = MAX(time_of_count(t, t->counter_value + 1), now + 1);
    arm(via, n);
}

static void sync_timers(Mos6522 *via)
{
    int64_t now = clock_get_ns(clock_virtual());

    sync_timer(via, T1, now);
    sync_timer(via, T2, now);
}

static void timer_due(void *opaque)
{
    Mos6522 *via = opaque;

    sync_timers(via);
    update_irq(via);
}

static uint16_t counter(const Mos6522 *via, unsigned n)
{
    const Mos6522Timer *t = &via->timers[n];

    return (uint16_t)(t->counter_value - counts(t, clock_get_ns(clock_virtual())));
}

/* ---- Registers ---- */

static void clear_flags(Mos6522 *via, unsigned flags)
{
    via->ifr &= (uint8_t)~flags;
    arm(via, T1);
    arm(via, T2);
}

/* What an access of a port does to the flags of its lines. */
static unsigned port_flags(const Mos6522 *via, bool port_a)
{
    unsigned c2_mode = via->pcr >> (port_a ? 1 : 5) & 7;
    bool independent = !(c2_mode & 4) && (c2_mode & INDEPENDENT_C2);

    if (port_a) {
        return VIA_INT_CA1 | (independent ? 0 : VIA_INT_CA2);
    }
    return VIA_INT_CB1 | (independent ? 0 : VIA_INT_CB2);
}

static uint8_t read_register(Mos6522 *via, unsigned reg)
{
    switch (reg) {
    case VIA_B:
        clear_flags(via, port_flags(via, false));
        return via->b;
    case VIA_A:
        clear_flags(via, port_flags(via, true));
        return via->a;
    case VIA_ANH:
        return via->a;
    case VIA_DIRB:
        return via->dirb;
    case VIA_DIRA:
        return via->dira;
    case VIA_T1CL:
        clear_flags(via, VIA_INT_T1);
        return (uint8_t)counter(via, T1);
    case VIA_T1CH:
        return counter(via, T1) >> 8;
    case VIA_T1LL:
        return (uint8_t)via->timers[T1].latch;
    case VIA_T1LH:
        return via->timers[T1].latch >> 8;
    case VIA_T2CL:
        clear_flags(via, VIA_INT_T2);
        return (uint8_t)counter(via, T2);
    case VIA_T2CH:
        return counter(via, T2) >> 8;
    case VIA_SR:
        clear_flags(via, VIA_INT_SR);
        return via->sr;
    case VIA_ACR:
        return via->acr;
    case VIA_PCR:
        return via->pcr;
    case VIA_IFR:
        return via->ifr | (via->ifr & via->ier & 0x7f ? IFR_ANY : 0);
    default:
        return via->ier | IER_SET;
    }
}

uint8_t mos6522_read(Mos6522 *via, unsigned reg)
{
    uint8_t value;

    sync_timers(via);
    value = read_register(via, reg);
    update_irq(via);
    return value;
}

/* In a mode in which it may fire again, one that waits for nothing runs through all of its range
 * first. */
static void run_on(Mos6522 *via, unsigned n)
{
    if (via->timers[n].next_irq_time == NEVER) {
        load(via, n, counter(via, n));
    }
}

static void write_acr(Mos6522 *via, uint8_t value)
{
    uint8_t changed = via->acr ^ value;

    via->acr = value;
    if ((changed & VIA_ACR_T1_FREE_RUN) && (value & VIA_ACR_T1_FREE_RUN)) {
        run_on(via, T1);
    }
    if (changed & value & ACR_T2_PULSES) {
        expect(via, T2);
    } else if (changed & ACR_T2_PULSES) {
        run_on(via, T2);
    }
}

static void write_register(Mos6522 *via, unsigned reg, uint8_t value)
{
    Mos6522Timer *t1 = &via->timers[T1], *t2 = &via->timers[T2];

    switch (reg) {
    case VIA_B:
        clear_flags(via, port_flags(via, false));
        via->b = (via->b & ~via->dirb) | (value & via->dirb);
        if (via->ops && via->ops->port_b_written) {
            via->ops->port_b_written(via->opaque);
        }
        break;
    case VIA_A:
        clear_flags(via, port_flags(via, true));
        via->a = (via->a & ~via->dira) | (value & via->dira);
        break;
    case VIA_ANH:
        via->a = (via->a & ~via->dira) | (value & via->dira);
        break;
    case VIA_DIRB:
        via->dirb = value;
        break;
    case VIA_DIRA:
        via->dira = value;
        break;
    case VIA_T1CL:
    case VIA_T1LL:
        t1->latch = (t1->latch & 0xff00) | value;
        break;
    case VIA_T1CH:
        t1->latch = (uint16_t)((t1->latch & 0xff) | value << 8);
        via->ifr &= (uint8_t)~VIA_INT_T1;
        load(via, T1, t1->latch);
        break;
    case VIA_T1LH:
        t1->latch = (uint16_t)((t1->latch & 0xff) | value << 8);
        clear_flags(via, VIA_INT_T1);
        break;
    case VIA_T2CL:
        t2->latch = (t2->latch & 0xff00) | value;
        break;
    case VIA_T2CH:
        t2->latch = (uint16_t)((t2->latch & 0xff) | value << 8);
        via->ifr &= (uint8_t)~VIA_INT_T2;
        load(via, T2, t2->latch);
        break;
    case VIA_SR:
        via->sr = value;
        clear_flags(via, VIA_INT_SR);
        break;
    case VIA_ACR:
        write_acr(via, value);
        break;
    case VIA_PCR:
        via->pcr = value;
        break;
    case VIA_IFR:
        clear_flags(via, value);
        break;
    default:
        via->ier = value & IER_SET ? via->ier | (value & 0x7f) : via->ier & ~value;
        arm(via, T1);
        arm(via, T2);
        break;
    }
}

void mos6522_write(Mos6522 *via, unsigned reg, uint8_t value)
{
    sync_timers(via);
    write_register(via, reg, value);
    update_irq(via);
}

void mos6522_shifted(Mos6522 *via)
{
    via->ifr |= VIA_INT_SR;
    update_irq(via);
}

/* CA2, CA1, -, CB2, CB1 at their bits of IFR: the edge that PCR asks for sets the flag. */
static void line_changed(void *opaque, int n, int level)
{
    static const uint8_t edge_bit[N_LINES] = {2, 0, 0, 6, 4};
    Mos6522 *via = opaque;
    uint8_t bit = (uint8_t)(1u << n);
    bool was = via->last_irq_levels & bit, rising = via->pcr >> edge_bit[n] & 1;
    bool output = (n == 0 && (via->pcr & 0x08)) || (n == 3 && (via->pcr & 0x80));

    if (bit == VIA_INT_SR || was == !!level) {
        return;
    }
    via->last_irq_levels ^= bit;
    if (!output && rising == !!level) {
        via->ifr |= bit;
        update_irq(via);
    }
}

/* ---- State ---- */

static bool timer_pre_save(void *opaque, GError **errp)
{
    Mos6522Timer *t = opaque;

    t->load_time = scale(t->loaded_at, t->load_frequency, NANOSECONDS_PER_SECOND);
    return true;
}

/* Any other value is good for something; a time must leave room for sums. */
static bool timer_post_load(void *opaque, int version, GError **errp)
{
    Mos6522Timer *t = opaque;
    /* Rounded up: it is the same tick when it is saved again. */
    __int128 ns =
        ((__int128)t->load_time * NANOSECONDS_PER_SECOND + (int64_t)t->load_frequency - 1) /
        (int64_t)t->load_frequency;

    if (t->load_time < 0 || ns > INT64_MAX / 4) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "mos6522: a timer was loaded at tick %" PRId64, t->load_time);
        return false;
    }
    t->loaded_at = (int64_t)ns;
    return true;
}

static const VMStateDescription vmstate_mos6522_timer = {
    .name = "mos6522_timer",
    .version_id = 0,
    .minimum_version_id = 0,
    .pre_save = timer_pre_save,
    .post_load = timer_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT16(latch, Mos6522Timer),
        VMSTATE_UINT16(counter_value, Mos6522Timer),
        VMSTATE_INT64(load_time, Mos6522Timer),
        VMSTATE_INT64(next_irq_time, Mos6522Timer),
        VMSTATE_TIMER(timer, Mos6522Timer),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("loaded_at"),
    .immutable = VMSTATE_NAMES("load_frequency"),
    VMSTATE_STRUCT_AUDIT(Mos6522Timer),
};

static bool mos6522_post_load(void *opaque, int version, GError **errp)
{
    update_irq(opaque);
    return true;
}

const VMStateDescription vmstate_mos6522 = {
    .name = "mos6522",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = mos6522_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(a, Mos6522),
        VMSTATE_UINT8(b, Mos6522),
        VMSTATE_UINT8(dira, Mos6522),
        VMSTATE_UINT8(dirb, Mos6522),
        VMSTATE_UINT8(sr, Mos6522),
        VMSTATE_UINT8(acr, Mos6522),
        VMSTATE_UINT8(pcr, Mos6522),
        VMSTATE_UINT8(ifr, Mos6522),
        VMSTATE_UINT8(ier, Mos6522),
        VMSTATE_UINT8(last_irq_levels, Mos6522),
        VMSTATE_STRUCT_ARRAY(timers, Mos6522, 2, 0, vmstate_mos6522_timer, Mos6522Timer),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("ops", "opaque", "irq"),
    VMSTATE_STRUCT_AUDIT(Mos6522),
};

/* ---- Life ---- */

static void mos6522_reset(void *obj, ResetType type)
{
    Mos6522 *via = obj;

    via->a = via->b = via->dira = via->sr = via->acr = via->pcr = via->ifr = via->ier = 0;
    /* A 6522 begins with inputs; OpenBIOS expects outputs and never sets them. */
    via->dirb = 0xff;
    via->last_irq_levels = 0;
    for (unsigned n = 0; n < 2; n++) {
        Mos6522Timer *t = &via->timers[n];

        t->latch = 0xffff;
        t->counter_value = n == T1 ? 0xffff : 0;
        t->loaded_at = 0;
        t->next_irq_time = NEVER;
        timer_del(&t->timer);
    }
    load(via, T1, 0xffff);
    update_irq(via);
}

static bool mos6522_realize(DeviceState *dev, GError **errp)
{
    Mos6522 *via = (Mos6522 *)dev;

    for (unsigned n = 0; n < 2; n++) {
        via->timers[n].next_irq_time = NEVER;
        if (!via->timers[n].load_frequency) {
            via->timers[n].load_frequency = NANOSECONDS_PER_SECOND;
        }
        timer_init_full(&via->timers[n].timer, clock_virtual(), SCALE_NS, timer_due, via);
    }
    device_init_gpio_in(dev, NULL, line_changed, N_LINES);
    device_init_gpio_out(dev, NULL, &via->irq, 1);
    return true;
}

static void mos6522_unrealize(DeviceState *dev)
{
    for (unsigned n = 0; n < 2; n++) {
        timer_deinit(&((Mos6522 *)dev)->timers[n].timer);
    }
}

const DeviceClass mos6522_class = {
    .name = "mos6522",
    .parent = &device_class.object,
    .description = "VIA 6522",
    .instance_size = sizeof(Mos6522),
    .bus = &system_bus_class,
    .vmstate = &vmstate_mos6522,
    .realize = mos6522_realize,
    .unrealize = mos6522_unrealize,
    .reset = {.hold = mos6522_reset},
};

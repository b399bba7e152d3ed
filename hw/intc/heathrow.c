/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Heathrow's interrupt controller: two groups of 32 sources, each with four registers of 32 bits,
 * little-endian.  "Macintosh Technology in the Common Hardware Reference Platform", chapter on the
 * interrupt controller; register use as in Linux's arch/powerpc/platforms/powermac/pic.c.
 *
 *   0x10 events   0x14 mask   0x18 clear   0x1c levels     sources 32 .. 63
 *   0x20 ...                                               sources 0 .. 31
 *
 * Sources 20 to 28 (among them those of PCI) are by level, the others by edge.
 */
#include "hw/intc/heathrow.h"
#include "migration/vmstate.h"
#include "util/log.h"

#define N_GROUPS 2
#define LEVEL_SOURCES 0x1ff00000u    /* of the first 32 */

enum { REG_EVENTS = 0x0, REG_MASK = 0x4, REG_CLEAR = 0x8, REG_LEVELS = 0xc };

typedef struct HeathrowGroup {
    /* saved */
    uint32_t events, mask, levels, level_triggered;
} HeathrowGroup;

typedef struct Heathrow {
    DeviceState parent;
    /* saved */
    HeathrowGroup groups[N_GROUPS]; /* in the order of their registers: sources 32 .. 63, 0 .. 31 */
    /* host-only */
    uint64_t risen[HEATHROW_N_IRQS];
    /* immutable */
    IRQLine *output;
    MemoryRegion registers;
} Heathrow;

static bool pending(const HeathrowGroup *group)
{
    return (group->events | (group->levels & group->level_triggered)) & group->mask;
}

static void update(Heathrow *pic)
{
    irq_set(pic->output, pending(&pic->groups[0]) || pending(&pic->groups[1]));
}

/* NULL: no register is there. */
static HeathrowGroup *group_at(Heathrow *pic, hwaddr addr)
{
    return addr >= 0x10 && addr < 0x30 ? &pic->groups[addr >= 0x20] : NULL;
}

static uint64_t heathrow_read(void *opaque, hwaddr addr, unsigned size)
{
    const HeathrowGroup *group = group_at(opaque, addr);

    switch (group ? addr & 0xf : UINT64_MAX) {
    case REG_EVENTS:
        return group->events;
    case REG_MASK:
        return group->mask;
    case REG_LEVELS:
        return group->levels;
    case REG_CLEAR:
        return 0;
    default:
        log_mask(LOG_GUEST_ERROR, "heathrow: read of register 0x%" PRIx64 "\n", addr);
        return 0;
    }
}

static void heathrow_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Heathrow *pic = opaque;
    HeathrowGroup *group = group_at(pic, addr);

    switch (group ? addr & 0xf : UINT64_MAX) {
    case REG_MASK:
        group->mask = (uint32_t)value;
        break;
    case REG_CLEAR:
        /* What is by level goes when its device lets go. */
        group->events &= ~((uint32_t)value & ~group->level_triggered);
        break;
    default:
        log_mask(LOG_GUEST_ERROR, "heathrow: write of 0x%" PRIx64 " to register 0x%" PRIx64 "\n",
                 value, addr);
        return;
    }
    update(pic);
}

static const MemoryRegionOps heathrow_ops = {
    .read = heathrow_read,
    .write = heathrow_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

static void heathrow_set_irq(void *opaque, int n, int level)
{
    Heathrow *pic = opaque;
    HeathrowGroup *group = &pic->groups[1 - n / 32];
    uint32_t bit = 1u << n % 32;

    pic->risen[n] += level && !(group->levels & bit);
    if (level) {
        /* An edge is one from low: devices drive a high level again, after loading too. */
        group->events |= bit & ~group->level_triggered & ~group->levels;
        group->levels |= bit;
    } else {
        group->levels &= ~bit;
    }
    update(pic);
}

static void heathrow_reset(void *obj, ResetType type)
{
    Heathrow *pic = obj;

    for (unsigned i = 0; i < N_GROUPS; i++) {
        pic->groups[i] = (HeathrowGroup){.level_triggered = i ? LEVEL_SOURCES : 0};
    }
    update(pic);
}

static bool heathrow_post_load(void *opaque, int version, GError **errp)
{
    update(opaque);
    return true;
}

static const VMStateDescription vmstate_group = {
    .name = "heathrow_pic_one",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(events, HeathrowGroup),
        VMSTATE_UINT32(mask, HeathrowGroup),
        VMSTATE_UINT32(levels, HeathrowGroup),
        VMSTATE_UINT32(level_triggered, HeathrowGroup),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(HeathrowGroup),
};

static const VMStateDescription vmstate_heathrow = {
    .name = "heathrow_pic",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = heathrow_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(groups, Heathrow, N_GROUPS, 1, vmstate_group, HeathrowGroup),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("output", "registers"),
    .host_only = VMSTATE_NAMES("risen"),
    VMSTATE_STRUCT_AUDIT(Heathrow),
};

static bool heathrow_realize(DeviceState *dev, GError **errp)
{
    Heathrow *pic = (Heathrow *)dev;

    memory_region_init_io(&pic->registers, dev, &heathrow_ops, dev, "heathrow-pic", HEATHROW_SIZE);
    device_init_gpio_in(dev, NULL, heathrow_set_irq, HEATHROW_N_IRQS);
    device_init_gpio_out(dev, NULL, &pic->output, 1);
    return true;
}

const DeviceClass heathrow_class = {
    .name = "heathrow",
    .parent = &device_class.object,
    .description = "Heathrow interrupt controller",
    .instance_size = sizeof(Heathrow),
    .bus = &system_bus_class,
    .vmstate = &vmstate_heathrow,
    .realize = heathrow_realize,
    .reset = {.hold = heathrow_reset},
};

MemoryRegion *heathrow_registers(DeviceState *dev)
{
    return &((Heathrow *)dev)->registers;
}

void heathrow_update(DeviceState *dev)
{
    update((Heathrow *)dev);
}

void heathrow_print(const DeviceState *dev, GString *out)
{
    const Heathrow *pic = (const Heathrow *)dev;

    for (unsigned i = 0; i < N_GROUPS; i++) {
        const HeathrowGroup *group = &pic->groups[1 - i];

        g_string_append_printf(out, "heathrow %2u..%2u: events 0x%08x mask 0x%08x levels 0x%08x\n",
                               i * 32, i * 32 + 31, group->events, group->mask, group->levels);
    }
}

void heathrow_print_counts(const DeviceState *dev, GString *out)
{
    const Heathrow *pic = (const Heathrow *)dev;

    g_string_append(out, "IRQ statistics for heathrow:\n");
    for (unsigned n = 0; n < HEATHROW_N_IRQS; n++) {
        if (pic->risen[n]) {
            g_string_append_printf(out, "%2u: %" PRIu64 "\n", n, pic->risen[n]);
        }
    }
}

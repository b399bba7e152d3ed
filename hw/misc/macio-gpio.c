/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KeyLargo's general purpose lines: a byte for each of 36, behind 8 bytes of levels.  Bits as in
 * Linux's arch/powerpc/include/asm/keylargo.h: 0 output data, 1 input data, 2 output enable. Left
 * out: the bytes of levels, which nobody reads, are 0; the other bits of a line are only
 * remembered.
 */
#include <string.h>
#include "hw/misc/macio-gpio.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/log.h"

#define N_LEVELS 8u
#define N_LINES 36u
#define UNKNOWN UINT64_MAX
enum { LINE_OUT = 1 << 0, LINE_IN = 1 << 1, LINE_OUTPUT_ENABLE = 1 << 2 };

typedef struct MacIOGpio {
    DeviceState parent;
    /* saved */
    uint8_t levels[N_LEVELS], lines[N_LINES];
    uint64_t outside;                   /* levels that inputs have; an output does not show it */
    /* immutable */
    IRQLine *interrupts[MACIO_N_GPIOS];
    MemoryRegion registers;
} MacIOGpio;

/* The PMU's line asks for an interrupt while it is low. */
static void drive(MacIOGpio *gpio, unsigned n)
{
    bool level = gpio->lines[n] & LINE_IN;

    irq_set(gpio->interrupts[n], n == MACIO_GPIO_PMU ? !level : level);
}

void macio_gpio_set(DeviceState *dev, unsigned n, bool level)
{
    MacIOGpio *gpio = (MacIOGpio *)dev;

    g_assert(n < MACIO_N_GPIOS);
    gpio->outside = (gpio->outside & ~(1ull << n)) | (uint64_t)level << n;
    if (gpio->lines[n] & LINE_OUTPUT_ENABLE) {
        log_mask(LOG_GUEST_ERROR, "macio-gpio: line %u is an output and driven from outside\n", n);
        return;
    }
    gpio->lines[n] = (uint8_t)(level ? gpio->lines[n] | LINE_IN : gpio->lines[n] & ~LINE_IN);
    drive(gpio, n);
}

static uint64_t gpio_read(void *opaque, hwaddr addr, unsigned size)
{
    const MacIOGpio *gpio = opaque;

    if (addr < N_LEVELS) {
        return gpio->levels[addr];
    }
    return addr - N_LEVELS < N_LINES ? gpio->lines[addr - N_LEVELS] : 0;
}

static void gpio_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    MacIOGpio *gpio = opaque;
    uint8_t bits = (uint8_t)value & ~LINE_IN, *line, old;
    bool level;

    if (addr < N_LEVELS || addr - N_LEVELS >= N_LINES) {
        log_mask(LOG_GUEST_ERROR, "macio-gpio: write of 0x%" PRIx64 " to register 0x%" PRIx64 "\n",
                 value, addr);
        return;
    }
    /* An output sees itself. */
    line = &gpio->lines[addr - N_LEVELS];
    old = *line;
    level = bits & LINE_OUTPUT_ENABLE ? bits & LINE_OUT : gpio->outside >> (addr - N_LEVELS) & 1;
    *line = bits | (level ? LINE_IN : 0);
    if (addr - N_LEVELS < MACIO_N_GPIOS && (*line ^ old) & LINE_IN) {
        drive(gpio, (unsigned)(addr - N_LEVELS));
    }
}

static const MemoryRegionOps gpio_ops = {
    .read = gpio_read,
    .write = gpio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

static void gpio_reset(void *obj, ResetType type)
{
    MacIOGpio *gpio = obj;

    memset(gpio->levels, 0, sizeof(gpio->levels));
    memset(gpio->lines, 0, sizeof(gpio->lines));
    gpio->outside = 0;
    macio_gpio_set(&gpio->parent, MACIO_GPIO_PMU, true);
    macio_gpio_set(&gpio->parent, MACIO_GPIO_SWITCH, false);
}

/* What the lines say of it: an output's own level, since QEMU knows no other. */
static uint64_t shown(const MacIOGpio *gpio)
{
    uint64_t levels = 0;

    for (unsigned i = 0; i < N_LINES; i++) {
        levels |= (uint64_t)!!(gpio->lines[i] & LINE_IN) << i;
    }
    return levels;
}

static bool outside_needed(void *opaque)
{
    const MacIOGpio *gpio = opaque;

    return vmstate_wire_is_own() && gpio->outside != shown(gpio);
}

/* Ours: what outputs hide. */
static const VMStateDescription vmstate_outside = {
    .name = "macio_gpio/outside",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = outside_needed,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(outside, MacIOGpio),
        VMSTATE_END_OF_LIST(),
    },
};

static bool gpio_pre_load(void *opaque, GError **errp)
{
    ((MacIOGpio *)opaque)->outside = UNKNOWN;
    return true;
}

static bool gpio_post_load(void *opaque, int version, GError **errp)
{
    MacIOGpio *gpio = opaque;

    if (gpio->outside == UNKNOWN) {
        gpio->outside = shown(gpio);
    }
    gpio->outside &= (1ull << N_LINES) - 1;
    drive(opaque, MACIO_GPIO_PMU);
    return true;
}

static const VMStateDescription vmstate_gpio = {
    .name = "macio_gpio",
    .version_id = 0,
    .minimum_version_id = 0,
    .pre_load = gpio_pre_load,
    .post_load = gpio_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8_ARRAY(levels, MacIOGpio, N_LEVELS),
        VMSTATE_UINT8_ARRAY(lines, MacIOGpio, N_LINES),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_outside),
    .immutable = VMSTATE_NAMES("interrupts", "registers"),
    VMSTATE_STRUCT_AUDIT(MacIOGpio),
};

static bool gpio_realize(DeviceState *dev, GError **errp)
{
    MacIOGpio *gpio = (MacIOGpio *)dev;

    memory_region_init_io(&gpio->registers, dev, &gpio_ops, dev, "gpio", MACIO_GPIO_SIZE);
    device_init_gpio_out(dev, NULL, gpio->interrupts, MACIO_N_GPIOS);
    return true;
}

static void gpio_unrealize(DeviceState *dev)
{
    memory_region_destroy(&((MacIOGpio *)dev)->registers);
}

const DeviceClass macio_gpio_class = {
    .name = "macio-gpio",
    .parent = &device_class.object,
    .description = "KeyLargo general purpose lines",
    .instance_size = sizeof(MacIOGpio),
    .bus = &system_bus_class,
    .vmstate = &vmstate_gpio,
    .realize = gpio_realize,
    .unrealize = gpio_unrealize,
    .reset = {.hold = gpio_reset},
};

MemoryRegion *macio_gpio_registers(DeviceState *dev)
{
    return &((MacIOGpio *)dev)->registers;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Non-volatile memory of Power Macs: bytes at addresses 16 apart behind the older I/O chips, 2
 * apart on the bus of the newer boards.  "Macintosh Technology in the Common Hardware Reference
 * Platform" (partitions, as in CHRP 8.4.1: signature, sum, length in units of 16 bytes, name of 12
 * bytes); Linux's arch/powerpc/platforms/powermac/nvram.c for the part of Mac OS X with its
 * Adler-32 sum and generation.
 */
#include <string.h>
#include "hw/nvram/mac-nvram.h"
#include "migration/vmstate.h"
#include "util/bswap.h"
#include "util/error.h"

#define MAX_SHIFT 4u
#define HEADER_SIZE 16u
#define NAME_SIZE 12
#define SIGNATURE_SYSTEM 0x70
#define SIGNATURE_FREE 0x7f
#define SIGNATURE_OSX 0x5a
#define OPEN_FIRMWARE_SIZE (MAC_NVRAM_SIZE / 2)
#define SYSTEM_SIZE                                                                                \
    0xc10u /* room for variables to come: OpenBIOS cannot make a partition larger                  \
            */

typedef struct MacNvram {
    DeviceState parent;
    /* saved */
    uint8_t data[MAC_NVRAM_SIZE];
    /* immutable */
    uint32_t byte_shift;                /* property */
    MemoryRegion registers;
} MacNvram;

static uint64_t nvram_read(void *opaque, hwaddr addr, unsigned size)
{
    const MacNvram *nvram = opaque;

    return nvram->data[(addr >> nvram->byte_shift) % MAC_NVRAM_SIZE];
}

static void nvram_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    MacNvram *nvram = opaque;

    nvram->data[(addr >> nvram->byte_shift) % MAC_NVRAM_SIZE] = (uint8_t)value;
}

static const MemoryRegionOps nvram_ops = {
    .read = nvram_read,
    .write = nvram_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

/* ---- Partitions ---- */

static void put_header(uint8_t *at, uint8_t signature, const char *name, uint32_t size)
{
    unsigned sum;

    memset(at, 0, HEADER_SIZE);
    at[0] = signature;
    at[2] = (uint8_t)(size >> 12);
    at[3] = (uint8_t)(size >> 4);
    memcpy(at + 4, name, MIN(strlen(name), NAME_SIZE));
    /* The carry out of a byte comes in again. */
    sum = at[0];
    for (unsigned i = 2; i < HEADER_SIZE; i++) {
        sum += at[i];
        sum = (sum & 0xff) + (sum >> 8);
    }
    at[1] = (uint8_t)sum;
}

static uint32_t adler32_from_zero(const uint8_t *p, uint32_t size)
{
    uint32_t low = 0, high = 0;

    for (uint32_t i = 0; i < size; i++) {
        low = (low + p[i]) % 65521;
        high = (high + low) % 65521;
    }
    return high << 16 | low;
}

static void format_osx(uint8_t *at, uint32_t size)
{
    memset(at, 0, size);
    put_header(at, SIGNATURE_OSX, "wwwwwwwwwww", size);
    at[HEADER_SIZE + 7] = 2;            /* generation */
    stl_be_p(at + HEADER_SIZE, adler32_from_zero(at + HEADER_SIZE + 4, size - HEADER_SIZE - 4));
}

bool mac_nvram_format(DeviceState *dev, const char *const *variables, GError **errp)
{
    MacNvram *nvram = (MacNvram *)dev;
    uint32_t end = HEADER_SIZE;

    memset(nvram->data, 0, sizeof(nvram->data));
    for (; variables && *variables; variables++) {
        size_t size = strlen(*variables) + 1;

        /* One byte for the end, and a header behind it. */
        if (size > OPEN_FIRMWARE_SIZE || end + size + 1 > OPEN_FIRMWARE_SIZE - 2 * HEADER_SIZE) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "there is no room in NVRAM for the variable '%s' (-prom-env)", *variables);
            return false;
        }
        memcpy(nvram->data + end, *variables, size);
        end += (uint32_t)size;
    }
    end = MAX((end + 1 + HEADER_SIZE - 1) & ~(HEADER_SIZE - 1), SYSTEM_SIZE);
    put_header(nvram->data, SIGNATURE_SYSTEM, "system", end);
    put_header(nvram->data + end, SIGNATURE_FREE, "free", OPEN_FIRMWARE_SIZE - end);
    format_osx(nvram->data + OPEN_FIRMWARE_SIZE, MAC_NVRAM_SIZE - OPEN_FIRMWARE_SIZE);
    return true;
}

/* ---- Life ---- */

static const VMStateDescription vmstate_nvram = {
    .name = "macio_nvram",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(data, MacNvram),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("byte_shift", "registers"),
    VMSTATE_STRUCT_AUDIT(MacNvram),
};

static bool nvram_realize(DeviceState *dev, GError **errp)
{
    MacNvram *nvram = (MacNvram *)dev;

    if (nvram->byte_shift > MAX_SHIFT) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "macio-nvram: it_shift is %u, at most %u", nvram->byte_shift, MAX_SHIFT);
        return false;
    }
    memory_region_init_io(&nvram->registers, dev, &nvram_ops, dev, "macio-nvram",
                          (uint64_t)MAC_NVRAM_SIZE << nvram->byte_shift);
    return true;
}

static void nvram_unrealize(DeviceState *dev)
{
    memory_region_destroy(&((MacNvram *)dev)->registers);
}

static const Property nvram_properties[] = {
    DEFINE_PROP_UINT32("it_shift", MacNvram, byte_shift, MAX_SHIFT,
                       "Bytes are 1 << it_shift apart"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass mac_nvram_class = {
    .name = "macio-nvram",
    .parent = &device_class.object,
    .description = "Power Mac non-volatile memory",
    .instance_size = sizeof(MacNvram),
    .bus = &system_bus_class,
    .properties = nvram_properties,
    .vmstate = &vmstate_nvram,
    .realize = nvram_realize,
    .unrealize = nvram_unrealize,
};

MemoryRegion *mac_nvram_registers(DeviceState *dev)
{
    return &((MacNvram *)dev)->registers;
}

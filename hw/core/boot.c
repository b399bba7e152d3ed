/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot order, and Open Firmware's names of devices. */
#include "hw/core/boot.h"
#include "internal.h"
#include "util/error.h"

bool boot_device_add(DeviceState *dev, int32_t bootindex, GError **errp)
{
    BootDevice row = {dev, bootindex};
    guint at = 0;

    if (!core.boot_devices) {
        core.boot_devices = g_array_new(false, false, sizeof(BootDevice));
    }
    for (; at < core.boot_devices->len; at++) {
        const BootDevice *other = &g_array_index(core.boot_devices, BootDevice, at);

        if (other->index == bootindex) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "The bootindex %d has already been used",
                      bootindex);
            return false;
        }
        if (other->index > bootindex) {
            break;
        }
    }
    g_array_insert_val(core.boot_devices, at, row);
    return true;
}

void boot_device_remove(DeviceState *dev)
{
    for (guint i = 0; core.boot_devices && i < core.boot_devices->len; i++) {
        if (g_array_index(core.boot_devices, BootDevice, i).dev == dev) {
            g_array_remove_index(core.boot_devices, i);
            return;
        }
    }
}

char *device_firmware_path(DeviceState *dev)
{
    const BusState *bus = dev->parent_bus;
    g_autofree char *node =
        bus && bus_get_class(bus)->firmware_node ? bus_get_class(bus)->firmware_node(dev) : NULL;
    g_autofree char *above = NULL;

    if (!node) {
        return NULL;
    }
    if (!bus->parent) {
        return g_strdup_printf("/%s", node);
    }
    above = device_firmware_path(bus->parent);
    return above ? g_strdup_printf("%s/%s", above, node) : NULL;
}

char *boot_device_list(char separator)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; core.boot_devices && i < core.boot_devices->len; i++) {
        g_autofree char *path =
            device_firmware_path(g_array_index(core.boot_devices, BootDevice, i).dev);

        if (path) {
            if (out->len) {
                g_string_append_c(out, separator);
            }
            g_string_append(out, path);
        }
    }
    return g_string_free(out, out->len == 0);
}

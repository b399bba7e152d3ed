/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of the members that every device, bus and machine has (hw/core/base-state.h).
 */
#include "hw/core/base-state.h"

#include "hw/core/bus.h"
#include "hw/core/device.h"
#include "hw/core/machine.h"

#define BASE(desc) .name = desc, .version_id = 1, .minimum_version_id = 1

const VMStateDescription vmstate_object_base = {
    BASE("object"),
    /* A place in the composition tree. */
    .immutable = VMSTATE_NAMES("class", "parent", "name", "children", "links", "dynamic"),
    .host_only = VMSTATE_NAMES("references"),
    VMSTATE_STRUCT_AUDIT(Object),
};

const VMStateDescription vmstate_device_base = {
    BASE("device"),
    /* Nothing is saved in the middle of a reset: that takes no time. */
    .immutable = VMSTATE_NAMES("id", "parent_bus", "child_buses", "gpios", "reset", "realized",
                               "hotplugged", "canonical_path"),
    .host_only = VMSTATE_NAMES("vmstate_registered", "pending_error"),
    VMSTATE_STRUCT_AUDIT(DeviceState),
};

const VMStateDescription vmstate_bus_base = {
    BASE("bus"),
    .immutable = VMSTATE_NAMES("name", "parent", "devices", "reset"),
    VMSTATE_STRUCT_AUDIT(BusState),
};

const VMStateDescription vmstate_machine_base = {
    BASE("machine"),
    /* Options, and what was made of them when the machine was created. RAM is a section of its own.
     */
    .immutable = VMSTATE_NAMES(
        "class", "ram_size", "maxram_size", "ram_slots", "smp", "numa", "cpu_type",
        "kernel_filename", "kernel_cmdline", "initrd_filename", "dtb", "dumpdtb", "firmware",
        "memory_path", "memory_shared", "memory_prealloc", "name", "uuid_set", "uuid", "nodefaults",
        "graphics", "vga", "usb", "usb_disabled", "dump_guest_core", "mem_merge", "suppress_vmdesc",
        "memory_backend", "firmware_path", "firmware_dirs", "serial", "boot_options", "boot_order",
        "boot_once", "boot_menu", "prom_env", "graphic_width", "graphic_height", "graphic_depth",
        "memory", "system_memory", "cpus", "fdt", "init_done"),
    .elsewhere = VMSTATE_NAMES("ram"),
    VMSTATE_STRUCT_AUDIT(MachineState),
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine "none": no CPU, no device, memory only if -m asks for it.  Programs that want to know
 * what this emulator has start it and ask its monitor.
 */
#include "app.h"
#include "util/error.h"

static bool none_init(MachineState *machine, GError **errp)
{
    if (machine->kernel_filename) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "-kernel: the machine 'none' has no CPU to run a kernel");
        return false;
    }
    if (machine->ram) {
        memory_region_add_subregion(machine->system_memory, 0, machine->ram);
    }
    return true;
}

static const MachineClass none_machine_class = {
    .name = "none-machine",
    .parent = &machine_class.object,
    .description = "empty machine",
    .instance_size = sizeof(MachineState),
    .machine_name = "none",
    .desc = "empty machine",
    .max_cpus = 1,
    .min_cpus = 1,
    .default_cpus = 1,
    .no_serial = true,
    .no_cdrom = true,
    .no_nic = true,
    .init = none_init,
};

const MachineClass *const app_machine_classes[] = {&none_machine_class, NULL};

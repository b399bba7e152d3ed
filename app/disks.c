/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of the command line, and what the block layer asks of the rest of the program. */
#include <limits.h>
#include <string.h>
#include "app.h"
#include "block/blockdev.h"
#include "monitor/commands.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "util/error.h"

static void stop_machine(void)
{
    /* Soon: we are in the middle of a request's completion. */
    vm_stop_request(RUN_STATE_IO_ERROR);
}

/* Whoever runs has its disks: a guest without them would lose what it writes, or read what is old.
 */
static bool take_disks(GError **errp)
{
    if (!block_activate_all(errp)) {
        error_prepend(errp, "disks cannot be taken over: ");
        return false;
    }
    return true;
}

/* A machine has arrived that shall not run yet, and its disks are to wait with it. */
static bool disks_wait(void)
{
    MigrationInfo info;

    migration_info(&info);
    return info.status == MIGRATION_STATUS_COMPLETED &&
           migration_capability_get(MIGRATION_CAPABILITY_LATE_BLOCK_ACTIVATE);
}

/*
 * A machine that stands has no request under way and nothing that only the host's memory knows: its
 * state and its images can be looked at. When it stands because it moves, the images are given up
 * to the other side, or, if they cannot be, it does not move; whoever runs takes them (back).
 */
static void on_run_state(void *opaque, bool running, RunState state)
{
    GError *error = NULL;
    int ret;

    if (running) {
        for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
            blk_reset_io_status(blk);
        }
        return;
    }
    if (state != RUN_STATE_FINISH_MIGRATE && !disks_wait()) {
        /* It did not move after all, or it has arrived. */
        if (!take_disks(&error)) {
            error_report_err(g_steal_pointer(&error));
        }
    }
    block_drain_all();
    if (state == RUN_STATE_FINISH_MIGRATE) {
        if (!block_inactivate_all(&error)) {
            migration_refuse(error);
        }
        return;
    }
    ret = block_flush_all();
    if (ret < 0) {
        warn_report("disks could not be flushed: %s", g_strerror(-ret));
    }
}

/* What a drive without if= is on this machine. */
static BlockInterface default_interface(const MachineClass *class)
{
    return class->ide_drives ? BLOCK_IF_IDE : BLOCK_IF_SCSI;
}

/* An empty CD drive is what users find who said nothing of drives. */
static bool add_default_cdrom(AppConfig *config, const MachineClass *class,
                              BlockInterface interface, GError **errp)
{
    static const char *const kinds[] = {"scsi-cd", "scsi-hd", "ide-cd", "ide-hd"};

    /* Index 2: the third disk of a bus, or the first of the second one. */
    if (config->nodefaults || class->no_cdrom ||
        drive_get(interface, interface == BLOCK_IF_IDE, interface == BLOCK_IF_IDE ? 0 : 2)) {
        return true;
    }
    for (guint i = 0; i < config->devices->len; i++) {
        const char *text = g_ptr_array_index(config->devices, i);
        g_autofree char *driver = g_strndup(text, strcspn(text, ","));

        for (unsigned j = 0; j < G_N_ELEMENTS(kinds); j++) {
            if (!strcmp(driver, kinds[j]) ||
                (g_str_has_prefix(driver, "driver=") && !strcmp(driver + 7, kinds[j]))) {
                return true;
            }
        }
    }
    return drive_add("index=2,media=cdrom", interface, false, errp) != NULL;
}

bool app_create_disks(AppConfig *config, const MachineClass *class, GError **errp)
{
    static const BlockHostOps host = {.send_event = monitor_send_event,
                                      .stop_machine = stop_machine};
    BlockInterface interface = default_interface(class);

    block_set_host_ops(&host);
    blockdev_set_incoming(config->incoming != NULL);
    runstate_set_start_check(take_disks);
    vm_change_state_add(on_run_state, NULL, INT_MAX);
    for (guint i = 0; i < config->blockdevs->len; i++) {
        const char *text = g_ptr_array_index(config->blockdevs, i);

        if (!blockdev_add_text(text, errp)) {
            error_prepend(errp, "-blockdev %s: ", text);
            return false;
        }
    }
    for (guint i = 0; i < config->disks->len; i++) {
        const AppDisk *disk = &g_array_index(config->disks, AppDisk, i);
        BlockBackend *blk = disk->kind == APP_DRIVE
                                ? drive_add(disk->text, interface, config->snapshot, errp)
                                : drive_add_disk(disk->text, disk->index, disk->kind == APP_CDROM,
                                                 interface, config->snapshot, errp);

        if (!blk) {
            error_prepend(errp, "%s%s%s: ", *disk->option == '-' ? disk->option : "",
                          *disk->option == '-' ? " " : "", disk->text);
            return false;
        }
    }
    return add_default_cdrom(config, class, interface, errp);
}

bool app_check_disks(GError **errp)
{
    BlockBackend *blk = drive_first_unclaimed();
    const DriveInfo *drive = blk ? blk_drive_info(blk) : NULL;

    if (drive) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "-drive %s: machine type does not support if=%s,bus=%d,unit=%d (if=none, and a "
                  "-device with "
                  "drive=%s?)",
                  blk_name(blk), drive_interface_name(drive->interface), drive->bus, drive->unit,
                  blk_name(blk));
        return false;
    }
    return true;
}

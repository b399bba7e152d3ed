/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots of the whole machine: the state's stream of migration/ and the disks' snapshots of
 * block/, made and taken together.
 */
#include "monitor/snapshot.h"

#include <string.h>
#include "block/backend.h"
#include "block/block.h"
#include "migration/savevm.h"
#include "monitor-private.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/error.h"
#include "vmstate-file.h"

/* What is looked at before a load: the list of RAM blocks is in the head, the description in the
 * tail. */
#define HEAD_SIZE (64u << 10)
#define TAIL_SIZE (256u << 10)
#define TAIL_MOST (16u << 20)

/* Snapshot of one node, by identifier: names may be there twice for a moment. */
typedef struct OldSnapshot {
    BlockNode *node;
    char *id;
} OldSnapshot;

static void clear_old(gpointer data)
{
    g_free(((OldSnapshot *)data)->id);
}

static bool busy(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_BUSY, "%s", text);
    return false;
}

/* The machine and its disks are ours alone. */
static bool may_begin(GError **errp)
{
    MigrationInfo info;

    migration_info(&info);
    if (migration_status_is_busy(info.status)) {
        return busy(errp, "There's a migration process in progress");
    }
    switch (runstate_get()) {
    case RUN_STATE_INMIGRATE:
        return busy(errp, "the machine waits for an incoming migration");
    case RUN_STATE_POSTMIGRATE:
        return busy(errp, "the machine has migrated: its disks belong to the other side ('cont' "
                          "takes them back)");
    case RUN_STATE_FINISH_MIGRATE:
    case RUN_STATE_SAVE_VM:
    case RUN_STATE_RESTORE_VM:
        return busy(errp, "the machine is being saved or loaded");
    default:
        return true;
    }
}

static SavevmConfig plain_config(void)
{
    /* Capabilities belong to the migration from process to process. */
    return (SavevmConfig){.machine = migration_config()->machine};
}

/* ---- Saving ---- */

static bool write_state(BlockNode *node, uint64_t *size, GError **errp)
{
    StateStream *s = vmstate_file_writer(node);
    SavevmConfig config = plain_config();
    StateSaver *saver = state_saver_new(runtime_state_registry(), s, &config);
    bool good = state_saver_header(saver, errp) && state_saver_setup(saver, errp) &&
                state_saver_complete(saver, errp);

    state_saver_free(saver);
    *size = state_stream_position(s);
    return state_stream_close(s, good ? errp : NULL) && good;
}

static GArray *find_old(const char *tag, const GPtrArray *nodes)
{
    GArray *old = g_array_new(FALSE, FALSE, sizeof(OldSnapshot));

    g_array_set_clear_func(old, clear_old);
    for (guint i = 0; i < nodes->len; i++) {
        BlockNode *node = g_ptr_array_index(nodes, i);
        g_autoptr(GArray) list = block_snapshot_list(node, NULL);

        for (guint n = 0; list && n < list->len; n++) {
            const BlockSnapshot *sn = &g_array_index(list, BlockSnapshot, n);

            if (!strcmp(sn->name, tag)) {
                OldSnapshot one = {node, g_strdup(sn->id)};

                g_array_append_val(old, one);
            }
        }
    }
    return old;
}

static bool delete_old(const GArray *old, GError **errp)
{
    for (guint i = 0; i < old->len; i++) {
        const OldSnapshot *one = &g_array_index(old, OldSnapshot, i);

        if (!block_snapshot_delete(one->node, one->id, NULL, errp)) {
            error_prepend(
                errp,
                "the new snapshot is saved, but the old one of that name is still there, too: ");
            return false;
        }
    }
    return true;
}

/* The guest stands still. */
static bool save_stopped(const char *tag, BlockNode *node, const GPtrArray *devices, GError **errp)
{
    int64_t now = g_get_real_time();
    BlockSnapshot info = {.name = (char *)tag, .date_sec = (uint64_t)now / G_USEC_PER_SEC,
                          .date_nsec = (uint32_t)(now % G_USEC_PER_SEC) * 1000,
                          .vm_clock_nsec = (uint64_t)virtual_now(), .icount = UINT64_MAX};
    bool good;

    block_drain_all();
    good = write_state(node, &info.vm_state_size, errp) &&
           block_all_create_snapshot(&info, node, devices, errp);
    if (!good) {
        block_discard_vmstate(node);
    }
    return good;
}

/* A name made of date and time that no node has. */
static char *make_tag(const GPtrArray *nodes)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    char *tag = g_date_time_format(now, "vm-%Y%m%d%H%M%S");

    for (unsigned n = 2;; n++) {
        g_autoptr(GArray) old = find_old(tag, nodes);

        if (!old->len) {
            return tag;
        }
        g_free(tag);
        g_autofree char *stem = g_date_time_format(now, "vm-%Y%m%d%H%M%S");
        tag = g_strdup_printf("%s-%u", stem, n);
    }
}

bool snapshot_save(const char *tag, bool overwrite, const char *vmstate, const GPtrArray *devices,
                   GError **errp)
{
    g_autofree char *made = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    g_autoptr(GArray) old = NULL;
    RunState was;
    BlockNode *node;
    bool good;

    if (!may_begin(errp) || !migration_is_possible(errp) ||
        !block_all_can_snapshot(devices, errp) ||
        !(node = block_vmstate_node(vmstate, devices, errp)) ||
        !(nodes = block_snapshot_nodes(devices, errp))) {
        return false;
    }
    if (!tag || !*tag) {
        tag = made = make_tag(nodes);
    }
    old = find_old(tag, nodes);
    if (old->len && !overwrite) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Snapshot '%s' already exists in one or more devices", tag);
        return false;
    }
    was = runstate_is_running() ? vm_stop_force_state(RUN_STATE_SAVE_VM) : runstate_get();
    was = migration_wire_begin(was, RUN_STATE_SAVE_VM);
    good = save_stopped(tag, node, devices, errp);
    migration_wire_end();
    good = good && delete_old(old, errp);
    if (was == RUN_STATE_RUNNING) {
        vm_start();
    } else {
        vm_stop_force_state(was);
    }
    return good;
}

/* ---- Loading ---- */

static bool no_read(int ret, BlockNode *node, GError **errp)
{
    error_setg_errno(errp, -ret, "cannot read the VM state in '%s'", block_filename(node));
    return false;
}

/* What the stream says of itself, with the machine untouched. */
static bool check_state(BlockNode *node, const BlockSnapshot *sn, const StateLoader *loader,
                        GError **errp)
{
    size_t size = MIN(HEAD_SIZE, sn->vm_state_size);
    g_autofree uint8_t *data = g_malloc(MAX(TAIL_MOST, HEAD_SIZE));
    bool found = false, good;
    StateStream *s;
    int ret = block_read_vmstate(node, sn->id, 0, data, size);

    if (ret < 0) {
        return no_read(ret, node, errp);
    }
    s = state_stream_new_reader(data, size);
    good = state_check_head(s, loader, errp);
    state_stream_free(s);
    for (size_t want = TAIL_SIZE; good && !found && want <= TAIL_MOST; want *= 8) {
        size = MIN(want, sn->vm_state_size);
        ret = block_read_vmstate(node, sn->id, (int64_t)(sn->vm_state_size - size), data, size);
        if (ret < 0) {
            return no_read(ret, node, errp);
        }
        good = state_check_tail(data, size, loader, &found, errp);
    }
    return good;
}

/* The node whose snapshot has the machine's state. */
static BlockNode *find_state(const char *tag, const char *vmstate, const GPtrArray *devices,
                             BlockSnapshot *sn, GError **errp)
{
    g_autoptr(GPtrArray) nodes = NULL;
    BlockNode *node = block_vmstate_node(vmstate, devices, errp);

    if (!node || !(nodes = block_snapshot_nodes(devices, errp))) {
        return NULL;
    }
    for (guint i = 0; i < nodes->len; i++) {
        BlockNode *other = g_ptr_array_index(nodes, i);

        if (vmstate && other != node) {
            continue;
        }
        if (block_snapshot_find(other, NULL, tag, sn)) {
            if (sn->vm_state_size) {
                return other;
            }
            block_snapshot_clear(sn);
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "This is a disk-only snapshot. Revert to it  offline using qemu-img");
    return NULL;
}

static bool read_state(BlockNode *node, const BlockSnapshot *sn, const StateLoader *loader,
                       GError **errp)
{
    StateStream *s = vmstate_file_reader(node, sn->id, sn->vm_state_size);
    bool good = state_load(s, loader, errp);

    return state_stream_close(s, good ? errp : NULL) && good;
}

/* A state that stood still for a reason which the snapshot does not share. */
static bool is_over(RunState state)
{
    return state == RUN_STATE_INTERNAL_ERROR || state == RUN_STATE_SHUTDOWN ||
           state == RUN_STATE_IO_ERROR || state == RUN_STATE_GUEST_PANICKED ||
           state == RUN_STATE_WATCHDOG;
}

static bool load_stopped(const char *tag, BlockNode *node, const BlockSnapshot *sn,
                         const StateLoader *loader, const GPtrArray *devices, GError **errp)
{
    block_drain_all();
    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    /* The disks last: a state that turns out to be bad costs the guest no data. */
    return read_state(node, sn, loader, errp) && block_all_apply_snapshot(tag, devices, errp);
}

bool snapshot_load(const char *tag, const char *vmstate, const GPtrArray *devices, GError **errp)
{
    SavevmConfig config = plain_config();
    StateLoader loader = {.registry = runtime_state_registry(), .config = &config};
    bool was_running = runstate_is_running(), good;
    BlockSnapshot sn = {0};
    BlockNode *node;
    int has;

    if (!may_begin(errp) || !block_all_can_snapshot(devices, errp) ||
        (has = block_all_has_snapshot(tag, devices, errp)) < 0) {
        return false;
    }
    if (!has) {
        /* Without any disk the reason is another. */
        if (block_vmstate_node(vmstate, devices, errp)) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                      "Snapshot '%s' does not exist in one or more devices", tag);
        }
        return false;
    }
    node = find_state(tag, vmstate, devices, &sn, errp);
    if (!node) {
        return false;
    }
    if (!check_state(node, &sn, &loader, errp)) {
        error_prepend(errp,
                      "Snapshot '%s' does not fit this machine, which goes on as it is: ", tag);
        block_snapshot_clear(&sn);
        return false;
    }
    RunState before = runstate_get();
    vm_stop_force_state(RUN_STATE_RESTORE_VM);
    good = load_stopped(tag, node, &sn, &loader, devices, errp);
    block_snapshot_clear(&sn);
    runstate_forget_requests();
    if (!good) {
        error_prepend(
            errp,
            "Error while loading snapshot '%s' (the machine is stopped and has to be reset): ",
            tag);
        vm_stop_force_state(RUN_STATE_INTERNAL_ERROR);
    } else if (was_running) {
        vm_start();
    } else {
        runstate_set(is_over(before) ? RUN_STATE_PAUSED : before);
    }
    return good;
}

bool snapshot_delete(const char *tag, const GPtrArray *devices, GError **errp)
{
    return may_begin(errp) && block_all_can_snapshot(devices, errp) &&
           block_all_delete_snapshot(tag, devices, errp);
}

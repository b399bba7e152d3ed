/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands for disks; the work is block/'s. */
#include <string.h>
#include "monitor-private.h"
#include "block/blockdev.h"
#include "util/cutils.h"
#include "util/error.h"

/* ---- QMP ---- */

static json_t *query_block(json_t *arguments, GError **errp)
{
    return blockdev_query(errp);
}

static json_t *query_nodes(json_t *arguments, GError **errp)
{
    return blockdev_query_nodes(json_is_true(json_object_get(arguments, "flat")), errp);
}

static json_t *query_blockstats(json_t *arguments, GError **errp)
{
    return blockdev_query_stats(json_is_true(json_object_get(arguments, "query-nodes")), errp);
}

static json_t *qmp_blockdev_add(json_t *arguments, GError **errp)
{
    return qmp_result(blockdev_add(arguments, errp));
}

static json_t *qmp_blockdev_del(json_t *arguments, GError **errp)
{
    return qmp_result(blockdev_del(qmp_string(arguments, "node-name"), errp));
}

static json_t *qmp_block_resize(json_t *arguments, GError **errp)
{
    return qmp_result(blockdev_resize(qmp_string(arguments, "device"),
                                      qmp_string(arguments, "node-name"),
                                      qmp_integer(arguments, "size", -1), errp));
}

static json_t *snapshot_internal(json_t *arguments, GError **errp)
{
    return qmp_result(blockdev_snapshot_internal(qmp_string(arguments, "device"),
                                                 qmp_string(arguments, "name"), errp));
}

static json_t *snapshot_delete_internal(json_t *arguments, GError **errp)
{
    return blockdev_snapshot_internal_delete(qmp_string(arguments, "device"),
                                             qmp_string(arguments, "id"),
                                             qmp_string(arguments, "name"), errp);
}

static BlockBackend *find_backend(json_t *arguments, GError **errp)
{
    const char *device = qmp_string(arguments, "device"), *id = qmp_string(arguments, "id");
    BlockBackend *blk = device ? blk_find(device) : id ? blk_find_by_device(id) : NULL;

    if (!device && !id) {
        error_setg(errp, "Need exactly one of 'device' and 'id'");
    } else if (!blk) {
        g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                    device ? device : id);
    }
    return blk;
}

static json_t *qmp_eject(json_t *arguments, GError **errp)
{
    BlockBackend *blk = find_backend(arguments, errp);

    return qmp_result(blk &&
                      blk_eject(blk, json_is_true(json_object_get(arguments, "force")), errp));
}

/* How a new medium is opened; mode NULL: as the one before it. */
static bool parse_mode(BlockBackend *blk, const char *mode, bool *read_only, GError **errp)
{
    *read_only = blk_read_only(blk);
    if (!mode || !strcmp(mode, "retain")) {
        return true;
    }
    *read_only = !strcmp(mode, "read-only");
    if (!*read_only && strcmp(mode, "read-write")) {
        error_setg(errp,
                   "Parameter 'read-only-mode' does not accept value '%s' (retain, read-only or "
                   "read-write)",
                   mode);
        return false;
    }
    return true;
}

static json_t *change_medium(json_t *arguments, GError **errp)
{
    BlockBackend *blk = find_backend(arguments, errp);
    bool read_only, force = json_is_true(json_object_get(arguments, "force"));

    return qmp_result(blk &&
                      parse_mode(blk, qmp_string(arguments, "read-only-mode"), &read_only, errp) &&
                      blk_change_medium(blk, qmp_string(arguments, "filename"),
                                        qmp_string(arguments, "format"), read_only, force, errp));
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_block_commands[] = {
    {"query-block", query_block},
    {"query-blockstats", query_blockstats, .arguments = ARGS("query-nodes:b?")},
    {"query-named-block-nodes", query_nodes, .arguments = ARGS("flat:b?")},
    {"blockdev-add", qmp_blockdev_add, .preconfig = true,
     .arguments = ARGS("driver:s", "node-name:s?", "*")},
    {"blockdev-del", qmp_blockdev_del, .preconfig = true, .arguments = ARGS("node-name:s")},
    {"block_resize", qmp_block_resize, .arguments = ARGS("device:s?", "node-name:s?", "size:i")},
    {"blockdev-snapshot-internal-sync", snapshot_internal, .arguments = ARGS("device:s", "name:s")},
    {"blockdev-snapshot-delete-internal-sync", snapshot_delete_internal,
     .arguments = ARGS("device:s", "id:s?", "name:s?")},
    {"eject", qmp_eject, .arguments = ARGS("device:s?", "id:s?", "force:b?")},
    {"blockdev-change-medium", change_medium,
     .arguments =
         ARGS("device:s?", "id:s?", "filename:s", "format:s?", "force:b?", "read-only-mode:s?")},
    {0},
};

/* ---- HMP ---- */

static void info_block(HMPContext *context, const char *args)
{
    bool nodes = false, verbose = false;
    g_autofree char *device = NULL;

    while (*args) {
        g_autofree char *word = monitor_word(&args);

        if (!strcmp(word, "-n")) {
            nodes = true;
        } else if (!strcmp(word, "-v")) {
            verbose = true;
        } else if (!device && *word != '-') {
            device = g_steal_pointer(&word);
        } else {
            g_string_append_printf(context->out, "block: unsupported option %s\n", word);
            return;
        }
    }
    blockdev_print(context->out, nodes, verbose, device);
}

static void info_blockstats(HMPContext *context, const char *args)
{
    blockdev_print_stats(context->out);
}

static void hmp_block_resize(HMPContext *context, const char *args)
{
    g_autofree char *device = monitor_word(&args), *text = monitor_word(&args);
    GError *error = NULL;
    uint64_t size;

    if (!text || !parse_size(text, 'M', &size, NULL) || size > INT64_MAX) {
        g_string_append(context->out, "block_resize: invalid size\n");
        return;
    }
    blockdev_resize(device, NULL, (int64_t)size, &error);
    hmp_report(context, error);
}

static void hmp_eject(HMPContext *context, const char *args)
{
    g_autofree char *device = monitor_word(&args);
    GError *error = NULL;
    bool force = device && !strcmp(device, "-f");
    BlockBackend *blk;

    if (force) {
        g_free(device);
        device = monitor_word(&args);
    }
    blk = device ? blk_find(device) : NULL;
    if (!blk) {
        error_setg(&error, "Device '%s' not found", device ? device : "");
    } else {
        blk_eject(blk, force, &error);
    }
    hmp_report(context, error);
}

static void hmp_change(HMPContext *context, const char *args)
{
    g_autofree char *device = monitor_word(&args), *file = monitor_word(&args),
                    *format = monitor_word(&args);
    g_autofree char *mode = monitor_word(&args);
    GError *error = NULL;
    BlockBackend *blk = device ? blk_find(device) : NULL;
    bool read_only;

    if (!g_strcmp0(device, "vnc")) {
        monitor_change_vnc(file, format, &error);
        hmp_report(context, error);
        return;
    }
    if (!blk && device) {
        blk = blk_find_by_device(device);
    }
    if (!blk) {
        error_setg(&error, "Device '%s' not found", device ? device : "");
    } else if (!file) {
        error_setg(&error, "change: file name expected");
    } else if (parse_mode(blk, mode, &read_only, &error)) {
        blk_change_medium(blk, file, format, read_only, false, &error);
    }
    hmp_report(context, error);
}

static void complete_drive(const char *args, GPtrArray *out)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (*blk_name(blk) && g_str_has_prefix(blk_name(blk), args)) {
            g_ptr_array_add(out, g_strdup(blk_name(blk)));
        }
    }
}

const HMPCommand monitor_hmp_block_commands[] = {
    {"info block", "[-n] [-v] [device]",
     "show info of one block device or all block devices (-n: show named nodes; -v: show details)",
     info_block, complete_drive},
    {"info blockstats", NULL, "show block device statistics", info_blockstats, NULL},
    {"block_resize", "device size", "resize a block image", hmp_block_resize, complete_drive},
    {"change", "device filename [format [read-only-mode]]", "change a removable medium", hmp_change,
     complete_drive},
    {"eject", "[-f] device", "eject a removable medium (use -f to force it)", hmp_eject,
     complete_drive},
    {0},
};

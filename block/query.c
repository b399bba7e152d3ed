/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors are told about disks: JSON with the members that QMP clients read, and text for
 * people. */
#include <string.h>
#include "backend-private.h"
#include "block/blockdev.h"
#include "util/cutils.h"

/* Names of files need not be UTF-8. */
static json_t *text(const char *s)
{
    g_autofree char *valid = g_utf8_make_valid(s ? s : "", -1);

    return json_string(valid);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

json_t *block_snapshot_to_json(const BlockSnapshot *snapshot)
{
    json_t *o = json_object();

    json_object_set_new(o, "id", text(snapshot->id));
    json_object_set_new(o, "name", text(snapshot->name));
    json_object_set_new(o, "vm-state-size", number(snapshot->vm_state_size));
    json_object_set_new(o, "date-sec", number(snapshot->date_sec));
    json_object_set_new(o, "date-nsec", json_integer(snapshot->date_nsec));
    json_object_set_new(o, "vm-clock-sec", number(snapshot->vm_clock_nsec / 1000000000));
    json_object_set_new(o, "vm-clock-nsec", number(snapshot->vm_clock_nsec % 1000000000));
    if (snapshot->icount != UINT64_MAX) {
        json_object_set_new(o, "icount", number(snapshot->icount));
    }
    return o;
}

/* ---- Nodes ---- */

static json_t *image_info(BlockNode *node, bool flat)
{
    json_t *o = json_object(), *specific = block_format_specific(node);
    int64_t length = block_length(node), allocated = block_allocated_size(node);
    g_autoptr(GArray) snapshots =
        node->driver->snapshot_list ? block_snapshot_list(node, NULL) : NULL;
    BlockInfo info;

    json_object_set_new(o, "virtual-size", json_integer(MAX(length, 0)));
    json_object_set_new(o, "filename", text(node->filename));
    json_object_set_new(o, "format", json_string(node->driver->name));
    if (allocated >= 0) {
        json_object_set_new(o, "actual-size", json_integer(allocated));
    }
    if (block_get_info(node, &info)) {
        json_object_set_new(o, "cluster-size", number(info.cluster_size));
        json_object_set_new(o, "dirty-flag", json_boolean(info.dirty));
    } else if (node->driver != &block_driver_null) {
        json_object_set_new(o, "dirty-flag", json_false());
    }
    if (specific) {
        json_object_set_new(o, "format-specific", specific);
    }
    if (node->backing_name) {
        g_autofree char *full = block_resolve_filename(node->filename, node->backing_name);

        json_object_set_new(o, "backing-filename", text(node->backing_name));
        json_object_set_new(o, "full-backing-filename", text(full));
        if (node->backing_format) {
            json_object_set_new(o, "backing-filename-format", text(node->backing_format));
        }
    }
    if (node->backing && !flat) {
        json_object_set_new(o, "backing-image", image_info(node->backing, false));
    }
    if (snapshots && snapshots->len) {
        json_t *list = json_array();

        for (guint i = 0; i < snapshots->len; i++) {
            json_array_append_new(
                list, block_snapshot_to_json(&g_array_index(snapshots, BlockSnapshot, i)));
        }
        json_object_set_new(o, "snapshots", list);
    }
    return o;
}

static unsigned chain_depth(const BlockNode *node)
{
    unsigned depth = 0;

    while ((node = node->backing)) {
        depth++;
    }
    return depth;
}

static json_t *node_info(BlockNode *node, const BlockBackend *blk, bool flat)
{
    static const char *const zero_names[] = {"off", "on", "unmap"};
    static const char *const limits[] = {"iops",   "iops_rd", "iops_wr",        "bps",
                                         "bps_rd", "bps_wr",  "write_threshold"};
    json_t *o = json_object();

    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        json_object_set_new(o, limits[i], json_integer(0));
    }
    json_object_set_new(o, "file", text(node->filename));
    json_object_set_new(o, "node-name", json_string(node->name));
    json_object_set_new(o, "drv", json_string(node->driver->name));
    json_object_set_new(o, "ro", json_boolean(block_is_read_only(node)));
    json_object_set_new(o, "encrypted", json_false());
    json_object_set_new(o, "detect_zeroes", json_string(zero_names[node->detect_zeroes]));
    json_object_set_new(o, "backing_file_depth", json_integer(chain_depth(node)));
    if (node->backing) {
        json_object_set_new(o, "backing_file", text(node->backing->filename));
    }
    json_object_set_new(o, "cache",
                        json_pack("{s:b, s:b, s:b}", "writeback", blk ? blk_write_cache(blk) : 1,
                                  "direct", !!(node->flags & BLOCK_OPEN_NOCACHE), "no-flush",
                                  !!(node->flags & BLOCK_OPEN_NO_FLUSH)));
    json_object_set_new(o, "image", image_info(node, flat));
    return o;
}

json_t *blockdev_query_nodes(bool flat, GError **errp)
{
    json_t *list = json_array();

    for (BlockNode *node = block_next(NULL); node; node = block_next(node)) {
        json_array_append_new(list, node_info(node, NULL, flat));
    }
    return list;
}

/* ---- Backends ---- */

static const char *status_name(BlockIoStatus status)
{
    static const char *const names[] = {"ok", "failed", "nospace"};

    return names[status];
}

/* Path of the device (g_malloc), NULL: none. */
static char *device_path(const BlockBackend *blk)
{
    return blk->device ? object_path(blk->device) : NULL;
}

static bool medium_locked(const BlockBackend *blk)
{
    return blk->ops && blk->ops->is_medium_locked && blk->ops->is_medium_locked(blk->ops_opaque);
}

static bool tray_open(const BlockBackend *blk)
{
    return blk->ops && blk->ops->is_tray_open && blk->ops->is_tray_open(blk->ops_opaque);
}

json_t *blockdev_query(GError **errp)
{
    json_t *list = json_array();

    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        g_autofree char *path = device_path(blk);
        json_t *o;

        if (!*blk->name && !blk->device) {
            continue;
        }
        o = json_pack("{s:s, s:s, s:b, s:b}", "device", blk->name, "type", "unknown", "removable",
                      blk_is_removable(blk), "locked", medium_locked(blk));
        if (path) {
            json_object_set_new(o, "qdev", text(path));
        }
        if (blk->ops && blk->ops->is_tray_open) {
            json_object_set_new(o, "tray_open", json_boolean(tray_open(blk)));
        }
        if (blk->io_status_enabled) {
            json_object_set_new(o, "io-status", json_string(status_name(blk->io_status)));
        }
        if (blk->node) {
            json_object_set_new(o, "inserted", node_info(blk->node, blk, false));
        }
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- Statistics ---- */

static json_t *stats_json(const BlockStats *s, bool of_backend)
{
    const struct { const char *name; uint64_t value;
    } rows[] = {
        {"rd_bytes", s->rd_bytes},
        {"wr_bytes", s->wr_bytes},
        {"unmap_bytes", s->unmap_bytes},
        {"rd_operations", s->rd_operations},
        {"wr_operations", s->wr_operations},
        {"flush_operations", s->flush_operations},
        {"unmap_operations", s->unmap_operations},
        {"rd_total_time_ns", s->rd_total_time_ns},
        {"wr_total_time_ns", s->wr_total_time_ns},
        {"flush_total_time_ns", s->flush_total_time_ns},
        {"unmap_total_time_ns", s->unmap_total_time_ns},
        {"wr_highest_offset", s->wr_highest_offset},
        {"rd_merged", 0},
        {"wr_merged", 0},
        {"unmap_merged", 0},
        {"failed_rd_operations", s->failed_rd_operations},
        {"failed_wr_operations", s->failed_wr_operations},
        {"failed_flush_operations", s->failed_flush_operations},
        {"failed_unmap_operations", s->failed_unmap_operations},
        {"invalid_rd_operations", s->invalid_rd_operations},
        {"invalid_wr_operations", s->invalid_wr_operations},
        {"invalid_flush_operations", s->invalid_flush_operations},
        {"invalid_unmap_operations", s->invalid_unmap_operations},
    };
    json_t *o = json_object();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_object_set_new(o, rows[i].name, number(rows[i].value));
    }
    json_object_set_new(o, "account_invalid", json_boolean(of_backend));
    json_object_set_new(o, "account_failed", json_boolean(of_backend));
    json_object_set_new(o, "timed_stats", json_array());
    if (s->idle_since_ns) {
        json_object_set_new(o, "idle_time_ns",
                            json_integer(MAX(blk_clock_ns() - s->idle_since_ns, 0)));
    }
    return o;
}

static json_t *node_stats(BlockNode *node)
{
    BlockStats s = {.wr_highest_offset =
                        __atomic_load_n(&node->wr_highest_offset, __ATOMIC_RELAXED)};
    json_t *o = json_object();

    json_object_set_new(o, "node-name", json_string(node->name));
    json_object_set_new(o, "stats", stats_json(&s, false));
    if (node->file) {
        json_object_set_new(o, "parent", node_stats(node->file));
    }
    if (node->backing) {
        json_object_set_new(o, "backing", node_stats(node->backing));
    }
    return o;
}

json_t *blockdev_query_stats(bool query_nodes, GError **errp)
{
    json_t *list = json_array();

    for (BlockNode *node = query_nodes ? block_next(NULL) : NULL; node; node = block_next(node)) {
        json_array_append_new(list, node_stats(node));
    }
    for (BlockBackend *blk = query_nodes ? NULL : blk_next(NULL); blk; blk = blk_next(blk)) {
        g_autofree char *path = device_path(blk);
        BlockStats stats;
        json_t *o;

        if (!*blk->name && !blk->device) {
            continue;
        }
        o = blk->node ? node_stats(blk->node) : json_object();
        blk_get_stats(blk, &stats);
        json_object_set_new(o, "device", json_string(blk->name));
        json_object_set_new(o, "stats", stats_json(&stats, true));
        if (path) {
            json_object_set_new(o, "qdev", text(path));
        }
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- Text ---- */

static void print_node(GString *out, BlockNode *node, const BlockBackend *blk, const char *path)
{
    static const char *const zero_names[] = {"off", "on", "unmap"};

    g_string_append_printf(out, ": %s (%s%s%s)\n", node->filename, node->driver->name,
                           block_is_read_only(node) ? ", read-only" : "", "");
    if (path) {
        g_string_append_printf(out, "    Attached to:      %s\n", path);
    }
    if (blk && blk_is_removable(blk)) {
        g_string_append_printf(out, "    Removable device: %slocked, tray %s\n",
                               medium_locked(blk) ? "" : "not ",
                               tray_open(blk) ? "open" : "closed");
    }
    g_string_append_printf(out, "    Cache mode:       %s%s%s\n",
                           !blk || blk_write_cache(blk) ? "writeback" : "writethrough",
                           node->flags & BLOCK_OPEN_NOCACHE ? ", direct" : "",
                           node->flags & BLOCK_OPEN_NO_FLUSH ? ", ignore flushes" : "");
    if (node->backing) {
        g_string_append_printf(out, "    Backing file:     %s (chain depth: %u)\n",
                               node->backing->filename, chain_depth(node));
    }
    if (node->detect_zeroes) {
        g_string_append_printf(out, "    Detect zeroes:    %s\n", zero_names[node->detect_zeroes]);
    }
}

/* One image of a chain, as qemu-img info has it. */
static void print_image(GString *out, BlockNode *node)
{
    int64_t length = block_length(node), allocated = block_allocated_size(node);
    g_autofree char *size = size_to_string((uint64_t)MAX(length, 0));
    g_autofree char *used = size_to_string((uint64_t)MAX(allocated, 0));
    json_t *specific = block_format_specific(node), *value;
    const char *key;
    BlockInfo info;

    g_string_append_printf(
        out, "image: %s\nfile format: %s\nvirtual size: %s (%" PRId64 " bytes)\ndisk size: %s\n",
        node->filename, node->driver->name, size, MAX(length, 0), used);
    if (block_get_info(node, &info)) {
        g_string_append_printf(out, "cluster_size: %" PRIu64 "\n", info.cluster_size);
    }
    if (node->backing_name) {
        g_string_append_printf(out, "backing file: %s\n", node->backing_name);
        if (node->backing_format) {
            g_string_append_printf(out, "backing file format: %s\n", node->backing_format);
        }
    }
    if (specific) {
        g_string_append(out, "Format specific information:\n");
        json_object_foreach (json_object_get(specific, "data"), key, value) {
            g_autofree char *shown = g_strdelimit(g_strdup(key), "-", ' ');

            if (json_is_string(value)) {
                g_string_append_printf(out, "    %s: %s\n", shown, json_string_value(value));
            } else if (json_is_integer(value)) {
                g_string_append_printf(out, "    %s: %" JSON_INTEGER_FORMAT "\n", shown,
                                       json_integer_value(value));
            } else {
                g_string_append_printf(out, "    %s: %s\n", shown,
                                       json_is_true(value) ? "true" : "false");
            }
        }
        json_decref(specific);
    }
}

static void print_chain(GString *out, BlockNode *node)
{
    g_string_append(out, "\nImages:\n");
    for (; node; node = node->backing) {
        print_image(out, node);
    }
}

void blockdev_print(GString *out, bool nodes, bool verbose, const char *device)
{
    bool any = false;

    for (BlockBackend *blk = nodes ? NULL : blk_next(NULL); blk; blk = blk_next(blk)) {
        g_autofree char *path = device_path(blk);

        if ((!*blk->name && !blk->device) ||
            (device && strcmp(device, blk->name) && g_strcmp0(device, path))) {
            continue;
        }
        g_string_append(out, any ? "\n" : "");
        any = true;
        g_string_append(out, *blk->name ? blk->name : path ? path : "");
        if (!blk->node) {
            g_string_append(out, ": [not inserted]\n");
            if (path) {
                g_string_append_printf(out, "    Attached to:      %s\n", path);
            }
            if (blk_is_removable(blk)) {
                g_string_append_printf(out, "    Removable device: %slocked, tray %s\n",
                                       medium_locked(blk) ? "" : "not ",
                                       tray_open(blk) ? "open" : "closed");
            }
            continue;
        }
        g_string_append_printf(out, " (%s)", blk->node->name);
        print_node(out, blk->node, blk, path);
        if (verbose) {
            print_chain(out, blk->node);
        }
    }
    for (BlockNode *node = nodes || (device && !any) ? block_next(NULL) : NULL; node;
         node = block_next(node)) {
        if (device && strcmp(device, node->name)) {
            continue;
        }
        g_string_append(out, any ? "\n" : "");
        any = true;
        g_string_append(out, node->name);
        print_node(out, node, NULL, NULL);
        if (verbose) {
            print_chain(out, node);
        }
    }
    if (device && !any) {
        g_string_append_printf(out, "Device '%s' not found\n", device);
    }
}

void blockdev_print_stats(GString *out)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        BlockStats s;

        blk_get_stats(blk, &s);
        g_string_append_printf(
            out,
            "%s: rd_bytes=%" PRIu64 " wr_bytes=%" PRIu64 " rd_operations=%" PRIu64
            " wr_operations=%" PRIu64 " flush_operations=%" PRIu64 " wr_total_time_ns=%" PRIu64
            " rd_total_time_ns=%" PRIu64 " flush_total_time_ns=%" PRIu64
            " rd_merged=0 wr_merged=0 idle_time_ns=%" PRId64 "\n",
            blk->name, s.rd_bytes, s.wr_bytes, s.rd_operations, s.wr_operations, s.flush_operations,
            s.wr_total_time_ns, s.rd_total_time_ns, s.flush_total_time_ns,
            s.idle_since_ns ? MAX(blk_clock_ns() - s.idle_since_ns, 0) : 0);
    }
}

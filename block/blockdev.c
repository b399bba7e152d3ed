/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -blockdev, blockdev-add and -del, and what else monitors change about disks. */
#include <string.h>
#include "backend-private.h"
#include "block/blockdev.h"
#include "util/error.h"

void blockdev_set_incoming(bool incoming)
{
    block_registry()->incoming = incoming;
}

static bool add(BlockOptions *options, GError **errp)
{
    BlockNode *node;

    if (!block_options_get(options, "node-name")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'node-name' must be specified for the root node");
    } else if (!block_options_get(options, "driver")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'driver' is missing");
    } else {
        node = block_open(NULL, options, BLOCK_OPEN_RDWR, errp);
        if (node) {
            node->monitor_owned = true;
        }
        return node != NULL;
    }
    block_options_free(options);
    return false;
}

bool blockdev_add(json_t *arguments, GError **errp)
{
    BlockOptions *options = block_options_from_json(arguments, errp);

    return options && add(options, errp);
}

bool blockdev_add_text(const char *text, GError **errp)
{
    BlockOptions *options;

    if (*text == '{') {
        json_error_t why;
        json_t *object = json_loads(text, 0, &why);
        bool good;

        if (!object) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "JSON parse error, %s", why.text);
            return false;
        }
        good = blockdev_add(object, errp);
        json_decref(object);
        return good;
    }
    options = block_options_parse(text, "driver", errp);
    return options && add(options, errp);
}

bool blockdev_del(const char *node_name, GError **errp)
{
    BlockNode *node = block_find(node_name);

    if (!node) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Failed to find node with node-name='%s'",
                  node_name);
    } else if (!node->monitor_owned) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Node %s is not owned by the monitor", node_name);
    } else if (block_user_count(node)) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Block device %s is in use", node_name);
    } else {
        node->monitor_owned = false;
        block_unref(node);
        return true;
    }
    return false;
}

BlockNode *blockdev_lookup(const char *device, const char *node_name, GError **errp)
{
    BlockBackend *blk = device && *device ? blk_find(device) : NULL;
    BlockNode *node = node_name && *node_name ? block_find(node_name) : NULL;

    if (!blk && device && *device) {
        blk = blk_find_by_device(device);
    }
    if (blk) {
        if (!blk_node(blk)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Device '%s' has no medium", device);
        }
        return blk_node(blk);
    }
    if (!node && device && *device) {
        node = block_find(device);
    }
    if (!node) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Cannot find device='%s' nor node-name='%s'",
                  device ? device : "", node_name ? node_name : "");
    }
    return node;
}

bool blockdev_resize(const char *device, const char *node_name, int64_t size, GError **errp)
{
    BlockNode *node = blockdev_lookup(device, node_name, errp);

    if (!node) {
        return false;
    }
    if (size < 0) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'size' expects a >0 size");
        return false;
    }
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk_node(blk) == node) {
            return blk_resize(blk, size, errp);
        }
    }
    return block_truncate(node, size, BLOCK_PREALLOC_OFF, errp);
}

bool blockdev_snapshot_internal(const char *device, const char *name, GError **errp)
{
    BlockNode *node = blockdev_lookup(device, device, errp);
    BlockSnapshot info = {.name = (char *)name, .icount = UINT64_MAX};
    int64_t now = g_get_real_time();
    bool good;

    if (!node) {
        return false;
    }
    if (block_is_read_only(node)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Device '%s' is read only", device);
        return false;
    }
    if (!node->driver->snapshot_create) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Block format '%s' used by device '%s' does not support internal snapshots",
                  node->driver->name, device);
        return false;
    }
    if (!*name) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Name is empty");
        return false;
    }
    if (block_snapshot_find(node, NULL, name, NULL)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Snapshot with name '%s' already exists on device '%s'", name, device);
        return false;
    }
    info.date_sec = (uint64_t)now / 1000000;
    info.date_nsec = (uint32_t)(now % 1000000) * 1000;
    good = block_snapshot_create(node, &info, errp);
    if (!good) {
        error_prepend(errp, "Failed to create snapshot '%s' on device '%s': ", name, device);
    }
    g_free(info.id);
    return good;
}

json_t *blockdev_snapshot_internal_delete(const char *device, const char *id, const char *name,
                                          GError **errp)
{
    BlockNode *node = blockdev_lookup(device, device, errp);
    BlockSnapshot found = {0};
    json_t *result = NULL;

    if (!node) {
        return NULL;
    }
    if (!id && !name) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Name or id must be provided");
    } else if (!block_snapshot_find(node, id, name, &found)) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "Snapshot with id '%s' and name '%s' does not exist on device '%s'",
                  id ? id : "null", name ? name : "null", device);
    } else if (block_snapshot_delete(node, found.id, NULL, errp)) {
        result = block_snapshot_to_json(&found);
    }
    block_snapshot_clear(&found);
    return result;
}

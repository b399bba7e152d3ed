/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal snapshots of one node, and of all disks of a machine together. */
#include <errno.h>
#include <string.h>
#include "block-private.h"
#include "util/error.h"

void block_snapshot_clear(BlockSnapshot *snapshot)
{
    g_clear_pointer(&snapshot->id, g_free);
    g_clear_pointer(&snapshot->name, g_free);
}

/* As the user knows it: the drive's name, or the node's. */
static const char *title(const BlockNode *node)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk_node(blk) == node && *blk_name(blk)) {
            return blk_name(blk);
        }
    }
    return node->name;
}

/* The node of the chain raw -> ... that does it: a raw window on a qcow2 file cannot. */
static BlockNode *provider(BlockNode *node)
{
    return node->driver->snapshot_create ? node : NULL;
}

static bool no_snapshots(BlockNode *node, GError **errp)
{
    if (node->flags & BLOCK_OPEN_INACTIVE) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "'%s' is inactive: it belongs to the other side of a migration", node->filename);
        return false;
    }
    error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
              "Device '%s' is writable but does not support snapshots (format "
              "'%s' of '%s'; qcow2 does)",
              title(node), node->driver->name, node->filename);
    return false;
}

bool block_can_snapshot(BlockNode *node)
{
    return provider(node) && (node->flags & BLOCK_OPEN_RDWR);
}

GArray *block_snapshot_list(BlockNode *node, GError **errp)
{
    if (!provider(node)) {
        no_snapshots(node, errp);
        return NULL;
    }
    return node->driver->snapshot_list(node, errp);
}

bool block_snapshot_find(BlockNode *node, const char *id, const char *name, BlockSnapshot *out)
{
    g_autoptr(GArray) list = provider(node) ? node->driver->snapshot_list(node, NULL) : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const BlockSnapshot *s = &g_array_index(list, BlockSnapshot, i);

        if ((!id || !strcmp(id, s->id)) && (!name || !strcmp(name, s->name))) {
            if (out) {
                *out = *s;
                out->id = g_strdup(s->id);
                out->name = g_strdup(s->name);
            }
            return true;
        }
    }
    return false;
}

bool block_snapshot_create(BlockNode *node, BlockSnapshot *info, GError **errp)
{
    if (!block_can_snapshot(node) || (node->flags & BLOCK_OPEN_INACTIVE)) {
        return no_snapshots(node, errp);
    }
    return node->driver->snapshot_create(node, info, errp);
}

static bool with_id(BlockNode *node, const char *id, const char *name, const char *what,
                    bool (*fn)(BlockNode *node, const char *id, GError **errp), GError **errp)
{
    BlockSnapshot found = {0};
    bool good;

    if (!block_can_snapshot(node) || (node->flags & BLOCK_OPEN_INACTIVE)) {
        return no_snapshots(node, errp);
    }
    if (!block_snapshot_find(node, id, name, &found)) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "Snapshot with id '%s' and name '%s' does not exist on device '%s'", id ? id : "",
                  name ? name : "", node->name);
        return false;
    }
    good = fn(node, found.id, errp);
    if (!good) {
        error_prepend(errp, "Failed to %s snapshot '%s' on '%s': ", what, found.name,
                      node->filename);
    }
    block_snapshot_clear(&found);
    return good;
}

bool block_snapshot_apply(BlockNode *node, const char *id, const char *name, GError **errp)
{
    return with_id(node, id, name, "apply", node->driver->snapshot_apply, errp);
}

bool block_snapshot_delete(BlockNode *node, const char *id, const char *name, GError **errp)
{
    return with_id(node, id, name, "delete", node->driver->snapshot_delete, errp);
}

int block_write_vmstate(BlockNode *node, int64_t position, const IOVector *v)
{
    if (!node->driver->write_vmstate) {
        return -ENOTSUP;
    }
    if ((node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_INACTIVE)) != BLOCK_OPEN_RDWR) {
        return -EPERM;
    }
    return position < 0 ? -EINVAL : node->driver->write_vmstate(node, position, v);
}

int block_write_vmstate_buf(BlockNode *node, int64_t position, const void *buf, size_t size)
{
    struct iovec iov;
    IOVector v = iov_single(&iov, (void *)buf, size);

    return block_write_vmstate(node, position, &v);
}

int block_read_vmstate(BlockNode *node, const char *snapshot_id, int64_t position, void *buf,
                       size_t size)
{
    if (!node->driver->read_vmstate) {
        return -ENOTSUP;
    }
    return position < 0 ? -EINVAL
                        : node->driver->read_vmstate(node, snapshot_id, position, buf, size);
}

int block_discard_vmstate(BlockNode *node)
{
    return node->driver->discard_vmstate ? node->driver->discard_vmstate(node) : -ENOTSUP;
}

/* ---- All disks ---- */

static bool has_backend(BlockNode *node)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk_node(blk) == node) {
            return true;
        }
    }
    return false;
}

static BlockNode *named(const char *name, GError **errp)
{
    BlockBackend *blk = blk_find(name);
    BlockNode *node = blk ? blk_node(blk) : block_find(name);

    if (!node) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "No block device node '%s'", name);
    }
    return node;
}

GPtrArray *block_snapshot_nodes(const GPtrArray *nodes, GError **errp)
{
    GPtrArray *result = g_ptr_array_new();

    if (nodes && !nodes->len) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "At least one device is required for snapshot");
        g_ptr_array_unref(result);
        return NULL;
    }
    for (guint i = 0; nodes && i < nodes->len; i++) {
        BlockNode *node = named(g_ptr_array_index(nodes, i), errp);

        if (!node) {
            g_ptr_array_unref(result);
            return NULL;
        }
        g_ptr_array_add(result, node);
    }
    for (BlockNode *node = nodes ? NULL : block_next(NULL); node; node = block_next(node)) {
        if (!block_is_read_only(node) &&
            (has_backend(node) || (node->monitor_owned && block_user_count(node) == 0))) {
            g_ptr_array_add(result, node);
        }
    }
    return result;
}

BlockNode *block_vmstate_node(const char *name, const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);

    if (!all) {
        return NULL;
    }
    if (name) {
        BlockNode *node = named(name, errp);

        if (!node) {
            return NULL;
        }
        if (!g_ptr_array_find(all, node, NULL)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "vmstate block device '%s' does not belong to the snapshot", name);
            return NULL;
        }
        if (!block_can_snapshot(node)) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                      "vmstate block device '%s' does not support snapshots", name);
            return NULL;
        }
        return node;
    }
    for (guint i = 0; i < all->len; i++) {
        if (block_can_snapshot(g_ptr_array_index(all, i))) {
            return g_ptr_array_index(all, i);
        }
    }
    error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
              all->len ? "No block device can store vmstate for snapshot"
                       : "No block device can store vmstate for snapshot (add one, for instance "
                         "-drive if=none,format=qcow2,file=...)");
    return NULL;
}

bool block_all_can_snapshot(const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);

    for (guint i = 0; all && i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);

        if (!block_can_snapshot(node)) {
            return no_snapshots(node, errp);
        }
    }
    return all != NULL;
}

int block_all_has_snapshot(const char *name, const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);

    if (!all) {
        return -1;
    }
    for (guint i = 0; i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);
        g_autoptr(GArray) list = NULL;

        if (!block_can_snapshot(node)) {
            no_snapshots(node, errp);
            return -1;
        }
        list = block_snapshot_list(node, errp);
        if (!list) {
            return -1;
        }
        if (!block_snapshot_find(node, NULL, name, NULL)) {
            return 0;
        }
    }
    return all->len > 0;
}

bool block_all_create_snapshot(const BlockSnapshot *info, BlockNode *vmstate_node,
                               const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; all && i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);
        BlockSnapshot one = *info;

        one.id = NULL;
        one.vm_state_size = node == vmstate_node ? info->vm_state_size : 0;
        if (!block_snapshot_create(node, &one, errp)) {
            error_prepend(errp, "Error while creating snapshot on '%s': ", title(node));
            while (i-- > 0) {
                block_snapshot_delete(g_ptr_array_index(all, i), g_ptr_array_index(ids, i), NULL,
                                      NULL);
            }
            return false;
        }
        g_ptr_array_add(ids, one.id);
    }
    return all != NULL;
}

bool block_all_apply_snapshot(const char *name, const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);

    for (guint i = 0; all && i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);

        if (!block_can_snapshot(node)) {
            return no_snapshots(node, errp);
        }
        if (!block_snapshot_find(node, NULL, name, NULL)) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Snapshot '%s' does not exist on device '%s'",
                      name, node->name);
            return false;
        }
    }
    for (guint i = 0; all && i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);

        if (!block_snapshot_apply(node, NULL, name, errp)) {
            error_prepend(errp, "Could not load snapshot '%s' on '%s': ", name, title(node));
            return false;
        }
    }
    return all != NULL;
}

bool block_all_delete_snapshot(const char *name, const GPtrArray *nodes, GError **errp)
{
    g_autoptr(GPtrArray) all = block_snapshot_nodes(nodes, errp);

    for (guint i = 0; all && i < all->len; i++) {
        BlockNode *node = g_ptr_array_index(all, i);

        while (block_can_snapshot(node) && block_snapshot_find(node, NULL, name, NULL)) {
            if (!block_snapshot_delete(node, NULL, name, errp)) {
                error_prepend(errp, "Could not delete snapshot '%s' on '%s': ", name, title(node));
                return false;
            }
        }
    }
    return all != NULL;
}

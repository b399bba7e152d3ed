/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BlockBackend: names, media, devices, policies. Requests are in backend-io.c. */
#include <errno.h>
#include <string.h>
#include "backend-private.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/error.h"

/* ---- Life ---- */

BlockBackend *blk_new(const char *name, GError **errp)
{
    BlockBackend *blk;

    if (name && *name) {
        if (!block_id_is_valid(name)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "Parameter 'id' expects an identifier, not '%s' (letters, digits, '-', '.', "
                      "'_'; the first "
                      "a letter)",
                      name);
            return NULL;
        }
        if (!block_name_is_free(name, "id", errp)) {
            return NULL;
        }
    }
    blk = g_new0(BlockBackend, 1);
    blk->name = g_strdup(name ? name : "");
    blk->references = 1;
    blk->write_cache = true;
    blk->guest_block_size = BLOCK_SECTOR_SIZE;
    mutex_init(&blk->stats_lock);
    g_ptr_array_add(block_registry()->backends, blk);
    return blk;
}

void blk_ref(BlockBackend *blk)
{
    blk->references++;
}

void blk_unref(BlockBackend *blk)
{
    if (!blk || --blk->references) {
        return;
    }
    blk->references = 1; /* callbacks may look at it */
    blk_drain(blk);
    blk_remove(blk);
    g_ptr_array_remove(block_registry()->backends, blk);
    mutex_destroy(&blk->stats_lock);
    g_free(blk->name);
    g_free(blk->serial);
    g_free(blk->device_address);
    g_free(blk);
}

BlockBackend *blk_find(const char *name)
{
    GPtrArray *all = block_registry()->backends;

    for (guint i = 0; *name && i < all->len; i++) {
        BlockBackend *blk = g_ptr_array_index(all, i);

        if (!strcmp(blk->name, name)) {
            return blk;
        }
    }
    return NULL;
}

BlockBackend *blk_find_by_device(const char *device)
{
    GPtrArray *all = block_registry()->backends;

    for (guint i = 0; *device && i < all->len; i++) {
        BlockBackend *blk = g_ptr_array_index(all, i);
        g_autofree char *path = blk->device ? object_path(blk->device) : NULL;

        if (blk->device && (!g_strcmp0(blk->device->name, device) || !g_strcmp0(path, device))) {
            return blk;
        }
    }
    return NULL;
}

BlockBackend *blk_next(BlockBackend *blk)
{
    GPtrArray *all = block_registry()->backends;
    guint index = 0;

    if (blk && g_ptr_array_find(all, blk, &index)) {
        index++;
    }
    return index < all->len ? g_ptr_array_index(all, index) : NULL;
}

const char *blk_name(const BlockBackend *blk) { return blk->name; }
BlockNode *blk_node(const BlockBackend *blk) { return blk->node; }
Object *blk_device(const BlockBackend *blk) { return blk->device; }

void block_backend_cleanup(void)
{
    GPtrArray *all = block_registry()->backends;

    /* What devices still hold stays, without its medium. */
    for (guint i = 0; i < all->len; i++) {
        BlockBackend *blk = g_ptr_array_index(all, i);

        blk_remove(blk);
    }
    for (guint i = 0; i < all->len;) {
        BlockBackend *blk = g_ptr_array_index(all, i);

        if (blk->monitor_owned) {
            blk->monitor_owned = false;
            if (blk->references > 1) {
                i++;
            }
            blk_unref(blk);
        } else {
            i++;
        }
    }
}

/* ---- Medium ---- */

bool blk_insert(BlockBackend *blk, BlockNode *node, GError **errp)
{
    if (blk->node) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Device '%s' has a medium already", blk->name);
        return false;
    }
    for (BlockBackend *other = blk_next(NULL); other; other = blk_next(other)) {
        if (other->node == node && !block_is_read_only(node)) {
            error_set(errp, GOSSAMER_ERROR_BUSY, "Node '%s' is in use by drive '%s'", node->name,
                      other->name);
            return false;
        }
    }
    block_ref(node);
    blk->node = node;
    blk->read_only = block_is_read_only(node);
    return true;
}

void blk_remove(BlockBackend *blk)
{
    if (blk->node) {
        blk_drain(blk);
        block_unref(g_steal_pointer(&blk->node));
    }
}

bool blk_is_inserted(const BlockBackend *blk)
{
    return blk->node != NULL;
}

static bool tray_is_open(const BlockBackend *blk)
{
    return blk->ops && blk->ops->is_tray_open && blk->ops->is_tray_open(blk->ops_opaque);
}

bool blk_is_available(const BlockBackend *blk)
{
    return blk->node && !tray_is_open(blk);
}

bool blk_read_only(const BlockBackend *blk)
{
    return blk->node ? block_is_read_only(blk->node) : blk->read_only;
}

bool blk_is_writable(const BlockBackend *blk)
{
    return blk->node && !block_is_read_only(blk->node);
}

int64_t blk_length(BlockBackend *blk)
{
    return blk_is_available(blk) ? block_length(blk->node) : -ENOMEDIUM;
}

uint64_t blk_sectors(BlockBackend *blk)
{
    int64_t length = blk_length(blk);

    return length > 0 ? DIV_ROUND_UP((uint64_t)length, BLOCK_SECTOR_SIZE) : 0;
}

bool blk_is_removable(const BlockBackend *blk)
{
    return !blk->device || (blk->ops && blk->ops->change_media);
}

static const char *shown_name(const BlockBackend *blk)
{
    return *blk->name || !blk->device || !blk->device->name ? blk->name : blk->device->name;
}

bool blk_eject(BlockBackend *blk, bool force, GError **errp)
{
    if (!blk_is_removable(blk)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Device '%s' is not removable", shown_name(blk));
        return false;
    }
    if (!force && !tray_is_open(blk) && blk->ops && blk->ops->is_medium_locked &&
        blk->ops->is_medium_locked(blk->ops_opaque)) {
        if (blk->ops->eject_request) {
            blk->ops->eject_request(blk->ops_opaque, force);
        }
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "Device '%s' is locked and force was not specified, wait for tray to open and "
                  "try again",
                  shown_name(blk));
        return false;
    }
    if (blk->ops && blk->ops->change_media) {
        blk->ops->change_media(blk->ops_opaque, false);
    }
    blk_remove(blk);
    return true;
}

bool blk_change_medium(BlockBackend *blk, const char *filename, const char *format, bool read_only,
                       bool force, GError **errp)
{
    BlockOptions *options = block_options_new();
    BlockNode *node;
    bool good;

    block_options_set(options, "driver", format);
    node =
        block_open(filename, options, blk->drive_flags | (read_only ? 0 : BLOCK_OPEN_RDWR), errp);
    if (!node) {
        return false;
    }
    good = blk_eject(blk, force, errp) && blk_insert(blk, node, errp);
    block_unref(node);
    if (good && blk->ops && blk->ops->change_media) {
        blk->ops->change_media(blk->ops_opaque, true);
    }
    return good;
}

bool blk_resize(BlockBackend *blk, int64_t size, GError **errp)
{
    if (!blk->node) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Device '%s' has no medium", shown_name(blk));
        return false;
    }
    if (!block_truncate(blk->node, size, BLOCK_PREALLOC_OFF, errp)) {
        return false;
    }
    if (blk->ops && blk->ops->resize) {
        blk->ops->resize(blk->ops_opaque);
    }
    return true;
}

/* ---- Device ---- */

bool blk_attach_device(BlockBackend *blk, Object *device, GError **errp)
{
    if (blk->device) {
        g_autofree char *path = object_path(blk->device);

        error_set(errp, GOSSAMER_ERROR_BUSY, "Drive '%s' is already in use by another device (%s)",
                  blk->name, path ? path : blk->device->class->name);
        return false;
    }
    blk_ref(blk);
    blk->device = device;
    blk->drive.claimed = true;
    blk->io_status_enabled = true;
    return true;
}

void blk_detach_device(BlockBackend *blk, Object *device)
{
    if (blk->device && blk->device == device) {
        blk_drain(blk);
        blk->device = NULL;
        blk->ops = NULL;
        blk->io_status_enabled = false;
        blk_unref(blk);
    }
}

void blk_set_device_ops(BlockBackend *blk, const BlockDeviceOps *ops, void *opaque)
{
    blk->ops = ops;
    blk->ops_opaque = opaque;
}

DriveInfo *blk_drive_info(BlockBackend *blk)
{
    if (!blk->is_drive) {
        return NULL;
    }
    blk->drive.serial = blk->serial;
    blk->drive.device_address = blk->device_address;
    return &blk->drive;
}

BlockBackend *drive_get(BlockInterface interface, int bus, int unit)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk->is_drive && blk->drive.interface == interface && blk->drive.bus == bus &&
            blk->drive.unit == unit) {
            return blk;
        }
    }
    return NULL;
}

BlockBackend *drive_first_unclaimed(void)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk->is_drive && blk->drive.interface != BLOCK_IF_NONE && !blk->drive.claimed) {
            return blk;
        }
    }
    return NULL;
}

void blk_tray_moved(BlockBackend *blk, bool open)
{
    const BlockHostOps *host = &block_registry()->host;
    g_autofree char *path = blk->device ? object_path(blk->device) : NULL;

    if (host->send_event) {
        host->send_event("DEVICE_TRAY_MOVED", json_pack("{s:s, s:s, s:b}", "device", blk->name,
                                                        "id", path ? path : "", "tray-open", open));
    }
}

void blk_set_geometry(BlockBackend *blk, const BlockGeometry *geometry)
{
    blk->geometry = *geometry;
}

/* Heads and sectors of the first partition's end in a DOS table that has one. */
static bool geometry_from_table(BlockBackend *blk, BlockGeometry *geometry)
{
    uint8_t sector[BLOCK_SECTOR_SIZE];

    if (blk_pread(blk, 0, sector, sizeof(sector)) < 0 || sector[510] != 0x55 ||
        sector[511] != 0xaa) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *entry = sector + 446 + 16 * i;
        unsigned heads = entry[5] + 1u, sectors = entry[6] & 63u;

        if (ldl_le_p(entry + 12) && entry[5] && sectors) {
            uint64_t cylinders = blk_sectors(blk) / (heads * sectors);

            if (cylinders >= 1 && cylinders <= 16383) {
                *geometry = (BlockGeometry){(uint32_t)cylinders, heads, sectors};
                return true;
            }
        }
    }
    return false;
}

void blk_get_geometry(BlockBackend *blk, BlockGeometry *geometry)
{
    uint64_t cylinders;

    *geometry = blk->geometry;
    if (geometry->cylinders || geometry_from_table(blk, geometry)) {
        return;
    }
    cylinders = blk_sectors(blk) / (16 * 63);
    *geometry = (BlockGeometry){(uint32_t)MIN(MAX(cylinders, 2u), 16383u), 16, 63};
}

void blk_set_guest_block_size(BlockBackend *blk, uint32_t size)
{
    blk->guest_block_size = size;
}

/* ---- Policies ---- */

void blk_set_error_policy(BlockBackend *blk, BlockErrorPolicy on_read, BlockErrorPolicy on_write)
{
    blk->on_read = on_read;
    blk->on_write = on_write;
}

BlockErrorPolicy blk_error_policy(const BlockBackend *blk, bool is_read)
{
    return is_read ? blk->on_read : blk->on_write;
}

BlockErrorAction blk_error_action(const BlockBackend *blk, bool is_read, int error)
{
    BlockErrorPolicy policy = blk_error_policy(blk, is_read);

    if (policy == BLOCK_ERROR_AUTO) {
        policy = is_read ? BLOCK_ERROR_REPORT : BLOCK_ERROR_ENOSPC;
    }
    switch (policy) {
    case BLOCK_ERROR_ENOSPC:
        return error == ENOSPC ? BLOCK_ACTION_STOP : BLOCK_ACTION_REPORT;
    case BLOCK_ERROR_STOP:
        return BLOCK_ACTION_STOP;
    case BLOCK_ERROR_IGNORE:
        return BLOCK_ACTION_IGNORE;
    default:
        return BLOCK_ACTION_REPORT;
    }
}

void blk_apply_error_action(BlockBackend *blk, BlockErrorAction action, bool is_read, int error)
{
    static const char *const actions[] = {"report", "ignore", "stop"};
    const BlockHostOps *host = &block_registry()->host;
    bool no_space = error == ENOSPC;

    if (action == BLOCK_ACTION_STOP && blk->io_status == BLOCK_IO_OK) {
        blk->io_status = no_space ? BLOCK_IO_NOSPACE : BLOCK_IO_FAILED;
    }
    if (host->send_event) {
        json_t *data = json_pack("{s:s, s:s, s:s, s:b, s:s}", "device", blk->name, "operation",
                                 is_read ? "read" : "write", "action", actions[action], "nospace",
                                 no_space, "reason", g_strerror(error));

        if (blk->node) {
            json_object_set_new(data, "node-name", json_string(blk->node->name));
        }
        host->send_event("BLOCK_IO_ERROR", data);
    }
    if (action == BLOCK_ACTION_STOP && host->stop_machine) {
        host->stop_machine();
    }
}

BlockIoStatus blk_io_status(const BlockBackend *blk) { return blk->io_status; }
void blk_reset_io_status(BlockBackend *blk) { blk->io_status = BLOCK_IO_OK; }

void blk_set_write_cache(BlockBackend *blk, bool on)
{
    __atomic_store_n(&blk->write_cache, on, __ATOMIC_RELAXED);
}

bool blk_write_cache(const BlockBackend *blk)
{
    return __atomic_load_n(&blk->write_cache, __ATOMIC_RELAXED);
}

typedef struct Corruption {
    char *node, *message;
    bool fatal;
} Corruption;

static gboolean tell_corruption(gpointer opaque)
{
    Corruption *c = opaque;
    const BlockHostOps *host = &block_registry()->host;
    const char *device = "";

    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk->node && !strcmp(blk->node->name, c->node)) {
            device = blk->name;
        }
    }
    if (host->send_event) {
        host->send_event("BLOCK_IMAGE_CORRUPTED",
                         json_pack("{s:s, s:s, s:s, s:b}", "device", device, "node-name", c->node,
                                   "msg", c->message, "fatal", c->fatal));
    }
    g_free(c->node);
    g_free(c->message);
    g_free(c);
    return G_SOURCE_REMOVE;
}

void block_corruption_event(const BlockNode *node, const char *message, bool fatal)
{
    Corruption *c = g_new(Corruption, 1);

    /* Whoever finds damage holds the image's lock on a thread of any kind. */
    *c = (Corruption){g_strdup(node->name), g_strdup(message), fatal};
    g_idle_add_full(G_PRIORITY_DEFAULT, tell_corruption, c, NULL);
}

/* ---- The drive= property of devices ---- */

static bool drive_set(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    BlockBackend **field = property_field(obj, prop);
    const char *text = value->kind == PROPERTY_STRING ? value->s : NULL;
    BlockBackend *blk = text && *text ? blk_find(text) : NULL;
    BlockNode *node = text && *text && !blk ? block_find(text) : NULL;

    if (!text || !*text) {
        blk_unref(g_steal_pointer(field));
        return true;
    }
    if (node) {
        blk = blk_new(NULL, errp);
        if (!blk_insert(blk, node, errp)) {
            blk_unref(blk);
            return false;
        }
    } else if (blk) {
        blk_ref(blk);
    } else {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "Property '%s.%s' can't find value '%s' (no drive or node of "
                  "that name)",
                  obj->class->name, prop->name, text);
        return false;
    }
    blk_unref(*field);
    *field = blk;
    return true;
}

static bool drive_get_value(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    BlockBackend **field = property_field(obj, prop);
    const char *text = !*field ? "" : *(*field)->name ? (*field)->name
                       : (*field)->node ? (*field)->node->name : "";

    *value = (PropertyValue){.kind = PROPERTY_STRING, .s = g_strdup(text)};
    return true;
}

static void drive_release(Object *obj, const Property *prop)
{
    BlockBackend **field = property_field(obj, prop);

    blk_unref(g_steal_pointer(field));
}

const PropertyType property_type_drive = {
    .name = "str",
    .kind = PROPERTY_STRING,
    .set = drive_set,
    .get = drive_get_value,
    .release = drive_release,
};

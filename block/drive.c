/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -drive and its short forms: one option string says what the image is, how it is opened, where the
 * drive is plugged in and what happens on errors. Throttling and copy-on-read are refused.
 */
#include <string.h>
#include "backend-private.h"
#include "block/blockdev.h"
#include "util/cutils.h"
#include "util/error.h"

static const char *const interface_names[] = {"none", "ide", "scsi",   "floppy", "pflash",
                                              "mtd",  "sd",  "virtio", "xen",    NULL};
const char *drive_interface_name(BlockInterface interface)
{
    return interface_names[interface];
}

/* Units of one bus; 0: buses are not counted. */
static const int units_per_bus[BLOCK_IF_COUNT] = {[BLOCK_IF_IDE] = 2, [BLOCK_IF_SCSI] = 7};

typedef struct DriveOptions {
    BlockInterface interface;
    char *id, *file;
    int index, bus, unit;          /* -1: not said */
    bool cdrom, snapshot, write_cache, read_only;
    BlockErrorPolicy on_read, on_write;
    unsigned flags;
} DriveOptions;

static bool bad(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "%s", text);
    return false;
}

static bool take_number(BlockOptions *options, const char *key, int *value, GError **errp)
{
    g_autofree char *text = block_options_take(options, key);
    uint64_t number;

    if (!text) {
        return true;
    }
    if (!parse_uint64(text, 0, &number) || number > 4096) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' expects a number, not '%s'", key,
                  text);
        return false;
    }
    *value = (int)number;
    return true;
}

static bool take_policy(BlockOptions *options, const char *key, bool is_read,
                        BlockErrorPolicy *policy, GError **errp)
{
    static const char *const names[] = {"auto", "report", "ignore", "enospc", "stop", NULL};
    int kind = *policy;

    if (!block_options_take_enum(options, key, names, &kind, errp)) {
        return false;
    }
    if (is_read && kind == BLOCK_ERROR_ENOSPC) {
        return bad(errp, "'enospc' invalid read error action");
    }
    *policy = (BlockErrorPolicy)kind;
    return true;
}

/* cache=MODE, then the single switches. */
static bool take_cache(BlockOptions *options, DriveOptions *d, GError **errp)
{
    static const char *const modes[] = {"none",   "off",        "writeback", "writethrough",
                                        "unsafe", "directsync", NULL};
    bool direct = false, no_flush = false;
    int mode = 2;

    if (!block_options_take_enum(options, "cache", modes, &mode, errp)) {
        return false;
    }
    direct = mode <= 1 || mode == 5;
    no_flush = mode == 4;
    d->write_cache = mode != 3 && mode != 5;
    if (!block_options_take_bool(options, "cache.direct", &direct, errp) ||
        !block_options_take_bool(options, "cache.no-flush", &no_flush, errp) ||
        !block_options_take_bool(options, "cache.writeback", &d->write_cache, errp)) {
        return false;
    }
    d->flags |= (direct ? BLOCK_OPEN_NOCACHE : 0) | (no_flush ? BLOCK_OPEN_NO_FLUSH : 0);
    return true;
}

static bool refuse(BlockOptions *options, GError **errp)
{
    static const char *const prefixes[] = {"throttling.", "bps", "iops", "group"};
    const char *key = block_options_first_key(options);
    bool copy = false;

    if (!block_options_take_bool(options, "copy-on-read", &copy, errp)) {
        return false;
    }
    if (copy) {
        return bad(errp, "copy-on-read is not supported");
    }
    key = block_options_first_key(options);
    for (unsigned i = 0; key && i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(key, prefixes[i])) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "limits on I/O ('%s') are not supported",
                      key);
            return false;
        }
    }
    return true;
}

static bool take_place(BlockOptions *options, DriveOptions *d, GError **errp)
{
    int interface = (int)d->interface, media = 0;
    static const char *const kinds[] = {"disk", "cdrom", NULL};

    if (!block_options_take_enum(options, "if", interface_names, &interface, errp) ||
        !block_options_take_enum(options, "media", kinds, &media, errp) ||
        !take_number(options, "index", &d->index, errp) ||
        !take_number(options, "bus", &d->bus, errp) ||
        !take_number(options, "unit", &d->unit, errp)) {
        return false;
    }
    d->interface = (BlockInterface)interface;
    d->cdrom = media == 1;
    if (d->index >= 0 && (d->bus >= 0 || d->unit >= 0)) {
        return bad(errp, "index cannot be used with bus and unit");
    }
    return true;
}

static bool take_all(BlockOptions *options, DriveOptions *d, GError **errp)
{
    bool read_only = false, has_read_only;
    g_autofree char *format = block_options_take(options, "format");
    g_autofree char *aio = NULL;

    d->id = block_options_take(options, "id");
    d->file = block_options_take(options, "file");
    has_read_only =
        block_options_get(options, "readonly") || block_options_get(options, "read-only");
    if (!take_place(options, d, errp) || !take_cache(options, d, errp) ||
        !block_options_take_bool(options, "snapshot", &d->snapshot, errp) ||
        !block_options_take_bool(options, "readonly", &read_only, errp) ||
        !block_options_take_bool(options, "read-only", &read_only, errp) ||
        !take_policy(options, "rerror", true, &d->on_read, errp) ||
        !take_policy(options, "werror", false, &d->on_write, errp) || !refuse(options, errp)) {
        return false;
    }
    d->read_only = read_only;
    if (d->cdrom && !has_read_only) {
        read_only = true;
    }
    d->flags |= read_only ? 0 : BLOCK_OPEN_RDWR;
    if (format && block_options_get(options, "driver")) {
        return bad(errp, "Cannot specify both 'driver' and 'format'");
    }
    if (format) {
        block_options_set(options, "driver", format);
    }
    /* aio= belongs to the file below. */
    aio = block_options_take(options, "aio");
    if (aio && d->file) {
        block_options_set(options, "file.aio", aio);
    }
    if (d->file && !*d->file) {
        g_clear_pointer(&d->file, g_free);
    }
    return true;
}

/* Bus and unit: as said, from the index, or the first that is free. */
static bool find_place(DriveOptions *d, GError **errp)
{
    int most = units_per_bus[d->interface];

    if (d->index >= 0) {
        d->bus = most ? d->index / most : 0;
        d->unit = most ? d->index % most : d->index;
    }
    d->bus = MAX(d->bus, 0);
    if (d->unit < 0) {
        d->unit = 0;
        while (drive_get(d->interface, d->bus, d->unit)) {
            d->unit++;
            if (most && d->unit >= most) {
                d->unit -= most;
                d->bus++;
            }
        }
    }
    if (most && d->unit >= most) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "unit %d too big (max is %d)", d->unit, most - 1);
        return false;
    }
    if (d->interface != BLOCK_IF_NONE && drive_get(d->interface, d->bus, d->unit)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "drive with bus=%d, unit=%d (index=%d) exists",
                  d->bus, d->unit, most ? d->bus * most + d->unit : d->unit);
        return false;
    }
    return true;
}

static char *make_id(const DriveOptions *d)
{
    const char *name = interface_names[d->interface], *kind = d->cdrom ? "-cd" : "-hd";
    bool mediastr = d->interface == BLOCK_IF_IDE || d->interface == BLOCK_IF_SCSI;

    if (units_per_bus[d->interface]) {
        return g_strdup_printf("%s%d%s%d", name, d->bus, mediastr ? kind : "", d->unit);
    }
    return g_strdup_printf("%s%s%d", name, mediastr ? kind : "", d->unit);
}

/* A node for the options that are left, unless the drive is empty. */
static bool open_medium(BlockBackend *blk, DriveOptions *d, BlockOptions *options, GError **errp)
{
    BlockNode *node;
    bool good, reference;

    if (d->file) {
        /* Strings may name a node, as file=NODE did for nodes of -blockdev. */
        reference = block_find(d->file) && !block_options_get(options, "driver");
        if (reference) {
            node = block_find(d->file);
            if (d->snapshot || (d->read_only && !block_is_read_only(node)) ||
                !block_options_is_empty(options)) {
                error_set(errp, GOSSAMER_ERROR_INVALID,
                          "'file' names node '%s', which is as it was made: it takes no "
                          "option '%s'",
                          d->file,
                          d->snapshot    ? "snapshot"
                          : d->read_only ? "readonly"
                                         : block_options_first_key(options));
                return false;
            }
            return blk_insert(blk, node, errp);
        }
    } else if (!block_options_get(options, "file.filename") &&
               !block_options_get(options, "file.driver") &&
               (!block_options_get(options, "driver") ||
                !block_find_driver(block_options_get(options, "driver")) ||
                !block_find_driver(block_options_get(options, "driver"))->is_protocol)) {
        g_free(block_options_take(options, "driver"));
        g_free(block_options_take(options, "node-name"));
        if (!block_options_is_empty(options)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "an empty drive takes no option '%s'",
                      block_options_first_key(options));
            return false;
        }
        blk->read_only = !(d->flags & BLOCK_OPEN_RDWR);
        return true;
    }
    node = block_open(d->file, block_options_copy(options),
                      d->flags | (d->snapshot ? BLOCK_OPEN_SNAPSHOT : 0), errp);
    if (!node) {
        return false;
    }
    good = blk_insert(blk, node, errp);
    block_unref(node);
    return good;
}

static BlockBackend *create(DriveOptions *d, BlockOptions *options, GError **errp)
{
    g_autofree char *serial = block_options_take(options, "serial");
    g_autofree char *address = block_options_take(options, "addr");
    BlockBackend *blk;

    if (!find_place(d, errp)) {
        return NULL;
    }
    if (!d->id) {
        d->id = make_id(d);
    }
    blk = blk_new(d->id, errp);
    if (!blk) {
        return NULL;
    }
    blk->is_drive = true;
    blk->drive = (DriveInfo){
        .interface = d->interface, .bus = d->bus, .unit = d->unit, .is_cdrom = d->cdrom};
    blk->drive_flags = d->flags & ~(unsigned)BLOCK_OPEN_RDWR;
    blk->serial = g_steal_pointer(&serial);
    blk->device_address = g_steal_pointer(&address);
    blk_set_error_policy(blk, d->on_read, d->on_write);
    blk_set_write_cache(blk, d->write_cache);
    if (!open_medium(blk, d, options, errp)) {
        blk_unref(blk);
        return NULL;
    }
    blk->monitor_owned = true;
    return blk;
}

static BlockBackend *add(BlockOptions *options, BlockInterface interface, bool force_snapshot,
                         GError **errp)
{
    DriveOptions d = {.interface = interface,
                      .index = -1,
                      .bus = -1,
                      .unit = -1,
                      .write_cache = true,
                      .snapshot = force_snapshot};
    BlockBackend *blk = take_all(options, &d, errp) ? create(&d, options, errp) : NULL;

    block_options_free(options);
    g_free(d.id);
    g_free(d.file);
    return blk;
}

BlockBackend *drive_add(const char *text, BlockInterface default_if, bool force_snapshot,
                        GError **errp)
{
    BlockOptions *options = block_options_parse(text, NULL, errp);

    return options ? add(options, default_if, force_snapshot, errp) : NULL;
}

BlockBackend *drive_add_disk(const char *filename, unsigned index, bool cdrom,
                             BlockInterface default_if, bool force_snapshot, GError **errp)
{
    BlockOptions *options = block_options_new();
    g_autofree char *number = g_strdup_printf("%u", index);

    block_options_set(options, "file", filename);
    block_options_set(options, "index", number);
    block_options_set(options, "media", cdrom ? "cdrom" : "disk");
    return add(options, default_if, force_snapshot, errp);
}

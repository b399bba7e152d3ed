/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The graph of block nodes: opening by options and file names, probing, names, references, giving
 * images over to another process and back.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "block-private.h"
#include "util/bitops.h"
#include "util/cutils.h"
#include "util/error.h"

#define MAX_CHAIN 200 /* nodes of one chain; more is a loop */

static const BlockDriver *const drivers[] = {
    &block_driver_file, &block_driver_host_device, &block_driver_null, &block_driver_raw,
    &block_driver_qcow2,
};

/* Formats that must not be taken for raw: their first bytes, and what to tell the user. */
static const struct { const char *name, *magic; size_t size;
} foreign_formats[] = {
    {"luks", "LUKS\xba\xbe", 6},
    {"vmdk", "KDMV", 4},
    {"vmdk", "COWD", 4},
    {"vmdk", "# Disk Descriptor", 17},
    {"vhdx", "vhdxfile", 8},
    {"vpc", "conectix", 8},
    {"qed", "QED\0", 4},
    {"qcow", "QFI\xfb\0\0\0\1", 8},
    {"parallels", "WithoutFreeSpace", 16},
    {"parallels", "WithouFreSpacExt", 16},
};

static BlockRegistry the_registry;

BlockRegistry *block_registry(void)
{
    if (!the_registry.nodes) {
        the_registry.nodes = g_ptr_array_new();
        the_registry.backends = g_ptr_array_new();
    }
    return &the_registry;
}

void block_set_host_ops(const BlockHostOps *ops)
{
    block_registry()->host = *ops;
}

/* ---- Names ---- */

bool block_id_is_valid(const char *id)
{
    if (!g_ascii_isalpha(*id)) {
        return false;
    }
    for (const char *p = id; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("-._", *p)) {
            return false;
        }
    }
    return true;
}

BlockNode *block_find(const char *node_name)
{
    GPtrArray *nodes = block_registry()->nodes;

    for (guint i = 0; i < nodes->len; i++) {
        BlockNode *node = g_ptr_array_index(nodes, i);

        if (!strcmp(node->name, node_name)) {
            return node;
        }
    }
    return NULL;
}

BlockNode *block_next(BlockNode *node)
{
    GPtrArray *nodes = block_registry()->nodes;
    guint index = 0;

    if (node && g_ptr_array_find(nodes, node, &index)) {
        index++;
    }
    return index < nodes->len ? g_ptr_array_index(nodes, index) : NULL;
}

bool block_name_is_free(const char *name, const char *what, GError **errp)
{
    if (block_find(name)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "%s '%s' is in use by a node of that name", what,
                  name);
        return false;
    }
    if (blk_find(name)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "%s '%s' is in use by a drive of that name", what,
                  name);
        return false;
    }
    return true;
}

static bool set_name(BlockNode *node, const char *given, GError **errp)
{
    if (!given) {
        snprintf(node->name, sizeof(node->name), "#block%03u",
                 block_registry()->next_number++ % 1000000);
        return true;
    }
    if (!block_id_is_valid(given)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid node-name: '%s' (letters, digits, '-', '.', '_'; the first a letter)",
                  given);
        return false;
    }
    if (strlen(given) >= sizeof(node->name)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Node name '%s' is longer than %zu bytes", given,
                  sizeof(node->name) - 1);
        return false;
    }
    if (!block_name_is_free(given, "node-name", errp)) {
        return false;
    }
    pstrcpy(node->name, sizeof(node->name), given);
    return true;
}

const char *block_node_name(const BlockNode *node) { return node->name; }
const char *block_driver_name(const BlockNode *node) { return node->driver->name; }
const char *block_filename(const BlockNode *node) { return node->filename; }
BlockNode *block_file_child(const BlockNode *node) { return node->file; }
BlockNode *block_backing_child(const BlockNode *node) { return node->backing; }
bool block_is_read_only(const BlockNode *node) { return !(node->flags & BLOCK_OPEN_RDWR); }
unsigned block_open_flags(const BlockNode *node) { return node->flags; }
bool block_is_monitor_owned(const BlockNode *node) { return node->monitor_owned; }
void block_set_monitor_owned(BlockNode *node, bool owned) { node->monitor_owned = owned; }

unsigned block_user_count(const BlockNode *node)
{
    return node->references - (node->monitor_owned ? 1 : 0);
}

/* ---- File names ---- */

/* Length of "protocol" in "protocol:rest", 0 if there is none: no slash stands before the colon. */
static size_t protocol_length(const char *name)
{
    size_t length = strcspn(name, ":/");

    return name[length] == ':' ? length : 0;
}

char *block_resolve_filename(const char *from, const char *name)
{
    g_autofree char *folder = NULL;

    if (*name == '/' || protocol_length(name) || !from) {
        return g_strdup(name);
    }
    if (g_str_has_prefix(from, "file:")) {
        from += 5;
    }
    folder = g_path_get_dirname(from);
    return strcmp(folder, ".") ? g_build_filename(folder, name, NULL) : g_strdup(name);
}

const BlockDriver *block_find_driver(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(drivers); i++) {
        if (!strcmp(drivers[i]->name, name) ||
            (drivers[i] == &block_driver_null && !strcmp(name, "null-aio"))) {
            return drivers[i];
        }
    }
    return NULL;
}

const BlockDriver *block_probe(const uint8_t *buf, size_t size, const char *filename, GError **errp)
{
    const BlockDriver *best = &block_driver_raw;
    int score = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(foreign_formats); i++) {
        if (size >= foreign_formats[i].size &&
            !memcmp(buf, foreign_formats[i].magic, foreign_formats[i].size)) {
            error_set(
                errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                "'%s' is an image of format '%s', which is not supported (raw and qcow2 are; with "
                "format=raw its bytes are the disk)",
                filename, foreign_formats[i].name);
            return NULL;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(drivers); i++) {
        int s = drivers[i]->probe ? drivers[i]->probe(buf, size, filename) : 0;

        if (s > score) {
            score = s;
            best = drivers[i];
        }
    }
    return best;
}

/* ---- Life ---- */

void block_ref(BlockNode *node)
{
    node->references++;
}

static void node_close(BlockNode *node)
{
    if (node->opaque) {
        if ((node->flags & BLOCK_OPEN_RDWR) && !(node->flags & BLOCK_OPEN_INACTIVE)) {
            block_flush(node);
        }
        if (node->driver->close) {
            node->driver->close(node);
        }
    }
    block_unref(node->backing);
    block_unref(node->file);
    g_ptr_array_remove(block_registry()->nodes, node);
    block_options_free(node->explicit_options);
    g_free(node->opaque);
    g_free(node->filename);
    g_free(node->backing_name);
    g_free(node->backing_format);
    g_free(node);
}

void block_unref(BlockNode *node)
{
    if (node && --node->references == 0) {
        node_close(node);
    }
}

/* ---- Opening ---- */

/* The options that every node has. Takes them out; flags come back changed. */
static bool take_common(BlockNode *node, BlockOptions *options, unsigned *flags, GError **errp)
{
    static const char *const detect[] = {"off", "on", "unmap", NULL};
    static const char *const discard[] = {"ignore", "off", "unmap", "on", NULL};
    g_autofree char *name = block_options_take(options, "node-name");
    bool direct = *flags & BLOCK_OPEN_NOCACHE, no_flush = *flags & BLOCK_OPEN_NO_FLUSH;
    bool read_only = !(*flags & BLOCK_OPEN_RDWR), auto_read_only = *flags & BLOCK_OPEN_AUTO_RDONLY;
    bool force_share = *flags & BLOCK_OPEN_NO_LOCK;
    int zeroes = BLOCK_DETECT_OFF, unmap = *flags & BLOCK_OPEN_UNMAP ? 2 : 0;

    if (!set_name(node, name, errp) ||
        !block_options_take_bool(options, "cache.direct", &direct, errp) ||
        !block_options_take_bool(options, "cache.no-flush", &no_flush, errp) ||
        !block_options_take_bool(options, "read-only", &read_only, errp) ||
        !block_options_take_bool(options, "auto-read-only", &auto_read_only, errp) ||
        !block_options_take_bool(options, "force-share", &force_share, errp) ||
        !block_options_take_enum(options, "detect-zeroes", detect, &zeroes, errp) ||
        !block_options_take_enum(options, "discard", discard, &unmap, errp)) {
        return false;
    }
    if (force_share && !read_only) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "force-share=on can only be used with read-only images");
        return false;
    }
    if (zeroes == BLOCK_DETECT_UNMAP && unmap < 2) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "setting detect-zeroes to unmap is not allowed without setting discard operation "
                  "to unmap");
        return false;
    }
    node->detect_zeroes = zeroes;
    *flags =
        (*flags & ~(unsigned)(BLOCK_OPEN_RDWR | BLOCK_OPEN_NOCACHE | BLOCK_OPEN_NO_FLUSH |
                              BLOCK_OPEN_UNMAP | BLOCK_OPEN_AUTO_RDONLY | BLOCK_OPEN_NO_LOCK)) |
        (read_only ? 0 : BLOCK_OPEN_RDWR) | (direct ? BLOCK_OPEN_NOCACHE : 0) |
        (no_flush ? BLOCK_OPEN_NO_FLUSH : 0) | (unmap >= 2 ? BLOCK_OPEN_UNMAP : 0) |
        (auto_read_only ? BLOCK_OPEN_AUTO_RDONLY : 0) | (force_share ? BLOCK_OPEN_NO_LOCK : 0);
    return true;
}

/* The protocol of a plain file name; strips "file:" and its like. */
static const BlockDriver *protocol_of(const char **filename, GError **errp)
{
    size_t length = protocol_length(*filename);
    struct stat st;

    for (unsigned i = 0; length && i < G_N_ELEMENTS(drivers); i++) {
        const char *protocol = drivers[i]->protocol;

        if (protocol && strlen(protocol) == length && !strncmp(protocol, *filename, length)) {
            *filename += length + 1;
            if (drivers[i] != &block_driver_file) {
                return drivers[i];
            }
            length = 0;
        }
    }
    if (length) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "Unknown protocol '%.*s' (a file of that name is ./%s)", (int)length, *filename,
                  *filename);
        return NULL;
    }
    if (stat(*filename, &st) == 0 && S_ISBLK(st.st_mode)) {
        return &block_driver_host_device;
    }
    return &block_driver_file;
}

/* A child given as "file"=NODE, or as "file.KEY" options. */
static BlockNode *open_child(BlockOptions *options, const char *name, const char *filename,
                             unsigned flags, GError **errp)
{
    g_autofree char *reference = block_options_take(options, name);
    BlockOptions *sub = block_options_take_prefix(options, name);
    BlockNode *child;

    if (!reference) {
        return block_open(filename, sub, flags, errp);
    }
    child = block_find(reference);
    if (!block_options_is_empty(sub) || filename) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "'%s' names node '%s', so it takes no other options", name, reference);
        child = NULL;
    } else if (!child) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Cannot find device='' nor node-name='%s'",
                  reference);
    } else if (child->opening) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Node '%s' is being opened: it cannot be below itself", reference);
        child = NULL;
    } else if ((flags & BLOCK_OPEN_RDWR) && block_is_read_only(child)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Block node '%s' is read-only", reference);
        child = NULL;
    } else if ((flags & BLOCK_OPEN_RDWR) && block_user_count(child)) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Node '%s' is in use and cannot be written by another",
                  reference);
        child = NULL;
    } else {
        block_ref(child);
    }
    block_options_free(sub);
    return child;
}

static unsigned chain_length(const BlockNode *node)
{
    unsigned n = 0;

    for (; node; node = node->backing) {
        n++;
    }
    return n;
}

bool block_open_backing(BlockNode *node, BlockOptions *options, GError **errp)
{
    const char *reference = block_options_get(options, "backing");
    g_autoptr(GError) error = NULL;
    BlockOptions *sub;
    g_autofree char *filename = NULL;
    unsigned flags =
        (node->flags & ~(unsigned)(BLOCK_OPEN_RDWR | BLOCK_OPEN_SNAPSHOT | BLOCK_OPEN_UNMAP |
                                   BLOCK_OPEN_AUTO_RDONLY | BLOCK_OPEN_CHECK));
    BlockRegistry *registry = block_registry();

    if (reference && !*reference) {
        block_options_set(options, "backing", NULL);
        return true;
    }
    if (node->flags & BLOCK_OPEN_NO_BACKING) {
        return true;
    }
    if (reference) {
        node->backing = open_child(options, "backing", NULL, flags, errp);
        if (node->backing && chain_length(node->backing) > MAX_CHAIN) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "the chain of backing files is too long");
            return false;
        }
        return node->backing != NULL;
    }
    sub = block_options_take_prefix(options, "backing");
    if (block_options_is_empty(sub) && !node->backing_name) {
        block_options_free(sub);
        return true;
    }
    if (node->backing_name && !block_options_get(sub, "file.filename") &&
        !block_options_get(sub, "file") && !block_options_get(sub, "filename")) {
        filename = block_resolve_filename(node->filename, node->backing_name);
    }
    if (node->backing_format && filename) {
        block_options_set_default(sub, "driver", node->backing_format);
    }
    if (registry->open_depth >= MAX_CHAIN) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "the chain of backing files is longer than %u or runs in a circle (at '%s')",
                  MAX_CHAIN, node->filename);
        block_options_free(sub);
        return false;
    }
    registry->open_depth++;
    node->backing = block_open(filename, sub, flags, &error);
    registry->open_depth--;
    if (!node->backing) {
        if (strstr(error->message, "in a circle")) {
            g_propagate_error(errp, g_steal_pointer(&error));
        } else {
            error_set(errp, error->code, "Could not open backing file: %s", error->message);
        }
        return false;
    }
    return true;
}

/* An overlay in a temporary file that vanishes with its descriptor. */
static BlockNode *open_temporary(BlockNode *base, GError **errp)
{
    const char *folder = g_getenv("TMPDIR");
    g_autofree char *path =
        g_build_filename(folder && *folder ? folder : "/var/tmp", "vl.XXXXXX", NULL);
    g_autofree char *size = NULL;
    BlockRegistry *registry = block_registry();
    BlockOptions *options;
    BlockNode *node = NULL;
    int64_t length = block_length(base);
    bool incoming = registry->incoming;
    int fd = mkstemp(path);

    if (fd < 0) {
        error_setg_errno(errp, errno, "could not make the temporary file '%s' of -snapshot", path);
        return NULL;
    }
    close(fd);
    /* It is this process' own, whoever has the image below it. */
    registry->incoming = false;
    options = block_options_new();
    size = g_strdup_printf("%" PRId64, ROUND_UP(MAX(length, 0), BLOCK_SECTOR_SIZE));
    block_options_set(options, "size", size);
    if (block_create("qcow2", path, options, errp)) {
        options = block_options_new();
        block_options_set(options, "driver", "qcow2");
        block_options_set(options, "backing", base->name);
        node = block_open(path, options, BLOCK_OPEN_RDWR | BLOCK_OPEN_NO_FLUSH | BLOCK_OPEN_UNMAP,
                          errp);
    }
    registry->incoming = incoming;
    unlink(path);
    return node;
}

static bool open_protocol(BlockNode *node, const char *filename, BlockOptions *options,
                          GError **errp)
{
    if (filename) {
        if (block_options_get(options, "filename")) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "a file name is given twice: '%s' and '%s'",
                      filename, block_options_get(options, "filename"));
            return false;
        }
        block_options_set(options, "filename", filename);
    }
    return node->driver->open(node, options, errp);
}

static bool open_format(BlockNode *node, const char *filename, BlockOptions *options, GError **errp)
{
    unsigned flags =
        (node->flags & ~(unsigned)BLOCK_OPEN_SNAPSHOT) | BLOCK_OPEN_PROTOCOL | BLOCK_OPEN_UNMAP;

    node->file = open_child(options, "file", filename, flags, errp);
    if (!node->file) {
        return false;
    }
    if (block_is_read_only(node->file)) {
        node->flags &= ~(unsigned)BLOCK_OPEN_RDWR;
    }
    node->filename = g_strdup(node->file->filename);
    if (!node->driver) {
        uint8_t *buf = g_malloc0(BLOCK_PROBE_SIZE);
        int64_t size = MIN(block_length(node->file), BLOCK_PROBE_SIZE);
        int ret = size < 0 ? (int)size : size ? block_pread(node->file, 0, buf, size) : 0;

        if (ret < 0) {
            error_setg_errno(errp, -ret, "Could not read '%s' to find out its format",
                             node->filename);
        } else {
            node->driver = block_probe(buf, (size_t)size, node->filename, errp);
        }
        g_free(buf);
        if (!node->driver) {
            return false;
        }
        node->probed = true;
        if (node->driver == &block_driver_raw && (node->flags & BLOCK_OPEN_RDWR)) {
            warn_report(
                "Image format was not specified for '%s' and probing guessed raw. Automatically "
                "detecting "
                "the format is dangerous for raw images, write operations on block 0 will be "
                "restricted. Specify the 'raw' format explicitly to remove the restrictions.",
                node->filename);
        }
    }
    node->opaque = g_malloc0(MAX(node->driver->instance_size, 1));
    if (!node->driver->open(node, options, errp)) {
        g_clear_pointer(&node->opaque, g_free);
        return false;
    }
    return !node->driver->has_backing || block_open_backing(node, options, errp);
}

static bool open_node(BlockNode *node, const char *filename, BlockOptions *options, unsigned flags,
                      GError **errp)
{
    g_autofree char *driver = block_options_take(options, "driver");
    bool temporary = false;
    const char *left;

    if (!take_common(node, options, &flags, errp) ||
        !block_options_take_bool(options, "snapshot", &temporary, errp)) {
        return false;
    }
    node->flags = flags;
    if (driver) {
        node->driver = block_find_driver(driver);
        if (!node->driver) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                      "Unknown driver '%s' (file, host_device, null-co, raw, "
                      "qcow2 are there)",
                      driver);
            return false;
        }
        if ((flags & BLOCK_OPEN_PROTOCOL) && !node->driver->is_protocol) {
            node->flags &= ~(unsigned)BLOCK_OPEN_PROTOCOL;
        }
    } else if (flags & BLOCK_OPEN_PROTOCOL) {
        const char *name = filename ? filename : block_options_get(options, "filename");
        const char *rest = name;

        if (!name) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Must specify either driver or file");
            return false;
        }
        node->driver = protocol_of(&rest, errp);
        if (!node->driver) {
            return false;
        }
        if (filename) {
            filename = rest;
        } else {
            g_autofree char *copy = g_strdup(rest);

            block_options_set(options, "filename", copy);
        }
    }
    if (node->driver && node->driver->is_protocol) {
        node->opaque = g_malloc0(node->driver->instance_size);
        if (!open_protocol(node, filename, options, errp)) {
            g_clear_pointer(&node->opaque, g_free);
            return false;
        }
    } else if (!filename && !block_options_get(options, "file") &&
               !block_options_get(options, "file.filename") &&
               !block_options_get(options, "file.driver")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "A block device must be specified for \"file\"");
        return false;
    } else if (!open_format(node, filename, options, errp)) {
        return false;
    }
    left = block_options_first_key(options);
    if (left) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Block %s '%s' does not support the option '%s'",
                  node->driver->is_protocol ? "protocol" : "format", node->driver->name, left);
        return false;
    }
    if (!node->driver->get_length) {
        g_assert(node->length >= 0);
    }
    return true;
}

/* "json:{...}": its members are options that those given beside it override. */
static bool expand_json(const char *text, BlockOptions **options, GError **errp)
{
    json_error_t why;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    BlockOptions *from = NULL;
    const char *key;

    if (!object) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Could not parse the JSON options: %s", why.text);
        return false;
    }
    from = block_options_from_json(object, errp);
    json_decref(object);
    if (!from) {
        return false;
    }
    while ((key = block_options_first_key(*options))) {
        g_autofree char *name = g_strdup(key);
        g_autofree char *value = block_options_take(*options, name);

        block_options_set(from, name, value);
    }
    block_options_free(*options);
    *options = from;
    return true;
}

BlockNode *block_open(const char *filename, BlockOptions *options, unsigned flags, GError **errp)
{
    g_autoptr(GError) error = NULL;
    BlockNode *node;
    bool good;

    options = options ? options : block_options_new();
    if (filename && g_str_has_prefix(filename, "json:")) {
        if (!expand_json(filename + 5, &options, errp)) {
            block_options_free(options);
            return NULL;
        }
        filename = NULL;
    }
    if (block_registry()->incoming) {
        flags |= BLOCK_OPEN_INACTIVE;
    }
    if (flags & BLOCK_OPEN_SNAPSHOT) {
        BlockNode *base = block_open(
            filename, options, flags & ~(unsigned)(BLOCK_OPEN_SNAPSHOT | BLOCK_OPEN_RDWR), errp);

        node = base ? open_temporary(base, errp) : NULL;
        block_unref(base);
        return node;
    }
    node = g_new0(BlockNode, 1);
    node->references = 1;
    node->opening = true;
    node->explicit_options = block_options_copy(options);
    g_ptr_array_add(block_registry()->nodes, node);
    good = open_node(node, filename, options, flags, &error);
    block_options_free(options);
    if (!good) {
        const char *name = filename ? filename : node->filename;

        if (name && !strstr(error->message, name)) {
            error_set(errp, error->code, "Could not open '%s': %s", name, error->message);
        } else {
            g_propagate_error(errp, g_steal_pointer(&error));
        }
        node->flags &= ~(unsigned)BLOCK_OPEN_RDWR;
        node_close(node);
        return NULL;
    }
    node->opening = false;
    return node;
}

BlockNode *block_open_protocol(const char *filename, unsigned flags, GError **errp)
{
    return block_open(filename, NULL, flags | BLOCK_OPEN_PROTOCOL, errp);
}

bool block_create(const char *format, const char *filename, BlockOptions *options, GError **errp)
{
    const BlockDriver *driver = block_find_driver(format);
    bool good = false;
    const char *left;

    if (!driver || !driver->create) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "images of format '%s' cannot be made (raw and qcow2 can)", format);
    } else {
        good = driver->create(filename, options, errp);
        left = good ? block_options_first_key(options) : NULL;
        if (left) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "format '%s' does not support the option '%s'",
                      format, left);
            good = false;
        }
    }
    block_options_free(options);
    return good;
}

/* ---- Handing over ---- */

/* What uses it first: a format writes its tables to what is below while that can still be written.
 */
static bool inactivate(BlockNode *node, GError **errp)
{
    GPtrArray *nodes = block_registry()->nodes;

    if (node->flags & BLOCK_OPEN_INACTIVE) {
        return true;
    }
    for (guint i = 0; i < nodes->len; i++) {
        BlockNode *user = g_ptr_array_index(nodes, i);

        if ((user->file == node || user->backing == node) && !inactivate(user, errp)) {
            return false;
        }
    }
    if (node->driver->inactivate && !node->driver->inactivate(node, errp)) {
        error_prepend(errp, "%s: ", node->filename);
        return false;
    }
    node->flags |= BLOCK_OPEN_INACTIVE;
    return true;
}

bool block_inactivate_all(GError **errp)
{
    GPtrArray *nodes = block_registry()->nodes;
    int ret = block_flush_all();

    if (ret < 0) {
        error_setg_errno(errp, -ret, "disks could not be flushed");
        return false;
    }
    for (guint i = 0; i < nodes->len; i++) {
        if (!inactivate(g_ptr_array_index(nodes, i), errp)) {
            block_activate_all(NULL);
            return false;
        }
    }
    return true;
}

/* What is below first. */
static bool activate(BlockNode *node, GError **errp)
{
    if (!node || !(node->flags & BLOCK_OPEN_INACTIVE)) {
        return true;
    }
    if (!activate(node->file, errp) || !activate(node->backing, errp)) {
        return false;
    }
    if (node->driver->activate && !node->driver->activate(node, errp)) {
        error_prepend(errp, "%s: ", node->filename);
        return false;
    }
    node->flags &= ~(unsigned)BLOCK_OPEN_INACTIVE;
    return true;
}

bool block_activate_all(GError **errp)
{
    BlockRegistry *registry = block_registry();

    registry->incoming = false;
    for (guint i = 0; i < registry->nodes->len; i++) {
        if (!activate(g_ptr_array_index(registry->nodes, i), errp)) {
            return false;
        }
    }
    return true;
}

void block_cleanup(void)
{
    BlockRegistry *registry = block_registry();

    block_aio_cleanup();
    block_backend_cleanup();
    for (guint i = 0; i < registry->nodes->len;) {
        BlockNode *node = g_ptr_array_index(registry->nodes, i);

        if (node->monitor_owned) {
            node->monitor_owned = false;
            block_unref(node);
            i = 0;
        } else {
            i++;
        }
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a machine's stream: its head, then section after section until the end mark.
 *
 * A stream comes from an enemy until proved otherwise: each section is looked up in the registry,
 * its version compared, its footer checked, and every error names the section and the stream's
 * offset.
 */
#include "migration/savevm.h"

#include <inttypes.h>
#include <string.h>
#include "migration/commands.h"
#include "util/bswap.h"
#include "util/error.h"
#include "vmstate-internal.h"

#define MACHINE_NAME_MAX 256u
#define DESCRIPTION_MAX  (64u << 20)

typedef struct Load {
    StateStream *stream;
    const StateLoader *loader;
    GHashTable *sections;  /* the stream's section number -> StateEntry */
    GHashTable *versions;  /* the same -> version */
    bool packaged;         /* stream is a package inside another */
    bool tail;             /* stream is read while the guest runs */
    bool runs;             /* the guest runs: what is left of the stream is a tail's */
    bool listening;        /* there is a tail */
    StateStream *outer;    /* packaged: the stream around it */
} Load;

/* The part of a stream that is read while the guest runs. */
struct StateTail {
    Load load;
};

/* ---- Head ---- */

static bool load_capabilities(StateStream *s, const SavevmConfig *config, GError **errp)
{
    uint32_t count = state_get_be32(s);
    char name[256];

    for (uint32_t i = 0; i < count; i++) {
        if (!state_get_counted_string(s, name)) {
            return state_bad(s, errp, "bad capability");
        }
        if (!config->capabilities || !g_strv_contains(config->capabilities, name)) {
            return state_bad(s, errp, "Capability %s is on at the source, but not here", name);
        }
    }
    if (state_stream_has_error(s)) {
        return state_bad(s, errp, "bad capability");
    }
    for (const char *const *p = config->capabilities; p && *p; p++) {
        if (count < g_strv_length((char **)config->capabilities)) {
            return state_bad(s, errp, "Capability %s is on here, but not at the source", *p);
        }
    }
    return true;
}

static bool load_configuration(StateStream *s, const SavevmConfig *config, char **machine,
                               GError **errp)
{
    uint32_t size = state_get_be32(s);
    bool capabilities = false;
    uint8_t ahead[2 + 255];
    char name[256];

    if (!size || size > MACHINE_NAME_MAX) {
        return state_bad(s, errp, "the configuration's machine name has %u bytes", size);
    }
    *machine = g_malloc0(size + 1);
    if (!state_get_buffer(s, *machine, size)) {
        return state_bad(s, errp, "the configuration is cut off");
    }
    for (uint32_t i = 0; i < size; i++) {
        if (!g_ascii_isprint((*machine)[i])) {
            return state_bad(s, errp, "the configuration's machine name contains byte 0x%02x",
                       (uint8_t)(*machine)[i]);
        }
    }
    for (;;) {
        if (state_peek(s, ahead, 2) < 2 || ahead[0] != STATE_SECTION_SUBSECTION) {
            break;
        }
        state_get_byte(s);
        if (!state_get_counted_string(s, name)) {
            return state_bad(s, errp, "the configuration is cut off");
        }
        uint32_t version = state_get_be32(s);
        if (version == 1 && !strcmp(name, "configuration/capabilities")) {
            capabilities = true;
            if (!load_capabilities(s, config, errp)) {
                return false;
            }
        } else if (version == 1 && !strcmp(name, "configuration/target-page-bits")) {
            uint32_t bits = state_get_be32(s);
            if (bits != 12) {
                return state_bad(s, errp, "the source's pages have %u bits, these 12", bits);
            }
        } else if (version == 1 && !strcmp(name, "configuration/uuid")) {
            state_skip(s, 16);
        } else {
            return state_bad(s, errp, "configuration: unknown subsection '%s' version %u", name,
                             version);
        }
    }
    if (!capabilities && config->capabilities && config->capabilities[0]) {
        return state_bad(s, errp, "Capability %s is on here, but not at the source",
                         config->capabilities[0]);
    }
    return state_stream_has_error(s) ? state_bad(s, errp, "the configuration is cut off") : true;
}

char *state_read_head(StateStream *s, const SavevmConfig *config, GError **errp)
{
    g_autofree char *machine = NULL;
    uint32_t magic = state_get_be32(s), version = state_get_be32(s);

    if (magic != STATE_FILE_MAGIC) {
        state_bad(s, errp, "this is no state of a machine: it begins with 0x%08x", magic);
        return NULL;
    }
    if (version != STATE_FILE_VERSION) {
        state_bad(s, errp, "the stream's version %u is not supported (%u)", version,
                  STATE_FILE_VERSION);
        return NULL;
    }
    uint8_t kind = state_get_byte(s);
    if (kind != STATE_SECTION_CONFIGURATION) {
        state_bad(s, errp, "a configuration section is missing (found 0x%02x)", kind);
        return NULL;
    }
    if (!load_configuration(s, config, &machine, errp)) {
        return NULL;
    }
    return g_steal_pointer(&machine);
}

/* ---- Sections ---- */

static void lock(const StateLoader *loader)
{
    if (loader->lock) {
        loader->lock(loader->opaque);
    }
}

static void unlock(const StateLoader *loader)
{
    if (loader->unlock) {
        loader->unlock(loader->opaque);
    }
}

static bool load_body(Load *load, const StateEntry *entry, int version, GError **errp)
{
    bool ok;

    if (entry->vmsd) {
        lock(load->loader);
        ok = vmstate_load(load->stream, entry->vmsd, entry->opaque, version, errp);
        unlock(load->loader);
    } else {
        ok = entry->handlers->load(load->stream, entry->opaque, version, errp);
    }
    if (!ok) {
        if (errp && !*errp) {
            state_bad(load->stream, errp, "it cannot be loaded");
        }
        error_prepend(errp, "error while loading state for instance 0x%x of device '%s': ",
                      entry->instance_id, entry->idstr);
        return false;
    }
    return true;
}

static bool load_footer(Load *load, uint32_t section_id, const StateEntry *entry, GError **errp)
{
    uint8_t kind = state_get_byte(load->stream);
    uint32_t id = kind == STATE_SECTION_FOOTER ? state_get_be32(load->stream) : 0;

    if (kind != STATE_SECTION_FOOTER) {
        return state_bad(load->stream, errp,
                         "the footer of section '%s' is missing (found 0x%02x): damage, or "
                         "other devices or -smp at the source",
                         entry->idstr, kind);
    }
    if (id != section_id) {
        return state_bad(load->stream, errp, "the footer of section '%s' has number %u, not %u",
                         entry->idstr, id, section_id);
    }
    return true;
}

static bool load_start(Load *load, StateSectionKind kind, GError **errp)
{
    StateStream *s = load->stream;
    StateSectionHead head;

    if (!state_read_section_head(s, load->loader->registry, &head, errp)) {
        return false;
    }
    StateEntry *entry = head.entry;
    const char *idstr = head.idstr;
    uint32_t section_id = head.section_id, version = head.version;
    if (load->tail || (load->listening && kind == STATE_SECTION_START)) {
        return state_bad(s, errp, "section '%s' begins when postcopy has begun", idstr);
    }
    if ((kind == STATE_SECTION_START) != (entry->handlers != NULL)) {
        return state_bad(s, errp, "section '%s' is of the wrong kind 0x%02x", idstr, kind);
    }
    if (g_hash_table_contains(load->sections, GUINT_TO_POINTER(section_id))) {
        return state_bad(s, errp, "section number %u ('%s') comes twice", section_id, idstr);
    }
    g_hash_table_insert(load->sections, GUINT_TO_POINTER(section_id), entry);
    g_hash_table_insert(load->versions, GUINT_TO_POINTER(section_id), GUINT_TO_POINTER(version));
    return load_body(load, entry, (int)version, errp) && load_footer(load, section_id, entry, errp);
}

static bool load_part(Load *load, GError **errp)
{
    uint32_t section_id = state_get_be32(load->stream);
    const StateEntry *entry = g_hash_table_lookup(load->sections, GUINT_TO_POINTER(section_id));

    if (!entry || !entry->handlers) {
        return state_bad(load->stream, errp, "a part of section number %u, which has not begun",
                         section_id);
    }
    /* One thread reads the package, another what goes on: neither may take the other's. */
    if (load->listening || (load->tail && !entry->handlers->goes_on_in_postcopy)) {
        return state_bad(load->stream, errp, "a part of section '%s' when postcopy has begun",
                         entry->idstr);
    }
    int version =
        (int)GPOINTER_TO_UINT(g_hash_table_lookup(load->versions, GUINT_TO_POINTER(section_id)));
    return load_body(load, entry, version, errp) && load_footer(load, section_id, entry, errp);
}

static bool load_sections(Load *load, GError **errp);

/* A package: so many bytes of a stream within the stream, whose rest must not be read before they
 * are there. */
static bool load_package(Load *load, const uint8_t *data, uint16_t size, GError **errp)
{
    uint32_t length = size == 4 ? ldl_be_p(data) : 0;

    if (load->packaged || !length || length > STATE_PACKAGE_MAX) {
        return state_bad(load->stream, errp, "a package of %u bytes", length);
    }
    g_autofree uint8_t *bytes = g_try_malloc(length);
    if (!bytes) {
        return state_bad(load->stream, errp, "there is no memory for a package of %u bytes",
                         length);
    }
    if (!state_get_buffer(load->stream, bytes, length)) {
        return state_bad(load->stream, errp, "a package is cut off");
    }
    Load inner = {.stream = state_stream_new_reader(bytes, length), .loader = load->loader,
                  .sections = load->sections, .versions = load->versions, .packaged = true,
                  .outer = load->stream};
    bool ok = load_sections(&inner, errp);
    load->runs = inner.runs;
    load->listening = inner.listening;
    if (ok && inner.listening && !inner.runs) {
        /* The rest of our stream is somebody else's. */
        ok = state_bad(inner.stream, errp, "the package ends before the guest runs");
    }
    state_stream_free(inner.stream);
    return ok;
}

static void copy_pair(gpointer key, gpointer value, gpointer to)
{
    g_hash_table_insert(to, key, value);
}

static bool load_listen(Load *load, GError **errp)
{
    if (!load->packaged || load->listening) {
        return state_bad(load->stream, errp, "postcopy begins outside a package, or twice");
    }
    StateTail *tail = g_new0(StateTail, 1);
    /* Sections that come in the package are not the tail's. */
    tail->load = (Load){.stream = load->outer, .loader = load->loader, .tail = true,
                        .sections = g_hash_table_new(g_direct_hash, g_direct_equal),
                        .versions = g_hash_table_new(g_direct_hash, g_direct_equal)};
    g_hash_table_foreach(load->sections, copy_pair, tail->load.sections);
    g_hash_table_foreach(load->versions, copy_pair, tail->load.versions);
    load->listening = true;
    return load->loader->listen(load->loader->opaque, tail, errp);
}

static bool load_command(Load *load, GError **errp)
{
    StateStream *s = load->stream;
    uint16_t command = state_get_be16(s), size = state_get_be16(s);
    g_autofree uint8_t *data = g_malloc0(size + 1u);

    if (!state_get_buffer(s, data, size)) {
        return state_bad(s, errp, "command %u is cut off", command);
    }
    if (!load->loader->command) {
        return state_bad(s, errp, "command %u is not expected here", command);
    }
    if (load->tail &&
        (command == STATE_COMMAND_PACKAGED || command == STATE_COMMAND_POSTCOPY_LISTEN ||
         command == STATE_COMMAND_POSTCOPY_RUN)) {
        return state_bad(s, errp, "command %u when postcopy has begun", command);
    }
    if (load->loader->listen && command == STATE_COMMAND_PACKAGED) {
        return load_package(load, data, size, errp);
    }
    if (load->loader->listen && command == STATE_COMMAND_POSTCOPY_LISTEN) {
        return load_listen(load, errp);
    }
    load->runs = command == STATE_COMMAND_POSTCOPY_RUN;
    return load->loader->command(load->loader->opaque, command, data, size, errp);
}

/* Tools that stand between read the description, and so must we, or the sender sees a closed pipe.
 */
static void skip_description(StateStream *s)
{
    uint8_t kind;

    if (state_peek(s, &kind, 1) == 1 && kind == STATE_SECTION_VMDESCRIPTION) {
        state_get_byte(s);
        uint32_t size = state_get_be32(s);
        if (size <= DESCRIPTION_MAX) {
            state_skip(s, size);
        }
    }
}

static bool load_sections(Load *load, GError **errp)
{
    StateStream *s = load->stream;

    for (;;) {
        uint8_t kind = state_get_byte(s);
        bool ok;

        if (state_stream_has_error(s)) {
            return state_bad(s, errp, load->packaged ? "the package ends before the guest runs"
                                                     : "a section is missing");
        }
        switch (kind) {
        case STATE_SECTION_START:
        case STATE_SECTION_FULL:
            ok = load_start(load, kind, errp);
            break;
        case STATE_SECTION_END:
            if (!state_registry_source_stopped(load->loader->registry)) {
                state_registry_note_source_stopped(load->loader->registry, g_get_monotonic_time());
            }
            ok = load_part(load, errp);
            break;
        case STATE_SECTION_PART:
            ok = load_part(load, errp);
            break;
        case STATE_SECTION_COMMAND:
            ok = load_command(load, errp);
            break;
        case STATE_SECTION_EOF:
            return true;
        default:
            return state_bad(s, errp, "unknown kind of section 0x%02x", kind);
        }
        if (!ok) {
            return false;
        }
        if (load->runs) {
            return true;
        }
    }
}

typedef void HandlerFn(const StateEntry *entry);

static void cleanup(const StateEntry *entry)
{
    if (entry->handlers->load_cleanup) {
        entry->handlers->load_cleanup(entry->opaque);
    }
}

static void cleanup_in_postcopy(const StateEntry *entry)
{
    if (!entry->handlers->goes_on_in_postcopy) {
        cleanup(entry);
    }
}

static void cleanup_after_postcopy(const StateEntry *entry)
{
    if (entry->handlers->goes_on_in_postcopy) {
        cleanup(entry);
    }
}

static void foreach_handlers(StateRegistry *registry, HandlerFn *fn)
{
    const GPtrArray *entries = state_registry_entries(registry);

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (entry->handlers) {
            fn(entry);
        }
    }
}

static bool setup(StateRegistry *registry, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(registry);

    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *entry = g_ptr_array_index(entries, i);
        if (entry->handlers && entry->handlers->load_setup &&
            !entry->handlers->load_setup(entry->opaque, errp)) {
            error_prepend(errp, "'%s': ", entry->idstr);
            return false;
        }
    }
    return true;
}

/* A device whose state did not come would go on from its reset: a machine with fewer devices or
 * processors sent it, or the stream is damaged. */
static bool check_all_came(Load *load, GError **errp)
{
    const GPtrArray *entries = state_registry_entries(load->loader->registry);
    g_autoptr(GHashTable) came = g_hash_table_new(g_direct_hash, g_direct_equal);
    GHashTableIter iter;
    gpointer entry;

    g_hash_table_iter_init(&iter, load->sections);
    while (g_hash_table_iter_next(&iter, NULL, &entry)) {
        g_hash_table_add(came, entry);
    }
    for (unsigned i = 0; i < entries->len; i++) {
        const StateEntry *e = g_ptr_array_index(entries, i);
        bool optional = (e->vmsd ? e->vmsd->needed != NULL : e->handlers->is_active != NULL) ||
                        state_registry_is_optional(load->loader->registry, e->idstr);

        if (!optional && !g_hash_table_contains(came, e)) {
            return state_bad(
                load->stream, errp,
                "section '%s' instance 0x%x is missing: both sides need the same devices and -smp",
                e->idstr, e->instance_id);
        }
    }
    return true;
}

bool state_load(StateStream *s, const StateLoader *loader, GError **errp)
{
    Load load = {.stream = s, .loader = loader};
    g_autofree char *machine = state_read_head(s, loader->config, errp);

    if (!machine) {
        return false;
    }
    if (strcmp(machine, loader->config->machine)) {
        return state_bad(s, errp, "Machine type received is '%s' and local is '%s'", machine,
                   loader->config->machine);
    }
    state_registry_note_source_stopped(loader->registry, 0);
    load.sections = g_hash_table_new(g_direct_hash, g_direct_equal);
    load.versions = g_hash_table_new(g_direct_hash, g_direct_equal);
    bool ok =
        setup(loader->registry, errp) && load_sections(&load, errp) && check_all_came(&load, errp);
    lock(loader);
    foreach_handlers(loader->registry, load.listening ? cleanup_in_postcopy : cleanup);
    unlock(loader);
    if (ok && !load.runs) {
        skip_description(s);
    }
    g_hash_table_unref(load.sections);
    g_hash_table_unref(load.versions);
    return ok;
}

bool state_load_tail(StateTail *tail, GError **errp)
{
    const StateLoader *loader = tail->load.loader;
    bool ok = load_sections(&tail->load, errp);

    if (ok) {
        lock(loader);
        foreach_handlers(loader->registry, cleanup_after_postcopy);
        unlock(loader);
    }
    return ok;
}

void state_tail_free(StateTail *tail)
{
    g_hash_table_unref(tail->load.sections);
    g_hash_table_unref(tail->load.versions);
    g_free(tail);
}

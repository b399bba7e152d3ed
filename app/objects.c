/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -object: memory back ends that the machine's RAM is made of, and secrets, which are accepted so that
 * management programs can pass the one they always make (nothing here reads one yet).
 */
#include <string.h>
#include "app.h"
#include "monitor/commands.h"
#include "util/error.h"
#include "util/options.h"

static const OptionDesc ram_rows[] = {
    {"size", OPTION_SIZE, "bytes", NULL},
    {"share", OPTION_BOOL, "map shared", NULL},
    {"prealloc", OPTION_BOOL, "touch all of it at the start", NULL},
    {"merge", OPTION_BOOL, "accepted", NULL},
    {"dump", OPTION_BOOL, "accepted", NULL},
    {"mem-path", OPTION_STRING, "file or directory (memory-backend-file)", NULL},
    {0},
};
static const OptionDesc secret_rows[] = {
    {"data", OPTION_STRING, "the secret", NULL},   {"file", OPTION_STRING, "file that holds it", NULL},
    {"format", OPTION_STRING, "raw or base64", NULL}, {"keyid", OPTION_STRING, "key", NULL},
    {"iv", OPTION_STRING, "initial vector", NULL}, {0},
};

static const struct ObjectKind {
    const char *name;
    OptionListDesc list;
    bool memory;
} kinds[] = {
    {"memory-backend-ram", {.name = "object", .desc = ram_rows}, true},
    {"memory-backend-file", {.name = "object", .desc = ram_rows}, true},
    {"secret", {.name = "object", .desc = secret_rows}, false},
};

static Options *parse(const char *text, const struct ObjectKind **kind, GError **errp)
{
    g_autofree char *name = NULL;
    g_autoptr(GString) plain = g_string_new(NULL);
    const char *names[G_N_ELEMENTS(kinds) + 1] = {NULL};
    const char *near;

    if (*text == '{') {
        json_error_t why;
        json_t *value = json_loads(text, 0, &why);
        bool good;

        if (!value) {
            error_setg(errp, "JSON parse error, %s", why.text);
            return NULL;
        }
        good = monitor_options_from_json(value, "qom-type", plain, errp);
        json_decref(value);
        if (!good) {
            return NULL;
        }
        text = plain->str;
    }
    text = options_next_item(text, &name);
    if (g_str_has_prefix(name, "qom-type=")) {
        memmove(name, name + 9, strlen(name + 9) + 1);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        names[i] = kinds[i].name;
        if (!strcmp(kinds[i].name, name)) {
            Options *options;

            *kind = &kinds[i];
            options = options_parse(&kinds[i].list, text ? text : "", errp);
            if (options && !options->id) {
                error_setg(errp, "Parameter 'id' is missing");
                g_clear_pointer(&options, options_free);
            }
            return options;
        }
    }
    near = nearest_name(name, names);
    error_setg(errp, "invalid object type: %s%s%s%s", name, near ? " (did you mean '" : "", near ? near : "",
               near ? "'?)" : "");
    return NULL;
}

static bool use_memory(MachineState *machine, const Options *options, GError **errp)
{
    uint64_t size = options_get_size(options, "size", 0);
    const char *path = options_get(options, "mem-path");

    if (size != machine->ram_size) {
        error_setg(errp, "size of memory backend '%s' (0x%" PRIx64 ") and of the machine's memory (-m, 0x%" PRIx64
                         ") differ", options->id, size, machine->ram_size);
        return false;
    }
    if (path) {
        g_free(machine->memory_path);
        machine->memory_path = g_strdup(path);
    }
    machine->memory_shared = options_get_bool(options, "share", machine->memory_shared);
    machine->memory_prealloc = options_get_bool(options, "prealloc", machine->memory_prealloc);
    return true;
}

bool app_apply_objects(AppConfig *config, MachineState *machine, GError **errp)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    bool used = false;

    for (guint i = 0; i < config->objects->len; i++) {
        const char *text = g_ptr_array_index(config->objects, i);
        const struct ObjectKind *kind = NULL;
        Options *options = parse(text, &kind, errp);
        bool good = options != NULL;

        if (good && g_ptr_array_find_with_equal_func(ids, options->id, g_str_equal, NULL)) {
            error_setg(errp, "attempt to add duplicate property '%s' to object (type 'container')", options->id);
            good = false;
        }
        if (good) {
            g_ptr_array_add(ids, g_strdup(options->id));
        }
        if (good && kind->memory && !g_strcmp0(machine->memory_backend, options->id)) {
            good = use_memory(machine, options, errp);
            used = true;
        }
        if (options) {
            options_free(options);
        }
        if (!good) {
            g_prefix_error(errp, "-object %s: ", text);
            return false;
        }
    }
    if (machine->memory_backend && *machine->memory_backend && !used) {
        error_setg(errp, "Memory backend '%s' not found", machine->memory_backend);
        return false;
    }
    return true;
}

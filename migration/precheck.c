/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be known about a stream before anything of the machine is given up for it: whose it is,
 * the first parts of its iterative sections (sizes of RAM), and from the JSON description at its
 * end whether this machine has every section in that version.
 *
 * Left out: the values of fields. A capability that does not fit is found only by loading.
 */
#include "migration/savevm.h"

#include <inttypes.h>
#include <string.h>
#include "util/error.h"
#include "vmstate-internal.h"

/* One start section. *done: what comes next cannot be looked at. */
static bool check_start(StateStream *s, const StateLoader *loader, bool *done, GError **errp)
{
    StateSectionHead head;

    state_get_byte(s);
    if (!state_read_section_head(s, loader->registry, &head, errp)) {
        return false;
    }
    const StateEntry *entry = head.entry;
    const char *idstr = head.idstr;
    if (!entry->handlers) {
        return state_bad(s, errp, "section '%s' is of the wrong kind", idstr);
    }
    if (!entry->handlers->check) {
        *done = true;
        return true;
    }
    if (!entry->handlers->check(s, entry->opaque, (int)head.version, errp)) {
        error_prepend(errp, "section '%s': ", idstr);
        return false;
    }
    uint8_t foot = state_get_byte(s);
    uint32_t number = state_get_be32(s);
    if (foot != STATE_SECTION_FOOTER || number != head.section_id) {
        return state_bad(s, errp, "the footer of section '%s' is missing", idstr);
    }
    return true;
}

bool state_check_head(StateStream *s, const StateLoader *loader, GError **errp)
{
    g_autofree char *machine = state_read_head(s, loader->config, errp);
    bool done = false;
    uint8_t kind;

    if (!machine) {
        return false;
    }
    if (strcmp(machine, loader->config->machine)) {
        return state_bad(s, errp, "Machine type received is '%s' and local is '%s'", machine,
                         loader->config->machine);
    }
    while (!done && state_peek(s, &kind, 1) == 1 && kind == STATE_SECTION_START) {
        if (!check_start(s, loader, &done, errp)) {
            return false;
        }
    }
    return true;
}

/* The JSON of `size` bytes at the end of `tail`, NULL: not there. */
static json_t *find_description(const uint8_t *tail, size_t size)
{
    for (size_t at = size; at-- > 0;) {
        size_t left = size - at;

        if (tail[at] == STATE_SECTION_VMDESCRIPTION && left > 6 && tail[at + 5] == '{') {
            size_t length =
                (size_t)tail[at + 1] << 24 | tail[at + 2] << 16 | tail[at + 3] << 8 | tail[at + 4];

            if (length == left - 5) {
                return json_loadb((const char *)tail + at + 5, length, 0, NULL);
            }
        }
    }
    return NULL;
}

bool state_check_tail(const uint8_t *tail, size_t size, const StateLoader *loader, bool *found,
                      GError **errp)
{
    json_t *description = find_description(tail, size), *row;
    bool good = true;
    size_t i;

    *found = description != NULL;
    json_array_foreach(json_object_get(description, "devices"), i, row) {
        const char *name = json_string_value(json_object_get(row, "name"));
        json_int_t instance = json_integer_value(json_object_get(row, "instance_id"));
        json_int_t version = json_integer_value(json_object_get(row, "version"));

        if (name && version >= 0 && version <= INT32_MAX &&
            !state_find_section(loader->registry, name, (uint32_t)instance, (uint32_t)version,
                                errp)) {
            good = false;
            break;
        }
    }
    json_decref(description);
    return good;
}

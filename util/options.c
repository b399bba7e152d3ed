/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option strings: key=value lists, checked against tables, and the nearest name for a wrong one.
 */
#include "util/options.h"

#include <string.h>
#include "util/cutils.h"
#include "util/error.h"

unsigned edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned *rows, *before, *last, *now, distance;

    if (n > 255 || m > 255) {
        return UINT32_MAX;
    }
    rows = g_new(unsigned, 3 * (m + 1));
    before = rows;
    last = rows + (m + 1);
    now = rows + 2 * (m + 1);
    for (size_t j = 0; j <= m; j++) {
        last[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= n; i++) {
        unsigned *free_row = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

            best = MIN(best, last[j] + 1);
            best = MIN(best, now[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = MIN(best, before[j - 2] + 1);
            }
            now[j] = best;
        }
        before = last;
        last = now;
        now = free_row;
    }
    distance = last[m];
    g_free(rows);
    return distance;
}

const char *nearest_name(const char *name, const char *const *candidates)
{
    unsigned limit = MAX(1u, (unsigned)strlen(name) / 3);
    char *lower = g_ascii_strdown(name, -1);
    const char *best = NULL;

    for (; *candidates; candidates++) {
        char *candidate = g_ascii_strdown(*candidates, -1);
        unsigned distance = edit_distance(lower, candidate);

        if (distance <= limit && (!best || distance < limit)) {
            best = *candidates;
            limit = distance;
        }
        g_free(candidate);
    }
    g_free(lower);
    return best;
}

const char *options_next_item(const char *text, char **item)
{
    GString *s = g_string_new(NULL);

    while (*text) {
        if (*text == ',') {
            if (text[1] != ',') {
                break;
            }
            text++;
        }
        g_string_append_c(s, *text++);
    }
    *item = g_string_free(s, false);
    return *text ? text + 1 : text;
}

bool options_wants_help(const char *text)
{
    bool wants = false;

    while (*text && !wants) {
        char *item;

        text = options_next_item(text, &item);
        wants = !strcmp(item, "help") || !strcmp(item, "?");
        g_free(item);
    }
    return wants;
}

static void clear_option(gpointer data)
{
    Option *option = data;

    g_free(option->name);
    g_free(option->value);
}

Options *options_new(const OptionListDesc *list)
{
    Options *options = g_new0(Options, 1);

    options->list = list;
    options->items = g_array_new(false, false, sizeof(Option));
    g_array_set_clear_func(options->items, clear_option);
    return options;
}

void options_free(Options *options)
{
    if (options) {
        g_array_unref(options->items);
        g_free(options->id);
        g_free(options);
    }
}

static const OptionDesc *find_desc(const OptionListDesc *list, const char *name)
{
    for (const OptionDesc *desc = list->desc; desc && desc->name; desc++) {
        if (!strcmp(desc->name, name)) {
            return desc;
        }
    }
    return NULL;
}

static bool accepts_any(const OptionListDesc *list)
{
    return !list->desc || !list->desc[0].name;
}

static void unknown_name(const OptionListDesc *list, const char *name, GError **errp)
{
    GPtrArray *names = g_ptr_array_new();
    const char *near;

    for (const OptionDesc *desc = list->desc; desc && desc->name; desc++) {
        g_ptr_array_add(names, (gpointer)desc->name);
    }
    g_ptr_array_add(names, NULL);
    near = nearest_name(name, (const char *const *)names->pdata);
    error_set(errp, GOSSAMER_ERROR_INVALID, "%s: invalid parameter '%s'%s%s%s", list->name, name,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    g_ptr_array_unref(names);
}

static bool check_value(const OptionListDesc *list, const OptionDesc *desc, const char *value,
                        GError **errp)
{
    uint64_t number;
    bool flag;

    switch (desc->type) {
    case OPTION_BOOL:
        if (!parse_bool(value, &flag)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "%s: parameter '%s' expects 'on' or 'off', not '%s'", list->name, desc->name,
                      value);
            return false;
        }
        return true;
    case OPTION_NUMBER:
        if (!parse_uint64(value, 0, &number)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "%s: parameter '%s' expects a number, not '%s'",
                      list->name, desc->name, value);
            return false;
        }
        return true;
    case OPTION_SIZE:
        if (!parse_size(value, 'B', &number, NULL)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "%s: parameter '%s' expects a size (a number, with K, M, G or T), not '%s'",
                      list->name, desc->name, value);
            return false;
        }
        return true;
    default:
        return true;
    }
}

/* Letters first, then letters, digits, '-', '.', '_'. */
static bool id_well_formed(const char *id)
{
    if (!g_ascii_isalpha(*id)) {
        return false;
    }
    for (id++; *id; id++) {
        if (!g_ascii_isalnum(*id) && !strchr("-._", *id)) {
            return false;
        }
    }
    return true;
}

bool options_set(Options *options, const char *name, const char *value, GError **errp)
{
    const OptionDesc *desc = find_desc(options->list, name);
    Option option;

    if (!desc && !strcmp(name, "id")) {
        if (!id_well_formed(value)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "%s: parameter 'id' expects a letter, then letters, digits, '-', '.' or '_', "
                      "not '%s'",
                      options->list->name, value);
            return false;
        }
        g_free(options->id);
        options->id = g_strdup(value);
        return true;
    }
    if (!desc && !accepts_any(options->list)) {
        unknown_name(options->list, name, errp);
        return false;
    }
    if (desc && !check_value(options->list, desc, value, errp)) {
        return false;
    }
    option.name = g_strdup(name);
    option.value = g_strdup(value);
    g_array_append_val(options->items, option);
    return true;
}

/* An item without "=": a flag, its negation, or a mistake. */
static bool set_bare(Options *options, const char *item, GError **errp)
{
    const OptionListDesc *list = options->list;
    const OptionDesc *desc = find_desc(list, item), *negated = NULL;

    if (!desc && !strncmp(item, "no", 2)) {
        negated = find_desc(list, item + 2);
    }
    if (negated && negated->type == OPTION_BOOL) {
        return options_set(options, negated->name, "off", errp);
    }
    if (desc && desc->type != OPTION_BOOL) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "%s: expected '=' after parameter '%s'", list->name,
                  item);
        return false;
    }
    return options_set(options, item, "on", errp);
}

bool options_parse_into(Options *options, const char *text, GError **errp)
{
    bool first = true, ok = true;

    while (*text && ok) {
        char *item, *equals;

        text = options_next_item(text, &item);
        equals = strchr(item, '=');
        if (equals && equals != item) {
            *equals = '\0';
            ok = options_set(options, item, equals + 1, errp);
        } else if (equals) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "%s: no parameter name before '%s'",
                      options->list->name, item);
            ok = false;
        } else if (first && options->list->implied_key) {
            ok = options_set(options, options->list->implied_key, item, errp);
        } else if (*item) {
            ok = set_bare(options, item, errp);
        }
        first = false;
        g_free(item);
    }
    return ok;
}

Options *options_parse(const OptionListDesc *list, const char *text, GError **errp)
{
    Options *options = options_new(list);

    if (!options_parse_into(options, text, errp)) {
        options_free(options);
        return NULL;
    }
    return options;
}

static const char *given(const Options *options, const char *name)
{
    for (unsigned i = options->items->len; i-- > 0;) {
        const Option *option = &g_array_index(options->items, Option, i);

        if (!strcmp(option->name, name)) {
            return option->value;
        }
    }
    return NULL;
}

bool options_has(const Options *options, const char *name)
{
    return given(options, name) != NULL;
}

const char *options_get(const Options *options, const char *name)
{
    const char *value = given(options, name);
    const OptionDesc *desc = value ? NULL : find_desc(options->list, name);

    if (!value && !strcmp(name, "id")) {
        return options->id;
    }
    return value ? value : desc ? desc->default_value : NULL;
}

bool options_get_bool(const Options *options, const char *name, bool otherwise)
{
    const char *value = options_get(options, name);
    bool flag;

    return value && parse_bool(value, &flag) ? flag : otherwise;
}

uint64_t options_get_number(const Options *options, const char *name, uint64_t otherwise)
{
    const char *value = options_get(options, name);
    uint64_t number;

    return value && parse_uint64(value, 0, &number) ? number : otherwise;
}

uint64_t options_get_size(const Options *options, const char *name, uint64_t otherwise)
{
    const char *value = options_get(options, name);
    uint64_t size;

    return value && parse_size(value, 'B', &size, NULL) ? size : otherwise;
}

char *options_take(Options *options, const char *name)
{
    char *value = g_strdup(given(options, name));

    for (unsigned i = options->items->len; i-- > 0;) {
        if (!strcmp(g_array_index(options->items, Option, i).name, name)) {
            g_array_remove_index(options->items, i);
        }
    }
    return value;
}

bool options_foreach(const Options *options,
                     bool (*fn)(void *opaque, const char *name, const char *value, GError **errp),
                     void *opaque, GError **errp)
{
    for (unsigned i = 0; i < options->items->len; i++) {
        const Option *option = &g_array_index(options->items, Option, i);

        if (!fn(opaque, option->name, option->value, errp)) {
            return false;
        }
    }
    return true;
}

char *options_help(const OptionListDesc *list)
{
    static const char *const types[] = {[OPTION_STRING] = "str",
                                        [OPTION_BOOL] = "bool (on/off)",
                                        [OPTION_NUMBER] = "num",
                                        [OPTION_SIZE] = "size"};
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s options:\n", list->name);
    for (const OptionDesc *desc = list->desc; desc && desc->name; desc++) {
        g_string_append_printf(out, "  %s=<%s>", desc->name, types[desc->type]);
        if (desc->help) {
            g_string_append_printf(out, " - %s", desc->help);
        }
        if (desc->default_value) {
            g_string_append_printf(out, " (default: %s)", desc->default_value);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, false);
}

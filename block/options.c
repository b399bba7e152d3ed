/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option sets of block nodes. */
#include <string.h>
#include "block/options.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/options.h"

#define MAX_DEPTH 64 /* of nested JSON */

typedef struct Item {
    char *key, *value;
} Item;

struct BlockOptions {
    GArray *items; /* Item; few, so a list does */
};

static void item_clear(gpointer data)
{
    Item *item = data;

    g_free(item->key);
    g_free(item->value);
}

BlockOptions *block_options_new(void)
{
    BlockOptions *options = g_new0(BlockOptions, 1);

    options->items = g_array_new(FALSE, TRUE, sizeof(Item));
    g_array_set_clear_func(options->items, item_clear);
    return options;
}

void block_options_free(BlockOptions *options)
{
    if (options) {
        g_array_unref(options->items);
        g_free(options);
    }
}

BlockOptions *block_options_copy(const BlockOptions *options)
{
    BlockOptions *copy = block_options_new();

    for (guint i = 0; i < options->items->len; i++) {
        const Item *item = &g_array_index(options->items, Item, i);

        block_options_set(copy, item->key, item->value);
    }
    return copy;
}

static int find(const BlockOptions *options, const char *key)
{
    for (guint i = 0; i < options->items->len; i++) {
        if (!strcmp(g_array_index(options->items, Item, i).key, key)) {
            return (int)i;
        }
    }
    return -1;
}

void block_options_set(BlockOptions *options, const char *key, const char *value)
{
    int index = find(options, key);

    if (!value) {
        if (index >= 0) {
            g_array_remove_index(options->items, (guint)index);
        }
    } else if (index >= 0) {
        char **old = &g_array_index(options->items, Item, index).value;
        char *copy = g_strdup(value);

        g_free(*old);
        *old = copy;
    } else {
        Item item = {g_strdup(key), g_strdup(value)};

        g_array_append_val(options->items, item);
    }
}

void block_options_set_default(BlockOptions *options, const char *key, const char *value)
{
    if (find(options, key) < 0) {
        block_options_set(options, key, value);
    }
}

const char *block_options_get(const BlockOptions *options, const char *key)
{
    int index = find(options, key);

    return index < 0 ? NULL : g_array_index(options->items, Item, index).value;
}

char *block_options_take(BlockOptions *options, const char *key)
{
    int index = find(options, key);
    char *value;

    if (index < 0) {
        return NULL;
    }
    value = g_steal_pointer(&g_array_index(options->items, Item, index).value);
    g_array_remove_index(options->items, (guint)index);
    return value;
}

bool block_options_take_bool(BlockOptions *options, const char *key, bool *value, GError **errp)
{
    g_autofree char *text = block_options_take(options, key);

    if (text && !parse_bool(text, value)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' expects 'on' or 'off'", key);
        return false;
    }
    return true;
}

bool block_options_take_size(BlockOptions *options, const char *key, uint64_t *value, GError **errp)
{
    g_autofree char *text = block_options_take(options, key);

    if (text && !parse_size(text, 'B', value, NULL)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' expects a size, not '%s'", key,
                  text);
        return false;
    }
    return true;
}

bool block_options_take_enum(BlockOptions *options, const char *key, const char *const *names,
                             int *value, GError **errp)
{
    g_autofree char *text = block_options_take(options, key);
    g_autofree char *list = NULL;

    if (!text) {
        return true;
    }
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], text)) {
            *value = i;
            return true;
        }
    }
    list = g_strjoinv(", ", (char **)names);
    error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' does not accept value '%s' (one of %s)",
              key, text, list);
    return false;
}

BlockOptions *block_options_take_prefix(BlockOptions *options, const char *prefix)
{
    BlockOptions *result = block_options_new();
    size_t length = strlen(prefix);

    for (guint i = 0; i < options->items->len;) {
        Item *item = &g_array_index(options->items, Item, i);

        if (!strncmp(item->key, prefix, length) && item->key[length] == '.') {
            block_options_set(result, item->key + length + 1, item->value);
            g_array_remove_index(options->items, i);
        } else {
            i++;
        }
    }
    return result;
}

bool block_options_is_empty(const BlockOptions *options)
{
    return options->items->len == 0;
}

const char *block_options_first_key(const BlockOptions *options)
{
    return options->items->len ? g_array_index(options->items, Item, 0).key : NULL;
}

BlockOptions *block_options_parse(const char *text, const char *implied, GError **errp)
{
    BlockOptions *options = block_options_new();
    bool first = true;

    while (text && *text) {
        g_autofree char *item = NULL;
        char *equals;

        text = options_next_item(text, &item);
        equals = strchr(item, '=');
        if (equals) {
            *equals = 0;
            block_options_set(options, item, equals + 1);
        } else if (first && implied) {
            block_options_set(options, implied, item);
        } else if (!strncmp(item, "no", 2) && item[2]) {
            block_options_set(options, item + 2, "off");
        } else if (*item) {
            block_options_set(options, item, "on");
        }
        first = false;
    }
    return options;
}

static bool flatten(BlockOptions *options, const char *key, json_t *value, unsigned depth,
                    GError **errp)
{
    const char *name;
    json_t *member;
    size_t index;

    if (depth > MAX_DEPTH) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' is nested too deeply", key);
        return false;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach (value, name, member) {
            g_autofree char *full = key ? g_strconcat(key, ".", name, NULL) : g_strdup(name);

            if (!flatten(options, full, member, depth + 1, errp)) {
                return false;
            }
        }
        return true;
    case JSON_ARRAY:
        json_array_foreach (value, index, member) {
            g_autofree char *full = g_strdup_printf("%s.%zu", key, index);

            if (!flatten(options, full, member, depth + 1, errp)) {
                return false;
            }
        }
        return true;
    case JSON_STRING:
        block_options_set(options, key, json_string_value(value));
        return true;
    case JSON_INTEGER: {
        g_autofree char *text = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));

        block_options_set(options, key, text);
        return true;
    }
    case JSON_TRUE:
    case JSON_FALSE:
        block_options_set(options, key, json_is_true(value) ? "on" : "off");
        return true;
    case JSON_NULL:
        /* "backing": null says that there shall be none. */
        block_options_set(options, key, "");
        return true;
    default:
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' is a fraction", key);
        return false;
    }
}

BlockOptions *block_options_from_json(json_t *object, GError **errp)
{
    BlockOptions *options = block_options_new();

    if (!json_is_object(object)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "a JSON object is expected");
    } else if (flatten(options, NULL, object, 0, errp)) {
        return options;
    }
    block_options_free(options);
    return NULL;
}

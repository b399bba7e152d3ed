/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON objects as the text of a command line's option. */
#include <string.h>
#include "monitor-private.h"
#include "util/error.h"

void monitor_append_escaped(GString *out, const char *text)
{
    for (; *text; text++) {
        if (*text == ',') {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, *text);
    }
}

static void append_value(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s%s=", out->len ? "," : "", key);
    monitor_append_escaped(out, value);
}

/* A string, an integer or a boolean. */
static bool append_plain(GString *out, const char *key, json_t *value, GError **errp)
{
    char number[24];

    switch (json_typeof(value)) {
    case JSON_STRING:
        append_value(out, key, json_string_value(value));
        return true;
    case JSON_INTEGER:
        g_snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        append_value(out, key, number);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        append_value(out, key, json_is_true(value) ? "on" : "off");
        return true;
    default:
        error_setg(errp, "Invalid parameter type for '%s', expected: string", key);
        return false;
    }
}

static bool good_key(const char *key, GError **errp)
{
    if (!*key || strpbrk(key, ",=") || !g_str_is_ascii(key)) {
        error_setg(errp, "Invalid parameter '%s'", key);
        return false;
    }
    return true;
}

bool monitor_options_from_json(json_t *object, const char *first, GString *out, GError **errp)
{
    const char *key;
    json_t *value;

    if (first && json_is_string(json_object_get(object, first))) {
        monitor_append_escaped(out, json_string_value(json_object_get(object, first)));
    }
    json_object_foreach(object, key, value) {
        if ((!first || strcmp(key, first)) &&
            (!good_key(key, errp) || !append_plain(out, key, value, errp))) {
            return false;
        }
    }
    return true;
}

/* {"a": {"b": 1}, "c": [{"str": "x"}, {"str": "y"}]} as "a.b=1,c=x,c=y". */
static bool flatten(const char *key, json_t *value, GString *out, GError **errp)
{
    const char *member;
    json_t *item;
    size_t index;

    if (*key && !good_key(key, errp)) {
        return false;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach(value, member, item) {
            g_autofree char *name = *key ? g_strdup_printf("%s.%s", key, member) : g_strdup(member);

            if (!flatten(name, item, out, errp)) {
                return false;
            }
        }
        return true;
    case JSON_ARRAY:
        json_array_foreach(value, index, item) {
            json_t *text = json_is_object(item) ? json_object_get(item, "str") : item;

            if (!json_is_string(text)) {
                error_setg(errp, "Invalid parameter type for '%s[%zu]', expected: string", key,
                           index);
                return false;
            }
            append_value(out, key, json_string_value(text));
        }
        return true;
    default:
        return append_plain(out, key, value, errp);
    }
}

bool monitor_netdev_from_json(json_t *object, GString *out, GError **errp)
{
    return flatten("", object, out, errp);
}

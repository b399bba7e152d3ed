/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP: JSON values in, answers and events out, lines ended by CR LF.  Values may come in any
 * pieces; several in one write are answered in order, and what was answered is sent even if the
 * peer has closed its sending side.
 */
#include <string.h>
#include "monitor-private.h"
#include "util/error.h"

#define QMP_MAX_VALUE (64u << 20)

json_t *qmp_timestamp(void)
{
    gint64 now = g_get_real_time();

    return json_pack("{s:I, s:I}", "seconds", (json_int_t)(now / 1000000), "microseconds",
                     (json_int_t)(now % 1000000));
}

void qmp_emit(Monitor *mon, json_t *value)
{
    char *text = json_dumps(value, mon->pretty ? JSON_INDENT(4) : 0);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *all = g_strjoinv("\r\n", lines);
    g_autofree char *whole = g_strconcat(all, "\r\n", NULL);

    monitor_write(mon, whole, strlen(whole));
    free(text);
}

static json_t *error_value(const char *class, const char *text)
{
    return json_pack("{s:{s:s, s:o}}", "error", "class", class, "desc", monitor_text(text));
}

static const QMPCommand *find(const char *name)
{
    GPtrArray *tables = monitor_registry()->qmp_tables;

    for (guint t = 0; t < tables->len; t++) {
        for (const QMPCommand *row = g_ptr_array_index(tables, t); row->name; row++) {
            if (!strcmp(row->name, name)) {
                return row;
            }
        }
    }
    return NULL;
}

QMPArgument qmp_argument(const char *text)
{
    QMPArgument a = {.name = text, .length = strcspn(text, ":?"), .any = !strcmp(text, "*")};

    if (text[a.length] == ':') {
        a.type = text[a.length + 1];
    }
    a.optional = a.any || strchr(text, '?');
    return a;
}

static const char *wrong_type(char type, const json_t *value)
{
    switch (type) {
    case 's':
        return json_is_string(value) ? NULL : "string";
    case 'i':
        return json_is_integer(value) ? NULL : "integer";
    case 'b':
        return json_is_boolean(value) ? NULL : "boolean";
    case 'o':
        return json_is_object(value) ? NULL : "object";
    case 'a':
        return json_is_array(value) ? NULL : "array";
    default:
        return NULL;
    }
}

/* Every given argument is known and of its type, every needed one is there. */
static bool check_arguments(const QMPCommand *row, json_t *arguments, GError **errp)
{
    static const char *const none[] = {NULL};
    const char *const *rows = row->arguments ? row->arguments : none;
    const char *key, *type;
    json_t *value;

    for (unsigned i = 0; rows[i]; i++) {
        QMPArgument a = qmp_argument(rows[i]);
        g_autofree char *name = g_strndup(a.name, a.length);

        value = json_object_get(arguments, name);
        if (!value && !a.optional) {
            error_setg(errp, "Parameter '%s' is missing", name);
            return false;
        }
        type = value ? wrong_type(a.type, value) : NULL;
        if (type) {
            error_setg(errp, "Invalid parameter type for '%s', expected: %s", name, type);
            return false;
        }
    }
    json_object_foreach(arguments, key, value) {
        bool known = false;

        for (unsigned i = 0; rows[i]; i++) {
            QMPArgument a = qmp_argument(rows[i]);

            known = known || a.any || (strlen(key) == a.length && !strncmp(a.name, key, a.length));
        }
        if (!known) {
            error_setg(errp, "Parameter '%s' is unexpected", key);
            return false;
        }
    }
    return true;
}

static const char *error_class(const GError *error)
{
    if (error->domain != QMP_ERROR) {
        return "GenericError";
    }
    switch (error->code) {
    case QMP_CLASS_DEVICE_NOT_FOUND:
        return "DeviceNotFound";
    case QMP_CLASS_DEVICE_NOT_ACTIVE:
        return "DeviceNotActive";
    default:
        return "CommandNotFound";
    }
}

/* qmp_capabilities: the only command before the session is open, and none after. */
static json_t *negotiate(Monitor *mon, json_t *arguments)
{
    json_t *enable = json_object_get(arguments, "enable"), *item;
    const char *key;
    size_t i;

    json_object_foreach(arguments, key, item) {
        if (strcmp(key, "enable")) {
            g_autofree char *text = g_strdup_printf("Parameter '%s' is unexpected", key);

            return error_value("GenericError", text);
        }
    }
    if (enable && !json_is_array(enable)) {
        return error_value("GenericError", "Invalid parameter type for 'enable', expected: array");
    }
    json_array_foreach(enable, i, item) {
        g_autofree char *text = g_strdup_printf(
            "Capability %s not available", json_is_string(item) ? json_string_value(item) : "");

        return error_value("GenericError", text);
    }
    mon->negotiated = true;
    return json_pack("{s:{}}", "return");
}

static json_t *execute(Monitor *mon, json_t *request)
{
    const char *key, *name = json_string_value(json_object_get(request, "execute"));
    json_t *value, *arguments, *result;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    const QMPCommand *row;

    if (!json_is_object(request)) {
        return error_value("GenericError", "QMP input must be a JSON object");
    }
    json_object_foreach(request, key, value) {
        if (strcmp(key, "execute") && strcmp(key, "arguments") &&
            strcmp(key, "id")) {
            text = g_strdup_printf("QMP input member '%s' is unexpected", key);
            return error_value("GenericError", text);
        }
    }
    if (!name) {
        return error_value("GenericError",
                           json_object_get(request, "execute")
                               ? "QMP input member 'execute' must be a string"
                               : "QMP input lacks member 'execute'");
    }
    arguments = json_object_get(request, "arguments");
    if (arguments && !json_is_object(arguments)) {
        return error_value("GenericError", "QMP input member 'arguments' must be an object");
    }
    if (!strcmp(name, "qmp_capabilities")) {
        if (mon->negotiated) {
            return error_value("CommandNotFound",
                               "Capabilities negotiation is already complete, command ignored");
        }
        return negotiate(mon, arguments);
    }
    if (!mon->negotiated) {
        return error_value("CommandNotFound",
                           "Expecting capabilities negotiation with 'qmp_capabilities'");
    }
    row = find(name);
    if (!row) {
        text = g_strdup_printf("The command %s has not been found", name);
        return error_value("CommandNotFound", text);
    }
    arguments = arguments ? json_incref(arguments) : json_object();
    monitor_registry()->current = mon;
    result = check_arguments(row, arguments, &error) ? row->fn(arguments, &error) : NULL;
    monitor_registry()->current = NULL;
    json_decref(arguments);
    if (!result) {
        return error_value(error ? error_class(error) : "GenericError",
                           error ? error->message : "failed");
    }
    value = json_object();
    json_object_set_new(value, "return", result);
    return value;
}

/* An integer of 2^63 or more, written as the negative number with the same 64 bits. */
static size_t copy_number(GString *out, const char *text, size_t size)
{
    char digits[24];
    size_t n = 0;
    guint64 value;

    while (n < size && g_ascii_isdigit(text[n])) {
        n++;
    }
    if (n >= 19 && n < sizeof(digits) && (n == size || !strchr(".eE", text[n])) &&
        (!out->len || out->str[out->len - 1] != '-')) {
        memcpy(digits, text, n);
        digits[n] = 0;
        if (g_ascii_string_to_unsigned(digits, 10, (guint64)G_MAXINT64 + 1, G_MAXUINT64, &value,
                                       NULL)) {
            g_string_append_printf(out, "%" G_GINT64_FORMAT, (gint64)value);
            return n;
        }
    }
    g_string_append_len(out, text, n);
    return n;
}

/* What QMP takes beyond the parser's JSON: strings in single quotes, and integers up to 2^64 - 1.
 */
static char *plain_json(const char *text, size_t size)
{
    GString *out = g_string_sized_new(size);
    char quote = 0;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (quote && c == '\\' && i + 1 < size) {
            c = text[++i];
            if (c != '\'') {
                g_string_append_c(out, '\\');
            }
            g_string_append_c(out, c);
        } else if (!quote && (c == '\'' || c == '"')) {
            quote = c;
            g_string_append_c(out, '"');
        } else if (!quote && g_ascii_isdigit(c)) {
            i += copy_number(out, text + i, size - i) - 1;
        } else if (quote && c == quote) {
            quote = 0;
            g_string_append_c(out, '"');
        } else if (quote == '\'' && c == '"') {
            g_string_append(out, "\\\"");
        } else {
            g_string_append_c(out, c);
        }
    }
    return g_string_free(out, FALSE);
}

static void value_complete(Monitor *mon)
{
    json_error_t why;
    g_autofree char *plain = plain_json(mon->in->str, mon->in->len);
    json_t *request = json_loads(plain, JSON_DECODE_ANY, &why), *answer;

    if (!request) {
        g_autofree char *text = g_strdup_printf("JSON parse error, %s", why.text);

        answer = error_value("GenericError", text);
    } else {
        json_t *id = json_object_get(request, "id");

        answer = execute(mon, request);
        if (id) {
            json_object_set(answer, "id", id);
        }
        json_decref(request);
    }
    qmp_emit(mon, answer);
    json_decref(answer);
    g_string_truncate(mon->in, 0);
}

/* Splits the stream at the ends of top-level values. */
void qmp_input(Monitor *mon, const uint8_t *data, int size)
{
    for (int i = 0; i < size; i++) {
        char c = data[i];

        if (mon->in->len == 0 && (g_ascii_isspace(c) || c == '\0')) {
            continue;
        }
        g_string_append_c(mon->in, c);
        if (mon->in->len > QMP_MAX_VALUE) {
            json_t *answer = error_value("GenericError", "JSON value too large");

            qmp_emit(mon, answer);
            json_decref(answer);
            g_string_truncate(mon->in, 0);
            mon->depth = 0;
            mon->quote = 0;
            continue;
        }
        if (mon->quote) {
            if (mon->escaped) {
                mon->escaped = false;
            } else if (c == '\\') {
                mon->escaped = true;
            } else if (c == mon->quote) {
                mon->quote = 0;
            }
            continue;
        }
        switch (c) {
        case '\'':
        case '"':
            mon->quote = c;
            break;
        case '{':
        case '[':
            mon->depth++;
            break;
        case '}':
        case ']':
            if (mon->depth) {
                mon->depth--;
            }
            if (!mon->depth) {
                value_complete(mon);
            }
            break;
        case '\n':
            if (!mon->depth) {
                value_complete(mon);
            }
            break;
        default:
            break;
        }
    }
}

void qmp_event(Monitor *mon, CharEvent event)
{
    if (event == CHAR_EVENT_OPENED) {
        json_t *greeting =
            json_pack("{s:{s:o, s:[]}}", "QMP", "version", qmp_version(), "capabilities");

        mon->negotiated = false;
        mon->depth = 0;
        mon->quote = 0;
        mon->escaped = false;
        g_string_truncate(mon->in, 0);
        qmp_emit(mon, greeting);
        json_decref(greeting);
    } else if (event == CHAR_EVENT_CLOSED) {
        mon->negotiated = false;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands for displays; the work is ui/'s. */
#include <string.h>
#include "monitor-private.h"
#include "ui/display.h"
#include "ui/input.h"
#include "ui/vnc.h"
#include "util/error.h"

/* ---- Screen dumps ---- */

static bool screendump(const char *file, const char *device, int64_t head, const char *format,
                       GError **errp)
{
    DisplayConsole *console = display_console_find(device, head, errp);

    return console && display_screendump(console, file, format, errp);
}

static json_t *qmp_screendump(json_t *arguments, GError **errp)
{
    const char *device = qmp_string(arguments, "device");

    if (!device && json_object_get(arguments, "head")) {
        error_setg(errp, "'head' must be specified together with 'device'");
        return NULL;
    }
    return qmp_result(screendump(qmp_string(arguments, "filename"), device,
                                 qmp_integer(arguments, "head", 0), qmp_string(arguments, "format"),
                                 errp));
}

static void hmp_screendump(HMPContext *context, const char *args)
{
    g_autofree char *format = NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    for (char *word; (word = monitor_word(&args));) {
        if (!strcmp(word, "-f") && !format) {
            format = monitor_word(&args);
            g_free(word);
        } else {
            g_ptr_array_add(words, word);
        }
    }
    if (!words->len || words->len > 3) {
        error_setg(&error,
                   "screendump: a file's name is expected, and no more than device and head");
    } else {
        char **word = (char **)words->pdata;

        screendump(word[0], words->len > 1 ? word[1] : NULL,
                   words->len > 2 ? g_ascii_strtoll(word[2], NULL, 10) : 0, format, &error);
    }
    hmp_report(context, error);
}

/* ---- Keys ---- */

#define MAX_KEYS 16

static void hmp_sendkey(HMPContext *context, const char *args)
{
    g_autofree char *names = monitor_word(&args), *hold = monitor_word(&args);
    g_auto(GStrv) parts = NULL;
    GError *error = NULL;
    Key keys[MAX_KEYS];
    unsigned n = 0;

    /* "-" is the name of no key, but what one would write. */
    parts = g_strsplit(names ? names : "", "-", MAX_KEYS + 1);
    for (; parts[n] && n < MAX_KEYS; n++) {
        const char *name = !strcmp(parts[n], "<") ? "less" : parts[n];

        keys[n] = g_str_has_prefix(name, "0x")
                      ? key_by_pc((unsigned)g_ascii_strtoull(name, NULL, 16))
                      : key_by_name(name);
        if (keys[n] == KEY_UNKNOWN) {
            g_string_append_printf(context->out, "invalid parameter: %s\n", parts[n]);
            return;
        }
    }
    if (parts[n] || !n) {
        g_string_append_printf(context->out, "sendkey: 1 to %u keys are expected\n", MAX_KEYS);
        return;
    }
    input_press_keys(keys, n, hold ? (unsigned)MIN(g_ascii_strtoull(hold, NULL, 10), 60000) : 0,
                     &error);
    hmp_report(context, error);
}

static void complete_key(const char *args, GPtrArray *out)
{
    const char *last = strrchr(args, '-');
    size_t before = last ? (size_t)(last + 1 - args) : 0;

    for (unsigned i = 0; i < N_KEYS; i++) {
        if (g_str_has_prefix(key_info[i].name, args + before)) {
            g_ptr_array_add(out, g_strdup_printf("%.*s%s", (int)before, args, key_info[i].name));
        }
    }
}

/* {"type": "qcode", "data": "a"} or {"type": "number", "data": 30}. */
static Key key_value(json_t *value, GError **errp)
{
    const char *type = json_string_value(json_object_get(value, "type"));
    json_t *data = json_object_get(value, "data");
    Key key = KEY_UNKNOWN;

    if (!g_strcmp0(type, "qcode") && json_is_string(data)) {
        key = key_by_name(json_string_value(data));
    } else if (!g_strcmp0(type, "number") && json_is_integer(data)) {
        key = key_by_pc((unsigned)CLAMP(json_integer_value(data), 0, 0x100));
    } else {
        error_setg(errp, "Invalid parameter type for 'keys', expected: qcode or number");
        return KEY_UNKNOWN;
    }
    if (key == KEY_UNKNOWN) {
        g_autofree char *text = json_dumps(data, JSON_ENCODE_ANY);

        error_setg(errp, "Parameter 'data' does not accept value %s", text);
    }
    return key;
}

static json_t *qmp_send_key(json_t *arguments, GError **errp)
{
    json_t *list = json_object_get(arguments, "keys");
    int64_t hold = qmp_integer(arguments, "hold-time", 0);
    Key keys[MAX_KEYS];
    size_t n = json_array_size(list);

    if (!n || n > MAX_KEYS) {
        error_setg(errp, "Parameter 'keys' expects 1 to %u keys", MAX_KEYS);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        keys[i] = key_value(json_array_get(list, i), errp);
        if (keys[i] == KEY_UNKNOWN) {
            return NULL;
        }
    }
    return qmp_result(input_press_keys(keys, (unsigned)n, (unsigned)CLAMP(hold, 0, 60000), errp));
}

/* ---- Pointers ---- */

static void hmp_mouse_move(HMPContext *context, const char *args)
{
    long long by[3] = {0, 0, 0};

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *word = monitor_word(&args);

        if (!word && i < 2) {
            g_string_append(context->out, "mouse_move: dx and dy are expected\n");
            return;
        }
        by[i] = CLAMP(word ? g_ascii_strtoll(word, NULL, 0) : 0, -0x10000, 0x10000);
    }
    input_move((int)by[0], (int)by[1]);
    if (by[2]) {
        InputButton button = by[2] > 0 ? INPUT_WHEEL_UP : INPUT_WHEEL_DOWN;

        input_button(button, true);
        input_sync();
        input_button(button, false);
    }
    input_sync();
}

/* Bits of the state: 1 left, 2 right, 4 middle. A button that is not named is released. */
static void hmp_mouse_button(HMPContext *context, const char *args)
{
    static const InputButton buttons[] = {INPUT_LEFT, INPUT_RIGHT, INPUT_MIDDLE};
    g_autofree char *word = monitor_word(&args);
    unsigned state;

    if (!word) {
        g_string_append(context->out, "mouse_button: a state is expected\n");
        return;
    }
    state = (unsigned)g_ascii_strtoull(word, NULL, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
        input_button(buttons[i], state >> i & 1);
    }
    input_sync();
}

static void hmp_mouse_set(HMPContext *context, const char *args)
{
    g_autofree char *word = monitor_word(&args);
    GError *error = NULL;

    input_choose_mouse(word ? (int)g_ascii_strtoll(word, NULL, 0) : -1, &error);
    hmp_report(context, error);
}

static void info_mice(HMPContext *context, const char *args)
{
    g_autoptr(GArray) mice = input_mice();

    for (guint i = 0; i < mice->len; i++) {
        const InputMouse *mouse = &g_array_index(mice, InputMouse, i);

        g_string_append_printf(context->out, "%c Mouse #%d: %s%s\n", mouse->current ? '*' : ' ',
                               mouse->index, mouse->name, mouse->absolute ? " (absolute)" : "");
    }
    if (!mice->len) {
        g_string_append(context->out, "No mouse devices connected\n");
    }
}

static json_t *query_mice(json_t *arguments, GError **errp)
{
    g_autoptr(GArray) mice = input_mice();
    json_t *list = json_array();

    for (guint i = 0; i < mice->len; i++) {
        const InputMouse *mouse = &g_array_index(mice, InputMouse, i);

        json_array_append_new(list, json_pack("{s:s, s:i, s:b, s:b}", "name", mouse->name, "index",
                                              mouse->index, "current", mouse->current, "absolute",
                                              mouse->absolute));
    }
    return list;
}

/* ---- input-send-event ---- */

static bool send_axis(json_t *data, bool absolute, bool really, GError **errp)
{
    const char *axis = json_string_value(json_object_get(data, "axis"));
    json_t *value = json_object_get(data, "value");
    int number = (int)CLAMP(json_integer_value(value), -INPUT_RANGE, INPUT_RANGE);

    if (!axis || (strcmp(axis, "x") && strcmp(axis, "y")) || !json_is_integer(value)) {
        error_setg(errp, "a motion needs 'axis' (x or y) and 'value'");
        return false;
    }
    if (really && absolute) {
        input_position(*axis == 'y', number);
    } else if (really) {
        input_move(*axis == 'x' ? number : 0, *axis == 'y' ? number : 0);
    }
    return true;
}

/* really: not only looked at. */
static bool send_event(json_t *event, bool really, GError **errp)
{
    static const struct { const char *type; InputKind kind;
    } types[] = {{"key", INPUT_KEYS},
                 {"btn", INPUT_BUTTONS},
                 {"rel", INPUT_RELATIVE},
                 {"abs", INPUT_ABSOLUTE}};
    const char *type = json_string_value(json_object_get(event, "type"));
    json_t *data = json_object_get(event, "data"), *down = json_object_get(data, "down");
    const char *name = json_string_value(json_object_get(data, "button"));
    unsigned i = 0;

    while (i < G_N_ELEMENTS(types) && g_strcmp0(types[i].type, type)) {
        i++;
    }
    if (i == G_N_ELEMENTS(types) || !json_is_object(data)) {
        error_setg(errp, "Invalid parameter 'type' of an event (key, btn, rel, abs), or no 'data'");
        return false;
    }
    if (!input_takes(types[i].kind)) {
        error_setg(errp, "Input handler not found for event type %s", type);
        return false;
    }
    if (types[i].kind == INPUT_RELATIVE || types[i].kind == INPUT_ABSOLUTE) {
        return send_axis(data, types[i].kind == INPUT_ABSOLUTE, really, errp);
    }
    if (!json_is_boolean(down)) {
        error_setg(errp, "Parameter 'down' is missing");
        return false;
    }
    if (types[i].kind == INPUT_KEYS) {
        Key key = key_value(json_object_get(data, "key"), errp);

        return key != KEY_UNKNOWN && (!really || input_key(key, json_is_true(down)));
    }
    if (!name || input_button_by_name(name) == N_INPUT_BUTTONS) {
        error_setg(errp, "Parameter 'button' does not accept value '%s'", name ? name : "");
        return false;
    }
    return !really || input_button(input_button_by_name(name), json_is_true(down));
}

static json_t *qmp_input_send_event(json_t *arguments, GError **errp)
{
    json_t *events = json_object_get(arguments, "events"), *event;
    const char *device = qmp_string(arguments, "device");
    size_t i;

    if (device && !display_console_find(device, qmp_integer(arguments, "head", 0), errp)) {
        return NULL;
    }
    /* All or nothing. */
    for (unsigned really = 0; really < 2; really++) {
        json_array_foreach (events, i, event) {
            if (!send_event(event, really, errp)) {
                return NULL;
            }
        }
    }
    input_sync();
    return json_object();
}

/* ---- VNC ---- */

bool monitor_change_vnc(const char *what, const char *secret, GError **errp)
{
    if (!what || (strcmp(what, "password") && strcmp(what, "passwd"))) {
        error_setg(errp, "change vnc: only its password can be changed");
        return false;
    }
    if (!secret) {
        error_setg(errp, "change vnc password: the password is expected");
        return false;
    }
    return vnc_set_password(secret, errp);
}

static bool is_vnc(const char *protocol, GError **errp)
{
    if (!g_strcmp0(protocol, "vnc")) {
        return true;
    }
    error_setg(errp, "Parameter 'protocol' does not accept value '%s' (vnc)",
               protocol ? protocol : "");
    return false;
}

static bool set_password(const char *protocol, const char *password, const char *connected,
                         GError **errp)
{
    if (!is_vnc(protocol, errp)) {
        return false;
    }
    if (connected && strcmp(connected, "keep")) {
        error_setg(errp, "parameter 'connected' must be 'keep' when 'protocol' is vnc");
        return false;
    }
    return vnc_set_password(password, errp);
}

/* "now", "never", "+SECONDS" from now, SECONDS since 1970. */
static bool expire_password(const char *protocol, const char *time, GError **errp)
{
    int64_t when, now = g_get_real_time() / G_USEC_PER_SEC;
    char *end = NULL;

    if (!is_vnc(protocol, errp)) {
        return false;
    }
    if (!g_strcmp0(time, "now")) {
        return vnc_expire_password(0, errp);
    }
    if (!g_strcmp0(time, "never")) {
        return vnc_expire_password(INT64_MAX, errp);
    }
    when = time ? g_ascii_strtoll(time + (*time == '+'), &end, 10) : 0;
    if (!end || *end || end == time + (*time == '+') || when < 0) {
        error_setg(errp, "Parameter 'time' is no number of seconds, 'now' or 'never': '%s'",
                   time ? time : "");
        return false;
    }
    return vnc_expire_password(*time == '+' ? now + MIN(when, INT32_MAX) : when, errp);
}

static json_t *qmp_set_password(json_t *arguments, GError **errp)
{
    return qmp_result(set_password(qmp_string(arguments, "protocol"),
                                   qmp_string(arguments, "password"),
                                   qmp_string(arguments, "connected"), errp));
}

static json_t *qmp_change_vnc_password(json_t *arguments, GError **errp)
{
    return qmp_result(vnc_set_password(qmp_string(arguments, "password"), errp));
}

static json_t *qmp_expire_password(json_t *arguments, GError **errp)
{
    return qmp_result(
        expire_password(qmp_string(arguments, "protocol"), qmp_string(arguments, "time"), errp));
}

static void hmp_set_password(HMPContext *context, const char *args)
{
    g_autofree char *protocol = monitor_word(&args), *password = monitor_word(&args),
                    *connected = monitor_word(&args);
    GError *error = NULL;

    if (password) {
        set_password(protocol, password, connected, &error);
    } else {
        error_setg(&error, "set_password: a protocol and a password are expected");
    }
    hmp_report(context, error);
}

static void hmp_expire_password(HMPContext *context, const char *args)
{
    g_autofree char *protocol = monitor_word(&args), *time = monitor_word(&args);
    GError *error = NULL;

    expire_password(protocol, time, &error);
    hmp_report(context, error);
}

static json_t *vnc_clients(const VncInfo *info)
{
    json_t *list = json_array();

    for (guint i = 0; i < info->clients->len; i++) {
        const VncClientInfo *client = &g_array_index(info->clients, VncClientInfo, i);

        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:b}", "host", client->host, "service",
                                        client->service, "family", client->family, "websocket", 0));
    }
    return list;
}

static json_t *query_vnc(json_t *arguments, GError **errp)
{
    g_autoptr(VncInfo) info = vnc_query();

    if (!info->host) {
        return json_pack("{s:b}", "enabled", 0);
    }
    return json_pack("{s:b, s:s, s:s, s:s, s:s, s:o}", "enabled", 1, "host", info->host, "service",
                     info->service, "family", info->family, "auth", info->password ? "vnc" : "none",
                     "clients", vnc_clients(info));
}

static json_t *query_vnc_servers(json_t *arguments, GError **errp)
{
    g_autoptr(VncInfo) info = vnc_query();
    const char *auth = info->password ? "vnc" : "none";

    if (!info->host) {
        return json_array();
    }
    return json_pack("[{s:s, s:s, s:o, s:[{s:s, s:s, s:s, s:s, s:b}]}]", "id", "default", "auth",
                     auth, "clients", vnc_clients(info), "server", "host", info->host, "service",
                     info->service, "family", info->family, "auth", auth, "websocket", 0);
}

static void info_vnc(HMPContext *context, const char *args)
{
    g_autoptr(VncInfo) info = vnc_query();
    const char *auth = info->password ? "vnc" : "none";

    if (!info->host) {
        g_string_append(context->out, "None\n");
        return;
    }
    g_string_append_printf(context->out,
                           "default:\n  Server: %s:%s (%s)\n    Auth: %s (Sub: none)\n", info->host,
                           info->service, info->family, auth);
    for (guint i = 0; i < info->clients->len; i++) {
        const VncClientInfo *client = &g_array_index(info->clients, VncClientInfo, i);

        g_string_append_printf(
            context->out, "  Client: %s:%s (%s)\n    x509_dname: none\n    sasl_username: none\n",
            client->host, client->service, client->family);
    }
    g_string_append_printf(context->out, "  Auth: %s (Sub: none)\n", auth);
}

/* ---- Tables ---- */

const QMPCommand monitor_qmp_display_commands[] = {
    {"screendump", qmp_screendump,
     .arguments = (const char *const[]){"filename:s", "device:s?", "head:i?", "format:s?", NULL}},
    {"send-key", qmp_send_key, .arguments = (const char *const[]){"keys:a", "hold-time:i?", NULL}},
    {"input-send-event", qmp_input_send_event,
     .arguments = (const char *const[]){"device:s?", "head:i?", "events:a", NULL}},
    {"query-mice", query_mice},
    {"query-vnc", query_vnc},
    {"query-vnc-servers", query_vnc_servers},
    {"set_password", qmp_set_password,
     .arguments =
         (const char *const[]){"protocol:s", "password:s", "connected:s?", "display:s?", NULL}},
    {"change-vnc-password", qmp_change_vnc_password,
     .arguments = (const char *const[]){"password:s", NULL}},
    {"expire_password", qmp_expire_password,
     .arguments = (const char *const[]){"protocol:s", "time:s", "display:s?", NULL}},
    {0},
};

const HMPCommand monitor_hmp_display_commands[] = {
    {"screendump", "filename [-f format] [device [head]]",
     "save screen from head 'head' of display device 'device' into image 'filename' in format "
     "'format' (ppm or png)",
     hmp_screendump, NULL},
    {"sendkey", "keys [hold_ms]",
     "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)", hmp_sendkey,
     complete_key},
    {"mouse_move", "dx dy [dz]", "send mouse move events", hmp_mouse_move, NULL},
    {"mouse_button", "state", "change mouse button state (1=L, 2=R, 4=M)", hmp_mouse_button, NULL},
    {"mouse_set", "index", "set which mouse device receives events", hmp_mouse_set, NULL},
    {"set_password", "protocol password [action-if-connected]", "set the password of VNC clients",
     hmp_set_password, NULL},
    {"expire_password", "protocol time",
     "set when the password ends (now, never, +SECONDS, SECONDS since 1970)", hmp_expire_password,
     NULL},
    {"info vnc", NULL, "show the vnc server status", info_vnc, NULL},
    {"info mice", NULL, "show which guest mouse is receiving events", info_mice, NULL},
    {0},
};

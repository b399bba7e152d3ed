/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands for networks; the work is net/'s. */
#include <string.h>
#include "monitor-private.h"
#include "net/net.h"
#include "util/cutils.h"
#include "util/error.h"

static void append_value(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s%s=", out->len ? "," : "", key);
    for (; *value; value++) {
        if (*value == ',') {
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, *value);
    }
}

/* {"a": {"b": 1}, "c": [{"str": "x"}, {"str": "y"}]} as "a.b=1,c=x,c=y". */
static bool flatten(const char *key, json_t *value, GString *out, GError **errp)
{
    const char *member;
    json_t *item;
    size_t index;

    if (*key && (strpbrk(key, ",=") || !g_str_is_ascii(key))) {
        error_setg(errp, "Invalid parameter '%s'", key);
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
    case JSON_STRING:
        append_value(out, key, json_string_value(value));
        return true;
    case JSON_INTEGER: {
        g_autofree char *number =
            g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));

        append_value(out, key, number);
        return true;
    }
    case JSON_TRUE:
    case JSON_FALSE:
        append_value(out, key, json_is_true(value) ? "on" : "off");
        return true;
    default:
        error_setg(errp, "Invalid parameter type for '%s', expected: string", key);
        return false;
    }
}

bool monitor_netdev_from_json(json_t *object, GString *out, GError **errp)
{
    return flatten("", object, out, errp);
}

/* ---- QMP ---- */

static json_t *qmp_netdev_add(json_t *arguments, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    return qmp_result(monitor_netdev_from_json(arguments, text, errp) &&
                      net_add_netdev(text->str, errp));
}

/* net/ knows no classes of QMP's errors. */
static bool with_class(bool good, GError **errp)
{
    if (!good && errp && *errp &&
        g_error_matches(*errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_FOUND)) {
        g_autofree char *message = g_strdup((*errp)->message);

        g_clear_error(errp);
        g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_FOUND, "%s", message);
    }
    return good;
}

static json_t *qmp_netdev_del(json_t *arguments, GError **errp)
{
    return qmp_result(with_class(net_del_netdev(qmp_string(arguments, "id"), errp), errp));
}

static json_t *qmp_set_link(json_t *arguments, GError **errp)
{
    bool up = json_is_true(json_object_get(arguments, "up"));

    return qmp_result(with_class(net_set_link(qmp_string(arguments, "name"), up, errp), errp));
}

static json_t *qmp_rx_filter(json_t *arguments, GError **errp)
{
    return net_query_rx_filter(qmp_string(arguments, "name"), errp);
}

static json_t *qmp_announce(json_t *arguments, GError **errp)
{
    json_t *names = json_object_get(arguments, "interfaces"), *name;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) interfaces = NULL;
    NetAnnounce how = {
        .initial = qmp_integer(arguments, "initial", 50), .max = qmp_integer(arguments, "max", 550),
        .rounds = qmp_integer(arguments, "rounds", 5), .step = qmp_integer(arguments, "step", 100),
        .id = qmp_string(arguments, "id"),
    };
    size_t index;

    json_array_foreach(names, index, name) {
        if (!json_is_string(name)) {
            error_setg(errp, "Invalid parameter type for 'interfaces[%zu]', expected: string",
                       index);
            return NULL;
        }
        g_strv_builder_add(builder, json_string_value(name));
    }
    interfaces = names ? g_strv_builder_end(builder) : NULL;
    how.interfaces = interfaces;
    return qmp_result(net_announce(&how, errp));
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_net_commands[] = {
    {"netdev_add", qmp_netdev_add, .preconfig = true, .arguments = ARGS("type:s", "id:s", "*")},
    {"netdev_del", qmp_netdev_del, .preconfig = true, .arguments = ARGS("id:s")},
    {"set_link", qmp_set_link, .arguments = ARGS("name:s", "up:b")},
    {"query-rx-filter", qmp_rx_filter, .arguments = ARGS("name:s?")},
    {"announce-self", qmp_announce,
     .arguments = ARGS("initial:i?", "max:i?", "rounds:i?", "step:i?", "interfaces:a?", "id:s?")},
    {0},
};

/* ---- HMP ---- */

static void info_network(HMPContext *context, const char *args)
{
    net_print(context->out);
}

static void hmp_netdev_add(HMPContext *context, const char *args)
{
    GError *error = NULL;

    net_add_netdev(args, &error);
    hmp_report(context, error);
}

static void hmp_netdev_del(HMPContext *context, const char *args)
{
    g_autofree char *id = monitor_word(&args);
    GError *error = NULL;

    net_del_netdev(id ? id : "", &error);
    hmp_report(context, error);
}

static void hmp_set_link(HMPContext *context, const char *args)
{
    g_autofree char *name = monitor_word(&args), *state = monitor_word(&args);
    GError *error = NULL;
    bool up = false;

    if (!name || !state || !parse_bool(state, &up)) {
        error_setg(&error, "Parameter 'up' is missing: set_link name on|off");
    } else {
        net_set_link(name, up, &error);
    }
    hmp_report(context, error);
}

static void hmp_announce(HMPContext *context, const char *args)
{
    NetAnnounce how = {.initial = 50, .max = 550, .step = 100, .rounds = 5};
    g_autofree char *word = monitor_word(&args), *id = NULL;
    g_auto(GStrv) interfaces = NULL;
    GError *error = NULL;

    if (word && !g_str_has_prefix(word, "-")) {
        interfaces = g_strsplit(word, ",", -1);
        id = monitor_word(&args);
    }
    how.interfaces = interfaces;
    how.id = id;
    net_announce(&how, &error);
    hmp_report(context, error);
}

static void complete_client(NetClient *nc, void *opaque)
{
    g_ptr_array_add(opaque, g_strdup(nc->name));
}

static void complete_name(const char *args, GPtrArray *out)
{
    net_foreach(complete_client, out);
}

#ifdef CONFIG_SLIRP
static void info_usernet(HMPContext *context, const char *args)
{
    net_user_print(context->out);
}

/* [netdev] rule */
static const char *forward_arguments(char **first, char **second)
{
    return *second ? *second : *first;
}

static void hostfwd_add(HMPContext *context, const char *args)
{
    g_autofree char *first = monitor_word(&args), *second = monitor_word(&args);
    const char *rule = forward_arguments(&first, &second);
    g_autoptr(GError) error = NULL;

    if (!rule) {
        g_string_append(context->out, "hostfwd_add: rule expected\n");
    } else if (!net_user_hostfwd_add(second ? first : NULL, rule, &error)) {
        g_string_append_printf(context->out, "%s\n", error->message);
    }
}

static void hostfwd_remove(HMPContext *context, const char *args)
{
    g_autofree char *first = monitor_word(&args), *second = monitor_word(&args);
    const char *rule = forward_arguments(&first, &second);
    g_autoptr(GError) error = NULL;

    if (!rule) {
        g_string_append(context->out, "hostfwd_remove: rule expected\n");
    } else if (!net_user_hostfwd_remove(second ? first : NULL, rule, context->out, &error)) {
        g_string_append_printf(context->out, "%s\n", error->message);
    }
}
#endif

const HMPCommand monitor_hmp_net_commands[] = {
    {"info network", NULL, "show the network state", info_network, NULL},
    {"netdev_add", "[user|tap|socket|stream|dgram|hubport],id=str[,prop=value][,...]",
     "add host network device", hmp_netdev_add, NULL},
    {"netdev_del", "id", "remove host network device", hmp_netdev_del, complete_name},
    {"set_link", "name on|off", "change the link status of a network adapter", hmp_set_link,
     complete_name},
    {"announce_self", "[interfaces] [id]", "Trigger GARP/RARP announcements", hmp_announce, NULL},
#ifdef CONFIG_SLIRP
    {"info usernet", NULL, "show user network stack connection states", info_usernet, NULL},
    {"hostfwd_add", "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
     "redirect TCP or UDP connections from host to guest (requires -net user)", hostfwd_add, NULL},
    {"hostfwd_remove", "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
     "remove host-to-guest TCP or UDP redirection", hostfwd_remove, NULL},
#endif
    {0},
};

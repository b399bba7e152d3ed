/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands for networks; the work is net/'s. */
#include <string.h>
#include "monitor-private.h"
#include "monitor/fds.h"
#include "net/net.h"
#include "util/cutils.h"
#include "util/error.h"

/* ---- Adding ---- */

int monitor_take_net_fd(const char *name, GError **errp)
{
    GArray *list = monitor_registry()->net_fds;
    TakenFd taken;

    if (!monitor_take_fd(name, &taken, errp)) {
        return -1;
    }
    if (list) {
        g_array_append_val(list, taken);
    }
    return taken.fd;
}

static bool add_netdev(const char *text, GError **errp)
{
    g_autoptr(GArray) taken = g_array_new(false, false, sizeof(TakenFd));
    bool good;

    monitor_registry()->net_fds = taken;
    good = net_add_netdev(text, errp);
    monitor_registry()->net_fds = NULL;
    for (guint i = 0; !good && i < taken->len; i++) {
        monitor_drop_fd(&g_array_index(taken, TakenFd, i));
    }
    return good;
}

/* ---- QMP ---- */

static json_t *qmp_netdev_add(json_t *arguments, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    return qmp_result(monitor_netdev_from_json(arguments, text, errp) &&
                      add_netdev(text->str, errp));
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

    add_netdev(args, &error);
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

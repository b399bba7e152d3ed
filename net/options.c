/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks of the command line: -netdev, -nic, -net, and the monitor's netdev_add.  Syntax and
 * meaning are QEMU's; what type a back end is decides which options it takes.
 */
#include "net-private.h"
#include <string.h>
#include "util/error.h"

static const NetdevType missing_types[] = {
    {.name = "bridge",
     .missing = "there is no bridge helper here: make a tap device that belongs to the bridge "
                "and use -netdev tap,ifname=...,script=no,downscript=no"},
    {.name = "vde", .missing = "this build has no VDE"},
    {.name = "l2tpv3", .missing = "this build has no L2TPv3"},
    {.name = "netmap", .missing = "this build has no netmap"},
    {.name = "vhost-user", .missing = "no NIC here has a vhost-user back end"},
    {.name = "vhost-vdpa", .missing = "no NIC here has a vhost-vdpa back end"},
};

static const NetdevType *const types[] = {
#ifdef CONFIG_SLIRP
    &netdev_type_user,
#endif
    &netdev_type_socket, &netdev_type_stream,  &netdev_type_dgram,
    &netdev_type_tap,    &netdev_type_hubport,
};

static const NetdevType *find_type(const char *name, GError **errp)
{
    const char *names[G_N_ELEMENTS(types) + 1] = {NULL}, *near;

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        names[i] = types[i]->name;
        if (!strcmp(types[i]->name, name)) {
            return types[i];
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(missing_types); i++) {
        if (!strcmp(missing_types[i].name, name)) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "network back end '%s': %s", name,
                      missing_types[i].missing);
            return NULL;
        }
    }
#ifndef CONFIG_SLIRP
    if (!strcmp(name, "user")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "network back end 'user' is not compiled into this binary");
        return NULL;
    }
#endif
    near = nearest_name(name, names);
    error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'type' does not accept value '%s'%s%s%s",
              name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

char *net_help(void)
{
    GString *out = g_string_new("Available netdev backend types:\n");

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_string_append_printf(out, "%s\n", types[i]->name);
    }
    return g_string_free(out, FALSE);
}

/* Takes "type" (named or first) and the items in `mine` out of text; what is left goes to *rest. */
static char *split(const char *text, const char *const *mine, char **values, GString *rest)
{
    char *type = NULL;
    bool first = true;

    while (text && *text) {
        g_autofree char *item = NULL;
        const char *equals;
        bool taken = false;

        text = options_next_item(text, &item);
        equals = strchr(item, '=');
        if ((first && !equals) || g_str_has_prefix(item, "type=")) {
            g_free(type);
            type = g_strdup(equals ? equals + 1 : item);
            taken = true;
        }
        for (unsigned i = 0; equals && mine && mine[i]; i++) {
            if (strlen(mine[i]) == (size_t)(equals - item) &&
                !strncmp(mine[i], item, (size_t)(equals - item))) {
                g_free(values[i]);
                values[i] = g_strdup(equals + 1);
                taken = true;
            }
        }
        if (!taken) {
            if (rest->len) {
                g_string_append_c(rest, ',');
            }
            for (const char *p = item; *p; p++) {
                g_string_append(rest, *p == ',' ? ",," : (const char[]){*p, 0});
            }
        }
        first = false;
    }
    return type;
}

static NetClient *create(const char *type_name, const char *text, const char *id, NetClient *peer,
                         GError **errp)
{
    const NetdevType *type = find_type(type_name, errp);
    Options *options = type ? options_parse(type->options, text, errp) : NULL;
    NetClient *nc = NULL;

    if (options) {
        nc = type->create(options, id, peer, errp);
    }
    options_free(options);
    return nc;
}

static bool good_id(const char *id, GError **errp)
{
    bool good = g_ascii_isalpha(*id);

    for (const char *p = id; *p && good; p++) {
        good = g_ascii_isalnum(*p) || strchr("-._", *p);
    }
    if (!good) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'id' expects an identifier, not '%s'",
                  id);
    }
    return good;
}

bool net_add_netdev(const char *text, GError **errp)
{
    static const char *const mine[] = {"id", NULL};
    g_autofree char *id = NULL, *type = NULL;
    g_autoptr(GString) rest = g_string_new(NULL);
    NetClient *nc;

    type = split(text, mine, &id, rest);
    if (!type) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'type' is missing");
        return false;
    }
    if (!id || !good_id(id, errp)) {
        if (!id) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'id' is missing");
        }
        return false;
    }
    nc = create(type, rest->str, id, NULL, errp);
    if (nc) {
        nc->is_netdev = true;
    }
    return nc != NULL;
}

bool net_del_netdev(const char *id, GError **errp)
{
    NetClient *nc = net_find(id), *nic;

    if (!nc || net_is_nic(nc)) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Device '%s' not found", id);
        return false;
    }
    if (!nc->is_netdev) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Device '%s' is not a netdev", id);
        return false;
    }
    nic = nc->peer && net_is_nic(nc->peer) ? nc->peer : NULL;
    net_client_delete(nc);
    if (nic) {
        nic->link_down = true;
        if (nic->info->link_changed) {
            nic->info->link_changed(nic);
        }
    }
    return true;
}

/* ---- NICs ---- */

static NicInfo *add_nic_info(const char *model, const char *name, const char *mac,
                             const char *netdev, GError **errp)
{
    uint8_t address[NET_MAC_SIZE] = {0};
    NicInfo *nic;

    if (mac && (!net_parse_mac(mac, address) || mac_is_multicast(address))) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  net_parse_mac(mac, address)
                      ? "NIC cannot have multicast MAC address (odd 1st byte)"
                      : "invalid syntax for ethernet address");
        return NULL;
    }
    net_assign_mac(address);
    nic = g_new0(NicInfo, 1);
    nic->model = g_strdup(model);
    nic->name = g_strdup(name);
    memcpy(nic->mac, address, NET_MAC_SIZE);
    nic->netdev = g_strdup(netdev);
    g_ptr_array_add(net_registry()->nics, nic);
    return nic;
}

NicInfo *net_take_nic(const char *model, bool is_default, const char *alias)
{
    GPtrArray *nics = net_registry()->nics;

    for (guint i = 0; i < nics->len; i++) {
        NicInfo *nic = g_ptr_array_index(nics, i);

        if (!nic->taken &&
            (nic->model ? !model || !strcmp(nic->model, model) || !g_strcmp0(nic->model, alias)
                        : is_default)) {
            nic->taken = true;
            return nic;
        }
    }
    return NULL;
}

bool net_add_nic(const char *text, bool *none, GError **errp)
{
    enum { MODEL, MAC, ADDRESS, ID, N_MINE };
    static const char *const mine[] = {"model", "mac", "addr", "id", NULL};
    char *values[N_MINE] = {NULL};
    g_autofree char *type = NULL;
    g_autoptr(GString) rest = g_string_new(NULL);
    NetClient *nc = NULL;

    *none = false;
    type = split(text, mine, values, rest);
    if (type && !strcmp(type, "none")) {
        *none = true;
    } else if (!type) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'type' is missing");
    } else if (!values[ID] || good_id(values[ID], errp)) {
        nc = create(type, rest->str, values[ID], NULL, errp);
    }
    if (nc && !add_nic_info(values[MODEL], NULL, values[MAC] ? values[MAC] : values[ADDRESS],
                            nc->name, errp)) {
        net_client_delete(nc);
        nc = NULL;
    }
    for (unsigned i = 0; i < N_MINE; i++) {
        g_free(values[i]);
    }
    return *none || nc;
}

/* -net nic: a port of hub 0, or the back end that netdev= names. */
static bool add_legacy_nic(const char *text, GError **errp)
{
    static const OptionDesc rows[] = {
        {"model", OPTION_STRING, "device model", NULL},
        {"macaddr", OPTION_STRING, "MAC address", NULL},
        {"netdev", OPTION_STRING, "back end", NULL},
        {"name", OPTION_STRING, "the NIC's name", NULL},
        {"addr", OPTION_STRING, "PCI address", NULL},
        {"vectors", OPTION_NUMBER, "accepted", NULL},
        {0},
    };
    static const OptionListDesc list = {.name = "net", .desc = rows};
    Options *options = options_parse(&list, text, errp);
    const char *netdev;
    NetClient *port = NULL;
    bool good = false;

    if (!options) {
        return false;
    }
    netdev = options_get(options, "netdev");
    if (netdev && !net_find(netdev)) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "netdev '%s' not found", netdev);
    } else if (netdev || (port = net_hub_add_port(0, NULL, NULL, errp))) {
        good = add_nic_info(options_get(options, "model"), options_get(options, "name"),
                            options_get(options, "macaddr"), netdev ? netdev : port->name,
                            errp) != NULL;
        if (!good && port) {
            net_client_delete(port);
        }
    }
    options_free(options);
    return good;
}

bool net_add_legacy(const char *text, bool *none, GError **errp)
{
    static const char *const mine[] = {"name", "id", NULL};
    char *values[2] = {NULL};
    g_autofree char *type = NULL;
    g_autoptr(GString) rest = g_string_new(NULL);
    NetClient *nc = NULL, *port;
    bool good = false;

    type = split(text, NULL, NULL, rest);
    *none = type && !strcmp(type, "none");
    if (*none) {
        return true;
    }
    if (!type) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'type' is missing");
        return false;
    }
    if (!strcmp(type, "nic")) {
        return add_legacy_nic(rest->str, errp);
    }
    if (!strcmp(type, "hubport")) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter 'type' expects a net type: hubport is for -netdev");
        return false;
    }
    g_free(type);
    g_string_truncate(rest, 0);
    type = split(text, mine, values, rest);
    port = net_hub_add_port(0, NULL, NULL, errp);
    if (port) {
        nc = create(type, rest->str, values[1] ? values[1] : values[0], port, errp);
        good = nc != NULL;
        if (!good) {
            net_client_delete(port);
        }
    }
    g_free(values[0]);
    g_free(values[1]);
    return good;
}

bool net_add_default(GError **errp)
{
#ifdef CONFIG_SLIRP
    bool none;

    return net_add_nic("user", &none, errp);
#else
    return add_nic_info(NULL, NULL, NULL, NULL, errp) != NULL;
#endif
}

static void check_peer(NetClient *nc, void *opaque)
{
    if (!nc->peer && !(net_is_nic(nc) && nc->link_down)) {
        warn_report("%s %s has no peer", net_is_nic(nc) ? "nic" : "netdev", nc->name);
    }
}

void net_check(void)
{
    GPtrArray *nics = net_registry()->nics;

    net_hub_check();
    net_foreach(check_peer, NULL);
    for (guint i = 0; i < nics->len; i++) {
        const NicInfo *nic = g_ptr_array_index(nics, i);

        if (!nic->taken) {
            warn_report(
                "requested NIC (%s, model %s) was not created (not supported by this machine?)",
                nic->name ? nic->name : "anonymous", nic->model ? nic->model : "unspecified");
        }
    }
}

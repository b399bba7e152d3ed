/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hubs: what comes in at one port goes out at all others. */
#include "net-private.h"
#include <string.h>
#include "util/error.h"

typedef struct NetHub {
    int id;
    unsigned next_port;
    GPtrArray *ports;                   /* NetClient * */
} NetHub;

typedef struct HubPort {
    NetClient nc;
    NetHub *hub;
} HubPort;

static bool port_can_receive(NetClient *nc)
{
    const HubPort *port = (const HubPort *)nc;

    /* One that can take it is enough: the others have queues. */
    for (guint i = 0; i < port->hub->ports->len; i++) {
        NetClient *other = g_ptr_array_index(port->hub->ports, i);

        if (other != nc && net_can_send(other)) {
            return true;
        }
    }
    return port->hub->ports->len <= 1;
}

static ssize_t port_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    const HubPort *port = (const HubPort *)nc;

    for (guint i = 0; i < port->hub->ports->len; i++) {
        NetClient *other = g_ptr_array_index(port->hub->ports, i);

        if (other != nc) {
            net_send(other, frame, size);
        }
    }
    return (ssize_t)size;
}

static void port_cleanup(NetClient *nc)
{
    HubPort *port = (HubPort *)nc;

    g_ptr_array_remove(port->hub->ports, nc);
    if (!port->hub->ports->len) {
        g_ptr_array_remove(net_registry()->hubs, port->hub);
        g_ptr_array_unref(port->hub->ports);
        g_free(port->hub);
    }
}

static const NetClientInfo hubport_info = {
    .type = "hubport",
    .size = sizeof(HubPort),
    .can_receive = port_can_receive,
    .receive = port_receive,
    .cleanup = port_cleanup,
};

static NetHub *find_hub(int id)
{
    GPtrArray *hubs = net_registry()->hubs;
    NetHub *hub;

    for (guint i = 0; i < hubs->len; i++) {
        hub = g_ptr_array_index(hubs, i);
        if (hub->id == id) {
            return hub;
        }
    }
    return NULL;
}

NetClient *net_hub_add_port(int id, const char *name, NetClient *peer, GError **errp)
{
    NetHub *hub = find_hub(id);
    g_autofree char *made_up = g_strdup_printf("hub%dport%u", id, hub ? hub->next_port : 0);
    NetClient *nc = net_client_new(&hubport_info, name ? name : made_up, peer, errp);

    if (!nc) {
        return NULL;
    }
    if (!hub) {
        hub = g_new0(NetHub, 1);
        hub->id = id;
        hub->ports = g_ptr_array_new();
        g_ptr_array_add(net_registry()->hubs, hub);
    }
    hub->next_port++;
    ((HubPort *)nc)->hub = hub;
    g_ptr_array_add(hub->ports, nc);
    net_client_set_text(nc, "hubid=%d", id);
    return nc;
}

bool net_hub_of(const NetClient *nc, int *id)
{
    const NetClient *port = nc->info == &hubport_info                     ? nc
                            : nc->peer && nc->peer->info == &hubport_info ? nc->peer
                                                                          : NULL;

    if (port) {
        *id = ((const HubPort *)port)->hub->id;
    }
    return port != NULL;
}

void net_hub_print(GString *out)
{
    GPtrArray *hubs = net_registry()->hubs;

    for (guint i = 0; i < hubs->len; i++) {
        const NetHub *hub = g_ptr_array_index(hubs, i);

        g_string_append_printf(out, "hub %d\n", hub->id);
        for (guint j = 0; j < hub->ports->len; j++) {
            const NetClient *port = g_ptr_array_index(hub->ports, j);

            g_string_append_printf(out, " \\ %s", port->name);
            if (port->peer) {
                g_string_append(out, ": ");
                net_print_client(port->peer, out);
            } else {
                g_string_append_c(out, '\n');
            }
        }
    }
}

void net_hub_check(void)
{
    GPtrArray *hubs = net_registry()->hubs;

    for (guint i = 0; i < hubs->len; i++) {
        const NetHub *hub = g_ptr_array_index(hubs, i);
        unsigned nics = 0, others = 0;

        for (guint j = 0; j < hub->ports->len; j++) {
            const NetClient *peer = ((const NetClient *)g_ptr_array_index(hub->ports, j))->peer;

            nics += peer && net_is_nic(peer);
            others += peer && !net_is_nic(peer);
        }
        if (!nics != !others) {
            warn_report("hub %d %s", hub->id,
                        nics ? "is not connected to host network" : "with no nics");
        }
    }
}

static NetClient *create_port(const Options *options, const char *name, NetClient *peer,
                              GError **errp)
{
    const char *netdev = options_get(options, "netdev");
    uint64_t id = options_get_number(options, "hubid", UINT64_MAX);

    if (id > INT32_MAX) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter 'hubid' is missing or too large");
        return NULL;
    }
    if (netdev) {
        peer = net_find(netdev);
        if (!peer || peer->peer || net_is_nic(peer)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "netdev '%s' %s", netdev,
                      peer ? "is in use" : "not found");
            return NULL;
        }
    }
    return net_hub_add_port((int)id, name, peer, errp);
}

const NetdevType netdev_type_hubport = {
    .name = "hubport",
    .help = "a port of a hub",
    .options = &(const OptionListDesc){.name = "netdev hubport", .desc = (const OptionDesc[]){
        {"hubid", OPTION_NUMBER, "number of the hub", NULL},
        {"netdev", OPTION_STRING, "back end at the port (otherwise a NIC)", NULL},
        {0},
    }},
    .create = create_port,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients, their peers, the frames that wait for them, and NICs' addresses.  See net/net.h.
 */
#include "net-private.h"
#include <string.h>
#include <zlib.h>
#include "object/object.h"
#include "util/error.h"

#define MIN_FRAME 60                    /* a cable's, without its check sequence */

typedef struct Frame {
    NetClient *sender;                  /* NULL: gone meanwhile */
    void (*ready)(NetClient *sender);
    size_t size;
    uint8_t bytes[];
} Frame;

static NetRegistry the_network;

NetRegistry *net_registry(void)
{
    if (!the_network.clients) {
        the_network.clients = g_ptr_array_new();
        the_network.nics = g_ptr_array_new();
        the_network.hubs = g_ptr_array_new();
        the_network.announcements = g_ptr_array_new();
    }
    return &the_network;
}

void net_set_host_ops(const NetHostOps *ops)
{
    net_registry()->ops = ops;
}

const NetHostOps *net_host_ops(void)
{
    return net_registry()->ops;
}

static bool machine_runs(void)
{
    const NetHostOps *ops = net_host_ops();

    return !ops || !ops->is_running || ops->is_running();
}

/* ---- Delivery ---- */

static void wake_delivery(void)
{
    if (net_registry()->delivery) {
        g_source_set_ready_time(net_registry()->delivery, 0);
    }
}

static bool has_room(const NetClient *nc)
{
    return !nc->no_room && !nc->busy && machine_runs() &&
           (nc->link_down || !nc->info->can_receive || nc->info->can_receive((NetClient *)nc));
}

/* False: no room. */
static bool hand_over(NetClient *nc, const uint8_t *frame, size_t size)
{
    ssize_t taken;

    if (nc->link_down) {
        return true;
    }
    nc->busy++;
    taken = nc->info->receive(nc, frame, size);
    nc->busy--;
    if (!taken) {
        nc->no_room = true;
    }
    return taken != 0;
}

static void drop_waiting(NetClient *nc)
{
    Frame *frame;

    nc->incoming_bytes = 0;
    while ((frame = g_queue_pop_head(&nc->incoming))) {
        NetClient *sender = frame->sender;

        if (sender && frame->ready) {
            frame->ready(sender);
        }
        g_free(frame);
    }
}

static void deliver_waiting(NetClient *nc)
{
    Frame *frame;
    unsigned budget = g_queue_get_length(&nc->incoming);

    while (budget-- && has_room(nc) && (frame = g_queue_pop_head(&nc->incoming))) {
        nc->incoming_bytes -= frame->size;
        if (!hand_over(nc, frame->bytes, frame->size)) {
            g_queue_push_head(&nc->incoming, frame);
            nc->incoming_bytes += frame->size;
            return;
        }
        if (frame->sender && frame->ready) {
            frame->ready(frame->sender);
        }
        g_free(frame);
    }
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    GPtrArray *clients = net_registry()->clients;

    g_source_set_ready_time(source, -1);
    for (guint i = 0; i < clients->len; i++) {
        NetClient *nc = g_ptr_array_index(clients, i);

        if (!g_queue_is_empty(&nc->incoming)) {
            deliver_waiting(nc);
        }
    }
    return G_SOURCE_CONTINUE;
}

static void start_delivery(void)
{
    /* GLib takes no constant here, and keeps no more than the pointer. */
    static const GSourceFuncs funcs = {.dispatch = dispatch};
    GSource *source;

    if (net_registry()->delivery) {
        return;
    }
    source = g_source_new((GSourceFuncs *)&funcs, sizeof(GSource));
    g_source_set_name(source, "network");
    g_source_set_ready_time(source, -1);
    g_source_attach(source, NULL);
    net_registry()->delivery = source;
}

static void wait_in_queue(NetClient *to, NetClient *from, const uint8_t *bytes, size_t size,
                          void (*ready)(NetClient *nc))
{
    Frame *frame;

    if (!ready && (g_queue_get_length(&to->incoming) >= NET_QUEUE_LIMIT ||
                   to->incoming_bytes + size > NET_QUEUE_BYTES)) {
        return;
    }
    frame = g_malloc(sizeof(Frame) + size);
    *frame = (Frame){.sender = from, .ready = ready, .size = size};
    memcpy(frame->bytes, bytes, size);
    g_queue_push_tail(&to->incoming, frame);
    to->incoming_bytes += size;
}

static bool send_frame(NetClient *nc, const uint8_t *bytes, size_t size,
                       void (*ready)(NetClient *nc))
{
    NetClient *to = nc->peer;
    uint8_t padded[MIN_FRAME] = {0};
    bool done;

    if (!to || nc->link_down || !size || size > NET_MAX_FRAME) {
        return true;
    }
    if (size < sizeof(padded) && net_is_nic(to)) {
        memcpy(padded, bytes, size);
        bytes = padded;
        size = sizeof(padded);
    }
    if (!g_queue_is_empty(&to->incoming) || !has_room(to)) {
        wait_in_queue(to, nc, bytes, size, ready);
        wake_delivery();
        return !ready;
    }
    nc->busy++;
    done = hand_over(to, bytes, size);
    nc->busy--;
    if (!done) {
        wait_in_queue(to, nc, bytes, size, ready);
    }
    /* What came back while we were busy. */
    if (!nc->busy && !g_queue_is_empty(&nc->incoming)) {
        wake_delivery();
    }
    return done || !ready;
}

void net_send(NetClient *nc, const uint8_t *frame, size_t size)
{
    send_frame(nc, frame, size, NULL);
}

bool net_send_or_wait(NetClient *nc, const uint8_t *frame, size_t size,
                      void (*ready)(NetClient *nc))
{
    return send_frame(nc, frame, size, ready);
}

bool net_can_send(const NetClient *nc)
{
    return !nc->peer || nc->link_down ||
           (g_queue_is_empty(&nc->peer->incoming) && has_room(nc->peer));
}

/* Anywhere: at a hub, what is for one client waits at the sender's port. */
static bool frames_wait(void)
{
    GPtrArray *clients = net_registry()->clients;

    for (guint i = 0; i < clients->len; i++) {
        if (!g_queue_is_empty(&((NetClient *)g_ptr_array_index(clients, i))->incoming)) {
            return true;
        }
    }
    return false;
}

void net_flush(NetClient *nc)
{
    nc->no_room = false;
    /* Drivers make room far more often than anything waits for it. */
    if (frames_wait()) {
        wake_delivery();
    }
}

void net_machine_started(void)
{
    GPtrArray *clients = net_registry()->clients;

    for (guint i = 0; i < clients->len; i++) {
        /* A state that was loaded may have room. */
        net_flush(g_ptr_array_index(clients, i));
    }
}

/* ---- Clients ---- */

NetClient *net_find(const char *name)
{
    GPtrArray *clients = net_registry()->clients;

    for (guint i = 0; i < clients->len; i++) {
        NetClient *nc = g_ptr_array_index(clients, i);

        if (!strcmp(nc->name, name)) {
            return nc;
        }
    }
    return NULL;
}

void net_foreach(void (*fn)(NetClient *nc, void *opaque), void *opaque)
{
    GPtrArray *clients = net_registry()->clients;

    for (guint i = 0; i < clients->len; i++) {
        fn(g_ptr_array_index(clients, i), opaque);
    }
}

NetClient *net_client_new(const NetClientInfo *info, const char *name, NetClient *peer,
                          GError **errp)
{
    NetRegistry *registry = net_registry();
    NetClient *nc;

    if (name && net_find(name)) {
        error_setg(errp, "Duplicate ID '%s' for netdev", name);
        return NULL;
    }
    start_delivery();
    nc = g_malloc0(info->size);
    nc->info = info;
    nc->name =
        name ? g_strdup(name)
             : g_strdup_printf("#net%u%02u", registry->next_name, 50 + registry->next_name % 50);
    registry->next_name += !name;
    nc->text = g_strdup("");
    g_queue_init(&nc->incoming);
    g_ptr_array_add(registry->clients, nc);
    if (peer) {
        net_connect(nc, peer);
    }
    return nc;
}

void net_connect(NetClient *a, NetClient *b)
{
    g_assert(!a->peer && !b->peer && a != b);
    a->peer = b;
    b->peer = a;
}

void net_disconnect(NetClient *nc)
{
    NetClient *peer = nc->peer;

    if (peer) {
        drop_waiting(nc);
        drop_waiting(peer);
        nc->peer = peer->peer = NULL;
    }
}

static void forget_sender(NetClient *nc, void *opaque)
{
    for (GList *link = nc->incoming.head; link; link = link->next) {
        Frame *frame = link->data;

        if (frame->sender == opaque) {
            frame->sender = NULL;
        }
    }
}

void net_client_delete(NetClient *nc)
{
    net_foreach(forget_sender, nc);
    net_disconnect(nc);
    if (nc->info->cleanup) {
        nc->info->cleanup(nc);
    }
    drop_waiting(nc);
    g_ptr_array_remove(net_registry()->clients, nc);
    g_free(nc->name);
    g_free(nc->model);
    g_free(nc->text);
    g_free(nc);
}

void net_client_set_text(NetClient *nc, const char *format, ...)
{
    va_list args;

    g_free(nc->text);
    va_start(args, format);
    nc->text = g_strdup_vprintf(format, args);
    va_end(args);
}

void net_cleanup(void)
{
    NetRegistry *registry = net_registry();

    net_announce_stop();
    /* NICs belong to their devices. */
    for (guint i = registry->clients->len; i-- > 0;) {
        NetClient *nc = g_ptr_array_index(registry->clients, i);

        if (!net_is_nic(nc)) {
            net_client_delete(nc);
            i = MIN(i, registry->clients->len);
        }
    }
    if (registry->delivery) {
        g_source_destroy(registry->delivery);
        g_clear_pointer(&registry->delivery, g_source_unref);
    }
}

/* ---- MAC addresses ---- */

static const uint8_t mac_range[NET_MAC_SIZE] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_SIZE])
{
    for (unsigned i = 0; i < NET_MAC_SIZE; i++) {
        char *end;

        if (!g_ascii_isxdigit(*text)) {
            return false;
        }
        mac[i] = (uint8_t)g_ascii_strtoull(text, &end, 16);
        if (end > text + 2 || (i < NET_MAC_SIZE - 1 ? *end != ':' && *end != '-' : *end != 0)) {
            return false;
        }
        text = end + 1;
    }
    return true;
}

static bool in_range(const uint8_t *mac)
{
    return !memcmp(mac, mac_range, NET_MAC_SIZE - 1);
}

void net_assign_mac(uint8_t mac[NET_MAC_SIZE])
{
    static const uint8_t zero[NET_MAC_SIZE];
    uint32_t *used = net_registry()->macs;

    if (memcmp(mac, zero, NET_MAC_SIZE)) {
        if (in_range(mac)) {
            used[mac[5] / 32] |= 1u << mac[5] % 32;
        }
        return;
    }
    memcpy(mac, mac_range, NET_MAC_SIZE);
    for (unsigned i = 0; i < 256; i++) {
        uint8_t last = (uint8_t)(mac_range[5] + i);

        if (!(used[last / 32] >> last % 32 & 1)) {
            mac[5] = last;
            used[last / 32] |= 1u << last % 32;
            return;
        }
    }
    mac[5] = 0xff;                      /* more than 256 of them: two are alike */
}

void net_release_mac(const uint8_t mac[NET_MAC_SIZE])
{
    if (in_range(mac)) {
        net_registry()->macs[mac[5] / 32] &= ~(1u << mac[5] % 32);
    }
}

/* ---- NICs ---- */

static bool set_netdev(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    char **member = property_field(obj, prop);
    const char *name = value->kind == PROPERTY_STRING ? value->s : NULL;
    NetClient *nc = name ? net_find(name) : NULL;

    if (!nc || net_is_nic(nc)) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Property '%s.%s' can't find value '%s'",
                  obj->class->name, prop->name, name ? name : "");
        return false;
    }
    if (nc->peer) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Property '%s.%s' can't take value '%s', it's in use", obj->class->name,
                  prop->name, name);
        return false;
    }
    g_free(*member);
    *member = g_strdup(name);
    return true;
}

static bool get_netdev(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    char **member = property_field(obj, prop);

    value->kind = PROPERTY_STRING;
    value->s = g_strdup(*member ? *member : "");
    return true;
}

static void release_netdev(Object *obj, const Property *prop)
{
    g_clear_pointer((char **)property_field(obj, prop), g_free);
}

const PropertyType property_type_netdev = {"str", PROPERTY_STRING, set_netdev, get_netdev,
                                           release_netdev};

static char *nic_name(const char *model)
{
    for (unsigned i = 0;; i++) {
        char *name = g_strdup_printf("%s.%u", model, i);

        if (!net_find(name)) {
            return name;
        }
        g_free(name);
    }
}

bool nic_init(NicConf *conf, const NetClientInfo *info, const char *model, const char *id,
              void *opaque, GError **errp)
{
    NetClient *peer = conf->netdev && *conf->netdev ? net_find(conf->netdev) : NULL;
    g_autofree char *name = id ? g_strdup(id) : nic_name(model);

    if (conf->netdev && *conf->netdev && (!peer || peer->peer)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "netdev '%s' is %s", conf->netdev,
                  peer ? "in use" : "not there");
        return false;
    }
    conf->client = net_client_new(info, name, NULL, errp);
    if (!conf->client) {
        return false;
    }
    net_assign_mac(conf->mac);
    conf->client->model = g_strdup(model);
    conf->client->opaque = opaque;
    if (peer) {
        net_connect(conf->client, peer);
    }
    nic_set_mac(conf, conf->mac);
    return true;
}

void nic_deinit(NicConf *conf)
{
    if (conf->client) {
        net_client_delete(conf->client);
        conf->client = NULL;
        net_release_mac(conf->mac);
    }
}

void nic_set_mac(NicConf *conf, const uint8_t mac[NET_MAC_SIZE])
{
    memcpy(conf->client->mac, mac, NET_MAC_SIZE);
    net_client_set_text(conf->client, "model=%s,macaddr=" MAC_FMT, conf->client->model,
                        MAC_ARGS(mac));
}

/* ---- Checksums ---- */

uint32_t net_crc32_be(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes[i];

        for (unsigned bit = 0; bit < 8; bit++, byte >>= 1) {
            bool carry = (crc >> 31 ^ byte) & 1;

            crc = crc << 1 ^ (carry ? 0x04c11db7u : 0);
        }
    }
    return crc;
}

uint32_t net_crc32_le(const uint8_t *bytes, size_t size)
{
    return ~(uint32_t)crc32(0, bytes, (uInt)size);
}

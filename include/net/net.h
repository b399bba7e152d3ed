/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks: clients that hand Ethernet frames to each other.  A client is a NIC of the machine or a
 * back end of the host (user, tap, socket, stream, dgram, hubport); two of them are peers.
 *
 * A frame goes straight into its receiver unless that has no room, is itself sending or receiving,
 * or the machine stands: then it waits in the receiver's queue and is delivered from the main loop.
 * So a device's receive() never runs inside its own transmit().  Device lock for everything;
 * callbacks of descriptors run on the main thread with it held.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include <jansson.h>
#include "object/property.h"
#include "util/clock.h"
#include "util/options.h"

#define NET_MAX_FRAME 65550u            /* longest that a back end may hand on */
#define NET_MAC_SIZE 6

typedef struct NetClient NetClient;
typedef struct NetClientInfo NetClientInfo;

/* What waits in a queue of senders that cannot hold back: beyond so many frames (QEMU's number) or
 * bytes the newest is dropped. */
#define NET_QUEUE_LIMIT 10000u
#define NET_QUEUE_BYTES (16u << 20)

struct NetClientInfo {
    const char *type;                   /* "nic", "user", ... */
    size_t size;                        /* of the struct that begins with NetClient */
    /* Room for a frame now? NULL: always. */
    bool (*can_receive)(NetClient *nc);
    /* A frame. 0: no room, keep it until net_flush(); otherwise it was taken (or dropped). */
    ssize_t (*receive)(NetClient *nc, const uint8_t *frame, size_t size);
    /* nc->link_down (or, of a NIC, its peer's) has changed. */
    void (*link_changed)(NetClient *nc);
    /* Gives up what the client holds; its peer is gone already. */
    void (*cleanup)(NetClient *nc);
};

struct NetClient {
    const NetClientInfo *info;
    char *name, *model;
    char *text;                         /* for info network */
    NetClient *peer;
    void *opaque;                       /* a NIC's device */
    uint8_t mac[NET_MAC_SIZE];          /* a NIC's own */
    bool link_down;
    bool is_netdev;                     /* -netdev, netdev_add: netdev_del may take it away */
    /* private to net.c */
    GQueue incoming;                    /* frames that wait */
    size_t incoming_bytes;              /* of all of them */
    unsigned busy;                      /* it sends or receives just now */
    bool no_room;                       /* receive() said 0: nothing until net_flush() */
};

/* What the rest of the program does for networks. */
typedef struct NetHostOps {
    bool (*is_running)(void);           /* the machine */
    Clock *(*guest_clock)(void);
    Clock *(*real_clock)(void);
    void (*send_event)(const char *name, json_t *data);
    /* A user network has come, whose state streams are to have; or goes. May be NULL. */
    bool (*user_added)(NetClient *nc, GError **errp);
    void (*user_removed)(NetClient *nc);
    /* A descriptor that a management program has passed under that name; it is the caller's then.
     * -1 with errp. May be NULL. */
    int (*take_fd)(const char *name, GError **errp);
} NetHostOps;
void net_set_host_ops(const NetHostOps *ops);
const NetHostOps *net_host_ops(void);
/* The machine starts: what has waited goes on.  While it stands, nothing is delivered. */
void net_machine_started(void);
/* Ends all clients and timers. */
void net_cleanup(void);

/* ---- Clients ---- */
/* name NULL: "#netNNN". The struct is zero apart from its head. NULL with errp: the name is taken.
 */
NetClient *net_client_new(const NetClientInfo *info, const char *name, NetClient *peer,
                          GError **errp);
void net_client_delete(NetClient *nc);
void net_client_set_text(NetClient *nc, const char *format, ...) G_GNUC_PRINTF(2, 3);
NetClient *net_find(const char *name);
/* In order of creation; fn may not delete. */
void net_foreach(void (*fn)(NetClient *nc, void *opaque), void *opaque);
static inline bool net_is_nic(const NetClient *nc)
{
    return nc->model != NULL;
}
void net_connect(NetClient *a, NetClient *b);
void net_disconnect(NetClient *nc);

/* ---- Frames ---- */
/* To the peer; a NIC gets no frame shorter than a cable's. Without a peer, or with a link that is
 * down, it is dropped. */
void net_send(NetClient *nc, const uint8_t *frame, size_t size);
/*
 * The same for those who can hold back: false if the frame has to wait. The sender hands on no more
 * until `ready` was called, which is when the peer's queue is empty.
 */
bool net_send_or_wait(NetClient *nc, const uint8_t *frame, size_t size,
                      void (*ready)(NetClient *nc));
/* Would a frame go at once? */
bool net_can_send(const NetClient *nc);
/* The client has room again. Any place: delivery comes from the main loop. */
void net_flush(NetClient *nc);

/* ---- NICs ---- */
typedef struct NicConf {
    uint8_t mac[NET_MAC_SIZE];          /* property mac; zero: the next free one */
    char *netdev;                       /* property */
    NetClient *client;                  /* the NIC's own, once realized */
    int32_t bootindex;                  /* property */
} NicConf;
extern const PropertyType property_type_netdev;
#define DEFINE_NIC_PROPERTIES(state, field)                                                        \
    DEFINE_PROP_MACADDR("mac", state, field.mac, "MAC address"),                                   \
        {.name = "netdev",                                                                         \
         .type = &property_type_netdev,                                                            \
         .offset = offsetof(state, field.netdev),                                                  \
         .help = "ID of a netdev to use as a back end"},                                           \
        DEFINE_PROP_INT32("bootindex", state, field.bootindex, -1,                                 \
                          "place in the firmware's order of boot devices")
/* MAC address and back end as conf says; id as -device has it, or NULL. False with errp. */
bool nic_init(NicConf *conf, const NetClientInfo *info, const char *model, const char *id,
              void *opaque, GError **errp);
void nic_deinit(NicConf *conf);
/* The address in info network, when the guest has changed it. */
void nic_set_mac(NicConf *conf, const uint8_t mac[NET_MAC_SIZE]);
static inline bool nic_link_up(const NicConf *conf)
{
    return conf->client && !conf->client->link_down;
}
/* Reads a MAC address; false: it is none. */
bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_SIZE]);
#define MAC_FMT "%02x:%02x:%02x:%02x:%02x:%02x"
#define MAC_ARGS(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]
static inline bool mac_is_multicast(const uint8_t *mac)
{
    return mac[0] & 1;
}
static inline bool mac_is_broadcast(const uint8_t *mac)
{
    static const uint8_t ones[NET_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    return !__builtin_memcmp(mac, ones, NET_MAC_SIZE);
}
/* CRC-32 of Ethernet over the bytes: the frame check sequence, and the hash of multicast filters,
 * which take its highest (be) or lowest (le) bits. */
uint32_t net_crc32_be(const uint8_t *bytes, size_t size);
uint32_t net_crc32_le(const uint8_t *bytes, size_t size);

/* ---- Options (options.c) ---- */
/* -netdev TYPE,id=ID,...; also netdev_add. */
bool net_add_netdev(const char *text, GError **errp);
bool net_del_netdev(const char *id, GError **errp);
/* -nic TYPE,model=M,mac=A,...; "none". *none is set if it was. */
bool net_add_nic(const char *text, bool *none, GError **errp);
/* -net nic,...|TYPE,...: clients on hub 0. */
bool net_add_legacy(const char *text, bool *none, GError **errp);
/* What the machine has without options: a NIC with user networking. */
bool net_add_default(GError **errp);
/* Back ends without NIC and the reverse: warnings. */
void net_check(void);
/* One line a type. */
char *net_help(void);

/* NICs that -nic and -net ask the machine for. */
typedef struct NicInfo {
    char *model;                        /* NULL: the machine's own */
    char *name;                         /* NULL: by the model */
    uint8_t mac[NET_MAC_SIZE];
    char *netdev;                       /* NULL: no back end */
    bool taken;
} NicInfo;
/*
 * The next that has that model, or its second name alias (may be NULL), or, if is_default, none; it
 * is taken then. model NULL: any model.
 */
NicInfo *net_take_nic(const char *model, bool is_default, const char *alias);

/* ---- Monitor ---- */
void net_print(GString *out);
bool net_set_link(const char *name, bool up, GError **errp);
/* No NIC tells its filter: an empty list, or, of a name, the error that says so. */
json_t *net_query_rx_filter(const char *name, GError **errp);
/* RARP frames from every NIC (interfaces NULL: all), so that switches learn where it is. ms; id may
 * be NULL. */
typedef struct NetAnnounce {
    int64_t initial, max, step, rounds;
    char **interfaces;
    const char *id;
} NetAnnounce;
bool net_announce(const NetAnnounce *how, GError **errp);

/* ---- user (libslirp) ---- */
/* id NULL: the only one. */
bool net_user_hostfwd_add(const char *id, const char *rule, GError **errp);
bool net_user_hostfwd_remove(const char *id, const char *rule, GString *out, GError **errp);
void net_user_print(GString *out);
/* A network's state as libslirp writes it (streams have a section "slirp" for each). */
int net_user_state_version(void);
GByteArray *net_user_save(NetClient *nc);
/* read gives size bytes or false. False: not a state that can be taken. */
bool net_user_load(NetClient *nc, bool (*read)(void *opaque, void *buf, size_t size), void *opaque,
                   GError **errp);

#endif

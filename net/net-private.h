/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of net/: types of back ends, the registry, what several of them share. */
#ifndef NET_NET_PRIVATE_H
#define NET_NET_PRIVATE_H

#include <gio/gio.h>
#include "net/net.h"

/* A type of -netdev. */
typedef struct NetdevType {
    const char *name, *help;
    const OptionListDesc *options;      /* NULL: known, but not here: `missing` says why */
    const char *missing;
    /* The client, with that name (NULL: one is made up) and peer (may be NULL). NULL with errp. */
    NetClient *(*create)(const Options *options, const char *name, NetClient *peer, GError **errp);
} NetdevType;
/* Ends with a row without name. */
extern const NetdevType netdev_type_user, netdev_type_socket, netdev_type_stream, netdev_type_dgram,
    netdev_type_tap, netdev_type_hubport;

typedef struct NetRegistry {
    const NetHostOps *ops;
    GPtrArray *clients;                 /* NetClient * */
    GPtrArray *nics;                    /* NicInfo * */
    GPtrArray *hubs;
    GPtrArray *announcements;
    GSource *delivery;                  /* wakes when frames wait that can go */
    uint32_t macs[8];                   /* last bytes of our own range that are in use */
    unsigned next_name;
} NetRegistry;
NetRegistry *net_registry(void);

/* A free address of the range 52:54:00:12:34:56 and up if mac is zero; else it is noted as used. */
void net_assign_mac(uint8_t mac[NET_MAC_SIZE]);
void net_release_mac(const uint8_t mac[NET_MAC_SIZE]);

/* hub.c */
/* A port of hub number id, made if there is none. */
NetClient *net_hub_add_port(int id, const char *name, NetClient *peer, GError **errp);
/* The hub that nc is, or is connected to; false: none. */
bool net_hub_of(const NetClient *nc, int *id);
void net_hub_print(GString *out);
void net_hub_check(void);
/* "name: index=0,type=...,text" and a newline, then its filters. */
void net_print_client(const NetClient *nc, GString *out);

/* monitor.c */
void net_announce_stop(void);

/* ---- Sockets (stream.c, dgram.c) ---- */
/* "host:port", or host and port; port NULL: host has both. An empty host is any address. NULL with
 * errp. */
GSocketAddress *net_inet_address(const char *host, const char *port, GError **errp);
/* addr.* (prefix "addr") of options: type=inet, unix or fd. *fd is set to a descriptor for the
 * last, else -1. */
bool net_option_address(const Options *options, const char *prefix, GSocketAddress **address,
                        int *fd, GError **errp);
#define NET_ADDRESS_OPTIONS(prefix)                                                                \
    {prefix ".type", OPTION_STRING, "inet, unix or fd", NULL},                                     \
        {prefix ".host", OPTION_STRING, "inet: host", NULL},                                       \
        {prefix ".port", OPTION_STRING, "inet: port", NULL},                                       \
        {prefix ".path", OPTION_STRING, "unix: path", NULL},                                       \
        {prefix ".str", OPTION_STRING, "fd: number", NULL},                                        \
        {prefix ".ipv4", OPTION_BOOL, "accepted", NULL},                                           \
        {prefix ".ipv6", OPTION_BOOL, "accepted", NULL},                                           \
        {prefix ".numeric", OPTION_BOOL, "accepted", NULL},                                        \
        {prefix ".keep-alive", OPTION_BOOL, "accepted", NULL},                                     \
        {prefix ".to", OPTION_NUMBER, "accepted", NULL},                                           \
        {prefix ".abstract", OPTION_BOOL, "accepted", NULL},                                       \
    {                                                                                              \
        prefix ".tight", OPTION_BOOL, "accepted", NULL                                             \
    }
/* "127.0.0.1:80", "unix:/path"; g_malloc. */
char *net_address_text(GSocketAddress *address);
/* A number of the process's own, or a name under which a management program has passed one. */
bool net_parse_fd(const char *text, int *fd, GError **errp);
/* Makes it ours: non-blocking, not inherited. */
void net_prepare_fd(int fd);

/* ---- A frame a read and a write (fd.c) ---- */
/* Begins the struct of such a back end, whose size is the client's. */
typedef struct NetFd {
    NetClient nc;                       /* first */
    int fd;
    bool troubled;                      /* reading failed, and that was said */
    guint read_source, write_source;
    uint8_t in[NET_MAX_FRAME];
} NetFd;
/* Takes fd over and begins to read. */
void net_fd_open(NetFd *f, int fd);
void net_fd_close(NetFd *f);
/* There was no room to write: asks again when there is, or (rest_ms) after that time. 0, for the
 * client's receive() to return. */
ssize_t net_fd_wait(NetFd *f, unsigned rest_ms);

/* Frames behind their lengths (32 bits, big-endian) on a stream socket. Takes over what it is
 * given. */
extern const NetClientInfo net_stream_info_stream, net_stream_info_socket;
NetClient *net_stream_new(const NetClientInfo *info, const char *name, NetClient *peer,
                          GError **errp);
bool net_stream_listen(NetClient *nc, GSocketAddress *address, GError **errp);
/* retry: seconds between attempts, 0: the first must succeed. */
bool net_stream_connect(NetClient *nc, GSocketAddress *address, unsigned retry, GError **errp);
/* A connected or (server) a listening socket. */
void net_stream_use_fd(NetClient *nc, int fd, bool server);

/* A frame a datagram. remote NULL: the socket is connected. */
extern const NetClientInfo net_dgram_info_dgram, net_dgram_info_socket;
NetClient *net_dgram_new(const NetClientInfo *info, const char *name, NetClient *peer, int fd,
                         GSocketAddress *remote, GError **errp);
/* A bound socket; multicast joins the group of that address. -1 with errp. */
int net_dgram_open(GSocketAddress *local, GError **errp);
int net_dgram_open_multicast(GSocketAddress *group, const char *local, GError **errp);

/* Datagrams of IPv4 that come in fragments (user-fragments.c). */
typedef struct UserFragments UserFragments;
UserFragments *user_fragments_new(void);
void user_fragments_free(UserFragments *fragments);
/* A frame that is none comes back; one that completes a datagram gives it (until the next call) and
 * its size; others give NULL. now: ns. */
const uint8_t *user_fragments_take(UserFragments *fragments, const uint8_t *frame, size_t *size,
                                   int64_t now);

#endif

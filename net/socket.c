/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev socket: the older spelling of stream (listen=, connect=, fd=) and dgram (mcast=, udp=,
 * fd=). */
#include "net-private.h"
#include <sys/socket.h>
#include "util/error.h"

static NetClient *use_fd(const char *text, const char *name, NetClient *peer, GError **errp)
{
    int fd, type = 0;
    socklen_t size = sizeof(type);
    NetClient *nc;

    if (!net_parse_fd(text, &fd, errp)) {
        return NULL;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
        (type != SOCK_STREAM && type != SOCK_DGRAM)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "fd %d is neither a stream nor a datagram socket",
                  fd);
        return NULL;
    }
    if (type == SOCK_DGRAM) {
        nc = net_dgram_new(&net_dgram_info_socket, name, peer, fd, NULL, errp);
        if (nc) {
            net_client_set_text(nc, "socket: fd=%d", fd);
        }
        return nc;
    }
    nc = net_stream_new(&net_stream_info_socket, name, peer, errp);
    if (nc) {
        net_stream_use_fd(nc, fd, false);
    }
    return nc;
}

static NetClient *use_stream(const char *listen, const char *connect, const char *name,
                             NetClient *peer, GError **errp)
{
    GSocketAddress *address = net_inet_address(listen ? listen : connect, NULL, errp);
    NetClient *nc = address ? net_stream_new(&net_stream_info_socket, name, peer, errp) : NULL;

    if (!nc) {
        g_clear_object(&address);
        return NULL;
    }
    if (!(listen ? net_stream_listen(nc, address, errp)
                 : net_stream_connect(nc, address, 0, errp))) {
        net_client_delete(nc);
        return NULL;
    }
    return nc;
}

static NetClient *use_datagrams(const char *mcast, const char *udp, const char *local_text,
                                const char *name, NetClient *peer, GError **errp)
{
    g_autoptr(GSocketAddress) remote = net_inet_address(mcast ? mcast : udp, NULL, errp);
    g_autoptr(GSocketAddress) local = NULL;
    NetClient *nc;
    int fd;

    if (!remote) {
        return NULL;
    }
    if (mcast) {
        fd = net_dgram_open_multicast(remote, local_text, errp);
    } else {
        local = net_inet_address(local_text, NULL, errp);
        fd = local ? net_dgram_open(local, errp) : -1;
    }
    if (fd < 0) {
        return NULL;
    }
    nc = net_dgram_new(&net_dgram_info_socket, name, peer, fd, remote, errp);
    if (nc) {
        net_client_set_text(nc, "socket: %s=%s", mcast ? "mcast" : "udp", mcast ? mcast : udp);
    }
    return nc;
}

static NetClient *socket_create(const Options *options, const char *name, NetClient *peer,
                                GError **errp)
{
    const char *fd = options_get(options, "fd"), *listen = options_get(options, "listen"),
               *connect = options_get(options, "connect"), *mcast = options_get(options, "mcast"),
               *udp = options_get(options, "udp"), *local = options_get(options, "localaddr");

    if (!!fd + !!listen + !!connect + !!mcast + !!udp != 1) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "exactly one of listen=, connect=, mcast=, udp=, or fd= is required");
        return NULL;
    }
    if (local && !mcast && !udp) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "localaddr= is only valid with mcast= or udp=");
        return NULL;
    }
    if (udp && !local) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "localaddr= is mandatory with udp=");
        return NULL;
    }
    return fd ? use_fd(fd, name, peer, errp)
           : mcast || udp ? use_datagrams(mcast, udp, local, name, peer, errp)
                          : use_stream(listen, connect, name, peer, errp);
}

const NetdevType netdev_type_socket = {
    .name = "socket",
    .help = "another emulator's network by TCP or UDP",
    .options = &(const OptionListDesc){.name = "netdev socket", .desc = (const OptionDesc[]){
        {"fd", OPTION_STRING, "socket that is open already", NULL},
        {"listen", OPTION_STRING, "[host]:port to listen at", NULL},
        {"connect", OPTION_STRING, "host:port to connect to", NULL},
        {"mcast", OPTION_STRING, "address:port of a multicast group", NULL},
        {"localaddr", OPTION_STRING, "mcast: address to send from; udp: address:port", NULL},
        {"udp", OPTION_STRING, "host:port to send to", NULL},
        {0},
    }},
    .create = socket_create,
};

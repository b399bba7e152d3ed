/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame a datagram: -netdev dgram, and -netdev socket with mcast= or udp=. */
#include "net-private.h"
#include <arpa/inet.h>
#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "util/error.h"

typedef struct NetDgram {
    NetFd f;                            /* first */
    struct sockaddr_storage remote;
    socklen_t remote_size;              /* 0: the socket is connected */
    char *path;                         /* of our own, to be removed */
} NetDgram;

#define REST_MS 10

static ssize_t dgram_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    NetDgram *d = (NetDgram *)nc;
    ssize_t n;

    do {
        n = d->remote_size ? sendto(d->f.fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                                    (struct sockaddr *)&d->remote, d->remote_size)
                           : send(d->f.fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        /* A UNIX socket without a connection says that it can be written to also while it is the
         * other side that has no room. */
        return net_fd_wait(&d->f, d->remote_size && d->remote.ss_family == AF_UNIX ? REST_MS : 0);
    }
    return (ssize_t)size;               /* nobody there: dropped */
}

static void dgram_cleanup(NetClient *nc)
{
    NetDgram *d = (NetDgram *)nc;

    net_fd_close(&d->f);
    if (d->path) {
        unlink(d->path);
        g_free(d->path);
    }
}

const NetClientInfo net_dgram_info_dgram = {
    .type = "dgram", .size = sizeof(NetDgram), .receive = dgram_receive, .cleanup = dgram_cleanup,
};
const NetClientInfo net_dgram_info_socket = {
    .type = "socket", .size = sizeof(NetDgram), .receive = dgram_receive, .cleanup = dgram_cleanup,
};

NetClient *net_dgram_new(const NetClientInfo *info, const char *name, NetClient *peer, int fd,
                         GSocketAddress *remote, GError **errp)
{
    NetDgram *d = (NetDgram *)net_client_new(info, name, peer, errp);

    if (!d) {
        close(fd);
        return NULL;
    }
    if (remote) {
        d->remote_size = (socklen_t)g_socket_address_get_native_size(remote);
        g_socket_address_to_native(remote, &d->remote, sizeof(d->remote), NULL);
    }
    net_fd_open(&d->f, fd);
    return &d->f.nc;
}

static int fail(int fd, GError **errp, const char *what)
{
    error_setg_errno(errp, errno, "%s", what);
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

int net_dgram_open(GSocketAddress *local, GError **errp)
{
    struct sockaddr_storage address = {0};
    socklen_t size = (socklen_t)g_socket_address_get_native_size(local);
    int fd = socket((int)g_socket_address_get_family(local), SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0) {
        return fail(fd, errp, "can't create datagram socket");
    }
    g_socket_address_to_native(local, &address, sizeof(address), NULL);
    if (G_IS_UNIX_SOCKET_ADDRESS(local)) {
        unlink(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(local)));
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (bind(fd, (struct sockaddr *)&address, size) < 0) {
        g_autofree char *text = net_address_text(local);
        g_autofree char *what = g_strdup_printf("can't bind to %s", text);

        return fail(fd, errp, what);
    }
    return fd;
}

int net_dgram_open_multicast(GSocketAddress *group, const char *local, GError **errp)
{
    struct sockaddr_in address = {0};
    struct ip_mreq request = {0};
    uint8_t loop = 1;
    int fd, on = 1;

    if (!G_IS_INET_SOCKET_ADDRESS(group) ||
        !g_inet_address_get_is_multicast(
            g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(group))) ||
        g_socket_address_get_family(group) != G_SOCKET_FAMILY_IPV4) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "specified mcastaddr does not contain a multicast address");
        return -1;
    }
    g_socket_address_to_native(group, &address, sizeof(address), NULL);
    request.imr_multiaddr = address.sin_addr;
    if (local && inet_pton(AF_INET, local, &request.imr_interface) != 1) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "localaddr '%s' is not an IPv4 address", local);
        return -1;
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(fd, errp, "can't create datagram socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        return fail(fd, errp, "can't bind to the multicast address");
    }
    /* Others on this host are to hear us. */
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop)) < 0 ||
        (local && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request.imr_interface,
                             sizeof(struct in_addr)) < 0)) {
        return fail(fd, errp, "can't join the multicast group");
    }
    return fd;
}

static bool is_multicast(GSocketAddress *address)
{
    return G_IS_INET_SOCKET_ADDRESS(address) &&
           g_inet_address_get_is_multicast(
               g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
}

static NetClient *dgram_create(const Options *options, const char *name, NetClient *peer,
                               GError **errp)
{
    g_autoptr(GSocketAddress) local = NULL, remote = NULL;
    g_autofree char *local_text = NULL, *remote_text = NULL;
    int fd = -1, unused = -1;
    NetClient *nc;

    if (options_has(options, "remote.type") &&
        !net_option_address(options, "remote", &remote, &unused, errp)) {
        return NULL;
    }
    if (unused >= 0) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "remote.type=fd is not a place to send to (use local.type=fd)");
        return NULL;
    }
    if (remote && is_multicast(remote)) {
        fd = net_dgram_open_multicast(remote, options_get(options, "local.host"), errp);
    } else if (!options_has(options, "local.type")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "dgram requires local= parameter");
    } else if (net_option_address(options, "local", &local, &fd, errp) && local) {
        if (!remote) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "dgram requires remote= parameter");
            return NULL;
        }
        fd = net_dgram_open(local, errp);
    }
    if (fd < 0) {
        return NULL;
    }
    nc = net_dgram_new(&net_dgram_info_dgram, name, peer, fd, remote, errp);
    if (nc) {
        local_text = local ? net_address_text(local) : g_strdup_printf("fd=%d", fd);
        remote_text = remote ? net_address_text(remote) : g_strdup("its peer");
        net_client_set_text(nc, "udp=%s/%s", local_text, remote_text);
        if (local && G_IS_UNIX_SOCKET_ADDRESS(local)) {
            ((NetDgram *)nc)->path =
                g_strdup(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(local)));
        }
    }
    return nc;
}

const NetdevType netdev_type_dgram = {
    .name = "dgram",
    .help = "frames as datagrams",
    .options = &(const OptionListDesc){.name = "netdev dgram", .desc = (const OptionDesc[]){
        NET_ADDRESS_OPTIONS("local"),
        NET_ADDRESS_OPTIONS("remote"),
        {0},
    }},
    .create = dgram_create,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on a stream socket, each behind its length in 4 bytes, big-endian: -netdev stream, and
 * -netdev socket with listen= or connect=.  One peer at a time; while there is none, frames are
 * dropped.
 */
#include "net-private.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "util/bswap.h"
#include "util/cutils.h"
#include "util/error.h"

typedef struct NetStream {
    NetClient nc;
    int fd, listener;                   /* -1: none */
    GSocketAddress *address;
    unsigned retry;
    guint read_source, write_source, listen_source, connect_source, retry_timer;
    GSocket *connecting;                /* the host has not answered yet */
    GByteArray *out;                    /* of a frame that went in part */
    uint8_t head[4];
    uint32_t have, size;                /* of head, then of the frame */
    bool in_frame;
    uint8_t in[NET_MAX_FRAME];
} NetStream;

/* ---- Addresses ---- */

char *net_address_text(GSocketAddress *address)
{
    if (G_IS_INET_SOCKET_ADDRESS(address)) {
        GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
        g_autofree char *host = g_inet_address_to_string(g_inet_socket_address_get_address(inet));

        return g_strdup_printf("%s:%u", host, g_inet_socket_address_get_port(inet));
    }
    return g_strdup_printf("unix:%s",
                           g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(address)));
}

GSocketAddress *net_inet_address(const char *host, const char *port, GError **errp)
{
    g_autofree char *name = g_strdup(host ? host : "");
    g_autoptr(GSocketConnectable) resolver = NULL;
    g_autoptr(GSocketAddressEnumerator) all = NULL;
    GSocketAddress *address, *best = NULL;
    GError *error = NULL;
    uint64_t number;

    if (!port) {
        char *colon = strrchr(name, ':');

        if (!colon) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "host address '%s' doesn't contain ':' separating host from port", name);
            return NULL;
        }
        *colon = 0;
        port = host + (colon - name) + 1;
    }
    if (!parse_uint64(port, 10, &number) || number > 65535) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "port number '%s' is invalid", port);
        return NULL;
    }
    resolver = g_network_address_new(*name ? name : "0.0.0.0", (guint16)number);
    all = g_socket_connectable_enumerate(resolver);
    while ((address = g_socket_address_enumerator_next(all, NULL, best ? NULL : &error))) {
        if (!best || (g_socket_address_get_family(best) != G_SOCKET_FAMILY_IPV4 &&
                      g_socket_address_get_family(address) == G_SOCKET_FAMILY_IPV4)) {
            g_clear_object(&best);
            best = address;
        } else {
            g_object_unref(address);
        }
    }
    if (!best) {
        error_set(errp, GOSSAMER_ERROR_IO, "can't resolve host address '%s': %s", name,
                  error ? error->message : "no address");
    }
    g_clear_error(&error);
    return best;
}

bool net_parse_fd(const char *text, int *fd, GError **errp)
{
    const NetHostOps *ops = net_host_ops();
    uint64_t number;

    if (text && *text && !g_ascii_isdigit(*text) && ops && ops->take_fd) {
        *fd = ops->take_fd(text, errp);
        return *fd >= 0;
    }
    if (!text || !parse_uint64(text, 10, &number) || number > INT32_MAX ||
        fcntl((int)number, F_GETFD) < 0) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "fd '%s' is not an open file descriptor",
                  text ? text : "");
        return false;
    }
    *fd = (int)number;
    return true;
}

void net_prepare_fd(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static const char *part(const Options *options, const char *prefix, const char *name)
{
    g_autofree char *key = g_strdup_printf("%s.%s", prefix, name);

    return options_get(options, key);
}

bool net_option_address(const Options *options, const char *prefix, GSocketAddress **address,
                        int *fd, GError **errp)
{
    const char *type = part(options, prefix, "type"), *path = part(options, prefix, "path");

    *address = NULL;
    *fd = -1;
    if (!type) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s.type' is missing", prefix);
        return false;
    }
    if (!strcmp(type, "fd")) {
        return net_parse_fd(part(options, prefix, "str"), fd, errp);
    }
    if (!strcmp(type, "unix")) {
        if (!path || strlen(path) > 107) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      path ? "UNIX socket path '%s' is too long" : "Parameter '%s.path' is missing",
                      path ? path : prefix);
            return false;
        }
        *address = g_unix_socket_address_new(path);
        return true;
    }
    if (strcmp(type, "inet")) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s.type' does not accept value '%s' (inet, unix or fd)", prefix,
                  type);
        return false;
    }
    if (!part(options, prefix, "port")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s.port' is missing", prefix);
        return false;
    }
    *address = net_inet_address(part(options, prefix, "host"), part(options, prefix, "port"), errp);
    return *address != NULL;
}

/* ---- The peer comes and goes ---- */

static gboolean readable(gint fd, GIOCondition condition, gpointer opaque);
static gboolean acceptable(gint fd, GIOCondition condition, gpointer opaque);

static void watch(NetStream *s)
{
    if (s->fd >= 0 && !s->read_source) {
        s->read_source = g_unix_fd_add(s->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, s);
    }
}

static void remove_source(guint *source)
{
    if (*source) {
        g_source_remove(*source);
        *source = 0;
    }
}

static void tell(NetStream *s, const char *event, const char *address)
{
    const NetHostOps *ops = net_host_ops();

    if (s->nc.info == &net_stream_info_stream && ops && ops->send_event) {
        ops->send_event(event, address ? json_pack("{s:s, s:{s:s, s:s}}", "netdev-id", s->nc.name,
                                                   "addr", "type", "inet", "host", address)
                                       : json_pack("{s:s}", "netdev-id", s->nc.name));
    }
}

static void adopt(NetStream *s, int fd)
{
    s->fd = fd;
    s->have = 0;
    s->in_frame = false;
    g_byte_array_set_size(s->out, 0);
    net_prepare_fd(fd);
    watch(s);
    net_flush(&s->nc);
}

static bool use_socket(NetStream *s, GSocket *socket, GError **errp)
{
    g_autofree char *text = net_address_text(s->address);
    int fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);

    if (fd < 0) {
        error_setg_errno(errp, errno, "can't connect to %s", text);
        return false;
    }
    adopt(s, fd);
    net_client_set_text(&s->nc, "%sconnect to %s",
                        s->nc.info == &net_stream_info_socket ? "socket: " : "", text);
    tell(s, "NETDEV_STREAM_CONNECTED", text);
    return true;
}

/* Waits for the host: only while a command line or a command of the monitor is carried out. */
static bool connect_now(NetStream *s, GError **errp)
{
    g_autoptr(GSocket) socket = g_socket_new(g_socket_address_get_family(s->address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, errp);

    if (!socket || !g_socket_connect(socket, s->address, NULL, errp)) {
        g_autofree char *text = net_address_text(s->address);

        error_prepend(errp, "can't connect to %s: ", text);
        return false;
    }
    return use_socket(s, socket, errp);
}

static void start_waiting(NetStream *s);

static gboolean connect_ended(gint fd, GIOCondition condition, gpointer opaque)
{
    NetStream *s = opaque;
    g_autoptr(GSocket) socket = g_steal_pointer(&s->connecting);

    s->connect_source = 0;
    if (!g_socket_check_connect_result(socket, NULL) || !use_socket(s, socket, NULL)) {
        start_waiting(s);
    }
    return G_SOURCE_REMOVE;
}

/* Does not wait: a host that says nothing would stop the machine. */
static void connect_later(NetStream *s)
{
    g_autoptr(GSocket) socket = g_socket_new(g_socket_address_get_family(s->address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_autoptr(GError) error = NULL;

    if (socket) {
        g_socket_set_blocking(socket, FALSE);
        if (g_socket_connect(socket, s->address, NULL, &error)) {
            if (use_socket(s, socket, NULL)) {
                return;
            }
        } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PENDING)) {
            s->connect_source = g_unix_fd_add(g_socket_get_fd(socket),
                                              G_IO_OUT | G_IO_HUP | G_IO_ERR, connect_ended, s);
            s->connecting = g_steal_pointer(&socket);
            return;
        }
    }
    start_waiting(s);
}

static gboolean retry_connect(gpointer opaque)
{
    NetStream *s = opaque;

    s->retry_timer = 0;
    connect_later(s);
    return G_SOURCE_REMOVE;
}

static void start_waiting(NetStream *s)
{
    if (s->listener >= 0) {
        s->listen_source = g_unix_fd_add(s->listener, G_IO_IN, acceptable, s);
    } else if (s->retry && s->address) {
        s->retry_timer = g_timeout_add_seconds(s->retry, retry_connect, s);
    }
}

static void drop_peer(NetStream *s)
{
    remove_source(&s->read_source);
    remove_source(&s->write_source);
    close(s->fd);
    s->fd = -1;
    net_client_set_text(&s->nc, "%s", s->listener >= 0 ? "wait for a connection" : "disconnected");
    tell(s, "NETDEV_STREAM_DISCONNECTED", NULL);
    start_waiting(s);
    net_flush(&s->nc);
}

static gboolean listen_again(gpointer opaque)
{
    NetStream *s = opaque;

    s->retry_timer = 0;
    start_waiting(s);
    return G_SOURCE_REMOVE;
}

static gboolean acceptable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetStream *s = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    if (peer < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        /* Who asks stays there: not again and again. */
        s->listen_source = 0;
        s->retry_timer = g_timeout_add_seconds(1, listen_again, s);
        return G_SOURCE_REMOVE;
    }
    if (peer < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->listen_source = 0;               /* others wait */
    adopt(s, peer);
    net_client_set_text(&s->nc, "%sconnection accepted",
                        s->nc.info == &net_stream_info_socket ? "socket: " : "");
    tell(s, "NETDEV_STREAM_CONNECTED", "");
    return G_SOURCE_REMOVE;
}

/* ---- Frames ---- */

static void ready(NetClient *nc)
{
    watch((NetStream *)nc);
}

static gboolean readable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetStream *s = opaque;

    for (unsigned budget = 64; budget; budget--) {
        uint8_t *to = s->in_frame ? s->in : s->head;
        uint32_t want = s->in_frame ? s->size : sizeof(s->head);
        ssize_t n = recv(fd, to + s->have, want - s->have, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return G_SOURCE_CONTINUE;
        }
        if (n <= 0) {
            s->read_source = 0;
            drop_peer(s);
            return G_SOURCE_REMOVE;
        }
        s->have += (uint32_t)n;
        if (s->have < want) {
            continue;
        }
        s->have = 0;
        if (!s->in_frame) {
            s->size = ldl_be_p(s->head);
            if (s->size > NET_MAX_FRAME) {
                warn_report("netdev %s: the peer speaks of a frame of %u bytes; disconnected",
                            s->nc.name, s->size);
                s->read_source = 0;
                drop_peer(s);
                return G_SOURCE_REMOVE;
            }
            s->in_frame = s->size != 0;
            continue;
        }
        s->in_frame = false;
        if (!net_send_or_wait(&s->nc, s->in, s->size, ready)) {
            s->read_source = 0;
            return G_SOURCE_REMOVE;
        }
    }
    return G_SOURCE_CONTINUE;
}

static gboolean writable(gint fd, GIOCondition condition, gpointer opaque)
{
    NetStream *s = opaque;
    ssize_t n = send(fd, s->out->data, s->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n < 0) {
        s->write_source = 0;
        drop_peer(s);
        return G_SOURCE_REMOVE;
    }
    g_byte_array_remove_range(s->out, 0, (guint)n);
    if (s->out->len) {
        return G_SOURCE_CONTINUE;
    }
    s->write_source = 0;
    net_flush(&s->nc);
    return G_SOURCE_REMOVE;
}

static ssize_t stream_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    NetStream *s = (NetStream *)nc;
    uint8_t head[4];
    struct iovec iov[2] = {{head, sizeof(head)}, {(void *)frame, size}};
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
    size_t sent;
    ssize_t n;

    if (s->fd < 0) {
        return (ssize_t)size;
    }
    if (s->out->len) {
        return 0;
    }
    stl_be_p(head, (uint32_t)size);
    n = sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        return (ssize_t)size;           /* whoever reads finds out that the peer is gone */
    }
    sent = n < 0 ? 0 : (size_t)n;
    if (sent < sizeof(head) + size) {
        size_t of_head = MIN(sent, sizeof(head));

        g_byte_array_append(s->out, head + of_head, (guint)(sizeof(head) - of_head));
        g_byte_array_append(s->out, frame + (sent - of_head), (guint)(size - (sent - of_head)));
        s->write_source = g_unix_fd_add(s->fd, G_IO_OUT, writable, s);
    }
    return (ssize_t)size;
}

static void stream_cleanup(NetClient *nc)
{
    NetStream *s = (NetStream *)nc;

    remove_source(&s->read_source);
    remove_source(&s->write_source);
    remove_source(&s->listen_source);
    remove_source(&s->connect_source);
    remove_source(&s->retry_timer);
    g_clear_object(&s->connecting);
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->listener >= 0) {
        close(s->listener);
        if (s->address && G_IS_UNIX_SOCKET_ADDRESS(s->address)) {
            unlink(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(s->address)));
        }
    }
    g_clear_object(&s->address);
    g_byte_array_unref(s->out);
}

const NetClientInfo net_stream_info_stream = {
    .type = "stream",
    .size = sizeof(NetStream),
    .receive = stream_receive,
    .cleanup = stream_cleanup,
};
const NetClientInfo net_stream_info_socket = {
    .type = "socket",
    .size = sizeof(NetStream),
    .receive = stream_receive,
    .cleanup = stream_cleanup,
};

/* ---- Making one ---- */

NetClient *net_stream_new(const NetClientInfo *info, const char *name, NetClient *peer,
                          GError **errp)
{
    NetStream *s = (NetStream *)net_client_new(info, name, peer, errp);

    if (s) {
        s->fd = s->listener = -1;
        s->out = g_byte_array_new();
    }
    return s ? &s->nc : NULL;
}

bool net_stream_listen(NetClient *nc, GSocketAddress *address, GError **errp)
{
    NetStream *s = (NetStream *)nc;
    g_autoptr(GSocket) socket = g_socket_new(g_socket_address_get_family(address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, errp);
    g_autofree char *text = net_address_text(address);

    s->address = address;
    if (G_IS_UNIX_SOCKET_ADDRESS(address)) {
        unlink(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(address)));
    }
    if (!socket || !g_socket_bind(socket, address, TRUE, errp) || !g_socket_listen(socket, errp)) {
        error_prepend(errp, "can't listen at %s: ", text);
        return false;
    }
    s->listener = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    if (s->listener < 0) {
        error_setg_errno(errp, errno, "can't listen at %s", text);
        return false;
    }
    net_client_set_text(nc, "%swait from %s",
                        s->nc.info == &net_stream_info_socket ? "socket: " : "", text);
    start_waiting(s);
    return true;
}

bool net_stream_connect(NetClient *nc, GSocketAddress *address, unsigned retry, GError **errp)
{
    NetStream *s = (NetStream *)nc;

    s->address = address;
    s->retry = retry;
    if (!retry) {
        return connect_now(s, errp);
    }
    connect_later(s);
    return true;
}

void net_stream_use_fd(NetClient *nc, int fd, bool server)
{
    NetStream *s = (NetStream *)nc;

    net_client_set_text(nc, "%sfd=%d", s->nc.info == &net_stream_info_socket ? "socket: " : "", fd);
    if (server) {
        s->listener = fd;
        net_prepare_fd(fd);
        start_waiting(s);
    } else {
        adopt(s, fd);
    }
}

static NetClient *stream_create(const Options *options, const char *name, NetClient *peer,
                                GError **errp)
{
    bool server = options_get_bool(options, "server", false), good = true;
    uint64_t retry = options_get_number(options, "reconnect", 0);
    GSocketAddress *address;
    NetClient *nc;
    int fd;

    if (retry && server) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "'reconnect' option is incompatible with socket in server mode");
        return NULL;
    }
    if (!net_option_address(options, "addr", &address, &fd, errp)) {
        return NULL;
    }
    nc = net_stream_new(&net_stream_info_stream, name, peer, errp);
    if (!nc) {
        g_clear_object(&address);
        return NULL;
    }
    if (fd >= 0) {
        net_stream_use_fd(nc, fd, server);
    } else {
        good = server ? net_stream_listen(nc, address, errp)
                      : net_stream_connect(nc, address, (unsigned)MIN(retry, 86400u), errp);
    }
    if (!good) {
        net_client_delete(nc);
        return NULL;
    }
    return nc;
}

const NetdevType netdev_type_stream = {
    .name = "stream",
    .help = "frames on a stream socket",
    .options = &(const OptionListDesc){.name = "netdev stream", .desc = (const OptionDesc[]){
        {"server", OPTION_BOOL, "listen", NULL},
        {"reconnect", OPTION_NUMBER, "client: seconds between attempts", NULL},
        NET_ADDRESS_OPTIONS("addr"),
        {0},
    }},
    .create = stream_create,
};

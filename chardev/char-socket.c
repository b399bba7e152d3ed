/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream sockets: unix or TCP, server (one client at a time, the next may come when it has gone) or
 * client (optionally reconnecting), descriptors inherited by number (fd=), SCM_RIGHTS reception,
 * and just enough of telnet (RFC 854) that a telnet client is put in character mode.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "chardev-private.h"
#include "util/error.h"

typedef struct CharSocket {
    Chardev parent;
    bool server, telnet, nodelay;
    uint64_t reconnect;          /* seconds, 0: no */
    GSocketAddress *address;     /* NULL: fd only */
    char *name;                  /* "unix:PATH,server=on" */
    GSocket *listener;
    int fd;                      /* connected peer, -1 */
    int passed_fd;               /* last one received, -1 */
    guint listen_source, read_source, retry_timer;
    unsigned telnet_state;
} CharSocket;

static gboolean socket_readable(gint fd, GIOCondition condition, gpointer data);
static void start_listening(CharSocket *s);
static void schedule_reconnect(CharSocket *s);

static void watch(CharSocket *s)
{
    if (!s->read_source && s->fd >= 0) {
        s->read_source = g_unix_fd_add(s->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, socket_readable, s);
    }
}

/* What info chardev shows. */
static void update_filename(CharSocket *s)
{
    g_free(s->parent.filename);
    s->parent.filename = g_strconcat(s->fd < 0 ? "disconnected:" : "", s->name, NULL);
}

static void drop_peer(CharSocket *s)
{
    if (s->fd < 0) {
        return;
    }
    if (s->read_source) {
        g_source_remove(s->read_source);
        s->read_source = 0;
    }
    close(s->fd);
    s->fd = -1;
    update_filename(s);
    if (s->passed_fd >= 0) {
        close(s->passed_fd);
        s->passed_fd = -1;
    }
    chardev_event(&s->parent, CHAR_EVENT_CLOSED);
    if (s->server) {
        start_listening(s);
    } else {
        schedule_reconnect(s);
    }
}

/* IAC sequences out of the stream; the answer to "interrupt process" and the like is silence. */
static int strip_telnet(CharSocket *s, uint8_t *buf, int size)
{
    int out = 0;

    for (int i = 0; i < size; i++) {
        uint8_t c = buf[i];

        switch (s->telnet_state) {
        case 0:
            if (c == 0xff) {
                s->telnet_state = 1;
            } else {
                buf[out++] = c;
            }
            break;
        case 1:
            if (c == 0xff) {
                buf[out++] = c;
                s->telnet_state = 0;
            } else {
                s->telnet_state = c >= 0xfb ? 2 : c == 0xfa ? 3 : 0;
            }
            break;
        case 2:
            s->telnet_state = 0;
            break;
        default:
            s->telnet_state = c == 0xf0 ? 0 : 3;
        }
    }
    return out;
}

static ssize_t receive(CharSocket *s, uint8_t *buf, size_t size)
{
    char control[CMSG_SPACE(sizeof(int) * 16)];
    struct iovec iov = {buf, size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t n;

    do {
        n = recvmsg(s->fd, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return n;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            unsigned count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            for (unsigned i = 0; i < count; i++) {
                int fd;

                memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                if (s->passed_fd >= 0) {
                    close(s->passed_fd);
                }
                s->passed_fd = fd;
            }
        }
    }
    return n;
}

static gboolean socket_readable(gint fd, GIOCondition condition, gpointer data)
{
    CharSocket *s = data;
    uint8_t buf[4096];
    int room = chardev_can_receive(&s->parent);
    ssize_t n;

    if (room <= 0 && !(condition & (G_IO_HUP | G_IO_ERR))) {
        s->read_source = 0;
        return G_SOURCE_REMOVE;
    }
    if (room <= 0) {
        room = sizeof(buf);      /* the peer is gone: what is left has no taker */
    }
    n = receive(s, buf, MIN((size_t)room, sizeof(buf)));
    if (n < 0 && errno == EAGAIN) {
        return G_SOURCE_CONTINUE;
    }
    if (n <= 0) {
        s->read_source = 0;
        drop_peer(s);
        return G_SOURCE_REMOVE;
    }
    if (s->telnet) {
        n = strip_telnet(s, buf, n);
    }
    if (n > 0) {
        chardev_receive(&s->parent, buf, n);
    }
    return s->read_source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void connected(CharSocket *s, int fd)
{
    s->fd = fd;
    s->telnet_state = 0;
    update_filename(s);
    if (s->nodelay) {
        int on = 1;

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (s->telnet) {
        static const uint8_t modes[] = {0xff, 0xfb, 1, 0xff, 0xfb, 3, 0xff, 0xfb, 0, 0xff, 0xfd, 0};

        char_fd_write(fd, modes, sizeof(modes));
    }
    chardev_event(&s->parent, CHAR_EVENT_OPENED);
    watch(s);
}

static gboolean accept_peer(gint fd, GIOCondition condition, gpointer data)
{
    CharSocket *s = data;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    if (peer < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->listen_source = 0;        /* one client at a time; others wait in the backlog */
    connected(s, peer);
    return G_SOURCE_REMOVE;
}

static void start_listening(CharSocket *s)
{
    if (!s->listen_source && s->listener) {
        s->listen_source = g_unix_fd_add(g_socket_get_fd(s->listener), G_IO_IN, accept_peer, s);
    }
}

static bool try_connect(CharSocket *s, GError **errp)
{
    g_autoptr(GSocket) socket =
        g_socket_new(g_socket_address_get_family(s->address), G_SOCKET_TYPE_STREAM,
                     G_SOCKET_PROTOCOL_DEFAULT, errp);
    int fd;

    if (!socket || !g_socket_connect(socket, s->address, NULL, errp)) {
        return false;
    }
    fd = fcntl(g_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    connected(s, fd);
    return true;
}

static gboolean retry(gpointer data)
{
    CharSocket *s = data;

    if (try_connect(s, NULL)) {
        s->retry_timer = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void schedule_reconnect(CharSocket *s)
{
    if (s->reconnect && s->address && !s->retry_timer) {
        s->retry_timer = g_timeout_add_seconds(s->reconnect, retry, s);
    }
}

/* The first address of the name; IPv4 comes first unless the options want IPv6. */
static GSocketAddress *tcp_address(const char *host, unsigned port, bool ipv6, GError **errp)
{
    g_autoptr(GSocketConnectable) name = NULL;
    g_autoptr(GSocketAddressEnumerator) all = NULL;
    GSocketAddress *address, *best = NULL;
    GSocketFamily wanted = ipv6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;

    name = g_network_address_new(host && *host ? host : ipv6 ? "::" : "0.0.0.0", port);
    all = g_socket_connectable_enumerate(name);
    while ((address = g_socket_address_enumerator_next(all, NULL, best ? NULL : errp))) {
        if (!best || (g_socket_address_get_family(best) != wanted &&
                      g_socket_address_get_family(address) == wanted)) {
            g_clear_object(&best);
            best = address;
        } else {
            g_object_unref(address);
        }
    }
    return best;
}

static bool make_address(CharSocket *s, const Options *options, unsigned offset, GError **errp)
{
    const char *path = options_get(options, "path"), *port = options_get(options, "port");

    g_clear_object(&s->address);
    if (path) {
        bool abstract = options_get_bool(options, "abstract", false);

        if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "UNIX socket path '%s' is too long", path);
            return false;
        }
        s->address =
            abstract ? g_unix_socket_address_new_with_type(path, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT)
                     : g_unix_socket_address_new(path);
        return true;
    }
    if (port) {
        guint64 number;

        if (!g_ascii_string_to_unsigned(port, 10, 0, 65535 - offset, &number, NULL)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is not a port number", port);
            return false;
        }
        s->address = tcp_address(options_get(options, "host"), number + offset,
                                 options_get_bool(options, "ipv6", false), errp);
        return s->address != NULL;
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "chardev: socket: no path, host and port, or fd given");
    return false;
}

static bool listen_once(CharSocket *s, GError **errp)
{
    g_clear_object(&s->listener);
    s->listener = g_socket_new(g_socket_address_get_family(s->address), G_SOCKET_TYPE_STREAM,
                               G_SOCKET_PROTOCOL_DEFAULT, errp);
    return s->listener && g_socket_bind(s->listener, s->address, TRUE, errp) &&
           g_socket_listen(s->listener, errp);
}

static bool make_listener(CharSocket *s, const Options *options, GError **errp)
{
    const char *path = options_get(options, "path"), *port = options_get(options, "port");
    uint64_t last = options_get_number(options, "to", 0);
    unsigned tries = 1;
    GError *error = NULL;

    if (path && !options_get_bool(options, "abstract", false)) {
        unlink(path);
    }
    if (port && last > g_ascii_strtoull(port, NULL, 10)) {
        tries += MIN(last, 65535u) - g_ascii_strtoull(port, NULL, 10);
    }
    for (unsigned i = 0; i < tries; i++) {
        g_clear_error(&error);
        if (make_address(s, options, i, &error) && listen_once(s, &error)) {
            return true;
        }
    }
    g_clear_object(&s->listener);
    error_set(errp, GOSSAMER_ERROR_IO, "%s%s: %s",
              path ? "Failed to bind socket to " : "Failed to find an available port",
              path ? path : "", error->message);
    g_error_free(error);
    return false;
}

/* What the socket's own address says. */
static char *socket_name(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_un unix_address;
        struct sockaddr_in in;
    } address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(fd, &address.any, &size) == 0) {
        if (address.any.sa_family == AF_UNIX) {
            return g_strdup_printf("unix:%.*s", (int)sizeof(address.unix_address.sun_path),
                                   address.unix_address.sun_path);
        }
        if (address.any.sa_family == AF_INET) {
            return g_strdup_printf("tcp:%s:%u", inet_ntoa(address.in.sin_addr),
                                   ntohs(address.in.sin_port));
        }
    }
    return g_strdup_printf("fd:%d", fd);
}

/* fd=N: a listening or a connected socket of the parent process. */
static bool adopt_fd(CharSocket *s, const char *text, GError **errp)
{
    guint64 number;
    int listening = 0;
    socklen_t size = sizeof(listening);

    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL) ||
        getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "chardev: fd '%s' is not a socket", text);
        return false;
    }
    s->name = socket_name(number);
    if (!listening) {
        s->server = false;
        connected(s, number);
        return true;
    }
    s->server = true;
    s->listener = g_socket_new_from_fd(number, errp);
    if (s->listener) {
        g_autofree char *name = g_steal_pointer(&s->name);

        s->name = g_strconcat(name, ",server=on", NULL);
    }
    return s->listener != NULL;
}

static bool socket_open(Chardev *chr, const Options *options, GError **errp)
{
    CharSocket *s = (CharSocket *)chr;
    const char *fd = options_get(options, "fd");
    const char *path = options_get(options, "path");
    bool wait = options_get_bool(options, "wait", true);

    s->fd = s->passed_fd = -1;
    s->server = options_get_bool(options, "server", false);
    s->telnet = options_get_bool(options, "telnet", false);
    s->reconnect = options_get_number(options, "reconnect", 0);
    s->nodelay = options_get_bool(options, "nodelay", !options_get_bool(options, "delay", true));
    if (path) {
        s->name = g_strdup_printf("unix:%s%s", path, s->server ? ",server=on" : "");
    } else if (!fd) {
        s->name =
            g_strdup_printf("tcp:%s:%s%s", options_get(options, "host") ?: "",
                            options_get(options, "port") ?: "", s->server ? ",server=on" : "");
    }
    if (fd) {
        if (!adopt_fd(s, fd, errp)) {
            g_free(s->name);
            return false;
        }
        wait = false;
    } else if (!s->server) {
        if (!make_address(s, options, 0, errp) ||
            (!try_connect(s, s->reconnect ? NULL : errp) && !s->reconnect)) {
            g_prefix_error(errp, "Failed to connect to '%s': ", s->name);
            g_clear_object(&s->address);
            g_free(s->name);
            return false;
        }
        if (s->fd < 0) {
            schedule_reconnect(s);
        }
    } else if (!make_listener(s, options, errp)) {
        g_clear_object(&s->address);
        g_free(s->name);
        return false;
    }
    update_filename(s);
    if (s->listener && wait) {
        info_report("QEMU waiting for connection on: %s", chr->filename);
        while (s->fd < 0) {
            struct pollfd pfd = {g_socket_get_fd(s->listener), POLLIN, 0};

            poll(&pfd, 1, -1);
            accept_peer(g_socket_get_fd(s->listener), G_IO_IN, s);
        }
    } else {
        start_listening(s);
    }
    return true;
}

static void socket_close(Chardev *chr)
{
    CharSocket *s = (CharSocket *)chr;

    if (s->read_source) {
        g_source_remove(s->read_source);
    }
    if (s->listen_source) {
        g_source_remove(s->listen_source);
    }
    if (s->retry_timer) {
        g_source_remove(s->retry_timer);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->passed_fd >= 0) {
        close(s->passed_fd);
    }
    if (s->listener && s->address && G_IS_UNIX_SOCKET_ADDRESS(s->address) &&
        g_unix_socket_address_get_address_type(G_UNIX_SOCKET_ADDRESS(s->address)) ==
            G_UNIX_SOCKET_ADDRESS_PATH) {
        unlink(g_unix_socket_address_get_path(G_UNIX_SOCKET_ADDRESS(s->address)));
    }
    g_clear_object(&s->listener);
    g_clear_object(&s->address);
    g_free(s->name);
}

static int socket_write(Chardev *chr, const uint8_t *buf, int size)
{
    CharSocket *s = (CharSocket *)chr;
    ssize_t n;

    if (s->fd < 0) {
        return size;             /* nobody there: dropped, as a cable without a terminal does */
    }
    do {
        n = send(s->fd, buf, size, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN ? 0 : size;   /* the reader will notice that the peer is gone */
    }
    return n;
}

static void socket_update(Chardev *chr)
{
    if (chardev_can_receive(chr) > 0) {
        watch((CharSocket *)chr);
    }
}

static void socket_disconnect(Chardev *chr)
{
    drop_peer((CharSocket *)chr);
}

static int socket_get_fd(Chardev *chr)
{
    CharSocket *s = (CharSocket *)chr;
    int fd = s->passed_fd;

    s->passed_fd = -1;
    return fd;
}

static guint socket_add_watch(Chardev *chr, gboolean (*fn)(void *opaque), void *opaque)
{
    return char_fd_add_watch(((CharSocket *)chr)->fd, fn, opaque);
}

static const OptionListDesc socket_options = {
    .name = "chardev socket",
    .desc = (const OptionDesc[]){
        CHARDEV_COMMON_OPTIONS,
        {"path", OPTION_STRING, "unix socket", NULL},
        {"host", OPTION_STRING, "TCP host", NULL},
        {"port", OPTION_STRING, "TCP port", NULL},
        {"fd", OPTION_STRING, "inherited socket by number", NULL},
        {"server", OPTION_BOOL, "listen", NULL},
        {"wait", OPTION_BOOL, "server: wait for the first client", NULL},
        {"telnet", OPTION_BOOL, "speak telnet", NULL},
        {"nodelay", OPTION_BOOL, "send at once", NULL},
        {"delay", OPTION_BOOL, "opposite of nodelay", NULL},
        {"ipv4", OPTION_BOOL, "IPv4", NULL},
        {"ipv6", OPTION_BOOL, "IPv6", NULL},
        {"to", OPTION_NUMBER, "last port to try", NULL},
        {"abstract", OPTION_BOOL, "abstract unix socket", NULL},
        {"reconnect", OPTION_NUMBER, "client: seconds between attempts", NULL},
        {0},
    },
};

const ChardevClass char_socket_class = {
    .name = "socket",
    .help = "unix or TCP stream socket",
    .options = &socket_options,
    .size = sizeof(CharSocket),
    .open = socket_open,
    .close = socket_close,
    .write = socket_write,
    .update = socket_update,
    .disconnect = socket_disconnect,
    .get_fd = socket_get_fd,
    .add_watch = socket_add_watch,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports over file descriptors: sockets, pipes to a command, files.
 */
#include "migration/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util/cutils.h"
#include "util/error.h"

struct MigrationChannel {
    int fd;
    int wake[2];      /* pipe: readable once shutdown was asked for */
    pid_t child;      /* EXEC; 0: none */
    bool is_socket, sending;
    int timeout;      /* ms, 0: none; atomic */
    TlsSession *tls;  /* NULL: bytes as they are */
};

#define LISTEN_QUEUE     256  /* multifd has up to 255 channels */
#define IOV_AT_ONCE      256
#define CONNECT_RETRY_MS 20   /* a listener's queue is full */
#define LOOK_MS          200  /* who waits looks for a limit so often */
#define COMMAND_GRACE_MS 500  /* for a command to end after SIGTERM */

static bool wait_for(MigrationChannel *channel, int fd, short events, GError **errp);

/* ---- Addresses ---- */

static bool parse_tcp(MigrationAddress *a, const char *text, GError **errp)
{
    g_autofree char *copy = g_strdup(text);
    char *options = strchr(copy, ',');
    char *host = copy, *colon;

    /* ipv4=on and the like: the name's resolution decides. */
    if (options) {
        *options = '\0';
    }
    if (copy[0] == '[') {
        char *end = strchr(copy, ']');
        if (!end || end[1] != ':') {
            error_set(errp, GOSSAMER_ERROR_INVALID, "'tcp:%s': expected [ADDRESS]:PORT", text);
            return false;
        }
        *end = '\0';
        host = copy + 1;
        colon = end + 1;
    } else {
        colon = strrchr(copy, ':');
        if (!colon) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "'tcp:%s': expected HOST:PORT", text);
            return false;
        }
        *colon = '\0';
    }
    guint64 port;
    if (!g_ascii_string_to_unsigned(colon + 1, 10, 0, UINT16_MAX, &port, NULL)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'tcp:%s': '%s' is no port number", text,
                  colon + 1);
        return false;
    }
    a->path = g_strdup(host);
    a->port = (uint16_t)port;
    return true;
}

static bool parse_file(MigrationAddress *a, const char *text, GError **errp)
{
    const char *option = strstr(text, ",offset=");

    a->path = option ? g_strndup(text, (size_t)(option - text)) : g_strdup(text);
    if (option && !parse_size(option + strlen(",offset="), 'B', &a->offset, NULL)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'file:%s': '%s' is no offset", text,
                  option + strlen(",offset="));
        return false;
    }
    if (!*a->path) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'file:%s' names no file", text);
        return false;
    }
    return true;
}

MigrationAddress *migration_address_parse(const char *uri, GError **errp)
{
    static const struct {
        const char *prefix;
        MigrationTransport transport;
    } rows[] = {
        {"tcp:", MIGRATION_TCP}, {"unix:", MIGRATION_UNIX}, {"exec:", MIGRATION_EXEC},
        {"fd:", MIGRATION_FD},   {"file:", MIGRATION_FILE},
    };
    g_autoptr(MigrationAddress) a = g_new0(MigrationAddress, 1);

    a->fd = -1;
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!g_str_has_prefix(uri, rows[i].prefix)) {
            continue;
        }
        const char *text = uri + strlen(rows[i].prefix);
        guint64 number;
        bool ok = true;
        a->transport = rows[i].transport;
        switch (a->transport) {
        case MIGRATION_TCP:
            ok = parse_tcp(a, text, errp);
            break;
        case MIGRATION_FILE:
            ok = parse_file(a, text, errp);
            break;
        case MIGRATION_FD:
            ok = g_ascii_string_to_unsigned(text, 10, 0, INT32_MAX, &number, NULL);
            if (ok) {
                a->fd = (int)number;
            } else {
                error_set(errp, GOSSAMER_ERROR_INVALID, "'%s': '%s' is no file descriptor", uri,
                          text);
            }
            break;
        default:
            a->path = g_strdup(text);
            if (!*text) {
                error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is incomplete", uri);
                ok = false;
            }
        }
        return ok ? g_steal_pointer(&a) : NULL;
    }
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "unknown migration protocol: '%s' (known: tcp:, unix:, exec:, fd:, file:)", uri);
    return NULL;
}

void migration_address_free(MigrationAddress *a)
{
    g_free(a->path);
    g_free(a);
}

/* ---- Sockets ---- */

static bool unix_address(const char *path, struct sockaddr_un *out, GError **errp)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "the socket's path '%s' is too long", path);
        return false;
    }
    strcpy(out->sun_path, path);
    return true;
}

static struct addrinfo *resolve(const MigrationAddress *a, bool listening, GError **errp)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = listening ? AI_PASSIVE : 0},
                    *list;
    g_autofree char *port = g_strdup_printf("%u", a->port);
    /* "0" has always stood for any address. */
    const char *host = *a->path && strcmp(a->path, "0") ? a->path : NULL;
    int result = getaddrinfo(host, port, &hints, &list);

    if (result) {
        error_set(errp, GOSSAMER_ERROR_IO, "address resolution failed for %s:%s: %s", a->path, port,
                  gai_strerror(result));
        return NULL;
    }
    return list;
}

/* Connects a socket that does not block; an errno, or -1 with errp after a shutdown. */
static int connect_socket(MigrationChannel *channel, int fd, const struct sockaddr *address,
                          socklen_t size, GError **errp)
{
    int error = 0;
    socklen_t length = sizeof(error);

    while (connect(fd, address, size)) {
        if (errno == EISCONN) {
            return 0;
        }
        if (errno == EAGAIN) {
            /* A UNIX socket whose listener has others waiting. */
            struct pollfd wake = {channel->wake[0], POLLIN, 0};
            if (poll(&wake, 1, CONNECT_RETRY_MS) > 0) {
                error_set(errp, GOSSAMER_ERROR_IO, "the channel was shut down");
                return -1;
            }
        } else if (errno == EINPROGRESS) {
            if (!wait_for(channel, fd, POLLOUT, errp)) {
                return -1;
            }
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) ? errno : error;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static int connect_tcp(MigrationChannel *channel, const MigrationAddress *a, GError **errp)
{
    struct addrinfo *list = resolve(a, false, errp);
    int fd = -1, error = 0, on = 1;

    if (!list) {
        return -1;
    }
    for (struct addrinfo *at = list; at && error >= 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
        error = fd < 0 ? errno : connect_socket(channel, fd, at->ai_addr, at->ai_addrlen, errp);
        if (fd >= 0 && !error) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            break;
        }
        if (fd >= 0) {
            close(fd);
        }
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd < 0 && error >= 0) {
        error_setg_errno(errp, error, "Failed to connect to '%s:%u'", a->path, a->port);
    }
    return fd;
}

static int connect_unix(MigrationChannel *channel, const MigrationAddress *a, GError **errp)
{
    struct sockaddr_un address;

    if (!unix_address(a->path, &address, errp)) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error =
        fd < 0 ? errno
               : connect_socket(channel, fd, (struct sockaddr *)&address, sizeof(address), errp);
    if (!error) {
        return fd;
    }
    if (error > 0) {
        error_setg_errno(errp, error, "Failed to connect to '%s'", a->path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t size)
{
    int on = 1;

    if (fd < 0) {
        return -1;
    }
    if (address->sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (!bind(fd, address, size) && !listen(fd, LISTEN_QUEUE)) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int listen_tcp(const MigrationAddress *a, char **uri, GError **errp)
{
    struct addrinfo *list = resolve(a, true, errp);
    int fd = -1, error = 0;

    if (!list) {
        return -1;
    }
    for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = bind_and_listen(socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                    at->ai_protocol), at->ai_addr, at->ai_addrlen);
        error = errno;
    }
    freeaddrinfo(list);
    if (fd < 0) {
        error_setg_errno(errp, error, "cannot listen on '%s:%u'", a->path, a->port);
        return -1;
    }
    if (uri) {
        struct sockaddr_storage name;
        socklen_t size = sizeof(name);
        char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
        getsockname(fd, (struct sockaddr *)&name, &size);
        getnameinfo((struct sockaddr *)&name, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV);
        *uri =
            g_strdup_printf(name.ss_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
    }
    return fd;
}

int migration_listen(const MigrationAddress *a, char **uri, GError **errp)
{
    struct sockaddr_un address;

    if (a->transport == MIGRATION_TCP) {
        return listen_tcp(a, uri, errp);
    }
    g_assert(a->transport == MIGRATION_UNIX);
    if (!unix_address(a->path, &address, errp)) {
        return -1;
    }
    unlink(a->path);
    int fd = bind_and_listen(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                             (struct sockaddr *)&address, sizeof(address));
    if (fd < 0) {
        error_setg_errno(errp, errno, "cannot listen on '%s'", a->path);
    } else if (uri) {
        *uri = g_strdup_printf("unix:%s", a->path);
    }
    return fd;
}

MigrationChannel *migration_accept(int listener, GError **errp)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        error_setg_errno(errp, errno, "cannot accept the incoming migration's connection");
        return NULL;
    }
    return migration_channel_from_fd(fd);
}

/* ---- Files and commands ---- */

static int open_file(const MigrationAddress *a, bool sending, GError **errp)
{
    int fd = open(a->path, sending ? O_WRONLY | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0660);
    struct stat st;

    if (fd < 0) {
        error_setg_errno(errp, errno, "cannot open '%s'", a->path);
        return -1;
    }
    /* What lies before the offset is somebody else's. */
    bool regular = !fstat(fd, &st) && S_ISREG(st.st_mode);
    if ((sending && regular && ftruncate(fd, (off_t)a->offset)) ||
        (a->offset && lseek(fd, (off_t)a->offset, SEEK_SET) < 0)) {
        error_setg_errno(errp, errno, "cannot go to offset %" G_GUINT64_FORMAT " of '%s'",
                         a->offset, a->path);
        close(fd);
        return -1;
    }
    return fd;
}

static int run_command(const MigrationAddress *a, bool sending, pid_t *child, GError **errp)
{
    const char *argv[] = {"/bin/sh", "-c", a->path, NULL};
    int ours = -1;
    GError *error = NULL;

    if (!g_spawn_async_with_pipes(
            NULL, (char **)argv, NULL,
            G_SPAWN_DO_NOT_REAP_CHILD | (sending ? 0 : G_SPAWN_CHILD_INHERITS_STDIN), NULL, NULL,
            child, sending ? &ours : NULL, sending ? NULL : &ours, NULL, &error)) {
        error_set(errp, GOSSAMER_ERROR_IO, "cannot run '%s': %s", a->path, error->message);
        g_error_free(error);
        return -1;
    }
    fcntl(ours, F_SETFD, FD_CLOEXEC);
    return ours;
}

/* ---- Channels ---- */

MigrationChannel *migration_channel_new(void)
{
    MigrationChannel *channel = g_new0(MigrationChannel, 1);

    channel->fd = -1;
    if (pipe2(channel->wake, O_CLOEXEC)) {
        channel->wake[0] = channel->wake[1] = -1;
    }
    return channel;
}

static void set_fd(MigrationChannel *channel, int fd)
{
    struct stat st;

    channel->is_socket = !fstat(fd, &st) && S_ISSOCK(st.st_mode);
    /* The channel waits with poll(), so that a shutdown ends the wait. */
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    __atomic_store_n(&channel->fd, fd, __ATOMIC_SEQ_CST);
}

MigrationChannel *migration_channel_from_fd(int fd)
{
    MigrationChannel *channel = migration_channel_new();

    set_fd(channel, fd);
    return channel;
}

bool migration_channel_connect(MigrationChannel *channel, const MigrationAddress *a, bool sending,
                               GError **errp)
{
    int fd = -1;

    channel->sending = sending;
    switch (a->transport) {
    case MIGRATION_TCP:
        fd = connect_tcp(channel, a, errp);
        break;
    case MIGRATION_UNIX:
        fd = connect_unix(channel, a, errp);
        break;
    case MIGRATION_FILE:
        fd = open_file(a, sending, errp);
        break;
    case MIGRATION_EXEC:
        fd = run_command(a, sending, &channel->child, errp);
        break;
    case MIGRATION_FD:
        fd = a->fd;
        if (fcntl(fd, F_GETFD) < 0) {
            error_setg_errno(errp, errno, "file descriptor %d", fd);
            return false;
        }
        break;
    }
    if (fd < 0) {
        return false;
    }
    set_fd(channel, fd);
    return true;
}

MigrationChannel *migration_channel_open(const MigrationAddress *a, bool sending, GError **errp)
{
    MigrationChannel *channel = migration_channel_new();

    if (!migration_channel_connect(channel, a, sending, errp)) {
        migration_channel_close(channel, NULL);
        return NULL;
    }
    return channel;
}

bool migration_channel_is_two_way(const MigrationChannel *channel)
{
    return channel->is_socket;
}

void migration_channel_set_timeout(MigrationChannel *channel, int ms)
{
    __atomic_store_n(&channel->timeout, ms, __ATOMIC_RELAXED);
}

static bool wait_for(MigrationChannel *channel, int fd, short events, GError **errp)
{
    struct pollfd fds[] = {{fd, events, 0}, {channel->wake[0], POLLIN, 0}};
    int64_t since = 0, now;   /* us; 0: any wait is right */
    int timeout = 0, n;

    do {
        n = poll(fds, channel->wake[0] < 0 ? 1 : 2, events & POLLOUT ? LOOK_MS : -1);
        /* Who sends knows how long is too long, and may say so while we wait. */
        timeout = events & POLLOUT ? __atomic_load_n(&channel->timeout, __ATOMIC_RELAXED) : 0;
        now = g_get_monotonic_time();
        since = timeout ? since ? since : now : 0;
    } while ((n < 0 && errno == EINTR) ||
             (!n && (!timeout || now - since < timeout * INT64_C(1000))));
    if (fds[1].revents & POLLIN) {
        error_set(errp, GOSSAMER_ERROR_IO, "the channel was shut down");
        return false;
    }
    if (!n) {
        error_set(errp, GOSSAMER_ERROR_IO, "the other side has been silent for %d s",
                  timeout / 1000);
        return false;
    }
    return true;
}

static bool wait_for_tls(void *opaque, short events, GError **errp)
{
    MigrationChannel *channel = opaque;

    return wait_for(channel, channel->fd, events, errp);
}

bool migration_channel_set_tls(MigrationChannel *channel, const TlsCredentials *credentials,
                               const char *hostname, GError **errp)
{
    channel->tls = tls_session_new(credentials, hostname, channel->fd, wait_for_tls, channel, errp);
    return channel->tls != NULL;
}

bool migration_channel_handshake(MigrationChannel *channel, GError **errp)
{
    return !channel->tls || tls_handshake(channel->tls, errp);
}

static ssize_t channel_read(void *opaque, void *buf, size_t size, GError **errp)
{
    MigrationChannel *channel = opaque;

    if (channel->tls) {
        return tls_read(channel->tls, buf, size, errp);
    }
    for (;;) {
        ssize_t n = read(channel->fd, buf, size);
        if (n >= 0) {
            return n;
        }
        if (errno == EAGAIN) {
            if (!wait_for(channel, channel->fd, POLLIN, errp)) {
                return -1;
            }
        } else if (errno != EINTR) {
            error_setg_errno(errp, errno, "cannot read from the channel");
            return -1;
        }
    }
}

bool migration_channel_writev(MigrationChannel *channel, const struct iovec *iov, unsigned count,
                              GError **errp)
{
    struct iovec part[IOV_AT_ONCE];
    size_t done = 0;   /* of iov[0] */

    for (unsigned i = 0; channel->tls && i < count; i++) {
        if (!tls_write(channel->tls, iov[i].iov_base, iov[i].iov_len, errp)) {
            return false;
        }
    }
    while (count && !channel->tls) {
        unsigned n = MIN(count, IOV_AT_ONCE);
        memcpy(part, iov, n * sizeof(*iov));
        part[0].iov_base = (uint8_t *)part[0].iov_base + done;
        part[0].iov_len -= done;
        struct msghdr message = {.msg_iov = part, .msg_iovlen = n};
        ssize_t sent = channel->is_socket ? sendmsg(channel->fd, &message, MSG_NOSIGNAL)
                                          : writev(channel->fd, part, (int)n);
        if (sent < 0 && errno == EAGAIN) {
            if (!wait_for(channel, channel->fd, POLLOUT, errp)) {
                return false;
            }
        } else if (sent < 0 && errno != EINTR) {
            error_setg_errno(errp, errno, "cannot write to the channel");
            return false;
        }
        done += sent > 0 ? (size_t)sent : 0;
        while (count && done >= iov->iov_len) {
            done -= iov->iov_len;
            iov++;
            count--;
        }
    }
    return true;
}

static bool channel_write(void *opaque, const void *buf, size_t size, GError **errp)
{
    struct iovec iov = {(void *)buf, size};

    return migration_channel_writev(opaque, &iov, 1, errp);
}

/* ---- Files ---- */

static bool channel_seek(void *opaque, uint64_t offset, GError **errp)
{
    MigrationChannel *channel = opaque;

    if (offset > INT64_MAX || lseek(channel->fd, (off_t)offset, SEEK_SET) < 0) {
        error_setg_errno(errp, offset > INT64_MAX ? EINVAL : errno,
                         "cannot go to offset %" G_GUINT64_FORMAT " of the file", offset);
        return false;
    }
    return true;
}

/* One of both is NULL. */
static bool transfer_at(MigrationChannel *channel, uint8_t *in, const uint8_t *out, size_t size,
                        uint64_t offset, GError **errp)
{
    while (size) {
        ssize_t n = in ? pread(channel->fd, in, size, (off_t)offset)
                       : pwrite(channel->fd, out, size, (off_t)offset);
        if (n > 0) {
            in += in ? n : 0;
            out += out ? n : 0;
            offset += (uint64_t)n;
            size -= (size_t)n;
        } else if (!n) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "the file ends too early");
            return false;
        } else if (errno != EINTR) {
            error_setg_errno(errp, errno,
                             in ? "cannot read from the file" : "cannot write to the file");
            return false;
        }
    }
    return true;
}

static bool channel_read_at(void *opaque, void *buf, size_t size, uint64_t offset, GError **errp)
{
    return transfer_at(opaque, buf, NULL, size, offset, errp);
}

static bool channel_write_at(void *opaque, const void *buf, size_t size, uint64_t offset,
                             GError **errp)
{
    return transfer_at(opaque, NULL, buf, size, offset, errp);
}

StateStream *migration_channel_stream(MigrationChannel *channel, bool sending)
{
#define FILE_OPERATIONS                                                                            \
    .seek = channel_seek, .read_at = channel_read_at, .write_at = channel_write_at
    static const StateStreamOps operations[2][2] = {
        {{.read = channel_read}, {.write = channel_write}},
        {{.read = channel_read, FILE_OPERATIONS}, {.write = channel_write, FILE_OPERATIONS}}};
    struct stat st;
    bool file = !fstat(channel->fd, &st) && S_ISREG(st.st_mode);
    off_t start = file ? lseek(channel->fd, 0, SEEK_CUR) : 0;
    StateStream *s = state_stream_new(&operations[file][sending], channel);

    state_stream_set_file_start(s, start > 0 ? (uint64_t)start : 0);
    return s;
}

int migration_channel_fd(const MigrationChannel *channel)
{
    return channel->fd;
}

int migration_channel_peek(MigrationChannel *channel, void *buf, size_t size)
{
    ssize_t n = recv(channel->fd, buf, size, MSG_PEEK | MSG_DONTWAIT);

    return n < 0 && (errno == EAGAIN || errno == EINTR) ? -1 : (int)MAX(n, 0);
}

void migration_channel_shutdown(MigrationChannel *channel)
{
    int fd = __atomic_load_n(&channel->fd, __ATOMIC_SEQ_CST);

    if (channel->wake[1] >= 0 && write(channel->wake[1], "", 1) < 0) {
        /* The pipe is full: it has been asked for before. */
    }
    if (fd >= 0 && channel->is_socket) {
        shutdown(fd, SHUT_RDWR);
    }
}

static bool was_shut_down(const MigrationChannel *channel)
{
    struct pollfd wake = {channel->wake[0], POLLIN, 0};

    return poll(&wake, 1, 0) > 0;
}

static bool has_ended(pid_t child, int *status)
{
    return waitpid(child, status, WNOHANG) == child;
}

static void reap(GPid pid, gint status, gpointer opaque)
{
    g_spawn_close_pid(pid);
}

/* Its wait status; what it does not do after a shutdown is not waited for. */
static int end_command(pid_t child, bool kill_it)
{
    int status = 0;

    if (kill_it) {
        kill(child, SIGTERM);
        for (int ms = 0; ms < COMMAND_GRACE_MS; ms += 10) {
            if (has_ended(child, &status)) {
                return status;
            }
            g_usleep(10000);
        }
        kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

bool migration_channel_close(MigrationChannel *channel, GError **errp)
{
    bool ok = true;
    int status;

    tls_session_free(channel->tls);
    if (channel->fd >= 0 && close(channel->fd) && errno != EINTR) {
        error_setg_errno(errp, errno, "cannot close the channel");
        ok = false;
    }
    if (channel->child && !channel->sending) {
        /* All it had to say has been read. */
        if (has_ended(channel->child, &status)) {
            g_spawn_close_pid(channel->child);
        } else {
            g_child_watch_add(channel->child, reap, NULL);
        }
    } else if (channel->child) {
        status = end_command(channel->child, was_shut_down(channel));
        if (ok && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
            error_set(errp, GOSSAMER_ERROR_IO,
                      WIFSIGNALED(status) ? "the command was killed by signal %d"
                                          : "the command failed with status %d",
                      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            ok = false;
        }
        g_spawn_close_pid(channel->child);
    }
    for (int i = 0; i < 2; i++) {
        if (channel->wake[i] >= 0) {
            close(channel->wake[i]);
        }
    }
    g_free(channel);
    return ok;
}

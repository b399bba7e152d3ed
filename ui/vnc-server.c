/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that serves VNC clients.  libvncserver waits for a client that does not read, so
 * nothing of it runs on the main thread: pictures come through a copy, keys and pointers go through
 * a queue.  A client that does not read for two seconds is dropped; others wait for it meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <rfb/rfb.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>
#include <gio/gio.h>
#include "vnc-private.h"

#define MAX_WAIT_MS 2000
#define MAX_CLIENTS 64
#define MAX_EVENTS 4096
#define CHALLENGE_SIZE 16
#define PASSWORD_SIZE 8

typedef struct VncServer {
    VncShared *shared;
    rfbScreenInfoPtr screen;
    Frame frame;         /* what clients see */
    int64_t accept_from; /* monotonic time: the host had nothing left for one more client */
} VncServer;

static VncShared *shared_of(rfbClientPtr client)
{
    return ((VncServer *)client->screen->screenData)->shared;
}

/* ---- From clients ---- */

static void push(VncShared *shared, const VncEvent *event)
{
    VncEvent *last;

    g_mutex_lock(&shared->lock);
    last = shared->events->len ? &g_array_index(shared->events, VncEvent, shared->events->len - 1)
                               : NULL;
    if (last && event->kind == VNC_POINTER && last->kind == VNC_POINTER &&
        last->buttons == event->buttons) {
        *last = *event;                 /* only moved on */
    } else if (shared->events->len < MAX_EVENTS || event->kind == VNC_GONE) {
        g_array_append_val(shared->events, *event);
    }
    if (!shared->told) {
        shared->told = true;
        g_idle_add_full(G_PRIORITY_DEFAULT, vnc_take_events, shared, NULL);
    }
    g_mutex_unlock(&shared->lock);
}

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    const VncEvent event = {.kind = VNC_KEY, .down = down, .keysym = keysym};

    client->clientData = shared_of(client);
    push(shared_of(client), &event);
}

static void on_pointer(int buttons, int x, int y, rfbClientPtr client)
{
    const VncEvent event = {.kind = VNC_POINTER,
                            .buttons = (unsigned)buttons,
                            .x = (unsigned)MAX(x, 0),
                            .y = (unsigned)MAX(y, 0)};

    client->clientData = shared_of(client);
    push(shared_of(client), &event);
}

/* The response is the challenge, encrypted with the password. */
static rfbBool check_password(rfbClientPtr client, const char *response, int size)
{
    VncShared *shared = shared_of(client);
    char password[PASSWORD_SIZE + 1] = {0};
    uint8_t wanted[CHALLENGE_SIZE];
    bool good = false, known;
    uint8_t differ = 0;

    g_mutex_lock(&shared->lock);
    known = shared->password && g_get_real_time() / G_USEC_PER_SEC < shared->expires;
    if (known) {
        g_strlcpy(password, shared->password, sizeof(password));
    }
    g_mutex_unlock(&shared->lock);
    if (known && size == CHALLENGE_SIZE) {
        memcpy(wanted, client->authChallenge, sizeof(wanted));
        rfbEncryptBytes(wanted, password);
        for (unsigned i = 0; i < sizeof(wanted); i++) {
            differ |= (uint8_t)(wanted[i] ^ (uint8_t)response[i]);
        }
        good = differ == 0;
    }
    memset(password, 0, sizeof(password));
    return good;
}

static void on_gone(rfbClientPtr client)
{
    VncShared *shared = shared_of(client);
    const VncEvent event = {.kind = VNC_GONE};

    /* Who never pressed anything (one without the password, for one) has nothing to release. */
    if (client->clientData) {
        push(shared, &event);
    }
    g_mutex_lock(&shared->lock);
    for (guint i = 0; i < shared->clients->len; i++) {
        VncConnection *connection = &g_array_index(shared->clients, VncConnection, i);

        if (connection->client == client) {
            g_free(connection->info.host);
            g_free(connection->info.service);
            g_free(connection->info.family);
            g_array_remove_index(shared->clients, i);
            break;
        }
    }
    g_mutex_unlock(&shared->lock);
}

static VncConnection describe(GSocket *socket, const void *client)
{
    g_autoptr(GSocketAddress) address = g_socket_get_remote_address(socket, NULL);
    VncConnection connection = {.client = client};

    if (G_IS_INET_SOCKET_ADDRESS(address)) {
        GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
        GInetAddress *host = g_inet_socket_address_get_address(inet);

        connection.info.host = g_inet_address_to_string(host);
        connection.info.service = g_strdup_printf("%u", g_inet_socket_address_get_port(inet));
        connection.info.family =
            g_strdup(g_inet_address_get_family(host) == G_SOCKET_FAMILY_IPV6 ? "ipv6" : "ipv4");
    } else {
        connection.info.host = g_strdup("");
        connection.info.service = g_strdup("");
        connection.info.family = g_strdup("unix");
    }
    return connection;
}

static void accept_client(VncServer *server, GSocket *listening)
{
    VncShared *shared = server->shared;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = g_socket_accept(listening, NULL, &error);
    VncConnection connection;
    rfbClientPtr client;
    int fd;

    if (!socket && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
        server->accept_from = g_get_monotonic_time() + G_USEC_PER_SEC;
    }
    if (!socket || shared->clients->len >= MAX_CLIENTS) {
        return;
    }
    /* The library closes its own descriptor. It waits with select(), which knows only low numbers.
     */
    fd = dup(g_socket_get_fd(socket));
    if (fd < 0 || fd >= FD_SETSIZE) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    client = rfbNewClient(server->screen, fd);
    if (!client) {
        return;
    }
    client->clientGoneHook = on_gone;
    connection = describe(socket, client);
    g_mutex_lock(&shared->lock);
    g_array_append_val(shared->clients, connection);
    g_mutex_unlock(&shared->lock);
}

/* ---- The picture ---- */

/* The library's pixels have red in the lowest byte. */
static void copy_row(uint32_t *to, const uint32_t *from, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        to[i] = (from[i] >> 16 & 0xff) | (from[i] & 0xff00) | (from[i] & 0xff) << 16;
    }
}

/*
 * The library keeps the size of a copy that it makes for a client who wants a smaller picture
 * (SetScale), and divides by zero when the screen becomes smaller than that.  Such clients have to
 * come again.
 */
static void drop_scaled_clients(VncServer *server)
{
    g_autoptr(GPtrArray) scaled = g_ptr_array_new();
    rfbClientPtr client;

    /* Also those whose connection is closed, which the library's iterator leaves out. */
    for (client = server->screen->clientHead; client; client = client->next) {
        if (client->scaledScreen != client->screen) {
            g_ptr_array_add(scaled, client);
        }
    }
    for (guint i = 0; i < scaled->len; i++) {
        client = g_ptr_array_index(scaled, i);
        rfbCloseClient(client);
        rfbClientConnectionGone(client);
    }
}

/* What has changed since the last time. False: nothing. */
static bool take_picture(VncServer *server)
{
    VncShared *shared = server->shared;
    Frame *frame = &server->frame;
    uint32_t *old = NULL;
    bool changed;

    g_mutex_lock(&shared->lock);
    if (shared->frame.resized) {
        /* The library looks at it until it is told of another one. */
        old = frame->pixels;
        frame->pixels = NULL;
    }
    changed = frame_take(&shared->frame, frame, copy_row);
    g_mutex_unlock(&shared->lock);
    if (!frame->pixels) {
        frame->pixels = old;
        return false;
    }
    if (frame->resized && server->screen) {
        drop_scaled_clients(server);
        rfbNewFramebuffer(server->screen, (char *)frame->pixels, (int)frame->width,
                          (int)frame->height, 8, 3, 4);
    }
    g_free(old);
    return changed;
}

/* ---- Life ---- */

static void no_log(const char *format, ...)
{
}

static bool create_screen(VncServer *server)
{
    VncShared *shared = server->shared;
    rfbScreenInfoPtr screen;

    rfbLogEnable(FALSE);
    rfbErr = no_log;
    rfbMaxClientWait = MAX_WAIT_MS;
    if (!take_picture(server)) {
        return false;
    }
    screen = rfbGetScreen(NULL, NULL, (int)server->frame.width, (int)server->frame.height, 8, 3,
                          4);
    if (!screen) {
        return false;
    }
    screen->frameBuffer = (char *)server->frame.pixels;
    screen->screenData = server;
    screen->desktopName = shared->name;
    screen->port = screen->ipv6port = 0; /* connections are accepted here */
    screen->autoPort = FALSE;
    screen->httpDir = NULL;
    screen->cursor = NULL;
    screen->deferUpdateTime = 0;
    screen->kbdAddEvent = on_key;
    screen->ptrAddEvent = on_pointer;
    screen->alwaysShared = shared->share != VNC_SHARE_EXCLUSIVE;
    if (shared->ask_password) {
        screen->authPasswdData = shared;
        screen->passwordCheck = check_password;
    }
    rfbInitServer(screen);
    server->screen = screen;
    return true;
}

static void destroy_screen(VncServer *server)
{
    rfbShutdownServer(server->screen, TRUE);
    server->screen->frameBuffer = NULL;
    rfbScreenCleanup(server->screen);
    frame_clear(&server->frame);
}

/* Descriptors to wait for: the pipe, those that listen, clients. */
static void add_clients(VncServer *server, GArray *polls)
{
    rfbClientIteratorPtr all = rfbGetClientIterator(server->screen);
    rfbClientPtr client;

    while ((client = rfbClientIteratorNext(all))) {
        struct pollfd entry = {.fd = client->sock, .events = POLLIN};

        if (client->sock != RFB_INVALID_SOCKET) {
            g_array_append_val(polls, entry);
        }
    }
    rfbReleaseClientIterator(all);
}

static bool stopped(VncShared *shared)
{
    bool stop;

    g_mutex_lock(&shared->lock);
    stop = shared->stop;
    g_mutex_unlock(&shared->lock);
    return stop;
}

static void serve_once(VncServer *server, GArray *polls)
{
    VncShared *shared = server->shared;
    struct pollfd entry = {.fd = shared->wake[0], .events = POLLIN};
    const DisplayRect *dirty = &server->frame.dirty;
    bool resting = server->accept_from > g_get_monotonic_time();
    char bytes[64];

    g_array_set_size(polls, 0);
    g_array_append_val(polls, entry);
    for (guint i = 0; i < shared->sockets->len; i++) {
        entry.fd = resting ? -1 : g_socket_get_fd(g_ptr_array_index(shared->sockets, i));
        g_array_append_val(polls, entry);
    }
    add_clients(server, polls);
    if (poll((struct pollfd *)(void *)polls->data, polls->len, resting ? 1000 : -1) < 0 &&
        errno != EINTR) {
        g_usleep(G_USEC_PER_SEC / 10);
        return;
    }
    if (g_array_index(polls, struct pollfd, 0).revents) {
        while (read(shared->wake[0], bytes, sizeof(bytes)) > 0) {
        }
    }
    for (guint i = 0; i < shared->sockets->len; i++) {
        if (g_array_index(polls, struct pollfd, 1 + i).revents) {
            accept_client(server, g_ptr_array_index(shared->sockets, i));
        }
    }
    if (take_picture(server) && !server->frame.resized) {
        rfbMarkRectAsModified(server->screen, (int)dirty->x, (int)dirty->y,
                              (int)(dirty->x + dirty->width), (int)(dirty->y + dirty->height));
    }
    rfbProcessEvents(server->screen, 0);
}

gpointer vnc_server_run(gpointer opaque)
{
    VncServer server = {.shared = opaque};
    g_autoptr(GArray) polls = g_array_new(false, false, sizeof(struct pollfd));

    if (!create_screen(&server)) {
        frame_clear(&server.frame);
        return NULL;
    }
    while (!stopped(server.shared)) {
        serve_once(&server, polls);
    }
    destroy_screen(&server);
    return NULL;
}

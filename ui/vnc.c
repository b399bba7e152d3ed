/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VNC's side of the main thread: the option, listening, the picture that is given to the server's
 * thread, and what its clients' keyboards and pointers do.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <sys/stat.h>
#include "ui/input.h"
#include "ui/keymap.h"
#include "util/error.h"
#include "util/options.h"
#include "vnc-private.h"

#define FIRST_PORT 5900
#define BACKLOG 8

typedef struct Vnc {
    VncShared shared;
    DisplayListener listener;
    GThread *thread;
    char *host, *service, *family, *path;
    /* of the keyboard that clients share */
    bool shift, level3, caps, down[N_KEYS];
    GHashTable *added; /* keysym to the modifiers that were pressed with it: 1 shift, 2 level 3 */
    /* of the pointer */
    unsigned x, y, buttons;
} Vnc;

static Vnc *vnc;

/* By the protocol's bits. */
static const InputButton buttons[] = {INPUT_LEFT, INPUT_MIDDLE, INPUT_RIGHT, INPUT_WHEEL_UP,
                                      INPUT_WHEEL_DOWN};

static void wake_server(void)
{
    ssize_t ignored = write(vnc->shared.wake[1], "", 1); /* a full pipe wakes too */

    (void)ignored;
}

/* ---- The picture ---- */

static void on_resized(DisplayListener *listener, const DisplaySurface *surface)
{
    VncShared *shared = &vnc->shared;

    g_mutex_lock(&shared->lock);
    frame_resize(&shared->frame, surface); /* without memory, clients keep what they have */
    g_mutex_unlock(&shared->lock);
    wake_server();
}

static void on_changed(DisplayListener *listener, const DisplaySurface *surface,
                       const DisplayRect *rect)
{
    VncShared *shared = &vnc->shared;

    g_mutex_lock(&shared->lock);
    frame_change(&shared->frame, surface, rect);
    g_mutex_unlock(&shared->lock);
}

static void on_done(DisplayListener *listener)
{
    wake_server();
}

/* ---- Keyboard ---- */

static void send_key(Key key, bool down)
{
    vnc->down[key] = down;
    input_key(key, down);
}

static void press(Key key, bool down)
{
    switch (key) {
    case KEY_SHIFT:
    case KEY_SHIFT_R:
        vnc->shift = down;
        break;
    case KEY_ALT_R:
        vnc->level3 = down;
        break;
    case KEY_CAPS_LOCK:
        vnc->caps ^= down;
        break;
    default:
        break;
    }
    send_key(key, down);
}

/* What a client that has left cannot release any more; others may have to press again. */
static void release_all(void)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        if (vnc->down[i]) {
            send_key((Key)i, false);
        }
    }
    vnc->shift = vnc->level3 = false;
    g_hash_table_remove_all(vnc->added);
    for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (vnc->buttons >> i & 1) {
            input_button(buttons[i], false);
        }
    }
    vnc->buttons = 0;
}

/*
 * A client says what was written, and presses modifiers for itself.  One that only writes (a
 * script, a keyboard on a screen) does not press those that the guest needs: then they are pressed
 * here with the key.
 */
static void on_key(const VncEvent *event)
{
    gpointer keysym = GUINT_TO_POINTER(event->keysym);
    KeymapEntry entry;
    unsigned added;

    if (!keymap_find(event->keysym, &entry)) {
        return;
    }
    if (event->down) {
        bool shift = entry.shift != (entry.letter && vnc->caps);

        added = (shift && !vnc->shift ? 1u : 0) | (entry.level3 && !vnc->level3 ? 2u : 0);
        if (added & 1) {
            send_key(KEY_SHIFT, true);
        }
        if (added & 2) {
            send_key(KEY_ALT_R, true);
        }
        if (added) {
            g_hash_table_insert(vnc->added, keysym, GUINT_TO_POINTER(added));
        }
        press(entry.key, true);
        return;
    }
    press(entry.key, false);
    added = GPOINTER_TO_UINT(g_hash_table_lookup(vnc->added, keysym));
    g_hash_table_remove(vnc->added, keysym);
    if (added & 2) {
        send_key(KEY_ALT_R, false);
    }
    if (added & 1) {
        send_key(KEY_SHIFT, false);
    }
}

/* ---- Pointer ---- */

static void on_pointer(const VncEvent *event)
{
    const DisplaySurface *surface =
        vnc->listener.console ? display_console_surface(vnc->listener.console) : NULL;

    if (surface && input_is_absolute()) {
        input_position(0, (int)((uint64_t)event->x * INPUT_RANGE / MAX(surface->width - 1, 1)));
        input_position(1, (int)((uint64_t)event->y * INPUT_RANGE / MAX(surface->height - 1, 1)));
    } else if (event->x != vnc->x || event->y != vnc->y) {
        input_move((int)event->x - (int)vnc->x, (int)event->y - (int)vnc->y);
    }
    vnc->x = event->x;
    vnc->y = event->y;
    for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if ((event->buttons ^ vnc->buttons) >> i & 1) {
            input_button(buttons[i], event->buttons >> i & 1);
        }
    }
    vnc->buttons = event->buttons;
}

gboolean vnc_take_events(gpointer opaque)
{
    VncShared *shared = opaque;
    g_autoptr(GArray) events = NULL;

    if (!vnc) {
        return G_SOURCE_REMOVE;
    }
    g_mutex_lock(&shared->lock);
    events = shared->events;
    shared->events = g_array_new(false, false, sizeof(VncEvent));
    shared->told = false;
    g_mutex_unlock(&shared->lock);
    for (guint i = 0; i < events->len; i++) {
        const VncEvent *event = &g_array_index(events, VncEvent, i);

        switch (event->kind) {
        case VNC_KEY:
            on_key(event);
            break;
        case VNC_POINTER:
            on_pointer(event);
            break;
        case VNC_GONE:
            release_all();
            break;
        }
        input_sync();
    }
    return G_SOURCE_REMOVE;
}

/* ---- Listening ---- */

static bool listen_at(GSocketAddress *address, GError **errp)
{
    GSocket *socket = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_DEFAULT, errp);

    if (!socket) {
        return false;
    }
    if (g_socket_address_get_family(address) == G_SOCKET_FAMILY_IPV6) {
        /* Else it would take IPv4's port too. */
        g_socket_set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, NULL);
    }
    g_socket_set_listen_backlog(socket, BACKLOG);
    g_socket_set_blocking(socket, false);
    if (!g_socket_bind(socket, address, true, errp) || !g_socket_listen(socket, errp)) {
        g_object_unref(socket);
        return false;
    }
    g_ptr_array_add(vnc->shared.sockets, socket);
    return true;
}

static void clear_sockets(void)
{
    g_ptr_array_set_size(vnc->shared.sockets, 0);
}

/* Every address of the host must be free at that port. */
static bool listen_port(GList *addresses, uint16_t port, GError **errp)
{
    for (GList *at = addresses; at; at = at->next) {
        g_autoptr(GSocketAddress) address = g_inet_socket_address_new(at->data, port);

        if (!listen_at(address, errp)) {
            clear_sockets();
            return false;
        }
    }
    return true;
}

/* "": all addresses of both families that the host has. */
static GList *addresses_of(const char *host, bool v4, bool v6, GError **errp)
{
    GList *found = NULL;

    if (*host) {
        g_autoptr(GResolver) resolver = g_resolver_get_default();
        GResolverNameLookupFlags flags = v4 && !v6   ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY
                                         : v6 && !v4 ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY
                                                     : G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT;

        return g_resolver_lookup_by_name_with_flags(resolver, host, flags, NULL, errp);
    }
    if (v4 || !v6) {
        found = g_list_append(found, g_inet_address_new_any(G_SOCKET_FAMILY_IPV4));
    }
    if (v6 || !v4) {
        g_autoptr(GSocket) probe = g_socket_new(G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_STREAM,
                                                G_SOCKET_PROTOCOL_DEFAULT, NULL);

        if (probe) {
            found = g_list_append(found, g_inet_address_new_any(G_SOCKET_FAMILY_IPV6));
        }
    }
    return found;
}

static void free_addresses(GList *addresses)
{
    g_list_free_full(addresses, g_object_unref);
}

static bool listen_inet(const char *host, unsigned first, unsigned last, bool v4, bool v6,
                        GError **errp)
{
    GList *addresses = addresses_of(host, v4, v6, errp);
    bool good = false;

    for (unsigned number = first; addresses && !good && number <= last; number++) {
        g_clear_error(errp);
        good = listen_port(addresses, (uint16_t)(FIRST_PORT + number), errp);
        if (good) {
            vnc->host = *host ? g_strdup(host) : g_strdup("0.0.0.0");
            vnc->service = g_strdup_printf("%u", FIRST_PORT + number);
            vnc->family = g_strdup(
                g_inet_address_get_family(addresses->data) == G_SOCKET_FAMILY_IPV6 ? "ipv6"
                                                                                   : "ipv4");
        }
    }
    free_addresses(addresses);
    return good;
}

static bool listen_unix(const char *path, GError **errp)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    struct stat info;

    if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) {
        unlink(path);
    }
    if (!listen_at(address, errp)) {
        return false;
    }
    vnc->path = g_strdup(path);
    vnc->host = g_strdup(path);
    vnc->service = g_strdup("");
    vnc->family = g_strdup("unix");
    return true;
}

/* ---- The option ---- */

static const OptionDesc rows[] = {
    {"vnc", OPTION_STRING, "HOST:DISPLAY, unix:PATH or none", NULL},
    {"to", OPTION_NUMBER, "last display to try when one is taken", NULL},
    {"password", OPTION_BOOL, "clients need a password, which a monitor sets", "off"},
    {"share", OPTION_STRING, "allow-exclusive, force-shared or ignore", "allow-exclusive"},
    {"ipv4", OPTION_BOOL, "IPv4 only", "off"},
    {"ipv6", OPTION_BOOL, "IPv6 only", "off"},
    {"lossy", OPTION_BOOL, "accepted: no lossy encodings", "off"},
    {"non-adaptive", OPTION_BOOL, "accepted", "off"},
    {"key-delay-ms", OPTION_NUMBER, "accepted", NULL},
    {"power-control", OPTION_BOOL, "accepted", "off"},
    {"audiodev", OPTION_STRING, "accepted: no sound", NULL},
    {"id", OPTION_STRING, "name of the server", NULL},
    {0},
};

static bool set_share(const char *text, GError **errp)
{
    static const char *const names[] = {"allow-exclusive", "force-shared", "ignore"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(names[i], text)) {
            vnc->shared.share = (VncShare)i;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "share=%s: allow-exclusive, force-shared or ignore",
              text);
    return false;
}

static bool listen_as_told(const Options *options, GError **errp)
{
    const char *where = options_get(options, "vnc"), *colon = where ? strrchr(where, ':') : NULL;
    g_autofree char *host = NULL;
    uint64_t number, last;
    char *end;

    if (where && g_str_has_prefix(where, "unix:")) {
        return listen_unix(where + 5, errp);
    }
    number = colon ? g_ascii_strtoull(colon + 1, &end, 10) : 0;
    if (!colon || !g_ascii_isdigit(colon[1]) || *end || number > UINT16_MAX - FIRST_PORT) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is no HOST:DISPLAY (display 0 is port %u)",
                  where ? where : "", FIRST_PORT);
        return false;
    }
    host = *where == '[' && colon > where && colon[-1] == ']'
               ? g_strndup(where + 1, (gsize)(colon - where - 2))
               : g_strndup(where, (gsize)(colon - where));
    last = options_get_number(options, "to", number);
    if (last < number || last > UINT16_MAX - FIRST_PORT) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "to=%" G_GUINT64_FORMAT ": not from %" G_GUINT64_FORMAT " on", last, number);
        return false;
    }
    return listen_inet(host, (unsigned)number, (unsigned)last,
                       options_get_bool(options, "ipv4", false),
                       options_get_bool(options, "ipv6", false), errp);
}

static void free_vnc(void)
{
    VncShared *shared = &vnc->shared;

    if (vnc->path) {
        unlink(vnc->path);
    }
    g_ptr_array_unref(shared->sockets);
    close(shared->wake[0]);
    close(shared->wake[1]);
    frame_clear(&shared->frame);
    g_free(shared->name);
    g_free(shared->password);
    g_array_unref(shared->events);
    g_array_unref(shared->clients);
    g_mutex_clear(&shared->lock);
    g_hash_table_unref(vnc->added);
    g_free(vnc->host);
    g_free(vnc->service);
    g_free(vnc->family);
    g_free(vnc->path);
    g_clear_pointer(&vnc, g_free);
}

static bool create_vnc(const char *name, GError **errp)
{
    VncShared *shared;

    vnc = g_new0(Vnc, 1);
    shared = &vnc->shared;
    if (!g_unix_open_pipe(shared->wake, FD_CLOEXEC, errp)) {
        g_clear_pointer(&vnc, g_free);
        return false;
    }
    g_unix_set_fd_nonblocking(shared->wake[0], true, NULL);
    g_unix_set_fd_nonblocking(shared->wake[1], true, NULL);
    g_mutex_init(&shared->lock);
    shared->name = name ? g_strdup_printf("Gossamer (%s)", name) : g_strdup("Gossamer");
    shared->sockets = g_ptr_array_new_with_free_func(g_object_unref);
    shared->events = g_array_new(false, false, sizeof(VncEvent));
    shared->clients = g_array_new(false, false, sizeof(VncConnection));
    shared->expires = INT64_MAX;
    frame_init(&shared->frame, 640, 480); /* until a console has one */
    vnc->added = g_hash_table_new(NULL, NULL);
    vnc->listener =
        (DisplayListener){.resized = on_resized, .changed = on_changed, .done = on_done};
    return true;
}

bool vnc_start(const char *text, const char *name, GError **errp)
{
    static const OptionListDesc list = {.name = "vnc", .implied_key = "vnc", .desc = rows};
    g_autofree char *first = NULL;
    Options *options;
    bool good;

    options_next_item(text, &first);
    if (!g_strcmp0(first, "none")) {
        return true;
    }
    if (vnc) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "there is one VNC server already");
        return false;
    }
    options = options_parse(&list, text, errp);
    if (!options || !create_vnc(name, errp)) {
        options_free(options);
        return false;
    }
    vnc->shared.ask_password = options_get_bool(options, "password", false);
    good = set_share(options_get(options, "share"), errp) && listen_as_told(options, errp);
    options_free(options);
    if (!good) {
        free_vnc();
        return false;
    }
    display_listener_add(&vnc->listener);
    vnc->thread = g_thread_new("vnc", vnc_server_run, &vnc->shared);
    return true;
}

void vnc_stop(void)
{
    if (!vnc) {
        return;
    }
    display_listener_remove(&vnc->listener);
    g_mutex_lock(&vnc->shared.lock);
    vnc->shared.stop = true;
    g_mutex_unlock(&vnc->shared.lock);
    wake_server();
    g_thread_join(vnc->thread);
    while (g_idle_remove_by_data(&vnc->shared)) {
    }
    free_vnc();
}

/* ---- Monitors ---- */

bool vnc_set_password(const char *password, GError **errp)
{
    VncShared *shared = vnc ? &vnc->shared : NULL;

    if (!shared || !shared->ask_password) {
        error_setg(errp, vnc ? "VNC password authentication is disabled (-vnc ...,password=on)"
                             : "there is no VNC server");
        return false;
    }
    g_mutex_lock(&shared->lock);
    g_free(shared->password);
    shared->password = g_strdup(password);
    g_mutex_unlock(&shared->lock);
    return true;
}

bool vnc_expire_password(int64_t when, GError **errp)
{
    if (!vnc) {
        error_setg(errp, "there is no VNC server");
        return false;
    }
    g_mutex_lock(&vnc->shared.lock);
    vnc->shared.expires = when;
    g_mutex_unlock(&vnc->shared.lock);
    return true;
}

static void clear_client(gpointer data)
{
    VncClientInfo *client = data;

    g_free(client->host);
    g_free(client->service);
    g_free(client->family);
}

VncInfo *vnc_query(void)
{
    VncInfo *info = g_new0(VncInfo, 1);

    info->clients = g_array_new(false, false, sizeof(VncClientInfo));
    g_array_set_clear_func(info->clients, clear_client);
    if (!vnc) {
        return info;
    }
    info->host = g_strdup(vnc->host);
    info->service = g_strdup(vnc->service);
    info->family = g_strdup(vnc->family);
    info->password = vnc->shared.ask_password;
    g_mutex_lock(&vnc->shared.lock);
    for (guint i = 0; i < vnc->shared.clients->len; i++) {
        const VncClientInfo *from = &g_array_index(vnc->shared.clients, VncConnection, i).info;
        VncClientInfo client = {g_strdup(from->host), g_strdup(from->service),
                                g_strdup(from->family)};

        g_array_append_val(info->clients, client);
    }
    g_mutex_unlock(&vnc->shared.lock);
    return info;
}

void vnc_info_free(VncInfo *info)
{
    g_free(info->host);
    g_free(info->service);
    g_free(info->family);
    g_array_unref(info->clients);
    g_free(info);
}

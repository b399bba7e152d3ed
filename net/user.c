/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User networking: a network of the emulator's own, with DHCP, DNS, TFTP and a router that speaks
 * through the host's sockets, by libslirp.  Options are QEMU's.  Left out: smb= (its server is no
 * part of the host's network), forwarding to host names.
 */
#include "net-private.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <slirp/libslirp.h>
#include "chardev/char.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/log.h"
#include "util/timer.h"


typedef struct NetUser {
    NetClient nc;
    Slirp *slirp;
    UserFragments *fragments;
    GSource *source;
    GArray *fds;                        /* GPollFD of this turn of the loop, by libslirp's index */
    GPtrArray *polled;                  /* GPollFD * that the source has */
    GPtrArray *forwards;                /* GuestForward * */
    bool registered;                    /* with user_added() */
} NetUser;

typedef struct GuestForward {
    NetUser *user;
    CharFrontend frontend;
    Chardev *chr;
    struct in_addr address;
    int port;
} GuestForward;

/* ---- What libslirp calls ---- */

/* libslirp's frames may be shorter than Ethernet's, and the card behind a socket is strict. */
static ssize_t send_packet(const void *frame, size_t size, void *opaque)
{
    uint8_t padded[60] = {0};

    if (size < sizeof(padded)) {
        memcpy(padded, frame, size);
        frame = padded;
    }
    net_send(opaque, frame, MAX(size, sizeof(padded)));
    return (ssize_t)size;
}

static void guest_error(const char *message, void *opaque)
{
    log_mask(LOG_GUEST_ERROR, "user network: %s\n", message);
}

static int64_t get_ns(void *opaque)
{
    return clock_get_ns(net_host_ops()->guest_clock());
}

static void *new_timer(SlirpTimerCb fn, void *fn_opaque, void *opaque)
{
    return timer_new_ms(net_host_ops()->guest_clock(), fn, fn_opaque);
}

static void free_timer(void *timer, void *opaque)
{
    timer_free(timer);
}

static void set_timer(void *timer, int64_t deadline, void *opaque)
{
    timer_mod(timer, deadline);
}

static void fd_changed(int fd, void *opaque)
{
}

static void wake(void *opaque)
{
    g_main_context_wakeup(NULL);
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = get_ns,
    .timer_new = new_timer,
    .timer_free = free_timer,
    .timer_mod = set_timer,
    .register_poll_fd = fd_changed,
    .unregister_poll_fd = fd_changed,
    .notify = wake,
};

/* ---- A source of the main loop with the descriptors that libslirp has just now ---- */

typedef struct UserSource {
    GSource parent;
    NetUser *user;
} UserSource;

static int add_poll(int fd, int events, void *opaque)
{
    NetUser *user = opaque;
    GPollFD poll = {.fd = fd};

    poll.events = (gushort)((events & SLIRP_POLL_IN ? G_IO_IN : 0) |
                            (events & SLIRP_POLL_OUT ? G_IO_OUT : 0) |
                            (events & SLIRP_POLL_PRI ? G_IO_PRI : 0) |
                            (events & SLIRP_POLL_ERR ? G_IO_ERR : 0) |
                            (events & SLIRP_POLL_HUP ? G_IO_HUP : 0));
    g_array_append_val(user->fds, poll);
    return (int)user->fds->len - 1;
}

static int get_events(int index, void *opaque)
{
    NetUser *user = opaque;
    int got = 0;

    if (index < 0 || (guint)index >= user->polled->len) {
        return 0;
    }
    got = ((GPollFD *)g_ptr_array_index(user->polled, index))->revents;
    return (got & G_IO_IN ? SLIRP_POLL_IN : 0) | (got & G_IO_OUT ? SLIRP_POLL_OUT : 0) |
           (got & G_IO_PRI ? SLIRP_POLL_PRI : 0) | (got & G_IO_ERR ? SLIRP_POLL_ERR : 0) |
           (got & G_IO_HUP ? SLIRP_POLL_HUP : 0);
}

/*
 * The source's descriptors become those in fds.  What is the same stays: each that is added wakes
 * the loop once more.
 */
static void take_fds(NetUser *user)
{
    for (guint i = 0; i < user->fds->len; i++) {
        const GPollFD *want = &g_array_index(user->fds, GPollFD, i);
        GPollFD *have = i < user->polled->len ? g_ptr_array_index(user->polled, i) : NULL;

        if (have && have->fd != want->fd) {
            g_source_remove_poll(user->source, have);
            *have = *want;
            g_source_add_poll(user->source, have);
        } else if (have) {
            have->events = want->events;
            have->revents = 0;
        } else {
            have = g_memdup2(want, sizeof(*want));
            g_ptr_array_add(user->polled, have);
            g_source_add_poll(user->source, have);
        }
    }
    while (user->polled->len > user->fds->len) {
        GPollFD *last = g_ptr_array_index(user->polled, user->polled->len - 1);

        g_source_remove_poll(user->source, last);
        g_free(last);
        g_ptr_array_set_size(user->polled, (gint)user->polled->len - 1);
    }
}

static gboolean source_prepare(GSource *source, gint *timeout)
{
    NetUser *user = ((UserSource *)source)->user;
    uint32_t wait = UINT32_MAX;

    g_array_set_size(user->fds, 0);
    slirp_pollfds_fill(user->slirp, &wait, add_poll, user);
    take_fds(user);
    *timeout = wait > G_MAXINT ? -1 : (gint)wait;
    return FALSE;
}

/* Timers of TCP run in slirp_pollfds_poll(), so every turn ends there. */
static gboolean source_check(GSource *source)
{
    return TRUE;
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    NetUser *user = ((UserSource *)source)->user;

    slirp_pollfds_poll(user->slirp, 0, get_events, user);
    return G_SOURCE_CONTINUE;
}

static void start_polling(NetUser *user)
{
    static const GSourceFuncs funcs = {
        .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

    user->fds = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    user->polled = g_ptr_array_new();
    user->source = g_source_new((GSourceFuncs *)&funcs, sizeof(UserSource));
    ((UserSource *)user->source)->user = user;
    g_source_set_name(user->source, user->nc.name);
    g_source_attach(user->source, NULL);
}

/* ---- The client ---- */

static ssize_t user_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    NetUser *user = (NetUser *)nc;
    size_t whole_size = size;
    const uint8_t *whole =
        user_fragments_take(user->fragments, frame, &whole_size, get_ns(NULL));

    if (whole) {
        slirp_input(user->slirp, whole, (int)whole_size);
        /* There may be sockets now, or room for more from one. */
        g_main_context_wakeup(NULL);
    }
    return (ssize_t)size;
}

static void user_cleanup(NetClient *nc)
{
    NetUser *user = (NetUser *)nc;

    if (user->registered) {
        net_host_ops()->user_removed(nc);
    }
    if (user->source) {
        g_source_destroy(user->source);
        g_source_unref(user->source);
        for (guint i = 0; i < user->polled->len; i++) {
            g_free(g_ptr_array_index(user->polled, i));
        }
        g_ptr_array_unref(user->polled);
        g_array_unref(user->fds);
    }
    for (guint i = 0; i < user->forwards->len; i++) {
        GuestForward *forward = g_ptr_array_index(user->forwards, i);

        char_frontend_deinit(&forward->frontend);
        chardev_delete(forward->chr);
        g_free(forward);
    }
    g_ptr_array_unref(user->forwards);
    user_fragments_free(user->fragments);
    if (user->slirp) {
        slirp_cleanup(user->slirp);
    }
}

static const NetClientInfo user_info = {
    .type = "user", .size = sizeof(NetUser), .receive = user_receive, .cleanup = user_cleanup,
};

/* ---- Forwarding ---- */

static bool is_ours(const NetClient *nc)
{
    return nc->info == &user_info;
}

/* Takes the text up to a separator; *text is moved behind it. NULL: there is none. */
static char *field(const char **text, char separator)
{
    const char *end = strchr(*text, separator);
    char *got;

    if (!end) {
        return NULL;
    }
    got = g_strndup(*text, (gsize)(end - *text));
    *text = end + 1;
    return got;
}

static bool read_protocol(const char **rule, bool *udp)
{
    g_autofree char *word = field(rule, ':');

    *udp = !g_strcmp0(word, "udp");
    return word && (*udp || !*word || !strcmp(word, "tcp"));
}

static bool read_address(const char **rule, struct in_addr *address)
{
    g_autofree char *word = field(rule, ':');

    address->s_addr = 0;
    return word && (!*word || inet_aton(word, address));
}

static bool read_port(const char *text, int least, int *port)
{
    uint64_t number;

    if (!text || !parse_uint64(text, 0, &number) || number > 65535 || (int)number < least) {
        return false;
    }
    *port = (int)number;
    return true;
}

/* [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport */
static bool add_hostfwd(NetUser *user, const char *rule, GError **errp)
{
    const char *p = rule, *why = NULL;
    struct in_addr host, guest;
    int host_port, guest_port;
    g_autofree char *port = NULL;
    bool udp;

    if (!read_protocol(&p, &udp)) {
        why = "Bad protocol name";
    } else if (!read_address(&p, &host)) {
        why = "Bad host address";
    } else if (!(port = field(&p, '-')) || !read_port(port, 0, &host_port)) {
        why = "Bad host port";
    } else if (!read_address(&p, &guest)) {
        why = "Bad guest address";
    } else if (!read_port(p, 1, &guest_port)) {
        why = "Bad guest port";
    }
    if (why) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Invalid host forwarding rule '%s' (%s)", rule,
                  why);
        return false;
    }
    if (slirp_add_hostfwd(user->slirp, udp, host, host_port, guest, guest_port) < 0) {
        error_set(errp, GOSSAMER_ERROR_IO, "Could not set up host forwarding rule '%s'", rule);
        return false;
    }
    return true;
}

static NetUser *find_user(const char *id, GError **errp)
{
    GPtrArray *clients = net_registry()->clients;
    NetUser *found = NULL;

    if (id) {
        NetClient *nc = net_find(id);

        if (!nc || !is_ours(nc)) {
            error_set(errp, nc ? GOSSAMER_ERROR_INVALID : GOSSAMER_ERROR_NOT_FOUND,
                      nc ? "unrecognized device '%s': no user mode network"
                         : "unrecognized netdev id '%s'",
                      id);
            return NULL;
        }
        return (NetUser *)nc;
    }
    for (guint i = 0; i < clients->len; i++) {
        NetClient *nc = g_ptr_array_index(clients, i);

        if (is_ours(nc) && !found) {
            found = (NetUser *)nc;
        }
    }
    if (!found) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "user mode network stack not in use");
    }
    return found;
}

bool net_user_hostfwd_add(const char *id, const char *rule, GError **errp)
{
    NetUser *user = find_user(id, errp);

    return user && add_hostfwd(user, rule, errp);
}

bool net_user_hostfwd_remove(const char *id, const char *rule, GString *out, GError **errp)
{
    NetUser *user = find_user(id, errp);
    const char *p = rule;
    struct in_addr host;
    bool udp;
    int port;

    if (!user) {
        return false;
    }
    if (!read_protocol(&p, &udp) || !read_address(&p, &host) || !read_port(p, 0, &port)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "invalid format");
        return false;
    }
    g_string_append_printf(out, "host forwarding rule for %s %s\n", rule,
                           slirp_remove_hostfwd(user->slirp, udp, host, port) ? "not found"
                                                                              : "removed");
    return true;
}

static int forward_can_read(void *opaque)
{
    GuestForward *forward = opaque;

    return (int)MIN(slirp_socket_can_recv(forward->user->slirp, forward->address, forward->port),
                    65536u);
}

static void forward_read(void *opaque, const uint8_t *data, int size)
{
    GuestForward *forward = opaque;

    slirp_socket_recv(forward->user->slirp, forward->address, forward->port, data, size);
}

static ssize_t forward_write(const void *data, size_t size, void *opaque)
{
    return char_frontend_write_all(&((GuestForward *)opaque)->frontend, data,
                                   (int)MIN(size, (size_t)INT32_MAX));
}

/* [tcp]:server:port-cmd:command, or -device as -serial has it. */
static bool add_guestfwd(NetUser *user, const char *rule, GError **errp)
{
    const char *p = rule, *command;
    g_autofree char *port_text = NULL, *id = NULL;
    GuestForward *forward;
    struct in_addr server;
    bool udp;
    int port;

    if (!read_protocol(&p, &udp) || udp || !read_address(&p, &server) ||
        !(port_text = field(&p, '-')) || !read_port(port_text, 1, &port)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Invalid guest forwarding rule '%s'", rule);
        return false;
    }
    if (text_starts_with(p, "cmd:", &command)) {
        if (slirp_add_exec(user->slirp, command, &server, port) < 0) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "Conflicting/invalid host:port in guest forwarding rule '%s'", rule);
            return false;
        }
        return true;
    }
    forward = g_new0(GuestForward, 1);
    id = g_strdup_printf("guestfwd.tcp.%d", port);
    forward->user = user;
    forward->address = server;
    forward->port = port;
    forward->chr = chardev_new_from_short(id, p, false, errp);
    if (!forward->chr) {
        error_prepend(errp, "Could not open guest forwarding device '%s': ", p);
        g_free(forward);
        return false;
    }
    if (!char_frontend_init(&forward->frontend, forward->chr, errp)) {
        chardev_delete(forward->chr);
        g_free(forward);
        return false;
    }
    if (slirp_add_guestfwd(user->slirp, forward_write, forward, &forward->address, port) < 0) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Conflicting/invalid host:port in guest forwarding rule '%s'", rule);
        char_frontend_deinit(&forward->frontend);
        chardev_delete(forward->chr);
        g_free(forward);
        return false;
    }
    char_frontend_set_handlers(&forward->frontend, forward_can_read, forward_read, NULL, forward);
    g_ptr_array_add(user->forwards, forward);
    return true;
}

/* ---- Options ---- */

static bool bad(GError **errp, const char *what, const char *value)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "Failed to parse %s '%s'", what, value);
    return false;
}

/* net=ADDRESS[/BITS or /MASK] */
static bool parse_net(const char *text, SlirpConfig *config, GError **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    uint32_t address, mask;
    uint64_t bits;

    if (!parts[0] || !inet_aton(parts[0], &config->vnetwork)) {
        return bad(errp, "net", text);
    }
    address = ntohl(config->vnetwork.s_addr);
    if (parts[1] && parse_uint64(parts[1], 10, &bits)) {
        if (bits < 4) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "Invalid netmask provided (must be in range 4-32)");
            return false;
        }
        if (bits > 32) {
            return bad(errp, "netmask", text);
        }
        mask = UINT32_MAX << (32 - bits);
        config->vnetmask.s_addr = htonl(mask);
    } else if (parts[1]) {
        if (!inet_aton(parts[1], &config->vnetmask)) {
            return bad(errp, "netmask", text);
        }
    } else {
        mask = !(address & 0x80000000u)                 ? 0xff000000u
               : (address & 0xfff00000u) == 0xac100000u ? 0xfff00000u
               : (address & 0xc0000000u) == 0x80000000u ? 0xffff0000u
               : (address & 0xffff0000u) == 0xc6120000u ? 0xfffe0000u
               : (address & 0xe0000000u) == 0xe0000000u ? 0xf0000000u
                                                        : 0xffffff00u;
        config->vnetmask.s_addr = htonl(mask);
    }
    config->vnetwork.s_addr &= config->vnetmask.s_addr;
    return true;
}

static bool parse_host(const char *text, const char *what, const SlirpConfig *config,
                       struct in_addr *host, GError **errp)
{
    if (!text) {
        return true;
    }
    if (!inet_aton(text, host)) {
        return bad(errp, what, text);
    }
    /* Host numbers without the network's part. */
    if (!(host->s_addr & config->vnetmask.s_addr)) {
        host->s_addr |= config->vnetwork.s_addr;
    }
    if ((host->s_addr & config->vnetmask.s_addr) != config->vnetwork.s_addr) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "%s doesn't belong to network", what);
        return false;
    }
    return true;
}

static bool configure_ipv4(const Options *o, SlirpConfig *config, GError **errp)
{
    const char *net = options_get(o, "net");
    uint32_t last;

    if (!parse_net(net ? net : "10.0.2.0/24", config, errp)) {
        return false;
    }
    last = ntohl(config->vnetwork.s_addr);
    config->vhost.s_addr = htonl(last | 2);
    config->vdhcp_start.s_addr = htonl(last | 15);
    config->vnameserver.s_addr = htonl(last | 3);
    if (!parse_host(options_get(o, "host"), "host", config, &config->vhost, errp) ||
        !parse_host(options_get(o, "dhcpstart"), "DHCP", config, &config->vdhcp_start, errp) ||
        !parse_host(options_get(o, "dns"), "DNS", config, &config->vnameserver, errp)) {
        return false;
    }
    if (config->vnameserver.s_addr == config->vhost.s_addr) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "DNS must be different from host");
        return false;
    }
    if (config->vdhcp_start.s_addr == config->vhost.s_addr ||
        config->vdhcp_start.s_addr == config->vnameserver.s_addr) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "DHCP must be different from host and DNS");
        return false;
    }
    return true;
}

static bool parse_ipv6(const char *text, const char *otherwise, const char *what,
                       struct in6_addr *address, GError **errp)
{
    return inet_pton(AF_INET6, text ? text : otherwise, address) == 1 || bad(errp, what, text);
}

static bool configure_ipv6(const Options *o, SlirpConfig *config, GError **errp)
{
    const char *net = options_get(o, "ipv6-net"), *prefix = options_get(o, "ipv6-prefix");
    uint64_t bits = options_get_number(o, "ipv6-prefixlen", 64);
    g_auto(GStrv) parts = net ? g_strsplit(net, "/", 2) : NULL;
    g_autofree char *host = NULL, *dns = NULL;

    if (parts && parts[1] && !parse_uint64(parts[1], 10, &bits)) {
        return bad(errp, "IPv6 prefix", net);
    }
    if (bits < 1 || bits > 126) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Invalid IPv6 prefix length (must be in range 1-126)");
        return false;
    }
    config->vprefix_len = (uint8_t)bits;
    if (!parse_ipv6(parts ? parts[0] : prefix, "fec0::", "IPv6 prefix", &config->vprefix_addr6,
                    errp)) {
        return false;
    }
    config->vhost6 = config->vnameserver6 = config->vprefix_addr6;
    config->vhost6.s6_addr[15] |= 2;
    config->vnameserver6.s6_addr[15] |= 3;
    return (!options_has(o, "ipv6-host") ||
            parse_ipv6(options_get(o, "ipv6-host"), NULL, "IPv6 host", &config->vhost6, errp)) &&
           (!options_has(o, "ipv6-dns") ||
            parse_ipv6(options_get(o, "ipv6-dns"), NULL, "IPv6 DNS", &config->vnameserver6, errp));
}

static bool configure(const Options *o, SlirpConfig *config, GError **errp)
{
    const char *name = options_get(o, "hostname"), *domain = options_get(o, "domainname");
    bool has_ipv4 = options_has(o, "ipv4"), has_ipv6 = options_has(o, "ipv6");

    *config = (SlirpConfig){.version = 4};
    config->restricted = options_get_bool(o, "restrict", false);
    /* One that is asked for is alone unless the other is, too. */
    config->in_enabled =
        options_get_bool(o, "ipv4", !(has_ipv6 && options_get_bool(o, "ipv6", false)));
    config->in6_enabled =
        options_get_bool(o, "ipv6", !(has_ipv4 && options_get_bool(o, "ipv4", false)));
    if (!config->in_enabled && !config->in6_enabled) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "IPv4 and IPv6 disabled");
        return false;
    }
    if (options_has(o, "smb") || options_has(o, "smbserver")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "smb=: there is no SMB server in this build (share files by "
                  "tftp=, guestfwd= or a disk image)");
        return false;
    }
    if ((name && strlen(name) > 255) || (domain && strlen(domain) > 255)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' parameter cannot exceed 255 bytes",
                  name && strlen(name) > 255 ? "vhostname" : "domainname");
        return false;
    }
    if (options_has(o, "tftp-server-name") && strlen(options_get(o, "tftp-server-name")) > 255) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "'tftp-server-name' parameter cannot exceed 255 bytes");
        return false;
    }
    config->vhostname = name;
    config->vdomainname = domain;
    config->tftp_server_name = options_get(o, "tftp-server-name");
    config->tftp_path = options_get(o, "tftp");
    config->bootfile = options_get(o, "bootfile");
    return configure_ipv4(o, config, errp) && configure_ipv6(o, config, errp);
}


static bool collect_search(void *opaque, const char *name, const char *value, GError **errp)
{
    if (!strcmp(name, "dnssearch")) {
        g_ptr_array_add(opaque, (gpointer)value);
    }
    return true;
}

static bool apply_rule(void *opaque, const char *name, const char *value, GError **errp)
{
    return !strcmp(name, "hostfwd")    ? add_hostfwd(opaque, value, errp)
           : !strcmp(name, "guestfwd") ? add_guestfwd(opaque, value, errp)
                                       : true;
}

static bool add_state(NetUser *user, GError **errp)
{
    const NetHostOps *ops = net_host_ops();

    user->registered = ops->user_added && ops->user_added(&user->nc, errp);
    return user->registered || !ops->user_added;
}

static NetClient *user_create(const Options *options, const char *name, NetClient *peer,
                              GError **errp)
{
    g_autoptr(GPtrArray) search = g_ptr_array_new();
    SlirpConfig config;
    NetUser *user;

    if (!configure(options, &config, errp)) {
        return NULL;
    }
    options_foreach(options, collect_search, search, NULL);
    if (search->len) {
        g_ptr_array_add(search, NULL);
        config.vdnssearch = (const char **)search->pdata;
    }
    user = (NetUser *)net_client_new(&user_info, name, peer, errp);
    if (!user) {
        return NULL;
    }
    net_client_set_text(&user->nc, "net=%s,restrict=%s", inet_ntoa(config.vnetwork),
                        config.restricted ? "on" : "off");
    user->forwards = g_ptr_array_new();
    user->fragments = user_fragments_new();
    user->slirp = slirp_new(&config, &callbacks, user);
    if (!user->slirp) {
        error_set(errp, GOSSAMER_ERROR_FAILED, "libslirp takes no network like that");
    } else if (options_foreach(options, apply_rule, user, errp) && add_state(user, errp)) {
        start_polling(user);
        return &user->nc;
    }
    net_client_delete(&user->nc);
    return NULL;
}

const NetdevType netdev_type_user = {
    .name = "user",
    .help = "a network of the emulator's own, behind the host's sockets",
    .options = &(const OptionListDesc){.name = "netdev user", .desc = (const OptionDesc[]){
        {"hostname", OPTION_STRING, "client's name in DHCP", NULL},
        {"restrict", OPTION_BOOL, "nothing leaves the network", NULL},
        {"ipv4", OPTION_BOOL, "IPv4", NULL},
        {"ipv6", OPTION_BOOL, "IPv6", NULL},
        {"net", OPTION_STRING, "IPv4 network (10.0.2.0/24)", NULL},
        {"host", OPTION_STRING, "the host's IPv4 address (10.0.2.2)", NULL},
        {"ipv6-net", OPTION_STRING, "IPv6 network (fec0::/64)", NULL},
        {"ipv6-prefix", OPTION_STRING, "IPv6 prefix", NULL},
        {"ipv6-prefixlen", OPTION_NUMBER, "its bits", NULL},
        {"ipv6-host", OPTION_STRING, "the host's IPv6 address", NULL},
        {"ipv6-dns", OPTION_STRING, "the name server's IPv6 address", NULL},
        {"dhcpstart", OPTION_STRING, "first address of DHCP (10.0.2.15)", NULL},
        {"dns", OPTION_STRING, "the name server's IPv4 address (10.0.2.3)", NULL},
        {"dnssearch", OPTION_STRING, "domain to search (may be repeated)", NULL},
        {"domainname", OPTION_STRING, "client's domain in DHCP", NULL},
        {"tftp", OPTION_STRING, "folder that TFTP shows", NULL},
        {"tftp-server-name", OPTION_STRING, "TFTP server's name in DHCP", NULL},
        {"bootfile", OPTION_STRING, "boot file in DHCP", NULL},
        {"hostfwd", OPTION_STRING, "[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport", NULL},
        {"guestfwd", OPTION_STRING, "[tcp]:server:port-cmd:command or -chardev", NULL},
        {"smb", OPTION_STRING, "not supported", NULL},
        {"smbserver", OPTION_STRING, "not supported", NULL},
        {0},
    }},
    .create = user_create,
};

/* ---- Monitor and state ---- */

static NetUser *nth(unsigned n)
{
    GPtrArray *clients = net_registry()->clients;

    for (guint i = 0; i < clients->len; i++) {
        NetClient *nc = g_ptr_array_index(clients, i);

        if (is_ours(nc) && !n--) {
            return (NetUser *)nc;
        }
    }
    return NULL;
}

void net_user_print(GString *out)
{
    NetUser *user;

    for (unsigned n = 0; (user = nth(n)); n++) {
        char *text = slirp_connection_info(user->slirp);
        int hub = -1;

        net_hub_of(&user->nc, &hub);
        g_string_append_printf(out, "Hub %d (%s):\n%s", hub, user->nc.name, text);
        g_free(text);
    }
}

int net_user_state_version(void)
{
    return slirp_state_version();
}

static ssize_t append(const void *buf, size_t size, void *opaque)
{
    g_byte_array_append(opaque, buf, (guint)size);
    return (ssize_t)size;
}

GByteArray *net_user_save(NetClient *nc)
{
    GByteArray *bytes = g_byte_array_new();

    slirp_state_save(((NetUser *)nc)->slirp, append, bytes);
    return bytes;
}

typedef struct StateReader {
    bool (*read)(void *opaque, void *buf, size_t size);
    void *opaque;
    uint8_t first;
    bool have_first, failed;
} StateReader;

static ssize_t read_state(void *buf, size_t size, void *opaque)
{
    StateReader *reader = opaque;
    uint8_t *at = buf;
    size_t left = size;

    if (left && reader->have_first) {
        *at++ = reader->first;
        left--;
        reader->have_first = false;
    }
    if (left && (reader->failed || !reader->read(reader->opaque, at, left))) {
        reader->failed = true;
        memset(at, 0, left);
        return -1;
    }
    return (ssize_t)size;
}

/*
 * First come the connections of guestfwd= to character devices, each behind a byte that is not 0.
 * Only a network that has such forwards can have them, and only then libslirp shall read them.
 */
bool net_user_load(NetClient *nc, bool (*read)(void *opaque, void *buf, size_t size), void *opaque,
                   GError **errp)
{
    NetUser *user = (NetUser *)nc;
    StateReader reader = {.read = read, .opaque = opaque, .have_first = true};

    if (!read(opaque, &reader.first, 1)) {
        return false;
    }
    if (reader.first && !user->forwards->len) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "slirp: connections of a guestfwd= that this network does not have");
        return false;
    }
    /* Parts of datagrams of the time before belong to none of the guest that comes. */
    user_fragments_free(user->fragments);
    user->fragments = user_fragments_new();
    if (slirp_state_load(user->slirp, slirp_state_version(), read_state, &reader) < 0 ||
        reader.failed) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "slirp: libslirp refuses the state");
        return false;
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks without a machine: queues and who may be called when, hubs, flow control, sockets, MAC
 * addresses and options.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "net/net.h"
#include "util/bswap.h"
#include "util/error.h"

typedef struct End {
    NetClient nc;
    bool full, echo, inside, nested;
    unsigned frames;
    uint8_t frame[2000];
    size_t size;
} End;

static bool running = true;

static bool is_running(void)
{
    return running;
}

static Clock *the_clock;

static Clock *get_clock(void)
{
    return the_clock;
}

static const NetHostOps host = {
    .is_running = is_running, .guest_clock = get_clock, .real_clock = get_clock};

static ssize_t end_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    End *end = (End *)nc;

    end->nested |= end->inside;
    if (end->full) {
        return 0;
    }
    end->inside = true;
    end->frames++;
    end->size = size;
    memcpy(end->frame, frame, MIN(size, sizeof(end->frame)));
    if (end->echo) {
        net_send(nc, frame, size);
    }
    end->inside = false;
    return (ssize_t)size;
}

static const NetClientInfo end_info = {.type = "end", .size = sizeof(End), .receive = end_receive};

static bool end_can_receive(NetClient *nc)
{
    return !((const End *)nc)->full;
}

/* One that tells before. */
static const NetClientInfo shy_info = {
    .type = "end", .size = sizeof(End), .can_receive = end_can_receive, .receive = end_receive};

static End *end_new(const char *name, NetClient *peer)
{
    GError *error = NULL;
    NetClient *nc = net_client_new(&end_info, name, peer, &error);

    g_assert_no_error(error);
    return (End *)nc;
}

static void turn(void)
{
    for (unsigned i = 0; i < 20; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
}

static const uint8_t frame[100] = {1, 2, 3};
static unsigned ready_calls;

static void ready(NetClient *nc)
{
    ready_calls++;
}

static void test_queue(void)
{
    End *a = end_new("a", NULL), *b = end_new("b", &a->nc);
    GError *error = NULL;

    g_assert_null(net_client_new(&end_info, "a", NULL, &error));
    g_clear_error(&error);
    net_send(&a->nc, frame, sizeof(frame));
    g_assert_cmpuint(b->frames, ==, 1);
    g_assert_cmpmem(b->frame, b->size, frame, sizeof(frame));
    /* Full: it waits, and the sender that can hold back does. */
    b->full = true;
    net_send(&a->nc, frame, 50);
    g_assert_false(net_send_or_wait(&a->nc, frame, 51, ready));
    g_assert_false(net_can_send(&a->nc));
    turn();
    g_assert_cmpuint(b->frames, ==, 1);
    b->full = false;
    turn();
    g_assert_cmpuint(b->frames, ==, 1);
    net_flush(&b->nc);
    g_assert_cmpuint(b->frames, ==, 1);
    turn();
    g_assert_cmpuint(b->frames, ==, 3);
    g_assert_cmpuint(b->size, ==, 51);
    g_assert_cmpuint(ready_calls, ==, 1);
    g_assert_true(net_can_send(&a->nc));
    /* A machine that stands. */
    running = false;
    net_send(&a->nc, frame, 52);
    turn();
    g_assert_cmpuint(b->frames, ==, 3);
    running = true;
    net_machine_started();
    turn();
    g_assert_cmpuint(b->frames, ==, 4);
    /* No end of answers: one a turn of the loop, and none inside another. */
    a->echo = b->echo = true;
    net_send(&a->nc, frame, 60);
    turn();
    a->echo = b->echo = false;
    turn();
    g_assert_cmpuint(a->frames, >, 2);
    g_assert_false(a->nested || b->nested);
    /* More than anybody waits for. */
    b->full = true;
    for (unsigned i = 0; i < NET_QUEUE_LIMIT + 100; i++) {
        net_send(&a->nc, frame, 60);
    }
    g_assert_cmpuint(g_queue_get_length(&b->nc.incoming), ==, NET_QUEUE_LIMIT);
    /* A sender that goes is not called. */
    net_send_or_wait(&a->nc, frame, 60, ready);
    net_client_delete(&a->nc);
    g_assert_null(b->nc.peer);
    net_send(&b->nc, frame, 60);
    net_client_delete(&b->nc);
    g_assert_null(net_find("b"));
}

static void test_link(void)
{
    End *a = end_new("a", NULL), *b = end_new("b", &a->nc);
    GError *error = NULL;

    g_assert_true(net_set_link("a", false, &error));
    net_send(&a->nc, frame, 60);
    net_send(&b->nc, frame, 60);
    turn();
    g_assert_cmpuint(a->frames + b->frames, ==, 0);
    g_assert_true(net_set_link("a", true, &error));
    net_send(&b->nc, frame, 60);
    g_assert_cmpuint(a->frames, ==, 1);
    g_assert_false(net_set_link("c", true, &error));
    g_clear_error(&error);
    net_client_delete(&a->nc);
    net_client_delete(&b->nc);
}

static void test_hub(void)
{
    End *ends[3];
    GString *text = g_string_new(NULL);
    GError *error = NULL;

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *netdev = g_strdup_printf("hubport,id=p%u,hubid=5", i);
        g_autofree char *port = g_strdup_printf("p%u", i), *name = g_strdup_printf("e%u", i);

        g_assert_true(net_add_netdev(netdev, &error));
        ends[i] = end_new(name, net_find(port));
    }
    net_send(&ends[0]->nc, frame, 60);
    turn();
    g_assert_cmpuint(ends[0]->frames, ==, 0);
    g_assert_cmpuint(ends[1]->frames, ==, 1);
    g_assert_cmpuint(ends[2]->frames, ==, 1);
    ends[1]->full = true;
    net_send(&ends[0]->nc, frame, 60);
    turn();
    g_assert_cmpuint(ends[2]->frames, ==, 2);
    net_print(text);
    g_assert_cmpstr(text->str, ==,
                    "hub 5\n \\ p0: e0: index=0,type=end\n \\ p1: e1: index=0,type=end\n"
                    " \\ p2: e2: index=0,type=end\n");
    g_string_free(text, TRUE);
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *port = g_strdup_printf("p%u", i);

        net_client_delete(&ends[i]->nc);
        g_assert_true(net_del_netdev(port, &error));
    }
    g_assert_false(net_del_netdev("p0", &error));
    g_clear_error(&error);
}

/* What waits at the sender's port goes on when a NIC has room, although nothing waits at the NIC.
 */
static void test_hub_waits(void)
{
    GError *error = NULL;
    End *from, *to;

    g_assert_true(net_add_netdev("hubport,id=p0,hubid=5", &error));
    g_assert_true(net_add_netdev("hubport,id=p1,hubid=5", &error));
    from = end_new("e0", net_find("p0"));
    to = (End *)net_client_new(&shy_info, "e1", net_find("p1"), &error);
    to->full = true;
    ready_calls = 0;
    g_assert_false(net_send_or_wait(&from->nc, frame, 60, ready));
    turn();
    g_assert_cmpuint(to->frames, ==, 0);
    to->full = false;
    net_flush(&to->nc);
    turn();
    g_assert_cmpuint(to->frames, ==, 1);
    g_assert_cmpuint(ready_calls, ==, 1);
    net_client_delete(&from->nc);
    net_client_delete(&to->nc);
    g_assert_true(net_del_netdev("p0", &error));
    g_assert_true(net_del_netdev("p1", &error));
}

static void wait_for(const unsigned *count, unsigned n)
{
    gint64 limit = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (*count < n && g_get_monotonic_time() < limit) {
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(*count, >=, n);
}

static gboolean tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static void add(const char *format, const char *argument)
{
    g_autofree char *text = g_strdup_printf(format, argument);
    GError *error = NULL;

    net_add_netdev(text, &error);
    g_assert_no_error(error);
}

/* Two back ends of one kind, through the host. */
static void exchange(void)
{
    End *a = end_new("a", net_find("s0")), *b = end_new("b", net_find("s1"));
    uint8_t large[1900];
    unsigned n = 0;

    for (unsigned i = 0; i < sizeof(large); i++) {
        large[i] = (uint8_t)i;
    }
    /* A connection that is not accepted yet drops. */
    while (!a->frames && n++ < 200) {
        net_send(&b->nc, frame, 60);
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(a->frames, >, 0);
    for (unsigned i = 0; i < 100; i++) {
        net_send(&a->nc, large, 1000 + i);
    }
    wait_for(&b->frames, 100);
    g_assert_cmpuint(b->size, ==, 1099);
    g_assert_cmpmem(b->frame, 1099, large, 1099);
    /* The receiver is full: the other side waits, and nothing is lost. */
    b->full = true;
    for (unsigned i = 0; i < 50; i++) {
        net_send(&a->nc, large, 200);
    }
    turn();
    b->full = false;
    net_flush(&b->nc);
    wait_for(&b->frames, 150);
    net_client_delete(&a->nc);
    net_client_delete(&b->nc);
    net_del_netdev("s0", NULL);
    net_del_netdev("s1", NULL);
}

static void test_sockets(void)
{
    g_autofree char *folder = g_dir_make_tmp("gossamer-net-XXXXXX", NULL);
    g_autofree char *one = g_build_filename(folder, "one", NULL),
                    *two = g_build_filename(folder, "two", NULL);
    guint timer = g_timeout_add(20, tick, NULL);
    g_autofree char *text = NULL;
    GError *error = NULL;
    End *victim;
    int pair[2];
    uint8_t head[4];

    add("stream,id=s0,server=on,addr.type=unix,addr.path=%s", one);
    add("stream,id=s1,addr.type=unix,addr.path=%s", one);
    exchange();
    text = g_strdup_printf(
        "dgram,id=s0,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s", one, two);
    add("%s", text);
    g_free(text);
    text = g_strdup_printf(
        "dgram,id=s1,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s", two, one);
    add("%s", text);
    exchange();
    /* A peer that lies about a frame's length is thrown out. */
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    g_free(text);
    text = g_strdup_printf("socket,id=s0,fd=%d", pair[0]);
    add("%s", text);
    victim = end_new("a", net_find("s0"));
    stl_be_p(head, 10);
    g_assert_cmpint(write(pair[1], head, 4), ==, 4);
    g_assert_cmpint(write(pair[1], "0123456789", 10), ==, 10);
    wait_for(&victim->frames, 1);
    g_assert_cmpmem(victim->frame, victim->size, "0123456789", 10);
    stl_be_p(head, 0x7fffffff);
    g_assert_cmpint(write(pair[1], head, 4), ==, 4);
    turn();
    g_assert_cmpint(recv(pair[1], head, 4, 0), ==, 0);
    net_send(&victim->nc, frame, 60);
    close(pair[1]);
    net_client_delete(&victim->nc);
    net_del_netdev("s0", NULL);
    g_assert_false(net_add_netdev("stream,id=x,addr.type=unix,addr.path=/nonexistent/x", &error));
    g_clear_error(&error);
    g_source_remove(timer);
    g_rmdir(folder);
}

static int unix_socket(const char *path, bool listens)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (listens ? bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 0)
                : connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A host that does not answer holds nobody up; when it does, there is a connection. */
static void test_reconnect(void)
{
    g_autofree char *folder = g_dir_make_tmp("gossamer-net-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "one", NULL);
    guint timer = g_timeout_add(20, tick, NULL);
    int listener = unix_socket(path, true), in_queue[16], n = 0, peer = -1;
    gint64 limit = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    End *end;
    uint8_t bytes[64];

    g_assert_cmpint(listener, >=, 0);
    while (n < 16 && (in_queue[n] = unix_socket(path, false)) >= 0) {
        n++;
    }
    g_assert_cmpint(n, <, 16);
    add("stream,id=s0,reconnect=1,addr.type=unix,addr.path=%s", path);
    end = end_new("a", net_find("s0"));
    turn();
    net_send(&end->nc, frame, 60);      /* dropped */
    for (int i = 0; i < n; i++) {
        close(accept(listener, NULL, NULL));
        close(in_queue[i]);
    }
    while (peer < 0 && g_get_monotonic_time() < limit) {
        g_main_context_iteration(NULL, TRUE);
        peer = accept(listener, NULL, NULL);
    }
    g_assert_cmpint(peer, >=, 0);
    turn();
    net_send(&end->nc, frame, 60);
    g_assert_cmpint(recv(peer, bytes, sizeof(bytes), MSG_WAITALL), ==, 64);
    g_assert_cmpmem(bytes + 4, 60, frame, 60);
    close(peer);
    close(listener);
    net_client_delete(&end->nc);
    net_del_netdev("s0", NULL);
    g_source_remove(timer);
    g_unlink(path);
    g_rmdir(folder);
}

/* What waits is bounded by bytes too, and all of it is counted off again. */
static void test_queue_bytes(void)
{
    End *a = end_new("a", NULL), *b = end_new("b", &a->nc);
    g_autofree uint8_t *large = g_malloc0(NET_MAX_FRAME);
    unsigned n = NET_QUEUE_BYTES / NET_MAX_FRAME;

    for (unsigned round = 0; round < 2; round++) {
        unsigned before = b->frames;

        b->full = true;
        for (unsigned i = 0; i < 2 * n; i++) {
            net_send(&a->nc, large, NET_MAX_FRAME);
        }
        b->full = false;
        net_flush(&b->nc);
        turn();
        g_assert_cmpuint(b->frames - before, ==, n);
        g_assert_cmpuint(b->nc.incoming_bytes, ==, 0);
    }
    b->full = true;
    net_send(&a->nc, large, NET_MAX_FRAME);
    g_assert_cmpuint(b->nc.incoming_bytes, ==, NET_MAX_FRAME);
    net_disconnect(&a->nc);
    g_assert_cmpuint(b->nc.incoming_bytes, ==, 0);
    net_client_delete(&a->nc);
    net_client_delete(&b->nc);
}

/* A comma that is part of a value, at its end too, is written twice. */
static void test_commas(void)
{
    g_autofree char *folder = g_dir_make_tmp("gossamer-net-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a,", NULL);
    static const char *const formats[] = {
        "stream,id=c,server=on,addr.type=unix,addr.path=%s/a,,",
        "stream,server=on,addr.type=unix,addr.path=%s/a,,,id=c",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        GError *error = NULL;

        g_string_append_len(text, formats[i], strstr(formats[i], "%s") - formats[i]);
        g_string_append(text, folder);
        g_string_append(text, strstr(formats[i], "%s") + 2);
        net_add_netdev(text->str, &error);
        g_assert_no_error(error);
        g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        g_assert_true(net_del_netdev("c", NULL));
        g_unlink(path);
    }
    g_rmdir(folder);
}

static int named_fd = -1;

static int take_fd(const char *name, GError **errp)
{
    if (strcmp(name, "wire")) {
        g_set_error(errp, G_FILE_ERROR, G_FILE_ERROR_NOENT, "no descriptor '%s'", name);
        return -1;
    }
    return named_fd;
}

/* Descriptors that were passed under a name. */
static void test_named_fd(void)
{
    static const char *const texts[] = {"socket,id=n,fd=wire",
                                        "dgram,id=n,local.type=fd,local.str=wire"};
    NetHostOps named = *net_host_ops();
    const NetHostOps *before = net_host_ops();
    GError *error = NULL;
    uint8_t bytes[200];

    g_assert_false(net_add_netdev(texts[0], &error));   /* nobody passes any */
    g_clear_error(&error);
    named.take_fd = take_fd;
    net_set_host_ops(&named);
    g_assert_false(net_add_netdev("socket,id=n,fd=other", &error));
    g_assert_nonnull(strstr(error->message, "other"));
    g_clear_error(&error);
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        int ends[2];
        End *end;

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), ==, 0);
        named_fd = ends[0];
        net_add_netdev(texts[i], &error);
        g_assert_no_error(error);
        end = end_new("e", net_find("n"));
        net_send(&end->nc, frame, sizeof(frame));
        g_assert_cmpint(recv(ends[1], bytes, sizeof(bytes), 0), ==, sizeof(frame));
        g_assert_cmpint(send(ends[1], bytes, 90, 0), ==, 90);
        turn();
        g_assert_cmpuint(end->frames, ==, 1);
        g_assert_cmpuint(end->size, ==, 90);
        net_client_delete(&end->nc);
        g_assert_true(net_del_netdev("n", NULL));
        g_assert_cmpint(recv(ends[1], bytes, sizeof(bytes), MSG_DONTWAIT), <=, 0);
        g_assert_cmpint(send(ends[1], bytes, 90, MSG_NOSIGNAL), <, 0);
        close(ends[1]);
    }
    net_set_host_ops(before);
}

static void test_options(void)
{
    static const char *const wrong[] = {
        "",
        "user",
        "id=a",
        "usr,id=a",
        "bridge,id=a",
        "vde,id=a",
        "socket,id=a",
        "socket,id=a,listen=:1,connect=:2",
        "socket,id=a,udp=:1",
        "socket,id=a,localaddr=1.2.3.4,listen=:1",
        "socket,id=a,listen=nowhere",
        "socket,id=a,fd=9999",
        "hubport,id=a",
        "hubport,id=a,hubid=1,netdev=zz",
        "tap,id=a,fds=1:2",
        "tap,id=a,vhost=on",
        "tap,id=a,helper=x",
        "tap,id=a,fd=1,ifname=x",
        "stream,id=a",
        "stream,id=a,addr.type=pigeon",
        "stream,id=a,addr.type=inet,addr.host=x",
        "stream,id=a,server=on,reconnect=1,addr.type=inet,addr.port=1",
        "dgram,id=a",
        "hubport,id=9x,hubid=1",
        "hubport,id=a,hubid=1,colour=red",
#ifdef CONFIG_SLIRP
        "user,id=a,smb=/tmp",
        "user,id=a,net=1.2.3.4/99",
        "user,id=a,net=10.0.2.0/24,host=11.0.0.1",
        "user,id=a,dns=10.0.2.2",
        "user,id=a,dhcpstart=10.0.2.2",
        "user,id=a,ipv4=off,ipv6=off",
        "user,id=a,hostfwd=tcp",
        "user,id=a,hostfwd=icmp::1-:2",
        "user,id=a,hostfwd=tcp::99999-:2",
        "user,id=a,hostfwd=tcp:x:1-:2",
        "user,id=a,hostfwd=tcp::1-:0",
        "user,id=a,guestfwd=udp:1.2.3.4:5-cmd:x",
        "user,id=a,ipv6-prefixlen=200",
#endif
    };
    GError *error = NULL;
    bool none;

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_test_message("%s", wrong[i]);
        g_assert_false(net_add_netdev(wrong[i], &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
        g_assert_null(net_find("a"));
    }
    g_assert_true(net_add_nic("none", &none, &error));
    g_assert_true(none);
    g_assert_false(net_add_nic("hubport,hubid=1,mac=01:00:00:00:00:00", &none, &error));
    g_clear_error(&error);
    g_assert_false(net_add_nic("hubport,hubid=1,mac=zebra", &none, &error));
    g_clear_error(&error);
}

#ifdef CONFIG_SLIRP
/* ---- Fragments, to the user network's router ---- */

enum { HEADERS = 14 + 20, ECHO = 8 + 1192 };

static void send_fragment(NetClient *nc, const uint8_t *echo, unsigned id, unsigned from,
                          unsigned to, uint16_t bits)
{
    static const uint8_t start[HEADERS] = {
        0x52, 0x55, 10, 0, 2, 2,  0x52, 0x54, 0, 0x12, 0x34, 0x56, 8,  0,  0x45, 0, 0,
        0,    0,    0,  0, 0, 64, 1,    0,    0, 10,   0,    2,    15, 10, 0,    2, 2};
    uint8_t packet[HEADERS + ECHO];
    uint32_t sum = 0;

    memcpy(packet, start, HEADERS);
    stw_be_p(packet + 16, (uint16_t)(20 + to - from));
    stw_be_p(packet + 18, (uint16_t)id);
    stw_be_p(packet + 20, (uint16_t)(from / 8 | bits));
    for (unsigned i = 14; i < HEADERS; i += 2) {
        sum += lduw_be_p(packet + i);
    }
    stw_be_p(packet + 24, (uint16_t)~(sum % 0xffff));
    memcpy(packet + HEADERS, echo + from, to - from);
    net_send(nc, packet, HEADERS + to - from);
}

/* In every order and with pieces that come twice or overlap, a ping is answered once; what makes no
 * sense is nobody's. libslirp alone ends the process when a last fragment comes first. */
static void test_fragments(void)
{
    enum { MORE = 0x2000 };
    static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34,
                                    0x56, 8,    6,    0,    1,    8,    0,    6,    4, 0,    1,
                                    0x52, 0x54, 0,    0x12, 0x34, 0x56, 10,   0,    2, 15,   0,
                                    0,    0,    0,    0,    0,    10,   0,    2,    2};
    static const uint16_t pieces[4][3] = {
        {0, 400, MORE}, {400, 808, MORE}, {800, ECHO, 0}, {392, 416, MORE}};
    static const uint8_t orders[][4] = {{0, 1, 2},    {2, 1, 0},    {2, 0, 1},   {1, 0, 2},
                                        {3, 2, 1, 0}, {0, 3, 2, 1}, {2, 2, 0, 1}};
    uint8_t echo[ECHO] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
    uint32_t sum = 0;
    GError *error = NULL;
    End *end;

    for (unsigned i = 8; i < ECHO; i++) {
        echo[i] = (uint8_t)(i * 7);
    }
    for (unsigned i = 0; i < ECHO; i += 2) {
        sum += lduw_be_p(echo + i);
    }
    stw_be_p(echo + 2, (uint16_t)~(sum % 0xffff));
    net_add_netdev("user,id=u,restrict=on", &error);
    g_assert_no_error(error);
    end = end_new("e", net_find("u"));
    net_send(&end->nc, arp, sizeof(arp));
    turn();
    g_assert_cmpuint(end->frames, ==, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(orders); i++) {
        unsigned n = i < 4 ? 3 : 4;

        end->frames = 0;
        for (unsigned k = 0; k < n; k++) {
            const uint16_t *piece = pieces[orders[i][k]];

            g_assert_cmpuint(end->frames, ==, 0);
            send_fragment(&end->nc, echo, i, piece[0], piece[1], piece[2]);
            turn();
        }
        g_assert_cmpuint(end->frames, ==, 1);
        g_assert_cmpuint(end->size, ==, HEADERS + ECHO);
        g_assert_cmpmem(end->frame + HEADERS + 4, ECHO - 4, echo + 4, ECHO - 4);
    }
    /* A length that is no number of units; two ends; too long; more than are kept. */
    end->frames = 0;
    send_fragment(&end->nc, echo, 100, 0, 401, MORE);
    send_fragment(&end->nc, echo, 101, 400, 800, 0);
    send_fragment(&end->nc, echo, 101, 400, 808, 0);
    send_fragment(&end->nc, echo, 102, 400, 800, 0);
    send_fragment(&end->nc, echo, 102, 800, 808, MORE);
    for (unsigned i = 0; i < 20; i++) {
        send_fragment(&end->nc, echo, 200 + i, 400, ECHO, 0);
    }
    send_fragment(&end->nc, echo, 200, 0, 400, MORE);
    send_fragment(&end->nc, echo, 103, 0, 8, 0x3fff);
    turn();
    g_assert_cmpuint(end->frames, ==, 0);
    send_fragment(&end->nc, echo, 219, 0, 400, MORE);
    turn();
    g_assert_cmpuint(end->frames, ==, 1);
    net_client_delete(&end->nc);
    net_del_netdev("u", NULL);
}
#endif

static void test_macs(void)
{
    GError *error = NULL;
    uint8_t mac[6];
    NicInfo *nic;
    bool none;

    g_assert_true(net_parse_mac("52:54:00:12:34:57", mac) && mac[5] == 0x57);
    g_assert_true(net_parse_mac("1-2-3-a-B-c", mac) && mac[4] == 0x0b);
    g_assert_false(net_parse_mac("1:2:3:4:5", mac));
    g_assert_false(net_parse_mac("1:2:3:4:5:6:7", mac));
    g_assert_false(net_parse_mac("1:2:3:4:5:100", mac));
    /* The first free ones, around those that somebody chose. */
    g_assert_true(net_add_nic("hubport,hubid=1,model=x,mac=52:54:00:12:34:57", &none, &error));
    g_assert_true(net_add_nic("hubport,hubid=1", &none, &error));
    g_assert_true(net_add_nic("hubport,hubid=1,model=y", &none, &error));
    nic = net_take_nic("y", false, NULL);
    g_assert_cmphex(nic->mac[5], ==, 0x58);
    g_assert_null(net_take_nic("y", false, NULL));
    g_assert_null(net_take_nic("z", false, NULL));
    nic = net_take_nic("z", true, NULL);
    g_assert_cmphex(nic->mac[5], ==, 0x56);
    nic = net_take_nic("q", false, "x");
    g_assert_cmphex(nic->mac[5], ==, 0x57);
    g_assert_cmphex(net_crc32_le((const uint8_t *)"123456789", 9), ==, (uint32_t)~0xcbf43926u);
    g_assert_cmphex(net_crc32_be((const uint8_t *)"\1\0\x5e\0\0\1", 6) >> 26, ==, 31);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    the_clock = clock_new(CLOCK_TYPE_MANUAL);
    net_set_host_ops(&host);
    g_test_add_func("/net/queue", test_queue);
    g_test_add_func("/net/link", test_link);
    g_test_add_func("/net/hub", test_hub);
    g_test_add_func("/net/hub/waits", test_hub_waits);
    g_test_add_func("/net/sockets", test_sockets);
    g_test_add_func("/net/reconnect", test_reconnect);
    g_test_add_func("/net/queue/bytes", test_queue_bytes);
    g_test_add_func("/net/commas", test_commas);
    g_test_add_func("/net/named-fd", test_named_fd);
    g_test_add_func("/net/options", test_options);
#ifdef CONFIG_SLIRP
    g_test_add_func("/net/fragments", test_fragments);
#endif
    g_test_add_func("/net/macs", test_macs);
    status = g_test_run();
    net_cleanup();
    return status;
}

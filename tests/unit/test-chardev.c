/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character back ends: creation and its errors, the multiplexer's keys and focus, flow control,
 * sockets that come and go, files and ring buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "chardev/char.h"
#include "system/runtime.h"

/* A front end that notes what happens to it. */
typedef struct User {
    CharFrontend fe;
    GString *input;
    GString *events;                    /* o c b i u: opened, closed, break, mux in, mux out */
    int room;
} User;

static int can_read(void *opaque)
{
    return ((User *)opaque)->room;
}

static void take(void *opaque, const uint8_t *buf, int size)
{
    User *user = opaque;

    g_assert_cmpint(size, <=, user->room);
    user->room -= size;
    g_string_append_len(user->input, (const char *)buf, size);
}

static void happened(void *opaque, CharEvent event)
{
    static const char letters[] = "ocbiu";

    g_string_append_c(((User *)opaque)->events, letters[event]);
}

static void user_attach(User *user, Chardev *chr)
{
    GError *error = NULL;

    user->input = g_string_new(NULL);
    user->events = g_string_new(NULL);
    user->room = 1 << 20;
    g_assert_true(char_frontend_init(&user->fe, chr, &error));
    g_assert_no_error(error);
    char_frontend_set_handlers(&user->fe, can_read, take, happened, user);
}

static void user_detach(User *user)
{
    char_frontend_deinit(&user->fe);
    g_string_free(user->input, TRUE);
    g_string_free(user->events, TRUE);
}

static void spin_until(const GString *text, gsize length)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (text->len < length && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(100);
    }
    g_assert_cmpuint(text->len, >=, length);
}

static Chardev *make(const char *options)
{
    GError *error = NULL;
    Chardev *chr = chardev_new_from_options(options, &error);

    g_assert_no_error(error);
    g_assert_nonnull(chr);
    return chr;
}

static void put(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (int)strlen(text));
}

/* ---- Creation ---- */

static void test_errors(void)
{
    static const struct { const char *options, *error; } rows[] = {
        {"nul,id=a", "'nul' is not a valid char driver name (did you mean 'null'?)"},
        {"null", "chardev: no id specified"},
        {"file,id=a", "chardev: file: no filename given"},
        {"pipe,id=a,path=", "chardev: pipe: no filename given"},
        {"socket,id=a", "chardev: socket: no path, host and port, or fd given"},
        {"socket,id=a,host=localhost,port=x", "'x' is not a port number"},
        {"socket,id=a,fd=x", "chardev: fd 'x' is not a socket"},
        {"ringbuf,id=a,size=3", "size of ringbuf must be power of 2"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        GError *error = NULL;

        g_assert_null(chardev_new_from_options(rows[i].options, &error));
        g_assert_nonnull(strstr(error->message, rows[i].error));
        g_error_free(error);
        g_assert_null(chardev_find("a"));
    }
    {
        GError *error = NULL;

        make("null,id=a");
        g_assert_null(chardev_new_from_options("null,id=a", &error));
        g_assert_cmpstr(error->message, ==, "Chardev with id 'a' already exists");
        g_clear_error(&error);
        g_assert_null(chardev_new_from_short("b", "mon:null", false, &error));
        g_clear_error(&error);
        g_assert_null(chardev_new_from_short("b", "chardev:zz", true, &error));
        g_assert_cmpstr(error->message, ==, "chardev 'zz' not found");
        g_clear_error(&error);
        g_assert_null(chardev_new_from_short("b", "tcp:nowhere", true, &error));
        g_clear_error(&error);
        g_assert_true(chardev_new_from_short("b", "chardev:a", true, &error) == chardev_find("a"));
    }
    chardev_cleanup();
}

static void test_one_user(void)
{
    Chardev *chr = make("null,id=a");
    User first;
    CharFrontend second;
    GError *error = NULL;

    g_assert_false(chardev_in_use(chr));
    user_attach(&first, chr);
    g_assert_true(chardev_in_use(chr));
    g_assert_cmpstr(first.events->str, ==, "o");
    g_assert_false(char_frontend_init(&second, chr, &error));
    g_assert_nonnull(strstr(error->message, "in use"));
    g_error_free(error);
    g_assert_cmpint(char_frontend_write_all(&first.fe, (const uint8_t *)"x", 1), ==, 1);
    chardev_send_break(chr);
    g_assert_cmpstr(first.events->str, ==, "ob");
    /* The back end goes first: the user is left with a sink. */
    chardev_delete(chr);
    g_assert_cmpint(char_frontend_write_all(&first.fe, (const uint8_t *)"x", 1), ==, 1);
    user_detach(&first);
    chardev_cleanup();
}

/* ---- Ring buffer, file ---- */

static void test_ringbuf(void)
{
    Chardev *chr = make("ringbuf,id=r,size=8");
    User user;
    GError *error = NULL;
    GBytes *bytes;

    user_attach(&user, chr);
    char_frontend_write_all(&user.fe, (const uint8_t *)"0123456789", 10);
    bytes = chardev_ringbuf_read(chr, 3, &error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "234", 3);
    g_bytes_unref(bytes);
    g_assert_true(chardev_ringbuf_write(chr, (const uint8_t *)"ab", 2, &error));
    bytes = chardev_ringbuf_read(chr, 100, &error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "56789ab", 7);
    g_bytes_unref(bytes);
    g_assert_null(chardev_ringbuf_read(make("null,id=n"), 1, &error));
    g_assert_cmpstr(error->message, ==, "n is not a ringbuf device");
    g_error_free(error);
    user_detach(&user);
    chardev_cleanup();
}

static void test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("gossamer-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "out,1", NULL),
                    *log = g_build_filename(dir, "log", NULL);
    g_autofree char *options =
        g_strdup_printf("file,id=f,path=%s/out,,1,append=on,logfile=%s", dir, log);
    g_autofree char *text = NULL, *copy = NULL;
    User user;

    g_assert_true(g_file_set_contents(path, "old ", -1, NULL));
    user_attach(&user, make(options));
    char_frontend_write_all(&user.fe, (const uint8_t *)"new", 3);
    user_detach(&user);
    chardev_cleanup();
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "old new");
    g_assert_true(g_file_get_contents(log, &copy, NULL, NULL));
    g_assert_cmpstr(copy, ==, "new");
    g_unlink(path);
    g_unlink(log);
    g_rmdir(dir);
}

/* ---- Multiplexer, flow control ---- */

static void test_mux(void)
{
    int ends[2];
    g_autofree char *options = NULL;
    User console, monitor;
    Chardev *mux;
    char buf[512];
    ssize_t n;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    options = g_strdup_printf("socket,id=m,fd=%d,mux=on", ends[0]);
    mux = make(options);
    g_assert_true(chardev_is_mux(mux));
    user_attach(&console, mux);
    user_attach(&monitor, mux);
    put(ends[1], "to console");
    spin_until(console.input, 10);
    g_assert_cmpuint(monitor.input->len, ==, 0);
    /* Ctrl-A c: the next; Ctrl-A Ctrl-A: itself; Ctrl-A b: a break. */
    put(ends[1], "\x01" "cto monitor\x01\x01\x01" "b\x01" "cback");
    spin_until(console.input, 14);
    g_assert_cmpstr(console.input->str, ==, "to consoleback");
    g_assert_cmpstr(monitor.input->str, ==, "to monitor\x01");
    g_assert_nonnull(strchr(monitor.events->str, 'b'));
    g_assert_null(strchr(console.events->str, 'b'));
    g_assert_true(g_str_has_suffix(monitor.events->str, "ibu"));
    /* Both write. */
    char_frontend_write_all(&console.fe, (const uint8_t *)"C", 1);
    char_frontend_write_all(&monitor.fe, (const uint8_t *)"M", 1);
    n = read(ends[1], buf, sizeof(buf));
    g_assert_cmpmem(buf, n, "CM", 2);
    put(ends[1], "\x01h");
    for (int i = 0; i < 200; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    n = read(ends[1], buf, sizeof(buf) - 1);
    buf[MAX(n, 0)] = 0;
    g_assert_nonnull(strstr(buf, "C-a x"));
    /* One user goes, the keyboard is the other's after Ctrl-A c. */
    user_detach(&console);
    put(ends[1], "\x01" "clast");
    spin_until(monitor.input, 15);
    g_assert_true(g_str_has_suffix(monitor.input->str, "last"));
    user_detach(&monitor);
    chardev_cleanup();
    close(ends[1]);
}

static void test_flow(void)
{
    int ends[2];
    g_autofree char *options = NULL;
    g_autofree char *text = g_strnfill(5000, 'x');
    User user;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    options = g_strdup_printf("socket,id=s,fd=%d", ends[0]);
    user_attach(&user, make(options));
    user.room = 10;
    put(ends[1], text);
    spin_until(user.input, 10);
    /* No room: nothing more comes, and the loop does not spin on it. */
    for (int i = 0; i < 100; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpuint(user.input->len, ==, 10);
    user.room = 100;
    char_frontend_accept_input(&user.fe);
    spin_until(user.input, 110);
    user.room = 1 << 20;
    char_frontend_accept_input(&user.fe);
    spin_until(user.input, 5000);
    user_detach(&user);
    chardev_cleanup();
    close(ends[1]);
}

/* A writer that outruns its reader gets a short count, and a call when there is room again. */
static gboolean writable(void *opaque)
{
    *(bool *)opaque = true;
    return G_SOURCE_REMOVE;
}

static void test_full(void)
{
    int ends[2];
    g_autofree char *options = NULL;
    static uint8_t block[65536];
    static char sink[65536];
    bool called = false;
    User user;
    int total = 0, n;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    options = g_strdup_printf("socket,id=s,fd=%d", ends[0]);
    user_attach(&user, make(options));
    while ((n = char_frontend_write(&user.fe, block, sizeof(block))) > 0) {
        total += n;
    }
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpuint(char_frontend_add_watch(&user.fe, writable, &called), !=, 0);
    for (int i = 0; i < 20; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_false(called);
    while (total > 0) {
        ssize_t got = read(ends[1], sink, sizeof(sink));

        g_assert_cmpint(got, >, 0);
        total -= got;
    }
    for (int i = 0; i < 20 && !called; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_true(called);
    /* The peer goes: what is written then is dropped, not waited for. */
    close(ends[1]);
    spin_until(user.events, 2);
    g_assert_cmpstr(user.events->str, ==, "oc");
    g_assert_cmpint(char_frontend_write_all(&user.fe, block, sizeof(block)), ==, sizeof(block));
    user_detach(&user);
    chardev_cleanup();
}

/* ---- A server ---- */

static void test_server(void)
{
    g_autofree char *dir = g_dir_make_tmp("gossamer-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "s", NULL);
    g_autofree char *server = g_strdup_printf("socket,id=s,path=%s,server=on,wait=off", path);
    g_autofree char *client = g_strdup_printf("socket,id=c,path=%s", path);
    Chardev *chr = make(server);
    User user;

    user_attach(&user, chr);
    g_assert_cmpstr(user.events->str, ==, "");
    g_assert_true(g_str_has_prefix(chardev_filename(chr), "disconnected:unix:"));
    for (int round = 0; round < 3; round++) {
        Chardev *peer = make(client);
        User other;

        user_attach(&other, peer);
        spin_until(user.events, 2 * round + 1);
        g_assert_true(g_str_has_prefix(chardev_filename(chr), "unix:"));
        char_frontend_write_all(&other.fe, (const uint8_t *)"abc", 3);
        spin_until(user.input, 3 * round + 3);
        char_frontend_write_all(&user.fe, (const uint8_t *)"xyz", 3);
        spin_until(other.input, 3);
        g_assert_cmpstr(other.input->str, ==, "xyz");
        if (round == 1) {
            char_frontend_disconnect(&user.fe);
            spin_until(other.events, 2);
        }
        user_detach(&other);
        chardev_delete(peer);
        spin_until(user.events, 2 * round + 2);
    }
    g_assert_cmpstr(user.events->str, ==, "ocococ");
    user_detach(&user);
    chardev_cleanup();
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_rmdir(dir);
}

/* Descriptors that come with the bytes (SCM_RIGHTS). */
static void test_descriptors(void)
{
    int ends[2], pipe_ends[2], got;
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec iov = {"f", 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
    g_autofree char *options = NULL;
    User user;
    char c;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    g_assert_cmpint(pipe(pipe_ends), ==, 0);
    options = g_strdup_printf("socket,id=s,fd=%d", ends[0]);
    user_attach(&user, make(options));
    *header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &pipe_ends[1], sizeof(int));
    g_assert_cmpint(sendmsg(ends[1], &msg, 0), ==, 1);
    spin_until(user.input, 1);
    got = char_frontend_get_fd(&user.fe);
    g_assert_cmpint(got, >=, 0);
    g_assert_cmpint(char_frontend_get_fd(&user.fe), ==, -1);
    put(got, "!");
    g_assert_cmpint(read(pipe_ends[0], &c, 1), ==, 1);
    g_assert_cmpint(c, ==, '!');
    close(got);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    user_detach(&user);
    chardev_cleanup();
    close(ends[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    runtime_init();
    g_test_add_func("/chardev/errors", test_errors);
    g_test_add_func("/chardev/one-user", test_one_user);
    g_test_add_func("/chardev/ringbuf", test_ringbuf);
    g_test_add_func("/chardev/file", test_file);
    g_test_add_func("/chardev/mux", test_mux);
    g_test_add_func("/chardev/flow", test_flow);
    g_test_add_func("/chardev/full", test_full);
    g_test_add_func("/chardev/server", test_server);
    g_test_add_func("/chardev/descriptors", test_descriptors);
    return g_test_run();
}

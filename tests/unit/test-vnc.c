/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VNC server without a machine: clients that want a smaller picture, and a screen that becomes
 * smaller still. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "ui/display.h"
#include "ui/vnc.h"
#include "util/bswap.h"

static char *path;

static void take(int fd, void *to, size_t size)
{
    g_assert_cmpint(recv(fd, to, size, MSG_WAITALL), ==, (gssize)size);
}

static void give(int fd, const void *from, size_t size)
{
    g_assert_cmpint(send(fd, from, size, MSG_NOSIGNAL), ==, (gssize)size);
}

/* A client without password; the screen's size. */
static int client_new(unsigned *width, unsigned *height)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 60};
    uint8_t bytes[256];

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
    take(fd, bytes, 12);
    give(fd, "RFB 003.008\n", 12);
    take(fd, bytes, 1);
    take(fd, bytes + 1, bytes[0]);
    give(fd, "\1", 1);
    take(fd, bytes, 4);
    g_assert_cmpuint(ldl_be_p(bytes), ==, 0);
    give(fd, "\1", 1);
    take(fd, bytes, 24);
    *width = lduw_be_p(bytes);
    *height = lduw_be_p(bytes + 2);
    g_assert_cmpuint(ldl_be_p(bytes + 20), <, sizeof(bytes));
    take(fd, bytes, ldl_be_p(bytes + 20));
    return fd;
}

static void ask(int fd, unsigned width, unsigned height)
{
    uint8_t request[10] = {3};

    stw_be_p(request + 6, (uint16_t)width);
    stw_be_p(request + 8, (uint16_t)height);
    give(fd, request, sizeof(request));
}

static void wait_end(int fd)
{
    static uint8_t bytes[65536];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
    }
    g_assert_true(n == 0 || errno == ECONNRESET);
    close(fd);
}

static void update(void *opaque, bool everything)
{
}

static void test_scaled(void)
{
    static const DisplayConsoleOps ops = {.update = update};
    g_autofree char *where = g_strdup_printf("unix:%s", path);
    DisplayConsole *console = display_console_new(NULL, &ops, NULL);
    unsigned width, height;
    uint8_t bytes[6];
    GError *error = NULL;
    int scaled, plain;

    g_assert_nonnull(display_console_resize(console, 1600, 1200));
    g_assert_true(vnc_start(where, NULL, &error));
    g_assert_no_error(error);
    scaled = client_new(&width, &height);
    g_assert_cmpuint(width, ==, 1600);
    plain = client_new(&width, &height);
    give(scaled, "\10\2\0", 4);
    take(scaled, bytes, sizeof(bytes));
    g_assert_cmpuint(bytes[0], ==, 4);
    g_assert_cmpuint(lduw_be_p(bytes + 2), ==, 800);
    g_assert_cmpuint(lduw_be_p(bytes + 4), ==, 600);
    ask(scaled, 800, 600);
    ask(plain, 1600, 1200);
    /* Smaller than the picture that the first one has. */
    g_assert_nonnull(display_console_resize(console, 640, 480));
    wait_end(scaled);
    close(plain);
    plain = client_new(&width, &height);
    g_assert_cmpuint(width, ==, 640);
    g_assert_cmpuint(height, ==, 480);
    ask(plain, 640, 480);
    take(plain, bytes, 4);
    g_assert_cmpuint(bytes[0], ==, 0);
    close(plain);
    vnc_stop();
    display_console_free(console);
}

int main(int argc, char **argv)
{
    g_autofree char *folder = g_dir_make_tmp("gossamer-vnc-XXXXXX", NULL);
    int status;

    g_test_init(&argc, &argv, NULL);
    path = g_build_filename(folder, "vnc", NULL);
    g_test_add_func("/vnc/scaled", test_scaled);
    status = g_test_run();
    g_rmdir(folder);
    g_free(path);
    return status;
}

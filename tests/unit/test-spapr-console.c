/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal that nobody reads: the calls that write to it never wait in the emulator, say so in
 * the way each of them has (H_BUSY; the call made again), and nothing is lost or doubled when it is
 * read at last.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "test-spapr-bench.h"
#include "chardev/char.h"

#define TEXT (BENCH_FREE + 0x3000)
#define ARRAY (BENCH_FREE + 0x5000)
#define BUFFER (BENCH_FREE + 0x10000)
#define UNIT 0x71000000

static int reader;
static GString *sent, *received;

/* What the host has ready; at most `limit` bytes. */
static void drain(size_t limit)
{
    char block[4096];

    while (limit) {
        ssize_t n = recv(reader, block, MIN(sizeof(block), limit), MSG_DONTWAIT);

        if (n <= 0) {
            return;
        }
        g_string_append_len(received, block, n);
        limit -= n;
    }
}

static void expect_all(void)
{
    while (received->len < sent->len) {
        drain(SIZE_MAX);
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpmem(received->str, received->len, sent->str, sent->len);
}

static char next_char(void)
{
    static unsigned n;

    return 'A' + n++ % 53;       /* no power of two: a lost or doubled block shows */
}

/* 16 characters by the hypercall, until it says that the host is full. */
static unsigned fill(void)
{
    unsigned calls = 0;

    for (;; calls++) {
        uint64_t words[2];
        char text[16];

        for (unsigned i = 0; i < sizeof(text); i++) {
            text[i] = next_char();
        }
        words[0] = ldq_be_p(text);
        words[1] = ldq_be_p(text + 8);
        if (HRESULT(0x58, UNIT, 16, words[0], words[1]) == H_BUSY) {
            g_assert_cmpint(HRESULT(0x58, UNIT, 16, words[0], words[1]), ==, H_BUSY);
            g_assert_cmpint(HRESULT(0x58, UNIT, 0, 0, 0), ==, H_SUCCESS);
            return calls;
        }
        g_string_append_len(sent, text, sizeof(text));
    }
}

static void test_put(void)
{
    g_assert_cmpuint(fill(), >, 0);
    drain(3000);
    fill();
    /* Firmware, in real mode, knows no H_BUSY. */
    bench_cpu(0)->env.msr &= ~MSR_BIT(DR);
    g_assert_cmpint(HRESULT(0x58, UNIT, 16, 0, 0), ==, H_COME_AGAIN);
    bench_cpu(0)->env.msr |= MSR_BIT(DR);
    expect_all();
}

static void test_client_write(void)
{
    SpaprMachine *spapr = bench_machine();
    uint32_t console = CLIENT("open", bench_text(TEXT, "/vdevice/vty@71000000"));
    uint64_t progress = 0, before;
    const unsigned size = 60000;
    unsigned again = 0;
    Call c;

    for (unsigned i = 0; i < size; i++) {
        char one = next_char();

        spapr_stb(spapr, BUFFER + i, one);
        g_string_append_c(sent, one);
    }
    spapr_stl(spapr, ARRAY, bench_text(TEXT, "write"));
    spapr_stl(spapr, ARRAY + 4, 3);
    spapr_stl(spapr, ARRAY + 8, 1);
    spapr_stl(spapr, ARRAY + 12, console);
    spapr_stl(spapr, ARRAY + 16, BUFFER);
    spapr_stl(spapr, ARRAY + 20, size);
    spapr_stl(spapr, ARRAY + 24, 0x5a5a5a5a);
    for (;;) {
        before = progress;
        c = HCALL(H_PRIVATE_CLIENT, ARRAY, progress);
        if (c.result != H_COME_AGAIN) {
            break;
        }
        g_assert_cmphex(spapr_ldl(spapr, ARRAY + 24), ==, 0x5a5a5a5a);
        progress = c.r[1];
        g_assert_cmpuint(progress, >=, before);
        g_assert_cmpuint(progress, <, size);
        again++;
        drain(progress == before ? 2000 : 0);
    }
    g_assert_cmpint(c.result, ==, 0);
    g_assert_cmpuint(spapr_ldl(spapr, ARRAY + 24), ==, size);
    g_assert_cmpuint(again, >, 2);
    expect_all();
    /* Nonsense in r5 writes nothing beyond the buffer. */
    c = HCALL(H_PRIVATE_CLIENT, ARRAY, UINT64_MAX);
    g_assert_cmpint(c.result, ==, 0);
    expect_all();
}

static void test_display_character(void)
{
    SpaprMachine *spapr = bench_machine();
    unsigned again = 0;
    char one;

    fill();
    spapr_stl(spapr, ARRAY, RTAS_DISPLAY_CHARACTER);
    spapr_stl(spapr, ARRAY + 4, 1);
    spapr_stl(spapr, ARRAY + 8, 1);
    for (unsigned i = 0; i < 20; i++) {
        one = next_char();
        spapr_stl(spapr, ARRAY + 12, one);
        spapr_stl(spapr, ARRAY + 16, 0x5a5a5a5a);
        while (HRESULT(H_PRIVATE_RTAS, ARRAY) == H_COME_AGAIN) {
            g_assert_cmphex(spapr_ldl(spapr, ARRAY + 16), ==, 0x5a5a5a5a);
            again++;
            drain(2000);
        }
        g_assert_cmpuint(spapr_ldl(spapr, ARRAY + 16), ==, 0);
        g_string_append_c(sent, one);
    }
    g_assert_cmpuint(again, >, 0);
    expect_all();
}

/* The reader goes: what is written has no taker, and nobody waits for one. */
static void test_gone(void)
{
    fill();
    close(reader);
    g_assert_cmpint(HRESULT(0x58, UNIT, 8, 0, 0), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(0x58, UNIT, 8, 0, 0), ==, H_SUCCESS);
}

int main(int argc, char **argv)
{
    int ends[2], small = 4096;
    g_autofree char *options = NULL;
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spapr-console/put", test_put);
    g_test_add_func("/spapr-console/client-write", test_client_write);
    g_test_add_func("/spapr-console/display-character", test_display_character);
    g_test_add_func("/spapr-console/gone", test_gone);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    reader = ends[1];
    sent = g_string_new(NULL);
    received = g_string_new(NULL);
    options = g_strdup_printf("socket,id=slow,fd=%d", ends[0]);
    g_assert_nonnull(chardev_new_from_options(options, NULL));
    bench_set_console("chardev:slow");
    bench_start(NULL, "power9_v2.0", true);
    bench_cpu(0)->env.msr |= MSR_BIT(DR);
    result = g_test_run();
    bench_stop();
    return result;
}

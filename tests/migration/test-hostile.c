/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streams that are cut at every byte and have every single bit flipped.  Each must load, or end in
 * one line of error; the process must not crash, hang, leak or ask for much memory, and the machine
 * must be as good as new for the next.
 *
 * test-hostile STREAM [-m slow]: a file or "own:..." (hostile-streams.h).  Without "-m slow" a part
 * of the places, always the same.  Every section's contents are damaged on their own, its frame and
 * RAM's head in the whole stream.  Left out: the inner part of tables beyond 256 KiB, of which only
 * some bytes are taken.
 */
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "hostile-streams.h"
#include "migration/ram.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define BIG_TABLE (256u << 10)
#define EDGE 192u                /* bytes at either end that are always taken */
#define LEAK_LIMIT (4u << 20)    /* caches grow a little; a leak in each load would be more */

static Hostile hostile;
static guint64 loaded, refused;

static void check_text(const char *text, const char *where)
{
    /* One line that says where. */
    if (strlen(text) < 12 || strchr(text, '\n') || !g_utf8_validate(text, -1, NULL)) {
        g_error("%s: poor message: %s", where, text);
    }
}

static void try(const HostilePart *part, const void *data, gsize size, const char *where)
{
    g_autofree char *text = NULL;

    alarm(60);
    if (hostile_load(&hostile, part, data, size, &text)) {
        if (loaded++ % 64 == 0) {
            hostile_use(&hostile);
        }
    } else {
        /* A machine that was refused its state does not run; but it can be looked at. */
        if (refused++ % 64 == 0) {
            hostile_use(&hostile);
        }
        check_text(text, where);
        if (!part && !strstr(text, "offset") && !strstr(text, "device '")) {
            g_error("%s: the message names no place: %s", where, text);
        }
    }
    alarm(0);
}

/* Steps from place to place: each one, or as many as the quick test has time for. */
static gsize step(gsize size, gsize at, gsize quick_limit)
{
    gsize stride =
        g_test_slow() ? (size > BIG_TABLE ? size / 3000 | 1 : 1) : MAX(size / quick_limit | 1, 1);

    return at < EDGE || at + EDGE > size ? 1 : stride;
}

static void flip(const HostilePart *part, uint8_t *copy, gsize size, gsize from, gsize to,
                 gsize quick_limit)
{
    for (gsize at = from; at < to; at += step(to - from, at - from, quick_limit)) {
        for (unsigned bit = 0; bit < 8; bit++) {
            if (!g_test_slow() && at - from > 16 && bit != at % 8) {
                continue;
            }
            g_autofree char *where = g_strdup_printf("bit %u of byte 0x%zx", bit, at);

            copy[at] ^= 1u << bit;
            try(part, copy, size, where);
            copy[at] ^= 1u << bit;
        }
    }
}

/* The machine works on, and memory did not grow. */
static void settle(size_t before)
{
    hostile_restore(&hostile);
    hostile_use(&hostile);
    hostile_restore(&hostile);
    if (!SANITIZED && before) {
        size_t now = mallinfo2().uordblks;

        g_test_message("%" G_GUINT64_FORMAT " loaded, %" G_GUINT64_FORMAT
                       " refused, memory %+ld bytes",
                       loaded, refused, (long)now - (long)before);
        g_assert_cmpuint(now, <, before + LEAK_LIMIT);
    }
}

static void test_section(gconstpointer opaque)
{
    const HostilePart *part = opaque;
    gsize size = part->end - part->body;
    g_autofree uint8_t *copy = g_memdup2(hostile.data + part->body, size);
    bool is_ram = part->entry->handlers && !strcmp(part->entry->idstr, "ram");
    /* The bytes of pages mean nothing to the loader. */
    gsize limit = is_ram ? MIN(size, RAM_PAGE_SIZE) : size;
    size_t before;

    hostile_restore(&hostile);
    before = mallinfo2().uordblks;
    flip(part, copy, size, 0, limit, 160);
    for (gsize cut = 0; cut < limit; cut += step(limit, cut, 60)) {
        try(part, copy, cut, "cut");
    }
    settle(before);
}

/* Heads and footers, in the whole stream. */
static void test_frames(void)
{
    g_autofree uint8_t *copy = g_memdup2(hostile.data, hostile.size);
    gsize from = 0;
    size_t before = mallinfo2().uordblks;

    for (guint i = 0; i <= hostile.parts->len; i++) {
        bool last = i == hostile.parts->len;
        const HostilePart *part = last ? NULL : &g_array_index(hostile.parts, HostilePart, i);
        gsize to = last ? MIN(hostile.description + 16, hostile.size) : part->body;

        for (gsize at = from; at < to; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                if (!g_test_slow() && (at * 8 + bit) % 5) {
                    continue;
                }
                g_autofree char *where = g_strdup_printf("bit %u of byte 0x%zx", bit, at);

                copy[at] ^= 1u << bit;
                try(NULL, copy, hostile.size, where);
                copy[at] ^= 1u << bit;
            }
            if (g_test_slow() || at % 3 == 0) {
                try(NULL, copy, at, "cut");
            }
        }
        from = last ? to : part->end;
    }
    settle(before);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    if (argc != 2) {
        g_error("test-hostile STREAM");
    }
    hostile_begin(&hostile, argv[1]);
    if (!SANITIZED) {
        /* What the machine has, and a little more. */
        struct rlimit limit = {0};
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
        limit.rlim_cur = limit.rlim_max =
            (strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE)) + ((rlim_t)600 << 20);
        setrlimit(RLIMIT_AS, &limit);
    }
    for (guint i = 0; i < hostile.parts->len; i++) {
        HostilePart *part = &g_array_index(hostile.parts, HostilePart, i);
        g_autofree char *name = g_strdup_printf("/hostile/%u-%s-%x", i, part->entry->idstr,
                                                part->entry->instance_id);

        g_strdelimit(name + 9, "/@", '-');
        g_test_add_data_func(name, part, test_section);
    }
    g_test_add_func("/hostile/frames", test_frames);
    result = g_test_run();
    hostile_end(&hostile);
    return result;
}

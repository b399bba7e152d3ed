/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash page table's section: sent in rounds while entries change, loaded again, the same table;
 * damaged sections are refused.
 */
#include <string.h>
#include "test-spapr-bench.h"
#include "system/runtime.h"

static const StateEntry *entry(void)
{
    return state_registry_find(runtime_state_registry(), "spapr/htab", 0);
}

static void set(uint64_t i, uint64_t v, uint64_t r)
{
    uint64_t *htab = bench_machine()->htab;

    htab[i * 2] = GUINT64_TO_BE(v);
    htab[i * 2 + 1] = GUINT64_TO_BE(r);
}

static bool enough(void *opaque)
{
    return true;
}

static GBytes *part(int (*fn)(StateStream *s, GError **errp), int *result)
{
    StateStream *s = state_stream_new_writer();
    GError *error = NULL;
    GBytes *bytes;

    *result = fn(s, &error);
    g_assert_no_error(error);
    bytes = state_stream_take_bytes(s);
    state_stream_free(s);
    return bytes;
}

static int setup(StateStream *s, GError **errp)
{
    return entry()->handlers->save_setup(s, entry()->opaque, errp);
}

static int iterate(StateStream *s, GError **errp)
{
    return entry()->handlers->save_iterate(s, entry()->opaque, enough, NULL, errp);
}

static int complete(StateStream *s, GError **errp)
{
    return entry()->handlers->save_complete(s, entry()->opaque, errp);
}

static bool load(const void *data, gsize size, GError **errp)
{
    StateStream *s = state_stream_new_reader(data, size);
    bool good = entry()->handlers->load(s, entry()->opaque, 1, errp);

    g_assert_true(!good || state_stream_position(s) == size);
    state_stream_free(s);
    return good;
}

static void test_rounds(void)
{
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    uint64_t n = 1ull << (spapr->htab_shift - 4);
    g_autofree uint64_t *before = NULL;
    GError *error = NULL;
    unsigned rounds = 0;
    int result;

    for (uint64_t i = 0; i < n; i += i % 7 + 1) {
        set(i, i << 12 | 1, i << 16 | 0x190);
    }
    set(9, 0x40, 0x33);                  /* invalid, with rests */
    g_ptr_array_add(parts, part(setup, &result));
    do {
        g_ptr_array_add(parts, part(iterate, &result));
        set(3, ++rounds << 12 | 1, 7);   /* changes under way */
    } while (!result);
    g_assert_cmpuint(rounds, >, 1);
    g_assert_cmpuint(entry()->handlers->save_pending(entry()->opaque, true), ==, 0);
    set(4, 0, 0);
    set(n - 1, 0x5001, 0x77);
    for (uint64_t i = 70000; i < 120000; i++) {
        set(i, i % 3 ? 0 : 0x9001, 0);
    }
    g_ptr_array_add(parts, part(complete, &result));
    g_assert_cmpint(result, ==, 1);
    entry()->handlers->save_cleanup(entry()->opaque);

    set(9, 0, 0);                        /* what an invalid entry holds besides is nobody's */
    before = g_memdup2(spapr->htab, n * 16);
    memset(spapr->htab, 0x5a, n * 16);
    for (guint i = 0; i < parts->len; i++) {
        GBytes *bytes = g_ptr_array_index(parts, i);
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);

        g_assert_true(load(data, size, &error));
        g_assert_no_error(error);
    }
    for (uint64_t i = 0; i < n * 2; i++) {
        if (before[i] != spapr->htab[i]) {
            g_error("word %" PRIu64 " is %" PRIx64 ", not %" PRIx64, i, spapr->htab[i], before[i]);
        }
    }
}

static void refused(const uint8_t *data, gsize size)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(load(data, size, &error));
    g_assert_nonnull(error);
}

static void test_damaged(void)
{
    static const uint8_t small[] = {0, 0, 0, 17}, large[] = {0, 0, 0, 40}, cut[] = {0, 0, 0},
                         outside[] = {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 1},
                         short_run[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 1, 2, 3},
                         no_end[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4};

    refused(small, sizeof(small));
    refused(large, sizeof(large));
    refused(cut, sizeof(cut));
    refused(outside, sizeof(outside));
    refused(short_run, sizeof(short_run));
    refused(no_end, sizeof(no_end));
}

static void test_no_table(void)
{
    SpaprMachine *spapr = bench_machine();
    static const uint8_t entries[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
    g_autoptr(GBytes) first = NULL, last = NULL;
    uint32_t shift = spapr->htab_shift;
    GError *error = NULL;
    int result;

    g_assert_true(spapr_htab_allocate(spapr, 0, &error));
    first = part(setup, &result);
    last = part(complete, &result);
    g_assert_cmpmem(g_bytes_get_data(first, NULL), g_bytes_get_size(first), "\xff\xff\xff\xff", 4);
    g_assert_cmpmem(g_bytes_get_data(last, NULL), g_bytes_get_size(last), "\xff\xff\xff\xff", 4);
    refused(entries, sizeof(entries));
    g_assert_true(spapr_htab_allocate(spapr, shift, &error));
    /* A table that comes meanwhile is announced; one that comes too late is an error. */
    {
        g_autoptr(GBytes) announced = part(iterate, &result);

        g_assert_cmpint(result, ==, 0);
        g_assert_cmpuint(g_bytes_get_size(announced), ==, 4);
    }
    g_assert_true(spapr_htab_allocate(spapr, shift + 1, &error));
    {
        StateStream *s = state_stream_new_writer();

        g_assert_false(entry()->handlers->save_complete(s, entry()->opaque, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
        state_stream_free(s);
    }
    entry()->handlers->save_cleanup(entry()->opaque);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    bench_start("pseries", "power8_v2.0", false);
    g_test_add_func("/spapr-htab/rounds", test_rounds);
    g_test_add_func("/spapr-htab/damaged", test_damaged);
    g_test_add_func("/spapr-htab/no-table", test_no_table);
    result = g_test_run();
    bench_stop();
    return result;
}

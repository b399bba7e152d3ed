/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XBZRLE: what is encoded comes back; what is damaged is refused and stays within the page; the
 * cache. */
#include <string.h>
#include "migration/xbzrle.h"

#define SIZE 4096

static void round_trip(const uint8_t *old, const uint8_t *new)
{
    uint8_t packed[SIZE], page[SIZE];
    int n = xbzrle_encode(old, new, SIZE, packed, sizeof(packed));

    if (n < 0) {
        return;
    }
    memcpy(page, old, SIZE);
    g_assert_true(xbzrle_decode(packed, (size_t)n, page, SIZE));
    g_assert_cmpmem(page, SIZE, new, SIZE);
}

static void test_round_trips(void)
{
    uint8_t old[SIZE], new[SIZE];

    for (int turn = 0; turn < 2000; turn++) {
        for (unsigned i = 0; i < SIZE; i++) {
            old[i] = (uint8_t)g_test_rand_int();
        }
        memcpy(new, old, SIZE);
        for (int changes = g_test_rand_int_range(0, 60); changes; changes--) {
            int at = g_test_rand_int_range(0, SIZE), length = g_test_rand_int_range(1, 200);
            for (int i = at; i < MIN(at + length, SIZE); i++) {
                new[i] = (uint8_t)g_test_rand_int();
            }
        }
        round_trip(old, new);
    }
}

static void test_known(void)
{
    static const uint8_t expected[] = {0x00, 0x01, 0xaa, 0xff, 0x0f, 0x02, 0xbb,
                                       0xcc, 0xfc, 0x0f, 0x02, 0x11, 0x22};
    uint8_t old[SIZE] = {0}, new[SIZE] = {0xaa}, packed[SIZE], page[SIZE] = {0};

    /* Equal, the first byte, 2047 later two, the last two. */
    g_assert_cmpint(xbzrle_encode(old, old, SIZE, packed, SIZE), ==, 0);
    new[2048] = 0xbb;
    new[2049] = 0xcc;
    new[4094] = 0x11;
    new[4095] = 0x22;
    int n = xbzrle_encode(old, new, SIZE, packed, SIZE);
    g_assert_cmpmem(packed, n, expected, sizeof(expected));
    g_assert_true(xbzrle_decode(expected, sizeof(expected), page, SIZE));
    g_assert_cmpmem(page, SIZE, new, SIZE);
    /* All changed: no gain. */
    memset(new, 0x55, SIZE);
    g_assert_cmpint(xbzrle_encode(old, new, SIZE, packed, SIZE), ==, -1);
}

static void test_damaged(void)
{
    static const struct {
        uint8_t data[6];
        unsigned size;
    } bad[] = {
        {{0x00}, 1},                           /* a count of changed bytes is missing */
        {{0x00, 0x00}, 2},                     /* none changed */
        {{0x00, 0x02, 0xaa}, 3},               /* too few of them */
        {{0xff, 0x1f, 0x01, 0xaa}, 4},         /* 4095 equal, one: fits; see below */
        {{0x80, 0x20, 0x01, 0xaa}, 4},         /* 4096 equal, then one more */
        {{0xff, 0xff, 0x01, 0xaa}, 4},         /* a count of three bytes */
        {{0x80}, 1},                           /* half a count */
    };
    uint8_t page[SIZE], data[64];

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        memset(page, 0, sizeof(page));
        g_assert_cmpint(xbzrle_decode(bad[i].data, bad[i].size, page, SIZE), ==, i == 3);
    }
    /* Whatever it says, it stays inside; sanitizers see to the rest. */
    for (int turn = 0; turn < 200000; turn++) {
        for (unsigned i = 0; i < sizeof(data); i++) {
            data[i] = (uint8_t)g_test_rand_int();
        }
        xbzrle_decode(data, (size_t)g_test_rand_int_range(0, sizeof(data)), page, SIZE);
    }
}

static void test_cache(void)
{
    GError *error = NULL;
    XBZRLECache *cache = xbzrle_cache_new(4 * SIZE, SIZE, &error);
    uint8_t a[SIZE] = {1}, b[SIZE] = {2};

    g_assert_no_error(error);
    g_assert_null(xbzrle_cache_find(cache, 1, 0));
    g_assert_nonnull(xbzrle_cache_insert(cache, 1, a, 0));
    g_assert_cmpmem(xbzrle_cache_find(cache, 1, 0), SIZE, a, SIZE);
    /* Key 5 has the same place: too early, then not. */
    g_assert_null(xbzrle_cache_insert(cache, 5, b, 1));
    g_assert_nonnull(xbzrle_cache_find(cache, 1, 1));
    g_assert_nonnull(xbzrle_cache_insert(cache, 5, b, 9));
    g_assert_null(xbzrle_cache_find(cache, 1, 9));
    g_assert_cmpmem(xbzrle_cache_find(cache, 5, 9), SIZE, b, SIZE);
    xbzrle_cache_drop(cache, 1);
    g_assert_nonnull(xbzrle_cache_find(cache, 5, 9));
    xbzrle_cache_drop(cache, 5);
    g_assert_null(xbzrle_cache_find(cache, 5, 9));
    xbzrle_cache_free(cache);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xbzrle/round-trips", test_round_trips);
    g_test_add_func("/xbzrle/known", test_known);
    g_test_add_func("/xbzrle/damaged", test_damaged);
    g_test_add_func("/xbzrle/cache", test_cache);
    return g_test_run();
}

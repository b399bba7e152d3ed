/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State descriptions: for every macro the bytes on the wire, the way back, and every truncation;
 * then versions, subsections, hostile counts, random streams and the registry.
 */
#include <string.h>
#include <sys/queue.h>
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/bswap.h"
#include "util/error.h"

#define FIELDS(...) ((const VMStateField[]){__VA_ARGS__, VMSTATE_END_OF_LIST()})
#define GOLDEN(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* Saving `from` gives the golden bytes; loading them into `to` works; no shorter stream does. */
static void check(const VMStateDescription *vmsd, void *from, void *to, const uint8_t *golden,
                  size_t size)
{
    GError *error = NULL;
    GBytes *bytes = vmstate_save_to_bytes(vmsd, from, &error), *again;

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), golden, size);
    g_assert_true(vmstate_check_description(vmsd, &error));
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = g_memdup2(golden, n);

        g_assert_false(vmstate_load_from_bytes(vmsd, to, cut, n, vmsd->version_id, &error));
        g_assert_true(error->domain == GOSSAMER_ERROR && error->code == GOSSAMER_ERROR_STREAM);
        g_assert_nonnull(strstr(error->message, "stream offset"));
        g_clear_error(&error);
        g_free(cut);
    }
    g_assert_true(vmstate_load_from_bytes(vmsd, to, golden, size, vmsd->version_id, &error));
    g_assert_no_error(error);
    again = vmstate_save_to_bytes(vmsd, to, &error);
    g_assert_cmpmem(g_bytes_get_data(again, NULL), g_bytes_get_size(again), golden, size);
    /* One byte too many. */
    uint8_t *longer = g_malloc0(size + 1);
    memcpy(longer, golden, size);
    g_assert_false(vmstate_load_from_bytes(vmsd, to, longer, size + 1, vmsd->version_id, &error));
    g_clear_error(&error);
    g_free(longer);
    g_bytes_unref(bytes);
    g_bytes_unref(again);
}

static void refuse(const VMStateDescription *vmsd, void *to, const uint8_t *bytes, size_t size,
                   const char *part)
{
    GError *error = NULL;

    g_assert_false(vmstate_load_from_bytes(vmsd, to, bytes, size, vmsd->version_id, &error));
    if (!strstr(error->message, part)) {
        g_error("'%s' lacks '%s'", error->message, part);
    }
    g_clear_error(&error);
}

/* ---- Integers ---- */

typedef struct Ints {
    bool b;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32, narrow;
    uint64_t u64;
    uint16_t a[3];
    uint32_t two[2][2];
    double d[2];
} Ints;

static void test_ints(void)
{
    const VMStateDescription vmsd = {
        .name = "ints",
        .version_id = 1,
        .fields =
            FIELDS(VMSTATE_BOOL(b, Ints), VMSTATE_INT8(i8, Ints), VMSTATE_INT16(i16, Ints),
                   VMSTATE_INT32(i32, Ints), VMSTATE_INT64(i64, Ints), VMSTATE_UINT8(u8, Ints),
                   VMSTATE_UINT16(u16, Ints), VMSTATE_UINT32(u32, Ints), VMSTATE_UINT64(u64, Ints),
                   VMSTATE_UINT8_IN_UINT32(narrow, Ints)),
    };
    Ints from = {true, -2,    -3, -4, -5, 6, 0x0708, 0x090a0b0c, 0xfe, 0x0d0e0f1011121314ull,
                 {0},  {{0}}, {0}};
    Ints to = {0};

    check(&vmsd, &from, &to,
          GOLDEN(1, 0xfe, 0xff, 0xfd, 0xff, 0xff, 0xff, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                 0xff, 0xfb, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 0xfe));
    g_assert_true(to.b && to.i8 == -2 && to.i16 == -3 && to.i32 == -4 && to.i64 == -5 &&
                  to.u8 == 6);
    g_assert_true(to.u16 == 0x0708 && to.u32 == 0x090a0b0c && to.narrow == 0xfe);
    g_assert_cmphex(to.u64, ==, from.u64);
}

static void test_arrays(void)
{
    const VMStateDescription vmsd = {
        .name = "arrays",
        .version_id = 1,
        .fields = FIELDS(VMSTATE_UINT16_ARRAY(a, Ints, 3), VMSTATE_UINT32_2DARRAY(two, Ints, 2, 2),
                         VMSTATE_UINT16_SUB_ARRAY(a, Ints, 1, 2),
                         VMSTATE_UINT64_ARRAY_OF_DOUBLE(d, Ints, 2)),
    };
    Ints from = {.a = {1, 2, 0x304}, .two = {{1, 2}, {3, 0x04050607}}, .d = {1.0, -2.0}}, to = {0};

    check(&vmsd, &from, &to,
          GOLDEN(0, 1, 0, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 4, 5, 6, 7, 0, 2, 3, 4, 0x3f,
                 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0));
    g_assert_cmpmem(to.a, sizeof(to.a), from.a, sizeof(from.a));
    g_assert_cmpmem(to.two, sizeof(to.two), from.two, sizeof(from.two));
    g_assert_cmpmem(to.d, sizeof(to.d), from.d, sizeof(from.d));
}

static void test_equal(void)
{
    const VMStateDescription vmsd = {
        .name = "equal",
        .version_id = 1,
        .fields = FIELDS(
            VMSTATE_UINT8_EQUAL(u8, Ints, NULL), VMSTATE_UINT16_EQUAL(u16, Ints, NULL),
            VMSTATE_UINT32_EQUAL(u32, Ints, "use -smp"), VMSTATE_INT32_EQUAL(i32, Ints, NULL),
            VMSTATE_UINT64_EQUAL(u64, Ints, NULL), VMSTATE_INT32_POSITIVE_LE(i32, Ints)),
    };
    Ints from = {.u8 = 1, .u16 = 2, .u32 = 3, .i32 = 4, .u64 = 5}, to = from;
    GBytes *bytes;
    uint8_t data[23];

    check(&vmsd, &from, &to,
          GOLDEN(1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 4));
    bytes = vmstate_save_to_bytes(&vmsd, &from, NULL);
    memcpy(data, g_bytes_get_data(bytes, NULL), sizeof(data));
    data[6] = 9;
    refuse(&vmsd, &to, data, sizeof(data),
           "equal.u32: the stream has 0x9, this machine 0x3; use -smp");
    data[6] = 3;
    data[22] = 5;
    refuse(&vmsd, &to, data, sizeof(data), "at most 4");
    data[19] = 0x80;
    refuse(&vmsd, &to, data, sizeof(data), "at most 4");
    g_bytes_unref(bytes);
}

/* ---- Structs, pointers, counts ---- */

typedef struct Inner {
    uint8_t x;
    uint16_t y;
} Inner;

static const VMStateField inner_fields[] = {VMSTATE_UINT8(x, Inner), VMSTATE_UINT16_V(y, Inner, 2),
                                            VMSTATE_END_OF_LIST()};
static const VMStateDescription vmstate_inner = {
    .name = "inner", .version_id = 2, .minimum_version_id = 1, .fields = inner_fields};

typedef struct Outer {
    Inner one, many[2], grid[1][2];
    Inner *pointer;
    Inner *pointers[3];
    uint8_t n8;
    uint16_t n16;
    uint32_t n32;
    int32_t n;
    Inner used[4];
    uint16_t *words;
    uint32_t *alloc;
    Inner *structs, *fixed;
    uint8_t small[4];
    uint8_t product[8];
    uint32_t *value;
} Outer;

static void test_structs(void)
{
    const VMStateDescription vmsd = {
        .name = "outer",
        .version_id = 3,
        .fields =
            FIELDS(VMSTATE_STRUCT(one, Outer, 0, vmstate_inner, Inner),
                   VMSTATE_STRUCT_ARRAY(many, Outer, 2, 0, vmstate_inner, Inner),
                   VMSTATE_STRUCT_2DARRAY(grid, Outer, 1, 2, 0, vmstate_inner, Inner),
                   VMSTATE_STRUCT_SUB_ARRAY(many, Outer, 1, 1, 0, vmstate_inner, Inner),
                   VMSTATE_STRUCT_POINTER(pointer, Outer, vmstate_inner, Inner),
                   VMSTATE_ARRAY_OF_POINTER_TO_STRUCT(pointers, Outer, 3, 0, vmstate_inner, Inner),
                   VMSTATE_VSTRUCT(one, Outer, vmstate_inner, Inner, 1),
                   VMSTATE_POINTER(value, Outer, 0, vmstate_info_uint32, uint32_t *)),
    };
    Inner a = {9, 0x1011}, b = {0}, c = {18, 0x1314}, d = {0};
    uint32_t v = 0xdeadbeef, w = 0;
    Outer from = {.one = {1, 2},
                  .many = {{3, 4}, {5, 6}},
                  .grid = {{{7, 8}, {9, 10}}},
                  .pointer = &a,
                  .pointers = {&c, NULL, &a},
                  .value = &v};
    Outer to = {.pointer = &b, .pointers = {&d, NULL, &b}, .value = &w};

    check(&vmsd, &from, &to,
          GOLDEN(1, 0, 2, 3, 0, 4, 5, 0, 6, 7, 0, 8, 9, 0, 10, 5, 0, 6, 9, 0x10, 0x11, 18, 0x13,
                 0x14, '0', 9, 0x10, 0x11, 1, 0xde, 0xad, 0xbe, 0xef));
    g_assert_cmphex(b.y, ==, 0x1011);
    g_assert_cmphex(d.y, ==, 0x1314);
    g_assert_cmphex(w, ==, v);
    /* A hole where the stream has an element. */
    to.pointers[0] = NULL;
    GBytes *bytes = vmstate_save_to_bytes(&vmsd, &from, NULL);
    refuse(&vmsd, &to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
           "outer.pointers: [0]: the stream has an element");
    g_bytes_unref(bytes);
    to.pointer = NULL;
    GError *error = NULL;
    g_assert_null(vmstate_save_to_bytes(&vmsd, &to, &error));
    g_clear_error(&error);
}

static void test_counts(void)
{
    const VMStateDescription vmsd = {
        .name = "counts",
        .version_id = 1,
        .fields =
            FIELDS(VMSTATE_UINT8(n8, Outer),
                   VMSTATE_STRUCT_VARRAY_UINT8(used, Outer, n8, 0, vmstate_inner, Inner),
                   VMSTATE_VARRAY_UINT8(small, Outer, n8, 0, vmstate_info_uint8, uint8_t),
                   VMSTATE_UINT16_EQUAL(n16, Outer, NULL),
                   VMSTATE_VARRAY_UINT16(words, Outer, n16, 0, vmstate_info_uint16, uint16_t),
                   VMSTATE_UINT32(n32, Outer),
                   VMSTATE_VARRAY_UINT32_ALLOC(alloc, Outer, n32, 0, vmstate_info_uint32, uint32_t),
                   VMSTATE_INT32(n, Outer),
                   VMSTATE_STRUCT_VARRAY_ALLOC(structs, Outer, n, 0, vmstate_inner, Inner)),
    };
    uint16_t words[2] = {0x0102, 0x0304}, other[2] = {0};
    uint32_t alloc[1] = {0x05060708};
    Inner structs[2] = {{1, 2}, {3, 4}};
    Outer from = {.n8 = 2,
                  .used = {{9, 10}, {11, 12}},
                  .small = {1, 2, 3},
                  .n16 = 2,
                  .words = words,
                  .n32 = 1,
                  .alloc = alloc,
                  .n = 2,
                  .structs = structs};
    Outer to = {.n16 = 2, .words = other};
    uint8_t data[64];
    size_t size;
    GBytes *bytes;

    check(&vmsd, &from, &to,
          GOLDEN(2, 9, 0, 10, 11, 0, 12, 1, 2, 0, 2, 1, 2, 3, 4, 0, 0, 0, 1, 5, 6, 7, 8, 0, 0, 0, 2,
                 1, 0, 2, 3, 0, 4));
    g_assert_cmphex(other[1], ==, 0x0304);
    g_assert_cmphex(to.alloc[0], ==, 0x05060708);
    g_assert_cmphex(to.structs[1].y, ==, 4);
    bytes = vmstate_save_to_bytes(&vmsd, &from, NULL);
    size = g_bytes_get_size(bytes);
    memcpy(data, g_bytes_get_data(bytes, NULL), size);
    data[0] = 5;
    refuse(&vmsd, &to, data, size, "counts.used: a count of 5 does not fit (at most 4)");
    data[0] = 2;
    data[15] = 0x80;
    refuse(&vmsd, &to, data, size, "too many");
    data[15] = 0;
    data[23] = 0xff;
    refuse(&vmsd, &to, data, size, "a count of -");
    g_bytes_unref(bytes);
    g_free(to.alloc);
    g_free(to.structs);
}

/* ---- Buffers ---- */

typedef struct Buffers {
    uint8_t fixed[6];
    uint32_t size;
    int32_t isize;
    uint8_t *data, *vdata, *pages;
    uint32_t npages;
    int32_t nbits;
    unsigned long *bits;
    char *text;
    uint32_t raw;
    uint8_t *keep;
} Buffers;

static void test_buffers(void)
{
    const VMStateDescription vmsd = {
        .name = "buffers",
        .version_id = 1,
        .fields =
            FIELDS(VMSTATE_BUFFER(fixed, Buffers), VMSTATE_PARTIAL_BUFFER(fixed, Buffers, 2),
                   VMSTATE_BUFFER_START_MIDDLE(fixed, Buffers, 4), VMSTATE_UINT32(size, Buffers),
                   VMSTATE_VBUFFER_ALLOC_UINT32(data, Buffers, 0, NULL, size),
                   VMSTATE_VBUFFER(vdata, Buffers, 0, NULL, isize),
                   VMSTATE_VBUFFER_MULTIPLY(pages, Buffers, 0, NULL, npages, 2), VMSTATE_UNUSED(3),
                   VMSTATE_BITMAP(bits, Buffers, 0, nbits), VMSTATE_STRING(text, Buffers, 0),
                   VMSTATE_BUFFER_UNSAFE(raw, Buffers, 0, 4),
                   VMSTATE_BUFFER_POINTER_UNSAFE(keep, Buffers, 0, 2)),
    };
    unsigned long bits[2] = {0x8000000000000001ul, 0x3}, other_bits[2] = {0};
    uint8_t vdata[2] = {7, 8}, other[2] = {0}, pages[4] = {1, 2, 3, 4}, other_pages[4] = {0};
    uint8_t keep[2] = {5, 6}, other_keep[2] = {0};
    Buffers from = {.fixed = {1, 2, 3, 4, 5, 6},
                    .size = 3,
                    .isize = 2,
                    .data = (uint8_t *)"abc",
                    .vdata = vdata,
                    .pages = pages,
                    .npages = 2,
                    .nbits = 66,
                    .bits = bits,
                    .text = (char *)"hi",
                    .raw = 0,
                    .keep = keep};
    Buffers to = {.isize = 2,
                  .vdata = other,
                  .pages = other_pages,
                  .npages = 2,
                  .nbits = 66,
                  .bits = other_bits,
                  .keep = other_keep};

    check(&vmsd, &from, &to,
          GOLDEN(1, 2, 3, 4, 5, 6, 1, 2, 5, 6, 0, 0, 0, 3, 'a', 'b', 'c', 7, 8, 1, 2, 3, 4, 0, 0, 0,
                 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 'h', 'i', 0, 0, 0,
                 0, 5, 6));
    g_assert_cmpstr(to.text, ==, "hi");
    g_assert_cmpmem(other_bits, sizeof(bits), bits, sizeof(bits));
    g_assert_cmpmem(other_pages, 4, pages, 4);
    g_free(to.data);
    g_free(to.text);
}

/* ---- Temporaries, containers, checks, timers ---- */

typedef struct Whole {
    uint32_t halves;
} Whole;
typedef struct Temporary {
    Whole *parent;
    uint8_t twice;
} Temporary;

static bool tmp_pre_save(void *opaque, GError **errp)
{
    Temporary *t = opaque;

    t->twice = (uint8_t)(t->parent->halves * 2);
    return true;
}

static bool tmp_post_load(void *opaque, int version_id, GError **errp)
{
    Temporary *t = opaque;

    if (t->twice & 1) {
        error_setg(errp, "odd");
        return false;
    }
    t->parent->halves = t->twice / 2;
    return true;
}

static void test_tmp(void)
{
    static const VMStateField fields[] = {VMSTATE_UINT8(twice, Temporary), VMSTATE_END_OF_LIST()};
    static const VMStateDescription vmstate_tmp = {.name = "tmp",
                                                   .version_id = 1,
                                                   .fields = fields,
                                                   .pre_save = tmp_pre_save,
                                                   .post_load = tmp_post_load};
    const VMStateDescription vmsd = {.name = "whole",
                                     .version_id = 1,
                                     .fields =
                                         FIELDS(VMSTATE_WITH_TMP(Whole, Temporary, vmstate_tmp))};
    Whole from = {21}, to = {0};

    check(&vmsd, &from, &to, GOLDEN(42));
    g_assert_cmpuint(to.halves, ==, 21);
    refuse(&vmsd, &to, GOLDEN(43), "odd");
}

typedef struct Element {
    uint16_t v;
    TAILQ_ENTRY(Element) next;
} Element;
typedef struct Containers {
    TAILQ_HEAD(, Element) list;
    GTree *tree;
    GArray *array;
} Containers;

static int compare_keys(gconstpointer a, gconstpointer b, gpointer data)
{
    return a < b ? -1 : a > b;
}

static void containers_init(Containers *c)
{
    TAILQ_INIT(&c->list);
    c->tree = g_tree_new_full(compare_keys, NULL, NULL, g_free);
    c->array = g_array_new(false, true, sizeof(Inner));
}

static void containers_clear(Containers *c)
{
    Element *e;

    while ((e = TAILQ_FIRST(&c->list))) {
        TAILQ_REMOVE(&c->list, e, next);
        g_free(e);
    }
    g_tree_unref(c->tree);
    g_array_unref(c->array);
}

static bool list_pre_load(void *opaque, GError **errp)
{
    Containers *c = opaque;
    Element *e;

    while ((e = TAILQ_FIRST(&c->list))) {
        TAILQ_REMOVE(&c->list, e, next);
        g_free(e);
    }
    return true;
}

static void test_containers(void)
{
    static const VMStateField element_fields[] = {VMSTATE_UINT16(v, Element),
                                                  VMSTATE_END_OF_LIST()};
    static const VMStateDescription vmstate_element = {
        .name = "element", .version_id = 1, .fields = element_fields};
    const VMStateDescription vmsd = {
        .name = "containers",
        .version_id = 1,
        .pre_load = list_pre_load,
        .fields = FIELDS(VMSTATE_QTAILQ_V(list, Containers, 0, vmstate_element, Element, next),
                         VMSTATE_GTREE_DIRECT_KEY_V(tree, Containers, 0, vmstate_inner, Inner),
                         VMSTATE_GARRAY_STRUCT(array, Containers, 0, vmstate_inner, Inner)),
    };
    Containers from, to;
    Inner i1 = {1, 2}, i2 = {3, 4};

    containers_init(&from);
    containers_init(&to);
    for (uint16_t v = 1; v <= 2; v++) {
        Element *e = g_new0(Element, 1);

        e->v = v;
        TAILQ_INSERT_TAIL(&from.list, e, next);
    }
    g_tree_insert(from.tree, (gpointer)5, g_memdup2(&i1, sizeof(i1)));
    g_array_append_val(from.array, i1);
    g_array_append_val(from.array, i2);
    check(&vmsd, &from, &to,
          GOLDEN(1, 0, 1, 1, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 2, 0, 0, 0, 0, 2,
                 1, 0, 2, 3, 0, 4));
    g_assert_cmpuint(TAILQ_FIRST(&to.list)->v, ==, 1);
    g_assert_cmpuint(TAILQ_NEXT(TAILQ_FIRST(&to.list), next)->v, ==, 2);
    g_assert_cmpuint(((Inner *)g_tree_lookup(to.tree, (gpointer)5))->y, ==, 2);
    g_assert_cmpuint(to.array->len, ==, 2);
    /* More nodes than said, fewer nodes than said, an endless array. */
    refuse(&vmsd, &to, GOLDEN(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 0, 2, 0, 0, 0, 0, 0),
           "more nodes");
    refuse(&vmsd, &to, GOLDEN(0, 0, 0, 0, 1, 0, 0, 0, 0, 0), "fewer nodes");
    refuse(&vmsd, &to, GOLDEN(0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), "too long");
    containers_clear(&from);
    containers_clear(&to);
}

static bool small_enough(void *opaque, int version_id)
{
    return ((Whole *)opaque)->halves < 10;
}

static void test_validate(void)
{
    const VMStateDescription vmsd = {.name = "checked",
                                     .version_id = 1,
                                     .fields = FIELDS(VMSTATE_UINT32(halves, Whole),
                                                      VMSTATE_VALIDATE("too large", small_enough))};
    Whole from = {9}, to = {0};

    check(&vmsd, &from, &to, GOLDEN(0, 0, 0, 9));
    refuse(&vmsd, &to, GOLDEN(0, 0, 0, 10), "check failed: too large");
}

typedef struct Timed {
    Timer *pointer;
    Timer embedded;
} Timed;

static void never(void *opaque)
{
}

static void test_timers(void)
{
    const VMStateDescription vmsd = {
        .name = "timed",
        .version_id = 1,
        .fields = FIELDS(VMSTATE_TIMER_PTR(pointer, Timed), VMSTATE_TIMER(embedded, Timed))};
    Clock *clock = clock_new(CLOCK_TYPE_MANUAL);
    Timed from, to;

    from.pointer = timer_new_ns(clock, never, NULL);
    to.pointer = timer_new_ns(clock, never, NULL);
    timer_init_full(&from.embedded, clock, SCALE_MS, never, NULL);
    timer_init_full(&to.embedded, clock, SCALE_MS, never, NULL);
    timer_mod(from.pointer, 0x0102030405060708);
    timer_mod(&to.embedded, 5);
    check(&vmsd, &from, &to,
          GOLDEN(1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 255, 255, 255, 255));
    g_assert_cmphex(timer_expire_time_ns(to.pointer), ==, 0x0102030405060708);
    g_assert_false(timer_pending(&to.embedded));
    timer_free(from.pointer);
    timer_free(to.pointer);
    timer_deinit(&from.embedded);
    timer_deinit(&to.embedded);
    clock_free(clock);
}

/* ---- Versions and subsections ---- */

typedef struct Versioned {
    uint8_t old, since2, tested, extra, deep;
    uint8_t outer_extra;
    unsigned derived;
} Versioned;

static bool extra_needed(void *opaque)
{
    return ((Versioned *)opaque)->extra != 0;
}

static bool deep_needed(void *opaque)
{
    return ((Versioned *)opaque)->deep != 0;
}

static bool outer_needed(void *opaque)
{
    return ((Versioned *)opaque)->outer_extra != 0;
}

static bool before3(void *opaque, int version_id)
{
    return version_id < 3;
}

static bool versioned_post_load(void *opaque, int version_id, GError **errp)
{
    Versioned *v = opaque;

    v->derived = (unsigned)v->old + 1;
    return true;
}

static const VMStateDescription vmstate_deep = {
    .name = "versioned/extra/deep",
    .version_id = 1,
    .needed = deep_needed,
    .fields = (const VMStateField[]){VMSTATE_UINT8(deep, Versioned), VMSTATE_END_OF_LIST()}};
static const VMStateDescription vmstate_extra = {
    .name = "versioned/extra",
    .version_id = 2,
    .minimum_version_id = 2,
    .needed = extra_needed,
    .fields = (const VMStateField[]){VMSTATE_UINT8(extra, Versioned), VMSTATE_END_OF_LIST()},
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_deep)};
static const VMStateDescription vmstate_outer_extra = {
    .name = "versioned/outer",
    .version_id = 1,
    .needed = outer_needed,
    .fields = (const VMStateField[]){VMSTATE_UINT8(outer_extra, Versioned), VMSTATE_END_OF_LIST()}};
static const VMStateDescription vmstate_versioned = {
    .name = "versioned",
    .version_id = 3,
    .minimum_version_id = 1,
    .post_load = versioned_post_load,
    .fields =
        (const VMStateField[]){VMSTATE_UINT8(old, Versioned), VMSTATE_UINT8_V(since2, Versioned, 2),
                               VMSTATE_UINT8_TEST(tested, Versioned, before3),
                               VMSTATE_END_OF_LIST()},
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_extra, &vmstate_outer_extra),
    .derived = VMSTATE_NAMES("derived"),
    VMSTATE_STRUCT_AUDIT(Versioned)};

static void test_versions(void)
{
    Versioned from = {.old = 1, .since2 = 2, .tested = 3}, to = {.since2 = 77, .tested = 88};
    GError *error = NULL;

    check(&vmstate_versioned, &from, &to, GOLDEN(1, 2));
    g_assert_cmpuint(to.derived, ==, 2);
    to.since2 = 77;
    g_assert_true(vmstate_load_from_bytes(&vmstate_versioned, &to, GOLDEN(5, 6), 1, NULL));
    g_assert_true(to.old == 5 && to.since2 == 77 && to.tested == 6);
    g_assert_true(vmstate_load_from_bytes(&vmstate_versioned, &to, GOLDEN(5, 6, 7), 2, NULL));
    g_assert_true(to.since2 == 6 && to.tested == 7);
    for (int version = -1; version <= 4; version += version < 0 ? 1 : 4) {
        g_assert_false(
            vmstate_load_from_bytes(&vmstate_versioned, &to, GOLDEN(5, 6, 7), version, &error));
        g_assert_nonnull(strstr(error->message, "not supported (1 to 3)"));
        g_clear_error(&error);
    }
}

static void test_subsections(void)
{
    static const uint8_t head[] = {1,   2,   5,   15,  'v', 'e', 'r', 's', 'i', 'o', 'n', 'e', 'd',
                                   '/', 'e', 'x', 't', 'r', 'a', 0,   0,   0,   2,   9,   5,   20,
                                   'v', 'e', 'r', 's', 'i', 'o', 'n', 'e', 'd', '/', 'e', 'x', 't',
                                   'r', 'a', '/', 'd', 'e', 'e', 'p', 0,   0,   0,   1,   8,   5,
                                   15,  'v', 'e', 'r', 's', 'i', 'o', 'n', 'e', 'd', '/', 'o', 'u',
                                   't', 'e', 'r', 0,   0,   0,   1,   7};
    Versioned from = {.old = 1, .since2 = 2, .extra = 9, .deep = 8, .outer_extra = 7}, to = {0};
    GError *error = NULL;
    GBytes *bytes = vmstate_save_to_bytes(&vmstate_versioned, &from, NULL);
    uint8_t bad[sizeof(head)];

    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), head, sizeof(head));
    g_assert_true(vmstate_load_from_bytes(&vmstate_versioned, &to, head, sizeof(head), 3, &error));
    g_assert_true(to.extra == 9 && to.deep == 8 && to.outer_extra == 7);
    /* Only streams cut at a boundary between subsections load. */
    for (size_t n = 0; n < sizeof(head); n++) {
        bool ok = vmstate_load_from_bytes(&vmstate_versioned, &to, head, n, 3, NULL);

        g_assert_true(ok == (n == 2 || n == 24 || n == 51));
    }
    memcpy(bad, head, sizeof(head));
    bad[16] = 'z';
    refuse(&vmstate_versioned, &to, bad, sizeof(bad), "unknown subsection 'versioned/exzra'");
    memcpy(bad, head, sizeof(head));
    bad[22] = 3;
    refuse(&vmstate_versioned, &to, bad, sizeof(bad), "version 3 is not supported");
    bad[5] = 0;
    refuse(&vmstate_versioned, &to, bad, sizeof(bad), "left over");
    g_bytes_unref(bytes);
}

/* A count that came without its array: the struct says that there is nothing. */
static void test_count_alone(void)
{
    const VMStateDescription counted = {
        .name = "x",
        .version_id = 1,
        .minimum_version_id = 1,
        .fields = FIELDS(
            VMSTATE_UINT32(n32, Outer), VMSTATE_UINT16(n16, Outer),
            VMSTATE_VARRAY_UINT32_ALLOC(alloc, Outer, n32, 0, vmstate_info_uint32, uint32_t)),
    };
    static const uint8_t data[] = {0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    Outer to = {0};
    GError *error = NULL;

    for (gsize cut = 0; cut < sizeof(data); cut++) {
        to.n32 = 1;
        to.alloc = g_new0(uint32_t, 1);
        g_assert_false(vmstate_load_from_bytes(&counted, &to, data, cut, 1, &error));
        g_clear_error(&error);
        g_assert_cmpuint(to.n32, ==, 0);
        g_assert_null(to.alloc);
    }
    g_assert_true(vmstate_load_from_bytes(&counted, &to, data, sizeof(data), 1, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(to.n32, ==, 2);
    g_assert_cmpuint(to.alloc[1], ==, 2);
    g_free(to.alloc);
}

/* ---- Descriptions that are wrong ---- */

static void expect_bad(const VMStateDescription *vmsd, const char *part)
{
    GError *error = NULL;

    g_assert_false(vmstate_check_description(vmsd, &error));
    if (!strstr(error->message, part)) {
        g_error("'%s' lacks '%s'", error->message, part);
    }
    g_clear_error(&error);
}

static void count_description(const VMStateDescription *vmsd, void *opaque)
{
    (*(unsigned *)opaque)++;
}

static void test_descriptions(void)
{
    const VMStateDescription no_post_load = {.name = "x", .derived = VMSTATE_NAMES("y")};
    const VMStateDescription bad_versions = {.name = "x", .version_id = 1, .minimum_version_id = 2};
    const VMStateDescription late = {
        .name = "x", .version_id = 1, .fields = FIELDS(VMSTATE_UINT8_V(old, Versioned, 2))};
    const VMStateDescription counted = {
        .name = "x",
        .version_id = 1,
        .fields =
            FIELDS(VMSTATE_UINT16(n16, Outer),
                   VMSTATE_VARRAY_UINT16(words, Outer, n16, 0, vmstate_info_uint16, uint16_t))};
    const VMStateDescription sub = {.name = "y/z", .version_id = 1};
    const VMStateDescription foreign = {
        .name = "x", .version_id = 1, .subsections = VMSTATE_SUBSECTIONS(&sub)};
    unsigned count = 0;

    expect_bad(&no_post_load, "no post_load");
    expect_bad(&bad_versions, "minimum version");
    expect_bad(&late, "field of version 2");
    expect_bad(&counted, "its size comes from the stream");
    expect_bad(&foreign, "must begin with that name");
    vmstate_foreach(&vmstate_versioned, count_description, &count);
    g_assert_cmpuint(count, ==, 4);
}

/* ---- Random bytes never do more than fail ---- */

static void test_random(void)
{
    const VMStateDescription vmsd = {
        .name = "random",
        .version_id = 1,
        .fields = FIELDS(
            VMSTATE_UINT8(n8, Outer),
            VMSTATE_STRUCT_VARRAY_UINT8(used, Outer, n8, 0, vmstate_inner, Inner),
            VMSTATE_UINT32(n32, Outer),
            VMSTATE_VARRAY_UINT32_ALLOC(alloc, Outer, n32, 0, vmstate_info_uint32, uint32_t)),
    };
    Outer to = {0};
    int loaded = 0;

    for (int i = 0; i < 20000; i++) {
        uint8_t data[40];
        size_t n = (size_t)g_test_rand_int_range(0, sizeof(data) + 1);

        for (size_t j = 0; j < n; j++) {
            data[j] = g_test_rand_bit() ? (uint8_t)g_test_rand_int_range(0, 4)
                                        : (uint8_t)g_test_rand_int();
        }
        loaded += vmstate_load_from_bytes(&vmsd, &to, data, n, 1, NULL);
    }
    g_assert_cmpint(loaded, >=, 0);
    g_free(to.alloc);
}

/* ---- Streams and the registry ---- */

static ssize_t trickle(void *opaque, void *buf, size_t size, GError **errp)
{
    unsigned *left = opaque;

    if (!*left) {
        error_setg(errp, "the line went dead");
        return -1;
    }
    (*left)--;
    *(uint8_t *)buf = (uint8_t)*left;
    return 1;
}

static bool refuse_write(void *opaque, const void *buf, size_t size, GError **errp)
{
    error_setg(errp, "disk full");
    return false;
}

static void test_stream(void)
{
    static const StateStreamOps reader = {.read = trickle}, writer = {.write = refuse_write};
    unsigned left = 12;
    StateStream *s = state_stream_new(&reader, &left);
    GError *error = NULL;
    char name[256];
    uint8_t ahead[4];

    g_assert_cmphex(state_get_be32(s), ==, 0x0b0a0908);
    g_assert_cmpuint(state_peek(s, ahead, 4), ==, 4);
    g_assert_cmphex(ldl_be_p(ahead), ==, 0x07060504);
    g_assert_cmpuint(state_stream_position(s), ==, 4);
    g_assert_cmphex(state_get_be64(s), ==, 0x0706050403020100ull);
    g_assert_false(state_stream_has_error(s));
    g_assert_cmphex(state_get_be16(s), ==, 0);
    g_assert_true(state_stream_check(s, &error));
    g_assert_cmpstr(error->message, ==, "the line went dead");
    g_clear_error(&error);
    g_assert_false(state_stream_close(s, &error));
    g_clear_error(&error);

    s = state_stream_new(&writer, NULL);
    state_put_be64(s, 1);
    g_assert_false(state_stream_flush(s));
    state_put_be64(s, 1);
    g_assert_false(state_stream_close(s, &error));
    g_assert_cmpstr(error->message, ==, "disk full");
    g_clear_error(&error);

    s = state_stream_new_reader("\3abcxy\2a", 8);
    g_assert_true(state_get_counted_string(s, name));
    g_assert_cmpstr(name, ==, "abc");
    g_assert_true(state_skip(s, 2));
    g_assert_false(state_get_counted_string(s, name));
    state_stream_free(s);
    s = state_stream_new_reader("\2a\0", 3);
    g_assert_false(state_get_counted_string(s, name));
    state_stream_free(s);
}

static void test_registry(void)
{
    static const VMStateDescription early = {
        .name = "iommu", .version_id = 1, .priority = MIG_PRI_IOMMU};
    StateRegistry *r = state_registry_new();
    const GPtrArray *entries;
    GError *error = NULL;
    int a, b, c, d;

    g_assert_true(state_registry_add(r, NULL, VMSTATE_INSTANCE_ID_ANY, &vmstate_inner, &a, NULL));
    g_assert_true(state_registry_add(r, "", VMSTATE_INSTANCE_ID_ANY, &vmstate_inner, &b, NULL));
    g_assert_true(state_registry_add(r, "vty@71000000", 0, &vmstate_inner, &c, NULL));
    g_assert_true(state_registry_add(r, NULL, 0x80000000u, &early, &d, NULL));
    g_assert_false(state_registry_add(r, "vty@71000000", 0, &vmstate_inner, &c, &error));
    g_assert_nonnull(strstr(error->message, "vty@71000000/inner"));
    g_clear_error(&error);
    entries = state_registry_entries(r);
    g_assert_cmpuint(entries->len, ==, 4);
    g_assert_true(((StateEntry *)g_ptr_array_index(entries, 0))->opaque == &d);
    g_assert_true(((StateEntry *)g_ptr_array_index(entries, 1))->opaque == &a);
    g_assert_true(state_registry_find(r, "inner", 1)->opaque == &b);
    g_assert_true(state_registry_find(r, "vty@71000000/inner", 0)->opaque == &c);
    g_assert_null(state_registry_find(r, "inner", 2));
    state_registry_remove(r, &vmstate_inner, &b);
    g_assert_null(state_registry_find(r, "inner", 1));
    state_registry_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmstate/ints", test_ints);
    g_test_add_func("/vmstate/arrays", test_arrays);
    g_test_add_func("/vmstate/equal", test_equal);
    g_test_add_func("/vmstate/structs", test_structs);
    g_test_add_func("/vmstate/counts", test_counts);
    g_test_add_func("/vmstate/buffers", test_buffers);
    g_test_add_func("/vmstate/tmp", test_tmp);
    g_test_add_func("/vmstate/containers", test_containers);
    g_test_add_func("/vmstate/validate", test_validate);
    g_test_add_func("/vmstate/timers", test_timers);
    g_test_add_func("/vmstate/versions", test_versions);
    g_test_add_func("/vmstate/subsections", test_subsections);
    g_test_add_func("/vmstate/descriptions", test_descriptions);
    g_test_add_func("/vmstate/random", test_random);
    g_test_add_func("/vmstate/count-alone", test_count_alone);
    g_test_add_func("/vmstate/stream", test_stream);
    g_test_add_func("/vmstate/registry", test_registry);
    return g_test_run();
}

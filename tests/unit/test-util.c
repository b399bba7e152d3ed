/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The utility layer: option strings, numbers and sizes, nearest names, bits, byte order, the log.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/log.h"
#include "util/options.h"
#include "util/thread.h"

static const OptionDesc desc[] = {{"path", OPTION_STRING, "a path", "none"},
                                  {"server", OPTION_BOOL, "be the server"},
                                  {"wait", OPTION_BOOL, "wait for a client", "on"},
                                  {"port", OPTION_NUMBER, "a port"},
                                  {"size", OPTION_SIZE, "a size"},
                                  {NULL}};
static const OptionListDesc list = {"socket", "path", false, desc};
static const OptionDesc any_desc[] = {{NULL}};
static const OptionListDesc any = {"any", "type", true, any_desc};

static void expect_error(const char *text, const char *part)
{
    GError *error = NULL;
    Options *o = options_parse(&list, text, &error);

    g_assert_null(o);
    g_assert_nonnull(error);
    g_assert_true(error->domain == GOSSAMER_ERROR);
    if (!strstr(error->message, part)) {
        g_error("\"%s\" gives \"%s\", without \"%s\"", text, error->message, part);
    }
    g_error_free(error);
}

static void test_options(void)
{
    char *taken;
    Options *o = options_parse(&list, "a,,b,,,server,nowait,port=0x10,size=1.5K,id=x-1", NULL);

    g_assert_nonnull(o);
    g_assert_cmpstr(options_get(o, "path"), ==, "a,b,");
    g_assert_true(options_get_bool(o, "server", false));
    g_assert_false(options_get_bool(o, "wait", true));
    g_assert_cmpuint(options_get_number(o, "port", 0), ==, 16);
    g_assert_cmpuint(options_get_size(o, "size", 0), ==, 1536);
    g_assert_cmpstr(o->id, ==, "x-1");
    options_free(o);

    o = options_parse(&list, "server=off,path=/x=y,path=z", NULL);
    g_assert_cmpstr(options_get(o, "path"), ==, "z");
    g_assert_true(options_get_bool(o, "wait", false));
    g_assert_false(options_has(o, "wait"));
    g_assert_false(options_get_bool(o, "server", true));
    taken = options_take(o, "path");
    g_assert_cmpstr(taken, ==, "z");
    g_free(taken);
    g_assert_cmpstr(options_get(o, "path"), ==, "none");
    options_free(o);

    o = options_parse(&any, "virt,foo,bar=1,empty=", NULL);
    g_assert_cmpstr(options_get(o, "type"), ==, "virt");
    g_assert_cmpstr(options_get(o, "foo"), ==, "on");
    g_assert_cmpstr(options_get(o, "bar"), ==, "1");
    g_assert_cmpstr(options_get(o, "empty"), ==, "");
    g_assert_true(options_parse_into(o, "other,bar=2", NULL));
    g_assert_cmpstr(options_get(o, "bar"), ==, "2");
    options_free(o);

    expect_error("x,prot=1", "did you mean 'port'");
    expect_error("x,zzz=1", "invalid parameter 'zzz'");
    expect_error("x,port=abc", "'port' expects a number, not 'abc'");
    expect_error("x,port=-1", "'-1'");
    expect_error("x,server=maybe", "'on' or 'off'");
    expect_error("x,size=12Q", "a size");
    expect_error("x,port", "expected '=' after parameter 'port'");
    expect_error("x,=5", "no parameter name");
    expect_error("x,id=1a", "'id'");
    g_assert_true(options_wants_help("foo,help"));
    g_assert_true(options_wants_help("?"));
    g_assert_false(options_wants_help("foo=help"));
}

static void test_random_options(void)
{
    static const char alphabet[] = "ab=,,nohelp019.KMx-";

    /* Whatever comes: an answer, no crash, no leak. */
    for (int i = 0; i < 20000; i++) {
        char text[24];
        unsigned n = (unsigned)g_test_rand_int_range(0, sizeof(text));
        GError *error = NULL;
        Options *o;

        for (unsigned j = 0; j < n; j++) {
            text[j] = alphabet[g_test_rand_int_range(0, sizeof(alphabet) - 1)];
        }
        text[n] = '\0';
        o = options_parse(i & 1 ? &list : &any, text, &error);
        g_assert_true((o == NULL) == (error != NULL));
        options_free(o);
        g_clear_error(&error);
    }
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        char unit;
        bool ok;
        uint64_t value;
    } sizes[] = {
        {"0", 'B', true, 0},
        {"512", 'M', true, 512 * MiB},
        {"1G", 'M', true, GiB},
        {"1g", 'B', true, GiB},
        {"0x10", 'B', true, 16},
        {"0x10k", 'B', true, 16384},
        {"1.5M", 'B', true, 1572864},
        {"2E", 'B', true, 2ull << 60},
        {"15E", 'B', true, 15ull << 60},
        {"16E", 'B', false, 0},
        {"18446744073709551615", 'B', true, UINT64_MAX},
        {"18446744073709551616", 'B', false, 0},
        {"", 'B', false, 0},
        {"-1", 'B', false, 0},
        {"1.5", 'B', false, 0},
        {"1Kx", 'B', false, 0},
        {"x", 'B', false, 0},
        {"0x", 'B', false, 0},
        {".5K", 'B', false, 0},
        {"10 ", 'B', false, 0},
    };
    uint64_t u;
    int64_t s;
    bool flag;

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        bool ok = parse_size(sizes[i].text, sizes[i].unit, &u, NULL);

        if (ok != sizes[i].ok || (ok && u != sizes[i].value)) {
            g_error("size '%s'", sizes[i].text);
        }
    }
    g_assert_true(parse_uint64("0x1f", 0, &u) && u == 31);
    g_assert_false(parse_uint64("18446744073709551616", 0, &u));
    g_assert_false(parse_uint64(" 1", 0, &u));
    g_assert_true(parse_int64("-9223372036854775808", 0, &s) && s == INT64_MIN);
    g_assert_false(parse_int64("--1", 0, &s));
    g_assert_true(parse_bool("Yes", &flag) && flag);
    g_assert_true(parse_bool("off", &flag) && !flag);
    g_assert_false(parse_bool("1", &flag));
}

static void test_nearest(void)
{
    static const char *const names[] = {"pseries", "powernv", "mac99", "g3beige", NULL};

    g_assert_cmpuint(edit_distance("kitten", "sitting"), ==, 3);
    g_assert_cmpuint(edit_distance("ab", "ba"), ==, 1);
    g_assert_cmpuint(edit_distance("", "abc"), ==, 3);
    g_assert_cmpstr(nearest_name("psereis", names), ==, "pseries");
    g_assert_cmpstr(nearest_name("MAC98", names), ==, "mac99");
    g_assert_null(nearest_name("q35", names));
}

static void test_bits(void)
{
    unsigned long map[5] = {0};
    bool model[300] = {0};

    g_assert_cmphex(PPC_BIT(0), ==, 1ull << 63);
    g_assert_cmphex(PPC_BITMASK(0, 63), ==, UINT64_MAX);
    g_assert_cmphex(PPC_BITMASK(62, 63), ==, 3);
    g_assert_cmphex(PPC_BITMASK32(0, 3), ==, 0xf0000000);
    g_assert_cmphex(GETFIELD(PPC_BITMASK(8, 15), 0x0012000000000000ull), ==, 0x12);
    g_assert_cmphex(SETFIELD(PPC_BITMASK(8, 15), 0xffull << 48, (uint64_t)0x34), ==,
                    0x0034000000000000ull);
    g_assert_cmphex(extract64(0x123456789abcdef0ull, 4, 8), ==, 0xef);
    g_assert_cmphex(extract64(UINT64_MAX, 0, 64), ==, UINT64_MAX);
    g_assert_cmpint(sextract64(0xf0, 4, 4), ==, -1);
    g_assert_cmphex(deposit64(0, 60, 4, 0xff), ==, 0xfull << 60);
    g_assert_cmphex(rol64(1, 0), ==, 1);
    g_assert_cmphex(rol32(0x80000001u, 1), ==, 3);
    g_assert_cmphex(revbit64(1), ==, 1ull << 63);
    g_assert_cmpint(clz64(0), ==, 64);
    g_assert_cmphex(pow2ceil(0x80000001), ==, 0x100000000ull);
    g_assert_cmphex(pow2ceil(UINT64_MAX), ==, 0);
    g_assert_cmphex(muldiv64(UINT64_MAX, 1000, 1000), ==, UINT64_MAX);
    uint64_t q, r;
    g_assert_false(divu128_64(5, 0, 5, &q, &r));
    g_assert_true(divu128_64(4, UINT64_MAX, 5, &q, &r));
    for (int i = 0; i < 5000; i++) {
        size_t start = (size_t)g_test_rand_int_range(0, 300);
        size_t count = (size_t)g_test_rand_int_range(0, (int)(301 - start));
        int op = g_test_rand_int_range(0, 4);
        bool any = false;

        for (size_t j = start; j < start + count; j++) {
            any |= model[j];
            model[j] = op < 2;
        }
        if (op == 0) {
            bitmap_set(map, start, count);
        } else if (op == 1) {
            bitmap_set_atomic(map, start, count);
        } else if (op == 2) {
            bitmap_clear(map, start, count);
        } else {
            g_assert_true(bitmap_test_and_clear_atomic(map, start, count) == any);
        }
        start = (size_t)g_test_rand_int_range(0, 300);
        size_t next = start, zero = start, total = 0;
        while (next < 300 && !model[next]) {
            next++;
        }
        while (zero < 300 && model[zero]) {
            zero++;
        }
        for (size_t j = 0; j < 300; j++) {
            total += model[j];
        }
        g_assert_cmpuint(find_next_bit(map, 300, start), ==, next);
        g_assert_cmpuint(find_next_zero_bit(map, 300, start), ==, zero);
        g_assert_cmpuint(bitmap_count(map, 300), ==, total);
        g_assert_true(bitmap_all_set_atomic(map, start, zero - start));
    }
}

static void test_bytes(void)
{
    uint8_t b[16];

    for (unsigned at = 0; at < 8; at++) {
        stq_be_p(b + at, 0x0102030405060708ull);
        g_assert_cmphex(b[at], ==, 1);
        g_assert_cmphex(ldq_be_p(b + at), ==, 0x0102030405060708ull);
        g_assert_cmphex(ldq_le_p(b + at), ==, 0x0807060504030201ull);
        g_assert_cmphex(ldl_be_p(b + at), ==, 0x01020304);
        g_assert_cmphex(lduw_le_p(b + at), ==, 0x0201);
        g_assert_cmphex(ldn_be_p(b + at, 3), ==, 0x010203);
        g_assert_cmphex(ldn_le_p(b + at, 3), ==, 0x030201);
        stn_le_p(b + at, 3, 0xaabbcc);
        g_assert_cmphex(ldn_be_p(b + at, 4), ==, 0xccbbaa04);
    }
    stw_be_p(b, 0x8001);
    g_assert_cmpint(ldsw_be_p(b), ==, -32767);
    g_assert_cmphex(bswap_n(0x1234, 2), ==, 0x3412);
    g_assert_cmphex(bswap_n(0x12, 1), ==, 0x12);
}

static void *log_lines(void *opaque)
{
    for (int i = 0; i < 500; i++) {
        log_mask(LOG_UNIMP, "thread %d line %04d ..........................................\n",
                 GPOINTER_TO_INT(opaque), i);
    }
    return NULL;
}

static void test_zero(void)
{
    uint8_t *buf = g_malloc0(700);

    for (size_t start = 0; start < 20; start += 7) {
        for (size_t size = 0; size < 600; size += size < 140 ? 1 : 43) {
            g_assert_true(buffer_is_zero(buf + start, size));
            for (size_t at = 0; at < size; at += size < 300 ? 1 : 13) {
                buf[start + at] = 0x80;
                g_assert_false(buffer_is_zero(buf + start, size));
                buf[start + at] = 0;
            }
            /* What lies around it does not matter. */
            buf[start + size] = 1;
            g_assert_true(buffer_is_zero(buf + start, size));
            buf[start + size] = 0;
        }
    }
    g_free(buf);
}

static void test_log(void)
{
    GError *error = NULL;
    uint32_t mask;
    gchar *text, *name, dir[] = "/tmp/gossamer-log-XXXXXX";
    char **lines;
    Thread *threads[4];

    g_assert_true(log_parse_items("in_asm,int,guest_errors", &mask, NULL));
    g_assert_cmphex(mask, ==, LOG_IN_ASM | LOG_INT | LOG_GUEST_ERROR);
    g_assert_true(log_parse_items("all", &mask, NULL));
    g_assert_true((mask & LOG_UNIMP) && !(mask & LOG_NOCHAIN));
    g_assert_false(log_parse_items("in_asn", &mask, &error));
    g_assert_nonnull(strstr(error->message, "did you mean 'in_asm'"));
    g_clear_error(&error);

    g_assert_true(log_set_filter("0x1000+0x100,0x5000-0x10,0x9000..0x9fff,0x20..0x20", NULL));
    g_assert_true(log_in_filter(0x1000) && log_in_filter(0x10ff) && !log_in_filter(0x1100));
    g_assert_true(log_in_filter(0x5000) && log_in_filter(0x4ff1) && !log_in_filter(0x4ff0));
    g_assert_true(log_in_filter(0x9fff) && !log_in_filter(0xa000) && log_in_filter(0x20));
    g_assert_true(log_set_filter("0+0xffffffffffffffff", NULL));
    for (const char *const *bad =
             (const char *const[]){"1000", "0x10..0x1", "1+0", "5-7", "x..y", "", NULL};
         *bad; bad++) {
        g_assert_false(log_set_filter(*bad, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_true(log_set_filter(NULL, NULL));
    g_assert_true(log_in_filter(12345));

    g_assert_nonnull(g_mkdtemp(dir));
    name = g_strdup_printf("%s/log-%%d.txt", dir);
    g_assert_true(log_set_file(name, NULL));
    g_assert_false(log_set_file("a%db%d", &error));
    g_clear_error(&error);
    g_assert_false(log_set_file("/nonexistent/dir/file", &error));
    g_assert_true(error->code == GOSSAMER_ERROR_IO);
    g_clear_error(&error);
    log_set_mask(LOG_UNIMP);
    log_mask(LOG_INT, "not this\n");
    for (int i = 0; i < 4; i++) {
        threads[i] = thread_create("log", log_lines, GINT_TO_POINTER(i));
    }
    for (int i = 0; i < 4; i++) {
        thread_join(threads[i]);
    }
    log_set_mask(0);
    log_set_file(NULL, NULL);
    g_free(name);
    name = g_strdup_printf("%s/log-%d.txt", dir, (int)getpid());
    g_assert_true(g_file_get_contents(name, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 2001);
    for (int i = 0; i < 2000; i++) {
        g_assert_true(g_str_has_prefix(lines[i], "thread ") &&
                      g_str_has_suffix(lines[i], ".........."));
    }
    g_strfreev(lines);
    g_free(text);
    unlink(name);
    rmdir(dir);
    g_free(name);
}

static void test_errors(void)
{
    GError *error = NULL;

    error_setg(NULL, "ignored %d", 1);
    error_setg(&error, "no %s", "tea");
    error_prepend(&error, "kitchen: ");
    g_assert_cmpstr(error->message, ==, "kitchen: no tea");
    g_clear_error(&error);
    error_setg_errno(&error, 2, "could not open '%s'", "x");
    g_assert_cmpstr(error->message, ==, "could not open 'x': No such file or directory");
    g_clear_error(&error);
    error_prepend(&error, "nothing");
    g_assert_null(error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/options", test_options);
    g_test_add_func("/util/random-options", test_random_options);
    g_test_add_func("/util/numbers", test_numbers);
    g_test_add_func("/util/nearest", test_nearest);
    g_test_add_func("/util/bits", test_bits);
    g_test_add_func("/util/bytes", test_bytes);
    g_test_add_func("/util/zero", test_zero);
    g_test_add_func("/util/log", test_log);
    g_test_add_func("/util/errors", test_errors);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of the monitors that need no machine: expressions, words, line editing, argument rows, and
 * the splitting of a QMP stream into values.
 */
#include <string.h>
#include "monitor/monitor-private.h"
#include "system/runtime.h"

/* ---- Expressions ---- */

static void test_expressions(void)
{
    static const struct { const char *text; uint64_t value; const char *rest; } good[] = {
        {"1", 1, ""},
        {" 0x10 ", 16, ""},
        {"010", 8, ""},
        {"1+2*3", 7, ""},
        {"(1+2)*3", 9, ""},
        {"7-2-1", 4, ""},
        {"-1", UINT64_MAX, ""},
        {"~0 & 0xff", 0xff, ""},
        {"1 + 2 & 2", 3, ""},           /* & binds more tightly than + */
        {"6 | 1 ^ 2", 5, ""},
        {"17 % 5 / 2", 1, ""},
        {"'a' + 1", 98, ""},
        {"5 6", 5, "6"},
        {"- - 5", 5, ""},
        {"0xffffffffffffffff + 1", 0, ""},
    };
    static const struct { const char *text, *error; } bad[] = {
        {"", "unexpected end of expression"},
        {"1 +", "unexpected end of expression"},
        {"(1", "')' expected"},
        {"1 / 0", "division by zero"},
        {"1 % (2 - 2)", "division by zero"},
        {"x", "invalid char 'x' in expression"},
        {"'ab'", "missing terminating ' character"},
        {"'", "missing terminating ' character"},
        {"$pc", "No CPU available"},
        {"0x1ffffffffffffffff", "number too large"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        const char *text = good[i].text;
        uint64_t value;
        GError *error = NULL;

        g_assert_true(monitor_expression(&text, 0, &value, &error));
        g_assert_no_error(error);
        g_assert_cmphex(value, ==, good[i].value);
        g_assert_cmpstr(text, ==, good[i].rest);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        const char *text = bad[i].text;
        uint64_t value;
        GError *error = NULL;

        g_assert_false(monitor_expression(&text, 0, &value, &error));
        g_assert_cmpstr(error->message, ==, bad[i].error);
        g_error_free(error);
    }
}

/* Input without end does not exhaust the stack. */
static void test_deep_expression(void)
{
    g_autofree char *text = g_strnfill(1000000, '(');
    const char *at = text;
    uint64_t value;
    GError *error = NULL;

    g_assert_false(monitor_expression(&at, 0, &value, &error));
    g_assert_nonnull(strstr(error->message, "nested"));
    g_error_free(error);
}

static void test_words(void)
{
    const char *text = "  one \r\n\"two \\\"2\\\" \\n\"\f three\"3 \"\" \"open";
    static const char *const words[] = {"one", "two \"2\" \n", "three\"3", "", "open", NULL};

    for (unsigned i = 0; words[i]; i++) {
        g_autofree char *word = monitor_word(&text);

        g_assert_cmpstr(word, ==, words[i]);
    }
    g_assert_null(monitor_word(&text));
    text = " \f\r ";
    g_assert_null(monitor_word(&text));
    g_assert_cmpstr(text, ==, "");
}

/* ---- Line editing ---- */

typedef struct Editing {
    GString *screen;
    GPtrArray *lines;
} Editing;

static void on_write(void *opaque, const char *text, size_t size)
{
    g_string_append_len(((Editing *)opaque)->screen, text, size);
}

static void on_line(void *opaque, const char *line)
{
    g_ptr_array_add(((Editing *)opaque)->lines, g_strdup(line));
}

static void candidates(const char *line, GPtrArray *out)
{
    static const char *const all[] = {"info", "insert", "stop", "status", NULL};
    const char *space = strrchr(line, ' '), *word = space ? space + 1 : line;

    for (unsigned i = 0; all[i]; i++) {
        if (g_str_has_prefix(all[i], word)) {
            g_ptr_array_add(out, g_strdup(all[i]));
        }
    }
}

static void test_editing(void)
{
    static const struct { const char *keys, *line; } rows[] = {
        {"plain\n", "plain"},
        {"two\r", "two"},
        {"rub\x7f\x7f" "an\n", "ran"},
        {"abc\x01x\x05y\n", "xabcy"},
        {"ac\x02" "b\n", "abc"},
        {"abc\x1b[D\x1b[D\x1b[3~\n", "ac"},
        {"abcd\x1b[D\x1b[D\x0b\n", "ab"},
        {"one two three\x17" "3\n", "one two 3"},
        {"gone\x15stay\n", "stay"},
        {"bc\x1b[Ha\x1b[Fd\n", "abcd"},
        {"bc\x1bOHa\x1bOFd\n", "abcd"},
        {"\x1b[A\n", "abcd"},                   /* up: the line before */
        {"new\x10\x10\x0e\x0e\n", "new"},       /* up, up, down, down: what was being typed */
        {"\x1b[A\x1b[A\x1b[A\n", "stay"},       /* a line stands once, at its last use */
        {"sto\t\n", "stop "},
        {"i\t\x15stat\t\n", "status "},
        {"\x1b[99999999999999Cx\x1b[Zy\n", "xy"},
        {"\x04\x08\x02\x06\x0bz\n", "z"},       /* keys that find nothing to work on */
    };
    Editing e = {g_string_new(NULL), g_ptr_array_new_with_free_func(g_free)};
    LineEditor *editor = line_editor_new(on_write, on_line, candidates, &e);

    line_editor_prompt(editor);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (const char *key = rows[i].keys; *key; key++) {
            line_editor_input(editor, (uint8_t)*key);
        }
        g_assert_cmpuint(e.lines->len, ==, i + 1);
        g_assert_cmpstr(g_ptr_array_index(e.lines, i), ==, rows[i].line);
    }
    /* CR LF is one end of line, two LF are two. */
    line_editor_input(editor, '\r');
    line_editor_input(editor, '\n');
    line_editor_input(editor, '\n');
    g_assert_cmpuint(e.lines->len, ==, G_N_ELEMENTS(rows) + 2);
    line_editor_free(editor);
    g_ptr_array_unref(e.lines);
    g_string_free(e.screen, TRUE);
}

/* Any bytes: no crash, and the text stays within bounds. */
static void test_editing_noise(void)
{
    Editing e = {g_string_new(NULL), g_ptr_array_new_with_free_func(g_free)};
    LineEditor *editor = line_editor_new(on_write, on_line, candidates, &e);

    for (unsigned i = 0; i < 200000; i++) {
        line_editor_input(editor, g_test_rand_int_range(0, 4) ? g_test_rand_int_range(0, 32)
                                                              : g_test_rand_int_range(0, 256));
        if (i % 64 == 0) {
            line_editor_input(editor, g_test_rand_bit() ? '[' : 27);
        }
        g_string_truncate(e.screen, 0);
    }
    g_assert_cmpuint(line_editor_history(editor)->len, <=, 64);
    line_editor_free(editor);
    g_ptr_array_unref(e.lines);
    g_string_free(e.screen, TRUE);
}

/* ---- QMP ---- */

static void test_arguments(void)
{
    QMPArgument a = qmp_argument("cpu-index:i?");

    g_assert_cmpuint(a.length, ==, 9);
    g_assert_cmpint(a.type, ==, 'i');
    g_assert_true(a.optional && !a.any);
    a = qmp_argument("value");
    g_assert_cmpuint(a.length, ==, 5);
    g_assert_cmpint(a.type, ==, 0);
    g_assert_false(a.optional || a.any);
    a = qmp_argument("*");
    g_assert_true(a.optional && a.any);
}

static Monitor *control_on(const char *id)
{
    GError *error = NULL;
    Chardev *chr = chardev_new_from_options(id, &error);
    GPtrArray *all = monitor_registry()->monitors;

    g_assert_no_error(error);
    g_assert_true(monitor_add(chr, MONITOR_CONTROL, false, &error));
    g_assert_no_error(error);
    return g_ptr_array_index(all, all->len - 1);
}

/* The answers that the session wrote since the last time, one line each. */
static GStrv answers(const char *id)
{
    GError *error = NULL;
    g_autoptr(GBytes) bytes = chardev_ringbuf_read(chardev_find(id), 65536, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_strchomp(text);
    return g_strsplit(text, "\r\n", -1);
}

static void feed(Monitor *mon, const char *text, unsigned piece)
{
    size_t size = strlen(text);

    for (size_t at = 0; at < size; at += piece) {
        qmp_input(mon, (const uint8_t *)text + at, (int)MIN(size - at, piece));
    }
}

static void test_stream(void)
{
    static const char text[] =
        "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"query-name\",\"id\":1} \n"
        "{'execute':'query-name','id':'}{'}[{}]\n{\"execute\":\"nosuch\",\"id\":\"\\\"}\"}\n"
        "junk\n{\"execute\":\"query-name\",\"id\":2}";

    for (unsigned piece = 1; piece < 40; piece += 3) {
        Monitor *mon = control_on("ringbuf,id=q");
        g_auto(GStrv) lines = NULL;

        g_clear_pointer(&lines, g_strfreev);
        lines = answers("q");
        g_assert_nonnull(strstr(lines[0], "\"QMP\""));
        g_strfreev(lines);
        feed(mon, text, piece);
        lines = answers("q");
        g_assert_cmpuint(g_strv_length(lines), ==, 7);
        g_assert_cmpstr(lines[0], ==, "{\"return\": {}}");
        g_assert_cmpstr(lines[1], ==, "{\"return\": {}, \"id\": 1}");
        g_assert_nonnull(strstr(lines[2], "\"id\": \"}{\""));
        g_assert_nonnull(strstr(lines[3], "must be a JSON object"));
        g_assert_nonnull(strstr(lines[4], "CommandNotFound"));
        g_assert_nonnull(strstr(lines[4], "\"id\": \"\\\"}\""));
        g_assert_nonnull(strstr(lines[5], "JSON parse error"));
        g_assert_cmpstr(lines[6], ==, "{\"return\": {}, \"id\": 2}");
        monitor_cleanup();
        chardev_cleanup();
    }
}

/* Integers up to 2^64 - 1 are taken; strings are left alone. */
static void test_numbers(void)
{
    Monitor *mon = control_on("ringbuf,id=q");

    g_strfreev(answers("q"));
    feed(mon, "{\"execute\":\"qmp_capabilities\",\"id\":[18446744073709551615,9223372036854775807,"
              "9223372036854775808,-9223372036854775808,\"9223372036854775808\",1e3]}", 7);
    g_auto(GStrv) lines = answers("q");
    g_assert_cmpstr(lines[0], ==,
                    "{\"return\": {}, \"id\": [-1, 9223372036854775807, -9223372036854775808, "
                    "-9223372036854775808, \"9223372036854775808\", 1000.0]}");
    monitor_cleanup();
    chardev_cleanup();
}

/* Any bytes: an answer or silence, never an end; afterwards commands are still understood. */
static void test_stream_noise(void)
{
    static const char alphabet[] = "{}[]\"\\:,'0aue \n";
    Monitor *mon = control_on("ringbuf,id=q");

    feed(mon, "{\"execute\":\"qmp_capabilities\"}", 100);
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t c = g_test_rand_int_range(0, 8)
                        ? (uint8_t)alphabet[g_test_rand_int_range(0, sizeof(alphabet) - 1)]
                        : (uint8_t)g_test_rand_int_range(0, 256);

        qmp_input(mon, &c, 1);
        if (i % 97 == 0) {
            /* As after a new connection. */
            qmp_event(mon, CHAR_EVENT_CLOSED);
            qmp_event(mon, CHAR_EVENT_OPENED);
            feed(mon, "{\"execute\":\"qmp_capabilities\"}", 100);
        }
    }
    qmp_event(mon, CHAR_EVENT_OPENED);
    g_strfreev(answers("q"));
    feed(mon, "{\"execute\":\"qmp_capabilities\",\"id\":\"last\"}", 100);
    g_auto(GStrv) lines = answers("q");
    g_assert_cmpstr(lines[0], ==, "{\"return\": {}, \"id\": \"last\"}");
    monitor_cleanup();
    chardev_cleanup();
}

static void test_options_from_json(void)
{
    json_t *object = json_pack("{s:s, s:s, s:i, s:b}", "id", "a,b", "driver", "x", "n", 5, "f", 1);
    g_autoptr(GString) out = g_string_new(NULL);
    GError *error = NULL;

    g_assert_true(monitor_options_from_json(object, "driver", out, &error));
    g_assert_cmpstr(out->str, ==, "x,id=a,,b,n=5,f=on");
    json_object_set_new(object, "deep", json_object());
    g_assert_false(monitor_options_from_json(object, "driver", out, &error));
    g_assert_nonnull(strstr(error->message, "'deep'"));
    g_clear_error(&error);
    json_object_clear(object);
    json_object_set_new(object, "a=b", json_true());
    g_assert_false(monitor_options_from_json(object, NULL, out, &error));
    g_error_free(error);
    json_decref(object);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    runtime_init();
    g_test_add_func("/monitor/expressions", test_expressions);
    g_test_add_func("/monitor/deep-expression", test_deep_expression);
    g_test_add_func("/monitor/words", test_words);
    g_test_add_func("/monitor/editing", test_editing);
    g_test_add_func("/monitor/editing-noise", test_editing_noise);
    g_test_add_func("/monitor/arguments", test_arguments);
    g_test_add_func("/monitor/stream", test_stream);
    g_test_add_func("/monitor/numbers", test_numbers);
    g_test_add_func("/monitor/stream-noise", test_stream_noise);
    g_test_add_func("/monitor/options-from-json", test_options_from_json);
    return g_test_run();
}

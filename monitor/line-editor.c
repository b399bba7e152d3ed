/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line editing for the human monitor: cursor keys, Emacs control keys, history, completion by Tab.
 * Escape sequences are VT100's.
 */
#include <string.h>
#include "monitor-private.h"

#define PROMPT "(qemu) "
#define HISTORY_MAX 64
#define LINE_MAX_LENGTH 4096

struct LineEditor {
    void (*write)(void *opaque, const char *text, size_t size);
    void (*line)(void *opaque, const char *line);
    void (*complete)(const char *line, GPtrArray *out);
    void *opaque;
    GString *text;
    gsize cursor;
    GPtrArray *history;
    guint history_at;            /* == length: the line being typed */
    char *typed;
    enum { KEY_PLAIN, KEY_ESCAPE, KEY_CSI, KEY_SS3 } state;
    unsigned parameter;
    bool last_was_cr;
};

LineEditor *line_editor_new(void (*write)(void *opaque, const char *text, size_t size),
                            void (*line)(void *opaque, const char *line),
                            void (*complete)(const char *line, GPtrArray *out), void *opaque)
{
    LineEditor *e = g_new0(LineEditor, 1);

    e->write = write;
    e->line = line;
    e->complete = complete;
    e->opaque = opaque;
    e->text = g_string_new(NULL);
    e->history = g_ptr_array_new_with_free_func(g_free);
    return e;
}

void line_editor_free(LineEditor *e)
{
    if (e) {
        g_string_free(e->text, TRUE);
        g_ptr_array_unref(e->history);
        g_free(e->typed);
        g_free(e);
    }
}

static void put(LineEditor *e, const char *text)
{
    e->write(e->opaque, text, strlen(text));
}

static void move_left(LineEditor *e, gsize n)
{
    if (n) {
        g_autofree char *text = g_strdup_printf("\033[%zuD", (size_t)n);

        put(e, text);
    }
}

/* Rewrites the line from the prompt on. */
static void redraw(LineEditor *e)
{
    put(e, "\r" PROMPT);
    e->write(e->opaque, e->text->str, e->text->len);
    put(e, "\033[K");
    move_left(e, e->text->len - e->cursor);
}

void line_editor_prompt(LineEditor *e)
{
    g_string_truncate(e->text, 0);
    e->cursor = 0;
    e->history_at = e->history->len;
    put(e, PROMPT);
}

static void insert(LineEditor *e, const char *text)
{
    if (e->text->len + strlen(text) > LINE_MAX_LENGTH) {
        return;
    }
    g_string_insert(e->text, e->cursor, text);
    e->cursor += strlen(text);
    if (e->cursor == e->text->len) {
        put(e, text);
    } else {
        redraw(e);
    }
}

static void erase(LineEditor *e, gsize from, gsize to)
{
    if (to > from) {
        g_string_erase(e->text, from, to - from);
        e->cursor = from;
        redraw(e);
    }
}

static void set_text(LineEditor *e, const char *text)
{
    g_string_assign(e->text, text);
    e->cursor = e->text->len;
    redraw(e);
}

static void history_move(LineEditor *e, int step)
{
    guint to = e->history_at + step;

    if ((step < 0 && e->history_at == 0) || (step > 0 && e->history_at == e->history->len)) {
        return;
    }
    if (e->history_at == e->history->len) {
        g_free(e->typed);
        e->typed = g_strdup(e->text->str);
    }
    e->history_at = to;
    set_text(e, to == e->history->len ? e->typed : g_ptr_array_index(e->history, to));
}

static void accept_line(LineEditor *e)
{
    g_autofree char *line = g_strdup(e->text->str);

    put(e, "\r\n");
    if (*line) {
        for (guint i = 0; i < e->history->len; i++) {
            if (!strcmp(g_ptr_array_index(e->history, i), line)) {
                g_ptr_array_remove_index(e->history, i);
                break;
            }
        }
        if (e->history->len >= HISTORY_MAX) {
            g_ptr_array_remove_index(e->history, 0);
        }
        g_ptr_array_add(e->history, g_strdup(line));
    }
    g_string_truncate(e->text, 0);
    e->cursor = 0;
    e->history_at = e->history->len;
    e->line(e->opaque, line);
}

static gsize common_prefix(const GPtrArray *words)
{
    const char *first = g_ptr_array_index(words, 0);
    gsize n = strlen(first);

    for (guint i = 1; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        gsize k = 0;

        while (k < n && word[k] == first[k]) {
            k++;
        }
        n = k;
    }
    return n;
}

static void do_complete(LineEditor *e)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *before = g_strndup(e->text->str, e->cursor);
    const char *space = strrchr(before, ' ');
    const char *word = space ? space + 1 : before;
    gsize have = strlen(word), n;

    e->complete(before, words);
    if (!words->len) {
        return;
    }
    n = common_prefix(words);
    if (n > have) {
        g_autofree char *more = g_strndup((char *)g_ptr_array_index(words, 0) + have, n - have);

        insert(e, more);
    }
    if (words->len == 1) {
        insert(e, " ");
        return;
    }
    if (n <= have) {
        put(e, "\r\n");
        for (guint i = 0; i < words->len; i++) {
            g_autofree char *cell =
                g_strdup_printf("%-20s%s", (char *)g_ptr_array_index(words, i),
                                i % 4 == 3 || i + 1 == words->len ? "\r\n" : "");

            put(e, cell);
        }
        redraw(e);
    }
}

static gsize word_start(const LineEditor *e)
{
    gsize at = e->cursor;

    while (at && e->text->str[at - 1] == ' ') {
        at--;
    }
    while (at && e->text->str[at - 1] != ' ') {
        at--;
    }
    return at;
}

static void go(LineEditor *e, gsize to)
{
    e->cursor = MIN(to, e->text->len);
    redraw(e);
}

static void control(LineEditor *e, uint8_t c)
{
    switch (c) {
    case 1:
        go(e, 0);
        break;
    case 2:
        go(e, e->cursor ? e->cursor - 1 : 0);
        break;
    case 4:
        erase(e, e->cursor, MIN(e->cursor + 1, e->text->len));
        break;
    case 5:
        go(e, e->text->len);
        break;
    case 6:
        go(e, e->cursor + 1);
        break;
    case '\t':
        do_complete(e);
        break;
    case '\n':
    case '\r':
        accept_line(e);
        break;
    case 11:
        erase(e, e->cursor, e->text->len);
        break;
    case 12:
        put(e, "\033[2J\033[H");
        redraw(e);
        break;
    case 14:
        history_move(e, 1);
        break;
    case 16:
        history_move(e, -1);
        break;
    case 21:
        erase(e, 0, e->cursor);
        break;
    case 23:
        erase(e, word_start(e), e->cursor);
        break;
    case 8:
    case 127:
        if (e->cursor) {
            erase(e, e->cursor - 1, e->cursor);
        }
        break;
    case 27:
        e->state = KEY_ESCAPE;
        break;
    default:
        break;
    }
}

static void escape_key(LineEditor *e, uint8_t c)
{
    switch (c) {
    case 'A':
        history_move(e, -1);
        break;
    case 'B':
        history_move(e, 1);
        break;
    case 'C':
        go(e, e->cursor + 1);
        break;
    case 'D':
        go(e, e->cursor ? e->cursor - 1 : 0);
        break;
    case 'H':
        go(e, 0);
        break;
    case 'F':
        go(e, e->text->len);
        break;
    case '~':
        if (e->parameter == 1) {
            go(e, 0);
        } else if (e->parameter == 3) {
            erase(e, e->cursor, MIN(e->cursor + 1, e->text->len));
        } else if (e->parameter == 4) {
            go(e, e->text->len);
        }
        break;
    default:
        break;
    }
}

void line_editor_input(LineEditor *e, uint8_t c)
{
    bool cr = e->last_was_cr;

    e->last_was_cr = c == '\r';
    switch (e->state) {
    case KEY_ESCAPE:
        e->parameter = 0;
        e->state = c == '[' ? KEY_CSI : c == 'O' ? KEY_SS3 : KEY_PLAIN;
        return;
    case KEY_CSI:
        if (g_ascii_isdigit(c)) {
            e->parameter = MIN(e->parameter * 10 + (c - '0'), 1000u);
            return;
        }
        e->state = KEY_PLAIN;
        escape_key(e, c);
        return;
    case KEY_SS3:
        e->state = KEY_PLAIN;
        escape_key(e, c);
        return;
    default:
        break;
    }
    if (c == '\n' && cr) {
        return;                  /* CR LF is one end of line */
    }
    if (c >= 32 && c != 127) {
        char text[2] = {(char)c, 0};

        insert(e, text);
    } else {
        control(e, c);
    }
}

const GPtrArray *line_editor_history(const LineEditor *e)
{
    return e->history;
}

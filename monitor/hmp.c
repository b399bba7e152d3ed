/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor: finds commands by name or unique prefix words ("info status"), runs them,
 * completes.
 */
#include <string.h>
#include "monitor-private.h"
#include "system/runstate.h"

#define BANNER "QEMU " MONITOR_VERSION_TEXT " monitor - type 'help' for more information\r\n"

/* One of the names in "q|quit" equals the first n characters of line's word. */
static bool name_matches(const char *names, const char *word, size_t n)
{
    while (*names) {
        const char *bar = strchrnul(names, '|');

        if ((size_t)(bar - names) == n && !strncmp(names, word, n)) {
            return true;
        }
        names = *bar ? bar + 1 : bar;
    }
    return false;
}

/* Length of line's leading words if they are the row's name ("info status"), else 0. */
static size_t row_length(const HMPCommand *row, const char *line)
{
    const char *space = strchr(row->name, ' ');
    size_t first = strcspn(line, " /");
    const char *second;
    size_t n;

    if (!space) {
        return name_matches(row->name, line, first) ? first : 0;
    }
    if (first != (size_t)(space - row->name) || strncmp(row->name, line, first)) {
        return 0;
    }
    second = line + first;
    second += strspn(second, " ");
    n = strcspn(second, " ");
    return n && name_matches(space + 1, second, n) ? (size_t)(second - line) + n : 0;
}

const HMPCommand *hmp_find(const char *line, const char **args)
{
    GPtrArray *tables = monitor_registry()->hmp_tables;
    const HMPCommand *best = NULL;
    size_t best_length = 0;

    for (guint t = 0; t < tables->len; t++) {
        for (const HMPCommand *row = g_ptr_array_index(tables, t); row->name; row++) {
            size_t n = row_length(row, line);

            if (n > best_length) {
                best = row;
                best_length = n;
            }
        }
    }
    if (best) {
        /* Formats ("x /4xw") stay with the arguments. */
        *args = line + best_length;
        while (g_ascii_isspace(**args)) {
            (*args)++;
        }
    }
    return best;
}

void hmp_report(HMPContext *context, GError *error)
{
    if (error) {
        g_string_append_printf(context->out, "Error: %s\n", error->message);
        g_error_free(error);
    }
}

static void run(HMPContext *context, const char *typed)
{
    /* Blanks of any kind at the ends are nobody's argument. */
    g_autofree char *line = g_strstrip(g_strdup(typed));
    const HMPCommand *row;
    const char *args;
    g_autofree char *name = NULL, *try_help = NULL;

    if (!*line) {
        return;
    }
    row = hmp_find(line, &args);
    if (!row) {
        g_autofree char *word = g_strndup(line, strcspn(line, " "));

        g_string_append_printf(context->out, "unknown command: '%s'\n", word);
        return;
    }
    name = g_strndup(line, strcspn(line, " /"));
    try_help = g_strdup_printf("Try \"help %s\" for more information\n", name);
    if (!row->args && *args) {
        g_string_append_printf(context->out, "%s: extraneous characters at the end of line\n%s",
                               row->name, try_help);
        return;
    }
    if (row->args && row->args[0] != '[' && !*args) {
        g_string_append_printf(context->out, "%s: %s expected\n%s", row->name, row->args, try_help);
        return;
    }
    row->fn(context, args);
}

void monitor_run_hmp(const char *line, int cpu_index, GString *out)
{
    HMPContext context = {.out = out, .cpu_index = cpu_index};

    run(&context, line);
}

void hmp_complete(const char *line, GPtrArray *out)
{
    GPtrArray *tables = monitor_registry()->hmp_tables;
    const char *args;
    const HMPCommand *row;
    size_t length = strlen(line);

    row = strchr(line, ' ') ? hmp_find(line, &args) : NULL;
    if (row && row->complete) {
        row->complete(args, out);
        return;
    }
    for (guint t = 0; t < tables->len; t++) {
        for (row = g_ptr_array_index(tables, t); row->name; row++) {
            g_auto(GStrv) words = g_strsplit(row->name, "|", -1);

            for (unsigned i = 0; words[i]; i++) {
                const char *name = words[i];
                const char *space;
                char *candidate;
                bool known = false;

                if (strncmp(name, line, length)) {
                    continue;
                }
                /* The word under the cursor only. */
                space = strrchr(line, ' ');
                name += space ? space + 1 - line : 0;
                candidate = g_strndup(name, strcspn(name, " "));
                for (guint k = 0; k < out->len; k++) {
                    known = known || !strcmp(g_ptr_array_index(out, k), candidate);
                }
                if (known) {
                    g_free(candidate);
                } else {
                    g_ptr_array_add(out, candidate);
                }
            }
        }
    }
}

/* ---- A session ---- */

static void write_text(void *opaque, const char *text, size_t size)
{
    monitor_write(opaque, text, size);
}

static void line_typed(void *opaque, const char *line)
{
    Monitor *mon = opaque;
    g_autoptr(GString) out = g_string_new(NULL);
    HMPContext context = {.out = out, .cpu_index = mon->cpu_index, .monitor = mon};

    run(&context, line);
    mon->cpu_index = context.cpu_index;
    for (gsize i = 0; i < out->len; i++) {
        if (out->str[i] == '\n' && (i == 0 || out->str[i - 1] != '\r')) {
            g_string_insert_c(out, i++, '\r');
        }
    }
    monitor_write(mon, out->str, out->len);
    /* The shell's prompt comes next, not ours. */
    if (!system_shutdown_pending()) {
        line_editor_prompt(mon->editor);
    }
}

static void show(Monitor *mon)
{
    if (!mon->editor) {
        mon->editor = line_editor_new(write_text, line_typed, hmp_complete, mon);
    }
    if (!mon->active) {
        mon->active = true;
        monitor_printf(mon, BANNER);
    }
    line_editor_prompt(mon->editor);
}

void hmp_event(Monitor *mon, CharEvent event)
{
    switch (event) {
    case CHAR_EVENT_OPENED:
        /* On a multiplexer the banner waits until the monitor gets the keyboard. */
        if (!chardev_is_mux(mon->frontend.chr)) {
            mon->active = false;
            show(mon);
        }
        break;
    case CHAR_EVENT_MUX_IN:
        mon->active = false;
        show(mon);
        break;
    case CHAR_EVENT_MUX_OUT:
        monitor_printf(mon, "\r\n");
        break;
    default:
        break;
    }
}

void hmp_input(Monitor *mon, const uint8_t *data, int size)
{
    if (!mon->editor) {
        show(mon);
    }
    for (int i = 0; i < size; i++) {
        line_editor_input(mon->editor, data[i]);
    }
}

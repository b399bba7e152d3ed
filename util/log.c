/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log.  Its state is one of the process's few globals: every layer writes to it, from any
 * thread, and before there is a machine (tests/structure/globals-allowed.txt).
 */
#include "util/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "util/cutils.h"
#include "util/error.h"
#include "util/options.h"
#include "util/thread.h"

const LogItem log_items[] = {
    {LOG_OUT_ASM, "out_asm", "host code of each translated block"},
    {LOG_IN_ASM, "in_asm", "guest code of each translated block"},
    {LOG_IR, "ir", "intermediate code of each block as built"},
    {LOG_IR_OPT, "ir_opt", "intermediate code after the passes"},
    {LOG_IR, "op", "the same as ir"},
    {LOG_IR_OPT, "op_opt", "the same as ir_opt"},
    {LOG_INT, "int", "interrupts and exceptions"},
    {LOG_EXEC, "exec", "each execution of a block (use with nochain for all of them)"},
    {LOG_CPU, "cpu", "CPU registers before each block (use with nochain)"},
    {LOG_MMU, "mmu", "address translation"},
    {LOG_PCALL, "pcall", "calls of firmware services"},
    {LOG_RESET, "cpu_reset", "resets"},
    {LOG_UNIMP, "unimp", "use of something that is not modelled"},
    {LOG_GUEST_ERROR, "guest_errors", "mistakes of the guest (unassigned addresses, bad requests)"},
    {LOG_PAGE, "page", "memory map at the start of a program"},
    {LOG_NOCHAIN, "nochain", "do not chain blocks: makes exec and cpu complete"},
    {LOG_STRACE, "strace", "hypercalls and RTAS calls"},
    {LOG_IRQ, "irq", "interrupt lines and controllers"},
    {LOG_DEVICE, "device", "accesses to device registers"},
    {LOG_TRACE, "trace", "everything else worth a line"},
    {0, NULL, NULL},
};

uint32_t log_current_mask;

typedef struct LogRange {
    uint64_t first, last;
} LogRange;

typedef struct LogState {
    pthread_mutex_t lock;
    FILE *file; /* NULL: standard error */
    char *name;
    GArray *filter;     /* LogRange; NULL: all. Replaced under the lock */
    uint32_t filtering; /* atomic: filter is there */
} LogState;

static LogState log_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const LogItem *find_item(const char *name)
{
    for (const LogItem *item = log_items; item->name; item++) {
        if (!strcmp(item->name, name)) {
            return item;
        }
    }
    return NULL;
}

bool log_parse_items(const char *items, uint32_t *mask, GError **errp)
{
    char **names = g_strsplit(items, ",", -1);
    bool ok = true;

    *mask = 0;
    for (char **name = names; *name && ok; name++) {
        const LogItem *item = find_item(*name);

        if (item) {
            *mask |= item->mask;
        } else if (!strcmp(*name, "all")) {
            for (item = log_items; item->name; item++) {
                *mask |= item->mask & ~LOG_NOCHAIN;
            }
        } else if (strcmp(*name, "none")) {
            const char *known[G_N_ELEMENTS(log_items)];
            const char *near;

            for (unsigned i = 0; i < G_N_ELEMENTS(log_items); i++) {
                known[i] = log_items[i].name;
            }
            near = nearest_name(*name, known);
            error_set(errp, GOSSAMER_ERROR_INVALID, "unknown log item '%s'%s%s%s", *name,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
            ok = false;
        }
    }
    g_strfreev(names);
    return ok;
}

void log_set_mask(uint32_t mask)
{
    __atomic_store_n(&log_current_mask, mask, __ATOMIC_RELAXED);
}

bool log_set_file(const char *name, GError **errp)
{
    FILE *file = NULL, *old;
    char *path = NULL;

    if (name) {
        const char *percent = strchr(name, '%');

        if (percent && (percent[1] != 'd' || strchr(percent + 1, '%'))) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "bad log file name '%s': only one %%d is allowed", name);
            return false;
        }
        path = percent ? g_strdup_printf("%.*s%d%s", (int)(percent - name), name, (int)getpid(),
                                         percent + 2)
                       : g_strdup(name);
        file = fopen(path, "we");
        if (!file) {
            error_setg_errno(errp, errno, "could not open log file '%s'", path);
            g_free(path);
            return false;
        }
        setvbuf(file, NULL, _IOLBF, 0);
    }
    pthread_mutex_lock(&log_state.lock);
    old = log_state.file;
    log_state.file = file;
    g_free(log_state.name);
    log_state.name = path;
    pthread_mutex_unlock(&log_state.lock);
    if (old) {
        fclose(old);
    }
    return true;
}

/* START+LENGTH, START-LENGTH or START..END, numbers as in C. */
static bool parse_range(const char *text, LogRange *range, GError **errp)
{
    const char *dots = strstr(text, "..");
    const char *op = dots ? dots : strpbrk(text, "+-");
    char *start = op ? g_strndup(text, op - text) : g_strdup(text);
    uint64_t a, b = 0;
    bool ok = op && parse_uint64(start, 0, &a) && parse_uint64(op + (dots ? 2 : 1), 0, &b);

    g_free(start);
    if (ok && dots) {
        range->first = a;
        range->last = b;
        ok = a <= b;
    } else if (ok) {
        ok = b > 0 && (*op == '+' ? b - 1 <= UINT64_MAX - a : b - 1 <= a);
        range->first = *op == '+' ? a : a - (b - 1);
        range->last = *op == '+' ? a + (b - 1) : a;
    }
    if (!ok) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "bad address range '%s': START+LENGTH, START-LENGTH or START..END", text);
    }
    return ok;
}

bool log_set_filter(const char *ranges, GError **errp)
{
    GArray *filter = NULL, *old;

    if (ranges) {
        char **texts = g_strsplit(ranges, ",", -1);
        LogRange none;
        bool ok = *texts || parse_range("", &none, errp);

        filter = g_array_new(false, false, sizeof(LogRange));
        for (char **text = texts; *text && ok; text++) {
            LogRange range;

            ok = parse_range(*text, &range, errp);
            if (ok) {
                g_array_append_val(filter, range);
            }
        }
        g_strfreev(texts);
        if (!ok) {
            g_array_unref(filter);
            return false;
        }
    }
    pthread_mutex_lock(&log_state.lock);
    old = log_state.filter;
    log_state.filter = filter;
    __atomic_store_n(&log_state.filtering, filter != NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&log_state.lock);
    if (old) {
        g_array_unref(old);
    }
    return true;
}

bool log_in_filter(uint64_t address)
{
    bool in = false;

    if (!__atomic_load_n(&log_state.filtering, __ATOMIC_RELAXED)) {
        return true;
    }
    pthread_mutex_lock(&log_state.lock);
    for (unsigned i = 0; log_state.filter && i < log_state.filter->len && !in; i++) {
        const LogRange *range = &g_array_index(log_state.filter, LogRange, i);

        in = address >= range->first && address <= range->last;
    }
    pthread_mutex_unlock(&log_state.lock);
    return in;
}

FILE *log_lock(void)
{
    if (!__atomic_load_n(&log_current_mask, __ATOMIC_RELAXED)) {
        return NULL;
    }
    pthread_mutex_lock(&log_state.lock);
    return log_state.file ? log_state.file : stderr;
}

void log_unlock(FILE *file)
{
    if (file) {
        pthread_mutex_unlock(&log_state.lock);
    }
}

void log_printf_always(const char *format, ...)
{
    FILE *file = log_lock();
    va_list args;

    if (!file) {
        return;
    }
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    log_unlock(file);
}

void log_flush(void)
{
    pthread_mutex_lock(&log_state.lock);
    if (log_state.file) {
        fflush(log_state.file);
    }
    pthread_mutex_unlock(&log_state.lock);
}

char *log_help(void)
{
    GString *out = g_string_new("Log items (comma separated):\n");

    for (const LogItem *item = log_items; item->name; item++) {
        g_string_append_printf(out, "%-15s %s\n", item->name, item->help);
    }
    g_string_append_printf(out, "%-15s %s\n", "all", "everything but nochain");
    return g_string_free(out, false);
}

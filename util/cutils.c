/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers, sizes and booleans from text, and small helpers.
 */
#include "util/cutils.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool parse_uint64(const char *text, unsigned base, uint64_t *value)
{
    char *end;

    if (!isxdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, &end, (int)base);
    return !errno && !*end;
}

bool parse_int64(const char *text, unsigned base, int64_t *value)
{
    char *end;

    if (!isxdigit((unsigned char)text[0]) &&
        !(text[0] == '-' && isxdigit((unsigned char)text[1]))) {
        return false;
    }
    errno = 0;
    *value = strtoll(text, &end, (int)base);
    return !errno && !*end;
}

/* Shift of a size suffix, -1 if it is none. */
static int suffix_shift(char suffix)
{
    const char *letters = "BKMGTPE";
    const char *at = suffix ? strchr(letters, toupper((unsigned char)suffix)) : NULL;

    return at ? (int)(at - letters) * 10 : -1;
}

bool parse_size(const char *text, char unit, uint64_t *value, const char **end)
{
    const char *p = text;
    unsigned __int128 whole = 0;
    uint64_t fraction = 0, scale = 1;
    int shift;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        if (!isxdigit((unsigned char)p[2])) {
            return false;
        }
        for (p += 2; isxdigit((unsigned char)*p); p++) {
            whole = whole * 16 + (unsigned)g_ascii_xdigit_value(*p);
            if (whole > UINT64_MAX) {
                return false;
            }
        }
    } else {
        if (!isdigit((unsigned char)*p)) {
            return false;
        }
        for (; isdigit((unsigned char)*p); p++) {
            whole = whole * 10 + (unsigned)(*p - '0');
            if (whole > UINT64_MAX) {
                return false;
            }
        }
        if (*p == '.') {
            for (p++; isdigit((unsigned char)*p); p++) {
                if (scale < 100000000000ull) {
                    fraction = fraction * 10 + (unsigned)(*p - '0');
                    scale *= 10;
                }
            }
        }
    }
    shift = suffix_shift(*p);
    if (shift >= 0) {
        p++;
    } else {
        shift = suffix_shift(unit);
        g_assert(shift >= 0);
    }
    /* A part of a byte is no size. */
    if (fraction && !shift) {
        return false;
    }
    whole = (whole << shift) + (((unsigned __int128)fraction << shift) / scale);
    if (whole > UINT64_MAX || (!end && *p)) {
        return false;
    }
    *value = (uint64_t)whole;
    if (end) {
        *end = p;
    }
    return true;
}

bool parse_bool(const char *text, bool *value)
{
    static const char *const words[2][4] = {{"off", "no", "false", "n"},
                                            {"on", "yes", "true", "y"}};

    for (int i = 0; i < 2; i++) {
        for (unsigned j = 0; j < 4; j++) {
            if (!g_ascii_strcasecmp(text, words[i][j])) {
                *value = i;
                return true;
            }
        }
    }
    return false;
}

char *size_to_string(uint64_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)size;
    unsigned i = 0;

    while (v >= 1000 && i < ARRAY_SIZE(units) - 1) {
        v /= 1024;
        i++;
    }
    return g_strdup_printf("%.3g %s", v, units[i]);
}

char *size_to_short_string(uint64_t size)
{
    static const char suffixes[] = "\0KMGTPE";
    unsigned i = 0;

    while (size && !(size & 1023) && i < 6) {
        size >>= 10;
        i++;
    }
    return i ? g_strdup_printf("%" G_GUINT64_FORMAT "%c", size, suffixes[i])
             : g_strdup_printf("%" G_GUINT64_FORMAT, size);
}

bool text_starts_with(const char *text, const char *prefix, const char **rest)
{
    size_t n = strlen(prefix);

    if (strncmp(text, prefix, n)) {
        return false;
    }
    if (rest) {
        *rest = text + n;
    }
    return true;
}

void pstrcpy(char *to, size_t size, const char *from)
{
    g_strlcpy(to, from, size);
}

bool buffer_is_zero(const void *buf, size_t size)
{
    typedef uint64_t Vector __attribute__((vector_size(16), aligned(1), may_alias));
    const uint8_t *p = buf;

    /* Most that is not zero shows it at once; the rest goes by eight vectors. */
    while (size >= 128) {
        const Vector *v = (const void *)p;
        Vector any = v[0] | v[1] | v[2] | v[3] | v[4] | v[5] | v[6] | v[7];

        if (any[0] | any[1]) {
            return false;
        }
        p += 128;
        size -= 128;
    }
    return !size || (p[0] == 0 && (size == 1 || !memcmp(p, p + 1, size - 1)));
}

void hexdump(GString *out, const void *buf, size_t size, uint64_t address)
{
    const uint8_t *p = buf;

    for (size_t i = 0; i < size; i += 16) {
        size_t n = MIN(size - i, 16);

        g_string_append_printf(out, "%016" G_GINT64_MODIFIER "x:", address + i);
        for (size_t j = 0; j < 16; j++) {
            if (j < n) {
                g_string_append_printf(out, " %02x", p[i + j]);
            } else {
                g_string_append(out, "   ");
            }
        }
        g_string_append(out, "  ");
        for (size_t j = 0; j < n; j++) {
            g_string_append_c(out, g_ascii_isprint(p[i + j]) ? (char)p[i + j] : '.');
        }
        g_string_append_c(out, '\n');
    }
}

int64_t read_full(int fd, void *buf, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, (char *)buf + done, size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (int64_t)done;
}

int64_t write_full(int fd, const void *buf, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, (const char *)buf + done, size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        done += (size_t)n;
    }
    return (int64_t)done;
}

void notifier_list_add(NotifierList *list, Notifier *notifier)
{
    g_queue_push_tail(&list->notifiers, notifier);
    notifier->link = list->notifiers.tail;
}

void notifier_list_remove(NotifierList *list, Notifier *notifier)
{
    if (notifier->link) {
        g_queue_delete_link(&list->notifiers, notifier->link);
        notifier->link = NULL;
    }
}

void notifier_list_notify(NotifierList *list, void *data)
{
    for (GList *link = list->notifiers.head, *next; link; link = next) {
        Notifier *notifier = link->data;

        next = link->next;
        notifier->notify(notifier, data);
    }
}

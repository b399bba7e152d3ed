/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers, sizes and booleans from text, all of it or an error; small string helpers.
 */
#ifndef UTIL_CUTILS_H
#define UTIL_CUTILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Whole text as a number, base 0 as strtoull; no leading sign for the unsigned ones. False: not
 * one. */
bool parse_uint64(const char *text, unsigned base, uint64_t *value);
bool parse_int64(const char *text, unsigned base, int64_t *value);
/*
 * A size: decimal (a fraction allowed with a suffix) or 0x..., suffix B K M G T P E in either case,
 * no suffix meaning `unit` ('B', 'M', ...).  *end (if end) points behind; without end the text must
 * end.
 */
bool parse_size(const char *text, char unit, uint64_t *value, const char **end);
/* on/yes/true/y, off/no/false/n. */
bool parse_bool(const char *text, bool *value);
/* "1 GiB", "64 KiB", "123 B": the largest unit that divides, or three digits. */
char *size_to_string(uint64_t size);
/* "1G", "64k" if exact, else the number of bytes. */
char *size_to_short_string(uint64_t size);
/* If text starts with prefix: true and *rest behind it. */
bool text_starts_with(const char *text, const char *prefix, const char **rest);
/* Copies with a final NUL, cut to size. */
void pstrcpy(char *to, size_t size, const char *from);
bool buffer_is_zero(const void *buf, size_t size);
/* Lines of 16 bytes, hexadecimal and text, appended. */
void hexdump(GString *out, const void *buf, size_t size, uint64_t address);

/* Reads or writes all of it at the descriptor, repeating after EINTR and short counts. -1 with
 * errno. */
int64_t read_full(int fd, void *buf, size_t size);
int64_t write_full(int fd, const void *buf, size_t size);

/* Callbacks called in the order they were added. Not thread safe by itself. */
typedef struct Notifier {
    void (*notify)(struct Notifier *notifier, void *data);
    GList *link; /* private */
} Notifier;
typedef struct NotifierList {
    GQueue notifiers;
} NotifierList;
#define NOTIFIER_LIST_INITIALIZER                                                                  \
    {                                                                                              \
        G_QUEUE_INIT                                                                               \
    }
void notifier_list_add(NotifierList *list, Notifier *notifier);
void notifier_list_remove(NotifierList *list, Notifier *notifier);
/* A notifier may remove itself. */
void notifier_list_notify(NotifierList *list, void *data);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: items chosen by -d, written to standard error or to the file of -D, limited by -dfilter
 * to guest address ranges.  One line (or one locked group of lines) is written whole, whatever
 * thread it comes from.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <glib.h>

/* Bits of the mask; log_items[] names them. */
enum {
    LOG_OUT_ASM = 1u << 0, /* host code of each translated block */
    LOG_IN_ASM = 1u << 1,  /* guest code of each translated block */
    LOG_IR = 1u << 2,      /* IR as built */
    LOG_IR_OPT = 1u << 3,  /* IR after the passes */
    LOG_INT = 1u << 4,     /* interrupts and exceptions */
    LOG_EXEC = 1u << 5,    /* each executed block */
    LOG_CPU = 1u << 6,     /* registers before each block */
    LOG_MMU = 1u << 7,
    LOG_UNIMP = 1u << 8,       /* something the guest may do and that is not modelled */
    LOG_GUEST_ERROR = 1u << 9, /* something the guest should not have done */
    LOG_NOCHAIN = 1u << 10,    /* not a log item: blocks are not chained (complete exec logs) */
    LOG_PAGE = 1u << 11,
    LOG_STRACE = 1u << 12, /* hypercalls and RTAS calls */
    LOG_RESET = 1u << 13,
    LOG_PCALL = 1u << 14,
    LOG_IRQ = 1u << 15,    /* interrupt lines and controllers */
    LOG_DEVICE = 1u << 16, /* accesses to device registers */
    LOG_TRACE = 1u << 17,
};
#define LOG_GUEST_ERRORS LOG_GUEST_ERROR

typedef struct LogItem {
    uint32_t mask;
    const char *name;
    const char *help;
} LogItem;
extern const LogItem log_items[]; /* ended by a row without name */

/* The mask now in force. Written by log_set_mask() only; read anywhere. */
extern uint32_t log_current_mask;

static inline bool log_enabled(uint32_t mask)
{
    return G_UNLIKELY(__atomic_load_n(&log_current_mask, __ATOMIC_RELAXED) & mask);
}

void log_printf_always(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Writes if an item of mask is on. */
#define log_mask(mask, ...)                                                                        \
    do {                                                                                           \
        if (log_enabled(mask)) {                                                                   \
            log_printf_always(__VA_ARGS__);                                                        \
        }                                                                                          \
    } while (0)
/* Writes if an item of mask is on and address passes the filter. */
#define log_mask_address(mask, address, ...)                                                       \
    do {                                                                                           \
        if (log_enabled(mask) && log_in_filter(address)) {                                         \
            log_printf_always(__VA_ARGS__);                                                        \
        }                                                                                          \
    } while (0)

/* Comma-separated items of -d ("in_asm,int", "all", "none") as a mask; an unknown item is an error
 * that names the nearest. */
bool log_parse_items(const char *items, uint32_t *mask, GError **errp);
void log_set_mask(uint32_t mask);
/* -D: NULL for standard error; one %d stands for the process number. */
bool log_set_file(const char *name, GError **errp);
/* -dfilter: comma-separated START+LENGTH, START-LENGTH (downwards from START) or START..END; NULL:
 * all. */
bool log_set_filter(const char *ranges, GError **errp);
bool log_in_filter(uint64_t address);

/* Holds the log for several writes that belong together; NULL when nobody would read them. Pairs
 * with log_unlock(), which takes NULL too. */
FILE *log_lock(void);
void log_unlock(FILE *file);
void log_flush(void);
/* The text of -d help. */
char *log_help(void);

#endif

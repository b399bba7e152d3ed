/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest for migration tests: writes to memory at a given rate, and knows what must be there.
 *
 * A line "MIB RATE" on the console sets the working set and how many MiB of pages a second are
 * written (0: as fast as it goes).  Every page of the set holds the number of the pass that wrote
 * it last, at two places; each visit looks at both.  "pass N" is printed after each pass, at most a
 * few times a second, "BAD ..." if a page or the time base is wrong.
 */
#include "bare.h"

#define H_GET_TERM_CHAR 0x54
#define FIRST_VTY       0x71000000
#define SET_START       (64ul << 20)
#define PAGE            4096ul
#define TB_HZ           512000000ul
#define SLICE           256ul   /* pages between two looks at the clock */

static char line[32];
static unsigned line_length;
static uint64_t pages = 512, rate = 16;

static uint64_t time_base(void)
{
    uint64_t value;
    __asm__ volatile("mfspr %0, 268" : "=r"(value));
    return value;
}

static uint64_t stamp(uint64_t page, uint64_t pass)
{
    return (page * 0x9e3779b97f4a7c15ul) ^ (pass * 0xff51afd7ed558ccdul);
}

static volatile uint64_t *at(uint64_t page, unsigned which)
{
    uint64_t offset = which ? 8 + (page * 40) % (PAGE - 16) / 8 * 8 : 0;
    return (volatile uint64_t *)(SET_START + page * PAGE + offset);
}

/* What nobody would compress to nothing. */
static void fill(uint64_t from, uint64_t to, uint64_t pass)
{
    uint64_t random = 88172645463325252ul + from;

    for (uint64_t p = from; p < to; p++) {
        volatile uint64_t *word = (volatile uint64_t *)(SET_START + p * PAGE);
        for (unsigned i = 0; i < PAGE / 8; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            word[i] = random;
        }
        *at(p, 0) = stamp(p, pass);
        *at(p, 1) = ~stamp(p, pass);
    }
}

static bool number(const char **p, uint64_t *value)
{
    *value = 0;
    while (**p == ' ') {
        ++*p;
    }
    const char *start = *p;
    while (**p >= '0' && **p <= '9') {
        *value = *value * 10 + (uint64_t)(*(*p)++ - '0');
    }
    return *p != start;
}

/* True when a line has set something new. */
static bool read_console(uint64_t *mib)
{
    const long arguments[8] = { FIRST_VTY };
    long results[8];

    if (bare_hcall(H_GET_TERM_CHAR, arguments, results)) {
        return false;
    }
    for (long i = 0; i < results[0] && i < 16; i++) {
        char c = (char)((unsigned long)results[1 + i / 8] >> (56 - 8 * (i % 8)));
        if (c == '\n' || c == '\r') {
            const char *p = line;
            line[line_length] = 0;
            line_length = 0;
            if (number(&p, mib) && *mib && number(&p, &rate)) {
                return true;
            }
        } else if (line_length < sizeof(line) - 1) {
            line[line_length++] = c;
        }
    }
    return false;
}

static void bad(const char *what, uint64_t page, uint64_t value, uint64_t pass)
{
    bare_puts("BAD ");
    bare_puts(what);
    bare_puts(" page ");
    bare_put_decimal(page);
    bare_puts(" holds ");
    bare_put_hex(value);
    bare_puts(" in pass ");
    bare_put_decimal(pass);
    bare_puts("\n");
}

void bare_test(const void *device_tree)
{
    uint64_t pass = 1, page = 0, mib, before = time_base(), said = 0, started = before, done = 0;

    bare_puts("DIRTIER\n");
    fill(0, pages, 0);
    for (;;) {
        uint64_t now = time_base();
        if (now < before) {
            bad("time", 0, now, pass);
        }
        /* After a standstill there is nothing to catch up with. */
        if (now - before > TB_HZ / 10) {
            started = now;
            done = 0;
        }
        before = now;
        if (read_console(&mib)) {
            pages = mib << 20 >> 12;
            fill(0, pages, pass - 1);
            page = 0;
            before = started = time_base();
            done = 0;
            bare_puts("SET\n");
            continue;
        }
        if (rate && done * PAGE >= (now - started) / 1000 * (rate << 20) / (TB_HZ / 1000)) {
            continue;
        }
        for (uint64_t n = 0; n < SLICE && page < pages; n++, page++, done++) {
            uint64_t was = stamp(page, pass - 1), a = *at(page, 0), b = *at(page, 1);
            if (a != was || b != ~was) {
                bad("memory", page, a != was ? a : b, pass);
            }
            *at(page, 0) = stamp(page, pass);
            *at(page, 1) = ~stamp(page, pass);
        }
        if (page >= pages) {
            page = 0;
            if (now - said > TB_HZ / 8) {
                said = now;
                bare_puts("pass ");
                bare_put_decimal(pass);
                bare_puts("\n");
            }
            pass++;
        }
    }
}

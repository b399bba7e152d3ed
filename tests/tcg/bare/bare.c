/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runtime of bare-metal test programs: console through H_PUT_TERM_CHAR (PAPR 16.1), TAP,
 * memcpy. */
#include "bare.h"

#include <stddef.h>

#define H_PUT_TERM_CHAR 0x58
#define FIRST_VTY 0x71000000
#define H_BUSY 1

volatile BareInterrupt bare_interrupt;
uint64_t bare_entry_msr;
static unsigned cases;

void bare_main(const void *device_tree);
void bare_unexpected(void);

/* The compiler calls these for large copies. */
void *memcpy(void *to, const void *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        ((volatile char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        ((volatile char *)to)[i] = value;
    }
    return to;
}

static void put(const char *text, long length)
{
    while (length > 0) {
        long count = length < 16 ? length : 16, results[8];
        /* Two registers carry up to 16 characters, the first in the highest byte. */
        unsigned long high = 0, low = 0;
        for (long i = 0; i < count; i++) {
            unsigned long c = (unsigned char)text[i];
            if (i < 8) {
                high |= c << (56 - 8 * i);
            } else {
                low |= c << (56 - 8 * (i - 8));
            }
        }
        const long arguments[8] = { FIRST_VTY, count, high, low };
        if (bare_hcall(H_PUT_TERM_CHAR, arguments, results) != H_BUSY) {
            text += count;
            length -= count;
        }
    }
}

void bare_puts(const char *text)
{
    long length = 0;
    while (text[length]) {
        length++;
    }
    put(text, length);
}

void bare_put_hex(uint64_t value)
{
    char digits[17] = "0000000000000000";
    for (int i = 15; i >= 0; i--, value >>= 4) {
        digits[i] = "0123456789abcdef"[value & 15];
    }
    put(digits, 16);
}

void bare_put_decimal(uint64_t value)
{
    char digits[20];
    int at = sizeof digits;
    do {
        digits[--at] = '0' + value % 10;
        value /= 10;
    } while (value);
    put(digits + at, sizeof digits - at);
}

void bare_ok(bool good, const char *name)
{
    bare_puts(good ? "ok " : "not ok ");
    bare_put_decimal(++cases);
    bare_puts(" - ");
    bare_puts(name);
    bare_puts("\n");
}

void bare_note(const char *what, uint64_t value)
{
    bare_puts("# ");
    bare_puts(what);
    bare_puts(" ");
    bare_put_hex(value);
    bare_puts("\n");
}

void bare_arm(void)
{
    bare_interrupt.vector = 0;
    bare_interrupt.count = 0;
    bare_interrupt.resume = 0;
    bare_interrupt.srr1_clear = 0;
    bare_interrupt.expect = 1;
}

bool bare_took(uint64_t vector)
{
    bare_interrupt.expect = 0;
    return bare_interrupt.count == 1 && bare_interrupt.vector == vector;
}

uint32_t bare_be32(const void *at)
{
    const unsigned char *p = at;
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

uint64_t bare_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * 0x2545f4914f6cdd1dull;
}

static void finish(void)
{
    bare_puts("1..");
    bare_put_decimal(cases);
    bare_puts("\nBARE-END\n");
    for (;;) {
        __asm__ volatile("or 31, 31, 31");
    }
}

void bare_unexpected(void)
{
    bare_ok(false, "no unexpected interrupt");
    bare_note("vector", bare_interrupt.vector);
    bare_note("srr0", bare_interrupt.srr0);
    bare_note("srr1", bare_interrupt.srr1);
    bare_note("dar", bare_interrupt.dar);
    bare_note("dsisr", bare_interrupt.dsisr);
    finish();
}

void bare_main(const void *device_tree)
{
    bare_test(device_tree);
    finish();
}

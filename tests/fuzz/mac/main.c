/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hostile Mac guest: a program without an operating system that goes on for ever, doing to one
 * kind of device (or all) what no driver does.  The command line (-append, found through fw_cfg)
 * is "SUBJECT SEED"; how often the machine has been reset changes the seed too.  What it does is
 * described by a record in memory, which mac.py reads: is it alive, what was the last access, are
 * the guards whole.
 *
 * With an even seed no descriptor that it makes points at the guards, so their bytes must stay.
 * Where BARs are put on one another this cannot be promised: one device gets what is another's.
 */
#include "guest.h"

#define FW_CFG_SELECT       0xf0000510u
#define FW_CFG_DATA         0xf0000512u
#define FW_CFG_COMMAND_LINE 0x0009u

extern const char vector_skip[], vector_skip_end[], vector_quiet[], vector_quiet_end[],
    vector_return[], vector_return_end[];
void guest_main(uint32_t client);

Guest guest;

typedef struct Subject {
    const char *name;
    void (*episode)(void);
} Subject;

static const Subject subjects[] = {
    {"dbdma", fuzz_dbdma}, {"ide", fuzz_ide},   {"ohci", fuzz_ohci},         {"gem", fuzz_gem},
    {"nic", fuzz_nic},     {"via", fuzz_via},   {"pic", fuzz_pic},           {"vga", fuzz_vga},
    {"pci", fuzz_pci},     {"misc", fuzz_misc}, {"firmware", fuzz_firmware},
};
enum { N_SUBJECTS = sizeof(subjects) / sizeof(*subjects), ALL = N_SUBJECTS };

static void copy_vector(uint32_t at, const char *from, const char *end)
{
    fill(at, from, (uint32_t)(end - from));
    for (uint32_t line = at & ~31u; line < at + 64; line += 32) {
        __asm__ volatile("dcbst 0,%0; sync; icbi 0,%0" : : "r"(line) : "memory");
    }
    __asm__ volatile("sync; isync" : : : "memory");
}

static void set_vectors(void)
{
    for (uint32_t at = 0x100; at < 0x2000; at += 0x100) {
        if (at == 0x500 || at == 0x900) {
            copy_vector(at, vector_quiet, vector_quiet_end);
        } else if (at == 0x400 || at == 0x700) {
            copy_vector(at, vector_return, vector_return_end);
        } else {
            copy_vector(at, vector_skip, vector_skip_end);
        }
    }
}

static void set_interrupts(bool on)
{
    uint32_t msr;

    __asm__ volatile("mfmsr %0" : "=r"(msr));
    msr = (msr & ~0x8000u) | (on ? 0x8000u : 0);
    __asm__ volatile("mtmsr %0; isync" : : "r"(msr) : "memory");
}

/* ---- Guards ---- */

static uint32_t guard_word(uint32_t address)
{
    return address * 2654435761u ^ 0x5aa5c33cu;
}

static void set_guards(void)
{
    for (uint32_t i = 0; i < GUARD_SIZE; i += 4) {
        *(volatile uint32_t *)(GUARD_LOW + i) = guard_word(GUARD_LOW + i);
        *(volatile uint32_t *)(GUARD_HIGH + i) = guard_word(GUARD_HIGH + i);
    }
}

static void check_guard(uint32_t base)
{
    for (uint32_t i = 0; i < GUARD_SIZE; i += 4) {
        if (*(volatile uint32_t *)(base + i) != guard_word(base + i)) {
            if (!record->guards_broken++) {
                record->broken_at = base + i;
            }
            set_guards();
            return;
        }
    }
}

/* ---- Start ---- */

static uint32_t command_line(void)
{
    uint32_t at = 0;

    out16(FW_CFG_SELECT, FW_CFG_COMMAND_LINE);
    for (unsigned i = 0; i < 4; i++) {
        at |= (uint32_t)in8(FW_CFG_DATA) << (8 * i);
    }
    return at;
}

/* Which subject, and the seed. */
static unsigned parse(const char *text, uint32_t *seed)
{
    unsigned subject = ALL;

    for (unsigned i = 0; i < N_SUBJECTS; i++) {
        const char *name = subjects[i].name, *at = text;

        while (*name && *name == *at) {
            name++;
            at++;
        }
        if (!*name && (*at == ' ' || !*at)) {
            subject = i;
        }
    }
    while (*text && *text != ' ') {
        text++;
    }
    while (*text == ' ') {
        text++;
    }
    for (*seed = 0; *text >= '0' && *text <= '9'; text++) {
        *seed = *seed * 10 + (uint32_t)(*text - '0');
    }
    return subject;
}

void seed_random(uint32_t seed);
void pci_scan(void);

void guest_main(uint32_t client)
{
    uint32_t seed, at = command_line();
    unsigned subject = parse(at ? (const char *)at : "", &seed);

    set_vectors();
    if (record->magic != RECORD_MAGIC) {
        for (unsigned i = 0; i < sizeof(Record); i += 4) {
            put_be32(RECORD_AT + i, 0);
        }
        record->magic = RECORD_MAGIC;
    }
    record->starts++;
    guest.client = client;
    guest.strict = !(seed & 1) && subject != ALL && subjects[subject].episode != fuzz_pci;
    record->strict = guest.strict;
    record->seed = seed = seed * 1000 + record->starts;
    record->subject = subject;
    record->skipped = 0;
    seed_random(seed);
    pci_scan();
    record->n_devices = guest.n_functions;
    set_guards();
    for (;;) {
        unsigned which = subject == ALL ? below(N_SUBJECTS) : subject;

        set_vectors();
        set_interrupts(one_in(2));
        record->runs[which]++;
        record->episodes++;
        subjects[which].episode();
        if (one_in(8)) {
            pci_disturb(NULL);
        }
        if (one_in(4)) {
            pci_restore();
        }
        if (guest.strict && one_in(16)) {
            check_guard(GUARD_LOW);
            check_guard(GUARD_HIGH);
            record->guards_checked++;
        }
    }
}

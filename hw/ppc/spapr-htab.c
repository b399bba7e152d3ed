/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash page table in the stream: the iterative section "spapr/htab"
 * (docs/devel/stream-format.md).
 *
 * What the destination has is remembered entry by entry in a copy, zeros at first; every round
 * sends where table and copy differ.  So guests pay nothing for the tracking, and the last round,
 * with the guest stopped, costs one comparison of both.  A guest that gets another table meanwhile
 * (resizing, a change of translation mode) starts again with the new one's size.
 */
#include <string.h>
#include "spapr-internal.h"
#include "migration/vmstate.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"

#define ENTRY_SIZE 16u
#define MIN_SHIFT 18u
#define RUN_LIMIT 0xffffu
#define NO_TABLE UINT32_MAX
#define V_VALID_BE GUINT64_TO_BE((uint64_t)1)
/* Entries looked at between two questions whether enough was written. */
#define BATCH 65536u

typedef struct HtabSaver {
    SpaprMachine *spapr;
    /* The table being sent, what the destination has of it, and how far this round is. */
    uint64_t *table, *copy;
    uint32_t shift;
    uint64_t at;
} HtabSaver;

static uint64_t n_entries(const HtabSaver *saver)
{
    return saver->table ? 1ull << (saver->shift - 4) : 0;
}

static void forget(HtabSaver *saver)
{
    g_clear_pointer(&saver->copy, g_free);
    saver->table = NULL;
    saver->shift = 0;
    saver->at = 0;
}

static bool table_changed(const HtabSaver *saver)
{
    return saver->table != saver->spapr->htab ||
           saver->shift != (saver->table ? saver->spapr->htab_shift : 0);
}

/* Begins with the present table; writes its size. */
static bool begin(HtabSaver *saver, StateStream *s, GError **errp)
{
    SpaprMachine *spapr = saver->spapr;

    forget(saver);
    if (!spapr->htab) {
        state_put_be32(s, NO_TABLE);
        return true;
    }
    saver->copy = g_try_malloc0(1ull << spapr->htab_shift);
    if (!saver->copy) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "no memory for a copy of the hash page table (2^%u bytes)", spapr->htab_shift);
        return false;
    }
    saver->table = spapr->htab;
    saver->shift = spapr->htab_shift;
    state_put_be32(s, saver->shift);
    return true;
}

/* Takes entry i over into the copy; whether the destination has to hear of it. */
static bool take(HtabSaver *saver, uint64_t i, bool *valid)
{
    uint64_t v = __atomic_load_n(&saver->table[i * 2], __ATOMIC_ACQUIRE);
    uint64_t r = __atomic_load_n(&saver->table[i * 2 + 1], __ATOMIC_ACQUIRE);
    uint64_t *copy = &saver->copy[i * 2];
    bool was_valid = copy[0] & V_VALID_BE;

    *valid = v & V_VALID_BE;
    if (!*valid) {
        v = r = 0;
    }
    if (copy[0] == v && copy[1] == r) {
        return false;
    }
    copy[0] = v;
    copy[1] = r;
    return *valid || was_valid;
}

/* One run from i: valid entries and then invalid ones; returns the first entry behind it. */
static uint64_t put_run(HtabSaver *saver, StateStream *s, uint64_t i, bool valid, uint64_t end)
{
    uint64_t first = i, n_valid = valid, n_invalid = !valid;
    bool more = true;

    for (i++; more && i < end && i - first < RUN_LIMIT; i++) {
        bool now;

        /* An entry that need not be sent ends the run; one that would turn the order round too. */
        if (!valid) {
            more = !(__atomic_load_n(&saver->table[i * 2], __ATOMIC_ACQUIRE) & V_VALID_BE);
        }
        if (!more || !take(saver, i, &now)) {
            break;
        }
        valid = now;
        n_valid += now;
        n_invalid += !now;
    }
    state_put_be32(s, (uint32_t)first);
    state_put_be16(s, (uint16_t)n_valid);
    state_put_be16(s, (uint16_t)n_invalid);
    state_put_buffer(s, &saver->copy[first * 2], n_valid * ENTRY_SIZE);
    return i;
}

static void put_end(StateStream *s)
{
    state_put_be32(s, 0);
    state_put_be32(s, 0);
}

static void put_range(HtabSaver *saver, StateStream *s, uint64_t from, uint64_t to)
{
    while (from < to) {
        bool valid;

        from = take(saver, from, &valid) ? put_run(saver, s, from, valid, to) : from + 1;
    }
}

static bool htab_save_setup(StateStream *s, void *opaque, GError **errp)
{
    return begin(opaque, s, errp);
}

static uint64_t htab_save_pending(void *opaque, bool exact)
{
    const HtabSaver *saver = opaque;

    /* What this round has not seen; changes since are few and come with the last one. */
    return (n_entries(saver) - saver->at) * ENTRY_SIZE;
}

static int htab_save_iterate(StateStream *s, void *opaque, bool (*limit)(void *limit_opaque),
                             void *limit_opaque, GError **errp)
{
    HtabSaver *saver = opaque;
    /* The guest's hypercalls replace and free its table with this lock held. */
    bool taken = device_lock_acquire();
    int result = 0;

    if (table_changed(saver)) {
        result = begin(saver, s, errp) ? saver->table == NULL : -1;
        device_lock_restore(taken);
        return result;
    }
    if (!saver->table) {
        device_lock_restore(taken);
        state_put_be32(s, NO_TABLE);
        return 1;
    }
    state_put_be32(s, 0);
    while (!table_changed(saver) && !result) {
        uint64_t n = n_entries(saver), to = MIN(n, saver->at + BATCH);

        put_range(saver, s, saver->at, to);
        saver->at = to;
        result = to == n;
        /* Between batches the guest may have its turn. */
        device_lock_restore(taken);
        if (!result && limit && limit(limit_opaque)) {
            put_end(s);
            return 0;
        }
        taken = device_lock_acquire();
    }
    device_lock_restore(taken);
    put_end(s);
    return result;
}

static bool htab_save_complete(StateStream *s, void *opaque, GError **errp)
{
    HtabSaver *saver = opaque;

    if (table_changed(saver)) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "the guest changed its hash page table at the last moment; try again");
        return false;
    }
    if (!saver->table) {
        state_put_be32(s, NO_TABLE);
        return true;
    }
    state_put_be32(s, 0);
    put_range(saver, s, 0, n_entries(saver));
    put_end(s);
    return true;
}

static void htab_save_cleanup(void *opaque)
{
    forget(opaque);
}

/* ---- Loading ---- */

static bool check_size(const SpaprMachine *spapr, uint32_t shift, GError **errp)
{
    /* Guests may have asked for a larger table than their memory needs, by resizing. */
    uint32_t most = spapr_htab_shift_for_ram(spapr->parent.maxram_size) + 2;

    if (shift && (shift < MIN_SHIFT || shift > most)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "a hash page table of 2^%u bytes (2^%u to 2^%u)",
                  shift, MIN_SHIFT, most);
        return false;
    }
    return true;
}

static bool load_size(SpaprMachine *spapr, uint32_t shift, GError **errp)
{
    bool locked = device_lock_held(), good;

    if (!check_size(spapr, shift, errp)) {
        return false;
    }
    if (!locked) {
        device_lock();
    }
    good = spapr_htab_allocate(spapr, shift, errp);
    if (!locked) {
        device_unlock();
    }
    return good;
}

static bool htab_check(StateStream *s, void *opaque, int version_id, GError **errp)
{
    uint32_t shift = state_get_be32(s);

    return !state_stream_check(s, errp) &&
           check_size(((HtabSaver *)opaque)->spapr, shift == NO_TABLE ? 0 : shift, errp);
}

static bool htab_load(StateStream *s, void *opaque, int version_id, GError **errp)
{
    SpaprMachine *spapr = ((HtabSaver *)opaque)->spapr;
    uint32_t header = state_get_be32(s);

    if (state_stream_check(s, errp)) {
        return false;
    }
    if (header) {
        return load_size(spapr, header == NO_TABLE ? 0 : header, errp);
    }
    for (;;) {
        uint32_t first = state_get_be32(s);
        uint16_t n_valid = state_get_be16(s), n_invalid = state_get_be16(s);

        if (state_stream_check(s, errp)) {
            return false;
        }
        if (!first && !n_valid && !n_invalid) {
            return true;
        }
        if (!spapr->htab ||
            (uint64_t)first + n_valid + n_invalid > 1ull << (spapr->htab_shift - 4)) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "hash page table entries %u to %u are outside",
                      first, first + n_valid + n_invalid);
            return false;
        }
        if (!state_get_buffer(s, &spapr->htab[first * 2ull], (size_t)n_valid * ENTRY_SIZE)) {
            state_stream_check(s, errp);
            return false;
        }
        memset(&spapr->htab[(first + (uint64_t)n_valid) * 2], 0, (size_t)n_invalid * ENTRY_SIZE);
    }
}

static const StateHandlers htab_handlers = {
    .save_setup = htab_save_setup,
    .save_pending = htab_save_pending,
    .save_iterate = htab_save_iterate,
    .save_complete = htab_save_complete,
    .save_cleanup = htab_save_cleanup,
    .check = htab_check,
    .load = htab_load,
};

bool spapr_htab_register(SpaprMachine *spapr, GError **errp)
{
    HtabSaver *saver = g_new0(HtabSaver, 1);

    saver->spapr = spapr;
    return state_registry_add_handlers(runtime_state_registry(), "spapr/htab", 0, 1, &htab_handlers,
                                       saver, errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Auto-converge: when the guest writes memory faster than it is sent, it gets less time, in steps.
 *
 * Looked at whenever written pages have been collected, at most once a second.  Twice in a row more
 * than throttle-trigger-threshold percent of what was sent meanwhile: one step.
 */
#include "migration-internal.h"

#define PERIOD_US 1000000

static unsigned next_percent(unsigned now, uint64_t sent, uint64_t dirtied)
{
    unsigned most = (unsigned)migration_parameter_get(MIGRATION_PARAMETER_MAX_CPU_THROTTLE);
    unsigned step = (unsigned)migration_parameter_get(MIGRATION_PARAMETER_CPU_THROTTLE_INCREMENT);

    if (!now) {
        return MIN((unsigned)migration_parameter_get(MIGRATION_PARAMETER_CPU_THROTTLE_INITIAL),
                   most);
    }
    if (migration_parameter_get(MIGRATION_PARAMETER_CPU_THROTTLE_TAILSLOW) && dirtied) {
        /* As small a step as would do: the share of time in which the guest writes what can be
         * sent. */
        uint64_t share = sent * (100 - now) / dirtied;
        unsigned wanted = share >= 100 ? 0 : (unsigned)(100 - share);
        step = MIN(step, MAX(wanted > now ? wanted - now : 0, 1u));
    }
    return MIN(now + step, most);
}

void migration_converge(Migration *m, uint64_t sent, int64_t now)
{
    OutgoingMigration *out = &m->out;
    Convergence *c = &out->convergence;
    RAMStats stats;

    if (!m->capabilities[MIGRATION_CAPABILITY_AUTO_CONVERGE]) {
        return;
    }
    ram_state_stats(m->ram, &stats);
    if (!c->since) {
        *c = (Convergence){.since = now, .sent = sent, .dirtied = stats.dirtied};
    }
    if (now - c->since < PERIOD_US) {
        return;
    }
    uint64_t dirtied = (stats.dirtied - c->dirtied) * RAM_PAGE_SIZE, went = sent - c->sent;
    uint64_t threshold = migration_parameter_get(MIGRATION_PARAMETER_THROTTLE_TRIGGER_THRESHOLD);
    if (dirtied > went / 100 * threshold) {
        if (++c->high >= 2) {
            c->high = 0;
            unsigned percent = next_percent(out->throttle, went, dirtied);
            __atomic_store_n(&out->throttle, percent, __ATOMIC_RELAXED);
            vm_throttle(percent);
        }
    }
    c->since = now;
    c->sent = sent;
    c->dirtied = stats.dirtied;
}

void migration_converge_end(Migration *m)
{
    if (m->out.throttle) {
        __atomic_store_n(&m->out.throttle, 0, __ATOMIC_RELAXED);
        vm_throttle(0);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges of guest addresses that requests hold while they work outside the image's lock. Whoever
 * comes later waits for those before it that overlap, unless both only use the map and do not
 * change it.
 */
#include "qcow2.h"

static bool must_wait(Qcow2State *s, const Qcow2Range *range)
{
    for (GList *link = s->ranges.head; link && link->data != range; link = link->next) {
        const Qcow2Range *other = link->data;

        if (other->start < range->end && range->start < other->end &&
            (other->exclusive || range->exclusive)) {
            return true;
        }
    }
    return false;
}

bool qcow2_range_begin(Qcow2State *s, Qcow2Range *range, uint64_t start, uint64_t end,
                       bool exclusive)
{
    bool waited = false;

    *range =
        (Qcow2Range){.start = start, .end = end, .exclusive = exclusive, .link = {.data = range}};
    g_queue_push_tail_link(&s->ranges, &range->link);
    while (must_wait(s, range)) {
        waited = true;
        cond_wait(&s->cond, &s->lock);
    }
    return waited;
}

void qcow2_range_end(Qcow2State *s, Qcow2Range *range)
{
    g_queue_unlink(&s->ranges, &range->link);
    if (s->ranges.length) {
        cond_broadcast(&s->cond);
    }
}

int qcow2_exclusive_begin(Qcow2State *s, Qcow2Range *range)
{
    int ret;

    qcow2_range_begin(s, range, 0, UINT64_MAX, true);
    ret = s->broken ? -EIO : 0;
    if (ret == 0 && (s->node->flags & (BLOCK_OPEN_RDWR | BLOCK_OPEN_INACTIVE)) == BLOCK_OPEN_RDWR) {
        ret = qcow2_flush_metadata(s);
    }
    if (ret < 0) {
        qcow2_range_end(s, range);
    }
    return ret;
}

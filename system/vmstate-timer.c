/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers on the wire.
 */
#include "system/vmstate-timer.h"

static bool get_timer(StateStream *s, void *pv, size_t size, const VMStateField *field,
                      GError **errp)
{
    Timer *t = pv;
    uint64_t deadline = state_get_be64(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    /* A deadline beyond the clock's range counts as "not armed", as all ones do. */
    if (deadline > INT64_MAX) {
        timer_del(t);
    } else {
        timer_mod_ns(t, (int64_t)deadline);
    }
    return true;
}

static bool put_timer(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                      GError **errp)
{
    state_put_be64(s, (uint64_t)timer_expire_time_ns(pv));
    return true;
}

const VMStateInfo vmstate_info_timer = {"timer", get_timer, put_timer};

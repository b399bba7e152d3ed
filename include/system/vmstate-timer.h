/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSTATE macros for timers and the clock: a deadline travels as 64-bit ns on its clock, all ones
 * for "not armed"; loading arms or deletes.
 */
#ifndef SYSTEM_VMSTATE_TIMER_H
#define SYSTEM_VMSTATE_TIMER_H

#include "migration/vmstate.h"
#include "util/timer.h"

extern const VMStateInfo vmstate_info_timer;

/* Member: Timer *. */
#define VMSTATE_TIMER_PTR_TEST(f, s, test)                                                         \
    VMSTATE_POINTER_TEST(f, s, test, 0, vmstate_info_timer, Timer *)
#define VMSTATE_TIMER_PTR_V(f, s, ver) VMSTATE_POINTER(f, s, ver, vmstate_info_timer, Timer *)
#define VMSTATE_TIMER_PTR(f, s)        VMSTATE_TIMER_PTR_V(f, s, 0)
#define VMSTATE_TIMER_PTR_ARRAY(f, s, n)                                                           \
    VMSTATE_ARRAY_OF_POINTER(f, s, n, 0, vmstate_info_timer, Timer *)
/* Member: Timer. */
#define VMSTATE_TIMER_TEST(f, s, test) VMSTATE_SINGLE_TEST(f, s, test, 0, vmstate_info_timer, Timer)
#define VMSTATE_TIMER_V(f, s, ver)     VMSTATE_SINGLE(f, s, ver, vmstate_info_timer, Timer)
#define VMSTATE_TIMER(f, s)            VMSTATE_TIMER_V(f, s, 0)
#define VMSTATE_TIMER_ARRAY(f, s, n)   VMSTATE_ARRAY(f, s, n, 0, vmstate_info_timer, Timer)

#endif

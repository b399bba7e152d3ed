/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the section "timer" of a stream tells besides the virtual clock's time.
 */
#ifndef SYSTEM_VMSTATE_CLOCK_H
#define SYSTEM_VMSTATE_CLOCK_H

#include <stdint.h>

/* Frequency of host_ticks() as measured since the process began; 0 at its very beginning. */
uint64_t host_ticks_per_second(void);
/* The same of the source's host, from the section loaded last; 0 if it does not tell. */
uint64_t loaded_ticks_per_second(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime: what a process with one machine has once.  Clocks, device lock, main loop, run
 * state, memory bookkeeping, reset tree and the registry of state sections hang from it.
 *
 * This is the one writable global of the device side (tests/structure/globals-allowed.txt): a
 * process has exactly one machine, and lock and clock calls with a machine argument would reach
 * every line of every device.  runtime_init() is called once by app (or a unit test) before
 * anything else here.
 */
#ifndef SYSTEM_RUNTIME_H
#define SYSTEM_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>
#include "migration/vmstate.h"
#include "migration/wire.h"
#include "util/clock.h"

typedef struct Runtime Runtime;

/* Makes the runtime; the calling thread becomes the main thread and holds the device lock. */
void runtime_init(void);
/* Takes it down again (unit tests; the process at its end). Device lock held, no vCPU threads left.
 */
void runtime_cleanup(void);
bool runtime_exists(void);
bool runtime_is_main_thread(void);

/* The machine's clocks. */
Clock *clock_virtual(void);
Clock *clock_realtime(void);
Clock *clock_host(void);
/* Guest time in ns. Any thread, no lock. */
static inline int64_t virtual_now(void)
{
    return clock_get_ns(clock_virtual());
}

/* Sections of the machine's state. Device lock. */
StateRegistry *runtime_state_registry(void);
/* Shorthands on that registry; dev_id as in state_registry_add(). */
bool vmstate_register(const char *dev_id, uint32_t instance_id, const VMStateDescription *vmsd,
                      void *opaque, GError **errp);
void vmstate_unregister(const VMStateDescription *vmsd, void *opaque);
/* The dialect in which state is being saved. */
VMStateWire vmstate_wire(void);
/* In needed() of subsections and sections that no QEMU knows. */
bool vmstate_wire_is_own(void);

#endif

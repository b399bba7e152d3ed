/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Power Mac for tests: access through the processor's addresses, time, state. The processor never
 * runs. */
#ifndef TEST_MAC_BENCH_H
#define TEST_MAC_BENCH_H

#include "chardev/chardev-private.h"
#include "hw/core/device.h"
#include "migration/vmstate.h"

/* Makes the machine, after runtime_init(); properties as with -M NAME,..., or NULL. */
void mac_start(const char *name, const char *properties, Chardev *console, bool ppc64);
/* Before that: the program is a kernel instead of the firmware, and there is a display. */
void mac_with_kernel(const char *command_line);
void mac_stop(void);
uint64_t mac_load(hwaddr addr, unsigned size);
void mac_store(hwaddr addr, uint64_t value, unsigned size);
uint32_t mac_load_le(hwaddr addr);
void mac_store_le(hwaddr addr, uint32_t value);
/* Moves the virtual clock, and serves its timers. */
void mac_pass(int64_t ns);
bool mac_cpu_interrupted(void);
/* The first device of that class. */
DeviceState *mac_find(const char *class_name);
/* Saves and loads it as it is, cut, and with changed bits. */
void mac_check_state(const char *class_name);
/* The bytes of such a file. */
GBytes *mac_read_golden(const char *name);
/* Loads and saves the sections of a file of make-golden-mac.py: the same bytes. owner: whose the
 * nth section is; NULL passes over it. */
typedef void *MacOwner(const char *name, unsigned n, const VMStateDescription **vmsd);
void mac_check_golden(const char *file, const char *dialect, unsigned expected, MacOwner *owner);

#endif

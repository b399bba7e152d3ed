/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest real memory as firmware sees it: big-endian, at addresses that a guest gave and that nobody
 * trusts.
 */
#ifndef HW_PPC_GUEST_MEMORY_H
#define HW_PPC_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* True if [address, address + size) is guest RAM. */
bool guest_is_ram(uint64_t address, uint64_t size);
/* Loads of unassigned addresses give 0 (logged as a guest error); stores are dropped. */
uint32_t guest_ldl(uint64_t address);
void guest_stl(uint64_t address, uint32_t value);
/* All of it, or nothing: false (logged) unless the whole range is RAM; what is read is zeros then.
 */
bool guest_read(uint64_t address, void *buf, uint64_t size);
bool guest_write(uint64_t address, const void *buf, uint64_t size);
/* A NUL-terminated string of at most `limit` bytes without the NUL; NULL if longer or not RAM.
 * g_malloc. */
char *guest_read_string(uint64_t address, unsigned limit);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest real memory for firmware: hypercalls, RTAS, the client interface. */
#include "guest-memory.h"
#include <inttypes.h>
#include <string.h>
#include "system/memory.h"
#include "util/log.h"

bool guest_is_ram(uint64_t address, uint64_t size)
{
    return size && address + size > address &&
           address_space_is_ram(address_space_memory(), address, size);
}

uint32_t guest_ldl(uint64_t address)
{
    return address_space_ldl_be(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, NULL);
}

void guest_stl(uint64_t address, uint32_t value)
{
    address_space_stl_be(address_space_memory(), address, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static bool check_ram(uint64_t address, uint64_t size)
{
    bool ok = guest_is_ram(address, size);

    if (!ok) {
        log_mask(LOG_GUEST_ERROR, "firmware: 0x%" PRIx64 "+0x%" PRIx64 " is not memory\n", address,
                 size);
    }
    return ok;
}

bool guest_read(uint64_t address, void *buf, uint64_t size)
{
    if (!check_ram(address, size)) {
        memset(buf, 0, size);
        return false;
    }
    return address_space_read(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, buf, size) ==
           MEMTX_OK;
}

bool guest_write(uint64_t address, const void *buf, uint64_t size)
{
    return check_ram(address, size) &&
           address_space_write(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, buf,
                               size) == MEMTX_OK;
}

char *guest_read_string(uint64_t address, unsigned limit)
{
    g_autofree char *text = g_malloc(limit + 1);

    for (unsigned i = 0; i <= limit; i++) {
        if (!guest_is_ram(address + i, 1)) {
            return NULL;
        }
        address_space_read(address_space_memory(), address + i, MEMTXATTRS_UNSPECIFIED, &text[i],
                           1);
        if (!text[i]) {
            return g_steal_pointer(&text);
        }
    }
    return NULL;
}

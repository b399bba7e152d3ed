/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block of guest RAM as this library sees it.
 */
#ifndef MIGRATION_RAM_REGION_H
#define MIGRATION_RAM_REGION_H

#include <stdbool.h>
#include <stdint.h>

#define RAM_PAGE_BITS 12
#define RAM_PAGE_SIZE ((uint64_t)1 << RAM_PAGE_BITS)

typedef struct RAMRegion {
    const char *name;      /* in streams: "ppc_spapr.ram" */
    uint8_t *host;
    uint64_t used_length;
    uint64_t page_size;    /* of the host memory */
    bool shared;           /* others may have it mapped */
    void *handle;          /* the machine's */
} RAMRegion;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of the guest's memory that this process handles itself, by Linux' userfaultfd(2): whoever
 * touches such a page sleeps until it has been seen to.
 */
#ifndef MIGRATION_USERFAULT_H
#define MIGRATION_USERFAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/ram-region.h"

typedef enum UserfaultKind {
    USERFAULT_MISSING,          /* the page is not there */
    USERFAULT_WRITE,            /* it is write-protected, there or not (Linux 6.4) */
} UserfaultKind;

typedef struct Userfault Userfault;

/* Whether the host can; errp says what is in the way. */
bool userfault_is_supported(UserfaultKind kind, GError **errp);
/* No thread yet. NULL with errp. */
Userfault *userfault_new(UserfaultKind kind, GError **errp);
/* Faults of the region come here from now on. */
bool userfault_register(Userfault *u, const RAMRegion *region, GError **errp);
/* Starts the thread that calls `fault` with each page touched; false ends it. */
bool userfault_start(Userfault *u, const char *name, bool (*fault)(void *opaque, uint8_t *page),
                     void *opaque, GError **errp);
/* For requests of ioctl(2). */
int userfault_fd(const Userfault *u);
/* Ends the thread and wakes whoever still sleeps. NULL is fine. */
void userfault_free(Userfault *u);

#endif

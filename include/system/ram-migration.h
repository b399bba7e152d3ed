/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's RAM as the migration library sees it.
 */
#ifndef SYSTEM_RAM_MIGRATION_H
#define SYSTEM_RAM_MIGRATION_H

#include "migration/ram.h"

/* On the runtime's RAM blocks; its opaque is NULL. */
extern const RAMOps system_ram_ops;

#endif

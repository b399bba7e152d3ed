/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reset in phases over a tree: first every node enters (internal state only, no effects outside),
 * then every node holds (lines are driven to their reset level), then every node exits; children
 * before their parent in each phase.  Device lock held, vCPUs stopped or resetting only themselves.
 */
#ifndef SYSTEM_RESET_H
#define SYSTEM_RESET_H

#include <stdbool.h>
#include <glib.h>

typedef enum ResetType {
    RESET_TYPE_COLD, /* power-on and system_reset */
    RESET_TYPE_WARM,
    RESET_TYPE_SNAPSHOT_LOAD, /* before a snapshot is loaded */
} ResetType;

typedef struct ResetPhases {
    void (*enter)(void *obj, ResetType type);
    void (*hold)(void *obj, ResetType type);
    void (*exit)(void *obj, ResetType type);
} ResetPhases;

typedef struct ResetNode {
    const ResetPhases *phases;
    void *opaque;
    struct ResetNode *parent;
    GPtrArray *children;
    unsigned in_reset; /* how many resets hold it */
} ResetNode;

void reset_node_init(ResetNode *node, const ResetPhases *phases, void *opaque);
/* Detaches from its parent, gives its children to nobody. */
void reset_node_destroy(ResetNode *node);
void reset_node_attach(ResetNode *parent, ResetNode *node);
void reset_node_detach(ResetNode *node);
/* The machine's root. */
ResetNode *reset_root(void);
/* enter, hold, exit over the node and all below. */
void reset_node_reset(ResetNode *node, ResetType type);
/* enter and hold; released (exit) later. */
void reset_node_assert(ResetNode *node, ResetType type);
void reset_node_release(ResetNode *node, ResetType type);
bool reset_node_is_in_reset(const ResetNode *node);

/* A function called in the hold phase, in the order of registration, after the tree's devices. */
void reset_register(void (*fn)(void *opaque), void *opaque);
void reset_unregister(void (*fn)(void *opaque), void *opaque);
/* The tree from its root and the registered functions; the machine's own reset is system_reset().
 */
void reset_run_all(ResetType type);

#endif

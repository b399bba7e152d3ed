/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Phased reset over a tree of nodes, and plain reset functions.
 */
#include "system/reset.h"

#include "internal.h"

typedef struct ResetFunction {
    void (*fn)(void *opaque);
    void *opaque;
} ResetFunction;

void reset_node_init(ResetNode *node, const ResetPhases *phases, void *opaque)
{
    *node = (ResetNode){.phases = phases, .opaque = opaque};
}

void reset_node_detach(ResetNode *node)
{
    if (node->parent) {
        g_ptr_array_remove(node->parent->children, node);
        node->parent = NULL;
    }
}

void reset_node_destroy(ResetNode *node)
{
    reset_node_detach(node);
    for (unsigned i = 0; node->children && i < node->children->len; i++) {
        ((ResetNode *)g_ptr_array_index(node->children, i))->parent = NULL;
    }
    g_clear_pointer(&node->children, g_ptr_array_unref);
}

void reset_node_attach(ResetNode *parent, ResetNode *node)
{
    reset_node_detach(node);
    node->parent = parent;
    if (!parent->children) {
        parent->children = g_ptr_array_new();
    }
    g_ptr_array_add(parent->children, node);
}

ResetNode *reset_root(void)
{
    return &the_runtime->reset_root;
}

typedef enum Phase { PHASE_ENTER, PHASE_HOLD, PHASE_EXIT } Phase;

static void run_phase(ResetNode *node, ResetType type, Phase phase)
{
    const ResetPhases *phases = node->phases;
    void (*fn)(void *obj, ResetType type) = NULL;

    if (phase == PHASE_ENTER) {
        node->in_reset++;
    }
    for (unsigned i = 0; node->children && i < node->children->len; i++) {
        run_phase(g_ptr_array_index(node->children, i), type, phase);
    }
    if (phases) {
        fn = phase == PHASE_ENTER  ? phases->enter
             : phase == PHASE_HOLD ? phases->hold
                                   : phases->exit;
    }
    if (phase == PHASE_EXIT) {
        g_assert(node->in_reset);
        node->in_reset--;
    }
    /* Held by an outer reset still: its exit comes with that one's. */
    if (fn && (phase != PHASE_EXIT || !node->in_reset)) {
        fn(node->opaque, type);
    }
}

void reset_node_assert(ResetNode *node, ResetType type)
{
    run_phase(node, type, PHASE_ENTER);
    run_phase(node, type, PHASE_HOLD);
}

void reset_node_release(ResetNode *node, ResetType type)
{
    run_phase(node, type, PHASE_EXIT);
}

void reset_node_reset(ResetNode *node, ResetType type)
{
    reset_node_assert(node, type);
    reset_node_release(node, type);
}

bool reset_node_is_in_reset(const ResetNode *node)
{
    return node->in_reset;
}

void reset_register(void (*fn)(void *opaque), void *opaque)
{
    ResetFunction function = {fn, opaque};

    if (!the_runtime->reset_functions) {
        the_runtime->reset_functions = g_array_new(false, false, sizeof(ResetFunction));
    }
    g_array_append_val(the_runtime->reset_functions, function);
}

void reset_unregister(void (*fn)(void *opaque), void *opaque)
{
    GArray *functions = the_runtime->reset_functions;

    for (unsigned i = 0; functions && i < functions->len; i++) {
        const ResetFunction *function = &g_array_index(functions, ResetFunction, i);

        if (function->fn == fn && function->opaque == opaque) {
            g_array_remove_index(functions, i);
            return;
        }
    }
}

void reset_run_all(ResetType type)
{
    GArray *functions = the_runtime->reset_functions;

    reset_node_assert(reset_root(), type);
    for (unsigned i = 0; functions && i < functions->len; i++) {
        const ResetFunction *function = &g_array_index(functions, ResetFunction, i);

        function->fn(function->opaque);
    }
    reset_node_release(reset_root(), type);
}

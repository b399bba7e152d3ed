/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dead code: one walk backwards marks what effects, exits and their snapshots need; one walk
 * forwards moves the survivors together.  Also tells values needed by hot code (IRI_USE) from
 * values that only a snapshot mentions (IRI_SNAP_USE).
 */
#include "ir-private.h"

void ir_block_remap(IRBlock *block, const IRRef *map, uint32_t old_n)
{
    /* insns were remapped while they moved; here is what refers to them from outside. */
    IRSnapEntry *entries = (IRSnapEntry *)(void *)block->snap_entries->data;
    IRCallSite *calls = (IRCallSite *)(void *)block->calls->data;
    IRGuestInsn *guest = (IRGuestInsn *)(void *)block->guest_insns->data;

    for (guint i = 0; i < block->snap_entries->len; i++) {
        entries[i].ref = map[entries[i].ref];
    }
    for (guint i = 0; i < block->calls->len; i++) {
        for (unsigned k = 0; k < calls[i].n_args; k++) {
            calls[i].args[k] = map[calls[i].args[k]];
        }
    }
    /* An instruction whose first op vanished starts at the next op that is left. */
    for (guint i = 0; i < block->guest_insns->len; i++) {
        uint32_t r = guest[i].first;

        while (r < old_n && map[r] == IR_NONE) {
            r++;
        }
        guest[i].first = r < old_n ? map[r] : block->n_insns;
    }
}

static bool ir_is_root(const IRBlock *block, const IRInsn *in)
{
    unsigned flags = ir_op_info[in->op].flags;

    if (in->op == IR_CALL) {
        return !(g_array_index(block->calls, IRCallSite, in->imm).helper->flags & IRH_PURE);
    }
    return flags & (IRF_STICKY | IRF_STORE | IRF_EXIT | IRF_END | IRF_EFFECT);
}

void ir_pass_dce(IRBlock *block)
{
    IRInsn *insns = block->insns;
    const IRSnapshot *snaps = (const IRSnapshot *)(const void *)block->snapshots->data;
    const IRSnapEntry *entries = (const IRSnapEntry *)(const void *)block->snap_entries->data;
    const IRCallSite *calls = (const IRCallSite *)(const void *)block->calls->data;
    uint32_t n = block->n_insns, last_snap = 0, out = 1;
    IRRef *map = block->map;

    for (uint32_t i = 1; i < n; i++) {
        insns[i].flags = 0;
    }
    for (uint32_t i = n; --i > 0;) {
        IRInsn *in = &insns[i];

        if (in->op == IR_NOP || (!in->flags && !ir_is_root(block, in))) {
            in->op = IR_NOP;
            continue;
        }
        /* Operands of a value that only snapshots want are wanted only by them, too. */
        uint16_t use = in->flags == IRI_SNAP_USE && !ir_is_root(block, in) &&
                       ir_op_info[in->op].flags & IRF_PURE ? IRI_SNAP_USE : IRI_USE;

        insns[in->a].flags |= use;
        insns[in->b].flags |= use;
        insns[in->c].flags |= use;
        if (in->op == IR_CALL) {
            const IRCallSite *site = &calls[in->imm];

            for (unsigned k = 0; k < site->n_args; k++) {
                insns[site->args[k]].flags |= IRI_USE;
            }
        }
        if (in->snap && in->snap != last_snap) {
            const IRSnapshot *snap = &snaps[in->snap - 1];

            last_snap = in->snap;
            for (uint32_t k = 0; k < snap->count; k++) {
                insns[entries[snap->first + k].ref].flags |= IRI_SNAP_USE;
            }
        }
    }
    map[0] = 0;
    for (uint32_t i = 1; i < n; i++) {
        IRInsn in = insns[i];

        if (in.op == IR_NOP) {
            map[i] = IR_NONE;
            continue;
        }
        in.a = map[in.a];
        in.b = map[in.b];
        in.c = map[in.c];
        map[i] = out;
        insns[out++] = in;
    }
    insns[0] = (IRInsn){ 0 };
    block->n_insns = out;
    ir_block_remap(block, map, n);
}

void ir_optimize(IRBlock *block, bool no_group)
{
    if (!no_group) {
        ir_pass_group_addresses(block);
    }
    ir_pass_dce(block);
}

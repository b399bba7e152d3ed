/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address grouping: runs of accesses off one base share a single TLB look-up.
 *
 * A group is two or more QLD/QST with the same root base and MMU index, whose span is small and
 * between whose first and last member nothing can change translation.  HOSTADDR goes in front of
 * the first member, with that member's snapshot; it proves the whole span mapped or leaves for a
 * block made without groups, before anything of the group has happened.  The members become ULD/UST
 * and cannot fault any more.
 *
 * A write look-up may set the page's change bit and make it dirty, which must not happen for a
 * store that is never reached.  So a store joins a group that began with a load only while no op in
 * between could have left the block; a group that begins with a store has touched the page for
 * writing anyway.
 *
 * Leaving through HOSTADDR repeats the guest instruction, so a group may not begin after another
 * memory access, call or env write of the same guest instruction.
 *
 * Left alone: aligned (MO_ALIGN), MO_ATOMIC and 128-bit accesses, and bases that are constants.
 */
#include "ir-private.h"

#define GROUPS_OPEN 8
#define GROUP_SPAN_MAX 1024
#define GROUPS_MAX 512

typedef struct IRGroup {
    int64_t lo, hi;       /* relative to root */
    IRRef root;
    IRRef first;          /* first member */
    uint16_t members;
    uint8_t mmu_idx;
    bool writes;
    bool exit_seen;       /* a foreign op that may leave the block came after the first member */
} IRGroup;

typedef struct IRGrouping {
    IRGroup groups[GROUPS_MAX];
    unsigned n_groups;
    uint16_t open[GROUPS_OPEN];
    unsigned n_open;
} IRGrouping;

static bool ir_is_groupable(const IRInsn *in)
{
    return (in->op == IR_QLD || in->op == IR_QST) && !(in->aux & (MO_ALIGN | MO_ATOMIC)) &&
           (in->aux & MO_SIZE) <= MO_64;
}

/* Follows sums with constants; disp becomes relative to the root. */
static IRRef ir_root_base(const IRBlock *block, IRRef base, int64_t *disp)
{
    for (;;) {
        const IRInsn *in = &block->insns[base];

        if (in->op != IR_ADD || block->insns[in->b].op != IR_KI64) {
            return in->op == IR_KI64 ? IR_NONE : base;
        }
        int64_t sum;

        if (__builtin_add_overflow(*disp, block->insns[in->b].imm, &sum) ||
            sum > INT32_MAX / 2 || sum < INT32_MIN / 2) {
            return base;
        }
        *disp = sum;
        base = in->a;
    }
}

/* Group id + 1 of the access, or 0. */
static unsigned ir_group_join(IRGrouping *g, const IRInsn *in, IRRef ref, IRRef root, int64_t disp,
                              bool may_begin)
{
    int64_t lo = disp, hi = disp + ((int64_t)1 << (in->aux & MO_SIZE));
    bool store = in->op == IR_QST;

    for (unsigned i = 0; i < g->n_open; i++) {
        IRGroup *group = &g->groups[g->open[i]];

        if (group->root != root || group->mmu_idx != MO_MMUIDX(in->aux)) {
            continue;
        }
        if (MAX(hi, group->hi) - MIN(lo, group->lo) <= GROUP_SPAN_MAX &&
            !(store && !group->writes && group->exit_seen)) {
            group->lo = MIN(lo, group->lo);
            group->hi = MAX(hi, group->hi);
            group->members++;
            group->writes |= store;
            return g->open[i] + 1u;
        }
        g->open[i] = g->open[--g->n_open];      /* a new group of this root takes over */
        break;
    }
    if (!may_begin || g->n_groups == GROUPS_MAX) {
        return 0;
    }
    if (g->n_open == GROUPS_OPEN) {             /* forget the oldest */
        memmove(g->open, g->open + 1, sizeof(g->open[0]) * (GROUPS_OPEN - 1));
        g->n_open--;
    }
    g->groups[g->n_groups] = (IRGroup){
        .lo = lo, .hi = hi, .root = root, .first = ref, .members = 1,
        .mmu_idx = MO_MMUIDX(in->aux), .writes = store,
    };
    g->open[g->n_open++] = g->n_groups++;
    return g->n_groups;
}

/* Marks members with their group id + 1 in aux2. Returns whether any group has two members. */
static bool ir_group_find(IRBlock *block, IRGrouping *g)
{
    const IRGuestInsn *guest = (const IRGuestInsn *)(const void *)block->guest_insns->data;
    const IRGuestInsn *guest_end = guest + block->guest_insns->len;
    bool found = false, acted = false;   /* acted: the guest instruction has had an effect */

    g->n_groups = g->n_open = 0;
    for (uint32_t i = 1; i < block->n_insns; i++) {
        IRInsn *in = &block->insns[i];
        unsigned id = 0, flags = ir_op_info[in->op].flags;

        for (; guest < guest_end && guest->first <= i; guest++) {
            acted = false;
        }
        if (in->op == IR_CALL) {
            const IRHelper *helper = g_array_index(block->calls, IRCallSite, in->imm).helper;

            if (!(helper->flags & (IRH_PURE | IRH_KEEPS_TLB))) {
                g->n_open = 0;
            }
        }
        if (ir_is_groupable(in)) {
            int64_t disp = in->imm;
            IRRef root = ir_root_base(block, in->a, &disp);

            if (root != IR_NONE) {
                id = ir_group_join(g, in, i, root, disp, !acted);
                if (id) {
                    found |= g->groups[id - 1].members > 1;
                    in->aux2 = id;
                }
            }
        }
        acted |= (flags & (IRF_LOAD | IRF_STORE | IRF_CALL)) || in->op == IR_STENV;
        if (in->snap) {
            for (unsigned k = 0; k < g->n_open; k++) {
                g->groups[g->open[k]].exit_seen |= g->open[k] + 1u != id;
            }
        }
    }
    return found;
}

void ir_pass_group_addresses(IRBlock *block)
{
    IRGrouping grouping;
    IRRef *map = block->map;
    IRInsn *from = block->insns, *to = block->spare;
    IRRef addend[GROUPS_MAX];
    uint32_t n = block->n_insns, out = 1;

    if (!ir_group_find(block, &grouping)) {
        for (uint32_t i = 1; i < n; i++) {
            from[i].aux2 = 0;
        }
        return;
    }
    map[0] = 0;
    to[0] = (IRInsn){ 0 };
    for (uint32_t i = 1; i < n; i++) {
        IRInsn in = from[i];
        const IRGroup *group = in.aux2 && ir_is_groupable(&in)
                               ? &grouping.groups[in.aux2 - 1] : NULL;
        unsigned id = in.aux2;

        in.aux2 = group ? 0 : in.aux2;
        map[i] = out;
        if (group && group->members > 1 && n + grouping.n_groups < IR_MAX_INSNS) {
            int64_t disp = in.imm;
            IRRef root = ir_root_base(block, in.a, &disp);

            if (group->first == i) {
                to[out] = (IRInsn){
                    .op = IR_HOSTADDR, .type = IR_I64, .a = map[root], .snap = in.snap,
                    .imm = IR_SPAN(group->lo, group->hi),
                    .aux = (uint32_t)group->mmu_idx << MO_RESERVED_IDX_SHIFT |
                           (group->writes ? IRSPAN_WRITE : 0),
                };
                addend[id - 1] = out++;
                map[i] = out;
            }
            to[out++] = (IRInsn){
                .op = in.op == IR_QLD ? IR_ULD : IR_UST, .type = in.type, .a = map[root],
                .b = map[in.b], .c = addend[id - 1], .imm = disp, .aux = in.aux,
            };
            continue;
        }
        in.a = map[in.a];
        in.b = map[in.b];
        in.c = map[in.c];
        to[out++] = in;
    }
    block->insns = to;
    block->spare = from;
    block->n_insns = out;
    ir_block_remap(block, map, n);
}

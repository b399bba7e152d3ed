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
 * The root is what is left of an address without the constants that were added to it.  Constant
 * addresses that lie near each other are one root.  Where addresses are sums modulo 2^32 the sums
 * are followed through 32-bit additions: a sum that wraps gives HOSTADDR an address beyond 32 bits,
 * for which no TLB has an entry.
 *
 * Left alone: aligned (MO_ALIGN), MO_ATOMIC and 128-bit accesses.
 */
#include "ir-private.h"
#include "tcg/tcg-cpu.h"

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

static bool ir_add_disp(int64_t *disp, int64_t k)
{
    int64_t sum;

    if (__builtin_add_overflow(*disp, k, &sum) || sum > INT32_MAX / 2 || sum < INT32_MIN / 2) {
        return false;
    }
    *disp = sum;
    return true;
}

/* EXTU(TRUNC(x) + constants) is x and a displacement, modulo 2^32. */
static IRRef ir_root_base32(const IRBlock *block, IRRef base, int64_t *disp)
{
    IRRef word = block->insns[base].a;
    int64_t sum = *disp;

    for (;;) {
        const IRInsn *in = &block->insns[word];

        if (in->op == IR_TRUNC) {
            *disp = sum;
            return in->a;
        }
        if (in->op != IR_ADD || block->insns[in->b].op != IR_KI32 ||
            !ir_add_disp(&sum, (int32_t)block->insns[in->b].imm)) {
            return base;
        }
        word = in->a;
    }
}

/* Follows sums with constants; disp becomes relative to the root. */
static IRRef ir_root_base(const IRBlock *block, IRRef base, int64_t *disp)
{
    for (;;) {
        const IRInsn *in = &block->insns[base];

        if (in->op == IR_EXTU && block->target->address32) {
            IRRef root = ir_root_base32(block, base, disp);

            if (root == base) {
                return base;
            }
            base = root;
        } else if (in->op == IR_ADD && block->insns[in->b].op == IR_KI64 &&
                   ir_add_disp(disp, block->insns[in->b].imm)) {
            base = in->a;
        } else {
            return base;
        }
    }
}

/* True if an address at disp from base can be told from group_root; disp becomes that distance. */
static bool ir_same_root(const IRBlock *block, IRRef group_root, IRRef base, int64_t *disp)
{
    const IRInsn *root = &block->insns[group_root], *in = &block->insns[base];
    int64_t distance;

    return group_root == base ||
           (root->op == IR_KI64 && in->op == IR_KI64 &&
            !__builtin_sub_overflow(in->imm, root->imm, &distance) && ir_add_disp(disp, distance));
}

static bool ir_crosses_page(int64_t base, int64_t lo, int64_t hi)
{
    return (((uint64_t)base + (uint64_t)lo) ^ ((uint64_t)base + (uint64_t)(hi - 1))) &
           TCG_PAGE_MASK;
}

/* Group id + 1 of the access, or 0. */
static unsigned ir_group_join(const IRBlock *block, IRGrouping *g, const IRInsn *in, IRRef ref,
                              bool may_begin)
{
    int64_t disp = in->imm, size = (int64_t)1 << (in->aux & MO_SIZE);
    IRRef root = ir_root_base(block, in->a, &disp);
    bool store = in->op == IR_QST, is_const = block->insns[root].op == IR_KI64;

    for (unsigned i = 0; i < g->n_open; i++) {
        IRGroup *group = &g->groups[g->open[i]];
        int64_t lo = disp, hi;

        if (group->mmu_idx != MO_MMUIDX(in->aux) || !ir_same_root(block, group->root, root, &lo)) {
            continue;
        }
        hi = MAX(lo + size, group->hi);
        lo = MIN(lo, group->lo);
        if (hi - lo <= GROUP_SPAN_MAX && !(store && !group->writes && group->exit_seen) &&
            !(is_const && ir_crosses_page(block->insns[group->root].imm, lo, hi))) {
            group->lo = lo;
            group->hi = hi;
            group->members++;
            group->writes |= store;
            return g->open[i] + 1u;
        }
        if (is_const) {
            continue;                           /* another page, maybe one with a group */
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
        .lo = disp, .hi = disp + size, .root = root, .first = ref, .members = 1,
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
            id = ir_group_join(block, g, in, i, !acted);
            if (id) {
                found |= g->groups[id - 1].members > 1;
                in->aux2 = id;
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
            IRRef root = group->root;

            (void)ir_same_root(block, root, ir_root_base(block, in.a, &disp), &disp);
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

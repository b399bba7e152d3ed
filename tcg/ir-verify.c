/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier: every rule of the op table and of ir.h's contract that can be checked on a block.
 * Run under a debug option after the builder and after each pass.
 */
#include <inttypes.h>
#include "ir-private.h"
#include "util/error.h"

static bool G_GNUC_PRINTF(4, 5)
fail(GError **errp, const IRBlock *block, uint32_t at, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_autofree char *text = g_strdup_vprintf(format, ap);

    va_end(ap);
    g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED,
                "block 0x%" PRIx64 ", op %u (%s): %s", block->pc, at,
                at < block->n_insns && block->insns[at].op < IR_OP_COUNT
                ? ir_op_info[block->insns[at].op].mnemonic : "?", text);
    return false;
}

static bool verify_operand(const IRBlock *block, uint32_t at, IRRef ref, unsigned want, IRType own,
                           char name, GError **errp)
{
    if (want == IRT_NONE) {
        return ref == IR_NONE || fail(errp, block, at, "has a needless operand %c", name);
    }
    if (ref == IR_NONE || ref >= at) {
        return fail(errp, block, at, "operand %c (%%%u) is not defined before", name, ref);
    }
    IRType got = (IRType)block->insns[ref].type;

    if (ir_op_info[block->insns[ref].op].result == IRT_NONE || got == IR_VOID) {
        return fail(errp, block, at, "operand %c (%%%u) is no value", name, ref);
    }
    if (want == IRT_SAME) {
        want = own;
    }
    if (want != IRT_ANY && want != got) {
        return fail(errp, block, at, "operand %c is %s, not %s", name, ir_type_names[got],
                    ir_type_names[want]);
    }
    return true;
}

static bool verify_snapshot(const IRBlock *block, uint32_t at, GError **errp)
{
    const IRInsn *in = &block->insns[at];
    bool needs = ir_op_info[in->op].flags & IRF_EXIT;

    if (in->op == IR_CALL) {
        needs = g_array_index(block->calls, IRCallSite, in->imm).helper->flags & IRH_RAISES;
    }
    if (needs != (in->snap != 0)) {
        return fail(errp, block, at, needs ? "lacks a snapshot" : "has a needless snapshot");
    }
    if (!in->snap) {
        return true;
    }
    if (in->snap > block->snapshots->len) {
        return fail(errp, block, at, "snapshot %u does not exist", in->snap);
    }
    const IRSnapshot *snap = &g_array_index(block->snapshots, IRSnapshot, in->snap - 1);

    if ((uint64_t)snap->first + snap->count > block->snap_entries->len) {
        return fail(errp, block, at, "snapshot %u runs past the entries", in->snap);
    }
    for (uint32_t i = 0; i < snap->count; i++) {
        const IRSnapEntry *e = &g_array_index(block->snap_entries, IRSnapEntry, snap->first + i);

        if (e->slot >= block->target->n_slots || e->ref == IR_NONE || e->ref >= at ||
            block->insns[e->ref].type != block->target->slots[e->slot].type) {
            return fail(errp, block, at, "snapshot entry %u (slot %u, %%%u) is bad", i, e->slot,
                        e->ref);
        }
    }
    return true;
}

static bool verify_immediate(const IRBlock *block, uint32_t at, GError **errp)
{
    const IRInsn *in = &block->insns[at];
    const IRTargetDesc *target = block->target;
    unsigned width = in->type == IR_I32 ? 32 : 64, size = in->aux & MO_SIZE;

    switch ((IRImmKind)ir_op_info[in->op].imm_kind) {
    case IRK_POOL:
        return (in->imm >= 0 && in->imm < block->v128_pool->len) ||
               fail(errp, block, at, "bad pool index");
    case IRK_SLOT:
        if (in->imm < 0 || in->imm >= target->n_slots) {
            return fail(errp, block, at, "bad slot %" PRId64, in->imm);
        }
        return (in->op == IR_GETHI ? target->slots[in->imm].type == IR_V128
                                   : target->slots[in->imm].type == in->type) ||
               fail(errp, block, at, "slot %s has another type", target->slots[in->imm].name);
    case IRK_ENVOFF:
        return (in->imm >= 0 && in->imm + (in->aux & 31) <= target->env_size) ||
               fail(errp, block, at, "env offset out of range");
    case IRK_FIELD:
        return (in->imm >= 0 && in->aux > 0 && in->imm + in->aux <= width) ||
               fail(errp, block, at, "field [%" PRId64 " +%u] does not fit", in->imm, in->aux);
    case IRK_TYPE:
    case IRK_CRKIND:
        return in->aux == IR_I32 || in->aux == IR_I64 || fail(errp, block, at, "bad operand type");
    case IRK_COND:
        return ((uint64_t)in->imm <= IRC_TSTNZ && (in->aux == IR_I32 || in->aux == IR_I64)) ||
               fail(errp, block, at, "bad condition");
    case IRK_MEM:
        if (in->imm != (int32_t)in->imm || size > MO_128 ||
            (size == MO_128) != (in->type == IR_V128)) {
            return fail(errp, block, at, "bad displacement or size");
        }
        return true;
    case IRK_SPAN:
        return IR_SPAN_LO(in->imm) < IR_SPAN_HI(in->imm) || fail(errp, block, at, "empty span");
    case IRK_LANE:
    case IRK_LANEIDX:
        return (uint64_t)in->imm <= 4 || fail(errp, block, at, "bad lane size");
    case IRK_CALL:
        return (in->imm >= 0 && in->imm < block->calls->len) ||
               fail(errp, block, at, "bad call index");
    case IRK_EXIT:
    case IRK_EXITC:
        return (in->imm >= 0 && in->imm < block->exits->len) ||
               fail(errp, block, at, "bad exit index");
    default:
        return true;
    }
}

static bool verify_call(const IRBlock *block, uint32_t at, GError **errp)
{
    static const uint8_t types[] = {
        [IRA_I32] = IR_I32, [IRA_I64] = IR_I64, [IRA_F64] = IR_F64, [IRA_V128] = IR_V128,
    };
    const IRCallSite *site = &g_array_index(block->calls, IRCallSite, block->insns[at].imm);
    unsigned n = 0;

    for (unsigned i = 0; i <= IR_MAX_ARGS && site->helper->args[i] != IRA_NONE; i++) {
        if (site->helper->args[i] == IRA_ENV) {
            continue;
        }
        if (n >= site->n_args ||
            !verify_operand(block, at, site->args[n], types[site->helper->args[i]], IR_VOID,
                            '0' + n, errp)) {
            return errp && *errp ? false : fail(errp, block, at, "too few arguments");
        }
        n++;
    }
    return n == site->n_args || fail(errp, block, at, "too many arguments");
}

static bool verify_op(const IRBlock *block, uint32_t at, GError **errp)
{
    const IRInsn *in = &block->insns[at];

    if (in->op >= IR_OP_COUNT) {
        return fail(errp, block, at, "no such op");
    }
    const IROpInfo *info = &ir_op_info[in->op];
    IRType own = ir_operand_type(info, in);

    if (info->result == IRT_SAME && info->imm_kind != IRK_TYPE && in->type != IR_I32 &&
        in->type != IR_I64) {
        return fail(errp, block, at, "type %u is no integer", in->type);
    }
    if (info->result < IRT_SAME && info->result != IRT_NONE && info->result != in->type) {
        return fail(errp, block, at, "result type %u is not the row's", in->type);
    }
    if (info->imm_kind == IRK_EXITC) {
        own = (IRType)(in->aux >> 8);
        if (block->insns[in->a].type != own || block->insns[in->b].type != own) {
            return fail(errp, block, at, "operands are not %s", ir_type_names[own & 7]);
        }
    }
    if (!verify_operand(block, at, in->a, info->a, own, 'a', errp) ||
        !verify_operand(block, at, in->b, info->b, own, 'b', errp) ||
        !verify_operand(block, at, in->c, info->c, own, 'c', errp) ||
        !verify_immediate(block, at, errp)) {
        return false;
    }
    if ((in->op == IR_PUT || in->op == IR_QST || in->op == IR_UST || in->op == IR_STENV) &&
        block->insns[in->op == IR_PUT || in->op == IR_STENV ? in->a : in->b].type != in->type) {
        return fail(errp, block, at, "stored value is not of the op's type");
    }
    if ((in->op == IR_ULD || in->op == IR_UST) && block->insns[in->c].op != IR_HOSTADDR) {
        return fail(errp, block, at, "addend is no HOSTADDR");
    }
    if (in->op == IR_CALL && !verify_call(block, at, errp)) {
        return false;
    }
    return verify_snapshot(block, at, errp);
}

bool ir_verify(const IRBlock *block, GError **errp)
{
    if (block->n_insns < 2) {
        return fail(errp, block, 0, "empty block");
    }
    for (uint32_t i = 1; i < block->n_insns; i++) {
        if (block->insns[i].op == IR_NOP) {
            continue;
        }
        if (!verify_op(block, i, errp)) {
            return false;
        }
        if (i == block->n_insns - 1 && !(ir_op_info[block->insns[i].op].flags & IRF_END)) {
            return fail(errp, block, i, "the block does not end");
        }
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IR as text, for -d ir and for test failures:
 *
 *   ---- 0x10010c: 38630001
 *     %3 = add.i64 %1, %2
 *     qst.i64 %1+8, %3 [64 be]  <0x10010c r3=%3>
 */
#include <inttypes.h>
#include "ir-private.h"

static void dump_operand(GString *s, const IRBlock *block, IRRef ref, const char *separator)
{
    const IRInsn *in;

    if (ref == IR_NONE) {
        return;
    }
    in = &block->insns[ref];
    if (in->op == IR_KI32 || in->op == IR_KI64) {
        int64_t v = in->op == IR_KI32 ? (int32_t)in->imm : in->imm;

        g_string_append_printf(s, v > -4096 && v < 4096 ? "%s#%" PRId64 : "%s#0x%" PRIx64,
                               separator, v > -4096 && v < 4096 ? v : in->imm);
    } else {
        g_string_append_printf(s, "%s%%%u", separator, ref);
    }
}

static void dump_memory_op(GString *s, uint32_t aux)
{
    g_string_append_printf(s, " [%s%u%s%s%s mmu%u]", aux & MO_SIGN ? "s" : "",
                           8u << (aux & MO_SIZE), aux & MO_BSWAP ? " bswap" : "",
                           aux & MO_ALIGN ? " align" : "", aux & MO_ATOMIC ? " atomic" : "",
                           MO_MMUIDX(aux));
}

static void dump_immediate(GString *s, const IRBlock *block, const IRInsn *in)
{
    const IRTargetDesc *target = block->target;

    switch ((IRImmKind)ir_op_info[in->op].imm_kind) {
    case IRK_VALUE:
        g_string_append_printf(s, " 0x%" PRIx64, (uint64_t)in->imm);
        break;
    case IRK_POOL: {
        const V128 *v = &g_array_index(block->v128_pool, V128, in->imm);
        g_string_append_printf(s, " 0x%016" PRIx64 "_%016" PRIx64, v->d[1], v->d[0]);
        break;
    }
    case IRK_SLOT:
        g_string_append_printf(s, " %s", target->slots[in->imm].name);
        break;
    case IRK_ENVOFF:
        g_string_append_printf(s, " env+0x%" PRIx64 ":%u%s", (uint64_t)in->imm, in->aux & 31,
                               in->aux & IRENV_SIGN ? "s" : "");
        break;
    case IRK_FIELD:
        g_string_append_printf(s, " [%" PRId64 " +%u]", in->imm, in->aux);
        break;
    case IRK_TYPE:
        g_string_append_printf(s, " %s", ir_type_names[in->aux & 7]);
        break;
    case IRK_COND:
        g_string_append_printf(s, " %s.%s", ir_cond_names[in->imm], ir_type_names[in->aux & 7]);
        break;
    case IRK_CRKIND:
        g_string_append_printf(s, " %s.%s", in->imm ? "unsigned" : "signed",
                               ir_type_names[in->aux & 7]);
        break;
    case IRK_MEM:
        if (in->imm) {
            g_string_append_printf(s, " disp %" PRId64, in->imm);
        }
        dump_memory_op(s, in->aux);
        break;
    case IRK_SPAN:
        g_string_append_printf(s, " [%d, %d) %s mmu%u", IR_SPAN_LO(in->imm), IR_SPAN_HI(in->imm),
                               in->aux & IRSPAN_WRITE ? "write" : "read", MO_MMUIDX(in->aux));
        break;
    case IRK_LANE:
        g_string_append_printf(s, " x%u", 8u << in->imm);
        break;
    case IRK_LANEIDX:
        g_string_append_printf(s, " x%u, %u", 8u << in->imm, in->aux);
        break;
    case IRK_FPFLAGS:
        g_string_append_printf(s, " flags 0x%" PRIx64, (uint64_t)in->imm);
        if (in->aux) {
            g_string_append_printf(s, " aux %u", in->aux);
        }
        break;
    case IRK_FENCE:
    case IRK_ROUND:
        g_string_append_printf(s, " %" PRId64, in->imm);
        break;
    case IRK_EXITC:
        g_string_append_printf(s, " %s.%s", ir_cond_names[in->aux & 0xff],
                               ir_type_names[in->aux >> 8 & 7]);
        /* fall through */
    case IRK_EXIT: {
        const IRExit *ex = &g_array_index(block->exits, IRExit, in->imm);
        g_string_append_printf(s, " -> 0x%" PRIx64, ex->dest);
        if (ex->hints) {
            g_string_append_printf(s, " hints 0x%x", ex->hints);
        }
        break;
    }
    case IRK_CALL: {
        const IRCallSite *site = &g_array_index(block->calls, IRCallSite, in->imm);
        g_string_append_printf(s, " %s(", site->helper->name);
        for (unsigned i = 0; i < site->n_args; i++) {
            dump_operand(s, block, site->args[i], i ? ", " : "");
        }
        g_string_append_c(s, ')');
        break;
    }
    case IRK_NONE:
        break;
    }
}

static void dump_snapshot(GString *s, const IRBlock *block, uint32_t snap)
{
    const IRSnapshot *sn = &g_array_index(block->snapshots, IRSnapshot, snap - 1);

    g_string_append_printf(s, "  <%u: 0x%" PRIx64 "%s", snap, sn->pc,
                           sn->partial ? " partial" : "");
    for (uint32_t i = 0; i < sn->count; i++) {
        const IRSnapEntry *e = &g_array_index(block->snap_entries, IRSnapEntry, sn->first + i);

        g_string_append_printf(s, " %s", block->target->slots[e->slot].name);
        dump_operand(s, block, e->ref, "=");
    }
    g_string_append_c(s, '>');
}

GString *ir_dump(const IRBlock *block)
{
    GString *s = g_string_new(NULL);
    guint guest = 0;

    g_string_append_printf(s, "block 0x%" PRIx64 " flags 0x%" PRIx64 ", %u ops%s\n", block->pc,
                           block->key_flags, block->n_insns - 1,
                           block->overflow ? ", overflow" : "");
    for (uint32_t i = 1; i <= block->n_insns; i++) {
        for (; guest < block->guest_insns->len; guest++) {
            const IRGuestInsn *gi = &g_array_index(block->guest_insns, IRGuestInsn, guest);

            if (gi->first > i) {
                break;
            }
            g_string_append_printf(s, "---- 0x%" PRIx64 ": %08x\n", gi->pc, gi->opcode);
        }
        if (i == block->n_insns) {
            break;
        }
        const IRInsn *in = &block->insns[i];
        const IROpInfo *info = &ir_op_info[in->op];

        if (in->op == IR_KI32 || in->op == IR_KI64) {
            continue;                     /* shown where used */
        }
        if (info->result != IRT_NONE && in->type != IR_VOID) {
            g_string_append_printf(s, "  %%%u = ", i);
        } else {
            g_string_append(s, "  ");
        }
        g_string_append_printf(s, "%s", info->mnemonic);
        if (in->type != IR_VOID) {
            g_string_append_printf(s, ".%s", ir_type_names[in->type]);
        }
        dump_operand(s, block, in->a, " ");
        dump_operand(s, block, in->b, ", ");
        dump_operand(s, block, in->c, ", ");
        dump_immediate(s, block, in);
        if (in->flags == IRI_SNAP_USE) {
            g_string_append(s, " (cold)");
        }
        if (in->snap) {
            dump_snapshot(s, block, in->snap);
        }
        g_string_append_c(s, '\n');
    }
    return s;
}

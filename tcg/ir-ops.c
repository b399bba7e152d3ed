/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The op table made concrete: facts per op, and names for dumps and messages.
 */
#include "tcg/ir.h"
#include "ir-private.h"

/* Spellings used by the rows of ir-ops.h.inc. */
#define T_none IRT_NONE
#define T_T    IRT_SAME
#define T_A    IRT_ANY
#define T_i32  IR_I32
#define T_i64  IR_I64
#define T_f64  IR_F64
#define T_v128 IR_V128
#define PURE    IRF_PURE
#define COMM    IRF_COMM
#define STICKY  IRF_STICKY
#define LOAD    IRF_LOAD
#define STORE   IRF_STORE
#define EXIT    IRF_EXIT
#define END     IRF_END
#define CALL    IRF_CALL
#define EFFECT  IRF_EFFECT
#define HOSTMAP IRF_HOSTMAP

const IROpInfo ir_op_info[IR_OP_COUNT] = {
    [IR_NOP] = { "nop", IRT_NONE, IRT_NONE, IRT_NONE, IRT_NONE, IRK_NONE, IRF_PURE },
#define IROP(NAME, mnemonic, result, a, b, c, imm, flags) \
    [IR_##NAME] = { mnemonic, T_##result, T_##a, T_##b, T_##c, IRK_##imm, flags },
#include "tcg/ir-ops.h.inc"
#undef IROP
};

_Static_assert(IR_OP_COUNT <= 256, "IRInsn.op is a byte");
_Static_assert(sizeof(IRInsn) == 32, "passes copy instructions; keep them small");
_Static_assert((int)IR_V128 < (int)IRT_SAME, "concrete types and the markers share a byte");
_Static_assert((IRC_EQ ^ 1) == IRC_NE && (IRC_LT ^ 1) == IRC_GE && (IRC_LE ^ 1) == IRC_GT &&
               (IRC_LTU ^ 1) == IRC_GEU && (IRC_LEU ^ 1) == IRC_GTU &&
               (IRC_TSTZ ^ 1) == IRC_TSTNZ, "conditions invert by their lowest bit");
/* The builder tells constants, and the passes memory ops, by range. */
_Static_assert(IR_KI64 == IR_KI32 + 1 && IR_KV128 == IR_KI64 + 1, "constants are neighbours");
_Static_assert(IR_UST == IR_ULD + 1 && IR_QST == IR_QLD + 1, "memory ops are neighbours");

const char *const ir_cond_names[] = {
    [IRC_EQ] = "eq", [IRC_NE] = "ne", [IRC_LT] = "lt", [IRC_GE] = "ge", [IRC_LE] = "le",
    [IRC_GT] = "gt", [IRC_LTU] = "ltu", [IRC_GEU] = "geu", [IRC_LEU] = "leu", [IRC_GTU] = "gtu",
    [IRC_TSTZ] = "tstz", [IRC_TSTNZ] = "tstnz",
};
_Static_assert(G_N_ELEMENTS(ir_cond_names) == IRC_TSTNZ + 1, "one name per condition");

const char *const ir_type_names[] = {
    [IR_VOID] = "void", [IR_I32] = "i32", [IR_I64] = "i64", [IR_F64] = "f64", [IR_V128] = "v128",
};

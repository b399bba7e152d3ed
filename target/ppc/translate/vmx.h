/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the vector facility share: operands, opcode fields, the saturation bit. */
#ifndef TARGET_PPC_TRANSLATE_VMX_H
#define TARGET_PPC_TRANSLATE_VMX_H

#include "../decode.h"
#include "../translate.h"

static inline IRRef vra(DisasContext *ctx, uint32_t insn)
{
    return get_vr(ctx, insn_ra(insn));
}
static inline IRRef vrb(DisasContext *ctx, uint32_t insn)
{
    return get_vr(ctx, insn_rb(insn));
}
static inline IRRef vrc(DisasContext *ctx, uint32_t insn)
{
    return get_vr(ctx, insn_rc_reg(insn));
}
/* Sets VRT; always true, so that translate functions can end with it. */
static inline bool set_vrt(DisasContext *ctx, uint32_t insn, IRRef v)
{
    set_vr(ctx, insn_rt(insn), v);
    return true;
}
/* Element size of most VX forms: 0 byte .. 3 doubleword. */
static inline unsigned vx_lane(uint32_t insn)
{
    return insn >> 6 & 3;
}

/* Sets VSCR.SAT if a bit of difference (v128) is set. */
void vmx_saturated(DisasContext *ctx, IRRef difference);
/* CR6 of a compare with Rc: all elements true, none true. */
void vmx_set_cr6(DisasContext *ctx, IRRef mask);

#endif

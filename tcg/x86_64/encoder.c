/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 instruction encoding (Intel SDM volume 2): legacy, VEX.128 and EVEX.128 prefixes, ModRM
 * and SIB bytes, displacements, immediates.  Masking, broadcast and vectors wider than 128 bits are
 * left out: the back end has no use for them.
 */
#include <string.h>
#include "encoder.h"

enum { ROOM = 32 };   /* longest instruction is 15 bytes, plus a padding sequence */

void x86_asm_init(X86Asm *as, uint8_t *write, const uint8_t *exec, size_t size)
{
    as->start = as->p = write;
    as->end = write + size;
    as->delta = (intptr_t)exec - (intptr_t)write;
    as->overflow = size < ROOM;
}

static bool asm_room(X86Asm *as)
{
    if (as->end - as->p < ROOM) {
        as->overflow = true;
        as->p = as->start;
        return as->end - as->p >= ROOM;
    }
    return true;
}

static inline void put8(X86Asm *as, unsigned v)
{
    *as->p++ = (uint8_t)v;
}

static inline void put32(X86Asm *as, uint32_t v)
{
    memcpy(as->p, &v, 4);
    as->p += 4;
}

static inline void put64(X86Asm *as, uint64_t v)
{
    memcpy(as->p, &v, 8);
    as->p += 8;
}

void x86_byte(X86Asm *as, unsigned value)
{
    if (asm_room(as)) {
        put8(as, value);
    }
}

void x86_u32(X86Asm *as, uint32_t value)
{
    if (asm_room(as)) {
        put32(as, value);
    }
}

void x86_u64(X86Asm *as, uint64_t value)
{
    if (asm_room(as)) {
        put64(as, value);
    }
}

void x86_nops(X86Asm *as, unsigned count)
{
    static const uint8_t nops[9][9] = {
        { 0x90 },
        { 0x66, 0x90 },
        { 0x0f, 0x1f, 0x00 },
        { 0x0f, 0x1f, 0x40, 0x00 },
        { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
    };

    while (count > 0 && asm_room(as)) {
        unsigned n = count > 9 ? 9 : count;

        memcpy(as->p, nops[n - 1], n);
        as->p += n;
        count -= n;
    }
}

void x86_align(X86Asm *as, unsigned to)
{
    unsigned misplaced = (uintptr_t)as->p & (to - 1);

    if (misplaced) {
        x86_nops(as, to - misplaced);
    }
}

/* ---- Prefixes ---- */

static void put_legacy(X86Asm *as, X86Op op, int reg, int index, int rm, bool rm_is_byte_reg)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned map = (op >> 8) & 3;
    unsigned pfx = (op >> 12) & 3;
    unsigned rex = 0;

    if (pfx) {
        put8(as, prefix[pfx]);
    }
    rex |= op & X86_W ? 8 : 0;
    rex |= reg & 8 ? 4 : 0;
    rex |= index & 8 ? 2 : 0;
    rex |= rm & 8 ? 1 : 0;
    if (rex || ((op & X86_B8) && (reg >= 4 || (rm_is_byte_reg && rm >= 4)))) {
        put8(as, 0x40 | rex);
    }
    if (map) {
        put8(as, 0x0f);
        if (map == 2) {
            put8(as, 0x38);
        } else if (map == 3) {
            put8(as, 0x3a);
        }
    }
    put8(as, op & 0xff);
}

static void put_vex(X86Asm *as, X86Op op, int reg, int v, int index, int rm)
{
    unsigned map = (op >> 8) & 3;
    unsigned pfx = (op >> 12) & 3;
    unsigned tail = (~v & 15) << 3 | pfx;

    if (map == 1 && !(op & X86_W) && !(index & 8) && !(rm & 8)) {
        put8(as, 0xc5);
        put8(as, (reg & 8 ? 0 : 0x80) | tail);
    } else {
        put8(as, 0xc4);
        put8(as, (reg & 8 ? 0 : 0x80) | (index & 8 ? 0 : 0x40) | (rm & 8 ? 0 : 0x20) | map);
        put8(as, (op & X86_W ? 0x80 : 0) | tail);
    }
    put8(as, op & 0xff);
}

static void put_evex(X86Asm *as, X86Op op, int reg, int v, int rm)
{
    unsigned map = (op >> 8) & 3;
    unsigned pfx = (op >> 12) & 3;

    put8(as, 0x62);
    /* R X B R' (inverted), map.  Only registers 0 to 15. */
    put8(as, (reg & 8 ? 0 : 0x80) | 0x40 | (rm & 8 ? 0 : 0x20) | 0x10 | map);
    put8(as, (op & (X86_W | X86_EW) ? 0x80 : 0) | (~v & 15) << 3 | 4 | pfx);
    put8(as, 0x08);   /* L'L = 128, V' inverted, no mask */
    put8(as, op & 0xff);
}

/* ---- ModRM ---- */

static void put_modrm_rr(X86Asm *as, int reg, int rm)
{
    put8(as, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static void put_modrm_mem(X86Asm *as, int reg, X86Mem m, unsigned imm_bytes)
{
    unsigned r = (reg & 7) << 3;

    if (m.base == X86_RIP) {
        put8(as, r | 5);
        put32(as, (uint32_t)m.disp - imm_bytes);
        return;
    }
    if (m.base == X86_NO_REG) {
        /* [index * scale + disp32] or an absolute disp32 through SIB. */
        put8(as, r | 4);
        put8(as, m.scale << 6 | (m.index == X86_NO_REG ? 4 : m.index & 7) << 3 | 5);
        put32(as, (uint32_t)m.disp);
        return;
    }

    bool sib = m.index != X86_NO_REG || (m.base & 7) == RSP;
    unsigned mod = m.disp == 0 && (m.base & 7) != RBP ? 0 : m.disp == (int8_t)m.disp ? 1 : 2;

    put8(as, mod << 6 | r | (sib ? 4 : m.base & 7));
    if (sib) {
        put8(as, m.scale << 6 | (m.index == X86_NO_REG ? 4 : m.index & 7) << 3 | (m.base & 7));
    }
    if (mod == 1) {
        put8(as, (uint8_t)m.disp);
    } else if (mod == 2) {
        put32(as, (uint32_t)m.disp);
    }
}

static inline int mem_index(X86Mem m)
{
    return m.index == X86_NO_REG ? 0 : m.index;
}

static inline int mem_base(X86Mem m)
{
    return m.base < 0 ? 0 : m.base;
}

/* ---- Generic shapes ---- */

void x86_rr(X86Asm *as, X86Op op, int reg, int rm)
{
    if (asm_room(as)) {
        put_legacy(as, op, reg, 0, rm, true);
        put_modrm_rr(as, reg, rm);
    }
}

void x86_rm(X86Asm *as, X86Op op, int reg, X86Mem mem)
{
    if (asm_room(as)) {
        put_legacy(as, op, reg, mem_index(mem), mem_base(mem), false);
        put_modrm_mem(as, reg, mem, 0);
    }
}

void x86_rr_i8(X86Asm *as, X86Op op, int reg, int rm, unsigned imm)
{
    if (asm_room(as)) {
        put_legacy(as, op, reg, 0, rm, true);
        put_modrm_rr(as, reg, rm);
        put8(as, imm);
    }
}

void x86_rm_i8(X86Asm *as, X86Op op, int reg, X86Mem mem, unsigned imm)
{
    if (asm_room(as)) {
        put_legacy(as, op, reg, mem_index(mem), mem_base(mem), false);
        put_modrm_mem(as, reg, mem, 1);
        put8(as, imm);
    }
}

void x86_vrr(X86Asm *as, X86Op op, int reg, int v, int rm)
{
    if (asm_room(as)) {
        put_vex(as, op, reg, v, 0, rm);
        put_modrm_rr(as, reg, rm);
    }
}

void x86_vrm(X86Asm *as, X86Op op, int reg, int v, X86Mem mem)
{
    if (asm_room(as)) {
        put_vex(as, op, reg, v, mem_index(mem), mem_base(mem));
        put_modrm_mem(as, reg, mem, 0);
    }
}

void x86_vrr_i8(X86Asm *as, X86Op op, int reg, int v, int rm, unsigned imm)
{
    if (asm_room(as)) {
        put_vex(as, op, reg, v, 0, rm);
        put_modrm_rr(as, reg, rm);
        put8(as, imm);
    }
}

void x86_vrm_i8(X86Asm *as, X86Op op, int reg, int v, X86Mem mem, unsigned imm)
{
    if (asm_room(as)) {
        put_vex(as, op, reg, v, mem_index(mem), mem_base(mem));
        put_modrm_mem(as, reg, mem, 1);
        put8(as, imm);
    }
}

void x86_err(X86Asm *as, X86Op op, int reg, int v, int rm)
{
    if (asm_room(as)) {
        put_evex(as, op, reg, v, rm);
        put_modrm_rr(as, reg, rm);
    }
}

void x86_err_i8(X86Asm *as, X86Op op, int reg, int v, int rm, unsigned imm)
{
    if (asm_room(as)) {
        put_evex(as, op, reg, v, rm);
        put_modrm_rr(as, reg, rm);
        put8(as, imm);
    }
}

/* ---- Integer shorthands ---- */

void x86_mov_rr(X86Asm *as, X86Op w, int dst, int src)
{
    x86_rr(as, X_MOV_LOAD | w, dst, src);
}

void x86_mov_ri(X86Asm *as, int dst, uint64_t value)
{
    if (!asm_room(as)) {
        return;
    }
    if (value == (uint32_t)value) {
        if (dst & 8) {
            put8(as, 0x41);
        }
        put8(as, 0xb8 | (dst & 7));
        put32(as, (uint32_t)value);
    } else if ((int64_t)value == (int32_t)value) {
        put_legacy(as, 0xc7 | X86_W, 0, 0, dst, false);
        put_modrm_rr(as, 0, dst);
        put32(as, (uint32_t)value);
    } else {
        put8(as, 0x48 | (dst & 8 ? 1 : 0));
        put8(as, 0xb8 | (dst & 7));
        put64(as, value);
    }
}

void x86_mov_mi(X86Asm *as, X86Op w, X86Mem mem, int32_t value)
{
    if (asm_room(as)) {
        put_legacy(as, 0xc7 | w, 0, mem_index(mem), mem_base(mem), false);
        put_modrm_mem(as, 0, mem, 4);
        put32(as, (uint32_t)value);
    }
}

void x86_mov_mi8(X86Asm *as, X86Mem mem, uint8_t value)
{
    if (asm_room(as)) {
        put_legacy(as, 0xc6, 0, mem_index(mem), mem_base(mem), false);
        put_modrm_mem(as, 0, mem, 1);
        put8(as, value);
    }
}

void x86_mov_mi16(X86Asm *as, X86Mem mem, uint16_t value)
{
    if (asm_room(as)) {
        put_legacy(as, 0xc7 | X86_66, 0, mem_index(mem), mem_base(mem), false);
        put_modrm_mem(as, 0, mem, 2);
        put8(as, value);
        put8(as, value >> 8);
    }
}

void x86_alu_rr(X86Asm *as, X86Op w, unsigned alu, int dst, int src)
{
    x86_rr(as, (alu + 3) | w, dst, src);
}

void x86_alu_rm(X86Asm *as, X86Op w, unsigned alu, int dst, X86Mem mem)
{
    x86_rm(as, (alu + 3) | w, dst, mem);
}

void x86_alu_mr(X86Asm *as, X86Op w, unsigned alu, X86Mem mem, int src)
{
    x86_rm(as, (alu + 1) | w, src, mem);
}

void x86_alu_ri(X86Asm *as, X86Op w, unsigned alu, int dst, int32_t value)
{
    if (!asm_room(as)) {
        return;
    }
    bool small = value == (int8_t)value;

    if (!small && dst == RAX) {
        if (w) {
            put8(as, 0x48);
        }
        put8(as, alu + 5);
        put32(as, (uint32_t)value);
        return;
    }
    put_legacy(as, (small ? 0x83 : 0x81) | w, 0, 0, dst, false);
    put_modrm_rr(as, (int)(alu >> 3), dst);
    if (small) {
        put8(as, (uint8_t)value);
    } else {
        put32(as, (uint32_t)value);
    }
}

void x86_alu_mi(X86Asm *as, X86Op w, unsigned alu, X86Mem mem, int32_t value)
{
    if (!asm_room(as)) {
        return;
    }
    bool small = value == (int8_t)value;

    put_legacy(as, (small ? 0x83 : 0x81) | w, 0, mem_index(mem), mem_base(mem), false);
    put_modrm_mem(as, (int)(alu >> 3), mem, small ? 1 : 4);
    if (small) {
        put8(as, (uint8_t)value);
    } else {
        put32(as, (uint32_t)value);
    }
}

void x86_test_ri(X86Asm *as, X86Op w, int reg, int32_t value)
{
    if (!asm_room(as)) {
        return;
    }
    if (value >= 0 && value <= 0x7f) {
        /* Byte form: bits 0 to 6 only, so that the sign flag has the wide form's meaning. */
        if (reg == RAX) {
            put8(as, 0xa8);
        } else {
            put_legacy(as, 0xf6 | X86_B8, 0, 0, reg, true);
            put_modrm_rr(as, 0, reg);
        }
        put8(as, (uint8_t)value);
        return;
    }
    if (value >= 0) {
        w = 0;   /* the upper half cannot matter */
    }
    put_legacy(as, 0xf7 | w, 0, 0, reg, false);
    put_modrm_rr(as, 0, reg);
    put32(as, (uint32_t)value);
}

void x86_shift_ri(X86Asm *as, X86Op w, unsigned shift, int reg, unsigned count)
{
    if (!asm_room(as)) {
        return;
    }
    put_legacy(as, (count == 1 ? 0xd1 : 0xc1) | w, 0, 0, reg, false);
    put_modrm_rr(as, (int)shift, reg);
    if (count != 1) {
        put8(as, count);
    }
}

void x86_shift_rcl(X86Asm *as, X86Op w, unsigned shift, int reg)
{
    x86_rr(as, 0xd3 | w, (int)shift, reg);
}

void x86_imul_rri(X86Asm *as, X86Op w, int dst, int src, int32_t value)
{
    if (!asm_room(as)) {
        return;
    }
    bool small = value == (int8_t)value;

    put_legacy(as, (small ? 0x6b : 0x69) | w, dst, 0, src, false);
    put_modrm_rr(as, dst, src);
    if (small) {
        put8(as, (uint8_t)value);
    } else {
        put32(as, (uint32_t)value);
    }
}

void x86_unary(X86Asm *as, X86Op w, unsigned n, int reg)
{
    x86_rr(as, 0xf7 | w, (int)n, reg);
}

void x86_bswap(X86Asm *as, X86Op w, int reg)
{
    if (!asm_room(as)) {
        return;
    }
    unsigned rex = (w ? 8 : 0) | (reg & 8 ? 1 : 0);

    if (rex) {
        put8(as, 0x40 | rex);
    }
    put8(as, 0x0f);
    put8(as, 0xc8 | (reg & 7));
}

void x86_setcc(X86Asm *as, X86CC cc, int reg)
{
    if (asm_room(as)) {
        put_legacy(as, (X_SETCC + cc) | X86_B8, 0, 0, reg, true);
        put_modrm_rr(as, 0, reg);
    }
}

void x86_setcc_m(X86Asm *as, X86CC cc, X86Mem mem)
{
    x86_rm(as, X_SETCC + cc, 0, mem);
}

void x86_push(X86Asm *as, int reg)
{
    if (asm_room(as)) {
        if (reg & 8) {
            put8(as, 0x41);
        }
        put8(as, 0x50 | (reg & 7));
    }
}

void x86_pop(X86Asm *as, int reg)
{
    if (asm_room(as)) {
        if (reg & 8) {
            put8(as, 0x41);
        }
        put8(as, 0x58 | (reg & 7));
    }
}

void x86_push_i(X86Asm *as, int32_t value)
{
    if (!asm_room(as)) {
        return;
    }
    if (value == (int8_t)value) {
        put8(as, 0x6a);
        put8(as, (uint8_t)value);
    } else {
        put8(as, 0x68);
        put32(as, (uint32_t)value);
    }
}

void x86_ret(X86Asm *as)
{
    x86_byte(as, 0xc3);
}

void x86_jmp_m(X86Asm *as, X86Mem mem)
{
    x86_rm(as, 0xff, 4, mem);
}

void x86_jmp_r(X86Asm *as, int reg)
{
    x86_rr(as, 0xff, 4, reg);
}

void x86_call_r(X86Asm *as, int reg)
{
    x86_rr(as, 0xff, 2, reg);
}

void x86_ldmxcsr(X86Asm *as, X86Mem mem)
{
    x86_rm(as, 0xae | X86_0F, 2, mem);
}

void x86_stmxcsr(X86Asm *as, X86Mem mem)
{
    x86_rm(as, 0xae | X86_0F, 3, mem);
}

void x86_mfence(X86Asm *as)
{
    if (asm_room(as)) {
        put8(as, 0x0f);
        put8(as, 0xae);
        put8(as, 0xf0);
    }
}

/* ---- Jumps ---- */

uint32_t x86_jcc(X86Asm *as, X86CC cc)
{
    if (!asm_room(as)) {
        return 0;
    }
    put8(as, 0x0f);
    put8(as, 0x80 | cc);
    put32(as, 0);
    return x86_here(as) - 4;
}

uint32_t x86_jmp(X86Asm *as)
{
    if (!asm_room(as)) {
        return 0;
    }
    put8(as, 0xe9);
    put32(as, 0);
    return x86_here(as) - 4;
}

void x86_patch(X86Asm *as, uint32_t at, uint32_t target_offset)
{
    uint32_t rel = target_offset - (at + 4);

    if (!as->overflow) {
        memcpy(as->start + at, &rel, 4);
    }
}

void x86_patch_here(X86Asm *as, uint32_t at)
{
    x86_patch(as, at, x86_here(as));
}

void x86_jcc_to(X86Asm *as, X86CC cc, uint32_t target_offset)
{
    if (!asm_room(as)) {
        return;
    }
    int32_t rel = (int32_t)(target_offset - (x86_here(as) + 2));

    if (rel == (int8_t)rel) {
        put8(as, 0x70 | cc);
        put8(as, (uint8_t)rel);
    } else {
        put8(as, 0x0f);
        put8(as, 0x80 | cc);
        put32(as, (uint32_t)rel - 4);
    }
}

void x86_jmp_to(X86Asm *as, uint32_t target_offset)
{
    if (!asm_room(as)) {
        return;
    }
    int32_t rel = (int32_t)(target_offset - (x86_here(as) + 2));

    if (rel == (int8_t)rel) {
        put8(as, 0xeb);
        put8(as, (uint8_t)rel);
    } else {
        put8(as, 0xe9);
        put32(as, (uint32_t)rel - 3);
    }
}

static uint32_t rel_to(const X86Asm *as, const void *target)
{
    return (uint32_t)((intptr_t)target - ((intptr_t)as->p + as->delta + 4));
}

bool x86_reaches(const X86Asm *as, const void *target)
{
    intptr_t d = (intptr_t)target - ((intptr_t)as->p + as->delta);

    return d > -0x7ffff000 && d < 0x7ffff000;
}

void x86_jmp_abs(X86Asm *as, const void *target)
{
    if (asm_room(as)) {
        put8(as, 0xe9);
        put32(as, rel_to(as, target));
    }
}

void x86_jcc_abs(X86Asm *as, X86CC cc, const void *target)
{
    if (asm_room(as)) {
        put8(as, 0x0f);
        put8(as, 0x80 | cc);
        put32(as, rel_to(as, target));
    }
}

void x86_call_abs(X86Asm *as, const void *target)
{
    if (asm_room(as)) {
        put8(as, 0xe8);
        put32(as, rel_to(as, target));
    }
}

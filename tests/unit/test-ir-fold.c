/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That fold rules fire: equal ops are one value, so a rule has fired when the long way round gives
 * the very value of the short way.  That what they give is right is checked on random values, here
 * for the arithmetic corners and by test-ir-random for everything else.
 */
#include "ir-random.h"
#include "tcg/ir-eval.h"

static IRBuilder *b;
static IRRef x, y, u, v, bit, bit2, crf, vec, vec2;

static void begin(void)
{
    ir_builder_reset(b, 0x1000, 0, 0);
    ir_insn_start(b, 0x1000, 0);
    x = ir_get(b, FAKE_R0);
    y = ir_get(b, FAKE_R0 + 1);
    u = ir_get(b, FAKE_W0);
    v = ir_get(b, FAKE_W0 + 1);
    crf = ir_get(b, FAKE_CR);
    bit = ir_get(b, FAKE_BIT);
    bit2 = ir_get(b, FAKE_BIT + 1);
    vec = ir_get(b, FAKE_V0);
    vec2 = ir_get(b, FAKE_V0 + 1);
}

#define SAME(long_way, short_way) g_assert_cmpuint(long_way, ==, short_way)
#define OP1(op, p) ir_op1(b, IR_##op, p)
#define OP2(op, p, q) ir_op2(b, IR_##op, p, q)
#define K64(k) ir_k64(b, k)
#define K32(k) ir_k32(b, k)
#define COND(cond, p, q) ir_setcond(b, IRC_##cond, p, q)

static void test_arithmetic(void)
{
    begin();
    SAME(ir_addi(b, x, 0), x);
    SAME(ir_addi(b, ir_addi(b, x, 5), 7), ir_addi(b, x, 12));
    SAME(ir_addi(b, ir_addi(b, x, 5), -5), x);
    SAME(OP2(ADD, x, y), OP2(ADD, y, x));
    SAME(OP2(ADD, x, x), ir_shli(b, x, 1));
    SAME(OP2(SUB, x, x), K64(0));
    SAME(OP2(SUB, x, K64(3)), ir_addi(b, x, -3));
    SAME(OP2(SUB, K64(0), x), OP1(NEG, x));
    SAME(OP2(SUB, K32(UINT32_MAX), u), OP1(NOT, u));
    SAME(OP2(SUB, x, OP1(NEG, y)), OP2(ADD, x, y));
    SAME(OP2(SUB, OP2(ADD, x, y), y), x);
    SAME(ir_addi(b, OP1(NOT, x), 1), OP1(NEG, x));
    SAME(OP1(NEG, OP2(SUB, x, y)), OP2(SUB, y, x));
    SAME(OP1(NOT, OP1(NOT, x)), x);
    SAME(OP2(MUL, x, K64(8)), ir_shli(b, x, 3));
    SAME(OP2(MUL, x, K64(0)), K64(0));
    SAME(OP2(DIVU, u, K32(16)), ir_shri(b, u, 4));
    SAME(OP2(REMU, u, K32(16)), ir_andi(b, u, 15));
    SAME(OP2(DIVS, x, K64(0)), K64(0));
    SAME(OP2(MULHU, x, K64(1)), K64(0));
    SAME(ir_addc(b, OP1(NOT, x), y, K32(1)), OP2(SUB, y, x));
    SAME(ir_addc(b, x, y, K32(0)), OP2(ADD, x, y));
    SAME(ir_carry(b, OP1(NOT, x), y, K32(1)), COND(GEU, y, x));
    SAME(ir_carry(b, x, y, K32(0)), COND(LTU, OP2(ADD, x, y), x));
    SAME(ir_carry(b, u, K32(1), K32(0)), COND(EQ, u, K32(UINT32_MAX)));
    SAME(ir_carry(b, x, K64(UINT64_MAX), K32(1)), K32(1));
    SAME(ir_overflow_add(b, x, K64(0), K32(0)), K32(0));
}

static void test_bits(void)
{
    begin();
    SAME(ir_andi(b, ir_andi(b, x, 0xff0), 0x0ff), ir_andi(b, x, 0xf0));
    SAME(ir_andi(b, x, 0xffffffff), ir_extract(b, x, 0, 32));
    SAME(ir_andi(b, ir_shri(b, x, 8), 0xff), ir_extract(b, x, 8, 8));
    SAME(ir_andi(b, bit, 1), bit);
    SAME(ir_andi(b, crf, 0x10), K32(0));
    SAME(OP2(AND, x, OP1(NOT, y)), OP2(ANDC, x, y));
    SAME(OP2(ANDC, x, OP1(NOT, y)), OP2(AND, x, y));
    SAME(OP2(ANDC, bit, ir_xori(b, bit2, 1)), OP2(AND, bit, bit2));
    SAME(ir_andi(b, OP2(OR, x, ir_shli(b, y, 8)), 0x0f), ir_andi(b, x, 0x0f));
    SAME(ir_ori(b, crf, 15), K32(15));
    SAME(OP2(OR, ir_shli(b, x, 20), ir_shri(b, x, 44)), ir_rotli(b, x, 20));
    SAME(ir_xori(b, x, UINT64_MAX), OP1(NOT, x));
    SAME(ir_xori(b, COND(LT, x, y), 1), COND(GE, x, y));
    SAME(ir_shri(b, ir_shri(b, x, 10), 20), ir_shri(b, x, 30));
    SAME(ir_shli(b, ir_shli(b, u, 20), 20), K32(0));
    SAME(ir_shri(b, ir_shli(b, x, 32), 32), ir_extract(b, x, 0, 32));
    SAME(ir_shli(b, ir_shri(b, x, 4), 4), ir_andi(b, x, ~UINT64_C(15)));
    SAME(ir_sari(b, ir_shli(b, x, 32), 32), ir_sextract(b, x, 0, 32));
    SAME(ir_sari(b, ir_sari(b, u, 20), 20), ir_sari(b, u, 31));
    SAME(ir_rotli(b, ir_rotli(b, u, 20), 20), ir_rotli(b, u, 8));
    SAME(ir_shri(b, OP1(CLZ, u), 5), COND(EQ, u, K32(0)));
    SAME(ir_shri(b, OP1(CLZ, x), 6), ir_extu(b, COND(EQ, x, K64(0))));
    SAME(OP1(BSWAP, OP1(BSWAP, x)), x);
    /* rlwinm: extract, shift and clear, and wrap around */
    SAME(ir_andi(b, ir_rotli(b, u, 8), 0xff), ir_shri(b, u, 24));
    SAME(ir_andi(b, ir_rotli(b, u, 3), 0xfffffff8), ir_andi(b, ir_shli(b, u, 3), 0xfffffff8));
    SAME(ir_andi(b, ir_shli(b, u, 3), 0xfffffff8), ir_shli(b, u, 3));
    SAME(ir_extu(b, ir_andi(b, ir_shli(b, ir_trunc(b, x), 3), 0x3f8)),
         ir_andi(b, ir_shli(b, x, 3), 0x3f8));
}

static void test_fields(void)
{
    begin();
    SAME(ir_extract(b, x, 0, 64), x);
    SAME(ir_extract(b, ir_extract(b, x, 8, 24), 4, 8), ir_extract(b, x, 12, 8));
    SAME(ir_extract(b, ir_rotli(b, u, 12), 0, 12), ir_shri(b, u, 20));
    SAME(ir_extract(b, ir_shli(b, x, 8), 8, 8), ir_extract(b, x, 0, 8));
    SAME(ir_extract(b, ir_deposit(b, x, y, 8, 8), 8, 4), ir_extract(b, y, 0, 4));
    SAME(ir_extract(b, ir_deposit(b, x, y, 8, 8), 16, 8), ir_extract(b, x, 16, 8));
    SAME(ir_extract(b, crf, 0, 8), crf);
    SAME(ir_extract(b, crf, 4, 8), K32(0));
    SAME(ir_extract(b, x, 32, 32), ir_shri(b, x, 32));
    SAME(ir_sextract(b, ir_sextract(b, x, 0, 8), 0, 32), ir_sextract(b, x, 0, 8));
    SAME(ir_sextract(b, x, 40, 24), ir_sari(b, x, 40));
    SAME(ir_sextract(b, ir_andi(b, x, 0xff), 0, 32), ir_extract(b, x, 0, 8));
    SAME(ir_deposit(b, x, y, 0, 64), y);
    SAME(ir_deposit(b, x, K64(0), 8, 8), ir_andi(b, x, ~UINT64_C(0xff00)));
    SAME(ir_deposit(b, x, ir_extract(b, x, 8, 8), 8, 8), x);
    SAME(ir_deposit(b, x, ir_andi(b, y, 0xfff), 4, 8), ir_deposit(b, x, y, 4, 8));
    SAME(ir_deposit(b, ir_deposit(b, x, y, 4, 8), x, 4, 8), ir_deposit(b, x, x, 4, 8));
    SAME(ir_deposit(b, K64(0), y, 4, 8), ir_shli(b, ir_extract(b, y, 0, 8), 4));
    SAME(ir_extu(b, ir_trunc(b, x)), ir_extract(b, x, 0, 32));
    SAME(ir_exts(b, ir_trunc(b, x)), ir_sextract(b, x, 0, 32));
    SAME(ir_trunc(b, ir_extu(b, u)), u);
    SAME(ir_trunc(b, ir_exts(b, u)), u);
    SAME(ir_trunc(b, ir_extract(b, x, 0, 32)), ir_trunc(b, x));
    SAME(ir_exts(b, bit), ir_extu(b, bit));
    SAME(ir_extu(b, ir_extract(b, ir_trunc(b, x), 4, 8)), ir_extract(b, x, 4, 8));
}

static void test_conditions(void)
{
    IRRef so = bit, cmp, ucmp;

    begin();
    so = bit;
    cmp = ir_cr_compare(b, false, x, y, so);
    ucmp = ir_cr_compare(b, true, x, y, so);
    SAME(ir_cr_bit(b, cmp, 8), COND(LT, x, y));
    SAME(ir_cr_bit(b, cmp, 4), COND(GT, x, y));
    SAME(ir_cr_bit(b, cmp, 2), COND(EQ, x, y));
    SAME(ir_cr_bit(b, cmp, 1), so);
    SAME(ir_cr_bit(b, ucmp, 8), COND(LTU, x, y));
    SAME(COND(TSTNZ, cmp, K32(4)), COND(GT, x, y));
    SAME(COND(TSTZ, cmp, K32(4)), COND(LE, x, y));
    SAME(ir_cr_compare(b, false, x, x, so), ir_ori(b, so, 2));
    SAME(ir_cr_compare(b, false, K64(1), K64(2), so), ir_ori(b, so, 8));
    SAME(ir_cr_compare(b, false, ir_exts(b, u), ir_exts(b, v), so),
         ir_cr_compare(b, false, u, v, so));
    SAME(ir_cr_compare(b, true, ir_extract(b, x, 0, 32), K64(9), so),
         ir_cr_compare(b, true, ir_trunc(b, x), K32(9), so));
    SAME(COND(EQ, COND(LT, x, y), K32(0)), COND(GE, x, y));
    SAME(COND(NE, COND(LT, x, y), K32(0)), COND(LT, x, y));
    SAME(COND(NE, bit, K32(0)), bit);
    SAME(COND(EQ, bit, K32(1)), bit);
    SAME(COND(EQ, ir_xori(b, bit, 1), K32(0)), bit);
    SAME(COND(EQ, crf, K32(16)), K32(0));
    SAME(COND(EQ, K64(3), x), COND(EQ, x, K64(3)));
    SAME(COND(LT, K64(3), x), COND(GT, x, K64(3)));
    SAME(COND(EQ, OP2(SUB, x, y), K64(0)), COND(EQ, x, y));
    SAME(COND(EQ, OP2(XOR, x, y), K64(0)), COND(EQ, x, y));
    SAME(COND(NE, OP2(AND, x, y), K64(0)), COND(TSTNZ, x, y));
    SAME(COND(EQ, ir_extract(b, x, 4, 8), K64(0)), COND(TSTZ, x, K64(0xff0)));
    SAME(COND(LTU, x, K64(0)), K32(0));
    SAME(COND(GTU, x, K64(0)), COND(NE, x, K64(0)));
    SAME(COND(LT, ir_exts(b, u), ir_exts(b, v)), COND(LT, u, v));
    SAME(COND(LTU, ir_extu(b, u), K64(100)), COND(LTU, u, K32(100)));
    SAME(ir_select(b, K32(7), x, y), x);
    SAME(ir_select(b, bit, x, x), x);
    SAME(ir_select(b, ir_xori(b, bit, 1), x, y), ir_select(b, bit, y, x));
    SAME(ir_select(b, COND(EQ, bit, K32(0)), x, y), ir_select(b, bit, y, x));
    SAME(ir_select(b, bit, K32(1), K32(0)), bit);
    SAME(ir_select(b, COND(LT, x, y), K64(0), K64(1)), ir_extu(b, COND(GE, x, y)));
}

static void test_moves_and_vectors(void)
{
    begin();
    IRRef f = OP1(MOVQ_IF, x), g = OP1(VHI, vec);

    SAME(OP1(MOVQ_FI, f), x);
    SAME(OP1(MOVQ_IF, OP1(MOVQ_FI, g)), g);
    SAME(OP1(FNEG, OP1(FNEG, f)), f);
    SAME(OP1(FABS, OP1(FNEG, f)), OP1(FABS, f));
    SAME(OP1(FNEG, OP1(FABS, f)), OP1(FNABS, f));
    SAME(OP1(D2S, OP1(S2D, u)), u);
    SAME(OP1(VHI, OP1(MKHI, f)), f);
    SAME(OP1(VHI, OP2(MKV, x, y)), f);
    SAME(OP1(VLO, OP2(MKV, y, x)), f);
    SAME(ir_op1i(b, IR_VEXT, OP2(MKV, x, y), 3, 1), x);
    SAME(ir_op1i(b, IR_VEXT, OP2(MKV, x, y), 0, 9), ir_extract(b, x, 8, 8));
    SAME(OP2(MKV, ir_op1i(b, IR_VEXT, vec, 3, 1), ir_op1i(b, IR_VEXT, vec, 3, 0)), vec);
    SAME(OP2(MKV, K64(1), K64(2)), ir_kv128(b, 1, 2));
    SAME(OP1(MKHI, OP1(MOVQ_IF, K64(5))), ir_kv128(b, 5, 0));
    SAME(OP2(VXOR, vec, vec), ir_kv128(b, 0, 0));
    SAME(OP2(VOR, vec, vec), vec);
    SAME(OP2(VAND, vec, OP1(VNOT, vec2)), OP2(VANDC, vec, vec2));
    SAME(OP2(VXOR, vec, ir_kv128(b, UINT64_MAX, UINT64_MAX)), OP1(VNOT, vec));
    SAME(ir_op2i(b, IR_VADD, ir_kv128(b, 1, 2), ir_kv128(b, 3, 4), 3, 0), ir_kv128(b, 4, 6));
    SAME(ir_op1i(b, IR_VDUP, K64(0xab), 0, 0),
         ir_kv128(b, 0xababababababababu, 0xababababababababu));
    SAME(ir_op2i(b, IR_VALIGN, vec, vec2, 0, 0), vec2);
    SAME(ir_op2i(b, IR_VPMULL, vec, vec2, 3, 0x10), ir_op2i(b, IR_VPMULL, vec, vec2, 3, 0x10));
    g_assert_cmpuint(ir_op2i(b, IR_VPMULL, vec, vec2, 3, 0x10), !=,
                     ir_op2i(b, IR_VPMULL, vec2, vec, 3, 0x10));
}

/* Constants against wide arithmetic that is obviously right. */
static void test_constants(void)
{
    IRRng rng = { 42 };

    for (unsigned i = 0; i < 200000; i++) {
        uint64_t p = rng_value(&rng, IR_I64), q = rng_value(&rng, IR_I64), r = 0;
        uint32_t p32 = (uint32_t)p, q32 = (uint32_t)q;
        unsigned __int128 sum = (unsigned __int128)p + q + 1;
        __int128 ssum = (__int128)(int64_t)p + (int64_t)q + 1;

        g_assert(ir_eval_int(IR_CARRY, IR_I32, p, q, 1, 0, IR_I64, &r) &&
                 r == (uint64_t)(sum >> 64));
        g_assert(ir_eval_int(IR_OVFADD, IR_I32, p, q, 1, 0, IR_I64, &r) &&
                 r == (ssum != (int64_t)ssum));
        g_assert(ir_eval_int(IR_CARRY, IR_I32, p32, q32, 1, 0, IR_I32, &r) &&
                 r == ((uint64_t)p32 + q32 + 1) >> 32);
        int64_t s32 = (int64_t)(int32_t)p32 + (int32_t)q32 + 1;
        g_assert(ir_eval_int(IR_OVFADD, IR_I32, p32, q32, 1, 0, IR_I32, &r) &&
                 r == (s32 != (int32_t)s32));
        g_assert(ir_eval_int(IR_MULHS, IR_I64, p, q, 0, 0, 0, &r));
        g_assert_cmphex(r, ==, (uint64_t)(((__int128)(int64_t)p * (int64_t)q) >> 64));
        g_assert(ir_eval_int(IR_PDEP, IR_I64, p, q, 0, 0, 0, &r));
        g_assert_cmphex(ir_eval_pext(r, q), ==,
                        p & (q ? UINT64_MAX >> (64 - __builtin_popcountll(q)) : 0));
        if (rng_chance(&rng, 50)) {            /* singles: there and back */
            g_assert_cmphex(ir_eval_d2s(ir_eval_s2d(p32)), ==, p32);
            union { uint32_t u; float f; } single = { p32 };
            union { double d; uint64_t u; } wide = { .d = single.f };

            if (single.f == single.f) {
                g_assert_cmphex(ir_eval_s2d(p32), ==, wide.u);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    b = ir_builder_new(&fake_target);
    g_test_add_func("/ir/fold/arithmetic", test_arithmetic);
    g_test_add_func("/ir/fold/bits", test_bits);
    g_test_add_func("/ir/fold/fields", test_fields);
    g_test_add_func("/ir/fold/conditions", test_conditions);
    g_test_add_func("/ir/fold/moves-and-vectors", test_moves_and_vectors);
    g_test_add_func("/ir/fold/constants", test_constants);
    int status = g_test_run();

    ir_builder_free(b);
    return status;
}

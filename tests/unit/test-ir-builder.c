/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The builder's bookkeeping (slots, high halves, snapshots, calls, sharing, overflow) and the
 * passes, looked at op by op.
 */
#include <string.h>
#include "ir-random.h"

static IRBuilder *b;

static void begin(void)
{
    ir_builder_reset(b, 0x1000, 0, 1);
    ir_insn_start(b, 0x1000, 0);
}

static unsigned count_op(IROpcode op)
{
    const IRBlock *block = ir_builder_block(b);
    unsigned n = 0;

    for (uint32_t i = 1; i < block->n_insns; i++) {
        n += block->insns[i].op == op;
    }
    return n;
}

static const IRInsn *find_op(IROpcode op, unsigned nth)
{
    const IRBlock *block = ir_builder_block(b);

    for (uint32_t i = 1; i < block->n_insns; i++) {
        if (block->insns[i].op == op && nth-- == 0) {
            return &block->insns[i];
        }
    }
    g_assert_not_reached();
}

static const IRSnapshot *snap_of(const IRInsn *in)
{
    g_assert_cmpuint(in->snap, >, 0);
    return &g_array_index(ir_builder_block(b)->snapshots, IRSnapshot, in->snap - 1);
}

static void must_verify(void)
{
    GError *error = NULL;

    g_assert(ir_verify(ir_builder_block(b), &error));
    g_assert_no_error(error);
}

static void test_slots(void)
{
    begin();
    IRRef r0 = ir_get(b, 0);

    g_assert_cmpuint(ir_get(b, 0), ==, r0);
    ir_set(b, 1, r0);
    g_assert_cmpuint(ir_get(b, 1), ==, r0);
    ir_set(b, 0, ir_addi(b, r0, 1));
    ir_set(b, 0, r0);                         /* back to what env holds: clean again */
    ir_exit(b, 0x1004, 0);
    g_assert_cmpuint(count_op(IR_GET), ==, 1);
    const IRSnapshot *snap = snap_of(find_op(IR_EXIT, 0));

    g_assert_cmpuint(snap->count, ==, 1);
    g_assert_cmphex(snap->pc, ==, 0x1004);
    g_assert_cmpuint(snap->insn_index, ==, 1);
    must_verify();
}

static void test_high_half(void)
{
    begin();
    unsigned v = FAKE_V0;
    IRRef hi = ir_get_hi(b, v);

    g_assert_cmpuint(ir_get_hi(b, v), ==, hi);
    g_assert_cmpuint(find_op(IR_GETHI, 0)->imm, ==, v);
    IRRef sum = ir_op2i(b, IR_FADD, hi, hi, 0, 0);

    ir_set_hi(b, v, sum);
    g_assert_cmpuint(ir_get_hi(b, v), ==, sum);
    IRRef whole = ir_get(b, v);

    g_assert_cmpuint(ir_op1(b, IR_VHI, whole), ==, sum);
    ir_set(b, v + 1, whole);
    g_assert_cmpuint(ir_get_hi(b, v + 1), ==, sum);
    g_assert_cmpuint(count_op(IR_GET), ==, 0);
    g_assert_cmpuint(count_op(IR_GETHI), ==, 1);
}

static void test_snapshots(void)
{
    begin();
    ir_set(b, 0, ir_k64(b, 1));
    ir_insn_start(b, 0x1004, 0);
    ir_load(b, IR_I64, MO_64, ir_get(b, 8), 0);
    ir_load(b, IR_I64, MO_64, ir_get(b, 9), 0);
    ir_insn_start(b, 0x1008, 0);
    ir_load(b, IR_I64, MO_64, ir_get(b, 8), 8);
    ir_set(b, 1, ir_k64(b, 2));
    ir_load(b, IR_I64, MO_64, ir_get(b, 9), 8);    /* too late: the verifier's partial flag */
    ir_exit(b, 0x100c, 0);
    const IRInsn *first = find_op(IR_QLD, 0);

    g_assert_cmpuint(first->snap, ==, find_op(IR_QLD, 1)->snap);
    g_assert_cmphex(snap_of(first)->pc, ==, 0x1004);
    g_assert_cmpuint(snap_of(first)->insn_index, ==, 1);
    g_assert_cmpuint(snap_of(first)->count, ==, 1);
    g_assert_cmphex(snap_of(find_op(IR_QLD, 2))->pc, ==, 0x1008);
    g_assert_false(snap_of(find_op(IR_QLD, 2))->partial);
    g_assert_true(snap_of(find_op(IR_QLD, 3))->partial);
    g_assert_cmpuint(snap_of(find_op(IR_EXIT, 0))->count, ==, 2);
    must_verify();
}

static void test_calls(void)
{
    const IRHelper *pure = fake_helpers[0], *misc = fake_helpers[3], *reads = fake_helpers[5];
    const IRHelper *writes = fake_helpers[6];

    begin();
    IRRef x = ir_get(b, 0);
    IRRef first = ir_callv(b, pure, x, ir_k32(b, 1));

    g_assert_cmpuint(ir_callv(b, pure, x, ir_k32(b, 1)), ==, first);
    g_assert_cmpuint(ir_callv(b, pure, x, ir_k32(b, 2)), !=, first);
    ir_set(b, 1, first);
    ir_callv(b, misc, x);
    g_assert_cmpuint(count_op(IR_PUT), ==, 0);
    ir_callv(b, reads, x);
    g_assert_cmpuint(count_op(IR_PUT), ==, 1);
    const IRInsn *call = find_op(IR_CALL, 3);

    g_assert_cmpuint(snap_of(call)->count, ==, 0);
    g_assert_cmpuint(ir_get(b, 1), ==, first);     /* still known, and clean */
    ir_callv(b, writes, x);
    g_assert_cmpuint(ir_get(b, 1), !=, first);
    g_assert_cmpuint(ir_get(b, 0), !=, x);
    ir_exit(b, 0x1004, 0);
    g_assert_cmpuint(snap_of(find_op(IR_EXIT, 0))->count, ==, 0);
    must_verify();
}

static void test_sharing(void)
{
    begin();
    IRRef x = ir_get_hi(b, FAKE_V0), y = ir_get_hi(b, FAKE_V0 + 1);
    IRRef sum = ir_op2i(b, IR_FADD, x, y, 0, 0);

    g_assert_cmpuint(ir_op2i(b, IR_FADD, x, y, 0, 0), ==, sum);
    g_assert_cmpuint(ir_op2i(b, IR_FADD, x, y, IRFP_SINGLE, 0), !=, sum);
    ir_callv(b, fake_helpers[3], ir_k64(b, 0));    /* may look at the sticky flags */
    g_assert_cmpuint(ir_op2i(b, IR_FADD, x, y, 0, 0), !=, sum);
    IRRef a = ir_load(b, IR_I64, MO_64, ir_get(b, 8), 0);

    g_assert_cmpuint(ir_load(b, IR_I64, MO_64, ir_get(b, 8), 0), !=, a);
}

static void test_exits(void)
{
    begin();
    IRRef x = ir_get(b, 0), y = ir_get(b, 1), so = ir_get(b, FAKE_BIT);

    ir_set(b, FAKE_CR, ir_cr_compare(b, true, x, y, so));
    ir_exit_if(b, ir_cr_bit(b, ir_get(b, FAKE_CR), 8), 0x2000, 0);
    ir_exit_if_not(b, ir_cr_bit(b, ir_get(b, FAKE_CR), 2), 0x2000, 0);
    ir_exit_if(b, ir_cr_bit(b, ir_get(b, FAKE_CR + 1), 4), 0x2000, 0);
    ir_exit_if_not(b, ir_xori(b, so, 1), 0x2000, 0);
    ir_exit_if(b, ir_k32(b, 0), 0x2000, 0);
    ir_exit_indirect_call(b, x, 0x1004, 0);
    const IRInsn *e = find_op(IR_EXITIF, 0);

    g_assert_cmpuint(count_op(IR_EXITIF), ==, 4);
    g_assert_cmphex(e->aux, ==, IRC_LTU | IR_I64 << 8);
    g_assert_cmpuint(e->a, ==, x);
    e = find_op(IR_EXITIF, 1);
    g_assert_cmphex(e->aux, ==, IRC_NE | IR_I64 << 8);
    e = find_op(IR_EXITIF, 2);
    g_assert_cmphex(e->aux, ==, IRC_TSTNZ | IR_I32 << 8);
    e = find_op(IR_EXITIF, 3);
    g_assert_cmpuint(e->a, ==, so);
    g_assert_cmphex(e->aux, ==, IRC_NE | IR_I32 << 8);
    const IRExit *ex =
        &g_array_index(ir_builder_block(b)->exits, IRExit, find_op(IR_EXITIND, 0)->imm);

    g_assert_cmphex(ex->return_pc, ==, 0x1004);
    g_assert_cmphex(ex->hints, ==, IREXIT_CALL);
    must_verify();
    ir_optimize(ir_builder_block(b), false);
    must_verify();
    g_assert_cmpuint(count_op(IR_SETCOND), ==, 0);
    g_assert_cmpuint(find_op(IR_CRCMP, 0)->flags, ==, IRI_SNAP_USE);
}

static void test_overflow(void)
{
    begin();
    IRRef x = ir_get(b, 0);

    for (unsigned i = 0; i < 2 * IR_MAX_INSNS; i++) {
        ir_insn_start(b, 0x1000 + 4 * i, 0);
        x = ir_op2(b, IR_MUL, x, ir_addi(b, x, i));
        ir_set(b, i % 8, x);
        ir_store(b, MO_64, ir_get(b, 8), 0, x);
        ir_exit_if(b, ir_trunc(b, x), 0x2000, 0);
        ir_set(b, FAKE_V0, ir_op2(b, IR_MKV, x, ir_k64(b, i)));
        ir_callv(b, fake_helpers[i % 2 ? 3 : 6], x);
        g_assert_cmpuint(ir_type(b, x), ==, IR_I64);
    }
    ir_exit(b, 0, 0);
    g_assert_true(ir_builder_block(b)->overflow);
    begin();
    g_assert_false(ir_builder_block(b)->overflow);
}

static void test_grouping(void)
{
    begin();
    for (unsigned i = 0; i < 4; i++) {
        ir_insn_start(b, 0x1004 + 4 * i, 0);
        ir_store(b, MO_64, ir_get(b, 8), (int)(8 * i), ir_get(b, i));
    }
    ir_insn_start(b, 0x1014, 0);
    IRRef base = ir_addi(b, ir_get(b, 8), 64);

    ir_set(b, 4, ir_load(b, IR_I64, MO_32 | MO_SIGN, base, 4));
    ir_insn_start(b, 0x1018, 0);
    ir_set(b, 5, ir_load(b, IR_I64, MO_64 | MO_ALIGN, ir_get(b, 8), 8));
    ir_insn_start(b, 0x101c, 0);
    ir_set(b, 6, ir_load(b, IR_I64, MO_64, ir_get(b, 8), 2000));
    ir_insn_start(b, 0x1020, 0);
    ir_set(b, 7, ir_load(b, IR_I64, MO_64, ir_get(b, 9), 0));
    ir_exit(b, 0x1024, 0);
    must_verify();
    ir_optimize(ir_builder_block(b), false);
    must_verify();
    const IRInsn *h = find_op(IR_HOSTADDR, 0);

    g_assert_cmpuint(count_op(IR_HOSTADDR), ==, 1);
    g_assert_cmpint(IR_SPAN_LO(h->imm), ==, 0);
    g_assert_cmpint(IR_SPAN_HI(h->imm), ==, 72);
    g_assert_cmphex(h->aux, ==, IRSPAN_WRITE | 1 << MO_RESERVED_IDX_SHIFT);
    g_assert_cmphex(snap_of(h)->pc, ==, 0x1004);
    g_assert_cmpuint(count_op(IR_UST), ==, 4);
    g_assert_cmpuint(count_op(IR_ULD), ==, 1);
    g_assert_cmpuint(count_op(IR_QLD), ==, 3);
    g_assert_cmpint(find_op(IR_ULD, 0)->imm, ==, 68);
}

/* Constant addresses of one page are one root, if they are not too far apart. */
static void test_grouping_constants(void)
{
    begin();
    ir_insn_start(b, 0x1004, 0);
    ir_set(b, 0, ir_load(b, IR_I64, MO_32, ir_k64(b, 0x5000), 0x10));
    ir_insn_start(b, 0x1008, 0);
    ir_store(b, MO_32, ir_k64(b, 0x5100), 4, ir_get(b, 0));
    ir_insn_start(b, 0x100c, 0);
    ir_set(b, 1, ir_load(b, IR_I64, MO_32, ir_k64(b, 0x5ffc), 0));
    ir_insn_start(b, 0x1010, 0);
    ir_set(b, 2, ir_load(b, IR_I64, MO_32, ir_k64(b, 0x6000), 0));
    ir_insn_start(b, 0x1014, 0);
    ir_set(b, 3, ir_load(b, IR_I64, MO_64, ir_k64(b, 0x4ff0), 0x18));
    ir_exit(b, 0x1018, 0);
    ir_optimize(ir_builder_block(b), false);
    must_verify();
    const IRInsn *h = find_op(IR_HOSTADDR, 0);

    g_assert_cmpuint(count_op(IR_HOSTADDR), ==, 1);
    g_assert_cmpint(IR_SPAN_LO(h->imm), ==, 8);
    g_assert_cmpint(IR_SPAN_HI(h->imm), ==, 0x108);
    g_assert_cmphex(h->aux & IRSPAN_WRITE, ==, IRSPAN_WRITE);
    g_assert_cmpint(find_op(IR_ULD, 0)->imm, ==, 0x10);
    g_assert_cmpint(find_op(IR_UST, 0)->imm, ==, 0x104);
    g_assert_cmpint(find_op(IR_ULD, 1)->imm, ==, 8);
    g_assert_cmpuint(count_op(IR_QLD), ==, 2);
}

/* Sums modulo 2^32 are followed only where all addresses are such. */
static void test_grouping_words(void)
{
    IRTargetDesc narrow = fake_target;

    narrow.address32 = true;
    for (unsigned is_narrow = 0; is_narrow < 2; is_narrow++) {
        begin();
        if (is_narrow) {
            ir_use_slots(b, &narrow);
        }
        IRRef at = ir_get(b, 8);

        for (unsigned i = 1; i <= 3; i++) {
            ir_insn_start(b, 0x1004 + 4 * i, 0);
            at = ir_extu(b, ir_addi(b, ir_trunc(b, at), 4));
            ir_set(b, i, ir_load(b, IR_I64, MO_32, at, 8));
            ir_set(b, 8, at);
        }
        ir_exit(b, 0x1018, 0);
        ir_optimize(ir_builder_block(b), false);
        must_verify();
        g_assert_cmpuint(count_op(IR_HOSTADDR), ==, is_narrow);
        if (is_narrow) {
            const IRInsn *h = find_op(IR_HOSTADDR, 0);

            g_assert_cmpint(IR_SPAN_LO(h->imm), ==, 12);
            g_assert_cmpint(IR_SPAN_HI(h->imm), ==, 24);
            g_assert_cmpuint(count_op(IR_ULD), ==, 3);
        }
        ir_use_slots(b, &fake_target);
    }
}

/* A store after something that may leave must not make the look-up a write. */
static void test_grouping_store_after_exit(void)
{
    begin();
    ir_insn_start(b, 0x1004, 0);
    ir_set(b, 0, ir_load(b, IR_I64, MO_64, ir_get(b, 8), 0));
    ir_insn_start(b, 0x1008, 0);
    ir_set(b, 1, ir_load(b, IR_I64, MO_64, ir_get(b, 8), 8));
    ir_insn_start(b, 0x100c, 0);
    ir_exit_if(b, ir_trunc(b, ir_get(b, 1)), 0x2000, 0);
    ir_insn_start(b, 0x1010, 0);
    ir_store(b, MO_64, ir_get(b, 8), 0, ir_get(b, 1));
    ir_insn_start(b, 0x1014, 0);
    ir_store(b, MO_64, ir_get(b, 8), 8, ir_get(b, 0));
    ir_exit(b, 0x1018, 0);
    ir_optimize(ir_builder_block(b), false);
    must_verify();
    g_assert_cmpuint(count_op(IR_HOSTADDR), ==, 2);
    g_assert_cmphex(find_op(IR_HOSTADDR, 0)->aux & IRSPAN_WRITE, ==, 0);
    g_assert_cmphex(find_op(IR_HOSTADDR, 1)->aux & IRSPAN_WRITE, ==, IRSPAN_WRITE);
}

/* Helpers that may change translation end groups. */
static void test_grouping_barrier(void)
{
    for (unsigned keeps = 0; keeps < 2; keeps++) {
        begin();
        ir_insn_start(b, 0x1004, 0);
        ir_store(b, MO_64, ir_get(b, 8), 0, ir_get(b, 0));
        ir_insn_start(b, 0x1008, 0);
        ir_callv(b, fake_helpers[keeps ? 3 : 5], ir_get(b, 0));
        ir_insn_start(b, 0x100c, 0);
        ir_store(b, MO_64, ir_get(b, 8), 8, ir_get(b, 0));
        ir_exit(b, 0x1010, 0);
        ir_optimize(ir_builder_block(b), false);
        must_verify();
        g_assert_cmpuint(count_op(IR_HOSTADDR), ==, keeps);
    }
}

static void test_dead_code(void)
{
    begin();
    IRRef x = ir_get(b, 0);

    ir_addi(b, x, 5);
    ir_callv(b, fake_helpers[0], x, ir_k32(b, 1));
    ir_load(b, IR_I64, MO_64, ir_get(b, 8), 0);       /* may fault: stays */
    ir_set(b, 0, ir_addi(b, x, 6));
    ir_set(b, 0, ir_addi(b, x, 7));
    ir_insn_start(b, 0x1004, 7);
    ir_exit(b, 0x1008, 0);
    ir_optimize(ir_builder_block(b), true);
    must_verify();
    g_assert_cmpuint(count_op(IR_ADD), ==, 1);
    g_assert_cmpuint(count_op(IR_CALL), ==, 0);
    g_assert_cmpuint(count_op(IR_QLD), ==, 1);
    GString *text = ir_dump(ir_builder_block(b));

    g_assert_nonnull(strstr(text->str, "---- 0x1004: 00000007\n  exit -> 0x1008"));
    g_string_free(text, true);
}

static void test_verifier(void)
{
    IRBlock *block = ir_builder_block(b);
    g_autoptr(GError) error = NULL;

    begin();
    IRRef sum = ir_op2(b, IR_ADD, ir_get(b, 0), ir_get(b, 1));

    ir_set(b, 0, sum);
    g_assert_false(ir_verify(block, &error));         /* no end */
    g_clear_error(&error);
    ir_exit(b, 0x1004, 0);
    must_verify();
    block->insns[sum].type = IR_I32;
    g_assert_false(ir_verify(block, &error));
    g_clear_error(&error);
    block->insns[sum].type = IR_I64;
    block->insns[sum].b = sum + 1;
    g_assert_false(ir_verify(block, &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    b = ir_builder_new(&fake_target);
    g_test_add_func("/ir/builder/slots", test_slots);
    g_test_add_func("/ir/builder/high-half", test_high_half);
    g_test_add_func("/ir/builder/snapshots", test_snapshots);
    g_test_add_func("/ir/builder/calls", test_calls);
    g_test_add_func("/ir/builder/sharing", test_sharing);
    g_test_add_func("/ir/builder/exits", test_exits);
    g_test_add_func("/ir/builder/overflow", test_overflow);
    g_test_add_func("/ir/passes/grouping", test_grouping);
    g_test_add_func("/ir/passes/grouping-constants", test_grouping_constants);
    g_test_add_func("/ir/passes/grouping-words", test_grouping_words);
    g_test_add_func("/ir/passes/grouping-store-after-exit", test_grouping_store_after_exit);
    g_test_add_func("/ir/passes/grouping-barrier", test_grouping_barrier);
    g_test_add_func("/ir/passes/dead-code", test_dead_code);
    g_test_add_func("/ir/verifier", test_verifier);
    int status = g_test_run();

    ir_builder_free(b);
    return status;
}

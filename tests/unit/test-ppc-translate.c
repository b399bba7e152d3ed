/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PowerPC translation driver, seen from the IR it makes: where blocks end and how, exceptions
 * known when translating, stepping, and for every row that it translates in every mode and that
 * nothing it sets stands before something that may fault.
 */
#include <string.h>
#include "target/ppc/cpu.h"
#include "target/ppc/spr.h"
#include "../../target/ppc/decode.h"
#include "../../target/ppc/translate.h"

#define ISA_POWER9                                                                                \
    (ISA_BASE | ISA_64 | ISA_FP | ISA_FP_EXT | ISA_FSQRT | ISA_ALTIVEC | ISA_STRING | ISA_2_03 |  \
     ISA_2_04 | ISA_2_05 | ISA_DFP | ISA_2_06 | ISA_SLB | ISA_SEGMENT | ISA_MFTB | ISA_VSX |      \
     ISA_2_07 | ISA_TM | ISA_3_00)
#define KERNEL                                                                                     \
    (HF_SF | HF_LE | HF_IR | HF_DR | HF_FP | HF_VR | HF_VSX | HF_TM | HF_SCV | MMU_IDX_VIRT_SUPER)
#define USER (KERNEL | HF_PR | MMU_IDX_VIRT_USER)

typedef struct Fixture {
    PowerPCCPUClass model;
    PowerPCCPU *cpu;
    IRBuilder *b;
    uint8_t page[TCG_PAGE_SIZE];
    TCGFetch fetch;
    bool page_relative;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->model = (PowerPCCPUClass){
        .name = "test", .insns = ISA_POWER9, .dcache_line = 128, .icache_line = 128,
        .exception_family = FAMILY_POWER9, .mmu = MMU_64_RADIX, .msr_mask = UINT64_MAX,
    };
    f->cpu = g_aligned_alloc0(1, sizeof(PowerPCCPU), 64);
    f->cpu->model = &f->model;
    f->cpu->decode = ppc_decoder_new(ISA_POWER9);
    ppc_spr_index_init(f->cpu);
    f->b = ir_builder_new(&ppc_ir_target);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    ir_builder_free(f->b);
    ppc_decoder_free(f->cpu->decode);
    g_free((void *)f->cpu->sprs);
    g_aligned_free(f->cpu);
}

static IRBlock *translate(Fixture *f, uint64_t pc, uint64_t flags, unsigned n,
                          const uint32_t *insns, unsigned max)
{
    GError *error = NULL;

    for (unsigned i = 0; i < TCG_PAGE_SIZE / 4; i++) {
        uint32_t nop = flags & HF_LE ? GUINT32_TO_LE(0x60000000) : GUINT32_TO_BE(0x60000000);
        memcpy(f->page + 4 * i, &nop, 4);
    }
    for (unsigned i = 0; i < n; i++) {
        uint32_t word = flags & HF_LE ? GUINT32_TO_LE(insns[i]) : GUINT32_TO_BE(insns[i]);
        memcpy(f->page + ((pc + 4 * i) & ~TCG_PAGE_MASK), &word, 4);
    }
    f->fetch = (TCGFetch){
        .cpu = &f->cpu->parent, .pc = pc, .flags = flags, .max_insns = max, .page = f->page,
        .page_end = TCG_PAGE_SIZE, .page_relative = f->page_relative,
    };
    ir_builder_reset(f->b, pc, flags, flags & 7);
    ppc_translate_block(&f->cpu->parent, f->b, &f->fetch);
    IRBlock *block = ir_builder_block(f->b);
    if (!ir_verify(block, &error)) {
        g_error("%s", error->message);
    }
    return block;
}

#define WORDS(...) G_N_ELEMENTS(((const uint32_t[]){__VA_ARGS__})), (const uint32_t[]){__VA_ARGS__}

static const IRInsn *last_op(const IRBlock *block)
{
    return &block->insns[block->n_insns - 1];
}

static const IRExit *exit_of(const IRBlock *block, const IRInsn *op)
{
    return &g_array_index(block->exits, IRExit, op->imm);
}

/* The n-th call of a helper, or NULL. */
static const IRCallSite *call_of(const IRBlock *block, const char *name)
{
    for (uint32_t i = 1; i < block->n_insns; i++) {
        if (block->insns[i].op == IR_CALL) {
            const IRCallSite *site = &g_array_index(block->calls, IRCallSite, block->insns[i].imm);
            if (strcmp(site->helper->name, name) == 0) {
                return site;
            }
        }
    }
    return NULL;
}

static uint64_t constant(const IRBlock *block, IRRef ref)
{
    g_assert(block->insns[ref].op == IR_KI32 || block->insns[ref].op == IR_KI64);
    return block->insns[ref].imm;
}

static void assert_raises(const IRBlock *block, PPCException kind, uint64_t error)
{
    const IRCallSite *site = call_of(block, "raise");

    g_assert_nonnull(site);
    g_assert_cmpuint(constant(block, site->args[0]), ==, kind);
    g_assert_cmpuint(constant(block, site->args[1]), ==, error);
    g_assert_cmpint(last_op(block)->op, ==, IR_UNREACH);
}

static void test_ends(Fixture *f, gconstpointer data)
{
    IRBlock *block = translate(f, 0x10ff8, KERNEL, 0, NULL, 512);
    g_assert_cmpint(last_op(block)->op, ==, IR_EXIT);
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x11000);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, IREXIT_CROSS_PAGE);
    g_assert_cmpuint(block->guest_insns->len, ==, 2);

    block = translate(f, 0x10000, KERNEL, 0, NULL, 5);
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x10014);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, 0);

    block = translate(f, 0x10100, KERNEL, WORDS(0x4bffff00), 512);     /* b .-0x100 */
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x10000);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, IREXIT_BACK_EDGE);

    block = translate(f, 0x10000, KERNEL, WORDS(0x48000ff8), 512);     /* b .+0xff8: followed */
    g_assert_cmpuint(block->guest_insns->len, ==, 3);
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x11000);
    g_assert_cmpuint(f->fetch.end, ==, 0x11000);

    block = translate(f, 0x10000, KERNEL, WORDS(0x48000101), 512);     /* bl .+0x100 */
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x10100);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, IREXIT_CALL);
    g_assert_cmpuint(exit_of(block, last_op(block))->return_pc, ==, 0x10004);

    block = translate(f, 0x10000, KERNEL, WORDS(0x4e800020), 512);     /* blr */
    g_assert_cmpint(last_op(block)->op, ==, IR_EXITIND);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, IREXIT_RETURN);

    block = translate(f, 0x10000, KERNEL, WORDS(0x4c00012c), 512);     /* isync */
    g_assert_cmpuint(block->guest_insns->len, ==, 1);
}

static void test_32_bit(Fixture *f, gconstpointer data)
{
    uint64_t flags = KERNEL & ~(uint64_t)HF_SF;
    IRBlock *block = translate(f, 0xfffff000, flags, WORDS(0x48001000), 512);   /* b .+0x1000 */
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0);

    block = translate(f, 0xfffffffc, flags, WORDS(0x429f0005), 512);   /* bcl 20,31,.+4 */
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0);
    block = translate(f, 0x10000, flags, WORDS(0x4be00003), 512);      /* bla -0x200000 */
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0xffe00000);
}

static void test_exceptions(Fixture *f, gconstpointer data)
{
    assert_raises(translate(f, 0x10000, USER, WORDS(0), 512), EXCP_PROGRAM, PROGRAM_ILLEGAL);
    /* lwzu r3,4(r3): an invalid form */
    assert_raises(translate(f, 0x10000, USER, WORDS(0x84630004), 512), EXCP_PROGRAM,
                  PROGRAM_ILLEGAL);
    assert_raises(translate(f, 0x10000, USER, WORDS(0x0fe00000), 512), EXCP_PROGRAM, PROGRAM_TRAP);

    /* twi 4,r3,0: a call as the first instruction, else an exit to itself */
    IRBlock *block = translate(f, 0x10000, USER, WORDS(0x0c830000), 512);
    g_assert_nonnull(call_of(block, "trap_if"));
    block = translate(f, 0x10000, USER, WORDS(0x60000000, 0x0c830000), 512);
    g_assert_null(call_of(block, "trap_if"));
    g_assert_cmpuint(g_array_index(block->exits, IRExit, 0).dest, ==, 0x10004);

    /* lmw in little-endian mode */
    g_assert_nonnull(call_of(translate(f, 0x10000, USER, WORDS(0xbba10000), 512), "alignment"));
    block = translate(f, 0x10000, USER & ~(uint64_t)HF_LE, WORDS(0xbba10000), 512);
    g_assert_null(call_of(block, "alignment"));
}

static void test_step(Fixture *f, gconstpointer data)
{
    IRBlock *block = translate(f, 0x10000, USER | HF_SE, 0, NULL, 512);
    const IRCallSite *site = call_of(block, "trace_step");
    g_assert_nonnull(site);
    g_assert_cmpuint(constant(block, site->args[0]), ==, 0x10004);
    g_assert_cmpuint(block->guest_insns->len, ==, 1);

    block = translate(f, 0x10000, USER | HF_SINGLESTEP, WORDS(0x4bffff00), 512);
    g_assert_cmpuint(constant(block, call_of(block, "trace_step")->args[0]), ==, 0xff00);
    /* Branch trace: only branches stop. */
    block = translate(f, 0x10000, USER | HF_BE, WORDS(0x60000000, 0x41820100), 512);
    g_assert_cmpuint(block->guest_insns->len, ==, 2);
    g_assert_nonnull(call_of(block, "trace_step"));
}

/*
 * Rows that set something first on purpose: mffs* raise behind the move, which is done; the returns
 * from interrupt set CFAR and fault only by way of the new state; mtfs* bring FPSCR up to date
 * first, which changes where its bits are kept and not what they are.
 */
static bool sets_first(const PPCInsnRow *row)
{
    return g_str_has_prefix(row->mnemonic, "mffs") || g_str_has_prefix(row->mnemonic, "mtfs") ||
           g_str_has_prefix(row->mnemonic, "rf") || strcmp(row->mnemonic, "hrfid") == 0;
}

/* Snapshots of ops that fault (not of exits, which stand behind the instruction). */
static void check_snapshots(const IRBlock *block, const PPCInsnRow *row, uint32_t word)
{
    for (uint32_t i = 1; i < block->n_insns; i++) {
        const IRInsn *op = &block->insns[i];
        bool faults =
            op->op == IR_QLD || op->op == IR_QST || op->op == IR_QCAS || op->op == IR_CALL;

        /* The step's call stands behind the instruction and brings its own pc. */
        if (op->op == IR_CALL && g_array_index(block->calls, IRCallSite, op->imm).helper ==
                                     &helper_row_trace_step) {
            continue;
        }
        if (faults && op->snap &&
            g_array_index(block->snapshots, IRSnapshot, op->snap - 1).partial) {
            g_test_message("%s (%08x): something is set before op %u, which may fault",
                           row->mnemonic, word, i);
            g_test_fail();
            return;
        }
    }
}

static void test_every_row(Fixture *f, gconstpointer data)
{
    static const uint64_t modes[] = {
        USER, KERNEL, USER & ~(uint64_t)HF_LE, KERNEL & ~(uint64_t)(HF_SF | HF_LE), KERNEL | HF_HV,
        USER & ~(uint64_t)(HF_FP | HF_VR | HF_VSX), USER | HF_FP_EXACT, USER | HF_SE,
    };
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (unsigned i = 0; i < ppc_n_insns; i++) {
        const PPCInsnRow *row = &ppc_insns[i];
        for (unsigned n = 0; n < 16; n++) {
            uint32_t word = row->opcode | (g_rand_int(rand) & ~row->mask);
            const PPCInsnRow *found = ppc_decode(f->cpu->decode, word);
            for (size_t mode = 0; mode < G_N_ELEMENTS(modes); mode++) {
                IRBlock *block = translate(f, 0x10000, modes[mode], 1, &word, 1);
                g_assert_cmpuint(block->n_insns, <, IR_MAX_INSNS / 4);
                g_assert_false(block->overflow);
                if (found && !sets_first(found)) {
                    check_snapshots(block, found, word);
                }
            }
        }
    }
}

static unsigned count_ops(const IRBlock *block, IROpcode op)
{
    unsigned n = 0;

    for (uint32_t i = 1; i < block->n_insns; i++) {
        n += block->insns[i].op == op;
    }
    return n;
}

static unsigned count_insns(const IRBlock *block, uint64_t pc)
{
    unsigned n = 0;

    for (guint i = 0; i < block->guest_insns->len; i++) {
        n += g_array_index(block->guest_insns, IRGuestInsn, i).pc == pc;
    }
    return n;
}

/* Loops of one block are repeated in it; branches over what only computes do not leave it. */
static void test_loops(Fixture *f, gconstpointer data)
{
    /* addi r3,r3,1; bdnz .-4 */
    IRBlock *block = translate(f, 0x10000, KERNEL, WORDS(0x38630001, 0x4200fffc), 512);
    g_assert_cmpuint(count_insns(block, 0x10000), ==, 4);
    g_assert_cmpuint(count_insns(block, 0x10008), ==, 1);
    /* Back edges are where pending work is looked for. */
    for (guint i = 0; i < block->exits->len; i++) {
        const IRExit *exit = &g_array_index(block->exits, IRExit, i);
        g_assert_true(exit->dest > 0x10004 || (exit->hints & IREXIT_BACK_EDGE));
    }
    /* The loop of an endless block, with its exit in the middle. */
    block =
        translate(f, 0x10000, KERNEL, WORDS(0x2c030000, 0x41820100, 0x38630001, 0x4bfffff4), 512);
    g_assert_cmpuint(count_insns(block, 0x10000), ==, 4);
    g_assert_cmpuint(exit_of(block, last_op(block))->dest, ==, 0x10000);
    g_assert_cmpuint(exit_of(block, last_op(block))->hints, ==, IREXIT_BACK_EDGE);
    /* Not when stepping, not with the link register, not for one instruction. */
    g_assert_cmpuint(translate(f, 0x10000, USER | HF_SE, WORDS(0x4200fffc), 512)->guest_insns->len,
                     ==, 1);
    block = translate(f, 0x10000, KERNEL, WORDS(0x38630001, 0x4200fffd), 512);
    g_assert_cmpuint(count_insns(block, 0x10000), ==, 1);
    g_assert_cmpuint(translate(f, 0x10000, KERNEL, WORDS(0x42000000), 1)->guest_insns->len, ==, 1);

    /* cmpwi r3,0; beq .+8; addi r4,r4,1 */
    block = translate(f, 0x10000, KERNEL, WORDS(0x2c030000, 0x41820008, 0x38840001), 4);
    g_assert_cmpuint(count_ops(block, IR_EXITIF), ==, 0);
    g_assert_cmpuint(count_ops(block, IR_SELECT), ==, 1);
    /* Two of them; the same over addi. and over a load. */
    block = translate(f, 0x10000, KERNEL, WORDS(0x2c030000, 0x4182000c, 0x38840001, 0x7ca62b78), 8);
    g_assert_cmpuint(count_ops(block, IR_EXITIF), ==, 0);
    g_assert_cmpuint(count_ops(block, IR_SELECT), ==, 2);
    block = translate(f, 0x10000, KERNEL, WORDS(0x2c030000, 0x41820008, 0x34840001), 8);
    g_assert_cmpuint(count_ops(block, IR_EXITIF), ==, 1);
    block = translate(f, 0x10000, KERNEL, WORDS(0x2c030000, 0x41820008, 0x80840000), 8);
    g_assert_cmpuint(count_ops(block, IR_EXITIF), ==, 1);
    /* Instructions that are counted are not skipped in passing. */
    block = translate(f, 0x10000, KERNEL | HF_PMU, WORDS(0x2c030000, 0x41820008, 0x38840001), 8);
    g_assert_cmpuint(count_ops(block, IR_EXITIF), ==, 1);
}

/* The same instructions at two addresses give the same ops; exits move with the page. */
static void test_page_relative(Fixture *f, gconstpointer data)
{
    static const uint32_t words[][2] = {
        {0x48000101, 0},            /* bl .+0x100 */
        {0x429f0005, 0x7fc802a6},   /* bcl 20,31,.+4; mflr r30 */
        {0x41824000, 0x4e800021},   /* beq .+0x4000; blrl */
        {0x4c600004, 0x44000002},   /* addpcis r3,0; sc */
        {0x41820102, 0x48000103},   /* beqa 0x100; bla 0x100 */
    };
    const uint64_t here = 0x10040100, there = 0x7fffabcd1100;

    f->page_relative = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        IRBlock *block = translate(f, here, USER, 2, words[i], 2);
        g_assert_true(block->page_relative);
        uint32_t n = block->n_insns;
        g_autofree IRInsn *insns = g_memdup2(block->insns, n * sizeof(IRInsn));
        guint n_exits = block->exits->len;
        g_autofree IRExit *exits = g_memdup2(block->exits->data, n_exits * sizeof(IRExit));

        block = translate(f, there, USER, 2, words[i], 2);
        g_assert_cmpmem(insns, n * sizeof(IRInsn), block->insns, block->n_insns * sizeof(IRInsn));
        g_assert_cmpuint(block->exits->len, ==, n_exits);
        for (guint k = 0; k < n_exits; k++) {
            const IRExit *moved = &g_array_index(block->exits, IRExit, k);
            g_assert_cmpuint(moved->hints, ==, exits[k].hints);
            g_assert_cmpuint(moved->dest, ==, exits[k].dest ? exits[k].dest + (there - here) : 0);
        }
    }
    /* Not the kernel, not 32-bit mode, not a traced instruction. */
    g_assert_false(translate(f, here, KERNEL, 0, NULL, 2)->page_relative);
    g_assert_false(translate(f, here, USER & ~HF_SF, 0, NULL, 2)->page_relative);
    g_assert_false(translate(f, here, USER | HF_SE, 0, NULL, 2)->page_relative);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/ppc/translate/ends", Fixture, NULL, set_up, test_ends, tear_down);
    g_test_add("/ppc/translate/32-bit", Fixture, NULL, set_up, test_32_bit, tear_down);
    g_test_add("/ppc/translate/exceptions", Fixture, NULL, set_up, test_exceptions, tear_down);
    g_test_add("/ppc/translate/step", Fixture, NULL, set_up, test_step, tear_down);
    g_test_add("/ppc/translate/loops", Fixture, NULL, set_up, test_loops, tear_down);
    g_test_add("/ppc/translate/page-relative", Fixture, NULL, set_up, test_page_relative,
               tear_down);
    g_test_add("/ppc/translate/every-row", Fixture, NULL, set_up, test_every_row, tear_down);
    return g_test_run();
}

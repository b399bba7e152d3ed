/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SPR table, the models and the CPU's state: rows agree with each other and with the debugger's
 * lists; a busy CPU survives saving and loading.
 */
#include "migration/vmstate.h"
#include "target/ppc/cpu-internal.h"
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"

static void test_rows(void)
{
    for (unsigned i = 0; i < ppc_spr_row_count; i++) {
        const PPCSpr *row = &ppc_spr_rows[i];
        unsigned writers = SPR_UW | SPR_SW | SPR_HW;

        g_assert_cmpuint(row->number, <, 1024);
        g_assert_true(row->families && row->access && row->name);
        /* Whoever may write has something to write, and the other way round. */
        g_assert_cmpint(!(row->access & writers), ==, !row->mask);
        /* Rights grow with privilege. */
        g_assert_true(!(row->access & SPR_UR) || row->access & SPR_SR);
        g_assert_true(!(row->access & SPR_UW) || row->access & SPR_SW);
        g_assert_true(!(row->access & SPR_SR) || row->access & SPR_HR);
        g_assert_true(!(row->access & SPR_SW) || row->access & SPR_HW);
        for (unsigned j = 0; j < i; j++) {
            const PPCSpr *other = &ppc_spr_rows[j];

            g_assert_false(other->number == row->number && other->families & row->families);
            g_assert_false(!strcmp(other->name, row->name) && other->families & row->families);
        }
    }
}

static void test_gdb_lists(void)
{
    static const struct {
        PPCFamily family;
        const GDBFeature *features;
    } rows[] = {
        {FAMILY_970, ppc_gdb_features_970}, {FAMILY_POWER7, ppc_gdb_features_p7},
        {FAMILY_POWER8, ppc_gdb_features_p8}, {FAMILY_POWER9, ppc_gdb_features_p9},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const GDBFeature *spr = rows[i].features;
        unsigned count = 0;

        while (spr->name && strcmp(spr->name, "power-spr.xml")) {
            spr++;
        }
        g_assert_nonnull(spr->name);
        for (unsigned j = 0; j < ppc_spr_row_count; j++) {
            const PPCSpr *row = &ppc_spr_rows[j];
            g_autofree char *text = g_strdup_printf("name=\"%s\"", row->name);
            bool core = row->number == SPR_LR || row->number == SPR_CTR || row->number == SPR_XER ||
                        row->number == SPR_VRSAVE;
            bool here = row->families >> rows[i].family & 1 && !core;

            if (here) {
                g_assert_nonnull(strstr(spr->xml, text));
                count++;
            }
        }
        g_assert_cmpuint(count, ==, spr->count);
    }
}

static void test_models(void)
{
    static const struct {
        const char *name;
        uint32_t pvr;
    } rows[] = {
        {"power9_v2.0", 0x004e1200}, {"POWER9", 0x004e1200},     {"power9_V2.2", 0x004e1202},
        {"power8", 0x004d0200},      {"power8e", 0x004b0201},    {"POWER8NVL", 0x004c0100},
        {"power7", 0x003f0203},      {"power7+", 0x004a0201},    {"970fx", 0x003c0301},
        {"970", 0x00390202},         {"970MP_v1.0", 0x00440100}, {"970mp", 0x00440101},
        {"power5+", 0x003b0201},     {"0x004e1200", 0x004e1200}, {"004d0200", 0x004d0200},
    };
    GPtrArray *list = ppc_model_list();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PowerPCCPUClass *model = ppc_model_find(rows[i].name);

        g_assert_nonnull(model);
        g_assert_cmphex(model->pvr, ==, rows[i].pvr);
    }
    g_assert_null(ppc_model_find("power"));
    g_assert_null(ppc_model_find(""));
    g_assert_null(ppc_model_find("0x"));
    g_assert_null(ppc_model_find("0xffffffff"));
    for (unsigned i = 1; i < list->len; i++) {
        const PowerPCCPUClass *a = list->pdata[i - 1], *b = list->pdata[i];

        g_assert_cmpint(strcmp(a->name, b->name), <, 0);
    }
    for (const PPCModelAlias *a = ppc_model_aliases; a->alias; a++) {
        g_assert_nonnull(ppc_model_find(a->model));
    }
    g_ptr_array_free(list, TRUE);
}

static void test_compat(void)
{
    TestMachine machine, *m = &machine;
    GError *error = NULL;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    g_assert_true(ppc_check_compat(m->cpu, 0x0f000005, 0, 0));
    g_assert_true(ppc_check_compat(m->cpu, 0x0f000003, 0, 0x0f000004));
    g_assert_false(ppc_check_compat(m->cpu, 0x0f000005, 0, 0x0f000004));
    g_assert_false(ppc_check_compat(m->cpu, 0x0f000002, 0x0f000003, 0));
    g_assert_false(ppc_check_compat(m->cpu, 0x004e1200, 0, 0));
    g_assert_true(ppc_set_compat(m->cpu, 0x0f000004, &error));
    g_assert_cmphex(m->cpu->env.spr[SPR_PCR], ==, PCR_COMPAT_2_07);
    g_assert_cmpint(ppc_compat_max_vthreads(m->cpu), ==, 8);
    g_assert_true(ppc_set_compat(m->cpu, 0, &error));
    g_assert_cmphex(m->cpu->env.spr[SPR_PCR], ==, 0);
    g_assert_false(ppc_set_compat(m->cpu, 0x0f000006, &error));
    g_clear_error(&error);
    test_machine_teardown(m);
    test_machine_setup(m, "power8", &tcg_backend_interp);
    g_assert_false(ppc_set_compat(m->cpu, 0x0f000005, &error));
    g_assert_nonnull(strstr(error->message, "power9"));
    g_clear_error(&error);
    g_assert_true(ppc_set_compat(m->cpu, 0x0f000003, &error));
    g_assert_cmpint(ppc_compat_max_vthreads(m->cpu), ==, 4);
    test_machine_teardown(m);
}

/* Values that reading gives back, through run code and through the raw accessors. */
static void test_access(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    uint64_t value;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    m->cpu->threads_per_core = 4;
    m->cpu->vcpu_id = 6;
    PUT(m, TEST_CODE, T_MTSPR(SPR_SPRG1, 3), T_MFSPR(4, SPR_SPRG1), T_MTSPR(SPR_DSISR, 3),
        T_MFSPR(5, SPR_DSISR), T_MFSPR(6, SPR_PVR), T_MFSPR(7, SPR_PIR), T_MFSPR(8, SPR_TIR),
        T_MTSPR(SPR_VRSAVE, 3), T_MFSPR(9, SPR_VRSAVE), T_MTSPR(SPR_CTRL, 3),
        T_MFSPR(10, SPR_UCTRL), T_MTSPR(SPR_PPR, 11), T_MFSPR(12, SPR_PPR32),
        T_MTSPR(SPR_TEXASRU, 3), T_MFSPR(13, SPR_TEXASR), T_STOP);
    env->gpr[3] = 0x123456789abcdef1ull;
    env->gpr[11] = 2ull << 50;
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(TM), false);
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==, 0x123456789abcdef1ull);
    g_assert_cmphex(env->gpr[5], ==, 0x9abcdef1ull);
    g_assert_cmphex(env->gpr[6], ==, 0x004e1200);
    g_assert_cmphex(env->gpr[7], ==, 6);
    g_assert_cmphex(env->gpr[8], ==, 2);
    g_assert_cmphex(env->gpr[9], ==, 0x9abcdef1ull);
    g_assert_cmphex(env->gpr[10], ==, 1 | 1 << (15 - 2));
    g_assert_cmphex(env->gpr[12], ==, 2 << 18);
    g_assert_cmphex(env->gpr[13], ==, 0x9abcdef100000000ull);
    /* User writes of AMR reach what UAMOR lets through. */
    env->spr[SPR_AMR] = 0;
    env->spr[SPR_UAMOR] = 0x3000;
    PUT(m, TEST_CODE, T_MTSPR(SPR_UAMR, 3), T_MFSPR(4, SPR_AMR), T_STOP);
    env->gpr[3] = UINT64_MAX;
    test_run(m, TEST_CODE);
    g_assert_cmphex(env->gpr[4], ==, 0x3000);
    ppc_set_xer(env, 0xe00c007full);
    g_assert_true(ppc_spr_read_raw(env, SPR_XER, &value));
    g_assert_cmphex(value, ==, 0xe00c007full);
    g_assert_false(ppc_spr_read_raw(env, 5, &value));
    g_assert_false(ppc_spr_write_raw(env, SPR_PVR, 1));
    test_machine_teardown(m);
}

static void fill_busy(TestMachine *m)
{
    CPUPPCState *env = &m->cpu->env;

    for (unsigned i = 0; i < 32; i++) {
        env->gpr[i] = 0x1111111111111111ull * (i % 15 + 1) + i;
    }
    for (unsigned i = 0; i < 64; i++) {
        env->vsr[i].d[0] = 0xabcd0000 + i;
        env->vsr[i].d[1] = 0xef010000 + i;
    }
    ppc_set_cr(env, 0x12345678, 0xff);
    ppc_set_xer(env, 0xa0040033);
    env->lr = 0x1234;
    env->ctr = 0x5678;
    env->tar = 0x9abc;
    env->reserve_addr = 0x4000;
    env->reserve_val = 77;
    env->reserve_size = 8;
    env->fpscr = 0x82064001;
    env->vscr = 1;
    env->nip = 0x22220;
    ppc_store_msr(env, MSR_BIT(SF) | MSR_BIT(ME) | MSR_BIT(FP) | MSR_BIT(VSX) | MSR_BIT(LE), false);
    env->spr[SPR_SPRG0] = 0xfeed;
    env->spr[SPR_PIDR] = 17;
    ppc_slb_store(m->cpu, 3, 0x70000000ull | SLB_ESID_V,
                  0x777ull << 12 | SLB_VSID_KP | SLB_VSID_L | 0x10);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_DOORBELL, true);
    ppc_set_interrupt(m->cpu, PPC_INTERRUPT_RESET, true);
    ppc_set_decr(env, UINT64_MAX - 5);
    m->cpu->power_wait = PPC_WAIT_ANY;
}

static void test_state(void)
{
    TestMachine machine, *m = &machine;
    CPUPPCState *env;
    GError *error = NULL;
    g_autofree CPUPPCState *before = g_new0(CPUPPCState, 1);
    g_autoptr(GBytes) bytes = NULL, again = NULL;
    gsize size;
    const void *data;
    uint64_t pending;
    unsigned accepted = 0;

    test_machine_setup(m, "power9", &tcg_backend_interp);
    env = &m->cpu->env;
    g_assert_true(vmstate_check_description(&vmstate_ppc_cpu, &error));
    g_assert_no_error(error);
    fill_busy(m);
    g_assert_true(ppc_set_compat(m->cpu, 0x0f000004, &error));
    bytes = vmstate_save_to_bytes(&vmstate_ppc_cpu, m->cpu, &error);
    g_assert_no_error(error);
    memcpy(before, env, sizeof(*before));
    /* A reservation does not survive; registers with homes elsewhere leave their slots. */
    before->reserve_addr = RESERVE_NONE;
    before->reserve_val = before->reserve_size = 0;
    before->spr[SPR_LR] = before->spr[SPR_CTR] = before->spr[SPR_XER] = before->spr[SPR_TAR] = 0;
    before->spr[22] = 0;
    pending = env->pending_interrupts;

    ppc_cpu_reset(m->cpu);
    g_assert_cmphex(env->pending_interrupts, !=, pending);
    data = g_bytes_get_data(bytes, &size);
    g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu, m->cpu, data, size, 5, &error));
    g_assert_no_error(error);
    /* Everything up to the derived part is as it was, and so is what is derived from it. */
    for (size_t i = 0; i < offsetof(CPUPPCState, icount_base); i++) {
        if (((uint8_t *)before)[i] != ((uint8_t *)env)[i]) {
            g_error("byte %zu of the state differs", i);
        }
    }
    g_assert_cmphex(m->cpu->compat_pvr, ==, 0x0f000004);
    g_assert_cmpint(m->cpu->power_wait, ==, PPC_WAIT_ANY);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    again = vmstate_save_to_bytes(&vmstate_ppc_cpu, m->cpu, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(bytes, again));

    /* Cut short anywhere: an error, never a crash. */
    for (gsize cut = 0; cut < size; cut += 13) {
        if (vmstate_load_from_bytes(&vmstate_ppc_cpu, m->cpu, data, cut, 5, &error)) {
            accepted++;
            continue;
        }
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
    g_assert_cmpuint(accepted, <=, 2);   /* only where a subsection ends */
    test_machine_teardown(m);

    /* Another processor takes it if it has that compatibility mode, else refuses it. */
    test_machine_setup(m, "power8", &tcg_backend_interp);
    g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu, m->cpu, data, size, 5, &error));
    g_assert_cmphex(m->cpu->env.spr[SPR_PVR], ==, m->cpu->model->pvr);
    test_machine_teardown(m);
    test_machine_setup(m, "power7", &tcg_backend_interp);
    g_assert_false(vmstate_load_from_bytes(&vmstate_ppc_cpu, m->cpu, data, size, 5, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-spr/rows", test_rows);
    g_test_add_func("/ppc-spr/gdb", test_gdb_lists);
    g_test_add_func("/ppc-spr/models", test_models);
    g_test_add_func("/ppc-spr/compat", test_compat);
    g_test_add_func("/ppc-spr/access", test_access);
    g_test_add_func("/ppc-spr/state", test_state);
    return g_test_run();
}

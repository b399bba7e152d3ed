/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the sPAPR machine: saved in the middle of things, loaded after a reset, the same
 * again; streams that are cut or damaged are refused or do no harm.
 */
#include <libfdt.h>
#include <string.h>
#include "test-spapr-bench.h"
#include "hw/intc/xive.h"
#include "system/runstate.h"

enum { H_WATCHDOG = 0x45c };

static GBytes *save(void)
{
    GError *error = NULL;
    GBytes *bytes = vmstate_save_to_bytes(&vmstate_spapr, bench_machine(), &error);

    g_assert_no_error(error);
    return bytes;
}

static bool load(const void *data, gsize size)
{
    g_autoptr(GError) error = NULL;
    bool good = vmstate_load_from_bytes(&vmstate_spapr, bench_machine(), data, size,
                                        vmstate_spapr.version_id, &error);

    g_assert_true(good == !error);
    return good;
}

static void make_busy(void)
{
    SpaprMachine *spapr = bench_machine();

    g_assert_cmpuint(CLIENT("claim", 0x08000000, 0x10000, 0), ==, 0x08000000);
    g_assert_cmpuint(CLIENT("open", bench_text(BENCH_FREE + 0x3000, "/cpus")), !=, 0);
    g_assert_cmpint(HRESULT(H_WATCHDOG, 0x102, 2, 3600000), ==, H_SUCCESS);
    spapr_powerdown_request(spapr);
    spapr_powerdown_request(spapr);
    spapr->rtc_offset_ns = -12345;
    spapr->fwnmi_registered = true;
    spapr->fwnmi_mce_addr = 0x1000;
    spapr->patb_entry |= 0x0c000000 | 12;
    spapr_irq_select(spapr, true);
    ovec_set(&spapr->ov5_cas, 5, 0);
    ovec_set(&spapr->ov5_cas, OV5_XIVE_EXPLOIT);
    spapr->cas_done = true;
}

static bool pages_mapped(void)
{
    MemTxResult result;

    address_space_ldn_be(address_space_memory(), XIVE_VC_BASE + 0x10800, 8, MEMTXATTRS_UNSPECIFIED,
                         &result);
    return result == MEMTX_OK;
}

static void test_round_trip(void)
{
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) saved = NULL, again = NULL;
    gsize size;
    const void *data;
    uint64_t patb;

    g_assert_true(vmstate_check_description(&vmstate_spapr, &error));
    g_assert_no_error(error);
    make_busy();
    patb = spapr->patb_entry;
    g_assert_true(pages_mapped());
    saved = save();
    data = g_bytes_get_data(saved, &size);

    system_reset(SHUTDOWN_CAUSE_SNAPSHOT_LOAD);
    g_assert_false(pages_mapped());
    g_assert_cmpuint(spapr->events->len, ==, 0);
    g_assert_true(load(data, size));
    again = save();
    /* All but the time. */
    g_assert_cmpmem((const uint8_t *)data + 16, size - 16,
                    (const uint8_t *)g_bytes_get_data(again, NULL) + 16,
                    g_bytes_get_size(again) - 16);
    g_assert_cmphex(spapr->patb_entry, ==, patb);
    g_assert_cmpuint(spapr->events->len, ==, 2);
    g_assert_true(timer_pending(&spapr->watchdogs[1].timer));
    g_assert_false(timer_pending(&spapr->watchdogs[0].timer));
    /* What hangs on the interrupt mode follows it. */
    g_assert_cmpuint(spapr->active_ic, ==, 1);
    g_assert_true(pages_mapped());
    /* The client goes on: its claim is held, its tree is there. */
    g_assert_cmpuint(CLIENT("claim", 0x08000000, 0x1000, 0), ==, UINT32_MAX);
    g_assert_cmpuint(CLIENT("finddevice", bench_text(BENCH_FREE + 0x3000, "/chosen")), !=,
                     UINT32_MAX);
}

static void test_cut(void)
{
    unsigned accepted = 0;
    g_autoptr(GBytes) saved = save();
    gsize size;
    const uint8_t *data = g_bytes_get_data(saved, &size);

    g_assert_cmpuint(size, >, 1000);
    for (gsize cut = 0; cut < size; cut += cut < 600 || size - cut < 200 ? 1 : 1013) {
        accepted += load(data, cut);
    }
    /* Only where a subsection ends, which may be missing. */
    g_assert_cmpuint(accepted, <=, 8);
    g_assert_true(load(data, size));
}

/* What is let in although it was damaged: the guest's calls are answered all the same. */
static void test_damaged(void)
{
    g_autoptr(GBytes) saved = save();
    gsize size;
    const uint8_t *data = g_bytes_get_data(saved, &size);
    g_autofree uint8_t *copy = g_malloc(size);
    g_autoptr(GRand) rand = g_rand_new_with_seed(99);
    unsigned refused = 0;

    for (unsigned i = 0; i < 1500; i++) {
        gsize at = i < 600 ? i : g_rand_int_range(rand, 0, MIN(size, 20000));

        memcpy(copy, data, size);
        copy[at] ^= 1u << g_rand_int_range(rand, 0, 8);
        if (!load(copy, size)) {
            /* A machine that was refused its state does not run. */
            refused++;
            g_assert_true(load(data, size));
            continue;
        }
        CLIENT("finddevice", bench_text(BENCH_FREE + 0x3000, "/chosen"));
        CLIENT("claim", 0, 0x1000, 0x1000);
        CLIENT("open", bench_text(BENCH_FREE + 0x3000, "/vdevice/vty@71000000"));
        RTAS(RTAS_EVENT_SCAN, NULL, 1, 0x40000000, 0, BENCH_FREE + 0x10000, 2048);
    }
    g_assert_cmpuint(refused, >, 10);
    g_assert_true(load(data, size));
}

/* The client interface without a tree. */
static void test_no_tree(void)
{
    SpaprMachine *spapr = bench_machine();
    g_autoptr(GBytes) saved = save(), without = NULL;
    uint8_t *fdt = g_steal_pointer(&spapr->fdt);
    uint32_t size = spapr->fdt_size;

    spapr->fdt_size = 0;
    without = save();
    g_assert_true(spapr->client.active);
    g_assert_false(load(g_bytes_get_data(without, NULL), g_bytes_get_size(without)));
    g_free(spapr->fdt);
    spapr->fdt = fdt;
    spapr->fdt_size = size;
    g_assert_true(load(g_bytes_get_data(saved, NULL), g_bytes_get_size(saved)));
}

static void test_cpu(void)
{
    unsigned accepted = 0;
    SpaprCpuState *state = spapr_cpu_state(bench_cpu(1));
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) saved = NULL;
    gsize size;
    const void *data;

    state->vpa_addr = 0x100000;
    state->dtl_addr = 0x200000;
    state->dtl_size = 4096;
    state->prod = true;
    g_assert_true(vmstate_check_description(&vmstate_spapr_cpu, &error));
    saved = vmstate_save_to_bytes(&vmstate_spapr_cpu, state, &error);
    data = g_bytes_get_data(saved, &size);
    spapr_cpu_reset_state(bench_cpu(1));
    g_assert_cmphex(state->vpa_addr, ==, 0);
    g_assert_true(vmstate_load_from_bytes(&vmstate_spapr_cpu, state, data, size, 1, &error));
    g_assert_cmphex(state->vpa_addr, ==, 0x100000);
    g_assert_cmphex(state->dtl_size, ==, 4096);
    g_assert_true(state->prod);
    for (gsize cut = 0; cut < size; cut++) {
        g_autoptr(GError) refused = NULL;

        accepted += vmstate_load_from_bytes(&vmstate_spapr_cpu, state, data, cut, 1, &refused);
    }
    g_assert_cmpuint(accepted, <=, 3);   /* only where a subsection ends */
    spapr_cpu_reset_state(bench_cpu(1));
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    bench_start("pseries,ic-mode=dual", "power9_v2.0", true);
    g_test_add_func("/spapr-state/round-trip", test_round_trip);
    g_test_add_func("/spapr-state/cut", test_cut);
    g_test_add_func("/spapr-state/damaged", test_damaged);
    g_test_add_func("/spapr-state/no-tree", test_no_tree);
    g_test_add_func("/spapr-state/cpu", test_cpu);
    result = g_test_run();
    bench_stop();
    return result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI host bridge of the sPAPR machine on an empty bus, and its DMA windows, as a guest reaches
 * them: RTAS and hypercalls.
 */
#include "test-spapr-bench.h"
#include "hw/ppc/spapr-iommu.h"
#include "hw/ppc/spapr-pci.h"

enum { H_GET_TCE = 0x1c, H_PUT_TCE = 0x20, H_PUT_TCE_INDIRECT = 0x13c, H_STUFF_TCE = 0x138 };
#define WINDOW 0x80000000u
#define BUID_HIGH 0x08000000u
#define BUID_LOW 0x20000000u
#define OK 0u
#define HW_ERROR ((uint32_t)RTAS_OUT_HW_ERROR)
#define PARAM_ERROR ((uint32_t)RTAS_OUT_PARAM_ERROR)

static void test_tce(void)
{
    SpaprTceTable *tce = spapr_tce_find(bench_machine(), WINDOW);
    uint64_t real, left;

    g_assert_nonnull(tce);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0x3000, 0x123000 | 3), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0x3fff).r[0], ==, 0x123003);
    g_assert_true(spapr_tce_translate(tce, 0x3010, SPAPR_TCE_WRITE, &real, &left));
    g_assert_cmphex(real, ==, 0x123010);
    g_assert_cmphex(left, ==, 0xff0);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0x3000, 0x123000 | 1), ==, H_SUCCESS);
    g_assert_false(spapr_tce_translate(tce, 0x3010, SPAPR_TCE_WRITE, &real, &left));
    g_assert_true(spapr_tce_translate(tce, 0x3010, SPAPR_TCE_READ, &real, &left));
    /* The window's end, and one that is not there. */
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0x3ffff000, 1), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0x40000000, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, UINT64_MAX, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW + 1, 0, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_GET_TCE, 0x77, 0), ==, H_PARAMETER);
}

static void test_many(void)
{
    for (unsigned i = 0; i < 512; i++) {
        spapr_stq(bench_machine(), BENCH_FREE + i * 8, 0x1000ull * i | 3);
    }
    g_assert_cmpint(HRESULT(H_PUT_TCE_INDIRECT, WINDOW, 0x100000, BENCH_FREE, 512), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0x100000 + 511 * 0x1000).r[0], ==, 511 * 0x1000 | 3);
    g_assert_cmpint(HRESULT(H_PUT_TCE_INDIRECT, WINDOW, 0x100000, BENCH_FREE, 513), ==,
                    H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TCE_INDIRECT, WINDOW, 0x100000, BENCH_FREE + 8, 1), ==,
                    H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TCE_INDIRECT, WINDOW, 0x100000, 1ull << 60, 1), ==, H_PARAMETER);
    g_assert_cmpint(HRESULT(H_PUT_TCE_INDIRECT, WINDOW, 0x3ffff000, BENCH_FREE, 2), ==,
                    H_PARAMETER);
    g_assert_cmpint(HRESULT(H_STUFF_TCE, WINDOW, 0x100000, 7, 100), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0x100000 + 99 * 0x1000).r[0], ==, 7);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0x100000 + 100 * 0x1000).r[0], ==, 100 * 0x1000 | 3);
    g_assert_cmpint(HRESULT(H_STUFF_TCE, WINDOW, 0, 0, UINT64_MAX), ==, H_PARAMETER);
}

static void test_windows(void)
{
    uint32_t r[6];

    g_assert_cmphex(RTAS(RTAS_IBM_QUERY_PE_DMA_WINDOW, r, 5, 0, BUID_HIGH, BUID_LOW), ==, OK);
    g_assert_cmphex(r[1], ==, 1);
    g_assert_cmphex(r[3] & 7, ==, 7);
    g_assert_cmphex(RTAS(RTAS_IBM_QUERY_PE_DMA_WINDOW, r, 6, 0, BUID_HIGH, BUID_LOW), ==, OK);
    g_assert_cmphex(r[4] & 7, ==, 7);
    g_assert_cmphex(RTAS(RTAS_IBM_QUERY_PE_DMA_WINDOW, r, 5, 0, 1, 2), ==, PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, r, 4, 0, BUID_HIGH, BUID_LOW, 13, 30), ==,
                    PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, r, 4, 0, BUID_HIGH, BUID_LOW, 16, 12), ==,
                    PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, r, 4, 0, BUID_HIGH, BUID_LOW, 12, 63), ==,
                    HW_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, r, 4, 0, BUID_HIGH, BUID_LOW, 16, 30), ==,
                    OK);
    g_assert_cmphex(r[1], ==, WINDOW + 1);
    g_assert_cmphex(r[2], ==, 0x08000000);
    g_assert_cmphex(r[3], ==, 0);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW + 1, 0x0800000000010000, 0x50003), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW + 1, 0x10000, 0x50003), ==, H_PARAMETER);
    g_assert_cmphex(RTAS(RTAS_IBM_CREATE_PE_DMA_WINDOW, r, 4, 0, BUID_HIGH, BUID_LOW, 16, 30), ==,
                    HW_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_REMOVE_PE_DMA_WINDOW, r, 1, WINDOW), ==, OK);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0, 1), ==, H_PARAMETER);
    g_assert_cmphex(RTAS(RTAS_IBM_REMOVE_PE_DMA_WINDOW, r, 1, WINDOW), ==, PARAM_ERROR);
    /* With the last one gone the first comes back. */
    g_assert_cmphex(RTAS(RTAS_IBM_REMOVE_PE_DMA_WINDOW, r, 1, WINDOW + 1), ==, OK);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW, 0, 1), ==, H_SUCCESS);
    g_assert_cmphex(RTAS(RTAS_IBM_RESET_PE_DMA_WINDOW, r, 1, 0, BUID_HIGH, BUID_LOW), ==, OK);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0).r[0], ==, 0);
    g_assert_cmphex(RTAS(RTAS_IBM_RESET_PE_DMA_WINDOW, r, 1, 0, 0, BUID_LOW), ==, PARAM_ERROR);
}

static void test_empty_bus(void)
{
    uint32_t r[4];

    for (uint32_t slot = 0; slot < 32; slot++) {
        g_assert_cmphex(RTAS(RTAS_IBM_READ_PCI_CONFIG, r, 2, slot << 11, BUID_HIGH, BUID_LOW, 4),
                        ==, HW_ERROR);
        g_assert_cmphex(
            RTAS(RTAS_IBM_WRITE_PCI_CONFIG, r, 1, slot << 11, BUID_HIGH, BUID_LOW, 4, 0), ==,
            HW_ERROR);
    }
    g_assert_cmphex(RTAS(RTAS_IBM_READ_PCI_CONFIG, r, 2, 0xffffffff, 1, 1, 77), ==, HW_ERROR);
    g_assert_cmphex(RTAS(RTAS_READ_PCI_CONFIG, r, 2, 0, 4), ==, HW_ERROR);
    g_assert_cmphex(RTAS(RTAS_WRITE_PCI_CONFIG, r, 1, 0, 4, 0), ==, HW_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_CHANGE_MSI, r, 3, 0, BUID_HIGH, BUID_LOW, 1, 1, 1), ==,
                    PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_QUERY_INTERRUPT_SOURCE_NUMBER, r, 3, 0, BUID_HIGH, BUID_LOW, 0),
                    ==, PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_SET_EEH_OPTION, r, 1, 0, BUID_HIGH, BUID_LOW, 1), ==,
                    PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_SET_TCE_BYPASS, r, 1, WINDOW, 1), ==, PARAM_ERROR);
}

/* Bridges are told apart by identifier and window; wrong ones leave nothing behind. */
static void test_second_bridge(void)
{
    static const struct { const char *property, *message; } wrong[] = {
        {NULL, "'index' is needed"},
        {"index=31", "'index' is too large"},
        {"index=0", "index 0 already"},
        {"mem_win_size=0x80000001", "'mem_win_size' is too large"},
        {"numa_node=5", "no NUMA node 5"},
    };
    const char *good[] = {"index=3", "ddw=off", NULL};
    GPtrArray *phbs = bench_machine()->phbs;
    uint32_t r[6];
    DeviceState *dev;

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        const char *properties[] = {wrong[i].property, i > 2 ? "index=2" : NULL, NULL};
        GError *error = NULL;

        g_assert_null(device_create(NULL, "spapr-pci-host-bridge", properties, &error));
        g_assert_nonnull(strstr(error->message, wrong[i].message));
        g_clear_error(&error);
        g_assert_cmpuint(phbs->len, ==, 1);
    }
    dev = device_create(NULL, "spapr-pci-host-bridge", good, NULL);
    g_assert_nonnull(dev);
    device_cold_reset(dev);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW | 3 << 8, 0x5000, 0x123003), ==, H_SUCCESS);
    g_assert_cmphex(HCALL(H_GET_TCE, WINDOW, 0x5000).r[0], !=, 0x123003);
    /* Without dynamic windows their calls are for a bridge that is not there. */
    g_assert_cmphex(RTAS(RTAS_IBM_QUERY_PE_DMA_WINDOW, r, 5, 0, BUID_HIGH, BUID_LOW + 3), ==,
                    PARAM_ERROR);
    g_assert_cmphex(RTAS(RTAS_IBM_READ_PCI_CONFIG, r, 2, 0, BUID_HIGH, BUID_LOW + 3, 4), ==,
                    HW_ERROR);
    device_unrealize(dev);
    g_assert_cmpint(HRESULT(H_PUT_TCE, WINDOW | 3 << 8, 0x5000, 0x123003), ==, H_PARAMETER);
    dev = device_create(NULL, "spapr-pci-host-bridge", good, NULL);
    g_assert_nonnull(dev);
    device_unrealize(dev);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    device_classes_register(hw_ppc_device_classes);
    bench_start("pseries", "power9_v2.0", false);
    g_test_add_func("/spapr-pci/tce", test_tce);
    g_test_add_func("/spapr-pci/many", test_many);
    g_test_add_func("/spapr-pci/windows", test_windows);
    g_test_add_func("/spapr-pci/empty-bus", test_empty_bus);
    g_test_add_func("/spapr-pci/second-bridge", test_second_bridge);
    result = g_test_run();
    bench_stop();
    return result;
}

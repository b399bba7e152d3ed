/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of 32-bit processors: the section that QEMU sends, with words of 32 bits, loaded and saved
 * again; a busy processor through both personalities' sections; the table of registers.
 *
 * test-ppc-32-NAME.gz: contents of the section `cpu` of QEMU 7.2 and 10.0.2, machine g3beige or
 * mac99, some seconds after its start without a disk.
 */
#include <gio/gio.h>
#include "migration/vmstate.h"
#include "migration/wire.h"
#include "target/ppc/cpu-internal.h"
#include "target/ppc/internal.h"
#include "test-ppc-machine.h"
#include "util/bswap.h"

static GBytes *read_golden(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    GError *error = NULL;
    g_autoptr(GInputStream) raw = G_INPUT_STREAM(g_file_read(file, NULL, &error));
    g_autoptr(GConverter) gunzip =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) in = NULL;
    GBytes *bytes;

    g_assert_no_error(error);
    in = g_converter_input_stream_new(raw, gunzip);
    bytes = g_input_stream_read_bytes(in, 65536, NULL, &error);
    g_assert_no_error(error);
    return bytes;
}

static void test_golden(void)
{
    static const struct {
        const char *model, *file, *wire;
        uint32_t nip, msr;
    } rows[] = {
        {"750", "test-ppc-32-750-7.2.gz", "qemu-7.2", 0xfff19af4, 0x2030},
        {"603", "test-ppc-32-603-10.0.gz", "qemu-10.0", 0xfff2cd60, 0x20000},
        {"7450", "test-ppc-32-7450-10.0.gz", "qemu-10.0", 0xfff19b0c, 0x2030},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TestMachine machine, *m = &machine;
        g_autoptr(GBytes) golden = read_golden(rows[i].file);
        g_autoptr(GBytes) again = NULL;
        GError *error = NULL;
        gsize size, size_again;
        const uint8_t *data = g_bytes_get_data(golden, &size), *other;
        /* DEC, which 7.2 does not send, stands in the SPRs. */
        gsize decr = 4 + 32 * 4 + 32 * 4 + 8 * 4 + 4 + 22 * 4;
        VMStateWire wire;

        test_machine_setup(m, rows[i].model, &tcg_backend_interp);
        g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu_32, m->cpu, data, size, 5, &error));
        g_assert_no_error(error);
        g_assert_cmphex(m->cpu->env.nip, ==, rows[i].nip);
        g_assert_cmphex(m->cpu->env.msr, ==, rows[i].msr);
        g_assert_true(vmstate_wire_parse(rows[i].wire, &wire, &error));
        state_registry_set_wire(runtime_state_registry(), wire);
        again = vmstate_save_to_bytes(&vmstate_ppc_cpu_32, m->cpu, &error);
        g_assert_no_error(error);
        other = g_bytes_get_data(again, &size_again);
        g_assert_cmpuint(size_again, ==, size);
        for (gsize at = 0; at < size; at++) {
            if (data[at] != other[at] && (at < decr || at >= decr + 4)) {
                g_error("%s: byte %zu is %02x, QEMU has %02x", rows[i].file, (size_t)at, other[at],
                        data[at]);
            }
        }
        test_machine_teardown(m);
    }
}

/* DEC is negative; is its interrupt there, when it was, or was not, in a stream of that dialect? */
static bool decr_after(const char *dialect, bool before)
{
    TestMachine machine, *m = &machine;
    g_autoptr(GBytes) bytes = NULL;
    GError *error = NULL;
    VMStateWire wire;
    const void *data;
    gsize size;
    bool pending;

    test_machine_setup(m, "750", &tcg_backend_interp);
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    ppc_spr_write_raw(&m->cpu->env, SPR_DECR, 0x80000000);
    g_assert_true(ppc_is_pending(&m->cpu->env, PPC_INTERRUPT_DECR));
    ppc_set_pending(&m->cpu->env, PPC_INTERRUPT_DECR, before);
    bytes = vmstate_save_to_bytes(&vmstate_ppc_cpu_32, m->cpu, &error);
    g_assert_no_error(error);
    data = g_bytes_get_data(bytes, &size);
    if (strcmp(dialect, "own") && before) {
        /* QEMU would wait until DEC wraps around, if it were not about to become negative. */
        g_assert_cmphex(ldl_be_p((const uint8_t *)data + 4 + 32 * 4 + 32 * 4 + 8 * 4 + 4 + 22 * 4),
                        ==, 1);
    }
    ppc_cpu_reset(m->cpu);
    g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu_32, m->cpu, data, size, 5, &error));
    g_assert_no_error(error);
    pending = ppc_is_pending(&m->cpu->env, PPC_INTERRUPT_DECR);
    test_machine_teardown(m);
    return pending;
}

/* DEC has become negative, and the machine was stopped before its timer was served. */
static bool decr_after_due(const char *dialect)
{
    TestMachine machine, *m = &machine;
    g_autoptr(GBytes) bytes = NULL;
    GError *error = NULL;
    VMStateWire wire;
    const void *data;
    gsize size;
    bool pending;

    test_machine_setup(m, "750", &tcg_backend_interp);
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    ppc_spr_write_raw(&m->cpu->env, SPR_DECR, 512);
    clock_set_ns(m->clock, clock_get_ns(m->clock) + 1000000);
    g_assert_false(ppc_is_pending(&m->cpu->env, PPC_INTERRUPT_DECR));
    bytes = vmstate_save_to_bytes(&vmstate_ppc_cpu_32, m->cpu, &error);
    g_assert_no_error(error);
    data = g_bytes_get_data(bytes, &size);
    ppc_cpu_reset(m->cpu);
    g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu_32, m->cpu, data, size, 5, &error));
    g_assert_no_error(error);
    clock_step(m->clock, 1000000);
    pending = ppc_is_pending(&m->cpu->env, PPC_INTERRUPT_DECR);
    test_machine_teardown(m);
    return pending;
}

/* QEMU does not say whether a decrementer that is a latch has brought its interrupt. */
static void test_decrementer(void)
{
    g_assert_true(decr_after_due("own"));
    g_assert_true(decr_after_due("qemu-10.0"));
    g_assert_true(decr_after_due("qemu-7.2"));
    g_assert_true(decr_after("own", true));
    g_assert_false(decr_after("own", false));
    g_assert_true(decr_after("qemu-10.0", false));
    decr_after("qemu-10.0", true);
    decr_after("qemu-7.2", true);
}

/* Something everywhere. */
static void make_busy(PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    for (unsigned i = 0; i < 32; i++) {
        env->gpr[i] = 0x9e3779b9u * (i + 1);
        env->vsr[i].d[1] = 0x0123456789abcdefull * (i + 3);
    }
    for (unsigned i = 0; i < 16; i++) {
        env->sr[i] = 0x20000000 | 0x111111 * i;
    }
    for (unsigned i = 0; i < 1024; i++) {
        if (cpu->sprs[i] && cpu->sprs[i]->mask && !(cpu->sprs[i]->flags & SPR_NOT_MIGRATED)) {
            ppc_spr_write_raw(env, i, 0x85ebca6bu * (i + 1));
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        env->ibat[i] = (PPCBAT){0xc0000003 + (i << 28), i << 28 | 2};
        env->dbat[i] = (PPCBAT){0x80000003 + (i << 28), i << 24 | 1};
        env->tgpr[i] = 0x77000000 + i;
    }
    env->tlb6[33] = (PPCTLB6xx){0x91a2b00c, 0x00200182, 0x30123000};
    env->lr = 0xdeadbee0;
    env->ctr = 0xfffffffe;
    ppc_set_xer(env, 0xe0000012);
    ppc_set_cr(env, 0x12345678, 0xff);
    env->fpscr = 0x80000002;
    env->nip = 0x00012344;
    ppc_msr_assign(env, MSR_BIT(ME) | MSR_BIT(IR) | MSR_BIT(DR) | MSR_BIT(RI));
    ppc_set_interrupt(cpu, PPC_INTERRUPT_DECR, true);
    ppc_set_interrupt(cpu, PPC_INTERRUPT_PERFM, true);
}

static void round_trip(const char *model, const VMStateDescription *desc)
{
    TestMachine machine, *m = &machine;
    g_autofree CPUPPCState *before = g_malloc(sizeof(CPUPPCState));
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GBytes) again = NULL;
    g_autofree uint8_t *flipped = NULL;
    GError *error = NULL;
    CPUPPCState *env;
    gsize size;
    const void *data;

    test_machine_setup(m, model, &tcg_backend_interp);
    env = &m->cpu->env;
    make_busy(m->cpu);
    bytes = vmstate_save_to_bytes(desc, m->cpu, &error);
    g_assert_no_error(error);
    memcpy(before, env, sizeof(*before));
    ppc_cpu_reset(m->cpu);
    data = g_bytes_get_data(bytes, &size);
    g_assert_true(vmstate_load_from_bytes(desc, m->cpu, data, size, 5, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(env->gpr, sizeof(env->gpr), before->gpr, sizeof(env->gpr));
    g_assert_cmpmem(env->vsr, sizeof(env->vsr), before->vsr, sizeof(env->vsr));
    g_assert_cmpmem(env->sr, sizeof(env->sr), before->sr, sizeof(env->sr));
    g_assert_cmpmem(env->ibat, sizeof(env->ibat), before->ibat, sizeof(env->ibat));
    g_assert_cmpmem(env->dbat, sizeof(env->dbat), before->dbat, sizeof(env->dbat));
    for (unsigned i = 0; i < 1024; i++) {
        if (m->cpu->sprs[i] && !(m->cpu->sprs[i]->flags & SPR_NOT_MIGRATED) && i != SPR_PVR) {
            g_assert_cmphex(env->spr[i], ==, before->spr[i]);
        }
    }
    g_assert_cmphex(env->lr, ==, 0xdeadbee0);
    g_assert_cmphex(env->ctr, ==, 0xfffffffe);
    g_assert_cmphex(ppc_get_xer(env), ==, 0xe0000012);
    g_assert_cmphex(ppc_get_cr(env), ==, 0x12345678);
    g_assert_cmphex(env->nip, ==, 0x00012344);
    g_assert_cmphex(env->msr, ==, before->msr);
    g_assert_cmphex(env->hflags, ==, before->hflags);
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_DECR));
    g_assert_true(ppc_is_pending(env, PPC_INTERRUPT_PERFM));
    if (m->cpu->model->mmu == MMU_603_SOFT) {
        g_assert_cmpmem(env->tgpr, sizeof(env->tgpr), before->tgpr, sizeof(env->tgpr));
        g_assert_cmpmem(env->tlb6, sizeof(env->tlb6), before->tlb6, sizeof(env->tlb6));
    }
    again = vmstate_save_to_bytes(desc, m->cpu, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(bytes, again));
    for (gsize cut = 0; cut < size; cut += 13) {
        bool ok = vmstate_load_from_bytes(desc, m->cpu, data, cut, 5, &error);

        g_assert_true(ok == !error);
        g_clear_error(&error);
    }
    flipped = g_memdup2(data, size);
    for (gsize bit = 0; bit < size * 8; bit += 1 + size / 64) {
        bool ok;

        flipped[bit / 8] ^= 1u << bit % 8;
        ok = vmstate_load_from_bytes(desc, m->cpu, flipped, size, 5, &error);
        flipped[bit / 8] ^= 1u << bit % 8;
        g_assert_true(ok == !error);
        g_clear_error(&error);
        if (ok) {
            g_autoptr(GBytes) other = NULL;

            clock_step(m->clock, 1000);
            other = vmstate_save_to_bytes(desc, m->cpu, &error);
            g_assert_no_error(error);
            g_assert_nonnull(other);
        }
        ppc_cpu_reset(m->cpu);
    }
    test_machine_teardown(m);
}

static void test_round_trip(void)
{
    static const char *const models[] = {"603", "604e", "750", "755", "750fx", "7400", "7457"};

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        round_trip(models[i], &vmstate_ppc_cpu);
        round_trip(models[i], &vmstate_ppc_cpu_32);
    }
}

/* Ones in the upper halves of `n` words; the lower halves stay. */
static void fill_upper_halves(uint8_t *at, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        stl_be_p(at + 8 * i, UINT32_MAX);
    }
}

/* The 64-bit program's section for a 32-bit processor, as QEMU's has signs in it. */
static void check_signs(const TCGBackend *backend)
{
    enum { GPR = 8, NIP = GPR + 32 * 8 + 8 * 4, SPR = NIP + 8 };
    static const uint8_t tgpr[] = {0, 0, 0, 0, 0x77, 0, 0, 0};
    TestMachine machine, *m = &machine;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree uint8_t *data = NULL;
    GError *error = NULL;
    CPUPPCState *env;
    gsize size;
    uint8_t *at;

    test_machine_setup(m, "603", backend);
    env = &m->cpu->env;
    make_busy(m->cpu);
    env->gpr[3] = 0x80000400;
    bytes = vmstate_save_to_bytes(&vmstate_ppc_cpu, m->cpu, &error);
    g_assert_no_error(error);
    size = g_bytes_get_size(bytes);
    data = g_memdup2(g_bytes_get_data(bytes, NULL), size);
    fill_upper_halves(data + GPR, 32);
    fill_upper_halves(data + NIP, 1);
    fill_upper_halves(data + SPR, 1024);
    at = memmem(data, size, tgpr, sizeof(tgpr));
    g_assert_nonnull(at);
    fill_upper_halves(at, 4);
    g_assert_true(vmstate_load_from_bytes(&vmstate_ppc_cpu, m->cpu, data, size, 5, &error));
    g_assert_no_error(error);
    for (unsigned i = 0; i < 32; i++) {
        g_assert_cmphex(env->gpr[i] >> 32, ==, 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmphex(env->tgpr[i], ==, 0x77000000 + i);
    }
    for (unsigned i = 0; i < 1024; i++) {
        g_assert_cmphex(env->spr[i] >> 32, ==, 0);
    }
    g_assert_cmphex(env->nip, ==, 0x00012344);
    g_assert_cmphex(env->lr, ==, 0xdeadbee0);
    g_assert_cmphex(env->ctr, ==, 0xfffffffe);
    /* srwi 4,3,8 */
    ppc_store_msr(env, MSR_BIT(ME), false);
    PUT(m, TEST_CODE, 0x54000000u | 3 << 21 | 4 << 16 | 24 << 11 | 8 << 6 | 31 << 1, T_STOP);
    g_assert_cmphex(test_run(m, TEST_CODE), ==, TEST_CODE + 4);
    g_assert_cmphex(env->gpr[4], ==, 0x800004);
    /* A debugger's address is one of 32 bits, too. */
    m->cpu->parent.ops->set_pc(&m->cpu->parent, 0xfffffffffff00100ull);
    g_assert_cmphex(env->nip, ==, 0xfff00100);
    test_machine_teardown(m);
}

static void test_signs(void)
{
    check_signs(&tcg_backend_interp);
#ifdef __x86_64__
    check_signs(&tcg_backend_x86_64);
#endif
}

static void test_rows(void)
{
    for (unsigned i = 0; i < ppc_spr_row_count_32; i++) {
        const PPCSpr *row = &ppc_spr_rows_32[i];
        unsigned writers = SPR_UW | SPR_SW | SPR_HW;

        g_assert_true(row->number < 1024 && row->sets && !row->families && row->access &&
                      row->name);
        g_assert_cmpint(!(row->access & writers), ==, !row->mask);
        g_assert_true(row->mask <= UINT32_MAX);
    }
}

/* What a debugger sees has 32 bits. */
static void test_debugger(void)
{
    TestMachine machine, *m = &machine;
    const GDBFeature *core;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    static const uint8_t value[] = {0x81, 0x23, 0x45, 0x67};

    test_machine_setup(m, "7400", &tcg_backend_interp);
    core = m->cpu->parent.ops->gdb_features;
    g_assert_cmpstr(m->cpu->parent.ops->gdb_arch, ==, "powerpc:common");
    g_assert_cmpint(core->write(&m->cpu->parent, value, sizeof(value), 5), ==, 4);
    g_assert_cmphex(m->cpu->env.gpr[5], ==, 0x81234567);
    g_assert_cmpint(core->read(&m->cpu->parent, bytes, 5), ==, 4);
    g_assert_cmpmem(bytes->data, bytes->len, value, sizeof(value));
    for (const GDBFeature *f = core; f->name; f++) {
        for (unsigned n = 0; n < f->count; n++) {
            g_byte_array_set_size(bytes, 0);
            g_assert_cmpint(f->read(&m->cpu->parent, bytes, (int)n), ==, (int)bytes->len);
            g_assert_cmpuint(bytes->len, >=, 4);
        }
    }
    test_machine_teardown(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ppc-32-state/golden", test_golden);
    g_test_add_func("/ppc-32-state/decrementer", test_decrementer);
    g_test_add_func("/ppc-32-state/round-trip", test_round_trip);
    g_test_add_func("/ppc-32-state/signs", test_signs);
    g_test_add_func("/ppc-32-state/rows", test_rows);
    g_test_add_func("/ppc-32-state/debugger", test_debugger);
    return g_test_run();
}

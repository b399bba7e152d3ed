/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-mac-bench.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "accel/tcg/accel.h"
#include "hw/core/cpus.h"
#include "hw/core/machine.h"
#include "hw/display/vga.h"
#include "hw/input/adb.h"
#include "hw/pci/pci-host.h"
#include "hw/ppc/mac.h"
#include "hw/usb/usb.h"
#include "migration/savevm.h"
#include "migration/wire.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "target/ppc/cpu.h"
#include "util/bswap.h"

/* ---- Access ---- */

uint64_t mac_load(hwaddr addr, unsigned size)
{
    uint64_t value;

    address_space_io_read(address_space_memory(), addr, &value, size, true, MEMTXATTRS_UNSPECIFIED);
    return value;
}

void mac_store(hwaddr addr, uint64_t value, unsigned size)
{
    address_space_io_write(address_space_memory(), addr, value, size, true, MEMTXATTRS_UNSPECIFIED);
}

uint32_t mac_load_le(hwaddr addr)
{
    return GUINT32_SWAP_LE_BE((uint32_t)mac_load(addr, 4));
}

void mac_store_le(hwaddr addr, uint32_t value)
{
    mac_store(addr, GUINT32_SWAP_LE_BE(value), 4);
}

void mac_pass(int64_t ns)
{
    clock_set_ns(clock_virtual(), clock_get_ns(clock_virtual()) + ns);
    /* Timers are served while it runs: some more time passes then. */
    clock_start(clock_virtual());
    while (clock_run_timers(clock_virtual())) {
    }
    clock_stop(clock_virtual());
}

bool mac_cpu_interrupted(void)
{
    PowerPCCPU *cpu = POWERPC_CPU(cpu_first());

    return cpu->env.pending_interrupts >> PPC_INTERRUPT_EXT & 1;
}

static int match(Object *obj, void *opaque)
{
    void **want = opaque;

    if (object_is_a_name(obj, want[0])) {
        want[1] = obj;
        return 1;
    }
    return 0;
}

DeviceState *mac_find(const char *class_name)
{
    void *want[2] = {(void *)class_name, NULL};

    object_foreach_child(object_root(), match, want, true);
    g_assert_nonnull(want[1]);
    return want[1];
}

/* ---- Saving and loading ---- */

/* A changed bit is refused, or is a state that the device goes on from and that can be saved. */
static void check_flipped(DeviceState *dev, const VMStateDescription *vmsd, const uint8_t *bytes,
                          gsize size)
{
    g_autofree uint8_t *flipped = g_memdup2(bytes, size);
    int64_t now = clock_get_ns(clock_virtual());
    GError *error = NULL;

    for (gsize bit = 0; bit < size * 8; bit += 1 + size / 64) {
        bool ok;

        flipped[bit / 8] ^= 1u << bit % 8;
        ok = vmstate_load_from_bytes(vmsd, dev, flipped, size, vmsd->version_id, &error);
        flipped[bit / 8] ^= 1u << bit % 8;
        g_assert_true(ok == !error);
        g_clear_error(&error);
        if (ok) {
            g_autoptr(GBytes) again = NULL;

            mac_pass(SCALE_MS);
            again = vmstate_save_to_bytes(vmsd, dev, &error);
            g_assert_no_error(error);
            g_assert_nonnull(again);
        }
        device_cold_reset(dev);
    }
    clock_set_ns(clock_virtual(), now);
    runstate_forget_requests();
}

/* Its own, or those of its parts. */
static bool has_subsections(const VMStateDescription *vmsd)
{
    bool has = vmsd->subsections != NULL;

    for (const VMStateField *field = vmsd->fields; !has && field->name; field++) {
        has = field->vmsd && has_subsections(field->vmsd);
    }
    return has;
}

void mac_check_state(const char *class_name)
{
    DeviceState *dev = mac_find(class_name);
    const VMStateDescription *vmsd = device_class_vmstate(device_get_class(dev));
    GError *error = NULL;
    g_autoptr(GBytes) saved = vmstate_save_to_bytes(vmsd, dev, &error), again = NULL;
    gsize size;
    const uint8_t *bytes = g_bytes_get_data(saved, &size);

    g_assert_no_error(error);
    device_cold_reset(dev);
    g_assert_true(vmstate_load_from_bytes(vmsd, dev, bytes, size, vmsd->version_id, &error));
    g_assert_no_error(error);
    again = vmstate_save_to_bytes(vmsd, dev, &error);
    g_assert_true(g_bytes_equal(saved, again));
    for (gsize cut = 0; cut < size; cut += 1 + size / 512) {
        bool ok = vmstate_load_from_bytes(vmsd, dev, bytes, cut, vmsd->version_id, &error);

        g_assert_true(ok == !error);
        /* Without its subsections a stream is whole, too. */
        g_assert_true(!ok || has_subsections(vmsd));
        g_clear_error(&error);
    }
    check_flipped(dev, vmsd, bytes, size);
    device_cold_reset(dev);
    g_assert_true(vmstate_load_from_bytes(vmsd, dev, bytes, size, vmsd->version_id, &error));
    g_assert_no_error(error);
}

/* ---- QEMU's sections ---- */

GBytes *mac_read_golden(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    GError *error = NULL;
    g_autoptr(GInputStream) raw = G_INPUT_STREAM(g_file_read(file, NULL, &error));
    g_autoptr(GConverter) gunzip =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    g_autoptr(GInputStream) in = NULL;
    const gsize room = 16 << 20;
    g_autofree uint8_t *bytes = g_malloc(room);
    gsize size;

    g_assert_no_error(error);
    in = g_converter_input_stream_new(raw, gunzip);
    g_assert_true(g_input_stream_read_all(in, bytes, room, &size, NULL, &error));
    g_assert_no_error(error);
    return g_bytes_new(bytes, size);
}

void mac_check_golden(const char *file, const char *dialect, unsigned expected, MacOwner *owner)
{
    g_autoptr(GBytes) golden = mac_read_golden(file);
    gsize size;
    const uint8_t *p = g_bytes_get_data(golden, &size), *end = p + size;
    VMStateWire wire, own;
    GError *error = NULL;
    unsigned n = 0;

    g_assert_true(vmstate_wire_parse("own", &own, &error));
    g_assert_true(vmstate_wire_parse(dialect, &wire, &error));
    state_registry_set_wire(runtime_state_registry(), wire);
    for (; p < end; n++) {
        g_autofree char *name = g_strndup((const char *)p + 1, p[0]);
        uint32_t version = (uint32_t)ldl_be_p(p + 1 + p[0]),
                 length = (uint32_t)ldl_be_p(p + 5 + p[0]);
        const uint8_t *bytes = p + 9 + p[0];
        const VMStateDescription *vmsd = NULL;
        void *opaque = owner(name, n, &vmsd);
        g_autoptr(GBytes) again = NULL;

        g_test_message("%s", name);
        if (!opaque) {
            p = bytes + length;
            continue;
        }
        g_assert_cmpuint(version, ==, vmsd->version_id);
        g_assert_true(vmstate_load_from_bytes(vmsd, opaque, bytes, length, (int)version, &error));
        g_assert_no_error(error);
        again = vmstate_save_to_bytes(vmsd, opaque, &error);
        g_assert_cmpmem(g_bytes_get_data(again, NULL), g_bytes_get_size(again), bytes, length);
        p = bytes + length;
    }
    g_assert_cmpuint(n, ==, expected);
    state_registry_set_wire(runtime_state_registry(), own);
}

/* ---- A machine whose firmware is a branch to itself ---- */

static char *firmware;
static const char *kernel_command_line;

void mac_with_kernel(const char *command_line)
{
    kernel_command_line = command_line;
}

void mac_start(const char *name, const char *properties, Chardev *console, bool ppc64)
{
    static const uint8_t image[64] = {0x48, 0, 0, 0};
    GError *error = NULL;
    TCGAccelConfig config;
    MachineState *machine;
    int fd = g_file_open_tmp("gossamer-firmware-XXXXXX", &firmware, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, image, sizeof(image)), ==, sizeof(image));
    close(fd);
    device_classes_register(hw_input_device_classes);
    device_classes_register(hw_pci_device_classes);
    device_classes_register(hw_display_device_classes);
    device_classes_register(uninorth_device_classes);
    device_classes_register(hw_usb_device_classes);
    machine_classes_register(mac_machine_classes(ppc64));
    tcg_accel_config_init(&config);
    g_assert_nonnull(tcg_accel_new(&ppc_tcg_ops, &config, &error));
    cpus_init(&tcg_accel_ops, VCPU_THREADS_MULTI);
    machine = machine_create(machine_class_find(name, &error), &error);
    g_assert_no_error(error);
    g_assert_true(machine_parse_smp(machine, NULL, &error));
    g_assert_true(machine_parse_memory(machine, "64M", &error));
    g_assert_true(!properties || machine_parse_properties(machine, properties, &error));
    g_assert_no_error(error);
    if (kernel_command_line) {
        machine->kernel_filename = g_strdup(firmware);
        machine->kernel_cmdline = g_strdup(kernel_command_line);
    } else {
        machine->firmware = g_strdup(firmware);
    }
    machine->vga = g_strdup(kernel_command_line ? "std" : "none");
    g_ptr_array_add(machine->serial, console);
    machine_run_init(machine, &error);
    g_assert_no_error(error);
    system_reset(SHUTDOWN_CAUSE_NONE);
}

void mac_stop(void)
{
    cpus_shutdown();
    chardev_cleanup();
    g_unlink(firmware);
    g_free(firmware);
}

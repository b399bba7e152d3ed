/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware of ours on Power Macs: where a guest calls it, its console, its methods, and how a
 * kernel starts. IEEE 1275-1994 and its PowerPC binding, chapter 8 (client program interface, real
 * mode).
 *
 * The ROM holds no program but words that no processor knows (PPC_FIRMWARE_TRAP): one at the client
 * interface's entry, and one for each exception vector, to which branches in low memory lead. There
 * and nowhere else they come here; other guest code that executes one has its illegal instruction.
 *
 * The client runs with translation off (real-mode? is true), or on with tables of its own.  Left
 * out: starting from disks or networks, and the prompt: what is started is -kernel.
 */
#include "mac-firmware.h"
#include <libfdt.h>
#include <string.h>
#include "guest-memory.h"
#include "migration/vmstate.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "system/runstate.h"
#include "target/ppc/spr.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

#define ROM_AT 0xfff00000u
#define ROM_CODE_SIZE 0x4000u
#define CLIENT_ENTRY 0x3000u            /* in the ROM */
#define FIRST_VECTOR 0x100u
#define END_OF_VECTORS 0x3000u
#define VECTOR_STEP 0x100u
#define VECTOR_STEP_64 0x80u            /* segment interrupts are between the others */
/* Low memory we keep, like OpenBIOS: vectors, and a stack for the client. */
#define LOW_SIZE 0x4000u
#define STACK 0x3ff0u
#define PAGE 0x1000ull
/* HID0 of a 970: nap, and dynamic power management. */
#define HID0_970_POWER (1ull << 54 | 1ull << 52)
#define TRAP_CLIENT 0u                  /* else the vector's address */

#define INSN_LI_R5_0 0x38a00000u
#define INSN_BLR 0x4e800020u
#define INSN_BA(address) (0x48000002u | ((address) & 0x03fffffcu))
#define INSN_LI_R0_0 0x38000000u
#define INSN_ORIS_R0(upper) (0x64000000u | (upper))
#define INSN_ORI_R0(lower) (0x60000000u | (lower))
#define INSN_MTCTR_R0 0x7c0903a6u
#define INSN_BCTR 0x4e800420u

/* How long a processor sleeps, without the lock, before it makes a call again. */
#define COME_AGAIN_US 500

const char *const mac_firmware_names[] = {"off", "on", "auto", NULL};

/* ---- Console: the serial ports of MacIO, through their registers ---- */

#define STATUS_RX_AVAILABLE 0x01
#define STATUS_TX_EMPTY 0x04

typedef struct SerialPort {
    const char *name;
    uint32_t control, data;             /* in MacIO */
} SerialPort;

static const SerialPort serial_ports[] = {
    {"ch-a@13020", 0x13020, 0x13030},
    {"ch-b@13000", 0x13000, 0x13010},
};

static PciDevice *find_macio(const MacFirmware *firmware)
{
    PciBus *bus = firmware->board.pci;

    for (unsigned devfn = 0; devfn < G_N_ELEMENTS(bus->devices); devfn++) {
        PciDevice *dev = bus->devices[devfn];

        if (dev && pci_get16(dev->config + PCI_VENDOR_ID) == PCI_VENDOR_APPLE &&
            pci_get16(dev->config + PCI_CLASS_DEVICE) == 0xff00) {
            return dev;
        }
    }
    return NULL;
}

static uint64_t macio_base(const MacFirmware *firmware)
{
    const PciDevice *macio = find_macio(firmware);

    return macio ? macio->bars[0].address : PCI_UNMAPPED;
}

/* A display shows nothing of what firmware says: that comes out of the first port. */
static const SerialPort *port_of(const MacFirmware *firmware, int node)
{
    const char *name = fdt_get_name(firmware->fdt, node, NULL);

    if (client_node_has_type(&firmware->client, node, "display")) {
        return &serial_ports[0];
    }

    for (unsigned i = 0; name && i < G_N_ELEMENTS(serial_ports); i++) {
        if (!strcmp(name, serial_ports[i].name)) {
            return &serial_ports[i];
        }
    }
    return NULL;
}

static uint8_t register_read(uint64_t address)
{
    uint8_t value = 0;

    address_space_read(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, &value, 1);
    return value;
}

static void register_write(uint64_t address, uint8_t value)
{
    address_space_write(address_space_memory(), address, MEMTXATTRS_UNSPECIFIED, &value, 1);
}

static int console_write(void *opaque, int node, const uint8_t *data, unsigned size)
{
    MacFirmware *firmware = opaque;
    const SerialPort *port = port_of(firmware, node);
    uint64_t base = macio_base(firmware);
    unsigned done = 0;

    if (!port || base == PCI_UNMAPPED) {
        return -1;
    }
    while (done < size && register_read(base + port->control) & STATUS_TX_EMPTY) {
        register_write(base + port->data, data[done++]);
    }
    return (int)done;
}

static int console_read(void *opaque, int node, uint8_t *data, unsigned size)
{
    MacFirmware *firmware = opaque;
    const SerialPort *port = port_of(firmware, node);
    uint64_t base = macio_base(firmware);
    unsigned n = 0;

    if (!port || base == PCI_UNMAPPED) {
        return -1;
    }
    while (n < size && register_read(base + port->control) & STATUS_RX_AVAILABLE) {
        data[n++] = register_read(base + port->data);
    }
    return (int)n;
}

/* Both channels: 8 bits, no parity, receiver and transmitter on, no interrupts ("SCC User
 * Manual", 3.7). */
static void start_serial(const MacFirmware *firmware)
{
    static const uint8_t setup[][2] = {
        {4, 0x44}, {11, 0x50}, {12, 0x00}, {13, 0x00}, {14, 0x01}, {3, 0xc1}, {5, 0xea}, {1, 0x00},
    };
    uint64_t base = macio_base(firmware);

    for (unsigned p = 0; p < G_N_ELEMENTS(serial_ports) && base != PCI_UNMAPPED; p++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(setup); i++) {
            register_write(base + serial_ports[p].control, setup[i][0]);
            register_write(base + serial_ports[p].control, setup[i][1]);
        }
    }
}

/* ---- Methods ---- */

/* ( [phys] size align -- base ) */
static uint32_t method_memory_claim(ClientCall *c)
{
    uint32_t align = c->args[2], size = c->args[3], base;

    if (align) {
        base = client_claim_aligned(c->client, size, align);
    } else {
        base =
            c->n_args > 4 && client_claim(c->client, c->args[4], size) ? c->args[4] : CLIENT_ERROR;
    }
    if (base == CLIENT_ERROR) {
        return CLIENT_ERROR;
    }
    client_update_available(c->client);
    c->rets[1] = base;
    return 0;
}

/* ( phys size -- ) */
static uint32_t method_memory_release(ClientCall *c)
{
    if (!client_release(c->client, c->args[3], c->args[2])) {
        return CLIENT_ERROR;
    }
    client_update_available(c->client);
    return 0;
}

/* Effective addresses are real ones: all of them are the client's, where it says which. */
static uint32_t method_mmu_claim(ClientCall *c)
{
    if (c->args[2] || c->n_args < 5) {
        return CLIENT_ERROR;
    }
    c->rets[1] = c->args[4];
    return 0;
}

static uint32_t method_mmu_release(ClientCall *c)
{
    return 0;
}

/* ( phys virt size mode -- ) */
static uint32_t method_mmu_map(ClientCall *c)
{
    return c->args[4] == c->args[5] ? 0 : CLIENT_ERROR;
}

/* ( virt -- false | phys mode true ): coherent, read and write. */
static uint32_t method_mmu_translate(ClientCall *c)
{
    c->rets[1] = UINT32_MAX;
    c->rets[2] = 0x12;
    c->rets[3] = c->args[2];
    return 0;
}

/* ( r g b index -- ) */
static uint32_t method_display_color(ClientCall *c)
{
    const MacFirmware *firmware = c->client->opaque;
    const uint8_t rgb[3] = {(uint8_t)c->args[5], (uint8_t)c->args[4], (uint8_t)c->args[3]};

    return mac_pci_set_color(&firmware->board, (uint8_t)c->args[2], rgb) ? 0 : CLIENT_ERROR;
}

/* ( -- width height ) */
static uint32_t method_display_dimensions(ClientCall *c)
{
    const MacFirmware *firmware = c->client->opaque;
    MacDisplayMode mode = mac_display_mode(firmware->board.machine);

    c->rets[1] = mode.height;
    c->rets[2] = mode.width;
    return 0;
}

static const ClientMethod methods[] = {
    {"memory", "claim", 4, 2, method_memory_claim},
    {"memory", "release", 4, 1, method_memory_release},
    {"cpu", "claim", 4, 2, method_mmu_claim},
    {"cpu", "release", 4, 1, method_mmu_release},
    {"cpu", "map", 6, 1, method_mmu_map},
    {"cpu", "translate", 3, 4, method_mmu_translate},
    {"display", "color!", 6, 1, method_display_color},
    {"display", "dimensions", 2, 3, method_display_dimensions},
    {0},
};

static const ClientOps client_ops = {
    .write = console_write, .read = console_read, .methods = methods, .translates = true};

/* ---- The guest comes in ---- */

/* Is the word that was executed one of ours? */
static bool in_rom(PowerPCCPU *cpu)
{
    CPUState *cs = &cpu->parent;
    hwaddr at = cpu->env.nip;

    if (cpu->env.msr & MSR_BIT(IR) && !cs->ops->translate_debug(cs, cpu->env.nip, &at, NULL)) {
        return false;
    }
    return at - ROM_AT < ROM_CODE_SIZE;
}

/* An exception that the client has no vector for: nothing to go on with. */
static void unexpected(MacFirmware *firmware, PowerPCCPU *cpu, unsigned vector)
{
    g_autofree char *text =
        g_strdup_printf("\r\nfirmware: unexpected exception 0x%x at 0x%08" PRIx64 "\r\n", vector,
                        cpu->env.spr[SPR_SRR0]);

    log_mask(LOG_GUEST_ERROR,
             "firmware: unexpected exception 0x%x at 0x%08" PRIx64 ", SRR1 0x%08" PRIx64 "\n",
             vector, cpu->env.spr[SPR_SRR0], cpu->env.spr[SPR_SRR1]);
    if (firmware->client.active) {
        client_say(&firmware->client, text);
    }
    cpu_set_halted(&cpu->parent, true);
}

/* The processor's PPC_FIRMWARE_TRAP, without the lock. */
static bool firmware_trap(PowerPCCPU *cpu, unsigned number, void *opaque)
{
    MacFirmware *firmware = opaque;
    CPUPPCState *env = &cpu->env;
    ClientResult result = CLIENT_DONE;
    bool ours;

    device_lock();
    /* Also after quiesce, and when nothing is active any more: a call then fails, or says its last
     * words. */
    ours = in_rom(cpu);
    if (ours && number == TRAP_CLIENT) {
        result = client_call(&firmware->client, cpu, (uint32_t)env->gpr[3], &env->gpr[5]);
    } else if (ours) {
        unexpected(firmware, cpu, number);
    }
    device_unlock();
    if (!ours) {
        return false;
    }
    if (result == CLIENT_AGAIN) {
        g_usleep(COME_AGAIN_US);
        return true;
    }
    if (number == TRAP_CLIENT) {
        env->gpr[3] = result == CLIENT_DONE ? 0 : UINT32_MAX;
        env->nip = (uint32_t)(env->nip + 4);
    }
    return true;
}

/* ---- Start ---- */

static bool add_rom(GError **errp)
{
    g_autofree uint8_t *code = g_malloc0(ROM_CODE_SIZE);

    for (uint32_t at = FIRST_VECTOR; at < END_OF_VECTORS; at += VECTOR_STEP_64) {
        stl_be_p(code + at, PPC_FIRMWARE_TRAP | at);
    }
    stl_be_p(code + CLIENT_ENTRY, INSN_LI_R5_0);
    stl_be_p(code + CLIENT_ENTRY + 4, PPC_FIRMWARE_TRAP | TRAP_CLIENT);
    stl_be_p(code + CLIENT_ENTRY + 8, INSN_BLR);
    return rom_add_blob("firmware", code, ROM_CODE_SIZE, ROM_AT, errp);
}

/* OpenBIOS of 2022 stops before its first message on processors whose PVR it does not know. */
static bool openbios_starts(const PowerPCCPU *cpu)
{
    /* 603, 603e, 603r and their kin; 750FX, 750GX. */
    static const uint16_t unknown[] = {0x0003, 0x0006, 0x0007, 0x7000, 0x7002};

    for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++) {
        if (cpu->model->pvr >> 16 == unknown[i]) {
            return false;
        }
    }
    return true;
}

static bool choose(MacFirmware *firmware, GError **errp)
{
    const MachineState *machine = firmware->board.machine;

    firmware->chosen = firmware->option == MAC_FIRMWARE_ON ||
                       (firmware->option == MAC_FIRMWARE_AUTO && machine->kernel_filename &&
                        !machine->firmware &&
                        (!mac_firmware_file(machine) || !openbios_starts(firmware->board.cpu)));
    if (!firmware->chosen) {
        if (!machine->firmware && !openbios_starts(firmware->board.cpu)) {
            warn_report("OpenBIOS does not know this processor and will say nothing: use -kernel%s",
                        firmware->option == MAC_FIRMWARE_OFF ? " with x-vof=auto" : "");
        }
        return true;
    }
    if (!machine->kernel_filename) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "x-vof=on needs -kernel");
        return false;
    }
    return true;
}

bool mac_firmware_init(MacFirmware *firmware, const MacBoard *board, MacBoot *boot, GError **errp)
{
    MachineState *machine = board->machine;

    firmware->board = *board;
    firmware->board.boot = boot;
    client_init(&firmware->client, &client_ops, firmware, &firmware->fdt, &firmware->fdt_size);
    if (!choose(firmware, errp) ||
        !(firmware->chosen ? add_rom(errp) : mac_load_firmware(machine, board->rom_base, errp)) ||
        !mac_load_kernel(machine, boot, errp)) {
        return false;
    }
    if (firmware->chosen && boot->kernel_base + (uint64_t)boot->kernel_size > machine->ram_size) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "the kernel does not fit in memory (-m)");
        return false;
    }
    board->cpu->firmware_trap = firmware_trap;
    board->cpu->firmware_opaque = firmware;
    return vmstate_register(NULL, 0, &vmstate_mac_firmware, firmware, errp);
}

/* Whole pages: clients count in them. */
static void claim_pages(Client *client, uint64_t start, uint64_t size)
{
    uint64_t first = start & ~(PAGE - 1), last = (start + size + PAGE - 1) & ~(PAGE - 1);

    if (size) {
        client_claim(client, first, MIN(last, client->top_address) - first);
    }
}

/* /chosen's handles: the console where a user looks, and what clients ask methods of. */
static void open_instances(MacFirmware *firmware)
{
    void *fdt = firmware->fdt;
    g_autofree char *cpu = mac_tree_cpu_path(firmware->board.cpu),
                    *console = g_strdup(fdt_get_alias(fdt, "screen"));
    const struct { const char *name, *path; } handles[] = {
        {"mmu", cpu}, {"cpu", cpu}, {"memory", "/memory@0"}, {"nvram", "nvram"}, {"rtc", "rtc"},
    };

    client_open_console(&firmware->client, console);
    for (unsigned i = 0; i < G_N_ELEMENTS(handles); i++) {
        uint32_t ihandle = client_open(&firmware->client, handles[i].path);

        if (ihandle) {
            fdt_setprop_u32(fdt, fdt_path_offset(fdt, "/chosen"), handles[i].name, ihandle);
        }
    }
}

/* At a vector in low memory: to the same place in the ROM, which lies in the first 4 GiB and so is
 * no branch away from a processor in 64-bit mode. */
static void put_vector(uint32_t vector, bool is_64)
{
    const uint32_t far[] = {INSN_LI_R0_0, INSN_ORIS_R0(ROM_AT >> 16), INSN_ORI_R0(vector),
                            INSN_MTCTR_R0, INSN_BCTR};

    if (!is_64) {
        guest_stl(vector, INSN_BA(ROM_AT + vector));
        return;
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(far); i++) {
        guest_stl(vector + 4 * i, far[i]);
    }
}

static void enter_kernel(MacFirmware *firmware)
{
    PowerPCCPU *cpu = firmware->board.cpu;
    CPUPPCState *env = &cpu->env;
    const MacBoot *boot = firmware->board.boot;
    bool is_64 = cpu->model->insns & ISA_64;

    for (uint32_t at = FIRST_VECTOR; at < END_OF_VECTORS;
         at += is_64 ? VECTOR_STEP_64 : VECTOR_STEP) {
        put_vector(at, is_64);
    }
    /* PowerPC binding 8.2: r3, r4 are the platform's (a RAM disk); r5 is the client interface; r1 a
     * stack.  A 970 begins in 32-bit mode. */
    env->gpr[1] = STACK;
    env->gpr[3] = boot->initrd_size ? boot->initrd_base : 0;
    env->gpr[4] = boot->initrd_size;
    env->gpr[5] = firmware->client.entry;
    env->nip = boot->kernel_entry;
    if (is_64) {
        /* Linux leaves the choice to firmware where it sees no hypervisor state. */
        env->spr[SPR_HID0] |= HID0_970_POWER;
    }
    ppc_store_msr(env, MSR_BIT(FP) | MSR_BIT(ME), false);
    ppc_update_hflags(env);
}

void mac_firmware_reset(MacFirmware *firmware, ShutdownCause cause)
{
    const MacBoot *boot = firmware->board.boot;
    Client *client = &firmware->client;
    g_autoptr(GError) error = NULL;

    client->active = false;
    /* What is loaded next has its own. */
    if (!firmware->chosen || cause == SHUTDOWN_CAUSE_SNAPSHOT_LOAD ||
        runstate_check(RUN_STATE_INMIGRATE)) {
        return;
    }
    mac_pci_configure(&firmware->board);
    g_free(firmware->fdt);
    firmware->fdt = mac_tree_build(&firmware->board, &error);
    if (!firmware->fdt) {
        error_report("%s", error->message);
        system_shutdown_request_with_code(SHUTDOWN_CAUSE_HOST_ERROR, 1);
        return;
    }
    start_serial(firmware);
    client_reset(client, firmware->board.machine->ram_size, ROM_AT + CLIENT_ENTRY);
    claim_pages(client, 0, LOW_SIZE);
    claim_pages(client, boot->kernel_base, boot->kernel_size);
    claim_pages(client, boot->initrd_base, boot->initrd_size);
    open_instances(firmware);
    client_update_available(client);
    enter_kernel(firmware);
}

/* ---- State ---- */

/* Once its kernel runs, the guest needs nothing of this: the section is not sent. */
static bool firmware_needed(void *opaque)
{
    return client_in_use(&((MacFirmware *)opaque)->client);
}

static bool firmware_pre_save(void *opaque, GError **errp)
{
    if (!vmstate_wire_is_own()) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_NOT_SUPPORTED,
                    "mac-firmware: the guest still uses the built-in firmware, which QEMU does not "
                    "have; wait until "
                    "its kernel runs, or start it with OpenBIOS");
        return false;
    }
    return true;
}

static bool firmware_pre_load(void *opaque, GError **errp)
{
    MacFirmware *firmware = opaque;

    g_clear_pointer(&firmware->fdt, g_free);
    firmware->fdt_size = 0;
    firmware->client.active = false;
    return true;
}

static bool firmware_post_load(void *opaque, int version, GError **errp)
{
    MacFirmware *firmware = opaque;

    if (!firmware->fdt || fdt_check_full(firmware->fdt, firmware->fdt_size)) {
        firmware->client.active = false;
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "mac-firmware: the device tree is damaged");
        return false;
    }
    return true;
}

const VMStateDescription vmstate_mac_firmware = {
    .name = "mac-firmware",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = firmware_needed,
    .pre_save = firmware_pre_save,
    .pre_load = firmware_pre_load,
    .post_load = firmware_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(client, MacFirmware, 0, vmstate_client, Client),
        VMSTATE_UINT32(fdt_size, MacFirmware),
        VMSTATE_VBUFFER_ALLOC_UINT32(fdt, MacFirmware, 0, NULL, fdt_size),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("option", "chosen", "board"),
    VMSTATE_STRUCT_AUDIT(MacFirmware),
};

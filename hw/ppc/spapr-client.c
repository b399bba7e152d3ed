/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our firmware of the sPAPR machine: the client interface (client.c) on the live device tree in
 * spapr->fdt, its terminals, and the methods an operating system needs on this platform (LoPAR
 * appendix B: instantiate-rtas, ibm,client-architecture-support).  The guest sees a few
 * instructions in low memory: the client interface entry loads a private hypercall number and does
 * `sc 1`.
 */
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-firmware.h"
#include "hw/char/spapr-vty.h"

static VioDevice *node_vty(SpaprMachine *spapr, int node)
{
    int len;
    const fdt32_t *reg = fdt_getprop(spapr->fdt, node, "reg", &len);

    return reg && len == 4 ? spapr_vty_find(spapr, fdt32_to_cpu(*reg)) : NULL;
}

static int vty_write(void *opaque, int node, const uint8_t *data, unsigned size)
{
    VioDevice *vty = node_vty(opaque, node);

    return vty ? (int)spapr_vty_write(&vty->parent, data, size) : -1;
}

static int vty_read(void *opaque, int node, uint8_t *data, unsigned size)
{
    VioDevice *vty = node_vty(opaque, node);

    return vty ? (int)spapr_vty_read(&vty->parent, data, size) : -1;
}

static uint32_t method_instantiate_rtas(ClientCall *c)
{
    uint32_t base = c->args[2];

    if (!spapr_firmware_place_rtas(c->client->opaque, base)) {
        return CLIENT_ERROR;
    }
    c->rets[1] = base;
    return 0;
}

static uint32_t method_client_architecture_support(ClientCall *c)
{
    void *fdt = NULL;
    HCallResult result =
        spapr_client_architecture_support(c->client->opaque, c->cpu, c->args[2], &fdt);

    if (result != H_SUCCESS || !fdt) {
        return CLIENT_ERROR;
    }
    client_adopt_tree(c->client, fdt);
    c->rets[1] = 0;       /* the selected options took effect; no reboot is needed */
    return 0;
}

static const ClientMethod methods[] = {
    {"/", "ibm,client-architecture-support", 2, 1, method_client_architecture_support},
    {"/rtas", "instantiate-rtas", 2, 1, method_instantiate_rtas},
    {0},
};

static const ClientOps client_ops = {.write = vty_write, .read = vty_read, .methods = methods};

/* The private hypercall behind the client interface's entry. Result in r3: 0 or -1 (no such
 * service). */
static HCallResult h_client(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    switch (client_call(&spapr->client, cpu, args[0], &args[1])) {
    case CLIENT_DONE:
        return 0;
    case CLIENT_AGAIN:
        return H_COME_AGAIN;
    case CLIENT_INACTIVE:
        return H_PARAMETER;
    default:
        return -1;
    }
}

const SpaprHCall spapr_hcalls_client[] = {
    {H_PRIVATE_CLIENT, "client-interface", h_client},
    {0},
};

void spapr_client_init(SpaprMachine *spapr)
{
    client_init(&spapr->client, &client_ops, spapr, &spapr->fdt, &spapr->fdt_size);
}

void spapr_client_reset(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    Client *client = &spapr->client;
    CPUPPCState *env = &cpu->env;
    const char *console;

    client_reset(client, MIN(spapr->rma_size, 0x80000000u), spapr_firmware_place_client(spapr));
    client_claim(client, 0, SPAPR_FIRMWARE_SIZE);
    client_claim(client, spapr->kernel_addr, spapr->kernel_size);
    if (spapr->initrd_size) {
        client_claim(client, spapr->initrd_base, spapr->initrd_size);
    } else {
        client_claim(client, spapr->fdt_addr, SPAPR_FDT_MAX_SIZE);
    }
    console =
        fdt_getprop(spapr->fdt, fdt_path_offset(spapr->fdt, "/chosen"), "linux,stdout-path", NULL);
    if (console) {
        g_autofree char *path = g_strdup(console);

        client_open_console(client, path);
    }
    client_update_available(client);

    /* PowerPC binding 8.2: r3, r4 are the platform's; r5 is the client interface; r1 a stack. */
    env->gpr[1] = SPAPR_FIRMWARE_STACK;
    env->gpr[3] = spapr->initrd_size ? spapr->initrd_base : spapr->fdt_addr;
    env->gpr[4] = spapr->initrd_size;
    env->gpr[5] = client->entry;
    env->gpr[6] = env->gpr[7] = 0;
    env->nip = spapr->kernel_entry;
}

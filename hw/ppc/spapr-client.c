/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our firmware: Open Firmware's client interface served by the emulator itself.
 *
 * From IEEE 1275-1994 chapter 6.3 (client interface) and its PowerPC binding, and LoPAR appendix B for
 * the methods an operating system needs on this platform (instantiate-rtas,
 * ibm,client-architecture-support).  The guest sees a few instructions in low memory: the client
 * interface entry loads a private hypercall number and does `sc 1`; everything else happens here, on the
 * live device tree in spapr->fdt.  Package handles are the nodes' phandles; instance handles count up.
 *
 * Argument array: big-endian 32-bit cells {service, n_args, n_rets, args..., rets...}.
 * Left out: devices with block or network methods (no such devices on this machine yet), `interpret`
 * (there is no Forth here): such calls fail as the standard says.
 */
#include <string.h>
#include <libfdt.h>
#include "spapr-internal.h"
#include "spapr-firmware.h"
#include "hw/char/spapr-vty.h"
#include "system/runstate.h"
#include "util/error.h"

#define CLIENT_ERROR 0xffffffffu
#define CLIENT_MAX_ARGS 10
#define CLIENT_STRING_MAX 1024
#define CLIENT_PROP_MAX 65536
#define CLIENT_FDT_ROOM (256u << 10)

typedef struct ClientCall {
    SpaprMachine *spapr;
    PowerPCCPU *cpu;
    uint32_t args[CLIENT_MAX_ARGS];
    uint32_t rets[CLIENT_MAX_ARGS];
    unsigned n_args, n_rets;
    uint64_t *progress;          /* r5: 0 at first; kept when the guest comes again */
    bool again;
} ClientCall;

static int node_by_phandle(SpaprMachine *spapr, uint32_t phandle)
{
    return fdt_node_offset_by_phandle(spapr->fdt, phandle);
}

static uint32_t phandle_of(SpaprMachine *spapr, int node)
{
    return node < 0 ? 0 : fdt_get_phandle(spapr->fdt, node);
}

static SpaprClientInstance *instance_find(SpaprMachine *spapr, uint32_t ihandle)
{
    for (guint i = 0; i < spapr->client.instances->len; i++) {
        SpaprClientInstance *instance = &g_array_index(spapr->client.instances, SpaprClientInstance, i);

        if (instance->ihandle == ihandle) {
            return instance;
        }
    }
    return NULL;
}

static void instance_clear(gpointer data)
{
    g_free(((SpaprClientInstance *)data)->path);
}

/* ---- Tree walking ---- */

static uint32_t client_peer(ClientCall *c)
{
    int node;

    if (c->args[0] == 0) {
        return phandle_of(c->spapr, 0);
    }
    node = node_by_phandle(c->spapr, c->args[0]);
    return node < 0 ? 0 : phandle_of(c->spapr, fdt_next_subnode(c->spapr->fdt, node));
}

static uint32_t client_child(ClientCall *c)
{
    int node = node_by_phandle(c->spapr, c->args[0]);

    return node < 0 ? 0 : phandle_of(c->spapr, fdt_first_subnode(c->spapr->fdt, node));
}

static uint32_t client_parent(ClientCall *c)
{
    int node = node_by_phandle(c->spapr, c->args[0]);

    return node < 0 ? 0 : phandle_of(c->spapr, fdt_parent_offset(c->spapr->fdt, node));
}

/* Unit addresses may be written with leading zeros or in capitals, and device arguments follow ':'. */
static int find_path(SpaprMachine *spapr, const char *path)
{
    g_autofree char *copy = g_strdup(path);
    char *colon = strchr(copy, ':');
    int node;

    if (colon) {
        *colon = 0;
    }
    node = fdt_path_offset(spapr->fdt, copy);
    if (node < 0) {
        g_autofree char *lower = g_ascii_strdown(copy, -1);

        node = fdt_path_offset(spapr->fdt, lower);
    }
    return node;
}

static uint32_t client_finddevice(ClientCall *c)
{
    g_autofree char *path = spapr_read_string(c->spapr, c->args[0], CLIENT_STRING_MAX);
    int node = path ? find_path(c->spapr, path) : -1;

    return node < 0 ? CLIENT_ERROR : phandle_of(c->spapr, node);
}

static uint32_t store_string(ClientCall *c, uint64_t buffer, uint32_t room, const char *text)
{
    uint32_t size = strlen(text) + 1;

    /* Without room it is only the length that is wanted. */
    if (room && !spapr_write(c->spapr, buffer, text, MIN(size, room))) {
        return CLIENT_ERROR;
    }
    return size - 1;
}

static uint32_t node_path(ClientCall *c, int node, uint64_t buffer, uint32_t room)
{
    char path[CLIENT_STRING_MAX];

    if (node < 0 || fdt_get_path(c->spapr->fdt, node, path, sizeof(path))) {
        return CLIENT_ERROR;
    }
    return store_string(c, buffer, room, path);
}

static uint32_t client_package_to_path(ClientCall *c)
{
    return node_path(c, node_by_phandle(c->spapr, c->args[0]), c->args[1], c->args[2]);
}

static uint32_t client_canon(ClientCall *c)
{
    g_autofree char *path = spapr_read_string(c->spapr, c->args[0], CLIENT_STRING_MAX);

    return path ? node_path(c, find_path(c->spapr, path), c->args[1], c->args[2]) : CLIENT_ERROR;
}

static uint32_t client_instance_to_package(ClientCall *c)
{
    SpaprClientInstance *instance = instance_find(c->spapr, c->args[0]);

    return instance ? phandle_of(c->spapr, find_path(c->spapr, instance->path)) : CLIENT_ERROR;
}

static uint32_t client_instance_to_path(ClientCall *c)
{
    SpaprClientInstance *instance = instance_find(c->spapr, c->args[0]);

    return instance ? store_string(c, c->args[1], c->args[2], instance->path) : CLIENT_ERROR;
}

/* ---- Properties ---- */

/* Every node has a `name` property in Open Firmware; a flattened tree only implies it. */
static const void *get_property(SpaprMachine *spapr, int node, const char *name, int *len)
{
    const void *value = fdt_getprop(spapr->fdt, node, name, len);

    if (!value && !strcmp(name, "name")) {
        value = fdt_get_name(spapr->fdt, node, len);
        if (value) {
            if (*len == 0) {
                value = "/";
                *len = 1;
            }
            *len += 1;
        }
    }
    return value;
}

/* A unit address is no part of the `name` property. */
static GBytes *property_value(SpaprMachine *spapr, int node, const char *name)
{
    int len;
    const char *value = get_property(spapr, node, name, &len);

    if (!value) {
        return NULL;
    }
    if (!strcmp(name, "name") && memchr(value, '@', len)) {
        char *cut = g_strndup(value, (const char *)memchr(value, '@', len) - value);

        return g_bytes_new_take(cut, strlen(cut) + 1);
    }
    return g_bytes_new(value, len);
}

static GBytes *client_property(ClientCall *c)
{
    int node = node_by_phandle(c->spapr, c->args[0]);
    g_autofree char *name = spapr_read_string(c->spapr, c->args[1], 64);

    return node < 0 || !name ? NULL : property_value(c->spapr, node, name);
}

static uint32_t client_getproplen(ClientCall *c)
{
    g_autoptr(GBytes) value = client_property(c);

    return value ? g_bytes_get_size(value) : CLIENT_ERROR;
}

static uint32_t client_getprop(ClientCall *c)
{
    g_autoptr(GBytes) value = client_property(c);
    gsize size;
    const void *data;

    if (!value) {
        return CLIENT_ERROR;
    }
    data = g_bytes_get_data(value, &size);
    /* The standard returns the property's whole length even when the buffer took less. */
    if (size && c->args[3] && !spapr_write(c->spapr, c->args[2], data, MIN(size, c->args[3]))) {
        return CLIENT_ERROR;
    }
    return size;
}

static uint32_t client_nextprop(ClientCall *c)
{
    SpaprMachine *spapr = c->spapr;
    int node = node_by_phandle(spapr, c->args[0]);
    g_autofree char *previous = c->args[1] ? spapr_read_string(spapr, c->args[1], 64) : g_strdup("");
    const char *next = NULL;
    bool has_name = false;
    int offset;

    if (node < 0 || !previous) {
        return CLIENT_ERROR;
    }
    has_name = fdt_getprop(spapr->fdt, node, "name", NULL) != NULL;
    /* The implied `name` comes first. */
    if (!*previous && !has_name) {
        next = "name";
    } else {
        bool take = !*previous || (!has_name && !strcmp(previous, "name"));

        fdt_for_each_property_offset(offset, spapr->fdt, node) {
            const char *name;

            fdt_getprop_by_offset(spapr->fdt, offset, &name, NULL);
            if (take) {
                next = name;
                break;
            }
            take = !strcmp(name, previous);
        }
        if (!next) {
            char end = 0;

            spapr_write(spapr, c->args[2], &end, 1);
            return 0;
        }
    }
    return spapr_write(spapr, c->args[2], next, strlen(next) + 1) ? 1 : CLIENT_ERROR;
}

static uint32_t client_setprop(ClientCall *c)
{
    SpaprMachine *spapr = c->spapr;
    int node = node_by_phandle(spapr, c->args[0]);
    g_autofree char *name = spapr_read_string(spapr, c->args[1], 64);
    uint32_t size = c->args[3];
    g_autofree void *data = NULL;

    if (node < 0 || !name || !*name || size > CLIENT_PROP_MAX) {
        return CLIENT_ERROR;
    }
    data = g_malloc0(size + 1);
    if (size && !spapr_read(spapr, c->args[2], data, size)) {
        return CLIENT_ERROR;
    }
    if (fdt_setprop(spapr->fdt, node, name, data, size)) {
        log_mask(LOG_GUEST_ERROR, "client interface: no room to set property %s\n", name);
        return CLIENT_ERROR;
    }
    return size;
}

/* ---- Instances and their methods ---- */

uint32_t spapr_client_open(SpaprMachine *spapr, const char *path)
{
    SpaprClientInstance instance;

    if (find_path(spapr, path) < 0 || spapr->client.instances->len >= 1024) {
        return 0;
    }
    instance = (SpaprClientInstance){++spapr->client.next_ihandle, g_strdup(path)};
    g_array_append_val(spapr->client.instances, instance);
    return instance.ihandle;
}

static uint32_t client_open(ClientCall *c)
{
    g_autofree char *path = spapr_read_string(c->spapr, c->args[0], CLIENT_STRING_MAX);

    return path ? spapr_client_open(c->spapr, path) : 0;
}

static uint32_t client_close(ClientCall *c)
{
    SpaprClientInstance *instance = instance_find(c->spapr, c->args[0]);

    if (instance) {
        GArray *all = c->spapr->client.instances;

        g_array_remove_index(all, instance - &g_array_index(all, SpaprClientInstance, 0));
    }
    return 0;
}

static VioDevice *instance_vty(ClientCall *c, uint32_t ihandle)
{
    SpaprClientInstance *instance = instance_find(c->spapr, ihandle);
    int node = instance ? find_path(c->spapr, instance->path) : -1;
    const fdt32_t *reg;
    int len;

    if (node < 0) {
        return NULL;
    }
    reg = fdt_getprop(c->spapr->fdt, node, "reg", &len);
    return reg && len == 4 ? spapr_vty_find(c->spapr, fdt32_to_cpu(*reg)) : NULL;
}

/* Clients do not look at the count of bytes written: while the terminal is full the guest comes again. */
static uint32_t client_write(ClientCall *c)
{
    VioDevice *vty = instance_vty(c, c->args[0]);
    uint32_t size = MIN(c->args[2], 65536u), done = MIN(*c->progress, size);
    uint8_t chunk[256];

    if (!vty) {
        return CLIENT_ERROR;
    }
    while (done < size) {
        uint32_t n = MIN(size - done, sizeof(chunk));

        if (!spapr_read(c->spapr, (uint64_t)c->args[1] + done, chunk, n)) {
            return CLIENT_ERROR;
        }
        n = spapr_vty_write(&vty->parent, chunk, n);
        if (!n) {
            *c->progress = done;
            c->again = true;
            return 0;
        }
        done += n;
    }
    return size;
}

static uint32_t client_read(ClientCall *c)
{
    VioDevice *vty = instance_vty(c, c->args[0]);
    uint8_t chunk[16];
    unsigned n;

    if (!vty) {
        return CLIENT_ERROR;
    }
    n = spapr_vty_read(&vty->parent, chunk, MIN(c->args[2], sizeof(chunk)));
    if (n && !spapr_write(c->spapr, c->args[1], chunk, n)) {
        return CLIENT_ERROR;
    }
    return n;
}

static uint32_t method_instantiate_rtas(ClientCall *c)
{
    uint32_t base = c->args[2];

    if (!spapr_firmware_place_rtas(c->spapr, base)) {
        return CLIENT_ERROR;
    }
    c->rets[1] = base;
    return 0;
}

/* Copies claims and properties the client has set over to a newly built tree. */
static void adopt_tree(SpaprMachine *spapr, void *fdt);

static uint32_t method_client_architecture_support(ClientCall *c)
{
    void *fdt = NULL;
    HCallResult result =
        spapr_client_architecture_support(c->spapr, c->cpu, c->args[2], &fdt);

    if (result != H_SUCCESS || !fdt) {
        return CLIENT_ERROR;
    }
    adopt_tree(c->spapr, fdt);
    c->rets[1] = 0;       /* the selected options took effect; no reboot is needed */
    return 0;
}

/* call-method's arguments: method, ihandle, then the method's; the first result is the catch code. */
static uint32_t client_call_method(ClientCall *c)
{
    g_autofree char *method = spapr_read_string(c->spapr, c->args[0], 64);
    SpaprClientInstance *instance = instance_find(c->spapr, c->args[1]);

    if (!method || !instance) {
        return CLIENT_ERROR;
    }
    if (!strcmp(instance->path, "/") && !strcmp(method, "ibm,client-architecture-support")) {
        return method_client_architecture_support(c);
    }
    if (!strcmp(instance->path, "/rtas") && !strcmp(method, "instantiate-rtas")) {
        return method_instantiate_rtas(c);
    }
    log_mask(LOG_UNIMP, "client interface: method %s of %s\n", method, instance->path);
    return CLIENT_ERROR;
}

/* ---- Memory ---- */

static bool range_free(SpaprMachine *spapr, uint64_t start, uint64_t size)
{
    if (start + size > spapr->client.top_address || start + size < start) {
        return false;
    }
    for (guint i = 0; i < spapr->client.claims->len; i++) {
        SpaprClaim *claim = &g_array_index(spapr->client.claims, SpaprClaim, i);

        if (start < claim->start + claim->size && claim->start < start + size) {
            return false;
        }
    }
    return true;
}

static gint compare_claims(gconstpointer a, gconstpointer b)
{
    uint64_t x = ((const SpaprClaim *)a)->start, y = ((const SpaprClaim *)b)->start;

    return x < y ? -1 : x > y;
}

/* The memory node's `available` property lists what nobody has claimed. */
static void update_available(SpaprMachine *spapr)
{
    GArray *available = g_array_new(FALSE, FALSE, sizeof(fdt64_t));
    uint64_t at = 0;
    int node = fdt_path_offset(spapr->fdt, "/memory@0");

    for (guint i = 0; i <= spapr->client.claims->len; i++) {
        bool last = i == spapr->client.claims->len;
        SpaprClaim *claim = last ? NULL : &g_array_index(spapr->client.claims, SpaprClaim, i);
        uint64_t end = last ? spapr->client.top_address : claim->start;

        if (end > at) {
            fdt64_t cells[2] = {cpu_to_fdt64(at), cpu_to_fdt64(end - at)};

            g_array_append_vals(available, cells, 2);
        }
        if (!last) {
            at = claim->start + claim->size;
        }
    }
    if (node >= 0 && fdt_setprop(spapr->fdt, node, "available", available->data,
                                 available->len * sizeof(fdt64_t))) {
        log_mask(LOG_GUEST_ERROR, "client interface: no room for the list of free memory\n");
    }
    g_array_free(available, TRUE);
}

bool spapr_client_claim(SpaprMachine *spapr, uint64_t start, uint64_t size)
{
    SpaprClaim claim = {start, size};

    if (!size || !range_free(spapr, start, size) || spapr->client.claims->len > 4096) {
        return false;
    }
    g_array_append_val(spapr->client.claims, claim);
    g_array_sort(spapr->client.claims, compare_claims);
    return true;
}

static uint32_t client_claim(ClientCall *c)
{
    uint64_t start = c->args[0], size = c->args[1], align = c->args[2];

    if (!size || (align & (align - 1))) {
        return CLIENT_ERROR;
    }
    if (align == 0) {
        if (!spapr_client_claim(c->spapr, start, size)) {
            return CLIENT_ERROR;
        }
    } else {
        bool found = false;
        GArray *claims = c->spapr->client.claims;

        size = (size + align - 1) & ~(align - 1);
        /* Lowest aligned place above the firmware's own page. */
        for (gint i = -1; i < (gint)claims->len && !found; i++) {
            SpaprClaim *before = i < 0 ? NULL : &g_array_index(claims, SpaprClaim, i);

            start = before ? before->start + before->size : align;
            start = (start + align - 1) & ~(align - 1);
            found = range_free(c->spapr, start, size);
        }
        if (!found || start > UINT32_MAX - size || !spapr_client_claim(c->spapr, start, size)) {
            return CLIENT_ERROR;
        }
    }
    update_available(c->spapr);
    return start;
}

static uint32_t client_release(ClientCall *c)
{
    GArray *claims = c->spapr->client.claims;

    for (guint i = 0; i < claims->len; i++) {
        SpaprClaim *claim = &g_array_index(claims, SpaprClaim, i);

        if (claim->start == c->args[0] && claim->size == c->args[1]) {
            g_array_remove_index(claims, i);
            update_available(c->spapr);
            return 0;
        }
    }
    return CLIENT_ERROR;
}

/* ---- The rest ---- */

static uint32_t client_milliseconds(ClientCall *c)
{
    return ppc_get_tb(&c->cpu->env) / (SPAPR_TIMEBASE_FREQ / 1000);
}

static uint32_t client_quiesce(ClientCall *c)
{
    c->spapr->client.quiesced = true;
    return 0;
}

static uint32_t client_exit(ClientCall *c)
{
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    cpu_set_halted(&c->cpu->parent, true);
    return 0;
}

static uint32_t client_boot(ClientCall *c)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    return 0;
}

/* A client may name a function of its own for the firmware to call: there is nothing that would. */
static uint32_t client_set_callback(ClientCall *c)
{
    return 0;
}

typedef struct ClientService {
    const char *name;
    unsigned n_args, n_rets;     /* at least */
    uint32_t (*fn)(ClientCall *c);
} ClientService;

static uint32_t client_test(ClientCall *c);

static const ClientService client_services[] = {
    {"test", 1, 1, client_test},
    {"peer", 1, 1, client_peer},
    {"child", 1, 1, client_child},
    {"parent", 1, 1, client_parent},
    {"finddevice", 1, 1, client_finddevice},
    {"getproplen", 2, 1, client_getproplen},
    {"getprop", 4, 1, client_getprop},
    {"nextprop", 3, 1, client_nextprop},
    {"setprop", 4, 1, client_setprop},
    {"canon", 3, 1, client_canon},
    {"package-to-path", 3, 1, client_package_to_path},
    {"instance-to-package", 1, 1, client_instance_to_package},
    {"instance-to-path", 3, 1, client_instance_to_path},
    {"open", 1, 1, client_open},
    {"close", 1, 0, client_close},
    {"write", 3, 1, client_write},
    {"read", 3, 1, client_read},
    {"call-method", 2, 1, client_call_method},
    {"claim", 3, 1, client_claim},
    {"release", 2, 0, client_release},
    {"milliseconds", 0, 1, client_milliseconds},
    {"quiesce", 0, 0, client_quiesce},
    {"set-callback", 1, 1, client_set_callback},
    {"boot", 1, 0, client_boot},
    {"enter", 0, 0, client_exit},
    {"exit", 0, 0, client_exit},
};

static const ClientService *find_service(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(client_services); i++) {
        if (!strcmp(client_services[i].name, name)) {
            return &client_services[i];
        }
    }
    return NULL;
}

static uint32_t client_test(ClientCall *c)
{
    g_autofree char *name = spapr_read_string(c->spapr, c->args[0], 64);

    return name && find_service(name) ? 0 : CLIENT_ERROR;
}

/* The private hypercall behind the client interface's entry. Result in r3: 0 or -1 (no such service). */
static HCallResult h_client(SpaprMachine *spapr, PowerPCCPU *cpu, uint64_t opcode, uint64_t *args)
{
    uint64_t array = args[0];
    ClientCall call = {.spapr = spapr, .cpu = cpu, .progress = &args[1]};
    g_autofree char *name = NULL;
    const ClientService *service;

    if (!spapr->client.active || !spapr->fdt || !spapr_is_ram(spapr, array, 12)) {
        return H_PARAMETER;
    }
    name = spapr_read_string(spapr, spapr_ldl(spapr, array), 64);
    call.n_args = spapr_ldl(spapr, array + 4);
    call.n_rets = spapr_ldl(spapr, array + 8);
    if (!name || call.n_args > CLIENT_MAX_ARGS || call.n_rets > CLIENT_MAX_ARGS ||
        !spapr_is_ram(spapr, array, 12 + 4 * (uint64_t)(call.n_args + call.n_rets))) {
        log_mask(LOG_GUEST_ERROR, "client interface: malformed call at 0x%" PRIx64 "\n", array);
        return -1;
    }
    for (unsigned i = 0; i < call.n_args; i++) {
        call.args[i] = spapr_ldl(spapr, array + 12 + 4 * i);
    }
    service = find_service(name);
    if (!service) {
        log_mask(LOG_UNIMP, "client interface: service %s\n", name);
        return -1;
    }
    if (call.n_args < service->n_args || call.n_rets < service->n_rets) {
        log_mask(LOG_GUEST_ERROR, "client interface: %s called with %u arguments, %u results\n", name,
                 call.n_args, call.n_rets);
        return -1;
    }
    call.rets[0] = service->fn(&call);
    if (call.again) {
        return H_COME_AGAIN;
    }
    for (unsigned i = 0; i < call.n_rets; i++) {
        spapr_stl(spapr, array + 12 + 4 * (call.n_args + i), call.rets[i]);
    }
    return 0;
}

const SpaprHCall spapr_hcalls_client[] = {
    {H_PRIVATE_CLIENT, "client-interface", h_client},
    {0},
};

/* ---- Start ---- */

/* Open Firmware gives every package a handle: nodes without a phandle get one. */
static void give_phandles(void *fdt)
{
    uint32_t next = 0x10000;
    int node;

    for (node = fdt_next_node(fdt, -1, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
        if (!fdt_get_phandle(fdt, node)) {
            fdt_setprop_u32(fdt, node, "phandle", next++);
        }
    }
}

static void *expand(void *fdt)
{
    uint32_t size = fdt_totalsize(fdt) + CLIENT_FDT_ROOM;
    void *larger = g_malloc0(size);
    int error = fdt_open_into(fdt, larger, size);

    g_assert(error == 0);
    g_free(fdt);
    give_phandles(larger);
    return larger;
}

static void adopt_tree(SpaprMachine *spapr, void *fdt)
{
    static const char *const kept[] = {"bootargs", "linux,initrd-start", "linux,initrd-end", "stdout",
                                       "stdin"};
    void *old = spapr->fdt;
    int old_chosen = fdt_path_offset(old, "/chosen"), chosen;

    fdt = expand(fdt);
    chosen = fdt_path_offset(fdt, "/chosen");
    for (unsigned i = 0; i < G_N_ELEMENTS(kept) && chosen >= 0 && old_chosen >= 0; i++) {
        int len;
        const void *value = fdt_getprop(old, old_chosen, kept[i], &len);

        if (value) {
            fdt_setprop(fdt, chosen, kept[i], value, len);
        }
    }
    spapr->fdt = fdt;
    spapr->fdt_size = fdt_totalsize(fdt);
    g_free(old);
    update_available(spapr);
}

void spapr_client_init(SpaprMachine *spapr)
{
    spapr->client.claims = g_array_new(FALSE, TRUE, sizeof(SpaprClaim));
    spapr->client.instances = g_array_new(FALSE, TRUE, sizeof(SpaprClientInstance));
    g_array_set_clear_func(spapr->client.instances, instance_clear);
}

void spapr_client_reset(SpaprMachine *spapr, PowerPCCPU *cpu)
{
    SpaprClient *client = &spapr->client;
    CPUPPCState *env = &cpu->env;
    int chosen, len;
    const char *console;

    g_array_set_size(client->claims, 0);
    g_array_set_size(client->instances, 0);
    client->next_ihandle = 0;
    client->quiesced = false;
    client->active = true;
    client->top_address = MIN(spapr->rma_size, 0x80000000u);
    spapr->fdt = expand(spapr->fdt);
    spapr->fdt_size = fdt_totalsize(spapr->fdt);

    client->entry = spapr_firmware_place_client(spapr);
    spapr_client_claim(spapr, 0, SPAPR_FIRMWARE_SIZE);
    spapr_client_claim(spapr, spapr->kernel_addr, spapr->kernel_size);
    if (spapr->initrd_size) {
        spapr_client_claim(spapr, spapr->initrd_base, spapr->initrd_size);
    }
    chosen = fdt_path_offset(spapr->fdt, "/chosen");
    console = fdt_getprop(spapr->fdt, chosen, "linux,stdout-path", &len);
    if (console) {
        g_autofree char *path = g_strdup(console);

        /* Instances of their own: Linux closes its input before it has said everything. */
        fdt_setprop_u32(spapr->fdt, chosen, "stdout", spapr_client_open(spapr, path));
        fdt_setprop_u32(spapr->fdt, chosen, "stdin", spapr_client_open(spapr, path));
    }
    update_available(spapr);

    /* PowerPC binding 8.2: r3, r4 are the platform's; r5 is the client interface; r1 a stack. */
    env->gpr[1] = SPAPR_FIRMWARE_STACK;
    env->gpr[3] = spapr->initrd_size ? spapr->initrd_base : 0;
    env->gpr[4] = spapr->initrd_size;
    env->gpr[5] = client->entry;
    env->gpr[6] = env->gpr[7] = 0;
    env->nip = spapr->kernel_entry;
}

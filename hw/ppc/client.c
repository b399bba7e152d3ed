/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open Firmware's client interface without Forth: the services are functions on a flattened device
 * tree.
 *
 * From IEEE 1275-1994 chapter 6.3 (client interface) and its PowerPC binding.  How the guest comes
 * here, the tree, terminals and methods of packages are the machine's (ClientOps).  Package handles
 * are the nodes' phandles; instance handles count up.
 *
 * Argument array: big-endian 32-bit cells {service, n_args, n_rets, args..., rets...}.
 * Left out: packages that are read by blocks or seek; `interpret` (there is no Forth here): such
 * calls fail as the standard says.
 */
#include "hw/ppc/client.h"
#include <libfdt.h>
#include <string.h>
#include "guest-memory.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

#define CLIENT_STRING_MAX 1024
#define CLIENT_NAME_MAX 64
#define CLIENT_PROP_MAX 65536
#define CLIENT_FDT_ROOM (256u << 10)
#define CLIENT_MAX_INSTANCES 1024
#define CLIENT_MAX_CLAIMS 4096
#define CLIENT_PAGE 4096u

/* ---- The client's memory ---- */

static bool is_effective(const ClientCall *c)
{
    return c->client->ops->translates && c->cpu->env.msr & MSR_BIT(DR);
}

/* The real address behind one of the client's, the same up to the end of its page. */
static bool real_address(const ClientCall *c, uint64_t address, uint64_t *real)
{
    CPUState *cs = &c->cpu->parent;
    hwaddr phys;

    if (is_effective(c)) {
        if (address > UINT32_MAX || !cs->ops->translate_debug(cs, address, &phys, NULL)) {
            log_mask(LOG_GUEST_ERROR, "client interface: 0x%" PRIx64 " is not mapped\n", address);
            return false;
        }
        address = phys;
    }
    *real = address;
    return true;
}

/* Real ranges are moved as a whole or not at all, effective ones up to the page that is missing. */
static bool transfer(const ClientCall *c, uint64_t address, void *data, uint64_t size, bool write)
{
    uint8_t *p = data;

    while (size) {
        uint64_t n = is_effective(c) ? MIN(size, CLIENT_PAGE - address % CLIENT_PAGE) : size, real;

        if (!real_address(c, address, &real) ||
            !(write ? guest_write(real, p, n) : guest_read(real, p, n))) {
            return false;
        }
        address += n;
        p += n;
        size -= n;
    }
    return true;
}

static bool client_read_memory(const ClientCall *c, uint64_t address, void *data, uint64_t size)
{
    return transfer(c, address, data, size, false);
}

static bool client_write_memory(const ClientCall *c, uint64_t address, const void *data,
                                uint64_t size)
{
    return transfer(c, address, (void *)data, size, true);
}

/* At most limit bytes; NULL if it is longer or not memory. */
static char *client_string(const ClientCall *c, uint64_t address, unsigned limit)
{
    g_autofree char *text = NULL;
    uint64_t real;

    if (!is_effective(c)) {
        return guest_read_string(address, limit);
    }
    text = g_malloc(limit + 1);
    for (unsigned i = 0; i <= limit; i++) {
        if (!real_address(c, address + i, &real) || !guest_is_ram(real, 1) ||
            !guest_read(real, &text[i], 1)) {
            return NULL;
        }
        if (!text[i]) {
            return g_steal_pointer(&text);
        }
    }
    return NULL;
}

/* ---- Nodes and instances ---- */

static void *tree(const Client *client)
{
    return *client->fdt;
}

static int node_by_phandle(Client *client, uint32_t phandle)
{
    return fdt_node_offset_by_phandle(tree(client), phandle);
}

static uint32_t phandle_of(Client *client, int node)
{
    return node < 0 ? 0 : fdt_get_phandle(tree(client), node);
}

static ClientInstance *instance_find(Client *client, uint32_t ihandle)
{
    for (guint i = 0; i < client->instances->len; i++) {
        ClientInstance *instance = &g_array_index(client->instances, ClientInstance, i);

        if (instance->ihandle == ihandle) {
            return instance;
        }
    }
    return NULL;
}

static void instance_clear(gpointer data)
{
    g_free(((ClientInstance *)data)->path);
}

/* ---- Tree walking ---- */

static uint32_t service_peer(ClientCall *c)
{
    int node;

    if (c->args[0] == 0) {
        return phandle_of(c->client, 0);
    }
    node = node_by_phandle(c->client, c->args[0]);
    return node < 0 ? 0 : phandle_of(c->client, fdt_next_subnode(tree(c->client), node));
}

static uint32_t service_child(ClientCall *c)
{
    int node = node_by_phandle(c->client, c->args[0]);

    return node < 0 ? 0 : phandle_of(c->client, fdt_first_subnode(tree(c->client), node));
}

static uint32_t service_parent(ClientCall *c)
{
    int node = node_by_phandle(c->client, c->args[0]);

    return node < 0 ? 0 : phandle_of(c->client, fdt_parent_offset(tree(c->client), node));
}

/* The whole path of one that begins with an alias; NULL: there is none, or the client has made it
 * something else. */
static char *resolve_alias(Client *client, const char *path)
{
    size_t n = strcspn(path, "/:");
    g_autofree char *alias = g_strndup(path, n);
    int len, node = fdt_path_offset(tree(client), "/aliases");
    const char *value = node < 0 || !n ? NULL : fdt_getprop(tree(client), node, alias, &len);

    return value && len > 1 && value[0] == '/' && value[len - 1] == 0
               ? g_strconcat(value, path + n, NULL)
               : NULL;
}

/* Unit addresses may be written with leading zeros or in capitals, and device arguments follow ':'.
 */
static int find_path(Client *client, const char *path)
{
    g_autofree char *whole = *path == '/' ? g_strdup(path) : resolve_alias(client, path);
    int node;

    if (!whole) {
        return -1;
    }
    whole[strcspn(whole, ":")] = 0;
    node = fdt_path_offset(tree(client), whole);
    if (node < 0) {
        g_autofree char *lower = g_ascii_strdown(whole, -1);

        node = fdt_path_offset(tree(client), lower);
    }
    return node;
}

static uint32_t service_finddevice(ClientCall *c)
{
    g_autofree char *path = client_string(c, c->args[0], CLIENT_STRING_MAX);
    int node = path ? find_path(c->client, path) : -1;

    return node < 0 ? CLIENT_ERROR : phandle_of(c->client, node);
}

static uint32_t store_string(ClientCall *c, uint64_t buffer, uint32_t room, const char *text)
{
    uint32_t size = strlen(text) + 1;

    /* Without room it is only the length that is wanted. */
    if (room && !client_write_memory(c, buffer, text, MIN(size, room))) {
        return CLIENT_ERROR;
    }
    return size - 1;
}

static uint32_t node_path(ClientCall *c, int node, uint64_t buffer, uint32_t room)
{
    char path[CLIENT_STRING_MAX];

    if (node < 0 || fdt_get_path(tree(c->client), node, path, sizeof(path))) {
        return CLIENT_ERROR;
    }
    return store_string(c, buffer, room, path);
}

static uint32_t service_package_to_path(ClientCall *c)
{
    return node_path(c, node_by_phandle(c->client, c->args[0]), c->args[1], c->args[2]);
}

static uint32_t service_canon(ClientCall *c)
{
    g_autofree char *path = client_string(c, c->args[0], CLIENT_STRING_MAX);

    return path ? node_path(c, find_path(c->client, path), c->args[1], c->args[2]) : CLIENT_ERROR;
}

static uint32_t service_instance_to_package(ClientCall *c)
{
    ClientInstance *instance = instance_find(c->client, c->args[0]);

    return instance ? phandle_of(c->client, find_path(c->client, instance->path)) : CLIENT_ERROR;
}

static uint32_t service_instance_to_path(ClientCall *c)
{
    ClientInstance *instance = instance_find(c->client, c->args[0]);

    return instance ? store_string(c, c->args[1], c->args[2], instance->path) : CLIENT_ERROR;
}

/* ---- Properties ---- */

/* Every node has a `name` property in Open Firmware; a flattened tree only implies it. */
static const void *get_property(Client *client, int node, const char *name, int *len)
{
    const void *value = fdt_getprop(tree(client), node, name, len);

    if (!value && !strcmp(name, "name")) {
        value = fdt_get_name(tree(client), node, len);
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
static GBytes *property_value(Client *client, int node, const char *name)
{
    int len;
    const char *value = get_property(client, node, name, &len);

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
    int node = node_by_phandle(c->client, c->args[0]);
    g_autofree char *name = client_string(c, c->args[1], CLIENT_NAME_MAX);

    return node < 0 || !name ? NULL : property_value(c->client, node, name);
}

static uint32_t service_getproplen(ClientCall *c)
{
    g_autoptr(GBytes) value = client_property(c);

    return value ? g_bytes_get_size(value) : CLIENT_ERROR;
}

static uint32_t service_getprop(ClientCall *c)
{
    g_autoptr(GBytes) value = client_property(c);
    gsize size;
    const void *data;

    if (!value) {
        return CLIENT_ERROR;
    }
    data = g_bytes_get_data(value, &size);
    /* The standard returns the property's whole length even when the buffer took less. */
    if (size && c->args[3] && !client_write_memory(c, c->args[2], data, MIN(size, c->args[3]))) {
        return CLIENT_ERROR;
    }
    return size;
}

static uint32_t service_nextprop(ClientCall *c)
{
    Client *client = c->client;
    int node = node_by_phandle(client, c->args[0]);
    g_autofree char *previous =
        c->args[1] ? client_string(c, c->args[1], CLIENT_NAME_MAX) : g_strdup("");
    const char *next = NULL;
    bool has_name = false;
    int offset;

    if (node < 0 || !previous) {
        return CLIENT_ERROR;
    }
    has_name = fdt_getprop(tree(client), node, "name", NULL) != NULL;
    /* The implied `name` comes first. */
    if (!*previous && !has_name) {
        next = "name";
    } else {
        bool take = !*previous || (!has_name && !strcmp(previous, "name"));

        fdt_for_each_property_offset(offset, tree(client), node) {
            const char *name;

            fdt_getprop_by_offset(tree(client), offset, &name, NULL);
            if (take) {
                next = name;
                break;
            }
            take = !strcmp(name, previous);
        }
        if (!next) {
            char end = 0;

            client_write_memory(c, c->args[2], &end, 1);
            return 0;
        }
    }
    return client_write_memory(c, c->args[2], next, strlen(next) + 1) ? 1 : CLIENT_ERROR;
}

static uint32_t service_setprop(ClientCall *c)
{
    Client *client = c->client;
    int node = node_by_phandle(client, c->args[0]);
    g_autofree char *name = client_string(c, c->args[1], CLIENT_NAME_MAX);
    uint32_t size = c->args[3];
    g_autofree void *data = NULL;

    if (node < 0 || !name || !*name || size > CLIENT_PROP_MAX) {
        return CLIENT_ERROR;
    }
    data = g_malloc0(size + 1);
    if (size && !client_read_memory(c, c->args[2], data, size)) {
        return CLIENT_ERROR;
    }
    if (fdt_setprop(tree(client), node, name, data, size)) {
        log_mask(LOG_GUEST_ERROR, "client interface: no room to set property %s\n", name);
        return CLIENT_ERROR;
    }
    return size;
}

/* ---- Instances and their methods ---- */

uint32_t client_open(Client *client, const char *path)
{
    ClientInstance instance;

    if (find_path(client, path) < 0 || client->instances->len >= CLIENT_MAX_INSTANCES) {
        return 0;
    }
    instance = (ClientInstance){++client->next_ihandle, g_strdup(path)};
    g_array_append_val(client->instances, instance);
    return instance.ihandle;
}

static uint32_t service_open(ClientCall *c)
{
    g_autofree char *path = client_string(c, c->args[0], CLIENT_STRING_MAX);

    return path ? client_open(c->client, path) : 0;
}

static uint32_t service_close(ClientCall *c)
{
    ClientInstance *instance = instance_find(c->client, c->args[0]);

    if (instance) {
        GArray *all = c->client->instances;

        g_array_remove_index(all, instance - &g_array_index(all, ClientInstance, 0));
    }
    return 0;
}

static int instance_node(Client *client, uint32_t ihandle)
{
    ClientInstance *instance = instance_find(client, ihandle);

    return instance ? find_path(client, instance->path) : -1;
}

/* Clients do not look at the count of bytes written: while the terminal is full the guest comes
 * again. */
static uint32_t service_write(ClientCall *c)
{
    Client *client = c->client;
    int node = instance_node(client, c->args[0]);
    uint32_t size = MIN(c->args[2], CLIENT_PROP_MAX), done = MIN(*c->progress, size);
    uint8_t chunk[256];

    if (node < 0 || client->ops->write(client->opaque, node, NULL, 0) < 0) {
        return CLIENT_ERROR;
    }
    while (done < size) {
        uint32_t n = MIN(size - done, sizeof(chunk));
        int taken;

        if (!client_read_memory(c, (uint64_t)c->args[1] + done, chunk, n)) {
            return CLIENT_ERROR;
        }
        taken = client->ops->write(client->opaque, node, chunk, n);
        if (taken <= 0) {
            *c->progress = done;
            c->again = true;
            return 0;
        }
        done += (uint32_t)taken;
    }
    return size;
}

static uint32_t service_read(ClientCall *c)
{
    Client *client = c->client;
    int node = instance_node(client, c->args[0]), n;
    uint8_t chunk[16];

    if (node < 0) {
        return CLIENT_ERROR;
    }
    n = client->ops->read(client->opaque, node, chunk, MIN(c->args[2], sizeof(chunk)));
    if (n < 0 || (n && !client_write_memory(c, c->args[1], chunk, (uint64_t)n))) {
        return CLIENT_ERROR;
    }
    return (uint32_t)n;
}

/* No package here has a position. */
static uint32_t service_seek(ClientCall *c)
{
    return CLIENT_ERROR;
}

void client_say(Client *client, const char *text)
{
    int chosen = fdt_path_offset(tree(client), "/chosen"), node, len;
    const fdt32_t *stdout_handle =
        chosen < 0 ? NULL : fdt_getprop(tree(client), chosen, "stdout", &len);

    if (!stdout_handle || len != sizeof(*stdout_handle)) {
        return;
    }
    node = instance_node(client, fdt32_to_cpu(*stdout_handle));
    if (node >= 0) {
        client->ops->write(client->opaque, node, (const uint8_t *)text, strlen(text));
    }
}

bool client_node_has_type(const Client *client, int node, const char *type)
{
    int len;
    const void *value = fdt_getprop(tree(client), node, "device_type", &len);

    return value && (size_t)len == strlen(type) + 1 && !memcmp(value, type, strlen(type) + 1);
}

/* call-method's arguments: method, ihandle, then the method's; the first result is the catch code.
 */
static uint32_t service_call_method(ClientCall *c)
{
    Client *client = c->client;
    g_autofree char *method = client_string(c, c->args[0], CLIENT_NAME_MAX);
    ClientInstance *instance = instance_find(client, c->args[1]);
    int node = instance ? find_path(client, instance->path) : -1;

    if (!method || node < 0) {
        return CLIENT_ERROR;
    }
    for (const ClientMethod *row = client->ops->methods; row->name; row++) {
        if (strcmp(row->name, method) ||
            (strcmp(row->on, instance->path) && !client_node_has_type(client, node, row->on))) {
            continue;
        }
        if (c->n_args < row->n_args || c->n_rets < row->n_rets) {
            log_mask(LOG_GUEST_ERROR,
                     "client interface: method %s called with %u arguments, %u results\n", method,
                     c->n_args, c->n_rets);
            return CLIENT_ERROR;
        }
        return row->fn(c);
    }
    log_mask(LOG_UNIMP, "client interface: method %s of %s\n", method, instance->path);
    return CLIENT_ERROR;
}

/* ---- Memory ---- */

static bool range_free(Client *client, uint64_t start, uint64_t size)
{
    if (start + size > client->top_address || start + size < start) {
        return false;
    }
    for (guint i = 0; i < client->claims->len; i++) {
        ClientClaim *claim = &g_array_index(client->claims, ClientClaim, i);

        if (start < claim->start + claim->size && claim->start < start + size) {
            return false;
        }
    }
    return true;
}

static gint compare_claims(gconstpointer a, gconstpointer b)
{
    uint64_t x = ((const ClientClaim *)a)->start, y = ((const ClientClaim *)b)->start;

    return x < y ? -1 : x > y;
}

static void append_cells(GByteArray *to, uint64_t value, int n_cells)
{
    uint8_t bytes[8];

    stq_be_p(bytes, value);
    g_byte_array_append(to, bytes + 8 - 4 * n_cells, 4 * n_cells);
}

/* The memory node's `available` property lists what nobody has claimed. */
void client_update_available(Client *client)
{
    g_autoptr(GByteArray) available = g_byte_array_new();
    uint64_t at = 0;
    int node = fdt_path_offset(tree(client), "/memory@0");
    int address_cells = CLAMP(fdt_address_cells(tree(client), 0), 1, 2);
    int size_cells = CLAMP(fdt_size_cells(tree(client), 0), 1, 2);

    for (guint i = 0; i <= client->claims->len; i++) {
        bool last = i == client->claims->len;
        ClientClaim *claim = last ? NULL : &g_array_index(client->claims, ClientClaim, i);
        uint64_t end = last ? client->top_address : claim->start;

        if (end > at) {
            append_cells(available, at, address_cells);
            append_cells(available, end - at, size_cells);
        }
        if (!last) {
            at = claim->start + claim->size;
        }
    }
    if (node >= 0 &&
        fdt_setprop(tree(client), node, "available",
                    available->len ? available->data : (const uint8_t *)"", (int)available->len)) {
        log_mask(LOG_GUEST_ERROR, "client interface: no room for the list of free memory\n");
    }
}

bool client_claim(Client *client, uint64_t start, uint64_t size)
{
    ClientClaim claim = {start, size};

    if (!size || !range_free(client, start, size) || client->claims->len > CLIENT_MAX_CLAIMS) {
        return false;
    }
    g_array_append_val(client->claims, claim);
    g_array_sort(client->claims, compare_claims);
    return true;
}

uint32_t client_claim_aligned(Client *client, uint64_t size, uint64_t align)
{
    GArray *claims = client->claims;
    uint64_t start = 0;
    bool found = false;

    if (!size || !align || (align & (align - 1))) {
        return CLIENT_ERROR;
    }
    size = (size + align - 1) & ~(align - 1);
    /* Lowest aligned place above the firmware's own memory. */
    for (gint i = -1; i < (gint)claims->len && !found; i++) {
        ClientClaim *before = i < 0 ? NULL : &g_array_index(claims, ClientClaim, i);

        start = before ? before->start + before->size : align;
        start = (start + align - 1) & ~(align - 1);
        found = range_free(client, start, size);
    }
    return found && start <= UINT32_MAX - size && client_claim(client, start, size) ? start
                                                                                    : CLIENT_ERROR;
}

static uint32_t service_claim(ClientCall *c)
{
    uint32_t start = c->args[0], size = c->args[1], align = c->args[2];

    if (align) {
        start = client_claim_aligned(c->client, size, align);
    } else if (!client_claim(c->client, start, size)) {
        start = CLIENT_ERROR;
    }
    if (start != CLIENT_ERROR) {
        client_update_available(c->client);
    }
    return start;
}

bool client_release(Client *client, uint64_t start, uint64_t size)
{
    for (guint i = 0; i < client->claims->len; i++) {
        ClientClaim *claim = &g_array_index(client->claims, ClientClaim, i);

        if (claim->start == start && claim->size == size) {
            g_array_remove_index(client->claims, i);
            return true;
        }
    }
    return false;
}

static uint32_t service_release(ClientCall *c)
{
    if (!client_release(c->client, c->args[0], c->args[1])) {
        return CLIENT_ERROR;
    }
    client_update_available(c->client);
    return 0;
}

/* ---- The rest ---- */

static uint32_t service_milliseconds(ClientCall *c)
{
    return (uint32_t)muldiv64(ppc_get_tb(&c->cpu->env), 1000, c->cpu->tb_freq);
}

static uint32_t service_quiesce(ClientCall *c)
{
    c->client->quiesced = true;
    return 0;
}

static uint32_t service_exit(ClientCall *c)
{
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    cpu_set_halted(&c->cpu->parent, true);
    return 0;
}

static uint32_t service_boot(ClientCall *c)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    return 0;
}

/* A client may name a function of its own for the firmware to call: there is nothing that would. */
static uint32_t service_set_callback(ClientCall *c)
{
    return 0;
}

typedef struct ClientService {
    const char *name;
    unsigned n_args, n_rets;     /* at least */
    uint32_t (*fn)(ClientCall *c);
} ClientService;

static uint32_t service_test(ClientCall *c);

static const ClientService client_services[] = {
    {"test", 1, 1, service_test},
    {"peer", 1, 1, service_peer},
    {"child", 1, 1, service_child},
    {"parent", 1, 1, service_parent},
    {"finddevice", 1, 1, service_finddevice},
    {"getproplen", 2, 1, service_getproplen},
    {"getprop", 4, 1, service_getprop},
    {"nextprop", 3, 1, service_nextprop},
    {"setprop", 4, 1, service_setprop},
    {"canon", 3, 1, service_canon},
    {"package-to-path", 3, 1, service_package_to_path},
    {"instance-to-package", 1, 1, service_instance_to_package},
    {"instance-to-path", 3, 1, service_instance_to_path},
    {"open", 1, 1, service_open},
    {"close", 1, 0, service_close},
    {"write", 3, 1, service_write},
    {"read", 3, 1, service_read},
    {"seek", 3, 1, service_seek},
    {"call-method", 2, 1, service_call_method},
    {"claim", 3, 1, service_claim},
    {"release", 2, 0, service_release},
    {"milliseconds", 0, 1, service_milliseconds},
    {"quiesce", 0, 0, service_quiesce},
    {"set-callback", 1, 1, service_set_callback},
    {"boot", 1, 0, service_boot},
    {"enter", 0, 0, service_exit},
    {"exit", 0, 0, service_exit},
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

static uint32_t service_test(ClientCall *c)
{
    g_autofree char *name = client_string(c, c->args[0], CLIENT_NAME_MAX);

    return name && find_service(name) ? 0 : CLIENT_ERROR;
}

/* ---- A call ---- */

typedef struct ClientHeader { uint32_t service, n_args, n_rets; } ClientHeader;

/* The array's cells into the call; false: it is malformed. */
static bool read_array(ClientCall *c, uint64_t array, ClientHeader *header)
{
    uint32_t cells[2 * CLIENT_MAX_ARGS];
    unsigned n;

    if (!client_read_memory(c, array, header, sizeof(*header))) {
        return false;
    }
    c->n_args = ldl_be_p(&header->n_args);
    c->n_rets = ldl_be_p(&header->n_rets);
    if (c->n_args > CLIENT_MAX_ARGS || c->n_rets > CLIENT_MAX_ARGS) {
        return false;
    }
    n = c->n_args + c->n_rets;
    if (n && !client_read_memory(c, array + sizeof(*header), cells, 4 * n)) {
        return false;
    }
    for (unsigned i = 0; i < c->n_args; i++) {
        c->args[i] = ldl_be_p(&cells[i]);
    }
    return true;
}

ClientResult client_call(Client *client, PowerPCCPU *cpu, uint64_t array, uint64_t *progress)
{
    ClientCall call = {.client = client, .cpu = cpu, .progress = progress};
    g_autofree char *name = NULL;
    const ClientService *service;
    uint32_t rets[CLIENT_MAX_ARGS];
    ClientHeader header;

    if (!client->active || !tree(client)) {
        return CLIENT_INACTIVE;
    }
    if (read_array(&call, array, &header)) {
        name = client_string(&call, ldl_be_p(&header.service), CLIENT_NAME_MAX);
    }
    if (!name) {
        log_mask(LOG_GUEST_ERROR, "client interface: malformed call at 0x%" PRIx64 "\n", array);
        return CLIENT_FAILED;
    }
    service = find_service(name);
    if (!service) {
        log_mask(LOG_UNIMP, "client interface: service %s\n", name);
        return CLIENT_FAILED;
    }
    if (call.n_args < service->n_args || call.n_rets < service->n_rets) {
        log_mask(LOG_GUEST_ERROR, "client interface: %s called with %u arguments, %u results\n",
                 name, call.n_args, call.n_rets);
        return CLIENT_FAILED;
    }
    call.rets[0] = service->fn(&call);
    if (call.again) {
        return CLIENT_AGAIN;
    }
    for (unsigned i = 0; i < call.n_rets; i++) {
        stl_be_p(&rets[i], call.rets[i]);
    }
    if (call.n_rets) {
        client_write_memory(&call, array + sizeof(header) + 4 * call.n_args, rets, 4 * call.n_rets);
    }
    return CLIENT_DONE;
}

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

static void take_tree(Client *client, void *fdt)
{
    *client->fdt = fdt;
    *client->fdt_size = fdt_totalsize(fdt);
}

void client_adopt_tree(Client *client, void *fdt)
{
    static const char *const kept[] = {"bootargs", "linux,initrd-start", "linux,initrd-end",
                                       "stdout", "stdin"};
    void *old = tree(client);
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
    take_tree(client, fdt);
    g_free(old);
    client_update_available(client);
}

void client_init(Client *client, const ClientOps *ops, void *opaque, uint8_t **fdt,
                 uint32_t *fdt_size)
{
    *client = (Client){
        .ops = ops, .opaque = opaque, .fdt = fdt, .fdt_size = fdt_size,
        .claims = g_array_new(FALSE, TRUE, sizeof(ClientClaim)),
        .instances = g_array_new(FALSE, TRUE, sizeof(ClientInstance)),
    };
    g_array_set_clear_func(client->instances, instance_clear);
}

void client_reset(Client *client, uint64_t top_address, uint32_t entry)
{
    g_array_set_size(client->claims, 0);
    g_array_set_size(client->instances, 0);
    client->next_ihandle = 0;
    client->quiesced = false;
    client->active = true;
    client->top_address = top_address;
    client->entry = entry;
    take_tree(client, expand(tree(client)));
}

void client_open_console(Client *client, const char *path)
{
    static const char *const names[] = {"stdout", "stdin"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        uint32_t ihandle = client_open(client, path);

        fdt_setprop_u32(tree(client), fdt_path_offset(tree(client), "/chosen"), names[i], ihandle);
    }
}

/* ---- State ---- */

static const VMStateDescription vmstate_claim = {
    .name = "client/claim",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(start, ClientClaim),
        VMSTATE_UINT64(size, ClientClaim),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(ClientClaim),
};

static bool instance_post_load(void *opaque, int version_id, GError **errp)
{
    /* A length of 0xffffffff is no text at all. */
    if (!((ClientInstance *)opaque)->path) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "client: an instance without a path");
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_instance = {
    .name = "client/instance",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = instance_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(ihandle, ClientInstance),
        VMSTATE_STRING(path, ClientInstance, 0),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(ClientInstance),
};

const VMStateDescription vmstate_client = {
    .name = "client",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(active, Client),
        VMSTATE_BOOL(quiesced, Client),
        VMSTATE_UINT32(next_ihandle, Client),
        VMSTATE_UINT64(top_address, Client),
        VMSTATE_UINT32(entry, Client),
        VMSTATE_GARRAY_STRUCT(claims, Client, 0, vmstate_claim, ClientClaim),
        VMSTATE_GARRAY_STRUCT(instances, Client, 0, vmstate_instance, ClientInstance),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("ops", "opaque", "fdt", "fdt_size"),
    VMSTATE_STRUCT_AUDIT(Client),
};

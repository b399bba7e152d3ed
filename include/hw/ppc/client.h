/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open Firmware's client interface, served by the emulator on a flattened device tree: what every
 * machine with firmware of ours shares.  A machine has the tree, the terminals, methods of its own,
 * and the way a guest comes here; client.c has the services.  Device lock for everything.
 */
#ifndef HW_PPC_CLIENT_H
#define HW_PPC_CLIENT_H

#include "target/ppc/cpu.h"

#define CLIENT_ERROR 0xffffffffu
#define CLIENT_MAX_ARGS 10

typedef struct Client Client;

/* A call: what a service or method gets. */
typedef struct ClientCall {
    Client *client;
    PowerPCCPU *cpu;
    uint32_t args[CLIENT_MAX_ARGS];
    uint32_t rets[CLIENT_MAX_ARGS];
    unsigned n_args, n_rets;
    uint64_t *progress;          /* a register: 0 at first; kept when the guest comes again */
    bool again;
} ClientCall;

/* A method for call-method: args[2] is what the client pushed last, rets[0] the result of fn,
 * rets[1] the top. */
typedef struct ClientMethod {
    const char *on;              /* the node's path ("/rtas"), or its device_type ("memory") */
    const char *name;
    unsigned n_args,
        n_rets; /* at least, with the method's name and handle, and with the catch code */
    uint32_t (*fn)(ClientCall *c);
} ClientMethod;

/* What the machine does for it; opaque is the machine's. */
typedef struct ClientOps {
    /* To or from the terminal that the node is: bytes taken or given, 0 if that would wait, -1 if
     * it is none. */
    int (*write)(void *opaque, int node, const uint8_t *data, unsigned size);
    int (*read)(void *opaque, int node, uint8_t *data, unsigned size);
    const ClientMethod *methods; /* ended by name NULL */
    bool translates; /* with MSR.DR the client's addresses are effective, else always real */
} ClientOps;

/* A claimed range of the allocator. */
typedef struct ClientClaim { uint64_t start, size; } ClientClaim;
typedef struct ClientInstance { uint32_t ihandle; char *path; } ClientInstance;

struct Client {
    /* saved: it can still be in use when a guest is migrated */
    bool active;                 /* the guest was started through it */
    bool quiesced;
    GArray *claims;              /* ClientClaim, sorted */
    GArray *instances;           /* ClientInstance */
    uint32_t next_ihandle;
    uint64_t top_address;        /* upper bound of claims without an address */
    uint32_t entry;              /* where the guest calls */
    /* immutable */
    const ClientOps *ops;
    void *opaque;
    uint8_t **fdt;               /* the machine's tree, g_malloc, with room to grow */
    uint32_t *fdt_size;
};
/* The saved members; the tree is the machine's to save. */
struct VMStateDescription;
extern const struct VMStateDescription vmstate_client;

void client_init(Client *client, const ClientOps *ops, void *opaque, uint8_t **fdt,
                 uint32_t *fdt_size);
/*
 * Starts anew on a new tree: gives it room and every node a phandle.  Nothing is claimed, nothing
 * open. The machine then claims what it has put in memory, opens the console and calls
 * client_update_available().
 */
void client_reset(Client *client, uint64_t top_address, uint32_t entry);
/* Once the guest has quiesced it, the interface is never called again. */
static inline bool client_in_use(const Client *client)
{
    return client->active && !client->quiesced;
}
/* A new tree instead of the one so far: what the client set in /chosen stays. Takes fdt. */
void client_adopt_tree(Client *client, void *fdt);
/* 0: there is no such node, or too many are open. */
uint32_t client_open(Client *client, const char *path);
/* The same twice, as /chosen's stdout and stdin: Linux closes its input before it has said
 * everything. */
void client_open_console(Client *client, const char *path);
/* By its property device_type, which a client may have changed. */
bool client_node_has_type(const Client *client, int node, const char *type);
bool client_claim(Client *client, uint64_t start, uint64_t size);
/* Anywhere, at a multiple of align (a power of two); CLIENT_ERROR. */
uint32_t client_claim_aligned(Client *client, uint64_t size, uint64_t align);
bool client_release(Client *client, uint64_t start, uint64_t size);
/* Writes the list of free memory into the tree. */
void client_update_available(Client *client);
/* Says something on the console, as far as that takes it without waiting. */
void client_say(Client *client, const char *text);

typedef enum ClientResult {
    CLIENT_DONE,
    CLIENT_INACTIVE,
    CLIENT_FAILED,
    CLIENT_AGAIN
} ClientResult;
/* The argument array lies at `array`. AGAIN: nothing is done; the guest comes again, a moment
 * later. */
ClientResult client_call(Client *client, PowerPCCPU *cpu, uint64_t array, uint64_t *progress);

#endif

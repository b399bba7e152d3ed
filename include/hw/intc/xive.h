/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XIVE in exploitation mode as a sPAPR guest sees it: event sources with their state-bit (ESB)
 * pages, event queues (ENDs) in guest memory, and one thread interrupt context per processor in the
 * TIMA. All functions need the device lock.
 */
#ifndef HW_INTC_XIVE_H
#define HW_INTC_XIVE_H

#include "hw/core/cpu.h"
#include "hw/core/device.h"
#include "system/irq.h"
#include "system/memory.h"

typedef struct XiveState XiveState;

#define XIVE_VC_BASE 0x0006010000000000ull     /* ESB pages */
#define XIVE_TM_BASE 0x0006030203180000ull     /* thread interrupt management area */
#define XIVE_ESB_SHIFT 17                      /* two 64K pages a source: trigger, management */
#define XIVE_TM_SHIFT 16
#define XIVE_TM_OS_PAGE 2
#define XIVE_TM_USER_PAGE 3
#define XIVE_PRIORITIES 8

enum { XIVE_SRC_LSI = 1, XIVE_SRC_STORE_EOI = 2 };

/* Sources (LISNs) 0 .. n_sources-1, n_servers processors. Maps its pages into `memory`, disabled.
 */
XiveState *xive_create(unsigned n_servers, uint32_t n_sources, MemoryRegion *memory,
                       AddressSpace *as, GError **errp);
void xive_connect_cpu(XiveState *xive, unsigned server, CPUState *cpu, IRQLine *output);
/* A processor's section of state; instance is the CPU's index.  Behind those of the CPU. */
bool xive_register_server(XiveState *xive, unsigned server, uint32_t instance, GError **errp);
/* Drives the processors' inputs as their contexts have them. */
void xive_drive_outputs(XiveState *xive);
void xive_set_mapped(XiveState *xive, bool mapped);
void xive_claim(XiveState *xive, uint32_t lisn, bool lsi);
bool xive_claimed(const XiveState *xive, uint32_t lisn);
void xive_free(XiveState *xive, uint32_t lisn);
void xive_set_source(XiveState *xive, uint32_t lisn, bool level);
void xive_reset(XiveState *xive);
bool xive_server_valid(const XiveState *xive, uint64_t server);
uint32_t xive_n_sources(const XiveState *xive);

/* For the hypercalls. */
typedef struct XiveRouting {
    bool masked;
    uint32_t server;
    uint8_t priority;
    uint32_t data;
} XiveRouting;
bool xive_source_is_lsi(const XiveState *xive, uint32_t lisn);
void xive_set_routing(XiveState *xive, uint32_t lisn, const XiveRouting *routing);
void xive_get_routing(const XiveState *xive, uint32_t lisn, XiveRouting *routing);
/* A queue: address 0 or size 0 disables it. */
typedef struct XiveQueue {
    uint64_t address;
    uint32_t size_shift;
    bool always_notify;
    bool enabled;
    uint32_t generation, index;
} XiveQueue;
void xive_set_queue(XiveState *xive, unsigned server, uint8_t priority, const XiveQueue *queue);
void xive_get_queue(const XiveState *xive, unsigned server, uint8_t priority, XiveQueue *queue);
/* ESB accesses as a load or store to the source's management page at offset would do. */
uint64_t xive_esb_load(XiveState *xive, uint32_t lisn, uint32_t offset);
void xive_esb_store(XiveState *xive, uint32_t lisn, uint32_t offset, uint64_t value);
uint64_t xive_end_esb(XiveState *xive, unsigned server, uint8_t priority, uint32_t offset);
/* Real address of the page with a queue's notification bits. */
uint64_t xive_end_page(const XiveState *xive, unsigned server, uint8_t priority);
/* The reporting line (an OS buffer of two cache lines); address 0: none. */
void xive_set_reporting_line(XiveState *xive, unsigned server, uint64_t address);
uint64_t xive_get_reporting_line(const XiveState *xive, unsigned server);
/* The processor's current priority, and whether its input is on for an event that it has not
 * acknowledged. */
uint8_t xive_cppr(const XiveState *xive, unsigned server, bool *signalled);
/* Real address of the register that cppr stands in. */
#define XIVE_CPPR_ADDRESS (XIVE_TM_BASE + ((uint64_t)XIVE_TM_OS_PAGE << XIVE_TM_SHIFT) + 0x11)
void xive_print(const XiveState *xive, GString *out);

extern const DeviceClass xive_class;
/* Every row of this folder, NULL-terminated. */
extern const DeviceClass *const hw_intc_device_classes[];

#endif

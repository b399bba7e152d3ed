/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XICS, the sPAPR interrupt controller of POWER4 to POWER8 and of later machines in legacy mode:
 * one presenter per processor (ICP), one set of sources for the machine (ICS).
 * All functions need the device lock.
 */
#ifndef HW_INTC_XICS_H
#define HW_INTC_XICS_H

#include "hw/core/device.h"
#include "system/irq.h"

#define XICS_IPI 2u              /* XISR value of an inter-processor interrupt */

typedef struct XicsState XicsState;

/* Creates the controller: servers 0 .. n_servers-1, sources base .. base+n_sources-1. */
XicsState *xics_create(unsigned n_servers, uint32_t base, unsigned n_sources, GError **errp);
/* The processor's external interrupt input. */
void xics_connect_cpu(XicsState *xics, unsigned server, IRQLine *output);
void xics_claim(XicsState *xics, uint32_t number, bool lsi);
bool xics_claimed(const XicsState *xics, uint32_t number);
void xics_free(XicsState *xics, uint32_t number);
void xics_set_source(XicsState *xics, uint32_t number, bool level);
void xics_reset(XicsState *xics);
/* A processor's section of state; instance is the CPU's index.  Behind those of the CPU. */
bool xics_register_server(XicsState *xics, unsigned server, uint32_t instance, GError **errp);
/* Whether the guest uses it (a dual machine has XIVE too). */
void xics_set_active(XicsState *xics, bool active);
/* After all sections: presenters whose section did not come (QEMU 10.0 sends none) get the state
 * that a running guest leaves them in, and what waits is presented. */
void xics_load_complete(XicsState *xics);
/*
 * What presenters have presented and no processor accepted goes back to its source, which will
 * present it again; for state that goes to somebody who loads no presenters.  Inter-processor
 * interrupts stay in MFRR. xics_undo_recall() puts all back as it was and frees what this returns.
 */
typedef struct XicsRecalled XicsRecalled;
XicsRecalled *xics_recall(XicsState *xics);
void xics_undo_recall(XicsState *xics, XicsRecalled *recalled);
/* Frees it and leaves all as it is; NULL is nothing. */
void xics_forget_recall(XicsRecalled *recalled);
/* Whether the presenter has something that was not accepted yet. */
bool xics_presents(const XicsState *xics, unsigned server);

/* Drives the processors' inputs as the presenters have them. */
void xics_drive_outputs(XicsState *xics);

/* Presenter operations (H_XIRR, H_CPPR, H_EOI, H_IPI, H_IPOLL). server must be valid. */
bool xics_server_valid(const XicsState *xics, uint64_t server);
uint32_t xics_accept(XicsState *xics, unsigned server);
void xics_set_cppr(XicsState *xics, unsigned server, uint8_t cppr);
void xics_set_mfrr(XicsState *xics, unsigned server, uint8_t mfrr);
void xics_eoi(XicsState *xics, unsigned server, uint32_t xirr);
uint32_t xics_poll(const XicsState *xics, unsigned server, uint32_t *mfrr);

/* Source operations (ibm,set-xive and its kin). */
bool xics_set_xive(XicsState *xics, uint32_t number, unsigned server, uint8_t priority);
bool xics_get_xive(const XicsState *xics, uint32_t number, unsigned *server, uint8_t *priority);
bool xics_int_off(XicsState *xics, uint32_t number);
bool xics_int_on(XicsState *xics, uint32_t number);
void xics_print(const XicsState *xics, GString *out);

extern const DeviceClass xics_class;

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DBDMA: Apple's descriptor-based DMA, 32 channels, as MacIO chips have it.  Device lock held.
 */
#ifndef HW_MISC_DBDMA_H
#define HW_MISC_DBDMA_H

#include "hw/core/device.h"

#define DBDMA_SIZE 0x1000u
#define DBDMA_CHANNELS 32

extern const DeviceClass mac_dbdma_class;

/* What an INPUT or OUTPUT command has left to move. */
typedef struct DbdmaIo {
    uint64_t addr;
    int32_t len;
    int32_t is_last;
    int32_t is_dma_out;         /* from memory to the device */
    bool processing;            /* begun, and not done */
} DbdmaIo;

typedef enum DbdmaResult {
    DBDMA_WAITS,                /* the device is not ready: dbdma_kick() asks again */
    DBDMA_DONE,                 /* io->len bytes were not moved */
    DBDMA_FAILED,               /* the channel is dead */
} DbdmaResult;

typedef struct DbdmaClient {
    /* Moves what it can with dbdma_move(); begun: some of the command's data were moved before. */
    DbdmaResult (*transfer)(void *opaque, DbdmaIo *io, bool begun);
    void *opaque;
    IRQLine *irq;               /* of the channel; pulsed */
} DbdmaClient;
/* A channel without client moves nothing, and is never done. client NULL: nobody any more. */
void dbdma_attach(DeviceState *dev, unsigned channel, const DbdmaClient *client);
/* Goes on with the program of a channel that runs, if it waits for its device. */
void dbdma_kick(DeviceState *dev, unsigned channel);
/* n bytes of io (n <= io->len) from or to buf, in the direction of io. False: no memory there. */
bool dbdma_move(DbdmaIo *io, void *buf, uint32_t n);
/* Registers, 0x80 bytes a channel. */
MemoryRegion *dbdma_registers(DeviceState *dev);

#endif

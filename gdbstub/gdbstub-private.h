/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the gdb server: its state, and the way from packets to answers. */
#ifndef GDBSTUB_PRIVATE_H
#define GDBSTUB_PRIVATE_H

#include "chardev/char.h"
#include "gdbstub/gdbstub.h"
#include "hw/core/cpu.h"
#include "system/runstate.h"

#define GDB_MAX_PACKET 8192

enum {
    GDB_SIGNAL_0 = 0,
    GDB_SIGNAL_INT = 2,
    GDB_SIGNAL_QUIT = 3,
    GDB_SIGNAL_TRAP = 5,
    GDB_SIGNAL_ABRT = 6,
    GDB_SIGNAL_ALRM = 14,
    GDB_SIGNAL_STOP = 17,
    GDB_SIGNAL_UNKNOWN = 143
};

typedef enum GDBState { GDB_IDLE, GDB_DATA, GDB_SUM1, GDB_SUM2 } GDBState;

typedef struct GDBServer {
    bool started, connected;
    CharFrontend frontend;
    Chardev *own_chardev;
    VMChangeStateEntry *state_entry;
    GDBState state;
    GByteArray *raw, *packet;    /* as received; unescaped */
    uint8_t checksum;
    GString *last;               /* last packet sent, for retransmission */
    bool no_ack, multiprocess;
    bool physical;               /* Qqemu.PhyMemMode */
    bool waiting;                /* the client waits for a stop reply */
    bool resume_on_close;
    int query_cpu;               /* next for qsThreadInfo */
    CPUState *c_cpu, *g_cpu;     /* Hc, Hg */
    GDBMonitorFn *monitor;       /* "monitor ..." commands; NULL: none */
} GDBServer;

void gdb_put_hex(GString *out, const void *data, size_t size);
void gdb_send(GDBServer *s, const char *data, size_t size);
void gdb_reply(GDBServer *s, const char *text);
void gdb_send_stop(GDBServer *s, CPUState *cpu, int signal);
void gdb_detach(GDBServer *s);
/* 0 and -1: any. NULL: no such thread. */
CPUState *gdb_thread(int number);
int gdb_thread_number(const CPUState *cpu);
/* commands.c; text is NUL-terminated behind its size bytes. */
void gdb_handle_packet(GDBServer *s, char *text, size_t size);

#endif

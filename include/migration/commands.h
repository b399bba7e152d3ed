/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands in a stream, and the messages that come back on its return path.
 *
 * A command is a section without a name (docs/devel/stream-format.md).  The return path is the
 * other direction of the same socket: 2-byte kind, 2-byte length, data.
 */
#ifndef MIGRATION_COMMANDS_H
#define MIGRATION_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/stream.h"

typedef enum StateCommand {
    STATE_COMMAND_OPEN_RETURN_PATH = 1,
    STATE_COMMAND_PING = 2,            /* 4 bytes that a PONG gives back */
    STATE_COMMAND_POSTCOPY_ADVISE = 3, /* 8 bytes: sizes of host pages, ORed; 8 bytes: page size */
    STATE_COMMAND_POSTCOPY_LISTEN = 4,
    STATE_COMMAND_POSTCOPY_RUN = 5,
    STATE_COMMAND_POSTCOPY_DISCARD =
        6,                      /* byte 0, counted name, byte 0; pairs of 8-byte start, length */
    STATE_COMMAND_PACKAGED = 7, /* 4-byte length; so much of a stream follows */
    STATE_COMMAND_SWITCHOVER_START =
        11, /* nothing: the source stands still. QEMU 10's machines without versions */
    /* Ours, after the stream's end: the destination owns the guest from now on. */
    STATE_COMMAND_HANDOVER = 0x4753,
} StateCommand;

/* Bytes in one package: a guest's translation tables alone may have 128 MiB. */
#define STATE_PACKAGE_MAX (512u << 20)

/*
 * A PING with this value asks for a handover (docs/migration.md): a destination that knows it
 * answers with HANDOVER_REPLY, and runs the guest only after STATE_COMMAND_HANDOVER.  Others give
 * the value back.
 */
#define HANDOVER_PING  0x476f0001u
#define HANDOVER_REPLY 0x476f0002u

/* A whole command section; flushes. */
void state_put_command(StateStream *s, StateCommand command, const void *data, uint16_t size);
void state_put_ping(StateStream *s, uint32_t value);

typedef enum ReturnMessageKind {
    RETURN_SHUT = 1,           /* value: 0 the stream has been loaded, else it failed */
    RETURN_PONG = 2,
    RETURN_REQUEST_PAGES_ID = 3, /* pages of the block with that name */
    RETURN_REQUEST_PAGES = 4,  /* of the block named last */
    RETURN_RECV_BITMAP = 5,
    RETURN_RESUME_ACK = 6,
    RETURN_SWITCHOVER_ACK = 7,
} ReturnMessageKind;
typedef struct ReturnMessage {
    ReturnMessageKind kind;
    uint32_t value;            /* SHUT, PONG, RESUME_ACK */
    uint64_t start;            /* REQUEST_*: bytes */
    uint32_t length;
    char block[256];           /* REQUEST_PAGES_ID */
} ReturnMessage;
/* Writes one; flushes. Callers see to it that there is one at a time. */
bool return_message_write(StateStream *s, const ReturnMessage *message);
/* Waits for one; 1, 0 at the end, -1 with errp. */
int return_message_read(StateStream *s, ReturnMessage *message, GError **errp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands and return messages as bytes.
 */
#include "migration/commands.h"

#include <string.h>
#include "migration/savevm.h"
#include "util/bswap.h"
#include "util/error.h"

#define REQUEST_SIZE 12u

void state_put_command(StateStream *s, StateCommand command, const void *data, uint16_t size)
{
    state_put_byte(s, STATE_SECTION_COMMAND);
    state_put_be16(s, (uint16_t)command);
    state_put_be16(s, size);
    state_put_buffer(s, data, size);
    state_stream_flush(s);
}

void state_put_ping(StateStream *s, uint32_t value)
{
    value = cpu_to_be32(value);
    state_put_command(s, STATE_COMMAND_PING, &value, sizeof(value));
}

bool return_message_write(StateStream *s, const ReturnMessage *message)
{
    size_t name = strlen(message->block);

    state_put_be16(s, (uint16_t)message->kind);
    switch (message->kind) {
    case RETURN_SHUT:
    case RETURN_PONG:
    case RETURN_RESUME_ACK:
        state_put_be16(s, 4);
        state_put_be32(s, message->value);
        break;
    case RETURN_REQUEST_PAGES_ID:
    case RETURN_REQUEST_PAGES:
        state_put_be16(s,
                       (uint16_t)(message->kind == RETURN_REQUEST_PAGES ? REQUEST_SIZE
                                                                        : REQUEST_SIZE + 1 + name));
        state_put_be64(s, message->start);
        state_put_be32(s, message->length);
        if (message->kind == RETURN_REQUEST_PAGES_ID) {
            state_put_counted_string(s, message->block);
        }
        break;
    default:
        state_put_be16(s, 0);
    }
    return state_stream_flush(s);
}

static int bad(GError **errp, unsigned kind, unsigned size)
{
    error_set(errp, GOSSAMER_ERROR_STREAM, "return path: a message of kind %u with %u bytes", kind,
              size);
    return -1;
}

int return_message_read(StateStream *s, ReturnMessage *message, GError **errp)
{
    uint8_t first;

    *message = (ReturnMessage){0};
    if (!state_peek(s, &first, 1) && !state_stream_has_error(s)) {
        return 0;
    }
    unsigned kind = state_get_be16(s), size = state_get_be16(s);
    message->kind = (ReturnMessageKind)kind;
    switch (kind) {
    case RETURN_SHUT:
    case RETURN_PONG:
    case RETURN_RESUME_ACK:
        if (size != 4) {
            return state_stream_check(s, errp) ? -1 : bad(errp, kind, size);
        }
        message->value = state_get_be32(s);
        break;
    case RETURN_REQUEST_PAGES_ID:
    case RETURN_REQUEST_PAGES:
        if (kind == RETURN_REQUEST_PAGES ? size != REQUEST_SIZE : size <= REQUEST_SIZE) {
            return state_stream_check(s, errp) ? -1 : bad(errp, kind, size);
        }
        message->start = state_get_be64(s);
        message->length = state_get_be32(s);
        if (kind == RETURN_REQUEST_PAGES_ID && state_get_counted_string(s, message->block) &&
            strlen(message->block) != size - REQUEST_SIZE - 1) {
            return bad(errp, kind, size);
        }
        break;
    case RETURN_SWITCHOVER_ACK:
        if (size) {
            return state_stream_check(s, errp) ? -1 : bad(errp, kind, size);
        }
        break;
    default:
        return state_stream_check(s, errp) ? -1 : bad(errp, kind, size);
    }
    return state_stream_check(s, errp) ? -1 : 1;
}

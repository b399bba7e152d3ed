/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * StateStream: the byte stream that machine state is written to and read from.
 *
 * Big-endian primitives over a buffer; the transport behind it (memory, file, socket) is an ops
 * row. Errors stick: after the first one every write is dropped and every read yields zeros, and
 * state_stream_error() tells.  The position counts bytes from the start, for messages.
 */
#ifndef MIGRATION_STREAM_H
#define MIGRATION_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <glib.h>

typedef struct StateStream StateStream;

typedef struct StateStreamOps {
    /* Up to size bytes; 0 at the end; -1 with errp. NULL: cannot read. */
    ssize_t (*read)(void *opaque, void *buf, size_t size, GError **errp);
    /* All of it or false with errp. NULL: cannot write. */
    bool (*write)(void *opaque, const void *buf, size_t size, GError **errp);
    bool (*close)(void *opaque, GError **errp);
    /* A file's: go on at offset; size bytes there, the stream goes on where it was. NULL: it is no
     * file. */
    bool (*seek)(void *opaque, uint64_t offset, GError **errp);
    bool (*read_at)(void *opaque, void *buf, size_t size, uint64_t offset, GError **errp);
    bool (*write_at)(void *opaque, const void *buf, size_t size, uint64_t offset, GError **errp);
} StateStreamOps;

StateStream *state_stream_new(const StateStreamOps *ops, void *opaque);
/* Reading from a copy of the bytes; writing to memory. */
StateStream *state_stream_new_reader(const void *data, size_t size);
StateStream *state_stream_new_writer(void);
/* What was written to memory so far; the caller owns it. */
GBytes *state_stream_take_bytes(StateStream *s);
/* Flushes, closes the transport, frees. False with errp if an error is pending or close fails. */
bool state_stream_close(StateStream *s, GError **errp);
void state_stream_free(StateStream *s);

bool state_stream_flush(StateStream *s);
/* Of a stream in a file, whose first byte lies at offset (0 unless told): where the next byte lies.
 */
void state_stream_set_file_start(StateStream *s, uint64_t offset);
uint64_t state_stream_file_offset(const StateStream *s);
/* The stream goes on there. Its position counts what was written or read, and does not jump. */
bool state_stream_seek(StateStream *s, uint64_t offset, GError **errp);
bool state_stream_read_at(StateStream *s, void *buf, size_t size, uint64_t offset, GError **errp);
bool state_stream_write_at(StateStream *s, const void *buf, size_t size, uint64_t offset,
                           GError **errp);
/* Holding: what is written waits in memory, so that nobody waits for the transport, until this is
 * undone; then the next flush writes it. */
void state_stream_hold(StateStream *s, bool hold);
uint64_t state_stream_position(const StateStream *s);
bool state_stream_has_error(const StateStream *s);
/* The pending error, still the stream's; NULL if none. */
const GError *state_stream_error(const StateStream *s);
/* Moves the pending error to errp; true if there was one. */
bool state_stream_check(StateStream *s, GError **errp);
/* Makes an error pending unless one is; takes it over. */
void state_stream_set_error(StateStream *s, GError *error);

void state_put_buffer(StateStream *s, const void *buf, size_t size);
void state_put_byte(StateStream *s, uint8_t v);
void state_put_be16(StateStream *s, uint16_t v);
void state_put_be32(StateStream *s, uint32_t v);
void state_put_be64(StateStream *s, uint64_t v);
/* A length byte and up to 255 bytes of text. */
void state_put_counted_string(StateStream *s, const char *text);

/* False (and an error pending) when the stream ends before. */
bool state_get_buffer(StateStream *s, void *buf, size_t size);
uint8_t state_get_byte(StateStream *s);
uint16_t state_get_be16(StateStream *s);
uint32_t state_get_be32(StateStream *s);
uint64_t state_get_be64(StateStream *s);
/* buf gets a final NUL; false at the end of the stream or for a byte that is not printable ASCII.
 */
bool state_get_counted_string(StateStream *s, char buf[256]);
bool state_skip(StateStream *s, uint64_t size);
/* Bytes left if that is known (reading from memory), else UINT64_MAX. */
uint64_t state_stream_remaining(const StateStream *s);
/* Up to size bytes ahead without taking them; how many there are. size <= 4096. */
size_t state_peek(StateStream *s, void *buf, size_t size);

#endif

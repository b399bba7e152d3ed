/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state stream: a buffer before a transport, with errors that stick.
 */
#include "migration/stream.h"

#include <string.h>
#include "util/bswap.h"
#include "util/error.h"

#define BUFFER_SIZE 32768u
#define HELD_SIZE   (4u << 20)
#define PEEK_LIMIT  4096u
#define DIRECT_READ 16384u

struct StateStream {
    const StateStreamOps *ops; /* NULL: memory */
    void *opaque;
    bool writing;
    GError *error;
    uint64_t file_start; /* file offset minus position; wraps around */
    uint64_t base; /* stream position of the buffer's first byte */
    /* Reading: [start, end) are there to be taken. Writing: [0, end) wait to be written. */
    uint8_t *buffer;
    size_t start, end, capacity;
    GByteArray *memory; /* writer to memory */
    GByteArray *held;   /* behind the buffer; NULL: nothing is held */
    bool hold;
};

StateStream *state_stream_new(const StateStreamOps *ops, void *opaque)
{
    StateStream *s = g_new0(StateStream, 1);

    s->ops = ops;
    s->opaque = opaque;
    s->writing = ops->write != NULL;
    s->capacity = BUFFER_SIZE;
    s->buffer = g_malloc(s->capacity);
    return s;
}

StateStream *state_stream_new_reader(const void *data, size_t size)
{
    StateStream *s = g_new0(StateStream, 1);

    s->buffer = g_memdup2(data, size);
    s->end = s->capacity = size;
    return s;
}

StateStream *state_stream_new_writer(void)
{
    StateStream *s = g_new0(StateStream, 1);

    s->writing = true;
    s->memory = g_byte_array_new();
    return s;
}

GBytes *state_stream_take_bytes(StateStream *s)
{
    GBytes *bytes;

    g_assert(s->memory);
    s->base += s->memory->len;
    bytes = g_byte_array_free_to_bytes(s->memory);
    s->memory = g_byte_array_new();
    return bytes;
}

void state_stream_free(StateStream *s)
{
    if (!s) {
        return;
    }
    g_clear_error(&s->error);
    g_free(s->buffer);
    if (s->memory) {
        g_byte_array_unref(s->memory);
    }
    if (s->held) {
        g_byte_array_unref(s->held);
    }
    g_free(s);
}

bool state_stream_close(StateStream *s, GError **errp)
{
    bool ok = s->writing ? state_stream_flush(s) : true;

    ok = !state_stream_check(s, errp) && ok;
    if (s->ops && s->ops->close) {
        ok = s->ops->close(s->opaque, ok ? errp : NULL) && ok;
    }
    state_stream_free(s);
    return ok;
}

uint64_t state_stream_position(const StateStream *s)
{
    return s->base +
           (s->memory    ? s->memory->len
            : s->writing ? s->end
                         : s->start) +
           (s->held ? s->held->len : 0);
}

bool state_stream_has_error(const StateStream *s)
{
    return s->error != NULL;
}

const GError *state_stream_error(const StateStream *s)
{
    return s->error;
}

bool state_stream_check(StateStream *s, GError **errp)
{
    if (!s->error) {
        return false;
    }
    /* The stream stays bad: it keeps a copy. */
    if (errp) {
        g_propagate_error(errp, g_error_copy(s->error));
    }
    return true;
}

void state_stream_set_error(StateStream *s, GError *error)
{
    if (s->error) {
        g_error_free(error);
    } else {
        s->error = error;
    }
}

/* ---- Writing ---- */

static void write_out(StateStream *s, const void *data, size_t size)
{
    GError *error = NULL;

    if (size && !s->error && !s->ops->write(s->opaque, data, size, &error)) {
        state_stream_set_error(s, error);
    }
    s->base += size;
}

static void append(StateStream *s, GByteArray *to, const void *buf, size_t size)
{
    if (size > G_MAXUINT - to->len) {
        state_stream_set_error(s, g_error_new(GOSSAMER_ERROR, GOSSAMER_ERROR_FAILED,
                                              "state too large for memory"));
        return;
    }
    g_byte_array_append(to, buf, (guint)size);
}

bool state_stream_flush(StateStream *s)
{
    if (!s->writing || !s->ops || s->error) {
        return !s->error;
    }
    if (s->hold) {
        append(s, s->held, s->buffer, s->end);
        s->end = 0;
        return !s->error;
    }
    if (s->held) {
        GByteArray *held = g_steal_pointer(&s->held);
        write_out(s, held->data, held->len);
        g_byte_array_unref(held);
    }
    write_out(s, s->buffer, s->end);
    s->end = 0;
    return !s->error;
}

void state_stream_hold(StateStream *s, bool hold)
{
    s->hold = hold && s->ops;
    if (s->hold && !s->held) {
        s->held = g_byte_array_sized_new(HELD_SIZE);
    }
}

void state_put_buffer(StateStream *s, const void *buf, size_t size)
{
    const uint8_t *p = buf;

    g_assert(s->writing);
    /* A command without a payload may pass NULL. */
    if (s->error || !size) {
        return;
    }
    if (s->memory) {
        append(s, s->memory, p, size);
        return;
    }
    if (size < s->capacity - s->end) {
        memcpy(s->buffer + s->end, p, size);
        s->end += size;
        return;
    }
    while (size && !s->error) {
        size_t n = MIN(size, s->capacity - s->end);

        memcpy(s->buffer + s->end, p, n);
        s->end += n;
        p += n;
        size -= n;
        if (s->end == s->capacity) {
            state_stream_flush(s);
        }
    }
}

void state_put_byte(StateStream *s, uint8_t v)
{
    state_put_buffer(s, &v, 1);
}

void state_put_be16(StateStream *s, uint16_t v)
{
    v = cpu_to_be16(v);
    state_put_buffer(s, &v, sizeof(v));
}

void state_put_be32(StateStream *s, uint32_t v)
{
    v = cpu_to_be32(v);
    state_put_buffer(s, &v, sizeof(v));
}

void state_put_be64(StateStream *s, uint64_t v)
{
    v = cpu_to_be64(v);
    state_put_buffer(s, &v, sizeof(v));
}

void state_put_counted_string(StateStream *s, const char *text)
{
    size_t n = strlen(text);

    g_assert(n < 256);
    state_put_byte(s, (uint8_t)n);
    state_put_buffer(s, text, n);
}

/* ---- Files ---- */

void state_stream_set_file_start(StateStream *s, uint64_t offset)
{
    s->file_start = offset;
}

uint64_t state_stream_file_offset(const StateStream *s)
{
    return s->file_start + state_stream_position(s);
}

static bool is_file(StateStream *s, const void *operation, GError **errp)
{
    if (state_stream_check(s, errp)) {
        return false;
    }
    if (!s->ops || !operation) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "this needs a stream in a file");
        return false;
    }
    return true;
}

bool state_stream_seek(StateStream *s, uint64_t offset, GError **errp)
{
    state_stream_flush(s);
    if (!is_file(s, s->ops ? (const void *)s->ops->seek : NULL, errp) ||
        !s->ops->seek(s->opaque, offset, errp)) {
        return false;
    }
    if (!s->writing) {
        s->base += s->start;
        s->start = s->end = 0;
    }
    s->file_start = offset - state_stream_position(s);
    return true;
}

bool state_stream_read_at(StateStream *s, void *buf, size_t size, uint64_t offset, GError **errp)
{
    return is_file(s, s->ops ? (const void *)s->ops->read_at : NULL, errp) &&
           s->ops->read_at(s->opaque, buf, size, offset, errp);
}

bool state_stream_write_at(StateStream *s, const void *buf, size_t size, uint64_t offset,
                           GError **errp)
{
    return is_file(s, s->ops ? (const void *)s->ops->write_at : NULL, errp) &&
           s->ops->write_at(s->opaque, buf, size, offset, errp);
}

/* ---- Reading ---- */

/* Tries to have `want` bytes in the buffer; how many there are. */
static size_t fill(StateStream *s, size_t want)
{
    if (s->end - s->start >= want || !s->ops || s->error) {
        return s->end - s->start;
    }
    memmove(s->buffer, s->buffer + s->start, s->end - s->start);
    s->base += s->start;
    s->end -= s->start;
    s->start = 0;
    while (s->end < want) {
        GError *error = NULL;
        ssize_t n = s->ops->read(s->opaque, s->buffer + s->end, s->capacity - s->end, &error);

        if (n < 0) {
            state_stream_set_error(s, error);
        }
        if (n <= 0) {
            break;
        }
        s->end += (size_t)n;
    }
    return s->end - s->start;
}

static bool ended(StateStream *s)
{
    state_stream_set_error(
        s, g_error_new(GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "the stream ends too early"));
    return false;
}

/* Large pieces need not go through the buffer once that is empty; 0: they have to. */
static size_t read_direct(StateStream *s, void *buf, size_t size)
{
    GError *error = NULL;

    if (s->start != s->end || size < DIRECT_READ || !s->ops || s->error) {
        return 0;
    }
    ssize_t n = s->ops->read(s->opaque, buf, size, &error);
    if (n < 0) {
        state_stream_set_error(s, error);
        return 0;
    }
    s->base += (size_t)n;
    return (size_t)n;
}

bool state_get_buffer(StateStream *s, void *buf, size_t size)
{
    uint8_t *p = buf;

    g_assert(!s->writing);
    while (size) {
        size_t n = read_direct(s, p, size);

        if (n) {
            p += n;
            size -= n;
            continue;
        }
        n = s->error ? 0 : MIN(size, fill(s, 1));
        if (!n) {
            memset(p, 0, size);
            return s->error ? false : ended(s);
        }
        memcpy(p, s->buffer + s->start, n);
        s->start += n;
        p += n;
        size -= n;
    }
    return true;
}

bool state_skip(StateStream *s, uint64_t size)
{
    while (size) {
        size_t n = s->error ? 0 : MIN(size, fill(s, 1));

        if (!n) {
            return s->error ? false : ended(s);
        }
        s->start += n;
        size -= n;
    }
    return true;
}

uint64_t state_stream_remaining(const StateStream *s)
{
    return s->ops ? UINT64_MAX : s->end - s->start;
}

size_t state_peek(StateStream *s, void *buf, size_t size)
{
    size_t n;

    g_assert(size <= PEEK_LIMIT);
    if (s->error) {
        return 0;
    }
    n = MIN(size, fill(s, size));
    if (n) {
        memcpy(buf, s->buffer + s->start, n);
    }
    return n;
}

uint8_t state_get_byte(StateStream *s)
{
    uint8_t v;

    state_get_buffer(s, &v, sizeof(v));
    return v;
}

uint16_t state_get_be16(StateStream *s)
{
    uint16_t v;

    state_get_buffer(s, &v, sizeof(v));
    return be16_to_cpu(v);
}

uint32_t state_get_be32(StateStream *s)
{
    uint32_t v;

    state_get_buffer(s, &v, sizeof(v));
    return be32_to_cpu(v);
}

uint64_t state_get_be64(StateStream *s)
{
    uint64_t v;

    state_get_buffer(s, &v, sizeof(v));
    return be64_to_cpu(v);
}

bool state_get_counted_string(StateStream *s, char buf[256])
{
    uint8_t n = state_get_byte(s);

    memset(buf, 0, 256);
    if (!state_get_buffer(s, buf, n)) {
        return false;
    }
    /* Names end in messages and on terminals. */
    for (unsigned i = 0; i < n; i++) {
        if (!g_ascii_isprint(buf[i])) {
            state_stream_set_error(s, g_error_new(GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                                                  "a name in the stream contains byte 0x%02x",
                                                  (uint8_t)buf[i]));
            memset(buf, 0, 256);
            return false;
        }
    }
    return true;
}

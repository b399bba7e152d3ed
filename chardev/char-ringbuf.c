/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the last bytes written in memory (QMP ringbuf-read, ringbuf-write). */
#include "chardev-private.h"
#include "util/error.h"

typedef struct CharRingbuf {
    Chardev parent;
    uint32_t size, in, out;
    uint8_t *data;
} CharRingbuf;

static bool ringbuf_open(Chardev *chr, const Options *options, GError **errp)
{
    CharRingbuf *r = (CharRingbuf *)chr;
    uint64_t size = options_get_size(options, "size", 65536);

    if (!size || (size & (size - 1)) || size > (1u << 30)) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "size of ringbuf must be power of 2");
        return false;
    }
    r->size = size;
    r->data = g_malloc(size);
    chardev_event(chr, CHAR_EVENT_OPENED);
    return true;
}

static void ringbuf_close(Chardev *chr)
{
    g_free(((CharRingbuf *)chr)->data);
}

static int ringbuf_write(Chardev *chr, const uint8_t *buf, int size)
{
    CharRingbuf *r = (CharRingbuf *)chr;

    for (int i = 0; i < size; i++) {
        r->data[r->in++ & (r->size - 1)] = buf[i];
        if (r->in - r->out > r->size) {
            r->out = r->in - r->size;
        }
    }
    return size;
}

GBytes *chardev_ringbuf_read(Chardev *chr, unsigned max, GError **errp)
{
    CharRingbuf *r = (CharRingbuf *)chr;
    GByteArray *bytes;

    if (chr->class != &char_ringbuf_class) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "%s is not a ringbuf device",
                    chardev_id(chr));
        return NULL;
    }
    bytes = g_byte_array_new();
    while (r->out != r->in && bytes->len < max) {
        g_byte_array_append(bytes, &r->data[r->out++ & (r->size - 1)], 1);
    }
    return g_byte_array_free_to_bytes(bytes);
}

bool chardev_ringbuf_write(Chardev *chr, const uint8_t *data, size_t size, GError **errp)
{
    if (chr->class != &char_ringbuf_class) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "%s is not a ringbuf device",
                    chardev_id(chr));
        return false;
    }
    while (size) {
        int n = ringbuf_write(chr, data, (int)MIN(size, (size_t)1 << 30));

        data += n;
        size -= n;
    }
    return true;
}

static const OptionListDesc ringbuf_options = {
    .name = "chardev ringbuf",
    .desc = (const OptionDesc[]){
        CHARDEV_COMMON_OPTIONS, {"size", OPTION_SIZE, "bytes kept, a power of two", "64K"}, {0},
    },
};

const ChardevClass char_ringbuf_class = {
    .name = "ringbuf",
    .help = "keeps what was written last in memory",
    .options = &ringbuf_options,
    .size = sizeof(CharRingbuf),
    .open = ringbuf_open,
    .close = ringbuf_close,
    .write = ringbuf_write,
};

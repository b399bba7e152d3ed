/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multifd's receiving side: a thread a channel puts pages where they belong, and waits at each SYNC
 * until the reader of the stream has come to the place that it belongs to.
 *
 * Packets are from an enemy: every count, offset and size is checked.
 */
#include <inttypes.h>
#include <string.h>
#include "multifd-internal.h"
#include "ram-internal.h"
#include "util/bswap.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/thread.h"

typedef struct ReceiveChannel {
    MultifdReceiver *receiver;
    MigrationChannel *channel;
    StateStream *stream;
    Thread *thread;
    MultifdUnpacker *unpacker;
    /* Under the receiver's lock. */
    bool synced;                /* waits */
    bool ended;                 /* nothing more will come */
    uint8_t head[MULTIFD_HEAD_SIZE];
    uint8_t *packed;
    uint64_t offsets[MULTIFD_PACKET_PAGES];
} ReceiveChannel;

struct MultifdReceiver {
    MultifdConfig config;
    const MultifdReceiverOps *ops;
    void *opaque;
    Mutex lock;
    Cond changed;
    GPtrArray *channels;        /* ReceiveChannel; grows under lock */
    bool quit;
    GError *error;
};

/* ---- Packets ---- */

static bool check_offsets(ReceiveChannel *c, unsigned count, uint64_t block_size, GError **errp)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t offset = ldq_be_p(c->head + MULTIFD_AT_OFFSETS + 8 * i);
        if (offset % RAM_PAGE_SIZE || block_size < RAM_PAGE_SIZE ||
            offset > block_size - RAM_PAGE_SIZE) {
            return ram_stream_error(errp, "page 0x%" PRIx64 " lies outside its RAM block", offset);
        }
        c->offsets[i] = offset;
    }
    return true;
}

static bool read_pages(ReceiveChannel *c, uint8_t *block, unsigned normal, uint32_t size,
                       GError **errp)
{
    if (!c->unpacker) {
        if (size != normal * RAM_PAGE_SIZE) {
            return ram_stream_error(errp, "%u pages in %u bytes", normal, size);
        }
        for (unsigned i = 0; i < normal; i++) {
            if (!state_get_buffer(c->stream, block + c->offsets[i], RAM_PAGE_SIZE)) {
                break;
            }
        }
        return !state_stream_check(c->stream, errp);
    }
    if (size > 2 * MULTIFD_PACKET_BYTES) {
        return ram_stream_error(errp, "a packet of %u bytes", size);
    }
    state_get_buffer(c->stream, c->packed, size);
    return !state_stream_check(c->stream, errp) &&
           multifd_unpack(c->unpacker, c->packed, size, block, c->offsets, normal, errp);
}

static bool take_pages(ReceiveChannel *c, uint32_t flags, unsigned normal, unsigned zero,
                       uint32_t size, GError **errp)
{
    MultifdReceiver *r = c->receiver;
    uint32_t expected = multifd_compression_flag(r->config.compression);
    uint64_t block_size = 0;

    if ((flags & MULTIFD_FLAG_COMPRESSION_MASK) != expected) {
        return ram_stream_error(
            errp,
            "pages are compressed another way (flags 0x%x) than multifd-compression "
            "says (0x%x)",
            flags, expected);
    }
    c->head[MULTIFD_AT_BLOCK + MULTIFD_BLOCK_NAME - 1] = 0;
    const char *name = (const char *)c->head + MULTIFD_AT_BLOCK;
    uint8_t *block = g_str_is_ascii(name) ? r->ops->block(r->opaque, name, &block_size) : NULL;
    if (!block) {
        return ram_stream_error(errp, "a packet for an unknown RAM block");
    }
    if (!check_offsets(c, normal + zero, block_size, errp) ||
        (normal && !read_pages(c, block, normal, size, errp))) {
        return false;
    }
    for (unsigned i = normal; i < normal + zero; i++) {
        if (!buffer_is_zero(block + c->offsets[i], RAM_PAGE_SIZE)) {
            memset(block + c->offsets[i], 0, RAM_PAGE_SIZE);
        }
    }
    return true;
}

/* False at the end or with errp; *flags of the packet. */
static bool take_packet(ReceiveChannel *c, uint32_t *flags, GError **errp)
{
    uint8_t first;

    if (!state_peek(c->stream, &first, 1)) {
        state_stream_check(c->stream, errp);
        return false;
    }
    if (!state_get_buffer(c->stream, c->head, sizeof(c->head))) {
        state_stream_check(c->stream, errp);
        return false;
    }
    uint32_t magic = ldl_be_p(c->head), version = ldl_be_p(c->head + MULTIFD_AT_VERSION);
    uint32_t normal = ldl_be_p(c->head + MULTIFD_AT_NORMAL),
             zero = ldl_be_p(c->head + MULTIFD_AT_ZERO);
    uint32_t size = ldl_be_p(c->head + MULTIFD_AT_SIZE);
    *flags = ldl_be_p(c->head + MULTIFD_AT_FLAGS);
    if (magic != MULTIFD_MAGIC || version != MULTIFD_VERSION) {
        return ram_stream_error(errp, "a packet begins with 0x%08x, version %u", magic, version);
    }
    if (normal > MULTIFD_PACKET_PAGES || zero > MULTIFD_PACKET_PAGES - normal) {
        return ram_stream_error(errp, "a packet with %u and %u pages", normal, zero);
    }
    if (!normal && size) {
        return ram_stream_error(errp, "a packet of %u bytes without pages", size);
    }
    return (!normal && !zero) || take_pages(c, *flags, normal, zero, size, errp);
}

static bool take_greeting(ReceiveChannel *c, GError **errp)
{
    uint8_t greeting[MULTIFD_GREETING_SIZE];

    if (!state_get_buffer(c->stream, greeting, sizeof(greeting))) {
        state_stream_check(c->stream, errp);
        return false;
    }
    if (ldl_be_p(greeting) != MULTIFD_MAGIC || ldl_be_p(greeting + 4) != MULTIFD_VERSION) {
        return ram_stream_error(errp, "a channel begins with 0x%08x, version %u",
                                ldl_be_p(greeting), ldl_be_p(greeting + 4));
    }
    if (memcmp(greeting + 8, c->receiver->config.uuid, 16)) {
        return ram_stream_error(errp, "a channel from a machine with another UUID");
    }
    if (greeting[24] >= c->receiver->config.channels) {
        return ram_stream_error(errp, "channel number %u of %u", greeting[24],
                                c->receiver->config.channels);
    }
    return true;
}

/* False: the end has come. */
static bool wait_for_reader(ReceiveChannel *c)
{
    MultifdReceiver *r = c->receiver;

    mutex_lock(&r->lock);
    c->synced = true;
    cond_broadcast(&r->changed);
    while (c->synced && !r->quit) {
        cond_wait(&r->changed, &r->lock);
    }
    bool go_on = !r->quit;
    mutex_unlock(&r->lock);
    return go_on;
}

static void *receive_thread(void *opaque)
{
    ReceiveChannel *c = opaque;
    MultifdReceiver *r = c->receiver;
    GError *error = NULL;
    uint32_t flags;

    if (take_greeting(c, &error)) {
        while (take_packet(c, &flags, &error) &&
               (!(flags & MULTIFD_FLAG_SYNC) || wait_for_reader(c))) {
        }
    }
    mutex_lock(&r->lock);
    c->ended = true;
    bool first = error && !r->error && !r->quit;
    if (first) {
        r->error = error;
        error_prepend(&r->error, "multifd: ");
    } else {
        g_clear_error(&error);
    }
    cond_broadcast(&r->changed);
    mutex_unlock(&r->lock);
    if (first) {
        r->ops->failed(r->opaque);
    }
    return NULL;
}

/* ---- From others ---- */

static bool all_synced(MultifdReceiver *r)
{
    for (unsigned i = 0; i < r->channels->len; i++) {
        if (!((ReceiveChannel *)g_ptr_array_index(r->channels, i))->synced) {
            return false;
        }
    }
    return r->channels->len == r->config.channels;
}

static bool any_ended(const MultifdReceiver *r)
{
    for (unsigned i = 0; i < r->channels->len; i++) {
        const ReceiveChannel *c = g_ptr_array_index(r->channels, i);
        if (c->ended && !c->synced) {
            return true;
        }
    }
    return false;
}

bool multifd_receive_sync(MultifdReceiver *r, GError **errp)
{
    mutex_lock(&r->lock);
    while (!r->error && !r->quit && !all_synced(r) && !any_ended(r)) {
        cond_wait(&r->changed, &r->lock);
    }
    if (!r->error && !r->quit && !all_synced(r)) {
        ram_stream_error(&r->error, "a multifd channel ended before its pages had come");
    }
    bool ok = !r->error && !r->quit;
    for (unsigned i = 0; ok && i < r->channels->len; i++) {
        ((ReceiveChannel *)g_ptr_array_index(r->channels, i))->synced = false;
    }
    if (r->error && errp) {
        *errp = g_error_copy(r->error);
    } else if (!ok) {
        ram_stream_error(errp, "the multifd channels were shut down");
    }
    cond_broadcast(&r->changed);
    mutex_unlock(&r->lock);
    return ok;
}

bool multifd_receiver_add(MultifdReceiver *r, MigrationChannel *channel, GError **errp)
{
    ReceiveChannel *c = g_new0(ReceiveChannel, 1);

    c->receiver = r;
    c->channel = channel;
    c->stream = migration_channel_stream(channel, false);
    if (r->config.compression != MULTIFD_COMPRESSION_NONE) {
        c->unpacker = multifd_unpacker_new(r->config.compression, errp);
        c->packed = g_malloc(2 * MULTIFD_PACKET_BYTES);
        if (!c->unpacker) {
            state_stream_free(c->stream);
            migration_channel_close(channel, NULL);
            g_free(c->packed);
            g_free(c);
            return false;
        }
    }
    mutex_lock(&r->lock);
    g_ptr_array_add(r->channels, c);
    g_autofree char *name = g_strdup_printf("multifd-in-%u", r->channels->len - 1);
    c->thread = thread_create(name, receive_thread, c);
    cond_broadcast(&r->changed);
    mutex_unlock(&r->lock);
    return true;
}

bool multifd_receiver_is_full(MultifdReceiver *r)
{
    return r->channels->len >= r->config.channels;
}

MultifdReceiver *multifd_receiver_new(const MultifdConfig *config, const MultifdReceiverOps *ops,
                                      void *opaque)
{
    MultifdReceiver *r = g_new0(MultifdReceiver, 1);

    r->config = *config;
    r->ops = ops;
    r->opaque = opaque;
    r->channels = g_ptr_array_new();
    mutex_init(&r->lock);
    cond_init(&r->changed);
    return r;
}

void multifd_receiver_explain(MultifdReceiver *r, GError **errp)
{
    mutex_lock(&r->lock);
    if (r->error) {
        g_clear_error(errp);
        *errp = g_error_copy(r->error);
    }
    mutex_unlock(&r->lock);
}

void multifd_receiver_shutdown(MultifdReceiver *r)
{
    mutex_lock(&r->lock);
    r->quit = true;
    cond_broadcast(&r->changed);
    for (unsigned i = 0; i < r->channels->len; i++) {
        migration_channel_shutdown(((ReceiveChannel *)g_ptr_array_index(r->channels, i))->channel);
    }
    mutex_unlock(&r->lock);
}

void multifd_receiver_free(MultifdReceiver *r)
{
    if (!r) {
        return;
    }
    multifd_receiver_shutdown(r);
    for (unsigned i = 0; i < r->channels->len; i++) {
        ReceiveChannel *c = g_ptr_array_index(r->channels, i);
        thread_join(c->thread);
        state_stream_free(c->stream);
        migration_channel_close(c->channel, NULL);
        multifd_unpacker_free(c->unpacker);
        g_free(c->packed);
        g_free(c);
    }
    g_ptr_array_unref(r->channels);
    g_clear_error(&r->error);
    cond_destroy(&r->changed);
    mutex_destroy(&r->lock);
    g_free(r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multifd's sending side: pages are gathered into packets, which idle channels take.
 */
#include <string.h>
#include <sys/uio.h>
#include "multifd-internal.h"
#include "util/bswap.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/thread.h"

typedef struct Batch {
    const char *block_name;
    uint8_t *block;
    unsigned count;
    uint64_t offsets[MULTIFD_PACKET_PAGES];
} Batch;

typedef struct SendChannel {
    MultifdSender *sender;
    MigrationChannel *channel;
    Thread *thread;
    MultifdPacker *packer;      /* NULL: pages as they are */
    /* Under the sender's lock. */
    bool busy;                  /* batch is the thread's */
    bool sync;                  /* a sync packet is to be sent */
    Batch batch;
    /* The thread's. */
    uint8_t head[MULTIFD_HEAD_SIZE];
} SendChannel;

struct MultifdSender {
    MultifdConfig config;
    SendChannel *channels;
    unsigned turn;              /* where an idle channel is looked for */
    Batch batch;                /* being filled */
    uint64_t packets;           /* atomic */
    uint64_t bytes, normal, zero;   /* atomic */
    Mutex lock;
    Cond changed;
    bool quit;
    GError *error;              /* the first; under lock */
};

/* ---- Packets ---- */

/* Zero pages to the end; how many others there are. */
static unsigned sort_pages(Batch *batch)
{
    unsigned normal = batch->count;

    for (unsigned i = 0; i < normal;) {
        if (buffer_is_zero(batch->block + batch->offsets[i], RAM_PAGE_SIZE)) {
            uint64_t offset = batch->offsets[i];
            batch->offsets[i] = batch->offsets[--normal];
            batch->offsets[normal] = offset;
        } else {
            i++;
        }
    }
    return normal;
}

static void fill_head(SendChannel *c, unsigned normal, size_t size, bool sync)
{
    const Batch *batch = &c->batch;
    uint8_t *head = c->head;
    unsigned count = sync ? 0 : batch->count;

    memset(head, 0, sizeof(c->head));
    stl_be_p(head + MULTIFD_AT_MAGIC, MULTIFD_MAGIC);
    stl_be_p(head + MULTIFD_AT_VERSION, MULTIFD_VERSION);
    stl_be_p(head + MULTIFD_AT_FLAGS, multifd_compression_flag(c->sender->config.compression) |
                                      (sync ? MULTIFD_FLAG_SYNC : 0));
    stl_be_p(head + MULTIFD_AT_PAGES_ALLOC, MULTIFD_PACKET_PAGES);
    stl_be_p(head + MULTIFD_AT_NORMAL, normal);
    stl_be_p(head + MULTIFD_AT_SIZE, (uint32_t)size);
    stq_be_p(head + MULTIFD_AT_NUMBER,
             __atomic_fetch_add(&c->sender->packets, 1, __ATOMIC_RELAXED));
    stl_be_p(head + MULTIFD_AT_ZERO, count - normal);
    if (count) {
        g_strlcpy((char *)head + MULTIFD_AT_BLOCK, batch->block_name, MULTIFD_BLOCK_NAME);
    }
    for (unsigned i = 0; i < count; i++) {
        stq_be_p(head + MULTIFD_AT_OFFSETS + 8 * i, batch->offsets[i]);
    }
}

static bool send_batch(SendChannel *c, GError **errp)
{
    Batch *batch = &c->batch;
    unsigned normal = c->sender->config.zero_pages ? sort_pages(batch) : batch->count, parts = 1;
    struct iovec iov[MULTIFD_PACKET_PAGES + 1] = {{c->head, sizeof(c->head)}};
    size_t size = (size_t)normal * RAM_PAGE_SIZE;

    if (c->packer && normal) {
        const uint8_t *packed;
        if (!multifd_pack(c->packer, batch->block, batch->offsets, normal, &packed, &size, errp)) {
            return false;
        }
        iov[parts++] = (struct iovec){(void *)packed, size};
    } else {
        for (unsigned i = 0; i < normal; i++) {
            iov[parts++] = (struct iovec){batch->block + batch->offsets[i], RAM_PAGE_SIZE};
        }
    }
    fill_head(c, normal, size, false);
    __atomic_fetch_add(&c->sender->bytes, sizeof(c->head) + size, __ATOMIC_RELAXED);
    __atomic_fetch_add(&c->sender->normal, normal, __ATOMIC_RELAXED);
    __atomic_fetch_add(&c->sender->zero, batch->count - normal, __ATOMIC_RELAXED);
    return migration_channel_writev(c->channel, iov, parts, errp);
}

static bool send_sync(SendChannel *c, GError **errp)
{
    struct iovec iov = {c->head, sizeof(c->head)};

    fill_head(c, 0, 0, true);
    __atomic_fetch_add(&c->sender->bytes, sizeof(c->head), __ATOMIC_RELAXED);
    return migration_channel_writev(c->channel, &iov, 1, errp);
}

static void *send_thread(void *opaque)
{
    SendChannel *c = opaque;
    MultifdSender *sender = c->sender;
    GError *error = NULL;
    bool ok = true;

    mutex_lock(&sender->lock);
    while (ok) {
        while (!c->busy && !c->sync && !sender->quit) {
            cond_wait(&sender->changed, &sender->lock);
        }
        if (sender->quit) {
            break;
        }
        bool batch = c->busy;
        mutex_unlock(&sender->lock);
        ok = batch ? send_batch(c, &error) : send_sync(c, &error);
        mutex_lock(&sender->lock);
        if (batch) {
            c->busy = false;
        } else {
            c->sync = false;
        }
        cond_broadcast(&sender->changed);
    }
    if (error && !sender->error) {
        sender->error = error;
        error_prepend(&sender->error, "multifd channel %u: ", (unsigned)(c - sender->channels));
    } else {
        g_clear_error(&error);
    }
    cond_broadcast(&sender->changed);
    mutex_unlock(&sender->lock);
    return NULL;
}

/* ---- From the migration's thread ---- */

static bool failed(MultifdSender *sender, GError **errp)
{
    if (sender->error && errp && !*errp) {
        *errp = g_error_copy(sender->error);
    } else if (sender->quit && errp && !*errp) {
        error_set(errp, GOSSAMER_ERROR_IO, "the multifd channels were shut down");
    }
    return sender->error || sender->quit;
}

static bool hand_over(MultifdSender *sender, GError **errp)
{
    bool ok = false;

    if (!sender->batch.count) {
        return true;
    }
    mutex_lock(&sender->lock);
    while (!ok && !failed(sender, errp)) {
        for (unsigned i = 0; i < sender->config.channels && !ok; i++) {
            SendChannel *c = &sender->channels[(sender->turn + i) % sender->config.channels];
            if (!c->busy && !c->sync) {
                sender->turn = (sender->turn + i + 1) % sender->config.channels;
                c->batch = sender->batch;
                c->busy = ok = true;
                cond_broadcast(&sender->changed);
            }
        }
        if (!ok) {
            cond_wait(&sender->changed, &sender->lock);
        }
    }
    mutex_unlock(&sender->lock);
    sender->batch.count = 0;
    return ok;
}

bool multifd_send_page(MultifdSender *sender, const char *block_name, uint8_t *block,
                       uint64_t offset, GError **errp)
{
    Batch *batch = &sender->batch;

    if (batch->count && (batch->block != block || batch->count == MULTIFD_PACKET_PAGES) &&
        !hand_over(sender, errp)) {
        return false;
    }
    batch->block_name = block_name;
    batch->block = block;
    batch->offsets[batch->count++] = offset;
    return true;
}

static bool all_idle(MultifdSender *sender)
{
    for (unsigned i = 0; i < sender->config.channels; i++) {
        if (sender->channels[i].busy || sender->channels[i].sync) {
            return false;
        }
    }
    return true;
}

bool multifd_send_sync(MultifdSender *sender, GError **errp)
{
    if (!hand_over(sender, errp)) {
        return false;
    }
    mutex_lock(&sender->lock);
    for (unsigned i = 0; i < sender->config.channels; i++) {
        sender->channels[i].sync = true;
    }
    cond_broadcast(&sender->changed);
    while (!failed(sender, errp) && !all_idle(sender)) {
        cond_wait(&sender->changed, &sender->lock);
    }
    bool ok = !sender->error && !sender->quit;
    mutex_unlock(&sender->lock);
    return ok;
}

void multifd_sender_stats(MultifdSender *sender, uint64_t *bytes, uint64_t *normal, uint64_t *zero)
{
    *bytes = __atomic_load_n(&sender->bytes, __ATOMIC_RELAXED);
    *normal = __atomic_load_n(&sender->normal, __ATOMIC_RELAXED);
    *zero = __atomic_load_n(&sender->zero, __ATOMIC_RELAXED);
}

/* ---- Life ---- */

static bool greet(MultifdSender *sender, unsigned id, GError **errp)
{
    uint8_t greeting[MULTIFD_GREETING_SIZE] = {0};
    struct iovec iov = {greeting, sizeof(greeting)};

    stl_be_p(greeting, MULTIFD_MAGIC);
    stl_be_p(greeting + 4, MULTIFD_VERSION);
    memcpy(greeting + 8, sender->config.uuid, 16);
    greeting[24] = (uint8_t)id;
    return migration_channel_writev(sender->channels[id].channel, &iov, 1, errp);
}

MultifdSender *multifd_sender_new(const MultifdConfig *config, GPtrArray *channels, GError **errp)
{
    MultifdSender *sender = g_new0(MultifdSender, 1);
    bool ok = true;

    g_assert(channels->len == config->channels);
    sender->config = *config;
    sender->channels = g_new0(SendChannel, config->channels);
    mutex_init(&sender->lock);
    cond_init(&sender->changed);
    for (unsigned i = 0; i < config->channels; i++) {
        sender->channels[i].sender = sender;
        sender->channels[i].channel = g_ptr_array_index(channels, i);
    }
    for (unsigned i = 0; ok && i < config->channels; i++) {
        SendChannel *c = &sender->channels[i];
        if (config->compression != MULTIFD_COMPRESSION_NONE) {
            c->packer = multifd_packer_new(config->compression, config->level, errp);
            ok = c->packer != NULL;
        }
        ok = ok && greet(sender, i, errp);
        if (ok) {
            g_autofree char *name = g_strdup_printf("multifd-out-%u", i);
            c->thread = thread_create(name, send_thread, c);
        }
    }
    if (!ok) {
        multifd_sender_free(sender);
        return NULL;
    }
    return sender;
}

void multifd_sender_set_timeout(MultifdSender *sender, int ms)
{
    for (unsigned i = 0; i < sender->config.channels; i++) {
        migration_channel_set_timeout(sender->channels[i].channel, ms);
    }
}

void multifd_sender_shutdown(MultifdSender *sender)
{
    mutex_lock(&sender->lock);
    sender->quit = true;
    cond_broadcast(&sender->changed);
    mutex_unlock(&sender->lock);
    for (unsigned i = 0; i < sender->config.channels; i++) {
        migration_channel_shutdown(sender->channels[i].channel);
    }
}

void multifd_sender_free(MultifdSender *sender)
{
    mutex_lock(&sender->lock);
    sender->quit = true;
    cond_broadcast(&sender->changed);
    mutex_unlock(&sender->lock);
    for (unsigned i = 0; i < sender->config.channels; i++) {
        SendChannel *c = &sender->channels[i];
        if (c->thread) {
            thread_join(c->thread);
        }
        multifd_packer_free(c->packer);
        migration_channel_close(c->channel, NULL);
    }
    g_free(sender->channels);
    g_clear_error(&sender->error);
    cond_destroy(&sender->changed);
    mutex_destroy(&sender->lock);
    g_free(sender);
}

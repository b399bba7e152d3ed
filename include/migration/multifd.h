/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multifd: pages on channels of their own, beside the stream, a thread each.
 *
 * A channel begins with 64 bytes that name it.  Then come packets: a head of fixed size with the
 * pages' offsets, and the pages, perhaps compressed (docs/devel/stream-format.md).  A packet with
 * the flag SYNC ends what belongs before a certain place of the stream.
 */
#ifndef MIGRATION_MULTIFD_H
#define MIGRATION_MULTIFD_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/channel.h"

#define MULTIFD_MAGIC 0x11223344u
#define MULTIFD_CHANNELS_MAX 255

typedef enum MultifdCompression {
    MULTIFD_COMPRESSION_NONE,
    MULTIFD_COMPRESSION_ZLIB,
    MULTIFD_COMPRESSION_ZSTD,
} MultifdCompression;

typedef struct MultifdConfig {
    unsigned channels;
    MultifdCompression compression;
    int level;
    bool zero_pages;      /* sending: the channels look for zero pages and only name them */
    uint8_t uuid[16];
} MultifdConfig;

/* ---- Sending ---- */
typedef struct MultifdSender MultifdSender;
/* Channels as they are connected, config.channels of them; they are the sender's from now on. */
MultifdSender *multifd_sender_new(const MultifdConfig *config, GPtrArray *channels, GError **errp);
/* The page at block + offset, some time before the next sync. False with errp once a channel has
 * failed. */
bool multifd_send_page(MultifdSender *sender, const char *block_name, uint8_t *block,
                       uint64_t offset, GError **errp);
/* All pages so far are written, and the other side can tell. */
bool multifd_send_sync(MultifdSender *sender, GError **errp);
/* Bytes on all channels; pages sent in full and as zero. Any thread. */
void multifd_sender_stats(MultifdSender *sender, uint64_t *bytes, uint64_t *normal, uint64_t *zero);
/* migration_channel_set_timeout() on every channel. Any thread. */
void multifd_sender_set_timeout(MultifdSender *sender, int ms);
/* Ends what is under way with errors. Any thread. */
void multifd_sender_shutdown(MultifdSender *sender);
void multifd_sender_free(MultifdSender *sender);

/* ---- Receiving ---- */
typedef struct MultifdReceiver MultifdReceiver;
typedef struct MultifdReceiverOps {
    /* The host memory of a block of guest RAM, NULL if there is none of that name; *size its
     * length. */
    uint8_t *(*block)(void *opaque, const char *name, uint64_t *size);
    /* A channel has failed: the stream's reader should not wait for more. Any thread. */
    void (*failed)(void *opaque);
} MultifdReceiverOps;
MultifdReceiver *multifd_receiver_new(const MultifdConfig *config, const MultifdReceiverOps *ops,
                                      void *opaque);
/* One more channel, the receiver's from now on; its first bytes are still to be read. */
bool multifd_receiver_add(MultifdReceiver *receiver, MigrationChannel *channel, GError **errp);
bool multifd_receiver_is_full(MultifdReceiver *receiver);
/* Waits until every channel has come to the sync that belongs to this place, and lets them go on.
 */
bool multifd_receive_sync(MultifdReceiver *receiver, GError **errp);
/* If a channel has failed: puts why in the place of *errp, which is what the stream's reader saw of
 * it. */
void multifd_receiver_explain(MultifdReceiver *receiver, GError **errp);
void multifd_receiver_shutdown(MultifdReceiver *receiver);
/* NULL is fine. */
void multifd_receiver_free(MultifdReceiver *receiver);

#endif

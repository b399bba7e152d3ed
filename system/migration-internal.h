/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the migration's files share; hangs from the runtime.
 */
#ifndef SYSTEM_MIGRATION_INTERNAL_H
#define SYSTEM_MIGRATION_INTERNAL_H

#include "migration/channel.h"
#include "migration/commands.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "util/thread.h"

/* The stream's section "globalstate". */
typedef struct GlobalState {
    uint32_t size;         /* saved: with the final NUL */
    char runstate[32];     /* saved */
    uint8_t has_vm_was_suspended, vm_was_suspended; /* saved */
} GlobalState;

/* What has come back from the destination. Under Migration.lock. */
typedef struct ReturnPath {
    Thread *thread;
    bool open, ended;              /* ended: nothing more will come */
    bool shut;                     /* the destination's last word came: */
    uint32_t shut_value;
    bool acknowledged;             /* it may be switched over */
    bool handover;                 /* it waits for STATE_COMMAND_HANDOVER */
    GError *error;
} ReturnPath;

/* Auto-converge: what was when it was last looked at. */
typedef struct Convergence {
    int64_t since;                 /* us; 0: never */
    uint64_t sent, dirtied;        /* bytes, pages */
    unsigned high;                 /* times in a row */
} Convergence;

typedef struct OutgoingMigration {
    Thread *thread;
    MigrationAddress *address;
    MigrationChannel *channel;     /* under lock */
    MigrationChannel *connecting;  /* under lock: one more, on its way */
    MultifdSender *multifd;        /* under lock */
    SavevmConfig config;
    bool start_postcopy;           /* atomic: asked for */
    bool in_postcopy;              /* atomic: the guest is the other side's */
    ReturnPath path;
    bool cancel;                   /* atomic */
    bool all_sent;                 /* under lock: a cancel leaves the channel alone */
    bool may_continue;             /* under lock: migrate-continue came */
    /* Times in us of the monotonic clock; atomic, 0: not yet. */
    int64_t started, set_up, stopped, ended;
    int64_t resumed;               /* postcopy: the guest runs on the other side */
    int64_t window_start;
    uint64_t window_bytes;         /* sent when the window began */
    StateStream *stream;
    uint64_t transferred;          /* atomic */
    uint64_t precopy_bytes, downtime_bytes; /* atomic */
    uint64_t bandwidth;            /* bytes a second, atomic */
    int64_t busy_us;               /* since it was measured last */
    uint64_t busy_bytes;
    uint64_t pages_per_second;
    int64_t expected_downtime_ms;  /* atomic */
    unsigned throttle;             /* percent, atomic */
    GError *refusal;               /* why something of the machine cannot go; device lock */
    Convergence convergence;
} OutgoingMigration;

typedef struct IncomingMigration {
    bool expected, autostart, deferred;
    char *uri;
    int listener;
    guint source;
    GPtrArray *greeting;           /* Greeting: connections whose first bytes have not come */
    MigrationChannel *channel;
    MultifdReceiver *multifd;
    SavevmConfig config;
    StateLoader loader;
    StateStream *stream;
    Thread *thread;
    struct StateTail *tail;        /* postcopy: the stream's rest, */
    Thread *tail_thread;           /* and who reads it */
    bool postcopy_advised;
    bool loaded;                   /* under Migration.lock: the devices are there, or have failed */
    GError *error;
    Mutex back_lock;               /* one message at a time */
    StateStream *back;             /* the return path; NULL: none is open */
    bool handover;                 /* the guest is ours when the source says so */
    bool orphaned;                 /* it has gone without saying so */
} IncomingMigration;

typedef struct Migration {
    Mutex lock;                    /* inner to the device lock */
    Cond changed;                  /* cancel or continue came */
    MigrationStatus status;        /* atomic */
    char *error;                   /* of the last failure */
    char *lost;                    /* of the last migration: see MigrationInfo */
    const MigrationWireOps *wire_ops;
    void *wire_opaque;
    SavevmConfig config;
    char *machine;
    RAMState *ram;
    GlobalState global;
    uint8_t uuid[16];
    TlsCredentials *(*tls_lookup)(const char *id, GError **errp);
    uint64_t parameters[MIGRATION_PARAMETER_COUNT];   /* atomic */
    char *texts[MIGRATION_PARAMETER_COUNT];           /* under lock; NULL: empty */
    bool capabilities[MIGRATION_CAPABILITY_COUNT];
    GPtrArray *blockers;
    bool only_migratable;
    void (*observer)(MigrationStatus status, unsigned pass);
    OutgoingMigration out;
    IncomingMigration in;
} Migration;

Migration *migration_get(void);
/* Any thread; the observer hears of it on the main thread. */
void migration_set_status(Migration *m, MigrationStatus status);
MigrationStatus migration_status(Migration *m);
/* Written pages were collected for the nth time. */
void migration_note_pass(Migration *m, unsigned pass);
/* What capabilities and parameters say about channels and pages (migration-options.c). */
bool migration_check_transport(Migration *m, const MigrationAddress *address, bool sending,
                               GError **errp);
/* Parameter tls-creds: TLS on the channel. Device lock. */
bool migration_secure_channel(Migration *m, MigrationChannel *channel, bool sending, GError **errp);
bool migration_wants_tls(void);
bool migration_wants_channels(const Migration *m);
void migration_multifd_config(Migration *m, MultifdConfig *config);
RAMSaveOptions migration_save_options(Migration *m);
RAMLoadOptions migration_load_options(Migration *m);
SavevmConfig migration_stream_config(Migration *m);
/* The channels beside the stream: NULL with errp. */
MultifdSender *migration_connect_channels(Migration *m, GError **errp);

/* The source's end of the return path. */
void migration_return_start(Migration *m);
/* Ends the connection. */
void migration_return_end(Migration *m);
/* The destination has given up or gone. */
bool migration_return_failed(Migration *m);
void migration_return_explain(Migration *m, GError **errp);
/* After an error: the destination's own account of it, if one comes. */
void migration_return_prefer(Migration *m, GError **errp);
/* Capability switchover-ack: whether it has come. */
bool migration_return_await_ack(Migration *m);
/* After the last byte: waits until the destination has the guest; false: it is ours. No device
 * lock. */
bool migration_return_confirm(Migration *m, GError **errp);
/* After written pages have been collected; sent: bytes so far. */
void migration_converge(Migration *m, uint64_t sent, int64_t now);
void migration_converge_end(Migration *m);
void migration_incoming_shutdown(Migration *m);
/* On the return path's thread. */
bool migration_pages_requested(Migration *m, const ReturnMessage *message, GError **errp);
/* Postcopy at the source: the guest stands still from here on, and is the other side's when true
 * comes back. Device lock held. */
bool migration_postcopy_begin(Migration *m, StateSaver *saver, GError **errp);
/* Background snapshot: stops the guest for a moment; its devices, or NULL with errp. Device lock
 * held. */
GBytes *migration_background_begin(Migration *m, StateSaver *saver, GError **errp);
/* Makes the machine ready for the stream's format (migration-wire.c). The guest stands still; comes
 * back in what state it is to go on. Device lock held, not meanwhile. */
RunState migration_wire_carry(Migration *m, RunState was);
void migration_wire_undo(Migration *m);
/* At the destination: a command of postcopy's. */
bool migration_postcopy_command(Migration *m, uint16_t number, const uint8_t *data, uint16_t size,
                                GError **errp);
/* StateLoader.listen. */
bool migration_postcopy_listen(void *opaque, struct StateTail *tail, GError **errp);
/* A message to the source, if there is a way. Any thread. */
bool migration_say_back(IncomingMigration *in, const ReturnMessage *message, GError **errp);
/* On the main thread, when all is over. */
void migration_incoming_finish(void *opaque);
/* Takes error over. */
void migration_fail(Migration *m, GError *error);

#endif

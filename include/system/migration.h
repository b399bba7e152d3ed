/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live migration: the machine's state to another process, or to a file, while the guest runs; and
 * from there into this one.  Names of states, parameters and capabilities are QEMU's.
 *
 * Everything here is called on the main thread with the device lock held unless said otherwise.
 */
#ifndef SYSTEM_MIGRATION_H
#define SYSTEM_MIGRATION_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/ram.h"
#include "migration/savevm.h"
#include "migration/tls.h"
#include "migration/wire.h"
#include "system/runstate.h"

typedef enum MigrationStatus {
    MIGRATION_STATUS_NONE,
    MIGRATION_STATUS_SETUP,
    MIGRATION_STATUS_CANCELLING,
    MIGRATION_STATUS_CANCELLED,
    MIGRATION_STATUS_ACTIVE,
    MIGRATION_STATUS_PRE_SWITCHOVER,
    MIGRATION_STATUS_DEVICE,
    MIGRATION_STATUS_POSTCOPY_ACTIVE,
    MIGRATION_STATUS_COMPLETED,
    MIGRATION_STATUS_FAILED,
    MIGRATION_STATUS_COUNT
} MigrationStatus;
const char *migration_status_name(MigrationStatus status);
static inline bool migration_status_is_busy(MigrationStatus s)
{
    return s != MIGRATION_STATUS_NONE && s != MIGRATION_STATUS_CANCELLED &&
           s != MIGRATION_STATUS_COMPLETED && s != MIGRATION_STATUS_FAILED;
}

/* ---- Parameters and capabilities ---- */
typedef enum MigrationParameter {
    MIGRATION_PARAMETER_ANNOUNCE_INITIAL,
    MIGRATION_PARAMETER_ANNOUNCE_MAX,
    MIGRATION_PARAMETER_ANNOUNCE_ROUNDS,
    MIGRATION_PARAMETER_ANNOUNCE_STEP,
    MIGRATION_PARAMETER_THROTTLE_TRIGGER_THRESHOLD,
    MIGRATION_PARAMETER_CPU_THROTTLE_INITIAL,
    MIGRATION_PARAMETER_CPU_THROTTLE_INCREMENT,
    MIGRATION_PARAMETER_CPU_THROTTLE_TAILSLOW,
    MIGRATION_PARAMETER_TLS_CREDS,
    MIGRATION_PARAMETER_TLS_HOSTNAME,
    MIGRATION_PARAMETER_TLS_AUTHZ,
    MIGRATION_PARAMETER_MAX_BANDWIDTH,
    MIGRATION_PARAMETER_AVAIL_SWITCHOVER_BANDWIDTH,
    MIGRATION_PARAMETER_MAX_POSTCOPY_BANDWIDTH,
    MIGRATION_PARAMETER_DOWNTIME_LIMIT,
    MIGRATION_PARAMETER_MULTIFD_CHANNELS,
    MIGRATION_PARAMETER_MULTIFD_COMPRESSION,  /* a MultifdCompression */
    MIGRATION_PARAMETER_MULTIFD_ZLIB_LEVEL,
    MIGRATION_PARAMETER_MULTIFD_ZSTD_LEVEL,
    MIGRATION_PARAMETER_XBZRLE_CACHE_SIZE,
    MIGRATION_PARAMETER_MAX_CPU_THROTTLE,
    MIGRATION_PARAMETER_ZERO_PAGE_DETECTION,  /* a ZeroPageDetection */
    MIGRATION_PARAMETER_X_WIRE,  /* a VMStateWire */
    MIGRATION_PARAMETER_COUNT
} MigrationParameter;
typedef enum MigrationParameterKind {
    MIGRATION_PARAMETER_NUMBER,
    MIGRATION_PARAMETER_SIZE,    /* a number; HMP takes suffixes */
    MIGRATION_PARAMETER_SWITCH,  /* 0 or 1 */
    MIGRATION_PARAMETER_CHOICE,  /* the index of one of `choices` */
    MIGRATION_PARAMETER_TEXT,    /* any text, empty at first */
} MigrationParameterKind;
typedef struct MigrationParameterRow {
    const char *name;
    uint64_t initial, least, most;
    const char *unit;        /* of a number, in messages */
    MigrationParameterKind kind;
    const char *const *choices;  /* ended by NULL */
} MigrationParameterRow;
extern const MigrationParameterRow migration_parameters[MIGRATION_PARAMETER_COUNT];
/* Of all kinds but TEXT. Any thread. */
uint64_t migration_parameter_get(MigrationParameter parameter);
/* The value as text: digits, "on" or "off", the choice's name, the text itself. Caller frees. Any
 * thread. */
char *migration_parameter_text(MigrationParameter parameter);
/* The number of a name, or -1. */
int migration_parameter_find(const char *name);
/* Of all kinds but TEXT; false with errp if the value is not one that the row takes. */
bool migration_parameter_check(MigrationParameter parameter, uint64_t value, GError **errp);
bool migration_parameter_set(MigrationParameter parameter, uint64_t value, GError **errp);
/* The value from text, as HMP has it, of every kind. */
bool migration_parameter_parse(MigrationParameter parameter, const char *text, GError **errp);

typedef enum ZeroPageDetection {
    ZERO_PAGE_DETECTION_NONE,
    ZERO_PAGE_DETECTION_LEGACY,
    ZERO_PAGE_DETECTION_MULTIFD,
} ZeroPageDetection;

typedef enum MigrationCapability {
    MIGRATION_CAPABILITY_XBZRLE,
    MIGRATION_CAPABILITY_RDMA_PIN_ALL,
    MIGRATION_CAPABILITY_AUTO_CONVERGE,
    MIGRATION_CAPABILITY_ZERO_BLOCKS,
    MIGRATION_CAPABILITY_EVENTS,
    MIGRATION_CAPABILITY_POSTCOPY_RAM,
    MIGRATION_CAPABILITY_X_COLO,
    MIGRATION_CAPABILITY_RELEASE_RAM,
    MIGRATION_CAPABILITY_RETURN_PATH,
    MIGRATION_CAPABILITY_PAUSE_BEFORE_SWITCHOVER,
    MIGRATION_CAPABILITY_MULTIFD,
    MIGRATION_CAPABILITY_DIRTY_BITMAPS,
    MIGRATION_CAPABILITY_POSTCOPY_BLOCKTIME,
    MIGRATION_CAPABILITY_LATE_BLOCK_ACTIVATE,
    MIGRATION_CAPABILITY_X_IGNORE_SHARED,
    MIGRATION_CAPABILITY_VALIDATE_UUID,
    MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT,
    MIGRATION_CAPABILITY_ZERO_COPY_SEND,
    MIGRATION_CAPABILITY_POSTCOPY_PREEMPT,
    MIGRATION_CAPABILITY_SWITCHOVER_ACK,
    MIGRATION_CAPABILITY_DIRTY_LIMIT,
    MIGRATION_CAPABILITY_MAPPED_RAM,
    MIGRATION_CAPABILITY_COUNT
} MigrationCapability;
typedef struct MigrationCapabilityRow {
    const char *name;
    bool supported;
} MigrationCapabilityRow;
extern const MigrationCapabilityRow migration_capabilities[MIGRATION_CAPABILITY_COUNT];
bool migration_capability_get(MigrationCapability capability);
int migration_capability_find(const char *name);
/* Refuses what is not built, what does not go together, and any change while a migration is under
 * way. */
bool migration_capability_set(MigrationCapability capability, bool on, GError **errp);
/* The same for all at once: wanted has MIGRATION_CAPABILITY_COUNT members. All or nothing. */
bool migration_capabilities_set(const bool *wanted, GError **errp);

/* ---- Sending ---- */
/*
 * Begins to send to uri.  Errors of the address come at once; those of the connection and later
 * ones end in state `failed`, with the guest running on as before.
 */
bool migration_start(const char *uri, GError **errp);
/* Gives up the migration under way, if there is one; the guest runs on. */
void migration_cancel(void);
/* Something that goes with the machine (disks) cannot: from a handler of state finish-migrate. The
 * migration fails with that error, which is taken, and the guest runs on here. */
void migration_refuse(GError *error);
/* From pre-switchover (capability pause-before-switchover) on. */
bool migration_continue(GError **errp);
/* Capability postcopy-ram: the guest goes to the other side as soon as its devices can, RAM
 * follows. */
bool migration_start_postcopy(GError **errp);

/*
 * What a machine does for a stream in a QEMU's dialect (parameter x-wire), which has no place for
 * some of its state.
 */
typedef struct MigrationWireOps {
    /* The guest stands still and is about to be saved: makes its state one that the dialect can
     * carry, and adds to lost (char *, owned by it) what it cannot. running: it will go on at the
     * destination. */
    void (*prepare)(void *opaque, VMStateWire wire, bool running, GPtrArray *lost);
    /* Puts all back as it was. */
    void (*undo)(void *opaque);
} MigrationWireOps;
/* Ns since the guest that is being sent stopped; 0: it does not go on at the destination. */
int64_t migration_time_since_stop_ns(void);
/* ops stay the caller's. */
void migration_set_wire_ops(const MigrationWireOps *ops, void *opaque);
/*
 * Around saving a machine that stands still otherwise than by migrating: the stream is in the
 * dialect x-wire, and a warning says what that has no place for.  The stream says that it is in run
 * state `was`.  If that is running, it may run on for moments until nothing is lost, and stands
 * still again in state `rest`.  The state to go on in comes back: it may have been stopped
 * meanwhile.
 */
RunState migration_wire_begin(RunState was, RunState rest);
void migration_wire_end(void);

/* ---- Receiving ---- */
/* -incoming URI or defer: before the machine starts.  With defer, migration_incoming_start() comes
 * later. */
bool migration_incoming_prepare(const char *uri, bool autostart, GError **errp);
bool migration_incoming_start(const char *uri, GError **errp);
/* "cont" while the stream is waited for: the machine runs as soon as it is there. */
void migration_incoming_set_autostart(void);
/* Where it listens: for "query-migrate"; NULL: nowhere. */
const char *migration_incoming_uri(void);

/* ---- Asking ---- */
typedef struct MigrationInfo {
    MigrationStatus status;
    const char *error;        /* FAILED: why; or NULL */
    const char *lost;         /* what the stream's format had no place for; or NULL */
    bool has_ram, incoming;
    int64_t total_ms, setup_ms;
    int64_t downtime_ms;      /* COMPLETED */
    int64_t expected_downtime_ms;
    double mbps;              /* throughput, 10^6 bits a second */
    uint64_t transferred;     /* bytes of the whole stream */
    uint64_t pages_per_second, precopy_bytes, downtime_bytes;
    unsigned throttle_percent;
    RAMStats ram;
} MigrationInfo;
/* error lives until the next migration. */
void migration_info(MigrationInfo *out);
/* Calls fn at every change of status (pass 0), and when pages are collected for the nth time; main
 * thread. */
void migration_set_observer(void (*fn)(MigrationStatus status, unsigned pass));

/* ---- Blockers ---- */
/* Migration is refused with this reason until the same string is removed. With -only-migratable: an
 * error. */
bool migration_add_blocker(const char *reason, GError **errp);
void migration_remove_blocker(const char *reason);
void migration_set_only_migratable(void);
/* The first reason why not, or true. */
bool migration_is_possible(GError **errp);

/* ---- Setting up ---- */
/* Before there are devices: RAM is the first section. */
bool migration_init(GError **errp);
/* After the last device; machine is the versioned machine type. */
bool migration_machine_created(const char *machine, GError **errp);
/* The machine's: both sides must have the same one (multifd compares them). */
void migration_set_uuid(const uint8_t uuid[16]);
/* Credentials by the id of their object (parameter tls-creds); the caller frees them. NULL with
 * errp. */
void migration_set_tls_lookup(TlsCredentials *(*lookup)(const char *id, GError **errp));
/* At the end of the process: gives up what is under way, and waits for its threads. */
void migration_shutdown(void);
void migration_cleanup(void);
const SavevmConfig *migration_config(void);
/*
 * After a stream has been loaded: what the source did (state name as in query-status).  Starts the
 * machine if it ran there and `autostart`.
 */
void migration_loaded(bool autostart);
/* Notes the state that the stream shall carry. */
void migration_note_runstate(RunState was);

#endif

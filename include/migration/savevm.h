/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's whole state as one stream of sections, in QEMU's layout
 * (docs/devel/stream-format.md).
 *
 * Saving goes header, setup, iterate (any number of times), complete; loading is one call.  Which
 * transport carries the stream, when the guest stops and who waits for whom is not known here.
 */
#ifndef MIGRATION_SAVEVM_H
#define MIGRATION_SAVEVM_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/stream.h"
#include "migration/vmstate.h"

#define STATE_FILE_MAGIC 0x5145564du /* "QEVM" */
#define STATE_FILE_VERSION 3u

/* Kinds of sections: the first byte of each. */
typedef enum StateSectionKind {
    STATE_SECTION_EOF = 0x00,
    STATE_SECTION_START = 0x01,
    STATE_SECTION_PART = 0x02,
    STATE_SECTION_END = 0x03,
    STATE_SECTION_FULL = 0x04,
    STATE_SECTION_SUBSECTION = 0x05,
    STATE_SECTION_VMDESCRIPTION = 0x06,
    STATE_SECTION_CONFIGURATION = 0x07,
    STATE_SECTION_COMMAND = 0x08,
    STATE_SECTION_FOOTER = 0x7e,
} StateSectionKind;

/* What both sides must agree upon. */
typedef struct SavevmConfig {
    const char *machine;            /* versioned machine type: "pseries-7.2" */
    const char *const
        *capabilities; /* that the other side must have switched on alike; NULL: none */
} SavevmConfig;

/* ---- Saving ---- */
typedef struct StateSaver StateSaver;
/* registry, stream and config stay the caller's and must outlive the saver. */
StateSaver *state_saver_new(StateRegistry *registry, StateStream *s, const SavevmConfig *config);
/* Calls the handlers' save_cleanup. Device lock. */
void state_saver_free(StateSaver *saver);
/* File header and configuration section. */
bool state_saver_header(StateSaver *saver, GError **errp);
/* Refuses a machine with a device that cannot be saved, then starts the iterative sections. Device
 * lock. */
bool state_saver_setup(StateSaver *saver, GError **errp);
/* One round; 1 nothing is left, 0 more, -1 error. limit: see StateHandlers. No device lock. */
int state_saver_iterate(StateSaver *saver, bool (*limit)(void *opaque), void *opaque,
                        GError **errp);
uint64_t state_saver_pending(StateSaver *saver, bool exact);
/* The rest of the iterative sections, every device, the end and the JSON description. The guest
 * stands still; device lock. */
bool state_saver_complete(StateSaver *saver, GError **errp);
/* Postcopy takes it in pieces.  Bytes of the sections that cannot go on when the guest runs there.
 */
uint64_t state_saver_pending_before_postcopy(StateSaver *saver);
/* The ends of those sections. Device lock. */
bool state_saver_complete_before_postcopy(StateSaver *saver, GError **errp);
/* Sections go there from now on; the caller's, too. */
void state_saver_set_stream(StateSaver *saver, StateStream *s);
/* Every device, to a stream that is sent packaged. Device lock. */
bool state_saver_put_devices(StateSaver *saver, StateStream *to, GError **errp);
/* The ends of the other sections, and of the stream. */
bool state_saver_complete_postcopy(StateSaver *saver, GError **errp);
/* Background snapshot: the same, then the bytes that were saved when the guest stood still, and the
 * JSON. */
bool state_saver_complete_frozen(StateSaver *saver, const void *devices, size_t size,
                                 GError **errp);

/* ---- Loading ---- */
struct StateTail;
typedef struct StateLoader {
    StateRegistry *registry;
    const SavevmConfig *config;
    /* Around everything but iterative sections; NULL: the caller holds what is needed. */
    void (*lock)(void *opaque), (*unlock)(void *opaque);
    /* A command section of the stream. NULL: none is known. */
    bool (*command)(void *opaque, uint16_t command, const uint8_t *data, uint16_t size,
                    GError **errp);
    /* Postcopy: from here on the stream's rest is somebody else's, who takes `tail`, reads it with
     * state_load_tail() on another thread, and frees it.  NULL: there is no postcopy. */
    bool (*listen)(void *opaque, struct StateTail *tail, GError **errp);
    void *opaque;
} StateLoader;
/*
 * Loads a whole stream.  False: errp says which section, field and offset; the machine is then in
 * no defined state and must be reset or given up.
 */
bool state_load(StateStream *s, const StateLoader *loader, GError **errp);
/*
 * While a stream is loaded: when the first iterative section's end came, in us of the monotonic
 * clock, which is about when the source's guest stopped; 0: none came.
 */
int64_t state_registry_source_stopped(const StateRegistry *registry);
/* The parts that come while the guest runs here already. The loader must still be there. */
typedef struct StateTail StateTail;
bool state_load_tail(StateTail *tail, GError **errp);
void state_tail_free(StateTail *tail);
/* The machine type that a stream's head names, or NULL with errp; reads no further. Caller frees.
 */
char *state_read_head(StateStream *s, const SavevmConfig *config, GError **errp);

/*
 * Without changing anything: is this the beginning of a stream that state_load() could take? s
 * holds at least its first 64 KiB, or all.
 */
bool state_check_head(StateStream *s, const StateLoader *loader, GError **errp);
/* The same for its last bytes: has this machine every section? *found: the description was in
 * there. */
bool state_check_tail(const uint8_t *tail, size_t size, const StateLoader *loader, bool *found,
                      GError **errp);

/* Every description that is registered, as JSON (for -dump-vmstate and vmstate-check). */
json_t *state_registry_describe(StateRegistry *registry, const char *machine);

#endif

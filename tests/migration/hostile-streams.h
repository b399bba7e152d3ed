/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose streams are damaged: shared by the test of every bit and the fuzzer.
 */
#ifndef HOSTILE_STREAMS_H
#define HOSTILE_STREAMS_H

#include <glib.h>
#include "test-spapr-bench.h"

/* One section of the stream that the machine was made for. */
typedef struct HostilePart {
    StateEntry *entry;
    int version;
    gsize head, body, end; /* offsets in the stream: of the kind's byte, the contents, the footer */
} HostilePart;

typedef struct Hostile {
    GBytes *stream;             /* a good one */
    const uint8_t *data;
    gsize size;
    GArray *parts;              /* HostilePart */
    gsize description;          /* where the JSON begins */
} Hostile;

/*
 * Makes the machine and its stream.  text: a file with a line "OPTIONS CPU PROCESSORS DIALECT" and
 * a stream; or "own:OPTIONS:CPU:PROCESSORS", which saves the machine's own in the middle of things.
 */
void hostile_begin(Hostile *h, const char *text);
/* Back to the state of the good stream, which must load. */
void hostile_restore(Hostile *h);
/* Loads a section's contents, or a whole stream (part NULL). False: error says why, in one line. */
bool hostile_load(const Hostile *h, const HostilePart *part, const void *data, gsize size,
                  char **error);
/* What guests and users do to a machine whose state was let in: none of it may fail an assertion.
 */
void hostile_use(const Hostile *h);
void hostile_end(Hostile *h);

#endif

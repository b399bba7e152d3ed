/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coverage-guided fuzzing of what loads a machine's state (libFuzzer; tests/fuzz/README.md).
 *
 * An input is a byte that chooses a section of the machine's own stream, or the whole stream, and
 * its contents.  Whatever they are: an error, or a machine that can be used.  GOSSAMER_FUZZ_MACHINE
 * says which machine ("own:OPTIONS:CPU:PROCESSORS"); GOSSAMER_FUZZ_SEEDS=DIR writes an input for
 * each section and ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hostile-streams.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WHOLE_STREAM 0xff

static Hostile hostile;
static unsigned rounds;

static void write_seed(const char *folder, uint8_t choice, const uint8_t *data, gsize size)
{
    g_autofree char *path = g_strdup_printf("%s/seed-%02x", folder, choice);
    g_autofree uint8_t *text = g_malloc(size + 1);

    text[0] = choice;
    memcpy(text + 1, data, size);
    if (!g_file_set_contents(path, (const char *)text, (gssize)size + 1, NULL)) {
        g_error("cannot write %s", path);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *machine = g_getenv("GOSSAMER_FUZZ_MACHINE"),
               *seeds = g_getenv("GOSSAMER_FUZZ_SEEDS");

    hostile_begin(&hostile, machine ? machine : "own:pseries,ic-mode=dual:power9:1");
    if (seeds) {
        for (guint i = 0; i < hostile.parts->len; i++) {
            const HostilePart *part = &g_array_index(hostile.parts, HostilePart, i);

            write_seed(seeds, (uint8_t)i, hostile.data + part->body, part->end - part->body);
        }
        write_seed(seeds, WHOLE_STREAM, hostile.data, hostile.size);
        exit(0);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = NULL;
    const HostilePart *part = NULL;
    bool ok;

    if (!size) {
        return -1;
    }
    if (data[0] != WHOLE_STREAM) {
        part = &g_array_index(hostile.parts, HostilePart, data[0] % hostile.parts->len);
    }
    ok = hostile_load(&hostile, part, data + 1, size - 1, &text);
    if (!ok &&
        (!text || strlen(text) < 12 || strchr(text, '\n') || !g_utf8_validate(text, -1, NULL))) {
        g_error("poor message: %s", text ? text : "none");
    }
    if (ok && rounds % 16 == 0) {
        hostile_use(&hostile);
    }
    if (++rounds % 4096 == 0) {
        hostile_restore(&hostile);
    }
    return 0;
}

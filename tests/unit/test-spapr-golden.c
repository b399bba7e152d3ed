/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine of test-spapr-golden.h. */
#include "test-spapr-golden.h"

#include <string.h>
#include "block/blockdev.h"
#include "hw/scsi/scsi.h"

#define ADAPTER "v-scsi@71000002"

/* Where a section is; names of those that devices give names to are there once. */
static gsize place(const GoldenFile *golden, const char *name)
{
    const uint8_t *at = memmem(golden->body, golden->size, name, strlen(name));

    return at ? (gsize)(at - golden->body) : G_MAXSIZE;
}

/* Drives with an interface become devices of the machine, whose sections come before its own. */
static void make_drives(void)
{
    GError *error = NULL;

    drive_add("driver=null-co,size=1M", BLOCK_IF_SCSI, false, &error);
    g_assert_no_error(error);
    drive_add("media=cdrom,index=2", BLOCK_IF_SCSI, false, &error);
    g_assert_no_error(error);
}

static void make_devices(bool disk)
{
    GError *error = NULL;

    g_assert_nonnull(device_add("spapr-vscsi", &error));
    if (disk) {
        drive_add("if=none,id=disk,driver=null-co,size=64M", BLOCK_IF_SCSI, false, &error);
        g_assert_no_error(error);
        g_assert_nonnull(device_add("scsi-hd,drive=disk", &error));
    }
    g_assert_no_error(error);
}

void bench_start_golden(GoldenFile *golden, const char *path)
{
    g_autofree char *line = NULL;
    g_autofree char **words = NULL;
    GError *error = NULL;
    char *text, *end;
    gsize size;

    if (!g_file_get_contents(path, &text, &size, &error)) {
        g_error("%s", error->message);
    }
    end = memchr(text, '\n', size);
    g_assert(end);
    line = g_strndup(text, (gsize)(end - text));
    words = g_strsplit(line, " ", 4);
    g_assert(g_strv_length(words) == 4);
    *golden = (GoldenFile){words[0], words[1], words[2], words[3], (const uint8_t *)end + 1,
                           size - (gsize)(end + 1 - text)};

    gsize adapter = place(golden, ADAPTER "/spapr_vscsi");
    bool drives = adapter < place(golden, "spapr_option_vector_ov5_cas");
    device_classes_register(hw_scsi_device_classes);
    if (drives) {
        make_drives();
    }
    bench_start_smp(golden->machine, golden->cpu, false, golden->smp);
    if (adapter != G_MAXSIZE && !drives) {
        make_devices(place(golden, "/0:0:0/scsi-disk") != G_MAXSIZE);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -perfmap: /tmp/perf-PID.map, which perf(1) reads to name code that no file holds.  One line a
 * block: start and size in hexadecimal, and the guest address with its mode flags.  Lines of
 * dropped blocks stay; perf takes the last one that covers an address.
 */
#include "accel/tcg/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "util/error.h"

bool tcg_perfmap_enable(TCGAccel *accel, GError **errp)
{
    g_autofree char *name = g_strdup_printf("/tmp/perf-%d.map", (int)getpid());
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0) {
        error_setg_errno(errp, errno, "could not open '%s'", name);
        return false;
    }
    mutex_lock(&accel->code_lock);
    accel->perfmap = fdopen(fd, "w");
    if (accel->perfmap) {
        setvbuf(accel->perfmap, NULL, _IOLBF, 0);
        fprintf(accel->perfmap, "%" PRIxPTR " %zx translator-thunks\n",
                (uintptr_t)accel->region.exec, accel->thunks_end);
    }
    mutex_unlock(&accel->code_lock);
    return true;
}

void tcg_perfmap_add(TCGAccel *accel, const TCGBlock *block)
{
    fprintf(accel->perfmap, "%" PRIxPTR " %zx guest-%" PRIx64 "-%" PRIx64 "\n",
            (uintptr_t)block->entry, block->compiled.code_size, block->pc, block->flags);
}

void tcg_perfmap_close(TCGAccel *accel)
{
    if (accel->perfmap) {
        fclose(accel->perfmap);
        accel->perfmap = NULL;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks on image files; see file-lock.c. */
#ifndef BLOCK_FILE_LOCK_H
#define BLOCK_FILE_LOCK_H

#include <stdbool.h>
#include <glib.h>

/* What an opener does with the image, and what it lets others do meanwhile. */
enum {
    FILE_PERM_READ = 1, FILE_PERM_WRITE = 2, FILE_PERM_WRITE_UNCHANGED = 4, FILE_PERM_RESIZE = 8,
    FILE_PERM_ALL = 15,
};
/* Takes the locks; the error names the one that another holds. */
bool file_lock_take(int fd, const char *filename, unsigned perm, unsigned shared, GError **errp);
void file_lock_drop(int fd);

#endif

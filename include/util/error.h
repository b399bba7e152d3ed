/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that a user or the host causes travel as GError in the domain GOSSAMER_ERROR.
 *
 * A function that can fail takes a last argument `GError **errp` and returns false, NULL or a
 * negative number when it fails; the message is one line without a full stop, names the thing that
 * is wrong (option, file, property) and, where there is one, the nearest valid name.
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <stdbool.h>
#include <glib.h>

#define GOSSAMER_ERROR (gossamer_error_quark())

typedef enum GossamerError {
    GOSSAMER_ERROR_FAILED,    /* anything without a better class */
    GOSSAMER_ERROR_INVALID,   /* an option or value the user gave */
    GOSSAMER_ERROR_NOT_FOUND, /* a name nobody knows */
    GOSSAMER_ERROR_IO,        /* the host's system call failed; errno's text is in the message */
    GOSSAMER_ERROR_STREAM,    /* a state stream that cannot be loaded */
    GOSSAMER_ERROR_BUSY,      /* not in this run state */
    GOSSAMER_ERROR_NOT_SUPPORTED,
} GossamerError;

GQuark gossamer_error_quark(void);

/* Sets *errp (if errp) in class FAILED; errp must not hold an error yet. */
void error_setg(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same with a class. */
void error_set(GError **errp, GossamerError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* "message: strerror(errno_value)", class IO. */
void error_setg_errno(GError **errp, int errno_value, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Puts text before the message of *errp, if errp and *errp. */
void error_prepend(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "PROGRAM: message" and a newline on standard error. Any thread. */
void error_report(const char *format, ...) G_GNUC_PRINTF(1, 2);
void warn_report(const char *format, ...) G_GNUC_PRINTF(1, 2);
void info_report(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Reports and frees. */
void error_report_err(GError *error);

#endif

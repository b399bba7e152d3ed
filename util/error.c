/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error domain and one-line reports on standard error.
 */
#include "util/error.h"

#include <stdio.h>
#include <string.h>

GQuark gossamer_error_quark(void)
{
    return g_quark_from_static_string("gossamer-error-quark");
}

static void set_valist(GError **errp, GossamerError code, const char *suffix, const char *format,
                       va_list args)
{
    char *text;

    if (!errp) {
        return;
    }
    g_assert(*errp == NULL);
    text = g_strdup_vprintf(format, args);
    *errp =
        g_error_new(GOSSAMER_ERROR, code, "%s%s%s", text, suffix ? ": " : "", suffix ? suffix : "");
    g_free(text);
}

void error_setg(GError **errp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_valist(errp, GOSSAMER_ERROR_FAILED, NULL, format, args);
    va_end(args);
}

void error_set(GError **errp, GossamerError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_valist(errp, code, NULL, format, args);
    va_end(args);
}

void error_setg_errno(GError **errp, int errno_value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_valist(errp, GOSSAMER_ERROR_IO, g_strerror(errno_value), format, args);
    va_end(args);
}

void error_prepend(GError **errp, const char *format, ...)
{
    va_list args;
    char *text, *whole;

    if (!errp || !*errp) {
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    whole = g_strconcat(text, (*errp)->message, NULL);
    g_free(text);
    g_free((*errp)->message);
    (*errp)->message = whole;
}

static void report(const char *kind, const char *format, va_list args)
{
    const char *program = g_get_prgname();
    char *text = g_strdup_vprintf(format, args);

    fprintf(stderr, "%s: %s%s\n", program ? program : "gossamer", kind, text);
    g_free(text);
}

void error_report(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("", format, args);
    va_end(args);
}

void warn_report(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("warning: ", format, args);
    va_end(args);
}

void info_report(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("info: ", format, args);
    va_end(args);
}

void error_report_err(GError *error)
{
    error_report("%s", error->message);
    g_error_free(error);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands for displays; the work is ui/'s. */
#include <string.h>
#include "monitor-private.h"
#include "ui/display.h"
#include "util/error.h"

static void say(HMPContext *context, GError *error)
{
    if (error) {
        g_string_append_printf(context->out, "Error: %s\n", error->message);
        g_error_free(error);
    }
}

/* ---- Screen dumps ---- */

static bool screendump(const char *file, const char *device, int64_t head, const char *format, GError **errp)
{
    DisplayConsole *console = display_console_find(device, head, errp);

    return console && display_screendump(console, file, format, errp);
}

static json_t *qmp_screendump(json_t *arguments, GError **errp)
{
    const char *device = qmp_string(arguments, "device");

    if (!device && json_object_get(arguments, "head")) {
        error_setg(errp, "'head' must be specified together with 'device'");
        return NULL;
    }
    return qmp_result(screendump(qmp_string(arguments, "filename"), device, qmp_integer(arguments, "head", 0),
                                 qmp_string(arguments, "format"), errp));
}

static void hmp_screendump(HMPContext *context, const char *args)
{
    g_autofree char *format = NULL, *file = monitor_word(&args), *device = NULL, *head = NULL;
    GError *error = NULL;

    if (file && !strcmp(file, "-f")) {
        format = monitor_word(&args);
        g_free(file);
        file = monitor_word(&args);
    }
    device = monitor_word(&args);
    head = monitor_word(&args);
    if (!file) {
        error_setg(&error, "screendump: a file's name is expected");
    } else {
        screendump(file, device, head ? g_ascii_strtoll(head, NULL, 10) : 0, format, &error);
    }
    say(context, error);
}

/* ---- Tables ---- */

const QMPCommand monitor_qmp_display_commands[] = {
    {"screendump", qmp_screendump,
     .arguments = (const char *const[]){"filename:s", "device:s?", "head:i?", "format:s?", NULL}},
    {0},
};

const HMPCommand monitor_hmp_display_commands[] = {
    {"screendump", "[-f format] filename [device [head]]",
     "save screen from head 'head' of display device 'device' into image 'filename' in format 'format' (ppm or png)",
     hmp_screendump, NULL},
    {0},
};

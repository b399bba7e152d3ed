/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program: what the command line said, collected before anything is made.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "hw/core/machine.h"

#define GOSSAMER_VERSION_TEXT "0.1.0"
/* The level of the field's standard that command line and monitors follow. */
#define COMPAT_VERSION_MAJOR 8
#define COMPAT_VERSION_MINOR 2
#define COMPAT_VERSION_MICRO 0

typedef struct AppMonitor { char *text; bool control, pretty; } AppMonitor;

typedef struct AppConfig {
    bool ppc64;                         /* personality */
    const char *program;
    char *machine, *machine_properties; /* -M name and the rest */
    char *cpu, *smp, *memory, *accel;
    GPtrArray *numa, *devices, *globals, *chardevs, *serials, *firmware_dirs, *objects;
    GArray *monitors;                   /* AppMonitor */
    char *kernel, *initrd, *append, *dtb, *firmware, *boot;
    char *name, *uuid, *pidfile, *rtc, *gdb, *mem_path;
    char *log_items, *log_file, *log_filter;
    bool nodefaults, nographic, display_none, stopped, no_reboot, no_shutdown, daemonize, perfmap;
    bool mem_prealloc, preconfig, only_help;
    bool serial_given, monitor_given;
} AppConfig;

/* Fills config; false with errp. Options that only print (help, version) print and set only_help. */
bool app_parse(AppConfig *config, int argc, char **argv, GError **errp);
void app_print_help(const AppConfig *config);
/* Every device and machine class of the program. */
void app_register_classes(bool ppc64);
/* Makes the machine as configured; true when it stands. */
bool app_create(AppConfig *config, GError **errp);
/* Creates monitors and the gdb server. */
bool app_create_monitors(AppConfig *config, GError **errp);

#endif

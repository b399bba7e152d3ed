/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program: what the command line said, collected before anything is made.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/tls.h"
#include "hw/core/machine.h"
#include "monitor/commands.h"

#define GOSSAMER_VERSION_TEXT "0.1.0"
/* The level of the field's standard that command line and monitors follow. */
#define COMPAT_VERSION_MAJOR 8
#define COMPAT_VERSION_MINOR 2
#define COMPAT_VERSION_MICRO 0

typedef struct AppMonitor {
    const char *option;                 /* that asked for it: "-monitor" */
    char *text;
    bool control, pretty;
} AppMonitor;

typedef struct AppConfig {
    bool ppc64;                         /* personality */
    const char *program;
    char *machine, *machine_properties; /* -M name and the rest */
    char *cpu, *smp, *memory, *accel;
    GPtrArray *numa, *devices, *globals, *chardevs, *serials, *firmware_dirs, *objects, *blockdevs,
        *prom_env;
    GArray *disks;                      /* AppDisk */
    GArray *networks;                   /* AppNetwork */
    GArray *monitors;                   /* AppMonitor */
    char *kernel, *initrd, *append, *dtb, *firmware, *boot;
    char *name, *uuid, *pidfile, *rtc, *gdb, *mem_path;
    char *incoming, *loadvm, *dump_vmstate;
    char *vga, *vnc, *display;
    char *log_items, *log_file, *log_filter;
    bool full_screen;
    bool nodefaults, nographic, display_none, stopped, no_reboot, no_shutdown, daemonize, perfmap;
    unsigned graphic_width, graphic_height, graphic_depth;
    bool only_migratable;
    bool snapshot;
    bool mem_prealloc, mem_lock, only_help;
    bool serial_given, monitor_given, kvm_given, tcg_given;
    bool announced;                     /* a machine that came in has told its networks */
} AppConfig;

/* disks.c: -drive, -blockdev and the rest, in this order of need; all were given by options. */
typedef enum AppDiskKind { APP_DRIVE, APP_DISK, APP_CDROM } AppDiskKind;
typedef struct AppDisk {
    AppDiskKind kind;
    unsigned index;                     /* of -hda ... -hdd */
    const char *option;                 /* for messages */
    char *text;
} AppDisk;
bool app_create_disks(AppConfig *config, const MachineClass *class, GError **errp);
/* Every drive with an interface has found a device. */
bool app_check_disks(GError **errp);

/* window.c: the display in a window, as -display says; without it, where a desktop is there. */
bool app_create_window(const AppConfig *config, GError **errp);

/* networks.c: -netdev, -nic and -net. */
typedef struct AppNetwork {
    const char *option;
    char *text;
} AppNetwork;
/* Keeps it for later, or prints help. */
bool app_network_option(AppConfig *config, const char *option, const char *text, GError **errp);
bool app_create_networks(AppConfig *config, const MachineClass *class, GError **errp);
void app_print_nic_models(void);
#ifdef CONFIG_SLIRP
extern const VMStateDescription app_vmstate_slirp;  /* of each user network */
#endif

/* Fills config; false with errp. Options that only print (help, version) print and set only_help.
 */
bool app_parse(AppConfig *config, int argc, char **argv, GError **errp);
void app_print_help(const AppConfig *config);
/* Every device and machine class of the program. */
void app_register_classes(bool ppc64);
/* Makes the machine as configured; true when it stands. */
bool app_create(AppConfig *config, GError **errp);
/* Creates monitors and the gdb server; ends them. */
bool app_create_monitors(AppConfig *config, GError **errp);
void app_destroy_monitors(void);
/* Names of options, ended by NULL (g_free the array); with_argument: only those that take one. */
const char *const *app_option_names(bool with_argument);
/* -object: "TYPE,id=ID,..." or JSON; what the machine's memory is made of is set in it. */
bool app_apply_objects(AppConfig *config, MachineState *machine, GError **errp);
extern const QMPCommand app_object_commands[];
void app_register_object_classes(void);
extern const MachineClass *const app_machine_classes[];

/* Of the object with that id, for migration. The caller frees them. */
TlsCredentials *app_tls_credentials(const char *id, GError **errp);

#endif

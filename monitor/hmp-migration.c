/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMP's commands about migration (QMP: migration-commands.c).  Names, arguments and words are
 * QEMU's.
 */
#include <string.h>
#include "monitor-private.h"
#include "system/main-loop.h"
#include "system/migration.h"
#include "util/cutils.h"
#include "util/error.h"

static void hmp_migrate(HMPContext *context, const char *args)
{
    bool detach = false;
    GError *error = NULL;

    while (g_str_has_prefix(args, "-")) {
        g_autofree char *word = monitor_word(&args);
        if (strcmp(word, "-d")) {
            g_string_append_printf(context->out, "migrate: unsupported option %s\n", word);
            return;
        }
        detach = true;
        while (*args == ' ') {
            args++;
        }
    }
    /* In quotes, or all that is there. */
    g_autofree char *uri = *args == '"' ? monitor_word(&args) : g_strdup(args);
    if (!uri || !*uri) {
        g_string_append(context->out, "migrate: string expected\n");
        return;
    }
    if (!migration_start(uri, &error)) {
        hmp_report(context, error);
        return;
    }
    MigrationInfo info;
    for (migration_info(&info); !detach && migration_status_is_busy(info.status);
         migration_info(&info)) {
        if (info.status == MIGRATION_STATUS_PRE_SWITCHOVER) {
            break;
        }
        if (main_loop_is_quitting()) {
            return;
        }
        /* This monitor's own input waits meanwhile. */
        main_loop_iterate(true);
    }
    if (!detach && info.error) {
        g_string_append_printf(context->out, "Error: %s\n", info.error);
    }
}

static void hmp_migrate_incoming(HMPContext *context, const char *args)
{
    g_autofree char *uri = *args == '"' ? monitor_word(&args) : g_strdup(args);
    GError *error = NULL;

    migration_incoming_start(uri ? uri : "", &error);
    hmp_report(context, error);
}

static void hmp_migrate_cancel(HMPContext *context, const char *args)
{
    migration_cancel();
}

static void hmp_migrate_continue(HMPContext *context, const char *args)
{
    GError *error = NULL;

    migration_continue(&error);
    hmp_report(context, error);
}

static void hmp_start_postcopy(HMPContext *context, const char *args)
{
    GError *error = NULL;

    migration_start_postcopy(&error);
    hmp_report(context, error);
}

static void complete_names(const char *args, GPtrArray *out, const char *(*name)(int), int count)
{
    for (int i = 0; i < count; i++) {
        if (g_str_has_prefix(name(i), args)) {
            g_ptr_array_add(out, g_strdup(name(i)));
        }
    }
}

static const char *parameter_name(int i)
{
    return migration_parameters[i].name;
}

static const char *capability_name(int i)
{
    return migration_capabilities[i].name;
}

static void complete_parameter(const char *args, GPtrArray *out)
{
    complete_names(args, out, parameter_name, MIGRATION_PARAMETER_COUNT);
}

static void complete_capability(const char *args, GPtrArray *out)
{
    complete_names(args, out, capability_name, MIGRATION_CAPABILITY_COUNT);
}

static void hmp_set_parameter(HMPContext *context, const char *args)
{
    g_autofree char *name = monitor_word(&args), *text = monitor_word(&args);
    int i = name ? migration_parameter_find(name) : -1;
    GError *error = NULL;

    if (i < 0) {
        error_set(&error, GOSSAMER_ERROR_INVALID, "Parameter '%s' is unexpected", name ? name : "");
    } else {
        migration_parameter_parse((MigrationParameter)i, text ? text : "", &error);
    }
    hmp_report(context, error);
}

static void hmp_set_capability(HMPContext *context, const char *args)
{
    g_autofree char *name = monitor_word(&args), *text = monitor_word(&args);
    int i = name ? migration_capability_find(name) : -1;
    GError *error = NULL;
    bool on;

    if (i < 0) {
        error_set(&error, GOSSAMER_ERROR_INVALID, "Invalid parameter '%s'", name ? name : "");
    } else if (!text || !parse_bool(text, &on)) {
        error_set(&error, GOSSAMER_ERROR_INVALID, "'%s' is neither on nor off", text ? text : "");
    } else {
        migration_capability_set((MigrationCapability)i, on, &error);
    }
    hmp_report(context, error);
}

static void info_migrate(HMPContext *context, const char *args)
{
    GString *out = context->out;
    MigrationInfo info;

    migration_info(&info);
    if (info.status == MIGRATION_STATUS_NONE) {
        return;
    }
    g_string_append_printf(out, "Migration status: %s", migration_status_name(info.status));
    g_string_append_printf(out, info.error ? " (%s)\n" : "\n", info.error);
    if (info.lost) {
        g_string_append_printf(out, "lost, for x-wire: %s\n", info.lost);
    }
    if (!info.has_ram) {
        return;
    }
    g_string_append_printf(out, "total time: %" G_GINT64_FORMAT " ms\n", info.total_ms);
    if (info.status == MIGRATION_STATUS_COMPLETED) {
        g_string_append_printf(out, "downtime: %" G_GINT64_FORMAT " ms\n", info.downtime_ms);
    } else {
        uint64_t done = info.ram.total - MIN(info.ram.total, info.ram.remaining);
        g_string_append_printf(out, "expected downtime: %" G_GINT64_FORMAT " ms\n",
                               info.expected_downtime_ms);
        g_string_append_printf(out, "progress: %" G_GUINT64_FORMAT "%% of RAM\n",
                               info.ram.total ? done * 100 / info.ram.total : 100);
    }
    g_string_append_printf(out, "setup: %" G_GINT64_FORMAT " ms\n", info.setup_ms);
    g_string_append_printf(out, "transferred ram: %" G_GUINT64_FORMAT " kbytes\n",
                           info.ram.transferred >> 10);
    g_string_append_printf(out, "throughput: %0.2f mbps\n", info.mbps);
    g_string_append_printf(out, "remaining ram: %" G_GUINT64_FORMAT " kbytes\n",
                           info.ram.remaining >> 10);
    g_string_append_printf(out, "total ram: %" G_GUINT64_FORMAT " kbytes\n", info.ram.total >> 10);
    g_string_append_printf(out, "duplicate: %" G_GUINT64_FORMAT " pages\n", info.ram.duplicate);
    g_string_append_printf(out, "normal: %" G_GUINT64_FORMAT " pages\n", info.ram.normal);
    g_string_append_printf(out, "normal bytes: %" G_GUINT64_FORMAT " kbytes\n",
                           info.ram.normal * (RAM_PAGE_SIZE >> 10));
    g_string_append_printf(out, "dirty sync count: %" G_GUINT64_FORMAT "\n",
                           info.ram.dirty_sync_count);
    g_string_append_printf(out, "page size: %u kbytes\n", (unsigned)(RAM_PAGE_SIZE >> 10));
    g_string_append_printf(out, "pages-per-second: %" G_GUINT64_FORMAT "\n", info.pages_per_second);
    g_string_append_printf(out, "precopy ram: %" G_GUINT64_FORMAT " kbytes\n",
                           info.precopy_bytes >> 10);
    g_string_append_printf(out, "downtime ram: %" G_GUINT64_FORMAT " kbytes\n",
                           info.downtime_bytes >> 10);
    if (info.ram.multifd_bytes) {
        g_string_append_printf(out, "multifd bytes: %" G_GUINT64_FORMAT " kbytes\n",
                               info.ram.multifd_bytes >> 10);
    }
    if (info.ram.has_xbzrle) {
        g_string_append_printf(out,
                               "xbzrle: %" G_GUINT64_FORMAT " pages in %" G_GUINT64_FORMAT
                               " kbytes, %" G_GUINT64_FORMAT " misses, %" G_GUINT64_FORMAT
                               " overflows\n",
                               info.ram.xbzrle_pages, info.ram.xbzrle_bytes >> 10,
                               info.ram.xbzrle_misses, info.ram.xbzrle_overflows);
    }
    if (info.ram.postcopy_requests) {
        g_string_append_printf(out, "postcopy request count: %" G_GUINT64_FORMAT "\n",
                               info.ram.postcopy_requests);
    }
    if (info.throttle_percent) {
        g_string_append_printf(out, "cpu throttle percentage: %u\n", info.throttle_percent);
    }
    if (info.ram.dirty_pages_rate) {
        g_string_append_printf(out, "dirty pages rate: %" G_GUINT64_FORMAT " pages\n",
                               info.ram.dirty_pages_rate);
    }
}

static void info_parameters(HMPContext *context, const char *args)
{
    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        const MigrationParameterRow *row = &migration_parameters[i];
        g_autofree char *text = migration_parameter_text((MigrationParameter)i);
        g_string_append_printf(context->out,
                               row->kind == MIGRATION_PARAMETER_TEXT ? "%s: '%s'" : "%s: %s",
                               row->name, text);
        g_string_append_printf(context->out, row->unit ? " %s\n" : "\n", row->unit);
    }
}

static void info_capabilities(HMPContext *context, const char *args)
{
    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        g_string_append_printf(context->out, "%s: %s\n", migration_capabilities[i].name,
                               migration_capability_get((MigrationCapability)i) ? "on" : "off");
    }
}

const HMPCommand monitor_hmp_migration_commands[] = {
    {"migrate", "[-d] uri", "migrate to URI (using -d to not wait for completion)", hmp_migrate,
     NULL},
    {"migrate_incoming", "uri", "Continue an incoming migration from an -incoming defer",
     hmp_migrate_incoming, NULL},
    {"migrate_cancel", NULL, "cancel the current VM migration", hmp_migrate_cancel, NULL},
    {"migrate_continue", "state", "Continue migration from the given paused state",
     hmp_migrate_continue, NULL},
    {"migrate_start_postcopy", NULL,
     "Followup to a migration command to switch the migration to postcopy mode", hmp_start_postcopy,
     NULL},
    {"migrate_set_parameter", "parameter value", "Set the parameter for migration",
     hmp_set_parameter, complete_parameter},
    {"migrate_set_capability", "capability state",
     "Enable/Disable the usage of a capability for migration", hmp_set_capability,
     complete_capability},
    {"info migrate", NULL, "show migration status", info_migrate, NULL},
    {"info migrate_parameters", NULL, "show current migration parameters", info_parameters, NULL},
    {"info migrate_capabilities", NULL, "show current migration capabilities", info_capabilities,
     NULL},
    {0},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP commands about migration, and its events (HMP: hmp-migration.c).  Names, arguments and words
 * are QEMU's.
 */
#include <string.h>
#include "monitor-private.h"
#include "monitor/fds.h"
#include "system/migration.h"
#include "util/error.h"

/* ---- QMP ---- */

/* The only channel of "channels", as a URI: {"channel-type": "main", "addr": {"transport": …}}. */
static char *uri_of_channels(json_t *channels, GError **errp)
{
    json_t *addr = json_object_get(json_array_get(channels, 0), "addr");
    const char *transport = json_string_value(json_object_get(addr, "transport"));
    const char *type = json_string_value(json_object_get(addr, "type"));
    const char *path = json_string_value(json_object_get(addr, "path"));
    const char *host = json_string_value(json_object_get(addr, "host"));
    const char *port = json_string_value(json_object_get(addr, "port"));
    const char *name = json_string_value(json_object_get(addr, "filename"));
    const char *fd = json_string_value(json_object_get(addr, "str"));

    if (json_array_size(channels) == 1 && transport && !strcmp(transport, "socket") && type) {
        if (!strcmp(type, "unix") && path) {
            return g_strdup_printf("unix:%s", path);
        }
        if (!strcmp(type, "inet") && host && port) {
            return g_strdup_printf(strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
        }
        if (!strcmp(type, "fd") && fd) {
            return g_strdup_printf("fd:%s", fd);
        }
    } else if (json_array_size(channels) == 1 && transport && !strcmp(transport, "file") && name) {
        return g_strdup_printf("file:%s,offset=%" G_GINT64_FORMAT, name,
                               (gint64)json_integer_value(json_object_get(addr, "offset")));
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "'channels' must hold one channel of a known kind");
    return NULL;
}

/* "fd:NAME" with a name that getfd gave: by number, and the name is gone. Takes uri, which may be
 * NULL. */
static char *resolve_fd(char *uri, TakenFd *taken, GError **errp)
{
    g_autofree char *named = uri;

    *taken = (TakenFd){.fd = -1};
    if (!uri || !g_str_has_prefix(uri, "fd:") || !g_ascii_isalpha(uri[3])) {
        return g_steal_pointer(&named);
    }
    return monitor_take_fd(uri + 3, taken, errp) ? g_strdup_printf("fd:%d", taken->fd) : NULL;
}

static char *uri_of(json_t *arguments, TakenFd *taken, GError **errp)
{
    const char *uri = json_string_value(json_object_get(arguments, "uri"));
    json_t *channels = json_object_get(arguments, "channels");

    if (!uri == !channels) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "need either 'uri' or 'channels' argument");
        return NULL;
    }
    return resolve_fd(uri ? g_strdup(uri) : uri_of_channels(channels, errp), taken, errp);
}

static json_t *start(json_t *arguments, bool (*fn)(const char *uri, GError **errp), GError **errp)
{
    TakenFd taken;
    g_autofree char *uri = uri_of(arguments, &taken, errp);

    if (uri && !fn(uri, errp)) {
        monitor_drop_fd(&taken);
        return NULL;
    }
    return qmp_result(uri);
}

static json_t *qmp_migrate(json_t *arguments, GError **errp)
{
    return start(arguments, migration_start, errp);
}

static json_t *qmp_migrate_incoming(json_t *arguments, GError **errp)
{
    return start(arguments, migration_incoming_start, errp);
}

static json_t *qmp_migrate_cancel(json_t *arguments, GError **errp)
{
    migration_cancel();
    return json_object();
}

static json_t *qmp_migrate_continue(json_t *arguments, GError **errp)
{
    return qmp_result(migration_continue(errp));
}

static json_t *qmp_start_postcopy(json_t *arguments, GError **errp)
{
    return qmp_result(migration_start_postcopy(errp));
}

static json_t *xbzrle_info(const RAMStats *ram)
{
    uint64_t tried = ram->xbzrle_pages + ram->xbzrle_misses + ram->xbzrle_overflows;

    return json_pack(
        "{s:I, s:I, s:I, s:I, s:f, s:f, s:I}", "cache-size", (json_int_t)ram->xbzrle_cache_size,
        "bytes", (json_int_t)ram->xbzrle_bytes, "pages", (json_int_t)ram->xbzrle_pages,
        "cache-miss", (json_int_t)ram->xbzrle_misses, "cache-miss-rate",
        tried ? (double)ram->xbzrle_misses / (double)tried : 0.0, "encoding-rate",
        ram->xbzrle_bytes ? (double)(ram->xbzrle_pages * RAM_PAGE_SIZE) / (double)ram->xbzrle_bytes
                          : 0.0,
        "overflow", (json_int_t)ram->xbzrle_overflows);
}

static json_t *ram_info(const MigrationInfo *info)
{
    const RAMStats *ram = &info->ram;

    return json_pack("{s:I, s:I, s:I, s:I, s:i, s:I, s:I, s:I, s:f, s:I, s:I, s:i, s:I, s:I, s:I, "
                     "s:I, s:I, s:I}",
                     "transferred", (json_int_t)info->transferred, "remaining",
                     (json_int_t)ram->remaining, "total", (json_int_t)ram->total, "duplicate",
                     (json_int_t)ram->duplicate, "skipped", 0, "normal", (json_int_t)ram->normal,
                     "normal-bytes", (json_int_t)(ram->normal * RAM_PAGE_SIZE), "dirty-pages-rate",
                     (json_int_t)ram->dirty_pages_rate, "mbps", info->mbps, "dirty-sync-count",
                     (json_int_t)ram->dirty_sync_count, "postcopy-requests",
                     (json_int_t)ram->postcopy_requests, "page-size", (int)RAM_PAGE_SIZE,
                     "pages-per-second", (json_int_t)info->pages_per_second, "multifd-bytes",
                     (json_int_t)ram->multifd_bytes, "precopy-bytes",
                     (json_int_t)info->precopy_bytes, "downtime-bytes",
                     (json_int_t)info->downtime_bytes, "dirty-sync-missed-zero-copy", (json_int_t)0,
                     "postcopy-bytes", (json_int_t)ram->postcopy_bytes);
}

static json_t *qmp_query_migrate(json_t *arguments, GError **errp)
{
    MigrationInfo info;
    json_t *result = json_object();

    migration_info(&info);
    if (info.status != MIGRATION_STATUS_NONE) {
        json_object_set_new(result, "status", json_string(migration_status_name(info.status)));
    }
    if (migration_incoming_uri()) {
        json_object_set_new(result, "socket-address", json_array());
    }
    if (info.error) {
        json_object_set_new(result, "error-desc", monitor_text(info.error));
    }
    if (info.lost) {
        json_object_set_new(result, "x-wire-lost", monitor_text(info.lost));
    }
    if (info.total_ms) {
        json_object_set_new(result, "total-time", json_integer(info.total_ms));
        json_object_set_new(result, "setup-time", json_integer(info.setup_ms));
    }
    if (info.status == MIGRATION_STATUS_COMPLETED && info.has_ram) {
        json_object_set_new(result, "downtime", json_integer(info.downtime_ms));
    } else if (migration_status_is_busy(info.status)) {
        json_object_set_new(result, "expected-downtime", json_integer(info.expected_downtime_ms));
    }
    if (info.has_ram) {
        json_object_set_new(result, "ram", ram_info(&info));
    }
    if (info.has_ram && info.ram.has_xbzrle) {
        json_object_set_new(result, "xbzrle-cache", xbzrle_info(&info.ram));
    }
    if (info.throttle_percent) {
        json_object_set_new(result, "cpu-throttle-percentage", json_integer(info.throttle_percent));
    }
    return result;
}

static json_t *parameter_value(MigrationParameter parameter)
{
    const MigrationParameterRow *row = &migration_parameters[parameter];

    if (row->kind == MIGRATION_PARAMETER_TEXT || row->kind == MIGRATION_PARAMETER_CHOICE) {
        g_autofree char *text = migration_parameter_text(parameter);
        return monitor_text(text);
    }
    uint64_t value = migration_parameter_get(parameter);
    return row->kind == MIGRATION_PARAMETER_SWITCH ? json_boolean(value)
                                                   : json_integer((json_int_t)value);
}

static json_t *qmp_query_parameters(json_t *arguments, GError **errp)
{
    json_t *result = json_object();

    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        json_object_set_new(result, migration_parameters[i].name,
                            parameter_value((MigrationParameter)i));
    }
    return result;
}

static bool wrong_type(const char *name, const char *expected, GError **errp)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "Invalid parameter type for '%s', expected: %s", name,
              expected);
    return false;
}

/* look: only whether the value would be taken. */
static bool set_parameter(MigrationParameter parameter, json_t *value, bool look, GError **errp)
{
    const MigrationParameterRow *row = &migration_parameters[parameter];

    switch (row->kind) {
    case MIGRATION_PARAMETER_TEXT:
    case MIGRATION_PARAMETER_CHOICE: {
        const char *text = json_string_value(value);
        if (!text) {
            return wrong_type(row->name, "string", errp);
        }
        if (look && (!row->choices || g_strv_contains(row->choices, text))) {
            return true;
        }
        return migration_parameter_parse(parameter, text, errp);
    }
    case MIGRATION_PARAMETER_SWITCH:
        if (!json_is_boolean(value)) {
            return wrong_type(row->name, "boolean", errp);
        }
        return look || migration_parameter_set(parameter, json_is_true(value), errp);
    default:
        if (!json_is_integer(value) || json_integer_value(value) < 0) {
            return wrong_type(row->name, "integer", errp);
        }
        uint64_t number = (uint64_t)json_integer_value(value);
        return look ? migration_parameter_check(parameter, number, errp)
                    : migration_parameter_set(parameter, number, errp);
    }
}

static json_t *qmp_set_parameters(json_t *arguments, GError **errp)
{
    const char *name;
    json_t *value;

    /* All or nothing: first look, then set. */
    for (int pass = 0; pass < 2; pass++) {
        json_object_foreach(arguments, name, value) {
            int i = migration_parameter_find(name);
            if (i < 0) {
                error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Parameter '%s' is unexpected", name);
                return NULL;
            }
            if (!set_parameter((MigrationParameter)i, value, pass == 0, errp)) {
                return NULL;
            }
        }
    }
    return json_object();
}

static json_t *qmp_query_capabilities(json_t *arguments, GError **errp)
{
    json_t *result = json_array();

    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        json_array_append_new(result, json_pack("{s:b, s:s}", "state",
                                                migration_capability_get((MigrationCapability)i),
                                                "capability", migration_capabilities[i].name));
    }
    return result;
}

static json_t *qmp_set_capabilities(json_t *arguments, GError **errp)
{
    bool wanted[MIGRATION_CAPABILITY_COUNT];
    size_t index;
    json_t *row;

    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        wanted[i] = migration_capability_get((MigrationCapability)i);
    }
    json_array_foreach(json_object_get(arguments, "capabilities"), index, row) {
        const char *name = json_string_value(json_object_get(row, "capability"));
        json_t *state = json_object_get(row, "state");
        int i = name ? migration_capability_find(name) : -1;
        if (i < 0 || !json_is_boolean(state)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Invalid parameter '%s'",
                      name ? name : "capability");
            return NULL;
        }
        wanted[i] = json_is_true(state);
    }
    return qmp_result(migration_capabilities_set(wanted, errp));
}

const QMPCommand monitor_qmp_migration_commands[] = {
    {"migrate", qmp_migrate,
     .arguments = (const char *const[]){"uri:s?", "channels:a?", "blk:b?", "inc:b?", "detach:b?",
                                        "resume:b?", NULL}},
    {"migrate-incoming", qmp_migrate_incoming,
     .arguments = (const char *const[]){"uri:s?", "channels:a?", "exit-on-error:b?", NULL}},
    {"migrate_cancel", qmp_migrate_cancel},
    {"migrate-start-postcopy", qmp_start_postcopy},
    {"migrate-continue", qmp_migrate_continue, .arguments = (const char *const[]){"state:s", NULL}},
    {"query-migrate", qmp_query_migrate},
    {"query-migrate-parameters", qmp_query_parameters},
    {"migrate-set-parameters", qmp_set_parameters, .arguments = (const char *const[]){"*", NULL}},
    {"query-migrate-capabilities", qmp_query_capabilities},
    {"migrate-set-capabilities", qmp_set_capabilities,
     .arguments = (const char *const[]){"capabilities:a", NULL}},
    {0},
};

/* ---- Event ---- */

void monitor_migration_changed(MigrationStatus status, unsigned pass)
{
    if (pass && migration_capability_get(MIGRATION_CAPABILITY_EVENTS)) {
        monitor_send_event("MIGRATION_PASS", json_pack("{s:i}", "pass", (int)pass));
    } else if (migration_capability_get(MIGRATION_CAPABILITY_EVENTS)) {
        monitor_send_event("MIGRATION",
                           json_pack("{s:s}", "status", migration_status_name(status)));
    }
}

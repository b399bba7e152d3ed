/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor sessions: one for each -monitor, -mon, -qmp.  Output that the peer does not take yet
 * waits here; input goes to the HMP or QMP side.
 */
#include <stdarg.h>
#include <string.h>
#include "monitor-private.h"
#include "system/runstate.h"

/* The process's sessions and the joined tables: made on first use. */
static MonitorRegistry registry;

MonitorRegistry *monitor_registry(void)
{
    if (!registry.monitors) {
        registry.monitors = g_ptr_array_new();
        registry.hmp_tables = g_ptr_array_new();
        registry.qmp_tables = g_ptr_array_new();
        registry.classes = g_ptr_array_new();
        monitor_register_hmp(monitor_hmp_commands);
        monitor_register_hmp(monitor_hmp_info_commands);
        monitor_register_hmp(monitor_hmp_memory_commands);
        monitor_register_hmp(monitor_hmp_migration_commands);
        monitor_register_hmp(monitor_hmp_block_commands);
        monitor_register_hmp(monitor_hmp_display_commands);
        monitor_register_hmp(monitor_hmp_net_commands);
        monitor_register_hmp(monitor_hmp_snapshot_commands);
        monitor_register_qmp(monitor_qmp_commands);
        monitor_register_qmp(monitor_qmp_query_commands);
        monitor_register_qmp(monitor_qmp_object_commands);
        monitor_register_qmp(monitor_qmp_fd_commands);
        monitor_register_qmp(monitor_qmp_schema_commands);
        monitor_register_qmp(monitor_qmp_block_commands);
        monitor_register_qmp(monitor_qmp_net_commands);
        monitor_register_qmp(monitor_qmp_migration_commands);
        monitor_register_qmp(monitor_qmp_display_commands);
        monitor_register_qmp(monitor_qmp_snapshot_commands);
    }
    return &registry;
}

void monitor_register_hmp(const HMPCommand *rows)
{
    g_ptr_array_add(monitor_registry()->hmp_tables, (void *)rows);
}

void monitor_register_qmp(const QMPCommand *rows)
{
    g_ptr_array_add(monitor_registry()->qmp_tables, (void *)rows);
}

void monitor_register_class(const ObjectClass *class)
{
    g_ptr_array_add(monitor_registry()->classes, (void *)class);
}

static void flush(Monitor *mon);

static gboolean writable(void *opaque)
{
    Monitor *mon = opaque;

    mon->watch = 0;
    flush(mon);
    if (!mon->out->len) {
        char_frontend_accept_input(&mon->frontend);
    }
    return G_SOURCE_REMOVE;
}

static void flush(Monitor *mon)
{
    while (mon->out->len) {
        int n = char_frontend_write(&mon->frontend, (const uint8_t *)mon->out->str, mon->out->len);

        if (n < 0) {
            g_string_truncate(mon->out, 0);
            return;
        }
        if (n == 0) {
            if (!mon->watch) {
                mon->watch = char_frontend_add_watch(&mon->frontend, writable, mon);
            }
            if (!mon->watch) {
                char_frontend_write_all(&mon->frontend, (const uint8_t *)mon->out->str,
                                        mon->out->len);
                g_string_truncate(mon->out, 0);
            }
            return;
        }
        g_string_erase(mon->out, 0, n);
    }
}

void monitor_write(Monitor *mon, const char *text, size_t size)
{
    g_string_append_len(mon->out, text, size);
    if (!mon->watch) {
        flush(mon);
    }
}

void monitor_printf(Monitor *mon, const char *format, ...)
{
    va_list ap;
    g_autofree char *text = NULL;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    monitor_write(mon, text, strlen(text));
}

static int can_read(void *opaque)
{
    Monitor *mon = opaque;

    /* A peer that does not take its answers gives no more commands; so none is lost at its end
     * either. */
    return mon->suspended || mon->out->len ? 0 : 4096;
}

static void read_input(void *opaque, const uint8_t *data, int size)
{
    Monitor *mon = opaque;

    if (mon->mode == MONITOR_CONTROL) {
        qmp_input(mon, data, size);
    } else {
        hmp_input(mon, data, size);
    }
}

static void channel_event(void *opaque, CharEvent event)
{
    Monitor *mon = opaque;

    if (event == CHAR_EVENT_CLOSED) {
        g_string_truncate(mon->out, 0);
        if (mon->watch) {
            g_source_remove(mon->watch);
            mon->watch = 0;
        }
    }
    if (mon->mode == MONITOR_CONTROL) {
        qmp_event(mon, event);
    } else {
        hmp_event(mon, event);
    }
}

/* ---- Events ---- */

void monitor_send_event(const char *name, json_t *data)
{
    GPtrArray *all = monitor_registry()->monitors;
    json_t *event = json_object();

    json_object_set_new(event, "timestamp", qmp_timestamp());
    json_object_set_new(event, "event", json_string(name));
    if (data) {
        json_object_set_new(event, "data", data);
    }
    for (guint i = 0; i < all->len; i++) {
        Monitor *mon = g_ptr_array_index(all, i);

        if (mon->mode == MONITOR_CONTROL && mon->negotiated) {
            qmp_emit(mon, event);
        }
    }
    json_decref(event);
}

static void vm_event(void *opaque, const VMEvent *event)
{
    json_t *data = NULL;
    const char *name;

    switch (event->kind) {
    case VM_EVENT_STOP:
        name = "STOP";
        break;
    case VM_EVENT_RESUME:
        name = "RESUME";
        break;
    case VM_EVENT_RESET:
    case VM_EVENT_SHUTDOWN:
        name = event->kind == VM_EVENT_RESET ? "RESET" : "SHUTDOWN";
        data = json_pack("{s:b, s:s}", "guest", event->guest, "reason",
                         shutdown_cause_name(event->cause));
        break;
    case VM_EVENT_POWERDOWN:
        name = "POWERDOWN";
        break;
    case VM_EVENT_SUSPEND:
        name = "SUSPEND";
        break;
    case VM_EVENT_WAKEUP:
        name = "WAKEUP";
        break;
    case VM_EVENT_WATCHDOG:
        name = "WATCHDOG";
        data = json_pack("{s:s}", "action", event->action ? event->action : "none");
        break;
    case VM_EVENT_GUEST_PANICKED:
        name = "GUEST_PANICKED";
        data = json_pack("{s:s}", "action", event->action ? event->action : "pause");
        break;
    case VM_EVENT_RTC_CHANGE:
        name = "RTC_CHANGE";
        data = json_pack("{s:I, s:s}", "offset", (json_int_t)event->offset, "qom-path", "/machine");
        break;
    default:
        return;
    }
    monitor_send_event(name, data);
}

/* ---- Life ---- */

bool monitor_add(Chardev *chr, MonitorMode mode, bool pretty, GError **errp)
{
    GPtrArray *all = monitor_registry()->monitors;
    Monitor *mon = g_new0(Monitor, 1);

    if (!char_frontend_init(&mon->frontend, chr, errp)) {
        g_free(mon);
        return false;
    }
    if (!all->len) {
        vm_event_add_handler(vm_event, NULL);
    }
    mon->mode = mode;
    mon->pretty = pretty;
    mon->out = g_string_new(NULL);
    mon->in = g_string_new(NULL);
    g_ptr_array_add(all, mon);
    char_frontend_set_handlers(&mon->frontend, can_read, read_input, channel_event, mon);
    return true;
}

/* At the end: what a peer does not take within a second is lost. */
static void send_rest(Monitor *mon)
{
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;

    while (mon->out->len && g_get_monotonic_time() < end) {
        int n = char_frontend_write(&mon->frontend, (const uint8_t *)mon->out->str, mon->out->len);

        if (n < 0) {
            return;
        }
        if (n == 0) {
            g_usleep(1000);
        }
        g_string_erase(mon->out, 0, n);
    }
}

void monitor_cleanup(void)
{
    GPtrArray *all = monitor_registry()->monitors;

    if (all->len) {
        vm_event_remove_handler(vm_event, NULL);
    }
    while (all->len) {
        Monitor *mon = g_ptr_array_index(all, all->len - 1);

        send_rest(mon);
        if (mon->watch) {
            g_source_remove(mon->watch);
        }
        char_frontend_deinit(&mon->frontend);
        line_editor_free(mon->editor);
        g_string_free(mon->out, TRUE);
        g_string_free(mon->in, TRUE);
        g_free(mon);
        g_ptr_array_set_size(all, all->len - 1);
    }
}

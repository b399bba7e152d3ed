/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that act on the whole machine: running, reset, policies, memory to files, HMP lines.
 */
#include <string.h>
#include "monitor-private.h"
#include "hw/core/machine.h"
#include "system/runstate.h"
#include "util/error.h"

GQuark qmp_error_quark(void)
{
    return g_quark_from_static_string("gossamer-qmp-error");
}

json_t *qmp_result(bool good)
{
    return good ? json_object() : NULL;
}

const char *qmp_string(json_t *arguments, const char *name)
{
    return json_string_value(json_object_get(arguments, name));
}

int64_t qmp_integer(json_t *arguments, const char *name, int64_t otherwise)
{
    json_t *value = json_object_get(arguments, name);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static json_t *qmp_stop(json_t *arguments, GError **errp)
{
    vm_stop(RUN_STATE_PAUSED);
    return json_object();
}

static json_t *qmp_cont(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_cont(errp));
}

static json_t *qmp_quit(json_t *arguments, GError **errp)
{
    runstate_policy()->shutdown = SHUTDOWN_ACTION_POWEROFF;
    system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    return json_object();
}

static json_t *qmp_system_reset(json_t *arguments, GError **errp)
{
    system_reset_request(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    return json_object();
}

static json_t *qmp_system_powerdown(json_t *arguments, GError **errp)
{
    system_powerdown_request();
    return json_object();
}

static json_t *qmp_system_wakeup(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_wakeup(errp));
}

static json_t *qmp_inject_nmi(json_t *arguments, GError **errp)
{
    return qmp_result(monitor_nmi(0, errp));
}

static bool take_cpu(json_t *arguments, int *index, GError **errp)
{
    int64_t value = qmp_integer(arguments, "cpu-index", 0);

    if (json_object_get(arguments, "cpu-index") &&
        (value < 0 || value > G_MAXINT || !cpu_get((int)value))) {
        error_setg(errp, "Parameter 'cpu-index' expects a CPU number");
        return false;
    }
    *index = (int)value;
    return true;
}

static json_t *qmp_human_monitor_command(json_t *arguments, GError **errp)
{
    g_autoptr(GString) out = g_string_new(NULL);
    int cpu;

    if (!take_cpu(arguments, &cpu, errp)) {
        return NULL;
    }
    monitor_run_hmp(qmp_string(arguments, "command-line"), cpu, out);
    /* Lines end as on a terminal. */
    for (gsize i = 0; i < out->len; i++) {
        if (out->str[i] == '\n') {
            g_string_insert_c(out, (gssize)i++, '\r');
        }
    }
    return monitor_text(out->str);
}

static json_t *save(json_t *arguments, bool physical, GError **errp)
{
    int cpu;

    if (!take_cpu(arguments, &cpu, errp)) {
        return NULL;
    }
    return qmp_result(monitor_save_memory(cpu, physical, (uint64_t)qmp_integer(arguments, "val", 0),
                                          (uint64_t)qmp_integer(arguments, "size", 0),
                                          qmp_string(arguments, "filename"), errp));
}

static json_t *qmp_memsave(json_t *arguments, GError **errp)
{
    return save(arguments, false, errp);
}

static json_t *qmp_pmemsave(json_t *arguments, GError **errp)
{
    return save(arguments, true, errp);
}

/* ---- Policies ---- */

typedef struct Policy {
    const char *key;
    const char *const *names;    /* in the order of the policy's enum */
    size_t offset;
} Policy;

static const Policy policies[] = {
    {"reboot", (const char *const[]){"reset", "shutdown", NULL}, offsetof(RunPolicy, reboot)},
    {"shutdown", (const char *const[]){"poweroff", "pause", NULL}, offsetof(RunPolicy, shutdown)},
    {"panic", (const char *const[]){"pause", "shutdown", "exit-failure", "none", NULL},
     offsetof(RunPolicy, panic)},
    {"watchdog",
     (const char *const[]){"reset", "shutdown", "poweroff", "pause", "debug", "none", "inject-nmi",
                           NULL},
     offsetof(RunPolicy, watchdog)},
};

static int find_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], name)) {
            return i;
        }
    }
    return -1;
}

static bool set_policy(const Policy *policy, const char *parameter, const char *value, bool check,
                       GError **errp)
{
    int found = find_name(policy->names, value);

    if (found < 0) {
        error_setg(errp, "Parameter '%s' does not accept value '%s'", parameter, value);
        return false;
    }
    if (!check) {
        *(int *)((char *)runstate_policy() + policy->offset) = found;
    }
    return true;
}

static json_t *qmp_set_action(json_t *arguments, GError **errp)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(policies); i++) {
            const char *value = qmp_string(arguments, policies[i].key);

            if (value && !set_policy(&policies[i], policies[i].key, value, pass == 0, errp)) {
                return NULL;
            }
        }
    }
    return json_object();
}

static json_t *qmp_watchdog_set_action(json_t *arguments, GError **errp)
{
    return qmp_result(
        set_policy(&policies[3], "action", qmp_string(arguments, "action"), false, errp));
}

static json_t *qmp_balloon(json_t *arguments, GError **errp)
{
    g_set_error(errp, QMP_ERROR, QMP_CLASS_DEVICE_NOT_ACTIVE,
                "No balloon device has been activated");
    return NULL;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_commands[] = {
    {"stop", qmp_stop},
    {"cont", qmp_cont},
    {"quit", qmp_quit, .preconfig = true},
    {"system_reset", qmp_system_reset},
    {"system_powerdown", qmp_system_powerdown},
    {"system_wakeup", qmp_system_wakeup},
    {"inject-nmi", qmp_inject_nmi},
    {"human-monitor-command", qmp_human_monitor_command,
     .arguments = ARGS("command-line:s", "cpu-index:i?")},
    {"memsave", qmp_memsave, .arguments = ARGS("val:i", "size:i", "filename:s", "cpu-index:i?")},
    {"pmemsave", qmp_pmemsave, .arguments = ARGS("val:i", "size:i", "filename:s")},
    {"set-action", qmp_set_action,
     .arguments = ARGS("reboot:s?", "shutdown:s?", "panic:s?", "watchdog:s?")},
    {"watchdog-set-action", qmp_watchdog_set_action, .arguments = ARGS("action:s")},
    {"balloon", qmp_balloon, .arguments = ARGS("value:i")},
    {"query-balloon", qmp_balloon},
    {0},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitors and the gdb server, as the command line asks for them, and the commands that need to see
 * the whole program.
 */
#include <string.h>
#include "app.h"
#include "gdbstub/gdbstub.h"
#include "monitor/commands.h"
#include "monitor/monitor.h"
#include "target/ppc/cpu.h"
#include "util/error.h"

/* ---- Commands ---- */

static void hmp_gdbserver(HMPContext *context, const char *args)
{
    const char *device = *args ? args : "tcp::1234";
    g_autoptr(GError) error = NULL;

    if (!gdbserver_start(device, &error)) {
        g_string_append_printf(context->out, "Could not open gdbserver on device '%s': %s\n",
                               device, error->message);
    } else if (!strcmp(device, "none")) {
        g_string_append(context->out, "Disabled gdbserver\n");
    } else {
        g_string_append_printf(context->out, "Waiting for gdb connection on device '%s'\n", device);
    }
}

static const HMPCommand app_hmp_commands[] = {
    {"gdbserver", "[device]",
     "start gdbserver on given device (default 'tcp::1234'), stop with 'none'", hmp_gdbserver,
     NULL},
    {0},
};

static void add_cpu(json_t *list, const char *name, const char *model)
{
    g_autofree char *type =
        g_strdup_printf("%s-powerpc%s-cpu", model, ppc_personality_is_64() ? "64" : "");

    json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b}", "name", name, "typename", type,
                                          "static", 0, "deprecated", 0));
}

static json_t *query_cpu_definitions(json_t *arguments, GError **errp)
{
    g_autoptr(GPtrArray) models = ppc_model_list();
    json_t *result = json_array();

    for (guint i = 0; i < models->len; i++) {
        const PowerPCCPUClass *model = g_ptr_array_index(models, i);

        if (ppc_model_available(model)) {
            add_cpu(result, model->name, model->name);
        }
    }
    for (const PPCModelAlias *alias = ppc_model_aliases; alias->alias; alias++) {
        if (ppc_model_available(ppc_model_find(alias->model))) {
            add_cpu(result, alias->alias, alias->model);
        }
    }
    return result;
}

static json_t *query_command_line_options(json_t *arguments, GError **errp)
{
    json_t *wanted = json_object_get(arguments, "option");
    json_t *result = json_array();
    const char *const *names = app_option_names(true);

    for (unsigned i = 0; names[i]; i++) {
        if (!wanted || !strcmp(json_string_value(wanted), names[i])) {
            json_array_append_new(result,
                                  json_pack("{s:s, s:[]}", "option", names[i], "parameters"));
        }
    }
    g_free((void *)names);
    if (wanted && !json_array_size(result)) {
        json_decref(result);
        error_setg(errp, "Parameter 'option' does not accept value '%s'",
                   json_string_value(wanted));
        return NULL;
    }
    return result;
}

static const QMPCommand app_qmp_commands[] = {
    {"query-cpu-definitions", query_cpu_definitions},
    {"query-command-line-options", query_command_line_options, .preconfig = true,
     .arguments = (const char *const[]){"option:s?", NULL}},
    {0},
};

/* ---- Creation ---- */

bool app_create_monitors(AppConfig *config, GError **errp)
{
    monitor_register_hmp(app_hmp_commands);
    monitor_register_qmp(app_qmp_commands);
    monitor_register_qmp(app_object_commands);
    app_register_object_classes();
    for (guint i = 0; i < config->monitors->len; i++) {
        const AppMonitor *m = &g_array_index(config->monitors, AppMonitor, i);
        g_autofree char *id = g_strdup_printf("compat_monitor%u", i);
        Chardev *chr = chardev_new_from_short(id, m->text, true, errp);

        if (!chr ||
            !monitor_add(chr, m->control ? MONITOR_CONTROL : MONITOR_READLINE, m->pretty, errp)) {
            g_prefix_error(errp, "%s %s: ", m->option, m->text);
            return false;
        }
    }
    gdbserver_set_monitor(monitor_run_hmp);
    if (config->gdb && !gdbserver_start(config->gdb, errp)) {
        g_prefix_error(errp, "-gdb %s: ", config->gdb);
        return false;
    }
    return true;
}

void app_destroy_monitors(void)
{
    monitor_cleanup();
    gdbserver_cleanup();
}

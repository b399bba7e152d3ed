/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property values from elsewhere: a machine version's rows, then the command line's -global.
 */
#include <string.h>
#include "internal.h"
#include "util/error.h"
#include "util/options.h"

typedef struct CommandGlobal {
    char *driver, *property, *value;
    bool used;
} CommandGlobal;

bool global_property_add_option(const char *text, GError **errp)
{
    CommandGlobal *global = g_new0(CommandGlobal, 1);
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');

    if (dot && equals && dot < equals && !strchr(dot, ',')) {
        global->driver = g_strndup(text, (gsize)(dot - text));
        global->property = g_strndup(dot + 1, (gsize)(equals - dot - 1));
        global->value = g_strdup(equals + 1);
    } else {
        static const OptionDesc desc[] = {{"driver", OPTION_STRING, "device class"},
                                          {"property", OPTION_STRING, "its property"},
                                          {"value", OPTION_STRING, "the property's value"},
                                          {NULL}};
        static const OptionListDesc list = {"global", NULL, false, desc};
        Options *options = options_parse(&list, text, errp);

        if (!options) {
            g_free(global);
            return false;
        }
        global->driver = options_take(options, "driver");
        global->property = options_take(options, "property");
        global->value = options_take(options, "value");
        options_free(options);
    }
    if (!global->driver || !global->property || !global->value || !*global->driver ||
        !*global->property) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "global: '%s' is not driver.property=value or driver=D,property=P,value=V", text);
        g_free(global->driver);
        g_free(global->property);
        g_free(global->value);
        g_free(global);
        return false;
    }
    if (!core.globals) {
        core.globals = g_ptr_array_new();
    }
    g_ptr_array_add(core.globals, global);
    return true;
}

void global_property_add_compat(const GlobalProperty *rows)
{
    if (!core.compat) {
        core.compat = g_ptr_array_new();
    }
    for (; rows && rows->driver; rows++) {
        g_ptr_array_add(core.compat, (gpointer)rows);
    }
}

bool global_properties_apply(Object *obj, GError **errp)
{
    for (unsigned i = 0; core.compat && i < core.compat->len; i++) {
        const GlobalProperty *row = g_ptr_array_index(core.compat, i);

        if (!object_is_a_name(obj, row->driver) ||
            (row->optional && !object_find_property(obj, row->property))) {
            continue;
        }
        if (!object_property_parse(obj, row->property, row->value, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; core.globals && i < core.globals->len; i++) {
        CommandGlobal *global = g_ptr_array_index(core.globals, i);

        if (!object_is_a_name(obj, global->driver)) {
            continue;
        }
        global->used = true;
        if (!object_property_parse(obj, global->property, global->value, errp)) {
            error_prepend(errp, "can't apply global %s.%s=%s: ", global->driver, global->property,
                          global->value);
            return false;
        }
    }
    return true;
}

void global_properties_warn_unused(void)
{
    for (unsigned i = 0; core.globals && i < core.globals->len; i++) {
        const CommandGlobal *global = g_ptr_array_index(core.globals, i);

        if (!global->used) {
            warn_report("global %s.%s=%s not used", global->driver, global->property,
                        global->value);
        }
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The display in a window: whether there is one, and what its buttons do. */
#include "app.h"
#include "monitor/monitor.h"
#include "system/lock.h"
#include "system/runstate.h"
#include "ui/display.h"
#include "ui/window.h"
#include "util/error.h"
#include "util/log.h"

static void quit(void)
{
    runstate_policy()->shutdown = SHUTDOWN_ACTION_POWEROFF;
    system_shutdown_request(SHUTDOWN_CAUSE_HOST_UI);
}

static void reset(void)
{
    system_reset_request(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
}

static void set_paused(bool paused)
{
    GError *error = NULL;

    if (paused) {
        vm_stop(RUN_STATE_PAUSED);
    } else if (!monitor_cont(&error)) {
        warn_report("%s", error->message);
        g_error_free(error);
    }
}

static const WindowOps ops = {
    .quit = quit,
    .reset = reset,
    .power_down = system_powerdown_request,
    .pause = set_paused,
    .lock = device_lock,
    .unlock = device_unlock,
};

static void on_state(void *opaque, bool running, RunState state)
{
    window_set_running(running);
}

/* Nothing was said of a display: a window, if there is something to show and a desktop. */
static const char *default_display(const AppConfig *config)
{
    bool desktop = g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY");

    return !config->display_none && !config->nographic && !config->daemonize && desktop &&
                   display_console_first()
               ? window_kinds()[0]
               : NULL;
}

bool app_create_window(const AppConfig *config, GError **errp)
{
    const char *text = config->display ? config->display : default_display(config);
    GError *error = NULL;

    if (!text || config->dump_vmstate) {
        return true;
    }
    if (!window_start(text, config->name, config->full_screen, &ops, &error)) {
        if (config->display) {
            error_prepend(&error, "-display %s: ", text);
            g_propagate_error(errp, error);
            return false;
        }
        warn_report("the display is not shown: %s", error->message);
        g_error_free(error);
        return true;
    }
    if (!display_console_first()) {
        warn_report("-display %s: the machine has no display (-vga or -device adds one)", text);
    }
    vm_change_state_add(on_state, NULL, 0);
    return true;
}

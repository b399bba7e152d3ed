/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitors and the gdb server, as the command line asks for them. */
#include "app.h"

bool app_create_monitors(AppConfig *config, GError **errp)
{
    return true;
}

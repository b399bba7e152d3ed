/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of the VNC server where libvncserver was not there when this was built. */
#include <string.h>
#include "ui/vnc.h"
#include "util/error.h"

static bool absent(GError **errp)
{
    error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "built without VNC (libvncserver)");
    return false;
}

bool vnc_start(const char *text, const char *name, GError **errp)
{
    return !strcmp(text, "none") || absent(errp);
}

void vnc_stop(void)
{
}

bool vnc_set_password(const char *password, GError **errp)
{
    return absent(errp);
}

bool vnc_expire_password(int64_t when, GError **errp)
{
    return absent(errp);
}

VncInfo *vnc_query(void)
{
    VncInfo *info = g_new0(VncInfo, 1);

    info->clients = g_array_new(false, false, sizeof(VncClientInfo));
    return info;
}

void vnc_info_free(VncInfo *info)
{
    g_array_unref(info->clients);
    g_free(info);
}

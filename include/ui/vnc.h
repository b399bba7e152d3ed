/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first console over VNC (RFC 6143), through libvncserver; keyboard and pointer of its clients
 * to ui/input.h. Main thread, device lock held.
 */
#ifndef UI_VNC_H
#define UI_VNC_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

/* "HOST:DISPLAY", "unix:PATH" or "none", then options: -vnc of the command line. name: in clients'
 * titles. Checks, listens and serves. */
bool vnc_start(const char *text, const char *name, GError **errp);
/* Ends all connections. Without a server: nothing. */
void vnc_stop(void);

/* For clients that connect from now on; NULL: nobody can. False: the server asks for no password.
 */
bool vnc_set_password(const char *password, GError **errp);
/* When it ends: seconds since 1970, 0: now, INT64_MAX: never. */
bool vnc_expire_password(int64_t when, GError **errp);

typedef struct VncClientInfo {
    char *host, *service, *family;
} VncClientInfo;
typedef struct VncInfo {
    char *host, *service, *family;      /* NULL: there is no server */
    bool password;
    GArray *clients;                    /* VncClientInfo */
} VncInfo;
VncInfo *vnc_query(void);
void vnc_info_free(VncInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VncInfo, vnc_info_free)

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VNC server's two sides: the main thread (vnc.c) and the thread that serves clients
 * (vnc-server.c). */
#ifndef VNC_PRIVATE_H
#define VNC_PRIVATE_H

#include "frame.h"
#include "ui/vnc.h"

typedef enum VncShare { VNC_SHARE_EXCLUSIVE, VNC_SHARE_FORCED, VNC_SHARE_IGNORE } VncShare;

typedef enum VncEventKind { VNC_KEY, VNC_POINTER, VNC_GONE } VncEventKind;
typedef struct VncEvent {
    VncEventKind kind; /* VNC_GONE: the client has left, perhaps with keys pressed */
    bool down;
    uint32_t keysym;
    unsigned buttons, x, y;             /* of a pointer; bits from the left button on */
} VncEvent;

/* Between the threads; what is not constant, under the lock. */
typedef struct VncShared {
    GMutex lock;
    /* constant */
    char *name;
    GPtrArray *sockets;                 /* GSocket *, listening */
    int wake[2];                        /* a pipe: bytes wake the server's thread */
    VncShare share;
    bool ask_password;
    Frame frame;
    /* who may come */
    char *password;
    int64_t expires;                    /* seconds since 1970 */
    /* what came */
    GArray *events;                     /* VncEvent */
    bool told;                          /* the main thread has been asked to look */
    GArray *clients;                    /* VncClientInfo and its number, by vnc-server.c */
    bool stop;
} VncShared;

typedef struct VncConnection {
    VncClientInfo info;
    const void *client;
} VncConnection;

/* The thread: returns when shared->stop is set and it was woken. */
gpointer vnc_server_run(gpointer shared);
/* Main thread, from the server's with g_idle_add: takes events. */
gboolean vnc_take_events(gpointer shared);

#endif

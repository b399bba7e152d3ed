/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receiving a machine: waits for the connection on the main loop, reads the stream in a thread, so that the
 * monitor answers meanwhile, and lets the guest go on.
 */
#include <glib-unix.h>
#include <unistd.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runtime.h"
#include "util/error.h"

static void take_lock(void *opaque)
{
    device_lock();
}

static void give_lock(void *opaque)
{
    device_unlock();
}

/* On the main thread, when the stream has been read. */
static void finish(void *opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;

    thread_join(in->thread);
    in->thread = NULL;
    migration_channel_close(in->channel, NULL);
    in->channel = NULL;
    in->expected = false;
    if (in->error) {
        /* What was half loaded is of no use to anybody; the source has the guest. */
        error_report("load of migration failed: %s", in->error->message);
        migration_fail(m, g_steal_pointer(&in->error));
        main_loop_quit(1);
        return;
    }
    migration_set_status(m, MIGRATION_STATUS_COMPLETED);
    migration_loaded(in->autostart);
}

static void *receive_thread(void *opaque)
{
    Migration *m = opaque;
    StateLoader loader = {.registry = runtime_state_registry(), .config = &m->config, .lock = take_lock,
                          .unlock = give_lock, .opaque = m};
    StateStream *s = migration_channel_stream(m->in.channel, false);

    migration_set_status(m, MIGRATION_STATUS_ACTIVE);
    state_load(s, &loader, &m->in.error);
    state_stream_free(s);
    run_on_main(finish, m);
    return NULL;
}

static void receive(Migration *m, MigrationChannel *channel)
{
    m->in.channel = channel;
    migration_set_status(m, MIGRATION_STATUS_SETUP);
    m->in.thread = thread_create("migration-in", receive_thread, m);
}

static gboolean connection_waits(gint fd, GIOCondition condition, gpointer opaque)
{
    Migration *m = opaque;
    GError *error = NULL;
    MigrationChannel *channel = migration_accept(fd, &error);

    if (!channel) {
        error_report_err(error);
        return G_SOURCE_CONTINUE;
    }
    m->in.source = 0;
    close(m->in.listener);
    m->in.listener = -1;
    receive(m, channel);
    return G_SOURCE_REMOVE;
}

bool migration_incoming_start(const char *uri, GError **errp)
{
    Migration *m = migration_get();
    IncomingMigration *in = &m->in;

    if (!in->expected) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "'-incoming' was not specified on the command line");
        return false;
    }
    if (!in->deferred) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "The incoming migration has already been started");
        return false;
    }
    g_autoptr(MigrationAddress) address = migration_address_parse(uri, errp);
    if (!address) {
        return false;
    }
    if (address->transport == MIGRATION_TCP || address->transport == MIGRATION_UNIX) {
        g_clear_pointer(&in->uri, g_free);
        in->listener = migration_listen(address, &in->uri, errp);
        if (in->listener < 0) {
            return false;
        }
        in->source = g_unix_fd_add(in->listener, G_IO_IN, connection_waits, m);
    } else {
        MigrationChannel *channel = migration_channel_open(address, false, errp);
        if (!channel) {
            return false;
        }
        receive(m, channel);
    }
    in->deferred = false;
    return true;
}

bool migration_incoming_prepare(const char *uri, bool autostart, GError **errp)
{
    Migration *m = migration_get();

    m->in.expected = true;
    m->in.deferred = true;
    m->in.autostart = autostart;
    runstate_set(RUN_STATE_INMIGRATE);
    return !g_strcmp0(uri, "defer") || migration_incoming_start(uri, errp);
}

const char *migration_incoming_uri(void)
{
    return migration_get()->in.uri;
}

void migration_incoming_set_autostart(void)
{
    migration_get()->in.autostart = true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receiving a machine: waits for the connection on the main loop, reads the stream in a thread, so that the
 * monitor answers meanwhile, and lets the guest go on.
 *
 * With a return path the source hears that all is there before the guest runs; if the two have agreed upon a
 * handover (migration-return.c), the guest runs when the source has answered that, and waits in state "paused"
 * if it went away instead: it may have taken the guest back.
 */
#include <glib-unix.h>
#include <unistd.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

static void take_lock(void *opaque)
{
    device_lock();
}

static void give_lock(void *opaque)
{
    device_unlock();
}

/* ---- Talking back ---- */

static bool say(IncomingMigration *in, const ReturnMessage *message, GError **errp)
{
    bool ok = true;

    mutex_lock(&in->back_lock);
    if (in->back) {
        ok = return_message_write(in->back, message);
        if (!ok) {
            state_stream_check(in->back, errp);
        }
    }
    mutex_unlock(&in->back_lock);
    return ok;
}

static bool open_return_path(Migration *m, GError **errp)
{
    IncomingMigration *in = &m->in;

    if (in->back || !migration_channel_is_two_way(in->channel)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, in->back ? "the return path is opened twice"
                                                        : "this transport has no return path");
        return false;
    }
    in->back = migration_channel_stream(in->channel, true);
    /* No device of ours has something to prepare. */
    return !m->capabilities[MIGRATION_CAPABILITY_SWITCHOVER_ACK] ||
           say(in, &(ReturnMessage){.kind = RETURN_SWITCHOVER_ACK}, errp);
}

static bool answer_ping(IncomingMigration *in, uint32_t value, GError **errp)
{
    if (!in->back) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "a ping comes before the return path is open");
        return false;
    }
    if (value == HANDOVER_PING) {
        in->handover = true;
        value = HANDOVER_REPLY;
    }
    return say(in, &(ReturnMessage){.kind = RETURN_PONG, .value = value}, errp);
}

static bool command(void *opaque, uint16_t number, const uint8_t *data, uint16_t size, GError **errp)
{
    static const struct {
        uint16_t number, size;
    } sizes[] = {{STATE_COMMAND_OPEN_RETURN_PATH, 0}, {STATE_COMMAND_PING, 4}};
    Migration *m = opaque;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i].number == number && sizes[i].size != size) {
            error_set(errp, GOSSAMER_ERROR_STREAM, "command %u has %u bytes, not %u", number, size,
                      sizes[i].size);
            return false;
        }
    }
    switch (number) {
    case STATE_COMMAND_OPEN_RETURN_PATH:
        return open_return_path(m, errp);
    case STATE_COMMAND_PING:
        return answer_ping(&m->in, ldl_be_p(data), errp);
    }
    error_set(errp, GOSSAMER_ERROR_STREAM, "command %u is not known here", number);
    return false;
}

/* ---- The end ---- */

/* On the main thread, when the stream has been read. */
static void finish(void *opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;

    if (in->thread) {
        thread_join(in->thread);
        in->thread = NULL;
    }
    g_clear_pointer(&in->back, state_stream_free);
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
    if (in->orphaned) {
        error_report("the source of the migration went away before it handed the guest over; the guest waits "
                     "here: 'cont' runs it, but see that it does not run there");
    }
    migration_loaded(in->autostart && !in->orphaned);
}

/* Says that all is there; then the source must let the guest go. */
static void take_over(IncomingMigration *in, StateStream *s)
{
    g_autoptr(GError) error = NULL;

    if (!say(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 0}, &error)) {
        in->orphaned = true;
    } else if (in->handover) {
        in->orphaned = state_get_byte(s) != STATE_SECTION_COMMAND ||
                       state_get_be16(s) != STATE_COMMAND_HANDOVER || state_stream_has_error(s);
    }
}

static void *receive_thread(void *opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;
    StateLoader loader = {.registry = runtime_state_registry(), .config = &m->config, .lock = take_lock,
                          .unlock = give_lock, .command = command, .opaque = m};
    StateStream *s = migration_channel_stream(m->in.channel, false);

    migration_set_status(m, MIGRATION_STATUS_ACTIVE);
    if (!state_load(s, &loader, &in->error)) {
        say(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 1}, NULL);
    } else if (in->back) {
        take_over(in, s);
    }
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

void migration_incoming_shutdown(Migration *m)
{
    IncomingMigration *in = &m->in;

    if (in->thread) {
        migration_channel_shutdown(in->channel);
        device_unlock();
        thread_join(in->thread);
        device_lock();
        in->thread = NULL;
    }
}

const char *migration_incoming_uri(void)
{
    return migration_get()->in.uri;
}

void migration_incoming_set_autostart(void)
{
    migration_get()->in.autostart = true;
}

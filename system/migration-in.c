/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receiving a machine: waits for the connection on the main loop, reads the stream in a thread, so
 * that the monitor answers meanwhile, and lets the guest go on.
 *
 * With a return path the source hears that all is there before the guest runs; if the two have
 * agreed upon a handover (migration-return.c), the guest runs when the source has answered that,
 * and waits in state "paused" if it went away instead: it may have taken the guest back.
 */
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/ram-migration.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

#define GREETINGS_MAX 256   /* the stream and its channels */

static void take_lock(void *opaque)
{
    device_lock();
}

static void give_lock(void *opaque)
{
    device_unlock();
}

/* ---- Talking back ---- */

bool migration_say_back(IncomingMigration *in, const ReturnMessage *message, GError **errp)
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
           migration_say_back(in, &(ReturnMessage){.kind = RETURN_SWITCHOVER_ACK}, errp);
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
    return migration_say_back(in, &(ReturnMessage){.kind = RETURN_PONG, .value = value}, errp);
}

static bool command(void *opaque, uint16_t number, const uint8_t *data, uint16_t size,
                    GError **errp)
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
    default:
        return migration_postcopy_command(m, number, data, size, errp);
    }
}

/* ---- The end ---- */

/* A connection whose first bytes will tell what it is. */
typedef struct Greeting {
    MigrationChannel *channel;
    guint source;
} Greeting;

/* Nobody comes in any more; those that have not said what they are go. */
static void close_listener(IncomingMigration *in)
{
    if (in->listener >= 0) {
        g_source_remove(in->source);
        in->source = 0;
        close(in->listener);
        in->listener = -1;
    }
    for (unsigned i = 0; in->greeting && i < in->greeting->len; i++) {
        Greeting *greeting = g_ptr_array_index(in->greeting, i);
        g_source_remove(greeting->source);
        migration_channel_close(greeting->channel, NULL);
        g_free(greeting);
    }
    g_clear_pointer(&in->greeting, g_ptr_array_unref);
}

static void join(Thread **thread)
{
    if (*thread) {
        thread_join(*thread);
        *thread = NULL;
    }
}

/* On the main thread, when the stream has been read. */
void migration_incoming_finish(void *opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;
    bool runs = in->tail != NULL;

    close_listener(in);
    join(&in->thread);
    join(&in->tail_thread);
    ram_state_set_load_options(m->ram, NULL);
    g_clear_pointer(&in->multifd, multifd_receiver_free);
    g_clear_pointer(&in->back, state_stream_free);
    g_clear_pointer(&in->tail, state_tail_free);
    g_clear_pointer(&in->stream, state_stream_free);
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
        error_report("the source of the migration went away before it handed the guest over; the "
                     "guest waits "
                     "here: 'cont' runs it, but see that it does not run there");
    }
    if (!runs) {
        migration_loaded(in->autostart && !in->orphaned);
    }
}

/* Postcopy: the devices are there, RAM is still coming. */
static void run_in_postcopy(void *opaque)
{
    Migration *m = opaque;

    migration_loaded(m->in.autostart);
}

/* Says that all is there; then the source must let the guest go. */
static void take_over(IncomingMigration *in, StateStream *s)
{
    g_autoptr(GError) error = NULL;

    if (!migration_say_back(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 0}, &error)) {
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

    migration_set_status(m, MIGRATION_STATUS_ACTIVE);
    bool ok = state_load(in->stream, &in->loader, &in->error);
    if (in->tail) {
        if (!ok) {
            /* The other thread is at work on our memory. */
            migration_say_back(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 1}, NULL);
            error_report("load of migration failed: %s", in->error->message);
            exit(1);
        }
        run_on_main(run_in_postcopy, m);
        mutex_lock(&m->lock);
        in->loaded = true;
        cond_broadcast(&m->changed);
        mutex_unlock(&m->lock);
        return NULL;
    }
    if (!ok) {
        if (in->multifd) {
            multifd_receiver_explain(in->multifd, &in->error);
        }
        migration_say_back(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 1}, NULL);
    } else if (in->back) {
        take_over(in, in->stream);
    }
    run_on_main(migration_incoming_finish, m);
    return NULL;
}

static void receive(Migration *m, MigrationChannel *channel)
{
    IncomingMigration *in = &m->in;

    in->channel = channel;
    in->config = migration_stream_config(m);
    in->loader = (StateLoader){.registry = runtime_state_registry(),
                               .config = &in->config,
                               .lock = take_lock,
                               .unlock = give_lock,
                               .command = command,
                               .listen = migration_postcopy_listen,
                               .opaque = m};
    in->stream = migration_channel_stream(channel, false);
    RAMLoadOptions options = migration_load_options(m);
    ram_state_set_load_options(m->ram, &options);
    migration_set_status(m, MIGRATION_STATUS_SETUP);
    in->thread = thread_create("migration-in", receive_thread, m);
}

/* ---- Connections ---- */

static uint8_t *find_block(void *opaque, const char *name, uint64_t *size)
{
    g_autoptr(GArray) regions = system_ram_ops.regions(NULL);

    for (unsigned i = 0; i < regions->len; i++) {
        const RAMRegion *region = &g_array_index(regions, RAMRegion, i);
        if (!strcmp(region->name, name)) {
            *size = region->used_length;
            return region->host;
        }
    }
    return NULL;
}

/* The stream's reader may wait for bytes that the source will not send. */
static void channels_failed(void *opaque)
{
    Migration *m = opaque;

    if (m->in.channel) {
        migration_channel_shutdown(m->in.channel);
    }
}

static const MultifdReceiverOps multifd_ops = {.block = find_block, .failed = channels_failed};

static void stop_listening(IncomingMigration *in)
{
    if (in->channel && (!in->multifd || multifd_receiver_is_full(in->multifd))) {
        close_listener(in);
    }
}

static gboolean greeted(gint fd, GIOCondition condition, gpointer opaque)
{
    Migration *m = migration_get();
    IncomingMigration *in = &m->in;
    g_autofree Greeting *greeting = opaque;
    g_autoptr(GError) error = NULL;
    uint8_t magic[4];
    int n = migration_channel_peek(greeting->channel, magic, sizeof(magic));

    if (n < 0) {
        g_steal_pointer(&greeting);
        return G_SOURCE_CONTINUE;
    }
    g_ptr_array_remove_fast(in->greeting, greeting);
    if (n == 4 && ldl_be_p(magic) == STATE_FILE_MAGIC && !in->channel) {
        receive(m, greeting->channel);
    } else if (n == 4 && ldl_be_p(magic) == MULTIFD_MAGIC &&
               !multifd_receiver_is_full(in->multifd)) {
        if (!multifd_receiver_add(in->multifd, greeting->channel, &error)) {
            error_report("multifd: %s", error->message);
        }
    } else {
        if (n) {
            error_report("a connection that is no part of the migration was closed");
        }
        migration_channel_close(greeting->channel, NULL);
    }
    stop_listening(in);
    return G_SOURCE_REMOVE;
}

/* Capabilities may be set until the first connection comes. */
static void want_channels(Migration *m)
{
    MultifdConfig config;

    if (!m->in.multifd && migration_wants_channels(m)) {
        migration_multifd_config(m, &config);
        m->in.greeting = g_ptr_array_new();
        m->in.multifd = multifd_receiver_new(&config, &multifd_ops, m);
    }
}

static gboolean connection_waits(gint fd, GIOCondition condition, gpointer opaque);

static gboolean listen_again(gpointer opaque)
{
    Migration *m = opaque;

    m->in.source = g_unix_fd_add(m->in.listener, G_IO_IN, connection_waits, m);
    return G_SOURCE_REMOVE;
}

static gboolean connection_waits(gint fd, GIOCondition condition, gpointer opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;
    GError *error = NULL;
    MigrationChannel *channel = migration_accept(fd, &error);

    if (!channel) {
        /* It may last (no descriptor is left), and the connection still waits. */
        error_report_err(error);
        in->source = g_timeout_add_seconds(1, listen_again, m);
        return G_SOURCE_REMOVE;
    }
    if (!migration_secure_channel(m, channel, false, &error)) {
        error_report_err(error);
        migration_channel_close(channel, NULL);
        return G_SOURCE_CONTINUE;
    }
    want_channels(m);
    if (in->multifd && migration_wants_tls()) {
        /* Nothing can be seen ahead: the stream's connection is the first. */
        if (!in->channel) {
            receive(m, channel);
        } else if (!multifd_receiver_add(in->multifd, channel, &error)) {
            error_report_err(error);
        }
        bool full = multifd_receiver_is_full(in->multifd);
        stop_listening(in);
        return full ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
    }
    if (!in->multifd) {
        receive(m, channel);
        close_listener(in);
        return G_SOURCE_REMOVE;
    }
    if (in->greeting->len >= GREETINGS_MAX) {
        error_report("a connection was closed: %u others have not said what they are",
                     in->greeting->len);
        migration_channel_close(channel, NULL);
        return G_SOURCE_CONTINUE;
    }
    Greeting *greeting = g_new0(Greeting, 1);
    greeting->channel = channel;
    g_ptr_array_add(in->greeting, greeting);
    greeting->source =
        g_unix_fd_add(migration_channel_fd(channel), G_IO_IN | G_IO_HUP, greeted, greeting);
    return G_SOURCE_CONTINUE;
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
    if (!address || !migration_check_transport(m, address, false, errp)) {
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
        if (!migration_secure_channel(m, channel, false, errp)) {
            migration_channel_close(channel, NULL);
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

    if (in->thread || in->tail_thread) {
        migration_channel_shutdown(in->channel);
        if (in->multifd) {
            multifd_receiver_shutdown(in->multifd);
        }
        device_unlock();
        join(&in->thread);
        join(&in->tail_thread);
        device_lock();
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

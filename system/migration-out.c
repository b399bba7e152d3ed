/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending a machine.  A thread connects, sends RAM in rounds while the guest runs, then stops the
 * guest for what is left, when that fits into the downtime limit at the speed that was seen.
 *
 * Until the stream is complete, and with a return path until the destination has confirmed it, the
 * guest is ours: every failure and every cancel before that lets it run on here.
 */
#include <string.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/runtime.h"
#include "util/bswap.h"
#include "util/error.h"

#define WINDOW_US  100000   /* over which the speed is limited */
#define MEASURE_US 50000    /* for a figure of speed */
#define LITTLE_MS  1        /* a round that is sent so fast makes the downtime no shorter */
#define COLLECT_US 1000000  /* auto-converge looks at least so often */
#define SILENCE_MS 30000    /* without progress while the guest stands still: give up */

static int64_t now_us(void)
{
    return g_get_monotonic_time();
}

static bool cancelled(const OutgoingMigration *out)
{
    return __atomic_load_n(&out->cancel, __ATOMIC_SEQ_CST);
}

/* There is no use in sending more. */
static bool is_over(Migration *m)
{
    return cancelled(&m->out) || migration_return_failed(m);
}

/* ---- Speed ---- */

/* In the stream, on channels beside it and in places of its file. */
static uint64_t bytes_sent(Migration *m)
{
    RAMStats stats;

    ram_state_stats(m->ram, &stats);
    return state_stream_position(m->out.stream) + stats.outside;
}

static uint64_t bandwidth_limit(Migration *m)
{
    return migration_parameter_get(__atomic_load_n(&m->out.in_postcopy, __ATOMIC_RELAXED)
                                       ? MIGRATION_PARAMETER_MAX_POSTCOPY_BANDWIDTH
                                       : MIGRATION_PARAMETER_MAX_BANDWIDTH);
}

static void close_window(Migration *m, int64_t now)
{
    OutgoingMigration *out = &m->out;

    out->window_start = now;
    out->window_bytes = bytes_sent(m);
    __atomic_store_n(&out->transferred, out->window_bytes, __ATOMIC_RELAXED);
}

/* A round of so many bytes took so long, the limit's waits included: what is measured is the way,
 * not the guest's having nothing to send. */
static void measure(Migration *m, uint64_t bytes, int64_t us)
{
    OutgoingMigration *out = &m->out;

    out->busy_us += us;
    out->busy_bytes += bytes;
    if (out->busy_us >= MEASURE_US || (!out->bandwidth && out->busy_us >= MEASURE_US / 50)) {
        __atomic_store_n(&out->bandwidth, out->busy_bytes * 1000000 / (uint64_t)out->busy_us,
                         __ATOMIC_RELAXED);
        out->busy_us = 0;
        out->busy_bytes = 0;
    }
}

/* StateHandlers' limit: this round ends. */
static bool round_over(void *opaque)
{
    Migration *m = opaque;
    OutgoingMigration *out = &m->out;
    uint64_t most = bandwidth_limit(m);

    return is_over(m) || now_us() - out->window_start >= WINDOW_US ||
           (most && bytes_sent(m) - out->window_bytes >= most / (1000000 / WINDOW_US));
}

/* Waits for the window's end if its share is used up; then begins the next. */
static void pace(Migration *m)
{
    OutgoingMigration *out = &m->out;
    int64_t now = now_us(), end = out->window_start + WINDOW_US;
    uint64_t most = bandwidth_limit(m);

    if (most && bytes_sent(m) - out->window_bytes >= most / (1000000 / WINDOW_US)) {
        mutex_lock(&m->lock);
        while (now < end && !cancelled(out) && !out->path.ended) {
            cond_wait_timeout(&m->changed, &m->lock, (end - now) * 1000);
            now = now_us();
        }
        mutex_unlock(&m->lock);
    }
    if (now >= end) {
        close_window(m, now);
    }
}

/* Bytes that can be sent while the guest stands still. */
static uint64_t threshold(Migration *m)
{
    uint64_t given = migration_parameter_get(MIGRATION_PARAMETER_AVAIL_SWITCHOVER_BANDWIDTH);
    uint64_t bandwidth = given ? given : __atomic_load_n(&m->out.bandwidth, __ATOMIC_RELAXED);

    return bandwidth / 1000 * migration_parameter_get(MIGRATION_PARAMETER_DOWNTIME_LIMIT);
}

/* ---- Phases ---- */

/* Capability pause-before-switchover: the guest stands still until the management says go. */
static bool wait_before_switchover(Migration *m)
{
    if (m->capabilities[MIGRATION_CAPABILITY_PAUSE_BEFORE_SWITCHOVER]) {
        migration_set_status(m, MIGRATION_STATUS_PRE_SWITCHOVER);
        device_unlock();
        mutex_lock(&m->lock);
        while (!m->out.may_continue && !cancelled(&m->out) && !m->out.path.ended) {
            cond_wait(&m->changed, &m->lock);
        }
        mutex_unlock(&m->lock);
        device_lock();
    }
    if (!is_over(m)) {
        migration_set_status(m, MIGRATION_STATUS_DEVICE);
    }
    return !is_over(m);
}

/* Whoever waits with the guest at rest lets the monitor in, which may reset the machine. */
static bool still_at_rest(Migration *m, GError **errp)
{
    if (m->out.refusal) {
        g_propagate_error(errp, g_steal_pointer(&m->out.refusal));
        return false;
    }
    if (!runstate_check(RUN_STATE_FINISH_MIGRATE)) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "the machine's state became '%s' before the switch-over",
                  runstate_name(runstate_get()));
        return false;
    }
    return true;
}

static bool give_up(Migration *m, GError **errp)
{
    if (errp && !*errp) {
        migration_return_explain(m, errp);
    }
    if (errp && !*errp) {
        error_set(errp, GOSSAMER_ERROR_FAILED, "migration was cancelled");
    }
    return false;
}

static bool never(void *opaque)
{
    return is_over(opaque);
}

/* The pages that are left. The guest stands still; device lock held, not meanwhile. */
static bool send_rest(Migration *m, StateSaver *saver, GError **errp)
{
    int result;

    device_unlock();
    state_saver_pending(saver, true);
    do {
        result = state_saver_iterate(saver, never, m, errp);
    } while (!result && !is_over(m));
    device_lock();
    return result >= 0 && !is_over(m);
}

/* The devices: nobody waits for the lock while the transport does not take them. */
static bool send_devices(Migration *m, StateSaver *saver, GError **errp)
{
    StateStream *s = m->out.stream;

    state_stream_hold(s, true);
    bool ok = state_saver_complete(saver, errp);
    state_stream_hold(s, false);
    device_unlock();
    state_stream_flush(s);
    device_lock();
    return ok && !state_stream_check(s, errp);
}

/* Postcopy was asked for, and what must go before fits into the downtime. */
static bool may_go_postcopy(Migration *m, StateSaver *saver)
{
    return __atomic_load_n(&m->out.start_postcopy, __ATOMIC_SEQ_CST) &&
           state_saver_pending_before_postcopy(saver) <= threshold(m);
}

/* The guest goes to the other side now, its memory later. Device lock held. */
static bool begin_postcopy(Migration *m, StateSaver *saver, GError **errp)
{
    StateStream *s = m->out.stream;

    state_stream_hold(s, true);
    bool ok = migration_postcopy_begin(m, saver, errp);
    state_stream_hold(s, false);
    device_unlock();
    if (ok) {
        state_stream_flush(s);
    }
    device_lock();
    if (!ok || state_stream_check(s, errp)) {
        return false;
    }
    __atomic_store_n(&m->out.in_postcopy, true, __ATOMIC_SEQ_CST);
    __atomic_store_n(&m->out.resumed, now_us(), __ATOMIC_RELAXED);
    return true;
}

/* What is left, while the guest runs there. No device lock. */
static bool send_postcopy(Migration *m, StateSaver *saver, GError **errp)
{
    int result = 0;

    migration_channel_set_timeout(m->out.channel, 0);
    while (!result && !migration_return_failed(m)) {
        result = state_saver_iterate(saver, round_over, m, errp);
        pace(m);
    }
    return result > 0 && state_saver_complete_postcopy(saver, errp) &&
           migration_return_confirm(m, errp);
}

/* On the stream and the channels beside it. */
static void set_timeout(Migration *m, int ms)
{
    migration_channel_set_timeout(m->out.channel, ms);
    if (m->out.multifd) {
        multifd_sender_set_timeout(m->out.multifd, ms);
    }
}

/* With a return path: the destination says that it has the machine. Device lock held, not
 * meanwhile. */
static bool confirm(Migration *m, GError **errp)
{
    if (!m->out.path.open) {
        return !cancelled(&m->out);
    }
    set_timeout(m, 0);
    mutex_lock(&m->lock);
    m->out.all_sent = true;
    mutex_unlock(&m->lock);
    device_unlock();
    bool ok = migration_return_confirm(m, errp);
    device_lock();
    return ok;
}

int64_t migration_time_since_stop_ns(void)
{
    Migration *m = migration_get();

    /* Of a migration before there is nothing to tell, nor to a snapshot. */
    if (!m || (migration_status(m) != MIGRATION_STATUS_DEVICE &&
               migration_status(m) != MIGRATION_STATUS_POSTCOPY_ACTIVE) ||
        !m->out.stopped || strcmp(m->global.runstate, "running")) {
        return 0;
    }
    return MAX(now_us() - m->out.stopped, 1) * 1000;
}

/* The guest stands still from here on. Device lock held. */
static bool complete(Migration *m, StateSaver *saver, GError **errp)
{
    OutgoingMigration *out = &m->out;
    GError *error = NULL;

    __atomic_store_n(&out->stopped, now_us(), __ATOMIC_RELAXED);
    uint64_t before = bytes_sent(m);
    __atomic_store_n(&out->precopy_bytes, before, __ATOMIC_RELAXED);
    RunState was = vm_stop_force_state(RUN_STATE_FINISH_MIGRATE);
    migration_note_runstate(was);
    if (migration_channel_is_two_way(out->channel)) {
        set_timeout(m, SILENCE_MS);
    }
    bool postcopy = may_go_postcopy(m, saver);
    bool ok = still_at_rest(m, &error) &&
              (postcopy || (wait_before_switchover(m) && still_at_rest(m, &error)));
    if (ok) {
        was = migration_wire_carry(m, was);
        ok = still_at_rest(m, &error) &&
             (postcopy ? begin_postcopy(m, saver, &error)
                       : send_rest(m, saver, &error) && still_at_rest(m, &error) &&
                             send_devices(m, saver, &error));
        migration_wire_undo(m);
        ok = ok && (postcopy || confirm(m, &error));
    }
    if (ok) {
        __atomic_store_n(&out->downtime_bytes, bytes_sent(m) - before, __ATOMIC_RELAXED);
        return true;
    }
    if (error) {
        g_propagate_error(errp, error);
    }
    give_up(m, errp);
    if (runstate_check(RUN_STATE_FINISH_MIGRATE)) {
        if (was == RUN_STATE_RUNNING) {
            vm_start();
        } else {
            vm_stop_force_state(was);
        }
    }
    return false;
}

/* Capability switchover-ack: the destination must have said that it can. */
static bool may_switch(Migration *m)
{
    return !m->capabilities[MIGRATION_CAPABILITY_SWITCHOVER_ACK] || migration_return_await_ack(m);
}

/* Bytes that go so fast that a round for them alone gains nothing. */
static uint64_t little_pending(Migration *m)
{
    return MAX(__atomic_load_n(&m->out.bandwidth, __ATOMIC_RELAXED) / 1000 * LITTLE_MS,
               64 * RAM_PAGE_SIZE);
}

/* Written pages have been collected. */
static void note_round(Migration *m)
{
    RAMStats stats;

    ram_state_stats(m->ram, &stats);
    migration_note_pass(m, (unsigned)stats.dirty_sync_count);
    migration_converge(m, bytes_sent(m), now_us());
}

static bool send_rounds(Migration *m, StateSaver *saver, GError **errp)
{
    OutgoingMigration *out = &m->out;
    uint64_t last = UINT64_MAX;
    bool guess = true;
    int64_t collected = now_us();

    out->window_start = now_us();
    out->window_bytes = bytes_sent(m);
    migration_converge(m, out->window_bytes, out->window_start);
    while (!is_over(m)) {
        uint64_t pending = state_saver_pending(saver, false), enough = threshold(m);
        if (may_go_postcopy(m, saver)) {
            return true;
        }
        /* With auto-converge also in the middle of a long round. */
        bool look = m->capabilities[MIGRATION_CAPABILITY_AUTO_CONVERGE] &&
                    now_us() - collected >= COLLECT_US;
        uint64_t little = MIN(enough, little_pending(m));
        if (pending <= little || look) {
            pending = state_saver_pending(saver, true);
            collected = now_us();
            note_round(m);
            /*
             * It would fit.  While each round leaves less than half of the last one, one more makes
             * the downtime shorter.  A first look at speed is wanted before it decides anything.
             */
            bool fits = pending <= enough && (pending <= little || pending > last / 2);
            if ((fits || (!pending && guess)) && may_switch(m)) {
                return true;
            }
            last = look ? last : pending;
        }
        guess = false;
        uint64_t bandwidth = __atomic_load_n(&out->bandwidth, __ATOMIC_RELAXED);
        int64_t expected =
            bandwidth ? (int64_t)(pending * 1000 / bandwidth)
                      : (int64_t)migration_parameter_get(MIGRATION_PARAMETER_DOWNTIME_LIMIT);
        __atomic_store_n(&out->expected_downtime_ms, expected, __ATOMIC_RELAXED);
        int64_t start = now_us();
        uint64_t before = bytes_sent(m);
        if (state_saver_iterate(saver, round_over, m, errp) < 0) {
            return false;
        }
        pace(m);
        measure(m, bytes_sent(m) - before, now_us() - start);
    }
    return give_up(m, errp);
}

/* Asks the destination to talk back. */
static bool open_return_path(Migration *m, GError **errp)
{
    OutgoingMigration *out = &m->out;

    bool postcopy = m->capabilities[MIGRATION_CAPABILITY_POSTCOPY_RAM];

    if (!m->capabilities[MIGRATION_CAPABILITY_RETURN_PATH] && !postcopy) {
        return true;
    }
    if (!migration_channel_is_two_way(out->channel)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Unable to open return-path: capability 'return-path' "
                  "needs a socket (tcp:, unix:, or fd: of one)");
        return false;
    }
    migration_return_start(m);
    state_put_command(out->stream, STATE_COMMAND_OPEN_RETURN_PATH, NULL, 0);
    state_put_ping(out->stream, 1);
    if (state_registry_wire(runtime_state_registry()) == VMSTATE_WIRE_OWN) {
        state_put_ping(out->stream, HANDOVER_PING);
    }
    if (postcopy) {
        uint64_t sizes[] = {cpu_to_be64(ram_state_page_sizes(m->ram)), cpu_to_be64(RAM_PAGE_SIZE)};
        state_put_command(out->stream, STATE_COMMAND_POSTCOPY_ADVISE, sizes, sizeof(sizes));
    }
    return true;
}

/* Capability background-snapshot: the machine as it is now; the guest goes on here. */
static bool send_background(Migration *m, StateSaver *saver, GError **errp)
{
    OutgoingMigration *out = &m->out;
    gsize size;
    int result = 0;

    device_lock();
    __atomic_store_n(&out->stopped, now_us(), __ATOMIC_RELAXED);
    g_autoptr(GBytes) devices = migration_background_begin(m, saver, errp);
    __atomic_store_n(&out->resumed, now_us(), __ATOMIC_RELAXED);
    device_unlock();
    if (!devices) {
        return false;
    }
    out->window_start = now_us();
    out->window_bytes = bytes_sent(m);
    while (!result && !is_over(m)) {
        int64_t start = now_us();
        uint64_t before = bytes_sent(m);
        result = state_saver_iterate(saver, round_over, m, errp);
        pace(m);
        measure(m, bytes_sent(m) - before, now_us() - start);
    }
    const void *data = g_bytes_get_data(devices, &size);
    return result > 0 && !is_over(m) ? state_saver_complete_frozen(saver, data, size, errp)
                                     : give_up(m, errp);
}

static bool send_machine(Migration *m, GError **errp)
{
    OutgoingMigration *out = &m->out;
    StateRegistry *registry = runtime_state_registry();
    VMStateWire wire = (VMStateWire)migration_parameter_get(MIGRATION_PARAMETER_X_WIRE);
    bool background = m->capabilities[MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT];

    device_lock();
    state_registry_set_wire(registry, wire);
    out->config = migration_stream_config(m);
    RAMSaveOptions options = migration_save_options(m);
    ram_state_set_save_options(m->ram, &options);
    StateSaver *saver = state_saver_new(registry, out->stream, &out->config);
    bool ok = state_saver_header(saver, errp) && open_return_path(m, errp) &&
              state_saver_setup(saver, errp);
    device_unlock();
    if (ok) {
        __atomic_store_n(&out->set_up, now_us(), __ATOMIC_RELAXED);
        migration_set_status(m, MIGRATION_STATUS_ACTIVE);
        ok = background ? send_background(m, saver, errp) : send_rounds(m, saver, errp);
    }
    device_lock();
    ok = ok && (background || complete(m, saver, errp));
    if (ok && out->in_postcopy) {
        device_unlock();
        ok = send_postcopy(m, saver, errp);
        device_lock();
    }
    state_saver_free(saver);
    state_registry_set_wire(registry, VMSTATE_WIRE_OWN);
    migration_converge_end(m);
    ram_state_set_save_options(m->ram, NULL);
    if (ok || out->in_postcopy) {
        __atomic_store_n(&out->transferred, bytes_sent(m), __ATOMIC_RELAXED);
        if (runstate_check(RUN_STATE_FINISH_MIGRATE)) {
            runstate_set(RUN_STATE_POSTMIGRATE);
        }
    }
    device_unlock();
    return ok;
}

static void end(Migration *m, GError *error)
{
    OutgoingMigration *out = &m->out;

    __atomic_store_n(&out->ended, now_us(), __ATOMIC_RELAXED);
    /* Monitors read the last error with the lock held. */
    device_lock();
    if (!error) {
        migration_set_status(m, MIGRATION_STATUS_COMPLETED);
    } else if (cancelled(out)) {
        g_error_free(error);
        migration_set_status(m, MIGRATION_STATUS_CANCELLED);
    } else {
        migration_fail(m, error);
    }
    device_unlock();
}

/* A cancel sees the channel already while it connects. */
static bool connect(Migration *m, MigrationChannel *channel, GError **errp)
{
    mutex_lock(&m->lock);
    m->out.channel = channel;
    mutex_unlock(&m->lock);
    if (cancelled(&m->out)) {
        return give_up(m, errp);
    }
    return migration_channel_connect(channel, m->out.address, true, errp);
}

static void join(void *opaque)
{
    Migration *m = opaque;

    if (m->out.thread) {
        thread_join(m->out.thread);
        m->out.thread = NULL;
    }
}

static void *send_thread(void *opaque)
{
    Migration *m = opaque;
    OutgoingMigration *out = &m->out;
    MigrationChannel *channel = migration_channel_new();
    GError *error = NULL;
    bool ok = connect(m, channel, &error);

    if (ok) {
        device_lock();
        ok = migration_secure_channel(m, channel, true, &error);
        device_unlock();
        /* A cancel ends the wait. */
        ok = ok && migration_channel_handshake(channel, &error);
    }
    if (ok && migration_wants_channels(m)) {
        MultifdSender *multifd = migration_connect_channels(m, &error);
        mutex_lock(&m->lock);
        out->multifd = multifd;
        mutex_unlock(&m->lock);
        ok = multifd != NULL;
    }
    if (ok) {
        out->stream = migration_channel_stream(channel, true);
        ok = send_machine(m, &error);
        if (!ok) {
            migration_return_prefer(m, &error);
            give_up(m, &error);
        }
        migration_return_end(m);
        state_stream_free(out->stream);
        out->stream = NULL;
    }
    mutex_lock(&m->lock);
    out->channel = NULL;
    MultifdSender *multifd = g_steal_pointer(&out->multifd);
    mutex_unlock(&m->lock);
    if (multifd) {
        if (!ok) {
            multifd_sender_shutdown(multifd);
        }
        multifd_sender_free(multifd);
    }
    if (!migration_channel_close(channel, ok && !out->path.open ? &error : NULL) && ok &&
        !out->path.open) {
        /* All was written, but the command that took it says it failed: the guest stays here. */
        device_lock();
        if (runstate_check(RUN_STATE_POSTMIGRATE) && !strcmp(m->global.runstate, "running")) {
            vm_start();
        }
        device_unlock();
    }
    end(m, error);
    run_on_main(join, m);
    return NULL;
}

void migration_refuse(GError *error)
{
    OutgoingMigration *out = &migration_get()->out;

    g_clear_error(&out->refusal);
    out->refusal = error;
}

/* ---- Commands ---- */

bool migration_start(const char *uri, GError **errp)
{
    Migration *m = migration_get();
    OutgoingMigration *out = &m->out;

    if (migration_status_is_busy(migration_status(m)) || out->thread) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "There's a migration process in progress");
        return false;
    }
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Guest is waiting for an incoming migration");
        return false;
    }
    if (runstate_check(RUN_STATE_POSTMIGRATE)) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "Can't migrate the vm that was paused due to previous migration");
        return false;
    }
    if (!migration_is_possible(errp)) {
        return false;
    }
    MigrationAddress *address = migration_address_parse(uri, errp);
    if (!address) {
        return false;
    }
    if (!migration_check_transport(m, address, true, errp)) {
        migration_address_free(address);
        return false;
    }
    g_clear_pointer(&out->address, migration_address_free);
    g_clear_error(&out->refusal);
    *out = (OutgoingMigration){.address = address, .started = now_us()};
    mutex_lock(&m->lock);
    g_clear_pointer(&m->error, g_free);
    g_clear_pointer(&m->lost, g_free);
    mutex_unlock(&m->lock);
    migration_set_status(m, MIGRATION_STATUS_SETUP);
    out->thread = thread_create("migration", send_thread, m);
    return true;
}

void migration_cancel(void)
{
    Migration *m = migration_get();
    OutgoingMigration *out = &m->out;

    /* In postcopy there is no way back. */
    if (!out->thread || !migration_status_is_busy(migration_status(m)) ||
        migration_status(m) == MIGRATION_STATUS_POSTCOPY_ACTIVE) {
        return;
    }
    __atomic_store_n(&out->cancel, true, __ATOMIC_SEQ_CST);
    migration_set_status(m, MIGRATION_STATUS_CANCELLING);
    mutex_lock(&m->lock);
    if (out->channel && !out->all_sent) {
        migration_channel_shutdown(out->channel);
        if (out->connecting) {
            migration_channel_shutdown(out->connecting);
        }
        if (out->multifd) {
            multifd_sender_shutdown(out->multifd);
        }
    }
    cond_broadcast(&m->changed);
    mutex_unlock(&m->lock);
}

/* The guest runs on the other side and needs what is here: it gets it, while it goes on taking it.
 */
static void await_postcopy(Migration *m)
{
    OutgoingMigration *out = &m->out;
    uint64_t before = 0;
    int64_t since = now_us();

    warn_report("the guest's memory is not all on the other side yet: the end waits for it");
    while (migration_status(m) == MIGRATION_STATUS_POSTCOPY_ACTIVE) {
        uint64_t sent = __atomic_load_n(&out->transferred, __ATOMIC_RELAXED);
        if (sent != before) {
            before = sent;
            since = now_us();
        }
        if (now_us() - since >= SILENCE_MS * 1000) {
            mutex_lock(&m->lock);
            if (out->channel) {
                migration_channel_shutdown(out->channel);
            }
            mutex_unlock(&m->lock);
            break;
        }
        g_usleep(20000);
    }
}

void migration_shutdown(void)
{
    Migration *m = migration_get();

    migration_cancel();
    if (m->out.thread) {
        device_unlock();
        if (migration_status(m) == MIGRATION_STATUS_POSTCOPY_ACTIVE) {
            await_postcopy(m);
        }
        thread_join(m->out.thread);
        device_lock();
        m->out.thread = NULL;
    }
    migration_incoming_shutdown(m);
}

bool migration_continue(GError **errp)
{
    Migration *m = migration_get();

    if (migration_status(m) != MIGRATION_STATUS_PRE_SWITCHOVER) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Migration not in expected state: %s",
                  migration_status_name(migration_status(m)));
        return false;
    }
    mutex_lock(&m->lock);
    m->out.may_continue = true;
    cond_broadcast(&m->changed);
    mutex_unlock(&m->lock);
    return true;
}

static int64_t atomic_get(const int64_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

void migration_info(MigrationInfo *info)
{
    Migration *m = migration_get();
    const OutgoingMigration *out = &m->out;
    int64_t started = atomic_get(&out->started), set_up = atomic_get(&out->set_up);
    int64_t stopped = atomic_get(&out->stopped), ended = atomic_get(&out->ended);

    *info = (MigrationInfo){
        .status = migration_status(m), .incoming = m->in.expected, .has_ram = set_up != 0};
    mutex_lock(&m->lock);
    info->error = m->error;
    info->lost = m->lost;
    mutex_unlock(&m->lock);
    if (!started) {
        return;
    }
    int64_t until = ended ? ended : now_us();
    info->total_ms = (until - started) / 1000;
    info->setup_ms = set_up ? (set_up - started) / 1000 : 0;
    int64_t resumed = atomic_get(&out->resumed);
    info->downtime_ms = stopped ? ((resumed ? resumed : until) - stopped + 500) / 1000 : 0;
    info->expected_downtime_ms = atomic_get(&out->expected_downtime_ms);
    info->transferred = __atomic_load_n(&out->transferred, __ATOMIC_RELAXED);
    uint64_t bandwidth = __atomic_load_n(&out->bandwidth, __ATOMIC_RELAXED);
    if (ended && until > MAX(set_up, started)) {
        bandwidth = info->transferred * 1000000 / (uint64_t)(until - MAX(set_up, started));
    }
    info->mbps = (double)bandwidth * 8 / 1e6;
    info->pages_per_second = bandwidth / RAM_PAGE_SIZE;
    info->precopy_bytes =
        stopped ? __atomic_load_n(&out->precopy_bytes, __ATOMIC_RELAXED) : info->transferred;
    info->downtime_bytes = __atomic_load_n(&out->downtime_bytes, __ATOMIC_RELAXED);
    info->throttle_percent = __atomic_load_n(&out->throttle, __ATOMIC_RELAXED);
    ram_state_stats(m->ram, &info->ram);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source's end of the return path: what the destination says while it receives.
 *
 * A stream that was written has not been loaded yet.  With capability return-path the migration is
 * complete when the destination has said so; until then the guest is ours and goes on here if it
 * does not.
 *
 * Between two of our kind the guest is handed over: the destination runs it only when it has read
 * STATE_COMMAND_HANDOVER, which is sent after its word that all is loaded.  So before that command
 * this side may take the guest back whatever happens to the connection, and after it never.
 */
#include "migration-internal.h"
#include "util/error.h"

#define CONFIRM_MS 30000   /* for a destination that knows the handover to load the rest */
#define LAST_WORD_MS 300   /* for a destination that closed to have said why */
#define REGRET_MS  2000    /* after a cancel, for one that may be running the guest already */

static void note_message(Migration *m, const ReturnMessage *message)
{
    ReturnPath *path = &m->out.path;

    switch (message->kind) {
    case RETURN_SHUT:
        path->shut = true;
        path->shut_value = message->value;
        break;
    case RETURN_PONG:
        path->handover |= message->value == HANDOVER_REPLY;
        break;
    case RETURN_SWITCHOVER_ACK:
        path->acknowledged = true;
        break;
    default:
        break;
    }
}

static void *return_thread(void *opaque)
{
    Migration *m = opaque;
    ReturnPath *path = &m->out.path;
    StateStream *s = migration_channel_stream(m->out.channel, false);
    GError *error = NULL;
    ReturnMessage message;

    while (!path->shut && return_message_read(s, &message, &error) > 0) {
        if ((message.kind == RETURN_REQUEST_PAGES || message.kind == RETURN_REQUEST_PAGES_ID) &&
            !migration_pages_requested(m, &message, &error)) {
            break;
        }
        mutex_lock(&m->lock);
        note_message(m, &message);
        cond_broadcast(&m->changed);
        mutex_unlock(&m->lock);
    }
    mutex_lock(&m->lock);
    path->ended = true;
    path->error = error;
    cond_broadcast(&m->changed);
    mutex_unlock(&m->lock);
    state_stream_free(s);
    return NULL;
}

void migration_return_start(Migration *m)
{
    m->out.path.open = true;
    m->out.path.thread = thread_create("migration-back", return_thread, m);
}

void migration_return_end(Migration *m)
{
    ReturnPath *path = &m->out.path;

    if (path->thread) {
        migration_channel_shutdown(m->out.channel);
        thread_join(path->thread);
        path->thread = NULL;
    }
    g_clear_error(&path->error);
}

/* Lock held. */
static bool has_failed(const ReturnPath *path)
{
    return path->ended && !(path->shut && !path->shut_value);
}

bool migration_return_failed(Migration *m)
{
    mutex_lock(&m->lock);
    bool failed = has_failed(&m->out.path);
    mutex_unlock(&m->lock);
    return failed;
}

/* Lock held. */
static void say_why(const ReturnPath *path, GError **errp)
{
    if (path->shut) {
        error_set(errp, GOSSAMER_ERROR_FAILED,
                  "the destination could not load the machine (its status: %u)", path->shut_value);
    } else if (path->error) {
        error_set(errp, GOSSAMER_ERROR_IO, "return path: %s", path->error->message);
    } else {
        error_set(errp, GOSSAMER_ERROR_IO,
                  "the destination closed the connection before it had the machine");
    }
}

void migration_return_explain(Migration *m, GError **errp)
{
    mutex_lock(&m->lock);
    if (has_failed(&m->out.path)) {
        say_why(&m->out.path, errp);
    }
    mutex_unlock(&m->lock);
}

void migration_return_prefer(Migration *m, GError **errp)
{
    ReturnPath *path = &m->out.path;
    int64_t deadline = g_get_monotonic_time() + LAST_WORD_MS * 1000;

    if (!path->open || __atomic_load_n(&m->out.cancel, __ATOMIC_SEQ_CST)) {
        return;
    }
    mutex_lock(&m->lock);
    for (int64_t now; !path->ended && (now = g_get_monotonic_time()) < deadline;) {
        cond_wait_timeout(&m->changed, &m->lock, (deadline - now) * 1000);
    }
    if (path->shut && path->shut_value) {
        g_clear_error(errp);
        say_why(path, errp);
    }
    mutex_unlock(&m->lock);
}

bool migration_return_await_ack(Migration *m)
{
    ReturnPath *path = &m->out.path;

    mutex_lock(&m->lock);
    bool acknowledged = path->acknowledged || !path->open;
    mutex_unlock(&m->lock);
    return acknowledged;
}

/* The destination has loaded all, and says so; or errp. ends_with_command: it waits for the
 * handover. */
static bool await_word(Migration *m, bool *ends_with_command, GError **errp)
{
    OutgoingMigration *out = &m->out;
    ReturnPath *path = &out->path;
    bool regretted = false, ok = false;

    mutex_lock(&m->lock);
    bool handover = path->handover && !out->in_postcopy;
    int64_t deadline = handover ? g_get_monotonic_time() + CONFIRM_MS * 1000 : 0;
    while (!path->ended) {
        int64_t now = g_get_monotonic_time();
        if (__atomic_load_n(&out->cancel, __ATOMIC_SEQ_CST) && !regretted) {
            regretted = true;
            deadline = now + (handover ? 0 : REGRET_MS * 1000);
        }
        if (deadline && now >= deadline) {
            break;
        }
        if (deadline) {
            cond_wait_timeout(&m->changed, &m->lock, (deadline - now) * 1000);
        } else {
            cond_wait(&m->changed, &m->lock);
        }
    }
    if (path->shut && !path->shut_value) {
        ok = true;
    } else if (path->ended) {
        say_why(path, errp);
    } else if (!regretted) {
        error_set(errp, GOSSAMER_ERROR_IO, "the destination has not confirmed within %d s",
                  CONFIRM_MS / 1000);
    }
    *ends_with_command = handover;
    mutex_unlock(&m->lock);
    return ok;
}

bool migration_return_confirm(Migration *m, GError **errp)
{
    OutgoingMigration *out = &m->out;

    bool handover;

    if (!await_word(m, &handover, errp)) {
        return false;
    }
    if (handover) {
        if (__atomic_load_n(&out->cancel, __ATOMIC_SEQ_CST)) {
            return false;
        }
        state_put_command(out->stream, STATE_COMMAND_HANDOVER, NULL, 0);
        return !state_stream_check(out->stream, errp);
    }
    return true;
}

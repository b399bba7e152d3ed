/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Postcopy: the guest runs on the destination while its memory still comes.
 *
 * The source stops the guest, says which pages are out of date there, and sends the devices in one
 * package that ends with "run".  Then it sends what is left, pages that are asked for first.  From
 * "run" on the guest needs both sides: neither can go on without the other.
 */
#include <stdlib.h>
#include <string.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "util/bswap.h"
#include "util/error.h"

/* ---- Source ---- */

bool migration_pages_requested(Migration *m, const ReturnMessage *message, GError **errp)
{
    bool ok =
        ram_state_request(m->ram, message->kind == RETURN_REQUEST_PAGES_ID ? message->block : NULL,
                          message->start, message->length, errp);

    mutex_lock(&m->lock);
    cond_broadcast(&m->changed);
    mutex_unlock(&m->lock);
    return ok;
}

static bool put_discard(void *opaque, const char *block, uint64_t start, uint64_t length)
{
    StateStream *s = opaque;
    size_t name = strlen(block);
    uint8_t data[2 + 255 + 1 + 16] = {0, (uint8_t)name};

    memcpy(data + 2, block, name);
    stq_be_p(data + 3 + name, start);
    stq_be_p(data + 11 + name, length);
    state_put_command(s, STATE_COMMAND_POSTCOPY_DISCARD, data, (uint16_t)(19 + name));
    return !state_stream_has_error(s);
}

static bool put_package(Migration *m, StateSaver *saver, GError **errp)
{
    StateStream *package = state_stream_new_writer();

    state_put_command(package, STATE_COMMAND_POSTCOPY_LISTEN, NULL, 0);
    bool ok = state_saver_put_devices(saver, package, errp);
    state_put_ping(package, 3);
    state_put_command(package, STATE_COMMAND_POSTCOPY_RUN, NULL, 0);
    ok = ok && !state_stream_check(package, errp);
    g_autoptr(GBytes) bytes = state_stream_take_bytes(package);
    state_stream_free(package);
    if (!ok) {
        return false;
    }
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    if (size > STATE_PACKAGE_MAX) {
        /* The other side would refuse it; here the guest can go on. */
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "the devices' state has %" G_GSIZE_FORMAT " bytes, too many "
                  "for postcopy",
                  size);
        return false;
    }
    uint32_t length = cpu_to_be32((uint32_t)size);
    state_put_command(m->out.stream, STATE_COMMAND_PACKAGED, &length, sizeof(length));
    state_put_buffer(m->out.stream, data, size);
    return !state_stream_check(m->out.stream, errp);
}

bool migration_postcopy_begin(Migration *m, StateSaver *saver, GError **errp)
{
    OutgoingMigration *out = &m->out;

    migration_set_status(m, MIGRATION_STATUS_POSTCOPY_ACTIVE);
    if (!state_saver_complete_before_postcopy(saver, errp) ||
        !ram_state_begin_postcopy(m->ram, put_discard, out->stream, errp)) {
        return false;
    }
    state_put_ping(out->stream, 2);
    return put_package(m, saver, errp);
}

bool migration_start_postcopy(GError **errp)
{
    Migration *m = migration_get();
    MigrationStatus status = migration_status(m);

    if (!m->capabilities[MIGRATION_CAPABILITY_POSTCOPY_RAM]) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "Enable postcopy with migrate_set_capability before the start of migration");
        return false;
    }
    if (!m->out.thread || status == MIGRATION_STATUS_NONE) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "Postcopy must be started after migration has been started");
        return false;
    }
    mutex_lock(&m->lock);
    __atomic_store_n(&m->out.start_postcopy, true, __ATOMIC_SEQ_CST);
    cond_broadcast(&m->changed);
    mutex_unlock(&m->lock);
    return true;
}

/* ---- Destination ---- */

static bool advised(Migration *m, const uint8_t *data, uint16_t size, GError **errp)
{
    IncomingMigration *in = &m->in;

    if (!size) {
        /* Nothing but dirty bitmaps would come so. */
        return true;
    }
    if (!m->capabilities[MIGRATION_CAPABILITY_POSTCOPY_RAM]) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "capability postcopy-ram is on at the source, but not here");
        return false;
    }
    if (size != 16 || in->postcopy_advised) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "postcopy is announced twice, or in %u bytes", size);
        return false;
    }
    uint64_t sizes = ldq_be_p(data), page = ldq_be_p(data + 8);
    if (sizes != ram_state_page_sizes(m->ram) || page != RAM_PAGE_SIZE) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "the source's memory is of other pages: 0x%" G_GINT64_MODIFIER "x, "
                  "here 0x%" G_GINT64_MODIFIER "x",
                  sizes, ram_state_page_sizes(m->ram));
        return false;
    }
    in->postcopy_advised = true;
    return ram_state_prepare_postcopy(m->ram, errp);
}

static bool discarded(Migration *m, const uint8_t *data, uint16_t size, GError **errp)
{
    unsigned name = size > 2 ? data[1] : 0;
    char block[256] = "";

    if (!m->in.postcopy_advised || m->in.tail || size < 3 + name || data[0] || data[2 + name] ||
        (size - 3 - name) % 16) {
        error_set(errp, GOSSAMER_ERROR_STREAM,
                  "a list of pages to drop is damaged or comes at a wrong time");
        return false;
    }
    memcpy(block, data + 2, name);
    for (const uint8_t *p = data + 3 + name; p < data + size; p += 16) {
        if (!ram_state_discard(m->ram, block, ldq_be_p(p), ldq_be_p(p + 8), errp)) {
            return false;
        }
    }
    return true;
}

bool migration_postcopy_command(Migration *m, uint16_t number, const uint8_t *data, uint16_t size,
                                GError **errp)
{
    switch (number) {
    case STATE_COMMAND_POSTCOPY_ADVISE:
        return advised(m, data, size, errp);
    case STATE_COMMAND_POSTCOPY_DISCARD:
        return discarded(m, data, size, errp);
    case STATE_COMMAND_SWITCHOVER_START:
        /* For devices that load on threads of their own: none here. */
        if (!size) {
            return true;
        }
        break;
    case STATE_COMMAND_POSTCOPY_RUN:
        if (m->in.tail) {
            return true;
        }
        break;
    default:
        break;
    }
    error_set(errp, GOSSAMER_ERROR_STREAM, "command %u is not known here, or comes at a wrong time",
              number);
    return false;
}

/* The fault thread: somebody waits for this page. */
static bool request_page(void *opaque, const RAMRegion *region, uint64_t offset)
{
    Migration *m = opaque;
    ReturnMessage message = {
        .kind = RETURN_REQUEST_PAGES_ID, .start = offset, .length = RAM_PAGE_SIZE};

    g_strlcpy(message.block, region->name, sizeof(message.block));
    return migration_say_back(&m->in, &message, NULL);
}

static void *tail_thread(void *opaque)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;
    g_autoptr(GError) error = NULL;

    if (!state_load_tail(in->tail, &error)) {
        migration_say_back(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 1}, NULL);
        /* vCPUs and devices may sleep for pages that will never come: they cannot even be stopped.
         */
        error_report("load of migration failed in postcopy, the guest cannot go on: %s",
                     error->message);
        exit(1);
    }
    /* Whoever loads the devices may still wait for a page that has come. */
    mutex_lock(&m->lock);
    while (!in->loaded) {
        cond_wait(&m->changed, &m->lock);
    }
    mutex_unlock(&m->lock);
    ram_state_end_postcopy(m->ram);
    migration_say_back(in, &(ReturnMessage){.kind = RETURN_SHUT, .value = 0}, NULL);
    run_on_main(migration_incoming_finish, m);
    return NULL;
}

bool migration_postcopy_listen(void *opaque, struct StateTail *tail, GError **errp)
{
    Migration *m = opaque;
    IncomingMigration *in = &m->in;

    if (!in->postcopy_advised || !in->back || in->tail) {
        state_tail_free(tail);
        error_set(errp, GOSSAMER_ERROR_STREAM, "postcopy begins without a word before, or twice");
        return false;
    }
    if (!ram_state_listen(m->ram, request_page, m, errp)) {
        state_tail_free(tail);
        return false;
    }
    in->tail = tail;
    migration_set_status(m, MIGRATION_STATUS_POSTCOPY_ACTIVE);
    in->tail_thread = thread_create("postcopy-in", tail_thread, m);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What capabilities and parameters mean for channels and pages, on both sides.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "migration-internal.h"
#include "system/lock.h"
#include "migration/wire.h"
#include "util/error.h"

/* Machines up to this version take the end of each section for the channels' SYNC, later ones a
 * flag of RAM. */
#define LAST_WITH_SYNC_EACH_SECTION 800

/* 702 for "pseries-7.2"; 0 for a machine without a version. */
static unsigned machine_version(const Migration *m)
{
    const char *dash = m->machine ? strchr(m->machine, '-') : NULL;
    unsigned major, minor;

    return dash && sscanf(dash + 1, "%u.%u", &major, &minor) == 2 ? major * 100 + minor : 0;
}

static bool is_file(const MigrationAddress *a)
{
    struct stat st;

    return a->transport == MIGRATION_FILE ||
           (a->transport == MIGRATION_FD && !fstat(a->fd, &st) && S_ISREG(st.st_mode));
}

bool migration_wants_channels(const Migration *m)
{
    return m->capabilities[MIGRATION_CAPABILITY_MULTIFD] &&
           !m->capabilities[MIGRATION_CAPABILITY_MAPPED_RAM];
}

bool migration_wants_tls(void)
{
    g_autofree char *id = migration_parameter_text(MIGRATION_PARAMETER_TLS_CREDS);

    return *id;
}

static TlsCredentials *find_credentials(Migration *m, bool sending, GError **errp)
{
    g_autofree char *id = migration_parameter_text(MIGRATION_PARAMETER_TLS_CREDS);
    g_autofree char *authz = migration_parameter_text(MIGRATION_PARAMETER_TLS_AUTHZ);
    TlsCredentials *found = NULL;

    if (*authz) {
        /* Nobody may come in because we cannot tell. */
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "tls-authz: there is no authorization object '%s'", authz);
    } else if (m->tls_lookup) {
        found = m->tls_lookup(id, errp);
    } else {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "No TLS credentials with id '%s'", id);
    }
    if (found && found->server == sending) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Expected TLS credentials for a %s endpoint",
                  sending ? "client" : "server");
        g_clear_pointer(&found, tls_credentials_free);
    }
    return found;
}

bool migration_secure_channel(Migration *m, MigrationChannel *channel, bool sending, GError **errp)
{
    const MigrationAddress *address = sending ? m->out.address : NULL;
    g_autofree char *hostname = migration_parameter_text(MIGRATION_PARAMETER_TLS_HOSTNAME);

    if (!migration_wants_tls()) {
        return true;
    }
    if (!migration_channel_is_two_way(channel)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "TLS needs a socket");
        return false;
    }
    TlsCredentials *credentials = find_credentials(m, sending, errp);
    if (!credentials) {
        return false;
    }
    const char *host = *hostname ? hostname
                       : address && address->transport == MIGRATION_TCP ? address->path
                                                                        : NULL;
    bool ok = true;
    if (sending && !credentials->psk && !host) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "TLS: set tls-hostname, which the destination's certificate is for");
        ok = false;
    }
    ok = ok && migration_channel_set_tls(channel, credentials, host, errp);
    tls_credentials_free(credentials);
    return ok;
}

bool migration_check_transport(Migration *m, const MigrationAddress *a, bool sending, GError **errp)
{
    if (migration_wants_tls()) {
        if (a->transport == MIGRATION_FILE || a->transport == MIGRATION_EXEC) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "TLS needs a socket");
            return false;
        }
        TlsCredentials *credentials = find_credentials(m, sending, errp);
        if (!credentials) {
            return false;
        }
        tls_credentials_free(credentials);
    }
    if (sending && m->capabilities[MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] &&
        migration_parameter_get(MIGRATION_PARAMETER_X_WIRE) != VMSTATE_WIRE_OWN) {
        /* The guest could not run on until there is nothing to lose. */
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "background-snapshot needs x-wire=own");
        return false;
    }
    if (m->capabilities[MIGRATION_CAPABILITY_MAPPED_RAM] && !is_file(a)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Migration requires seekable transport (e.g. file)");
        return false;
    }
    if (migration_wants_channels(m) && a->transport != MIGRATION_TCP &&
        a->transport != MIGRATION_UNIX) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "Migration requires multi-channel URIs (e.g. tcp)");
        return false;
    }
    return true;
}

void migration_multifd_config(Migration *m, MultifdConfig *config)
{
    *config = (MultifdConfig){
        .channels = (unsigned)migration_parameter_get(MIGRATION_PARAMETER_MULTIFD_CHANNELS),
        .compression =
            (MultifdCompression)migration_parameter_get(MIGRATION_PARAMETER_MULTIFD_COMPRESSION),
        .zero_pages = migration_parameter_get(MIGRATION_PARAMETER_ZERO_PAGE_DETECTION) ==
                      ZERO_PAGE_DETECTION_MULTIFD,
    };
    config->level = (int)migration_parameter_get(config->compression == MULTIFD_COMPRESSION_ZLIB
                                                     ? MIGRATION_PARAMETER_MULTIFD_ZLIB_LEVEL
                                                     : MIGRATION_PARAMETER_MULTIFD_ZSTD_LEVEL);
    memcpy(config->uuid, m->uuid, sizeof(config->uuid));
}

RAMSaveOptions migration_save_options(Migration *m)
{
    ZeroPageDetection zero =
        (ZeroPageDetection)migration_parameter_get(MIGRATION_PARAMETER_ZERO_PAGE_DETECTION);

    return (RAMSaveOptions){
        .no_zero_pages = zero == ZERO_PAGE_DETECTION_NONE,
        .xbzrle = m->capabilities[MIGRATION_CAPABILITY_XBZRLE],
        .xbzrle_cache_size = migration_parameter_get(MIGRATION_PARAMETER_XBZRLE_CACHE_SIZE),
        .multifd = m->out.multifd,
        .multifd_zero_pages = zero == ZERO_PAGE_DETECTION_MULTIFD,
        .sync_each_section =
            migration_wants_channels(m) && machine_version(m) <= LAST_WITH_SYNC_EACH_SECTION,
        .mapped = m->capabilities[MIGRATION_CAPABILITY_MAPPED_RAM],
    };
}

RAMLoadOptions migration_load_options(Migration *m)
{
    return (RAMLoadOptions){
        .xbzrle = m->capabilities[MIGRATION_CAPABILITY_XBZRLE],
        .multifd = m->in.multifd,
        .sync_each_section =
            migration_wants_channels(m) && machine_version(m) <= LAST_WITH_SYNC_EACH_SECTION,
        .mapped = m->capabilities[MIGRATION_CAPABILITY_MAPPED_RAM],
    };
}

SavevmConfig migration_stream_config(Migration *m)
{
    static const char *const mapped[] = {"mapped-ram", NULL};
    SavevmConfig config = m->config;

    if (m->capabilities[MIGRATION_CAPABILITY_MAPPED_RAM]) {
        config.capabilities = mapped;
    }
    return config;
}

static void close_channel(gpointer channel)
{
    migration_channel_close(channel, NULL);
}

/* A cancel finds the channel while it connects and greets. */
static bool connect_one(Migration *m, MigrationChannel *channel, GError **errp)
{
    mutex_lock(&m->lock);
    m->out.connecting = channel;
    bool cancelled = __atomic_load_n(&m->out.cancel, __ATOMIC_SEQ_CST);
    mutex_unlock(&m->lock);
    if (cancelled) {
        error_set(errp, GOSSAMER_ERROR_FAILED, "migration was cancelled");
    }
    bool ok = !cancelled && migration_channel_connect(channel, m->out.address, true, errp);
    if (ok) {
        device_lock();
        ok = migration_secure_channel(m, channel, true, errp);
        device_unlock();
    }
    ok = ok && migration_channel_handshake(channel, errp);
    mutex_lock(&m->lock);
    m->out.connecting = NULL;
    mutex_unlock(&m->lock);
    return ok;
}

MultifdSender *migration_connect_channels(Migration *m, GError **errp)
{
    g_autoptr(GPtrArray) channels = g_ptr_array_new_with_free_func(close_channel);
    MultifdConfig config;

    migration_multifd_config(m, &config);
    for (unsigned i = 0; i < config.channels; i++) {
        MigrationChannel *channel = migration_channel_new();
        g_ptr_array_add(channels, channel);
        if (!connect_one(m, channel, errp)) {
            error_prepend(errp, "multifd channel %u: ", i);
            return NULL;
        }
    }
    g_ptr_array_set_free_func(channels, NULL);
    return multifd_sender_new(&config, channels, errp);
}

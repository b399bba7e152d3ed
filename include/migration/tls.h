/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS on a migration's channels, through GnuTLS.
 *
 * Files in the credentials' folder are named as QEMU's tools name them: ca-cert.pem, ca-crl.pem,
 * {client,server}-{cert,key}.pem; keys.psk.
 */
#ifndef MIGRATION_TLS_H
#define MIGRATION_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <glib.h>

typedef struct TlsCredentials {
    bool psk;             /* else X.509 */
    bool server, verify_peer;
    char *dir, *priority; /* priority NULL: GnuTLS' own choice */
    char *username;       /* PSK */
} TlsCredentials;
void tls_credentials_free(TlsCredentials *credentials);

typedef struct TlsSession TlsSession;
/*
 * A session on fd, which does not block.  wait() returns when fd is ready for events (poll's), or
 * false with errp.  hostname (client with X.509): what the server's certificate must be for.  The
 * handshake comes with the first read or write, or when it is asked for.
 */
TlsSession *tls_session_new(const TlsCredentials *credentials, const char *hostname, int fd,
                            bool (*wait)(void *opaque, short events, GError **errp), void *opaque,
                            GError **errp);
/* Waits for the other side; false with errp. */
bool tls_handshake(TlsSession *session, GError **errp);
/* As read(2) and write(2) that block; one thread may read while another writes. */
ssize_t tls_read(TlsSession *session, void *buf, size_t size, GError **errp);
bool tls_write(TlsSession *session, const void *buf, size_t size, GError **errp);
/* Says good-bye if it can. NULL is fine. */
void tls_session_free(TlsSession *session);

#endif

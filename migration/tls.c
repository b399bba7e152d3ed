/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS sessions through GnuTLS.
 *
 * GnuTLS' calls do not block, since the descriptor does not; each is made with the lock held, and
 * waiting is done without it, so that a reader and a writer do not hold each other up.
 *
 * Left out: anonymous credentials, passwords of key files.
 */
#include "migration/tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include "util/error.h"
#include "util/thread.h"

struct TlsSession {
    gnutls_session_t session;
    gnutls_certificate_credentials_t x509;
    gnutls_psk_client_credentials_t psk_client;
    gnutls_psk_server_credentials_t psk_server;
    bool server, verify, established;
    char *hostname;
    bool (*wait)(void *opaque, short events, GError **errp);
    void *opaque;
    Mutex lock;
};

void tls_credentials_free(TlsCredentials *c)
{
    if (c) {
        g_free(c->dir);
        g_free(c->priority);
        g_free(c->username);
        g_free(c);
    }
}

static bool fails(GError **errp, const char *what, int result)
{
    error_set(errp, GOSSAMER_ERROR_IO, "TLS: %s: %s", what, gnutls_strerror(result));
    return false;
}

/* ---- Credentials ---- */

static bool load_x509(TlsSession *t, const TlsCredentials *c, GError **errp)
{
    const char *side = c->server ? "server" : "client";
    g_autofree char *ca = g_build_filename(c->dir, "ca-cert.pem", NULL);
    g_autofree char *crl = g_build_filename(c->dir, "ca-crl.pem", NULL);
    g_autofree char *cert_name = g_strconcat(side, "-cert.pem", NULL);
    g_autofree char *key_name = g_strconcat(side, "-key.pem", NULL);
    g_autofree char *cert = g_build_filename(c->dir, cert_name, NULL);
    g_autofree char *key = g_build_filename(c->dir, key_name, NULL);
    int result = gnutls_certificate_allocate_credentials(&t->x509);

    if (result < 0) {
        return fails(errp, "credentials", result);
    }
    if ((result = gnutls_certificate_set_x509_trust_file(t->x509, ca, GNUTLS_X509_FMT_PEM)) < 0) {
        return fails(errp, ca, result);
    }
    /* A client need not have a certificate of its own. */
    if ((c->server || !access(cert, F_OK)) && (result = gnutls_certificate_set_x509_key_file(
                                                   t->x509, cert, key, GNUTLS_X509_FMT_PEM)) < 0) {
        return fails(errp, cert, result);
    }
    if (!access(crl, F_OK) &&
        (result = gnutls_certificate_set_x509_crl_file(t->x509, crl, GNUTLS_X509_FMT_PEM)) < 0) {
        return fails(errp, crl, result);
    }
    result = gnutls_credentials_set(t->session, GNUTLS_CRD_CERTIFICATE, t->x509);
    if (c->server && c->verify_peer) {
        gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_REQUIRE);
    }
    return result >= 0 || fails(errp, "credentials", result);
}

/* The key of `user` in a file of lines "user:key". */
static char *find_key(const char *path, const char *user, GError **errp)
{
    g_autofree char *text = NULL;
    g_autofree char *prefix = g_strconcat(user, ":", NULL);
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error)) {
        error_set(errp, GOSSAMER_ERROR_IO, "TLS: %s", error->message);
        g_error_free(error);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, prefix)) {
            return g_strstrip(g_strdup(*line + strlen(prefix)));
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "TLS: '%s' has no key of user '%s'", path, user);
    return NULL;
}

static bool load_psk(TlsSession *t, const TlsCredentials *c, GError **errp)
{
    g_autofree char *keys = g_build_filename(c->dir, "keys.psk", NULL);
    int result;

    if (c->server) {
        if ((result = gnutls_psk_allocate_server_credentials(&t->psk_server)) < 0 ||
            (result = gnutls_psk_set_server_credentials_file(t->psk_server, keys)) < 0 ||
            (result = gnutls_credentials_set(t->session, GNUTLS_CRD_PSK, t->psk_server)) < 0) {
            return fails(errp, keys, result);
        }
        return true;
    }
    const char *user = c->username ? c->username : "qemu";
    g_autofree char *key = find_key(keys, user, errp);
    if (!key) {
        return false;
    }
    gnutls_datum_t datum = {(unsigned char *)key, (unsigned)strlen(key)};
    if ((result = gnutls_psk_allocate_client_credentials(&t->psk_client)) < 0 ||
        (result = gnutls_psk_set_client_credentials(t->psk_client, user, &datum,
                                                    GNUTLS_PSK_KEY_HEX)) < 0 ||
        (result = gnutls_credentials_set(t->session, GNUTLS_CRD_PSK, t->psk_client)) < 0) {
        return fails(errp, keys, result);
    }
    return true;
}

/* ---- Sessions ---- */

TlsSession *tls_session_new(const TlsCredentials *c, const char *hostname, int fd,
                            bool (*wait)(void *opaque, short events, GError **errp), void *opaque,
                            GError **errp)
{
    TlsSession *t = g_new0(TlsSession, 1);
    g_autofree char *priority = g_strconcat(c->priority ? c->priority : "NORMAL",
                                            c->psk ? ":+ECDHE-PSK:+DHE-PSK:+PSK" : NULL, NULL);
    int result;

    mutex_init(&t->lock);
    t->server = c->server;
    t->verify = !c->psk && (!c->server || c->verify_peer);
    t->hostname = g_strdup(hostname);
    t->wait = wait;
    t->opaque = opaque;
    result =
        gnutls_init(&t->session, (c->server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK);
    if (result >= 0) {
        result = gnutls_priority_set_direct(t->session, priority, NULL);
    }
    bool ok = result >= 0 || fails(errp, "session", result);
    if (!ok || !(c->psk ? load_psk(t, c, errp) : load_x509(t, c, errp))) {
        tls_session_free(t);
        return NULL;
    }
    gnutls_transport_set_int(t->session, fd);
    return t;
}

static bool check_peer(TlsSession *t, GError **errp)
{
    unsigned status = 0;
    int result =
        gnutls_certificate_verify_peers3(t->session, t->server ? NULL : t->hostname, &status);

    if (result < 0) {
        return fails(errp, "the other side's certificate", result);
    }
    if (status) {
        gnutls_datum_t text = {0};
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
        error_set(
            errp, GOSSAMER_ERROR_IO, "TLS: the other side's certificate is not accepted%s%s: %s",
            t->server || !t->hostname ? "" : " for ", t->server || !t->hostname ? "" : t->hostname,
            text.data ? (char *)text.data : "?");
        gnutls_free(text.data);
        return false;
    }
    return true;
}

/* Lock held. */
static bool establish(TlsSession *t, GError **errp)
{
    while (!t->established) {
        int result = gnutls_handshake(t->session);
        if (result == GNUTLS_E_SUCCESS) {
            if (t->verify && !check_peer(t, errp)) {
                return false;
            }
            t->established = true;
        } else if (result == GNUTLS_E_AGAIN) {
            if (!t->wait(t->opaque, gnutls_record_get_direction(t->session) ? POLLOUT : POLLIN,
                         errp)) {
                return false;
            }
        } else if (gnutls_error_is_fatal(result)) {
            return fails(errp, "handshake", result);
        }
    }
    return true;
}

bool tls_handshake(TlsSession *t, GError **errp)
{
    mutex_lock(&t->lock);
    bool ok = establish(t, errp);
    mutex_unlock(&t->lock);
    return ok;
}

ssize_t tls_read(TlsSession *t, void *buf, size_t size, GError **errp)
{
    for (;;) {
        mutex_lock(&t->lock);
        bool ok = establish(t, errp);
        ssize_t n = ok ? gnutls_record_recv(t->session, buf, size) : -1;
        mutex_unlock(&t->lock);
        if (!ok) {
            return -1;
        }
        if (n >= 0) {
            return n;
        }
        /* Streams have an end of their own. */
        if (n == GNUTLS_E_PREMATURE_TERMINATION) {
            return 0;
        }
        if (n == GNUTLS_E_AGAIN) {
            if (!t->wait(t->opaque, POLLIN, errp)) {
                return -1;
            }
        } else if (n != GNUTLS_E_INTERRUPTED && gnutls_error_is_fatal((int)n)) {
            fails(errp, "cannot read from the channel", (int)n);
            return -1;
        }
    }
}

bool tls_write(TlsSession *t, const void *buf, size_t size, GError **errp)
{
    const uint8_t *p = buf;

    while (size) {
        mutex_lock(&t->lock);
        bool ok = establish(t, errp);
        ssize_t n = ok ? gnutls_record_send(t->session, p, size) : -1;
        mutex_unlock(&t->lock);
        if (!ok) {
            return false;
        }
        if (n >= 0) {
            p += n;
            size -= (size_t)n;
        } else if (n == GNUTLS_E_AGAIN) {
            if (!t->wait(t->opaque, POLLOUT, errp)) {
                return false;
            }
        } else if (n != GNUTLS_E_INTERRUPTED) {
            return fails(errp, "cannot write to the channel", (int)n);
        }
    }
    return true;
}

void tls_session_free(TlsSession *t)
{
    if (!t) {
        return;
    }
    if (t->session) {
        if (t->established) {
            gnutls_bye(t->session, GNUTLS_SHUT_WR);
        }
        gnutls_deinit(t->session);
    }
    if (t->x509) {
        gnutls_certificate_free_credentials(t->x509);
    }
    if (t->psk_client) {
        gnutls_psk_free_client_credentials(t->psk_client);
    }
    if (t->psk_server) {
        gnutls_psk_free_server_credentials(t->psk_server);
    }
    mutex_destroy(&t->lock);
    g_free(t->hostname);
    g_free(t);
}

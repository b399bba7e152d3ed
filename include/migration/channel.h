/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports of a state stream, named by URIs as QEMU has them:
 *   tcp:HOST:PORT  unix:PATH  exec:COMMAND  fd:NUMBER  file:PATH[,offset=N]
 * HOST may be empty (any), a name, an IPv4 or a bracketed IPv6 address.
 *
 * Channels block; another thread ends a blocked one with migration_channel_shutdown().
 */
#ifndef MIGRATION_CHANNEL_H
#define MIGRATION_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "migration/stream.h"
#include "migration/tls.h"

typedef enum MigrationTransport {
    MIGRATION_TCP,
    MIGRATION_UNIX,
    MIGRATION_EXEC,
    MIGRATION_FD,
    MIGRATION_FILE,
} MigrationTransport;

typedef struct MigrationAddress {
    MigrationTransport transport;
    char *path;      /* UNIX, FILE: path; EXEC: command; TCP: host */
    uint16_t port;
    int fd;          /* FD */
    uint64_t offset; /* FILE */
} MigrationAddress;

MigrationAddress *migration_address_parse(const char *uri, GError **errp);
void migration_address_free(MigrationAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigrationAddress, migration_address_free)

struct iovec;
typedef struct MigrationChannel MigrationChannel;
/* Without a connection yet: what migration_channel_connect() makes can be ended by a shutdown
 * meanwhile. */
MigrationChannel *migration_channel_new(void);
/* Opens for sending (or receiving: FD, EXEC and FILE only). Blocks; false with errp. */
bool migration_channel_connect(MigrationChannel *channel, const MigrationAddress *address,
                               bool sending, GError **errp);
/* Both in one. */
MigrationChannel *migration_channel_open(const MigrationAddress *address, bool sending,
                                         GError **errp);
/* Takes fd over. */
MigrationChannel *migration_channel_from_fd(int fd);
/* The stream does not own the channel. */
StateStream *migration_channel_stream(MigrationChannel *channel, bool sending);
/* Everything goes through TLS from now on; before the first byte. hostname: see tls_session_new().
 */
bool migration_channel_set_tls(MigrationChannel *channel, const TlsCredentials *credentials,
                               const char *hostname, GError **errp);
/* With TLS: waits until both sides have greeted, so that no later write does. */
bool migration_channel_handshake(MigrationChannel *channel, GError **errp);
/* Whether both directions can be used: a socket. */
bool migration_channel_is_two_way(const MigrationChannel *channel);
/* To wait for more than ms until the other side takes something is an error from now on; 0: any
 * wait is right. Any thread. */
void migration_channel_set_timeout(MigrationChannel *channel, int ms);
/* All of it, or false with errp. */
bool migration_channel_writev(MigrationChannel *channel, const struct iovec *iov, unsigned count,
                              GError **errp);
/* Waits on the caller's loop: the descriptor, to be polled only. */
int migration_channel_fd(const MigrationChannel *channel);
/* Up to size bytes ahead without taking them; how many, 0 at the end, -1 when nothing is there yet.
 */
int migration_channel_peek(MigrationChannel *channel, void *buf, size_t size);
/* Ends reads and writes under way and to come with an error. Any thread. */
void migration_channel_shutdown(MigrationChannel *channel);
/*
 * Closes.  A command that was sent to is waited for: false with errp if it failed; after a shutdown
 * it is ended.  A command that was received from may go on by itself.
 */
bool migration_channel_close(MigrationChannel *channel, GError **errp);

/*
 * Listens on TCP and UNIX addresses: a socket that migration_accept() takes, or -1 with errp.  *uri
 * (may be NULL) gets the address with the port that the host chose.
 */
int migration_listen(const MigrationAddress *address, char **uri, GError **errp);
/* The connection that waits, or NULL. */
MigrationChannel *migration_accept(int listener, GError **errp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts fragments of IPv4 datagrams together (RFC 791, RFC 815) before libslirp sees them.  Its own
 * way breaks C's rules of aliasing: compiled as Debian 12 has it (4.7.0, -O2), a datagram whose
 * last fragment comes first ends the emulator.
 *
 * At most MAX_DATAGRAMS are under way; the oldest makes room. What has not come after LIFETIME is
 * forgotten.  Not part of the state: a network may lose fragments.
 */
#include <string.h>
#include "net-private.h"
#include "util/bswap.h"

#define MAX_DATAGRAMS   16
#define LIFETIME        (30 * NANOSECONDS_PER_SECOND)
#define ETHERNET_HEADER 14u
#define ETHERTYPE_IPV4  0x0800u
#define MIN_HEADER      20u
#define MAX_HEADER      60u
#define MAX_DATA        65535u
#define UNIT            8u /* bytes that an offset counts */
#define MORE_FRAGMENTS  0x2000u
#define OFFSET_MASK     0x1fffu
/* In the header. */
enum {
    AT_LENGTH = 2,
    AT_ID = 4,
    AT_FRAGMENT = 6,
    AT_PROTOCOL = 9,
    AT_CHECKSUM = 10,
    AT_ADDRESSES = 12
};

/* One fragment, as its header tells. */
typedef struct Fragment {
    const uint8_t *ip, *data;
    unsigned header, offset, length;
    bool more;
} Fragment;

typedef struct Datagram {
    bool used;
    uint8_t key[11]; /* addresses, identification, protocol */
    int64_t since;
    uint64_t number;                       /* of those that there have been */
    unsigned header;                       /* length of the first fragment's; 0: it has not come */
    unsigned length;                       /* of all data; 0: the last fragment has not come */
    unsigned end;                          /* behind the data that have come */
    uint8_t *frame;                        /* both headers, right before the data */
    uint8_t come[MAX_DATA / UNIT / 8 + 1]; /* a bit for each unit */
} Datagram;

struct UserFragments {
    Datagram datagrams[MAX_DATAGRAMS];
    uint64_t count;
    uint8_t *whole; /* what was handed out last */
};

#define DATA_AT (ETHERNET_HEADER + MAX_HEADER)

UserFragments *user_fragments_new(void)
{
    return g_new0(UserFragments, 1);
}

static void forget(Datagram *d)
{
    g_free(d->frame);
    *d = (Datagram){0};
}

void user_fragments_free(UserFragments *fragments)
{
    if (!fragments) {
        return;
    }
    for (unsigned i = 0; i < MAX_DATAGRAMS; i++) {
        forget(&fragments->datagrams[i]);
    }
    g_free(fragments->whole);
    g_free(fragments);
}

static uint16_t header_sum(const uint8_t *ip, unsigned size)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < size; i += 2) {
        sum += lduw_be_p(ip + i);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* False: no fragment. A bad one (f->ip NULL) is for nobody. */
static bool parse(const uint8_t *frame, size_t size, Fragment *f)
{
    const uint8_t *ip = frame + ETHERNET_HEADER;
    unsigned total, bits;

    if (size < ETHERNET_HEADER + MIN_HEADER || lduw_be_p(frame + 12) != ETHERTYPE_IPV4) {
        return false;
    }
    bits = lduw_be_p(ip + AT_FRAGMENT);
    if (!(bits & (MORE_FRAGMENTS | OFFSET_MASK))) {
        return false;
    }
    *f = (Fragment){.header = (ip[0] & 15u) * 4,
                    .offset = (bits & OFFSET_MASK) * UNIT,
                    .more = bits & MORE_FRAGMENTS};
    total = lduw_be_p(ip + AT_LENGTH);
    if (ip[0] >> 4 != 4 || f->header < MIN_HEADER || total <= f->header ||
        total > size - ETHERNET_HEADER || header_sum(ip, f->header)) {
        return true;
    }
    f->length = total - f->header;
    if ((f->more && f->length % UNIT) || f->offset + f->length > MAX_DATA - f->header) {
        return true;
    }
    f->ip = ip;
    f->data = ip + f->header;
    return true;
}

/* The one the fragment belongs to; a new one takes the place of the oldest. */
static Datagram *find(UserFragments *fragments, const uint8_t *ip, int64_t now)
{
    uint8_t key[sizeof(fragments->datagrams->key)];
    Datagram *place = &fragments->datagrams[0];

    memcpy(key, ip + AT_ADDRESSES, 8);
    memcpy(key + 8, ip + AT_ID, 2);
    key[10] = ip[AT_PROTOCOL];
    for (unsigned i = 0; i < MAX_DATAGRAMS; i++) {
        Datagram *d = &fragments->datagrams[i];

        if (d->used && now - d->since > LIFETIME) {
            forget(d);
        }
        if (d->used && !memcmp(d->key, key, sizeof(key))) {
            return d;
        }
        if (place->used && (!d->used || d->number < place->number)) {
            place = d;
        }
    }
    forget(place);
    place->used = true;
    place->since = now;
    place->number = fragments->count++;
    memcpy(place->key, key, sizeof(key));
    place->frame = g_malloc0(DATA_AT + MAX_DATA);
    return place;
}

/* False: it contradicts what came before. */
static bool add(Datagram *d, const Fragment *f)
{
    unsigned end = f->offset + f->length;

    if ((!f->more && (d->end > end || (d->length && d->length != end))) ||
        (d->length && end > d->length)) {
        return false;
    }
    if (!f->offset) {
        d->header = f->header;
        memcpy(d->frame + DATA_AT - f->header - ETHERNET_HEADER, f->ip - ETHERNET_HEADER,
               ETHERNET_HEADER + f->header);
    }
    if (!f->more) {
        d->length = end;
    }
    d->end = MAX(d->end, end);
    memcpy(d->frame + DATA_AT + f->offset, f->data, f->length);
    for (unsigned unit = f->offset / UNIT; unit * UNIT < end; unit++) {
        d->come[unit / 8] |= (uint8_t)(1u << unit % 8);
    }
    return true;
}

static bool complete(const Datagram *d)
{
    if (!d->header || !d->length || d->header + d->length > MAX_DATA) {
        return false;
    }
    for (unsigned unit = 0; unit * UNIT < d->length; unit++) {
        if (!(d->come[unit / 8] & 1u << unit % 8)) {
            return false;
        }
    }
    return true;
}

const uint8_t *user_fragments_take(UserFragments *fragments, const uint8_t *frame, size_t *size,
                                   int64_t now)
{
    Fragment f;
    Datagram *d;
    uint8_t *begin, *ip;

    if (!parse(frame, *size, &f)) {
        return frame;
    }
    if (!f.ip) {
        return NULL;
    }
    d = find(fragments, f.ip, now);
    if (!add(d, &f)) {
        forget(d);
        return NULL;
    }
    if (!complete(d)) {
        return NULL;
    }
    begin = d->frame + DATA_AT - d->header - ETHERNET_HEADER;
    ip = begin + ETHERNET_HEADER;
    stw_be_p(ip + AT_LENGTH, (uint16_t)(d->header + d->length));
    stw_be_p(ip + AT_FRAGMENT, 0);
    stw_be_p(ip + AT_CHECKSUM, 0);
    stw_be_p(ip + AT_CHECKSUM, header_sum(ip, d->header));
    *size = ETHERNET_HEADER + d->header + d->length;
    g_free(fragments->whole);
    fragments->whole = g_steal_pointer(&d->frame);
    forget(d);
    return begin;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors ask of networks: listings, link state, filters, announcements. */
#include "net-private.h"
#include <inttypes.h>
#include <string.h>
#include "util/error.h"
#include "util/timer.h"

void net_print_client(const NetClient *nc, GString *out)
{
    g_string_append_printf(out, "%s: index=0,type=%s%s%s\n", nc->name, nc->info->type,
                           *nc->text ? "," : "", nc->text);
}

static void print_pair(NetClient *nc, void *opaque)
{
    int hub;

    if (net_hub_of(nc, &hub)) {
        return;
    }
    if (!nc->peer || net_is_nic(nc)) {
        net_print_client(nc, opaque);
    }
    if (nc->peer && net_is_nic(nc)) {
        g_string_append(opaque, " \\ ");
        net_print_client(nc->peer, opaque);
    }
}

void net_print(GString *out)
{
    net_hub_print(out);
    net_foreach(print_pair, out);
}

bool net_set_link(const char *name, bool up, GError **errp)
{
    NetClient *nc = net_find(name);

    if (!nc) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Device '%s' not found", name);
        return false;
    }
    nc->link_down = !up;
    if (nc->info->link_changed) {
        nc->info->link_changed(nc);
    }
    if (nc->peer) {
        /* A NIC whose back end has no link has none either; of a NIC's back end nothing changes. */
        if (net_is_nic(nc->peer)) {
            nc->peer->link_down = !up;
        }
        if (nc->peer->info->link_changed) {
            nc->peer->info->link_changed(nc->peer);
        }
    }
    net_flush(nc);
    return true;
}

json_t *net_query_rx_filter(const char *name, GError **errp)
{
    const NetClient *nc = name ? net_find(name) : NULL;

    if (!name) {
        return json_array();
    }
    error_set(errp, nc ? GOSSAMER_ERROR_INVALID : GOSSAMER_ERROR_NOT_FOUND,
              !nc ? "invalid net client name: %s"
                  : net_is_nic(nc) ? "net client(%s) doesn't support rx-filter querying"
                                   : "net client(%s) isn't a NIC", name);
    return NULL;
}

/* ---- Announcements ---- */

typedef struct Announcement {
    Timer *timer;
    char *id;
    char **interfaces;
    int64_t round, rounds, delay, max, step;
} Announcement;

static void announcement_free(Announcement *a)
{
    g_ptr_array_remove(net_registry()->announcements, a);
    timer_free(a->timer);
    g_strfreev(a->interfaces);
    g_free(a->id);
    g_free(a);
}

static bool wanted(const Announcement *a, const NetClient *nc)
{
    return net_is_nic(nc) &&
           (!a->interfaces || g_strv_contains((const char *const *)a->interfaces, nc->name));
}

/* A reverse ARP request for the NIC's own address (RFC 903). */
static void announce_nic(NetClient *nc, void *opaque)
{
    uint8_t frame[60] = {0};
    static const uint8_t kind[] = {0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};

    if (!wanted(opaque, nc)) {
        return;
    }
    memset(frame, 0xff, NET_MAC_SIZE);
    memcpy(frame + 6, nc->mac, NET_MAC_SIZE);
    memcpy(frame + 12, kind, sizeof(kind));
    memcpy(frame + 22, nc->mac, NET_MAC_SIZE);
    memcpy(frame + 32, nc->mac, NET_MAC_SIZE);
    net_send(nc, frame, sizeof(frame));
}

static void announce_round(void *opaque)
{
    Announcement *a = opaque;

    net_foreach(announce_nic, a);
    if (++a->round >= a->rounds) {
        return;                         /* freed when the next one comes, or at the end */
    }
    timer_mod(a->timer, clock_get_ms(net_host_ops()->real_clock()) + a->delay);
    a->delay = MIN(a->delay + a->step, a->max);
}

static bool in_limits(const char *name, int64_t value, int64_t least, int64_t most, GError **errp)
{
    if (value < least || value > most) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s' expects a value from %" PRId64 " to %" PRId64, name, least, most);
        return false;
    }
    return true;
}

bool net_announce(const NetAnnounce *how, GError **errp)
{
    GPtrArray *all = net_registry()->announcements;
    Announcement *a;

    if (!in_limits("initial", how->initial, 1, 100000, errp) ||
        !in_limits("max", how->max, 1, 100000, errp) ||
        !in_limits("rounds", how->rounds, 1, 1000, errp) ||
        !in_limits("step", how->step, 0, 10000, errp)) {
        return false;
    }
    /* A new one of the same name takes the other's place. */
    for (guint i = all->len; i-- > 0;) {
        a = g_ptr_array_index(all, i);
        if (!g_strcmp0(a->id, how->id)) {
            announcement_free(a);
        }
    }
    a = g_new0(Announcement, 1);
    a->id = g_strdup(how->id);
    a->interfaces = g_strdupv(how->interfaces);
    a->rounds = how->rounds;
    a->delay = how->initial;
    a->max = how->max;
    a->step = how->step;
    a->timer = timer_new_ms(net_host_ops()->real_clock(), announce_round, a);
    g_ptr_array_add(all, a);
    announce_round(a);
    return true;
}

void net_announce_stop(void)
{
    GPtrArray *all = net_registry()->announcements;

    while (all->len) {
        announcement_free(g_ptr_array_index(all, all->len - 1));
    }
}

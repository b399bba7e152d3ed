/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spapr-vlan: a logical LAN adapter of the sPAPR platform.  LoPAR 17.3 ("Interpartition Logical LAN
 * Option"). The guest gives a page (the buffer list) with the descriptor of its receive queue, and
 * buffers; what has come is written to a buffer and noted in the queue.  Buffers wait in pools by
 * their size. Left out: filters (all that the network brings is passed on), checksum offload and
 * large frames.
 */
#include <string.h>
#include <libfdt.h>
#include "hw/net/nic.h"
#include "hw/net/spapr-vlan.h"
#include "migration/vmstate.h"
#include "net/net.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

#define PAGE 4096u
#define QUEUE_ALIGNMENT 16u
#define QUEUE_ENTRY 16u
#define N_POOLS 5
#define POOL_BUFFERS 4096
#define MAX_FRAME 65536u
#define HANDLE_SIZE 8u                  /* before the frame in a buffer */
/* In the buffer list. */
enum { AT_QUEUE = 0, AT_FILTER = 8, AT_BUFFERS = 16, AT_DROPPED = PAGE - 8 };
/* Descriptors: valid, toggle of the queue's entries, length, address. */
#define BD_VALID (1ull << 63)
#define BD_TOGGLE (1ull << 62)
#define BD_LENGTH(d) ((uint32_t)((d) >> 32) & 0xffffff)
#define BD_ADDRESS(d) ((uint32_t)(d))
#define BD(address, length) (BD_VALID | (uint64_t)(length) << 32 | (uint32_t)(address))
enum { ENTRY_TOGGLE = 0x80, ENTRY_VALID = 0x40 };

typedef struct VlanPool {
    int32_t bufsize, count;             /* 0, 0: free */
    uint64_t bds[POOL_BUFFERS];
} VlanPool;

typedef struct SpaprVlan {
    VioDevice parent;                   /* first */
    /* saved */
    bool isopen;
    uint64_t buf_list;                  /* address of the page */
    uint32_t add_buf_ptr, use_buf_ptr;  /* in the page; only those without pools move them */
    uint32_t rx_bufs;                   /* buffers in all pools */
    uint64_t rxq_ptr;                   /* next entry of the receive queue */
    VlanPool rx_pool[N_POOLS];
    /* immutable */
    NicConf conf;
    uint8_t mac[NET_MAC_SIZE]; /* as it was given; conf's may be the guest's until a reset */
} SpaprVlan;

static bool read_word(SpaprVlan *vlan, uint64_t at, uint64_t *value)
{
    uint8_t bytes[8];

    if (!vio_dma_read(&vlan->parent, at, bytes, sizeof(bytes))) {
        return false;
    }
    *value = ldq_be_p(bytes);
    return true;
}

static bool write_word(SpaprVlan *vlan, uint64_t at, uint64_t value)
{
    uint8_t bytes[8];

    stq_be_p(bytes, value);
    return vio_dma_write(&vlan->parent, at, bytes, sizeof(bytes));
}

/* ---- Receiving ---- */

static void count_dropped(SpaprVlan *vlan)
{
    uint64_t count;

    if (read_word(vlan, vlan->buf_list + AT_DROPPED, &count)) {
        write_word(vlan, vlan->buf_list + AT_DROPPED, count + 1);
    }
}

/* The pool with the smallest buffers that a frame fits in. */
static VlanPool *pool_for(SpaprVlan *vlan, size_t size)
{
    VlanPool *best = NULL;

    for (unsigned i = 0; i < N_POOLS; i++) {
        VlanPool *pool = &vlan->rx_pool[i];

        if (pool->count > 0 && (size_t)pool->bufsize >= size + HANDLE_SIZE &&
            (!best || pool->bufsize < best->bufsize)) {
            best = pool;
        }
    }
    return best;
}

static bool vlan_can_receive(NetClient *nc)
{
    const SpaprVlan *vlan = nc->opaque;

    return vlan->isopen && vlan->rx_bufs > 0;
}

/* The frame at its buffer, and an entry of the queue. False: something of that is not mapped. */
static bool deliver(SpaprVlan *vlan, uint64_t bd, const uint8_t *frame, size_t size)
{
    uint8_t entry[QUEUE_ENTRY] = {0};
    uint64_t queue, handle, at;

    if (!read_word(vlan, vlan->buf_list + AT_QUEUE, &queue) ||
        !vio_dma_write(&vlan->parent, BD_ADDRESS(bd) + (uint64_t)HANDLE_SIZE, frame, size) ||
        !read_word(vlan, BD_ADDRESS(bd), &handle)) {
        return false;
    }
    at = BD_ADDRESS(queue) + vlan->rxq_ptr;
    entry[0] = (uint8_t)(ENTRY_VALID | (queue & BD_TOGGLE ? 0 : ENTRY_TOGGLE));
    stw_be_p(entry + 2, HANDLE_SIZE);
    stl_be_p(entry + 4, (uint32_t)size);
    stq_be_p(entry + 8, handle);
    /* The byte that makes it valid comes last. */
    if (!vio_dma_write(&vlan->parent, at + 2, entry + 2, sizeof(entry) - 2)) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (!vio_dma_write(&vlan->parent, at, entry, 1)) {
        return false;
    }
    vlan->rxq_ptr += QUEUE_ENTRY;
    if (vlan->rxq_ptr >= BD_LENGTH(queue)) {
        vlan->rxq_ptr = 0;
        write_word(vlan, vlan->buf_list + AT_QUEUE, queue ^ BD_TOGGLE);
    }
    return true;
}

static ssize_t vlan_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    SpaprVlan *vlan = nc->opaque;
    VlanPool *pool;

    if (!vlan->isopen) {
        return (ssize_t)size;
    }
    pool = pool_for(vlan, size);
    if (!pool) {
        if (!vlan->rx_bufs) {
            return 0;
        }
        /* None of that size: more buffers of others would not help. */
        count_dropped(vlan);
        return (ssize_t)size;
    }
    vlan->rx_bufs--;
    pool->count--;
    if (!deliver(vlan, pool->bds[pool->count], frame, size)) {
        log_mask(LOG_GUEST_ERROR, "spapr-vlan: a buffer or the receive queue is not mapped\n");
        return (ssize_t)size;
    }
    vio_device_signal_crq(&vlan->parent);
    return (ssize_t)size;
}

/* ---- Calls ---- */

bool spapr_vlan_is(const DeviceState *dev)
{
    return device_get_class(dev) == &spapr_vlan_vio_class.device;
}

static bool mapped(SpaprVlan *vlan, uint64_t bd, uint32_t alignment)
{
    return BD_ADDRESS(bd) % alignment == 0 && BD_LENGTH(bd) % alignment == 0 &&
           vio_dma_mapped(&vlan->parent, BD_ADDRESS(bd), BD_LENGTH(bd));
}

static bool clear(SpaprVlan *vlan, uint64_t at, uint64_t size)
{
    static const uint8_t zeros[PAGE];

    while (size) {
        uint64_t n = MIN(size, sizeof(zeros));

        if (!vio_dma_write(&vlan->parent, at, zeros, n)) {
            return false;
        }
        at += n;
        size -= n;
    }
    return true;
}

static void empty_pools(SpaprVlan *vlan)
{
    vlan->rx_bufs = 0;
    for (unsigned i = 0; i < N_POOLS; i++) {
        vlan->rx_pool[i].bufsize = vlan->rx_pool[i].count = 0;
        memset(vlan->rx_pool[i].bds, 0, sizeof(vlan->rx_pool[i].bds));
    }
}

VlanResult spapr_vlan_open(VioDevice *dev, uint64_t buf_list, uint64_t rec_queue,
                           uint64_t filter_list)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;

    if (vlan->isopen) {
        return VLAN_RESOURCE;
    }
    if (buf_list > UINT32_MAX || filter_list > UINT32_MAX || !(rec_queue & BD_VALID) ||
        !BD_LENGTH(rec_queue) || !mapped(vlan, BD(buf_list, PAGE), PAGE) ||
        !mapped(vlan, BD(filter_list, PAGE), PAGE) || !mapped(vlan, rec_queue, QUEUE_ALIGNMENT)) {
        return VLAN_PARAMETER;
    }
    rec_queue &= ~BD_TOGGLE;
    if (!write_word(vlan, buf_list + AT_QUEUE, rec_queue) ||
        !write_word(vlan, buf_list + AT_FILTER, BD(filter_list, PAGE)) ||
        !clear(vlan, buf_list + AT_BUFFERS, PAGE - AT_BUFFERS) ||
        !clear(vlan, BD_ADDRESS(rec_queue), BD_LENGTH(rec_queue))) {
        return VLAN_PARAMETER;
    }
    empty_pools(vlan);
    vlan->buf_list = buf_list;
    vlan->add_buf_ptr = vlan->use_buf_ptr = AT_BUFFERS - 8;
    vlan->rxq_ptr = 0;
    dev->signal_state = 0;
    vlan->isopen = true;
    net_flush(vlan->conf.client);
    return VLAN_SUCCESS;
}

VlanResult spapr_vlan_close(VioDevice *dev)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;

    if (!vlan->isopen) {
        return VLAN_RESOURCE;
    }
    empty_pools(vlan);
    vlan->buf_list = 0;
    vlan->isopen = false;
    return VLAN_SUCCESS;
}

static gint compare_pools(gconstpointer a, gconstpointer b)
{
    return ((const VlanPool *)a)->bufsize - ((const VlanPool *)b)->bufsize;
}

/* For buffers of that size, or an empty one that becomes it: the pools stay in the order of sizes.
 */
static VlanPool *take_pool(SpaprVlan *vlan, int32_t size)
{
    VlanPool *empty = NULL;

    for (unsigned i = 0; i < N_POOLS; i++) {
        if (vlan->rx_pool[i].bufsize == size) {
            return &vlan->rx_pool[i];
        }
        if (!vlan->rx_pool[i].count && (!empty || vlan->rx_pool[i].bufsize < empty->bufsize)) {
            empty = &vlan->rx_pool[i];
        }
    }
    if (!empty) {
        return NULL;
    }
    empty->bufsize = size;
    qsort(vlan->rx_pool, N_POOLS, sizeof(VlanPool), compare_pools);
    for (unsigned i = 0; i < N_POOLS; i++) {
        if (vlan->rx_pool[i].bufsize == size) {
            return &vlan->rx_pool[i];
        }
    }
    g_assert_not_reached();
}

VlanResult spapr_vlan_add_buffer(VioDevice *dev, uint64_t descriptor)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;
    VlanPool *pool;

    if (!mapped(vlan, descriptor, 4) || BD_LENGTH(descriptor) < 16) {
        return VLAN_PARAMETER;
    }
    if (!vlan->isopen) {
        return VLAN_RESOURCE;
    }
    pool = take_pool(vlan, (int32_t)BD_LENGTH(descriptor));
    if (!pool || pool->count >= POOL_BUFFERS) {
        return VLAN_RESOURCE;
    }
    pool->bds[pool->count++] = descriptor;
    vlan->rx_bufs++;
    net_flush(vlan->conf.client);
    return VLAN_SUCCESS;
}

VlanResult spapr_vlan_send(VioDevice *dev, const uint64_t descriptors[6])
{
    SpaprVlan *vlan = (SpaprVlan *)dev;
    g_autofree uint8_t *frame = NULL;
    uint64_t total = 0, at = 0;
    unsigned n = 0;

    if (!vlan->isopen) {
        return VLAN_DROPPED;
    }
    while (n < 6 && (descriptors[n] & BD_VALID)) {
        total += BD_LENGTH(descriptors[n++]);
    }
    if (!total) {
        return VLAN_SUCCESS;
    }
    if (total > MAX_FRAME) {
        return VLAN_RESOURCE;
    }
    frame = g_malloc(total);
    for (unsigned i = 0; i < n; i++) {
        if (!vio_dma_read(dev, BD_ADDRESS(descriptors[i]), frame + at, BD_LENGTH(descriptors[i]))) {
            return VLAN_PARAMETER;
        }
        at += BD_LENGTH(descriptors[i]);
    }
    net_send(vlan->conf.client, frame, total);
    return VLAN_SUCCESS;
}

VlanResult spapr_vlan_set_mac(VioDevice *dev, uint64_t mac)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;

    for (unsigned i = 0; i < NET_MAC_SIZE; i++) {
        vlan->conf.mac[i] = (uint8_t)(mac >> 8 * (NET_MAC_SIZE - 1 - i));
    }
    nic_set_mac(&vlan->conf, vlan->conf.mac);
    return VLAN_SUCCESS;
}

/* ---- Life and state ---- */

static void vlan_reset(void *obj, ResetType type)
{
    SpaprVlan *vlan = obj;

    empty_pools(vlan);
    vlan->isopen = false;
    vlan->buf_list = vlan->rxq_ptr = 0;
    vlan->add_buf_ptr = vlan->use_buf_ptr = 0;
    memcpy(vlan->conf.mac, vlan->mac, NET_MAC_SIZE);
    nic_set_mac(&vlan->conf, vlan->mac);
}

static const NetClientInfo vlan_client = {
    .type = "nic",
    .size = sizeof(NetClient),
    .can_receive = vlan_can_receive,
    .receive = vlan_receive,
};

static bool vlan_realize(DeviceState *dev, GError **errp)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;

    if (!nic_realize(dev, &vlan->conf, &vlan_client, "spapr-vlan", errp)) {
        return false;
    }
    memcpy(vlan->mac, vlan->conf.mac, NET_MAC_SIZE);
    return true;
}

static void vlan_unrealize(DeviceState *dev)
{
    SpaprVlan *vlan = (SpaprVlan *)dev;

    memcpy(vlan->conf.mac, vlan->mac, NET_MAC_SIZE);
    nic_unrealize(dev, &vlan->conf);
}

/* The kernel takes an address of 8 bytes for one with two bytes of padding, one of 6 not always for
 * that. */
static bool vlan_fdt(VioDevice *dev, void *fdt, int node)
{
    const SpaprVlan *vlan = (const SpaprVlan *)dev;
    uint8_t padded[8] = {0};

    memcpy(padded + 2, vlan->conf.mac, NET_MAC_SIZE);
    return fdt_setprop(fdt, node, "local-mac-address", padded, sizeof(padded)) >= 0 &&
           fdt_setprop_cell(fdt, node, "ibm,mac-address-filters", 0) >= 0;
}

static bool vlan_pre_load(void *opaque, GError **errp)
{
    empty_pools(opaque);
    return true;
}

static bool vlan_post_load(void *opaque, int version, GError **errp)
{
    const SpaprVlan *vlan = opaque;
    uint64_t buffers = 0;

    for (unsigned i = 0; i < N_POOLS; i++) {
        const VlanPool *pool = &vlan->rx_pool[i];

        if (pool->count < 0 || pool->count > POOL_BUFFERS || pool->bufsize < 0) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                        "spapr_llan: pool %u has %d buffers of %d bytes", i, pool->count,
                        pool->bufsize);
            return false;
        }
        buffers += (uint64_t)pool->count;
    }
    if (buffers != vlan->rx_bufs) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "spapr_llan: %u buffers, but %" PRIu64
                    " in the pools (use-rx-buffer-pools=off is not supported)",
                    vlan->rx_bufs, buffers);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_pool = {
    .name = "spapr_llan/rx_buffer_pool",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_INT32(bufsize, VlanPool),
        VMSTATE_INT32(count, VlanPool),
        VMSTATE_UINT64_ARRAY(bds, VlanPool, POOL_BUFFERS),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(VlanPool),
};

/* Not from adapters that keep their buffers in the page. */
static bool pools_needed(void *opaque)
{
    return true;
}

static const VMStateDescription vmstate_pools = {
    .name = "spapr_llan/rx_pools",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = pools_needed,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(rx_pool, SpaprVlan, N_POOLS, 1, vmstate_pool, VlanPool),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_vlan = {
    .name = "spapr_llan",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = vlan_pre_load,
    .post_load = vlan_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(parent, SpaprVlan, 0, vmstate_vio_device, VioDevice),
        VMSTATE_BOOL(isopen, SpaprVlan),
        VMSTATE_UINT64(buf_list, SpaprVlan),
        VMSTATE_UINT32(add_buf_ptr, SpaprVlan),
        VMSTATE_UINT32(use_buf_ptr, SpaprVlan),
        VMSTATE_UINT32(rx_bufs, SpaprVlan),
        VMSTATE_UINT64(rxq_ptr, SpaprVlan),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_pools),
    .immutable = VMSTATE_NAMES("conf", "mac"),
    VMSTATE_STRUCT_AUDIT(SpaprVlan),
};

static const Property vlan_properties[] = {
    DEFINE_NIC_PROPERTIES(SpaprVlan, conf),
    DEFINE_PROP_END_OF_LIST(),
};

const VioDeviceClass spapr_vlan_vio_class = {
    .device = {
        .name = "spapr-vlan",
        .parent = &vio_device_class.object,
        .description = "sPAPR logical LAN",
        .instance_size = sizeof(SpaprVlan),
        .properties = vlan_properties,
        .category = DEVICE_CATEGORY_NETWORK,
        .user_creatable = true,
        .vmstate = &vmstate_vlan,
        .realize = vlan_realize,
        .unrealize = vlan_unrealize,
        .reset = {.hold = vlan_reset},
    },
    .dt_name = "l-lan",
    .dt_type = "network",
    .dt_compatible = "IBM,l-lan",
    .dma_window = 0x10000000,
    .fdt = vlan_fdt,
};

bool spapr_vlan_create_nics(BusState *bus, GError **errp)
{
    NicInfo *nic;

    while ((nic = net_take_nic("spapr-vlan", true, "ibmveth"))) {
        if (!nic_create(bus, device_new_class(&spapr_vlan_vio_class.device), nic, errp)) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DBDMA: 32 channels that run programs of descriptors in memory.  "Macintosh Technology in the
 * Common Hardware Reference Platform", chapter on DBDMA; constants as in Linux's
 * arch/powerpc/include/asm/dbdma.h.
 *
 * A program may be endless: after some commands it goes on a little later.  It can touch these
 * registers itself (STORE_QUAD): while a channel is at work, those that it wakes begin a little
 * later, too. Left out: STREAM1 to STREAM3, KEY_REGS and KEY_DEVICE as other things than memory,
 * transfer modes, the second data pointer, addresses above 4 GiB.
 */
#include "hw/misc/dbdma.h"
#include "migration/vmstate.h"
#include "system/runtime.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"
#include "util/timer.h"

#define CHANNEL_SHIFT 7
#define N_REGS 16
#define COMMAND_SIZE 16u
/* Commands in one go, of all channels, and the time until the next ones. */
#define BUDGET 256u
#define PAUSE_NS (100 * SCALE_US)

enum {
    REG_CONTROL,
    REG_STATUS,
    REG_CMDPTR_HI,
    REG_CMDPTR,
    REG_INTR_SEL,
    REG_BRANCH_SEL,
    REG_WAIT_SEL
};
enum {
    RUN = 0x8000,
    PAUSE = 0x4000,
    FLUSH = 0x2000,
    WAKE = 0x1000,
    DEAD = 0x0800,
    ACTIVE = 0x0400,
    BT = 0x0100,
    DEVICE_STATUS = 0x00ff
};
enum { OUTPUT_MORE, OUTPUT_LAST, INPUT_MORE, INPUT_LAST, STORE_QUAD, LOAD_QUAD, NOP, STOP };
enum { KEY_SYSTEM = 6, KEY_LAST_STREAM = 3 };
enum { NEVER, IF_TRUE, IF_FALSE, ALWAYS };

typedef struct DbdmaCommand {
    /* saved */
    uint16_t req_count, command;
    uint32_t phy_addr, cmd_dep;
    uint16_t res_count, xfer_status;
} DbdmaCommand;

typedef struct DbdmaChannel {
    /* saved */
    uint32_t regs[N_REGS];
    DbdmaIo io;
    DbdmaCommand current;
    bool holds;                 /* the command is carried out, and waits for its condition */
    /* immutable */
    DbdmaClient client;
} DbdmaChannel;

typedef struct Dbdma {
    DeviceState parent;
    /* saved */
    DbdmaChannel channels[DBDMA_CHANNELS];
    /* derived: channels that run and wait for nothing go on after loading */
    Timer timer;
    uint32_t due;               /* channels for the timer */
    /* immutable */
    MemoryRegion registers;
    /* host-only */
    bool running;               /* a channel is at work */
} Dbdma;

static unsigned number_of(Dbdma *dbdma, const DbdmaChannel *ch)
{
    return (unsigned)(ch - dbdma->channels);
}

static void go_on_later(Dbdma *dbdma, DbdmaChannel *ch)
{
    dbdma->due |= 1u << number_of(dbdma, ch);
    timer_mod_anticipate_ns(&dbdma->timer, clock_get_ns(clock_virtual()) + PAUSE_NS);
}

static void give_up(Dbdma *dbdma, DbdmaChannel *ch, const char *why)
{
    log_mask(LOG_GUEST_ERROR, "dbdma: channel 0x%x, command 0x%04x at 0x%x: %s\n",
             number_of(dbdma, ch), ch->current.command, ch->regs[REG_CMDPTR], why);
    ch->regs[REG_STATUS] = (ch->regs[REG_STATUS] & ~(uint32_t)ACTIVE) | DEAD;
    ch->io.processing = ch->holds = false;
    irq_pulse(ch->client.irq);
}

/* ---- Memory ---- */

bool dbdma_move(DbdmaIo *io, void *buf, uint32_t n)
{
    AddressSpace *memory = address_space_memory();

    /* Only memory: what registers would do with it, this controller could be in the middle of. */
    if (!address_space_is_ram(memory, io->addr, n)) {
        return false;
    }
    if (address_space_rw(memory, io->addr, MEMTXATTRS_UNSPECIFIED, buf, n, !io->is_dma_out) !=
        MEMTX_OK) {
        return false;
    }
    io->addr += n;
    io->len -= (int32_t)n;
    return true;
}

static bool fetch(DbdmaChannel *ch)
{
    DbdmaCommand *c = &ch->current;
    uint8_t raw[COMMAND_SIZE];

    if (!address_space_is_ram(address_space_memory(), ch->regs[REG_CMDPTR], COMMAND_SIZE) ||
        address_space_read(address_space_memory(), ch->regs[REG_CMDPTR], MEMTXATTRS_UNSPECIFIED,
                           raw, COMMAND_SIZE) != MEMTX_OK) {
        return false;
    }
    c->req_count = lduw_le_p(raw);
    c->command = lduw_le_p(raw + 2);
    c->phy_addr = ldl_le_p(raw + 4);
    c->cmd_dep = ldl_le_p(raw + 8);
    c->res_count = lduw_le_p(raw + 12);
    c->xfer_status = lduw_le_p(raw + 14);
    return true;
}

/* What is left and the status, where the command is; what a LOAD_QUAD has got, too. */
static void write_back(DbdmaChannel *ch, bool data)
{
    DbdmaCommand *c = &ch->current;
    uint8_t raw[8];

    stl_le_p(raw, c->cmd_dep);
    stw_le_p(raw + 4, c->res_count);
    stw_le_p(raw + 6, c->xfer_status);
    if (address_space_is_ram(address_space_memory(), ch->regs[REG_CMDPTR], COMMAND_SIZE)) {
        address_space_write(address_space_memory(), (hwaddr)ch->regs[REG_CMDPTR] + (data ? 8 : 12),
                            MEMTXATTRS_UNSPECIFIED, raw + (data ? 0 : 4), data ? 8 : 4);
    }
}

/* ---- Programs ---- */

/* what: two bits of the command; select: mask and value for the device's status. */
static bool condition(const DbdmaChannel *ch, unsigned what, uint32_t select)
{
    uint32_t mask = select >> 16 & DEVICE_STATUS;
    bool holds = ((ch->regs[REG_STATUS] ^ select) & mask) == 0;

    switch (what & 3) {
    case NEVER:
        return false;
    case ALWAYS:
        return true;
    default:
        return holds == ((what & 3) == IF_TRUE);
    }
}

/* The command is carried out: waits, or tells and goes to the next. False: it waits. */
static bool finish(DbdmaChannel *ch)
{
    DbdmaCommand *c = &ch->current;
    unsigned kind = c->command >> 12;
    bool quad = kind == STORE_QUAD || kind == LOAD_QUAD, branch;

    ch->holds = condition(ch, c->command, ch->regs[REG_WAIT_SEL]);
    if (ch->holds) {
        return false;
    }
    /* The address of a branch is what a quadlet command has its data in. */
    branch = !quad && condition(ch, c->command >> 2, ch->regs[REG_BRANCH_SEL]);
    ch->regs[REG_STATUS] =
        branch ? ch->regs[REG_STATUS] | BT : ch->regs[REG_STATUS] & ~(uint32_t)BT;
    c->xfer_status = (uint16_t)ch->regs[REG_STATUS];
    write_back(ch, kind == LOAD_QUAD);
    if (condition(ch, c->command >> 4, ch->regs[REG_INTR_SEL])) {
        irq_pulse(ch->client.irq);
    }
    ch->regs[REG_CMDPTR] =
        branch ? c->cmd_dep & ~(COMMAND_SIZE - 1) : ch->regs[REG_CMDPTR] + COMMAND_SIZE;
    ch->io.processing = false;
    return true;
}

static bool quadlet(Dbdma *dbdma, DbdmaChannel *ch)
{
    DbdmaCommand *c = &ch->current;
    unsigned size = c->req_count & 4 ? 4 : c->req_count & 2 ? 2 : 1;
    hwaddr addr = c->phy_addr & ~(hwaddr)(size - 1);
    MemTxResult result;

    if ((c->command >> 8 & 7) != KEY_SYSTEM) {
        give_up(dbdma, ch, "a quadlet command with a key other than that of memory");
        return false;
    }
    if (c->command >> 12 == LOAD_QUAD) {
        uint32_t value = (uint32_t)address_space_ldn_le(address_space_memory(), addr, size,
                                                        MEMTXATTRS_UNSPECIFIED, &result);

        c->cmd_dep = size == 4 ? value : deposit32(c->cmd_dep, 0, 8 * size, value);
    } else {
        address_space_stn_le(address_space_memory(), addr, size, c->cmd_dep, MEMTXATTRS_UNSPECIFIED,
                             &result);
    }
    if (result != MEMTX_OK) {
        give_up(dbdma, ch, "nothing at that address");
        return false;
    }
    return true;
}

static DbdmaResult transfer(Dbdma *dbdma, DbdmaChannel *ch)
{
    DbdmaCommand *c = &ch->current;
    unsigned kind = c->command >> 12;
    DbdmaResult result;

    if (!ch->io.processing) {
        if ((c->command >> 8 & 7) > KEY_LAST_STREAM) {
            give_up(dbdma, ch, "not a stream of the device");
            return DBDMA_FAILED;
        }
        ch->io = (DbdmaIo){c->phy_addr, c->req_count, kind & 1, kind <= OUTPUT_LAST, true};
    }
    if (!ch->client.transfer) {
        log_mask(LOG_GUEST_ERROR, "dbdma: transfer on channel 0x%x, which no device has\n",
                 number_of(dbdma, ch));
        ch->io.processing = false;
        return DBDMA_WAITS;
    }
    result = ch->client.transfer(ch->client.opaque, &ch->io, ch->io.len != c->req_count);
    if (result == DBDMA_FAILED) {
        give_up(dbdma, ch, "data cannot be moved there");
    } else if (result == DBDMA_WAITS && ch->io.len == c->req_count) {
        /* As if it had not begun: the command is read again. */
        ch->io.processing = false;
    } else if (result == DBDMA_DONE) {
        c->res_count = (uint16_t)ch->io.len;
        if (ch->io.is_last) {
            ch->regs[REG_STATUS] &= ~(uint32_t)FLUSH;
        }
    }
    return result;
}

/* One command; false: no more of them for now. */
static bool step(Dbdma *dbdma, DbdmaChannel *ch)
{
    if (ch->holds) {
        return finish(ch);
    }
    if (!ch->io.processing && !fetch(ch)) {
        give_up(dbdma, ch, "no memory at the command pointer");
        return false;
    }
    ch->regs[REG_STATUS] &= ~(uint32_t)WAKE;
    switch (ch->current.command >> 12) {
    case OUTPUT_MORE:
    case OUTPUT_LAST:
    case INPUT_MORE:
    case INPUT_LAST:
        return transfer(dbdma, ch) == DBDMA_DONE && finish(ch);
    case STORE_QUAD:
    case LOAD_QUAD:
        ch->current.res_count = 0;
        return quadlet(dbdma, ch) && finish(ch);
    case NOP:
        return finish(ch);
    case STOP:
        ch->regs[REG_STATUS] &= ~(uint32_t)(ACTIVE | DEAD | FLUSH);
        return false;
    default:
        give_up(dbdma, ch, "no such command");
        return false;
    }
}

static bool runs(const DbdmaChannel *ch)
{
    return (ch->regs[REG_STATUS] & (RUN | ACTIVE | PAUSE | DEAD)) == (RUN | ACTIVE);
}

static void run(Dbdma *dbdma, DbdmaChannel *ch, unsigned budget)
{
    unsigned n = 0;

    /* One in the middle of another's command would go round for ever, if they wake each other. */
    if (dbdma->running) {
        go_on_later(dbdma, ch);
        return;
    }
    dbdma->running = true;
    while (runs(ch) && step(dbdma, ch)) {
        if (++n >= budget) {
            go_on_later(dbdma, ch);
            break;
        }
    }
    dbdma->running = false;
}

static void timer_due(void *opaque)
{
    Dbdma *dbdma = opaque;
    uint32_t due = dbdma->due;
    unsigned budget = BUDGET / MAX((unsigned)__builtin_popcount(due), 1u);

    dbdma->due = 0;
    for (; due; due &= due - 1) {
        run(dbdma, &dbdma->channels[ctz32(due)], budget);
    }
}

void dbdma_kick(DeviceState *dev, unsigned channel)
{
    Dbdma *dbdma = (Dbdma *)dev;

    run(dbdma, &dbdma->channels[channel], BUDGET);
}

/* ---- Registers ---- */

static void control(Dbdma *dbdma, DbdmaChannel *ch, uint32_t value)
{
    uint32_t mask = value >> 16 & (RUN | PAUSE | FLUSH | WAKE | DEVICE_STATUS),
             old = ch->regs[REG_STATUS];
    uint32_t status = (old & ~mask) | (value & mask);

    if (!(status & RUN)) {
        /* The end of the program, wherever it is. */
        status &= ~(uint32_t)(ACTIVE | DEAD | WAKE);
        ch->io.processing = ch->holds = false;
    } else if (!(old & RUN) || ((value & mask & (RUN | WAKE)) && !(old & DEAD))) {
        status = (status & ~(uint32_t)DEAD) | ACTIVE;
    }
    /* What was moved is in memory already. */
    status &= ~(uint32_t)FLUSH;
    ch->regs[REG_STATUS] = status;
    run(dbdma, ch, BUDGET);
}

static uint64_t dbdma_read(void *opaque, hwaddr addr, unsigned size)
{
    const DbdmaChannel *ch = &((Dbdma *)opaque)->channels[addr >> CHANNEL_SHIFT];
    unsigned reg = addr >> 2 & 0x1f;

    switch (reg) {
    case REG_CONTROL:
    case REG_STATUS:
        /* Who pauses is not active. */
        return ch->regs[REG_STATUS] &
               (ch->regs[REG_STATUS] & PAUSE ? ~(uint32_t)ACTIVE : UINT32_MAX);
    case REG_CMDPTR:
    case REG_INTR_SEL:
    case REG_BRANCH_SEL:
    case REG_WAIT_SEL:
        return ch->regs[reg];
    default:
        return 0;
    }
}

static void dbdma_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Dbdma *dbdma = opaque;
    DbdmaChannel *ch = &dbdma->channels[addr >> CHANNEL_SHIFT];
    unsigned reg = addr >> 2 & 0x1f;

    switch (reg) {
    case REG_CONTROL:
        control(dbdma, ch, (uint32_t)value);
        break;
    case REG_CMDPTR:
        /* A program that runs keeps it. */
        if (!(ch->regs[REG_STATUS] & ACTIVE)) {
            ch->regs[REG_CMDPTR] = (uint32_t)value & ~(COMMAND_SIZE - 1);
            ch->io.processing = ch->holds = false;
        } else {
            log_mask(LOG_GUEST_ERROR,
                     "dbdma: command pointer of channel 0x%x written while it runs\n",
                     number_of(dbdma, ch));
        }
        break;
    case REG_INTR_SEL:
    case REG_BRANCH_SEL:
    case REG_WAIT_SEL:
        ch->regs[reg] = (uint32_t)value;
        break;
    case REG_STATUS:
        break;
    default:
        log_mask(LOG_UNIMP, "dbdma: write of 0x%" PRIx64 " to register 0x%x of channel 0x%x\n",
                 value, reg, number_of(dbdma, ch));
        break;
    }
}

static const MemoryRegionOps dbdma_ops = {
    .read = dbdma_read,
    .write = dbdma_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
    .impl = {.min_access_size = 4, .max_access_size = 4},
};

/* ---- State ---- */

static const VMStateDescription vmstate_io = {
    .name = "dbdma_io",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_UINT64(addr, DbdmaIo),
        VMSTATE_INT32(len, DbdmaIo),
        VMSTATE_INT32(is_last, DbdmaIo),
        VMSTATE_INT32(is_dma_out, DbdmaIo),
        VMSTATE_BOOL(processing, DbdmaIo),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(DbdmaIo),
};

static const VMStateDescription vmstate_command = {
    .name = "dbdma_cmd",
    .version_id = 0,
    .minimum_version_id = 0,
    .fields = (const VMStateField[]){
        VMSTATE_UINT16(req_count, DbdmaCommand),
        VMSTATE_UINT16(command, DbdmaCommand),
        VMSTATE_UINT32(phy_addr, DbdmaCommand),
        VMSTATE_UINT32(cmd_dep, DbdmaCommand),
        VMSTATE_UINT16(res_count, DbdmaCommand),
        VMSTATE_UINT16(xfer_status, DbdmaCommand),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(DbdmaCommand),
};

static bool holds_needed(void *opaque)
{
    return vmstate_wire_is_own() && ((DbdmaChannel *)opaque)->holds;
}

static const VMStateDescription vmstate_holds = {
    .name = "dbdma_channel/holds",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = holds_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(holds, DbdmaChannel),
        VMSTATE_END_OF_LIST(),
    },
};

static bool channel_pre_load(void *opaque, GError **errp)
{
    ((DbdmaChannel *)opaque)->holds = false;
    return true;
}

static bool channel_post_load(void *opaque, int version, GError **errp)
{
    DbdmaChannel *ch = opaque;

    if (ch->io.len < 0 || ch->io.len > UINT16_MAX ||
        (ch->io.processing && ch->io.len > ch->current.req_count)) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "dbdma: %d bytes left of %u", ch->io.len,
                  ch->current.req_count);
        return false;
    }
    /* A command that waits for its condition was carried out. */
    ch->holds = ch->holds && ch->current.command >> 12 < STOP;
    return true;
}

static const VMStateDescription vmstate_channel = {
    .name = "dbdma_channel",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = channel_pre_load,
    .post_load = channel_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32_ARRAY(regs, DbdmaChannel, N_REGS),
        VMSTATE_STRUCT(io, DbdmaChannel, 0, vmstate_io, DbdmaIo),
        VMSTATE_STRUCT(current, DbdmaChannel, 0, vmstate_command, DbdmaCommand),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_holds),
    .immutable = VMSTATE_NAMES("client"),
    VMSTATE_STRUCT_AUDIT(DbdmaChannel),
};

static bool dbdma_post_load(void *opaque, int version, GError **errp)
{
    Dbdma *dbdma = opaque;

    dbdma->due = 0;
    timer_del(&dbdma->timer);
    for (unsigned i = 0; i < DBDMA_CHANNELS; i++) {
        if (runs(&dbdma->channels[i])) {
            go_on_later(dbdma, &dbdma->channels[i]);
        }
    }
    return true;
}

static const VMStateDescription vmstate_dbdma = {
    .name = "dbdma",
    .version_id = 3,
    .minimum_version_id = 3,
    .post_load = dbdma_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(channels, Dbdma, DBDMA_CHANNELS, 1, vmstate_channel, DbdmaChannel),
        VMSTATE_END_OF_LIST(),
    },
    .derived = VMSTATE_NAMES("timer", "due"),
    .immutable = VMSTATE_NAMES("registers"),
    .host_only = VMSTATE_NAMES("running"),
    VMSTATE_STRUCT_AUDIT(Dbdma),
};

/* ---- Life ---- */

static void dbdma_reset(void *obj, ResetType type)
{
    Dbdma *dbdma = obj;

    for (unsigned i = 0; i < DBDMA_CHANNELS; i++) {
        DbdmaChannel *ch = &dbdma->channels[i];

        memset(ch->regs, 0, sizeof(ch->regs));
        ch->io = (DbdmaIo){0};
        ch->current = (DbdmaCommand){0};
        ch->holds = false;
    }
    dbdma->due = 0;
    timer_del(&dbdma->timer);
}

static bool dbdma_realize(DeviceState *dev, GError **errp)
{
    Dbdma *dbdma = (Dbdma *)dev;

    timer_init_full(&dbdma->timer, clock_virtual(), SCALE_NS, timer_due, dbdma);
    memory_region_init_io(&dbdma->registers, dev, &dbdma_ops, dev, "dbdma", DBDMA_SIZE);
    return true;
}

static void dbdma_unrealize(DeviceState *dev)
{
    Dbdma *dbdma = (Dbdma *)dev;

    timer_deinit(&dbdma->timer);
    memory_region_destroy(&dbdma->registers);
}

const DeviceClass mac_dbdma_class = {
    .name = "mac-dbdma",
    .parent = &device_class.object,
    .description = "descriptor-based DMA of MacIO",
    .instance_size = sizeof(Dbdma),
    .bus = &system_bus_class,
    .vmstate = &vmstate_dbdma,
    .realize = dbdma_realize,
    .unrealize = dbdma_unrealize,
    .reset = {.hold = dbdma_reset},
};

void dbdma_attach(DeviceState *dev, unsigned channel, const DbdmaClient *client)
{
    ((Dbdma *)dev)->channels[channel].client = client ? *client : (DbdmaClient){0};
}

MemoryRegion *dbdma_registers(DeviceState *dev)
{
    return &((Dbdma *)dev)->registers;
}

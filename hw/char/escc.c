/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ESCC: Zilog Z85C30 serial communications controller, two channels.  "SCC/ESCC User Manual"
 * (UM0109), chapters 2 (interrupts) and 5 (registers). Left out: synchronous modes, DMA, the baud
 * rate generator's time (characters pass at once), modem lines other than those that say "ready".
 */
#include <string.h>
#include "hw/char/escc.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/error.h"
#include "util/log.h"

#define N_REGISTERS 16
#define REGISTER_SHIFT 4

/* Write registers. */
enum {
    W_COMMAND,
    W_INTERRUPT,
    W_VECTOR,
    W_RX,
    W_TX_MISC,
    W_TX,
    W_DATA = 8,
    W_MASTER = 9,
    W_BAUD_LOW = 12,
    W_BAUD_HIGH,
    W_MISC,
    W_EXTERNAL
};
/* Read registers. */
enum { R_STATUS, R_SPECIAL, R_VECTOR, R_PENDING, R_DATA = 8 };

#define COMMAND_POINTER 0x07
#define COMMAND(value) ((value) >> 3 & 7)
enum {
    COMMAND_POINT_HIGH = 1,
    COMMAND_RESET_EXTERNAL,
    COMMAND_ABORT,
    COMMAND_NEXT_CHARACTER,
    COMMAND_RESET_TX,
    COMMAND_ERROR_RESET,
    COMMAND_RESET_IUS
};

#define INTERRUPT_TX 0x02
#define INTERRUPT_RX_MODE 0x18
#define RX_ENABLE 0x01
#define TX_ENABLE 0x08
#define MASTER_VECTOR_STATUS 0x01
#define MASTER_ENABLE 0x08
#define MASTER_STATUS_HIGH 0x10
#define MASTER_RESET 0xc0
#define VECTOR_STATUS_LOW 0x0e
#define VECTOR_STATUS_HIGH 0x70
enum { RESET_NONE = 0x00, RESET_B = 0x40, RESET_A = 0x80, RESET_ALL = 0xc0 };
#define MISC_LOOPBACK 0x10

#define STATUS_RX_AVAILABLE 0x01
#define STATUS_TX_EMPTY 0x04
#define STATUS_DCD 0x08
#define STATUS_CTS 0x20
#define STATUS_TX_UNDERRUN 0x40
#define STATUS_BREAK 0x80
#define SPECIAL_ALL_SENT 0x01

/* In R_PENDING of channel A: two groups of three bits. */
#define PENDING_TX 0x02
#define PENDING_RX 0x04
#define PENDING_A_SHIFT 3

typedef struct Escc Escc;

typedef struct EsccChannel {
    /* immutable */
    Escc *escc;
    Chardev *chardev;
    /* host-only */
    CharFrontend frontend;
    guint watch;
    IRQLine *irq;
    /* saved */
    uint32_t unused;                    /* an input's state in streams of old */
    uint32_t reg;                       /* that the next access of the control register is for */
    uint32_t rx_pending, tx_pending;
    uint32_t rx_under_service, tx_under_service;
    uint8_t rx, tx;
    uint8_t write_registers[N_REGISTERS], read_registers[N_REGISTERS];
} EsccChannel;

struct Escc {
    DeviceState parent;
    /* saved */
    EsccChannel channels[ESCC_N_CHANNELS];
    bool master_known; /* W_MASTER is what the guest wrote; QEMU does not keep that */
    /* host-only */
    MemoryRegion registers;
    VMChangeStateEntry *state_entry;
};

/* ---- Interrupts ---- */

/* The master enable and the vector are one register for both channels. */
static bool interrupts_enabled(const Escc *escc)
{
    return !escc->master_known ||
           (escc->channels[ESCC_CHANNEL_A].write_registers[W_MASTER] & MASTER_ENABLE);
}

/*
 * Nothing is ever under service here, since no processor of ours acknowledges interrupts to the
 * chip; QEMU has set those flags as long as the interrupt is there, and what waits also where it is
 * not wanted.
 */
static void update_irq(EsccChannel *c)
{
    uint8_t wanted = c->write_registers[W_INTERRUPT];
    bool rx = c->rx_pending && (wanted & INTERRUPT_RX_MODE),
         tx = c->tx_pending && (wanted & INTERRUPT_TX);

    irq_set(c->irq, interrupts_enabled(c->escc) && (rx || tx));
}

static void update_irqs(Escc *escc)
{
    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        update_irq(&escc->channels[i]);
    }
}

static uint8_t pending_bits(const EsccChannel *c)
{
    return (c->rx_pending ? PENDING_RX : 0) | (c->tx_pending ? PENDING_TX : 0);
}

static void set_rx_pending(EsccChannel *c, bool on)
{
    c->rx_pending = on && (c->write_registers[W_INTERRUPT] & INTERRUPT_RX_MODE);
    update_irq(c);
}

static void set_tx_pending(EsccChannel *c, bool on)
{
    c->tx_pending = on && (c->write_registers[W_INTERRUPT] & INTERRUPT_TX);
    update_irq(c);
}

/* The vector as channel B shows it: what waits stands in bits 3-1, or 6-4 in the other order. */
static uint8_t modified_vector(const Escc *escc)
{
    const EsccChannel *a = &escc->channels[ESCC_CHANNEL_A], *b = &escc->channels[ESCC_CHANNEL_B];
    uint8_t code = a->rx_pending   ? 6
                   : a->tx_pending ? 4
                   : b->rx_pending ? 2
                   : b->tx_pending ? 0
                                   : 3;
    uint8_t vector = a->write_registers[W_VECTOR];

    if (a->write_registers[W_MASTER] & MASTER_STATUS_HIGH) {
        uint8_t reversed = (uint8_t)((code & 1) << 2 | (code & 2) | code >> 2);

        return (uint8_t)((vector & 0x8f) | reversed << 4);
    }
    return (uint8_t)((vector & 0xf1) | code << 1);
}

/* ---- Characters ---- */

static int escc_can_read(void *opaque)
{
    const EsccChannel *c = opaque;

    return (c->write_registers[W_RX] & RX_ENABLE) &&
           !(c->read_registers[R_STATUS] & STATUS_RX_AVAILABLE);
}

static void receive(EsccChannel *c, uint8_t byte)
{
    c->rx = byte;
    c->read_registers[R_STATUS] |= STATUS_RX_AVAILABLE;
    set_rx_pending(c, true);
}

static void escc_input(void *opaque, const uint8_t *data, int size)
{
    receive(opaque, data[size - 1]);
}

static void escc_event(void *opaque, CharEvent event)
{
    EsccChannel *c = opaque;

    if (event == CHAR_EVENT_BREAK) {
        c->read_registers[R_STATUS] |= STATUS_BREAK;
    }
}

static void send(EsccChannel *c);

static gboolean writable(void *opaque)
{
    EsccChannel *c = opaque;

    c->watch = 0;
    send(c);
    return G_SOURCE_REMOVE;
}

/* The transmit buffer is full until the host has taken the character. */
static void send(EsccChannel *c)
{
    if (c->write_registers[W_MISC] & MISC_LOOPBACK) {
        receive(c, c->tx);
    } else if (char_frontend_write(&c->frontend, &c->tx, 1) == 0) {
        c->watch = c->watch ? c->watch : char_frontend_add_watch(&c->frontend, writable, c);
        if (c->watch) {
            return;
        }
    }
    c->read_registers[R_STATUS] |= STATUS_TX_EMPTY;
    c->read_registers[R_SPECIAL] |= SPECIAL_ALL_SENT;
    set_tx_pending(c, true);
}

static void write_data(EsccChannel *c, uint8_t value)
{
    if (!(c->read_registers[R_STATUS] & STATUS_TX_EMPTY)) {
        log_mask(LOG_GUEST_ERROR, "escc: a character was written while the buffer was full\n");
        return;
    }
    c->tx = value;
    c->write_registers[W_DATA] = value;
    set_tx_pending(c, false);
    if (c->write_registers[W_TX] & TX_ENABLE) {
        c->read_registers[R_STATUS] &= (uint8_t)~STATUS_TX_EMPTY;
        c->read_registers[R_SPECIAL] &= (uint8_t)~SPECIAL_ALL_SENT;
        send(c);
    }
}

static uint8_t read_data(EsccChannel *c)
{
    uint8_t byte = c->rx;

    c->read_registers[R_STATUS] &= (uint8_t)~STATUS_RX_AVAILABLE;
    set_rx_pending(c, false);
    /* The next one may come at once. */
    char_frontend_accept_input(&c->frontend);
    return byte;
}

/* ---- Reset ---- */

static void reset_channel(EsccChannel *c, bool hard)
{
    uint8_t vector = c->write_registers[W_VECTOR], baud_low = c->write_registers[W_BAUD_LOW],
            baud_high = c->write_registers[W_BAUD_HIGH], misc = c->write_registers[W_MISC],
            master = c->write_registers[W_MASTER];

    c->reg = 0;
    memset(c->read_registers, 0, sizeof(c->read_registers));
    memset(c->write_registers, 0, sizeof(c->write_registers));
    c->write_registers[W_TX_MISC] = 0x04;
    c->write_registers[W_EXTERNAL] = 0xf8;
    if (hard) {
        c->write_registers[W_MASTER] = MASTER_RESET;
        c->write_registers[W_MISC] = 0x30;
    } else {
        c->write_registers[W_VECTOR] = vector;
        c->write_registers[W_MASTER] = master & ~MASTER_RESET;
        c->write_registers[W_BAUD_LOW] = baud_low;
        c->write_registers[W_BAUD_HIGH] = baud_high;
        c->write_registers[W_MISC] = (misc & 0xc3) | 0x20;
    }
    c->read_registers[R_STATUS] = STATUS_TX_EMPTY | STATUS_TX_UNDERRUN | STATUS_DCD | STATUS_CTS;
    c->read_registers[R_SPECIAL] = SPECIAL_ALL_SENT | 0x06;
    c->rx = c->tx = 0;
    c->rx_pending = c->tx_pending = 0;
    c->rx_under_service = c->tx_under_service = 0;
    if (c->watch) {
        g_source_remove(c->watch);
        c->watch = 0;
    }
    update_irq(c);
}

static void escc_reset(void *obj, ResetType type)
{
    Escc *escc = obj;

    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        reset_channel(&escc->channels[i], true);
    }
    escc->master_known = true;
}

/* ---- Registers ---- */

static void command(EsccChannel *c, uint8_t value)
{
    c->reg = value & COMMAND_POINTER;
    switch (COMMAND(value)) {
    case COMMAND_POINT_HIGH:
        c->reg |= 8;
        break;
    case COMMAND_RESET_EXTERNAL:
        c->read_registers[R_STATUS] &= (uint8_t)~STATUS_BREAK;
        break;
    case COMMAND_RESET_TX:
        set_tx_pending(c, false);
        break;
    case COMMAND_RESET_IUS:
        if (c->rx_under_service) {
            c->rx_under_service = 0;
        } else {
            c->tx_under_service = 0;
        }
        update_irq(c);
        break;
    default:
        break;
    }
}

static void write_master(EsccChannel *c, uint8_t value)
{
    Escc *escc = c->escc;

    escc->master_known = true;
    /* One register: both channels keep it. */
    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        escc->channels[i].write_registers[W_MASTER] = value;
    }
    switch (value & MASTER_RESET) {
    case RESET_B:
        reset_channel(&escc->channels[ESCC_CHANNEL_B], false);
        break;
    case RESET_A:
        reset_channel(&escc->channels[ESCC_CHANNEL_A], false);
        break;
    case RESET_ALL:
        escc_reset(escc, RESET_TYPE_COLD);
        break;
    default:
        break;
    }
    update_irqs(escc);
}

static void write_control(EsccChannel *c, uint8_t value)
{
    uint32_t reg = c->reg;

    c->reg = 0;
    switch (reg) {
    case W_COMMAND:
        command(c, value);
        break;
    case W_VECTOR:
        for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
            c->escc->channels[i].write_registers[W_VECTOR] = value;
        }
        break;
    case W_MASTER:
        write_master(c, value);
        break;
    case W_DATA:
        write_data(c, value);
        break;
    case W_RX:
        c->write_registers[reg] = value;
        char_frontend_accept_input(&c->frontend);
        break;
    default:
        c->write_registers[reg] = value;
        if (reg == W_INTERRUPT) {
            set_rx_pending(c, c->rx_pending);
            set_tx_pending(c, c->tx_pending);
        }
        break;
    }
}

static uint8_t read_control(EsccChannel *c)
{
    uint32_t reg = c->reg;
    Escc *escc = c->escc;
    bool is_a = c == &escc->channels[ESCC_CHANNEL_A];

    c->reg = 0;
    switch (reg) {
    case R_VECTOR:
        return is_a ? c->write_registers[W_VECTOR] : modified_vector(escc);
    case R_PENDING:
        return is_a ? (uint8_t)(pending_bits(c) << PENDING_A_SHIFT |
                                pending_bits(&escc->channels[ESCC_CHANNEL_B]))
                    : 0;
    case R_DATA:
        return read_data(c);
    case W_BAUD_LOW:
    case W_BAUD_HIGH:
    case W_EXTERNAL:
        return c->write_registers[reg];
    default:
        return c->read_registers[reg];
    }
}

static uint64_t escc_read(void *opaque, hwaddr addr, unsigned size)
{
    Escc *escc = opaque;
    EsccChannel *c = &escc->channels[addr >> (REGISTER_SHIFT + 1) & 1];

    return addr >> REGISTER_SHIFT & 1 ? read_data(c) : read_control(c);
}

static void escc_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    Escc *escc = opaque;
    EsccChannel *c = &escc->channels[addr >> (REGISTER_SHIFT + 1) & 1];

    if (addr >> REGISTER_SHIFT & 1) {
        write_data(c, (uint8_t)value);
    } else {
        write_control(c, (uint8_t)value);
    }
}

static const MemoryRegionOps escc_ops = {
    .read = escc_read,
    .write = escc_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

/* ---- State ---- */

static bool channel_post_load(void *opaque, int version, GError **errp)
{
    EsccChannel *c = opaque;

    if (c->reg >= N_REGISTERS) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM, "escc: register %u", c->reg);
        return false;
    }
    if (c->watch) {
        g_source_remove(c->watch);
        c->watch = 0;
    }
    return true;
}

static const VMStateDescription vmstate_channel = {
    .name = "escc_chn",
    .version_id = 2,
    .minimum_version_id = 1,
    .post_load = channel_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(unused, EsccChannel),
        VMSTATE_UINT32(reg, EsccChannel),
        VMSTATE_UINT32(rx_pending, EsccChannel),
        VMSTATE_UINT32(tx_pending, EsccChannel),
        VMSTATE_UINT32(rx_under_service, EsccChannel),
        VMSTATE_UINT32(tx_under_service, EsccChannel),
        VMSTATE_UINT8(rx, EsccChannel),
        VMSTATE_UINT8(tx, EsccChannel),
        VMSTATE_BUFFER(write_registers, EsccChannel),
        VMSTATE_BUFFER(read_registers, EsccChannel),
        VMSTATE_END_OF_LIST(),
    },
    .immutable = VMSTATE_NAMES("escc", "chardev", "irq"),
    .host_only = VMSTATE_NAMES("frontend", "watch"),
    VMSTATE_STRUCT_AUDIT(EsccChannel),
};

static bool escc_pre_load(void *opaque, GError **errp)
{
    Escc *escc = opaque;

    escc->master_known = false;
    return true;
}

/* QEMU keeps what waits in the registers that show it, too, and its guest would find nothing there.
 */
static bool escc_pre_save(void *opaque, GError **errp)
{
    Escc *escc = opaque;
    EsccChannel *a = &escc->channels[ESCC_CHANNEL_A], *b = &escc->channels[ESCC_CHANNEL_B];
    uint8_t pending = (uint8_t)(pending_bits(a) << PENDING_A_SHIFT | pending_bits(b));

    a->read_registers[R_PENDING] = pending;
    if (pending) {
        b->read_registers[R_VECTOR] =
            modified_vector(escc) & (VECTOR_STATUS_LOW | VECTOR_STATUS_HIGH);
    }
    return true;
}

static bool escc_post_load(void *opaque, int version, GError **errp)
{
    Escc *escc = opaque;

    if (escc->channels[ESCC_CHANNEL_A].write_registers[W_MASTER] & MASTER_ENABLE) {
        escc->master_known = true;
    }
    update_irqs(escc);
    return true;
}

/* Without it interrupts are taken for enabled. */
static bool master_needed(void *opaque)
{
    const Escc *escc = opaque;

    return vmstate_wire_is_own() && escc->master_known && !interrupts_enabled(escc);
}

static const VMStateDescription vmstate_master = {
    .name = "escc/master",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = master_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BOOL(master_known, Escc),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_escc = {
    .name = "escc",
    .version_id = 2,
    .minimum_version_id = 1,
    .pre_load = escc_pre_load,
    .pre_save = escc_pre_save,
    .post_load = escc_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT_ARRAY(channels, Escc, ESCC_N_CHANNELS, 2, vmstate_channel, EsccChannel),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_master),
    .immutable = VMSTATE_NAMES("registers"),
    .host_only = VMSTATE_NAMES("state_entry"),
    VMSTATE_STRUCT_AUDIT(Escc),
};

/*
 * A character that the host had not taken where the state comes from goes on its way when the guest
 * does: the load has not failed then, and the controller has its own state already when the
 * interrupt comes.
 */
static void on_run_state(void *opaque, bool running, RunState state)
{
    Escc *escc = opaque;

    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        EsccChannel *c = &escc->channels[i];

        if (running && !c->watch && !(c->read_registers[R_STATUS] & STATUS_TX_EMPTY)) {
            send(c);
        }
    }
}

/* ---- Life ---- */

static bool escc_realize(DeviceState *dev, GError **errp)
{
    Escc *escc = (Escc *)dev;
    static const char *const names[] = {"b", "a"};

    memory_region_init_io(&escc->registers, dev, &escc_ops, dev, "escc", ESCC_SIZE);
    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        EsccChannel *c = &escc->channels[i];

        c->escc = escc;
        device_init_gpio_out(dev, names[i], &c->irq, 1);
        if (!char_frontend_init(&c->frontend, c->chardev, errp)) {
            return false;
        }
        char_frontend_set_handlers(&c->frontend, escc_can_read, escc_input, escc_event, c);
    }
    escc->state_entry = vm_change_state_add(on_run_state, escc, 0);
    return true;
}

static void escc_unrealize(DeviceState *dev)
{
    Escc *escc = (Escc *)dev;

    vm_change_state_remove(escc->state_entry);
    escc->state_entry = NULL;
    for (unsigned i = 0; i < ESCC_N_CHANNELS; i++) {
        EsccChannel *c = &escc->channels[i];

        if (c->watch) {
            g_source_remove(c->watch);
            c->watch = 0;
        }
        char_frontend_deinit(&c->frontend);
    }
    memory_region_destroy(&escc->registers);
}

const DeviceClass escc_class = {
    .name = "escc",
    .parent = &device_class.object,
    .description = "Z85C30 serial controller",
    .instance_size = sizeof(Escc),
    .bus = &system_bus_class,
    .category = DEVICE_CATEGORY_INPUT,
    .vmstate = &vmstate_escc,
    .realize = escc_realize,
    .unrealize = escc_unrealize,
    .reset = {.hold = escc_reset},
};

void escc_set_chardev(DeviceState *dev, unsigned channel, Chardev *chr)
{
    ((Escc *)dev)->channels[channel].chardev = chr;
}

MemoryRegion *escc_registers(DeviceState *dev)
{
    return &((Escc *)dev)->registers;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CUDA: packets between a Power Mac and its microcontroller for ADB, time of day, parameter RAM and
 * power, byte by byte through a VIA's shift register.  Handshake and packets as in Linux's
 * drivers/macintosh/via-cuda.c; commands and error codes as in DingusPPC's
 * devices/common/viacuda.cpp.
 *
 * Port B, all active low: TIP (host: a transaction is under way), TACK (host: toggles for each
 * byte), TREQ (CUDA: has something to say, until the last byte).  The VIA's shift interrupt says
 * that a byte has passed. A packet is a type, and for type 1 a command; the answer type, status,
 * command, data. Left out: nothing is on its I2C bus, so that transfers there fail; its ROM.
 */
#include <string.h>
#include "hw/input/adb.h"
#include "hw/misc/cuda.h"
#include "hw/misc/dbdma.h"
#include "hw/misc/macio-gpio.h"
#include "hw/misc/mos6522.h"
#include "hw/misc/pmu.h"
#include "migration/vmstate.h"
#include "migration/wire.h"
#include "system/rtc.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/bswap.h"
#include "util/error.h"
#include "util/log.h"

enum { TREQ = 0x08, TACK = 0x10, TIP = 0x20 };
#define REGISTER_SHIFT 9
#define BYTE_TIME_NS (60 * SCALE_US)    /* as DingusPPC has it; software polls meanwhile */
#define SECONDS_1904_TO_1970 2082844800u

enum { PACKET_ADB, PACKET_CUDA, PACKET_ERROR, PACKET_TICK };
enum { ERROR_PACKET = 1, ERROR_COMMAND, ERROR_SIZE, ERROR_PARAMETER, ERROR_I2C };
#define ADB_POLLED 0x40u
#define ADB_NO_ANSWER 0x02u

#define IN_SIZE 128
#define OUT_SIZE 16
#define PRAM_SIZE 256
#define PRAM_ADDRESS 0x100u             /* in the microcontroller's memory */
#define MAX_DATA (IN_SIZE - 3)
enum { ONE_SECOND_OFF, ONE_SECOND_TIME, ONE_SECOND_TIME_ONCE, ONE_SECOND_TICK };

typedef struct Cuda {
    DeviceState parent;
    /* saved, also as a section of its own */
    Mos6522 via;
    /* saved */
    uint8_t last_b, last_acr;
    int32_t in_size, in_index;          /* to the host: in[in_index] comes next */
    int32_t out_index;                  /* from the host */
    uint8_t in[IN_SIZE], out[OUT_SIZE];
    uint32_t tick_offset;               /* seconds since 1904 when the virtual clock was 0 */
    Timer shift_timer;                  /* a byte is on its way */
    uint8_t pram[PRAM_SIZE];
    uint8_t one_second_mode, file_server, power_messages;
    Timer second_timer;
    /* immutable */
    uint64_t timebase_frequency;
    AdbBus *adb;
    MemoryRegion registers;
    IRQLine *irq;
} Cuda;

/* ---- Handshake ---- */

static void shifted(void *opaque)
{
    mos6522_shifted(&((Cuda *)opaque)->via);
}

static void shift_later(Cuda *cuda)
{
    timer_mod_ns(&cuda->shift_timer, clock_get_ns(clock_virtual()) + BYTE_TIME_NS);
}

static bool has_data(const Cuda *cuda)
{
    return cuda->in_index < cuda->in_size;
}

static void set_treq(Cuda *cuda, bool asserted)
{
    cuda->via.b = (uint8_t)(asserted ? cuda->via.b & ~TREQ : cuda->via.b | TREQ);
    cuda->last_b = (uint8_t)((cuda->last_b & ~TREQ) | (cuda->via.b & TREQ));
}

/* The host has read all it will read of a packet. */
static void packet_read(Cuda *cuda)
{
    cuda->in_index = cuda->in_size;
    set_treq(cuda, false);
    adb_autopoll_block(cuda->adb, false);
}

static void byte_from_host(Cuda *cuda)
{
    if (!cuda->out_index) {
        adb_autopoll_block(cuda->adb, true);
    }
    if (cuda->out_index < OUT_SIZE) {
        cuda->out[cuda->out_index++] = cuda->via.sr;
    } else {
        log_mask(LOG_GUEST_ERROR, "cuda: a packet of more than %d bytes\n", OUT_SIZE);
    }
    shift_later(cuda);
}

static void byte_to_host(Cuda *cuda)
{
    if (!has_data(cuda)) {
        return;
    }
    cuda->via.sr = cuda->in[cuda->in_index++];
    if (!has_data(cuda)) {
        packet_read(cuda);
    }
    shift_later(cuda);
}

static void process(Cuda *cuda, const uint8_t *packet, unsigned size);

static void transaction_over(Cuda *cuda)
{
    uint8_t packet[OUT_SIZE];
    unsigned size = (unsigned)cuda->out_index;

    shift_later(cuda);
    if (cuda->in_index > 0 && has_data(cuda)) {
        packet_read(cuda);
    }
    if (size) {
        memcpy(packet, cuda->out, size);
        cuda->out_index = 0;
        process(cuda, packet, size);
    }
}

static void port_b_written(void *opaque)
{
    Cuda *cuda = opaque;
    uint8_t last = cuda->last_b, b, changed;

    /* TREQ is not the host's to set, whatever the direction register says. */
    b = cuda->via.b = (uint8_t)((cuda->via.b & ~TREQ) | (last & TREQ));
    changed = b ^ last;
    cuda->last_b = b;
    cuda->last_acr = cuda->via.acr;
    if (!(b & TIP)) {
        if (changed & (TIP | TACK)) {
            if (cuda->via.acr & VIA_ACR_SHIFT_OUT) {
                byte_from_host(cuda);
            } else {
                byte_to_host(cuda);
            }
        }
    } else if (changed & TIP) {
        transaction_over(cuda);
        if (has_data(cuda)) {
            set_treq(cuda, true);
        }
    } else if (changed & TACK) {
        /* The host wants to be in step: TREQ follows. */
        set_treq(cuda, !(b & TACK));
        shift_later(cuda);
    }
}

static void send(Cuda *cuda, const uint8_t *packet, unsigned size)
{
    memcpy(cuda->in, packet, size);
    cuda->in_size = (int32_t)size;
    cuda->in_index = 0;
    adb_autopoll_block(cuda->adb, true);
    if (cuda->via.b & TIP) {
        set_treq(cuda, true);
    }
    shift_later(cuda);
}

/* ---- Time of day ---- */

static uint32_t seconds_running(void)
{
    return (uint32_t)(clock_get_ns(clock_virtual()) / NANOSECONDS_PER_SECOND);
}

static void put_time(const Cuda *cuda, uint8_t *at)
{
    stl_be_p(at, cuda->tick_offset + seconds_running());
}

static void arm_second(Cuda *cuda)
{
    if (cuda->one_second_mode != ONE_SECOND_OFF) {
        int64_t second = NANOSECONDS_PER_SECOND, now = clock_get_ns(clock_virtual());

        timer_mod_ns(&cuda->second_timer, (now / second + 1) * second);
    } else {
        timer_del(&cuda->second_timer);
    }
}

/* ---- Commands: the number of bytes of the answer's data, or an error ---- */

enum {
    CMD_WARM_START = 0x00,
    CMD_AUTOPOLL,
    CMD_GET_MEMORY,
    CMD_GET_TIME,
    CMD_GET_PRAM = 0x07,
    CMD_SET_MEMORY,
    CMD_SET_TIME,
    CMD_POWER_DOWN,
    CMD_POWER_UP_TIME,
    CMD_SET_PRAM,
    CMD_MONOSTABLE_RESET,
    CMD_SEND_DFAC,
    CMD_BATTERY_SWAP = 0x10,
    CMD_RESET_SYSTEM,
    CMD_SET_IPL,
    CMD_FILE_SERVER,
    CMD_SET_AUTO_RATE,
    CMD_GET_AUTO_RATE = 0x16,
    CMD_SET_DEVICE_LIST = 0x19,
    CMD_GET_DEVICE_LIST,
    CMD_ONE_SECOND_MODE,
    CMD_SET_POWER_MESSAGES = 0x21,
    CMD_I2C,
    CMD_WAKE_UP,
    CMD_TIMER_TICKLE,
    CMD_COMBINED_I2C,
};

typedef int CommandFn(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data);

static int do_nothing(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    return 0;
}

static int do_autopoll(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    adb_autopoll_enable(cuda->adb, args[0] != 0);
    return 0;
}

static unsigned address_of(const uint8_t *args)
{
    return args[0] << 8 | args[1];
}

static int read_pram(Cuda *cuda, unsigned from, uint8_t *data)
{
    unsigned size;

    if (from >= PRAM_SIZE) {
        return -ERROR_PARAMETER;
    }
    /* As much as there is: the host stops reading when it has enough. */
    size = MIN(PRAM_SIZE - from, MAX_DATA);
    memcpy(data, cuda->pram + from, size);
    return (int)size;
}

static int write_pram(Cuda *cuda, unsigned to, const uint8_t *bytes, unsigned n)
{
    if (to >= PRAM_SIZE || n > PRAM_SIZE - to) {
        return -ERROR_PARAMETER;
    }
    memcpy(cuda->pram + to, bytes, n);
    return 0;
}

static int do_get_pram(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    return read_pram(cuda, address_of(args), data);
}

static int do_set_pram(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    return write_pram(cuda, address_of(args), args + 2, n - 2);
}

/* Of the microcontroller's memory only parameter RAM is there. */
static int do_get_memory(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    unsigned address = address_of(args);

    return address < PRAM_ADDRESS ? -ERROR_PARAMETER
                                  : read_pram(cuda, address - PRAM_ADDRESS, data);
}

static int do_set_memory(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    unsigned address = address_of(args);

    return address < PRAM_ADDRESS ? -ERROR_PARAMETER
                                  : write_pram(cuda, address - PRAM_ADDRESS, args + 2, n - 2);
}

static int do_get_time(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    put_time(cuda, data);
    return 4;
}

static int do_set_time(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    cuda->tick_offset = ldl_be_p(args) - seconds_running();
    return 0;
}

static int do_power_down(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    return 0;
}

static int do_reset_system(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    return 0;
}

static int do_file_server(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    cuda->file_server = args[0];
    return 0;
}

static int do_set_auto_rate(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    if (!args[0]) {
        return -ERROR_PARAMETER;
    }
    adb_autopoll_set_rate(cuda->adb, args[0]);
    return 0;
}

static int do_get_auto_rate(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    data[0] = cuda->adb->autopoll_rate_ms;
    return 1;
}

static int do_set_device_list(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    cuda->adb->autopoll_mask = (uint16_t)address_of(args);
    return 0;
}

static int do_get_device_list(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    data[0] = cuda->adb->autopoll_mask >> 8;
    data[1] = (uint8_t)cuda->adb->autopoll_mask;
    return 2;
}

static int do_one_second_mode(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    if (args[0] > ONE_SECOND_TICK) {
        return -ERROR_PARAMETER;
    }
    cuda->one_second_mode = args[0];
    arm_second(cuda);
    return 0;
}

static int do_set_power_messages(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    cuda->power_messages = args[0];
    return 0;
}

/* No device acknowledges its address. */
static int do_i2c(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t *data)
{
    return -ERROR_I2C;
}

typedef struct Command {
    uint8_t code, min_args, max_args;
    CommandFn *run;
} Command;

#define ANY 0xff

static const Command commands[] = {
    {CMD_WARM_START, 0, ANY, do_nothing},
    {CMD_AUTOPOLL, 1, 1, do_autopoll},
    {CMD_GET_MEMORY, 2, 2, do_get_memory},
    {CMD_GET_TIME, 0, 0, do_get_time},
    {CMD_GET_PRAM, 2, 2, do_get_pram},
    {CMD_SET_MEMORY, 2, ANY, do_set_memory},
    {CMD_SET_TIME, 4, 4, do_set_time},
    {CMD_POWER_DOWN, 0, 0, do_power_down},
    {CMD_POWER_UP_TIME, 0, ANY, do_nothing},
    {CMD_SET_PRAM, 2, ANY, do_set_pram},
    {CMD_MONOSTABLE_RESET, 0, ANY, do_nothing},
    {CMD_SEND_DFAC, 0, ANY, do_nothing},
    {CMD_BATTERY_SWAP, 0, ANY, do_nothing},
    {CMD_RESET_SYSTEM, 0, 0, do_reset_system},
    {CMD_SET_IPL, 0, ANY, do_nothing},
    {CMD_FILE_SERVER, 1, 1, do_file_server},
    {CMD_SET_AUTO_RATE, 1, 1, do_set_auto_rate},
    {CMD_GET_AUTO_RATE, 0, 0, do_get_auto_rate},
    {CMD_SET_DEVICE_LIST, 2, 2, do_set_device_list},
    {CMD_GET_DEVICE_LIST, 0, 0, do_get_device_list},
    {CMD_ONE_SECOND_MODE, 1, 1, do_one_second_mode},
    {CMD_SET_POWER_MESSAGES, 1, 1, do_set_power_messages},
    {CMD_I2C, 0, ANY, do_i2c},
    {CMD_WAKE_UP, 0, ANY, do_nothing},
    {CMD_TIMER_TICKLE, 0, ANY, do_nothing},
    {CMD_COMBINED_I2C, 0, ANY, do_i2c},
};

static void send_error(Cuda *cuda, unsigned error, uint8_t type, uint8_t command)
{
    uint8_t answer[] = {PACKET_ERROR, (uint8_t)error, type, command};

    log_mask(LOG_GUEST_ERROR, "cuda: error %u for packet %u, command 0x%02x\n", error, type,
             command);
    send(cuda, answer, sizeof(answer));
}

static void process_command(Cuda *cuda, const uint8_t *args, unsigned n, uint8_t code)
{
    uint8_t answer[IN_SIZE] = {PACKET_CUDA, 0, code};
    const Command *command = NULL;
    int result;

    for (unsigned i = 0; i < G_N_ELEMENTS(commands) && !command; i++) {
        command = commands[i].code == code ? &commands[i] : NULL;
    }
    if (!command) {
        send_error(cuda, ERROR_COMMAND, PACKET_CUDA, code);
        return;
    }
    if (n < command->min_args || n > command->max_args) {
        send_error(cuda, ERROR_SIZE, PACKET_CUDA, code);
        return;
    }
    result = command->run(cuda, args, n, answer + 3);
    if (result < 0) {
        send_error(cuda, (unsigned)-result, PACKET_CUDA, code);
    } else {
        send(cuda, answer, 3 + (unsigned)result);
    }
}

static void process_adb(Cuda *cuda, const uint8_t *packet, unsigned size)
{
    uint8_t answer[3 + ADB_MAX_DATA] = {PACKET_ADB, 0, packet[0]};
    int result = adb_request(cuda->adb, answer + 3, packet, size);

    if (result <= 0) {
        answer[1] = result < 0 ? ADB_NO_ANSWER : 0;
        result = 0;
    }
    send(cuda, answer, 3 + (unsigned)result);
}

static void process(Cuda *cuda, const uint8_t *packet, unsigned size)
{
    if (size < 2) {
        send_error(cuda, ERROR_SIZE, packet[0], 0);
    } else if (packet[0] == PACKET_ADB) {
        process_adb(cuda, packet + 1, size - 1);
    } else if (packet[0] == PACKET_CUDA) {
        process_command(cuda, packet + 2, size - 2, packet[1]);
    } else {
        send_error(cuda, ERROR_PACKET, packet[0], packet[1]);
    }
}

/* ---- What CUDA says by itself ---- */

static bool is_idle(const Cuda *cuda)
{
    return !has_data(cuda) && !cuda->out_index && (cuda->via.b & TIP);
}

static void autopoll(void *opaque)
{
    Cuda *cuda = opaque;
    uint8_t packet[2 + ADB_MAX_PACKET] = {PACKET_ADB, ADB_POLLED};
    int size = is_idle(cuda) ? adb_poll(cuda->adb, packet + 2) : 0;

    if (size > 0) {
        send(cuda, packet, 2 + (unsigned)size);
    }
}

static void second_passed(void *opaque)
{
    Cuda *cuda = opaque;
    uint8_t time[7] = {PACKET_CUDA, ADB_POLLED, CMD_GET_TIME}, tick[] = {PACKET_TICK};

    if (is_idle(cuda)) {
        if (cuda->one_second_mode == ONE_SECOND_TICK) {
            send(cuda, tick, sizeof(tick));
        } else {
            put_time(cuda, time + 3);
            send(cuda, time, sizeof(time));
            if (cuda->one_second_mode == ONE_SECOND_TIME_ONCE) {
                cuda->one_second_mode = ONE_SECOND_TICK;
            }
        }
    }
    arm_second(cuda);
}

/* ---- Registers ---- */

static uint64_t cuda_read(void *opaque, hwaddr addr, unsigned size)
{
    return mos6522_read(&((Cuda *)opaque)->via, addr >> REGISTER_SHIFT & 0xf);
}

static void cuda_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    mos6522_write(&((Cuda *)opaque)->via, addr >> REGISTER_SHIFT & 0xf, (uint8_t)value);
}

static const MemoryRegionOps cuda_ops = {
    .read = cuda_read,
    .write = cuda_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

/* ---- State ---- */

static bool extra_needed(void *opaque)
{
    const Cuda *cuda = opaque;
    static const uint8_t none[PRAM_SIZE];

    return vmstate_wire_is_own() && (cuda->one_second_mode || cuda->file_server ||
                                     cuda->power_messages || memcmp(cuda->pram, none, PRAM_SIZE));
}

static const VMStateDescription vmstate_extra = {
    .name = "cuda/extra",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(pram, Cuda),
        VMSTATE_UINT8(one_second_mode, Cuda),
        VMSTATE_UINT8(file_server, Cuda),
        VMSTATE_UINT8(power_messages, Cuda),
        VMSTATE_TIMER(second_timer, Cuda),
        VMSTATE_END_OF_LIST(),
    },
};

static bool cuda_pre_load(void *opaque, GError **errp)
{
    Cuda *cuda = opaque;

    memset(cuda->pram, 0, PRAM_SIZE);
    cuda->one_second_mode = cuda->file_server = cuda->power_messages = 0;
    timer_del(&cuda->second_timer);
    return true;
}

static bool cuda_post_load(void *opaque, int version, GError **errp)
{
    Cuda *cuda = opaque;

    if (cuda->in_size < 0 || cuda->in_size > IN_SIZE || cuda->in_index < 0 ||
        cuda->in_index > cuda->in_size || cuda->out_index < 0 || cuda->out_index > OUT_SIZE ||
        cuda->one_second_mode > ONE_SECOND_TICK) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
                    "cuda: byte %d of %d for the host, %d from it, one-second mode %u",
                    cuda->in_index, cuda->in_size, cuda->out_index, cuda->one_second_mode);
        return false;
    }
    return true;
}

static const VMStateDescription vmstate_cuda = {
    .name = "cuda",
    .version_id = 6,
    .minimum_version_id = 6,
    .pre_load = cuda_pre_load,
    .post_load = cuda_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(via, Cuda, 0, vmstate_mos6522, Mos6522),
        VMSTATE_UINT8(last_b, Cuda),
        VMSTATE_UINT8(last_acr, Cuda),
        VMSTATE_INT32(in_size, Cuda),
        VMSTATE_INT32(in_index, Cuda),
        VMSTATE_INT32(out_index, Cuda),
        VMSTATE_BUFFER(in, Cuda),
        VMSTATE_BUFFER(out, Cuda),
        VMSTATE_UINT32(tick_offset, Cuda),
        VMSTATE_TIMER(shift_timer, Cuda),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_extra),
    .parts = VMSTATE_SUBSECTIONS(&vmstate_adb_bus), /* a section of its own */
    .immutable = VMSTATE_NAMES("timebase_frequency", "adb", "registers", "irq"),
    VMSTATE_STRUCT_AUDIT(Cuda),
};

/* ---- Life ---- */

static void via_irq(void *opaque, int n, int level)
{
    irq_set(((Cuda *)opaque)->irq, level);
}

static void cuda_reset(void *obj, ResetType type)
{
    Cuda *cuda = obj;

    /* The VIA was reset before, or is reset after: nothing is asserted. */
    cuda->via.b = cuda->last_b = TREQ | TACK | TIP;
    cuda->last_acr = 0;
    cuda->in_size = cuda->in_index = cuda->out_index = 0;
    memset(cuda->in, 0, sizeof(cuda->in));
    memset(cuda->out, 0, sizeof(cuda->out));
    /* Parameter RAM and the clock live on a battery. */
    cuda->one_second_mode = cuda->file_server = cuda->power_messages = 0;
    timer_del(&cuda->shift_timer);
    timer_del(&cuda->second_timer);
}

static bool cuda_realize(DeviceState *dev, GError **errp)
{
    static const Mos6522Ops ops = {.port_b_written = port_b_written};
    Cuda *cuda = (Cuda *)dev;

    device_init(&cuda->via.parent, &mos6522_class);
    cuda->via.ops = &ops;
    cuda->via.opaque = cuda;
    cuda->via.timers[0].load_frequency = cuda->via.timers[1].load_frequency =
        cuda->timebase_frequency;
    if (!device_realize(&cuda->via.parent, NULL, errp)) {
        return false;
    }
    device_connect_gpio_out(&cuda->via.parent, NULL, 0, irq_new(via_irq, cuda, 0));
    device_init_gpio_out(dev, NULL, &cuda->irq, 1);
    cuda->adb = adb_bus_create(dev, autopoll, cuda);
    timer_init_full(&cuda->shift_timer, clock_virtual(), SCALE_NS, shifted, cuda);
    timer_init_full(&cuda->second_timer, clock_virtual(), SCALE_NS, second_passed, cuda);
    cuda->tick_offset = (uint32_t)(rtc_now_ns() / NANOSECONDS_PER_SECOND) + SECONDS_1904_TO_1970 -
                        seconds_running();
    memory_region_init_io(&cuda->registers, dev, &cuda_ops, dev, "cuda", CUDA_SIZE);
    return true;
}

static void cuda_unrealize(DeviceState *dev)
{
    Cuda *cuda = (Cuda *)dev;

    timer_deinit(&cuda->shift_timer);
    timer_deinit(&cuda->second_timer);
    adb_bus_destroy(cuda->adb);
    memory_region_destroy(&cuda->registers);
    irq_free(cuda->via.irq);
    device_unrealize(&cuda->via.parent);
    object_unref(OBJECT(&cuda->via));
}

const DeviceClass cuda_class = {
    .name = "via-cuda",
    .parent = &device_class.object,
    .description = "CUDA microcontroller",
    .instance_size = sizeof(Cuda),
    .bus = &system_bus_class,
    .vmstate = &vmstate_cuda,
    .realize = cuda_realize,
    .unrealize = cuda_unrealize,
    .reset = {.hold = cuda_reset},
};

void cuda_set_timebase_frequency(DeviceState *dev, uint64_t frequency)
{
    ((Cuda *)dev)->timebase_frequency = frequency;
}

MemoryRegion *cuda_registers(DeviceState *dev)
{
    return &((Cuda *)dev)->registers;
}

BusState *cuda_adb_bus(DeviceState *dev)
{
    return &((Cuda *)dev)->adb->parent;
}

const DeviceClass *const hw_misc_device_classes[] = {
    &cuda_class, &mac_dbdma_class, &macio_gpio_class, &mos6522_class, &pmu_class, NULL,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMU: commands between a Power Mac and its power manager for power, time of day, parameter RAM,
 * ADB, byte by byte through a VIA's shift register.  Handshake, lengths and commands as in Linux's
 * drivers/macintosh/via-pmu.c and include/uapi/linux/pmu.h, and NetBSD's
 * arch/macppc/dev/pm_direct.c.
 *
 * Port B, both active low: TREQ (host: a byte is there, or wanted), TACK (PMU: took or gave it). A
 * command byte, the number of bytes that follow if it varies, those, then the answer in the same
 * way.  What the PMU has to say by itself waits behind a line of its own until the host asks with
 * INT_ACK. An answer of ADB has two bytes before its data, as OpenBIOS expects it of QEMU; on the
 * real ones it is one. Left out: batteries, backlight, sleep, I2C: commands for them are answered
 * with zeros.
 */
#include <string.h>
#include "hw/input/adb.h"
#include "hw/misc/mos6522.h"
#include "hw/misc/pmu.h"
#include "migration/vmstate.h"
#include "migration/wire.h"
#include "system/rtc.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "system/vmstate-timer.h"
#include "util/error.h"
#include "util/log.h"

enum { TACK = 0x08, TREQ = 0x10 };
#define REGISTER_SHIFT 9
#define SECONDS_1904_TO_1970 2082844800u
#define BUFFER_SIZE 128u
#define REPLY_SIZE 16u
#define PRAM_SIZE 256u
#define VARIES UINT32_MAX               /* a length: a byte says it */
#define FIRMWARE_VERSION 1u
#define READY 0x62u                     /* what "download status" says when nothing is loaded */
/* Units of the two timers' loads in QEMU's streams; the second is 1 / period there. */
#define T1_LOAD_FREQUENCY (4700000u / 6)
#define T2_LOAD_FREQUENCY (6000000u / 4700)

/* Of the bits that INT_ACK answers with. */
enum { INT_ADB_AUTO = 0x04, INT_ADB = 0x10, INT_TICK = 0x80 };
/* What comes next. */
typedef enum PmuState { STATE_IDLE, STATE_COMMAND, STATE_ANSWER } PmuState;

typedef struct Pmu {
    DeviceState parent;
    /* saved, also as a section of its own */
    Mos6522 via;
    /* saved */
    uint8_t last_b, cmd;
    uint32_t cmdlen, rsplen;            /* bytes that belong to it, or VARIES until that is known */
    uint8_t cmd_buf_pos, cmd_rsp_pos, cmd_rsp_sz;
    uint8_t cmd_buf[BUFFER_SIZE], cmd_rsp[BUFFER_SIZE];
    uint8_t intbits, intmask;
    uint32_t tick_offset;               /* seconds since 1904 when the virtual clock was 0 */
    Timer one_sec_timer;
    int64_t one_sec_target;             /* ms */
    uint8_t adb_reply_size, adb_reply[REPLY_SIZE];
    uint8_t pram[PRAM_SIZE];
    /* derived */
    PmuState state;
    /* immutable */
    bool has_adb;                       /* property */
    AdbBus *adb;                        /* NULL: it has none */
    MemoryRegion registers;
    IRQLine *irq, *attention;
} Pmu;

/* ---- What it says by itself ---- */

static void update_attention(Pmu *pmu)
{
    irq_set(pmu->attention, !(pmu->intbits & pmu->intmask));
}

static void autopoll(void *opaque)
{
    Pmu *pmu = opaque;
    int size;

    if (pmu->intbits & INT_ADB) {
        return;
    }
    size = adb_poll(pmu->adb, pmu->adb_reply);
    if (size > 0) {
        pmu->adb_reply_size = (uint8_t)size;
        pmu->intbits |= INT_ADB | INT_ADB_AUTO;
        update_attention(pmu);
    }
}

static void second_passed(void *opaque)
{
    Pmu *pmu = opaque;
    int64_t now = clock_get_ns(clock_virtual()) / SCALE_MS;

    pmu->intbits |= INT_TICK;
    update_attention(pmu);
    /* Those that nobody could see are not made up for. */
    pmu->one_sec_target += 1000;
    if (pmu->one_sec_target <= now || pmu->one_sec_target > now + 1000) {
        pmu->one_sec_target = now + 1000;
    }
    timer_mod(&pmu->one_sec_timer, pmu->one_sec_target);
}

/* ---- Commands: args and their number; the number of bytes of the answer ---- */

typedef unsigned CommandFn(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer);

static uint32_t seconds_running(void)
{
    return (uint32_t)(clock_get_ns(clock_virtual()) / NANOSECONDS_PER_SECOND);
}

static unsigned do_read_rtc(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    uint32_t seconds = pmu->tick_offset + seconds_running();

    for (unsigned i = 0; i < 4; i++) {
        answer[i] = (uint8_t)(seconds >> (24 - 8 * i));
    }
    return 4;
}

static unsigned do_set_rtc(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    uint32_t seconds =
        (uint32_t)args[0] << 24 | (uint32_t)args[1] << 16 | (uint32_t)args[2] << 8 | args[3];

    pmu->tick_offset = seconds - seconds_running();
    return 0;
}

/* The 20 bytes at its start, which Mac OS keeps together. */
static unsigned do_read_pram(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    memcpy(answer, pmu->pram, 20);
    return 20;
}

static unsigned do_write_pram(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    memcpy(pmu->pram, args, 20);
    return 0;
}

/* From an offset, so many bytes. */
static unsigned do_read_xpram(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    unsigned size = MIN(args[1], MIN(BUFFER_SIZE, PRAM_SIZE - args[0]));

    memcpy(answer, pmu->pram + args[0], size);
    return size;
}

static unsigned do_write_xpram(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    unsigned size = MIN(args[1], MIN(n - 2, PRAM_SIZE - args[0]));

    memcpy(pmu->pram + args[0], args + 2, size);
    return 0;
}

static unsigned do_int_ack(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    unsigned size = 1;

    if (pmu->intbits & INT_ADB) {
        answer[0] = pmu->intbits & (INT_ADB | INT_ADB_AUTO);
        memcpy(answer + 1, pmu->adb_reply, pmu->adb_reply_size);
        size += pmu->adb_reply_size;
        pmu->intbits &= (uint8_t)~(INT_ADB | INT_ADB_AUTO);
        pmu->adb_reply_size = 0;
    } else {
        answer[0] = pmu->intbits;
        pmu->intbits = 0;
    }
    update_attention(pmu);
    return size;
}

static unsigned do_set_int_mask(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    pmu->intmask = args[0];
    update_attention(pmu);
    return 0;
}

static void set_autopoll(Pmu *pmu, uint16_t mask)
{
    if (mask) {
        pmu->adb->autopoll_mask = mask;
    }
    adb_autopoll_enable(pmu->adb, mask != 0);
}

/* The ADB command, flags, the number of its bytes, those; the answer comes with an interrupt. */
static unsigned do_adb(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    enum { SET_AUTOPOLL = 0x86, REGISTER_ANSWERED = 1 };
    uint8_t packet[ADB_MAX_PACKET];
    int size = 0;

    if (!pmu->adb) {
        return 0;
    }
    if (args[0] == 0 && args[1] == SET_AUTOPOLL && n == 4) {
        set_autopoll(pmu, (uint16_t)(args[2] << 8 | args[3]));
        return 0;
    }
    if (n < 3 || args[2] > n - 3 || args[2] > ADB_MAX_DATA) {
        log_mask(LOG_GUEST_ERROR, "pmu: an ADB command of %u bytes says that it has %u\n", n,
                 n < 3 ? 0 : args[2]);
    } else {
        packet[0] = args[0];
        memcpy(packet + 1, args + 3, args[2]);
        size = adb_request(pmu->adb, pmu->adb_reply + 2, packet, 1u + args[2]);
    }
    if (size > 0) {
        pmu->adb_reply[0] = REGISTER_ANSWERED;
        pmu->adb_reply[1] = (uint8_t)size;
        pmu->adb_reply_size = (uint8_t)(size + 2);
    } else {
        pmu->adb_reply[0] = 0;
        pmu->adb_reply_size = 1;
    }
    pmu->intbits = (uint8_t)((pmu->intbits & ~INT_ADB_AUTO) | INT_ADB);
    update_attention(pmu);
    return 0;
}

static unsigned do_adb_poll_off(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    if (pmu->adb) {
        adb_autopoll_enable(pmu->adb, false);
    }
    return 0;
}

static bool signed_off(const uint8_t *args)
{
    if (memcmp(args, "MATT", 4)) {
        log_mask(LOG_GUEST_ERROR, "pmu: power off without its signature\n");
        return false;
    }
    return true;
}

static unsigned do_shutdown(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    if (signed_off(args)) {
        system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    }
    answer[0] = 0;
    return 1;
}

static unsigned do_reset(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    return 0;
}

static unsigned do_get_version(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    answer[0] = FIRMWARE_VERSION;
    return 1;
}

static unsigned do_download_status(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    answer[0] = READY;
    return 1;
}

/* Which events switch the machine on and wake it up: none do. */
static unsigned do_power_events(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    enum { GET_POWERUP = 0, GET_WAKEUP = 3 };

    answer[0] = answer[1] = 0;
    return n && (args[0] == GET_POWERUP || args[0] == GET_WAKEUP) ? 2 : 0;
}

/* Bit 0: the lid is closed. */
static unsigned do_zero(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    answer[0] = 0;
    return 1;
}

static unsigned do_nothing(Pmu *pmu, const uint8_t *args, unsigned n, uint8_t *answer)
{
    return 0;
}

typedef struct Command {
    uint8_t code;
    uint32_t n_args, n_answer;          /* or VARIES */
    uint8_t min_args;                   /* of those that vary */
    CommandFn *run;                     /* NULL: not modelled */
} Command;

/*
 * Those whose lengths are not what their group's are: a command with bit 3 set is answered, and
 * both lengths vary.
 */
static const Command commands[] = {
    {0x10, 1, 0, 0, NULL},       /* power control, drive */
    {0x11, 1, 0, 0, do_nothing}, /* power control: the parts that it switches are not there */
    {0x18, 0, 1, 0, NULL},
    {0x19, 0, 1, 0, NULL},
    {0x1f, 0, 0, 0, NULL},
    {0x20, VARIES, 0, 2, do_adb},
    {0x21, 0, 0, 0, do_adb_poll_off},
    {0x22, 2, 0, 0, NULL},
    {0x23, 1, 0, 0, NULL},
    {0x24, 1, 0, 0, NULL},
    {0x28, 0, VARIES, 0, NULL},
    {0x29, 0, VARIES, 0, NULL},
    {0x2f, 0, VARIES, 0, NULL},
    {0x30, 4, 0, 0, do_set_rtc},
    {0x31, 20, 0, 0, do_write_pram},
    {0x32, VARIES, 0, 2, do_write_xpram},
    {0x33, 3, 0, 0, NULL},
    {0x38, 0, 4, 0, do_read_rtc},
    {0x39, 0, 20, 0, do_read_pram},
    {0x3a, 2, VARIES, 0, do_read_xpram},
    {0x3b, 2, 1, 0, NULL},
    {0x3c, 3, VARIES, 0, NULL},
    {0x3f, 4, 0, 0, NULL},
    {0x40, 1, 0, 0, NULL},       /* contrast */
    {0x41, 1, 0, 0, do_nothing}, /* backlight: there is none */
    {0x48, 0, 1, 0, NULL},
    {0x49, 0, 1, 0, do_zero}, /* backlight */
    {0x4b, 1, 0, 0, NULL},
    {0x4c, 1, 0, 0, NULL}, /* eject a card */
    {0x50, 1, 0, 0, NULL},
    {0x51, 0, 0, 0, NULL},
    {0x52, 2, 0, 0, NULL},
    {0x53, 2, 0, 0, NULL},
    {0x55, 1, 0, 0, NULL},
    {0x56, 3, 0, 0, NULL},
    {0x57, 1, 0, 0, NULL},
    {0x58, 0, 1, 0, NULL},
    {0x59, 1, 0, 0, NULL},
    {0x5a, 0, 2, 0, NULL},
    {0x5b, 0, 2, 0, NULL},
    {0x5c, 0, VARIES, 0, NULL},
    {0x60, 2, 0, 0, NULL},
    {0x68, 0, 3, 0, NULL},
    {0x69, 0, 3, 0, NULL}, /* battery */
    {0x6a, 0, 2, 0, NULL},
    {0x6b, 0, 8, 0, NULL},
    {0x6c, 0, VARIES, 0, NULL},
    {0x6d, 0, VARIES, 0, NULL},
    {0x70, 1, 0, 0, do_set_int_mask},
    {0x71, 1, 0, 0, NULL},
    {0x72, 1, 0, 0, NULL},
    {0x78, 0, VARIES, 0, do_int_ack},
    {0x79, 0, VARIES, 0, NULL},
    {0x7d, 5, 1, 0, NULL},
    {0x7e, 4, 1, 0, do_shutdown},
    {0x7f, 4, 1, 0, NULL}, /* sleep */
    {0x80, 4, 0, 0, NULL},
    {0x82, 0, 0, 0, NULL},
    {0x88, 0, 5, 0, NULL},
    {0x8f, VARIES, VARIES, 1, do_power_events},
    {0x90, 1, 0, 0, NULL},
    {0x91, 2, 0, 0, NULL},
    {0x98, 0, 1, 0, NULL},
    {0x99, 0, 1, 0, NULL},
    {0xa0, 2, 0, 0, NULL},
    {0xa1, 2, 0, 0, NULL},
    {0xa2, 2, 0, 0, NULL},
    {0xa3, 4, 0, 0, NULL},
    {0xa5, 0, 0, 0, NULL},
    {0xa8, 1, 1, 0, NULL},
    {0xa9, 1, 0, 0, NULL},
    {0xaa, 3, 0, 0, NULL},
    {0xab, 2, 0, 0, NULL},
    {0xd0, 0, 0, 0, do_reset},
    {0xd8, 1, 1, 0, NULL},
    {0xd9, 1, 1, 0, NULL},
    {0xdc, 0, 1, 0, do_zero}, /* the lid */
    {0xdd, 0, VARIES, 0, NULL},
    {0xdf, VARIES, VARIES, 0, do_nothing}, /* the system is ready */
    {0xe1, 4, 0, 0, NULL},
    {0xe2, 0, 1, 0, do_download_status},
    {0xe5, 4, 0, 0, NULL},
    {0xe8, 3, VARIES, 0, NULL}, /* memory of the microcontroller */
    {0xea, 0, 1, 0, do_get_version},
    {0xec, 0, VARIES, 0, NULL},
    {0xef, 0, 0, 0, NULL},
};

static const Command *find(uint8_t code)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].code == code) {
            return &commands[i];
        }
    }
    return NULL;
}

static void run(Pmu *pmu)
{
    const Command *command = find(pmu->cmd);
    unsigned n = pmu->cmd_buf_pos;

    if (command && command->run && n >= command->min_args) {
        pmu->cmd_rsp_sz = (uint8_t)command->run(pmu, pmu->cmd_buf, n, pmu->cmd_rsp);
        return;
    }
    if (command && command->run) {
        log_mask(LOG_GUEST_ERROR, "pmu: command 0x%02x with %u bytes\n", pmu->cmd, n);
    } else {
        log_mask(LOG_UNIMP, "pmu: command 0x%02x\n", pmu->cmd);
    }
    pmu->cmd_rsp_sz = (uint8_t)(pmu->rsplen == VARIES ? 0 : pmu->rsplen);
    memset(pmu->cmd_rsp, 0, pmu->cmd_rsp_sz);
}

/* ---- Handshake ---- */

static void begin(Pmu *pmu, uint8_t code)
{
    const Command *command = find(code);

    pmu->cmd = code;
    pmu->cmdlen = command ? command->n_args : VARIES;
    pmu->rsplen = command ? command->n_answer : code & 0x08 ? VARIES : 0;
    pmu->cmd_buf_pos = pmu->cmd_rsp_pos = pmu->cmd_rsp_sz = 0;
    pmu->state = STATE_COMMAND;
    if (pmu->adb) {
        adb_autopoll_block(pmu->adb, true);
    }
}

static void byte_from_host(Pmu *pmu, uint8_t value)
{
    if (pmu->cmdlen == VARIES) {
        if (value > BUFFER_SIZE) {
            log_mask(LOG_GUEST_ERROR, "pmu: command 0x%02x of %u bytes\n", pmu->cmd, value);
        }
        pmu->cmdlen = MIN(value, BUFFER_SIZE);
    } else if (pmu->cmd_buf_pos < BUFFER_SIZE) {
        pmu->cmd_buf[pmu->cmd_buf_pos++] = value;
    }
}

static void byte_to_host(Pmu *pmu)
{
    if (pmu->rsplen == VARIES) {
        pmu->via.sr = pmu->cmd_rsp_sz;
        pmu->rsplen = pmu->cmd_rsp_sz;
    } else if (pmu->cmd_rsp_pos < BUFFER_SIZE) {
        pmu->via.sr = pmu->cmd_rsp[pmu->cmd_rsp_pos++];
    }
}

/* The host has asserted TREQ. False: it sends where it should listen, or the other way round. */
static bool transfer(Pmu *pmu)
{
    bool from_host = pmu->via.acr & VIA_ACR_SHIFT_OUT;

    if (from_host != (pmu->state != STATE_ANSWER)) {
        log_mask(LOG_GUEST_ERROR, "pmu: shift register in the wrong direction, state %d\n",
                 pmu->state);
        return false;
    }
    switch (pmu->state) {
    case STATE_IDLE:
        begin(pmu, pmu->via.sr);
        break;
    case STATE_COMMAND:
        byte_from_host(pmu, pmu->via.sr);
        break;
    case STATE_ANSWER:
        byte_to_host(pmu);
        break;
    }
    return true;
}

static void complete(Pmu *pmu)
{
    if (pmu->state == STATE_COMMAND && pmu->cmdlen == pmu->cmd_buf_pos) {
        run(pmu);
        pmu->state = STATE_ANSWER;
    }
    if (pmu->state == STATE_ANSWER && pmu->rsplen == pmu->cmd_rsp_pos) {
        pmu->state = STATE_IDLE;
        if (pmu->adb) {
            adb_autopoll_block(pmu->adb, false);
        }
    }
}

static void port_b_written(void *opaque)
{
    Pmu *pmu = opaque;
    Mos6522 *via = &pmu->via;

    if (via->b == pmu->last_b) {
        return;
    }
    switch (via->b & (TREQ | TACK)) {
    case TREQ:
        via->b |= TACK;
        break;
    case TACK:
        via->b &= (uint8_t)~TACK;
        pmu->last_b = via->b;
        if (transfer(pmu)) {
            mos6522_shifted(via);
            complete(pmu);
        }
        break;
    default:
        break;
    }
    pmu->last_b = via->b;
}

/* ---- Registers ---- */

static uint64_t pmu_read(void *opaque, hwaddr addr, unsigned size)
{
    return mos6522_read(&((Pmu *)opaque)->via, addr >> REGISTER_SHIFT & 0xf);
}

static void pmu_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    mos6522_write(&((Pmu *)opaque)->via, addr >> REGISTER_SHIFT & 0xf, (uint8_t)value);
}

static const MemoryRegionOps pmu_ops = {
    .read = pmu_read,
    .write = pmu_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
    .impl = {.min_access_size = 1, .max_access_size = 1},
};

/* ---- State ---- */

static bool has_adb(void *opaque)
{
    return ((Pmu *)opaque)->adb != NULL;
}

static bool extra_needed(void *opaque)
{
    const Pmu *pmu = opaque;
    static const uint8_t none[PRAM_SIZE];

    return vmstate_wire_is_own() && memcmp(pmu->pram, none, PRAM_SIZE);
}

static bool pmu_pre_load(void *opaque, GError **errp)
{
    Pmu *pmu = opaque;

    pmu->adb_reply_size = 0;
    memset(pmu->adb_reply, 0, REPLY_SIZE);
    memset(pmu->pram, 0, PRAM_SIZE);
    return true;
}

/* Positions tell where it stands: at the end of both it is idle. */
static PmuState state_of(const Pmu *pmu)
{
    if (pmu->cmdlen != pmu->cmd_buf_pos) {
        return STATE_COMMAND;
    }
    return pmu->rsplen != pmu->cmd_rsp_pos ? STATE_ANSWER : STATE_IDLE;
}

static bool pmu_post_load(void *opaque, int version, GError **errp)
{
    Pmu *pmu = opaque;

    /* As the other side has it: QEMU keeps a length that is too large, and never comes to an end.
     */
    if (pmu->cmd_buf_pos > BUFFER_SIZE || pmu->cmd_rsp_pos > BUFFER_SIZE ||
        pmu->cmd_rsp_sz > BUFFER_SIZE || pmu->adb_reply_size > REPLY_SIZE ||
        (pmu->cmdlen != VARIES && pmu->cmdlen > UINT8_MAX) ||
        (pmu->rsplen != VARIES && pmu->rsplen > BUFFER_SIZE) || pmu->one_sec_target < 0 ||
        pmu->one_sec_target > INT64_MAX / SCALE_MS) {
        g_set_error(
            errp, GOSSAMER_ERROR, GOSSAMER_ERROR_STREAM,
            "pmu: byte %u of %u of a command, %u of %u (%u) of an answer, %u bytes from ADB",
            pmu->cmd_buf_pos, pmu->cmdlen, pmu->cmd_rsp_pos, pmu->rsplen, pmu->cmd_rsp_sz,
            pmu->adb_reply_size);
        return false;
    }
    pmu->state = state_of(pmu);
    update_attention(pmu);
    return true;
}

static const VMStateDescription vmstate_adb = {
    .name = "pmu/adb",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = has_adb,
    .fields = (const VMStateField[]){
        VMSTATE_UINT8(adb_reply_size, Pmu),
        VMSTATE_BUFFER(adb_reply, Pmu),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_extra = {
    .name = "pmu/extra",
    .own = true,
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .fields = (const VMStateField[]){
        VMSTATE_BUFFER(pram, Pmu),
        VMSTATE_END_OF_LIST(),
    },
};

static const VMStateDescription vmstate_pmu = {
    .name = "pmu",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = pmu_pre_load,
    .post_load = pmu_post_load,
    .fields = (const VMStateField[]){
        VMSTATE_STRUCT(via, Pmu, 0, vmstate_mos6522, Mos6522),
        VMSTATE_UINT8(last_b, Pmu),
        VMSTATE_UINT8(cmd, Pmu),
        VMSTATE_UINT32(cmdlen, Pmu),
        VMSTATE_UINT32(rsplen, Pmu),
        VMSTATE_UINT8(cmd_buf_pos, Pmu),
        VMSTATE_BUFFER(cmd_buf, Pmu),
        VMSTATE_UINT8(cmd_rsp_pos, Pmu),
        VMSTATE_UINT8(cmd_rsp_sz, Pmu),
        VMSTATE_BUFFER(cmd_rsp, Pmu),
        VMSTATE_UINT8(intbits, Pmu),
        VMSTATE_UINT8(intmask, Pmu),
        VMSTATE_UINT32(tick_offset, Pmu),
        VMSTATE_TIMER(one_sec_timer, Pmu),
        VMSTATE_INT64(one_sec_target, Pmu),
        VMSTATE_END_OF_LIST(),
    },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_adb, &vmstate_extra),
    .derived = VMSTATE_NAMES("state"),
    .immutable = VMSTATE_NAMES("has_adb", "adb", "registers", "irq", "attention"),
    VMSTATE_STRUCT_AUDIT(Pmu),
};

/* ---- Life ---- */

static void via_irq(void *opaque, int n, int level)
{
    irq_set(((Pmu *)opaque)->irq, level);
}

static void pmu_reset(void *obj, ResetType type)
{
    Pmu *pmu = obj;

    pmu->via.b = pmu->last_b = TREQ | TACK;
    pmu->cmd = 0;
    pmu->cmdlen = pmu->rsplen = 0;
    pmu->cmd_buf_pos = pmu->cmd_rsp_pos = pmu->cmd_rsp_sz = 0;
    memset(pmu->cmd_buf, 0, BUFFER_SIZE);
    memset(pmu->cmd_rsp, 0, BUFFER_SIZE);
    pmu->state = STATE_IDLE;
    pmu->intbits = 0;
    pmu->intmask = INT_ADB | INT_TICK;
    pmu->adb_reply_size = 0;
    memset(pmu->adb_reply, 0, REPLY_SIZE);
    /* Parameter RAM, the clock and its ticks go on. */
    update_attention(pmu);
}

static bool pmu_realize(DeviceState *dev, GError **errp)
{
    static const Mos6522Ops ops = {.port_b_written = port_b_written};
    Pmu *pmu = (Pmu *)dev;

    device_init(&pmu->via.parent, &mos6522_class);
    pmu->via.ops = &ops;
    pmu->via.opaque = pmu;
    pmu->via.timers[0].load_frequency = T1_LOAD_FREQUENCY;
    pmu->via.timers[1].load_frequency = T2_LOAD_FREQUENCY;
    if (!device_realize(&pmu->via.parent, NULL, errp)) {
        return false;
    }
    device_connect_gpio_out(&pmu->via.parent, NULL, 0, irq_new(via_irq, pmu, 0));
    device_init_gpio_out(dev, NULL, &pmu->irq, 1);
    device_init_gpio_out(dev, "attention", &pmu->attention, 1);
    if (pmu->has_adb) {
        pmu->adb = adb_bus_create(dev, autopoll, pmu);
    }
    timer_init_full(&pmu->one_sec_timer, clock_virtual(), SCALE_MS, second_passed, pmu);
    pmu->one_sec_target = clock_get_ns(clock_virtual()) / SCALE_MS + 1000;
    timer_mod(&pmu->one_sec_timer, pmu->one_sec_target);
    pmu->tick_offset = (uint32_t)(rtc_now_ns() / NANOSECONDS_PER_SECOND) + SECONDS_1904_TO_1970 -
                       seconds_running();
    memory_region_init_io(&pmu->registers, dev, &pmu_ops, dev, "via-pmu", PMU_SIZE);
    return true;
}

static void pmu_unrealize(DeviceState *dev)
{
    Pmu *pmu = (Pmu *)dev;

    timer_deinit(&pmu->one_sec_timer);
    if (pmu->adb) {
        adb_bus_destroy(pmu->adb);
    }
    memory_region_destroy(&pmu->registers);
    irq_free(pmu->via.irq);
    device_unrealize(&pmu->via.parent);
    object_unref(OBJECT(&pmu->via));
}

static const Property pmu_properties[] = {
    DEFINE_PROP_BOOL("has-adb", Pmu, has_adb, true, "An ADB bus hangs on it"),
    DEFINE_PROP_END_OF_LIST(),
};

const DeviceClass pmu_class = {
    .name = "via-pmu",
    .parent = &device_class.object,
    .description = "PMU power manager",
    .instance_size = sizeof(Pmu),
    .bus = &system_bus_class,
    .properties = pmu_properties,
    .vmstate = &vmstate_pmu,
    .realize = pmu_realize,
    .unrealize = pmu_unrealize,
    .reset = {.hold = pmu_reset},
};

void pmu_set_has_adb(DeviceState *dev, bool has_adb)
{
    ((Pmu *)dev)->has_adb = has_adb;
}

MemoryRegion *pmu_registers(DeviceState *dev)
{
    return &((Pmu *)dev)->registers;
}

BusState *pmu_adb_bus(DeviceState *dev)
{
    AdbBus *adb = ((Pmu *)dev)->adb;

    return adb ? &adb->parent : NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What command descriptor blocks say of themselves (length, direction, amount of data, address),
 * and sense data.  SPC-4 4.2 and 4.5, SBC-3 5, MMC-6 6.
 */
#include <string.h>
#include "hw/scsi/scsi.h"
#include "util/bswap.h"

/* More than an INT32 of bytes is no request that anyone makes. */
#define TRANSFER_LIMIT INT32_MAX

/* Where a command has its amount of data, and what it counts. */
typedef enum Amount {
    AMOUNT_GROUP,       /* the group's usual field, in bytes */
    AMOUNT_NONE,
    AMOUNT_BLOCKS,      /* the group's usual field, in blocks */
    AMOUNT_ONE_BLOCK,   /* unless bit 0 of byte 1 says no data at all (WRITE SAME) */
    AMOUNT_VERIFY,      /* by BYTCHK */
    AMOUNT_FORMAT,
    AMOUNT_EIGHT,
    AMOUNT_BE16_3, AMOUNT_BE16_8, AMOUNT_BE24_6, AMOUNT_BE32_5, AMOUNT_BE32_6,
} Amount;

typedef struct CommandRow {
    uint8_t opcode;
    ScsiDirection direction;
    Amount amount;
} CommandRow;

/* What does not follow the rule of AMOUNT_GROUP from the device. */
static const CommandRow rows[] = {
    {SCSI_TEST_UNIT_READY, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_FORMAT_UNIT, SCSI_TO_DEVICE, AMOUNT_FORMAT},
    {SCSI_READ_6, SCSI_FROM_DEVICE, AMOUNT_BLOCKS},
    {SCSI_WRITE_6, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_INQUIRY, SCSI_FROM_DEVICE, AMOUNT_BE16_3},
    {SCSI_MODE_SELECT_6, SCSI_TO_DEVICE, AMOUNT_GROUP},
    {SCSI_RESERVE_6, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_RELEASE_6, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_START_STOP_UNIT, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_SEND_DIAGNOSTIC, SCSI_TO_DEVICE, AMOUNT_BE16_3},
    {SCSI_PREVENT_ALLOW, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_READ_CAPACITY_10, SCSI_FROM_DEVICE, AMOUNT_EIGHT},
    {SCSI_READ_10, SCSI_FROM_DEVICE, AMOUNT_BLOCKS},
    {SCSI_WRITE_10, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_SEEK_10, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_WRITE_VERIFY_10, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_VERIFY_10, SCSI_TO_DEVICE, AMOUNT_VERIFY},
    {SCSI_SYNCHRONIZE_CACHE_10, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_WRITE_BUFFER, SCSI_TO_DEVICE, AMOUNT_BE24_6},
    {SCSI_READ_BUFFER, SCSI_FROM_DEVICE, AMOUNT_BE24_6},
    {SCSI_WRITE_SAME_10, SCSI_TO_DEVICE, AMOUNT_ONE_BLOCK},
    {SCSI_UNMAP, SCSI_TO_DEVICE, AMOUNT_GROUP},
    {SCSI_LOG_SELECT, SCSI_TO_DEVICE, AMOUNT_GROUP},
    {SCSI_MODE_SELECT_10, SCSI_TO_DEVICE, AMOUNT_GROUP},
    {SCSI_RESERVE_10, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_RELEASE_10, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_PERSISTENT_RESERVE_OUT, SCSI_TO_DEVICE, AMOUNT_BE32_5},
    {SCSI_READ_16, SCSI_FROM_DEVICE, AMOUNT_BLOCKS},
    {SCSI_WRITE_16, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_WRITE_VERIFY_16, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_VERIFY_16, SCSI_TO_DEVICE, AMOUNT_VERIFY},
    {SCSI_SYNCHRONIZE_CACHE_16, SCSI_NO_DATA, AMOUNT_NONE},
    {SCSI_WRITE_SAME_16, SCSI_TO_DEVICE, AMOUNT_ONE_BLOCK},
    {SCSI_MAINTENANCE_OUT, SCSI_TO_DEVICE, AMOUNT_BE32_6},
    {SCSI_READ_12, SCSI_FROM_DEVICE, AMOUNT_BLOCKS},
    {SCSI_WRITE_12, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_READ_DVD_STRUCTURE, SCSI_FROM_DEVICE, AMOUNT_BE16_8},
    {SCSI_WRITE_VERIFY_12, SCSI_TO_DEVICE, AMOUNT_BLOCKS},
    {SCSI_VERIFY_12, SCSI_TO_DEVICE, AMOUNT_VERIFY},
    {SCSI_MECHANISM_STATUS, SCSI_FROM_DEVICE, AMOUNT_BE16_8},
};

static unsigned cdb_length(uint8_t opcode)
{
    static const uint8_t lengths[8] = {6, 10, 10, 0, 16, 12, 0, 0};

    return lengths[opcode >> 5];
}

static uint32_t group_amount(const uint8_t *cdb)
{
    switch (cdb_length(cdb[0])) {
    case 6:
        return cdb[4];
    case 10:
        return lduw_be_p(cdb + 7);
    case 12:
        return ldl_be_p(cdb + 6);
    default:
        return ldl_be_p(cdb + 10);
    }
}

uint32_t scsi_command_blocks(const ScsiCommand *command)
{
    uint32_t n = group_amount(command->buf);

    return n == 0 && command->length == 6 ? 256 : n;
}

static uint64_t lba_of(const uint8_t *cdb)
{
    switch (cdb_length(cdb[0])) {
    case 6:
        return ldl_be_p(cdb) & 0x1fffff;
    case 16:
        return ldq_be_p(cdb + 2);
    default:
        return ldl_be_p(cdb + 2);
    }
}

static uint64_t amount_of(const ScsiCommand *command, Amount amount, uint32_t block_size)
{
    const uint8_t *cdb = command->buf;

    switch (amount) {
    case AMOUNT_NONE:
        return 0;
    case AMOUNT_BLOCKS:
        return (uint64_t)scsi_command_blocks(command) * block_size;
    case AMOUNT_ONE_BLOCK:
        return cdb[1] & 1 ? 0 : block_size;
    case AMOUNT_VERIFY:
        /* BYTCHK 0: no data; 1: all blocks; 3: one of them. */
        return !(cdb[1] & 2) ? 0
               : cdb[1] & 4  ? block_size
                             : (uint64_t)group_amount(cdb) * block_size;
    case AMOUNT_FORMAT:
        /* FMTDATA: a header, whose size LONGLIST tells. */
        return !(cdb[1] & 0x10) ? 0 : cdb[1] & 0x20 ? 8 : 4;
    case AMOUNT_EIGHT:
        return 8;
    case AMOUNT_BE16_3:
        return lduw_be_p(cdb + 3);
    case AMOUNT_BE16_8:
        return lduw_be_p(cdb + 8);
    case AMOUNT_BE24_6:
        return ldl_be_p(cdb + 5) & 0xffffff;
    case AMOUNT_BE32_5:
        return ldl_be_p(cdb + 5);
    case AMOUNT_BE32_6:
        return ldl_be_p(cdb + 6);
    default:
        return group_amount(cdb);
    }
}

bool scsi_command_parse(ScsiCommand *command, const uint8_t *cdb, unsigned type,
                        uint32_t block_size)
{
    Amount amount = AMOUNT_GROUP;

    memcpy(command->buf, cdb, SCSI_CDB_SIZE);
    command->length = cdb_length(cdb[0]);
    command->direction = SCSI_NO_DATA;
    command->transfer = command->lba = 0;
    if (!command->length) {
        return false;
    }
    command->direction = SCSI_FROM_DEVICE;
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].opcode == cdb[0]) {
            command->direction = rows[i].direction;
            amount = rows[i].amount;
            break;
        }
    }
    command->transfer = amount_of(command, amount, block_size);
    command->lba = lba_of(cdb);
    if (command->transfer == 0) {
        command->direction = SCSI_NO_DATA;
    }
    return command->transfer <= TRANSFER_LIMIT;
}

/* ---- Sense ---- */

unsigned scsi_sense_build(uint8_t *out, ScsiSense sense, bool fixed)
{
    if (!fixed) {
        memset(out, 0, 8);
        out[0] = 0x72;
        out[1] = sense.key;
        out[2] = sense.asc;
        out[3] = sense.ascq;
        return 8;
    }
    memset(out, 0, SCSI_SENSE_FIXED_SIZE);
    out[0] = 0x70;
    out[2] = sense.key;
    out[7] = SCSI_SENSE_FIXED_SIZE - 8;
    out[12] = sense.asc;
    out[13] = sense.ascq;
    return SCSI_SENSE_FIXED_SIZE;
}

ScsiSense scsi_sense_parse(const uint8_t *data, unsigned size)
{
    if (size >= 8 && (data[0] & 0x7e) == 0x72) {
        return (ScsiSense){data[1] & 0xf, data[2], data[3]};
    }
    if (size >= 14 && (data[0] & 0x7e) == 0x70) {
        return (ScsiSense){data[2] & 0xf, data[12], data[13]};
    }
    return SCSI_SENSE_NONE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's side of spapr-vscsi for tests: a mapped window, a command queue, and SRP commands whose
 * answers are waited for.  A disk (target 0) on a file whose system calls can be made to fail, and
 * an empty CD drive (target 2).
 */
#ifndef TEST_SCSI_H
#define TEST_SCSI_H

#include "test-spapr-bench.h"
#include "hw/scsi/scsi.h"

#define VSCSI 0x71000002u
#define DISK_SIZE (8u << 20)
/* Bus addresses: a window of a MiB that lies at MEMORY. */
#define WINDOW (1u << 20)
#define MEMORY (BENCH_FREE + (1u << 20))
#define QUEUE 0u
#define UNIT 0x2000u
#define TABLE 0x3000u
#define DATA 0x10000u
#define LUN(id) (0x8000000000000000ull | (uint64_t)(id) << 56)
enum {
    H_REG_CRQ = 0xfc,
    H_FREE_CRQ = 0x100,
    H_VIO_SIGNAL = 0x104,
    H_SEND_CRQ = 0x108,
    H_PUT_TCE = 0x20,
    H_ENABLE_CRQ = 0x2b0
};

typedef struct Answer {
    bool came;
    uint8_t status, flags;
    uint32_t in_residual, out_residual, sense_size;
    ScsiSense sense;
    uint64_t tag;
} Answer;

/* What the host's system calls do: errno, after so many that work; 0: all work. */
typedef struct Fault { int read, write, sync, skip; } Fault;
extern Fault fault;
extern unsigned stops;           /* times the block layer asked for a stop */

void scsi_start(const char *disk_options);
void scsi_stop(void);
/* Queue, window and login as after a guest's start. */
void scsi_connect(void);
uint8_t *scsi_host(uint64_t bus);        /* host memory behind a bus address */
const char *scsi_medium(void);             /* a file for the CD drive, as large as the disk */
/* The next message in the queue, or false; waits for the host if wait. */
bool scsi_message(uint8_t message[16], bool wait);
/* Sends the unit at UNIT. */
int64_t scsi_send(uint32_t size, uint8_t format);
/* A command with `in` or `out` bytes at DATA; sent, not waited for. */
void scsi_submit(uint64_t lun, const uint8_t *cdb, unsigned cdb_size, uint32_t in, uint32_t out,
                 uint64_t tag);
Answer scsi_wait(void);
Answer scsi_command(uint64_t lun, const uint8_t *cdb, unsigned cdb_size, uint32_t in, uint32_t out);
#define SCSI(lun, in, out, ...)                                                                    \
    scsi_command(lun, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), in,  \
                 out)
void scsi_assert(Answer answer, uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq);
#define GOOD(answer) scsi_assert(answer, SCSI_GOOD, 0, 0, 0)
#define FAILS(answer, key, asc, ascq) scsi_assert(answer, SCSI_CHECK_CONDITION, key, asc, ascq)
/* The machine runs for a moment. */
void scsi_resume(void);

#endif

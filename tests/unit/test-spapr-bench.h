/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole sPAPR machine for tests, whose processors never run: hypercalls, RTAS and client
 * interface calls are made on a processor's behalf.  One for each process.
 */
#ifndef TEST_SPAPR_BENCH_H
#define TEST_SPAPR_BENCH_H

#include "hw/ppc/spapr-internal.h"
#include "hw/ppc/spapr-tokens.h"
#include "migration/vmstate.h"
#include "system/lock.h"
#include "util/bswap.h"

#define BENCH_RAM ((uint64_t)256 << 20)
/* Memory that nothing uses. */
#define BENCH_FREE 0x0a000000ull

/* options as after -M, e.g. "pseries,ic-mode=xics"; NULL for pseries. kernel: with a small one, so
 * that the client interface is active. Two processors. */
void bench_start(const char *options, const char *cpu, bool kernel);
/* Before bench_start: the console as after -serial, instead of a ring buffer. */
void bench_set_console(const char *text);
/* Before bench_start: memory as after -m, instead of 256M; and a migration's part of a process, so
 * that whole streams can be saved and loaded. */
void bench_set_memory(const char *text);
void bench_with_migration(void);
/* The same with processors as after -smp. */
void bench_start_smp(const char *options, const char *cpu, bool kernel, const char *smp);
void bench_stop(void);
SpaprMachine *bench_machine(void);
PowerPCCPU *bench_cpu(unsigned i);
struct Chardev *bench_console(void);

/* The whole machine as a stream, and from one (device lock held, processors stopped). */
GBytes *bench_save_stream(GError **errp);
bool bench_load_stream(const void *data, gsize size, GError **errp);

/* A hypercall by processor 0. Arguments are in r4 to r12 (the rest is 0), and so are results. */
typedef struct Call { int64_t result; uint64_t r[9]; } Call;
Call bench_hcall(uint64_t opcode, const uint64_t *args, unsigned n);
#define HCALL(opcode, ...)                                                                         \
    bench_hcall(opcode, (const uint64_t[]){__VA_ARGS__},                                           \
                sizeof((const uint64_t[]){__VA_ARGS__}) / 8)
#define HRESULT(opcode, ...) (HCALL(opcode, __VA_ARGS__).result)

/* An RTAS call; results in rets, the first is returned. Its argument block lies at BENCH_FREE. */
uint32_t bench_rtas(uint32_t token, uint32_t *rets, unsigned n_rets, const uint32_t *args,
                    unsigned n);
#define RTAS(token, rets, n_rets, ...)                                                             \
    bench_rtas(token, rets, n_rets, (const uint32_t[]){__VA_ARGS__},                               \
               sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* A client interface call with one result; UINT32_MAX also if the service itself failed. */
uint32_t bench_client(const char *service, const uint32_t *args, unsigned n);
#define CLIENT(service, ...)                                                                       \
    bench_client(service, (const uint32_t[]){__VA_ARGS__},                                         \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* Text at an address of guest memory; the address. */
uint32_t bench_text(uint32_t at, const char *text);

#endif

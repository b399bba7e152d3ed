/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest of test-scsi.h. The system calls of the block layer are wrapped by the linker. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "test-scsi.h"
#include "block/blockdev.h"
#include "hw/core/internal.h"
#include "system/main-loop.h"
#include "system/memory.h"
#include "system/runstate.h"

Fault fault;
unsigned stops;
static char *path, *cd_path;
static uint32_t at;              /* in the queue */
static uint64_t next_tag = 0x1000;

ssize_t __real_preadv64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t __real_pwritev64(int fd, const struct iovec *iov, int n, off_t offset);
int __real_fdatasync(int fd);
ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int n, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int n, off_t offset);
int __wrap_fdatasync(int fd);

static bool fails(int error)
{
    if (!error || __atomic_fetch_sub(&fault.skip, 1, __ATOMIC_RELAXED) > 0) {
        return false;
    }
    errno = error;
    return true;
}

ssize_t __wrap_preadv64(int fd, const struct iovec *iov, int n, off_t offset)
{
    return fails(fault.read) ? -1 : __real_preadv64(fd, iov, n, offset);
}

ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int n, off_t offset)
{
    return fails(fault.write) ? -1 : __real_pwritev64(fd, iov, n, offset);
}

int __wrap_fdatasync(int fd)
{
    return fails(fault.sync) ? -1 : __real_fdatasync(fd);
}

static void count_stop(void)
{
    stops++;
}

const char *scsi_medium(void)
{
    return cd_path;
}

void scsi_start(const char *disk_options)
{
    static const BlockHostOps host = {.stop_machine = count_stop};
    g_autofree char *text = NULL;
    GError *error = NULL;
    int fd = g_file_open_tmp("gossamer-scsi-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
    close(fd);
    cd_path = g_strconcat(path, ".cd", NULL);
    fd = open(cd_path, O_RDWR | O_CREAT, 0600);
    g_assert_cmpint(ftruncate(fd, DISK_SIZE), ==, 0);
    close(fd);
    block_set_host_ops(&host);
    device_classes_register(hw_scsi_device_classes);
    bench_start("pseries", "power9_v2.0", true);
    text = g_strdup_printf("if=none,id=disk,file=%s,format=raw,discard=unmap", path);
    drive_add(text, BLOCK_IF_NONE, false, &error);
    g_assert_no_error(error);
    g_assert_nonnull(device_add("spapr-vscsi,id=v", &error));
    g_free(text);
    text = g_strdup_printf("scsi-hd,id=hd,bus=v.0,scsi-id=0,drive=disk%s", disk_options);
    g_assert_nonnull(device_add(text, &error));
    g_assert_nonnull(device_add("scsi-cd,id=cd,bus=v.0,scsi-id=2", &error));
    g_assert_no_error(error);
    system_reset(SHUTDOWN_CAUSE_NONE);
}

void scsi_stop(void)
{
    bench_stop();
    g_unlink(path);
    g_unlink(cd_path);
    g_free(path);
    g_free(cd_path);
}

uint8_t *scsi_host(uint64_t bus)
{
    g_assert_cmpuint(bus, <, WINDOW);
    return (uint8_t *)memory_region_get_ram_ptr(bench_machine()->parent.ram) + MEMORY + bus;
}

static bool host_busy(void)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk_in_flight(blk)) {
            return true;
        }
    }
    return false;
}

bool scsi_message(uint8_t message[16], bool wait)
{
    uint8_t *entry = scsi_host(QUEUE + at);

    while (!*entry && wait && host_busy()) {
        main_loop_iterate(true);
    }
    if (!*entry) {
        return false;
    }
    memcpy(message, entry, 16);
    memset(entry, 0, 16);
    at = (at + 16) % 4096;
    return true;
}

int64_t scsi_send(uint32_t size, uint8_t format)
{
    return HRESULT(H_SEND_CRQ, VSCSI, 0x8000000000000000ull | (uint64_t)format << 48 | size, UNIT);
}

void scsi_connect(void)
{
    uint8_t message[16], *unit = scsi_host(UNIT);

    HCALL(H_FREE_CRQ, VSCSI);
    for (uint32_t page = 0; page < WINDOW; page += 4096) {
        g_assert_cmpint(HRESULT(H_PUT_TCE, VSCSI, page, (MEMORY + page) | 3), ==, H_SUCCESS);
    }
    at = 0;
    memset(scsi_host(QUEUE), 0, 4096);
    g_assert_cmpint(HRESULT(H_REG_CRQ, VSCSI, QUEUE, 4096), ==, H_SUCCESS);
    g_assert_cmpint(HRESULT(H_SEND_CRQ, VSCSI, 0xc001000000000000ull, 0), ==, H_SUCCESS);
    g_assert_true(scsi_message(message, false));
    g_assert_cmphex(ldq_be_p(message), ==, 0xc002000000000000ull);
    memset(unit, 0, 64);
    stl_be_p(unit + 16, 256);
    stw_be_p(unit + 24, 6);
    g_assert_cmpint(scsi_send(64, 1), ==, H_SUCCESS);
    g_assert_true(scsi_message(message, false));
    g_assert_cmphex(unit[0], ==, 0xc0);
}

void scsi_submit(uint64_t lun, const uint8_t *cdb, unsigned cdb_size, uint32_t in, uint32_t out,
                 uint64_t tag)
{
    /* Each command has a unit of its own: answers come in any order. */
    uint64_t bus = UNIT + (tag & 15) * 256;
    uint8_t *unit = scsi_host(bus);

    memset(unit, 0, 256);
    unit[0] = 2;
    stq_be_p(unit + 8, tag);
    stq_be_p(unit + 20, lun);
    memcpy(unit + 32, cdb, cdb_size);
    if (in || out) {
        unit[5] = out ? 0x10 : 0x01;
        stq_be_p(unit + 48, DATA);
        stl_be_p(unit + 60, in + out);
    }
    g_assert_cmpint(HRESULT(H_SEND_CRQ, VSCSI, 0x8001000000000000ull | 64, bus), ==, H_SUCCESS);
}

Answer scsi_wait(void)
{
    uint8_t message[16], *unit;
    Answer a = {0};

    if (!scsi_message(message, true)) {
        return a;
    }
    a.came = true;
    a.tag = ldq_be_p(message + 8);
    unit = scsi_host(UNIT + (a.tag & 15) * 256);
    g_assert_cmphex(message[0], ==, 0x80);
    g_assert_cmphex(unit[0], ==, 0xc1);
    a.flags = unit[18];
    a.status = unit[19];
    a.out_residual = ldl_be_p(unit + 20);
    a.in_residual = ldl_be_p(unit + 24);
    a.sense_size = ldl_be_p(unit + 28);
    a.sense = scsi_sense_parse(unit + 36, a.sense_size);
    return a;
}

Answer scsi_command(uint64_t lun, const uint8_t *cdb, unsigned cdb_size, uint32_t in, uint32_t out)
{
    uint64_t tag = next_tag++;
    Answer a;

    scsi_submit(lun, cdb, cdb_size, in, out, tag);
    a = scsi_wait();
    g_assert_true(!a.came || a.tag == tag);
    return a;
}

void scsi_assert(Answer answer, uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq)
{
    g_assert_true(answer.came);
    if (answer.status != status || answer.sense.key != key || answer.sense.asc != asc ||
        answer.sense.ascq != ascq) {
        g_error("status 0x%02x, sense %x/%02x/%02x instead of 0x%02x, %x/%02x/%02x", answer.status,
                answer.sense.key, answer.sense.asc, answer.sense.ascq, status, key, asc, ascq);
    }
}

void scsi_resume(void)
{
    CPUState *cpu = &bench_cpu(0)->parent;

    cpu_set_current(NULL);
    vm_start();
    vm_stop(RUN_STATE_PAUSED);
    cpu_set_current(cpu);
}

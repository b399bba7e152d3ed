/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images in memory: copies that are put in place at every reset.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"
#include "util/error.h"

typedef struct RomBlob {
    char *name;
    uint8_t *data;
    uint64_t size;
    hwaddr addr;
} RomBlob;

static void rom_reset(void *opaque)
{
    for (unsigned i = 0; i < core.roms->len; i++) {
        const RomBlob *rom = g_ptr_array_index(core.roms, i);

        address_space_write_rom(address_space_memory(), rom->addr, MEMTXATTRS_UNSPECIFIED,
                                rom->data, rom->size);
    }
}

bool rom_take_blob(const char *name, uint8_t *data, uint64_t size, hwaddr addr, GError **errp)
{
    RomBlob *rom;
    unsigned at = 0;

    if (!core.roms) {
        core.roms = g_ptr_array_new();
    }
    for (unsigned i = 0; i < core.roms->len; i++) {
        const RomBlob *other = g_ptr_array_index(core.roms, i);

        if (size && other->size && addr <= other->addr + (other->size - 1) &&
            other->addr <= addr + (size - 1)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "image '%s' (0x%" PRIx64 ", %" PRIu64
                      " bytes) overlaps image '%s' (0x%" PRIx64 ", %" PRIu64 " bytes)",
                      name, addr, size, other->name, other->addr, other->size);
            g_free(data);
            return false;
        }
        at += other->addr <= addr;
    }
    if (!core.rom_reset_registered) {
        reset_register(rom_reset, NULL);
        core.rom_reset_registered = true;
    }
    rom = g_new(RomBlob, 1);
    *rom = (RomBlob){g_strdup(name), data, size, addr};
    g_ptr_array_insert(core.roms, (gint)at, rom);
    return true;
}

void rom_forget_all(void)
{
    for (unsigned i = 0; core.roms && i < core.roms->len; i++) {
        RomBlob *rom = g_ptr_array_index(core.roms, i);

        g_free(rom->name);
        g_free(rom->data);
        g_free(rom);
    }
    g_clear_pointer(&core.roms, g_ptr_array_unref);
    reset_unregister(rom_reset, NULL);
    core.rom_reset_registered = false;
}

bool rom_add_blob(const char *name, const void *data, uint64_t size, hwaddr addr, GError **errp)
{
    return rom_take_blob(name, g_memdup2(data, size), size, addr, errp);
}

/*
 * Kernels are large, and a page fault for every 4 KiB of them would be a good part of the time
 * until a guest runs.
 */
#define LARGE_PAGE ((size_t)2 << 20)

uint8_t *image_alloc(uint64_t size)
{
    void *memory;

    if (size < 2 * LARGE_PAGE) {
        return g_try_malloc(size);
    }
    if (size > SIZE_MAX / 2 || posix_memalign(&memory, LARGE_PAGE, size)) {
        return NULL;
    }
    madvise(memory, size & ~(uint64_t)(LARGE_PAGE - 1), MADV_HUGEPAGE);
    return memory;
}

typedef struct Image {
    uint8_t *data;
    uint64_t size, room;
} Image;

static bool make_room(Image *image, uint64_t max_size, GError **errp)
{
    uint64_t room = image->room ? image->room * 2 : 65536;
    uint8_t *data = image->size < max_size ? image_alloc(MIN(room, max_size)) : NULL;

    if (!data) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "it is too large (at most %" PRIu64 " bytes)",
                  image->size < max_size ? image->size : max_size);
        return false;
    }
    if (image->size) {
        memcpy(data, image->data, image->size);
    }
    g_free(image->data);
    image->data = data;
    image->room = MIN(room, max_size);
    return true;
}

static bool read_all(int fd, uint64_t max_size, Image *image, GError **errp)
{
    struct stat st;
    uint8_t more;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        if ((uint64_t)st.st_size > max_size) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "it is too large (%" PRIu64 " bytes, at most %" PRIu64 ")",
                      (uint64_t)st.st_size, max_size);
            return false;
        }
        image->data = image_alloc((uint64_t)st.st_size);
        image->room = image->data ? (uint64_t)st.st_size : 0;
    }
    for (;;) {
        bool full = image->size == image->room;
        /* At its end a file of the size it told needs no more room. */
        ssize_t n = full ? read(fd, &more, 1)
                         : read(fd, image->data + image->size, image->room - image->size);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            error_set(errp, GOSSAMER_ERROR_IO, "%s", g_strerror(errno));
            return false;
        }
        if (n == 0) {
            break;
        }
        if (full) {
            if (!make_room(image, max_size, errp)) {
                return false;
            }
            image->data[image->size] = more;
        }
        image->size += (uint64_t)n;
    }
    if (!image->size) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "the file is empty");
    }
    return image->size != 0;
}

bool image_read(const char *file, uint64_t max_size, uint8_t **data, uint64_t *size, GError **errp)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    Image image = {0};
    bool ok;

    if (fd < 0) {
        error_set(errp, GOSSAMER_ERROR_IO, "%s", g_strerror(errno));
        return false;
    }
    ok = read_all(fd, MIN(max_size, INT32_MAX), &image, errp);
    close(fd);
    if (ok) {
        *size = image.size;
        *data = image.data;
    } else {
        g_free(image.data);
    }
    return ok;
}

bool rom_add_file(const char *file, hwaddr addr, uint64_t max_size, uint64_t *size, GError **errp)
{
    uint8_t *data;
    uint64_t length;

    if (!image_read(file, max_size, &data, &length, errp)) {
        g_prefix_error(errp, "could not load '%s': ", file);
        return false;
    }
    if (size) {
        *size = length;
    }
    return rom_take_blob(file, data, length, addr, errp);
}

void rom_print(GString *out)
{
    for (unsigned i = 0; core.roms && i < core.roms->len; i++) {
        const RomBlob *rom = g_ptr_array_index(core.roms, i);
        const MemorySection *s = address_space_find(address_space_memory(), rom->addr);

        g_string_append_printf(out, "addr=" HWADDR_FMT " size=0x%06" PRIx64 " mem=%s name=\"%s\"\n",
                               rom->addr, rom->size, s && s->readonly ? "rom" : "ram", rom->name);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coverage-guided fuzzing of what comes beside a machine's sections (libFuzzer;
 * tests/fuzz/README.md): multifd's channels, the return path, the RAM section as mapped-ram and
 * XBZRLE have it, and postcopy's commands and package.
 *
 * An input is a byte that chooses one of them, and its bytes.  GOSSAMER_FUZZ_SEEDS=DIR writes good
 * ones and ends. Left out: what the machine does with a command (system/), and TLS, which is
 * GnuTLS' own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "migration/commands.h"
#include "migration/multifd.h"
#include "migration/ram.h"
#include "migration/savevm.h"
#include "migration/xbzrle.h"
#include "util/error.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum Target {
    RETURN_PATH, MULTIFD_NONE, MULTIFD_ZLIB, MULTIFD_ZSTD, RAM_MAPPED, RAM_XBZRLE, POSTCOPY, TARGETS
} Target;

#define BLOCK "ppc_spapr.ram"
#define PAGES 24u
#define BLOCK_SIZE (PAGES * RAM_PAGE_SIZE)
#define SYNCS 64u
static const SavevmConfig config = {.machine = "pseries-8.2"};

typedef struct Bench {
    uint8_t *memory;
    StateRegistry *registry;
    RAMState *ram;
} Bench;

static Bench bench;

static void expect_words(bool ok, const GError *error)
{
    if (ok == (error != NULL) ||
        (error && (strlen(error->message) < 12 || strchr(error->message, '\n') ||
                   !g_utf8_validate(error->message, -1, NULL)))) {
        g_error("%s with message: %s", ok ? "success" : "failure", error ? error->message : "none");
    }
}

/* ---- The machine's memory ---- */

static GArray *regions(void *opaque)
{
    RAMRegion region = {
        .name = BLOCK, .host = bench.memory, .used_length = BLOCK_SIZE, .page_size = RAM_PAGE_SIZE};

    return g_array_append_val(g_array_new(FALSE, FALSE, sizeof(region)), region);
}

static void loaded(void *opaque, void *handle, uint64_t offset, uint64_t size)
{
    g_assert(size == BLOCK_SIZE);
}

static uint8_t *find_block(void *opaque, const char *name, uint64_t *size)
{
    *size = BLOCK_SIZE;
    return strcmp(name, BLOCK) ? NULL : bench.memory;
}

static void note_failure(void *opaque)
{
    __atomic_store_n((bool *)opaque, true, __ATOMIC_SEQ_CST);
}

/* ---- A file in memory ---- */

typedef struct Bytes {
    const uint8_t *data;
    size_t size, at;
} Bytes;

static ssize_t bytes_read(void *opaque, void *buf, size_t size, GError **errp)
{
    Bytes *b = opaque;
    size_t n = b->at < b->size ? MIN(size, b->size - b->at) : 0;

    if (n) {
        memcpy(buf, b->data + b->at, n);
        b->at += n;
    }
    return (ssize_t)n;
}

static bool bytes_seek(void *opaque, uint64_t offset, GError **errp)
{
    ((Bytes *)opaque)->at = offset;
    return true;
}

static bool bytes_read_at(void *opaque, void *buf, size_t size, uint64_t offset, GError **errp)
{
    Bytes *b = opaque;

    if (offset > b->size || size > b->size - offset) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "the file ends too early");
        return false;
    }
    memcpy(buf, b->data + offset, size);
    return true;
}

static const StateStreamOps bytes_ops = {
    .read = bytes_read, .seek = bytes_seek, .read_at = bytes_read_at};

/* ---- Targets ---- */

static void read_return_path(const uint8_t *data, size_t size)
{
    StateStream *s = state_stream_new_reader(data, size);
    ReturnMessage message;
    GError *error = NULL;
    int result;

    while ((result = return_message_read(s, &message, &error)) > 0) {
        g_assert(memchr(message.block, 0, sizeof(message.block)));
    }
    expect_words(result == 0, error);
    g_clear_error(&error);
    state_stream_free(s);
}

static int memory_file(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    g_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static void read_multifd(MultifdCompression compression, const uint8_t *data, size_t size)
{
    static const MultifdReceiverOps ops = {.block = find_block, .failed = note_failure};
    MultifdConfig one = {.channels = 1, .compression = compression};
    bool failed = false;
    MultifdReceiver *r = multifd_receiver_new(&one, &ops, &failed);
    GError *error = NULL;
    bool ok = multifd_receiver_add(r, migration_channel_from_fd(memory_file(data, size)), &error);

    for (unsigned i = 0; ok && i < SYNCS; i++) {
        ok = multifd_receive_sync(r, &error);
    }
    multifd_receiver_explain(r, &error);
    expect_words(ok, error);
    g_clear_error(&error);
    multifd_receiver_free(r);
}

static void read_ram(const RAMLoadOptions *options, const uint8_t *data, size_t size)
{
    const StateEntry *entry = state_registry_find(bench.registry, "ram", 0);
    Bytes bytes = {data, size, 0};
    StateStream *s = state_stream_new(&bytes_ops, &bytes);
    GError *error = NULL;
    bool ok;

    ram_state_set_load_options(bench.ram, options);
    ok = entry->handlers->load_setup(entry->opaque, &error) &&
         entry->handlers->load(s, entry->opaque, 4, &error);
    expect_words(ok, error);
    g_clear_error(&error);
    entry->handlers->load_cleanup(entry->opaque);
    state_stream_free(s);
}

static bool take_command(void *opaque, uint16_t command, const uint8_t *data, uint16_t size,
                         GError **errp)
{
    g_assert(data[size] == 0);
    return true;
}

static bool take_tail(void *opaque, StateTail *tail, GError **errp)
{
    *(StateTail **)opaque = tail;
    return true;
}

static void read_postcopy(const uint8_t *data, size_t size)
{
    StateTail *tail = NULL;
    StateLoader loader = {.registry = bench.registry,
                          .config = &config,
                          .command = take_command,
                          .listen = take_tail,
                          .opaque = &tail};
    StateStream *s = state_stream_new_reader(data, size);
    GError *error = NULL;
    bool ok;

    ram_state_set_load_options(bench.ram, &(RAMLoadOptions){0});
    ok = state_load(s, &loader, &error);
    expect_words(ok, error);
    g_clear_error(&error);
    if (tail) {
        if (ok) {
            expect_words(state_load_tail(tail, &error), error);
            g_clear_error(&error);
        }
        state_tail_free(tail);
    }
    state_stream_free(s);
}

/* ---- Good ones ---- */

static void write_seed(const char *folder, Target target, GBytes *bytes)
{
    g_autofree char *path = g_strdup_printf("%s/channel-%u", folder, target);
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    g_autofree uint8_t *text = g_malloc(size + 1);

    text[0] = (uint8_t)target;
    memcpy(text + 1, data, size);
    if (!g_file_set_contents(path, (const char *)text, (gssize)size + 1, NULL)) {
        g_error("cannot write %s", path);
    }
    g_bytes_unref(bytes);
}

static GBytes *good_return_path(void)
{
    static const ReturnMessage messages[] = {
        {.kind = RETURN_PONG, .value = 7},
        {.kind = RETURN_SWITCHOVER_ACK},
        {.kind = RETURN_REQUEST_PAGES_ID, .start = 0x2000, .length = 0x1000, .block = BLOCK},
        {.kind = RETURN_REQUEST_PAGES, .start = 0x3000, .length = 0x1000},
        {.kind = RETURN_RESUME_ACK, .value = 1},
        {.kind = RETURN_SHUT},
    };
    StateStream *s = state_stream_new_writer();

    for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++) {
        return_message_write(s, &messages[i]);
    }
    GBytes *bytes = state_stream_take_bytes(s);
    state_stream_free(s);
    return bytes;
}

static GBytes *good_multifd(MultifdCompression compression)
{
    MultifdConfig one = {.channels = 1, .compression = compression, .level = 1, .zero_pages = true};
    g_autoptr(GPtrArray) channels = g_ptr_array_new();
    int fd = memory_file(NULL, 0), copy = dup(fd);
    GError *error = NULL;

    g_ptr_array_add(channels, migration_channel_from_fd(fd));
    MultifdSender *sender = multifd_sender_new(&one, channels, &error);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned page = 0; page < 4; page++) {
            memset(bench.memory + page * RAM_PAGE_SIZE, (int)(page * 17), RAM_PAGE_SIZE);
            if (!multifd_send_page(sender, BLOCK, bench.memory, page * RAM_PAGE_SIZE, &error)) {
                g_error("%s", error->message);
            }
        }
        if (!multifd_send_sync(sender, &error)) {
            g_error("%s", error->message);
        }
    }
    multifd_sender_free(sender);
    gsize size = (gsize)lseek(copy, 0, SEEK_END);
    uint8_t *data = g_malloc(size);
    g_assert(pread(copy, data, size, 0) == (ssize_t)size);
    close(copy);
    return g_bytes_new_take(data, size);
}

static void put_sizes(StateStream *s)
{
    state_put_be64(s, BLOCK_SIZE | RAM_SAVE_FLAG_MEM_SIZE);
    state_put_counted_string(s, BLOCK);
    state_put_be64(s, BLOCK_SIZE);
}

static GBytes *good_mapped(void)
{
    StateStream *s = state_stream_new_writer();
    uint64_t bitmap_at = 8 + 1 + strlen(BLOCK) + 8 + 28, pages_at = bitmap_at + 8;
    uint8_t page[RAM_PAGE_SIZE] = {1, 2, 3};

    put_sizes(s);
    state_put_be32(s, 1);
    state_put_be64(s, RAM_PAGE_SIZE);
    state_put_be64(s, bitmap_at);
    state_put_be64(s, pages_at);
    state_put_buffer(s, &(uint64_t){0x800005}, 8);
    for (unsigned i = 0; i < PAGES; i++) {
        state_put_buffer(s, page, sizeof(page));
    }
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
    GBytes *bytes = state_stream_take_bytes(s);
    state_stream_free(s);
    return bytes;
}

static void put_pages(StateStream *s)
{
    static const uint8_t difference[] = {5, 2, 0xaa, 0xbb, 9, 1, 0xcc};
    uint8_t page[RAM_PAGE_SIZE] = {1, 2, 3};

    state_put_be64(s, RAM_SAVE_FLAG_PAGE | 0x2000);
    state_put_counted_string(s, BLOCK);
    state_put_buffer(s, page, sizeof(page));
    state_put_be64(s, RAM_SAVE_FLAG_ZERO | RAM_SAVE_FLAG_CONTINUE | 0x3000);
    state_put_byte(s, 0);
    state_put_be64(s, RAM_SAVE_FLAG_XBZRLE | RAM_SAVE_FLAG_CONTINUE | 0x2000);
    state_put_byte(s, 1);
    state_put_be16(s, sizeof(difference));
    state_put_buffer(s, difference, sizeof(difference));
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
}

static GBytes *good_xbzrle(void)
{
    StateStream *s = state_stream_new_writer();

    put_sizes(s);
    put_pages(s);
    GBytes *bytes = state_stream_take_bytes(s);
    state_stream_free(s);
    return bytes;
}

static void put_section(StateStream *s, uint8_t kind)
{
    state_put_byte(s, kind);
    state_put_be32(s, 2);
    if (kind == STATE_SECTION_START) {
        state_put_counted_string(s, "ram");
        state_put_be32(s, 0);
        state_put_be32(s, 4);
        put_sizes(s);
    } else {
        state_put_be64(s, RAM_SAVE_FLAG_ZERO | 0x1000);
        state_put_counted_string(s, BLOCK);
        state_put_byte(s, 5);
    }
    state_put_be64(s, RAM_SAVE_FLAG_EOS);
    state_put_byte(s, STATE_SECTION_FOOTER);
    state_put_be32(s, 2);
}

static GBytes *good_postcopy(void)
{
    static const uint8_t advice[16] = {[6] = 0x10, [14] = 0x10};
    static const char discard[] = "\0\15" BLOCK "\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\x10";
    StateStream *s = state_stream_new_writer(), *inner = state_stream_new_writer();
    uint8_t length[4] = {0};

    state_put_command(inner, STATE_COMMAND_POSTCOPY_LISTEN, NULL, 0);
    state_put_command(inner, STATE_COMMAND_POSTCOPY_RUN, NULL, 0);
    g_autoptr(GBytes) package = state_stream_take_bytes(inner);
    length[3] = (uint8_t)g_bytes_get_size(package);
    state_put_be32(s, STATE_FILE_MAGIC);
    state_put_be32(s, STATE_FILE_VERSION);
    state_put_byte(s, STATE_SECTION_CONFIGURATION);
    state_put_be32(s, (uint32_t)strlen(config.machine));
    state_put_buffer(s, config.machine, strlen(config.machine));
    state_put_command(s, STATE_COMMAND_OPEN_RETURN_PATH, NULL, 0);
    state_put_ping(s, 1);
    state_put_command(s, STATE_COMMAND_POSTCOPY_ADVISE, advice, sizeof(advice));
    put_section(s, STATE_SECTION_START);
    put_section(s, STATE_SECTION_PART);
    state_put_command(s, STATE_COMMAND_POSTCOPY_DISCARD, discard, sizeof(discard));
    state_put_command(s, STATE_COMMAND_PACKAGED, length, sizeof(length));
    state_put_buffer(s, g_bytes_get_data(package, NULL), g_bytes_get_size(package));
    put_section(s, STATE_SECTION_END);
    state_put_byte(s, STATE_SECTION_EOF);
    GBytes *bytes = state_stream_take_bytes(s);
    state_stream_free(inner);
    state_stream_free(s);
    return bytes;
}

static void write_seeds(const char *folder)
{
    write_seed(folder, RETURN_PATH, good_return_path());
    for (MultifdCompression c = MULTIFD_COMPRESSION_NONE; c <= MULTIFD_COMPRESSION_ZSTD; c++) {
        write_seed(folder, (Target)(MULTIFD_NONE + c), good_multifd(c));
    }
    write_seed(folder, RAM_MAPPED, good_mapped());
    write_seed(folder, RAM_XBZRLE, good_xbzrle());
    write_seed(folder, POSTCOPY, good_postcopy());
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const RAMOps ops = {.regions = regions, .loaded = loaded};
    const char *seeds = g_getenv("GOSSAMER_FUZZ_SEEDS");
    GError *error = NULL;

    bench.memory =
        mmap(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bench.registry = state_registry_new();
    bench.ram = ram_state_new(&ops, NULL);
    if (bench.memory == MAP_FAILED || !ram_state_register(bench.ram, bench.registry, &error)) {
        g_error("no machine");
    }
    if (seeds) {
        write_seeds(seeds);
        exit(0);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) {
        return -1;
    }
    Target target = (Target)(data[0] % TARGETS);

    data++;
    size--;
    switch (target) {
    case RETURN_PATH:
        read_return_path(data, size);
        break;
    case MULTIFD_NONE:
    case MULTIFD_ZLIB:
    case MULTIFD_ZSTD:
        read_multifd((MultifdCompression)(target - MULTIFD_NONE), data, size);
        break;
    case RAM_MAPPED:
        read_ram(&(RAMLoadOptions){.mapped = true}, data, size);
        break;
    case RAM_XBZRLE:
        read_ram(&(RAMLoadOptions){.xbzrle = true}, data, size);
        break;
    default:
        read_postcopy(data, size);
    }
    return 0;
}

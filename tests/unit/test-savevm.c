/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole streams: a machine of two devices and two RAM blocks goes through saving in rounds while
 * its memory changes, and comes out alike; truncated and flipped streams are refused with a reason.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "migration/channel.h"
#include "migration/commands.h"
#include "migration/multifd.h"
#include "migration/ram.h"
#include "migration/savevm.h"
#include "util/bitops.h"
#include "util/bswap.h"
#include "util/error.h"

#define N_PAGES 40

typedef struct Device {
    uint32_t value;
    uint64_t list[3];
} Device;

typedef struct Machine {
    StateRegistry *registry;
    RAMState *ram;
    uint8_t *memory[2];
    unsigned long written[2][1];
    unsigned loaded;
    Device device[2];
} Machine;

static const VMStateDescription vmstate_device = {
    .name = "device",
    .version_id = 2,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){
        VMSTATE_UINT32(value, Device),
        VMSTATE_UINT64_ARRAY(list, Device, 3),
        VMSTATE_END_OF_LIST(),
    },
    VMSTATE_STRUCT_AUDIT(Device),
};

static GArray *regions(void *opaque)
{
    Machine *m = opaque;
    GArray *out = g_array_new(false, true, sizeof(RAMRegion));

    for (unsigned i = 0; i < 2; i++) {
        RAMRegion region = {.name = i ? "second" : "first", .host = m->memory[i],
                            .used_length = N_PAGES * RAM_PAGE_SIZE, .page_size = 4096,
                            .handle = &m->written[i]};
        g_array_append_val(out, region);
    }
    return out;
}

static void harvest(void *opaque, void *handle, unsigned long *bitmap)
{
    unsigned long *written = handle;

    bitmap[0] |= written[0];
    written[0] = 0;
}

static void settle(void *opaque)
{
}

static void untrack(void *opaque, void *handle)
{
}

static void loaded(void *opaque, void *handle, uint64_t offset, uint64_t size)
{
    Machine *m = opaque;

    m->loaded++;
}

static const RAMOps ram_ops = {regions, harvest, settle, untrack, loaded};

static Machine *machine_new(void)
{
    Machine *m = g_new0(Machine, 1);
    GError *error = NULL;

    m->registry = state_registry_new();
    m->ram = ram_state_new(&ram_ops, m);
    g_assert_true(ram_state_register(m->ram, m->registry, &error));
    for (unsigned i = 0; i < 2; i++) {
        m->memory[i] = g_malloc0(N_PAGES * RAM_PAGE_SIZE);
        g_assert_true(state_registry_add(m->registry, i ? "b" : "a", 0, &vmstate_device,
                                         &m->device[i], &error));
    }
    return m;
}

static void machine_free(Machine *m)
{
    state_registry_free(m->registry);
    ram_state_free(m->ram);
    g_free(m->memory[0]);
    g_free(m->memory[1]);
    g_free(m);
}

static void write_page(Machine *m, unsigned block, unsigned page, uint8_t byte)
{
    m->memory[block][page * RAM_PAGE_SIZE + 17 * page] = byte;
    m->written[block][0] |= 1ul << page;
}

static const char *const capabilities[] = {"mapped-ram", NULL};
static const SavevmConfig config = {.machine = "toy-1.0"};
static const SavevmConfig config_capability = {.machine = "toy-1.0", .capabilities = capabilities};

static bool after_some(void *opaque)
{
    return ++*(unsigned *)opaque % 2 == 0;
}

/* Saves m in rounds; its memory changes between them. */
static GBytes *save(Machine *m, const SavevmConfig *c)
{
    StateStream *s = state_stream_new_writer();
    StateSaver *saver = state_saver_new(m->registry, s, c);
    GError *error = NULL;
    unsigned calls = 0, rounds = 0;
    RAMStats stats;

    g_assert_true(state_saver_header(saver, &error));
    g_assert_true(state_saver_setup(saver, &error));
    g_assert_no_error(error);
    while (state_saver_pending(saver, true) && rounds++ < 6) {
        g_assert_cmpint(state_saver_iterate(saver, after_some, &calls, &error), >=, 0);
        write_page(m, rounds % 2, rounds, (uint8_t)(0x40 + rounds));
    }
    g_assert_true(state_saver_complete(saver, &error));
    g_assert_no_error(error);
    ram_state_stats(m->ram, &stats);
    g_assert_cmpuint(stats.total, ==, 2 * N_PAGES * RAM_PAGE_SIZE);
    g_assert_cmpuint(stats.normal + stats.duplicate, >=, 2 * N_PAGES);
    g_assert_cmpuint(stats.remaining, ==, 0);
    state_saver_free(saver);
    GBytes *bytes = state_stream_take_bytes(s);
    state_stream_free(s);
    return bytes;
}

static bool load(Machine *m, const void *data, size_t size, const SavevmConfig *c, GError **errp)
{
    StateStream *s = state_stream_new_reader(data, size);
    StateLoader loader = {.registry = m->registry, .config = c};
    bool ok = state_load(s, &loader, errp);

    state_stream_free(s);
    return ok;
}

static GBytes *sample(Machine *m)
{
    for (unsigned i = 0; i < 8; i++) {
        write_page(m, i % 2, 3 * i, (uint8_t)(i + 1));
    }
    m->device[0] = (Device){1, {2, 3, 4}};
    m->device[1] = (Device){0xdeadbeef, {5, 6, 7}};
    return save(m, &config);
}

static void test_round_trip(void)
{
    Machine *from = machine_new(), *to = machine_new();
    GBytes *bytes = sample(from);
    GError *error = NULL;

    memset(to->memory[1], 0x5a, N_PAGES * RAM_PAGE_SIZE);
    g_assert_true(
        load(to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &config, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(to->loaded, ==, 2);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpmem(to->memory[i], N_PAGES * RAM_PAGE_SIZE, from->memory[i],
                        N_PAGES * RAM_PAGE_SIZE);
        g_assert_cmpmem(&to->device[i], sizeof(Device), &from->device[i], sizeof(Device));
    }
    g_bytes_unref(bytes);
    machine_free(from);
    machine_free(to);
}

static size_t ram_bytes(const uint8_t *data, size_t size)
{
    /* The devices begin where the first FULL section's head is. */
    const uint8_t *at = memmem(data, size, "\x08" "a/device", 9);

    g_assert_nonnull(at);
    return (size_t)(at - data) - 5;
}

static void test_hostile(void)
{
    Machine *from = machine_new(), *to = machine_new();
    GBytes *bytes = sample(from);
    size_t size = g_bytes_get_size(bytes);
    uint8_t *data = g_memdup2(g_bytes_get_data(bytes, NULL), size);
    size_t devices = ram_bytes(data, size), refused = 0;
    size_t end = (size_t)((const uint8_t *)memmem(data, size, "{\"configuration", 15) - data) - 5;
    GError *error = NULL;

    /* Every length short of the end mark; in RAM's middle not every single one. */
    for (size_t n = 0; n < end; n += n > 300 && n + 300 < devices ? 97 : 1) {
        g_assert_false(load(to, data, n, &config, &error));
        g_assert_true(error->domain == GOSSAMER_ERROR && error->code == GOSSAMER_ERROR_STREAM);
        g_clear_error(&error);
    }
    for (size_t bit = 0; bit<8 * end; bit += bit> 8 * 300 && bit + 2400 < 8 * devices ? 777 : 1) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (!load(to, data, size, &config, &error)) {
            g_assert_cmpint(strlen(error->message), >, 10);
            g_clear_error(&error);
            refused++;
        }
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    g_assert_cmpuint(refused, >, 8 * 100);
    g_assert_true(load(to, data, size, &config, &error));
    g_free(data);
    g_bytes_unref(bytes);
    machine_free(from);
    machine_free(to);
}

static void refuse(Machine *to, GBytes *bytes, const SavevmConfig *c, const char *part)
{
    GError *error = NULL;

    g_assert_false(load(to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), c, &error));
    if (!strstr(error->message, part)) {
        g_error("'%s' lacks '%s'", error->message, part);
    }
    g_clear_error(&error);
}

static void test_refusals(void)
{
    Machine *from = machine_new(), *to = machine_new();
    GBytes *bytes = save(from, &config), *with = save(from, &config_capability);
    const SavevmConfig other = {.machine = "toy-2.0"};

    refuse(to, bytes, &other, "Machine type received is 'toy-1.0' and local is 'toy-2.0'");
    refuse(to, bytes, &config_capability,
           "Capability mapped-ram is on here, but not at the source");
    refuse(to, with, &config, "Capability mapped-ram is on at the source, but not here");
    GError *error = NULL;
    g_assert_true(
        load(to, g_bytes_get_data(with, NULL), g_bytes_get_size(with), &config_capability, &error));
    g_assert_no_error(error);
    /* A machine that lacks a device. */
    state_registry_remove(to->registry, &vmstate_device, &to->device[1]);
    refuse(to, bytes, &config, "unknown section 'b/device' instance 0");
    g_bytes_unref(bytes);
    g_bytes_unref(with);
    machine_free(from);
    machine_free(to);
}

static void test_description(void)
{
    Machine *from = machine_new();
    GBytes *bytes = sample(from);
    const char *data = g_bytes_get_data(bytes, NULL);
    const char *text = memmem(data, g_bytes_get_size(bytes), "{\"configuration", 15);
    json_t *json = json_loadb(text, g_bytes_get_size(bytes) - (size_t)(text - data), 0, NULL);
    const char *name, *type;
    int size, length;

    g_assert_nonnull(json);
    json_t *row = json_array_get(json_object_get(json, "devices"), 1);
    g_assert_cmpstr(json_string_value(json_object_get(row, "name")), ==, "b/device");
    json_t *field = json_array_get(json_object_get(row, "fields"), 1);
    g_assert_false(json_unpack(field, "{s:s, s:s, s:i, s:i}", "name", &name, "type", &type, "size",
                               &size, "array_len", &length));
    g_assert_cmpstr(name, ==, "list");
    g_assert_cmpstr(type, ==, "uint64");
    g_assert_cmpint(size, ==, 8);
    g_assert_cmpint(length, ==, 3);
    json_decref(json);
    g_bytes_unref(bytes);
    machine_free(from);
}

/* ---- Looks before a load ---- */

static bool check_head(Machine *m, const void *data, size_t size, const SavevmConfig *c,
                       GError **errp)
{
    StateStream *s = state_stream_new_reader(data, size);
    StateLoader loader = {.registry = m->registry, .config = c};
    bool ok = state_check_head(s, &loader, errp);

    state_stream_free(s);
    return ok;
}

static bool check_tail(Machine *m, const uint8_t *data, size_t size, size_t tail, bool *found,
                       GError **errp)
{
    StateLoader loader = {.registry = m->registry, .config = &config};

    return state_check_tail(data + size - tail, tail, &loader, found, errp);
}

static void expect_refusal(bool ok, GError **errp, const char *part)
{
    g_assert_false(ok);
    if (!strstr((*errp)->message, part)) {
        g_error("'%s' lacks '%s'", (*errp)->message, part);
    }
    g_clear_error(errp);
}

static void test_look(void)
{
    Machine *from = machine_new(), *to = machine_new();
    GBytes *bytes = sample(from);
    size_t size = g_bytes_get_size(bytes);
    uint8_t *data = g_memdup2(g_bytes_get_data(bytes, NULL), size);
    const uint8_t *text = memmem(data, size, "{\"configuration", 15);
    size_t json = size - (size_t)(text - data);
    const SavevmConfig other = {.machine = "toy-2.0"};
    GError *error = NULL;
    bool found;

    memset(to->memory[0], 0x77, N_PAGES * RAM_PAGE_SIZE);
    g_assert_true(check_head(to, data, size, &config, &error));
    g_assert_true(check_tail(to, data, size, json + 5, &found, &error));
    g_assert_true(found);
    g_assert_true(check_tail(to, data, size, size, &found, &error));
    g_assert_true(found);
    /* Not all of it in view: somebody has to look further. */
    g_assert_true(check_tail(to, data, size, json + 4, &found, &error));
    g_assert_false(found);
    g_assert_true(check_tail(to, data, size, 0, &found, &error));
    g_assert_false(found);
    g_assert_no_error(error);
    /* Nothing was changed by looking. */
    g_assert_cmpuint(to->memory[0][N_PAGES * RAM_PAGE_SIZE - 1], ==, 0x77);
    g_assert_cmpuint(to->loaded, ==, 0);

    expect_refusal(check_head(to, data, size, &other, &error), &error,
                   "Machine type received is 'toy-1.0'");
    uint8_t *length = memmem(data, size, "\x05" "first\0\0\0\0\0", 11);
    g_assert_nonnull(length);
    length[12] ^= 1;
    expect_refusal(check_head(to, data, size, &config, &error), &error, "Size mismatch: first");
    length[12] ^= 1;
    state_registry_remove(to->registry, &vmstate_device, &to->device[1]);
    expect_refusal(check_tail(to, data, size, size, &found, &error), &error,
                   "unknown section 'b/device' instance 0");
    g_assert_true(found);

    /* Whatever the bytes are: an answer. */
    for (size_t n = 0; n < 300; n++) {
        if (!check_head(to, data, n, &config, &error)) {
            g_assert_cmpint(strlen(error->message), >, 5);
            g_clear_error(&error);
        }
    }
    for (size_t bit = 0; bit < 8 * 300; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (!check_head(to, data, 300, &config, &error)) {
            g_clear_error(&error);
        }
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 8 * (size - json - 5); bit < 8 * size; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (!check_tail(to, data, size, json + 5, &found, &error)) {
            g_clear_error(&error);
        }
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    g_free(data);
    g_bytes_unref(bytes);
    machine_free(from);
    machine_free(to);
}

/* ---- Postcopy ---- */

typedef enum PostcopyStream {
    WHOLE,
    NO_RUN,
    PART_IN_PACKAGE,
    LISTEN_TWICE,
    DEVICE_IN_TAIL,
    RUN_IN_TAIL,
    PACKAGE_IN_TAIL,
} PostcopyStream;

/* One part of RAM, there. */
static void part(StateSaver *saver, StateStream *to, StateStream *back)
{
    state_saver_set_stream(saver, to);
    g_assert_cmpint(state_saver_iterate(saver, NULL, NULL, NULL), ==, 1);
    state_saver_set_stream(saver, back);
}

static GBytes *save_postcopy(Machine *m, PostcopyStream kind)
{
    StateStream *s = state_stream_new_writer(), *package = state_stream_new_writer();
    StateSaver *saver = state_saver_new(m->registry, s, &config);
    GError *error = NULL;
    uint32_t length;

    g_assert_true(state_saver_header(saver, &error) && state_saver_setup(saver, &error));
    g_assert_true(state_saver_complete_before_postcopy(saver, &error));
    state_put_command(package, STATE_COMMAND_POSTCOPY_LISTEN, NULL, 0);
    if (kind == LISTEN_TWICE) {
        state_put_command(package, STATE_COMMAND_POSTCOPY_LISTEN, NULL, 0);
    }
    if (kind == PART_IN_PACKAGE) {
        part(saver, package, s);
    }
    g_assert_true(state_saver_put_devices(saver, package, &error));
    if (kind == NO_RUN) {
        state_put_byte(package, STATE_SECTION_EOF);
    } else {
        state_put_command(package, STATE_COMMAND_POSTCOPY_RUN, NULL, 0);
    }
    g_autoptr(GBytes) bytes = state_stream_take_bytes(package);
    length = GUINT32_TO_BE((uint32_t)g_bytes_get_size(bytes));
    state_put_command(s, STATE_COMMAND_PACKAGED, &length, sizeof(length));
    state_put_buffer(s, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    if (kind == DEVICE_IN_TAIL) {
        g_assert_true(state_saver_put_devices(saver, s, &error));
    } else if (kind == RUN_IN_TAIL) {
        state_put_command(s, STATE_COMMAND_POSTCOPY_RUN, NULL, 0);
    } else if (kind == PACKAGE_IN_TAIL) {
        state_put_command(s, STATE_COMMAND_PACKAGED, &length, sizeof(length));
    }
    g_assert_true(state_saver_complete_postcopy(saver, &error));
    state_saver_free(saver);
    state_stream_free(package);
    GBytes *all = state_stream_take_bytes(s);
    state_stream_free(s);
    return all;
}

static bool any_command(void *opaque, uint16_t number, const uint8_t *data, uint16_t size,
                        GError **errp)
{
    return true;
}

static bool take_tail(void *opaque, StateTail *tail, GError **errp)
{
    g_assert_null(*(StateTail **)opaque);
    *(StateTail **)opaque = tail;
    return true;
}

/* The devices with RAM behind them: each section belongs to one of two threads, and the guest runs.
 */
static void test_postcopy(void)
{
    static const struct {
        PostcopyStream kind;
        bool in_tail;
        const char *error;
    } rows[] = {
        {WHOLE, false, NULL},
        {NO_RUN, false, "the package ends before the guest runs"},
        {PART_IN_PACKAGE, false, "a part of section 'ram' when postcopy has begun"},
        {LISTEN_TWICE, false, "or twice"},
        {DEVICE_IN_TAIL, true, "section 'a/device' begins when postcopy has begun"},
        {RUN_IN_TAIL, true, "command 5 when postcopy has begun"},
        {PACKAGE_IN_TAIL, true, "command 7 when postcopy has begun"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Machine *from = machine_new(), *to = machine_new();
        StateTail *tail = NULL;
        StateLoader loader = {.registry = to->registry, .config = &config, .command = any_command,
                              .listen = take_tail, .opaque = &tail};
        GError *error = NULL;

        from->device[1].value = 4711;
        write_page(from, 1, 3, 0x77);
        g_autoptr(GBytes) bytes = save_postcopy(from, rows[i].kind);
        StateStream *s =
            state_stream_new_reader(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        bool ok = state_load(s, &loader, &error);
        g_assert_nonnull(tail);
        g_assert_true(ok == (rows[i].in_tail || !rows[i].error));
        ok = ok && state_load_tail(tail, &error);
        if (rows[i].error) {
            g_assert_false(ok);
            if (!strstr(error->message, rows[i].error)) {
                g_error("'%s' lacks '%s'", error->message, rows[i].error);
            }
            g_clear_error(&error);
        } else {
            g_assert_true(ok);
            g_assert_cmpmem(from->memory[1], N_PAGES * RAM_PAGE_SIZE, to->memory[1],
                            N_PAGES * RAM_PAGE_SIZE);
            g_assert_cmpuint(to->device[1].value, ==, 4711);
        }
        state_tail_free(tail);
        state_stream_free(s);
        machine_free(from);
        machine_free(to);
    }
}

/* ---- Files ---- */

static bool load_file(Machine *to, const char *path, GError **errp)
{
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    g_autoptr(MigrationAddress) address = migration_address_parse(uri, errp);
    MigrationChannel *channel = migration_channel_open(address, false, errp);
    StateStream *s = migration_channel_stream(channel, false);
    StateLoader loader = {.registry = to->registry, .config = &config};
    RAMLoadOptions options = {.mapped = true};

    ram_state_set_load_options(to->ram, &options);
    bool ok = state_load(s, &loader, errp);
    state_stream_free(s);
    migration_channel_close(channel, NULL);
    return ok;
}

static void save_file(Machine *from, const char *path)
{
    g_autofree char *uri = g_strconcat("file:", path, NULL);
    g_autoptr(MigrationAddress) address = migration_address_parse(uri, NULL);
    GError *error = NULL;
    MigrationChannel *channel = migration_channel_open(address, true, &error);
    StateStream *s = migration_channel_stream(channel, true);
    StateSaver *saver = state_saver_new(from->registry, s, &config);
    RAMSaveOptions options = {.mapped = true};

    ram_state_set_save_options(from->ram, &options);
    g_assert_true(state_saver_header(saver, &error) && state_saver_setup(saver, &error) &&
                  state_saver_complete(saver, &error));
    state_saver_free(saver);
    state_stream_free(s);
    g_assert_true(migration_channel_close(channel, &error));
}

/* Pages at places of their own; a head that sends the reader back would do so for ever. */
static void test_mapped(void)
{
    static const char name[] = "\5first";
    Machine *from = machine_new(), *to = machine_new();
    GError *error = NULL;
    g_autofree char *path = NULL, *data = NULL;
    gsize size;
    int fd = g_file_open_tmp("gossamer-XXXXXX", &path, &error);

    g_assert_no_error(error);
    write_page(from, 0, 9, 0x31);
    save_file(from, path);
    g_assert_true(load_file(to, path, &error));
    g_assert_cmpmem(from->memory[0], N_PAGES * RAM_PAGE_SIZE, to->memory[0],
                    N_PAGES * RAM_PAGE_SIZE);
    g_assert_true(g_file_get_contents(path, &data, &size, &error));
    char *found = memmem(data, size, name, strlen(name));
    g_assert_nonnull(found);
    /* Behind the name: length, version, page size, place of the bitmap, place of the pages. */
    stq_be_p(found + strlen(name) + 28, 64);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, &error));
    g_assert_false(load_file(to, path, &error));
    g_assert_nonnull(strstr(error->message, "lie before their head"));
    g_clear_error(&error);
    close(fd);
    unlink(path);
    machine_free(from);
    machine_free(to);
}

/* ---- Channels ---- */

static uint8_t *no_block(void *opaque, const char *block, uint64_t *size)
{
    return NULL;
}

static void has_failed(void *opaque)
{
}

/* A channel that ends before its SYNC: nobody may wait for that. */
static void test_channel_ends(void)
{
    static const MultifdReceiverOps ops = {.block = no_block, .failed = has_failed};
    MultifdConfig channels = {.channels = 1};
    MultifdReceiver *receiver = multifd_receiver_new(&channels, &ops, NULL);
    uint8_t greeting[64] = {0};
    GError *error = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    stl_be_p(greeting, MULTIFD_MAGIC);
    stl_be_p(greeting + 4, 1);
    g_assert_cmpint(write(pair[1], greeting, sizeof(greeting)), ==, sizeof(greeting));
    close(pair[1]);
    g_assert_true(multifd_receiver_add(receiver, migration_channel_from_fd(pair[0]), &error));
    g_assert_false(multifd_receive_sync(receiver, &error));
    g_assert_nonnull(strstr(error->message, "ended before its pages had come"));
    g_clear_error(&error);
    multifd_receiver_free(receiver);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/savevm/round-trip", test_round_trip);
    g_test_add_func("/savevm/hostile", test_hostile);
    g_test_add_func("/savevm/refusals", test_refusals);
    g_test_add_func("/savevm/description", test_description);
    g_test_add_func("/savevm/look", test_look);
    g_test_add_func("/savevm/postcopy", test_postcopy);
    g_test_add_func("/savevm/mapped", test_mapped);
    g_test_add_func("/savevm/channel-ends", test_channel_ends);
    return g_test_run();
}

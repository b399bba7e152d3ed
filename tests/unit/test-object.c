/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects and devices: properties of every type with good and bad values, the composition tree,
 * life of devices on buses, values from elsewhere, GPIO, reset order, machine options.
 */
#include <string.h>
#include "hw/core/machine.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"

static void expect(GError *error, const char *part)
{
    g_assert_nonnull(error);
    if (!strstr(error->message, part)) {
        g_error("'%s' lacks '%s'", error->message, part);
    }
    g_error_free(error);
}

/* ---- Properties ---- */

static const char *const colours[] = {"red", "green", "blue", NULL};

typedef struct Thing {
    Object object;
    bool flag;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32, bits;
    uint64_t u64, size, bits64;
    int32_t i32, colour;
    int64_t i64;
    char *text;
    uint8_t uuid[16], mac[6];
    Object *other;
    unsigned custom;
} Thing;

static unsigned finalized;

static void thing_init(Object *obj)
{
    /* Defaults are there already. */
    g_assert_cmpuint(((Thing *)obj)->u8, ==, 7);
}

static void thing_finalize(Object *obj)
{
    finalized++;
}

static bool custom_set(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    if (value->kind != PROPERTY_STRING || !g_str_has_prefix(value->s, "x")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "custom wants x...");
        return false;
    }
    ((Thing *)obj)->custom++;
    return true;
}

static bool custom_get(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_UINT, .u = ((Thing *)obj)->custom};
    return true;
}

static const Property thing_properties[] = {
    DEFINE_PROP_BOOL("flag", Thing, flag, true, "a flag"),
    DEFINE_PROP_UINT8("u8", Thing, u8, 7, NULL),
    DEFINE_PROP_UINT16("u16", Thing, u16, 0xffff, NULL),
    DEFINE_PROP_UINT32("u32", Thing, u32, 32, NULL),
    DEFINE_PROP_UINT64("u64", Thing, u64, UINT64_MAX, NULL),
    DEFINE_PROP_INT32("i32", Thing, i32, -5, NULL),
    DEFINE_PROP_INT64("i64", Thing, i64, INT64_MIN, NULL),
    DEFINE_PROP_SIZE("size", Thing, size, 1 << 20, NULL),
    DEFINE_PROP_STRING("text", Thing, text, "hello", NULL),
    DEFINE_PROP_ENUM("colour", Thing, colour, colours, 1, "a colour"),
    DEFINE_PROP_BIT("bit3", Thing, bits, 3, true, NULL),
    DEFINE_PROP_BIT64("bit40", Thing, bits64, 40, true, NULL),
    DEFINE_PROP_UUID("uuid", Thing, uuid, NULL),
    DEFINE_PROP_MACADDR("mac", Thing, mac, NULL),
    DEFINE_PROP_LINK("other", Thing, other, "thing", Object *, NULL),
    DEFINE_PROP_CUSTOM("custom", property_type_string, custom_set, custom_get, NULL),
    DEFINE_PROP_CUSTOM("count", property_type_uint32, NULL, custom_get, NULL),
    DEFINE_PROP_END_OF_LIST(),
};
static const ObjectClass thing_class = {.name = "thing",
                                        .instance_size = sizeof(Thing),
                                        .properties = thing_properties,
                                        .instance_init = thing_init,
                                        .instance_finalize = thing_finalize};
static const Property sub_properties[] = {
    DEFINE_PROP_UINT32("u32", Thing, u32, 64, NULL), /* another default */
    DEFINE_PROP_END_OF_LIST()};
static const ObjectClass sub_class = {.name = "sub-thing",
                                      .parent = &thing_class,
                                      .instance_size = sizeof(Thing),
                                      .properties = sub_properties};

static void good(Object *obj, const char *name, const char *in, const char *out)
{
    GError *error = NULL;
    char *text;

    object_property_parse(obj, name, in, &error);
    g_assert_no_error(error);
    text = object_property_get_text(obj, name, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, out);
    g_free(text);
}

static void bad(Object *obj, const char *name, const char *in, const char *part)
{
    GError *error = NULL;
    char *before = object_property_get_text(obj, name, NULL), *after;

    g_assert_false(object_property_parse(obj, name, in, &error));
    expect(error, part);
    after = object_property_get_text(obj, name, NULL);
    g_assert_cmpstr(before, ==, after);
    g_free(before);
    g_free(after);
}

static void test_properties(void)
{
    Object *obj = object_new(&thing_class), *sub = object_new(&sub_class);
    Thing *t = (Thing *)obj;
    GError *error = NULL;
    PropertyValue value = {.kind = PROPERTY_INT, .i = -1};
    char *text;

    g_assert_true(t->flag && t->u16 == 0xffff && t->u64 == UINT64_MAX && t->i32 == -5 &&
                  t->i64 == INT64_MIN);
    g_assert_true(t->size == 1 << 20 && t->colour == 1 && t->bits == 8 && t->bits64 == 1ull << 40);
    g_assert_cmpstr(t->text, ==, "hello");
    g_assert_cmpuint(((Thing *)sub)->u32, ==, 64);

    good(obj, "flag", "off", "false");
    bad(obj, "flag", "2", "property 'thing.flag' expects 'on' or 'off', not '2'");
    good(obj, "u8", "0xff", "255");
    bad(obj, "u8", "256", "a number up to 255");
    bad(obj, "u8", "-1", "a number");
    bad(obj, "u8", "", "a number");
    good(obj, "u64", "18446744073709551615", "18446744073709551615");
    bad(obj, "u64", "18446744073709551616", "a number");
    good(obj, "i32", "-2147483648", "-2147483648");
    bad(obj, "i32", "2147483648", "from -2147483648 to 2147483647");
    good(obj, "size", "2G", "2147483648");
    bad(obj, "size", "2X", "a size");
    good(obj, "text", "", "");
    good(obj, "colour", "blue", "blue");
    bad(obj, "colour", "gren", "did you mean 'green'? (red, green, blue)");
    good(obj, "bit3", "off", "false");
    g_assert_cmphex(t->bits, ==, 0);
    good(obj, "uuid", "00112233-4455-6677-8899-AABBCCDDEEFF",
         "00112233-4455-6677-8899-aabbccddeeff");
    bad(obj, "uuid", "00112233-4455-6677-8899-AABBCCDDEEF", "a UUID");
    good(obj, "mac", "52:54:00:12:34:56", "52:54:00:12:34:56");
    bad(obj, "mac", "52:54:00:12:34", "a MAC address");
    good(obj, "custom", "xy", "1");
    bad(obj, "custom", "y", "custom wants");
    bad(obj, "count", "1", "read-only");

    g_assert_false(object_property_set(obj, "u32", &value, &error));
    expect(error, "'-1'");
    error = NULL;
    g_assert_false(object_property_set_bool(obj, "u32", true, &error));
    expect(error, "a number, not 'true'");
    error = NULL;
    g_assert_true(object_property_set_int(obj, "u32", 5, NULL));
    g_assert_cmpuint(object_property_get_uint(obj, "u32", NULL), ==, 5);
    g_assert_false(object_property_parse(obj, "colur", "red", &error));
    expect(error, "property 'thing.colur' not found; did you mean 'colour'?");
    error = NULL;
    g_assert_false(object_property_get_bool(obj, "u32", &error));
    expect(error, "is not a boolean");
    error = NULL;
    text = object_property_get_str(obj, "text", NULL);
    g_assert_cmpstr(text, ==, "");
    g_free(text);
    text = property_default_text(object_find_property(obj, "colour"));
    g_assert_cmpstr(text, ==, "green");
    g_free(text);

    g_assert_true(object_is_a(sub, &thing_class) && !object_is_a(obj, &sub_class));
    g_assert_true(object_is_a_name(sub, "thing"));
    g_assert_true(OBJECT_CHECK(Thing, sub, &thing_class) == (Thing *)sub);
    finalized = 0;
    object_unref(obj);
    object_unref(sub);
    g_assert_cmpuint(finalized, ==, 2);
}

static void test_tree(void)
{
    Object *base = object_container(object_root(), "base"), *a, *b, *c, *extra;
    GError *error = NULL;
    bool ambiguous;
    char *path;
    GString *out = g_string_new(NULL);
    GArray *list;

    a = object_new(&thing_class);
    b = object_new(&thing_class);
    c = object_new(&sub_class);
    g_assert_true(object_add_child(base, "thing[*]", a, NULL));
    g_assert_true(object_add_child(base, "thing[*]", b, NULL));
    g_assert_true(object_add_child(b, "leaf", c, NULL));
    path = object_path(c);
    g_assert_cmpstr(path, ==, "/base/thing[1]/leaf");
    g_assert_true(object_resolve_path(path, NULL) == c);
    g_assert_true(object_resolve_path("leaf", &ambiguous) == c);
    g_free(path);
    object_ref(c);
    extra = object_new(&thing_class);
    g_assert_false(object_add_child(base, "thing[1]", extra, &error));
    expect(error, "'/base' already has a child 'thing[1]'");
    object_unref(extra);
    error = NULL;
    g_assert_null(object_resolve_path("/base/nothing", NULL));
    g_assert_true(object_resolve_path("thing[1]", &ambiguous) == b);
    Object *d = object_new(&thing_class);
    g_assert_true(object_add_child(a, "leaf", d, NULL));
    g_assert_null(object_resolve_path("leaf", &ambiguous));
    g_assert_true(ambiguous);
    object_add_link(a, "friend", &((Thing *)a)->other);
    good(a, "other", "/base/thing[1]", "/base/thing[1]");
    g_assert_true(object_resolve_path("/base/thing[0]/friend/leaf", NULL) == c);
    bad(a, "other", "/base", "is a container, not a thing");
    bad(a, "other", "/void", "no object '/void'");
    list = object_list(a);
    g_assert_cmpstr(g_array_index(list, ObjectListItem, 1).name, ==, "leaf");
    g_assert_cmpstr(g_array_index(list, ObjectListItem, 1).type, ==, "child<thing>");
    g_assert_cmpstr(g_array_index(list, ObjectListItem, 2).type, ==, "link<thing>");
    g_array_unref(list);
    object_print_tree(base, out, 0);
    g_assert_cmpstr(out->str, ==,
                    "/base (container)\n"
                    "  /thing[0] (thing)\n"
                    "    /leaf (thing)\n"
                    "  /thing[1] (thing)\n"
                    "    /leaf (sub-thing)\n");
    g_string_free(out, true);
    finalized = 0;
    object_unparent(base);
    g_assert_cmpuint(finalized, ==, 3);
    object_unref(c);
    g_assert_cmpuint(finalized, ==, 4);
}

/* ---- Devices ---- */

typedef struct Gadget {
    DeviceState parent;
    uint32_t reg;
    bool fail;
    IRQLine *out[2];
    unsigned level[3];
    BusState bus;
} Gadget;

static GString *trace;

static void gadget_in(void *opaque, int n, int level)
{
    ((Gadget *)opaque)->level[n] = (unsigned)level;
}

static bool gadget_realize(DeviceState *dev, GError **errp)
{
    Gadget *g = (Gadget *)dev;

    if (g->fail) {
        error_setg(errp, "gadget does not want to");
        return false;
    }
    device_init_gpio_in(dev, NULL, gadget_in, 3);
    device_init_gpio_out(dev, "irq", g->out, 2);
    return true;
}

static void gadget_unrealize(DeviceState *dev)
{
    g_string_append_printf(trace, "unrealize%u ", ((Gadget *)dev)->reg);
}

static void gadget_enter(void *obj, ResetType type)
{
    g_string_append_printf(trace, "enter%u ", ((Gadget *)obj)->reg);
}

static void gadget_hold(void *obj, ResetType type)
{
    g_string_append_printf(trace, "hold%u ", ((Gadget *)obj)->reg);
}

static void gadget_exit(void *obj, ResetType type)
{
    g_string_append_printf(trace, "exit%u ", ((Gadget *)obj)->reg);
}

static char *shelf_wire_name(DeviceState *dev)
{
    return g_strdup_printf("gadget@%x", ((Gadget *)dev)->reg);
}

static bool shelf_plug(BusState *bus, DeviceState *dev, GError **errp)
{
    if (((Gadget *)dev)->reg == 13) {
        error_setg(errp, "the shelf has no place 13");
        return false;
    }
    return true;
}

static const BusClass shelf_class = {.name = "shelf",
                                     .parent = &bus_class.object,
                                     .instance_size = sizeof(BusState),
                                     .max_devices = 3,
                                     .wire_name = shelf_wire_name,
                                     .plug = shelf_plug};
static const Property gadget_properties[] = {
    DEFINE_PROP_UINT32("reg", Gadget, reg, 1, "place"),
    DEFINE_PROP_BOOL("fail", Gadget, fail, false, "refuse"), DEFINE_PROP_END_OF_LIST()};
static const VMStateDescription vmstate_gadget = {
    .name = "gadget",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT32(reg, Gadget), VMSTATE_END_OF_LIST()}};
static const DeviceClass gadget_base = {.name = "gadget-base",
                                        .parent = DEVICE_CLASS_PARENT(device_class),
                                        .instance_size = sizeof(Gadget),
                                        .abstract = true,
                                        .properties = gadget_properties,
                                        .bus = &shelf_class,
                                        .vmstate = &vmstate_gadget,
                                        .realize = gadget_realize,
                                        .reset = {.enter = gadget_enter, .exit = gadget_exit}};
static const DeviceClass gadget_class = {.name = "gadget",
                                         .parent = DEVICE_CLASS_PARENT(gadget_base),
                                         .description = "a gadget",
                                         .user_creatable = true,
                                         .unrealize = gadget_unrealize,
                                         .reset = {.hold = gadget_hold}};
static const DeviceClass *const classes[] = {&gadget_base, &gadget_class, NULL};

static void test_devices(void)
{
    GError *error = NULL;
    BusState *shelf;
    DeviceState *dev, *second;
    Gadget *g;
    char *text;
    GString *out = g_string_new(NULL);

    trace = g_string_new(NULL);
    runtime_init();
    device_classes_register(classes);
    g_assert_null(device_create(NULL, "gadget", NULL, &error));
    expect(error, "no 'shelf' bus found for device 'gadget'");
    error = NULL;
    shelf = bus_new(&shelf_class, NULL, "shelf.0");
    bus_register_root(shelf);
    g_assert_true(bus_find("shelf.0") == shelf);

    g_assert_null(device_new("gadgt", &error));
    expect(error, "did you mean 'gadget'?");
    error = NULL;
    g_assert_null(device_new("gadget-base", &error));
    g_clear_error(&error);
    g_assert_null(device_add("gadget,rg=1", &error));
    expect(error, "property 'gadget.rg' not found; did you mean 'reg'?");
    error = NULL;
    g_assert_null(device_add("gadget,reg=13", &error));
    expect(error, "no place 13");
    error = NULL;
    g_assert_null(device_add("gadget,fail=on", &error));
    expect(error, "does not want to");
    error = NULL;
    g_assert_cmpuint(shelf->devices->len, ==, 0);
    g_assert_null(state_registry_find(runtime_state_registry(), "gadget@1/gadget", 0));

    dev = device_add("gadget,id=g1,reg=2", &error);
    g_assert_no_error(error);
    g = (Gadget *)dev;
    g_assert_true(device_find("g1") == dev && dev->realized);
    g_assert_cmpstr(dev->canonical_path, ==, "/machine/peripheral/g1");
    g_assert_nonnull(state_registry_find(runtime_state_registry(), "gadget@2/gadget", 0));
    g_assert_null(device_add("gadget,id=g1", &error));
    expect(error, "Duplicate device ID 'g1'");
    error = NULL;
    second = device_create(shelf, "gadget", (const char *const[]){"reg=3", NULL}, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(second->canonical_path, ==, "/machine/unattached/device[0]");

    irq_raise(device_gpio_in(dev, NULL, 2));
    g_assert_cmpuint(g->level[2], ==, 1);
    irq_raise(g->out[1]);
    device_connect_gpio_out(dev, "irq", 1, device_gpio_in(second, NULL, 0));
    irq_raise(g->out[1]);
    g_assert_cmpuint(((Gadget *)second)->level[0], ==, 1);
    irq_lower(g->out[1]);
    g_assert_cmpuint(((Gadget *)second)->level[0], ==, 0);
    IRQLine *inverted = irq_invert(device_gpio_in(second, NULL, 1));
    irq_lower(inverted);
    g_assert_cmpuint(((Gadget *)second)->level[1], ==, 1);
    irq_free(inverted);

    /* All enter, then all hold, then all exit; a row's parent first. */
    reset_run_all(RESET_TYPE_COLD);
    g_assert_cmpstr(trace->str, ==, "enter2 enter3 hold2 hold3 exit2 exit3 ");
    g_string_truncate(trace, 0);
    device_cold_reset(second);
    g_assert_cmpstr(trace->str, ==, "enter3 hold3 exit3 ");
    /* Held twice, released twice: one exit. */
    g_string_truncate(trace, 0);
    reset_node_assert(&dev->reset, RESET_TYPE_COLD);
    device_cold_reset(dev);
    g_assert_cmpstr(trace->str, ==, "enter2 hold2 enter2 hold2 ");
    reset_node_release(&dev->reset, RESET_TYPE_COLD);
    g_assert_true(g_str_has_suffix(trace->str, "exit2 "));

    device_print_qtree(out);
    g_assert_nonnull(strstr(
        out->str, "bus: shelf.0\n  type shelf\n  dev: gadget, id \"g1\"\n    reg = 2 (0x2)\n"));
    text = device_help_all();
    g_assert_cmpstr(text, ==, "Misc devices:\nname \"gadget\", bus shelf, desc \"a gadget\"\n");
    g_free(text);
    text = device_help_class("gadget", NULL);
    g_assert_nonnull(strstr(text, "reg=<uint32>"));
    g_assert_nonnull(strstr(text, "place (default: 1)"));
    g_free(text);

    g_string_truncate(trace, 0);
    device_unrealize(dev);
    device_unrealize(second);
    g_assert_cmpstr(trace->str, ==, "unrealize2 unrealize3 ");
    g_assert_null(state_registry_find(runtime_state_registry(), "gadget@2/gadget", 0));
    g_assert_cmpuint(shelf->devices->len, ==, 0);
    bus_unparent(shelf);
    g_string_free(out, true);
    g_string_free(trace, true);
    runtime_cleanup();
}

static void test_globals(void)
{
    static const GlobalProperty compat[] = {
        {"gadget-base", "reg", "40", false}, {"gadget", "nothing", "1", true}, {NULL}};
    GError *error = NULL;
    DeviceState *dev;

    runtime_init();
    global_property_add_compat(compat);
    dev = device_new_class(&gadget_class);
    g_assert_cmpuint(((Gadget *)dev)->reg, ==, 40);
    object_unref(OBJECT(dev));
    g_assert_true(global_property_add_option("gadget.reg=41", NULL));
    dev = device_new_class(&gadget_class);
    g_assert_cmpuint(((Gadget *)dev)->reg, ==, 41);
    object_unref(OBJECT(dev));
    g_assert_true(global_property_add_option("driver=gadget,property=reg,value=x", NULL));
    dev = device_new_class(&gadget_class);
    g_assert_false(device_realize(dev, NULL, &error));
    expect(error,
           "can't apply global gadget.reg=x: property 'gadget.reg' expects a number, not 'x'");
    error = NULL;
    object_unref(OBJECT(dev));
    g_assert_false(global_property_add_option("gadget", &error));
    g_clear_error(&error);
    runtime_cleanup();
}

/* ---- Machines ---- */

static bool machine_init(MachineState *machine, GError **errp)
{
    memory_region_add_subregion(machine->system_memory, 0, machine->ram);
    return rom_add_blob("boot", "\1\2\3\4", 4, 0x100, errp);
}

static const MachineClass small_machine = {.name = "small-machine",
                                           .parent = &machine_class.object,
                                           .instance_size = sizeof(MachineState),
                                           .machine_name = "small",
                                           .alias = "s",
                                           .desc = "a small machine",
                                           .default_cpu = "cpu9",
                                           .default_ram_size = 64 << 20,
                                           .default_ram_id = "small.ram",
                                           .max_cpus = 16,
                                           .is_default = true,
                                           .numa_supported = true,
                                           .init = machine_init};
static const MachineClass *const machines[] = {&small_machine, NULL};

static MachineState *new_machine(void)
{
    GError *error = NULL;
    MachineState *machine = machine_create(&small_machine, &error);

    g_assert_no_error(error);
    return machine;
}

static void smp(MachineState *m, const char *text, unsigned cpus, unsigned sockets, unsigned cores,
                unsigned threads, unsigned max)
{
    GError *error = NULL;

    machine_parse_smp(m, text, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(m->smp.cpus, ==, cpus);
    g_assert_cmpuint(m->smp.sockets, ==, sockets);
    g_assert_cmpuint(m->smp.cores, ==, cores);
    g_assert_cmpuint(m->smp.threads, ==, threads);
    g_assert_cmpuint(m->smp.max_cpus, ==, max);
}

static void bad_smp(MachineState *m, const char *text, const char *part)
{
    GError *error = NULL;

    g_assert_false(machine_parse_smp(m, text, &error));
    expect(error, part);
}

static void test_machine(void)
{
    GError *error = NULL;
    MachineState *m;
    char *text;
    uint8_t bytes[4];

    runtime_init();
    machine_classes_register(machines);
    g_assert_true(machine_class_find("s", NULL) == &small_machine);
    g_assert_null(machine_class_find("smal", &error));
    expect(error, "did you mean 'small'?");
    error = NULL;
    text = machine_help();
    g_assert_nonnull(strstr(text, "a small machine (alias of small)"));
    g_free(text);
    m = new_machine();
    g_assert_true(machine_current() == m && object_resolve_path("/machine", NULL) == OBJECT(m));
    g_assert_cmpstr(m->cpu_type, ==, "cpu9");

    smp(m, NULL, 1, 1, 1, 1, 1);
    smp(m, "4", 4, 1, 4, 1, 4);
    smp(m, "4,threads=4", 4, 1, 1, 4, 4);
    smp(m, "8,sockets=2,threads=2", 8, 2, 2, 2, 8);
    smp(m, "cores=2,threads=2", 4, 1, 2, 2, 4);
    smp(m, "2,maxcpus=8,threads=2", 2, 1, 4, 2, 8);
    bad_smp(m, "3,threads=2", "must match maxcpus");
    bad_smp(m, "0", "greater than zero");
    bad_smp(m, "4,maxcpus=2", "equal to or greater than smp");
    bad_smp(m, "17", "max CPUs supported by machine 'small' is 16");
    bad_smp(m, "2,dies=2", "dies are not supported");
    bad_smp(m, "2,core=2", "did you mean 'cores'?");
    smp(m, "4", 4, 1, 4, 1, 4);

    g_assert_true(machine_parse_memory(m, "128", NULL) && m->ram_size == 128 << 20);
    g_assert_true(machine_parse_memory(m, "1G,slots=2,maxmem=2G", NULL) &&
                  m->maxram_size == 2ull << 30);
    g_assert_false(machine_parse_memory(m, "1G,maxmem=512M", &error));
    expect(error, "maxmem");
    error = NULL;
    g_assert_false(machine_parse_memory(m, "x", &error));
    expect(error, "invalid memory size 'x'");
    error = NULL;
    g_assert_true(machine_parse_memory(m, NULL, NULL));

    g_assert_true(machine_parse_numa(m, "node,nodeid=0,cpus=0-1,mem=32", NULL));
    g_assert_true(machine_parse_numa(m, "node,cpus=2,cpus=3,mem=32M", NULL));
    g_assert_true(machine_parse_numa(m, "dist,src=0,dst=1,val=30", NULL));
    g_assert_false(machine_parse_numa(m, "node,nodeid=1", &error));
    expect(error, "Duplicate NUMA nodeid: 1");
    error = NULL;
    g_assert_false(machine_parse_numa(m, "node,nodeid=3,cpus=4", &error));
    expect(error, "should be smaller than maxcpus (4)");
    error = NULL;
    g_assert_false(machine_parse_numa(m, "dist,src=0,dst=7,val=30", &error));
    expect(error, "NUMA node is missing");
    error = NULL;
    g_assert_false(machine_parse_numa(m, "thing,src=0", &error));
    expect(error, "unknown kind 'thing'");
    error = NULL;
    g_assert_cmpuint(machine_cpu_node(m, 3), ==, 1);

    g_assert_true(machine_parse_properties(m, "kernel=vmlinux,append=a,,b,usb=on", NULL));
    g_assert_cmpstr(m->kernel_cmdline, ==, "a,b");
    g_assert_true(m->usb);
    g_assert_false(machine_parse_properties(m, "kernal=x", &error));
    expect(error, "did you mean 'kernel'?");
    error = NULL;

    g_assert_true(machine_run_init(m, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(m->numa->nodes[1].distance[0], ==, 30);
    system_reset(SHUTDOWN_CAUSE_NONE);
    address_space_read(m->memory, 0x100, MEMTXATTRS_UNSPECIFIED, bytes, 4);
    g_assert_cmpmem(bytes, 4, "\1\2\3\4", 4);
    g_assert_false(rom_add_blob("other", "x", 1, 0x103, &error));
    expect(error, "overlaps image 'boot'");
    machine_destroy(m);
    g_assert_null(machine_current());
    runtime_cleanup();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/object/properties", test_properties);
    g_test_add_func("/object/tree", test_tree);
    g_test_add_func("/device/life", test_devices);
    g_test_add_func("/device/globals", test_globals);
    g_test_add_func("/machine/options", test_machine);
    return g_test_run();
}

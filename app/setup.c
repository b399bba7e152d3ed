/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the collected command line to a machine that stands: classes, engine, character back ends,
 * machine, devices.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "app.h"
#include "accel/tcg/accel.h"
#include "chardev/char.h"
#include "hw/char/spapr-vty.h"
#include "hw/core/cpus.h"
#include "hw/display/vga.h"
#include "hw/ide/ide.h"
#include "hw/input/adb.h"
#include "hw/intc/xive.h"
#include "hw/misc/cuda.h"
#include "hw/net/nic.h"
#include "hw/nvram/spapr-nvram.h"
#include "hw/pci/pci-host.h"
#include "hw/ppc/mac.h"
#include "hw/ppc/spapr.h"
#include "hw/scsi/scsi.h"
#include "hw/usb/usb.h"
#include "system/migration.h"
#include "system/rtc.h"
#include "system/runtime.h"
#include "target/ppc/cpu.h"
#include "ui/vnc.h"
#include "util/error.h"
#include "util/options.h"

void app_register_classes(bool ppc64)
{
    device_classes_register(hw_intc_device_classes);
    device_classes_register(hw_char_device_classes);
    device_classes_register(hw_nvram_device_classes);
    device_classes_register(hw_display_device_classes);
    device_classes_register(hw_ide_device_classes);
    device_classes_register(hw_input_device_classes);
    device_classes_register(hw_misc_device_classes);
    device_classes_register(hw_pci_device_classes);
    device_classes_register(uninorth_device_classes);
    device_classes_register(hw_ppc_device_classes);
    device_classes_register(hw_usb_device_classes);
    device_classes_register(hw_scsi_device_classes);
    device_classes_register(hw_net_device_classes);
    machine_classes_register(app_machine_classes);
    if (ppc64) {
        machine_classes_register(spapr_machine_classes());
    }
    machine_classes_register(mac_machine_classes(ppc64));
}

static bool create_engine(AppConfig *config, GError **errp)
{
    TCGAccelConfig accel;
    TCGAccel *engine;

    tcg_accel_config_init(&accel);
    if (config->accel && *config->accel && !tcg_accel_config_parse(&accel, config->accel, errp)) {
        return false;
    }
    engine = tcg_accel_new(&ppc_tcg_ops, &accel, errp);
    if (!engine) {
        return false;
    }
    cpus_init(&tcg_accel_ops, accel.single_thread ? VCPU_THREADS_SINGLE : VCPU_THREADS_MULTI);
    return !config->perfmap || tcg_perfmap_enable(engine, errp);
}

/* -cpu MODEL[,...]: a name that nobody knows gets the nearest. */
static bool check_cpu(const char *text, GError **errp)
{
    g_autofree char *name = NULL;
    g_autoptr(GPtrArray) models = ppc_model_list(), names = g_ptr_array_new();
    const char *near;

    options_next_item(text, &name);
    if (ppc_model_find(name) && ppc_model_available(ppc_model_find(name))) {
        return true;
    }
    for (guint i = 0; i < models->len; i++) {
        const PowerPCCPUClass *model = g_ptr_array_index(models, i);

        if (ppc_model_available(model)) {
            g_ptr_array_add(names, (gpointer)model->name);
        }
    }
    for (const PPCModelAlias *alias = ppc_model_aliases; alias->alias; alias++) {
        if (ppc_model_available(ppc_model_find(alias->model))) {
            g_ptr_array_add(names, (gpointer)alias->alias);
        }
    }
    g_ptr_array_add(names, NULL);
    near = nearest_name(name, (const char *const *)names->pdata);
    error_set(errp, GOSSAMER_ERROR_INVALID,
              "unable to find CPU model '%s'%s%s%s (-cpu help lists them)", name,
              near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}

/* What a terminal user expects when nothing was said: console and monitor share standard input. */
static bool create_serials(AppConfig *config, MachineState *machine, GError **errp)
{
    if (!config->serial_given && !config->nodefaults && !machine->class->no_serial) {
        bool shared = config->nographic && !config->monitor_given;

        g_ptr_array_add(config->serials,
                        g_strdup(shared ? "mon:stdio" : config->nographic ? "stdio" : "null"));
        if (!config->nographic && !config->display_none && !config->daemonize &&
            machine->kernel_filename) {
            warn_report("the console is not shown (try -nographic, or -vnc :0)");
        }
    }
    for (guint i = 0; i < config->serials->len; i++) {
        const char *text = g_ptr_array_index(config->serials, i);
        g_autofree char *id = g_strdup_printf("serial%u", i);
        Chardev *chr = NULL;

        if (strcmp(text, "none")) {
            chr = chardev_new_from_short(id, text, true, errp);
            if (!chr) {
                g_prefix_error(errp, "-serial %s: ", text);
                return false;
            }
            if (g_str_has_prefix(text, "mon:")) {
                AppMonitor m = {"-serial", g_strconcat("chardev:", id, NULL), false, false};

                g_array_append_val(config->monitors, m);
                config->monitor_given = true;
            }
        }
        g_ptr_array_add(machine->serial, chr);
    }
    if (config->nographic && !config->monitor_given && !config->nodefaults) {
        AppMonitor m = {"-monitor", g_strdup("stdio"), false, false};

        g_array_append_val(config->monitors, m);
    }
    return true;
}

static bool set_identity(AppConfig *config, MachineState *machine, GError **errp)
{
    machine->name = g_strdup(config->name);
    if (config->uuid) {
        unsigned n = 0;
        const char *p = config->uuid;

        for (; n < 16 && g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]); n++) {
            machine->uuid[n] = g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]);
            p += 2;
            if (*p == '-' && (n == 3 || n == 5 || n == 7 || n == 9)) {
                p++;
            }
        }
        if (n != 16 || *p) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "failed to parse UUID '%s'",
                        config->uuid);
            return false;
        }
        machine->uuid_set = true;
    }
    return true;
}

static void take_text(char **member, const char *text)
{
    if (text) {
        g_free(*member);
        *member = g_strdup(text);
    }
}

/* -boot [order=]DRIVES[,once=DRIVES][,menu=on|off]...: drives are letters, tried from the left. */
static bool set_boot(const char *text, MachineState *machine, GError **errp)
{
    static const OptionDesc rows[] = {
        {"order", OPTION_STRING, "drives to start from", NULL},
        {"once", OPTION_STRING, "drives for the first start", NULL},
        {"menu", OPTION_BOOL, "firmware's menu", NULL},
        {"splash", OPTION_STRING, "picture (no firmware here shows it)", NULL},
        {"splash-time", OPTION_STRING, "ms that it is shown", NULL},
        {"reboot-timeout", OPTION_STRING, "ms before a failed start is tried again", NULL},
        {"strict", OPTION_BOOL, "nothing but devices with a bootindex", NULL},
        {NULL},
    };
    static const OptionListDesc list = {"boot-opts", "order", false, rows};
    Options *options = options_parse(&list, text, errp);
    bool good = options != NULL;

    for (unsigned i = 0; good && i < 2; i++) {
        const char *drives = options_get(options, i ? "once" : "order");

        for (const char *p = drives ? drives : ""; *p && good; p++) {
            if (*p < 'a' || *p > 'p') {
                error_set(errp, GOSSAMER_ERROR_INVALID,
                          "Invalid boot device '%c' (letters from a to p)", *p);
                good = false;
            } else if (strchr(p + 1, *p)) {
                error_set(errp, GOSSAMER_ERROR_INVALID, "Boot device '%c' was given twice", *p);
                good = false;
            }
        }
        take_text(i ? &machine->boot_once : &machine->boot_order, drives);
    }
    if (good) {
        machine->boot_menu = options_get_bool(options, "menu", false);
    }
    options_free(options);
    return good;
}

/* -dump-vmstate FILE: every description as JSON; the program then ends. */
static bool dump_vmstate(AppConfig *config, MachineState *machine, GError **errp)
{
    json_t *json = state_registry_describe(runtime_state_registry(), machine->class->machine_name);
    g_autofree char *text = json_dumps(json, JSON_INDENT(2));
    GError *error = NULL;

    json_decref(json);
    config->only_help = true;
    if (!g_file_set_contents(config->dump_vmstate, text, -1, &error)) {
        error_set(errp, GOSSAMER_ERROR_IO, "-dump-vmstate: %s", error->message);
        g_error_free(error);
        return false;
    }
    return true;
}

bool app_create(AppConfig *config, GError **errp)
{
    const MachineClass *class = config->machine ? machine_class_find(config->machine, errp)
                                                : machine_class_default();
    MachineState *machine;

    if (!class) {
        if (!config->machine) {
            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                        "No machine specified, and there is no default");
        }
        return false;
    }
    if (config->cpu && !check_cpu(config->cpu, errp)) {
        return false;
    }
    for (guint i = 0; i < config->globals->len; i++) {
        if (!global_property_add_option(g_ptr_array_index(config->globals, i), errp)) {
            return false;
        }
    }
    if (config->rtc && !rtc_configure(config->rtc, errp)) {
        return false;
    }
    if (!create_engine(config, errp) || !migration_init(errp)) {
        return false;
    }
    if (config->only_migratable) {
        migration_set_only_migratable();
    }
    for (guint i = 0; i < config->chardevs->len; i++) {
        if (!chardev_new_from_options(g_ptr_array_index(config->chardevs, i), errp)) {
            return false;
        }
    }
    if (!app_create_disks(config, class, errp) || !app_create_networks(config, class, errp)) {
        return false;
    }
    for (guint i = 0; i < config->firmware_dirs->len; i++) {
        machine_add_firmware_dir(g_ptr_array_index(config->firmware_dirs, i));
    }
    machine = machine_create(class, errp);
    if (!machine) {
        return false;
    }
    for (guint i = 0; i < config->firmware_dirs->len; i++) {
        machine_add_firmware_dir(g_ptr_array_index(config->firmware_dirs, i));
    }
    if (config->machine_properties &&
        !machine_parse_properties(machine, config->machine_properties, errp)) {
        return false;
    }
    if (!machine_parse_smp(machine, config->smp, errp) ||
        !machine_parse_memory(machine, config->memory, errp)) {
        return false;
    }
    for (guint i = 0; i < config->numa->len; i++) {
        if (!machine_parse_numa(machine, g_ptr_array_index(config->numa, i), errp)) {
            return false;
        }
    }
    machine->memory_prealloc = config->mem_prealloc;
    if (!app_apply_objects(config, machine, errp)) {
        return false;
    }
    if (config->mem_lock && mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        error_setg_errno(errp, errno, "-overcommit mem-lock=on: locking memory failed");
        return false;
    }
    take_text(&machine->cpu_type, config->cpu);
    take_text(&machine->kernel_filename, config->kernel);
    take_text(&machine->initrd_filename, config->initrd);
    take_text(&machine->kernel_cmdline, config->append);
    take_text(&machine->dtb, config->dtb);
    take_text(&machine->firmware, config->firmware);
    take_text(&machine->memory_path, config->mem_path);
    machine->nodefaults = config->nodefaults;
    machine->graphics = machine->graphics && !config->nographic;
    for (guint i = 0; i < config->prom_env->len; i++) {
        g_ptr_array_insert(machine->prom_env, (gint)i,
                           g_strdup(g_ptr_array_index(config->prom_env, i)));
    }
    take_text(&machine->vga, config->vga);
    machine->graphic_width = config->graphic_width;
    machine->graphic_height = config->graphic_height;
    machine->graphic_depth = config->graphic_depth;
    if (config->boot && !set_boot(config->boot, machine, errp)) {
        return false;
    }
    if (machine->kernel_cmdline && *machine->kernel_cmdline && !machine->kernel_filename) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "-append only allowed with -kernel option");
        return false;
    }
    if (!set_identity(config, machine, errp) || !create_serials(config, machine, errp) ||
        !machine_run_init(machine, errp)) {
        return false;
    }
    for (guint i = 0; i < config->devices->len; i++) {
        const char *text = g_ptr_array_index(config->devices, i);

        if (!device_add(text, errp)) {
            g_prefix_error(errp, "-device %s: ", text);
            return false;
        }
    }
    global_properties_warn_unused();
    net_check();
    migration_set_uuid(machine->uuid);
    migration_set_tls_lookup(app_tls_credentials);
    if (config->vnc && !vnc_start(config->vnc, config->name, errp)) {
        g_prefix_error(errp, "-vnc %s: ", config->vnc);
        return false;
    }
    return app_create_window(config, errp) && app_check_disks(errp) &&
           migration_machine_created(machine->class->machine_name, errp) &&
           (!config->dump_vmstate || dump_vmstate(config, machine, errp));
}

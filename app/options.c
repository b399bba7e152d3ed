/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one row an option, grouped as -h prints them.  Syntax and meaning are QEMU's.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include "app.h"
#include "accel/tcg/accel.h"
#include "monitor/commands.h"
#include "target/ppc/cpu.h"
#include "ui/keymap.h"
#include "ui/window.h"
#include "util/error.h"
#include "util/log.h"
#include "util/options.h"
#include "system/rtc.h"

typedef bool OptionFn(AppConfig *config, const char *value, GError **errp);

typedef struct OptionRow {
    const char *name;
    const char *argument;        /* shown in help; NULL: takes none */
    const char *help;
    OptionFn *fn;
    size_t offset; /* without fn: member of AppConfig (char * with, bool without argument) */
} OptionRow;

/* "kvm:tcg": the first that is there. KVM never is. */
static bool choose_accel(AppConfig *config, const char *names, GError **errp)
{
    g_auto(GStrv) list = g_strsplit(names, ":", -1);

    for (unsigned i = 0; list[i]; i++) {
        if (!strcmp(list[i], "kvm")) {
            config->kvm_given = true;
        } else if (!strcmp(list[i], "tcg")) {
            config->tcg_given = true;
        } else {
            error_set(errp, GOSSAMER_ERROR_INVALID, "invalid accelerator %s (tcg is the only one)",
                      list[i]);
            return false;
        }
    }
    return true;
}

/* The accel= items of -machine. */
static bool machine_accel(AppConfig *config, const char *items, GError **errp)
{
    while (items && *items) {
        g_autofree char *item = NULL;

        items = options_next_item(items, &item);
        if (g_str_has_prefix(item, "accel=") && !choose_accel(config, item + 6, errp)) {
            return false;
        }
    }
    return true;
}

static bool set_machine(AppConfig *config, const char *value, GError **errp)
{
    g_autofree char *name = NULL;
    const char *rest = options_next_item(value, &name);

    if (g_str_has_prefix(name, "type=")) {
        memmove(name, name + 5, strlen(name + 5) + 1);
    }
    if (!strcmp(name, "help") || !strcmp(name, "?")) {
        g_autofree char *text = machine_help();

        fputs(text, stdout);
        config->only_help = true;
        return true;
    }
    if (strchr(name, '=')) {
        /* Properties only: the machine stays what it was. */
        rest = value;
    } else {
        g_free(config->machine);
        config->machine = g_steal_pointer(&name);
    }
    if (!machine_accel(config, rest, errp)) {
        return false;
    }
    if (rest && *rest) {
        char *all = config->machine_properties
                        ? g_strdup_printf("%s,%s", config->machine_properties, rest)
                        : g_strdup(rest);

        g_free(config->machine_properties);
        config->machine_properties = all;
        if (options_wants_help(rest)) {
            const MachineClass *class = config->machine ? machine_class_find(config->machine, errp)
                                                        : machine_class_default();
            g_autofree char *text = class ? machine_help_properties(class) : NULL;

            if (!text) {
                return false;
            }
            fputs(text, stdout);
            config->only_help = true;
        }
    }
    return true;
}

static bool set_cpu(AppConfig *config, const char *value, GError **errp)
{
    if (!strcmp(value, "help") || !strcmp(value, "?")) {
        g_autoptr(GPtrArray) list = ppc_model_list();

        for (guint i = 0; i < list->len; i++) {
            const PowerPCCPUClass *model = g_ptr_array_index(list, i);

            if (!ppc_model_available(model)) {
                continue;
            }
            printf("PowerPC %-16s PVR %08x\n", model->name, model->pvr);
            for (const PPCModelAlias *alias = ppc_model_aliases; alias->alias; alias++) {
                if (!strcmp(alias->model, model->name)) {
                    printf("PowerPC %-16s (alias for %s)\n", alias->alias, model->name);
                }
            }
        }
        config->only_help = true;
        return true;
    }
    g_free(config->cpu);
    config->cpu = g_strdup(value);
    return true;
}

static bool set_accel(AppConfig *config, const char *value, GError **errp)
{
    g_autofree char *name = NULL;
    const char *rest = options_next_item(value, &name);

    if (!strcmp(name, "help") || !strcmp(name, "?")) {
        printf("Accelerators supported in QEMU binary:\ntcg\n");
        config->only_help = true;
        return true;
    }
    if (g_str_has_prefix(name, "accel=")) {
        memmove(name, name + 6, strlen(name + 6) + 1);
    }
    if (!choose_accel(config, name, errp)) {
        return false;
    }
    if (strcmp(name, "tcg")) {
        return true;
    }
    g_free(config->accel);
    config->accel = g_strdup(rest);
    return true;
}

static bool set_device(AppConfig *config, const char *value, GError **errp)
{
    if (!strcmp(value, "help") || !strcmp(value, "?")) {
        g_autofree char *text = device_help_all();

        fputs(text, stdout);
        config->only_help = true;
        return true;
    }
    if (options_wants_help(value)) {
        g_autofree char *name = NULL, *text = NULL;

        options_next_item(value, &name);
        text = device_help_class(name, errp);
        if (!text) {
            return false;
        }
        fputs(text, stdout);
        config->only_help = true;
        return true;
    }
    if (*value == '{') {
        g_autoptr(GString) text = g_string_new(NULL);
        json_error_t why;
        json_t *object = json_loads(value, 0, &why);
        bool good = object && monitor_options_from_json(object, "driver", text, errp);

        if (!object) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "JSON parse error, %s", why.text);
        }
        json_decref(object);
        if (good) {
            g_ptr_array_add(config->devices, g_strdup(text->str));
        }
        return good;
    }
    g_ptr_array_add(config->devices, g_strdup(value));
    return true;
}

static bool set_log_items(AppConfig *config, const char *value, GError **errp)
{
    uint32_t mask;

    if (!strcmp(value, "help") || !strcmp(value, "?")) {
        g_autofree char *text = log_help();

        fputs(text, stdout);
        config->only_help = true;
        return true;
    }
    g_free(config->log_items);
    config->log_items = g_strdup(value);
    return log_parse_items(value, &mask, errp);
}

static bool add_to(GPtrArray *list, const char *value)
{
    g_ptr_array_add(list, g_strdup(value));
    return true;
}

static bool add_global(AppConfig *c, const char *v, GError **errp) { return add_to(c->globals, v); }
static bool add_chardev(AppConfig *c, const char *v, GError **errp)
{
    return add_to(c->chardevs, v);
}
static bool add_numa(AppConfig *c, const char *v, GError **errp) { return add_to(c->numa, v); }
static bool add_object(AppConfig *c, const char *v, GError **errp) { return add_to(c->objects, v); }
static bool add_dir(AppConfig *c, const char *v, GError **errp)
{
    return add_to(c->firmware_dirs, v);
}

static bool add_prom_env(AppConfig *c, const char *v, GError **errp)
{
    if (!strchr(v, '=')) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "'%s' is no NAME=VALUE", v);
        return false;
    }
    return add_to(c->prom_env, v);
}

/* WIDTHxHEIGHT[xDEPTH] */
static bool set_resolution(AppConfig *c, const char *v, GError **errp)
{
    unsigned numbers[3] = {0}, n = 0;
    const char *p = v;

    while (n < 3 && g_ascii_isdigit(*p)) {
        char *end;
        guint64 number = g_ascii_strtoull(p, &end, 10);

        numbers[n++] = number < 65536 ? (unsigned)number : 0;
        p = *end == 'x' && n < 3 ? end + 1 : end;
    }
    if (n < 2 || *p || p[-1] == 'x' || !numbers[0] || !numbers[1] ||
        (n == 3 && numbers[2] != 8 && numbers[2] != 15 && numbers[2] != 16 && numbers[2] != 24 &&
         numbers[2] != 32)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "'%s' is no WIDTHxHEIGHT[xDEPTH], depth 8, 15, 16, 24 or 32", v);
        return false;
    }
    c->graphic_width = numbers[0];
    c->graphic_height = numbers[1];
    c->graphic_depth = numbers[2];
    return true;
}

static bool add_blockdev(AppConfig *c, const char *v, GError **errp)
{
    return add_to(c->blockdevs, v);
}

static bool add_disk(AppConfig *c, AppDiskKind kind, unsigned index, const char *option,
                     const char *text)
{
    AppDisk disk = {kind, index, option, g_strdup(text)};

    g_array_append_val(c->disks, disk);
    return true;
}

static bool add_drive(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_DRIVE, 0, "-drive", v);
}
static bool add_hda(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_DISK, 0, "-hda", v);
}
static bool add_hdb(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_DISK, 1, "-hdb", v);
}
static bool add_hdc(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_DISK, 2, "-hdc", v);
}
static bool add_hdd(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_DISK, 3, "-hdd", v);
}
static bool add_cdrom(AppConfig *c, const char *v, GError **errp)
{
    return add_disk(c, APP_CDROM, 2, "-cdrom", v);
}

static bool add_serial(AppConfig *c, const char *v, GError **errp)
{
    c->serial_given = true;
    return add_to(c->serials, v);
}

static void add_monitor(AppConfig *c, const char *option, const char *text, bool control,
                        bool pretty)
{
    AppMonitor m = {option, g_strdup(text), control, pretty};

    c->monitor_given = true;
    g_array_append_val(c->monitors, m);
}

static bool add_hmp(AppConfig *c, const char *v, GError **errp)
{
    c->monitor_given = true;
    if (strcmp(v, "none")) {
        add_monitor(c, "-monitor", v, false, false);
    }
    return true;
}

static bool add_qmp(AppConfig *c, const char *v, GError **errp)
{
    if (strcmp(v, "none")) {
        add_monitor(c, "-qmp", v, true, false);
    }
    return true;
}

static bool add_qmp_pretty(AppConfig *c, const char *v, GError **errp)
{
    if (strcmp(v, "none")) {
        add_monitor(c, "-qmp-pretty", v, true, true);
    }
    return true;
}

static bool add_mon(AppConfig *c, const char *v, GError **errp)
{
    static const OptionDesc rows[] = {
        {"chardev", OPTION_STRING, "character back end", NULL},
        {"mode", OPTION_STRING, "readline or control", "readline"},
        {"pretty", OPTION_BOOL, "indented JSON", "off"},
        {0},
    };
    static const OptionListDesc list = {.name = "mon", .implied_key = "chardev", .desc = rows};
    Options *options = options_parse(&list, v, errp);
    const char *mode;
    bool good = false;

    if (!options) {
        return false;
    }
    mode = options_get(options, "mode");
    if (!options_get(options, "chardev")) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "chardev is missing");
    } else if (strcmp(mode, "readline") && strcmp(mode, "control")) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "unknown monitor mode \"%s\"",
                    mode);
    } else {
        g_autofree char *text = g_strconcat("chardev:", options_get(options, "chardev"), NULL);

        add_monitor(c, "-mon", text, !strcmp(mode, "control"),
                    options_get_bool(options, "pretty", false));
        good = true;
    }
    options_free(options);
    return good;
}

static bool set_vnc(AppConfig *c, const char *v, GError **errp)
{
    g_free(c->vnc);
    c->vnc = g_strdup(v);
    c->display_none = true;
    return true;
}

static bool set_display(AppConfig *c, const char *v, GError **errp)
{
    g_autofree char *kinds = g_strjoinv(", ", (char **)window_kinds());
    g_autofree char *kind = NULL;

    options_next_item(v, &kind);
    if (!strcmp(v, "help")) {
        printf("Available display backend types:\nnone\nvnc\n");
        for (unsigned i = 0; window_kinds()[i]; i++) {
            printf("%s\n", window_kinds()[i]);
        }
        c->only_help = true;
        return true;
    }
    g_clear_pointer(&c->display, g_free);
    if (g_str_has_prefix(v, "vnc=")) {
        return set_vnc(c, v + 4, errp);
    }
    c->display_none = true;
    if (!strcmp(v, "none")) {
        return true;
    }
    if (!g_strv_contains(window_kinds(), kind)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "no such display here (none, vnc=HOST:DISPLAY%s%s)", *kinds ? ", " : "", kinds);
        return false;
    }
    c->display = g_strdup(v);
    return true;
}

static bool set_gdb_default(AppConfig *c, const char *v, GError **errp)
{
    g_free(c->gdb);
    c->gdb = g_strdup("tcp::1234");
    return true;
}

static bool set_action(AppConfig *c, const char *v, GError **errp)
{
    static const OptionDesc rows[] = {
        {"reboot", OPTION_STRING, "reset or shutdown", NULL},
        {"shutdown", OPTION_STRING, "poweroff or pause", NULL},
        {"panic", OPTION_STRING, "pause, shutdown, exit-failure or none", NULL},
        {"watchdog", OPTION_STRING, "reset, shutdown, poweroff, inject-nmi, pause, debug or none",
         NULL},
        {0},
    };
    static const OptionListDesc list = {.name = "action", .desc = rows};
    Options *options = options_parse(&list, v, errp);
    RunPolicy *policy = runstate_policy();
    static const char *const reboot[] = {"reset", "shutdown", NULL};
    static const char *const shutdown[] = {"poweroff", "pause", NULL};
    static const char *const panic[] = {"pause", "shutdown", "exit-failure", "none", NULL};
    static const char *const watchdog[] = {"reset", "shutdown", "poweroff",   "pause",
                                           "debug", "none",     "inject-nmi", NULL};
    const struct { const char *key; const char *const *names; int *value; } keys[] = {
        {"reboot", reboot, (int *)&policy->reboot},
        {"shutdown", shutdown, (int *)&policy->shutdown},
        {"panic", panic, (int *)&policy->panic},
        {"watchdog", watchdog, (int *)&policy->watchdog},
    };

    if (!options) {
        return false;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(keys); k++) {
        const char *text = options_get(options, keys[k].key);
        int found = -1;

        for (int i = 0; text && keys[k].names[i]; i++) {
            if (!strcmp(keys[k].names[i], text)) {
                found = i;
            }
        }
        if (text && found < 0) {
            g_autofree char *names = g_strjoinv(", ", (char **)keys[k].names);

            g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID, "%s=%s: not one of %s",
                        keys[k].key, text, names);
            options_free(options);
            return false;
        }
        if (text) {
            *keys[k].value = found;
        }
    }
    options_free(options);
    return true;
}

static bool set_name(AppConfig *c, const char *v, GError **errp)
{
    static const OptionDesc rows[] = {
        {"guest", OPTION_STRING, "the guest's name", NULL},
        {"process", OPTION_STRING, "the process's name, as ps shows it", NULL},
        {"debug-threads", OPTION_BOOL, "threads have names (they always have)", NULL},
        {0},
    };
    static const OptionListDesc list = {.name = "name", .implied_key = "guest", .desc = rows};
    Options *options = options_parse(&list, v, errp);
    const char *process;

    if (!options) {
        return false;
    }
    g_free(c->name);
    c->name = g_strdup(options_get(options, "guest"));
    process = options_get(options, "process");
    if (process) {
        prctl(PR_SET_NAME, process);
    }
    options_free(options);
    return true;
}

static bool set_rtc(AppConfig *c, const char *v, GError **errp)
{
    g_free(c->rtc);
    c->rtc = g_strdup(v);
    return true;
}

static bool print_version(AppConfig *c, const char *v, GError **errp)
{
    printf("Gossamer %s, QEMU emulator version %d.%d.%d compatible\n", GOSSAMER_VERSION_TEXT,
           COMPAT_VERSION_MAJOR, COMPAT_VERSION_MINOR, COMPAT_VERSION_MICRO);
    c->only_help = true;
    return true;
}

static bool print_help(AppConfig *c, const char *v, GError **errp)
{
    app_print_help(c);
    c->only_help = true;
    return true;
}

/* Accepted for the sake of existing command lines; these machines have nothing they could change.
 */
static bool accept(AppConfig *c, const char *v, GError **errp)
{
    return true;
}

static bool set_sandbox(AppConfig *c, const char *v, GError **errp)
{
    if (strcmp(v, "off") && strcmp(v, "enable=off")) {
        warn_report("-sandbox %s: there is no sandbox in this build; going on without one", v);
    }
    return true;
}

static bool set_audiodev(AppConfig *c, const char *v, GError **errp)
{
    if (!g_str_has_prefix(v, "none,") && strcmp(v, "none") && !strstr(v, "\"driver\":\"none\"")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "no sound on these machines (none)");
        return false;
    }
    return true;
}

static bool set_none(AppConfig *c, const char *v, GError **errp)
{
    if (strcmp(v, "none") && strcmp(v, "null")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "no such port on these machines (none)");
        return false;
    }
    return true;
}

static bool set_overcommit(AppConfig *c, const char *v, GError **errp)
{
    static const OptionDesc rows[] = {{"mem-lock", OPTION_BOOL, "lock memory", NULL},
                                      {"cpu-pm", OPTION_BOOL, "accepted", NULL},
                                      {0}};
    static const OptionListDesc list = {.name = "overcommit", .desc = rows};
    Options *options = options_parse(&list, v, errp);

    if (!options) {
        return false;
    }
    c->mem_lock = options_get_bool(options, "mem-lock", c->mem_lock);
    options_free(options);
    return true;
}

static bool set_kvm(AppConfig *c, const char *v, GError **errp)
{
    return choose_accel(c, "kvm", errp);
}

static bool set_usb(AppConfig *c, const char *v, GError **errp)
{
    return set_machine(c, "usb=on", errp);
}

static bool set_vga(AppConfig *c, const char *v, GError **errp)
{
    if (!strcmp(v, "help")) {
        printf("none                 no graphic card\nstd                  standard VGA\n");
        c->only_help = true;
        return true;
    }
    if (strcmp(v, "none") && strcmp(v, "std")) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "no such adapter here (std, none)");
        return false;
    }
    g_free(c->vga);
    c->vga = g_strdup(v);
    return true;
}

static bool set_layout(AppConfig *c, const char *v, GError **errp)
{
    return keymap_set_layout(v, errp);
}

static bool add_netdev(AppConfig *c, const char *v, GError **errp)
{
    return app_network_option(c, "-netdev", v, errp);
}
static bool add_nic(AppConfig *c, const char *v, GError **errp)
{
    return app_network_option(c, "-nic", v, errp);
}
static bool add_net(AppConfig *c, const char *v, GError **errp)
{
    return app_network_option(c, "-net", v, errp);
}

#define TEXT(member) .offset = offsetof(AppConfig, member)
#define GROUP(title) {.name = NULL, .help = title}

static const OptionRow option_rows[] = {
    GROUP("Machine"),
    {"M", "NAME[,prop=value...]", "select the machine ('-M help' lists them)", set_machine},
    {"machine", "NAME[,prop=value...]", "the same", set_machine},
    {"cpu", "MODEL", "select the CPU ('-cpu help' lists them)", set_cpu},
    {"accel", "tcg[,thread=single|multi][,backend=x86_64|interp][,tb-size=N]", "translator options",
     set_accel},
    {"smp", "[cpus=]N[,maxcpus=..][,sockets=..][,cores=..][,threads=..]", "processors", TEXT(smp)},
    {"m", "[size=]MEGS[,slots=N,maxmem=SIZE]", "memory", TEXT(memory)},
    {"mem-path", "PATH", "back memory with a file", TEXT(mem_path)},
    {"mem-prealloc", NULL, "touch all memory at the start", NULL,
     offsetof(AppConfig, mem_prealloc)},
    {"numa", "node[,cpus=..][,mem=..] | dist,... | cpu,...", "NUMA nodes", add_numa},
    {"object", "TYPE,id=ID[,...]", "create an object (memory-backend-ram, -file, -memfd, secret)",
     add_object},
    {"name", "NAME", "the guest's name", set_name},
    {"uuid", "UUID", "the guest's UUID", TEXT(uuid)},
    {"global", "DRIVER.PROPERTY=VALUE", "change a device's default", add_global},
    {"device", "DRIVER[,prop=value...]", "add a device ('-device help' lists them)", set_device},
    {"usb", NULL, "short for -machine usb=on", set_usb},
    {"nodefaults", NULL, "no default devices", NULL, offsetof(AppConfig, nodefaults)},
    {"rtc", "[base=utc|localtime|DATE][,clock=host|rt|vm]", "time of day", set_rtc},

    GROUP("Boot"),
    {"kernel", "FILE", "kernel to start", TEXT(kernel)},
    {"initrd", "FILE", "initial RAM disk", TEXT(initrd)},
    {"append", "TEXT", "kernel command line", TEXT(append)},
    {"dtb", "FILE", "device tree in place of the machine's own", TEXT(dtb)},
    {"bios", "FILE", "firmware to start (slof.bin)", TEXT(firmware)},
    {"L", "DIR", "where firmware is looked for first", add_dir},
    {"boot", "[order=]DRIVES", "boot order", TEXT(boot)},
    {"prom-env", "NAME=VALUE", "set a variable of Open Firmware", add_prom_env},
    {"g", "WIDTHxHEIGHT[xDEPTH]", "resolution and depth that the firmware begins with",
     set_resolution},

    GROUP("Disks"),
    {"drive",
     "[file=FILE][,if=none|scsi|ide|...][,id=ID][,format=raw|qcow2][,cache=..][,snapshot=on]...",
     "a drive; with if=none a device takes it by drive=ID", add_drive},
    {"blockdev", "driver=DRIVER,node-name=NAME[,...]", "a node of disk images, also as JSON",
     add_blockdev},
    {"hda", "FILE", "first disk", add_hda},
    {"hdb", "FILE", "second disk", add_hdb},
    {"hdc", "FILE", "third disk", add_hdc},
    {"hdd", "FILE", "fourth disk", add_hdd},
    {"cdrom", "FILE", "CD-ROM", add_cdrom},
    {"snapshot", NULL, "writes go to temporary files", NULL, offsetof(AppConfig, snapshot)},

    GROUP("Console and monitors"),
    {"nographic", NULL, "serial port and monitor on the terminal", NULL,
     offsetof(AppConfig, nographic)},
    {"display", "sdl|gtk[,...]|vnc=HOST:DISPLAY[,...]|none",
     "where the display is shown ('-display help' lists what was built in)", set_display},
    {"full-screen", NULL, "begin in full screen", NULL, offsetof(AppConfig, full_screen)},
    {"vnc", "HOST:DISPLAY|unix:PATH|none[,password=on][,share=..][,to=N]",
     "show the display to VNC clients", set_vnc},
    {"k", "LAYOUT", "keyboard layout of VNC clients: en-us, de, fr-ch, ...", set_layout},
    {"vga", "std|none", "display adapter ('-vga help' lists them)", set_vga},
    {"netdev", "TYPE,id=ID[,...]", "add a network back end ('-netdev help' lists the types)",
     add_netdev},
    {"nic", "TYPE[,model=MODEL][,mac=ADDRESS][,...]", "a NIC of the machine and its back end; none",
     add_nic},
    {"net", "nic[,...] | TYPE[,...]", "a NIC or back end on hub 0; none", add_net},
    {"audiodev", "none,id=ID", "no sound", set_audiodev},
    {"parallel", "none", "no parallel port", set_none},
    {"serial", "DEV",
     "serial port: stdio, mon:stdio, pty, null, file:, pipe:, unix:, tcp:, chardev:, none",
     add_serial},
    {"chardev", "KIND,id=ID[,...]", "character back end", add_chardev},
    {"monitor", "DEV", "human monitor", add_hmp},
    {"qmp", "DEV", "machine monitor (QMP)", add_qmp},
    {"qmp-pretty", "DEV", "the same with indented JSON", add_qmp_pretty},
    {"mon", "[chardev=]ID[,mode=readline|control][,pretty=on|off]",
     "monitor on a character back end", add_mon},

    GROUP("Running"),
    {"incoming", "URI",
     "wait for a machine's state from tcp:[HOST]:PORT, unix:PATH, exec:COMMAND, fd:N, "
     "file:PATH; or defer: for 'migrate_incoming'",
     NULL, offsetof(AppConfig, incoming)},
    {"loadvm", "TAG", "start from the snapshot of that name ('savevm' in the monitor makes one)",
     NULL, offsetof(AppConfig, loadvm)},
    {"only-migratable", NULL, "refuse what would keep the machine from migrating", NULL,
     offsetof(AppConfig, only_migratable)},
    {"dump-vmstate", "FILE", "write the machine's state descriptions to FILE and end", NULL,
     offsetof(AppConfig, dump_vmstate)},
    {"S", NULL, "do not start the CPUs ('cont' in the monitor does)", NULL,
     offsetof(AppConfig, stopped)},
    {"no-reboot", NULL, "exit instead of rebooting", NULL, offsetof(AppConfig, no_reboot)},
    {"no-shutdown", NULL, "stop instead of exiting", NULL, offsetof(AppConfig, no_shutdown)},
    {"action", "reboot=..|shutdown=..|panic=..|watchdog=..", "what events do", set_action},
    {"pidfile", "FILE", "write the process number", TEXT(pidfile)},
    {"daemonize", NULL, "go to the background once the machine stands", NULL,
     offsetof(AppConfig, daemonize)},
    {"overcommit", "mem-lock=on|off", "lock the guest's memory", set_overcommit},
    {"sandbox", "off", "accepted: there is no sandbox", set_sandbox},
    {"msg", "timestamp=on", "accepted", accept},
    {"no-user-config", NULL, "accepted", accept},
    {"nodefconfig", NULL, "accepted", accept},
    {"enable-kvm", NULL, "ask for KVM, which is not here: an error without -accel tcg", set_kvm},

    GROUP("Debugging"),
    {"s", NULL, "short for -gdb tcp::1234", set_gdb_default},
    {"gdb", "DEV", "gdb server: tcp::PORT, unix:PATH", TEXT(gdb)},
    {"d", "ITEM[,...]", "log ('-d help' lists items)", set_log_items},
    {"D", "FILE", "log file", TEXT(log_file)},
    {"dfilter", "RANGE[,...]", "log only these addresses", TEXT(log_filter)},
    {"perfmap", NULL, "name translated code for perf", NULL, offsetof(AppConfig, perfmap)},

    GROUP("Help"),
    {"h", NULL, "this text", print_help},
    {"help", NULL, "this text", print_help},
    {"version", NULL, "version", print_version},
    {.name = ""},
};

void app_print_help(const AppConfig *config)
{
    printf("Gossamer %s, QEMU emulator version %d.%d.%d compatible\n", GOSSAMER_VERSION_TEXT,
           COMPAT_VERSION_MAJOR, COMPAT_VERSION_MINOR, COMPAT_VERSION_MICRO);
    printf("usage: %s [options]\n", config->program);
    for (const OptionRow *row = option_rows; !row->name || *row->name; row++) {
        g_autofree char *left = NULL;

        if (!row->name) {
            printf("\n%s:\n", row->help);
            continue;
        }
        left = g_strdup_printf("-%s%s%s", row->name, row->argument ? " " : "",
                               row->argument ? row->argument : "");
        if (strlen(left) > 26) {
            printf("  %s\n  %-26s %s\n", left, "", row->help);
        } else {
            printf("  %-26s %s\n", left, row->help);
        }
    }
    printf("\nWith -nographic, Ctrl-A h lists the keys of the terminal.\n");
}

static const OptionRow *find_option(const char *name)
{
    for (const OptionRow *row = option_rows; !row->name || *row->name; row++) {
        if (row->name && !strcmp(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

const char *const *app_option_names(bool with_argument)
{
    const char **names = g_new0(const char *, G_N_ELEMENTS(option_rows) + 1);
    unsigned n = 0;

    for (const OptionRow *row = option_rows; !row->name || *row->name; row++) {
        /* "sandbox" is not told: nobody should rely on it. */
        if (row->name && (!with_argument || row->argument) && strcmp(row->name, "sandbox")) {
            names[n++] = row->name;
        }
    }
    return names;
}

static bool unknown_option(const char *given, const char *name, GError **errp)
{
    const char *const *names = app_option_names(false);
    const char *near = nearest_name(name, names);

    error_set(errp, GOSSAMER_ERROR_INVALID, "%s: invalid option%s%s%s", given,
              near ? " (did you mean '-" : "", near ? near : "", near ? "'?)" : "");
    g_free((void *)names);
    return false;
}

static void config_init(AppConfig *config)
{
    GPtrArray **lists[] = {&config->numa, &config->devices, &config->globals, &config->chardevs,
                           &config->serials, &config->firmware_dirs, &config->objects,
                           &config->blockdevs, &config->prom_env};

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        *lists[i] = g_ptr_array_new_with_free_func(g_free);
    }
    config->monitors = g_array_new(FALSE, TRUE, sizeof(AppMonitor));
    config->disks = g_array_new(FALSE, TRUE, sizeof(AppDisk));
    config->networks = g_array_new(FALSE, TRUE, sizeof(AppNetwork));
}

bool app_parse(AppConfig *config, int argc, char **argv, GError **errp)
{
    config_init(config);
    for (int i = 1; i < argc && !config->only_help; i++) {
        const char *given = argv[i], *name = given, *value = NULL;
        const OptionRow *row;

        if (*name != '-') {
            /* A disk image without an option is the first disk. */
            add_disk(config, APP_DISK, 0, "image", given);
            continue;
        }
        name += name[1] == '-' ? 2 : 1;
        row = find_option(name);
        if (!row) {
            return unknown_option(given, name, errp);
        }
        if (row->argument) {
            if (++i >= argc) {
                g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                            "%s: requires an argument", given);
                return false;
            }
            value = argv[i];
        }
        if (row->fn) {
            if (!row->fn(config, value, errp)) {
                g_prefix_error(errp, "%s%s%s: ", given, value ? " " : "", value ? value : "");
                return false;
            }
        } else if (row->argument) {
            char **member = (char **)((char *)config + row->offset);

            g_free(*member);
            *member = g_strdup(value);
        } else {
            *(bool *)((char *)config + row->offset) = true;
        }
    }
    if (config->only_help) {
        return true;
    }
    if (config->incoming && config->loadvm) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "'incoming' and 'loadvm' options are mutually exclusive");
        return false;
    }
    if (config->kvm_given && !config->tcg_given) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "invalid accelerator kvm (tcg is the only one)");
        return false;
    }
    if (config->kvm_given) {
        fprintf(stderr, "%s: falling back to tcg\n", config->program);
    }
    if (config->daemonize && config->nographic && !config->nodefaults &&
        !(config->serial_given && config->monitor_given)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "-nographic cannot be used with -daemonize");
        return false;
    }
    return true;
}

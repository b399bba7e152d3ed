/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks of the command line, and what net/ asks of the rest of the program. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "app.h"
#include "net/net.h"
#include "monitor/commands.h"
#include "monitor/fds.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "util/error.h"

/* ---- Switches learn where a machine is that has moved ---- */

static void announce(void)
{
    NetAnnounce how = {
        .initial = MAX((int64_t)migration_parameter_get(MIGRATION_PARAMETER_ANNOUNCE_INITIAL), 1),
        .max = MAX((int64_t)migration_parameter_get(MIGRATION_PARAMETER_ANNOUNCE_MAX), 1),
        .rounds = (int64_t)migration_parameter_get(MIGRATION_PARAMETER_ANNOUNCE_ROUNDS),
        .step = (int64_t)migration_parameter_get(MIGRATION_PARAMETER_ANNOUNCE_STEP),
    };

    if (how.rounds) {
        net_announce(&how, NULL);
    }
}

static void on_run_state(void *opaque, bool running, RunState state)
{
    AppConfig *config = opaque;

    if (running) {
        net_machine_started();
    }
    if (running && config->incoming && !config->announced) {
        config->announced = true;
        announce();
    }
}

/* ---- State of user networks: a section of its own for each ---- */

#ifdef CONFIG_SLIRP
typedef struct UserNetwork {
    /* immutable */
    NetClient *nc;
    VMStateDescription vmsd;            /* with libslirp's version */
} UserNetwork;

static bool put_slirp(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                      GError **errp)
{
    GByteArray *bytes = net_user_save(((const UserNetwork *)pv)->nc);

    state_put_buffer(s, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    return true;
}

static bool read_slirp(void *opaque, void *buf, size_t size)
{
    return state_get_buffer(opaque, buf, size);
}

static bool get_slirp(StateStream *s, void *pv, size_t size, const VMStateField *field,
                      GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (net_user_load(((const UserNetwork *)pv)->nc, read_slirp, s, &error)) {
        return true;
    }
    /* A stream that ends is the better reason. */
    if (!state_stream_check(s, errp)) {
        g_propagate_error(errp, g_steal_pointer(&error));
    }
    return false;
}

static const VMStateInfo vmstate_info_slirp = {"buffer", get_slirp, put_slirp, 0, VMSTATE_NO_PART};

/* libslirp writes what it wants to know again. The version is its own; 4 in those of Debian 12 and
 * before. */
const VMStateDescription app_vmstate_slirp = {
    .name = "slirp",
    .version_id = 4,
    .minimum_version_id = 4,
    .fields =
        (const VMStateField[]){
            {.name = "data",
             .size = sizeof(UserNetwork),
             .info = &vmstate_info_slirp,
             .flags = VMS_SINGLE},
            VMSTATE_END_OF_LIST(),
        },
    .immutable = VMSTATE_NAMES("nc", "vmsd"),
    VMSTATE_STRUCT_AUDIT(UserNetwork),
};

static bool user_added(NetClient *nc, GError **errp)
{
    UserNetwork *network = g_new0(UserNetwork, 1);

    network->nc = nc;
    network->vmsd = app_vmstate_slirp;
    network->vmsd.version_id = network->vmsd.minimum_version_id = net_user_state_version();
    if (!vmstate_register(NULL, VMSTATE_INSTANCE_ID_ANY, &network->vmsd, network, errp)) {
        g_free(network);
        return false;
    }
    nc->opaque = network;
    /* A network of another kind on the other side is none of the guest's business. */
    state_registry_make_optional(runtime_state_registry(), "slirp");
    return true;
}

static void user_removed(NetClient *nc)
{
    UserNetwork *network = nc->opaque;

    vmstate_unregister(&network->vmsd, network);
    g_free(network);
}
#endif

static const NetHostOps host = {
    .is_running = runstate_is_running,
    .guest_clock = clock_virtual,
    .real_clock = clock_realtime,
    .send_event = monitor_send_event,
    .take_fd = monitor_take_net_fd,
#ifdef CONFIG_SLIRP
    .user_added = user_added,
    .user_removed = user_removed,
#endif
};

/* ---- Options ---- */

static bool add_netdev(const char *text, GError **errp)
{
    g_autoptr(GString) plain = g_string_new(NULL);
    json_error_t why;
    json_t *object;
    bool good;

    if (*text != '{') {
        return net_add_netdev(text, errp);
    }
    object = json_loads(text, 0, &why);
    if (!object) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "JSON parse error, %s", why.text);
        return false;
    }
    good = monitor_netdev_from_json(object, plain, errp) && net_add_netdev(plain->str, errp);
    json_decref(object);
    return good;
}

bool app_network_option(AppConfig *config, const char *option, const char *text, GError **errp)
{
    AppNetwork network = {option, g_strdup(text)};

    if (!strcmp(text, "help") || !strcmp(text, "?") || !strcmp(text, "type=help")) {
        g_autofree char *types = net_help();

        fputs(types, stdout);
        config->only_help = true;
    }
    if (strstr(text, "model=help") || strstr(text, "model=?")) {
        app_print_nic_models();
        config->only_help = true;
    }
    g_array_append_val(config->networks, network);
    return true;
}

void app_print_nic_models(void)
{
    GPtrArray *list = device_class_list();

    puts("Available NIC models:");
    for (guint i = 0; i < list->len; i++) {
        const DeviceClass *class = g_ptr_array_index(list, i);

        if (class->category == DEVICE_CATEGORY_NETWORK && class->user_creatable) {
            puts(class->name);
        }
    }
    g_ptr_array_unref(list);
}

/* Back ends first: NICs name them. */
bool app_create_networks(AppConfig *config, const MachineClass *class, GError **errp)
{
    bool defaults = !config->nodefaults && !class->no_nic, none;

    net_set_host_ops(&host);
    vm_change_state_add(on_run_state, config, 0);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < config->networks->len; i++) {
            const AppNetwork *network = &g_array_index(config->networks, AppNetwork, i);
            bool is_netdev = !strcmp(network->option, "-netdev"), good;

            defaults = false;
            if (is_netdev != !pass) {
                continue;
            }
            good = is_netdev ? add_netdev(network->text, errp)
                   : !strcmp(network->option, "-nic") ? net_add_nic(network->text, &none, errp)
                                                      : net_add_legacy(network->text, &none, errp);
            if (!good) {
                error_prepend(errp, "%s %s: ", network->option, network->text);
                return false;
            }
        }
    }
    state_registry_explain(runtime_state_registry(), "slirp",
                           "; start this side with user networking (-nic user), too");
    return !defaults || net_add_default(errp);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev tap: a TAP device of the host, by name or as an open descriptor.
 * Left out: several queues, vhost, and QEMU's bridge helper.
 */
#include "net-private.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "util/error.h"

#define DEFAULT_UP "/etc/qemu-ifup"
#define DEFAULT_DOWN "/etc/qemu-ifdown"

typedef struct NetTap {
    NetFd f;                            /* first */
    char *interface, *down_script;
} NetTap;

static ssize_t tap_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    NetTap *tap = (NetTap *)nc;
    ssize_t n;

    do {
        n = write(tap->f.fd, frame, size);
    } while (n < 0 && errno == EINTR);
    return n < 0 && errno == EAGAIN ? net_fd_wait(&tap->f, 0) : (ssize_t)size;
}

/* Runs SCRIPT INTERFACE and waits for its end. */
static bool run_script(const char *script, const char *interface, GError **errp)
{
    const char *argv[] = {script, interface, NULL};
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL,
                      NULL, &status, &error)) {
        error_set(errp, GOSSAMER_ERROR_IO, "network script %s: %s", script, error->message);
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        error_set(errp, GOSSAMER_ERROR_FAILED, "network script %s failed with status %d", script,
                  status);
        return false;
    }
    return true;
}

static void tap_cleanup(NetClient *nc)
{
    NetTap *tap = (NetTap *)nc;
    g_autoptr(GError) error = NULL;

    if (tap->down_script && !run_script(tap->down_script, tap->interface, &error)) {
        warn_report("%s", error->message);
    }
    net_fd_close(&tap->f);
    g_free(tap->interface);
    g_free(tap->down_script);
}

static const NetClientInfo tap_info = {
    .type = "tap", .size = sizeof(NetTap), .receive = tap_receive, .cleanup = tap_cleanup,
};

/* Without name the kernel gives one: interface holds it then. */
static int open_tap(const char *name, char interface[IFNAMSIZ], GError **errp)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        error_setg_errno(errp, errno, "could not open /dev/net/tun");
        return -1;
    }
    if (strlen(name) >= IFNAMSIZ) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "interface name '%s' is too long", name);
        close(fd);
        return -1;
    }
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        error_setg_errno(errp, errno, "could not configure /dev/net/tun (%s)",
                         *name ? name : "tap%d");
        close(fd);
        return -1;
    }
    memcpy(interface, request.ifr_name, IFNAMSIZ);
    interface[IFNAMSIZ - 1] = 0;
    return fd;
}

/* The script that an option names; "no": none. */
static const char *script(const Options *options, const char *name, const char *otherwise)
{
    const char *text = options_get(options, name);

    text = text ? text : otherwise;
    return !strcmp(text, "no") || !*text ? NULL : text;
}

static bool check_options(const Options *options, GError **errp)
{
    static const char *const not_here[] = {"fds", "vhostfd", "vhostfds", "helper", "br"};

    for (unsigned i = 0; i < G_N_ELEMENTS(not_here); i++) {
        if (options_has(options, not_here[i])) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                      "tap: %s= is not supported (make the device with "
                      "'ip tuntap', and use ifname= or fd=)",
                      not_here[i]);
            return false;
        }
    }
    if (options_get_number(options, "queues", 1) > 1 ||
        options_get_bool(options, "vhostforce", false) ||
        options_get_bool(options, "vhost", false)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "tap: no NIC here has several queues or vhost");
        return false;
    }
    if (options_has(options, "fd") &&
        (options_has(options, "ifname") || options_has(options, "script") ||
         options_has(options, "downscript"))) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "ifname=, script=, and downscript= are invalid with fd=");
        return false;
    }
    return true;
}

static NetClient *tap_create(const Options *options, const char *name, NetClient *peer,
                             GError **errp)
{
    const char *fd_text = options_get(options, "fd"), *ifname = options_get(options, "ifname");
    const char *up = fd_text ? NULL : script(options, "script", DEFAULT_UP);
    char interface[IFNAMSIZ] = "";
    NetTap *tap;
    int fd;

    if (!check_options(options, errp)) {
        return NULL;
    }
    if (fd_text ? !net_parse_fd(fd_text, &fd, errp)
                : (fd = open_tap(ifname ? ifname : "", interface, errp)) < 0) {
        return NULL;
    }
    if (fd_text) {
        struct ifreq request = {0};

        if (ioctl(fd, TUNGETIFF, &request) < 0 || !(request.ifr_flags & IFF_TAP)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "fd %d is no TAP device", fd);
            return NULL;
        }
    }
    if (up && !run_script(up, interface, errp)) {
        close(fd);
        return NULL;
    }
    tap = (NetTap *)net_client_new(&tap_info, name, peer, errp);
    if (!tap) {
        close(fd);
        return NULL;
    }
    tap->interface = g_strdup(interface);
    tap->down_script = fd_text ? NULL : g_strdup(script(options, "downscript", DEFAULT_DOWN));
    if (fd_text) {
        net_client_set_text(&tap->f.nc, "fd=%d", fd);
    } else {
        net_client_set_text(&tap->f.nc, "ifname=%s,script=%s,downscript=%s", interface,
                            up ? up : "no", tap->down_script ? tap->down_script : "no");
    }
    net_fd_open(&tap->f, fd);
    return &tap->f.nc;
}

const NetdevType netdev_type_tap = {
    .name = "tap",
    .help = "a TAP device of the host",
    .options = &(const OptionListDesc){.name = "netdev tap", .desc = (const OptionDesc[]){
        {"ifname", OPTION_STRING, "name of the interface", NULL},
        {"fd", OPTION_STRING, "device that is open already", NULL},
        {"script", OPTION_STRING, "run when it is open; no: none", NULL},
        {"downscript", OPTION_STRING, "run before it is closed; no: none", NULL},
        {"sndbuf", OPTION_SIZE, "accepted", NULL},
        {"vnet_hdr", OPTION_BOOL, "accepted: headers are off", NULL},
        {"vhost", OPTION_BOOL, "must be off", NULL},
        {"vhostforce", OPTION_BOOL, "must be off", NULL},
        {"queues", OPTION_NUMBER, "1", NULL},
        {"poll-us", OPTION_NUMBER, "accepted", NULL},
        {"fds", OPTION_STRING, "not supported", NULL},
        {"vhostfd", OPTION_STRING, "not supported", NULL},
        {"vhostfds", OPTION_STRING, "not supported", NULL},
        {"helper", OPTION_STRING, "not supported", NULL},
        {"br", OPTION_STRING, "not supported", NULL},
        {0},
    }},
    .create = tap_create,
};

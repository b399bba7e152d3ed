/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that came over a monitor's socket (SCM_RIGHTS) and were given a name with getfd.
 * Whoever is told to use one by its name takes it; closefd gives it up.  Left out: descriptor sets
 * (add-fd).
 */
#include <fcntl.h>
#include <unistd.h>
#include "monitor-private.h"
#include "monitor/fds.h"
#include "util/error.h"

static void close_fd(gpointer value)
{
    close(GPOINTER_TO_INT(value));
}

static GHashTable *named(void)
{
    MonitorRegistry *registry = monitor_registry();

    if (!registry->fds) {
        registry->fds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_fd);
    }
    return registry->fds;
}

bool monitor_take_fd(const char *name, TakenFd *taken, GError **errp)
{
    gpointer key, value;
    guint64 number;
    struct stat st;

    *taken = (TakenFd){.fd = -1};
    if (g_ascii_isdigit(*name)) {
        if (!g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &number, NULL) ||
            fcntl((int)number, F_GETFD) < 0) {
            error_setg(errp, "'%s' is not an open file descriptor", name);
            return false;
        }
        taken->fd = (int)number;
        return true;
    }
    if (!g_hash_table_steal_extended(named(), name, &key, &value)) {
        error_setg(errp, "File descriptor named '%s' has not been found", name);
        return false;
    }
    g_free(key);
    taken->fd = GPOINTER_TO_INT(value);
    if (!fstat(taken->fd, &st)) {
        taken->named = true;
        taken->device = st.st_dev;
        taken->inode = st.st_ino;
    }
    return true;
}

void monitor_drop_fd(const TakenFd *taken)
{
    struct stat st;

    if (taken->named && !fstat(taken->fd, &st) && st.st_dev == taken->device &&
        st.st_ino == taken->inode) {
        close(taken->fd);
    }
}

static json_t *qmp_getfd(json_t *arguments, GError **errp)
{
    const char *name = qmp_string(arguments, "fdname");
    Monitor *mon = monitor_registry()->current;
    int fd = mon ? char_frontend_get_fd(&mon->frontend) : -1;

    if (fd < 0) {
        error_setg(errp, "No file descriptor supplied via SCM_RIGHTS");
        return NULL;
    }
    if (!*name || g_ascii_isdigit(*name)) {
        close(fd);
        error_setg(errp, "Parameter 'fdname' expects a name not starting with a digit");
        return NULL;
    }
    g_hash_table_replace(named(), g_strdup(name), GINT_TO_POINTER(fd));
    return json_object();
}

static json_t *qmp_closefd(json_t *arguments, GError **errp)
{
    const char *name = qmp_string(arguments, "fdname");

    if (!g_hash_table_remove(named(), name)) {
        error_setg(errp, "File descriptor named '%s' not found", name);
        return NULL;
    }
    return json_object();
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_fd_commands[] = {
    {"getfd", qmp_getfd, .preconfig = true, .arguments = ARGS("fdname:s")},
    {"closefd", qmp_closefd, .preconfig = true, .arguments = ARGS("fdname:s")},
    {0},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gossamer's program.  One executable, two personalities by the name it is called by:
 * gossamer-system-ppc64 and gossamer-system-ppc.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app.h"
#include "block/block.h"
#include "chardev/char.h"
#include "hw/core/cpus.h"
#include "monitor/monitor.h"
#include "monitor/snapshot.h"
#include "net/net.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "system/migration.h"
#include "system/runstate.h"
#include "system/runtime.h"
#include "ui/vnc.h"
#include "ui/window.h"
#include "util/error.h"
#include "util/log.h"

static int fail(const AppConfig *config, GError *error)
{
    /* The terminal first: the message is for whoever sits there. */
    window_stop();
    vnc_stop();
    app_destroy_monitors();
    chardev_cleanup();
    fprintf(stderr, "%s: %s\n", config->program, error ? error->message : "failed");
    g_clear_error(&error);
    return 1;
}

/*
 * An end that nobody could prepare for: the terminal is set back, then the signal does what it
 * does. Until the main loop runs, SIGTERM and its like end the process this way too.
 */
static void on_fatal_signal(int number)
{
    chardev_restore_terminals();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_fatal_signals(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGQUIT,
                                  SIGINT,  SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_NODEFER};
    struct sigaction now;

    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        /* A sanitizer or the parent may have other plans. */
        if (sigaction(numbers[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
            now.sa_handler == SIG_DFL) {
            sigaction(numbers[i], &action, NULL);
        }
    }
}

/* After Ctrl-Z and fg the shell has set its own modes. */
static void on_continue(int number)
{
    chardev_resume_terminals();
}

/* Ctrl-C, kill: an orderly end, so that the terminal and sockets are left as they were. */
static gboolean on_signal(gpointer data)
{
    int number = GPOINTER_TO_INT(data);

    fprintf(stderr, "%s: terminating on signal %d\n", g_get_prgname(), number);
    system_shutdown_request(SHUTDOWN_CAUSE_HOST_SIGNAL);
    return G_SOURCE_CONTINUE;
}

static void mux_quit(void)
{
    system_shutdown_request(SHUTDOWN_CAUSE_HOST_UI);
}

static bool write_pidfile(const char *path, GError **errp)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && lockf(fd, F_TLOCK, 0) == 0 && ftruncate(fd, 0) == 0 &&
                write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    /* The descriptor stays open: its lock says that we live. */
    if (!good) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_IO, "cannot create PID file %s: %s", path,
                    g_strerror(errno));
    }
    return good;
}

/* The parent waits for one byte: the machine stands. Without it, it exits with an error. */
static int daemonize_begin(void)
{
    int ends[2];
    pid_t child;
    char status;

    if (pipe(ends) < 0 || (child = fork()) < 0) {
        return -1;
    }
    if (child) {
        ssize_t n;

        close(ends[1]);
        do {
            n = read(ends[0], &status, 1);
        } while (n < 0 && errno == EINTR);
        _exit(n == 1 && status == 0 ? 0 : 1);
    }
    close(ends[0]);
    setsid();
    return ends[1];
}

static void daemonize_end(int pipe_end)
{
    int null = open("/dev/null", O_RDWR);
    char status = 0;

    if (chdir("/") < 0) {
        perror("chdir");
    }
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    if (write(pipe_end, &status, 1) != 1) {
        _exit(1);
    }
    close(pipe_end);
    close(null);
}

static bool start_log(const AppConfig *config, GError **errp)
{
    uint32_t mask = 0;

    if (config->log_items && !log_parse_items(config->log_items, &mask, errp)) {
        return false;
    }
    if (config->log_file && !log_set_file(config->log_file, errp)) {
        return false;
    }
    if (config->log_filter && !log_set_filter(config->log_filter, errp)) {
        return false;
    }
    log_set_mask(mask);
    return true;
}

int main(int argc, char **argv)
{
    static const CharMuxOps mux_ops = {.quit = mux_quit};
    AppConfig config = {0};
    g_autofree char *name = g_path_get_basename(argv[0]);
    GError *error = NULL;
    int daemon_pipe = -1, status;

    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    g_set_prgname(name);
    config.program = name;
    config.ppc64 = !g_str_has_suffix(name, "-ppc");
    runtime_init();
    app_register_classes(config.ppc64);
    if (!app_parse(&config, argc, argv, &error)) {
        return fail(&config, error);
    }
    if (config.only_help) {
        return 0;
    }
    if (config.daemonize) {
        /* Before there are threads: a fork takes only its own along. */
        daemon_pipe = daemonize_begin();
        if (daemon_pipe < 0) {
            error_setg_errno(&error, errno, "-daemonize");
            return fail(&config, error);
        }
    }
    catch_fatal_signals();
    atexit(chardev_restore_terminals);
    signal(SIGCONT, on_continue);
    if (config.pidfile && !write_pidfile(config.pidfile, &error)) {
        return fail(&config, error);
    }
    if (config.no_reboot) {
        runstate_policy()->reboot = REBOOT_ACTION_SHUTDOWN;
    }
    if (config.no_shutdown) {
        runstate_policy()->shutdown = SHUTDOWN_ACTION_PAUSE;
    }
    chardev_set_mux_ops(&mux_ops);
    if (!start_log(&config, &error) || !app_create(&config, &error) ||
        !app_create_monitors(&config, &error)) {
        if (config.pidfile) {
            unlink(config.pidfile);
        }
        return fail(&config, error);
    }
    if (config.only_help) {
        exit(0);
    }
    migration_set_observer(monitor_migration_changed);
    job_set_observer(monitor_job_changed);
    g_unix_signal_add(SIGINT, on_signal, GINT_TO_POINTER(SIGINT));
    g_unix_signal_add(SIGTERM, on_signal, GINT_TO_POINTER(SIGTERM));
    g_unix_signal_add(SIGHUP, on_signal, GINT_TO_POINTER(SIGHUP));

    system_reset(SHUTDOWN_CAUSE_NONE);
    if (daemon_pipe >= 0) {
        daemonize_end(daemon_pipe);
    }
    if (config.incoming) {
        if (!migration_incoming_prepare(config.incoming, !config.stopped, &error)) {
            error_prepend(&error, "-incoming %s: ", config.incoming);
            return fail(&config, error);
        }
    } else if (config.loadvm && !snapshot_load(config.loadvm, NULL, NULL, &error)) {
        error_prepend(&error, "-loadvm %s: ", config.loadvm);
        return fail(&config, error);
    } else if (!config.stopped) {
        vm_start();
    }
    status = main_loop_run();
    migration_shutdown();
    pause_all_vcpus();
    window_stop();
    vnc_stop();
    app_destroy_monitors();
    cpus_shutdown();
    net_cleanup();
    block_cleanup();
    chardev_cleanup();
    if (config.pidfile) {
        unlink(config.pidfile);
    }
    log_flush();
    return status;
}

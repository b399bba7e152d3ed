/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GDB remote protocol server: packets, threads, stops.  From "Debugging with GDB", appendix E.
 * One process, threads numbered cpu_index + 1.  All CPUs stop together (all-stop mode); vCont steps
 * chosen threads and runs the others.  commands.c holds the packets' meanings.
 */
#include <string.h>
#include "gdbstub-private.h"
#include "system/runstate.h"
#include "util/error.h"
#include "util/log.h"

/* The one server: the protocol's client talks to the process's one machine. */
static GDBServer gdb_server;

static GDBServer *the_server(void)
{
    return &gdb_server;
}

/* ---- Sending ---- */

static const char hex_digits[] = "0123456789abcdef";

void gdb_put_hex(GString *out, const void *data, size_t size)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i++) {
        g_string_append_c(out, hex_digits[p[i] >> 4]);
        g_string_append_c(out, hex_digits[p[i] & 15]);
    }
}

static void transmit(GDBServer *s)
{
    char_frontend_write_all(&s->frontend, (const uint8_t *)s->last->str, s->last->len);
}

void gdb_send(GDBServer *s, const char *data, size_t size)
{
    uint8_t sum = 0;

    g_string_truncate(s->last, 0);
    g_string_append_c(s->last, '$');
    for (size_t i = 0; i < size; i++) {
        char c = data[i];

        if (c == '$' || c == '#' || c == '}' || c == '*') {
            g_string_append_c(s->last, '}');
            sum += '}';
            c ^= 0x20;
        }
        g_string_append_c(s->last, c);
        sum += (uint8_t)c;
    }
    g_string_append_printf(s->last, "#%02x", sum);
    transmit(s);
}

void gdb_reply(GDBServer *s, const char *text)
{
    gdb_send(s, text, strlen(text));
}

/* ---- Stops ---- */

CPUState *gdb_thread(int number)
{
    return number > 0 ? cpu_get(number - 1) : cpu_first();
}

int gdb_thread_number(const CPUState *cpu)
{
    return cpu->cpu_index + 1;
}

void gdb_send_stop(GDBServer *s, CPUState *cpu, int signal)
{
    g_autofree char *watch = NULL;
    g_autofree char *text = NULL;

    if (cpu->watchpoint_hit) {
        const char *kind = (cpu->watchpoint_hit->flags & BP_MEM_ACCESS) == BP_MEM_READ ? "r"
                           : (cpu->watchpoint_hit->flags & BP_MEM_ACCESS) == BP_MEM_ACCESS ? "a"
                                                                                           : "";

        watch = g_strdup_printf("%swatch:%" PRIx64 ";", kind, cpu->watchpoint_hit->hit_addr);
        cpu->watchpoint_hit = NULL;
    }
    text = g_strdup_printf("T%02xthread:p01.%02x;%s", signal, gdb_thread_number(cpu),
                           watch ? watch : "");
    s->waiting = false;
    s->c_cpu = s->g_cpu = cpu;
    gdb_reply(s, text);
}

static void report_stop(GDBServer *s, CPUState *stopped, int signal)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        cpu_single_step(cpu, 0);
        if (!stopped && cpu->watchpoint_hit) {
            stopped = cpu;
        }
    }
    gdb_send_stop(s, stopped ? stopped : s->c_cpu ? s->c_cpu : cpu_first(), signal);
}

static void run_state_changed(void *opaque, bool running, RunState state)
{
    GDBServer *s = opaque;
    int signal;

    if (running || !s->connected || !s->waiting) {
        return;
    }
    switch (state) {
    case RUN_STATE_DEBUG:
        return;                  /* VM_EVENT_DEBUG follows and tells the CPU */
    case RUN_STATE_PAUSED:
        signal = GDB_SIGNAL_INT;
        break;
    case RUN_STATE_SHUTDOWN:
        signal = GDB_SIGNAL_QUIT;
        break;
    case RUN_STATE_IO_ERROR:
        signal = GDB_SIGNAL_STOP;
        break;
    case RUN_STATE_WATCHDOG:
        signal = GDB_SIGNAL_ALRM;
        break;
    case RUN_STATE_INTERNAL_ERROR:
    case RUN_STATE_GUEST_PANICKED:
        signal = GDB_SIGNAL_ABRT;
        break;
    case RUN_STATE_SAVE_VM:
    case RUN_STATE_RESTORE_VM:
    case RUN_STATE_FINISH_MIGRATE:
        return;                  /* goes on by itself */
    default:
        signal = GDB_SIGNAL_UNKNOWN;
    }
    report_stop(s, NULL, signal);
}

static void vm_event(void *opaque, const VMEvent *event)
{
    GDBServer *s = opaque;

    /* Another CPU may have come to its breakpoint while all were being stopped: it will again. */
    if (event->kind == VM_EVENT_DEBUG && s->connected && s->waiting) {
        report_stop(s, cpu_get(event->cpu_index), GDB_SIGNAL_TRAP);
    }
}

/* ---- Receiving ---- */

static void interrupt(GDBServer *s)
{
    if (runstate_is_running()) {
        vm_stop(RUN_STATE_PAUSED);
    }
}

static int hex_value(uint8_t c)
{
    return g_ascii_isxdigit(c) ? g_ascii_xdigit_value(c) : -1;
}

static void packet_complete(GDBServer *s)
{
    uint8_t sum = 0;

    for (guint i = 0; i < s->raw->len; i++) {
        sum += s->raw->data[i];
    }
    if (!s->no_ack) {
        uint8_t ack = sum == s->checksum ? '+' : '-';

        char_frontend_write_all(&s->frontend, &ack, 1);
        if (ack == '-') {
            return;
        }
    }
    /* Undo escapes. */
    g_byte_array_set_size(s->packet, 0);
    for (guint i = 0; i < s->raw->len; i++) {
        uint8_t c = s->raw->data[i];

        if (c == '}' && i + 1 < s->raw->len) {
            c = s->raw->data[++i] ^ 0x20;
        }
        g_byte_array_append(s->packet, &c, 1);
    }
    g_byte_array_append(s->packet, (const guint8 *)"", 1);
    gdb_handle_packet(s, (char *)s->packet->data, s->packet->len - 1);
}

static void receive_byte(GDBServer *s, uint8_t c)
{
    switch (s->state) {
    case GDB_IDLE:
        if (c == '$') {
            g_byte_array_set_size(s->raw, 0);
            s->state = GDB_DATA;
        } else if (c == 3) {
            interrupt(s);
        } else if (c == '-' && s->last->len) {
            transmit(s);
        }
        break;
    case GDB_DATA:
        if (c == '#') {
            s->state = GDB_SUM1;
        } else if (s->raw->len >= GDB_MAX_PACKET) {
            log_mask(LOG_GUEST_ERROR, "gdbstub: packet too long\n");
            s->state = GDB_IDLE;
        } else {
            g_byte_array_append(s->raw, &c, 1);
        }
        break;
    case GDB_SUM1:
        s->checksum = hex_value(c) << 4;
        s->state = GDB_SUM2;
        break;
    case GDB_SUM2:
        s->checksum |= hex_value(c) & 15;
        s->state = GDB_IDLE;
        packet_complete(s);
        break;
    }
}

static int can_read(void *opaque)
{
    return 4096;
}

static void read_bytes(void *opaque, const uint8_t *buf, int size)
{
    GDBServer *s = opaque;

    for (int i = 0; i < size; i++) {
        if (runstate_is_running() && s->waiting && buf[i] != 3 && buf[i] != '+' &&
            s->state == GDB_IDLE && buf[i] == '$') {
            /* Any packet while the machine runs stops it first, as gdb expects of all-stop targets.
             */
            vm_stop(RUN_STATE_PAUSED);
        }
        receive_byte(s, buf[i]);
    }
}

void gdb_detach(GDBServer *s)
{
    CPUState *cpu;

    CPU_FOREACH(cpu) {
        cpu_breakpoint_remove_all(cpu, BP_GDB);
        cpu_watchpoint_remove_all(cpu, BP_GDB);
        cpu_single_step(cpu, 0);
    }
    s->waiting = false;
}

static void channel_event(void *opaque, CharEvent event)
{
    GDBServer *s = opaque;

    if (event == CHAR_EVENT_OPENED) {
        s->connected = true;
        s->state = GDB_IDLE;
        s->no_ack = false;
        s->waiting = false;
        s->physical = false;
        s->multiprocess = false;
        s->c_cpu = s->g_cpu = cpu_first();
        /* A debugger that attaches finds the machine stopped. */
        vm_stop(RUN_STATE_PAUSED);
    } else if (event == CHAR_EVENT_CLOSED) {
        s->connected = false;
        gdb_detach(s);
        if (s->resume_on_close && !runstate_is_running() && runstate_check(RUN_STATE_PAUSED)) {
            vm_start();
        }
    }
}

void gdbserver_cleanup(void)
{
    GDBServer *s = the_server();
    GDBMonitorFn *monitor = s->monitor;

    if (s->started) {
        if (s->connected) {
            gdb_reply(s, "W00");
            gdb_detach(s);
        }
        vm_change_state_remove(s->state_entry);
        vm_event_remove_handler(vm_event, s);
        char_frontend_deinit(&s->frontend);
        if (s->own_chardev) {
            chardev_delete(s->own_chardev);
        }
        g_string_free(s->last, TRUE);
        g_byte_array_unref(s->raw);
        g_byte_array_unref(s->packet);
        memset(s, 0, sizeof(*s));
        s->monitor = monitor;
    }
}

void gdbserver_set_monitor(GDBMonitorFn *fn)
{
    the_server()->monitor = fn;
}

bool gdbserver_start(const char *device, GError **errp)
{
    GDBServer *s = the_server();
    g_autofree char *text = NULL;
    Chardev *chr;

    gdbserver_cleanup();
    if (!strcmp(device, "none")) {
        return true;
    }
    if (!cpu_first()) {
        g_set_error(errp, GOSSAMER_ERROR, GOSSAMER_ERROR_INVALID,
                    "gdbstub: meaningless to attach gdb to a machine without any CPU.");
        return false;
    }
    if (g_str_has_prefix(device, "tcp:") || g_str_has_prefix(device, "unix:")) {
        bool given = strstr(device, "server") != NULL;

        text = g_strconcat(device, given ? "" : ",server=on", ",wait=off",
                           device[0] == 't' ? ",nodelay=on" : "", NULL);
    } else if (g_ascii_isdigit(device[0])) {
        text = g_strconcat("tcp::", device, ",server=on,wait=off,nodelay=on", NULL);
    } else {
        text = g_strdup(device);
    }
    chr = chardev_new_from_short("gdb", text, false, errp);
    if (!chr) {
        return false;
    }
    s->last = g_string_new(NULL);
    s->raw = g_byte_array_new();
    s->packet = g_byte_array_new();
    s->own_chardev = g_str_has_prefix(text, "chardev:") ? NULL : chr;
    if (!char_frontend_init(&s->frontend, chr, errp)) {
        return false;
    }
    s->started = true;
    s->state_entry = vm_change_state_add(run_state_changed, s, 0);
    vm_event_add_handler(vm_event, s);
    char_frontend_set_handlers(&s->frontend, can_read, read_bytes, channel_event, s);
    return true;
}

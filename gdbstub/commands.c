/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Meanings of the remote protocol's packets: registers, memory, breakpoints, threads, queries.
 * The machine is stopped while any of them is carried out.
 */
#include <stdlib.h>
#include <string.h>
#include "gdbstub-private.h"

static bool from_hex(GByteArray *out, const char *text, size_t digits)
{
    for (size_t i = 0; i + 2 <= digits; i += 2) {
        uint8_t byte;

        if (!g_ascii_isxdigit(text[i]) || !g_ascii_isxdigit(text[i + 1])) {
            return false;
        }
        byte = g_ascii_xdigit_value(text[i]) << 4 | g_ascii_xdigit_value(text[i + 1]);
        g_byte_array_append(out, &byte, 1);
    }
    return digits % 2 == 0;
}

/* ---- Threads ---- */

/* "p1.2", "2", "-1", "0"; what follows is left at *end. */
static bool parse_thread(const char *text, const char **end, int *thread)
{
    char *rest;
    long value;

    if (*text == 'p') {
        value = strtol(text + 1, &rest, 16);
        if (*rest != '.') {
            *thread = -1;        /* the whole process */
            *end = rest;
            return value == 1 || value == -1 || value == 0;
        }
        text = rest + 1;
    }
    value = strtol(text, &rest, 16);
    if (rest == text) {
        return false;
    }
    *thread = value;
    *end = rest;
    return true;
}

static void thread_name(GDBServer *s, CPUState *cpu, GString *out)
{
    g_string_append_printf(out, s->multiprocess ? "p01.%02x" : "%02x", gdb_thread_number(cpu));
}

static void set_thread(GDBServer *s, const char *p)
{
    char kind = *p++;
    int number;
    CPUState *cpu;

    if (!parse_thread(p, &p, &number) || !(cpu = gdb_thread(number))) {
        gdb_reply(s, "E22");
        return;
    }
    if (kind == 'c') {
        s->c_cpu = cpu;
    } else if (kind == 'g') {
        s->g_cpu = cpu;
    } else {
        gdb_reply(s, "E22");
        return;
    }
    gdb_reply(s, "OK");
}

/* ---- Registers ---- */

static int read_register(CPUState *cpu, GByteArray *buf, int n)
{
    for (const GDBFeature *f = cpu->ops->gdb_features; f && f->name; f++) {
        if (n < f->count) {
            return f->read(cpu, buf, n);
        }
        n -= f->count;
    }
    return 0;
}

static int write_register(CPUState *cpu, const uint8_t *data, unsigned size, int n)
{
    for (const GDBFeature *f = cpu->ops->gdb_features; f && f->name; f++) {
        if (n < f->count) {
            return f->write(cpu, data, size, n);
        }
        n -= f->count;
    }
    return 0;
}

static void read_all_registers(GDBServer *s)
{
    g_autoptr(GByteArray) buf = g_byte_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    const GDBFeature *core = s->g_cpu->ops->gdb_features;

    cpu_synchronize(s->g_cpu);
    for (int i = 0; core && i < core->count; i++) {
        core->read(s->g_cpu, buf, i);
    }
    gdb_put_hex(out, buf->data, buf->len);
    gdb_send(s, out->str, out->len);
}

static void write_all_registers(GDBServer *s, const char *p, size_t size)
{
    g_autoptr(GByteArray) buf = g_byte_array_new();
    const GDBFeature *core = s->g_cpu->ops->gdb_features;
    guint at = 0;

    if (!from_hex(buf, p, size)) {
        gdb_reply(s, "E22");
        return;
    }
    cpu_synchronize(s->g_cpu);
    for (int i = 0; core && i < core->count && at < buf->len; i++) {
        at += core->write(s->g_cpu, buf->data + at, buf->len - at, i);
    }
    gdb_reply(s, "OK");
}

static void read_one_register(GDBServer *s, const char *p)
{
    g_autoptr(GByteArray) buf = g_byte_array_new();
    g_autoptr(GString) out = g_string_new(NULL);

    cpu_synchronize(s->g_cpu);
    if (!read_register(s->g_cpu, buf, strtol(p, NULL, 16))) {
        gdb_reply(s, "E14");
        return;
    }
    gdb_put_hex(out, buf->data, buf->len);
    gdb_send(s, out->str, out->len);
}

static void write_one_register(GDBServer *s, const char *p)
{
    g_autoptr(GByteArray) buf = g_byte_array_new();
    char *rest;
    long n = strtol(p, &rest, 16);

    if (*rest != '=' || !from_hex(buf, rest + 1, strlen(rest + 1))) {
        gdb_reply(s, "E22");
        return;
    }
    cpu_synchronize(s->g_cpu);
    gdb_reply(s, write_register(s->g_cpu, buf->data, buf->len, n) ? "OK" : "E14");
}

/* ---- Memory ---- */

static bool memory_access(GDBServer *s, uint64_t address, void *buf, uint64_t size, bool write)
{
    if (s->physical) {
        MemTxAttrs attrs = {.debug = true};

        return (write ? address_space_write_rom(s->g_cpu->as, address, attrs, buf, size)
                      : address_space_read(s->g_cpu->as, address, attrs, buf, size)) == MEMTX_OK;
    }
    return cpu_memory_rw_debug(s->g_cpu, address, buf, size, write);
}

static bool parse_range(const char *p, uint64_t *address, uint64_t *size, const char **end)
{
    char *rest;

    *address = g_ascii_strtoull(p, &rest, 16);
    if (*rest != ',') {
        return false;
    }
    *size = g_ascii_strtoull(rest + 1, &rest, 16);
    *end = rest;
    return *size <= GDB_MAX_PACKET / 2;
}

static void read_memory(GDBServer *s, const char *p)
{
    uint64_t address, size;
    uint8_t buf[GDB_MAX_PACKET / 2];
    g_autoptr(GString) out = g_string_new(NULL);

    if (!parse_range(p, &address, &size, &p)) {
        gdb_reply(s, "E22");
        return;
    }
    if (!memory_access(s, address, buf, size, false)) {
        gdb_reply(s, "E14");
        return;
    }
    gdb_put_hex(out, buf, size);
    gdb_send(s, out->str, out->len);
}

static void write_memory(GDBServer *s, const char *p)
{
    uint64_t address, size;
    g_autoptr(GByteArray) buf = g_byte_array_new();

    if (!parse_range(p, &address, &size, &p) || *p != ':' || !from_hex(buf, p + 1, strlen(p + 1)) ||
        buf->len < size) {
        gdb_reply(s, "E22");
        return;
    }
    gdb_reply(s, memory_access(s, address, buf->data, size, true) ? "OK" : "E14");
}

static void write_memory_binary(GDBServer *s, const char *p, const char *end)
{
    uint64_t address, size;

    if (!parse_range(p, &address, &size, &p) || *p != ':' || (uint64_t)(end - p - 1) < size) {
        gdb_reply(s, "E22");
        return;
    }
    gdb_reply(s,
              size == 0 || memory_access(s, address, (void *)(p + 1), size, true) ? "OK" : "E14");
}

/* ---- Breakpoints ---- */

static bool change_point(CPUState *cpu, int type, uint64_t address, uint64_t size, bool insert)
{
    /* gdb takes PowerPC to stop before the access, and steps over it by itself. */
    static const int flags[] = {[2] = BP_GDB | BP_STOP_BEFORE_ACCESS | BP_MEM_WRITE,
                                [3] = BP_GDB | BP_STOP_BEFORE_ACCESS | BP_MEM_READ,
                                [4] = BP_GDB | BP_STOP_BEFORE_ACCESS | BP_MEM_ACCESS};

    if (type <= 1) {
        if (insert) {
            cpu_breakpoint_insert(cpu, address, BP_GDB);
            return true;
        }
        return cpu_breakpoint_remove(cpu, address, BP_GDB);
    }
    return insert ? cpu_watchpoint_insert(cpu, address, size, flags[type])
                  : cpu_watchpoint_remove(cpu, address, size, flags[type]);
}

static void breakpoint(GDBServer *s, const char *p, bool insert)
{
    char *rest;
    long type = strtol(p, &rest, 16);
    uint64_t address, size;
    CPUState *cpu;
    bool good = true;

    if (*rest != ',' || !parse_range(rest + 1, &address, &size, &p)) {
        gdb_reply(s, "E22");
        return;
    }
    if (type < 0 || type > 4) {
        gdb_reply(s, "");
        return;
    }
    CPU_FOREACH(cpu) {
        good = change_point(cpu, type, address, size, insert) && good;
    }
    gdb_reply(s, good ? "OK" : "E22");
}

/* ---- Running ---- */

static void resume(GDBServer *s)
{
    s->waiting = true;
    if (runstate_needs_reset() || !vm_try_start(NULL)) {
        gdb_reply(s, "E01");
        s->waiting = false;
    }
}

static void continue_or_step(GDBServer *s, const char *p, bool step)
{
    if (*p) {
        s->c_cpu->ops->set_pc(s->c_cpu, g_ascii_strtoull(p, NULL, 16));
    }
    if (step) {
        cpu_single_step(s->c_cpu, SSTEP_ENABLE | SSTEP_NOIRQ | SSTEP_NOTIMER);
    }
    resume(s);
}

/* vCont;action[:thread]...: the leftmost action that fits a thread counts. */
static void v_cont(GDBServer *s, const char *p)
{
    CPUState *cpu;
    unsigned n = cpu_count();
    g_autofree char *actions = g_malloc0(n);

    while (*p == ';') {
        char action = g_ascii_tolower(p[1]);
        int thread = -1;

        p += 2;
        if (action != 'c' && action != 's' && action != 't') {
            gdb_reply(s, "E22");
            return;
        }
        if (g_ascii_isupper(p[-1])) {
            strtol(p, (char **)&p, 16);      /* a signal to deliver has no meaning here */
        }
        if (*p == ':' && !parse_thread(p + 1, &p, &thread)) {
            gdb_reply(s, "E22");
            return;
        }
        CPU_FOREACH(cpu) {
            if ((unsigned)cpu->cpu_index < n && !actions[cpu->cpu_index] &&
                (thread <= 0 || thread == gdb_thread_number(cpu))) {
                actions[cpu->cpu_index] = action;
            }
        }
    }
    CPU_FOREACH(cpu) {
        if ((unsigned)cpu->cpu_index < n && actions[cpu->cpu_index] == 's') {
            cpu_single_step(cpu, SSTEP_ENABLE | SSTEP_NOIRQ | SSTEP_NOTIMER);
            s->c_cpu = cpu;
        }
    }
    resume(s);
}

/* ---- Queries ---- */

static char *target_description(CPUState *cpu)
{
    GString *xml =
        g_string_new("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>");

    if (cpu->ops->gdb_arch) {
        g_string_append_printf(xml, "<architecture>%s</architecture>", cpu->ops->gdb_arch);
    }
    for (const GDBFeature *f = cpu->ops->gdb_features; f && f->name; f++) {
        g_string_append_printf(xml, "<xi:include href=\"%s\"/>", f->name);
    }
    g_string_append(xml, "</target>");
    return g_string_free(xml, FALSE);
}

static void send_chunk(GDBServer *s, const char *text, const char *range)
{
    uint64_t offset, size, total = strlen(text);
    const char *end;
    g_autoptr(GString) out = g_string_new(NULL);

    if (!parse_range(range, &offset, &size, &end) || offset > total) {
        gdb_reply(s, "E22");
        return;
    }
    size = MIN(size, MIN(total - offset, (uint64_t)GDB_MAX_PACKET / 2 - 8));
    g_string_append_c(out, offset + size < total ? 'm' : 'l');
    g_string_append_len(out, text + offset, size);
    gdb_send(s, out->str, out->len);
}

static void query_features(GDBServer *s, const char *p)
{
    const char *colon = strchr(p, ':');
    g_autofree char *name = colon ? g_strndup(p, colon - p) : NULL;

    if (!name) {
        gdb_reply(s, "E22");
        return;
    }
    if (!strcmp(name, "target.xml")) {
        g_autofree char *text = target_description(s->g_cpu);

        send_chunk(s, text, colon + 1);
        return;
    }
    for (const GDBFeature *f = s->g_cpu->ops->gdb_features; f && f->name; f++) {
        if (!strcmp(f->name, name)) {
            send_chunk(s, f->xml, colon + 1);
            return;
        }
    }
    gdb_reply(s, "E00");
}

static void query_threads(GDBServer *s, bool first)
{
    CPUState *cpu;

    if (first) {
        s->query_cpu = 0;
    }
    for (cpu = cpu_first(); cpu && cpu->cpu_index < s->query_cpu; cpu = cpu_next(cpu)) {
    }
    if (!cpu) {
        gdb_reply(s, "l");
    } else {
        g_autoptr(GString) out = g_string_new("m");

        thread_name(s, cpu, out);
        s->query_cpu = cpu->cpu_index + 1;
        gdb_reply(s, out->str);
    }
}

static void thread_extra_info(GDBServer *s, const char *p)
{
    int number;
    CPUState *cpu;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *text = NULL;

    if (!parse_thread(p, &p, &number) || !(cpu = gdb_thread(number))) {
        gdb_reply(s, "E22");
        return;
    }
    text = g_strdup_printf("CPU#%d [%s]", cpu->cpu_index, cpu->halted ? "halted " : "running");
    gdb_put_hex(out, text, strlen(text));
    gdb_reply(s, out->str);
}

static void monitor_command(GDBServer *s, const char *p)
{
    g_autoptr(GByteArray) line = g_byte_array_new();
    g_autoptr(GString) output = g_string_new(NULL), hex = g_string_new(NULL);

    if (!from_hex(line, p, strlen(p))) {
        gdb_reply(s, "E22");
        return;
    }
    g_byte_array_append(line, (const guint8 *)"", 1);
    if (!s->monitor) {
        gdb_reply(s, "");
        return;
    }
    s->monitor((const char *)line->data, s->g_cpu->cpu_index, output);
    for (gsize at = 0; at < output->len; at += 1024) {
        g_string_assign(hex, "O");
        gdb_put_hex(hex, output->str + at, MIN(output->len - at, 1024));
        gdb_send(s, hex->str, hex->len);
    }
    gdb_reply(s, "OK");
}

static void supported(GDBServer *s, const char *p)
{
    s->multiprocess = strstr(p, "multiprocess+") != NULL;
    gdb_reply(
        s, "PacketSize=2000;qXfer:features:read+;vContSupported+;multiprocess+;QStartNoAckMode+");
}

static void query(GDBServer *s, const char *p)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (g_str_has_prefix(p, "Supported")) {
        supported(s, p);
    } else if (!strcmp(p, "C")) {
        g_string_assign(out, "QC");
        thread_name(s, s->g_cpu, out);
        gdb_reply(s, out->str);
    } else if (!strcmp(p, "fThreadInfo")) {
        query_threads(s, true);
    } else if (!strcmp(p, "sThreadInfo")) {
        query_threads(s, false);
    } else if (g_str_has_prefix(p, "ThreadExtraInfo,")) {
        thread_extra_info(s, p + 16);
    } else if (g_str_has_prefix(p, "Xfer:features:read:")) {
        query_features(s, p + 19);
    } else if (g_str_has_prefix(p, "Rcmd,")) {
        monitor_command(s, p + 5);
    } else if (g_str_has_prefix(p, "Attached")) {
        gdb_reply(s, "1");
    } else if (!strcmp(p, "qemu.sstepbits")) {
        gdb_reply(s, "ENABLE=1,NOIRQ=2,NOTIMER=4");
    } else if (g_str_has_prefix(p, "qemu.sstep")) {
        gdb_reply(s, "0x7");
    } else if (!strcmp(p, "qemu.PhyMemMode")) {
        gdb_reply(s, s->physical ? "1" : "0");
    } else if (!strcmp(p, "qemu.Supported")) {
        gdb_reply(s, "sstepbits;sstep;PhyMemMode");
    } else {
        gdb_reply(s, "");
    }
}

static void set(GDBServer *s, const char *p)
{
    if (!strcmp(p, "StartNoAckMode")) {
        gdb_reply(s, "OK");
        s->no_ack = true;
    } else if (g_str_has_prefix(p, "qemu.PhyMemMode:")) {
        s->physical = p[16] == '1';
        gdb_reply(s, "OK");
    } else if (g_str_has_prefix(p, "qemu.sstep=")) {
        gdb_reply(s, "OK");
    } else {
        gdb_reply(s, "");
    }
}

static void thread_alive(GDBServer *s, const char *p)
{
    int number;

    gdb_reply(s, parse_thread(p, &p, &number) && gdb_thread(number) ? "OK" : "E22");
}

static void extended(GDBServer *s, const char *p)
{
    if (!strcmp(p, "Cont?")) {
        gdb_reply(s, "vCont;c;C;s;S");
    } else if (g_str_has_prefix(p, "Cont")) {
        v_cont(s, p + 4);
    } else if (g_str_has_prefix(p, "Attach;")) {
        gdb_send_stop(s, s->g_cpu, GDB_SIGNAL_TRAP);
    } else if (g_str_has_prefix(p, "Kill;")) {
        gdb_reply(s, "OK");
        system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    } else {
        gdb_reply(s, "");
    }
}

static void detach(GDBServer *s)
{
    gdb_detach(s);
    gdb_reply(s, "OK");
    if (!runstate_is_running() && !runstate_needs_reset()) {
        vm_start();
    }
}

void gdb_handle_packet(GDBServer *s, char *p, size_t size)
{
    if (!s->g_cpu) {
        s->g_cpu = s->c_cpu = cpu_first();
    }
    switch (p[0]) {
    case '?':
        gdb_send_stop(s, s->g_cpu, GDB_SIGNAL_TRAP);
        break;
    case '!':
        gdb_reply(s, "OK");
        break;
    case 'c':
        continue_or_step(s, p + 1, false);
        break;
    case 'C':
        resume(s);
        break;
    case 's':
        continue_or_step(s, p + 1, true);
        break;
    case 'D':
        detach(s);
        break;
    case 'k':
        system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
        break;
    case 'g':
        read_all_registers(s);
        break;
    case 'G':
        write_all_registers(s, p + 1, size - 1);
        break;
    case 'p':
        read_one_register(s, p + 1);
        break;
    case 'P':
        write_one_register(s, p + 1);
        break;
    case 'm':
        read_memory(s, p + 1);
        break;
    case 'M':
        write_memory(s, p + 1);
        break;
    case 'X':
        write_memory_binary(s, p + 1, p + size);
        break;
    case 'Z':
    case 'z':
        breakpoint(s, p + 1, p[0] == 'Z');
        break;
    case 'H':
        set_thread(s, p + 1);
        break;
    case 'T':
        thread_alive(s, p + 1);
        break;
    case 'q':
        query(s, p + 1);
        break;
    case 'Q':
        set(s, p + 1);
        break;
    case 'v':
        extended(s, p + 1);
        break;
    default:
        gdb_reply(s, "");
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the human monitor that look at memory and numbers: x, xp, print, memsave, pmemsave,
 * sum and address translation.  Numbers of several bytes are shown as big-endian ones, whatever the
 * guest runs.
 */
#include <fcntl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "monitor-private.h"
#include "hw/core/cpu.h"
#include "util/cutils.h"
#include "util/error.h"

typedef struct Format {
    uint64_t count;
    char letter;
    unsigned size;
} Format;

/* "/4xw"; what is not given is as the last time. */
static bool take_format(HMPContext *context, const char **args, Format *format)
{
    Monitor *mon = context->monitor;
    const char *p = *args;
    char letter = 0;
    unsigned size = 0;

    format->count = 1;
    if (*p == '/') {
        p++;
        if (g_ascii_isdigit(*p)) {
            format->count = g_ascii_strtoull(p, (char **)&p, 10);
        }
        for (; *p && *p != ' '; p++) {
            static const char sizes[] = "bhwg";
            const char *which = strchr(sizes, *p);

            if (which) {
                size = 1u << (which - sizes);
            } else if (strchr("oduxic", *p)) {
                letter = *p;
            } else {
                g_string_append_printf(context->out, "invalid char in format: '%c'\n", *p);
                return false;
            }
        }
        p += strspn(p, " ");
    }
    format->letter = letter ? letter : mon && mon->format ? mon->format : 'x';
    format->size = size ? size : mon && mon->format_size ? mon->format_size : 4;
    if (mon) {
        mon->format = format->letter;
        if (format->letter != 'i') {
            mon->format_size = format->size;
        }
    }
    *args = p;
    return true;
}

static bool take_number(HMPContext *context, const char **args, uint64_t *value)
{
    g_autoptr(GError) error = NULL;

    if (!monitor_expression(args, context->cpu_index, value, &error)) {
        g_string_append_printf(context->out, "%s\n", error->message);
        return false;
    }
    return true;
}

static bool at_end(HMPContext *context, const char *name, const char *args)
{
    if (*args) {
        g_string_append_printf(context->out, "%s: extraneous characters at the end of line\n",
                               name);
        return false;
    }
    return true;
}

static void put_char(GString *out, uint8_t c)
{
    switch (c) {
    case '\'':
        g_string_append(out, "'\\''");
        break;
    case '\\':
        g_string_append(out, "'\\\\'");
        break;
    case '\n':
        g_string_append(out, "'\\n'");
        break;
    case '\r':
        g_string_append(out, "'\\r'");
        break;
    default:
        g_string_append_printf(out, c >= 32 && c < 127 ? "'%c'" : "'\\x%02x'", c);
    }
}

typedef struct MemoryQuery {
    uint64_t address, size;
    void *buf;
    bool good;
} MemoryQuery;

static void read_virtual(CPUState *cpu, void *opaque)
{
    MemoryQuery *q = opaque;

    q->good = cpu_memory_rw_debug(cpu, q->address, q->buf, q->size, false);
}

/* As the CPU's translation has it now. */
static bool read_through_cpu(CPUState *cpu, uint64_t address, void *buf, uint64_t size)
{
    MemoryQuery q = {.address = address, .size = size, .buf = buf};

    run_on_cpu(cpu, read_virtual, &q);
    return q.good;
}

static bool read_memory(HMPContext *context, bool physical, uint64_t address, void *buf,
                        uint64_t size)
{
    CPUState *cpu = cpu_get(context->cpu_index);

    if (physical) {
        return address_space_read(address_space_memory(), address, (MemTxAttrs){.debug = true}, buf,
                                  size) == MEMTX_OK;
    }
    return cpu && read_through_cpu(cpu, address, buf, size);
}

static void put_value(GString *out, const Format *format, uint64_t value)
{
    unsigned bits = format->size * 8;

    switch (format->letter) {
    case 'o':
        g_string_append_printf(out, "%#*" PRIo64, (int)((bits + 2) / 3), value);
        break;
    case 'u':
        g_string_append_printf(out, "%*" PRIu64, (int)((bits * 10 + 32) / 33), value);
        break;
    case 'd':
        g_string_append_printf(out, "%*" PRId64, (int)((bits * 10 + 32) / 33),
                               (int64_t)(value << (64 - bits)) >> (64 - bits));
        break;
    case 'c':
        put_char(out, (uint8_t)value);
        break;
    default:
        g_string_append_printf(out, "0x%0*" PRIx64, (int)(bits / 4), value);
    }
}

static void disassemble(HMPContext *context, bool physical, uint64_t address, uint64_t count)
{
    CPUState *cpu = cpu_get(context->cpu_index);

    for (; count && context->out->len < MONITOR_MAX_OUTPUT; count--) {
        uint8_t bytes[4];
        unsigned length = 0;

        g_string_append_printf(context->out, "0x%08" PRIx64 ":  ", address);
        if (!read_memory(context, physical, address, bytes, sizeof(bytes))) {
            g_string_append(context->out, "Cannot access memory\n");
            return;
        }
        if (cpu->ops->disassemble) {
            length = cpu->ops->disassemble(cpu, address, bytes, sizeof(bytes), context->out);
        }
        if (!length) {
            g_string_append_printf(context->out, ".byte 0x%02x, 0x%02x, 0x%02x, 0x%02x", bytes[0],
                                   bytes[1], bytes[2], bytes[3]);
            length = sizeof(bytes);
        }
        g_string_append_c(context->out, '\n');
        address += length;
    }
}

static void dump(HMPContext *context, const char *name, const char *args, bool physical)
{
    Format format;
    uint64_t address, left;
    unsigned line;

    if (!take_format(context, &args, &format) || !take_number(context, &args, &address) ||
        !at_end(context, name, args)) {
        return;
    }
    if (!cpu_get(context->cpu_index) && (!physical || format.letter == 'i')) {
        g_string_append(context->out, "Can not dump without CPU\n");
        return;
    }
    if (format.letter == 'i') {
        disassemble(context, physical, address, format.count);
        return;
    }
    if (format.letter == 'c') {
        format.size = 1;
    }
    line = format.size == 1 ? 8 : 16;
    left = MIN(format.count, MONITOR_MAX_OUTPUT / 4) * format.size;
    while (left) {
        unsigned size = MIN(left, line);
        uint8_t buf[16];

        g_string_append_printf(context->out, "%016" PRIx64 ":", address);
        if (!read_memory(context, physical, address, buf, size)) {
            g_string_append(context->out, " Cannot access memory\n");
            return;
        }
        for (unsigned i = 0; i < size; i += format.size) {
            uint64_t value = 0;

            for (unsigned k = 0; k < format.size; k++) {
                value = value << 8 | buf[i + k];
            }
            g_string_append_c(context->out, ' ');
            put_value(context->out, &format, value);
        }
        g_string_append_c(context->out, '\n');
        address += size;
        left -= size;
    }
}

static void hmp_x(HMPContext *context, const char *args)
{
    dump(context, "x", args, false);
}

static void hmp_xp(HMPContext *context, const char *args)
{
    dump(context, "xp", args, true);
}

static void hmp_print(HMPContext *context, const char *args)
{
    Format format;
    uint64_t value;

    if (!take_format(context, &args, &format) || !take_number(context, &args, &value) ||
        !at_end(context, "print", args)) {
        return;
    }
    switch (format.letter) {
    case 'o':
        g_string_append_printf(context->out, "%#" PRIo64 "\n", value);
        break;
    case 'u':
        g_string_append_printf(context->out, "%" PRIu64 "\n", value);
        break;
    case 'd':
        g_string_append_printf(context->out, "%" PRId64 "\n", (int64_t)value);
        break;
    case 'c':
        put_char(context->out, (uint8_t)value);
        g_string_append_c(context->out, '\n');
        break;
    default:
        g_string_append_printf(context->out, "%#" PRIx64 "\n", value);
    }
}

bool monitor_save_memory(int cpu_index, bool physical, uint64_t address, uint64_t size,
                         const char *file, GError **errp)
{
    CPUState *cpu = cpu_get(cpu_index);
    uint64_t at = address;
    int fd;
    bool good = true;

    if (!physical && !cpu) {
        error_setg(errp, "Parameter 'cpu-index' expects a CPU number");
        return false;
    }
    fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_setg(errp, "Could not open '%s': %s", file, g_strerror(errno));
        return false;
    }
    while (good && size) {
        uint8_t buf[65536];
        uint64_t n = MIN(size, sizeof(buf));

        if (physical ? address_space_read(address_space_memory(), at, (MemTxAttrs){.debug = true},
                                          buf, n) != MEMTX_OK
                     : !read_through_cpu(cpu, at, buf, n)) {
            error_setg(errp, "Invalid addr 0x%016" PRIx64 "/size %" PRIu64 " specified", address,
                       size + (at - address));
            good = false;
        } else if (write_full(fd, buf, n) != (int64_t)n) {
            error_setg_errno(errp, errno, "Could not write '%s'", file);
            good = false;
        }
        at += n;
        size -= n;
    }
    close(fd);
    return good;
}

static void save(HMPContext *context, const char *name, const char *args, bool physical)
{
    uint64_t address, size;
    g_autofree char *file = NULL, *size_word = NULL;
    const char *size_text;
    g_autoptr(GError) error = NULL;

    if (!take_number(context, &args, &address)) {
        return;
    }
    /* A word: in "8 /tmp/x" the slash is no division. */
    size_text = size_word = monitor_word(&args);
    if (!size_word) {
        g_string_append_printf(context->out, "%s: size expected\n", name);
        return;
    }
    if (!take_number(context, &size_text, &size) || !at_end(context, name, size_text)) {
        return;
    }
    file = monitor_word(&args);
    if (!file) {
        g_string_append_printf(context->out, "%s: filename expected\n", name);
    } else if (at_end(context, name, args) &&
               !monitor_save_memory(context->cpu_index, physical, address, size, file, &error)) {
        g_string_append_printf(context->out, "Error: %s\n", error->message);
    }
}

static void hmp_memsave(HMPContext *context, const char *args)
{
    save(context, "memsave", args, false);
}

static void hmp_pmemsave(HMPContext *context, const char *args)
{
    save(context, "pmemsave", args, true);
}

static void hmp_sum(HMPContext *context, const char *args)
{
    uint64_t address, size;
    uint16_t sum = 0;

    if (!take_number(context, &args, &address) || !take_number(context, &args, &size) ||
        !at_end(context, "sum", args)) {
        return;
    }
    while (size) {
        uint8_t buf[4096];
        uint64_t n = MIN(size, sizeof(buf));

        if (!read_memory(context, true, address, buf, n)) {
            g_string_append(context->out, "Cannot access memory\n");
            return;
        }
        for (uint64_t i = 0; i < n; i++) {
            /* BSD's checksum: rotate right, then add. */
            sum = (uint16_t)((sum >> 1 | sum << 15) + buf[i]);
        }
        address += n;
        size -= n;
    }
    g_string_append_printf(context->out, "%05d\n", sum);
}

static void hmp_gva2gpa(HMPContext *context, const char *args)
{
    CPUState *cpu = cpu_get(context->cpu_index);
    uint64_t address;
    hwaddr physical;
    MemTxAttrs attrs;

    if (!take_number(context, &args, &address) || !at_end(context, "gva2gpa", args)) {
        return;
    }
    if (!cpu) {
        g_string_append(context->out, "No CPU available\n");
    } else if (cpu->ops->translate_debug &&
               cpu->ops->translate_debug(cpu, address, &physical, &attrs)) {
        g_string_append_printf(context->out, "gpa: %#" PRIx64 "\n", physical);
    } else {
        g_string_append(context->out, "Unmapped\n");
    }
}

static void hmp_gpa2hva(HMPContext *context, const char *args)
{
    const MemorySection *section;
    uint64_t address;

    if (!take_number(context, &args, &address) || !at_end(context, "gpa2hva", args)) {
        return;
    }
    section = address_space_find(address_space_memory(), address);
    if (!section) {
        g_string_append_printf(context->out, "No memory is mapped at address 0x%" PRIx64 "\n",
                               address);
    } else if (!section->host) {
        g_string_append_printf(context->out, "Memory at address 0x%" PRIx64 " is not RAM\n",
                               address);
    } else {
        g_string_append_printf(context->out, "Host virtual address for 0x%" PRIx64 " (%s) is %p\n",
                               address, section->mr->name,
                               (void *)(section->host + (address - section->addr)));
    }
}

const HMPCommand monitor_hmp_memory_commands[] = {
    {"x", "/fmt addr", "virtual memory dump starting at 'addr'", hmp_x, NULL},
    {"xp", "/fmt addr", "physical memory dump starting at 'addr'", hmp_xp, NULL},
    {"p|print", "/fmt expr", "print expression value (use $reg for CPU register access)", hmp_print,
     NULL},
    {"memsave", "addr size file",
     "save to disk virtual memory dump starting at 'addr' of size 'size'", hmp_memsave, NULL},
    {"pmemsave", "addr size file",
     "save to disk physical memory dump starting at 'addr' of size 'size'", hmp_pmemsave, NULL},
    {"sum", "addr size", "compute the checksum of a memory region", hmp_sum, NULL},
    {"gva2gpa", "addr", "print the guest physical address corresponding to a guest virtual address",
     hmp_gva2gpa, NULL},
    {"gpa2hva", "addr", "print the host virtual address corresponding to a guest physical address",
     hmp_gpa2hva, NULL},
    {0},
};

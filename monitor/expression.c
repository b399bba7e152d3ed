/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions of the human monitor: 64-bit numbers, 'c' characters, $registers of the monitor's
 * CPU, unary + - ~, and from weak to strong: + -, then & | ^, then * / %.
 */
#include <errno.h>
#include <string.h>
#include "monitor-private.h"
#include "hw/core/cpu.h"
#include "util/error.h"

typedef struct Parser {
    const char *at;
    CPUState *cpu;               /* may be NULL: no registers */
    GError *error;
    unsigned depth;
} Parser;

#define MAX_DEPTH 64             /* of parentheses and unary operators */

static uint64_t sum(Parser *p);

static void skip(Parser *p)
{
    p->at += strspn(p->at, " \t");
}

static uint64_t fail(Parser *p, const char *text)
{
    if (!p->error) {
        error_setg(&p->error, "%s", text);
    }
    return 0;
}

typedef struct RegisterQuery {
    const char *name;
    uint64_t value;
    bool found;
} RegisterQuery;

static void read_register(CPUState *cpu, void *opaque)
{
    RegisterQuery *query = opaque;

    cpu_synchronize(cpu);
    query->found =
        cpu->ops->get_register && cpu->ops->get_register(cpu, query->name, &query->value);
}

static uint64_t reg(Parser *p)
{
    size_t n = 0;
    g_autofree char *name = NULL;
    RegisterQuery query = {0};

    while (g_ascii_isalnum(p->at[n]) || strchr("_.:", p->at[n] ? p->at[n] : ' ')) {
        n++;
    }
    name = g_strndup(p->at, n);
    p->at += n;
    if (!p->cpu) {
        return fail(p, "No CPU available");
    }
    query.name = name;
    /* Only on its own thread a running CPU's registers are whole. */
    run_on_cpu(p->cpu, read_register, &query);
    return n && query.found ? query.value : fail(p, "unknown register");
}

static uint64_t number(Parser *p)
{
    char *end;
    uint64_t value;

    errno = 0;
    value = g_ascii_strtoull(p->at, &end, 0);
    if (errno == ERANGE) {
        return fail(p, "number too large");
    }
    if (end == p->at) {
        g_autofree char *text = g_strdup_printf("invalid char '%c' in expression", *p->at);

        return fail(p, *p->at ? text : "unexpected end of expression");
    }
    p->at = end;
    return value;
}

static uint64_t unary(Parser *p)
{
    uint64_t value;
    char c;

    skip(p);
    if (p->error) {
        return 0;
    }
    if (p->depth >= MAX_DEPTH) {
        return fail(p, "expression is nested too deeply");
    }
    p->depth++;
    c = *p->at;
    switch (c) {
    case '+':
    case '-':
    case '~':
        p->at++;
        value = unary(p);
        value = c == '-' ? -value : c == '~' ? ~value : value;
        break;
    case '(':
        p->at++;
        value = sum(p);
        if (*p->at == ')') {
            p->at++;
        } else {
            fail(p, "')' expected");
        }
        break;
    case '\'':
        if (!p->at[1] || p->at[2] != '\'') {
            value = fail(p, "missing terminating ' character");
        } else {
            value = (uint8_t)p->at[1];
            p->at += 3;
        }
        break;
    case '$':
        p->at++;
        value = reg(p);
        break;
    default:
        value = number(p);
    }
    p->depth--;
    skip(p);
    return value;
}

static uint64_t product(Parser *p)
{
    uint64_t value = unary(p);

    while (!p->error && *p->at && strchr("*/%", *p->at)) {
        char op = *p->at++;
        uint64_t other = unary(p);

        if (op == '*') {
            value *= other;
        } else if (!other) {
            return fail(p, "division by zero");
        } else {
            value = op == '/' ? value / other : value % other;
        }
    }
    return value;
}

static uint64_t logic(Parser *p)
{
    uint64_t value = product(p);

    while (!p->error && *p->at && strchr("&|^", *p->at)) {
        char op = *p->at++;
        uint64_t other = product(p);

        value = op == '&' ? value & other : op == '|' ? value | other : value ^ other;
    }
    return value;
}

static uint64_t sum(Parser *p)
{
    uint64_t value = logic(p);

    while (!p->error && (*p->at == '+' || *p->at == '-')) {
        char op = *p->at++;
        uint64_t other = logic(p);

        value = op == '+' ? value + other : value - other;
    }
    return value;
}

bool monitor_expression(const char **text, int cpu_index, uint64_t *value, GError **errp)
{
    Parser p = {.at = *text, .cpu = cpu_get(cpu_index)};

    *value = sum(&p);
    *text = p.at;
    if (p.error) {
        g_propagate_error(errp, p.error);
        return false;
    }
    return true;
}

static const char *skip_blanks(const char *p)
{
    while (g_ascii_isspace(*p)) {
        p++;
    }
    return p;
}

/* What ends a word is what is skipped before one: else a loop over words would stand still. */
char *monitor_word(const char **text)
{
    GString *word = g_string_new(NULL);
    const char *p = skip_blanks(*text);
    char quote = 0;

    if (*p == '"') {
        quote = *p++;
    }
    while (*p && (quote ? *p != quote : !g_ascii_isspace(*p))) {
        if (quote && *p == '\\' && p[1]) {
            p++;
            g_string_append_c(word, *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p);
            p++;
        } else {
            g_string_append_c(word, *p++);
        }
    }
    if (quote && *p == quote) {
        p++;
    }
    *text = skip_blanks(p);
    if (!word->len && !quote) {
        g_string_free(word, TRUE);
        return NULL;
    }
    return g_string_free(word, FALSE);
}

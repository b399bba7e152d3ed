/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines: a wire from a source to a handler.  A NULL line is a wire to nowhere.
 * Device lock held for all of it.
 */
#ifndef SYSTEM_IRQ_H
#define SYSTEM_IRQ_H

#include <stdbool.h>
#include <glib.h>

typedef void IRQHandler(void *opaque, int n, int level);

typedef struct IRQLine {
    IRQHandler *handler;
    void *opaque;
    int n;
} IRQLine;

IRQLine *irq_new(IRQHandler *handler, void *opaque, int n);
void irq_free(IRQLine *line);
/* GPtrArray-free array of count lines numbered from 0; irq_free_array() frees lines and array. */
IRQLine **irq_new_array(IRQHandler *handler, void *opaque, unsigned count);
void irq_free_array(IRQLine **lines, unsigned count);

static inline void irq_set(IRQLine *line, int level)
{
    if (line) {
        line->handler(line->opaque, line->n, level);
    }
}

static inline void irq_raise(IRQLine *line)
{
    irq_set(line, 1);
}

static inline void irq_lower(IRQLine *line)
{
    irq_set(line, 0);
}

static inline void irq_pulse(IRQLine *line)
{
    irq_set(line, 1);
    irq_set(line, 0);
}

/* A line whose level is the opposite of what is set on it. */
IRQLine *irq_invert(IRQLine *line);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines.
 */
#include "system/irq.h"

IRQLine *irq_new(IRQHandler *handler, void *opaque, int n)
{
    IRQLine *line = g_new(IRQLine, 1);

    *line = (IRQLine){handler, opaque, n};
    return line;
}

void irq_free(IRQLine *line)
{
    g_free(line);
}

IRQLine **irq_new_array(IRQHandler *handler, void *opaque, unsigned count)
{
    IRQLine **lines = g_new(IRQLine *, count);

    for (unsigned i = 0; i < count; i++) {
        lines[i] = irq_new(handler, opaque, (int)i);
    }
    return lines;
}

void irq_free_array(IRQLine **lines, unsigned count)
{
    for (unsigned i = 0; lines && i < count; i++) {
        irq_free(lines[i]);
    }
    g_free(lines);
}

static void inverted(void *opaque, int n, int level)
{
    irq_set(opaque, !level);
}

IRQLine *irq_invert(IRQLine *line)
{
    return irq_new(inverted, line, 0);
}

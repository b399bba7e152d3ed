/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * INTx: levels that devices give to pins, turned over bridges to a root bus's lines, where those of
 * several devices add up.  PCI Local Bus Specification 3.0, 2.2.6 and 6.2.2 (INTx disable);
 * PCI-to-PCI Bridge Architecture 1.2, 9.1 (which pin of a bridge).
 */
#include "hw/pci/pci.h"

static int rotate(const PciDevice *dev, int pin)
{
    return (pin + (int)PCI_SLOT(dev->devfn)) % PCI_N_PINS;
}

static void change_line(PciDevice *dev, int pin, int change)
{
    PciBus *bus = dev->bus;
    int line;

    while (!pci_bus_is_root(bus)) {
        pin = rotate(dev, pin);
        dev = bus->bridge;
        bus = dev->bus;
    }
    line = bus->ops->map_irq ? bus->ops->map_irq(bus->opaque, dev, pin) : rotate(dev, pin);
    g_assert(line >= 0 && line < PCI_N_PINS);
    bus->irq_count[line] += change;
    if (bus->ops->set_irq) {
        bus->ops->set_irq(bus->opaque, line, bus->irq_count[line] > 0);
    }
}

static bool disabled(const PciDevice *dev)
{
    return pci_command(dev) & PCI_COMMAND_INTX_DISABLE;
}

static void set_pin(PciDevice *dev, int pin, bool level)
{
    uint32_t bit = 1u << pin;

    if (level == !!(dev->irq_state & bit)) {
        return;
    }
    dev->irq_state ^= bit;
    if (dev->irq_state) {
        dev->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    } else {
        dev->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    }
    if (!disabled(dev)) {
        change_line(dev, pin, level ? 1 : -1);
    }
}

void pci_set_irq(PciDevice *dev, int level)
{
    unsigned pin = dev->config[PCI_INTERRUPT_PIN];

    if (pin >= 1 && pin <= PCI_N_PINS) {
        set_pin(dev, (int)pin - 1, level);
    }
}

void pci_update_irq_disabled(PciDevice *dev, bool was_disabled)
{
    if (disabled(dev) == was_disabled) {
        return;
    }
    for (int pin = 0; pin < PCI_N_PINS; pin++) {
        if (dev->irq_state & 1u << pin) {
            change_line(dev, pin, was_disabled ? 1 : -1);
        }
    }
}

void pci_irq_reset(PciDevice *dev)
{
    for (int pin = 0; pin < PCI_N_PINS; pin++) {
        set_pin(dev, pin, false);
    }
}

void pci_bus_clear_lines(PciBus *bus)
{
    for (int line = 0; line < PCI_N_PINS; line++) {
        bus->irq_count[line] = 0;
        if (bus->ops && bus->ops->set_irq) {
            bus->ops->set_irq(bus->opaque, line, 0);
        }
    }
}

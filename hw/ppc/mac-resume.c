/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU forgets of a Power Mac's processor when it loads, its own streams too, told to it by
 * way of the guest.
 *
 * QEMU 7.2 has no decrementer in its streams: it counts from the largest value there, which on
 * g3beige takes minutes, and a guest that waits for it sleeps for so long.  So a guest that goes
 * there takes a decrementer interrupt at once: its handler looks at the time base and sets the
 * decrementer for what is left, as it must whenever an interrupt comes late or early.
 *
 * Neither version has the processor's external interrupt input.  OpenPIC drives it again when it
 * has loaded, Heathrow with the next change of an input of its own: the guest should have taken
 * what is pending before it goes.
 *
 * Both need a processor that can take an interrupt, EE=1; system/migration.h's caller lets the
 * guest run on until it can, for a while. Left out: 970s.
 */
#include "mac-resume.h"
#include "system/migration.h"
#include "target/ppc/cpu.h"
#include "target/ppc/spr.h"

#define VECTOR_DECREMENTER 0x900u
#define PREFIX 0xfff00000u              /* of vectors with MSR.IP */
#define SRR1_OF_MSR (~0x783f0000ull)

static void take_decrementer(MacResume *r)
{
    CPUPPCState *env = &r->cpu->env;

    r->active = true;
    r->nip = env->nip;
    r->msr = env->msr;
    r->srr0 = env->spr[SPR_SRR0];
    r->srr1 = env->spr[SPR_SRR1];
    r->halted = r->cpu->parent.halted;
    env->spr[SPR_SRR0] = (uint32_t)env->nip;
    env->spr[SPR_SRR1] = env->msr & SRR1_OF_MSR;
    env->nip = (env->msr & MSR_BIT(IP) ? PREFIX : 0) | VECTOR_DECREMENTER;
    env->msr = (env->msr & (MSR_BIT(ME) | MSR_BIT(IP) | MSR_BIT(ILE))) |
               (env->msr & MSR_BIT(ILE) ? MSR_BIT(LE) : 0);
    r->cpu->parent.halted = 0;
}

void mac_resume_prepare(MacResume *r, VMStateWire wire, bool running, GPtrArray *lost)
{
    const CPUPPCState *env = &r->cpu->env;
    bool enabled = env->msr & MSR_BIT(EE);

    if ((r->cpu->model->insns & ISA_64) || r->cpu->checkstopped) {
        return;
    }
    if (running && !r->controller_tells &&
        (__atomic_load_n(&env->pending_interrupts, __ATOMIC_ACQUIRE) >> PPC_INTERRUPT_EXT & 1)) {
        g_ptr_array_add(lost, g_strdup("an external interrupt that waits"));
        return;
    }
    if (wire != VMSTATE_WIRE_QEMU_7_2) {
        return;
    }
    if (enabled && env->exception_index == EXCP_NONE) {
        take_decrementer(r);
    } else if (running) {
        g_ptr_array_add(lost, g_strdup("the decrementer (interrupts are disabled)"));
    }
}

void mac_resume_undo(MacResume *r)
{
    CPUPPCState *env = &r->cpu->env;

    if (!r->active) {
        return;
    }
    r->active = false;
    env->nip = r->nip;
    env->msr = r->msr;
    env->spr[SPR_SRR0] = r->srr0;
    env->spr[SPR_SRR1] = r->srr1;
    r->cpu->parent.halted = r->halted;
}

static void prepare(void *opaque, VMStateWire wire, bool running, GPtrArray *lost)
{
    mac_resume_prepare(opaque, wire, running, lost);
}

static void undo(void *opaque)
{
    mac_resume_undo(opaque);
}

void mac_resume_init(MacResume *r, struct PowerPCCPU *cpu, bool controller_tells)
{
    static const MigrationWireOps ops = {prepare, undo};

    *r = (MacResume){.cpu = cpu, .controller_tells = controller_tells};
    migration_set_wire_ops(&ops, r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's streams have no place for, told to QEMU by the guest's own processors.
 *
 * QEMU loses some state when it loads, its own streams too: 10.0 leaves all processors but the
 * first stopped as after a reset and has no XICS presenters; 7.2 has no decrementers; both forget
 * that an interrupt controller had a processor's input on.  All of that can be put right by a guest
 * that runs there, with calls that every partition may make.  So a guest that goes to a QEMU starts
 * there in a small program, which lies in the memory that its RTAS was given (firmware's, not the
 * guest's).  Each processor makes the hypercalls on its list (the first one starts the others by
 * RTAS start-cpu), sets its decrementer, restores the registers that this took, and enters the
 * external interrupt's vector: to the guest it is an interrupt that came while it moved, perhaps a
 * spurious one.
 *
 * That needs processors that can take an interrupt, EE=1; a system/migration.h caller lets the
 * guest run on until all can, for a while.  Nothing here outlives the saving: spapr_resume_undo()
 * puts all back. Left out: processors that wait in H_JOIN, guests without RTAS.
 */
#include <libfdt.h>
#include <string.h>
#include "spapr-resume.h"
#include "hw/intc/xics.h"
#include "hw/intc/xive.h"
#include "system/migration.h"
#include "target/ppc/spr.h"
#include "util/bswap.h"

enum { H_CPPR = 0x68, H_IPI = 0x6c, H_LOGICAL_CI_STORE = 0x40, H_PROD = 0xe8 };
#define VECTOR_EXTERNAL 0x500u

/* Within the page at RTAS's base: behind its entry and the processors' words of FWNMI. */
#define AREA_OFFSET 0x100u
#define AREA_END 0x1000u

/* A call is five doublewords: its number and r4 to r7; number 0 ends the list. */
enum { CALL_WORDS = 5, MAX_CALLS = 4 };

/* A processor's block: doublewords that the program restores, then its list of calls. */
enum {
    RESUME_DEC,
    RESUME_CR,
    RESUME_XER,
    RESUME_CTR,
    RESUME_LR,
    RESUME_SRR0,
    RESUME_SRR1,
    RESUME_R0,
    RESUME_R1,
    RESUME_R3,
    RESUME_R30 = RESUME_R3 + 10,
    RESUME_R31,
    RESUME_CALLS
};

/* Of a processor, as it was. */
typedef struct Kept {
    uint64_t nip, msr, gpr3, psscr;
    uint32_t halted;
    bool prod;
} Kept;

struct SpaprResume {
    Kept *kept;
    uint64_t base;               /* of `memory`, which lay there */
    uint8_t *memory;
    uint32_t size;
    XicsRecalled *recalled;
};

/* ---- The program ---- */

typedef struct Code {
    uint32_t words[96];
    unsigned n;
} Code;

static void emit(Code *code, uint32_t word)
{
    g_assert(code->n < G_N_ELEMENTS(code->words));
    code->words[code->n++] = word;
}

/* D form, and moves to and from special registers. */
static void emit_d(Code *code, uint32_t opcode, unsigned rt, unsigned ra, int d)
{
    emit(code, opcode << 26 | rt << 21 | ra << 16 | ((uint32_t)d & 0xffff));
}

static void emit_ld(Code *code, unsigned rt, unsigned ra, int offset)
{
    emit_d(code, 58, rt, ra, offset);
}

static void emit_mtspr(Code *code, unsigned spr, unsigned rs)
{
    emit(code, 0x7c0003a6u | rs << 21 | (spr & 31) << 16 | (spr >> 5) << 11);
}

static void emit_from_slot(Code *code, unsigned slot, unsigned spr)
{
    emit_ld(code, 0, 31, 8 * (int)slot);
    emit_mtspr(code, spr, 0);
}

/* r3: the processor's block. */
static void make_program(Code *code, bool set_decrementer)
{
    unsigned loop;

    emit(code, 0x7c7f1b78);                       /* mr r31,r3 */
    emit_d(code, 14, 30, 31, 8 * RESUME_CALLS);     /* addi r30,r31,calls */
    loop = code->n;
    emit_ld(code, 3, 30, 0);
    emit(code, 0x2c230000);                       /* cmpdi r3,0 */
    emit(code, 0x41820000 | 4 * 8);               /* beq done */
    for (unsigned i = 1; i < CALL_WORDS; i++) {
        emit_ld(code, 3 + i, 30, 8 * (int)i);
    }
    emit_d(code, 14, 30, 30, 8 * CALL_WORDS);     /* addi r30,r30,5*8 */
    emit(code, 0x44000022);                       /* sc 1 */
    emit(code, 0x48000000 | ((4 * (loop - code->n)) & 0x3fffffc));   /* b loop */
    if (set_decrementer) {
        emit_from_slot(code, RESUME_DEC, SPR_DECR);
    }
    emit_from_slot(code, RESUME_SRR0, SPR_SRR0);
    emit_from_slot(code, RESUME_SRR1, SPR_SRR1);
    emit_from_slot(code, RESUME_XER, SPR_XER);
    emit_from_slot(code, RESUME_CTR, SPR_CTR);
    emit_from_slot(code, RESUME_LR, SPR_LR);
    emit_ld(code, 0, 31, 8 * RESUME_CR);
    emit(code, 0x7c0ff120);                       /* mtcrf 0xff,r0 */
    emit_ld(code, 0, 31, 8 * RESUME_R0);
    emit_ld(code, 1, 31, 8 * RESUME_R1);
    for (unsigned i = 0; i < 10; i++) {
        emit_ld(code, 3 + i, 31, 8 * (int)(RESUME_R3 + i));
    }
    emit_ld(code, 30, 31, 8 * RESUME_R30);
    emit_ld(code, 31, 31, 8 * RESUME_R31);
    emit(code, 0x48000002 | VECTOR_EXTERNAL);     /* ba vector */
}

/* start-cpu starts processors big-endian: on to the program in the mode of the guest's interrupts.
 */
static void make_entry(Code *code, uint32_t program, uint64_t msr)
{
    emit_d(code, 15, 4, 0, (int)(program >> 16));  /* lis r4 */
    emit_d(code, 24, 4, 4, (int)(program & 0xffff));   /* ori r4,r4 */
    emit(code, 0x78840020);                       /* clrldi r4,r4,32 */
    emit_mtspr(code, SPR_SRR0, 4);
    emit_d(code, 15, 5, 0, 0x8000);               /* lis r5: MSR.SF */
    emit(code, 0x78a507c6);                       /* sldi r5,r5,32 */
    emit_d(code, 24, 5, 5, (int)(msr & 0xffff));  /* ori r5,r5 */
    emit_mtspr(code, SPR_SRR1, 5);
    emit(code, 0x4c000024);                       /* rfid */
}

/* ---- The area ---- */

typedef struct Area {
    SpaprMachine *spapr;
    SpaprResume *r;
    uint64_t at;                 /* next free byte */
    bool le;                     /* the guest's interrupts, and so the program */
} Area;

static uint64_t area_take(Area *area, uint64_t size)
{
    uint64_t at = area->at;

    area->at = (at + size + 7) & ~7ull;
    return at;
}

static void put_code(Area *area, uint64_t at, const Code *code, bool le)
{
    for (unsigned i = 0; i < code->n; i++) {
        spapr_stl(area->spapr, at + 4 * i, le ? bswap32(code->words[i]) : code->words[i]);
    }
}

static void put_word(Area *area, uint64_t block, unsigned slot, uint64_t value)
{
    spapr_stq(area->spapr, block + 8 * slot, area->le ? bswap64(value) : value);
}

/* The base of the memory that RTAS was instantiated in and the number of start-cpu; 0: none. */
static uint64_t rtas_base(const SpaprMachine *spapr, uint32_t *start_cpu)
{
    int node = spapr->fdt ? fdt_path_offset(spapr->fdt, "/rtas") : -1, size = 0, token_size = 0;
    const fdt32_t *base = node < 0 ? NULL : fdt_getprop(spapr->fdt, node, "linux,rtas-base", &size);
    const fdt32_t *token =
        node < 0 ? NULL : fdt_getprop(spapr->fdt, node, "start-cpu", &token_size);

    if (!base || size != 4 || !token || token_size != 4) {
        return 0;
    }
    *start_cpu = fdt32_to_cpu(*token);
    return fdt32_to_cpu(*base);
}

/* ---- What is to be told ---- */

static PowerPCCPU *cpu_at(const SpaprMachine *spapr, guint i)
{
    return g_ptr_array_index(spapr->cpus, i);
}

static bool is_off(PowerPCCPU *cpu)
{
    return spapr_cpu_is_stopped(cpu);
}

/* Those that QEMU 10.0 loads as stopped. */
static bool is_forgotten(const SpaprMachine *spapr, VMStateWire wire, guint i)
{
    return wire == VMSTATE_WIRE_QEMU_10_0 && i && !is_off(cpu_at(spapr, i));
}

static unsigned list_calls(SpaprMachine *spapr, VMStateWire wire, PowerPCCPU *cpu,
                           uint64_t calls[MAX_CALLS][CALL_WORDS])
{
    unsigned server = cpu->vcpu_id, n = 0;
    uint32_t mfrr;
    bool signalled;

    if (spapr->active_ic) {
        calls[n][0] = H_LOGICAL_CI_STORE;
        calls[n][1] = 1;
        calls[n][2] = XIVE_CPPR_ADDRESS;
        calls[n++][3] = xive_cppr((XiveState *)spapr->xive, server, &signalled);
    } else {
        uint32_t xirr = xics_poll((XicsState *)spapr->xics, server, &mfrr);

        if (wire == VMSTATE_WIRE_QEMU_10_0 && mfrr != 0xff) {
            calls[n][0] = H_IPI;
            calls[n][1] = server;
            calls[n++][2] = mfrr;
        }
        calls[n][0] = H_CPPR;
        calls[n++][1] = xirr >> 24;
    }
    if (spapr_cpu_state(cpu)->prod) {
        calls[n][0] = H_PROD;
        calls[n++][1] = server;
    }
    return n;
}

static void put_block(Area *area, uint64_t block, PowerPCCPU *cpu)
{
    CPUPPCState *env = &cpu->env;

    put_word(area, block, RESUME_DEC, (uint64_t)ppc_get_decr(env));
    put_word(area, block, RESUME_CR, ppc_get_cr(env));
    put_word(area, block, RESUME_XER, ppc_get_xer(env));
    put_word(area, block, RESUME_CTR, env->ctr);
    put_word(area, block, RESUME_LR, env->lr);
    put_word(area, block, RESUME_SRR0, env->nip);
    put_word(area, block, RESUME_SRR1, env->msr & ~0x783f0000ull);   /* as an interrupt saves it */
    put_word(area, block, RESUME_R0, env->gpr[0]);
    put_word(area, block, RESUME_R1, env->gpr[1]);
    for (unsigned i = 0; i < 10; i++) {
        put_word(area, block, RESUME_R3 + i, env->gpr[3 + i]);
    }
    put_word(area, block, RESUME_R30, env->gpr[30]);
    put_word(area, block, RESUME_R31, env->gpr[31]);
}

static uint64_t put_call(Area *area, uint64_t at, const uint64_t call[CALL_WORDS])
{
    for (unsigned i = 0; i < CALL_WORDS; i++) {
        put_word(area, at, i, call[i]);
    }
    return at + 8 * CALL_WORDS;
}

/* Why the program cannot be used now; NULL: it can. */
static char *obstacle(const SpaprMachine *spapr, uint64_t base, uint64_t size)
{
    if (!base || base & 0xfff || !spapr_is_ram(spapr, base, AREA_END) ||
        base + AREA_END > UINT32_MAX) {
        return g_strdup("the guest has no RTAS");
    }
    if (size > AREA_END - AREA_OFFSET) {
        return g_strdup("there is no room for all processors");
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = cpu_at(spapr, i);

        if (is_off(cpu)) {
            if (!i) {
                return g_strdup("processor 0 is stopped");
            }
        } else if (!(cpu->env.msr & MSR_BIT(EE)) || cpu->power_wait != PPC_WAIT_NONE) {
            return g_strdup_printf("processor %d has interrupts disabled", cpu->parent.cpu_index);
        }
    }
    return NULL;
}

static uint64_t area_size(const SpaprMachine *spapr)
{
    uint64_t block = 8 * (RESUME_CALLS + MAX_CALLS * CALL_WORDS + 1), start = 8 * CALL_WORDS + 32;

    return sizeof(((Code *)0)->words) + 64 + spapr->cpus->len * (block + start);
}

/* What QEMU will not know, in words. */
static void note_losses(SpaprMachine *spapr, VMStateWire wire, bool running, const char *why,
                        GPtrArray *lost)
{
    for (guint i = 0; i < spapr->cpus->len; i++) {
        unsigned server = cpu_at(spapr, i)->vcpu_id;
        bool signalled = false;

        if (is_off(cpu_at(spapr, i))) {
            continue;
        }
        if (is_forgotten(spapr, wire, i)) {
            g_ptr_array_add(lost,
                            g_strdup_printf("processor %u, which stays stopped (%s)", i, why));
        }
        if (spapr->active_ic) {
            xive_cppr((XiveState *)spapr->xive, server, &signalled);
        } else {
            signalled = xics_presents((XicsState *)spapr->xics, server);
        }
        if (signalled) {
            g_ptr_array_add(
                lost, g_strdup_printf("an interrupt that waits at processor %u (%s)", i, why));
        }
        if (!spapr->active_ic && wire == VMSTATE_WIRE_QEMU_10_0 && running) {
            g_ptr_array_add(lost,
                            g_strdup_printf("the interrupt priority of processor %u (%s)", i, why));
        }
        if (wire == VMSTATE_WIRE_QEMU_7_2 && running) {
            g_ptr_array_add(lost, g_strdup_printf("the decrementer of processor %u (%s)", i, why));
        }
    }
}

/* ---- Preparing and putting back ---- */

static void keep(SpaprMachine *spapr, SpaprResume *r)
{
    r->kept = g_new0(Kept, spapr->cpus->len);
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = cpu_at(spapr, i);
        const CPUPPCState *env = &cpu->env;

        r->kept[i] = (Kept){env->nip, env->msr, env->gpr[3], env->spr[SPR_PSSCR],
                            cpu->parent.halted, spapr_cpu_state(cpu)->prod};
    }
    r->memory = g_malloc(r->size);
    spapr_read(spapr, r->base, r->memory, r->size);
}

static void send_to(PowerPCCPU *cpu, uint64_t program, uint64_t block, uint64_t msr)
{
    cpu->env.nip = program;
    cpu->env.msr = msr;
    cpu->env.gpr[3] = block;
    cpu->parent.halted = 0;
}

/* As one that has stopped itself: what QEMU 10.0 makes of it anyway, and what start-cpu wants. */
static void make_stopped(PowerPCCPU *cpu)
{
    cpu->parent.halted = 1;
    cpu->env.msr &= ~MSR_BIT(EE);
    /* Also where the processor has no such register: spapr_cpu_is_stopped() looks at it. */
    cpu->env.spr[SPR_PSSCR] |= PSSCR_EC;
}

static void write_program(SpaprMachine *spapr, VMStateWire wire, SpaprResume *r, uint32_t start_cpu)
{
    bool le = cpu_at(spapr, 0)->env.spr[SPR_LPCR] & LPCR_ILE;
    uint64_t msr = MSR_BIT(SF) | MSR_BIT(ME) | (le ? MSR_BIT(LE) : 0);
    Area area = {spapr, r, r->base, le};
    Code program = {.n = 0}, entry = {.n = 0};
    g_autofree uint64_t *blocks = g_new0(uint64_t, spapr->cpus->len);

    make_program(&program, wire == VMSTATE_WIRE_QEMU_7_2);
    uint64_t program_at = area_take(&area, 4 * program.n), entry_at = program_at;
    put_code(&area, program_at, &program, le);
    if (le) {
        make_entry(&entry, (uint32_t)program_at, msr);
        entry_at = area_take(&area, 4 * entry.n);
        put_code(&area, entry_at, &entry, false);
    }
    /* The first processor's list is the last one made: it has the others' blocks. */
    for (guint i = spapr->cpus->len; i-- > 0;) {
        PowerPCCPU *cpu = cpu_at(spapr, i);
        uint64_t calls[MAX_CALLS][CALL_WORDS] = {{0}};

        if (is_off(cpu)) {
            continue;
        }
        blocks[i] = area_take(&area, 8 * RESUME_CALLS);
        put_block(&area, blocks[i], cpu);
        unsigned n = list_calls(spapr, wire, cpu, calls);
        uint64_t at = area.at;
        for (unsigned k = 0; k < n; k++) {
            at = put_call(&area, at, calls[k]);
        }
        area.at = at;
        if (i) {
            put_word(&area, area_take(&area, 8), 0, 0);
        }
    }
    uint64_t args = area.at + 8 * (CALL_WORDS * (spapr->cpus->len - 1) + 1);
    for (guint i = 1; i < spapr->cpus->len; i++) {
        if (is_forgotten(spapr, wire, i)) {
            uint32_t words[] = {start_cpu, 3, 1, cpu_at(spapr, i)->vcpu_id, (uint32_t)entry_at,
                                (uint32_t)blocks[i], 0};
            uint64_t call[CALL_WORDS] = {H_PRIVATE_RTAS, args};

            for (unsigned k = 0; k < G_N_ELEMENTS(words); k++) {
                spapr_stl(spapr, args + 4 * k, words[k]);
            }
            args += 32;
            area.at = put_call(&area, area.at, call);
        }
    }
    put_word(&area, area.at, 0, 0);
    g_assert(args <= r->base + r->size);
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = cpu_at(spapr, i);

        if (!blocks[i]) {
            continue;
        }
        spapr_cpu_state(cpu)->prod = false;
        if (is_forgotten(spapr, wire, i)) {
            make_stopped(cpu);
        } else {
            send_to(cpu, program_at, blocks[i], msr);
        }
    }
}

void spapr_resume_prepare(SpaprMachine *spapr, VMStateWire wire, bool running, GPtrArray *lost)
{
    uint32_t start_cpu = 0;
    uint64_t base = rtas_base(spapr, &start_cpu), size = area_size(spapr);
    g_autofree char *why = obstacle(spapr, base, size);

    if (why) {
        note_losses(spapr, wire, running, why, lost);
        return;
    }
    SpaprResume *r = g_new0(SpaprResume, 1);
    r->base = base + AREA_OFFSET;
    r->size = (uint32_t)size;
    keep(spapr, r);
    if (!spapr->active_ic) {
        r->recalled = xics_recall((XicsState *)spapr->xics);
    }
    write_program(spapr, wire, r, start_cpu);
    spapr->resume = r;
}

static void free_resume(SpaprResume *r)
{
    g_free(r->memory);
    g_free(r->kept);
    g_free(r);
}

void spapr_resume_drop(SpaprMachine *spapr)
{
    SpaprResume *r = g_steal_pointer(&spapr->resume);

    if (r) {
        xics_forget_recall(r->recalled);
        free_resume(r);
    }
}

void spapr_resume_undo(SpaprMachine *spapr)
{
    SpaprResume *r = g_steal_pointer(&spapr->resume);

    if (!r) {
        return;
    }
    for (guint i = 0; i < spapr->cpus->len; i++) {
        PowerPCCPU *cpu = cpu_at(spapr, i);
        const Kept *k = &r->kept[i];

        cpu->env.nip = k->nip;
        cpu->env.msr = k->msr;
        cpu->env.gpr[3] = k->gpr3;
        cpu->env.spr[SPR_PSSCR] = k->psscr;
        cpu->parent.halted = k->halted;
        spapr_cpu_state(cpu)->prod = k->prod;
    }
    spapr_write(spapr, r->base, r->memory, r->size);
    if (r->recalled) {
        xics_undo_recall((XicsState *)spapr->xics, r->recalled);
    }
    free_resume(r);
}

static void prepare(void *opaque, VMStateWire wire, bool running, GPtrArray *lost)
{
    spapr_resume_prepare(opaque, wire, running, lost);
}

static void undo(void *opaque)
{
    spapr_resume_undo(opaque);
}

void spapr_resume_init(SpaprMachine *spapr)
{
    static const MigrationWireOps ops = {prepare, undo};

    migration_set_wire_ops(&ops, spapr);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The base of every CPU: list, requests, queued work, debugging.  Threads are in cpus.c.
 */
#include "hw/core/cpu.h"

#include "internal.h"
#include "system/lock.h"
#include "system/runtime.h"
#include "util/error.h"

struct CPUWork {
    CPUWorkFunc *fn;
    void *opaque;
    bool exclusive;
    bool *done; /* run_on_cpu() waits for it */
};

static __thread CPUState *this_cpu;

CPUState *current_cpu(void)
{
    return this_cpu;
}

void cpu_set_current(CPUState *cpu)
{
    this_cpu = cpu;
}

/* ---- VMState ---- */

static bool crash_occurred_needed(void *opaque)
{
    return ((CPUState *)opaque)->crash_occurred;
}

static const VMStateDescription vmstate_crash = {
    .name = "cpu_common/crash_occurred",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = crash_occurred_needed,
    .fields = (const VMStateField[]){VMSTATE_BOOL(crash_occurred, CPUState), VMSTATE_END_OF_LIST()},
};

/* Requests to look at something, or to leave a block, belong to one process: the target makes its
 * own from the levels and latches that were loaded. */
#define PASSING_REQUESTS ((uint32_t)(CPU_INTERRUPT_HARD | CPU_INTERRUPT_EXITTB))

static bool common_pre_load(void *opaque, GError **errp)
{
    /* Its subsection comes only when it is set. */
    ((CPUState *)opaque)->crash_occurred = false;
    return true;
}

static bool common_pre_save(void *opaque, GError **errp)
{
    CPUState *cpu = opaque;

    cpu->wire_interrupts = cpu->interrupt_request & ~PASSING_REQUESTS;
    return true;
}

static bool common_post_load(void *opaque, int version_id, GError **errp)
{
    CPUState *cpu = opaque;

    cpu->interrupt_request = cpu->wire_interrupts & ~PASSING_REQUESTS;
    if (cpu->accel && cpu->accel->reset) {
        cpu->accel->reset(cpu);
    }
    return true;
}

const VMStateDescription vmstate_cpu_common = {
    .name = "cpu_common",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = common_pre_load,
    .pre_save = common_pre_save,
    .post_load = common_post_load,
    .fields =
        (const VMStateField[]){
            VMSTATE_UINT32(halted, CPUState),
            VMSTATE_UINT32(wire_interrupts, CPUState),
            VMSTATE_END_OF_LIST(),
        },
    .subsections = VMSTATE_SUBSECTIONS(&vmstate_crash),
    .derived = VMSTATE_NAMES("interrupt_request"),
    .immutable =
        VMSTATE_NAMES("ops", "accel", "as", "cpu_index", "cluster_index", "nr_threads",
                      "nr_cores", "numa_node", "start_powered_off", "tcg_ops"),
    .host_only =
        VMSTATE_NAMES("next", "created", "stop", "stopped", "unplug", "queued_start", "running",
                      "thread_id", "thread", "halt", "rcu", "work_lock", "work", "work_pending",
                      "singlestep_enabled", "breakpoints", "watchpoints", "watchpoint_hit",
                      "exit_request", "exception_index", "mem_io_pc", "accel_data"),
    VMSTATE_STRUCT_AUDIT(CPUState),
};

const DeviceClass cpu_class = {
    .name = "cpu",
    .parent = &device_class.object,
    .description = "CPU",
    .instance_size = sizeof(CPUState),
    .abstract = true,
    .category = DEVICE_CATEGORY_CPU,
};

/* ---- The list ---- */

void cpu_list_add(CPUState *cpu)
{
    CPUState **link = &core.first_cpu;

    while (*link && (*link)->cpu_index < cpu->cpu_index) {
        link = &(*link)->next;
    }
    cpu->next = *link;
    __atomic_store_n(link, cpu, __ATOMIC_RELEASE);
}

void cpu_list_remove(CPUState *cpu)
{
    for (CPUState **link = &core.first_cpu; *link; link = &(*link)->next) {
        if (*link == cpu) {
            __atomic_store_n(link, cpu->next, __ATOMIC_RELEASE);
            return;
        }
    }
}

CPUState *cpu_first(void)
{
    return __atomic_load_n(&core.first_cpu, __ATOMIC_ACQUIRE);
}

CPUState *cpu_next(CPUState *cpu)
{
    return __atomic_load_n(&cpu->next, __ATOMIC_ACQUIRE);
}

CPUState *cpu_get(int index)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        if (cpu->cpu_index == index) {
            return cpu;
        }
    }
    return NULL;
}

int cpu_count(void)
{
    CPUState *cpu;
    int count = 0;

    CPU_FOREACH(cpu)
    {
        count++;
    }
    return count;
}

/* ---- Life ---- */

bool cpu_base_init(CPUState *cpu, const CPUOps *ops, AddressSpace *as, int cpu_index, GError **errp)
{
    const VMStateDescription *vmsd = device_class_vmstate(device_get_class(&cpu->parent));

    if (cpu->parent.pending_error) {
        g_propagate_error(errp, g_steal_pointer(&cpu->parent.pending_error));
        return false;
    }
    if (cpu_get(cpu_index)) {
        error_setg(errp, "there already is a CPU %d", cpu_index);
        return false;
    }
    cpu->ops = ops;
    cpu->as = as;
    cpu->cpu_index = cpu_index;
    cpu->nr_threads = MAX(cpu->nr_threads, 1);
    cpu->nr_cores = MAX(cpu->nr_cores, 1);
    cpu->stopped = true;
    cpu->exception_index = -1;
    mutex_init(&cpu->work_lock);
    g_queue_init(&cpu->work);
    cpu->breakpoints = g_array_new(false, false, sizeof(CPUBreakpoint));
    cpu->watchpoints = g_ptr_array_new_with_free_func(g_free);
    cpu->accel = core.accel;
    if (cpu->accel && cpu->accel->cpu_init && !cpu->accel->cpu_init(cpu, errp)) {
        return false;
    }
    if (!vmstate_register(NULL, (uint32_t)cpu_index, &vmstate_cpu_common, cpu, errp) ||
        (vmsd && !vmstate_register(NULL, (uint32_t)cpu_index, vmsd, cpu, errp))) {
        vmstate_unregister(&vmstate_cpu_common, cpu);
        return false;
    }
    cpu_list_add(cpu);
    core_place_object(OBJECT(cpu), cpu->parent.id);
    cpu->parent.realized = true;
    return true;
}

void cpu_reset(CPUState *cpu)
{
    __atomic_store_n(&cpu->interrupt_request, 0, __ATOMIC_SEQ_CST);
    cpu->watchpoint_hit = NULL;
    cpu->exception_index = -1;
    cpu->crash_occurred = false;
    cpu_set_halted(cpu, cpu->start_powered_off);
    if (cpu->ops->reset) {
        cpu->ops->reset(cpu);
    }
    if (cpu->accel && cpu->accel->reset) {
        cpu->accel->reset(cpu);
    }
}

/* ---- Requests ---- */

void cpu_exit(CPUState *cpu)
{
    __atomic_store_n(&cpu->exit_request, 1, __ATOMIC_SEQ_CST);
    if (cpu->accel && cpu->accel->kick) {
        cpu->accel->kick(cpu);
    }
}

void cpu_kick(CPUState *cpu)
{
    CPUHalt *halt = __atomic_load_n(&cpu->halt, __ATOMIC_ACQUIRE);

    if (!cpu_is_self(cpu)) {
        CPUState *running = __atomic_load_n(&core.rr_current, __ATOMIC_SEQ_CST);

        cpu_exit(cpu);
        /* In round robin its thread is busy with another CPU. */
        if (running && running != cpu) {
            cpu_exit(running);
        }
    }
    if (halt && !__atomic_exchange_n(&halt->kicked, 1, __ATOMIC_SEQ_CST)) {
        mutex_lock(&halt->lock);
        cond_broadcast(&halt->cond);
        mutex_unlock(&halt->lock);
    }
}

void cpu_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_or(&cpu->interrupt_request, mask, __ATOMIC_SEQ_CST);
    if (cpu_is_self(cpu)) {
        cpu_exit(cpu);
    } else {
        cpu_kick(cpu);
    }
}

void cpu_reset_interrupt(CPUState *cpu, uint32_t mask)
{
    __atomic_fetch_and(&cpu->interrupt_request, ~mask, __ATOMIC_SEQ_CST);
}

bool cpu_has_work(CPUState *cpu)
{
    return cpu->ops->has_work(cpu);
}

void cpu_set_halted(CPUState *cpu, bool halted)
{
    __atomic_store_n(&cpu->halted, halted, __ATOMIC_SEQ_CST);
}

/* ---- Queued work ---- */

static void queue_work(CPUState *cpu, CPUWork work)
{
    mutex_lock(&cpu->work_lock);
    g_queue_push_tail(&cpu->work, g_memdup2(&work, sizeof(work)));
    __atomic_store_n(&cpu->work_pending, 1, __ATOMIC_SEQ_CST);
    mutex_unlock(&cpu->work_lock);
    if (cpu_is_self(cpu)) {
        cpu_exit(cpu);
    } else {
        cpu_kick(cpu);
    }
}

void async_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    queue_work(cpu, (CPUWork){.fn = fn, .opaque = opaque});
}

void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    queue_work(cpu, (CPUWork){.fn = fn, .opaque = opaque, .exclusive = true});
}

void async_run_on_all_cpus(CPUWorkFunc *fn, void *opaque)
{
    CPUState *cpu;

    CPU_FOREACH(cpu)
    {
        async_run_on_cpu(cpu, fn, opaque);
    }
}

/* Requests of others that wait for this CPU, while it waits itself: two that ask each other must
 * not stand still. Nothing else of its queue is run here. */
static void serve_waiters(CPUState *cpu)
{
    for (;;) {
        CPUWork *work = NULL;

        mutex_lock(&cpu->work_lock);
        for (GList *link = cpu->work.head; link && !work; link = link->next) {
            if (((CPUWork *)link->data)->done) {
                work = link->data;
                g_queue_delete_link(&cpu->work, link);
            }
        }
        mutex_unlock(&cpu->work_lock);
        if (!work) {
            return;
        }
        work->fn(cpu, work->opaque);
        *work->done = true;
        cond_broadcast(&core.work_cond);
        g_free(work);
    }
}

void run_on_cpu(CPUState *cpu, CPUWorkFunc *fn, void *opaque)
{
    CPUState *self = current_cpu();
    bool done = false;

    g_assert(device_lock_held());
    if (self == cpu || !cpu->created) {
        fn(cpu, opaque);
        return;
    }
    if (self && core.threading == VCPU_THREADS_SINGLE) {
        /* The one thread of all CPUs is this one. */
        cpu_set_current(cpu);
        fn(cpu, opaque);
        cpu_set_current(self);
        return;
    }
    queue_work(cpu, (CPUWork){.fn = fn, .opaque = opaque, .done = &done});
    /* It may be waiting here for another. */
    cond_broadcast(&core.work_cond);
    while (!done) {
        if (self) {
            serve_waiters(self);
        }
        if (!done) {
            device_lock_cond_wait(&core.work_cond);
        }
    }
}

void cpu_process_work(CPUState *cpu)
{
    for (;;) {
        CPUWork *work;

        mutex_lock(&cpu->work_lock);
        work = g_queue_pop_head(&cpu->work);
        if (!work) {
            __atomic_store_n(&cpu->work_pending, 0, __ATOMIC_SEQ_CST);
        }
        mutex_unlock(&cpu->work_lock);
        if (!work) {
            return;
        }
        if (work->exclusive) {
            device_unlock();
            start_exclusive();
            work->fn(cpu, work->opaque);
            end_exclusive();
            device_lock();
        } else {
            work->fn(cpu, work->opaque);
        }
        if (work->done) {
            *work->done = true;
            cond_broadcast(&core.work_cond);
        }
        g_free(work);
    }
}

/* ---- Debugging ---- */

static void debug_changed(CPUState *cpu)
{
    if (cpu->accel && cpu->accel->breakpoints_changed) {
        cpu->accel->breakpoints_changed(cpu);
    }
}

void cpu_breakpoint_insert(CPUState *cpu, vaddr pc, int flags)
{
    CPUBreakpoint bp = {pc, flags};

    /* gdb's first: it must see its stops. */
    if (flags & BP_GDB) {
        g_array_prepend_val(cpu->breakpoints, bp);
    } else {
        g_array_append_val(cpu->breakpoints, bp);
    }
    debug_changed(cpu);
}

bool cpu_breakpoint_remove(CPUState *cpu, vaddr pc, int flags)
{
    for (unsigned i = 0; i < cpu->breakpoints->len; i++) {
        const CPUBreakpoint *bp = &g_array_index(cpu->breakpoints, CPUBreakpoint, i);

        if (bp->pc == pc && bp->flags == flags) {
            g_array_remove_index(cpu->breakpoints, i);
            debug_changed(cpu);
            return true;
        }
    }
    return false;
}

void cpu_breakpoint_remove_all(CPUState *cpu, int mask)
{
    unsigned before = cpu->breakpoints->len;

    for (unsigned i = before; i-- > 0;) {
        if (g_array_index(cpu->breakpoints, CPUBreakpoint, i).flags & mask) {
            g_array_remove_index(cpu->breakpoints, i);
        }
    }
    if (cpu->breakpoints->len != before) {
        debug_changed(cpu);
    }
}

bool cpu_breakpoint_test(const CPUState *cpu, vaddr pc, int mask)
{
    for (unsigned i = 0; i < cpu->breakpoints->len; i++) {
        const CPUBreakpoint *bp = &g_array_index(cpu->breakpoints, CPUBreakpoint, i);

        if (bp->pc == pc && (bp->flags & mask)) {
            return true;
        }
    }
    return false;
}

bool cpu_watchpoint_insert(CPUState *cpu, vaddr addr, vaddr len, int flags)
{
    CPUWatchpoint *wp;

    if (!len || addr + (len - 1) < addr) {
        return false;
    }
    wp = g_new0(CPUWatchpoint, 1);
    wp->addr = addr;
    wp->len = len;
    wp->flags = flags;
    g_ptr_array_insert(cpu->watchpoints, flags & BP_GDB ? 0 : -1, wp);
    debug_changed(cpu);
    return true;
}

bool cpu_watchpoint_remove(CPUState *cpu, vaddr addr, vaddr len, int flags)
{
    for (unsigned i = 0; i < cpu->watchpoints->len; i++) {
        CPUWatchpoint *wp = g_ptr_array_index(cpu->watchpoints, i);

        if (wp->addr == addr && wp->len == len &&
            (wp->flags & ~(BP_HIT_READ | BP_HIT_WRITE)) == flags) {
            if (cpu->watchpoint_hit == wp) {
                cpu->watchpoint_hit = NULL;
            }
            g_ptr_array_remove_index(cpu->watchpoints, i);
            debug_changed(cpu);
            return true;
        }
    }
    return false;
}

void cpu_watchpoint_remove_all(CPUState *cpu, int mask)
{
    bool any = false;

    for (unsigned i = cpu->watchpoints->len; i-- > 0;) {
        CPUWatchpoint *wp = g_ptr_array_index(cpu->watchpoints, i);

        if (wp->flags & mask) {
            if (cpu->watchpoint_hit == wp) {
                cpu->watchpoint_hit = NULL;
            }
            g_ptr_array_remove_index(cpu->watchpoints, i);
            any = true;
        }
    }
    if (any) {
        debug_changed(cpu);
    }
}

CPUWatchpoint *cpu_watchpoint_match(CPUState *cpu, vaddr addr, vaddr len, bool is_write)
{
    vaddr last = addr + (len - 1);

    for (unsigned i = 0; i < cpu->watchpoints->len; i++) {
        CPUWatchpoint *wp = g_ptr_array_index(cpu->watchpoints, i);
        vaddr wp_last = wp->addr + (wp->len - 1);

        if ((wp->flags & (is_write ? BP_MEM_WRITE : BP_MEM_READ)) && addr <= wp_last &&
            wp->addr <= last) {
            return wp;
        }
    }
    return NULL;
}

void cpu_single_step(CPUState *cpu, int flags)
{
    if (cpu->singlestep_enabled != flags) {
        cpu->singlestep_enabled = flags;
        debug_changed(cpu);
    }
}

bool cpu_memory_rw_debug(CPUState *cpu, vaddr addr, void *buf, uint64_t len, bool is_write)
{
    uint8_t *p = buf;

    while (len) {
        uint64_t n = MIN(len, MEMORY_PAGE_SIZE - (addr & ~MEMORY_PAGE_MASK));
        MemTxAttrs attrs = {.debug = true};
        MemTxResult result;
        hwaddr phys;

        if (!cpu->ops->translate_debug(cpu, addr, &phys, &attrs)) {
            return false;
        }
        result = is_write ? address_space_write_rom(cpu->as, phys, attrs, p, n)
                          : address_space_read(cpu->as, phys, attrs, p, n);
        if (result) {
            return false;
        }
        addr += n;
        p += n;
        len -= n;
    }
    return true;
}

void cpu_dump_state(CPUState *cpu, GString *out, int flags)
{
    cpu_synchronize(cpu);
    if (cpu->ops->dump_state) {
        cpu->ops->dump_state(cpu, out, flags);
    }
}

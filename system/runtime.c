/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime's life, the device lock and the registry of state sections.
 */
#include "system/runtime.h"

#include <pthread.h>
#include "internal.h"
#include "system/lock.h"

Runtime *the_runtime;

static __thread bool lock_held;

void device_lock(void)
{
    g_assert(!lock_held);
    mutex_lock(&the_runtime->lock);
    lock_held = true;
}

void device_unlock(void)
{
    g_assert(lock_held);
    lock_held = false;
    mutex_unlock(&the_runtime->lock);
}

bool device_lock_held(void)
{
    return lock_held;
}

void device_lock_cond_wait(Cond *cond)
{
    g_assert(lock_held);
    lock_held = false;
    cond_wait(cond, &the_runtime->lock);
    lock_held = true;
}

bool device_lock_cond_wait_timeout(Cond *cond, int64_t ns)
{
    bool signalled;

    g_assert(lock_held);
    lock_held = false;
    signalled = cond_wait_timeout(cond, &the_runtime->lock, ns);
    lock_held = true;
    return signalled;
}

void runtime_init(void)
{
    static const ClockType types[3] = {CLOCK_TYPE_VIRTUAL, CLOCK_TYPE_REALTIME, CLOCK_TYPE_HOST};
    Runtime *rt = g_new0(Runtime, 1);

    g_assert(!the_runtime);
    the_runtime = rt;
    mutex_init(&rt->lock);
    rt->main_thread = pthread_self();
    device_lock();
    for (int i = 0; i < 3; i++) {
        rt->clocks[i] = clock_new(types[i]);
    }
    rt->registry = state_registry_new();
    rcu_state_init(&rt->rcu);
    runstate_data_init(&rt->run);
    loop_state_init(&rt->loop);
    memory_state_init(&rt->memory);
    rtc_state_init(&rt->rtc);
    clock_state_init(&rt->clock_state);
    state_registry_add(rt->registry, NULL, 0, &vmstate_clock, &rt->clock_state, NULL);
    reset_node_init(&rt->reset_root, NULL, NULL);
}

void runtime_cleanup(void)
{
    Runtime *rt = the_runtime;

    g_assert(device_lock_held());
    jobs_cleanup();
    memory_state_cleanup(&rt->memory);
    rcu_state_cleanup(&rt->rcu);
    loop_state_cleanup(&rt->loop);
    runstate_data_cleanup(&rt->run);
    reset_node_destroy(&rt->reset_root);
    g_clear_pointer(&rt->reset_functions, g_array_unref);
    state_registry_free(rt->registry);
    for (int i = 0; i < 3; i++) {
        clock_free(rt->clocks[i]);
    }
    device_unlock();
    mutex_destroy(&rt->lock);
    the_runtime = NULL;
    g_free(rt);
}

bool runtime_exists(void)
{
    return the_runtime != NULL;
}

bool runtime_is_main_thread(void)
{
    return pthread_equal(the_runtime->main_thread, pthread_self());
}

Clock *clock_virtual(void)
{
    return the_runtime->clocks[0];
}

Clock *clock_realtime(void)
{
    return the_runtime->clocks[1];
}

Clock *clock_host(void)
{
    return the_runtime->clocks[2];
}

StateRegistry *runtime_state_registry(void)
{
    return the_runtime->registry;
}

bool vmstate_register(const char *dev_id, uint32_t instance_id, const VMStateDescription *vmsd,
                      void *opaque, GError **errp)
{
    return state_registry_add(the_runtime->registry, dev_id, instance_id, vmsd, opaque, errp);
}

void vmstate_unregister(const VMStateDescription *vmsd, void *opaque)
{
    state_registry_remove(the_runtime->registry, vmsd, opaque);
}

VMStateWire vmstate_wire(void)
{
    return the_runtime ? state_registry_wire(the_runtime->registry) : VMSTATE_WIRE_OWN;
}

bool vmstate_wire_is_own(void)
{
    return vmstate_wire() == VMSTATE_WIRE_OWN;
}

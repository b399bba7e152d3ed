/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The region tree and its flat views.
 *
 * Rendering walks the tree from an address space's root, siblings by falling priority, and lets
 * each region fill what is still free of its part of the address range; so whatever is found first
 * stays on top.  Arithmetic is 128 bits wide: a region may be 2^64 bytes long, and an alias's
 * window may begin before address 0.
 */
#include "system/memory.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/rcu.h"

typedef __int128 Wide;

static Wide wide_size(const MemoryRegion *mr)
{
    return mr->size == UINT64_MAX ? (Wide)1 << 64 : (Wide)mr->size;
}

static MemoryState *state(void)
{
    return &the_runtime->memory;
}

/* ---- Regions ---- */

void memory_region_init(MemoryRegion *mr, void *owner, const char *name, uint64_t size)
{
    memset(mr, 0, sizeof(*mr));
    mr->kind = MEMORY_CONTAINER;
    mr->name = g_strdup(name ? name : "anonymous");
    mr->owner = owner;
    mr->size = size;
    mr->enabled = true;
}

void memory_region_init_io(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops, void *opaque,
                           const char *name, uint64_t size)
{
    memory_region_init(mr, owner, name, size);
    mr->kind = MEMORY_IO;
    mr->ops = ops;
    mr->opaque = opaque;
}

static bool init_backed(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                        MemoryRegionKind kind, void *host, bool share, const char *path,
                        GError **errp)
{
    memory_region_init(mr, owner, name, size);
    mr->kind = kind;
    mr->ram_block = ram_block_create(mr, name, size, host, share, path, kind == MEMORY_ROM, errp);
    if (!mr->ram_block) {
        g_clear_pointer(&mr->name, g_free);
        return false;
    }
    mr->readonly = kind == MEMORY_ROM;
    return true;
}

bool memory_region_init_ram(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            GError **errp)
{
    return init_backed(mr, owner, name, size, MEMORY_RAM, NULL, false, NULL, errp);
}

bool memory_region_init_rom(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                            GError **errp)
{
    return init_backed(mr, owner, name, size, MEMORY_ROM, NULL, false, NULL, errp);
}

bool memory_region_init_ram_from_file(MemoryRegion *mr, void *owner, const char *name,
                                      uint64_t size, bool share, const char *path, GError **errp)
{
    return init_backed(mr, owner, name, size, MEMORY_RAM, NULL, share, path, errp);
}

void memory_region_init_ram_ptr(MemoryRegion *mr, void *owner, const char *name, uint64_t size,
                                void *ptr)
{
    GError *error = NULL;

    if (!init_backed(mr, owner, name, size, MEMORY_RAM, ptr, false, NULL, &error)) {
        g_error("%s", error->message);
    }
}

bool memory_region_init_rom_device(MemoryRegion *mr, void *owner, const MemoryRegionOps *ops,
                                   void *opaque, const char *name, uint64_t size, GError **errp)
{
    if (!init_backed(mr, owner, name, size, MEMORY_ROM_DEVICE, NULL, false, NULL, errp)) {
        return false;
    }
    mr->ops = ops;
    mr->opaque = opaque;
    mr->romd_mode = true;
    return true;
}

void memory_region_init_alias(MemoryRegion *mr, void *owner, const char *name, MemoryRegion *orig,
                              hwaddr offset, uint64_t size)
{
    memory_region_init(mr, owner, name, size);
    mr->kind = MEMORY_ALIAS;
    mr->alias = orig;
    mr->alias_offset = offset;
}

void memory_region_destroy(MemoryRegion *mr)
{
    if (!mr->name) {
        return;
    }
    g_assert(!mr->container);
    while (mr->subregions && mr->subregions->len) {
        memory_region_del_subregion(mr, g_ptr_array_index(mr->subregions, 0));
    }
    g_clear_pointer(&mr->subregions, g_ptr_array_unref);
    if (mr->ram_block) {
        ram_block_free(mr->ram_block);
        mr->ram_block = NULL;
    }
    g_clear_pointer(&mr->name, g_free);
}

bool memory_region_is_ram(const MemoryRegion *mr)
{
    return mr->kind == MEMORY_RAM || mr->kind == MEMORY_ROM;
}

void *memory_region_get_ram_ptr(MemoryRegion *mr)
{
    hwaddr offset = 0;

    while (mr->alias) {
        offset += mr->alias_offset;
        mr = mr->alias;
    }
    return mr->ram_block ? mr->ram_block->host + offset : NULL;
}

ram_addr_t memory_region_get_ram_addr(MemoryRegion *mr)
{
    hwaddr offset = 0;

    while (mr->alias) {
        offset += mr->alias_offset;
        mr = mr->alias;
    }
    return mr->ram_block ? mr->ram_block->offset + offset : UINT64_MAX;
}

void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size)
{
    while (mr->alias) {
        offset += mr->alias_offset;
        mr = mr->alias;
    }
    g_assert(mr->ram_block);
    ram_written(mr->ram_block, offset, size);
}

/* ---- Changes ---- */

static void changed(void)
{
    memory_region_transaction_begin();
    state()->changed = true;
    memory_region_transaction_commit();
}

static bool overlaps(const MemoryRegion *a, const MemoryRegion *b)
{
    return (Wide)a->addr < (Wide)b->addr + wide_size(b) &&
           (Wide)b->addr < (Wide)a->addr + wide_size(a);
}

static void add(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub, int priority, bool may_overlap)
{
    unsigned at = 0;

    g_assert(!sub->container && mr->kind != MEMORY_ALIAS);
    sub->container = mr;
    sub->addr = offset;
    sub->priority = priority;
    sub->may_overlap = may_overlap;
    if (!mr->subregions) {
        mr->subregions = g_ptr_array_new();
    }
    for (unsigned i = 0; !may_overlap && i < mr->subregions->len; i++) {
        const MemoryRegion *other = g_ptr_array_index(mr->subregions, i);

        if (!other->may_overlap && overlaps(other, sub)) {
            g_error("memory regions '%s' and '%s' overlap in '%s'", sub->name, other->name,
                    mr->name);
        }
    }
    while (at < mr->subregions->len &&
           ((MemoryRegion *)g_ptr_array_index(mr->subregions, at))->priority > priority) {
        at++;
    }
    g_ptr_array_insert(mr->subregions, (gint)at, sub);
    changed();
}

void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub)
{
    add(mr, offset, sub, 0, false);
}

void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub,
                                         int priority)
{
    add(mr, offset, sub, priority, true);
}

void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub)
{
    g_assert(sub->container == mr);
    g_ptr_array_remove(mr->subregions, sub);
    sub->container = NULL;
    changed();
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    if (mr->enabled != enabled) {
        mr->enabled = enabled;
        changed();
    }
}

void memory_region_set_address(MemoryRegion *mr, hwaddr addr)
{
    MemoryRegion *container = mr->container;

    if (addr == mr->addr) {
        return;
    }
    if (!container) {
        mr->addr = addr;
        return;
    }
    memory_region_transaction_begin();
    memory_region_del_subregion(container, mr);
    add(container, addr, mr, mr->priority, mr->may_overlap);
    memory_region_transaction_commit();
}

void memory_region_set_size(MemoryRegion *mr, uint64_t size)
{
    if (mr->size != size) {
        mr->size = size;
        changed();
    }
}

void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset)
{
    g_assert(mr->alias);
    if (mr->alias_offset != offset) {
        mr->alias_offset = offset;
        changed();
    }
}

void memory_region_set_readonly(MemoryRegion *mr, bool readonly)
{
    if (mr->readonly != readonly) {
        mr->readonly = readonly;
        changed();
    }
}

void memory_region_rom_device_set_romd(MemoryRegion *mr, bool romd_mode)
{
    g_assert(mr->kind == MEMORY_ROM_DEVICE);
    if (mr->romd_mode != romd_mode) {
        mr->romd_mode = romd_mode;
        changed();
    }
}

/* ---- Rendering ---- */

static const MemorySection *section_at(const GArray *sections, unsigned i)
{
    return &g_array_index(sections, MemorySection, i);
}

static Wide section_end(const MemorySection *s)
{
    return (Wide)s->addr + (s->size ? (Wide)s->size : (Wide)1 << 64);
}

/* Puts mr's part [start, end) of the address space, whose first byte is `offset` in mr, at index.
 */
static void insert(GArray *sections, unsigned index, MemoryRegion *mr, Wide start, Wide end,
                   Wide offset, bool readonly)
{
    MemorySection s = {
        .addr = (hwaddr)start,
        .size = (uint64_t)(end - start),
        .mr = mr,
        .offset = (hwaddr)offset,
        .readonly = readonly || mr->readonly || mr->kind == MEMORY_ROM_DEVICE,
        .romd = mr->kind == MEMORY_ROM_DEVICE && mr->romd_mode,
    };

    if (mr->ram_block && (mr->kind != MEMORY_ROM_DEVICE || mr->romd_mode)) {
        s.host = mr->ram_block->host + (hwaddr)offset;
        s.ram_block = mr->ram_block;
        s.ram_offset = (hwaddr)offset;
    }
    g_array_insert_val(sections, index, s);
}

static void render(GArray *sections, MemoryRegion *mr, Wide base, Wide clip_start, Wide clip_end,
                   bool readonly)
{
    Wide start, end, at;
    unsigned i = 0;

    if (!mr->enabled) {
        return;
    }
    base += mr->addr;
    start = MAX(base, clip_start);
    end = MIN(base + wide_size(mr), clip_end);
    if (start >= end) {
        return;
    }
    readonly |= mr->readonly;
    if (mr->alias) {
        render(sections, mr->alias, base - (Wide)mr->alias->addr - (Wide)mr->alias_offset, start,
               end, readonly);
        return;
    }
    for (unsigned n = 0; mr->subregions && n < mr->subregions->len; n++) {
        render(sections, g_ptr_array_index(mr->subregions, n), base, start, end, readonly);
    }
    if (mr->kind == MEMORY_CONTAINER) {
        return;
    }
    /* Fill the gaps that are left. */
    for (at = start; at < end;) {
        Wide stop = end;

        while (i < sections->len && section_end(section_at(sections, i)) <= at) {
            i++;
        }
        if (i < sections->len && (Wide)section_at(sections, i)->addr <= at) {
            at = section_end(section_at(sections, i));
            continue;
        }
        if (i < sections->len) {
            stop = MIN(stop, (Wide)section_at(sections, i)->addr);
        }
        insert(sections, i, mr, at, stop, at - base, readonly);
        at = stop;
    }
}

static bool continues(const MemorySection *a, const MemorySection *b)
{
    return section_end(a) == (Wide)b->addr && a->mr == b->mr && a->readonly == b->readonly &&
           a->romd == b->romd && (hwaddr)(a->offset + a->size) == b->offset;
}

static void merge(GArray *sections)
{
    unsigned to = 0;

    for (unsigned i = 1; i < sections->len; i++) {
        MemorySection *last = &g_array_index(sections, MemorySection, to);

        if (continues(last, section_at(sections, i))) {
            last->size += section_at(sections, i)->size;
        } else {
            g_array_index(sections, MemorySection, ++to) = *section_at(sections, i);
        }
    }
    if (sections->len) {
        g_array_set_size(sections, to + 1);
    }
}

static FlatView *make_view(MemoryRegion *root)
{
    GArray *sections = g_array_new(false, false, sizeof(MemorySection));
    FlatView *view = g_new0(FlatView, 1);

    if (root) {
        render(sections, root, 0, 0, (Wide)1 << 64, false);
        merge(sections);
    }
    view->references = 1;
    view->n_sections = sections->len;
    view->sections = (const MemorySection *)g_array_free(sections, false);
    return view;
}

static void free_view(gpointer data)
{
    FlatView *view = data;

    g_free((gpointer)view->sections);
    g_free(view);
}

static bool same_view(const FlatView *a, const FlatView *b)
{
    if (a->n_sections != b->n_sections) {
        return false;
    }
    for (unsigned i = 0; i < a->n_sections; i++) {
        const MemorySection *x = &a->sections[i], *y = &b->sections[i];

        if (x->addr != y->addr || x->size != y->size || x->mr != y->mr || x->offset != y->offset ||
            x->host != y->host || x->readonly != y->readonly || x->romd != y->romd) {
            return false;
        }
    }
    return true;
}

static void update_space(AddressSpace *as)
{
    MemoryState *memory = state();
    FlatView *old = as->view, *view = make_view(as->root);

    if (old && same_view(old, view)) {
        free_view(view);
        return;
    }
    view->generation = __atomic_add_fetch(&memory->generation, 1, __ATOMIC_SEQ_CST);
    rcu_publish(&as->view, view);
    for (unsigned i = 0; i < memory->listeners->len; i++) {
        MemoryListener *listener = g_ptr_array_index(memory->listeners, i);

        if (listener->changed) {
            listener->changed(listener, as);
        }
    }
    if (old) {
        rcu_free_later(free_view, old);
    }
}

void memory_region_transaction_begin(void)
{
    g_assert(device_lock_held());
    state()->depth++;
}

void memory_region_transaction_commit(void)
{
    MemoryState *memory = state();

    g_assert(memory->depth);
    if (--memory->depth || !memory->changed) {
        return;
    }
    memory->changed = false;
    for (unsigned i = 0; i < memory->spaces->len; i++) {
        update_space(g_ptr_array_index(memory->spaces, i));
    }
}

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name)
{
    *as = (AddressSpace){.name = g_strdup(name ? name : "anonymous"), .root = root};
    g_ptr_array_add(state()->spaces, as);
    update_space(as);
}

void address_space_destroy(AddressSpace *as)
{
    g_ptr_array_remove(state()->spaces, as);
    rcu_free_later(free_view, as->view);
    as->view = NULL;
    g_clear_pointer(&as->name, g_free);
}

AddressSpace *address_space_memory(void)
{
    return &state()->memory;
}

MemoryRegion *get_system_memory(void)
{
    return &state()->system;
}

void memory_listener_register(MemoryListener *listener)
{
    g_ptr_array_add(state()->listeners, listener);
}

void memory_listener_unregister(MemoryListener *listener)
{
    g_ptr_array_remove(state()->listeners, listener);
}

uint64_t memory_map_generation(void)
{
    return __atomic_load_n(&state()->generation, __ATOMIC_SEQ_CST);
}

void memory_state_init(MemoryState *memory)
{
    memory->spaces = g_ptr_array_new();
    memory->blocks = g_ptr_array_new();
    memory->listeners = g_ptr_array_new();
    memory_region_init(&memory->system, NULL, "system", UINT64_MAX);
    address_space_init(&memory->memory, &memory->system, "memory");
}

void memory_state_cleanup(MemoryState *memory)
{
    address_space_destroy(&memory->memory);
    memory_region_destroy(&memory->system);
    g_ptr_array_unref(memory->spaces);
    g_ptr_array_unref(memory->blocks);
    g_ptr_array_unref(memory->listeners);
}

/* ---- info mtree ---- */

static const char *kind_name(const MemoryRegion *mr)
{
    switch (mr->kind) {
    case MEMORY_RAM:
        return mr->readonly ? "rom" : "ram";
    case MEMORY_ROM:
        return "rom";
    case MEMORY_ROM_DEVICE:
        return mr->romd_mode ? "romd" : "i/o";
    default:
        return "i/o";
    }
}

static void print_region(GString *out, const MemoryRegion *mr, Wide base, unsigned level,
                         bool show_disabled, GPtrArray *aliases)
{
    Wide start = base + mr->addr, end = start + wide_size(mr) - 1;
    GPtrArray *sorted;

    if (!mr->enabled && !show_disabled) {
        return;
    }
    g_string_append_printf(out, "%*s" HWADDR_FMT "-" HWADDR_FMT " (prio %d, %s): ", (int)level * 2,
                           "", (hwaddr)start, (hwaddr)end, mr->priority, kind_name(mr));
    if (mr->alias) {
        g_string_append_printf(out, "alias %s @%s " HWADDR_FMT "-" HWADDR_FMT, mr->name,
                               mr->alias->name, mr->alias_offset,
                               (hwaddr)(mr->alias_offset + mr->size - 1));
        if (!g_ptr_array_find(aliases, mr->alias, NULL)) {
            g_ptr_array_add(aliases, mr->alias);
        }
    } else {
        g_string_append(out, mr->name);
    }
    g_string_append(out, mr->enabled ? "\n" : " [disabled]\n");
    if (!mr->subregions) {
        return;
    }
    /* By address, then by falling priority: the array has the latter order already. */
    sorted = g_ptr_array_new();
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        MemoryRegion *sub = g_ptr_array_index(mr->subregions, i);
        unsigned at = 0;

        while (at < sorted->len &&
               ((MemoryRegion *)g_ptr_array_index(sorted, at))->addr <= sub->addr) {
            at++;
        }
        g_ptr_array_insert(sorted, (gint)at, sub);
    }
    for (unsigned i = 0; i < sorted->len; i++) {
        print_region(out, g_ptr_array_index(sorted, i), start, level + 1, show_disabled, aliases);
    }
    g_ptr_array_unref(sorted);
}

static void print_flat(GString *out, const AddressSpace *as, unsigned index)
{
    const FlatView *view = as->view;

    g_string_append_printf(out, "FlatView #%u\n AS \"%s\", root: %s\n", index, as->name,
                           as->root ? as->root->name : "(none)");
    for (unsigned i = 0; i < view->n_sections; i++) {
        const MemorySection *s = &view->sections[i];

        g_string_append_printf(
            out, "  " HWADDR_FMT "-" HWADDR_FMT " (prio %d, %s): %s", s->addr,
            s->addr + s->size - 1, s->mr->priority,
            s->readonly && memory_region_is_ram(s->mr) ? "rom" : kind_name(s->mr), s->mr->name);
        if (s->offset) {
            g_string_append_printf(out, " @" HWADDR_FMT, s->offset);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, view->n_sections ? "\n" : "  No rendered FlatView\n\n");
}

void memory_print_tree(GString *out, bool flat, bool show_disabled)
{
    MemoryState *memory = state();
    GPtrArray *aliases = g_ptr_array_new();

    for (unsigned i = 0; i < memory->spaces->len; i++) {
        const AddressSpace *as = g_ptr_array_index(memory->spaces, i);

        if (flat) {
            print_flat(out, as, i);
            continue;
        }
        g_string_append_printf(out, "address-space: %s\n", as->name);
        if (as->root) {
            print_region(out, as->root, 0, 1, show_disabled, aliases);
        }
        g_string_append_c(out, '\n');
    }
    /* Regions that are seen only through aliases; printing one may find more. */
    for (unsigned i = 0; i < aliases->len; i++) {
        const MemoryRegion *mr = g_ptr_array_index(aliases, i);

        g_string_append_printf(out, "memory-region: %s\n", mr->name);
        print_region(out, mr, -(Wide)mr->addr, 1, show_disabled, aliases);
        g_string_append_c(out, '\n');
    }
    g_ptr_array_unref(aliases);
}

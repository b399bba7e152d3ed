/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The composition tree: children, links, paths and listings.
 *
 * The root is one of the process's few globals: there is one machine, and paths are looked up from
 * properties and monitors that have nothing else in hand (tests/structure/globals-allowed.txt).
 */
#include "object/object.h"

#include <string.h>
#include "util/cutils.h"
#include "util/error.h"

static const ObjectClass container_class = {.name = "container",
                                            .instance_size = sizeof(Object),
                                            .description = "a place for other objects"};

static Object *root_object;

Object *object_root(void)
{
    if (!root_object) {
        root_object = object_new(&container_class);
    }
    return root_object;
}

Object *object_child(const Object *parent, const char *name)
{
    for (unsigned i = 0; parent->children && i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);

        if (!strcmp(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

static bool name_taken(const Object *parent, const char *name)
{
    if (object_child(parent, name)) {
        return true;
    }
    for (unsigned i = 0; parent->links && i < parent->links->len; i++) {
        if (!strcmp(g_array_index(parent->links, ObjectLink, i).name, name)) {
            return true;
        }
    }
    return false;
}

bool object_add_child(Object *parent, const char *name, Object *child, GError **errp)
{
    char *given;

    g_assert(!child->parent);
    if (g_str_has_suffix(name, "[*]")) {
        unsigned n = 0;

        given = NULL;
        do {
            g_free(given);
            given = g_strdup_printf("%.*s[%u]", (int)strlen(name) - 3, name, n++);
        } while (name_taken(parent, given));
    } else {
        given = g_strdup(name);
        if (!*name || strchr(name, '/') || name_taken(parent, name)) {
            char *path = object_path(parent);

            error_set(errp, GOSSAMER_ERROR_INVALID,
                      name_taken(parent, name) ? "'%s' already has a child '%s'"
                                               : "'%s' cannot have a child '%s'",
                      path ? path : parent->class->name, name);
            g_free(path);
            g_free(given);
            return false;
        }
    }
    child->parent = parent;
    child->name = given;
    if (!parent->children) {
        parent->children = g_ptr_array_new();
    }
    g_ptr_array_add(parent->children, child);
    return true;
}

Object *object_container(Object *parent, const char *name)
{
    Object *obj = object_child(parent, name);

    if (!obj) {
        obj = object_new(&container_class);
        if (!object_add_child(parent, name, obj, NULL)) {
            g_error("no place for container '%s'", name);
        }
    }
    return obj;
}

void object_unparent(Object *obj)
{
    if (!obj->parent) {
        return;
    }
    g_ptr_array_remove(obj->parent->children, obj);
    obj->parent = NULL;
    g_clear_pointer(&obj->name, g_free);
    object_unref(obj);
}

static void clear_link(gpointer data)
{
    g_free(((ObjectLink *)data)->name);
}

void object_add_link(Object *obj, const char *name, Object **target)
{
    ObjectLink link = {g_strdup(name), target};

    if (!obj->links) {
        obj->links = g_array_new(false, false, sizeof(ObjectLink));
        g_array_set_clear_func(obj->links, clear_link);
    }
    g_array_append_val(obj->links, link);
}

char *object_path(const Object *obj)
{
    GString *path = g_string_new(NULL);

    for (; obj->parent; obj = obj->parent) {
        g_string_prepend(path, obj->name);
        g_string_prepend_c(path, '/');
    }
    if (obj != root_object) {
        g_string_free(path, true);
        return NULL;
    }
    return path->len ? g_string_free(path, false) : (g_string_free(path, true), g_strdup("/"));
}

static Object *resolve_from(Object *obj, char **parts)
{
    for (; obj && *parts; parts++) {
        Object *next;

        if (!**parts) {
            continue;
        }
        next = object_child(obj, *parts);
        for (unsigned i = 0; !next && obj->links && i < obj->links->len; i++) {
            const ObjectLink *link = &g_array_index(obj->links, ObjectLink, i);

            if (!strcmp(link->name, *parts)) {
                next = *link->target;
            }
        }
        obj = next;
    }
    return obj;
}

static Object *resolve_partial(Object *obj, char **parts, bool *ambiguous)
{
    Object *found = resolve_from(obj, parts);

    for (unsigned i = 0; obj->children && i < obj->children->len && !*ambiguous; i++) {
        Object *other = resolve_partial(g_ptr_array_index(obj->children, i), parts, ambiguous);

        if (other && found && other != found) {
            *ambiguous = true;
        } else if (other) {
            found = other;
        }
    }
    return *ambiguous ? NULL : found;
}

Object *object_resolve_path(const char *path, bool *ambiguous)
{
    char **parts = g_strsplit(path, "/", -1);
    bool several = false;
    Object *obj = NULL;

    if (*path == '/') {
        obj = resolve_from(object_root(), parts);
    } else if (*path) {
        obj = resolve_partial(object_root(), parts, &several);
    }
    if (ambiguous) {
        *ambiguous = several;
    }
    g_strfreev(parts);
    return obj;
}

int object_foreach_child(Object *obj, int (*fn)(Object *child, void *opaque), void *opaque,
                         bool recursive)
{
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        Object *child = g_ptr_array_index(obj->children, i);
        int result = fn(child, opaque);

        if (!result && recursive) {
            result = object_foreach_child(child, fn, opaque, true);
        }
        if (result) {
            return result;
        }
    }
    return 0;
}

static void clear_item(gpointer data)
{
    ObjectListItem *item = data;

    g_free(item->name);
    g_free(item->type);
}

static void list_property(const Property *prop, void *opaque)
{
    ObjectListItem item = {g_strdup(prop->name), NULL};

    if (prop->type == &property_type_link) {
        item.type = g_strdup_printf("link<%s>", prop->data ? (const char *)prop->data : "object");
    } else {
        item.type = g_strdup(prop->type->name);
    }
    g_array_append_val((GArray *)opaque, item);
}

GArray *object_list(Object *obj)
{
    GArray *list = g_array_new(false, false, sizeof(ObjectListItem));
    ObjectListItem item = {g_strdup("type"), g_strdup("string")};

    g_array_set_clear_func(list, clear_item);
    g_array_append_val(list, item);
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        Object *child = g_ptr_array_index(obj->children, i);

        item = (ObjectListItem){g_strdup(child->name),
                                g_strdup_printf("child<%s>", child->class->name)};
        g_array_append_val(list, item);
    }
    for (unsigned i = 0; obj->links && i < obj->links->len; i++) {
        const ObjectLink *link = &g_array_index(obj->links, ObjectLink, i);

        item = (ObjectListItem){
            g_strdup(link->name),
            g_strdup_printf("link<%s>", *link->target ? (*link->target)->class->name : "object")};
        g_array_append_val(list, item);
    }
    object_foreach_property(obj, list_property, list);
    return list;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Object *const *)a)->name, (*(Object *const *)b)->name);
}

void object_print_tree(Object *obj, GString *out, unsigned indent)
{
    GPtrArray *sorted = g_ptr_array_new();

    g_string_append_printf(out, "%*s/%s (%s)\n", (int)indent, "", obj->name ? obj->name : "",
                           obj->class->name);
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        g_ptr_array_add(sorted, g_ptr_array_index(obj->children, i));
    }
    g_ptr_array_sort(sorted, compare_names);
    for (unsigned i = 0; i < sorted->len; i++) {
        object_print_tree(g_ptr_array_index(sorted, i), out, indent + 2);
    }
    g_ptr_array_unref(sorted);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: a struct that begins with Object, described by a constant class row, at a place in the
 * composition tree (/machine/peripheral/id, /machine/unattached/device[0]).
 *
 * A class row is an ObjectClass or a struct that begins with OBJECT_CLASS_FIELDS inside an
 * anonymous union with ObjectClass (see DeviceClass), so that rows read `.name = "spapr-vty",
 * .parent = ...`. Lock: creation, tree and properties belong to whoever holds the device lock.
 */
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include "object/property.h"

typedef struct ObjectClass ObjectClass;

#define OBJECT_CLASS_FIELDS                                                                        \
    const char *name;           /* type name */                                                    \
    const ObjectClass *parent;  /* row of the class this one extends; NULL: "object" */            \
    const char *description;    /* one line for help listings */                                   \
    size_t instance_size;       /* of the whole struct */                                          \
    const Property *properties; /* ended by DEFINE_PROP_END_OF_LIST(); NULL: none of its own */    \
    bool abstract;              /* cannot be created */                                            \
    void (*instance_init)(Object * obj); /* after zeroing and defaults; the parent's runs first */ \
    void (*instance_finalize)(Object * obj) /* the parent's runs last */

struct ObjectClass {
    OBJECT_CLASS_FIELDS;
};

struct Object {
    const ObjectClass *class;
    Object *parent;      /* in the composition tree; NULL: not in it */
    char *name;          /* last part of its path */
    GPtrArray *children; /* Object *, in the order added; NULL: none */
    GArray *links;       /* extra named pointers for the tree's listing (ObjectLink) */
    GPtrArray *dynamic;  /* Property *, added to this object only */
    unsigned references;
};

typedef struct ObjectLink {
    char *name;
    Object **target;
} ObjectLink;

#define OBJECT(obj) ((Object *)(obj))

/* Allocates, zeroes, sets defaults (parents' rows first), runs instance_init. One reference. */
Object *object_new(const ObjectClass *class);
/* The same in memory the caller owns (embedded object); object_unref() finalizes but does not free.
 */
void object_init(Object *obj, const ObjectClass *class);
void object_ref(Object *obj);
/* The last one removes it from the tree, finalizes and frees. NULL allowed. */
void object_unref(Object *obj);

/* True if obj's class or an ancestor has that row (that name). */
static inline bool object_is_a(const Object *obj, const ObjectClass *class)
{
    for (const ObjectClass *c = obj->class; c; c = c->parent) {
        if (c == class) {
            return true;
        }
    }
    return false;
}
bool object_is_a_name(const Object *obj, const char *class_name);
bool object_class_is_a_name(const ObjectClass *class, const char *class_name);

/* A checked cast: asserts in debug builds, costs nothing otherwise. `class` is a pointer to a row.
 */
#ifdef NDEBUG
#define OBJECT_CHECK(type, obj, class_ptr) ((type *)(obj))
#else
#define OBJECT_CHECK(type, obj, class_ptr)                                                         \
    ((type *)object_check_cast((Object *)(obj), (const ObjectClass *)(class_ptr), __FILE__,        \
                               __LINE__))
#endif
Object *object_check_cast(Object *obj, const ObjectClass *class, const char *file, int line);

/* ---- Composition tree ---- */
/* The root "/", made on first use. */
Object *object_root(void);
/* A plain node without state. */
Object *object_container(Object *parent, const char *name);
/* A child's name may end in "[*]": the first free number. Takes over the caller's reference. The
 * name must be free, else an error. */
bool object_add_child(Object *parent, const char *name, Object *child, GError **errp);
/* Drops the parent's reference. */
void object_unparent(Object *obj);
Object *object_child(const Object *parent, const char *name);
/* A named pointer shown as link<class> (bus of a device, serial port of a machine). */
void object_add_link(Object *obj, const char *name, Object **target);
/* "/machine/unattached/device[0]" (g_malloc); NULL if not in the tree. */
char *object_path(const Object *obj);
/* By absolute path, or by a partial one that matches one object only (*ambiguous set if several).
 */
Object *object_resolve_path(const char *path, bool *ambiguous);
/* Calls fn for every object below obj, depth first, until it returns non-zero; returns that. */
int object_foreach_child(Object *obj, int (*fn)(Object *child, void *opaque), void *opaque,
                         bool recursive);

/* ---- Properties ---- */
const Property *object_find_property(const Object *obj, const char *name);
const Property *object_class_find_property(const ObjectClass *class, const char *name);
/* Adds a row to one object; it is copied, its name and help too. */
void object_add_property(Object *obj, const Property *prop);
/* Calls fn for each row: the object's own, its class's, its parents'. */
void object_foreach_property(const Object *obj, void (*fn)(const Property *prop, void *opaque),
                             void *opaque);
void object_class_foreach_property(const ObjectClass *class,
                                   void (*fn)(const Property *prop, void *opaque), void *opaque);

/* Unknown names, unfit values and read-only rows are errors that name object, property and value.
 */
bool object_property_set(Object *obj, const char *name, const PropertyValue *value, GError **errp);
bool object_property_get(Object *obj, const char *name, PropertyValue *value, GError **errp);
/* Text as from the command line. */
bool object_property_parse(Object *obj, const char *name, const char *text, GError **errp);
bool object_property_set_str(Object *obj, const char *name, const char *value, GError **errp);
bool object_property_set_bool(Object *obj, const char *name, bool value, GError **errp);
bool object_property_set_int(Object *obj, const char *name, int64_t value, GError **errp);
bool object_property_set_uint(Object *obj, const char *name, uint64_t value, GError **errp);
bool object_property_set_link(Object *obj, const char *name, Object *target, GError **errp);
/* Text as the monitor prints it (g_malloc), NULL with an error. */
char *object_property_get_text(Object *obj, const char *name, GError **errp);
char *object_property_get_str(Object *obj, const char *name, GError **errp);
bool object_property_get_bool(Object *obj, const char *name, GError **errp);
int64_t object_property_get_int(Object *obj, const char *name, GError **errp);
uint64_t object_property_get_uint(Object *obj, const char *name, GError **errp);

/* ---- For qom-list: children, links and properties ---- */
typedef struct ObjectListItem {
    char *name, *type;
} ObjectListItem;
/* GArray of ObjectListItem with a clear function; g_array_unref() frees all. */
GArray *object_list(Object *obj);
/* "info qom-tree": one line for each object, two spaces for each level. */
void object_print_tree(Object *obj, GString *out, unsigned indent);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: creation from class rows, properties by name.
 */
#include "object/object.h"

#include <inttypes.h>
#include <string.h>
#include "util/cutils.h"
#include "util/error.h"
#include "util/options.h"

static void set_default(Object *obj, const Property *prop)
{
    PropertyValue value = {.kind = prop->type->kind};
    GError *error = NULL;

    if (!prop->has_default) {
        return;
    }
    if (prop->type == &property_type_enum) {
        *(int32_t *)property_field(obj, prop) = (int32_t)prop->default_value.number;
        return;
    }
    switch (value.kind) {
    case PROPERTY_BOOL:
        value.b = prop->default_value.natural;
        break;
    case PROPERTY_INT:
        value.i = prop->default_value.number;
        break;
    case PROPERTY_UINT:
        value.u = prop->default_value.natural;
        break;
    case PROPERTY_STRING:
        if (!prop->default_value.text) {
            return;
        }
        value.s = (char *)prop->default_value.text;
        break;
    }
    if (!(prop->set ? prop->set : prop->type->set)(obj, prop, &value, &error)) {
        g_error("default of %s.%s: %s", obj->class->name, prop->name, error->message);
    }
}

static void init_class(Object *obj, const ObjectClass *class)
{
    if (class->parent) {
        init_class(obj, class->parent);
    }
    for (const Property *prop = class->properties; prop && prop->name; prop++) {
        set_default(obj, prop);
    }
}

static void run_instance_init(Object *obj, const ObjectClass *class)
{
    if (class->parent) {
        run_instance_init(obj, class->parent);
    }
    if (class->instance_init) {
        class->instance_init(obj);
    }
}

static size_t class_size(const ObjectClass *class)
{
    while (!class->instance_size && class->parent) {
        class = class->parent;
    }
    return MAX(class->instance_size, sizeof(Object));
}

/* `references` of an object in memory that is not its own carries this bit. */
#define EMBEDDED 0x80000000u

static void init_object(Object *obj, const ObjectClass *class, unsigned references)
{
    g_assert(!class->abstract);
    memset(obj, 0, class_size(class));
    obj->class = class;
    obj->references = references;
    init_class(obj, class);
    run_instance_init(obj, class);
}

Object *object_new(const ObjectClass *class)
{
    Object *obj = g_malloc(class_size(class));

    init_object(obj, class, 1);
    return obj;
}

void object_init(Object *obj, const ObjectClass *class)
{
    init_object(obj, class, 1 | EMBEDDED);
}

void object_ref(Object *obj)
{
    obj->references++;
}

static void free_dynamic(gpointer data)
{
    Property *prop = data;

    g_free((char *)prop->name);
    g_free((char *)prop->help);
    g_free(prop);
}

static void finalize(Object *obj)
{
    bool embedded = obj->references & EMBEDDED;

    /* Finalizers may still look at the children. */
    obj->references = EMBEDDED | 1;
    for (const ObjectClass *class = obj->class; class; class = class->parent) {
        if (class->instance_finalize) {
            class->instance_finalize(obj);
        }
    }
    while (obj->children && obj->children->len) {
        object_unparent(g_ptr_array_index(obj->children, obj->children->len - 1));
    }
    for (const ObjectClass *class = obj->class; class; class = class->parent) {
        for (const Property *prop = class->properties; prop && prop->name; prop++) {
            if (prop->type->release && !prop->set) {
                prop->type->release(obj, prop);
            }
        }
    }
    g_clear_pointer(&obj->children, g_ptr_array_unref);
    g_clear_pointer(&obj->links, g_array_unref);
    g_clear_pointer(&obj->dynamic, g_ptr_array_unref);
    g_clear_pointer(&obj->name, g_free);
    obj->references = 0;
    if (!embedded) {
        g_free(obj);
    }
}

void object_unref(Object *obj)
{
    if (!obj) {
        return;
    }
    g_assert(obj->references & ~EMBEDDED);
    if (((obj->references - 1) & ~EMBEDDED) == 0) {
        g_assert(!obj->parent);
        finalize(obj);
    } else {
        obj->references--;
    }
}

bool object_class_is_a_name(const ObjectClass *class, const char *class_name)
{
    for (; class; class = class->parent) {
        if (!strcmp(class->name, class_name)) {
            return true;
        }
    }
    return false;
}

bool object_is_a_name(const Object *obj, const char *class_name)
{
    return object_class_is_a_name(obj->class, class_name);
}

Object *object_check_cast(Object *obj, const ObjectClass *class, const char *file, int line)
{
    if (G_UNLIKELY(obj && !object_is_a(obj, class))) {
        g_error("%s:%d: object of class %s is not a %s", file, line, obj->class->name, class->name);
    }
    return obj;
}

/* ---- Properties ---- */

const Property *object_class_find_property(const ObjectClass *class, const char *name)
{
    for (; class; class = class->parent) {
        for (const Property *prop = class->properties; prop && prop->name; prop++) {
            if (!strcmp(prop->name, name)) {
                return prop;
            }
        }
    }
    return NULL;
}

const Property *object_find_property(const Object *obj, const char *name)
{
    for (unsigned i = 0; obj->dynamic && i < obj->dynamic->len; i++) {
        const Property *prop = g_ptr_array_index(obj->dynamic, i);

        if (!strcmp(prop->name, name)) {
            return prop;
        }
    }
    return object_class_find_property(obj->class, name);
}

void object_add_property(Object *obj, const Property *prop)
{
    Property *copy = g_memdup2(prop, sizeof(*prop));

    copy->name = g_strdup(prop->name);
    copy->help = g_strdup(prop->help);
    if (!obj->dynamic) {
        obj->dynamic = g_ptr_array_new_with_free_func(free_dynamic);
    }
    g_ptr_array_add(obj->dynamic, copy);
    set_default(obj, copy);
}

void object_class_foreach_property(const ObjectClass *class, void (*fn)(const Property *, void *),
                                   void *opaque)
{
    for (; class; class = class->parent) {
        for (const Property *prop = class->properties; prop && prop->name; prop++) {
            fn(prop, opaque);
        }
    }
}

void object_foreach_property(const Object *obj, void (*fn)(const Property *, void *), void *opaque)
{
    for (unsigned i = 0; obj->dynamic && i < obj->dynamic->len; i++) {
        fn(g_ptr_array_index(obj->dynamic, i), opaque);
    }
    object_class_foreach_property(obj->class, fn, opaque);
}

static void collect_name(const Property *prop, void *opaque)
{
    g_ptr_array_add(opaque, (gpointer)prop->name);
}

static const Property *find_or_error(const Object *obj, const char *name, GError **errp)
{
    const Property *prop = object_find_property(obj, name);
    GPtrArray *names;
    const char *near;

    if (prop) {
        return prop;
    }
    names = g_ptr_array_new();
    object_foreach_property(obj, collect_name, names);
    g_ptr_array_add(names, NULL);
    near = nearest_name(name, (const char *const *)names->pdata);
    error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "property '%s.%s' not found%s%s%s", obj->class->name,
              name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    g_ptr_array_unref(names);
    return NULL;
}

bool object_property_set(Object *obj, const char *name, const PropertyValue *value, GError **errp)
{
    const Property *prop = find_or_error(obj, name, errp);
    PropertySetFn *set;

    if (!prop) {
        return false;
    }
    /* Functions of the row's own replace the type's: without a setter the row cannot be set. */
    set = prop->set ? prop->set : prop->get ? NULL : prop->type->set;
    if (prop->read_only || !set) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' is read-only", obj->class->name,
                  name);
        return false;
    }
    return set(obj, prop, value, errp);
}

bool object_property_get(Object *obj, const char *name, PropertyValue *value, GError **errp)
{
    const Property *prop = find_or_error(obj, name, errp);
    PropertyGetFn *get;

    if (!prop) {
        return false;
    }
    get = prop->get ? prop->get : prop->set ? NULL : prop->type->get;
    if (!get) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' cannot be read", obj->class->name,
                  name);
        return false;
    }
    return get(obj, prop, value, errp);
}

bool object_property_parse(Object *obj, const char *name, const char *text, GError **errp)
{
    PropertyValue value = {.kind = PROPERTY_STRING, .s = (char *)text};

    return object_property_set(obj, name, &value, errp);
}

bool object_property_set_str(Object *obj, const char *name, const char *value, GError **errp)
{
    return object_property_parse(obj, name, value, errp);
}

bool object_property_set_bool(Object *obj, const char *name, bool flag, GError **errp)
{
    PropertyValue value = {.kind = PROPERTY_BOOL, .b = flag};

    return object_property_set(obj, name, &value, errp);
}

bool object_property_set_int(Object *obj, const char *name, int64_t number, GError **errp)
{
    PropertyValue value = {.kind = PROPERTY_INT, .i = number};

    return object_property_set(obj, name, &value, errp);
}

bool object_property_set_uint(Object *obj, const char *name, uint64_t number, GError **errp)
{
    PropertyValue value = {.kind = PROPERTY_UINT, .u = number};

    return object_property_set(obj, name, &value, errp);
}

bool object_property_set_link(Object *obj, const char *name, Object *target, GError **errp)
{
    const Property *prop = find_or_error(obj, name, errp);

    if (!prop) {
        return false;
    }
    if (prop->type != &property_type_link ||
        (target && prop->data && !object_is_a_name(target, prop->data))) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' does not take a %s",
                  obj->class->name, name, target ? target->class->name : "link");
        return false;
    }
    *(Object **)property_field(obj, prop) = target;
    return true;
}

char *object_property_get_text(Object *obj, const char *name, GError **errp)
{
    PropertyValue value;
    char *text;

    if (!object_property_get(obj, name, &value, errp)) {
        return NULL;
    }
    text = property_value_to_text(&value);
    property_value_clear(&value);
    return text;
}

static void wrong_kind(Object *obj, const char *name, const char *kind, GError **errp)
{
    error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' is not a %s", obj->class->name, name,
              kind);
}

char *object_property_get_str(Object *obj, const char *name, GError **errp)
{
    PropertyValue value;

    if (!object_property_get(obj, name, &value, errp)) {
        return NULL;
    }
    if (value.kind != PROPERTY_STRING) {
        wrong_kind(obj, name, "string", errp);
        return NULL;
    }
    return value.s ? value.s : g_strdup("");
}

bool object_property_get_bool(Object *obj, const char *name, GError **errp)
{
    PropertyValue value;

    if (!object_property_get(obj, name, &value, errp)) {
        return false;
    }
    if (value.kind != PROPERTY_BOOL) {
        property_value_clear(&value);
        wrong_kind(obj, name, "boolean", errp);
        return false;
    }
    return value.b;
}

uint64_t object_property_get_uint(Object *obj, const char *name, GError **errp)
{
    PropertyValue value;

    if (!object_property_get(obj, name, &value, errp)) {
        return 0;
    }
    if (value.kind != PROPERTY_UINT && value.kind != PROPERTY_INT) {
        property_value_clear(&value);
        wrong_kind(obj, name, "number", errp);
        return 0;
    }
    return value.u;
}

int64_t object_property_get_int(Object *obj, const char *name, GError **errp)
{
    return (int64_t)object_property_get_uint(obj, name, errp);
}

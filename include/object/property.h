/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties: named, typed members of an object's struct, as constant rows.
 *
 * A row gives name, type, where the value lives, default and help.  A type knows how to turn a
 * value into a PropertyValue and back; other folders bring types of their own (chardev/ has one
 * that finds a character device by id).  A row with `set`/`get` functions overrides the type's.
 */
#ifndef OBJECT_PROPERTY_H
#define OBJECT_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

typedef struct Object Object;
typedef struct Property Property;
typedef struct PropertyType PropertyType;

typedef enum PropertyValueKind {
    PROPERTY_BOOL,
    PROPERTY_INT,
    PROPERTY_UINT,
    PROPERTY_STRING
} PropertyValueKind;

/* A value on its way in or out. A string from get() belongs to the caller (property_value_clear).
 */
typedef struct PropertyValue {
    PropertyValueKind kind;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        char *s; /* may be NULL: no value */
    };
} PropertyValue;

typedef bool PropertySetFn(Object *obj, const Property *prop, const PropertyValue *value,
                           GError **errp);
typedef bool PropertyGetFn(Object *obj, const Property *prop, PropertyValue *value, GError **errp);

struct PropertyType {
    const char *name; /* as qom-list shows it: "uint32", "bool", "str", "size" */
    PropertyValueKind kind;
    /* Both take text too (kind STRING) and parse it. */
    PropertySetFn *set;
    PropertyGetFn *get;
    /* Frees what the member holds; NULL: nothing to free. */
    void (*release)(Object *obj, const Property *prop);
};

struct Property {
    const char *name;
    const PropertyType *type;
    size_t offset;
    const char *help;
    bool has_default;
    union {
        int64_t number;
        uint64_t natural;
        const char *text;
    } default_value;  /* bool and unsigned: natural; signed: number; strings: text */
    uint8_t bit;      /* DEFINE_PROP_BIT */
    bool read_only;   /* never set from outside */
    bool runtime;     /* may be set after realize */
    const void *data; /* enum: NULL-terminated array of names; others: the type's own */
    PropertySetFn *set;
    PropertyGetFn *get;
};

extern const PropertyType property_type_bool, property_type_bit, property_type_bit64,
    property_type_uint8, property_type_uint16, property_type_uint32, property_type_uint64,
    property_type_int32, property_type_int64, property_type_size, property_type_string,
    property_type_enum, property_type_link, property_type_uuid, property_type_macaddr;

/* The member's type is checked when compiled. */
#define PROP_OFFSET(state, field, ctype)                                                           \
    (offsetof(state, field) +                                                                      \
     0 * sizeof(char[__builtin_types_compatible_p(typeof(((state *)0)->field), ctype) ? 1 : -1]))

#define DEFINE_PROP_TYPED(pname, state, field, ctype, ptype, member, value, phelp)                 \
    {                                                                                              \
        .name = (pname), .type = &(ptype), .offset = PROP_OFFSET(state, field, ctype),             \
        .help = (phelp), .has_default = true, .default_value.member = (value)                      \
    }
#define DEFINE_PROP_BOOL(n, s, f, def, help)                                                       \
    DEFINE_PROP_TYPED(n, s, f, bool, property_type_bool, natural, def, help)
#define DEFINE_PROP_UINT8(n, s, f, def, help)                                                      \
    DEFINE_PROP_TYPED(n, s, f, uint8_t, property_type_uint8, natural, def, help)
#define DEFINE_PROP_UINT16(n, s, f, def, help)                                                     \
    DEFINE_PROP_TYPED(n, s, f, uint16_t, property_type_uint16, natural, def, help)
#define DEFINE_PROP_UINT32(n, s, f, def, help)                                                     \
    DEFINE_PROP_TYPED(n, s, f, uint32_t, property_type_uint32, natural, def, help)
#define DEFINE_PROP_UINT64(n, s, f, def, help)                                                     \
    DEFINE_PROP_TYPED(n, s, f, uint64_t, property_type_uint64, natural, def, help)
#define DEFINE_PROP_INT32(n, s, f, def, help)                                                      \
    DEFINE_PROP_TYPED(n, s, f, int32_t, property_type_int32, number, def, help)
#define DEFINE_PROP_INT64(n, s, f, def, help)                                                      \
    DEFINE_PROP_TYPED(n, s, f, int64_t, property_type_int64, number, def, help)
#define DEFINE_PROP_SIZE(n, s, f, def, help)                                                       \
    DEFINE_PROP_TYPED(n, s, f, uint64_t, property_type_size, natural, def, help)
/* char *, g_malloc; default NULL or text. */
#define DEFINE_PROP_STRING(n, s, f, def, help)                                                     \
    DEFINE_PROP_TYPED(n, s, f, char *, property_type_string, text, def, help)
/* int32_t index in names (NULL-terminated array of strings). */
#define DEFINE_PROP_ENUM(n, s, f, names, def, phelp)                                               \
    {                                                                                              \
        .name = (n), .type = &property_type_enum, .offset = PROP_OFFSET(s, f, int32_t),            \
        .help = (phelp), .has_default = true, .default_value.number = (def), .data = (names)       \
    }
/* One bit of a uint32_t (uint64_t). */
#define DEFINE_PROP_BIT(n, s, f, nr, def, phelp)                                                   \
    {                                                                                              \
        .name = (n), .type = &property_type_bit, .offset = PROP_OFFSET(s, f, uint32_t),            \
        .help = (phelp), .has_default = true, .default_value.natural = (def), .bit = (nr)          \
    }
#define DEFINE_PROP_BIT64(n, s, f, nr, def, phelp)                                                 \
    {                                                                                              \
        .name = (n), .type = &property_type_bit64, .offset = PROP_OFFSET(s, f, uint64_t),          \
        .help = (phelp), .has_default = true, .default_value.natural = (def), .bit = (nr)          \
    }
/* Pointer to another object, set by path or id; class_name: const char *, the class it must have.
 */
#define DEFINE_PROP_LINK(n, s, f, class_name, ctype, phelp)                                        \
    {                                                                                              \
        .name = (n), .type = &property_type_link, .offset = PROP_OFFSET(s, f, ctype),              \
        .help = (phelp), .data = (class_name)                                                      \
    }
#define DEFINE_PROP_UUID(n, s, f, phelp)                                                           \
    {                                                                                              \
        .name = (n), .type = &property_type_uuid, .offset = offsetof(s, f), .help = (phelp)        \
    }
#define DEFINE_PROP_MACADDR(n, s, f, phelp)                                                        \
    {                                                                                              \
        .name = (n), .type = &property_type_macaddr, .offset = offsetof(s, f), .help = (phelp)     \
    }
/* No storage: functions. ptype gives name and kind. */
#define DEFINE_PROP_CUSTOM(n, ptype, setter, getter, phelp)                                        \
    {                                                                                              \
        .name = (n), .type = &(ptype), .help = (phelp), .set = (setter), .get = (getter)           \
    }
#define DEFINE_PROP_END_OF_LIST()                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* The member a row speaks of. */
static inline void *property_field(Object *obj, const Property *prop)
{
    return (char *)obj + prop->offset;
}

void property_value_clear(PropertyValue *value);
/* Text of a value as the monitor prints it (g_malloc). */
char *property_value_to_text(const PropertyValue *value);
/* The row's default as text, NULL if it has none (help listings). */
char *property_default_text(const Property *prop);

#endif

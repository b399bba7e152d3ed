/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Property types: how a member is set from a value or from text, and read back.
 */
#include "object/property.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "object/object.h"
#include "util/cutils.h"
#include "util/error.h"
#include "util/options.h"

void property_value_clear(PropertyValue *value)
{
    if (value->kind == PROPERTY_STRING) {
        g_free(value->s);
        value->s = NULL;
    }
}

char *property_value_to_text(const PropertyValue *value)
{
    switch (value->kind) {
    case PROPERTY_BOOL:
        return g_strdup(value->b ? "true" : "false");
    case PROPERTY_INT:
        return g_strdup_printf("%" PRId64, value->i);
    case PROPERTY_UINT:
        return g_strdup_printf("%" PRIu64, value->u);
    case PROPERTY_STRING:
        return g_strdup(value->s ? value->s : "");
    }
    return NULL;
}

static bool bad_value(Object *obj, const Property *prop, const char *expected,
                      const PropertyValue *value, GError **errp)
{
    char *text = property_value_to_text(value);

    error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' expects %s, not '%s'",
              obj->class->name, prop->name, expected, text);
    g_free(text);
    return false;
}

/* ---- bool and bits ---- */

static bool value_to_bool(Object *obj, const Property *prop, const PropertyValue *value, bool *flag,
                          GError **errp)
{
    if (value->kind == PROPERTY_BOOL) {
        *flag = value->b;
        return true;
    }
    if (value->kind == PROPERTY_STRING && value->s && parse_bool(value->s, flag)) {
        return true;
    }
    return bad_value(obj, prop, "'on' or 'off'", value, errp);
}

static bool set_bool(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    bool flag;

    if (!value_to_bool(obj, prop, value, &flag, errp)) {
        return false;
    }
    *(bool *)property_field(obj, prop) = flag;
    return true;
}

static bool get_bool(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_BOOL, .b = *(bool *)property_field(obj, prop)};
    return true;
}

static bool set_bit32(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    uint32_t *field = property_field(obj, prop);
    bool flag;

    if (!value_to_bool(obj, prop, value, &flag, errp)) {
        return false;
    }
    *field = (*field & ~(1u << prop->bit)) | (uint32_t)flag << prop->bit;
    return true;
}

static bool get_bit32(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_BOOL,
                             .b = *(uint32_t *)property_field(obj, prop) >> prop->bit & 1};
    return true;
}

static bool set_bit64(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    uint64_t *field = property_field(obj, prop);
    bool flag;

    if (!value_to_bool(obj, prop, value, &flag, errp)) {
        return false;
    }
    *field = (*field & ~(1ull << prop->bit)) | (uint64_t)flag << prop->bit;
    return true;
}

static bool get_bit64(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_BOOL,
                             .b = *(uint64_t *)property_field(obj, prop) >> prop->bit & 1};
    return true;
}

/* ---- Integers ---- */

static bool value_to_uint(Object *obj, const Property *prop, const PropertyValue *value,
                          uint64_t max, bool is_size, uint64_t *number, GError **errp)
{
    bool ok;

    switch (value->kind) {
    case PROPERTY_UINT:
        *number = value->u;
        ok = true;
        break;
    case PROPERTY_INT:
        *number = (uint64_t)value->i;
        ok = value->i >= 0;
        break;
    case PROPERTY_STRING:
        ok = value->s && (is_size ? parse_size(value->s, 'B', number, NULL)
                                  : parse_uint64(value->s, 0, number));
        break;
    default:
        ok = false;
        break;
    }
    if (!ok) {
        return bad_value(obj, prop, is_size ? "a size (a number, with K, M, G or T)" : "a number",
                         value, errp);
    }
    if (*number > max) {
        char *range = g_strdup_printf("a number up to %" PRIu64, max);

        bad_value(obj, prop, range, value, errp);
        g_free(range);
        return false;
    }
    return true;
}

static bool value_to_int(Object *obj, const Property *prop, const PropertyValue *value, int64_t min,
                         int64_t max, int64_t *number, GError **errp)
{
    bool ok;

    switch (value->kind) {
    case PROPERTY_UINT:
        *number = (int64_t)value->u;
        ok = value->u <= INT64_MAX;
        break;
    case PROPERTY_INT:
        *number = value->i;
        ok = true;
        break;
    case PROPERTY_STRING:
        ok = value->s && parse_int64(value->s, 0, number);
        break;
    default:
        ok = false;
        break;
    }
    if (!ok) {
        return bad_value(obj, prop, "a number", value, errp);
    }
    if (*number < min || *number > max) {
        char *range = g_strdup_printf("a number from %" PRId64 " to %" PRId64, min, max);

        bad_value(obj, prop, range, value, errp);
        g_free(range);
        return false;
    }
    return true;
}

#define UNSIGNED_TYPE(name, ctype, max, is_size)                                                   \
    static bool set_##name(Object *obj, const Property *prop, const PropertyValue *value,          \
                           GError **errp)                                                          \
    {                                                                                              \
        uint64_t number;                                                                           \
                                                                                                   \
        if (!value_to_uint(obj, prop, value, max, is_size, &number, errp)) {                       \
            return false;                                                                          \
        }                                                                                          \
        *(ctype *)property_field(obj, prop) = (ctype)number;                                       \
        return true;                                                                               \
    }                                                                                              \
    static bool get_##name(Object *obj, const Property *prop, PropertyValue *value, GError **errp) \
    {                                                                                              \
        *value = (PropertyValue){.kind = PROPERTY_UINT, .u = *(ctype *)property_field(obj, prop)}; \
        return true;                                                                               \
    }

UNSIGNED_TYPE(uint8, uint8_t, UINT8_MAX, false)
UNSIGNED_TYPE(uint16, uint16_t, UINT16_MAX, false)
UNSIGNED_TYPE(uint32, uint32_t, UINT32_MAX, false)
UNSIGNED_TYPE(uint64, uint64_t, UINT64_MAX, false)
UNSIGNED_TYPE(size, uint64_t, UINT64_MAX, true)

static bool set_int32(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    int64_t number;

    if (!value_to_int(obj, prop, value, INT32_MIN, INT32_MAX, &number, errp)) {
        return false;
    }
    *(int32_t *)property_field(obj, prop) = (int32_t)number;
    return true;
}

static bool get_int32(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_INT, .i = *(int32_t *)property_field(obj, prop)};
    return true;
}

static bool set_int64(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    int64_t number;

    if (!value_to_int(obj, prop, value, INT64_MIN, INT64_MAX, &number, errp)) {
        return false;
    }
    *(int64_t *)property_field(obj, prop) = number;
    return true;
}

static bool get_int64(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_INT, .i = *(int64_t *)property_field(obj, prop)};
    return true;
}

/* ---- Text ---- */

static bool set_string(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    char **field = property_field(obj, prop);

    if (value->kind != PROPERTY_STRING) {
        return bad_value(obj, prop, "a string", value, errp);
    }
    g_free(*field);
    *field = g_strdup(value->s);
    return true;
}

static bool get_string(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    *value = (PropertyValue){.kind = PROPERTY_STRING,
                             .s = g_strdup(*(char **)property_field(obj, prop))};
    return true;
}

static void release_string(Object *obj, const Property *prop)
{
    char **field = property_field(obj, prop);

    g_free(*field);
    *field = NULL;
}

static bool set_enum(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    const char *const *names = prop->data;
    const char *near;
    char *known;

    if (value->kind != PROPERTY_STRING || !value->s) {
        return bad_value(obj, prop, "a name", value, errp);
    }
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], value->s)) {
            *(int32_t *)property_field(obj, prop) = i;
            return true;
        }
    }
    near = nearest_name(value->s, names);
    known = g_strjoinv(", ", (char **)names);
    error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s' does not accept '%s'%s%s%s (%s)",
              obj->class->name, prop->name, value->s, near ? "; did you mean '" : "",
              near ? near : "", near ? "'?" : "", known);
    g_free(known);
    return false;
}

static bool get_enum(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    const char *const *names = prop->data;

    *value = (PropertyValue){.kind = PROPERTY_STRING,
                             .s = g_strdup(names[*(int32_t *)property_field(obj, prop)])};
    return true;
}

/* ---- Links ---- */

static bool set_link(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    Object **field = property_field(obj, prop);
    Object *target = NULL;
    bool ambiguous = false;

    if (value->kind != PROPERTY_STRING) {
        return bad_value(obj, prop, "the path or id of an object", value, errp);
    }
    if (value->s && *value->s) {
        target = object_resolve_path(value->s, &ambiguous);
        if (!target) {
            error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "property '%s.%s': %s '%s'", obj->class->name,
                      prop->name, ambiguous ? "several objects match" : "no object", value->s);
            return false;
        }
        if (prop->data && !object_is_a_name(target, prop->data)) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "property '%s.%s': '%s' is a %s, not a %s",
                      obj->class->name, prop->name, value->s, target->class->name,
                      (const char *)prop->data);
            return false;
        }
    }
    *field = target;
    return true;
}

static bool get_link(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    Object *target = *(Object **)property_field(obj, prop);

    *value =
        (PropertyValue){.kind = PROPERTY_STRING, .s = target ? object_path(target) : g_strdup("")};
    return true;
}

/* ---- UUID and MAC address ---- */

static bool hex_bytes(const char *text, const char *layout, uint8_t *bytes)
{
    unsigned n = 0;

    for (; *layout; layout++) {
        if (*layout == 'x') {
            if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1])) {
                return false;
            }
            bytes[n++] =
                (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
            text += 2;
        } else if (*text++ != *layout) {
            return false;
        }
    }
    return !*text;
}

static bool set_uuid(Object *obj, const Property *prop, const PropertyValue *value, GError **errp)
{
    uint8_t bytes[16];

    if (value->kind != PROPERTY_STRING || !value->s ||
        !hex_bytes(value->s, "xxxx-xx-xx-xx-xxxxxx", bytes)) {
        return bad_value(obj, prop, "a UUID", value, errp);
    }
    memcpy(property_field(obj, prop), bytes, 16);
    return true;
}

static bool get_uuid(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    const uint8_t *b = property_field(obj, prop);

    *value = (PropertyValue){
        .kind = PROPERTY_STRING,
        .s = g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
                             b[11], b[12], b[13], b[14], b[15])};
    return true;
}

static bool set_macaddr(Object *obj, const Property *prop, const PropertyValue *value,
                        GError **errp)
{
    uint8_t bytes[6];

    if (value->kind != PROPERTY_STRING || !value->s ||
        (!hex_bytes(value->s, "x:x:x:x:x:x", bytes) &&
         !hex_bytes(value->s, "x-x-x-x-x-x", bytes))) {
        return bad_value(obj, prop, "a MAC address", value, errp);
    }
    memcpy(property_field(obj, prop), bytes, 6);
    return true;
}

static bool get_macaddr(Object *obj, const Property *prop, PropertyValue *value, GError **errp)
{
    const uint8_t *b = property_field(obj, prop);

    *value = (PropertyValue){
        .kind = PROPERTY_STRING,
        .s = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5])};
    return true;
}

const PropertyType property_type_bool = {"bool", PROPERTY_BOOL, set_bool, get_bool, NULL};
const PropertyType property_type_bit = {"bool", PROPERTY_BOOL, set_bit32, get_bit32, NULL};
const PropertyType property_type_bit64 = {"bool", PROPERTY_BOOL, set_bit64, get_bit64, NULL};
const PropertyType property_type_uint8 = {"uint8", PROPERTY_UINT, set_uint8, get_uint8, NULL};
const PropertyType property_type_uint16 = {"uint16", PROPERTY_UINT, set_uint16, get_uint16, NULL};
const PropertyType property_type_uint32 = {"uint32", PROPERTY_UINT, set_uint32, get_uint32, NULL};
const PropertyType property_type_uint64 = {"uint64", PROPERTY_UINT, set_uint64, get_uint64, NULL};
const PropertyType property_type_int32 = {"int32", PROPERTY_INT, set_int32, get_int32, NULL};
const PropertyType property_type_int64 = {"int64", PROPERTY_INT, set_int64, get_int64, NULL};
const PropertyType property_type_size = {"size", PROPERTY_UINT, set_size, get_size, NULL};
const PropertyType property_type_string = {"str", PROPERTY_STRING, set_string, get_string,
                                           release_string};
const PropertyType property_type_enum = {"enum", PROPERTY_STRING, set_enum, get_enum, NULL};
const PropertyType property_type_link = {"link", PROPERTY_STRING, set_link, get_link, NULL};
const PropertyType property_type_uuid = {"uuid", PROPERTY_STRING, set_uuid, get_uuid, NULL};
const PropertyType property_type_macaddr = {"macaddr", PROPERTY_STRING, set_macaddr, get_macaddr,
                                            NULL};

char *property_default_text(const Property *prop)
{
    if (!prop->has_default) {
        return NULL;
    }
    if (prop->type == &property_type_enum) {
        return g_strdup(((const char *const *)prop->data)[prop->default_value.number]);
    }
    switch (prop->type->kind) {
    case PROPERTY_BOOL:
        return g_strdup(prop->default_value.natural ? "true" : "false");
    case PROPERTY_INT:
        return g_strdup_printf("%" PRId64, prop->default_value.number);
    case PROPERTY_UINT:
        return g_strdup_printf("%" PRIu64, prop->default_value.natural);
    case PROPERTY_STRING:
        return g_strdup(prop->default_value.text);
    }
    return NULL;
}

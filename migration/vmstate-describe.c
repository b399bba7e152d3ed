/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The description of what was sent: JSON that follows a stream's sections, so that tools can read
 * it without the program that wrote it.  Its members are QEMU's: fields with name, type and size in
 * bytes as they were written; arrays of like elements once, with array_len, others element by
 * element with index.
 */
#include "vmstate-internal.h"

static bool fields_vary(const VMStateDescription *vmsd);

/* Elements of an array may differ in what they write. */
static bool element_varies(const VMStateField *field)
{
    if (field->field_exists || (field->flags & VMS_ARRAY_OF_POINTER)) {
        return true;
    }
    return (field->flags & VMS_STRUCT) &&
           ((field->vmsd->subsections && field->vmsd->subsections[0]) || fields_vary(field->vmsd));
}

static bool fields_vary(const VMStateDescription *vmsd)
{
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        if (element_varies(field)) {
            return true;
        }
    }
    return false;
}

void vmstate_describe_struct(json_t *object, const VMStateDescription *vmsd, int version_id)
{
    if (object) {
        json_object_set_new(object, "vmsd_name", json_string(vmsd->name));
        json_object_set_new(object, "version", json_integer(version_id));
        json_object_set_new(object, "fields", json_array());
    }
}

json_t *vmstate_describe_element(json_t *object, const VMStateField *field, uint64_t index,
                                 uint64_t count)
{
    json_t *row;

    if (!object || (index && !element_varies(field))) {
        return NULL;
    }
    row = json_object();
    json_object_set_new(row, "name", json_string(field->name));
    if (count > 1 && !element_varies(field)) {
        json_object_set_new(row, "array_len", json_integer((json_int_t)count));
    } else if (count > 1) {
        json_object_set_new(row, "index", json_integer((json_int_t)index));
    }
    if (field->flags & VMS_STRUCT) {
        json_object_set_new(row, "type", json_string("struct"));
        json_object_set_new(row, "struct", json_object());
    } else {
        json_object_set_new(row, "type", json_string(field->info->name));
    }
    json_array_append_new(json_object_get(object, "fields"), row);
    return row;
}

json_t *vmstate_describe_subsection(json_t *object)
{
    json_t *rows, *row;

    if (!object) {
        return NULL;
    }
    rows = json_object_get(object, "subsections");
    if (!rows) {
        rows = json_array();
        json_object_set_new(object, "subsections", rows);
    }
    row = json_object();
    json_array_append_new(rows, row);
    return row;
}

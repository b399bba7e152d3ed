/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter of state descriptions.
 *
 * A struct is its fields in order, then its subsections: the byte 5, a counted name that begins
 * with the description's own name, a 32-bit version, the subsection's fields.  A name that does not
 * begin so belongs to an outer struct.
 */
#include "migration/vmstate.h"

#include <inttypes.h>
#include <string.h>
#include "util/bswap.h"
#include "util/error.h"
#include "vmstate-internal.h"

#define NUMBERS_AT_ONCE 64u

#define SUBSECTION 5

static void stream_error(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void stream_error(GError **errp, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(errp, GOSSAMER_ERROR_STREAM, "%s", text);
    g_free(text);
}

static bool field_exists(const VMStateField *field, void *opaque, int version_id)
{
    return field->field_exists ? field->field_exists(opaque, version_id)
                               : field->version_id <= version_id;
}

/* Elements of the field, checked against what the struct can hold. */
static bool element_count(const VMStateField *field, const void *opaque, uint64_t *count,
                          GError **errp)
{
    const char *at = (const char *)opaque + field->num_offset;
    int64_t n = 1;

    if (field->flags & VMS_ARRAY) {
        n = field->num;
    } else if (field->flags & VMS_VARRAY_INT32) {
        n = *(const int32_t *)at;
    } else if (field->flags & VMS_VARRAY_UINT32) {
        n = *(const uint32_t *)at;
    } else if (field->flags & VMS_VARRAY_UINT16) {
        n = *(const uint16_t *)at;
    } else if (field->flags & VMS_VARRAY_UINT8) {
        n = *at;
        n = (uint8_t)n;
    }
    if (field->flags & VMS_MULTIPLY_ELEMENTS) {
        n *= field->num;
    }
    if (n < 0 || (field->max && n > field->max)) {
        stream_error(errp, "a count of %" PRId64 " does not fit (at most %u)", n, field->max);
        return false;
    }
    *count = (uint64_t)n;
    return true;
}

/* Bytes of an element (bits, for a bitmap). */
static bool element_size(const VMStateField *field, const void *opaque, uint64_t *size,
                         GError **errp)
{
    const char *at = (const char *)opaque + field->size_offset;
    int64_t n = (int64_t)field->size;

    if (field->flags & VMS_VBUFFER) {
        n = field->flags & VMS_SIZE_UINT32 ? (int64_t) * (const uint32_t *)at
                                           : (int64_t) * (const int32_t *)at;
        if (field->flags & VMS_MULTIPLY) {
            n *= (int64_t)field->size;
        }
    }
    if (n < 0) {
        stream_error(errp, "a size of %" PRId64 " does not fit", n);
        return false;
    }
    *size = (uint64_t)n;
    return true;
}

/* Where the elements are; loading allocates them where the field says so. */
static bool element_base(StateStream *s, const VMStateField *field, void *opaque, uint64_t count,
                         uint64_t size, bool loading, char **base, GError **errp)
{
    char *at = (char *)opaque + field->offset;
    uint64_t limit = field->max ? (uint64_t)field->max * MAX(field->size, 1) : VMSTATE_ALLOC_LIMIT;

    if (field->flags & VMS_POINTER) {
        if (loading && (field->flags & VMS_ALLOC)) {
            uint64_t total;

            if (__builtin_mul_overflow(count, size, &total) || total > limit) {
                stream_error(errp, "%" PRIu64 " elements of %" PRIu64 " bytes are too many", count,
                             size);
                return false;
            }
            /* An element takes a byte at least: what cannot come is not worth memory. */
            if (field->flags & VMS_VBUFFER ? total > state_stream_remaining(s)
                                           : count > state_stream_remaining(s)) {
                stream_error(errp, "the stream ends too early for %" PRIu64 " elements", count);
                return false;
            }
            g_free(*(void **)at);
            *(void **)at = total ? g_try_malloc0(total) : NULL;
            if (total && !*(void **)at) {
                stream_error(errp, "no memory for %" PRIu64 " bytes", total);
                return false;
            }
        }
        at = *(char **)at;
        if (!at && count && size) {
            stream_error(errp, "there is nothing to %s", loading ? "load into" : "save");
            return false;
        }
    }
    *base = at;
    return true;
}

static bool save_element(StateStream *s, const VMStateField *field, char *element, size_t size,
                         json_t *row, GError **errp)
{
    if (field->flags & VMS_ARRAY_OF_POINTER) {
        element = *(char **)element;
        if (!element) {
            return vmstate_info_nullptr.put(s, NULL, 0, field, errp);
        }
    }
    if (field->flags & VMS_STRUCT) {
        return vmstate_save_struct(
            s, field->vmsd, element,
            field->flags & VMS_VSTRUCT ? field->struct_version_id : field->vmsd->version_id,
            row ? json_object_get(row, "struct") : NULL, errp);
    }
    return field->info->put(s, element, size, field, errp);
}

static bool load_element(StateStream *s, const VMStateField *field, char *element, size_t size,
                         GError **errp)
{
    bool ok;

    if (field->flags & VMS_ARRAY_OF_POINTER) {
        element = *(char **)element;
        if (!element) {
            ok = vmstate_info_nullptr.get(s, NULL, 0, field, errp);
            return ok && !state_stream_check(s, errp);
        }
    }
    if (field->flags & VMS_STRUCT) {
        return vmstate_load_struct(
            s, field->vmsd, element,
            field->flags & VMS_VSTRUCT ? field->struct_version_id : field->vmsd->version_id, errp);
    }
    ok = field->info->get(s, element, size, field, errp);
    if (!ok && errp && !*errp && !state_stream_has_error(s)) {
        stream_error(errp, "bad value");
    }
    if (!ok && errp && *errp) {
        return false;
    }
    return !state_stream_check(s, errp) && ok;
}

static bool save_described(StateStream *s, const VMStateField *field, char *element, size_t size,
                           json_t *row, GError **errp)
{
    uint64_t start = state_stream_position(s);
    bool ok = save_element(s, field, element, size, row, errp);

    if (row) {
        json_object_set_new(row, "size",
                            json_integer((json_int_t)(state_stream_position(s) - start)));
    }
    return ok;
}

/* Long arrays of plain 8-byte numbers (translation tables) many at a time; elements from `first`
 * on. */
static bool transfer_numbers(StateStream *s, uint64_t *element, uint64_t first, uint64_t count,
                             bool loading, GError **errp)
{
    uint64_t piece[NUMBERS_AT_ONCE];

    for (uint64_t i = first; i < count;) {
        uint64_t n = MIN(count - i, NUMBERS_AT_ONCE);
        if (loading && !state_get_buffer(s, piece, n * sizeof(*piece))) {
            state_stream_check(s, errp);
            error_prepend(errp, "[%" PRIu64 "]: ", i);
            return false;
        }
        for (uint64_t k = 0; k < n; k++) {
            if (loading) {
                element[i + k] = be64_to_cpu(piece[k]);
            } else {
                piece[k] = cpu_to_be64(element[i + k]);
            }
        }
        if (!loading) {
            state_put_buffer(s, piece, n * sizeof(*piece));
        }
        i += n;
    }
    return true;
}

/* description: of the struct, when saving; may be NULL. */
static bool transfer_field(StateStream *s, const VMStateField *field, void *opaque, bool loading,
                           json_t *description, GError **errp)
{
    uint64_t count, size, step;
    char *base;

    if (!element_count(field, opaque, &count, errp) || !element_size(field, opaque, &size, errp) ||
        !element_base(s, field, opaque, count, size, loading, &base, errp)) {
        return false;
    }
    step = field->flags & VMS_ARRAY_OF_POINTER ? sizeof(void *) : size;
    bool numbers = count > NUMBERS_AT_ONCE && field->info == &vmstate_info_uint64 &&
                   !(field->flags & (VMS_STRUCT | VMS_ARRAY_OF_POINTER));
    for (uint64_t i = 0; i < count; i++) {
        char *element = base + i * step;

        if (loading
                ? !load_element(s, field, element, size, errp)
                : !save_described(s, field, element, size,
                                  vmstate_describe_element(description, field, i, count), errp)) {
            if (count > 1) {
                error_prepend(errp, "[%" PRIu64 "]: ", i);
            }
            return false;
        }
        if (numbers) {
            return transfer_numbers(s, (uint64_t *)base, 1, count, loading, errp);
        }
    }
    return true;
}

static bool transfer_fields(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                            int version_id, bool loading, json_t *description, GError **errp)
{
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        if (!field_exists(field, opaque, version_id)) {
            if (field->flags & VMS_MUST_EXIST) {
                stream_error(errp, "%s: check failed: %s", vmsd->name, field->name);
                return false;
            }
            continue;
        }
        if (!transfer_field(s, field, opaque, loading, description, errp)) {
            error_prepend(errp, "%s.%s: ", vmsd->name, field->name);
            return false;
        }
    }
    return true;
}

bool vmstate_section_needed(const VMStateDescription *vmsd, void *opaque)
{
    return !vmsd->needed || vmsd->needed(opaque);
}

bool vmstate_save_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, json_t *description, GError **errp)
{
    bool ok;

    if (vmsd->unmigratable) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "state of '%s' cannot be saved", vmsd->name);
        return false;
    }
    if (vmsd->pre_save && !vmsd->pre_save(opaque, errp)) {
        return false;
    }
    vmstate_describe_struct(description, vmsd, version_id);
    ok = transfer_fields(s, vmsd, opaque, version_id, false, description, errp);
    for (const VMStateDescription *const *p = vmsd->subsections; ok && p && *p; p++) {
        const VMStateDescription *sub = *p;

        if (vmstate_section_needed(sub, opaque)) {
            state_put_byte(s, SUBSECTION);
            state_put_counted_string(s, sub->name);
            state_put_be32(s, (uint32_t)sub->version_id);
            ok = vmstate_save_struct(s, sub, opaque, sub->version_id,
                                     vmstate_describe_subsection(description), errp);
        }
    }
    if (vmsd->post_save) {
        vmsd->post_save(opaque);
    }
    return ok && !state_stream_check(s, errp);
}

static const VMStateDescription *find_subsection(const VMStateDescription *vmsd, const char *name)
{
    for (const VMStateDescription *const *p = vmsd->subsections; p && *p; p++) {
        if (!strcmp((*p)->name, name)) {
            return *p;
        }
    }
    return NULL;
}

static bool load_subsections(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                             GError **errp)
{
    size_t own = strlen(vmsd->name);
    uint8_t ahead[2 + 255];
    char name[256];

    for (;;) {
        size_t there = state_peek(s, ahead, 2);
        const VMStateDescription *sub;
        int version_id;

        if (there < 2 || ahead[0] != SUBSECTION || ahead[1] <= own) {
            return true;
        }
        there = state_peek(s, ahead, 2 + (size_t)ahead[1]);
        if (there < 2 + (size_t)ahead[1] || memcmp(ahead + 2, vmsd->name, own)) {
            return true;
        }
        state_get_byte(s);
        if (!state_get_counted_string(s, name)) {
            state_stream_check(s, errp);
            return false;
        }
        sub = find_subsection(vmsd, name);
        if (!sub) {
            stream_error(errp, "%s: unknown subsection '%s'", vmsd->name, name);
            return false;
        }
        version_id = (int)state_get_be32(s);
        if (state_stream_check(s, errp) || !vmstate_load_struct(s, sub, opaque, version_id, errp)) {
            error_prepend(errp, "subsection ");
            return false;
        }
    }
}

/* After a failure: a count that came may not speak of an array that did not. The struct is of no
 * use to the guest then, but it can be reset or freed. */
static void drop_allocated(const VMStateDescription *vmsd, void *opaque)
{
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        char *count = (char *)opaque +
                      (field->flags & VMS_VBUFFER ? field->size_offset : field->num_offset);

        if (!(field->flags & VMS_ALLOC)) {
            continue;
        }
        g_clear_pointer((void **)((char *)opaque + field->offset), g_free);
        if (field->flags & (VMS_VBUFFER | VMS_VARRAY_INT32 | VMS_VARRAY_UINT32)) {
            *(uint32_t *)count = 0;
        } else if (field->flags & VMS_VARRAY_UINT16) {
            *(uint16_t *)count = 0;
        } else if (field->flags & VMS_VARRAY_UINT8) {
            *(uint8_t *)count = 0;
        }
    }
    for (const VMStateDescription *const *p = vmsd->subsections; p && *p; p++) {
        drop_allocated(*p, opaque);
    }
}

static bool load_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, GError **errp)
{
    if (version_id > vmsd->version_id || version_id < vmsd->minimum_version_id) {
        stream_error(errp, "%s: version %d is not supported (%d to %d)", vmsd->name, version_id,
                     vmsd->minimum_version_id, vmsd->version_id);
        return false;
    }
    if (vmsd->pre_load && !vmsd->pre_load(opaque, errp)) {
        error_prepend(errp, "%s: ", vmsd->name);
        return false;
    }
    if (!transfer_fields(s, vmsd, opaque, version_id, true, NULL, errp) ||
        !load_subsections(s, vmsd, opaque, errp)) {
        return false;
    }
    if (vmsd->post_load && !vmsd->post_load(opaque, version_id, errp)) {
        error_prepend(errp, "%s: ", vmsd->name);
        return false;
    }
    return true;
}

bool vmstate_load_struct(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                         int version_id, GError **errp)
{
    bool ok = load_struct(s, vmsd, opaque, version_id, errp);

    if (!ok) {
        drop_allocated(vmsd, opaque);
    }
    return ok;
}

bool vmstate_save(StateStream *s, const VMStateDescription *vmsd, void *opaque, GError **errp)
{
    return vmstate_save_struct(s, vmsd, opaque, vmsd->version_id, NULL, errp);
}

bool vmstate_save_described(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                            json_t *description, GError **errp)
{
    return vmstate_save_struct(s, vmsd, opaque, vmsd->version_id, description, errp);
}

bool vmstate_load(StateStream *s, const VMStateDescription *vmsd, void *opaque, int version_id,
                  GError **errp)
{
    GError *error = NULL;

    if (vmstate_load_struct(s, vmsd, opaque, version_id, &error)) {
        return true;
    }
    if (!error) {
        stream_error(&error, "%s: cannot be loaded", vmsd->name);
    }
    stream_error(errp, "%s (stream offset %" PRIu64 ")", error->message, state_stream_position(s));
    g_error_free(error);
    return false;
}

GBytes *vmstate_save_to_bytes(const VMStateDescription *vmsd, void *opaque, GError **errp)
{
    StateStream *s = state_stream_new_writer();
    GBytes *bytes = NULL;

    if (vmstate_save(s, vmsd, opaque, errp)) {
        bytes = state_stream_take_bytes(s);
    }
    state_stream_free(s);
    return bytes;
}

bool vmstate_load_from_bytes(const VMStateDescription *vmsd, void *opaque, const void *data,
                             size_t size, int version_id, GError **errp)
{
    StateStream *s = state_stream_new_reader(data, size);
    bool ok = vmstate_load(s, vmsd, opaque, version_id, errp);

    if (ok && state_stream_position(s) != size) {
        stream_error(errp, "%s: %zu bytes are left over (stream offset %" PRIu64 ")", vmsd->name,
                     size - (size_t)state_stream_position(s), state_stream_position(s));
        ok = false;
    }
    state_stream_free(s);
    return ok;
}

/* ---- Descriptions themselves ---- */

void vmstate_foreach(const VMStateDescription *vmsd, void (*fn)(const VMStateDescription *, void *),
                     void *opaque)
{
    fn(vmsd, opaque);
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        if (field->vmsd) {
            vmstate_foreach(field->vmsd, fn, opaque);
        }
    }
    for (const VMStateDescription *const *p = vmsd->subsections; p && *p; p++) {
        vmstate_foreach(*p, fn, opaque);
    }
    for (const VMStateDescription *const *p = vmsd->parts; p && *p; p++) {
        vmstate_foreach(*p, fn, opaque);
    }
}

/* A field that the stream can set at will lies where another field takes its count or size from. */
static const VMStateField *count_from_stream(const VMStateDescription *vmsd, size_t offset)
{
    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        if (field->offset == offset && field->info && !(field->flags & VMS_POINTER) &&
            !strstr(field->info->name, "equal") && field->info != &vmstate_info_int32_le &&
            field->info != &vmstate_info_unused_buffer && field->info != &vmstate_info_tmp) {
            return field;
        }
    }
    return NULL;
}

static bool check_fields(const VMStateDescription *vmsd, GError **errp)
{
    const uint32_t counted =
        VMS_VARRAY_INT32 | VMS_VARRAY_UINT32 | VMS_VARRAY_UINT16 | VMS_VARRAY_UINT8;

    for (const VMStateField *field = vmsd->fields; field && field->name; field++) {
        size_t offset = field->flags & VMS_VBUFFER ? field->size_offset : field->num_offset;

        if (field->version_id > vmsd->version_id) {
            error_setg(errp, "%s.%s: field of version %d in a description of version %d",
                       vmsd->name, field->name, field->version_id, vmsd->version_id);
            return false;
        }
        if (!field->info && !field->vmsd && !(field->flags & VMS_MUST_EXIST)) {
            error_setg(errp, "%s.%s: neither a type nor a description", vmsd->name, field->name);
            return false;
        }
        if ((field->flags & (counted | VMS_VBUFFER)) && (field->flags & VMS_POINTER) &&
            !(field->flags & VMS_ALLOC) && count_from_stream(vmsd, offset)) {
            error_setg(
                errp,
                "%s.%s: its size comes from the stream but its memory does not; use _EQUAL for the "
                "size or _ALLOC here",
                vmsd->name, field->name);
            return false;
        }
        if (field->vmsd && !vmstate_check_description(field->vmsd, errp)) {
            return false;
        }
    }
    return true;
}

bool vmstate_check_description(const VMStateDescription *vmsd, GError **errp)
{
    if (!vmsd->name || !*vmsd->name || strlen(vmsd->name) > 255) {
        error_setg(errp, "a state description has no name, or a name of more than 255 bytes");
        return false;
    }
    if (vmsd->minimum_version_id > vmsd->version_id) {
        error_setg(errp, "%s: minimum version %d is after version %d", vmsd->name,
                   vmsd->minimum_version_id, vmsd->version_id);
        return false;
    }
    if (vmsd->derived && vmsd->derived[0] && !vmsd->post_load) {
        error_setg(errp, "%s: derived members, but no post_load that sets them", vmsd->name);
        return false;
    }
    if (!check_fields(vmsd, errp)) {
        return false;
    }
    for (const VMStateDescription *const *p = vmsd->subsections; p && *p; p++) {
        size_t own = strlen(vmsd->name);

        if (strncmp((*p)->name, vmsd->name, own) || strlen((*p)->name) <= own) {
            error_setg(errp, "%s: subsection '%s' must begin with that name", vmsd->name,
                       (*p)->name);
            return false;
        }
        if (!vmstate_check_description(*p, errp)) {
            return false;
        }
    }
    return true;
}

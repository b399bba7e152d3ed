/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How each kind of value is written and read: integers, buffers, bitmaps, temporaries, containers.
 */
#include <inttypes.h>
#include <string.h>
#include "migration/vmstate.h"
#include "util/bitops.h"
#include "util/error.h"
#include "vmstate-internal.h"

#define GET_ARGS StateStream *s, void *pv, size_t size, const VMStateField *field, GError **errp
#define PUT_ARGS                                                                                   \
    StateStream *s, const void *pv, size_t size, const VMStateField *field, GError **errp

static bool bad(GError **errp, const char *text)
{
    error_set(errp, GOSSAMER_ERROR_STREAM, "%s", text);
    return false;
}

/* ---- Integers ---- */

#define INTEGER(name, ctype, get_word, put_word)                                                   \
    static bool get_##name(GET_ARGS)                                                               \
    {                                                                                              \
        ctype v = (ctype)get_word(s);                                                              \
                                                                                                   \
        if (state_stream_has_error(s)) {                                                           \
            return false;                                                                          \
        }                                                                                          \
        *(ctype *)pv = v;                                                                          \
        return true;                                                                               \
    }                                                                                              \
    static bool put_##name(PUT_ARGS)                                                               \
    {                                                                                              \
        put_word(s, *(const ctype *)pv);                                                           \
        return true;                                                                               \
    }                                                                                              \
    const VMStateInfo vmstate_info_##name = {#name, get_##name, put_##name};

INTEGER(int8, int8_t, state_get_byte, state_put_byte)
INTEGER(int16, int16_t, state_get_be16, state_put_be16)
INTEGER(int32, int32_t, state_get_be32, state_put_be32)
INTEGER(int64, int64_t, state_get_be64, state_put_be64)
INTEGER(uint8, uint8_t, state_get_byte, state_put_byte)
INTEGER(uint16, uint16_t, state_get_be16, state_put_be16)
INTEGER(uint32, uint32_t, state_get_be32, state_put_be32)
INTEGER(uint64, uint64_t, state_get_be64, state_put_be64)

#define INTEGER_EQUAL(name, ctype, get_word, wire_name)                                            \
    static bool get_##name##_equal(GET_ARGS)                                                       \
    {                                                                                              \
        ctype v = (ctype)get_word(s);                                                              \
                                                                                                   \
        if (state_stream_has_error(s)) {                                                           \
            return false;                                                                          \
        }                                                                                          \
        if (v != *(ctype *)pv) {                                                                   \
            error_set(errp, GOSSAMER_ERROR_STREAM,                                                 \
                      "the stream has 0x%" PRIx64 ", this machine 0x%" PRIx64 "%s%s", (uint64_t)v, \
                      (uint64_t) * (ctype *)pv, field->err_hint ? "; " : "",                       \
                      field->err_hint ? field->err_hint : "");                                     \
            return false;                                                                          \
        }                                                                                          \
        return true;                                                                               \
    }                                                                                              \
    const VMStateInfo vmstate_info_##name##_equal = {wire_name, get_##name##_equal, put_##name};

INTEGER_EQUAL(uint8, uint8_t, state_get_byte, "uint8 equal")
INTEGER_EQUAL(uint16, uint16_t, state_get_be16, "uint16 equal")
INTEGER_EQUAL(uint32, uint32_t, state_get_be32, "uint32 equal")
INTEGER_EQUAL(int32, int32_t, state_get_be32, "int32 equal")
INTEGER_EQUAL(uint64, uint64_t, state_get_be64, "int64 equal")

static bool get_bool(GET_ARGS)
{
    uint8_t v = state_get_byte(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    *(bool *)pv = v != 0;
    return true;
}

static bool put_bool(PUT_ARGS)
{
    state_put_byte(s, *(const bool *)pv);
    return true;
}

const VMStateInfo vmstate_info_bool = {"bool", get_bool, put_bool};

static bool get_int32_le(GET_ARGS)
{
    int32_t v = (int32_t)state_get_be32(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    if (v < 0 || v > *(int32_t *)pv) {
        error_set(errp, GOSSAMER_ERROR_STREAM, "the stream has %d, this machine at most %d", v,
                  *(int32_t *)pv);
        return false;
    }
    *(int32_t *)pv = v;
    return true;
}

const VMStateInfo vmstate_info_int32_le = {"int32 le", get_int32_le, put_int32};

static bool get_uint8_in_uint32(GET_ARGS)
{
    uint8_t v = state_get_byte(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    *(uint32_t *)pv = v;
    return true;
}

static bool put_uint8_in_uint32(PUT_ARGS)
{
    state_put_byte(s, (uint8_t) * (const uint32_t *)pv);
    return true;
}

const VMStateInfo vmstate_info_uint8_in_uint32 = {"uint8", get_uint8_in_uint32,
                                                  put_uint8_in_uint32};

static bool get_double(GET_ARGS)
{
    uint64_t v = state_get_be64(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    memcpy(pv, &v, sizeof(v));
    return true;
}

static bool put_double(PUT_ARGS)
{
    uint64_t v;

    memcpy(&v, pv, sizeof(v));
    state_put_be64(s, v);
    return true;
}

const VMStateInfo vmstate_info_cpudouble = {"CPU_Double_U", get_double, put_double};

/* A NULL in an array of pointers. */
static bool get_nullptr(GET_ARGS)
{
    uint8_t v = state_get_byte(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    return v == '0' || bad(errp, "the stream has an element that this machine has not");
}

static bool put_nullptr(PUT_ARGS)
{
    state_put_byte(s, '0');
    return true;
}

const VMStateInfo vmstate_info_nullptr = {"nullptr", get_nullptr, put_nullptr};

/* ---- Bytes and bits ---- */

static bool get_buffer(GET_ARGS)
{
    return state_get_buffer(s, pv, size);
}

static bool put_buffer(PUT_ARGS)
{
    state_put_buffer(s, pv, size);
    return true;
}

const VMStateInfo vmstate_info_buffer = {"buffer", get_buffer, put_buffer};

static bool get_unused(GET_ARGS)
{
    return state_skip(s, size);
}

static bool put_unused(PUT_ARGS)
{
    static const uint8_t zeros[256];

    while (size) {
        size_t n = MIN(size, sizeof(zeros));

        state_put_buffer(s, zeros, n);
        size -= n;
    }
    return true;
}

const VMStateInfo vmstate_info_unused_buffer = {"unused_buffer", get_unused, put_unused};

/* `size` is in bits; 64-bit words on the wire. */
static bool get_bitmap(GET_ARGS)
{
    uint64_t *map = pv;

    for (size_t i = 0; i < DIV_ROUND_UP(size, 64); i++) {
        uint64_t word = state_get_be64(s);

        if (state_stream_has_error(s)) {
            return false;
        }
        if (i == size / 64) {
            word &= (1ull << (size % 64)) - 1;
        }
        map[i] = word;
    }
    return true;
}

static bool put_bitmap(PUT_ARGS)
{
    const uint64_t *map = pv;

    for (size_t i = 0; i < DIV_ROUND_UP(size, 64); i++) {
        state_put_be64(s, map[i]);
    }
    return true;
}

_Static_assert(sizeof(unsigned long) == 8, "bitmaps on the wire are the host's words");
const VMStateInfo vmstate_info_bitmap = {"bitmap", get_bitmap, put_bitmap};

#define STRING_LIMIT 65536u

static bool get_str(GET_ARGS)
{
    char **field_text = pv, *text;
    uint32_t n = state_get_be32(s);

    if (state_stream_has_error(s)) {
        return false;
    }
    if (n == UINT32_MAX) {
        g_clear_pointer(field_text, g_free);
        return true;
    }
    if (n > STRING_LIMIT) {
        return bad(errp, "a text is too long");
    }
    text = g_malloc0(n + 1);
    if (!state_get_buffer(s, text, n) || strlen(text) != n) {
        g_free(text);
        return state_stream_has_error(s) ? false : bad(errp, "a text contains a NUL byte");
    }
    g_free(*field_text);
    *field_text = text;
    return true;
}

static bool put_str(PUT_ARGS)
{
    const char *text = *(char *const *)pv;
    size_t n = text ? strlen(text) : 0;

    if (n > STRING_LIMIT) {
        return bad(errp, "a text is too long");
    }
    state_put_be32(s, text ? (uint32_t)n : UINT32_MAX);
    state_put_buffer(s, text, n);
    return true;
}

const VMStateInfo vmstate_info_str = {"str", get_str, put_str};

/* ---- Temporaries: the struct's first member points to the parent ---- */

static bool get_tmp(GET_ARGS)
{
    void **tmp = g_malloc0(size);
    bool ok;

    *tmp = pv;
    ok = vmstate_load_struct(s, field->vmsd, tmp, field->vmsd->version_id, errp);
    g_free(tmp);
    return ok;
}

static bool put_tmp(PUT_ARGS)
{
    void **tmp = g_malloc0(size);
    bool ok;

    *tmp = (void *)pv;
    ok = vmstate_save_struct(s, field->vmsd, tmp, field->vmsd->version_id, NULL, errp);
    g_free(tmp);
    return ok;
}

const VMStateInfo vmstate_info_tmp = {"tmp", get_tmp, put_tmp};

/* ---- Containers ---- */

/* What <sys/queue.h>'s TAILQ_HEAD and TAILQ_ENTRY look like, whatever the element. */
typedef struct RawEntry {
    void *next;
    void **previous;
} RawEntry;
typedef struct RawHead {
    void *first;
    void **last;
} RawHead;

static RawEntry *entry_of(void *element, const VMStateField *field)
{
    return (RawEntry *)((char *)element + ((const VMStateTailqDesc *)field->data)->entry_offset);
}

static bool get_qtailq(GET_ARGS)
{
    uint64_t room = VMSTATE_ALLOC_LIMIT / MAX(size, 1);
    RawHead *head = pv;

    while (state_get_byte(s)) {
        void *element;

        if (!room--) {
            return bad(errp, "a list is too long");
        }
        element = g_malloc0(size);
        if (!vmstate_load_struct(s, field->vmsd, element, field->vmsd->version_id, errp)) {
            g_free(element);
            return false;
        }
        entry_of(element, field)->next = NULL;
        entry_of(element, field)->previous = head->last;
        *head->last = element;
        head->last = &entry_of(element, field)->next;
    }
    return !state_stream_has_error(s);
}

static bool put_qtailq(PUT_ARGS)
{
    const RawHead *head = pv;

    for (void *element = head->first; element; element = entry_of(element, field)->next) {
        state_put_byte(s, 1);
        if (!vmstate_save_struct(s, field->vmsd, element, field->vmsd->version_id, NULL, errp)) {
            return false;
        }
    }
    state_put_byte(s, 0);
    return true;
}

const VMStateInfo vmstate_info_qtailq = {"qtailq", get_qtailq, put_qtailq};

typedef struct PutTree {
    StateStream *s;
    const VMStateGTreeDesc *desc;
    GError **errp;
    bool ok;
} PutTree;

static gboolean put_node(gpointer key, gpointer value, gpointer data)
{
    PutTree *put = data;

    state_put_byte(put->s, 1);
    if (put->desc->key) {
        put->ok = vmstate_save_struct(put->s, put->desc->key, key, put->desc->key->version_id, NULL,
                                      put->errp);
    } else {
        state_put_be64(put->s, (uint64_t)(uintptr_t)key);
    }
    put->ok = put->ok && vmstate_save_struct(put->s, put->desc->value, value,
                                             put->desc->value->version_id, NULL, put->errp);
    return !put->ok;
}

static bool put_gtree(PUT_ARGS)
{
    GTree *tree = *(GTree *const *)pv;
    PutTree put = {s, field->data, errp, true};

    state_put_be32(s, (uint32_t)g_tree_nnodes(tree));
    g_tree_foreach(tree, put_node, &put);
    state_put_byte(s, 0);
    return put.ok;
}

static bool get_gtree(GET_ARGS)
{
    const VMStateGTreeDesc *desc = field->data;
    GTree *tree = *(GTree **)pv;
    uint32_t count = state_get_be32(s), seen = 0;

    g_tree_remove_all(tree);
    while (!state_stream_has_error(s) && state_get_byte(s)) {
        void *key = NULL, *value;

        if (seen++ == count) {
            return bad(errp, "a tree has more nodes than its count says");
        }
        if (desc->key) {
            key = g_malloc0(desc->key_size);
            if (!vmstate_load_struct(s, desc->key, key, desc->key->version_id, errp)) {
                g_free(key);
                return false;
            }
        } else {
            key = (void *)(uintptr_t)state_get_be64(s);
        }
        value = g_malloc0(desc->value_size);
        if (!vmstate_load_struct(s, desc->value, value, desc->value->version_id, errp)) {
            g_free(desc->key ? key : NULL);
            g_free(value);
            return false;
        }
        g_tree_insert(tree, key, value);
    }
    if (state_stream_has_error(s)) {
        return false;
    }
    return seen == count || bad(errp, "a tree has fewer nodes than its count says");
}

const VMStateInfo vmstate_info_gtree = {"gtree", get_gtree, put_gtree};

static bool put_garray(PUT_ARGS)
{
    const GArray *array = *(GArray *const *)pv;

    state_put_be32(s, array ? array->len : 0);
    for (unsigned i = 0; array && i < array->len; i++) {
        if (!vmstate_save_struct(s, field->vmsd, array->data + i * size, field->vmsd->version_id,
                                 NULL, errp)) {
            return false;
        }
    }
    return true;
}

static bool get_garray(GET_ARGS)
{
    GArray **array = pv;
    uint32_t count = state_get_be32(s);
    char *element;

    if (state_stream_has_error(s)) {
        return false;
    }
    if (count > VMSTATE_ALLOC_LIMIT / MAX(size, 1)) {
        return bad(errp, "an array is too long");
    }
    if (!*array) {
        *array = g_array_new(false, true, (guint)size);
    }
    g_array_set_size(*array, 0);
    /* Elements are added one by one: a count alone costs no memory. */
    element = g_malloc0(size);
    for (uint32_t i = 0; i < count; i++) {
        memset(element, 0, size);
        if (!vmstate_load_struct(s, field->vmsd, element, field->vmsd->version_id, errp)) {
            g_free(element);
            return false;
        }
        g_array_append_vals(*array, element, 1);
    }
    g_free(element);
    return true;
}

const VMStateInfo vmstate_info_garray = {"garray", get_garray, put_garray};

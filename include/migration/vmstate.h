/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptions of state: what of a struct goes on the wire, in which order, width and version.
 *
 * The encoding is QEMU's: integers big-endian, bool one byte, a timer's deadline as 64-bit ns, a
 * pointer's presence as one byte where the macro says so, subsections after the fields.  Every
 * member of a state struct is in exactly one of: fields, derived, immutable, host_only, elsewhere;
 * a test reads the debug information and fails for one that is in none or in two
 * (tests/migration/coverage.py; docs/devel/vmstate.md).
 *
 * Loading is loading from an enemy: counts and sizes are checked against what the struct holds
 * before anything is read; an error names section, field and stream offset.
 */
#ifndef MIGRATION_VMSTATE_H
#define MIGRATION_VMSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include <jansson.h>
#include "migration/stream.h"

typedef struct VMStateDescription VMStateDescription;
typedef struct VMStateField VMStateField;
typedef struct VMStateInfo VMStateInfo;

/* How one element is written and read. */
struct VMStateInfo {
    const char *name; /* as the stream's JSON description has it */
    bool (*get)(StateStream *s, void *pv, size_t size, const VMStateField *field, GError **errp);
    bool (*put)(StateStream *s, const void *pv, size_t size, const VMStateField *field,
                GError **errp);
    /* The bytes of the member at the field's offset that it carries; part_size 0: all of an
     * element, VMSTATE_NO_PART: none, a constant of the wire. */
    size_t part_offset, part_size;
};

#define VMSTATE_NO_PART SIZE_MAX

typedef enum VMStateFlags {
    VMS_SINGLE = 0x001,
    VMS_POINTER = 0x002,      /* the member is a pointer to the value */
    VMS_ARRAY = 0x004,        /* `num` elements */
    VMS_STRUCT = 0x008,       /* by `vmsd` */
    VMS_VARRAY_INT32 = 0x010, /* count in an int32_t member at num_offset */
    VMS_BUFFER = 0x020,       /* bytes of fixed size */
    VMS_ARRAY_OF_POINTER = 0x040,
    VMS_VARRAY_UINT16 = 0x080,
    VMS_VBUFFER = 0x100,  /* size in the member at size_offset */
    VMS_MULTIPLY = 0x200, /* ... times `size` */
    VMS_VARRAY_UINT8 = 0x400,
    VMS_VARRAY_UINT32 = 0x800,
    VMS_MUST_EXIST = 0x1000,        /* field_exists() must be true */
    VMS_ALLOC = 0x2000,             /* loading allocates with g_malloc0 */
    VMS_MULTIPLY_ELEMENTS = 0x4000, /* count is num times the member */
    VMS_VSTRUCT = 0x8000,           /* struct_version_id chooses the version */
    VMS_SIZE_UINT32 = 0x10000,      /* the member at size_offset is uint32_t (else int32_t) */
} VMStateFlags;

struct VMStateField {
    const char *name; /* on the wire's description and in messages */
    size_t offset;
    size_t size; /* of an element */
    size_t start;
    int num;
    size_t num_offset;
    size_t size_offset;
    uint32_t max; /* VMS_ALLOC: most elements or bytes accepted; 0: VMSTATE_ALLOC_LIMIT */
    const VMStateInfo *info;
    uint32_t flags;
    const VMStateDescription *vmsd;
    int version_id; /* first version of the description that has the field */
    int struct_version_id;
    bool (*field_exists)(void *opaque, int version_id);
    const char *err_hint; /* _EQUAL: said after a mismatch */
    const void *data;     /* for special kinds: queue and tree descriptions */
};

#define VMSTATE_ALLOC_LIMIT (256u << 20)

/* Load order: higher first. */
typedef enum MigrationPriority {
    MIG_PRI_DEFAULT = 0,
    MIG_PRI_IOMMU,
    MIG_PRI_PCI_BUS,
    MIG_PRI_VIRTIO_MEM,
    MIG_PRI_GICV3_ITS,
    MIG_PRI_GICV3,
    MIG_PRI_MAX,
} MigrationPriority;

struct VMStateDescription {
    const char *name;
    bool unmigratable; /* saving fails while such a device exists */
    bool own; /* a subsection that QEMU lacks: needed() must say no in a QEMU's dialect (wire.h) */
    /* Of such a one, when it is needed: somebody would miss it there. NULL: always. */
    bool (*missed)(void *opaque);
    int version_id;
    int minimum_version_id;
    MigrationPriority priority;
    /* Subsections and whole sections: sent only if it returns true. */
    bool (*needed)(void *opaque);
    bool (*pre_load)(void *opaque, GError **errp);
    /* After fields and subsections; sets what is derived, checks what came. */
    bool (*post_load)(void *opaque, int version_id, GError **errp);
    bool (*pre_save)(void *opaque, GError **errp);
    void (*post_save)(void *opaque);
    const VMStateField *fields;                   /* ended by VMSTATE_END_OF_LIST() */
    const VMStateDescription *const *subsections; /* ended by NULL */
    /* The audit: names of members ("a", "b.c"), each list ended by NULL; struct name and size. */
    const char *const *derived;
    const char *const *immutable;
    const char *const *host_only;
    /* Members that travel, but not as this description's fields: in sections of their own, or in
     * another form as fields of an outer struct. */
    const char *const *elsewhere;
    /* Names of fields that lie over bytes which another field carries too. */
    const char *const *aliases;
    /* Descriptions that no field or subsection names: of structs that travel by custom means. */
    const VMStateDescription *const *parts;
    const char *struct_name;
    size_t struct_size;
};
/* In a description: VMSTATE_STRUCT_AUDIT(SpaprVty), and lists as VMSTATE_NAMES("a", "b"). */
#define VMSTATE_STRUCT_AUDIT(type) .struct_name = #type, .struct_size = sizeof(type)
#define VMSTATE_NAMES(...)         ((const char *const[]){__VA_ARGS__, NULL})
#define VMSTATE_SUBSECTIONS(...)   ((const VMStateDescription *const[]){__VA_ARGS__, NULL})

extern const VMStateInfo vmstate_info_bool, vmstate_info_int8, vmstate_info_int16,
    vmstate_info_int32, vmstate_info_int64, vmstate_info_uint8, vmstate_info_uint16,
    vmstate_info_uint32, vmstate_info_uint64, vmstate_info_uint8_equal, vmstate_info_uint16_equal,
    vmstate_info_uint32_equal, vmstate_info_int32_equal, vmstate_info_uint64_equal,
    vmstate_info_int32_le, vmstate_info_uint8_in_uint32, vmstate_info_cpudouble,
    vmstate_info_nullptr, vmstate_info_buffer, vmstate_info_unused_buffer, vmstate_info_bitmap,
    vmstate_info_tmp, vmstate_info_qtailq, vmstate_info_gtree, vmstate_info_str,
    vmstate_info_garray;

/* ---- Compile-time checks: each yields an offset or a compile error ---- */
#define vmstate_check_type(type, s, f)                                                             \
    (0 * sizeof(char[__builtin_types_compatible_p(typeof(((s *)0)->f), type) ? 1 : -1]))
#define vmstate_offset_value(s, f, type)    (offsetof(s, f) + vmstate_check_type(type, s, f))
#define vmstate_offset_pointer(s, f, type)  (offsetof(s, f) + vmstate_check_type(type *, s, f))
#define vmstate_offset_array(s, f, type, n) (offsetof(s, f) + vmstate_check_type(type[n], s, f))
#define vmstate_offset_2darray(s, f, type, n1, n2)                                                 \
    (offsetof(s, f) + vmstate_check_type(type[n1][n2], s, f))
/* An array member of any length, elements of that type. */
#define vmstate_offset_varray(s, f, type)                                                          \
    (offsetof(s, f) +                                                                              \
     0 * sizeof(char[__builtin_types_compatible_p(typeof(((s *)0)->f[0]), type) &&                 \
                             !__builtin_types_compatible_p(typeof(((s *)0)->f), type *)            \
                         ? 1                                                                       \
                         : -1]))
#define vmstate_offset_sub_array(s, f, type, start)                                                \
    (vmstate_offset_varray(s, f, type) + (start) * sizeof(type))
#define vmstate_offset_buffer(s, f)                                                                \
    (offsetof(s, f) + 0 * sizeof(char[sizeof(((s *)0)->f[0]) == 1 ? 1 : -1]))
#define vmstate_array_length(s, f) ((int)(sizeof(((s *)0)->f) / sizeof(((s *)0)->f[0])))

/* ---- General forms ---- */
#define VMSTATE_SINGLE_FULL(f, s, test, ver, info_, type, hint)                                    \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .size = sizeof(type),             \
        .info = &(info_), .flags = VMS_SINGLE, .offset = vmstate_offset_value(s, f, type),         \
        .err_hint = (hint)                                                                         \
    }
#define VMSTATE_SINGLE_TEST(f, s, test, ver, info_, type)                                          \
    VMSTATE_SINGLE_FULL(f, s, test, ver, info_, type, NULL)
#define VMSTATE_SINGLE(f, s, ver, info_, type) VMSTATE_SINGLE_TEST(f, s, NULL, ver, info_, type)

#define VMSTATE_POINTER_TEST(f, s, test, ver, info_, type)                                         \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .size = sizeof(type),             \
        .info = &(info_), .flags = VMS_SINGLE | VMS_POINTER,                                       \
        .offset = vmstate_offset_value(s, f, type)                                                 \
    }
#define VMSTATE_POINTER(f, s, ver, info_, type) VMSTATE_POINTER_TEST(f, s, NULL, ver, info_, type)

#define VMSTATE_STRUCT_TEST(f, s, test, ver, desc, type)                                           \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .vmsd = &(desc),                  \
        .size = sizeof(type), .flags = VMS_STRUCT, .offset = vmstate_offset_value(s, f, type)      \
    }
#define VMSTATE_STRUCT(f, s, ver, desc, type) VMSTATE_STRUCT_TEST(f, s, NULL, ver, desc, type)
#define VMSTATE_VSTRUCT_TEST(f, s, test, ver, desc, type, sver)                                    \
    {                                                                                              \
        .name = #f, .version_id = (ver), .struct_version_id = (sver), .field_exists = (test),      \
        .vmsd = &(desc), .size = sizeof(type), .flags = VMS_VSTRUCT | VMS_STRUCT,                  \
        .offset = vmstate_offset_value(s, f, type)                                                 \
    }
#define VMSTATE_VSTRUCT(f, s, desc, type, sver)                                                    \
    VMSTATE_VSTRUCT_TEST(f, s, NULL, 0, desc, type, sver)

/* The member is `type *` and points to the struct. */
#define VMSTATE_STRUCT_POINTER_TEST_V(f, s, test, ver, desc, type)                                 \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .vmsd = &(desc),                  \
        .size = sizeof(type), .flags = VMS_STRUCT | VMS_POINTER,                                   \
        .offset = vmstate_offset_pointer(s, f, type)                                               \
    }
#define VMSTATE_STRUCT_POINTER_V(f, s, ver, desc, type)                                            \
    VMSTATE_STRUCT_POINTER_TEST_V(f, s, NULL, ver, desc, type)
#define VMSTATE_STRUCT_POINTER_TEST(f, s, test, desc, type)                                        \
    VMSTATE_STRUCT_POINTER_TEST_V(f, s, test, 0, desc, type)
#define VMSTATE_STRUCT_POINTER(f, s, desc, type) VMSTATE_STRUCT_POINTER_V(f, s, 0, desc, type)

#define VMSTATE_ARRAY_TEST(f, s, n, test, ver, info_, type)                                        \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .num = (n), .info = &(info_),     \
        .size = sizeof(type), .flags = VMS_ARRAY, .offset = vmstate_offset_array(s, f, type, n)    \
    }
#define VMSTATE_ARRAY(f, s, n, ver, info_, type) VMSTATE_ARRAY_TEST(f, s, n, NULL, ver, info_, type)
#define VMSTATE_SUB_ARRAY(f, s, first, n, ver, info_, type)                                        \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num = (n), .info = &(info_), .size = sizeof(type),       \
        .flags = VMS_ARRAY, .offset = vmstate_offset_sub_array(s, f, type, first)                  \
    }
#define VMSTATE_2DARRAY_TEST(f, s, n1, n2, test, ver, info_, type)                                 \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .num = (n1) * (n2),               \
        .info = &(info_), .size = sizeof(type), .flags = VMS_ARRAY,                                \
        .offset = vmstate_offset_2darray(s, f, type, n1, n2)                                       \
    }
#define VMSTATE_2DARRAY(f, s, n1, n2, ver, info_, type)                                            \
    VMSTATE_2DARRAY_TEST(f, s, n1, n2, NULL, ver, info_, type)
/* Elements times a member: num = mult * member. The member points to the elements. */
#define VMSTATE_VARRAY_MULTIPLY(f, s, nf, mult, info_, type)                                       \
    {                                                                                              \
        .name = #f, .num_offset = vmstate_offset_value(s, nf, uint32_t), .num = (mult),            \
        .info = &(info_), .size = sizeof(type),                                                    \
        .flags = VMS_VARRAY_UINT32 | VMS_MULTIPLY_ELEMENTS,                                        \
        .offset = vmstate_offset_varray(s, f, type)                                                \
    }

#define VMSTATE_VARRAY_KIND(f, s, nf, nftype, kind, ver, info_, type, off, extra)                  \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num_offset = vmstate_offset_value(s, nf, nftype),        \
        .info = &(info_), .size = sizeof(type), .flags = (kind) | (extra), .offset = (off),        \
        .num = 0                                                                                   \
    }
/* An array member whose count in use is another member, at most the array's length. */
#define VMSTATE_VARRAY_IN(f, s, nf, nftype, kind, ver, info_, type)                                \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num_offset = vmstate_offset_value(s, nf, nftype),        \
        .info = &(info_), .size = sizeof(type), .flags = (kind),                                   \
        .offset = vmstate_offset_varray(s, f, type), .max = vmstate_array_length(s, f)             \
    }
#define VMSTATE_VARRAY_UINT8(f, s, nf, ver, info_, type)                                           \
    VMSTATE_VARRAY_IN(f, s, nf, uint8_t, VMS_VARRAY_UINT8, ver, info_, type)
#define VMSTATE_VARRAY_UINT16_UNSAFE(f, s, nf, ver, info_, type)                                   \
    VMSTATE_VARRAY_IN(f, s, nf, uint16_t, VMS_VARRAY_UINT16, ver, info_, type)
/* The member is `type *`; the count was set at realize (or by an _EQUAL field before). */
#define VMSTATE_VARRAY_INT32(f, s, nf, ver, info_, type)                                           \
    VMSTATE_VARRAY_KIND(f, s, nf, int32_t, VMS_VARRAY_INT32, ver, info_, type,                     \
                        vmstate_offset_pointer(s, f, type), VMS_POINTER)
#define VMSTATE_VARRAY_UINT32(f, s, nf, ver, info_, type)                                          \
    VMSTATE_VARRAY_KIND(f, s, nf, uint32_t, VMS_VARRAY_UINT32, ver, info_, type,                   \
                        vmstate_offset_pointer(s, f, type), VMS_POINTER)
#define VMSTATE_VARRAY_UINT16(f, s, nf, ver, info_, type)                                          \
    VMSTATE_VARRAY_KIND(f, s, nf, uint16_t, VMS_VARRAY_UINT16, ver, info_, type,                   \
                        vmstate_offset_pointer(s, f, type), VMS_POINTER)
/* The same, allocated while loading (the old array is freed). */
#define VMSTATE_VARRAY_UINT32_ALLOC(f, s, nf, ver, info_, type)                                    \
    VMSTATE_VARRAY_KIND(f, s, nf, uint32_t, VMS_VARRAY_UINT32, ver, info_, type,                   \
                        vmstate_offset_pointer(s, f, type), VMS_POINTER | VMS_ALLOC)
#define VMSTATE_VARRAY_UINT16_ALLOC(f, s, nf, ver, info_, type)                                    \
    VMSTATE_VARRAY_KIND(f, s, nf, uint16_t, VMS_VARRAY_UINT16, ver, info_, type,                   \
                        vmstate_offset_pointer(s, f, type), VMS_POINTER | VMS_ALLOC)

#define VMSTATE_STRUCT_ARRAY_TEST(f, s, n, test, ver, desc, type)                                  \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .num = (n), .vmsd = &(desc),      \
        .size = sizeof(type), .flags = VMS_STRUCT | VMS_ARRAY,                                     \
        .offset = vmstate_offset_array(s, f, type, n)                                              \
    }
#define VMSTATE_STRUCT_ARRAY(f, s, n, ver, desc, type)                                             \
    VMSTATE_STRUCT_ARRAY_TEST(f, s, n, NULL, ver, desc, type)
#define VMSTATE_STRUCT_SUB_ARRAY(f, s, first, n, ver, desc, type)                                  \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num = (n), .vmsd = &(desc), .size = sizeof(type),        \
        .flags = VMS_STRUCT | VMS_ARRAY, .offset = vmstate_offset_sub_array(s, f, type, first)     \
    }
#define VMSTATE_STRUCT_2DARRAY(f, s, n1, n2, ver, desc, type)                                      \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num = (n1) * (n2), .vmsd = &(desc),                      \
        .size = sizeof(type), .flags = VMS_STRUCT | VMS_ARRAY,                                     \
        .offset = vmstate_offset_2darray(s, f, type, n1, n2)                                       \
    }
#define VMSTATE_STRUCT_VARRAY_UINT8(f, s, nf, ver, desc, type)                                     \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num_offset = vmstate_offset_value(s, nf, uint8_t),       \
        .vmsd = &(desc), .size = sizeof(type), .flags = VMS_STRUCT | VMS_VARRAY_UINT8,             \
        .offset = vmstate_offset_varray(s, f, type), .max = vmstate_array_length(s, f)             \
    }
#define VMSTATE_STRUCT_VARRAY_UINT32(f, s, nf, ver, desc, type)                                    \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num_offset = vmstate_offset_value(s, nf, uint32_t),      \
        .vmsd = &(desc), .size = sizeof(type), .flags = VMS_STRUCT | VMS_VARRAY_UINT32,            \
        .offset = vmstate_offset_varray(s, f, type), .max = vmstate_array_length(s, f)             \
    }
#define VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, nftype, kind, ver, desc, type, extra)         \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num_offset = vmstate_offset_value(s, nf, nftype),        \
        .vmsd = &(desc), .size = sizeof(type),                                                     \
        .flags = VMS_POINTER | VMS_STRUCT | (kind) | (extra),                                      \
        .offset = vmstate_offset_pointer(s, f, type)                                               \
    }
#define VMSTATE_STRUCT_VARRAY_POINTER_INT32(f, s, nf, desc, type)                                  \
    VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, int32_t, VMS_VARRAY_INT32, 0, desc, type, 0)
#define VMSTATE_STRUCT_VARRAY_POINTER_UINT32(f, s, nf, desc, type)                                 \
    VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, uint32_t, VMS_VARRAY_UINT32, 0, desc, type, 0)
#define VMSTATE_STRUCT_VARRAY_POINTER_UINT16(f, s, nf, desc, type)                                 \
    VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, uint16_t, VMS_VARRAY_UINT16, 0, desc, type, 0)
#define VMSTATE_STRUCT_VARRAY_ALLOC(f, s, nf, ver, desc, type)                                     \
    VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, int32_t, VMS_VARRAY_INT32, ver, desc, type,       \
                                       VMS_ALLOC)
#define VMSTATE_STRUCT_VARRAY_UINT32_ALLOC(f, s, nf, ver, desc, type)                              \
    VMSTATE_STRUCT_VARRAY_POINTER_KIND(f, s, nf, uint32_t, VMS_VARRAY_UINT32, ver, desc, type,     \
                                       VMS_ALLOC)
/* `type *f[n]`; each element is present (a byte '0') or NULL (a byte '0' less:
 * vmstate_info_nullptr). */
#define VMSTATE_ARRAY_OF_POINTER_TO_STRUCT(f, s, n, ver, desc, type)                               \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num = (n), .vmsd = &(desc), .size = sizeof(type *),      \
        .flags = VMS_ARRAY | VMS_STRUCT | VMS_ARRAY_OF_POINTER,                                    \
        .offset = vmstate_offset_array(s, f, type *, n)                                            \
    }
#define VMSTATE_ARRAY_OF_POINTER(f, s, n, ver, info_, type)                                        \
    {                                                                                              \
        .name = #f, .version_id = (ver), .num = (n), .info = &(info_), .size = sizeof(type),       \
        .flags = VMS_ARRAY | VMS_ARRAY_OF_POINTER, .offset = vmstate_offset_array(s, f, type, n)   \
    }

/* ---- Buffers ---- */
#define VMSTATE_STATIC_BUFFER(f, s, ver, test, first, length)                                      \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .size = (length),                 \
        .info = &vmstate_info_buffer, .flags = VMS_BUFFER,                                         \
        .offset = vmstate_offset_buffer(s, f) + (first)                                            \
    }
#define VMSTATE_BUFFER_START_MIDDLE(f, s, first)                                                   \
    VMSTATE_STATIC_BUFFER(f, s, 0, NULL, first, sizeof(((s *)0)->f) - (first))
#define VMSTATE_PARTIAL_BUFFER(f, s, length) VMSTATE_STATIC_BUFFER(f, s, 0, NULL, 0, length)
#define VMSTATE_BUFFER_V(f, s, ver)                                                                \
    VMSTATE_STATIC_BUFFER(f, s, ver, NULL, 0, sizeof(((s *)0)->f))
#define VMSTATE_BUFFER(f, s)                 VMSTATE_BUFFER_V(f, s, 0)
#define VMSTATE_BUFFER_TEST(f, s, test)                                                            \
    VMSTATE_STATIC_BUFFER(f, s, 0, test, 0, sizeof(((s *)0)->f))
/* Any member, its bytes as they are: only for byte-order-free things. */
#define VMSTATE_BUFFER_UNSAFE_INFO_TEST(f, s, test, ver, info_, length)                            \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test), .size = (length),                 \
        .info = &(info_), .flags = VMS_BUFFER, .offset = offsetof(s, f)                            \
    }
#define VMSTATE_BUFFER_UNSAFE(f, s, ver, length)                                                   \
    VMSTATE_BUFFER_UNSAFE_INFO_TEST(f, s, NULL, ver, vmstate_info_buffer, length)
#define VMSTATE_BUFFER_POINTER_UNSAFE(f, s, ver, length)                                           \
    {                                                                                              \
        .name = #f, .version_id = (ver), .size = (length), .info = &vmstate_info_buffer,           \
        .flags = VMS_BUFFER | VMS_POINTER, .offset = offsetof(s, f)                                \
    }
/* The member is a pointer; its size in bytes is another member. */
#define VMSTATE_VBUFFER_KIND(f, s, ver, test, sf, sftype, extra)                                   \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test),                                   \
        .size_offset = vmstate_offset_value(s, sf, sftype), .info = &vmstate_info_buffer,          \
        .flags = VMS_VBUFFER | VMS_POINTER | (extra), .offset = offsetof(s, f)                     \
    }
#define VMSTATE_VBUFFER(f, s, ver, test, sf) VMSTATE_VBUFFER_KIND(f, s, ver, test, sf, int32_t, 0)
#define VMSTATE_VBUFFER_UINT32(f, s, ver, test, sf)                                                \
    VMSTATE_VBUFFER_KIND(f, s, ver, test, sf, uint32_t, VMS_SIZE_UINT32)
#define VMSTATE_VBUFFER_ALLOC_UINT32(f, s, ver, test, sf)                                          \
    VMSTATE_VBUFFER_KIND(f, s, ver, test, sf, uint32_t, VMS_SIZE_UINT32 | VMS_ALLOC)
#define VMSTATE_VBUFFER_MULTIPLY(f, s, ver, test, sf, unit)                                        \
    {                                                                                              \
        .name = #f, .version_id = (ver), .field_exists = (test),                                   \
        .size_offset = vmstate_offset_value(s, sf, uint32_t), .size = (unit),                      \
        .info = &vmstate_info_buffer,                                                              \
        .flags = VMS_VBUFFER | VMS_POINTER | VMS_MULTIPLY | VMS_SIZE_UINT32,                       \
        .offset = offsetof(s, f)                                                                   \
    }
/* Bytes that once meant something: written as zeros, skipped when loaded. */
#define VMSTATE_UNUSED_BUFFER(test, ver, length)                                                   \
    {                                                                                              \
        .name = "unused", .version_id = (ver), .field_exists = (test), .size = (length),           \
        .info = &vmstate_info_unused_buffer, .flags = VMS_BUFFER                                   \
    }
#define VMSTATE_UNUSED_V(ver, length)     VMSTATE_UNUSED_BUFFER(NULL, ver, length)
#define VMSTATE_UNUSED(length)            VMSTATE_UNUSED_V(0, length)
#define VMSTATE_UNUSED_TEST(test, length) VMSTATE_UNUSED_BUFFER(test, 0, length)
/* unsigned long *f, its size in bits an int32_t member. */
#define VMSTATE_BITMAP(f, s, ver, bits)                                                            \
    {                                                                                              \
        .name = #f, .version_id = (ver), .size_offset = vmstate_offset_value(s, bits, int32_t),    \
        .info = &vmstate_info_bitmap, .flags = VMS_VBUFFER | VMS_POINTER,                          \
        .offset = vmstate_offset_pointer(s, f, unsigned long)                                      \
    }
/* char *f, g_malloc: 32-bit length and bytes (not QEMU's; own sections only). max 64 KiB. */
#define VMSTATE_STRING(f, s, ver)                                                                  \
    {                                                                                              \
        .name = #f, .version_id = (ver), .size = sizeof(char *), .info = &vmstate_info_str,        \
        .flags = VMS_SINGLE, .offset = vmstate_offset_value(s, f, char *)                          \
    }
/* GArray *f of `type`, by desc: 32-bit count and elements (own sections only). */
#define VMSTATE_GARRAY_STRUCT(f, s, ver, desc, type)                                               \
    {                                                                                              \
        .name = #f, .version_id = (ver), .size = sizeof(type), .vmsd = &(desc),                    \
        .info = &vmstate_info_garray, .flags = VMS_SINGLE,                                         \
        .offset = vmstate_offset_value(s, f, GArray *)                                             \
    }

/* ---- Values computed for the wire: a temporary struct whose first member `parent` points to s
 * ---- */
#define VMSTATE_WITH_TMP(s, tmptype, desc)                                                         \
    {                                                                                              \
        .name = "tmp",                                                                             \
        .size =                                                                                    \
            sizeof(tmptype) +                                                                      \
            0 * sizeof(                                                                            \
                    char[offsetof(tmptype, parent) == 0 &&                                         \
                                 __builtin_types_compatible_p(typeof(((tmptype *)0)->parent), s *) \
                             ? 1                                                                   \
                             : -1]),                                                               \
        .vmsd = &(desc), .info = &vmstate_info_tmp                                                 \
    }

/* ---- Containers ---- */
/* An intrusive list as <sys/queue.h> TAILQ: each element a byte 1 and the struct, then a byte 0.
 * head: TAILQ_HEAD member; entry: TAILQ_ENTRY member of `type`. */
typedef struct VMStateTailqDesc {
    size_t entry_offset;
} VMStateTailqDesc;
#define VMSTATE_QTAILQ_V(f, s, ver, desc, type, entry)                                             \
    {                                                                                              \
        .name = #f, .version_id = (ver), .vmsd = &(desc), .size = sizeof(type),                    \
        .info = &vmstate_info_qtailq, .offset = offsetof(s, f), .data = &(const VMStateTailqDesc)  \
        {                                                                                          \
            offsetof(type, entry)                                                                  \
        }                                                                                          \
    }
/* A GTree: 32-bit count, then each key (direct: 64-bit; or by key_desc) and value. The tree is made
 * empty before loading; compare and free functions stay as it was made. key_desc NULL: direct keys.
 */
typedef struct VMStateGTreeDesc {
    const VMStateDescription *key, *value;
    size_t key_size, value_size;
} VMStateGTreeDesc;
#define VMSTATE_GTREE_V(f, s, ver, key_desc, key_type, value_desc, value_type)                     \
    {                                                                                              \
        .name = #f, .version_id = (ver), .info = &vmstate_info_gtree,                              \
        .offset = vmstate_offset_value(s, f, GTree *), .data = &(const VMStateGTreeDesc)           \
        {                                                                                          \
            key_desc, &(value_desc), sizeof(key_type), sizeof(value_type)                          \
        }                                                                                          \
    }
#define VMSTATE_GTREE_DIRECT_KEY_V(f, s, ver, value_desc, value_type)                              \
    {                                                                                              \
        .name = #f, .version_id = (ver), .info = &vmstate_info_gtree,                              \
        .offset = vmstate_offset_value(s, f, GTree *), .data = &(const VMStateGTreeDesc)           \
        {                                                                                          \
            NULL, &(value_desc), 0, sizeof(value_type)                                             \
        }                                                                                          \
    }

/* A field that must hold: _VALIDATE("reason", test). Writes nothing. */
#define VMSTATE_VALIDATE(reason, test)                                                             \
    {                                                                                              \
        .name = (reason), .field_exists = (test), .flags = VMS_ARRAY | VMS_MUST_EXIST, .num = 0    \
    }

/* ---- Integers ---- */
#include "migration/vmstate-ints.h.inc"

#define VMSTATE_UINT64_ARRAY_OF_DOUBLE(f, s, n)                                                    \
    VMSTATE_ARRAY(f, s, n, 0, vmstate_info_cpudouble, double)

#define VMSTATE_END_OF_LIST()                                                                      \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* ---- The interpreter ---- */
/* Fields and subsections of opaque. Device lock held. */
bool vmstate_save(StateStream *s, const VMStateDescription *vmsd, void *opaque, GError **errp);
/* The same; description, an empty object, gets what was written (members as QEMU's: vmsd_name,
 * version, fields, subsections). */
bool vmstate_save_described(StateStream *s, const VMStateDescription *vmsd, void *opaque,
                            json_t *description, GError **errp);
/* version_id as the section's header has it. */
bool vmstate_load(StateStream *s, const VMStateDescription *vmsd, void *opaque, int version_id,
                  GError **errp);
bool vmstate_section_needed(const VMStateDescription *vmsd, void *opaque);

/* For tests of one device: fields and subsections alone, no section header. */
GBytes *vmstate_save_to_bytes(const VMStateDescription *vmsd, void *opaque, GError **errp);
/* All bytes must be used. */
bool vmstate_load_from_bytes(const VMStateDescription *vmsd, void *opaque, const void *data,
                             size_t size, int version_id, GError **errp);
/* Calls fn for every description below vmsd (structs, subsections, parts), vmsd first. */
void vmstate_foreach(const VMStateDescription *vmsd, void (*fn)(const VMStateDescription *, void *),
                     void *opaque);
/* Checks a description's own consistency (names, versions, derived without post_load). */
bool vmstate_check_description(const VMStateDescription *vmsd, GError **errp);

/* ---- What is registered ---- */
#define VMSTATE_INSTANCE_ID_ANY UINT32_MAX

typedef struct StateEntry {
    char *idstr; /* section name: the device's wire path and the description's name */
    uint32_t instance_id;
    uint32_t section_id;
    int version_id;
    const VMStateDescription *vmsd;
    const struct StateHandlers *handlers; /* instead of vmsd: RAM, hash table */
    void *opaque;
} StateEntry;

/*
 * Sections that are not one struct: RAM, a hash page table, dirty bitmaps of disks.  They are sent
 * in phases: set up, some rounds while the guest runs, and the rest when it stands still.  Without
 * a device lock unless said; `opaque` is the registration's.
 */
typedef struct StateHandlers {
    /* What is left when the guest stops may be sent while it runs on the other side. */
    bool goes_on_in_postcopy;
    /* NULL: always. False: the section is left out altogether. */
    bool (*is_active)(void *opaque);
    /* Starts tracking what changes and writes the first part. Device lock held. */
    bool (*save_setup)(StateStream *s, void *opaque, GError **errp);
    /* Bytes that are still to be sent. exact: collect the newest changes first. */
    uint64_t (*save_pending)(void *opaque, bool exact);
    /* A part, until `limit` says that enough was written; 1 nothing is left, 0 more, -1 error. */
    int (*save_iterate)(StateStream *s, void *opaque, bool (*limit)(void *limit_opaque),
                        void *limit_opaque, GError **errp);
    /* The rest. The guest stands still; device lock held. */
    bool (*save_complete)(StateStream *s, void *opaque, GError **errp);
    /* After the end, whatever that was, also without a setup. Device lock held. */
    void (*save_cleanup)(void *opaque);
    /* Reads what save_setup wrote and says whether it fits; changes nothing. NULL: nothing to say.
     */
    bool (*check)(StateStream *s, void *opaque, int version_id, GError **errp);
    /* Before the first part is read. */
    bool (*load_setup)(void *opaque, GError **errp);
    /* One part, of any phase. */
    bool (*load)(StateStream *s, void *opaque, int version_id, GError **errp);
    void (*load_cleanup)(void *opaque);
} StateHandlers;

typedef struct StateRegistry StateRegistry;
StateRegistry *state_registry_new(void);
void state_registry_free(StateRegistry *registry);
/*
 * Adds a section "dev_id/vmsd->name" (dev_id NULL or "": the name alone).  VMSTATE_INSTANCE_ID_ANY
 * takes the number of sections of that name so far.  A second section of the same name and number
 * is an error.
 */
bool state_registry_add(StateRegistry *registry, const char *dev_id, uint32_t instance_id,
                        const VMStateDescription *vmsd, void *opaque, GError **errp);
bool state_registry_add_handlers(StateRegistry *registry, const char *idstr, uint32_t instance_id,
                                 int version_id, const StateHandlers *handlers, void *opaque,
                                 GError **errp);
/*
 * Sections that some machines have and some lack.  hint: what to tell a user whose stream has
 * `idstr` where this machine lacks it.  optional: a stream may lack it where this machine has it;
 * the device then keeps the state of its reset.
 */
void state_registry_explain(StateRegistry *registry, const char *idstr, const char *hint);
void state_registry_make_optional(StateRegistry *registry, const char *idstr);
void state_registry_remove(StateRegistry *registry, const VMStateDescription *vmsd, void *opaque);
StateEntry *state_registry_find(StateRegistry *registry, const char *idstr, uint32_t instance_id);
/* In saving order: priority first, then the order of registration. GPtrArray owned by the registry.
 */
const GPtrArray *state_registry_entries(StateRegistry *registry);

#endif

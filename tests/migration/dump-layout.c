/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structs as the compiler laid them out, from the debug information (DWARF) of a program.  See
 * dump-layout.h.
 */
#include "dump-layout.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_LIMIT 12

/* The type behind qualifiers; *name: the first name on the way. */
static bool resolve_type(Dwarf_Die *die, Dwarf_Die *out, const char **name)
{
    Dwarf_Attribute attr;
    Dwarf_Die type;

    *name = NULL;
    if (!dwarf_attr_integrate(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type)) {
        return false;               /* void */
    }
    for (;;) {
        int tag = dwarf_tag(&type);

        if (!*name) {
            *name = dwarf_diename(&type);
        }
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type &&
            tag != DW_TAG_restrict_type && tag != DW_TAG_atomic_type) {
            *out = type;
            return true;
        }
        if (!dwarf_attr_integrate(&type, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type)) {
            return false;
        }
    }
}

static bool unsigned_attr(Dwarf_Die *die, unsigned which, Dwarf_Word *value)
{
    Dwarf_Attribute attr;

    return dwarf_attr_integrate(die, which, &attr) && !dwarf_formudata(&attr, value);
}

static Dwarf_Word array_count(Dwarf_Die *array)
{
    Dwarf_Word total = 1;
    Dwarf_Die child;

    if (dwarf_child(array, &child)) {
        return 0;
    }
    do {
        Dwarf_Word n;

        if (dwarf_tag(&child) != DW_TAG_subrange_type) {
            continue;
        }
        if (unsigned_attr(&child, DW_AT_count, &n)) {
            total *= n;
        } else if (unsigned_attr(&child, DW_AT_upper_bound, &n)) {
            total *= n + 1;
        } else {
            total = 0;              /* a flexible array member */
        }
    } while (!dwarf_siblingof(&child, &child));
    return total;
}

static json_t *members_of(Dwarf_Die *structure, unsigned depth);

/* Adds what a member's type is to its row. */
static void describe_type(json_t *row, Dwarf_Die *member, unsigned depth)
{
    Dwarf_Word size = 0, count = 1;
    Dwarf_Die type, inner;
    const char *name;

    if (!resolve_type(member, &type, &name)) {
        return;
    }
    if (dwarf_tag(&type) == DW_TAG_array_type) {
        const char *element_name;

        count = array_count(&type);
        if (!resolve_type(&type, &inner, &element_name)) {
            return;
        }
        type = inner;
        name = element_name;
    }
    if (dwarf_aggregate_size(&type, &size)) {
        size = 0;
    }
    json_object_set_new(row, "size", json_integer((json_int_t)(size * count)));
    json_object_set_new(row, "count", json_integer((json_int_t)count));
    json_object_set_new(row, "element", json_integer((json_int_t)size));
    switch (dwarf_tag(&type)) {
    case DW_TAG_pointer_type:
        json_object_set_new(row, "pointer", json_true());
        if (resolve_type(&type, &inner, &name) && name) {
            json_object_set_new(row, "type", json_string(name));
        }
        break;
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        json_object_set_new(row, "members", members_of(&type, depth + 1));
        /* fallthrough */
    default:
        if (name) {
            json_object_set_new(row, "type", json_string(name));
        }
    }
}

static json_t *members_of(Dwarf_Die *structure, unsigned depth)
{
    json_t *rows = json_array();
    Dwarf_Die child;

    if (depth > DEPTH_LIMIT || dwarf_child(structure, &child)) {
        return rows;
    }
    do {
        Dwarf_Word offset = 0;
        const char *name = dwarf_diename(&child);
        json_t *row;

        if (dwarf_tag(&child) != DW_TAG_member) {
            continue;
        }
        unsigned_attr(&child, DW_AT_data_member_location, &offset);
        row = json_pack("{s:s, s:I}", "name", name ? name : "", "offset", (json_int_t)offset);
        if (dwarf_hasattr(&child, DW_AT_bit_size)) {
            json_object_set_new(row, "bits", json_true());
        }
        describe_type(row, &child, depth);
        json_array_append_new(rows, row);
    } while (!dwarf_siblingof(&child, &child));
    return rows;
}

/* A definition of a wanted name: kept unless one like it is there. */
static void take(json_t *wanted, const char *name, Dwarf_Die *structure)
{
    json_t *list = name ? json_object_get(wanted, name) : NULL, *layout;
    Dwarf_Word size;
    size_t i;
    json_t *other;

    if (!list || dwarf_tag(structure) != DW_TAG_structure_type ||
        dwarf_hasattr(structure, DW_AT_declaration) || dwarf_aggregate_size(structure, &size)) {
        return;
    }
    layout = json_pack("{s:I, s:o}", "size", (json_int_t)size, "members", members_of(structure, 0));
    json_array_foreach(list, i, other) {
        if (json_equal(other, layout)) {
            json_decref(layout);
            return;
        }
    }
    json_array_append_new(list, layout);
}

static void walk_unit(Dwarf_Die *unit, json_t *wanted)
{
    Dwarf_Die child, type;
    const char *name;

    if (dwarf_child(unit, &child)) {
        return;
    }
    do {
        switch (dwarf_tag(&child)) {
        case DW_TAG_structure_type:
            take(wanted, dwarf_diename(&child), &child);
            break;
        case DW_TAG_typedef:
            if (json_object_get(wanted, dwarf_diename(&child)) &&
                resolve_type(&child, &type, &name)) {
                take(wanted, dwarf_diename(&child), &type);
            }
            break;
        default:
            break;
        }
    } while (!dwarf_siblingof(&child, &child));
}

bool layout_read(const char *program, json_t *wanted)
{
    int fd = open(program, O_RDONLY | O_CLOEXEC);
    Dwarf *dwarf = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t type;
    unsigned units = 0;

    if (dwarf) {
        while (!dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, NULL)) {
            if (type == DW_UT_compile) {
                walk_unit(&die, wanted);
                units++;
            }
        }
        dwarf_end(dwarf);
    }
    if (fd >= 0) {
        close(fd);
    }
    return units != 0;
}

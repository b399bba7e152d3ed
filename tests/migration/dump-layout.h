/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structs as the compiler laid them out. */
#ifndef DUMP_LAYOUT_H
#define DUMP_LAYOUT_H

#include <stdbool.h>
#include <jansson.h>

/*
 * wanted: an object whose members are names of structs (or typedefs), each an empty array; it gets
 * every different definition: {"size", "members": [{"name", "offset", "size", "count", "element",
 * "type", "pointer": true, "bits": true, "members": […]}]}.  False: the program has no debug
 * information.
 */
bool layout_read(const char *program, json_t *wanted);

#endif

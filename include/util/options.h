/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option strings as QEMU's command line has them: key=value[,key=value]..., "," inside a value
 * written
 * ",,", a first value without key under an implied key, a bare key meaning key=on and "nokey"
 * key=off for boolean rows.  A table of rows gives the keys that are allowed, their types and their
 * help.
 */
#ifndef UTIL_OPTIONS_H
#define UTIL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

typedef enum OptionType { OPTION_STRING, OPTION_BOOL, OPTION_NUMBER, OPTION_SIZE } OptionType;

typedef struct OptionDesc {
    const char *name;
    OptionType type;
    const char *help;
    const char *default_value; /* text, NULL: none */
} OptionDesc;

/* The rows of one option; an empty table (desc[0].name == NULL) accepts any key as a string. */
typedef struct OptionListDesc {
    const char *name;        /* as the user knows it: "smp", "chardev" */
    const char *implied_key; /* NULL: the first item needs a key */
    bool merge;              /* repeated options add to one set (-M a -M b) */
    const OptionDesc *desc;  /* ended by a row without name */
} OptionListDesc;

typedef struct Option {
    char *name, *value;
} Option;
typedef struct Options {
    const OptionListDesc *list;
    char *id;      /* value of id=, or NULL */
    GArray *items; /* Option, in the order given; a later one of a name wins */
} Options;

/* Checks names and values against the rows; the error names the key and, if one is near, the valid
 * one. */
Options *options_parse(const OptionListDesc *list, const char *text, GError **errp);
/* Adds text's items to an existing set. */
bool options_parse_into(Options *options, const char *text, GError **errp);
Options *options_new(const OptionListDesc *list);
void options_free(Options *options);
bool options_set(Options *options, const char *name, const char *value, GError **errp);

/* Last value given, else the row's default, else NULL. */
const char *options_get(const Options *options, const char *name);
bool options_has(const Options *options, const char *name);
bool options_get_bool(const Options *options, const char *name, bool otherwise);
uint64_t options_get_number(const Options *options, const char *name, uint64_t otherwise);
uint64_t options_get_size(const Options *options, const char *name, uint64_t otherwise);
/* Removes every item of that name; the last value (g_free), or NULL. */
char *options_take(Options *options, const char *name);
/* Calls fn for every item in order, stops when it returns false. */
bool options_foreach(const Options *options,
                     bool (*fn)(void *opaque, const char *name, const char *value, GError **errp),
                     void *opaque, GError **errp);
/* True if text asks for help: "help" or "?" as an item. */
bool options_wants_help(const char *text);
/* One line for each row. */
char *options_help(const OptionListDesc *list);

/* Splits the raw list: the next item's end; *value gets the unescaped text up to a single comma. */
const char *options_next_item(const char *text, char **item);

/* Edit distance (insert, delete, replace, swap of neighbours), and the nearest candidate that is
 * near enough to be meant; NULL if none is. candidates ends with NULL. */
unsigned edit_distance(const char *a, const char *b);
const char *nearest_name(const char *name, const char *const *candidates);

#endif

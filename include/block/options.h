/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of block nodes: a flat set of dotted keys ("file.filename", "backing.driver") with text
 * values, the same from -drive, from -blockdev in dotted or JSON form and from QMP. Each layer
 * takes the keys it knows out of the set; what is left over is an error that names the key.
 */
#ifndef BLOCK_OPTIONS_H
#define BLOCK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include <jansson.h>

typedef struct BlockOptions BlockOptions;

BlockOptions *block_options_new(void);
BlockOptions *block_options_copy(const BlockOptions *options);
void block_options_free(BlockOptions *options); /* NULL allowed */
/* "key=value,key=value", "," in a value doubled; a first item without "=" gets the key `implied`.
 */
BlockOptions *block_options_parse(const char *text, const char *implied, GError **errp);
/* Nested objects become dotted keys, array elements "key.0", booleans "on" and "off". */
BlockOptions *block_options_from_json(json_t *object, GError **errp);
/* A later value replaces an earlier one. value NULL: removes the key. */
void block_options_set(BlockOptions *options, const char *key, const char *value);
void block_options_set_default(BlockOptions *options, const char *key, const char *value);
const char *block_options_get(const BlockOptions *options, const char *key);
/* Takes the value out (g_free), or NULL. */
char *block_options_take(BlockOptions *options, const char *key);
/* False only with an error: a value that is none. A missing key leaves *value as it is. */
bool block_options_take_bool(BlockOptions *options, const char *key, bool *value, GError **errp);
bool block_options_take_size(BlockOptions *options, const char *key, uint64_t *value,
                             GError **errp);
/* One of names (ended by NULL); the index in *value. */
bool block_options_take_enum(BlockOptions *options, const char *key, const char *const *names,
                             int *value, GError **errp);
/* Moves every "prefix.KEY" into a new set as KEY. Never NULL. */
BlockOptions *block_options_take_prefix(BlockOptions *options, const char *prefix);
bool block_options_is_empty(const BlockOptions *options);
/* The first key left, or NULL. */
const char *block_options_first_key(const BlockOptions *options);

#endif

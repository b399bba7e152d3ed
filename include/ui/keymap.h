/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a client's keyboard writes (X11 keysyms) to keys, by the layout of -k. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "ui/keys.h"

typedef struct KeymapEntry {
    Key key;
    bool shift;                         /* pressed together with it */
    bool level3;                        /* AltGr (Option on a Mac), the same */
    bool letter;                        /* caps lock acts on it like shift */
} KeymapEntry;

/* The layout of -k: "en-us", "de", "fr-ch"... Unknown: an error, and the layout stays what it was.
 */
bool keymap_set_layout(const char *name, GError **errp);
/* False: no key writes that. */
bool keymap_find(uint32_t keysym, KeymapEntry *entry);

#endif

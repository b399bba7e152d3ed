/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layouts of keyboards.  American English is built in; others come from the X keyboard database
 * through libxkbcommon, where that was there when this was built.  Keys that write nothing are the
 * same in all.
 */
#include <string.h>
#include "ui/keymap.h"
#include "util/error.h"

#ifdef HAVE_XKBCOMMON
#include <xkbcommon/xkbcommon.h>
#define FIRST_XKB_CODE 8
#endif

/* The layout of -k: the process's one keyboard. Keysym to KeymapEntry; NULL: American. */
static GHashTable *layout;

static const struct { uint32_t keysym; Key key;
} special[] = {
    {0xff08, KEY_BACKSPACE},  {0xff09, KEY_TAB},        {0xfe20, KEY_TAB},
    {0xff0d, KEY_RET},        {0xff13, KEY_PAUSE},      {0xff14, KEY_SCROLL_LOCK},
    {0xff15, KEY_SYSRQ},      {0xff1b, KEY_ESC},        {0xff50, KEY_HOME},
    {0xff51, KEY_LEFT},       {0xff52, KEY_UP},         {0xff53, KEY_RIGHT},
    {0xff54, KEY_DOWN},       {0xff55, KEY_PGUP},       {0xff56, KEY_PGDN},
    {0xff57, KEY_END},        {0xff61, KEY_PRINT},      {0xff63, KEY_INSERT},
    {0xff67, KEY_COMPOSE},    {0xff6a, KEY_HELP},       {0xff6b, KEY_PAUSE},
    {0xff7e, KEY_ALT_R},      {0xff7f, KEY_NUM_LOCK},   {0xff8d, KEY_KP_ENTER},
    {0xff95, KEY_KP_7},       {0xff96, KEY_KP_4},       {0xff97, KEY_KP_8},
    {0xff98, KEY_KP_6},       {0xff99, KEY_KP_2},       {0xff9a, KEY_KP_9},
    {0xff9b, KEY_KP_3},       {0xff9c, KEY_KP_1},       {0xff9d, KEY_KP_5},
    {0xff9e, KEY_KP_0},       {0xff9f, KEY_KP_DECIMAL}, {0xffaa, KEY_KP_MULTIPLY},
    {0xffab, KEY_KP_ADD},     {0xffac, KEY_KP_COMMA},   {0xffad, KEY_KP_SUBTRACT},
    {0xffae, KEY_KP_DECIMAL}, {0xffaf, KEY_KP_DIVIDE},  {0xffb0, KEY_KP_0},
    {0xffb1, KEY_KP_1},       {0xffb2, KEY_KP_2},       {0xffb3, KEY_KP_3},
    {0xffb4, KEY_KP_4},       {0xffb5, KEY_KP_5},       {0xffb6, KEY_KP_6},
    {0xffb7, KEY_KP_7},       {0xffb8, KEY_KP_8},       {0xffb9, KEY_KP_9},
    {0xffbd, KEY_KP_EQUALS},  {0xffbe, KEY_F1},         {0xffbf, KEY_F2},
    {0xffc0, KEY_F3},         {0xffc1, KEY_F4},         {0xffc2, KEY_F5},
    {0xffc3, KEY_F6},         {0xffc4, KEY_F7},         {0xffc5, KEY_F8},
    {0xffc6, KEY_F9},         {0xffc7, KEY_F10},        {0xffc8, KEY_F11},
    {0xffc9, KEY_F12},        {0xffca, KEY_F13},        {0xffcb, KEY_F14},
    {0xffcc, KEY_F15},        {0xffe1, KEY_SHIFT},      {0xffe2, KEY_SHIFT_R},
    {0xffe3, KEY_CTRL},       {0xffe4, KEY_CTRL_R},     {0xffe5, KEY_CAPS_LOCK},
    {0xffe7, KEY_META_L},     {0xffe8, KEY_META_R},     {0xffe9, KEY_ALT},
    {0xffea, KEY_ALT_R},      {0xffeb, KEY_META_L},     {0xffec, KEY_META_R},
    {0xfe03, KEY_ALT_R},      {0xffff, KEY_DELETE},
};

static const struct { Key key; char plain, shifted;
} american[] = {
    {KEY_1, '1', '!'},
    {KEY_2, '2', '@'},
    {KEY_3, '3', '#'},
    {KEY_4, '4', '$'},
    {KEY_5, '5', '%'},
    {KEY_6, '6', '^'},
    {KEY_7, '7', '&'},
    {KEY_8, '8', '*'},
    {KEY_9, '9', '('},
    {KEY_0, '0', ')'},
    {KEY_MINUS, '-', '_'},
    {KEY_EQUAL, '=', '+'},
    {KEY_BRACKET_LEFT, '[', '{'},
    {KEY_BRACKET_RIGHT, ']', '}'},
    {KEY_SEMICOLON, ';', ':'},
    {KEY_APOSTROPHE, '\'', '"'},
    {KEY_GRAVE_ACCENT, '`', '~'},
    {KEY_BACKSLASH, '\\', '|'},
    {KEY_COMMA, ',', '<'},
    {KEY_DOT, '.', '>'},
    {KEY_SLASH, '/', '?'},
    {KEY_SPC, ' ', ' '},
};

static bool find_american(uint32_t keysym, KeymapEntry *entry)
{
    if (keysym < 0x80 && g_ascii_isalpha((char)keysym)) {
        const char name[] = {g_ascii_tolower((char)keysym), 0};

        *entry = (KeymapEntry){
            .key = key_by_name(name), .shift = g_ascii_isupper((char)keysym), .letter = true};
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(american); i++) {
        if (keysym == (uint8_t)american[i].plain || keysym == (uint8_t)american[i].shifted) {
            *entry = (KeymapEntry){.key = american[i].key,
                                   .shift = keysym != (uint8_t)american[i].plain};
            return true;
        }
    }
    return false;
}

bool keymap_find(uint32_t keysym, KeymapEntry *entry)
{
    const KeymapEntry *found;

    for (unsigned i = 0; i < G_N_ELEMENTS(special); i++) {
        if (special[i].keysym == keysym) {
            *entry = (KeymapEntry){.key = special[i].key};
            return true;
        }
    }
    found = layout ? g_hash_table_lookup(layout, GUINT_TO_POINTER(keysym)) : NULL;
    if (found) {
        *entry = *found;
        return true;
    }
    /* What the layout cannot write is written as on an American keyboard: better than nothing. */
    return find_american(keysym, entry);
}

#ifdef HAVE_XKBCOMMON

/* Layouts that the X keyboard database has by another name. */
static const struct { const char *name, *layout, *variant;
} aliases[] = {
    {"ar", "ara", ""},     {"bepo", "fr", "bepo"}, {"da", "dk", ""}, {"de-ch", "ch", "de"},
    {"en-gb", "gb", ""},   {"en-us", "us", ""},    {"et", "ee", ""}, {"fr-be", "be", ""},
    {"fr-ca", "ca", "fr"}, {"fr-ch", "ch", "fr"},  {"ja", "jp", ""}, {"pt-br", "br", ""},
    {"sl", "si", ""},      {"sv", "se", ""},
};

static void add(GHashTable *table, uint32_t keysym, Key key, unsigned level)
{
    KeymapEntry entry = {.key = key, .shift = level & 1, .level3 = level & 2};

    if (keysym == XKB_KEY_NoSymbol || g_hash_table_contains(table, GUINT_TO_POINTER(keysym))) {
        return;
    }
    entry.letter = level < 2 && xkb_keysym_to_upper(keysym) != xkb_keysym_to_lower(keysym);
    g_hash_table_insert(table, GUINT_TO_POINTER(keysym), g_memdup2(&entry, sizeof(entry)));
}

/* Keysyms by fewest modifiers first: what two keys write is written by the simpler one. */
static GHashTable *read_layout(struct xkb_keymap *map)
{
    GHashTable *table = g_hash_table_new_full(NULL, NULL, NULL, g_free);

    for (unsigned level = 0; level < 4; level++) {
        for (unsigned code = 1; code < 0xff; code++) {
            const xkb_keysym_t *keysyms;
            Key key = key_by_linux(code);

            if (key != KEY_UNKNOWN && xkb_keymap_key_get_syms_by_level(map, code + FIRST_XKB_CODE,
                                                                       0, level, &keysyms) == 1) {
                add(table, keysyms[0], key, level);
            }
        }
    }
    return table;
}

static void no_log(struct xkb_context *context, enum xkb_log_level level, const char *format,
                   va_list args)
{
}

bool keymap_set_layout(const char *name, GError **errp)
{
    struct xkb_rule_names names = {
        .rules = "evdev", .model = "pc105", .layout = name, .variant = ""};
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    struct xkb_keymap *map;

    for (unsigned i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (!strcmp(aliases[i].name, name)) {
            names.layout = aliases[i].layout;
            names.variant = aliases[i].variant;
        }
    }
    if (context) {
        xkb_context_set_log_fn(context, no_log);
    }
    map = context ? xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS) : NULL;
    if (map) {
        if (layout) {
            g_hash_table_unref(layout);
        }
        layout = read_layout(map);
    }
    xkb_keymap_unref(map);
    xkb_context_unref(context);
    if (!map && strcmp(name, "en-us")) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND,
                  "no keyboard layout '%s' (en-us, de, fr, ...; Debian: package xkb-data)", name);
        return false;
    }
    return true;
}

#else

bool keymap_set_layout(const char *name, GError **errp)
{
    if (strcmp(name, "en-us")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "no keyboard layout '%s': built without libxkbcommon, only en-us is there", name);
        return false;
    }
    return true;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys and what is looked up in it. */
#include <string.h>
#include "ui/keys.h"

const KeyInfo key_info[N_KEYS] = {
#define ROW(id, name, linux, pc, usb, adb) {name, linux, pc, usb, adb},
    UI_KEYS(ROW)
#undef ROW
};

Key key_by_name(const char *name)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        if (!strcmp(key_info[i].name, name)) {
            return (Key)i;
        }
    }
    return KEY_UNKNOWN;
}

Key key_by_pc(unsigned code)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        if (key_info[i].pc == code) {
            return (Key)i;
        }
    }
    return KEY_UNKNOWN;
}

Key key_by_linux(unsigned code)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        if (key_info[i].linux_code == code) {
            return (Key)i;
        }
    }
    return KEY_UNKNOWN;
}

Key key_by_usb(unsigned usage)
{
    for (unsigned i = 0; i < N_KEYS && usage != KEY_NONE; i++) {
        if (key_info[i].usb == usage) {
            return (Key)i;
        }
    }
    return KEY_UNKNOWN;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a keyboard, by the names of QMP's QKeyCode, and their numbers in other tables: Linux's
 * input events (linux/input-event-codes.h), a PC's first set of scan codes (0x80 for those behind
 * 0xe0), USB's usages ("HID Usage Tables", Keyboard page) and ADB ("Inside Macintosh: Macintosh
 * Toolbox Essentials").  KEY_NONE: not there.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdint.h>

#define KEY_NONE 0xff

/*      identifier     name            Linux  PC    USB   ADB */
#define UI_KEYS(ROW)                                           \
    ROW(SHIFT,         "shift",           42, 0x2a, 0xe1, 0x38) \
    ROW(SHIFT_R,       "shift_r",         54, 0x36, 0xe5, 0x7b) \
    ROW(ALT,           "alt",             56, 0x38, 0xe2, 0x3a) \
    ROW(ALT_R,         "alt_r",          100, 0xb8, 0xe6, 0x7c) \
    ROW(CTRL,          "ctrl",            29, 0x1d, 0xe0, 0x36) \
    ROW(CTRL_R,        "ctrl_r",          97, 0x9d, 0xe4, 0x7d) \
    ROW(META_L,        "meta_l",         125, 0xdb, 0xe3, 0x37) \
    ROW(META_R,        "meta_r",         126, 0xdc, 0xe7, 0x37) \
    ROW(MENU,          "menu",           139, 0x9e, 0xff, 0xff) \
    ROW(ESC,           "esc",              1, 0x01, 0x29, 0x35) \
    ROW(1,             "1",                2, 0x02, 0x1e, 0x12) \
    ROW(2,             "2",                3, 0x03, 0x1f, 0x13) \
    ROW(3,             "3",                4, 0x04, 0x20, 0x14) \
    ROW(4,             "4",                5, 0x05, 0x21, 0x15) \
    ROW(5,             "5",                6, 0x06, 0x22, 0x17) \
    ROW(6,             "6",                7, 0x07, 0x23, 0x16) \
    ROW(7,             "7",                8, 0x08, 0x24, 0x1a) \
    ROW(8,             "8",                9, 0x09, 0x25, 0x1c) \
    ROW(9,             "9",               10, 0x0a, 0x26, 0x19) \
    ROW(0,             "0",               11, 0x0b, 0x27, 0x1d) \
    ROW(MINUS,         "minus",           12, 0x0c, 0x2d, 0x1b) \
    ROW(EQUAL,         "equal",           13, 0x0d, 0x2e, 0x18) \
    ROW(BACKSPACE,     "backspace",       14, 0x0e, 0x2a, 0x33) \
    ROW(TAB,           "tab",             15, 0x0f, 0x2b, 0x30) \
    ROW(Q,             "q",               16, 0x10, 0x14, 0x0c) \
    ROW(W,             "w",               17, 0x11, 0x1a, 0x0d) \
    ROW(E,             "e",               18, 0x12, 0x08, 0x0e) \
    ROW(R,             "r",               19, 0x13, 0x15, 0x0f) \
    ROW(T,             "t",               20, 0x14, 0x17, 0x11) \
    ROW(Y,             "y",               21, 0x15, 0x1c, 0x10) \
    ROW(U,             "u",               22, 0x16, 0x18, 0x20) \
    ROW(I,             "i",               23, 0x17, 0x0c, 0x22) \
    ROW(O,             "o",               24, 0x18, 0x12, 0x1f) \
    ROW(P,             "p",               25, 0x19, 0x13, 0x23) \
    ROW(BRACKET_LEFT,  "bracket_left",    26, 0x1a, 0x2f, 0x21) \
    ROW(BRACKET_RIGHT, "bracket_right",   27, 0x1b, 0x30, 0x1e) \
    ROW(RET,           "ret",             28, 0x1c, 0x28, 0x24) \
    ROW(A,             "a",               30, 0x1e, 0x04, 0x00) \
    ROW(S,             "s",               31, 0x1f, 0x16, 0x01) \
    ROW(D,             "d",               32, 0x20, 0x07, 0x02) \
    ROW(F,             "f",               33, 0x21, 0x09, 0x03) \
    ROW(G,             "g",               34, 0x22, 0x0a, 0x05) \
    ROW(H,             "h",               35, 0x23, 0x0b, 0x04) \
    ROW(J,             "j",               36, 0x24, 0x0d, 0x26) \
    ROW(K,             "k",               37, 0x25, 0x0e, 0x28) \
    ROW(L,             "l",               38, 0x26, 0x0f, 0x25) \
    ROW(SEMICOLON,     "semicolon",       39, 0x27, 0x33, 0x29) \
    ROW(APOSTROPHE,    "apostrophe",      40, 0x28, 0x34, 0x27) \
    ROW(GRAVE_ACCENT,  "grave_accent",    41, 0x29, 0x35, 0x32) \
    ROW(BACKSLASH,     "backslash",       43, 0x2b, 0x31, 0x2a) \
    ROW(Z,             "z",               44, 0x2c, 0x1d, 0x06) \
    ROW(X,             "x",               45, 0x2d, 0x1b, 0x07) \
    ROW(C,             "c",               46, 0x2e, 0x06, 0x08) \
    ROW(V,             "v",               47, 0x2f, 0x19, 0x09) \
    ROW(B,             "b",               48, 0x30, 0x05, 0x0b) \
    ROW(N,             "n",               49, 0x31, 0x11, 0x2d) \
    ROW(M,             "m",               50, 0x32, 0x10, 0x2e) \
    ROW(COMMA,         "comma",           51, 0x33, 0x36, 0x2b) \
    ROW(DOT,           "dot",             52, 0x34, 0x37, 0x2f) \
    ROW(SLASH,         "slash",           53, 0x35, 0x38, 0x2c) \
    ROW(ASTERISK,      "asterisk",        55, 0x37, 0x55, 0x43) \
    ROW(SPC,           "spc",             57, 0x39, 0x2c, 0x31) \
    ROW(CAPS_LOCK,     "caps_lock",       58, 0x3a, 0x39, 0x39) \
    ROW(F1,            "f1",              59, 0x3b, 0x3a, 0x7a) \
    ROW(F2,            "f2",              60, 0x3c, 0x3b, 0x78) \
    ROW(F3,            "f3",              61, 0x3d, 0x3c, 0x63) \
    ROW(F4,            "f4",              62, 0x3e, 0x3d, 0x76) \
    ROW(F5,            "f5",              63, 0x3f, 0x3e, 0x60) \
    ROW(F6,            "f6",              64, 0x40, 0x3f, 0x61) \
    ROW(F7,            "f7",              65, 0x41, 0x40, 0x62) \
    ROW(F8,            "f8",              66, 0x42, 0x41, 0x64) \
    ROW(F9,            "f9",              67, 0x43, 0x42, 0x65) \
    ROW(F10,           "f10",             68, 0x44, 0x43, 0x6d) \
    ROW(NUM_LOCK,      "num_lock",        69, 0x45, 0x53, 0x47) \
    ROW(SCROLL_LOCK,   "scroll_lock",     70, 0x46, 0x47, 0x6b) \
    ROW(KP_DIVIDE,     "kp_divide",       98, 0xb5, 0x54, 0x4b) \
    ROW(KP_MULTIPLY,   "kp_multiply",     55, 0x37, 0x55, 0x43) \
    ROW(KP_SUBTRACT,   "kp_subtract",     74, 0x4a, 0x56, 0x4e) \
    ROW(KP_ADD,        "kp_add",          78, 0x4e, 0x57, 0x45) \
    ROW(KP_ENTER,      "kp_enter",        96, 0x9c, 0x58, 0x4c) \
    ROW(KP_DECIMAL,    "kp_decimal",      83, 0x53, 0x63, 0x41) \
    ROW(SYSRQ,         "sysrq",           99, 0x54, 0x46, 0x69) \
    ROW(KP_0,          "kp_0",            82, 0x52, 0x62, 0x52) \
    ROW(KP_1,          "kp_1",            79, 0x4f, 0x59, 0x53) \
    ROW(KP_2,          "kp_2",            80, 0x50, 0x5a, 0x54) \
    ROW(KP_3,          "kp_3",            81, 0x51, 0x5b, 0x55) \
    ROW(KP_4,          "kp_4",            75, 0x4b, 0x5c, 0x56) \
    ROW(KP_5,          "kp_5",            76, 0x4c, 0x5d, 0x57) \
    ROW(KP_6,          "kp_6",            77, 0x4d, 0x5e, 0x58) \
    ROW(KP_7,          "kp_7",            71, 0x47, 0x5f, 0x59) \
    ROW(KP_8,          "kp_8",            72, 0x48, 0x60, 0x5b) \
    ROW(KP_9,          "kp_9",            73, 0x49, 0x61, 0x5c) \
    ROW(LESS,          "less",            86, 0x56, 0x64, 0x0a) \
    ROW(F11,           "f11",             87, 0x57, 0x44, 0x67) \
    ROW(F12,           "f12",             88, 0x58, 0x45, 0x6f) \
    ROW(PRINT,         "print",           99, 0xb7, 0x46, 0x69) \
    ROW(HOME,          "home",           102, 0xc7, 0x4a, 0x73) \
    ROW(PGUP,          "pgup",           104, 0xc9, 0x4b, 0x74) \
    ROW(PGDN,          "pgdn",           109, 0xd1, 0x4e, 0x79) \
    ROW(END,           "end",            107, 0xcf, 0x4d, 0x77) \
    ROW(LEFT,          "left",           105, 0xcb, 0x50, 0x3b) \
    ROW(UP,            "up",             103, 0xc8, 0x52, 0x3e) \
    ROW(DOWN,          "down",           108, 0xd0, 0x51, 0x3d) \
    ROW(RIGHT,         "right",          106, 0xcd, 0x4f, 0x3c) \
    ROW(INSERT,        "insert",         110, 0xd2, 0x49, 0x72) \
    ROW(DELETE,        "delete",         111, 0xd3, 0x4c, 0x75) \
    ROW(STOP,          "stop",           128, 0xe8, 0x78, 0xff) \
    ROW(AGAIN,         "again",          129, 0x85, 0x79, 0xff) \
    ROW(PROPS,         "props",          130, 0x86, 0x76, 0xff) \
    ROW(UNDO,          "undo",           131, 0x87, 0x7a, 0xff) \
    ROW(FRONT,         "front",          132, 0x8c, 0x77, 0xff) \
    ROW(COPY,          "copy",           133, 0xf8, 0x7c, 0xff) \
    ROW(OPEN,          "open",           134, 0x64, 0x74, 0xff) \
    ROW(PASTE,         "paste",          135, 0x65, 0x7d, 0xff) \
    ROW(FIND,          "find",           136, 0xc1, 0x7e, 0xff) \
    ROW(CUT,           "cut",            137, 0xbc, 0x7b, 0xff) \
    ROW(HELP,          "help",           138, 0xf5, 0x75, 0x72) \
    ROW(COMPOSE,       "compose",        127, 0xdd, 0x65, 0xff) \
    ROW(PAUSE,         "pause",          119, 0xc6, 0x48, 0x71) \
    ROW(RO,            "ro",              89, 0x73, 0x87, 0xff) \
    ROW(HIRAGANA,      "hiragana",        91, 0x77, 0x88, 0xff) \
    ROW(HENKAN,        "henkan",          92, 0x79, 0x8a, 0xff) \
    ROW(YEN,           "yen",            124, 0x7d, 0x89, 0xff) \
    ROW(MUHENKAN,      "muhenkan",        94, 0x7b, 0x8b, 0xff) \
    ROW(KATAKANAHIRAGANA, "katakanahiragana", 93, 0x70, 0x88, 0xff) \
    ROW(KP_COMMA,      "kp_comma",       121, 0x7e, 0x85, 0xff) \
    ROW(KP_EQUALS,     "kp_equals",      117, 0x59, 0x67, 0x51) \
    ROW(POWER,         "power",          116, 0xde, 0x66, 0x7f) \
    ROW(SLEEP,         "sleep",          142, 0xdf, 0xff, 0xff) \
    ROW(WAKE,          "wake",           143, 0xe3, 0xff, 0xff) \
    ROW(AUDIONEXT,     "audionext",      163, 0x99, 0xff, 0xff) \
    ROW(AUDIOPREV,     "audioprev",      165, 0x90, 0xff, 0xff) \
    ROW(AUDIOSTOP,     "audiostop",      166, 0xa4, 0xff, 0xff) \
    ROW(AUDIOPLAY,     "audioplay",      164, 0xa2, 0xff, 0xff) \
    ROW(AUDIOMUTE,     "audiomute",      113, 0xa0, 0x7f, 0xff) \
    ROW(VOLUMEUP,      "volumeup",       115, 0xb0, 0x80, 0xff) \
    ROW(VOLUMEDOWN,    "volumedown",     114, 0xae, 0x81, 0xff) \
    ROW(MAIL,          "mail",           155, 0xec, 0xff, 0xff) \
    ROW(CALCULATOR,    "calculator",     140, 0xa1, 0xff, 0xff) \
    ROW(COMPUTER,      "computer",       157, 0xeb, 0xff, 0xff) \
    ROW(AC_HOME,       "ac_home",        172, 0xb2, 0xff, 0xff) \
    ROW(AC_BACK,       "ac_back",        158, 0xea, 0xff, 0xff) \
    ROW(AC_FORWARD,    "ac_forward",     159, 0xe9, 0xff, 0xff) \
    ROW(AC_REFRESH,    "ac_refresh",     173, 0xe7, 0xff, 0xff) \
    ROW(AC_BOOKMARKS,  "ac_bookmarks",   156, 0xe6, 0xff, 0xff) \
    ROW(LANG1,         "lang1",          122, 0x72, 0x90, 0xff) \
    ROW(LANG2,         "lang2",          123, 0x71, 0x91, 0xff) \
    ROW(F13,           "f13",            183, 0x5d, 0x68, 0x69) \
    ROW(F14,           "f14",            184, 0x5e, 0x69, 0x6b) \
    ROW(F15,           "f15",            185, 0x5f, 0x6a, 0x71)

typedef enum Key {
#define ROW(id, name, linux, pc, usb, adb) KEY_##id,
    UI_KEYS(ROW)
#undef ROW
    N_KEYS,
    KEY_UNKNOWN = N_KEYS
} Key;

typedef struct KeyInfo {
    const char *name;
    uint8_t linux_code, pc, usb, adb;
} KeyInfo;
extern const KeyInfo key_info[N_KEYS];

/* KEY_UNKNOWN without. */
Key key_by_name(const char *name);
Key key_by_pc(unsigned code);
Key key_by_linux(unsigned code);
Key key_by_usb(unsigned usage);

#endif

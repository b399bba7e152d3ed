/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the table of keys, layouts, which device gets what, keys that monitors press. */
#include <string.h>
#include "ui/input.h"
#include "ui/keymap.h"

static GString *heard;

static void on_key(void *opaque, Key key, bool down)
{
    g_string_append_printf(heard, "%s%s%s ", (const char *)opaque, down ? "+" : "-",
                           key_info[key].name);
}

static void on_button(void *opaque, InputButton button, bool down)
{
    g_string_append_printf(heard, "%sb%u%s ", (const char *)opaque, button, down ? "+" : "-");
}

static void on_move(void *opaque, int dx, int dy)
{
    g_string_append_printf(heard, "%sm%d,%d ", (const char *)opaque, dx, dy);
}

static void on_position(void *opaque, unsigned axis, int value)
{
    g_string_append_printf(heard, "%sp%u=%d ", (const char *)opaque, axis, value);
}

static void on_sync(void *opaque)
{
    g_string_append_printf(heard, "%s. ", (const char *)opaque);
}

static const InputHandlerOps keyboard = {.name = "keyboard", .kinds = INPUT_KEYS, .key = on_key};
static const InputHandlerOps mouse = {.name = "mouse",
                                      .kinds = INPUT_BUTTONS | INPUT_RELATIVE,
                                      .button = on_button,
                                      .move = on_move,
                                      .sync = on_sync};
static const InputHandlerOps tablet = {.name = "tablet", .kinds = INPUT_BUTTONS | INPUT_ABSOLUTE,
                                       .button = on_button, .position = on_position};

static void expect(const char *text)
{
    g_assert_cmpstr(heard->str, ==, text);
    g_string_truncate(heard, 0);
}

static void test_table(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal),
                          adb = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < N_KEYS; i++) {
        const KeyInfo *info = &key_info[i];

        g_assert_true(g_hash_table_add(names, (gpointer)info->name));
        g_assert_true(key_by_name(info->name) == (Key)i);
        g_assert_true(key_info[key_by_pc(info->pc)].pc == info->pc);
        g_assert_true(key_info[key_by_linux(info->linux_code)].linux_code == info->linux_code);
        g_assert_true(info->adb == KEY_NONE || info->adb < 0x80);
    }
    g_assert_true(key_by_name("nothing") == KEY_UNKNOWN);
    g_assert_true(key_by_pc(0xee) == KEY_UNKNOWN);
    g_assert_true(key_by_linux(0) == KEY_UNKNOWN);
    /* Every key of an ADB keyboard is there. */
    for (unsigned i = 0; i < N_KEYS; i++) {
        g_hash_table_add(adb, GUINT_TO_POINTER(key_info[i].adb));
    }
    for (unsigned code = 0; code < 0x36; code++) {
        static const uint8_t none[] = {0x34};

        g_assert_true(g_hash_table_contains(adb, GUINT_TO_POINTER(code)) ==
                      !memchr(none, (int)code, 1));
    }
}

static void test_layouts(void)
{
    KeymapEntry entry;
    GError *error = NULL;

    g_assert_true(keymap_find('A', &entry));
    g_assert_true(entry.key == KEY_A && entry.shift && entry.letter);
    g_assert_true(keymap_find('"', &entry));
    g_assert_true(entry.key == KEY_APOSTROPHE && entry.shift && !entry.letter);
    g_assert_true(keymap_find(0xff0d, &entry));
    g_assert_true(entry.key == KEY_RET && !entry.shift);
    g_assert_false(keymap_find(0xdf, &entry));
    for (uint32_t c = 0x20; c < 0x7f; c++) {
        g_assert_true(keymap_find(c, &entry));
    }
    g_assert_false(keymap_set_layout("no-such-layout", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    if (!keymap_set_layout("de", &error)) {
        g_test_skip("no libxkbcommon or no xkb-data");
        g_clear_error(&error);
        return;
    }
    g_assert_true(keymap_find('z', &entry));
    g_assert_true(entry.key == KEY_Y && !entry.shift);
    g_assert_true(keymap_find('@', &entry));
    g_assert_true(entry.key == KEY_Q && entry.level3 && !entry.shift);
    g_assert_true(keymap_find(0xdf, &entry));
    g_assert_true(entry.key == KEY_MINUS && !entry.shift);
    g_assert_true(keymap_find('/', &entry));
    g_assert_true(entry.key == KEY_7 && entry.shift);
    g_assert_true(keymap_set_layout("fr-ch", &error));
    g_assert_true(keymap_find('z', &entry));
    g_assert_true(entry.key == KEY_Y);
    g_assert_false(keymap_set_layout("no-such-layout", &error));
    g_clear_error(&error);
    g_assert_true(keymap_find('z', &entry));
    g_assert_true(entry.key == KEY_Y);
    g_assert_true(keymap_set_layout("en-us", &error));
    g_assert_true(keymap_find('z', &entry));
    g_assert_true(entry.key == KEY_Z);
}

static void test_devices(void)
{
    InputHandler *k, *m, *t;
    GError *error = NULL;
    GArray *mice;

    g_assert_false(input_key(KEY_A, true));
    g_assert_false(input_takes(INPUT_RELATIVE));
    g_assert_false(input_is_absolute());
    k = input_handler_add(&keyboard, "k");
    m = input_handler_add(&mouse, "m");
    t = input_handler_add(&tablet, "t");
    g_assert_true(input_key(KEY_A, true));
    g_assert_false(input_key(N_KEYS, true));
    g_assert_true(input_button(INPUT_RIGHT, true));
    g_assert_true(input_move(-1, 2));
    g_assert_true(input_position(1, 0x10000));
    input_sync();
    input_sync();
    expect("k+a mb2+ mm-1,2 tp1=32767 m. ");
    g_assert_false(input_is_absolute());
    mice = input_mice();
    g_assert_cmpuint(mice->len, ==, 2);
    g_assert_true(g_array_index(mice, InputMouse, 0).current &&
                  !g_array_index(mice, InputMouse, 1).current);
    /* The guest begins to use the tablet. */
    input_handler_activate(t);
    g_assert_true(input_is_absolute());
    input_button(INPUT_LEFT, false);
    expect("tb0- ");
    g_assert_true(input_choose_mouse(g_array_index(mice, InputMouse, 0).index, &error));
    g_assert_false(input_is_absolute());
    g_assert_false(input_choose_mouse(99, &error));
    g_clear_error(&error);
    g_array_unref(mice);
    input_handler_remove(m);
    g_assert_false(input_takes(INPUT_RELATIVE));
    input_handler_remove(t);
    input_handler_remove(k);
    input_handler_remove(NULL);
    g_assert_true(input_button_by_name("wheel-up") == INPUT_WHEEL_UP);
    g_assert_true(input_button_by_name("") == N_INPUT_BUTTONS);
}

static void test_press(void)
{
    InputHandler *k = input_handler_add(&keyboard, "");
    const Key one[] = {KEY_CTRL, KEY_A}, two[] = {KEY_B}, many[300] = {0};
    GError *error = NULL;

    g_assert_true(input_press_keys(one, 2, 1, &error));
    expect("+ctrl +a ");
    g_assert_true(input_press_keys(two, 1, 1, &error));
    expect("");
    g_assert_true(input_press_keys(many, 300, 1, &error));
    g_assert_false(input_press_keys(many, 300, 1, &error));
    g_clear_error(&error);
    while (!g_str_has_suffix(heard->str, "-b ")) {
        g_main_context_iteration(NULL, true);
    }
    expect("-a -ctrl +b -b ");
    input_handler_remove(k);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    heard = g_string_new(NULL);
    g_test_add_func("/input/table", test_table);
    g_test_add_func("/input/layouts", test_layouts);
    g_test_add_func("/input/devices", test_devices);
    g_test_add_func("/input/press", test_press);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display in SDL's window, with SDL's driver that shows nothing: events on their way to the
 * machine's keyboards and pointers, grabs, the end.  tests/monitor/windows.py sees what is shown.
 */
#include <SDL.h>
#include "ui/display.h"
#include "ui/input.h"
#include "ui/window.h"

static GString *heard;
static int quits;

static void on_key(void *opaque, Key key, bool down)
{
    g_string_append_printf(heard, "%c%s ", down ? '+' : '-', key_info[key].name);
}

static void on_button(void *opaque, InputButton button, bool down)
{
    g_string_append_printf(heard, "%cb%u ", down ? '+' : '-', button);
}

static void on_move(void *opaque, int dx, int dy)
{
    g_string_append_printf(heard, "m%d,%d ", dx, dy);
}

static void on_position(void *opaque, unsigned axis, int value)
{
    g_string_append_printf(heard, "p%u=%d ", axis, value);
}

static const InputHandlerOps keyboard = {.name = "keyboard", .kinds = INPUT_KEYS, .key = on_key};
static const InputHandlerOps mouse = {
    .name = "mouse", .kinds = INPUT_BUTTONS | INPUT_RELATIVE, .button = on_button, .move = on_move};
static const InputHandlerOps tablet = {.name = "tablet", .kinds = INPUT_BUTTONS | INPUT_ABSOLUTE,
                                       .button = on_button, .position = on_position};

static void on_quit(void)
{
    quits++;
}

static const WindowOps ops = {.quit = on_quit};

/* Until that has been heard, and nothing else. */
static void expect(const char *text)
{
    int64_t end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

    while (strlen(heard->str) < strlen(text) && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, false);
        g_usleep(1000);
    }
    g_assert_cmpstr(heard->str, ==, text);
    g_string_truncate(heard, 0);
}

static void push(SDL_Event event)
{
    g_assert_cmpint(SDL_PushEvent(&event), ==, 1);
}

static void push_key(SDL_Scancode code, bool down)
{
    push((SDL_Event){.key = {.type = down ? SDL_KEYDOWN : SDL_KEYUP,
                             .keysym = {.scancode = code}}});
}

static void push_motion(int x, int y, int dx, int dy)
{
    push((SDL_Event){.motion = {.type = SDL_MOUSEMOTION, .x = x, .y = y, .xrel = dx, .yrel = dy}});
}

static void push_button(unsigned button, bool down)
{
    push((SDL_Event){.button = {.type = down ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP,
                                .button = (Uint8)button}});
}

static void push_wheel(int y)
{
    push((SDL_Event){.wheel = {.type = SDL_MOUSEWHEEL, .y = y}});
}

static void push_window(SDL_WindowEventID id)
{
    push((SDL_Event){.window = {.type = SDL_WINDOWEVENT, .event = (Uint8)id}});
}

static void start(const char *text)
{
    GError *error = NULL;

    window_start(text, "unit", false, &ops, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(window_kind(), ==, "sdl");
}

static void test_keys(void)
{
    InputHandler *handler = input_handler_add(&keyboard, NULL);

    start("sdl");
    push_key(SDL_SCANCODE_A, true);
    push((SDL_Event){.key = {.type = SDL_KEYDOWN, .repeat = 1,
                             .keysym = {.scancode = SDL_SCANCODE_A}}});
    push_key(SDL_SCANCODE_A, false);
    push_key(SDL_SCANCODE_RGUI, true);
    push_key(SDL_SCANCODE_NONUSBACKSLASH, true);
    expect("+a -a +meta_r +less ");
    /* Numbers that no key has. */
    push_key(SDL_SCANCODE_UNKNOWN, true);
    push_key((SDL_Scancode)0xff, true);
    push_key(SDL_SCANCODE_AUDIONEXT, true);
    /* Whoever looks elsewhere holds no keys here. */
    push_window(SDL_WINDOWEVENT_FOCUS_LOST);
    expect("-meta_r -less ");
    window_stop();
    input_handler_remove(handler);
}

static void update(void *opaque, bool everything)
{
}

static void test_pointers(void)
{
    static const DisplayConsoleOps console_ops = {.update = update};
    DisplayConsole *console = display_console_new(NULL, &console_ops, NULL);
    InputHandler *relative = input_handler_add(&mouse, NULL), *absolute;

    start("sdl,show-cursor=on");
    /* Not the guest's before a click, which is the window's. */
    push_motion(10, 10, 5, 5);
    push_wheel(1);
    push_button(SDL_BUTTON_RIGHT, true);
    push_button(SDL_BUTTON_LEFT, true);
    push_button(SDL_BUTTON_LEFT, false);
    push_button(SDL_BUTTON_X1, true);
    expect("+b5 ");
    push_motion(12, 9, 2, -1);
    push_motion(15, 9, 3, 0);
    push_button(SDL_BUTTON_MIDDLE, true);
    push_wheel(-2);
    expect("m5,-1 +b1 +b4 -b4 +b4 -b4 ");
    push_window(SDL_WINDOWEVENT_FOCUS_LOST);
    expect("-b1 -b5 ");
    push_motion(0, 0, -12, -12);
    push_button(SDL_BUTTON_RIGHT, true);
    /* The guest has a tablet: no grab is needed. The window learns it with the next event. */
    absolute = input_handler_add(&tablet, NULL);
    input_handler_activate(absolute);
    push_motion(0, 479, 1, 1);
    expect("p0=0 p1=32767 ");
    push_motion(639, 0, 1, 1);
    push_button(SDL_BUTTON_LEFT, true);
    expect("p0=32767 p1=0 +b0 ");
    push_motion(5000, -7, 1, 1);
    expect("p0=32767 p1=0 ");
    window_stop();
    input_handler_remove(relative);
    input_handler_remove(absolute);
    display_console_free(console);
}

static void test_close(void)
{
    InputHandler *handler = input_handler_add(&keyboard, NULL);

    for (int ends = 0; ends < 2; ends++) {
        start(ends ? "sdl" : "sdl,window-close=off");
        push_window(SDL_WINDOWEVENT_CLOSE);
        push_key(SDL_SCANCODE_Z, true);
        expect("+z ");
        g_assert_cmpint(quits, ==, ends);
        window_stop();
        g_assert_null(window_kind());
    }
    input_handler_remove(handler);
}

/* Sizes come and go while the window draws. */
static void test_sizes(void)
{
    static const DisplayConsoleOps console_ops = {.update = update};
    DisplayConsole *console = display_console_new(NULL, &console_ops, NULL);
    InputHandler *handler = input_handler_add(&keyboard, NULL);

    start("sdl");
    for (unsigned i = 1; i < 200; i++) {
        unsigned width = 16 + i * 37 % 1000, height = 16 + i * 53 % 700;

        g_assert_nonnull(display_console_resize(console, width, height));
        display_console_changed(console, width / 4, height / 4, width / 2, height / 2);
        window_set_running(i & 1);
        g_main_context_iteration(NULL, false);
    }
    push_key(SDL_SCANCODE_Z, true);
    expect("+z ");
    window_stop();
    input_handler_remove(handler);
    display_console_free(console);
}

static void test_refused(void)
{
    static const char *const texts[] = {"none", "", "sdl,gl=x", "sdl,grab-mod=x", "sdl,colour=on"};

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        GError *error = NULL;

        g_assert_false(window_start(texts[i], NULL, false, &ops, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
        g_assert_null(window_kind());
    }
    window_set_running(true);
    window_stop();
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    heard = g_string_new(NULL);
    g_test_add_func("/window/keys", test_keys);
    g_test_add_func("/window/pointers", test_pointers);
    g_test_add_func("/window/close", test_close);
    g_test_add_func("/window/sizes", test_sizes);
    g_test_add_func("/window/refused", test_refused);
    status = g_test_run();
    g_string_free(heard, true);
    return status;
}

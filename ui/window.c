/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window's side of the main thread: options, the picture that is given to the toolkit, and what
 * keyboard and pointer do.  Left out: several windows, a clipboard, sound.
 */
#include <dlfcn.h>
#include <string.h>
#include "util/error.h"
#include "window-private.h"

#define MAX_EVENTS 4096

typedef struct UiWindow {
    WindowShared shared;
    DisplayListener listener;
    bool down[N_KEYS], pressed[N_INPUT_BUTTONS];
} UiWindow;

static UiWindow *window;

/* ---- The picture ---- */

static void wake(void)
{
    window->shared.driver->wake(&window->shared);
}

static void on_resized(DisplayListener *listener, const DisplaySurface *surface)
{
    WindowShared *shared = &window->shared;

    g_mutex_lock(&shared->lock);
    frame_resize(&shared->frame, surface); /* without memory, the window keeps what it has */
    g_mutex_unlock(&shared->lock);
    wake();
}

static void on_changed(DisplayListener *listener, const DisplaySurface *surface,
                       const DisplayRect *rect)
{
    WindowShared *shared = &window->shared;

    g_mutex_lock(&shared->lock);
    frame_change(&shared->frame, surface, rect);
    g_mutex_unlock(&shared->lock);
}

static void on_done(DisplayListener *listener)
{
    wake();
}

/* ---- Events ---- */

static void on_key(const WindowEvent *event)
{
    if (event->key < N_KEYS) {
        window->down[event->key] = event->down;
        input_key(event->key, event->down);
    }
}

/* The release of a button that was the window's own means nothing to the guest. */
static void on_button(InputButton button, bool down)
{
    if (window->pressed[button] != down) {
        window->pressed[button] = down;
        input_button(button, down);
    }
}

static void release_all(void)
{
    for (unsigned i = 0; i < N_KEYS; i++) {
        if (window->down[i]) {
            window->down[i] = false;
            input_key((Key)i, false);
        }
    }
    for (unsigned i = 0; i < N_INPUT_BUTTONS; i++) {
        if (window->pressed[i]) {
            on_button((InputButton)i, false);
        }
    }
}

static void on_pointer(const WindowEvent *event)
{
    if (input_is_absolute()) {
        input_position(0, event->x);
        input_position(1, event->y);
    } else if (event->dx || event->dy) {
        input_move(event->dx, event->dy);
    }
}

static void take(const WindowEvent *event)
{
    const WindowOps *ops = window->shared.ops;

    switch (event->kind) {
    case WINDOW_KEY:
        on_key(event);
        break;
    case WINDOW_BUTTON:
        on_button(event->button, event->down);
        break;
    case WINDOW_WHEEL:
        input_button(event->button, true);
        input_sync();
        input_button(event->button, false);
        break;
    case WINDOW_POINTER:
        on_pointer(event);
        break;
    case WINDOW_RELEASE:
        release_all();
        break;
    case WINDOW_QUIT:
        ops->quit();
        break;
    case WINDOW_RESET:
        ops->reset();
        break;
    case WINDOW_POWER_DOWN:
        ops->power_down();
        break;
    case WINDOW_PAUSE:
        ops->pause(event->down);
        break;
    }
    input_sync();
}

/* Main thread, from window_send(). */
static gboolean take_events(gpointer opaque)
{
    WindowShared *shared = opaque;
    g_autoptr(GArray) events = NULL;
    bool absolute, news;

    g_mutex_lock(&shared->lock);
    events = shared->events;
    shared->events = g_array_new(false, false, sizeof(WindowEvent));
    shared->told = false;
    g_mutex_unlock(&shared->lock);
    for (guint i = 0; i < events->len; i++) {
        take(&g_array_index(events, WindowEvent, i));
    }
    absolute = input_is_absolute();
    g_mutex_lock(&shared->lock);
    news = shared->absolute != absolute;
    shared->absolute = absolute;
    g_mutex_unlock(&shared->lock);
    if (news) {
        wake();
    }
    return G_SOURCE_REMOVE;
}

/* ---- For drivers ---- */

void window_send(WindowShared *shared, const WindowEvent *event)
{
    WindowEvent *last;

    g_mutex_lock(&shared->lock);
    last = shared->events->len
               ? &g_array_index(shared->events, WindowEvent, shared->events->len - 1)
               : NULL;
    if (last && event->kind == WINDOW_POINTER && last->kind == WINDOW_POINTER) {
        int dx = last->dx + event->dx, dy = last->dy + event->dy;

        *last = *event;                 /* moved on */
        last->dx = dx;
        last->dy = dy;
    } else if (shared->events->len < MAX_EVENTS || event->kind >= WINDOW_RELEASE) {
        g_array_append_val(shared->events, *event);
    }
    if (!shared->told) {
        shared->told = true;
        g_idle_add_full(G_PRIORITY_DEFAULT, take_events, shared, NULL);
    }
    g_mutex_unlock(&shared->lock);
}

char *window_title(WindowShared *shared, const char *grab)
{
    GString *title = g_string_new("Gossamer");

    if (shared->name) {
        g_string_append_printf(title, " (%s)", shared->name);
    }
    g_mutex_lock(&shared->lock);
    if (!shared->running) {
        g_string_append(title, " [Stopped]");
    }
    g_mutex_unlock(&shared->lock);
    if (grab) {
        g_string_append_printf(title, " - Press %s to release grab", grab);
    }
    return g_string_free(title, false);
}

bool window_is_absolute(WindowShared *shared)
{
    bool absolute;

    g_mutex_lock(&shared->lock);
    absolute = shared->absolute;
    g_mutex_unlock(&shared->lock);
    return absolute;
}

DisplayRect window_fit(unsigned width, unsigned height, unsigned space_width,
                       unsigned space_height)
{
    DisplayRect place = {0, 0, MAX(space_width, 1), MAX(space_height, 1)};

    if ((uint64_t)width * place.height > (uint64_t)height * place.width) {
        place.height = (unsigned)MAX((uint64_t)height * place.width / width, 1);
        place.y = (MAX(space_height, 1) - place.height) / 2;
    } else {
        place.width = (unsigned)MAX((uint64_t)width * place.height / height, 1);
        place.x = (MAX(space_width, 1) - place.width) / 2;
    }
    return place;
}

void window_position(WindowEvent *event, const DisplayRect *place, double x, double y)
{
    double across = (x - place->x) / MAX(place->width - 1.0, 1.0),
           below = (y - place->y) / MAX(place->height - 1.0, 1.0);

    event->x = (int)(CLAMP(across, 0.0, 1.0) * INPUT_RANGE);
    event->y = (int)(CLAMP(below, 0.0, 1.0) * INPUT_RANGE);
}

/* ---- Life ---- */

const char *const *window_kinds(void)
{
    static const char *const kinds[] = {
#ifdef HAVE_GTK
        "gtk",
#endif
#ifdef HAVE_SDL
        "sdl",
#endif
        NULL,
    };

    return kinds;
}

/* In $GOSSAMER_MODULES, the build folder beside the program's, or where "install" puts it. */
static char *find_module(const char *name)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
    g_autofree char *built = folder ? g_build_filename(folder, "..", "ui", NULL) : NULL;
    g_autofree char *file = g_strdup_printf("ui-%s.so", name);
    const char *folders[] = {g_getenv("GOSSAMER_MODULES"), built, MODULE_FOLDER};

    for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
        char *path = folders[i] ? g_build_filename(folders[i], file, NULL) : NULL;

        if (path && g_file_test(path, G_FILE_TEST_EXISTS)) {
            return path;
        }
        g_free(path);
    }
    return g_build_filename(MODULE_FOLDER, file, NULL);
}

/* A toolkit stays once it is loaded: it may have threads. */
static const WindowDriver *load_driver(const char *name, GError **errp)
{
    g_autofree char *path = NULL;
    const WindowDriver *driver;
    void *module;

    if (!name || !g_strv_contains(window_kinds(), name)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "built without display %s",
                  name ? name : "");
        return NULL;
    }
    path = find_module(name);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    driver = module ? dlsym(module, WINDOW_DRIVER) : NULL;
    if (!driver) {
        error_set(errp, GOSSAMER_ERROR_IO, "cannot load %s", dlerror());
    }
    return driver;
}

static void free_window(void)
{
    WindowShared *shared = &window->shared;

    frame_clear(&shared->frame);
    g_array_unref(shared->events);
    g_free(shared->name);
    g_mutex_clear(&shared->lock);
    g_clear_pointer(&window, g_free);
}

static void create_window(const WindowDriver *driver, const char *name, const WindowOps *ops)
{
    window = g_new0(UiWindow, 1);
    window->shared = (WindowShared){.driver = driver, .ops = ops, .name = g_strdup(name)};
    g_mutex_init(&window->shared.lock);
    frame_init(&window->shared.frame, 640, 480); /* until a console has one */
    window->shared.events = g_array_new(false, false, sizeof(WindowEvent));
    window->shared.absolute = input_is_absolute();
    window->listener =
        (DisplayListener){.resized = on_resized, .changed = on_changed, .done = on_done};
}

bool window_start(const char *text, const char *name, bool full_screen, const WindowOps *ops,
                  GError **errp)
{
    g_autofree char *kind = NULL;
    const WindowDriver *driver;
    OptionListDesc list = {.name = "display"};
    Options *options;
    bool good;

    options_next_item(text, &kind);
    driver = load_driver(kind, errp);
    if (!driver) {
        return false;
    }
    if (window) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "there is one window already");
        return false;
    }
    list.desc = driver->rows;
    list.implied_key = driver->name;
    options = options_parse(&list, text, errp);
    if (!options) {
        return false;
    }
    create_window(driver, name, ops);
    window->shared.full_screen = full_screen || options_get_bool(options, "full-screen", false);
    window->shared.show_cursor = options_get_bool(options, "show-cursor", false);
    window->shared.window_close = options_get_bool(options, "window-close", true);
    good = driver->start(&window->shared, options, errp);
    options_free(options);
    if (!good) {
        free_window();
        return false;
    }
    display_listener_add(&window->listener);
    return true;
}

const char *window_kind(void)
{
    return window ? window->shared.driver->name : NULL;
}

void window_set_running(bool running)
{
    if (window) {
        g_mutex_lock(&window->shared.lock);
        window->shared.running = running;
        g_mutex_unlock(&window->shared.lock);
        wake();
    }
}

void window_stop(void)
{
    if (!window) {
        return;
    }
    display_listener_remove(&window->listener);
    g_mutex_lock(&window->shared.lock);
    window->shared.stop = true;
    g_mutex_unlock(&window->shared.lock);
    window->shared.driver->stop(&window->shared);
    while (g_idle_remove_by_data(&window->shared)) {
    }
    free_window();
}

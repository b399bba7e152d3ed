/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window by SDL 2, on a thread of its own that sleeps until there are events or news.
 *
 * Keys are told by their place on the keyboard, as the guest's are.  A pointer that takes positions
 * follows the host's; another one moves while the window has grabbed the host's pointer: after a
 * click, until the keys of grab-mod and G are pressed.
 */
#include <SDL.h>
#include <string.h>
#include "util/error.h"
#include "window-private.h"

#define ZOOM_STEP 1.25
#define MIN_ZOOM 0.25
#define MAX_ZOOM 8.0

typedef struct Sdl {
    WindowShared *shared;
    GThread *thread;
    uint32_t news;                      /* the number of our own kind of SDL's events */
    bool pending;                       /* atomic: such an event is in the queue */
    /* of start(), under the shared lock */
    GCond started;
    enum { SDL_STARTING, SDL_STARTED, SDL_FAILED } state;
    char *error;
    /* constant */
    const char *renderer_name, *grab_words;
    unsigned grab_mod;                  /* every one of these modifiers */
    /* of the thread */
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    Frame frame;
    double zoom;
    bool grabbed, full_screen;
    bool relative;                      /* what the pointer moves by is told */
    bool redraw;
} Sdl;

/* ---- The picture ---- */

/* Where it stands, in pixels of the window. */
static DisplayRect place_of(const Sdl *sdl)
{
    int width = 1, height = 1;

    SDL_GetRendererOutputSize(sdl->renderer, &width, &height);
    return window_fit(sdl->frame.width, sdl->frame.height, (unsigned)width, (unsigned)height);
}

static void make_texture(Sdl *sdl)
{
    if (sdl->texture) {
        SDL_DestroyTexture(sdl->texture);
    }
    sdl->texture =
        SDL_CreateTexture(sdl->renderer, SDL_PIXELFORMAT_XRGB8888, SDL_TEXTUREACCESS_STREAMING,
                          (int)sdl->frame.width, (int)sdl->frame.height);
    if (sdl->texture) {
        SDL_UpdateTexture(sdl->texture, NULL, sdl->frame.pixels,
                          (int)(sdl->frame.width * sizeof(uint32_t)));
    }
}

static void draw(Sdl *sdl)
{
    DisplayRect place = place_of(sdl);
    SDL_Rect to = {(int)place.x, (int)place.y, (int)place.width, (int)place.height};
    bool whole = place.width % sdl->frame.width == 0 && place.height % sdl->frame.height == 0;

    sdl->redraw = false;
    if (!sdl->texture) {
        make_texture(sdl);
    }
    SDL_SetRenderDrawColor(sdl->renderer, 0, 0, 0, 255);
    SDL_RenderClear(sdl->renderer);
    if (sdl->texture) {
        SDL_SetTextureScaleMode(sdl->texture, whole ? SDL_ScaleModeNearest : SDL_ScaleModeLinear);
        SDL_RenderCopy(sdl->renderer, sdl->texture, NULL, &to);
    }
    SDL_RenderPresent(sdl->renderer);
}

static void size_window(Sdl *sdl)
{
    if (!sdl->full_screen) {
        SDL_SetWindowSize(sdl->window, (int)(sdl->frame.width * sdl->zoom),
                          (int)(sdl->frame.height * sdl->zoom));
    }
    sdl->redraw = true;
}

static void take_picture(Sdl *sdl)
{
    const DisplayRect *dirty = &sdl->frame.dirty;
    unsigned width = sdl->frame.width, height = sdl->frame.height;
    bool changed;

    g_mutex_lock(&sdl->shared->lock);
    changed = frame_take(&sdl->shared->frame, &sdl->frame, NULL);
    g_mutex_unlock(&sdl->shared->lock);
    if (!changed) {
        return;
    }
    sdl->redraw = true;
    if (sdl->frame.resized || !sdl->texture) {
        make_texture(sdl);
        if (sdl->frame.width != width || sdl->frame.height != height) {
            size_window(sdl);
        }
    } else {
        const SDL_Rect part = {(int)dirty->x, (int)dirty->y, (int)dirty->width,
                               (int)dirty->height};

        SDL_UpdateTexture(sdl->texture, &part,
                          sdl->frame.pixels + (size_t)dirty->y * sdl->frame.width + dirty->x,
                          (int)(sdl->frame.width * sizeof(uint32_t)));
    }
}

/* ---- Grab and title ---- */

static void show_title(Sdl *sdl)
{
    g_autofree char *keys = g_strconcat(sdl->grab_words, "+G", NULL);
    g_autofree char *title = window_title(sdl->shared, sdl->grabbed ? keys : NULL);

    if (g_strcmp0(title, SDL_GetWindowTitle(sdl->window))) {
        SDL_SetWindowTitle(sdl->window, title);
    }
}

static void show_cursor(Sdl *sdl)
{
    SDL_ShowCursor(sdl->shared->show_cursor ||
                   (!sdl->grabbed && !window_is_absolute(sdl->shared)));
}

/* The keyboard's shortcuts of the desktop go to the guest too; a relative pointer stays inside. */
static void set_grab(Sdl *sdl, bool grab)
{
    sdl->grabbed = grab;
    SDL_SetWindowKeyboardGrab(sdl->window, grab);
    sdl->relative = grab && !window_is_absolute(sdl->shared);
    SDL_SetRelativeMouseMode(sdl->relative);
    show_cursor(sdl);
    show_title(sdl);
}

static void set_full_screen(Sdl *sdl, bool full)
{
    if (SDL_SetWindowFullscreen(sdl->window, full ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0) == 0) {
        sdl->full_screen = full;
        set_grab(sdl, full);
        sdl->redraw = true;
    }
}

static void set_zoom(Sdl *sdl, double zoom)
{
    sdl->zoom = CLAMP(zoom, MIN_ZOOM, MAX_ZOOM);
    size_window(sdl);
}

/* ---- Events ---- */

static void release_keys(Sdl *sdl)
{
    window_send(sdl->shared, &(WindowEvent){.kind = WINDOW_RELEASE});
}

/* A key that the window takes for itself. */
static bool own_key(Sdl *sdl, SDL_Scancode code)
{
    switch (code) {
    case SDL_SCANCODE_G:
        set_grab(sdl, !sdl->grabbed);
        return true;
    case SDL_SCANCODE_F:
        set_full_screen(sdl, !sdl->full_screen);
        return true;
    case SDL_SCANCODE_U:
        set_zoom(sdl, 1);
        return true;
    case SDL_SCANCODE_EQUALS:
    case SDL_SCANCODE_KP_PLUS:
        set_zoom(sdl, sdl->zoom * ZOOM_STEP);
        return true;
    case SDL_SCANCODE_MINUS:
    case SDL_SCANCODE_KP_MINUS:
        set_zoom(sdl, sdl->zoom / ZOOM_STEP);
        return true;
    default:
        return false;
    }
}

static void on_key(Sdl *sdl, const SDL_KeyboardEvent *event)
{
    bool down = event->type == SDL_KEYDOWN;
    SDL_Scancode code = event->keysym.scancode;

    if (event->repeat) {
        return;                         /* the guest does that itself */
    }
    if (down && (SDL_GetModState() & sdl->grab_mod) == sdl->grab_mod && own_key(sdl, code)) {
        release_keys(sdl);
        return;
    }
    if (code < KEY_NONE) {
        window_send(sdl->shared, &(WindowEvent){.kind = WINDOW_KEY,
                                                .key = key_by_usb((unsigned)code),
                                                .down = down});
    }
}

static void on_motion(Sdl *sdl, const SDL_MouseMotionEvent *event)
{
    DisplayRect place = place_of(sdl);
    WindowEvent out = {.kind = WINDOW_POINTER};

    if (sdl->relative) {
        out.dx = event->xrel;
        out.dy = event->yrel;
    }
    window_position(&out, &place, event->x, event->y);
    window_send(sdl->shared, &out);
}

static void on_button(Sdl *sdl, const SDL_MouseButtonEvent *event)
{
    static const InputButton buttons[] = {
        [SDL_BUTTON_LEFT] = INPUT_LEFT, [SDL_BUTTON_MIDDLE] = INPUT_MIDDLE,
        [SDL_BUTTON_RIGHT] = INPUT_RIGHT, [SDL_BUTTON_X1] = INPUT_SIDE,
        [SDL_BUTTON_X2] = INPUT_EXTRA};
    bool down = event->type == SDL_MOUSEBUTTONDOWN;

    if (!sdl->grabbed && !window_is_absolute(sdl->shared)) {
        if (down && event->button == SDL_BUTTON_LEFT) {
            set_grab(sdl, true);
        }
        return;
    }
    if (event->button >= SDL_BUTTON_LEFT && event->button < G_N_ELEMENTS(buttons)) {
        window_send(sdl->shared, &(WindowEvent){.kind = WINDOW_BUTTON,
                                                .button = buttons[event->button],
                                                .down = down});
    }
}

static void on_wheel(Sdl *sdl, const SDL_MouseWheelEvent *event)
{
    int up = event->direction == SDL_MOUSEWHEEL_FLIPPED ? -event->y : event->y;

    if (!sdl->grabbed && !window_is_absolute(sdl->shared)) {
        return;
    }
    for (int i = 0; i < MIN(ABS(up), 16); i++) {
        window_send(sdl->shared,
                    &(WindowEvent){.kind = WINDOW_WHEEL,
                                   .button = up > 0 ? INPUT_WHEEL_UP : INPUT_WHEEL_DOWN});
    }
}

static void on_window(Sdl *sdl, const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_CLOSE:
        if (sdl->shared->window_close) {
            window_send(sdl->shared, &(WindowEvent){.kind = WINDOW_QUIT});
        }
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        release_keys(sdl);
        if (sdl->grabbed && !sdl->full_screen) {
            set_grab(sdl, false);
        }
        break;
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
    case SDL_WINDOWEVENT_RESTORED:
        sdl->redraw = true;
        break;
    default:
        break;
    }
}

static void on_event(Sdl *sdl, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        on_key(sdl, &event->key);
        break;
    case SDL_MOUSEMOTION:
        on_motion(sdl, &event->motion);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        on_button(sdl, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        on_wheel(sdl, &event->wheel);
        break;
    case SDL_WINDOWEVENT:
        on_window(sdl, &event->window);
        break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        g_clear_pointer(&sdl->texture, SDL_DestroyTexture);
        sdl->redraw = true;
        break;
    default:
        if (event->type == sdl->news) {
            __atomic_store_n(&sdl->pending, false, __ATOMIC_SEQ_CST);
            if (sdl->grabbed && sdl->relative == window_is_absolute(sdl->shared)) {
                set_grab(sdl, true);    /* the guest has taken to another pointer */
            }
            show_cursor(sdl);
            show_title(sdl);
            take_picture(sdl);
        }
        break;
    }
}

/* ---- The thread ---- */

static bool stopped(Sdl *sdl)
{
    bool stop;

    g_mutex_lock(&sdl->shared->lock);
    stop = sdl->shared->stop;
    g_mutex_unlock(&sdl->shared->lock);
    return stop;
}

static bool open_window(Sdl *sdl)
{
    g_autofree char *title = window_title(sdl->shared, NULL);

    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    SDL_SetHint(SDL_HINT_WINDOWS_NO_CLOSE_ON_ALT_F4, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    SDL_SetHintWithPriority(SDL_HINT_RENDER_DRIVER, sdl->renderer_name, SDL_HINT_OVERRIDE);
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) < 0) {
        return false;
    }
    if (!SDL_GetHint(SDL_HINT_VIDEODRIVER) &&
        (!strcmp(SDL_GetCurrentVideoDriver(), "offscreen") ||
         !strcmp(SDL_GetCurrentVideoDriver(), "dummy"))) {
        SDL_SetError("No display is there"); /* nobody asked for a window that nobody sees */
        return false;
    }
    sdl->news = SDL_RegisterEvents(1);
    if (!frame_take(&sdl->shared->frame, &sdl->frame, NULL)) {
        SDL_OutOfMemory();
        return false;
    }
    sdl->window =
        SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                         (int)sdl->frame.width, (int)sdl->frame.height, SDL_WINDOW_RESIZABLE);
    sdl->renderer = sdl->window ? SDL_CreateRenderer(sdl->window, -1, 0) : NULL;
    if (sdl->window && !sdl->renderer) {
        /* Where windows have no pixels that a program may write (Wayland), OpenGL shows them. */
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "1");
        sdl->renderer = SDL_CreateRenderer(sdl->window, -1, 0);
    }
    return sdl->renderer != NULL;
}

static void close_window(Sdl *sdl)
{
    g_clear_pointer(&sdl->texture, SDL_DestroyTexture);
    g_clear_pointer(&sdl->renderer, SDL_DestroyRenderer);
    g_clear_pointer(&sdl->window, SDL_DestroyWindow);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    frame_clear(&sdl->frame);
}

static gpointer run(gpointer opaque)
{
    Sdl *sdl = opaque;
    bool good;
    SDL_Event event;

    /* Nobody else looks at what is shared before the window stands: no lock is needed. */
    good = open_window(sdl);
    if (!good) {
        sdl->error = g_strdup(SDL_GetError());
        close_window(sdl);
        SDL_TLSCleanup();
    }
    g_mutex_lock(&sdl->shared->lock);
    sdl->state = good ? SDL_STARTED : SDL_FAILED;
    g_cond_signal(&sdl->started);
    g_mutex_unlock(&sdl->shared->lock);
    if (!good) {
        return NULL;
    }
    if (sdl->shared->full_screen) {
        set_full_screen(sdl, true);
    }
    show_cursor(sdl);
    draw(sdl);
    while (!stopped(sdl)) {
        if (!SDL_WaitEvent(&event)) {
            g_usleep(G_USEC_PER_SEC / 100);
            continue;
        }
        do {
            on_event(sdl, &event);
        } while (SDL_PollEvent(&event));
        if (sdl->redraw) {
            draw(sdl);
        }
    }
    close_window(sdl);
    SDL_TLSCleanup();
    return NULL;
}

/* ---- The main thread ---- */

static void free_sdl(Sdl *sdl)
{
    g_thread_join(sdl->thread);
    g_cond_clear(&sdl->started);
    g_free(sdl->error);
    g_free(sdl);
}

static bool set_renderer(Sdl *sdl, const char *gl, GError **errp)
{
    static const struct { const char *name, *renderer;
    } rows[] = {{"off", "software"}, {"on", "opengl"}, {"core", "opengl"}, {"es", "opengles2"}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(gl, rows[i].name)) {
            sdl->renderer_name = rows[i].renderer;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "gl=%s: off, on, core or es", gl);
    return false;
}

static bool set_grab_mod(Sdl *sdl, const char *name, GError **errp)
{
    static const struct { const char *name, *words; unsigned mod;
    } rows[] = {{"lctrl-lalt", "Ctrl+Alt", KMOD_LCTRL | KMOD_LALT},
                {"lshift-lctrl-lalt", "Shift+Ctrl+Alt", KMOD_LSHIFT | KMOD_LCTRL | KMOD_LALT},
                {"rctrl", "Right-Ctrl", KMOD_RCTRL}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!strcmp(name, rows[i].name)) {
            sdl->grab_words = rows[i].words;
            sdl->grab_mod = rows[i].mod;
            return true;
        }
    }
    error_set(errp, GOSSAMER_ERROR_INVALID, "grab-mod=%s: lshift-lctrl-lalt or rctrl", name);
    return false;
}

static bool sdl_start(WindowShared *shared, const Options *options, GError **errp)
{
    Sdl *sdl = g_new0(Sdl, 1);

    sdl->shared = shared;
    sdl->zoom = 1;
    if (!set_renderer(sdl, options_get(options, "gl"), errp) ||
        !set_grab_mod(sdl, options_get(options, "grab-mod"), errp)) {
        g_free(sdl);
        return false;
    }
    g_cond_init(&sdl->started);
    sdl->thread = g_thread_new("sdl", run, sdl);
    g_mutex_lock(&shared->lock);
    while (sdl->state == SDL_STARTING) {
        g_cond_wait(&sdl->started, &shared->lock);
    }
    g_mutex_unlock(&shared->lock);
    if (sdl->state == SDL_FAILED) {
        error_set(errp, GOSSAMER_ERROR_IO, "SDL cannot open a window: %s%s", sdl->error,
                  g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY")
                      ? ""
                      : " (neither DISPLAY nor WAYLAND_DISPLAY is set)");
        free_sdl(sdl);
        return false;
    }
    shared->toolkit = sdl;
    return true;
}

static void sdl_wake(WindowShared *shared)
{
    Sdl *sdl = shared->toolkit;
    SDL_Event event = {.type = sdl->news};

    if (!__atomic_exchange_n(&sdl->pending, true, __ATOMIC_SEQ_CST) &&
        SDL_PushEvent(&event) != 1) {
        /* The queue is full: the next news try again. */
        __atomic_store_n(&sdl->pending, false, __ATOMIC_SEQ_CST);
    }
}

static void sdl_stop(WindowShared *shared)
{
    Sdl *sdl = shared->toolkit;

    __atomic_store_n(&sdl->pending, false, __ATOMIC_SEQ_CST);
    sdl_wake(shared);
    free_sdl(sdl);
}

static const OptionDesc rows[] = {
    WINDOW_OPTIONS("sdl"),
    {"grab-mod", OPTION_STRING, "keys of the window's shortcuts: lshift-lctrl-lalt or rctrl",
     "lctrl-lalt"},
    {0},
};

const WindowDriver window_driver = {
    .name = "sdl", .rows = rows, .start = sdl_start, .wake = sdl_wake, .stop = sdl_stop};

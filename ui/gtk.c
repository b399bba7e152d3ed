/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window by GTK 3.
 *
 * GTK lives in GLib's default context, so it works on the main thread; but its own lock, which it
 * takes around everything it does, is the device lock turned round: while GTK draws and handles
 * events, the device lock is given up.  What is told to the guest goes through window_send(), as
 * from a thread.
 *
 * Keys are told by their place on the keyboard (X11 and Wayland number them as Linux does, plus 8).
 * A pointer that takes positions follows the host's; another one moves while the window has grabbed
 * the host's pointer, which is brought back to the middle of the picture again and again.
 * Left out: tabs for serial ports and monitors, OpenGL.
 */
#include <gtk/gtk.h>
#include <string.h>
#include "util/error.h"
#include "window-private.h"

#define ZOOM_STEP 0.25
#define MIN_ZOOM 0.25
#define MAX_ZOOM 8.0
#define KEYCODE_OFFSET 8

typedef struct Gtk {
    WindowShared *shared;
    guint news;                         /* the source that takes what the main thread brought */
    GtkWidget *window, *menu_bar, *area;
    GtkCheckMenuItem *pause, *fit, *hover, *grab, *full, *bar;
    GdkCursor *no_cursor;
    Frame frame;
    double zoom;
    bool grabbed, pointer_grabbed, full_screen, menus;
    bool setting;                       /* menu items are set, not chosen */
    bool warped;                        /* the pointer is on its way to the middle */
    double x, y, wheel;                 /* the pointer's last place; parts of a wheel's step */
} Gtk;

/* ---- The picture ---- */

static DisplayRect place_of(const Gtk *gtk)
{
    unsigned width = (unsigned)gtk_widget_get_allocated_width(gtk->area),
             height = (unsigned)gtk_widget_get_allocated_height(gtk->area);
    DisplayRect place = {0, 0, (unsigned)(gtk->frame.width * gtk->zoom),
                         (unsigned)(gtk->frame.height * gtk->zoom)};

    if (gtk->full_screen || gtk_check_menu_item_get_active(gtk->fit)) {
        return window_fit(gtk->frame.width, gtk->frame.height, width, height);
    }
    place.x = width > place.width ? (width - place.width) / 2 : 0;
    place.y = height > place.height ? (height - place.height) / 2 : 0;
    return place;
}

static gboolean on_draw(GtkWidget *area, cairo_t *cairo, gpointer opaque)
{
    Gtk *gtk = opaque;
    DisplayRect place = place_of(gtk);
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        (unsigned char *)gtk->frame.pixels, CAIRO_FORMAT_RGB24, (int)gtk->frame.width,
        (int)gtk->frame.height, (int)(gtk->frame.width * sizeof(uint32_t)));
    bool whole = place.width % gtk->frame.width == 0 && place.height % gtk->frame.height == 0;

    cairo_set_source_rgb(cairo, 0, 0, 0);
    cairo_paint(cairo);
    cairo_rectangle(cairo, place.x, place.y, place.width, place.height);
    cairo_clip(cairo);
    cairo_translate(cairo, place.x, place.y);
    cairo_scale(cairo, (double)place.width / gtk->frame.width,
                (double)place.height / gtk->frame.height);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo),
                             whole ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
    cairo_paint(cairo);
    cairo_surface_destroy(surface);
    return TRUE;
}

/* The window becomes as large as the picture needs; the user may make it larger. */
static void size_window(Gtk *gtk)
{
    bool fit = gtk->full_screen || gtk_check_menu_item_get_active(gtk->fit);
    int width = (int)(gtk->frame.width * gtk->zoom), height = (int)(gtk->frame.height * gtk->zoom);

    if (fit) {
        gtk_widget_set_size_request(gtk->area, 1, 1);
        if (!gtk->full_screen && !gtk_widget_get_realized(gtk->window)) {
            gtk_window_set_default_size(GTK_WINDOW(gtk->window), width, height);
        }
    } else {
        gtk_widget_set_size_request(gtk->area, width, height);
        gtk_window_resize(GTK_WINDOW(gtk->window), 1, 1);
    }
    gtk_widget_queue_draw(gtk->area);
}

static void take_picture(Gtk *gtk)
{
    unsigned width = gtk->frame.width, height = gtk->frame.height;
    const DisplayRect *dirty = &gtk->frame.dirty;
    DisplayRect place;
    double x, y;
    bool changed;

    g_mutex_lock(&gtk->shared->lock);
    changed = frame_take(&gtk->shared->frame, &gtk->frame, NULL);
    g_mutex_unlock(&gtk->shared->lock);
    if (!changed) {
        return;
    }
    if (gtk->frame.width != width || gtk->frame.height != height) {
        size_window(gtk);
        return;
    }
    place = place_of(gtk);
    x = (double)place.width / width;
    y = (double)place.height / height;
    /* A pixel more on each side: scaled pictures mix neighbours. */
    gtk_widget_queue_draw_area(gtk->area, (int)(place.x + dirty->x * x) - 1,
                               (int)(place.y + dirty->y * y) - 1, (int)(dirty->width * x) + 3,
                               (int)(dirty->height * y) + 3);
}

/* ---- Grab and title ---- */

static bool is_absolute(const Gtk *gtk)
{
    return window_is_absolute(gtk->shared);
}

static void set_item(Gtk *gtk, GtkCheckMenuItem *item, bool active)
{
    gtk->setting = true;
    gtk_check_menu_item_set_active(item, active);
    gtk->setting = false;
}

static void show_state(Gtk *gtk)
{
    g_autofree char *title = window_title(gtk->shared, gtk->grabbed ? "Ctrl+Alt+G" : NULL);
    GdkWindow *window = gtk_widget_get_window(gtk->area);
    bool hide = !gtk->shared->show_cursor && (gtk->grabbed || is_absolute(gtk)), running;

    g_mutex_lock(&gtk->shared->lock);
    running = gtk->shared->running;
    g_mutex_unlock(&gtk->shared->lock);
    if (g_strcmp0(title, gtk_window_get_title(GTK_WINDOW(gtk->window)))) {
        gtk_window_set_title(GTK_WINDOW(gtk->window), title);
    }
    set_item(gtk, gtk->pause, !running);
    set_item(gtk, gtk->grab, gtk->grabbed);
    if (window) {
        gdk_window_set_cursor(window, hide ? gtk->no_cursor : NULL);
    }
}

static void set_grab(Gtk *gtk, bool grab)
{
    GdkWindow *window = gtk_widget_get_window(gtk->area);
    GdkSeat *seat = gdk_display_get_default_seat(gtk_widget_get_display(gtk->area));
    GdkSeatCapabilities what = GDK_SEAT_CAPABILITY_KEYBOARD;

    gtk->pointer_grabbed = grab && !is_absolute(gtk);
    if (gtk->pointer_grabbed) {
        what |= GDK_SEAT_CAPABILITY_ALL_POINTING;
    }
    if (gtk->grabbed) {
        gdk_seat_ungrab(seat);
    }
    gtk->warped = false;
    gtk->grabbed = grab && window &&
                   gdk_seat_grab(seat, window, what, TRUE,
                                 gtk->shared->show_cursor ? NULL : gtk->no_cursor, NULL, NULL,
                                 NULL) == GDK_GRAB_SUCCESS;
    show_state(gtk);
}

static void set_full_screen(Gtk *gtk, bool full)
{
    gtk->full_screen = full;
    set_item(gtk, gtk->full, full);
    if (full) {
        gtk_widget_hide(gtk->menu_bar);
        gtk_window_fullscreen(GTK_WINDOW(gtk->window));
    } else {
        gtk_window_unfullscreen(GTK_WINDOW(gtk->window));
        gtk_widget_set_visible(gtk->menu_bar, gtk->menus);
    }
    size_window(gtk);
}

static void set_zoom(Gtk *gtk, double zoom)
{
    set_item(gtk, gtk->fit, false);
    gtk->zoom = CLAMP(zoom, MIN_ZOOM, MAX_ZOOM);
    size_window(gtk);
}

/* ---- Menus ---- */

static void send_plain(Gtk *gtk, WindowEventKind kind, bool down)
{
    window_send(gtk->shared, &(WindowEvent){.kind = kind, .down = down});
}

typedef enum Action {
    ACTION_PAUSE,
    ACTION_RESET,
    ACTION_POWER_DOWN,
    ACTION_QUIT,
    ACTION_FULL_SCREEN,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_ZOOM_ONE,
    ACTION_FIT,
    ACTION_HOVER,
    ACTION_GRAB,
    ACTION_MENU_BAR,
    N_ACTIONS
} Action;

/* key: with Ctrl and Alt. */
static const struct {
    const char *label;
    guint key;
    bool check;
} actions[N_ACTIONS] = {
    [ACTION_PAUSE] = {"_Pause", 0, true},
    [ACTION_RESET] = {"_Reset", 0, false},
    [ACTION_POWER_DOWN] = {"Power _Down", 0, false},
    [ACTION_QUIT] = {"_Quit", GDK_KEY_q, false},
    [ACTION_FULL_SCREEN] = {"_Full Screen", GDK_KEY_f, true},
    [ACTION_ZOOM_IN] = {"Zoom _In", GDK_KEY_plus, false},
    [ACTION_ZOOM_OUT] = {"Zoom _Out", GDK_KEY_minus, false},
    [ACTION_ZOOM_ONE] = {"Best _Size", GDK_KEY_0, false},
    [ACTION_FIT] = {"Zoom To _Fit", 0, true},
    [ACTION_HOVER] = {"Grab On _Hover", 0, true},
    [ACTION_GRAB] = {"_Grab Input", GDK_KEY_g, true},
    [ACTION_MENU_BAR] = {"Show _Menubar", GDK_KEY_m, true},
};

static void act(Gtk *gtk, Action action)
{
    switch (action) {
    case ACTION_PAUSE:
        send_plain(gtk, WINDOW_PAUSE, gtk_check_menu_item_get_active(gtk->pause));
        break;
    case ACTION_RESET:
        send_plain(gtk, WINDOW_RESET, true);
        break;
    case ACTION_POWER_DOWN:
        send_plain(gtk, WINDOW_POWER_DOWN, true);
        break;
    case ACTION_QUIT:
        send_plain(gtk, WINDOW_QUIT, true);
        break;
    case ACTION_FULL_SCREEN:
        set_full_screen(gtk, !gtk->full_screen);
        break;
    case ACTION_ZOOM_IN:
        set_zoom(gtk, gtk->zoom + ZOOM_STEP);
        break;
    case ACTION_ZOOM_OUT:
        set_zoom(gtk, gtk->zoom - ZOOM_STEP);
        break;
    case ACTION_ZOOM_ONE:
        set_zoom(gtk, 1);
        break;
    case ACTION_FIT:
        gtk->zoom = 1;
        size_window(gtk);
        break;
    case ACTION_GRAB:
        set_grab(gtk, !gtk->grabbed);
        break;
    case ACTION_MENU_BAR:
        gtk->menus = !gtk->menus;
        set_item(gtk, gtk->bar, gtk->menus);
        gtk_widget_set_visible(gtk->menu_bar, gtk->menus && !gtk->full_screen);
        size_window(gtk);
        break;
    default:
        break;
    }
}

static void on_chosen(GtkMenuItem *item, gpointer opaque)
{
    Gtk *gtk = opaque;

    if (!gtk->setting) {
        act(gtk, GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), "action")));
    }
}

/* Actions up to the last one, with the keys that stand for them. */
static void add_menu(Gtk *gtk, const char *name, Action first, Action last,
                     GtkCheckMenuItem **checks[])
{
    GtkWidget *top = gtk_menu_item_new_with_mnemonic(name), *menu = gtk_menu_new();

    for (Action i = first; i <= last; i++) {
        GtkWidget *item = actions[i].check ? gtk_check_menu_item_new_with_mnemonic(actions[i].label)
                                           : gtk_menu_item_new_with_mnemonic(actions[i].label);
        GtkWidget *label = gtk_bin_get_child(GTK_BIN(item));

        if (actions[i].key) {
            gtk_accel_label_set_accel(GTK_ACCEL_LABEL(label), actions[i].key,
                                      GDK_CONTROL_MASK | GDK_MOD1_MASK);
        }
        if (checks[i]) {
            *checks[i] = GTK_CHECK_MENU_ITEM(item);
        }
        g_object_set_data(G_OBJECT(item), "action", GUINT_TO_POINTER(i));
        g_signal_connect(item, "activate", G_CALLBACK(on_chosen), gtk);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    }
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(top), menu);
    gtk_menu_shell_append(GTK_MENU_SHELL(gtk->menu_bar), top);
}

static void make_menus(Gtk *gtk)
{
    GtkCheckMenuItem **checks[N_ACTIONS] = {
        [ACTION_PAUSE] = &gtk->pause, [ACTION_FULL_SCREEN] = &gtk->full,
        [ACTION_FIT] = &gtk->fit,     [ACTION_HOVER] = &gtk->hover,
        [ACTION_GRAB] = &gtk->grab,   [ACTION_MENU_BAR] = &gtk->bar};

    gtk->menu_bar = gtk_menu_bar_new();
    add_menu(gtk, "_Machine", ACTION_PAUSE, ACTION_QUIT, checks);
    add_menu(gtk, "_View", ACTION_FULL_SCREEN, ACTION_MENU_BAR, checks);
}

/* ---- Keyboard ---- */

static bool own_key(Gtk *gtk, const GdkEventKey *event)
{
    guint key = gdk_keyval_to_lower(event->keyval);

    if ((event->state & (GDK_CONTROL_MASK | GDK_MOD1_MASK)) !=
        (GDK_CONTROL_MASK | GDK_MOD1_MASK)) {
        return false;
    }
    if (key == GDK_KEY_equal || key == GDK_KEY_KP_Add) {
        key = GDK_KEY_plus;
    } else if (key == GDK_KEY_KP_Subtract) {
        key = GDK_KEY_minus;
    }
    for (unsigned i = 0; i < N_ACTIONS; i++) {
        if (actions[i].key && actions[i].key == key) {
            send_plain(gtk, WINDOW_RELEASE, false);
            act(gtk, (Action)i);
            return true;
        }
    }
    return false;
}

/* Nothing is left to GTK: Tab, F10 and all others are the guest's. */
static gboolean on_key(GtkWidget *widget, GdkEventKey *event, gpointer opaque)
{
    Gtk *gtk = opaque;
    bool down = event->type == GDK_KEY_PRESS;

    if ((!down || !own_key(gtk, event)) && event->hardware_keycode > KEYCODE_OFFSET) {
        window_send(gtk->shared,
                    &(WindowEvent){.kind = WINDOW_KEY,
                                   .key = key_by_linux(event->hardware_keycode - KEYCODE_OFFSET),
                                   .down = down});
    }
    return TRUE;
}

static gboolean on_focus_lost(GtkWidget *widget, GdkEventFocus *event, gpointer opaque)
{
    Gtk *gtk = opaque;

    send_plain(gtk, WINDOW_RELEASE, false);
    return FALSE;
}

/* ---- Pointer ---- */

static bool takes_pointer(const Gtk *gtk)
{
    return gtk->grabbed || is_absolute(gtk);
}

/* Back to the middle when it has gone half the way to an edge. */
static void keep_inside(Gtk *gtk, GdkDevice *device)
{
    double width = gtk_widget_get_allocated_width(gtk->area),
           height = gtk_widget_get_allocated_height(gtk->area);
    int x, y;

    if (gtk->warped || (ABS(gtk->x - width / 2) < width / 4 &&
                        ABS(gtk->y - height / 2) < height / 4)) {
        return;
    }
    gdk_window_get_root_coords(gtk_widget_get_window(gtk->area), (int)(width / 2),
                               (int)(height / 2), &x, &y);
    gdk_device_warp(device, gtk_widget_get_screen(gtk->area), x, y);
    gtk->warped = true;
}

static gboolean on_motion(GtkWidget *widget, GdkEventMotion *event, gpointer opaque)
{
    Gtk *gtk = opaque;
    DisplayRect place = place_of(gtk);
    WindowEvent out = {.kind = WINDOW_POINTER};
    bool arrived = gtk->warped &&
                   (int)event->x == gtk_widget_get_allocated_width(gtk->area) / 2 &&
                   (int)event->y == gtk_widget_get_allocated_height(gtk->area) / 2;

    if (gtk->grabbed && !arrived) {
        out.dx = (int)event->x - (int)gtk->x;
        out.dy = (int)event->y - (int)gtk->y;
    }
    gtk->x = event->x;
    gtk->y = event->y;
    gtk->warped = gtk->warped && !arrived;
    window_position(&out, &place, event->x, event->y);
    window_send(gtk->shared, &out);
    if (gtk->grabbed && !is_absolute(gtk)) {
        keep_inside(gtk, gdk_event_get_device((GdkEvent *)event));
    }
    return TRUE;
}

static gboolean on_button(GtkWidget *widget, GdkEventButton *event, gpointer opaque)
{
    static const struct { guint number; InputButton button;
    } buttons[] = {{1, INPUT_LEFT}, {2, INPUT_MIDDLE}, {3, INPUT_RIGHT}, {8, INPUT_SIDE},
                   {9, INPUT_EXTRA}};
    Gtk *gtk = opaque;
    bool down = event->type == GDK_BUTTON_PRESS;

    if (event->type != GDK_BUTTON_PRESS && event->type != GDK_BUTTON_RELEASE) {
        return TRUE;                    /* double clicks are told once more */
    }
    if (!takes_pointer(gtk)) {
        if (down && event->button == 1) {
            gtk->x = event->x;
            gtk->y = event->y;
            set_grab(gtk, true);
        }
        return TRUE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (buttons[i].number == event->button) {
            window_send(gtk->shared, &(WindowEvent){.kind = WINDOW_BUTTON,
                                                    .button = buttons[i].button,
                                                    .down = down});
        }
    }
    return TRUE;
}

static gboolean on_scroll(GtkWidget *widget, GdkEventScroll *event, gpointer opaque)
{
    Gtk *gtk = opaque;

    if (!takes_pointer(gtk)) {
        return TRUE;
    }
    gtk->wheel += event->direction == GDK_SCROLL_UP       ? -1
                  : event->direction == GDK_SCROLL_DOWN   ? 1
                  : event->direction == GDK_SCROLL_SMOOTH ? CLAMP(event->delta_y, -16, 16)
                                                          : 0;
    for (; gtk->wheel >= 1 || gtk->wheel <= -1; gtk->wheel -= gtk->wheel > 0 ? 1 : -1) {
        window_send(gtk->shared,
                    &(WindowEvent){.kind = WINDOW_WHEEL,
                                   .button = gtk->wheel < 0 ? INPUT_WHEEL_UP : INPUT_WHEEL_DOWN});
    }
    return TRUE;
}

static gboolean on_crossing(GtkWidget *widget, GdkEventCrossing *event, gpointer opaque)
{
    Gtk *gtk = opaque;
    bool enters = event->type == GDK_ENTER_NOTIFY;

    if (event->mode == GDK_CROSSING_NORMAL && gtk_check_menu_item_get_active(gtk->hover) &&
        gtk->grabbed != enters && is_absolute(gtk)) {
        set_grab(gtk, enters);
    }
    return TRUE;
}

static gboolean on_grab_broken(GtkWidget *widget, GdkEventGrabBroken *event, gpointer opaque)
{
    Gtk *gtk = opaque;

    if (gtk->grabbed) {
        set_grab(gtk, false);
    }
    return TRUE;
}

static gboolean on_close(GtkWidget *widget, GdkEvent *event, gpointer opaque)
{
    Gtk *gtk = opaque;

    if (gtk->shared->window_close) {
        send_plain(gtk, WINDOW_QUIT, true);
    }
    return TRUE;
}

/* ---- Life ---- */

/* As GTK's own work: without the device lock. */
static gboolean take_news(gpointer opaque)
{
    Gtk *gtk = opaque;

    g_mutex_lock(&gtk->shared->lock);
    gtk->news = 0;
    g_mutex_unlock(&gtk->shared->lock);
    if (gtk->grabbed && is_absolute(gtk) == gtk->pointer_grabbed) {
        set_grab(gtk, true);            /* the guest has taken to another pointer */
    }
    show_state(gtk);
    take_picture(gtk);
    return G_SOURCE_REMOVE;
}

static void connect(Gtk *gtk)
{
    static const struct { const char *signal; GCallback fn; bool window;
    } rows[] = {
        {"draw", G_CALLBACK(on_draw), false},
        {"motion-notify-event", G_CALLBACK(on_motion), false},
        {"button-press-event", G_CALLBACK(on_button), false},
        {"button-release-event", G_CALLBACK(on_button), false},
        {"scroll-event", G_CALLBACK(on_scroll), false},
        {"enter-notify-event", G_CALLBACK(on_crossing), false},
        {"leave-notify-event", G_CALLBACK(on_crossing), false},
        {"grab-broken-event", G_CALLBACK(on_grab_broken), false},
        {"key-press-event", G_CALLBACK(on_key), true},
        {"key-release-event", G_CALLBACK(on_key), true},
        {"focus-out-event", G_CALLBACK(on_focus_lost), true},
        {"delete-event", G_CALLBACK(on_close), true},
    };

    gtk_widget_add_events(gtk->area, GDK_POINTER_MOTION_MASK | GDK_BUTTON_PRESS_MASK |
                                         GDK_BUTTON_RELEASE_MASK | GDK_SCROLL_MASK |
                                         GDK_SMOOTH_SCROLL_MASK | GDK_ENTER_NOTIFY_MASK |
                                         GDK_LEAVE_NOTIFY_MASK);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_signal_connect(rows[i].window ? gtk->window : gtk->area, rows[i].signal, rows[i].fn,
                         gtk);
    }
}

static void make_window(Gtk *gtk, const Options *options)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    gtk->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk->area = gtk_drawing_area_new();
    gtk->no_cursor =
        gdk_cursor_new_for_display(gtk_widget_get_display(gtk->window), GDK_BLANK_CURSOR);
    make_menus(gtk);
    gtk->menus = options_get_bool(options, "show-menubar", true);
    set_item(gtk, gtk->bar, gtk->menus);
    set_item(gtk, gtk->fit, options_get_bool(options, "zoom-to-fit", false));
    set_item(gtk, gtk->hover, options_get_bool(options, "grab-on-hover", false));
    gtk_box_pack_start(GTK_BOX(box), gtk->menu_bar, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), gtk->area, TRUE, TRUE, 0);
    gtk_container_add(GTK_CONTAINER(gtk->window), box);
    connect(gtk);
    gtk_widget_show_all(gtk->menu_bar);
    gtk_widget_set_visible(gtk->menu_bar, gtk->menus);
    gtk_widget_set_no_show_all(gtk->menu_bar, TRUE);
    size_window(gtk);
    gtk_widget_show_all(gtk->window);
    if (gtk->shared->full_screen) {
        set_full_screen(gtk, true);
    }
    show_state(gtk);
}

static bool refuse(const Options *options, GError **errp)
{
    const char *gl = options_get(options, "gl");

    if (strcmp(gl, "off")) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "gl=%s: GTK's window draws without OpenGL",
                  gl);
        return true;
    }
    if (options_get_bool(options, "show-tabs", false)) {
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "show-tabs=on: the display is the only console that is shown here");
        return true;
    }
    return false;
}

static bool gtk_start(WindowShared *shared, const Options *options, GError **errp)
{
    Gtk *gtk;

    if (refuse(options, errp)) {
        return false;
    }
    gtk_disable_setlocale();            /* numbers are written with a point */
    if (!gtk_init_check(NULL, NULL)) {
        error_set(errp, GOSSAMER_ERROR_IO, "GTK cannot open a window%s",
                  g_getenv("DISPLAY") || g_getenv("WAYLAND_DISPLAY")
                      ? ": the display does not answer"
                      : ": neither DISPLAY nor WAYLAND_DISPLAY is set");
        return false;
    }
    /* From now on GTK gives up the device lock while it works. */
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    gdk_threads_set_lock_functions(shared->ops->unlock, shared->ops->lock);
    G_GNUC_END_IGNORE_DEPRECATIONS
    gtk = g_new0(Gtk, 1);
    gtk->shared = shared;
    gtk->zoom = 1;
    shared->toolkit = gtk;
    if (!frame_take(&shared->frame, &gtk->frame, NULL)) {
        error_set(errp, GOSSAMER_ERROR_IO, "GTK: no memory for the picture");
        shared->toolkit = NULL;
        g_free(gtk);
        return false;
    }
    make_window(gtk, options);
    return true;
}

static void gtk_wake(WindowShared *shared)
{
    Gtk *gtk = shared->toolkit;

    /* The migration's thread calls this, too. */
    g_mutex_lock(&shared->lock);
    if (!gtk->news) {
        gtk->news = gdk_threads_add_idle_full(G_PRIORITY_DEFAULT, take_news, gtk, NULL);
    }
    g_mutex_unlock(&shared->lock);
}

static void gtk_stop(WindowShared *shared)
{
    Gtk *gtk = shared->toolkit;

    if (gtk->news) {
        g_source_remove(gtk->news);
    }
    if (gtk->grabbed) {
        set_grab(gtk, false);
    }
    gtk_widget_destroy(gtk->window);
    g_object_unref(gtk->no_cursor);
    gdk_display_flush(gdk_display_get_default());
    frame_clear(&gtk->frame);
    g_free(gtk);
}

static const OptionDesc rows[] = {
    WINDOW_OPTIONS("gtk"),
    {"grab-on-hover", OPTION_BOOL, "grab the keyboard while the pointer is over the picture",
     "off"},
    {"zoom-to-fit", OPTION_BOOL, "the picture fills the window", "off"},
    {"show-menubar", OPTION_BOOL, "begin with the menus shown", "on"},
    {"show-tabs", OPTION_BOOL, "accepted: there is one console", "off"},
    {0},
};

const WindowDriver window_driver = {
    .name = "gtk", .rows = rows, .start = gtk_start, .wake = gtk_wake, .stop = gtk_stop};

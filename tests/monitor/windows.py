#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The display in a window (-display sdl, gtk) of an X server without a screen (Xvfb): what it
shows, its title, keys and pointer that are sent to it, its end.
"""

import ctypes
import os
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
from display import Mac  # noqa: E402
from guest import emulator_path, stretch  # noqa: E402

WIDTH, HEIGHT = 1280, 1024
TOOLS = ("Xvfb", "xdotool", "xwd")


class Screen:
    """An X server of our own; its clients get it by $DISPLAY."""

    def __enter__(self):
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise tap.Skip(f"no {', '.join(missing)} (scripts/install-dependencies desktop)")
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24",
             "-nolisten", "tcp"], pass_fds=(writer,), stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb does not start"
        os.environ["DISPLAY"] = f":{number}"
        # No desktop's services: nothing is looked for on a bus that is not there.
        os.environ["NO_AT_BRIDGE"] = "1"
        os.environ["GDK_BACKEND"] = os.environ["SDL_VIDEODRIVER"] = "x11"
        return self

    def __exit__(self, *_exception):
        self.server.kill()
        self.server.wait()
        del os.environ["DISPLAY"]

    @staticmethod
    def do(*words):
        return subprocess.run(["xdotool", *map(str, words)], check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE).stdout.decode().strip()

    def window(self):
        """The number of the window that is shown."""
        def find():
            run = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "gossamer"],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            return run.stdout.decode().split()
        return wait(find, "a window")[-1]

    def geometry(self, window):
        lines = self.do("getwindowgeometry", "--shell", window).split()
        values = dict(line.split("=") for line in lines)
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    @staticmethod
    def close(window):
        """Asks the window to close, as a desktop's button does (WM_DELETE_WINDOW)."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(None))
        assert display, "no connection to Xvfb"
        atoms = [x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS",
                                                                b"WM_DELETE_WINDOW")]
        # XClientMessageEvent: type, serial, send_event, display, window, message, format, data.
        event = struct.pack("@iLiPLLi5l", 33, 0, 1, display.value, int(window), atoms[0], 32,
                            atoms[1], 0, 0, 0, 0)
        x11.XSendEvent(display, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0),
                       event + bytes(192))
        x11.XCloseDisplay(display)

    @staticmethod
    def rows(window):
        """What the screen shows there: rows of RGB."""
        data = subprocess.run(["xwd", "-silent", "-id", window], check=True,
                              stdout=subprocess.PIPE).stdout
        header = struct.unpack(">25I", data[:100])
        start, width, height, bits, line = header[0], header[4], header[5], header[11], header[12]
        assert bits == 32 and header[7] == 0, "pixels of another kind"
        start += 12 * header[19]
        rows = []
        for y in range(height):
            row = data[start + y * line:start + y * line + 4 * width]
            rgb = bytearray(3 * width)
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
            rows.append(bytes(rgb))
        return rows


def wait(function, what):
    deadline = time.monotonic() + stretch(30)
    while time.monotonic() < deadline:
        result = function()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come")


def built(kind):
    text = subprocess.run([emulator_path(), "-display", "help"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    if kind not in text.split():
        raise tap.Skip(f"built without display {kind}")
    return kind


def bare(kind):
    """The option for a window that is nothing but the picture."""
    return kind + (",show-menubar=off" if kind == "gtk" else "")


def picture(kind):
    """The window is as large as the picture and shows it; another mode makes it larger."""
    built(kind)
    with Screen() as screen, Mac("-display", bare(kind), "-g", "800x600x32") as mac:
        width, height, rows = mac.settle()
        window = screen.window()
        wait(lambda: screen.geometry(window)[2:] == (width, height), "the picture's size")
        wait(lambda: screen.rows(window) == mac.picture()[2], "the picture")
        assert (width, height) == (800, 600) and len(rows) == 600


def title_of(screen, window, wanted):
    wait(lambda: screen.do("getwindowname", window) == wanted, f"the title {wanted!r}")


def titles(kind):
    built(kind)
    with Screen() as screen, Mac("-display", bare(kind), "-name", "mac", stopped=True) as mac:
        window = screen.window()
        title_of(screen, window, "Gossamer (mac) [Stopped]")
        assert mac.qmp.command("query-display-options")["type"] == kind
        mac.qmp.command("cont")
        title_of(screen, window, "Gossamer (mac)")
        # ADB's mouse takes no positions: a click grabs the pointer.
        screen.do("mousemove", "--window", window, 100, 100)
        screen.do("windowfocus", "--sync", window)
        screen.do("click", 1)
        title_of(screen, window, "Gossamer (mac) - Press Ctrl+Alt+G to release grab")
        screen.do("key", "ctrl+alt+g")
        title_of(screen, window, "Gossamer (mac)")
        mac.qmp.command("stop")
        title_of(screen, window, "Gossamer (mac) [Stopped]")


def keys(kind):
    """Typed keys reach OpenBIOS, by their place on the keyboard."""
    built(kind)
    with Screen() as screen, Mac("-display", bare(kind)) as mac:
        mac.console_on_serial()
        window = screen.window()
        screen.do("mousemove", "--window", window, 100, 100)
        screen.do("windowfocus", "--sync", window)
        for key in ("3", "space", "4", "space", "plus", "space", "period", "Return"):
            screen.do("key", "--delay", 40, key)
        mac.wait_serial("3 4 + . 7")
        # The window's own keys are not the guest's.
        screen.do("key", "--delay", 40, "ctrl+alt+g")
        screen.do("key", "--delay", 40, "ctrl+alt+g")
        for key in ("Q", "q"):
            screen.do("key", "--delay", 40, key)
        mac.wait_serial("> Qq")


def zoom(kind):
    """Ctrl+Alt and plus: larger, the same picture."""
    built(kind)
    with Screen() as screen, Mac("-display", bare(kind), stopped=True):
        window = screen.window()
        wait(lambda: screen.geometry(window)[2:] == (640, 480), "the first size")
        screen.do("mousemove", "--window", window, 100, 100)
        screen.do("windowfocus", "--sync", window)
        screen.do("key", "ctrl+alt+equal")
        wait(lambda: screen.geometry(window)[2:] == (800, 600), "a larger window")
        screen.do("key", "ctrl+alt+minus")
        wait(lambda: screen.geometry(window)[2:] == (640, 480), "the smaller window")


def close(kind):
    """Closing the window ends the emulator, unless window-close=off."""
    built(kind)
    with Screen() as screen:
        for option, ends in ((",window-close=off", False), ("", True)):
            with Mac("-display", bare(kind) + option, stopped=True) as mac:
                window = screen.window()
                title_of(screen, window, "Gossamer [Stopped]")
                screen.close(window)
                if ends:
                    assert mac.process.wait(stretch(30)) == 0
                else:
                    title_of(screen, window, "Gossamer [Stopped]")
                    assert mac.qmp.command("query-status")["status"] == "prelaunch"


def menus():
    """GTK's menu bar stands above the picture."""
    built("gtk")
    with Screen() as screen, Mac("-display", "gtk", stopped=True) as mac:
        window = screen.window()
        wait(lambda: screen.geometry(window)[3] > 480, "a window with menus")
        height = screen.geometry(window)[3]
        wait(lambda: screen.rows(window)[height - 480:] == mac.picture()[2], "the picture")
        screen.do("mousemove", "--window", window, 100, height - 100)
        screen.do("windowfocus", "--sync", window)
        screen.do("key", "ctrl+alt+m")
        wait(lambda: screen.geometry(window)[3] == 480, "a window without menus")


def default():
    """Where a desktop is and nothing was said, the display is shown; -nographic shows nothing."""
    with Screen() as screen:
        kinds = subprocess.run([emulator_path(), "-display", "help"], stdout=subprocess.PIPE,
                               check=True).stdout.decode().split()
        if "gtk" not in kinds and "sdl" not in kinds:
            raise tap.Skip("built without windows")
        process = subprocess.Popen([emulator_path(), "-M", "g3beige", "-S", "-name", "none said"],
                                   stdin=subprocess.DEVNULL)
        try:
            title_of(screen, screen.window(), "Gossamer (none said) [Stopped]")
        finally:
            process.kill()
            process.wait()


def messages():
    """Without a desktop, or with words that nobody knows: exit status 1 and what is wrong."""
    cases = [("nonsense", "no such display"), ("", "no such display")]
    kinds = subprocess.run([emulator_path(), "-display", "help"], stdout=subprocess.PIPE,
                           check=True).stdout.decode().split()
    for kind in ("sdl", "gtk"):
        if kind in kinds:
            cases += [(kind, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
                      (kind + ",colour=on", "colour"), (kind + ",gl=maybe", "gl=maybe"),
                      (kind + ",window-close=maybe", "window-close")]
    if "sdl" in kinds:
        cases.append(("sdl,grab-mod=q", "grab-mod=q"))
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER",
                                   "GDK_BACKEND")}
    for option, text in cases:
        run = subprocess.run([emulator_path(), "-M", "g3beige", "-S", "-display", option],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, check=False, timeout=stretch(30),
                             env=environment)
        output = run.stdout.decode()
        assert run.returncode == 1 and text in output, \
            f"-display {option}: status {run.returncode}: {output}"


def of(function, kind):
    return (f"{function.__name__}-{kind}", lambda: function(kind))


CASES = [of(function, kind) for function in (picture, titles, keys, zoom, close)
         for kind in ("sdl", "gtk")]
CASES += [("menus", menus), ("default", default), ("messages", messages)]


def main():
    wanted = sys.argv[1:]
    tap.run([case for case in CASES if not wanted or case[0] in wanted], limit=int(stretch(120)))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The display of a beige G3 at OpenBIOS's prompt: screen dumps (also against QEMU's), keys,
pointer, VNC.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import rfb  # noqa: E402
import tap  # noqa: E402
from guest import Qmp, emulator_path, on_qemu, stretch  # noqa: E402

PASSWORD = "password check failed!"
PAPER, BLACK = b"\xff\xff\xcc", b"\0\0\0"  # of OpenBIOS


class Mac:
    """A g3beige with a serial port in a file, started with OpenBIOS or stopped."""

    def __init__(self, *arguments, emulator=None, stopped=False):
        self.arguments = list(arguments) + (["-S"] if stopped else [])
        self.emulator = emulator or emulator_path()

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="gossamer-display-")
        self.serial = self.path("serial")
        open(self.serial, "wb").close()
        # The file must be found; the environment of the test does not promise it.
        if not any(os.path.exists(os.path.join(d, "openbios-ppc")) for d in
                   ("/usr/share/qemu", "/usr/share/openbios", "/usr/lib/openbios")):
            shutil.rmtree(self.folder)
            raise tap.Skip("no openbios-ppc here (qemu-system-data)")
        command = [
            self.emulator, "-M", "g3beige", "-nodefaults", "-vga", "std", "-display", "none",
            "-serial", f"file:{self.serial}", "-qmp", f"unix:{self.path('qmp')},server=on,wait=off"
        ] + self.arguments
        tap.diagnostic("$ " + " ".join(command))
        self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL)
        try:
            self.qmp = Qmp(self.path("qmp"), self.process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def dump(self, **arguments):
        self.qmp.command("screendump", filename=self.path("dump"), **arguments)
        with open(self.path("dump"), "rb") as file:
            return file.read()

    def picture(self):
        """(width, height, rows of RGB) of a PPM."""
        kind, size, maximum, data = self.dump().split(b"\n", 3)
        assert (kind, maximum) == (b"P6", b"255"), (kind, maximum)
        width, height = map(int, size.split())
        assert len(data) == 3 * width * height
        return width, height, [data[3 * width * y:3 * width * (y + 1)] for y in range(height)]

    def settle(self):
        """The picture once OpenBIOS is on it and it stays the same."""
        deadline, before = time.monotonic() + stretch(60), None
        while time.monotonic() < deadline:
            now = self.picture()
            if now == before and now[2][-1][:3] != BLACK:
                return now
            before = now
            time.sleep(1)
        raise AssertionError("the picture does not come to rest")

    def wait_serial(self, text, seconds=40):
        deadline = time.monotonic() + stretch(seconds)
        while time.monotonic() < deadline:
            with open(self.serial, "rb") as file:
                data = file.read().decode(errors="replace")
            if text in data:
                return
            time.sleep(0.2)
        raise AssertionError(f"no {text!r} on the serial port:\n{data}")

    def console_on_serial(self):
        """From here on OpenBIOS answers on the serial port, and listens to the keyboard."""
        self.settle()
        for key in [
                "shift-apostrophe", "spc", *"ttya", "shift-apostrophe", "spc", *"output", "ret"
        ]:
            assert self.qmp.hmp(f"sendkey {key} 20") == ""
        self.wait_serial(" ok")


def png_rows(data):
    """Rows of RGB of a PNG with 8 bits a channel (PNG specification, chapter 9: filters)."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", data, at + 8 + length)[0]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack_from(">IIBB", body)
            assert (depth, color) == (8, 2)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, rows, above = zlib.decompress(packed), [], bytes(3 * width)
    for y in range(height):
        kind, line = raw[y * (3 * width + 1)], bytearray(raw[y * (3 * width + 1) + 1:(y + 1) *
                                                             (3 * width + 1)])
        for x in range(3 * width if kind else 0):
            left, up, corner = (line[x - 3] if x > 2 else 0), above[x], (above[x -
                                                                               3] if x > 2 else 0)
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                          (abs(guess - corner), 2, corner))[2]
            line[x] = (line[x] + (0, left, up, (left + up) // 2, nearest)[kind]) & 0xFF
        rows.append(bytes(line))
        above = line
    return rows


def dumps():
    with Mac() as mac:
        width, height, rows = mac.settle()
        assert (width, height) == (800, 600), (width, height)
        colors = {bytes(row[i:i + 3]) for row in rows for i in range(0, len(row), 3)}
        assert colors == {PAPER, BLACK}, colors
        mac.qmp.command("stop")
        rows = mac.picture()[2]
        assert png_rows(mac.dump(format="png")) == rows
        assert mac.qmp.hmp(f"screendump -f png {mac.path('second')}") == ""
        assert mac.qmp.hmp(f"screendump {mac.path('second')} -f png") == ""
        with open(mac.path("second"), "rb") as file:
            assert png_rows(file.read()) == rows
        for arguments, text in (({"filename": "/nowhere/file"},
                                 "No such file"), ({"filename": "x", "format": "gif"}, "gif"),
                                ({"filename": "x", "device":
                                  "nobody"}, "nobody"), ({"filename": "x", "head": 1}, "head")):
            reply = mac.qmp.reply("screendump", **arguments)
            assert text in reply.get("error", {}).get("desc", ""), (arguments, reply)


def as_qemu():
    """Every pixel as QEMU has it, in every depth that Macs have."""
    other = shutil.which("qemu-system-ppc")
    if not other or on_qemu():
        raise tap.Skip("no qemu-system-ppc to compare with")
    for mode in ("800x600x32", "640x480x8", "1024x768x16"):
        with Mac("-g", mode, emulator=other) as mac:
            wanted = mac.settle()
        with Mac("-g", mode) as mac:
            got = mac.settle()
        assert got[:2] == wanted[:2], (mode, got[:2], wanted[:2])
        differ = [y for y in range(got[1]) if got[2][y] != wanted[2][y]]
        assert not differ, f"-g {mode}: lines {differ[:10]} differ"


def keys():
    with Mac() as mac:
        mac.console_on_serial()
        for key in ("3", "spc", "4", "spc", "shift-equal", "spc", "dot", "ret"):
            mac.qmp.hmp(f"sendkey {key} 20")
        mac.wait_serial("3 4 + . 7")
        numbers = [{"type": "number", "data": code} for code in (0x2A, 0x09)]       # shift, 8
        mac.qmp.command("send-key", keys=numbers, hold_time=20)
        mac.wait_serial("> *")
        time.sleep(0.5)                     # shift is up again
        for down in (True, False):
            mac.qmp.command("input-send-event", events=[
                {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": "x"}}}])
        mac.wait_serial("> *x")
        for line in ("sendkey nokey", "sendkey", "sendkey a-nokey", "sendkey -",
                     "sendkey " + "-".join("a" * 17)):
            assert mac.qmp.hmp(line) != "", line
        for name, arguments in (("send-key", {"keys": []}), ("send-key", {
                "keys": [{"type": "qcode", "data": "nokey"}]
        }), ("send-key", {"keys": [{"type": "qcode"}]}), ("send-key", {
                "keys": [{"type": "number", "data": 1 << 40}]
        }), ("input-send-event",
             {"events": [{"type": "pen", "data": {}}]}), ("input-send-event", {
                 "events": [{"type": "abs", "data": {"axis": "x", "value": 1}}]
             }), ("input-send-event",
                  {"events": [{"type": "rel", "data": {"axis": "z", "value": 1}}]
                   }), ("input-send-event",
                        {"events": [{"type": "btn", "data":
                                     {"button": "left"}}]}), ("input-send-event", {"events": [17]}),
                                ("input-send-event", {"device": "none", "events": []})):
            assert "error" in mac.qmp.reply(name, **arguments), (name, arguments)


def mice():
    with Mac(stopped=True) as mac:
        assert mac.qmp.hmp("info mice").strip() == "* Mouse #2: QEMU ADB Mouse"
        assert mac.qmp.command("query-mice") == [
            {"name": "QEMU ADB Mouse", "index": 2, "current": True, "absolute": False}]
        for line in ("mouse_move 5 -3", "mouse_move 0 0 1", "mouse_button 1", "mouse_button 0",
                     "mouse_set 2"):
            assert mac.qmp.hmp(line) == "", line
        for line in ("mouse_set 1", "mouse_set 99", "mouse_move 5", "mouse_button"):
            assert mac.qmp.hmp(line) != "", line
        mac.qmp.command("input-send-event", events=[
            {"type": "rel", "data": {"axis": "y", "value": -4}},
            {"type": "btn", "data": {"button": "right", "down": True}}])


def free_display():
    """A display number whose port nobody has."""
    for number in range(1000, 2000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", 5900 + number))
                return number
            except OSError:
                continue
    raise tap.Skip("no free port")


def same(client, mac):
    """The client's picture is the machine's, sooner or later."""
    deadline = time.monotonic() + stretch(30)
    while time.monotonic() < deadline:
        client.update(False)
        width, height, rows = mac.picture()
        if (client.width, client.height) == (width, height) and [bytes(row)
                                                                 for row in client.rows] == rows:
            return
    raise AssertionError("the picture over VNC is another one")


def refused(port, password):
    try:
        rfb.Rfb(port, password=password).close()
    except rfb.Refused as error:
        assert str(error) == PASSWORD, error
        return
    raise AssertionError(f"the password {password!r} was taken")


def vnc():
    number = free_display()
    with Mac("-vnc", f"127.0.0.1:{number}", "-name", "mac") as mac:
        mac.settle()
        assert mac.qmp.command("query-vnc")["auth"] == "none"
        first = rfb.Rfb(5900 + number)
        assert first.name == "Gossamer (mac)" and not first.asked_password
        same(first, mac)
        second = rfb.Rfb(5900 + number)     # it asks to share
        same(second, mac)
        info = mac.qmp.command("query-vnc")
        assert info["service"] == str(5900 + number) and len(info["clients"]) == 2, info
        assert "Auth: none" in mac.qmp.hmp("info vnc")
        # Typed without the modifiers that a person would press.
        first.type('" ttya" output\n')
        mac.wait_serial(" ok")
        second.type("3 4 + .\n")
        mac.wait_serial("3 4 + . 7")
        first.pointer(100, 100)
        first.pointer(90, 120, 5)
        first.pointer(90, 120, 0)
        # Another resolution, by the adapter's registers: width 640, then 400 lines.
        for pair in ("100 fe0001ce w! 8002 fe0001d0 w!", "200 fe0001ce w! 9001 fe0001d0 w!"):
            first.type(pair + "\n")
            mac.wait_serial(pair + "  ok")  # ADB keeps 128 keys
        deadline = time.monotonic() + stretch(30)
        while (first.width, first.height) != (640, 400) and time.monotonic() < deadline:
            first.update()
        same(first, mac)
        assert mac.picture()[:2] == (640, 400)
        # One that leaves with a key pressed does not leave it so.
        first.key(0xFFE1, 1)
        first.close()
        deadline = time.monotonic() + stretch(10)
        while len(mac.qmp.command("query-vnc")["clients"]) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        for down in (1, 0):
            second.key(ord("x"), down)
        mac.wait_serial("> x")
        second.close()
        deadline = time.monotonic() + stretch(10)
        while mac.qmp.command("query-vnc")["clients"] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not mac.qmp.command("query-vnc")["clients"]


def password():
    number = free_display()
    with Mac("-vnc", f"127.0.0.1:{number},password=on", stopped=True) as mac:
        port = 5900 + number
        assert mac.qmp.command("query-vnc")["auth"] == "vnc"
        refused(port, "")
        assert mac.qmp.hmp("change vnc password secret") == ""
        refused(port, "wrong")
        refused(port, "")
        client = rfb.Rfb(port, password="secret")
        assert client.asked_password
        same(client, mac)
        # Those that are in stay.
        mac.qmp.command("set_password", protocol="vnc", password="another one")
        same(client, mac)
        refused(port, "secret")
        rfb.Rfb(port, password="another ").close()     # eight bytes of it count
        rfb.Rfb(port, password="another one").close()
        mac.qmp.command("expire_password", protocol="vnc", time="now")
        refused(port, "another one")
        mac.qmp.command("expire_password", protocol="vnc", time="+1000")
        rfb.Rfb(port, password="another one").close()
        for line in ("set_password spice x", "set_password vnc", "expire_password vnc soon",
                     "expire_password vnc", "change vnc password", "change vnc name",
                     "set_password vnc x disconnect"):
            assert mac.qmp.hmp(line) != "", line
        assert "error" in mac.qmp.reply("set_password", protocol="spice", password="x")


def rude():
    """Clients that say nonsense, nothing, or do not read: the machine goes on, and so do the
    others.
    """
    number = free_display()
    with Mac("-vnc", f"127.0.0.1:{number}") as mac:
        mac.settle()
        port = 5900 + number
        for data in (
                b"", b"GET / HTTP/1.1\r\n\r\n", b"RFB 003.008\n\x01\x01" + b"\xff" * 4096,
                b"RFB 003.003\n\x01\x06\0\0\0\xff\xff\xff\xff",
                b"RFB 003.008\n\x01\x01\x02\0\xff\xff",
                b"RFB 003.008\n\x01\x01\0\0\0\0\x21\xff\x01\x01\xff\xff\xff\xff\xff\xff\x40\x40\x40"
        ):
            with socket.create_connection(("127.0.0.1", port)) as rude_one:
                rude_one.sendall(data)
                time.sleep(0.2)
        silent = socket.create_connection(("127.0.0.1", port))
        deaf = rfb.Rfb(port)
        for _ in range(200):                # it never reads what it asks for
            deaf.socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, deaf.width, deaf.height))
            assert mac.qmp.command("query-status")["running"]
        deadline = time.monotonic() + stretch(40)
        while True:
            try:
                polite = rfb.Rfb(port, timeout=stretch(40))
                same(polite, mac)
                break
            except (EOFError, OSError):
                assert time.monotonic() < deadline, "nobody is served any more"
        polite.close()
        deaf.close()
        silent.close()


def unix_socket():
    with tempfile.TemporaryDirectory(prefix="gossamer-vnc-") as folder:
        path = os.path.join(folder, "vnc")
        with Mac("-display", f"vnc=unix:{path},share=force-shared", stopped=True) as mac:
            client = rfb.Rfb(path=path)
            same(client, mac)
            assert (client.width, client.height) == (640, 480)
            assert mac.qmp.command("query-vnc-servers")[0]["server"][0]["family"] == "unix"
            client.close()
            mac.qmp.command("quit")
            assert mac.process.wait(stretch(20)) == 0
        assert not os.path.exists(path)


def messages():
    number = free_display()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 5900 + number))
        taken.listen()
        for arguments, text in ((("-vnc", "nonsense"), "nonsense"), (("-vnc", "localhost:x"),
                                                                     "localhost:x"),
                                (("-vnc", "127.0.0.1:99999"),
                                 "99999"), (("-vnc", f"127.0.0.1:{number}"), "in use"),
                                (("-vnc", "127.0.0.1:1,share=none"),
                                 "share=none"), (("-vnc", "127.0.0.1:5,to=3"), "to=3"),
                                (("-vnc", "unix:/nowhere/socket"),
                                 "nowhere"), (("-vnc", "127.0.0.1:1,colour=on"),
                                              "colour"), (("-display", "cocoa"), "vnc"),
                                (("-vga", "cirrus"), "std"), (("-k", "xx-nowhere"), "xx-nowhere"),
                                (("-device", "VGA,vgamem_mb=x"), "vgamem_mb")):
            run = subprocess.run([
                emulator_path(), "-M", "g3beige", "-nodefaults", "-display", "none", "-S",
                *arguments
            ], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 check=False, timeout=stretch(20))
            output = run.stdout.decode()
            assert run.returncode == 1 and text in output, \
                f"{arguments}: status {run.returncode}: {output}"
    text = subprocess.run([emulator_path(), "-display", "help"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    assert text.splitlines()[1:3] == ["none", "vnc"], text


CASES = [("dumps", dumps), ("as-qemu", as_qemu), ("keys", keys), ("mice", mice), ("vnc", vnc),
         ("password", password), ("rude", rude), ("unix-socket", unix_socket),
         ("messages", messages)]


def main():
    wanted = sys.argv[1:]
    tap.run([case for case in CASES if not wanted or case[0] in wanted], limit=int(stretch(240)))


if __name__ == "__main__":
    main()

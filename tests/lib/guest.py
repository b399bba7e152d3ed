# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives an emulator from outside, as a user does: console on a pseudo-terminal, QMP and HMP on
sockets.

Guest takes the emulator from $GOSSAMER_EMULATOR. With qemu-system-ppc64 there the same tests run on
QEMU; the few words of the command line that differ are kept in Guest.command().
"""

import errno
import fcntl
import json
import lzma
import os
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

# The desktop of whoever runs the tests is not the guests'.
for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(variable, None)

# Escape sequences of a terminal, NUL padding, shifts between character sets, carriage returns.
ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()*+][0-9A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>78DEHMNOc]"
    r"|[\x00\x0e\x0f\r]")
PARTIAL = re.compile(r"\x1b(\[[0-9;?]*[ -/]*|[()*+]|\][^\x07]{0,200})?$")

# What no guest that is well prints. A test that provokes one names it in its pattern.
DISASTERS = re.compile(r"Kernel panic|Unable to handle kernel|kernel BUG at|Oops: ", re.I)


def stretch(seconds):
    """A time limit for this emulator and build: $GOSSAMER_SLOW is a factor (sanitizer builds:
    10).
    """
    return seconds * float(os.environ.get("GOSSAMER_SLOW", "1"))


def emulator_path():
    """The emulator under test."""
    return os.environ.get("GOSSAMER_EMULATOR") or "gossamer-system-ppc64"


def on_qemu(path=None):
    """True when the tests run on QEMU, to prove themselves."""
    return os.path.basename(path or emulator_path()).startswith("qemu")


def cache():
    """The folder for guest images that are fetched or made."""
    folder = os.environ.get("GOSSAMER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "gossamer")
    os.makedirs(folder, exist_ok=True)
    return folder


def debian_installer():
    """(kernel, initrd) of Debian 12's installer for ppc64el, fetched the first time."""
    # Two test programs may come here at once: one fetches, the other waits.
    with open(os.path.join(cache(), "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = subprocess.run([os.path.join(TOP, "scripts", "guest-debian-installer")],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    folder = run.stdout.decode().strip()
    return os.path.join(folder, "vmlinux"), os.path.join(folder, "initrd.gz")


def local_guest(name):
    """The path of a guest image that cannot be fetched: in $GOSSAMER_GUESTS, or a folder
    shared/guests beside or above the source tree. A NAME.xz is unpacked into the cache."""
    folders = [os.environ["GOSSAMER_GUESTS"]] if os.environ.get("GOSSAMER_GUESTS") else [
        os.path.join(TOP, up, "shared", "guests") for up in ("..", os.path.join("..", ".."))]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
        if os.path.exists(path + ".xz"):
            return unpacked(path + ".xz", name)
    raise tap.Skip(f"no {name}: point GOSSAMER_GUESTS at the folder that holds it")


def unpacked(path, name):
    status = os.stat(path)
    final = os.path.join(cache(), f"{name}-{status.st_size}-{int(status.st_mtime)}")
    if not os.path.exists(final):
        with lzma.open(path) as packed, tempfile.NamedTemporaryFile(dir=cache(),
                                                                    delete=False) as out:
            shutil.copyfileobj(packed, out)
        os.rename(out.name, final)
    return final


class Console:
    """A terminal's worth of text: reads a file descriptor in a thread, cleans it, waits for
    patterns.
    """

    def __init__(self, fd, log=None):
        self.fd = fd
        self.log = log
        self.text = ""
        self.position = 0
        self.closed = False
        self.pending = ""
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                data = b""
            with self.changed:
                if not data:
                    self.text += self.pending
                    self.closed = True
                    self.changed.notify_all()
                    return
                if self.log and not self.log.closed:
                    self.log.write(data)
                    self.log.flush()
                raw = self.pending + data.decode("utf-8", "replace")
                partial = PARTIAL.search(raw)
                self.pending = raw[partial.start():] if partial else ""
                self.text += ESCAPES.sub("", raw[:partial.start()] if partial else raw)
                self.changed.notify_all()

    def ends(self, timeout):
        """Waits until nobody reads the descriptor any more; the other side is closed already."""
        self.thread.join(timeout)
        return not self.thread.is_alive()

    def send(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.fd, data):]

    def expect(self, pattern, timeout=60, watch=None):
        """Waits until pattern comes after the last match; returns the match object. Fails when the
        time is up, the other side closes, or the guest's kernel dies."""
        expression = re.compile(pattern, re.M)
        deadline = time.monotonic() + stretch(timeout)
        with self.changed:
            while True:
                match = expression.search(self.text, self.position)
                if match:
                    self.position = match.end()
                    return match
                disaster = DISASTERS.search(self.text, self.position)
                if disaster:
                    # Let the rest of the message arrive; it is what one wants to read, or waits
                    # for.
                    grace = time.monotonic() + stretch(2)
                    while not match and not self.closed and time.monotonic() < grace:
                        self.changed.wait(max(0.01, grace - time.monotonic()))
                        match = expression.search(self.text, self.position)
                    if match:
                        self.position = match.end()
                        return match
                    self._fail(f"{disaster.group(0)!r} while waiting for {pattern!r}")
                if self.closed:
                    self._fail(f"closed while waiting for {pattern!r}{watch() if watch else ''}")
                left = deadline - time.monotonic()
                if left <= 0:
                    self._fail(f"no {pattern!r} within {stretch(timeout):.0f} s")
                self.changed.wait(left)

    def _fail(self, reason):
        tail = "\n".join(self.text.rstrip().splitlines()[-40:])
        raise AssertionError(f"console: {reason}\n--- the console's last lines\n{tail}\n---")


class Guest:
    """One emulator process and its guest. Use it in a with statement: leaving it ends the process.

    firmware: "builtin" (the emulator's own), "slof", or a file for -bios.
    extra: more arguments, after those made here. graphics: with a display, which nobody looks at.
    """

    def __init__(self, machine="pseries", cpu=None, smp=None, memory="1G", kernel=None, initrd=None,
                 append=None, firmware="builtin", accel=None, extra=(), qmp=False, emulator=None,
                 name="guest", nodefaults=True, graphics=False):
        self.emulator = emulator or emulator_path()
        self.is_qemu = on_qemu(self.emulator)
        self.folder = tempfile.mkdtemp(prefix="gossamer-test-")
        self.arguments = self.command(machine, cpu, smp, memory, kernel, initrd, append, firmware,
                                      accel, nodefaults)
        if graphics:
            # The firmware's console is the display then.
            at = self.arguments.index("-nographic")
            self.arguments[at:at + 1] = ["-display", "none"]
        self.qmp_path = os.path.join(self.folder, "qmp") if qmp else None
        if self.qmp_path:
            self.arguments += ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
        self.arguments += list(extra)
        self.process = None
        self.console = None
        self.log = None
        self.qmp = None
        self.name = name
        self.master = None

    def command(self, machine, cpu, smp, memory, kernel, initrd, append, firmware, accel,
                nodefaults):
        if firmware == "builtin" and self.is_qemu and kernel and machine.startswith("pseries"):
            machine += ",x-vof=on"
        if accel and self.is_qemu:
            accel = ",".join(w for w in accel.split(",") if not w.startswith("backend="))
        arguments = [self.emulator, "-M", machine, "-m", memory, "-nographic"]
        if nodefaults:
            arguments += ["-nodefaults", "-serial", "mon:stdio"]
        if firmware not in ("builtin", "slof"):
            arguments += ["-bios", firmware]
        elif firmware == "slof" and not self.is_qemu:
            arguments += ["-bios", "slof.bin"]
        for option, value in (("-cpu", cpu), ("-smp", smp), ("-accel", accel), ("-kernel", kernel),
                              ("-initrd", initrd), ("-append", append)):
            if value is not None:
                arguments += [option, str(value)]
        return arguments

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_exception):
        self.end()

    def start(self):
        tap.diagnostic("$ " + " ".join(self.arguments))
        logs = os.environ.get("GOSSAMER_TEST_LOGS")
        if logs:
            os.makedirs(logs, exist_ok=True)
            self.log = open(os.path.join(logs, self.name + ".log"), "wb")
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        try:
            self.process = subprocess.Popen(self.arguments, stdin=slave, stdout=slave, stderr=slave,
                                            start_new_session=True)
        except OSError as error:
            raise AssertionError(f"cannot start {self.emulator}: {error}") from error
        finally:
            os.close(slave)
        self.console = Console(self.master, self.log)
        if self.qmp_path:
            self.qmp = Qmp(self.qmp_path, self.process)

    def end(self):
        """Ends the emulator, whatever it is doing, and cleans up."""
        if self.qmp:
            self.qmp.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                tap.diagnostic("the emulator did not end on SIGTERM within 5 s")
                self.process.kill()
                self.process.wait()
        if self.master is not None:
            # A reader that is still at it would take the next guest's text from the same number.
            if not self.console or self.console.ends(5):
                os.close(self.master)
            self.master = None
        if self.log:
            self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _obituary(self):
        try:
            status = self.process.wait(2)
        except subprocess.TimeoutExpired:
            return ""
        return f"; the emulator ended with status {status}"

    def expect(self, pattern, timeout=60):
        return self.console.expect(pattern, timeout, self._obituary)

    def send(self, text):
        self.console.send(text)

    def shell(self, command, timeout=30):
        """Runs a command in the guest's shell; returns what it printed. Fails if its status is not
        0.
        """
        # The command line is echoed, perhaps twice: what marks the output must not stand in it as
        # it is printed.
        self.send(f"echo BE''GIN; {command}; echo STATUS''=$?=\n")
        self.expect(r"^BEGIN$\n", timeout)
        start = self.console.position
        match = self.expect(r"STATUS=(\d+)=", timeout)
        output = self.console.text[start:match.start()].strip("\n")
        assert match.group(1) == "0", f"{command}: status {match.group(1)}\n{output}"
        return output

    def count(self):
        """The number in the guest's file /count, in which a loop in the background counts: it is
        empty for a moment at each write, and may not be there yet."""
        return int(
            self.shell('c=; while [ -z "$c" ]; do c=$(cat /count 2>/dev/null); done; echo $c', 60))

    def wait(self, timeout=60):
        """Waits for the emulator to end by itself; returns its exit status."""
        try:
            return self.process.wait(stretch(timeout))
        except subprocess.TimeoutExpired:
            tail = "\n".join(self.console.text.rstrip().splitlines()[-20:])
            raise AssertionError(f"the emulator did not end within {stretch(timeout):.0f} s\n"
                                 f"--- the console's last lines\n{tail}\n---") from None


class Qmp:
    """A QMP client."""

    def __init__(self, path, process, timeout=20):
        deadline = time.monotonic() + stretch(timeout)
        while True:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.socket.connect(path)
                break
            except OSError as error:
                self.socket.close()
                if process.poll() is not None:
                    raise AssertionError(
                        f"the emulator ended with status {process.returncode}") from error
                if time.monotonic() > deadline:
                    raise AssertionError(f"no QMP on {path}: {error}") from error
                time.sleep(0.05)
        self.socket.settimeout(stretch(timeout))
        self.file = self.socket.makefile("rb")
        self.events = []
        self.greeting = self._read()
        assert "QMP" in self.greeting, f"not QMP's greeting: {self.greeting}"
        self.command("qmp_capabilities")

    def _read(self):
        try:
            line = self.file.readline()
        except OSError as error:
            raise AssertionError(f"QMP: {error}") from error
        assert line, "QMP: the emulator closed the connection"
        return json.loads(line)

    def reply(self, name, /, **arguments):
        """Sends a command; returns the whole reply, keeping events that come before it."""
        message = {"execute": name}
        if arguments:
            message["arguments"] = {
                key.replace("_", "-"): value
                for key, value in arguments.items()
            }
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            reply = self._read()
            if "event" not in reply:
                return reply
            self.events.append(reply)

    def command(self, name, /, **arguments):
        """Sends a command; returns what it returns. An error fails the test."""
        reply = self.reply(name, **arguments)
        assert "return" in reply, f"QMP {name}: {reply}"
        return reply["return"]

    def hmp(self, line):
        """One line of the human monitor; returns what it prints."""
        return self.command("human-monitor-command", command_line=line)

    def migration(self, timeout=120):
        """Waits for the end of the migration that this side sends; what query-migrate says then."""
        deadline = time.monotonic() + stretch(timeout)
        while True:
            info = self.command("query-migrate")
            if info.get("status") in ("completed", "failed", "cancelled"):
                return info
            assert time.monotonic() < deadline, f"the migration does not end: {info}"
            time.sleep(0.02)

    def wait_state(self, wanted, timeout=60):
        """Waits until the machine is in that run state."""
        deadline = time.monotonic() + stretch(timeout)
        while (state := self.command("query-status")["status"]) != wanted:
            assert time.monotonic() < deadline, f"the machine is in state {state}, not {wanted}"
            time.sleep(0.02)

    def event(self, name, timeout=20):
        """Waits for an event, also among those that came already; returns it."""
        deadline = time.monotonic() + stretch(timeout)
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event
            left = deadline - time.monotonic()
            assert left > 0, f"no event {name} within {stretch(timeout):.0f} s"
            usual = self.socket.gettimeout()
            self.socket.settimeout(left)
            try:
                message = self._read()
            finally:
                self.socket.settimeout(usual)
            if "event" in message:
                self.events.append(message)

    def close(self):
        self.file.close()
        self.socket.close()

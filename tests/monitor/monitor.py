#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command line, terminal, character back ends, HMP and QMP, from outside.

Most cases run the machine "none", which has no CPU: what they look at does not need one.
"""

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from guest import Console, Guest, Qmp, debian_installer, emulator_path  # noqa: E402
from guest import on_qemu, stretch  # noqa: E402

NONE = ["-M", "none", "-nodefaults", "-display", "none"]


class Emulator:
    """A process in a folder of its own; standard input is empty unless a terminal is asked for."""

    def __init__(self, *arguments, terminal=False, pass_fds=(), cpus=False):
        self.folder = tempfile.mkdtemp(prefix="gossamer-test-")
        base = ["-M", "pseries", "-nodefaults", "-display", "none"] if cpus else NONE
        self.arguments = [emulator_path()
                          ] + (list(arguments) if terminal else base + list(arguments))
        self.arguments = [a.replace("DIR", self.folder) for a in self.arguments]
        tap.diagnostic("$ " + " ".join(self.arguments))
        self.master = self.slave = self.console = None
        if terminal:
            self.master, self.slave = pty.openpty()
            self.modes = termios.tcgetattr(self.slave)
            self.process = subprocess.Popen(self.arguments, stdin=self.slave, stdout=self.slave,
                                            stderr=self.slave, preexec_fn=self._own_terminal)
            self.console = Console(self.master)
        else:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                            pass_fds=pass_fds)

    def _own_terminal(self):
        import fcntl  # pylint: disable=import-outside-toplevel
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        # A shell starts background commands without these, and so the tests may have been started.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        if self.master is not None:
            os.close(self.slave)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def qmp(self, name="qmp"):
        return Qmp(self.path(name), self.process)

    def wait(self, timeout=20):
        return self.process.wait(stretch(timeout))

    def terminal_is_sane(self):
        return termios.tcgetattr(self.slave) == self.modes


class Line:
    """A raw stream: HMP, or QMP written byte by byte."""

    def __init__(self, address, process=None):
        deadline = time.monotonic() + stretch(20)
        while True:
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            try:
                self.socket.connect(address)
                break
            except OSError:
                self.socket.close()
                assert time.monotonic() < deadline, f"nobody listens on {address}"
                assert not process or process.poll() is None, f"ended with {process.returncode}"
                time.sleep(0.05)
        self.text = ""

    def send(self, text):
        self.socket.sendall(text.encode())

    def until(self, pattern, timeout=20):
        """Everything up to and with the pattern; the rest stays."""
        deadline = time.monotonic() + stretch(timeout)
        while True:
            match = re.search(pattern, self.text)
            if match:
                out, self.text = self.text[:match.end()], self.text[match.end():]
                return out
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.text!r}"
            self.socket.settimeout(left)
            data = self.socket.recv(65536)
            assert data, f"closed before {pattern!r}: {self.text!r}"
            self.text += data.decode()

    def rest(self, timeout=20):
        """Everything until the other side closes."""
        self.socket.settimeout(stretch(timeout))
        while True:
            data = self.socket.recv(65536)
            if not data:
                return self.text
            self.text += data.decode()

    def close(self):
        self.socket.close()


def screen(text):
    """What a terminal shows of text: the last state of each line that was redrawn."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        lines.append(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line.split("\r")[-1]))
    return "\n".join(lines)


def hmp(line, command):
    """Runs one command; its output without echo and prompt."""
    line.send(command + "\n")
    out = line.until(r"\r\n(?:[^\r]*\r\n)*\(qemu\) $")
    return screen(out[out.index("\r\n") + 2:])[:-len("(qemu) ")]


# ---- The command line ----

WRONG = [
    (["-M", "pserie"], r"'pserie'.*'pseries'"),
    (["-kernal", "x"], r"-kernal: invalid option.*'-kernel'"),
    (["-initrd"], r"-initrd: requires an argument"),
    (["-accel", "tgc"], r"invalid accelerator tgc"),
    (["-accel", "kvm"], r"invalid accelerator kvm"),
    (["-cpu", "powr9", "-M", "pseries"], r"'powr9'.*'power9'"),
    (["-kernel", "/nonexistent", "-M", "pseries",
      "-nographic"], r"could not load kernel '/nonexistent': No such file or directory"),
    (["-m", "lots", "-M", "pseries"], r"lots"),
    (["-m", "1K", "-M", "pseries"], r"Memory size 0x2000 is not aligned to 256 MiB \(-m: 256M"),
    (["-m", "1M", "-M", "pseries", "-kernel", "/dev/null"], r"Memory size 0x100000 is not aligned"),
    (["-m", "300M", "-M", "pseries", "-bios",
      "/dev/null"], r"Memory size 0x12c00000 is not aligned"),
    (["-m", "16E", "-M", "pseries"], r"16E"),
    (["-m", "900T", "-M", "pseries"], r"cannot set up guest memory"),
    (["-m", "512M", "-numa", "node,mem=300M", "-numa", "node,mem=212M", "-M",
      "pseries"], r"Node 0 memory size 0x12c00000 is not aligned"),
    (["-M", "pseries,dumpdtb=/dev/null", "-kernel", "/dev/zero", "-append",
      "x" * 100000], r"kernel '/dev/zero'"),
    (["-smp", "cpu=2", "-M", "pseries"], r"'cpu'"),
    (["-smp", "0", "-M", "pseries"], r"greater than zero"),
    (["-machine", "pseries,ic-mod=xics"], r"ic-mod"),
    (["-M", "pseries,ic-mode=apic"], r"ic-mode.*'apic'"),
    (["-device", "spapr-vtx"], r"-device spapr-vtx:.*spapr-vtx"),
    (["-serial", "studio"], r"-serial studio: 'studio'"),
    (["-M", "none", "-monitor", "studio"], r"-monitor studio: 'studio'"),
    (["-M", "none", "-mon", "m0"], r"chardev 'm0' not found|chardev \"m0\" not found"),
    (["-M", "none", "-chardev", "sockt,id=a"], r"'sockt'.*'socket'"),
    (["-M", "none", "-chardev", "socket,id=a"], r"socket: no path"),
    (["-M", "none", "-chardev", "null"], r"no id"),
    (["-M", "none", "-chardev", "null,id=a", "-chardev", "null,id=a"], r"'a' already exists"),
    (["-M", "none", "-chardev", "null,id=a", "-mon", "a", "-mon", "a"], r"in use"),
    (["-M", "none", "-chardev", "stdio,id=a", "-monitor", "stdio"], r"multiple character devices"),
    (["-d", "in_asn"], r"'in_asn'.*'in_asm'"),
    (["-dfilter", "x"], r"'x'"),
    (["-M", "none", "-D", "/nonexistent/log", "-d", "int"], r"/nonexistent/log"),
    (["-M", "none", "-pidfile", "/nonexistent/pid"], r"/nonexistent/pid"),
    (["-action", "reboot=now"], r"reboot=now"),
    (["-rtc", "base=yesterday", "-M", "none"], r"'yesterday'"),
    (["-uuid", "1234", "-M", "none"], r"'1234'"),
    (["-M", "none", "-gdb", "tcp::1"], r"without any CPU"),
    (["-display", "gtk"], r"-display gtk:"),
    (["disk.img"], r"disk.img"),
    (["-object", "memory-backend-rom,id=a", "-M", "none"], r"memory-backend-rom"),
    (["-object", "memory-backend-ram,id=a", "-M", "none"], r"size 0"),
    (["-object", "memory-backend-file,id=a,size=1M", "-M", "none"], r"mem-path property not set"),
    (["-m", "256M", "-numa", "node,memdev=a", "-M", "pseries"], r"backend 'a' not found"),
    ([
        "-m", "512M", "-object", "memory-backend-ram,id=a,size=256M", "-numa", "node,memdev=a",
        "-numa", "node,mem=256M", "-M", "pseries"
    ], r"mixing both"),
    ([
        "-m", "512M", "-object", "memory-backend-ram,id=a,size=256M", "-M",
        "pseries,memory-backend=a"
    ], r"size of memory backend 'a'.*differ"),
    (["-M", "pseries,memory-backend=b"], r"'b' not found"),
    (["-nographic", "-daemonize", "-M", "none"], r"-nographic cannot be used with -daemonize"),
    (["-append", "quiet", "-M", "pseries"], r"-append only allowed with -kernel"),
]


def wrong_options():
    """One line that names what is wrong, and exit status 1."""
    problems = []
    for arguments, pattern in WRONG:
        run = subprocess.run([emulator_path()] + arguments, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=stretch(20),
                             check=False)
        text = run.stderr.decode()
        errors = [line for line in text.splitlines() if "warning:" not in line]
        if run.returncode != 1 or len(errors) != 1 or not re.search(pattern, text) or run.stdout:
            problems.append(
                f"{' '.join(arguments)}: status {run.returncode}, {text!r}, {run.stdout!r}")
    assert not problems, "\n".join(problems)


HELP = [
    (["-h"], r"\A[^\n]*QEMU emulator version \d+\.\d+\.\d+[^\n]*\n(?s:.)*-kernel FILE"),
    (["--help"], r"-append"),
    (["-version"], r"\A[^\n]*QEMU emulator version \d+\.\d+\.\d+[^\n]*\n\Z"),
    (["-M", "help"],
     r"Supported machines are:\n(?s:.)*^pseries +\S.*\(alias of pseries-\S+\)\n(?s:.)*\(default\)"),
    (["-machine", "help"], r"^none +empty machine$"),
    (["-cpu", "help"], r"^PowerPC power9_v2.0 +PVR 004e1200$"),
    (["-cpu", "?"], r"\(alias for power9_v2"),
    (["-M", "pseries", "-device", "help"], r"name \"spapr-vty\""),
    (["-device", "spapr-vty,help"], r"chardev=<str>"),
    (["-d", "help"], r"in_asm"),
    (["-accel", "help"], r"\btcg\b"),
    (["-M", "pseries,help"], r"ic-mode=<str>"),
]


def help_texts():
    problems = []
    for arguments, pattern in HELP:
        run = subprocess.run([emulator_path()] + arguments, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=stretch(20),
                             check=False)
        if run.returncode or run.stderr or not re.search(pattern, run.stdout.decode(), re.M):
            problems.append(
                f"{' '.join(arguments)}: status {run.returncode}, {run.stderr.decode()!r}, "
                f"{run.stdout.decode()[:800]!r}")
    assert not problems, "\n".join(problems)


# ---- HMP ----

def hmp_session():
    """Commands, their errors, editing keys, history and completion."""
    with Emulator("-S", "-name", "guest=try", "-monitor", "unix:DIR/hmp,server=on,wait=off",
                  cpus=True) as emulator:
        line = Line(emulator.path("hmp"), emulator.process)
        assert "monitor - type 'help'" in line.until(r"\n\(qemu\) $")
        for command, pattern in [
            ("info status", r"^VM status: paused \(prelaunch\)$"),
            ("info version", r"^\d+\.\d+\.\d+"), ("info name", r"^try$"),
            ("info uuid", r"^00000000-0000-0000-0000-000000000000$"),
            ("info cpus", r"^\* CPU #0: thread_id=\d+$"),
            ("info registers", r"^NIP [0-9a-f]{16}   LR"), ("info registers -a", r"^CPU#0$"),
            ("info registers 9", r"^CPU#9 not available$"), ("info mtree", r"ppc_spapr.ram"),
            ("info qtree", r"bus: main-system-bus"),
            ("info chardev", r"^compat_monitor0: filename=unix:"), ("info pic", r"CPU"),
            ("info qom-tree", r"^/machine \(pseries"), ("info capabilities", r"^cap-vsx: on$"),
            ("info roms", r"slof"), ("info jit", r"\S"), ("info tlb", r"\S"),
            ("info numa", r"^\d+ nodes$"), ("info block", r"\A\Z"), ("info network", r"\A\Z"),
            ("info nonsense", r"unknown command: 'info nonsense'"),
            ("nonsense 1", r"^unknown command: 'nonsense'$"),
            ("help stop", r"^stop\|s .*-- stop emulation$"), ("help", r"^system_reset .*--"),
            ("info", r"^info status .*--"), ("stop now", r"extraneous characters"),
            ("print 1+2*3", r"^0x7$"), ("print/d -1", r"^-1$"), ("print/c 65", r"^'A'$"),
            ("p/d (7-3)*2 | 1", r"^9$"), ("p 1/0", r"division by zero"),
            ("p $nosuch", r"unknown register"), ("p/x $pc", r"^0x100$"),
            ("x/2xw 0", r"^0{16}: 0x[0-9a-f]{8} 0x"),
            ("xp /1xg 0x100", r"^0{13}100: 0x[0-9a-f]{16}$"), ("x/2i $pc", r"^0x00000100: +\w+"),
            ("x/q 0", r"invalid char in format"), ("xp 0xfffffffffff0", r"Cannot access memory"),
            ("cpu 5", r"invalid CPU index"), ("device_del nosuch", r"Device 'nosuch' not found"),
            ("device_add nosuch", r"'nosuch' is not a valid device model name"),
            ("qom-list /machine", r"^peripheral \(child<container>\)$"),
            ("qom-get /machine usb", r"^false$"), ("log nosuch", r"nosuch"),
            ("chardev-add null,id=extra", r"\A\Z"), ("info chardev", r"^extra: filename=null$"),
            ("chardev-remove extra", r"\A\Z"),
            ("pmemsave 0x100 8 " + emulator.path("mem"), r"\A\Z"),
            ("memsave 0x100 8 " + emulator.path("vmem"), r"\A\Z"),
            ("gdbserver nosuch", r"Could not open gdbserver on device 'nosuch'")
        ]:
            out = hmp(line, command)
            assert re.search(pattern, out.rstrip("\n"), re.M), f"{command}: {out!r}"
        for name in ("mem", "vmem"):
            with open(emulator.path(name), "rb") as saved:
                assert len(saved.read()) == 8
        # Editing: rub out, cursor left and insert, start and end of line.
        line.send("info statuz\x7fs\n")
        assert "VM status" in line.until(r"\n\(qemu\) $")
        line.send("nfo status\x01i\x05\n")
        assert "VM status" in line.until(r"\n\(qemu\) $")
        line.send("inf status\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Do\n")
        assert "VM status" in line.until(r"\n\(qemu\) $")
        # History: up twice and down once; the same line again is kept once.
        hmp(line, "print 111")
        hmp(line, "print 222")
        line.send("\x1b[A\x1b[A\x1b[B\n")
        assert "0xde" in line.until(r"\n\(qemu\) $")
        assert re.search(r"^\d+: 'print 222'$", hmp(line, "info history"), re.M)
        # Completion: one candidate is written out, several are listed.
        line.send("info stat\t\n")
        assert "VM status" in line.until(r"\n\(qemu\) $")
        line.send("system_\t\t")
        out = line.until("system_wakeup")
        assert "system_reset" in out and "system_powerdown" in out
        line.send("\x15")
        line.until(r"\(qemu\) ")
        line.send("quit\n")
        assert emulator.wait() == 0


def hmp_reconnect():
    """A client goes, the next finds a fresh prompt and the same machine; many at the same time."""
    monitors = []
    for number in range(4):
        monitors += ["-monitor", f"unix:DIR/hmp{number},server=on,wait=off"]
    with Emulator(*monitors) as emulator:
        lines = [Line(emulator.path(f"hmp{n}"), emulator.process) for n in range(4)]
        for line in lines:
            line.until(r"\n\(qemu\) $")
        for line in lines:
            assert "VM status: running" in hmp(line, "info status")
        assert hmp(lines[2], "stop") == ""
        assert "VM status: paused" in hmp(lines[3], "info status")
        for _ in range(20):
            lines[0].send("half a li")
            lines[0].close()
            lines[0] = Line(emulator.path("hmp0"), emulator.process)
            lines[0].until(r"\n\(qemu\) $")
            assert "VM status: paused" in hmp(lines[0], "info status")
        # Several lines at once, then the end: all are answered.
        lines[0].send("info version\ninfo status\ninfo uuid\n")
        lines[0].socket.shutdown(socket.SHUT_WR)
        text = lines[0].rest()
        assert "VM status: paused" in text and "00000000-0000" in text, text
        lines[0].close()
        lines[0] = Line(emulator.path("hmp0"), emulator.process)
        lines[0].until(r"\n\(qemu\) $")
        shown = hmp(lines[1], "info chardev")
        assert len(re.findall(r"^compat_monitor\d: filename=unix:", shown, re.M)) == 4, shown
        lines[2].close()
        time.sleep(0.2)
        assert re.search(r"^compat_monitor2: filename=disconnected:unix:.*,server=on$",
                         hmp(lines[1], "info chardev"), re.M)
        hmp(lines[1], "cont")
        assert "VM status: running" in hmp(lines[0], "info status")


# ---- QMP ----

def qmp_errors():
    with Emulator("-qmp", "unix:DIR/qmp,server=on,wait=off") as emulator:
        line = Line(emulator.path("qmp"), emulator.process)
        greeting = json.loads(line.until(r"\r\n"))
        assert greeting["QMP"]["version"]["qemu"]["major"] >= 4 and "package" in greeting["QMP"][
            "version"]
        first = True
        for text, kind, pattern in [
            ('{"execute":"query-status"}', "CommandNotFound",
             r"Expecting capabilities negotiation"),
            ('{"execute":"qmp_capabilities","arguments":{"enable":["nosuch"]}}', "GenericError",
             r""), ('{"execute":"qmp_capabilities"}', None, r""),
            ('{"execute":"qmp_capabilities"}', "CommandNotFound", r"already complete"),
            ('{"execute":"nosuch"}', "CommandNotFound", r"^The command nosuch has not been found$"),
            ('{"execute":"query-status","arguments":{"x":1}}', "GenericError",
             r"^Parameter 'x' is unexpected$"),
            ('{"execute":"pmemsave","arguments":{"val":1,"size":1}}', "GenericError",
             r"^Parameter 'filename' is missing$"),
            ('{"execute":"pmemsave","arguments":{"val":"1","size":1,"filename":"x"}}',
             "GenericError", r"^Invalid parameter type for 'val', expected: integer$"),
            ('{"execute":"stop","arguments":[]}', "GenericError", r"'arguments' must be an object"),
            ('{"execute":7}', "GenericError", r"'execute'.* string"),
            ('{"arguments":{}}', "GenericError", r"lacks member 'execute'"),
            ('{"execute":"stop","extra":1}', "GenericError", r"'extra' is unexpected"),
            ('[1,2]', "GenericError", r"must be a JSON object|must be an object"),
            ('{"execute":nonsense}', "GenericError", r"JSON parse error"),
            ('{"execute":"qom-get","arguments":{"path":"/nosuch","property":"x"}}',
             "DeviceNotFound", r"^Device '/nosuch' not found$"),
            ('{"execute":"device_del","arguments":{"id":"nosuch"}}', "DeviceNotFound",
             r"'nosuch' not found"),
            ('{"execute":"device-list-properties","arguments":{"typename":"nosuch"}}',
             "DeviceNotFound", r"^Device 'nosuch' not found$"),
            ('{"execute":"device_add","arguments":{"driver":"nosuch"}}', "GenericError",
             r"^'nosuch' is not a valid device model name$"),
            ('{"execute":"human-monitor-command","arguments":{"command-line":"info '
             'cpus","cpu-index":3}}',
             "GenericError", r"cpu-index"), ("{'execute':'query-name'}", None, r""),
            ('{"execute":"query-name","id":{"a":[1]}}', None, r"")
        ]:
            line.send(text)
            # Half of them without a line's end: the value is complete as it stands.
            if not first or not text.endswith("}"):
                line.send("\n")
            first = not first
            reply = json.loads(line.until(r"\r\n"))
            if kind is None:
                assert "return" in reply, f"{text}: {reply}"
            else:
                assert reply.get("error", {}).get("class") == kind and \
                    re.search(pattern, reply["error"]["desc"]), f"{text}: {reply}"
            if '"id"' in text and "device_del" not in text:
                assert reply["id"] == {"a": [1]}
        # Blanks of all kinds in a command of the other monitor.
        for text in ("info block \\f-n", "info mtree \\r-f", "ringbuf_write \\f", "help\\f",
                     "\\r\\f "):
            line.send('{"execute":"human-monitor-command","arguments":{"command-line":"%s"}}\n' %
                      text)
            reply = json.loads(line.until(r"\r\n"))
            assert "return" in reply, f"{text}: {reply}"
        # One byte at a time.
        for byte in '{"execute":"query-status", "id": "ü{\\"}"}':
            line.send(byte)
        assert json.loads(line.until(r"\r\n"))["id"] == 'ü{"}'


def qmp_facts():
    """Replies have the members that programs look for."""
    with Emulator("-S", "-smp", "4,threads=2", "-m", "512M", "-name", "facts",
                  "-uuid", "01234567-89ab-cdef-0123-456789abcdef", "-chardev", "pty,id=p0",
                  "-qmp", "unix:DIR/qmp,server=on,wait=off", cpus=True) as emulator:
        qmp = emulator.qmp()
        names = {entry["name"] for entry in qmp.command("query-commands")}
        for name in ("qmp_capabilities", "query-version", "query-status", "query-name",
                     "query-uuid", "query-machines", "query-cpu-definitions", "query-cpus-fast",
                     "query-kvm", "query-target", "query-chardev", "query-memory-size-summary",
                     "query-hotpluggable-cpus", "query-qmp-schema", "query-command-line-options",
                     "qom-list", "qom-get", "qom-set", "qom-list-types", "qom-list-properties",
                     "device-list-properties", "stop", "cont", "quit", "system_reset",
                     "system_powerdown", "inject-nmi", "human-monitor-command", "memsave",
                     "pmemsave"):
            assert name in names, name
        # What takes no argument answers without one.
        for name in sorted(n for n in names if n.startswith("query-") and n not in (
                "query-stats", "query-balloon")):
            qmp.command(name)
        version = qmp.command("query-version")
        assert set(version["qemu"]) == {"major", "minor", "micro"} and isinstance(
            version["package"], str)
        status = qmp.command("query-status")
        assert status["status"] == "prelaunch" and status["running"] is False
        assert qmp.command("query-name") == {"name": "facts"}
        assert qmp.command("query-uuid") == {"UUID": "01234567-89ab-cdef-0123-456789abcdef"}
        assert qmp.command("query-target") == {"arch": "ppc64"}
        assert qmp.command("query-kvm") == {"enabled": False, "present": False}
        assert qmp.command("query-memory-size-summary")["base-memory"] == 512 << 20
        cpus = qmp.command("query-cpus-fast")
        assert [c["cpu-index"] for c in cpus] == [0, 1, 2, 3]
        assert len({c["thread-id"]
                    for c in cpus}) in (1, 4) and all(c["thread-id"] > 0 for c in cpus)
        assert all(qmp.command("qom-get", path=c["qom-path"], property="type") for c in cpus)
        machines = {m["name"]: m for m in qmp.command("query-machines")}
        newest = [m for m in machines.values() if m.get("alias") == "pseries"]
        assert len(newest) == 1 and newest[0]["cpu-max"] >= 4 and "none" in machines
        models = {m["name"]: m["typename"] for m in qmp.command("query-cpu-definitions")}
        assert newest[0]["default-cpu-type"] in models.values()
        for name in ("power8", "power9", "power9_v2.0"):
            assert name in models, name
        chardevs = {c["label"]: c for c in qmp.command("query-chardev")}
        assert re.match(r"pty:/dev/pts/\d+$", chardevs["p0"]["filename"])
        assert chardevs["p0"]["frontend-open"] is False
        schema = qmp.command("query-qmp-schema")
        entries = {e["name"]: e for e in schema}
        assert len(entries) == len(schema), "a name stands twice in the schema"
        # Addresses are unsigned.
        reply = qmp.reply("memsave", val=0xC000000000000000, size=4, filename="/dev/null")
        assert "return" in reply or "Invalid addr 0xc000000000000000" in reply["error"]["desc"], \
            reply
        assert entries["memsave"]["meta-type"] == "command" and entries["STOP"][
            "meta-type"] == "event"
        assert {"DEVICE_DELETED", "MIGRATION_PASS", "BLOCK_IO_ERROR"} <= set(entries)
        assert {m["name"]
                for m in entries[entries["memsave"]["arg-type"]]["members"]} >= {"val", "size"}
        assert any(t["name"] == "tcg-accel" for t in qmp.command("qom-list-types"))
        properties = qmp.command("qom-list-properties", typename="pseries-8.2-machine")
        assert {"ic-mode", "cap-vsx"} <= {p["name"] for p in properties}
        qmp.command("quit")
        assert emulator.wait() == 0


def qmp_pipeline():
    """A client that writes many commands at once and closes its side gets every answer."""
    with Emulator("-qmp", "unix:DIR/qmp,server=on,wait=off") as emulator:
        for _ in range(3):
            line = Line(emulator.path("qmp"), emulator.process)
            text = '{"execute":"qmp_capabilities"}'
            for number in range(500):
                text += json.dumps({"execute": "query-command-line-options" if number % 50 == 0
                                    else "query-version", "id": number})
            line.send(text)
            line.socket.shutdown(socket.SHUT_WR)
            time.sleep(0.3)
            replies = [json.loads(reply) for reply in line.rest().splitlines()]
            assert "QMP" in replies[0] and [r["id"] for r in replies[2:]] == list(range(500))
            line.close()


def qmp_slow_reader():
    """Answers wait for a client that does not read; others are served meanwhile."""
    with Emulator("-qmp", "unix:DIR/slow,server=on,wait=off",
                  "-qmp", "unix:DIR/qmp,server=on,wait=off") as emulator:
        slow = Line(emulator.path("slow"), emulator.process)
        slow.send('{"execute":"qmp_capabilities"}')
        sent = 0
        command = b'{"execute":"query-qmp-schema"}\n'
        slow.socket.setblocking(False)
        try:
            while sent < 20000:
                slow.socket.sendall(command)
                sent += 1
        except BlockingIOError:
            pass
        assert 20 < sent < 20000, sent
        qmp = emulator.qmp()
        for _ in range(20):
            assert qmp.command("query-status")["running"]
        slow.socket.setblocking(True)
        got = 0
        while got < 20:
            json.loads(slow.until(r"\r\n"))
            got += 1
        slow.close()
        assert qmp.command("query-status")["running"]
        # One that never reads does not hold the end up either.
        slow = Line(emulator.path("slow"), emulator.process)
        slow.send('{"execute":"qmp_capabilities"}' + '{"execute":"query-qmp-schema"}' * 200)
        time.sleep(0.3)
        emulator.process.send_signal(signal.SIGTERM)
        assert emulator.wait(10) == 0
        slow.close()


def qmp_events():
    """Every session that is open hears what happens; the order is that of the machine."""
    with Emulator("-no-shutdown", "-qmp", "unix:DIR/a,server=on,wait=off",
                  "-qmp", "unix:DIR/b,server=on,wait=off") as emulator:
        first, second = emulator.qmp("a"), emulator.qmp("b")
        for command, event in (("stop", "STOP"), ("cont", "RESUME"), ("system_reset", "RESET"),
                               ("system_powerdown", "POWERDOWN")):
            first.command(command)
            for session in (first, second):
                message = session.event(event)
                assert message["timestamp"]["seconds"] > 1e9
                if event == "RESET":
                    assert message["data"] == {"guest": False, "reason": "host-qmp-system-reset"}
        # Stopping what is stopped says nothing.
        first.command("stop")
        second.event("STOP")
        first.command("stop")
        assert second.command("query-status")["status"] == "paused"
        assert not second.events, second.events
        # A new client has not negotiated: no event reaches it before its greeting is answered.
        first.close()
        line = Line(emulator.path("a"), emulator.process)
        line.until(r"\r\n")
        second.command("cont")
        line.send('{"execute":"qmp_capabilities"}')
        assert json.loads(line.until(r"\r\n")) == {"return": {}}
        second.event("RESUME")
        second.command("quit")
        message = second.event("SHUTDOWN")
        assert message["data"] == {"guest": False, "reason": "host-qmp-quit"}
        assert "SHUTDOWN" in line.until(r"\r\n")
        assert emulator.wait() == 0


def stop_and_cont():
    """Many stops, continues and resets of a machine that runs."""
    rounds = 1000 if "--long" in sys.argv else 150
    with Emulator("-qmp", "unix:DIR/qmp,server=on,wait=off", cpus=True) as emulator:
        qmp = emulator.qmp()
        for number in range(rounds):
            qmp.command("stop")
            qmp.event("STOP")
            assert qmp.command("query-status")["status"] == "paused"
            qmp.command("cont")
            qmp.event("RESUME")
            if number % 25 == 0:
                qmp.command("system_reset")
                qmp.event("RESET")
        assert qmp.command("query-status")["running"]
        qmp.command("quit")
        assert emulator.wait() == 0


def guest_events():
    """What a guest does to itself is told with the reason; -no-shutdown keeps the process."""
    kernel, initrd = debian_installer()
    with Guest(name="events", kernel=kernel, initrd=initrd, cpu="power9_v2.0", qmp=True,
               append="rdinit=/bin/sh console=hvc0", extra=["-no-shutdown"]) as guest:
        prompt = r"^(/|~) # "
        guest.expect(prompt, 120)
        guest.send(
            "mount -t proc proc /proc; echo 1 > /proc/sys/kernel/sysrq; echo b > "
            "/proc/sysrq-trigger\n"
        )
        assert guest.qmp.event("RESET", 60)["data"] == {"guest": True, "reason": "guest-reset"}
        guest.expect(prompt, 120)
        guest.send("poweroff -f\n")
        assert guest.qmp.event("SHUTDOWN",
                               60)["data"] == {"guest": True, "reason": "guest-shutdown"}
        guest.qmp.event("STOP", 20)
        assert guest.qmp.command("query-status")["status"] == "shutdown"
        reply = guest.qmp.reply("cont")
        assert reply["error"]["desc"] == "Resetting the Virtual Machine is required", reply
        guest.qmp.command("system_reset")
        guest.qmp.event("RESET", 20)
        guest.qmp.command("cont")
        guest.qmp.event("RESUME", 20)
        guest.expect(prompt, 120)
        # A monitor on the console's terminal, while the guest runs.
        guest.send("\x01c")
        guest.expect(r"^\(qemu\) ", 10)
        guest.send("info status\n")
        guest.expect(r"^VM status: running$", 10)
        guest.send("\x01c\n")
        assert guest.shell("echo $((6 * 7))") == "42"
        # Looking at registers and memory of a CPU that runs changes nothing.
        guest.shell("(while :; do x=$((x + 1)); done) & busy=$!")
        counters = set()
        for _ in range(300):
            counters.add(re.search(r"NIP ([0-9a-f]{16})", guest.qmp.hmp("info registers")).group(1))
            for line in ("info tlb", "info pic", "print/x $fpscr", "x/4i $pc", "info cpus",
                         "info jit"):
                assert guest.qmp.hmp(line)
        assert len(counters) > 10, counters
        guest.shell("kill -9 $busy")
        guest.qmp.command("quit")
        assert guest.qmp.event("SHUTDOWN")["data"] == {"guest": False, "reason": "host-qmp-quit"}
        assert guest.wait(20) == 0


# ---- Character back ends ----

def management_line():
    """A command line as management programs write it: JSON, names in capitals, inherited socket."""
    folder = tempfile.mkdtemp(prefix="gossamer-test-")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = os.path.join(folder, "monitor.sock")
    try:
        listener.bind(path)
        listener.listen(1)
        arguments = [
            "-name", "guest=d1,debug-threads=on", "-S", "-object",
            '{"qom-type":"secret","id":"masterKey0",'
            '"format":"raw","file":"/nonexistent/master-key.aes"}', "-machine",
            "pseries-7.2,usb=off,dump-guest-core=off,memory-backend=ppc_spapr.ram", "-accel", "tcg",
            "-cpu", "POWER9", "-m", "1024", "-object",
            '{"qom-type":"memory-backend-ram","id":"ppc_spapr.ram","size":1073741824}',
            "-overcommit", "mem-lock=off", "-smp", "1,sockets=1,cores=1,threads=1", "-uuid",
            "11111111-1111-4111-8111-111111111111", "-display", "none", "-no-user-config",
            "-nodefaults", "-chardev",
            f"socket,id=charmonitor,fd={listener.fileno()},server=on,wait=off", "-mon",
            "chardev=charmonitor,id=monitor,mode=control", "-rtc", "base=utc", "-no-shutdown",
            "-boot", "strict=on", "-chardev", "pty,id=charserial0", "-device",
            '{"driver":"spapr-vty","chardev":"charserial0","id":"serial0","reg":805306368}',
            "-audiodev", '{"id":"audio1","driver":"none"}', "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-msg",
            "timestamp=on"
        ]
        process = subprocess.Popen([emulator_path()] + arguments, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   pass_fds=[listener.fileno()])
        try:
            qmp = Qmp(path, process)
            assert any(c["capability"] == "events"
                       for c in qmp.command("query-migrate-capabilities"))
            chardevs = {c["label"]: c for c in qmp.command("query-chardev")}
            assert chardevs["charserial0"]["filename"].startswith("pty:/dev/pts/")
            assert chardevs["charmonitor"]["filename"] == f"unix:{path},server=on"
            assert len(qmp.command("query-hotpluggable-cpus")) == 1
            assert qmp.command("query-cpus-fast")[0]["cpu-index"] == 0
            assert qmp.command("query-iothreads") == []
            assert qmp.reply("balloon", value=1 << 30)["error"]["class"] == "DeviceNotActive"
            assert qmp.command("query-named-block-nodes", flat=True) == []
            names = {item["name"] for item in qmp.command("qom-list", path="/machine/peripheral")}
            assert "serial0" in names
            assert qmp.command("query-block") == []
            qmp.command("cont")
            qmp.event("RESUME")
            process.send_signal(signal.SIGTERM)
            assert qmp.event("SHUTDOWN")["data"]["reason"] == "host-signal"
            assert process.wait(stretch(20)) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            tap.diagnostic(process.stderr.read().decode())
            process.stderr.close()
    finally:
        listener.close()
        shutil.rmtree(folder, ignore_errors=True)


def gdb_server():
    """-gdb and gdbserver listen where they are told; "none" ends it."""
    def ask(address, process):
        line = Line(address, process)
        line.send("$?#3f")
        assert "$T05thread:p01.01;" in line.until(r"#..")
        line.close()

    spare = [socket.socket(), socket.socket()]
    for one in spare:
        one.bind(("127.0.0.1", 0))
    first, second = (one.getsockname()[1] for one in spare)
    for one in spare:
        one.close()
    with Emulator("-S", "-gdb", f"tcp:127.0.0.1:{first}", "-qmp", "unix:DIR/qmp,server=on,wait=off",
                  cpus=True) as emulator:
        qmp = emulator.qmp()
        for _ in range(3):
            ask(("127.0.0.1", first), emulator.process)
        assert f"Waiting for gdb connection on device 'tcp::{second}'" in qmp.hmp(
            f"gdbserver tcp::{second}")
        ask(("127.0.0.1", second), emulator.process)
        assert "Waiting for gdb" in qmp.hmp(f"gdbserver unix:{emulator.path('gdb')}")
        ask(emulator.path("gdb"), emulator.process)
        assert "Disabled gdbserver" in qmp.hmp("gdbserver none")
        for address in (("127.0.0.1", first), ("127.0.0.1", second)):
            with socket.socket() as probe_:
                assert probe_.connect_ex(address) != 0, f"{address} still listens"
        qmp.command("quit")
        assert emulator.wait() == 0


def probe():
    """How management programs ask what there is: no board, in the background, a number file."""
    folder = tempfile.mkdtemp(prefix="gossamer-test-")
    try:
        pidfile, path = os.path.join(folder, "pid"), os.path.join(folder, "qmp")
        run = subprocess.run([
            emulator_path(), "-S", "-no-user-config", "-nodefaults", "-nographic", "-machine",
            "none,accel=kvm:tcg", "-qmp", f"unix:{path},server=on,wait=off", "-pidfile", pidfile,
            "-daemonize"
        ], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             timeout=stretch(20), check=False)
        assert run.returncode == 0, f"status {run.returncode}: {run.stderr.decode()}"
        # It stands when the parent ends: no waiting here.
        with open(pidfile, encoding="ascii") as file:
            pid = int(file.read())
        line = Line(path)
        line.send('{"execute":"qmp_capabilities"}{"execute":"query-machines"}'
                  '{"execute":"query-cpus-fast"}')
        line.until(r"\r\n")
        line.until(r"\r\n")
        assert any(m["name"] == "none" for m in json.loads(line.until(r"\r\n"))["return"])
        assert json.loads(line.until(r"\r\n")) == {"return": []}
        os.kill(pid, signal.SIGTERM)
        events = line.rest()
        assert "host-signal" in events, events
        deadline = time.monotonic() + stretch(10)
        while os.path.exists(pidfile):
            assert time.monotonic() < deadline, "the number file stays"
            time.sleep(0.05)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def daemonize_fails():
    """A machine that cannot stand: the parent says so."""
    run = subprocess.run([
        emulator_path(), "-M", "none", "-nodefaults", "-display", "none", "-daemonize", "-qmp",
        "unix:/nonexistent/qmp,server=on,wait=off"
    ], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=stretch(20), check=False)
    assert run.returncode == 1 and b"/nonexistent/qmp" in run.stderr, (run.returncode, run.stderr)


def inherited_socket():
    """A listening socket and a connected one, passed by number."""
    folder = tempfile.mkdtemp(prefix="gossamer-test-")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mine, theirs = socket.socketpair()
    try:
        listener.bind(os.path.join(folder, "qmp"))
        listener.listen(1)
        with Emulator("-chardev", f"socket,id=m,fd={listener.fileno()},server=on,wait=off", "-mon",
                      "chardev=m,id=monitor,mode=control", "-chardev",
                      f"socket,id=n,fd={theirs.fileno()}", "-mon", "n,mode=control",
                      pass_fds=(listener.fileno(), theirs.fileno())) as emulator:
            theirs.close()
            for _ in range(2):
                qmp = Qmp(os.path.join(folder, "qmp"), emulator.process)
                assert qmp.command("query-status")["running"]
                qmp.close()
            file = mine.makefile("rwb")
            assert "QMP" in json.loads(file.readline())
            file.write(b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
            file.flush()
            assert json.loads(file.readline()) == {"return": {}}
            assert emulator.wait() == 0
    finally:
        listener.close()
        mine.close()
        shutil.rmtree(folder, ignore_errors=True)


def back_ends():
    """TCP server and client, pty, pipe, file and ring buffer carry a monitor's or program's
    bytes.
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    port = server.getsockname()[1]
    spare = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    spare.bind(("127.0.0.1", 0))
    free = spare.getsockname()[1]
    spare.close()
    folder = tempfile.mkdtemp(prefix="gossamer-test-")
    try:
        for end in ("in", "out"):
            os.mkfifo(os.path.join(folder, "fifo." + end))
        with Emulator("-qmp", f"tcp:127.0.0.1:{port}", "-monitor",
                      f"tcp:127.0.0.1:{free},server=on,wait=off", "-monitor", "pty", "-monitor",
                      f"pipe:{folder}/fifo", "-chardev", "ringbuf,id=ring,size=16", "-chardev",
                      "file,id=log,path=DIR/out", "-chardev",
                      f"socket,id=again,path={folder}/later,reconnect=1", "-mon",
                      "again,mode=control", "-monitor", "chardev:log") as emulator:
            server.settimeout(stretch(20))
            client, _ = server.accept()
            file = client.makefile("rwb")
            assert "QMP" in json.loads(file.readline())

            def qmp(name, **arguments):
                file.write(json.dumps({"execute": name, "arguments": arguments}).encode())
                file.flush()
                reply = json.loads(file.readline())
                assert "return" in reply, f"{name}: {reply}"
                return reply["return"]

            qmp("qmp_capabilities")
            line = Line(("127.0.0.1", free), emulator.process)
            line.until(r"\n\(qemu\) $")
            assert "running" in hmp(line, "info status")
            line.close()
            # The pty's other side, named on standard error.
            name = next(c["filename"] for c in qmp("query-chardev")
                        if c["filename"].startswith("pty:"))[4:]
            terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
            console = Console(terminal)
            console.expect(r"\(qemu\) $", 10)
            console.send("info version\n")
            console.expect(r"^\d+\.\d+\.\d+", 10)
            # Named pipes.
            give = os.open(os.path.join(folder, "fifo.in"), os.O_WRONLY)
            take = os.open(os.path.join(folder, "fifo.out"), os.O_RDONLY)
            os.write(give, b"info name\ninfo uuid\n")
            text = b""
            while b"00000000-0000-0000" not in text:
                ready, _, _ = select.select([take], [], [], stretch(10))
                assert ready, text
                text += os.read(take, 4096)
            os.close(give)
            os.close(take)
            # Ring buffer: the last 16 bytes stay.
            qmp("ringbuf-write", device="ring", data="0123456789abcdefXYZ")
            assert qmp("ringbuf-read", device="ring", size=100) == "3456789abcdefXYZ"
            assert qmp("ringbuf-read", device="ring", size=100) == ""
            # A client that tries again: its server comes late, goes, and comes again.
            for _ in range(2):
                later = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                later.bind(os.path.join(folder, "later"))
                later.listen(1)
                later.settimeout(stretch(20))
                peer, _ = later.accept()
                assert "QMP" in json.loads(peer.makefile("rb").readline())
                later.close()
                os.unlink(os.path.join(folder, "later"))
                peer.shutdown(socket.SHUT_RDWR)
                peer.close()
            with open(emulator.path("out"), "rb") as out:
                assert b"(qemu)" in out.read()
            file.write(b'{"execute":"quit"}')
            file.flush()
            assert emulator.wait() == 0
            client.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


# ---- The terminal ----

def terminal_keys():
    """Ctrl-A h, c, s, b, x on the terminal that console and monitor share."""
    with Emulator("-M", "pseries", "-nographic", "-S", terminal=True) as emulator:
        console = emulator.console
        time.sleep(0.5)
        console.send("\x01h")
        help_text = console.expect(r"C-a h(?s:.)*C-a C-a", 20).group(0)
        for key in "hxsbc":
            assert f"C-a {key}" in help_text, key
        assert not emulator.terminal_is_sane(), \
            "the terminal should be raw while the machine has it"
        console.send("\x01c")
        console.expect(r"^\(qemu\) ", 10)
        console.send("info status\r")
        console.expect(r"^VM status: paused \(prelaunch\)$", 10)
        console.send("\x01b\x01s\x01c\x01c")
        console.expect(r"\(qemu\) ", 10)
        console.send("info version\r")
        console.expect(r"^\d+\.\d+\.\d+", 10)
        # Ctrl-C is the guest's here.
        console.send("\x03")
        console.send("info name\r")
        console.expect(r"info name$", 10)
        console.send("\x01x")
        console.expect(r"QEMU: Terminated", 10)
        assert emulator.wait() == 0
        assert emulator.terminal_is_sane()


def terminal_restored():
    """However the emulator ends, the terminal is as it was."""
    for how in ("quit", signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                signal.SIGABRT, signal.SIGSEGV, "error"):
        if how == signal.SIGSEGV and "GOSSAMER_SLOW" in os.environ:
            continue    # a sanitizer has its own handler
        arguments = ["-M", "none", "-nodefaults", "-nographic", "-monitor", "stdio"]
        if how == "error":
            arguments += ["-qmp", "unix:/nonexistent/qmp,server=on,wait=off"]
        with Emulator(*arguments, terminal=True) as emulator:
            if how == "error":
                emulator.console.expect(r"/nonexistent/qmp", 20)
            else:
                # An answer: the main loop runs, and what it is told to do it does in order.
                emulator.console.send("info status\n")
                emulator.console.expect(r"VM status", 20)
                assert not emulator.terminal_is_sane()
            if how == "quit":
                emulator.console.send("quit\n")
            elif how != "error":
                emulator.process.send_signal(how)
            status = emulator.wait()
            assert emulator.terminal_is_sane(), f"{how}: not sane"
            if how in ("quit", signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                assert status == 0, f"{how}: status {status}"
    # At any moment of the start.
    for delay in (0, 2, 5, 10, 15, 20, 30, 40, 60, 90, 120, 200):
        with Emulator("-M", "pseries", "-nographic", terminal=True) as emulator:
            time.sleep(delay / 1000)
            emulator.process.send_signal(signal.SIGTERM)
            emulator.wait()
            assert emulator.terminal_is_sane(), f"SIGTERM after {delay} ms: not sane"


def ctrl_c():
    """On a terminal that is not shared with a monitor, Ctrl-C ends the emulator."""
    with Emulator("-M", "none", "-nodefaults", "-nographic", "-monitor", "stdio",
                  terminal=True) as emulator:
        emulator.console.send("info status\n")
        emulator.console.expect(r"VM status", 20)
        emulator.console.send("\x03")
        emulator.console.expect(r"terminating on signal 2", 20)
        assert emulator.wait() == 0 and emulator.terminal_is_sane()


def objects():
    """object-add and object-del, memory backends of the machine and of its nodes, descriptors by
    name.
    """
    ram = "memory-backend-ram,id=r0,size=256M", "memory-backend-memfd,id=r1,size=256M,prealloc=on"
    with Emulator("-S", "-m", "512M", "-object", ram[0], "-object", ram[1], "-numa",
                  "node,memdev=r0", "-numa", "node,memdev=r1", "-smp", "2", "-qmp",
                  "unix:DIR/qmp,server=on,wait=off", cpus=True) as emulator:
        qmp = emulator.qmp()
        memdevs = {m["id"]: m for m in qmp.command("query-memdev")}
        assert memdevs["r0"]["size"] == memdevs["r1"]["size"] == 256 << 20, memdevs
        assert not memdevs["r0"]["share"] and memdevs["r1"]["share"] and memdevs["r1"][
            "prealloc"], memdevs
        assert re.search(r"node 1 size: 256 MB", qmp.hmp("info numa")), qmp.hmp("info numa")
        # The two lie one after the other, and both can be written and read.
        mtree = qmp.hmp("info mtree")
        assert re.search(r"0{8}-0*0fffffff.*r0", mtree) and re.search(r"10000000-0*1fffffff.*r1",
                                                                      mtree), mtree
        assert "in use" in qmp.reply("object-del", id="r0")["error"]["desc"]
        assert "at the start only" in qmp.reply("object-add", qom_type="memory-backend-ram",
                                                id="r2", size=1 << 20)["error"]["desc"]
        assert "secret" in qmp.reply("object-add", qom_type="secrt", id="s")["error"]["desc"]
        qmp.command("object-add", qom_type="secret", id="s", data="x")
        assert "duplicate" in qmp.reply("object-add", qom_type="secret", id="s",
                                        data="x")["error"]["desc"]
        assert "s" in [o["name"] for o in qmp.command("qom-list", path="/objects")]
        qmp.command("object-del", id="s")
        assert "not found" in qmp.reply("object-del", id="s")["error"]["desc"]
        # A descriptor by name becomes a back end; without one, or by a number, it is an error.
        assert "SCM_RIGHTS" in qmp.reply("getfd", fdname="f")["error"]["desc"]
        mine, theirs = socket.socketpair()
        socket.send_fds(qmp.socket, [b'{"execute":"getfd","arguments":{"fdname":"f"}}'],
                        [theirs.fileno()])
        assert qmp._read() == {"return": {}}
        qmp.command("chardev-add", id="c", backend={"type": "socket", "data": {
            "server": False, "addr": {"type": "fd", "data": {"str": "f"}}}})
        assert "not found" in qmp.reply("closefd", fdname="f")["error"]["desc"]
        socket.send_fds(qmp.socket, [b'{"execute":"getfd","arguments":{"fdname":"g"}}'],
                        [theirs.fileno()])
        assert qmp._read() == {"return": {}}
        qmp.command("closefd", fdname="g")
        # What it was given for fails: the descriptor is nobody's any more.
        for number, command in enumerate((
                lambda: qmp.reply("migrate-incoming", uri="fd:h"),
                lambda: qmp.reply("chardev-add", id="c", backend={"type": "socket", "data": {
                    "server": False, "addr": {"type": "fd", "data": {"str": "h"}}}}),
                lambda: qmp.reply("netdev_add", type="tap", id="n", fd="h"))):
            ours, lost = socket.socketpair()
            socket.send_fds(qmp.socket, [b'{"execute":"getfd","arguments":{"fdname":"h"}}'],
                            [lost.fileno()])
            assert qmp._read() == {"return": {}}
            assert "error" in command(), number
            lost.close()
            ours.settimeout(stretch(10))
            assert ours.recv(1) == b"", f"command {number} keeps the descriptor"
            ours.close()
        theirs.close()
        qmp.command("chardev-remove", id="c")
        mine.settimeout(stretch(10))
        assert mine.recv(1) == b"", "the back end's end is still open"
        mine.close()
        qmp.command("quit")
        assert emulator.wait() == 0


CASES = {
    "objects": objects,
    "wrong-options": wrong_options,
    "help": help_texts,
    "hmp": hmp_session,
    "hmp-reconnect": hmp_reconnect,
    "qmp-errors": qmp_errors,
    "qmp-facts": qmp_facts,
    "qmp-pipeline": qmp_pipeline,
    "qmp-slow-reader": qmp_slow_reader,
    "qmp-events": qmp_events,
    "stop-cont": stop_and_cont,
    "guest-events": guest_events,
    "management-line": management_line,
    "gdb-server": gdb_server,
    "probe": probe,
    "daemonize-fails": daemonize_fails,
    "inherited-socket": inherited_socket,
    "back-ends": back_ends,
    "terminal-keys": terminal_keys,
    "terminal-restored": terminal_restored,
    "ctrl-c": ctrl_c,
}


def main():
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or list(CASES)
    if on_qemu():
        tap.diagnostic("these cases know our own words; some fail on QEMU")
    tap.run([(name, CASES[name], int(stretch(180))) for name in wanted])


if __name__ == "__main__":
    main()

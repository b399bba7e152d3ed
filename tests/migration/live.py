#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Live migration: a guest that knows what its memory must hold (dirtier.c) goes from one emulator
to another.

Which two: $GOSSAMER_EMULATOR on both sides; the cases in CROSSING put QEMU 10.0 on one side: the
command in $GOSSAMER_QEMU10, or that of Debian 12's backports, fetched into the cache folder.
"""

import argparse
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import qemu10  # noqa: E402
import tap  # noqa: E402
from guest import Console, Qmp, emulator_path, stretch  # noqa: E402

# QEMU 10 never sends the state of XICS, nor takes it.
MACHINE = "pseries-7.2,ic-mode=xive"
# From 8.1 on the channels are waited for once a round.
NEWER = "pseries-8.2,ic-mode=xive"
ENDS = ("completed", "failed", "cancelled")


class Side:
    """One emulator with the guest, or waiting for it."""

    def __init__(self, world, name, incoming=None, emulator=None, memory="256M", extra=(), smp="1",
                 monitor=False, machine=MACHINE):
        self.world = world
        self.name = name
        self.emulator = shlex.split(emulator) if emulator else [emulator_path()]
        qmp, console = world.path(name + ".qmp"), world.path(name + ".console")
        command = self.emulator + [
            "-M", machine, "-cpu", "power9_v2.0", "-smp", smp, "-m", memory, "-nodefaults",
            "-display", "none", "-bios", world.guest, "-serial", "chardev:c", "-chardev",
            f"socket,id=c,path={console},server=on,wait=off", "-qmp",
            f"unix:{qmp},server=on,wait=off"
        ]
        if monitor:
            self.monitor_path = world.path(name + ".hmp")
            command += ["-monitor", f"unix:{self.monitor_path},server=on,wait=off"]
        if incoming:
            command += ["-incoming", incoming]
        command += list(extra)
        tap.diagnostic("$ " + " ".join(command))
        self.errors = world.path(name + ".errors")
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors,
                                            stderr=errors, cwd=world.folder)
        self.qmp = self.socket = None
        world.sides.append(self)
        self.qmp = Qmp(qmp, self.process)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(console)
        self.console = Console(self.socket.fileno())

    def set(self, parameters=None, **capabilities):
        if capabilities:
            self.qmp.command(
                "migrate-set-capabilities",
                capabilities=[{"capability": name.replace("_", "-"), "state": value}
                              for name, value in capabilities.items()])
        if parameters:
            self.qmp.command("migrate-set-parameters", **parameters)

    def status(self):
        return self.qmp.command("query-migrate").get("status")

    def running(self):
        return self.qmp.command("query-status")["running"]

    def wait_status(self, *wanted, timeout=60):
        deadline = time.monotonic() + stretch(timeout)
        while True:
            info = self.qmp.command("query-migrate")
            if info.get("status") in wanted:
                return info
            assert time.monotonic() < deadline, f"{self.name}: no {wanted}: {info}\n{self.said()}"
            time.sleep(0.02)

    def wait_running(self, timeout=60):
        deadline = time.monotonic() + stretch(timeout)
        while not self.running():
            assert time.monotonic() < deadline, f"{self.name} does not run\n{self.said()}"
            time.sleep(0.02)

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def dirty(self, mib, rate):
        """The guest writes that many MiB, at that many MiB a second."""
        self.console.send(f"{mib} {rate}\n")
        self.console.expect(r"^SET$", 60)

    def alive(self, passes=3):
        """The guest's memory is as it must be, all of it, more than once."""
        self.console.position = len(self.console.text)
        numbers = []
        for _ in range(passes + 1):
            numbers.append(int(self.console.expect(r"^pass (\d+)$", 60).group(1)))
        assert numbers == sorted(set(numbers)), f"{self.name}: passes {numbers}"
        wrong = re.search(r"^BAD.*", self.console.text, re.M)
        assert not wrong, f"{self.name}: {wrong.group(0)}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        for one in (self.qmp, self.socket):
            if one:
                one.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class World:
    """A folder and the emulators of one case."""

    guest = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="gossamer-live-")
        self.sides = []
        self.proxies = []
        return self

    def __exit__(self, *_exception):
        for side in self.sides:
            if _exception[0] and side.said():
                tap.diagnostic(f"{side.name} said: {side.said()}")
            side.end()
        for proxy in self.proxies:
            proxy.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, mib=32, rate=50, **options):
        side = Side(self, "source", **options)
        side.console.expect("pass", 60)
        side.dirty(mib, rate)
        side.alive(1)
        return side


class Proxy:
    """A network that can be cut: passes bytes on between two UNIX sockets until told otherwise."""

    def __init__(self, world, target, connections=None):
        self.path = world.path("proxy")
        self.connections = connections     # so many are passed on, the others kept
        self.kept = []
        self.target = target
        self.flows = threading.Event()     # towards the target
        self.answers = threading.Event()   # back
        self.flows.set()
        self.answers.set()
        self.bytes = 0
        self.limit = None
        self.open = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        world.proxies.append(self)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                a = self.listener.accept()[0]
            except OSError:
                return
            if self.connections is not None and len(self.open) >= 2 * self.connections:
                self.kept.append(a)
                continue
            b = socket.socket(socket.AF_UNIX)
            b.connect(self.target)
            self.open += [a, b]
            threading.Thread(target=self._copy, args=(a, b, True), daemon=True).start()
            threading.Thread(target=self._copy, args=(b, a, False), daemon=True).start()

    def _copy(self, a, b, counted):
        try:
            while True:
                data = a.recv(65536)
                if counted and self.limit is not None and self.bytes + len(data) > self.limit:
                    self.flows.clear()
                (self.flows if counted else self.answers).wait()
                if not data:
                    b.shutdown(socket.SHUT_WR)
                    return
                if counted:
                    self.bytes += len(data)
                b.sendall(data)
        except OSError:
            for one in (a, b):
                one.close()

    def end(self):
        self.listener.close()
        self.flows.set()
        self.answers.set()
        for one in self.open + self.kept:
            one.close()


def move(world, source, target, uri, parameters=None, source_only=None, **capabilities):
    """Migrates; returns the source's query-migrate. The guest must be well on the other side."""
    for side in (source, target):
        if parameters or capabilities:
            side.set(parameters, **capabilities)
    source.set(source_only or {"max-bandwidth": 0})
    source.qmp.command("migrate", uri=uri)
    info = source.wait_status(*ENDS)
    assert info["status"] == "completed", f"{info}\n{source.said()}\n{target.said()}"
    target.wait_running()
    target.alive()
    assert not source.running()
    return info


def two(world, mib=32, rate=50, uri=None, emulators=(None, None), **options):
    uri = uri or "unix:" + world.path("stream")
    source = world.source(mib, rate, emulator=emulators[0], **options)
    target = Side(world, "target", incoming=uri, emulator=emulators[1], **options)
    return source, target, uri


def plain():
    with World() as world:
        info = move(world, *two(world))
        for name in ("total-time", "downtime", "setup-time", "ram"):
            assert name in info, f"no {name} in {info}"
        for name in ("transferred", "remaining", "total", "duplicate", "skipped", "normal",
                     "normal-bytes", "dirty-pages-rate", "mbps", "dirty-sync-count",
                     "postcopy-requests", "page-size", "multifd-bytes", "pages-per-second",
                     "precopy-bytes", "downtime-bytes", "postcopy-bytes",
                     "dirty-sync-missed-zero-copy"):
            assert name in info["ram"], f"no {name} in {info['ram']}"


def tcp_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ipv6():
    with World() as world:
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            raise tap.Skip(f"no IPv6 here: {error}") from error
        move(world, *two(world, uri=f"tcp:[::1]:{tcp_port()}"), return_path=True)


# ---- Return path ----

def return_path(emulators=(None, None), **options):
    """Complete when the destination says so; several times, with both transports."""
    with World() as world:
        uri = f"tcp:127.0.0.1:{tcp_port()}"
        info = move(world, *two(world, uri=uri, emulators=emulators, **options), return_path=True)
        assert "downtime" in info, str(info)


def refused():
    """A destination that cannot load: the source hears it and runs on."""
    with World() as world:
        uri = "unix:" + world.path("stream")
        source = world.source()
        target = Side(world, "target", incoming=uri, memory="512M")
        source.set({"max-bandwidth": 0}, return_path=True, events=True)
        source.qmp.command("migrate", uri=uri)
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed", str(info)
        assert target.process.wait(stretch(10)) == 1
        assert "Size mismatch" in target.said(), target.said()
        source.wait_running()
        source.alive()
        seen = [
            event["data"]["status"] for event in source.qmp.events if event["event"] == "MIGRATION"
        ]
        assert seen[:2] == ["setup", "active"] and seen[-1] == "failed", str(seen)


def no_return_path():
    """Where nothing can come back it is said at once."""
    with World() as world:
        source = world.source()
        source.set(return_path=True)
        source.qmp.command("migrate", uri="exec:cat > /dev/null")
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed" and "return-path" in info["error-desc"], str(info)
        source.alive()
        error = source.qmp.reply("migrate-set-capabilities",
                                 capabilities=[{"capability": "return-path", "state": False},
                                               {"capability": "switchover-ack", "state": True}])
        assert "requires capability 'return-path'" in error["error"]["desc"], str(error)


def switchover_ack(emulators=(None, None)):
    with World() as world:
        move(world, *two(world, emulators=emulators), return_path=True, switchover_ack=True)


def cancel_connect():
    """A cancel does not wait for a connection that does not come."""
    with World() as world:
        source = world.source()
        with socket.socket() as listener:
            # A listener whose queue is full answers no more.
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            waiting = []
            for _ in range(4):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
                waiting.append(one)
            source.qmp.command("migrate", uri=f"tcp:127.0.0.1:{port}")
            time.sleep(0.5)
            assert source.status() == "setup", source.status()
            source.qmp.command("migrate_cancel")
            # Linux would try for two minutes.
            assert source.wait_status(*ENDS)["status"] == "cancelled"
            for one in waiting:
                one.close()
        source.alive()


def quit_waits_not():
    """HMP's migrate without -d ends with the emulator; so does a stream's command that does not
    end.
    """
    with World() as world:
        source = world.source(monitor=True)
        source.set({"max-bandwidth": 100000})
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(source.monitor_path)
        monitor.sendall(b"migrate \"exec:cat > /dev/null\"\n")
        source.wait_status("active")
        source.process.send_signal(signal.SIGTERM)
        assert source.process.wait(stretch(10)) == 0
        monitor.close()
        with open(world.path("state"), "wb"):
            pass
        other = world.source()
        other.set({"max-bandwidth": 0})
        other.qmp.command("migrate", uri="exec:cat > " + world.path("state"))
        assert other.wait_status(*ENDS)["status"] == "completed"
        target = Side(world, "target", incoming=f"exec:cat {world.path('state')}; exec sleep 1000")
        target.wait_running(10)
        target.alive()
        target.process.send_signal(signal.SIGTERM)
        assert target.process.wait(stretch(10)) == 0


# ---- Faults ----

def killed_target(after=0.3):
    """The destination dies at some moment: the source runs on, whole."""
    with World() as world:
        source, target, uri = two(world, 64, 0)
        for side in (source, target):
            side.set(return_path=True)
        source.set({"max-bandwidth": 100 << 20, "downtime-limit": 1})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(after)
        target.kill()
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed" and info["error-desc"], str(info)
        source.wait_running()
        source.alive()
        # And it may try again.
        second = Side(world, "second", incoming="unix:" + world.path("second"))
        move(world, source, second, "unix:" + world.path("second"), {"downtime-limit": 300},
             return_path=True)


def at_the_brink(world, through_proxy=False):
    """(source, target, proxy) with all but the last pages on the other side; the rest fits into a
    socket.
    """
    source = world.source(1, 1)
    target = Side(world, "target", incoming="unix:" + world.path("stream"))
    proxy = Proxy(world, world.path("stream")) if through_proxy else None
    for side in (source, target):
        side.set(return_path=True)
    source.set({"max-bandwidth": 0}, pause_before_switchover=True)
    source.qmp.command("migrate", uri="unix:" + (proxy.path if proxy else world.path("stream")))
    source.wait_status("pre-switchover")
    time.sleep(0.5)
    return source, target, proxy


def killed_at_random():
    """The destination dies at ten moments, the last of them near the end: the source always runs
    on, or has said before that the destination took the guest."""
    chance = random.Random(int(os.environ.get("GOSSAMER_SEED", "1")))
    with World() as world:
        source = world.source(16, 30)
        for turn in range(10):
            uri = "unix:" + world.path(f"stream{turn}")
            target = Side(world, f"target{turn}", incoming=uri)
            for side in (source, target):
                side.set(return_path=True)
            source.set({"max-bandwidth": 200 << 20})
            after = chance.uniform(0, 0.25)
            source.qmp.command("migrate", uri=uri)
            time.sleep(after)
            target.kill()
            status = source.wait_status(*ENDS)["status"]
            tap.diagnostic(f"killed after {after:.3f} s: {status}")
            if status == "completed":
                assert not source.running()
                source.qmp.command("cont")
            source.wait_running()
            source.alive(1)


def killed_target_late():
    """The destination dies with the whole stream before it, before it has said a word: the source
    runs on.
    """
    with World() as world:
        source, target, _ = at_the_brink(world)
        target.process.send_signal(signal.SIGSTOP)
        source.qmp.command("migrate-continue", state="pre-switchover")
        time.sleep(1)
        assert source.status() == "device", source.status()
        target.kill()
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed", str(info)
        source.wait_running()
        source.alive()


def cut_network():
    """Nothing passes any more: a cancel gives the guest back to the source; the target gives up or
    waits.
    """
    with World() as world:
        uri = "unix:" + world.path("stream")
        source = world.source(64, 0)
        target = Side(world, "target", incoming=uri)
        proxy = Proxy(world, world.path("stream"))
        for side in (source, target):
            side.set(return_path=True)
        source.set({"max-bandwidth": 0, "downtime-limit": 1})
        proxy.limit = 30 << 20
        source.qmp.command("migrate", uri="unix:" + proxy.path)
        deadline = time.monotonic() + stretch(30)
        while proxy.flows.is_set():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        source.alive()
        source.qmp.command("migrate_cancel")
        assert source.wait_status(*ENDS)["status"] == "cancelled"
        source.alive()
        assert not target.running()


def cut_at_the_end():
    """The network is cut when the guest stands still already: the source takes it back by
    itself.
    """
    with World() as world:
        source, target, proxy = at_the_brink(world, through_proxy=True)
        proxy.flows.clear()
        proxy.answers.clear()
        source.qmp.command("migrate-continue", state="pre-switchover")
        info = source.wait_status(*ENDS, timeout=60)
        assert info["status"] == "failed", str(info)
        assert re.search("has not confirmed|has been silent", info["error-desc"]), str(info)
        source.wait_running()
        source.alive()
        # What was held back arrives after all: nobody may run a second guest.
        proxy.flows.set()
        proxy.answers.set()
        time.sleep(2)
        assert target.process.poll() is not None or not target.running(), \
            "the guest runs on both sides"


def cut_multifd_at_the_end():
    """The same with pages on channels that nobody empties: the monitor answers all the time."""
    with World() as world:
        source = world.source(32, 200, machine=NEWER)
        target = Side(world, "target", incoming="defer", machine=NEWER)
        for side in (source, target):
            side.set(return_path=True, multifd=True)
        target.qmp.command("migrate-incoming", uri="unix:" + world.path("stream"))
        proxy = Proxy(world, world.path("stream"))
        source.set({"max-bandwidth": 50 << 20, "downtime-limit": 2000},
                   pause_before_switchover=True)
        source.qmp.command("migrate", uri="unix:" + proxy.path)
        source.wait_status("pre-switchover")
        assert source.qmp.command("query-migrate")["ram"]["remaining"] > 4 << 20
        proxy.flows.clear()
        proxy.answers.clear()
        source.qmp.command("migrate-continue", state="pre-switchover")
        deadline = time.monotonic() + stretch(90)
        # (A monitor that is silent as long as the source waits fails by itself.)
        while source.status() not in ENDS:
            assert time.monotonic() < deadline, "the source waits for ever"
            time.sleep(0.1)
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed" and "has been silent" in info["error-desc"], str(info)
        source.wait_running()
        source.alive()


def killed_source():
    """The source dies when the destination has all: the guest waits there, whole, for a word."""
    with World() as world:
        source, target, proxy = at_the_brink(world, through_proxy=True)
        proxy.answers.clear()
        source.qmp.command("migrate-continue", state="pre-switchover")
        time.sleep(1)
        assert source.status() == "device" and not target.running()
        source.kill()
        target.wait_status("completed")
        status = target.qmp.command("query-status")["status"]
        assert status == "paused", status
        assert "went away before it handed the guest over" in target.said(), target.said()
        target.qmp.command("cont")
        target.alive()


def killed_source_early():
    """The source dies in the middle: the destination ends with a message."""
    with World() as world:
        source, target, uri = two(world, 64, 0)
        source.set({"max-bandwidth": 20 << 20})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(0.3)
        source.kill()
        assert target.process.wait(stretch(10)) == 1
        assert "load of migration failed" in target.said(), target.said()


def full_disk():
    """A file that cannot grow: the migration fails, the guest runs on."""
    with World() as world:
        source = world.source()
        source.set({"max-bandwidth": 0})
        source.qmp.command("migrate", uri="file:/dev/full")
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed" and "No space left" in info["error-desc"], str(info)
        source.alive()
        source.qmp.command("migrate", uri="file:" + world.path("state"))
        assert source.wait_status(*ENDS)["status"] == "completed"
        target = Side(world, "target", incoming="file:" + world.path("state"))
        target.wait_running()
        target.alive()


# ---- Ways to send pages ----

def xbzrle(emulators=(None, None)):
    """Pages as differences: fewer bytes, the same memory."""
    with World() as world:
        source, target, uri = two(world, 16, 60, emulators=emulators)
        for side in (source, target):
            side.set({"xbzrle-cache-size": 64 << 20}, xbzrle=True)
        source.set({"max-bandwidth": 40 << 20, "downtime-limit": 1})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        deadline = time.monotonic() + stretch(30)
        while source.qmp.command("query-migrate").get("ram", {}).get("dirty-sync-count", 0) < 6:
            assert time.monotonic() < deadline, source.qmp.command("query-migrate")
            time.sleep(0.05)
        source.set({"max-bandwidth": 0, "downtime-limit": 300})
        info = source.wait_status(*ENDS)
        assert info["status"] == "completed", f"{info}\n{target.said()}"
        assert info["xbzrle-cache"]["pages"] > 1000, str(info)
        cache = info["xbzrle-cache"]
        assert cache["bytes"] * 10 < cache["pages"] * 4096, str(info)
        target.wait_running()
        target.alive()


def multifd(compression="none", emulators=(None, None), zero=None, channels=4, machine=MACHINE):
    with World() as world:
        uri = "unix:" + world.path("stream")
        source = world.source(8, 8, emulator=emulators[0], machine=machine)
        target = Side(world, "target", incoming="defer", emulator=emulators[1], machine=machine)
        settings_ = {"multifd-channels": channels, "multifd-compression": compression}
        for side in (source, target):
            side.set(settings_, multifd=True)
        target.qmp.command("migrate-incoming", uri=uri)
        more = {"max-bandwidth": 300 << 20}
        if zero:
            more["zero-page-detection"] = zero
        info = move(world, source, target, uri, source_only=more)
        assert info["ram"]["multifd-bytes"] > 1 << 20, str(info)


def multifd_faults():
    """A channel more or less, another compression, the wrong transport; the destination dies."""
    with World() as world:
        source, target, uri = two(world, 64, 0)
        source.set({"multifd-compression": "zstd", "max-bandwidth": 0}, multifd=True,
                   return_path=True)
        reply = source.qmp.reply("migrate", uri="exec:cat > /dev/null")
        assert "multi-channel" in reply["error"]["desc"], str(reply)
        target.end()
        target = Side(world, "target2", incoming="defer")
        target.set({"multifd-compression": "zlib"}, multifd=True, return_path=True)
        target.qmp.command("migrate-incoming", uri=uri)
        source.qmp.command("migrate", uri=uri)
        assert source.wait_status(*ENDS)["status"] == "failed"
        assert target.process.wait(stretch(10)) == 1
        assert "compressed another way" in target.said(), target.said()
        source.alive()
        target = Side(world, "target3", incoming="defer")
        target.set({"multifd-compression": "zstd"}, multifd=True, return_path=True)
        target.qmp.command("migrate-incoming", uri=uri)
        source.set({"max-bandwidth": 100 << 20, "downtime-limit": 1})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(0.3)
        target.kill()
        assert source.wait_status(*ENDS)["status"] == "failed"
        source.alive()
        target = Side(world, "target4", incoming="defer")
        target.set({"multifd-compression": "zstd"}, multifd=True, return_path=True)
        target.qmp.command("migrate-incoming", uri=uri)
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(0.3)
        source.qmp.command("migrate_cancel")
        assert source.wait_status(*ENDS)["status"] == "cancelled"
        source.alive()


def strangers():
    """A connection that says nothing until the guest runs: it is closed, and so is the way in."""
    for number, magic in enumerate((b"QEVM\0\0\0\3", b"\x11\x22\x33\x44\0\0\0\1")):
        with World() as world:
            path = world.path(f"stream{number}")
            source = world.source(8, 8)
            target = Side(world, "target", incoming="defer")
            for side in (source, target):
                side.set(multifd=True)
            target.qmp.command("migrate-incoming", uri="unix:" + path)
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.connect(path)
                move(world, source, target, "unix:" + path)
                try:
                    stranger.sendall(magic + bytes(56))
                    stranger.settimeout(stretch(20))
                    assert not stranger.recv(1), "the stranger is answered"
                except ConnectionError:
                    pass
            with socket.socket(socket.AF_UNIX) as late:
                assert late.connect_ex(path), "the listener is open still"
            target.wait_status("completed")
            target.alive()


def mapped_ram(emulators=(None, None), offset=0, also_multifd=False):
    """A file in which each page has its place."""
    with World() as world:
        uri = "file:" + world.path("state") + (f",offset={offset}" if offset else "")
        source = world.source(32, 200, emulator=emulators[0])
        if offset:
            with open(world.path("state"), "wb") as file:
                file.write(b"head" * (offset // 4))
        source.set({"max-bandwidth": 200 << 20}, mapped_ram=True, multifd=also_multifd)
        source.qmp.command("migrate", uri=uri)
        info = source.wait_status(*ENDS)
        assert info["status"] == "completed", str(info)
        assert os.stat(world.path("state")).st_size < (256 << 20) + (16 << 20) + offset
        if offset:
            with open(world.path("state"), "rb") as file:
                assert file.read(4) == b"head"
        target = Side(world, "target", incoming="defer", emulator=emulators[1])
        target.set(mapped_ram=True, multifd=also_multifd)
        target.qmp.command("migrate-incoming", uri=uri)
        target.wait_running()
        target.alive()
        assert "error" in source.qmp.reply("migrate", uri="unix:nowhere")


def background(emulators=(None, None), memory="256M", **capabilities):
    """The machine as it was at one moment, while the guest goes on writing as fast as it can."""
    with World() as world:
        uri = "file:" + world.path("state")
        source = world.source(64, 0, emulator=emulators[0], memory=memory)
        reply = source.qmp.reply(
            "migrate-set-capabilities",
            capabilities=[{"capability": "background-snapshot", "state": True}])
        if "error" in reply:
            assert "not supported by host kernel" in reply["error"]["desc"], str(reply)
            raise tap.Skip(reply["error"]["desc"])
        reply = source.qmp.reply("migrate-set-capabilities",
                                 capabilities=[{"capability": "auto-converge", "state": True}])
        assert "Background-snapshot is not compatible" in reply["error"]["desc"], str(reply)
        source.set({"max-bandwidth": 100 << 20}, **capabilities)
        for _ in range(2):
            source.qmp.command("migrate", uri=uri)
            source.wait_status("active", *ENDS)
            source.wait_running()
            info = source.wait_status(*ENDS)
            assert info["status"] == "completed", str(info)
            assert source.running()
            source.alive()
        source.set({"max-bandwidth": 1 << 20})
        source.qmp.command("migrate", uri="file:" + world.path("other"))
        time.sleep(0.5)
        source.qmp.command("migrate_cancel")
        status = source.wait_status(*ENDS)["status"]
        # QEMU may call it failed.
        assert status == "cancelled" or (emulators[0] and status == "failed"), status
        source.alive()
        target = Side(world, "target", incoming="defer", emulator=emulators[1], memory=memory)
        if capabilities:
            target.set(**capabilities)
        target.qmp.command("migrate-incoming", uri=uri)
        target.wait_running()
        target.alive()


# ---- TLS ----

def psk_folder(world, key="6768b3f4a1c02d5e8f9001122334455667788990aabbccddeeff001122334455"):
    folder = world.path("psk-" + key[:4])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "keys.psk"), "w", encoding="ascii") as file:
        file.write(f"qemu:{key}\n")
    return folder


def x509_folder(world):
    """A certificate authority, a server's certificate for the name "there", and a client's."""
    if not shutil.which("openssl"):
        raise tap.Skip("no openssl here")
    folder = world.path("x509")
    os.makedirs(folder)

    def run(*words):
        done = subprocess.run(("openssl", ) + words, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode()

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca-key.pem", "-out",
        "ca-cert.pem", "-days", "30", "-subj", "/CN=test authority", "-addext",
        "basicConstraints=critical,CA:TRUE")
    for side, name, usage in (("server", "there", "serverAuth"), ("client", "here", "clientAuth")):
        with open(os.path.join(folder, "extensions"), "w", encoding="ascii") as file:
            file.write(
                f"subjectAltName=DNS:{name}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{side}-key.pem", "-out",
            "request.pem", "-subj", f"/CN={name}")
        run("x509", "-req", "-in", "request.pem", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", "30", "-extfile", "extensions", "-out", f"{side}-cert.pem")
    return folder


def tls(kind="psk", emulators=(None, None), hostname="there", channels=0, expect="completed"):
    with World() as world:
        uri = "unix:" + world.path("stream")
        folder = psk_folder(world) if kind == "psk" else x509_folder(world)
        there = psk_folder(world, "00" * 32) if kind == "psk" and expect != "completed" else folder

        def creds(endpoint, where):
            return ["-object", f"tls-creds-{kind},id=t,dir={where},endpoint={endpoint}"]

        source = world.source(8, 8, emulator=emulators[0], extra=creds("client", folder))
        target = Side(world, "target", incoming="defer", emulator=emulators[1],
                      extra=creds("server", there))
        settings_ = {"tls-creds": "t"}
        if channels:
            settings_["multifd-channels"] = channels
        for side in (source, target):
            side.set(settings_, return_path=True, multifd=channels > 0)
        source.set({"tls-hostname": hostname})
        target.qmp.command("migrate-incoming", uri=uri)
        if expect == "completed":
            move(world, source, target, uri)
            return
        source.qmp.command("migrate", uri=uri)
        info = source.wait_status(*ENDS)
        assert info["status"] == expect, str(info)
        assert "TLS" in info["error-desc"], str(info)
        source.alive()


def tls_refused():
    """What cannot be had in secret is not sent in the open."""
    with World() as world:
        source = world.source(
            8, 8, extra=["-object", f"tls-creds-psk,id=s,dir={psk_folder(world)},endpoint=server"])
        for settings_, uri, words in (({"tls-creds":
                                        "t"}, "unix:x", "No TLS credentials with id 't'"),
                                      ({"tls-creds":
                                        "s"}, "unix:x", "Expected TLS credentials for a client"),
                                      ({"tls-creds": "s"}, "exec:cat", "TLS needs a socket"),
                                      ({"tls-authz":
                                        "a"}, "unix:x", "no authorization object 'a'")):
            source.set(settings_)
            reply = source.qmp.reply("migrate", uri=uri)
            assert words in reply.get("error", {}).get("desc", ""), f"{settings_}: {reply}"


def tls_silence():
    """Somebody who takes the connection, or the second, and never greets: the monitor answers, a
    cancel ends it.
    """
    with World() as world, socket.socket(socket.AF_UNIX) as silent:
        folder = psk_folder(world)
        source = world.source(
            8, 8, extra=("-object", f"tls-creds-psk,id=tls0,endpoint=client,dir={folder}"))
        path = world.path("silent")
        silent.bind(path)
        silent.listen(8)
        source.set({"tls-creds": "tls0", "max-bandwidth": 0})
        source.qmp.command("migrate", uri="unix:" + path)
        accepted = silent.accept()[0]
        accepted.recv(1, socket.MSG_PEEK)
        time.sleep(0.3)
        source.alive()
        assert source.status() == "setup", source.status()
        source.qmp.command("migrate_cancel")
        assert source.wait_status(*ENDS)["status"] == "cancelled"
        accepted.close()
        target = Side(world, "target", incoming="defer",
                      extra=("-object", f"tls-creds-psk,id=tls0,endpoint=server,dir={folder}"))
        for side in (source, target):
            side.set({"tls-creds": "tls0"}, multifd=True)
        target.qmp.command("migrate-incoming", uri="unix:" + world.path("stream"))
        proxy = Proxy(world, world.path("stream"), connections=2)
        source.qmp.command("migrate", uri="unix:" + proxy.path)
        deadline = time.monotonic() + stretch(30)
        while len(proxy.kept) < 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        source.alive(1)
        source.qmp.command("migrate_cancel")
        assert source.wait_status(*ENDS)["status"] == "cancelled"
        source.alive()


def userfaultfd():
    """Whether this host lets us; the message of the emulator must say why not."""
    with World() as world:
        target = Side(world, "probe", incoming="defer")
        reply = target.qmp.reply("migrate-set-capabilities",
                                 capabilities=[{"capability": "postcopy-ram", "state": True}])
        if "error" in reply:
            assert "Postcopy is not supported" in reply["error"]["desc"], str(reply)
            raise tap.Skip(reply["error"]["desc"])


def postcopy(emulators=(None, None), smp="1"):
    """The guest goes first, its memory follows."""
    userfaultfd()
    with World() as world:
        uri = "unix:" + world.path("stream")
        source = world.source(96, 0, emulator=emulators[0], smp=smp)
        target = Side(world, "target", incoming="defer", emulator=emulators[1], smp=smp)
        for side in (source, target):
            side.set(postcopy_ram=True, events=True)
        target.qmp.command("migrate-incoming", uri=uri)
        assert "error" in source.qmp.reply("migrate-start-postcopy")
        source.set(
            {"max-bandwidth": 60 << 20, "downtime-limit": 100, "max-postcopy-bandwidth": 40 << 20})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(1)
        source.qmp.command("migrate-start-postcopy")
        source.wait_status("postcopy-active", *ENDS)
        target.wait_running()
        target.alive(1)
        info = source.wait_status(*ENDS)
        assert info["status"] == "completed", f"{info}\n{target.said()}"
        assert info["ram"]["postcopy-requests"] > 0 and info["ram"]["postcopy-bytes"] > 0, str(info)
        target.wait_status("completed")
        target.alive()
        seen = [
            event["data"]["status"] for event in source.qmp.events if event["event"] == "MIGRATION"
        ]
        assert "postcopy-active" in seen, str(seen)
        assert not source.running()
        # And back, without.
        back = "unix:" + world.path("back")
        third = Side(world, "third", incoming=back, smp=smp)
        target.set(postcopy_ram=False)
        if not emulators[1]:
            move(world, target, third, back)


def postcopy_unused():
    """The capability alone changes nothing; a failure before the switch leaves the source
    running.
    """
    userfaultfd()
    with World() as world:
        uri = "unix:" + world.path("stream")
        source = world.source(32, 30)
        target = Side(world, "target", incoming="defer")
        for side in (source, target):
            side.set(postcopy_ram=True)
        target.qmp.command("migrate-incoming", uri=uri)
        source.set({"max-bandwidth": 20 << 20, "downtime-limit": 1})
        source.qmp.command("migrate", uri=uri)
        source.wait_status("active")
        time.sleep(0.5)
        target.kill()
        assert source.wait_status(*ENDS)["status"] == "failed"
        source.alive()
        uri = "unix:" + world.path("second")
        target = Side(world, "target2", incoming="defer")
        target.set(postcopy_ram=True)
        target.qmp.command("migrate-incoming", uri=uri)
        move(world, source, target, uri, {"downtime-limit": 300})
        # The guest's memory may have large pages again.
        with open(f"/proc/{target.process.pid}/smaps", encoding="utf-8") as file:
            flags = re.findall(r"^Size: +262144 kB$.*?^VmFlags: ([^\n]*)$", file.read(),
                               re.M | re.S)
        assert flags and all("nh" not in words.split() for words in flags), str(flags)


def switched(world, bandwidth):
    """A guest whose postcopy has begun, and goes on in that many bytes a second: source, target."""
    uri = "unix:" + world.path("stream")
    source = world.source(96, 0)
    target = Side(world, "target", incoming="defer")
    for side in (source, target):
        side.set(postcopy_ram=True)
    target.qmp.command("migrate-incoming", uri=uri)
    source.set({"max-bandwidth": 20 << 20, "max-postcopy-bandwidth": bandwidth,
                "downtime-limit": 100})
    source.qmp.command("migrate", uri=uri)
    source.wait_status("active")
    time.sleep(0.5)
    source.qmp.command("migrate-start-postcopy")
    source.wait_status("postcopy-active")
    return source, target


def postcopy_lost():
    """The destination dies in postcopy: the source says so and does not run a guest with half its
    memory.
    """
    userfaultfd()
    with World() as world:
        source, target = switched(world, 5 << 20)
        target.wait_running()
        target.kill()
        info = source.wait_status(*ENDS)
        assert info["status"] == "failed", str(info)
        assert not source.running()


def postcopy_quit():
    """Whoever ends the source in postcopy gets its end when the guest has its memory."""
    userfaultfd()
    with World() as world:
        source, target = switched(world, 20 << 20)
        source.process.send_signal(signal.SIGTERM)
        target.wait_running()
        target.wait_status("completed")
        assert source.process.wait(stretch(10)) == 0
        assert "the end waits" in source.said(), source.said()
        target.alive()


def auto_converge(emulators=(None, None)):
    """A guest that writes faster than is sent gets less time, and its whole time again on the other
    side.
    """
    with World() as world:
        source, target, uri = two(world, 96, 200, emulators=emulators)
        source.set(auto_converge=True, events=True)
        source.set({"max-bandwidth": 60 << 20, "downtime-limit": 100, "cpu-throttle-initial": 50,
                    "cpu-throttle-increment": 20})
        source.qmp.command("migrate", uri=uri)
        highest = 0
        source.wait_status("active")
        text = "" if emulators[0] else source.qmp.hmp("info migrate")
        for words in (r"^Migration status: active$", r"^expected downtime: \d+ ms$",
                      r"^progress: \d+% of RAM$", r"^throughput: [\d.]+ mbps$",
                      r"^remaining ram: \d+ kbytes$"):
            assert emulators[0] or re.search(words, text.replace("\r", ""), re.M), \
                f"no {words} in:\n{text}"
        deadline = time.monotonic() + stretch(120)
        while source.status() not in ENDS:
            highest = max(highest,
                          source.qmp.command("query-migrate").get("cpu-throttle-percentage", 0))
            assert time.monotonic() < deadline, source.qmp.command("query-migrate")
            time.sleep(0.1)
        assert source.status() == "completed"
        assert highest >= 50, f"throttled by {highest} percent"
        assert any(event["event"] == "MIGRATION_PASS" for event in source.qmp.events), \
            str(source.qmp.events)
        target.wait_running()
        target.alive()


def throttle_ends():
    """After a cancel the guest has its time again."""
    with World() as world:
        source = world.source(64, 0)

        def speed():
            source.console.position = len(source.console.text)
            first = int(source.console.expect(r"^pass (\d+)$").group(1))
            time.sleep(2)
            source.console.position = len(source.console.text)
            return int(source.console.expect(r"^pass (\d+)$").group(1)) - first

        before = speed()
        source.set({"max-bandwidth": 10 << 20, "cpu-throttle-initial": 99}, auto_converge=True)
        source.qmp.command("migrate", uri="exec:cat > /dev/null")
        deadline = time.monotonic() + stretch(60)
        while source.qmp.command("query-migrate").get("cpu-throttle-percentage", 0) < 99:
            assert time.monotonic() < deadline, source.qmp.command("query-migrate")
            time.sleep(0.1)
        slow = speed()
        source.qmp.command("migrate_cancel")
        source.wait_status("cancelled")
        after = speed()
        tap.diagnostic(f"passes: {before} before, {slow} throttled, {after} after")
        assert slow * 4 < before and slow * 4 < after, f"{before}, {slow}, {after}"


def settings():
    """Names, ranges and words of parameters and capabilities."""
    with World() as world:
        source = world.source()
        before = source.qmp.command("query-migrate-parameters")
        assert before["xbzrle-cache-size"] == 64 << 20 and before[
            "multifd-compression"] == "none", str(before)
        for name, value, words in (
                ("cpu-throttle-initial", 100, "between 1 and 99"),
                ("downtime-limit", 2000001, "between 0 and 2000000"),
                ("multifd-channels", 0, "between 1 and 255"),
                ("multifd-compression", "lzw", "does not accept value 'lzw'"),
                ("xbzrle-cache-size", 5000, "power of two"),
                ("tls-creds", 7, "expected: string"),
                ("cpu-throttle-tailslow", 7, "expected: boolean"),
                ("max-bandwidth", "7", "expected: integer"),
                ("colour", 7, "is unexpected")):
            reply = source.qmp.reply("migrate-set-parameters", **{name: value})
            assert words in reply.get("error", {}).get("desc", ""), f"{name}={value}: {reply}"
            # All or nothing.
            assert "error" in source.qmp.reply("migrate-set-parameters",
                                               **{"downtime-limit": 77, name: value})
        assert source.qmp.command("query-migrate-parameters") == before
        source.set(
            {"multifd-compression": "zstd", "tls-hostname": "there", "cpu-throttle-tailslow": True})
        after = source.qmp.command("query-migrate-parameters")
        assert after["multifd-compression"] == "zstd" and after["tls-hostname"] == "there", \
            str(after)
        assert after["cpu-throttle-tailslow"] is True, str(after)
        assert source.qmp.hmp("migrate_set_parameter max-bandwidth 3M") == ""
        assert source.qmp.command("query-migrate-parameters")["max-bandwidth"] == 3 << 20
        text = source.qmp.hmp("info migrate_parameters")
        assert "multifd-compression: zstd" in text and "tls-hostname: 'there'" in text, text
        text = source.qmp.hmp("migrate_set_capability x-colo on")
        assert "is not supported" in text, text


CASES = {
    "plain": ("quick", plain),
    "ipv6": ("quick", ipv6),
    "settings": ("quick", settings),
    "return-path": ("quick", return_path),
    "return-path-smp": ("long", lambda: return_path(smp="4")),
    "xbzrle": ("quick", xbzrle),
    "multifd": ("quick", multifd),
    "multifd-zlib": ("quick", lambda: multifd("zlib")),
    "multifd-zstd": ("quick", lambda: multifd("zstd", zero="multifd")),
    "multifd-8.2": ("quick", lambda: multifd(machine=NEWER)),
    "multifd-faults": ("quick", multifd_faults),
    "strangers": ("quick", strangers),
    "mapped-ram": ("quick", mapped_ram),
    "mapped-ram-offset": ("long", lambda: mapped_ram(offset=1 << 16, also_multifd=True)),
    "postcopy": ("quick", postcopy),
    "postcopy-smp": ("long", lambda: postcopy(smp="4")),
    "postcopy-unused": ("quick", postcopy_unused),
    "postcopy-lost": ("quick", postcopy_lost),
    "postcopy-quit": ("quick", postcopy_quit),
    "background": ("quick", background),
    "background-mapped": ("long", lambda: background(mapped_ram=True)),
    "tls-psk": ("quick", tls),
    "tls-x509": ("quick", lambda: tls("x509")),
    "tls-x509-multifd": ("quick", lambda: tls("x509", channels=3)),
    "tls-wrong-name": ("quick", lambda: tls("x509", hostname="elsewhere", expect="failed")),
    "tls-wrong-key": ("quick", lambda: tls("psk", expect="failed")),
    "tls-refused": ("quick", tls_refused),
    "tls-silence": ("quick", tls_silence),
    "auto-converge": ("quick", auto_converge),
    "throttle-ends": ("quick", throttle_ends),
    "refused": ("quick", refused),
    "no-return-path": ("quick", no_return_path),
    "switchover-ack": ("quick", switchover_ack),
    "cancel-connect": ("quick", cancel_connect),
    "quit": ("quick", quit_waits_not),
    "killed-target": ("quick", killed_target),
    "killed-at-random": ("quick", killed_at_random),
    "killed-target-late": ("quick", killed_target_late),
    "killed-source": ("quick", killed_source),
    "killed-source-early": ("quick", killed_source_early),
    "cut-network": ("quick", cut_network),
    "cut-at-the-end": ("long", cut_at_the_end),
    "cut-multifd-at-the-end": ("long", cut_multifd_at_the_end),
    "full-disk": ("quick", full_disk),
}


# A case with QEMU 10 on the other side, in both directions.
CROSSING = {
    "return-path": return_path,
    "switchover-ack": switchover_ack,
    "xbzrle": lambda emulators: xbzrle(emulators),
    "multifd": lambda emulators: multifd("none", emulators),
    "multifd-zlib": lambda emulators: multifd("zlib", emulators),
    "multifd-zstd": lambda emulators: multifd("zstd", emulators, zero="multifd"),
    "multifd-8.2": lambda emulators: multifd("none", emulators, machine=NEWER),
    "mapped-ram": mapped_ram,
    "postcopy": postcopy,
    "auto-converge": auto_converge,
    "background": background,
    "tls-psk": lambda emulators: tls("psk", emulators),
    "tls-x509": lambda emulators: tls("x509", emulators),
}
QUICK_CROSSING = ("return-path", "multifd-zstd", "postcopy")
for _name, _function in CROSSING.items():
    suite = "quick" if _name in QUICK_CROSSING else "long"
    CASES[f"qemu-{_name}-to"] = (suite, lambda f=_function: f((None, shlex.join(qemu10.command()))))
    CASES[f"qemu-{_name}-from"] = (suite, lambda f=_function: f(
        (shlex.join(qemu10.command()), None)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", choices=("quick", "long"))
    parser.add_argument("--guest")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.list:
        print(" ".join(name for name, case in CASES.items() if case[0] == options.list))
        return
    World.guest = os.path.abspath(options.guest)
    tap.run([(name, CASES[name][1]) for name in options.names or CASES], limit=int(stretch(300)))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The Power Mac's rows of bench/bench (items-mac.txt): the same 32-bit kernel, OpenBIOS and
programs on both.
"""

import os
import shutil
import subprocess
import tempfile
import time

import initramfs
from guest import Guest, cache, local_guest

HERE = os.path.dirname(os.path.abspath(__file__))
CC = "powerpc-linux-gnu-gcc"
CFLAGS = ["-static", "-Wall", "-Wno-unused-parameter"]
OPTIMIZE = {"vec": ["-O3", "-maltivec"], None: ["-O2", "-fno-tree-vectorize"]}
SHELL = r"[#$] $"


def make_image(folder, items, data):
    """The guest's own initramfs and the programs that the items name."""
    entries = [initramfs.folder_entry("bench")] + data
    text = " ".join(item.command for item in items)
    for name in sorted(os.listdir(os.path.join(HERE, "programs"))):
        base, extension = os.path.splitext(name)
        if extension != ".c" or f"/bench/{base} " not in text:
            continue
        binary = os.path.join(folder, base)
        source = os.path.join(HERE, "programs", name)
        flags = CFLAGS + OPTIMIZE.get(base.split("-")[0], OPTIMIZE[None])
        subprocess.run([CC] + flags + ["-o", binary, source, "-lm"], check=True)
        with open(binary, "rb") as file:
            entries.append(initramfs.file_entry("bench/" + base, file.read(), executable=True))
    path = os.path.join(folder, "bench.cpio.gz")
    with open(path, "wb") as out:
        with open(local_guest("initramfs-ppc32.cpio.gz"), "rb") as file:
            shutil.copyfileobj(file, out)
        # What follows a compressed archive begins at a multiple of four.
        out.write(b"\0" * (-out.tell() % 4))
        out.write(initramfs.newc(entries))
    return path


def make_guest(emulator, settings, name, initrd):
    guest = Guest(emulator=emulator.path, machine=settings["machine"], cpu=settings["cpu"],
                  name=name, memory=settings["memory"], kernel=local_guest("vmlinux-pmac32"),
                  initrd=initrd, append="console=ttyPZ0 quiet")
    words = [a.replace(",x-vof=on", "") for a in guest.arguments]
    guest.arguments = ["taskset", "-c", settings["pin"]] + words + emulator.extra
    return guest


def run_boot(emulator, settings):
    """Seconds from the start of the emulator to the shell."""
    start = time.monotonic()
    with make_guest(emulator, settings, "boot", local_guest("initramfs-ppc32.cpio.gz")) as guest:
        guest.expect(r"GUEST-UP ", 300)
        guest.expect(SHELL, 60)
        emulator.boot.append(time.monotonic() - start)
    print(f"  {emulator.title:10} {settings['machine']} boot {emulator.boot[-1]:.2f} s", flush=True)


def run_items(emulator, settings, items, image):
    """One repetition: one boot, each item once. What fails ends it."""
    with make_guest(emulator, settings, "bench", image) as guest:
        guest.expect(r"GUEST-UP ", 300)
        guest.expect(SHELL, 60)
        for item in items:
            start = time.monotonic()
            try:
                output = guest.shell(item.command, 600)
            except AssertionError as error:
                print(f"{emulator.title}: {item.label}: {str(error)[:2000]}", flush=True)
                return
            seconds = time.monotonic() - start
            emulator.times.setdefault(item.label, []).append(seconds)
            emulator.output.setdefault(item.label, set()).add(output)
            print(f"  {emulator.title:10} {settings['machine']} {item.label:20} {seconds:8.2f} s",
                  flush=True)


def run(emulators, settings, items, data, repetitions):
    """All rows, taking turns; repetitions: None for the table's."""
    for _ in range(repetitions or int(settings["boot-repetitions"])):
        for emulator in emulators:
            run_boot(emulator, settings)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=cache()) as folder:
        image = make_image(folder, items, data)
        for _ in range(repetitions or int(settings["repetitions"])):
            for emulator in emulators:
                run_items(emulator, settings, items, image)

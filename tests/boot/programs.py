#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs Debian's ppc64el programs in a guest; each checks itself (tests/boot/programs/).

programs.py --list; programs.py [NAME...]
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import initramfs  # noqa: E402
import tap  # noqa: E402
from guest import Guest, debian_installer, stretch  # noqa: E402

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")

# Seconds until a program must have ended.
LIMIT = 240

# Those that only make check-long runs.
LONG = ("openssl-speed", "stress-memory", "stress-data", "stress-vecwide")

# Configurations for the whole set: name, options of Guest. The first is the one make check uses.
CONFIGURATIONS = {
    "power9": {"cpu": "power9_v2.0", "smp": 2},
    "power8": {"cpu": "power8_v2.0", "smp": 2},
    "power9-hash": {"cpu": "power9_v2.0", "append": "disable_radix"},
}


def programs():
    return sorted(name[:-len(".sh")] for name in os.listdir(HERE) if name.endswith(".sh"))


def contents():
    """The entries of the initramfs beside Debian's programs."""
    entries = [initramfs.folder_entry("selftest")]
    with open(os.path.join(HERE, "init"), "rb") as file:
        entries.append(initramfs.file_entry("init", file.read(), executable=True))
    for name in sorted(os.listdir(HERE)):
        if name.endswith((".sh", ".expected")):
            with open(os.path.join(HERE, name), "rb") as file:
                entries.append(initramfs.file_entry("selftest/" + name, file.read()))
    return entries


class Session:
    """A guest that runs programs one after the other. A case that fails may leave it unusable: then
    the next case starts a new one with what is left."""

    def __init__(self, names, options):
        self.names = names
        self.options = dict(options)
        self.guest = None
        self.path = None

    def start(self, names):
        kernel, _initrd = debian_installer()
        options = dict(self.options)
        append = "console=hvc0 quiet " + options.pop("append", "")
        self.guest = Guest(kernel=kernel, append=f"{append} run={','.join(names)}",
                           initrd=self.path, name="programs", memory="2G", **options)
        self.guest.start()
        self.guest.expect(r"GUEST-UP ", 180)

    def check(self, name):
        try:
            if self.guest is None:
                self.start(self.names[self.names.index(name):])
            self.guest.expect(rf"TEST-BEGIN {name}$", 30)
            start = self.guest.console.position
            match = self.guest.expect(rf"^TEST-END {name} (\d+) (\d+)\s", LIMIT)
        except BaseException:
            self.stop()
            raise
        output = self.guest.console.text[start:match.start()]
        tap.diagnostic(f"{name}: {int(match.group(2)) / 1000:.2f} s in the guest")
        assert match.group(1) == "0", \
            f"status {match.group(1)}\n" + "\n".join(output.splitlines()[-60:])

    def finish(self):
        """The guest ends by itself."""
        if self.guest is None:
            raise tap.Skip("the last program's guest was ended")
        try:
            self.guest.expect(r"TESTS-DONE", 30)
            status = self.guest.wait(60)
            assert status == 0, f"exit status {status} after power-off"
        finally:
            self.stop()

    def stop(self):
        if self.guest:
            self.guest.end()
            self.guest = None


def main():
    words = sys.argv[1:]
    if words == ["--list"]:
        print("\n".join(programs()))
        return
    configuration = "power9"
    if words and words[0].startswith("--configuration="):
        configuration = words.pop(0).split("=", 1)[1]
    if configuration not in CONFIGURATIONS:
        sys.exit(f"programs.py: no configuration '{configuration}' ({', '.join(CONFIGURATIONS)})")
    if words in (["quick"], ["long"]):
        words = [n for n in programs() if (n in LONG) == (words == ["long"])]
    unknown = [word for word in words if word not in programs()]
    if unknown:
        sys.exit(f"programs.py: no program '{unknown[0]}' (programs.py --list names them)")
    session = Session(words or programs(), CONFIGURATIONS[configuration])
    limit = int(stretch(LIMIT + 300))
    with tempfile.TemporaryDirectory(prefix="gossamer-test-") as folder:
        session.path = initramfs.image(os.path.join(folder, "programs.cpio"), contents())
        try:
            tap.run([(name, lambda name=name: session.check(name), limit) for name in session.names]
                    + [("power-off", session.finish, limit)])
        finally:
            session.stop()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks of the tree's own rules: who may include whom, headers that compile alone, licence lines,
no writable globals, file length, no private paths. What they enforce stands in docs/devel/style.md
and docs/devel/architecture.md.

structure.py --source DIR [--build DIR] [--cc COMMAND] [CASE...]; prints TAP.
"""

import argparse
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

# Folder: the folders its row names. It may include those, what they may include, and itself.
# A folder not listed takes the row of its parent. docs/devel/architecture.md shows the same as a
# picture.
ALLOWED = {
    "util": [],
    "fpu": ["util"],
    "object": ["util"],
    "migration": ["util"],
    "tcg": ["util"],
    "chardev": ["util", "object"],
    "block": ["util", "object"],
    "net": ["util", "object", "chardev"],
    "ui": ["util", "object"],
    "system": ["util", "object", "migration"],
    "hw/core": ["system"],
    "accel/tcg": ["hw/core", "tcg"],
    "target/ppc": ["accel/tcg", "fpu"],
    "hw/pci": ["hw/core", "chardev", "block", "net", "ui"],
    "hw/intc": ["hw/pci"],
    "hw/char": ["hw/pci"],
    "hw/net": ["hw/pci"],
    "hw/block": ["hw/pci"],
    "hw/scsi": ["hw/pci"],
    "hw/ide": ["hw/pci", "hw/misc", "hw/scsi"],
    "hw/usb": ["hw/pci", "hw/scsi"],
    "hw/input": ["hw/pci"],
    "hw/display": ["hw/pci"],
    "hw/nvram": ["hw/pci"],
    "hw/virtio": ["hw/pci"],
    "hw/misc": ["hw/pci", "hw/input"],
    "hw/ppc": [
        "target/ppc", "hw/intc", "hw/char", "hw/net", "hw/block", "hw/scsi", "hw/ide", "hw/usb",
        "hw/input", "hw/display", "hw/nvram", "hw/virtio", "hw/misc"
    ],
    "monitor": ["hw/core", "migration", "chardev", "block", "net", "ui"],
    "gdbstub": ["hw/core", "migration", "chardev"],
    "app": ["hw/ppc", "monitor", "gdbstub"],
}

TOP_FOLDERS = sorted({folder.split("/")[0] for folder in ALLOWED})
SOURCE = re.compile(r"\.(c|h|h\.inc|c\.inc|S)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
LINE_LIMIT = 1200
COLUMNS = 100     # tables (.h.inc) may be wider


class Tree:
    """The files of the source tree, from git where it is one (with those not yet added)."""

    def __init__(self, root):
        self.root = root
        try:
            listing = subprocess.run(
                ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            names = listing.decode().split("\0")
        except (OSError, subprocess.CalledProcessError):
            names = []
            for folder, folders, files in os.walk(root):
                folders[:] = [f for f in folders if not f.startswith((".git", "build"))]
                names += [os.path.relpath(os.path.join(folder, file), root) for file in files]
        self.files = sorted(n for n in set(names) if n and os.path.isfile(os.path.join(root, n)))

    def path(self, name):
        return os.path.join(self.root, name)

    def text(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def sources(self):
        """The C files that belong to a folder of the table."""
        return [n for n in self.files if SOURCE.search(n) and folder_of(n)]


def folder_of(name):
    """The row of the table that a file belongs to, or None."""
    parts = name.split("/")
    if parts[0] == "include":
        parts = parts[1:]
    for length in range(len(parts) - 1, 0, -1):
        folder = "/".join(parts[:length])
        if folder in ALLOWED:
            return folder
    return None


def reachable(folder, seen=None):
    """Every folder that a row allows, with what those rows allow."""
    seen = set() if seen is None else seen
    if folder not in seen:
        seen.add(folder)
        for below in ALLOWED[folder]:
            reachable(below, seen)
    return seen


def resolve(tree_files, name, kind, target):
    """The tree's file that an #include means, or None for one of the system's."""
    if kind == '"':
        beside = os.path.normpath(os.path.join(os.path.dirname(name), target))
        if beside in tree_files:
            return beside
    for start in ("include", ""):
        candidate = os.path.normpath(os.path.join(start, target))
        if candidate in tree_files:
            return candidate
    return None


def fail(problems):
    assert not problems, "\n".join(problems)


def check_table(_options, _tree):
    """The table itself has no cycle."""
    for folder in ALLOWED:
        for below in ALLOWED[folder]:
            assert folder not in reachable(below), f"{folder} and {below} allow each other"


def check_layers(_options, tree):
    problems = []
    tree_files = set(tree.files)
    for name in tree.sources():
        folder = folder_of(name)
        may = reachable(folder)
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, target = match.groups()
            file = resolve(tree_files, name, kind, target)
            where = f"{name}:{number}"
            if file is None:
                if kind == '"' and target.split("/")[0] in TOP_FOLDERS:
                    problems.append(f"{where}: {target} does not exist")
                continue
            other = folder_of(file)
            if other is None:
                problems.append(
                    f"{where}: includes {file}, which belongs to no folder of the table")
            elif other not in may:
                problems.append(f"{where}: {folder} may not include {other} ({target})")
            elif other != folder and not file.startswith("include/"):
                problems.append(f"{where}: {file} is private to {other}")
    fail(problems)


def check_folders(_options, tree):
    problems = []
    for name in tree.files:
        if SOURCE.search(name) and folder_of(name) is None and \
                name.split("/")[0] not in ("tests", "bench", "pc-bios", "scripts"):
            problems.append(f"{name}: in no folder of the table")
    fail(problems)


def check_headers(options, tree):
    headers = [n for n in tree.files if n.startswith("include/") and n.endswith(".h")]
    flags = subprocess.run(
        ["pkg-config", "--cflags", "glib-2.0", "gio-2.0", "gio-unix-2.0", "jansson"],
        check=True, stdout=subprocess.PIPE).stdout.decode().split()
    command = shlex.split(options.cc) + flags + [
        "-std=gnu11", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-Wall", "-Wextra", "-Werror",
        "-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Wno-sign-compare",
        "-Wno-unused-function", "-fsyntax-only", "-x", "c", "-I", tree.path("include"), "-"]

    def compile_alone(name):
        # Twice: the include guard is part of what is checked.
        line = f'#include "{name[len("include/"):]}"\n'
        run = subprocess.run(command, input=(line + line).encode(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        return None if run.returncode == 0 else f"{name}:\n{run.stdout.decode(errors='replace')}"

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        fail([p for p in pool.map(compile_alone, headers) if p])


def check_licence(_options, tree):
    problems = []
    wanted = re.compile(
        r"\.(c|h|h\.inc|c\.inc|S|lds|py|sh)$|(^|/)(meson\.build|Makefile|configure)$")
    for name in tree.files:
        text = tree.text(name) if wanted.search(name) or os.access(tree.path(name),
                                                                   os.X_OK) else None
        if text is None:
            continue
        first = "\n".join(text.splitlines()[:2])
        if "SPDX-License-Identifier: GPL-2.0-or-later" not in first:
            problems.append(f"{name}: no SPDX-License-Identifier in its first two lines")
    fail(problems)


def check_length(_options, tree):
    problems = []
    for name in tree.files:
        if re.search(r"\.(c|h|S|py|c\.inc)$", name):
            lines = tree.text(name).count("\n")
            if lines > LINE_LIMIT:
                problems.append(f"{name}: {lines} lines, more than {LINE_LIMIT}")
            elif lines > 800:
                tap.diagnostic(f"{name}: {lines} lines; is it one thing?")
    fail(problems)


def check_globals(options, tree):
    if not options.build:
        raise tap.Skip("no build folder given")
    allowed = {}
    name = "tests/structure/globals-allowed.txt"
    for line in tree.text(name).splitlines():
        if line.strip() and not line.startswith("#"):
            library, symbol = line.split()[:2]
            allowed[(library, symbol)] = False
    libraries = []
    for folder, folders, files in os.walk(options.build):
        folders[:] = [f for f in folders if not f.endswith(".p") and not f.startswith("meson-")]
        libraries += [os.path.join(folder, f) for f in files if re.match(r"libgossamer-.*\.a$", f)]
    assert libraries, f"no libgossamer-*.a under {options.build}"
    problems = []
    for path in sorted(libraries):
        library = os.path.basename(path)[len("lib"):-len(".a")]
        run = subprocess.run(["nm", "--format=bsd", path], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True)
        member = ""
        for line in run.stdout.decode().splitlines():
            if line.endswith(":"):
                member = line[:-1]
                continue
            fields = line.split()
            if len(fields) != 3 or fields[1] not in "bBdDCsSgG":
                continue
            symbol = re.sub(r"\.\d+$", "", fields[2])
            # Thread-locals are listed with the same letters; their section tells.
            if symbol.startswith((".", "__asan", "__odr_asan", "__ubsan", ".L")):
                continue
            if (library, symbol) in allowed:
                allowed[(library, symbol)] = True
            else:
                problems.append((path, library, member, symbol))
    thread_local = {path: thread_locals(path) for path in {p[0] for p in problems}}
    read_only = {path: relocated_constants(path) for path in {p[0] for p in problems}}
    lines = [
        f"{library}: {symbol} ({member}) is a writable global; make it part of a struct or const"
        for path, library, member, symbol in problems
        if symbol not in thread_local[path] and symbol not in read_only[path]
    ]
    lines += [f"{name}: {library} {symbol} matches nothing any more"
              for (library, symbol), used in allowed.items() if not used]
    fail(lines)


def symbols_of(path, keep):
    """Names of the archive's data symbols that objdump lists with a section for which keep()
    holds.
    """
    run = subprocess.run(["objdump", "-t", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=True)
    names = set()
    for line in run.stdout.decode().splitlines():
        match = re.match(r"^[0-9a-f]{16} .{7} (\S+)\s+[0-9a-f]{16}\s+(?:\.hidden )?(\S+)$", line)
        if match and keep(match.group(1)):
            names.add(re.sub(r"\.\d+$", "", match.group(2)))
    return names


def thread_locals(path):
    return symbols_of(path, lambda section: section.startswith((".tbss", ".tdata")))


def relocated_constants(path):
    """Constant tables that hold addresses: read-only once the loader has filled them in."""
    return symbols_of(path, lambda section: section.startswith(".data.rel.ro"))


def check_paths(_options, tree):
    # Spelled apart so that this file does not match itself.
    pattern = re.compile(r"(?<![\w./-])/(?:" + "|".join(("work", "home", "root")) + r")/[\w.-]")
    problems = []
    for name in tree.files:
        if name == "LICENSE":
            continue
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if pattern.search(line):
                problems.append(f"{name}:{number}: {line.strip()[:120]}")
    fail(problems)


def check_text(_options, tree):
    problems = []
    for name in tree.files:
        if not re.search(r"\.(c|h|inc|S|py|md|txt|build|lds)$", name):
            continue
        text = tree.text(name)
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > COLUMNS and re.search(r"(?<!\.h)\.(c|h|py)$", name):
                problems.append(f"{name}:{number}: {len(line)} columns, more than {COLUMNS}")
            if "\t" in line and not name.endswith(".S"):
                problems.append(f"{name}:{number}: tab")
            if line != line.rstrip():
                problems.append(f"{name}:{number}: space at the end of the line")
        if text and not text.endswith("\n"):
            problems.append(f"{name}: no newline at the end")
    fail(problems)


def check_links(_options, tree):
    problems = []
    for name in tree.files:
        if name.endswith(".md"):
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", tree.text(name)):
                if "://" not in target and \
                        not os.path.exists(tree.path(os.path.join(os.path.dirname(name), target))):
                    problems.append(f"{name}: {target} does not exist")
    fail(problems)


def check_events(_options, tree):
    """The schema names every event that is sent, and no other."""
    table = re.search(r"events\[\] = \{(.*?)\};", tree.text("monitor/qmp-schema.c"), re.S)
    known = set(re.findall(r'"([A-Z_]+)"', table.group(1)))
    sent = set(
        re.findall(r'\bname = (?:[^;"]*\? )?"([A-Z_]+)"(?: : "([A-Z_]+)")?;',
                   tree.text("monitor/monitor.c")))
    sent = {name for names in sent for name in names if name}
    for name in tree.sources():
        sent.update(
            re.findall(r'\bsend_event\(\s*"([A-Z_]+)"',
                       tree.text(name).replace("monitor_send", "send")))
    fail([f"event {name} is sent but not in the schema" for name in sorted(sent - known)] +
         [f"event {name} is in the schema but never sent" for name in sorted(known - sent)])


def report_format(options, tree):
    """Only a report: how many files clang-format would change."""
    names = [n for n in tree.sources() if n.endswith((".c", ".h"))]
    try:
        run = subprocess.run(["clang-format", "--dry-run", "--style=file"] + names,
                             cwd=options.source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             check=False)
    except OSError as error:
        raise tap.Skip("no clang-format here") from error
    touched = {
        line.split(":")[0]
        for line in run.stderr.decode().splitlines() if ": warning:" in line
    }
    tap.diagnostic(f"clang-format would change {len(touched)} of {len(names)} files")


CASES = [
    ("table", check_table),
    ("layers", check_layers),
    ("folders", check_folders),
    ("headers", check_headers),
    ("licence", check_licence),
    ("length", check_length),
    ("globals", check_globals),
    ("paths", check_paths),
    ("text", check_text),
    ("links", check_links),
    ("events", check_events),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--build")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--format", action="store_true",
                        help="report what clang-format would change")
    parser.add_argument("cases", nargs="*", help="only these cases")
    options = parser.parse_args()
    options.source = os.path.abspath(options.source)
    tree = Tree(options.source)
    cases = CASES + ([("format", report_format)] if options.format else [])
    chosen = [(name, lambda function=function: function(options, tree)) for name, function in cases
              if not options.cases or name in options.cases]
    tap.run(chosen, limit=120)


if __name__ == "__main__":
    main()

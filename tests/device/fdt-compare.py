#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the device tree of the sPAPR machine with QEMU's.

The trees that QEMU 7.2 makes are stored in fdt-golden.json.gz; "fdt-compare.py --update [NAME...]"
makes them anew with qemu-system-ppc64. A difference is accepted only if a row of ACCEPTED below
gives its reason, and a row that excuses nothing in any configuration fails too.
"""
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
GOLDEN = os.path.join(HERE, "fdt-golden.json.gz")
MACHINE = "pseries-7.2"
TWO_NODES = [
    "-cpu", "power9_v2.0", "-smp", "4", "-m", "2G", "-object", "memory-backend-ram,id=m0,size=1G",
    "-object", "memory-backend-ram,id=m1,size=1G", "-numa", "node,nodeid=0,cpus=0-1,memdev=m0",
    "-numa", "node,nodeid=1,cpus=2-3,memdev=m1"
]
TWO_NODES_OWN = ["-cpu", "power9_v2.0", "-smp", "4", "-m", "2G",
                 "-numa", "node,nodeid=0,cpus=0-1,mem=1G", "-numa", "node,nodeid=1,cpus=2-3,mem=1G"]
VERSIONS = ("6.2", "6.1", "5.2", "5.1", "4.2", "4.1", "4.0", "3.1", "3.0", "2.12")
DISTANCES = ["-numa", "dist,src=0,dst=1,val=80", "-numa", "dist,src=0,dst=2,val=160", "-numa",
             "dist,src=1,dst=2,val=40"]

# Options, what follows the machine's name, and options where ours must differ: memory of nodes is
# given by size, there are no memory back ends yet.
CONFIGURATIONS = {
    "power9": (["-cpu", "power9_v2.0"], ""),
    "power9-smp4-2g": (["-cpu", "power9_v2.0", "-smp", "4,maxcpus=4", "-m", "2G"], ""),
    "power9-xive": (["-cpu", "power9_v2.0", "-smp", "2"], ",ic-mode=xive"),
    "power9-xics": (["-cpu", "power9_v2.0", "-m", "1G"], ",ic-mode=xics"),
    "power9-as-power8": (["-cpu", "power9_v2.0"], ",max-cpu-compat=power8"),
    "power9-names":
    (["-cpu", "power9_v2.0", "-name", "guest", "-uuid",
      "11223344-5566-7788-99aa-bbccddeeff00"], ",host-model=model,host-serial=serial"),
    "power9-numa": (TWO_NODES, "", TWO_NODES_OWN),
    "version-5.1-numa": (TWO_NODES, "pseries-5.1", TWO_NODES_OWN),
    "version-4.2-numa": (TWO_NODES, "pseries-4.2", TWO_NODES_OWN),
    "power9-numa-distances":
    (["-cpu", "power9_v2.0", "-smp", "3", "-m", "768M"] +
     [word for i in range(3) for word in ("-object", f"memory-backend-ram,id=m{i},size=256M")] +
     [word for i in range(3)
      for word in ("-numa", f"node,nodeid={i},cpus={i},memdev=m{i}")] + DISTANCES, "",
     ["-cpu", "power9_v2.0", "-smp", "3", "-m", "768M"] +
     [word for i in range(3)
      for word in ("-numa", f"node,nodeid={i},cpus={i},mem=256M")] + DISTANCES),
    "power8": (["-cpu", "power8_v2.0", "-smp", "2"], ""),
    "power8-small-pages": (["-cpu", "power8_v2.0"], ",cap-hpt-max-page-size=4k"),
    "power7": (["-cpu", "power7_v2.3"], ""),
    **{f"version-{version}": (["-smp", "2"], f"pseries-{version}")
       for version in VERSIONS},
    "disks": ([
        "-device", "spapr-vscsi,id=v", "-device", "spapr-vscsi,reg=0x5000", "-device",
        "scsi-cd,bus=v.0,scsi-id=5,channel=2,lun=4,bootindex=7", "-device",
        "scsi-cd,bus=v.0,bootindex=2", "-boot", "menu=on"
    ], ""),
    "970mp": (["-cpu", "970mp_v1.1", "-m",
               "256M"], ",cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken"),
}

# (regular expression for "node property" or "node", reason). Nothing here is needed to boot Linux.
ACCEPTED = [
    (r"missing /(cpus|pci@800000020000000)? ibm,drc-(indexes|names|power-domains|types)",
     "nothing can be plugged in yet"),
    (r"missing /(cpus/[^ ]*|pci@800000020000000) ibm,my-drc-index",
     "nothing can be plugged in yet"),
    (r"missing /event-sources/hot-plug-events", "nothing can be plugged in yet"),
    (r"different /event-sources interrupt-ranges", "no interrupt for plugging events yet"),
    (r"missing /ibm,persistent-memory", "no persistent memory devices yet"),
    (r"extra /(event-sources|vdevice) interrupt-parent", "what PAPR implies is written down here"),
    (r"(extra|missing) /cpus/PowerPC,(970|UNKNOWN)@0", "the name that the processor has"),
    (r"different /rtas ibm,lrdr-capacity",
     "begins with the end of memory, for which QEMU has 0 without maxmem"),
    (r"different /interrupt-controller@60302031b0000 ibm,xive-eq-sizes",
     "all sizes the hypercall takes"),
]


def parse(blob):
    """{node path: {property: hex digits}} of a flattened tree; memory reservations as node
    "reserve".
    """
    magic, _, off_struct, off_strings, off_reserve = struct.unpack(">5I", blob[:20])
    if magic != 0xd00dfeed:
        raise ValueError("not a device tree")
    tree, path, at = {}, [], off_struct
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            tree["/" + "/".join(path[1:])] = {}
            at = end + 4 & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            size, name = struct.unpack_from(">II", blob, at)
            end = blob.index(b"\0", off_strings + name)
            tree["/" + "/".join(path[1:])][blob[off_strings +
                                                name:end].decode()] = blob[at + 8:at + 8 +
                                                                           size].hex()
            at += 8 + (size + 3 & ~3)
        elif token == 9:
            break
    reserve = []
    while True:
        entry = struct.unpack_from(">QQ", blob, off_reserve)
        if entry == (0, 0):
            break
        reserve.append("%x+%x" % entry)
        off_reserve += 16
    if reserve:
        tree["reserve"] = {"entries": " ".join(reserve)}
    return tree


def dump(emulator, name):
    options, machine, *own = CONFIGURATIONS[name]
    if own and "qemu" not in os.path.basename(emulator):
        options = own[0]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tree.dtb")
        version = "" if machine.startswith("pseries") else MACHINE
        command = [
            emulator, "-M", f"{version}{machine},dumpdtb={path}", "-display", "none", "-nodefaults",
            "-serial", "null"
        ] + options
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, check=False)
        if not os.path.exists(path):
            raise RuntimeError(done.stdout.decode(errors="replace"))
        with open(path, "rb") as file:
            return parse(file.read())


def clean(tree):
    """Without what is random or differs from run to run."""
    tree.get("/chosen", {}).pop("rng-seed", None)
    return tree


def differences(golden, ours):
    for node in sorted(set(golden) | set(ours)):
        if node not in ours or node not in golden:
            yield node, "missing" if node not in ours else "extra", None, None
            continue
        for name in sorted(set(golden[node]) | set(ours[node])):
            a, b = golden[node].get(name), ours[node].get(name)
            if a != b:
                kind = "missing" if b is None else "extra" if a is None else "different"
                yield f"{node} {name}", kind, a, b


def text(value):
    if value is None:
        return "-"
    raw = bytes.fromhex(value) if re.fullmatch(r"([0-9a-f]{2})*", value) else value.encode()
    if raw[-1:] == b"\0" and len(raw) > 1 and all(32 <= c < 127 or c == 0 for c in raw):
        return " ".join(f'"{part}"' for part in raw[:-1].decode().split("\0"))
    return value[:200] or "(empty)"


def main():
    if "--update" in sys.argv:
        names = sys.argv[sys.argv.index("--update") + 1:]
        golden = {}
        if names:
            with gzip.open(GOLDEN) as file:
                golden = json.load(file)
        golden.update(
            {name: clean(dump("qemu-system-ppc64", name))
             for name in names or CONFIGURATIONS})
        with open(GOLDEN, "wb") as file:
            file.write(gzip.compress(json.dumps(golden, sort_keys=True).encode(), mtime=0))
        return 0
    emulator = os.environ.get("GOSSAMER_EMULATOR", "build/gossamer-system-ppc64")
    with gzip.open(GOLDEN) as file:
        golden = json.load(file)
    used, failed, number = set(), False, 0
    print(f"1..{len(CONFIGURATIONS) + 1}", flush=True)
    for number, name in enumerate(CONFIGURATIONS, 1):
        bad = []
        for what, kind, a, b in differences(golden[name], clean(dump(emulator, name))):
            row = next((i for i, (pattern, _) in enumerate(ACCEPTED)
                        if re.fullmatch(pattern, f"{kind} {what}")), None)
            if row is None:
                bad.append(f"# {kind} {what}: {text(a)} -> {text(b)}")
            else:
                used.add(row)
        print("\n".join(bad + [f"{'not ' if bad else ''}ok {number} - {name}"]), flush=True)
        failed = failed or bool(bad)
    ours = "qemu" not in os.path.basename(emulator)
    unused = [ACCEPTED[i][0] for i in range(len(ACCEPTED)) if ours and i not in used]
    for pattern in unused:
        print(f"# accepted, but does not occur: {pattern}")
    print(f"{'not ' if unused else ''}ok {number + 1} - every accepted difference occurs")
    return 1 if failed or unused else 0


if __name__ == "__main__":
    sys.exit(main())

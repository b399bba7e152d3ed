#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares instruction vectors with an oracle, or stores its results as golden files.

  gen-vectors.py --harness BUILD/tests/tcg/ppc-vectors live [GROUP ...]
  gen-vectors.py --harness BUILD/tests/tcg/ppc-vectors golden [GROUP ...]

"live" runs new random vectors through the oracle and the harness; "golden" makes vectors-GROUP.gz
anew, and vectors-GROUP-be.gz for big-endian mode and vectors-GROUP-32.gz for a 32-bit processor
where the group has them.  The oracle is ppc-oracle.c, built with Debian's cross compilers (and
libc6-dev-powerpc-cross) and run by qemu-ppc64le, qemu-ppc64 and qemu-ppc.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = ["int", "fp", "dfp", "vmx", "vsx", "seq"]
# How each group is run.  Big-endian mode shows mistakes in lane numbering, too.
VARIANTS = {
    "int": ["", "-be", "-32"], "fp": ["", "-be", "-32"], "vmx": ["", "-be", "-32"], "vsx":
    ["", "-be"]
}

# Per variant: compiler, emulator, model, options of the harness.
ORACLES = {
    "": ("powerpc64le-linux-gnu-gcc", ["-mcpu=power8"], "qemu-ppc64le", "power9_v2.0", []),
    "-be": ("powerpc64-linux-gnu-gcc", ["-mcpu=power8"], "qemu-ppc64", "power9_v2.0",
            ["--big-endian"]),
    "-32": ("powerpc-linux-gnu-gcc", [], "qemu-ppc", "7447a", ["--big-endian", "--32"]),
}


def fail(text):
    print("gen-vectors: " + text, file=sys.stderr)
    sys.exit(1)


def build_oracle(variant, directory):
    compiler, options = ORACLES[variant][:2]
    if not shutil.which(compiler):
        fail(compiler + " is not installed")
    program = os.path.join(directory, "oracle" + variant)
    if not os.path.exists(program):
        subprocess.run([compiler, "-std=gnu11", "-O1", "-static", "-Wno-array-bounds", *options,
                        "-o", program, os.path.join(HERE, "ppc-oracle.c")], check=True)
    return program


def run_oracle(variant, directory, source, result):
    emulator, model = ORACLES[variant][2:4]
    if not shutil.which(emulator):
        fail(emulator + " is not installed")
    subprocess.run([emulator, "-cpu", model, build_oracle(variant, directory), source, result],
                   check=True)


def one_run(args, group, variant, directory):
    base = [args.harness, "--group", group] + ORACLES[variant][4]
    if args.rows:
        base += ["--rows", args.rows]
    if args.count:
        base += ["--count", str(args.count)]
    seed = args.seed
    if args.command == "live" and seed is None:
        seed = random.randrange(1, 1 << 40)
    base += ["--seed", str(seed or 0)]
    source = os.path.join(directory, "input")
    result = os.path.join(directory, "output")
    subprocess.run(base + ["--write-input", source], check=True)
    if os.path.getsize(source) == 0:
        print(f"# {group}: no rows")
        return True
    run_oracle(variant, directory, source, result)
    if args.command == "golden":
        name = f"vectors-{group}{variant}.gz"
        target = os.path.join(HERE, name)
        subprocess.run(base + ["--input", source, "--output", result, "--pack", target], check=True)
        print(f"# {name}: {os.path.getsize(target)} bytes")
        return True
    print(f"# {group}{variant}, seed {seed}", flush=True)
    ok = True
    for backend in args.backend.split(","):
        check = subprocess.run(base + ["--input", source, "--output", result, "--backend", backend,
                                       "--verbose", str(args.verbose)])
        ok = ok and check.returncode == 0
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--harness", required=True, help="the ppc-vectors program")
    parser.add_argument("--rows", help="glob of mnemonics")
    parser.add_argument("--count", type=int, help="vectors per row")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--backend", default="interp", help="back ends for live runs, with commas")
    parser.add_argument("--verbose", type=int, default=10, help="differences to print in full")
    parser.add_argument("command", choices=["live", "golden"])
    parser.add_argument("group", nargs="*", help=" ".join(GROUPS))
    args = parser.parse_args()
    ok = True
    with tempfile.TemporaryDirectory(prefix="gossamer-vectors-") as directory:
        for group in args.group or GROUPS:
            if group not in GROUPS:
                fail(f"no group '{group}'")
            for variant in VARIANTS.get(group, [""]):
                ok = one_run(args, group, variant, directory) and ok
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/vmstate-check: the emulator's own description against copies with one thing changed.

vmstate-check.py PROGRAM
"""
import copy
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402

TOOL = os.path.join(HERE, "..", "..", "scripts", "vmstate-check")
FOLDER = tempfile.TemporaryDirectory()


def dump(program, *options):
    path = os.path.join(FOLDER.name, "dump.json")
    subprocess.run([program, "-display", "none", "-nodefaults", *options, "-dump-vmstate", path],
                   check=True, stdin=subprocess.DEVNULL)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def run(old, new, *options):
    paths = []
    for name, data in (("old", old), ("new", new)):
        paths.append(os.path.join(FOLDER.name, name))
        with open(paths[-1], "w", encoding="utf-8") as file:
            json.dump(data, file)
    result = subprocess.run([sys.executable, TOOL, *options, *paths], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, check=False)
    assert result.returncode in (0, 1), result.stderr.decode()
    lines = result.stdout.decode().splitlines()
    assert (result.returncode == 0) == (not lines), (result.returncode, lines)
    return lines


class Tests:
    def __init__(self, program):
        self.program = program
        self.data = dump(program, "-M", "pseries-7.2")

    def changed(self, change):
        data = copy.deepcopy(self.data)
        change(data)
        return data

    def expect(self, change, words, *options, lines=1):
        """One complaint, with those words."""
        found = run(self.data, self.changed(change), *options)
        assert len(found) == lines and all(w in found[0] for w in words), (words, found)

    def fine(self, change, *options):
        found = run(self.data, self.changed(change), *options)
        assert not found, found

    def same(self):
        assert len(self.data) > 15
        self.fine(lambda d: None, "--both")

    def machines(self):
        other = dump(self.program, "-M", "pseries-8.2")
        found = run(self.data, other)
        assert len(found) == 1 and "pseries-7.2 became pseries-8.2" in found[0], found
        # XICS alone: the other controller's sections are gone.
        found = run(self.data, dump(self.program, "-M", "pseries-7.2,ic-mode=xics"))
        assert {line.split(":")[0]
                for line in found} == {"xive-source", "spapr-xive", "xive-tctx"}, found

    def sections(self):
        self.expect(lambda d: d.pop("PCIBUS"), ["PCIBUS", "gone"])
        self.expect(lambda d: d.update(extra=dict(d["PCIBUS"])), ["extra", "is new"])
        self.fine(lambda d: d.update(extra=dict(d["PCIBUS"], optional=True)))
        self.expect(lambda d: d["ram"].update(version_id=5, minimum_version_id=5),
                    ["ram", "5 is the lowest"], lines=2)
        self.expect(lambda d: d["ram"].update(version_id=3), ["ram", "3 is the highest"])
        self.fine(lambda d: d["ram"].update(version_id=5))
        self.expect(lambda d: d["ram"].update(version_id=5), ["backwards: ram", "4 is the highest"],
                    "--both")

    @staticmethod
    def cpu(data):
        return data["cpu"]["Description"]

    def versions(self):
        def raised(data):
            for row in (data["spapr_iommu"], data["spapr_iommu"]["Description"]):
                row["minimum_version_id"] = 3

        self.expect(raised, ["spapr_iommu", "from 2 on were loaded, now from 3 on"])

        def lower(data):
            for row in (data["spapr_iommu"], data["spapr_iommu"]["Description"]):
                row["version_id"] = 2

        self.expect(lower, ["spapr_iommu", "version 3 is sent, 2 is the highest"])

    def fields(self):
        def field(data, name):
            return next(f for f in self.cpu(data)["Fields"] if f["field"] == name)

        def rename(data):
            field(data, "env.nip")["field"] = "env.pc"

        self.expect(rename, ["cpu", "'env.nip' (uint64) is now 'env.pc' (uint64)"])
        self.fine(rename, "--ignore-names")
        self.expect(lambda d: field(d, "env.nip").update(type="uint32"),
                    ["had type uint64, has uint32"])
        self.expect(lambda d: field(d, "env.gpr").update(num=31),
                    ["'env.gpr' had 32 elements, has 31"])
        self.expect(lambda d: field(d, "env.nip").update(field_exists=True),
                    ["'env.nip' depends on a condition"])
        self.expect(lambda d: self.cpu(d)["Fields"].remove(field(d, "env.nip")),
                    ["'env.nip' (uint64) is gone"])
        # In memory a struct or a timer may have any size.
        self.fine(lambda d: field(d, "env.nip").update(size=99))
        nvram = "nvram@71000000/spapr_nvram"
        buffer = next(f for f in self.data[nvram]["Description"]["Fields"] if f["type"] == "buffer")
        index = self.data[nvram]["Description"]["Fields"].index(buffer)
        self.expect(lambda d: d[nvram]["Description"]["Fields"][index].update(size=100),
                    ["65536 bytes, has 100"])

        def order(data):
            rows = self.cpu(data)["Fields"]
            i = rows.index(field(data, "env.gpr"))
            rows[i], rows[i + 1] = rows[i + 1], rows[i]

        self.expect(order, ["order changed, from 'env.gpr' on"])

        def retire(data):
            row = field(data, "env.nip")
            row.clear()
            row.update(field="unused", version_id=0, field_exists=False, size=8,
                       type="unused_buffer")

        self.fine(retire, "--both")

        def too_short(data):
            retire(data)
            row = next(f for f in self.cpu(data)["Fields"]
                       if f["field"] == "unused" and f["size"] == 8)
            row["size"] = 4

        self.expect(too_short, ["became 'unused'"])

    def new_fields(self):
        def add(version):
            def change(data):
                row = {
                    "field": "env.brand_new", "version_id": version, "field_exists": False, "size":
                    8, "type": "uint64"
                }
                self.cpu(data)["Fields"].append(row)
                if version > 5:
                    data["cpu"]["version_id"] = self.cpu(data)["version_id"] = version
            return change

        self.expect(add(0), ["'env.brand_new' (uint64) is new in version 5"])
        self.fine(add(6))
        self.expect(add(6), ["backwards: cpu", "version 6 is sent, 5 is the highest"], "--both")

        def first(data):
            self.cpu(data)["Fields"].insert(
                1, {
                    "field": "env.brand_new", "version_id": 0, "field_exists": False, "size": 8,
                    "type": "uint64"
                })

        self.expect(first, ["'env.brand_new' (uint64) is new in version 5"])

    def subsections(self):
        def lose(data):
            rows = self.cpu(data)["Subsections"]
            rows[:] = [r for r in rows if r["name"] != "cpu/altivec"]

        self.expect(lose, ["cpu", "'cpu/altivec' is gone"])

        def gain(data):
            self.cpu(data)["Subsections"].append(
                {"name": "cpu/new", "version_id": 1, "minimum_version_id": 1, "Fields": []})

        self.fine(gain)
        self.expect(gain, ["backwards: cpu", "'cpu/new' is gone"], "--both")

        def inside(data):
            row = next(r for r in self.cpu(data)["Subsections"] if r["name"] == "cpu/fpu")
            row["Fields"].pop()

        self.expect(inside, ["cpu <cpu/fpu>", "'env.fpscr' (uint64) is gone"])

    def structs(self):
        def inner(data):
            vty = data["vty@71000000/spapr_vty"]["Description"]
            parent = next(f for f in vty["Fields"] if "Description" in f)
            parent["Description"]["Fields"][1]["type"] = "uint16"

        data = dump(self.program, "-M", "pseries-7.2", "-serial", "null")
        other = copy.deepcopy(data)
        inner(other)
        found = run(data, other)
        assert len(found) == 1 and "spapr_vty.parent" in found[0] and "uint16" in found[0], found

    def damaged(self):
        path = os.path.join(FOLDER.name, "damaged")
        good = os.path.join(FOLDER.name, "old")
        run(self.data, self.data)
        for text in ("", "{", "[]", "{}", "null", '{"vmschkmachine": {}, "x": {}}',
                     '{"vmschkmachine": {}, "x": 3}'):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            result = subprocess.run([sys.executable, TOOL, good, path], stderr=subprocess.PIPE,
                                    check=False)
            assert result.returncode == 2 and result.stderr.count(b"\n") == 1, (text, result)
        result = subprocess.run([sys.executable, TOOL, good, path + ".none"],
                                stderr=subprocess.PIPE, check=False)
        assert result.returncode == 2


def main():
    tests = Tests(sys.argv[1])
    tap.run([(name, getattr(tests, name))
             for name in ("same", "machines", "sections", "versions", "fields", "new_fields",
                          "subsections", "structs", "damaged")], limit=120)


if __name__ == "__main__":
    main()

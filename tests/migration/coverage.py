#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Proves that no byte of a state struct is forgotten, and none is taken care of twice.

coverage.py [--source DIR] DUMP-STATE PROGRAM
                                        runs the tests (TAP): the program as it is, and every row
                                        taken
                                        out or doubled in a copy of the data, which must be noticed
coverage.py --show DUMP-STATE PROGRAM   prints for each struct what covers each member coverage.py
--drop STRUCT:ROW ...       judges without a row (a field's or a member's name), as a demonstration

Each member of a struct that a description names must be in exactly one of: a field, derived,
immutable, host_only, elsewhere. What a struct begins with and what is described itself
(DeviceState, CPUState) is covered there. docs/devel/vmstate.md says what the words mean.
"""
import argparse
import copy
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

LISTS = ("derived", "immutable", "host_only", "elsewhere")


class Layout:
    """A struct as the compiler laid it out."""

    def __init__(self, definition):
        self.size = definition["size"]
        self.members = definition["members"]
        self.leaves = []            # (path, first byte, last byte + 1)
        self._flatten(self.members, 0, "")

    def _flatten(self, members, base, prefix):
        for member in members:
            path = prefix + member["name"]
            start = base + member["offset"]
            inner = member.get("members")
            if not inner:
                self.leaves.append((path, start, start + member.get("size", 0)))
                continue
            for index in range(member["count"]):
                name = path if member["count"] == 1 else f"{path}[{index}]"
                # An anonymous struct's members are the outer one's.
                self._flatten(inner, start + index * member["element"],
                              name + "." if member["name"] else prefix)

    def find(self, path):
        """Ranges of a member: "a", "a.b", "a.b" in each element where a is an array; and its
        row.
        """
        return self._find(self.members, 0, path.split("."))

    def _find(self, members, base, words):
        for member in members:
            start = base + member["offset"]
            inner = member.get("members", [])
            if not member["name"]:
                found = self._find(inner, start, words)
                if found:
                    return found
            elif member["name"] == words[0]:
                if len(words) == 1:
                    return [(start, start + member["size"])], member
                ranges, row = [], None
                for index in range(member["count"]):
                    found = self._find(inner, start + index * member["element"], words[1:])
                    if not found:
                        return None
                    ranges += found[0]
                    row = found[1]
                return (ranges, row) if row else None
        return None


def name_of_field(field):
    """A field's member: the macro's text, without an index."""
    return field["name"].split("[")[0].replace("->", ".")


class Judge:
    def __init__(self, data):
        self.data = data
        self.rows = data["descriptions"]
        self.problems = []
        self.layouts = {}
        self.pools = {}             # struct -> numbers of descriptions
        self.claims = {}            # struct -> [bytes' claims]
        self._collect()

    def problem(self, text):
        if text not in self.problems:
            self.problems.append(text)

    # ---- Which descriptions there are, and of which struct ----

    def _collect(self):
        roots = [s["description"] for s in self.data["sections"] if "description" in s]
        roots += [c["description"] for c in self.data["classes"] if "description" in c]
        for number in roots + self.data["bases"]:
            self._visit(number, None, False)

    def _visit(self, number, outer, cleared):
        """cleared: an outer description's pre_load has seen to what may be missing."""
        row = self.rows[number]
        struct = row.get("struct", outer)
        if struct is None:
            self.problem(f"{row['name']}: names no struct (VMSTATE_STRUCT_AUDIT)")
            return
        if outer and struct != outer:
            self.problem(f"{row['name']}: a subsection of {outer} that names {struct}")
        pool = self.pools.setdefault(struct, [])
        if number in pool:
            return
        pool.append(number)
        for field in row["fields"]:
            if "description" in field:
                self._visit(field["description"], None, False)
        for part in row["parts"]:
            self._visit(part, None, False)
        optional = [n for n in row["subsections"] if self.rows[n]["needed"]]
        cleared = cleared or row["pre_load"]
        if optional and not cleared:
            self.problem(
                f"{row['name']}: subsections that may be missing, but no pre_load that sets what "
                "they "
                "carry")
        for subsection in row["subsections"]:
            self._visit(subsection, struct, cleared)

    def _layout(self, struct):
        sizes = {self.rows[n]["size"] for n in self.pools[struct] if "size" in self.rows[n]}
        found = [d for d in self.data["structs"].get(struct, []) if d["size"] in sizes]
        if len(sizes) != 1 or not found:
            self.problem(f"{struct}: not in the debug information with {sorted(sizes)} bytes")
            return None
        if len(found) > 1:
            self.problem(
                f"{struct}: {len(found)} different structs of that name and size; rename one")
            return None
        return Layout(found[0])

    # ---- What covers what ----

    def _claim(self, struct, ranges, row, what, alias):
        claims = self.claims[struct]
        for start, end in ranges:
            if end > len(claims):
                self.problem(f"{struct}: {what} ends behind the struct")
                return
            for at in range(start, end):
                claims[at].append((row["name"], what, alias))

    def _field_ranges(self, struct, layout, row, field):
        kind = field["kind"]
        if kind == "nothing":
            return []
        if kind == "pointer":
            return [(field["offset"], field["offset"] + 8)]
        if kind == "member":
            found = layout.find(name_of_field(field))
            if not found:
                self.problem(f"{row['name']}.{field['name']}: no such member in {struct}")
                return []
            return found[0]
        part, size = field.get("part", [0, field["size"]])
        return [(field["offset"] + i * field["size"] + part,
                 field["offset"] + i * field["size"] + part + size) for i in range(field["count"])]

    def _check_type(self, struct, layout, row, field):
        """A struct's field has the description of that struct."""
        inner = self.rows[field["description"]]
        found = layout.find(name_of_field(field))
        if found and field["struct"] and found[1].get("type") != inner.get("struct"):
            self.problem(
                f"{row['name']}.{field['name']}: the member is {found[1].get('type')}, the "
                "description "
                f"'{inner['name']}' is of {inner.get('struct')}")

    def _fields(self, struct, layout, row):
        for field in row["fields"]:
            if "description" in field:
                self._check_type(struct, layout, row, field)
            self._claim(struct, self._field_ranges(struct, layout, row, field), row,
                        "field " + field["name"], field["name"] in row["aliases"])

    def _lists(self, struct, layout, row):
        for kind in LISTS:
            for name in row[kind]:
                found = layout.find(name)
                if not found:
                    self.problem(
                        f"{row['name']}: {kind} names '{name}', which is no member of {struct}")
                else:
                    self._claim(struct, found[0], row, f"{kind} {name}", False)
        if row["derived"] and not row["post_load"]:
            self.problem(f"{row['name']}: derived members, but no post_load that sets them")
        for name in row["aliases"]:
            if name not in [f["name"] for f in row["fields"]]:
                self.problem(f"{row['name']}: alias '{name}' is no field of it")

    # ---- The verdict ----

    def _judge_bytes(self, struct, layout):
        claims = self.claims[struct]
        used_aliases = set()
        for path, start, end in layout.leaves:
            for at in range(start, end):
                row = claims[at]
                plain = [c for c in row if not c[2]]
                if not row:
                    self.problem(f"{struct}.{path}: in no list and no field")
                elif not plain:
                    self.problem(f"{struct}.{path}: only fields that are marked as aliases")
                elif len(plain) > 1:
                    self.problem(f"{struct}.{path}: covered twice: {plain[0][0]} ({plain[0][1]}), "
                                 f"{plain[1][0]} ({plain[1][1]})")
                if len(row) > 1 and len(plain) == 1:
                    used_aliases |= {c[:2] for c in row if c[2]}
        for number in self.pools[struct]:
            row = self.rows[number]
            for name in row["aliases"]:
                if (row["name"], "field " + name) not in used_aliases:
                    self.problem(f"{row['name']}: alias '{name}' lies over no other field")

    def _base(self, struct, layout):
        """What the struct begins with takes care of itself if it has nothing to save or is a
        section.
        """
        first = layout.members[0] if layout.members else {}
        if first.get("type") not in self.pools or first.get("pointer") or first["count"] != 1:
            return
        sections = {s["description"] for s in self.data["sections"] if "description" in s}
        saving = [n for n in self.pools[first["type"]] if self.rows[n]["fields"]]
        if not saving or sections.intersection(self.pools[first["type"]]):
            self._claim(struct, [(0, first["size"])], {"name": "its own descriptions"},
                        first["type"], False)

    def _bits(self, struct, layout):
        for member in layout.members:
            if member.get("bits"):
                self.problem(
                    f"{struct}.{member['name']}: a bit-field; its bytes cannot be told apart")

    def _classes(self):
        for row in self.data["classes"]:
            if row["abstract"]:
                continue
            if "description" not in row:
                self.problem(f"device class {row['name']}: no description of its state")
                continue
            inner = self.rows[row["description"]]
            if inner.get("size") != row["size"]:
                self.problem(
                    f"device class {row['name']}: its struct has {row['size']} bytes, that of "
                    f"'{inner['name']}' {inner.get('size')}")

    def judge(self, only=None):
        """only: no other structs than this."""
        self._classes()
        for struct in self.pools if only is None else [only] if only in self.pools else []:
            layout = self._layout(struct)
            if not layout:
                continue
            self.layouts[struct] = layout
            self.claims[struct] = [[] for _ in range(layout.size)]
            for number in self.pools[struct]:
                row = self.rows[number]
                self._fields(struct, layout, row)
                self._lists(struct, layout, row)
            self._base(struct, layout)
            self._bits(struct, layout)
            self._judge_bytes(struct, layout)
        return self.problems


def judge(data, only=None):
    return Judge(data).judge(only)


# ---- Copies of the data with one row changed ----

def every_row(data):
    """(struct, number of description, kind, index) of each row that covers something."""
    for struct, pool in Judge(data).pools.items():
        for number in pool:
            row = data["descriptions"][number]
            for index, field in enumerate(row["fields"]):
                if field["kind"] != "nothing":
                    yield struct, number, "fields", index
            for kind in LISTS:
                for index in range(len(row[kind])):
                    yield struct, number, kind, index


def changed(data, number, kind, change):
    result = dict(data)
    result["descriptions"] = list(data["descriptions"])
    row = result["descriptions"][number] = dict(data["descriptions"][number])
    row[kind] = copy.copy(row[kind])
    change(row[kind])
    return result


def text_of(data, number, kind, index):
    row = data["descriptions"][number]
    entry = row[kind][index]
    return f"{row['name']}: {kind} {entry if isinstance(entry, str) else entry['name']}"


def structs_in_source(folder):
    """Every struct that a description in the source names, and the file."""
    found = {}
    for path, folders, files in os.walk(folder):
        folders[:] = [
            f for f in folders if f not in ("tests", ".git") and not f.startswith("build")
        ]
        for name in files:
            if name.endswith(".c"):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    for struct in re.findall(r"VMSTATE_STRUCT_AUDIT\((\w+)\)", file.read()):
                        found[struct] = os.path.relpath(os.path.join(path, name), folder)
    return found


class Tests:
    def __init__(self, data, source):
        self.data = data
        self.source = source

    def clean(self):
        problems = judge(self.data)
        assert not problems, "\n".join(problems)
        judged = Judge(self.data)
        judged.judge()
        tap.diagnostic(
            f"{len(judged.pools)} structs of {sum(l.size for l in judged.layouts.values())} bytes, "
            f"{len(list(every_row(self.data)))} rows")

    def known(self):
        """The data is what it should be: the structs everybody knows are in it."""
        pools = Judge(self.data).pools
        for struct in ("PowerPCCPU", "CPUState", "SpaprMachine", "SpaprCpuState", "XiveState",
                       "XicsState", "SpaprVty", "VioDevice", "DeviceState", "ClockState",
                       "GlobalState", "SpaprTceTable"):
            assert struct in pools, struct
        assert len(self.data["sections"]) > 15

    def reached(self):
        """A description that no section, class, field or .parts leads to would not be proved."""
        if not self.source:
            raise tap.Skip("no source folder given")
        named = structs_in_source(self.source)
        assert len(named) > 25, named
        pools = Judge(self.data).pools
        lost = [f"{file}: the description of {struct} is reached from nowhere; name it in .parts"
                for struct, file in sorted(named.items()) if struct not in pools]
        assert not lost, "\n".join(lost)

    def removed(self):
        """Taking out any row of any description is noticed; an alias's twin covers what it
        leaves.
        """
        quiet = []
        for struct, number, kind, index in every_row(self.data):
            row = self.data["descriptions"][number]
            entry = row[kind][index]
            if kind == "fields" and entry["name"] in row["aliases"]:
                continue            # the alias's own list is then wrong: tested by "aliases"
            if not judge(changed(self.data, number, kind, lambda rows, i=index: rows.pop(i)),
                         struct):
                quiet.append(text_of(self.data, number, kind, index))
        assert not quiet, "not noticed when missing:\n" + "\n".join(quiet)

    def aliases(self):
        """Taking out a field that is an alias leaves a name in the list of them; one that lies
        alone is no alias.
        """
        quiet, found = [], 0
        for number, row in enumerate(self.data["descriptions"]):
            for name in row.get("aliases", []):
                found += 1
                kept = [f for f in row["fields"] if f["name"] != name]
                if not judge(
                        changed(self.data, number, "fields",
                                lambda rows, k=kept: rows.__setitem__(slice(None), k)),
                        row.get("struct")):
                    quiet.append(f"{row['name']}.{name}")
        assert found and not quiet, \
            f"{found} aliases; not noticed when missing:\n" + "\n".join(quiet)

    def doubled(self):
        """So is having one twice, in its own list or in another."""
        quiet = []
        for struct, number, kind, index in every_row(self.data):
            entry = self.data["descriptions"][number][kind][index]
            # (an alias may be there twice: it is an alias of its twin)
            if kind == "fields" and entry["name"] in self.data["descriptions"][number]["aliases"]:
                continue
            if not judge(changed(self.data, number, kind, lambda rows, e=entry: rows.append(e)),
                         struct):
                quiet.append(text_of(self.data, number, kind, index))
            if kind == "fields":
                continue
            other = "host_only" if kind != "host_only" else "immutable"
            if not judge(changed(self.data, number, other, lambda rows, e=entry: rows.append(e)),
                         struct):
                quiet.append(f"{text_of(self.data, number, kind, index)}, also in {other}")
        assert not quiet, "not noticed when doubled:\n" + "\n".join(quiet)

    def wrong(self):
        """Names that are no members, derived members without post_load, aliases of nothing."""
        data = self.data
        number = next(i for i, r in enumerate(data["descriptions"]) if r["name"] == "cpu")

        def expect(kind, change, words):
            problems = judge(changed(data, number, kind, change))
            assert any(words in p for p in problems), f"{words}: {problems}"

        expect("immutable", lambda rows: rows.append("nonsense"), "'nonsense', which is no member")
        expect("aliases", lambda rows: rows.append("env.nip"),
               "only fields that are marked as aliases")
        expect("aliases", lambda rows: rows.append("nonsense"), "is no field of it")
        no_post_load = changed(data, number, "fields", lambda rows: None)
        no_post_load["descriptions"][number]["post_load"] = False
        assert any("no post_load" in p for p in judge(no_post_load))
        no_pre_load = changed(data, number, "fields", lambda rows: None)
        no_pre_load["descriptions"][number]["pre_load"] = False
        assert any("no pre_load" in p for p in judge(no_pre_load))
        no_audit = changed(data, number, "fields", lambda rows: None)
        del no_audit["descriptions"][number]["struct"]
        assert any("names no struct" in p for p in judge(no_audit))

    def shapes(self):
        """A new member in any struct is noticed, wherever it is put."""
        for struct, definitions in self.data["structs"].items():
            if struct not in Judge(self.data).pools:
                continue
            data = dict(self.data)
            data["structs"] = dict(data["structs"])
            definition = copy.deepcopy(definitions[0])
            padding = {
                "name": "brand_new", "offset": definition["size"], "size": 8, "count": 1, "element":
                8
            }
            definition["members"].append(padding)
            definition["size"] += 8
            data["structs"][struct] = [definition]
            data["descriptions"] = [dict(r, size=r["size"] + 8) if r.get("struct") == struct else r
                                    for r in data["descriptions"]]
            assert any("brand_new: in no list" in p for p in judge(data, struct)), struct


def show(data):
    judged = Judge(data)
    problems = judged.judge()
    for struct, layout in sorted(judged.layouts.items()):
        print(f"{struct} ({layout.size} bytes)")
        last = None
        for path, start, end in layout.leaves:
            claims = judged.claims[struct][start] if end > start else []
            text = ", ".join(f"{what} [{name}]" for name, what, _ in claims) or "-"
            if (text, path.split("[")[0].split(".")[0]) != last:
                print(f"  {path:40} {text}")
            last = (text, path.split("[")[0].split(".")[0])
    return problems


def drop(data, what):
    """The data without a row: STRUCT:NAME."""
    struct, name = what.split(":")
    pools = Judge(data).pools
    found = False
    for number in pools.get(struct, []):
        row = data["descriptions"][number]
        for kind in LISTS:
            if name in row[kind]:
                data = changed(data, number, kind, lambda rows: rows.remove(name))
                found = True
        for field in row["fields"]:
            if field["name"] == name:
                data = changed(data, number, "fields", lambda rows, f=field: rows.remove(f))
                found = True
    if not found:
        sys.exit(f"coverage.py: nothing covers {what}")
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--source", metavar="DIR")
    parser.add_argument("--drop", action="append", default=[], metavar="STRUCT:ROW")
    parser.add_argument("dump_state")
    parser.add_argument("program")
    options = parser.parse_args()
    run = subprocess.run([options.dump_state, options.program], stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(f"{options.dump_state} failed with status {run.returncode}")
    data = json.loads(run.stdout)
    for what in options.drop:
        data = drop(data, what)
    if options.show or options.drop:
        problems = show(data) if options.show else judge(data)
        for text in problems:
            print(text)
        sys.exit(1 if problems else 0)
    tests = Tests(data, options.source)
    tap.run([(name, getattr(tests, name))
             for name in ("clean", "known", "reached", "removed", "aliases", "doubled", "wrong",
                          "shapes")], limit=240)


if __name__ == "__main__":
    main()

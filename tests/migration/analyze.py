#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""scripts/analyze-migration against the golden streams of QEMU, and against damage."""

import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.dont_write_bytecode = True
import tap  # noqa: E402

spec = importlib.util.spec_from_file_location("make_golden", os.path.join(HERE, "make-golden.py"))
make_golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_golden)
analyze = make_golden.analyze
STREAMS = make_golden.read_streams()


def tool(*arguments, status=0):
    result = subprocess.run([sys.executable, make_golden.TOOL, *arguments], capture_output=True,
                            text=True, check=False)
    assert result.returncode == status, \
        f"{arguments}: status {result.returncode}, not {status}: {result.stderr[:500]}"
    return result.stdout if status != 2 else result.stderr


class File:
    """A stream in a file of its own."""

    def __init__(self, data):
        self.data = data

    def __enter__(self):
        fd, self.path = tempfile.mkstemp()
        with os.fdopen(fd, "wb") as file:
            file.write(self.data)
        return self.path

    def __exit__(self, *_exception):
        os.unlink(self.path)


def names_of(stream):
    return [(s.name, s.instance) for s in stream.sections]


def every_section():
    """Every golden stream is read to its end by its description, each section by fields."""
    assert len(STREAMS) >= 12
    for name, data in STREAMS.items():
        stream = analyze.Stream(data)
        assert stream.own_description and not stream.left, name
        for section in stream.sections:
            raw = [f for f in section.fields if f[0] == "bytes"]
            assert not raw, f"{name}: {section.name} was not understood"
        names = names_of(stream)
        assert names[0] == ("ram", 0) and names[1] == ("spapr/htab", 0), names[:3]
        assert names[-1] == ("globalstate", 0), names[-1]
        assert ("spapr", 0) in names and ("PCIBUS", 0) in names and ("cpu", 0) in names


def values():
    """Fields have the values that the machine was started with."""
    stream = analyze.Stream(STREAMS["10.0-fresh"])
    table = {(s.name, s.instance): dict(analyze.merged_fields(s)) for s in stream.sections}
    assert table[("ram", 0)]["total"] == 512 << 20
    assert table[("spapr/htab", 0)]["shift"] in (22, "none (radix)"), table[("spapr/htab", 0)]
    assert table[("vty@71000000/spapr_vty", 0)]["sdev.irq"] == 0x1100
    assert table[("cpu", 0)]["env.spr"][287] == 0x004e1200
    assert table[("spapr_iommu", 0x80000000)]["mig_nb_table"] == 0x40000
    assert len(table[("nvram@71000001/spapr_nvram", 0)]["buf"]) == 65536


def text():
    with File(STREAMS["10.0-linux-radix"]) as path:
        out = tool(path)
        assert "configuration name = pseries-7.2\n" in out
        assert "ppc_spapr.ram = size 0x20000000, 0 pages, 0 zero pages" in out
        assert "spapr_iommu instance 0x80000001 version 3" in out
        only = tool("--section", "PCIBUS", path)
        assert only.count("instance") == 1 and "nirq = 4" in only, only
        data = json.loads(tool("--json", "--section", "timer", path))
        assert [s["name"] for s in data["sections"]] == ["timer"]
        assert data["sections"][0]["fields"][0][0] == "cpu_ticks_offset"


def difference():
    """Both dialects of one machine differ where they are known to."""
    with File(STREAMS["7.2-fresh"]) as a, File(STREAMS["10.0-fresh"]) as b:
        assert tool("--diff", a, a) == ""
        out = tool("--diff", a, b, status=1)
        assert "icp/server instance 0x0: only in the first" in out
        assert "<cpu/slb>: version 1 | version 2" in out
        assert "env.msr: 0 | 0x3000" in out
        assert "has_vm_was_suspended: only in the second" in out
        ignored = ["cpu", "icp/server", "spapr/rtc", "spapr", "globalstate"]
        assert tool("--diff", a, b, *[x for n in ignored for x in ("--ignore", n)]) == ""


def without_description():
    """Without JSON: sections are found by their footers; another stream's description can be
    lent.
    """
    data = STREAMS["10.0-linux-hash"]
    bare = data[:analyze.find_description(data)]
    stream = analyze.Stream(bare)
    assert names_of(stream) == names_of(analyze.Stream(data))
    assert not stream.own_description
    with File(bare) as a, File(data) as b:
        assert tool("--description", b, "--diff", a, b) == ""
        assert tool("--description", b, "--section", "cpu_common", a).count("halted") == 1
        assert "no description" in tool(a)


def truncated():
    """Cut anywhere, a stream gives one line of error."""
    data = STREAMS["10.0-linux-radix"]
    end = analyze.find_description(data)
    cuts = list(range(0, 200)) + random.Random(3).sample(range(200, end), 150)
    for cut in cuts:
        try:
            analyze.Stream(data[:cut])
        except analyze.StreamError as error:
            assert "0x" in str(error), error
        else:
            raise AssertionError(f"cut at {cut}: accepted")
    with File(data[:5000]) as path:
        message = tool(path, status=2)
        assert message.count("\n") == 1 and message.startswith("analyze-migration: "), message
    with File(b"no stream at all") as path:
        assert "QEVM" in tool(path, status=2)
    with File(b"\x1f\x8b damaged") as path:
        tool(path, status=2)
    tool("/nonexistent", status=2)


def damaged():
    """Flipped bits end in a message or in other values, never in another exception."""
    data = STREAMS["10.0-xics-p8"]
    rand = random.Random(5)
    end = analyze.find_description(data)
    places = list(range(0, 60)) + [rand.randrange(len(data)) for _ in range(30)] + \
        [rand.randrange(end, len(data)) for _ in range(60)]
    refused = 0
    for at in places:
        copy = bytearray(data)
        copy[at] ^= 1 << rand.randrange(8)
        try:
            analyze.Stream(bytes(copy))
        except analyze.StreamError:
            refused += 1
    assert refused > 30, refused


def main():
    tap.run([("every-section", every_section), ("values", values), ("text", text),
             ("difference", difference), ("without-description", without_description),
             ("truncated", truncated), ("damaged", damaged)])


if __name__ == "__main__":
    main()

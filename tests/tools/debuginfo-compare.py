#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what debuginfo-list says about a program with what llvm-dwarfdump and readelf say."""
import bisect
import re
import subprocess
import sys

LISTER, PROGRAM = sys.argv[1:3]
failures = 0


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def check(what, ours, theirs):
    """Two dictionaries must agree on the keys that both have, and have many."""
    global failures
    common = ours.keys() & theirs.keys()
    wrong = [key for key in common if ours[key] != theirs[key]]
    print(f"{what}: {len(common)} compared, {len(wrong)} differ")
    for key in sorted(wrong)[:5]:
        print(f"  at {key:x}: {ours[key]} here, {theirs[key]} there" if isinstance(key, int) else
              f"  {key}: {ours[key]} here, {theirs[key]} there")
    if wrong or not common:
        failures += 1


mine = [line.split() for line in output(LISTER, PROGRAM).splitlines()]

# Functions with code, their ranges, and the lists of their parameters' locations.
functions, ranges, parameters = set(), set(), {}
unit_is_rust, stack, expect = True, [], None
die_line = re.compile(r"^0x([0-9a-f]+):( +)(DW_TAG_\w+|NULL)")
range_line = re.compile(r"\[0x([0-9a-f]+), 0x([0-9a-f]+)\)")
text = output("llvm-dwarfdump", "--debug-info", "-v" if "-v" in sys.argv else "--show-form", PROGRAM)
dies = []
for line in text.splitlines():
    match = die_line.match(line)
    if match:
        die = {"offset": int(match[1], 16), "tag": match[3], "depth": len(match[2]), "attrs": {}}
        dies.append(die)
        attribute = None
        continue
    match = re.match(r"^ +(DW_AT_\w+)", line)
    if match and dies:
        attribute = match[1]
        dies[-1]["attrs"][attribute] = line
    elif dies and attribute:
        dies[-1]["attrs"][attribute] += "\n" + line


def number(text):
    return int(re.search(r"\((?:indexed \([0-9a-fx]+\) address = )?(0x[0-9a-f]+)", text)[1], 16)


path = []
for die in dies:
    if die["tag"] == "NULL":
        continue
    while path and path[-1]["depth"] >= die["depth"]:
        path.pop()
    path.append(die)
    attrs = die["attrs"]
    if die["tag"] == "DW_TAG_compile_unit":
        unit_is_rust = "DW_LANG_Rust" in attrs.get("DW_AT_language", "")
    if not unit_is_rust:
        continue
    if die["tag"] == "DW_TAG_subprogram":
        die["entry"] = None
        if "DW_AT_ranges" in attrs:
            found = [(int(a, 16), int(b, 16)) for a, b in range_line.findall(attrs["DW_AT_ranges"])]
        elif "DW_AT_low_pc" in attrs:
            low, high = number(attrs["DW_AT_low_pc"]), number(attrs["DW_AT_high_pc"])
            found = [(low, high if high > low else low + high)]
        else:
            found = []
        found = [(low, high) for low, high in found if low and low < high]
        if found:
            die["entry"] = found[0][0]
            functions.add(found[0][0])
            ranges.update(found)
    if die["tag"] == "DW_TAG_formal_parameter" and len(path) > 1 and path[-2]["tag"] == "DW_TAG_subprogram" and path[-2]["entry"]:
        # Out-of-line copies of inlined functions may list their parameters in another order.
        if "DW_AT_abstract_origin" in attrs:
            continue
        index = path[-2]["n"] = path[-2].get("n", -1) + 1
        location = attrs.get("DW_AT_location", "")
        if "DW_FORM_sec_offset" in location or "DW_FORM_loclistx" in location:
            parameters.setdefault((path[-2]["entry"], index),
                                  [(int(a, 16), int(b, 16)) for a, b in range_line.findall(location)
                                   if int(a, 16) < int(b, 16)])

ours = {int(f[1], 16) for f in mine if f[0] == "function"}
print(f"functions: {len(ours)} here, {len(functions)} there")
if ours != functions or not ours:
    failures += 1
    print("  only here:", [f"{x:x}" for x in sorted(ours - functions)[:5]],
          "only there:", [f"{x:x}" for x in sorted(functions - ours)[:5]])
my_ranges = {(int(f[1], 16), int(f[2], 16)) for f in mine if f[0] == "range"}
if not my_ranges <= ranges:
    failures += 1
    print("ranges only here:", sorted(my_ranges - ranges)[:5])

lists = {}
for f in mine:
    if f[0] == "parameter":
        found = [tuple(int(x, 16) for x in part.split(":")[0].split("-")) for part in f[3:]]
        if found and found != [(0, 0)]:
            lists[(int(f[1], 16), int(f[2]))] = found
check("location lists", lists, {key: value for key, value in parameters.items() if value})

# Lines: the last row at an address holds; a row holds up to the next.
rows, marked = {}, set()
for line in output("llvm-dwarfdump", "--debug-line", PROGRAM).splitlines():
    match = re.match(r"^0x([0-9a-f]{16}) +(\d+) +(\d+) +(\d+) +\d+ +\d+ +(.*)", line)
    if match:
        address = int(match[1], 16)
        if "end_sequence" in match[5]:
            rows.setdefault(address, None)
        else:
            rows[address] = (int(match[2]), int(match[3]))
        if "prologue_end" in match[5]:
            marked.add(address)
addresses = sorted(rows)
lines = {int(f[1], 16): (int(f[2]), int(f[3])) for f in mine if f[0] == "line"}
expected = {a: rows[addresses[bisect.bisect_right(addresses, a) - 1]] for a in lines}
check("lines", lines, expected)
prologues = {int(f[1], 16): int(f[2], 16) in marked for f in mine if f[0] == "prologue" and f[3] == "1"}
check("ends of prologues", prologues, dict.fromkeys(prologues, True))

# The CFA: readelf prints a table for each function.
names = {"rsp": 7, "rbp": 6, "sp": 31, "x29": 29}
names.update({name: i for i, name in enumerate(["rax", "rdx", "rcx", "rbx", "rsi", "rdi"])})
names.update({f"r{i}": i for i in range(8, 16)})
table, initial, cie = [], {}, None
for line in output("readelf", "--debug-dump=frames-interp", "-W", PROGRAM).splitlines():
    match = re.match(r"^([0-9a-f]{8}) .* CIE ", line)
    if match:
        cie = match[1]
        continue
    match = re.match(r"^[0-9a-f]+ .*cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)
    if match:
        # A function that never changes the rule has no row of its own.
        table.append((int(match[2], 16), initial.get(match[1])))
        table.append((int(match[3], 16), None))
        cie = None
        continue
    match = re.match(r"^([0-9a-f]{16}) (\w+)(?:([+-]\d+))?", line)
    if match:
        rule = (names[match[2]], int(match[3] or 0)) if match[2] in names else None
        if cie:
            initial[cie] = rule
        else:
            table.append((int(match[1], 16), rule))
# An end and a start at one address: the start holds.
table.sort(key=lambda row: (row[0], row[1] is not None))
starts = [row[0] for row in table]
cfas = {int(f[1], 16): None if f[2] == "none" else (int(f[2]), int(f[3])) for f in mine if f[0] == "cfa"}
expected = {a: table[bisect.bisect_right(starts, a) - 1][1] for a in cfas}
check("frame addresses", cfas, expected)
sys.exit(1 if failures else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares what the architecture layer says about a binary with objdump, readelf and llvm-dwarfdump.

Usage: compare.py TOOL BINARY [--all-moves]
Exit status: 0 all agree, 1 a difference, 77 a tool is missing.
"""
import bisect
import collections
import re
import shutil
import subprocess
import sys


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def ask(tool, binary, questions):
    out = subprocess.run([tool, binary], input="".join(q + "\n" for q in questions), stdout=subprocess.PIPE,
                         text=True, check=True)
    answers = out.stdout.split("\n")[:-1]
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def read_frames(readelf, binary):
    """[(low, high, [(address, cfa register, offset)])] by low"""
    frames, current, columns = {}, None, None
    for line in run(readelf, "--debug-dump=frames-interp", binary).split("\n"):
        match = re.search(r"FDE cie=\S+ pc=([0-9a-f]+)\.\.([0-9a-f]+)", line)
        if match:
            low, high = (int(x, 16) for x in match.groups())
            current = frames.setdefault(low, (low, high, []))
            continue
        if " CIE " in line or not line.strip():
            current = None
            continue
        match = re.match(r"([0-9a-f]{16}) ([a-z0-9]+)\+(\d+)\s", line)
        if match and current:
            current[2].append((int(match[1], 16), match[2], int(match[3])))
    return sorted(frames.values())


def read_prologue_ends(dwarfdump, binary):
    ends = set()
    for line in run(dwarfdump, "--debug-line", binary).split("\n"):
        if line.startswith("0x") and line.endswith("prologue_end"):
            ends.add(int(line.split()[0], 16))
    return sorted(ends)


def read_instructions(objdump, binary):
    """[(address, mnemonic, operands)]"""
    found = []
    for line in run(objdump, "-d", "--no-show-raw-insn", "-w", binary).split("\n"):
        match = re.match(r"\s*([0-9a-f]+):\s+(\S.*)", line)
        if match:
            words = match[2].split(None, 1)
            while len(words) == 2 and words[0] in ("rep", "repz", "bnd", "notrack", "data16", "cs", "rex.W"):
                words = words[1].split(None, 1)
            found.append((int(match[1], 16), words[0], words[1] if len(words) == 2 else ""))
    return found


def target_of(operands):
    match = re.search(r"(?:^|,\s*)(?:0x)?([0-9a-f]+)(?: <|$)", operands)
    return int(match[1], 16) if match else None


def expected_exits(insns, low, high, is_arm):
    exits = set()
    for address, mnemonic, operands in insns:
        target = target_of(operands)
        outside = target is not None and not low <= target < high
        if mnemonic in ("ret", "retq", "retaa", "retab") or re.match(r"ret[wq]?$", mnemonic):
            exits.add(("r", address))
        elif mnemonic in ("jmp", "jmpq", "b"):
            if "*" in operands:
                if "(" in operands and "," not in operands:
                    exits.add(("t", address))
            elif outside:
                exits.add(("t", address))
        elif not is_arm and re.match(r"(j[a-z]+|loop[a-z]*)(,p[nt])?$", mnemonic) and outside:
            exits.add(("c", address))
        elif is_arm and re.match(r"(b\.|cbn?z|tbn?z)", mnemonic) and outside:
            exits.add(("c", address))
    return exits


def main():
    tool, binary = sys.argv[1:3]
    readelf, objdump, dwarfdump = (shutil.which(x) for x in ("readelf", "objdump", "llvm-dwarfdump"))
    if not readelf or not objdump or not dwarfdump:
        print("SKIP: needs readelf, objdump and llvm-dwarfdump")
        return 77
    is_arm = "AArch64" in run(readelf, "-h", binary)
    if is_arm:
        objdump = shutil.which("llvm-objdump") or objdump
    failures = 0

    def differ(text):
        nonlocal failures
        failures += 1
        if failures <= 30:
            print("DIFFERENT:", text)

    frames = read_frames(readelf, binary)
    insns = read_instructions(objdump, binary)
    addresses = [x[0] for x in insns]
    inside = lambda low, high: insns[bisect.bisect_left(addresses, low):bisect.bisect_left(addresses, high)]

    # Ways out
    counts = collections.Counter()
    for (low, high, _), answer in zip(frames, ask(tool, binary, ["exits %x %x" % f[:2] for f in frames])):
        code = inside(low, high)
        if not code:
            continue
        words = set(tuple(x.split(":")) for x in answer.split())
        undecoded = [x for x in words if x[0] == "undecoded"]
        got = set((kind, int(address, 16)) for kind, address in words if kind != "undecoded")
        want = expected_exits(code, low, high, is_arm)
        counts.update(kind for kind, _ in want)
        counts["functions"] += 1
        if undecoded:
            counts["undecoded"] += 1
            print("undecoded: function %x at %s" % (low, undecoded[0][1]))
        if got != want:
            differ("exits of %x..%x: %s" % (low, high, sorted((k, hex(a)) for k, a in got ^ want)))
    print("exits:", dict(counts))

    # Frames: at the prologue end of each function, and wherever the frame changes before the first branch
    ends = read_prologue_ends(dwarfdump, binary)
    cfa_at_entry = 0 if is_arm else 8
    # Not functions: linkage stubs, where more than the return address is on the stack
    frames = [f for f in frames if f[2] and f[2][0][2] == cfa_at_entry]
    questions, wanted = [], []
    lows = [f[0] for f in frames]
    for end in ends:
        at = bisect.bisect_right(lows, end) - 1
        if at < 0 or end >= frames[at][1] or not frames[at][2]:
            continue
        low, _, rows = frames[at]
        rows_before = [r for r in rows if r[0] <= end]
        questions.append("prologue %x %x" % (low, end))
        wanted.append(("end", low, end, rows_before[-1]))
    for low, high, rows in frames:
        for row in rows:
            questions.append("prologue %x %x" % (low, row[0]))
            wanted.append(("row", low, row[0], row))
    counts = collections.Counter()
    for (what, low, stop, row), answer in zip(wanted, ask(tool, binary, questions)):
        complete, known, sp_delta, fp_known, fp_delta = (int(x) for x in answer.split()[:5])
        counts[what] += 1
        counts[what + " complete"] += complete
        counts[what + " frame known"] += known
        if not complete:
            continue
        if row[1] in ("rsp", "sp") and known and sp_delta != cfa_at_entry - row[2]:
            differ("frame of %x at %x: sp_delta %d, the CFA says %d" % (low, stop, sp_delta, cfa_at_entry - row[2]))
        if row[1] in ("rsp", "sp") and not known:
            counts[what + " unknown though complete"] += 1
            print("unknown: function %x at %x" % (low, stop))
        if row[1] in ("rbp", "x29"):
            counts[what + " on fp"] += 1
            if not fp_known or fp_delta != cfa_at_entry - row[2]:
                differ("frame pointer of %x at %x: %d %d, the CFA says %d" % (low, stop, fp_known, fp_delta, cfa_at_entry - row[2]))
    print("frames:", dict(counts))

    # Moves, to a place close by
    rets = [a for a, m, _ in insns if m == "ret"]
    sets = [("function entries", lows), ("prologue ends", ends), ("returns", rets)]
    if "--all-moves" in sys.argv:
        sets.append(("all instructions", addresses))
    names = {a: m + " " + o for a, m, o in insns}
    for what, where in sets:
        where = [a for a in where if a in names]
        refused = collections.Counter()
        for address, answer in zip(where, ask(tool, binary, ["move %x 4000000" % a for a in where])):
            if not answer.startswith("ok "):
                refused[names[address].split()[0] + " (" + answer.split(":")[-1].strip()[:60] + ")"] += 1
        n_refused = sum(refused.values())
        print("moves of %s: %d, refused %d: %s" % (what, len(where), n_refused, dict(refused.most_common(12))))
        if what != "all instructions" and n_refused > len(where) // 100:
            differ("%d of %d %s cannot be moved" % (n_refused, len(where), what))
    print("FAILED: %d differences" % failures if failures else "all agree")
    return 1 if failures else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks moves and prologue analyses of aarch64 code by emulation.

Each instruction of the binary runs from random registers in place and moved out of line; each function runs from its entry
for as long as the analysis calls the code straight.
Usage: emulate.py TOOL BINARY
Exit status: 0 all agree, 1 a difference, 77 the emulator (the Python module unicorn) or a tool is missing.
"""
import random
import re
import shutil
import subprocess
import sys

try:
    import unicorn
    from unicorn import arm64_const as arm
except ImportError:
    print("SKIP: needs the Python module unicorn")
    sys.exit(77)

DATA, DATA_SIZE = 0x40000000, 0x400000
IMAGE_SPAN = 0x4000000
SLOT = 0x6000000
X = [getattr(arm, "UC_ARM64_REG_X%d" % i) for i in range(31)] + [arm.UC_ARM64_REG_SP]
V = [getattr(arm, "UC_ARM64_REG_Q%d" % i) for i in range(32)]
NAMES = ["x%d" % i for i in range(31)] + ["sp"] + ["v%d" % i for i in range(32)]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def ask(tool, binary, questions):
    out = subprocess.run([tool, binary], input="".join(q + "\n" for q in questions), stdout=subprocess.PIPE, text=True, check=True)
    answers = out.stdout.split("\n")[:-1]
    assert len(answers) == len(questions)
    return answers


class Machine:
    def __init__(self, readelf, binary):
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.uc.ctl_set_cpu_model(arm.UC_CPU_ARM64_MAX)
        self.uc.mem_map(0, 0x8000000)
        self.uc.mem_map(DATA, DATA_SIZE)
        data = open(binary, "rb").read()
        for line in run(readelf, "-lW", binary).split("\n"):
            match = re.match(r"\s*LOAD\s+(0x\S+) (0x\S+) 0x\S+ (0x\S+)", line)
            if match:
                offset, address, size = (int(x, 16) for x in match.groups())
                self.uc.mem_write(address, data[offset:offset + size])
        self.stores = []
        self.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, lambda uc, access, at, size, value, _: self.stores.append((at, size)))
        # allow floating point
        self.uc.reg_write(arm.UC_ARM64_REG_CPACR_EL1, 3 << 20)

    def randomise(self):
        """Registers that are mostly addresses in the data, or small numbers."""
        state = []
        for i in range(32):
            kind = random.randrange(4)
            if i == 31 or kind < 2:
                state.append(DATA + DATA_SIZE // 2 + 16 * random.randrange(0x1000))
            elif kind == 2:
                state.append(random.randrange(8))
            else:
                state.append(random.getrandbits(64))
        return state, [random.getrandbits(128) for _ in V], random.randrange(16) << 28

    def load(self, state):
        for reg, value in zip(X, state[0]):
            self.uc.reg_write(reg, value)
        for reg, value in zip(V, state[1]):
            self.uc.reg_write(reg, value)
        self.uc.reg_write(arm.UC_ARM64_REG_NZCV, state[2])

    def state(self):
        return ([self.uc.reg_read(r) for r in X], [self.uc.reg_read(r) for r in V], self.uc.reg_read(arm.UC_ARM64_REG_NZCV) >> 28)

    def step(self, pc):
        """One instruction; the new pc, or None when it faults."""
        try:
            self.uc.emu_start(pc, 0xffffffff0000, count=1)
        except unicorn.UcError:
            return None
        return self.uc.reg_read(arm.UC_ARM64_REG_PC)


def main():
    tool, binary = sys.argv[1:3]
    readelf, objdump = shutil.which("readelf"), shutil.which("llvm-objdump")
    if not readelf or not objdump:
        print("SKIP: needs readelf and llvm-objdump")
        return 77
    random.seed(1)
    failures = 0

    def differ(text):
        nonlocal failures
        failures += 1
        if failures <= 20:
            print("DIFFERENT:", text)

    machine = Machine(readelf, binary)
    uc = machine.uc
    insns = []
    for line in run(objdump, "-d", "--no-show-raw-insn", binary).split("\n"):
        match = re.match(r"\s*([0-9a-f]+):\s+(\S.*)", line)
        if match:
            insns.append((int(match[1], 16), match[2]))

    # Moves
    background = bytes(random.randrange(256) for _ in range(0x20000))
    middle = DATA + DATA_SIZE // 2 - 0x8000
    ran = faulted = refused = 0
    for (address, text), answer in zip(insns, ask(tool, binary, ["move %x %x" % (a, SLOT) for a, _ in insns])):
        if not answer.startswith("ok "):
            refused += 1
            continue
        code = bytes.fromhex(answer.split()[2])
        for _ in range(3):
            start, results = machine.randomise(), []
            for moved in (False, True):
                uc.mem_write(middle, background)
                if moved:
                    uc.mem_write(SLOT, code)
                    uc.ctl_remove_cache(SLOT, SLOT + 64)
                machine.load(start)
                pc = machine.step(SLOT if moved else address)
                count = 0
                while moved and pc is not None and SLOT <= pc < SLOT + len(code) and count < 16:
                    pc = machine.step(pc)
                    count += 1
                results.append((pc, machine.state() if pc is not None else None, bytes(uc.mem_read(middle, len(background)))))
            if results[0][0] is None:
                faulted += 1
                continue
            ran += 1
            if results[0] != results[1]:
                differ("move of %x %s: pc %s, %s" % (address, text, results[1][0], results[0][0]))
                break
    print("moves: %d instructions, %d refused; %d runs, %d faulted in place" % (len(insns), refused, ran, faulted))

    # Prologues
    entries = sorted(set(int(m[1], 16) for m in re.finditer(r" pc=([0-9a-f]+)\.\.", run(readelf, "--debug-dump=frames-interp", binary))))
    questions = [(e, e + 4 * n) for e in entries for n in range(1, 200)]
    answers = dict(zip(questions, ask(tool, binary, ["prologue %x %x" % q for q in questions])))
    stops = origins = 0
    for entry in entries:
        start = machine.randomise()
        start[0][31] = DATA + DATA_SIZE - 0x1000
        for i in range(31):
            start[0][i] = DATA + 0x10000 + 0x1000 * i
        machine.load(start)
        pc, highest = entry, entry
        for _ in range(4000):
            before = pc
            pc = machine.step(pc)
            if pc is None or (entry, pc) not in answers and pc > highest:
                break
            if pc <= highest:
                if before - pc > 64:
                    break
                continue
            if pc != before + 4:
                break
            highest = pc
            head, _, spills = answers[(entry, pc)].partition(" |")
            words = head.split(" ")
            complete, known, sp_delta, fp_known, fp_delta = (int(x) for x in words[:5])
            if not complete:
                break
            clobbered = set(words[5].split(","))
            stops += 1
            xs, vs, flags = machine.state()
            if known and xs[31] != start[0][31] + sp_delta:
                differ("prologue %x to %x: sp moved by %d, not %d" % (entry, pc, xs[31] - start[0][31], sp_delta))
            if fp_known and xs[29] != start[0][31] + fp_delta:
                differ("prologue %x to %x: fp" % (entry, pc))
            for name, old, new in zip(NAMES, start[0] + start[1], xs + vs):
                if old != new and name not in clobbered:
                    differ("prologue %x to %x: %s has been written" % (entry, pc, name))
            slots = [s.split(":") for s in spills.split()]
            for i, (_, _, _, cfa, size, _, origin) in enumerate(slots):
                if cfa == "?" or origin == "-" or any(s[3] == "?" for s in slots[i + 1:]):
                    continue
                low, size = int(cfa), int(size)
                if any(int(s[3]) < low + size and low < int(s[3]) + int(s[4]) for s in slots[i + 1:]):
                    continue
                origins += 1
                value = (start[0] + start[1])[NAMES.index(origin)]
                stored = int.from_bytes(uc.mem_read(start[0][31] + low, size), "little")
                if stored != value & ((1 << 8 * size) - 1):
                    differ("prologue %x to %x: slot CFA%+d is not %s" % (entry, pc, low, origin))
    print("prologues: %d functions, %d stops, %d spilled values" % (len(entries), stops, origins))
    print("FAILED: %d differences" % failures if failures else "all agree")
    return 1 if failures else 0


sys.exit(main())

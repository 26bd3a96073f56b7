#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The layers of the tree: a module includes only what is below it, no header goes round in a circle, the types of libdwarf, libelf,
capstone and ncurses stay within the module that wraps them, and only the program ends the program."""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Each module, and those whose headers its files may include beside its own.
BELOW = {
    "base": set(),
    "gdbremote": {"base"},
    "arch": {"base"},
    "debuginfo": {"base"},
    "value": {"base"},
    "rust": {"base", "debuginfo", "value"},
    "stream": {"base", "value"},
    "trace": {"base", "arch", "debuginfo", "gdbremote", "rust", "stream", "value"},
    "report": {"base", "stream", "value"},
    "lib": {"base", "report", "stream", "value"},
    "tui": {"base", "report", "stream", "value"},
    "cli": {"arch", "base", "debuginfo", "gdbremote", "report", "rust", "stream", "trace", "tui", "value"},
}
# Headers of libraries, and the only module that may include them, in its own headers, too.
WRAPPED = {
    r"(libdwarf/)?(lib)?dwarf\.h": "debuginfo",
    r"(lib|g)elf\.h": "debuginfo",
    r"capstone/.*": "arch",
    r"n?curses.*": "tui",
    r"sqlite3\.h": "report",
}
# Ends of the process where there is no other way: a child that could not execute.
EXIT = re.compile(r"\b(exit|abort|quick_exit)\s*\(")

problems = []


def module_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def without_comments(text):
    """Keeps the lines; texts in quotes are emptied."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)

    def shorten(match):
        found = match.group()
        return '""' if found[0] in "\"'" else "\n" * found.count("\n")
    return pattern.sub(shorten, text)


def includes(text):
    for match in re.finditer(r'^#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', text, re.M):
        yield match.group(1), match.group(2)


def check(path, text, circles):
    module = module_of(path)
    for ours, library in includes(text):
        if library:
            for pattern, owner in WRAPPED.items():
                if re.fullmatch(pattern, library) and owner != module:
                    problems.append(f"{path}: <{library}> belongs to {owner}")
        elif ours != "config.h":
            target = ours if os.path.exists(os.path.join(TOP, ours)) else "src/" + ours
            if not os.path.exists(os.path.join(TOP, target)):
                problems.append(f"{path}: there is no {ours}")
                continue
            other = module_of(target)
            if other != module and other not in BELOW[module]:
                problems.append(f"{path}: {module} may not include {ours}")
            if path.endswith(".h"):
                circles.setdefault(path, set()).add(target)
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        if EXIT.search(line) and path != "src/cli/main.c":
            problems.append(f"{path}:{number}: ends the program")


def find_circle(graph):
    done = set()

    def visit(node, way):
        if node in way:
            return way[way.index(node):] + [node]
        if node in done:
            return None
        for other in sorted(graph.get(node, ())):
            circle = visit(other, way + [node])
            if circle:
                return circle
        done.add(node)
        return None
    for node in sorted(graph):
        circle = visit(node, [])
        if circle:
            return circle
    return None


def main():
    graph, n = {}, 0
    for pattern in ("src/*/*.[ch]", "arch/*.[ch]", "gdbremote/*.[ch]"):
        for path in sorted(glob.glob(os.path.join(TOP, pattern))):
            with open(path, encoding="utf-8") as file:
                check(os.path.relpath(path, TOP), file.read(), graph)
            n += 1
    circle = find_circle(graph)
    if circle:
        problems.append("headers include each other: " + " → ".join(circle))
    # A module may not be above one that is above it.
    modules = find_circle(BELOW)
    if modules:
        problems.append("modules are above each other: " + " → ".join(modules))
    for problem in problems:
        print("FAIL: " + problem)
    print(f"{n} files")
    return 1 if problems or not n else 0


sys.exit(main())

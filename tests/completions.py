#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The completions of bash, zsh and fish, asked of the shells themselves: they offer the commands and options of --help and of
the manual pages, no more and no fewer, the choices that the program takes, and files of the right kind.

A shell that is not there is skipped, and said so; with none of them the test is."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

FDBG = os.path.abspath(os.environ.get("FDBG", "./fdbg"))
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPLETIONS = os.path.join(TOP, "share", "completions")
MAN = os.path.join(TOP, "doc", "man")


def fdbg(*words):
    return subprocess.run([FDBG, *words], stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout


def commands():
    text = fdbg("--help")
    return re.findall(r"^  ([a-z][a-z-]*)  ", text[text.index("Commands:"):], re.M)


def split_options(lines):
    """`-o, --output=FILE` -> -o, --output=; an argument that may be left out does not show."""
    found = set()
    for line in lines:
        for word in line.split(", "):
            found.add(re.sub(r"=.*", "=", re.sub(r"\[.*", "", word)))
    return found


def help_options(*words):
    """Of `cargo`, which refers to another command, with those of that one."""
    text = fdbg(*words, "--help")
    found = split_options(re.findall(r"^ {2,6}(-.*?)(?:  .*)?$", text, re.M))
    other = re.search(r"those of `fdbg ([a-z]+) --help`", text)
    return found | help_options(other[1]) if other else found


def man_options(page):
    with open(os.path.join(MAN, page), encoding="utf-8") as file:
        lines = re.findall(r"^\.TP\n(.*)$", file.read(), re.M)
    lines = [re.sub(r"\\f[A-Z]", "", line).replace("\\-", "-") for line in lines]
    return split_options(line for line in lines if line.startswith("-"))


class Shell:
    """Completions of a command line, by a real shell in a folder of its own."""

    def __init__(self, folder, home):
        self.folder = folder
        self.home = home # not in folder: shells make files there

    def environment(self):
        path = os.path.dirname(FDBG) + ":" + os.environ["PATH"]
        return {"PATH": path, "HOME": self.home, "LC_ALL": "C.UTF-8", "TERM": "dumb"}

    def run(self, *words, **options):
        return subprocess.run(words, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, **options).stdout


class Bash(Shell):
    name = "bash"
    # Cuts a line as readline does, with = and : as words, and calls what `complete` has registered.
    DRIVER = r"""
source "$1"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
mapfile -t COMP_WORDS < <(grep -oE "[^ =:]+|[=:]+" <<<"$2")
case $2 in *' ') COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
[[ $(complete -p fdbg) == *"-F _fdbg "* ]] || exit 1
_fdbg fdbg "" ""
printf '%s\n' "${COMPREPLY[@]}"
"""

    def ask(self, line):
        answer = self.run("bash", "--norc", "-c", self.DRIVER, "driver", os.path.join(COMPLETIONS, "bash", "fdbg"), line)
        # Readline replaces only what is behind the last = or :.
        typed = line.rsplit(" ", 1)[-1]
        kept = re.match(r"(.*[=:])?", typed)[0] if re.search("[=:]", typed) else ""
        return {kept + word for word in answer.splitlines() if word}


    # What a command line becomes when tab is pressed behind it, in a real line editor.
    TYPED = r"""
source %s
fdbg() { printf '<%%s>' "$@" >$NOTES.part; mv $NOTES.part $NOTES; }
PS1= ; touch $NOTES.ready
"""

    def press(self, line):
        notes = os.path.join(self.home, "typed")
        rc = os.path.join(self.home, "rc")
        with open(rc, "w", encoding="utf-8") as file:
            file.write(self.TYPED % os.path.join(COMPLETIONS, "bash", "fdbg"))
        for name in (notes, notes + ".ready"):
            if os.path.exists(name):
                os.unlink(name)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", rc, "-i"],
                       dict(self.environment(), NOTES=notes, INPUTRC="/dev/null"))
        try:
            Zsh.wait(terminal, notes + ".ready")
            os.write(terminal, line.encode() + b"\t\n")
            Zsh.wait(terminal, notes)
        finally:
            os.kill(pid, 9)
            os.close(terminal)
            os.waitpid(pid, 0)
        with open(notes, encoding="utf-8") as file:
            return file.read()


class Fish(Shell):
    name = "fish"

    def ask(self, line):
        script = os.path.join(COMPLETIONS, "fish", "fdbg.fish")
        answer = self.run("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line)
        return {word.split("\t")[0] for word in answer.splitlines()}


class Zsh(Shell):
    """Zsh completes nothing outside its line editor, so that one gets a terminal, and its candidates are noted on the way."""
    name = "zsh"
    SET_UP = r"""
PS1='>' PS2= RPS1= ; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep 2>/dev/null
fpath=(%s $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' menu no
zstyle ':completion:*' list-prompt ''
LISTMAX=100000
compadd() {
	local -a _noted _scratch
	# Those of a function that only wants to know are no candidates yet.
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then builtin compadd "$@"; return; fi
	builtin compadd -O _noted "$@"
	print -rl -- ${_noted/#/$IPREFIX} >>$NOTES
	builtin compadd "$@"
}
note() { : >$NOTES; zle complete-word; print done >$NOTES.done; }
zle -N note
bindkey '^T' note
print ready >$NOTES.done
"""

    def ask(self, line):
        notes = os.path.join(self.home, "notes")
        rc = os.path.join(self.home, ".zshrc")
        with open(rc, "w", encoding="utf-8") as file:
            file.write(self.SET_UP % os.path.join(COMPLETIONS, "zsh"))
        for name in (notes, notes + ".done"):
            if os.path.exists(name):
                os.unlink(name)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe("zsh", ["zsh", "-i", "-o", "no_global_rcs"], dict(self.environment(), NOTES=notes))
        try:
            self.wait(terminal, notes + ".done")
            os.unlink(notes + ".done")
            os.write(terminal, line.encode() + b"\x14")
            self.wait(terminal, notes + ".done")
        finally:
            os.kill(pid, 9)
            os.close(terminal)
            os.waitpid(pid, 0)
        with open(notes, encoding="utf-8") as file:
            return {word for word in file.read().splitlines() if word}

    @staticmethod
    def wait(terminal, path):
        """Reads what a shell prints until path is there."""
        end = time.monotonic() + 60
        printed = b""
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise AssertionError(f"the shell does not answer: {printed!r}")
            if select.select([terminal], [], [], 0.02)[0]:
                printed += os.read(terminal, 65536)


SHELLS = [shell for shell in (Bash, Zsh, Fish) if shutil.which(shell.name)]
MISSING = [shell.name for shell in (Bash, Zsh, Fish) if not shutil.which(shell.name)]


class Completions(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = os.path.join(work.name, "here")
        self.home = os.path.join(work.name, "home")
        os.mkdir(self.home)
        for name in ("one.firedbg.ss", "two.firedbg.ss", "sp ace.firedbg.ss", "notes.txt", "tool", "sub/three.firedbg.ss", "sub/text.txt"):
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8"):
                pass
        os.chmod(os.path.join(self.folder, "tool"), 0o755)

    def each(self):
        for shell in SHELLS:
            print(f"({shell.name})", end=" ", file=sys.stderr, flush=True)
            yield shell(self.folder, self.home)

    def test_commands(self):
        for shell in self.each():
            # `fdbg PROGRAM` is a recording, so programs are offered too; no command of this name may be on PATH.
            for command in commands():
                self.assertIn(command, shell.ask("fdbg " + command[:3]))
            self.assertEqual(shell.ask("fdbg help "), set(commands()))
        self.assertEqual({line[2:].split("\t")[0] for line in fdbg("--complete", "").splitlines() if line[0] == "w"},
                         set(commands()) | {"help"})

    def test_manual_names_the_commands(self):
        with open(os.path.join(MAN, "fdbg.1"), encoding="utf-8") as file:
            text = file.read()
        section = text[text.index(".SH COMMANDS"):text.index(".SH OPTIONS")].replace("\\-", "-")
        self.assertEqual(set(re.findall(r"^\\fB([a-z-]+)\\fR$", section, re.M)), set(commands()))

    def test_options_of_the_program_itself(self):
        own = split_options(re.findall(r"^ +(-.*?)(?:  .*)?$", fdbg("--help"), re.M))
        self.assertEqual(own, man_options("fdbg.1"))
        for shell in self.each():
            self.assertEqual(self.options(shell, ""), help_options("record") | own)

    def options(self, shell, command):
        """All that is offered behind a dash. `=` and the like of an option's value are zsh's suffixes and fish's own text."""
        return shell.ask(f"fdbg {command} -".replace("  ", " ")) | shell.ask(f"fdbg {command} --".replace("  ", " "))

    def test_options(self):
        for command in commands():
            expected = help_options(command)
            own = man_options(f"fdbg-{command}.1")
            if command != "cargo": # its page refers to that of `record`
                self.assertEqual(own, expected, f"fdbg-{command}.1")
            for shell in self.each():
                self.assertEqual(self.options(shell, command), expected, command)

    def test_choices(self):
        """Those that the program takes: it names all of them when it is given another one."""
        n = 0
        for command in commands():
            for option in sorted(help_options(command)):
                if not re.fullmatch("--.*=", option):
                    continue
                words = [FDBG, command, option + "no-such-word"]
                if command in ("record", "cargo", "doctor", "functions") and option not in ("--trace=", "--allocations="):
                    continue # may start something
                said = subprocess.run(words, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL, text=True, timeout=60).stderr
                choices = re.search(r"option '--[a-z-]+' is one of (.*), not ", said)
                if not choices:
                    continue
                n += 1
                expected = {option + choice for choice in choices[1].split(", ")}
                for shell in self.each():
                    self.assertEqual(shell.ask(f"fdbg {command} {option}"), expected)
        self.assertGreater(n, 4)

    def test_choice_as_a_word(self):
        for shell in self.each():
            self.assertEqual(shell.ask("fdbg export -T s"), {"speedscope"})
            self.assertEqual(shell.ask("fdbg dump --stream info,ev"), {"info,event"})

    def test_recordings(self):
        for shell in self.each():
            self.assertEqual({word.rstrip("/").replace("\\", "") for word in shell.ask("fdbg show ")},
                             {"one.firedbg.ss", "two.firedbg.ss", "sp ace.firedbg.ss", "sub"})
            self.assertEqual({word.rsplit("/", 1)[-1] for word in shell.ask("fdbg info sub/t")}, {"three.firedbg.ss"})

    def test_files(self):
        for shell in self.each():
            self.assertEqual({word.removeprefix("--output=") for word in shell.ask("fdbg export --output=n")}, {"notes.txt"})
            self.assertEqual(shell.ask("fdbg export -o n"), {"notes.txt"})
            self.assertEqual({word.rstrip("/") for word in shell.ask("fdbg record --cwd ")}, {"sub"})
            # Names and patterns are nothing that a shell could know.
            self.assertEqual(shell.ask("fdbg show --filter n"), set())

    def test_programs(self):
        for shell in self.each():
            for line in ("fdbg record ./t", "fdbg ./t", "fdbg functions ./t", "fdbg -o x -- ./t"):
                self.assertEqual({word.rsplit("/", 1)[-1] for word in shell.ask(line)}, {"tool"}, line)
            # Behind a program it is the program's turn.
            self.assertIn("notes.txt", shell.ask("fdbg ./tool -x n"))

    @unittest.skipIf("bash" in MISSING, "bash is not there")
    def test_typed_in_bash(self):
        shell = Bash(self.folder, self.home)
        for line, words in (
                ("fdbg verif", "<verify>"),
                ("fdbg export --format=ch", "<export><--format=chrome>"),
                ("fdbg export --form", "<export><--format=>"),
                ("fdbg export -T ch", "<export><-T><chrome>"),
                ("fdbg export -Tch", "<export><-Tchrome>"),
                ("fdbg dump --stream=info,ev", "<dump><--stream=info,event>"),
                ("fdbg export --output=no", "<export><--output=notes.txt>"),
                ("fdbg export --output=a:b --output=no", "<export><--output=a:b><--output=notes.txt>"),
                ("fdbg show --filter a::b tw", "<show><--filter><a::b><two.firedbg.ss>"),
                ("fdbg show sp", "<show><sp ace.firedbg.ss>"),
                ("fdbg show 'sp", "<show><sp ace.firedbg.ss>"),
                ("fdbg show --fold sub/", "<show><--fold><sub/three.firedbg.ss>"),
                ("fdbg ./too", "<./tool>")):
            self.assertEqual(shell.press(line), words, line)

    def test_cargo(self):
        for shell in self.each():
            self.assertEqual(shell.ask("fdbg cargo "), {"run", "example", "test", "bench"})


if __name__ == "__main__":
    if not SHELLS:
        print("SKIP: none of bash, zsh and fish is there")
        sys.exit(77)
    for name in MISSING:
        print(f"SKIP: {name} is not there")
    unittest.main(verbosity=2)

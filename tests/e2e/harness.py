# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the end-to-end tests stand on: compile Rust, record with fdbg, read the recording back.

Environment, set by run.sh and by `make check`:
    FDBG       the built program
    RUSTC      the compiler, default: rustc on PATH
    E2E_CACHE  where compiled test programs are kept between runs, default: a folder beside FDBG
"""

import functools
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

FDBG = os.path.abspath(os.environ.get("FDBG", "./fdbg"))
RUSTC = os.environ.get("RUSTC", "rustc")
CACHE = os.path.abspath(os.environ.get("E2E_CACHE", os.path.join(os.path.dirname(FDBG), "tests", "e2e", "cache")))
SOURCE_DIR = os.path.dirname(os.path.abspath(__file__))
TOP_DIR = os.path.dirname(os.path.dirname(SOURCE_DIR))
# Machines differ in speed, and sanitizers and valgrind slow everything down.
SLOWNESS = float(os.environ.get("E2E_SLOWNESS", "1"))
TIMEOUT = 60 * SLOWNESS


# ------------------------------------------------------------------------------------------------ compiling

@functools.lru_cache(None)
def rustc_identity():
    try:
        return subprocess.run([RUSTC, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError) as e:
        raise unittest.SkipTest("no Rust compiler: %s" % e)


def rustc_version(identity=None):
    """(1, 95) for 1.95.0"""
    release = [l for l in (identity or rustc_identity()).splitlines() if l.startswith("release:")][0]
    return tuple(int(n) for n in release.split()[1].split("-")[0].split(".")[:2])


# What std::hint::black_box is since 1.66.
BLACK_BOX = """#[inline(always)] pub fn black_box<T>(value: T) -> T {
    unsafe { core::arch::asm!("/* {0} */", in(reg) &value, options(nostack, preserves_flags)) };
    value
}
"""


def with_black_box(source, version, path="crate::black_box"):
    """The source with a black_box of its own for compilers that have none."""
    if version >= (1, 66) or "std::hint::black_box" not in source:
        return source
    return source.replace("std::hint::black_box", path) + BLACK_BOX


class CompileError(Exception):
    pass


def compile_rust(crate, source, flags=(), debug=True, files=None, deps=None, compiler=None):
    """Compiles a crate, or takes it from the cache. Returns the path of the executable.

    source  text of the crate's root
    files   {name: text} of further files beside it
    deps    {crate: source text} of libraries that it uses, each with debug information
    compiler  another compiler than RUSTC
    """
    compiler = compiler or RUSTC
    options = ["--crate-name", crate, "--crate-type", "bin", "--edition", "2021", "--cap-lints", "allow"] + \
        (["-g"] if debug else []) + list(flags)
    files = dict(files or {}, **{crate + ".rs": source})
    deps = deps or {}
    everything = [compiler, rustc_identity(), json.dumps(files, sort_keys=True), json.dumps(deps, sort_keys=True)] + options
    key = hashlib.sha256("\0".join(everything).encode()).hexdigest()[:24]
    folder = os.path.join(CACHE, "%s-%s" % (crate, key))
    program = os.path.join(folder, crate)
    if os.path.exists(program):
        return program
    os.makedirs(CACHE, exist_ok=True)
    work = tempfile.mkdtemp(dir=CACHE)
    try:
        for name, text in list(files.items()) + [(dep + ".rs", text) for dep, text in deps.items()]:
            with open(os.path.join(work, name), "w", encoding="utf-8") as f:
                f.write(text)
        for dep in deps:
            call_rustc(work, compiler, ["--crate-name", dep, "--crate-type", "rlib", "--edition", "2021", "--cap-lints", "allow", "-g",
                                        dep + ".rs"])
            options += ["--extern", "%s=lib%s.rlib" % (dep, dep)]
        call_rustc(work, compiler, options + ["-o", crate, crate + ".rs"])
        try:
            os.rename(work, folder)
        except OSError:     # somebody else was faster
            if not os.path.exists(program):
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return program


def call_rustc(folder, compiler, options):
    done = subprocess.run([compiler] + options, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise CompileError("rustc %s:\n%s" % (" ".join(options), done.stdout.decode(errors="replace")[-8000:]))


ARM_TARGET = "aarch64-unknown-linux-gnu"


@functools.lru_cache(None)
def arm_compiler():
    """(rustc, its flags for static aarch64 programs, its identity). E2E_ARM_RUSTC and E2E_ARM_SYSROOT name another
    compiler and where its aarch64 standard library is."""
    if not shutil.which("aarch64-linux-gnu-gcc"):
        raise unittest.SkipTest("there is no aarch64-linux-gnu-gcc (Debian: gcc-aarch64-linux-gnu) to link with")
    sysroot = os.environ.get("E2E_ARM_SYSROOT")
    for rustc in [os.environ.get("E2E_ARM_RUSTC"), RUSTC, "/usr/bin/rustc"]:
        if not rustc or not shutil.which(rustc):
            continue
        for extra in ([["--sysroot", sysroot]] if sysroot else []) + [[]]:
            flags = extra + ["--target", ARM_TARGET, "-C", "linker=aarch64-linux-gnu-gcc",
                             "-C", "target-feature=+crt-static"]
            with Scratch() as scratch:
                source = os.path.join(scratch.path, "try.rs")
                with open(source, "w") as f:
                    f.write("fn main() {}")
                done = subprocess.run([rustc] + flags + ["-o", os.path.join(scratch.path, "try"), source],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                identity = subprocess.run([rustc, "-vV"], stdout=subprocess.PIPE, check=True).stdout.decode()
                return rustc, flags, identity
    raise unittest.SkipTest("no Rust compiler here has a standard library for %s" % ARM_TARGET)


def example(name):
    """Source text of a program in examples/."""
    with open(os.path.join(TOP_DIR, "examples", name + ".rs"), encoding="utf-8") as f:
        return f.read()


# ------------------------------------------------------------------------------------------------ running

class Scratch:
    """A folder for one test, gone afterwards."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="fdbg-e2e-")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)


def clean_environment(extra=None):
    """The environment of a test: nothing that changes what fdbg or Rust programs print."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("FIREDBG", "RUST_", "NO_COLOR", "CLICOLOR")) and k not in ("FDBG", "MAKEFLAGS", "MFLAGS")}
    env["LC_ALL"] = "C.UTF-8"
    env["XDG_CONFIG_HOME"] = "/nonexistent"     # the visualizers of whoever runs the tests
    env.update(extra or {})
    return env


class Done:
    """A finished program: status as a shell shows it (128 + N for signal N), stdout, stderr, seconds."""

    def __init__(self, command, returncode, stdout, stderr, seconds=0.0):
        self.command = command
        self.status = 128 - returncode if returncode < 0 else returncode
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds

    @property
    def stdout_text(self):
        return self.stdout.decode("utf-8")

    @property
    def stderr_text(self):
        return self.stderr.decode("utf-8", errors="replace")

    def __str__(self):
        return "%s\n  status %d after %.1f s\n  stdout: %s\n  stderr: %s" % (
            " ".join(self.command), self.status, self.seconds, clip(self.stdout), clip(self.stderr))


def clip(data, most=1500):
    text = data.decode("utf-8", errors="replace")
    return text if len(text) <= most else text[:most // 2] + " … " + text[-most // 2:]


class HangError(AssertionError):
    """It did not end in time; everything that it started is gone when this is raised."""


def run(command, stdin=b"", env=None, cwd=None, timeout=None):
    """Runs a command to its end. A hang kills the whole session of the command and fails the test."""
    timeout = timeout or TIMEOUT
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=clean_environment(env), cwd=cwd, start_new_session=True)
    try:
        out, err = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        kill_session(process.pid)
        out, err = process.communicate()
        raise HangError("no end after %d s: %s\n  stdout: %s\n  stderr: %s"
                        % (timeout, " ".join(command), clip(out), clip(err)))
    return Done(command, process.returncode, out, err, time.monotonic() - start)


def session_members(sid):
    """Processes of the session that are alive: [(pid, command line)]."""
    members = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as f:
                    fields = f.read().rpartition(")")[2].split()
                if int(fields[3]) == sid and fields[0] not in "ZX":
                    with open("/proc/%s/cmdline" % name, "rb") as f:
                        members.append((int(name), f.read().replace(b"\0", b" ").decode(errors="replace")))
            except (OSError, ValueError, IndexError):
                pass
    return members


def kill_session(sid):
    for pid, _ in session_members(sid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def running_copies(program):
    """Processes that execute this file: [pid]. Test programs live in paths of their own, so these are ours."""
    pids = []
    real = os.path.realpath(program)
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.path.realpath("/proc/%s/exe" % name) == real:
                    pids.append(int(name))
            except OSError:
                pass
    return pids


def wait_until(condition, seconds=10, step=0.02):
    """Waits until condition() is true; returns its last value."""
    end = time.monotonic() + seconds * SLOWNESS
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def fdbg(*args, **options):
    """Runs fdbg with these arguments."""
    return run([FDBG] + list(args), **options)


def listening_port(process, seconds=10):
    """The port that a gdbserver says on its standard error."""
    for _ in range(20):
        line = process.stderr.readline().decode(errors="replace")
        if line.startswith("Listening on port "):
            return int(line.split()[-1])
        if not line:
            break
    raise AssertionError("the server does not listen")


def free_port():
    """A port of the loopback interface that nobody uses right now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_server(test, command, **options):
    """A server for a test, in a session of its own that ends with the test. What it and its target print is in
    process.output(), so that no pipe can fill up."""
    file = tempfile.TemporaryFile()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE,
                               env=clean_environment(), start_new_session=True, **options)

    def output():
        process.wait(10 * SLOWNESS)
        file.seek(0)
        return file.read()

    def end():
        kill_session(process.pid)
        process.wait()
        process.stderr.close()
        file.close()
    process.output = output
    test.addCleanup(end)
    return process


def start_gdbserver(test, *words):
    """(process, address) of a gdbserver with these words behind its address."""
    if not shutil.which("gdbserver"):
        raise unittest.SkipTest("there is no gdbserver")
    process = start_server(test, ["gdbserver", "--once"] + [w for w in words if w.startswith("--")] + ["127.0.0.1:0"] +
                           [w for w in words if not w.startswith("--")])
    return process, "127.0.0.1:%d" % listening_port(process)


class Recording:
    """A recording: the file, and how the recorder ended."""

    def __init__(self, file, done=None):
        self.file = file
        self.done = done
        self._events = None

    @property
    def status(self):
        return self.done.status

    @property
    def stdout(self):
        return self.done.stdout

    @property
    def stdout_text(self):
        return self.done.stdout_text

    @property
    def stderr_text(self):
        return self.done.stderr_text

    def dump(self, *options):
        """Objects of `fdbg dump`; fails when it fails or prints something else."""
        done = fdbg("dump", *(list(options) + [self.file]))
        if done.status != 0:
            raise AssertionError("dump failed: %s" % done)
        return [json.loads(line) for line in done.stdout_text.split("\n") if line]

    def events(self):
        if self._events is None:
            self._events = self.dump()
        return self._events

    def verify(self):
        """`fdbg verify` on the file."""
        return fdbg("verify", self.file)


def record(program, args=(), opts=(), output=None, env=None, cwd=None, stdin=b"", timeout=None, quiet=True):
    """Records a program. Without `output` the file goes into cwd. Does not judge the exit status."""
    file = output or os.path.join(cwd or os.getcwd(), "rec.firedbg.ss")
    command = [FDBG, "record", "-o", file] + (["-q"] if quiet else []) + list(opts) + ["--", program] + list(args)
    return Recording(file, run(command, stdin=stdin, env=env, cwd=cwd, timeout=timeout))


class Cleanups:
    """Stands for a test where there is none: what it starts ends with the block."""

    def __init__(self):
        self.todo = []

    def addCleanup(self, function, *args):
        self.todo.append((function, args))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        while self.todo:
            function, args = self.todo.pop()
            function(*args)


def record_under_qemu(program, opts=(), cwd=None, timeout=None):
    """Records an aarch64 program under qemu-user's stub; what the program printed is the recording's stdout."""
    with Cleanups() as cleanups:
        address = os.path.join(cwd, "stub")
        server = start_server(cleanups, ["qemu-aarch64", "-g", address, program])
        file = os.path.join(cwd, "rec.firedbg.ss")
        done = fdbg("record", "-q", "-o", file, "--remote=unix:" + address, *list(opts) + [program], timeout=timeout, cwd=cwd)
        done.stdout = server.output()
        return Recording(file, done)


# ------------------------------------------------------------------------------------------------ call trees

class Call:
    """One call in a recorded call tree."""

    def __init__(self, event, parent):
        self.function = event["function"]
        self.args = [tuple(a) for a in event.get("args", [])]
        self.line = event.get("line")
        self.file = event.get("file")
        self.frame_id = event["frame_id"]
        self.depth = event["depth"]
        self.parent = parent
        self.children = []
        self.returned = False       # by itself
        self.unwound = False        # left by a panic, a long jump
        self.lost = False           # left, and its return was not seen
        self.value = None
        self.panics = 0

    @property
    def open(self):
        return not self.returned and not self.unwound and not self.lost

    def walk(self):
        """This call and all below, in the order they were made."""
        todo = [self]
        while todo:
            call = todo.pop()
            yield call
            todo.extend(reversed(call.children))

    def shape(self):
        """(function, {arguments}, value, [shapes of the children])"""
        return (self.function, dict(self.args), self.value, [c.shape() for c in self.children])

    def short(self):
        return self.function.split("::", 1)[-1]

    def __repr__(self):
        return "%s(%s) = %s" % (self.function, ", ".join("%s: %s" % a for a in self.args),
                                "…" if self.open else "unwound" if self.unwound else "lost" if self.lost else self.value)


class TreeError(AssertionError):
    pass


def build_trees(events):
    """{thread_id: [top calls]}, checking on the way all that holds for every recording:
    frame ids count up from 1 in each thread, a return closes exactly the innermost open call, parents and depths fit,
    time never runs backwards in a thread."""
    trees, stacks, last_id, last_time = {}, {}, {}, {}
    for number, e in enumerate(events):
        kind, tid = e["event"], e["thread_id"]
        stack = stacks.setdefault(tid, [])
        top = trees.setdefault(tid, [])

        def wrong(text):
            raise TreeError("event %d (%s): %s; open: %s" % (number, e, text, [c.function for c in stack]))

        if e["time"] < last_time.get(tid, ""):
            wrong("time runs backwards from %s" % last_time[tid])
        last_time[tid] = e["time"]
        if kind == "call":
            if e["frame_id"] != last_id.get(tid, 0) + 1:
                wrong("frame id after %d" % last_id.get(tid, 0))
            last_id[tid] = e["frame_id"]
            parent = stack[-1] if stack else None
            if (e.get("parent_frame_id") or 0) != (parent.frame_id if parent else 0):
                wrong("parent is not the innermost open call")
            if e["depth"] != len(stack):
                wrong("depth should be %d" % len(stack))
            call = Call(e, parent)
            (parent.children if parent else top).append(call)
            stack.append(call)
        elif kind == "return":
            if not stack:
                wrong("nothing is open")
            call = stack.pop()
            if (call.frame_id, call.function) != (e["frame_id"], e["function"]):
                wrong("should close frame %d, %s" % (call.frame_id, call.function))
            if e["depth"] != call.depth:
                wrong("depth should be %d" % call.depth)
            call.unwound = bool(e.get("unwound"))
            call.lost = bool(e.get("lost"))
            call.returned = not call.unwound and not call.lost
            call.value = e.get("value")
            if call.unwound and call.lost:
                wrong("both unwound and lost")
            if not call.returned and call.value is not None:
                wrong("a frame without a return has a value")
        elif kind in ("panic", "breakpoint"):
            if e["frame_id"] != (stack[-1].frame_id if stack else 0):
                wrong("not in the innermost open frame")
            if kind == "panic" and stack:
                stack[-1].panics += 1
    return trees


def calls(trees):
    """All calls of all threads."""
    return [c for tops in trees.values() for top in tops for c in top.walk()]


# ------------------------------------------------------------------------------------------------ test case

class E2ETest(unittest.TestCase):
    """A test with a scratch folder and helpers that judge a recording."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        rustc_identity()

    def setUp(self):
        if not os.access(FDBG, os.X_OK):
            self.fail("FDBG=%s is not a program" % FDBG)
        scratch = Scratch()
        self.addCleanup(scratch.__exit__)
        self.dir = scratch.path

    def path(self, name):
        return os.path.join(self.dir, name)

    def record(self, program, args=(), opts=(), status=0, verify=True, **options):
        """Records; the exit status must be `status`, the file must verify, the tree must be well-formed."""
        options.setdefault("cwd", self.dir)
        rec = record(program, args, opts, **options)
        self.assertEqual(rec.status, status, str(rec.done))
        if verify:
            self.check_file(rec)
        return rec

    def check_file(self, rec):
        done = rec.verify()
        self.assertEqual(done.status, 0, "verify: %s" % done)

    def trees(self, rec):
        return build_trees(rec.events())

    def main_tree(self, rec):
        """The call of main, all of the only thread that called it."""
        tops = [t for tops in self.trees(rec).values() for t in tops if t.function.endswith("::main")]
        self.assertEqual(len(tops), 1, "calls of main at the top")
        return tops[0]

    def counts(self, rec):
        """{function without its crate: number of calls}"""
        out = {}
        for call in calls(self.trees(rec)):
            out[call.short()] = out.get(call.short(), 0) + 1
        return out

    def one_line(self, done):
        """stderr is one clear line of fdbg's."""
        lines = done.stderr_text.rstrip("\n").split("\n")
        self.assertTrue(lines[0].startswith("fdbg: "), str(done))
        self.assertLessEqual(len(lines), 2, "more than a line and a hint: %s" % done)
        self.assertGreater(len(lines[0]), len("fdbg: "), str(done))
        return done.stderr_text

    def nothing_left(self, program, seconds=3):
        """No process executes the program any more."""
        self.assertTrue(wait_until(lambda: not running_copies(program), seconds),
                        "still running: %s" % running_copies(program))


def main():
    sys.path.insert(0, SOURCE_DIR)
    unittest.main()

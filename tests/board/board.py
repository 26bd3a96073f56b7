# SPDX-License-Identifier: MIT OR Apache-2.0
"""A real aarch64 Linux machine for tests: qemu-system-aarch64 with Debian's kernel and a small root of Debian packages.

The packages are fetched by an apt of their own, with lists, status and archives in the board's folder: the machine's own
package state is neither read nor touched. What is built is kept there:
    Image           the kernel
    root.cpio       the root: busybox, dropbear, gdbserver, lldb-server and the libraries that they name
Each boot adds a second archive with a throwaway key. The machine is reached only by ports of the loopback interface, and
reaches nothing outside itself.
"""

import glob
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

SUITE = "bookworm"
MIRROR = os.environ.get("BOARD_MIRROR", "http://deb.debian.org")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = ["linux-image-arm64", "busybox-static", "dropbear-bin", "gdbserver", "lldb-19"]
# Programs of these packages that the root has; the libraries follow from them.
PROGRAMS = {"/bin/busybox": "bin/busybox", "/usr/sbin/dropbear": "usr/sbin/dropbear",
            "/usr/bin/gdbserver": "usr/bin/gdbserver", "/usr/bin/lldb-server": "usr/lib/llvm-*/bin/lldb-server"}
# What is loaded, each after what it depends on.
MODULES = ["virtio_pci", "virtio_net", "virtio_rng"]
LIBRARY_FOLDERS = ["lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib/llvm-*/lib"]
FORWARDED_PORTS = 8
# A change here makes what is kept stale.
LAYOUT = "2"

INITTAB = """::sysinit:/etc/start
::respawn:/usr/sbin/dropbear -F -R -s -p 22
"""

START = """#!/bin/sh
/bin/busybox --install -s
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm /tmp /run /var/log
mount -t devpts none /dev/pts
mount -t tmpfs none /tmp
for module in $(cat /modules/order); do insmod /modules/$module.ko; done
hostname board
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
echo board: up
"""


class BoardError(Exception):
    """There is no board; the text says why."""


# ------------------------------------------------------------------------------------------------ packages

def call(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise BoardError("%s: status %d\n%s" % (" ".join(command), done.returncode,
                                               done.stdout.decode(errors="replace")[-1500:]))
    return done.stdout.decode(errors="replace")


class Packages:
    """Debian packages for arm64, in a folder."""

    def __init__(self, folder):
        for tool in ("apt-get", "dpkg-deb"):
            if not shutil.which(tool):
                raise BoardError("there is no %s: the board is made of Debian packages" % tool)
        self.folder = os.path.abspath(folder)
        for name in ("lists/partial", "archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        signed = " signed-by=" + KEYRING if os.path.exists(KEYRING) else ""
        with open(self.path("etc/sources.list"), "w") as f:
            for archive, suite in (("debian", SUITE), ("debian-security", SUITE + "-security")):
                f.write("deb [arch=arm64%s] %s/%s %s main\n" % (signed, MIRROR, archive, suite))
        open(self.path("status"), "w").close()
        self.updated = False

    def path(self, name):
        return os.path.join(self.folder, name)

    def apt(self, *words, **options):
        settings = ["Dir::State=" + self.folder, "Dir::State::Lists=" + self.path("lists"),
                    "Dir::State::status=" + self.path("status"), "Dir::Cache=" + self.folder,
                    "Dir::Cache::archives=" + self.path("archives"), "Dir::Etc=" + self.path("etc"),
                    "Dir::Log=" + self.folder, "APT::Architecture=arm64", "APT::Architectures=arm64",
                    "APT::Install-Recommends=false", "APT::Sandbox::User=root", "Acquire::Languages=none"]
        return call(["apt-get", "-q", "-y"] + [w for s in settings for w in ("-o", s)] + list(words), **options)

    def update(self):
        if not self.updated:
            self.apt("update")
            self.updated = True

    def fetch(self, names):
        """Fetches packages with all that they depend on."""
        self.update()
        self.apt("--download-only", "install", *names)

    def fetch_one(self, name, into):
        """Fetches one package alone and unpacks it."""
        self.update()
        with tempfile.TemporaryDirectory(dir=self.folder) as work:
            self.apt("download", name, cwd=work)
            for archive in glob.glob(os.path.join(work, "*.deb")):
                call(["dpkg-deb", "-x", archive, into])

    def unpack(self, into):
        for archive in sorted(glob.glob(self.path("archives/*.deb"))):
            call(["dpkg-deb", "-x", archive, into])


def rust_library(folder):
    """The sysroot with the aarch64 standard library for Debian's rustc-web, or None where there is no such compiler."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "rustc-web"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        return None
    version = done.stdout.decode()
    root = os.path.join(folder, "rust-" + re.sub(r"[^\w.]", "_", version))
    if not os.path.isdir(root):
        shutil.rmtree(root + ".new", ignore_errors=True)
        Packages(os.path.join(folder, "apt")).fetch_one("libstd-rust-web-dev=" + version, root + ".new")
        os.rename(root + ".new", root)
    return os.path.join(root, "usr")


# ------------------------------------------------------------------------------------------------ the root

class Archive:
    """Writes an initramfs archive (cpio "newc", Documentation/driver-api/early-userspace/buffer-format in the kernel's tree)."""

    def __init__(self, file):
        self.file = file
        self.number = 0
        self.folders = set()

    def entry(self, name, mode, data=b"", device=(0, 0)):
        self.number += 1
        encoded = name.encode() + b"\0"
        fields = [self.number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data), 0, 0, device[0], device[1],
                  len(encoded), 0]
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + encoded
        self.file.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def folder(self, name, mode=0o755):
        name = name.strip("/")
        if name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self.entry(name, stat.S_IFDIR | mode)

    def add(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self.entry(name.strip("/"), stat.S_IFREG | mode, data)

    def link(self, name, to):
        self.folder(os.path.dirname(name))
        self.entry(name.strip("/"), stat.S_IFLNK | 0o777, to.encode())

    def end(self):
        self.entry("TRAILER!!!", 0)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def one_match(root, pattern):
    found = sorted(glob.glob(os.path.join(root, pattern)))
    if not found:
        raise BoardError("the packages have no %s" % pattern)
    return found[-1]


def named_libraries(path):
    out = call(["readelf", "-d", path])
    return re.findall(r"\(NEEDED\).*\[(.*)\]", out)


def library_closure(root, programs):
    """{name: file} of the shared libraries that the programs and their libraries name."""
    found, todo = {}, list(programs)
    while todo:
        for name in named_libraries(todo.pop()):
            if name in found:
                continue
            places = [p for folder in LIBRARY_FOLDERS for p in glob.glob(os.path.join(root, folder, name))]
            if not places:
                raise BoardError("the packages have no library %s" % name)
            # A link's target is found where it leads inside the root.
            found[name] = os.path.realpath(places[0])
            todo.append(found[name])
    return found


def module_closure(root, names):
    """[(name, file)] of kernel modules, each behind those that it depends on. What is built in is no file."""
    files = {}
    for path in glob.glob(os.path.join(root, "lib/modules/*/kernel/**/*.ko"), recursive=True):
        files[os.path.basename(path)[:-3].replace("-", "_")] = path
    order = []

    def visit(name):
        if name not in files or name in [n for n, _ in order]:
            return
        depends = re.search(rb"\0depends=([^\0]*)\0", b"\0" + read(files[name]))
        for other in depends.group(1).decode().split(",") if depends else []:
            visit(other.replace("-", "_"))
        order.append((name, files[name]))
    for name in names:
        visit(name)
    return order


def build_root(packages, to):
    with open(to, "wb") as file:
        archive = Archive(file)
        for folder in ("dev", "proc", "sys", "root", "usr/bin", "sbin", "usr/sbin", "etc/dropbear"):
            archive.folder(folder)
        archive.entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        programs = {name: os.path.realpath(one_match(packages, pattern)) for name, pattern in PROGRAMS.items()}
        for name, path in programs.items():
            archive.add(name, read(path), 0o755)
        # The name with the version is the one by which the platform starts it.
        for path in glob.glob(os.path.join(packages, "usr/lib/llvm-*/bin/lldb-server-*")):
            archive.link("/usr/bin/" + os.path.basename(path), "lldb-server")
        archive.link("/bin/sh", "busybox")
        archive.link("/sbin/init", "/bin/busybox")
        for name, path in sorted(library_closure(packages, programs.values()).items()):
            # The loader is where programs look for it.
            archive.add(("/lib/" if name.startswith("ld-") else "/lib/aarch64-linux-gnu/") + name, read(path), 0o755)
        modules = module_closure(packages, MODULES)
        for name, path in modules:
            archive.add("/modules/%s.ko" % name, read(path))
        archive.add("/modules/order", " ".join(n for n, _ in modules).encode())
        archive.add("/etc/inittab", INITTAB.encode())
        archive.add("/etc/start", START.encode(), 0o755)
        archive.add("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        archive.add("/etc/group", b"root:x:0:\n")
        archive.add("/etc/shells", b"/bin/sh\n")
        archive.end()


def build(folder, say=lambda text: None):
    """Makes Image and root.cpio in the folder unless they are there."""
    want = "\n".join([LAYOUT, SUITE] + PACKAGES + MODULES + [INITTAB, START])
    stamp = os.path.join(folder, "built")
    if os.path.exists(stamp) and read(stamp).decode() == want:
        return
    os.makedirs(folder, exist_ok=True)
    say("fetching Debian packages for arm64 …")
    packages = Packages(os.path.join(folder, "apt"))
    packages.fetch(PACKAGES)
    unpacked = os.path.join(folder, "unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    say("making the root …")
    packages.unpack(unpacked)
    shutil.copyfile(one_match(unpacked, "boot/vmlinuz-*-arm64"), os.path.join(folder, "Image"))
    build_root(unpacked, os.path.join(folder, "root.cpio"))
    shutil.rmtree(unpacked)
    with open(stamp, "w") as f:
        f.write(want)


# ------------------------------------------------------------------------------------------------ the machine

def free_ports(count):
    """Ports of the loopback interface that nobody uses: not of the range that the system hands out, and of those that
    lldb-server's platform takes, 1024 to 49151."""
    sockets, ports = [], []
    try:
        while len(ports) < count:
            s = socket.socket()
            sockets.append(s)
            try:
                s.bind(("127.0.0.1", random.randrange(20000, 32000)))
                ports.append(s.getsockname()[1])
            except OSError:
                if len(sockets) > 100 * count:
                    raise BoardError("there are no free ports")
        return ports
    finally:
        for s in sockets:
            s.close()


class Board:
    """A running board. Its ports have the same numbers inside and on the loopback interface outside."""

    def __init__(self, folder, cpu="max,pauth-impdef=on", timeout=600, say=lambda text: None):
        for tool, package in (("qemu-system-aarch64", "qemu-system-arm"), ("ssh", "openssh-client"),
                              ("ssh-keygen", "openssh-client"), ("readelf", "binutils"), ("setpriv", "util-linux")):
            if not shutil.which(tool):
                raise BoardError("there is no %s (Debian: %s)" % (tool, package))
        build(folder, say)
        self.run = tempfile.mkdtemp(prefix="fdbg-board-")
        self.process = None
        try:
            self.boot(folder, cpu, timeout, say)
        except BaseException:
            self.end()
            raise

    def path(self, name):
        return os.path.join(self.run, name)

    def boot(self, folder, cpu, timeout, say):
        call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "board", "-f", self.path("key")])
        initrd = self.path("initrd")
        shutil.copyfile(os.path.join(folder, "root.cpio"), initrd)
        with open(initrd, "ab") as f:
            f.write(b"\0" * (-f.tell() % 512))
            archive = Archive(f)
            archive.folder("root/.ssh", 0o700)
            archive.add("/root/.ssh/authorized_keys", read(self.path("key.pub")), 0o600)
            archive.end()
        self.ssh_port, *self.ports = free_ports(1 + FORWARDED_PORTS)
        self.config = self.path("ssh_config")
        with open(self.config, "w") as f:
            f.write("Host board\n  HostName 127.0.0.1\n  Port %d\n  User root\n  IdentityFile %s\n  IdentitiesOnly yes\n"
                    "  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking no\n  LogLevel ERROR\n  ConnectTimeout 60\n"
                    "  BatchMode yes\n" % (self.ssh_port, self.path("key")))
        forward = "".join(",hostfwd=tcp:127.0.0.1:%d-:%d" % pair
                          for pair in [(self.ssh_port, 22)] + [(p, p) for p in self.ports])
        # It ends with this process, however that ends.
        command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-aarch64", "-M", "virt", "-cpu", cpu, "-smp", "2",
                   "-m", "1536", "-kernel", os.path.join(folder, "Image"), "-initrd", initrd,
                   "-append", "console=ttyAMA0 panic=-1 loglevel=4 rdinit=/sbin/init", "-display", "none", "-monitor", "none",
                   "-serial", "file:" + self.path("console"), "-no-reboot", "-nodefaults",
                   "-netdev", "user,id=net,restrict=on" + forward, "-device", "virtio-net-pci,netdev=net,romfile=",
                   "-device", "virtio-rng-pci"]
        say("booting …")
        begin = time.monotonic()
        with open(self.path("qemu.log"), "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while "board: up" not in self.console():
            if self.process.poll() is not None:
                raise BoardError("qemu ended: %s" % read(self.path("qemu.log")).decode(errors="replace"))
            if time.monotonic() - begin > timeout:
                raise BoardError("no boot within %d s; the console's end:\n%s" % (timeout, self.console()[-1500:]))
            time.sleep(0.2)
        while self.ssh("true", check=False).returncode != 0:
            if time.monotonic() - begin > timeout:
                raise BoardError("no ssh within %d s; the console's end:\n%s" % (timeout, self.console()[-1500:]))
            time.sleep(0.5)
        self.boot_seconds = time.monotonic() - begin

    def console(self):
        try:
            return read(self.path("console")).decode(errors="replace")
        except FileNotFoundError:
            return ""

    def ssh_command(self, *words):
        """The command that runs a shell command on the board."""
        return ["ssh", "-F", self.config, "board"] + list(words)

    def ssh(self, command, stdin=b"", check=True, timeout=300):
        done = subprocess.run(self.ssh_command(command), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise BoardError("%s on the board: status %d: %s" % (command, done.returncode,
                                                                 done.stderr.decode(errors="replace")))
        return done

    def put(self, path, to):
        """Copies a program onto the board."""
        self.ssh("cat >%s && chmod 755 %s" % (to, to), stdin=read(path))

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.run, ignore_errors=True)

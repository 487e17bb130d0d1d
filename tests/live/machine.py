# SPDX-License-Identifier: BSD-2-Clause
"""machine.py - the gateway of lab.py as a booted machine.

A small Debian of this machine's release (TREE), with systemd, udev, rsyslog,
logrotate and the libraries of the program, is made once beside the program.
Each run boots it under an overlay: what it writes goes to memory. It runs in
the namespace g of the lab, so that g0 and g1 are its interfaces, and in a mount
namespace of our own: whatever ends us, its mounts and its processes go too.
"""
import contextlib
import ctypes
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from lab import (
    LIBC, Failure, Lab, Skip, expect, expect_equal, run, wait_for)

TREE = "live-tree"
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter", "setpriv", "unshare",
         "dpkg-query", "meson")
PACKAGES = ("systemd-sysv", "udev", "rsyslog", "logrotate")
# nspawn does not know these calls yet, and refuses them.
LANDLOCK = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
NOT_NEEDED = ("doc", "info", "locale", "man")  # of /usr/share
# Killed by whatever ends us, and all that is in it with it.
CAPTIVE = ("setpriv", "--pdeathsig=KILL", "unshare", "--pid", "--fork",
           "--mount-proc", "--kill-child")
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
       "LC_ALL": "C.UTF-8", "TERM": "dumb", "SYSTEMD_COLORS": "0"}


def mount(source, target, kind, options="", flags=0):
    if LIBC.mount(source.encode(), target.encode(), kind.encode(), flags,
                  options.encode()):
        raise Skip("cannot mount %s: %s" % (
            kind or target, os.strerror(ctypes.get_errno())))


def own_mounts():
    if LIBC.unshare(CLONE_NEWNS):
        raise Skip("no mount namespace: " + os.strerror(ctypes.get_errno()))
    mount("none", "/", "", flags=MS_REC | MS_PRIVATE)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def wait_until(done, limit=5):
    """What is killed may take a moment to go. No failure when it does not."""
    end = time.monotonic() + limit
    while not done() and time.monotonic() < end:
        time.sleep(0.05)


def children(pid):
    try:
        return [int(x) for x in read("/proc/%d/task/%d/children" % (
            pid, pid)).split()]
    except ProcessLookupError:
        return []


def namespace_pid(pid):
    """Its number in its own namespace."""
    found = re.search(r"(?m)^NSpid:.*\t(\d+)$", read("/proc/%d/status" % pid))
    return int(found[1]) if found else 0


# ---- the tree ----------------------------------------------------------------


def suite():
    """The name of Debian's release here."""
    found = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)', read("/etc/os-release")))
    if found.get("ID") != "debian" or not found.get("VERSION_CODENAME"):
        raise Skip("the machine to boot is made of Debian's packages; this is "
                   + found.get("PRETTY_NAME", "something else"))
    return found["VERSION_CODENAME"]


def libraries(binary):
    """The packages of what a program is linked with."""
    paths = re.findall(r"=> (/\S+)", run("ldd", binary))
    # dpkg may know them by either name of a merged /usr.
    said = subprocess.run(
        ["dpkg-query", "-S", *paths, *("/usr" + p for p in paths)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return sorted(set(re.findall(r"(?m)^([^:\s]+)(?::\w+)?: ", said.stdout)))


def make_tree(lab):
    """The tree's folder, made when it is not there as wanted."""
    folder = os.path.join(os.path.dirname(lab.binary), TREE)
    stamp, part = folder + ".made", folder + ".part"
    packages = ",".join([*PACKAGES, *libraries(lab.binary)])
    release = suite()
    wanted = "%s %s\n" % (release, packages)
    if read(stamp) == wanted and os.path.isdir(folder):
        return folder
    print("# making %s, a Debian to boot; takes a minute or two, once" %
          folder)
    sys.stdout.flush()
    for path in (folder, part):
        shutil.rmtree(path, ignore_errors=True)
    begun = lab.start("mmdebstrap", *CAPTIVE, "mmdebstrap",
                      "--variant=essential", "--include=" + packages, *(
                          "--dpkgopt=path-exclude=/usr/share/%s/*" % x
                          for x in NOT_NEEDED), release, part)
    try:
        wait_for("end of mmdebstrap", begun.ended, 400)
        if begun.status():
            raise Skip("mmdebstrap: " + begun.err[-200:])
    except BaseException:
        begun.kill()
        wait_until(lambda: shutil.rmtree(part, ignore_errors=True) or
                   not os.path.exists(part))
        raise
    os.rename(part, folder)
    with open(stamp, "w", encoding="utf-8") as f:
        f.write(wanted)
    return folder


# ---- control groups ----------------------------------------------------------


class Cgroup:
    """A group below ours, for nspawn to make its own in, where no systemd of
    this machine gives it one; in each hierarchy that systemd uses."""

    def __init__(self, name):
        self.paths = []
        if os.path.isdir("/run/systemd/system"):
            return
        for line in read("/proc/self/cgroup").splitlines():
            _, controllers, ours = line.split(":", 2)
            if controllers not in ("", "name=systemd"):
                continue
            for root in ("systemd",) if controllers else ("unified", ""):
                parent = os.path.join("/sys/fs/cgroup", root,
                                      ours.lstrip("/"))
                if os.path.exists(parent + "/cgroup.procs"):
                    self.paths.append(os.path.join(parent, name))
                    break
        for path in self.paths:
            os.mkdir(path)

    def before(self):
        """What starts a program in it."""
        if not self.paths:
            return ()
        return ("sh", "-c", 'until [ "$1" = -- ]; do echo $$ >"$1/cgroup.procs"'
                ' || exit; shift; done; shift; exec "$@"', "sh", *self.paths,
                "--")

    def remove(self):
        def gone(path):
            for below in sorted(glob.glob(path + "/**/", recursive=True),
                                key=len, reverse=True):
                try:
                    os.rmdir(below)
                except OSError:
                    pass
            return not os.path.exists(path)
        wait_until(lambda: all(map(gone, self.paths)))


# ---- the machine -------------------------------------------------------------


class Machine(Lab):
    def __init__(self, binary):
        super().__init__(binary)
        self.name = "dlolive-%d" % os.getpid()
        self.nspawn = self.cgroup = None
        self.leader = 0  # its process 1
        self.root = os.path.join(self.work, "machine", "root")
        self.installed = False
        self.undo = []
        self.cursor = ""

    # -- up and down

    def up(self):
        gone = [t for t in TOOLS if not shutil.which(t)]
        if gone:
            raise Skip("no " + ", ".join(gone))
        own_mounts()
        super().up()
        self.overlay(make_tree(self))
        self.cgroup = Cgroup(self.name)
        try:
            self.boot()
        except Failure as e:
            raise Skip("no machine boots here: " + str(e)) from None

    def overlay(self, tree):
        base = os.path.dirname(self.root)
        os.mkdir(base)
        mount("tmpfs", base, "tmpfs", "mode=755")
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(base, name), 0o755)
        mount("overlay", self.root, "overlay", "lowerdir=%s,upperdir=%s/upper,"
              "workdir=%s/work" % (tree, base, base))

    def boot(self):
        self.nspawn = self.start(
            "systemd-nspawn", *self.cgroup.before(), *CAPTIVE,
            "nsenter", "--net=/run/netns/" + self.names["g"],
            "systemd-nspawn", "--quiet", "--boot", "--register=no",
            *(("--keep-unit",) if self.cgroup.paths else ()),
            "--machine=" + self.name, "--directory=" + self.root,
            "--capability=CAP_NET_ADMIN",
            "--console=read-only", "--system-call-filter=" + LANDLOCK)
        self.processes.remove(self.nspawn)  # it is there for all cases

        def look():
            expect(not self.nspawn.ended(), "systemd-nspawn: %s",
                   (self.nspawn.err or self.nspawn.out)[-200:])
            self.leader = self.find_leader()
            return self.leader and self.call(
                "systemctl", "is-system-running", "--wait").stdout.strip() in (
                    "running", "degraded")
        wait_for("booted machine", look, 60)

    def reboot(self):
        """Down and up again; the journal of the case goes on."""
        self.call("systemctl", "poweroff")
        self.leader = 0
        expect_equal("exit status of systemd-nspawn", self.nspawn.status(), 0)
        self.boot()

    def find_leader(self):
        for nspawn in children(self.nspawn.pid):
            for pid in children(nspawn):
                if namespace_pid(pid) == 1:
                    return pid
        return 0

    def outside(self, inside):
        """The process of a number in there, as we see it; 0: there is none."""
        space = os.readlink("/proc/%d/ns/pid" % self.leader)
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                if namespace_pid(pid) == inside and os.readlink(
                        "/proc/%d/ns/pid" % pid) == space:
                    return pid
            except FileNotFoundError:
                pass  # gone since
        return 0

    def down(self):
        self.leader, self.undo = 0, []
        if self.nspawn:
            self.nspawn.kill()
        if self.cgroup:
            self.cgroup.remove()
        for path in (self.root, os.path.dirname(self.root)):
            if os.path.ismount(path):
                wait_until(lambda: not LIBC.umount2(path.encode(), 0))
        super().down()

    # -- inside

    def call(self, *argv, limit=60):
        """Runs a program in it; never fails by itself."""
        return subprocess.run(
            ["nsenter", "--target", str(self.leader), "--mount", "--uts",
             "--ipc", "--net", "--pid", *argv], env=ENV, timeout=limit,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="backslashreplace", check=False)

    def run(self, *argv):
        """Runs one that must succeed; returns what it says."""
        p = self.call(*argv)
        expect(not p.returncode, "%s: exit %d: %s", " ".join(argv),
               p.returncode, (p.stderr or p.stdout)[-300:])
        return p.stdout

    def path(self, path):
        """Where a file of the machine is for us. What it has mounted itself,
        as /run, is not there."""
        return self.root + path

    def read(self, path):
        return read(self.path(path))

    def octets(self, path):
        try:
            with open(self.path(path), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def put(self, path, text):
        """Writes a file, until the end of the case."""
        real = self.path(path)
        before = read(real) if os.path.exists(real) else None
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "w", encoding="utf-8") as f:
            f.write(text)
        self.undo.append((real, before))

    def install(self):
        """As README.md says, once."""
        if self.installed:
            return
        run("meson", "install", "-C", os.path.dirname(self.binary),
            "--no-rebuild", "--quiet", "--destdir", self.root)
        self.run("systemd-sysusers")
        self.run("systemd-tmpfiles", "--create")
        self.run("systemctl", "daemon-reload")
        self.installed = True

    @contextlib.contextmanager
    def extra_link(self):
        """x0 in the machine, for a while; gives a socket on its other end."""
        self.link("g", "x0", "c", "x1")
        try:
            with self.inside("c"):
                end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            with end:
                end.bind(("x1", 0))
                yield end
        finally:
            run("ip", "-n", self.names["g"], "link", "del", "x0")

    @contextlib.contextmanager
    def udev(self):
        """It hears of its interfaces, as no container does: the system manager
        looks when it begins, and only where it may write to /sys."""
        self.run("mount", "-o", "remount,rw", "/sys")
        try:
            self.run("systemctl", "start", "systemd-udevd.service")
            self.run("systemctl", "daemon-reexec")
            self.run("udevadm", "trigger", "--action=add",
                     "--subsystem-match=net")
            self.run("udevadm", "settle")
            yield
        finally:
            self.call("systemctl", "stop", "systemd-udevd.service",
                      "systemd-udevd-control.socket",
                      "systemd-udevd-kernel.socket")
            self.call("mount", "-o", "remount,ro", "/sys")
            self.call("systemctl", "daemon-reexec")

    # -- a case

    def mark(self):
        """The journal of the case begins here, or before."""
        if self.cursor:
            return
        said = self.run("journalctl", "-n", "0", "--show-cursor")
        self.cursor = re.search(r"-- cursor: (.*)", said)[1]

    def journal(self):
        """Entries since then. Not matched by journalctl, which with a cursor
        leaves out the first that does."""
        said = self.call("journalctl", "--output=json", "--all",
                         "--after-cursor=" + self.cursor).stdout
        return [json.loads(line) for line in said.splitlines()]

    def said(self):
        return [x["MESSAGE"] for x in self.journal()
                if x.get("SYSLOG_IDENTIFIER") == "dnslookout"]

    def account(self):
        return ["%s: %s" % (x.get("SYSLOG_IDENTIFIER"), x.get("MESSAGE"))
                for x in self.journal()[-40:]]

    def end_case(self):
        super().end_case()
        if not self.leader:
            return
        if self.installed:
            for action in ("stop", "reset-failed"):
                self.call("systemctl", action, "dnslookout.service",
                          "dnslookout@*.service")
            self.call("systemctl", "disable", "dnslookout.service",
                      "dnslookout@x0.service")
        for path, before in reversed(self.undo):
            if before is None:
                os.unlink(path)
            else:
                with open(path, "w", encoding="utf-8") as f:
                    f.write(before)
        self.undo, self.cursor = [], ""
        self.call("systemctl", "daemon-reload")

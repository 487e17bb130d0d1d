# SPDX-License-Identifier: BSD-2-Clause
"""lab.py - what the live tests stand on: namespaces, processes, frames.

A client (c), a gateway (g) and a server (s), each a network namespace with its
own loopback, named after our process and gone at the end:

    c0 192.0.2.2      --  g0 192.0.2.1 g1 198.51.100.1  --  s0 198.51.100.53
       2001:db8:1::2         2001:db8:1::1   2001:db8:2::1     2001:db8:2::53

The gateway forwards; dnslookout runs in it. Neighbours are permanent, so that
no packet waits for an answer. Nobody sleeps for a fixed time: wait_for() looks
for a marker, for LIMIT seconds at most.
"""
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

LIBC = ctypes.CDLL(None, use_errno=True)
LIMIT = 20.0  # seconds; a marker normally needs a tenth of one
CLIENT, SERVER = "192.0.2.2", "198.51.100.53"
CLIENT6, SERVER6 = "2001:db8:1::2", "2001:db8:2::53"
NOBODY = 65534


HERE = os.path.dirname(os.path.abspath(__file__))
LIST = ("--list", os.path.join(HERE, "live.list"))
CASES = {}


def case(*tools):
    """Makes a function a case; its first line of text says what it shows."""
    def add(function):
        CASES[function.__name__.replace("_", "-")] = (function, tools)
        return function
    return add


class Skip(Exception):
    """The machine lacks something that the case needs."""


class Failure(Exception):
    """What the program did is not what it should."""


def expect(condition, why, *args):
    if not condition:
        raise Failure(why % args if args else why)


def expect_equal(what, got, want):
    expect(got == want, "%s: %r, not %r", what, got, want)


def wait_for(what, look, limit=LIMIT):
    """The first true value of look(); a failure when there is none in time."""
    end = time.monotonic() + limit
    while True:
        value = look()
        if value:
            return value
        expect(time.monotonic() < end, "no %s within %d s", what, limit)
        time.sleep(0.01)


# ---- processes ---------------------------------------------------------------


class Process:
    """A program with stdout and stderr in files."""

    def __init__(self, name, argv, base, stdin=subprocess.DEVNULL, stdout=None,
                 env=None):
        self.name = name
        self.out_path, self.err_path = base + ".out", base + ".err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(
                argv, stdin=stdin, stdout=out if stdout is None else stdout,
                stderr=err, cwd="/", env=env)
        self.pid = self.popen.pid
        self.out_read, self.out_lines = 0, []

    @staticmethod
    def _read(path):
        with open(path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()

    @property
    def out(self):
        return self._read(self.out_path)

    @property
    def err(self):
        return self._read(self.err_path)

    def lines(self):
        """Whole lines of stdout; reads only what is new."""
        with open(self.out_path, "rb") as f:
            f.seek(self.out_read)
            new = f.read()
        new = new[:new.rfind(b"\n") + 1]
        self.out_read += len(new)
        self.out_lines += new.decode(errors="backslashreplace").splitlines()
        return self.out_lines[:]

    def ended(self):
        return self.popen.poll() is not None

    def signal(self, number):
        if not self.ended():
            self.popen.send_signal(number)

    def status(self):
        """The exit status, once it has ended by itself."""
        wait_for("end of %s" % self.name, self.ended)
        return self.popen.returncode

    def wait_err(self, text):
        """Waits for a text on stderr."""
        def look():
            if text in self.err:
                return True
            expect(not self.ended(), "%s ended with %s before %r: %s",
                   self.name, self.popen.returncode, text, self.err[-300:])
            return False
        return wait_for("%r from %s" % (text, self.name), look)

    def wait_lines(self, n):
        """The lines of stdout, once there are n."""
        def look():
            lines = self.lines()
            if len(lines) >= n:
                return lines
            expect(not self.ended(), "%s ended with %s after %d of %d lines",
                   self.name, self.popen.returncode, len(lines), n)
            return None
        try:
            return wait_for("line", look)
        except Failure as e:
            raise Failure("%s: %d lines, not %d: %s" % (
                self.name, len(self.lines()), n, e)) from None

    def kill(self):
        if not self.ended():
            # A stopped process does not hear TERM.
            self.popen.kill()
        self.popen.wait()


class Sniffer(Process):
    """dnslookout, with its output read as what it means."""

    def alerts(self, n=None):
        """The objects of --json; with n, once there are n."""
        lines = self.lines() if n is None else self.wait_lines(n)
        return [json.loads(line) for line in lines]

    def stop(self, status=0, number=signal.SIGINT):
        """Ends it; returns the counts of its summary."""
        self.signal(number)
        got = self.status()
        expect(status is None or got == status,
               "exit status of %s: %s, not %s", self.name, got, status)
        return self.summary()

    def summary(self):
        return counts(self.err)

    def statistics(self):
        """The counts that it tells on SIGUSR1."""
        def told():
            return self.err.count(" lost; ")
        before = told()
        self.signal(signal.SIGUSR1)
        wait_for("statistics", lambda: told() > before)
        return self.summary()

    def until(self, good):
        """Asks again and again for the counts until they are good."""
        seen = {}

        def look():
            seen.update(self.statistics())
            return good(seen) or time.sleep(0.05)
        try:
            wait_for("right counts", look)
        except Failure as e:
            raise Failure("%s: %s" % (e, seen)) from None
        return seen


SUMMARY = (
    ("captured", r"^(\d+) packets? captured$"),
    ("received", r"^(\d+) packets? received by filter$"),
    ("dropped", r"^(\d+) packets? dropped by kernel$"),
    ("questions", r"^(\d+) questions?, "),
    ("malformed", r" (\d+) malformed, "),
    ("alerts", r" (\d+) alerts?, "),
    ("suppressed", r" (\d+) suppressed, "),
    ("lost", r" (\d+) lost; "))


def counts(text):
    """{name: number} of the last summary in a text."""
    result = {}
    for name, pattern in SUMMARY:
        found = re.findall(pattern, re.sub("(?m)^<[0-7]>", "", text),
                           re.MULTILINE)
        expect(found, "no %s in the summary: %r", name, text[-400:])
        result[name] = int(found[-1])
    return result


# ---- threads -----------------------------------------------------------------


def threads(process, names):
    """{name: id} of its threads, once there are these; of those of one name
    (libuv's workers have that of the first), the first."""
    tasks = "/proc/%d/task" % process.pid

    def look():
        found = {}
        for tid in sorted(os.listdir(tasks), key=int):
            with open("%s/%s/comm" % (tasks, tid), encoding="ascii") as f:
                found.setdefault(f.read().strip(), int(tid))
        return found if set(found) == names else None
    return wait_for("threads " + " ".join(sorted(names)), look)


def freeze(process):
    """Stops all threads of a process, and sees that they are."""
    process.signal(signal.SIGSTOP)
    tasks = "/proc/%d/task" % process.pid

    def stopped():
        for task in os.listdir(tasks):
            with open("%s/%s/stat" % (tasks, task), encoding="ascii") as f:
                if f.read().rsplit(")", 1)[1].split()[0] != "T":
                    return False
        return True
    wait_for("stopped process", stopped)


PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000  # waitpid(): threads, too


def stop_thread(tid):
    """One thread stands still, the others of its process go on."""
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if LIBC.ptrace(request, tid, None, None):
            raise Skip("ptrace: " + os.strerror(ctypes.get_errno()))
    os.waitpid(tid, WALL)


@contextlib.contextmanager
def stopped_thread(tid):
    """The same for a while."""
    stop_thread(tid)
    try:
        yield
    finally:
        expect_equal("detaching", LIBC.ptrace(PTRACE_DETACH, tid, None, None),
                     0)


# ---- what it prints ----------------------------------------------------------


def names_of(alerts):
    return [a["dns"]["question"]["name"] for a in alerts]


def interface_of(alert):
    return alert["observer"]["ingress"]["interface"]["name"]


LINE = re.compile(
    rb"<(\d+)>([A-Z][a-z][a-z]) ([ 1-3]\d) (\d\d:\d\d:\d\d) "
    rb"dnslookout\[(\d+)\]: (.+)")


def log_line(data, sniffer):
    """(priority, message) of a datagram to /dev/log."""
    m = LINE.fullmatch(data)
    expect(m, "datagram %r", data)
    expect(len(data) <= 1024 or m[6].startswith(b"@cee: "), "%d octets",
           len(data))
    expect_equal("pid", int(m[5]), sniffer.pid)
    return int(m[1]), m[6].decode()


# ---- messages and frames -----------------------------------------------------


def name(text):
    """A name on the wire; octets may be given as bytes in a list."""
    labels = text if isinstance(text, list) else text.encode().split(b".")
    return b"".join(bytes([len(x)]) + x for x in labels if x) + b"\0"


def query(qname, number=0x1234, qtype=1):
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + name(qname) + \
        struct.pack("!2H", qtype, 1)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def udp(payload, sport=5353, dport=53):
    return struct.pack("!4H", sport, dport, 8 + len(payload), 0) + payload


def ipv4(payload, offset=0, more=False, number=1, source=CLIENT, protocol=17):
    """offset: in octets; more: not the last fragment."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number,
                       offset // 8 | (0x2000 if more else 0), 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(SERVER))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(payload, fragment=None, protocol=17):
    """fragment: the field with offset and M, for a fragment header."""
    header = b"" if fragment is None else struct.pack("!BBHI", 17, 0, fragment,
                                                      7)
    return struct.pack("!IHBB", 6 << 28, len(header) + len(payload),
                       44 if header else protocol, 64) + \
        socket.inet_pton(socket.AF_INET6, CLIENT6) + \
        socket.inet_pton(socket.AF_INET6, SERVER6) + header + payload


def pppoe(packet, protocol=0x21):
    return struct.pack("!BBHHH", 0x11, 0, 1, len(packet) + 2,
                       protocol) + packet


def frame(packet, ethertype=0x0800, tags=()):
    """To a station that is not ours: seen on the link, heeded by nobody."""
    return bytes.fromhex("020000000001020000000002") + b"".join(
        struct.pack("!HH", kind, vid) for kind, vid in tags) + \
        struct.pack("!H", ethertype) + packet


# ---- the lab -----------------------------------------------------------------

ENDS = {
    "c0": ("02:00:00:00:01:02", CLIENT, CLIENT6),
    "g0": ("02:00:00:00:01:01", "192.0.2.1", "2001:db8:1::1"),
    "g1": ("02:00:00:00:02:01", "198.51.100.1", "2001:db8:2::1"),
    "s0": ("02:00:00:00:02:02", SERVER, SERVER6),
    "x0": ("02:00:00:00:03:01", "", ""),
    "x1": ("02:00:00:00:03:02", "", "")}
CLONE_NEWNET = 0x40000000


def run(*argv):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=60, check=False)
    if p.returncode:
        raise Failure("%s: exit %d: %s" % (
            " ".join(argv), p.returncode, (p.stderr or p.stdout)[-300:]))
    return p.stdout


def as_nobody(*more):
    return ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY),
            "--clear-groups", *more)


def setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if LIBC.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns " + path)
    finally:
        os.close(fd)


class Lab:
    def __init__(self, binary):
        self.binary = binary
        self.names = {x: "dlolive-%d-%s" % (os.getpid(), x) for x in "cgs"}
        self.processes, self.closing, self.n = [], [], 0
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.work = tempfile.mkdtemp(prefix="dlolive")
        os.chmod(self.work, 0o755)
        self.udp4 = self.udp6 = self.raw = None

    # -- namespaces

    def up(self):
        for ns in self.names.values():
            run("ip", "netns", "add", ns)
            run("ip", "-n", ns, "link", "set", "lo", "up")
        self.link("c", "c0", "g", "g0")
        self.link("g", "g1", "s", "s0")
        self.address("c", "c0", "g0", gateway=True)
        self.address("g", "g0", "c0")
        self.address("g", "g1", "s0")
        self.address("s", "s0", "g1", gateway=True)
        with self.inside("g"):
            for path in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                with open("/proc/sys/net/" + path, "w", encoding="ascii") as f:
                    f.write("1\n")
        with self.inside("c"):
            self.udp4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.raw.bind(("c0", 0))

    def link(self, ns_a, a, ns_b, b):
        """A veth pair between two namespaces, both ends up."""
        run("ip", "-n", self.names[ns_a], "link", "add", "name", a, "address",
            ENDS[a][0], "type", "veth", "peer", "name", b, "address",
            ENDS[b][0], "netns", self.names[ns_b])
        run("ip", "-n", self.names[ns_a], "link", "set", a, "up")
        run("ip", "-n", self.names[ns_b], "link", "set", b, "up")

    def address(self, ns, dev, other, gateway=False):
        """The addresses of an end, and where the other one is."""
        ip = ("ip", "-n", self.names[ns])
        for i, length in ((1, "/24"), (2, "/64")):
            to = ENDS[other][i]
            run(*ip, "addr", "add", ENDS[dev][i] + length, "dev", dev,
                *(("nodad",) if i == 2 else ()))
            run(*ip, "neigh", "replace", to, "lladdr", ENDS[other][0], "dev",
                dev, "nud", "permanent")
            if gateway:
                run(*ip, "-6" if i == 2 else "-4", "route", "add", "default",
                    "via", to)

    @contextlib.contextmanager
    def inside(self, ns):
        """This process in a namespace: for sockets, which stay there."""
        setns("/run/netns/" + self.names[ns])
        try:
            yield
        finally:
            if LIBC.setns(self.home, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns home")

    def _counter(self, ns, dev, column):
        with self.inside(ns), open("/proc/self/net/dev",
                                   encoding="ascii") as f:
            line = re.search(r"\b%s: +(.*)" % dev, f.read())[1]
            return int(line.split()[column])

    def received(self, ns, dev):
        """Frames that an interface has received."""
        return self._counter(ns, dev, 1)

    def sent(self, ns, dev):
        """Frames that an interface has sent."""
        return self._counter(ns, dev, 9)

    # -- processes

    def base(self, what):
        self.n += 1
        return os.path.join(self.work, "%02d-%s" % (self.n, what))

    def start(self, what, *argv, ns=None, cls=Process, **kw):
        if ns:
            argv = ("ip", "netns", "exec", self.names[ns]) + argv
        p = cls(what, argv, self.base(what), **kw)
        self.processes.append(p)
        return p

    def sniff(self, *args, ns="g", before=(), listening=True, binary=None,
              control=True, **kw):
        """dnslookout in the gateway, once it listens. before: a program that
        starts it. control: what a service has of its own (socket, state) is
        not in the default places."""
        for option in ("--control", "--state-directory"):
            if control and "--service" in args and option not in args:
                args += (option, self.base(option.strip("-")))
        p = self.start("dnslookout", *before, binary or self.binary, *args,
                       ns=ns, cls=Sniffer, **kw)
        if listening:
            p.wait_err("listening on")
        return p

    def dig(self, lines):
        """Real queries from the client, one line of dig's -f each."""
        path = self.write("dig", "\n".join(lines) + "\n")
        return run("ip", "netns", "exec", self.names["c"], "dig", "+tries=1",
                   "+time=10", "-f", path)

    def unbound(self):
        """A real server that answers what is below and NXDOMAIN."""
        folder = self.base("unbound")
        os.mkdir(folder)
        path = self.write("unbound.conf", UNBOUND.format(
            folder=folder, v4=SERVER, v6=SERVER6))
        p = self.start("unbound", "unbound", "-d", "-c", path, ns="s")
        p.wait_err("start of service")
        return p

    def ask(self, qname, n=1, v6=False, qtype=1):
        """Queries from the client's own socket, without waiting."""
        for _ in range(n):
            if v6:
                self.udp6.sendto(query(qname, qtype=qtype), (SERVER6, 53))
            else:
                self.udp4.sendto(query(qname, qtype=qtype), (SERVER, 53))

    # -- files and sockets of a case

    def write(self, what, text):
        path = self.base(what)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def datagrams(self, path):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        os.chmod(path, 0o666)
        s.settimeout(LIMIT)
        self.closing.append(s)
        return s

    def said(self):
        """What each program of the case has said on stderr."""
        return [p.err for p in self.processes]

    def account(self):
        """Lines for a failed case: what the programs have said at last."""
        return ["%s[%d] %s: %s" % (p.name, p.pid, where, line)
                for p in self.processes
                for where, text in (("stdout", p.out), ("stderr", p.err))
                for line in text.splitlines()[-12:]]

    def end_case(self):
        """Ends what a case has started."""
        for p in self.processes:
            p.kill()
        for s in self.closing:
            s.close()
        self.processes, self.closing = [], []

    def down(self):
        """Undoes everything; never raises."""
        self.end_case()
        for s in (self.udp4, self.udp6, self.raw):
            if s:
                s.close()
        for ns in self.names.values():
            subprocess.run(("ip", "netns", "del", ns), check=False,
                           stdin=subprocess.DEVNULL, capture_output=True)
        shutil.rmtree(self.work, ignore_errors=True)
        os.close(self.home)


UNBOUND = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    so-rcvbuf: 1m
    interface: {v4}
    interface: {v6}
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    module-config: "iterator"
    local-zone: "." static
    local-zone: "ngrok.io." redirect
    local-data: "ngrok.io. A 192.0.2.99"
    local-data: "ngrok.io. AAAA 2001:db8::99"
    local-zone: "argotunnel.com." redirect
    local-data: "argotunnel.com. A 192.0.2.98"
    local-zone: "match.example." redirect
    local-data: "match.example. A 192.0.2.97"
    local-zone: "plain.example." redirect
    local-data: "plain.example. A 192.0.2.96"
    local-data: "plain.example. TXT 'nothing to see'"
remote-control:
    control-enable: no
"""

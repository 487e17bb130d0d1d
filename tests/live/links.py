# SPDX-License-Identifier: BSD-2-Clause
"""links.py - live cases about interfaces: several, and such as come and go."""
import collections
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

from control import answer
from lab import (
    LIST, NOBODY, SERVER, Skip, as_nobody, case, expect, expect_equal, frame,
    freeze, interface_of, ipv4, log_line, names_of, pppoe, query, run, udp,
    wait_for)


@case("tcpdump")
def interfaces(lab):
    """-D is tcpdump's list, to the octet, of links up, down and without end."""
    extra_link(lab)
    try:
        run("ip", "-n", lab.names["g"], "link", "set", "x1", "down")
        inside = ("ip", "netns", "exec", lab.names["g"])
        ours = run(*inside, lab.binary, "-D")
        expect("x1" in ours and "lo" in ours, "list %r", ours)
        expect_equal("-D", ours, run(*inside, "tcpdump", "-D"))
    finally:
        drop_extra_link(lab)


def expect_merged(alerts, names, n=2):
    """One alert a name, seen on g0, where it came in, and g1."""
    expect_equal("alerts", sorted(names_of(alerts)), sorted(names))
    for a in alerts:
        got = (a["dnslookout"]["count"], a["dnslookout"]["interfaces"],
               interface_of(a))
        expect_equal("count and interfaces", got, (n, ["g0", "g1"], "g0"))


@case()
def two_interfaces(lab):
    """A look-up that both see is one alert that says so; packets are two."""
    both = lab.sniff("-i", "g0", "-i", "g1", "--json", *LIST)
    every = lab.sniff("-i", "any", "--json", *LIST)
    names = ("four.match.example", "six.match.example")
    lab.ask(names[0])
    lab.ask(names[1], v6=True)
    for sniffer in (both, every):
        sniffer.alerts(2)
        summary = sniffer.stop()
        # Held to the end, whatever else may have come.
        expect_merged(sniffer.alerts(), names)
        expect_equal("captured", summary["captured"], 4)
        expect_equal("alerts raised", summary["alerts"], 4)
        expect("\nalerts that are one with those of another interface: 2\n" in
               sniffer.err, "summary: %s", sniffer.err)
        expect("ilter failed" not in sniffer.err, "stderr: %s", sniffer.err)
    expect_equal("packets of g0", [a["dnslookout"]["packet"]
                                   for a in both.alerts()], [1, 2])
    expect_equal("listening lines", both.err.count("listening on"), 2)


@case()
def two_interfaces_once(lab):
    """What one of two interfaces sees, or sees again, is an alert of its own;
    and one interface does not wait."""
    both = lab.sniff("-i", "g0", "-i", "g1", "--json", *LIST)
    alone = lab.sniff("-i", "g0", "--json", *LIST)
    late = frame(ipv4(udp(query("once.match.example"))))
    begun = time.monotonic()
    lab.raw.send(late)
    alone.alerts(1)
    took = time.monotonic() - begun
    lab.raw.send(late)
    for a in both.alerts(2):
        expect_equal("name", a["dns"]["question"]["name"], "once.match.example")
        expect_equal("interface", interface_of(a), "g0")
        expect("count" not in a["dnslookout"], "count: %s", a)
    expect(time.monotonic() - begun > 1, "both: not held for a second")
    expect(took < 1, "alone: %.1f s", took)
    both.stop()
    alone.stop()


@case()
def two_interfaces_all(lab):
    """With -a, each message as the wire carried it; to syslog, alerts as one."""
    path = lab.base("log")
    log = lab.datagrams(path)
    both = lab.sniff("-i", "g0", "-i", "g1", "-a", "--json", "--syslog", path,
                     *LIST)
    text = lab.sniff("-i", "g0", "-i", "g1", "-a", "-t", *LIST)
    lab.ask("a.match.example")
    lab.ask("plain.example")
    for line in text.wait_lines(4):
        expect(re.fullmatch(
            r"IP \S+ > \S+ 4660\+ A\? (a\.match\.example\. \(33\) \[high\] "
            r"live/matched match\.example T1572|plain\.example\. \(31\))",
            line), "line %r", line)
    objects = both.alerts(6)
    expect_equal("events", collections.Counter(
        (o["event"]["kind"], interface_of(o), o["dns"]["question"]["name"])
        for o in objects), collections.Counter(
            (kind, i, name) for i in ("g0", "g1") for kind, name in (
                ("event", "a.match.example"), ("alert", "a.match.example"),
                ("event", "plain.example"))))
    expect(not any("count" in o["dnslookout"] for o in objects), "counts")
    _, message = log_line(log.recv(65536), both)
    expect(" iface=g0 count=2 also=g1 " in message, "message %r", message)
    both.stop()
    text.stop()
    log.setblocking(False)
    expect(not select.select([log], [], [], 0)[0], "more datagrams came")


@case()
def two_interfaces_limited(lab):
    """Each interface has a limit of its own; what passes both is one alert."""
    both = lab.sniff("-i", "g0", "-i", "g1", "--limit", "3/60", "--json", *LIST)
    for i in range(5):
        lab.ask("n%d.match.example" % i)
    both.until(lambda c: c["captured"] == 10)
    summary = both.stop()
    lines = both.alerts()
    alerts = [a for a in lines if a["event"]["action"] == "alert"]
    expect_merged(alerts, ["n%d.match.example" % i for i in range(3)])
    expect_equal("closing lines", sorted(
        (interface_of(a), a["dnslookout"]["count"]) for a in lines
        if a["event"]["action"] == "closing"), [("g0", 2), ("g1", 2)])
    expect_equal("alerts and suppressed",
                 (summary["alerts"], summary["suppressed"]), (6, 4))


@case()
def two_interfaces_as_text(lab):
    """Messages that come at once on several: whole lines, in order, no less
    than were seen."""
    n = 500
    both = lab.sniff("-i", "g0", "-i", "g1", "-e", "-tt", *LIST)
    freeze(both)
    for i in range(n):
        lab.udp4.sendto(query("n%03d.match.example" % i), (SERVER, 53))
    wait_for("frames on g1", lambda: lab.sent("g", "g1") >= n)
    both.signal(signal.SIGCONT)
    lines = both.wait_lines(n)
    summary = both.stop()
    expect_equal("lines and alerts", (len(both.lines()), summary["alerts"]),
                 (n, 2 * n))
    for i, line in enumerate(lines):
        expect(re.fullmatch(
            r"\S+ 02:00:00:00:01:02 > \S+ ethertype IPv4 \(0x0800\), "
            r"length \d+: \S+ > \S+ 4660\+ A\? n%03d\.match\.example\. "
            r"\(\d+\) \[high\] live/matched match\.example T1572 "
            r"\(on 2 interfaces\)" % i, line), "line %r", line)
    stamps = [float(line.split()[0]) for line in lines]
    expect(stamps == sorted(stamps), "not in the order of time")


def extra_link(lab):
    """Another veth in the gateway, which can be taken away: x0 and x1."""
    lab.link("g", "x0", "g", "x1")
    return raw_socket(lab, "x1")


def raw_socket(lab, name):
    """For frames to be sent on an interface of the gateway."""
    with lab.inside("g"):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    lab.closing.append(raw)
    raw.bind((name, 0))
    return raw


def drop_extra_link(lab):
    subprocess.run(("ip", "-n", lab.names["g"], "link", "del", "x0"),
                   check=False, capture_output=True)


@case()
def interface_gone(lab):
    """Taken away: a plain message and exit 1; others go on until the end."""
    raw = extra_link(lab)
    try:
        alone = lab.sniff("-i", "x0", *LIST)
        two = lab.sniff("-i", "x0", "-i", "g0", *LIST)
        # What came just before is printed, though no block is full.
        raw.send(question("before.match.example"))
    finally:
        drop_extra_link(lab)
    expect_equal("exit status", alone.status(), 1)
    expect("x0: The interface disappeared" in alone.err, "stderr: %s",
           alone.err)
    expect_equal("alerts of it", alone.summary()["alerts"], 1)
    expect_equal("lines of it", len(alone.lines()), 1)
    two.wait_err("x0: The interface disappeared")
    lab.ask("a.match.example")
    two.wait_lines(2)
    two.stop(status=1)
    absent = lab.sniff("-i", "x0", *LIST, listening=False)
    expect_equal("exit status", absent.status(), 1)
    expect("x0: No such device exists" in absent.err, "stderr: %s", absent.err)


@case()
def interface_down(lab):
    """Down and up again: told once each, and capture goes on."""
    raw = extra_link(lab)
    try:
        sniffer = lab.sniff("-i", "x0", *LIST)
        raw.send(question("up.match.example"))
        sniffer.wait_lines(1)
        link(lab, "set", "x0", "down")
        sniffer.wait_err("interface x0 down, waiting\n")
        link(lab, "set", "x0", "up")
        sniffer.wait_err("interface x0 back after ")
        send_when_up(raw, question("up.match.example"))
        sniffer.wait_lines(2)
        sniffer.stop()
    finally:
        drop_extra_link(lab)
    expect_equal("messages", len(told(sniffer, "x0")), 2)


# ---- a service waits ---------------------------------------------------------


class Service:
    """dnslookout as a service on some interfaces of the gateway, without a
    limit; with the alerts that it logs and the status that it tells."""

    def __init__(self, lab, *args, before=(), binary=None):
        path, manager = lab.base("log"), lab.base("notify")
        self.lab, self.control = lab, lab.base("control")
        self.log, self.notify = lab.datagrams(path), lab.datagrams(manager)
        self.alerts, self.states = [], []
        self.sniffer = lab.sniff(
            "--service", "--syslog", path, "--no-limit", *(
                () if "--control" in args else ("--control", self.control)),
            *args, before=before,
            binary=binary, listening=False,
            env=dict(os.environ, NOTIFY_SOCKET=manager))
        self.wait_status(lambda text: True)

    def take(self):
        """Reads what has come."""
        for s, take in ((self.log, self._alert), (self.notify, self._state)):
            while select.select([s], [], [], 0)[0]:
                take(s.recv(65536))

    def _alert(self, data):
        _, message = log_line(data, self.sniffer)
        self.alerts.append(dict(
            x.split("=", 1) for x in message.split() if "=" in x))

    def _state(self, data):
        self.states += re.findall(r"^STATUS=(.*)$", data.decode(), re.M)

    def wait_status(self, good):
        """The newest status, once it is good."""
        def look():
            self.take()
            return self.states and good(self.states[-1]) and self.states[-1]
        return wait_for("good status", look)

    def interfaces(self):
        """As ctl tells them: whether it captures there, and outages so far."""
        return [(x["name"], x["capturing"], x["outages"]) for x in answer(
            self.lab, self.control, "status")["interfaces"]]

    def wait_alert(self, name):
        """The alert about a name."""
        def look():
            self.take()
            return [a for a in self.alerts if a.get("qname") == name]
        return wait_for("alert on " + name, look)[0]

    def wait_err(self, text):
        self.sniffer.wait_err(text)

    def stop(self):
        self.sniffer.signal(signal.SIGTERM)
        expect_equal("exit status", self.sniffer.status(), 0)
        self.take()
        return self.sniffer.summary()


def question(name):
    return frame(ipv4(udp(query(name))))


def link(lab, *words):
    """ip link in the gateway."""
    run("ip", "-n", lab.names["g"], "link", *words)


def send_when_up(raw, data):
    """Sends once the link has a carrier."""
    def send():
        try:
            return raw.send(data)
        except OSError:
            return 0
    wait_for("carrier", send)


def told(sniffer, name):
    """What was said about outages of an interface, in order."""
    return re.findall(r"interface %s (.*)" % name, sniffer.err)


def expect_outages(sniffer, name, *whys):
    """Each was told of once when it began and once when it ended. whys: the
    ends of the first lines, as patterns."""
    want = []
    for why in whys:
        want += ["down, waiting" + why, r"back after \d+\.\d s(, link-type .*)?"]
    got = told(sniffer, name)
    expect(len(got) == len(want) and all(map(re.fullmatch, want, got)),
           "told of %s: %r, not %r", name, got, want)
    warned = re.findall(
        r"%s: (\d+) outages?, (\d+\.\d) s without this interface\n" % name,
        sniffer.err)
    expect(warned and int(warned[-1][0]) == len(whys), "summary: %s",
           sniffer.err)


# What is deleted or renamed goes down first, and that may be seen.
GONE = "(: The interface disappeared)?"


def down_up(lab):
    link(lab, "set", "x0", "down")
    yield
    link(lab, "set", "x0", "up")


def delete_create(lab):
    drop_extra_link(lab)
    yield
    extra_link(lab)


def rename_back(lab):
    """As old kernels allow it: only what is down."""
    link(lab, "set", "x0", "down")
    link(lab, "set", "x0", "name", "y0")
    yield
    link(lab, "set", "y0", "name", "x0")
    link(lab, "set", "x0", "up")


def rename_up_back(lab):
    """As new ones do: the socket is told nothing."""
    link(lab, "set", "x0", "name", "y0")
    yield
    link(lab, "set", "y0", "name", "x0")


def outage(lab, how, why=GONE, *args):
    """An interface goes and comes back twice, beside another that stays."""
    raw = extra_link(lab)
    try:
        service = Service(lab, "-i", "x0", "-i", "g0", *LIST, *args)
        for i in range(2):
            send_when_up(raw, question("before%d.match.example" % i))
            service.wait_alert("before%d.match.example" % i)
            step = how(lab)
            next(step)
            wait_for("outage", lambda: len(told(service.sniffer, "x0")) > 2 * i)
            service.wait_status(lambda text: text.startswith("down: x0; "))
            expect_equal("asked", service.interfaces(), [
                ("x0", False, i + 1), ("g0", True, 0)])
            lab.ask("other%d.match.example" % i)
            expect_equal("interface", service.wait_alert(
                "other%d.match.example" % i)["iface"], "g0")
            next(step, None)
            wait_for("end of outage",
                     lambda: len(told(service.sniffer, "x0")) > 2 * i + 1)
            service.wait_status(lambda text: "down" not in text)
            expect_equal("asked", service.interfaces()[0], ("x0", True, i + 1))
            raw = raw_socket(lab, "x1")
        send_when_up(raw, question("after.match.example"))
        expect_equal("interface", service.wait_alert(
            "after.match.example")["iface"], "x0")
        summary = service.stop()
    finally:
        drop_extra_link(lab)
    expect_outages(service.sniffer, "x0", why, why)
    expect_equal("said of g0", told(service.sniffer, "g0"), [])
    expect_equal("alerts", summary["alerts"], 5)


@case()
def outage_down(lab):
    """A service waits for an interface that is down, and tells once each."""
    outage(lab, down_up, "")


@case()
def outage_deleted(lab):
    """... that is deleted and made again."""
    outage(lab, delete_create)


@case()
def outage_renamed(lab):
    """... that is renamed, and back."""
    outage(lab, rename_back)


@case()
def outage_renamed_up(lab):
    """... the same while it is up, of which the kernel tells nobody."""
    outage(lab, rename_up_back, ": The interface disappeared")


@case()
def outage_swapped(lab):
    """... the other end of the link takes its name: that one is read then."""
    extra_link(lab)
    try:
        service = Service(lab, "-i", "x0", *LIST)
        for words in (("x0", "name", "y0"), ("x1", "name", "x0")):
            link(lab, "set", *words)
        service.wait_err("interface x0 back after ")
        send_when_up(raw_socket(lab, "y0"), question("after.match.example"))
        expect_equal("interface", service.wait_alert(
            "after.match.example")["iface"], "x0")
        service.stop()
    finally:
        drop_extra_link(lab)
        subprocess.run(("ip", "-n", lab.names["g"], "link", "del", "y0"),
                       check=False, capture_output=True)
    expect_outages(service.sniffer, "x0", ": The interface disappeared")


def make_tun(lab, name):
    """An interface without a link header; what is written to the file comes in
    on it, as long as the file is open."""
    with lab.inside("g"):
        tun = open("/dev/net/tun", "r+b", buffering=0)
        # TUNSETIFF, IFF_TUN | IFF_NO_PI
        fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", name.encode(), 0x1001))
    lab.closing.append(tun)
    link(lab, "set", name, "up")
    return tun


@case()
def outage_at_start(lab):
    """... that is not there yet; then it has no link header, then it has."""
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")
    service = Service(lab, "-i", "x0", *LIST)
    service.wait_err("interface x0 down, waiting: No such device exists\n")
    service.wait_status(lambda text: text.startswith("down: x0; "))
    tun = make_tun(lab, "x0")
    service.wait_err(" s, link-type RAW\n")
    tun.write(ipv4(udp(query("tun.match.example"))))
    service.wait_alert("tun.match.example")
    tun.close()
    wait_for("second outage", lambda: len(told(service.sniffer, "x0")) == 3)
    raw = extra_link(lab)
    try:
        service.wait_err(" s, link-type EN10MB\n")
        # What only the generated filter for this link type lets through.
        raw.send(frame(pppoe(ipv4(udp(query("ppp.match.example")))), 0x8864))
        raw.send(frame(ipv4(udp(query("late.match.example"))), tags=(
            (0x88a8, 7), (0x8100, 5))))
        raw.send(frame(ipv4(udp(b"", dport=9)))) # and what it does not
        service.wait_alert("ppp.match.example")
        service.wait_alert("late.match.example")
        summary = service.stop()
    finally:
        drop_extra_link(lab)
    expect_outages(service.sniffer, "x0", ": No such device exists", GONE)
    expect_equal("captured", (summary["captured"], summary["alerts"]), (3, 3))


@case()
def outage_counts(lab):
    """The kernel's counters begin anew with each handle; the sums do not."""
    n = 3000
    big = frame(ipv4(udp(query("big.plain.example") + bytes(600))))
    raw = extra_link(lab)
    try:
        service = Service(lab, "-i", "x0", "-B", "64", *LIST)
        sniffer = service.sniffer
        dropped = 0
        for i in range(2):
            freeze(sniffer)
            for _ in range(n):
                raw.send(big)
            sniffer.signal(signal.SIGCONT)
            c = sniffer.until(lambda c: c["received"] >= (i + 1) * n)
            expect_equal("received", c["received"], (i + 1) * n)
            expect_equal("sum", c["captured"] + c["dropped"], (i + 1) * n)
            expect(c["dropped"] > dropped, "no more dropped: %s", c)
            dropped = c["dropped"]
            drop_extra_link(lab)
            service.wait_status(lambda text: "down" in text)
            raw = extra_link(lab)
            service.wait_status(lambda text: "down" not in text)
        summary = service.stop()
    finally:
        drop_extra_link(lab)
    expect_equal("summary", (summary["received"], summary["dropped"]),
                 (2 * n, dropped))
    expect("dropped by interface" not in sniffer.err, "stderr: %s", sniffer.err)


@case()
def outage_of_any(lab):
    """On `any`, members come and go and nothing is said."""
    raw = extra_link(lab)
    try:
        service = Service(lab, "-i", "any", *LIST)
        raw.send(question("before.match.example"))
        expect(service.wait_alert("before.match.example")["iface"] in (
            "x0", "x1"), "interface: %s", service.alerts)
        drop_extra_link(lab)
        lab.ask("during.match.example")
        service.wait_alert("during.match.example")
        raw = extra_link(lab)
        raw.send(question("after.match.example"))
        service.wait_alert("after.match.example")
        service.stop()
    finally:
        drop_extra_link(lab)
    expect("interface " not in service.sniffer.err, "stderr: %s",
           service.sniffer.err)


@case("setpriv")
def outage_rights(lab):
    """CAP_NET_RAW is all that it takes to open an interface again."""
    binary = shutil.copy(lab.binary, lab.base("dnslookout"))
    os.chmod(binary, 0o755)
    listing = shutil.copy(LIST[1], lab.base("live.list"))
    os.chmod(listing, 0o644)
    own = lab.base("own")
    os.mkdir(own)
    os.chown(own, NOBODY, NOBODY)
    extra_link(lab)
    try:
        service = Service(
            lab, "-i", "x0", "--list", listing, "--control", own + "/control",
            "--state-directory", own, binary=binary,
            before=as_nobody("--inh-caps", "-all,+net_raw", "--ambient-caps",
                             "-all,+net_raw", "--bounding-set",
                             "-all,+net_raw"))
        drop_extra_link(lab)
        service.wait_status(lambda text: "down" in text)
        raw = extra_link(lab)
        service.wait_status(lambda text: "down" not in text)
        raw.send(question("after.match.example"))
        service.wait_alert("after.match.example")
        service.stop()
    finally:
        drop_extra_link(lab)


@case()
def outage_wrong(lab):
    """A service yet ends at once when what is wrong is not the interface."""
    for args, status in ((("-y", "NO_SUCH_TYPE"), 2), (("port", "nonsense"), 2)):
        sniffer = lab.sniff("--service", "--syslog", lab.base("log"), "-i", "x0",
                            *LIST, *args, listening=False)
        expect_equal("exit status", sniffer.status(), status)
        expect("waiting" not in sniffer.err, "stderr: %s", sniffer.err)

# SPDX-License-Identifier: BSD-2-Clause
"""fanout.py - live cases about several threads on one interface."""
import collections
import json
import re
import signal
import socket
import struct
import threading
import time

from control import answer
from lab import (
    CLIENT, LIST, SERVER, case, checksum, expect, expect_equal, frame,
    interface_of, name, names_of, query, udp, wait_for)
from links import (
    GONE, Service, delete_create, down_up, drop_extra_link, extra_link, outage,
    question, raw_socket, rename_up_back)
from reload import NEW, OLD
from reload import Service as Reloaded

# ---- traffic -----------------------------------------------------------------


def packet(payload, source, target, protocol=17, number=1, offset=0,
           more=False):
    """An IP packet, or a fragment of one."""
    if ":" in source:
        ends = b"".join(socket.inet_pton(socket.AF_INET6, x)
                        for x in (source, target))
        if offset or more:
            payload = struct.pack("!BBHI", protocol, 0, offset | more,
                                  number) + payload
            protocol = 44
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol,
                           64) + ends + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number,
                       offset // 8 | (0x2000 if more else 0), 64, protocol,
                       0) + socket.inet_aton(source) + socket.inet_aton(target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def whole(*args, **kw):
    return [packet(*args, **kw)]


def pieces(payload, *args, size=64, **kw):
    return [packet(payload[at:at + size], *args, offset=at,
                   more=at + size < len(payload), **kw)
            for at in range(0, len(payload), size)]


def response(qname, number, alias=None):
    """With an alias to a name, or an address; and 200 octets of a text."""
    answers = [(16, b"\xc7" + b"x" * 199)]
    answers.insert(0, (5, name(alias)) if alias else (1, b"\x08" * 4))
    return struct.pack("!6H", number, 0x8180, 1, 2, 0, 0) + name(qname) + \
        struct.pack("!2H", 1, 1) + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
            for kind, data in answers)


def segment(payload, sport, dport, seq, ack, flags=0x18):
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 8192,
                       0, 0) + payload


def tcp(qname, number, client, server, sport):
    """A query in two segments, the second of which is sent twice, and its
    response in three."""
    asked = query(qname, number)
    told = response(qname, number, "alias.match.example")
    asked, told = (struct.pack("!H", len(x)) + x for x in (asked, told))
    there, back = (client, server, 6), (server, client, 6)
    yield packet(segment(b"", sport, 53, 99, 0, 2), *there)
    yield packet(segment(b"", 53, sport, 499, 100, 0x12), *back)
    yield packet(segment(asked[:9], sport, 53, 100, 500), *there)
    for _ in range(2):
        yield packet(segment(asked[9:], sport, 53, 109, 500), *there)
    for at in range(0, len(told), 100):
        yield packet(segment(told[at:at + 100], 53, sport, 500 + at,
                             100 + len(asked)), *back)


def look_up(i, client, server):
    """Frames: a query and its response, as this number has it; some answers
    come in fragments, some queries twice, some over TCP, some tagged, once in
    one direction only."""
    kind = i % 6
    qname = "n%d.%s.example" % (i, ("match", "plain", "critical")[i // 6 % 3])
    sport = 2000 + i
    to, back = (client, server), (server, client)
    if kind == 0:
        packets = list(tcp(qname, i, client, server, sport))
    else:
        asked = whole(udp(query(qname, i), sport), *to)
        told = udp(response(qname, i, kind < 4 and "a%d.match.example" % i),
                   53, sport)
        packets = asked * (2 if kind == 1 else 1) + (
            pieces if kind in (2, 3) else whole)(told, *back, number=i)
    for n, p in enumerate(packets):
        tags = ((0x8100, 5),) if kind == 4 else \
            ((0x88a8, 6), (0x8100, 5)) if kind == 5 else ()
        yield frame(p, 0x86dd if ":" in client else 0x0800, tags)


def traffic(n_clients=12, n_servers=3):
    """Each client asks each server, by both versions of IP."""
    i = 0
    for server in range(n_servers):
        for client in range(n_clients):
            for c, s in (("10.0.0.%d", "10.1.0.%d"),
                         ("2001:db8::%x", "2001:db8:1::%x")):
                i += 1
                yield from look_up(i, c % (client + 1), s % (server + 1))


def send(lab, frames):
    """Returns how many."""
    n = 0
    for f in frames:
        lab.raw.send(f)
        n += 1
    return n


def same(alert):
    """What one thread and several say alike: all but the number of the packet
    and what is made of it."""
    alert = json.loads(json.dumps(alert))
    alert["dnslookout"].pop("packet", None)
    for key in ("id", "ingested", "created"):
        alert["event"].pop(key, None)
    return json.dumps(alert, sort_keys=True)


def shares(sniffer):
    """Packets of each thread, of the last summary."""
    text = re.findall(r"^packets captured on \w+, by thread: (.*)", sniffer.err,
                      re.MULTILINE)[-1]
    return [int(x) for x in text.split()]


# ---- cases -------------------------------------------------------------------


@case()
def fanout_alerts(lab):
    """Two, three and eight threads raise the alerts of one, packet by packet:
    of fragments, segments, repeated queries, aliases, tagged or not."""
    every = [lab.sniff("-i", "g0", "--json", "--fanout", str(n), *LIST)
             for n in (1, 2, 3, 8)]
    n = send(lab, traffic())
    for sniffer in every:
        sniffer.until(lambda c: c["captured"] >= n)
        sniffer.stop()
    one = every[0]
    want = collections.Counter(map(same, one.alerts()))
    expect(len(want) > 50, "only %d alerts", len(want))
    expect_equal("numbers", len({a["event"]["id"] for a in one.alerts()}),
                 len(one.alerts()))
    for sniffer in every:
        expect_equal("counts", sniffer.summary(), one.summary())
        got = collections.Counter(map(same, sniffer.alerts()))
        expect(got == want, "missing %s, more %s", want - got, got - want)
    for sniffer in every[1:]:
        each = shares(sniffer)
        expect(sum(each) == n and min(each) > 0, "shares: %s of %d", each, n)
        numbers = [a["dnslookout"]["packet"] for a in sniffer.alerts()]
        expect_equal("listening", sniffer.err.count("listening on"), 1)
        expect(max(collections.Counter(numbers).values()) <= max(
            collections.Counter(a["dnslookout"]["packet"]
                                for a in one.alerts()).values()),
               "numbers: %s", numbers)


@case()
def fanout_limit(lab):
    """There is one limit, whichever thread sees a client's packets: so many
    alerts of each client pass, and all others are counted, as by one."""
    every = [lab.sniff("-i", "g0", "--json", "--limit", "2/3600", "--fanout",
                       str(n), *LIST) for n in (1, 2, 3)]
    n = send(lab, traffic(n_servers=9))

    def said(sniffer):
        """Of each client and rule: alerts, closing lines, what these count."""
        result = collections.defaultdict(collections.Counter)
        for a in sniffer.alerts():
            d = a["dnslookout"]
            key = (a.get("source", {}).get("ip"), a["rule"]["category"],
                   d["service"], a.get("dns", {}).get("type"))
            if "count" in d:
                key = key[:3] + ("closing",)
            else:  # a response's alert goes to its client
                key = ((a["destination"] if key[3] == "answer"
                        else a["source"])["ip"],) + key[1:3] + ("alert",)
            result[key]["lines"] += 1
            result[key]["count"] += d.get("count", 0)
        return result
    for sniffer in every:
        sniffer.until(lambda c: c["captured"] >= n)
        summary = sniffer.stop()
        expect_equal("counts", summary, every[0].summary())
        expect(summary["suppressed"] > 100, "suppressed: %s", summary)
        got, want = said(sniffer), said(every[0])
        expect(got == want, "%s, not %s",
               {k: v for k, v in got.items() if v != want.get(k)},
               {k: v for k, v in want.items() if v != got.get(k)})
    for sniffer in every[1:]:
        expect(min(shares(sniffer)) > 0, "shares: %s", shares(sniffer))


@case()
def fanout_flood(lab):
    """No packet is lost or doubled, and each of two threads has its share."""
    n = 60000
    frames = [frame(packet(udp(query("n%d.%s.example" % (
        i, "plain" if i % 50 else "match"), i), 2000 + i), "10.0.%d.%d" % (
            i // 250, 1 + i % 250), "10.1.0.53")) for i in range(2000)]
    sniffer = lab.sniff("-i", "g0", "--json", "-B", "32768", "--fanout", "2",
                        *LIST)
    expect_equal("sent", send(
        lab, (f for _ in range(n // len(frames)) for f in frames)), n)
    sniffer.until(lambda c: c["captured"] + c["dropped"] >= n)
    summary = sniffer.stop()
    expect_equal("counts", summary, dict(
        captured=n, received=n, dropped=0, questions=n, malformed=0,
        alerts=n // 50, suppressed=0, lost=0))
    expect_equal("alerts", collections.Counter(names_of(sniffer.alerts())), {
        "n%d.match.example" % i: n // len(frames)
        for i in range(0, len(frames), 50)})
    expect(min(shares(sniffer)) > n // 4, "shares: %s", shares(sniffer))


class Numbered(threading.Thread):
    """Sends queries by number, of many clients, each answered 200 later, as
    fast as it can until it is told to end; every fourth matches."""

    def __init__(self, raw):
        super().__init__()
        self.raw, self.n, self.ending = raw, 0, False
        self.start()

    def run(self):
        while not self.ending:
            for back, i in ((False, self.n), (True, self.n - 200)):
                qname = "n%d.%s.example" % (i, "plain" if i % 4 else "match")
                ends = "10.0.%d.%d" % (i // 250 % 250, 1 + i % 250), "10.1.0.53"
                self.raw.send(frame(packet(*(
                    (udp(response(qname, i & 0xffff), 53, 5353), *ends[::-1])
                    if back else (udp(query(qname, i & 0xffff)), *ends)))))
            self.n += 1

    def end(self):
        self.ending = True
        self.join()


@case()
def fanout_start(lab):
    """Under way when it starts: no query is told of with its response again,
    and from when it listens none is lost."""
    sender = Numbered(lab.raw)
    try:
        for _ in range(4):
            sniffer = lab.sniff("-i", "g0", "--json", "--fanout", "4", "-B",
                                "8192", *LIST)
            first = sender.n
            wait_for("packets", lambda at=first: sender.n > at + 5000)
            last = sender.n
            sniffer.until(lambda c: c["captured"] > 5000)
            sniffer.stop()
            found = re.findall(r'"dns":{"type":"(\w+)".*"name":"n(\d+)\.',
                               "\n".join(sniffer.lines()))
            got = {int(n) for kind, n in found if kind == "query"}
            expect_equal("lost", {i for i in range(first, last)
                                  if i % 4 == 0} - got, set())
            expect_equal("told of again", len(found) - len({
                n for _, n in found}), 0)
    finally:
        sender.end()


@case()
def fanout_any(lab):
    """On `any`, too; and what is sent and received, of two interfaces of the
    machine, is what one thread sees."""
    every = [lab.sniff("-i", "any", "--json", "--fanout", str(n), *LIST)
             for n in (1, 2)]
    n = send(lab, traffic())
    for i in range(20):
        lab.ask("both%d.match.example" % i)
    n += 40
    for sniffer in every:
        sniffer.until(lambda c: c["captured"] >= n)
        sniffer.stop()
    one, two = every
    expect_equal("counts", two.summary(), one.summary())
    got, want = (collections.Counter(map(same, x.alerts())) for x in every)
    expect(got == want, "missing %s, more %s", want - got, got - want)
    expect(any(a["dnslookout"].get("count") == 2 for a in two.alerts()),
           "nothing on two interfaces")
    each = shares(two)
    expect(sum(each) == n and min(each) > 0, "shares: %s of %d", each, n)


@case()
def fanout_several(lab):
    """A look-up that two interfaces see is one alert of both, not of threads;
    what one of them sees again is another. One alone does not wait for them."""
    both = lab.sniff("-i", "g0", "-i", "g1", "--json", "--fanout", "3", *LIST)
    alone = lab.sniff("-i", "g0", "--json", "--fanout", "3", *LIST)
    for i in range(8):
        with lab.inside("c"), socket.socket(
                socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(query("n%d.match.example" % i, i), (SERVER, 53))
    again = frame(packet(udp(query("again.match.example")), "10.0.0.9", SERVER))
    for _ in range(2):
        lab.raw.send(again)
    alone.alerts(10)
    expect_equal("held", both.lines(), [])
    alone.stop()
    alerts = both.alerts(10)
    summary = both.stop()
    expect_equal("captured", summary["captured"], 18)
    expect_equal("raised", summary["alerts"], 18)
    for a in alerts:
        alone = a["dns"]["question"]["name"].startswith("again")
        expect_equal("count", a["dnslookout"].get("count"),
                     None if alone else 2)
        expect_equal("interface", interface_of(a), "g0")
    expect("alerts that are one with those of another interface: 8\n" in
           both.err, "summary: %s", both.err)


@case()
def fanout_as_one(lab):
    """A service's status, counters, metrics and census have one row for the
    interface, and count a client of two threads once."""
    s = Service(lab, "-i", "g0", "--fanout", "2", *LIST)
    n = send(lab, traffic())
    stats = wait_for("packets", lambda: [
        x for x in answer(lab, s.control, "stats") if x["packets"] >= n])
    expect_equal("rows", [x["name"] for x in stats], ["g0"])
    expect_equal("packets", (stats[0]["packets"], sum(
        stats[0]["packets_each"])), (n, n))
    status = answer(lab, s.control, "status")
    expect_equal("rows", [(x["name"], x["packets"]) for x in
                          status["interfaces"]], [("g0", n)])
    census = [x for x in answer(lab, s.control, "census")
              if x["scope"] != "sampled"]
    expect_equal("census", [(x["source"], x["clients"]) for x in census],
                 [("g0", 24)])
    s.wait_status(lambda text: "1 source; %d packets" % n in text)
    s.stop()


@case()
def fanout_reload(lab):
    """New rules and a new limit for all threads, which stays one."""
    s = Reloaded(lab, OLD, "--fanout", "2", "--limit", "1/3600")

    def ask(word):
        """By a client of two servers, each of which is another thread's, as
        are others: 8 look-ups of one client."""
        send(lab, (frame(packet(udp(query("%s.example" % word, i), 3000 + i),
                                CLIENT, "10.1.0.%d" % (i + 1)))
                   for i in range(8)))
    for i, (text, words) in enumerate(((OLD, ("one", "two")),
                                       (NEW, ("one", "three")),
                                       (OLD, ("one", "two")))):
        s.write("lists/a.list", text)
        if i:
            s.taken()
            lines = [s.log.recv(65536).decode() for _ in range(2)]
            expect(all(" 7 " in x or "=7 " in x for x in lines),
                   "closing lines: %s", lines)
        for word in words:
            ask(word)
        s.hears([("new" if text == NEW else "old", w) for w in words])
        wait_for("all queries", lambda k=16 * (i + 1): k == sum(
            x["queries"] for x in
            answer(lab, s.socket, "status")["interfaces"]))
    s.stop()


def fanout_outage(lab, how, why):
    outage(lab, how, why, "--fanout", "2")


@case()
def fanout_down(lab):
    """An interface that goes down: one outage, told of once."""
    fanout_outage(lab, down_up, "")


@case()
def fanout_deleted(lab):
    """... that is deleted and made again: all threads come back together."""
    fanout_outage(lab, delete_create, GONE)


@case()
def fanout_renamed(lab):
    """... that is renamed while it is up."""
    fanout_outage(lab, rename_up_back, GONE)


@case()
def fanout_back(lab):
    """After it came back, no packet is lost or doubled, and all have a share."""
    n = 4000
    frames = [frame(packet(udp(query("n%d.plain.example" % i, i)), "10.0.%d.%d"
                           % (i // 250, 1 + i % 250), "10.1.0.53"))
              for i in range(n)]
    extra_link(lab)
    try:
        service = Service(lab, "-i", "x0", "--fanout", "4", *LIST)
        for i in range(3):
            drop_extra_link(lab)
            service.wait_status(lambda text: "down" in text)
            raw = extra_link(lab)
            service.wait_status(lambda text: "down" not in text)
            wait_for("carrier", lambda: can_send(raw, frames[0]))
            before = service.sniffer.until(lambda c: c["captured"] > i * n)
            for f in frames[1:]:
                raw.send(f)
            c = service.sniffer.until(
                lambda c, want=before["captured"] + n - 1:
                c["captured"] >= want)
            expect_equal("captured", c["captured"] - before["captured"], n - 1)
        stats = answer(lab, service.control, "stats")
        expect(min(stats[0]["packets_each"]) > n // 2, "shares: %s", stats[0])
        service.stop()
    finally:
        drop_extra_link(lab)


def can_send(raw, data):
    try:
        return raw.send(data)
    except OSError:
        return 0


@case()
def fanout_gone(lab):
    """For a person an interface that is deleted is the end, said once."""
    raw = extra_link(lab)
    try:
        alone = lab.sniff("-i", "x0", "--fanout", "3", *LIST)
        raw.send(question("before.match.example"))
    finally:
        drop_extra_link(lab)
    expect_equal("exit status", alone.status(), 1)
    expect_equal("said", alone.err.count("disappeared"), 1)
    expect_equal("alerts of it", alone.summary()["alerts"], 1)


@case()
def fanout_beside(lab):
    """Two programs, each with a group of its own, see all packets each."""
    two = [lab.sniff("-i", "g0", "--fanout", "2", "--json", *LIST)
           for _ in range(2)]
    n = send(lab, traffic())
    for sniffer in two:
        sniffer.until(lambda c: c["captured"] >= n)
        expect_equal("captured", sniffer.stop()["captured"], n)
        expect(min(shares(sniffer)) > 0, "shares: %s", shares(sniffer))

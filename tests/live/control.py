# SPDX-License-Identifier: BSD-2-Clause
"""control.py - a running service is asked, by those who may and others."""
import grp
import json
import os
import re
import signal
import subprocess
import threading
import time

from lab import (CLIENT, LIST, NOBODY, SERVER, case, expect, expect_equal, query,
                 run, wait_for)


def ctl(lab, *args, env=None, user=None, group=None):
    """(exit status, stdout, stderr) of dnslookout ctl."""
    p = subprocess.run(
        [lab.binary, "ctl", *args], stdin=subprocess.DEVNULL, check=False,
        capture_output=True, text=True, timeout=60, env=env, user=user,
        group=group, extra_groups=[] if user else None)
    return p.returncode, p.stdout, p.stderr


def answer(lab, path, *args):
    """What a command says as JSON."""
    status, out, err = ctl(lab, "--control", path, *args, "--json")
    expect_equal("exit status of ctl %s (%s)" % (args[0], err), status, 0)
    document = json.loads(out)
    expect_equal("members of the answer", list(document), [args[0]])
    return document[args[0]]


def serve(lab, *args, log=None):
    """A service on g0, and the path of its control socket."""
    path = lab.base("ctl")
    sniffer = lab.sniff("--service", "-i", "g0", "--control", path, "--syslog",
                        log or lab.base("log"), *LIST, *args)
    return sniffer, path


@case()
def ctl_tells(lab):
    """status, stats, census and explain say what happened, to a person and
    as JSON."""
    log = lab.datagrams(lab.base("log"))
    sniffer, path = serve(lab, "--no-limit", log=log.getsockname())
    for i in range(3):
        lab.ask("n%d.match.example" % i)
    lab.ask("a.plain.example", 2)
    for _ in range(3):
        log.recv(65536)
    wait_for("all packets", lambda: answer(lab, path, "stats")[0]["packets"]
             >= 5)
    status = answer(lab, path, "status")
    expect_equal("pid", status["pid"], sniffer.pid)
    expect_equal("interfaces", status["interfaces"], [{
        "name": "g0", "capturing": True, "packets": 5, "kernel_dropped": 0,
        "queries": 5, "alerts": 3, "outages": 0}])
    expect_equal("outputs", status["outputs"], [{
        "name": "syslog", "raised": 3, "recovered": 0, "delivered": 3,
        "waiting": 0, "spooled": 0, "lost": 0}])
    expect_equal("rules", status["rules"]["lists"], 1)
    expect_equal("age", status["rules"]["newest_file"], time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(os.stat(LIST[1]).st_mtime)))
    expect(status["uptime_seconds"] < 600, "uptime %s", status)
    stats = answer(lab, path, "stats")[0]
    expect_equal("stats", [stats[x] for x in (
        "name", "frames", "queries", "queries_tcp", "alerts", "hits")],
        ["g0", 5, 5, 0, 3, 3])
    census = answer(lab, path, "census")
    expect_equal("census", [(c["source"], c["scope"]) for c in census],
                 [("g0", "filtered"), ("g0", "sampled")])
    expect_equal("frames", census[0]["frames"], 5)
    for command, pattern in (
            ("status", r"\Adnslookout \S+ on \S+, pid %d, up 0 min \d+ s\n"
                       r"g0: 5 packets, 0 dropped by kernel; 5 queries, "
                       r"3 alerts\nrules: 1 list, 5 patterns; files of "
                       r"\S+ to \S+\nalerts, for each output:\n"
                       r"syslog: 3 alerts raised: 3 delivered\n" % sniffer.pid),
            ("stats", r"\A5 packets captured\n(.*\n)*"
                      r"5 questions, 0 malformed, 3 alerts, "),
            ("census", r"\Acensus of g0 \(filtered\): 5 frames, about 1 ")):
        code, out, err = ctl(lab, command, "--control", path)
        expect_equal("exit status (%s)" % err, code, 0)
        expect(re.match(pattern, out), "%s says %r", command, out)
    names = ("a.match.example", "b.test", "low.example")
    for form in ((), ("--json",)):
        alone = subprocess.run(
            [lab.binary, "explain", *form, *LIST, *names], check=False,
            capture_output=True, text=True).stdout
        _, asked, _ = ctl(lab, *form, "--control", path, "explain", *names)
        if form:
            alone = [json.loads(x) for x in alone.splitlines()]
            asked = json.loads(asked)["explain"]
        expect(alone, "nothing explained")
        expect_equal("explanation", asked, alone)
    expect("control:" not in sniffer.err, "logged: %s", sniffer.err)
    expect("sandbox refused" not in sniffer.err, "%s", sniffer.err)
    sniffer.stop(number=signal.SIGTERM)
    expect(not os.path.exists(path), "the socket is still there")


@case()
def ctl_exceptions(lab):
    """What is excepted, with counters, unused first; and whom it hides."""
    path = lab.write("known.list", "b.match.example reason=unused\n"
                     "=n.match.example client=%s owner=alice\n" % CLIENT)
    given = (*LIST, "--exceptions", path)
    log = lab.datagrams(lab.base("log"))
    sniffer, socket_path = serve(
        lab, "--no-limit", "--exceptions", path, log=log.getsockname())
    lab.ask("n.match.example", 2)
    lab.ask("other.match.example")
    wait_for("three queries", lambda: answer(
        lab, socket_path, "status")["interfaces"][0]["queries"] == 3)
    unused, used = answer(lab, socket_path, "exceptions")
    last = used.pop("last")
    expect(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", last),
           "last hit %r", last)
    name = os.path.basename(path)
    expect_equal("unused", unused, {
        "pattern": "b.match.example", "client": "", "rule": "", "service": "",
        "until": "", "owner": "", "reason": "unused", "file": name, "line": 1,
        "hits": 0, "last": ""})
    expect_equal("used", used, {
        "pattern": "=n.match.example", "client": CLIENT, "rule": "",
        "service": "", "until": "", "owner": "alice", "reason": "",
        "file": name, "line": 2, "hits": 2})
    code, out, err = ctl(lab, "exceptions", "--control", socket_path)
    expect_equal("exit status (%s)" % err, code, 0)
    expect(re.fullmatch(
        r"exceptions, unused first:\n  \S+:1 b\.match\.example: 0\n"
        r"  \S+:2 =n\.match\.example client=\S+: 2, last .*\n", out),
           "says %r", out)
    for client in (CLIENT, SERVER):
        ask = ("--client", client, "n.match.example")
        alone = subprocess.run(
            [lab.binary, "explain", *given, *ask], check=False,
            capture_output=True, text=True).stdout
        expect(("excepted [" in alone) == (client == CLIENT), "%s", alone)
        _, asked, _ = ctl(lab, "--control", socket_path, "explain", *ask)
        expect_equal("explanation for " + client, asked, alone)
    code, out, err = ctl(lab, "--control", socket_path, "explain", "--client",
                         "192.0.2", "n.match.example")
    expect_equal("no address", (code, out), (1, ""))
    expect('--client takes an address, not "192.0.2"' in err, "says %r", err)
    sniffer.stop(number=signal.SIGTERM)


@case()
def ctl_refuses(lab):
    """Wrong words, no service, no right: exit 2 or 1, and why; a group may."""
    folder = lab.base("run")
    os.mkdir(folder, 0o755)
    path, env = folder + "/ctl.sock", dict(os.environ, RUNTIME_DIRECTORY=folder)
    for args, code, why in (
            ((), 2, "ctl takes a command"),
            (("reboot",), 2, 'ctl has no command "reboot"'),
            (("explain",), 2, "explain takes names"),
            (("status", "x"), 2, "status takes no names"),
            (("status", "--listen"), 2, "unknown option"),
            (("explain",) + 65 * ("x",), 2, "explain takes at most 64 names"),
            (("status",), 1, "no service is reached at %s" % path)):
        status, out, err = ctl(lab, *args, env=env)
        expect_equal("exit status of ctl %s" % (args,), status, code)
        expect_equal("stdout", out, "")
        expect(why in err, "ctl %s says %r", args, err)
    # Where it is by default; and whom the group lets in.
    group = grp.getgrgid(NOBODY).gr_name
    other = next(g for g in grp.getgrall() if g.gr_gid not in (0, NOBODY))
    for options, allowed in (((), ()), (("--control-group", group), (NOBODY,))):
        sniffer = lab.sniff("--service", "-i", "g0", "--syslog",
                            lab.base("log"), *LIST, *options, control=False,
                            env=env)
        expect_equal("asked by root", ctl(lab, "status", env=env)[0], 0)
        for gid in (NOBODY, other.gr_gid):
            status, _, err = ctl(lab, "status", env=env, user=NOBODY,
                                 group=gid)
            expect_equal("asked by group %d" % gid, status,
                         0 if gid in allowed else 1)
            expect(gid in allowed or "no right to use %s" % path in err,
                   "says %r", err)
        status, _, err = ctl(lab, "explain", "a..b", env=env)
        expect_equal("exit status of a bad name", status, 1)
        expect('"a..b":3: ' in err, "says %r", err)
        sniffer.stop(number=signal.SIGTERM)


@case()
def ctl_one_each(lab):
    """A living service keeps its socket, a killed one's is taken over."""
    folder = lab.base("run")
    os.mkdir(folder)
    path, env = folder + "/ctl.sock", dict(os.environ, RUNTIME_DIRECTORY=folder)
    how = ("--service", "-i", "g0", "--syslog", lab.base("log"), *LIST)
    first = lab.sniff(*how, control=False, env=env)
    # By default, capture is worth more than the socket.
    second = lab.sniff(*how, control=False, env=env)
    expect(re.search("^<4>no control socket %s: another one runs" % path,
                     second.err, re.M), "stderr: %s", second.err)
    second.stop(number=signal.SIGTERM)
    expect_equal("who answers", answer(lab, path, "status")["pid"], first.pid)
    third = lab.sniff(*how, "--control", path, listening=False)
    expect_equal("exit status", third.status(), 1)
    expect(re.search("^<3>no control socket %s: another one runs" % path,
                     third.err, re.M), "stderr: %s", third.err)
    first.kill()
    expect(os.path.exists(path), "no socket is left behind")
    status, _, err = ctl(lab, "status", "--control", path)
    expect_equal("exit status (%s)" % err, status, 1)
    fourth = lab.sniff(*how, "--control", path)
    expect_equal("who answers", answer(lab, path, "status")["pid"], fourth.pid)
    fourth.stop(number=signal.SIGTERM)
    expect(not os.path.exists(path), "the socket is still there")


@case()
def ctl_test_alert(lab):
    """A test alert leaves by every output, marked, and is counted nowhere."""
    for form in ("text", "cee"):
        log = lab.datagrams(lab.base("log"))
        packets = lab.base("packets")
        sniffer, path = serve(lab, "--syslog-format", form, "-w", packets,
                              log=log.getsockname())
        status, out, err = ctl(lab, "--control", path, "test-alert")
        expect_equal("exit status (%s)" % err, status, 0)
        expect("syslog has taken the test alert\n" in out and
               "pcapng" not in out, "says %r", out)
        line = log.recv(65536).decode()
        identity = re.search(r" id=(\w+)$", out.strip())[1]
        expect(line.startswith("<172>") and identity in line, "line %r", line)
        event = answer(lab, path, "test-alert")["event"]
        expect(event["event"]["id"] != identity, "twice the same id")
        line = log.recv(65536).decode()
        if form == "cee":
            expect_equal("event", json.loads(line.split("@cee: ", 1)[1]), event)
            expect_equal("mark", (
                event["rule"]["id"], event["rule"]["category"],
                event["dns"]["question"]["name"], event["source"]["ip"]),
                ("dnslookout-test-alert", "test",
                 "test-alert.dnslookout.invalid", "192.0.2.1"))
            expect("TEST ALERT" in event["message"], "message %r",
                   event["message"])
        else:
            expect(" rule=dnslookout-test-alert level=high "
                   "qname=test-alert.dnslookout.invalid " in line and
                   " category=test " in line, "line %r", line)
        log.setblocking(False)
        said = answer(lab, path, "status")
        expect_equal("alerts", said["interfaces"][0]["alerts"], 0)
        expect_equal("outputs", [(o["name"], o["delivered"]) for o in
                                 said["outputs"]],
                     [("syslog", 2), ("pcapng", 0)])
        expect_equal("logged", len(re.findall(
            r"^<6>control: test-alert, asked by uid 0, pid \d+$", sniffer.err,
            re.M)), 2)
        expect_equal("alerts", sniffer.stop(number=signal.SIGTERM)["alerts"],
                     0)
        expect("<6>syslog: 2 alerts raised: 2 delivered\n" in sniffer.err,
               "the account: %s", sniffer.err)


@case()
def ctl_stalled(lab):
    """A log that nobody reads: test-alert says so; a client that says nothing
    and one that does not listen keep nobody waiting."""
    log = lab.datagrams(lab.base("log"))
    sniffer, path = serve(lab, "--no-limit", log=log.getsockname())
    said = threading.Thread(target=lambda: result.append(ctl(
        lab, "--control", path, "test-alert")))
    result = []
    n = 1000

    def ask_and_wait(first, end):
        for i in range(first, end):
            lab.udp4.sendto(query("n%d.match.example" % i), (SERVER, 53))
        wait_for("all alerts",
                 lambda: answer(lab, path, "status")["interfaces"][0]["alerts"]
                 == end)

    ask_and_wait(0, n // 2)
    begun = time.monotonic()
    said.start()
    ask_and_wait(n // 2, n)
    expect(said.is_alive() or time.monotonic() - begun > 4,
           "the test alert was answered early: %s", result)
    said.join()
    expect_equal("exit status", result[0][0], 1)
    expect("syslog: the test alert was not taken within 5 s" in result[0][2],
           "says %r", result[0][2])
    seen = answer(lab, path, "status")["outputs"][0]
    expect_equal("delivered, waiting and lost",
                 seen["delivered"] + seen["waiting"] + seen["spooled"] +
                 seen["lost"], n + 1)
    expect(seen["waiting"] + seen["spooled"] > 0, "nothing waits: %s", seen)
    sniffer.signal(signal.SIGTERM)
    sniffer.status()


def metric(text, name):
    """The samples of a metric: {labels: number}."""
    found = re.findall(r"^%s(\{.*\})? ([0-9.]+)$" % name, text, re.M)
    expect(found, "no %s in %d octets", name, len(text))
    return {labels: float(value) for labels, value in found}


@case("faketime")
def metrics(lab):
    """The file for node-exporter: the numbers of ctl metrics, readable for
    all, whole whenever it is read; and a folder that is gone is told of."""
    preload = run("faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD")
    folder = lab.base("textfile")
    os.mkdir(folder)
    path = folder + "/dnslookout.prom"
    log = lab.datagrams(lab.base("log"))
    sniffer = lab.sniff(
        "--service", "-i", "g0", "--syslog", log.getsockname(), "--no-limit",
        "--metrics-file", path, "--control", folder + "/ctl", *LIST,
        before=("sh", "-c", 'umask 027; exec "$@"', "sh", "env", "LD_PRELOAD=" +
                preload.strip(), "FAKETIME=+0 x1200"))
    lab.ask("a.match.example", 3)
    lab.ask("b.plain.example", 2)

    def read():
        with open(path, encoding="utf-8") as f:
            return f.read()
    wait_for("metrics of it", lambda: os.path.exists(path) and metric(
        read(), "dnslookout_packets_total")['{interface="g0"}'] == 5)
    wait_for("delivery", lambda: metric(
        read(), "dnslookout_alerts_delivered_total")['{output="syslog"}'] == 3)
    expect_equal("mode", os.stat(path).st_mode & 0o777, 0o644)
    text = read()
    expect_equal("queries", metric(text, "dnslookout_queries_total"), {
        '{interface="g0",transport="udp"}': 5,
        '{interface="g0",transport="tcp"}': 0})
    expect_equal("by rule", metric(text, "dnslookout_alerts_total"), {
        '{rule="11111111-2222-4333-8444-555555555555",level="high"}': 3})
    code, asked, err = ctl(lab, "metrics", "--control", folder + "/ctl")
    expect_equal("exit status (%s)" % err, code, 0)
    expect_equal("ctl metrics", *(re.sub("(?m)^.*heartbeat.*$", "", x)
                                  for x in (asked, read())))
    # New ones come all the time, a twentieth of a second here, all whole.
    seen = set()
    end = time.monotonic() + 20
    while len(seen) < 20 and time.monotonic() < end:
        text = read()
        expect(text.endswith("dnslookout_sandbox_refused_calls_total 0\n"),
               "a part of a file: ...%r", text[-80:])
        seen.add(str(metric(
            text, "dnslookout_loop_heartbeat_timestamp_seconds")))
    expect(len(seen) == 20, "%d files", len(seen))
    moved = lab.base("moved")
    os.rename(folder, moved)
    sniffer.wait_err("<4>cannot write metrics to %s: No such file" % path)
    os.rename(moved, folder)
    sniffer.wait_err("<6>metrics are written to %s again" % path)
    expect_equal("how often it was told", sniffer.err.count("cannot write"), 1)
    sniffer.stop(number=signal.SIGTERM)
    expect_equal("files", sorted(os.listdir(folder)), ["dnslookout.prom"])

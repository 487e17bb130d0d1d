# SPDX-License-Identifier: BSD-2-Clause
"""reload.py - other lists for a running service, and for one that starts."""
import json
import os
import re
import signal
import subprocess
import time

from control import answer, ctl
from lab import case, expect, expect_equal, wait_for

OLD = "#: id: old\n#: level: high\n[one]\none.example\n[two]\ntwo.example\n"
NEW = "#: id: new\n#: level: high\n[one]\none.example\n[three]\nthree.example\n"
BAD = "#: id: bad\n[one]\none.example\n\nx..y\n"


class Service:
    """A service on g0 with a folder of lists of its own."""

    def __init__(self, lab, text=OLD, *args, folder=None, compiled=False, **kw):
        self.lab = lab
        self.folder = folder or lab.base("service")
        for name in ("", "/lists", "/state", "/run"):
            os.makedirs(self.folder + name, exist_ok=True)
        self.write("lists/a.list", text)
        self.write("except.list", kw.pop("exceptions", ""))
        if compiled and text:
            self.compile()
        rules = ("--ruleset", self.folder + "/set/a.dlo") if compiled else (
            "--list", self.folder + "/lists")
        self.socket = self.folder + "/run/ctl.sock"
        path = self.folder + "/log"
        if os.path.exists(path):
            os.unlink(path)
        self.log = lab.datagrams(path)
        self.sniffer = lab.sniff(
            "--service", "-i", "g0", "--syslog", path, "--control", self.socket,
            "--state-directory", self.folder + "/state", "--exceptions",
            self.folder + "/except.list", *rules, *args, **kw)

    def write(self, name, text):
        """As configuration management does: whole, by a rename."""
        path = os.path.join(self.folder, name)
        with open(path + ".tmp", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".tmp", path)

    def compile(self):
        """The lists, into a folder of its own."""
        os.makedirs(self.folder + "/set", exist_ok=True)
        subprocess.run(
            [self.lab.binary, "compile", "--list", self.folder + "/lists", "-o",
             self.folder + "/set/a.dlo"], check=True, stdout=subprocess.DEVNULL)

    def reload(self, *args):
        return ctl(self.lab, "--control", self.socket, "reload", *args)

    def taken(self, *args):
        status, out, err = self.reload(*args)
        expect_equal("exit status (%s)" % err, status, 0)
        return out

    def refused(self, *args):
        status, out, err = self.reload(*args)
        expect_equal("exit status (%s%s)" % (out, err), status, 1)
        return err

    def raises(self, *rules):
        """What one.example, two.example and three.example raise."""
        for word in ("one", "two", "three"):
            self.lab.ask(word + ".example")
        self.hears(rules)

    def hears(self, rules):
        """The alerts that come next."""
        got = []
        for rule in rules:
            line = self.log.recv(65536).decode()
            got.append(tuple(re.search(r" rule=(\S+) .* qname=(\S+)\.example ",
                                       line).groups()))
        expect_equal("alerts", got, list(rules))

    def warnings(self):
        return answer(self.lab, self.socket, "status")["warnings"]

    def stop(self):
        summary = self.sniffer.stop(number=signal.SIGTERM)
        expect("sandbox refused" not in self.sniffer.err, "%s",
               self.sniffer.err)
        return summary


@case()
def reload_holds(lab):
    """Alerts that wait for another interface's when their rules are replaced
    are told as those rules had it. What is freed is overwritten."""
    s = Service(lab, OLD, "--no-limit", "-i", "g1",
                env=dict(os.environ, MALLOC_PERTURB_="165"))
    for i, (rules, text) in enumerate((
            ((("old", "one"), ("old", "two")), NEW),
            ((("new", "one"), ("new", "three")), OLD))):
        for word in ("one", "two", "three"):
            lab.ask(word + ".example")
        wait_for("all queries", lambda n=6 * (i + 1): n == sum(
            x["queries"] for x in
            answer(lab, s.socket, "status")["interfaces"]))
        s.write("lists/a.list", text)
        s.taken()
        s.hears(rules)
    s.stop()


@case()
def reload_by_ctl(lab):
    """ctl reload: what is good is in use when it returns, what is not is
    refused with the reason, and what was in use stays."""
    s = Service(lab, OLD, "--no-limit")
    s.raises(("old", "one"), ("old", "two"))
    s.write("lists/a.list", NEW)
    expect("rules: 1 list, 2 patterns" in s.taken(), "says no rules")
    s.raises(("new", "one"), ("new", "three"))
    for text, why in (
            (BAD, "%s/lists/a.list:5:3: an empty label" % s.folder),
            ("# none\n", "there is no pattern in 1 list"),
            ("a.ex\nx..y\n", "1 of 2 lines are bad, more than a tenth")):
        s.write("lists/a.list", text)
        err = s.refused()
        expect("refused, what was in use stays: %s" % why in err, "says %r",
               err)
        expect(re.search("^<3>reload .ctl. refused: %s" % re.escape(why),
                         s.sniffer.err, re.M), "logs %r", s.sniffer.err)
        expect(why in str(s.warnings()), "status: %s", s.warnings())
        s.raises(("new", "one"), ("new", "three"))
    out = json.loads(s.taken("--force", "--json"))["reload"]
    expect_equal("patterns", (out["lists"], out["patterns"]), (1, 1))
    expect("a.list:2:3: an empty label" in out["warnings"][0], "%s", out)
    expect_equal("warnings", [w for w in s.warnings() if "reload" in w], [])
    # What an error is, is one with force, too.
    s.write("lists/a.list", BAD)
    s.refused("--force")
    s.write("lists/a.list", OLD)
    s.sniffer.signal(signal.SIGHUP)
    s.sniffer.wait_err("<6>reload (SIGHUP): 1 list, 2 patterns in use")
    s.raises(("old", "one"), ("old", "two"))
    s.stop()


@case()
def reload_compiled(lab):
    """A compiled set is reloaded, watched, kept and excepted from as lists are;
    what becomes of its file hurts nobody who uses it."""
    s = Service(lab, OLD, "--no-limit", "--watch-lists", compiled=True)
    kept, path = s.folder + "/state/last-good-set", s.folder + "/set/a.dlo"
    s.raises(("old", "one"), ("old", "two"))
    wait_for("last good set", lambda: os.path.exists(kept))
    s.write("lists/a.list", NEW)  # is not read
    expect("rules: 1 list, 2 patterns" in s.taken(), "says no rules")
    s.raises(("old", "one"), ("old", "two"))
    s.write("except.list", "two.example service=two owner=alice\n")
    s.taken()
    s.raises(("old", "one"))
    before = s.sniffer.err.count("have changed): ")
    s.compile()
    wait_for("reload", lambda: s.sniffer.err.count("have changed): ") > before)
    s.raises(("new", "one"), ("new", "three"))
    wait_for("new set", lambda: b"three\x07example" in open(kept, "rb").read())
    # Written over, not replaced; then cut off.
    with open(path, "r+b") as f:
        f.seek(3000)
        f.write(b"?" * 500)
    expect("a.dlo: damaged: its checksum is wrong" in s.refused(), "%s",
           s.sniffer.err)
    s.raises(("new", "one"), ("new", "three"))
    os.truncate(path, 2048)
    expect("a.dlo: cut short: 2048 of " in s.refused(), "%s", s.sniffer.err)
    s.raises(("new", "one"), ("new", "three"))
    s.stop()
    s = Service(lab, "", "--no-limit", folder=s.folder, compiled=True)
    expect(re.search(r"^<4>LISTS OR EXCEPTIONS ARE BAD\. .* What is wrong: "
                     r"\S+/a\.dlo: cut short", s.sniffer.err, re.M), "%s",
           s.sniffer.err)
    s.raises(("new", "one"), ("new", "three"))
    s.stop()


@case()
def reload_exceptions(lab):
    """Exceptions are read again; those that stay keep their counts."""
    s = Service(lab, OLD, "--no-limit", "-v",
                exceptions="one.example owner=alice\n")
    s.raises(("old", "two"))
    s.write("except.list", "two.example\none.example owner=bob\n")
    s.taken()
    s.raises()
    s.write("except.list", "two.example nonsense=1\n")
    expect("except.list:1:13: " in s.refused(), "%s", s.sniffer.err)
    s.raises()
    wait_for("3 and 2 hits", lambda: sorted(
        (r["pattern"], r["hits"])
        for r in answer(lab, s.socket, "exceptions")) == [
            ("one.example", 3), ("two.example", 2)])
    s.stop()
    with open(s.folder + "/state/exceptions.state", encoding="ascii") as f:
        expect_equal("kept", sorted(x.split()[1] for x in f.readlines()[1:-1]),
                     ["2", "3"])


@case()
def reload_settings(lab):
    """The configuration is read again: what can be reloaded is taken, the
    rest is named."""
    path = lab.write("config", "limit: 1/600\nbuffer-size: 4096\n")
    s = Service(lab, OLD, "-C", path)
    for _ in range(2):
        lab.ask("one.example")
    lab.ask("two.example")
    s.raises(("old", "one"), ("old", "two"))
    with open(path, "w", encoding="ascii") as f:
        f.write("limit: off\nbuffer-size: 8192\n")
    expect("the new buffer-size takes effect after a restart" in s.taken(),
           "%s", s.sniffer.err)
    # Two closing lines, of what was held back before.
    held = sorted(re.search(r" count=(\d+) ", s.log.recv(65536).decode())[1]
                  for _ in range(2))
    expect_equal("held back", held, ["1", "2"])
    s.raises(("old", "one"), ("old", "two"))
    s.raises(("old", "one"), ("old", "two"))
    with open(path, "w", encoding="ascii") as f:
        f.write("limit: 1/600\nlimits: 3\n")
    expect("%s:2:1: unknown key" % path in s.refused(), "%s", s.sniffer.err)
    s.raises(("old", "one"), ("old", "two"))
    s.stop()


@case()
def reload_watch(lab):
    """--watch-lists: a change is taken by itself, a bad one told of once."""
    s = Service(lab, OLD, "--no-limit", "--watch-lists")
    s.write("lists/a.list", NEW)
    s.sniffer.wait_err("<6>reload (the lists have changed): 1 list, ")
    s.raises(("new", "one"), ("new", "three"))
    s.write("lists/a.list", BAD)
    s.sniffer.wait_err("<3>reload (the lists have changed) refused: ")
    s.raises(("new", "one"), ("new", "three"))
    # The whole folder in one step, which blinds whoever waits for notices.
    os.rename(s.folder + "/lists", s.folder + "/before")
    os.mkdir(s.folder + "/lists")
    s.write("lists/b.list", OLD)
    wait_for("reload", lambda: s.sniffer.err.count("have changed): ") == 2)
    s.raises(("old", "one"), ("old", "two"))
    expect_equal("refusals", s.sniffer.err.count("refused: "), 1)
    s.stop()


@case()
def last_good(lab):
    """Bad lists at the start: the last good set is used, and said so loudly;
    without one, exit 2."""
    s = Service(lab, OLD, "--no-limit")
    kept = s.folder + "/state/last-good-set"
    wait_for("last good set", lambda: os.path.exists(kept))
    s.write("lists/a.list", NEW)
    s.taken()
    wait_for("new set", lambda: b"three.example" in open(kept, "rb").read())
    expect_equal("mode", os.stat(kept).st_mode & 0o777, 0o640)
    s.stop()
    s = Service(lab, BAD, "--no-limit", folder=s.folder)
    expect(re.search(r"^<4>LISTS OR EXCEPTIONS ARE BAD\. .* the last good set "
                     r"is used, of 20.*: 1 list, 2 patterns\. What is wrong: "
                     r"\S+/a\.list:5:3: an empty label$", s.sniffer.err, re.M),
           "%s", s.sniffer.err)
    expect("LAST GOOD SET of 20" in str(s.warnings()), "%s", s.warnings())
    s.raises(("new", "one"), ("new", "three"))
    s.refused()
    expect("LAST GOOD SET of 20" in str(s.warnings()), "%s", s.warnings())
    s.write("lists/a.list", OLD)
    s.taken()
    expect("LAST GOOD SET" not in str(s.warnings()), "%s", s.warnings())
    s.raises(("old", "one"), ("old", "two"))
    s.stop()
    # Damaged, it is no help.
    with open(kept, "r+b") as f:
        f.seek(os.stat(kept).st_size - 3)
        f.write(b"?")
    s = Service(lab, BAD, folder=s.folder, listening=False)
    expect_equal("exit status", s.sniffer.status(), 2)
    expect("last-good-set: damaged: not used" in s.sniffer.err, "%s",
           s.sniffer.err)


@case()
def last_good_of_nobody(lab):
    """As another user (-Z), whose folder is made for him: kept all the same."""
    folder = lab.base("state")
    os.mkdir(folder, 0o755)
    s = Service(lab, OLD, "--no-limit", "-Z", "nobody", "--state-directory",
                folder + "/mine")
    wait_for("last good set",
             lambda: os.path.exists(folder + "/mine/last-good-set"))
    s.write("lists/a.list", NEW)
    s.taken()
    s.raises(("new", "one"), ("new", "three"))
    begun = time.monotonic()
    s.stop()
    expect(time.monotonic() - begun < 5, "it takes long to end")

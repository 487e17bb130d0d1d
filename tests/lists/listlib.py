"""Reading and matching of the built-in lists, written to be plain rather than fast.
# SPDX-License-Identifier: BSD-2-Clause

This is a second implementation of the pattern grammar, made from its description and not
from the program.  The tests use it as an oracle beside the program and, with --self,
instead of it.
"""

import json
import os
import re
import subprocess
import uuid

BOUNDARY = "\u0100"  # stands for a label boundary; octets are U+0000 to U+00FF
HEADERS = ("title", "id", "level", "tags", "category", "action")
LEVELS = ("informational", "low", "medium", "high", "critical")
ACTIONS = ("alert", "count", "off")
ATTRIBUTES = ("level", "note")


class BadList(Exception):
    """A list that cannot be read; the text starts with file:line."""


def octets(text, wild):
    """Text to a list of ("lit", char), ("any",) and ("one",)."""
    out = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == "\\":
            digits = text[i + 1:i + 4]
            if re.fullmatch(r"[0-9]{3}", digits):
                if int(digits) > 255:
                    raise ValueError("escape over 255")
                out.append(("lit", chr(int(digits))))
                i += 4
                continue
            if i + 1 >= len(text) or text[i + 1].isdigit():
                raise ValueError("broken escape")
            out.append(("lit", text[i + 1]))
            i += 2
            continue
        if ord(c) > 126 or ord(c) < 33:
            raise ValueError("character %r" % c)
        if c == ".":
            out.append(("lit", BOUNDARY))
        elif wild and c == "*":
            out.append(("any",))
        elif wild and c == "?":
            out.append(("one",))
        else:
            out.append(("lit", c))
        i += 1
    return [("lit", t[1].lower()) if t[0] == "lit" and t[1] < "\x80" else t for t in out]


def name_key(text):
    """The canonical string of a name: octets as characters, BOUNDARY between labels."""
    text = text.strip()
    if text in ("", "."):
        return ""
    key = "".join(t[1] for t in octets(text, False))
    if key.endswith(BOUNDARY):
        key = key[:-1]
    labels = key.split(BOUNDARY)
    if any(not 0 < len(x) <= 63 for x in labels) or len(key) + 2 > 255:
        raise ValueError("label or name length")
    return key


class Pattern:
    def __init__(self, text):
        self.text = text
        body = text.strip()
        if body.startswith("="):
            self.kind = "exact"
            self.key = name_key(body[1:])
        elif any(t[0] != "lit" for t in octets(body, True)):
            self.kind = "glob"
            if body.endswith("."):
                body = body[:-1]
            self.key = body.lower()
            parts = {"any": ".*", "one": "."}
            self.regex = re.compile("".join(
                re.escape(t[1]) if t[0] == "lit" else parts[t[0]]
                for t in octets(body, True)), re.DOTALL)
        else:
            self.kind = "domain"
            self.key = name_key(body)
        if self.key == "":
            raise ValueError("empty pattern")

    def matches(self, key):
        if self.kind == "exact":
            return key == self.key
        if self.kind == "glob":
            return self.regex.fullmatch(key) is not None
        return key == self.key or key.endswith(BOUNDARY + self.key)


class Entry:
    def __init__(self, **kw):
        self.__dict__.update(kw)


def fields(text):
    """Split 'pattern key=value key="a b"' into the pattern and a dictionary."""
    m = re.match(r"(\S+)", text)
    pattern, rest = m.group(1), text[m.end():]
    attrs = {}
    while rest.strip():
        m = re.match(r'\s+([a-z]+)=(?:"([^"]*)"|([^\s"]+))', rest)
        if not m:
            raise ValueError("cannot read %r" % rest.strip())
        if m.group(1) in attrs:
            raise ValueError("%s given twice" % m.group(1))
        attrs[m.group(1)] = m.group(2) if m.group(2) is not None else m.group(3)
        rest = rest[m.end():]
    return pattern, attrs


def read_list(path):
    """The entries of one of our own files.  Strict: anything odd raises BadList."""
    name = os.path.basename(path)
    headers, seen, entries, service = {}, [], [], None
    with open(path, encoding="ascii") as f:
        lines = f.read().split("\n")
    if lines.pop() != "":
        raise BadList("%s: no newline at the end" % name)
    for number, line in enumerate(lines, 1):
        where = "%s:%d: " % (name, number)
        if line != line.rstrip() or "\t" in line:
            raise BadList(where + "stray blank")
        if not line:
            continue
        if line.startswith("#:"):
            m = re.fullmatch(r"#: ([a-z]+): (\S.*)", line)
            if not m or m.group(1) not in HEADERS:
                raise BadList(where + "unknown header")
            headers[m.group(1)] = m.group(2)
            seen.append((m.group(1), number))
            service = None if m.group(1) == "title" else service
            continue
        if line.startswith("#"):
            continue
        m = re.fullmatch(r"\[([^\[\]]+)\]", line)
        if m:
            service = m.group(1)
            continue
        text, _, comment = line.partition(" #")
        try:
            pattern, attrs = fields(text.rstrip())
            compiled = Pattern(pattern)
        except ValueError as e:
            raise BadList(where + str(e)) from None
        entries.append(Entry(file=name, line=number, pattern=compiled, attrs=attrs,
                             service=service, comment=comment.strip(),
                             headers=dict(headers)))
    return entries, seen, lines


def read_lists(folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".list"))
    if not names:
        raise BadList("%s: no lists" % folder)
    return {n: read_list(os.path.join(folder, n)) for n in names}


class Matcher:
    """All entries of a folder."""

    def __init__(self, folder):
        self.files = read_lists(folder)
        self.entries = [e for n in sorted(self.files) for e in self.files[n][0]]
        self.by_place = {(e.file, e.line): e for e in self.entries}
        self.suffix, self.exact, self.globs = {}, {}, []
        for e in self.entries:
            if e.pattern.kind == "glob":
                self.globs.append(e)
            else:
                table = self.exact if e.pattern.kind == "exact" else self.suffix
                table.setdefault(e.pattern.key, []).append(e)

    def find(self, name):
        key = name_key(name)
        out = list(self.exact.get(key, ()))
        labels = key.split(BOUNDARY)
        for i in range(len(labels)):
            out += self.suffix.get(BOUNDARY.join(labels[i:]), ())
        out += [e for e in self.globs if e.pattern.matches(key)]
        return sorted(out, key=lambda e: (e.file, e.line))


def explain(program, folder, names):
    """What the program says: for each name its (matches, alerts)."""
    run = subprocess.run([program, "explain", "--json", "--list", folder, "-"],
                         input="".join(n + "\n" for n in names), text=True,
                         capture_output=True, check=False)
    if run.returncode not in (0, 1):
        raise BadList("explain: exit %d: %s" % (run.returncode, run.stderr.strip()))
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.strip()]
    if len(rows) != len(names):
        raise BadList("explain: %d names, %d answers" % (len(names), len(rows)))
    out = []
    for name, row in zip(names, rows):
        if row["name"] != name:
            raise BadList("explain: asked %s, answered %s" % (name, row["name"]))
        places = sorted((os.path.basename(m["file"]), m["line"]) for m in row["matches"])
        out.append((places, row["alerts"]))
    return out


def ask(program, folder, matcher, names):
    """For each name the entries found and whether there is an alert, and complaints.

    program None means the oracle alone.
    """
    mine = [matcher.find(n) for n in names]
    loud = [any(e.headers["action"] == "alert" for e in m) for m in mine]
    if program is None:
        return mine, loud, []
    found, alerts, wrong = [], [], []
    for name, expect, noisy, (places, raised) in zip(names, mine, loud,
                                                     explain(program, folder, names)):
        want = sorted((e.file, e.line) for e in expect)
        if places != want:
            wrong.append("%s: program says %s, oracle says %s" % (name, places, want))
        if bool(raised) != noisy:
            wrong.append("%s: program %s alert, oracle %s" % (
                name, "an" if raised else "no", "an alert" if noisy else "none"))
        found.append([matcher.by_place[p] for p in places if p in matcher.by_place])
        alerts.append(bool(raised))
    return found, alerts, wrong


def is_uuid4(text):
    try:
        return str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4
    except ValueError:
        return False


def arguments(argv, usage):
    """(program or None, folder); the usage text and exit 2 otherwise."""
    if len(argv) != 3 or argv[1] in ("-h", "--help"):
        raise SystemExit("usage: %s (DNSLOOKOUT | --self) LISTS_DIR" % usage)
    return (None if argv[1] == "--self" else argv[1]), argv[2]

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""check.py LISTS_DIR: are the built-in lists well-formed and tidy?"""

import re
import sys

import listlib

WIDE = ("*uwhrc*baaaa*",)  # globs that may cut through labels


def check_file(name, data, problems):
    entries, seen, lines = data

    def bad(number, text):
        problems.append("%s:%d: %s" % (name, number, text))

    if not lines or not re.match(r"# \S", lines[0]):
        bad(1, "a file starts with a comment that says what it is for")
    keys = [k for k, _ in seen]
    if keys[:len(listlib.HEADERS)] != list(listlib.HEADERS):
        bad(1, "headers are " + ", ".join(listlib.HEADERS) + ", in this order")
        return
    if "id" in keys[len(listlib.HEADERS):]:
        bad(1, "one file, one id")
    intro = "\n".join(x for x in lines if x.startswith("#") and not x.startswith("#:"))
    if not re.search(r"^# Why (critical|high|medium|low|it (only counts|is off))", intro, re.M):
        bad(1, "the comment does not say why this level or action")
    if not entries:
        bad(1, "no entries")
    for e in entries:
        h = e.headers
        if not listlib.is_uuid4(h["id"]):
            bad(e.line, "id is not a version 4 UUID")
        if h["level"] not in listlib.LEVELS or h["action"] not in listlib.ACTIONS:
            bad(e.line, "unknown level or action")
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", h["category"]):
            bad(e.line, "category is one lower-case word")
        if not re.fullmatch(r"attack\.t\d{4}(\.\d{3})?(, attack\.t\d{4}(\.\d{3})?)*", h["tags"]):
            bad(e.line, "tags are attack.tNNNN or attack.tNNNN.NNN")
        if not e.service:
            bad(e.line, "no service")
        if not e.comment:
            bad(e.line, "no source")
        for key, value in e.attrs.items():
            if key not in listlib.ATTRIBUTES:
                bad(e.line, "unknown attribute " + key)
            elif key == "level" and value not in listlib.LEVELS:
                bad(e.line, "unknown level " + value)
            elif key == "level" and value == h["level"]:
                bad(e.line, "the level is that of the file anyway")
        if e.pattern.text != e.pattern.text.lower():
            bad(e.line, "not in lower case")
        if e.pattern.kind == "glob" and "." not in e.pattern.text and e.pattern.text not in WIDE:
            bad(e.line, "a glob without a label boundary")
    sections = [x[1:-1] for x in lines if x.startswith("[")]
    if sections != sorted(sections, key=str.lower):
        bad(1, "sections are not in order: " + next(
            b for a, b in zip(sections, sections[1:]) if a.lower() > b.lower()))
    if len(set(map(str.lower, sections))) != len(sections):
        bad(1, "a section comes twice")
    for service in sections:
        keys = [e.pattern.text.lstrip("=*.") for e in entries if e.service == service]
        if not keys:
            bad(1, "empty section " + service)
        if keys != sorted(keys):
            bad(1, "entries of %s are not in order" % service)
    for number, line in enumerate(lines, 1):
        if line.startswith("#") and len(line) > 100:
            bad(number, "comment over 100 columns")


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: check.py LISTS_DIR")
    try:
        matcher = listlib.Matcher(sys.argv[1])
    except (listlib.BadList, UnicodeDecodeError) as e:
        raise SystemExit("check: %s" % e) from None
    problems, places, ids = [], {}, {}
    for name, data in matcher.files.items():
        check_file(name, data, problems)
        ids.setdefault(data[0][0].headers["id"] if data[0] else name, []).append(name)
    for rule, names in ids.items():
        if len(names) > 1:
            problems.append("%s: the same id %s" % (", ".join(names), rule))
    services = {}
    for e in matcher.entries:
        same = places.setdefault((e.pattern.kind, e.pattern.key), e)
        if same is not e:
            problems.append("%s:%d: %s is also in %s:%d" % (
                e.file, e.line, e.pattern.text, same.file, same.line))
        services.setdefault(e.service.lower(), set()).add(e.service)
        if e.pattern.kind == "domain":
            labels = e.pattern.key.split(listlib.BOUNDARY)
            for i in range(1, len(labels)):
                for wide in matcher.suffix.get(listlib.BOUNDARY.join(labels[i:]), ()):
                    level = [x.attrs.get("level", x.headers["level"]) for x in (e, wide)]
                    if wide.service == e.service and level[0] == level[1]:
                        problems.append("%s:%d: %s says nothing beyond %s" % (
                            e.file, e.line, e.pattern.text, wide.pattern.text))
    for spellings in services.values():
        if len(spellings) > 1:
            problems.append("one service, two spellings: " + ", ".join(sorted(spellings)))
    for p in problems:
        print(p)
    print("check: %d files, %d entries, %d services, %d problems" % (
        len(matcher.files), len(matcher.entries), len(services), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""coverage.py (DNSLOOKOUT | --self) LISTS_DIR

Does a built-in list know what the T1090.002 rules know?  From each pattern in t1090_002.txt
names are made that match it at label boundaries; each must be found.  expected.txt
says of some names which alert they must raise.
"""

import itertools
import os
import re
import sys

import listlib

HERE = os.path.dirname(os.path.abspath(__file__))
TLD_RULE = "44a2de72"


def facts():
    """(rule, operator, pattern) and the reasons of the patterns to skip."""
    rows, skip = [], {}
    with open(os.path.join(HERE, "t1090_002.txt"), encoding="ascii") as f:
        for line in f:
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith("skip "):
                _, rule, pattern, reason = line.split(None, 3)
                skip[rule, pattern] = reason
            else:
                rows.append(tuple(line.split()))
    unknown = set(skip) - {(r, p) for r, _, p in rows}
    if unknown:
        raise SystemExit("coverage: skip of an unknown pattern: %s" % sorted(unknown))
    return rows, skip


def names_for(operator, pattern):
    """Names that match a vendor's pattern at label boundaries."""
    if operator == "eq":
        return [pattern]
    if operator == "endswith":
        return [x + pattern for x in ("a", "a.b")]
    if operator != "wildcard":
        raise SystemExit("coverage: operator %s" % operator)
    body, front, back = pattern, [""], [""]
    if body.startswith("*//"):  # a URL up to its host: that host alone
        return [body[3:].rstrip("*")]
    if body.startswith("*."):
        body, front = body[2:], ["a.", "a.b.", "www.x-1."]
    elif body.startswith("*"):
        body, front = body[1:], ["", "a.", "a.b."]
    elif body.startswith("?."):
        body, front = body[2:], ["a.", "7."]
    if body.endswith(".*"):
        body, back = body[:-2], [".com", ".pl", ".example", ".co.example"]
    elif body.endswith("*"):
        body = body[:-1]
        if "." not in body:  # a bare word, as a label of its own
            back = [".com", ".pl", ".example"]
    middle = [x.join(body.split("*")) for x in (("", "1", "-x", ".c") if "*" in body else ("",))]
    if "?" in body:
        raise SystemExit("coverage: cannot make names from %s" % pattern)
    return [a + b + c for a, b, c in itertools.product(front, middle, back)]


def expected():
    with open(os.path.join(HERE, "expected.txt"), encoding="ascii") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                name, level, what = line.split(None, 2)
                category, _, service = what.strip().partition("/")
                yield name, level, category, service


def main():
    program, folder = listlib.arguments(sys.argv, "coverage.py")
    rows, skip = facts()
    wanted, skipped = [], 0
    for rule, operator, pattern in rows:
        if (rule, pattern) in skip:
            skipped += 1
            continue
        vendor = re.sub(r"^\*//", "", pattern)
        check = listlib.Pattern("*" + vendor if operator == "endswith" else
                                "=" + vendor if operator == "eq" else vendor)
        for name in names_for(operator, pattern):
            assert check.matches(listlib.name_key(name)), (pattern, name)
            wanted.append((name, rule, pattern))
    tests = list(expected())
    try:
        matcher = listlib.Matcher(folder)
        names = sorted({w[0] for w in wanted} | {t[0] for t in tests})
        found, loud, problems = listlib.ask(program, folder, matcher, names)
    except listlib.BadList as e:
        raise SystemExit("coverage: %s" % e) from None
    hits = dict(zip(names, found))
    for name, rule, pattern in wanted:
        # A whole top-level domain covers the rule on such domains and no other.
        if not [e for e in hits[name]
                if rule == TLD_RULE or e.headers["category"] != "suspicious-tld"]:
            problems.append("not covered: %s (%s %s)" % (name, rule, pattern))
    order = listlib.LEVELS.index
    for name, level, category, service in tests:
        levels = [e.attrs.get("level", e.headers["level"]) for e in hits[name]
                  if (e.headers["action"], e.headers["category"], e.service) ==
                  ("alert", category, service)]
        if not levels or max(levels, key=order) != level:
            problems.append("expected [%s] %s/%s: %s" % (level, category, service, name))
    for p in problems:
        print(p)
    best = {"alert": 0, "count": 1, "off": 2}
    tally = [0, 0, 0, 0]
    for name in {w[0] for w in wanted}:
        tally[min((best[e.headers["action"]] for e in hits[name]), default=3)] += 1
    print("coverage: %d patterns, %d skipped, %d names: %d alert, %d count, %d off, %d missing; "
          "%d expected alerts; %d problems"
          % (len(rows), skipped, sum(tally), *tally, len(tests), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

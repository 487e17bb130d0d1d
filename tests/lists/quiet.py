#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""quiet.py (DNSLOOKOUT | --self) LISTS_DIR: no alert for the names of an ordinary day."""

import os
import sys

import listlib

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    program, folder = listlib.arguments(sys.argv, "quiet.py")
    with open(os.path.join(HERE, "quiet.txt"), encoding="ascii") as f:
        names = sorted({x.strip() for x in f if x.strip() and not x.startswith("#")})
    try:
        matcher = listlib.Matcher(folder)
        found, loud, problems = listlib.ask(program, folder, matcher, names)
    except listlib.BadList as e:
        raise SystemExit("quiet: %s" % e) from None
    for name, entries, noisy in zip(names, found, loud):
        if noisy:
            problems.append("%s raises an alert: %s" % (name, ", ".join(
                "%s:%d" % (e.file, e.line) for e in entries)))
    for p in problems:
        print(p)
    print("quiet: %d names, %d counted, %d problems"
          % (len(names), sum(1 for e in found if e), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

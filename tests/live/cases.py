# SPDX-License-Identifier: BSD-2-Clause
"""cases.py - runs the table of live cases.

One line a case: `ok CASE`, `not ok CASE: why` or `skipped CASE: why`, then the
totals. Exit 1 when a case failed. LIVE_TIMES in the environment: how long each
took.
"""
import argparse
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from lab import CASES, Failure, Skip, expect


def missing(tools):
    return [t for t in tools if not shutil.which(t)]


def play(lab, title):
    function, tools = CASES[title]
    gone = missing(tools)
    if gone:
        raise Skip("no " + ", ".join(gone))
    function(lab)
    for text in lab.said():
        refused = re.search("the sandbox refused.*", text)
        expect(not refused, "%s", refused and refused[0])


def run_case(lab, title):
    """(result, why)"""
    try:
        play(lab, title)
    except Skip as e:
        return "skipped", str(e)
    except (Failure, OSError, ValueError, LookupError, TypeError,
            subprocess.SubprocessError) as e:
        kind = "" if isinstance(e, Failure) else type(e).__name__ + ": "
        return "not ok", kind + str(e)
    return "ok", ""


def run_cases(lab, titles, why_not):
    n = collections.Counter()
    for title in titles:
        begun = time.monotonic()
        result, why = ("skipped", why_not) if why_not else run_case(lab, title)
        n[result] += 1
        print("%s %s%s" % (result, title, why and ": " + " ".join(
            why.split())))
        if result == "not ok":
            for line in lab.account():
                print("# " + line[:300])
        if os.environ.get("LIVE_TIMES"):
            print("# %.1f s" % (time.monotonic() - begun))
        sys.stdout.flush()
        lab.end_case()
    print("%d passed, %d failed, %d skipped" % (
        n["ok"], n["not ok"], n["skipped"]))
    return 1 if n["not ok"] else 0


def on_signal(number, _):
    sys.exit(128 + number)


def arguments(doc):
    p = argparse.ArgumentParser(
        usage=doc.split("\n\n")[1].strip(), add_help=True)
    p.add_argument("-l", "--list", action="store_true")
    p.add_argument("binary", nargs="?")
    p.add_argument("cases", nargs="*")
    args = p.parse_args()
    if args.list:
        return args
    args.binary = os.path.abspath(args.binary or "")
    if not os.path.isfile(args.binary) or not os.access(args.binary, os.X_OK):
        p.error("no program %s" % args.binary)
    unknown = set(args.cases) - set(CASES)
    if unknown:
        p.error("no such case: " + " ".join(sorted(unknown)))
    return args


def begin(lab):
    """Why there is no lab, if there is none."""
    if os.geteuid():
        return "needs root (network namespaces)"
    if missing(["ip"]):
        return "no ip"
    try:
        lab.up()
    except Skip as e:
        return str(e)
    except (Failure, OSError) as e:
        return "no network namespaces here: %s" % e
    return ""


def main(doc, make_lab):
    """The cases of the command line, or all, in what make_lab(BINARY) gives."""
    args = arguments(doc)
    if args.list:
        for title, (function, _) in CASES.items():
            print("%-18s %s" % (title, function.__doc__))
        return 0
    # With a handler, what we start gets the default action: a shell may have
    # us ignore them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    lab = make_lab(args.binary)
    try:
        return run_cases(lab, args.cases or list(CASES), begin(lab))
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        lab.down()

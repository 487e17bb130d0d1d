# SPDX-License-Identifier: BSD-2-Clause
"""common.py - what the scripts of this folder share."""
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ONE = os.path.join(HERE, "../captures/link-ipv4.pcap")  # one packet
SHARED = os.path.join(HERE, "../../../shared")  # test data beside the project


def measure(argv, out=subprocess.DEVNULL):
    """(CPU seconds, greatest resident KiB) of one run."""
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                         stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit("%s: exit %d" % (" ".join(argv), p.returncode))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def wall_ms(argv, runs):
    """Wall times of so many runs, sorted, after one that does not count."""
    took = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        took.append((time.perf_counter() - start) * 1e3)
    return sorted(took[1:])


def build_yardstick(folder):
    p = os.path.join(folder, "yardstick")
    subprocess.run(["cc", "-O2", "-o", p, os.path.join(HERE, "yardstick.c"),
                    "-lpcap"], check=True)
    return p


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def machine():
    """The kind of machine, how busy it is."""
    cpu = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    return "%s, %d CPUs, Linux %s, load %.1f" % (
        cpu, os.cpu_count(), platform.release(), os.getloadavg()[0])


def version_of(program):
    """The version of a Debian package that has PROGRAM, or of a package."""
    r = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", program],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True, check=False)
    return r.stdout or "?"

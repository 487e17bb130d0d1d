# SPDX-License-Identifier: BSD-2-Clause
"""sets.py - sets of patterns, names to ask for, from real ones and crafted."""
import os
import random
import subprocess


class Missing(Exception):
    """Why a row cannot be measured here."""


def shared_names(shared, name):
    """The lines of names/NAME.txt.zst."""
    path = os.path.join(shared, "names", name + ".txt.zst")
    if not os.path.exists(path):
        raise Missing("no names/%s.txt.zst" % name)
    out = subprocess.run(["zstd", "-dcq", path], check=True,
                         stdout=subprocess.PIPE).stdout
    return out.decode("ascii").split()


def patterns320(shared):
    """The 320 patterns; without a star only the name itself is meant."""
    path = os.path.join(shared, "patterns/p320.txt")
    if not os.path.exists(path):
        raise Missing("no patterns/p320.txt")
    with open(path, encoding="ascii") as f:
        return [p if "*" in p or "?" in p else "=" + p
                for p in f.read().split()]


def write(folder, name, lines):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in lines)
    return path


def shuffled(lines, seed=1):
    """Sorted order flatters every index."""
    lines = list(lines)
    random.Random(seed).shuffle(lines)
    return lines


def domains(shared, n):
    """Real domains: those of all block lists, then names that are asked for
    but not among the first n, the questions; which come first."""
    hosts = shuffled(shared_names(shared, "hosts-real"))
    questions, rest = hosts[:n], hosts[n:]
    malware = shared_names(shared, "block-malware")
    blocked = set()
    for name in ("phishing", "disposable", "tracking"):
        blocked.update(shared_names(shared, "block-" + name))
    blocked = shuffled(sorted(blocked.difference(malware)))
    have = set(malware)
    have.update(blocked, questions)
    return questions, malware, blocked, [h for h in rest if h not in have]


def infixes(names, n):
    """The most telling labels of real domains, each once, at least four
    octets: *label*."""
    found = {}
    for name in names:
        label = max(name.split(".")[:-1], key=len)
        if len(label) >= 4:
            found["*%s*" % label] = None
            if len(found) == n:
                break
    return list(found)


def labels(text):
    """As a name of 255 octets at most."""
    return ".".join((text[:63], text[63:126], text[126:189], text[189:250]))


def crafted(symbols, rng):
    """A name of 255 octets of these, at random."""
    return labels("".join(rng.choice(symbols) for _ in range(250)))


def crafted_sets(rng):
    """(title, globs, names): names that make every glob a candidate, which
    are settled late or never."""
    grams = [a + b + c for a in "ab" for b in "ab" for c in "ab"]
    stars = {"*%s*c" % "*".join(rng.choice(grams) for _ in range(6))
             for _ in range(1100)}
    yield "1,000 globs of a and b", sorted(stars)[:1000], [
        "c" + crafted("ab", rng)[1:] for _ in range(1000)]
    # In the name all words follow each other, in the globs they go back.
    words = ["".join(rng.choice("abcdefgh") for _ in range(4))
             for _ in range(60)]
    globs = set()
    while len(globs) < 1000:
        globs.add("*%s*%s*%s*" % tuple(
            words[i] for i in sorted(rng.sample(range(60), 3), reverse=True)))
    yield "1,000 globs of words", sorted(globs), [
        labels("".join(words) + word) for word in words]
    weak = {"*" + "*".join(rng.choice("abc") for _ in range(12)) + "*d"
            for _ in range(300)}
    yield "1,000 globs, 256 weak", sorted(weak)[:256] + sorted(stars)[:744], [
        "cd" + crafted("ab", rng)[2:] for _ in range(1000)]

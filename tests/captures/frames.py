# SPDX-License-Identifier: BSD-2-Clause
"""Builds DNS messages, the layers under them, and capture files, from nothing.

Each function takes the layer above as bytes and returns bytes, so that
`eth(ip4(udp(message(...))))` reads like the frame. What a call does not name
is correct on the wire (lengths, checksums); what it names is taken as given,
right or wrong. No randomness: the same calls give the same octets.
"""
import ipaddress
import struct

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, HTTPS, ANY = (
    1, 2, 5, 6, 12, 15, 16, 28, 33, 65, 255)
RD, RA, AA, TC, QR = 0x0100, 0x0080, 0x0400, 0x0200, 0x8000
LINK = {"null": 0, "ether": 1, "ppp": 9, "raw12": 12, "raw": 101,
        "loop": 108, "sll": 113, "user0": 147, "ipv4": 228, "ipv6": 229,
        "sll2": 276, "ppp-serial": 50}
MAC_A, MAC_B = bytes.fromhex("00005e005301"), bytes.fromhex("00005e005302")


# ---- DNS ------------------------------------------------------------------

def name(n):
    """A wire name: from text without escapes, or from a list of labels."""
    if isinstance(n, str):
        n = [x.encode() for x in n.strip(".").split(".") if x]
    return b"".join(bytes([len(x)]) + x for x in n) + b"\0"


def q(n, qtype=A, qclass=1):
    """A question; n as for name(), or bytes taken as they are."""
    wire = n if isinstance(n, bytes) else name(n)
    return wire + struct.pack(">HH", qtype, qclass)


def rr(owner, rtype, rdata, ttl=300, rclass=1):
    wire = owner if isinstance(owner, bytes) else name(owner)
    return wire + struct.pack(">HHIH", rtype, rclass, ttl, len(rdata)) + rdata


def opt(size=1232, do=False, options=b""):
    return (b"\0" + struct.pack(">HHIH", 41, size, 0x8000 if do else 0,
                                len(options)) + options)


def message(mid, questions=(), flags=RD, answers=(), authority=(),
            additional=(), counts=None, tail=b""):
    """A DNS message; `counts` replaces the four counts of the header."""
    parts = [questions, answers, authority, additional]
    counts = counts or [len(p) for p in parts]
    return (struct.pack(">6H", mid, flags, *counts)
            + b"".join(b"".join(p) for p in parts) + tail)


# ---- transport and IP -----------------------------------------------------

def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


class Segment:
    """A transport segment that waits for its addresses, for the checksum."""

    def __init__(self, proto, build):
        self.proto, self.build = proto, build


def udp(sport, dport, payload, length=None, csum=None):
    def build(pseudo):
        n = 8 + len(payload) if length is None else length
        head = struct.pack(">HHH", sport, dport, n)
        c = csum
        if c is None:
            c = checksum(pseudo(17, n) + head + b"\0\0" + payload) or 0xffff
        return head + struct.pack(">H", c) + payload
    return Segment(17, build)


def tcp(sport, dport, seq, ack, flags, payload=b""):
    def build(pseudo):
        head = struct.pack(">HHIIBBH", sport, dport, seq, ack, 5 << 4, flags,
                           64240)
        c = checksum(pseudo(6, 20 + len(payload)) + head + b"\0\0\0\0"
                     + payload)
        return head + struct.pack(">HH", c, 0) + payload
    return Segment(6, build)


def raw(proto, data):
    return Segment(proto, lambda pseudo: data)


def ip4(src, dst, seg, options=b"", frag=0, ident=0, length=None, ihl=None,
        proto=None, version=4, dont_fragment=True):
    """frag is the second half of the fragment word: MF 0x2000, offset/8."""
    s, d = (ipaddress.IPv4Address(x).packed for x in (src, dst))
    if isinstance(seg, bytes):
        data, num = seg, 17 if proto is None else proto
    else:
        data = seg.build(lambda p, n: s + d + struct.pack(">BBH", 0, p, n))
        num = seg.proto if proto is None else proto
    words = 5 + len(options) // 4
    if not frag and dont_fragment:
        frag = 0x4000
    head = struct.pack(
        ">BBHHHBBH", version << 4 | (words if ihl is None else ihl), 0,
        20 + len(options) + len(data) if length is None else length,
        ident, frag, 64, num, 0) + s + d + options
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return head + data


def ip6(src, dst, seg, headers=(), length=None):
    """headers: pairs (protocol number, octets after the next-header octet)."""
    s, d = (ipaddress.IPv6Address(x).packed for x in (src, dst))
    data = seg if isinstance(seg, bytes) else seg.build(
        lambda p, n: s + d + struct.pack(">IHBB", n, 0, 0, p))
    nxt = 17 if isinstance(seg, bytes) else seg.proto
    for num, body in reversed(headers):
        data, nxt = bytes([nxt]) + body + data, num
    return struct.pack(">IHBB", 6 << 28,
                       len(data) if length is None else length, nxt,
                       64) + s + d + data


def ip(src, dst, seg, **kw):
    return (ip6 if ":" in src else ip4)(src, dst, seg, **kw)


def pieces(data, size):
    """Cuts an IPv4 datagram into fragments with `size` octets of payload."""
    out, head, body = [], data[:20], data[20:]
    for at in range(0, len(body), size):
        part = body[at:at + size]
        word = at // 8 | (0x2000 if at + size < len(body) else 0)
        h = (head[:2] + struct.pack(">H", 20 + len(part)) + head[4:6]
             + struct.pack(">H", word) + head[8:10] + b"\0\0" + head[12:])
        out.append(h[:10] + struct.pack(">H", checksum(h)) + h[12:] + part)
    return out


# ---- link layers ----------------------------------------------------------

def ethertype(packet):
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def eth(packet, vlans=(), proto=None, src=MAC_A, dst=MAC_B, pad=False):
    """vlans: pairs (TPID, VLAN id), outermost first."""
    head = dst + src
    for tpid, vid in vlans:
        head += struct.pack(">HH", tpid, vid)
    frame = head + struct.pack(
        ">H", ethertype(packet) if proto is None else proto) + packet
    return frame.ljust(60, b"\0") if pad else frame


def ppp(packet):
    return struct.pack(
        ">H", 0x0057 if packet[0] >> 4 == 6 else 0x0021) + packet


def pppoe(packet):
    inner = ppp(packet)
    return struct.pack(">BBHH", 0x11, 0, 7, len(inner)) + inner


def sll(packet, proto=None, kind=0):
    return struct.pack(">HHH6sHH", kind, 1, 6, MAC_A, 0,
                       ethertype(packet) if proto is None else proto) + packet


def sll2(packet, proto=None, kind=0):
    return struct.pack(">HHIHBB6sH",
                       ethertype(packet) if proto is None else proto, 0, 2, 1,
                       kind, 6, MAC_A, 0) + packet


def family(packet, order, inet6=30):
    """The head of null (host order of the writer) and loop (big-endian)."""
    return struct.pack(order + "I",
                       inet6 if packet[0] >> 4 == 6 else 2) + packet


# ---- files ----------------------------------------------------------------

EPOCH = 1767603600  # 2026-01-05 09:00:00 UTC


class Capture:
    """Frames with times. add() steps the clock by `step` nanoseconds."""

    def __init__(self, link="ether", step=1_000_000, start=EPOCH):
        self.link, self.step = link, step
        self.now = start * 1_000_000_000
        self.frames = []

    def add(self, *frames, after=None, snap=None):
        for f in frames:
            self.now += self.step if after is None else after
            self.frames.append((self.now, f[:snap], len(f)))
        return self

    def pcap(self, order="<", nano=False, snaplen=65535, link=None):
        magic = 0xa1b23c4d if nano else 0xa1b2c3d4
        out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen,
                          LINK[self.link] if link is None else link)
        for ts, data, size in self.frames:
            s, ns = divmod(ts, 1_000_000_000)
            out += struct.pack(order + "IIII", s & 0xffffffff,
                               ns if nano else ns // 1000, len(data),
                               size) + data
        return out

    def pcapng(self, order="<", tsresol=6, simple_last=False):
        """One section, one interface; blocks that mean nothing to us too."""
        return pcapng([self], order, [tsresol], simple_last)


def pcapng(captures, order="<", tsresol=(), simple_last=False, snaplen=()):
    """A section with an interface for each capture, its frames by time; each
    interface with its time resolution (a power of ten) and snap length."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return (struct.pack(order + "II", kind, len(body) + 12) + body
                + struct.pack(order + "I", len(body) + 12))

    def option(code, value):
        return (struct.pack(order + "HH", code, len(value)) + value
                + b"\0" * (-len(value) % 4))

    end = struct.pack(order + "HH", 0, 0)
    tsresol = list(tsresol) or [6] * len(captures)
    snaplen = list(snaplen) or [65535] * len(captures)
    out = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)
                + option(4, b"make-captures") + end)
    frames = []
    for i, c in enumerate(captures):
        options = option(2, b"net%d" % i)
        if tsresol[i] != 6:
            options += option(9, bytes([tsresol[i]]))
        out += block(1, struct.pack(order + "HHI", LINK[c.link], 0,
                                    snaplen[i]) + options + end)
        frames += [(ts, i, data, size) for ts, data, size in c.frames]
    out += block(4, struct.pack(order + "HH", 0, 0))  # name resolution
    frames.sort(key=lambda x: x[:2])
    for n, (ts, i, data, size) in enumerate(frames):
        if simple_last and n == len(frames) - 1:
            out += block(3, struct.pack(order + "I", size) + data)
            continue
        t = ts // 10 ** (9 - tsresol[i])
        out += block(6, struct.pack(order + "IIIII", i, t >> 32,
                                    t & 0xffffffff, len(data), size) + data)
    return out + block(5, struct.pack(order + "III", 0, 0, 0))

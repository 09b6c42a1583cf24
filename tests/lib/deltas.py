#!/usr/bin/env python3
"""A pack that takes long to read: one commit, a few hundred bytes, at the end of a chain of deltas each
of which is as large as an object may be. A few hundred KB on the disk.

usage: deltas.py DIRECTORY TREE PARENT

Writes DIRECTORY/pack-X.pack and .idx; prints the commit's id. The objects on the way have ids that are
made up: to hash them takes git a minute, and nobody asks for them.
"""
import hashlib
import struct
import sys
import zlib

SIZE, DEPTH, COMMIT, OFS_DELTA = 28 << 20, 2000, 1, 6
directory, tree, parent = sys.argv[1:4]
who = "Jane Doe <jdoe@example.com> 1760000000 +0000"
head = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n".encode()


def header(kind, size):  # gitformat-pack(5)
    out = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def number(value):  # a size in a delta
    out = bytearray([value & 0x7F])
    while value >> 7:
        value >>= 7
        out[-1] |= 0x80
        out.append(value & 0x7F)
    return bytes(out)


def back(distance):
    out = [distance & 0x7F]
    while distance >> 7:
        distance = (distance >> 7) - 1
        out.insert(0, 0x80 | distance & 0x7F)
    return bytes(out)


def copy(size):
    out, at = b"", 0
    while at < size:
        part = min(size - at, 0xFFFFFF)
        out += b"\xff" + struct.pack("<I", at) + struct.pack("<I", part)[:3]
        at += part
    return out


size = len(head) + SIZE
pack = bytearray(b"PACK" + struct.pack(">II", 2, DEPTH + 2))
offsets = [len(pack)]
pack += header(COMMIT, size) + zlib.compress(head + bytes(SIZE), 1)
for i in range(DEPTH + 1):
    last = i == DEPTH
    result, keep = (len(head) + 5, len(head)) if last else (size, size - 5)
    delta = number(size) + number(result) + copy(keep) + b"\x05last\n"
    offsets.append(len(pack))
    pack += header(OFS_DELTA, len(delta)) + back(offsets[-1] - offsets[-2]) + zlib.compress(delta)
pack += hashlib.sha1(pack).digest()
commit = head + b"last\n"
commit = hashlib.sha1(b"commit %d\0" % len(commit) + commit).digest()

ids = [hashlib.sha1(b"%d" % i).digest() for i in range(DEPTH + 1)] + [commit]
entries = sorted(zip(ids, offsets))
index = b"\xfftOc" + struct.pack(">I", 2)
index += b"".join(struct.pack(">I", sum(e[0][0] <= n for e in entries)) for n in range(256))
index += b"".join(e[0] for e in entries) + bytes(4 * len(entries))
index += b"".join(struct.pack(">I", e[1]) for e in entries) + pack[-20:]
index += hashlib.sha1(index).digest()
name = directory + "/pack-" + hashlib.sha1(b"".join(ids)).hexdigest()
for end, content in ((".pack", pack), (".idx", index)):
    with open(name + end, "wb") as out:
        out.write(content)
print(commit.hex())

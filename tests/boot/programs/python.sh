# SPDX-License-Identifier: GPL-2.0-or-later
exec python3 - <<'END'
import hashlib, itertools, math, re, struct, sys, zlib

def say(name, value):
    text = value if isinstance(value, str) else repr(value)
    print(name, text if len(text) <= 60 else hashlib.sha256(text.encode()).hexdigest())

# Integers of any size.
f = math.factorial(2000)
say("factorial", hex(f))
say("power", str(pow(3, 10**4) // 7**1000)[::-1])
say("modular", pow(65537, 2**127 - 1, 2**521 - 1))
say("square root", str(math.isqrt(f)))
say("gcd", math.gcd(f, 2**3000 * 3**500))
say("shifts", hex((f >> 777) ^ (f << 13)))

# Floating point to the last bit.
values = [0.1 * i * (-1) ** i for i in range(-400, 400)] + [1e-308, 5e-324, 1.7976931348623157e308]
say("repr", " ".join(map(repr, values)))
say("hex", " ".join(v.hex() for v in values))
say("format", " ".join(f"{v:.3f} {v:e} {v:g}" for v in values))
say("parse", sum(float(repr(v)) == v for v in values))
say("square roots", " ".join((abs(v) ** 0.5).hex() for v in values))
say("fsum", math.fsum(values[:-1]).hex())
say("floor", " ".join(str(math.floor(v)) for v in values[:-1]))
say("round", " ".join(str(round(v, 1)) for v in values[:-1]))
say("divmod", " ".join(repr(divmod(v, 0.7)) for v in values[:-1]))
say("pack", b"".join(struct.pack("<fd", v, v) for v in values[:-1]).hex())
say("division", " ".join((a / b).hex() for a, b in itertools.pairwise(values[:-1]) if b))
say("specials", f"{math.inf} {-math.inf} {math.nan} {math.copysign(0.0, -1.0)} {math.inf - math.inf}")

# Strings, containers, text.
words = [f"{hash((i * 7919) % 1009)}-{i}" for i in range(5000)]
say("sort", " ".join(sorted(words, key=lambda w: (w[::-1], w))))
say("dict", sum(len(k) * v for k, v in {w: i for i, w in enumerate(words)}.items()))
say("regex", len(re.findall(r"(?:9|1+)\d*-(\d)\1", " ".join(words))))
say("crc", zlib.crc32(" ".join(words).encode()))
say("adler", zlib.adler32(" ".join(words).encode()))
packed = zlib.compress(" ".join(words).encode(), 9)
say("zlib", zlib.decompress(packed).decode())
say("sha512", hashlib.sha512(packed[:0] + " ".join(words).encode()).hexdigest())

# Many small objects, deep recursion, generators, exceptions.
class Node:
    def __init__(self, value):
        self.value, self.left, self.right = value, None, None
    def insert(self, value):
        side = "left" if value < self.value else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Node(value))
        else:
            child.insert(value)
    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right

root = Node(0)
state = 12345
for _ in range(3000):
    state = (state * 1103515245 + 12345) % 2**31
    root.insert(state)
say("tree", " ".join(map(str, root)))

def depth(n):
    return 1 + depth(n - 1) if n else 0
say("recursion", depth(900))
caught = 0
for i in range(2000):
    try:
        [][i]
    except IndexError:
        caught += 1
say("exceptions", caught)

def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    free, count = ~(columns | left | right) & ((1 << n) - 1), 0
    while free:
        bit = free & -free
        free ^= bit
        count += queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count
say("queens", queens(8))
END

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random decimal floating-point instructions for test-dfp, one a line on standard output.

Usage: test-dfp-generate.py SEED COUNT

A line holds, in hexadecimal: instruction word (FRT=0, FRA=2, FRB=4, CR field 0), initial FPSCR,
high and low doubleword of FRA and of FRB (a DFP long operand stands in the high one).
test-dfp-run.c executes the lines on a PowerPC (or qemu-ppc64) and appends the results.
"""
import random
import sys

P = {32: (7, 2, 6, 101), 64: (16, 5, 8, 398), 128: (34, 11, 12, 6176)}


def declet(n):
    """Three digits to ten bits, by the standard's Boolean table."""
    a, b, c, d = [(n // 100) >> i & 1 for i in (3, 2, 1, 0)]
    e, f, g, h = [(n // 10 % 10) >> i & 1 for i in (3, 2, 1, 0)]
    i, j, k, m = [(n % 10) >> s & 1 for s in (3, 2, 1, 0)]
    p = b or (a and j) or (a and f and i)
    q = c or (a and k) or (a and g and i)
    s = (f and (not a or not i)) or (not a and e and j) or (e and i)
    t = g or (not a and e and k) or (a and i)
    v = a or e or i
    w = a or (e and i) or (not e and j)
    x = e or (a and i) or (not a and k)
    out = 0
    for bit in (p, q, d, s, t, h, v, w, x, m):
        out = out << 1 | bool(bit)
    return out


def encode(width, sign, coef, biased):
    digits, declets, ecbits, _ = P[width]
    lead = coef // 10 ** (digits - 1)
    high, low = biased >> ecbits, biased & ((1 << ecbits) - 1)
    comb = high << 3 | lead if lead < 8 else 0x18 | high << 1 | (lead & 1)
    raw = (sign << 5 | comb) << ecbits | low
    for i in reversed(range(declets)):
        raw = raw << 10 | declet(coef // 1000 ** i % 1000)
    return raw


def coefficient(digits):
    n = random.choice([1, 2, 3, digits // 2, digits - 1, digits, digits, random.randint(1, digits)])
    kind = random.randrange(8)
    if kind == 0:
        return 0
    if kind == 1:
        return 10 ** n - 1
    if kind == 2:
        return 10 ** (n - 1)
    if kind == 3:
        return 5 * 10 ** (n - 1)
    if kind == 4:
        z = random.randrange(n)
        return random.randrange(10 ** (n - z)) * 10 ** z
    return random.randrange(10 ** n)


def operand(width, near=None):
    """Raw bits and the biased exponent chosen (or None)."""
    digits, _, ecbits, bias = P[width]
    kind = random.randrange(24)
    if kind == 0:
        return random.getrandbits(width), None
    if kind < 4:
        comb = 0x1e if kind == 1 else 0x1f
        raw = (random.getrandbits(1) << 5 | comb) << (width - 6) | random.getrandbits(width - 6)
        return raw, None
    top = 3 * (1 << ecbits) - 1
    which = random.randrange(8)
    if near is not None and which < 5:
        exp = near + random.choice([0, 1, -1, random.randint(-3 * digits, 3 * digits)])
    elif which == 5:
        exp = random.choice(
            [0, 1, 2, top, top - 1,
             random.randint(0, 40), top - random.randint(0, 40)])
    elif which == 6:
        exp = random.randint(0, top)
    else:
        exp = bias + random.randint(-2 * digits, digits)
    exp = min(max(exp, 0), top)
    return encode(width, random.getrandbits(1), coefficient(digits), exp), exp


def bcd(width, signed):
    value = 0
    for _ in range(width // 4):
        value = value << 4 | random.randrange(10)
    if signed:
        value = value & ~15 | random.randrange(8, 16)
    if random.randrange(8) == 0:
        value |= 0xc << random.randrange(0, width, 4)
    return value


def integer(bits):
    n = random.getrandbits(bits) >> random.randrange(bits)
    return (n if random.getrandbits(1) else -n) & ((1 << bits) - 1)


# Name -> (extended opcode, form); the form says which fields and operands vary.
LONG_AND_QUAD = {
    'dadd': (2, 'arith'), 'dsub': (514, 'arith'), 'dmul': (34, 'arith'), 'ddiv': (546, 'arith'),
    'dcmpu': (642, 'compare'), 'dcmpo': (130, 'compare'), 'dtstex': (162, 'compare'),
    'dtstsf': (674, 'tstsf'), 'dtstsfi': (675, 'tstsfi'), 'dtstdc': (194, 'test'),
    'dtstdg': (226, 'test'), 'dqua': (3, 'qua'), 'dquai': (67, 'quai'), 'drrnd': (35, 'rrnd'),
    'drintx': (99, 'rint'), 'drintn': (227, 'rint'), 'dctfix': (290, 'ctfix'),
    'ddedpd': (322, 'dedpd'), 'denbcd': (834, 'enbcd'), 'dxex': (354, 'xex'),
    'diex': (866, 'iex'), 'dscli': (66, 'shift'), 'dscri': (98, 'shift'),
    'dcffix': (802, 'cffix'), 'widen': (258, 'widen'), 'narrow': (770, 'narrow'),
    'dctfixqq': (994, 'ctfixqq'), 'dcffixqq': (994, 'cffixqq'),
}


def instruction():
    name = random.choice(list(LONG_AND_QUAD))
    xo, form = LONG_AND_QUAD[name]
    quad = random.getrandbits(1)
    if form.endswith('qq'):
        quad = 1
    width = 128 if quad else 64
    word = (63 if quad else 59) << 26 | xo << 1 | 4 << 11
    a, near = operand(width)
    b, _ = operand(width, near)
    wa = wb = width
    if form in ('arith', 'compare', 'qua', 'rrnd', 'tstsf', 'iex'):
        word |= 2 << 16
    if form in ('qua', 'quai', 'rrnd', 'rint'):
        word |= random.randrange(4) << 9
    if form == 'quai':
        word |= random.randrange(32) << 16
        b, _ = operand(width, P[width][3] + random.randrange(-16, 16))
    elif form == 'rint':
        word |= random.getrandbits(1) << 16
    elif form in ('tstsf', 'rrnd'):
        a, wa = random.choice([random.getrandbits(64), random.randrange(64)]), 64
    elif form == 'tstsfi':
        word |= random.randrange(64) << 16
    elif form in ('test', 'shift'):
        word = word & ~(4 << 11) | 2 << 16 | random.randrange(64) << 10
    elif form == 'dedpd':
        word |= random.randrange(4) << 19
    elif form == 'enbcd':
        signed = random.getrandbits(1)
        word |= signed << 20
        b = bcd(width, signed)
    elif form == 'iex':
        a, wa = random.choice([random.randrange(-6, 6), random.randrange(3 << P[width][2]),
                               (3 << P[width][2]) + random.randrange(-2, 3),
                               random.getrandbits(64)]) & (2 ** 64 - 1), 64
    elif form == 'cffix':
        b, wb = integer(64), 64
    elif form == 'cffixqq':
        b = integer(128)
    elif form in ('ctfix', 'ctfixqq'):
        b, _ = operand(width,
                       P[width][3] + random.randrange(-20, 40) - random.choice([0, P[width][0]]))
        if form == 'ctfixqq':
            word |= 1 << 16
    elif form == 'widen':
        b, _ = operand(64 if quad else 32)
        wb = 64
        if not quad:
            b |= random.getrandbits(32) << 32
    elif form == 'narrow':
        word_range = {64: (32, 101, 398), 128: (64, 398, 6176)}[width]
        centre = random.choice([word_range[2], word_range[2] - word_range[1],
                                word_range[2] + word_range[1]])
        b, _ = operand(width, centre)
    if wa == 64:
        a <<= 64
    if wb == 64:
        b <<= 64
    m = 2 ** 64 - 1
    print('%08x %x %x %x %x %x' % (word, random.randrange(8) << 32, a >> 64, a & m, b >> 64, b & m))


random.seed(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    instruction()

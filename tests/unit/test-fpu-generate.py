#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Binary floating-point vectors for test-fpu-vectors, computed with exact rational numbers.

Usage: test-fpu-generate.py SEED COUNT

A line holds: operation, rounding mode, control (1 overflow and 2 underflow enabled, 4 flush
inputs, 8 flush outputs, 16 signal inexact), operands a, b, c, result, flags; numbers hexadecimal.
The rules are written from IEEE 754-2008 and the Power ISA, independently of the library.
"""
import random
import sys
from fractions import Fraction
from math import isqrt

NE, RZ, UP, DOWN, NA, ODD = range(6)
(INEXACT, RUP, UNDERFLOW, OVERFLOW, DIVZERO, SNAN, ISI, IDI, ZDZ, IMZ, CMP, SQRT,
 CVI) = [1 << i for i in range(13)]
FORMATS = {16: (5, 10), 32: (8, 23), 64: (11, 52), 128: (15, 112)}
INF, NAN = 'inf', 'nan'


class Num:
    """A number: kind (finite: value a Fraction; inf; nan: fraction field), sign."""

    def __init__(self, width, raw, flush=False):
        self.width, self.raw = width, raw
        eb, fb = FORMATS[width]
        self.sign = raw >> (eb + fb)
        exp, frac = raw >> fb & ((1 << eb) - 1), raw & ((1 << fb) - 1)
        self.kind, self.snan, self.value, self.payload = 'finite', False, Fraction(0), 0
        bias = (1 << (eb - 1)) - 1
        if exp == (1 << eb) - 1:
            self.kind = NAN if frac else INF
            self.snan = self.kind == NAN and not frac >> (fb - 1)
            # Payload left-aligned to the quad's 112 bits.
            self.payload = frac << (112 - fb)
        elif exp:
            self.value = Fraction(frac + (1 << fb)) * Fraction(2) ** (exp - bias - fb)
        elif not flush:
            self.value = Fraction(frac) * Fraction(2) ** (1 - bias - fb)

    def signed(self):
        return -self.value if self.sign else self.value


class Context:
    def __init__(self, mode, control):
        self.mode, self.control, self.flags = mode, control, 0


def join(width, sign, exp, frac):
    eb, fb = FORMATS[width]
    return sign << (eb + fb) | exp << fb | frac


def infinity(width, sign):
    return join(width, sign, (1 << FORMATS[width][0]) - 1, 0)


def nan(width, sign, payload, drop=0):
    eb, fb = FORMATS[width]
    frac = (payload | 1 << 111) >> (112 - fb)
    return join(width, sign, (1 << eb) - 1, frac >> drop << drop)


def increments(mode, sign, n, rest):
    """Whether the integer n, followed by the fraction rest, is rounded up in magnitude."""
    half = Fraction(1, 2)
    if mode == NE:
        return rest > half or (rest == half and n & 1)
    if mode == NA:
        return rest >= half
    if mode == UP:
        return not sign and rest > 0
    if mode == DOWN:
        return sign and rest > 0
    if mode == ODD:
        return rest > 0 and not n & 1
    return False


def floor_log2(x):
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if Fraction(2) ** e <= x else e - 1


def finish(ctx, rounded, out, sign, mag):
    """mag > 0 rounded to format `rounded`, delivered in format `out`."""
    eb, fb = FORMATS[rounded]
    oeb, ofb = FORMATS[out]
    emax = (1 << (eb - 1)) - 1
    emin, wrap = 1 - emax, 3 << (eb - 2)
    e = floor_log2(mag)
    tiny = e < emin
    if tiny and ctx.control & 8:
        ctx.flags |= UNDERFLOW | INEXACT
        return join(out, sign, 0, 0)
    lift = 0
    if tiny and ctx.control & 2:
        ctx.flags |= UNDERFLOW
        lift = wrap
    quantum = (max(e, emin) if not lift else e) - fb
    scaled = mag / Fraction(2) ** quantum
    n = scaled.numerator // scaled.denominator
    rest = scaled - n
    inc = increments(ctx.mode, sign, n, rest)
    n += 1 if inc else 0
    value = n * Fraction(2) ** quantum
    if value and floor_log2(value) > emax:
        if not ctx.control & 1:
            up = ctx.mode in (NE, NA) or ctx.mode == (DOWN if sign else UP)
            ctx.flags |= OVERFLOW | INEXACT | (RUP if up else 0)
            if up:
                return infinity(out, sign)
            value = (2 - Fraction(1, 1 << fb)) * Fraction(2) ** emax
            rest = inc = 0
        else:
            ctx.flags |= OVERFLOW
            lift = -wrap
    if rest:
        ctx.flags |= INEXACT | (RUP if inc else 0) | (UNDERFLOW if tiny else 0)
    value *= Fraction(2) ** lift
    if value == 0:
        return join(out, sign, 0, 0)
    # Encode exactly; a wrapped exponent may be out of the format's range.
    bias = (1 << (oeb - 1)) - 1
    e = floor_log2(value)
    if e < 1 - bias and not lift:
        return join(out, sign, 0, int(value / Fraction(2) ** (1 - bias - ofb)))
    frac = int(value / Fraction(2) ** (e - ofb)) - (1 << ofb)
    return join(out, sign, (e + bias) & ((1 << oeb) - 1), frac)


def deliver(ctx, rounded, out, value, zero_sign):
    if value == 0:
        return join(out, zero_sign, 0, 0)
    return finish(ctx, rounded, out, int(value < 0), abs(value))


def pick_nan(ctx, out, *ops):
    """The first NaN of ops, or None."""
    nans = [x for x in ops if x.kind == NAN]
    if any(x.snan for x in nans):
        ctx.flags |= SNAN
    return nan(out, nans[0].sign, nans[0].payload) if nans else None


def invalid(ctx, out, flag):
    ctx.flags |= flag
    return nan(out, 0, 0)


def add(ctx, rounded, out, a, b):
    """Sum of two (kind, sign, signed value) triples, no NaNs."""
    if a[0] == INF or b[0] == INF:
        if a[0] == b[0] and a[1] != b[1]:
            return invalid(ctx, out, ISI)
        return infinity(out, a[1] if a[0] == INF else b[1])
    zero = a[1] if a[1] == b[1] else int(ctx.mode == DOWN)
    return deliver(ctx, rounded, out, a[2] + b[2], zero)


def triple(x):
    return (x.kind, x.sign, x.signed())


def op_arith(ctx, op, rounded, out, a, b, c):
    if op == 'sqrt':
        found = pick_nan(ctx, out, a)
    elif op.startswith('fma'):
        if {a.kind, c.kind} == {INF, 'finite'} and (a.kind == INF or a.value == 0) and \
                (c.kind == INF or c.value == 0):
            ctx.flags |= IMZ
        found = pick_nan(ctx, out, a, b, c)
    else:
        found = pick_nan(ctx, out, a, b)
    if found is not None:
        return found
    sign = a.sign ^ b.sign
    if op in ('add', 'sub'):
        x, y = triple(a), triple(b)
        return add(ctx, rounded, out, x, y if op == 'add' else (y[0], y[1] ^ 1, -y[2]))
    if op == 'mul':
        if INF in (a.kind, b.kind):
            if (a.kind != INF and a.value == 0) or (b.kind != INF and b.value == 0):
                return invalid(ctx, out, IMZ)
            return infinity(out, sign)
        return deliver(ctx, rounded, out, a.signed() * b.signed(), sign)
    if op == 'div':
        if a.kind == INF:
            return invalid(ctx, out, IDI) if b.kind == INF else infinity(out, sign)
        if b.kind == INF:
            return join(out, sign, 0, 0)
        if b.value == 0:
            if a.value == 0:
                return invalid(ctx, out, ZDZ)
            ctx.flags |= DIVZERO
            return infinity(out, sign)
        return deliver(ctx, rounded, out, a.signed() / b.signed(), sign)
    if op == 'sqrt':
        if a.kind == 'finite' and a.value == 0:
            return join(out, a.sign, 0, 0)
        if a.sign:
            return invalid(ctx, out, SQRT)
        if a.kind == INF:
            return infinity(out, 0)
        # 2^(2k) * value is an integer of at least 600 bits; a fraction stands for what is left.
        k = max(0, 300 - floor_log2(a.value) // 2) + a.value.denominator.bit_length()
        n = int(a.value * Fraction(4) ** k)
        root = isqrt(n)
        exact = root * root == n
        return finish(ctx, rounded, out, 0, (root + (0 if exact else Fraction(1, 3))) *
                      Fraction(2) ** -k)
    variant = int(op[3])
    y = triple(b)
    if variant & 1:
        y = (y[0], y[1] ^ 1, -y[2])
    psign = a.sign ^ c.sign
    if INF in (a.kind, c.kind):
        if (a.kind != INF and a.value == 0) or (c.kind != INF and c.value == 0):
            return invalid(ctx, out, IMZ)
        if y[0] == INF and y[1] != psign:
            return invalid(ctx, out, ISI)
        result = infinity(out, psign)
    else:
        result = add(ctx, rounded, out, ('finite', psign, a.signed() * c.signed()), y)
    return result ^ (variant >> 1) << (out - 1)


def round_integer(ctx, x):
    n = x.value.numerator // x.value.denominator
    rest = x.value - n
    inc = increments(ctx.mode, x.sign, n, rest)
    return n + (1 if inc else 0), (INEXACT | (RUP if inc else 0)) if rest else 0


def op_rint(ctx, width, a):
    found = pick_nan(ctx, width, a)
    if found is not None:
        return found
    if a.kind == INF:
        return infinity(width, a.sign)
    n, flags = round_integer(ctx, a)
    if ctx.control & 16:
        ctx.flags |= flags
    quiet = Context(RZ, 0)
    return deliver(quiet, width, width, -n if a.sign else n, a.sign)


def op_to_int(ctx, a, bits, signed):
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if a.kind == NAN:
        ctx.flags |= CVI | (SNAN if a.snan else 0)
        return low & ((1 << bits) - 1)
    if a.kind != INF:
        n, flags = round_integer(ctx, a)
        n = -n if a.sign else n
        if low <= n <= high:
            ctx.flags |= flags
            return n & ((1 << bits) - 1)
    ctx.flags |= CVI
    return (low if a.sign else high) & ((1 << bits) - 1)


def operand(width, near=None):
    eb, fb = FORMATS[width]
    top = (1 << eb) - 1
    kind = random.randrange(16)
    if kind == 0:
        exp = 0
    elif kind == 1:
        exp = top
    elif kind == 2:
        exp = random.randrange(1, 4)
    elif kind == 3:
        exp = top - random.randrange(1, 4)
    elif kind < 10:
        centre = near if near is not None else top // 2
        exp = centre + random.choice([0, 1, -1, random.randint(-2 * fb - 3, 2 * fb + 3)])
    elif kind < 13:
        exp = top // 2 + random.randint(-140, 140)
    else:
        exp = random.randint(0, top)
    exp = min(max(exp, 0), top)
    shape = random.randrange(7)
    frac = random.getrandbits(fb)
    if shape == 0:
        frac = 0
    elif shape == 1:
        frac = (1 << fb) - 1
    elif shape == 2:
        frac = 1 << random.randrange(fb)
    elif shape == 3:
        frac >>= random.randrange(fb)
    elif shape == 4:
        z = random.randrange(fb)
        frac = frac >> z << z
    return join(width, random.getrandbits(1), exp, frac)


def exponent(width, raw):
    eb, fb = FORMATS[width]
    return raw >> fb & ((1 << eb) - 1)


ARITH = ['add', 'sub', 'mul', 'div', 'sqrt', 'fma0', 'fma1', 'fma2', 'fma3']


def line():
    mode = random.choice([NE, RZ, UP, DOWN, NA, ODD])
    control = random.choice([0, 0, 0, 1, 2, 3])
    what = random.randrange(10)
    b = c = 0
    if what < 6:
        name, rounded, out = random.choice([('float32', 32, 32), ('float64', 64, 64),
                                            ('float64s', 32, 64), ('float128', 128, 128)])
        if out == 32 and random.randrange(4) == 0:
            control = random.choice([4, 8, 12])
        ctx = Context(mode, control)
        op = random.choice(ARITH)
        centre = (1 << (FORMATS[out][0] - 1)) - 1
        shift = random.choice([0, 0, -centre // 2, centre // 2])
        if name == 'float64s':
            shift = random.choice([0, 0, -72, 60])
        a = operand(out, centre + shift)
        b = operand(out, exponent(out, a) if op in ('add', 'sub') else centre + shift)
        if op.startswith('fma'):
            c = operand(out, centre + random.choice([0, shift]))
            b = operand(out, exponent(out, a) + exponent(out, c) - centre)
        flush = control & 4
        r = op_arith(ctx, op, rounded, out, *[Num(out, x, flush) for x in (a, b, c)])
        name += '_' + op
    elif what == 6:
        width = random.choice([32, 64, 128])
        control = random.choice([0, 16])
        ctx = Context(mode, control)
        a = operand(width, (1 << (FORMATS[width][0] - 1)) - 1)
        r = op_rint(ctx, width, Num(width, a))
        name = 'float%d_rint' % width
    elif what == 7:
        width = random.choice([32, 64, 128])
        bits = random.choice([32, 64] if width != 128 else [32, 64, 128])
        signed = random.getrandbits(1)
        ctx = Context(mode, 0)
        control = 0
        a = operand(width, (1 << (FORMATS[width][0] - 1)) - 1 + bits // random.choice([1, 2]))
        r = op_to_int(ctx, Num(width, a), bits, signed)
        name = 'float%d_%sint%d' % (width, '' if signed else 'u', bits)
    elif what == 8:
        source, target = random.sample([16, 32, 64, 128], 2)
        ctx = Context(mode, control)
        tb = (1 << (FORMATS[target][0] - 1)) - 1
        sb = (1 << (FORMATS[source][0] - 1)) - 1
        a = operand(source, sb + random.choice([0, -tb, tb]))
        x = Num(source, a)
        single = (source, target) == (64, 32) and random.getrandbits(1)
        out = 64 if single else target
        if x.kind == NAN:
            ctx.flags |= SNAN if x.snan else 0
            r = nan(out, x.sign, x.payload, 29 if single else 0)
        elif x.kind == INF:
            r = infinity(out, x.sign)
        else:
            r = deliver(ctx, target, out, x.signed(), x.sign)
        name = 'float64_round_single' if single else 'float%d_float%d' % (source, target)
    else:
        target = random.choice([32, 64, 128])
        bits = random.choice([64] if target != 128 else [64, 128])
        signed = random.getrandbits(1)
        ctx = Context(mode, 0)
        control = 0
        a = random.getrandbits(bits) >> random.randrange(bits)
        if random.getrandbits(1):
            a = -a & ((1 << bits) - 1)
        n = a - (1 << bits) if signed and a >> (bits - 1) else a
        r = deliver(ctx, target, target, Fraction(n), 0)
        name = '%sint%d_float%d' % ('' if signed else 'u', bits, target)
    print('%s %d %x %x %x %x %x %x' % (name, mode, control, a, b, c, r, ctx.flags))


random.seed(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    line()

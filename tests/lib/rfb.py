# SPDX-License-Identifier: GPL-2.0-or-later
"""A VNC client (RFC 6143): raw rectangles, keys, pointer, password; and the DES that passwords need
(FIPS 46-3).
"""

import socket
import struct

IP = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64,
    56, 48, 40, 32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53,
    45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7
]
P = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13,
    30, 6, 22, 11, 4, 25
]
PC1 = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60,
    52, 44, 36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29,
    21, 13, 5, 28, 20, 12, 4
]
PC2 = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52,
    31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32
]
SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]
S = ["e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
     "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
     "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
     "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
     "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
     "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
     "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
     "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b"]


def _pick(bits, table):
    return [bits[n - 1] for n in table]


def _bits(data):
    return [byte >> (7 - i) & 1 for byte in data for i in range(8)]


def _inverse(table):
    return [table.index(n) + 1 for n in range(1, len(table) + 1)]


def des(key, block):
    """Encrypts 8 bytes."""
    half_keys = _pick(_bits(key), PC1)
    bits = _pick(_bits(block), IP)
    left, right = bits[:32], bits[32:]
    c, d = half_keys[:28], half_keys[28:]
    for shift in SHIFTS:
        c, d = c[shift:] + c[:shift], d[shift:] + d[:shift]
        round_key = _pick(c + d, PC2)
        out = []
        for i in range(8):
            six = [right[(4 * i + j - 1) % 32] ^ round_key[6 * i + j] for j in range(6)]
            row, column = six[0] << 1 | six[5], six[1] << 3 | six[2] << 2 | six[3] << 1 | six[4]
            out += _bits([int(S[i][row * 16 + column], 16)])[4:]
        left, right = right, [a ^ b for a, b in zip(left, _pick(out, P))]
    final = _pick(right + left, _inverse(IP))
    return bytes(
        sum(bit << (7 - i) for i, bit in enumerate(final[n:n + 8])) for n in range(0, 64, 8))


def answer(password, challenge):
    """VNC's: the bits of each byte of the key are turned around."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode()[:8].ljust(8, b"\0"))
    return des(key, challenge[:8]) + des(key, challenge[8:])


class Refused(Exception):
    """The server said no."""


class Rfb:
    """A connection. picture: rows of the screen, each bytes of red, green, blue."""

    def __init__(self, port=None, path=None, password=None, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX) if path else socket.create_connection(
            ("127.0.0.1", port), timeout)
        self.socket.settimeout(timeout)
        if path:
            self.socket.connect(path)
        assert self.read(12).startswith(b"RFB 003.00"), "no VNC server"
        self.socket.sendall(b"RFB 003.008\n")
        kinds = self.read(self.read(1)[0])
        kind = 2 if 2 in kinds else 1
        self.asked_password = kind == 2
        self.socket.sendall(bytes([kind]))
        if kind == 2:
            self.socket.sendall(answer(password or "", self.read(16)))
        if struct.unpack(">I", self.read(4))[0]:
            raise Refused(self.read(struct.unpack(">I", self.read(4))[0]).decode())
        self.socket.sendall(b"\1")
        self.width, self.height = struct.unpack(">HH", self.read(4))
        self.read(16)
        self.name = self.read(struct.unpack(">I", self.read(4))[0]).decode()
        # 32 bits, red in the highest of three bytes, little-endian.
        self.socket.sendall(
            struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.socket.sendall(struct.pack(">BxHii", 2, 2, 0, -223))   # raw; the size may change
        self.clear()

    def clear(self):
        self.rows = [bytearray(3 * self.width) for _ in range(self.height)]

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise EOFError("the server closed the connection")
            data += part
        return data

    def key(self, keysym, down):
        self.socket.sendall(struct.pack(">BBxxI", 4, down, keysym))

    def type(self, text):
        """Without the modifiers that a keyboard would send."""
        for letter in text:
            keysym = 0xFF0D if letter == "\n" else ord(letter)
            self.key(keysym, 1)
            self.key(keysym, 0)

    def pointer(self, x, y, buttons=0):
        self.socket.sendall(struct.pack(">BBHH", 5, buttons, x, y))

    def update(self, incremental=True):
        """Asks for an update and takes one; True if the size changed."""
        self.socket.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))
        while True:
            message = self.read(1)[0]
            if message == 0:
                return self._rectangles()
            if message == 3:
                self.read(3)
                self.read(struct.unpack(">I", self.read(4))[0])
            elif message != 2:
                raise AssertionError(f"message {message} of the server")

    def _rectangles(self):
        count, = struct.unpack(">xH", self.read(3))
        resized = False
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self.read(12))
            if encoding == -223:
                self.width, self.height = width, height
                self.clear()
                resized = True
                continue
            assert encoding == 0, f"encoding {encoding} was not asked for"
            data = self.read(4 * width * height)
            for row in range(height):
                line = data[4 * width * row:4 * width * (row + 1)]
                rgb = bytearray(3 * width)
                rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
                self.rows[y + row][3 * x:3 * (x + width)] = rgb
        return resized

    def close(self):
        self.socket.close()

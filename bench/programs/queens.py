# SPDX-License-Identifier: GPL-2.0-or-later
"""All ways to place N queens, by bit masks; then the same with sets and generators."""
import sys


def masks(n, columns=0, left=0, right=0):
    if columns == (1 << n) - 1:
        return 1
    free, count = ~(columns | left | right) & ((1 << n) - 1), 0
    while free:
        bit = free & -free
        free ^= bit
        count += masks(n, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


def places(n, row=0, columns=frozenset(), sums=frozenset(), differences=frozenset()):
    if row == n:
        yield ()
        return
    for column in range(n):
        if column not in columns and row + column not in sums and row - column not in differences:
            for rest in places(n, row + 1, columns | {column}, sums | {row + column},
                               differences | {row - column}):
                yield (column,) + rest


size = int(sys.argv[1])
print(masks(size + 1), sum(1 for _ in places(size - 1)))
words = {}
for i in range(30000):
    word = f"{i * 7919 % 1009:03}"
    words[word] = words.get(word, 0) + len(word)
print(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:2])

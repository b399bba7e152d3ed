# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --qsort 1 --qsort-size 16384 --qsort-ops 10 --tree 1 --tree-size 20000 --tree-ops 10 --hash 1 --hash-ops 20 --str 1 --str-ops 20 --zlib 1 --zlib-ops 5

# SPDX-License-Identifier: GPL-2.0-or-later
#
# Round trips by checksum; what one tool packs is also the same on every machine, so its checksum is known.
set -eu
# By their paths: the shell of BusyBox prefers its own small ones.
xz=/usr/bin/xz zstd=/usr/bin/zstd
perl -e 'my $s = 7; for (1 .. 60000) { $s = $s * 16807 % 2147483647; print $s % 1000, $s % 7 ? " " : "\n" }' > data
seq 1 50000 >> data
sha256sum data
for level in 0 1 6; do
    $xz -T1 -k -c -$level data > packed
    sha256sum packed
    $xz -t packed
    $xz -d -c packed | cmp - data
done
for level in 1 3 12; do
    $zstd -q -T1 -c -$level data > packed
    $zstd -q -t packed
    $zstd -q -d -c packed | cmp - data
    $zstd -q -d -c packed | sha256sum
done
$xz --format=lzma -k -c -3 data | $xz --format=lzma -d -c | sha256sum
gzip -c data | gzip -d -c | sha256sum
bzip2 -c data | bzip2 -d -c | sha256sum
tar -cf - data | tar -xOf - | sha256sum

# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --matrix 1 --matrix-size 32 --matrix-ops 2000 --matrix-3d 1 --matrix-3d-size 16 --matrix-3d-ops 600

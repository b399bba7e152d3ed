# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --vecmath 1 --vecmath-ops 2000

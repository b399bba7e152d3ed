# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --vecfp 1 --vecfp-ops 60

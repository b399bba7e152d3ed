# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --fork 1 --fork-ops 300 --vfork 1 --vfork-ops 200 --clone 1 --clone-ops 100

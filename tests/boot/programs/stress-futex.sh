# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --futex 2 --futex-ops 3000 --context 1 --context-ops 1000 --poll 1 --poll-ops 1000 --pipe 1 --pipe-ops 5000

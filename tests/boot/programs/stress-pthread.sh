# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --pthread 1 --pthread-ops 400 --mutex 2 --mutex-ops 3000 --atomic 2 --atomic-ops 200

# SPDX-License-Identifier: GPL-2.0-or-later
# One after the other: the thread maker takes all threads the system allows, and the others want some.
# So many operations on mutexes that the first thread is not done with them before there is a second.
common="--verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp"
stress-ng $common --pthread 1 --pthread-ops 400 &&
    stress-ng $common --mutex 2 --mutex-ops 60000 &&
    exec stress-ng $common --atomic 2 --atomic-ops 200

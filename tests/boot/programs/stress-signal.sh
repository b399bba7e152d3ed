# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --signal 1 --signal-ops 20000 --sigsegv 1 --sigsegv-ops 10000 --sigq 1 --sigq-ops 10000 --sigtrap 1 --sigtrap-ops 2000

# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --mmap 1 --mmap-bytes 2M --mmap-ops 40 --mremap 1 --mremap-bytes 2M --mremap-ops 20 --fault 1 --fault-ops 1000 --mprotect 1 --mprotect-ops 2000

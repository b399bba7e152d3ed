# SPDX-License-Identifier: GPL-2.0-or-later
exec stress-ng --verify --no-rand-seed --timeout 200 --oomable --temp-path /tmp --vm 1 --vm-bytes 4M --vm-method all --vm-ops 40000 --memcpy 1 --memcpy-ops 8 --stack 1 --stack-ops 4

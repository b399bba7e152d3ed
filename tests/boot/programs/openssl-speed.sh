# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark that OpenSSL brings, briefly: it must run through, not be fast.
set -eu
openssl speed -seconds 1 -bytes 8192 sha256 aes-128-cbc
openssl speed -seconds 1 -bytes 8192 -evp chacha20-poly1305
openssl speed -seconds 1 -bytes 8192 -evp aes-256-gcm
openssl speed -seconds 1 rsa2048 ecdsap256

# SPDX-License-Identifier: GPL-2.0-or-later
#
# OpenSSL's code for this processor (vector, crypto instructions) and its plain C code must agree, for
# lengths around block sizes.
set -eu
head -c 70000 /dev/urandom > data
key=603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4
iv=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
work() {
    for length in 0 15 17 64 129 1000 70000; do
        head -c $length data > part
        for name in sha1 sha256 sha512 sha3-256; do
            openssl dgst -$name -r part
        done
        for name in aes-128-cbc aes-256-ctr chacha20; do
            case $name in aes-128*) k=$(echo $key | cut -c1-32) ;; *) k=$key ;; esac
            openssl enc -$name -K $k -iv $iv < part | openssl dgst -sha256 -r
        done
    done
}
work > with
OPENSSL_ppccap=0 work > without
cmp with without

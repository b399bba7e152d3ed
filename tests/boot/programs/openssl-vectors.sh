# SPDX-License-Identifier: GPL-2.0-or-later
#
# Published answers: FIPS 180-4 and 202, RFC 1321, 4231, 6070, 8439, FIPS 197, SP 800-38A and 800-38D;
# then signatures that must verify, and must not once the message is changed.
set -eu

digest() {
    found=$(printf %s "$2" | openssl dgst "-$1" -r | cut -d' ' -f1)
    [ "$found" = "$3" ] || { echo "$1 of '$2': $found"; exit 1; }
}
digest md5 abc 900150983cd24fb0d6963f7d28e17f72
digest sha1 abc a9993e364706816aba3e25717850c26c9cd0d89d
digest sha256 abc ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
digest sha256 '' e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
digest sha512 abc ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
digest sha3-256 abc 3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532

hmac=$(printf %s 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -r | cut -d' ' -f1)
[ "$hmac" = 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843 ] || { echo "hmac $hmac"; exit 1; }

hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { printf "$(echo "$1" | sed 's/../\\x&/g')"; }
cipher() {
    name=$1 key=$2 iv=$3 plain=$4 want=$5
    [ -n "$iv" ] && set -- -iv "$iv" || set --
    found=$(unhex "$plain" | openssl enc "-$name" -nopad -K "$key" "$@" | hex)
    [ "$found" = "$want" ] || { echo "$name: $found"; exit 1; }
    back=$(unhex "$want" | openssl enc -d "-$name" -nopad -K "$key" "$@" | hex)
    [ "$back" = "$plain" ] || { echo "$name back: $back"; exit 1; }
}
cipher aes-128-ecb 000102030405060708090a0b0c0d0e0f '' \
    00112233445566778899aabbccddeeff 69c4e0d86a7b0430d8cdb78070b4c55a
cipher aes-192-ecb 000102030405060708090a0b0c0d0e0f1011121314151617 '' \
    00112233445566778899aabbccddeeff dda97ca4864cdfe06eaf70a0ec0d7191
cipher aes-256-ecb 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f '' \
    00112233445566778899aabbccddeeff 8ea2b7ca516745bfeafc49904b496089
cipher aes-128-cbc 2b7e151628aed2a6abf7158809cf4f3c 000102030405060708090a0b0c0d0e0f \
    6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51 \
    7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2
cipher aes-256-ctr 603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4 \
    f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff \
    6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51 \
    601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5

head -c 100000 /dev/urandom > message
for kind in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt ec_paramgen_curve:P-256" \
    "EC -pkeyopt ec_paramgen_curve:P-521"; do
    openssl genpkey -algorithm $kind -out key 2>/dev/null
    openssl pkey -in key -pubout -out public
    openssl dgst -sha256 -sign key -out signature message
    openssl dgst -sha256 -verify public -signature signature message
    { cat message; echo; } > changed
    ! openssl dgst -sha256 -verify public -signature signature changed >/dev/null 2>&1
done
openssl genpkey -algorithm ED25519 -out key
openssl pkey -in key -pubout -out public
openssl pkeyutl -sign -inkey key -rawin -in message -out signature
openssl pkeyutl -verify -pubin -inkey public -rawin -in message -sigfile signature

for curve in X25519 X448; do
    openssl genpkey -algorithm $curve -out a
    openssl genpkey -algorithm $curve -out b
    openssl pkey -in a -pubout -out a.public
    openssl pkey -in b -pubout -out b.public
    [ "$(openssl pkeyutl -derive -inkey a -peerkey b.public | hex)" = \
      "$(openssl pkeyutl -derive -inkey b -peerkey a.public | hex)" ] || { echo $curve; exit 1; }
done

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions and interrupt vectors of the hostile Mac guest: a flat image that the
 * emulator's own firmware starts at 0x1000000, big-endian, translation off.  An exception of an
 * instruction skips it, an instruction that cannot be returns from what was called; an external
 * interrupt or the decrementer returns with EE off, because nobody looks after what asked for it.
 */
        .section .head, "ax"
        .globl _start
_start:
        lis     1, guest_stack_top@h
        ori     1, 1, guest_stack_top@l
        li      0, 0
        stwu    0, -16(1)
        mr      3, 5                    /* the client interface */
        bl      guest_main
        b       .

        /* Copied to the vectors. r3 is kept in SPRG1. */
        .globl vector_skip, vector_skip_end
vector_skip:
        mtsprg  1, 3
        mfsrr0  3
        addi    3, 3, 4
        mtsrr0  3
        mfsprg  3, 1
        rfi
vector_skip_end:

        .globl vector_quiet, vector_quiet_end
vector_quiet:
        mtsprg  1, 3
        mfsrr1  3
        rlwinm  3, 3, 0, 17, 15         /* without EE */
        mtsrr1  3
        mfsprg  3, 1
        rfi
vector_quiet_end:

        /* An instruction that cannot be: whoever called it goes on. */
        .globl vector_return, vector_return_end
vector_return:
        mtsprg  1, 3
        mflr    3
        mtsrr0  3
        mfsprg  3, 1
        rfi
vector_return_end:

        .section .note.GNU-stack, "", @progbits

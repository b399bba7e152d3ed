/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions and interrupt vectors of a bare-metal test program: an image loaded at 0 with -bios and
 * entered at 0x100 in big-endian real mode, device tree in r3 (the machine's contract for firmware).
 *
 * Every vector saves the registers it needs, fills in bare_interrupt, and goes on where bare_resume says,
 * or at the next instruction if it says 0. An interrupt that no test expects (bare_expect is 0) ends the
 * program with a line that names it.  That is processor 0's: the others go to bare_park, which a program with
 * several processors may define.
 */
        .section .head, "ax"
        .org 0x100
        .globl _start
_start:
#ifdef __LITTLE_ENDIAN__
        /* The processor still reads big-endian: these six words switch it, then go to 0x140. */
        .irp byte_swapped, 0xa600a07c, 0x0100a560, 0xa603bb7c, 0x4001c038, 0xa603da7c, 0x2400004c
        .long \byte_swapped
        .endr
#else
        b       begin
#endif
        .org 0x140
begin:
        mr      31, 3
        mfmsr   4
        lis     5, bare_entry_msr@h
        ori     5, 5, bare_entry_msr@l
        std     4, 0(5)
        li      6, 1                    /* 64-bit mode: not every machine enters firmware in it */
        rldimi  4, 6, 63, 0
        mtmsrd  4
        isync
        lis     1, bare_stack_top@h
        ori     1, 1, bare_stack_top@l
        lis     2, .TOC.@h
        ori     2, 2, .TOC.@l
#ifdef __LITTLE_ENDIAN__
        /* H_SET_MODE: interrupts come little-endian too. */
        li      3, 0x31c
        li      4, 1
        li      5, 4
        li      6, 0
        li      7, 0
        sc      1
#endif
        mr      3, 31
        b       bare_main

        /* r0, r3, CR are kept in SPRG1 to SPRG3 (272 is the first). */
        .macro  VECTOR at
        .org \at
        mtsprg  1, 0
        mtsprg  2, 3
        mfcr    3
        mtsprg  3, 3
        li      0, \at
        b       interrupt
        .endm

        .irp at, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, 0x900, 0x980, 0xa00, 0xc00, 0xd00
        VECTOR \at
        .endr
        VECTOR 0xe00
        VECTOR 0xe20
        VECTOR 0xe40
        VECTOR 0xe60
        VECTOR 0xea0
        VECTOR 0xf00
        VECTOR 0xf20
        VECTOR 0xf40
        VECTOR 0xf60
        VECTOR 0xf80
        .org 0x1000
        .ascii "PANIC"
        .org 0x1600

interrupt:
        mfspr   3, 1023                 /* PIR */
        cmpdi   3, 0
        bne     bare_park
        lis     3, bare_interrupt@h
        ori     3, 3, bare_interrupt@l
        std     0, 0(3)
        std     4, 40(3)
        mfsrr0  4
        std     4, 8(3)
        mfsrr1  4
        std     4, 16(3)
        mfdar   4
        std     4, 24(3)
        mfdsisr 4
        std     4, 32(3)
        ld      4, 48(3)                /* how many so far */
        addi    4, 4, 1
        std     4, 48(3)
        ld      4, 56(3)                /* expected? */
        cmpdi   4, 0
        beq     unexpected
        ld      4, 64(3)                /* where to go on */
        cmpdi   4, 0
        bne     1f
        mfsrr0  4
        addi    4, 4, 4
1:      mtsrr0  4
        ld      4, 72(3)                /* bits of SRR1 to clear on return */
        mfsrr1  0
        andc    0, 0, 4
        mtsrr1  0
        ld      4, 40(3)
        mfsprg  3, 3
        mtcr    3
        mfsprg  3, 2
        mfsprg  0, 1
        rfid

        .weak   bare_park
bare_park:
        b       bare_park

unexpected:
        lis     1, bare_stack_top@h
        ori     1, 1, bare_stack_top@l
        lis     2, .TOC.@h
        ori     2, 2, .TOC.@l
        b       bare_unexpected

/* long bare_hcall(long number, const long arguments[8], long results[8]) */
        .text
        .globl bare_hcall
bare_hcall:
        mflr    0
        std     0, 16(1)
        stdu    1, -64(1)
        std     5, 48(1)
        mr      0, 4
        mr      12, 0
        ld      4, 0(12)
        ld      5, 8(12)
        ld      6, 16(12)
        ld      7, 24(12)
        ld      8, 32(12)
        ld      9, 40(12)
        ld      10, 48(12)
        ld      11, 56(12)
        sc      1
        ld      12, 48(1)
        std     4, 0(12)
        std     5, 8(12)
        std     6, 16(12)
        std     7, 24(12)
        std     8, 32(12)
        std     9, 40(12)
        std     10, 48(12)
        std     11, 56(12)
        addi    1, 1, 64
        ld      0, 16(1)
        mtlr    0
        blr

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the instructions of test-dfp-generate.py on a PowerPC; not part of the build.
 *
 *   powerpc64-linux-gnu-gcc -O1 -static -mcpu=power8 test-dfp-run.c -o run
 *   ./test-dfp-generate.py SEED COUNT | qemu-ppc64 -cpu power10 ./run >test-dfp-vectors.txt
 *
 * Appends to each line, in hexadecimal: high and low doubleword of the result (FRT and FRT+1, VRT
 * for dctfixqq), FPSCR and CR field 0.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    uint32_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long long v[5];
    unsigned insn;

    while (scanf("%x %llx %llx %llx %llx %llx", &insn, &v[0], &v[1], &v[2], &v[3], &v[4]) == 6) {
        uint64_t in[6] __attribute__((aligned(16))) = { v[1], v[2], v[3], v[4], v[0], 0 };
        uint64_t out[6] __attribute__((aligned(16))) = { 0 };
        uint64_t cr;

        code[0] = insn;
        code[1] = 0x4e800020; /* blr */
        asm volatile("dcbst 0,%0; sync; icbi 0,%0; isync" ::"r"(code) : "memory");
        asm volatile("lfd 2,32(%1)\n mtfsf 255,2,1,0\n"
                     "lfd 2,0(%1)\n lfd 3,8(%1)\n lfd 4,16(%1)\n lfd 5,24(%1)\n"
                     "lfd 0,40(%1)\n lfd 1,40(%1)\n"
                     "li 0,16\n lvx 4,%1,0\n"
                     "li 0,0\n mtcr 0\n mtctr %2\n bctrl\n"
                     "stfd 0,0(%3)\n stfd 1,8(%3)\n mffs 0\n stfd 0,16(%3)\n mfcr %0\n"
                     "li 0,32\n stvx 0,%3,0\n"
                     "lfd 2,40(%1)\n mtfsf 255,2,1,0\n"
                     : "=&r"(cr)
                     : "b"(in), "r"(code), "b"(out)
                     : "memory", "lr", "ctr", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6",
                       "cr7", "r0", "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "v0", "v4");
        if ((insn & 0xfc1f07ff) == (63u << 26 | 1 << 16 | 994 << 1)) { /* dctfixqq */
            out[0] = out[4];
            out[1] = out[5];
        }
        printf("%08x %llx %llx %llx %llx %llx %llx %llx %llx %x\n", insn, v[0], v[1], v[2], v[3],
               v[4], (unsigned long long)out[0], (unsigned long long)out[1],
               (unsigned long long)out[2], (unsigned)(cr >> 28));
    }
    return 0;
}

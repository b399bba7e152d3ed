/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack machine's loop: one indirect branch for each operation. */
#include "bench.h"

enum { PUSH, ADD, SUB, MUL, XOR, DUP, SWAP, OVER, LESS, JUMP0, JUMP, LOAD, STORE, HALT };

/* for (i = 0, a = 1, b = 2; i < n; i++) { a = a * 31 + b; b = (b ^ a) - i; } */
static const int program[] = {
    PUSH, 0, STORE, 0, PUSH, 1, STORE, 1, PUSH, 2, STORE, 2,
    /* 12 */ LOAD, 0, LOAD, 3, LESS, JUMP0, 51,
    /* 19 */ LOAD, 1, PUSH, 31, MUL, LOAD, 2, ADD, STORE, 1,
    /* 29 */ LOAD, 2, LOAD, 1, XOR, LOAD, 0, SUB, STORE, 2,
    /* 39 */ LOAD, 0, PUSH, 1, ADD, DUP, STORE, 0, STORE, 4,
    /* 49 */ JUMP, 12,
    /* 51 */ HALT,
};

static int64_t run(int64_t limit)
{
    int64_t stack[32], *top = stack, variables[8] = { 0, 0, 0, limit };
    for (const int *pc = program;;) {
        int64_t t;
        switch (*pc++) {
        case PUSH: *top++ = *pc++; break;
        case ADD: top--; top[-1] = (uint64_t)top[-1] + top[0]; break;
        case SUB: top--; top[-1] = (uint64_t)top[-1] - top[0]; break;
        case MUL: top--; top[-1] = (uint64_t)top[-1] * top[0]; break;
        case XOR: top--; top[-1] ^= top[0]; break;
        case DUP: top[0] = top[-1]; top++; break;
        case SWAP: t = top[-1]; top[-1] = top[-2]; top[-2] = t; break;
        case OVER: top[0] = top[-2]; top++; break;
        case LESS: top--; top[-1] = top[-1] < top[0]; break;
        case JUMP0: t = *pc++; if (!*--top) { pc = program + t; } break;
        case JUMP: pc = program + *pc; break;
        case LOAD: *top++ = variables[*pc++]; break;
        case STORE: variables[*pc++] = *--top; break;
        default: return variables[1] ^ variables[2];
        }
    }
}

int main(int argc, char **argv)
{
    return bench_done(run(bench_count(argc, argv) * 1000000));
}

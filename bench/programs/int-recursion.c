/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls and returns: Fibonacci by definition, Ackermann, tree walks. */
#include "bench.h"

typedef struct Node {
    struct Node *left, *right;
    uint64_t key;
} Node;

static Node nodes[1 << 16];

static __attribute__((noinline)) unsigned fibonacci(unsigned n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static __attribute__((noinline)) unsigned ackermann(unsigned m, unsigned n)
{
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static __attribute__((noinline)) uint64_t walk(const Node *node, int depth)
{
    return node ? bench_mix(walk(node->left, depth + 1), node->key + depth) ^
                      walk(node->right, depth + 1)
                : 7;
}

int main(int argc, char **argv)
{
    uint32_t state = 17;
    for (int i = 0; i < 1 << 16; i++) {
        nodes[i].key = (uint64_t)bench_random(&state) << 20 | i;
        for (Node *at = nodes; i > 0;) {
            Node **link = nodes[i].key < at->key ? &at->left : &at->right;
            if (!*link) {
                *link = &nodes[i];
                break;
            }
            at = *link;
        }
    }
    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        sum = bench_mix(sum, fibonacci(24));
        sum = bench_mix(sum, ackermann(2, 300));
        sum = bench_mix(sum, walk(nodes, 0));
    }
    return bench_done(sum);
}

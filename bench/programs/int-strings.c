/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text: words counted in a hash table with chains, compared, copied, searched. */
#include "bench.h"

enum { BUCKETS = 4096, WORDS = 40000 };

typedef struct Word {
    struct Word *next;
    unsigned count;
    char text[20];
} Word;

static Word *buckets[BUCKETS];
static Word pool[WORDS];
static char text[WORDS * 9 + 1];

int main(int argc, char **argv)
{
    uint32_t state = 5;
    char *end = text;
    for (int i = 0; i < WORDS; i++) {
        int length = 2 + bench_random(&state) % 6;
        for (int k = 0; k < length; k++) {
            *end++ = 'a' + bench_random(&state) % (k < 2 ? 16 : 3);
        }
        *end++ = ' ';
    }
    *end = 0;

    uint64_t sum = 0;
    for (long n = bench_count(argc, argv); n > 0; n--) {
        int used = 0;
        memset(buckets, 0, sizeof buckets);
        for (char *p = text; *p;) {
            char *space = p;
            uint32_t hash = 2166136261u;
            while (*space != ' ') {
                hash = (hash ^ (unsigned char)*space++) * 16777619u;
            }
            size_t length = space - p;
            Word **link = &buckets[hash % BUCKETS];
            while (*link && (strncmp((*link)->text, p, length) || (*link)->text[length])) {
                link = &(*link)->next;
            }
            if (!*link) {
                Word *word = &pool[used++];
                memcpy(word->text, p, length);
                word->text[length] = 0;
                word->count = 0;
                word->next = NULL;
                *link = word;
            }
            sum = bench_mix(sum, ++(*link)->count);
            p = space + 1;
        }
        sum = bench_mix(sum, used);
    }
    return bench_done(sum);
}

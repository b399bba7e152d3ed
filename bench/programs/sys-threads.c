/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two threads hand a turn to each other under a mutex: futex calls, atomic operations. */
#include "bench.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long turn, count;
static uint64_t total;

static void *player(void *argument)
{
    long me = (long)argument;
    for (long n = 0; n < count; n++) {
        pthread_mutex_lock(&lock);
        while (turn % 2 != me) {
            pthread_cond_wait(&changed, &lock);
        }
        turn++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
        for (int i = 0; i < 50; i++) {
            __atomic_fetch_add(&total, i, __ATOMIC_SEQ_CST);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    count = bench_count(argc, argv) * 100;
    pthread_t other;
    pthread_create(&other, NULL, player, (void *)1);
    player((void *)0);
    pthread_join(other, NULL);
    return bench_done(total);
}

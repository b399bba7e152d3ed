/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of what a block keeps beside its code: restore tables and exit sites.
 *
 * Blocks come in tens of thousands and go all together, or a page's at a time.  Pieces are cut off
 * a chunk one behind the other; a chunk counts its pieces and goes with the last one.  Its pages
 * are made at once, which costs a fraction of as many page faults.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "x86-backend.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define CHUNK ((size_t)256 << 10)
#define PIECE_ALIGN 16u

struct X86Chunk {
    size_t pieces, used;
} __attribute__((aligned(PIECE_ALIGN)));

static void lock(void)
{
    while (__atomic_exchange_n(&x86_state.chunk_lock, 1, __ATOMIC_ACQUIRE)) {
        __builtin_ia32_pause();
    }
}

static void unlock(void)
{
    __atomic_store_n(&x86_state.chunk_lock, 0, __ATOMIC_RELEASE);
}

/* Aligned to CHUNK, so that a piece, which begins in the first CHUNK bytes, finds it. */
static X86Chunk *chunk_new(size_t size)
{
    X86Chunk *chunk = aligned_alloc(CHUNK, size);

    g_assert(chunk);
    if (size == CHUNK) {
        madvise(chunk, size, MADV_POPULATE_WRITE);
    }
    *chunk = (X86Chunk){.used = sizeof(*chunk)};
    return chunk;
}

void *x86_piece_new(size_t size)
{
    X86Chunk *chunk;

    size = (size + PIECE_ALIGN - 1) & ~(size_t)(PIECE_ALIGN - 1);
    lock();
    if (size > CHUNK / 8) {
        chunk = chunk_new((sizeof(*chunk) + size + CHUNK - 1) & ~(CHUNK - 1));
    } else {
        chunk = x86_state.chunk;
        if (!chunk || chunk->used + size > CHUNK) {
            if (chunk && !chunk->pieces) {
                free(chunk);
            }
            chunk = x86_state.chunk = chunk_new(CHUNK);
        }
    }
    void *piece = (uint8_t *)chunk + chunk->used;
    chunk->used += size;
    chunk->pieces++;
    unlock();
    memset(piece, 0, size);
    return piece;
}

void x86_piece_free(void *piece)
{
    if (!piece) {
        return;
    }
    X86Chunk *chunk = (X86Chunk *)((uintptr_t)piece & ~(uintptr_t)(CHUNK - 1));

    lock();
    if (--chunk->pieces == 0) {
        if (chunk == x86_state.chunk) {
            chunk->used = sizeof(*chunk);
        } else {
            free(chunk);
        }
    }
    unlock();
}

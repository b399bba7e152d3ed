/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XBZRLE: a page as its difference to what was sent of it before.
 *
 * The encoding: alternately a count of bytes that did not change (ULEB128) and a count of bytes
 * that did, which follow.  What does not change at the page's end is left out.
 */
#ifndef MIGRATION_XBZRLE_H
#define MIGRATION_XBZRLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>

/* The number of bytes written to out; 0: the pages are equal; -1: it does not get smaller than
 * room. */
int xbzrle_encode(const uint8_t *old, const uint8_t *new, size_t size, uint8_t *out, size_t room);
/* Applies a difference to page; false if it does not fit. */
bool xbzrle_decode(const uint8_t *data, size_t length, uint8_t *page, size_t size);

/* Copies of pages, as the other side has them; a newer page takes the place of an older one. */
typedef struct XBZRLECache XBZRLECache;
/* bytes: a power of two. NULL with errp when there is no memory. */
XBZRLECache *xbzrle_cache_new(uint64_t bytes, size_t page_size, GError **errp);
void xbzrle_cache_free(XBZRLECache *cache);
/* The copy of the page with that key, to be read and changed; NULL: there is none. */
uint8_t *xbzrle_cache_find(XBZRLECache *cache, uint64_t key, uint64_t now);
/* Puts a copy in; NULL: its place is taken by one that was used a moment ago. */
uint8_t *xbzrle_cache_insert(XBZRLECache *cache, uint64_t key, const uint8_t *page, uint64_t now);
/* Forgets it: the other side gets something else. */
void xbzrle_cache_drop(XBZRLECache *cache, uint64_t key);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES rounds for the portable vector functions.
 */
#ifndef TCG_INTERP_VEC_AES_H
#define TCG_INTERP_VEC_AES_H

#include "tcg/ir.h"

/* AESENC (AESENCLAST when last) or AESDEC (AESDECLAST): d may be state or key. */
void vec_aes_round(V128 *d, const V128 *state, const V128 *key, bool decrypt, bool last);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcg/vec-ops.h"
IRVecFn *const ir_vec_fn[IR_OP_COUNT] = { 0 };

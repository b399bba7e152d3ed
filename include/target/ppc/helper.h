/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Declares the C helpers that generated PowerPC code calls.  Each facility has a list file
 * (helper-<facility>.h.inc in target/ppc/) of rows
 *
 *   HELPER(name, result, flags, args...)
 *
 * which becomes the prototype `helper_<name>` (written out in helper-<facility>.h by its owner) and
 * a constant row `helper_row_<name>` to pass to ir_call().  Use PPC_HELPER_ROW in one .c file per
 * list.
 */
#ifndef TARGET_PPC_HELPER_H
#define TARGET_PPC_HELPER_H

#include "target/ppc/cpu.h"

#define PPC_HELPER_ROW(hname, hresult, hflags, ...)                                              \
    const IRHelper helper_row_##hname = {                                                         \
        .name = #hname, .fn = (void *)helper_##hname, .result = (hresult), .flags = (hflags),     \
        .args = {__VA_ARGS__}}

#endif

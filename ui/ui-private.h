/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of ui/. */
#ifndef UI_PRIVATE_H
#define UI_PRIVATE_H

#include <stdio.h>
#include "ui/display.h"

/* image.c */
bool image_write_ppm(const DisplaySurface *surface, FILE *file);
/* False with errno: the file; with errp too: the encoder. */
bool image_write_png(const DisplaySurface *surface, FILE *file, GError **errp);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures as files: PPM (raw, the "P6" of netpbm) and PNG, by libpng. */
#include <errno.h>
#include <png.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ui-private.h"
#include "util/error.h"

static void line_to_rgb(const DisplaySurface *surface, unsigned y, uint8_t *rgb)
{
    const uint32_t *from = surface->pixels + (size_t)y * surface->width;

    for (unsigned x = 0; x < surface->width; x++, rgb += 3) {
        rgb[0] = (uint8_t)(from[x] >> 16);
        rgb[1] = (uint8_t)(from[x] >> 8);
        rgb[2] = (uint8_t)from[x];
    }
}

bool image_write_ppm(const DisplaySurface *surface, FILE *file)
{
    g_autofree uint8_t *line = g_malloc((gsize)surface->width * 3);
    bool good = fprintf(file, "P6\n%u %u\n255\n", surface->width, surface->height) > 0;

    for (unsigned y = 0; good && y < surface->height; y++) {
        line_to_rgb(surface, y, line);
        good = fwrite(line, 3, surface->width, file) == surface->width;
    }
    return good;
}

static void png_failed(png_structp png, png_const_charp message)
{
    GError **errp = png_get_error_ptr(png);

    if (errp && !*errp) {
        error_setg(errp, "PNG: %s", message);
    }
    png_longjmp(png, 1);
}

static void png_warned(png_structp png, png_const_charp message)
{
}

static bool encode(png_structp png, png_infop info, const DisplaySurface *surface, FILE *file,
                   uint8_t *line)
{
    if (setjmp(png_jmpbuf(png))) {
        return false;
    }
    png_init_io(png, file);
    png_set_IHDR(png, info, surface->width, surface->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (unsigned y = 0; y < surface->height; y++) {
        line_to_rgb(surface, y, line);
        png_write_row(png, line);
    }
    png_write_end(png, NULL);
    return true;
}

bool image_write_png(const DisplaySurface *surface, FILE *file, GError **errp)
{
    g_autofree uint8_t *line = g_malloc((gsize)surface->width * 3);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, errp, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool good = info && encode(png, info, surface, file, line);

    png_destroy_write_struct(&png, &info);
    return good;
}

/* Half a picture, but not a device that was named in place of a file. */
static void remove_file(const char *file)
{
    struct stat info;

    if (lstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
        unlink(file);
    }
}

bool display_screendump(DisplayConsole *console, const char *file, const char *format,
                        GError **errp)
{
    bool png = !g_strcmp0(format, "png"), good;
    GError *error = NULL;
    FILE *out;

    if (!png && format && strcmp(format, "ppm")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "invalid image format '%s' (ppm or png)", format);
        return false;
    }
    out = fopen(file, "wbe");
    if (!out) {
        error_setg_errno(errp, errno, "failed to open file '%s'", file);
        return false;
    }
    display_console_update(console, true);
    good = png ? image_write_png(display_console_surface(console), out, &error)
               : image_write_ppm(display_console_surface(console), out);
    good = fclose(out) == 0 && good;
    if (!good) {
        int reason = errno;

        if (error) {
            error_setg(errp, "failed to write file '%s': %s", file, error->message);
        } else {
            error_setg_errno(errp, reason, "failed to write file '%s'", file);
        }
        remove_file(file);
    }
    g_clear_error(&error);
    return good;
}

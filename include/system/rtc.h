/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time of day that guests see: -rtc base=utc|localtime|DATETIME,clock=host|rt|vm.
 */
#ifndef SYSTEM_RTC_H
#define SYSTEM_RTC_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <glib.h>
#include "util/clock.h"

/* The option's text; also checks it. Before devices are made. */
bool rtc_configure(const char *options, GError **errp);
/* The clock devices count with (-rtc clock=). */
Clock *rtc_clock(void);
/* Time of day now in ns since 1970, shifted as base= says (localtime: as if local time were UTC).
 */
int64_t rtc_now_ns(void);
/* What is added to rtc_clock() for that. */
int64_t rtc_reference_ns(void);
/* Broken down, offset_seconds added. */
void rtc_get_date(struct tm *tm, int64_t offset_seconds);
/* Difference in seconds between tm and the reference: what a guest's setting of its clock means. */
int64_t rtc_date_diff(const struct tm *tm);
/* Seconds since 1970 of a UTC broken-down time; the fields may be out of range. */
int64_t rtc_mktime(const struct tm *tm);

#endif

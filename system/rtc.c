/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time of day that guests see.
 */
#include "system/rtc.h"

#include <stdio.h>
#include <string.h>
#include "internal.h"
#include "util/error.h"
#include "util/options.h"

static const OptionDesc rtc_options[] = {
    {"base", OPTION_STRING, "utc, localtime or a date (2006-06-17T16:01:21)", "utc"},
    {"clock", OPTION_STRING, "host, rt or vm: what the clock counts with", "host"},
    {"driftfix", OPTION_STRING, "none or slew", "none"},
    {NULL}};
static const OptionListDesc rtc_list = {"rtc", "base", true, rtc_options};

void rtc_state_init(RtcState *rtc)
{
    rtc->clock = the_runtime->clocks[2];
}

int64_t rtc_mktime(const struct tm *tm)
{
    int64_t month = tm->tm_mon, year = tm->tm_year + 1900LL + month / 12;
    int64_t era, year_of_era, day_of_year, days;

    month %= 12;
    if (month < 0) {
        month += 12;
        year--;
    }
    /* Days since 1970-01-01 in the proleptic Gregorian calendar; the year begins in March. */
    year -= month < 2;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month + (month < 2 ? 10 : -2)) + 2) / 5;
    days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468 + (tm->tm_mday - 1);
    return ((days * 24 + tm->tm_hour) * 60 + tm->tm_min) * 60 + tm->tm_sec;
}

static bool parse_date(const char *text, int64_t *seconds)
{
    struct tm tm = {0};
    int used = 0;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &used) != 6 ||
        text[used]) {
        tm = (struct tm){0};
        used = 0;
        if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3 ||
            text[used]) {
            return false;
        }
    }
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0) {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *seconds = rtc_mktime(&tm);
    return true;
}

bool rtc_configure(const char *text, GError **errp)
{
    Options *options = options_parse(&rtc_list, text, errp);
    RtcState *rtc = &the_runtime->rtc;
    const char *base, *clock, *driftfix;
    int64_t seconds = 0;
    bool ok = false;

    if (!options) {
        return false;
    }
    base = options_get(options, "base");
    clock = options_get(options, "clock");
    driftfix = options_get(options, "driftfix");
    if (!strcmp(clock, "host")) {
        rtc->clock = clock_host();
    } else if (!strcmp(clock, "rt")) {
        rtc->clock = clock_realtime();
    } else if (!strcmp(clock, "vm")) {
        rtc->clock = clock_virtual();
    } else {
        error_set(errp, GOSSAMER_ERROR_INVALID, "rtc: invalid clock '%s' (host, rt, vm)", clock);
        goto out;
    }
    if (strcmp(driftfix, "none") && strcmp(driftfix, "slew")) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "rtc: invalid driftfix '%s' (none, slew)",
                  driftfix);
        goto out;
    }
    rtc->localtime = !strcmp(base, "localtime");
    rtc->fixed = !rtc->localtime && strcmp(base, "utc");
    if (rtc->fixed && !parse_date(base, &seconds)) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "rtc: invalid base '%s' (utc, localtime, 2006-06-17T16:01:21 or 2006-06-17)",
                  base);
        goto out;
    }
    rtc->fixed_base_ns = seconds * NANOSECONDS_PER_SECOND;
    rtc->fixed_start_ns = clock_get_ns(rtc->clock);
    /* Only the host's clock knows the date: the others count from now. */
    if (!rtc->fixed && rtc->clock != clock_host()) {
        rtc->fixed_base_ns = clock_get_ns(clock_host());
    }
    ok = true;
out:
    options_free(options);
    return ok;
}

Clock *rtc_clock(void)
{
    return the_runtime->rtc.clock;
}

int64_t rtc_reference_ns(void)
{
    const RtcState *rtc = &the_runtime->rtc;
    int64_t reference = 0;

    if (rtc->fixed || rtc->clock != clock_host()) {
        reference = rtc->fixed_base_ns - rtc->fixed_start_ns;
    }
    if (rtc->localtime) {
        time_t seconds =
            (time_t)((clock_get_ns(rtc->clock) + reference) / NANOSECONDS_PER_SECOND);
        struct tm tm;

        localtime_r(&seconds, &tm);
        reference += tm.tm_gmtoff * NANOSECONDS_PER_SECOND;
    }
    return reference;
}

int64_t rtc_now_ns(void)
{
    return clock_get_ns(the_runtime->rtc.clock) + rtc_reference_ns();
}

void rtc_get_date(struct tm *tm, int64_t offset_seconds)
{
    int64_t ns = rtc_now_ns();
    int64_t seconds = ns / NANOSECONDS_PER_SECOND - (ns % NANOSECONDS_PER_SECOND < 0);
    time_t t = (time_t)(seconds + offset_seconds);

    gmtime_r(&t, tm);
}

int64_t rtc_date_diff(const struct tm *tm)
{
    return rtc_mktime(tm) - rtc_now_ns() / NANOSECONDS_PER_SECOND;
}

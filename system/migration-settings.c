/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration's parameters and capabilities: names, ranges and rules are QEMU's, so that what manages
 * machines can set them as it is used to.
 *
 * Left out of the parameters: those of COLO, of the dirty limit, of block bitmaps and of hardware
 * compressors, and the mode (normal is the only one).
 */
#include "migration-internal.h"

#include <string.h>
#include "migration/freeze.h"
#include "migration/postcopy.h"
#include "migration/wire.h"
#include "util/cutils.h"
#include "util/error.h"

static const char *const compressions[] = {"none", "zlib", "zstd", NULL};
static const char *const zero_page_detections[] = {"none", "legacy", "multifd", NULL};

#define PERCENT(name, initial, least, most) {name, initial, least, most, "percent"}
#define SIZE(name, initial, least, most, unit)                                                     \
    {                                                                                              \
        name, initial, least, most, unit, MIGRATION_PARAMETER_SIZE                                 \
    }
#define BANDWIDTH(name, initial) SIZE(name, initial, 0, INT64_MAX, "bytes/second")
#define CHOICE(name, initial, list)                                                                \
    {                                                                                              \
        name, initial, .kind = MIGRATION_PARAMETER_CHOICE, .choices = list                         \
    }
#define TEXT(name) {name, .kind = MIGRATION_PARAMETER_TEXT}

const MigrationParameterRow migration_parameters[MIGRATION_PARAMETER_COUNT] = {
    [MIGRATION_PARAMETER_ANNOUNCE_INITIAL] = {"announce-initial", 50, 0, 100000, "ms"},
    [MIGRATION_PARAMETER_ANNOUNCE_MAX] = {"announce-max", 550, 0, 100000, "ms"},
    [MIGRATION_PARAMETER_ANNOUNCE_ROUNDS] = {"announce-rounds", 5, 0, 1000},
    [MIGRATION_PARAMETER_ANNOUNCE_STEP] = {"announce-step", 100, 0, 10000, "ms"},
    [MIGRATION_PARAMETER_THROTTLE_TRIGGER_THRESHOLD] =
        PERCENT("throttle-trigger-threshold", 50, 1, 100),
    [MIGRATION_PARAMETER_CPU_THROTTLE_INITIAL] = PERCENT("cpu-throttle-initial", 20, 1, 99),
    [MIGRATION_PARAMETER_CPU_THROTTLE_INCREMENT] = PERCENT("cpu-throttle-increment", 10, 1, 99),
    [MIGRATION_PARAMETER_CPU_THROTTLE_TAILSLOW] = {"cpu-throttle-tailslow",
                                                   .kind = MIGRATION_PARAMETER_SWITCH},
    [MIGRATION_PARAMETER_TLS_CREDS] = TEXT("tls-creds"),
    [MIGRATION_PARAMETER_TLS_HOSTNAME] = TEXT("tls-hostname"),
    [MIGRATION_PARAMETER_TLS_AUTHZ] = TEXT("tls-authz"),
    [MIGRATION_PARAMETER_MAX_BANDWIDTH] = BANDWIDTH("max-bandwidth", 128ull << 20),
    [MIGRATION_PARAMETER_AVAIL_SWITCHOVER_BANDWIDTH] = BANDWIDTH("avail-switchover-bandwidth", 0),
    [MIGRATION_PARAMETER_MAX_POSTCOPY_BANDWIDTH] = BANDWIDTH("max-postcopy-bandwidth", 0),
    [MIGRATION_PARAMETER_DOWNTIME_LIMIT] = {"downtime-limit", 300, 0, 2000000, "milliseconds"},
    [MIGRATION_PARAMETER_MULTIFD_CHANNELS] = {"multifd-channels", 2, 1, 255},
    [MIGRATION_PARAMETER_MULTIFD_COMPRESSION] = CHOICE("multifd-compression", 0, compressions),
    [MIGRATION_PARAMETER_MULTIFD_ZLIB_LEVEL] = {"multifd-zlib-level", 1, 0, 9},
    [MIGRATION_PARAMETER_MULTIFD_ZSTD_LEVEL] = {"multifd-zstd-level", 1, 0, 20},
    [MIGRATION_PARAMETER_XBZRLE_CACHE_SIZE] =
        SIZE("xbzrle-cache-size", 64ull << 20, RAM_PAGE_SIZE, 1ull << 40, "bytes"),
    [MIGRATION_PARAMETER_MAX_CPU_THROTTLE] = PERCENT("max-cpu-throttle", 99, 1, 99),
    [MIGRATION_PARAMETER_ZERO_PAGE_DETECTION] =
        CHOICE("zero-page-detection", ZERO_PAGE_DETECTION_LEGACY, zero_page_detections),
    [MIGRATION_PARAMETER_X_WIRE] = CHOICE("x-wire", VMSTATE_WIRE_OWN, vmstate_wire_names),
};

const MigrationCapabilityRow migration_capabilities[MIGRATION_CAPABILITY_COUNT] = {
    [MIGRATION_CAPABILITY_XBZRLE] = {"xbzrle", true},
    [MIGRATION_CAPABILITY_RDMA_PIN_ALL] = {"rdma-pin-all"},
    [MIGRATION_CAPABILITY_AUTO_CONVERGE] = {"auto-converge", true},
    [MIGRATION_CAPABILITY_ZERO_BLOCKS] = {"zero-blocks"},
    [MIGRATION_CAPABILITY_EVENTS] = {"events", true},
    [MIGRATION_CAPABILITY_POSTCOPY_RAM] = {"postcopy-ram", true},
    [MIGRATION_CAPABILITY_X_COLO] = {"x-colo"},
    [MIGRATION_CAPABILITY_RELEASE_RAM] = {"release-ram"},
    [MIGRATION_CAPABILITY_RETURN_PATH] = {"return-path", true},
    [MIGRATION_CAPABILITY_PAUSE_BEFORE_SWITCHOVER] = {"pause-before-switchover", true},
    [MIGRATION_CAPABILITY_MULTIFD] = {"multifd", true},
    [MIGRATION_CAPABILITY_DIRTY_BITMAPS] = {"dirty-bitmaps"},
    [MIGRATION_CAPABILITY_POSTCOPY_BLOCKTIME] = {"postcopy-blocktime"},
    [MIGRATION_CAPABILITY_LATE_BLOCK_ACTIVATE] = {"late-block-activate", true},
    [MIGRATION_CAPABILITY_X_IGNORE_SHARED] = {"x-ignore-shared"},
    [MIGRATION_CAPABILITY_VALIDATE_UUID] = {"validate-uuid"},
    [MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] = {"background-snapshot", true},
    [MIGRATION_CAPABILITY_ZERO_COPY_SEND] = {"zero-copy-send"},
    [MIGRATION_CAPABILITY_POSTCOPY_PREEMPT] = {"postcopy-preempt"},
    [MIGRATION_CAPABILITY_SWITCHOVER_ACK] = {"switchover-ack", true},
    [MIGRATION_CAPABILITY_DIRTY_LIMIT] = {"dirty-limit"},
    [MIGRATION_CAPABILITY_MAPPED_RAM] = {"mapped-ram", true},
};

/* ---- Parameters ---- */

uint64_t migration_parameter_get(MigrationParameter parameter)
{
    return __atomic_load_n(&migration_get()->parameters[parameter], __ATOMIC_RELAXED);
}

char *migration_parameter_text(MigrationParameter parameter)
{
    Migration *m = migration_get();
    const MigrationParameterRow *row = &migration_parameters[parameter];
    uint64_t value = migration_parameter_get(parameter);

    switch (row->kind) {
    case MIGRATION_PARAMETER_SWITCH:
        return g_strdup(value ? "on" : "off");
    case MIGRATION_PARAMETER_CHOICE:
        return g_strdup(row->choices[value]);
    case MIGRATION_PARAMETER_TEXT: {
        mutex_lock(&m->lock);
        char *text = g_strdup(m->texts[parameter] ? m->texts[parameter] : "");
        mutex_unlock(&m->lock);
        return text;
    }
    default:
        return g_strdup_printf("%" G_GUINT64_FORMAT, value);
    }
}

int migration_parameter_find(const char *name)
{
    for (int i = 0; i < MIGRATION_PARAMETER_COUNT; i++) {
        if (!strcmp(migration_parameters[i].name, name)) {
            return i;
        }
    }
    return -1;
}

bool migration_parameter_check(MigrationParameter parameter, uint64_t value, GError **errp)
{
    const MigrationParameterRow *row = &migration_parameters[parameter];
    uint64_t most = row->kind == MIGRATION_PARAMETER_SWITCH ? 1
                    : row->kind == MIGRATION_PARAMETER_CHOICE
                        ? g_strv_length((char **)row->choices) - 1
                        : row->most;

    if (value < row->least || value > most) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s' expects a value between %" G_GUINT64_FORMAT
                  " and %" G_GUINT64_FORMAT " %s",
                  row->name, row->least, most, row->unit ? row->unit : "");
        return false;
    }
    if (parameter == MIGRATION_PARAMETER_XBZRLE_CACHE_SIZE && (value & (value - 1))) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Parameter '%s' expects a power of two no less than the target page size",
                  row->name);
        return false;
    }
    return true;
}

bool migration_parameter_set(MigrationParameter parameter, uint64_t value, GError **errp)
{
    if (!migration_parameter_check(parameter, value, errp)) {
        return false;
    }
    __atomic_store_n(&migration_get()->parameters[parameter], value, __ATOMIC_RELAXED);
    return true;
}

static bool parse_choice(const MigrationParameterRow *row, const char *text, uint64_t *value,
                         GError **errp)
{
    for (unsigned i = 0; row->choices[i]; i++) {
        if (!strcmp(row->choices[i], text)) {
            *value = i;
            return true;
        }
    }
    g_autofree char *list = g_strjoinv(", ", (char **)row->choices);
    error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' does not accept value '%s' (%s)",
              row->name, text, list);
    return false;
}

bool migration_parameter_parse(MigrationParameter parameter, const char *text, GError **errp)
{
    Migration *m = migration_get();
    const MigrationParameterRow *row = &migration_parameters[parameter];
    const char *expected = "number";
    uint64_t value = 0;
    bool good, on = false;

    switch (row->kind) {
    case MIGRATION_PARAMETER_TEXT:
        mutex_lock(&m->lock);
        g_free(m->texts[parameter]);
        m->texts[parameter] = g_strdup(text);
        mutex_unlock(&m->lock);
        return true;
    case MIGRATION_PARAMETER_CHOICE:
        return parse_choice(row, text, &value, errp) &&
               migration_parameter_set(parameter, value, errp);
    case MIGRATION_PARAMETER_SWITCH:
        expected = "switch (on or off)";
        good = parse_bool(text, &on);
        value = on;
        break;
    case MIGRATION_PARAMETER_SIZE:
        expected = "size";
        good = parse_size(text, 'M', &value, NULL);
        break;
    default:
        good = parse_uint64(text, 0, &value);
    }
    if (!good) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Parameter '%s' expects a %s", row->name, expected);
        return false;
    }
    return migration_parameter_set(parameter, value, errp);
}

/* ---- Capabilities ---- */

bool migration_capability_get(MigrationCapability capability)
{
    return migration_get()->capabilities[capability];
}

int migration_capability_find(const char *name)
{
    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        if (!strcmp(migration_capabilities[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static bool go_together(const bool *wanted, GError **errp)
{
    static const struct {
        MigrationCapability a, b;
        const char *message;
    } conflicts[] = {
        {MIGRATION_CAPABILITY_MULTIFD, MIGRATION_CAPABILITY_XBZRLE,
         "Multifd is not compatible with xbzrle"},
        {MIGRATION_CAPABILITY_MULTIFD, MIGRATION_CAPABILITY_POSTCOPY_RAM,
         "Postcopy is not yet compatible with multifd"},
        {MIGRATION_CAPABILITY_MAPPED_RAM, MIGRATION_CAPABILITY_XBZRLE,
         "Mapped-ram migration is incompatible with xbzrle"},
        {MIGRATION_CAPABILITY_MAPPED_RAM, MIGRATION_CAPABILITY_POSTCOPY_RAM,
         "Mapped-ram migration is incompatible with postcopy"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(conflicts); i++) {
        if (wanted[conflicts[i].a] && wanted[conflicts[i].b]) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "%s", conflicts[i].message);
            return false;
        }
    }
    static const MigrationCapability not_in_background[] = {
        MIGRATION_CAPABILITY_POSTCOPY_RAM,
        MIGRATION_CAPABILITY_LATE_BLOCK_ACTIVATE,
        MIGRATION_CAPABILITY_RETURN_PATH,
        MIGRATION_CAPABILITY_MULTIFD,
        MIGRATION_CAPABILITY_PAUSE_BEFORE_SWITCHOVER,
        MIGRATION_CAPABILITY_AUTO_CONVERGE,
        MIGRATION_CAPABILITY_XBZRLE};
    for (unsigned i = 0;
         wanted[MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] && i < G_N_ELEMENTS(not_in_background);
         i++) {
        if (wanted[not_in_background[i]]) {
            error_set(errp, GOSSAMER_ERROR_INVALID, "Background-snapshot is not compatible with %s",
                      migration_capabilities[not_in_background[i]].name);
            return false;
        }
    }
    if (wanted[MIGRATION_CAPABILITY_SWITCHOVER_ACK] && !wanted[MIGRATION_CAPABILITY_RETURN_PATH]) {
        error_set(errp, GOSSAMER_ERROR_INVALID,
                  "Capability 'switchover-ack' requires capability 'return-path'");
        return false;
    }
    return true;
}

bool migration_capabilities_set(const bool *wanted, GError **errp)
{
    Migration *m = migration_get();

    if (migration_status_is_busy(migration_status(m))) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "There's a migration process in progress");
        return false;
    }
    for (int i = 0; i < MIGRATION_CAPABILITY_COUNT; i++) {
        if (wanted[i] && !migration_capabilities[i].supported) {
            error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED, "Capability '%s' is not supported",
                      migration_capabilities[i].name);
            return false;
        }
    }
    if (!go_together(wanted, errp)) {
        return false;
    }
    if (wanted[MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] &&
        !m->capabilities[MIGRATION_CAPABILITY_BACKGROUND_SNAPSHOT] && !freeze_is_supported(errp)) {
        error_prepend(errp, "Background-snapshot is not supported by host kernel: ");
        return false;
    }
    /* Only the side that receives needs the host's help. */
    if (wanted[MIGRATION_CAPABILITY_POSTCOPY_RAM] &&
        !m->capabilities[MIGRATION_CAPABILITY_POSTCOPY_RAM] &&
        runstate_check(RUN_STATE_INMIGRATE) && !postcopy_is_supported(errp)) {
        error_prepend(errp, "Postcopy is not supported: ");
        return false;
    }
    memcpy(m->capabilities, wanted, sizeof(m->capabilities));
    return true;
}

bool migration_capability_set(MigrationCapability capability, bool on, GError **errp)
{
    bool wanted[MIGRATION_CAPABILITY_COUNT];

    memcpy(wanted, migration_get()->capabilities, sizeof(wanted));
    wanted[capability] = on;
    return migration_capabilities_set(wanted, errp);
}

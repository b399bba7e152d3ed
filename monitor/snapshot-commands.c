/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands about snapshots of the whole machine, and about the jobs that QMP clients make of them.
 * Names, arguments and words are QEMU's.
 */
#include <string.h>
#include <time.h>
#include "monitor-private.h"
#include "block/backend.h"
#include "block/block.h"
#include "monitor/snapshot.h"
#include "system/job.h"
#include "util/cutils.h"
#include "util/error.h"

/* ---- QMP: jobs ---- */

static json_t *query_jobs(json_t *arguments, GError **errp)
{
    const GPtrArray *jobs = job_list();
    json_t *list = json_array();

    for (guint i = jobs->len; i-- > 0;) {
        const Job *job = g_ptr_array_index(jobs, i);
        json_t *row =
            json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", job->id, "type", job->class->type,
                      "status", job_status_name(job->status), "current-progress",
                      (json_int_t)job->current, "total-progress", (json_int_t)job->total);

        if (job->error) {
            json_object_set_new(row, "error", monitor_text(job->error));
        }
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *apply(json_t *arguments, JobVerb verb, GError **errp)
{
    Job *job = job_find(qmp_string(arguments, "id"));

    if (!job) {
        error_set(errp, GOSSAMER_ERROR_NOT_FOUND, "Job not found");
        return NULL;
    }
    return qmp_result(job_apply(job, verb, errp));
}

static json_t *job_cancel(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_CANCEL, errp);
}

static json_t *job_pause(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_PAUSE, errp);
}

static json_t *job_resume(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_RESUME, errp);
}

static json_t *job_complete(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_COMPLETE, errp);
}

static json_t *job_finalize(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_FINALIZE, errp);
}

static json_t *job_dismiss(json_t *arguments, GError **errp)
{
    return apply(arguments, JOB_VERB_DISMISS, errp);
}

void monitor_job_changed(const Job *job)
{
    monitor_send_event("JOB_STATUS_CHANGE", json_pack("{s:s, s:s}", "id", job->id, "status",
                                                      job_status_name(job->status)));
}

/* ---- QMP: snapshots as jobs ---- */

typedef struct SnapshotWork {
    char *tag, *vmstate;           /* vmstate: NULL for a deletion */
    GPtrArray *devices;            /* char * */
} SnapshotWork;

static void free_work(void *opaque)
{
    SnapshotWork *w = opaque;

    g_free(w->tag);
    g_free(w->vmstate);
    g_ptr_array_unref(w->devices);
    g_free(w);
}

static bool run_save(void *opaque, GError **errp)
{
    const SnapshotWork *w = opaque;

    return snapshot_save(w->tag, false, w->vmstate, w->devices, errp);
}

static bool run_load(void *opaque, GError **errp)
{
    const SnapshotWork *w = opaque;

    return snapshot_load(w->tag, w->vmstate, w->devices, errp);
}

static bool run_delete(void *opaque, GError **errp)
{
    const SnapshotWork *w = opaque;

    return snapshot_delete(w->tag, w->devices, errp);
}

static const JobClass save_class = {"snapshot-save", run_save, free_work};
static const JobClass load_class = {"snapshot-load", run_load, free_work};
static const JobClass delete_class = {"snapshot-delete", run_delete, free_work};

static json_t *start(json_t *arguments, const JobClass *class, GError **errp)
{
    json_t *devices = json_object_get(arguments, "devices"), *name;
    SnapshotWork *w = g_new0(SnapshotWork, 1);
    Job *job;
    size_t i;

    w->tag = g_strdup(qmp_string(arguments, "tag"));
    w->vmstate = g_strdup(qmp_string(arguments, "vmstate"));
    w->devices = g_ptr_array_new_with_free_func(g_free);
    json_array_foreach(devices, i, name) {
        if (!json_is_string(name)) {
            error_set(errp, GOSSAMER_ERROR_INVALID,
                      "Invalid parameter type for 'devices[%zu]', expected: string", i);
            free_work(w);
            return NULL;
        }
        g_ptr_array_add(w->devices, g_strdup(json_string_value(name)));
    }
    job = job_create(qmp_string(arguments, "job-id"), class, w, errp);
    if (job) {
        job_start(job);
    }
    return qmp_result(job != NULL);
}

static json_t *qmp_save(json_t *arguments, GError **errp)
{
    return start(arguments, &save_class, errp);
}

static json_t *qmp_load(json_t *arguments, GError **errp)
{
    return start(arguments, &load_class, errp);
}

static json_t *qmp_delete(json_t *arguments, GError **errp)
{
    return start(arguments, &delete_class, errp);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

const QMPCommand monitor_qmp_snapshot_commands[] = {
    {"snapshot-save", qmp_save, .arguments = ARGS("job-id:s", "tag:s", "vmstate:s", "devices:a")},
    {"snapshot-load", qmp_load, .arguments = ARGS("job-id:s", "tag:s", "vmstate:s", "devices:a")},
    {"snapshot-delete", qmp_delete, .arguments = ARGS("job-id:s", "tag:s", "devices:a")},
    {"query-jobs", query_jobs},
    {"job-cancel", job_cancel, .arguments = ARGS("id:s")},
    {"job-pause", job_pause, .arguments = ARGS("id:s")},
    {"job-resume", job_resume, .arguments = ARGS("id:s")},
    {"job-complete", job_complete, .arguments = ARGS("id:s")},
    {"job-finalize", job_finalize, .arguments = ARGS("id:s")},
    {"job-dismiss", job_dismiss, .arguments = ARGS("id:s")},
    {0},
};

/* ---- HMP ---- */

static void hmp_savevm(HMPContext *context, const char *args)
{
    g_autofree char *tag = monitor_word(&args);
    GError *error = NULL;

    snapshot_save(tag, true, NULL, NULL, &error);
    hmp_report(context, error);
}

static void hmp_loadvm(HMPContext *context, const char *args)
{
    g_autofree char *tag = monitor_word(&args);
    GError *error = NULL;

    snapshot_load(tag ? tag : "", NULL, NULL, &error);
    hmp_report(context, error);
}

static void hmp_delvm(HMPContext *context, const char *args)
{
    g_autofree char *tag = monitor_word(&args);
    GError *error = NULL;

    snapshot_delete(tag ? tag : "", NULL, &error);
    hmp_report(context, error);
}

/* The table's head, or with `sn` a line of it, as QEMU's tools print them. */
static void print_line(GString *out, const BlockSnapshot *sn, const char *id)
{
    g_autofree char *size = NULL, *icount = NULL;
    char date[64] = "";
    struct tm tm;
    time_t when;
    uint64_t ms;

    if (!sn) {
        g_string_append_printf(out, "%-10s%-17s%8s%20s%13s%11s\n", "ID", "TAG", "VM SIZE", "DATE",
                               "VM CLOCK", "ICOUNT");
        return;
    }
    when = (time_t)sn->date_sec;
    if (localtime_r(&when, &tm)) {
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
    }
    ms = sn->vm_clock_nsec / 1000000;
    size = size_to_string(sn->vm_state_size);
    icount =
        sn->icount == UINT64_MAX ? g_strdup("") : g_strdup_printf("%" G_GUINT64_FORMAT, sn->icount);
    g_autofree char *clock = g_strdup_printf("%02u:%02u:%02u.%03u", (unsigned)(ms / 3600000),
                                             (unsigned)(ms / 60000 % 60),
                                             (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
    g_string_append_printf(out, "%-10s%-17s%8s%20s%13s%11s\n", id, sn->name, size, date, clock,
                           icount);
}

static const char *node_title(BlockNode *node)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (blk_node(blk) == node && *blk_name(blk)) {
            return blk_name(blk);
        }
    }
    return block_node_name(node);
}

/* Snapshots of one disk that are not on all of them. */
static unsigned print_partial(GString *out, BlockNode *node)
{
    g_autoptr(GArray) list = block_can_snapshot(node) ? block_snapshot_list(node, NULL) : NULL;
    unsigned count = 0;

    for (guint i = 0; list && i < list->len; i++) {
        const BlockSnapshot *sn = &g_array_index(list, BlockSnapshot, i);

        if (block_all_has_snapshot(sn->name, NULL, NULL) == 1) {
            continue;
        }
        if (!count++) {
            g_string_append_printf(out, "\nList of partial (non-loadable) snapshots on '%s':\n",
                                   node_title(node));
            print_line(out, NULL, NULL);
        }
        print_line(out, sn, sn->id);
    }
    return count;
}

static void info_snapshots(HMPContext *context, const char *args)
{
    g_autoptr(GPtrArray) nodes = NULL;
    g_autoptr(GString) whole = g_string_new(NULL), partial = g_string_new(NULL);
    g_autoptr(GArray) list = NULL;
    GError *error = NULL;
    BlockNode *node = block_vmstate_node(NULL, NULL, &error);

    if (!node || !(list = block_snapshot_list(node, &error)) ||
        !(nodes = block_snapshot_nodes(NULL, &error))) {
        g_string_append_printf(context->out, "%s\n", error->message);
        g_error_free(error);
        return;
    }
    for (guint i = 0; i < list->len; i++) {
        const BlockSnapshot *sn = &g_array_index(list, BlockSnapshot, i);

        if (block_all_has_snapshot(sn->name, NULL, NULL) == 1) {
            /* Identifiers may differ from disk to disk. */
            print_line(whole, sn, "--");
        }
    }
    for (guint i = 0; i < nodes->len; i++) {
        print_partial(partial, g_ptr_array_index(nodes, i));
    }
    if (!whole->len && !partial->len) {
        g_string_append(context->out, "There is no snapshot available.\n");
        return;
    }
    g_string_append(context->out, "List of snapshots present on all disks:\n");
    if (whole->len) {
        print_line(context->out, NULL, NULL);
        g_string_append(context->out, whole->str);
    } else {
        g_string_append(context->out, "None\n");
    }
    g_string_append(context->out, partial->str);
}

static void complete_tag(const char *args, GPtrArray *out)
{
    BlockNode *node = block_vmstate_node(NULL, NULL, NULL);
    g_autoptr(GArray) list = node ? block_snapshot_list(node, NULL) : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const BlockSnapshot *sn = &g_array_index(list, BlockSnapshot, i);

        if (g_str_has_prefix(sn->name, args)) {
            g_ptr_array_add(out, g_strdup(sn->name));
        }
    }
}

const HMPCommand monitor_hmp_snapshot_commands[] = {
    {"savevm", "[tag]", "save a VM snapshot. If no tag is provided, a new snapshot is created",
     hmp_savevm, complete_tag},
    {"loadvm", "tag", "restore a VM snapshot from its tag", hmp_loadvm, complete_tag},
    {"delvm", "tag", "delete a VM snapshot from its tag", hmp_delvm, complete_tag},
    {"info snapshots", NULL, "show the currently saved VM snapshots", info_snapshots, NULL},
    {0},
};

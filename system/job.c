/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: their states, which verb each state accepts, and the turn of the main loop in which one
 * works.
 */
#include "system/job.h"

#include <string.h>
#include "internal.h"
#include "system/lock.h"
#include "system/main-loop.h"
#include "util/error.h"

static const char *const status_names[JOB_STATUS_COUNT] = {
    [JOB_STATUS_UNDEFINED] = "undefined", [JOB_STATUS_CREATED] = "created",
    [JOB_STATUS_RUNNING] = "running",     [JOB_STATUS_PAUSED] = "paused",
    [JOB_STATUS_READY] = "ready",         [JOB_STATUS_STANDBY] = "standby",
    [JOB_STATUS_WAITING] = "waiting",     [JOB_STATUS_PENDING] = "pending",
    [JOB_STATUS_ABORTING] = "aborting",   [JOB_STATUS_CONCLUDED] = "concluded",
    [JOB_STATUS_NULL] = "null",
};

#define S(name) (1u << JOB_STATUS_##name)
#define UNDER_WAY (S(CREATED) | S(RUNNING) | S(PAUSED) | S(READY) | S(STANDBY))

typedef struct VerbRow {
    const char *name;
    uint32_t states;               /* that accept it */
} VerbRow;
static const VerbRow verbs[JOB_VERB_COUNT] = {
    [JOB_VERB_CANCEL] = {"cancel", UNDER_WAY | S(WAITING) | S(PENDING)},
    [JOB_VERB_PAUSE] = {"pause", UNDER_WAY},
    [JOB_VERB_RESUME] = {"resume", UNDER_WAY},
    [JOB_VERB_COMPLETE] = {"complete", S(READY)},
    [JOB_VERB_FINALIZE] = {"finalize", S(PENDING)},
    [JOB_VERB_DISMISS] = {"dismiss", S(CONCLUDED)},
};
#undef S

const char *job_status_name(JobStatus status)
{
    return status_names[status];
}

const char *job_verb_name(JobVerb verb)
{
    return verbs[verb].name;
}

const GPtrArray *job_list(void)
{
    if (!the_runtime->jobs) {
        the_runtime->jobs = g_ptr_array_new();
    }
    return the_runtime->jobs;
}

Job *job_find(const char *id)
{
    const GPtrArray *jobs = job_list();

    for (guint i = 0; i < jobs->len; i++) {
        Job *job = g_ptr_array_index(jobs, i);

        if (!strcmp(job->id, id)) {
            return job;
        }
    }
    return NULL;
}

void job_set_observer(void (*fn)(const Job *job))
{
    the_runtime->job_observer = fn;
}

static void set_status(Job *job, JobStatus status)
{
    job->status = status;
    if (the_runtime->job_observer) {
        the_runtime->job_observer(job);
    }
}

static void free_work(Job *job)
{
    if (job->class->free && job->opaque) {
        job->class->free(job->opaque);
    }
    job->opaque = NULL;
}

static void conclude(Job *job, GError *error)
{
    if (!error && job->cancelled) {
        error_setg(&error, "Operation canceled");
    }
    if (error) {
        job->error = g_strdup(error->message);
        g_error_free(error);
        set_status(job, JOB_STATUS_ABORTING);
    } else {
        set_status(job, JOB_STATUS_WAITING);
        set_status(job, JOB_STATUS_PENDING);
    }
    free_work(job);
    set_status(job, JOB_STATUS_CONCLUDED);
}

static void work(void *opaque)
{
    Job *job = opaque;
    GError *error = NULL;

    if (job->status != JOB_STATUS_RUNNING) {
        return;
    }
    if (!job->cancelled && !job->class->run(job->opaque, &error) && !error) {
        error_setg(&error, "%s failed", job->class->type);
    }
    job->current = job->total;
    conclude(job, error);
}

static bool good_id(const char *id)
{
    if (!g_ascii_isalpha(*id)) {
        return false;
    }
    while (g_ascii_isalnum(*id) || (*id && strchr("-._", *id))) {
        id++;
    }
    return !*id;
}

Job *job_create(const char *id, const JobClass *class, void *opaque, GError **errp)
{
    Job *job = g_new0(Job, 1);

    g_assert(device_lock_held());
    *job = (Job){.class = class, .opaque = opaque, .total = 1};
    if (!good_id(id)) {
        error_set(errp, GOSSAMER_ERROR_INVALID, "Invalid job ID '%s'", id);
    } else if (job_find(id)) {
        error_set(errp, GOSSAMER_ERROR_BUSY, "Job ID '%s' already in use", id);
    } else {
        job->id = g_strdup(id);
        job->bottom_half = bh_new(work, job);
        g_ptr_array_add(the_runtime->jobs, job);
        set_status(job, JOB_STATUS_CREATED);
        return job;
    }
    free_work(job);
    g_free(job);
    return NULL;
}

void job_start(Job *job)
{
    g_assert(job->status == JOB_STATUS_CREATED || job->status == JOB_STATUS_PAUSED);
    job->started = true;
    set_status(job, JOB_STATUS_RUNNING);
    bh_schedule(job->bottom_half);
}

static void free_job(Job *job)
{
    bh_delete(job->bottom_half);
    free_work(job);
    g_free(job->id);
    g_free(job->error);
    g_free(job);
}

static bool refuse(const char *text, GError **errp)
{
    error_set(errp, GOSSAMER_ERROR_BUSY, "%s", text);
    return false;
}

bool job_apply(Job *job, JobVerb verb, GError **errp)
{
    if (verb == JOB_VERB_RESUME && job->status != JOB_STATUS_PAUSED) {
        return refuse("Can't resume a job that was not paused", errp);
    }
    if (!(verbs[verb].states >> job->status & 1)) {
        error_set(errp, GOSSAMER_ERROR_BUSY,
                  "Job '%s' in state '%s' cannot accept command verb '%s'", job->id,
                  status_names[job->status], verbs[verb].name);
        return false;
    }
    switch (verb) {
    case JOB_VERB_CANCEL:
        job->cancelled = true;
        bh_cancel(job->bottom_half);
        conclude(job, NULL);
        return true;
    case JOB_VERB_PAUSE:
        if (job->status == JOB_STATUS_PAUSED) {
            return refuse("Job is already paused", errp);
        }
        /* Its turn has not come yet: once it has, nobody can ask. */
        bh_cancel(job->bottom_half);
        set_status(job, JOB_STATUS_PAUSED);
        return true;
    case JOB_VERB_RESUME:
        if (job->started) {
            job_start(job);
        } else {
            set_status(job, JOB_STATUS_CREATED);
        }
        return true;
    case JOB_VERB_DISMISS:
        g_ptr_array_remove(the_runtime->jobs, job);
        set_status(job, JOB_STATUS_NULL);
        free_job(job);
        return true;
    default:
        /* No job of ours waits to be completed or finalized. */
        error_set(errp, GOSSAMER_ERROR_NOT_SUPPORTED,
                  "The active block job '%s' cannot be completed", job->id);
        return false;
    }
}

void jobs_cleanup(void)
{
    GPtrArray *jobs = the_runtime->jobs;

    for (guint i = 0; jobs && i < jobs->len; i++) {
        free_job(g_ptr_array_index(jobs, i));
    }
    g_clear_pointer(&the_runtime->jobs, g_ptr_array_unref);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: work with a name that a QMP client starts, watches and dismisses (query-jobs,
 * JOB_STATUS_CHANGE). States, verbs and words are QEMU's. A job's work runs once on the main
 * thread, some time after job_start() returned, and is not interrupted; its client hears of the end
 * by events.
 *
 * Main thread, device lock.
 */
#ifndef SYSTEM_JOB_H
#define SYSTEM_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

typedef enum JobStatus {
    JOB_STATUS_UNDEFINED,
    JOB_STATUS_CREATED,
    JOB_STATUS_RUNNING,
    JOB_STATUS_PAUSED,
    JOB_STATUS_READY,
    JOB_STATUS_STANDBY,
    JOB_STATUS_WAITING,
    JOB_STATUS_PENDING,
    JOB_STATUS_ABORTING,
    JOB_STATUS_CONCLUDED,
    JOB_STATUS_NULL,
    JOB_STATUS_COUNT
} JobStatus;
const char *job_status_name(JobStatus status);

typedef enum JobVerb {
    JOB_VERB_CANCEL,
    JOB_VERB_PAUSE,
    JOB_VERB_RESUME,
    JOB_VERB_COMPLETE,
    JOB_VERB_FINALIZE,
    JOB_VERB_DISMISS,
    JOB_VERB_COUNT
} JobVerb;
const char *job_verb_name(JobVerb verb);

typedef struct JobClass {
    const char *type;              /* "snapshot-save" */
    bool (*run)(void *opaque, GError **errp);
    void (*free)(void *opaque);
} JobClass;

typedef struct Job {
    char *id;
    const JobClass *class;
    void *opaque;
    JobStatus status;
    bool started, cancelled;
    uint64_t current, total;       /* progress in units of the work's own */
    char *error;                   /* CONCLUDED: why it failed; NULL: it did not */
    struct BottomHalf *bottom_half;
} Job;

/* A job in state created. NULL with errp (and opaque is freed) for an id that is no identifier or
 * in use. */
Job *job_create(const char *id, const JobClass *class, void *opaque, GError **errp);
/* Its work will run soon. */
void job_start(Job *job);
Job *job_find(const char *id);
/* All of them, oldest first; the runtime's. */
const GPtrArray *job_list(void);
/*
 * What a client asks of a job. DISMISS frees it. False with errp if its state does not allow that,
 * or it can do nothing of the kind.
 */
bool job_apply(Job *job, JobVerb verb, GError **errp);
/* Called at every change of a state; the job may be gone afterwards (status null). */
void job_set_observer(void (*fn)(const Job *job));

#endif

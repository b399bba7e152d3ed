/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs: what each state accepts, the order of states as an observer sees them, failures, cancels,
 * pauses.
 */
#include <string.h>
#include "system/job.h"
#include "system/main-loop.h"
#include "system/runtime.h"
#include "util/error.h"

typedef struct Work {
    unsigned runs, frees;
    bool fail, silent;
} Work;

static GString *seen;

static bool run(void *opaque, GError **errp)
{
    Work *w = opaque;

    w->runs++;
    if (w->fail && !w->silent) {
        error_setg(errp, "no luck");
    }
    return !w->fail;
}

static void free_work(void *opaque)
{
    ((Work *)opaque)->frees++;
}

static const JobClass class = {"toy", run, free_work};

static void observe(const Job *job)
{
    g_string_append_printf(seen, "%s:%s ", job->id, job_status_name(job->status));
}

static void expect_seen(const char *text)
{
    g_assert_cmpstr(seen->str, ==, text);
    g_string_truncate(seen, 0);
}

static void turn(void)
{
    while (main_loop_iterate(false)) {
    }
}

static void begin(void)
{
    runtime_init();
    seen = g_string_new(NULL);
    job_set_observer(observe);
}

static void end(void)
{
    runtime_cleanup();
    g_string_free(seen, TRUE);
}

static void refuse(Job *job, JobVerb verb, const char *part)
{
    GError *error = NULL;

    g_assert_false(job_apply(job, verb, &error));
    if (!strstr(error->message, part)) {
        g_error("'%s' lacks '%s'", error->message, part);
    }
    g_clear_error(&error);
}

static void test_success(void)
{
    Work w = {0};
    GError *error = NULL;

    begin();
    Job *job = job_create("j-1._x", &class, &w, &error);
    g_assert_no_error(error);
    expect_seen("j-1._x:created ");
    refuse(job, JOB_VERB_DISMISS,
           "Job 'j-1._x' in state 'created' cannot accept command verb 'dismiss'");
    job_start(job);
    g_assert_cmpuint(w.runs, ==, 0);
    turn();
    g_assert_cmpuint(w.runs, ==, 1);
    g_assert_cmpuint(w.frees, ==, 1);
    expect_seen("j-1._x:running j-1._x:waiting j-1._x:pending j-1._x:concluded ");
    g_assert_null(job->error);
    g_assert_cmpuint(job->current, ==, job->total);
    for (JobVerb verb = 0; verb < JOB_VERB_DISMISS; verb++) {
        refuse(job, verb,
               verb == JOB_VERB_RESUME ? "not paused"
                                       : "in state 'concluded' cannot accept command verb");
    }
    g_assert_true(job_find("j-1._x") == job);
    g_assert_true(job_apply(job, JOB_VERB_DISMISS, &error));
    expect_seen("j-1._x:null ");
    g_assert_null(job_find("j-1._x"));
    g_assert_cmpuint(job_list()->len, ==, 0);
    end();
}

static void test_failure(void)
{
    Work w = {.fail = true}, quiet = {.fail = true, .silent = true};
    GError *error = NULL;

    begin();
    Job *a = job_create("a", &class, &w, &error), *b = job_create("b", &class, &quiet, &error);
    job_start(a);
    job_start(b);
    turn();
    expect_seen(
        "a:created b:created a:running b:running a:aborting a:concluded b:aborting b:concluded ");
    g_assert_cmpstr(a->error, ==, "no luck");
    g_assert_cmpstr(b->error, ==, "toy failed");
    /* They are freed with the runtime. */
    end();
    g_assert_cmpuint(w.frees, ==, 1);
}

static void test_names(void)
{
    static const char *const bad[] = {"", "1", "-a", "a b", "a/b", "\xc3\xa4"};
    Work w = {0};
    GError *error = NULL;

    begin();
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_null(job_create(bad[i], &class, &w, &error));
        g_assert_cmpstr(error->message + strlen(error->message) - 1, ==, "'");
        g_clear_error(&error);
    }
    g_assert_nonnull(job_create("a", &class, &w, &error));
    g_assert_null(job_create("a", &class, &w, &error));
    g_assert_cmpstr(error->message, ==, "Job ID 'a' already in use");
    g_clear_error(&error);
    g_assert_cmpuint(w.frees, ==, G_N_ELEMENTS(bad) + 1);
    end();
    g_assert_cmpuint(w.frees, ==, G_N_ELEMENTS(bad) + 2);
}

static void test_cancel_and_pause(void)
{
    Work w = {0}, v = {0};
    GError *error = NULL;

    begin();
    Job *a = job_create("a", &class, &w, &error), *b = job_create("b", &class, &v, &error);
    job_start(a);
    g_assert_true(job_apply(a, JOB_VERB_CANCEL, &error));
    turn();
    g_assert_cmpuint(w.runs, ==, 0);
    g_assert_cmpstr(a->error, ==, "Operation canceled");
    expect_seen("a:created b:created a:running a:aborting a:concluded ");
    g_assert_true(job_apply(b, JOB_VERB_PAUSE, &error));
    refuse(b, JOB_VERB_PAUSE, "Job is already paused");
    g_assert_true(job_apply(b, JOB_VERB_RESUME, &error));
    refuse(b, JOB_VERB_RESUME, "Can't resume a job that was not paused");
    job_start(b);
    g_assert_true(job_apply(b, JOB_VERB_PAUSE, &error));
    turn();
    g_assert_cmpuint(v.runs, ==, 0);
    refuse(b, JOB_VERB_COMPLETE, "in state 'paused' cannot accept command verb 'complete'");
    g_assert_true(job_apply(b, JOB_VERB_RESUME, &error));
    turn();
    g_assert_cmpuint(v.runs, ==, 1);
    expect_seen("b:paused b:created b:running b:paused b:running b:waiting b:pending b:concluded ");
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job/success", test_success);
    g_test_add_func("/job/failure", test_failure);
    g_test_add_func("/job/names", test_names);
    g_test_add_func("/job/cancel-and-pause", test_cancel_and_pause);
    return g_test_run();
}

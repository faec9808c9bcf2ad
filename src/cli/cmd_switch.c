/* kfmig switch: which generation of a projection readers see. */
#include <stdlib.h>
#include <string.h>

#include "cli/archive.h"
#include "cli/output.h"
#include "cli/projections.h"
#include "cli/signals.h"

static const struct step *step_named(const struct session *s, const char *name)
{
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        if (strcmp(s->plan.projections[i].in->p->name, name) == 0) {
            return &s->plan.projections[i];
        }
    }
    return NULL;
}

static int list(struct session *s, const struct step *x)
{
    char text[DIGEST_TEXT];
    struct buf out = {0};
    struct arena *a = s->a;
    struct doc *d = doc_new(a, DOC_MAP);
    struct doc *v = doc_put(a, d, "generations", doc_new(a, DOC_LIST));
    doc_put(a, d, "environment", doc_text(a, s->link.env->name));
    doc_put(a, d, "projection", doc_text(a, x->in->p->name));
    for (size_t i = 0; i < x->in->n; i++) {
        const struct generation *g = &x->in->v[i];
        struct doc *row = doc_push(a, v, doc_new(a, DOC_MAP));
        doc_put(a, row, "generation", doc_int(a, g->number));
        doc_put(a, row, "state", doc_text(a, generation_state_text(g->state)));
        doc_put(a, row, "changed_at", doc_text(a, g->changed_at));
        doc_put(a, row, "digest",
                digest_is_zero(&g->digest) ? doc_new(a, DOC_NULL)
                                           : doc_text(a, digest_text(&g->digest, text)));
        doc_put(a, row, "content",
                digest_is_zero(&g->content) ? doc_new(a, DOC_NULL)
                                            : doc_text(a, digest_text(&g->content, text)));
        buf_printf(&out, "%-4lld %-8s %s  content %s\n", (long long)g->number,
                   generation_state_text(g->state), g->changed_at,
                   digest_is_zero(&g->content) ? "-" : digest_text(&g->content, text));
    }
    int status =
        s->req->format == FORMAT_JSON ? output_json(s->req, d) : output_result(s->req, &out);
    buf_release(&out);
    return status;
}

static const struct generation *generation_numbered(const struct step *x, const char *text,
                                                    struct err *e)
{
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    for (size_t i = 0; end != text && *end == '\0' && i < x->in->n; i++) {
        const struct generation *g = &x->in->v[i];
        if (g->number != n) {
            continue;
        }
        if (g->state == GENERATION_KEPT || g->state == GENERATION_READY) {
            return g;
        }
        err_set(e, ERR_PREFLIGHT, "generation %lld of %s is %s", n, x->in->p->name,
                g->state == GENERATION_LIVE ? "live already" : "not finished");
        return NULL;
    }
    err_set(e, ERR_CONFIG, "%s has no generation \"%s\"", x->in->p->name, text);
    err_hint(e, "`kfmig switch %s` lists those that are kept", x->in->p->name);
    return NULL;
}

static int change(struct session *s, const char *name, const char *number, struct err *e)
{
    struct work_frame w;
    struct projection_job job;
    struct outcome o = {0};
    struct err late = {0};
    if (s->link.env->is_protected && !s->req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was switched",
                s->link.env->name);
        return err_hint(e, "add --apply");
    }
    int rc = work_open(&w, s, NULL, e);
    const struct step *x = rc == 0 ? step_named(s, name) : NULL;
    const struct generation *to = x != NULL ? generation_numbered(x, number, e) : NULL;
    rc = to != NULL ? projections_job(s, x, &job, e) : -1;
    if (rc == 0) {
        work_tell_begin(&w, name);
        run_switch(&w.run, &job, to, s->req->verify, &o);
        rc = o.result == RUN_SUCCESS ? 0 : -1;
        if (rc == 0) {
            tell_note(&s->ear, "%s: generation %lld is live, %lld ms; ledger entry %lld, run %s",
                      name, (long long)to->number, (long long)o.elapsed_ms, (long long)o.sequence,
                      o.run_id);
        } else {
            *e = o.failure;
        }
        if (o.owed.p != NULL && work_owe(&w, &o, &late) != 0) {
            tell_fault(&s->ear, &late);
        }
    }
    work_close(&w);
    if (archive_deliver(s, &late) != 0) {
        tell_fault(&s->ear, &late);
    }
    return rc;
}

static int do_switch(struct session *s, const struct request *req, int *status, struct err *e)
{
    const struct env *env = NULL;
    size_t at = 0;
    if (session_project(s, req, false, e) != 0) {
        return -1;
    }
    if (req->n_args > 0 && load_env(&s->project, req->args[0]) != NULL) {
        env = load_env(&s->project, req->args[0]);
        at = 1;
    }
    if (req->n_args == at || req->n_args > at + 2) {
        err_set(e, ERR_CONFIG, "`kfmig switch` needs a projection, and at most a generation");
        return err_hint(e, "kfmig switch [ENV] PROJECTION [N]");
    }
    if ((env == NULL && session_env(s, NULL, &env, e) != 0) || session_plan(s, env, true, e) != 0) {
        return -1;
    }
    const char *name = req->args[at];
    const struct step *x = step_named(s, name);
    if (x == NULL) {
        err_set(e, ERR_CONFIG, "no projection \"%s\"", name);
        return err_hint(e, "registry/projections declares them");
    }
    if (req->n_args == at + 1) {
        *status = list(s, x);
        return 0;
    }
    return generation_numbered(x, req->args[at + 1], e) != NULL
               ? change(s, name, req->args[at + 1], e)
               : -1;
}

static int run(const struct request *req)
{
    struct session s = {0};
    struct err e = {0};
    int status = 0;
    signals_catch();
    if (do_switch(&s, req, &status, &e) != 0) {
        status = output_error(req, s.project.dirfd, &e);
    }
    session_close(&s);
    return signals_seen() != 0 ? 128 + signals_seen() : status;
}

static const char *const switch_options[] = {"verify", "apply", "lock-wait", "progress", NULL};
static const struct example switch_examples[] = {
    {"kfmig switch dev feature_index", "the generations that are there"},
    {"kfmig switch dev feature_index 1", "readers see generation 1 again"},
    {"kfmig switch dev feature_index 1 --verify", "only if every row is the one that was proven"},
    {NULL, NULL},
};
const struct command command_switch = {
    .name = "switch",
    .synopsis = "[ENV] PROJECTION [N]",
    .summary = "List the generations of a projection, or publish a kept one.",
    .description =
        "Without N: the generations that stand in the database. With N: that generation is live "
        "again, after its\n"
        "structure and the number of its rows were compared with what was proven; with --verify "
        "its content, too.\n"
        "What is switched to by hand stays: build reports the projection as blocked "
        "(switched_back) "
        "until its\n"
        "declaration changes.",
    .options = switch_options,
    .examples = switch_examples,
    .run = run,
};

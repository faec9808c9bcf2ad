/* What the verbs that write share. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/signals.h"

struct writing_order verb_order(const struct request *req)
{
    return (struct writing_order){.is_confirmed = req->apply, .lock_wait_ms = req->lock_wait_ms};
}

int verb_confirm(const struct invocation *s, const char *question, const char *done,
                 bool *is_confirmed, struct err *e)
{
    *is_confirmed = !s->site.env->is_protected || s->req->apply;
    return verb_ask(s, question, done, is_confirmed, e);
}

int verb_ask(const struct invocation *s, const char *question, const char *done, bool *is_confirmed,
             struct err *e)
{
    char line[128] = "";
    const struct env *env = s->site.env;
    if (*is_confirmed || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        return 0;
    }
    (void)fprintf(stderr, "%s Type the environment's name to go on: ", question);
    (void)fflush(stderr);
    if (fgets(line, sizeof line, stdin) == NULL) {
        line[0] = '\0';
    }
    line[strcspn(line, "\r\n")] = '\0';
    *is_confirmed = strcmp(line, env->name) == 0;
    return *is_confirmed ? 0 : err_set(e, ERR_PREFLIGHT, "not confirmed: nothing was %s", done);
}

/* Whoever was told to stop says "interrupted"; how it was told is known here only. */
static void settle_signal(struct result *r, enum err_code stop)
{
    bool is_stopped = r->worst == ERR_INTERRUPTED || r->worst == ERR_TERMINATED;
    if (stop != ERR_NONE && is_stopped) {
        r->worst = stop;
    }
    result_worsen(r, stop);
}

int verb_end(struct invocation *s, const struct request *req, int rc, struct result *r,
             const struct err *e)
{
    int status = 0;
    if (rc != 0) {
        result_worsen(r, e->code);
        (void)output_fault(req, s->a != NULL ? s->project.dirfd : -1, e);
    }
    if (req->format == FORMAT_JSON && (rc != 0 || r->verb != NULL)) {
        struct arena a = {0};
        if (r->verb != NULL && !r->has_plan && rc == 0) {
            r->has_plan = true;
            r->plan_digest = plan_digest(&s->site.plan);
        }
        status = output_json(req, report_result_doc(&a, r, rc != 0 ? e : NULL));
        arena_release(&a);
    }
    settle_signal(r, s->a != NULL ? ear_stops(&s->progress.ear) : ERR_NONE);
    return r->worst != ERR_NONE ? err_status(r->worst) : status;
}

int verb_print(const struct request *req, struct buf *text, const struct doc *d, struct err *e)
{
    int rc = req->format == FORMAT_JSON ? output_json(req, d) : output_result(req, text);
    buf_release(text);
    return rc == 0 ? 0 : err_set(e, ERR_PREFLIGHT, "the result could not be written");
}

static void print(const struct invocation *s, struct buf *out, FILE *stream)
{
    if (stream == stdout) {
        (void)output_result(s->req, out);
    } else if (s->req->format == FORMAT_JSON) { /* a line, however narrow the terminal */
        output_lines(stream, out);
    } else {
        output_text(out);
    }
    buf_release(out);
}

void verb_plan(struct invocation *s, FILE *stream)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stream);
    site_ask_around(&s->site, AROUND_ROWS | AROUND_LINT, -1);
    if (s->req->format == FORMAT_JSON) {
        report_json(&out, report_plan_doc(s->a, &s->site.plan));
    } else {
        report_plan(&out, &st, &s->site.plan);
    }
    print(s, &out, stream);
}

void verb_undo(const struct invocation *s, const struct undo_list *u, FILE *stream)
{
    struct buf out = {0};
    struct style st = output_style(s->req, stream);
    if (s->req->format == FORMAT_JSON && stream == stdout) {
        report_json(&out, report_undo_doc(s->a, u));
    } else {
        report_undo(&out, &st, u);
    }
    print(s, &out, stream);
}

void verb_result(struct invocation *s, const struct result *r, bool was_run)
{
    struct buf out = {0};
    report_result(&out, r, was_run);
    verb_note(s, "%s", buf_str(&out));
    buf_release(&out);
}

int verb_run(const struct request *req, verb_fn *body)
{
    struct invocation s = {0};
    struct result r = {0};
    struct err e = {0};
    signals_catch();
    int rc = body(&s, req, &r, &e);
    int status = verb_end(&s, req, rc, &r, &e);
    invocation_close(&s);
    return status;
}

/* Readers and writers beside what is tried. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "doc/yaml.h"
#include "flow/prove_parts.h"
#include "load/checker.h"

#define WORKLOAD "tests/workload.yml"
enum { WORKLOAD_MAX = 1024 * 1024, SESSIONS_MOST = 16, PAUSE_MS = 10, END_MS = 2000, LOOK_MS = 5 };

/* What one session saw while one migration was applied. */
struct seen {
    int64_t ms, n, errors;
};

/* Sessions of one chain, each a process. at: the place in out->v of what is being applied, from 1;
 * 0: nothing is. is_there: it has connected; refusal: why it could not. seen: by session, then by place. */
struct workload_run {
    struct chain *c;
    struct {
        _Atomic size_t at;
        _Atomic int64_t since; /* clock_ms() */
        _Atomic bool ends;
        _Atomic bool is_there[SESSIONS_MOST];
        struct err refusal[SESSIONS_MOST];
    } * shared;
    struct seen *seen;
    size_t n_places, n;
    pid_t pid[SESSIONS_MOST];
    size_t statement[SESSIONS_MOST];
};

/* --- read -------------------------------------------------------------------------------------------- */

static int take(struct site *s, const struct doc *d, struct workload *out, struct err *e)
{
    const struct doc *list = doc_get(d, "statements");
    int64_t n_sessions = 0;
    out->limit_ms = doc_num(d, "limit_ms", 0);
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *x = list->item[i];
        out->names[i] = arena_strdup(s->a, doc_str(x, "name", ""));
        out->v[i] = (struct workload_statement){.sql = arena_strdup(s->a, doc_str(x, "sql", "")),
                                                .sessions = doc_num(x, "sessions", 1),
                                                .pause_ms = doc_num(x, "pause_ms", PAUSE_MS)};
        n_sessions += out->v[i].sessions;
    }
    out->n = doc_len(list);
    return n_sessions <= SESSIONS_MOST
               ? 0
               : err_at(e, ERR_CONFIG, WORKLOAD, list->line, list->col,
                        "%lld sessions; there can be %d", (long long)n_sessions, SESSIONS_MOST);
}

int workload_read(struct site *s, struct workload *out, struct err *e)
{
    struct bytes text;
    struct err_list faults = {0};
    *out = (struct workload){.n = 0};
    int rc = file_read(s->a, s->project->dirfd, WORKLOAD, WORKLOAD_MAX, &text, NULL, e);
    if (rc != 0) {
        return rc < 0 ? -1 : 0;
    }
    struct doc *d = yaml_read(s->a, text, WORKLOAD, e);
    if (d != NULL) {
        (void)schema_check(s->a, checker_schema("workload.v1"), d, &faults);
    }
    rc = d != NULL && faults.n == 0 ? take(s, d, out, e) : -1;
    if (faults.n > 0) {
        *e = faults.v[0];
    }
    err_list_release(&faults);
    out->digest = digest_of(text);
    return rc;
}

/* --- a session --------------------------------------------------------------------------------------- */

static void see(struct seen *row, size_t at, int64_t ms, bool is_good)
{
    if (at > 0) {
        row[at - 1].n += is_good;
        row[at - 1].errors += !is_good;
        row[at - 1].ms = is_good && ms > row[at - 1].ms ? ms : row[at - 1].ms;
    }
}

/* What begins while something is applied counts to that, and what ends meanwhile since then. A
 * table that is not there yet is an error like any other, and no wait. */
static void replay(const struct workload_run *r, size_t session, struct pg *pg)
{
    const struct workload_statement *st = &r->c->p->workload.v[r->statement[session]];
    struct seen *row = r->seen + session * r->n_places;
    while (!atomic_load(&r->shared->ends) && pg_is_alive(pg)) {
        struct err e = {0};
        size_t before = atomic_load(&r->shared->at);
        int64_t start = clock_ms();
        bool is_good = pg_run(pg, st->sql, NULL, 0, NULL, &e) == 0;
        int64_t end = clock_ms();
        size_t after = atomic_load(&r->shared->at);
        see(row, before, end - start, is_good);
        if (after != before) {
            int64_t since = atomic_load(&r->shared->since);
            see(row, after, end > since ? end - since : 0, is_good);
        }
        clock_sleep_ms(st->pause_ms);
    }
}

/* Status 0: it had connected. */
static _Noreturn void be(const struct workload_run *r, size_t session, pid_t parent)
{
    struct pg *pg = NULL;
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    r->c->made.ear = (struct ear){.hear = NULL};
    if (getppid() != parent || site_open(&r->c->made, &pg, &r->shared->refusal[session]) != 0) {
        _exit(1);
    }
    atomic_store(&r->shared->is_there[session], true);
    replay(r, session, pg);
    pg_close(pg);
    _exit(0);
}

/* What is proven beside less than the whole workload would be remembered as proven beside it. */
static int meet(const struct workload_run *r, size_t session, struct err *e)
{
    const struct ear *ear = &r->c->p->s->ear;
    pid_t ended = 0;
    int status = 0;
    while (!atomic_load(&r->shared->is_there[session]) && ended == 0 &&
           ear_stops(ear) == ERR_NONE) {
        clock_sleep_ms(LOOK_MS);
        ended = waitpid(r->pid[session], &status, WNOHANG);
    }
    if (ear_stops(ear) != ERR_NONE) {
        return err_set(e, ear_stops(ear), "interrupted while the workload connected");
    }
    if (status == 0) {
        return 0;
    }
    *e = r->shared->refusal[session];
    return err_wrap(e, ERR_PREFLIGHT, "a session of the workload cannot connect: %s",
                    e->msg[0] != '\0' ? e->msg : "its process was killed");
}

/* --- all of them ------------------------------------------------------------------------------------- */

int workload_begin(struct chain *c, struct workload_run **out, struct err *e)
{
    struct arena *a = c->p->s->a;
    const struct workload *w = &c->p->workload;
    *out = NULL;
    if (w->n == 0 || c->is_fresh) {
        return 0;
    }
    struct workload_run *r = ARENA_NEW(a, struct workload_run);
    *r = (struct workload_run){.c = c, .n_places = c->p->out->n};
    r->shared = jobs_share(a, sizeof *r->shared);
    r->seen = jobs_share(a, SESSIONS_MOST * (r->n_places + 1) * sizeof *r->seen);
    if (r->shared == NULL || r->seen == NULL) {
        return err_set(e, ERR_INTERNAL, "there is no memory for the workload");
    }
    pid_t parent = getpid();
    *out = r;
    for (size_t i = 0; i < w->n; i++) {
        for (int64_t k = 0; k < w->v[i].sessions; k++) {
            r->statement[r->n] = i;
            pid_t pid = fork();
            if (pid == 0) {
                be(r, r->n, parent);
            }
            if (pid < 0) {
                return err_set(e, ERR_PREFLIGHT, "cannot begin a process of the workload: %s",
                               strerror(errno));
            }
            r->pid[r->n++] = pid;
        }
    }
    int rc = 0;
    for (size_t i = 0; i < r->n && rc == 0; i++) {
        rc = meet(r, i, e);
    }
    return rc;
}

void workload_at(struct workload_run *r, const struct proof *x)
{
    if (r != NULL) {
        atomic_store(&r->shared->since, clock_ms());
        atomic_store(&r->shared->at, x == NULL ? 0 : (size_t)(x - r->c->p->out->v) + 1);
    }
}

void workload_judge(const struct workload_run *r, struct proof *x)
{
    const struct test_run *p = r != NULL ? r->c->p : NULL;
    struct proof_found *f = x->found;
    memset(f->wait, 0, sizeof f->wait);
    for (size_t i = 0; r != NULL && i < r->n; i++) {
        const struct seen *one = &r->seen[i * r->n_places + (size_t)(x - p->out->v)];
        struct proof_wait *sum = &f->wait[r->statement[i]];
        sum->n += one->n;
        sum->errors += one->errors;
        sum->ms = one->ms > sum->ms ? one->ms : sum->ms;
    }
    for (size_t i = 0; p != NULL && i < p->workload.n && p->workload.limit_ms > 0; i++) {
        if (f->wait[i].ms > p->workload.limit_ms && proof_decisive(x) == PROOF_PARTS) {
            f->part[PROOF_UP].end = PROOF_BAD;
            (void)err_set(&f->fault[1], ERR_VALIDATE,
                          "\"%s\" took %lld ms while %s was applied; the limit is %lld ms",
                          p->workload.names[i], (long long)f->wait[i].ms, x->id,
                          (long long)p->workload.limit_ms);
            (void)err_hint(&f->fault[1], "divide it, or use statements that lock less");
        }
    }
}

/* A statement that waits goes on until what it waits for has ended, which it has. */
void workload_end(struct workload_run *r)
{
    int64_t until = clock_ms() + END_MS;
    if (r == NULL) {
        return;
    }
    atomic_store(&r->shared->ends, true);
    for (size_t i = 0; i < r->n; i++) {
        while (waitpid(r->pid[i], NULL, WNOHANG) == 0) {
            if (clock_ms() > until) {
                (void)kill(r->pid[i], SIGKILL);
            }
            clock_sleep_ms(LOOK_MS);
        }
    }
}

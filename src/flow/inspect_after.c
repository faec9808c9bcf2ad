/* What only postflight looks at, and the probes of policies. */
#include <math.h>
#include <string.h>

#include "flow/inspect_parts.h"
#include "flow/job.h"
#include "load/text.h"
#include "site/inspect.h"

static const char *why_not(const struct site *s, const struct err *e)
{
    return e->condition[0] == '\0' ? arena_strdup(s->a, e->msg)
                                   : arena_printf(s->a, "%s (%s)%s%s", e->condition, e->sqlstate,
                                                  e->object[0] != '\0' ? " on " : "", e->object);
}

/* What failed says nothing of what was asked. -1: the session is gone, or somebody said stop. */
static int take_failure(struct site *s, struct inspection *x, enum inspect i, const char *subject,
                        const struct err *own, struct err *e)
{
    if (!pg_is_alive(s->pg) || own->code == ERR_INTERRUPTED) {
        *e = *own;
        return -1;
    }
    struct finding *f = inspect_fail(
        s->a, x, s->env, i, true, arena_printf(s->a, "it could not be asked: %s", why_not(s, own)));
    f->subject = subject;
    return 0;
}

/* --- foreign keys ----------------------------------------------------------------------------------- */

static int count_orphans(struct site *s, const struct inspect_key *k, struct inspection *x,
                         struct err *e)
{
    struct err own = {0};
    bool denied = false;
    int64_t n = 0;
    const struct inspect_query q = {.sql = bytes_str(k->query), .counted = true};
    x->was_asked[INSPECT_ORPHANS] = true;
    int rc = site_query(s, q, &denied, &n, &own);
    if (rc != 0 || denied) {
        return take_failure(s, x, INSPECT_ORPHANS, k->name, &own, e);
    }
    if (n > 0) {
        inspect_add(s, x, INSPECT_ORPHANS, k->name, "%lld row%s refer%s to what is not there",
                    (long long)n, n == 1 ? "" : "s", n == 1 ? "s" : "");
    }
    return 0;
}

static int look_at_keys(struct site *s, bool all, struct inspection *x, struct err *e)
{
    struct err own = {0};
    struct inspect_key *v = NULL;
    size_t n = 0;
    x->was_asked[INSPECT_KEYS] = true;
    if (site_keys(s, all, &v, &n, &own) != 0) {
        return take_failure(s, x, INSPECT_KEYS, "", &own, e);
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].words[0] != '\0') {
            inspect_add(s, x, INSPECT_KEYS, v[i].name, "%s", v[i].words);
        }
        if (count_orphans(s, &v[i], x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- queries: of policies, of the environment, invariants ------------------------------------------- */

/* One query, and how many rows it may return. */
struct wanted_rows {
    enum inspect inspect;
    const char *subject, *role;
    struct bytes sql;
    bool denied;
    int64_t rows;
};

static const char *expected_text(struct arena *a, bool denied, int64_t rows)
{
    return denied ? "refused"
                  : arena_printf(a, "%lld row%s", (long long)rows, rows == 1 ? "" : "s");
}

static int ask(struct site *s, const struct wanted_rows *w, struct inspection *x, struct err *e)
{
    struct err own = {0};
    bool denied = false;
    int64_t rows = 0;
    const struct inspect_query q = {.role = w->role, .sql = w->sql};
    x->was_asked[w->inspect] = true;
    if (site_query(s, q, &denied, &rows, &own) != 0) {
        return take_failure(s, x, w->inspect, w->subject, &own, e);
    }
    if (denied != w->denied || (!denied && rows != w->rows)) {
        inspect_add(s, x, w->inspect, w->subject, "%s%s%sit is %s, expected is %s",
                    w->role != NULL ? "for role " : "", w->role != NULL ? w->role : "",
                    w->role != NULL ? " " : "", expected_text(s->a, denied, rows),
                    expected_text(s->a, w->denied, w->rows));
    }
    return 0;
}

static int ask_file(struct site *s, enum inspect i, const struct query_probe *p,
                    struct inspection *x, struct err *e)
{
    struct bytes text = {0};
    struct err own = {0};
    if (file_read(s->a, s->project->dirfd, p->sql, LIMIT_NOTES, &text, NULL, &own) != 0) {
        inspect_fail(s->a, x, s->env, i, true, "its file cannot be read")->subject = p->sql;
        return 0;
    }
    const struct wanted_rows w = {i, p->sql, p->role, text, p->denied, p->rows};
    return ask(s, &w, x, e);
}

int inspect_policies(struct site *s, struct inspection *x, struct err *e)
{
    const struct operations *o = operations_of(s->env);
    for (size_t i = 0; i < o->n_policies; i++) {
        if (ask_file(s, INSPECT_POLICIES, &o->policies[i], x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int look_at_queries(struct site *s, struct inspection *x, struct err *e)
{
    const struct operations *o = operations_of(s->env);
    for (size_t i = 0; i < o->n_queries; i++) {
        if (ask_file(s, INSPECT_QUERIES, &o->queries[i], x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int ask_script(struct site *s, enum inspect i, const struct script *f, struct inspection *x,
                      struct err *e)
{
    for (size_t k = 0; k < f->n; k++) {
        struct statement_room room;
        const struct statement *st = script_at(f, k, &room);
        const struct wanted_rows w = {
            .inspect = i, .subject = arena_strdup(s->a, f->path), .sql = st->text};
        if (st->kind == STATEMENT_PLAIN && ask(s, &w, x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Was it applied within the time in which somebody still watches it? */
static bool is_watched(const struct site *s, const struct step *step)
{
    const struct history *h = step->history;
    int64_t age = step->bundle != NULL && h != NULL && h->applied != NULL
                      ? inspect_age(h->applied->finished_at)
                      : -1;
    return age >= 0 && age <= operations_of(s->env)->threshold[THRESHOLD_WATCH];
}

static int look_at_invariants(struct site *s, struct inspection *x, struct err *e)
{
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        struct err own = {0};
        const struct step *step = &s->plan.v[i];
        if (!is_watched(s, step)) {
            continue;
        }
        struct bundle *b = table_gets(&s->project->by_id, step->bundle->id);
        if (b == NULL || load_decl(s->project, b, &own) != 0) {
            inspect_fail(s->a, x, s->env, INSPECT_INVARIANTS, true, "it cannot be read")->subject =
                step->bundle->id;
            continue;
        }
        plan_scripts(s->a, b);
        for (size_t k = 0; k < b->decl->invariants.n && b->invariants != NULL; k++) {
            if (ask_script(s, INSPECT_INVARIANTS, &b->invariants[k], x, e) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* --- projections ------------------------------------------------------------------------------------ */

static bool is_elsewhere(const struct projection *p, const struct dataset *d,
                         const struct extent_facts *x)
{
    for (int i = 0; i < 4; i++) {
        if (!(fabs(d->bbox[i] - x->bbox[i]) <= p->tolerance)) {
            return true;
        }
    }
    return false;
}

static int judge_source(struct site *s, const struct projection *p, size_t i,
                        const struct dataset *d, struct inspection *x, struct err *e)
{
    const struct projection_source *from = &p->source[i];
    const char *name = arena_printf(s->a, "%s: %s/%s", p->name, from->dataset, from->version);
    struct extent_facts facts = {0};
    struct err own = {0};
    if (site_measure(s, p, i, &facts, &own) != 0) {
        return take_failure(s, x, INSPECT_CONTENT, name, &own, e);
    }
    if (p->counts_from_catalog && d->has_count && facts.rows != d->count) {
        inspect_add(s, x, INSPECT_CONTENT, name, "the catalog says %lld rows, %lld are there",
                    (long long)d->count, (long long)facts.rows);
    }
    if (p->extents_from_catalog && d->has_bbox &&
        (!facts.has_extent || is_elsewhere(p, d, &facts))) {
        inspect_add(s, x, INSPECT_CONTENT, name, "its extent is not the catalog's");
    }
    return 0;
}

static int judge_projection(struct site *s, const struct step *step, struct inspection *x,
                            struct err *e)
{
    struct projection_job job;
    struct err own = {0};
    const struct projection *p = step->in->p;
    x->was_asked[INSPECT_CONTENT] = true;
    if (job_make(s, step, &job, &own) != 0) {
        return take_failure(s, x, INSPECT_CONTENT, p->name, &own, e);
    }
    for (size_t i = 0; i < p->n_sources; i++) {
        if (judge_source(s, p, i, job.datasets[i], x, e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < p->invariants.n; i++) {
        if (ask_script(s, INSPECT_CONTENT, &job.invariants[i], x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Of those whose live generation is the declared one. */
static int look_at_projections(struct site *s, struct inspection *x, struct err *e)
{
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *step = &s->plan.projections[i];
        if (!step_is_absent(step) && step->live != NULL && step->state == STATE_CURRENT &&
            judge_projection(s, step, x, e) != 0) {
            return -1;
        }
    }
    return 0;
}

int inspect_after(struct site *s, const struct inspect_options *o, struct inspection *x,
                  struct err *e)
{
    return look_at_keys(s, o->counts_all, x, e) != 0 || look_at_invariants(s, x, e) != 0 ||
                   look_at_projections(s, x, e) != 0 || look_at_queries(s, x, e) != 0
               ? -1
               : 0;
}

/* Making a database again from the project alone. */
#include "flow/recover_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "data/dataset.h"
#include "flow/said.h"
#include "flow/steps.h"
#include "site/projected.h"

/* --- what is meant ---------------------------------------------------------------------------------- */

static bool on_bytes(void *ctx, int64_t done, int64_t size)
{
    (void)done;
    (void)size;
    return ear_stops(ctx) != ERR_NONE;
}

static void check_sources(const struct site *s, const struct projection *p, struct err_list *faults)
{
    struct dataset_place place = site_place(s->a, s->project);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *from = &p->source[i];
        struct dataset *d = NULL;
        int rc = dataset_find(&place, from->dataset, from->version, &d, faults);
        if (rc == 0) {
            (void)!dataset_verify(&place, d, from->asset, on_bytes, (void *)(uintptr_t)&s->ear,
                                  faults);
        } else if (rc == 1) {
            err_list_addf(faults, ERR_PREFLIGHT, p->file.path, from->line, from->col,
                          "`kfmig dataset list` shows the versions that are there",
                          "there is no dataset version %s of %s beneath the data roots",
                          from->version, from->dataset);
        }
    }
}

int recover_check_inputs(const struct site *s, const struct meant *m, struct err *e)
{
    struct err_list faults = {0};
    size_t n = 0;
    if (said_check(s->o.said, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->project->n_projection && ear_stops(&s->ear) == ERR_NONE; i++) {
        if (meant_in_database(m, s->env, &s->project->projection[i])) {
            check_sources(s, &s->project->projection[i], &faults);
            n++;
        }
    }
    size_t n_faults = faults.n;
    if (n_faults > 0) {
        tell_faults(&s->ear, &faults);
    }
    err_list_release(&faults);
    if (ear_stops(&s->ear) != ERR_NONE) {
        return err_set(e, ear_stops(&s->ear), "interrupted");
    }
    if (n_faults > 0) {
        err_set(e, ERR_PREFLIGHT, "%zu fault%s in what projections are made from", n_faults,
                n_faults == 1 ? "" : "s");
        return err_hint(e, "nothing was written; `kfmig dataset verify` checks all versions");
    }
    if (n > 0 || (m->all && s->o.dbname == NULL && s->project->n_projection == 0)) {
        return 0; /* a project without projections is made of its migrations */
    }
    err_set(e, ERR_CONFIG, "no projection of %s is meant", s->env->name);
    return err_hint(e, "`kfmig dataset list` shows the versions; --all means every projection");
}

/* --- making it -------------------------------------------------------------------------------------- */

static bool wants(void *ctx, const struct step *x)
{
    const struct recovery *r = ctx;
    return meant_in_database(r->meant, r->s->env, x->in->p);
}

static struct rebuilt *rebuilt_of(struct recovery *r, const struct projection *p)
{
    for (size_t i = 0; i < r->n_rebuilt; i++) {
        if (r->rebuilt[i].p == p) {
            return &r->rebuilt[i];
        }
    }
    BUG("a projection that is not meant");
}

static void end_prerequisites(struct recovery *r)
{
    if (r->prerequisites_ms < 0) {
        r->prerequisites_ms = clock_ms() - r->started_ms - r->database_ms;
    }
}

static void before(void *ctx, const struct step *x, struct projection_job *job)
{
    struct recovery *r = ctx;
    const struct lost_content *c = lost_content_of(&r->lost, x->in);
    end_prerequisites(r);
    job->known = c != NULL ? &c->known : NULL;
}

static void after(void *ctx, const struct step *x, const struct outcome *o)
{
    struct recovery *r = ctx;
    struct rebuilt *b = rebuilt_of(r, x->in->p);
    b->ms = o->elapsed_ms;
    b->sequence = o->sequence;
}

/* The gates are build's: what is blocked there is blocked here. Projections that are not meant do not
 * matter. */
static int refuse_blocked(const struct recovery *r, struct err *e)
{
    const struct site *s = r->s;
    size_t n = 0;
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct step *x = &s->plan.v[i];
        n += x->state == STATE_BLOCKED && x->bundle->projection == NULL;
    }
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *x = &s->plan.projections[i];
        n += x->state == STATE_BLOCKED && meant_in_database(r->meant, s->env, x->in->p);
    }
    if (n == 0) {
        return 0;
    }
    tell(&s->ear, &(struct tell){.kind = TELL_BLOCKED, .n = n, .plan = &s->plan});
    err_set(e, ERR_PREFLIGHT, "%zu target%s blocked; nothing was run", n, n == 1 ? " is" : "s are");
    return err_hint(e, "`kfmig why TARGET` explains");
}

static void list_meant(struct recovery *r)
{
    struct site *s = r->s;
    r->rebuilt = ARENA_ARRAY(s->a, struct rebuilt, s->plan.n_projections + 1);
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection_input *in = s->plan.projections[i].in;
        if (meant_in_database(r->meant, s->env, in->p)) {
            r->rebuilt[r->n_rebuilt++] = (struct rebuilt){
                .p = in->p, .generation = in->digest, .lost = lost_content_of(&r->lost, in)};
        }
    }
}

/* A recovery that was interrupted goes on with what its ledger cites, not with what is found now. A drill has
 * looked before. */
static int find_lost(struct recovery *r, struct err *e)
{
    struct site *s = r->s;
    struct checkpoint cited;
    if (s->o.dbname != NULL) {
        r->cites = r->lost.last;
        return 0;
    }
    if (site_cited(s, &r->is_resumed, &cited, e) != 0 ||
        lost_find(s, r->is_resumed ? &cited : NULL, &r->lost, e) != 0) {
        return -1;
    }
    r->cites = r->lost.last;
    return 0;
}

static int find_contents(struct recovery *r, struct err *e)
{
    const struct site *s = r->s;
    struct generations all = {0};
    if (ledger_generations(s->pg, s->a, &all, e) != 0) {
        return -1;
    }
    for (size_t k = 0; k < r->n_rebuilt; k++) {
        const struct generation *live = generations_live(&all, r->rebuilt[k].p->name);
        if (live != NULL) {
            r->rebuilt[k].content = live->content;
        }
    }
    return 0;
}

static bool in_projection(const struct site *s, const char *schema)
{
    for (size_t i = 0; i < s->project->n_projection; i++) {
        const char *own = s->project->projection[i].schema;
        size_t n = strlen(own);
        if (strncmp(schema, own, n) == 0 &&
            (schema[n] == '\0' || strncmp(schema + n, "__g", 3) == 0)) {
            return true;
        }
    }
    return false;
}

void recover_count(struct site *s, struct table_rows **out, size_t *n)
{
    *out = ARENA_ARRAY(s->a, struct table_rows, s->catalog.n + 1);
    *n = 0;
    for (size_t i = 0; i < s->catalog.n; i++) {
        const struct object *o = &s->catalog.v[i]->object;
        struct err ignored = {0};
        struct pg_rows *rows = NULL;
        if (o->kind != OBJ_TABLE || in_projection(s, o->schema)) {
            continue;
        }
        const char *sql = arena_printf(s->a, "SELECT count(*) FROM %s.%s",
                                       pg_ident(s->a, o->schema), pg_ident(s->a, o->name));
        bool good = pg_run(s->pg, sql, NULL, 0, &rows, &ignored) == 0;
        (*out)[(*n)++] = (struct table_rows){s->catalog.v[i]->text, good ? pg_int(rows, 0, 0) : -1};
        pg_rows_free(rows);
    }
}

static int by_text(const void *text, const void *table)
{
    return strcmp(text, ((const struct table_rows *)table)->text);
}

int64_t recover_rows(const struct table_rows *v, size_t n, const char *text, int64_t otherwise)
{
    const struct table_rows *found = n > 0 ? bsearch(text, v, n, sizeof *v, by_text) : NULL;
    return found != NULL ? found->rows : otherwise;
}

/* An ordinary build may have come first since the database was looked at: its ledger cites nothing. */
static int check_begun(struct site *s, struct err *e)
{
    struct checkpoint cited;
    bool is_recovery = false;
    if (site_cited(s, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    return is_recovery
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "another run has made a ledger in the database of \"%s\" meanwhile",
                         s->env->name);
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    struct recovery *r = ctx;
    if (check_begun(w->site, e) != 0) {
        return -1;
    }
    w->total = w->site->plan.n_apply + r->n_rebuilt;
    steps_run(&(struct steps){.w = w, .wants = wants, .before = before, .after = after, .ctx = r});
    return 0;
}

void recover_tell_cites(const struct site *s, const struct lost *l)
{
    struct buf places = {0};
    if (l->last.sequence == 0) {
        tell_note(&s->ear, "no checkpoint of an earlier ledger was found (sink, exported receipts, "
                           "cache): the new ledger cites none");
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        if (l->last.found_in[i] != NULL) {
            buf_printf(&places, "%s%s", places.n > 0 ? ", " : "", l->last.found_in[i]);
        }
    }
    tell_note(&s->ear, "cites entry %lld of ledger %s (%s)", (long long)l->last.sequence,
              l->last.instance, buf_str(&places));
    buf_release(&places);
}

/* What there is to plan with: where the new ledger is not begun yet, it will cite something. */
static int prepare(struct recovery *r, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    struct site *s = r->s;
    s->o.cites = &unknown;
    if (site_plan(s, true, e) != 0 || find_lost(r, e) != 0 || refuse_blocked(r, e) != 0 ||
        writing_may(s, e) != 0) {
        return -1;
    }
    list_meant(r);
    recover_tell_cites(s, &r->lost);
    s->o.cites = &r->cites;
    return 0;
}

int recover_make(struct recovery *r, int64_t lock_wait_ms, struct err *e)
{
    struct site *s = r->s;
    const struct writing_order order = {.done = "made",
                                        .is_unheld = true,
                                        .hint = "add --apply",
                                        .is_confirmed = true,
                                        .baseline = writing_found,
                                        .lock_wait_ms = lock_wait_ms,
                                        .work = work,
                                        .ctx = r};
    r->prerequisites_ms = -1;
    if (prepare(r, e) != 0 || writing(s, &order, r->result, e) != 0) {
        return -1;
    }
    end_prerequisites(r);
    if (ear_stops(&s->ear) != ERR_NONE) {
        return err_set(e, ear_stops(&s->ear), "interrupted; the same command goes on");
    }
    r->total_ms = clock_ms() - r->started_ms;
    if (r->result->worst != ERR_NONE) {
        return 0;
    }
    if (find_contents(r, e) != 0 || site_look(s, e) != 0) {
        return -1;
    }
    recover_count(s, &r->tables, &r->n_tables);
    r->total_ms = clock_ms() - r->started_ms;
    return 0;
}

/* Making a lost database again. */
#include "cli/recovery.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/archive.h"
#include "cli/database.h"
#include "cli/projections.h"

/* --- what is meant ---------------------------------------------------------------------------------- */

static bool uses(const struct projection *p, const char *version)
{
    for (size_t i = 0; i < p->n_sources; i++) {
        if (strcmp(p->source[i].version, version) == 0) {
            return true;
        }
    }
    return false;
}

bool recovery_means(const struct request *req, const struct env *env, const struct projection *p)
{
    return (!p->has_environments || names_have(&p->environments, env->name)) &&
           env->store[p->store] &&
           (req->projection == NULL || strcmp(req->projection, p->name) == 0) &&
           (req->all || uses(p, req->dataset_version));
}

static bool on_bytes(void *ctx, int64_t done, int64_t size)
{
    (void)done;
    (void)size;
    return ear_stops(ctx) != ERR_NONE;
}

static void check_sources(struct session *s, const struct projection *p, struct err_list *faults)
{
    struct dataset_place place = projections_place(s);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *from = &p->source[i];
        struct dataset *d = NULL;
        int rc = dataset_find(&place, from->dataset, from->version, &d, faults);
        if (rc == 0) {
            (void)!dataset_verify(&place, d, from->asset, on_bytes, &s->ear, faults);
        } else if (rc == 1) {
            err_list_addf(faults, ERR_PREFLIGHT, p->file.path, from->line, from->col,
                          "`kfmig dataset list` shows the versions that are there",
                          "there is no dataset version %s of %s beneath the data roots",
                          from->version, from->dataset);
        }
    }
}

int recovery_check_inputs(struct session *s, const struct env *env, struct err *e)
{
    struct err_list faults = {0};
    size_t n = 0;
    for (size_t i = 0; i < s->project.n_projection && ear_stops(&s->ear) == ERR_NONE; i++) {
        if (recovery_means(s->req, env, &s->project.projection[i])) {
            check_sources(s, &s->project.projection[i], &faults);
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
    if (n > 0) {
        return 0;
    }
    err_set(e, ERR_CONFIG, "no projection of %s is meant", env->name);
    return err_hint(e, "`kfmig dataset list` shows the versions; --all means every projection");
}

/* --- making it -------------------------------------------------------------------------------------- */

static bool wants(void *ctx, const struct step *x)
{
    const struct recovery *r = ctx;
    return recovery_means(r->s->req, r->s->link.env, x->in->p);
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

static void before(void *ctx, const struct step *x, struct projection_job *job)
{
    struct recovery *r = ctx;
    const struct lost_content *c = lost_content_of(&r->lost, x->in);
    if (r->prerequisites_ms < 0) {
        r->prerequisites_ms = clock_ms() - r->started_ms - r->database_ms;
    }
    job->known = c != NULL ? &c->known : NULL;
}

static void after(void *ctx, const struct step *x, const struct outcome *o)
{
    struct recovery *r = ctx;
    struct rebuilt *b = rebuilt_of(r, x->in->p);
    b->ms = o->elapsed_ms;
    b->sequence = o->sequence;
}

/* The gates are build's: what is blocked there is blocked here. Projections that are not meant do not matter. */
static int refuse_blocked(struct session *s, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct step *x = &s->plan.v[i];
        n += x->state == STATE_BLOCKED && x->bundle->projection == NULL;
    }
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct step *x = &s->plan.projections[i];
        n += x->state == STATE_BLOCKED && recovery_means(s->req, s->link.env, x->in->p);
    }
    if (n == 0) {
        return 0;
    }
    steps_print_blocked(s);
    err_set(e, ERR_PREFLIGHT, "%zu target%s blocked; nothing was run", n, n == 1 ? " is" : "s are");
    return err_hint(e, "`kfmig why TARGET` explains");
}

static void list_meant(struct recovery *r)
{
    struct session *s = r->s;
    r->rebuilt = ARENA_ARRAY(s->a, struct rebuilt, s->plan.n_projections + 1);
    for (size_t i = 0; i < s->plan.n_projections; i++) {
        const struct projection_input *in = s->plan.projections[i].in;
        if (recovery_means(s->req, s->link.env, in->p)) {
            r->rebuilt[r->n_rebuilt++] = (struct rebuilt){
                .p = in->p, .generation = in->digest, .lost = lost_content_of(&r->lost, in)};
        }
    }
}

/* A recovery that was interrupted goes on with what its ledger cites, not with what is found now. A drill has looked before. */
static int find_lost(struct session *s, struct recovery *r, struct err *e)
{
    struct checkpoint cited;
    if (s->dbname != NULL) {
        r->cites = r->lost.last;
        return 0;
    }
    if (link_cited(s, &s->link, &r->is_resumed, &cited, e) != 0 ||
        lost_find(s, s->link.env, r->is_resumed ? &cited : NULL, &r->lost, e) != 0) {
        return -1;
    }
    r->cites = r->lost.last;
    return 0;
}

static int find_contents(struct session *s, struct recovery *r, struct err *e)
{
    struct generations all = {0};
    if (ledger_generations(s->link.pg, s->a, &all, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < all.n; i++) {
        for (size_t k = 0; k < r->n_rebuilt; k++) {
            if (all.v[i].state == GENERATION_LIVE &&
                strcmp(all.v[i].projection, r->rebuilt[k].p->name) == 0) {
                r->rebuilt[k].content = all.v[i].content;
            }
        }
    }
    return 0;
}

static bool in_projection(const struct session *s, const char *schema)
{
    for (size_t i = 0; i < s->project.n_projection; i++) {
        const char *own = s->project.projection[i].schema;
        size_t n = strlen(own);
        if (strncmp(schema, own, n) == 0 &&
            (schema[n] == '\0' || strncmp(schema + n, "__g", 3) == 0)) {
            return true;
        }
    }
    return false;
}

void recovery_count(struct session *s, struct link *l, struct table_rows **out, size_t *n)
{
    *out = ARENA_ARRAY(s->a, struct table_rows, l->catalog.n + 1);
    *n = 0;
    for (size_t i = 0; i < l->catalog.n; i++) {
        const struct object *o = &l->catalog.v[i]->object;
        struct err ignored = {0};
        struct pg_rows *rows = NULL;
        if (o->kind != OBJ_TABLE || in_projection(s, o->schema)) {
            continue;
        }
        const char *sql = arena_printf(s->a, "SELECT count(*) FROM %s.%s",
                                       pg_ident(s->a, o->schema), pg_ident(s->a, o->name));
        bool good = pg_run(l->pg, sql, NULL, 0, &rows, &ignored) == 0;
        (*out)[(*n)++] = (struct table_rows){l->catalog.v[i]->text, good ? pg_int(rows, 0, 0) : -1};
        pg_rows_free(rows);
    }
}

/* An ordinary build may have come first since the database was looked at: its ledger cites nothing. */
static int check_begun(struct session *s, struct err *e)
{
    struct checkpoint cited;
    bool is_recovery = false;
    if (link_cited(s, &s->link, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    return is_recovery
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "another run has made a ledger in the database of \"%s\" meanwhile",
                         s->link.env->name);
}

static int converge(struct session *s, struct recovery *r, struct err *e)
{
    struct work_frame w;
    struct err late = {0};
    s->cites = &r->cites;
    int rc = work_open(&w, s, work_found, e);
    rc = rc == 0 ? check_begun(s, e) : -1;
    if (rc == 0) {
        const struct steps all = {
            .w = &w, .t = &r->t, .wants = wants, .before = before, .after = after, .ctx = r};
        w.total = s->plan.n_apply + r->n_rebuilt;
        steps_run(&all);
    }
    work_close(&w);
    if (archive_deliver(s, &late) != 0) {
        tell_fault(&s->ear, &late);
        tally_worsen(&r->t, ERR_VALIDATE);
    }
    return rc;
}

int recovery_make(struct session *s, const struct env *env, struct recovery *r, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    r->s = s;
    r->prerequisites_ms = -1;
    s->cites = &unknown;
    if (session_plan(s, env, true, e) != 0 || find_lost(s, r, e) != 0 ||
        refuse_blocked(s, e) != 0 || steps_may_write(s, e) != 0) {
        return -1;
    }
    list_meant(r);
    recovery_cites(s, &r->lost);
    if (converge(s, r, e) != 0) {
        return -1;
    }
    r->prerequisites_ms = r->prerequisites_ms >= 0 ? r->prerequisites_ms
                                                   : clock_ms() - r->started_ms - r->database_ms;
    if (ear_stops(&s->ear) != ERR_NONE) {
        return err_set(e, ear_stops(&s->ear), "interrupted; the same command goes on");
    }
    if (r->t.worst != ERR_NONE) {
        r->total_ms = clock_ms() - r->started_ms;
        return 0;
    }
    if (find_contents(s, r, e) != 0 || link_look(s, &s->link, e) != 0) {
        return -1;
    }
    recovery_count(s, &s->link, &r->tables, &r->n_tables);
    r->total_ms = clock_ms() - r->started_ms;
    return 0;
}

/* --- the environment's own database ----------------------------------------------------------------- */

static int refuse_objects(struct session *s, struct err *e)
{
    struct link *l = &s->link;
    struct buf names = {0};
    size_t n = 0;
    for (size_t i = 0; i < l->catalog.n; i++) {
        if (!session_is_usual(&l->catalog.v[i]->object)) {
            if (n < 3) {
                buf_printf(&names, "%s%s", n > 0 ? ", " : "", l->catalog.v[i]->text);
            }
            n++;
        }
    }
    if (n > 0) {
        err_set(e, ERR_PREFLIGHT, "the database of \"%s\" is not empty: %s%s", l->env->name,
                buf_str(&names), n > 3 ? ", ..." : "");
        err_hint(e, "drop it, or give an empty one; `kfmig build %s` takes a database as it stands",
                 l->env->name);
    }
    buf_release(&names);
    return n > 0 ? -1 : 0;
}

/* What stands there must be nothing, or what an interrupted recovery has made. */
static int refuse_occupied(struct session *s, const struct env *env, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    struct link *l = &s->link;
    struct checkpoint cited;
    bool is_recovery = false;
    s->cites = &unknown;
    if (session_link_new(s, env, l, e) != 0 || link_cited(s, l, &is_recovery, &cited, e) != 0) {
        return -1;
    }
    int rc = 0;
    if (l->id.has_ledger && !is_recovery) {
        err_set(e, ERR_PREFLIGHT,
                "the database of \"%s\" is not lost: its ledger %s has %lld entr%s", env->name,
                l->id.uuid, (long long)l->id.size, l->id.size == 1 ? "y" : "ies");
        rc = err_hint(e, "`kfmig build %s` and `kfmig rebuild %s --all` work on it as it is",
                      env->name, env->name);
    } else if (!l->id.has_ledger) {
        rc = link_look(s, l, e) == 0 ? refuse_objects(s, e) : -1;
    }
    session_leave(s);
    return rc;
}

static int say_what(struct session *s, const struct env *env, const char *missing, struct err *e)
{
    struct lost lost;
    size_t n = 0;
    for (size_t i = 0; i < s->project.n_bundle; i++) {
        n += s->project.bundle[i].projection == NULL && s->project.bundle[i].store == STORE_POSTGIS;
    }
    if (lost_find(s, env, NULL, &lost, e) != 0) {
        return -1;
    }
    if (missing[0] != '\0') {
        tell_note(&s->ear, "would create the database %s", missing);
    }
    recovery_cites(s, &lost);
    tell_note(&s->ear, "would apply what is not applied of %zu migration%s outside of projections",
              n, n == 1 ? "" : "s");
    for (size_t i = 0; i < s->project.n_projection; i++) {
        if (recovery_means(s->req, env, &s->project.projection[i])) {
            tell_note(&s->ear, "would rebuild %s", s->project.projection[i].name);
        }
    }
    return 0;
}

int recovery_new_database(struct session *s, const struct env *env, struct recovery *r,
                          struct err *e)
{
    bool missing = false;
    const char *name = "";
    r->started_ms = clock_ms();
    if (recovery_check_inputs(s, env, e) != 0 || database_probe(s, env, &missing, &name, e) != 0 ||
        (!missing && refuse_occupied(s, env, e) != 0)) {
        return -1;
    }
    if (s->req->dry_run) {
        return say_what(s, env, name, e);
    }
    if (env->is_protected && !s->req->apply) {
        err_set(e, ERR_PREFLIGHT, "environment \"%s\" is protected: nothing was made", env->name);
        return err_hint(e, "add --apply; --dry-run says what would be done");
    }
    if (missing) {
        int64_t start = clock_ms();
        if (database_create(s, env, name, s->req->template_db, e) != 0) {
            return -1;
        }
        tell_note(&s->ear, "created the database %s", name);
        r->database_ms = clock_ms() - start;
    }
    return recovery_make(s, env, r, e);
}

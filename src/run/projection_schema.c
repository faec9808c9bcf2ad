/* The first phase: the chain in an empty schema of its own, and the proof that the artifacts fit it. */
#include <string.h>

#include "base/fault.h"
#include "run/gates.h"
#include "run/posture.h"
#include "run/projection_parts.h"
#include "run/record.h"

static bool makes_schema(const struct script *s, const char *schema)
{
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        for (size_t k = 0; k < st->touches.n; k++) {
            const struct touch *t = &st->touches.v[k];
            if (t->object.kind == OBJ_SCHEMA && t->effect == EFFECT_CREATE &&
                strcmp(t->object.name, schema) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Does a file of the chain make the schema itself? Then it must not be there before. */
bool chain_makes_schema(const struct making *m)
{
    for (size_t i = 0; i < m->chain.decl->forward.n; i++) {
        if (makes_schema(&m->chain.forward[i], m->p->schema)) {
            return true;
        }
    }
    return false;
}

/* A live schema that no generation accounts for: declared over what was there. It becomes one
 * without a digest. */
static int adopt_live(struct making *m, struct err *e)
{
    struct generation g = {.projection = m->p->name,
                           .schema = m->p->schema,
                           .state = GENERATION_LIVE,
                           .changed_at = ""};
    if (m->job->step->live != NULL) {
        m->live_number = m->job->step->live->number;
        return 0;
    }
    g.number = m->g.number++;
    g.facts = doc_new(m->r->a, DOC_MAP);
    m->live_number = g.number;
    return ledger_generation_put(making_session(m), &g, e);
}

int run_chain(struct making *m, const struct bundle *chain, struct err *e)
{
    struct pg *s = making_session(m);
    struct run judged = *m->r;
    struct world undrifted = *m->r->world;
    struct catalog base;
    undrifted.n_drift = 0;
    judged.base = &base;
    judged.world = &undrifted;
    struct execution x = {.run = m->r,
                          .bundle = chain,
                          .outcome = m->o,
                          .observer = observer_new(m->r->a, NULL),
                          .n_statements = execution_count(chain)};
    if (catalog_read(s, m->r->base->format, m->r->a, &base, e) != 0) {
        return -1;
    }
    observer_start_add(x.observer, s);
    if (pg_batch_run(s, NULL, e) != 0 || observer_start_done(x.observer, e) != 0 ||
        execution_scripts(&x, e) != 0) {
        return -1;
    }
    int64_t usual = pg_patience(s, execution_wait(&x).timeout_ms);
    int rc = observer_finish(x.observer, s, &base, &m->o->seen, e);
    (void)pg_patience(s, usual);
    if (rc != 0) {
        return m->o->seen.deferred_failed ? execution_blame_deferred(&x, e) : -1;
    }
    observer_end_add(s);
    if (pg_batch_run(s, NULL, e) != 0) {
        return -1;
    }
    gates_posture(&judged, chain, m->o);
    if (!gates_judge(&judged, chain, m->o)) {
        *e = m->o->failure;
        return -1;
    }
    return 0;
}

static int first_fault(struct err_list *faults, struct err *e)
{
    if (faults->n > 0) {
        *e = faults->v[0];
        if (faults->n > 1) {
            err_hint(e, "%zu more of this kind", faults->n - 1);
        }
    } else {
        err_set(e, ERR_INTERNAL, "a fault was not told");
    }
    err_list_release(faults);
    return -1;
}

int source_plan(struct making *m, size_t i, struct load **out, struct err *e)
{
    const struct projection_source *from = &m->p->source[i];
    const struct dataset *d = m->job->datasets[i];
    const struct dataset_file *file = dataset_artifact(d, from->asset);
    struct err_list faults = {0};
    struct column *columns = NULL;
    size_t n = 0;
    struct load_source *in = ARENA_NEW(m->r->a, struct load_source);
    if (file == NULL) {
        err_at(e, ERR_CONFIG, m->p->file.path, from->line, from->col,
               "dataset version %s has no asset \"%s\"", from->version, from->asset);
        return err_hint(e, "`kfmig dataset show %s` lists its assets", from->version);
    }
    *in = (struct load_source){.from = from,
                               .declared_in = m->p->file.path,
                               .dirfd = m->job->place->dirfd,
                               .path = file->path,
                               .srid = file->srid,
                               .evidence_ref = from->evidence_ref != NULL ? from->evidence_ref
                                                                          : d->evidence_ref};
    if (data_format_of(file->media_type, file->path, &in->format) != 0) {
        err_at(e, ERR_CONFIG, m->p->file.path, from->line, from->col,
               "no reader for asset \"%s\" (%s)", from->asset,
               file->media_type != NULL ? file->media_type : "no media type");
        return err_hint(e, "GeoJSON, newline-delimited JSON and CSV can be loaded");
    }
    int rc = load_columns(making_session(m), m->r->a, m->hidden, from->into, &columns, &n, NULL, e);
    if (rc == 1) {
        err_at(e, ERR_CONFIG, m->p->file.path, from->line, from->col,
               "the chain makes no table \"%s\" in schema %s", from->into, m->p->schema);
        return err_hint(e, "correct into, or add the migration that creates it");
    }
    if (rc != 0) {
        return -1;
    }
    *out = load_plan(m->r->a, in, columns, n, &faults);
    return *out != NULL ? 0 : first_fault(&faults, e);
}

static bool stop_bytes(void *ctx, int64_t done, int64_t size)
{
    return making_loads(ctx, 0, done, size);
}

enum { PARTIAL_NAMED = 4 };

/* One source being read: what its mapping finds in some records only. */
struct proving {
    struct making *m;
    struct loaded *l;
    struct buf partial;
};

static bool proving_loads(void *ctx, int64_t rows, int64_t done, int64_t size)
{
    const struct proving *p = ctx;
    return making_loads(p->m, rows, done, size);
}

static void proving_partial(void *ctx, const struct mapping *m, int64_t found, int64_t rows)
{
    struct proving *p = ctx;
    struct loaded *l = p->l;
    ARENA_GROW(p->m->r->a, l->partial, l->n_partial, l->cap_partial);
    l->partial[l->n_partial++] = (struct account_partial){m->column, found};
    if (l->n_partial <= PARTIAL_NAMED) {
        buf_printf(&p->partial, "%s%s %lld of %lld", l->n_partial > 1 ? ", " : "", m->column,
                   (long long)found, (long long)rows);
    }
}

/* A name that some records lack is no fault, but a record that lacks it may be one. */
static int prove_records(struct making *m, size_t i, const struct load *l, struct err *e)
{
    int64_t rows = 0;
    const struct projection_source *s = &m->p->source[i];
    struct proving p = {.m = m, .l = &m->loaded[i]};
    const struct load_watch watch = {proving_loads, proving_partial, &p};
    p.l->n_partial = 0;
    int rc = load_dry(l, &watch, &rows, e);
    if (rc == 0 && p.l->n_partial > 0) {
        const char *more =
            p.l->n_partial > PARTIAL_NAMED
                ? arena_printf(m->r->a, ", and %zu more", p.l->n_partial - PARTIAL_NAMED)
                : "";
        tell_note(m->r->ear,
                  "%s: not all records of %s/%s have what is mapped, NULL in the others: %s%s",
                  m->p->name, s->dataset, s->version, buf_str(&p.partial), more);
    }
    buf_release(&p.partial);
    return rc;
}

int prove_artifacts(struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->p->n_sources; i++) {
        struct err_list faults = {0};
        struct load *l = NULL;
        making_phase(m, arena_printf(m->r->a, "check %s", m->p->source[i].dataset));
        if (dataset_verify(m->job->place, m->job->datasets[i], m->p->source[i].asset, stop_bytes, m,
                           &faults) != 0) {
            return first_fault(&faults, e);
        }
        err_list_release(&faults);
        if (source_plan(m, i, &l, e) != 0 || prove_records(m, i, l, e) != 0) {
            return -1;
        }
    }
    return 0;
}

static int tables_of(struct making *m, struct names *out)
{
    *out = (struct names){0};
    for (size_t i = 0; i < m->p->n_sources; i++) {
        names_add(m->r->a, out, m->p->source[i].into);
    }
    return 0;
}

static int work(struct making *m, struct err *e)
{

    struct pg *s = making_session(m);
    struct arena *a = m->r->a;
    bool had_live = false;
    struct names tables;
    if (ledger_generation_next(s, m->p->name, &m->g.number, e) != 0 ||
        generation_aside(s, a, m->p->schema, !chain_makes_schema(m), &had_live, e) != 0) {
        return -1;
    }
    if (had_live && adopt_live(m, e) != 0) {
        return -1;
    }
    if (run_chain(m, &m->chain, e) != 0 ||
        generation_hide(s, a, m->p->schema, m->g.number, had_live, &m->acl, e) != 0 ||
        generation_schema(a, m->p->schema, m->g.number, &m->hidden, e) != 0 ||
        find_obstacles(m, e) != 0 || prove_artifacts(m, e) != 0) {
        return -1;
    }
    tables_of(m, &tables);
    if (generation_defer_indexes(s, a, m->hidden, &tables, &m->indexes, e) != 0) {
        return -1;
    }
    m->g.state = GENERATION_LOADING;
    return facts_put(m, e);
}

int make_schema(struct making *m, struct err *e)
{
    making_phase(m, "schema");
    if (making_begin(m, e) != 0 || work(m, e) != 0 || FAULT(GENERATION_SCHEMA)) {
        making_roll_back(m);
        return e->code != ERR_NONE || m->is_obstructed ? -1 : execution_injected(e);
    }
    return making_commit(m, e);
}

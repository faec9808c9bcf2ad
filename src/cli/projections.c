/* From declared projections to the plan's inputs, and from the plan to a run. */
#include "cli/projections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/output.h"
#include "cli/queries.h"
#include "cli/signals.h"
#include "load/generation_key.h"
#include "script/language.h"
#include "sql/srid.h"
#include "store/postgis/free_space.h"

struct dataset_place projections_place(struct session *s)
{
    return (struct dataset_place){.a = s->a,
                                  .dirfd = s->project.dirfd,
                                  .root = s->project.roots.v,
                                  .n_roots = s->project.roots.n};
}

/* --- generations ------------------------------------------------------------------------------------ */

static int read_generations(struct session *s, struct err *e)
{
    struct link *l = &s->link;
    l->generations = (struct generations){0};
    if (l->pg == NULL || !l->id.has_ledger || s->project.n_projection == 0) {
        return 0;
    }
    return ledger_generations(l->pg, s->a, &l->generations, e);
}

int projections_hide(struct session *s, struct link *l, struct err *e)
{
    if (s->project.n_projection == 0 || !l->id.has_ledger) {
        return 0;
    }
    if (ledger_generations(l->pg, s->a, &l->generations, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < l->generations.n; i++) {
        const struct generation *g = &l->generations.v[i];
        for (size_t k = 0; k < s->project.n_projection && g->state != GENERATION_LIVE; k++) {
            const struct projection *p = &s->project.projection[k];
            if (strcmp(p->name, g->projection) == 0) {
                catalog_leave_out(&l->catalog,
                                  arena_printf(s->a, "%s__g%lld", p->schema, (long long)g->number));
            }
        }
    }
    return 0;
}

/* --- the wanted generation -------------------------------------------------------------------------- */

static bool is_for(const struct projection *p, const struct env *env)
{
    return (!p->has_environments || names_have(&p->environments, env->name)) &&
           env->store[p->store];
}

/* Every chain, in the order of the walk. */
static void find_chains(struct session *s, const struct plan_order *order)
{
    struct table by_name = {.a = s->a};
    for (size_t i = 0; i < s->n_projected; i++) {
        table_puts(&by_name, s->projected[i].input.p->name, &s->projected[i]);
    }
    for (size_t i = 0; i < order->n; i++) {
        const struct ordered *o = &order->v[i];
        struct projected *x =
            o->bundle->projection != NULL ? table_gets(&by_name, o->bundle->projection) : NULL;
        if (x != NULL) {
            ARENA_GROW(s->a, x->chain, x->n_chain, x->cap_chain);
            x->chain[x->n_chain++] = &s->project.bundle[o->index];
        }
    }
}

static void find_datasets(struct session *s, struct projected *x)
{
    const struct projection *p = x->input.p;
    struct dataset_place place = projections_place(s);
    x->dataset = ARENA_ARRAY(s->a, const struct dataset *, p->n_sources + 1);
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *from = &p->source[i];
        struct dataset *d = NULL;
        int rc = dataset_find(&place, from->dataset, from->version, &d, &x->faults);
        x->dataset[i] = rc == 0 ? d : NULL;
        if (rc == 1) {
            err_list_addf(&x->faults, ERR_PREFLIGHT, p->file.path, from->line, from->col,
                          "`kfmig dataset list` shows the versions that are there",
                          "there is no dataset version %s of %s beneath the data roots",
                          from->version, from->dataset);
        }
    }
}

static bool find_facts(struct session *s, struct projected *x, struct source_facts *facts)
{
    static const char *const formats[] = {"geojson", "ndjson", "csv"};
    const struct projection *p = x->input.p;
    bool good = true;
    for (size_t i = 0; i < p->n_sources; i++) {
        const struct projection_source *from = &p->source[i];
        enum data_format format = FORMAT_GEOJSON;
        if (x->dataset[i] == NULL) {
            good = false;
            continue;
        }
        const struct dataset_file *f = dataset_artifact(x->dataset[i], from->asset);
        if (f == NULL || data_format_of(f->media_type, f->path, &format) != 0) {
            err_list_addf(
                &x->faults, ERR_CONFIG, p->file.path, from->line, from->col,
                arena_printf(s->a, "`kfmig dataset show %s` lists its assets", from->version),
                f == NULL ? "dataset version %s has no asset \"%s\""
                          : "dataset version %s: no reader for asset \"%s\"",
                from->version, from->asset);
            good = false;
            continue;
        }
        facts[i] = (struct source_facts){.artifact = f->digest,
                                         .srid = f->srid,
                                         .format = formats[format],
                                         .evidence_ref = from->evidence_ref != NULL
                                                             ? from->evidence_ref
                                                             : x->dataset[i]->evidence_ref};
        x->input.artifact_bytes += f->size;
    }
    return good;
}

static bool has_other_srid(const struct source_facts *facts, size_t n, int srid)
{
    for (size_t i = 0; i < n; i++) {
        if (facts[i].srid != 0 && facts[i].srid != srid) {
            return true;
        }
    }
    return false;
}

/* The tables may not stand yet: what counts is what the text declares. Where the parser does not know it, it might. */
static bool declares_other_srid(struct arena *a, struct bytes text,
                                const struct source_facts *facts, size_t n)
{
    struct srids declared;
    srids_of(a, text, &declared);
    bool yes = !declared.is_complete;
    for (size_t i = 0; i < declared.n; i++) {
        yes |= has_other_srid(facts, n, declared.v[i]);
    }
    return yes;
}

/* Does a column of the chain have another SRID than a source? */
static bool transforms(struct session *s, const struct projected *x,
                       const struct source_facts *facts)
{
    struct err ignored = {0};
    for (size_t i = 0; i < x->n_chain; i++) {
        struct bundle *b = x->chain[i];
        if (load_decl(&s->project, b, &ignored) != 0) {
            continue;
        }
        for (size_t k = 0; k < b->decl->forward.n; k++) {
            if (declares_other_srid(s->a, b->decl->forward.v[k].bytes, facts,
                                    x->input.p->n_sources)) {
                return true;
            }
        }
    }
    return false;
}

static const char *proj_version(struct session *s)
{
    struct pg_rows *r = NULL;
    struct err ignored = {0};
    const char *version = "";
    if (s->link.pg != NULL && pg_query(s->link.pg, &cli_proj_schema, NULL, 0, &r, &ignored) == 0 &&
        pg_rows_n(r) == 1) {
        const char *sql = arena_printf(s->a, "SELECT %s.postgis_proj_version()",
                                       pg_ident(s->a, pg_text(r, 0, 0)));
        struct pg_rows *v = NULL;
        if (pg_run(s->link.pg, sql, NULL, 0, &v, &ignored) == 0 && pg_rows_n(v) == 1) {
            version = arena_strdup(s->a, pg_text(v, 0, 0));
        }
        pg_rows_free(v);
    }
    pg_rows_free(r);
    return version;
}

static void find_digest(struct session *s, struct projected *x)
{
    const struct projection *p = x->input.p;
    struct source_facts *facts = ARENA_ARRAY(s->a, struct source_facts, p->n_sources + 1);
    find_datasets(s, x);
    if (!find_facts(s, x, facts)) {
        return;
    }
    const char *proj = transforms(s, x, facts) ? proj_version(s) : NULL;
    struct err e = {0};
    if (generation_key(s->a, p, (const struct bundle *const *)x->chain, x->n_chain, facts, proj,
                       &x->input.parts, &x->input.digest, &e) != 0) {
        err_list_add(&x->faults, &e);
    }
}

/* --- the chain -------------------------------------------------------------------------------------- */

static bool changes_rows(const struct statement *st)
{
    static const char *const tags[] = {"UPDATE", "DELETE", "MERGE", "CREATE TABLE AS",
                                       "SELECT INTO"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        if (strcmp(st->tag, tags[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int parse_chain(struct session *s, struct projected *x, struct err *e)
{
    err_list_release(&x->script_faults);
    for (size_t i = 0; i < x->n_chain; i++) {
        if (load_decl(&s->project, x->chain[i], e) != 0) {
            return -1;
        }
        plan_scripts(s->a, x->chain[i]);
        plan_script_faults(x->chain[i], &x->script_faults);
    }
    x->input.script_faults = &x->script_faults;
    return 0;
}

static bool has_dml(const struct script *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (changes_rows(&s->v[i])) {
            return true;
        }
    }
    return false;
}

/* A file that changes rows finds none in an empty schema: it would silently do nothing. */
static const char *find_dml(const struct projected *x)
{
    for (size_t i = 0; i < x->n_chain; i++) {
        const struct bundle *b = x->chain[i];
        for (size_t k = 0; k < b->decl->forward.n && !b->after_load; k++) {
            if (has_dml(&b->forward[k])) {
                return b->decl->forward.v[k].path;
            }
        }
    }
    return NULL;
}

static bool has_live(const struct projection_input *in)
{
    for (size_t i = 0; i < in->n; i++) {
        if (in->v[i].state == GENERATION_LIVE && digest_eq(&in->v[i].digest, &in->digest)) {
            return true;
        }
    }
    return false;
}

static bool schema_stands(const struct session *s, const struct projection *p)
{
    const char *text = arena_printf(s->a, "schema %s", p->schema);
    for (size_t i = 0; i < s->link.sum.n; i++) {
        if (strcmp(s->link.sum.v[i].object, text) == 0) {
            return true;
        }
    }
    return s->link.has_catalog && table_gets(&s->link.catalog.by_text, text) != NULL;
}

static int look_at(struct session *s, struct projected *x, struct err *e)
{
    const struct generations *all = &s->link.generations;
    const struct projection *p = x->input.p;
    struct generation *v = ARENA_ARRAY(s->a, struct generation, all->n + 1);
    x->input.faults = &x->faults;
    x->input.v = v;
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->v[i].projection, p->name) == 0) {
            v[x->input.n++] = all->v[i];
        }
    }
    if (!is_for(p, s->link.env)) {
        return 0;
    }
    x->input.free_bytes = -1;
    x->input.has_schema = schema_stands(s, p);
    find_digest(s, x);
    if (has_live(&x->input)) {
        return 0;
    }
    if (parse_chain(s, x, e) != 0) {
        return -1;
    }
    x->input.has_dml = find_dml(x);
    x->input.free_bytes = s->link.pg != NULL ? space_free(s->link.pg) : -1;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct projected *)a)->input.p->name,
                  ((const struct projected *)b)->input.p->name);
}

int projections_look(struct session *s, const struct plan_order *order, struct err *e)
{
    size_t n = s->project.n_projection;
    projections_release(s);
    s->projected = ARENA_ARRAY(s->a, struct projected, n + 1);
    struct projection_input *inputs = ARENA_ARRAY(s->a, struct projection_input, n + 1);
    if (read_generations(s, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        s->projected[i].input.p = &s->project.projection[i];
    }
    qsort(s->projected, n, sizeof *s->projected, by_name);
    s->n_projected = n;
    find_chains(s, order);
    for (size_t i = 0; i < n; i++) {
        if (look_at(s, &s->projected[i], e) != 0) {
            return -1;
        }
        inputs[i] = s->projected[i].input;
    }
    s->input.projections = inputs;
    s->input.n_projections = n;
    return 0;
}

void projections_release(struct session *s)
{
    for (size_t i = 0; i < s->n_projected; i++) {
        err_list_release(&s->projected[i].faults);
        err_list_release(&s->projected[i].script_faults);
    }
    s->n_projected = 0;
}

/* --- in place --------------------------------------------------------------------------------------- */

static const struct step *chain_of(const struct session *s, const struct step *step)
{
    int at = step->bundle->projection != NULL
                 ? plan_find_projection(&s->plan, step->bundle->projection)
                 : -1;
    return at >= 0 ? &s->plan.projections[at] : NULL;
}

static struct projected *projected_of(const struct session *s, const struct projection *p)
{
    for (size_t i = 0; i < s->n_projected; i++) {
        if (s->projected[i].input.p == p) {
            return &s->projected[i];
        }
    }
    BUG("a projection that was not looked at");
}

/* What was proven about structure and numbers of rows is not said of it any more. */
static struct doc *grown_facts(struct arena *a, const struct doc *was)
{
    struct doc *facts = doc_new(a, DOC_MAP);
    for (size_t i = 0; i < doc_len(was); i++) {
        const char *key = was->key[i]->text.p;
        if (strcmp(key, "structure") != 0 && strcmp(key, "tables") != 0) {
            doc_put(a, facts, key, was->item[i]);
        }
    }
    return facts;
}

bool projections_grown(struct session *s, const struct step *step, struct generation *out)
{
    const struct step *x = chain_of(s, step);
    if (x == NULL || x->live == NULL) {
        return false;
    }
    const struct generation *grown = projected_of(s, x->in->p)->grown;
    const struct generation *live = grown != NULL ? grown : x->live;
    const struct parts *wanted = &x->in->parts;
    const struct part *added = parts_migration(wanted, step->bundle->id);
    *out = *live;
    out->parts = (struct parts){0};
    for (size_t i = 0; i < wanted->n; i++) {
        if (&wanted->v[i] == added || parts_find(&live->parts, &wanted->v[i]) != NULL) {
            parts_add(s->a, &out->parts, wanted->v[i]);
        }
    }
    out->digest = parts_digest(&out->parts);
    out->facts = grown_facts(s->a, live->facts);
    return true;
}

void projections_remember(struct session *s, const struct step *step, const struct generation *now)
{
    const struct step *x = chain_of(s, step);
    if (x != NULL) {
        projected_of(s, x->in->p)->grown = arena_dup(s->a, now, sizeof *now);
    }
}

/* --- running ---------------------------------------------------------------------------------------- */

static struct script *parse_invariants(struct session *s, const struct projection *p, struct err *e)
{
    struct script *v = ARENA_ARRAY(s->a, struct script, p->invariants.n + 1);
    for (size_t i = 0; i < p->invariants.n; i++) {
        const struct artifact *f = &p->invariants.v[i];
        if (language_parse(s->a, f->path, f->bytes, &v[i], e) != 0) {
            return NULL;
        }
        for (size_t k = 0; k < v[i].n; k++) {
            if (strcmp(v[i].v[k].tag, "SELECT") != 0) {
                err_at(e, ERR_CONFIG, f->path, v[i].v[k].line, v[i].v[k].col,
                       "an invariant is a query that must return no row, not %s",
                       v[i].v[k].tag[0] != '\0' ? v[i].v[k].tag : "this");
                err_hint(e, "write SELECT ...");
                return NULL;
            }
        }
    }
    return v;
}

int projections_job(struct session *s, const struct step *step, struct projection_job *job,
                    struct err *e)
{
    struct projected *x = projected_of(s, step->in->p);
    struct dataset_place *place = ARENA_NEW(s->a, struct dataset_place);
    *place = projections_place(s);
    *job = (struct projection_job){.step = step,
                                   .datasets = x->dataset,
                                   .place = place,
                                   .chain = x->chain,
                                   .n_chain = x->n_chain};
    if (parse_chain(s, x, e) != 0) {
        return -1;
    }
    if (x->script_faults.n > 0) {
        *e = x->script_faults.v[0];
        return -1;
    }
    job->invariants = parse_invariants(s, x->input.p, e);
    return job->invariants != NULL ? 0 : -1;
}

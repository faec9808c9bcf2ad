/* From declared projections to the plan's inputs. */
#include "site/projected.h"

#include <stdlib.h>
#include <string.h>

#include "load/generation_key.h"
#include "script/language.h"
#include "site/tiling.h"
#include "sql/script.h"
#include "sql/srid.h"
#include "store/postgis/database.h"
#include "store/postgis/free_space.h"

struct dataset_place site_place(struct arena *a, const struct project *p)
{
    return (struct dataset_place){
        .a = a, .dirfd = p->dirfd, .root = p->roots.v, .n_roots = p->roots.n};
}

static bool is_for(const struct projection *p, const struct env *env)
{
    return (!p->has_environments || names_have(&p->environments, env->name)) &&
           env->store[p->store];
}

/* Every chain, in the order of the walk. */
static void find_chains(struct site *s, const struct plan_order *order)
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
            x->chain[x->n_chain++] = &s->project->bundle[o->index];
        }
    }
}

static void find_datasets(struct site *s, struct projected *x)
{
    const struct projection *p = x->input.p;
    struct dataset_place place = site_place(s->a, s->project);
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

static bool find_facts(struct site *s, struct projected *x, struct source_facts *facts)
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

/* The tables may not stand yet: what counts is what the text declares. Where the parser does not know it, it
 * might. */
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
static bool transforms(struct site *s, const struct projected *x, const struct source_facts *facts)
{
    struct err ignored = {0};
    for (size_t i = 0; i < x->n_chain; i++) {
        struct bundle *b = x->chain[i];
        if (load_decl(s->project, b, &ignored) != 0) {
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

/* A declaration that cannot be read says not whether it belongs to the chain. */
static bool find_illegible(const struct site *s, struct projected *x)
{
    size_t before = x->faults.n;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        if (b->is_illegible && store_can(b->store, STORE_HOLDS_LEDGER)) {
            err_list_add(&x->faults, &b->faults[0]);
        }
    }
    return x->faults.n > before;
}

static void find_digest(struct site *s, struct projected *x)
{
    const struct projection *p = x->input.p;
    struct source_facts *facts = ARENA_ARRAY(s->a, struct source_facts, p->n_sources + 1);
    find_datasets(s, x);
    if (!find_facts(s, x, facts) || find_illegible(s, x)) {
        return;
    }
    const char *proj = NULL;
    if (transforms(s, x, facts)) {
        proj = s->pg != NULL ? postgis_proj_version(s->pg, s->a) : "";
    }
    struct err e = {0};
    if (generation_parts(s->a, p, (const struct bundle *const *)x->chain, x->n_chain, facts, proj,
                         &x->input.parts, &e) != 0) {
        err_list_add(&x->faults, &e);
        return;
    }
    x->input.digest = parts_digest(&x->input.parts);
}

int projected_parse(struct site *s, struct projected *x, struct err *e)
{
    err_list_release(&x->script_faults);
    for (size_t i = 0; i < x->n_chain; i++) {
        if (load_decl(s->project, x->chain[i], e) != 0) {
            return -1;
        }
        plan_scripts(s->a, x->chain[i]);
        plan_script_faults(x->chain[i], &x->script_faults);
    }
    x->input.script_faults = &x->script_faults;
    return 0;
}

/* A file that changes rows finds none in an empty schema: it would silently do nothing. */
static const char *find_dml(const struct projected *x)
{
    for (size_t i = 0; i < x->n_chain; i++) {
        const struct bundle *b = x->chain[i];
        for (size_t k = 0; k < b->decl->forward.n && !b->after_load; k++) {
            if (script_changes_rows(&b->forward[k])) {
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

static bool schema_stands(const struct site *s, const struct projection *p)
{
    const char *text = arena_printf(s->a, "schema %s", p->schema);
    return object_rows_find(&s->sum, text) != NULL ||
           (s->has_catalog && table_gets(&s->catalog.by_text, text) != NULL);
}

/* They stand side by side. */
static void find_generations(const struct site *s, struct projection_input *in)
{
    const struct generations *all = &s->generations;
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->v[i].projection, in->p->name) == 0) {
            in->v = in->n++ == 0 ? &all->v[i] : in->v;
        }
    }
}

static int look_at(struct site *s, struct projected *x, struct err *e)
{
    const struct projection *p = x->input.p;
    x->input.faults = &x->faults;
    find_generations(s, &x->input);
    if (p->is_absent || !is_for(p, s->env)) {
        return 0;
    }
    if (p->tiling != NULL) {
        if (s->o.dbname == NULL && s->o.cites == NULL) {
            tiling_look(s, x); /* a database that is made anew has no files */
        }
        return 0;
    }
    x->input.free_bytes = -1;
    x->input.has_schema = schema_stands(s, p);
    find_digest(s, x);
    if (has_live(&x->input)) {
        return 0;
    }
    if (projected_parse(s, x, e) != 0) {
        return -1;
    }
    x->input.has_dml = find_dml(x);
    x->input.free_bytes = s->pg != NULL ? space_free(s->pg) : -1;
    return 0;
}

/* What is made from another one stands behind it. */
static int by_order(const void *a, const void *b)
{
    const struct projection *x = ((const struct projected *)a)->input.p;
    const struct projection *y = ((const struct projected *)b)->input.p;
    int d = (x->tiling != NULL) - (y->tiling != NULL);
    return d != 0 ? d : strcmp(x->name, y->name);
}

int projected_look(struct site *s, const struct plan_order *order, struct err *e)
{
    size_t n_declared = s->project->n_projection;
    size_t n = n_declared + s->n_undeclared;
    projected_release(s);
    s->projected = ARENA_ARRAY(s->a, struct projected, n + 1);
    struct projection_input *inputs = ARENA_ARRAY(s->a, struct projection_input, n + 1);
    for (size_t i = 0; i < n; i++) {
        s->projected[i].input.p =
            i < n_declared ? &s->project->projection[i] : &s->undeclared[i - n_declared];
    }
    qsort(s->projected, n, sizeof *s->projected, by_order);
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

void projected_release(struct site *s)
{
    for (size_t i = 0; i < s->n_projected; i++) {
        err_list_release(&s->projected[i].faults);
        err_list_release(&s->projected[i].script_faults);
    }
    s->n_projected = 0;
}

struct projected *projected_of(const struct site *s, const struct projection *p)
{
    for (size_t i = 0; i < s->n_projected; i++) {
        if (s->projected[i].input.p == p) {
            return &s->projected[i];
        }
    }
    BUG("a projection that was not looked at");
}

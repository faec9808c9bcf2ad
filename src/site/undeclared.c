/* Projections that the ledger knows and the project does not declare. */
#include "site/undeclared.h"

#include <string.h>

#include "load/projections.h"

static const struct projection *declared(const struct site *s, const char *name)
{
    for (size_t i = 0; i < s->project->n_projection; i++) {
        if (strcmp(s->project->projection[i].name, name) == 0) {
            return &s->project->projection[i];
        }
    }
    return NULL;
}

/* --- whose schema ----------------------------------------------------------------------------------- */

/* A chain's migrations reach nowhere but into its schema. */
static const char *schema_of_members(const struct site *s, const struct generation *g)
{
    for (size_t i = 0; i < g->parts.n; i++) {
        const struct bundle *b = g->parts.v[i].kind == PART_MIGRATION
                                     ? table_gets(&s->project->by_id, g->parts.v[i].id)
                                     : NULL;
        if (b != NULL && b->schemas.n == 1) {
            return b->schemas.v[0];
        }
    }
    return NULL;
}

static int schema_of_receipt(const struct site *s, const char *projection, const char **out,
                             struct err *e)
{
    struct doc *receipt = NULL;
    if (site_receipt(s, projection, &receipt, e) != 0) {
        return -1;
    }
    *out = doc_str(doc_find(receipt, "claim.projection"), "schema", NULL);
    return 0;
}

static int find_schema(struct site *s, struct generation *g, struct err *e)
{
    const struct projection *p = declared(s, g->projection);
    g->schema = p != NULL ? p->schema : schema_of_members(s, g);
    return g->schema != NULL ? 0 : schema_of_receipt(s, g->projection, &g->schema, e);
}

int generations_read(struct site *s, struct err *e)
{
    s->generations = (struct generations){0};
    if (s->pg == NULL || !s->id.has_ledger ||
        (s->project->n_projection == 0 && !s->id.has_generations)) {
        return 0;
    }
    if (ledger_generations(s->pg, s->a, &s->generations, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < s->generations.n; i++) {
        struct generation *g = &s->generations.v[i];
        if (g->schema == NULL && find_schema(s, g, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- projections ------------------------------------------------------------------------------------ */

static void add(struct site *s, const struct generation *g)
{
    struct projection *last = s->n_undeclared > 0 ? &s->undeclared[s->n_undeclared - 1] : NULL;
    bool is_same = last != NULL && strcmp(last->name, g->projection) == 0;
    const char *schema = g->schema != NULL ? g->schema : "";
    if (!is_same) {
        const char *path = arena_printf(s->a, "%s/%s.yml", PROJECTIONS_PATH, g->projection);
        s->undeclared[s->n_undeclared++] = (struct projection){.name = g->projection,
                                                               .store = store_of_ledger(),
                                                               .schema = schema,
                                                               .policy = PROJECTION_PREFER_REBUILD,
                                                               .file = {.path = path},
                                                               .is_absent = true};
    } else if (g->state == GENERATION_LIVE) {
        last->schema = schema;
    }
}

void undeclared_find(struct site *s)
{
    s->undeclared = ARENA_ARRAY(s->a, struct projection, s->generations.n + 1);
    s->n_undeclared = 0;
    for (size_t i = 0; i < s->generations.n; i++) {
        if (declared(s, s->generations.v[i].projection) == NULL) {
            add(s, &s->generations.v[i]);
        }
    }
}

/* --- their chains ----------------------------------------------------------------------------------- */

/* By what undeclared_find() found: usually nothing is. */
static bool is_undeclared(const struct site *s, const struct generation *g)
{
    for (size_t i = 0; i < s->n_undeclared; i++) {
        if (strcmp(s->undeclared[i].name, g->projection) == 0) {
            return true;
        }
    }
    return false;
}

static bool owns(const struct site *s, const struct generation *g, const struct bundle *b)
{
    if (g->schema != NULL && names_have(&b->schemas, g->schema)) {
        return true; /* of a declared one the load has found all others */
    }
    return is_undeclared(s, g) && parts_migration(&g->parts, b->id) != NULL;
}

const char *undeclared_owner(const struct site *s, const struct bundle *b)
{
    for (size_t i = 0; i < s->generations.n && b->projection == NULL; i++) {
        if (b->store == store_of_ledger() && owns(s, &s->generations.v[i], b)) {
            return s->generations.v[i].projection;
        }
    }
    return NULL;
}

/* Usually the load has found all members. */
static bool has_more_members(const struct site *s)
{
    bool yes = s->n_undeclared > 0;
    for (size_t i = 0; i < s->generations.n && !yes; i++) {
        const struct generation *g = &s->generations.v[i];
        const struct projection *p = declared(s, g->projection);
        yes = p != NULL && g->schema != NULL && strcmp(p->schema, g->schema) != 0;
    }
    return yes;
}

const struct bundle *const *undeclared_bundles(const struct site *s)
{
    if (!has_more_members(s)) {
        return site_bundles(s->a, s->project);
    }
    const struct bundle **v = ARENA_ARRAY(s->a, const struct bundle *, s->project->n_bundle + 1);
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        const struct bundle *b = &s->project->bundle[i];
        const char *owner = undeclared_owner(s, b);
        if (owner != NULL) {
            struct bundle *copy = arena_dup(s->a, b, sizeof *b);
            copy->projection = owner;
            b = copy;
        }
        v[i] = b;
    }
    return v;
}

/* Of g: what counts is what is live and undeclared. */
static size_t count_parts(const struct site *s, const struct generation *g)
{
    return g->state == GENERATION_LIVE && is_undeclared(s, g) ? g->parts.n : 0;
}

size_t undeclared_parts(const struct site *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->generations.n; i++) {
        n += count_parts(s, &s->generations.v[i]);
    }
    return n;
}

static bool is_here(const struct site *s, const char *id)
{
    const struct history *h = past_get(&s->past, id); /* else its own entry tells of it */
    return table_gets(&s->project->by_id, id) != NULL || (h != NULL && h->applied != NULL);
}

void undeclared_absent(const struct site *s, struct bundle *v, size_t *n)
{
    for (size_t i = 0; i < s->generations.n; i++) {
        const struct generation *g = &s->generations.v[i];
        size_t n_parts = count_parts(s, g);
        for (size_t k = 0; k < n_parts; k++) {
            const struct part *part = &g->parts.v[k];
            if (part->kind == PART_MIGRATION && !is_here(s, part->id)) {
                v[(*n)++] = bundle_absent(part->id, &part->digest);
                v[*n - 1].projection = g->projection;
            }
        }
    }
}

/* What is left of projections that were given up. */
#include "flow/given_up.h"

#include <string.h>

#include "flow/backup.h"
#include "flow/steps.h"
#include "run/projection_drop.h"
#include "script/language.h"
#include "site/undeclared.h"

/* --- which ------------------------------------------------------------------------------------------- */

static bool is_given_up(const struct site *s, const struct step *x)
{
    const struct projection *p = x->in->p;
    bool is_elsewhere = p->has_environments && !names_have(&p->environments, s->env->name);
    return x->in->n > 0 && (p->is_absent || is_elsewhere);
}

static int refuse_name(const struct site *s, const char *name, struct err *e)
{
    int at = plan_find_projection(&s->plan, name);
    const struct step *x = at >= 0 ? &s->plan.projections[at] : NULL;
    if (x == NULL || x->in->n == 0) {
        err_set(e, ERR_CONFIG, "%s has no projection \"%s\"", s->env->name, name);
        return err_hint(e, "`kfmig gc %s --given-up --dry-run` lists those that were given up",
                        s->env->name);
    }
    err_at(e, ERR_CONFIG, x->in->p->file.path, x->in->p->line, x->in->p->col,
           "projection \"%s\" was not given up: it is declared for %s", name, s->env->name);
    return err_hint(e, "remove its file, or list other environments in it; generations that a "
                       "declared one does not retain are dropped by `kfmig gc`");
}

/* --- what is left of one ----------------------------------------------------------------------------- */

static int add_schema(struct site *s, struct given_up *g, const struct generation *x, struct err *e)
{
    const char *schema = x->schema;
    if (schema == NULL) {
        err_set(e, ERR_INTEGRITY, "nobody knows in which schema generation %lld of %s stands",
                (long long)x->number, g->name);
        return err_hint(e, "put its declaration back; `kfmig build` then writes it down");
    }
    if (schema[0] == '\0') {
        return 0; /* of tiles: nothing of it stands in the database */
    }
    if (x->state != GENERATION_LIVE &&
        generation_schema(s->a, x->schema, x->number, &schema, e) != 0) {
        return -1;
    }
    names_add(s->a, &g->schemas, schema);
    return 0;
}

/* What readers see comes first. */
static int add_schemas(struct site *s, struct given_up *g, struct err *e)
{
    const struct step *x = g->step;
    if (x->live != NULL && add_schema(s, g, x->live, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < x->in->n; i++) {
        if (&x->in->v[i] != x->live && add_schema(s, g, &x->in->v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_inside(const struct given_up *g, const struct object *o)
{
    return names_have(&g->schemas, o->kind == OBJ_SCHEMA ? o->name : o->schema);
}

static bool is_part(const struct given_up *g, const char *id)
{
    for (size_t i = 0; i < g->step->in->n; i++) {
        if (parts_migration(&g->step->in->v[i].parts, id) != NULL) {
            return true;
        }
    }
    return false;
}

/* Members that the ledger knows by themselves: applied before there was a projection, or in place. */
static void add_migrations(const struct site *s, struct given_up *g)
{
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct bundle *b = s->plan.v[i].bundle;
        const struct history *h = past_get(&s->past, b->id);
        bool is_member = b->projection != NULL && strcmp(b->projection, g->name) == 0;
        if ((is_member || is_part(g, b->id)) && h != NULL && h->applied != NULL) {
            names_add(s->a, &g->migrations, b->id);
        }
    }
}

static void add_pending(const struct site *s, struct given_up *g)
{
    for (size_t i = 0; i < s->project->n_bundle && g->step->in->p->is_absent; i++) {
        const struct bundle *b = &s->project->bundle[i];
        const char *owner = undeclared_owner(s, b);
        if (owner != NULL && strcmp(owner, g->name) == 0) {
            names_add(s->a, &g->pending, b->id);
        }
    }
}

static void add_drifted(const struct site *s, struct given_up *g)
{
    for (size_t i = 0; i < s->world.n_drift; i++) {
        if (is_inside(g, &s->world.drift[i].object)) {
            names_add(s->a, &g->drifted, s->world.drift[i].text);
        }
    }
}

static void count_objects(const struct site *s, const struct object_rows *sum, struct given_up *g)
{
    struct object o;
    for (size_t i = 0; i < sum->n; i++) {
        g->n_objects +=
            object_parse(s->a, sum->v[i].object, &o) == 0 && o.store == NULL && is_inside(g, &o);
    }
}

static void find_taker(const struct site *s, struct given_up *g)
{
    for (size_t i = 0; i < s->generations.n; i++) {
        const struct generation *x = &s->generations.v[i];
        if (strcmp(x->projection, g->name) != 0 && x->state == GENERATION_LIVE &&
            x->schema != NULL && names_have(&g->schemas, x->schema)) {
            g->taken_by = x->projection;
        }
    }
}

static int look(struct site *s, const struct step *x, const struct object_rows *sum,
                struct given_up *g, struct err *e)
{
    *g = (struct given_up){.step = x, .name = x->in->p->name};
    if (add_schemas(s, g, e) != 0) {
        return -1;
    }
    add_migrations(s, g);
    add_pending(s, g);
    add_drifted(s, g);
    count_objects(s, sum, g);
    find_taker(s, g);
    for (size_t i = 0; i < g->schemas.n; i++) {
        int64_t bytes = 0;
        if (generation_size(s->pg, g->schemas.v[i], &bytes, e) != 0) {
            return -1;
        }
        g->bytes += bytes;
    }
    return generation_dependants(s->pg, s->a, &g->schemas, &g->in_the_way, e);
}

int given_up_find(struct site *s, const char *name, struct given_ups *out, struct err *e)
{
    const struct plan *p = &s->plan;
    struct object_rows sum = {0};
    *out = (struct given_ups){ARENA_ARRAY(s->a, struct given_up, p->n_projections + 1), 0};
    if (p->n_projections > 0 && s->id.has_ledger && ledger_objects(s->pg, 0, s->a, &sum, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct step *x = &p->projections[i];
        bool is_meant = name == NULL || strcmp(name, x->in->p->name) == 0;
        if (is_meant && is_given_up(s, x) && look(s, x, &sum, &out->v[out->n++], e) != 0) {
            return -1;
        }
    }
    return name != NULL && out->n == 0 ? refuse_name(s, name, e) : 0;
}

/* --- may it go ---------------------------------------------------------------------------------------- */

static int may_one(const struct site *s, const struct given_up *g, struct err *e)
{
    if (g->taken_by != NULL) {
        err_set(e, ERR_PREFLIGHT, "%s cannot be dropped: the live generation of %s stands there",
                g->name, g->taken_by);
        return err_hint(e, "give up %s first", g->taken_by);
    }
    if (g->drifted.n > 0) {
        err_set(e, ERR_PREFLIGHT, "%s cannot be dropped: %s was changed outside kfmig%s", g->name,
                g->drifted.v[0],
                g->drifted.n == 1 ? "" : arena_printf(s->a, ", and %zu more", g->drifted.n - 1));
        return err_hint(e, "`kfmig diff %s` says what differs; undo it, or `kfmig adopt %s` it",
                        s->env->name, s->env->name);
    }
    return drop_refuse(s->a, g->name, &g->in_the_way, e);
}

int given_up_may(const struct site *s, const struct given_ups *l, struct err *e)
{
    for (size_t i = 0; i < l->n; i++) {
        if (may_one(s, &l->v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- dropping ----------------------------------------------------------------------------------------- */

/* One statement, so that what its schemas have of each other is in nobody's way. */
static const char *statement_of(const struct site *s, const struct given_up *g)
{
    const char *text = "DROP SCHEMA IF EXISTS ";
    for (size_t i = 0; i < g->schemas.n; i++) {
        text =
            arena_printf(s->a, "%s%s%s", text, i > 0 ? ", " : "", pg_ident(s->a, g->schemas.v[i]));
    }
    return arena_printf(s->a, "%s CASCADE;\n", text);
}

static int bundle_of(const struct site *s, const struct given_up *g, struct bundle *out,
                     struct err *e)
{
    struct decl *d = ARENA_NEW(s->a, struct decl);
    struct script *script = ARENA_NEW(s->a, struct script);
    struct artifact *file = ARENA_NEW(s->a, struct artifact);
    const char *text = statement_of(s, g);
    *file = (struct artifact){.path = arena_printf(s->a, "gc/%s.sql", g->name),
                              .bytes = bytes_str(text)};
    file->digest = digest_of(file->bytes);
    if (language_parse(s->a, file->path, file->bytes, script, e) != 0) {
        return -1;
    }
    *d = (struct decl){.id = g->name,
                       .limits = limits_none,
                       .change_class = "drop",
                       .lock_timeout_ms = 5000,
                       .idle_timeout_ms = 60000,
                       .lock_retries = 5,
                       .forward = {file, 1, 1}};
    d->scope.has_schemas = true;
    d->scope.allowed_schemas = g->schemas;
    *out = (struct bundle){.id = g->name,
                           .dir = "gc",
                           .store = store_of_ledger(),
                           .schemas = g->schemas,
                           .decl = d,
                           .forward = script};
    if (g->step->live != NULL) {
        out->checksum = g->step->live->digest;
    }
    return 0;
}

static int drop_one(struct writing *w, const struct given_up *g, const struct bundle *b)
{
    struct outcome o = {0};
    const struct dropping d = {.bundle = b,
                               .generation = g->step->in->v,
                               .n = g->step->in->n,
                               .migrations = g->migrations};
    writing_begin(w, g->name);
    run_drop(&w->run, &d, &o);
    const struct result_row row = {
        .action = RESULT_DROP, .target = g->name, .n = d.n, .key = b->checksum};
    writing_end(w, row, "dropped", &o);
    return o.result == RUN_SUCCESS ? 0 : -1;
}

struct dropping_all {
    const char *name;
    const struct given_ups *shown;
};

static int check_same(const struct given_ups *now, const struct given_ups *shown, struct err *e)
{
    bool is_same = now->n == shown->n;
    for (size_t i = 0; is_same && i < now->n; i++) {
        is_same = strcmp(now->v[i].name, shown->v[i].name) == 0 &&
                  now->v[i].step->in->n == shown->v[i].step->in->n;
    }
    if (is_same) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "what is given up changed since it was shown: nothing was dropped");
    return err_hint(e, "look at it again with --dry-run");
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    struct site *s = w->site;
    const struct dropping_all *all = ctx;
    struct given_ups l;
    if (given_up_find(s, all->name, &l, e) != 0 || check_same(&l, all->shown, e) != 0 ||
        given_up_may(s, &l, e) != 0) {
        return -1;
    }
    struct bundle *b = ARENA_ARRAY(s->a, struct bundle, l.n + 1);
    const struct bundle **v = ARENA_ARRAY(s->a, const struct bundle *, l.n + 1);
    for (size_t i = 0; i < l.n; i++) {
        v[i] = &b[i];
        if (bundle_of(s, &l.v[i], &b[i], e) != 0) {
            return -1;
        }
    }
    const struct backup_needs needs = {.v = v, .n = l.n};
    if (backup_before(w, &needs, e) != 0) {
        return -1;
    }
    ledger_add_view(s->pg); /* that of an older kfmig knows nothing of what is dropped */
    w->total = l.n;
    for (size_t i = 0; i < l.n && !steps_held(w) && ear_stops(&s->ear) == ERR_NONE; i++) {
        if (drop_one(w, &l.v[i], &b[i]) != 0) {
            break;
        }
    }
    return 0;
}

int given_up_drop(struct site *s, const char *name, const struct given_ups *shown,
                  const struct writing_order *o, struct result *r, struct err *e)
{
    struct dropping_all all = {name, shown};
    struct writing_order order = *o;
    order.done = "dropped";
    order.hint = "add --apply";
    order.is_held = true;
    order.work = work;
    order.ctx = &all;
    return writing(s, &order, r, e);
}

/* --- for programs ------------------------------------------------------------------------------------- */

static void put_names(struct arena *a, struct doc *d, const char *key, const struct names *l)
{
    struct doc *list = doc_put(a, d, key, doc_new(a, DOC_LIST));
    for (size_t i = 0; i < l->n; i++) {
        doc_push(a, list, doc_name(a, l->v[i]));
    }
}

struct doc *given_up_doc(const struct site *s, const struct given_ups *l)
{
    struct arena *a = s->a;
    struct doc *list = doc_new(a, DOC_LIST);
    for (size_t i = 0; i < l->n; i++) {
        const struct given_up *g = &l->v[i];
        struct doc *d = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, d, "projection", doc_text(a, g->name));
        put_names(a, d, "schemas", &g->schemas);
        doc_put(a, d, "generations", doc_int(a, (int64_t)g->step->in->n));
        doc_put(a, d, "objects", doc_int(a, (int64_t)g->n_objects));
        doc_put(a, d, "bytes", doc_int(a, g->bytes));
        put_names(a, d, "migrations", &g->migrations);
        put_names(a, d, "pending", &g->pending);
        put_names(a, d, "drifted", &g->drifted);
        struct doc *way = doc_put(a, d, "in_the_way", doc_new(a, DOC_LIST));
        for (size_t k = 0; k < g->in_the_way.n; k++) {
            const struct obstacle *o = &g->in_the_way.v[k];
            doc_push(a, way, doc_name(a, arena_printf(a, "%s %s", o->object, o->detail)));
        }
    }
    return list;
}

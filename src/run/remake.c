/* Dropping repeatable definitions and making them again. */
#include "run/remake.h"

#include <string.h>

#include "model/definition.h"
#include "run/queries.h"
#include "script/language.h"

struct remake {
    struct run *r;
    const struct bundle *b;
    const struct bundle **v; /* it, and those upon it, in the order of the plan */
    size_t n;
    struct names made; /* objects, by the ledger */
    struct names classes, oids, roots;
    struct buf drops, keeps;
};

bool remake_helps(const struct err *failure)
{
    static const char *const states[] = {
        "42P16", /* a view's columns can only be added to */
        "42P13", /* a function's result, or the names of what it takes, are others */
        "42809", /* it is of another kind */
        "42P07", "42723", "42710", /* it is there, and the text does not say OR REPLACE */
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(failure->sqlstate, states[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* --- which definitions ------------------------------------------------------------------------------- */

static bool is_among(const struct remake *w, const struct bundle *b)
{
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i] == b) {
            return true;
        }
    }
    return false;
}

static bool needs_one(const struct remake *w, const struct bundle *b)
{
    for (size_t i = 0; i < w->n; i++) {
        if (definition_needs(b->definition, w->v[i]->definition)) {
            return true;
        }
    }
    return false;
}

/* What stands upon what stands here already. In the plan's order those come behind what they need.
 * False: one of them may not run, so what it made cannot be made again. */
static bool find_upon(struct remake *w)
{
    const struct plan *p = w->r->plan;
    w->v = ARENA_ARRAY(w->r->a, const struct bundle *, p->n_migrations + 1);
    w->v[w->n++] = w->b;
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        const struct bundle *b = s->bundle;
        if (b->definition == NULL || b->is_absent || is_among(w, b) || s->history == NULL ||
            s->history->applied == NULL || !needs_one(w, b)) {
            continue;
        }
        if (s->state == STATE_BLOCKED || b->forward == NULL || b->n_faults > 0) {
            return false;
        }
        w->v[w->n++] = b;
    }
    return true;
}

/* --- what stands there ------------------------------------------------------------------------------- */

static void add(struct arena *a, struct names *l, const char *text)
{
    ARENA_GROW(a, l->v, l->n, l->cap);
    l->v[l->n++] = text;
}

static bool makes(const struct bundle *b, const char *name)
{
    return definition_has(&b->definition->makes, name);
}

static void add_object(struct remake *w, const char *text)
{
    struct arena *a = w->r->a;
    const struct catalog_object *o = table_gets(&w->r->base->by_text, text);
    bool is_droppable = o != NULL && (o->object.kind == OBJ_VIEW || o->object.kind == OBJ_MATVIEW ||
                                      o->object.kind == OBJ_FUNCTION);
    if (!is_droppable) {
        return;
    }
    const char *name = definition_name(a, &o->object);
    for (size_t i = 0; i < w->n; i++) {
        if (makes(w->v[i], name)) {
            add(a, &w->classes, arena_printf(a, "%u", o->classid));
            add(a, &w->oids, arena_printf(a, "%u", o->objid));
            add(a, &w->roots, w->v[i] == w->b ? "t" : "f");
            return;
        }
    }
}

static int find_objects(struct remake *w, struct err *e)
{
    struct arena *a = w->r->a;
    struct names subjects = {0};
    struct pg_rows *rows = NULL;
    for (size_t i = 0; i < w->n; i++) {
        add(a, &subjects, w->v[i]->id);
    }
    const char *params[] = {pg_array(a, subjects.v, subjects.n)};
    if (pg_query(*w->r->pg, &run_remake_made, params, 1, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(rows); i++) {
        add_object(w, arena_strdup(a, pg_text(rows, i, 0)));
    }
    pg_rows_free(rows);
    return 0;
}

static int find_words(struct remake *w, struct err *e)
{
    struct arena *a = w->r->a;
    struct pg_rows *rows = NULL;
    const char *params[] = {pg_array(a, w->classes.v, w->classes.n),
                            pg_array(a, w->oids.v, w->oids.n), pg_array(a, w->roots.v, w->roots.n)};
    if (pg_query(*w->r->pg, &run_remake_words, params, 3, &rows, e) != 0) {
        return -1;
    }
    size_t n = pg_rows_n(rows);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&w->drops, "%s;\n", pg_text(rows, i, 0));
        buf_printf(&w->keeps, "%s;\n", pg_text(rows, n - 1 - i, 1));
    }
    pg_rows_free(rows);
    return 0;
}

/* --- the whole --------------------------------------------------------------------------------------- */

static int parse(struct remake *w, const char *what, struct buf *text, struct script *out,
                 struct err *e)
{
    struct arena *a = w->r->a;
    const char *copy = arena_strndup(a, buf_str(text), text->n);
    return language_parse(a, arena_printf(a, "%s#%s.sql", w->b->file, what),
                          bytes_of(copy, text->n), out, e);
}

/* What a text says of what it makes: said once more, as what was kept would win else. */
static struct script said_of(struct arena *a, const struct script *s)
{
    struct script out = *s;
    out.forms = ARENA_ARRAY(a, struct statement, s->n + 1);
    out.places = NULL;
    out.n = out.n_forms = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct statement room;
        const struct statement *st = script_at(s, i, &room);
        if (definition_says(st)) {
            out.forms[out.n++] = *st;
        }
    }
    return out;
}

static void join_names(struct arena *a, struct names *to, const struct names *from)
{
    for (size_t i = 0; i < from->n; i++) {
        names_add(a, to, from->v[i]);
    }
}

/* Both lists admit, and what one forbids is forbidden. */
static void join_scope(struct arena *a, struct scope *to, const struct scope *from)
{
    to->is_open = to->is_open || from->is_open;
    to->has_schemas = to->has_schemas || from->has_schemas;
    to->has_tables = to->has_tables && from->has_tables;
    join_names(a, &to->allowed_schemas, &from->allowed_schemas);
    join_names(a, &to->allowed_tables, &from->allowed_tables);
    join_names(a, &to->forbidden_schemas, &from->forbidden_schemas);
    join_names(a, &to->forbidden_tables, &from->forbidden_tables);
    join_names(a, &to->references, &from->references);
    join_names(a, &to->allowed_extensions, &from->allowed_extensions);
    join_names(a, &to->allowed_global, &from->allowed_global);
}

static struct scope copy_scope(struct arena *a, const struct scope *from)
{
    struct scope to = {
        .is_open = from->is_open, .has_schemas = from->has_schemas, .has_tables = from->has_tables};
    join_scope(a, &to, from);
    return to;
}

static void put_script(struct decl *d, struct script *v, const struct script *s)
{
    v[d->forward.n] = *s;
    d->forward.v[d->forward.n++] = (struct artifact){.path = s->path, .digest = s->digest};
}

static void fill(struct remake *w, const struct script *drops, const struct script *keeps,
                 struct bundle *out)
{
    struct arena *a = w->r->a;
    struct decl *d = arena_dup(a, w->b->decl, sizeof *w->b->decl);
    size_t most = 2;
    for (size_t i = 0; i < w->n; i++) {
        most += 2 * w->v[i]->decl->forward.n;
    }
    struct script *v = ARENA_ARRAY(a, struct script, most + 1);
    d->forward = (struct artifacts){ARENA_ARRAY(a, struct artifact, most + 1), 0, most};
    d->limits = limits_none;
    d->scope = copy_scope(a, &w->b->decl->scope);
    put_script(d, v, drops);
    for (size_t i = 0; i < w->n; i++) {
        join_scope(a, &d->scope, &w->v[i]->decl->scope);
        put_script(d, v, &w->v[i]->forward[0]);
    }
    put_script(d, v, keeps);
    for (size_t i = 0; i < w->n; i++) {
        struct script said = said_of(a, &w->v[i]->forward[0]);
        put_script(d, v, &said);
    }
    *out = *w->b;
    out->decl = d;
    out->forward = v;
}

static const char *others(const struct remake *w)
{
    const char *text = "";
    for (size_t i = 1; i < w->n; i++) {
        text = arena_printf(w->r->a, "%s%s%s", text, i > 1 ? ", " : "", w->v[i]->id);
    }
    return text;
}

int remake_view(struct run *r, const struct bundle *b, struct bundle *out, const char **with,
                struct err *e)
{
    struct remake w = {.r = r, .b = b};
    struct script drops;
    struct script keeps;
    if (r->plan == NULL || b->definition == NULL || !find_upon(&w)) {
        return 1;
    }
    int rc = find_objects(&w, e);
    rc = rc == 0 && w.oids.n > 0 ? find_words(&w, e) : rc;
    bool is_any = rc == 0 && w.drops.n > 0;
    if (is_any && (parse(&w, "drops", &w.drops, &drops, e) != 0 ||
                   parse(&w, "keeps", &w.keeps, &keeps, e) != 0)) {
        rc = -1;
    }
    buf_release(&w.drops);
    buf_release(&w.keeps);
    if (rc == 0 && is_any) {
        fill(&w, &drops, &keeps, out);
        *with = others(&w);
    }
    return rc != 0 ? -1 : !is_any;
}

/* Which statements take an object from one state to another, and their order. */
#include "store/postgis/restate.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "store/postgis/restate_parts.h"

/* What is made before what, where nobody knows when it was made. */
static int rank_of(enum object_kind k)
{
    static const enum object_kind first[] = {OBJ_ROLE,     OBJ_SCHEMA,   OBJ_EXTENSION, OBJ_TYPE,
                                             OBJ_SEQUENCE, OBJ_FUNCTION, OBJ_TABLE};
    size_t i = 0;
    while (i < sizeof first / sizeof *first && first[i] != k) {
        i++;
    }
    return (int)i;
}

/* --- what the parts say it by -------------------------------------------------------------------------- */

void restate_add(struct restating *r, enum stage stage, const char *facet, const char *sql)
{
    struct restatements *l = r->out;
    ARENA_GROW(r->a, l->v, l->n, l->cap);
    l->v[l->n] = (struct restatement){.object = r->t->text,
                                      .facet = facet,
                                      .stage = (int)stage,
                                      .rank = rank_of(r->t->object.kind),
                                      .oid = r->t->oid,
                                      .at = l->n,
                                      .sql = sql};
    l->n++;
}

void restate_open(struct restating *r, const char *facet)
{
    restate_add(r, STAGE_REST, facet, NULL);
}

static size_t index_of(const struct restating *r, const char *facet)
{
    size_t i = 0;
    while (i < r->t->n && strcmp(r->t->v[i].facet, facet) != 0) {
        i++;
    }
    return i;
}

const struct facet_pair *restate_pair(const struct restating *r, const char *facet)
{
    size_t i = index_of(r, facet);
    return i < r->t->n ? &r->t->v[i] : NULL;
}

void restate_done(struct restating *r, const char *facet)
{
    size_t i = index_of(r, facet);
    if (i < r->t->n) {
        r->done[i] = true;
    }
}

static const char *standing(const struct restating *r, const char *facet)
{
    const struct facet *f = r->t->standing != NULL ? facet_of(r->t->standing, facet) : NULL;
    return f != NULL ? f->value : NULL;
}

const char *restate_now(const struct restating *r, const char *facet)
{
    const struct facet_pair *p = restate_pair(r, facet);
    return p != NULL ? p->now : standing(r, facet);
}

const char *restate_was(const struct restating *r, const char *facet)
{
    const struct facet_pair *p = restate_pair(r, facet);
    return p != NULL ? p->was : standing(r, facet);
}

void restate_comment(struct restating *r, const char *facet, const char *on, const char *was,
                     const char *now)
{
    if (was == NULL && now == NULL) {
        return;
    }
    const char *text = now != NULL ? restate_text(r->a, now) : NULL;
    if (now != NULL && text == NULL) {
        restate_open(r, facet);
        return;
    }
    restate_add(r, STAGE_REST, facet,
                arena_printf(r->a, "COMMENT ON %s IS %s", on,
                             text != NULL ? restate_literal(r->a, text) : "NULL"));
}

/* --- what it is called --------------------------------------------------------------------------------- */

static const char *const kinds[OBJ_COUNT] = {
    [OBJ_SCHEMA] = "SCHEMA",
    [OBJ_TABLE] = "TABLE",
    [OBJ_VIEW] = "VIEW",
    [OBJ_MATVIEW] = "MATERIALIZED VIEW",
    [OBJ_SEQUENCE] = "SEQUENCE",
    [OBJ_FOREIGN_TABLE] = "FOREIGN TABLE",
    [OBJ_TYPE] = "TYPE",
    [OBJ_FUNCTION] = "FUNCTION",
    [OBJ_COLLATION] = "COLLATION",
    [OBJ_CONVERSION] = "CONVERSION",
    [OBJ_TEXT_SEARCH] = "TEXT SEARCH",
    [OBJ_EXTENSION] = "EXTENSION",
    [OBJ_ROLE] = "ROLE",
    [OBJ_DATABASE] = "DATABASE",
    [OBJ_PUBLICATION] = "PUBLICATION",
    [OBJ_EVENT_TRIGGER] = "EVENT TRIGGER",
    [OBJ_CAST] = "CAST",
    [OBJ_LANGUAGE] = "LANGUAGE",
    [OBJ_FOREIGN_DATA_WRAPPER] = "FOREIGN DATA WRAPPER",
    [OBJ_FOREIGN_SERVER] = "SERVER",
    [OBJ_TABLESPACE] = "TABLESPACE",
    [OBJ_SUBSCRIPTION] = "SUBSCRIPTION",
    [OBJ_LARGE_OBJECT] = "LARGE OBJECT",
};

/* "f(a integer)": the arguments are SQL as they are. */
static const char *function_name(struct restating *r, const struct object *o)
{
    const char *open = strchr(o->name, '(');
    const char *name =
        open != NULL ? arena_strndup(r->a, o->name, (size_t)(open - o->name)) : o->name;
    return arena_printf(r->a, "%s%s", restate_qualified(r->a, o->schema, name),
                        open != NULL ? open : "");
}

/* "english (configuration)" */
static void name_text_search(struct restating *r, const struct object *o)
{
    const char *open = strrchr(o->name, '(');
    size_t n = open != NULL && open > o->name ? (size_t)(open - o->name) - 1 : strlen(o->name);
    const char *what = open != NULL ? restate_upper(r->a, open + 1) : "";
    r->kind = arena_printf(r->a, "TEXT SEARCH %.*s", (int)strcspn(what, ")"), what);
    r->name = restate_qualified(r->a, o->schema, arena_strndup(r->a, o->name, n));
}

static void name_function(struct restating *r, const struct object *o)
{
    const char *how = restate_now(r, "attributes");
    how = how != NULL ? how : restate_was(r, "attributes");
    bool aggregate = how != NULL && strncmp(how, "aggregate", strlen("aggregate")) == 0;
    bool procedure = how != NULL && strncmp(how, "procedure", strlen("procedure")) == 0;
    r->kind = aggregate ? "AGGREGATE" : procedure ? "PROCEDURE" : "FUNCTION";
    r->name = function_name(r, o);
    if (aggregate && strstr(r->name, "()") != NULL) {
        r->name = arena_printf(r->a, "%.*s(*)", (int)strcspn(r->name, "("), r->name);
    }
}

static void name_it(struct restating *r)
{
    const struct object *o = &r->t->object;
    r->kind = kinds[o->kind];
    r->name = restate_qualified(r->a, o->schema, o->name);
    if (o->kind == OBJ_FUNCTION) {
        name_function(r, o);
    } else if (o->kind == OBJ_TEXT_SEARCH) {
        name_text_search(r, o);
    } else if (o->kind == OBJ_CAST) {
        r->name = arena_printf(r->a, "(%s)", o->name);
    } else if (o->kind == OBJ_LARGE_OBJECT) {
        r->name = o->name;
    } else if (o->kind == OBJ_DATABASE) {
        r->name = restate_name(r->a, r->t->database);
    } else if (o->kind == OBJ_TYPE) {
        const char *what = restate_now(r, "kind");
        what = what != NULL ? what : restate_was(r, "kind");
        r->kind = what != NULL && strcmp(what, "domain") == 0 ? "DOMAIN" : "TYPE";
    }
}

/* --- one object ---------------------------------------------------------------------------------------- */

/* What GRANT calls it. Views and foreign tables are tables there, aggregates functions. */
static const char *giving_kind(const char *kind)
{
    return strstr(kind, "VIEW") != NULL || strstr(kind, "TABLE") == kind ||
                   strcmp(kind, "FOREIGN TABLE") == 0
               ? (strcmp(kind, "TABLESPACE") == 0 ? kind : "TABLE")
           : strcmp(kind, "AGGREGATE") == 0 ? "FUNCTION"
           : strcmp(kind, "SERVER") == 0    ? "FOREIGN SERVER"
                                            : kind;
}

static void say_owner(struct restating *r, const struct facet_pair *p)
{
    bool has_owner = strcmp(p->now, "none") != 0 || r->t->object.kind < OBJ_OPERATOR;
    if (has_owner && (!r->t->makes || r->t->owner == NULL || strcmp(p->now, r->t->owner) != 0)) {
        restate_add(r, STAGE_REST, p->facet,
                    arena_printf(r->a, "ALTER %s %s OWNER TO %s", r->kind, r->name,
                                 restate_name(r->a, p->now)));
    }
}

/* Owner, comment and privileges are said of every kind alike. */
static bool common(struct restating *r, const struct facet_pair *p)
{
    static const char on_column[] = "comment on column ";
    static const char of_column[] = "acl of column ";
    if (r->kind == NULL) {
        return false;
    }
    const char *what = arena_printf(r->a, "%s %s", giving_kind(r->kind), r->name);
    if (strcmp(p->facet, "owner") == 0 && p->now != NULL) {
        say_owner(r, p);
    } else if (strcmp(p->facet, "owner") == 0 && r->t->object.kind == OBJ_LARGE_OBJECT) {
        return true; /* of those only that others may use them is told */
    } else if (strcmp(p->facet, "comment") == 0) {
        restate_comment(r, p->facet, arena_printf(r->a, "%s %s", r->kind, r->name), p->was, p->now);
    } else if (begins(p->facet, on_column)) {
        const char *column = restate_name(r->a, p->facet + strlen(on_column));
        restate_comment(r, p->facet, arena_printf(r->a, "COLUMN %s.%s", r->name, column), p->was,
                        p->now);
    } else if (strcmp(p->facet, "acl") == 0) {
        restate_privileges(r, p->facet, "", what, p->was, p->now);
    } else if (begins(p->facet, of_column)) {
        const char *column = restate_name(r->a, p->facet + strlen(of_column));
        restate_privileges(r, p->facet, arena_printf(r->a, "(%s)", column), what, p->was, p->now);
    } else {
        return false;
    }
    return true;
}

static void say_facets(struct restating *r)
{
    for (size_t i = 0; i < r->t->n; i++) {
        const struct facet_pair *p = &r->t->v[i];
        if (r->done[i]) {
            continue;
        }
        r->done[i] = true;
        if (!(common(r, p) || restate_code(r, p) || restate_table(r, p) || restate_other(r, p))) {
            restate_open(r, p->facet);
        }
    }
}

static void drop(struct restating *r)
{
    restate_add(r, STAGE_DROP, "", arena_printf(r->a, "DROP %s %s", r->kind, r->name));
}

static void make(struct restating *r)
{
    size_t from = r->out->n;
    bool is_open = false;
    static void (*const makers[OBJ_COUNT])(struct restating *) = {
        [OBJ_TABLE] = restate_make_table,   [OBJ_FOREIGN_TABLE] = restate_make_table,
        [OBJ_VIEW] = restate_make_code,     [OBJ_MATVIEW] = restate_make_code,
        [OBJ_FUNCTION] = restate_make_code, [OBJ_TYPE] = restate_make_code,
    };
    void (*const maker)(struct restating *) = makers[r->t->object.kind];
    (maker != NULL ? maker : restate_make_other)(r);
    for (size_t i = from; i < r->out->n; i++) {
        is_open = is_open || r->out->v[i].sql == NULL;
    }
    if (is_open) { /* what cannot be made needs no comment */
        r->out->n = from;
        restate_open(r, "");
        return;
    }
    say_facets(r);
}

/* Dropped and made again: everything that it had is said anew. */
static void remake(struct restating *r)
{
    const struct restate_task *t = r->t;
    struct restate_task whole = *t;
    size_t n_standing = t->standing != NULL ? t->standing->n_facets : 0;
    struct facet_pair *v = ARENA_ARRAY(r->a, struct facet_pair, t->n + n_standing + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].now != NULL) {
            v[n++] = (struct facet_pair){t->v[i].facet, NULL, t->v[i].now};
        }
    }
    for (size_t i = 0; i < n_standing; i++) {
        const struct facet *f = &t->standing->facets[i];
        if (restate_pair(r, f->name) == NULL) {
            v[n++] = (struct facet_pair){f->name, NULL, f->value};
        }
    }
    whole.v = v;
    whole.n = n;
    whole.makes = true;
    size_t from = r->out->n;
    drop(r);
    struct restating again = *r;
    again.t = &whole;
    again.done = ARENA_ARRAY(r->a, bool, n + 1);
    make(&again);
    if (r->out->v[r->out->n - 1].sql == NULL) { /* open: then nothing is dropped */
        r->out->n = from;
        restate_open(r, "");
    }
}

/* Privileges and owner of what came with the server or an extension: it is neither made nor dropped. */
static bool is_given(const struct restate_task *t)
{
    const struct object *o = &t->object;
    const char *schema = o->kind == OBJ_SCHEMA ? o->name : o->schema;
    bool came = (t->standing != NULL && t->standing->is_given) ||
                strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0;
    bool alone = o->kind != OBJ_SCHEMA;
    for (size_t i = 0; i < t->n; i++) {
        alone = alone && (begins(t->v[i].facet, "acl") || strcmp(t->v[i].facet, "owner") == 0);
    }
    return came || alone;
}

/* There as long as something is said of it. */
static bool is_said_only(const struct restate_task *t)
{
    return t->object.kind == OBJ_SETTING || t->object.kind == OBJ_DEFAULT_PRIVILEGES || is_given(t);
}

void restate(struct arena *a, const struct restate_task *t, struct restatements *out)
{
    struct restating r = {.a = a, .t = t, .out = out, .done = ARENA_ARRAY(a, bool, t->n + 1)};
    name_it(&r);
    if (t->object.store != NULL || strpbrk(t->text, "\\\t\n") != NULL) {
        restate_open(&r, "");
    } else if (is_said_only(t)) {
        size_t from = out->n;
        say_facets(&r);
        for (size_t i = from; i < out->n && t->drops; i++) { /* before what it came with may go */
            out->v[i].stage = STAGE_DROP_PART;
        }
    } else if (t->drops) {
        r.kind != NULL ? drop(&r) : restate_open(&r, "");
    } else if (t->makes) {
        make(&r);
    } else if (restate_as_whole(&r)) {
        remake(&r);
    } else {
        say_facets(&r);
    }
}

/* --- order --------------------------------------------------------------------------------------------- */

static int compare(long long x, long long y)
{
    return (x > y) - (x < y);
}

static int in_order(const void *a, const void *b)
{
    const struct restatement *x = a;
    const struct restatement *y = b;
    int order = compare(x->stage, y->stage);
    if (order == 0 && (x->stage == STAGE_MAKE || x->stage == STAGE_DROP)) {
        order = compare(x->oid > 0, y->oid > 0);
        order = order != 0 ? order : compare(x->oid, y->oid);
        order = order != 0 ? order : compare(x->rank, y->rank);
        order = x->stage == STAGE_DROP ? -order : order;
    }
    return order != 0 ? order : compare((long long)x->at, (long long)y->at);
}

void restate_sort(struct restatements *l)
{
    if (l->n > 0) {
        qsort(l->v, l->n, sizeof *l->v, in_order);
    }
}

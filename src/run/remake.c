/* Dropping repeatable definitions and making them again. */
#include "run/remake.h"

#include <string.h>

#include "model/definition.h"
#include "run/queries.h"
#include "script/language.h"

struct remake {
    struct run *r;
    const struct bundle *b;
    const struct rebuilding *l;
    const struct bundle
        *now;          /* what it makes as a relation is not looked for; NULL: everything is */
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
    if (!is_droppable || (w->now != NULL && o->object.kind != OBJ_FUNCTION &&
                          makes(w->now, definition_name(a, &o->object)))) {
        return;
    }
    const char *name = definition_name(a, &o->object);
    for (size_t i = 0; i < w->l->n; i++) {
        if (makes(w->l->v[i], name)) {
            add(a, &w->classes, arena_printf(a, "%u", o->classid));
            add(a, &w->oids, arena_printf(a, "%u", o->objid));
            add(a, &w->roots, i < w->l->n_roots ? "t" : "f");
            return;
        }
    }
}

static int find_objects(struct remake *w, struct err *e)
{
    struct arena *a = w->r->a;
    struct names subjects = {0};
    struct pg_rows *rows = NULL;
    for (size_t i = 0; i < w->l->n; i++) {
        const struct history *h = past_get(w->r->plan->past, w->l->v[i]->id);
        add(a, &subjects, w->l->v[i]->id);
        if (h != NULL && h->applied != NULL &&
            strcmp(h->applied->recorded_as, w->l->v[i]->id) != 0) {
            add(a, &subjects, h->applied->recorded_as); /* it may have been renamed */
        }
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

/* What undoes one statement that makes something on a table, whether it stands or not; "": it makes none. */
static const char *undo_on_table(struct arena *a, const struct script *s, size_t k)
{
    static const char *const kinds[] = {"TRIGGER", "POLICY", "RULE"};
    struct statement_room room;
    const struct language *lang = language_of(s->path);
    const struct statement *st = script_at(s, k, &room);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(st->tag, arena_printf(a, "CREATE %s", kinds[i])) != 0) {
            continue;
        }
        size_t n_open = 0;
        struct buf text = {0};
        struct script one = *s;
        one.forms = arena_dup(a, st, sizeof *st);
        one.places = NULL;
        one.n = one.n_forms = 1;
        lang->invert(a, &one, "", &text, &n_open);
        const char *drop = arena_printf(a, "DROP %s ", kinds[i]);
        const char *at = strstr(buf_str(&text), drop);
        const char *out = at == NULL || n_open > 0 ? ""
                                                   : arena_printf(a, "DROP %s IF EXISTS %s",
                                                                  kinds[i], at + strlen(drop));
        buf_release(&text);
        return out;
    }
    return "";
}

/* They stand on what the migration changes, as views do, and are nothing that anything depends on. */
static void drop_on_tables(struct remake *w)
{
    for (size_t i = w->l->n; i-- > 0;) {
        const struct script *s = w->l->v[i]->forward;
        for (size_t k = s[0].n; k-- > 0;) {
            buf_puts(&w->drops, undo_on_table(w->r->a, &s[0], k));
        }
    }
}

enum { COL_DROPPED, COL_KEPT, COL_LEFT }; /* remake_words.sql */

static int ask_words(struct remake *w, struct pg_rows **rows, struct err *e)
{
    struct arena *a = w->r->a;
    const char *params[] = {pg_array(a, w->classes.v, w->classes.n),
                            pg_array(a, w->oids.v, w->oids.n), pg_array(a, w->roots.v, w->roots.n)};
    return pg_query(*w->r->pg, &run_remake_words, params, 3, rows, e);
}

static int find_words(struct remake *w, struct err *e)
{
    struct pg_rows *rows = NULL;
    if (ask_words(w, &rows, e) != 0) {
        return -1;
    }
    size_t n = pg_rows_n(rows);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&w->drops, "%s;\n", pg_text(rows, i, COL_DROPPED));
        buf_printf(&w->keeps, "%s;\n", pg_text(rows, n - 1 - i, COL_KEPT));
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
        struct statement_room room;
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

/* What one may do is done twice: it goes, and comes back. A limit of its own that one does not have can
 * hold for
 * nobody, unless it is a migration's (is_strict): that then has to do for what is not said, too. */
static void add_limits(struct limits *to, const struct limits *from, int times, bool is_strict)
{
    for (int i = 0; limit_key(i) != NULL; i++) {
        int64_t more = limit_value(from, i);
        if (limit_value(to, i) >= 0 && more >= 0) {
            limit_set(to, i, limit_value(to, i) + times * more);
        } else if (!is_strict) {
            limit_set(to, i, -1);
        }
    }
}

static void put_forward(struct decl *d, struct script *v, const struct bundle *b)
{
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        put_script(d, v, &b->forward[i]);
    }
}

static void fill(struct remake *w, const struct script *drops, const struct script *keeps,
                 struct bundle *out)
{
    struct arena *a = w->r->a;
    const struct rebuilding *l = w->l;
    bool is_own = w->b->definition != NULL;
    struct decl *d = arena_dup(a, w->b->decl, sizeof *w->b->decl);
    size_t most = 3 + w->b->decl->forward.n;
    for (size_t i = 0; i < l->n; i++) {
        most += 2 * l->v[i]->decl->forward.n;
    }
    struct script *v = ARENA_ARRAY(a, struct script, most);
    d->forward = (struct artifacts){ARENA_ARRAY(a, struct artifact, most), 0, most};
    d->scope = copy_scope(a, &w->b->decl->scope);
    put_script(d, v, drops);
    if (!is_own) {
        put_forward(d, v, w->b);
    }
    for (size_t i = 0; i < l->n; i++) {
        join_scope(a, &d->scope, &l->v[i]->decl->scope);
        add_limits(&d->limits, &l->v[i]->decl->limits, l->v[i] == w->b ? 1 : 2, !is_own);
        put_forward(d, v, l->v[i]);
    }
    put_script(d, v, keeps);
    for (size_t i = 0; i < l->n; i++) {
        struct script said = said_of(a, &l->v[i]->forward[0]);
        put_script(d, v, &said);
    }
    *out = *w->b;
    out->decl = d;
    out->forward = v;
}

static int make(struct remake *w, struct bundle *out, size_t *n_ahead, struct err *e)
{
    struct script drops;
    struct script keeps;
    int rc = find_objects(w, e);
    if (rc == 0 && w->b->definition == NULL) {
        drop_on_tables(w);
    }
    rc = rc == 0 && w->oids.n > 0 ? find_words(w, e) : rc;
    bool is_any = rc == 0 && w->drops.n > 0;
    if (is_any && (parse(w, "drops", &w->drops, &drops, e) != 0 ||
                   parse(w, "keeps", &w->keeps, &keeps, e) != 0)) {
        rc = -1;
    }
    buf_release(&w->drops);
    buf_release(&w->keeps);
    if (rc == 0 && is_any) {
        fill(w, &drops, &keeps, out);
        *n_ahead = drops.n;
    }
    return rc != 0 ? -1 : !is_any;
}

static bool have_scripts(const struct rebuilding *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i]->forward == NULL || l->v[i]->decl == NULL || l->v[i]->n_faults > 0) {
            return false;
        }
    }
    return l->n > 0;
}

int remake_view(struct run *r, const struct bundle *b, struct bundle *out, struct rebuilding *l,
                struct err *e)
{
    size_t n_ahead = 0;
    if (r->plan == NULL || b->definition == NULL) {
        return 1;
    }
    rebuilding_of(r->a, r->plan, b, l);
    struct remake w = {.r = r, .b = b, .l = l};
    return l->blocked != NULL || !have_scripts(l) ? 1 : make(&w, out, &n_ahead, e);
}

int rebuild_view(struct run *r, const struct bundle *b, const struct rebuilding *l,
                 struct bundle *out, size_t *n_ahead, struct err *e)
{
    struct remake w = {.r = r, .b = b, .l = l};
    if (l->blocked != NULL || !have_scripts(l)) {
        const struct bundle *one = l->blocked;
        for (size_t i = 0; i < l->n && one == NULL; i++) {
            one = l->v[i]->forward == NULL || l->v[i]->n_faults > 0 ? l->v[i] : NULL;
        }
        err_set(e, ERR_PREFLIGHT, "%s is to be dropped and made again with it, and may not run",
                one != NULL ? one->id : "a definition");
        return err_hint(e, "`kfmig why %s/%s` says what holds it", r->env->name,
                        one != NULL ? one->id : "");
    }
    return make(&w, out, n_ahead, e);
}

/* --- what goes for good ------------------------------------------------------------------------------- */

static bool makes_triggers(const struct script *s)
{
    struct statement_room room;
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(script_at(s, i, &room)->tag, "CREATE TRIGGER") == 0) {
            return true;
        }
    }
    return false;
}

/* The server would refuse the DROP, and name nobody. */
static int refuse_upon(struct remake *w, struct err *e)
{
    struct arena *a = w->r->a;
    struct pg_rows *rows = NULL;
    const char *list = "";
    const char *params[] = {pg_array(a, w->classes.v, w->classes.n),
                            pg_array(a, w->oids.v, w->oids.n),
                            makes_triggers(&w->b->forward[0]) ? "f" : "t"};
    if (pg_query(*w->r->pg, &run_prune_upon, params, 3, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(rows); i++) {
        list = arena_printf(a, "%s%s%s", list, i > 0 ? ", " : "", pg_text(rows, i, 0));
    }
    pg_rows_free(rows);
    if (list[0] == '\0') {
        return 0;
    }
    err_set(e, ERR_APPLY, "what %s made is not dropped: %s stands upon it", w->b->id, list);
    return err_hint(e, "drop that first, by a migration or by taking it out of its definition");
}

int prune_view(struct run *r, const struct bundle *b, struct bundle *out, struct err *e)
{
    struct script drops;
    const struct bundle *one[] = {b};
    struct rebuilding l = {.v = one, .n = 1, .n_roots = 1};
    struct remake w = {.r = r, .b = b, .l = &l};
    int rc = find_objects(&w, e);
    if (rc == 0) {
        drop_on_tables(&w);
        rc = w.oids.n > 0 && (refuse_upon(&w, e) != 0 || find_words(&w, e) != 0) ? -1 : 0;
    }
    rc = rc == 0 ? parse(&w, "drops", &w.drops, &drops, e) : rc;
    buf_release(&w.drops);
    buf_release(&w.keeps);
    if (rc != 0) {
        return -1;
    }
    struct decl *d = arena_dup(r->a, b->decl, sizeof *b->decl);
    struct script *v = arena_dup(r->a, &drops, sizeof drops);
    d->limits = limits_none; /* what is its own goes as a whole */
    d->forward = (struct artifacts){ARENA_ARRAY(r->a, struct artifact, 1), 0, 1};
    put_script(d, v, &drops);
    *out = *b;
    out->decl = d;
    out->forward = v;
    return 0;
}

/* --- what a text makes no more ------------------------------------------------------------------------ */

static bool undoes(struct arena *a, const struct script *s, const char *drop)
{
    for (size_t k = 0; k < s->n; k++) {
        if (strcmp(undo_on_table(a, s, k), drop) == 0) {
            return true;
        }
    }
    return false;
}

/* Before the text, as nothing depends on them: one that the text names otherwise comes back at once. */
static void leave_on_tables(struct remake *w, const struct script *was, const struct script *now)
{
    for (size_t k = was->n; k-- > 0;) {
        const char *drop = undo_on_table(w->r->a, was, k);
        if (drop[0] != '\0' && !undoes(w->r->a, now, drop)) {
            buf_puts(&w->drops, drop);
        }
    }
}

static int find_left(struct remake *w, struct err *e)
{
    struct pg_rows *rows = NULL;
    if (w->oids.n == 0) {
        return 0;
    }
    if (ask_words(w, &rows, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < pg_rows_n(rows); i++) {
        buf_printf(&w->keeps, "%s;\n", pg_text(rows, i, COL_LEFT));
    }
    pg_rows_free(rows);
    return 0;
}

/* Its own files between what goes before and what goes behind. */
static void put_between(struct remake *w, const struct script *before, const struct script *behind,
                        const struct bundle *view, const struct decl *was, struct bundle *out)
{
    struct arena *a = w->r->a;
    struct decl *d = arena_dup(a, view->decl, sizeof *view->decl);
    size_t most = view->decl->forward.n + 2;
    struct script *v = ARENA_ARRAY(a, struct script, most);
    d->forward = (struct artifacts){ARENA_ARRAY(a, struct artifact, most), 0, most};
    d->scope = copy_scope(a, &view->decl->scope);
    join_scope(a, &d->scope, &was->scope);
    add_limits(&d->limits, &was->limits, 1, true);
    put_script(d, v, before);
    put_forward(d, v, view);
    put_script(d, v, behind);
    *out = *view;
    out->decl = d;
    out->forward = v;
}

int leave_view(struct run *r, const struct bundle *b, const struct bundle *was,
               const struct bundle *view, struct bundle *out, struct err *e)
{
    struct script before;
    struct script behind;
    const struct bundle *one[] = {was};
    struct rebuilding l = {.v = one, .n = 1, .n_roots = 1};
    struct remake w = {.r = r, .b = b, .l = &l, .now = b};
    int rc = find_objects(&w, e);
    *out = *view;
    if (rc == 0) {
        leave_on_tables(&w, &was->forward[0], &b->forward[0]);
        rc = find_left(&w, e);
    }
    bool is_any = rc == 0 && w.drops.n + w.keeps.n > 0;
    if (is_any && (parse(&w, "goes", &w.drops, &before, e) != 0 ||
                   parse(&w, "left", &w.keeps, &behind, e) != 0)) {
        rc = -1;
    }
    buf_release(&w.drops);
    buf_release(&w.keeps);
    if (rc == 0 && is_any) {
        put_between(&w, &before, &behind, view, was->decl, out);
    }
    return rc;
}

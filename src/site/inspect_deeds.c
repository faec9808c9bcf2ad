/* What pending migrations do, as questions for a server. */
#include <string.h>

#include "site/inspect.h"

enum { ACCESS_EXCLUSIVE = 8 };

struct deeds {
    struct arena *a;
    struct inspect_deed *v;
    size_t n, cap;
    struct names *extensions;
    struct table seen;
    bool concurrently;
};

static void add(struct deeds *d, const char *deed, const char *step, const char *schema,
                const char *name)
{
    schema = schema != NULL ? schema : "";
    const char *key = arena_printf(d->a, "%s\n%s\n%s\n%s", deed, step, schema, name);
    if (table_puts(&d->seen, key, d) != NULL) {
        return;
    }
    ARENA_GROW(d->a, d->v, d->n, d->cap);
    d->v[d->n++] = (struct inspect_deed){deed, step, schema, name};
}

static bool is_relation(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_VIEW || k == OBJ_MATVIEW || k == OBJ_SEQUENCE ||
           k == OBJ_FOREIGN_TABLE;
}

static void add_touch(struct deeds *d, const struct touch *t)
{
    const struct object *o = &t->object;
    bool is_made = t->effect == EFFECT_CREATE;
    if (t->maybe || o->store != NULL) {
        return;
    }
    if (is_made && o->kind == OBJ_EXTENSION) {
        names_add(d->a, d->extensions, o->name);
    } else if (is_made && o->kind == OBJ_SCHEMA) {
        add(d, "schema", "", o->name, o->name);
    } else if (is_made && o->schema != NULL && o->schema[0] != '\0') {
        add(d, "make", "", o->schema, "");
    } else if (is_relation(o->kind) && (t->effect == EFFECT_ALTER || t->effect == EFFECT_DROP)) {
        add(d, "own", "", o->schema, o->name);
    } else if (is_relation(o->kind) && t->effect == EFFECT_WRITE && o->kind != OBJ_SEQUENCE) {
        add(d, "write", "", o->schema, o->name);
    } else if (is_relation(o->kind) && t->effect == EFFECT_READ && o->kind != OBJ_SEQUENCE) {
        add(d, "read", "", o->schema, o->name);
    }
}

static void add_statement(struct deeds *d, const char *id, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        add_touch(d, &st->touches.v[i]);
    }
    for (size_t i = 0; i < st->n_locks; i++) {
        const struct object *o = &st->locks[i].object;
        add(d, "lock", id, o->schema, o->name);
        if (st->rewrites && st->locks[i].level == ACCESS_EXCLUSIVE) {
            add(d, "rewrite", "", o->schema, o->name);
        }
    }
    d->concurrently = d->concurrently || st->lone != NULL;
}

static void add_step(struct deeds *d, const struct step *s)
{
    const struct bundle *b = s->bundle;
    if (s->kind == STEP_PROJECTION && s->action == ACTION_REBUILD) {
        add(d, "schema", "", arena_printf(d->a, "%s__g", s->in->p->schema), "");
    }
    struct statement_room room;
    bool is_to_run = s->state == STATE_STALE || s->state == STATE_BLOCKED;
    if (!s->selected || !is_to_run || b == NULL || b->decl == NULL || b->forward == NULL) {
        return;
    }
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (!script_repeats(&b->forward[i], k)) {
                add_statement(d, b->id, script_at(&b->forward[i], k, &room));
            }
        }
    }
}

void inspect_deeds(const struct site *s, struct inspect_wanted *out)
{
    struct names *extensions = ARENA_NEW(s->a, struct names);
    struct deeds d = {.a = s->a, .extensions = extensions, .seen = {.a = s->a}};
    *extensions = (struct names){0};
    if (s->id.has_ledger) {
        add(&d, "write", "", "kfmig", "entry");
        add(&d, "write", "", "kfmig", "lease");
    } else {
        add(&d, "schema", "", "kfmig", "");
    }
    for (size_t i = 0; i < s->plan.n_steps; i++) {
        add_step(&d, &s->plan.v[i]);
    }
    out->deeds = d.v;
    out->n_deeds = d.n;
    out->extensions = extensions;
    out->concurrently = d.concurrently;
}

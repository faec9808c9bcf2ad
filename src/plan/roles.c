/* Roles that scripts name: those that have to be there before, and what the server says of them. */
#include <string.h>

#include "plan/gates.h"
#include "plan/step_kind.h"

static void add_made(const struct statement *st, struct role_wants *w)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        if (t->object.kind == OBJ_ROLE && t->effect == EFFECT_CREATE) {
            (void)table_puts(&w->made, t->object.name, w);
        }
    }
}

/* What was not made by a statement before. */
static void add_needed(const struct script *s, size_t k, const struct statement *st,
                       struct role_wants *w)
{
    for (size_t i = 0; st->roles != NULL && i < st->roles->n; i++) {
        const char *name = st->roles->v[i].name;
        if (table_gets(&w->made, name) == NULL && table_gets(&w->needed, name) == NULL) {
            (void)table_puts(&w->needed, name, (void *)(uintptr_t)script_keep(w->a, s, k));
        }
    }
}

void plan_roles(const struct bundle *b, struct role_wants *w)
{
    struct statement_room room;
    w->made.a = w->needed.a = w->a;
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            const struct statement *st = script_at(&b->forward[i], k, &room);
            add_made(st, w);
            w->is_open |= st->opaque || !st->analysed;
            add_needed(&b->forward[i], k, st, w);
        }
    }
}

static void judge(struct plan *p, struct step *s, const struct script *script,
                  const struct statement *st, struct table *said)
{
    for (size_t i = 0; st->roles != NULL && i < st->roles->n; i++) {
        const struct role_need *n = &st->roles->v[i];
        const struct role_fact *f = table_gets(&p->world->roles, n->name);
        if (f == NULL || (f->exists && (f->joined || !n->joined)) ||
            table_puts(said, n->name, s) != NULL) {
            continue;
        }
        struct reason *r = step_give(p, s, REASON_ROLE_MISSING);
        r->cause = script->path;
        r->was = n->name;
        r->detail = arena_printf(p->a,
                                 f->exists ? "%s needs to act as \"%s\", and is no member of it"
                                           : "%s names \"%s\", and there is no such role",
                                 st->tag, n->name);
        r->path = script->path;
        r->line = st->line;
        r->col = st->col;
    }
}

void gate_roles(struct plan *p, struct step *s)
{
    struct table said = {.a = p->a};
    struct statement_room room;
    for (size_t i = 0; i < s->bundle->decl->forward.n && p->world->roles.n > 0; i++) {
        for (size_t k = 0; k < s->bundle->forward[i].n; k++) {
            const struct script *script = &s->bundle->forward[i];
            judge(p, s, script, script_at(script, k, &room), &said);
        }
    }
}

/* Which definitions are dropped and made again. */
#include "run/rebuild.h"

#include "model/definition.h"
#include "model/program.h"

static bool is_among(const struct rebuilding *l, const struct bundle *b)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i] == b) {
            return true;
        }
    }
    return false;
}

static bool needs_one(const struct rebuilding *l, const struct bundle *b)
{
    for (size_t i = 0; i < l->n; i++) {
        if (definition_needs(b->definition, l->v[i]->definition)) {
            return true;
        }
    }
    return false;
}

/* Also earlier in this run. */
static bool is_built(const struct plan *p, const struct step *s)
{
    const struct bundle *b = s->bundle;
    const struct history *h = b->definition != NULL ? past_get(p->past, b->id) : NULL;
    return h != NULL && h->applied != NULL && !b->is_absent && b->projection == NULL;
}

static void add(struct rebuilding *l, const struct step *s)
{
    if (s->state == STATE_BLOCKED && l->blocked == NULL) {
        l->blocked = s->bundle;
    }
    l->v[l->n++] = s->bundle;
}

/* What stands upon what is there already. In the plan's order those come behind what they need. */
static void find_upon(const struct plan *p, struct rebuilding *out)
{
    out->n_roots = out->n;
    for (size_t i = 0; i < p->n_migrations && out->n > 0; i++) {
        const struct step *s = &p->v[i];
        if (is_built(p, s) && !is_among(out, s->bundle) && needs_one(out, s->bundle)) {
            add(out, s);
        }
    }
}

static void begin(struct arena *a, const struct plan *p, struct rebuilding *out)
{
    *out = (struct rebuilding){.v = ARENA_ARRAY(a, const struct bundle *, p->n_migrations + 1)};
}

void rebuilding_named(struct arena *a, const struct plan *p, const struct names *names,
                      struct rebuilding *out)
{
    begin(a, p, out);
    for (size_t i = 0; i < p->n_migrations && names->n > 0; i++) {
        if (is_built(p, &p->v[i]) && names_have(names, p->v[i].bundle->id)) {
            add(out, &p->v[i]);
        }
    }
    find_upon(p, out);
}

void rebuilding_of(struct arena *a, const struct plan *p, const struct bundle *b,
                   struct rebuilding *out)
{
    begin(a, p, out);
    out->v[out->n++] = b;
    find_upon(p, out);
}

const char *rebuilding_text(struct arena *a, const struct rebuilding *l, size_t from)
{
    const char *text = "";
    for (size_t i = from; i < l->n; i++) {
        text = arena_printf(a, "%s%s%s", text, i > from ? ", " : "", l->v[i]->id);
    }
    return text;
}

static bool needs_touched(struct arena *a, const struct definition *d, const struct statement *st)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        const struct touch *t = &st->touches.v[i];
        bool is_named =
            touch_changes(t) && !object_kind_global(t->object.kind) && t->object.name[0] != '\0';
        if (is_named && definition_has(&d->needs, definition_name(a, &t->object))) {
            return true;
        }
    }
    return false;
}

static bool is_reached(struct arena *a, const struct rebuilding *l, const struct statement *st)
{
    bool is_open = st->kind == STATEMENT_PLAIN && (!st->analysed || st->opaque || st->cascade);
    for (size_t i = 0; i < l->n && !is_open; i++) {
        is_open = needs_touched(a, l->v[i]->definition, st);
    }
    return is_open;
}

bool rebuilding_reached(struct arena *a, const struct rebuilding *l, const struct bundle *b)
{
    struct statement_room room;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (is_reached(a, l, script_at(&b->forward[i], k, &room))) {
                return true;
            }
        }
    }
    return false;
}

void rebuilding_upon(struct arena *a, const struct plan *p, const struct statement *st,
                     struct names *out)
{
    for (size_t i = 0; i < p->n_migrations; i++) {
        const struct step *s = &p->v[i];
        if (is_built(p, s) && needs_touched(a, s->bundle->definition, st)) {
            names_add(a, out, s->bundle->id);
        }
    }
}

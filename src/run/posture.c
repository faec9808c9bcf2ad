/* What was reduced of what is enforced, and who said so beforehand. */
#include "run/posture.h"

#include <string.h>

#include "store/posture.h"

/* One reduction on its way to a verdict. */
struct posture_look {
    struct run *r;
    const struct bundle *b;
    const struct object *object;
    const char *rule;
};

/* Texts name functions without the types of their arguments, relations maybe without a schema and by
 * another kind (GRANT ON TABLE of a view), and all that is in a schema by the schema. */
static bool is_about(const struct touch *t, const struct object *o)
{
    const struct object *said = &t->object;
    size_t n = strcspn(o->name, "(");
    if (t->maybe || t->effect < EFFECT_CREATE) {
        return false;
    }
    if (o->kind == OBJ_DEFAULT_PRIVILEGES || o->kind == OBJ_USER_MAPPING) {
        return said->kind == o->kind;
    }
    if (said->kind == OBJ_SCHEMA && o->kind != OBJ_SCHEMA) {
        return o->schema[0] != '\0' && strcmp(said->name, o->schema) == 0;
    }
    bool same_name =
        strncmp(said->name, o->name, n) == 0 && (said->name[n] == '\0' || said->name[n] == '(');
    return same_name && (said->schema[0] == '\0' || strcmp(said->schema, o->schema) == 0);
}

static bool names(const struct statement *st, const struct object *o)
{
    for (size_t i = 0; i < st->touches.n; i++) {
        if (is_about(&st->touches.v[i], o)) {
            return true;
        }
    }
    return false;
}

/* Does a statement of s name the object? line > 0: only the one that stands at that place. */
static bool is_named(const struct script *s, int line, int col, const struct object *o)
{
    struct statement_room room;
    bool found = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct statement *st = script_at(s, i, &room);
        bool is_behind = st->line > line || (st->line == line && st->col > col);
        if (line > 0 && is_behind) {
            break;
        }
        bool does = names(st, o);
        found = line > 0 ? does : found || does;
    }
    return found;
}

static bool announces(const struct posture_look *k, const struct findings *l,
                      const struct script *s)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct finding *f = &l->v[i];
        if (strcmp(f->rule, k->rule) == 0 && strcmp(f->path, s->path) == 0 &&
            is_named(s, f->line, f->col, k->object)) {
            return true;
        }
    }
    return false;
}

/* The chain of a projection is one bundle, of the files of all its migrations: a file says whose it is. */
static bool is_announced(const struct posture_look *k)
{
    const struct table *reduced = &k->r->world->reduced;
    for (size_t i = 0; i < k->b->decl->forward.n; i++) {
        const struct script *s = &k->b->forward[i];
        if (!k->r->env->is_protected && is_named(s, 0, 0, k->object)) {
            return true;
        }
        for (size_t n = 0; n < reduced->n; n++) {
            if (announces(k, reduced->rows[n].value, s)) {
                return true;
            }
        }
    }
    return false;
}

static void find(const struct posture_look *k, const char *text, struct outcome *o)
{
    const char *what = object_text(k->r->a, k->object);
    struct finding *f = finding_fail(k->r->a, &o->gates, "posture",
                                     "%s: %s (%s), which no statement says", what, text, k->rule);
    f->subject = what;
    f->severity = k->r->env->is_protected ? SEVERITY_ERROR : SEVERITY_WARNING;
    f->hint = "what reduces what is enforced is written as a plain statement that names the "
              "object, so that "
              "the linter finds it and kfm-governance signs for it (docs/approvals.md)";
}

void gates_posture(struct run *r, const struct bundle *b, struct outcome *o)
{
    size_t n_announced = 0;
    size_t n_before = o->gates.n;
    for (size_t i = 0; i < o->seen.n_changes; i++) {
        struct reductions all = {0};
        const struct change *c = &o->seen.changes[i];
        posture_reduced(r->a, c, &all);
        for (size_t n = 0; n < all.n; n++) {
            const struct posture_look k = {r, b, &c->after->object, all.v[n].rule};
            bool said = is_announced(&k);
            n_announced += said;
            if (!said) {
                find(&k, all.v[n].text, o);
            }
        }
    }
    if (n_announced > 0 && o->gates.n == n_before) {
        finding_pass(r->a, &o->gates, "posture");
    }
}

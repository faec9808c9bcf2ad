/* The static look at a bundle's forward scripts: scope, protected domains, limits, and the class of risk. */
#include <stdlib.h>
#include <string.h>

#include "model/scope.h"
#include "plan/plan.h"

/* Everything one look collects. */
struct judgement {
    struct arena *a;
    const struct bundle *b;
    const struct domains *domains;
    const struct lineage *lineage;
    struct reason *reasons;
    size_t n, cap;
    struct names made;   /* schemas that this bundle creates */
    struct table tables; /* tables that it would touch */
    int64_t indexes;
};

static struct reason *reason_new(struct judgement *l, enum reason_code code)
{
    ARENA_GROW(l->a, l->reasons, l->n, l->cap);
    struct reason *r = &l->reasons[l->n++];
    *r = (struct reason){.code = code, .cause = "", .was = "", .now = "", .detail = "", .step = -1};
    return r;
}

static bool is_table(enum object_kind k)
{
    return k == OBJ_TABLE || k == OBJ_MATVIEW || k == OBJ_FOREIGN_TABLE;
}

/* May the object have been there before this bundle? What stands in a schema that it makes itself may not. */
static bool may_exist(const struct judgement *l, const struct touch *t)
{
    const char *schema = t->object.kind == OBJ_SCHEMA ? t->object.name : t->object.schema;
    if (schema[0] != '\0') {
        return !names_have(&l->made, schema);
    }
    return t->effect != EFFECT_CREATE;
}

static void judge_touch(struct judgement *l, const struct script *s, const struct touch *t,
                        bool existed)
{
    const struct scope *scope = &l->b->decl->scope;
    enum verdict v = scope_admits(scope, l->domains, l->lineage, t, existed);
    if (v == VERDICT_OK) {
        return;
    }
    struct reason *r =
        reason_new(l, v == VERDICT_PROTECTED ? REASON_PROTECTED_DOMAIN : REASON_SCOPE_EXCEEDED);
    r->cause = s->path;
    r->detail = arena_printf(l->a, "%s of %s: %s", effect_text(t->effect),
                             lineage_text(l->a, l->lineage, &t->object),
                             scope_rule(scope, l->domains, l->lineage, t, existed));
    r->path = s->path;
    r->line = t->line;
    r->col = t->col;
}

/* What is dropped or emptied takes along all that counts to it. */
static void judge_parts(struct judgement *l, const struct script *s, const struct touch *t,
                        bool existed)
{
    for (const struct lineage *from = l->lineage; from != NULL; from = from->behind) {
        for (size_t i = 0; i < from->n; i++) {
            struct touch part = *t;
            part.object = from->v[i].child;
            if (is_table(t->object.kind) &&
                lineage_is_above(l->lineage, &t->object, &part.object)) {
                judge_touch(l, s, &part, existed);
            }
        }
    }
}

static void look_at_touch(struct judgement *l, const struct script *s, const struct touch *t)
{
    /* First: the schema that is made is itself new. Where it is there already, IF NOT EXISTS changes
     * nothing. */
    if (t->object.kind == OBJ_SCHEMA && t->effect == EFFECT_CREATE) {
        ARENA_GROW(l->a, l->made.v, l->made.n, l->made.cap);
        l->made.v[l->made.n++] = t->object.name;
    }
    if (t->maybe) {
        return;
    }
    bool existed = may_exist(l, t);
    judge_touch(l, s, t, existed);
    if (t->effect == EFFECT_DROP || (t->effect == EFFECT_TRUNCATE && !t->only)) {
        judge_parts(l, s, t, existed);
    }
    if (is_table(t->object.kind) && t->object.name[0] != '\0' && t->effect != EFFECT_READ &&
        t->effect != EFFECT_REFERENCE) {
        struct object root = lineage_root(l->lineage, &t->object);
        root.kind = OBJ_TABLE;
        table_puts(&l->tables, object_text(l->a, &root), l);
    }
}

static void look_at_limit(struct judgement *l, const char *limit, int64_t declared, int64_t least)
{
    if (declared < 0 || least <= declared) {
        return;
    }
    struct reason *r = reason_new(l, REASON_LIMIT_EXCEEDED);
    r->cause = bundle_file(l->a, l->b);
    r->was = arena_printf(l->a, "%lld", (long long)declared);
    r->now = arena_printf(l->a, "%lld", (long long)least);
    r->detail = arena_printf(l->a, "limits.%s is %lld, the scripts need at least %lld", limit,
                             (long long)declared, (long long)least);
    r->path = r->cause;
}

static bool creates(const struct touches *list, const struct object *table)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct object *o = &list->v[i].object;
        if (list->v[i].effect == EFFECT_CREATE && is_table(o->kind) &&
            strcmp(o->name, table->name) == 0 && strcmp(o->schema, table->schema) == 0) {
            return true;
        }
    }
    return false;
}

/* st, or another one. */
static bool makes(const struct bundle *b, const struct statement *st, const struct object *table)
{
    struct statement_room room;
    if (creates(&st->touches, table)) {
        return true;
    }
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (!script_repeats(&b->forward[i], k) &&
                creates(&script_at(&b->forward[i], k, &room)->touches, table)) {
                return true;
            }
        }
    }
    return false;
}

/* Under its new name it counts to what it counted to. */
static void follow_name(const struct kin *k, const struct lineage *known, struct lineage *l)
{
    size_t at = 0;
    for (const struct object *p; (p = lineage_parent(known, &k->parent, &at)) != NULL;) {
        const struct object parent = *p; /* the list may move */
        lineage_add(l, &k->child, &parent);
    }
}

static void add_kin(const struct bundle *b, const struct statement *st, const struct lineage *known,
                    struct lineage *l)
{
    for (size_t i = 0; i < st->n_kin; i++) {
        const struct kin *k = &st->kin[i];
        if (st->renames) {
            follow_name(k, known, l);
            follow_name(k, l, l);
        } else if (makes(b, st, &k->child)) {
            lineage_add(l, &k->child, &k->parent);
        }
    }
}

void plan_lineage(const struct bundle *b, const struct lineage *known, struct lineage *l)
{
    struct statement_room room;
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            add_kin(b, script_at(&b->forward[i], k, &room), known, l);
        }
    }
}

bool plan_has_kin(const struct bundle *b)
{
    struct statement_room room;
    for (size_t i = 0; b->forward != NULL && i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            if (!script_repeats(&b->forward[i], k) &&
                script_at(&b->forward[i], k, &room)->n_kin > 0) {
                return true;
            }
        }
    }
    return false;
}

/* known, and what b itself makes. */
static const struct lineage *lineage_for(struct arena *a, const struct bundle *b,
                                         const struct lineage *known)
{
    struct lineage *l = lineage_over(a, known);
    plan_lineage(b, known, l);
    return l->n > 0 ? l : known;
}

void plan_judge(struct arena *a, const struct bundle *b, const struct domains *d,
                const struct lineage *known, struct reason **out, size_t *n)
{
    struct judgement l = {
        .a = a, .b = b, .domains = d, .lineage = lineage_for(a, b, known), .tables = {.a = a}};
    for (size_t i = 0; i < b->decl->forward.n && b->forward != NULL; i++) {
        const struct script *s = &b->forward[i];
        struct statement_room room;
        for (size_t k = 0; k < s->n; k++) {
            const struct statement *st = script_at(s, k, &room);
            const struct touches *list = &st->touches;
            bool again = script_repeats(s, k); /* said already */
            for (size_t t = 0; t < list->n && !again; t++) {
                look_at_touch(&l, s, &list->v[t]);
            }
            l.indexes += abs(st->index_delta) - st->joined_indexes;
        }
    }
    look_at_limit(&l, "max_table_count_touched", b->decl->limits.max_table_count_touched,
                  (int64_t)l.tables.n);
    look_at_limit(&l, "max_index_count_delta", b->decl->limits.max_index_count_delta, l.indexes);
    *out = l.reasons;
    *n = l.n;
}

char bundle_class(struct arena *a, const struct bundle *b)
{
    struct statement_room room;
    struct class_tally tally = {.a = a};
    for (size_t i = 0; i < b->decl->forward.n && b->forward != NULL; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            class_add(&tally, script_at(&b->forward[i], k, &room));
        }
    }
    char does = class_tallied(&tally);
    bool is_read = b->n_faults == 0 && !bundle_is_program(b);
    char declared = decl_class(b->decl);
    does = is_read || does == 'C' ? does : 'U';
    does = b->projection != NULL && does != 'U' ? 'D' : does;
    return declared == 0 || declared == 'D' ? does : class_stricter(declared, does);
}

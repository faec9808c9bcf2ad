/* What must hold before COMMIT: judged from what was observed, never from what was declared to happen. */
#include "run/gates.h"

#include <string.h>

#include "model/scope.h"
#include "run/evidence.h"

void gate_add(struct run *r, struct outcome *o, const char *name, bool passed, const char *detail)
{
    struct gate *v = ARENA_ARRAY(r->a, struct gate, o->n_gates + 1);
    if (o->n_gates > 0) {
        memcpy(v, o->gates, o->n_gates * sizeof *v);
    }
    v[o->n_gates++] = (struct gate){name, passed, detail};
    o->gates = v;
}

static bool had_object(const struct run *r, const struct touch *t)
{
    if (table_gets(&r->base->by_text, object_text(r->a, &t->object)) != NULL) {
        return true;
    }
    if (t->object.schema[0] == '\0') {
        return false;
    }
    struct object schema = {OBJ_SCHEMA, "", t->object.schema};
    return table_gets(&r->base->by_text, object_text(r->a, &schema)) != NULL;
}

/* "alter of table audit.log: not in scope.allowed_schemas; ..." for every touch with one of the verdicts. */
static void judge_touches(struct run *r, const struct bundle *b, struct outcome *o)
{
    struct buf scope = {0};
    struct buf protected = {0};
    for (size_t i = 0; i < o->seen.touches.n; i++) {
        const struct touch *t = &o->seen.touches.v[i];
        bool existed = had_object(r, t);
        enum verdict v = scope_admits(&b->decl->scope, r->domains, t, existed);
        if (v == VERDICT_OK) {
            continue;
        }
        struct buf *out = v == VERDICT_PROTECTED ? &protected : &scope;
        buf_printf(out, "%s%s of %s: %s", out->n > 0 ? "; " : "", effect_text(t->effect),
                   object_text(r->a, &t->object),
                   scope_rule(&b->decl->scope, r->domains, t, existed));
    }
    gate_add(r, o, "scope", scope.n == 0, arena_strdup(r->a, buf_str(&scope)));
    gate_add(r, o, "protected", protected.n == 0, arena_strdup(r->a, buf_str(&protected)));
    buf_release(&scope);
    buf_release(&protected);
}

static void judge_limits(struct run *r, const struct bundle *b, struct outcome *o)
{
    for (int i = 0; limit_key(i) != NULL; i++) {
        int64_t declared = limit_declared(&b->decl->limits, i);
        int64_t seen = limit_observed(&o->seen, i);
        if (declared < 0) {
            continue;
        }
        const char *name = arena_printf(r->a, "limit %s", limit_key(i));
        const char *detail = "";
        if (seen == ROWS_UNKNOWN) {
            detail = arena_printf(r->a, "declared %lld, and the rows removed could not be counted",
                                  (long long)declared);
        } else if (seen > declared) {
            detail = arena_printf(r->a, "declared %lld, observed %lld", (long long)declared,
                                  (long long)seen);
        }
        gate_add(r, o, name, detail[0] == '\0', detail);
    }
}

static const struct drift *drift_of(const struct world *w, const char *text)
{
    for (size_t i = 0; i < w->n_drift; i++) {
        if (strcmp(w->drift[i].text, text) == 0) {
            return &w->drift[i];
        }
    }
    return NULL;
}

static void judge_drift(struct run *r, struct outcome *o)
{
    const char *detail = "";
    for (size_t i = 0; i < o->seen.touches.n && detail[0] == '\0' && r->world->n_drift > 0; i++) {
        const struct touch *t = &o->seen.touches.v[i];
        const char *text = object_text(r->a, &t->object);
        const struct drift *d = t->effect == EFFECT_READ ? NULL : drift_of(r->world, text);
        if (d != NULL) {
            detail = arena_printf(r->a, "%s was changed outside kfmig%s%s", text,
                                  d->last_writer[0] != '\0' ? " after " : "", d->last_writer);
        }
    }
    gate_add(r, o, "drift", detail[0] == '\0', detail);
}

static void fail_from(struct outcome *o, const struct bundle *b)
{
    static const struct {
        const char *gate;
        const char *hint;
    } hints[] = {
        {"scope",
         "narrow the migration, or widen its scope in migration.yml and have that reviewed"},
        {"protected", "existing objects of a protected domain change only with a signed approval"},
        {"limit",
         "raise the limit in migration.yml and have that reviewed, or split the migration"},
        {"invariant", "run the invariant's query to see the rows that are wrong"},
        {"drift", "`kfmig adopt ENV` accepts the database as it stands, with a receipt"},
        {"ledger", "a migration may not read or write schema kfmig"},
        {"observation", "a change that cannot be named is refused; make it with a plain statement"},
    };
    for (size_t i = 0; i < o->n_gates; i++) {
        const struct gate *g = &o->gates[i];
        if (g->passed) {
            continue;
        }
        struct err *e = &o->failure;
        err_set(e, ERR_APPLY, "%s: gate \"%s\" failed, everything was rolled back: %s", b->id,
                g->name, g->detail);
        for (size_t k = 0; k < sizeof hints / sizeof *hints; k++) {
            if (strncmp(g->name, hints[k].gate, strlen(hints[k].gate)) == 0) {
                err_hint(e, "%s", hints[k].hint);
            }
        }
        return;
    }
}

bool gates_judge(struct run *r, const struct bundle *b, struct outcome *o)
{
    judge_touches(r, b, o);
    judge_limits(r, b, o);
    judge_drift(r, o);
    gate_add(r, o, "ledger", !o->seen.ledger_touched,
             o->seen.ledger_touched ? "schema kfmig was read or written" : "");
    gate_add(r, o, "observation", o->seen.unreconciled == NULL,
             o->seen.unreconciled != NULL ? o->seen.unreconciled : "");
    bool passed = true;
    for (size_t i = 0; i < o->n_gates; i++) {
        passed = passed && o->gates[i].passed;
    }
    if (!passed) {
        fail_from(o, b);
    }
    return passed;
}

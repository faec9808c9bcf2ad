/* What is to be done about a repeatable definition, and why: its key is its text, and what it stands on. */
#include <string.h>

#include "model/definition.h"
#include "model/variables.h"
#include "plan/step_kind.h"

/* What name stands for was changed by an entry behind sequence. An unqualified name stands in any schema. */
static const struct rewritten *written_since(const struct world *w, const char *name,
                                             int64_t sequence, const char **object)
{
    bool is_open = false;
    (void)definition_last(name, &is_open);
    if (!is_open) {
        const struct rewritten *x = table_gets(&w->written, name);
        *object = name;
        return x != NULL && x->sequence > sequence ? x : NULL;
    }
    for (size_t i = 0; i < w->written.n; i++) {
        const struct rewritten *x = w->written.rows[i].value;
        if (x->sequence > sequence && definition_same(w->written.rows[i].key.p, name)) {
            *object = w->written.rows[i].key.p;
            return x;
        }
    }
    return NULL;
}

static const struct rewritten *find_written(const struct world *w, const struct bundle *b,
                                            int64_t sequence, const char **object)
{
    const struct names *const lists[] = {&b->definition->makes, &b->definition->needs};
    const struct rewritten *found = NULL;
    for (size_t l = 0; l < 2 && found == NULL && w->written.n > 0; l++) {
        for (size_t i = 0; i < lists[l]->n && found == NULL; i++) {
            found = written_since(w, lists[l]->v[i], sequence, object);
        }
    }
    return found;
}

/* One that it says it comes after was built again since. */
static const struct fact *find_later(const struct past *past, const struct bundle *b,
                                     int64_t sequence)
{
    for (size_t i = 0; i < b->depends_on.n; i++) {
        const struct history *h = past_get(past, b->depends_on.v[i]);
        if (h != NULL && h->applied != NULL && h->applied->wrote > sequence) {
            return h->applied;
        }
    }
    return NULL;
}

/* What makes it stale, whatever else is to run: the first of these that holds. */
struct anew {
    const struct fact *built; /* NULL: it is not */
    bool is_other;            /* built with another text */
    const struct rewritten *written;
    const char *object; /* that was written: it makes it, or stands on it */
    const struct fact *later;
    const struct variable *valued; /* one that has another value */
    const char *value_was;
};

static bool find_anew(const struct past *past, const struct world *w, const struct bundle *b,
                      struct anew *out)
{
    const struct history *h = past_get(past, b->id);
    *out = (struct anew){.built = h != NULL ? h->applied : NULL, .object = ""};
    if (out->built != NULL) {
        out->is_other = !digest_eq(&out->built->checksum, &b->checksum);
        out->written = find_written(w, b, out->built->sequence, &out->object);
        out->later = find_later(past, b, out->built->sequence);
        out->valued = plan_revalued(w, b, &out->value_was);
    }
    return out->built == NULL || out->is_other || out->written != NULL || out->later != NULL ||
           out->valued != NULL;
}

static void give_written(struct plan *p, struct step *s, const struct rewritten *x,
                         const char *object)
{
    struct reason *r = step_give(p, s, REASON_NEED_CHANGED);
    r->cause = arena_printf(p->a, "ledger entry %lld", (long long)x->sequence);
    r->detail = arena_printf(p->a, "%s, by %s", object, x->by);
}

static void give_later(struct plan *p, struct step *s, const struct fact *f)
{
    struct reason *r = step_give(p, s, REASON_NEED_CHANGED);
    r->cause = arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
    r->detail = arena_printf(p->a, "it comes after %s, as its text says", f->subject);
}

/* Is something that it needs to be built before it in this run? */
static bool is_waiting(const struct plan *p, const struct step *s)
{
    for (size_t i = 0; i < s->n_upstream; i++) {
        if (p->v[s->upstream[i]].action == ACTION_APPLY) {
            return true;
        }
    }
    return false;
}

static void give_current(struct plan *p, struct step *s, const struct fact *f)
{
    if (s->exported != EXPORT_DONE) {
        step_give(p, s,
                  s->exported == EXPORT_MISSING ? REASON_OUTPUT_MISSING : REASON_OUTPUT_ALTERED)
            ->cause = arena_printf(p->a, "%s/receipts", s->bundle->dir);
        s->action = ACTION_EXPORT;
    }
    struct reason *r = step_give(p, s, REASON_CURRENT);
    r->cause = arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
    r->now = step_digest(p, &f->checksum);
    r->detail = arena_printf(p->a, "built at %s by run %s", f->finished_at, f->run_id);
}

static void give_new(struct plan *p, struct step *s)
{
    const struct fact *last = s->history != NULL ? s->history->last : NULL;
    struct reason *r = step_give(p, s, REASON_NEVER_BUILT);
    r->now = step_digest(p, &s->bundle->checksum);
    if (last != NULL) {
        r->cause = arena_printf(p->a, "ledger entry %lld", (long long)last->sequence);
        r->detail = arena_printf(p->a, "the last run %s at %s", last->result, last->finished_at);
    }
}

static void give_text(struct plan *p, struct step *s, const struct fact *f)
{
    struct reason *r = step_give(p, s, REASON_INPUT_CHANGED);
    r->cause = s->bundle->file;
    r->was = step_digest(p, &f->checksum);
    r->now = step_digest(p, &s->bundle->checksum);
    r->detail = arena_printf(p->a, "built at %s by run %s", f->finished_at, f->run_id);
    r->path = s->bundle->file;
}

void repeatable_decide(struct plan *p, struct step *s)
{
    struct anew why;
    if (!find_anew(p->past, p->world, s->bundle, &why) && !is_waiting(p, s)) {
        give_current(p, s, why.built);
        return;
    }
    if (why.built == NULL) {
        give_new(p, s);
    } else if (why.is_other) {
        give_text(p, s, why.built);
    } else if (why.valued != NULL) {
        plan_give_value(p, step_give(p, s, REASON_VALUE_CHANGED), why.valued, why.value_was);
    } else if (why.written != NULL) {
        give_written(p, s, why.written, why.object);
    } else if (why.later != NULL) {
        give_later(p, s, why.later);
    }
    s->action = ACTION_APPLY;
    migration_gates(p, s);
}

static bool may_run(const struct plan_input *in, const struct bundle *b)
{
    struct anew why;
    return bundle_is_repeatable(b) ? find_anew(in->past, in->world, b, &why)
                                   : plan_needs_scripts(in, b);
}

bool plan_defines(const struct plan_input *in, const struct bundle *bundles, size_t n)
{
    bool has_any = false;
    bool runs = false;
    for (size_t i = 0; i < n && !has_any; i++) {
        has_any = bundle_is_repeatable(&bundles[i]);
    }
    for (size_t i = 0; i < n && has_any && !runs; i++) {
        runs = may_run(in, &bundles[i]);
    }
    return runs;
}

/* What is to be done about a repeatable definition, and why: its key is its text, and what it stands on. */
#include <string.h>

#include "model/definition.h"
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
        const char *text = w->written.rows[i].key.p;
        const struct names one = {&text, 1, 1};
        if (x->sequence > sequence && definition_has(&one, name)) {
            *object = text;
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
        if (h != NULL && h->applied != NULL && h->applied->sequence > sequence) {
            return h->applied;
        }
    }
    return NULL;
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
    const struct fact *f = s->history != NULL ? s->history->applied : NULL;
    const char *object = "";
    const struct rewritten *x =
        f != NULL ? find_written(p->world, s->bundle, f->sequence, &object) : NULL;
    const struct fact *later = f != NULL ? find_later(p->past, s->bundle, f->sequence) : NULL;
    if (f == NULL) {
        give_new(p, s);
    } else if (!digest_eq(&f->checksum, &s->bundle->checksum)) {
        give_text(p, s, f);
    } else if (x != NULL) {
        give_written(p, s, x, object);
    } else if (later != NULL) {
        give_later(p, s, later);
    } else if (!is_waiting(p, s)) {
        give_current(p, s, f);
        return;
    }
    s->action = ACTION_APPLY;
    migration_gates(p, s);
}

static bool may_run(const struct plan_input *in, const struct bundle *b)
{
    const char *object = "";
    const struct history *h = past_get(in->past, b->id);
    const struct fact *f = h != NULL ? h->applied : NULL;
    if (!bundle_is_repeatable(b)) {
        return plan_needs_scripts(in, b);
    }
    return f == NULL || !digest_eq(&f->checksum, &b->checksum) ||
           find_written(in->world, b, f->sequence, &object) != NULL ||
           find_later(in->past, b, f->sequence) != NULL;
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

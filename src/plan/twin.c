/* Applied migrations that the project lacks, and content that is applied under another id. */
#include "plan/twin.h"

#include <string.h>

#include "plan/projection.h"

/* Facts with the same checksum. */
struct twin {
    const struct fact *fact;
    struct twin *next;
};

static struct bytes key_of(const struct digest *d)
{
    return bytes_of((const char *)d->b, sizeof d->b);
}

/* What is applied, by content: made when the first pending step asks. */
static void index_facts(struct plan *p)
{
    const struct table *by_id = &p->past->by_id;
    p->by_content = (struct table){.a = p->a};
    for (size_t i = 0; i < by_id->n; i++) {
        const struct history *h = by_id->rows[i].value;
        if (h->applied == NULL || !h->applied->is_migration || h->applied->is_definition) {
            continue;
        }
        struct twin *t = ARENA_NEW(p->a, struct twin);
        t->fact = h->applied;
        t->next = table_put(&p->by_content, key_of(&h->applied->checksum), t);
    }
}

static const struct twin *twins_of(struct plan *p, const struct step *s)
{
    if (p->past->n_applied > 0 && p->by_content.a == NULL) {
        index_facts(p);
    }
    return p->by_content.a == NULL ? NULL : table_get(&p->by_content, key_of(&s->bundle->checksum));
}

/* Has the project a bundle of that id with the content that is applied? */
static bool is_here(const struct plan *p, const struct fact *f)
{
    int i = plan_find(p, f->subject);
    return i >= 0 && !p->v[i].bundle->is_absent &&
           digest_eq(&p->v[i].bundle->checksum, &f->checksum);
}

static const char *applied_text(struct plan *p, const struct fact *f)
{
    return arena_printf(p->a, "applied at %s by run %s", f->finished_at, f->run_id);
}

static struct reason *give(struct plan *p, struct step *s, enum reason_code code,
                           const struct fact *f, const char *detail)
{
    struct reason *r = step_give(p, s, code);
    r->cause = arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
    r->was = arena_strdup(p->a, f->subject);
    r->now = s->bundle->id;
    r->detail = detail;
    return r;
}

/* All that it may be: the content of two that are gone can be the same. */
static const char *orphans_text(struct plan *p, const struct step *s, const struct twin *list,
                                const struct fact **first)
{
    const char *text = "";
    size_t n = 0;
    for (const struct twin *t = list; t != NULL; t = t->next) {
        if (strcmp(t->fact->subject, s->bundle->id) != 0 && !is_here(p, t->fact)) {
            *first = *first == NULL || t->fact->sequence < (*first)->sequence ? t->fact : *first;
            text = n++ == 0 ? t->fact->subject
                            : arena_printf(p->a, "%s or %s", t->fact->subject, text);
        }
    }
    return text;
}

static bool holds_content(struct plan *p, struct step *s)
{
    const struct twin *list = twins_of(p, s);
    const struct fact *orphan = NULL;
    const char *names = orphans_text(p, s, list, &orphan);
    if (orphan != NULL) {
        give(
            p, s, REASON_RENAMED, orphan,
            arena_printf(p->a, "same content as %s, %s: renamed?", names, applied_text(p, orphan)));
        return true;
    }
    for (const struct twin *t = list; t != NULL && !s->is_named; t = t->next) {
        if (strcmp(t->fact->subject, s->bundle->id) != 0) {
            give(p, s, REASON_APPLIED_TWIN, t->fact,
                 arena_printf(p->a, "same content as %s, %s", t->fact->subject,
                              applied_text(p, t->fact)));
            return true;
        }
    }
    return false;
}

/* Where all of its forward files are those of what is gone, a name does not let it through either: another
 * scope or rollback makes it no other migration. */
static bool holds_likeness(struct plan *p, struct step *s)
{
    const struct bundle *b = s->bundle;
    const struct history *h = b->resembles != NULL ? past_get(p->past, b->resembles) : NULL;
    if (h == NULL || h->applied == NULL || (s->is_named && b->likeness < 100)) {
        return false;
    }
    const char *applied = applied_text(p, h->applied);
    if (b->likeness == 100) {
        give(p, s, REASON_RENAMED, h->applied,
             arena_printf(p->a, "same forward files as %s, %s: renamed?", b->resembles, applied));
    } else {
        give(p, s, REASON_RESEMBLES, h->applied,
             arena_printf(p->a, "%d %% of its lines are those of %s, %s: renamed and edited?",
                          b->likeness, b->resembles, applied));
    }
    return true;
}

bool twin_holds(struct plan *p, struct step *s)
{
    return holds_content(p, s) || holds_likeness(p, s);
}

/* From the end: of several the step that comes first is what is found. */
static void index_pending(struct plan *p)
{
    p->pending_by_content = (struct table){.a = p->a};
    p->pending_like = (struct table){.a = p->a};
    for (size_t i = p->n_migrations; i-- > 0;) {
        const struct bundle *b = p->v[i].bundle;
        const struct history *h = b->is_absent ? NULL : past_get(p->past, b->id);
        if (b->is_absent || (h != NULL && h->applied != NULL)) {
            continue;
        }
        (void)table_put(&p->pending_by_content, key_of(&b->checksum), &p->v[i]);
        if (b->resembles != NULL) {
            (void)table_puts(&p->pending_like, b->resembles, &p->v[i]);
        }
    }
}

/* What is pending here with the content that was applied; NULL: nothing. */
static const struct step *pending_twin(struct plan *p, const struct digest *checksum)
{
    if (p->pending_by_content.a == NULL) {
        index_pending(p);
    }
    return table_get(&p->pending_by_content, key_of(checksum));
}

/* It was applied by itself, or the live generation of a projection was made with it. */
static const char *absent_text(struct plan *p, const struct step *s, const char **cause)
{
    if (s->history != NULL && s->history->applied != NULL) {
        const struct fact *f = s->history->applied;
        *cause = arena_printf(p->a, "ledger entry %lld", (long long)f->sequence);
        return applied_text(p, f);
    }
    bool excluded = false;
    const struct projection_input *x = projection_of(p, s->bundle, &excluded);
    const struct generation *live = generation_live(x);
    *cause = arena_printf(p->a, "%s of %s", generation_name(p, live), x->p->name);
    return arena_printf(p->a, "in %s of %s, %s", generation_name(p, live), x->p->name,
                        undeclared_text(p, live));
}

/* What it defined stays until somebody drops it. */
static void definition_gone(struct plan *p, struct step *s)
{
    if (p->prunes && s->history != NULL && s->history->applied != NULL) {
        struct reason *pruned = step_give(p, s, REASON_PRUNED);
        pruned->detail = absent_text(p, s, &pruned->cause);
        s->action = ACTION_PRUNE;
        gate_adoption(p, s);
        gate_approval(p, s, false);
        return;
    }
    struct reason *r = step_give(p, s, REASON_DEFINITION_GONE);
    r->was = s->bundle->id;
    r->detail = arena_printf(p->a, "%s, no file here", absent_text(p, s, &r->cause));
}

void absent_decide(struct plan *p, struct step *s)
{
    const struct bundle *b = s->bundle;
    if (bundle_is_repeatable(b)) {
        definition_gone(p, s);
        return;
    }
    struct reason *r = step_give(p, s, p->env->is_protected ? REASON_ABSENT : REASON_ABSENT_NOTE);
    r->was = b->id;
    r->detail = arena_printf(p->a, "%s, no bundle here", absent_text(p, s, &r->cause));
    const struct step *same = pending_twin(p, &b->checksum);
    const struct step *like = table_gets(&p->pending_like, b->id);
    const struct step *here = same == NULL || (like != NULL && like < same) ? like : same;
    if (here != NULL) {
        r->now = here->bundle->id;
        r->detail = arena_printf(p->a, "%s; %s as %s: renamed?", r->detail,
                                 here == same ? "same content" : "much the same", r->now);
    }
}

const char *twin_moved(struct plan *p, const struct step *s)
{
    const struct step *twin = pending_twin(p, &s->history->applied->checksum);
    return twin != NULL ? twin->bundle->id : NULL;
}

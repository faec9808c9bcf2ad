/* The past: ledger entries by migration. */
#include "model/fact.h"

#include <string.h>

enum rewrite_verdict world_rewrites(const struct world *w, const struct statement *st)
{
    const struct rewriting *r = st->rewriting;
    const enum rewrite_verdict *known =
        r != NULL ? table_get(&w->rewrites, rewriting_key(st)) : NULL;
    if (known != NULL) {
        return *known;
    }
    return r == NULL ? REWRITE_NEVER : rewriting_settle(r, NULL);
}

struct history *past_get(const struct past *p, const char *id)
{
    return table_gets(&p->by_id, id);
}

/* A migration that is applied and is applied once more got another text, and did not run: definitions are
 * made anew. */
static int64_t wrote(const struct history *h, const struct fact *f)
{
    bool is_reworded = h->applied != NULL && f->is_migration && !f->is_definition && !f->undoes;
    return f->wrote > 0 ? f->wrote : is_reworded ? h->applied->wrote : f->sequence;
}

void past_add(struct arena *a, struct past *p, const struct fact *f)
{
    if (p->by_id.a == NULL) {
        p->by_id.a = a;
    }
    struct history *h = past_get(p, f->subject);
    if (h == NULL) {
        h = ARENA_NEW(a, struct history);
        table_puts(&p->by_id, f->subject, h);
    }
    struct fact *copy = arena_dup(a, f, sizeof *f);
    copy->is_again = !f->undoes && h->undone != NULL;
    copy->wrote = wrote(h, f);
    copy->recorded_as = f->recorded_as != NULL ? f->recorded_as : f->subject;
    if (h->last == NULL || f->sequence > h->last->sequence) {
        h->last = copy;
    }
    const struct fact *newest = h->applied != NULL ? h->applied : h->undone;
    if (strcmp(f->result, "success") == 0 && (newest == NULL || f->sequence > newest->sequence)) {
        p->n_applied -= h->applied != NULL && h->applied->is_migration;
        p->n_applied += !f->undoes && f->is_migration;
        h->applied = f->undoes ? NULL : copy;
        h->undone = f->undoes ? copy : NULL;
    }
}

/* The failed runs of the old name are behind it: what counts is that it is applied. */
void past_rename(struct arena *a, struct past *p, const char *old, const char *id)
{
    struct history *h = past_get(p, old);
    if (h == NULL || h->applied == NULL || strcmp(old, id) == 0) {
        return;
    }
    struct fact f = *h->applied;
    p->n_applied -= f.is_migration;
    *h = (struct history){.applied = NULL};
    f.subject = id;
    past_add(a, p, &f);
}

void past_forget(struct past *p, const char *id)
{
    struct history *h = past_get(p, id);
    if (h != NULL) {
        p->n_applied -= h->applied != NULL && h->applied->is_migration;
        *h = (struct history){.applied = NULL};
    }
}

const char *rename_subject(struct arena *a, const char *old, const char *id)
{
    return arena_printf(a, "%s %s", old, id);
}

int rename_read(struct arena *a, const char *subject, const char **old, const char **id)
{
    const char *blank = strchr(subject, ' ');
    if (blank == NULL || blank == subject || blank[1] == '\0' || strchr(blank + 1, ' ') != NULL) {
        return -1;
    }
    *old = arena_strndup(a, subject, (size_t)(blank - subject));
    *id = arena_strdup(a, blank + 1);
    return 0;
}

const char *drop_subject(struct arena *a, const char *projection, const struct names *migrations)
{
    struct buf text = {0};
    buf_puts(&text, projection);
    for (size_t i = 0; i < migrations->n; i++) {
        buf_printf(&text, " %s", migrations->v[i]);
    }
    const char *subject = arena_strdup(a, buf_str(&text));
    buf_release(&text);
    return subject;
}

void drop_read(struct arena *a, const char *subject, struct names *out)
{
    *out = (struct names){0};
    for (const char *at = subject; *at != '\0';) {
        size_t n = strcspn(at, " ");
        names_add(a, out, arena_strndup(a, at, n));
        at += n + (at[n] == ' ' ? 1 : 0);
    }
}

const char *generation_state_text(enum generation_state s)
{
    static const char *const text[GENERATION_STATES] = {"loading", "ready", "live", "kept"};
    return text[s];
}

bool world_is_old(const struct world *w)
{
    return w->has_ledger && w->format < w->newest_format;
}

bool begun_in_doubt(const struct begun *b)
{
    return b->is_otherwise || (b->at < b->n && b->standing == STANDS_FOREIGN);
}

const struct begun *world_begun(const struct world *w, const char *subject)
{
    for (size_t i = 0; i < w->n_begun; i++) {
        if (strcmp(w->begun[i].subject, subject) == 0) {
            return &w->begun[i];
        }
    }
    return NULL;
}

const struct generation *generations_live(const struct generations *l, const char *projection)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].state == GENERATION_LIVE && strcmp(l->v[i].projection, projection) == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}

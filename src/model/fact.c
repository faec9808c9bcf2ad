/* The past: ledger entries by migration. */
#include "model/fact.h"

#include <string.h>

struct history *past_get(const struct past *p, const char *id)
{
    return table_gets(&p->by_id, id);
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
    if (h->last == NULL || f->sequence > h->last->sequence) {
        h->last = copy;
    }
    if (strcmp(f->result, "success") == 0 &&
        (h->applied == NULL || f->sequence > h->applied->sequence)) {
        h->applied = copy;
    }
}

const char *generation_state_text(enum generation_state s)
{
    static const char *const text[GENERATION_STATES] = {"loading", "ready", "live", "kept"};
    return text[s];
}

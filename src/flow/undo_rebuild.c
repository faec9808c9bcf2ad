/* Definitions that go and come back where a migration is taken back. */
#include "flow/built.h"
#include "flow/undo.h"

int undo_rebuilding(struct site *s, struct taking_back *t, struct err *e)
{
    rebuilding_named(s->a, &s->plan, &t->bundle->rebuilds, &t->rebuilding);
    for (size_t i = 0; i < t->rebuilding.n; i++) {
        struct bundle *b = table_gets(&s->project->by_id, t->rebuilding.v[i]->id);
        const struct entry *en =
            built_find(s, b->id, t->sequence); /* NULL: it was found standing */
        if (load_decl(s->project, b, e) != 0) {
            return -1;
        }
        struct bundle *was = arena_dup(s->a, b, sizeof *b);
        if (en != NULL && built_read(s, en, was, e) != 0) {
            return -1;
        }
        t->rebuilding.v[i] = was;
    }
    return 0;
}

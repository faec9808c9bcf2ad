/* Deferred indexes, when the rows are there. Sorting keeps one processor of the server busy for
 * each index: several are built at once. */
#include <string.h>

#include "base/fault.h"
#include "run/projection_parts.h"

int indexes_here(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    struct index_defs missing = {0};
    if (generation_index_missing(s, m->r->a, m->hidden, &m->indexes, &missing, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < missing.n; i++) {
        if (generation_index_make(s, m->r->a, m->hidden, &missing.v[i], e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Each hand holds the work lock while it works, so that nobody takes over from a run that died
 * while its server still builds. */
static int build(struct making *m, const struct index_def *x, struct err *e)
{
    if (making_begin(m, e) != 0) {
        return -1;
    }
    if (generation_index_make(making_session(m), m->r->a, m->hidden, x, e) != 0) {
        making_roll_back(m);
        return -1;
    }
    return 0;
}

static int commit(struct making *m, const struct index_def *x, struct err *e)
{
    struct making *lead = making_lead(m);
    tasks_enter(&lead->commit);
    int rc = making_commit(m, e);
    tasks_leave(&lead->commit);
    if (rc != 0) {
        return err_wrap(e, e->code, "index %s: %s", x->name, e->msg);
    }
    return FAULT(GENERATION_INDEX) ? execution_injected(e) : 0;
}

static int one(struct making *m, void *ctx, size_t i, struct err *e)
{
    const struct index_defs *missing = ctx;
    const struct index_def *x = &missing->v[i];
    return build(m, x, e) == 0 ? commit(m, x, e) : -1;
}

/* Those that take longest come first: any other kind takes several times as long as a B-tree of the same
 * rows. */
static void order(struct arena *a, struct index_defs *l)
{
    struct index_def *v = ARENA_ARRAY(a, struct index_def, l->n + 1);
    size_t n = 0;
    for (int is_btree = 0; is_btree < 2; is_btree++) {
        for (size_t i = 0; i < l->n; i++) {
            if ((strstr(l->v[i].definition, " USING btree ") != NULL) == (is_btree == 1)) {
                v[n++] = l->v[i];
            }
        }
    }
    l->v = v;
}

/* What is missing still is for indexes_here(). */
int indexes_together(struct making *m, struct err *e)
{
    struct index_defs missing = {0};
    if (!crew_may(m, m->indexes.n)) {
        return 0;
    }
    if (generation_index_missing(making_session(m), m->r->a, m->hidden, &m->indexes, &missing, e) !=
        0) {
        return -1;
    }
    if (missing.n < 2) {
        return 0;
    }
    order(m->r->a, &missing);
    const struct crew_work w = {.n = missing.n, .one = one, .ctx = &missing};
    return crew_run(m, &w, e) < 0 ? -1 : 0;
}

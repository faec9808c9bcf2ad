/* The journal's protocol: one effect, exactly once. */
#include "base/fault.h"
#include "ledger/journal.h"

#include <stdlib.h>
#include <string.h>

/* One step on its way. */
struct passage {
    struct journal *j;
    const struct journal_step *step;
    const struct journal_effect *effect;
    const struct journal_row *row;
    struct digest proof;
};

/* What stands is of use only where it can be written down. */
static int verify(struct passage *p, enum standing *out, struct err *e)
{
    if (!journal_is_reachable(p->j)) {
        return err_set(e, ERR_PREFLIGHT, "the session that holds the lock is gone");
    }
    p->proof = (struct digest){{0}};
    return p->effect->verify(p->effect->ctx, p->step, &p->row->before, out, &p->proof, e);
}

static int foreign(const struct passage *p, struct err *e)
{
    (void)err_set(e, ERR_DOUBT,
                  "%s: %s %s was begun (ledger entry %lld), and what stands there is neither what "
                  "stood there before nor what it makes",
                  p->step->subject, p->step->verb, p->step->object, (long long)p->row->intent);
    return err_hint(e,
                    "find out who changed it, put back what stood there before, and run again; or "
                    "say with `kfmig resolve` what came of it");
}

static int ineffective(const struct passage *p, enum standing s, struct err *e)
{
    return err_set(e, ERR_APPLY, "%s: %s %s reported success, but its effect is %s",
                   p->step->subject, p->step->verb, p->step->object,
                   s == STANDS_PARTLY ? "there only in part" : "not there");
}

static int close_done(struct passage *p, enum journal_end how, enum journal_end *end, struct err *e)
{
    if (FAULT(JOURNAL_PROVEN)) {
        return err_set(e, ERR_APPLY, "proven, but not closed: fault point");
    }
    struct bytes kept = {NULL, 0};
    if (p->effect->keep != NULL && p->effect->keep(p->effect->ctx, p->step, &kept, e) != 0) {
        return -1;
    }
    if (journal_done(p->j, p->step, how, &p->proof, kept, e) != 0) {
        return -1;
    }
    *end = how;
    return FAULT(JOURNAL_DONE) ? err_set(e, ERR_APPLY, "stopped behind a done: fault point") : 0;
}

static int clean(struct passage *p, enum standing *s, struct err *e)
{
    if (p->effect->clean(p->effect->ctx, p->step, &p->row->before, e) != 0 ||
        verify(p, s, e) != 0) {
        return -1;
    }
    return *s == STANDS_FOREIGN ? foreign(p, e) : 0;
}

/* run() failed, as *e says. What counts is what stands: all of it is a success whatever was
 * answered, nothing of it closes the intent; else the intent stays open, as it does where the store
 * cannot be asked or the journal not be written. */
static int failed(struct passage *p, enum journal_end *end, struct err *e)
{
    struct err later = {0};
    enum standing s = STANDS_FOREIGN;
    if (verify(p, &s, &later) != 0) {
        return -1;
    }
    if (s == STANDS_PARTLY && p->effect->clean != NULL && clean(p, &s, &later) != 0) {
        return -1;
    }
    if (s == STANDS_THERE) {
        return close_done(p, JOURNAL_RAN, end, e);
    }
    if (s == STANDS_ABSENT) {
        const struct digest nothing = {{0}};
        (void)!journal_done(p->j, p->step, JOURNAL_VOID, &nothing, (struct bytes){NULL, 0}, &later);
    }
    return -1;
}

static int run(struct passage *p, struct bytes cursor, enum journal_end *end, struct err *e)
{
    enum standing s = STANDS_FOREIGN;
    if (p->effect->run(p->effect->ctx, p->step, cursor, e) != 0) {
        return failed(p, end, e);
    }
    if (FAULT(JOURNAL_RAN)) {
        return err_set(e, ERR_APPLY, "run, but not proven: fault point");
    }
    if (verify(p, &s, e) != 0) {
        return -1;
    }
    if (s == STANDS_FOREIGN) {
        return foreign(p, e);
    }
    return s == STANDS_THERE ? close_done(p, JOURNAL_RAN, end, e) : ineffective(p, s, e);
}

/* An open intent was found: ask the store. */
static int resume(struct passage *p, enum journal_end *end, struct err *e)
{
    struct arena a = {0};
    struct bytes cursor = {NULL, 0};
    enum standing s = STANDS_FOREIGN;
    int rc = verify(p, &s, e);
    if (rc == 0 && s == STANDS_THERE) {
        return close_done(p, JOURNAL_ADOPTED, end, e);
    }
    if (rc == 0 && s == STANDS_FOREIGN) {
        return foreign(p, e);
    }
    if (rc == 0 && s == STANDS_PARTLY && p->effect->clean != NULL) {
        rc = clean(p, &s, e);
        if (rc == 0 && s == STANDS_THERE) {
            return close_done(p, JOURNAL_ADOPTED, end, e); /* only its scaffolding was left */
        }
    } else if (rc == 0 && s == STANDS_PARTLY) {
        rc = journal_cursor(p->j, p->row, &a, &cursor, e);
    }
    if (rc == 0) {
        rc = run(p, cursor, end, e);
    }
    arena_release(&a);
    return rc;
}

int journal_effect(struct journal *j, const struct journal_step *step,
                   const struct journal_effect *effect, enum journal_end *end, struct err *e)
{
    struct digest key = journal_key(step);
    struct digest before = {{0}};
    struct passage p = {.j = j, .step = step, .effect = effect, .row = journal_find(j, &key)};
    if (p.row != NULL && p.row->is_done) {
        *end = JOURNAL_STOOD;
        return 0;
    }
    if (p.row != NULL && p.row->is_open) {
        return resume(&p, end, e);
    }
    if (effect->look(effect->ctx, step, &before, e) != 0 ||
        journal_intend(j, step, &before, e) != 0) {
        return -1;
    }
    p.row = journal_find(j, &key);
    return run(&p, (struct bytes){NULL, 0}, end, e);
}

/* --- what stood before ------------------------------------------------------------------------------ */

static int by_object(const void *key, const void *row)
{
    return strcmp(key, ((const struct object_row *)row)->object);
}

void journal_leaves(struct arena *a, struct program *p, const struct object_row *before, size_t n)
{
    struct table behind = {.a = a}; /* objects that a later step changes, too */
    struct store_step *v = ARENA_ARRAY(a, struct store_step, p->n + 1);
    for (size_t i = p->n; i-- > 0;) {
        v[i] = p->v[i];
        const struct object_row *row =
            n == 0 || table_gets(&behind, v[i].object) != NULL
                ? NULL
                : bsearch(v[i].object, before, n, sizeof *before, by_object);
        if (row != NULL) {
            v[i].leaves = digest_is_zero(&row->fingerprint) ? "" : row->definition;
        }
        (void)table_puts(&behind, v[i].object, &v[i]);
    }
    p->v = v;
}

/* One migration in a throwaway database. */
#include "flow/trial.h"

#include "flow/converge.h"
#include "flow/drill_parts.h"

static int begin(struct trial *t, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    struct site *s = t->live;
    size_t n_swept = 0;
    if (drill_sweep(s, &n_swept, e) != 0 || drill_create(s, NULL, t->name, e) != 0 ||
        drill_extensions(s, t->name, e) != 0) {
        return -1;
    }
    tell_note(&s->ear, "trying %s in the throwaway database %s", t->b->id, t->name);
    t->env = *s->env;
    t->env.evidence = EVIDENCE_NONE;
    t->env.is_protected = false;
    t->env.approval = APPROVAL_NONE;
    t->env.requires = (struct names){0};
    site_init(&t->made, s->a, s->project, NULL, &s->ear, &t->env,
              &(struct site_options){.verb = s->o.verb,
                                     .self = s->o.self,
                                     .dbname = t->name,
                                     .cites = &unknown,
                                     .words = s->o.words});
    return site_plan(&t->made, true, e) != 0 ? -1 : plan_restrict(&t->made.plan, &t->b->id, 1, e);
}

static int run(struct trial *t, struct err *e)
{
    struct result r = {0};
    const struct plan *p = &t->made.plan;
    const struct converge_options o = {.order = {.is_confirmed = true,
                                                 .targets = &t->b->id,
                                                 .n_targets = 1,
                                                 .lock_wait_ms = t->lock_wait_ms}};
    for (size_t i = 0; i < p->n_migrations; i++) {
        struct bundle *b = table_gets(&t->live->project->by_id, p->v[i].bundle->id);
        if (p->v[i].selected && b != NULL && drill_may_run(t->live, b, e) != 0) {
            return err_hint(e, "nothing was written");
        }
    }
    result_begin(&r, &t->made);
    if (converge_blocked(&t->made, &o, &r, e) != 0 || converge(&t->made, &o, &r, e) != 0) {
        return -1;
    }
    return r.worst == ERR_NONE
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "%s does not run in a throwaway database; nothing was written", t->b->id);
}

/* What the entry of the migration wrote: its objects as they are then, and those that are no more. */
static int read_made(struct trial *t, struct err *e)
{
    struct arena *a = t->live->a;
    const struct history *h = past_get(&t->made.past, t->b->id);
    struct object_rows before = {0};
    struct object_rows after = {0};
    if (h == NULL || h->applied == NULL) {
        return err_set(e, ERR_PREFLIGHT, "%s was not run in the throwaway database", t->b->id);
    }
    int64_t at = h->applied->sequence;
    if (ledger_objects(t->made.pg, at, a, &after, e) != 0 ||
        ledger_objects(t->made.pg, at - 1, a, &before, e) != 0) {
        return -1;
    }
    struct table left = {.a = a};
    for (size_t i = 0; i < after.n; i++) {
        (void)table_puts(&left, after.v[i].object, &after.v[i]);
        if (after.v[i].sequence == at) {
            ARENA_GROW(a, t->rows.v, t->rows.n, t->rows.cap);
            t->rows.v[t->rows.n++] = after.v[i];
        }
    }
    for (size_t i = 0; i < before.n; i++) {
        if (table_gets(&left, before.v[i].object) == NULL) {
            ARENA_GROW(a, t->gone.v, t->gone.n, t->gone.cap);
            t->gone.v[t->gone.n++] = before.v[i];
        }
    }
    return 0;
}

int trial_make(struct trial *t, struct err *e)
{
    struct err late = {0};
    int rc = begin(t, e) == 0 && run(t, e) == 0 ? read_made(t, e) : -1;
    const struct ear ear = t->live->ear;
    if (rc != 0 && ear_stops(&ear) != ERR_NONE) {
        (void)err_set(e, ear_stops(&ear), "interrupted while %s was tried; nothing was written",
                      t->b->id);
    }
    t->live->ear.stops = NULL; /* what was made is dropped, whatever comes */
    site_close(&t->made);
    if (t->name[0] != '\0' && drill_drop(t->live, t->name, &late) != 0 && rc == 0) {
        *e = late;
        rc = -1;
    }
    t->live->ear = ear;
    return rc;
}

void trial_differ(struct trial_differs *d, const char *object, const char *how)
{
    enum { SHOWN = 5 };
    if (d->n < SHOWN) {
        buf_printf(&d->text, "%s%s %s", d->n > 0 ? ", " : "", object, how);
    }
    d->n += 1;
}

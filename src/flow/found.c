/* A migration whose structure stands there already. */
#include "flow/found.h"

#include "flow/converge.h"
#include "flow/drill_parts.h"

static const char notes[] = "found standing: what it makes was compared in a throwaway database";

/* made: the throwaway database, whose environment asks nobody and exports nothing. rows: what the
 * migration left there; gone: what it removed. */
struct finding_out {
    struct site *live;
    struct bundle *b;
    const struct writing_order *order;
    struct site made;
    struct env env;
    char name[DRILL_NAME];
    struct object_rows rows, gone;
};

/* --- what it makes ------------------------------------------------------------------------------------- */

static int begin(struct finding_out *f, struct err *e)
{
    static const struct checkpoint unknown = {.sequence = 0};
    struct site *s = f->live;
    size_t n_swept = 0;
    if (drill_sweep(s, &n_swept, e) != 0 || drill_create(s, NULL, f->name, e) != 0 ||
        drill_extensions(s, f->name, e) != 0) {
        return -1;
    }
    tell_note(&s->ear, "trying %s in the throwaway database %s", f->b->id, f->name);
    f->env = *s->env;
    f->env.evidence = EVIDENCE_NONE;
    f->env.is_protected = false;
    f->env.approval = APPROVAL_NONE;
    f->env.requires = (struct names){0};
    site_init(&f->made, s->a, s->project, NULL, &s->ear, &f->env,
              &(struct site_options){.verb = s->o.verb,
                                     .self = s->o.self,
                                     .dbname = f->name,
                                     .cites = &unknown,
                                     .words = s->o.words});
    return site_plan(&f->made, true, e) != 0 ? -1 : plan_restrict(&f->made.plan, &f->b->id, 1, e);
}

static int run(struct finding_out *f, struct err *e)
{
    struct result r = {0};
    const struct plan *p = &f->made.plan;
    const struct converge_options o = {.order = {.is_confirmed = true,
                                                 .targets = &f->b->id,
                                                 .n_targets = 1,
                                                 .lock_wait_ms = f->order->lock_wait_ms}};
    for (size_t i = 0; i < p->n_migrations; i++) {
        struct bundle *b = table_gets(&f->live->project->by_id, p->v[i].bundle->id);
        if (p->v[i].selected && b != NULL && drill_may_run(f->live, b, e) != 0) {
            return err_hint(e, "nothing was written");
        }
    }
    result_begin(&r, &f->made);
    if (converge_blocked(&f->made, &o, &r, e) != 0 || converge(&f->made, &o, &r, e) != 0) {
        return -1;
    }
    return r.worst == ERR_NONE
               ? 0
               : err_set(e, ERR_PREFLIGHT,
                         "%s does not run in a throwaway database; nothing was written", f->b->id);
}

/* What the entry of the migration wrote: its objects as they are then, and those that are no more. */
static int read_made(struct finding_out *f, struct err *e)
{
    struct arena *a = f->live->a;
    const struct history *h = past_get(&f->made.past, f->b->id);
    struct object_rows before = {0};
    struct object_rows after = {0};
    if (h == NULL || h->applied == NULL) {
        return err_set(e, ERR_PREFLIGHT, "%s was not run in the throwaway database", f->b->id);
    }
    int64_t at = h->applied->sequence;
    if (ledger_objects(f->made.pg, at, a, &after, e) != 0 ||
        ledger_objects(f->made.pg, at - 1, a, &before, e) != 0) {
        return -1;
    }
    struct table left = {.a = a};
    for (size_t i = 0; i < after.n; i++) {
        (void)table_puts(&left, after.v[i].object, &after.v[i]);
        if (after.v[i].sequence == at) {
            ARENA_GROW(a, f->rows.v, f->rows.n, f->rows.cap);
            f->rows.v[f->rows.n++] = after.v[i];
        }
    }
    for (size_t i = 0; i < before.n; i++) {
        if (table_gets(&left, before.v[i].object) == NULL) {
            ARENA_GROW(a, f->gone.v, f->gone.n, f->gone.cap);
            f->gone.v[f->gone.n++] = before.v[i];
        }
    }
    return 0;
}

static int make(struct finding_out *f, struct err *e)
{
    struct err late = {0};
    int rc = begin(f, e) == 0 && run(f, e) == 0 ? read_made(f, e) : -1;
    const struct ear ear = f->live->ear;
    if (rc != 0 && ear_stops(&ear) != ERR_NONE) {
        (void)err_set(e, ear_stops(&ear), "interrupted while %s was tried; nothing was written",
                      f->b->id);
    }
    f->live->ear.stops = NULL; /* what was made is dropped, whatever comes */
    site_close(&f->made);
    if (f->name[0] != '\0' && drill_drop(f->live, f->name, &late) != 0 && rc == 0) {
        *e = late;
        rc = -1;
    }
    f->live->ear = ear;
    return rc;
}

/* --- what stands --------------------------------------------------------------------------------------- */

static void differs(struct buf *out, size_t *n, const char *object, const char *how)
{
    enum { SHOWN = 5 };
    if (*n < SHOWN) {
        buf_printf(out, "%s%s %s", *n > 0 ? ", " : "", object, how);
    }
    *n += 1;
}

static int compare(const struct finding_out *f, const struct site *s, struct err *e)
{
    struct buf out = {0};
    size_t n = 0;
    for (size_t i = 0; i < f->rows.n; i++) {
        const struct object_row *x = &f->rows.v[i];
        const struct catalog_object *o = table_gets(&s->catalog.by_text, x->object);
        if (o == NULL || !digest_eq(&o->fingerprint, &x->fingerprint)) {
            differs(&out, &n, x->object, o == NULL ? "is missing" : "is another");
        }
    }
    for (size_t i = 0; i < f->gone.n; i++) {
        if (table_gets(&s->catalog.by_text, f->gone.v[i].object) != NULL) {
            differs(&out, &n, f->gone.v[i].object, "is still there");
        }
    }
    if (n > 0) {
        err_set(e, ERR_PREFLIGHT, "%s is not what stands in \"%s\" (%zu of %zu objects): %s",
                f->b->id, s->env->name, n, f->rows.n + f->gone.n, buf_str(&out));
        err_hint(e, "let the migration say what stands there, or let it run; nothing was written");
    }
    buf_release(&out);
    return n > 0 ? -1 : 0;
}

static int refuse(struct site *s, const struct bundle *b, const char *id, struct err *e)
{
    if (b == NULL) {
        return err_set(e, ERR_CONFIG, "there is no migration \"%s\"", id);
    }
    const struct history *h = past_get(&s->past, id);
    if (h != NULL && h->applied != NULL) {
        return err_set(e, ERR_PREFLIGHT, "%s is applied in \"%s\" already", id, s->env->name);
    }
    if (b->projection != NULL) {
        err_set(e, ERR_PREFLIGHT, "%s belongs to the projection %s", id, b->projection);
        return err_hint(e, "`kfmig build` takes an existing schema as its first generation");
    }
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "nothing was recorded", e);
    }
    return 0;
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    struct finding_out *f = ctx;
    struct outcome o;
    if (refuse(w->site, f->b, f->b->id, e) != 0 || site_look(w->site, e) != 0 ||
        compare(f, w->site, e) != 0 ||
        run_record_found(&w->run, f->b, f->rows.v, f->rows.n, notes, &o, e) != 0) {
        return -1;
    }
    writing_end(w, (struct result_row){.action = RESULT_ADOPT, .target = f->b->id, .n = f->rows.n},
                NULL, &o);
    return 0;
}

int found(struct site *s, const char *id, const struct writing_order *o, struct result *r,
          struct err *e)
{
    struct finding_out f = {.live = s, .b = table_gets(&s->project->by_id, id), .order = o};
    struct writing_order order = *o;
    if (refuse(s, f.b, id, e) != 0 || load_decl(s->project, f.b, e) != 0 || site_look(s, e) != 0 ||
        make(&f, e) != 0 || compare(&f, s, e) != 0) {
        return -1;
    }
    order.done = "adopted";
    order.is_unheld = true;
    order.hint = "add --apply";
    order.work = work;
    order.ctx = &f;
    return writing(s, &order, r, e);
}

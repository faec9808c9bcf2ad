/* A migration whose structure stands there already. */
#include "flow/found.h"

#include "flow/reword.h"
#include "flow/trial.h"

static const char notes[] = "found standing: what it makes was compared in a throwaway database";

static int compare(const struct trial *f, const struct site *s, struct err *e)
{
    struct trial_differs d = {.n = 0};
    for (size_t i = 0; i < f->rows.n; i++) {
        const struct object_row *x = &f->rows.v[i];
        const struct catalog_object *o = table_gets(&s->catalog.by_text, x->object);
        if (o == NULL || !digest_eq(&o->fingerprint, &x->fingerprint)) {
            trial_differ(&d, x->object, o == NULL ? "is missing" : "is another");
        }
    }
    for (size_t i = 0; i < f->gone.n; i++) {
        if (table_gets(&s->catalog.by_text, f->gone.v[i].object) != NULL) {
            trial_differ(&d, f->gone.v[i].object, "is still there");
        }
    }
    if (d.n > 0) {
        err_set(e, ERR_PREFLIGHT, "%s is not what stands in \"%s\" (%zu of %zu objects): %s",
                f->b->id, s->env->name, d.n, f->rows.n + f->gone.n, buf_str(&d.text));
        err_hint(e, "let the migration say what stands there, or let it run; nothing was written");
    }
    buf_release(&d.text);
    return d.n > 0 ? -1 : 0;
}

static int refuse(struct site *s, const struct bundle *b, const char *id, struct err *e)
{
    if (b == NULL) {
        return err_set(e, ERR_CONFIG, "there is no migration \"%s\"", id);
    }
    if (reword_applied(s, id) != NULL) {
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
    struct trial *f = ctx;
    struct outcome o;
    if (refuse(w->site, f->b, f->b->id, e) != 0 || site_look(w->site, e) != 0 ||
        compare(f, w->site, e) != 0 ||
        run_record_found(&w->run, f->b, NULL, f->rows.v, f->rows.n, notes, &o, e) != 0) {
        return -1;
    }
    writing_end(w, (struct result_row){.action = RESULT_ADOPT, .target = f->b->id, .n = f->rows.n},
                NULL, &o);
    return 0;
}

int found(struct site *s, const char *id, const struct writing_order *o, struct result *r,
          struct err *e)
{
    struct trial f = {
        .live = s, .b = table_gets(&s->project->by_id, id), .lock_wait_ms = o->lock_wait_ms};
    struct writing_order order = *o;
    if (f.b != NULL && reword_wanted(s, f.b)) {
        return reword(s, f.b, o, r, e);
    }
    if (refuse(s, f.b, id, e) != 0 || load_decl(s->project, f.b, e) != 0 || site_look(s, e) != 0 ||
        trial_make(&f, e) != 0 || compare(&f, s, e) != 0) {
        return -1;
    }
    order.done = "adopted";
    order.is_unheld = true;
    order.hint = "add --apply";
    order.work = work;
    order.ctx = &f;
    return writing(s, &order, r, e);
}

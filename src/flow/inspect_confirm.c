/* Items of a checklist, confirmed for a plan. */
#include <string.h>

#include "flow/inspect.h"

struct confirming {
    struct names items;
};

static int find_items(const struct site *s, const char *text, struct names *out, struct err *e)
{
    const struct names *list = &operations_of(s->env)->checklist;
    for (const char *at = text; at != NULL;) {
        const char *comma = strchr(at, ',');
        const char *item = comma != NULL ? arena_strndup(s->a, at, (size_t)(comma - at)) : at;
        if (!names_have(list, item)) {
            struct buf all = {0};
            for (size_t i = 0; i < list->n; i++) {
                buf_printf(&all, "%s\"%s\"", i > 0 ? ", " : "", list->v[i]);
            }
            err_set(e, ERR_CONFIG, "the checklist of \"%s\" has no item \"%s\"", s->env->name,
                    item);
            err_hint(e, "%s%s", list->n > 0 ? "its items: " : "it is empty", buf_str(&all));
            buf_release(&all);
            return -1;
        }
        ARENA_GROW(s->a, out->v, out->n, out->cap);
        out->v[out->n++] = item;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return 0;
}

static int work(struct writing *w, void *ctx, struct err *e)
{
    const struct confirming *c = ctx;
    struct site *s = w->site;
    const struct digest plan = plan_digest(&s->plan);
    for (size_t i = 0; i < c->items.n; i++) {
        struct outcome o = {0};
        const struct confirmation x = {c->items.v[i], plan};
        if (site_is_confirmed(s, x.item, &plan)) {
            continue;
        }
        if (run_record_confirm(&w->run, &x, &o, e) != 0) {
            return -1;
        }
        writing_end(w, (struct result_row){.action = RESULT_CONFIRM, .target = x.item, .key = plan},
                    NULL, &o);
        tell_note(&s->ear, "%s: confirmed \"%s\"; ledger entry %lld, run %s", s->env->name, x.item,
                  (long long)o.sequence, o.run_id);
    }
    return 0;
}

int inspect_confirm(struct site *s, const char *items, const struct writing_order *o,
                    struct result *r, struct err *e)
{
    struct confirming c = {0};
    struct writing_order order = *o;
    if (find_items(s, items, &c.items, e) != 0) {
        return -1;
    }
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "nothing was confirmed", e);
    }
    order.done = "confirmed";
    order.is_confirmed = true; /* the item is what a person says */
    order.is_held = true;
    order.is_unheld = true;
    order.work = work;
    order.ctx = &c;
    return writing(s, &order, r, e);
}

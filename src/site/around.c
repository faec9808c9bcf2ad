/* What the plan does not need, and people want to see beside it. */
#include "site/linted.h"

/* Tables that one script locks, once each: those that are not in found yet, into v, if that is not NULL. */
static void find_locked(struct arena *a, const struct script *script, struct table *found,
                        const struct object **v, size_t *n)
{
    struct statement_room room;
    for (size_t k = 0; k < script->n; k++) {
        const struct statement *st = script_at(script, k, &room);
        for (size_t i = 0; i < st->n_locks && !script_repeats(script, k); i++) {
            const struct object *o = &st->locks[i].object;
            const char *text = object_text(a, o);
            if (table_gets(found, text) == NULL) {
                (void)table_puts(found, text, found);
                v[(*n)++] = arena_dup(a, o, sizeof *o);
            }
        }
    }
}

static size_t count_locks(const struct bundle *b)
{
    size_t n = 0;
    struct statement_room room;
    for (size_t i = 0; i < b->decl->forward.n; i++) {
        for (size_t k = 0; k < b->forward[i].n; k++) {
            n += script_repeats(&b->forward[i], k) ? 0
                                                   : script_at(&b->forward[i], k, &room)->n_locks;
        }
    }
    return n;
}

static bool is_to_run(const struct step *s)
{
    return s->selected && s->action == ACTION_APPLY && s->bundle->decl != NULL &&
           s->bundle->forward != NULL;
}

/* Every table that statements to be run lock; how many. In s->a. */
static size_t find_tables(struct site *s, const struct object ***out)
{
    size_t n = 0, cap = 1;
    struct table found = {.a = s->a};
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        cap += is_to_run(&s->plan.v[i]) ? count_locks(s->plan.v[i].bundle) : 0;
    }
    *out = ARENA_ARRAY(s->a, const struct object *, cap);
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct bundle *b = s->plan.v[i].bundle;
        for (size_t k = 0; is_to_run(&s->plan.v[i]) && k < b->decl->forward.n; k++) {
            find_locked(s->a, &b->forward[k], &found, *out, &n);
        }
    }
    return n;
}

static void ask_sizes(struct site *s)
{
    struct err ignored = {0};
    const struct object **v = NULL;
    size_t n = find_tables(s, &v);
    struct table_size *sizes = ARENA_ARRAY(s->a, struct table_size, n + 1);
    if (n == 0 || catalog_sizes(s->pg, s->a, v, n, sizes, &ignored) != 0) {
        return;
    }
    s->world.sizes = (struct table){.a = s->a};
    for (size_t i = 0; i < n; i++) {
        if (sizes[i].rows > 0) {
            (void)table_puts(&s->world.sizes, object_text(s->a, v[i]), &sizes[i]);
        }
    }
}

/* What one statement wants to know of the first table that it locks: v[first..first + n). */
struct asked {
    const struct statement *st;
    size_t first, n;
};

struct questions {
    struct rewrite_question *v;
    size_t n, cap;
    struct asked *by;
    size_t n_by, cap_by;
};

static void add_questions(struct arena *a, const struct statement *st, struct questions *q)
{
    const struct rewriting *r = st->rewriting;
    if (r == NULL || st->n_locks == 0) {
        return;
    }
    ARENA_GROW(a, q->by, q->n_by, q->cap_by);
    q->by[q->n_by++] = (struct asked){st, q->n, r->n + r->surely};
    for (size_t i = 0; i < r->n + r->surely; i++) {
        ARENA_GROW(a, q->v, q->n, q->cap);
        q->v[q->n++] = (struct rewrite_question){&st->locks[0].object, i < r->n ? &r->v[i] : NULL};
    }
}

static void find_questions(struct site *s, struct questions *q)
{
    struct statement_room room;
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        const struct bundle *b = s->plan.v[i].bundle;
        for (size_t k = 0; is_to_run(&s->plan.v[i]) && k < b->decl->forward.n; k++) {
            for (size_t j = 0; j < b->forward[k].n; j++) {
                add_questions(s->a, script_at(&b->forward[k], j, &room), q);
            }
        }
    }
}

static void ask_rewrites(struct site *s)
{
    struct err ignored = {0};
    struct questions q = {0};
    find_questions(s, &q);
    enum rewrite_verdict *answers = ARENA_ARRAY(s->a, enum rewrite_verdict, q.n + 1);
    if (q.n == 0 || catalog_rewrites(s->pg, s->a, q.v, q.n, answers, &ignored) != 0) {
        return;
    }
    s->world.rewrites = (struct table){.a = s->a};
    for (size_t i = 0; i < q.n_by; i++) {
        enum rewrite_verdict *all = ARENA_NEW(s->a, enum rewrite_verdict);
        *all = rewriting_settle(q.by[i].st->rewriting, answers + q.by[i].first);
        (void)table_put(&s->world.rewrites, rewriting_key(q.by[i].st), all);
    }
}

static void add_last(struct step *x, struct fact **f, size_t *n)
{
    if (x->history != NULL && x->history->last != NULL) {
        f[(*n)++] = x->history->last;
    }
}

/* step: only of what the chain from it names; -1: of all that is selected. */
static void ask_runs(struct site *s, int step)
{
    struct err ignored = {0};
    struct plan *p = &s->plan;
    struct fact **f = ARENA_ARRAY(s->a, struct fact *, p->n_steps + 1);
    size_t n = 0;
    if (step >= 0) {
        int *chain = ARENA_ARRAY(s->a, int, p->n_steps + 1);
        size_t n_chain = plan_chain(p, step, chain, p->n_steps);
        for (size_t i = 0; i < n_chain; i++) {
            add_last(&p->v[chain[i]], f, &n);
        }
    }
    for (size_t i = 0; step < 0 && i < p->n_steps; i++) {
        if (p->v[i].selected) {
            add_last(&p->v[i], f, &n);
        }
    }
    (void)(ledger_runs(s->pg, s->cache, s->a, f, n, &ignored) == 0);
}

void site_ask_around(struct site *s, unsigned what, int step)
{
    struct err ignored = {0};
    if (s->env != NULL && s->env->operations != NULL) {
        (void)site_held(s);
    }
    bool has_ledger = s->pg != NULL && s->world.has_ledger;
    if (has_ledger && ledger_running(s->pg, s->a, &s->world.running, &ignored) == 0 &&
        (what & AROUND_RUNS) != 0) {
        ask_runs(s, step);
    }
    if (s->pg != NULL && s->world.reachable && (what & AROUND_ROWS) != 0) {
        ask_sizes(s);
        ask_rewrites(s);
    }
    if ((what & AROUND_LINT) != 0) {
        (void)(site_lint(s, s->input.order, &ignored) == 0);
    }
}

/* Where something stands in the way of a switch, and the declaration allows it: one transaction
 * under the real name. Readers see the old rows until it commits, then the new ones, whatever
 * snapshot they have; what depends on the tables stays with them. */
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/projection_parts.h"

static int cannot(const struct making *m, struct err *e, const char *why)
{
    err_set(e, ERR_PREFLIGHT,
            "%s cannot be switched (%s), and its rows cannot be replaced in place: %s", m->p->name,
            m->obstacles, why);
    return err_hint(e, "remove what stands in the way, build, and put it back");
}

/* Replaced rows are what a rebuild would give only if nothing but sources fills the tables. */
static int check_chain(const struct making *m, struct err *e)
{
    const struct generation *live = m->job->step->live;
    if (m->after.decl->forward.n > 0) {
        return cannot(m, e, "files that run after the load would run twice on what they left");
    }
    if (live == NULL) {
        return m->job->step->in->has_schema ? cannot(m, e, "kfmig did not build what is there") : 0;
    }
    if (digest_is_zero(&live->digest)) {
        return cannot(m, e, "kfmig did not build what is there");
    }
    const struct part *changed = changed_member(m);
    if (changed != NULL) {
        return cannot(
            m, e, arena_printf(m->r->a, "the chain changed, too: %s", part_text(m->r->a, changed)));
    }
    for (size_t i = 0; i < m->job->step->n_reasons; i++) {
        if (m->job->step->reasons[i].code == REASON_GENERATION_ALTERED) {
            return cannot(m, e, "its schema was changed outside kfmig");
        }
    }
    return 0;
}

/* --- tables ----------------------------------------------------------------------------------------- */

struct filled {
    const char *table;
    int64_t rows;    /* that the live generation's sources put there */
    bool is_changed; /* its sources are others now, or one of them changed */
};

struct all_filled {
    struct filled *v;
    size_t n, cap;
};

static struct filled *filled_of(struct making *m, struct all_filled *all, const char *table)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->v[i].table, table) == 0) {
            return &all->v[i];
        }
    }
    ARENA_GROW(m->r->a, all->v, all->n, all->cap);
    all->v[all->n] = (struct filled){.table = table};
    return &all->v[all->n++];
}

static bool is_wanted_key(const struct making *m, const char *key)
{
    for (size_t i = 0; i < m->p->n_sources; i++) {
        if (strcmp(m->loaded[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void find_filled(struct making *m, struct all_filled *all)
{
    const struct generation *live = m->job->step->live;
    const struct doc *loads = live != NULL ? doc_get(live->facts, "loads") : NULL;
    for (size_t i = 0; loads != NULL && i < loads->n; i++) {
        const char *key = loads->key[i]->text.p;
        const char *table = strrchr(key, '>');
        if (table != NULL) {
            struct filled *f = filled_of(m, all, table + 1);
            f->rows += doc_num(loads->item[i], "rows", 0);
            f->is_changed |= !is_wanted_key(m, key);
        }
    }
    for (size_t i = 0; i < m->p->n_sources; i++) {
        filled_of(m, all, m->p->source[i].into)->is_changed |= !is_unchanged(m, i);
    }
}

/* Rows that no source explains would be lost: the chain or somebody else put them there. */
static int empty(struct making *m, const struct filled *f, struct err *e)
{
    struct arena *a = m->r->a;
    int64_t n = 0;
    if (generation_clear(making_session(m), a, m->p->schema, f->table, &n, e) != 0) {
        return -1;
    }
    if (n == f->rows) {
        return 0;
    }
    return cannot(m, e,
                  arena_printf(a, "table %s.%s held %lld rows, its dataset versions explain %lld",
                               m->p->schema, f->table, (long long)n, (long long)f->rows));
}

static int replace_rows(struct making *m, struct err *e)
{
    struct all_filled all = {0};
    find_filled(m, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (all.v[i].is_changed && empty(m, &all.v[i], e) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < m->p->n_sources; i++) {
        struct loaded *l = &m->loaded[i];
        int64_t start = clock_ms();
        l->copied = !filled_of(m, &all, m->p->source[i].into)->is_changed;
        l->is_done = true;
        if (l->copied) {
            const struct doc *was = doc_get(doc_get(m->job->step->live->facts, "loads"), l->key);
            l->rows = doc_num(was, "rows", -1);
            l->content.rows = l->rows;
            if (digest_parse(doc_str(was, "sum", ""), &l->content.sum) != 0) {
                return cannot(m, e, "the live generation's rows were never proven");
            }
            continue;
        }
        making_phase(m, arena_printf(m->r->a, "load %s", m->p->source[i].dataset));
        m->loading = i;
        if (load_rows(m, i, e) != 0) {
            return -1;
        }
        l->ms = clock_ms() - start;
        m->made_ms += l->ms;
    }
    return 0;
}

/* Which record it was, once nothing of the transaction stands: the rows of all sources once more, as far as
 * the first that is refused. */
static void find_refused(struct making *m, struct err *e)
{
    struct err mine = {0};
    struct all_filled all = {0};
    bool is_placed = e->where.path[0] != '\0';
    if (!load_may_find(e) || m->live_number == 0 || making_begin(m, &mine) != 0) {
        return;
    }
    find_filled(m, &all);
    int rc = 0;
    for (size_t i = 0; i < all.n && rc == 0; i++) {
        rc = all.v[i].is_changed ? empty(m, &all.v[i], &mine) : 0;
    }
    for (size_t i = 0; i < m->p->n_sources && rc == 0; i++) {
        if (filled_of(m, &all, m->p->source[i].into)->is_changed &&
            (!is_placed || i == m->loading)) {
            rc = find_refused_of(m, i, e);
        }
    }
    making_roll_back(m);
}

/* --- all of it -------------------------------------------------------------------------------------- */

static int make_tables(struct making *m, struct err *e)
{
    bool had_live = false;
    if (m->live_number > 0) {
        return 0;
    }
    if (generation_aside(making_session(m), m->r->a, m->p->schema, !chain_makes_schema(m),
                         &had_live, e) != 0) {
        return -1;
    }
    return had_live ? cannot(m, e, "kfmig did not build what is there")
                    : run_chain(m, &m->chain, e);
}

static int prove(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    making_phase(m, "validate");
    return generation_settle(s, m->r->a, m->hidden, e) != 0 ||
                   generation_size(s, m->hidden, &m->size, e) != 0 || prove_rows(m, e) != 0 ||
                   run_invariants(m, e) != 0 || judge_proof(m, e) != 0 ||
                   catalog_read(s, m->r->base->format, m->r->a, &m->expected, e) != 0 ||
                   leave_out_others(m, e) != 0
               ? -1
               : 0;
}

static int work(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    if (ledger_generation_next(s, m->p->name, &m->g.number, e) != 0 || make_tables(m, e) != 0 ||
        prove_artifacts(m, e) != 0 || replace_rows(m, e) != 0 || prove(m, e) != 0) {
        return -1;
    }
    m->is_indexed = true;
    publish_changes(m);
    if (m->live_number > 0 && ledger_generation_remove(s, m->p->name, m->live_number, e) != 0) {
        return -1;
    }
    return publish_entry(m, false, e);
}

int make_atomic(struct making *m, struct err *e)
{
    const struct generation *live = m->job->step->live;
    struct merkle before = *m->r->merkle;
    *e = (struct err){0};
    making_phase(m, "replace");
    m->live_number = live != NULL ? live->number : 0;
    m->hidden = m->p->schema;
    m->acl = m->horizon = NULL;
    m->indexes.n = 0;
    m->o->gates.n = 0;
    m->made_ms = 0;
    finding_fail(m->r->a, &m->o->gates, "obstacles", "%s", m->obstacles)->waived_by =
        "fallback: atomic";
    finding_pass(m->r->a, &m->o->gates, "fallback atomic");
    if (check_chain(m, e) != 0 || making_begin(m, e) != 0) {
        return -1;
    }
    if (work(m, e) != 0 || FAULT(GENERATION_SWAPPED)) {
        making_roll_back(m);
        *m->r->merkle = before;
        m->o->sequence = 0;
        baseline_undo(m->r->sum);
        find_refused(m, e);
        return e->code != ERR_NONE ? -1 : execution_injected(e);
    }
    return publish_commit(m, &before, e);
}

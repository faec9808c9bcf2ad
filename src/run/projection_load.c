/* The rows: from artifacts, or from the live generation where nothing about them changed; then
 * indexes and what needs the data. */
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "run/projection_parts.h"

static bool same_part(const struct making *m, struct part of)
{
    const struct part *is = parts_find(&m->g.parts, &of);
    const struct part *was = parts_find(&m->job->step->live->parts, &of);
    return (is == NULL && was == NULL) ||
           (is != NULL && was != NULL && digest_eq(&is->digest, &was->digest));
}

const struct part *changed_member(const struct making *m)
{
    return parts_chain_change(&m->job->step->live->parts, &m->g.parts);
}

/* Everything that could make these rows differ: the version, how it is mapped, the loader's rules,
 * the tables themselves. */
bool is_unchanged(const struct making *m, size_t i)
{
    const struct projection_source *s = &m->p->source[i];
    const struct generation *live = m->job->step->live;
    if (m->job->fresh || live == NULL || live->state != GENERATION_LIVE ||
        digest_is_zero(&live->digest) || version_column(s) == NULL) {
        return false;
    }
    return same_part(m, part_of_source(PART_SOURCE, s)) &&
           same_part(m, part_of_source(PART_MAPPING, s)) &&
           same_part(m, (struct part){.kind = PART_RULE}) &&
           same_part(m, (struct part){.kind = PART_PROJ}) && changed_member(m) == NULL;
}

bool making_loads(void *ctx, int64_t rows, int64_t done, int64_t size)
{
    const struct making *m = ctx;
    making_tells(m, rows, done, size);
    return making_stops(m);
}

/* What the copy holds is compared with what the live generation was proven to hold. */
static int copy_rows(struct making *m, size_t i, bool *is_good, struct err *e)
{
    const struct projection_source *s = &m->p->source[i];
    struct loaded *l = &m->loaded[i];
    struct names columns;
    struct names left_out;
    const struct doc *was = doc_get(doc_get(m->job->step->live->facts, "loads"), l->key);
    struct digest sum;
    *is_good = false;
    if (digest_parse(doc_str(was, "sum", ""), &sum) != 0) {
        return 0;
    }
    mapped_columns(m->r->a, s, &columns);
    struct row_set from = {m->p->schema, s->into, version_column(s), s->version};
    struct row_set to = {m->hidden, s->into, version_column(s), s->version};
    if (generation_copy(making_session(m), m->r->a, &from, m->hidden, &columns, &l->rows, e) != 0 ||
        generation_volatile_columns(making_session(m), m->r->a, m->hidden, s->into, &columns,
                                    &left_out, e) != 0 ||
        generation_fingerprint(making_session(m), m->r->a, &to, &left_out, &l->content, e) != 0) {
        return -1;
    }
    *is_good = l->content.rows == doc_num(was, "rows", -1) && digest_eq(&l->content.sum, &sum);
    l->copied = *is_good;
    return 0;
}

int load_rows(struct making *m, size_t i, struct err *e)
{
    struct load *l = NULL;
    const struct load_watch watch = {.on_progress = making_loads, .ctx = m};
    if (source_plan(m, i, &l, e) != 0) {
        return -1;
    }
    return load_copy(making_session(m), m->r->a, m->hidden, l, &watch, &m->loaded[i].rows, e);
}

int find_refused_of(struct making *m, size_t i, struct err *e)
{
    struct err mine = {0};
    struct load *l = NULL;
    const struct load_watch watch = {.on_progress = making_loads, .ctx = m};
    return source_plan(m, i, &l, &mine) == 0
               ? load_find_refused(making_session(m), m->r->a, m->hidden, l, &watch, e)
               : -1;
}

/* In a transaction of its own, of which nothing stays. */
static void find_refused(struct making *m, size_t i, struct err *e)
{
    struct err mine = {0};
    if (making_begin(m, &mine) != 0) {
        return;
    }
    (void)find_refused_of(m, i, e);
    making_roll_back(m);
}

/* The generation's row says so in the same transaction; only one at a time writes it, so that none says of
 * another what that has not committed. Behind one of which nobody knows whether it has, nobody writes it. */
static int commit_load(struct making *m, struct loaded *l, struct err *e)
{
    struct making *lead = making_lead(m);
    tasks_enter(&lead->commit);
    if (making_is_given_up(m)) {
        tasks_leave(&lead->commit);
        return err_set(e, ERR_INTERRUPTED, "another session's part of the load failed");
    }
    l->is_done = true;
    lead->made_ms = making_made(m, l->ms);
    int rc = facts_put(m, e) != 0       ? -1
             : FAULT(GENERATION_LOADED) ? execution_injected(e)
                                        : making_commit(m, e);
    l->is_done = rc == 0;
    if (rc != 0) {
        making_give_up(m);
    }
    tasks_leave(&lead->commit);
    return rc;
}

/* Not by a hand: what is to be said of it the run's own session finds out. */
static int load_failed(struct making *m, size_t i, struct err *e)
{
    making_roll_back(m);
    if (m->hand == NULL && load_may_find(e)) {
        find_refused(m, i, e);
    }
    return -1;
}

static int load_one(struct making *m, size_t i, bool copies, bool *is_good, struct err *e)
{
    int64_t start = clock_ms();
    struct loaded *l = &m->loaded[i];
    l->content = (struct content){.rows = -1};
    l->copied = false;
    *is_good = true;
    if (making_begin(m, e) != 0) {
        return -1;
    }
    int rc = copies ? copy_rows(m, i, is_good, e) : load_rows(m, i, e);
    if (rc == 0 && !*is_good) {
        making_roll_back(m);
        return 0;
    }
    l->ms = clock_ms() - start;
    return rc == 0 && commit_load(m, l, e) == 0 ? 0 : load_failed(m, i, e);
}

/* From the live generation where that has the same, else from the artifact. */
static int load_source(struct making *m, size_t i, struct err *e)
{
    bool is_good = false;
    making_phase(m, arena_printf(m->r->a, "load %s", m->p->source[i].dataset));
    if (is_unchanged(m, i) && load_one(m, i, true, &is_good, e) != 0) {
        return -1;
    }
    return is_good ? 0 : load_one(m, i, false, &is_good, e);
}

/* --- by several sessions --- */

/* filling: of each source; before: what was known of them. */
struct loading {
    struct making *m;
    struct fills *filling;
    struct loaded *before;
};

static int one(struct making *m, void *ctx, size_t i, struct err *e)
{
    (void)ctx;
    return load_source(m, i, e);
}

static bool is_loaded(void *ctx, size_t i)
{
    const struct loading *x = ctx;
    return x->m->loaded[i].is_done;
}

/* Rows of one table are told apart by their version where that is part of every key. */
static bool are_apart(const struct making *m, const struct fills *f, size_t i, size_t k)
{
    return !f[i].shares && !f[k].shares && f[i].column != NULL && f[k].column != NULL &&
           strcmp(f[i].column, f[k].column) == 0 &&
           strcmp(m->p->source[i].version, m->p->source[k].version) != 0;
}

static bool waits(void *ctx, size_t i, size_t k)
{
    const struct loading *x = ctx;
    const struct fills *f = x->filling;
    bool is_same = strcmp(f[i].table, f[k].table) == 0;
    return f[i].alone || f[k].alone || names_have(&f[i].with, f[k].table) ||
           (is_same && !are_apart(x->m, f, i, k));
}

static int prepare(struct making *m, struct loading *x, struct err *e)
{
    size_t n = m->p->n_sources;
    *x = (struct loading){.m = m,
                          .filling = ARENA_ARRAY(m->r->a, struct fills, n + 1),
                          .before = arena_dup(m->r->a, m->loaded, (n + 1) * sizeof *m->loaded)};
    for (size_t i = 0; i < n; i++) {
        x->filling[i].table = m->p->source[i].into;
        x->filling[i].column = version_column(&m->p->source[i]);
    }
    return generation_fillings(making_session(m), m->r->a, m->hidden, x->filling, n, e);
}

static size_t count_open(const struct making *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->p->n_sources; i++) {
        n += m->loaded[i].is_done ? 0 : 1;
    }
    return n;
}

/* As crew_run(). */
static int loads_together(struct making *m, struct loading *x, struct err *e)
{
    if (prepare(m, x, e) != 0) {
        return -1;
    }
    const struct crew_work w = {m->p->n_sources, one, waits, is_loaded, x};
    return crew_run(m, &w, e);
}

/* What the receipt of a failure says of sources behind the one that failed is what it would say had the hands
 * not been faster. */
static void forget_behind(struct making *m, const struct loading *x, size_t i)
{
    for (size_t k = i + 1; x->before != NULL && k < m->p->n_sources; k++) {
        m->loaded[k] = x->before[k];
    }
}

int make_loads(struct making *m, struct err *e)
{
    struct loading x = {.m = m};
    if (crew_may(m, count_open(m)) && loads_together(m, &x, e) < 0) {
        return -1;
    }
    for (size_t i = 0; i < m->p->n_sources; i++) {
        if (!m->loaded[i].is_done && load_source(m, i, e) != 0) {
            forget_behind(m, &x, i);
            return -1;
        }
    }
    return 0;
}

/* Files that want the data run under the names that they use. */
static int run_after(struct making *m, struct err *e)
{
    struct pg *s = making_session(m);
    struct arena *a = m->r->a;
    bool had_live = false;
    const char *acl = NULL;
    if (m->after.decl->forward.n == 0) {
        return 0;
    }
    if (generation_aside(s, a, m->p->schema, false, &had_live, e) != 0 ||
        generation_reveal(s, a, m->p->schema, m->hidden, e) != 0 ||
        run_chain(m, &m->after, e) != 0) {
        return -1;
    }
    return generation_hide(s, a, m->p->schema, m->g.number, had_live, &acl, e);
}

static bool has_index_of(const struct index_defs *l, const char *table)
{
    size_t i = 0;
    while (i < l->n && strcmp(l->v[i].table, table) != 0) {
        i++;
    }
    return i < l->n;
}

/* Which record it was that a deferred index does not take: its table is filled once more, with the index
 * there. In a transaction of its own, of which nothing stays. */
static void find_unindexed(struct making *m, struct err *e)
{
    struct err mine = {0};
    struct index_defs missing = {0};
    if (!load_may_find(e) || making_begin(m, &mine) != 0) {
        return;
    }
    int rc = generation_index_missing(making_session(m), m->r->a, m->hidden, &m->indexes, &missing,
                                      &mine);
    for (size_t i = 0; i < missing.n && rc == 0; i++) {
        rc = generation_empty(making_session(m), m->r->a, m->hidden, missing.v[i].table, &mine);
    }
    rc = rc == 0 ? indexes_here(m, &mine) : rc;
    for (size_t i = 0; i < m->p->n_sources && rc == 0; i++) {
        if (has_index_of(&missing, m->p->source[i].into)) {
            rc = find_refused_of(m, i, e);
        }
    }
    making_roll_back(m);
}

int make_indexes(struct making *m, struct err *e)
{
    int64_t start = clock_ms();
    if (m->is_indexed) {
        return 0;
    }
    making_phase(m, "index");
    if (indexes_together(m, e) != 0) {
        find_unindexed(m, e);
        return -1;
    }
    if (making_begin(m, e) != 0 || indexes_here(m, e) != 0) {
        making_roll_back(m);
        find_unindexed(m, e);
        return -1;
    }
    if (run_after(m, e) != 0 || generation_settle(making_session(m), m->r->a, m->hidden, e) != 0 ||
        generation_size(making_session(m), m->hidden, &m->size, e) != 0) {
        making_roll_back(m);
        return -1;
    }
    m->is_indexed = true;
    m->indexes.n = 0; /* done with; their text is not for keeping */
    m->made_ms += clock_ms() - start;
    if (facts_put(m, e) != 0 || FAULT(GENERATION_INDEXED)) {
        m->is_indexed = false;
        making_roll_back(m);
        return e->code != ERR_NONE ? -1 : execution_injected(e);
    }
    return making_commit(m, e);
}

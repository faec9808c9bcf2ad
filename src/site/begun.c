/* What was begun in stores, and not finished. */
#include "site/begun.h"

#include <string.h>

#include "model/program.h"
#include "site/halfway.h"

/* One migration of which something was begun. */
struct beginning {
    struct site *s;
    const struct journal *journal;
    const struct bundle *b;
    struct program program;
    struct begun *out;
};

static bool is_applied(const struct site *s, const struct bundle *b)
{
    const struct history *h = past_get(&s->past, b->id);
    return h != NULL && h->applied != NULL;
}

static const struct journal_row *row_of(const struct journal *j, const struct journal_step *step)
{
    const struct digest key = journal_key(step);
    const struct journal_row *row = journal_find(j, &key);
    return row != NULL && (row->is_open || row->is_done) ? row : NULL;
}

static struct journal_step step_of(const struct beginning *x, size_t at)
{
    return journal_step_of(x->b->id, store_text(x->b->store), &x->program, at);
}

const struct journal_row *begun_fill(const struct journal *j, const struct journal_step *steps,
                                     size_t n, const struct journal_row *const *rows, size_t n_rows,
                                     struct begun *out)
{
    size_t n_matched = 0;
    const struct journal_row *next = NULL;
    *out = (struct begun){.subject = rows[n_rows - 1]->subject,
                          .run_id = rows[n_rows - 1]->run_id,
                          .sequence = rows[n_rows - 1]->intent,
                          .verb = "",
                          .object = "",
                          .n = n,
                          .at = n,
                          .standing = STANDS_ABSENT};
    for (size_t i = n; i-- > 0;) {
        const struct journal_row *row = row_of(j, &steps[i]);
        n_matched += row != NULL;
        if (row == NULL || !row->is_done) {
            out->at = i;
            next = row;
        }
    }
    out->is_otherwise = n_matched != n_rows;
    if (next != NULL && next->is_open) {
        out->key = next->key;
    }
    if (out->at < n) {
        out->verb = steps[out->at].verb;
        out->object = steps[out->at].object;
    }
    return next;
}

/* What it takes back is to be as the ledger had it before. Where that cannot be read nobody knows what its
 * steps are to leave. */
static void find_leaves(struct beginning *x)
{
    struct err ignored = {0};
    struct objects_before all;
    struct site *s = x->s;
    const int64_t applied = past_get(&s->past, x->b->id)->applied->wrote;
    if (ledger_before(s->pg, &applied, 1, s->a, &all, &ignored) != 0) {
        return;
    }
    struct object_row *rows = ARENA_ARRAY(s->a, struct object_row, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        rows[i] = all.v[i].before;
    }
    journal_leaves(s->a, &x->program, rows, all.n);
}

static void find_one(struct beginning *x)
{
    struct err e = {0};
    struct digest proof;
    struct site *s = x->s;
    struct store *store = s->store[x->b->store].store;
    const struct journal_row **rows = NULL;
    size_t n = journal_begun(x->journal, s->a, x->b->id, &rows);
    if (n == 0) {
        return;
    }
    program_of(s->a, x->b->forward, x->b->decl->forward.n, &x->program);
    if (is_applied(s, x->b)) {
        find_leaves(x);
    }
    struct journal_step *steps = ARENA_ARRAY(s->a, struct journal_step, x->program.n + 1);
    for (size_t i = 0; i < x->program.n; i++) {
        steps[i] = step_of(x, i);
    }
    const struct journal_row *next = begun_fill(x->journal, steps, x->program.n, rows, n, x->out);
    const struct store_step *step = next != NULL ? &x->program.v[x->out->at] : NULL;
    if (step != NULL &&
        (store->ops->verify(store, step, &next->before, &x->out->standing, &proof, &e) != 0 ||
         store->ops->stands(store, step, &x->out->stands, &e) != 0)) {
        s->world.store[x->b->store].reachable = false;
        s->world.store[x->b->store].why_not = arena_strdup(s->a, e.msg);
        return;
    }
    x->out->seen = step == NULL ? NULL
                                : arena_printf(s->a, "%s %s", step->object,
                                               digest_is_zero(&x->out->stands)
                                                   ? "is not there"
                                                   : "stands there, and is not what it is to be");
    s->world.n_begun++;
}

/* What is applied and has steps since then is being taken back: its rollback is the program. NULL: it is not,
 * or cannot be read. */
static const struct bundle *view_of(struct site *s, struct bundle *b, const struct journal *journal)
{
    struct err ignored = {0};
    const struct journal_row **rows = NULL;
    if (!is_applied(s, b)) {
        return b->forward != NULL ? b : NULL;
    }
    if (b->is_illegible || journal_begun(journal, s->a, b->id, &rows) == 0) {
        return NULL;
    }
    const struct bundle *view = halfway_back(s, b, &ignored);
    return view != NULL && view->forward != NULL ? view : NULL;
}

void begun_find(struct site *s)
{
    const struct journal *journal = journal_open(s->a, NULL, &s->entries);
    struct begun *v = ARENA_ARRAY(s->a, struct begun, s->project->n_bundle + 1);
    s->world.begun = v;
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        bool is_there = b->store != STORE_COUNT && s->world.store[b->store].reachable;
        const struct bundle *view = is_there ? view_of(s, b, journal) : NULL;
        struct begun *next = &v[s->world.n_begun];
        size_t n = s->world.n_begun;
        if (view != NULL) {
            find_one(&(struct beginning){.s = s, .journal = journal, .b = view, .out = next});
        }
        if (s->world.n_begun > n) {
            next->undoes = view != b;
        }
    }
}

/* --- what stood there before ------------------------------------------------------------------------ */

static void add_changed(struct arena *a, struct table *out, const struct store_step *step)
{
    for (size_t i = 0; i < step->touches->n; i++) {
        if (touch_changes(&step->touches->v[i])) {
            table_puts(out, object_text(a, &step->touches->v[i].object), out);
        }
    }
}

/* The objects of all steps of store k that have an intent. */
static void find_changed(struct site *s, enum store_kind k, struct table *out)
{
    struct beginning x = {.s = s, .journal = journal_open(s->a, NULL, &s->entries)};
    for (size_t i = 0; i < s->world.n_begun; i++) {
        struct bundle *b = table_gets(&s->project->by_id, s->world.begun[i].subject);
        x.b = b == NULL || b->store != k ? NULL : view_of(s, b, x.journal);
        if (x.b == NULL) {
            continue;
        }
        program_of(s->a, x.b->forward, x.b->decl->forward.n, &x.program);
        for (size_t at = 0; at < x.program.n; at++) {
            const struct journal_step step = step_of(&x, at);
            if (row_of(x.journal, &step) != NULL) {
                add_changed(s->a, out, &x.program.v[at]);
            }
        }
    }
}

/* "name\tvalue\n" for each; what the ledger adds behind them begins with '~'. */
static struct facet *facets_of(struct arena *a, const char *definition, size_t *n)
{
    size_t most = 1;
    for (const char *p = definition; *p != '\0'; p++) {
        most += *p == '\n';
    }
    struct facet *v = ARENA_ARRAY(a, struct facet, most);
    for (*n = 0; *definition != '\0' && *definition != '~'; (*n)++) {
        size_t n_line = strcspn(definition, "\n");
        size_t n_name = strcspn(definition, "\t\n");
        size_t n_value = n_line > n_name ? n_line - n_name - 1 : 0;
        v[*n] = (struct facet){.name = arena_strndup(a, definition, n_name),
                               .value = arena_strndup(a, definition + n_line - n_value, n_value)};
        definition += n_line + (definition[n_line] == '\n');
    }
    return v;
}

static void add_row(struct site *s, const struct object_row *row, struct catalog *out)
{
    struct object object;
    size_t n = 0;
    if (object_parse(s->a, row->object, &object) == 0) {
        struct facet *facets = facets_of(s->a, row->definition, &n);
        (void)catalog_add(out, object, facets, n);
    }
}

void begun_put_back(struct site *s, enum store_kind k, const struct object_rows *sum,
                    const struct catalog *now, struct site_store *x)
{
    struct table changed = {.a = s->a};
    const struct catalog empty = {.a = s->a, .by_text = {.a = s->a}, .by_oid = {.a = s->a}};
    find_changed(s, k, &changed);
    x->found = x->base = *now;
    if (changed.n == 0) {
        x->base.v = arena_dup(s->a, now->v, now->n * sizeof(struct catalog_object *));
        x->base.cap = now->n; /* what is done there is laid over base alone */
        return;
    }
    x->found = x->base = empty;
    for (size_t i = 0; i < now->n; i++) {
        const struct catalog_object *o = now->v[i];
        if (table_gets(&changed, o->text) == NULL) {
            (void)catalog_add(&x->found, o->object, o->facets, o->n_facets);
        }
    }
    for (size_t i = 0; i < sum->n; i++) {
        add_row(s, &sum->v[i], &x->base);
        if (table_gets(&changed, sum->v[i].object) != NULL) {
            add_row(s, &sum->v[i], &x->found);
        }
    }
    catalog_seal(&x->found);
    catalog_seal(&x->base);
}

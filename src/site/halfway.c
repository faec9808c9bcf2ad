/* What was begun in segments, and not finished. */
#include "site/halfway.h"

#include <string.h>

#include "evidence/stepped.h"
#include "ledger/backfill.h"
#include "site/begun.h"
#include "store/facets.h"
#include "store/postgis/lone.h"

/* subjects: what the journal has steps of that count. expected: text -> struct object_row, as segments
 * that stand left the object. open: statements of open intents. */
struct halfway {
    struct site *s;
    const struct journal *journal;
    struct table subjects;
    struct table expected;
    const struct lone **open;
    size_t n_open;
    bool has_program; /* one was begun: whatever is otherwise may be its doing */
};

static bool is_applied(const struct site *s, const struct bundle *b)
{
    const struct history *h = past_get(&s->past, b->id);
    return h != NULL && h->applied != NULL;
}

static bool is_pending(const struct site *s, const struct bundle *b)
{
    return b->store == store_of_ledger() && b->forward != NULL && segments_any(b) &&
           !is_applied(s, b);
}

/* --- one of them ------------------------------------------------------------------------------------ */

static int ask(struct halfway *x, const struct segment *g, const struct journal_row *row,
               struct begun *out, struct err *e)
{
    struct lone_state state;
    if (lone_look(x->s->pg, x->s->a, g->lone->lone, &state, e) != 0) {
        return -1;
    }
    out->standing = lone_standing(g->lone->lone, &state, &row->before);
    out->stands = lone_digest(&state);
    out->seen = lone_seen(x->s->a, g->lone->lone, &state);
    x->open[x->n_open++] = g->lone->lone;
    return 0;
}

static int ask_backfill(struct halfway *x, const struct journal_row *row, struct begun *out,
                        struct err *e)
{
    struct backfilled done;
    if (ledger_backfill_read(x->s->pg, row->intent, x->s->a, &done, e) != 0) {
        return -1;
    }
    out->batches = done.batches;
    out->rows = done.rows;
    out->standing = done.batches > 0 ? STANDS_PARTLY : STANDS_ABSENT;
    return 0;
}

static int find_one(struct halfway *x, const struct bundle *b, struct begun *out, struct err *e)
{
    struct segments l;
    const struct journal_row **rows = NULL;
    size_t n = journal_begun(x->journal, x->s->a, b->id, &rows);
    segments_of(x->s->a, b, &l);
    struct journal_step *steps = ARENA_ARRAY(x->s->a, struct journal_step, l.n + 1);
    for (size_t i = 0; i < l.n; i++) {
        steps[i] = journal_step_of_segment(b->id, store_text(b->store), &l, i);
    }
    const struct journal_row *next = begun_fill(x->journal, steps, l.n, rows, n, out);
    x->s->world.n_begun++;
    const struct segment *g = next != NULL ? &l.v[out->at] : NULL;
    if (g != NULL && g->is_program) {
        x->has_program = true;
        out->standing = STANDS_FOREIGN;
        out->seen = "a program, of which nobody can tell how far it came";
        return 0;
    }
    return g == NULL             ? 0
           : g->lone != NULL     ? ask(x, g, next, out, e)
           : g->backfill != NULL ? ask_backfill(x, next, out, e)
                                 : 0;
}

struct bundle *halfway_back(struct site *s, struct bundle *b, struct err *e)
{
    struct err_list faults = {0};
    if (load_decl(s->project, b, e) != 0) {
        return NULL;
    }
    plan_scripts(s->a, b);
    struct decl *decl = arena_dup(s->a, b->decl, sizeof *decl);
    struct bundle *view = arena_dup(s->a, b, sizeof *view);
    decl->forward = decl->rollback;
    decl->command = NULL;
    view->decl = decl;
    view->forward = plan_rollback(s->a, b, &faults);
    err_list_release(&faults);
    return view;
}

/* What is applied and has steps since then is being taken back: its rollback files are the program. */
static int find_back(struct halfway *x, struct bundle *b, struct begun *out, struct err *e)
{
    if (b->store != store_of_ledger() || b->is_illegible || !is_applied(x->s, b)) {
        return 0;
    }
    const struct bundle *view = halfway_back(x->s, b, e);
    if (view == NULL) {
        return -1;
    }
    if (view->forward == NULL || find_one(x, view, out, e) != 0) {
        return view->forward == NULL ? 0 : -1;
    }
    out->undoes = true;
    return 0;
}

static int find_all(struct halfway *x, struct err *e)
{
    struct site *s = x->s;
    size_t most = s->project->n_bundle + s->world.n_begun + 1;
    struct begun *v = ARENA_ARRAY(s->a, struct begun, most);
    if (s->world.n_begun > 0) {
        memcpy(v, s->world.begun, s->world.n_begun * sizeof *v);
    }
    s->world.begun = v;
    x->open = ARENA_ARRAY(s->a, const struct lone *, most);
    for (size_t i = 0; i < s->project->n_bundle; i++) {
        struct bundle *b = &s->project->bundle[i];
        struct begun *next = &v[s->world.n_begun];
        if (table_gets(&x->subjects, b->id) == NULL) {
            continue;
        }
        if ((is_pending(s, b) && find_one(x, b, next, e) != 0) || find_back(x, b, next, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- what of drift is their doing ------------------------------------------------------------------- */

/* What segments kept, in the order in which they came to stand. Another store's steps keep no such texts. */
static int read_expected(struct halfway *x, struct err *e)
{
    struct site *s = x->s;
    const struct journal_row **rows = NULL;
    size_t n = journal_halfway(x->journal, s->a, &rows);
    for (size_t i = 0; i < n; i++) {
        struct bytes text = {NULL, 0};
        struct stepped kept;
        struct err ignored = {0};
        bool found = false;
        if (rows[i]->is_done && ledger_blob(s->pg, &rows[i]->kept, s->a, &text, &found, e) != 0) {
            return -1;
        }
        if (text.p == NULL || stepped_read(s->a, text, "kfmig.step.v1", &kept, &ignored) != 0) {
            continue;
        }
        for (size_t k = 0; k < kept.objects.n; k++) {
            (void)table_puts(&x->expected, kept.objects.v[k].object, &kept.objects.v[k]);
        }
    }
    return 0;
}

/* As REINDEX CONCURRENTLY calls an index on its way in or out. */
static bool is_scrap(const char *name)
{
    size_t n = strlen(name);
    while (n > 0 && name[n - 1] >= '0' && name[n - 1] <= '9') {
        n--;
    }
    return n > 6 &&
           (strncmp(name + n - 6, "_ccnew", 6) == 0 || strncmp(name + n - 6, "_ccold", 6) == 0);
}

/* The facet of an index that an open intent is about, or that REINDEX makes beside it. */
static bool is_of_open(const struct halfway *x, const char *facet)
{
    static const char prefix[] = "index ";
    if (strncmp(facet, prefix, strlen(prefix)) != 0) {
        return false;
    }
    for (size_t i = 0; i < x->n_open; i++) {
        size_t n = strlen(x->open[i]->name);
        const char *name = facet + strlen(prefix);
        if (x->open[i]->mark == LONE_INDEXES_CONCURRENTLY && is_scrap(name)) {
            return true;
        }
        if (strncmp(name, x->open[i]->name, n) == 0 &&
            (name[n] == '\0' || strncmp(name + n, "_cc", strlen("_cc")) == 0)) {
            return true;
        }
    }
    return false;
}

static bool is_open_partition(const struct halfway *x, const struct object *o)
{
    for (size_t i = 0; i < x->n_open; i++) {
        const struct lone *l = x->open[i];
        if (l->kind == LONE_DETACH_PARTITION &&
            (strcmp(l->name, o->name) == 0 || strcmp(l->table, o->name) == 0)) {
            return true;
        }
    }
    return false;
}

/* Of another store nothing is: its steps keep no texts of what they made. */
static bool is_theirs(const struct halfway *x, const struct drift *d)
{
    const struct site *s = x->s;
    struct differences l;
    if (d->object.store != NULL) {
        return false;
    }
    const struct object_row *row = table_gets(&x->expected, d->text);
    const struct object_row *stood = row != NULL ? row : object_rows_find(&s->sum, d->text);
    const char *was = stood != NULL ? stood->definition : NULL;
    const struct catalog_object *now = table_gets(&s->catalog.by_text, d->text);
    if (was == NULL || now == NULL) {
        return was == NULL && now == NULL;
    }
    facets_compare(s->a, was, now, &l);
    for (size_t i = 0; i < l.n; i++) {
        if (!is_of_open(x, l.v[i].name)) {
            return is_open_partition(x, &d->object);
        }
    }
    return row != NULL || l.n > 0;
}

static void forgive(const struct halfway *x)
{
    struct world *w = &x->s->world;
    size_t n = 0;
    for (size_t i = 0; i < w->n_drift; i++) {
        if (!x->has_program && !is_theirs(x, &w->drift[i])) {
            w->drift[n++] = w->drift[i];
        }
    }
    w->n_forgiven = w->n_drift - n;
    w->n_drift = n;
}

int halfway_find(struct site *s, struct err *e)
{
    struct halfway x = {.s = s, .expected = {.a = s->a}, .subjects = {.a = s->a}};
    const struct journal_row **rows = NULL;
    if (s->pg == NULL || !s->id.has_ledger) {
        return 0;
    }
    x.journal = journal_open(s->a, NULL, &s->entries);
    size_t n = journal_halfway(x.journal, s->a, &rows);
    if (n == 0) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        (void)table_puts(&x.subjects, rows[i]->subject, s);
    }
    if (find_all(&x, e) != 0 || (s->world.n_drift > 0 && read_expected(&x, e) != 0)) {
        return -1;
    }
    forgive(&x);
    return 0;
}

/* What is to be taken back, and what depends on it. */
#include "flow/undo.h"

#include <stdlib.h>
#include <string.h>

#include "doc/canon.h"

/* One that is applied. is_chosen: it is taken back; because: as in struct undo_step. */
struct standing_one {
    const struct fact *fact;
    int step; /* in the plan; -1: it is in none */
    bool is_chosen;
    const char *because;
};
/* v: all that are applied, newest first; at: id -> its struct standing_one. */
struct picking {
    struct site *s;
    const struct undo_wish *w;
    const struct undoing *known; /* as it was looked at before; NULL: it was not */
    struct standing_one *v;
    size_t n, n_chosen;
    struct table at;
};

/* --- what is applied --------------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct standing_one *)a)->fact->wrote;
    int64_t y = ((const struct standing_one *)b)->fact->wrote;
    return (x < y) - (x > y);
}

static void find_applied(struct picking *c)
{
    struct site *s = c->s;
    const struct table *by_id = &s->past.by_id;
    struct table steps = {.a = s->a};
    for (size_t i = 0; i < s->plan.n_migrations; i++) {
        (void)table_puts(&steps, s->plan.v[i].bundle->id, &s->plan.v[i]);
    }
    c->v = ARENA_ARRAY(s->a, struct standing_one, by_id->n + 1);
    for (size_t i = 0; i < by_id->n; i++) {
        const struct history *h = by_id->rows[i].value;
        if (h->applied == NULL || !h->applied->is_migration || h->applied->is_definition) {
            continue;
        }
        const struct step *x = table_gets(&steps, h->applied->subject);
        c->v[c->n++] = (struct standing_one){
            .fact = h->applied, .step = x != NULL ? (int)(x - s->plan.v) : -1, .because = ""};
    }
    qsort(c->v, c->n, sizeof *c->v, newest_first);
    c->at = (struct table){.a = s->a};
    for (size_t i = 0; i < c->n; i++) {
        (void)table_puts(&c->at, c->v[i].fact->subject, &c->v[i]);
    }
}

static void choose(struct picking *c, struct standing_one *x, const char *because)
{
    c->n_chosen += !x->is_chosen;
    x->is_chosen = true;
    x->because = because;
}

static int refuse_chain(const char *id, const char *projection, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "%s runs inside the generations of projection \"%s\"", id,
            projection);
    return err_hint(e,
                    "`kfmig switch %s` goes back to a kept generation; without the migration, a "
                    "build makes a new one",
                    projection);
}

static int refuse_not_applied(const struct picking *c, const struct bundle *b, struct err *e)
{
    const char *id = b->id;
    if (b->projection != NULL) {
        return refuse_chain(id, b->projection, e);
    }
    const struct history *h = past_get(&c->s->past, id);
    const struct fact *f = h != NULL ? h->undone : NULL;
    if (f != NULL) {
        return err_set(e, ERR_PREFLIGHT, "%s was taken back already, at %s by run %s", id,
                       f->finished_at, f->run_id);
    }
    if (h != NULL && h->applied != NULL && h->applied->is_definition) {
        err_set(e, ERR_PREFLIGHT, "%s is a repeatable definition, which nothing takes back", id);
        return err_hint(e, "put the text that its file had before back, and build");
    }
    err_set(e, ERR_PREFLIGHT, "%s is not applied in \"%s\"", id, c->s->env->name);
    return err_hint(e, "`kfmig status %s` tells what is", c->s->env->name);
}

/* The candidate that text names. */
static int find(struct picking *c, const char *text, struct standing_one **out, struct err *e)
{
    struct target t;
    struct site *s = c->s;
    struct subjects all = plan_all_subjects(&s->plan);
    if (plan_target(text, s->env, 1, &all, s->a, &t, e) != 0) {
        return -1;
    }
    if (t.bundle < 0) {
        err_set(e, ERR_CONFIG, "\"%s\" is a projection: it has generations, and no rollback", text);
        return err_hint(e, "`kfmig switch %s %s` lists those that are kept", s->env->name, text);
    }
    const char *id = all.bundles[t.bundle]->id;
    *out = table_gets(&c->at, id);
    return *out != NULL ? 0 : refuse_not_applied(c, all.bundles[t.bundle], e);
}

static int choose_wanted(struct picking *c, struct err *e)
{
    struct standing_one *named = NULL;
    const char *text = c->w->id != NULL ? c->w->id : c->w->to;
    if (text != NULL && find(c, text, &named, e) != 0) {
        return -1;
    }
    if (named != NULL && c->w->id != NULL) {
        choose(c, named, "");
        return 0;
    }
    size_t most = c->w->to != NULL  ? (size_t)(named - c->v)
                  : c->w->steps > 0 ? (size_t)c->w->steps
                                    : 1;
    for (size_t i = 0; i < c->n && i < most; i++) {
        choose(c, &c->v[i], "");
    }
    return 0;
}

/* --- what depends on it ------------------------------------------------------------------------------ */

/* "it depends on PG-1", or by the order of its folder. */
static const char *depends_on(const struct picking *c, const struct standing_one *x)
{
    const struct plan *p = &c->s->plan;
    const struct step *s = x->step >= 0 ? &p->v[x->step] : NULL;
    for (size_t i = 0; s != NULL && i < s->n_upstream; i++) {
        const char *id = p->v[s->upstream[i]].bundle->id;
        const struct standing_one *up = table_gets(&c->at, id);
        if (up != NULL && up->is_chosen) {
            return arena_printf(
                c->s->a,
                s->order_only ? "comes after %s, as it names no depends_on" : "depends on %s", id);
        }
    }
    return NULL;
}

/* By entry: the candidate that it applied. */
static struct standing_one *applied_by(const struct picking *c, int64_t sequence)
{
    size_t from = 0;
    size_t to = c->n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (c->v[mid].fact->wrote == sequence) {
            return &c->v[mid];
        }
        if (c->v[mid].fact->wrote > sequence) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return NULL;
}

/* Marks whoever changed, later, what a chosen one changed. True: there was one more. */
static bool mark_writers(struct picking *c, const struct object_rows *changes)
{
    bool any = false;
    struct table first = {.a = c->s->a}; /* object -> the oldest chosen one that changed it */
    for (size_t i = 0; i < changes->n; i++) {
        const struct object_row *row = &changes->v[i];
        struct standing_one *x = applied_by(c, row->sequence);
        const struct standing_one *older = table_gets(&first, row->object);
        if (x == NULL) {
            continue;
        }
        if (!x->is_chosen && older != NULL) {
            choose(c, x,
                   arena_printf(c->s->a, "changed %s after %s", row->object, older->fact->subject));
            any = true;
        }
        if (x->is_chosen && older == NULL) {
            (void)table_puts(&first, row->object, x);
        }
    }
    return any;
}

/* Is what is chosen all that is newest? Then nothing comes after it. */
static bool is_newest(const struct picking *c)
{
    for (size_t i = 0; i < c->n_chosen; i++) {
        if (!c->v[i].is_chosen) {
            return false;
        }
    }
    return true;
}

static int choose_dependants(struct picking *c, struct err *e)
{
    struct object_rows changes;
    struct site *s = c->s;
    int64_t first = s->id.size;
    if (is_newest(c)) {
        return 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].is_chosen && c->v[i].fact->wrote < first) {
            first = c->v[i].fact->wrote;
        }
    }
    if (ledger_changes(s->pg, first - 1, s->id.size, s->a, &changes, e) != 0) {
        return -1;
    }
    for (bool again = true; again;) {
        again = mark_writers(c, &changes);
        for (size_t i = c->n; i-- > 0;) { /* what comes first is applied first */
            struct standing_one *x = &c->v[i];
            const char *because = x->is_chosen ? NULL : depends_on(c, x);
            if (because != NULL) {
                choose(c, x, because);
                again = true;
            }
        }
    }
    return 0;
}

static int refuse_dependants(const struct picking *c, struct err *e)
{
    enum { SHOWN = 5 };
    struct buf list = {0};
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct standing_one *x = &c->v[i];
        if (!x->is_chosen || x->because[0] == '\0') {
            continue;
        }
        if (n++ < SHOWN) {
            buf_printf(&list, "%s%s %s", n > 1 ? "; " : "", x->fact->subject, x->because);
        }
    }
    if (n == 0 || c->w->with_dependants) {
        buf_release(&list);
        return 0;
    }
    (void)err_set(e, ERR_PREFLIGHT, "%zu applied migration%s on what is to be taken back: %s%s", n,
                  n == 1 ? " depends" : "s depend", buf_str(&list),
                  n > SHOWN ? arena_printf(c->s->a, " (and %zu more)", n - SHOWN) : "");
    buf_release(&list);
    return err_hint(e, "--with-dependants takes %s back first", n == 1 ? "it" : "them");
}

/* m: of the chain of a projection that is live. */
static int refuse_member(const struct picking *c, const char *projection, const struct step *m,
                         struct err *e)
{
    for (size_t u = 0; m->bundle->has_depends && u < m->n_upstream; u++) {
        const char *id = c->s->plan.v[m->upstream[u]].bundle->id;
        const struct standing_one *up = table_gets(&c->at, id);
        if (up != NULL && up->is_chosen) {
            err_set(e, ERR_PREFLIGHT,
                    "projection \"%s\" is live and built on %s (%s depends on it)", projection, id,
                    m->bundle->id);
            return err_hint(e, "a projection is not rolled back: take it out of the project, or "
                               "undo this with a migration of its own");
        }
    }
    return 0;
}

/* A generation that is live was built after it: its chain says so. */
static int refuse_projections(const struct picking *c, struct err *e)
{
    const struct plan *p = &c->s->plan;
    for (size_t i = 0; i < p->n_projections; i++) {
        const struct step *x = &p->projections[i];
        for (size_t k = 0; x->live != NULL && k < x->n_members; k++) {
            if (refuse_member(c, x->in->p->name, &p->v[x->members[k]], e) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* What was begun is finished first: nobody can tell what is before and after it. */
static int refuse_begun(const struct picking *c, struct err *e)
{
    const struct world *w = &c->s->world;
    for (size_t i = 0; i < w->n_begun; i++) {
        const struct begun *b = &w->begun[i];
        const struct standing_one *x = table_gets(&c->at, b->subject);
        if (c->n_chosen == 0 || (b->undoes && x != NULL && x->is_chosen)) {
            continue;
        }
        err_set(e, ERR_PREFLIGHT, "%s was begun to be %s, and is not finished", b->subject,
                b->undoes ? "taken back" : "applied");
        return err_hint(e, "`kfmig %s %s %s` goes on with it", b->undoes ? "rollback" : "build",
                        c->s->env->name, b->subject);
    }
    return 0;
}

/* --- can it be taken back? --------------------------------------------------------------------------- */

static int refuse_text(const struct site *s, const struct fact *f, const char *what, struct err *e)
{
    err_set(e, ERR_PREFLIGHT, "%s %s: how it is taken back is not known here", f->subject, what);
    return err_hint(e, "`kfmig receipt text %s %s --write` puts back what was applied",
                    s->env->name, f->subject);
}

static int refuse_irreversible(const struct bundle *b, const char *why, struct err *e)
{
    const struct decl *d = b->decl;
    bool is_declared = !d->requires_rollback && b->file == NULL; /* a flat one may just have none */
    (void)err_set(e, ERR_PREFLIGHT, "%s cannot be taken back: %s%s%s%s", b->id, why,
                  is_declared ? ", as its declaration says (requires_rollback: false" : "",
                  is_declared && d->approval_reference[0] != '\0' ? "; approval " : "",
                  is_declared && d->approval_reference[0] != '\0' ? d->approval_reference : "");
    if (is_declared) {
        (void)err_wrap(e, e->code, "%s)", e->msg);
    }
    return err_hint(e, "%s",
                    d->notes.path != NULL
                        ? "its notes.md says what else undoes it"
                        : "undo it with a migration of its own, or from a backup");
}

static int refuse_kind(const struct site *s, const struct standing_one *x, const struct bundle *b,
                       struct err *e)
{
    bool is_elsewhere = !store_can(b->store, STORE_HOLDS_LEDGER);
    if (b->projection != NULL) {
        return refuse_chain(x->fact->subject, b->projection, e);
    }
    if (is_elsewhere && !store_can(b->store, STORE_RUNS_PROGRAMS)) {
        err_set(e, ERR_PREFLIGHT, "%s is of store %s, whose migrations are not taken back",
                x->fact->subject, store_text(b->store));
        return err_hint(e, "undo it with a migration of its own");
    }
    if (is_elsewhere && !s->store[b->store].was_seen) {
        const char *why = s->world.store[b->store].why_not;
        return err_set(e, ERR_PREFLIGHT, "%s cannot be taken back: %s (store %s of %s)",
                       x->fact->subject, why != NULL ? why : "its store was not looked at",
                       store_text(b->store), s->env->name);
    }
    return 0;
}

/* Of the same project: as they were parsed before. */
static const struct script *scripts_known(const struct picking *c, const struct bundle *b)
{
    for (size_t i = 0; c->known != NULL && i < c->known->undo.n; i++) {
        if (c->known->back[i].bundle == b) {
            return c->known->back[i].scripts;
        }
    }
    return NULL;
}

/* Its declaration and rollback scripts, fit to run. */
static int load(struct picking *c, const struct standing_one *x, struct taking_back *out,
                struct err *e)
{
    struct site *s = c->s;
    struct err_list faults = {0};
    const struct step *step = x->step >= 0 ? &s->plan.v[x->step] : NULL;
    struct bundle *b = step != NULL ? table_gets(&s->project->by_id, step->bundle->id) : NULL;
    if (b == NULL || step->bundle->is_absent) {
        return refuse_text(s, x->fact, "is not here", e);
    }
    if (refuse_kind(s, x, b, e) != 0) {
        return -1;
    }
    if (!b->is_illegible && !digest_eq(&b->checksum, &x->fact->checksum)) {
        return refuse_text(s, x->fact, "is not what was applied", e);
    }
    if (load_decl(s->project, b, e) != 0) {
        return -1;
    }
    if (b->decl->rollback.n == 0) {
        return refuse_irreversible(b, "it has no rollback file", e);
    }
    const struct script *scripts = scripts_known(c, b);
    scripts = scripts != NULL ? scripts : plan_rollback(s->a, b, &faults);
    size_t n = faults.n;
    tell_faults(&s->ear, &faults);
    err_list_release(&faults);
    if (n > 0) {
        return err_set(e, ERR_CONFIG, "the rollback of %s cannot be run", b->id);
    }
    if (scripts == NULL) {
        return refuse_irreversible(b, "its rollback file holds no statement", e);
    }
    *out = (struct taking_back){
        .bundle = b, .scripts = scripts, .sequence = x->fact->wrote, .is_exact = c->w->is_exact};
    return undo_rebuilding(s, out, e);
}

static size_t count_statements(const struct taking_back *t)
{
    struct statement_room room;
    size_t n = 0;
    for (size_t i = 0; i < t->bundle->decl->rollback.n; i++) {
        for (size_t k = 0; k < t->scripts[i].n; k++) {
            const struct statement *st = script_at(&t->scripts[i], k, &room);
            n += st->kind == STATEMENT_PLAIN || st->lone != NULL;
        }
    }
    return n;
}

static int load_chosen(struct picking *c, struct undoing *out, struct err *e)
{
    struct arena *a = c->s->a;
    out->back = ARENA_ARRAY(a, struct taking_back, c->n_chosen + 1);
    out->undo = (struct undo_list){.environment = c->s->env->name,
                                   .is_exact = c->w->is_exact,
                                   .v = ARENA_ARRAY(a, struct undo_step, c->n_chosen + 1)};
    for (size_t i = 0; i < c->n; i++) {
        size_t at = out->undo.n;
        if (!c->v[i].is_chosen) {
            continue;
        }
        if (load(c, &c->v[i], &out->back[at], e) != 0) {
            return -1;
        }
        out->undo.v[at] = (struct undo_step){.bundle = out->back[at].bundle,
                                             .fact = c->v[i].fact,
                                             .because = c->v[i].because,
                                             .n_statements = count_statements(&out->back[at])};
        out->undo.n++;
    }
    return 0;
}

/* What each entry changed, as it was before. One that changed nothing that it found is one that was only
 * recorded: nobody knows what was before it. */
static int load_before(struct site *s, struct undoing *u, struct err *e)
{
    struct objects_before all;
    int64_t *sequences = ARENA_ARRAY(s->a, int64_t, u->undo.n + 1);
    for (size_t i = 0; i < u->undo.n; i++) {
        sequences[i] = u->back[i].sequence;
    }
    if (ledger_before(s->pg, sequences, u->undo.n, s->a, &all, e) != 0) {
        return -1;
    }
    size_t end = all.n;
    for (size_t i = 0; i < u->undo.n; i++) { /* newest first, as the rows are from their end */
        struct taking_back *t = &u->back[i];
        size_t from = end;
        size_t n_same = 0;
        while (from > 0 && all.v[from - 1].entry == t->sequence) {
            from--;
        }
        struct object_row *rows = ARENA_ARRAY(s->a, struct object_row, end - from + 1);
        for (size_t k = from; k < end; k++) {
            rows[k - from] = all.v[k].before;
            n_same += digest_eq(&all.v[k].left, &all.v[k].before.fingerprint);
        }
        if (n_same > 0 && n_same == end - from) {
            err_set(e, ERR_PREFLIGHT,
                    "%s was found standing and recorded, never run here: what was before it is not "
                    "known",
                    t->bundle->id);
            return err_hint(e, "undo it with a migration of its own");
        }
        t->before = rows;
        t->n_before = end - from;
        end = from;
    }
    return 0;
}

/* --- the whole --------------------------------------------------------------------------------------- */

static struct doc *digest_doc(struct arena *a, const struct digest *d)
{
    char text[DIGEST_TEXT];
    return doc_text(a, digest_text(d, text));
}

static struct doc *step_doc(struct arena *a, const struct undo_step *x)
{
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "migration", doc_text(a, x->bundle->id));
    doc_put(a, d, "sequence", doc_int(a, x->fact->sequence));
    doc_put(a, d, "checksum", digest_doc(a, &x->bundle->checksum));
    struct doc *list = doc_put(a, d, "removes", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < x->n_tables; i++) {
        const struct undo_table *t = &x->tables[i];
        if (t->removes == UNDO_KEEPS || (t->now == 0 && !t->is_made)) {
            continue;
        }
        struct doc *row = doc_push(a, list, doc_new(a, DOC_MAP));
        doc_put(a, row, "table", doc_name(a, t->table));
        doc_put(a, row, "rows", doc_text(a, undo_removes_text(t->removes)));
    }
    return d;
}

/* What is approved by its digest: what is run, and which tables lose rows; never how many. */
static struct digest digest_of_undo(struct site *s, const struct undo_list *u)
{
    struct arena *a = s->a;
    struct doc *d = doc_new(a, DOC_MAP);
    doc_put(a, d, "format", doc_text(a, "kfmig.rollback.v2"));
    doc_put(a, d, "environment", doc_text(a, u->environment));
    doc_put(a, d, "instance", doc_text(a, s->id.uuid));
    doc_put(a, d, "position", doc_int(a, s->past.position));
    doc_put(a, d, "leaf", digest_doc(a, &s->past.leaf));
    doc_put(a, d, "exact", doc_bool(a, u->is_exact));
    struct doc *steps = doc_put(a, d, "steps", doc_new(a, DOC_LIST));
    for (size_t i = 0; i < u->n; i++) {
        doc_push(a, steps, step_doc(a, &u->v[i]));
    }
    return canon_digest(d);
}

int undo_plan(struct site *s, const struct undo_wish *w, const struct undoing *known,
              struct undoing *out, struct err *e)
{
    struct picking c = {.s = s, .w = w, .known = known};
    *out = (struct undoing){.back = NULL};
    if (!s->id.has_ledger) {
        return site_no_ledger(s->env, "nothing was applied there", e);
    }
    find_applied(&c);
    if (choose_wanted(&c, e) != 0 || choose_dependants(&c, e) != 0 ||
        refuse_dependants(&c, e) != 0 || refuse_projections(&c, e) != 0 ||
        refuse_begun(&c, e) != 0 || load_chosen(&c, out, e) != 0 || load_before(s, out, e) != 0 ||
        undo_rows(s, known != NULL ? &known->undo : NULL, out, e) != 0) {
        return -1;
    }
    out->undo.digest = digest_of_undo(s, &out->undo);
    return 0;
}

int undo_newest(struct site *s, const struct fact *fact, int step, struct undoing *out,
                struct err *e)
{
    static const struct undo_wish wish = {.id = NULL};
    struct standing_one one = {.fact = fact, .step = step, .is_chosen = true, .because = ""};
    struct picking c = {.s = s, .w = &wish, .v = &one, .n = 1, .n_chosen = 1};
    *out = (struct undoing){.back = NULL};
    if (load_chosen(&c, out, e) != 0 || load_before(s, out, e) != 0) {
        return -1;
    }
    out->back[0].any_rows = true;
    return 0;
}

int undo_reviewed(const struct undo_list *u, const char *plan_digest, struct err *e)
{
    char text[DIGEST_TEXT];
    if (plan_digest == NULL || strcmp(digest_text(&u->digest, text), plan_digest) == 0) {
        return 0;
    }
    err_set(e, ERR_PREFLIGHT, "what is to be taken back is %s now, not %s", text, plan_digest);
    return err_hint(e, "`kfmig rollback %s --dry-run` shows it as it is now", u->environment);
}

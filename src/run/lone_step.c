/* A statement that runs alone, through the journal. */
#include "run/lone_step.h"

#include <string.h>

#include "base/clock.h"
#include "run/gates.h"
#include "run/record.h"
#include "run/statements.h"
#include "store/postgis/lone.h"
#include "store/postgis/queries.h"

/* How long taking away half an index may wait for those who use its table. */
enum { CLEAN_MS = 600000 };

/* One statement on its way. state: as it was last seen to stand; began: as it stood before this
 * run's intent, zero where an earlier run had begun it; ran_from: before this run sent it (has_run), which
 * ended without an error (has_ended). */
struct lone_work {
    struct segmented *w;
    const struct segment *x;
    struct lone_state state, began, ran_from;
    const struct lineage *family; /* before it, where this run has looked then */
    bool is_resumed, has_run, has_ended;
    int64_t position;
    struct outcome o;
};

struct journal_step segmented_step(const struct segmented *w, const struct segment *x)
{
    return journal_step_of_segment(w->b->id, store_text(store_of_ledger()), &w->segments,
                                   (size_t)(x - w->segments.v));
}

struct bytes segmented_text(const struct segmented *w, const struct outcome *o,
                            const struct object_row *rows)
{
    struct stepped s = {.objects = {.n = o->seen.n_changes}};
    s.objects.v = arena_dup(w->r->a, rows, o->seen.n_changes * sizeof *rows);
    account_diff_of(w->r->a, w->b, o, &s.diff);
    return stepped_write(w->r->a, &s);
}

void segmented_keep(struct segmented *w, struct outcome *o, struct bytes *out)
{
    so_far_add(&w->so_far, &o->seen);
    w->rows = record_objects(w->r, &o->seen);
    *out = segmented_text(w, o, w->rows);
    baseline_lay(w->r->sum, w->rows, o->seen.n_changes);
    baseline_keep(w->r->sum);
    so_far_take(&w->so_far, &o->seen, w->rows, o->seen.n_changes);
}

/* --- the session ------------------------------------------------------------------------------------ */

int lone_settings(struct segmented *w, const struct segment *x, struct err *e)
{
    struct run *r = w->r;
    const struct segment end = {.first = w->segments.n_statements};
    const struct statement **v = NULL;
    size_t n = segment_settings(r->a, w->b, x != NULL ? x : &end, &v);
    if (postgis_clean(*r->pg, e) != 0) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t position = -1;
        if (pg_statement(*r->pg, v[i]->text, r->wait, NULL, &position, e) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Ready for a statement without a transaction: nothing of ours ends it early but what is declared. */
static int prepare(struct lone_work *k, struct err *e)
{
    struct run *r = k->w->r;
    const char *params[] = {
        arena_printf(r->a, "%lldms", (long long)k->w->b->decl->statement_timeout_ms)};
    return lone_settings(k->w, k->x, e) != 0 ||
                   pg_query(*r->pg, &postgis_lone_settings, params, 1, NULL, e) != 0
               ? -1
               : ledger_work_hold(*r->pg, e);
}

/* Where the connection is lost the backend may still be at it: whoever connects again waits for that. */
static void finish(struct lone_work *k)
{
    struct run *r = k->w->r;
    struct err ignored = {0};
    if (!pg_is_alive(*r->pg)) {
        if (r->reconnect(r->reconnect_ctx, &ignored) == 0) {
            k->w->run.epoch = r->epoch;
            (void)!lone_settings(k->w, k->x, &ignored);
        }
        return;
    }
    (void)!ledger_work_let_go(*r->pg, &ignored);
    (void)!lone_settings(k->w, k->x, &ignored);
}

/* --- what the journal asks -------------------------------------------------------------------------- */

static int see(struct lone_work *k, struct err *e)
{
    if (lone_look(*k->w->r->pg, k->w->r->a, k->x->lone->lone, &k->state, e) != 0) {
        return -1;
    }
    k->state.began = k->has_run ? &k->ran_from : NULL;
    k->state.has_ended = k->has_ended;
    return 0;
}

/* Judged before the intent, of the objects that the database says it will touch. */
static int judge(struct lone_work *k, struct err *e)
{
    struct segmented *w = k->w;
    struct outcome *o = &k->o;
    size_t n = 0;
    if (lone_foresee(*w->r->pg, w->r->a, k->x->lone->lone, &k->state, w->r->base, &o->seen, e) !=
        0) {
        return -1;
    }
    k->family = o->seen.lineage;
    so_far_add(&w->so_far, &o->seen);
    if (gates_judge(w->r, w->b, o)) {
        return 0;
    }
    const struct finding *first = findings_stopping(&o->gates, &n);
    w->o->gates = o->gates;
    if (first == NULL) {
        *e = o->failure; /* a secret */
        return -1;
    }
    (void)err_set(e, ERR_APPLY, "gate \"%s\" failed, it was not begun: %s%s", first->rule,
                  first->text, n > 1 ? arena_printf(w->r->a, " (and %zu more)", n - 1) : "");
    return err_hint(e, "%s", first->hint);
}

static int look(void *ctx, const struct journal_step *step, struct digest *before, struct err *e)
{
    struct lone_work *k = ctx;
    (void)step;
    if (see(k, e) != 0 || lone_may_begin(k->w->r->a, k->x->lone->lone, &k->state, e) != 0 ||
        judge(k, e) != 0) {
        return -1;
    }
    k->began = k->state;
    *before = lone_digest(&k->state);
    return 0;
}

static int run(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e)
{
    struct lone_work *k = ctx;
    struct run *r = k->w->r;
    const struct lone *l = k->x->lone->lone;
    const struct pg_wait wait = {.on_wait = r->wait->on_wait, .ctx = r->wait->ctx};
    (void)step;
    (void)cursor;
    int rc = prepare(k, e);
    k->ran_from = k->state;
    k->has_run = rc == 0;
    if (rc == 0) {
        rc = pg_statement(*r->pg, lone_text(r->a, l, &k->state, k->x->text), &wait, NULL,
                          &k->position, e);
        k->has_ended = rc == 0;
    }
    finish(k);
    return rc;
}

/* Some servers count a little later: as long as they may take for it. */
static int see_late(struct lone_work *k, const struct digest *before, enum standing *out,
                    struct err *e)
{
    enum { LATE_MS = 100, LATE_MOST = 50 };
    const struct lone *l = k->x->lone->lone;
    for (int i = 0; i < LATE_MOST && k->has_ended && lone_is_late(l) && *out != STANDS_THERE; i++) {
        clock_sleep_ms(LATE_MS);
        if (see(k, e) != 0) {
            return -1;
        }
        *out = lone_standing(l, &k->state, before);
    }
    return 0;
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    struct lone_work *k = ctx;
    (void)step;
    if (see(k, e) != 0) {
        return -1;
    }
    *out = lone_standing(k->x->lone->lone, &k->state, before);
    if (see_late(k, before, out, e) != 0) {
        return -1;
    }
    *proof = lone_digest(&k->state);
    if (digest_is_zero(proof)) {
        *proof = digest_of(bytes_str("gone"));
    }
    return 0;
}

/* A signal has ended the statement; what it left is taken away all the same. */
static int clean(void *ctx, const struct journal_step *step, const struct digest *before,
                 struct err *e)
{
    struct lone_work *k = ctx;
    struct run *r = k->w->r;
    const struct pg_wait wait = {.timeout_ms = CLEAN_MS};
    (void)step;
    (void)before;
    int rc = prepare(k, e);
    if (rc == 0) {
        rc = lone_clean(*r->pg, r->a, k->x->lone->lone, &k->state, &wait, e);
    }
    finish(k);
    return rc;
}

/* --- what it changed -------------------------------------------------------------------------------- */

static bool has_drifted(const struct world *w, const char *text)
{
    for (size_t i = 0; i < w->n_drift; i++) {
        if (strcmp(w->drift[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

/* What an earlier run did stood there when this one looked, so that nothing changes any more: it is
 * what is not as the ledger says, and nobody else's. */
static void find_done(struct lone_work *k)
{
    struct object_rows sum;
    struct run *r = k->w->r;
    struct observation *seen = &k->o.seen;
    baseline_rows(r->sum, r->a, &sum);
    seen->changes = ARENA_ARRAY(r->a, struct change, r->base->n + 1);
    seen->n_changes = 0;
    for (size_t i = 0; i < r->base->n; i++) {
        struct catalog_object *now = r->base->v[i];
        const struct object_row *row = object_rows_find(&sum, now->text);
        if (row != NULL && !digest_eq(&row->fingerprint, &now->fingerprint) &&
            !has_drifted(r->world, now->text)) {
            seen->changes[seen->n_changes++] = (struct change){now, now};
            touches_add(
                r->a, &seen->touches,
                (struct touch){.object = now->object, .effect = EFFECT_ALTER, .statement = -1});
        }
    }
    seen->index_delta = seen->n_changes > 0 && k->x->lone->lone->kind != LONE_DETACH_PARTITION &&
                        !lone_surveys(k->x->lone->lone->kind);
}

static int observe(struct lone_work *k, struct err *e)
{
    struct run *r = k->w->r;
    struct observation *seen = &k->o.seen;
    struct lineage *family = NULL;
    /* What a statement of this run has dropped tells no more of which table it was. */
    const struct lone_state *x = k->has_run ? &k->ran_from : k->is_resumed ? &k->state : &k->began;
    if ((k->family == NULL && catalog_lineage(*r->pg, r->a, &family, e) != 0) ||
        lone_observe(*r->pg, r->a, k->x->lone->lone, x, r->base, seen, e) != 0) {
        return -1;
    }
    catalog_advance(r->base, seen);
    if (k->is_resumed) {
        find_done(k);
    }
    seen->lineage = k->family != NULL ? k->family : family;
    seen->n_tables_touched = lone_count(r->a, seen);
    return 0;
}

/* Its tables are read again; from here on they are as they stand. */
static int keep(void *ctx, const struct journal_step *step, struct bytes *out, struct err *e)
{
    struct lone_work *k = ctx;
    (void)step;
    if (observe(k, e) != 0) {
        return -1;
    }
    segmented_keep(k->w, &k->o, out);
    return 0;
}

int lone_seen_of(struct segmented *w, const struct segment *x, struct bytes *kept, struct err *e)
{
    struct lone_work k = {.w = w, .x = x, .position = -1, .is_resumed = true};
    return lone_settings(w, x, e) != 0 || see(&k, e) != 0 ? -1 : keep(&k, NULL, kept, e);
}

/* --- the step --------------------------------------------------------------------------------------- */

static void announce(const struct segmented *w, const struct segment *x)
{
    const struct statement *st = x->lone != NULL ? x->lone : x->backfill;
    const char *path = x->is_program ? w->b->decl->file.path : x->script->path;
    tell(w->r->ear, &(struct tell){.kind = TELL_STATEMENT,
                                   .target = w->b->id,
                                   .what = x->verb,
                                   .path = path,
                                   .line = st != NULL ? st->line : 1,
                                   .at = x->first + 1,
                                   .n = w->segments.n_statements});
}

int segmented_journal(struct segmented *w, const struct segment *x, const struct journal_step *step,
                      const struct journal_effect *effect, struct err *e)
{
    char run_id[37];
    const struct digest key = journal_key(step);
    enum journal_end end = JOURNAL_VOID;
    announce(w, x);
    w->run.epoch = w->r->epoch;
    random_uuid(run_id);
    w->run.run_id = arena_strdup(w->r->a, run_id);
    if (lone_settings(w, x, e) == 0 && journal_effect(w->journal, step, effect, &end, e) == 0) {
        w->is_open = false;
        *e = (struct err){0}; /* what was answered counts for nothing where it stands */
        return 0;
    }
    const struct journal_row *row = journal_find(w->journal, &key);
    w->is_open = row != NULL && row->is_open;
    return -1;
}

static void locate(const struct lone_work *k, struct err *e)
{
    int line = 0;
    int col = 0;
    statement_place(k->x->script, k->x->lone, k->position, &line, &col);
    k->w->o->failed_statement = (int)k->x->first + 1;
    if (e->where.path[0] == '\0') {
        (void)err_place(e, k->x->script->path, line, col);
    }
}

int lone_step(struct segmented *w, const struct segment *x, struct err *e)
{
    struct lone_work k = {.w = w, .x = x, .position = -1};
    const struct journal_step step = segmented_step(w, x);
    const struct digest key = journal_key(&step);
    const struct journal_row *open = journal_find(w->journal, &key);
    bool cleans = lone_cleans(x->lone->lone->kind);
    const struct journal_effect effect = {.ctx = &k,
                                          .look = look,
                                          .run = run,
                                          .verify = verify,
                                          .clean = cleans ? clean : NULL,
                                          .keep = keep};
    k.is_resumed = open != NULL && open->is_open;
    if (segmented_journal(w, x, &step, &effect, e) != 0) {
        locate(&k, e);
        return -1;
    }
    return 0;
}

/* One migration: applied, taken back, applied again. */
#include <stdio.h>
#include <string.h>

#include "flow/drill_parts.h"
#include "flow/prove_parts.h"
#include "flow/undo.h"
#include "model/segment.h"
#include "run/segmented.h"

/* --- applied ---------------------------------------------------------------------------------------- */

/* The migration of a step as it is run here: no statement takes longer than a migration may. */
struct limited {
    struct step step;
    struct bundle bundle;
    struct decl decl;
};

static void limit(struct limited *l, const struct step *x, int64_t limit_ms)
{
    l->step = *x;
    l->bundle = *x->bundle;
    l->decl = *x->bundle->decl;
    int64_t declared = l->decl.statement_timeout_ms;
    l->decl.statement_timeout_ms = declared > 0 && declared < limit_ms ? declared : limit_ms;
    l->bundle.decl = &l->decl;
    l->step.bundle = &l->bundle;
}

void one_apply(struct chain *c, struct writing *w, const struct step *x, struct outcome *o)
{
    struct limited l;
    struct site *s = &c->made;
    limit(&l, x, c->p->o->limit_ms);
    if (!segments_any(x->bundle)) {
        run_migration(&w->run, &l.step, o);
        return;
    }
    *o = (struct outcome){.result = RUN_FAILED};
    if (site_refresh(s, &o->failure) == 0) { /* what its journal says now */
        run_segmented(&w->run, &s->entries, &l.step, o);
    }
}

/* Of the objects that it changed, as it left them: the same ones have the same digest. */
static struct digest effect_of(const struct outcome *o)
{
    static const struct digest gone;
    struct digester *d = digester_open("kfmig.effect.v1");
    for (size_t i = 0; i < o->seen.n_changes; i++) {
        const struct change *c = &o->seen.changes[i];
        const struct digest *f = c->after != NULL ? &c->after->fingerprint : &gone;
        digester_field(d, change_text(c), bytes_of((const char *)f->b, sizeof f->b));
    }
    return digester_close(d);
}

static struct err *fault_of(const struct one *o, enum proof_part part)
{
    return &o->proof->found->fault[part != PROOF_FRESH];
}

static void fail(const struct one *o, enum proof_part part, const struct err *why)
{
    o->proof->found->part[part].end = PROOF_BAD;
    *fault_of(o, part) = *why;
    o->c->failed[o->at] = true;
}

static bool in_time(const struct one *o, enum proof_part part)
{
    struct err e = {0};
    int64_t ms = o->proof->found->part[part].ms;
    int64_t most = o->c->p->o->limit_ms;
    if (ms <= most) {
        return true;
    }
    (void)err_set(&e, ERR_APPLY, "%s took %lld ms; the limit is %lld ms", o->proof->id,
                  (long long)ms, (long long)most);
    (void)err_hint(&e, "divide it, or say how long it may take with --time-limit");
    fail(o, part, &e);
    o->c->failed[o->at] = false; /* it stands */
    return false;
}

/* Was it stopped from outside? Then nothing is known of it. */
static bool is_stopped(const struct outcome *o)
{
    return o->failure.code == ERR_INTERRUPTED || o->failure.code == ERR_TERMINATED;
}

/* True: it is applied, and o is the caller's to release. */
static bool apply(const struct one *one, enum proof_part part, struct outcome *o)
{
    struct proof_found *f = one->proof->found;
    workload_at(one->c->workload, one->is_counted ? one->proof : NULL);
    one_apply(one->c, one->w, one->x, o);
    workload_at(one->c->workload, NULL);
    f->part[part].ms = o->elapsed_ms;
    if (o->result != RUN_SUCCESS) {
        one->c->failed[one->at] = true;
        if (!is_stopped(o)) {
            fail(one, part, &o->failure);
        }
        return false;
    }
    f->part[part].end = PROOF_GOOD;
    f->part[part].effect = effect_of(o);
    return in_time(one, part);
}

static void release(struct outcome *o)
{
    if (o->own != NULL) {
        arena_release(o->own);
        o->own = NULL;
    }
}

/* --- taken back ------------------------------------------------------------------------------------- */

static enum down_class class_of(const struct outcome *o)
{
    bool differs = false;
    bool is_order = false;
    for (size_t i = 0; i < o->gates.n; i++) {
        const struct finding *f = &o->gates.v[i];
        is_order |= f->waived_by[0] != '\0';
        differs |= finding_stops(f) && strcmp(f->rule, "restored") == 0;
    }
    if (o->result == RUN_SUCCESS) {
        return is_order ? DOWN_ORDER : DOWN_EXACT;
    }
    return differs ? DOWN_DIFFERS : DOWN_FAILS;
}

/* Of what was seen, while that is there. */
static void keep_rows(struct arena *a, struct proof_found *f, const struct touches *seen)
{
    for (size_t i = 0; i < seen->n; i++) {
        const struct touch *t = &seen->v[i];
        if (t->object.kind != OBJ_TABLE || t->deleted == 0) {
            continue;
        }
        if (f->n_rows < PROOF_ROWS_MOST) {
            struct proof_rows *row = &f->rows[f->n_rows];
            (void)snprintf(row->table, sizeof row->table, "%s", object_text(a, &t->object));
            row->rows = t->deleted;
        }
        f->n_rows++;
    }
}

/* What stands there though it was to be taken back goes on to stand: what comes next can be tried. */
static bool fail_down(const struct one *one, enum down_class class, const struct err *why)
{
    one->proof->found->down = class;
    fail(one, PROOF_DOWN, why);
    one->c->failed[one->at] = false;
    return false;
}

static bool take_back(const struct one *one, const struct outcome *applied)
{
    struct err e = {0};
    struct outcome o = {0};
    struct undoing u;
    struct site *s = &one->c->made;
    struct proof_found *f = one->proof->found;
    const struct fact fact = {.sequence = applied->sequence,
                              .wrote = applied->sequence,
                              .subject = one->proof->id,
                              .is_migration = true,
                              .result = "success",
                              .run_id = applied->run_id,
                              .finished_at = "",
                              .checksum = one->x->bundle->checksum};
    if (undo_newest(s, &fact, (int)one->at, &u, &e) != 0) {
        return fail_down(one, DOWN_FAILS, &e);
    }
    if (rollback_segmented(&u.back[0])) {
        if (site_refresh(s, &e) != 0) {
            return fail_down(one, DOWN_FAILS, &e);
        }
        run_rollback_segmented(&one->w->run, &s->entries, &u.back[0], &o);
    } else {
        run_rollback(&one->w->run, &u.back[0], &o);
    }
    f->part[PROOF_DOWN].ms = o.elapsed_ms;
    bool is_good = o.result == RUN_SUCCESS;
    if (is_good) {
        f->part[PROOF_DOWN].end = PROOF_GOOD;
        f->down = class_of(&o);
        keep_rows(s->a, f, &o.seen.touches);
    } else if (!is_stopped(&o)) {
        (void)fail_down(one, class_of(&o), &o.failure);
    }
    release(&o);
    return is_good;
}

/* Without a file, or a statement in it, there is nothing to try: told, and a fault only of one that
 * has to be taken back. True: there is. */
static bool has_down(const struct one *one)
{
    struct err e = {0};
    struct err_list faults = {0};
    struct site *s = &one->c->made;
    struct bundle *b = table_gets(&s->project->by_id, one->proof->id);
    struct proof_found *f = one->proof->found;
    if (b->decl->rollback.n == 0) {
        f->down = DOWN_NONE;
        return false;
    }
    bool is_empty = plan_rollback(s->a, b, &faults) == NULL && faults.n == 0;
    err_list_release(&faults);
    if (!is_empty) {
        return true;
    }
    f->down = DOWN_EMPTY;
    if (b->requires_rollback && b->file == NULL) {
        (void)err_at(&e, ERR_ROLLBACK, b->decl->rollback.v[0].path, 1, 1,
                     "%s has to be taken back, and its rollback file holds no statement", b->id);
        (void)fail_down(one, DOWN_EMPTY, &e);
    }
    return false;
}

/* --- again ------------------------------------------------------------------------------------------ */

void proof_compare(struct proof *p, enum proof_part part, enum proof_part with, const char *when)
{
    struct proof_found *f = p->found;
    if (f->part[part].end != PROOF_GOOD || f->part[with].end != PROOF_GOOD ||
        digest_eq(&f->part[part].effect, &f->part[with].effect)) {
        return;
    }
    f->part[part].end = PROOF_BAD;
    (void)err_set(&f->fault[1], ERR_VALIDATE, "%s leaves other objects %s", p->id, when);
    (void)err_hint(
        &f->fault[1],
        "it depends on something besides the migrations before it: on rows, on settings or "
        "on the time");
}

/* Run over itself. */
static void repeat(const struct one *one)
{
    struct outcome o = {0};
    struct err e = {0};
    if (!one->x->bundle->decl->is_idempotent || !apply(one, PROOF_REPEAT, &o)) {
        release(&o);
        return;
    }
    if (o.seen.n_changes > 0) {
        (void)err_set(&e, ERR_APPLY,
                      "%s is declared idempotent, and run over itself it changes %s%s",
                      one->proof->id, change_text(&o.seen.changes[0]),
                      o.seen.n_changes > 1 ? " and more" : "");
        fail(one, PROOF_REPEAT, &e);
    }
    release(&o);
}

static void prove_next(const struct one *one, bool is_wanted)
{
    struct outcome first = {0};
    struct outcome second = {0};
    if (!apply(one, PROOF_UP, &first) || !is_wanted) {
        release(&first);
        return;
    }
    bool has = has_down(one);
    if (!has || take_back(one, &first)) {
        if (has && apply(one, PROOF_AGAIN, &second) && one->proof->found->down == DOWN_EXACT) {
            proof_compare(one->proof, PROOF_AGAIN, PROOF_UP, "the second time");
        }
        if (!one->c->failed[one->at]) {
            repeat(one);
        }
    }
    release(&second);
    release(&first);
}

/* --- the whole -------------------------------------------------------------------------------------- */

static bool upstream_failed(const struct one *one)
{
    const struct chain *c = one->c;
    for (size_t i = 0; i < one->x->n_upstream; i++) {
        if (c->failed[one->x->upstream[i]]) {
            return true;
        }
    }
    return false;
}

/* Why a build would not run it. */
static void why_blocked(const struct one *one, struct err *e)
{
    const struct step *x = one->x;
    const struct reason *r = &x->reasons[0];
    if (r->code == REASON_SCRIPT_FAULT && x->bundle->n_faults > 0) {
        *e = x->bundle->faults[0];
        return;
    }
    (void)err_set(e, ERR_PREFLIGHT, "%s is blocked: %s", one->proof->id,
                  r->detail != NULL && r->detail[0] != '\0' ? r->detail : reason_sentence(r->code));
}

static void skip(const struct one *one, enum proof_part part, const char *why)
{
    one->proof->found->part[part].end = PROOF_SKIPPED;
    (void)err_set(fault_of(one, part), ERR_PREFLIGHT, "not tried: %s", why);
}

void one_prove(struct one *one, bool is_wanted)
{
    struct err e = {0};
    struct outcome o = {0};
    enum proof_part part = one->c->is_fresh ? PROOF_FRESH : PROOF_UP;
    struct project *project = one->c->made.project;
    struct bundle *b = table_gets(&project->by_id, one->proof->id);
    if (upstream_failed(one)) {
        one->c->failed[one->at] = true;
        skip(one, part, "what it comes after failed");
    } else if (one->x->state == STATE_BLOCKED) {
        why_blocked(one, &e);
        fail(one, part, &e);
    } else if (load_decl(project, b, &e) != 0) {
        fail(one, part, &e);
    } else if (drill_may_run(&one->c->made, b, &e) != 0) {
        skip(one, part, e.msg); /* what comes after it may find that there already */
    } else if (one->c->is_fresh) {
        (void)apply(one, PROOF_FRESH, &o);
        release(&o);
    } else {
        prove_next(one, is_wanted);
    }
}

/* A migration that a program makes. */
#include "run/program_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "launch/launch.h"
#include "run/queries.h"
#include "run/record.h"
#include "store/postgis/lone.h"

/* One on its way. was: the catalogs before it. has_tried: this run began it; has_begun: and it ran;
 * has_ended: well. */
struct program_work {
    struct segmented *w;
    const struct segment *x;
    struct catalog was;
    bool has_tried, has_begun, has_ended;
    struct outcome o;
};

/* --- what is otherwise ------------------------------------------------------------------------------- */

static int observe(struct program_work *k, struct err *e)
{
    struct catalog now;
    struct lineage *family = NULL;
    struct run *r = k->w->r;
    struct observation *seen = &k->o.seen;
    if (catalog_read(*r->pg, r->base->format, r->a, &now, e) != 0 ||
        catalog_lineage(*r->pg, r->a, &family, e) != 0) {
        return -1;
    }
    catalog_compare(r->a, &k->was, &now, seen);
    seen->lineage = family;
    seen->n_tables_touched = lone_count(r->a, seen);
    catalog_advance(r->base, seen);
    return 0;
}

static struct digest digest_of_changes(const struct observation *seen)
{
    struct digester *h = digester_open("kfmig.program.v1");
    for (size_t i = 0; i < seen->n_changes; i++) {
        const struct change *c = &seen->changes[i];
        const struct digest none = {{0}};
        const struct digest *d = c->after != NULL ? &c->after->fingerprint : &none;
        digester_field(h, change_text(c), bytes_of((const char *)d->b, sizeof d->b));
    }
    return digester_close(h);
}

/* --- what is left of it ------------------------------------------------------------------------------ */

static int clock_of(struct run *r, const char **now, struct err *e)
{
    struct pg_rows *rows = NULL;
    if (pg_query(*r->pg, &run_clock, NULL, 0, &rows, e) != 0) {
        return -1;
    }
    *now = arena_strdup(r->a, pg_text(rows, 0, 0));
    pg_rows_free(rows);
    return 0;
}

/* The server needs a moment to see that who spoke to it is gone. */
static int judge_left(struct run *r, const char *app, const char *since, struct err *e)
{
    enum { LEFT_MS = 3000, PAUSE_MS = 50 };
    const char *params[] = {app, since};
    int64_t until = clock_ms() + LEFT_MS;
    for (;;) {
        struct pg_rows *rows = NULL;
        if (pg_query(*r->pg, &run_program_left, params, 2, &rows, e) != 0) {
            return -1;
        }
        size_t n = pg_rows_n(rows);
        const char *first = n > 0 ? arena_strdup(r->a, pg_text(rows, 0, 0)) : "";
        pg_rows_free(rows);
        if (n == 0) {
            return 0;
        }
        if (clock_ms() >= until) {
            return err_set(e, ERR_APPLY, "the program has ended, but %s%s: end what it left", first,
                           n > 1 ? arena_printf(r->a, " (and %zu more)", n - 1) : "");
        }
        clock_sleep_ms(PAUSE_MS);
    }
}

/* It may have taken longer than the server lets a session be idle. */
static int hear_again(struct segmented *w, struct err *e)
{
    struct run *r = w->r;
    struct err ignored = {0};
    const char *now = NULL;
    if (pg_is_alive(*r->pg) && clock_of(r, &now, &ignored) == 0) {
        return 0;
    }
    if (r->reconnect(r->reconnect_ctx, e) != 0) {
        return -1;
    }
    w->run.epoch = r->epoch;
    return 0;
}

/* --- what the journal asks --------------------------------------------------------------------------- */

static int look(void *ctx, const struct journal_step *step, struct digest *before, struct err *e)
{
    struct program_work *k = ctx;
    struct run *r = k->w->r;
    (void)step;
    if (r->place == NULL) {
        (void)err_set(e, ERR_PREFLIGHT, "a program is not run here: nobody would see what it does");
        return err_hint(e, "`kfmig build` runs it");
    }
    *before = baseline_digest(r->sum);
    return catalog_read(*r->pg, r->base->format, r->a, &k->was, e);
}

static int run(void *ctx, const struct journal_step *step, struct bytes cursor, struct err *e)
{
    struct program_work *k = ctx;
    struct segmented *w = k->w;
    struct run *r = w->r;
    const struct decl *d = w->b->decl;
    const char *since = NULL;
    (void)step;
    (void)cursor;
    const struct launch x = {.command = d->command,
                             .dir = bundle_base(w->b),
                             .name = w->b->id,
                             .app = arena_printf(r->a, "kfmig-runner %.8s", w->run.run_id),
                             .wants = &d->wants,
                             .limit_ms = d->command_limit_ms,
                             .ear = r->ear};
    k->has_tried = true;
    if (clock_of(r, &since, e) != 0) {
        return -1;
    }
    int rc = launch_run(r->place, r->a, &x, &k->has_begun, e);
    struct err own = {0};
    if (hear_again(w, rc == 0 ? e : &own) != 0 || rc != 0) {
        return -1;
    }
    if (judge_left(r, x.app, since, e) != 0 || observe(k, e) != 0) {
        return -1;
    }
    k->has_ended = true;
    return 0;
}

static int verify(void *ctx, const struct journal_step *step, const struct digest *before,
                  enum standing *out, struct digest *proof, struct err *e)
{
    struct program_work *k = ctx;
    (void)step;
    (void)before;
    (void)e;
    *out = k->has_ended                    ? STANDS_THERE
           : k->has_tried && !k->has_begun ? STANDS_ABSENT
                                           : STANDS_FOREIGN;
    *proof = digest_of_changes(&k->o.seen);
    return 0;
}

static int keep(void *ctx, const struct journal_step *step, struct bytes *out, struct err *e)
{
    struct program_work *k = ctx;
    (void)step;
    (void)e;
    segmented_keep(k->w, &k->o, out);
    return 0;
}

int program_step(struct segmented *w, const struct segment *x, struct err *e)
{
    struct program_work k = {.w = w, .x = x};
    const struct journal_step step = segmented_step(w, x);
    const struct journal_effect effect = {
        .ctx = &k, .look = look, .run = run, .verify = verify, .keep = keep};
    if (segmented_journal(w, x, &step, &effect, e) == 0) {
        return 0;
    }
    if (w->is_open) {
        (void)err_hint(e,
                       "nobody can tell how far it came: look, then `kfmig resolve %s/%s "
                       "--as=applied` or `--as=absent`",
                       w->r->env->name, w->b->id);
    }
    return -1;
}

/* --- resolved ---------------------------------------------------------------------------------------- */

/* What the ledger says, as catalogs are, with fingerprints and nothing else. */
static int as_catalog(struct arena *a, const struct object_rows *sum, struct catalog *out,
                      struct err *e)
{
    *out = (struct catalog){.a = a, .by_text = {.a = a}};
    out->v = ARENA_ARRAY(a, struct catalog_object *, sum->n + 1);
    for (size_t i = 0; i < sum->n; i++) {
        struct catalog_object *one = ARENA_NEW(a, struct catalog_object);
        *one =
            (struct catalog_object){.text = sum->v[i].object, .fingerprint = sum->v[i].fingerprint};
        if (object_parse(a, sum->v[i].object, &one->object) != 0) {
            return err_set(e, ERR_INTEGRITY, "the ledger names an object that is none");
        }
        if (one->object.store == NULL) {
            out->v[out->n++] = one;
            (void)table_puts(&out->by_text, one->text, one);
        }
    }
    return 0;
}

int program_seen_of(struct segmented *w, struct bytes *kept, struct err *e)
{
    struct object_rows sum;
    struct lineage *family = NULL;
    struct run *r = w->r;
    struct program_work k = {.w = w};
    baseline_rows(r->sum, r->a, &sum);
    if (as_catalog(r->a, &sum, &k.was, e) != 0 || catalog_lineage(*r->pg, r->a, &family, e) != 0) {
        return -1;
    }
    catalog_compare(r->a, &k.was, r->base, &k.o.seen);
    k.o.seen.lineage = family;
    k.o.seen.n_tables_touched = lone_count(r->a, &k.o.seen);
    segmented_keep(w, &k.o, kept);
    return 0;
}

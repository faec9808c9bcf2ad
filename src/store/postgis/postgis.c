/* The row of PostgreSQL in the table of stores.
 * Owns: a session as a place, a transaction as a change. */
#include "store/postgis/postgis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/tx.h"
#include "store/postgis/generation.h"
#include "store/postgis/queries.h"

enum { VERSION, IS_WRITABLE, DATABASE }; /* probe.sql */
enum { PATIENCE_MS = 1000 };

struct postgis_change {
    struct store_change change; /* first */
    struct observer *observer;
};

struct postgis {
    struct store store; /* first */
    struct pg *s;
    struct observer_memory memory;
    struct postgis_change change;
};

static struct pg *session_of(const struct store *s)
{
    return ((const struct postgis *)s)->s;
}

/* --- the place --- */

static int open_place(struct store **out, const struct store_place *at, struct err *e)
{
    struct pg_options o = {.application_name = at->who,
                           .wait = {.on_wait = at->is_stopped, .ctx = at->ctx}};
    struct pg *s = NULL;
    if (pg_open(&s, at->address, &o, e) != 0) {
        return -1;
    }
    struct postgis *p = mem_alloc(sizeof *p);
    *p = (struct postgis){.store = {&store_postgis}, .s = s};
    *out = &p->store;
    return 0;
}

static void close_place(struct store *s)
{
    if (s != NULL) {
        tx_roll_back(session_of(s));
        pg_close(session_of(s));
        free(s);
    }
}

static int identity(struct pg *s, struct arena *a, const char *database, const char **out,
                    struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &postgis_probe_system, NULL, 0, &r, e) != 0) {
        if (strcmp(e->sqlstate, "42501") != 0) {
            return -1;
        }
        *e = (struct err){0};
        *out = "";
        return 0;
    }
    *out = arena_printf(a, "%s/%s", pg_text(r, 0, 0), database);
    pg_rows_free(r);
    return 0;
}

static int probe(struct store *s, struct arena *a, struct store_facts *out, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(session_of(s), &postgis_probe, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *out = (struct store_facts){.version = arena_strdup(a, pg_text(r, 0, VERSION)),
                                .is_writable = pg_bool(r, 0, IS_WRITABLE)};
    int rc = identity(session_of(s), a, pg_text(r, 0, DATABASE), &out->identity, e);
    pg_rows_free(r);
    struct catalog_witness w = {.sums = NULL};
    rc = rc != 0 ? -1 : catalog_witness(session_of(s), NULL, a, &w, e);
    out->witness = w.sums;
    return rc;
}

static int look(struct store *s, struct arena *a, struct catalog *out, struct err *e)
{
    return catalog_read(session_of(s), CATALOG_FORMAT, a, out, e);
}

/* --- a change --- */

static void add_clean(struct pg *s)
{
    pg_batch_add(s, &postgis_clean_close_all, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_reset_all, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_unlisten, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_discard_temp, NULL, 0, NULL);
    pg_batch_add(s, &postgis_clean_discard_sequences, NULL, 0, NULL);
    pg_batch_add(s, pg_session_pin, NULL, 0, NULL);
    observer_before_add(s);
}

void postgis_clean_add(struct pg *s)
{
    add_clean(s);
    pg_batch_sync(s);
}

int postgis_clean(struct pg *s, struct err *e)
{
    add_clean(s);
    return pg_batch_run(s, NULL, e);
}

void postgis_begin_add(struct pg *s)
{
    pg_batch_add(s, &postgis_begin, NULL, 0, NULL);
}

void postgis_deadlines_add(struct pg *s, struct arena *a, const struct deadlines *d)
{
    const char **v = ARENA_ARRAY(a, const char *, 3);
    v[0] = arena_printf(a, "%lldms", (long long)d->lock_ms);
    v[1] = arena_printf(a, "%lldms", (long long)d->statement_ms);
    v[2] = arena_printf(a, "%lldms", (long long)d->idle_ms);
    pg_batch_add(s, &postgis_begin_settings, v, 3, NULL);
}

int postgis_begin_alone(struct pg *s, struct err *e)
{
    char tag[64];
    return pg_command(s, "BEGIN", tag, NULL, e);
}

int postgis_snapshot(struct pg *s, int64_t wait_ms, struct err *e)
{
    char text[32];
    const char *params[] = {text};
    (void)snprintf(text, sizeof text, "%lldms", (long long)wait_ms);
    pg_batch_add(s, &postgis_look_begin, NULL, 0, NULL);
    pg_batch_add(s, &postgis_look_waits, params, 1, NULL);
    return pg_batch_run(s, NULL, e);
}

int postgis_snapshot_end(struct pg *s, struct err *e)
{
    char tag[64];
    return pg_command(s, "COMMIT", tag, NULL, e);
}

void postgis_let_go(struct pg *s)
{
    struct err ignored = {0};
    if (pg_is_alive(s) && pg_tx(s) == PG_TX_IDLE && pg_deallocate(s, &ignored) == 0) {
        pg_batch_add(s, &postgis_clean_locks, NULL, 0, NULL);
        (void)!pg_batch_run(s, NULL, &ignored);
    }
}

int postgis_savepoint(struct pg *s, struct err *e)
{
    return pg_run(s, "SAVEPOINT kfmig_rehearsal", NULL, 0, NULL, e);
}

int postgis_roll_back_to(struct pg *s, struct err *e)
{
    return pg_run(s, "ROLLBACK TO SAVEPOINT kfmig_rehearsal", NULL, 0, NULL, e);
}

static int begin(struct store *s, struct arena *a, const struct deadlines *d,
                 struct store_change **out, struct err *e)
{
    struct postgis *p = (struct postgis *)s;
    struct postgis_change *c = &p->change;
    *c = (struct postgis_change){.change = {s, a}, .observer = observer_new(a, &p->memory)};
    postgis_clean_add(p->s);
    postgis_begin_add(p->s);
    observer_start_add(c->observer, p->s);
    postgis_deadlines_add(p->s, a, d);
    if (pg_batch_run(p->s, NULL, e) != 0 || observer_start_done(c->observer, e) != 0) {
        tx_roll_back(p->s);
        return -1;
    }
    *out = &c->change;
    return 0;
}

static struct observer *observer_of(const struct store_change *c)
{
    return ((const struct postgis_change *)c)->observer;
}

static int run_step(struct store_change *c, const struct store_step *step, int64_t *rows,
                    int64_t *position, struct err *e)
{
    struct pg *s = session_of(c->store);
    if (step->counts_rows &&
        observer_count_before(observer_of(c), s, step->touches, step->cascade, e) != 0) {
        return -1;
    }
    if (pg_statement(s, step->text, NULL, rows, position, e) != 0) {
        return -1;
    }
    if (pg_tx(s) != PG_TX_OPEN) {
        (void)err_set(e, ERR_APPLY, "%s ended kfmig's transaction", step->verb);
        return err_hint(e, "leave BEGIN, COMMIT and ROLLBACK to kfmig");
    }
    return 0;
}

static int run(struct store_change *c, const struct program *p, const struct store_flight *f,
               struct store_stop *stop, struct err *e)
{
    for (size_t i = f->from; i < f->to; i++) {
        int64_t rows = 0;
        *stop = (struct store_stop){.step = i, .position = -1};
        if (run_step(c, &p->v[i], &rows, &stop->position, e) != 0) {
            return -1;
        }
        if (f->rows != NULL) {
            f->rows[i] = rows;
        }
    }
    return 0;
}

static int observe(struct store_change *c, const struct catalog *base, struct observation *out,
                   struct err *e)
{
    return observer_finish(observer_of(c), session_of(c->store), base, out, e);
}

static enum ending commit(struct store_change *c, struct err *e)
{
    enum ending ending = tx_commit(session_of(c->store), NULL, e);
    if (ending == TX_UNDONE) {
        tx_roll_back(session_of(c->store));
    }
    return ending;
}

static void abandon(struct store_change *c)
{
    tx_roll_back(session_of(c->store));
}

static struct pg *ledger(struct store_change *c)
{
    return session_of(c->store);
}

/* --- generations: schemas --- */

static int make(struct store_change *c, const char *name, int64_t number, const char **facts,
                struct err *e)
{
    bool had_live = false;
    struct pg *s = session_of(c->store);
    *facts = NULL;
    return generation_aside(s, c->a, name, true, &had_live, e) != 0
               ? -1
               : generation_hide(s, c->a, name, number, had_live, facts, e);
}

static int publish(struct store_change *c, const char *name, int64_t live_number, int64_t number,
                   const char *facts, const char **live_facts, struct err *e)
{
    struct pg *s = session_of(c->store);
    const char *hidden = NULL;
    const char *held_by = NULL;
    *live_facts = NULL;
    if (generation_schema(c->a, name, number, &hidden, e) != 0) {
        return -1;
    }
    int rc = generation_lock(s, c->a, name, hidden, PATIENCE_MS, &held_by, e);
    if (rc > 0) {
        return err_set(e, ERR_PREFLIGHT, "%s", held_by);
    }
    return rc < 0 ? -1 : generation_swap(s, c->a, name, live_number, hidden, facts, live_facts, e);
}

static int retire(struct store_change *c, const char *name, int64_t number, struct err *e)
{
    const char *hidden = NULL;
    return generation_schema(c->a, name, number, &hidden, e) != 0
               ? -1
               : generation_drop(session_of(c->store), c->a, hidden, e);
}

static const struct generation_ops generations = {
    .hidden = generation_schema, .make = make, .publish = publish, .retire = retire};

const struct store_ops store_postgis = {
    .name = "postgis",
    .open = open_place,
    .close = close_place,
    .probe = probe,
    .look = look,
    .begin = begin,
    .run = run,
    .observe = observe,
    .commit = commit,
    .abandon = abandon,
    .ledger = ledger,
    .generations = &generations,
};

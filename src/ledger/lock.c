/* The lock of a run, its epoch, and the lock of those who work. Waiting is done between statements: a session
 * that waits inside one holds a snapshot, and CREATE INDEX CONCURRENTLY of the lock's holder would wait
 * for that in turn. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "ledger/parts.h"
#include "ledger/queries.h"

enum { APPLICATION, PID, SINCE, HOLDER, STATE, BLOCKER };            /* lock_holder.sql */
enum { WORK_LOCKED, WORK_XID, WORK_USERS, WORK_NAME, WORK_COMMITS }; /* work_begin.sql */
enum { HOLDER_TEXT = 400 };

/* Which of the two locks a starter waits for, in lock_holder.sql's numbers. */
struct wanted {
    const struct pg_sql *ask; /* one row: is it ours now? */
    const char *number;
    const char *what;
    const char *waiting; /* before the holder */
};
static const struct wanted run_lock = {&ledger_lock_try, "1", "another run holds the environment",
                                       "waiting for the run that holds the lock"};
static const struct wanted work_lock = {
    &ledger_lock_work_is_free, "2", "a session of an earlier run still works in the environment",
    "waiting for a session of an earlier run, which ended without it, to come to its end"};

static int ask(struct pg *s, const struct pg_sql *q, bool *answer, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, q, NULL, 0, &r, e) != 0) {
        return -1;
    }
    *answer = pg_rows_n(r) == 1 && pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

static void describe(const struct pg_rows *r, char *out, size_t size)
{
    struct buf b = {0};
    const char *name = pg_text(r, 0, APPLICATION);
    buf_printf(&b, "%s (pid %s", *name == '\0' ? "an unnamed session" : name, pg_text(r, 0, PID));
    if (!pg_null(r, 0, SINCE)) {
        buf_printf(&b, ", connected since %s", pg_text(r, 0, SINCE));
    }
    if (!pg_null(r, 0, STATE)) {
        buf_printf(&b, ", %s", pg_text(r, 0, STATE));
    }
    if (!pg_null(r, 0, BLOCKER)) {
        buf_printf(&b, ", itself waiting for a lock of pid %s", pg_text(r, 0, BLOCKER));
    }
    buf_puts(&b, ")");
    if (*pg_text(r, 0, HOLDER) != '\0') {
        buf_printf(&b, "; the ledger has it as \"%s\"", pg_text(r, 0, HOLDER));
    }
    (void)snprintf(out, size, "%.*s", (int)text_cut(buf_bytes(&b), size - 1), buf_str(&b));
    buf_release(&b);
}

static int find_holder(struct pg *s, const struct wanted *w, char *out, size_t size, struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_lock_holder, (const char *const[]){w->number}, 1, &r, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) == 0) {
        (void)snprintf(out, size, "a session that has just ended");
    } else {
        describe(r, out, size);
    }
    pg_rows_free(r);
    return 0;
}

int ledger_running(struct pg *s, struct arena *a, const char **out, struct err *e)
{
    char holder[HOLDER_TEXT];
    struct pg_rows *r = NULL;
    *out = NULL;
    if (pg_query(s, &ledger_lock_holder, (const char *const[]){run_lock.number}, 1, &r, e) != 0) {
        return -1;
    }
    if (pg_rows_n(r) > 0) {
        describe(r, holder, sizeof holder);
        *out = arena_strdup(a, holder);
    }
    pg_rows_free(r);
    return 0;
}

static void tell_waits(const struct ear *ear, const struct wanted *w, const char *holder)
{
    char text[HOLDER_TEXT + 128];
    (void)snprintf(text, sizeof text, "%s: %s", w->waiting, holder);
    tell(ear, &(struct tell){.kind = TELL_WAITING, .what = text});
}

/* Polls until *w is ours or the deadline (clock_ms()) has passed. */
static int wait_for(struct pg *s, const struct wanted *w, const struct lock_wait *wait,
                    int64_t deadline, struct err *e)
{
    char holder[HOLDER_TEXT];
    for (;;) {
        bool is_ours = false;
        if (ask(s, w->ask, &is_ours, e) != 0) {
            return -1;
        }
        if (is_ours) {
            return 0;
        }
        if (find_holder(s, w, holder, sizeof holder, e) != 0) {
            return -1;
        }
        if (clock_ms() >= deadline) {
            (void)err_set(e, ERR_LOCKED, "%s: %s", w->what, holder);
            return err_hint(e, "wait until it has ended, then run again");
        }
        tell_waits(wait->ear, w, holder);
        ledger_pause();
        if (ear_stops(wait->ear) != ERR_NONE) {
            return err_set(e, ERR_INTERRUPTED, "interrupted while waiting: %s: %s", w->what,
                           holder);
        }
    }
}

/* A ledger that an older kfmig made gets its view from the first run that writes. Without it nothing is
 * wrong: a role that may not make it goes on. */
void ledger_add_view(struct pg *s)
{
    struct pg_rows *r = NULL;
    struct err ignored;
    if (pg_query(s, &ledger_create_view, NULL, 0, &r, &ignored) == 0) {
        pg_id_is_ours(s);
        pg_rows_free(r);
    }
}

static int take_lease(struct pg *s, const char *run_id, const char *holder, int64_t *epoch,
                      struct err *e)
{
    struct pg_rows *r = NULL;
    if (pg_query(s, &ledger_lock_lease, (const char *const[]){run_id, holder}, 2, &r, e) != 0) {
        return -1;
    }
    int rc = pg_rows_n(r) == 1 ? 0 : err_set(e, ERR_INTEGRITY, "the row of kfmig.lease is missing");
    if (rc == 0) {
        *epoch = pg_int(r, 0, 0);
        pg_id_is_ours(s);
    }
    pg_rows_free(r);
    if (rc == 0 && *epoch < 0) {
        *epoch = -*epoch;
        ledger_add_view(s);
    }
    return rc;
}

int ledger_lock(struct pg *s, const char *run_id, const char *holder, const struct lock_wait *w,
                int64_t *epoch, struct err *e)
{
    int64_t deadline = clock_ms() + w->timeout_ms;
    if (wait_for(s, &run_lock, w, deadline, e) != 0) {
        return -1;
    }
    int rc = wait_for(s, &work_lock, w, deadline, e);
    if (rc == 0) {
        rc = take_lease(s, run_id, holder, epoch, e);
    }
    if (rc == 0 && FAULT(LOCKED)) {
        rc = err_set(e, ERR_LOCKED, "the lock was not taken: fault point");
    }
    if (rc != 0) {
        struct err ignored;
        (void)(ledger_unlock(s, &ignored) == 0);
    }
    return rc;
}

int ledger_unlock(struct pg *s, struct err *e)
{
    bool released = false;
    if (ask(s, &ledger_lock_release, &released, e) != 0) {
        return -1;
    }
    return released ? 0 : err_set(e, ERR_LOCKED, "the lock was no longer held");
}

int ledger_evict(struct pg *s, const char *run_id, int backend_pid, struct err *e)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", backend_pid);
    return pg_query(s, &ledger_lock_evict, (const char *const[]){run_id, text}, 2, NULL, e);
}

int ledger_lock_check(struct pg *s, int64_t epoch, bool *held, struct err *e)
{
    char text[24];
    struct pg_rows *r = NULL;
    (void)snprintf(text, sizeof text, "%lld", (long long)epoch);
    if (pg_query(s, &ledger_lock_held, (const char *const[]){text}, 1, &r, e) != 0) {
        return -1;
    }
    *held = pg_bool(r, 0, 0);
    pg_rows_free(r);
    return 0;
}

void ledger_work_add(struct pg *s, const char *const *subject, struct pg_rows **work)
{
    pg_batch_add(s, &ledger_work_begin, subject, 1, work);
}

int ledger_work_done(struct pg *s, struct pg_rows *work, struct arena *a, struct guard *out,
                     struct err *e)
{
    int rc = 0;
    pg_id_is_ours(s);
    if (pg_bool(work, 0, WORK_LOCKED)) {
        out->xid = arena_strdup(a, pg_text(work, 0, WORK_XID));
        out->user = arena_strdup(a, pg_text(work, 0, WORK_USERS));
        out->commits = arena_strdup(a, pg_text(work, 0, WORK_COMMITS));
    } else {
        rc = err_set(e, ERR_LOCKED, "another run is taking over the environment");
    }
    pg_rows_free(work);
    return rc;
}

int ledger_work_hold(struct pg *s, struct err *e)
{
    bool is_held = false;
    if (ask(s, &ledger_lock_work_hold, &is_held, e) != 0) {
        return -1;
    }
    return is_held ? 0 : err_set(e, ERR_LOCKED, "another run is taking over the environment");
}

int ledger_work_let_go(struct pg *s, struct err *e)
{
    bool was_held = false;
    return ask(s, &ledger_lock_work_let_go, &was_held, e);
}

/* What the tests of src/ledger share: sessions as owner and as superuser, and recording an entry. */
#ifndef KFMIG_TESTS_UNIT_LEDGER_SERVER_H
#define KFMIG_TESTS_UNIT_LEDGER_SERVER_H

#include <unistd.h>

#include "doc/canon.h"
#include "ledger/ledger.h"
#include "ledger_made.h"
#include "pg_server.h"
#include "tap.h"

#define ADMIN "user=kfmig_admin"

static struct secret where;
static struct arena arena;
static struct err e;
static struct embedded *server;
static char server_dir[32];
static pid_t server_owner; /* this process, and no child of it, ends the server */

static inline bool server_up(void)
{
    server_owner = getpid();
    server = server_begin(server_dir, &where);
    return server != NULL;
}

static inline bool server_down(void)
{
    return server_end(server_dir, server, &where);
}

/* The test makes no sense any more: TAP's count says that it failed. */
_Noreturn static inline void give_up(void)
{
    if (getpid() == server_owner) {
        (void)server_down();
    }
    _exit(1);
}

/* Further keywords win over those of the owner's connection string. */
static inline struct pg *session(const char *keywords)
{
    struct secret s = {NULL};
    secret_set(&s, arena_printf(&arena, "%s %s", where.opaque, keywords));
    struct pg *out = server_connect(&s, &e);
    secret_wipe(&s);
    if (out == NULL) {
        give_up();
    }
    return out;
}

/* What must work for the test to make sense. */
static inline void must(int rc, const char *what)
{
    if (rc != 0) {
        printf("# %s\n", what);
        server_explain(&e);
        (void)fflush(stdout);
        give_up();
    }
}

static inline void run(struct pg *s, const char *sql)
{
    must(server_run(&e, s, sql), sql);
}

/* The first column of the first row; "" on failure. */
static inline const char *ask(struct pg *s, const char *sql)
{
    static int n;
    struct pg_sql *q = ARENA_NEW(&arena, struct pg_sql);
    q->name = arena_printf(&arena, "ask_%d", ++n);
    q->text = arena_strdup(&arena, sql);
    const char *answer = server_ask(&e, s, q, NULL);
    must(answer == NULL ? -1 : 0, sql);
    return answer;
}

static inline struct identity identify(struct pg *s)
{
    struct identity id;
    must(ledger_identify(s, &id, &e), "identify");
    return id;
}

static inline int lock_now(struct pg *s, int64_t *epoch)
{
    return ledger_lock(s, "run", "kfmig on host", &(struct lock_wait){0}, epoch, &e);
}

static inline int begin_work(struct pg *s, struct guard *out)
{
    struct pg_rows *work = NULL;
    static const char *const subject = "M-1";
    ledger_work_add(s, &subject, &work);
    return pg_batch_run(s, NULL, &e) != 0 ? -1 : ledger_work_done(s, work, &arena, out, &e);
}

/* A session that holds the lock, and the ledger as it knows it. */
struct runner {
    struct pg *s;
    struct identity id;
    struct merkle m;
    int64_t epoch;
    struct guard guard;
};

static inline struct runner runner_start(const char *keywords)
{
    struct runner r = {.s = session(keywords)};
    struct entries all;
    must(lock_now(r.s, &r.epoch), "lock");
    r.id = identify(r.s);
    must(ledger_entries(r.s, &r.id, NULL, &arena, &all, &r.m, &e), "entries");
    return r;
}

static inline void begin(struct runner *r)
{
    run(r->s, "BEGIN");
    must(begin_work(r->s, &r->guard), "work");
}

/* Records an entry for subject with what else stands in *record; the transaction is open. */
static inline int record(struct runner *r, const char *subject, const char *run_id,
                         struct recording record)
{
    struct entry en = {
        .kind = ENTRY_APPLY, .subject = subject, .result = "success", .run_id = run_id};
    en.finished_at = "2026-03-02T10:11:12.131415Z";
    const char *body = arena_printf(&arena, "{\"subject\":\"%s\"}", subject);
    ledger_next(&r->id, &r->m, &en);
    en.receipt = digest_of(bytes_str(body));
    record.entry = &en;
    record.receipt = bytes_str(body);
    record.epoch = record.epoch == 0 ? r->epoch : record.epoch;
    e = (struct err){0};
    return ledger_record(r->s, &record, &r->guard, &r->m, &e);
}

/* A whole transaction with nothing but the record. */
static inline void record_alone(struct runner *r, const char *subject, const char *run_id)
{
    begin(r);
    must(record(r, subject, run_id, (struct recording){0}), subject);
    run(r->s, "COMMIT");
}

#endif

/* layer: ledger scripted */
/* The ledger, line by line: who answers, the lock and who has it, making the ledger, writing an entry, asking for one. */
#include "base/tell.h"
#include "ledger/ledger.h"
#include "ledger_made.h"
#include "said.h"
#include "scripted_pq.h"
#include "tap.h"

#define OPEN                                                                                       \
    "connect       -> ok pid=7\n"                                                                  \
    "@pg_pin_query -> rows 1\n"
#define ROOT "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UUID "7f0c8b1e-0000-4000-8000-000000000001"
#define SERVER(pid, recovery) "99 | 0/16B3 | 1 | " recovery " | f | f | " pid " | kfm | kfm"
#define IDENTITY(format, root, pid)                                                                \
    UUID " | dev | " format " | 0 | " root " | 3 | " SERVER(pid, "f") " | f | 700 | t | t"
#define NO_LEDGER "NULL | NULL | NULL | NULL | NULL | NULL | "
#define FULL(row) "@ledger_identify_full -> rows " row "\n"
#define HOLDER                                                                                     \
    "@ledger_lock_holder -> rows kfmig build | 9 | 2026-01-02T03:04:05Z | ann | active | 12\n"

/* What a scenario leaves, to be looked at. */
static struct {
    struct identity id;
    int64_t epoch;
    int n_waits;
    int stop_at;
    struct merkle merkle;
    bool held;
} seen;

static int connect_to(struct pg **s)
{
    struct err e = {0};
    struct secret dsn = {0};
    struct pg_options o = {0};
    secret_set(&dsn, "postgresql://tester@db.example/kfm");
    int rc = pg_open(s, &dsn, &o, &e);
    secret_wipe(&dsn);
    return rc;
}

/* --- what is done in a scenario */

static int identify(struct pg *s, struct err *e)
{
    return ledger_identify(s, &seen.id, e);
}

static void hear(void *ctx, const struct tell *t)
{
    (void)ctx;
    seen.n_waits += t->kind == TELL_WAITING ? 1 : 0;
}

static enum err_code stops(void *ctx)
{
    (void)ctx;
    return seen.n_waits == seen.stop_at ? ERR_INTERRUPTED : ERR_NONE;
}

static int lock_within(struct pg *s, int64_t ms, struct err *e)
{
    const struct ear ear = {NULL, hear, stops};
    const struct lock_wait w = {ms, &ear};
    return ledger_lock(s, "run-1", "ann build", &w, &seen.epoch, e);
}

static int lock(struct pg *s, struct err *e)
{
    return lock_within(s, 0, e);
}

static int lock_patiently(struct pg *s, struct err *e)
{
    return lock_within(s, 2000, e);
}

static int unlock(struct pg *s, struct err *e)
{
    return ledger_unlock(s, e);
}

static int evict(struct pg *s, struct err *e)
{
    return ledger_evict(s, "run-1", 42, e);
}

static int check_lock(struct pg *s, struct err *e)
{
    return ledger_lock_check(s, 3, &seen.held, e);
}

static int create(struct pg *s, struct err *e)
{
    return ledger_create(s, "dev", e);
}

static int settle(struct pg *s, struct err *e)
{
    enum ending end = ledger_settle(s, "run-1", e);
    return end == TX_UNKNOWN ? -1 : end == TX_ENDED ? 1 : 2;
}

static int record(struct pg *s, struct err *e)
{
    struct identity id = {.uuid = UUID, .environment = "dev"};
    struct bytes receipt = bytes_str("{}");
    struct entry en = {.kind = ENTRY_APPLY,
                       .subject = "M-1",
                       .result = "success",
                       .run_id = "run-1",
                       .finished_at = "2026-01-02T03:04:05.000006Z"};
    struct recording r = {.entry = &en, .receipt = receipt, .epoch = 3};
    struct guard g = {.xid = "700", .user = "kfm kfm"};
    en.receipt = digest_of(receipt);
    ledger_next(&id, &seen.merkle, &en);
    return ledger_record(s, &r, &g, &seen.merkle, e);
}

/* --- the scenarios. words: of the error, or of what describe() says */

#define LOCKED "@ledger_lock_try -> rows t\n"
#define BUSY "@ledger_lock_try -> rows f\n"
#define FREE "@ledger_lock_work_is_free -> rows t\n"
#define WORKING "@ledger_lock_work_is_free -> rows f\n"
#define RELEASED "@ledger_lock_release -> rows t\n"
#define BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE -> BEGIN\n"
#define PROBED(locked)                                                                             \
    "@ledger_create_probe -> rows " locked " | kfm | kfm | kfm | 2026-01-02T03:04:05.000006Z\n"
#define RECORD(guard, moved)                                                                       \
    "@ledger_record_begin -> SET\n@ledger_record_guard(700, kfm kfm, 3) -> rows " guard            \
    " | \n@ledger_record_head -> UPDATE " moved                                                    \
    "\n@ledger_record_entry(1, M-1, apply, success, run-1, *, *) -> INSERT 0 1\n"                  \
    "@ledger_record_receipt(1, run-1, *, {}) -> INSERT 0 1\n@ledger_record_end -> SET\n"

/* clang-format off */
static const struct {
    const char *name, *script;
    int (*act)(struct pg *s, struct err *e);
    int rc;
    enum err_code code;
    const char *words;
} scenarios[] = {
    /* who answers */
    {"a server with its ledger", FULL(IDENTITY("1", ROOT, "7")), identify, 0, ERR_NONE, "dev " UUID " size 0 epoch 3 system 99"},
    {"a pooler shows by the process that answers", FULL(IDENTITY("1", ROOT, "8")), identify, 0, ERR_NONE, "dev " UUID " size 0 epoch 3 system 99 pooled"},
    {"a ledger of a later format", FULL(IDENTITY("3", ROOT, "7")), identify, -1, ERR_PREFLIGHT, "the ledger has format 3, this kfmig knows 1 to 2"},
    {"one that has had a projection", FULL(UUID " | dev | 1 | 0 | " ROOT " | 3 | " SERVER("7", "f") " | t | 700 | t | t"), identify, 0, ERR_NONE, "dev " UUID " size 0 epoch 3 system 99 generations"},
    {"a ledger of format 2", FULL(IDENTITY("2", ROOT, "7")), identify, 0, ERR_NONE, "dev " UUID " size 0 epoch 3 system 99"},
    {"a root of another length", FULL(IDENTITY("1", "e3b0", "7")), identify, -1, ERR_INTEGRITY, "a digest in the ledger has not 32 bytes"},
    {"a root that is no digest", FULL(IDENTITY("1", "xxb0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "7")), identify, -1, ERR_INTEGRITY, "a digest in the ledger has not 32 bytes"},
    {"a row of the ledger is missing", FULL(UUID " | dev | 1 | NULL | NULL | 3 | " SERVER("7", "f")), identify, -1, ERR_INTEGRITY, "is missing or wrong"},
    {"no row at all", FULL(""), identify, -1, ERR_INTEGRITY, "is missing or wrong"},
    {"no ledger", "@ledger_identify_full -> error 42P01\n@ledger_identify_server -> rows " NO_LEDGER SERVER("7", "f") " | f | f | kfm | 700 | t\n", identify, 0, ERR_NONE, "no ledger system 99"},
    {"no ledger on a replica", "@ledger_identify_full -> error 3F000\n@ledger_identify_server -> rows " NO_LEDGER SERVER("7", "t") " | f | f | kfm | 700 | t\n", identify, 0, ERR_NONE, "no ledger system 99 replica"},
    {"a ledger that may not be read", "@ledger_identify_full -> error 42501\n@ledger_identify_server -> rows " NO_LEDGER SERVER("7", "f") " | t | f | \"my role\" | 700 | t\n", identify, -1, ERR_PREFLIGHT,
     "the role \"my role\" may not read the ledger"},
    {"a server that keeps its control file to itself", "@ledger_identify_full -> error 42501\n@ledger_identify_server -> rows " NO_LEDGER SERVER("7", "f") " | t | t | kfm | 700 | t\n"
     "@ledger_identify_ledger -> rows " UUID " | dev | 1 | 0 | " ROOT " | 3 | NULL | 0/16B3 | 1 | f | f | f | 7 | kfm | kfm | t | 700 | t | t\n", identify, 0, ERR_NONE, "dev " UUID " size 0 epoch 3 generations"},
    {"cut while it says who it is", "@ledger_identify_full -> cut\n", identify, -1, ERR_PREFLIGHT, "was lost"},
    {"cut at the second question", "@ledger_identify_full -> error 42P01\n@ledger_identify_server -> cut\n", identify, -1, ERR_PREFLIGHT, "was lost"},
    {"another refusal is no reason to ask less", "@ledger_identify_full -> error 53200\n", identify, -1, ERR_PREFLIGHT, "out_of_memory"},

    /* the lock */
    {"the lock is had", LOCKED FREE "@ledger_lock_lease(run-1, ann build) -> rows 4\n", lock, 0, ERR_NONE, "epoch 4"},
    {"another run has it", BUSY HOLDER, lock, -1, ERR_LOCKED, "another run holds the environment: kfmig build (pid 9, connected since 2026-01-02T03:04:05Z, active, itself waiting for a lock of pid 12); the ledger has it as \"ann\""},
    {"a ledger without its view gets it", LOCKED FREE "@ledger_lock_lease -> rows -4\n@ledger_create_view -> CREATE VIEW\n", lock, 0, ERR_NONE, "epoch 4"},
    {"a role that may not make the view goes on", LOCKED FREE "@ledger_lock_lease -> rows -4\n@ledger_create_view -> error 42501\n", lock, 0, ERR_NONE, "epoch 4"},
    {"another run has it, then it is free", BUSY HOLDER BUSY HOLDER LOCKED FREE "@ledger_lock_lease -> rows 4\n", lock_patiently, 0, ERR_NONE, "epoch 4 waits 2"},
    {"who had it has just ended", BUSY "@ledger_lock_holder -> rows\n", lock, -1, ERR_LOCKED, "a session that has just ended"},
    {"stopped while waiting", BUSY HOLDER BUSY HOLDER, lock_patiently, -1, ERR_INTERRUPTED, "interrupted while waiting: another run holds the environment"},
    {"an orphan of an earlier run works", LOCKED WORKING HOLDER RELEASED, lock, -1, ERR_LOCKED, "a session of an earlier run still works in the environment: kfmig build (pid 9, connected since 2026-01-02T03:04:05Z, active, itself waiting for a lock of pid 12)"},
    {"an orphan works, then has ended", LOCKED WORKING HOLDER FREE "@ledger_lock_lease -> rows 4\n", lock_patiently, 0, ERR_NONE, "epoch 4 waits 1"},
    {"the lease is gone", LOCKED FREE "@ledger_lock_lease -> rows\n" RELEASED, lock, -1, ERR_INTEGRITY, "the row of kfmig.lease is missing"},
    {"the lease may not be taken", LOCKED FREE "@ledger_lock_lease -> error 42501\n" RELEASED, lock, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"cut while the lock is tried", "@ledger_lock_try -> cut\n", lock, -1, ERR_PREFLIGHT, "was lost"},
    {"cut while the holder is asked for", BUSY "@ledger_lock_holder -> cut\n", lock, -1, ERR_PREFLIGHT, "was lost"},
    {"the lock is given back", RELEASED, unlock, 0, ERR_NONE, ""},
    {"a lock that was not ours", "@ledger_lock_release -> rows f\n", unlock, -1, ERR_LOCKED, "the lock was no longer held"},
    {"a lost backend is ended", "@ledger_lock_evict(run-1, 42) -> rows t\n", evict, 0, ERR_NONE, ""},
    {"the lock is still held", "@ledger_lock_held(3) -> rows t\n", check_lock, 0, ERR_NONE, "held"},
    {"the lock is held no longer", "@ledger_lock_held(3) -> rows f\n", check_lock, 0, ERR_NONE, ""},
    {"nobody can say whether the lock is held", "@ledger_lock_held -> cut\n", check_lock, -1, ERR_PREFLIGHT, "was lost"},

    /* making the ledger */
    {"the ledger is made", BEGIN PROBED("t") "@ledger_create_found -> rows f | f | t\n@ledger_create_schema -> CREATE SCHEMA\n~ @ledger_create_* -> CREATE\n~ @ledger_generation_* -> CREATE\n"
     "@ledger_record_head -> UPDATE 1\n@ledger_record_entry(1, database, contact, success, *, *, *) -> INSERT 0 1\n@ledger_record_receipt -> INSERT 0 1\nCOMMIT -> COMMIT\n", create, 0, ERR_NONE, ""},
    {"another session has made it", BEGIN PROBED("t") "@ledger_create_found -> rows t | t | f\nROLLBACK -> ROLLBACK\n", create, 0, ERR_NONE, ""},
    {"another session makes it", BEGIN PROBED("f") "ROLLBACK -> ROLLBACK\n" BEGIN PROBED("t") "@ledger_create_found -> rows t | t | f\nROLLBACK -> ROLLBACK\n", create, 0, ERR_NONE, ""},
    {"the role may not make a schema", BEGIN PROBED("t") "@ledger_create_found -> rows f | f | f\nROLLBACK -> ROLLBACK\n", create, -1, ERR_PREFLIGHT, "the role kfm may not create the ledger (schema kfmig) in the database kfm"},
    {"a table is refused", BEGIN PROBED("t") "@ledger_create_found -> rows f | t | t\n@ledger_create_blob -> error 42501\nROLLBACK -> ROLLBACK\n~ @ledger_* -> CREATE\n", create, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"making it: COMMIT answers ROLLBACK", BEGIN PROBED("t") "@ledger_create_found -> rows f | f | t\n@ledger_create_schema -> CREATE SCHEMA\n~ @ledger_* -> CREATE\nCOMMIT -> ROLLBACK\n", create, -1, ERR_APPLY,
     "the server rolled the transaction back instead of committing it"},
    {"making it: BEGIN is cut", "BEGIN* -> cut\n", create, -1, ERR_PREFLIGHT, "was lost"},

    /* an entry */
    {"an entry", RECORD("t | t | t | t | t", "1"), record, 0, ERR_NONE, "tree 1"},
    {"an entry after another's", RECORD("t | t | t | t | t", "0"), record, -1, ERR_LOCKED, "another run has written to the ledger since this one read it"},
    {"an entry of a stale epoch", RECORD("t | t | t | t | f", "1"), record, -1, ERR_LOCKED, "another run has taken over the environment"},
    {"an entry without the lock", RECORD("t | t | f | t | t", "1"), record, -1, ERR_APPLY, "the run's lock is gone"},
    {"an entry in another transaction", RECORD("f | t | t | t | t", "1"), record, -1, ERR_APPLY, "changed its transaction"},
    {"an entry of another user", RECORD("t | f | t | t | t", "1"), record, -1, ERR_APPLY, "changed the current or session user"},
    {"an entry that is cut", "@ledger_record_begin -> SET\n@ledger_record_guard -> cut\n", record, -1, ERR_PREFLIGHT, "was lost"},
    {"an entry on a server that stops", "@ledger_record_begin -> SET\n@ledger_record_guard -> fatal 57P01\n", record, -1, ERR_PREFLIGHT, "was lost"},
    {"an entry in a failed transaction", "@ledger_record_begin -> error 25P02\n", record, -1, ERR_APPLY, "in_failed_sql_transaction"},

    /* asking for one */
    {"the entry is there", "@ledger_find_run(run-1) -> rows t\n", settle, 1, ERR_NONE, ""},
    {"the entry is not there", "@ledger_find_run(run-1) -> rows f\n", settle, 2, ERR_NONE, ""},
    {"the entry cannot be asked for", "@ledger_find_run -> error 42501\n", settle, -1, ERR_PREFLIGHT, "insufficient_privilege"},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* What a scenario left, as words. */
static const char *describe(char *out, size_t size, int (*act)(struct pg *, struct err *))
{
    const struct identity *id = &seen.id;
    size_t n = 0;
    out[0] = '\0';
    if (act == identify && id->has_ledger) {
        n += (size_t)snprintf(out + n, size - n, "%s %s size %lld epoch %lld ", id->environment,
                              id->uuid, (long long)id->size, (long long)id->epoch);
    } else if (act == identify) {
        n += (size_t)snprintf(out + n, size - n, "no ledger ");
    }
    n +=
        (size_t)(id->system_id[0] != '\0' ? snprintf(out + n, size - n, "system %s ", id->system_id)
                                          : 0);
    n += (size_t)(id->pooled ? snprintf(out + n, size - n, "pooled ") : 0);
    n += (size_t)(id->has_generations ? snprintf(out + n, size - n, "generations ") : 0);
    n += (size_t)(id->in_recovery ? snprintf(out + n, size - n, "replica ") : 0);
    n +=
        (size_t)(seen.epoch != 0 ? snprintf(out + n, size - n, "epoch %lld ", (long long)seen.epoch)
                                 : 0);
    n += (size_t)(seen.n_waits != 0 ? snprintf(out + n, size - n, "waits %d ", seen.n_waits) : 0);
    n += (size_t)(seen.held ? snprintf(out + n, size - n, "held ") : 0);
    n += (size_t)(seen.merkle.size != 0
                      ? snprintf(out + n, size - n, "tree %lld ", (long long)seen.merkle.size)
                      : 0);
    out[n > 0 ? n - 1 : 0] = '\0';
    return out;
}

static bool is_as_wanted(size_t i, int rc, const struct err *e)
{
    char left[512];
    (void)describe(left, sizeof left, scenarios[i].act);
    bool good = rc == scenarios[i].rc && e->code == scenarios[i].code;
    good = good && (rc < 0 ? strstr(e->msg, scenarios[i].words) != NULL
                           : strcmp(left, scenarios[i].words) == 0);
    if (!good) {
        printf("# rc %d, code %d: %s\n# left: %s\n", rc, (int)e->code, e->msg, left);
    }
    return good;
}

static void play(size_t i)
{
    pq_draw_again();
    static char script[8192];
    struct pg *s = NULL;
    struct err e = {0};
    memset(&seen, 0, sizeof seen);
    seen.stop_at = strstr(scenarios[i].name, "stopped") != NULL ? 2 : -1;
    (void)snprintf(script, sizeof script, "%s%s", OPEN, scenarios[i].script);
    pq_script(script);
    int rc = connect_to(&s) == 0 ? scenarios[i].act(s, &e) : -2;
    pg_close(s);
    pq_note("= %d, code %d: %s | %s", rc, (int)e.code, e.msg, e.hint);
    bool good = pq_played();
    good = is_as_wanted(i, rc, &e) && good;
    ok(good, scenarios[i].name);
    ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
}

int main(void)
{
    tap_plan(2 * N);
    said_open("ledger");
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    said_close();
    return tap_done();
}

/* layer: run scripted */
/* The guarded transaction of one migration, line by line: every refusal, retry, cut and doubt, and what is recorded of it. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "said.h"
#include "scripted_run.h"

#define LEFT(what)                                                                                 \
    "@ledger_record_begin -> SET\n@ledger_record_guard -> rows t | t | t | t | t | " what          \
    "\n" WRITTEN("success")
#define COMMITTED "COMMIT -> COMMIT\n"
#define DONE SETTLED RECORDED("success") COMMITTED
/* Up to COMMIT. */
#define READY BEGUN STATEMENT SETTLED RECORDED("success")
#define REFUSED(error) "INSERT INTO t VALUES (1) -> error " error "\n" ROLLED_BACK
#define FAILURE STILL_LOCKED FAILURE_RECORDED
#define UNREACHABLE "connect -> words Connection refused\n"
#define FOUND(yes) "@ledger_find_run -> rows " yes "\n"
#define LOCKS(ledger, more)                                                                        \
    "@postgis_observe_locks -> rows ledger | 0 | 0 |  |  | " ledger                                \
    " | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f | f | f ; "                                       \
    "id | 0 | 0 |  |  | 702 | f | 0 | 0 |  |  |  |  |  | 0 | 0 | 0 | f | f | f" more "\n"
#define TABLE_LOCKED(name)                                                                         \
    " ; relation | 5 | 8 | r | app | " name " | f | 9 | 0 |  |  |  |  |  | 0 | 0 | 0 | t | f | f"

/* A table whose triggers can be put off to COMMIT, with n rows inserted. */
#define ROUND(n)                                                                                   \
    SETTLED LOCKS("untouched",                                                                     \
                  " ; relation | 5 | 4 | r | pg_temp | d | t | 9 | 0 |  |  |  |  |  | " n          \
                  " | 0 | 0 | f | t | f")
#define CHECKED SETTLED
#define RECORDED_AFTER SETTLED RECORDED("success")
#define WORKING                                                                                    \
    "@ledger_work_begin -> rows t | 700 | u u | n | on\n"                                          \
    "@postgis_observe_begin -> rows 700 | u u | t | NULL\n"

static void with_invariant(struct scene *t)
{
    static struct statement st;
    static struct script s;
    static struct artifact file;
    const char *sql = "SELECT 1 FROM t WHERE bad";
    st = (struct statement){
        .text = bytes_str(sql), .line = 1, .col = 1, .tag = "SELECT", .why = "", .hint = ""};
    s = (struct script){.path = "migrations/postgis/M-1/invariants/none_bad.sql",
                        .bytes = bytes_str(sql),
                        .forms = &st,
                        .n = 1};
    file = (struct artifact){.path = s.path, .bytes = s.bytes};
    t->decl.invariants = (struct artifacts){&file, 1, 1};
    t->bundle.invariants = &s;
}

static void with_set_transaction(struct scene *t)
{
    static struct statement v[2];
    v[0] = (struct statement){.kind = STATEMENT_SET_TRANSACTION,
                              .text = bytes_str("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
                              .line = 1,
                              .col = 1,
                              .tag = "SET",
                              .why = "",
                              .hint = ""};
    v[1] = t->statement;
    t->script.forms = v;
    t->script.n = 2;
}

static void with_timeout(struct scene *t)
{
    t->decl.statement_timeout_ms = 1000;
}

static void with_generation(struct scene *t)
{
    static struct generation g;
    g = (struct generation){.projection = "wells",
                            .number = 2,
                            .state = GENERATION_LIVE,
                            .facts = doc_new(&t->a, DOC_MAP)};
    t->run.live_after = &g;
}

static void with_limits(struct scene *t)
{
    t->decl.limits = (struct limits){1, 1, 1};
}

/* Table app.old stands there, and may go; n rows may go with it. */
static void with_table(struct scene *t, int64_t n)
{
    static const char *schemas[] = {"app"};
    struct catalog_object *o =
        catalog_add(&t->base, (struct object){OBJ_TABLE, "app", "old", NULL}, NULL, 0);
    o->classid = 1259;
    o->objid = 8;
    (void)table_put(&t->base.by_oid, address_key(&t->a, 1259, 8), o);
    catalog_seal(&t->base);
    t->base.format = CATALOG_FORMAT;
    t->decl.scope = (struct scope){.has_schemas = true, .allowed_schemas = {schemas, 1, 1}};
    t->decl.limits.max_row_backfill = n;
}

static void with_table_of_two(struct scene *t)
{
    with_table(t, 2);
}

static void with_table_of_three(struct scene *t)
{
    with_table(t, 3);
}

static void with_no_table_to_touch(struct scene *t)
{
    with_table(t, 3);
    t->decl.limits.max_table_count_touched = 0;
}

static void with_batch(struct scene *t)
{
    t->env.durability = DURABILITY_BATCH;
}

/* It is locked, and the catalogs do not have it any more; then it is recorded. */
#define TABLE_GONE                                                                                 \
    SETTLED LOCKS(                                                                                 \
        "untouched",                                                                               \
        " ; relation | 8 | 128 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | NULL "           \
        "| NULL | NULL | NULL | 0 | 0 | 0 | NULL | f | NULL") "@postgis_observe_counters -> rows " \
                                                              "1259 | pg_class | 0 | 0 | 1\n"
#define GONE_RECORDED                                                                              \
    GUARD("t | t | t | t | t")                                                                     \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, M-1, apply, success, *, *, *) -> INSERT 0 1\n"                        \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_objects(1, {\"table app.old\"}, {\"\"}, {\"\"}) -> INSERT 0 1\n"               \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
#define COUNTED                                                                                    \
    "@postgis_before_listed({8}) -> rows 8 | t | app.old\n"                                        \
    "LOCK TABLE ONLY app.old IN ACCESS EXCLUSIVE MODE -> LOCK TABLE\n"                             \
    "@postgis_before_rows({8}) -> rows 8 | 3\n"

/* Relation 77, which no catalog has, was locked as one that is dropped. */
#define TAKEN                                                                                      \
    SETTLED LOCKS("untouched",                                                                     \
                  " ; relation | 77 | 128 | NULL | NULL | NULL | NULL | NULL | NULL | NULL | "     \
                  "NULL | NULL | NULL | NULL | 0 | 0 | 0 | NULL | f | NULL")
#define GONE_HERE "@postgis_observe_gone({1259}, {77}, {77}) -> "
#define BESIDE(answer) "connect -> ok\n" GONE_HERE "rows\n" GONE_HERE answer "\n"

static void with_cascade_alone(struct scene *t)
{
    t->statement.cascade = true;
}

static void with_cascade(struct scene *t)
{
    with_cascade_alone(t);
    t->run.open = scene_open_another;
}

/* Table app.old has the key k. */
static void with_key(struct scene *t)
{
    static struct facet key = {.name = "constraint k", .value = "FOREIGN KEY"};
    with_cascade(t);
    with_table(t, 3);
    t->base.v[0]->facets = &key;
    t->base.v[0]->n_facets = 1;
}

/* A round that writes is followed by another, fifteen times; see write_rounds(). */
static char rounds_15[8192], rounds_16[8192];

/* words: of the failure. entry: its number; 0: none, or not known to be there. owed: a receipt is left for state/owed. */
/* clang-format off */
static const struct {
    const char *name, *script;
    enum run_result result;
    enum err_code code;
    const char *words;
    int64_t entry;
    bool owed;
    int retries, resolving, stop_at;
    void (*declare)(struct scene *t); /* what else the migration declares; NULL: nothing */
} scenarios[] = {
    {"applied", READY COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, NULL},

    /* the beginning */
    {"BEGIN is refused", "@postgis_begin -> error 53200\n" FAILURE, RUN_FAILED, ERR_PREFLIGHT, "the server refused kfmig's query \"postgis_begin\": out_of_memory (53200)", 1, false, 0, 0, 0, NULL},
    {"what the session holds cannot be cleaned", "@postgis_clean_close_all -> cut\n" RECONNECTED FAILURE_RECORDED, RUN_FAILED, ERR_PREFLIGHT, "was lost", 1, false, 0, 0, 0, NULL},
    {"a starter has the work lock", "@postgis_begin -> BEGIN\n@ledger_work_begin -> rows f | 700 | u u | n | on\n@postgis_observe_begin -> rows 700 | u u | t | NULL\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_LOCKED, "another run is taking over the environment", 1, false, 0, 0, 0, NULL},

    /* the statement */
    {"a statement is refused", BEGUN REFUSED("23505 table=t constraint=t_pkey") FAILURE, RUN_FAILED, ERR_APPLY,
     "statement 1 (INSERT) failed, everything was rolled back: unique_violation (23505) on table t, constraint t_pkey", 1, false, 0, 0, 0, NULL},
    {"a lock is not had, then it is", BEGUN REFUSED("55P03") BEGUN STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 1, 0, 0, NULL},
    {"a lock is not had, as often as is declared", BEGUN REFUSED("55P03") BEGUN REFUSED("55P03") BEGUN REFUSED("55P03") BEGUN REFUSED("55P03") FAILURE,
     RUN_FAILED, ERR_APPLY, "lock_not_available (55P03)", 1, false, 3, 0, 0, NULL},
    {"a deadlock is tried again", BEGUN REFUSED("40P01") BEGUN REFUSED("40P01") BEGUN STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 2, 0, 0, NULL},
    {"a serialization failure is tried again", BEGUN REFUSED("40001") BEGUN STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 1, 0, 0, NULL},
    {"BEGIN meets a lock and is tried again", "@postgis_begin -> BEGIN\n@ledger_work_begin -> error 55P03\n" ROLLED_BACK BEGUN STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 1, 0, 0, NULL},
    {"a privilege is not waited for", BEGUN REFUSED("42501") FAILURE, RUN_FAILED, ERR_APPLY, "insufficient_privilege", 1, false, 0, 0, 0, NULL},
    {"a statement ends the transaction", BEGUN "INSERT INTO t VALUES (1) -> INSERT 0 1 [idle]\n" FAILURE, RUN_FAILED, ERR_APPLY, "statement 1 ended kfmig's transaction", 1, false, 0, 0, 0, NULL},
    {"a statement fails without an error", BEGUN "INSERT INTO t VALUES (1) -> INSERT 0 1 [inerror]\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "statement 1 ended kfmig's transaction", 1, false, 0, 0, 0, NULL},
    {"a statement is interrupted", BEGUN "INSERT INTO t VALUES (1) -> silence\n" ROLLED_BACK INTERRUPTION, RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted in statement 1 (INSERT), everything was rolled back", 1, false, 0, 0, 3, NULL},
    {"a statement drowns in notices and is interrupted", BEGUN "INSERT INTO t VALUES (1) -> notices\n" ROLLED_BACK INTERRUPTION, RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted in statement 1 (INSERT), everything was rolled back", 1, false, 0, 0, 5, NULL},
    {"interrupted before it is tried again", BEGUN REFUSED("55P03") INTERRUPTION, RUN_INTERRUPTED, ERR_INTERRUPTED, "interrupted while waiting to try again", 1, false, 1, 0, 1, NULL},
    {"the connection is lost in a statement", BEGUN "INSERT INTO t VALUES (1) -> cut\n" RECONNECTED FAILURE_RECORDED, RUN_FAILED, ERR_APPLY, "statement 1 (INSERT) failed", 1, false, 0, 0, 0, NULL},
    {"the server is ended in a statement, and stays away", BEGUN "INSERT INTO t VALUES (1) -> fatal 57P01\n" UNREACHABLE, RUN_FAILED, ERR_APPLY, "admin_shutdown (57P01)", 0, true, 0, 0, 0, NULL},
    {"the connection is lost behind a statement", BEGUN "INSERT INTO t VALUES (1) -> INSERT 0 1 then cut\n" RECONNECTED FAILURE_RECORDED, RUN_FAILED, ERR_PREFLIGHT, "was lost", 1, false, 0, 0, 0, NULL},

    /* what was done */
    {"a deferred constraint speaks up", BEGUN STATEMENT "@postgis_observe_settle -> error 23503\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "M-1: a deferred constraint failed, everything was rolled back: foreign_key_violation (23503)", 1, false, 0, 0, 0, NULL},
    {"a deferred trigger cannot be serialized", BEGUN STATEMENT "@postgis_observe_settle -> error 40001\n" ROLLED_BACK BEGUN STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 1, 0, 0, NULL},
    {"a trigger that can be put off and wrote nothing: two rounds", BEGUN STATEMENT ROUND("1") ROUND("1") RECORDED("success") COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, NULL},
    {"a trigger is put off twice more: four rounds", BEGUN STATEMENT ROUND("1") ROUND("2") ROUND("3") ROUND("3") RECORDED("success") COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, NULL},
    {"the sixteenth round moves nothing", rounds_15, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, NULL},
    {"the sixteenth round still writes", rounds_16, RUN_FAILED, ERR_APPLY,
     "gate \"observation\" failed, everything was rolled back: deferred triggers defer themselves again", 1, false, 0, 0, 0, NULL},
    {"a trigger that was put off speaks up in the second round", BEGUN STATEMENT ROUND("1") "@postgis_observe_settle -> error 23503\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "M-1: a deferred constraint failed, everything was rolled back: foreign_key_violation (23503)", 1, false, 0, 0, 0, NULL},
    {"the ledger was touched", BEGUN STATEMENT SETTLED LOCKS("touched", "") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "gate \"ledger\" failed, everything was rolled back", 1, false, 0, 0, 0, NULL},
    {"rows moved that belong to nothing", BEGUN STATEMENT SETTLED "@postgis_observe_counters -> rows 77 | pg_new | 1 | 0 | 0\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "gate \"scope\" failed, everything was rolled back: alter of unknown pg_new", 1, false, 0, 0, 0, NULL},
    {"the transaction's id is not bounded", BEGUN STATEMENT SETTLED "@postgis_observe_locks -> rows ledger | 0 | 0 |  |  | untouched\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_INTERNAL, "the transaction's id could not be bounded", 1, false, 0, 0, 0, NULL},
    {"what was done cannot be seen", BEGUN STATEMENT SETTLED "@postgis_observe_state -> error 57014\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_PREFLIGHT, "query_canceled", 1, false, 0, 0, 0, NULL},

    /* the entry */
    {"another transaction than it began with", BEGUN STATEMENT SETTLED GUARD("f | t | t | t | t") WRITTEN("success") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "the migration changed its transaction", 1, false, 0, 0, 0, NULL},
    {"another user", BEGUN STATEMENT SETTLED GUARD("t | f | t | t | t") WRITTEN("success") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "the migration changed the current or session user", 1, false, 0, 0, 0, NULL},
    {"the run's lock was let go", BEGUN STATEMENT SETTLED GUARD("t | t | f | t | t") WRITTEN("success") ROLLED_BACK "@ledger_lock_held -> rows f\n" RECONNECTED FAILURE_RECORDED,
     RUN_FAILED, ERR_APPLY, "the migration changed the advisory locks", 1, false, 0, 0, 0, NULL},
    {"the work lock was let go", BEGUN STATEMENT SETTLED GUARD("t | t | t | f | t") WRITTEN("success") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "the migration changed the advisory locks", 1, false, 0, 0, 0, NULL},
    {"another run has taken over", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | f") WRITTEN("success") ROLLED_BACK "@ledger_lock_held -> rows f\n" UNREACHABLE,
     RUN_FAILED, ERR_LOCKED, "another run has taken over the environment", 0, true, 0, 0, 0, NULL},
    {"a holdable cursor is left", BEGUN STATEMENT SETTLED LEFT("cursor") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "leaves a holdable cursor open", 1, false, 0, 0, 0, NULL},
    {"a prepared statement is left", BEGUN STATEMENT SETTLED LEFT("prepared statement") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "leaves a prepared statement in the session", 1, false, 0, 0, 0, NULL},
    {"a listener is left", BEGUN STATEMENT SETTLED LEFT("listener") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "leaves the session listening", 1, false, 0, 0, 0, NULL},
    {"an advisory lock is left", BEGUN STATEMENT SETTLED LEFT("advisory lock") ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "leaves an advisory lock of the session", 1, false, 0, 0, 0, NULL},
    {"the head has moved", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 0\n@ledger_record_entry -> INSERT 0 1\n"
     "@ledger_record_receipt -> INSERT 0 1\n@ledger_record_blobs -> INSERT 0 1\n@ledger_record_end -> SET\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_LOCKED, "another run has written to the ledger", 1, false, 0, 0, 0, NULL},
    {"the entry's place is taken", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> error 23505\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_LOCKED, "another run has written to the ledger", 1, false, 0, 0, 0, NULL},
    {"the ledger may not be written", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> error 42501\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "the migration changed the current user or its privileges", 1, false, 0, 0, 0, NULL},
    {"the transaction is read-only", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> error 25006\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "the migration made its transaction read-only", 1, false, 0, 0, 0, NULL},
    {"the connection is lost while the entry is written", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> cut\n" RECONNECTED FAILURE_RECORDED,
     RUN_FAILED, ERR_APPLY, "M-1 failed, everything was rolled back", 1, false, 0, 0, 0, NULL},

    /* COMMIT */
    {"COMMIT answers ROLLBACK", READY "COMMIT -> ROLLBACK\n" FAILURE, RUN_FAILED, ERR_APPLY, "the server refused COMMIT, everything was rolled back: transaction aborted", 1, false, 0, 0, 0, NULL},
    {"COMMIT is refused", READY "COMMIT -> error 23503\n" FAILURE, RUN_FAILED, ERR_APPLY, "the server refused COMMIT, everything was rolled back: foreign_key_violation", 1, false, 0, 0, 0, NULL},
    {"COMMIT cannot be serialized", READY "COMMIT -> error 40001\n" FAILURE, RUN_FAILED, ERR_APPLY, "serialization_failure", 1, false, 0, 0, 0, NULL},
    {"COMMIT is cut and took effect", READY "COMMIT -> cut\n" RECONNECTED FOUND("t"), RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 1, 0, NULL},
    {"COMMIT is cut and took none", READY "COMMIT -> cut\n" RECONNECTED FOUND("f") FAILURE, RUN_FAILED, ERR_APPLY, "the connection was lost before COMMIT took effect; nothing was applied", 1, false, 0, 1, 0, NULL},
    {"COMMIT is ended by the server and took effect", READY "COMMIT -> fatal 57P01\n" RECONNECTED FOUND("t"), RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 1, 0, NULL},
    {"COMMIT is cut and the server stays away", READY "COMMIT -> cut\n" UNREACHABLE, RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, 1, 0, NULL},
    {"COMMIT is cut and another run has the lock", READY "COMMIT -> cut\nconnect -> ok\n@ledger_lock_try -> rows f\n@ledger_lock_holder -> rows kfmig | 9 | 2026-01-02T03:04:05Z | other build | NULL | NULL\n",
     RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, 1, 0, NULL},
    {"COMMIT is cut and its backend still works", READY "COMMIT -> cut\nconnect -> ok\n@ledger_lock_try -> rows t\n@ledger_lock_work_is_free -> rows f\n"
     "@ledger_lock_holder -> rows kfmig | 9 | NULL | tester | NULL | NULL\n@ledger_lock_release -> rows t\n", RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, 1, 0, NULL},
    {"COMMIT is cut and the ledger may not be asked", READY "COMMIT -> cut\n" RECONNECTED "@ledger_find_run -> error 42501\n", RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, 1, 0, NULL},
    {"COMMIT is cut, and so is the question", READY "COMMIT -> cut\n" RECONNECTED "@ledger_find_run -> cut\n", RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0, true, 0, 1, 0, NULL},
    {"COMMIT may take an hour where no timeout is declared", READY "COMMIT -> wait=3600000 COMMIT\n", RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, NULL},
    {"COMMIT gets no answer, and took effect", READY "COMMIT -> deaf\n" RECONNECTED FOUND("t"), RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 1, 0, with_timeout},
    {"COMMIT gets no answer and is cancelled", READY "COMMIT -> silence\n" FAILURE, RUN_FAILED, ERR_APPLY, "the server refused COMMIT", 1, false, 0, 0, 0, with_timeout},
    {"COMMIT cannot be sent: undone for sure only if it never left", READY "COMMIT -> unsent\n" RECONNECTED FOUND("f") FAILURE, RUN_FAILED, ERR_APPLY, "nothing was applied", 1, false, 0, 1, 0, NULL},
    {"the connection is lost just before COMMIT", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> INSERT 0 1\n"
     "@ledger_record_receipt -> INSERT 0 1\n@ledger_record_blobs -> INSERT 0 1\n@ledger_record_end -> SET then cut\n" RECONNECTED FAILURE_RECORDED,
     RUN_FAILED, ERR_APPLY, "nothing was applied", 1, false, 0, 0, 0, NULL},

    /* the failure's own entry */
    {"the failure's head has moved", BEGUN REFUSED("22012") STILL_LOCKED "BEGIN -> BEGIN\n" GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 0\n@ledger_record_entry -> INSERT 0 1\n"
     "@ledger_record_receipt -> INSERT 0 1\n@ledger_record_blobs -> INSERT 0 1\n@ledger_record_end -> SET\n" ROLLED_BACK, RUN_FAILED, ERR_APPLY, "division_by_zero", 0, true, 0, 0, 0, NULL},
    {"the failure's BEGIN is refused", BEGUN REFUSED("22012") STILL_LOCKED "BEGIN -> error 53100\n", RUN_FAILED, ERR_APPLY, "division_by_zero", 0, true, 0, 0, 0, NULL},
    {"the failure's COMMIT is cut and took effect", BEGUN REFUSED("22012") STILL_LOCKED "BEGIN -> BEGIN\n" RECORDED("failed") "COMMIT -> cut\n" RECONNECTED FOUND("t"),
     RUN_FAILED, ERR_APPLY, "division_by_zero", 1, false, 0, 1, 0, NULL},
    {"the failure's COMMIT is cut and took none", BEGUN REFUSED("22012") STILL_LOCKED "BEGIN -> BEGIN\n" RECORDED("failed") "COMMIT -> cut\n" RECONNECTED FOUND("f"),
     RUN_FAILED, ERR_APPLY, "division_by_zero", 0, true, 0, 1, 0, NULL},
    {"the lock cannot be looked at", BEGUN REFUSED("22012") "@ledger_lock_held -> cut\n" UNREACHABLE, RUN_FAILED, ERR_APPLY, "division_by_zero", 0, true, 0, 0, 0, NULL},

    /* invariants */
    {"an invariant holds", BEGUN STATEMENT CHECKED "SELECT 1 FROM t WHERE bad -> rows\n" RECORDED_AFTER COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_invariant},
    {"an invariant finds rows", BEGUN STATEMENT CHECKED "SELECT 1 FROM t WHERE bad -> rows 1 ; 2\n" SETTLED ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "gate \"invariant invariants/none_bad.sql\" failed, everything was rolled back: 2 rows returned, none allowed", 1, false, 0, 0, 0, with_invariant},
    {"an invariant cannot be asked", BEGUN STATEMENT CHECKED "SELECT 1 FROM t WHERE bad -> error 42P01\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "undefined_table (42P01)", 1, false, 0, 0, 0, with_invariant},
    {"what invariants look at cannot be settled", BEGUN STATEMENT "@postgis_observe_settle -> error 23503\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "M-1: a deferred constraint failed", 1, false, 0, 0, 0, with_invariant},

    /* SET TRANSACTION comes before any query of ours */
    {"SET TRANSACTION", "@postgis_begin -> BEGIN\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE -> SET\n" WORKING STATEMENT DONE, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_set_transaction},
    {"SET TRANSACTION is refused", "@postgis_begin -> BEGIN\nSET TRANSACTION* -> error 0A000\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "feature_not_supported", 1, false, 0, 0, 0, with_set_transaction},
    {"BEGIN before SET TRANSACTION is refused", "@postgis_begin -> error 53200\n" FAILURE, RUN_FAILED, ERR_PREFLIGHT, "out_of_memory", 1, false, 0, 0, 0, with_set_transaction},

    /* deadlines */
    {"a statement takes longer than it declares, and 10 s", BEGUN "INSERT INTO t VALUES (1) -> silence\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "query_canceled (57014)", 1, false, 0, 0, 0, with_timeout},
    {"notices without end do not outlast the deadline", BEGUN "INSERT INTO t VALUES (1) -> notices\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "query_canceled (57014)", 1, false, 0, 0, 0, with_timeout},
    {"a deaf server is given up", BEGUN "INSERT INTO t VALUES (1) -> deaf\n" RECONNECTED FAILURE_RECORDED, RUN_FAILED, ERR_APPLY, "statement 1 (INSERT) failed", 1, false, 0, 0, 0, with_timeout},

    /* in place */
    {"the live generation's row goes in with the entry", READY "@ledger_generation_put_row(wells, 2, live, NULL, NULL, {*) -> INSERT 0 1\n" COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_generation},
    {"the live generation's row is refused", READY "@ledger_generation_put_row -> error 42501\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY, "M-1 failed, everything was rolled back", 1, false, 0, 0, 0, with_generation},

    {"the connection is lost behind the entry, and the server stays away", READY "@ledger_generation_put_row -> cut\n" UNREACHABLE, RUN_FAILED, ERR_APPLY,
     "M-1 failed, everything was rolled back", 0, true, 0, 0, 0, with_generation},

    /* limits */
    {"rows that code removed are counted first, and it runs again", BEGUN STATEMENT TABLE_GONE ROLLED_BACK BEGUN COUNTED STATEMENT TABLE_GONE GONE_RECORDED COMMITTED,
     RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_table_of_three},
    {"more rows than declared were removed by code", BEGUN STATEMENT TABLE_GONE ROLLED_BACK BEGUN COUNTED STATEMENT TABLE_GONE ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "gate \"limit max_row_backfill\" failed, everything was rolled back: declared 2, observed 3", 1, false, 0, 0, 0, with_table_of_two},
    {"the rows cannot be counted first", BEGUN STATEMENT TABLE_GONE ROLLED_BACK BEGUN "@postgis_before_listed -> error 42501\n" ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_PREFLIGHT, "insufficient_privilege", 1, false, 0, 0, 0, with_table_of_three},
    {"something else is wrong, too: it does not run again", BEGUN STATEMENT TABLE_GONE ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "gate \"limit max_table_count_touched\" failed, everything was rolled back: declared 0, observed 1", 1, false, 0, 0, 0, with_no_table_to_touch},

    /* what CASCADE took along */
    {"CASCADE took what another session had committed", BEGUN STATEMENT TAKEN BESIDE("rows 1259 | 77 | view theirs.v | NULL | NULL | NULL") ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "gate \"drift\" failed, everything was rolled back: view theirs.v was dropped along", 1, false, 0, 0, 0, with_cascade},
    {"what it made and dropped itself nobody else sees", BEGUN STATEMENT TAKEN BESIDE("rows") RECORDED("success") COMMITTED,
     RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_cascade},
    {"what stands here, too, was only locked", BEGUN STATEMENT TAKEN "connect -> ok\n" GONE_HERE "rows 1259 | 77 | view theirs.v | NULL | NULL | NULL\n"
     GONE_HERE "rows 1259 | 77 | view theirs.v | NULL | NULL | NULL\n" RECORDED("success") COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_cascade},
    {"a part that its owner shows is known", BEGUN STATEMENT TAKEN BESIDE("rows 2606 | 77 | constraint k | 1259 | 8 | constraint k") RECORDED("success") COMMITTED,
     RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_key},
    {"a part that its owner does not show is another's", BEGUN STATEMENT TAKEN BESIDE("rows 2606 | 77 | constraint m | 1259 | 8 | constraint m") ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "constraint m was dropped along", 1, false, 0, 0, 0, with_key},
    {"a part of what is not known is another's", BEGUN STATEMENT TAKEN BESIDE("rows 2606 | 77 | constraint k | 1259 | 9 | constraint k") ROLLED_BACK FAILURE,
     RUN_FAILED, ERR_APPLY, "constraint k was dropped along", 1, false, 0, 0, 0, with_key},
    {"nobody can be asked what CASCADE took", BEGUN STATEMENT TAKEN ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "gate \"observation\" failed, everything was rolled back: what CASCADE or code dropped could not be compared", 1, false, 0, 0, 0, with_cascade_alone},
    {"the second session is refused", BEGUN STATEMENT TAKEN "connect -> words Connection refused\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_APPLY,
     "no second session could be opened", 1, false, 0, 0, 0, with_cascade},
    {"the second session does not answer", BEGUN STATEMENT TAKEN "connect -> ok\n" GONE_HERE "rows\n" GONE_HERE "error 42501\n" ROLLED_BACK FAILURE, RUN_FAILED, ERR_PREFLIGHT,
     "insufficient_privilege", 1, false, 0, 0, 0, with_cascade},

    /* the barrier comes later */
    {"of a batch, COMMIT does not wait for the disk", BEGUN STATEMENT SETTLED GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> INSERT 0 1\n"
     "@ledger_record_receipt -> INSERT 0 1\n@ledger_record_blobs -> INSERT 0 1\n@ledger_record_end(*, *, *, *, *, *, off, *, *, *, *, *, *) -> SET\n" COMMITTED,
     RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_batch},
    {"rows are counted", BEGUN STATEMENT SETTLED RECORDED("success") COMMITTED, RUN_SUCCESS, ERR_NONE, "", 1, false, 0, 0, 0, with_limits},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* Those of which every word to the server is compared. */
static const char *const whole[] = {
    "applied",
    "a statement is refused",
    "a lock is not had, as often as is declared",
    "the sixteenth round moves nothing",
    "the ledger was touched",
    "a holdable cursor is left",
    "COMMIT is cut and took effect",
    "an invariant finds rows",
    "SET TRANSACTION",
    "the live generation's row goes in with the entry",
    "rows are counted",
    "the failure's BEGIN is refused",
};
enum { N_WHOLE = sizeof whole / sizeof *whole };

static void write_rounds(char *out, size_t size, int moving, const char *end)
{
    size_t n = (size_t)snprintf(out, size, "%s", BEGUN STATEMENT);
    for (int i = 1; i <= 16; i++) {
        char rows[16];
        (void)snprintf(rows, sizeof rows, "%d", i < moving ? i : moving);
        n += (size_t)snprintf(out + n, size - n, ROUND("%s"), rows);
    }
    (void)snprintf(out + n, size - n, "%s", end);
}

static bool is_as_wanted(size_t i, const struct scene *t)
{
    const struct outcome *o = &t->o;
    bool good = o->result == scenarios[i].result && o->failure.code == scenarios[i].code &&
                strstr(o->failure.msg, scenarios[i].words) != NULL &&
                o->sequence == scenarios[i].entry && (o->owed.p != NULL) == scenarios[i].owed &&
                t->n_retries == scenarios[i].retries && t->n_resolving == scenarios[i].resolving &&
                (o->result == RUN_IN_DOUBT || t->merkle.size == o->sequence);
    if (!good) {
        printf(
            "# result %d, code %d, entry %lld, owed %d, retries %d, resolving %d, size %lld: %s\n",
            (int)o->result, (int)o->failure.code, (long long)o->sequence, o->owed.p != NULL,
            t->n_retries, t->n_resolving, (long long)t->merkle.size, o->failure.msg);
    }
    return good;
}

static void play(const char *name, const char *lines, size_t i)
{
    pq_draw_again();
    static struct scene t;
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, lines);
    scene_open(&t, script);
    t.n_waits = 0;
    t.stop_at = i < N ? scenarios[i].stop_at : 0;
    if (i < N && scenarios[i].declare != NULL) {
        scenarios[i].declare(&t);
    }
    run_migration(&t.run, &t.step, &t.o);
    if (i < N) {
        bool good = is_as_wanted(i, &t);
        scene_note_outcome(&t.o);
        scene_close(&t);
        good = pq_played() && good;
        ok(good, name);
        if (said_whole(whole, N_WHOLE, name)) {
            ok(said_as(name, pq_said()), "and every word of it to the server");
        }
    }
}

/* An answer of another shape than was asked for: the program ends at once, before COMMIT or without a word about its outcome. */
static const char *const shapes[][2] = {
    {"no row of the work lock", "@postgis_begin -> BEGIN\n@ledger_work_begin -> "
                                "rows\n@postgis_observe_begin -> rows 700 | u u | t | NULL\n"},
    {"a row too short",
     "@postgis_begin -> BEGIN\n@ledger_work_begin -> rows t\n@postgis_observe_begin "
     "-> rows 700 | u u | t\n"},
    {"no clock", BEGUN "@run_clock -> rows\n"},
    {"an oid that is no number",
     BEGUN STATEMENT SETTLED "@postgis_observe_counters -> rows x | pg_class | 1 | 0 | 0\n"},
    {"no row of what was done to the ledger",
     BEGUN STATEMENT SETTLED "@postgis_observe_locks -> rows\n"},
    {"no guard", BEGUN STATEMENT SETTLED "@ledger_record_begin -> SET\n@ledger_record_guard -> "
                                         "rows\n" WRITTEN("success")},
    {"no answer to who wrote the entry",
     READY "COMMIT -> cut\n" RECONNECTED "@ledger_find_run -> rows\n"},
};

enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static void play_shape(size_t i)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stdout);
        (void)!freopen("/dev/null", "w", stderr);
        play(shapes[i][0], shapes[i][1], N);
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, shapes[i][0]);
}

int main(void)
{
    tap_plan(N + N_WHOLE + N_SHAPES);
    said_open("migration");
    write_rounds(rounds_15, sizeof rounds_15, 15, RECORDED("success") COMMITTED);
    write_rounds(rounds_16, sizeof rounds_16, 16, ROLLED_BACK FAILURE);
    for (size_t i = 0; i < N; i++) {
        play(scenarios[i].name, scenarios[i].script, i);
    }
    for (size_t i = 0; i < N_SHAPES; i++) {
        play_shape(i);
    }
    said_close();
    return tap_done();
}

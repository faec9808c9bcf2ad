/* layer: flow scripted */
/* The ritual around everything that writes, line by line: what is refused, the lock, debts, first contact, the plan that was reviewed, a
 * connection that is lost, unlocking, the sink. Exit statuses are those of the worst that happened. */
#include <sys/stat.h>

#include "flow/adopt.h"
#include "flow/collect.h"
#include "flow/steps.h"
#include "scripted_run.h"
#include "scripted_site.h"

static struct setting t;
static struct result result;
static struct writing_order order;
static int n_worked;
static int (*verb)(struct site *s, const struct writing_order *o, struct result *r, struct err *e);

/* --- the work */

static int nothing(struct writing *w, void *ctx, struct err *e)
{
    (void)w, (void)ctx, (void)e;
    n_worked++;
    return 0;
}

static int fails(struct writing *w, void *ctx, struct err *e)
{
    (void)w, (void)ctx;
    n_worked++;
    return err_set(e, ERR_APPLY, "it cannot be done");
}

static int steps(struct writing *w, void *ctx, struct err *e)
{
    const struct steps r = {.w = w};
    (void)ctx, (void)e;
    n_worked++;
    steps_run(&r);
    return 0;
}

/* The sink's folder turns into a file. */
static int breaks_sink(struct writing *w, void *ctx, struct err *e)
{
    (void)w, (void)ctx, (void)e;
    n_worked++;
    project_put("archive", "");
    return 0;
}

/* --- what is so before a scenario */

static void read_only(void)
{
    t.keeper.read_only = true;
}

static void superuser(void)
{
    t.keeper.superuser = true;
}

static void confirmed(void)
{
    order.is_confirmed = true;
}

static void superuser_confirmed(void)
{
    superuser();
    confirmed();
}

static void reviewed_other(void)
{
    order.plan_digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}

/* The digest of the plan as site_plan() will make it; "" until then. */
static char planned[DIGEST_TEXT];

static void reviewed(void)
{
    order.plan_digest = planned;
}

static void held(void)
{
    order.is_held = true;
}

static void with_baseline(void)
{
    order.baseline = writing_found;
}

static void busy_with_baseline(void)
{
    with_baseline();
    t.keeper.is_busy = true;
}

static void alone_with_baseline(void)
{
    with_baseline();
    t.keeper.counts = true;
    t.keeper.next_id = 700;
}

static void reviewed_with_baseline(void)
{
    reviewed();
    with_baseline();
}

static void waits(void)
{
    order.lock_wait_ms = 2000;
}

static void fails_to_work(void)
{
    order.work = fails;
}

static void works(void)
{
    order.work = steps;
}

static void with_sink(void)
{
    t.l.p.sink = "archive";
}

static void with_breaking_sink(void)
{
    with_sink();
    order.work = breaks_sink;
}

static int collect_all(struct site *s, const struct writing_order *o, struct result *r,
                       struct err *e)
{
    return collect(s, true, o, r, e);
}

static void adopts(void)
{
    verb = adopt;
}

static void collects(void)
{
    verb = collect_all;
}

/* Receipts that an earlier run could not deliver, as files. */

#define OWED(env)                                                                                  \
    "{\"blobs\":[],\"receipt\":{\"claim\":{},\"environment\":\"" env                               \
    "\",\"finished_at\":\"" MOMENT                                                                 \
    "\",\"format\":\"kfmig.run_receipt.v1\",\"migration_id\":\"S-9\",\"result\":\"failed\","       \
    "\"run_id\":\"r-9\",\"run_kind\":\"migration_apply\"}}"

static void owes(void)
{
    project_put("state/owed/r-9.json", OWED("dev"));
}

static void owes_twice(void)
{
    owes();
    project_put("state/owed/r-9b.json", OWED("dev"));
}

static void owes_elsewhere(void)
{
    project_put("state/owed/r-9.json", OWED("live"));
    project_put("state/owed/notes.txt", OWED("dev"));
}

static void owes_nonsense(void)
{
    project_put("state/owed/r-9.json", "{\"environment\":\"dev\", nonsense");
}

static void owes_nonsense_for_good(void)
{
    owes_nonsense();
    project_put("state/owed/aside", "a file stands where the folder would");
}

static void owes_too_much(void)
{
    owes();
    int fd = openat(project_fd, "state/owed/r-9.json", O_WRONLY | O_CLOEXEC);
    (void)!ftruncate(fd, 1024 * 1024 * 1024 + 1);
    (void)close(fd);
}

/* Three input texts, together more than 64 MiB. */
static void owes_much(void)
{
    static const char head[] = "{\"blobs\":[";
    size_t n = 40 * 1024 * 1024;
    char *text = malloc(3 * n + sizeof OWED("dev") + 16);
    char *p = text + sprintf(text, "%s", head);
    for (int i = 0; i < 3; i++) {
        *p++ = '"';
        memset(p, 'a' + i, n);
        p += n;
        *p++ = '"';
        *p++ = ',';
    }
    p--;
    p += sprintf(p, "%s", &OWED("dev")[sizeof head - 1]);
    project_write("state/owed/r-9.json", text, (size_t)(p - text));
    free(text);
}

static void owes_in_a_throwaway(void)
{
    owes();
    t.s.o.dbname = "kfmig_drill_0a1b2c3d";
}

/* --- the scenarios */

#define WHO CONNECT IDENTIFY ENTRIES
#define PLANNED WHO LOOKED
#define PLANNED_NO_LEDGER CONNECT NO_LEDGER LOOKED_NO_LEDGER
#define TRIED "@ledger_lock_try -> rows t\n"
#define FREE "@ledger_lock_work_is_free -> rows t\n"
#define LEASED "@ledger_lock_lease(*, ann build*) -> rows 4\n"
#define LOCKED TRIED FREE LEASED
#define BUSY "@ledger_lock_try -> rows f\n"
#define HOLDER                                                                                     \
    "@ledger_lock_holder -> rows kfmig build | 9 | 2026-01-02T03:04:05Z | bob | NULL | NULL\n"
#define UNLOCKED "@ledger_lock_release -> rows t\n"
/* The catalogs are not as the first look found them. */
#define MOVED "@postgis_witness -> rows 2:2 | 0/16B3 | 700\n"
#define BEFORE PLANNED LOCKED IDENTIFY MOVED LOOKED
#define AFTER UNLOCKED IDENTIFY
#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define LOOKED_MOVED LOOK OBJECTS(" table app.t | 3 | " DIGEST " | ") "COMMIT -> COMMIT\n"
#define ENTRY(n, subject, kind, result)                                                            \
    "@ledger_record_head -> UPDATE 1\n@ledger_record_entry(" n ", " subject ", " kind ", " result  \
    ", *, *, *) -> INSERT 0 1\n@ledger_record_receipt -> INSERT 0 1\n"
#define GUARDED(entry) GUARD("t | t | t | t | t") entry "~ @ledger_record_* -> INSERT 0 1\n"
#define PAID                                                                                       \
    "@ledger_read_receipts(0, r-9) -> rows\nBEGIN -> BEGIN\n" GUARDED(                             \
        ENTRY("4", "S-9", "apply", "failed")) "COMMIT -> COMMIT\n"
#define PLANNED_LIVE WHO REFUSED LOOKED /* nobody listens upstream */
#define MIGRATED BEGUN STATEMENT SETTLED GUARDED(ENTRY("4", "M-1", "apply", "success"))
#define FAILED                                                                                     \
    STILL_LOCKED                                                                                   \
    "BEGIN -> BEGIN\n" GUARDED(ENTRY("4", "M-1", "apply", "failed")) "COMMIT -> COMMIT\n"
#define ADOPTED "BEGIN -> BEGIN\n" GUARDED(ENTRY("2", "database", "adopt", "success"))
#define AGAIN CONNECT IDENTIFY "@ledger_lock_evict(*, 101) -> rows\n" LOCKED IDENTIFY
#define SERVER(recovery) "99 | 0/16B3 | 1 | " recovery " | f | f | 102 | kfm | kfm | f"
#define OTHER OTHER_UUID " | dev | 1 | 0 | " DIGEST " | 3 | " SERVER("f") " | 700 | t | t"
#define REPLICA LEDGER_UUID " | dev | 1 | 0 | " DIGEST " | 3 | " SERVER("t") " | 700 | t | t"
#define BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE -> BEGIN\n"
#define PROBED "@ledger_create_probe -> rows t | kfm | kfm | kfm | " MOMENT "\n"
#define BARE_UNTIL                                                                                 \
    BEGIN PROBED "@ledger_create_found -> rows f | f | t\n~ @ledger_create_* -> CREATE\n~ "        \
                 "@ledger_record_objects -> INSERT 0 1\n"                                          \
                 "~ @ledger_generation_* -> CREATE\n" ENTRY("1", "database", "contact", "success")
#define MADE(end) BARE_UNTIL ENTRY("2", "database", "adopt", "success") "COMMIT -> " end "\n"
#define FOUND BEGIN PROBED "@ledger_create_found -> rows t | t | f\nROLLBACK -> ROLLBACK\n"
#define KEPT                                                                                       \
    "warning: dev: the ledger did not take the receipt; it is kept in state/owed, and the next "   \
    "build records it|"
#define IN_DOUBT                                                                                   \
    "M-1: the connection was lost while COMMIT was under way and the outcome is not known yet"
#define WAITING                                                                                    \
    "waiting: waiting for the run that holds the lock: kfmig build (pid 9, connected since "       \
    "2026-01-02T03:04:05Z); the ledger has it as \"bob\"|"
#define APP "~ @postgis_catalog_schemas* -> rows 2615 | 5000 | schema |  | app | owner | kfm\n"
#define REFUSED "connect -> words Connection refused\n"

/* clang-format off */
static const struct {
    const char *name, *env;
    int n; /* entries; -1: no ledger */
    void (*with)(void);
    const char *script;
    int rc;
    enum err_code worst;
    const char *words; /* of the error and its hint, or all that describe() says */
} scenarios[] = {
    /* refused before anything is asked */
    {"a read-only role", "dev", 3, read_only, PLANNED "@ledger_identify_read_only -> rows\n", -1, ERR_PREFLIGHT, "environment \"dev\" is read-only for role kfm; connect to the primary itself, in a session that may write"},
    {"read-only by a setting of the database", "dev", 3, read_only, PLANNED "@ledger_identify_read_only -> rows database\n", -1, ERR_PREFLIGHT, "environment \"dev\" is read-only: default_transaction_read_only is on, set for the database (ALTER DATABASE ... SET); turn it off there, once whoever turned it on agrees"},
    {"cut while it asks why it may not write", "dev", 3, read_only, PLANNED "@ledger_identify_read_only -> cut\n", -1, ERR_PREFLIGHT, "was lost"},
    {"a protected environment without a word", "live", 3, NULL, PLANNED_LIVE, -1, ERR_PREFLIGHT, "environment \"live\" is protected: nothing was built; add --apply"},
    {"a superuser in a protected environment", "live", 3, superuser_confirmed, PLANNED_LIVE, -1, ERR_PREFLIGHT, "role kfm is a superuser; protected environment \"live\" refuses one; run migrations as an ordinary role"},
    {"a superuser elsewhere", "dev", 3, superuser, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"a protected environment with a word", "live", 3, confirmed, PLANNED_LIVE LOCKED IDENTIFY MOVED LOOKED AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"another plan was reviewed", "dev", 3, reviewed_other, PLANNED, -1, ERR_PREFLIGHT, "not sha256:" DIGEST ": something moved since it was reviewed; `kfmig plan dev` shows the present plan"},

    /* the lock */
    {"the lock is had, and given back", "dev", 3, NULL, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"another run has the lock", "dev", 3, NULL, PLANNED BUSY HOLDER IDENTIFY, -1, ERR_LOCKED, "exit 7: another run holds the environment: kfmig build (pid 9, connected since 2026-01-02T03:04:05Z); the ledger has it as \"bob\"; wait until it has ended"},
    {"what the first look found still stands, and is not read again", "dev", 3, NULL, PLANNED LOCKED IDENTIFY AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"what the first look found cannot be told from what stands: it is read again", "dev", 3, NULL, PLANNED LOCKED IDENTIFY "@postgis_witness -> error 57014\n~ ROLLBACK -> ROLLBACK\n" LOOKED AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"another run has the lock for a while", "dev", 3, waits, PLANNED BUSY HOLDER BUSY HOLDER LOCKED IDENTIFY MOVED LOOKED AFTER, 0, ERR_NONE, "worked 1 size 3; " WAITING WAITING},
    {"stopped while it waits for the lock", "dev", 3, waits, PLANNED BUSY "@ledger_lock_holder -> signal rows kfmig build | 9 | NULL | bob | NULL | NULL\n" IDENTIFY, -1, ERR_INTERRUPTED, "exit 130: interrupted while waiting: another run holds the environment: kfmig build (pid 9)"},
    {"an orphan of an earlier run works", "dev", 3, NULL, PLANNED TRIED "@ledger_lock_work_is_free -> rows f\n" HOLDER "@ledger_lock_release -> rows t\n" IDENTIFY, -1, ERR_LOCKED, "exit 7: a session of an earlier run still works in the environment: kfmig build (pid 9"},
    {"cut while it takes the lock", "dev", 3, NULL, PLANNED TRIED FREE "@ledger_lock_lease -> cut\n", -1, ERR_PREFLIGHT, "was lost"},
    {"cut under the lock", "dev", 3, NULL, PLANNED LOCKED "@ledger_identify_full -> cut\n", -1, ERR_PREFLIGHT, "was lost"},
    {"the look under the lock waits for too long, and the lock is given back", "dev", 3, NULL, PLANNED LOCKED IDENTIFY MOVED LOOK "1: @ledger_read_objects -> wait=1400 error 55P03\n2: connect -> ok\n"
     "2: @site_blockers(101) -> rows psql | 9 | ann | active | NULL | ShareLock | app.t | NULL\n1: ROLLBACK -> ROLLBACK\n" AFTER, -1, ERR_PREFLIGHT,
     "could not be read: another session kept a lock for longer than --lock-wait; it was waiting for the lock ShareLock on app.t, held by psql (pid 9, user ann, active); run it again"},
    {"the look under the lock is refused, and the lock given back", "dev", 3, NULL, PLANNED LOCKED IDENTIFY MOVED LOOK "@ledger_read_objects -> error 42501\nROLLBACK -> ROLLBACK\n" AFTER, -1, ERR_PREFLIGHT, "insufficient_privilege"},
    {"cut while it gives the lock back", "dev", 3, NULL, BEFORE "@ledger_lock_release -> cut\n", 0, ERR_NONE, "worked 1 size 3"},
    {"the lock was no longer there to be given back", "dev", 3, NULL, BEFORE "@ledger_lock_release -> rows f\n" IDENTIFY, 0, ERR_NONE, "worked 1 size 3"},
    {"cut when all is done", "dev", 3, NULL, BEFORE UNLOCKED "@ledger_identify_full -> cut\n", 0, ERR_NONE, "worked 1 size 3"},

    /* the plan that was reviewed */
    {"the reviewed plan under the lock", "dev", 3, reviewed, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"another plan under the lock than was reviewed", "dev", 3, reviewed, PLANNED LOCKED IDENTIFY MOVED LOOKED_MOVED AFTER, -1, ERR_PREFLIGHT, "the plan moved between review and lock: nothing was run; look at `kfmig plan dev` and run the build again"},
    {"another plan under the lock than was seen", "dev", 3, held, PLANNED LOCKED IDENTIFY MOVED LOOKED_MOVED AFTER, -1, ERR_PREFLIGHT, "the plan moved between review and lock"},
    {"another plan under the lock, and nobody has seen the first", "dev", 3, NULL, PLANNED LOCKED IDENTIFY MOVED LOOKED_MOVED AFTER, 0, ERR_NONE, "worked 1 size 3"},

    /* debts */
    {"an owed receipt is recorded first", "dev", 3, owes, PLANNED LOCKED IDENTIFY PAID IDENTIFY ENTRIES LOOKED AFTER, 0, ERR_NONE, "worked 1 size 4; note: dev: recorded 1 receipt that an earlier run could not deliver|"},
    {"two owed receipts, the second is there already", "dev", 3, owes_twice, PLANNED LOCKED IDENTIFY PAID "@ledger_read_receipts -> rows 4 | r-9 | {}\n" IDENTIFY ENTRIES LOOKED AFTER, 0, ERR_NONE, "worked 1 size 4; note: dev: recorded 1 receipt that an earlier run could not deliver|"},
    {"an owed receipt is there already", "dev", 3, owes, PLANNED LOCKED IDENTIFY "@ledger_read_receipts(0, r-9) -> rows 3 | r-9 | {}\n" MOVED LOOKED AFTER, 0, ERR_NONE, "worked 1 size 3"},
    {"an owed receipt of another environment stays", "dev", 3, owes_elsewhere, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3, 1 owed"},
    {"an owed receipt that is none is set aside", "dev", 3, owes_nonsense, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3, 1 aside; warning: dev: an owed receipt cannot be recorded and was set aside as state/owed/aside/r-9.json: a key in double quotes is expected, not 'n'|"},
    {"an owed receipt of many MiB is recorded, its texts in messages", "dev", 3, owes_much, PLANNED LOCKED IDENTIFY "@ledger_read_receipts(0, r-9) -> rows\nBEGIN -> BEGIN\n" GUARD("t | t | t | t | t") ENTRY("4", "S-9", "apply", "failed") "3x @ledger_record_blob -> INSERT 0 1\n@ledger_record_end -> SET\nCOMMIT -> COMMIT\n" IDENTIFY ENTRIES LOOKED AFTER, 0, ERR_NONE, "worked 1 size 4; note: dev: recorded 1 receipt that an earlier run could not deliver|"},
    {"an owed receipt that is too large is set aside", "dev", 3, owes_too_much, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3, 1 aside; warning: dev: an owed receipt cannot be recorded and was set aside as state/owed/aside/r-9.json: it has 1073741825 bytes, and may have 1 GiB|"},
    {"an owed receipt that cannot be set aside", "dev", 3, owes_nonsense_for_good, PLANNED LOCKED IDENTIFY AFTER, -1, ERR_PREFLIGHT, "state/owed/aside"},
    {"an owed receipt that the ledger refuses", "dev", 3, owes, PLANNED LOCKED IDENTIFY "@ledger_read_receipts -> rows\nBEGIN -> error 53200\n" AFTER, -1, ERR_PREFLIGHT, ", 1 owed"},
    {"cut before an owed receipt is recorded", "dev", 3, owes, PLANNED LOCKED IDENTIFY "@ledger_read_receipts -> cut\n", -1, ERR_PREFLIGHT, "was lost: connection_failure (08006); , 1 owed"},
    {"a throwaway database pays nobody's debts", "dev", 3, owes_in_a_throwaway, BEFORE AFTER, 0, ERR_NONE, "worked 1 size 3, 1 owed"},

    /* the work fails */
    {"the work fails, and the lock is given back", "dev", 3, fails_to_work, BEFORE AFTER, -1, ERR_APPLY, "it cannot be done"},

    /* a migration, and its connection */
    {"a migration", "dev", 3, works, BEFORE MIGRATED "COMMIT -> COMMIT\n" UNLOCKED IDENTIFY ENTRIES, 0, ERR_NONE, "worked 1 size 4, apply M-1 done; begin: M-1|statement: INSERT|done: |"},
    {"COMMIT is cut and took effect", "dev", 3, works, BEFORE MIGRATED "COMMIT -> kept\n" AGAIN "@ledger_find_run -> rows t\n" UNLOCKED IDENTIFY ENTRIES, 0, ERR_NONE, "worked 1 size 4, apply M-1 done; begin: M-1|statement: INSERT|resolving: M-1|done: |"},
    {"COMMIT is cut and took none", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\n" AGAIN "@ledger_find_run -> rows f\n" FAILED UNLOCKED IDENTIFY ENTRIES, 0, ERR_APPLY, "worked 1 size 4, apply M-1 M-1: the connection was lost before COMMIT took effect; nothing was applied; begin: M-1|statement: INSERT|resolving: M-1|failed: M-1: the connection was lost before COMMIT took effect; nothing was applied|run the same command again|"},
    {"COMMIT is cut, and nobody listens any more", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\n~ connect -> wait=2000 words Connection refused\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", after 30 s, 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (connection refused by db.example:5432)|" KEPT},
    {"COMMIT is cut, and Ctrl-C ends the waiting: in doubt wins", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\n" REFUSED "connect -> signal words Connection refused\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (interrupted while connecting again)|" KEPT},
    {"COMMIT is cut after Ctrl-C: asked once, and it took effect", "dev", 3, works, BEFORE MIGRATED "COMMIT -> signal kept\n" AGAIN "@ledger_find_run -> rows t\n" UNLOCKED IDENTIFY ENTRIES, 0, ERR_NONE, "worked 1 size 4, apply M-1 done; begin: M-1|statement: INSERT|resolving: M-1|done: |"},
    {"COMMIT is cut after Ctrl-C: asked once, and nobody listens", "dev", 3, works, BEFORE MIGRATED "COMMIT -> signal kept\n" REFUSED, 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (connection refused by db.example:5432)|" KEPT},
    {"COMMIT is cut, and another database answers", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> ok\n@ledger_identify_full -> rows " OTHER "\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (another database answers now)|" KEPT},
    {"COMMIT is cut, and a replica answers", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> ok\n@ledger_identify_full -> rows " REPLICA "\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (another database answers now)|" KEPT},
    {"COMMIT is cut, and who answers is cut too", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> ok\n@ledger_identify_full -> cut\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (the connection to db.example:5432 was lost: connection_failure (08006))|" KEPT},
    {"COMMIT is cut, and the lost session is not ended", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> ok\n" IDENTIFY "@ledger_lock_evict -> error 42501\n" IDENTIFY, 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (the server refused kfmig's query \"ledger_lock_evict\": insufficient_privilege (42501))|" KEPT},
    {"COMMIT is cut, and the lock is another's", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> ok\n" IDENTIFY "@ledger_lock_evict -> rows\n" BUSY HOLDER IDENTIFY, 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (another run holds the environment: kfmig build (pid 9, connected since 2026-01-02T03:04:05Z); the ledger has it as \"bob\")|" KEPT},
    {"COMMIT is cut, and the way there means nothing now", "dev", 3, works, BEFORE MIGRATED "COMMIT -> cut\nconnect -> words invalid sslmode value\n", 0, ERR_DOUBT, "worked 1 size 3, apply M-1 " IN_DOUBT ", 1 owed; begin: M-1|statement: INSERT|resolving: M-1|failed: " IN_DOUBT "|run the same command again: kfmig will ask the ledger first (the connection string holds an invalid value)|" KEPT},

    /* the sink */
    {"the sink gets what it lacks", "dev", 3, with_sink, BEFORE AFTER "@ledger_read_receipts_window(0, *) -> rows 1 | run-1 | {} ; 2 | run-2 | {} ; 3 | run-3 | {}\n@ledger_read_receipts_window(3, *) -> rows\n", 0, ERR_NONE, "worked 1 size 3, 3 in the sink"},
    {"the sink's folder cannot be made", "dev", 3, with_breaking_sink, BEFORE AFTER, 0, ERR_VALIDATE, "worked 1 size 3; fault: cannot open \"archive/dev/" LEDGER_UUID "\": Not a directory|a file stands where a folder is needed: move it away|"},
    {"cut while the sink is filled", "dev", 3, with_sink, BEFORE AFTER "@ledger_read_receipts_window -> cut\n", 0, ERR_VALIDATE, "worked 1 size 3; fault: the connection to db.example:5432 was lost: connection_failure (08006)||"},

    /* first contact */
    {"first contact where nobody else writes: one look", "dev", -1, alone_with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") AFTER, 0, ERR_NONE, "worked 1 size 2; note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact, and the sum of it cannot be read", "dev", -1, alone_with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES "@ledger_read_objects(0) -> error 57014\n" AFTER, -1, ERR_PREFLIGHT, "query_canceled"},
    {"first contact", "dev", -1, with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 1 size 2; note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact, as reviewed", "dev", -1, reviewed_with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 1 size 2; note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact, and something came between review and lock", "dev", -1, reviewed_with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES
     OBJECTS("") LOOK "@postgis_catalog_schemas* -> rows 2615 | 5000 | schema |  | app | owner | kfm\n" OBJECTS("") "COMMIT -> COMMIT\n" AFTER, -1, ERR_PREFLIGHT, "the plan moved between review and lock"},
    {"no ledger, and nothing that would make one", "dev", -1, NULL, PLANNED_NO_LEDGER, -1, ERR_PREFLIGHT, "environment \"dev\" has no ledger yet: nothing was built; `kfmig build dev` makes it; `kfmig adopt dev`, too, and runs nothing"},
    {"first contact: COMMIT is cut and took effect", "dev", -1, with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("kept") CONNECT IDENTIFY FOUND LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 1 size 2; resolving: contact|note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact: COMMIT is cut and took none", "dev", -1, with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("cut") CONNECT NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 1 size 2; resolving: contact|note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact: COMMIT is cut and nobody listens", "dev", -1, with_baseline, PLANNED_NO_LEDGER NO_LEDGER MADE("cut") "~ connect -> wait=2000 words Connection refused\n", -1, ERR_DOUBT, "the connection was lost while the ledger was made and the outcome is not known yet"},
    {"first contact beside others that write: it is looked at again", "dev", -1, busy_with_baseline, PLANNED_NO_LEDGER NO_LEDGER LOOKED_NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 1 size 2; note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"first contact: the look is cut", "dev", -1, busy_with_baseline, PLANNED_NO_LEDGER NO_LEDGER LOOK "COMMIT -> cut\n", -1, ERR_PREFLIGHT, "was lost"},
    {"first contact: the role may not", "dev", -1, with_baseline, PLANNED_NO_LEDGER NO_LEDGER BEGIN PROBED "@ledger_create_found -> rows f | f | f\nROLLBACK -> ROLLBACK\n" NO_LEDGER, -1, ERR_PREFLIGHT, "the role kfm may not create the ledger"},
    {"a ledger with nothing but its contact gets its baseline", "dev", 1, with_baseline, PLANNED LOCKED IDENTIFY LOOKED ADOPTED "COMMIT -> COMMIT\n" IDENTIFY ENTRIES OBJECTS("") AFTER, 0, ERR_NONE, "worked 1 size 2; note: dev: first contact; the starting baseline is what every database has: nothing else was found there|"},
    {"a ledger with nothing but its contact, and the baseline is refused", "dev", 1, with_baseline, PLANNED LOCKED IDENTIFY LOOKED "BEGIN -> error 53200\n" AFTER, -1, ERR_PREFLIGHT, "out_of_memory"},

    /* verbs of the same ritual */
    {"adopt: nothing to do", "dev", 3, adopts, PLANNED, 0, ERR_NONE, "worked 0 size 3"},
    {"adopt: what stands there", "dev", 3, adopts, APP BEFORE "BEGIN -> BEGIN\n" GUARDED(ENTRY("4", "database", "adopt", "success")) "COMMIT -> COMMIT\n" UNLOCKED IDENTIFY ENTRIES, 0, ERR_NONE, "worked 0 size 4, adopt dev done"},
    {"adopt: the entry is refused", "dev", 3, adopts, APP BEFORE "BEGIN -> BEGIN\n" GUARD("t | t | t | t | f") "@ledger_record_head -> UPDATE 1\n~ @ledger_record_* -> INSERT 0 1\nROLLBACK -> ROLLBACK\n" AFTER, -1, ERR_LOCKED, "exit 7: another run has taken over the environment"},
    {"adopt: a first contact is what was adopted", "dev", -1, adopts, APP PLANNED_NO_LEDGER NO_LEDGER MADE("COMMIT") LOCKED IDENTIFY ENTRIES OBJECTS("") LOOKED AFTER, 0, ERR_NONE, "worked 0 size 2, adopt dev done"},
    {"gc: no ledger, nothing to drop", "dev", -1, collects, PLANNED_NO_LEDGER, 0, ERR_NONE, "worked 0 size 0"},
    {"gc: no ledger in a protected environment, without a word", "live", -1, collects, CONNECT NO_LEDGER REFUSED LOOKED_NO_LEDGER, -1, ERR_PREFLIGHT, "environment \"live\" is protected: nothing was dropped; add --apply"},
    {"gc: no projection has a generation", "dev", 3, collects, BEFORE AFTER, 0, ERR_NONE, "worked 0 size 3"},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

/* How many files there are in a folder of the project whose names end so. */
static int files_in(const char *folder, const char *end)
{
    struct arena a = {0};
    struct err ignored = {0};
    struct file_names names = {0};
    int n = 0;
    (void)!file_list(&a, project_fd, folder, &names, &ignored);
    for (size_t i = 0; i < names.n; i++) {
        size_t len = strlen(names.v[i].name);
        n += len > strlen(end) && strcmp(names.v[i].name + len - strlen(end), end) == 0 ? 1 : 0;
    }
    arena_release(&a);
    return n;
}

static size_t describe_files(char *out, size_t n, size_t size)
{
    static const char *const folders[][2] = {{"state/owed", "owed"},
                                             {"state/owed/aside", "aside"},
                                             {"archive/dev/" LEDGER_UUID, "in the sink"}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int found = files_in(folders[i][0], ".json");
        n += (size_t)(found > 0 ? snprintf(out + n, size - n, ", %d %s", found, folders[i][1]) : 0);
    }
    return n;
}

/* What a scenario left, as words. */
static const char *describe(char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "worked %d size %lld", n_worked, (long long)result.size);
    for (size_t i = 0; i < result.n; i++) {
        const struct result_row *r = &result.v[i];
        n += (size_t)snprintf(out + n, size - n, ", %s %s %s", result_action_text(r->action),
                              r->target, r->failure != NULL ? r->failure->msg : "done");
    }
    if (pq_now() >= 1000) {
        n += (size_t)snprintf(out + n, size - n, ", after %lld s", (long long)(pq_now() / 1000));
    }
    n = describe_files(out, n, size);
    (void)snprintf(out + n, size - n, "%s%s", t.heard.n > 0 ? "; " : "", t.heard.text);
    return out;
}

static bool is_as_wanted(size_t i, int rc, const struct err *e)
{
    char left[9216];
    if (rc == 0) {
        (void)describe(left, sizeof left);
    } else {
        size_t n = (size_t)snprintf(left, sizeof left, "exit %d: %s; %s", err_status(result.worst),
                                    e->msg, e->hint);
        (void)describe_files(left, n, sizeof left);
    }
    bool good = rc == scenarios[i].rc && result.worst == scenarios[i].worst;
    good = good && (rc == 0 ? strcmp(left, scenarios[i].words) == 0
                            : strstr(left, scenarios[i].words) != NULL && e->code == result.worst);
    if (!good) {
        printf("# rc %d, worst %d: %s\n", rc, (int)result.worst, left);
    }
    return good;
}

static void play(size_t i)
{
    struct err e = {0};
    setting_project("");
    project_put("migrations/postgis/M-1/forward.sql", "INSERT INTO t VALUES (1)");
    setting_open(&t, scenarios[i].env, scenarios[i].n < 0 ? "" : LEDGER_UUID, scenarios[i].n);
    order = (struct writing_order){.done = "built", .hint = "add --apply", .work = nothing};
    n_worked = 0;
    verb = writing;
    t.usual = ALWAYS;
    if (scenarios[i].n >= 0) {
        setting_remember(&t, &t.keeper.is); /* no scenario is about trust on first use */
    }
    if (scenarios[i].with != NULL) {
        scenarios[i].with();
    }
    setting_play(&t, scenarios[i].script);
    int rc = site_plan(&t.s, true, &e);
    if (rc == 0) {
        struct digest d = plan_digest(&t.s.plan);
        (void)digest_text(&d, planned);
        result_begin(&result, &t.s);
        rc = verb(&t.s, &order, &result, &e);
    }
    bool good = is_as_wanted(i, rc, &e);
    setting_close(&t);
    ok(pq_played() && good, scenarios[i].name);
}

int main(void)
{
    (void)setenv("KFMIG_ACTOR", "ann", 1);
    return setting_each(N, play);
}

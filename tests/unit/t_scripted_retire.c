/* layer: run scripted */
/* Letting go of generations, line by line: which go, which stay, each in a transaction of its own whose COMMIT may be lost. */
#include "run/projection.h"
#include "run/projection_parts.h"
#include "scripted_run.h"

static struct scene t;
static struct projection wells;
static size_t n_dropped;
static bool all;

static int retire(struct err *e)
{
    struct projection_input in = {.p = &wells, .digest = digest_of(bytes_str("wanted"))};
    struct step step = {.in = &in};
    return run_retire(&t.run, &step, all, &n_dropped, e);
}

static int retire_all(struct err *e)
{
    all = true;
    return retire(e);
}

static int conceal(struct err *e)
{
    return run_conceal(&t.run, &wells, e);
}

static int retire_unfinished(struct err *e)
{
    struct generation but = {.projection = "wells", .number = 3};
    return run_retire_unfinished(&t.run, &wells, &but, e);
}

/* --- the scenarios. Of wells' generations one is kept besides the live one, whatever its age */

#define OLD " | NULL | {\"parts\":[]} | 2001-01-02T03:04:05.000006Z"
#define FOUND_TABLE "@ledger_generation_found -> rows t\n"
#define LISTED(rows) FOUND_TABLE "@ledger_generation_list -> rows " rows "\n"
#define OTHER "tanks | 1 | kept | NULL" OLD " ; "
#define LIVE "wells | 9 | live | NULL" OLD
#define BEGUN_WORK "@postgis_begin -> BEGIN\n@ledger_work_begin -> rows t | 700 | u u | n | on\n"
#define HELD "@ledger_lock_held(7) -> rows t\n"
#define COMMITTED "COMMIT -> COMMIT\n"
#define DROPPED(n)                                                                                 \
    BEGUN_WORK "DROP SCHEMA \"wells__g" n                                                          \
               "\" CASCADE -> DROP SCHEMA\n@ledger_generation_drop(wells, " n ") -> UPDATE 1\n"
/* A collection ends with a look at the privileges of what is kept. */
#define THEN_NOTHING "@ledger_generation_found -> rows f\n"
#define EXPOSED "@postgis_generation_take(wells__g1) -> rows REVOKE\n"

/* clang-format off */
static const struct {
    const char *name, *script;
    int (*act)(struct err *e);
    int rc;
    enum err_code code;
    const char *words;
    size_t dropped;
    int64_t ms;
} scenarios[] = {
    {"a ledger without generations", "@ledger_generation_found -> rows f\n" THEN_NOTHING, retire, 0, ERR_NONE, "", 0, 0},
    {"none but the live one", LISTED(OTHER LIVE) THEN_NOTHING, retire, 0, ERR_NONE, "", 0, 0},
    {"one is kept", LISTED("wells | 1 | kept | NULL" OLD " ; " LIVE) THEN_NOTHING, retire, 0, ERR_NONE, "", 0, 0},
    {"of two that are old the older goes", LISTED("wells | 1 | kept | NULL" OLD " ; wells | 2 | kept | NULL" OLD " ; " LIVE) DROPPED("1") HELD COMMITTED THEN_NOTHING, retire, 0, ERR_NONE, "", 1, 0},
    {"all go where all are to go", LISTED("wells | 1 | kept | NULL" OLD " ; wells | 2 | kept | NULL" OLD " ; " LIVE) DROPPED("2") HELD COMMITTED DROPPED("1") HELD COMMITTED THEN_NOTHING, retire_all, 0, ERR_NONE, "", 2, 0},
    {"what was begun for another digest goes", LISTED("wells | 1 | loading | NULL" OLD " ; " LIVE) DROPPED("1") HELD COMMITTED THEN_NOTHING, retire, 0, ERR_NONE, "", 1, 0},
    {"what depends on it is named", LISTED("wells | 1 | ready | NULL" OLD " ; " LIVE) BEGUN_WORK "@postgis_generation_dependants({\"wells__g1\"}) -> rows depends | view app.v | table wells__g1.pts\n" ROLLED_BACK,
     retire, -1, ERR_PREFLIGHT, "schema \"wells__g1\" cannot be dropped: view app.v depends on", 0, 0},
    {"dropping is refused", LISTED("wells | 1 | ready | NULL" OLD) BEGUN_WORK "DROP SCHEMA* -> error 55P03\n" ROLLED_BACK, retire, -1, ERR_APPLY, "lock_not_available", 0, 0},
    {"the row is refused", LISTED("wells | 1 | ready | NULL" OLD) BEGUN_WORK "DROP SCHEMA* -> DROP SCHEMA\n@ledger_generation_drop -> error 42501\n" ROLLED_BACK, retire, -1, ERR_PREFLIGHT, "insufficient_privilege", 0, 0},
    {"another run has taken over", LISTED("wells | 1 | ready | NULL" OLD) DROPPED("1") "@ledger_lock_held -> rows f\n" ROLLED_BACK, retire, -1, ERR_LOCKED, "another run has taken over the environment", 0, 0},
    {"nobody can say whether the lock is held", LISTED("wells | 1 | ready | NULL" OLD) DROPPED("1") "@ledger_lock_held -> cut\n", retire, -1, ERR_PREFLIGHT, "was lost", 0, 0},
    {"a starter has the work lock", LISTED("wells | 1 | ready | NULL" OLD) "@postgis_begin -> BEGIN\n@ledger_work_begin -> rows f | 700 | u u | n | on\n" , retire, -1, ERR_LOCKED, "another run is taking over", 0, 0},
    {"COMMIT is refused", LISTED("wells | 1 | ready | NULL" OLD) DROPPED("1") HELD "COMMIT -> error 40001\n", retire, -1, ERR_APPLY, "wells: the server refused COMMIT", 0, 0},
    {"COMMIT answers ROLLBACK", LISTED("wells | 1 | ready | NULL" OLD) DROPPED("1") HELD "COMMIT -> ROLLBACK\n", retire, -1, ERR_APPLY, "wells: the server rolled the transaction back", 0, 0},
    {"COMMIT is cut", LISTED("wells | 1 | ready | NULL" OLD) DROPPED("1") HELD "COMMIT -> cut\n", retire, -1, ERR_PREFLIGHT, "wells: the connection was lost while COMMIT was under way", 0, 0},
    {"the list is cut", FOUND_TABLE "@ledger_generation_list -> cut\n", retire, -1, ERR_PREFLIGHT, "was lost", 0, 0},
    {"a row that is damaged", LISTED("wells | 1 | gone | NULL" OLD), retire, -1, ERR_INTEGRITY, "generation", 0, 0},

    {"but the one that is gone on with", LISTED("wells | 2 | loading | NULL" OLD " ; wells | 3 | loading | NULL" OLD " ; wells | 4 | kept | NULL" OLD) DROPPED("2") HELD COMMITTED, retire_unfinished, 0, ERR_NONE, "", 0, 0},
    {"unfinished ones cannot be dropped", LISTED("wells | 2 | ready | NULL" OLD) BEGUN_WORK "DROP SCHEMA* -> error 42501\n" ROLLED_BACK, retire_unfinished, -1, ERR_APPLY, "insufficient_privilege", 0, 0},

    {"nothing is exposed", LISTED("wells | 1 | kept | NULL" OLD), conceal, 0, ERR_NONE, "", 0, 0},
    {"privileges go when no reader is left", LISTED("wells | 1 | kept | NULL" OLD) EXPOSED "@postgis_generation_horizon -> rows 9 now\n@postgis_generation_old_snapshots(9 now) -> rows\n"
     BEGUN_WORK EXPOSED "REVOKE -> REVOKE\n" HELD COMMITTED, conceal, 0, ERR_NONE, "", 0, 0},
    {"readers are waited for, for a second", LISTED("wells | 1 | kept | NULL" OLD) EXPOSED "@postgis_generation_horizon -> rows 9 now\n101x @postgis_generation_old_snapshots -> rows session 5\n"
     BEGUN_WORK EXPOSED "REVOKE -> REVOKE\n" HELD COMMITTED, conceal, 0, ERR_NONE, "", 0, 1000},
    {"privileges cannot be taken", LISTED("wells | 1 | kept | NULL" OLD) EXPOSED "@postgis_generation_horizon -> rows 9 now\n@postgis_generation_old_snapshots -> rows\n"
     BEGUN_WORK EXPOSED "REVOKE -> error 42501\n" ROLLED_BACK, conceal, -1, ERR_APPLY, "insufficient_privilege", 0, 0},
    {"readers cannot be asked for", LISTED("wells | 1 | kept | NULL" OLD) EXPOSED "@postgis_generation_horizon -> cut\n", conceal, -1, ERR_PREFLIGHT, "was lost", 0, 0},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    static char script[16384];
    struct err e = {0};
    wells = (struct projection){
        .name = "wells", .schema = "wells", .keep_generations = 1, .keep_seconds = 3600};
    n_dropped = 0;
    all = false;
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, scenarios[i].script);
    scene_open(&t, script);
    int rc = scenarios[i].act(&e);
    bool good = rc == scenarios[i].rc && e.code == scenarios[i].code &&
                strstr(e.msg, scenarios[i].words) != NULL && n_dropped == scenarios[i].dropped &&
                pq_now() == scenarios[i].ms;
    if (!good) {
        printf("# rc %d, code %d, dropped %zu, %lld ms: %s\n", rc, (int)e.code, n_dropped,
               (long long)pq_now(), e.msg);
    }
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
}

int main(void)
{
    tap_plan(N);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    return tap_done();
}

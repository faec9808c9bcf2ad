/* layer: run scripted */
/* Entries without a migration, line by line: adoption, drills, owed receipts; and what a lost COMMIT of theirs comes to. */
#include "doc/json.h"
#include "said.h"
#include "scripted_run.h"

/* An owed receipt, as a migration in doubt leaves it. */
static char owed[65536];

static struct scene t;

/* --- what is done in a scenario */

static int adopt(struct err *e)
{
    struct object_row gone = {"table app.gone", digest_of(bytes_str("x")), "", 1, 1};
    struct object_rows sum = {&gone, 1, 1};
    size_t n = 0;
    int rc = run_adopt(&t.run, &sum, &(struct adoption){.notes = "as it stands"}, &n, &t.o, e);
    return n == 1 ? rc : -9;
}

/* Of what stands there one object is as the ledger says, one is another, one is new; and one is gone. */
static int adopt_differing(struct err *e)
{
    static struct catalog_object stands[] = {
        {.text = "schema app"}, {.text = "table app.new"}, {.text = "table app.other"}};
    static struct catalog_object *v[] = {&stands[0], &stands[1], &stands[2]};
    struct object_row known[] = {{"schema app", digest_of(bytes_str("1")), "", 1, 1},
                                 {"table app.gone", digest_of(bytes_str("2")), "", 1, 1},
                                 {"table app.other", digest_of(bytes_str("3")), "", 1, 1}};
    struct object_rows sum = {known, 3, 3};
    size_t n = 0;
    stands[0].fingerprint = known[0].fingerprint;
    t.base.v = v;
    t.base.n = 3;
    int rc = run_adopt(&t.run, &sum, &(struct adoption){.notes = "as it stands"}, &n, &t.o, e);
    return n == 3 ? rc : -9;
}

/* The lock lives in the ledger that is still to be made. */
static int reconnect_only(void *ctx, struct err *e)
{
    (void)ctx;
    pg_close(t.pg);
    t.pg = NULL;
    return scene_connect(&t, e);
}

/* The ledger is made, and one object that stands there is its first baseline. */
static int contact(struct err *e)
{
    static struct catalog_object stands = {.text = "table app.new"};
    static struct catalog_object *v[] = {&stands};
    size_t n = 0;
    t.base.v = v;
    t.base.n = 1;
    t.run.reconnect = reconnect_only;
    int rc = run_first_contact(&t.run, NULL, "as it stands", &n, &t.o, e);
    return n == 1 ? rc : -9;
}

/* The ledger alone. */
static int contact_alone(struct err *e)
{
    size_t n = 9;
    int rc = run_first_contact(&t.run, NULL, NULL, &n, &t.o, e);
    return n == 0 && t.o.sequence == 0 ? rc : -9;
}

/* With the files that a drill names. */
static int drill_with_files(struct err *e)
{
    static const char text[] =
        "{\"inputs\":[{\"digest\":\"sha256:"
        "00000000000000000000000000000000000000000000000000000000000000aa\","
        "\"kept\":false,\"uri\":\"drill.yml\"}],\"migrations\":[{\"id\":\"M-1\",\"sha256\":"
        "\"sha256:"
        "00000000000000000000000000000000000000000000000000000000000000bb\"}]}";
    const struct doc *d = json_read(&t.a, bytes_str(text), "drill", e);
    struct drill_record r = {doc_new(&t.a, DOC_MAP), (struct doc *)(uintptr_t)doc_get(d, "inputs"),
                             (struct doc *)(uintptr_t)doc_get(d, "migrations"),
                             doc_new(&t.a, DOC_MAP)};
    return run_record_drill(&t.run, &r, "2026-01-02T03:04:05.000006Z", &t.o, e);
}

static int drill(struct err *e)
{
    struct drill_record d = {doc_new(&t.a, DOC_MAP), doc_new(&t.a, DOC_LIST),
                             doc_new(&t.a, DOC_LIST), doc_new(&t.a, DOC_MAP)};
    return run_record_drill(&t.run, &d, "2026-01-02T03:04:05.000006Z", &t.o, e);
}

static int pay_bytes(const char *text, struct err *e)
{
    static const int words[] = {[OWED_PAID] = 1, [OWED_KNOWN] = 2, [OWED_UNREADABLE] = 3};
    enum owed_fate fate = OWED_KNOWN;
    int rc = run_pay(&t.run, bytes_str(text), &fate, e);
    return rc != 0 ? rc : words[fate];
}

static int pay(struct err *e)
{
    return pay_bytes(owed, e);
}

static int pay_nonsense(struct err *e)
{
    return pay_bytes("{\"receipt\":", e);
}

static int pay_elsewhere(struct err *e)
{
    return pay_bytes("{\"blobs\":[],\"receipt\":{\"environment\":\"prod\",\"migration_id\":\"M-1\","
                     "\"result\":\"failed\",\"run_id\":\"r\"}}",
                     e);
}

static int pay_nothing(struct err *e)
{
    return pay_bytes("{\"blobs\":[],\"receipt\":{\"environment\":\"dev\",\"result\":\"failed\","
                     "\"run_id\":\"r\"}}",
                     e);
}

static int pay_projection(struct err *e)
{
    return pay_bytes(
        "{\"blobs\":[\"text\"],\"receipt\":{\"claim\":{\"projection\":{\"name\":\"wells\"}},"
        "\"environment\":\"dev\",\"finished_at\":\"2026-01-02T03:04:05.000006Z\","
        "\"format\":\"kfmig.run_receipt.v1\","
        "\"result\":\"failed\",\"run_id\":\"r\",\"run_kind\":\"projection_publish\"}}",
        e);
}

/* --- the scenarios */

#define ENTRY(subject, kind, result, blobs)                                                        \
    GUARD("t | t | t | t | t")                                                                     \
    "@ledger_record_head -> UPDATE 1\n@ledger_record_entry(1, " subject ", " kind ", " result      \
    ", *, *, *) -> INSERT 0 1\n@ledger_record_receipt -> INSERT 0 1\n" blobs                       \
    "@ledger_record_end -> SET\n"
#define OBJECTS "@ledger_record_objects -> INSERT 0 1\n"
#define BLOBS "@ledger_record_blobs -> INSERT 0 1\n"
#define ADOPTING "BEGIN -> BEGIN\n" ENTRY("database", "adopt", "success", OBJECTS)
#define OWED_UNKNOWN "@ledger_read_receipts -> rows\n"
#define PAYING OWED_UNKNOWN "BEGIN -> BEGIN\n" ENTRY("M-1", "apply", "failed", BLOBS)
#define FOUND(yes) "@ledger_find_run -> rows " yes "\n"
#define UNREACHABLE "connect -> words Connection refused\n"

/* The ledger's first entry, and the second one with the baseline. */
#define MAKING                                                                                     \
    "BEGIN* -> BEGIN\n"                                                                            \
    "@ledger_create_probe -> rows t | kfm | kfm | kfm | 2026-01-02T03:04:05.000006Z\n"             \
    "@ledger_create_found -> rows f | f | t\n"                                                     \
    "@ledger_create_schema -> CREATE SCHEMA\n"                                                     \
    "~ @ledger_create_* -> CREATE\n~ @ledger_generation_* -> CREATE\n"
#define CONTACT                                                                                    \
    MAKING "@ledger_record_head -> UPDATE 1\n"                                                     \
           "@ledger_record_entry(1, database, contact, success, *, *, *) -> INSERT 0 1\n"          \
           "@ledger_record_receipt -> INSERT 0 1\n"
#define MADE                                                                                       \
    CONTACT "@ledger_record_head -> UPDATE 1\n"                                                    \
            "@ledger_record_entry(2, database, adopt, success, *, *, *) -> INSERT 0 1\n"           \
            "@ledger_record_receipt -> INSERT 0 1\n"                                               \
            "@ledger_record_objects(2, {\"table app.new\"}, *, *) -> INSERT 0 1\n"

/* clang-format off */
static const struct {
    const char *name, *script;
    int (*act)(struct err *e);
    int rc;
    enum err_code code;
    const char *words;
    int64_t size; /* of the ledger's tree afterwards */
    int resolving;
} scenarios[] = {
    {"adopted", ADOPTING "COMMIT -> COMMIT\n", adopt, 0, ERR_NONE, "", 1, 0},
    {"only what differs is adopted", "BEGIN -> BEGIN\n" ENTRY("database", "adopt", "success", "@ledger_record_objects(1, {\"table app.gone\",\"table app.new\",\"table app.other\"}, *, *) -> INSERT 0 1\n") "COMMIT -> COMMIT\n", adopt_differing, 0, ERR_NONE, "", 1, 0},
    {"adoption: COMMIT is cut and took effect", ADOPTING "COMMIT -> cut\n" RECONNECTED FOUND("t"), adopt, 0, ERR_NONE, "", 1, 1},
    {"adoption: COMMIT is cut and took none", ADOPTING "COMMIT -> cut\n" RECONNECTED FOUND("f"), adopt, -1, ERR_APPLY, "adopt: the connection was lost before COMMIT took effect; nothing was recorded", 0, 1},
    {"adoption: COMMIT is cut and the server stays away", ADOPTING "COMMIT -> cut\n" UNREACHABLE, adopt, -1, ERR_DOUBT, "adopt: the connection was lost while COMMIT was under way", 1, 1},
    {"adoption: COMMIT answers ROLLBACK", ADOPTING "COMMIT -> ROLLBACK\n", adopt, -1, ERR_APPLY, "adopt: the server refused COMMIT", 0, 0},
    {"adoption: BEGIN is refused", "BEGIN -> error 25006\n", adopt, -1, ERR_PREFLIGHT, "read_only_sql_transaction", 0, 0},
    {"adoption: its settings are refused", "BEGIN -> BEGIN\n@postgis_begin_settings -> error 42501\nROLLBACK -> ROLLBACK\n", adopt, -1, ERR_PREFLIGHT, "insufficient_privilege", 0, 0},
    {"adoption: another run has written", "BEGIN -> BEGIN\n" GUARD("t | t | t | t | t") "@ledger_record_head -> error 23505\nROLLBACK -> ROLLBACK\n", adopt, -1, ERR_LOCKED, "another run has written", 0, 0},
    {"adoption: the connection is lost in the entry", "BEGIN -> BEGIN\n@ledger_record_begin -> cut\n", adopt, -1, ERR_PREFLIGHT, "was lost", 0, 0},

    {"first contact", MADE "COMMIT -> COMMIT\n", contact, 0, ERR_NONE, "", 0, 0},
    {"first contact: COMMIT is cut and took effect", MADE "COMMIT -> cut\nconnect -> ok\nBEGIN* -> BEGIN\n@ledger_create_probe -> rows t | kfm | kfm | kfm | 2026-01-02T03:04:05.000006Z\n"
     "@ledger_create_found -> rows t | t | f\nROLLBACK -> ROLLBACK\n", contact, 0, ERR_NONE, "", 0, 1},
    {"first contact: COMMIT is cut and took none", MADE "COMMIT -> cut\nconnect -> ok\n" MADE "COMMIT -> COMMIT\n", contact, 0, ERR_NONE, "", 0, 1},
    {"first contact: COMMIT is cut and the server stays away", MADE "COMMIT -> cut\n" UNREACHABLE, contact, -1, ERR_DOUBT, "the connection was lost while the ledger was made and the outcome is not known yet", 0, 1},
    {"first contact: COMMIT is refused", MADE "COMMIT -> error 53100\n", contact, -1, ERR_APPLY, "disk_full", 0, 0},
    {"first contact without a baseline", CONTACT "COMMIT -> COMMIT\n", contact_alone, 0, ERR_NONE, "", 0, 0},

    {"a drill is recorded", "BEGIN -> BEGIN\n" ENTRY("database", "drill", "success", "") "COMMIT -> COMMIT\n", drill, 0, ERR_NONE, "", 1, 0},
    {"a drill is recorded with its files", "BEGIN -> BEGIN\n" GUARD("t | t | t | t | t") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry(1, database, drill, success, *, *, *) -> INSERT 0 1\n"
     "@ledger_record_receipt(1, *, *, *drill.yml*) -> INSERT 0 1\n@ledger_record_end -> SET\nCOMMIT -> COMMIT\n", drill_with_files, 0, ERR_NONE, "", 1, 0},
    {"a drill: COMMIT is cut and took effect", "BEGIN -> BEGIN\n" ENTRY("database", "drill", "success", "") "COMMIT -> cut\n" RECONNECTED FOUND("t"), drill, 0, ERR_NONE, "", 1, 1},

    {"an owed receipt is paid", PAYING "COMMIT -> COMMIT\n", pay, 1, ERR_NONE, "", 1, 0},
    {"an owed receipt is there already", "@ledger_read_receipts -> rows 4 | r | {}\n", pay, 2, ERR_NONE, "", 0, 0},
    {"an owed receipt: COMMIT is cut and took effect", PAYING "COMMIT -> cut\n" RECONNECTED FOUND("t"), pay, 1, ERR_NONE, "", 1, 1},
    {"an owed receipt: COMMIT is cut and took none", PAYING "COMMIT -> cut\n" RECONNECTED FOUND("f"), pay, -1, ERR_APPLY, "nothing was recorded", 0, 1},
    {"an owed receipt: COMMIT is refused", PAYING "COMMIT -> error 40001\n", pay, -1, ERR_APPLY, "serialization_failure", 0, 0},
    {"an owed receipt: the ledger does not say what it has", "@ledger_read_receipts -> cut\n", pay, -1, ERR_PREFLIGHT, "was lost", 0, 0},
    {"an owed receipt: BEGIN is refused", OWED_UNKNOWN "BEGIN -> error 53200\n", pay, -1, ERR_PREFLIGHT, "out_of_memory", 0, 0},
    {"an owed receipt: the entry is refused", OWED_UNKNOWN "BEGIN -> BEGIN\n" GUARD("t | t | t | t | f") "@ledger_record_head -> UPDATE 1\n@ledger_record_entry -> INSERT 0 1\n"
     "@ledger_record_receipt -> INSERT 0 1\n" BLOBS "@ledger_record_end -> SET\nROLLBACK -> ROLLBACK\n", pay, -1, ERR_LOCKED, "another run has taken over", 0, 0},
    {"an owed receipt that is no JSON", "", pay_nonsense, 3, ERR_CONFIG, "a value is expected", 0, 0},
    {"an owed receipt of another environment", "", pay_elsewhere, 3, ERR_INTEGRITY, "an owed receipt is damaged or belongs to another environment", 0, 0},
    {"an owed receipt of nothing", "", pay_nothing, 3, ERR_INTEGRITY, "an owed receipt is damaged", 0, 0},
    {"an owed receipt of a projection", OWED_UNKNOWN "BEGIN -> BEGIN\n" ENTRY("wells", "publish", "failed", BLOBS) "COMMIT -> COMMIT\n", pay_projection, 1, ERR_NONE, "", 1, 0},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

static void open_scene(const char *lines)
{
    static char script[16384];
    (void)snprintf(script, sizeof script, "%s%s%s", ALWAYS, CONNECT, lines);
    scene_open(&t, script);
}

/* A migration whose COMMIT is lost, and with it the server. */
static void owe(void)
{
    open_scene(BEGUN STATEMENT SETTLED RECORDED("success") "COMMIT -> cut\n" UNREACHABLE);
    run_migration(&t.run, &t.step, &t.o);
    (void)snprintf(owed, sizeof owed, "%.*s", (int)t.o.owed.n, t.o.owed.p);
    scene_close(&t);
    ok(pq_played() && strstr(owed, "\"result\":\"failed\"") != NULL &&
           strstr(owed, "recorded late") != NULL,
       "a migration in doubt owes a receipt");
}

static void play(size_t i)
{
    pq_draw_again();
    struct err e = {0};
    open_scene(scenarios[i].script);
    int rc = scenarios[i].act(&e);
    bool good = rc == scenarios[i].rc && e.code == scenarios[i].code &&
                strstr(e.msg, scenarios[i].words) != NULL && t.merkle.size == scenarios[i].size &&
                t.n_resolving == scenarios[i].resolving;
    if (!good) {
        printf("# rc %d, code %d, size %lld, resolving %d: %s\n", rc, (int)e.code,
               (long long)t.merkle.size, t.n_resolving, e.msg);
    }
    scene_note_outcome(&t.o);
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
    ok(said_as(scenarios[i].name, pq_said()), "and every word of it to the server");
}

int main(void)
{
    tap_plan(2 * N + 1);
    said_open("record");
    owe();
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    said_close();
    return tap_done();
}

/* layer: load */
/* What a project says of itself and its files do not bear out: executed without a receipt, signatures that
 * nobody verifies; and what environments are where their declaration does not say it. */
#include "tap.h"

#include "project.h"

#define DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000001"
#define RUN "11111111-2222-4333-8444-555555555555"
#define RECEIPT(id, env, more) RECEIPT_OF("db_migration", "success", id, env, more)
#define RECEIPT_OF(kind, result, id, env, more)                                                    \
    "{\"format\":\"kfmig.run_receipt.v1\",\"run_id\":\"" RUN "\",\"run_kind\":\"" kind "\","       \
    "\"migration_id\":\"" id "\",\"environment\":\"" env "\",\"result\":\"" result "\","           \
    "\"started_at\":\"2026-01-01T00:00:00.000000Z\","                                              \
    "\"finished_at\":\"2026-01-01T00:00:01.000000Z\","                                             \
    "\"actor\":{\"type\":\"human\",\"id\":\"ada\"},\"repo\":{\"commit_sha\":null,\"pr\":null},"    \
    "\"target\":{\"environment\":\"" env "\",\"db\":\"kfm\",\"schema\":null,"                      \
    "\"server_version\":150000" more "},\"migrations\":[],"                                        \
    "\"tool\":{\"name\":\"kfmig\",\"version\":\"0\"},"                                             \
    "\"ledger\":{\"instance\":\"" RUN "\",\"sequence\":1,\"previous\":\"" DIGEST "\"},"            \
    "\"notes\":\"\",\"links\":{},\"checksums\":{},\"claim\":{\"checksum\":\"" DIGEST "\","         \
    "\"bundle_digest\":\"" DIGEST "\",\"inputs\":[],\"outputs\":[],"                               \
    "\"baselines\":{\"pre\":null,\"post\":null},\"diff\":null,\"scope\":{},\"limits\":[],"         \
    "\"gates\":[],\"validation\":{\"status\":\"pass\",\"invariants\":[]},"                         \
    "\"policy\":{\"approval\":\"none\",\"protected\":{\"schemas\":[],\"tables\":[],\"roles\":[]}}" \
    "}}"
#define POINTER(id, env)                                                                           \
    "{\"format\": \"kfmig.receipt_ref.v1\", \"run_id\": \"" RUN "\", \"migration_id\": \"" id      \
    "\", \"environment\": \"" env "\", \"uri\": \"u\", \"sequence\": 1, \"sha256\": \"" DIGEST     \
    "\"}"

static const char environments[] =
    "environments:\n"
    "  dev: {stores: {postgis: {dsn_ref: A}}}\n"
    "  here: {kind: stage, stores: {postgis: {dsn_ref: B}}}\n"
    "  live: {protected: true, stores: {postgis: {dsn_ref: C}}}\n"
    "  away: {protected: true, approval: review, kind: stage, evidence: none, stores: {postgis: "
    "{dsn_ref: D}}}\n";

struct row {
    const char *name, *status;
    const char *file, *text; /* below receipts/; NULL: none */
    bool is_missing;
};
static const struct row rows[] = {
    {"a draft", "draft", NULL, NULL, false},
    {"approved", "approved", NULL, NULL, false},
    {"merged", "merged", NULL, NULL, false},
    {"superseded", "superseded", NULL, NULL, false},
    {"rolled back", "rolled_back", NULL, NULL, false},
    {"executed, and nothing", "executed_dev", NULL, NULL, true},
    {"in stage, and nothing", "executed_stage", NULL, NULL, true},
    {"in prod, and nothing", "executed_prod", NULL, NULL, true},
    {"a receipt", "executed_dev", "run_receipt.json", RECEIPT("A-1", "dev", ""), false},
    {"a receipt that says its kind", "executed_prod", "run_receipt.json",
     RECEIPT("A-1", "live", ", \"kind\": \"prod\""), false},
    {"the kind it had then counts", "executed_prod", "run_receipt.json",
     RECEIPT("A-1", "here", ", \"kind\": \"prod\""), false},
    {"a receipt of another kind", "executed_prod", "run_receipt.json", RECEIPT("A-1", "dev", ""),
     true},
    {"a receipt of an environment of another name", "executed_stage", "run_receipt.json",
     RECEIPT("A-1", "away", ""), false},
    {"of one that is gone", "executed_stage", "run_receipt.json", RECEIPT("A-1", "gone", ""),
     false},
    {"of another migration", "executed_dev", "run_receipt.json", RECEIPT("A-2", "dev", ""), true},
    {"no JSON", "executed_dev", "run_receipt.json", "{", true},
    {"not the form of one", "executed_dev", "run_receipt.json", "{\"environment\": \"dev\"}", true},
    {"a pointer", "executed_prod", "receipt_ref.json", POINTER("A-1", "live"), false},
    {"a pointer of another kind", "executed_prod", "receipt_ref.json", POINTER("A-1", "dev"), true},
    {"a pointer to another migration's", "executed_prod", "receipt_ref.json",
     POINTER("A-2", "live"), true},
    {"a pointer that is none", "executed_prod", "receipt_ref.json", "{}", true},
    {"a receipt of a failure", "executed_dev", "run_receipt.json",
     RECEIPT_OF("db_migration", "failed", "A-1", "dev", ""), true},
    {"a receipt of a rollback", "executed_dev", "run_receipt.json",
     RECEIPT_OF("db_rollback", "success", "A-1", "dev", ""), true},
    {"in a folder of its own", "executed_stage", "here/run_receipt.json",
     RECEIPT("A-1", "here", ""), false},
    {"in that of another", "executed_stage", "live/run_receipt.json", RECEIPT("A-1", "here", ""),
     true},
};

/* What the registry says, what is kept, and what follows: NULL, nothing. */
static const struct {
    const char *name, *status;
    const char *file, *text, *file2, *text2;
    const char *now;
} followed[] = {
    {"nothing is kept", "approved", NULL, NULL, NULL, NULL, NULL},
    {"run in dev", "draft", "run_receipt.json", RECEIPT("A-1", "dev", ""), NULL, NULL,
     "executed_dev"},
    {"run in dev, and it is told already", "executed_dev", "run_receipt.json",
     RECEIPT("A-1", "dev", ""), NULL, NULL, NULL},
    {"run in dev, merged", "merged", "run_receipt.json", RECEIPT("A-1", "dev", ""), NULL, NULL,
     "executed_dev"},
    {"the furthest of two", "executed_dev", "dev/run_receipt.json", RECEIPT("A-1", "dev", ""),
     "here/run_receipt.json", RECEIPT("A-1", "here", ""), "executed_stage"},
    {"a pointer of production", "executed_dev", "run_receipt.json", RECEIPT("A-1", "dev", ""),
     "receipt_ref.json", POINTER("A-1", "live"), "executed_prod"},
    {"never back", "executed_prod", "run_receipt.json", RECEIPT("A-1", "dev", ""), NULL, NULL,
     NULL},
    {"taken back, says a person", "rolled_back", "run_receipt.json", RECEIPT("A-1", "dev", ""),
     NULL, NULL, NULL},
    {"replaced, says a person", "superseded", "run_receipt.json", RECEIPT("A-1", "live", ""), NULL,
     NULL, NULL},
    {"a failure", "approved", "run_receipt.json",
     RECEIPT_OF("db_migration", "failed", "A-1", "live", ""), NULL, NULL, NULL},
    {"a rollback", "approved", "run_receipt.json",
     RECEIPT_OF("db_rollback", "success", "A-1", "dev", ""), NULL, NULL, NULL},
    {"of an environment that nobody knows", "approved", "run_receipt.json",
     RECEIPT("A-1", "gone", ""), NULL, NULL, NULL},
    {"of one that is gone, and it says its kind", "approved", "run_receipt.json",
     RECEIPT("A-1", "gone", ", \"kind\": \"stage\""), NULL, NULL, "executed_stage"},
    {"of another migration", "approved", "run_receipt.json", RECEIPT("A-2", "dev", ""), NULL, NULL,
     NULL},
};
enum { N_FOLLOWED = sizeof followed / sizeof *followed };

static void put_receipt(const char *file, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "migrations/postgis/A-1/receipts/%s", file);
    if (file[0] != '\0') {
        project_put(path, text);
    }
}

/* Checked, mended, and checked again. */
static void test_followed(size_t i)
{
    char text[512];
    char want[512] = "";
    project_start();
    project_put("registry/environments.v1.yml", environments);
    (void)snprintf(text, sizeof text,
                   "{\"version\": 1, \"migrations\": [{\"id\": \"A-1\", \"type\": \"postgis\", "
                   "\"owners\": [], \"status\": \"%s\"}]}",
                   followed[i].status);
    project_put("registry/migrations.v1.json", text);
    project_bundle("A-1", "");
    put_receipt(followed[i].file != NULL ? followed[i].file : "", followed[i].text);
    put_receipt(followed[i].file2 != NULL ? followed[i].file2 : "", followed[i].text2);
    if (followed[i].now != NULL) {
        (void)snprintf(want, sizeof want, "\"A-1\" is registered as %s, and its receipts say %s",
                       followed[i].status, followed[i].now);
    }
    for (int turn = 0; turn < 3; turn++) {
        struct loaded l;
        struct err e = {0};
        bool is_fixed = false;
        project_load(&l, false);
        size_t before = l.p.warnings.n;
        is_int(load_registry_check(&l.p, turn == 1, &is_fixed, &e), 0, followed[i].name);
        is_str(l.p.warnings.n > before ? l.p.warnings.v[before].msg : "", turn == 0 ? want : "",
               "what is told");
        is_int(is_fixed, turn == 1 && followed[i].now != NULL, "is it mended?");
        project_unload(&l);
    }
}

static void test_row(const struct row *r)
{
    struct loaded l;
    struct err_list missing = {0};
    char text[512];
    char path[256];
    project_start();
    project_put("registry/environments.v1.yml", environments);
    (void)snprintf(text, sizeof text,
                   "{\"version\": 1, \"migrations\": [{\"id\": \"A-1\", \"type\": \"postgis\", "
                   "\"owners\": [], \"status\": \"%s\"}]}",
                   r->status);
    project_put("registry/migrations.v1.json", text);
    project_bundle("A-1", "");
    if (r->file != NULL) {
        (void)snprintf(path, sizeof path, "migrations/postgis/A-1/receipts/%s", r->file);
        project_put(path, r->text);
    }
    project_load(&l, false);
    load_executed_check(&l.p, &missing);
    is_int((int64_t)missing.n, r->is_missing, r->name);
    (void)snprintf(text, sizeof text,
                   "\"A-1\" is %s, but its receipts/ has neither that run's receipt nor a pointer "
                   "to it",
                   r->status);
    is_str(missing.n > 0 ? missing.v[0].msg : text, text, "and it is told which");
    err_list_release(&missing);
    project_unload(&l);
}

static void test_defaults(void)
{
    static const struct {
        const char *name;
        enum env_kind kind;
        enum evidence evidence;
    } want[] = {{"dev", ENV_DEV, EVIDENCE_NONE},
                {"here", ENV_STAGE, EVIDENCE_NONE},
                {"live", ENV_PROD, EVIDENCE_POINTER},
                {"away", ENV_STAGE, EVIDENCE_NONE}};
    struct loaded l;
    project_start();
    project_put("registry/environments.v1.yml", environments);
    project_load(&l, false);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const struct env *env = load_env(&l.p, want[i].name);
        is_str(env_kind_text(env->kind), env_kind_text(want[i].kind), want[i].name);
        is_str(evidence_text(env->evidence), evidence_text(want[i].evidence), "its evidence");
    }
    project_unload(&l);
}

int main(void)
{
    size_t n = sizeof rows / sizeof rows[0];
    tap_plan((int)n * 2 + 8 + N_FOLLOWED * 9);
    for (size_t i = 0; i < n; i++) {
        test_row(&rows[i]);
    }
    for (size_t i = 0; i < N_FOLLOWED; i++) {
        test_followed(i);
    }
    test_defaults();
    project_remove();
    return tap_done();
}

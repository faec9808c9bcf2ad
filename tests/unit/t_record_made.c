/* layer: run scripted */
/* What an entry, its texts and its objects are made of: every member, of a migration, an adoption of a store, a renaming; no server is asked. */
#include "run/record.h"
#include "scripted_run.h"

static struct scene t;
static struct evidence_set evidence;

static struct bytes named(const char *name)
{
    return bytes_str(name);
}

static struct digest digest_named(const char *name)
{
    return digest_of(named(name));
}

static struct artifact file(const char *name)
{
    return (struct artifact){.path = name, .digest = digest_named(name), .bytes = named(name)};
}

static struct document document(const char *name)
{
    return (struct document){.digest = digest_named(name), .bytes = named(name)};
}

/* The name that a digest is of; "0": none. */
static const char *name_of(const struct digest *d)
{
    static const char *const names[] = {
        "migration.yml", "forward.sql", "forward2.sql",   "rollback.sql",   "one.sql",
        "two.sql",       "diff",        "touched",        "invariants",     "pre",
        "post",          "checksum",    "bundle",         "identity",       "renamed",
        "statement",     "signature",   "plan statement", "plan signature", "signers"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct digest is = digest_named(names[i]);
        if (digest_eq(&is, d)) {
            return names[i];
        }
    }
    return digest_is_zero(d) ? "0" : "another";
}

static void begin(void)
{
    static struct artifact forward[2], rollback[1], invariants[2];
    forward[0] = file("forward.sql");
    forward[1] = file("forward2.sql");
    rollback[0] = file("rollback.sql");
    invariants[0] = file("one.sql");
    invariants[1] = file("two.sql");
    scene_open(&t, ALWAYS CONNECT);
    t.decl.file = file("migration.yml");
    t.decl.forward = (struct artifacts){forward, 2, 2};
    t.decl.rollback = (struct artifacts){rollback, 1, 1};
    t.decl.invariants = (struct artifacts){invariants, 2, 2};
    t.bundle.checksum = digest_named("checksum");
    t.bundle.bundle_digest = digest_named("bundle");
    evidence = (struct evidence_set){.pre = digest_named("pre"),
                                     .post = digest_named("post"),
                                     .diff = document("diff"),
                                     .touched = document("touched"),
                                     .invariants = document("invariants")};
    t.o = (struct outcome){.run_id = "run-1", .result = RUN_SUCCESS};
}

static struct receipt_input input(const struct bundle *b)
{
    return (struct receipt_input){.kind = "db_migration",
                                  .bundle = b,
                                  .outcome = &t.o,
                                  .evidence = &evidence,
                                  .started_at = "2026-11-29T00:00:00.000000Z",
                                  .finished_at = "2026-11-29T00:00:01.000000Z",
                                  .notes = ""};
}

static const char *blob_names(const struct receipt_input *in)
{
    size_t n = 0;
    const char *text = "";
    const struct blob *v = record_blobs(&t.run, in, &n);
    for (size_t i = 0; i < n; i++) {
        bool is_its = bytes_eq(v[i].bytes, named(name_of(&v[i].digest)));
        text = arena_printf(&t.a, "%s%s%s%s", text, i > 0 ? " " : "", name_of(&v[i].digest),
                            is_its ? "" : "(other bytes)");
    }
    return text;
}

static void test_blobs(void)
{
    struct receipt_input in = input(&t.bundle);
    is_str(blob_names(&in),
           "migration.yml forward.sql forward2.sql rollback.sql one.sql two.sql diff touched "
           "invariants",
           "every text of a migration");
    t.decl.forward.v[0].bytes = (struct bytes){0};
    t.decl.rollback.v[0].digest = (struct digest){0};
    evidence.diff = (struct document){0};
    is_str(blob_names(&in), "migration.yml forward2.sql one.sql two.sql touched invariants",
           "but what is not there");
    in.bundle = NULL;
    is_str(blob_names(&in), "touched invariants", "without a migration what was seen");
}

/* "sequence kind subject result run finished environment instance | pre post diff invariants checksum bundle" */
static const char *entry_of(const struct receipt_input *in, enum entry_kind kind)
{
    struct err e = {0};
    struct recording r = {0};
    if (record_make(&t.run, in, kind, NULL, 0, &r, &e) != 0) {
        return arena_strdup(&t.a, e.msg);
    }
    const struct entry *en = r.entry;
    struct digest sealed = digest_of(r.receipt);
    struct digest root = merkle_root(&t.merkle);
    return arena_printf(
        &t.a, "%lld %s %s %s %s %s %s %s | %s %s %s %s %s %s%s%s%s", (long long)en->sequence,
        entry_kind_text(en->kind), en->subject, en->result, en->run_id, en->finished_at,
        en->environment, en->instance, name_of(&en->pre), name_of(&en->post), name_of(&en->diff),
        name_of(&en->invariants), name_of(&en->checksum), name_of(&en->bundle_digest),
        digest_eq(&sealed, &en->receipt) ? "" : " another receipt",
        digest_eq(&root, &en->previous) ? "" : " another root",
        r.epoch == 7 ? "" : " another epoch");
}

#define AROUND                                                                                     \
    " run-1 2026-11-29T00:00:01.000000Z dev 7f0c8b1e-0000-4000-8000-000000000001 | pre post diff " \
    "invariants "

static void test_entries(void)
{
    struct renaming renaming = {"M-1", "M-2", 3, digest_named("renamed")};
    struct receipt_input in = input(&t.bundle);
    is_str(entry_of(&in, ENTRY_APPLY), "1 apply M-1 success" AROUND "checksum bundle",
           "a migration");
    t.o.result = RUN_FAILED;
    is_str(entry_of(&in, ENTRY_APPLY), "1 apply M-1 failed" AROUND "checksum bundle",
           "one that failed");
    t.o.result = RUN_SUCCESS;
    in = input(NULL);
    is_str(entry_of(&in, ENTRY_ADOPT), "1 adopt database success" AROUND "0 0",
           "what stands there");
    in.store = "search";
    in.identity = digest_named("identity");
    is_str(entry_of(&in, ENTRY_ADOPT), "1 adopt search success" AROUND "identity 0",
           "what stands in a store");
    in = input(NULL);
    in.renaming = &renaming;
    is_str(entry_of(&in, ENTRY_RENAME), "1 rename M-1 M-2 success" AROUND "renamed 0",
           "a renaming");
}

#define TOKEN                                                                                      \
    "-----BEG"                                                                                     \
    "IN PRIVATE KE"                                                                                \
    "Y-----"

/* What is in the database already is looked at for secrets, every row, name and definition. */
static void test_secrets(void)
{
    const struct {
        const char *what;
        struct object_row rows[2];
        bool stops;
    } cases[] = {
        {"no secret",
         {{.object = "table app.t", .definition = "x\ty\n"},
          {.object = "table app.u", .definition = ""}},
         false},
        {"a name",
         {{.object = "table app." TOKEN, .definition = ""},
          {.object = "table app.u", .definition = ""}},
         true},
        {"the last name",
         {{.object = "table app.t", .definition = ""},
          {.object = "table app." TOKEN, .definition = ""}},
         true},
        {"a definition",
         {{.object = "table app.t", .definition = "comment\t" TOKEN "\n"},
          {.object = "table app.u", .definition = ""}},
         true},
        {"an object that is gone",
         {{.object = "table app.t", .definition = NULL},
          {.object = "table app.u", .definition = NULL}},
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct recording r = {0};
        struct receipt_input in = input(NULL);
        int rc = record_make(&t.run, &in, ENTRY_ADOPT, cases[i].rows, 2, &r, &e);
        ok(rc == (cases[i].stops ? -1 : 0) && e.code == (cases[i].stops ? ERR_LEAK : ERR_NONE) &&
               (cases[i].stops || (r.objects == cases[i].rows && r.n_objects == 2)),
           cases[i].what);
        is_str(e.msg,
               cases[i].stops ? "the name or definition of an object in the database holds a "
                                "private key (rule private-key): nothing is written"
                              : "",
               "and is told by its rule");
        is_str(e.hint,
               cases[i].stops ? "rename the object; if the secret was ever shared, change it" : "",
               "with what to do");
    }
}

/* What was made of all that is looked at once more, as it would be written. */
static void test_records(void)
{
    static const char place[] = "POINT(-98.5"
                                "7951 39.82834)";
    const struct {
        const char *what;
        struct document *of;
    } cases[] = {{"diff", &evidence.diff},
                 {"list of what was touched", &evidence.touched},
                 {"list of invariants", &evidence.invariants}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct recording r = {0};
        struct receipt_input in = input(NULL);
        struct document before = *cases[i].of;
        cases[i].of->bytes = bytes_str(place);
        int rc = record_make(&t.run, &in, ENTRY_ADOPT, NULL, 0, &r, &e);
        *cases[i].of = before;
        ok(rc == -1 && e.code == ERR_LEAK &&
               has_in_order(e.msg, "would hold the coordinates of a geometry (rule place-wkt): "
                                   "nothing is written") &&
               strstr(e.msg, cases[i].what) != NULL && strstr(e.msg, "98.5") == NULL,
           cases[i].what);
    }
    struct err e = {0};
    struct recording r = {0};
    struct receipt_input in = input(NULL);
    in.store = place;
    ok(record_make(&t.run, &in, ENTRY_ADOPT, NULL, 0, &r, &e) == -1 && e.code == ERR_LEAK &&
           strstr(e.msg, "the receipt would hold") == e.msg,
       "the receipt itself");
}

static void test_objects(void)
{
    struct facet facet = {.name = "columns", .value = "id"};
    struct catalog_object now = {.text = "table app.t",
                                 .facets = &facet,
                                 .n_facets = 1,
                                 .fingerprint = digest_named("post")};
    struct catalog_object gone = {.text = "table app.u", .fingerprint = digest_named("pre")};
    struct change changes[] = {{&gone, &now}, {&gone, NULL}};
    struct observation seen = {.changes = changes, .n_changes = 2};
    struct object_row *rows = record_objects(&t.run, &seen);
    is_str(rows[0].object, "table app.t", "what stands there now");
    is_str(name_of(&rows[0].fingerprint), "post", "with its fingerprint");
    ok(strstr(rows[0].definition, "columns\tid") != NULL, "and its definition");
    is_str(rows[1].object, "table app.u", "what is gone");
    ok(digest_is_zero(&rows[1].fingerprint) && rows[1].definition == NULL, "has neither");
}

/* "kind person roles waives statement signature;" of each that claim.approvals names, then whose keys these were. */
static const char *signed_of(const struct receipt_input *in)
{
    struct account x;
    const char *text = "";
    account_of(&t.a, &t.run, in, &x);
    const struct doc *list = doc_get(x.approvals, "signed");
    for (size_t i = 0; i < doc_len(list); i++) {
        const struct doc *d = list->item[i];
        const struct doc *roles = doc_get(d, "roles");
        const struct doc *waives = doc_get(d, "waives");
        struct digest statement = {{0}};
        struct digest signature = {{0}};
        (void)!digest_parse(doc_str(d, "statement", ""), &statement);
        (void)!digest_parse(doc_str(d, "signature", ""), &signature);
        text = arena_printf(&t.a, "%s%s %s %s %s %s %s %s;", text, doc_str(d, "kind", ""),
                            doc_str(d, "person", ""),
                            doc_len(roles) > 0 ? roles->item[0]->text.p : "-",
                            doc_len(waives) > 0 ? waives->item[0]->text.p : "-",
                            doc_str(d, "signed_at", ""), name_of(&statement), name_of(&signature));
    }
    struct digest signers = {{0}};
    (void)!digest_parse(doc_str(x.approvals, "signers", ""), &signers);
    return arena_printf(&t.a, "%s%s%s%s", text, x.approvals != NULL ? name_of(&signers) : "none",
                        x.approvals != NULL ? " at " : "", doc_str(x.approvals, "judged_at", ""));
}

static struct approval approval_of(enum approval_kind kind, const char *over, const char *person,
                                   const char *statement, const char *signature)
{
    return (struct approval){.kind = kind,
                             .path = "a.json",
                             .subject = "M-1",
                             .digest = digest_named(over),
                             .signed_at = "2026-01-01T00:00:00Z",
                             .person = person,
                             .key = "SHA256:k",
                             .statement = named(statement),
                             .signature = named(signature),
                             .statement_digest = digest_named(statement),
                             .signature_digest = digest_named(signature)};
}

/* Who let it in: over the content that ran, and over the plan; what they signed is kept beside. */
static void test_signed(void)
{
    static const char *roles[] = {"kfm-platform"};
    static const char *waives[] = {"force"};
    struct approval over[] = {
        approval_of(APPROVES_BUNDLE, "bundle", "ann", "statement", "signature"),
        approval_of(APPROVES_BUNDLE, "elsewhere", "bob", "one.sql", "two.sql")};
    struct approval plan =
        approval_of(APPROVES_PLAN, "plan", "cy", "plan statement", "plan signature");
    const struct approval *of_plan[] = {&plan};
    struct approvals all = {.v = over,
                            .n = 2,
                            .signers = named("signers"),
                            .signers_digest = digest_named("signers"),
                            .at = "2026-01-02T03:04:05.000006Z"};
    struct receipt_input in = input(&t.bundle);
    over[0].roles = (struct names){roles, 1, 1};
    plan.waives = (struct names){waives, 1, 1};
    is_str(signed_of(&in), "none", "where nobody signs nothing is said");
    t.world.approvals = &all;
    is_str(signed_of(&in),
           "bundle ann kfm-platform - 2026-01-01T00:00:00Z statement signature;signers at "
           "2026-01-02T03:04:05.000006Z",
           "who signed this content, and not another");
    t.actor.signed_for = of_plan;
    t.actor.n_signed_for = 1;
    is_str(signed_of(&in),
           "bundle ann kfm-platform - 2026-01-01T00:00:00Z statement signature;"
           "plan cy - force 2026-01-01T00:00:00Z plan statement plan signature;signers at "
           "2026-01-02T03:04:05.000006Z",
           "and who signed the plan");
    is_str(blob_names(&in),
           "migration.yml forward.sql forward2.sql rollback.sql one.sql two.sql statement "
           "signature plan statement plan "
           "signature signers diff touched invariants",
           "all that was signed is kept, each signature, and the keys");
    in.bundle = NULL;
    is_str(signed_of(&in),
           "plan cy - force 2026-01-01T00:00:00Z plan statement plan signature;signers at "
           "2026-01-02T03:04:05.000006Z",
           "without a migration the plan's");
    over[0].why_not = "it is too old";
    in = input(&t.bundle);
    t.actor.n_signed_for = 0;
    is_str(signed_of(&in), "none", "one that does not count is not named");
}

int main(void)
{
    tap_plan(3 + 5 + 15 + 4 + 5 + 6);
    void (*const tests[])(void) = {test_blobs,   test_entries, test_secrets,
                                   test_records, test_objects, test_signed};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        begin();
        tests[i]();
        scene_close(&t);
    }
    return tap_done();
}

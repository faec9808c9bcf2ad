/* layer: run scripted */
/* A migration taken back: its transaction line by line, and the proof that everything is as it was before. */
#include "run/rollback.h"
#include "scripted_run.h"

/* --- the transaction --------------------------------------------------------------------------------- */

#define BACK(result)                                                                               \
    "@ledger_record_head -> UPDATE 1\n"                                                            \
    "@ledger_record_entry(1, M-1, rollback, " result ", *, *, *) -> INSERT 0 1\n"                  \
    "@ledger_record_receipt -> INSERT 0 1\n"                                                       \
    "@ledger_record_blobs -> INSERT 0 1\n"                                                         \
    "@ledger_record_end -> SET\n"
#define BACK_RECORDED(result) GUARD("t | t | t | t | t") BACK(result)
#define RAN BEGUN "DROP TABLE t -> DROP TABLE\n" SETTLED
#define FAILED STILL_LOCKED "BEGIN -> BEGIN\n" BACK_RECORDED("failed") "COMMIT -> COMMIT\n"
#define FOUND(yes) "@ledger_find_run -> rows " yes "\n"

static const char *const gone[] = {"table app.t"};

/* before: objects that the migration changed, as names of what was there before; none stand now. */
/* clang-format off */
static const struct {
    const char *name, *script;
    size_t n_before;
    enum run_result result;
    enum err_code code;
    const char *words;
    int64_t entry;
} scenarios[] = {
    {"taken back", RAN BACK_RECORDED("success") "COMMIT -> COMMIT\n", 0, RUN_SUCCESS, ERR_NONE, "", 1},
    {"its statement is refused", BEGUN "DROP TABLE t -> error 42P01\n" ROLLED_BACK FAILED, 0, RUN_FAILED, ERR_ROLLBACK,
     "M-1 was not taken back, nothing was changed: statement 1 (DROP TABLE) failed, everything was rolled back: undefined_table (42P01)", 1},
    {"a lock is not had, then it is", BEGUN "DROP TABLE t -> error 55P03\n" ROLLED_BACK RAN BACK_RECORDED("success") "COMMIT -> COMMIT\n", 0, RUN_SUCCESS, ERR_NONE, "", 1},
    {"something is missing that was there", RAN ROLLED_BACK FAILED, 1, RUN_FAILED, ERR_ROLLBACK,
     "M-1 was not taken back, nothing was changed: M-1: gate \"restored\" failed, everything was rolled back: table app.t is not as it was before ledger entry 3: it is gone", 1},
    {"the ledger may not be written", RAN GUARD("t | t | t | t | t") "@ledger_record_head -> error 42501\n" ROLLED_BACK FAILED, 0, RUN_FAILED, ERR_ROLLBACK, "M-1 was not taken back, nothing was changed: ", 1},
    {"COMMIT is lost, and was", RAN BACK_RECORDED("success") "COMMIT -> cut\n" RECONNECTED FOUND("t"), 0, RUN_SUCCESS, ERR_NONE, "", 1},
    {"COMMIT is lost, and was not", RAN BACK_RECORDED("success") "COMMIT -> cut\n" RECONNECTED FOUND("f") FAILED, 0, RUN_FAILED, ERR_ROLLBACK, "nothing was taken back", 1},
    {"COMMIT is lost, and nobody can be asked", RAN BACK_RECORDED("success") "COMMIT -> cut\nconnect -> words Connection refused\n", 0, RUN_IN_DOUBT, ERR_DOUBT, "the outcome is not known yet", 0},
    {"the connection is lost in its statement", BEGUN "DROP TABLE t -> cut\n" RECONNECTED "BEGIN -> BEGIN\n" BACK_RECORDED("failed") "COMMIT -> COMMIT\n", 0, RUN_FAILED, ERR_ROLLBACK, "statement 1 (DROP TABLE) failed", 1},
};
/* clang-format on */

enum { N = sizeof scenarios / sizeof *scenarios };

static void play(size_t i)
{
    struct scene t;
    static char script[1 << 14];
    struct object_row before = {
        .object = gone[0], .fingerprint = digest_of(bytes_str("x")), .definition = "owner\tu\n"};
    (void)snprintf(script, sizeof script, "%s%s%s", CONNECT, ALWAYS, scenarios[i].script);
    scene_open(&t, script);
    scene_declare(&t, "DROP TABLE t");
    t.statement.tag = "DROP TABLE";
    t.decl.rollback = t.decl.forward;
    const struct taking_back back = {.bundle = &t.bundle,
                                     .scripts = &t.script,
                                     .sequence = 3,
                                     .before = &before,
                                     .n_before = scenarios[i].n_before};
    run_rollback(&t.run, &back, &t.o);
    const struct err *e = &t.o.failure;
    bool good = t.o.result == scenarios[i].result && e->code == scenarios[i].code &&
                strstr(e->msg, scenarios[i].words) != NULL && t.o.sequence == scenarios[i].entry;
    if (!good) {
        printf("# result %d code %d entry %lld: %s\n", (int)t.o.result, (int)e->code,
               (long long)t.o.sequence, e->msg);
    }
    scene_close(&t);
    good = pq_played() && good;
    ok(good, scenarios[i].name);
}

/* --- the proof --------------------------------------------------------------------------------------- */

/* One object, before the migration, as it was committed, and after the rollback's statements: facets as
 * "name=value;name=value", NULL: there is none. ours: the migration changed it. words: of the first finding
 * "restored"; "": it passed; order: it is waived. */
/* clang-format off */
static const struct {
    const char *name, *object, *before, *stood, *after;
    bool theirs, exact;
    const char *words;
    bool order;
} proofs[] = {
    {"made, and gone again", "table app.t", NULL, "owner=u", NULL, false, false, "", false},
    {"changed, and as before", "table app.t", "owner=u", "column a=integer;owner=u", "owner=u", false, false, "", false},
    {"dropped, and there again", "table app.t", "owner=u", NULL, "owner=u", false, false, "", false},
    {"made, and still there", "table app.t", NULL, "owner=u", "owner=u", false, false, "it was not there", false},
    {"dropped, and still gone", "table app.t", "owner=u", NULL, NULL, false, false, "it is gone", false},
    {"a column too much", "table app.t", "owner=u", "column a=integer;owner=u", "column a=integer;owner=u", false, false, "column a was not there", false},
    {"a column is gone", "table app.t", "column a=integer;owner=u", "column a=bigint;owner=u", "owner=u", false, false, "column a is gone", false},
    {"a column of another type", "table app.t", "column a=integer;owner=u", "owner=u", "column a=bigint;owner=u", false, false, "column a is another", false},
    {"more than three differ", "table app.t", "a=1;b=1;c=1;d=1;e=1", "a=2", "a=2;b=2;c=2;d=2;e=2", false, false, "a is another, b is another, c is another (and 2 more)", false},
    {"another order of columns", "table app.t", "column_order=a, b, c;owner=u", "column_order=a, c;owner=u", "column_order=a, c, b;owner=u", false, false, "column_order is another", true},
    {"another order of columns, exactly", "table app.t", "column_order=a, b, c;owner=u", "column_order=a, c;owner=u", "column_order=a, c, b;owner=u", false, true, "column_order is another", false},
    {"another order, and another column", "table app.t", "column_order=a, b;owner=u", "owner=u", "column_order=a, c;owner=u", false, false, "column_order is another", false},
    {"another order, and something else", "table app.t", "column_order=a, b;owner=u", "owner=u", "column_order=b, a;owner=v", false, false, "column_order is another, owner is another", false},
    {"one column fewer is no order", "table app.t", "column_order=a, b;owner=u", "owner=u", "column_order=a;owner=u", false, false, "column_order is another", false},
    {"labels that cannot be asked for", "type app.e", "labels=2 sha256:1", "labels=1 sha256:2", "labels=2 sha256:3", false, false, "labels is another", false},
    {"somebody else's is made", "table app.x", NULL, NULL, "owner=u", true, false, "it was made, and M-1 never changed it", false},
    {"somebody else's is changed", "table app.x", "owner=u", "owner=u", "owner=v", true, false, "it was changed, and M-1 never changed it", false},
    {"somebody else's is removed", "table app.x", "owner=u", "owner=u", NULL, true, false, "it was removed, and M-1 never changed it", false},
};
/* clang-format on */

enum { N_PROOFS = sizeof proofs / sizeof *proofs };

static struct catalog_object *object_in(struct catalog *c, const char *text, const char *facets)
{
    struct object o = {0};
    struct facet *v = ARENA_ARRAY(c->a, struct facet, 8);
    size_t n = 0;
    if (facets == NULL || object_parse(c->a, text, &o) != 0) {
        return NULL;
    }
    while (*facets != '\0') {
        size_t n_name = strcspn(facets, "=");
        size_t n_all = strcspn(facets, ";");
        v[n++] =
            (struct facet){.name = arena_strndup(c->a, facets, n_name),
                           .value = arena_strndup(c->a, facets + n_name + 1, n_all - n_name - 1)};
        facets += n_all + (facets[n_all] == ';');
    }
    return catalog_add(c, o, v, n);
}

/* The object in a catalog of its own. */
static struct catalog_object *alone(struct arena *a, const char *text, const char *facets)
{
    struct catalog *c = ARENA_NEW(a, struct catalog);
    *c =
        (struct catalog){.a = a, .format = CATALOG_FORMAT, .by_text = {.a = a}, .by_oid = {.a = a}};
    struct catalog_object *o = object_in(c, text, facets);
    catalog_seal(c);
    return o;
}

static const struct finding *first_restored(const struct findings *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->v[i].rule, "restored") == 0) {
            return &l->v[i];
        }
    }
    return NULL;
}

static void prove(size_t i)
{
    struct scene t;
    struct err e = {0};
    scene_open(&t, CONNECT ALWAYS);
    struct arena *a = &t.a;
    struct catalog_object *before = alone(a, proofs[i].object, proofs[i].before);
    struct catalog_object *after = alone(a, proofs[i].object, proofs[i].after);
    t.base.format = CATALOG_FORMAT;
    struct catalog_object *stood = object_in(&t.base, proofs[i].object, proofs[i].stood);
    catalog_seal(&t.base);
    const struct object_row row = {
        .object = proofs[i].object,
        .fingerprint = before != NULL ? before->fingerprint : (struct digest){{0}},
        .definition = before != NULL ? catalog_definition(a, before) : NULL};
    struct change change = {stood, after};
    bool differs = (stood != NULL || after != NULL) &&
                   (stood == NULL || after == NULL || !catalog_same(stood, after));
    struct outcome o = {.seen = {.changes = &change, .n_changes = differs}};
    const struct taking_back back = {.bundle = &t.bundle,
                                     .sequence = 3,
                                     .before = &row,
                                     .n_before = !proofs[i].theirs,
                                     .is_exact = proofs[i].exact};
    int rc = restored_judge(&t.run, &back, true, &o, &e);
    const struct finding *f = first_restored(&o.gates);
    bool passes = proofs[i].words[0] == '\0';
    ok(rc == 0 && f != NULL && f->passed == passes &&
           (passes || strstr(f->text, proofs[i].words) != NULL) &&
           (f->waived_by[0] != '\0') == proofs[i].order &&
           finding_stops(f) == (!passes && !proofs[i].order),
       proofs[i].name);
    scene_close(&t);
}

/* The function as an older format has it, the type in clear: asked for in the open transaction. */
#define OLDER                                                                                      \
    "~ @postgis_catalog_functions* -> rows 1255 | 5000 | function | app | f() | owner | old\n"
#define LABELS(list)                                                                               \
    "~ @postgis_catalog_types* -> rows 1247 | 6000 | type | app | e | labels | 3 \001d" list       \
    "\002 | NULL | NULL\n"

/* before: the definition whose fingerprint the ledger has; labels: of those 3, in this order. */
static const struct {
    const char *name, *script, *object, *before, *labels, *now;
    uint32_t classid, objid;
    bool passes, is_order;
} asked[] = {
    {"recorded in format 1, and that again", OLDER, "function app.f()", "owner\told\n", NULL,
     "owner=new", 1255, 5000, true, false},
    {"recorded in format 1, and another now", OLDER, "function app.f()", "owner\tolder\n", NULL,
     "owner=new", 1255, 5000, false, false},
    {"values in another order", LABELS("'c', 'a', 'b'"), "type app.e", NULL, "'a', 'b', 'c'",
     "labels=3 sha256:0", 1247, 6000, false, true},
    {"values in another order, one moved to the end", LABELS("'b', 'c', 'a'"), "type app.e", NULL,
     "'a', 'b', 'c'", "labels=3 sha256:0", 1247, 6000, false, true},
    {"another value", LABELS("'a', 'b', 'x'"), "type app.e", NULL, "'a', 'b', 'c'",
     "labels=3 sha256:0", 1247, 6000, false, false},
};
enum { N_ASKED = sizeof asked / sizeof *asked };

static void ask(size_t i)
{
    struct scene t;
    struct err e = {0};
    char script[1 << 12];
    char text[DIGEST_TEXT];
    (void)snprintf(script, sizeof script, "%s%s%s", CONNECT, asked[i].script, ALWAYS);
    scene_open(&t, script);
    struct catalog_object *after = alone(&t.a, asked[i].object, asked[i].now);
    after->classid = asked[i].classid;
    after->objid = asked[i].objid;
    const char *definition = asked[i].before;
    if (asked[i].labels != NULL) {
        struct digest d = digest_of(bytes_str(asked[i].labels));
        definition = arena_printf(&t.a, "labels\t3 %s\n", digest_text(&d, text));
    }
    const struct object_row row = {.object = asked[i].object,
                                   .fingerprint = digest_of(bytes_str(definition)),
                                   .definition = definition};
    struct change change = {NULL, after};
    struct outcome o = {.seen = {.changes = &change, .n_changes = 1}};
    const struct taking_back back = {
        .bundle = &t.bundle, .sequence = 3, .before = &row, .n_before = 1};
    t.base.format = CATALOG_FORMAT;
    int rc = restored_judge(&t.run, &back, true, &o, &e);
    const struct finding *f = first_restored(&o.gates);
    ok(rc == 0 && f->passed == asked[i].passes && (f->waived_by[0] != '\0') == asked[i].is_order,
       asked[i].name);
    if (rc != 0) {
        printf("# %s\n", e.msg);
    } else if (f != NULL) {
        printf("# %d %s\n", f->passed, f->text);
    }
    scene_close(&t);
}

/* What is as it was before keeps its writer. */
static void test_writers(void)
{
    struct scene t;
    scene_open(&t, CONNECT ALWAYS);
    struct catalog_object *stood = alone(&t.a, "table app.t", "owner=v");
    struct catalog_object *after = alone(&t.a, "table app.t", "owner=u");
    struct object_row row = {.object = "table app.t",
                             .fingerprint = after->fingerprint,
                             .definition = "owner\tu\n",
                             .written = 2};
    struct change change = {stood, after};
    const struct outcome o = {.seen = {.changes = &change, .n_changes = 1}};
    const struct taking_back back = {.bundle = &t.bundle, .before = &row, .n_before = 1};
    is_str(restored_rows(&t.run, &back, &o)[0].definition, "owner\tu\n~written\t2\n",
           "its writer stays known");
    row.fingerprint = stood->fingerprint;
    is_str(restored_rows(&t.run, &back, &o)[0].definition, "owner\tu\n",
           "what is another is the rollback's");
    scene_close(&t);
}

/* --- rows -------------------------------------------------------------------------------------------- */

/* Rows that went of app.t, what was shown of which table, and the words. */
static const struct {
    const char *name;
    int64_t deleted;
    const char *shown;
    int64_t most;
    const char *words;
} rows[] = {
    {"none went", 0, NULL, 0, ""},
    {"as many as were shown", 5, "table app.t", 5, ""},
    {"fewer than were shown", 4, "table app.t", 5, ""},
    {"one more than was shown", 6, "table app.t", 5,
     "1 rows more than were shown of table app.t would go"},
    {"of a table that was not shown", 1, "table app.u", 5,
     "1 rows that were not shown of table app.t would go"},
    {"where nothing was shown", 2, NULL, 0, "2 rows that were not shown of table app.t would go"},
    {"that nobody could count", ROWS_UNKNOWN, "table app.t", 5,
     "rows that could not be counted of table app.t would go"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static void test_rows(size_t i)
{
    struct scene t;
    struct err e = {0};
    scene_open(&t, CONNECT ALWAYS);
    struct outcome o = {0};
    const struct rows_shown shown = {rows[i].shown, rows[i].most};
    touches_add(&t.a, &o.seen.touches,
                (struct touch){.object = {OBJ_TABLE, "app", "t", NULL},
                               .effect = EFFECT_WRITE,
                               .deleted = rows[i].deleted});
    const struct taking_back back = {
        .bundle = &t.bundle, .rows = &shown, .n_rows = rows[i].shown != NULL};
    int rc = restored_judge(&t.run, &back, true, &o, &e);
    const struct finding *f = &o.gates.v[o.gates.n - 1];
    ok(rc == 0 && strcmp(f->rule, "rows") == 0 && f->passed == (rows[i].words[0] == '\0') &&
           strstr(f->text, rows[i].words) != NULL,
       rows[i].name);
    scene_close(&t);
}

int main(void)
{
    tap_plan(N + N_PROOFS + N_ASKED + N_ROWS + 2);
    for (size_t i = 0; i < N; i++) {
        play(i);
    }
    for (size_t i = 0; i < N_PROOFS; i++) {
        prove(i);
    }
    for (size_t i = 0; i < N_ASKED; i++) {
        ask(i);
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        test_rows(i);
    }
    test_writers();
    return tap_done();
}

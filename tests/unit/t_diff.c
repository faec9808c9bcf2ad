/* layer: evidence */
/* Diffs, lists of touched objects, results of invariants: written and read back. */
#include "tap.h"

#include "evidence/diff.h"

static struct arena arena;

static const struct facet_diff facets[] = {
    {FACET_ADDED, "column name"}, {FACET_REMOVED, "index t_idx"}, {FACET_CHANGED, "comment"}};
static struct account_change changes[] = {
    {"table app.t", FACET_CHANGED, facets, 3},
    {"table app.\"odd \"\"name\"\", with a comma\"", FACET_ADDED, NULL, 0},
    {"view app.v", FACET_REMOVED, NULL, 0}};
static struct touch rows[] = {
    {.object = {OBJ_TABLE, "app", "t", NULL}, .effect = EFFECT_WRITE, .inserted = 3, .deleted = 1},
    {.object = {OBJ_TABLE, "app", "u", NULL},
     .effect = EFFECT_WRITE,
     .inserted = ROWS_UNKNOWN,
     .updated = ROWS_UNKNOWN,
     .deleted = ROWS_UNKNOWN}};
static struct touch residue[] = {
    {.object = {OBJ_SEQUENCE, "app", "s", NULL}, .effect = EFFECT_WRITE},
    {.object = {OBJ_REMOTE, "", "x", NULL}, .effect = EFFECT_READ}};
static const char *violations[] = {"create of table b.\"\xff%41\": not in scope.allowed_schemas",
                                   ""};

static const struct account_diff whole = {.migration_id = "M-1",
                                          .changes = changes,
                                          .n_changes = 3,
                                          .rows = {rows, 2, 2},
                                          .residue = {residue, 2, 2},
                                          .declared = {-1, 0, 5},
                                          .observed = {7, -1, 5},
                                          .violations = {violations, 2, 2}};

static bool same_touch(const struct touch *a, const struct touch *b)
{
    return object_eq(&a->object, &b->object) && a->effect == b->effect &&
           a->inserted == b->inserted && a->updated == b->updated && a->deleted == b->deleted;
}

static bool same_touches(const struct touches *a, const struct touches *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = same_touch(&a->v[i], &b->v[i]);
    }
    return same;
}

static bool same_change(const struct account_change *a, const struct account_change *b)
{
    bool same =
        strcmp(a->object, b->object) == 0 && a->change == b->change && a->n_facets == b->n_facets;
    for (size_t i = 0; same && i < a->n_facets; i++) {
        same = a->facets[i].change == b->facets[i].change &&
               strcmp(a->facets[i].facet, b->facets[i].facet) == 0;
    }
    return same;
}

static void test_diff(void)
{
    struct account_diff got;
    struct err e = {0};
    struct document d = diff_write(&arena, &whole);
    struct digest again = digest_of(d.bytes);
    ok(digest_eq(&d.digest, &again), "a document has the digest of its bytes");
    ok(diff_read(&arena, d.bytes, "summary.json", &got, &e) == 0, "a diff is read");
    is_str(got.migration_id, "M-1", "whose it is");
    is_int(got.n_changes, 3, "changes");
    for (size_t i = 0; i < 3; i++) {
        ok(same_change(&got.changes[i], &changes[i]), changes[i].object);
    }
    ok(same_touches(&got.rows, &whole.rows), "rows");
    ok(same_touches(&got.residue, &whole.residue), "residue");
    ok(got.violations.n == 2 && strcmp(got.violations.v[0], violations[0]) == 0, "violations");
    for (int i = 0; limit_key(i) != NULL; i++) {
        ok(limit_value(&got.declared, i) == limit_value(&whole.declared, i) &&
               limit_value(&got.observed, i) == limit_value(&whole.observed, i),
           limit_key(i));
    }
    const struct account_diff nothing = {
        .migration_id = "M-2", .declared = limits_none, .observed = limits_none};
    d = diff_write(&arena, &nothing);
    ok(diff_read(&arena, d.bytes, "summary.json", &got, &e) == 0 && got.n_changes == 0 &&
           got.rows.n == 0 && got.residue.n == 0 && got.violations.n == 0,
       "nothing of nothing");
}

static const struct {
    const char *name, *text;
} no_diffs[] = {
    {"another format", "{\"format\":\"kfmig.diff.v2\"}"},
    {"a change that is none",
     "{\"format\":\"kfmig.diff.v1\",\"objects\":[{\"object\":\"table a.b\",\"change\":\"new\"}]}"},
    {"a facet that changed how",
     "{\"format\":\"kfmig.diff.v1\",\"objects\":[{\"object\":\"table a.b\",\"change\":\"changed\","
     "\"facets\":[{\"facet\":\"x\",\"change\":\"\"}]}]}"},
    {"rows of no table", "{\"format\":\"kfmig.diff.v1\",\"rows\":[{\"table\":\"nothing\"}]}"},
    {"residue without effect",
     "{\"format\":\"kfmig.diff.v1\",\"residue\":[{\"object\":\"sequence a.s\"}]}"},
    {"no JSON", "{"},
};

static void test_no_diff(void)
{
    for (size_t i = 0; i < sizeof no_diffs / sizeof no_diffs[0]; i++) {
        struct account_diff got;
        struct err e = {0};
        int rc = diff_read(&arena, bytes_str(no_diffs[i].text), "x/summary.json", &got, &e);
        ok(rc == -1 && strcmp(e.where.path, "x/summary.json") == 0, no_diffs[i].name);
    }
}

static void test_touched(void)
{
    struct touches got;
    struct err e = {0};
    struct touch v[EFFECT_COUNT + 2];
    for (int i = 0; i < EFFECT_COUNT; i++) {
        v[i] = (struct touch){.object = {OBJ_TABLE, "app", "t", NULL},
                              .effect = (enum effect)i,
                              .inserted = i,
                              .updated = ROWS_UNKNOWN,
                              .deleted = 10 * i};
    }
    v[EFFECT_COUNT] = (struct touch){.object = {OBJ_FUNCTION, "app", "f(integer, text)", NULL}};
    v[EFFECT_COUNT + 1] = (struct touch){.object = {OBJ_TABLE, "a,b%41\n", "c\"d\xff", NULL}};
    const struct touches all = {v, EFFECT_COUNT + 2, EFFECT_COUNT + 2};
    struct document d = touched_write(&arena, &all);
    ok(touched_read(&arena, d.bytes, "touched.csv", &got, &e) == 0 && same_touches(&got, &all),
       "every effect, and names that need quotes");
    const struct touches none = {NULL, 0, 0};
    d = touched_write(&arena, &none);
    is_str(arena_strndup(&arena, d.bytes.p, d.bytes.n), "object,effect,inserted,updated,deleted\n",
           "a header of nothing");
    ok(touched_read(&arena, d.bytes, "touched.csv", &got, &e) == 0 && got.n == 0, "and back");
}

#define HEADER "object,effect,inserted,updated,deleted\n"
static const struct {
    const char *name, *text;
    int line;
} no_lists[] = {
    {"another header", "object,effect\n", 1},
    {"nothing at all", "", 1},
    {"no such object", HEADER "thing a.b,read,,,\n", 2},
    {"no such effect", HEADER "table a.b,read,,,\ntable a.b,eaten,,,\n", 3},
    {"a cell too few", HEADER "table a.b,read,,\n", 2},
    {"a cell too many", HEADER "table a.b,read,,,,\n", 2},
    {"rows that are no number", HEADER "table a.b,read,1x,,\n", 2},
    {"fewer than none", HEADER "table a.b,read,-1,,\n", 2},
    {"a quote that does not end", HEADER "\"table a.b,read,,,\n", 2},
    {"no line end", HEADER "table a.b,read,,,", 2},
};

static void test_no_list(void)
{
    for (size_t i = 0; i < sizeof no_lists / sizeof no_lists[0]; i++) {
        struct touches got;
        struct err e = {0};
        int rc = touched_read(&arena, bytes_str(no_lists[i].text), "x/touched.csv", &got, &e);
        if (!ok(rc == -1 && e.code == ERR_INTEGRITY && e.where.line == no_lists[i].line,
                no_lists[i].name)) {
            printf("# %d %s:%d\n", rc, e.where.path, e.where.line);
        }
    }
}

static void test_invariants(void)
{
    struct findings gates = {0};
    struct document d = invariants_write(&arena, &gates);
    is_str(arena_strndup(&arena, d.bytes.p, d.bytes.n), "[]", "no invariants");
    finding_pass(&arena, &gates, "invariant invariants/a.sql");
    finding_pass(&arena, &gates, "scope");
    finding_fail(&arena, &gates, "invariant invariants/b.sql", "3 rows returned, none allowed");
    d = invariants_write(&arena, &gates);
    is_str(arena_strndup(&arena, d.bytes.p, d.bytes.n),
           "[{\"file\":\"invariants/a.sql\",\"result\":\"pass\"},{\"file\":\"invariants/b.sql\","
           "\"result\":\"fail\"}]",
           "by file, in order");
}

int main(void)
{
    tap_plan(15 + 6 + 3 + 10 + 1);
    test_diff();
    test_no_diff();
    test_touched();
    test_no_list();
    test_invariants();
    arena_release(&arena);
    return tap_done();
}
